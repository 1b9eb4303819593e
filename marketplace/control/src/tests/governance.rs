//! Keys that come and go while everything runs, and what auditors say.

use super::rig::{Rig, bind, key, party, robot};
use crate::fact::{Event, GovernanceEvent, KeyReason};
use crate::input::{Body as _, GovernanceCommand, RequesterCommand, StaffCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::KeyId;
use nooterra_engine::time::Span;
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_trust::role::rotation_bytes;
use nooterra_trust::{Binding, Role, Sender};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
const HOUR: Span = Span::from_mins(60);

fn bound(b: Binding) -> GovernanceCommand {
    GovernanceCommand::BindKey(Box::new(b))
}

fn revoke(name: &str) -> GovernanceCommand {
    GovernanceCommand::RevokeKey { key: key(name).id(), reason: KeyReason::Compromised }
}

fn rotate(rig: &Rig, actor: [u8; 16], old: KeyId, new: &str, overlap: Span) -> GovernanceCommand {
    let public = key(new).public();
    let proof = key(new).sign(&rotation_bytes(rig.c.state().genesis.tenant, &actor, old, &public));
    GovernanceCommand::RotateKey { public, proof, overlap }
}

/// A sender joins with a key of its own.
fn joins(rig: &mut Rig, name: &str, actor: [u8; 16]) {
    let tenant = rig.c.state().genesis.tenant;
    rig.senders.insert(name.into(), Sender::person(tenant, actor, key(name)));
}

fn governed(rig: &Rig) -> Vec<&'static str> {
    let of = |f: &crate::fact::Fact| match f.event().map(|r| &r.payload) {
        Some(Event::Governance(e)) => Some(e.name()),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

#[test]
fn two_people_bind_a_key_and_it_is_heard_from_then_on() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let auditor = *party("landlord").as_bytes();
    joins(&mut rig, "auditor", auditor);
    let word = bound(bind("auditor", Role::AU, auditor));
    let audit = |job| GovernanceCommand::RecordAudit { job, agrees: true, finding: Digest([3; 32]) };
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.send("auditor", &audit(job)).unwrap_err(), "KEY_UNKNOWN");
    assert_eq!(rig.send("acme", &word).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send("judge", &word).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("staff", &word).unwrap();
    assert!(governed(&rig).is_empty(), "one key is not enough");
    assert_eq!(rig.send("staff", &word).unwrap_err(), "SECOND_KEY_REQUIRED");
    rig.send("staff2", &word).unwrap();
    assert_eq!(governed(&rig), ["KEY_BOUND"]);
    assert_eq!(rig.send("staff", &word).unwrap_err(), "ALREADY_DONE");

    // Who was refused before the key was bound goes on from the beginning of its chain.
    joins(&mut rig, "auditor", auditor);
    assert_eq!(rig.send("auditor", &audit(job)).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.send("auditor", &audit(job)).unwrap();
    assert_eq!(rig.send("auditor", &audit(job)).unwrap_err(), "ALREADY_DONE");
    assert_eq!(rig.send("staff", &audit(job)).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(governed(&rig), ["KEY_BOUND", "AUDIT_RECORDED"]);
    rig.check_books();
}

#[test]
fn a_key_is_bound_to_somebody_known_and_a_robot_has_one() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let rq = *party("rq").as_bytes();
    let say = |rig: &mut Rig, b: Binding| rig.send("staff", &bound(b));
    let of = |role, subject| bind("new", role, subject);
    let b = of(Role::RQ, [9; 16]);
    assert_eq!(say(&mut rig, b).unwrap_err(), "NOT_FOUND");
    let b = of(Role::CK, rq);
    assert_eq!(say(&mut rig, b).unwrap_err(), "ROLE_FORBIDDEN");
    let b = Binding { to: rig.now, ..of(Role::RQ, rq) };
    assert_eq!(say(&mut rig, b).unwrap_err(), "WINDOW_INVALID");
    let b = Binding { name: "x".repeat(200), ..of(Role::RQ, rq) };
    assert_eq!(say(&mut rig, b).unwrap_err(), "SCHEMA_INVALID");
    let b = Binding { tenant: nooterra_engine::ids::TenantId::named("other"), ..of(Role::RQ, rq) };
    assert_eq!(say(&mut rig, b).unwrap_err(), "NOT_FOUND");
    let b = of(Role::RB, *robot("a1").as_bytes());
    assert_eq!(say(&mut rig, b).unwrap_err(), "ALREADY_DONE");
    // No key holds two roles, nor stands for two holders.
    let b = bind("acme", Role::RQ, rq);
    assert_eq!(say(&mut rig, b).unwrap_err(), "ALREADY_DONE");
    assert!(governed(&rig).is_empty());
}

#[test]
fn a_holder_rotates_its_key_and_its_chain_goes_on() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let job = rig.ask(rig.delivery(2, 5));
    let (actor, old) = (*party("rq").as_bytes(), key("rq").id());
    let word = rotate(&rig, actor, old, "rq-new", HOUR);
    // Neither with another's proof, nor over a day, nor with a key that somebody has.
    let GovernanceCommand::RotateKey { proof, .. } = word else { unreachable!() };
    let borrowed = GovernanceCommand::RotateKey { public: key("acme").public(), proof, overlap: HOUR };
    assert_eq!(rig.send("rq", &borrowed).unwrap_err(), "SIGNATURE_INVALID");
    assert_eq!(rig.send("rq2", &word).unwrap_err(), "SIGNATURE_INVALID");
    let long = rotate(&rig, actor, old, "rq-new", HOUR.times(25));
    assert_eq!(rig.send("rq", &long).unwrap_err(), "WINDOW_INVALID");
    let taken = rotate(&rig, actor, old, "rq2", HOUR);
    assert_eq!(rig.send("rq", &taken).unwrap_err(), "ALREADY_DONE");
    rig.send("rq", &word).unwrap();
    assert_eq!(governed(&rig), ["KEY_ROTATED"]);

    // Both are heard for an hour; the new one alone after that.
    let withdraw = RequesterCommand::Withdraw { job };
    assert_ne!(rig.send("rq", &withdraw), Err("KEY_INACTIVE".to_owned()));
    rig.senders.get_mut("rq").unwrap().rotate(key("rq-new"));
    assert_ne!(rig.send("rq", &withdraw), Err("KEY_UNKNOWN".to_owned()));
    let third = rotate(&rig, actor, key("rq-new").id(), "rq-third", HOUR);
    assert_eq!(rig.send("rq", &third).unwrap_err(), "STATE_FORBIDS", "two keys at a time");
    rig.run(3_601);
    rig.send("rq", &third).unwrap();
    rig.senders.get_mut("rq").unwrap().rotate(key("rq"));
    assert_eq!(rig.send("rq", &withdraw).unwrap_err(), "KEY_INACTIVE");
}

#[test]
fn a_robot_rotates_its_key_on_its_own_stream() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let (id, actor) = (robot("a1"), *robot("a1").as_bytes());
    let word = rotate(&rig, actor, key("a1").id(), "a1-new", HOUR);
    let p = rig.robots.get_mut(&id).unwrap();
    let e = p.sender.seal(word.draft("gov"), rig.now, 0);
    p.heard = p.sender.clone();
    rig.put(e).unwrap();
    let streams: Vec<String> = rig
        .facts
        .iter()
        .filter_map(|f| f.event())
        .filter(|r| r.payload.name() == "ROBOT_KEY_ROTATED")
        .map(|r| r.header.stream.clone())
        .collect();
    assert_eq!(streams, [format!("robot/{id}")]);
    rig.robots.get_mut(&id).unwrap().sender.rotate(key("a1-new"));
    rig.run(5_000);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.refused);
    rig.check_books();
}

#[test]
fn a_robot_whose_key_is_revoked_is_barred_and_another_goes_on() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.until(job, Status::Executing);
    let id = rig.c.state().jobs[&job].robot().unwrap();
    let name = if id == robot("a1") { "a1" } else { "a2" };
    rig.send("staff", &revoke(name)).unwrap();
    assert_eq!(rig.c.state().jobs[&job].status, Status::Executing, "one key is not enough");
    assert_eq!(rig.send("judge", &revoke(name)).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("staff2", &revoke(name)).unwrap();
    assert_eq!(rig.c.state().robots[&id].robot.status, RobotStatus::Quarantined);
    assert_eq!(rig.c.state().jobs[&job].status, Status::AbortingSafeExit);
    assert_eq!(rig.send("staff", &revoke(name)).unwrap_err(), "ALREADY_DONE");
    rig.refused.clear();
    rig.run(20);
    assert!(rig.refused.iter().any(|(who, code)| code.starts_with("KEY_INACTIVE") && who == "Report"), "{:?}", rig.refused);
    let word = GovernanceCommand::RevokeKey { key: KeyId::from_bytes([1; 16]), reason: KeyReason::Lost };
    assert_eq!(rig.send("staff", &word).unwrap_err(), "NOT_FOUND");
    // Cleared or not: nothing that it says is heard.
    rig.send("staff", &StaffCommand::ClearQuarantine { robot: id }).unwrap();
    let events = rig.facts.len();
    rig.run(5);
    let heard =
        rig.facts[events..].iter().filter_map(|f| f.event()).any(|r| r.header.stream == format!("robot/{id}") && r.header.role == Role::RB);
    assert!(!heard);
}

#[test]
fn staff_cannot_revoke_the_keys_that_they_need_to_bind_others() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    assert_eq!(rig.send("staff", &revoke("staff2")).unwrap_err(), "STATE_FORBIDS");
    let third = *party("landlord").as_bytes();
    let word = bound(bind("staff3", Role::OS, third));
    rig.send("staff", &word).unwrap();
    rig.send("staff2", &word).unwrap();
    joins(&mut rig, "staff3", third);
    rig.send("staff", &revoke("staff2")).unwrap();
    rig.send("staff3", &revoke("staff2")).unwrap();
    assert_eq!(rig.send("staff2", &revoke("staff")).unwrap_err(), "KEY_INACTIVE");
    assert_eq!(governed(&rig), ["KEY_BOUND", "KEY_REVOKED"]);
}

#[test]
fn keys_survive_a_restart() {
    let mut rig = Rig::new(TWO);
    rig.restart_every = Some(1);
    rig.run(5);
    let actor = *party("rq").as_bytes();
    let word = rotate(&rig, actor, key("rq").id(), "rq-new", Span::ZERO);
    rig.send("rq", &word).unwrap();
    let chain = rig.senders["rq"].clone();
    assert_eq!(
        rig.send("rq", &RequesterCommand::Withdraw { job: nooterra_engine::ids::JobId::named("none") }).unwrap_err(),
        "KEY_INACTIVE"
    );
    rig.senders.insert("rq".into(), chain);
    rig.senders.get_mut("rq").unwrap().rotate(key("rq-new"));
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(matches!(rig.facts.iter().filter_map(|f| f.event()).find(|r| r.header.stream == "gov").map(|r| &r.payload),
        Some(Event::Governance(GovernanceEvent::KeyRotated(r))) if r.overlap == Span::ZERO));
}
