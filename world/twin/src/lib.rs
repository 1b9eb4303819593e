//! # twin: the physical world
//!
//! What lives here: bodies of robots, loads, people, walls, doors and lifts over rapier3d as entities of bevy_ecs;
//! wheels, tyres, motors and batteries; instruments (encoders, yaw rate, scanner, markers, bumper, scale); physical
//! faults; the world's digest and its frozen form. No other room names rapier3d or bevy_ecs.
//!
//! What it may not touch: plans, orders, money, clocks, files. It decides nothing: it is told and it moves.
//!
//! How data passes through: [`Twin::new`] builds the site; spawns and commands are put in between ticks and take
//! effect at one point before the step; [`Twin::step`] runs one fixed chain of systems (come and go, doors, lifts,
//! people, decks, drives, rapier, reading back, picture, touches, instruments, summary); readings, scans, contacts and
//! truth are read at one point after it. A robot's brain gets [`Readings`] and [`Scan`] only; [`Truth`] is for judges.

// A system's arguments are what it reads and writes; the scheduler holds them against each other.
#![allow(clippy::too_many_arguments, clippy::type_complexity)]

mod admit;
mod door;
mod drop;
mod fault;
mod frozen;
mod lift;
mod load;
mod params;
mod person;
mod physics;
mod picture;
mod plan;
mod recover;
mod robot;
mod scale;
mod scan;
mod sense;
mod state;
mod survey;
mod together;
mod twin;
mod wheels;
mod words;

pub use fault::PhysicalFault;
pub use params::{LidarParams, TwinError, TwinParams};
pub use together::RACK_M;
pub use twin::{Twin, drive_gauge};
pub use words::*;

#[cfg(test)]
mod tests;
