//! The ends of windows, windows in pieces, and what a robot may not make of its own numbers and times.

use super::blackbox::{anchors, asked, boxed, bumped, bumped_after, found, items, missing, says};
use super::boxed::{chained, fast, top};
use super::boxes::{anchor, part, short};
use super::cases::{rig_with_job, until};
use super::rig::{Rig, robot};
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::time::Span;
use nooterra_jobs::event::IncidentCode;
use nooterra_jobs::status::Status;
use nooterra_port::Report;
use nooterra_port::blackbox::{Chunk, Window};
use nooterra_trust::evidence::Channel;

const SEC: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

fn a1() -> RobotId {
    robot("a1")
}

/// A window whose box recorded for longer, but for some seconds at its beginning if there is a hole.
fn longer(hole: bool) -> (Rig, JobId, IncidentId, [Vec<Chunk>; 2]) {
    let (mut rig, job, incident, from, to) = bumped_after(8);
    let mut b = super::boxes::Boxed::default();
    let mut first = b.record(from - 8 * SEC, if hole { from - 3 * SEC } else { from + 4 * SEC });
    first.extend(b.record(from + 4 * SEC, from + 30 * SEC));
    let last = b.record(from + 30 * SEC, to + 8 * SEC);
    for a in [&first, &last] {
        assert_eq!(anchors(&mut rig, anchor(a)), None);
    }
    (rig, job, incident, [first, last])
}

fn is_withheld(rig: &Rig, incident: IncidentId) -> bool {
    rig.c.state().boxes[&a1()].asked.iter().any(|a| a.incident == incident && a.withheld)
}

/// What lies between the end of a window and the first chunk that is shown was anchored: it is withheld like a hole in it.
#[test]
fn the_ends_of_a_window_are_not_cut_off() {
    for (from, to) in [(12, 67), (8, 60), (12, 60)] {
        let (mut rig, job, incident, all) = longer(false);
        assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, from, to)))), None);
        assert!(is_withheld(&rig, incident), "{from} to {to}");
        let c =
            crate::input::StaffCommand::Triage { job, incident, severity: 2, fault: nooterra_jobs::event::Fault::Owner, confirmed: true };
        rig.send_at("judge", job, &c).unwrap();
        rig.run(650);
        assert_eq!(found(&rig, IncidentCode::TelemetryGap), [3], "it has it, and keeps it to itself");
        assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 8, 67)))), None);
        assert!(missing(&rig, job, incident).is_empty() && !is_withheld(&rig, incident));
    }
    let (mut rig, _, incident, ..) = longer(false);
    let none = Window { incident, chunks: vec![], proofs: vec![], images: vec![] };
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(none))), None);
    assert!(is_withheld(&rig, incident), "nothing at all, from a box that has anchored");
}

/// A box that truly stood still at the beginning shows the chunk before: it is believed, and the hole is an ordinary gap.
#[test]
fn a_hole_at_the_end_of_a_window_is_shown_by_the_chunk_beside_it() {
    let (mut rig, job, incident, all) = longer(true);
    let end = all[1][all[1].len() - 1].number - 8;
    let show = |rig: &mut Rig, from, to| says(rig, Report::Blackbox(Box::new(part(incident, &all, from, to))));
    assert_eq!(show(&mut rig, 3, end).as_deref(), Some("WINDOW_INVALID"), "no more than one beside it");
    assert_eq!(show(&mut rig, 4, end + 1).as_deref(), Some("WINDOW_INVALID"), "and none where the window ends with a chunk");
    assert_eq!(show(&mut rig, 4, end), None);
    assert!(!is_withheld(&rig, incident));
    let [item] = &items(&rig, job)[..] else { panic!("one piece") };
    assert_eq!(item.capture.inclusion.as_ref().unwrap().pieces.len() as u64, end - 4, "what lies beside it is no evidence");
    let (mut rig, _, incident, all) = longer(true);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 5, end)))), None);
    assert!(is_withheld(&rig, incident), "without it nobody knows");
    // Altered, it shows nothing.
    let mut other = part(incident, &all, 4, end);
    other.chunks[0].to_ns -= 1;
    other.chunks[0].contact_mns = 9;
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(other))).as_deref(), Some("EVIDENCE_INSUFFICIENT"));
}

/// A window of more chunks than one answer holds comes in pieces, and is whole when the last is there.
#[test]
fn a_window_of_many_chunks_comes_in_pieces() {
    let (mut rig, job, incident, from, to) = bumped();
    let all = short(from, to, 200_000_000);
    for a in &all {
        assert_eq!(anchors(&mut rig, anchor(a)), None);
    }
    let begins = |rig: &Rig| asked(rig, incident).into_iter().map(|(from, _)| from).collect::<Vec<_>>();
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 0, 127)))), None);
    rig.run(2);
    assert_eq!(begins(&rig), [from, from + 128 * 200_000_000], "the rest is asked for");
    assert!(is_withheld(&rig, incident), "until it comes it is kept back");
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 0, 127)))).as_deref(), Some("WINDOW_INVALID"), "once");
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 128, 255)))), None);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 256, 299)))), None);
    assert!(!missing(&rig, job, incident).contains(&Channel::Telemetry) && !is_withheld(&rig, incident));
    assert_eq!(items(&rig, job).len(), 3);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(part(incident, &all, 256, 299)))).as_deref(), Some("ALREADY_DONE"));
}

/// What was noted of a window: is it done, withheld, open at its end?
fn noted(rig: &Rig, incident: IncidentId) -> (bool, bool, bool) {
    let a = rig.c.state().boxes[&a1()].asked.iter().find(|a| a.incident == incident).unwrap();
    (a.done, a.withheld, a.open)
}

fn show(rig: &mut Rig, w: Window) -> Option<String> {
    says(rig, Report::Blackbox(Box::new(w)))
}

/// An answer before the window is over is none, even one whose chunks claim to reach over its end.
#[test]
fn a_window_is_not_answered_before_it_is_over() {
    let (mut rig, _, incident, from, to) = bumped();
    let all = [boxed(from, to)];
    let early = rig.refused.len();
    assert_eq!(anchors(&mut rig, anchor(&all[0])), None);
    for last in [28, 59] {
        rig.report(a1(), Report::Blackbox(Box::new(part(incident, &all, 0, last))));
        rig.run(1);
    }
    let codes: Vec<&str> = rig.refused[early..].iter().map(|(_, why)| why.split(' ').next().unwrap()).collect();
    assert_eq!(codes, ["STATE_FORBIDS", "STATE_FORBIDS"]);
    assert_eq!(noted(&rig, incident), (false, false, false));
    assert_eq!(show(&mut rig, part(incident, &all, 0, 59)), None);
    assert_eq!(noted(&rig, incident), (true, false, false));
}

/// A robot that delays its anchors answers with the chunks before the bump: it is asked again when the next ones are anchored.
#[test]
fn a_window_whose_end_is_not_anchored_is_asked_for_again_when_it_is() {
    for honest in [true, false] {
        let (mut rig, job, incident, from, to) = bumped();
        let all = boxed(from, to);
        let all = [all[..29].to_vec(), all[29..].to_vec()];
        assert_eq!(anchors(&mut rig, anchor(&all[0])), None);
        assert_eq!(show(&mut rig, part(incident, &all, 0, 28)), None);
        assert_eq!(noted(&rig, incident), (false, false, true), "nobody knows whether that is all");
        rig.run(5);
        assert_eq!(asked(&rig, incident).len(), 1);
        assert_eq!(anchors(&mut rig, anchor(&all[1])), None);
        rig.run(2);
        assert_eq!(asked(&rig, incident).len(), 2, "there is more now");
        assert_eq!(show(&mut rig, part(incident, &all, 0, if honest { 59 } else { 28 })), None);
        assert_eq!(noted(&rig, incident), (honest, !honest, false));
        assert_eq!(missing(&rig, job, incident).contains(&Channel::Telemetry), !honest);
    }
}

/// A recorder that stood still from the bump on: what it shows again once it works is taken, and is no withholding.
#[test]
fn a_hole_at_the_end_is_shown_once_the_recorder_works_again() {
    let (mut rig, job, incident, from, to) = bumped();
    let mut b = super::boxes::Boxed::default();
    let first = b.record(from, from + 29 * SEC);
    assert_eq!(anchors(&mut rig, anchor(&first)), None);
    assert_eq!(show(&mut rig, part(incident, std::slice::from_ref(&first), 0, 28)), None);
    let all = [first, b.record(to + 20 * SEC, to + 24 * SEC)];
    rig.run(20);
    assert_eq!(anchors(&mut rig, anchor(&all[1])), None);
    assert_eq!(show(&mut rig, part(incident, &all, 0, 29)), None);
    assert_eq!(noted(&rig, incident), (true, false, false));
    assert_eq!(items(&rig, job).len(), 1, "the same, and nothing of what lies beside it");
    assert!(missing(&rig, job, incident).contains(&Channel::Telemetry));
}

/// Anchors of chunks as short as nobody makes them, this many in each, until the box would have let go of all before.
fn floods(rig: &mut Rig, each: u64, runs: u64) {
    for run in 0..runs {
        let b = &rig.c.state().boxes[&a1()];
        let from = rig.now.0 + run * 1_000;
        let mut own = super::boxes::Boxed { next: b.next, ..Default::default() };
        let some: Vec<Chunk> = (0..each).flat_map(|n| own.record(from + n, from + n + 1)).collect();
        assert_eq!(anchors(rig, anchor(&some)), None);
    }
}

/// A robot numbers its chunks by itself: it has not lost a window because of how far it counts.
#[test]
fn many_anchors_do_not_hide_the_ends_of_a_window() {
    for (each, runs) in [(64, 10), (1, 140)] {
        let (mut rig, _, incident, all) = longer(false);
        floods(&mut rig, each, runs);
        assert_eq!(show(&mut rig, part(incident, &all, 12, 60)), None);
        assert!(is_withheld(&rig, incident), "{runs} of {each}");
    }
    // Not heard for so long it may have lost them.
    let (mut rig, _, incident, all) = longer(false);
    rig.knobs.cut.insert(a1(), (rig.now, rig.now + Span::from_secs(200)));
    rig.run(230);
    floods(&mut rig, 64, 10);
    assert_eq!(show(&mut rig, part(incident, &all, 12, 67)), None);
    assert!(!is_withheld(&rig, incident));
}

/// Nor by anchors that come before it tells of anything: it would show the last of them, and nothing from before.
#[test]
fn many_anchors_before_a_window_is_wanted_do_not_hide_its_beginning() {
    for flood in [0, 10] {
        let (mut rig, first) = rig_with_job();
        rig.knobs.no_box.insert(a1());
        rig.run_job(first, 900);
        let job = rig.ask(rig.delivery(2, 5));
        until(&mut rig, job, Status::Executing);
        let mut b = super::boxes::Boxed::default();
        let at = rig.now.0;
        let mut all = vec![b.record(at - 40 * SEC, at)];
        for run in 0..flood {
            all.push((0..64).flat_map(|n| b.record(at + run * 64 + n, at + run * 64 + n + 1)).collect());
        }
        for a in &all {
            rig.report(a1(), Report::BlackboxAnchored(anchor(a)));
        }
        rig.report(a1(), Report::Noticed { code: "COLLISION".into(), measure: 700 });
        rig.run(2);
        let incident = rig.c.state().boxes[&a1()].asked[0].incident;
        let (_, to) = asked(&rig, incident)[0];
        all.push(b.record(at + flood * 64, to));
        assert_eq!(anchors(&mut rig, anchor(&all[all.len() - 1])), None);
        let first = if flood > 0 { 40 + 64 } else { 40 };
        assert_eq!(show(&mut rig, part(incident, &all, first, first + 127)), None);
        assert!(is_withheld(&rig, incident), "the first of {} chunks", b.next);
        assert_eq!(asked(&rig, incident).len(), 2);
        assert_eq!(asked(&rig, incident)[1], asked(&rig, incident)[0], "all of it once more");
    }
}

/// Short chunks of the window with these changes, a window in three pieces that are handed out one after the other.
fn in_pieces(change: impl Fn(&mut [Chunk])) -> Rig {
    let (mut rig, _, incident, from, to) = bumped();
    rig.knobs.no_triage = true;
    let mut flat = short(from, to, 200 * MS).concat();
    change(&mut flat);
    let all: Vec<Vec<Chunk>> = chained(flat).chunks(64).map(<[Chunk]>::to_vec).collect();
    for a in &all {
        assert_eq!(anchors(&mut rig, anchor(a)), None);
    }
    for (first, last) in [(0, 127), (128, 255), (256, 299)] {
        assert_eq!(show(&mut rig, part(incident, &all, first, last)), None);
    }
    assert_eq!(noted(&rig, incident), (true, false, false));
    assert!(rig.c.state().boxes[&a1()].asked.iter().all(|a| a.read.is_none()), "nothing is kept of it");
    rig
}

#[test]
fn a_window_in_pieces_is_read_on_from_one_to_the_next() {
    let rig = in_pieces(|all| {
        let moments = fast(all[127].to_ns - 50 * MS, 250, top() * 12 / 10, false);
        for c in &mut all[127..131] {
            c.moments = moments.iter().filter(|m| c.from_ns < m.at_ns && m.at_ns <= c.to_ns).copied().collect();
        }
    });
    assert_eq!(found(&rig, IncidentCode::ClampBreach), [4], "an episode over the border");
    let rig = in_pieces(|all| (all[100].pauses, all[140].pauses) = (3, 2));
    assert_eq!(found(&rig, IncidentCode::ProtectiveStopStorm), [2], "counted over the border");
    let rig = in_pieces(|all| all[100].pauses = 4);
    assert_eq!(found(&rig, IncidentCode::ProtectiveStopStorm), [], "and nothing twice");
}

/// What a robot shows at last counts, and not that it had left it out before.
#[test]
fn whoever_shows_that_it_has_no_more_withholds_nothing() {
    // It was switched off all the time, says nothing first, and then shows the chunks on either side.
    let (mut rig, _, incident, from, to) = bumped_after(8);
    let mut b = super::boxes::Boxed::default();
    let mut all = b.record(from - 8 * SEC, from - 3 * SEC);
    all.extend(b.record(to + 2 * SEC, to + 8 * SEC));
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    assert_eq!(show(&mut rig, Window { incident, chunks: vec![], proofs: vec![], images: vec![] }), None);
    assert_eq!(noted(&rig, incident), (false, true, false));
    assert_eq!(show(&mut rig, part(incident, &[all], 4, 5)), None);
    assert_eq!(noted(&rig, incident), (false, false, false));
    // One piece, then no link until the rest has gone.
    let (mut rig, job, incident, from, to) = bumped();
    let mut all = short(from, to, 200 * MS);
    for a in &all {
        assert_eq!(anchors(&mut rig, anchor(a)), None);
    }
    assert_eq!(show(&mut rig, part(incident, &all, 0, 127)), None);
    assert!(is_withheld(&rig, incident));
    rig.knobs.cut.insert(a1(), (rig.now, rig.now + Span::from_secs(200)));
    rig.run(230);
    let last = &all[all.len() - 1];
    let mut b = super::boxes::Boxed { next: 300, prev: last[last.len() - 1].hash(), asked: vec![] };
    for n in 0..12 * 64 {
        let run = b.record(to + n * SEC / 4, to + (n + 1) * SEC / 4);
        if n % 64 == 0 {
            all.push(Vec::new());
        }
        all.last_mut().unwrap().extend(run);
    }
    for a in &all[5..] {
        assert_eq!(anchors(&mut rig, anchor(a)), None);
    }
    assert_eq!(rig.c.state().boxes[&a1()].next, 300 + 12 * 64);
    assert_eq!(show(&mut rig, part(incident, &all, 492, 492)), None);
    assert!(!is_withheld(&rig, incident) && missing(&rig, job, incident).contains(&Channel::Telemetry));
}
