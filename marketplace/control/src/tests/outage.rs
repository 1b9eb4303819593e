//! Outages of the whole site: on record as they were, and nobody's fault.

use super::rig::{Rig, robot};
use crate::fact::{Event, Fact, SiteEvent};
use crate::outage::OUTAGE_MIN;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{BreachKind, Event as JobEvent, Fault};
use nooterra_jobs::payload::Breach;
use nooterra_jobs::status::Status;
use nooterra_port::FacilityReport;
use nooterra_trust::Role;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn outages(rig: &Rig) -> Vec<(Instant, Instant)> {
    let of = |f: &Fact| match f {
        Fact::Event(r) => match r.payload {
            Event::Site(SiteEvent::SiteOutageRecorded { from, to }) => {
                assert_eq!((r.header.role, r.header.legal_ns), (Role::TR, to));
                Some((from, to))
            }
            _ => None,
        },
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

fn cut(rig: &mut Rig, robots: &[&str], secs: u64) {
    let until = rig.now.saturating_add(Span::from_secs(secs));
    for r in robots {
        rig.knobs.cut.insert(robot(r), (rig.now, until));
    }
}

#[test]
fn what_nobody_says_for_half_a_minute_is_an_outage() {
    let mut rig = Rig::new(TWO);
    rig.run(20);
    // One robot is silent, or both while the site is heard, or all of them for a moment.
    cut(&mut rig, &["a1"], 60);
    rig.run(80);
    cut(&mut rig, &["a1", "b1"], 60);
    rig.run(80);
    rig.knobs.site_silent = true;
    cut(&mut rig, &["a1", "b1"], 25);
    rig.run(40);
    assert_eq!(outages(&rig), []);
    let from = rig.now;
    cut(&mut rig, &["a1", "b1"], 45);
    rig.run(100);
    let all = outages(&rig);
    let [(a, b)] = all[..] else { panic!("{all:?}") };
    assert!(
        a <= from && from.since(a) <= Span::from_secs(10) && b.since(from) >= Span::from_secs(45) && b.since(a) < Span::from_secs(60),
        "{a} to {b}"
    );
    // A word that is refused is none that was taken; the next one that is taken ends the outage.
    cut(&mut rig, &["a1", "b1"], 60);
    rig.run(40);
    let job = JobId::named("none");
    let refused = FacilityReport::Entered { job, robot: RobotId::named("none"), vertex: 0, fence: 0 };
    assert_eq!(rig.send("site", &refused).unwrap_err(), "NOT_FOUND");
    assert_eq!(outages(&rig).len(), 1);
    rig.send("site", &FacilityReport::Alive {}).unwrap();
    assert_eq!(outages(&rig).len(), 2);
    assert_eq!(outages(&rig)[1].1, rig.now);
}

/// The only robot falls silent for good with the work half done.
fn given_up(site_silent: bool) -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::Executing);
    rig.run(4);
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    rig.knobs.site_silent = site_silent;
    // While nobody is heard only the end of access ends it.
    assert_eq!(rig.run_job(job, 12_000), Status::Settled, "{:?}", rig.names(job));
    (rig, job)
}

fn breaches(rig: &Rig, job: JobId) -> Vec<Breach> {
    rig.job_events(job).into_iter().filter_map(|e| if let JobEvent::SlaBreachRecorded(b) = e { Some(b) } else { None }).collect()
}

#[test]
fn one_robots_silence_is_its_owners_and_everybodys_is_nobodys() {
    let (rig, job) = given_up(false);
    let kinds: Vec<BreachKind> = breaches(&rig, job).iter().map(|b| b.kind).collect();
    assert!(kinds.contains(&BreachKind::ExcessStall) && kinds.contains(&BreachKind::ProviderAbort), "{kinds:?}");
    assert_eq!(rig.c.job_view(job).unwrap().fault, Fault::Owner);

    let (rig, job) = given_up(true);
    let kinds: Vec<BreachKind> = breaches(&rig, job).iter().map(|b| b.kind).collect();
    assert!(!kinds.contains(&BreachKind::ExcessStall) && !kinds.contains(&BreachKind::ProviderAbort), "{kinds:?}");
    assert_eq!(rig.c.job_view(job).unwrap().fault, Fault::None);
    assert!(rig.c.money(job).unwrap().refund > 0);
    rig.check_books();
}

#[test]
fn a_robot_that_nobody_could_hear_shows_up_in_time_as_far_as_anybody_knows() {
    let missed = |site_silent: bool| {
        let mut policy = crate::Policy::scenario();
        let mut values = nooterra_jobs::tier::Level::Standard.values();
        values.arrival_grace = Span::from_secs(60);
        policy.level_values = Some(values);
        policy.timing.exclude = Span::from_secs(10);
        let mut rig = Rig::with(policy, ONE);
        rig.run(10);
        let job = rig.ask(rig.delivery(2, 5));
        rig.until(job, Status::EnRoute);
        rig.knobs.site_silent = site_silent;
        cut(&mut rig, &["a1"], 3_000);
        rig.until(job, Status::NoShow);
        let comp = |e: &JobEvent| if let JobEvent::NoShowDeclared { comp, .. } = e { Some(comp.minor()) } else { None };
        let comp = rig.job_events(job).iter().find_map(comp).unwrap();
        rig.run(2_000);
        (comp, rig.c.job_view(job).unwrap().fault)
    };
    let (comp, fault) = missed(false);
    assert!(comp > 0 && fault == Fault::Owner, "{comp} {fault:?}");
    assert_eq!(missed(true), (0, Fault::None));
}

#[test]
fn lateness_is_less_by_the_outage_and_never_below_what_others_cost() {
    // With the site out for a minute on the way, the robot is late by a minute less.
    let late = |site_silent: bool| {
        let mut policy = crate::Policy::scenario();
        let mut values = nooterra_jobs::tier::Level::Standard.values();
        values.completion_grace = Span::ZERO;
        policy.level_values = Some(values);
        let mut rig = Rig::with(policy, ONE);
        rig.run(10);
        let mut ask = rig.delivery(2, 5);
        ask.window.end = ask.window.start.saturating_add(Span::from_secs(5));
        let job = rig.ask(ask);
        rig.until(job, Status::Executing);
        rig.knobs.site_silent = site_silent;
        let secs = OUTAGE_MIN.as_secs() + 5;
        cut(&mut rig, &["a1"], secs);
        rig.run(secs);
        rig.knobs.site_silent = false;
        assert_eq!(rig.run_job(job, 1_500), Status::Settled, "{:?}", rig.names(job));
        let b = breaches(&rig, job).into_iter().find(|b| b.kind == BreachKind::CompleteLate);
        (outages(&rig).len(), b.map(|b| (b.measured, b.excused)))
    };
    let (none, blamed) = late(false);
    assert_eq!((none, blamed.map(|b| b.1)), (0, Some(Span::ZERO)));
    let (one, excused) = late(true);
    assert_eq!(one, 1);
    let (measured, by) = excused.unwrap_or_default();
    assert!(excused.is_none() || (by >= OUTAGE_MIN && measured > by), "{measured} less {by}");
}
