//! blackbox: to be built.
