//! The disputes of one job (domain 2.5, 3.6, 6.4): a party says that the outcome is wrong, the trust service decides.
//!
//! From the end of the job until settled + 14 d. An open one holds the settlement. The decision is a value: how much,
//! and who bears it; before the settlement it may also set what was earned. Booking it is the caller's.

use crate::guard::{Checks, Hand};
use crate::parties::{Fault, Parties};
use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::ids::{DisputeId, PartyId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use std::collections::BTreeMap;

/// Who may open one.
pub const OPENERS: [Role; 4] = [Role::RQ, Role::OW, Role::OP, Role::DV];

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Ground {
    /// The work is not as agreed.
    Quality,
    /// The proof is wrong.
    Proof,
    /// The amount is wrong.
    Charge,
    /// The fault is another's.
    Fault,
    /// Time, meter or assist is counted wrong.
    Meter,
}

/// Who bears an award (domain 6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Funding {
    /// All who were paid, by what they were paid.
    Legs,
    /// This party first, up to its own open leg.
    Party(PartyId),
    /// The platform.
    Platform,
}

impl Funding {
    /// What a decision of fault leads to.
    #[must_use]
    pub fn of_fault(fault: Fault, parties: &Parties) -> Self {
        match fault {
            Fault::Owner | Fault::Operator | Fault::Developer => parties.at_fault(fault).map_or(Self::Legs, Self::Party),
            Fault::Platform => Self::Platform,
            Fault::None | Fault::Requester | Fault::Site => Self::Legs,
        }
    }
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Record)]
pub enum Status {
    /// Waits for a decision.
    #[default]
    Open,
    /// Decided.
    Decided,
    /// Given up.
    Dropped,
}

/// Times of disputes, from the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Times {
    /// Opened until settled + this.
    pub window: Span,
    /// Looked at again each time this passes (as `HOLD_REVIEW`).
    pub review: Span,
    /// Undecided after this it is dropped (as `HOLD_END`): every dispute ends.
    pub end: Span,
}

impl Default for Times {
    fn default() -> Self {
        let day = Span::from_secs(86_400);
        Self { window: day.times(14), review: day.times(3), end: day.times(30) }
    }
}

/// What the trust service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Verdict {
    /// How much goes to the opener, minor units; may be 0.
    pub award: Amount,
    /// Who bears it.
    pub funding: Funding,
    /// What was earned, basis points; only before the settlement.
    pub earned_bps: Option<u32>,
    /// Hash of the reasons.
    pub decision_hash: Digest,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Command {
    /// Open one.
    Open {
        #[doc = "The id that this brings into being."]
        dispute: DisputeId,
        #[doc = "For whom."]
        opener: PartyId,
        #[doc = "About what."]
        ground: Ground,
        #[doc = "How much."]
        amount: Amount,
    },
    /// Decide.
    Decide {
        #[doc = "Which."]
        dispute: DisputeId,
        #[doc = "How."]
        verdict: Verdict,
    },
    /// Give up.
    Drop {
        #[doc = "Which."]
        dispute: DisputeId,
    },
    /// The clock: the deadline of [`Disputes::deadlines`] has come.
    Fire {
        #[doc = "Which."]
        dispute: DisputeId,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Event {
    /// `DISPUTE_OPENED`
    Opened {
        #[doc = "Which."]
        dispute: DisputeId,
        #[doc = "For whom."]
        opener: PartyId,
        #[doc = "About what."]
        ground: Ground,
        #[doc = "How much."]
        amount: Amount,
    },
    /// `DISPUTE_DECIDED`
    Decided {
        #[doc = "Which."]
        dispute: DisputeId,
        #[doc = "How."]
        verdict: Verdict,
    },
    /// `DISPUTE_DROPPED`
    Dropped {
        #[doc = "Which."]
        dispute: DisputeId,
        #[doc = "By the clock."]
        undecided: bool,
    },
    /// It waits for a decision for too long.
    Escalated {
        #[doc = "Which."]
        dispute: DisputeId,
        #[doc = "From 1."]
        level: u32,
    },
}

impl Event {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "DISPUTE_OPENED",
            Self::Decided { .. } => "DISPUTE_DECIDED",
            Self::Dropped { .. } => "DISPUTE_DROPPED",
            Self::Escalated { .. } => "DISPUTE_ESCALATED",
        }
    }
}

/// One dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Dispute {
    /// For whom.
    pub opener: PartyId,
    /// About what.
    pub ground: Ground,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub status: Status,
    /// Since when.
    pub opened_at: Instant,
    /// Times it was looked at again.
    pub level: u32,
    /// How it was decided.
    pub verdict: Option<Verdict>,
    /// When.
    pub decided_at: Option<Instant>,
}

impl Dispute {
    /// When it is looked at again, or dropped.
    #[must_use]
    pub fn due(&self, t: &Times) -> Option<Instant> {
        let review = Span(t.review.0.saturating_mul(u64::from(self.level).saturating_add(1)));
        (self.status == Status::Open).then(|| self.opened_at.saturating_add(Span(review.0.min(t.end.0))))
    }
}

/// All disputes of one job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Disputes {
    /// From the pins.
    pub parties: Parties,
    /// From the policy.
    pub times: Times,
    /// Most that is in dispute: the job's price, minor units.
    pub most: Amount,
    /// When the job ended, `COMPLETED` or `ABORTED`.
    pub ended: Option<Instant>,
    /// When it was settled.
    pub settled: Option<Instant>,
    /// By id.
    pub disputes: BTreeMap<DisputeId, Dispute>,
}

impl Disputes {
    /// No dispute yet.
    #[must_use]
    pub const fn new(parties: Parties, most: Amount, times: Times) -> Self {
        Self { parties, times, most, ended: None, settled: None, disputes: BTreeMap::new() }
    }

    /// Does one wait? Then the settlement waits, and evidence is held.
    #[must_use]
    pub fn any_open(&self) -> bool {
        self.disputes.values().any(|d| d.status == Status::Open)
    }

    /// What the last decision before the settlement says was earned, basis points.
    #[must_use]
    pub fn earned_bps(&self) -> Option<u32> {
        let decided = self.disputes.values().filter_map(|d| Some((d.decided_at?, d.verdict?.earned_bps?)));
        decided.max_by_key(|(at, _)| *at).map(|(_, e)| e)
    }

    /// What a command leads to, or why it is refused. Reads only.
    pub fn decide(&self, now: Instant, hand: &Hand, command: &Command) -> Result<Event, Rejection> {
        let mut c = Checks::new();
        match *command {
            Command::Open { dispute, opener, ground, amount } => {
                let twice = self.disputes.iter().any(|(id, d)| *id == dispute || d.opener == opener && d.status == Status::Open);
                let late = self.settled.is_some_and(|at| now > at.saturating_add(self.times.window));
                c.role(hand, &OPENERS)
                    .must(self.parties.names(opener), Code::NotFound, "job")
                    .must(hand.is_of(opener), Code::PartyForbidden, "opener")
                    .must(self.ended.is_some_and(|at| at <= now), Code::StateForbids, "job")
                    .must(!twice, Code::AlreadyDone, "dispute")
                    .must(!late, Code::JobTerminal, "job")
                    .must(amount > Amount::ZERO, Code::AmountInvalid, "amount")
                    .must(amount <= self.most, Code::LimitExceeded, "amount")
                    .end()?;
                Ok(Event::Opened { dispute, opener, ground, amount })
            }
            Command::Decide { dispute, verdict: v } => {
                c.must(v.earned_bps.is_none_or(|e| e <= 10_000), Code::SchemaInvalid, "earned_bps").role(hand, &[Role::TR]);
                let d = self.find(&mut c, dispute);
                c.must(hand.party.is_none_or(|p| !self.parties.names(p)), Code::ConflictOfInterest, "party");
                self.live(&mut c, d, Status::Decided);
                let funded = match v.funding {
                    // The opener pays no award to itself; the insurer answers claims, not disputes.
                    Funding::Party(p) => self.parties.names(p) && self.parties.insurer != Some(p) && d.is_none_or(|d| d.opener != p),
                    Funding::Legs | Funding::Platform => true,
                };
                c.must(v.earned_bps.is_none() || self.settled.is_none(), Code::JobTerminal, "earned_bps")
                    .must(v.decision_hash != Digest::ZERO, Code::ContentHashMissing, "decision_hash")
                    .must(d.is_none_or(|d| v.award <= d.amount), Code::LimitExceeded, "award")
                    .must(funded, Code::FundingInvalid, "funding")
                    .end()?;
                Ok(Event::Decided { dispute, verdict: v })
            }
            Command::Drop { dispute } => {
                c.role(hand, &OPENERS);
                let d = self.find(&mut c, dispute);
                c.must(d.is_none_or(|d| hand.is_of(d.opener)), Code::PartyForbidden, "opener");
                self.live(&mut c, d, Status::Dropped);
                c.end()?;
                Ok(Event::Dropped { dispute, undecided: false })
            }
            Command::Fire { dispute } => {
                c.role(hand, &[Role::CK]);
                let d = self.find(&mut c, dispute);
                let due = d.and_then(|d| d.due(&self.times));
                c.must(d.is_none() || due.is_some_and(|at| at <= now), Code::TrackForbids, "dispute").end()?;
                let (since, level) = d.map_or((now, 0), |d| (d.opened_at, d.level));
                Ok(if due.is_some_and(|at| at >= since.saturating_add(self.times.end)) {
                    Event::Dropped { dispute, undecided: true }
                } else {
                    Event::Escalated { dispute, level: level.saturating_add(1) }
                })
            }
        }
    }

    fn find(&self, c: &mut Checks, id: DisputeId) -> Option<&Dispute> {
        let d = self.disputes.get(&id);
        c.must(d.is_some(), Code::NotFound, "dispute");
        d
    }

    /// It must be open; `same` is the end that the command leads to.
    fn live(&self, c: &mut Checks, d: Option<&Dispute>, same: Status) {
        if let Some(d) = d {
            c.must(d.status != same, Code::AlreadyDone, "dispute");
            c.must(d.status == Status::Open || d.status == same, Code::TrackForbids, "dispute");
        }
    }

    /// Folds in one event that happened at `at`.
    pub fn evolve(&mut self, at: Instant, event: &Event) {
        match *event {
            Event::Opened { dispute, opener, ground, amount } => {
                let d = Dispute { opener, ground, amount, status: Status::Open, opened_at: at, level: 0, verdict: None, decided_at: None };
                self.disputes.insert(dispute, d);
            }
            Event::Decided { dispute, verdict } => self.with(dispute, |d| {
                d.status = Status::Decided;
                (d.verdict, d.decided_at) = (Some(verdict), Some(at));
            }),
            Event::Dropped { dispute, .. } => self.with(dispute, |d| d.status = Status::Dropped),
            Event::Escalated { dispute, level } => self.with(dispute, |d| d.level = level),
        }
    }

    fn with(&mut self, id: DisputeId, f: impl FnOnce(&mut Dispute)) {
        if let Some(d) = self.disputes.get_mut(&id) {
            f(d);
        }
    }

    /// Armed timers, in receive time.
    #[must_use]
    pub fn deadlines(&self) -> Vec<(DisputeId, Instant)> {
        self.disputes.iter().filter_map(|(id, d)| Some((*id, d.due(&self.times)?))).collect()
    }
}
