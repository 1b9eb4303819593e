//! settlement: to be built.
