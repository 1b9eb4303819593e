//! Trust scores of robots and owners through the whole platform.

use super::cases::{rig_with_job, until};
use super::rig::{Rig, party, robot};
use crate::fact::{Event, Fact, PartyEvent};
use crate::input::{CaseCommand, StaffCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::{EventId, JobId};
use nooterra_jobs::event::{Fault, IncidentCode};
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_trust::Role;
use nooterra_trust::reputation::Subject;

/// Every update: whose stream, before, after, its reason.
fn updates(rig: &Rig) -> Vec<(String, u32, u32, EventId)> {
    let of = |r: &crate::Recorded| match &r.payload {
        Event::Robot(RobotEvent::TrustScoreUpdated { from_bps, to_bps, reason, .. })
        | Event::Party(PartyEvent::TrustScoreUpdated { from_bps, to_bps, reason, .. }) => {
            assert_eq!(r.header.role, Role::TR, "the platform alone computes scores");
            Some((r.header.stream.clone(), *from_bps, *to_bps, *reason))
        }
        _ => None,
    };
    rig.facts.iter().filter_map(Fact::event).filter_map(of).collect()
}

fn event(rig: &Rig, name: &str) -> EventId {
    rig.facts.iter().filter_map(Fact::event).rfind(|r| r.payload.name() == name).unwrap().header.event_id
}

fn scores(rig: &Rig) -> (u32, u32) {
    let s = &rig.c.state().scores;
    (s.bps(Subject::Robot(robot("a1"))), s.bps(Subject::Owner(party("acme"))))
}

fn streams() -> (String, String) {
    (format!("robot/{}", robot("a1")), format!("party/{}", party("acme")))
}

fn complain(rig: &mut Rig, job: JobId) {
    let c = CaseCommand::Complain { job, code: IncidentCode::PropertyDamage, statement: Digest([1; 32]), amount: None, currency: None };
    rig.send("rq", &c).unwrap();
}

fn triage(rig: &mut Rig, job: JobId, severity: u8, fault: Fault) {
    let open = |i: &crate::view::IncidentView| i.job == job && !i.triaged;
    let incident = rig.c.incidents().into_iter().find(open).unwrap().incident;
    rig.send_at("judge", job, &StaffCommand::Triage { job, incident, severity, fault, confirmed: true }).unwrap();
}

#[test]
fn work_that_is_proven_raises_robot_and_owner_alike() {
    let (mut rig, job) = rig_with_job();
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let (robot, owner) = streams();
    let reason = event(&rig, "JOB_SETTLED");
    assert_eq!(updates(&rig), [(robot, 7_000, 7_090, reason), (owner, 7_000, 7_090, reason)]);
    assert_eq!(scores(&rig), (7_090, 7_090));
    assert_eq!(rig.c.state().robots.values().next().unwrap().robot.trust_bps, 7_090, "operations know it as well");
    let history = &rig.c.state().scores.score(Subject::Robot(super::rig::robot("a1"))).unwrap().history;
    assert_eq!(history.len(), 1);
}

#[test]
fn nobody_coming_costs_the_owner_who_was_booked() {
    let (mut rig, job) = rig_with_job();
    rig.knobs.ignore_offers.insert(robot("a1"));
    assert_eq!(rig.run_job(job, 3_600), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.names(job).contains(&"NO_SHOW_DECLARED"));
    assert_eq!(scores(&rig).1, 6_300, "a tenth of the way to nothing");
}

#[test]
fn triage_moves_scores_only_by_the_owners_fault_and_from_severity_three() {
    let (mut rig, job) = rig_with_job();
    rig.run_job(job, 900);
    assert_eq!(scores(&rig), (7_090, 7_090));
    for (severity, fault, left) in [
        (5, Fault::Requester, 7_090),
        (5, Fault::None, 7_090),
        (2, Fault::Owner, 7_090),
        (3, Fault::Owner, 5_590),
        (4, Fault::Owner, 3_590),
    ] {
        complain(&mut rig, job);
        triage(&mut rig, job, severity, fault);
        assert_eq!(scores(&rig), (left, left), "{severity} {fault:?}");
    }
    let (robot, owner) = streams();
    let reason = event(&rig, "INCIDENT_TRIAGED");
    let last = updates(&rig);
    assert_eq!(last[last.len() - 2..], [(robot, 5_590, 3_590, reason), (owner, 5_590, 3_590, reason)]);
}

#[test]
fn a_robot_that_nobody_trusts_is_taken_out_of_service() {
    let (mut rig, job) = rig_with_job();
    rig.run_job(job, 900);
    for _ in 0..4 {
        assert_ne!(rig.c.state().robots[&robot("a1")].robot.status, RobotStatus::Quarantined);
        complain(&mut rig, job);
        triage(&mut rig, job, 3, Fault::Owner);
    }
    assert_eq!(scores(&rig).0, 1_090);
    assert_eq!(rig.c.state().robots[&robot("a1")].robot.status, RobotStatus::Quarantined);
    let for_trust = |f: &&Fact| matches!(f.event().map(|r| &r.payload), Some(Event::Robot(RobotEvent::RobotQuarantined { cause, .. })) if cause == "TRUST");
    assert_eq!(rig.facts.iter().filter(for_trust).count(), 1);
    until(&mut rig, job, Status::Settled);
}
