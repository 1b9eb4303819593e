//! What changes a booking costs before it settles (M4, M9).

use crate::apportion::apportion;
use crate::settle::Split;
use crate::template::{Cause, Template};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::{Amount, MoneyError};
use nooterra_ledger::{Account, Command, Leg, Role};

/// M4, `JOB_RESCHEDULED`: the fee is split like a charge; after capture a lower price is owed back.
pub fn rescheduled(cause: Cause, job: JobId, fee: u64, decrease: u64, split: Split, owner: PartyId, requester: PartyId) -> Vec<Command> {
    let parts = apportion(fee, &split.weights());
    let fee_legs = vec![
        Leg::debit(Account::Escrow { job }, fee),
        Leg::credit(Account::InsuranceReserve, parts[0]),
        Leg::credit(Account::PlatformRevenue, parts[1]),
        Leg::credit(Account::OwnerPayable { party: owner }, parts[2]),
    ];
    let decrease_legs =
        vec![Leg::debit(Account::Escrow { job }, decrease), Leg::credit(Account::RequesterRefundPayable { party: requester }, decrease)];
    let fee = cause.post(Template::Rescheduled, 0, Some(job), fee_legs);
    let decrease = cause.post(Template::Rescheduled, 1, Some(job), decrease_legs);
    fee.into_iter().chain(decrease).collect()
}

/// What an owner owes for a no-show or a cancellation: bps of the service amount, over the job at most 4 000 bps.
pub fn compensation_due(service: Amount, bps: u32, paid_before: u64) -> Result<u64, MoneyError> {
    let cap = service.bps(4_000)?.minor().saturating_sub(paid_before);
    Ok(service.bps(u64::from(bps))?.minor().min(cap))
}

/// M9, `NO_SHOW_DECLARED` or `JOB_CANCELLED` by the owner: the requester gets credit, the owner owes it.
pub fn compensated(cause: Cause, job: JobId, owner: PartyId, requester: PartyId, amount: u64) -> Option<Command> {
    let legs = vec![
        Leg::debit(Account::PartyReceivable { role: Role::Owner, party: owner }, amount),
        Leg::credit(Account::RequesterCredit { party: requester }, amount),
    ];
    cause.post(Template::Compensation, 0, Some(job), legs)
}
