//! The entries with their accounts spelt out, for people: a projection of the facts that can be dropped and rebuilt.

use crate::account::{Account, AccountKey, Side};
use crate::entry::EntryId;
use crate::fact::{Fact, Posting};
use nooterra_engine::Record;
use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;

/// What an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Step {
    /// Moved money.
    Posted,
    /// Reserved money.
    Pended,
    /// Moved reserved money.
    Captured,
    /// Gave reserved money back.
    Voided,
    /// Nothing: it was refused.
    Refused,
    /// Moved a part of reserved money; the hold stays.
    CapturedPart,
    /// Reserved more.
    Raised,
    /// Gave reserved money back because its time was up.
    Expired,
}

/// A posting with its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Movement {
    /// The account.
    pub account: Account,
    /// Left or right.
    pub side: Side,
    /// Minor units.
    pub amount: u64,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Written {
    /// Number of the fact.
    pub seq: u64,
    /// The entry or resolution.
    pub id: EntryId,
    /// The pending entry that it ends.
    pub ends: Option<EntryId>,
    /// What it did.
    pub step: Step,
    /// The posting template's number.
    pub code: u16,
    /// The event that caused it; none for a refusal.
    pub cause: Option<EventId>,
    /// The job.
    pub job: Option<JobId>,
    /// Legal time.
    pub at: Instant,
    /// Currency; none for a refusal.
    pub currency: Option<Currency>,
    /// Debits and credits.
    pub movements: Vec<Movement>,
}

/// All entries in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Journal {
    accounts: Vec<AccountKey>,
    entries: Vec<Written>,
}

impl Journal {
    /// Writes down one fact.
    pub fn write(&mut self, fact: &Fact) {
        let (step, f) = match fact {
            Fact::AccountOpened(f) => return self.accounts.push(f.key),
            // Rules of the book move no money.
            Fact::LimitSet(_) | Fact::PeriodClosed(_) => return,
            Fact::PendingExpired(f) => {
                let (seq, at) = (f.seq, f.at);
                let of = self.entries.iter().rev().find(|e| e.id == f.pending);
                let (code, cause, job, currency) = of.map_or((0, None, None, None), |e| (e.code, e.cause, e.job, e.currency));
                let (id, ends, step, movements) = (f.pending, Some(f.pending), Step::Expired, Vec::new());
                return self.entries.push(Written { seq, id, ends, step, code, cause, job, at, currency, movements });
            }
            Fact::EntryRefused(f) => {
                let (seq, id, at) = (f.seq, f.id, f.at);
                let (ends, cause, job, currency) = (None, None, None, None);
                let code = f.reason;
                return self.entries.push(Written {
                    seq,
                    id,
                    ends,
                    step: Step::Refused,
                    code,
                    cause,
                    job,
                    at,
                    currency,
                    movements: Vec::new(),
                });
            }
            Fact::EntryPosted(f) => (Step::Posted, f),
            Fact::EntryPended(f) => (Step::Pended, f),
            Fact::PendingPosted(f) | Fact::PendingVoided(f) | Fact::PendingCaptured(f) | Fact::PendingRaised(f) => {
                let step = match fact {
                    Fact::PendingPosted(_) => Step::Captured,
                    Fact::PendingCaptured(_) => Step::CapturedPart,
                    Fact::PendingRaised(_) => Step::Raised,
                    _ => Step::Voided,
                };
                return self.entries.push(Written {
                    seq: f.seq,
                    id: f.id,
                    ends: Some(f.pending),
                    step,
                    code: f.code,
                    cause: Some(f.cause),
                    job: f.job,
                    at: f.at,
                    currency: Some(f.currency),
                    movements: self.spell(&f.postings),
                });
            }
        };
        self.entries.push(Written {
            seq: f.seq,
            id: f.id,
            ends: None,
            step,
            code: f.code,
            cause: Some(f.cause),
            job: f.job,
            at: f.at,
            currency: Some(f.currency),
            movements: self.spell(&f.postings),
        });
    }
    /// All entries in order.
    pub fn entries(&self) -> &[Written] {
        &self.entries
    }
    /// The entries about a job, in order.
    pub fn of_job(&self, job: JobId) -> impl Iterator<Item = &Written> {
        self.entries.iter().filter(move |e| e.job == Some(job))
    }
    fn spell(&self, postings: &[Posting]) -> Vec<Movement> {
        let spell =
            |p: &Posting| self.accounts.get(p.account.0 as usize).map(|k| Movement { account: k.account, side: p.side, amount: p.amount });
        postings.iter().filter_map(spell).collect()
    }
}
