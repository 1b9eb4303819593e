//! Money in: authorisation, capture, credit, and what the provider hands over (M1, M2, M3, M30).

use crate::template::{Cause, Template, entry_id};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_ledger::{Account, Command, EntryId, Leg, Portion};

/// The pending entry that the event of an authorisation made.
pub fn authorisation(event: EventId) -> EntryId {
    entry_id(event, Template::Authorised, 0)
}

/// M1, `PAYMENT_AUTHORISED`: reserves the amount for the job. Nothing for an amount of zero.
pub fn authorised(cause: Cause, job: JobId, amount: u64) -> Option<Command> {
    let legs = vec![Leg::debit(Account::PspClearing, amount), Leg::credit(Account::Escrow { job }, amount)];
    cause.pend(Template::Authorised, 0, Some(job), legs)
}

/// M2, `PAYMENT_CAPTURED`: moves the amount due, the rest of the authorisation is void.
pub fn captured(cause: Cause, authorisation: EntryId, amount: u64) -> Command {
    if amount == 0 {
        return voided(cause, authorisation);
    }
    cause.capture(Template::Captured, 0, authorisation, Portion::Amount(amount))
}

/// M2, `PAYMENT_VOIDED`: the authorisation ends without a movement.
pub fn voided(cause: Cause, authorisation: EntryId) -> Command {
    cause.void(Template::Captured, 0, authorisation)
}

/// M3, `JOB_BOOKED` with redeemed credit.
pub fn redeemed(cause: Cause, job: JobId, requester: PartyId, amount: u64) -> Option<Command> {
    let legs = vec![Leg::debit(Account::RequesterCredit { party: requester }, amount), Leg::credit(Account::Escrow { job }, amount)];
    cause.post(Template::Redeemed, 0, Some(job), legs)
}

/// M30, `PROVIDER_SETTLED`: the provider hands over `gross`, keeping `fee` of it (at most all).
pub fn provider_settled(cause: Cause, gross: u64, fee: u64) -> Option<Command> {
    let fee = fee.min(gross);
    let legs = vec![
        Leg::debit(Account::Cash, gross - fee),
        Leg::debit(Account::ProviderFeeExpense, fee),
        Leg::credit(Account::PspClearing, gross),
    ];
    cause.post(Template::ProviderSettled, 0, None, legs)
}
