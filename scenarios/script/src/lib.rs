//! script: to be built.
