//! Money goes back: the rest of a settlement (M14), or what beneficiaries were paid (M15); paid or failed (M16).
//!
//! A refund reserves first and is then asked of the provider: it counts as paid until it fails, so two orders under way
//! at once meet one cap.

use crate::bearers::{Borne, Funding, Pools, lay};
use crate::book::{Happened, JobMoney, RefundIs, RefundRow, RefundState, Step, positive, within};
use crate::refusal::Refusal;
use crate::template::{Cause, Template, entry_id};
use nooterra_engine::ids::{EventId, JobId, PartyId, RefundId};
use nooterra_ledger::{Account, Command, EntryId, Leg, Portion};

/// The pending entry that the event of a settlement's refund made.
pub fn refund_entry(event: EventId) -> EntryId {
    entry_id(event, Template::SettlementRefund, 0)
}

/// M14, `REFUND_ISSUED`: reserves what the requester is owed at the payment provider.
pub fn issued(cause: Cause, job: JobId, requester: PartyId, amount: u64) -> Option<Command> {
    let legs = vec![Leg::debit(Account::RequesterRefundPayable { party: requester }, amount), Leg::credit(Account::PspClearing, amount)];
    cause.pend(Template::SettlementRefund, 0, Some(job), legs)
}

/// M16, `REFUND_PAID`.
pub fn paid(cause: Cause, refund: EntryId) -> Command {
    cause.capture(Template::RefundEnd, 0, refund, Portion::Whole)
}

/// M16, `REFUND_FAILED`: the requester is owed it as before.
pub fn failed(cause: Cause, refund: EntryId) -> Command {
    cause.void(Template::RefundEnd, 0, refund)
}

/// An order to give back, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub refund: RefundId,
    /// How much.
    pub amount: u64,
}

/// May this be given back? In order of precedence.
fn check(m: &JobMoney, cause: &Cause, r: Refund) -> Result<(), Refusal> {
    if m.refunds.contains_key(&r.refund) {
        return Err(Refusal::AlreadyDone("this refund exists already"));
    }
    m.same_currency(cause)?;
    positive(r.amount)?;
    within("the captured money", r.amount, m.returnable())
}

fn pending(m: &JobMoney, r: Refund, entry: EntryId, takes: Vec<crate::book::Take>, command: Option<Command>) -> Step {
    let row = RefundRow { amount: r.amount, state: RefundState::Pending, entry, takes };
    Step::new(m.job, Happened::Refund(RefundIs { refund: r.refund, row }), command)
}

/// M14, `REFUND_ISSUED` of what a settlement or a lower price left the requester: `owed` is what its refund payable
/// has available, in minor units.
pub fn of_settlement(m: &JobMoney, cause: Cause, r: Refund, owed: u64) -> Result<Step, Refusal> {
    check(m, &cause, r)?;
    within("what the requester is owed", r.amount, owed)?;
    m.no_lien()?;
    Ok(pending(m, r, refund_entry(cause.event), Vec::new(), issued(cause, m.job, m.requester, r.amount)))
}

/// M15, `REFUND_ISSUED` after settlement: those who got the money bear it.
pub fn after_settlement(m: &JobMoney, cause: Cause, r: Refund, funding: Funding, pools: Pools) -> Result<Step, Refusal> {
    if !m.settled {
        return Err(Refusal::StateForbids("the job has not settled"));
    }
    check(m, &cause, r)?;
    let Borne { takes, bearers } = lay(m, pools, r.amount, funding, Account::GoodwillExpense)?;
    m.no_lien()?;
    let mut legs: Vec<Leg> = bearers.iter().map(|b| Leg::debit(b.account, b.amount)).collect();
    legs.push(Leg::credit(Account::PspClearing, r.amount));
    Ok(pending(m, r, entry_id(cause.event, Template::Refund, 0), takes, cause.pend(Template::Refund, 0, Some(m.job), legs)))
}

/// M16, `REFUND_PAID` or `REFUND_FAILED`, once; a failure restores the caps.
pub fn ended(m: &JobMoney, cause: Cause, refund: RefundId, was_paid: bool) -> Result<Step, Refusal> {
    let row = m.refunds.get(&refund).ok_or(Refusal::NotFound("refund"))?;
    if row.state != RefundState::Pending {
        return Err(Refusal::AlreadyDone("this refund has ended"));
    }
    let command = if was_paid { paid(cause, row.entry) } else { failed(cause, row.entry) };
    let state = if was_paid { RefundState::Paid } else { RefundState::Failed };
    Ok(Step::new(m.job, Happened::Refund(RefundIs { refund, row: RefundRow { state, ..row.clone() } }), [command]))
}
