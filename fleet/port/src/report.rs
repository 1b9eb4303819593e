//! Reports: robot to platform. Each travels as the body of a signed envelope with the robot's lease and fence.

use crate::ability::Advert;
use crate::approval::Wanted;
use crate::assist::AssistView;
use crate::blackbox::{Anchor, Head, Window};
use crate::camera::GateWord;
use nooterra_engine::ids::{AccessPlanId, ApprovalId, AssistId, InterventionId, ItemId, LeaseId, OrderId, StopId, TaskId};
use nooterra_engine::{Digest, Record};

/// What a robot says. The names are those of the events it causes.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum Report {
    /// Alive, here, like this. Sent at the heartbeat interval and at every node reached.
    Heartbeat(Heartbeat),
    /// An order arrived: accepted or refused with a code.
    OrderAcked {
        /// Its number.
        order_seq: u64,
        /// Refusal code, empty if accepted.
        code: String,
    },
    /// The offered job is taken.
    LeaseAccepted {
        /// The lease.
        lease: LeaseId,
        /// Hash of its plan.
        plan_hash: Digest,
    },
    /// The offered job is not taken.
    LeaseRefused {
        /// The lease.
        lease: LeaseId,
        /// Why.
        code: String,
    },
    /// On the way to the access point.
    Departed {
        /// Length of the way as far as known, mm.
        route_mm: u64,
        /// Expected travel time, s.
        eta_s: u32,
    },
    /// The trip to the access point is given up.
    TripAborted {
        /// Why.
        reason: AbortReason,
        /// For people.
        detail: String,
    },
    /// At the access point.
    RobotArrived {
        /// Vertex.
        access_point: u32,
        /// Estimated pose.
        pose: PoseMm,
    },
    /// Work begins.
    ExecutionStarted {
        /// Leg of the job.
        leg: u8,
        /// Hash of the plan.
        plan_hash: Digest,
        /// First step to be done.
        from_step: u16,
    },
    /// A step is done (the robot's claim, not proof).
    CheckpointReached {
        /// Step index.
        index: u16,
        /// Step name.
        step: String,
        /// Vertex.
        vertex: u32,
        /// Share of the work claimed so far, 1/10 000.
        work_bps_claimed: u32,
    },
    /// An item was taken or given away.
    CustodyChanged {
        /// The item.
        item: ItemId,
        /// Held by the robot now?
        held: bool,
        /// Mass measured on the deck, g.
        mass_g: u32,
    },
    /// No progress.
    ExecutionStalled {
        /// Why.
        reason: StallReason,
    },
    /// Progress again.
    ExecutionResumed,
    /// All steps are done.
    ExecutionCompleted {
        /// Steps done.
        steps: u16,
    },
    /// Work is given up; a safe exit is asked for.
    ExecutionAborted {
        /// Why.
        reason: AbortReason,
        /// For people.
        detail: String,
    },
    /// Out of the area after a safe exit or a completed job (to be confirmed by a witness).
    SafeExitReported {
        /// Still holding the item?
        custody: bool,
        /// Estimated pose.
        pose: PoseMm,
    },
    /// Something stands on the way and does not go away.
    Obstructed {
        /// Lane it stands on.
        lane: u32,
        /// For how long already, s.
        since_s: u32,
    },
    /// The obstruction is gone.
    ObstructionCleared {
        /// Lane.
        lane: u32,
    },
    /// A task ended.
    TaskEnded {
        /// The task.
        task: TaskId,
        /// Empty if it went well.
        code: String,
    },
    /// Something happened that may be an incident.
    Noticed {
        /// Incident code of the domain: `COLLISION`, `PAYLOAD_DROP`, …
        code: String,
        /// Impulse in mN·s or the measure that belongs to the code.
        measure: i64,
    },
    /// A stop is obeyed.
    StopAcked {
        /// The stop.
        stop: StopId,
    },
    /// Clamps of the last second, per bound.
    ClampSummarised {
        /// Which bound: `hardware.speed`, `zone.speed`, `clearance`, `payload`, …
        bound: String,
        /// How many commands it changed.
        count: u32,
        /// Largest value asked for, in the bound's own unit (mm/s, mrad/s).
        worst_requested: i64,
        /// What was applied instead.
        applied: i64,
    },
    /// A picture for the operator.
    AssistView(Box<AssistView>),
    /// An intervention is done as far as the robot's policy lets it, or is not done.
    InterventionAnswered {
        /// The assist.
        assist: AssistId,
        /// The intervention.
        intervention: InterventionId,
        /// Refusal code, empty if it is done.
        code: String,
        /// Its values as they are applied.
        applied: Vec<i64>,
        /// The bounds that changed them.
        clamps: Vec<String>,
    },
    /// The robot needs the requester's word for something.
    ApprovalAsked {
        /// For what.
        wanted: Wanted,
        /// Without it the present step is left out; else the robot leaves.
        skip: bool,
    },
    /// It does what was approved: the approval is spent.
    ApprovalConsumed {
        /// Which.
        approval: ApprovalId,
        /// Hash of the action.
        action_hash: Digest,
    },
    /// It has hold of what it is to lift with others, and waits for the word.
    LiftReady {
        /// The step.
        step: u16,
    },
    /// What it was to lift with others did not rise, or fell. It has let go.
    LiftFailed {
        /// The step.
        step: u16,
        /// The most that it bore, g.
        measure_g: u32,
    },
    /// It has put its load down where it was told to, for another robot.
    LoadPutDown {
        /// The item.
        item: ItemId,
        /// Where.
        vertex: u32,
        /// Mass that left the deck, g.
        mass_g: u32,
    },
    /// It has fetched what was left for it, and it is what it was told to find.
    LoadFetched {
        /// The item.
        item: ItemId,
        /// Where it lay.
        vertex: u32,
        /// Mass measured on the deck, g.
        mass_g: u32,
        /// What it has come to, from what it found.
        state_hash: Digest,
    },
    /// It knows that access was taken back.
    AccessRevokeAcked {
        /// The plan.
        plan: AccessPlanId,
    },
    /// Chunks of the black box are final.
    BlackboxAnchored(Anchor),
    /// What the black box holds of the time that was asked for.
    Blackbox(Box<Window>),
    /// What it can do.
    Advertised(Box<Advert>),
    /// It does not get on by itself and asks for help, once for each time.
    AssistAsked {
        /// Hash of what it asks.
        question_hash: Digest,
    },
    /// It has looked at a bundle and keeps it.
    SkillInstalled {
        /// Which.
        bundle: Digest,
        /// All that it has now, this one among them.
        kept: Vec<Digest>,
    },
    /// It does not keep it.
    SkillInstallRefused {
        /// Which.
        bundle: Digest,
        /// Why.
        code: String,
    },
}

/// Leases that a robot keeps for later, at most.
pub const AHEAD_MAX: usize = 64;

/// State in VDA 5050's sense.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Heartbeat {
    /// State of charge, 1/10 000.
    pub soc_bps: u32,
    /// Battery voltage, mV.
    pub battery_mv: u32,
    /// Charging now?
    pub charging: bool,
    /// Health, 1/10 000: the least of all subsystems.
    pub health_bps: u32,
    /// Present errors.
    pub errors: Vec<ErrorCode>,
    /// Estimated pose.
    pub pose: PoseMm,
    /// Level (index in the site).
    pub level: u32,
    /// Standard deviation of the position estimate, mm.
    pub sigma_mm: u32,
    /// Present speed, mm/s.
    pub speed_mm_s: i32,
    /// Movement order, if there is one.
    pub order: Option<OrderId>,
    /// Last update of it that was taken up.
    pub update: u32,
    /// Last node reached, by sequence id.
    pub last_node_sequence_id: u32,
    /// Vertex of that node.
    pub last_node: u32,
    /// Stopped by a protective field or obstacle right now?
    pub paused: bool,
    /// Highest order number taken up.
    pub orders_seen: u64,
    /// Leases that it keeps for later, by their start; at most [`AHEAD_MAX`].
    pub ahead: Vec<LeaseId>,
    /// What it is doing.
    pub mode: Mode,
    /// The last chunk of its black box, if there is one.
    pub bb_head: Option<Head>,
    /// How far its motion of the last second is from what it commanded, in thousandths of a standard deviation.
    pub residual_milli: u32,
    /// How far the marker that it saw last, within the last second, is from where its own pose puts it.
    pub marker: Option<MarkerOff>,
    /// The nearest person ahead, if its camera sees one.
    pub person: Option<PersonWord>,
    /// What it says of its camera's gate, if it has one.
    pub gate: Option<GateWord>,
}

/// The nearest person ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct PersonWord {
    /// From outline to outline, mm.
    pub clearance_mm: u32,
    /// How fast that shrinks, mm/s.
    pub closing_mm_s: u32,
}

/// How far a marker is from where the robot's own pose puts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct MarkerOff {
    /// In place, mm.
    pub offset_mm: u32,
    /// In heading, µrad.
    pub turn_urad: u32,
}

/// What a robot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Mode {
    /// Nothing.
    #[default]
    Idle,
    /// Driving.
    Driving,
    /// Working at a step.
    Working,
    /// Charging.
    Charging,
    /// Leaving under a safe exit.
    Exiting,
    /// Stopped by order or fault.
    Stopped,
}

/// Errors that a robot knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ErrorCode {
    /// Little charge left.
    BatteryLow,
    /// A drive does not do what it is told.
    MotorFault,
    /// A sensor is silent or stuck; with what is left of its health it may drive on by the others.
    SensorFault,
    /// The position estimate is not to be trusted.
    LocalisationLost,
    /// Lying or tilted.
    Fall,
    /// The link was down.
    Link,
    /// A part is too warm.
    Overheat,
    /// Its clock ran back.
    Clock,
    /// It records nothing any more.
    DiskFull,
}

/// Why work or a trip is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum AbortReason {
    /// Drive or body.
    Mechanical,
    /// Too little charge.
    Battery,
    /// Sensors.
    Sensor,
    /// The way is blocked.
    Blocked,
    /// The load.
    Payload,
    /// Safety.
    Safety,
    /// Link lost for too long, or lease run out.
    Link,
}

/// Why there is no progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum StallReason {
    /// Cannot go on by itself.
    Stuck,
    /// Safety.
    Safety,
}

/// A pose in integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct PoseMm {
    /// East, mm.
    pub x_mm: i64,
    /// North, mm.
    pub y_mm: i64,
    /// Heading, microradians.
    pub theta_urad: i64,
}

impl From<nooterra_engine::geom::Pose2> for PoseMm {
    #[allow(clippy::cast_possible_truncation)] // `as` saturates, and no site is larger than 2^63 mm
    fn from(p: nooterra_engine::geom::Pose2) -> Self {
        let round = |v: f64| (v + 0.5).floor() as i64;
        Self { x_mm: round(p.at.x * 1e3), y_mm: round(p.at.y * 1e3), theta_urad: round(p.theta_rad * 1e6) }
    }
}
