//! cast: to be built.
