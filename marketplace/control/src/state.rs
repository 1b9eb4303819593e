//! The whole state of the platform: one value, frozen and thawed as it is. The site is given again at each start.

use crate::blackbox::RobotBox;
use crate::cases::Case;
use crate::cases::windows::Telemetry;
use crate::genesis::Genesis;
use crate::moving::Way;
use crate::series::Repeated;
use crate::team::Team;
use crate::timers::Timers;
use crate::two_keys::Proposals;
use crate::wish::PaymentAsk;
use nooterra_dispatch::facilities::Facilities;
use nooterra_dispatch::traffic::Traffic;
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, RunningDigest};
use nooterra_engine::ids::{
    AccessPlanId, ChargebackId, ClaimId, EventId, IncidentId, JobId, LeaseId, PartyId, PaymentId, PayoutId, RefundId, RobotId, SeriesId,
    TeamId,
};
use nooterra_engine::keyframe::StateRoots;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_jobs::Job;
use nooterra_ledger::{Book, EntryId};
use nooterra_market::{Calendar, ContractBook, Negotiation, PastBook, StandingBook};
use nooterra_operations::Robot;
use nooterra_port::{FacilityOrder, SignedOrder};
use nooterra_settlement::month::Month;
use nooterra_settlement::period::Exposure;
use nooterra_settlement::{MoneyBook, Payout};
use nooterra_trust::chain::Streams;
use nooterra_trust::detect::Detectors;
use nooterra_trust::incident::Incidents;
use nooterra_trust::reputation::Reputation;
use nooterra_trust::{ActorChains, KeyTable};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A robot and everything the platform keeps about it.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotCell {
    /// As operations know it.
    pub robot: Robot,
    /// Position in the genesis list: its model, home and graph.
    pub entry: u32,
    /// Orders not yet acknowledged, oldest first.
    pub orders: VecDeque<SignedOrder>,
    /// When they are repeated.
    pub retry_at: Option<Instant>,
    /// Repetitions since the last acknowledgement.
    pub retries: u32,
    /// The plans behind the leases offered or held.
    pub plans: BTreeMap<LeaseId, Digest>,
    /// When its next lease was last looked at without coming to its time.
    pub ahead_tried: Option<Instant>,
    /// Its way.
    pub way: Way,
    /// The charge order of its present task was sent.
    pub charge_sent: bool,
    /// It stands before an obstruction of this lane that nothing leads around.
    pub shut_in: Option<u32>,
    /// Something held it up when it was last heard.
    pub paused: bool,
    /// Its speed then.
    pub speed_mm_s: u32,
    /// Its long silence was judged: nothing more follows from it before it is heard again.
    pub silence_judged: bool,
    /// The lease under which it was told to brake and stay.
    pub braked: Option<LeaseId>,
    /// Stops that it obeyed and tightened bounds that it kept to, in its own time.
    pub bygone: crate::bygone::Bygone,
    /// When it stood still by stops that its owner answers for, and that are over; oldest first.
    pub own_stops: VecDeque<nooterra_jobs::terms::Window>,
    /// When it stood still by stops of others, and that are over; oldest first.
    pub other_stops: VecDeque<nooterra_jobs::terms::Window>,
    /// Where it may be, and where it was seen.
    pub place: crate::areas::Place,
    /// What it did on the jobs that settled last.
    pub samples: crate::abilities::Samples,
    /// What the doors were told of it last.
    pub granted: Option<crate::entrances::Granted>,
}

/// A party as the platform keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct PartyCell {
    /// Its open jobs as a requester.
    pub open_jobs: u32,
    /// Booked and unfinished jobs as a provider.
    pub serving: u32,
    /// When a payable of it next matures or is tried again.
    pub payout_at: Option<Instant>,
}

/// A request to the site that is repeated until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AskKey {
    /// For an access plan.
    Plan(JobId),
    /// For entry.
    Entry(JobId),
    /// For an authorisation.
    Authorise(PaymentId),
    /// For a capture.
    Capture(PaymentId),
    /// For the release of an authorisation.
    Void(PaymentId),
    /// For a refund.
    Refund(RefundId),
    /// For a payout.
    Payout(PayoutId),
    /// For the payment of a claim.
    PayClaim(ClaimId),
    /// For an insurer's share of a claim.
    Recover(ClaimId),
    /// That doors forget a plan.
    Revoke(JobId),
    /// That doors hold a plan as it was widened.
    Extend(JobId),
    /// That doors hold the plan of a householder.
    Hold(JobId),
    /// That the witness replays how a robot came to a point.
    Replay(IncidentId),
    /// That people bring a load back from its transfer place.
    Return(JobId),
    /// That doors forget the plan of a job that is over.
    Withdraw {
        /// The plan.
        plan: AccessPlanId,
        /// Its end: from then on nobody has to be told.
        until: Instant,
    },
    /// That doors know who holds the grant of a job's plan.
    Grant(JobId),
    /// That doors know which levels are shut.
    Shut,
}

/// A request that is repeated until the state shows that it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Ask {
    /// To the site.
    Site(FacilityOrder),
    /// To the payment adapter.
    Pay(PaymentAsk),
    /// To the crew on site.
    Crew(crate::wish::ReturnAsk),
}

/// Running digests of the rooms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Rooms {
    /// Requests, quotes, bookings, payments.
    pub market: RunningDigest,
    /// Everything else of job streams.
    pub jobs: RunningDigest,
    /// Dispatch and site streams.
    pub dispatch: RunningDigest,
    /// Robot streams.
    pub operations: RunningDigest,
    /// Inputs and their verdicts.
    pub trust: RunningDigest,
    /// Skill streams, and what concerns skills of jobs and robots.
    pub skills: RunningDigest,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct State {
    /// What it started with.
    pub genesis: Genesis,
    /// Receive time of the last input or firing.
    pub now: Instant,
    /// Inputs taken.
    pub log_seq: u64,
    /// Keys.
    pub keys: KeyTable,
    /// Hash of the policy in force: every booking pins it.
    pub policy_hash: Digest,
    /// Changes of the policy that wait for their time, in its order.
    pub policies: Vec<crate::tenant_policy::Waiting>,
    /// Bundles of skills for the robots.
    pub shelf: BTreeMap<Digest, crate::delivery::Shelved>,
    /// What outside witnesses were shown.
    pub heads: crate::heads::Heads,
    /// When the site was heard, and when it was not.
    pub site_link: crate::outage::SiteLink,
    /// Senders' chains.
    pub chains: ActorChains,
    /// How much everybody has said lately.
    pub volume: nooterra_trust::volume::Buckets,
    /// Ends of all streams.
    pub streams: Streams,
    /// Armed timers.
    pub timers: Timers,
    /// All jobs.
    pub jobs: BTreeMap<JobId, Job>,
    /// Requests that are neither booked nor over.
    pub negotiations: BTreeMap<JobId, Negotiation>,
    /// All robots.
    pub robots: BTreeMap<RobotId, RobotCell>,
    /// All parties.
    pub parties: BTreeMap<PartyId, PartyCell>,
    /// Jobs by payment.
    pub payments: BTreeMap<PaymentId, JobId>,
    /// Events of authorisations, which name their pending entries.
    pub authorisations: BTreeMap<PaymentId, EventId>,
    /// Jobs and issuing events by refund.
    pub refunds: BTreeMap<RefundId, (JobId, EventId)>,
    /// Payouts on their way.
    pub payouts: BTreeMap<PayoutId, Payout>,
    /// The double-entry book.
    pub book: Book,
    /// What every job took in, and what was taken back, credited and claimed since.
    pub money: MoneyBook,
    /// Money locked until something is decided, in this period, by currency.
    pub exposure: BTreeMap<Currency, Exposure>,
    /// The month that is open.
    pub month: Month,
    /// Adjustments of the open month that set a closed one right, and which.
    pub adjusted: BTreeMap<EntryId, Month>,
    /// Adjustments that wait for a second key.
    pub adjustments: Proposals,
    /// What was said about keys and waits for a second one.
    pub key_words: Proposals,
    /// Settled jobs that an auditor derived again.
    pub audited: BTreeSet<JobId>,
    /// What providers have reported already, by the hash of who it was and its name for it: each result counts once.
    pub provider_results: BTreeSet<[u8; 16]>,
    /// Chargebacks by the provider's name for them.
    pub chargebacks: BTreeMap<String, (JobId, ChargebackId)>,
    /// Jobs that wait for a robot, by when they may be matched.
    pub waiting: BTreeSet<(Instant, JobId)>,
    /// A trigger asks for a batch now.
    pub dispatch_trigger: Option<Instant>,
    /// When the last batch ran.
    pub dispatched_at: Option<Instant>,
    /// Energy that the jobs matched last should take, joules.
    pub needs: VecDeque<u64>,
    /// What robots did on jobs that have not settled.
    pub runs: BTreeMap<(JobId, RobotId), crate::abilities::Run>,
    /// Jobs whose settlement is held.
    pub held: BTreeSet<JobId>,
    /// Who drives where when.
    pub traffic: Traffic,
    /// Something about traffic changed then; planning follows shortly.
    pub traffic_touched: Option<Instant>,
    /// Doors and lifts.
    pub facilities: Facilities,
    /// When doors and lifts were last looked after.
    pub facilities_at: Instant,
    /// Level at which each lift was last seen.
    pub lift_levels: BTreeMap<u32, u32>,
    /// When traffic was last planned.
    pub traffic_at: Instant,
    /// Lanes closed for an obstruction, and when they are tried again.
    pub obstructed: BTreeMap<u32, Instant>,
    /// Words to the site that take the place of earlier ones, so far.
    pub site_words: u64,
    /// Unanswered requests to the site and to the payment adapter.
    pub asks: BTreeMap<AskKey, Ask>,
    /// When they are repeated.
    pub asks_at: Option<Instant>,
    /// Settled jobs of the last ninety days.
    pub past: PastBook,
    /// What went wrong on booked jobs, and what follows of it.
    pub cases: BTreeMap<JobId, Case>,
    /// Jobs by claim.
    pub claim_jobs: BTreeMap<ClaimId, JobId>,
    /// What robots said in the last while.
    pub telemetry: Telemetry,
    /// What is known of robots' black boxes.
    pub boxes: BTreeMap<RobotId, RobotBox>,
    /// Trust in robots and their owners.
    pub scores: Reputation,
    /// What went wrong with robots that held no lease.
    pub strays: BTreeMap<RobotId, Incidents>,
    /// What watches over each robot.
    pub detectors: BTreeMap<RobotId, Detectors>,
    /// Running digests.
    pub rooms: Rooms,
    /// Units written.
    pub units: u64,
    /// Remote operators and what they are asked.
    pub desk: nooterra_operations::Desk,
    /// Stops in force.
    pub stops: nooterra_operations::stop::Board,
    /// What robots can be taught, and who may run it where.
    pub skills: nooterra_skills::Registry,
    /// Contracts.
    pub contracts: ContractBook,
    /// Rules by which owners quote at once.
    pub standing: StandingBook,
    /// When robots can work, in the calendar's time.
    pub calendars: BTreeMap<RobotId, Calendar>,
    /// Work that is repeated.
    pub series: BTreeMap<SeriesId, Repeated>,
    /// Jobs that are done together.
    pub teams: BTreeMap<TeamId, Team>,
    /// Evidence of what went wrong with robots that held no lease.
    pub adrift: BTreeMap<RobotId, crate::retention::Adrift>,
    /// Audits that auditors were asked for, and when they are asked again.
    pub audits: BTreeMap<JobId, Instant>,
    /// Levels that doors and lifts were told to let nobody into.
    pub shut: BTreeSet<u32>,
    /// Of robots' streams, the last event that a decision may rest on.
    pub robot_dockets: BTreeMap<String, Digest>,
    /// Ways that are replayed for a proof, by the number under which boxes were asked.
    pub replays: BTreeMap<IncidentId, crate::replays::Replay>,
}

impl State {
    /// Digests of the rooms, in a fixed order; constant cost.
    pub fn roots(&self) -> StateRoots {
        let rooms = [
            ("market", self.rooms.market.head),
            ("jobs", self.rooms.jobs.head),
            ("dispatch", self.rooms.dispatch.head),
            ("operations", self.rooms.operations.head),
            ("trust", self.rooms.trust.head),
            ("skills", self.rooms.skills.head),
            ("ledger", self.book.running_digest().head),
            ("ledger_root", self.book.root()),
        ];
        StateRoots { rooms: rooms.into_iter().map(|(n, d)| (n.to_owned(), d)).collect() }
    }
}
