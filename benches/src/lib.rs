//! benches: to be built.
