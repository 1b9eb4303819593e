//! Skills go to robots as orders, and are on record when the robot says so.

use super::rig::{Rig, robot};
use super::skilled::{TWO, bundle, skilled};
use crate::fact::{Event, Fact};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::time::Instant;
use nooterra_jobs::status::Status;
use nooterra_port::{Order, Report};
use nooterra_skills::delivery::{Installed, Papers};
use nooterra_skills::standing::Robot;
use nooterra_skills::{Event as SkillEvent, Tier};
use nooterra_trust::Role;

const BOTH: &[(&str, Tier)] = &[("tinyRobot", Tier::Field), ("big", Tier::Lab)];

fn parcels(rig: &Rig, r: &str) -> Vec<nooterra_port::skill::SkillParcel> {
    let of = |o: &Order| if let Order::SkillInstall(p) = o { Some((**p).clone()) } else { None };
    rig.robots[&robot(r)].seen.iter().filter_map(of).collect()
}

fn installed(rig: &Rig) -> Vec<(Role, RobotId, nooterra_engine::Digest)> {
    let of = |f: &Fact| match f.event().map(|e| (e.header.role, &e.payload)) {
        Some((role, Event::Skill(SkillEvent::SkillInstalled { robot, bundle, .. }))) => Some((role, *robot, *bundle)),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

fn robots(rig: &Rig, job: JobId) -> Vec<RobotId> {
    rig.c.job_view(job).unwrap().robots
}

#[test]
fn what_a_robot_says_that_it_keeps_is_on_record() {
    let mut rig = Rig::of(skilled(1, BOTH), TWO);
    rig.restart_every = Some(3);
    assert!(installed(&rig).is_empty(), "nothing before they say so");
    rig.run(10);
    let all = installed(&rig);
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(all.iter().all(|(role, ..)| *role == Role::RB));
    // What came is what a robot can look at.
    for p in parcels(&rig, "b1") {
        let me = Robot { robot: robot("b1"), model: "big".into(), driver: 1 };
        assert_eq!(p.size, p.content.len() as u64);
        let papers: Papers = nooterra_engine::decode(&p.papers).unwrap();
        assert_eq!((papers.certificates.len(), papers.keys.len(), papers.revoked.len()), (2, 2, 0));
        let mut mine = Installed::default();
        mine.put((p.bundle, &p.content, &p.papers), &me, &[], rig.now).unwrap();
        assert!(mine.has(p.bundle) && mine.start(&[p.bundle], rig.now).is_ok());
    }
    // The offer of a job says what it runs on; nothing is brought twice.
    let job = rig.ask(rig.patrol(&[1, 3]));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let offered =
        rig.robots.values().flat_map(|p| &p.seen).find_map(|o| if let Order::LeaseOffer(l) = o { Some(l.skills.clone()) } else { None });
    assert_eq!(offered, Some(vec![bundle(1).1.hash()]));
    assert_eq!(installed(&rig).len(), 4);
    // Said once more it changes nothing.
    rig.report(robot("a1"), Report::SkillInstalled { bundle: bundle(1).1.hash(), kept: vec![bundle(1).1.hash()] });
    rig.report(
        robot("a1"),
        Report::SkillInstalled { bundle: nooterra_engine::Digest([7; 32]), kept: vec![nooterra_engine::Digest([7; 32])] },
    );
    rig.run(5);
    assert_eq!(installed(&rig).len(), 4);
    assert!(rig.refused.iter().any(|(_, r)| r.contains("NOT_FOUND")), "{:?}", rig.refused);
    rig.check_books();
}

/// Out of reach when they are sent out: said again until it is heard.
#[test]
fn whoever_was_out_of_reach_is_taught_later() {
    let mut rig = Rig::of(skilled(0, BOTH), TWO);
    rig.knobs.cut.insert(robot("a1"), (Instant::ZERO, Instant::from_secs(50)));
    rig.run(45);
    assert_eq!(installed(&rig).iter().map(|x| x.1).collect::<Vec<_>>(), [robot("b1")]);
    rig.run(60);
    assert_eq!(installed(&rig).len(), 2);
}

/// A robot that has no room for it is not asked again for a while, and does no work that needs it.
#[test]
fn a_robot_that_will_not_have_it_is_passed_by() {
    let mut rig = Rig::of(skilled(0, BOTH), TWO);
    rig.knobs.unteachable.insert(robot("b1"));
    rig.run(10);
    let refused = |f: &Fact| matches!(f.event().map(|e| &e.payload), Some(Event::Skill(SkillEvent::SkillInstallRefused { code, .. })) if code == "DISK_FULL");
    assert_eq!(rig.facts.iter().filter(|f| refused(f)).count(), 1);
    for _ in 0..2 {
        let job = rig.ask(rig.patrol(&[6, 7]));
        assert_eq!(rig.run_job(job, 1_800), Status::Settled);
        assert_eq!(robots(&rig, job), [robot("a1")]);
    }
    assert_eq!(parcels(&rig, "b1").len(), 1);
    rig.check_books();
}

/// On the way it says that it has lost what it needs: the work goes to another one.
#[test]
fn a_refusal_under_a_lease_gives_the_job_to_another() {
    let mut rig = Rig::of(skilled(0, BOTH), TWO);
    rig.knobs.cut.insert(robot("b1"), (Instant::ZERO, Instant::from_secs(12)));
    rig.run(8);
    rig.knobs.unteachable.insert(robot("b1"));
    // Sent again, it comes to b1 about when the job does.
    let job = rig.ask(rig.patrol(&[6, 7]));
    assert_eq!(rig.run_job(job, 1_800), Status::Settled);
    assert_eq!(robots(&rig, job).last(), Some(&robot("a1")));
    rig.run(30);
    rig.check_books();
}

/// A platform that has not heard of it lets nobody begin.
#[test]
fn nobody_begins_without_what_the_job_has_pinned() {
    let mut rig = Rig::of(skilled(0, &[("tinyRobot", Tier::Field)]), TWO);
    rig.knobs.mute_on_skills.insert(robot("a1"));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3]));
    for _ in 0..600 {
        rig.tick();
    }
    assert!(rig.names(job).contains(&"ACCESS_GRANTED") && !rig.names(job).contains(&"SKILL_STARTED"), "{:?}", rig.names(job));
    assert!(rig.refused.iter().any(|(_, r)| r.contains("CAPABILITY_MISSING")), "{:?}", rig.refused);
}

/// What a robot says that it has is what it has: a version that it has thrown out is brought again before it is needed.
#[test]
fn the_robots_word_decides_what_it_has() {
    let mut rig = Rig::of(skilled(1, BOTH), TWO);
    rig.run(10);
    let (a1, first) = (robot("a1"), bundle(1).1.hash());
    let has = |rig: &Rig| rig.c.state().skills.has(first, a1);
    assert!(has(&rig));
    let other = installed(&rig).iter().map(|(_, _, b)| *b).find(|b| *b != first);
    let before = rig.refused.len();
    rig.report(a1, Report::SkillInstalled { bundle: first, kept: vec![] });
    rig.run(1);
    assert_eq!(rig.refused.len(), before + 1, "it does not even have this one");
    let other = other.expect("two versions");
    rig.report(a1, Report::SkillInstalled { bundle: other, kept: vec![other] });
    rig.run(1);
    assert!(!has(&rig) && rig.c.state().skills.has(other, a1));
    let removed = |f: &&Fact| f.event().is_some_and(|e| e.payload.name() == "SKILL_REMOVED");
    assert_eq!(rig.facts.iter().filter(removed).count(), 1);
    // A job that has pinned it has it brought once more.
    rig.robots.get_mut(&a1).unwrap().bundles.retain(|b| *b != first);
    let before = parcels(&rig, "a1").len();
    let job = rig.ask(rig.patrol(&[1, 3]));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(robots(&rig, job) != [a1] || parcels(&rig, "a1").len() == before + 1);
}

/// Nobody believes that a robot lost what it still has, and what it may not run it has all the same.
#[test]
fn all_that_a_robot_says_that_it_has_is_there() {
    let mut rig = Rig::of(skilled(1, BOTH), TWO);
    rig.run(10);
    let (a1, all) = (robot("a1"), [bundle(0).1.hash(), bundle(1).1.hash()]);
    let has = |rig: &Rig| all.map(|b| rig.c.state().skills.has(b, a1));
    rig.report(a1, Report::SkillInstalled { bundle: all[0], kept: vec![all[0]] });
    rig.run(1);
    assert_eq!(has(&rig), [true, false]);
    rig.report(a1, Report::SkillInstalled { bundle: all[0], kept: all.to_vec() });
    rig.run(1);
    assert_eq!(has(&rig), [true, true], "it named both");
    // Its newest one is revoked: that it threw the other out for it is true nevertheless.
    rig.report(a1, Report::SkillInstalled { bundle: all[0], kept: vec![all[0]] });
    let why = crate::input::DeveloperCommand::Revoke {
        bundle: all[1],
        level: nooterra_skills::Level::StopNow,
        reason: "a fault".into(),
        predecessor: None,
    };
    rig.send("dev", &why).unwrap();
    let before = rig.refused.len();
    rig.report(a1, Report::SkillInstalled { bundle: all[1], kept: vec![all[1]] });
    rig.run(1);
    assert_eq!((has(&rig), rig.refused.len()), ([false, true], before));
    let me = Robot { robot: a1, model: "tinyRobot".into(), driver: 1 };
    assert!(rig.c.state().skills.may_run(all[1], &me, Tier::Dev, rig.now).is_err(), "and may not begin it");
}

/// A reason that passes does not bar for ever.
#[test]
fn whoever_had_no_room_is_asked_again_after_a_while() {
    let mut rig = Rig::of(skilled(0, BOTH), TWO);
    rig.knobs.unteachable.insert(robot("b1"));
    rig.run(10);
    let (b1, first) = (robot("b1"), bundle(0).1.hash());
    let refused = |rig: &Rig| rig.c.state().skills.has_refused(first, b1, rig.now);
    assert!(refused(&rig));
    rig.knobs.unteachable.clear();
    rig.run(9 * 60);
    assert!(refused(&rig) && parcels(&rig, "b1").len() == 1);
    rig.run(2 * 60);
    assert!(!refused(&rig));
    let job = rig.ask(rig.patrol(&[6, 7]));
    assert_eq!(rig.run_job(job, 1_800), Status::Settled);
    assert_eq!((robots(&rig, job), parcels(&rig, "b1").len()), (vec![b1], 2));
}
