//! Local invariants of the domain, asserted after each unit; the dear ones on a sample.

use crate::state::State;
use crate::timers::Stream;
use nooterra_engine::always;
use nooterra_engine::ids::JobId;
use nooterra_jobs::status::Status;
use nooterra_ledger::Account;
use std::collections::BTreeSet;

/// Each so many units the whole book is summed.
const SAMPLE: u64 = 1_024;

pub(crate) fn assert_local(s: &State, jobs: &BTreeSet<JobId>) {
    for id in jobs {
        let Some(job) = s.jobs.get(id) else { continue };
        let c = job.request.currency;
        let (escrow, held) = (s.book.balance(Account::Escrow { job: *id }, c), s.book.balance(Account::Held { job: *id }, c));
        always!(escrow.posted >= 0 && held.posted >= 0, "I23 escrow is never negative", "{id}: {escrow:?} {held:?}");
        match job.status {
            Status::Settled => {
                always!(escrow.posted == 0 && held.posted == 0, "I23 settled jobs keep no escrow", "{id}: {escrow:?} {held:?}");
            }
            Status::Withdrawn => {
                always!(escrow.posted == 0 && held.posted == 0, "I9 withdrawn jobs have no posted entry", "{id}: {escrow:?}");
            }
            Status::Booked | Status::Handover => {
                let from = job.match_from().unwrap_or_default();
                always!(s.waiting.contains(&(from, *id)), "I4 waiting jobs are matched", "{id}");
            }
            _ => {}
        }
        always!(job.status.is_terminal() || s.timers.any(Stream::Job(*id)), "I4 open jobs have a timer", "{id} in {}", job.status.name());
        let by = s.desk.operators.values().find(|o| o.standby.contains(id)).map(|o| o.id);
        always!(by == job.coverage.map(|c| c.operator), "reservations are one", "{id}: {by:?} against {:?}", job.coverage);
        always!(
            job.coverage.is_none() || job.leg().is_some() || job.status == Status::Handover,
            "an operator stands by while a robot has the job",
            "{id} in {}",
            job.status.name()
        );
        if let Some(l) = job.leg().filter(|_| job.status.has_robot()) {
            let holder = s.robots.get(&l.offer.robot).and_then(|c| {
                let held = if job.is_ahead() { c.robot.ahead.as_slice() } else { c.robot.lease.as_slice() };
                held.iter().find(|h| h.lease == l.offer.lease)
            });
            always!(
                holder.is_some_and(|h| h.job == *id && h.fence == l.offer.fence),
                "I10 the bound robot holds the job's lease",
                "{id}: {} holds {holder:?}",
                l.offer.robot
            );
        }
    }
    if s.units.is_multiple_of(SAMPLE) {
        for c in s.genesis.policy.currencies() {
            let (posted, pending) = nooterra_ledger::statement::sums(&s.book, c);
            always!(posted == 0 && pending == 0, "I20 debits equal credits", "{c}: posted {posted}, pending {pending}");
        }
    }
}
