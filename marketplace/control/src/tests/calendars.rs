use super::rig::{Rig, genesis, robot};
use crate::fact::{Event, Fact};
use crate::input::OwnerCommand;
use crate::policy::Policy;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::status::Status;
use nooterra_market::availability::{CalendarFact, Hours, WeeklyRule};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

/// Monday, 2026-11-23, 06:50 UTC: ten minutes before eight in Berlin.
pub const MONDAY: Instant = Instant::from_secs(1_795_416_600);

pub fn weekdays(from_s: u32, to_s: u32) -> WeeklyRule {
    WeeklyRule { days: 0b0001_1111, hours: Hours { from_s, to_s }, zone: "Europe/Berlin".into(), exceptions: vec![] }
}

pub fn monday(robots: &[(&str, &str, u32)]) -> Rig {
    let mut g = genesis(Policy::scenario(), robots);
    g.epoch = MONDAY;
    Rig::of(g, robots)
}

#[test]
fn robots_work_within_their_hours_only() {
    let mut rig = monday(TWO);
    rig.run(10);
    for who in ["acme", "bolt"] {
        rig.send(who, &OwnerCommand::SetAvailability { robot: None, rule: weekdays(8 * 3_600, 18 * 3_600) }).unwrap();
    }
    let job = rig.ask(rig.delivery(2, 5));
    rig.run(400);
    assert_eq!(rig.status(job), Status::Booked, "{:?}", rig.names(job));
    let early: Vec<_> = rig
        .job_events(job)
        .into_iter()
        .filter_map(|e| if let JobEvent::DispatchFailed { counts } = e { Some(counts) } else { None })
        .collect();
    assert!(early.iter().flatten().any(|(code, n)| code == "WINDOW" && *n == 1), "{early:?}");
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    let matched = rig.c.job_view(job).unwrap().history.iter().find(|m| m.status == Status::Matched).unwrap().at;
    assert!(matched >= Instant::from_secs(600), "eight o'clock in Berlin: {matched}");
    rig.check_books();
}

#[test]
fn a_day_off_is_no_candidate() {
    let mut rig = monday(TWO);
    rig.run(10);
    let mut rule = weekdays(8 * 3_600, 18 * 3_600);
    rule.days = 0b0110_0000;
    rig.send("acme", &OwnerCommand::SetAvailability { robot: Some(robot("a1")), rule }).unwrap();
    let job = rig.ask(rig.delivery(2, 5));
    let opened =
        rig.job_events(job).into_iter().find_map(|e| if let JobEvent::RfqOpened { candidates, .. } = e { Some(candidates) } else { None });
    assert_eq!(opened, Some(1), "bolt's robot alone");
    assert_eq!(rig.run_job(job, 2_000), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].legs[0].offer.robot, robot("b1"));
}

#[test]
fn calendars_are_extended_day_by_day() {
    let mut rig = monday(TWO);
    rig.send("acme", &OwnerCommand::SetAvailability { robot: None, rule: weekdays(8 * 3_600, 18 * 3_600) }).unwrap();
    let before = rig.c.state().calendars[&robot("a1")].clone();
    let mut out = nooterra_engine::machine::Out::default();
    rig.c.fire_due(rig.now + Span::from_mins(3 * 24 * 60), &mut out);
    let extended =
        |f: &Fact| matches!(f.event().map(|r| &r.payload), Some(Event::Availability(a)) if matches!(**a, CalendarFact::Extended { .. }));
    assert_eq!(out.facts.iter().filter(|f| extended(f)).count(), 3);
    let after = &rig.c.state().calendars[&robot("a1")];
    assert!(after.until > before.until && after.windows.last() > before.windows.last());
    assert!(after.windows.first() > before.windows.first(), "what is past is forgotten");
}

#[test]
fn wrong_rules_and_foreign_robots_are_refused() {
    let mut rig = monday(TWO);
    let set = |robot, rule| OwnerCommand::SetAvailability { robot, rule };
    assert_eq!(rig.send("acme", &set(Some(robot("b1")), weekdays(0, 60))).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("acme", &set(None, weekdays(60, 60))).unwrap_err(), "SCHEMA_INVALID");
    let nowhere = WeeklyRule { zone: "Middle/Earth".into(), ..weekdays(0, 60) };
    let code = rig.send("acme", &set(None, nowhere)).unwrap_err();
    assert!(["SCHEMA_INVALID", "NOT_FOUND"].contains(&code.as_str()), "{code}");
    assert!(rig.c.state().calendars.is_empty());
}
