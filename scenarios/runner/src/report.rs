//! What a run, a replay, a verification or a comparison has to say: plain data, serialised as it is for machines.

use serde::Serialize;
use std::path::PathBuf;

/// Exit classes in order of precedence: the first that applies is the program's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything held.
    Pass,
    /// An expectation of the scenario was not met.
    Expectation,
    /// Something did not end.
    Liveness,
    /// Time or size budget used up.
    Budget,
    /// Two runs of the same thing differed.
    Nondeterminism,
    /// Safety or an invariant was broken.
    Safety,
    /// The program broke its own oath and stopped.
    Panic,
    /// Stopped by the user; the log is closed properly.
    Interrupted,
}

impl Outcome {
    /// The process exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Safety => 10,
            Self::Liveness => 11,
            Self::Nondeterminism => 12,
            Self::Panic => 13,
            Self::Budget => 14,
            Self::Expectation => 15,
            Self::Interrupted => 130,
        }
    }
}

/// A finished run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// The verdict that decides the exit code.
    pub outcome: Outcome,
    /// Why, one line each; empty when everything held.
    pub reasons: Vec<String>,
    /// Title of the scenario.
    pub title: String,
    /// Scenario file.
    pub scenario: String,
    /// Site file.
    pub site: String,
    /// Seed.
    pub seed: u64,
    /// Which of the three replay promises the log keeps.
    pub promise: &'static str,
    /// Simulated time during which work was asked for, seconds.
    pub duration_s: f64,
    /// Simulated time in all, seconds: the rest is spent finishing and settling.
    pub simulated_s: f64,
    /// Time it took, seconds.
    pub wall_s: f64,
    /// Simulated over real time.
    pub real_time_factor: f64,
    /// Physics ticks.
    pub ticks: u64,
    /// The work.
    pub jobs: JobsReport,
    /// The money, one entry for each currency that is traded in, the market's own first.
    pub money: Vec<MoneyReport>,
    /// Touches and stops.
    pub safety: SafetyReport,
    /// Each robot.
    pub robots: Vec<RobotReport>,
    /// Incidents as they were opened.
    pub incidents: Vec<String>,
    /// Faults that the scenario injected.
    pub faults: Vec<String>,
    /// What the judges said of every invariant.
    pub oracles: Vec<Judged>,
    /// What became of the scenario's expectations.
    pub expectations: Vec<Judged>,
    /// Last sample of every metric.
    pub metrics: Vec<(String, f64)>,
    /// Events by name: how often each happened.
    pub events: Vec<(String, u64)>,
    /// Inputs that the platform refused, by code.
    pub refused: Vec<(String, u64)>,
    /// Remarks of the importer and of what was assumed.
    pub remarks: Vec<String>,
    /// Rare paths: times reached.
    pub paths: Vec<(String, u64)>,
    /// The black box.
    pub log: LogReport,
    /// With `--twice`: were both runs the same?
    pub twice: Option<Twice>,
}

/// Work of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JobsReport {
    /// Asked for.
    pub requested: u64,
    /// Ended before booking.
    pub withdrawn: u64,
    /// Booked.
    pub booked: u64,
    /// Reported done by a robot.
    pub completed: u64,
    /// Proven in full by witnesses.
    pub proven: u64,
    /// Ended without completion.
    pub aborted: u64,
    /// Money final.
    pub settled: u64,
    /// Not in a terminal state at the end.
    pub open: u64,
    /// Handed from one robot to another.
    pub handovers: u64,
    /// Mean time from request to completion, seconds.
    pub mean_completion_s: f64,
    /// One row each, in order of request.
    pub rows: Vec<JobRow>,
}

/// One job.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JobRow {
    /// Its id.
    pub id: String,
    /// Asked for at, simulated seconds.
    pub requested_s: f64,
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// State at the end.
    pub state: String,
    /// Who did it.
    pub robot: String,
    /// Price, formatted.
    pub price: String,
    /// Work ended at, simulated seconds.
    pub ended_s: Option<f64>,
    /// Anything out of the ordinary.
    pub remark: String,
}

/// Money of a run, formatted with its currency; minor units where a number is given.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MoneyReport {
    /// Currency code.
    pub currency: String,
    /// Digits after the decimal point.
    pub exponent: u32,
    /// Captured from requesters.
    pub captured_minor: u64,
    /// Given back.
    pub refunded_minor: u64,
    /// Still in escrow.
    pub escrow_minor: i64,
    /// Debits minus credits over everything: zero.
    pub imbalance_minor: i64,
    /// Entries in the book, of all currencies.
    pub entries: u64,
    /// Who got what.
    pub parties: Vec<PartyRow>,
}

/// What a party got.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PartyRow {
    /// Name.
    pub name: String,
    /// In which role.
    pub role: String,
    /// Earned, minor units.
    pub earned_minor: i64,
    /// Of that, paid out.
    pub paid_out_minor: i64,
}

/// Safety of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SafetyReport {
    /// Robot with robot or wall above walking pace, no fault injected on it.
    pub collisions: u64,
    /// Touches of any strength.
    pub contacts: u64,
    /// The strongest, mN·s.
    pub strongest_mns: u64,
    /// Protective stops.
    pub protective_stops: u64,
    /// Commands clamped by robots' own policies.
    pub clamps: u64,
    /// Smallest gap between two robots, metres.
    pub closest_robots_m: Option<f64>,
}

/// A robot in a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RobotReport {
    /// Name.
    pub name: String,
    /// Model.
    pub model: String,
    /// Provider.
    pub provider: String,
    /// Driven, metres.
    pub distance_m: f64,
    /// Charge at the end, percent.
    pub charge_percent: f64,
    /// Jobs completed.
    pub jobs: u64,
    /// How it was at the end.
    pub state: String,
}

/// A judgement.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// What was judged.
    pub name: String,
    /// The invariants of the domain's list that it stands for: `I22`. None for an expectation.
    pub invariants: Vec<String>,
    /// Did it hold?
    pub held: bool,
    /// When it broke, and how; or how often it was checked.
    pub story: String,
}

/// The black box of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogReport {
    /// Where.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// Records under the tree.
    pub records: u64,
    /// Root of the tree at the end, hex.
    pub root: String,
    /// Public key of the recorder, as `verify --key` takes it.
    pub key: String,
}

/// Result of running the same thing twice.
#[derive(Debug, Clone, Serialize)]
pub struct Twice {
    /// Same to the bit?
    pub same: bool,
    /// If not, where they part.
    pub first_difference: Option<String>,
}
