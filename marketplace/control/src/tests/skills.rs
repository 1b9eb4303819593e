use super::rig::{Rig, key, party, robot, row};
use super::skilled::{LONG, TWO, bundle, certificate, skilled};
use crate::Control;
use crate::fact::{DispatchEvent, Event, Fact};
use crate::genesis::Genesis;
use crate::input::{CertifierCommand, DeveloperCommand, RequesterCommand, StaffCommand};
use crate::skills::CertificateEntry;
use nooterra_engine::Digest;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Cause, Fault};
use nooterra_jobs::pins::LicenceUnit;
use nooterra_jobs::status::Status;
use nooterra_ledger::Account;
use nooterra_skills::evidence::Evidence;
use nooterra_skills::seal::{BundleSeal, SignedCertificate};
use nooterra_skills::{Level, Tier};
use std::sync::Arc;

const BOTH: &[(&str, Tier)] = &[("tinyRobot", Tier::Field), ("big", Tier::Lab)];

fn open(g: Genesis) -> Rig {
    let mut rig = Rig::of(g, TWO);
    rig.run(10);
    rig
}

fn revoke(minor: u16, level: Level) -> DeveloperCommand {
    DeveloperCommand::Revoke { bundle: bundle(minor).1.hash(), level, reason: "a fault".into(), predecessor: None }
}

fn recall(minor: u16, model: Option<&str>, level: Level) -> CertifierCommand {
    CertifierCommand::Recall { bundle: bundle(minor).1.hash(), model: model.map(str::to_owned), level, reason: "a fault".into() }
}

fn earned(rig: &Rig, job: JobId) -> u64 {
    rig.c.money(job).unwrap().parts.iter().filter(|p| p.1 == Some(party("dev"))).map(|p| p.2).sum()
}

fn robots(rig: &Rig, job: JobId) -> Vec<nooterra_engine::ids::RobotId> {
    rig.c.job_view(job).unwrap().robots
}

#[test]
fn work_runs_on_a_licensed_skill_and_pays_its_developer() {
    let mut rig = open(skilled(1, BOTH));
    rig.restart_every = Some(7);
    let job = rig.ask(rig.patrol(&[1, 3, 5]));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let names = rig.names(job);
    for n in ["SKILL_LICENSED", "SKILL_STARTED", "SKILL_METERED", "SKILL_STOPPED"] {
        assert!(names.contains(&n), "{n}: {names:?}");
    }
    assert_eq!(names.iter().filter(|n| **n == "SKILL_METERED").count(), 3);
    let at = |n: &str| names.iter().position(|x| *x == n).unwrap();
    assert!(at("JOB_BOOKED") < at("SKILL_LICENSED") && at("EXECUTION_STARTED") < at("SKILL_STARTED"));
    assert_eq!(earned(&rig, job), 30, "three checkpoints at ten");
    rig.run(300);
    assert_eq!(rig.c.balance(Account::DeveloperPayable { party: party("dev") }, Currency::EUR), 0, "paid out");
    rig.check_books();
}

/// Of two robots the nearer one's model is not certified far enough: it is never sent.
#[test]
fn a_robot_without_a_certificate_is_never_matched() {
    for big in [None, Some(Tier::Sim)] {
        let models: Vec<(&str, Tier)> = [("tinyRobot", Tier::Lab)].into_iter().chain(big.map(|t| ("big", t))).collect();
        let mut g = skilled(0, &models);
        g.robots[1].owner = party("acme");
        let mut rig = open(g);
        let jobs: Vec<JobId> = (0..3).map(|_| rig.ask(rig.patrol(&[6, 7]))).collect();
        for job in &jobs {
            assert_eq!(rig.run_job(*job, 1_800), Status::Settled);
            assert!(robots(&rig, *job).iter().all(|r| *r == robot("a1")), "{:?}", robots(&rig, *job));
        }
        let failed = |f: &Fact| match f.event().map(|e| &e.payload) {
            Some(Event::Dispatch(DispatchEvent::DispatchEvaluated { jobs, .. })) => {
                jobs.iter().flat_map(|j| j.failed_first.clone()).filter(|(_, code)| code == "CERT").map(|(r, _)| r).collect()
            }
            _ => Vec::new(),
        };
        let barred: Vec<_> = rig.facts.iter().flat_map(failed).collect();
        assert!(!barred.is_empty() && barred.iter().all(|r| *r == robot("b1")), "{barred:?}");
        rig.check_books();
    }
}

#[test]
fn a_skill_that_no_robot_may_run_gets_no_quotes() {
    let mut rig = open(skilled(0, &[("tinyRobot", Tier::Sim), ("elsewhere", Tier::Field)]));
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 120), Status::Withdrawn);
    assert!(!rig.names(job).contains(&"QUOTE_SUBMITTED"));
}

/// Revoked where it runs, with an older version in order: the robot leaves, another one does the rest on the older one.
#[test]
fn a_revoked_skill_hands_over_to_the_version_before() {
    let mut rig = open(skilled(1, BOTH));
    let job = rig.ask(rig.patrol(&[1, 3, 5, 6]));
    rig.until_once(job, Status::Executing);
    let first = rig.c.state().jobs[&job].robot().unwrap();
    rig.send("dev", &revoke(1, Level::StopNow)).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert_eq!(rig.c.state().skills.licences(job)[0].bundle, bundle(0).1.hash());
    let exit = rig.c.state().jobs[&job].exit.unwrap();
    assert_eq!((exit.cause, exit.fault), (Some(Cause::SkillRevoked), Fault::Developer));
    assert_eq!(rig.run_job(job, 1_800), Status::Settled);
    let names = rig.names(job);
    for n in ["EXECUTION_STALLED", "SAFE_EXIT_ORDERED", "SKILL_STOPPED", "SKILL_REPINNED", "HANDOVER_OPENED"] {
        assert!(names.contains(&n), "{n}: {names:?}");
    }
    assert!(robots(&rig, job).iter().any(|r| *r != first));
    let v = rig.c.job_view(job).unwrap();
    assert_eq!((v.aborted, v.fault), (None, Fault::None));
    assert_eq!(earned(&rig, job), 40);
    rig.check_books();
}

/// Revoked where it runs, and nothing takes its place: the job ends by the developer's fault, who earns nothing.
#[test]
fn without_another_version_the_developer_bears_it() {
    let mut rig = open(skilled(0, BOTH));
    let (running, waiting) = (rig.ask(rig.delivery(2, 6)), rig.ask(rig.delivery(2, 5)));
    rig.until_once(running, Status::Executing);
    rig.until_once(waiting, Status::Booked);
    let open_job = rig.ask(rig.delivery(1, 4));
    rig.send("dev", &revoke(0, Level::StopNow)).unwrap();
    assert_eq!(rig.status(running), Status::AbortingSafeExit);
    for job in [running, waiting, open_job] {
        assert!(rig.run_job(job, 1_800).is_terminal());
    }
    for job in [running, waiting] {
        let v = rig.c.job_view(job).unwrap();
        assert_eq!((v.aborted, v.fault), (Some(Cause::SkillRevoked), Fault::Developer), "{:?}", rig.names(job));
        assert_eq!(earned(&rig, job), 0);
    }
    assert!(rig.names(running).contains(&"SAFE_EXIT_ORDERED"));
    let m = rig.c.money(running).unwrap();
    assert!(m.refund > 0 && m.charge < m.price, "{m:?}");
    let late = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(late, 120), Status::Withdrawn);
    assert_eq!(rig.send("dev", &revoke(0, Level::StopNow)), Err("ALREADY_DONE".into()));
    rig.check_books();
}

/// Blocked for new starts only: what runs ends as it would, what has not begun gets the older version and goes on.
#[test]
fn what_has_begun_may_end() {
    let mut rig = open(skilled(1, BOTH));
    let (running, waiting) = (rig.ask(rig.patrol(&[1, 3, 5])), rig.ask(rig.patrol(&[6, 7])));
    rig.until_once(running, Status::Executing);
    rig.send("dev", &revoke(1, Level::BlockNew)).unwrap();
    assert_eq!(rig.status(running), Status::Executing);
    for job in [running, waiting] {
        assert_eq!(rig.run_job(job, 1_800), Status::Settled);
        assert_eq!(rig.c.job_view(job).unwrap().fault, Fault::None);
    }
    assert!(!rig.names(running).contains(&"SKILL_REPINNED"));
    assert_eq!((earned(&rig, running), earned(&rig, waiting)), (30, 20));
    let later = rig.ask(rig.patrol(&[2, 4]));
    assert_eq!(rig.run_job(later, 1_800), Status::Settled);
    assert_eq!(rig.c.state().jobs[&later].pins.as_ref().unwrap().licences[0].bundle, bundle(0).1.hash());
    // Hardened afterwards, it changes nothing for what is over.
    rig.send("dev", &revoke(1, Level::StopNow)).unwrap();
    rig.check_books();
}

/// A certifier takes back what it said of one model: robots of the other one take over, nobody is at fault in the end.
#[test]
fn a_certificate_taken_back_concerns_its_model() {
    for level in [Level::BlockNew, Level::StopNow] {
        for at in [Status::Reserved, Status::EnRoute, Status::Executing] {
            let mut rig = open(skilled(0, BOTH));
            let job = rig.ask(rig.patrol(&[6, 2, 4]));
            rig.until_once(job, at);
            let bound = rig.c.state().jobs[&job].robot().unwrap();
            let goes_on = rig.c.state().skills.running(job).is_some() && level == Level::BlockNew;
            let model = if bound == robot("a1") { "tinyRobot" } else { "big" };
            rig.send("cert", &recall(0, Some(model), level)).unwrap();
            assert_eq!(rig.send("cert", &recall(0, Some(model), level)), Err("ALREADY_DONE".into()));
            assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{level:?} {at:?} {:?}", rig.names(job));
            assert_eq!(robots(&rig, job).iter().any(|r| *r != bound), !goes_on, "{level:?} {at:?} {:?}", rig.names(job));
            assert_eq!(rig.c.job_view(job).unwrap().fault, Fault::None);
            assert_eq!(earned(&rig, job), 30);
            rig.check_books();
        }
    }
}

/// Whatever state a job is in when its skill falls, it ends, and the books balance.
#[test]
fn a_skill_may_fall_at_any_moment() {
    let mut ends = std::collections::BTreeMap::<String, u32>::new();
    for newest in [0, 1] {
        for level in [Level::BlockNew, Level::StopNow] {
            for secs in (0..110).step_by(3) {
                let mut rig = open(skilled(newest, BOTH));
                let jobs = [rig.ask(rig.delivery(2, 5)), rig.ask(rig.patrol(&[6, 1, 4]))];
                rig.run(secs);
                if secs % 2 == 0 {
                    rig.send("dev", &revoke(newest, level)).unwrap();
                } else {
                    rig.send("cert", &recall(newest, None, level)).unwrap();
                }
                for job in jobs {
                    assert!(rig.run_job(job, 2_400).is_terminal(), "{secs} {level:?}: {:?}", rig.states(job));
                    let v = rig.c.job_view(job).unwrap();
                    assert!(v.aborted.is_none() || v.fault == Fault::Developer, "{secs} {level:?}: {v:?}");
                    assert!(v.fault != Fault::Developer || earned(&rig, job) == 0);
                    *ends.entry(format!("{:?} {:?}", v.status, v.aborted)).or_default() += 1;
                }
                rig.check_books();
            }
        }
    }
    println!("{ends:?}");
    assert!(ends.len() >= 3, "{ends:?}");
}

/// A certificate ends in the middle of things: what runs may end, nothing new begins.
#[test]
fn certificates_end_by_the_clock() {
    let mut g = skilled(0, &[]);
    let end = Instant::from_secs(200);
    g.skills[0].certificates = vec![certificate(0, "tinyRobot", Tier::Lab, end), certificate(0, "big", Tier::Lab, end)];
    let mut rig = open(g);
    let running = rig.ask(rig.patrol(&[2, 6, 1, 7, 2, 6, 1, 7]));
    // Booked soon, matched long after the certificates have ended.
    let mut late = rig.patrol(&[5, 6]);
    (late.window.start, late.window.end) = (rig.now + Span::from_mins(180), rig.now + Span::from_mins(210));
    late.rfq_closes = Some(rig.now + Span::from_secs(20));
    let late = rig.ask(late);
    rig.until_once(running, Status::Executing);
    rig.until_once(late, Status::Booked);
    assert!(rig.now < end);
    assert_eq!(rig.run_job(running, 1_800), Status::Settled);
    assert_eq!(rig.c.job_view(running).unwrap().fault, Fault::None);
    assert_eq!(rig.run_job(late, 600), Status::Settled);
    assert_eq!(rig.c.job_view(late).unwrap().aborted, Some(Cause::SkillRevoked));
    let expired = rig.facts.iter().filter_map(Fact::event).filter(|e| e.payload.name() == "SKILL_CERT_EXPIRED").count();
    assert_eq!(expired, 2);
}

/// Confirmed incidents by the developer's fault revoke by themselves.
#[test]
fn incidents_count_against_the_skill() {
    let mut rig = open(skilled(1, BOTH));
    rig.knobs.no_triage = true;
    let job = rig.ask(rig.patrol(&[1, 3, 5]));
    rig.until_once(job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().unwrap();
    rig.report(bound, nooterra_port::Report::Noticed { code: "HUMAN_CONTACT".into(), measure: 5_000 });
    rig.until_once(job, Status::Aborted);
    rig.knobs.no_triage = false;
    let i = rig.c.incidents().into_iter().find(|i| i.job == job && i.severity == 5).unwrap();
    let triage = StaffCommand::Triage { job, incident: i.incident, severity: 5, fault: Fault::Developer, confirmed: true };
    rig.send_at("judge", job, &triage).unwrap();
    let revoked = rig.c.state().skills.bundle(bundle(1).1.hash()).unwrap().revoked.clone().unwrap();
    assert_eq!((revoked.level, revoked.reason.as_str()), (Level::StopNow, "INCIDENTS"));
    assert!(rig.run_job(job, 3_600).is_terminal());
    assert_eq!(earned(&rig, job), 0);
    rig.check_books();
}

#[test]
fn developers_and_certifiers_say_only_what_is_theirs() {
    let mut rig = open(skilled(0, BOTH));
    let (_, newer) = bundle(1);
    let publish = |seal| DeveloperCommand::Publish { bundle: newer.to_bytes(), seal };
    assert_eq!(rig.send("dev", &publish(BundleSeal::sign(newer.hash(), &key("cert")))), Err("ROLE_FORBIDDEN".into()));
    assert_eq!(
        rig.send("dev", &DeveloperCommand::Publish { bundle: vec![1, 2, 3], seal: BundleSeal::sign(newer.hash(), &key("dev")) }),
        Err("SCHEMA_INVALID".into())
    );
    rig.send("dev", &publish(BundleSeal::sign(newer.hash(), &key("dev")))).unwrap();
    assert_eq!(rig.send("cert", &revoke(0, Level::BlockNew)), Err("TYPE_UNKNOWN".into()));
    assert_eq!(rig.send("dev", &RequesterCommand::Withdraw { job: JobId::named("x") }), Err("TYPE_UNKNOWN".into()));
    let certify = |c: CertificateEntry| CertifierCommand::Certify { certificate: Box::new(c.certificate), evidence: Box::new(c.evidence) };
    let before = rig.c.state().skills.clone();
    let thin = Evidence::default();
    let mut c = certificate(1, "tinyRobot", Tier::Lab, LONG).certificate.certificate;
    c.evidence = thin.hash();
    let weak = CertificateEntry { certificate: SignedCertificate::sign(c, &key("cert")), evidence: thin };
    assert_eq!(rig.send("cert", &certify(weak)), Err("EVIDENCE_INSUFFICIENT".into()));
    assert_eq!(rig.c.state().skills, before);
    rig.send("cert", &certify(certificate(1, "tinyRobot", Tier::Lab, LONG))).unwrap();
    // It goes to the robots of that model, beside the older version.
    rig.run(3);
    let slots = |rig: &Rig, r: &str| rig.c.state().skills.slots(robot(r), bundle(0).0.skill()).unwrap().kept.len();
    assert_eq!((slots(&rig, "a1"), slots(&rig, "b1")), (2, 1));
}

#[test]
fn a_genesis_that_does_not_hold_is_refused() {
    let refused = |change: &dyn Fn(&mut Genesis)| {
        let mut g = skilled(0, BOTH);
        change(&mut g);
        Control::new(g, Arc::new(row(8))).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&|_| {}), "");
    assert!(refused(&|g| g.skills.clear()).contains("NOT_FOUND") || refused(&|g| g.skills.clear()).contains("contract.licences.bundle"));
    assert!(refused(&|g| g.contracts[0].licences[0].fee = Amount::new(9).unwrap()).contains("contract.licences.terms"));
    assert!(refused(&|g| g.contracts[0].licences[0].unit = LicenceUnit::Job).contains("contract.licences.terms"));
    assert!(refused(&|g| g.skills[0].seal.bundle = Digest([1; 32])).contains("SIGNATURE_INVALID"));
    assert!(refused(&|g| g.skills[0].bundle.truncate(100)).contains("SCHEMA_INVALID"));
    assert!(refused(&|g| g.skills[0].certificates[0].certificate.certificate.tier = Tier::Sim).contains("SIGNATURE_INVALID"));
    assert!(refused(&|g| g.skills[0].certificates[0].evidence.runs.clear()).contains("CONTENT_HASH_MISSING"));
    assert!(refused(&|g| g.keys.retain(|k| k.name != "dev")).contains("KEY_UNKNOWN"));
}
