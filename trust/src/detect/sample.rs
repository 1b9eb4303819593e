//! What detectors are fed: readings in a device's own time.

use crate::incident::{DevTime, IncidentCode};
use nooterra_engine::Record;

/// One reading. Who fills it must not take the robot's word where its own would silence a detector: a declared grasp
/// comes from the plan, `inside` from the site, the link from the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Reading {
    /// Something was touched.
    Contact {
        /// Impulse, mN·s.
        impulse_mns: u64,
        /// Force, mN.
        force_mn: u64,
        /// It is known to be a person.
        person: bool,
        /// Felt by the robot's skin or bumper.
        tactile: bool,
        /// The plan grasps here and now.
        grasp: bool,
    },
    /// The nearest person.
    Person {
        /// Clearance, mm.
        clearance_mm: u32,
        /// Speed at which the clearance shrinks, mm/s; 0 if it does not.
        closing_mm_s: u32,
        /// The robot's own speed, mm/s.
        speed_mm_s: u32,
    },
    /// A protective stop happened.
    ProtectiveStop,
    /// The load carried.
    Load {
        /// Mass, g.
        load_g: u32,
        /// The plan puts it down here and now.
        placing: bool,
        /// The item is marked fragile or hazardous.
        delicate: bool,
    },
    /// The footprint against the granted areas.
    Footprint {
        /// How far outside, mm.
        outside_mm: u32,
        /// Inside a no-go area.
        no_go: bool,
        /// Where it should not be is private.
        private: bool,
    },
    /// How it moves.
    Motion {
        /// Speed, mm/s.
        speed_mm_s: u32,
        /// Tilt, µrad.
        tilt_urad: i64,
        /// There is a plan to carry out.
        plan_active: bool,
        /// Checkpoint reached last.
        checkpoint: u16,
    },
    /// A stop was acknowledged, or all stops were cleared.
    StopOrder {
        /// It is in force.
        acked: bool,
    },
    /// Where the site sees it.
    Presence {
        /// Inside.
        inside: bool,
    },
    /// A heartbeat came.
    Heartbeat,
    /// Its pose against a dock, marker or site reference.
    PoseError {
        /// Offset, mm.
        offset_mm: u32,
        /// Turn, µrad.
        turn_urad: i64,
    },
    /// Predicted against measured motion.
    Residual {
        /// Thousandths of a standard deviation.
        milli: u32,
    },
    /// The battery.
    Battery {
        /// State of charge, basis points.
        soc_bps: u32,
        /// Needed to the nearest dock, basis points.
        need_bps: u32,
        /// It supplies.
        supply: bool,
    },
    /// A measured value against its clamp.
    Bound {
        /// Which bound.
        bound: u16,
        /// The value.
        measured: i64,
        /// The bound, same unit.
        limit: i64,
    },
    /// A sensor gate moved; gates never heard of are shut.
    Gate {
        /// Which channel.
        channel: u16,
        /// It lets pass.
        open: bool,
    },
    /// A frame was stored.
    Frame {
        /// Of which channel.
        channel: u16,
    },
    /// It was seen, or a door was used.
    Passage {
        /// A live grant covers it.
        grant: bool,
        /// The fence shown is the live one.
        fence: bool,
    },
    /// A chunk of the black box came.
    Chunk {
        /// Its number; contiguous from the first that came.
        number: u64,
    },
    /// The link, by the receiver.
    Link {
        /// It is up.
        up: bool,
    },
    /// Incidents of the robot, by the platform.
    IncidentOpen {
        /// One is open.
        open: bool,
    },
    /// Time passes.
    Tick,
}

/// A reading and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Sample {
    /// In the device's time.
    pub at: DevTime,
    /// What.
    pub reading: Reading,
}

/// A detector speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Finding {
    /// What.
    pub code: IncidentCode,
    /// How bad.
    pub severity: u8,
    /// Time of the sample that made it certain.
    pub at: DevTime,
    /// What was measured, in the unit of the first threshold of the code.
    pub measure: i64,
}
