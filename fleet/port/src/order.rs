//! Orders: platform to robot.

use crate::approval::ApprovalOrder;
use crate::assist::InterventionOrder;
use crate::clamps::Tight;
use crate::skill::SkillParcel;
use nooterra_engine::ids::{AccessPlanId, AssistId, IncidentId, ItemId, JobId, KeyId, LeaseId, OrderId, RobotId, StopId, TaskId, TenantId};
use nooterra_engine::{Digest, Instant, Record, Span, encode};

/// An order on its way: numbered per robot, fenced, expiring, signed.
///
/// A robot refuses an order with a lower fence than it has seen, an expired one, one out of sequence and one badly
/// signed, and acknowledges it with the code. `Stop` and `Revoke` ignore sequence and expiry, `ClampProfile` fence and expiry. Sequence numbers start at 1 and
/// the platform repeats an unacknowledged order under the same number, so a lossy link neither drops nor doubles one.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct SignedOrder {
    /// The marketplace.
    pub tenant: TenantId,
    /// Whom it is for.
    pub robot: RobotId,
    /// Position in the robot's order sequence, +1 each.
    pub order_seq: u64,
    /// The robot's fence at the time of the order.
    pub fence: u64,
    /// Not to be begun after this instant.
    pub expires: Instant,
    /// What to do.
    pub body: Order,
    /// Key of the dispatch service.
    pub key: KeyId,
    /// Ed25519 over [`SignedOrder::signing_bytes`].
    pub sig: [u8; 64],
}

impl SignedOrder {
    /// Domain tag of the signature.
    pub const TAG: &'static [u8] = b"nooterra/order/v1";
    /// What is signed: everything but the signature.
    pub fn signing_bytes(&self) -> Vec<u8> {
        let mut out = Self::TAG.to_vec();
        out.extend(encode(&(self.tenant, self.robot, self.order_seq, self.fence)));
        out.extend(encode(&(self.expires, self.key)));
        out.extend(encode(&self.body));
        out
    }
}

/// What a robot can be told.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum Order {
    /// A job is offered: answer with `LeaseAccepted` or `LeaseRefused`.
    LeaseOffer(LeaseOffer),
    /// A lease that was taken for later comes to its time: this order's fence is the one of all that is said about it.
    LeaseDue {
        /// The lease.
        lease: LeaseId,
    },
    /// The lease is over; drop its plan. The fence moves on with the next order.
    LeaseEnd {
        /// The lease.
        lease: LeaseId,
        /// Why, for the robot's log.
        reason: String,
    },
    /// Where to drive: a new route or the continuation of the present one.
    Route(Route),
    /// Entry is granted at the access point: execution may begin.
    AccessGranted {
        /// The lease it is bound to.
        lease: LeaseId,
    },
    /// Stop work, secure the load, leave along the routes that follow; confirm when out. Said again, the last word counts.
    SafeExit {
        /// The lease.
        lease: LeaseId,
        /// Be out by then.
        exit_by: Instant,
        /// Why.
        cause: String,
        /// Put the load down at this vertex on the way, for another robot.
        put_down: Option<u32>,
    },
    /// Stop moving at once, whatever else holds.
    Stop {
        /// The stop.
        stop: StopId,
        /// Cut drive power as well.
        power_off: bool,
    },
    /// A stop is cleared; resume after a self-check once none is left.
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Work that is no job.
    Task(TaskOrder),
    /// The platform has heard everything up to here: the robot may forget it, and its local lease runs from there.
    Ack {
        /// Highest position in the robot's own chain that arrived without a gap.
        actor_seq: u64,
    },
    /// An operator wants to see, or has gone. While the channel is open the robot shows itself every second.
    Assist {
        /// The assist.
        assist: AssistId,
        /// The lease.
        lease: LeaseId,
        /// Open, or shut?
        open: bool,
    },
    /// What the operator asks of the robot.
    Intervention(InterventionOrder),
    /// Access was taken back: no entry, no more work. Obeyed and answered whenever it comes.
    Revoke {
        /// The lease.
        lease: LeaseId,
        /// The plan that is void.
        plan: AccessPlanId,
    },
    /// The requester's answer to what was asked.
    Approval(ApprovalOrder),
    /// All who are to lift are ready: raise it.
    Lift {
        /// The lease.
        lease: LeaseId,
        /// The step at which it waits.
        step: u16,
        /// When all begin, in the platform's time.
        at: Instant,
    },
    /// What its black box holds of this time is wanted, once the time is over. Asked again, the last word counts.
    WantBlackbox {
        /// For which incident.
        incident: IncidentId,
        /// From, on the robot's clock.
        from_ns: u64,
        /// To, on the robot's clock.
        to_ns: u64,
        /// Images are wanted with it: until its end the camera's gate may be open.
        images: bool,
    },
    /// Where it may be under its lease: in these areas besides all that are open to everybody, and not in those. Told again,
    /// the last word counts; it ends with the lease.
    Grant(AreaGrant),
    /// A step counts no more: if it is next in turn, it is left out.
    SkipStep {
        /// The lease.
        lease: LeaseId,
        /// The step.
        step: u16,
    },
    /// A skill is to be put on the robot beside what is there: answered with `SkillInstalled` or `SkillInstallRefused`. What
    /// runs is not touched; the version is the active one once a job that has pinned it begins.
    SkillInstall(Box<SkillParcel>),
    /// Something serious happened: brake and stay, under this lease, or go on. It ends as well when an operator moves the robot or
    /// lets it go on, when it leaves, and with the lease. It is no stop: nothing has to be cleared.
    Hold {
        /// The lease.
        lease: LeaseId,
        /// Brake, or go on?
        on: bool,
    },
    /// Its bounds are tightened, or let go after a self-check. In its turn, whatever the fence and however late it comes.
    ClampProfile {
        /// Never looser than what holds; lifted, if not said.
        bounds: Option<Tight>,
    },
}

/// What an access plan allows one robot, bound to its lease and, as every order, to its fence.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct AreaGrant {
    /// The lease.
    pub lease: LeaseId,
    /// The plan.
    pub plan: AccessPlanId,
    /// Areas (indexes in the site) that it may enter, of those that need a plan.
    pub areas: Vec<u32>,
    /// Areas that it may not enter.
    pub no_go: Vec<u32>,
    /// The credential that it shows at terminals beside doors, as its plan refers to it; empty if it needs none.
    pub credential: String,
    /// From.
    pub valid_from: Instant,
    /// To, on the platform's clock.
    pub valid_to: Instant,
}

/// Inside and without a link a robot goes on for at most so long past its lease, then leaves by itself.
pub const AUTONOMY: Span = Span::from_secs(120);

/// A job offered to one robot.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct LeaseOffer {
    /// The lease.
    pub lease: LeaseId,
    /// The job.
    pub job: JobId,
    /// Which leg of the job.
    pub leg: u8,
    /// Answer by then.
    pub accept_by: Instant,
    /// Is it for later? Then it is kept beside other work, and waits for `LeaseDue`.
    pub ahead: bool,
    /// Its time begins here.
    pub from: Instant,
    /// Its time should end here.
    pub to: Instant,
    /// How long the lease lives after the last acknowledged heartbeat.
    pub ttl: Span,
    /// Report in at least this often.
    pub heartbeat: Span,
    /// What to do.
    pub plan: Plan,
    /// Bundles that it runs on: without one of them, in order, work does not begin.
    pub skills: Vec<Digest>,
}

/// The work as an immutable value; its hash is pinned by accepting it.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Plan {
    /// The job.
    pub job: JobId,
    /// Steps in order.
    pub steps: Vec<PlanStep>,
    /// First step to do (after a hand-over, the one behind the last checkpoint).
    pub from_step: u16,
    /// What another robot has left for this one: fetched first of all.
    pub fetch: Option<Fetch>,
    /// Entry to the work area is asked for there: where something is fetched, else at the first step's vertex.
    pub access_point: u32,
    /// Leave the area by then.
    pub valid_to: Instant,
    /// Time to leave: without a word from the platform it begins to leave so long before its time is up.
    pub exit_by: Span,
    /// May the camera's gate be open while it works, outside of private areas?
    pub images: bool,
}

impl Plan {
    /// The hash that `LeaseAccepted` and `ExecutionStarted` name.
    pub fn hash(&self) -> Digest {
        nooterra_engine::digest::content_hash("nooterra/plan/v1", self)
    }
}

/// A load that lies in a transfer place. Fetching it is no step of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Fetch {
    /// The item.
    pub item: ItemId,
    /// Where it lies.
    pub vertex: u32,
    /// Its mass in grams, as ordered.
    pub mass_g: u32,
    /// Hash of the last checkpoint of the leg before.
    pub checkpoint: Digest,
    /// What the robot has to come to itself, from what it finds there: [`left_hash`].
    pub state_hash: Digest,
}

/// Hash of what one leg leaves to the next: which job, how far it is, and which item lies where.
#[must_use]
pub fn left_hash(job: JobId, from_step: u16, item: ItemId, vertex: u32, checkpoint: Digest) -> Digest {
    nooterra_engine::digest::content_hash("nooterra/left/v1", &(job, from_step, (item, vertex), checkpoint))
}

/// One step: be at a vertex, do something there, report a checkpoint.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct PlanStep {
    /// Name of the step: `pickup`, `dropoff`, `visit`, `lift`.
    pub name: String,
    /// Vertex (index in the site) where it is done.
    pub vertex: u32,
    /// What is done there.
    pub action: StepAction,
    /// Share of the work that this step stands for, 1/10 000.
    pub work_bps: u32,
    /// Give up and ask for help after this long at the vertex.
    pub timeout: Span,
}

/// What is done at a step's vertex.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum StepAction {
    /// Take an item over from the dispenser there.
    Pick {
        /// The item.
        item: ItemId,
        /// Its mass in grams, as ordered.
        mass_g: u32,
    },
    /// Hand the item over to the ingestor there (or set it down).
    Drop {
        /// The item.
        item: ItemId,
    },
    /// Take hold of an item beside that place and, when told, raise it together with others onto the rack there.
    Lift {
        /// The item.
        item: ItemId,
        /// This robot's part of its mass in grams, as ordered.
        mass_g: u32,
    },
    /// Stand still there for a while (a visit, an inspection).
    Dwell {
        /// How long.
        lasts: Span,
    },
    /// Drive over the floor of an area around that place, from point to point.
    Cover {
        /// The area (index in the site).
        area: u32,
        /// Points to pass in order; the last is the vertex itself.
        way: Vec<PointMm>,
    },
}

/// A point of a level, millimetres of the site's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct PointMm {
    /// East.
    pub x_mm: i64,
    /// North.
    pub y_mm: i64,
}

/// A way along nodes and edges, in VDA 5050's sense: nodes have even sequence ids, edges the odd ones between.
///
/// The robot drives only what is released. An update with the same `order` and a higher `update` replaces everything
/// behind the last node that it shares with what was sent before, and never takes back what was released.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Route {
    /// The movement order.
    pub order: OrderId,
    /// Number of this update, from 0.
    pub update: u32,
    /// Nodes in order; the first is where the robot stands or the last one sent before.
    pub nodes: Vec<RouteNode>,
    /// Edges: `edges[i]` leads from `nodes[i]` to `nodes[i + 1]`.
    pub edges: Vec<RouteEdge>,
}

/// A node of a route. All nodes sent are released; what lies beyond is not sent.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RouteNode {
    /// Even sequence id, ascending.
    pub sequence_id: u32,
    /// Vertex (index in the site).
    pub vertex: u32,
    /// The robot will stay here: approach precisely and, if set, turn to `theta_rad`.
    pub is_goal: bool,
}

/// An edge of a route.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RouteEdge {
    /// Odd sequence id.
    pub sequence_id: u32,
    /// Lane (index in the site).
    pub lane: u32,
    /// Limit on this edge, mm/s; 0 for the robot's own.
    pub speed_mm_s: u32,
    /// A ride in a lift: do not move, the level changes; released only once the lift has arrived.
    pub ride: bool,
}

/// Work that is no job.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct TaskOrder {
    /// The task.
    pub task: TaskId,
    /// What kind.
    pub kind: TaskKind,
}

/// Kinds of task.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum TaskKind {
    /// Connect to the charger at the present vertex and charge.
    Charge {
        /// Charger's vertex.
        vertex: u32,
        /// Up to this state of charge, 1/10 000.
        to_soc_bps: u32,
    },
    /// Stop charging.
    EndCharge,
}
