//! Cameras through the whole platform: which gates may be open, what comes of images that were not to be kept, and images as
//! evidence. And doors: who comes in without the right to.

use super::blackbox::{anchors, found, says};
use super::boxes::{Boxed, anchor, window};
use super::cases::until;
use super::floor::{row, with_private};
use super::rig::{Rig, genesis, robot};
use crate::fact::{Event, Fact};
use crate::input::RequesterCommand;
use crate::{NewJob, Policy};
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::{Digest, encode};
use nooterra_jobs::event::{Event as JobEvent, IncidentCode, RevokeReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Privacy;
use nooterra_port::blackbox::{Chunk, Window};
use nooterra_port::camera::{CameraKind, GateWord, Image, Kept, Seen, Sort};
use nooterra_port::report::{Heartbeat, MarkerOff};
use nooterra_port::{FacilityReport, Order, Report, Wanted};
use nooterra_trust::evidence::{Channel, Item, content_of};

const SEC: u64 = 1_000_000_000;
const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn a1() -> RobotId {
    robot("a1")
}

/// A job of this mode at work.
fn at_work(privacy: Privacy) -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.knobs.no_triage = true;
    rig.knobs.no_box.insert(a1());
    rig.run(10);
    let job = rig.ask(NewJob { privacy, ..rig.delivery(2, 5) });
    until(&mut rig, job, Status::Executing);
    (rig, job)
}

fn beats(rig: &mut Rig, gate: GateWord) {
    let h = rig.heartbeat(a1());
    rig.report(a1(), Report::Heartbeat(Heartbeat { gate: Some(gate), ..h }));
    rig.run(1);
}

fn kept(rig: &Rig, job: Option<JobId>, kept: u32) -> GateWord {
    GateWord { open: true, kept, while_shut: 0, last: Some(Kept { job, at_ns: rig.now.0 }) }
}

/// What the robot has been asked for of windows.
fn asked(rig: &Rig) -> Vec<(IncidentId, u64, u64, bool)> {
    let of = |o: &Order| match o {
        Order::WantBlackbox { incident, from_ns, to_ns, images } => Some((*incident, *from_ns, *to_ns, *images)),
        _ => None,
    };
    rig.robots[&a1()].seen.iter().filter_map(of).collect()
}

#[test]
fn images_may_be_kept_where_the_job_is_open_and_nowhere_else() {
    for (privacy, breaches) in [(Privacy::Open, 0), (Privacy::Limited, 1), (Privacy::Minimal, 1)] {
        let (mut rig, job) = at_work(privacy);
        let word = kept(&rig, Some(job), 7);
        beats(&mut rig, word);
        assert_eq!(found(&rig, IncidentCode::PrivacyBreach), vec![4u8; breaches], "{privacy:?}");
        beats(&mut rig, word);
        assert_eq!(found(&rig, IncidentCode::PrivacyBreach).len(), breaches, "nothing new was kept");
    }
    let (mut rig, _) = at_work(Privacy::Open);
    for (job, why) in [(None, "outside of a job"), (Some(JobId::named("other")), "on a job that is not its own")] {
        let before = found(&rig, IncidentCode::PrivacyBreach).len();
        let word = GateWord { kept: 9 + u32::try_from(before).unwrap(), ..kept(&rig, job, 0) };
        beats(&mut rig, word);
        // The breach is an incident of its own, and images of its window may be kept.
        rig.run(45);
        assert_eq!(found(&rig, IncidentCode::PrivacyBreach).len(), before + 1, "{why}");
    }
}

#[test]
fn a_gate_that_leaks_is_a_breach_whatever_the_job_allows_and_the_robot_is_barred() {
    let (mut rig, job) = at_work(Privacy::Open);
    let word = GateWord { open: false, while_shut: 1, ..kept(&rig, Some(job), 3) };
    beats(&mut rig, word);
    assert_eq!(found(&rig, IncidentCode::PrivacyBreach), [4]);
    rig.run(5);
    assert!(rig.c.state().robots[&a1()].robot.quarantined && !rig.c.state().robots[&a1()].robot.stops.is_empty());
}

#[test]
fn an_approval_allows_it() {
    let mut rig = Rig::new(ONE);
    rig.knobs.no_triage = true;
    rig.run(10);
    rig.knobs.wants.insert(a1(), (1, Wanted::RecordVideo { vertex: 3 }, false));
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    for _ in 0..1_200 {
        if rig.c.state().jobs[&job].approvals.is_empty() {
            rig.tick();
        }
    }
    let ask = rig.c.state().jobs[&job].approvals[0].ask.clone();
    let (approval, action_hash) = (ask.approval, ask.action_hash);
    rig.send_at("rq", job, &RequesterCommand::AnswerApproval { job, approval, action_hash, agree: true }).unwrap();
    rig.run(1);
    let told = |o: &Order| matches!(o, Order::Approval(a) if a.granted && a.record_at == Some(3));
    assert!(rig.robots[&a1()].seen.iter().any(told), "the robot hears where");
    let word = kept(&rig, Some(job), 4);
    beats(&mut rig, word);
    assert!(found(&rig, IncidentCode::PrivacyBreach).is_empty());
}

/// A window of chunks with an image in each of the first ten.
fn pictured(incident: IncidentId, from: u64, to: u64) -> (Vec<Chunk>, Window) {
    let (mut all, mut images) = (Boxed::default().record(from, to), Vec::new());
    let mut prev = Digest::ZERO;
    for c in &mut all {
        c.prev = prev;
        if c.number < 10 {
            let seen = vec![Seen { range_mm: 900, bearing_mrad: 3, what: Sort::Person }];
            images.push(Image { at_ns: c.to_ns, seen });
            let hash = images.last().map(Image::hash).unwrap();
            (c.images, c.gate_open, c.images_hash) = (1, true, Some(content_of(&[hash])));
        }
        prev = c.hash();
    }
    let w = Window { images, ..window(incident, &all) };
    (all, w)
}

fn images(rig: &Rig, job: JobId) -> Vec<Item> {
    let of = |i: &&Item| i.capture.channel == Channel::Images;
    rig.c.state().cases[&job].evidence.items.values().filter(of).cloned().collect()
}

/// A bump of severity 2 on a job of this mode; the window that is asked for.
fn bumped(privacy: Privacy) -> (Rig, JobId, IncidentId, u64, u64, bool) {
    let (mut rig, job) = at_work(privacy);
    rig.report(a1(), Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(2);
    let (incident, from, to, images) = *asked(&rig).last().expect("a window is asked for");
    (rig, job, incident, from, to, images)
}

#[test]
fn images_of_a_window_are_evidence_where_the_mode_lets_them_be() {
    for (privacy, allowed) in [(Privacy::Open, true), (Privacy::Limited, true), (Privacy::Minimal, false)] {
        let (mut rig, job, incident, from, to, wanted) = bumped(privacy);
        assert_eq!(wanted, allowed, "{privacy:?}");
        let (all, w) = pictured(incident, from, to);
        assert_eq!(anchors(&mut rig, anchor(&all)), None);
        rig.run(45);
        let code = says(&mut rig, Report::Blackbox(Box::new(w.clone())));
        assert_eq!(code.as_deref(), (!allowed).then_some("APPROVAL_MISSING"), "{privacy:?}");
        let found = images(&rig, job);
        assert_eq!(found.len(), usize::from(allowed));
        if let Some(item) = found.first() {
            let bytes: Vec<Vec<u8>> = w.images.iter().map(encode).collect();
            assert!(rig.c.state().cases[&job].evidence.is_made_of(item.capture.evidence, &bytes));
            assert_eq!((item.capture.from.ns, item.capture.to.ns), (w.images[0].at_ns, w.images[9].at_ns));
        }
        let _ = rig.run_job(job, 900);
        rig.check_books();
    }
}

#[test]
fn images_that_the_chunks_do_not_name_are_no_evidence_and_nothing_else_of_the_window_is() {
    let (mut rig, job, incident, from, to, _) = bumped(Privacy::Open);
    let (all, whole) = pictured(incident, from, to);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    rig.run(45);
    type Change<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Window));
    let bad: [Change<'_>; 5] = [
        ("EVIDENCE_INSUFFICIENT", "another image", &|w| w.images[3].seen[0].what = Sort::Robot),
        ("EVIDENCE_INSUFFICIENT", "an image more", &|w| w.images.push(Image { at_ns: w.images[9].at_ns + SEC, seen: vec![] })),
        ("EVIDENCE_INSUFFICIENT", "out of its time", &|w| w.images[0].at_ns -= SEC),
        ("SCHEMA_INVALID", "out of order", &|w| w.images.swap(2, 3)),
        ("SCHEMA_INVALID", "twice", &|w| w.images.insert(0, w.images[0].clone())),
    ];
    for (code, why, change) in bad {
        let before = rig.c.state().cases[&job].evidence.clone();
        let mut w = whole.clone();
        change(&mut w);
        assert_eq!(says(&mut rig, Report::Blackbox(Box::new(w))).as_deref(), Some(code), "{why}");
        assert_eq!(rig.c.state().cases[&job].evidence, before, "{why}");
    }
    // Those of a chunk may be gone as a whole: what is kept for two minutes only is not missed.
    let mut w = whole;
    w.images.remove(4);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(w))), None);
    assert_eq!(images(&rig, job).len(), 1);
}

#[test]
fn chunks_tell_of_a_leak_that_heartbeats_hid() {
    let (mut rig, _, incident, from, to, _) = bumped(Privacy::Open);
    let (mut all, _) = pictured(incident, from, to);
    let mut prev = Digest::ZERO;
    for c in &mut all {
        (c.prev, c.gate_open) = (prev, c.number != 2 && c.gate_open);
        prev = c.hash();
    }
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    rig.run(45);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(window(incident, &all)))), None);
    assert_eq!(found(&rig, IncidentCode::PrivacyBreach), [4]);
}

#[test]
fn a_camera_without_a_gate_goes_where_everything_may_be_recorded() {
    for (privacy, area, goes) in
        [(Privacy::Open, 7, true), (Privacy::Limited, 7, false), (Privacy::Minimal, 7, false), (Privacy::Open, 5, false)]
    {
        let mut g = genesis(Policy::scenario(), ONE);
        g.robots[0].camera = CameraKind::Plain;
        let mut rig = Rig::on(with_private(row(8), &[area]), g, ONE);
        rig.run(10);
        let job = rig.ask(NewJob { privacy, ..rig.delivery(2, 5) });
        rig.run(200);
        let failed = |e: &JobEvent| matches!(e, JobEvent::DispatchFailed { counts } if counts.iter().any(|(code, _)| code == "PRIVACY"));
        assert_eq!(rig.job_events(job).iter().any(failed), !goes, "{privacy:?} {area}");
        assert_eq!(rig.names(job).contains(&"ROBOT_MATCHED"), goes);
    }
}

#[test]
fn who_drives_too_fast_beside_people_has_missed_them_narrowly() {
    use nooterra_port::report::PersonWord;
    // The tier of an office keeps 300 mm; a contact within half a second counts whatever the speed.
    let cases = [
        (299, 0, 250, vec![2u8]),
        (300, 0, 250, vec![]),
        (299, 0, 249, vec![]),
        (99, 0, 50, vec![3]),
        (700, 1_500, 400, vec![2]),
        (700, 1_400, 400, vec![]),
    ];
    for (clearance_mm, closing_mm_s, speed_mm_s, expected) in cases {
        let (mut rig, _) = at_work(Privacy::Minimal);
        let h = rig.heartbeat(a1());
        let person = Some(PersonWord { clearance_mm, closing_mm_s });
        for _ in 0..2 {
            rig.report(a1(), Report::Heartbeat(Heartbeat { person, speed_mm_s, ..h.clone() }));
            rig.tick();
        }
        assert_eq!(found(&rig, IncidentCode::NearMiss), expected, "{clearance_mm} mm, {closing_mm_s} mm/s, {speed_mm_s} mm/s");
    }
}

#[test]
fn markers_that_contradict_for_two_seconds_are_an_incident() {
    let (mut rig, _) = at_work(Privacy::Minimal);
    rig.robots.get_mut(&a1()).unwrap().beat = rig.now + nooterra_engine::Span::from_secs(100_000);
    let mut beats = |offs: &[Option<u32>]| {
        let before = found(&rig, IncidentCode::LocalisationDivergence).len();
        for off in offs {
            let h = rig.heartbeat(a1());
            let marker = off.map(|offset_mm| MarkerOff { offset_mm, turn_urad: 0 });
            rig.report(a1(), Report::Heartbeat(Heartbeat { marker, ..h }));
            rig.run(2);
        }
        found(&rig, IncidentCode::LocalisationDivergence).len() - before
    };
    assert_eq!(beats(&[Some(299), Some(299), Some(299)]), 0, "near enough");
    assert_eq!(beats(&[Some(300), Some(10), Some(300), None, Some(300), None]), 0, "never for two seconds");
    assert_eq!(beats(&[Some(300), Some(400)]), 1);
}

#[test]
fn who_comes_in_by_an_old_fence_or_after_the_doors_know_better_is_an_anomaly() {
    // The plan is void and the doors have said that they know, or they have not: then the two have crossed.
    for (deaf, anomalies) in [(false, 1), (true, 0)] {
        let mut rig = Rig::new(ONE);
        rig.knobs.no_triage = true;
        rig.knobs.deaf_doors = deaf;
        rig.run(10);
        let job = rig.ask(rig.delivery(2, 5));
        until(&mut rig, job, Status::Executing);
        rig.send("site", &FacilityReport::Exited { job, robot: a1(), vertex: 8 }).unwrap();
        rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Privacy }).unwrap();
        rig.tick();
        let entered = FacilityReport::Entered { job, robot: a1(), vertex: 2, fence: u64::MAX };
        let seen = rig.send("site", &entered);
        assert!(seen.is_ok(), "{seen:?} {:?}", rig.names(job));
        assert_eq!(found(&rig, IncidentCode::AccessAnomaly), vec![4u8; anomalies], "deaf: {deaf}");
    }
    let mut rig = Rig::new(ONE);
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    rig.send("site", &FacilityReport::Exited { job, robot: a1(), vertex: 8 }).unwrap();
    let fence = rig.c.state().jobs[&job].leg().unwrap().offer.fence;
    rig.send("site", &FacilityReport::Entered { job, robot: a1(), vertex: 2, fence: fence - 1 }).unwrap();
    assert_eq!(found(&rig, IncidentCode::AccessAnomaly), [4], "an old badge");
    let by = rig.facts.iter().filter_map(Fact::event).filter(|r| matches!(&r.payload, Event::Job(JobEvent::Entered { .. }))).count();
    assert_eq!(by, 2, "that it came in is on record all the same");
}
