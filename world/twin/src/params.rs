//! What can be set about the physics, and what can go wrong with it.

use nooterra_engine::{Record, Span};
use thiserror::Error;

/// Settings of a twin: the same for its whole life.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct TwinParams {
    /// Length of a tick.
    pub tick: Span,
    /// Substeps of rapier's contact solver.
    pub solver_iterations: u32,
    /// Friction coefficient of tyres on a dry floor.
    pub tyre_friction: f64,
    /// Encoder counts per wheel turn.
    pub counts_per_turn: u32,
    /// Standard deviation of the yaw rate sensor, rad/s.
    pub imu_noise_radps: f64,
    /// The laser scanner of every robot.
    pub lidar: LidarParams,
    /// A robot reads a marker within this distance, metres.
    pub marker_reach_m: f64,
    /// Standard deviation of a marker reading, metres (and twice as many radians per metre of it).
    pub marker_noise_m: f64,
    /// A load can be taken or set down within this distance, metres.
    pub handling_reach_m: f64,
    /// Time to take or set down a load.
    pub handling_time: Span,
    /// A robot charges when it stands within this distance of a charger, metres.
    pub charger_reach_m: f64,
    /// Standard deviation of the deck scale, grams.
    pub scale_noise_g: f64,
    /// Standard deviation of a satellite position, metres.
    pub fix_noise_m: f64,
}

/// A 2-D laser scanner that looks all around.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct LidarParams {
    /// Is there one?
    pub enabled: bool,
    /// Rays over the full circle.
    pub rays: u32,
    /// Range, metres.
    pub range_m: f64,
    /// Ticks from scan to scan; robots take turns.
    pub period_ticks: u32,
    /// Standard deviation of a range, metres.
    pub noise_m: f64,
    /// Share of rays that return nothing by chance, in a million.
    pub dropout_ppm: u32,
}

impl Default for LidarParams {
    fn default() -> Self {
        Self { enabled: true, rays: 180, range_m: 10.0, period_ticks: 5, noise_m: 0.01, dropout_ppm: 500 }
    }
}

impl Default for TwinParams {
    fn default() -> Self {
        Self {
            tick: Span::from_millis(20),
            solver_iterations: 4,
            tyre_friction: 0.8,
            counts_per_turn: 4096,
            imu_noise_radps: 0.004,
            lidar: LidarParams::default(),
            marker_reach_m: 1.2,
            marker_noise_m: 0.01,
            handling_reach_m: 0.8,
            handling_time: Span::from_secs(2),
            charger_reach_m: 0.35,
            scale_noise_g: 10.0,
            fix_noise_m: 0.03,
        }
    }
}

/// Why the twin refuses or cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TwinError {
    /// A parameter or size out of range.
    #[error("{what} must be {must}, not {is}")]
    Range {
        /// Which.
        what: &'static str,
        /// What it must be.
        must: &'static str,
        /// What it is.
        is: String,
    },
    /// Two things of a kind with one id.
    #[error("{0} exists already")]
    Twice(String),
    /// A command or fault names something that is not there.
    #[error("there is no {0}")]
    Unknown(String),
    /// A body's state stopped being a number.
    #[error("tick {tick}: {body} is no longer finite: {state}")]
    NotFinite {
        /// When.
        tick: u64,
        /// Which.
        body: String,
        /// Its state as printed.
        state: String,
    },
    /// Frozen bytes that are not this twin's.
    #[error("cannot thaw: {0}")]
    Thaw(String),
}
