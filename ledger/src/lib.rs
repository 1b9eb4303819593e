//! ledger: to be built.
