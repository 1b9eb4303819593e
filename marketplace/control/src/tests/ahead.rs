//! Leases for later: held beside other work, each in its time.

use super::rig::{Rig, party, robot};
use crate::input::{Input, StaffCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Event;
use nooterra_jobs::event::ReleaseReason;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_port::Report;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const SAME: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 15)];

/// A patrol of these points whose window opens in so many minutes.
fn in_minutes(rig: &mut Rig, minutes: u64, stops: &[u32]) -> JobId {
    let mut new = rig.patrol(stops);
    let start = rig.now + Span::from_mins(minutes);
    new.window = Window { start, end: start + Span::from_mins(30) };
    rig.ask(new)
}

/// When events of this name were written on a job's stream.
fn times(rig: &Rig, job: JobId, name: &str) -> Vec<Instant> {
    let j = &rig.c.state().jobs[&job];
    match name {
        "DEPARTED" => j.legs.iter().filter_map(|l| l.departed_at).collect(),
        "ROBOT_ARRIVED" => j.legs.iter().filter_map(|l| l.arrived_at).collect(),
        "LEASE_DUE" => j.legs.iter().filter(|l| l.due_at > l.accepted_at).filter_map(|l| l.due_at).collect(),
        _ => unreachable!("{name}"),
    }
}

fn released(rig: &Rig, job: JobId) -> Vec<ReleaseReason> {
    let reason = |e: &Event| if let Event::LeaseReleased { reason, .. } = e { Some(*reason) } else { None };
    rig.job_events(job).iter().filter_map(reason).collect()
}

fn held_by(rig: &Rig, name: &str) -> (Option<JobId>, Vec<JobId>) {
    let r = &rig.c.state().robots[&robot(name)].robot;
    (r.lease.map(|h| h.job), r.ahead.iter().map(|h| h.job).collect())
}

#[test]
fn a_lease_for_later_waits_for_its_time() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = in_minutes(&mut rig, 40, &[2, 3]);
    rig.until(job, Status::Reserved);
    assert_eq!(held_by(&rig, "a1"), (None, vec![job]), "held, and not about it yet");
    let start = rig.c.state().jobs[&job].window().start;
    let from = rig.c.state().robots[&robot("a1")].robot.ahead[0].from;
    assert!(from + Span::from_mins(2) < start && start < from + Span::from_mins(4), "{from} for {start}");
    let at = rig.robots[&robot("a1")].at;
    while rig.now < from {
        assert_eq!((rig.status(job), rig.robots[&robot("a1")].at), (Status::Reserved, at), "at {}", rig.now);
        rig.tick();
    }
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
    let (due, left, there) = (times(&rig, job, "LEASE_DUE"), times(&rig, job, "DEPARTED"), times(&rig, job, "ROBOT_ARRIVED"));
    assert!(due[0] >= from && due[0] <= left[0] && left[0] < there[0], "{due:?} {left:?} {there:?}");
    assert!(there[0] + Span::from_secs(180) >= start && there[0] < start + Span::from_secs(60), "{there:?} for {start}");
    let j = &rig.c.state().jobs[&job];
    assert!(j.breaches.is_empty());
    assert_eq!(j.legs[0].offer.fence, 2, "one for the match, one for its turn");
    assert_eq!(rig.c.state().robots[&robot("a1")].robot.fence, 3);
}

#[test]
fn work_of_now_goes_between_if_it_fits() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let later = in_minutes(&mut rig, 40, &[2, 3]);
    rig.until(later, Status::Reserved);
    let now = rig.ask(rig.delivery(4, 6));
    rig.until(now, Status::Executing);
    assert_eq!(held_by(&rig, "a1"), (Some(now), vec![later]));
    rig.knobs.never_depart.insert(robot("a1"));
    let third = in_minutes(&mut rig, 80, &[5, 6]);
    rig.until(third, Status::Reserved);
    assert_eq!(held_by(&rig, "a1"), (Some(now), vec![later, third]), "a robot at work is given more for later");
    rig.knobs.never_depart.clear();
    for (job, secs) in [(now, 900), (later, 3_600), (third, 3_600)] {
        assert_eq!(rig.run_job(job, secs), Status::Settled, "{:?}", rig.names(job));
        assert!(rig.c.state().jobs[&job].breaches.is_empty());
    }
    let order: Vec<Instant> = [now, later, third].map(|j| times(&rig, j, "DEPARTED")[0]).into();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn work_that_would_meet_it_goes_elsewhere_or_waits() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let later = in_minutes(&mut rig, 6, &[2, 3]);
    rig.until(later, Status::Reserved);
    let from = rig.c.state().robots[&robot("a1")].robot.ahead[0].from;
    while rig.now + Span::from_secs(20) < from {
        rig.tick();
    }
    let mut long = rig.patrol(&[2, 3, 4, 5, 6, 7]);
    long.window.end += Span::from_mins(60);
    let now = rig.ask(long);
    rig.until(now, Status::Booked);
    rig.run(15);
    let failed = |e: &Event| if let Event::DispatchFailed { counts } = e { Some(counts.clone()) } else { None };
    let why: Vec<_> = rig.job_events(now).iter().filter_map(failed).collect();
    assert_eq!(why.first().map(|c| c[0].0.as_str()), Some("OVERLAP"), "{why:?}");
    assert_eq!(rig.run_job(later, 2_000), Status::Settled);
    assert_eq!(rig.run_job(now, 2_000), Status::Settled, "{:?}", rig.names(now));
    assert!(times(&rig, later, "DEPARTED")[0] < times(&rig, now, "DEPARTED")[0]);
}

#[test]
fn who_would_be_late_gives_it_to_another() {
    let mut rig = Rig::new(SAME);
    rig.run(10);
    let first = rig.ask(rig.patrol(&[2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2]));
    rig.until(first, Status::Executing);
    let (busy, other) = if held_by(&rig, "a1").0 == Some(first) { ("a1", "a2") } else { ("a2", "a1") };
    // It stays at its work for ever; the other is away, so that the busy one gets the job of later.
    rig.knobs.never_depart.insert(robot(busy));
    rig.knobs.cut.insert(robot(other), (rig.now, rig.now + Span::from_secs(80)));
    rig.run(20);
    let later = in_minutes(&mut rig, 9, &[5, 6]);
    rig.until(later, Status::Reserved);
    assert_eq!(held_by(&rig, busy), (Some(first), vec![later]));
    assert_eq!(rig.run_job(later, 4_000), Status::Settled, "{:?} {:?}", rig.names(later), rig.names(first));
    assert_eq!(
        released(&rig, later),
        [ReleaseReason::WouldBeLate],
        "{:?} {:?} {:?} {:?}",
        rig.names(later),
        rig.names(first),
        rig.c.state().jobs[&first].history,
        rig.c.state().jobs[&later].history
    );
    let j = &rig.c.state().jobs[&later];
    assert_eq!(j.legs.iter().map(|l| l.offer.robot).collect::<Vec<_>>(), [robot(busy), robot(other)]);
    assert!(j.breaches.is_empty(), "{:?}", j.breaches);
}

#[test]
fn who_cannot_work_keeps_nothing_for_later() {
    for stop in [false, true] {
        let mut rig = Rig::new(SAME);
        rig.run(10);
        let job = in_minutes(&mut rig, 30, &[2, 3]);
        rig.until(job, Status::Reserved);
        let holder = rig.c.state().jobs[&job].robot().unwrap();
        if stop {
            rig.send("staff", &StaffCommand::Stop { robot: holder, reason: "look at it".into() }).unwrap();
        } else {
            rig.send("staff", &StaffCommand::Quarantine { robot: holder, cause: "look at it".into(), until: None }).unwrap();
        }
        assert_eq!((rig.status(job), released(&rig, job)), (Status::Booked, vec![ReleaseReason::RobotUnfit]), "stop {stop}");
        rig.until(job, Status::Reserved);
        assert_ne!(rig.c.state().jobs[&job].robot(), Some(holder), "a lease of later is nobody's authority: no time is lost");
        assert_eq!(rig.run_job(job, 3_600), Status::Settled);
    }
}

#[test]
fn a_refused_or_cancelled_lease_leaves_present_work_alone() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let now = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    rig.until(now, Status::Executing);
    rig.knobs.never_depart.insert(robot("a1"));
    let later = in_minutes(&mut rig, 30, &[6, 7]);
    rig.until(later, Status::Reserved);
    let fence = rig.c.state().jobs[&now].legs[0].offer.fence;
    let pass = rig.c.pass_of(robot("a1")).unwrap();
    assert_eq!((pass.fence, rig.c.state().robots[&robot("a1")].robot.fence), (fence, fence + 1), "doors see the fence of the work at hand");
    rig.send_at("rq", later, &crate::RequesterCommand::Cancel { job: later, safety: false }).unwrap();
    assert_eq!(held_by(&rig, "a1"), (Some(now), vec![]));
    rig.knobs.refuse_offers.insert(robot("a1"));
    let again = in_minutes(&mut rig, 30, &[6, 7]);
    for _ in 0..4_000 {
        if rig.names(again).contains(&"LEASE_REFUSED") {
            break;
        }
        rig.tick();
    }
    assert_eq!((rig.status(again), held_by(&rig, "a1")), (Status::Booked, (Some(now), vec![])));
    rig.knobs.never_depart.clear();
    assert_eq!(rig.run_job(now, 900), Status::Settled, "{:?}", rig.names(now));
    assert_eq!(rig.c.state().jobs[&now].legs[0].offer.fence, fence, "leases of later do not age the present one");
}

#[test]
fn nothing_is_said_under_a_lease_before_its_time_or_under_its_old_fence_after() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = in_minutes(&mut rig, 10, &[2, 3]);
    rig.until(job, Status::Reserved);
    let say = |rig: &Rig, r: Report, fence: u64| {
        let lease = rig.c.state().jobs[&job].lease();
        let mut d = crate::Body::draft(&r, "robot");
        (d.lease, d.fence) = (lease, Some(fence));
        let e = rig.robots[&robot("a1")].heard.clone().seal(d, Instant(rig.now.0 + 1), 0);
        let mut c = crate::Control::thaw(&rig.c.freeze(), rig.site.clone()).unwrap();
        let mut out = Out::default();
        c.step(rig.now, Input::new(e), &mut out);
        let code = |f: &crate::Fact| if let crate::Fact::Rejected(r) = f { Some(r.rejection.code.text()) } else { None };
        out.facts.iter().find_map(code)
    };
    let departed = Report::Departed { route_mm: 1_000, eta_s: 10 };
    assert_eq!(say(&rig, departed.clone(), 1), Some("NOT_BOUND_ROBOT"));
    let plan_hash = Digest::ZERO;
    let lease = rig.c.state().jobs[&job].lease().unwrap();
    assert_eq!(say(&rig, Report::LeaseAccepted { lease, plan_hash }, 2), Some("FENCE_STALE"));
    while times(&rig, job, "LEASE_DUE").is_empty() {
        rig.tick();
    }
    assert_eq!(say(&rig, departed.clone(), 1), Some("FENCE_STALE"), "the fence of the match is over");
    assert_eq!(rig.run_job(job, 2_000), Status::Settled);
}

#[test]
fn a_robot_charges_first_if_the_work_needs_it() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    rig.robots.get_mut(&robot("a1")).unwrap().soc_bps = 1_700;
    rig.run(20);
    let mut new = rig.patrol(&[2, 3, 4, 5, 6, 7]);
    let start = rig.now + Span::from_mins(60);
    new.window = Window { start, end: start + Span::from_mins(30) };
    let job = rig.ask(new);
    rig.until(job, Status::Reserved);
    let r = &rig.c.state().robots[&robot("a1")].robot;
    assert!(r.task.is_some_and(|t| t.to <= r.ahead[0].from), "{:?} before {:?}", r.task, r.ahead);
    rig.robots.get_mut(&robot("a1")).unwrap().soc_bps = 9_000;
    assert_eq!(rig.run_job(job, 6_000), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(rig.c.state().jobs[&job].legs.len(), 1);
    assert_eq!(rig.c.job_view(job).unwrap().owner, Some(party("acme")));
}

#[test]
fn a_freed_robot_takes_over_what_it_does_for_much_less() {
    // The other robot is trusted far less, so that each job costs 4 000 more with it.
    let robots: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 15)];
    let mut g = super::rig::genesis(crate::Policy::scenario(), robots);
    g.robots[1].trust_bps = 5_000;
    let mut rig = Rig::of(g, robots);
    rig.run(10);
    let first = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.until(first, Status::Executing);
    assert_eq!(held_by(&rig, "a1").0, Some(first), "who is trusted more goes");
    let later = in_minutes(&mut rig, 80, &[5, 6]);
    rig.until(later, Status::Reserved);
    let holder = rig.c.state().jobs[&later].robot().unwrap();
    assert_eq!(holder, robot("a1"));
    // It is sent away for a while; the other has the job until it is back and has done a piece of work.
    rig.send("staff", &StaffCommand::Quarantine { robot: holder, cause: "look at it".into(), until: None }).unwrap();
    rig.until(later, Status::Reserved);
    assert_eq!(rig.c.state().jobs[&later].robot(), Some(robot("a2")));
    rig.send("staff", &StaffCommand::ClearQuarantine { robot: holder, checklist: Digest([5; 32]) }).unwrap();
    // Barred from what it lost for a while.
    rig.run(600);
    let again = rig.ask(rig.patrol(&[2, 3]));
    assert_eq!(rig.run_job(again, 600), Status::Settled, "{:?}", rig.names(again));
    let j = &rig.c.state().jobs[&later];
    assert_eq!((j.robot(), j.swaps), (Some(robot("a1")), 1), "{:?}", rig.names(later));
    assert_eq!(released(&rig, later), [ReleaseReason::RobotUnfit, ReleaseReason::Swapped]);
    assert_eq!(rig.run_job(later, 6_000), Status::Settled);
}

#[test]
fn who_will_be_late_gives_way_to_who_will_not() {
    // The nearer robot is kept stopped until the farther one is on its way, too late for the money came late.
    let late = |other: bool| {
        let mut policy = crate::Policy::scenario();
        let mut values = nooterra_jobs::tier::Level::Standard.values();
        values.arrival_grace = Span::from_secs(150);
        policy.level_values = Some(values);
        policy.timing.depart_least = Span::from_mins(10);
        policy.timing.depart_margin = Span::ZERO;
        let mut rig = Rig::with(policy, &[("a1", "acme", 8), ("a2", "acme", 15)]);
        rig.run(10);
        let near = robot("a1");
        rig.send("staff", &StaffCommand::Stop { robot: near, reason: "test".into() }).unwrap();
        rig.knobs.sits_on_captures = true;
        let job = rig.ask(rig.delivery(2, 5));
        rig.until(job, Status::Reserved);
        let by = rig.c.state().jobs[&job].arrive_by;
        rig.run(by.since(rig.now).as_secs() - 55);
        if other {
            rig.send("staff", &StaffCommand::ClearStops { robot: near }).unwrap();
        }
        rig.knobs.sits_on_captures = false;
        rig.run(40);
        let legs: Vec<RobotId> = rig.c.state().jobs[&job].legs.iter().map(|l| l.offer.robot).collect();
        (legs, released(&rig, job))
    };
    let (a1, a2) = (robot("a1"), robot("a2"));
    assert_eq!(late(false), (vec![a2], vec![]), "nobody else would be in time");
    assert_eq!(late(true), (vec![a2, a1], vec![ReleaseReason::WouldBeLate]));
}
