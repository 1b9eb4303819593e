//! What events carry beside what moves a state: whoever reads the log alone knows who, where, on what and how heavy.

use super::rig::{Rig, genesis, key};
use super::skilled::{TWO, skilled};
use crate::fact::{Event as Payload, Fact};
use crate::input::{OwnerCommand, RequesterCommand};
use crate::{Policy, StaffCommand};
use nooterra_engine::ids::JobId;
use nooterra_jobs::event::{By, CloseReason, Custody, Event};
use nooterra_jobs::status::Status;
use nooterra_operations::Event as RobotEvent;
use nooterra_operations::event::Mode;
use nooterra_skills::Tier;
use nooterra_trust::Role;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn robot_events(rig: &Rig) -> Vec<RobotEvent> {
    let of = |f: &Fact| if let Some(Payload::Robot(e)) = f.event().map(|r| &r.payload) { Some(e.clone()) } else { None };
    rig.facts.iter().filter_map(of).collect()
}

fn skilled_job() -> (Rig, JobId) {
    let mut rig = Rig::of(skilled(0, &[("tinyRobot", Tier::Field)]), TWO);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    (rig, job)
}

#[test]
fn quotes_name_the_skills_that_they_count_on_and_work_those_that_it_runs_on() {
    let (rig, job) = skilled_job();
    let pins = rig.c.state().jobs[&job].pins.clone().unwrap();
    let pinned: Vec<_> = pins.licences.iter().map(|l| (l.skill, l.bundle, l.cap)).collect();
    assert!(!pinned.is_empty());
    let (mut quotes, mut starts) = (0, 0);
    for e in rig.job_events(job) {
        match e {
            Event::JobCreated(r) => {
                assert_eq!((r.max_rounds, r.need.min_cert), (6, pins.tier_values.min_cert));
            }
            Event::QuoteSubmitted(q) => {
                quotes += 1;
                assert_eq!(q.skills.iter().map(|s| (s.skill, s.bundle, s.cap)).collect::<Vec<_>>(), pinned);
            }
            Event::ExecutionStarted { skills, .. } => {
                starts += 1;
                assert_eq!(skills, pinned.iter().map(|p| p.1).collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    assert!(quotes > 0 && starts == 1, "{quotes} {starts}");
}

#[test]
fn steps_places_and_loads_are_named() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let zone = rig.site.zones().into_iter().next();
    assert!(zone.is_some());
    let (mut steps, mut masses, mut closed, mut out) = (vec![], vec![], vec![], vec![]);
    for e in rig.job_events(job) {
        match e {
            Event::CheckpointReached { step, zone: at, .. } => {
                assert_eq!(at, zone);
                steps.push(step);
            }
            Event::CustodyChanged { to, mass_g, .. } => masses.push((to, mass_g)),
            Event::AccessClosed { reason, .. } => closed.push(reason),
            Event::Entered { zone: at, .. } | Event::Exited { zone: at, .. } => assert_eq!(at, zone),
            Event::WitnessReported { zone: at, .. } => assert_eq!(at, zone),
            Event::SafeExitConfirmed { pose, .. } => out.push(pose.is_some()),
            _ => {}
        }
    }
    assert_eq!(steps, ["PICK", "DROP"]);
    let asked = rig.c.state().jobs[&job].request.need.payload_g;
    assert!(asked > 0 && masses.len() == 2 && masses.iter().all(|m| m.1 > 0), "{masses:?}");
    assert_eq!(masses.iter().map(|m| m.0).collect::<Vec<_>>(), [Custody::Held, Custody::Delivered]);
    assert_eq!((closed, out), (vec![CloseReason::Done], vec![true]));
}

#[test]
fn robots_are_enrolled_by_key_and_driver_and_say_what_they_are_doing() {
    let (rig, _) = skilled_job();
    let mut seen = std::collections::BTreeSet::new();
    let mut enrolled = 0;
    for e in robot_events(&rig) {
        match e {
            RobotEvent::RobotEnrolled { driver_version, device_key, attestation_hash, .. } => {
                enrolled += 1;
                let of = rig.c.state().genesis.register.devices.iter().find(|a| a.hash() == attestation_hash).unwrap();
                assert_eq!(Some(of.device.id()), device_key, "of its own device");
                assert!(driver_version == 1 && [key("a1").id(), key("b1").id()].contains(&device_key.unwrap()));
            }
            RobotEvent::HeartbeatRecorded(b) => {
                seen.insert(b.mode);
            }
            _ => {}
        }
    }
    assert_eq!(enrolled, 2);
    assert!(!seen.is_empty() && seen.contains(&Mode::Idle), "{seen:?}");
}

#[test]
fn who_cancels_is_named() {
    for (who, by, role) in [("rq", By::Requester, Role::RQ), ("acme", By::Owner, Role::OW), ("staff", By::Staff, Role::OS)] {
        let mut rig = Rig::of(genesis(Policy::scenario(), ONE), ONE);
        rig.run(10);
        let job = rig.ask(rig.delivery(2, 5));
        for _ in 0..400 {
            if rig.c.state().jobs[&job].pins.is_some() {
                break;
            }
            rig.tick();
        }
        match who {
            "rq" => rig.send(who, &RequesterCommand::Cancel { job, safety: false }),
            "acme" => rig.send(who, &OwnerCommand::Cancel { job }),
            _ => rig.send(who, &StaffCommand::Cancel { job }),
        }
        .unwrap();
        let said = rig.facts.iter().find_map(|f| match f.event().map(|r| (&r.header, &r.payload)) {
            Some((h, Payload::Job(Event::JobCancelled { by, .. }))) => Some((*by, h.role)),
            _ => None,
        });
        assert_eq!(said, Some((by, role)));
        let aborted =
            rig.job_events(job).into_iter().find_map(|e| if let Event::AccessClosed { reason, .. } = e { Some(reason) } else { None });
        assert!(aborted.is_none_or(|r| r == CloseReason::Aborted));
    }
}

#[test]
fn incidents_say_where_and_on_whose_readings() {
    let (mut rig, job) = super::cases::rig_with_job();
    super::cases::until(&mut rig, job, Status::Executing);
    super::cases::bump(&mut rig, 2_500);
    rig.run(5);
    let complain = crate::input::CaseCommand::Complain {
        job,
        code: nooterra_jobs::event::IncidentCode::QualityComplaint,
        statement: nooterra_engine::Digest([1; 32]),
        amount: None,
        currency: None,
    };
    rig.send("rq", &complain).unwrap();
    let opened: Vec<_> = rig
        .job_events(job)
        .into_iter()
        .filter_map(|e| if let Event::IncidentOpened { detector, zone, .. } = e { Some((detector, zone.is_some())) } else { None })
        .collect();
    assert!(opened.contains(&(Some(nooterra_jobs::event::Detector::Robot), true)), "{opened:?}");
    assert!(opened.iter().any(|o| o.0.is_none()), "{opened:?}");
    assert_eq!(rig.c.state().cases[&job].incidents.incidents.values().filter(|i| i.report.zone.is_some()).count(), opened.len());
}
