//! dispatch: to be built.
