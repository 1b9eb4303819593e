//! What the platform sends to people and companies.

use nooterra_control::heads::Published;
use nooterra_control::wish::{Disobeyed, HelpWord, Invitation, PaymentAsk, RecoveryAsk, ReturnAsk, Terms};
use nooterra_engine::ids::{IncidentId, JobId, PartyId, RobotId};
use nooterra_engine::{Digest, Instant, Record};
use nooterra_jobs::status::Status;
use nooterra_trust::Receipt;

/// A message to a member of the cast.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum Mail {
    /// The signed answer to something sent.
    Receipt(Box<Receipt>),
    /// To the payment provider.
    Pay(PaymentAsk),
    /// To a provider: a job is open for quotes.
    Invite(Box<Invitation>),
    /// To the crew: a robot is to be taken away.
    Recover(RecoveryAsk),
    /// To the crew: a load is to be brought back from a transfer place.
    Return(ReturnAsk),
    /// To the crew: a repaired robot may be put down here.
    PutBack {
        /// The robot.
        robot: RobotId,
        /// Where.
        vertex: u32,
    },
    /// To a requester or provider: something serious went wrong on a job of theirs.
    Alert {
        /// The job, if it happened on one.
        job: Option<JobId>,
        /// The incident.
        incident: IncidentId,
    },
    /// To a requester or provider: a job of theirs moved.
    Notify {
        /// To whom.
        party: PartyId,
        /// The job.
        job: JobId,
        /// Its state.
        status: Status,
    },
    /// To a provider: a robot of theirs does not do what it must.
    Disobeys {
        /// The robot.
        robot: RobotId,
        /// What.
        what: Disobeyed,
    },
    /// To an outside witness: how far all streams have come.
    Head(Published),
    /// To a remote operator.
    Help(HelpWord),
    /// To a requester or provider: terms that wait for their word.
    Show {
        /// The job.
        job: JobId,
        /// Head of the job's stream at which they were read.
        head: Digest,
        /// The terms.
        terms: Box<Terms>,
    },
    /// To whoever decides: something is written that a decision may rest on.
    Docket {
        /// The stream.
        stream: String,
        /// Its head now.
        head: Digest,
    },
    /// To an auditor: a settled job was chosen, and is to be derived again.
    Audit {
        /// The job.
        job: JobId,
        /// An answer is due by then.
        by: Instant,
    },
}
