//! The claims of one job (domain 8.5): a demand on an incident, its triage, reserve, decision, payment and recovery.
//!
//! All claims of a job share one limit, so they are one state. Every claim ends, even if nobody moves: each state but
//! the last ones arms a timer, and the third escalation of an overdue triage or decision is an answer by itself.

mod decide;
pub mod event;
pub mod share;
pub mod terms;

pub use event::{Command, Denial, Event, Timer, What};
pub use share::{Bearer, Portion, Share};
pub use terms::{Found, Head, Item, Route, Terms, WHOLE_BPS};

use crate::parties::Parties;
use nooterra_engine::Record;
use nooterra_engine::ids::{ClaimId, IncidentId, PartyId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeMap;

/// The escalation that is an answer by itself.
pub const LAST_LEVEL: u32 = 3;

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Record)]
pub enum Status {
    /// Demanded.
    #[default]
    Opened,
    /// Judged; its reserve follows in the same unit.
    Triaged,
    /// Waits for missing evidence or a decision.
    Reserved,
    /// Granted, not paid.
    Approved,
    /// Refused.
    Denied,
    /// The claimant did not bring what was missing.
    Lapsed,
    /// Paid.
    Paid,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [Self::Opened, Self::Triaged, Self::Reserved, Self::Approved, Self::Denied, Self::Lapsed, Self::Paid];
    /// Is it over for the claimant?
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Denied | Self::Lapsed | Self::Paid)
    }
}

/// How a claim was judged.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Triage {
    /// When first.
    pub at: Instant,
    /// Who decides.
    pub route: Route,
    /// What the claimant still owes.
    pub missing: Vec<Item>,
    /// What it was judged by.
    pub found: Found,
}

/// A payout that was granted.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Grant {
    /// When.
    pub at: Instant,
    /// How much.
    pub payout: Amount,
    /// Who bears it.
    pub shares: Vec<Share>,
    /// Paid by the insurer so far.
    pub recovered: Amount,
    /// Refused by the insurer so far.
    pub refused: Amount,
    /// Times the insurer's debt was reviewed.
    pub reviews: u32,
}

impl Grant {
    /// What the insurer owed at first.
    #[must_use]
    pub fn receivable(&self) -> Amount {
        self.shares.iter().find(|s| s.bearer == Bearer::Insurer).map_or(Amount::ZERO, |s| s.amount)
    }
    /// What it still owes.
    #[must_use]
    pub fn outstanding(&self) -> Amount {
        let open = self.receivable().checked_sub(self.recovered).and_then(|a| a.checked_sub(self.refused));
        open.unwrap_or(Amount::ZERO)
    }
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Claim {
    /// On which incident.
    pub incident: IncidentId,
    /// For whom.
    pub claimant: PartyId,
    /// How much.
    pub demand: Amount,
    /// For what.
    pub head: Head,
    /// Where it stands.
    pub status: Status,
    /// Since when.
    pub opened_at: Instant,
    /// Escalations in the present state.
    pub level: u32,
    /// How it was judged.
    pub triage: Option<Triage>,
    /// Money set aside; nothing once it is decided.
    pub reserve: Amount,
    /// What was granted.
    pub grant: Option<Grant>,
    /// Why it was refused.
    pub denial: Option<Denial>,
    /// The provider's name for the payment.
    pub provider_ref: String,
}

/// All claims of one job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Claims {
    /// From the job's pins.
    pub terms: Terms,
    /// From the job's pins.
    pub parties: Parties,
    /// When the job was settled; claims may be opened before.
    pub settled: Option<Instant>,
    /// By id.
    pub claims: BTreeMap<ClaimId, Claim>,
}

impl Claims {
    /// No claim yet.
    #[must_use]
    pub const fn new(terms: Terms, parties: Parties) -> Self {
        Self { terms, parties, settled: None, claims: BTreeMap::new() }
    }

    /// What is left of the job's limit: granted payouts count whether paid or not.
    #[must_use]
    pub fn left(&self) -> Amount {
        let granted = self.claims.values().filter_map(|c| c.grant.as_ref()).map(|g| g.payout);
        granted.fold(self.terms.max_payout, |left, p| left.checked_sub(p).unwrap_or(Amount::ZERO))
    }

    /// What was paid on claims of the job, minor units.
    #[must_use]
    pub fn paid(&self) -> u64 {
        let paid = self.claims.values().filter(|c| c.status == Status::Paid).filter_map(|c| c.grant.as_ref());
        paid.fold(0, |sum, g| sum.saturating_add(g.payout.minor()))
    }

    /// Does a claim wait for an answer or its money? Then its evidence is held (`RETENTION_HELD`).
    #[must_use]
    pub fn any_open(&self) -> bool {
        self.claims.values().any(|c| !c.status.is_end())
    }

    /// Folds in one event that happened at `at`.
    pub fn evolve(&mut self, at: Instant, event: &Event) {
        if let What::Opened { incident, claimant, demand, head } = &event.what {
            let claim = Claim {
                incident: *incident,
                claimant: *claimant,
                demand: *demand,
                head: *head,
                status: Status::Opened,
                opened_at: at,
                level: 0,
                triage: None,
                reserve: Amount::ZERO,
                grant: None,
                denial: None,
                provider_ref: String::new(),
            };
            self.claims.insert(event.claim, claim);
        } else if let Some(c) = self.claims.get_mut(&event.claim) {
            c.fold(at, &event.what);
        }
    }

    /// Armed timers of all claims, in receive time.
    #[must_use]
    pub fn deadlines(&self) -> Vec<(ClaimId, Timer, Instant)> {
        self.claims.iter().flat_map(|(id, c)| c.deadlines(&self.terms).into_iter().map(|(t, at)| (*id, t, at))).collect()
    }
}

impl Claim {
    fn fold(&mut self, at: Instant, what: &What) {
        match what {
            What::Opened { .. } => {}
            What::Triaged { route, missing, found } => {
                let first = self.triage.as_ref().map_or(at, |t| t.at);
                self.triage = Some(Triage { at: first, route: *route, missing: missing.clone(), found: found.clone() });
                if self.status == Status::Opened {
                    self.enter(Status::Triaged);
                }
            }
            What::Reserved { reserve } => {
                self.reserve = *reserve;
                if self.status == Status::Triaged {
                    self.enter(Status::Reserved);
                }
            }
            What::Escalated { timer: Timer::RecoveryBy, level } => self.with_grant(|g| g.reviews = *level),
            What::Escalated { level, .. } => self.level = *level,
            What::Approved { payout, shares } => {
                let (recovered, refused) = (Amount::ZERO, Amount::ZERO);
                self.grant = Some(Grant { at, payout: *payout, shares: shares.clone(), recovered, refused, reviews: 0 });
                self.enter(Status::Approved);
            }
            What::Denied { reason } => {
                self.denial = Some(*reason);
                self.enter(Status::Denied);
            }
            What::Lapsed { .. } => self.enter(Status::Lapsed),
            What::Paid { provider_ref, .. } => {
                self.provider_ref.clone_from(provider_ref);
                self.enter(Status::Paid);
            }
            What::RecoveryReceived { amount, .. } => {
                self.with_grant(|g| g.recovered = g.recovered.checked_add(*amount).unwrap_or(Amount::MAX));
            }
            What::RecoveryDenied { amount, .. } => {
                self.with_grant(|g| g.refused = g.refused.checked_add(*amount).unwrap_or(Amount::MAX));
            }
        }
    }

    fn enter(&mut self, status: Status) {
        self.status = status;
        self.level = 0;
        if !matches!(status, Status::Opened | Status::Triaged | Status::Reserved) {
            self.reserve = Amount::ZERO;
        }
    }

    fn with_grant(&mut self, f: impl FnOnce(&mut Grant)) {
        if let Some(g) = &mut self.grant {
            f(g);
        }
    }

    /// Armed timers of this claim.
    #[must_use]
    pub fn deadlines(&self, terms: &Terms) -> Vec<(Timer, Instant)> {
        let mut out = Vec::new();
        match (self.status, &self.triage, &self.grant) {
            (Status::Opened, ..) => out.push((Timer::TriageBy, nth(self.opened_at, terms.triage, terms.triage, self.level))),
            (Status::Triaged | Status::Reserved, Some(t), _) => {
                if !t.missing.is_empty() {
                    out.push((Timer::EvidenceBy, t.at.saturating_add(terms.evidence)));
                }
                out.push((Timer::DecideBy, nth(t.at, terms.decide, terms.escalate, self.level)));
            }
            (Status::Approved, _, Some(g)) => out.push((Timer::PayBy, nth(g.at, terms.pay, terms.pay, self.level))),
            _ => {}
        }
        if let Some(g) = self.grant.as_ref().filter(|g| g.outstanding() > Amount::ZERO) {
            out.push((Timer::RecoveryBy, nth(g.at, terms.answer, terms.review, g.reviews)));
        }
        out
    }
}

/// `first` after `since`, then `again` for each time it has passed.
fn nth(since: Instant, first: Span, again: Span, times: u32) -> Instant {
    since.saturating_add(first).saturating_add(Span(again.0.saturating_mul(u64::from(times))))
}
