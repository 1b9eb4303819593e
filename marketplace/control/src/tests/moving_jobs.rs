//! Bookings that move to another window: by whom, when, for how much, and what does not move any more.

use super::rig::{Rig, party, robot};
use crate::Policy;
use crate::input::{OwnerCommand, RequesterCommand};
use crate::wish::Terms;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Event, MoveDecline, ReleaseReason};
use nooterra_jobs::payload::Rescheduled;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_ledger::{Account, Role};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn at(rig: &Rig, secs: u64) -> Window {
    let start = rig.now + Span::from_secs(secs);
    Window { start, end: start + Span::from_mins(30) }
}

fn asked(policy: Policy, lead: u64) -> (Rig, JobId) {
    let mut rig = Rig::with(policy, ONE);
    rig.run(10);
    let mut j = rig.delivery(2, 5);
    j.window = at(&rig, lead);
    let job = rig.ask(j);
    (rig, job)
}

fn until(rig: &mut Rig, job: JobId, status: Status) {
    for _ in 0..2_000 {
        if rig.status(job) == status {
            return;
        }
        rig.tick();
    }
    panic!("{:?}, not {status:?}: {:?} {:?}", rig.status(job), rig.names(job), rig.refused);
}

fn moved(rig: &Rig, job: JobId) -> Vec<Rescheduled> {
    rig.job_events(job).into_iter().filter_map(|e| if let Event::JobRescheduled(m) = e { Some(m) } else { None }).collect()
}

fn declined(rig: &Rig, job: JobId) -> Vec<MoveDecline> {
    rig.job_events(job).into_iter().filter_map(|e| if let Event::RescheduleDeclined { reason } = e { Some(reason) } else { None }).collect()
}

fn price(rig: &Rig, job: JobId) -> u64 {
    rig.c.state().jobs[&job].pins.as_ref().unwrap().service.minor()
}

#[test]
fn from_far_away_it_costs_nothing() {
    let (mut rig, job) = asked(Policy::scenario(), 25 * 3_600);
    until(&mut rig, job, Status::Booked);
    let window = at(&rig, 120);
    rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    let m = moved(&rig, job);
    assert_eq!((m.len(), m[0].window, m[0].fee.minor()), (1, window, 0));
    assert_eq!(rig.run_job(job, 1_200), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(rig.c.job_view(job).unwrap().robots, [robot("a1")]);
    rig.check_books();
}

#[test]
fn near_the_start_the_requester_pays_half_a_cancellation() {
    let (mut rig, job) = asked(Policy::scenario(), 60);
    until(&mut rig, job, Status::Reserved);
    let window = at(&rig, 600);
    let before = price(&rig, job);
    rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    let m = moved(&rig, job);
    assert_eq!(m.len(), 1, "the bank answers at once here: {:?}", rig.names(job));
    assert_eq!(m[0].fee.minor(), before * 2_000 / 10_000, "half of 4 000 basis points");
    let released = rig.job_events(job).iter().any(|e| matches!(e, Event::LeaseReleased { reason: ReleaseReason::Rescheduled, .. }));
    assert!(released, "{:?}", rig.names(job));
    let names = rig.names(job);
    let place = |n: &str| names.iter().rposition(|x| *x == n).unwrap();
    assert!(place("RESCHEDULE_ACCEPTED") < place("PAYMENT_CAPTURED") && place("PAYMENT_CAPTURED") < place("JOB_RESCHEDULED"));
    assert_eq!(rig.run_job(job, 2_000), Status::Settled, "{:?}", rig.names(job));
    let money = rig.c.money(job).unwrap();
    assert_eq!(money.captured, money.price + m[0].fee.minor());
    assert_eq!(money.refund, 0);
    rig.check_books();
}

#[test]
fn a_move_that_is_not_paid_for_does_not_happen() {
    let (mut rig, job) = asked(Policy::scenario(), 60);
    until(&mut rig, job, Status::Reserved);
    rig.knobs.decline = true;
    let window = at(&rig, 600);
    rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    assert_eq!((moved(&rig, job).len(), declined(&rig, job)), (0, vec![MoveDecline::Payment]));
    assert_eq!(rig.run_job(job, 1_200), Status::Settled, "the booking stands: {:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn once_a_robot_is_on_its_way_nothing_moves() {
    let (mut rig, job) = asked(Policy::scenario(), 60);
    until(&mut rig, job, Status::EnRoute);
    let window = at(&rig, 600);
    assert_eq!(rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(rig.send("acme", &OwnerCommand::ProposeMove { job, window }).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(rig.send("bolt", &OwnerCommand::ProposeMove { job, window }).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("rq2", &RequesterCommand::ProposeMove { job, window }).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.run_job(job, 1_200), Status::Settled);
    assert_eq!(rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap_err(), "JOB_TERMINAL");
    rig.check_books();
}

fn asking() -> Policy {
    let mut p = Policy::scenario();
    (p.moves.auto, p.moves.answer) = (false, Span::from_secs(60));
    p
}

#[test]
fn an_owner_asks_and_owes_for_it() {
    let (mut rig, job) = asked(asking(), 3_000);
    until(&mut rig, job, Status::Reserved);
    let service = price(&rig, job);
    let window = at(&rig, 1_200);
    rig.send("acme", &OwnerCommand::ProposeMove { job, window }).unwrap();
    let (to, _, _, terms) = rig.shown.last().cloned().unwrap();
    assert!(to == party("rq") && matches!(terms, Terms::Move(m) if m.window == window), "{terms:?}");
    assert_eq!(rig.send("acme", &OwnerCommand::ProposeMove { job, window }).unwrap_err(), "TRACK_FORBIDS");
    let yes = RequesterCommand::AnswerMove { job, agree: true };
    assert_eq!(rig.send("rq", &yes).unwrap_err(), "HEAD_REQUIRED");
    assert_eq!(rig.send_at("acme", job, &OwnerCommand::AnswerMove { job, agree: true }).unwrap_err(), "NOT_YOUR_TURN");
    rig.send_at("rq", job, &yes).unwrap();
    let owed = service * 1_000 / 10_000;
    assert_eq!(moved(&rig, job)[0].fee.minor(), owed, "half of 2 000 basis points");
    assert_eq!(rig.c.balance(Account::RequesterCredit { party: party("rq") }, Currency::EUR), i128::from(owed));
    let owes = Account::PartyReceivable { role: Role::Owner, party: party("acme") };
    assert_eq!(rig.c.balance(owes, Currency::EUR), i128::from(owed));
    assert_eq!(rig.send_at("rq", job, &yes).unwrap_err(), "TRACK_FORBIDS");
    assert_eq!(rig.run_job(job, 4_000), Status::Settled, "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn no_and_silence_leave_the_booking_where_it_is() {
    // Too early for a robot to be sent meanwhile.
    let (mut rig, job) = asked(asking(), 9_000);
    until(&mut rig, job, Status::Booked);
    let window = at(&rig, 3_000);
    rig.send("acme", &OwnerCommand::ProposeMove { job, window }).unwrap();
    rig.send_at("rq", job, &RequesterCommand::AnswerMove { job, agree: false }).unwrap();
    rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    rig.run(65);
    assert_eq!(declined(&rig, job), [MoveDecline::Declined, MoveDecline::Timeout]);
    assert!(moved(&rig, job).is_empty());
    assert_eq!(rig.c.state().jobs[&job].window().start, rig.c.state().jobs[&job].request.window.start);
}

#[test]
fn whoever_sets_out_ends_an_open_proposal() {
    let (mut rig, job) = asked(asking(), 60);
    until(&mut rig, job, Status::Reserved);
    let window = at(&rig, 600);
    rig.send("acme", &OwnerCommand::ProposeMove { job, window }).unwrap();
    until(&mut rig, job, Status::EnRoute);
    assert_eq!(declined(&rig, job), [MoveDecline::TooLate]);
    assert_eq!(rig.send_at("rq", job, &RequesterCommand::AnswerMove { job, agree: true }).unwrap_err(), "TRACK_FORBIDS");
    assert_eq!(rig.run_job(job, 1_200), Status::Settled);
    rig.check_books();
}

#[test]
fn three_times_at_most() {
    let (mut rig, job) = asked(Policy::scenario(), 30 * 3_600);
    until(&mut rig, job, Status::Booked);
    for n in 0..3 {
        let window = at(&rig, (29 - n) * 3_600);
        rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    }
    let window = at(&rig, 300);
    assert_eq!(rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap_err(), "RESCHEDULE_LIMIT");
    let past = Window { start: rig.now, end: rig.now + Span::from_secs(60) };
    assert_eq!(rig.send("rq", &RequesterCommand::ProposeMove { job, window: past }).unwrap_err(), "WINDOW_INVALID");
    assert_eq!(moved(&rig, job).len(), 3);
    assert_eq!(rig.names(job).iter().filter(|n| **n == "ACCESS_PLAN_ISSUED").count(), 4, "each window has its own permission");
}
