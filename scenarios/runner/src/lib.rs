//! runner: to be built.
