//! What idle robots do: charge in turn, and move toward work.

use super::floor::row;
use super::rig::{Rig, genesis, robot};
use crate::policy::Policy;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::status::Status;
use nooterra_operations::event::{Event, TaskKind};
use nooterra_operations::robot::Task;

fn task(rig: &Rig, name: &str) -> Option<Task> {
    rig.c.state().robots[&robot(name)].robot.task
}

/// What was planned for a robot and how it ended: kind, place, from, to; the code of the end.
type Planned = (TaskKind, u32, Instant, Instant);

fn planned(rig: &Rig, name: &str) -> (Vec<Planned>, Vec<String>) {
    let stream = format!("robot/{}", robot(name));
    let (mut all, mut ends) = (Vec::new(), Vec::new());
    for f in &rig.facts {
        let crate::Fact::Event(r) = f else { continue };
        if r.header.stream != stream {
            continue;
        }
        match &r.payload {
            crate::Event::Robot(Event::TaskPlanned { kind, place, from, to, .. }) => all.push((*kind, *place, *from, *to)),
            crate::Event::Robot(Event::TaskEnded { code, .. }) => ends.push(code.clone()),
            _ => {}
        }
    }
    (all, ends)
}

#[test]
fn robots_take_turns_at_a_dock() {
    let mut site = row(8);
    for (i, v) in site.vertices.iter_mut().enumerate() {
        v.flags.is_charger = i == 8;
    }
    let robots: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 15), ("a3", "acme", 12)];
    let mut rig = Rig::on(site, genesis(Policy::scenario(), robots), robots);
    rig.run(10);
    for name in ["a1", "a2", "a3"] {
        rig.robots.get_mut(&robot(name)).unwrap().soc_bps = 2_500;
        rig.run(6);
    }
    let tasks: Vec<Task> = ["a1", "a2", "a3"].iter().filter_map(|n| task(&rig, n)).collect();
    assert!(tasks.iter().all(|t| t.place == 8 && t.kind == TaskKind::Charge), "{tasks:?}");
    assert_eq!(tasks.len(), 3, "each has its turn");
    assert!(tasks.windows(2).all(|w| w[0].to <= w[1].from), "one after the other: {tasks:?}");
    assert!(tasks[1].from > rig.now);
    assert_eq!((rig.robots[&robot("a2")].at, rig.robots[&robot("a3")].at), (15, 12), "they wait where they are");
    // The first has what it needs: the second goes at once, and not at the time that it was given.
    let given = tasks[1].from;
    let t = task(&rig, "a1").unwrap().task;
    rig.robots.get_mut(&robot("a1")).unwrap().soc_bps = 9_950;
    rig.report(robot("a1"), nooterra_port::Report::TaskEnded { task: t, code: String::new() });
    rig.run(20);
    let second = task(&rig, "a2").unwrap();
    assert!(second.from < given && second.place == 8, "{second:?} instead of {given}");
    assert_eq!(planned(&rig, "a2").1, ["SOONER"]);
}

#[test]
fn idle_robots_move_toward_work_at_most_once_an_hour() {
    for relocate in [false, true] {
        let robots: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 9)];
        let policy = Policy { relocate, ..Policy::scenario() };
        let mut rig = Rig::with(policy, robots);
        rig.knobs.no_quotes = true;
        rig.run(10);
        let mut new = rig.patrol(&[6, 7]);
        new.rfq_closes = Some(rig.now + Span::from_secs(120));
        new.window.start = rig.now + Span::from_secs(300);
        new.window.end = rig.now + Span::from_secs(900);
        let job = rig.ask(new);
        rig.run(60);
        assert_eq!(rig.status(job), Status::Created);
        let moved: Vec<_> = ["a1", "a2"].iter().flat_map(|n| planned(&rig, n).0).filter(|p| p.0 == TaskKind::Relocate).collect();
        if !relocate {
            assert!(moved.is_empty());
            continue;
        }
        assert_eq!(moved.iter().map(|m| m.1).collect::<Vec<_>>(), [14], "one, the nearer, to the place beside the work");
        assert_eq!(rig.robots[&robot("a2")].at, 14);
        assert_eq!(planned(&rig, "a2").1, [""]);
        // More work elsewhere within the hour moves the other one, not the same.
        let mut new = rig.patrol(&[3, 4]);
        new.rfq_closes = Some(rig.now + Span::from_secs(120));
        new.window.start = rig.now + Span::from_secs(300);
        new.window.end = rig.now + Span::from_secs(900);
        let job = rig.ask(new);
        rig.run(30);
        assert_eq!(rig.status(job), Status::Created);
        assert_eq!(planned(&rig, "a2").0.len(), 1, "{:?}", planned(&rig, "a2"));
        assert_eq!(rig.robots[&robot("a1")].at, 11);
    }
}
