//! Doors, lifts, dispensers, presence and witnesses: what the platform and a site's devices say to each other.

use crate::blackbox::Chunk;
use nooterra_engine::ids::{AccessPlanId, IncidentId, ItemId, JobId, LeaseId, RobotId, StopId};
use nooterra_engine::{Digest, Instant, Record};

/// Platform to site controller. Requests are idempotent and may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum FacilityOrder {
    /// Open a door and hold it open, or let it close.
    Door {
        /// Door (index in the site).
        door: u32,
        /// Open?
        open: bool,
        /// Number of the request, ascending per door; a repeated request keeps its number. Lower ones are not obeyed.
        number: u64,
        /// For whom, if it is to open. One of them has to have the right; nobody named: for whoever is in it.
        passes: Vec<Pass>,
        /// When the platform said so.
        at: Instant,
    },
    /// Bring a lift to a level and open or close its doors there.
    Lift {
        /// Lift (index in the site).
        lift: u32,
        /// Level (index in the site).
        level: u32,
        /// Doors open on arrival?
        doors_open: bool,
        /// Who has the cabin for itself.
        session: Option<RobotId>,
        /// Number of the request, ascending per lift, as for doors.
        number: u64,
        /// With what right the cabin is used.
        passes: Vec<Pass>,
        /// When the platform said so.
        at: Instant,
    },
    /// A job is booked: the site's admin key is asked for an access plan, and the item is put
    /// out where its work begins.
    AskAccess {
        /// Number of the word, as in [`FacilityOrder::Grant`].
        number: u64,
        /// The job.
        job: JobId,
        /// Vertices where work is done.
        vertices: Vec<u32>,
        /// From.
        valid_from: Instant,
        /// To.
        valid_to: Instant,
        /// The item to be picked up or lifted.
        item: Option<ItemId>,
        /// Its mass, g.
        mass_g: u32,
        /// It is put out in the middle of these: one for a dispenser, several for those who lift it together.
        item_at: Vec<u32>,
        /// Areas (indexes in the site) that the requester wants its robot to keep out of.
        no_go: Vec<u32>,
    },
    /// A robot stands at the access point and shows its fence. From now on the site watches it for this job.
    AskEntry {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// The robot.
        robot: RobotId,
        /// Its lease.
        lease: LeaseId,
        /// Its fence.
        fence: u64,
        /// Zones whose floor it covers, as for [`FacilityOrder::Watch`]: that is said once, this until it is answered.
        zones: Vec<(u32, u32)>,
    },
    /// Watch this job: report scans, weights and presence of this robot at these vertices.
    Watch {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// Its lease.
        lease: LeaseId,
        /// The item, if one is carried.
        item: Option<ItemId>,
        /// Vertices of the plan's steps, in order.
        vertices: Vec<u32>,
        /// Transfer place where it puts the item down for another robot, or fetches it.
        transfer: Option<u32>,
        /// Zones whose floor it covers: vertex of the step, and area (index in the site).
        zones: Vec<(u32, u32)>,
    },
    /// Stop watching.
    Unwatch {
        /// The job.
        job: JobId,
    },
    /// A plan is no longer valid: nobody is let in by it any more.
    Revoke {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
    },
    /// The requester has agreed to more than the plan said.
    ExtendPlan {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Its end now.
        valid_to: Instant,
        /// Its vertices now.
        vertices: Vec<u32>,
        /// Its areas now.
        areas: Vec<u32>,
        /// Its entrances now.
        entrances: Vec<u32>,
    },
    /// A robot does not do what it must: whoever runs the site is told.
    Alarm {
        /// The robot.
        robot: RobotId,
        /// Why.
        code: String,
    },
    /// The platform has heard everything up to here.
    Ack {
        /// Highest position in the controller's own chain that arrived without a gap.
        actor_seq: u64,
    },
    /// What a plan was for is over: it lets nobody in any more, however long it would have held.
    Withdraw {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
    },
    /// A householder has issued a plan for its own rooms: it holds in place of any that the site made for the job, and of any that
    /// the householder issued before.
    HoldPlan {
        /// Number of the word, as in [`FacilityOrder::Grant`]: what comes late does not take the place of a newer one.
        number: u64,
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Vertices where work may be done.
        vertices: Vec<u32>,
        /// What is to be picked up or lifted: it is put out where nobody has done so yet.
        load: Option<PutOut>,
        /// Areas that may be entered by it.
        areas: Vec<u32>,
        /// Areas that may not be entered under it.
        no_go: Vec<u32>,
        /// How it lets in, and where.
        entry: Entry,
        /// From.
        valid_from: Instant,
        /// To.
        valid_to: Instant,
    },
    /// A robot has taken a job, or lost it: it, and nobody else, passes under the job's plan. Whoever held the grant before
    /// holds it no more.
    Grant {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Who holds it.
        holder: Option<Holder>,
        /// Number of the word, ascending over all such words of the platform, also of one instant; a repeated one keeps its
        /// number. A lower one than was heard does not count.
        number: u64,
    },
    /// Levels on which everything stands still: nobody is let in there. Others that were shut before are open again.
    ShutLevels {
        /// Which (indexes in the site), ascending.
        levels: Vec<u32>,
        /// Number of the word, as in [`FacilityOrder::Grant`].
        number: u64,
    },
    /// The witness is to replay how a robot came to a point: predict its motion from the commands in its black box.
    Replay {
        /// Number of the replay.
        number: IncidentId,
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// Where the point is.
        vertex: u32,
        /// What its box holds of the way, as it was anchored.
        chunks: Vec<Chunk>,
    },
}

/// An item that the site puts out for work.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct PutOut {
    /// Which.
    pub item: ItemId,
    /// Its mass, g.
    pub mass_g: u32,
    /// In the middle of these vertices.
    pub at: Vec<u32>,
}

/// To whom the doors grant passage under a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Holder {
    /// The robot.
    pub robot: RobotId,
    /// Its fence.
    pub fence: u64,
}

/// How an access plan lets in, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Entry {
    /// Doors and lifts that open inward by it, ascending: doors of the site by their index, then its lifts.
    pub entrances: Vec<u32>,
    /// How they are opened.
    pub method: AccessMethod,
    /// Names the credential in the site's vault; never the credential itself. Empty if none is needed.
    pub credential: String,
}

/// How entrances are opened for a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum AccessMethod {
    /// The site's controller opens them, by the signed grant alone.
    #[default]
    SiteController,
    /// A terminal beside the door opens it, to whoever shows the credential that the plan refers to.
    Code,
}

impl AccessMethod {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::SiteController, Self::Code];

    /// The capability under which a robot declares that it gets in by it: 1, or 0 if it does not.
    pub const fn ability(self) -> &'static str {
        match self {
            Self::SiteController => "access_site_controller",
            Self::Code => "access_code",
        }
    }
    /// Does whoever declares nothing about it get in by it? A robot has to do nothing to be let in by the site.
    pub const fn is_usual(self) -> bool {
        matches!(self, Self::SiteController)
    }
}

/// Site controller or witness device to platform, as the body of a signed envelope (roles `SI` and `WI`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum FacilityReport {
    /// A door changed its state (also sent every few seconds while it is not closed).
    Door {
        /// Door.
        door: u32,
        /// State.
        state: DoorState,
        /// The request that it obeys; 0 if none yet.
        number: u64,
    },
    /// A lift changed its state.
    Lift {
        /// Lift.
        lift: u32,
        /// Level it stands at, if it stands.
        level: Option<u32>,
        /// Doors.
        doors: DoorState,
        /// Session in force.
        session: Option<RobotId>,
        /// The request that it obeys; 0 if none yet.
        number: u64,
    },
    /// The site's admin issues an access plan.
    AccessPlanIssued {
        /// Number of the word that asked for it; 0 where the platform asks for none, and the site issues one of its own accord.
        number: u64,
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Vertices where work may be done.
        vertices: Vec<u32>,
        /// Areas (indexes in the site) that may be entered by it, of those that need a plan.
        areas: Vec<u32>,
        /// Areas that may not be entered under it, whoever else may.
        no_go: Vec<u32>,
        /// How it lets in, and where.
        entry: Entry,
        /// From.
        valid_from: Instant,
        /// To.
        valid_to: Instant,
    },
    /// Entry is granted to a robot.
    AccessGranted {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Fence shown.
        fence: u64,
    },
    /// Entry is refused.
    AccessDenied {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Why.
        code: String,
    },
    /// A robot is seen inside the area of a job.
    Entered {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// Where.
        vertex: u32,
        /// The fence on its badge.
        fence: u64,
    },
    /// A robot is seen to have left the area of a job.
    Exited {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// The vertex that it is nearest to; of one that was carried away, where it was looked for.
        vertex: u32,
    },
    /// A witness saw something that counts as proof.
    Witnessed {
        /// The job.
        job: JobId,
        /// The robot seen.
        robot: RobotId,
        /// What kind of witness.
        class: WitnessClass,
        /// Where.
        vertex: u32,
        /// Item seen, if any.
        item: Option<ItemId>,
        /// Measure that belongs to the class: grams for a weight, mm² for a floor, 1 for a scan.
        measure: i64,
    },
    /// A witness has replayed how a robot came to a point.
    Replayed {
        /// Number of the replay.
        number: IncidentId,
        /// Hash over the chunks that it rests on.
        artefact: Digest,
        /// How far its motion was from its commands, thousandths of a standard deviation; nothing if that cannot be said, or
        /// if it did not come to that point.
        residual_milli: Option<u32>,
    },
    /// Whoever runs the site stops robots on its floor.
    StopAsked {
        /// Which.
        what: FloorStop,
        /// Cut drive power as well.
        power_off: bool,
        /// Work under way is left as soon as the robots may move.
        exit: bool,
    },
    /// Whoever runs the site agrees that a stop is over.
    StopCleared {
        /// The stop.
        stop: StopId,
    },
    /// Doors open no more for this plan.
    RevokeAcked {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
    },
    /// The site holds the plan with its new end and vertices, or as the householder has issued it.
    PlanExtended {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Its end now.
        valid_to: Instant,
    },
    /// A door or lift does not open inward for a robot.
    PassRefused {
        /// The robot.
        robot: RobotId,
        /// The job under which it was to pass, if it has one.
        job: Option<JobId>,
        /// Which: doors of the site by their index, then its lifts.
        entrance: u32,
        /// Why.
        code: String,
    },
    /// The controller is there (every few seconds, if nothing else that it said waits to be heard).
    Alive {},
    /// Floor sensors see a robot in an area that not everybody may be in. Said again while the site knows of no right to it.
    AreaEntered {
        /// The robot.
        robot: RobotId,
        /// The area (index in the site).
        area: u32,
        /// How far its footprint reaches in, mm.
        reach_mm: u32,
    },
    /// It has left that area.
    AreaLeft {
        /// The robot.
        robot: RobotId,
        /// The area.
        area: u32,
    },
    /// Doors and lifts open no more by a plan that was withdrawn.
    PlanWithdrawn {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
    },
    /// Whoever is there says that something went wrong on a job.
    Incident {
        /// The job.
        job: JobId,
        /// What: a code of those that people report.
        code: String,
        /// How bad, 1 to 5.
        severity: u8,
    },
    /// Whoever runs the site takes access back: its doors open no more by this plan, and the robot has to leave.
    AccessRevoked {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
        /// Why.
        reason: TakenBack,
    },
    /// Doors and lifts know who passes under a job's plan.
    GrantHeld {
        /// The job.
        job: JobId,
        /// Number of the word.
        number: u64,
    },
    /// Nobody is let into these levels, and everybody into all others.
    LevelsShut {
        /// Number of the word.
        number: u64,
    },
    /// A robot was seen to come in through a door that was not opened for it.
    CameThrough {
        /// The robot.
        robot: RobotId,
        /// The door (index in the site).
        door: u32,
    },
    /// The doors hold a plan that a householder has issued, or a newer one of the job's.
    PlanHeld {
        /// The job.
        job: JobId,
        /// The plan.
        plan: AccessPlanId,
    },
}

/// What a site stops of the robots on its floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum FloorStop {
    /// One robot.
    Robot(RobotId),
    /// All on a level (index in the site).
    Level(u32),
    /// All.
    Everything {},
}

/// Why a site takes access back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum TakenBack {
    /// Somebody wants to be alone.
    Privacy,
    /// Something is dangerous.
    Safety,
    /// Plans changed.
    Change,
    /// Anything else.
    Other,
}

/// With what right a robot passes a door.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Pass {
    /// The robot.
    pub robot: RobotId,
    /// Its fence.
    pub fence: u64,
    /// Where to.
    pub way: Way,
}

/// Where a robot passes to.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Way {
    /// To its work, under the access plan of a job.
    Inward {
        /// The job.
        job: JobId,
        /// The plan, as far as there is one.
        plan: Option<AccessPlanId>,
    },
    /// Nearer to where robots wait, or away from a place that has to be left: always free.
    Outward {},
    /// About the house without a job of its own, by an order of the platform: to charge, to wait, to make room, or on the way
    /// to a job that no plan holds for yet. Free but where everything stands still.
    Errand {},
}

/// State of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum DoorState {
    /// Shut.
    #[default]
    Closed,
    /// On its way.
    Moving,
    /// Wide open.
    Open,
    /// Told to move and cannot.
    Blocked,
}

/// Classes of witness that this build knows (domain section 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum WitnessClass {
    /// A dock or marker read the robot.
    DockScan,
    /// A reader saw the item change hands.
    CustodyScan,
    /// A scale, before and after.
    Weight,
    /// A door's log.
    DoorLog,
    /// A sensor of the floor saw how much of a zone was covered.
    LidarCoverage,
    /// A sensor of the floor saw that something stands in a zone.
    BlockedZone,
}
