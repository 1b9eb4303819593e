//! player: to be built.
