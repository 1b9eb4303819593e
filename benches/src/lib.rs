//! # benches: how fast it is
//!
//! What lives here: the scenes that are measured ([`floor`], [`warehouse`]), logs to write and read ([`logs`]), and the
//! time that a thread really worked ([`clock`]). The criterion benches are in `benches/`, the summary against the
//! numbers of the design in `src/bin/figures.rs`, named peers in `peers/`.
//!
//! What it may not touch: anything that a run depends on. Nothing imports this room.
//!
//! How data passes through: a scene is made in code, so that the figures need no file; it is run as every other run is.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "sizes of scenes, and averages")]

pub mod clock;
pub mod floor;
pub mod logs;
pub mod warehouse;
