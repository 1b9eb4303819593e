//! Claims for damage (M23 to M27): set aside, approved and borne, paid; and what an insurer gives back.

use crate::apportion::apportion;
use crate::bearers::Pools;
use crate::book::{Bearing, ClaimIs, ClaimRow, ClaimState, Happened, JobMoney, Step, positive, within};
use crate::refusal::Refusal;
use crate::template::{Cause, Template};
use nooterra_engine::Record;
use nooterra_engine::ids::{ClaimId, PartyId};
use nooterra_engine::money::{Amount, mul_div};
use nooterra_ledger::{Account, Leg, Role};
use std::collections::BTreeMap;

/// The reserve's share of a demand, bps.
const RESERVE_BPS: u64 = 6_000;

/// Who bears a share of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ClaimBearer {
    /// An owner, operator company or developer.
    Party(Bearer),
    /// An insurer, which will be asked for it.
    Insurer(PartyId),
    /// The insurance reserve, as far as it goes; the platform beyond.
    Pool,
    /// The platform.
    Platform,
}

/// A party in a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Bearer {
    /// The role.
    pub role: Role,
    /// The party.
    pub party: PartyId,
}

/// A bearer's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ClaimShare {
    /// Who.
    pub bearer: ClaimBearer,
    /// Bps of the payout.
    pub bps: u32,
}

/// A decision to pay, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Approval {
    /// The claim.
    pub claim: ClaimId,
    /// y.
    pub payout: u64,
    /// The part of y that gives back the job's own price: it counts against the captured money.
    pub refund_part: u64,
    /// Who bears it; bps sum to 10 000.
    pub shares: Vec<ClaimShare>,
    /// Pinned deductible: so much of the insurers' shares falls on whoever is at fault.
    pub deductible: u64,
    /// Who is at fault; the platform where nobody is named.
    pub at_fault: Option<Bearer>,
}

/// What is to be set aside at triage, in minor units: 6 000 bps of the demand, at least `auto_amount` of it, at most
/// what claims on the job can still be paid.
pub fn reserve_due(m: &JobMoney, demand: u64, auto_amount: u64) -> Result<u64, Refusal> {
    Ok(mul_div(demand, RESERVE_BPS, 10_000)?.max(auto_amount.min(demand)).min(m.claimable()))
}

/// The most that may be paid of a demand, in minor units: less the claimant's own fault, within the pinned cap.
pub fn payout_most(m: &JobMoney, demand: u64, claimant_fault_bps: u32) -> Result<u64, Refusal> {
    let borne = 10_000u64.checked_sub(claimant_fault_bps.into()).ok_or(Refusal::AmountInvalid("over 10 000 bps"))?;
    Ok(mul_div(demand, borne, 10_000)?.min(m.claimable()))
}

fn step(m: &JobMoney, claim: ClaimId, row: ClaimRow, commands: impl IntoIterator<Item = nooterra_ledger::Command>) -> Step {
    Step::new(m.job, Happened::Claim(ClaimIs { claim, row }), commands)
}

fn row_in(m: &JobMoney, claim: ClaimId, state: ClaimState) -> Result<&ClaimRow, Refusal> {
    let row = m.claims.get(&claim).ok_or(Refusal::NotFound("claim"))?;
    match row.state {
        s if s == state => Ok(row),
        ClaimState::Open => Err(Refusal::StateForbids("the claim is not decided")),
        _ => Err(Refusal::AlreadyDone("the claim has come further")),
    }
}

/// `CLAIM_OPENED`: no money moves.
pub fn opened(m: &JobMoney, claim: ClaimId, demand: u64) -> Result<Step, Refusal> {
    if m.claims.contains_key(&claim) {
        return Err(Refusal::AlreadyDone("this claim exists already"));
    }
    positive(demand)?;
    let recoverable = BTreeMap::new();
    let row = ClaimRow { demand, state: ClaimState::Open, reserve: 0, payout: 0, refund_part: 0, recoverable };
    Ok(step(m, claim, row, None))
}

/// M23, `CLAIM_RESERVED` to v: more is set aside, or less.
pub fn reserved(m: &JobMoney, cause: Cause, claim: ClaimId, reserve: u64) -> Result<Step, Refusal> {
    let row = row_in(m, claim, ClaimState::Open)?;
    m.same_currency(&cause)?;
    Amount::new(reserve)?;
    within("the pinned cap of claims", reserve, m.claimable())?;
    let (set_aside, expense) = (Account::ClaimReserve { claim }, Account::ClaimsExpense);
    let (more, less) = (reserve.saturating_sub(row.reserve), row.reserve.saturating_sub(reserve));
    let legs = vec![Leg::debit(expense, more), Leg::credit(set_aside, more), Leg::debit(set_aside, less), Leg::credit(expense, less)];
    let command = cause.post(Template::ClaimReserved, 0, Some(m.job), legs);
    Ok(step(m, claim, ClaimRow { reserve, ..row.clone() }, command))
}

/// M24, M25, `CLAIM_APPROVED`, from shares of the whole.
pub fn approved(m: &JobMoney, cause: Cause, a: &Approval, pools: Pools) -> Result<Step, Refusal> {
    let bps: u64 = a.shares.iter().map(|s| u64::from(s.bps)).sum();
    if bps != 10_000 {
        return Err(Refusal::FundingInvalid("shares that do not sum to 10 000 bps"));
    }
    granted(m, cause, a.claim, a.payout, a.refund_part, &parts(a), pools)
}

/// M24, M25, `CLAIM_APPROVED`, from amounts that somebody has decided: they sum to the payout.
pub fn granted(
    m: &JobMoney,
    cause: Cause,
    claim: ClaimId,
    payout: u64,
    refund_part: u64,
    parts: &[ClaimPart],
    pools: Pools,
) -> Result<Step, Refusal> {
    let row = row_in(m, claim, ClaimState::Open)?;
    m.same_currency(&cause)?;
    if refund_part > payout {
        return Err(Refusal::AmountInvalid("a part larger than the whole"));
    }
    positive(payout)?;
    within("the demand", payout, row.demand)?;
    within("the pinned cap of claims", payout, m.claimable())?;
    within("the captured money", refund_part, m.returnable())?;
    if parts.iter().map(|p| p.amount).sum::<u64>() != payout {
        return Err(Refusal::FundingInvalid("parts that do not sum to the payout"));
    }
    if refund_part > 0 {
        m.no_lien()?;
    }
    let (job, expense) = (Some(m.job), Account::ClaimsExpense);
    // What was set aside turns into debt; the expense takes the difference, whichever way.
    let turned = vec![
        Leg::debit(Account::ClaimReserve { claim }, row.reserve),
        Leg::debit(expense, payout.saturating_sub(row.reserve)),
        Leg::credit(Account::ClaimsPayable { claim }, payout),
        Leg::credit(expense, row.reserve.saturating_sub(payout)),
    ];
    let (bearers, recoverable) = bear(parts, pools);
    let mut borne: Vec<Leg> = bearers.iter().map(|b| Leg::debit(b.account, b.amount)).collect();
    borne.push(Leg::credit(expense, bearers.iter().map(|b| b.amount).sum()));
    let commands = [cause.post(Template::ClaimApproved, 0, job, turned), cause.post(Template::ClaimShares, 0, job, borne)];
    let row = ClaimRow { state: ClaimState::Approved, reserve: 0, payout, refund_part, recoverable, ..row.clone() };
    Ok(step(m, claim, row, commands.into_iter().flatten()))
}

/// A part of a payout, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ClaimPart {
    /// Who bears it.
    pub bearer: ClaimBearer,
    /// How much.
    pub amount: u64,
}

/// The shares of a payout as parts; the deductible comes off the insurers' and falls on whoever is at fault.
fn parts(a: &Approval) -> Vec<ClaimPart> {
    let weights: Vec<u64> = a.shares.iter().map(|s| s.bps.into()).collect();
    let (mut out, mut deductible) = (Vec::new(), a.deductible);
    for (s, amount) in a.shares.iter().zip(apportion(a.payout, &weights)) {
        let own = if matches!(s.bearer, ClaimBearer::Insurer(_)) { deductible.min(amount) } else { 0 };
        deductible -= own;
        out.push(ClaimPart { bearer: s.bearer, amount: amount - own });
        out.push(ClaimPart { bearer: a.at_fault.map_or(ClaimBearer::Platform, ClaimBearer::Party), amount: own });
    }
    out
}

/// Debits of those who bear a payout with the platform, and what each insurer owes of it.
fn bear(parts: &[ClaimPart], mut pools: Pools) -> (Vec<Bearing>, BTreeMap<PartyId, u64>) {
    let (mut bearers, mut recoverable): (Vec<Bearing>, BTreeMap<PartyId, u64>) = (Vec::new(), BTreeMap::new());
    let mut debit = |account, amount: u64| match bearers.iter_mut().find(|b| b.account == account) {
        Some(b) => b.amount += amount,
        None if amount > 0 => bearers.push(Bearing { account, amount }),
        None => {}
    };
    for p in parts {
        match p.bearer {
            ClaimBearer::Party(b) => debit(Account::PartyReceivable { role: b.role, party: b.party }, p.amount),
            ClaimBearer::Insurer(insurer) => {
                debit(Account::InsurerReceivable { insurer }, p.amount);
                *recoverable.entry(insurer).or_default() += p.amount;
            }
            ClaimBearer::Pool => debit(Account::InsuranceReserve, pools.draw(Account::InsuranceReserve, p.amount)),
            ClaimBearer::Platform => {}
        }
    }
    recoverable.retain(|_, left| *left > 0);
    (bearers, recoverable)
}

/// M26, `CLAIM_DENIED` or, with `lapsed`, `CLAIM_LAPSED`: nothing is set aside any more.
pub fn ended(m: &JobMoney, cause: Cause, claim: ClaimId, lapsed: bool) -> Result<Step, Refusal> {
    let row = row_in(m, claim, ClaimState::Open)?;
    m.same_currency(&cause)?;
    let legs = vec![Leg::debit(Account::ClaimReserve { claim }, row.reserve), Leg::credit(Account::ClaimsExpense, row.reserve)];
    let state = if lapsed { ClaimState::Lapsed } else { ClaimState::Denied };
    let command = cause.post(Template::ClaimEnd, 0, Some(m.job), legs);
    Ok(step(m, claim, ClaimRow { state, reserve: 0, ..row.clone() }, command))
}

/// M26, `CLAIM_PAID`: the approved amount, once.
pub fn paid(m: &JobMoney, cause: Cause, claim: ClaimId) -> Result<Step, Refusal> {
    let row = row_in(m, claim, ClaimState::Approved)?;
    m.same_currency(&cause)?;
    let legs = vec![Leg::debit(Account::ClaimsPayable { claim }, row.payout), Leg::credit(Account::Cash, row.payout)];
    let command = cause.post(Template::ClaimEnd, 0, Some(m.job), legs);
    Ok(step(m, claim, ClaimRow { state: ClaimState::Paid, ..row.clone() }, command))
}

/// M27, `INSURER_RECOVERY_RECEIVED` or, without `received`, `INSURER_RECOVERY_DENIED`: together never more than the
/// insurer's share of this claim.
pub fn recovered(m: &JobMoney, cause: Cause, claim: ClaimId, insurer: PartyId, amount: u64, received: bool) -> Result<Step, Refusal> {
    let row = m.claims.get(&claim).ok_or(Refusal::NotFound("claim"))?;
    m.same_currency(&cause)?;
    positive(amount)?;
    within("the insurer's share", amount, row.recoverable.get(&insurer).copied().unwrap_or(0))?;
    let to = if received { Account::Cash } else { Account::ClaimsExpense };
    let legs = vec![Leg::debit(to, amount), Leg::credit(Account::InsurerReceivable { insurer }, amount)];
    let mut row = row.clone();
    if let Some(left) = row.recoverable.get_mut(&insurer) {
        *left -= amount;
    }
    row.recoverable.retain(|_, left| *left > 0);
    Ok(step(m, claim, row, cause.post(Template::Recovery, 0, Some(m.job), legs)))
}
