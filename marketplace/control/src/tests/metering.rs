//! What skills are paid by: starts, started minutes, checkpoints and jobs; and meters that say something else.

use super::rig::{Rig, party, robot};
use super::skilled::{TWO, skilled_on};
use crate::Control;
use crate::fact::{Event, Fact};
use crate::input::{RequesterCommand, StaffCommand};
use nooterra_engine::encode;
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{Event as JobEvent, Fault, IncidentCode, Missing, RevokeReason};
use nooterra_jobs::status::Status;
use nooterra_skills::words::Milestone;
use nooterra_skills::{Event as SkillEvent, Tier, Unit};

const BOTH: &[(&str, Tier)] = &[("tinyRobot", Tier::Field), ("big", Tier::Lab)];
/// Only the first robot may run it.
const ONE: &[(&str, Tier)] = &[("tinyRobot", Tier::Field)];

fn open(unit: Unit, until: Milestone, models: &[(&str, Tier)]) -> Rig {
    let mut rig = Rig::of(skilled_on(0, models, unit, until), TWO);
    rig.run(10);
    rig
}

fn earned(rig: &Rig, job: JobId) -> u64 {
    rig.c.money(job).unwrap().parts.iter().filter(|p| p.1 == Some(party("dev"))).map(|p| p.2).sum()
}

/// Runs of the job's skill, from start to stop.
fn runs(rig: &Rig, job: JobId) -> Vec<(Instant, Option<Instant>)> {
    let mut out: Vec<(Instant, Option<Instant>)> = Vec::new();
    for f in &rig.facts {
        let Fact::Event(r) = f else { continue };
        match &r.payload {
            Event::Skill(SkillEvent::SkillStarted { job: j, .. }) if *j == job => out.push((r.header.legal_ns, None)),
            Event::Skill(SkillEvent::SkillStopped { job: j, .. }) if *j == job => out.last_mut().unwrap().1 = Some(r.header.legal_ns),
            _ => {}
        }
    }
    out
}

fn minutes(rig: &Rig, job: JobId) -> u64 {
    let one = |(from, to): &(Instant, Option<Instant>)| to.unwrap().since(*from).0.div_ceil(60_000_000_000).max(1);
    runs(rig, job).iter().map(one).sum()
}

fn mismatches(rig: &Rig, job: JobId) -> usize {
    let is_one = |e: &JobEvent| matches!(e, JobEvent::IncidentOpened { code: IncidentCode::MeterMismatch, severity: 2, .. });
    rig.facts
        .iter()
        .filter_map(Fact::event)
        .filter(|r| r.header.stream == format!("job/{job}"))
        .filter(|r| matches!(&r.payload, Event::Job(e) if is_one(e)))
        .count()
}

#[test]
fn a_start_is_a_unit_whichever_robot_makes_it() {
    let mut rig = open(Unit::Use, Milestone::Booked, BOTH);
    rig.restart_every = Some(7);
    let plain = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(plain, 900), Status::Settled);
    assert_eq!((runs(&rig, plain).len(), earned(&rig, plain)), (1, 10));
    // The first robot gives up before its third point, another one goes on.
    for r in ["a1", "b1"] {
        rig.knobs.abort_before_step.insert(robot(r), 2);
    }
    let job = rig.ask(rig.patrol(&[2, 3, 5, 6]));
    rig.until_once(job, Status::Handover);
    rig.knobs.abort_before_step.clear();
    assert_eq!(rig.run_job(job, 1_800), Status::Settled);
    assert_eq!((runs(&rig, job).len(), earned(&rig, job)), (2, 20));
    assert_eq!(mismatches(&rig, job), 0);
    rig.check_books();
}

#[test]
fn started_minutes_are_counted_when_a_run_stops() {
    let mut rig = open(Unit::Minute, Milestone::Booked, ONE);
    rig.restart_every = Some(7);
    let job = rig.ask(rig.patrol(&[1, 7, 1, 7]));
    assert_eq!(rig.run_job(job, 1_800), Status::Settled);
    let all = minutes(&rig, job);
    assert!(all >= 1 && rig.names(job).iter().filter(|n| **n == "SKILL_METERED").count() == 1);
    assert_eq!(earned(&rig, job), (all * 10).min(50));
    // A robot that dies at work: the run lasts until it is ordered out.
    let job = rig.ask(rig.patrol(&[2, 3]));
    rig.until_once(job, Status::Executing);
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    assert!(rig.run_job(job, 4_000).is_terminal());
    let l = rig.c.state().skills.licences(job)[0].clone();
    assert!(minutes(&rig, job) > 1 && u64::from(l.metered) == minutes(&rig, job), "{l:?}");
    assert_eq!(mismatches(&rig, job), 0);
    rig.check_books();
}

/// After access was taken back nothing is counted: the minutes of the run are, before.
#[test]
fn minutes_are_counted_before_access_ends() {
    let mut rig = open(Unit::Minute, Milestone::Booked, ONE);
    let job = rig.ask(rig.delivery(2, 6));
    rig.until_once(job, Status::Executing);
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Privacy }).unwrap();
    assert!(rig.run_job(job, 1_800).is_terminal());
    let names = rig.names(job);
    let at = |n: &str| names.iter().position(|x| *x == n).unwrap_or_else(|| panic!("{n}: {names:?}"));
    assert!(at("SKILL_METERED") < at("ACCESS_REVOKED") && at("ACCESS_REVOKED") < at("SKILL_STOPPED"));
    assert_eq!(names.iter().filter(|n| **n == "SKILL_METERED").count(), 1);
    assert_eq!(mismatches(&rig, job), 0);
}

#[test]
fn a_job_is_one_unit() {
    let mut rig = open(Unit::Job, Milestone::Booked, BOTH);
    let job = rig.ask(rig.patrol(&[2, 3, 5]));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!((earned(&rig, job), rig.names(job).contains(&"SKILL_METERED")), (10, false));
}

/// One point of three is proven, then the job ends: what that pays depends on how far the licence can be given back.
#[test]
fn a_licence_is_given_back_until_its_milestone_is_past() {
    let part = |until| {
        let mut rig = open(Unit::Job, until, ONE);
        rig.knobs.abort_before_step.insert(robot("a1"), 1);
        let job = rig.ask(rig.patrol(&[2, 3, 5]));
        assert!(rig.run_job(job, 4_000).is_terminal());
        let v = rig.c.money(job).unwrap();
        assert!(v.charge > 0 && rig.c.state().jobs[&job].checkpoint == 1, "{:?}", rig.names(job));
        rig.check_books();
        earned(&rig, job)
    };
    for (m, due) in [
        (Milestone::Booked, 10),
        (Milestone::EnRoute, 10),
        (Milestone::AccessGranted, 10),
        (Milestone::Executing, 10),
        (Milestone::Checkpoint, 0),
    ] {
        assert_eq!(part(m), due, "{m:?}");
    }
    let mut rig = open(Unit::Job, Milestone::Checkpoint, ONE);
    let job = rig.ask(rig.patrol(&[2, 3, 5]));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(earned(&rig, job), 10, "completed");
}

/// A meter that says more, or less, than the job's own events: an incident, the settlement waits until somebody has looked,
/// and the smaller of both is paid.
#[test]
fn of_meters_that_differ_the_smaller_is_paid() {
    for (by, paid) in [(2_i64, 30), (-1, 20)] {
        let mut rig = open(Unit::Checkpoint, Milestone::Booked, ONE);
        rig.knobs.no_triage = true;
        let job = rig.ask(rig.patrol(&[2, 3, 5]));
        for _ in 0..2_000 {
            if rig.names(job).iter().filter(|n| **n == "CHECKPOINT_REACHED").count() == 2 {
                break;
            }
            rig.tick();
        }
        let mut s = rig.c.state().clone();
        s.skills = {
            // A registry whose meter was tampered with.
            let mut r = s.skills.clone();
            let l = r.licences(job)[0].clone();
            let total = u32::try_from(i64::from(l.metered) + by).unwrap();
            r.evolve(rig.now, &SkillEvent::SkillMetered { job, licence: l.licence, step: 2, units: 1, total });
            r
        };
        rig.c = Control::thaw(&encode(&s), rig.site.clone()).unwrap();
        for _ in 0..2_000 {
            if rig.names(job).contains(&"SETTLEMENT_HELD") {
                break;
            }
            rig.tick();
        }
        assert_eq!((rig.status(job), mismatches(&rig, job)), (Status::Completed, 1), "{:?}", rig.names(job));
        let hold = rig.c.state().jobs[&job].hold.clone().unwrap();
        assert!(hold.missing.contains(&Missing::Meters), "{hold:?}");
        let incident = rig.c.state().jobs[&job].incidents.iter().find(|i| i.code == IncidentCode::MeterMismatch).unwrap().incident;
        rig.send_at("judge", job, &StaffCommand::Triage { job, incident, severity: 2, fault: Fault::None, confirmed: true }).unwrap();
        assert_eq!(rig.run_job(job, 60), Status::Settled);
        assert_eq!(earned(&rig, job), paid);
        rig.check_books();
    }
}
