//! What requesters say: requests for work, and what is said of them until they end.

use super::CounterOffer;
use crate::stops::StopOrder;
use nooterra_engine::ids::{ApprovalId, ContractId, ItemId, JobId, PartyId, QuoteId, SeriesId, StopId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use nooterra_jobs::event::{Choice, RevokeReason};
use nooterra_jobs::terms::{Mode, Privacy, ProofNeed, Required, Step, Template, Window};
use nooterra_jobs::tier::{Level, Tier};
use nooterra_market::availability::{Repeat, WeeklyRule};
use nooterra_port::facility::Entry;

/// A request for work.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NewJob {
    /// What kind of work.
    pub template: Template,
    /// When; the start lies after now.
    pub window: Window,
    /// The points of the work, places being vertices of the site.
    pub steps: Vec<Step>,
    /// The item carried, for deliveries.
    pub item: Option<ItemId>,
    /// Mass of the load.
    pub payload_g: u32,
    /// What kind of place it is.
    pub tier: Tier,
    /// Highest total price.
    pub budget: Option<Amount>,
    /// Currency: one that the marketplace trades in and that the requester takes.
    pub currency: Currency,
    /// Punctuality.
    pub level: Level,
    /// Must an operator stand by?
    pub coverage: bool,
    /// How the request is decided.
    pub mode: Mode,
    /// When it closes; by policy if left out.
    pub rfq_closes: Option<Instant>,
    /// Free text, for people.
    pub label: String,
    /// The contract that it is to fall under; the one that fits best if left out.
    pub contract: Option<ContractId>,
    /// Areas of the site that its robot may not enter.
    pub no_go: Vec<ZoneId>,
    /// Values that its robot has to reach, ascending by name, each once; at most 16.
    pub requires: Vec<Required>,
    /// What may be recorded.
    pub privacy: Privacy,
    /// What proves custom work: items whose weights sum to 10 000; nothing for work of another template.
    pub proof: Vec<ProofNeed>,
}

/// The same work by a rule.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NewSeries {
    /// The work; window and close are those of each occurrence.
    pub job: Box<NewJob>,
    /// On which days, at what hours.
    pub rule: WeeklyRule,
    /// At which interval within those hours; once a day if left out.
    pub every: Option<Repeat>,
    /// Occurrences start at or after this.
    pub from: Instant,
    /// And before this.
    pub until: Instant,
    /// No more than so many; as many as there are if left out.
    pub count: Option<u16>,
    /// Whose standing offer gives the framework quote.
    pub owner: PartyId,
}

/// Work that takes several robots at once: one job for each, with one step in common.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NewTeam {
    /// The parts: template `Lift`, the same window and item, two to four. What each has to bear follows from the mass.
    pub members: Vec<NewJob>,
    /// Mass of the item that they lift together.
    pub mass_g: u32,
}

/// What a requester may say (`RQ`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum RequesterCommand {
    /// Asks for work.
    CreateJob(Box<NewJob>),
    /// Asks for work that takes several robots at once.
    CreateTeam(Box<NewTeam>),
    /// Asks for the same work again and again.
    CreateSeries(Box<NewSeries>),
    /// Ends a series; jobs that exist go on.
    EndSeries {
        /// The series.
        series: SeriesId,
    },
    /// Ends a request before booking.
    Withdraw {
        /// The job.
        job: JobId,
    },
    /// Chooses a quote (mode `MANUAL`); needs the job stream's head as `expect_head`.
    Award {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
        /// Hash of its terms as displayed.
        terms_hash: Digest,
    },
    /// Cancels a booking.
    Cancel {
        /// The job.
        job: JobId,
        /// For safety's sake?
        safety: bool,
    },
    /// Chooses after a no-show.
    ResolveNoShow {
        /// The job.
        job: JobId,
        /// Wait or cancel.
        choice: Choice,
        /// New arrival, for `WAIT`.
        arrive_by: Option<Instant>,
    },
    /// Takes access back.
    RevokeAccess {
        /// The job.
        job: JobId,
        /// Why.
        reason: RevokeReason,
    },
    /// Confirms the work with a signature: satisfies any item of proof.
    Confirm {
        /// The job.
        job: JobId,
    },
    /// Stops robots at once.
    Stop(StopOrder),
    /// Agrees that a stop is over.
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Answers a quote with other terms; needs the job stream's head as `expect_head`.
    Counter(CounterOffer),
    /// Proposes another window for a booking.
    ProposeMove {
        /// The job.
        job: JobId,
        /// The new window.
        window: Window,
    },
    /// Answers a proposal of the owner, or takes back the requester's own (`agree` being false); needs the head.
    AnswerMove {
        /// The job.
        job: JobId,
        /// Yes or no.
        agree: bool,
    },
    /// Answers what a robot may not do by itself; needs the head.
    AnswerApproval {
        /// The job.
        job: JobId,
        /// Which.
        approval: ApprovalId,
        /// Hash of the action, as displayed.
        action_hash: Digest,
        /// Yes or no.
        agree: bool,
    },
    /// Takes an approval back that was not used yet.
    RevokeApproval {
        /// The job.
        job: JobId,
        /// Which.
        approval: ApprovalId,
    },
    /// Wants its credit in money.
    PayOutCredit {
        /// Of which currency.
        currency: Currency,
    },
    /// Issues the access plan of a job of its own whose places all lie in rooms of its own: a household's. It lets in for the
    /// points of the work.
    IssuePlan {
        /// The job.
        job: JobId,
        /// Areas (indexes in the site) that may be entered by it, of those that need a plan.
        areas: Vec<u32>,
        /// Areas that may not be entered under it.
        no_go: Vec<u32>,
        /// How it lets in, and where; by the site's controller through every door on the way, if left out.
        entry: Option<Entry>,
        /// From.
        valid_from: Instant,
        /// To.
        valid_to: Instant,
    },
}
