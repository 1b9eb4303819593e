//! What owners of robots say, and what is said of contracts.

use super::CounterOffer;
use crate::stops::StopOrder;
use nooterra_engine::ids::{ContractId, JobId, QuoteId, RobotId, SeriesId, StopId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use nooterra_jobs::terms::Window;
use nooterra_market::availability::WeeklyRule;
use nooterra_market::contract::{Draft as ContractDraft, EndCause};
use nooterra_market::standing::StandingOffer;
use nooterra_port::clamps::Tight;

/// What an owner may say (`OW`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum OwnerCommand {
    /// Offers a price.
    SubmitQuote {
        /// The job.
        job: JobId,
        /// Service amount.
        service: Amount,
        /// Of which currency: the job's.
        currency: Currency,
        /// Promised arrival.
        arrive: Instant,
        /// Robot class offered.
        robot_class: String,
        /// When it lapses.
        expires: Instant,
    },
    /// Takes a quote back.
    WithdrawQuote {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
    },
    /// Sets a rule that quotes for it, in one currency.
    SetStandingOffer(StandingOffer),
    /// Takes that rule back.
    ClearStandingOffer {
        /// Of which currency.
        currency: Currency,
    },
    /// Begins to look after a robot: it gets no more work.
    OpenMaintenance {
        /// The robot.
        robot: RobotId,
        /// What for.
        kind: String,
    },
    /// A robot was looked after.
    CloseMaintenance {
        /// The robot.
        robot: RobotId,
        /// SHA-256 of what was checked, which stays outside.
        checklist: Digest,
        /// Parts that were changed, by name: at most 32.
        parts: Vec<String>,
    },
    /// A robot that has no job is gone for good.
    RetireRobot {
        /// The robot.
        robot: RobotId,
        /// Why.
        reason: String,
    },
    /// Tightens the bounds of the motion of a robot of its own; never looser than what holds.
    TightenClamps {
        /// The robot.
        robot: RobotId,
        /// Within these.
        bounds: Tight,
    },
    /// Says when its robots can work; from then on they are matched within these windows only.
    SetAvailability {
        /// One robot; all of the owner's if left out.
        robot: Option<RobotId>,
        /// When.
        rule: WeeklyRule,
    },
    /// Ends a series that runs under its framework quote; jobs that exist go on.
    EndSeries {
        /// The series.
        series: SeriesId,
    },
    /// Cancels a booking.
    Cancel {
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
    /// Answers a counter-offer with other terms; needs the job stream's head as `expect_head`.
    Counter(CounterOffer),
    /// Takes the requester's counter-offer; needs the head.
    AcceptQuote {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
        /// The revision that is taken.
        rev: u8,
    },
    /// Proposes another window for a booking.
    ProposeMove {
        /// The job.
        job: JobId,
        /// The new window.
        window: Window,
    },
    /// Answers a proposal of the requester, or takes back the owner's own (`agree` being false); needs the head.
    AnswerMove {
        /// The job.
        job: JobId,
        /// Yes or no.
        agree: bool,
    },
}

/// What may be said of contracts: the market service (`MK`) writes them, parties sign them, staff end them.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum ContractWord {
    /// A new draft (`MK`).
    Write {
        /// What it says.
        draft: Box<ContractDraft>,
    },
    /// A draft is changed (`MK`).
    Amend {
        /// Which.
        contract: ContractId,
        /// What it says now.
        draft: Box<ContractDraft>,
    },
    /// The document is frozen (`MK`).
    Publish {
        /// Which.
        contract: ContractId,
    },
    /// A party that it names signs its hash (`RQ`, `OW`, `IN`, `SI`; `MK` for the platform).
    Sign {
        /// Which.
        contract: ContractId,
        /// What is signed.
        document_hash: Digest,
    },
    /// It takes effect (`MK`).
    Activate {
        /// Which.
        contract: ContractId,
        /// From then on.
        from: Instant,
    },
    /// It ends (`OS`; `MK` for one that nobody signed).
    Terminate {
        /// Which.
        contract: ContractId,
        /// Why.
        cause: EndCause,
    },
}
