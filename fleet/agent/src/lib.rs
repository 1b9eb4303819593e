//! agent: to be built.
