//! port: to be built.
