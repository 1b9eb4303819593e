//! A settlement that waits (M5).

use crate::template::{Cause, Template};
use nooterra_engine::ids::JobId;
use nooterra_ledger::{Account, Command, Leg};

/// M5, `SETTLEMENT_HELD`: the job's whole escrow is set aside. Nothing if there is none.
pub fn held(cause: Cause, job: JobId, escrow: u64) -> Option<Command> {
    let legs = vec![Leg::debit(Account::Escrow { job }, escrow), Leg::credit(Account::Held { job }, escrow)];
    cause.post(Template::Held, 0, Some(job), legs)
}

/// M5, `SETTLEMENT_RELEASED` or `SETTLEMENT_FORFEITED`: all that was set aside comes back.
pub fn released(cause: Cause, job: JobId, held: u64) -> Option<Command> {
    let legs = vec![Leg::debit(Account::Held { job }, held), Leg::credit(Account::Escrow { job }, held)];
    cause.post(Template::Held, 0, Some(job), legs)
}
