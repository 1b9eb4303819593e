//! What changes a booking costs before it settles (M4, M9).

use crate::apportion::apportion;
use crate::book::{Happened, JobMoney, MoneyBook, MoneyFact, Step, within};
use crate::refusal::Refusal;
use crate::settle::{Part, Share, Split};
use crate::template::{Cause, Template};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_ledger::{Account, Command, Leg, Role};

/// The parts of a move's fee (M4), as a charge is split: what the money book counts as paid in.
pub fn fee_parts(fee: u64, split: Split, owner: PartyId) -> Vec<Part> {
    let accounts = [
        (Share::InsuranceReserve, Account::InsuranceReserve),
        (Share::Platform, Account::PlatformRevenue),
        (Share::Owner, Account::OwnerPayable { party: owner }),
    ];
    let parts = accounts.into_iter().zip(apportion(fee, &split.weights())).filter(|(_, amount)| *amount > 0);
    parts.map(|((share, account), amount)| Part { share, account, party: account.party(), amount }).collect()
}

/// M4, `JOB_RESCHEDULED`: the fee is split like a charge; after capture a lower price is owed back.
pub fn rescheduled(cause: Cause, job: JobId, fee: u64, decrease: u64, split: Split, owner: PartyId, requester: PartyId) -> Vec<Command> {
    entries(cause, job, fee, [decrease, 0], split, owner, requester)
}

fn entries(cause: Cause, job: JobId, fee: u64, back: [u64; 2], split: Split, owner: PartyId, requester: PartyId) -> Vec<Command> {
    let mut fee_legs = vec![Leg::debit(Account::Escrow { job }, fee)];
    fee_legs.extend(fee_parts(fee, split, owner).iter().map(|p| Leg::credit(p.account, p.amount)));
    let [cash, credit] = back;
    let back_legs = vec![
        Leg::debit(Account::Escrow { job }, cash + credit),
        Leg::credit(Account::RequesterRefundPayable { party: requester }, cash),
        Leg::credit(Account::RequesterCredit { party: requester }, credit),
    ];
    let fee = cause.post(Template::Rescheduled, 0, Some(job), fee_legs);
    let back = cause.post(Template::Rescheduled, 1, Some(job), back_legs);
    fee.into_iter().chain(back).collect()
}

/// A move of a booking after capture, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// What it costs.
    pub fee: u64,
    /// By how much the price falls.
    pub decrease: u64,
    /// Pinned split of the fee.
    pub split: Split,
    /// Pinned owner.
    pub owner: PartyId,
    /// Posted balance of the job's escrow.
    pub escrow: u64,
}

/// M4, `JOB_RESCHEDULED`, in both books. A lower price goes back as a settlement's rest does: in cash up to the cash
/// that came in, beyond as credit.
pub fn moved(m: &JobMoney, cause: Cause, v: Move) -> Result<Step, Refusal> {
    if m.settled {
        return Err(Refusal::StateForbids("the job has settled"));
    }
    m.same_currency(&cause)?;
    let taken = v.fee.checked_add(v.decrease).ok_or(Refusal::AmountOverflow)?;
    within("the job's escrow", taken, v.escrow)?;
    // Whatever secures a chargeback may be needed to the last unit.
    m.no_lien()?;
    let cash = v.decrease.min(m.cash());
    let mut facts = MoneyBook::paid_in(m.job, &fee_parts(v.fee, v.split, v.owner));
    facts.extend((cash > 0).then_some(MoneyFact { job: m.job, what: Happened::OwedBack(cash) }));
    Ok(Step { facts, commands: entries(cause, m.job, v.fee, [cash, v.decrease - cash], v.split, v.owner, m.requester) })
}

/// M9, `NO_SHOW_DECLARED` or `JOB_CANCELLED` by the owner: the requester gets credit, the owner owes it.
pub fn compensated(cause: Cause, job: JobId, owner: PartyId, requester: PartyId, amount: u64) -> Option<Command> {
    let legs = vec![
        Leg::debit(Account::PartyReceivable { role: Role::Owner, party: owner }, amount),
        Leg::credit(Account::RequesterCredit { party: requester }, amount),
    ];
    cause.post(Template::Compensation, 0, Some(job), legs)
}
