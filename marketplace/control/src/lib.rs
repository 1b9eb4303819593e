//! control: to be built.
