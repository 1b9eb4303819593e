//! A scenario held against its site: indexes instead of names, every default filled in, every random value of the
//! swarm drawn. Same file, site and seed: same value.

use crate::acts::{Act, ClaimsPlan, NoShowChoice};
use crate::camera::Privacy;
pub use crate::coins::{LicencePer, TariffPlan};
use crate::expect::{Condition, Form};
pub use crate::fallback::FallbackKind;
pub use crate::operators::Does;
use crate::recorder::RecorderFault;
pub use crate::scenario::{Answering, AwardMode, CreditPayer};
pub use crate::series::SeriesPlan;
use nooterra_engine::Record;
use nooterra_engine::faults::FaultPlan;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::ZoneId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::net::Profile;
use nooterra_engine::time::{Instant, Span};
use nooterra_port::ability::Declared;
use nooterra_port::camera::CameraKind;
use nooterra_site::{Area, DoorIx, LaneIx, LevelIx, LiftIx, RobotModel, VertexIx};
use schemars::JsonSchema;
use serde::Deserialize;

/// Everything that a run needs besides the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What the scenario shows.
    pub title: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// The calendar's time at the start, since 1970.
    pub epoch: Instant,
    /// Time in which demand arises and faults strike.
    pub duration: Span,
    /// Longest time after it in which open jobs may still end.
    pub drain: Span,
    /// Physics step.
    pub tick: Span,
    /// Areas of the site.
    pub areas: Vec<Area>,
    /// Doors and lifts that a terminal opens: doors of the site by their index, then its lifts.
    pub terminals: Vec<u32>,
    /// Those that the site names in no access plan.
    pub withheld: Vec<u32>,
    /// Robot models in use.
    pub models: Vec<RobotModel>,
    /// How far the navigation skill is certified for each of them.
    pub certified: Vec<Certified>,
    /// Robots, in order of model and name.
    pub robots: Vec<RobotStart>,
    /// Currency of what names none.
    pub currency: Currency,
    /// What things cost in each currency that is traded in, ascending by currency.
    pub tariffs: Vec<TariffPlan>,
    /// What the navigation skill is paid by.
    pub licence_per: LicencePer,
    /// What kind of place it is.
    pub tier: Tier,
    /// What punctuality is paid for.
    pub service_level: ServiceLevel,
    /// Providers.
    pub providers: Vec<ProviderPlan>,
    /// Requesters.
    pub requesters: Vec<RequesterPlan>,
    /// Streams of jobs.
    pub demand: Vec<Demand>,
    /// Series of jobs, in the order of the file.
    pub series: Vec<SeriesPlan>,
    /// The payment provider.
    pub payments: PaymentsPlan,
    /// Links while nothing disturbs them.
    pub network: Profile,
    /// What goes wrong.
    pub faults: FaultPlan<FaultKind>,
    /// What people do.
    pub acts: Vec<Act>,
    /// How claims are handled.
    pub claims: ClaimsPlan,
    /// People who walk about.
    pub people: Vec<Walker>,
    /// People who take broken robots away.
    pub crew: CrewPlan,
    /// Remote operators.
    pub operators: Vec<OperatorPlan>,
    /// Outside witnesses of the log, by name.
    pub log_witnesses: Vec<String>,
    /// Policy values that differ from the marketplace's defaults.
    pub policy: PolicyPlan,
    /// What must hold.
    pub expect: Vec<Expectation>,
    /// Remarks for people: what was assumed.
    pub notes: Vec<String>,
}

/// How far a skill is certified for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Certified {
    /// Not at all.
    None,
    /// For simulation.
    Dev,
    /// For supervised trials.
    Sim,
    /// Tried in the laboratory.
    Lab,
    /// Tried at work.
    #[default]
    Field,
}

/// What kind of place the work happens in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Tier {
    /// A place run for robots.
    Managed,
    /// Offices.
    #[default]
    Office,
    /// Hotels, restaurants.
    Hospitality,
    /// Homes.
    InHome,
}

/// What punctuality is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum ServiceLevel {
    /// Cheapest.
    Basic,
    /// Usual.
    #[default]
    Standard,
    /// Punctual.
    Premium,
}

/// A robot at the start.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotStart {
    /// Its name.
    pub name: String,
    /// Index into `models`.
    pub model: u32,
    /// Index into `providers`.
    pub provider: u32,
    /// Where it stands.
    pub start: VertexIx,
    /// The navigation graph that it drives on.
    pub graph_idx: u32,
    /// State of charge, basis points.
    pub soc_bps: u32,
    /// What its owner has it declare otherwise than its model says.
    pub declares: Vec<Declared>,
    /// Its camera.
    pub camera: CameraKind,
}

/// A provider's standing offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct StandingPlan {
    /// Requests and jobs that it takes on at once.
    pub capacity: u16,
    /// Its robots go on with jobs of others.
    pub substitute: bool,
}

/// Someone who offers robots.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ProviderPlan {
    /// Name.
    pub name: String,
    /// Price as a share of the reference price, basis points.
    pub price_bps: u32,
    /// Shortest time from request to quote.
    pub quote_delay_min: Span,
    /// Longest time from request to quote.
    pub quote_delay_max: Span,
    /// How long its quotes stand; past the close of the request if not said.
    pub quote_lasts: Option<Span>,
    /// By how much its prices vary, basis points.
    pub varies_bps: u32,
    /// How it answers counter-offers.
    pub counters: Answering,
    /// How it answers proposals to move a booking.
    pub moves: Answering,
    /// Its standing offer.
    pub standing: Option<StandingPlan>,
    /// When its robots can work.
    pub hours: Option<nooterra_control::input::WeeklyRule>,
    /// Currencies that it is paid in; none if all.
    pub takes: Vec<Currency>,
    /// The currency that it quotes in, if not in that of the request.
    pub quotes_in: Option<Currency>,
}

/// Someone who asks for work.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RequesterPlan {
    /// Name.
    pub name: String,
    /// When they become a party, if not at the start.
    pub joins: Option<Instant>,
    /// How they answer proposals to move a booking.
    pub moves: Answering,
    /// How they answer what a robot may not do by itself.
    pub approvals: Answering,
    /// Currencies that they pay in; none if all.
    pub takes: Vec<Currency>,
    /// Levels of the site that are their own.
    pub own: Vec<ZoneId>,
}

/// A stream of jobs.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Demand {
    /// Index into `requesters`.
    pub requester: u32,
    /// When jobs arise.
    pub process: Process,
    /// No more than so many.
    pub limit: Option<u32>,
    /// What is done.
    pub kind: JobKind,
    /// Trips to choose from, uniformly.
    pub trips: Vec<Trip>,
    /// Most that the requester pays.
    pub budget: Option<Amount>,
    /// Mass of a load, g.
    pub mass_g: u32,
    /// From the request to the start of the job's window.
    pub lead: Span,
    /// Length of the job's window.
    pub window: Span,
    /// Stops on the way.
    pub via: Vec<VertexIx>,
    /// How its requests are decided.
    pub mode: AwardMode,
    /// Must a remote operator stand by?
    pub coverage: bool,
    /// Zones whose floors are covered: a place in each, and its area.
    pub zones: Vec<(VertexIx, u32)>,
    /// What proves custom work.
    pub proof: Vec<ProofItem>,
    /// Who lifts, for a lift; nobody for work of one robot.
    pub team: Vec<Member>,
    /// What its jobs are paid in.
    pub currency: Currency,
    /// Areas that its robots may not enter.
    pub no_go: Vec<ZoneId>,
    /// Values that its robots have to reach, ascending by name.
    pub requires: Vec<Declared>,
    /// What may be recorded.
    pub privacy: Privacy,
}

/// One item of what proves custom work.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ProofItem {
    /// Its name.
    pub name: String,
    /// Who has to speak.
    pub by: Vec<crate::proving::Witness>,
    /// At which points, from 1.
    pub points: Vec<u16>,
    /// Its share of the whole, basis points.
    pub weight_bps: u32,
    /// Share of its points that must be witnessed, basis points.
    pub threshold_bps: u32,
}

/// One robot's part of a lift.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Member {
    /// Where it stands while it lifts.
    pub lift: VertexIx,
    /// Stops before that.
    pub before: Vec<VertexIx>,
    /// Stops after that.
    pub after: Vec<VertexIx>,
}

/// When jobs arise.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Process {
    /// At random with this mean gap.
    Poisson {
        /// Mean time between two.
        mean_gap: Span,
    },
    /// At these instants.
    Fixed {
        /// Ascending.
        at: Vec<Instant>,
    },
    /// Regularly.
    Every {
        /// The first.
        first: Instant,
        /// Time between two.
        gap: Span,
    },
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum JobKind {
    /// A load is carried.
    #[default]
    Delivery,
    /// A round is made.
    Patrol,
    /// A load is raised by several robots together.
    Lift,
    /// Floors are cleaned.
    Clean,
    /// Rooms are put in order, lightly.
    ResetLite,
    /// Rooms are put in order.
    ResetStandard,
    /// Places are visited, and proven as the requester says.
    Custom,
}

impl JobKind {
    /// Is it work on whole zones?
    pub const fn covers_zones(self) -> bool {
        matches!(self, Self::Clean | Self::ResetLite | Self::ResetStandard)
    }
}

/// From one vertex to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Trip {
    /// Pick-up, or where the patrol begins.
    pub from: VertexIx,
    /// Drop-off, or where it leads.
    pub to: VertexIx,
}

/// The payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct PaymentsPlan {
    /// Shortest time to an answer.
    pub delay_min: Span,
    /// Longest time to an answer.
    pub delay_max: Span,
    /// Authorisations declined, parts per million.
    pub decline_ppm: u32,
    /// What it authorises lasts for so long.
    pub authorises_for: Option<Span>,
}

/// Who, on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Group {
    /// Every robot.
    Robots,
    /// One robot.
    Robot {
        /// Index into `robots`.
        ix: u32,
    },
    /// Every provider.
    Providers,
    /// One provider.
    Provider {
        /// Index into `providers`.
        ix: u32,
    },
    /// Every requester.
    Requesters,
    /// One requester.
    Requester {
        /// Index into `requesters`.
        ix: u32,
    },
    /// A remote operator's console.
    Operator {
        /// Which.
        ix: u32,
    },
    /// One outside witness of the log.
    LogWitness {
        /// Index into `log_witnesses`.
        ix: u32,
    },
    /// Doors, lifts, docks and witnesses.
    Site,
    /// The payment provider.
    Payments,
    /// The platform.
    Platform,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum FaultKind {
    /// Something stands in the way.
    Obstacle {
        /// Level.
        level: LevelIx,
        /// Centre.
        at: Vec2,
        /// Side, m.
        size_m: f64,
        /// The lane that it blocks, if it stands on one.
        lane: Option<LaneIx>,
    },
    /// Links between these and the platform behave like this.
    Network {
        /// Whose links.
        link: Group,
        /// How they behave.
        profile: Profile,
    },
    /// Nothing passes between these and all others.
    Partition {
        /// Who.
        group: Vec<Group>,
    },
    /// Nothing passes from these to those.
    Cut {
        /// Senders.
        from: Group,
        /// Receivers.
        to: Group,
    },
    /// A battery dies.
    BatteryDead {
        /// Index into `robots`.
        robot: u32,
    },
    /// A battery loses half of its charge.
    BatterySag {
        /// Index into `robots`.
        robot: u32,
    },
    /// A robot's drives fail.
    Motor {
        /// Index into `robots`.
        robot: u32,
        /// How.
        how: MotorFault,
    },
    /// A robot's sensor fails.
    Sensor {
        /// Index into `robots`.
        robot: u32,
        /// Which.
        which: SensorKind,
        /// How.
        how: SensorFault,
    },
    /// A robot drops what it carries.
    PayloadDrop {
        /// Index into `robots`.
        robot: u32,
    },
    /// A robot's program says that it has put loads down, and keeps them, and that it has covered floors where it only stood.
    RobotLies {
        /// Index into `robots`.
        robot: u32,
    },
    /// A robot's badge goes on showing the fence of this moment.
    OldBadge {
        /// Index into `robots`.
        robot: u32,
    },
    /// A robot shows nothing at terminals.
    NoCredential {
        /// Index into `robots`.
        robot: u32,
    },
    /// The gate of a robot's camera leaks.
    CameraLeaks {
        /// Index into `robots`.
        robot: u32,
    },
    /// A robot's black box fails.
    Recorder {
        /// Index into `robots`.
        robot: u32,
        /// How.
        how: RecorderFault,
    },
    /// A robot's program leads it elsewhere.
    Astray {
        /// Index into `robots`.
        robot: u32,
        /// Where to.
        to: VertexIx,
    },
    /// A slippery patch.
    Slip {
        /// Level.
        level: LevelIx,
        /// Centre.
        at: Vec2,
        /// Radius, m.
        radius_m: f64,
        /// What is left of the friction, parts per million.
        grip_ppm: u32,
    },
    /// A door does not move.
    DoorJam {
        /// The door.
        door: DoorIx,
    },
    /// A lift does not move.
    LiftStuck {
        /// The lift.
        lift: LiftIx,
    },
    /// Somebody walks through.
    Person {
        /// Who and where.
        walker: Walker,
    },
    /// A provider stops answering.
    ProviderSilent {
        /// Index into `providers`.
        provider: u32,
    },
    /// A requester stops answering.
    RequesterSilent {
        /// Index into `requesters`.
        requester: u32,
    },
    /// The payment provider declines.
    PaymentsDecline {
        /// Share declined, parts per million.
        ppm: u32,
    },
    /// The site lets nobody in.
    SiteRefuses {},
    /// A remote operator does not answer.
    OperatorAbsent {
        /// Index into `operators`.
        operator: u32,
    },
}

impl FaultKind {
    /// The word for it in scenarios and reports; `eventually … of: fault.<word>` refers to it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Obstacle { .. } => "obstacle",
            Self::Network { .. } => "network",
            Self::Partition { .. } => "partition",
            Self::Cut { .. } => "cut",
            Self::BatteryDead { .. } | Self::BatterySag { .. } => "battery",
            Self::Motor { .. } => "motor",
            Self::Sensor { .. } => "sensor",
            Self::PayloadDrop { .. } => "payload_drop",
            Self::RobotLies { .. } => "lies",
            Self::OldBadge { .. } => "old_badge",
            Self::NoCredential { .. } => "no_credential",
            Self::Astray { .. } => "astray",
            Self::CameraLeaks { .. } => "camera_leaks",
            Self::Recorder { .. } => "recorder",
            Self::Slip { .. } => "slip",
            Self::DoorJam { .. } => "door",
            Self::LiftStuck { .. } => "lift",
            Self::Person { .. } => "person",
            Self::ProviderSilent { .. } => "provider",
            Self::RequesterSilent { .. } => "requester",
            Self::PaymentsDecline { .. } => "payments",
            Self::OperatorAbsent { .. } => "operator",
            Self::SiteRefuses {} => "site",
        }
    }
    /// Every word that [`FaultKind::word`] gives.
    pub const WORDS: &'static [&'static str] = &[
        "obstacle",
        "network",
        "partition",
        "cut",
        "battery",
        "motor",
        "sensor",
        "payload_drop",
        "lies",
        "old_badge",
        "no_credential",
        "astray",
        "camera_leaks",
        "recorder",
        "slip",
        "door",
        "lift",
        "person",
        "provider",
        "requester",
        "payments",
        "operator",
        "site",
    ];
}

/// How drives fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum MotorFault {
    /// Wheels do not turn.
    #[default]
    Jam,
    /// Commands act late.
    Delay,
    /// Wheels turn faster than told.
    Runaway,
    /// All wheels turn faster than told.
    Surge,
}

/// A sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum SensorKind {
    /// The 2-D lidar.
    #[default]
    Lidar,
    /// Wheel encoders.
    Odometry,
    /// The gyroscope.
    Gyro,
    /// The marker camera.
    Markers,
}

/// How a sensor fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum SensorFault {
    /// It says nothing.
    #[default]
    Dropout,
    /// It repeats its last value.
    Stuck,
    /// It is off by a constant.
    Bias,
    /// It is noisier.
    Noise,
    /// It sees what is not there.
    Ghost,
}

/// Somebody who walks to and fro along a path.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Walker {
    /// Level.
    pub level: LevelIx,
    /// Corners of the path; at least two.
    pub path: Vec<Vec2>,
    /// Speed, m/s.
    pub speed_mps: f64,
}

/// Policy values that the scenario sets; `None` leaves the marketplace's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct PolicyPlan {
    /// How long a request for quotes stays open.
    pub rfq_open: Option<Span>,
    /// Time for a payment authorisation.
    pub auth_by: Option<Span>,
    /// Time for a robot to accept a lease.
    pub lease_offer: Option<Span>,
    /// Interval of heartbeats.
    pub heartbeat: Option<Span>,
    /// Silence after which a working job stalls.
    pub stall_after: Option<Span>,
    /// Longest time for which a robot that is ready to lift waits for the others.
    pub lift_wait: Option<Span>,
    /// Longest time that a lift takes once all are ready.
    pub lift_within: Option<Span>,
    /// Longest total stall.
    pub max_stall: Option<Span>,
    /// Longest total execution.
    pub max_exec: Option<Span>,
    /// Time to leave.
    pub exit_by: Option<Span>,
    /// Time from a safe exit until another robot has entered.
    pub handover_by: Option<Span>,
    /// Time from the end of work to the evaluation of proof.
    pub proof_by: Option<Span>,
    /// Time from the end of work to settlement.
    pub settle_after: Option<Span>,
    /// Time after settlement until money is paid out.
    pub payout_after: Option<Span>,
    /// Most robots on one job.
    pub max_legs: Option<u32>,
    /// Robots of other providers with standing offers may go on with a job.
    pub substitution: Option<bool>,
    /// The platform's share of the service amount, parts per million.
    pub platform_ppm: Option<u32>,
    /// The insurance reserve's share, parts per million.
    pub insurance_ppm: Option<u32>,
    /// The skill developers' share, parts per million.
    pub developer_ppm: Option<u32>,
    /// A job is first matched with robots this long before its window.
    pub dispatch_lead: Option<Span>,
    /// Idle robots move toward work that nobody is near for.
    pub relocate: Option<bool>,
    /// Robots are at the access point no longer than this before the window opens.
    pub early: Option<Span>,
    /// Grace for the arrival after the window's start.
    pub arrival_grace: Option<Span>,
    /// Grace for the completion after the window's end.
    pub completion_grace: Option<Span>,
    /// What lateness is credited with: from when on, parts per million; nothing leaves the default.
    pub lateness: Vec<(Span, u32)>,
    /// Most that a job is credited with, parts per million.
    pub credit_cap_ppm: Option<u32>,
    /// Who pays for missed service levels.
    pub credits: Option<CreditPayer>,
    /// What happens when nobody chooses after a no-show.
    pub no_show: Option<NoShowChoice>,
    /// Time for the choice after a no-show.
    pub no_show_decide: Option<Span>,
    /// Are moves that hardly change the price agreed without an answer?
    pub auto_reschedule: Option<bool>,
    /// Time for the answer to a proposal to move a booking.
    pub reschedule_answer: Option<Span>,
    /// Most counter-offers on one quote.
    pub max_rounds: Option<u32>,
    /// A counter-offer lapses after this.
    pub counter_lasts: Option<Span>,
    /// A job of a series is asked for this long before it begins.
    pub series_lead: Option<Span>,
    /// Money is captured this long before a job's window.
    pub capture_lead: Option<Span>,
    /// An authorisation is renewed this long before its end.
    pub renew_lead: Option<Span>,
    /// One settled job in so many is audited.
    pub audit_one_in: Option<u32>,
    /// How long telemetry is kept.
    pub keep_telemetry: Option<Span>,
    /// How long evidence is kept.
    pub keep_evidence: Option<Span>,
    /// Longest wait for entry.
    pub access_wait: Option<Span>,
    /// Longest wait for a remote operator.
    pub assist_response: Option<Span>,
    /// What is done when no operator helps.
    pub assist_fallback: Option<FallbackKind>,
    /// What the requester is asked for lapses after this.
    pub approval_by: Option<Span>,
}

/// People who take broken robots off the floor and repair them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CrewPlan {
    /// Time from the request until the robot is off the floor.
    pub arrives: Span,
    /// Time from then until it may be put back.
    pub repairs: Span,
    /// Do repaired robots come back?
    pub returns: bool,
}

impl Default for CrewPlan {
    fn default() -> Self {
        Self { arrives: Span::from_mins(5), repairs: Span::from_mins(15), returns: true }
    }
}

/// A remote operator.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct OperatorPlan {
    /// Name.
    pub name: String,
    /// Shortest time to an answer.
    pub response_min: Span,
    /// Longest time to an answer.
    pub response_max: Span,
    /// Work begins.
    pub from: Instant,
    /// Work ends.
    pub to: Instant,
    /// What it does when it is asked.
    pub does: Does,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// When.
    pub form: Form,
    /// What.
    pub condition: Condition,
    /// As written, form included.
    pub text: String,
    /// Line in the file.
    pub line: u32,
}
