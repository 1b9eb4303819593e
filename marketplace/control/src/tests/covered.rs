//! Operators reserved with jobs: who, for how long, and what happens when they go.

use super::rig::{Rig, genesis, operator, party, robot};
use crate::input::{NewJob, RequesterCommand};
use crate::{HelpWord, OperatorCommand, Policy};
use nooterra_engine::ids::{JobId, OperatorId};
use nooterra_engine::time::Span;
use nooterra_jobs::coverage::CoverageEnd;
use nooterra_jobs::event::{Event as JobEvent, ReleaseReason};
use nooterra_jobs::status::Status;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
const HOURS: u64 = 7_200;

pub(super) fn open(rig: &mut Rig, who: &str, max_jobs: u8, secs: u64) {
    let until = rig.now + Span::from_secs(secs);
    rig.send(who, &OperatorCommand::OpenShift { max_jobs, tiers: vec![], regions: vec![], until }).unwrap();
}

fn covered(rig: &Rig, places: &[u32]) -> NewJob {
    NewJob { coverage: true, ..rig.patrol(places) }
}

fn until(rig: &mut Rig, job: JobId, status: Status) {
    for _ in 0..900 {
        if rig.status(job) == status {
            return;
        }
        rig.tick();
    }
    panic!("never {status:?}: {:?} {:?}", rig.names(job), rig.refused);
}

fn by(rig: &Rig, job: JobId) -> Option<OperatorId> {
    rig.c.state().jobs[&job].coverage.map(|c| c.operator)
}

fn released(rig: &Rig, job: JobId) -> Vec<CoverageEnd> {
    let of = |e: &JobEvent| if let JobEvent::CoverageReleased { reason, .. } = e { Some(*reason) } else { None };
    rig.job_events(job).iter().filter_map(of).collect()
}

fn parts(rig: &Rig, job: JobId, account: &str) -> u64 {
    rig.c.money(job).unwrap().parts.iter().filter(|p| p.0 == account).map(|p| p.2).sum()
}

#[test]
fn an_operator_is_reserved_with_the_robot_and_the_fee_is_split() {
    let mut rig = Rig::with_operators(TWO);
    rig.run(10);
    open(&mut rig, "olga", 2, HOURS);
    let plain = rig.ask(rig.patrol(&[2, 3]));
    let price = |rig: &Rig, j: &JobId| rig.c.state().jobs[j].rfq.price;
    let job = rig.ask(covered(&rig, &[4, 5, 6]));
    assert_eq!((price(&rig, &plain).cover.minor(), price(&rig, &job).cover.minor()), (0, 500));
    until(&mut rig, job, Status::Executing);
    assert_eq!(by(&rig, job), Some(operator("olga")));
    assert_eq!(by(&rig, plain), None);
    let names = rig.names(job);
    let at = names.iter().position(|n| *n == "ROBOT_MATCHED").unwrap();
    assert_eq!(names[at + 1], "COVERAGE_RESERVED", "in the unit of the match");
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(released(&rig, job), [CoverageEnd::JobOver]);
    let names = rig.names(job);
    let at = names.iter().position(|n| *n == "COVERAGE_RELEASED").unwrap();
    assert_eq!(names[at - 3..at], ["SAFE_EXIT_CONFIRMED", "LEASE_ENDED", "ACCESS_CLOSED"]);
    assert!(rig.c.state().desk.operators.values().all(|o| o.standby.is_empty()));
    let fee = parts(&rig, job, "insurer_payable") + parts(&rig, job, "coverage_reserve") + parts(&rig, job, "coverage_revenue");
    assert_eq!(fee, 40, "F of the contract, in its parts");
    rig.run_job(plain, 900);
    rig.check_books();
}

#[test]
fn a_job_without_an_operator_waits_and_takes_no_robot_from_others() {
    let mut rig = Rig::with_operators(&TWO[..1]);
    rig.run(10);
    let job = rig.ask(covered(&rig, &[2, 3]));
    rig.run(90);
    assert_eq!(rig.status(job), Status::Booked);
    let failed = |e: &JobEvent| matches!(e, JobEvent::DispatchFailed { counts } if counts == &[("COVERAGE".to_owned(), 2)]);
    assert_eq!(rig.job_events(job).iter().filter(|e| failed(e)).count(), 1, "said once: {:?}", rig.names(job));
    let other = rig.ask(rig.patrol(&[4]));
    until(&mut rig, other, Status::Executing);
    // Not until a quarter of an hour after the planned end: this one is too short.
    open(&mut rig, "otto", 1, 600);
    rig.run_job(other, 900);
    assert_eq!(rig.status(job), Status::Booked);
    open(&mut rig, "olga", 1, HOURS);
    until(&mut rig, job, Status::Executing);
    assert_eq!(by(&rig, job), Some(operator("olga")));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn one_operator_stands_by_for_as_many_as_its_shift_says() {
    let mut rig = Rig::with_operators(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    open(&mut rig, "olga", 1, HOURS);
    let round = |a: u32, b: u32| [a, b].repeat(8);
    let first = rig.ask(covered(&rig, &round(2, 3)));
    let second = rig.ask(covered(&rig, &round(5, 6)));
    let both = |rig: &Rig| [by(rig, first), by(rig, second)];
    for _ in 0..400 {
        if both(&rig).iter().any(Option::is_some) {
            break;
        }
        rig.tick();
    }
    rig.run(12);
    assert_eq!(both(&rig).iter().flatten().count(), 1, "{:?}", both(&rig));
    open(&mut rig, "otto", 1, HOURS);
    rig.run(15);
    let mut both = both(&rig);
    both.sort_unstable();
    let mut want = [Some(operator("olga")), Some(operator("otto"))];
    want.sort_unstable();
    assert_eq!(both, want);
    assert_eq!((rig.run_job(first, 900), rig.run_job(second, 900)), (Status::Settled, Status::Settled));
    rig.check_books();
}

#[test]
fn a_closing_shift_hands_over_to_another_operator() {
    let mut rig = Rig::with_operators(TWO);
    rig.run(10);
    open(&mut rig, "olga", 1, HOURS);
    let job = rig.ask(covered(&rig, &[2, 3, 4]));
    until(&mut rig, job, Status::Executing);
    open(&mut rig, "otto", 1, HOURS);
    rig.send("olga", &OperatorCommand::CloseShift).unwrap();
    assert_eq!(by(&rig, job), Some(operator("otto")));
    assert_eq!(released(&rig, job), [CoverageEnd::ShiftClosed]);
    assert_eq!(rig.status(job), Status::Executing);
    // Nobody is left, and the robot is at work: it goes on, uncovered.
    rig.send("otto", &OperatorCommand::CloseShift).unwrap();
    assert_eq!((by(&rig, job), rig.status(job)), (None, Status::Executing));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(released(&rig, job).len(), 2);
    rig.check_books();
}

#[test]
fn before_departure_the_robot_is_let_go_with_the_operator_and_comes_back() {
    let mut rig = Rig::with_operators(&TWO[..1]);
    rig.run(10);
    rig.knobs.never_depart.insert(robot("a1"));
    open(&mut rig, "olga", 1, HOURS);
    let job = rig.ask(covered(&rig, &[2, 3]));
    until(&mut rig, job, Status::Reserved);
    rig.send("olga", &OperatorCommand::CloseShift).unwrap();
    assert_eq!(rig.status(job), Status::Booked);
    let why = |e: &JobEvent| matches!(e, JobEvent::LeaseReleased { reason: ReleaseReason::Uncovered, .. });
    assert!(rig.job_events(job).iter().any(why), "{:?}", rig.names(job));
    rig.knobs.never_depart.clear();
    open(&mut rig, "otto", 1, HOURS);
    until(&mut rig, job, Status::Executing);
    assert_eq!(rig.c.state().jobs[&job].legs.len(), 2, "the same robot, which is not at fault");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn cancelled_and_lapsed_leases_take_their_operator_with_them() {
    let mut rig = Rig::with_operators(TWO);
    rig.run(10);
    open(&mut rig, "olga", 4, HOURS);
    rig.knobs.refuse_offers.insert(robot("a1"));
    let job = rig.ask(covered(&rig, &[2, 3]));
    let other = rig.ask(covered(&rig, &[5, 6]));
    rig.run(80);
    let ends = [released(&rig, job), released(&rig, other)].concat();
    assert!(ends.contains(&CoverageEnd::LeaseOver), "{ends:?}");
    for j in [job, other] {
        let names = rig.names(j);
        if let Some(at) = names.iter().position(|n| *n == "LEASE_REFUSED") {
            assert_eq!(names[at + 1], "COVERAGE_RELEASED");
        }
        if rig.status(j).class() == nooterra_jobs::status::Class::Booked {
            rig.send("rq", &RequesterCommand::Cancel { job: j, safety: false }).unwrap();
        }
    }
    for j in [job, other] {
        rig.run_job(j, 900);
        let reserved = rig.names(j).iter().filter(|n| **n == "COVERAGE_RESERVED").count();
        assert_eq!(reserved, released(&rig, j).len(), "{:?}", rig.names(j));
    }
    assert!(rig.c.state().desk.operators.values().all(|o| o.standby.is_empty()));
    rig.check_books();
}

#[test]
fn who_stands_by_is_asked_first() {
    let mut rig = Rig::with_operators(TWO);
    rig.run(10);
    open(&mut rig, "otto", 1, HOURS);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    rig.knobs.stuck_before_step.insert(robot("b1"), 1);
    let job = rig.ask(covered(&rig, &[2, 3, 4]));
    until(&mut rig, job, Status::Reserved);
    assert_eq!(by(&rig, job), Some(operator("otto")));
    open(&mut rig, "olga", 2, HOURS);
    until(&mut rig, job, Status::Stalled);
    let first = rig.help.iter().find_map(|(o, w)| matches!(w, HelpWord::Offer(_)).then_some(*o));
    assert_eq!(first, Some(operator("otto")), "although its shift has room for one only");
}

#[test]
fn without_a_desk_nobody_can_be_promised_and_risk_forces_it() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let job = covered(&rig, &[2]);
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(job))).unwrap_err(), "CAPABILITY_MISSING");
    let mut policy = Policy::scenario();
    policy.prices.cover_from_m = 1;
    let mut g = genesis(policy, TWO);
    g.operators.push(crate::OperatorEntry { operator: operator("olga"), name: "olga".into(), party: party("helpdesk"), kinds: vec![] });
    let mut rig = Rig::of(g, TWO);
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2]));
    let j = &rig.c.state().jobs[&job];
    assert!(j.request.need.coverage, "a score above the limit asks for an operator");
    rig.run(60);
    assert!(rig.c.state().jobs[&job].pins.as_ref().is_some_and(|p| p.coverage));
}
