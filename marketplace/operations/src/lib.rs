//! operations: to be built.
