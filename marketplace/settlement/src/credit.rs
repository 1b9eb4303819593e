//! Credits for missed service levels (M10 to M13). With the owner's compensation they never pass the service amount.

use crate::bearers::Pools;
use crate::book::{Breach, BreachKind, Credited, Happened, JobMoney, Step, positive, within};
use crate::refusal::Refusal;
use crate::settle::Fault;
use crate::template::{Cause, Template};
use nooterra_engine::Record;
use nooterra_engine::ids::PartyId;
use nooterra_engine::money::{Amount, MoneyError, mul_div};
use nooterra_ledger::{Account, Leg, Role};

/// Who pays for a credit, pinned by the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum CreditFunding {
    /// M10.
    Platform,
    /// M11: as far as it goes, the platform beyond.
    CoverageReserve,
    /// M12.
    Owner(PartyId),
    /// M12.
    Operator(PartyId),
    /// M13.
    Insurer(InsurerPart),
}

/// An insurer's part of a credit; the platform pays the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct InsurerPart {
    /// The insurer.
    pub insurer: PartyId,
    /// Its part in bps, at most 10 000.
    pub bps: u32,
}

/// A recorded breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Missed {
    /// Which, on which leg.
    pub breach: Breach,
    /// Seconds late, less what is excused; counts for lateness alone.
    pub late_s: u64,
    /// Whose fault. The requester's and nobody's give no credit.
    pub fault: Fault,
}

/// A step of the lateness ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Rung {
    /// From so many seconds on.
    pub late_s: u64,
    /// Bps of the service amount.
    pub bps: u32,
}

/// What a kind of breach is worth in bps of S; lateness by the ladder.
const fn fixed_bps(kind: BreachKind) -> Option<u32> {
    match kind {
        BreachKind::ArriveLate | BreachKind::CompleteLate => None,
        BreachKind::ExcessStall | BreachKind::ExitOverstay => Some(500),
        BreachKind::AssistSlow => Some(300),
        BreachKind::ProviderAbort => Some(2_000),
    }
}

/// The credit due, in minor units: the largest value of the ladder and the sum of the fixed ones, capped by the
/// level's `cap_bps` of S, and by what the job may still be credited.
pub fn due(m: &JobMoney, missed: &[Missed], ladder: &[Rung], cap_bps: u32) -> Result<u64, MoneyError> {
    let counts = |b: &&Missed| !matches!(b.fault, Fault::None | Fault::Requester) && !m.credited.contains(&b.breach);
    let (mut lateness, mut fixed) = (0u64, 0u64);
    for b in missed.iter().filter(counts) {
        match fixed_bps(b.breach.kind) {
            Some(bps) => fixed += u64::from(bps),
            None => {
                let reached = ladder.iter().filter(|r| b.late_s >= r.late_s).map(|r| u64::from(r.bps)).max();
                lateness = lateness.max(reached.unwrap_or(0));
            }
        }
    }
    let cap = mul_div(m.service, cap_bps.into(), 10_000)?;
    Ok(mul_div(m.service, lateness + fixed, 10_000)?.min(cap).min(m.creditable()))
}

/// M10, M11, M12, M13, `SLA_CREDIT_ISSUED`: the requester gets credit for breaches that were not credited before.
pub fn issued(
    m: &JobMoney,
    cause: Cause,
    breaches: &[Breach],
    amount: u64,
    funding: CreditFunding,
    mut pools: Pools,
) -> Result<Step, Refusal> {
    if breaches.iter().any(|b| m.credited.contains(b)) {
        return Err(Refusal::AlreadyDone("this breach was credited"));
    }
    m.same_currency(&cause)?;
    if breaches.is_empty() {
        return Err(Refusal::AmountInvalid("a credit for no breach"));
    }
    positive(amount)?;
    within("the service amount", amount, m.creditable())?;
    let owed = |role, party| (Template::CreditParty, Account::PartyReceivable { role, party }, amount);
    let (template, account, first) = match funding {
        CreditFunding::Platform => (Template::CreditPlatform, Account::SlaCreditExpense, amount),
        CreditFunding::CoverageReserve => {
            (Template::CreditCoverage, Account::CoverageReserve, pools.draw(Account::CoverageReserve, amount))
        }
        CreditFunding::Owner(party) => owed(Role::Owner, party),
        CreditFunding::Operator(party) => owed(Role::Operator, party),
        CreditFunding::Insurer(InsurerPart { insurer, bps }) => {
            if bps > 10_000 {
                return Err(Refusal::FundingInvalid("over 10 000 bps"));
            }
            (Template::CreditInsurer, Account::InsurerReceivable { insurer }, mul_div(amount, bps.into(), 10_000)?)
        }
    };
    let legs = vec![
        Leg::debit(account, first),
        Leg::debit(Account::SlaCreditExpense, amount - first),
        Leg::credit(Account::RequesterCredit { party: m.requester }, amount),
    ];
    let fact = Happened::Credited(Credited { breaches: breaches.to_vec(), amount });
    Ok(Step::new(m.job, fact, cause.post(template, 0, Some(m.job), legs)))
}

/// M9, `NO_SHOW_DECLARED` or `JOB_CANCELLED` by the owner, under the same cap.
pub fn compensated(m: &JobMoney, cause: Cause, owner: PartyId, amount: Amount) -> Result<Step, Refusal> {
    m.same_currency(&cause)?;
    positive(amount.minor())?;
    within("the service amount", amount.minor(), m.creditable())?;
    let command = crate::change::compensated(cause, m.job, owner, m.requester, amount.minor());
    Ok(Step::new(m.job, Happened::Compensated(amount.minor()), command))
}
