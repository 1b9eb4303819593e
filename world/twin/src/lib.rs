//! twin: to be built.
