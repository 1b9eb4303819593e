//! A settlement that waits (M5).

use crate::template::{Cause, Template, entry_id};
use nooterra_engine::ids::{EventId, JobId};
use nooterra_ledger::{Account, Command, EntryId, Leg};

/// Place of a forfeit's entry: it moves money as a release does, and is told apart by its id.
const FORFEIT: u8 = 1;

/// M5, `SETTLEMENT_HELD`: the job's whole escrow is set aside. Nothing if there is none.
pub fn held(cause: Cause, job: JobId, escrow: u64) -> Option<Command> {
    let legs = vec![Leg::debit(Account::Escrow { job }, escrow), Leg::credit(Account::Held { job }, escrow)];
    cause.post(Template::Held, 0, Some(job), legs)
}

/// M5, `SETTLEMENT_RELEASED`: all that was set aside comes back.
pub fn released(cause: Cause, job: JobId, held: u64) -> Option<Command> {
    back(cause, job, held, 0)
}

/// M5, `SETTLEMENT_FORFEITED`: the same by decision, which the roll-forward of a period lists apart.
pub fn forfeited(cause: Cause, job: JobId, held: u64) -> Option<Command> {
    back(cause, job, held, FORFEIT)
}

fn back(cause: Cause, job: JobId, held: u64, place: u8) -> Option<Command> {
    let legs = vec![Leg::debit(Account::Held { job }, held), Leg::credit(Account::Escrow { job }, held)];
    cause.post(Template::Held, place, Some(job), legs)
}

/// Is this the entry of a forfeit?
pub fn is_forfeit(cause: EventId, entry: EntryId) -> bool {
    entry == entry_id(cause, Template::Held, FORFEIT)
}
