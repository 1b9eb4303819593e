//! A bundle that was quoted is the one that is booked, with the certificates in force then.
use super::rig::{Rig, key, robot};
use super::skilled::{LONG, TWO, bundle, certificate, skilled};
use crate::fact::{Event, Fact};
use crate::input::{CertifierCommand, DeveloperCommand};
use crate::skills::CertificateEntry;
use nooterra_engine::ids::{CertificateId, JobId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::pins::LicencePin;
use nooterra_jobs::status::Status;
use nooterra_skills::seal::BundleSeal;
use nooterra_skills::{Event as SkillEvent, Level, Tier};

const BOTH: &[(&str, Tier)] = &[("tinyRobot", Tier::Field), ("big", Tier::Lab)];

fn open(newest: u16, models: &[(&str, Tier)]) -> Rig {
    let mut rig = Rig::of(skilled(newest, models), TWO);
    rig.run(10);
    rig
}

/// A request that is quoted at once, booked in twenty seconds, and matched an hour later.
fn later(rig: &mut Rig) -> JobId {
    let mut job = rig.patrol(&[5, 6]);
    (job.window.start, job.window.end) = (rig.now + Span::from_mins(180), rig.now + Span::from_mins(240));
    job.rfq_closes = Some(rig.now + Span::from_secs(20));
    let job = rig.ask(job);
    rig.until_once(job, Status::Quoted);
    job
}

fn revoke(rig: &mut Rig, minor: u16) {
    let bundle = bundle(minor).1.hash();
    rig.send("dev", &DeveloperCommand::Revoke { bundle, level: Level::BlockNew, reason: "a fault".into(), predecessor: None }).unwrap();
}

fn recall(rig: &mut Rig, minor: u16, model: &str) {
    let (bundle, model) = (bundle(minor).1.hash(), Some(model.to_owned()));
    rig.send("cert", &CertifierCommand::Recall { bundle, model, level: Level::BlockNew, reason: "a fault".into() }).unwrap();
}

fn certify(rig: &mut Rig, c: CertificateEntry) {
    let c = CertifierCommand::Certify { certificate: Box::new(c.certificate), evidence: Box::new(c.evidence) };
    rig.send("cert", &c).unwrap();
}

/// A new version that every robot may run.
fn publish(rig: &mut Rig, minor: u16) {
    let b = bundle(minor).1;
    rig.send("dev", &DeveloperCommand::Publish { bundle: b.to_bytes(), seal: BundleSeal::sign(b.hash(), &key("dev")) }).unwrap();
    for (model, tier) in BOTH {
        certify(rig, certificate(minor, model, *tier, LONG));
    }
}

fn pin(rig: &Rig, job: JobId) -> LicencePin {
    rig.c.state().jobs[&job].pins.as_ref().unwrap().licences[0].clone()
}

fn id(minor: u16, model: &str, tier: Tier, until: Instant) -> CertificateId {
    certificate(minor, model, tier, until).certificate.certificate.id()
}

/// A better version comes between quote and booking: the booking pins what was quoted, the next request the better one.
#[test]
fn a_newer_version_does_not_change_what_was_quoted() {
    let mut rig = open(1, BOTH);
    revoke(&mut rig, 1);
    let job = later(&mut rig);
    publish(&mut rig, 2);
    rig.until_once(job, Status::Booked);
    assert_eq!(pin(&rig, job).bundle, bundle(0).1.hash());
    assert!(!rig.names(job).contains(&"SKILL_REPINNED"));
    let next = later(&mut rig);
    rig.until_once(next, Status::Booked);
    assert_eq!(pin(&rig, next).bundle, bundle(2).1.hash(), "who asks now gets the newest");
}

/// What was quoted falls before the booking: what takes its place is pinned, and the job's own stream says so.
#[test]
fn what_falls_before_the_booking_is_replaced_on_record() {
    let mut rig = open(1, BOTH);
    let job = later(&mut rig);
    revoke(&mut rig, 1);
    rig.until_once(job, Status::Booked);
    let (old, new) = (bundle(1).1.hash(), bundle(0).1.hash());
    assert_eq!(pin(&rig, job).bundle, new);
    let told: Vec<_> = rig
        .facts
        .iter()
        .filter_map(Fact::event)
        .filter_map(|e| match &e.payload {
            Event::Skill(SkillEvent::SkillRepinned { job: j, old, new, .. }) if *j == job => Some((*old, *new)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(old, new)]);
    assert_eq!(rig.c.state().skills.licences(job)[0].bundle, new);
}

/// Nothing takes its place: what was only asked for ends, whatever else could be booked now.
#[test]
fn what_falls_without_a_successor_ends_the_request() {
    let mut rig = open(0, BOTH);
    let job = later(&mut rig);
    revoke(&mut rig, 0);
    assert_eq!(rig.status(job), Status::Withdrawn);
}

/// A booking names of each model the certificate that goes furthest; who is sent needs one as far as the job asks for, whenever
/// it came (`CERT`).
#[test]
fn a_booking_names_its_certificates() {
    let mut rig = open(0, &[("tinyRobot", Tier::Field)]);
    certify(&mut rig, certificate(0, "tinyRobot", Tier::Lab, LONG));
    let job = later(&mut rig);
    rig.until_once(job, Status::Booked);
    assert_eq!(pin(&rig, job).certificates, [id(0, "tinyRobot", Tier::Field, LONG)]);
    certify(&mut rig, certificate(0, "big", Tier::Field, LONG));
    let next = later(&mut rig);
    rig.until_once(next, Status::Booked);
    let mut both = [id(0, "tinyRobot", Tier::Field, LONG), id(0, "big", Tier::Field, LONG)];
    both.sort_unstable();
    assert_eq!(pin(&rig, next).certificates, both);
    // The robot of the model that was certified later is the only one left, and does the first as well.
    rig.robots.remove(&robot("a1"));
    rig.run(3_700);
    assert_ne!(rig.status(job), Status::Booked, "{:?}", rig.names(job));
}

/// A certificate taken back after the booking is replaced by any that goes as far as the job asks for.
#[test]
fn a_certificate_may_be_replaced_by_a_lower_one() {
    let mut rig = open(0, &[("tinyRobot", Tier::Field), ("elsewhere", Tier::Field)]);
    let job = later(&mut rig);
    rig.until_once(job, Status::Booked);
    recall(&mut rig, 0, "tinyRobot");
    certify(&mut rig, certificate(0, "tinyRobot", Tier::Lab, LONG));
    rig.run(3_700);
    assert_eq!(rig.c.state().jobs[&job].robot(), Some(robot("a1")), "{:?}", rig.names(job));
}
