//! Black boxes through the whole platform: anchors, heads in heartbeats, gaps, and windows that become evidence.

use super::boxes::{anchor, chunk, proof, window};
use super::cases::{rig_with_job, until};
use super::rig::{Rig, robot};
use crate::fact::{CaseEvent, Event, Fact};
use nooterra_engine::ids::{IncidentId, JobId, RobotId, StopId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_engine::{Digest, encode};
use nooterra_jobs::event::IncidentCode;
use nooterra_jobs::status::Status;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::blackbox::{ANCHOR_MAX, Anchor, Anchored, Chunk, Head, Window};
use nooterra_port::{Order, Report};
use nooterra_trust::Role;
use nooterra_trust::evidence::{Channel, Item};

const SEC: u64 = 1_000_000_000;

fn a1() -> RobotId {
    robot("a1")
}

/// Chunks `from..to`, a second each, chained to `prev`.
fn chain(from: u64, to: u64, mut prev: Digest) -> Vec<Chunk> {
    let mut out = Vec::new();
    for n in from..to {
        let c = chunk(n, prev, n * SEC, (n + 1) * SEC);
        prev = c.hash();
        out.push(c);
    }
    out
}

/// Says this as the robot and gives the code of its refusal. A window is handed out when it is over.
pub fn says(rig: &mut Rig, r: Report) -> Option<String> {
    if let Report::Blackbox(w) = &r {
        let over = asked(rig, w.incident).last().map_or(0, |(_, to)| *to);
        while rig.now.0 < over {
            rig.run(1);
        }
    }
    let before = rig.refused.len();
    rig.report(a1(), r);
    rig.run(1);
    rig.refused.get(before).map(|(_, why)| why.split(' ').next().unwrap_or_default().to_owned())
}

/// From where to where a window was asked for, each time.
pub fn asked(rig: &Rig, incident: IncidentId) -> Vec<(u64, u64)> {
    let of = |o: &Order| match o {
        Order::WantBlackbox { incident: i, from_ns, to_ns, .. } if *i == incident => Some((*from_ns, *to_ns)),
        _ => None,
    };
    rig.robots[&a1()].seen.iter().filter_map(of).collect()
}

pub fn anchors(rig: &mut Rig, a: Anchor) -> Option<String> {
    says(rig, Report::BlackboxAnchored(a))
}

/// A heartbeat with this head.
fn beats(rig: &mut Rig, head: Option<Head>) {
    let h = rig.heartbeat(a1());
    rig.report(a1(), Report::Heartbeat(nooterra_port::report::Heartbeat { bb_head: head, ..h }));
    rig.run(1);
}

fn head(c: &Chunk) -> Option<Head> {
    Some(Head { number: c.number, hash: c.hash() })
}

/// Severities of incidents of this code, of the robot alone and of its jobs.
pub fn found(rig: &Rig, wanted: IncidentCode) -> Vec<u8> {
    let of = |f: &Fact| match f.event().map(|r| &r.payload)? {
        Event::Job(nooterra_jobs::Event::IncidentOpened { code, severity, .. }) if *code == wanted => Some(*severity),
        Event::Robot(RobotEvent::IncidentOpened { code, severity, .. }) if code == wanted.text() => Some(*severity),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

fn anchored(rig: &Rig) -> Vec<(u64, u64)> {
    let of = |f: &Fact| match (f.event()?.header.role, &f.event()?.payload) {
        (Role::RB, Event::Robot(RobotEvent::BlackboxAnchored { from, to, .. })) => Some((*from, *to)),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

#[test]
fn anchors_follow_each_other_and_nothing_is_anchored_twice() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(5);
    let all = chain(0, 200, Digest::ZERO);
    let of = |a: usize, b: usize| anchor(&all[a..b]);
    assert_eq!(anchors(&mut rig, of(1, 3)).as_deref(), Some("SEQ_GAP"), "a box begins with its first chunk");
    assert_eq!(anchors(&mut rig, Anchor { from: 3, to: 2, ..of(0, 3) }).as_deref(), Some("SCHEMA_INVALID"));
    assert_eq!(anchors(&mut rig, Anchor { to: 3, ..of(0, 3) }).as_deref(), Some("SCHEMA_INVALID"), "a hash for each chunk");
    assert_eq!(anchors(&mut rig, Anchor { to: u64::MAX, ..of(0, 3) }).as_deref(), Some("SCHEMA_INVALID"));
    let last = Anchor { from: u64::MAX, to: u64::MAX, ..of(0, 1) };
    assert_eq!(anchors(&mut rig, last).as_deref(), Some("SCHEMA_INVALID"), "nothing could follow");
    assert_eq!(anchors(&mut rig, Anchor { root: Digest([1; 32]), ..of(0, 3) }).as_deref(), Some("SCHEMA_INVALID"), "another root");
    let most = usize::try_from(ANCHOR_MAX).unwrap();
    assert_eq!(anchors(&mut rig, of(0, most + 1)).as_deref(), Some("SCHEMA_INVALID"), "too many");
    assert!(anchored(&rig).is_empty());
    assert_eq!(anchors(&mut rig, of(0, 3)), None);
    assert_eq!(anchors(&mut rig, of(0, 3)).as_deref(), Some("ALREADY_DONE"));
    let other = chain(0, 3, Digest([1; 32]));
    assert_eq!(anchors(&mut rig, anchor(&other)).as_deref(), Some("SEQ_REPLAY"), "the same chunks with another root");
    assert_eq!(anchors(&mut rig, of(2, 5)).as_deref(), Some("SEQ_REPLAY"), "in part");
    assert_eq!(anchors(&mut rig, of(4, 6)).as_deref(), Some("SEQ_GAP"));
    assert_eq!(anchors(&mut rig, of(3, 4)), None);
    assert_eq!(anchors(&mut rig, of(4, 4 + most)), None, "as many as there may be");
    assert_eq!(anchored(&rig), [(0, 2), (3, 3), (4, 67)]);
    assert!(found(&rig, IncidentCode::TelemetryGap).is_empty());
    let b = &rig.c.state().boxes[&a1()];
    assert_eq!((b.next, b.told, b.anchors.len()), (68, None, 3));
    assert_eq!(b.anchors[0], Anchored { from: 0, to: 2, root: of(0, 3).root });
    // What is kept is bounded.
    let mut prev = all[67].hash();
    for n in 68..260 {
        let c = chunk(n, prev, n * SEC, (n + 1) * SEC);
        prev = c.hash();
        rig.report(a1(), Report::BlackboxAnchored(anchor(&[c])));
        if n % 16 == 0 {
            rig.run(1);
        }
    }
    rig.run(1);
    let b = &rig.c.state().boxes[&a1()];
    assert_eq!((b.next, b.anchors.len(), b.anchors[0].from), (260, 195, 0), "an honest robot has all of these still");
    for run in 0..40 {
        let mut some = Vec::new();
        for n in (0..64).map(|n| 260 + run * 64 + n) {
            let c = chunk(n, prev, n * SEC, (n + 1) * SEC);
            prev = c.hash();
            some.push(c);
        }
        rig.report(a1(), Report::BlackboxAnchored(anchor(&some)));
        if run % 16 == 0 {
            rig.run(1);
        }
    }
    rig.run(1);
    let b = &rig.c.state().boxes[&a1()];
    assert_eq!((b.next, b.anchors.len(), b.anchors[0].from), (2_820, 128, 172));
}

#[test]
fn an_anchor_holds_what_heartbeats_said() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(5);
    rig.robots.get_mut(&a1()).unwrap().beat = rig.now + Span::from_secs(100_000);
    let all = chain(0, 12, Digest::ZERO);
    beats(&mut rig, head(&all[4]));
    beats(&mut rig, head(&all[4]));
    let mut other = all.clone();
    other[4].contact_mns = 9;
    assert_eq!(anchors(&mut rig, anchor(&other[..6])), None, "taken as a word");
    assert!(anchored(&rig).is_empty(), "and as no anchor");
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [2]);
    assert_eq!(anchors(&mut rig, anchor(&all[..6])), None, "what was said is anchored still");
    assert_eq!(anchored(&rig), [(0, 5)]);
    assert!(rig.c.state().boxes[&a1()].heads.is_empty());
    // Two heads for one chunk.
    rig.run(20);
    beats(&mut rig, head(&all[7]));
    let before = found(&rig, IncidentCode::TelemetryGap).len();
    beats(&mut rig, Some(Head { number: 7, hash: Digest([3; 32]) }));
    assert_eq!(found(&rig, IncidentCode::TelemetryGap).len(), before + 1);
    // A head of what is final already says nothing new.
    beats(&mut rig, Some(Head { number: 2, hash: Digest([3; 32]) }));
    assert_eq!(found(&rig, IncidentCode::TelemetryGap).len(), before + 1);
}

/// Beats of a box that works, each second.
fn works(rig: &mut Rig, all: &[Chunk]) {
    for c in all {
        beats(rig, head(c));
    }
}

#[test]
fn a_box_that_falls_silent_is_a_gap_and_a_link_that_does_is_none() {
    let (mut rig, job) = rig_with_job();
    // Its own box would say something else than ours.
    rig.knobs.no_box.insert(a1());
    until(&mut rig, job, Status::Executing);
    let all = chain(0, 400, Digest::ZERO);
    // The puppet's own heartbeats know of no box: it stands, and only ours go on.
    let p = rig.robots.get_mut(&a1()).unwrap();
    p.beat = rig.now + Span::from_secs(100_000);
    p.stops.insert(StopId::named("stands"));
    works(&mut rig, &all[..10]);
    assert!(found(&rig, IncidentCode::TelemetryGap).is_empty());
    // A leap over chunks that were told of at once is none.
    beats(&mut rig, head(&all[14]));
    assert!(found(&rig, IncidentCode::TelemetryGap).is_empty());
    // Silent for longer than the link: judged by the receiver.
    rig.knobs.cut.insert(a1(), (rig.now, rig.now + Span::from_secs(1_000)));
    rig.run(40);
    assert!(rig.c.state().robots[&a1()].robot.link_lost);
    rig.knobs.cut.clear();
    beats(&mut rig, head(&all[15]));
    beats(&mut rig, head(&all[16]));
    assert!(found(&rig, IncidentCode::TelemetryGap).is_empty(), "what could not come is not missing");
    for _ in 0..4 {
        beats(&mut rig, head(&all[16]));
    }
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [2], "one episode is told once");
    works(&mut rig, &all[17..30]);
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [2]);
    // With something to be judged it weighs more.
    rig.report(a1(), Report::Noticed { code: "COLLISION".into(), measure: 700 });
    works(&mut rig, &all[30..33]);
    for _ in 0..4 {
        beats(&mut rig, head(&all[32]));
    }
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [2, 3]);
    // Numbers that nobody can have counted fill no gap.
    works(&mut rig, &all[33..48]);
    let wild = Some(Head { number: u64::MAX - 1, hash: Digest([1; 32]) });
    for _ in 0..5 {
        beats(&mut rig, wild);
    }
    assert_eq!(found(&rig, IncidentCode::TelemetryGap).len(), 3);
}

/// A job at work whose robot has bumped into something, and the window that was asked for.
pub fn bumped() -> (Rig, JobId, IncidentId, u64, u64) {
    bumped_after(0)
}

/// The same, so long after the robot was switched on.
pub fn bumped_after(secs: u64) -> (Rig, JobId, IncidentId, u64, u64) {
    let (mut rig, mut job) = rig_with_job();
    rig.knobs.no_box.insert(a1());
    if secs > 0 {
        rig.run_job(job, 900);
        rig.run(secs);
        job = rig.ask(rig.delivery(2, 5));
    }
    until(&mut rig, job, Status::Executing);
    rig.report(a1(), Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(2);
    let asked = |o: &Order| match o {
        Order::WantBlackbox { incident, from_ns, to_ns, .. } => Some((*incident, *from_ns, *to_ns)),
        _ => None,
    };
    let (incident, from, to) = rig.robots[&a1()].seen.iter().find_map(asked).expect("the window is asked for");
    assert_eq!(to - from, 60 * SEC);
    (rig, job, incident, from, to)
}

pub fn items(rig: &Rig, job: JobId) -> Vec<Item> {
    let telemetry = |i: &&Item| i.capture.channel == Channel::Telemetry;
    rig.c.state().cases[&job].evidence.items.values().filter(telemetry).cloned().collect()
}

pub fn missing(rig: &Rig, job: JobId, incident: IncidentId) -> Vec<Channel> {
    rig.c.state().cases[&job].evidence.windows[&incident].missing.iter().copied().collect()
}

pub fn boxed(from: u64, to: u64) -> Vec<Chunk> {
    super::boxes::Boxed::default().record(from, to)
}

#[test]
fn a_window_under_its_anchors_is_evidence() {
    let (mut rig, job, incident, from, to) = bumped();
    let all = boxed(from, to);
    // Three anchors, the window's ends within the first and the last.
    let cuts = [0usize, 20, 21, all.len()];
    for c in cuts.windows(2) {
        assert_eq!(anchors(&mut rig, anchor(&all[c[0]..c[1]])), None);
    }
    rig.run(45);
    assert_eq!(missing(&rig, job, incident), [Channel::Telemetry], "the words alone are not all");
    let proofs = cuts.windows(2).map(|c| proof(&all[c[0]..c[1]], c[0] as u64, c[1] as u64 - 1)).collect();
    let w = Window { incident, chunks: all.clone(), proofs, images: vec![] };
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(w.clone()))), None);
    let [item] = &items(&rig, job)[..] else { panic!("one piece") };
    let bytes: Vec<Vec<u8>> = all.iter().map(encode).collect();
    let case = &rig.c.state().cases[&job];
    assert!(case.evidence.is_made_of(item.capture.evidence, &bytes) && !case.evidence.is_made_of(item.capture.evidence, &bytes[1..]));
    let inclusion = item.capture.inclusion.as_ref().expect("it is under its anchors");
    assert_eq!((inclusion.pieces.len(), inclusion.under.len()), (all.len(), 3));
    assert!(missing(&rig, job, incident).is_empty());
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(w))).as_deref(), Some("ALREADY_DONE"));
    let by: Vec<Role> = rig.facts.iter().filter_map(Fact::event).filter(|r| is_telemetry(&r.payload)).map(|r| r.header.role).collect();
    assert_eq!(by, [Role::RB]);
    rig.run_job(job, 900);
    assert!(found(&rig, IncidentCode::TelemetryGap).is_empty());
    rig.check_books();
}

fn is_telemetry(e: &Event) -> bool {
    use nooterra_trust::evidence::Event as Evidence;
    matches!(e, Event::Case(CaseEvent::Evidence(e)) if matches!(&**e, Evidence::Captured(c) if c.channel == Channel::Telemetry))
}

#[test]
fn what_does_not_stand_under_an_anchor_is_no_evidence() {
    let (mut rig, job, incident, from, to) = bumped();
    rig.run(31);
    let all = boxed(from, to);
    let whole = window(incident, &all);
    let says_no = |rig: &mut Rig, w: Window, code: &str, why: &str| {
        let before = rig.c.state().cases[&job].clone();
        assert_eq!(says(rig, Report::Blackbox(Box::new(w))).as_deref(), Some(code), "{why}");
        assert_eq!(rig.c.state().cases[&job].evidence.items.len(), before.evidence.items.len(), "{why}");
        assert_eq!(rig.c.state().cases[&job].evidence.anchors, before.evidence.anchors, "{why}");
    };
    says_no(&mut rig, whole.clone(), "EVIDENCE_INSUFFICIENT", "nothing was anchored");
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    let change = |f: &dyn Fn(&mut Window)| {
        let mut w = whole.clone();
        f(&mut w);
        w
    };
    let no = "EVIDENCE_INSUFFICIENT";
    says_no(&mut rig, change(&|w| w.incident = IncidentId::named("other")), "NOT_FOUND", "nobody asked for that");
    says_no(&mut rig, change(&|w| w.chunks[30].contact_mns = 1), no, "another chunk");
    says_no(&mut rig, change(&|w| w.chunks.last_mut().unwrap().contact_mns = 1), no, "the last one, which no other names");
    says_no(&mut rig, change(&|w| w.proofs[0].root = Digest([1; 32])), no, "an anchor that is not held");
    says_no(&mut rig, change(&|w| w.proofs[0].last -= 1), no, "chunks without a place");
    says_no(&mut rig, change(&|w| w.proofs[0].first = u64::MAX), no, "numbers without sense");
    says_no(&mut rig, change(&|w| w.proofs.clear()), no, "no proof at all");
    says_no(&mut rig, change(&|w| w.chunks.retain(|c| c.number != 30)), no, "one left out");
    says_no(&mut rig, change(&|w| w.chunks.swap(3, 4)), no, "out of order");
    let late = chunk(all.len() as u64, all[all.len() - 1].hash(), to, to + SEC);
    says_no(&mut rig, change(&|w| w.chunks.push(late.clone())), "WINDOW_INVALID", "what nobody wanted to see");
    says_no(&mut rig, change(&|w| w.chunks = vec![w.chunks[0].clone(); 129]), "SCHEMA_INVALID", "more than there may be");
    // The robot has none of it: taken, and nothing follows before the deadline.
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(Window { incident, chunks: vec![], proofs: vec![], images: vec![] }))), None);
    assert!(missing(&rig, job, incident).contains(&Channel::Telemetry));
    rig.run(520);
    assert!(found(&rig, IncidentCode::TelemetryGap).is_empty());
    rig.run(120);
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [3], "ten minutes of link have passed, and the incident is open");
    // Late is better than never: it is proven, and the gap stays on record.
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(whole))), None);
    assert_eq!(items(&rig, job).len(), 1);
    assert!(missing(&rig, job, incident).is_empty());
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [3]);
    assert_eq!(nooterra_ledger::statement::sums(rig.c.book(), Currency::EUR), (0, 0));
}

#[test]
fn a_window_with_a_hole_is_captured_in_runs_and_stays_incomplete() {
    let (mut rig, job, incident, from, to) = bumped();
    let mut b = super::boxes::Boxed::default();
    let mut all = b.record(from, from + 20 * SEC);
    let held = all.len() as u64;
    all.extend(b.record(from + 26 * SEC, to));
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    let last = all.len() as u64 - 1;
    let over = Window { incident, chunks: all.clone(), proofs: vec![proof(&all, 0, last)], images: vec![] };
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(over))).as_deref(), Some("EVIDENCE_INSUFFICIENT"), "a proof spans no hole");
    let w = Window { incident, chunks: all.clone(), proofs: vec![proof(&all, 0, held - 1), proof(&all, held, last)], images: vec![] };
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(w))), None);
    assert_eq!(items(&rig, job).len(), 2);
    assert!(missing(&rig, job, incident).contains(&Channel::Telemetry));
    assert_eq!(rig.c.state().cases[&job].evidence.anchors.len(), 1);
}

#[test]
fn a_window_is_due_by_the_time_of_link_alone() {
    let (mut rig, job, incident, from, to) = bumped();
    // Half a minute of link, then none for twenty: nothing is missed.
    rig.run(30);
    rig.knobs.cut.insert(a1(), (rig.now, rig.now + Span::from_secs(1_230)));
    rig.run(1_200);
    let window = |rig: &Rig| rig.c.state().cases[&job].evidence.windows[&incident].clone();
    assert!(window(&rig).linked_since.is_none() && !window(&rig).gap, "{:?} {:?}", window(&rig), rig.names(job));
    let before = found(&rig, IncidentCode::TelemetryGap).len();
    rig.run(90);
    assert!(window(&rig).linked_since.is_some() && !window(&rig).gap, "it is heard again");
    let all = boxed(from, to);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(super::boxes::window(incident, &all)))), None);
    assert!(!missing(&rig, job, incident).contains(&Channel::Telemetry));
    rig.run(900);
    assert!(!window(&rig).gap || missing(&rig, job, incident).contains(&Channel::Words));
    assert_eq!(found(&rig, IncidentCode::TelemetryGap).len(), before);
}

#[test]
fn a_robot_that_was_cut_off_is_asked_again() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    // The bump is heard, the order is not.
    rig.report(a1(), Report::Noticed { code: "COLLISION".into(), measure: 700 });
    let e = {
        let p = rig.robots.get_mut(&a1()).unwrap();
        p.heard = p.sender.clone();
        p.take_queue()
    };
    rig.knobs.cut.insert(a1(), (rig.now, rig.now + Span::from_secs(120)));
    for e in e {
        let _ = rig.put(e);
    }
    rig.run(100);
    assert!(items(&rig, job).is_empty());
    rig.run(60);
    assert_eq!(items(&rig, job).len(), 1, "{:?}", rig.refused);
}

#[test]
fn what_was_anchored_and_is_left_out_of_a_window_is_asked_for_again() {
    let (mut rig, job, incident, from, to) = bumped();
    let all = boxed(from, to);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    let last = all.len() as u64 - 1;
    let proofs = vec![proof(&all, 0, 19), proof(&all, 30, last)];
    let part = Window { incident, chunks: [&all[..20], &all[30..]].concat(), proofs, images: vec![] };
    assert_eq!(asked(&rig, incident).len(), 1);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part.clone()))), None, "what it shows is taken");
    rig.run(2);
    assert_eq!((asked(&rig, incident).len(), items(&rig, job).len()), (2, 2), "and asked for again");
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part))).as_deref(), Some("ALREADY_DONE"));
    assert!(missing(&rig, job, incident).contains(&Channel::Telemetry));
    let mut kept = rig.c.state().boxes[&a1()].asked.iter().filter(|a| a.incident == incident);
    assert!(kept.all(|a| a.withheld && !a.done));
    // Nothing is open that would make it weigh more.
    let c = crate::input::StaffCommand::Triage { job, incident, severity: 2, fault: nooterra_jobs::event::Fault::Owner, confirmed: true };
    rig.send_at("judge", job, &c).unwrap();
    rig.run(650);
    assert_eq!(found(&rig, IncidentCode::TelemetryGap), [3], "it has it, and keeps it to itself");
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(window(incident, &all)))), None);
    assert!(missing(&rig, job, incident).is_empty());
}
