//! No-shows and what is chosen after them; missed service levels and who pays for them.

use super::rig::{Rig, party, robot};
use crate::Policy;
use crate::input::RequesterCommand;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{BreachKind, Choice, Event, Fault};
use nooterra_jobs::pins::CreditFunding;
use nooterra_jobs::status::Status;
use nooterra_jobs::tier::Level;
use nooterra_ledger::{Account, Role};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn until(rig: &mut Rig, job: JobId, status: Status) {
    for _ in 0..4_000 {
        if rig.status(job) == status {
            return;
        }
        rig.tick();
    }
    panic!("{:?}, not {status:?}: {:?} {:?}", rig.status(job), rig.names(job), rig.refused);
}

/// A job to which its only robot does not come in time.
fn missed() -> (Rig, JobId) {
    let mut policy = Policy::scenario();
    let mut values = Level::Premium.values();
    values.arrival_grace = Span::from_secs(60);
    policy.level_values = Some(values);
    policy.timing.exclude = Span::from_secs(10);
    let mut rig = Rig::with(policy, ONE);
    rig.run(10);
    rig.knobs.never_depart.insert(robot("a1"));
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::NoShow);
    (rig, job)
}

fn service(rig: &Rig, job: JobId) -> u64 {
    rig.c.state().jobs[&job].pins.as_ref().unwrap().service.minor()
}

fn breaches(rig: &Rig, job: JobId) -> Vec<BreachKind> {
    rig.job_events(job).into_iter().filter_map(|e| if let Event::SlaBreachRecorded(b) = e { Some(b.kind) } else { None }).collect()
}

fn credit(rig: &Rig, job: JobId) -> u64 {
    let amount = |e: &Event| if let Event::SlaCreditIssued { amount, .. } = e { amount.minor() } else { 0 };
    rig.job_events(job).iter().map(amount).sum()
}

#[test]
fn who_waits_after_a_no_show_is_served_late_and_credited() {
    let (mut rig, job) = missed();
    let choose = |choice, arrive_by| RequesterCommand::ResolveNoShow { job, choice, arrive_by };
    assert_eq!(rig.send("rq2", &choose(Choice::Cancel, None)).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("rq", &choose(Choice::Wait, None)).unwrap_err(), "WINDOW_INVALID");
    let end = rig.c.state().jobs[&job].window().end;
    let late = end + Span::from_mins(241);
    assert_eq!(rig.send("rq", &choose(Choice::Wait, Some(late))).unwrap_err(), "WINDOW_INVALID");
    rig.knobs.never_depart.clear();
    let by = rig.now + Span::from_mins(10);
    rig.send("rq", &choose(Choice::Wait, Some(by))).unwrap();
    assert_eq!(rig.send("rq", &choose(Choice::Wait, Some(by))).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(rig.run_job(job, 1_200), Status::Settled, "{:?}", rig.names(job));
    let s = service(&rig, job);
    assert_eq!(breaches(&rig, job), [BreachKind::ArriveLate]);
    assert_eq!(credit(&rig, job), 0, "late by less than the ladder's first step");
    let owed = s * 2_000 / 10_000;
    assert_eq!(rig.c.balance(Account::RequesterCredit { party: party("rq") }, Currency::EUR), i128::from(owed), "the compensation is kept");
    rig.check_books();
}

#[test]
fn who_says_nothing_after_a_no_show_gets_the_money_back() {
    let (mut rig, job) = missed();
    assert_eq!(rig.run_job(job, 600), Status::Settled, "{:?}", rig.names(job));
    let m = rig.c.money(job).unwrap();
    assert_eq!((m.charge, m.refund), (0, m.captured));
    assert!(breaches(&rig, job).is_empty(), "who pays compensation pays no credit beside it");
    rig.check_books();
}

/// A robot falls silent with the work half done, and nobody can take it over.
fn given_up(funding: CreditFunding) -> (Rig, JobId) {
    let policy = Policy { funding, ..Policy::scenario() };
    let mut rig = Rig::with(policy, ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    rig.run(4);
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
    (rig, job)
}

#[test]
fn every_funding_pays_what_is_due_once() {
    let insurer = party("insurer");
    let all = [
        CreditFunding::Owner {},
        CreditFunding::Platform {},
        CreditFunding::CoverageReserve {},
        CreditFunding::Insurer { party: insurer, bps: 5_000 },
        CreditFunding::Operator { party: party("helpers") },
    ];
    for funding in all {
        let (rig, job) = given_up(funding);
        let kinds = breaches(&rig, job);
        assert!(kinds.contains(&BreachKind::ExcessStall) && kinds.contains(&BreachKind::ProviderAbort), "{kinds:?}");
        let v = rig.c.job_view(job).unwrap();
        assert_eq!(v.fault, Fault::Owner);
        let (s, due) = (service(&rig, job), credit(&rig, job));
        assert_eq!(due, s * 2_500 / 10_000, "2 000 and 500 and 500 basis points, capped by the level: {kinds:?}");
        let balance = |a| rig.c.balance(a, Currency::EUR);
        assert_eq!(balance(Account::RequesterCredit { party: party("rq") }), i128::from(due));
        let due = i128::from(due);
        match funding {
            CreditFunding::Owner {} => {
                assert_eq!(balance(Account::PartyReceivable { role: Role::Owner, party: party("acme") }), due);
            }
            CreditFunding::Operator { party } => {
                assert_eq!(balance(Account::PartyReceivable { role: Role::Operator, party }), due);
            }
            CreditFunding::Platform {} => assert_eq!(balance(Account::SlaCreditExpense), due),
            CreditFunding::CoverageReserve {} => {
                // The coverage fee of 40 was kept, 12 of it in the reserve.
                assert_eq!((balance(Account::CoverageReserve), balance(Account::SlaCreditExpense)), (0, due - 12));
            }
            CreditFunding::Insurer { .. } => {
                assert_eq!(balance(Account::InsurerReceivable { insurer }), due / 2);
                assert_eq!(balance(Account::SlaCreditExpense), due - due / 2);
            }
        }
        rig.check_books();
    }
}

#[test]
fn work_done_after_its_time_is_credited_by_the_ladder() {
    let mut policy = Policy::scenario();
    let mut values = Level::Premium.values();
    for (rung, secs) in values.ladder.iter_mut().zip([1, 600, 3_600]) {
        rung.late = Span::from_secs(secs);
    }
    policy.level_values = Some(values);
    let mut rig = Rig::with(policy, ONE);
    rig.run(10);
    let mut j = rig.delivery(0, 7);
    j.window.start = rig.now + Span::from_secs(30);
    j.window.end = rig.now + Span::from_secs(31);
    let job = rig.ask(j);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(breaches(&rig, job), [BreachKind::CompleteLate]);
    assert_eq!(credit(&rig, job), service(&rig, job) * 500 / 10_000);
    rig.check_books();
}
