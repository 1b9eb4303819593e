//! The rest of a settled job's money goes back in cash (M14, M16).

use crate::template::{Cause, Template, entry_id};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_ledger::{Account, Command, EntryId, Leg, Portion};

/// The pending entry that the event of a refund made.
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
    cause.capture(Template::RefundEnd, refund, Portion::Whole)
}

/// M16, `REFUND_FAILED`: the requester is owed it as before.
pub fn failed(cause: Cause, refund: EntryId) -> Command {
    cause.void(Template::RefundEnd, refund)
}
