//! sim: to be built.
