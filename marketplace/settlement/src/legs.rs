//! The leg book: who got what from a job, and what was taken back of it. It caps every refund, for ever: per leg
//! `reversed + pending <= paid in`, per job `refunds <= captured`.

use crate::settle::{Part, Share};
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, PartyId, RefundId};
use std::collections::BTreeMap;
use thiserror::Error;

/// One beneficiary's leg of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct LegRow {
    /// What it was paid for.
    pub share: Share,
    /// The party, where there is one.
    pub party: Option<PartyId>,
    /// Paid in.
    pub paid_in: u64,
    /// Taken back.
    pub reversed: u64,
    /// Reserved to be taken back.
    pub pending: u64,
}

impl LegRow {
    /// What can still be taken back.
    pub const fn open(&self) -> u64 {
        self.paid_in - self.reversed - self.pending
    }
}

/// How a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum RefundState {
    /// Issued; counts as paid until it fails.
    Pending,
    /// Paid.
    Paid,
    /// Failed; the cap is restored.
    Failed,
}

/// One refund of a job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RefundRow {
    /// Minor units.
    pub amount: u64,
    /// How it stands.
    pub state: RefundState,
    /// What it takes back, leg by leg in the job's order; empty for the rest of a settlement, which no leg bears.
    pub bearers: Vec<u64>,
}

/// A job's money as far as refunds are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct JobLegs {
    /// Cash captured.
    pub captured: u64,
    /// Beneficiaries in order of first payment.
    pub legs: Vec<LegRow>,
    /// Refunds.
    pub refunds: BTreeMap<RefundId, RefundRow>,
}

impl JobLegs {
    /// Refunds issued and not failed.
    pub fn refunded(&self) -> u64 {
        self.refunds.values().filter(|r| r.state != RefundState::Failed).map(|r| r.amount).sum()
    }
}

/// What happened to a job's legs.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum LegFact {
    /// Cash was captured.
    Captured {
        /// The job.
        job: JobId,
        /// Minor units.
        amount: u64,
    },
    /// A beneficiary was paid.
    PaidIn {
        /// The job.
        job: JobId,
        /// For what.
        share: Share,
        /// The party, where there is one.
        party: Option<PartyId>,
        /// Minor units.
        amount: u64,
    },
    /// A refund was issued.
    RefundIssued {
        /// The job.
        job: JobId,
        /// The refund.
        refund: RefundId,
        /// Minor units.
        amount: u64,
        /// Leg by leg, or empty.
        bearers: Vec<u64>,
    },
    /// A refund was paid.
    RefundPaid {
        /// The job.
        job: JobId,
        /// The refund.
        refund: RefundId,
    },
    /// A refund failed.
    RefundFailed {
        /// The job.
        job: JobId,
        /// The refund.
        refund: RefundId,
    },
}

/// Why a refund is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LegRejection {
    /// No money of this job is known.
    #[error("NOT_FOUND: no money of this job is known")]
    JobUnknown,
    /// The refund exists already.
    #[error("ALREADY_DONE: this refund exists already")]
    RefundExists,
    /// No such refund.
    #[error("NOT_FOUND: no such refund")]
    RefundUnknown,
    /// The refund was paid or failed before.
    #[error("ALREADY_DONE: this refund has ended")]
    RefundEnded,
    /// A refund of nothing, or bearers that do not fit.
    #[error("AMOUNT_INVALID: a refund of nothing, or bearers that do not fit the legs")]
    AmountInvalid,
    /// More than was captured.
    #[error("LIMIT_EXCEEDED: {asked} asked, {left} left of the captured money")]
    OverCaptured {
        /// Asked for.
        asked: u64,
        /// Left.
        left: u64,
    },
    /// More than a leg was paid.
    #[error("LIMIT_EXCEEDED: leg {leg} has only {left} left")]
    OverLeg {
        /// Which leg.
        leg: u32,
        /// What is left of it.
        left: u64,
    },
}

/// Every job's legs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct LegBook {
    jobs: BTreeMap<JobId, JobLegs>,
}

impl LegBook {
    /// One job's legs.
    pub fn job(&self, job: JobId) -> Option<&JobLegs> {
        self.jobs.get(&job)
    }
    /// All jobs.
    pub fn jobs(&self) -> &BTreeMap<JobId, JobLegs> {
        &self.jobs
    }
    /// The facts of parts paid to beneficiaries.
    pub fn paid_in<'a>(job: JobId, parts: impl IntoIterator<Item = &'a Part>) -> Vec<LegFact> {
        parts.into_iter().map(|p| LegFact::PaidIn { job, share: p.share, party: p.party, amount: p.amount }).collect()
    }
    /// May this refund be issued? `bearers` says what it takes back leg by leg, or is empty.
    pub fn issue(&self, job: JobId, refund: RefundId, amount: u64, bearers: Vec<u64>) -> Result<LegFact, LegRejection> {
        let j = self.jobs.get(&job).ok_or(LegRejection::JobUnknown)?;
        if j.refunds.contains_key(&refund) {
            return Err(LegRejection::RefundExists);
        }
        let borne: u128 = bearers.iter().map(|b| u128::from(*b)).sum();
        if amount == 0 || bearers.len() > j.legs.len() || borne > u128::from(amount) {
            return Err(LegRejection::AmountInvalid);
        }
        let left = j.captured.saturating_sub(j.refunded());
        if amount > left {
            return Err(LegRejection::OverCaptured { asked: amount, left });
        }
        if let Some((leg, (row, _))) = (0u32..).zip(j.legs.iter().zip(&bearers)).find(|(_, (row, b))| **b > row.open()) {
            return Err(LegRejection::OverLeg { leg, left: row.open() });
        }
        Ok(LegFact::RefundIssued { job, refund, amount, bearers })
    }
    /// May this refund end?
    pub fn end(&self, job: JobId, refund: RefundId, paid: bool) -> Result<LegFact, LegRejection> {
        let row = self.jobs.get(&job).ok_or(LegRejection::JobUnknown)?.refunds.get(&refund).ok_or(LegRejection::RefundUnknown)?;
        match row.state {
            RefundState::Pending if paid => Ok(LegFact::RefundPaid { job, refund }),
            RefundState::Pending => Ok(LegFact::RefundFailed { job, refund }),
            RefundState::Paid | RefundState::Failed => Err(LegRejection::RefundEnded),
        }
    }
    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &LegFact) {
        match fact {
            LegFact::Captured { job, amount } => {
                let j = self.jobs.entry(*job).or_default();
                j.captured = j.captured.saturating_add(*amount);
            }
            LegFact::PaidIn { job, share, party, amount } => {
                let j = self.jobs.entry(*job).or_default();
                match j.legs.iter_mut().find(|l| l.share == *share && l.party == *party) {
                    Some(l) => l.paid_in = l.paid_in.saturating_add(*amount),
                    None => j.legs.push(LegRow { share: *share, party: *party, paid_in: *amount, reversed: 0, pending: 0 }),
                }
            }
            LegFact::RefundIssued { job, refund, amount, bearers } => {
                let j = self.jobs.entry(*job).or_default();
                for (l, b) in j.legs.iter_mut().zip(bearers) {
                    l.pending = l.pending.saturating_add(*b);
                }
                j.refunds.insert(*refund, RefundRow { amount: *amount, state: RefundState::Pending, bearers: bearers.clone() });
            }
            LegFact::RefundPaid { job, refund } => self.close(*job, *refund, RefundState::Paid),
            LegFact::RefundFailed { job, refund } => self.close(*job, *refund, RefundState::Failed),
        }
    }
    fn close(&mut self, job: JobId, refund: RefundId, state: RefundState) {
        let Some(j) = self.jobs.get_mut(&job) else { return };
        let Some(r) = j.refunds.get_mut(&refund) else { return };
        r.state = state;
        for (l, b) in j.legs.iter_mut().zip(&r.bearers) {
            l.pending = l.pending.saturating_sub(*b);
            if state == RefundState::Paid {
                l.reversed = l.reversed.saturating_add(*b);
            }
        }
    }
}
