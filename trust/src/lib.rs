//! trust: to be built.
