//! oracle: to be built.
