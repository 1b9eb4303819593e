//! The camera on a robot at work: what the gate lets through stands in the black box, and is handed out where it is wanted.

use super::jobs::{offer, plan};
use super::rig::*;
use nooterra_engine::ids::{ApprovalId, IncidentId, LeaseId};
use nooterra_engine::{Digest, Span};
use nooterra_port::approval::ApprovalOrder;
use nooterra_port::blackbox::{Chunk, Window};
use nooterra_port::camera::{CameraKind, Image};
use nooterra_port::order::{Order, Plan, PlanStep, StepAction};
use nooterra_port::report::{Heartbeat, Report};
use nooterra_trust::evidence::content_of;

const SEC: u64 = 1_000_000_000;

/// At work at vertex 1 for two minutes, on a job that allows images or does not.
fn at_work(kind: CameraKind, images: bool) -> Rig {
    let mut r = Rig::new(house(), 0, 0.0);
    r.equip(kind);
    r.cycle();
    let action = StepAction::Dwell { lasts: Span::from_secs(120) };
    let step = PlanStep { name: "visit".into(), vertex: 1, action, work_bps: 10_000, timeout: Span::from_secs(600) };
    let o = offer(&r, "l1", Plan { steps: vec![step], images, ..plan() });
    r.order(o);
    r.go("there", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == crate::Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(10.0, |r| r.agent.phase() == crate::Phase::Working));
    r
}

fn window(r: &Rig) -> Window {
    r.heard.iter().rev().find_map(|(_, r)| if let Report::Blackbox(w) = r { Some((**w).clone()) } else { None }).unwrap()
}
fn beat(r: &Rig) -> Heartbeat {
    r.heard.iter().rev().find_map(|(_, r)| if let Report::Heartbeat(b) = r { Some(b.clone()) } else { None }).unwrap()
}
/// Do these images belong to these chunks, each to the one in whose time it was made?
fn belong(chunks: &[Chunk], images: &[Image]) -> bool {
    let of = |c: &Chunk| images.iter().filter(|i| c.from_ns < i.at_ns && i.at_ns <= c.to_ns).map(Image::hash).collect::<Vec<Digest>>();
    let hash = |all: &[Digest]| (!all.is_empty()).then(|| content_of(all));
    chunks.iter().all(|c| (hash(&of(c)), of(c).len()) == (c.images_hash, c.images as usize))
}

#[test]
fn a_job_that_is_open_to_recording_is_recorded_and_no_other() {
    let mut r = at_work(CameraKind::Gated, true);
    assert_eq!(r.agent.camera().kept(), 0, "on the way there the gate was shut");
    r.run(20.0);
    assert_eq!(r.agent.camera().kept(), 20);
    let (at, incident) = (r.now.0, IncidentId::named("i"));
    r.order(Order::WantBlackbox { incident, from_ns: at.saturating_sub(30 * SEC), to_ns: at + 5 * SEC, images: true });
    r.run(7.0);
    let w = window(&r);
    assert!((24..=26).contains(&w.images.len()), "{}", w.images.len());
    assert!(belong(&w.chunks, &w.images));
    assert!(w.chunks.iter().all(|c| c.gate_open || c.images == 0));
    assert_eq!(w.images[0].seen.len(), 1);
    r.order(Order::WantBlackbox { incident, from_ns: at.saturating_sub(30 * SEC), to_ns: at + 5 * SEC, images: false });
    r.run(1.0);
    assert!(window(&r).images.is_empty(), "nobody asked for images");
    assert!(window(&r).chunks.iter().any(|c| c.images > 0), "that there are some stays on record");
    let g = beat(&r).gate.unwrap();
    assert!(g.open && g.kept >= 20 && g.while_shut == 0 && g.last.unwrap().job == r.agent.job());
    for (kind, images) in [(CameraKind::Gated, false), (CameraKind::None, true)] {
        let mut r = at_work(kind, images);
        r.run(20.0);
        assert!(r.agent.camera().kept() == 0 && r.agent.blackbox().chunks().all(|c| c.images == 0 && !c.gate_open));
        assert_eq!(beat(&r).gate.is_some(), kind == CameraKind::Gated);
    }
}

#[test]
fn an_incident_opens_the_gate_for_its_window_only() {
    let mut r = at_work(CameraKind::Gated, false);
    r.run(5.0);
    let (at, incident) = (r.now.0, IncidentId::named("i"));
    r.order(Order::WantBlackbox { incident, from_ns: at.saturating_sub(30 * SEC), to_ns: at + 10 * SEC, images: true });
    r.run(20.0);
    let w = window(&r);
    assert!((9..=11).contains(&w.images.len()) && belong(&w.chunks, &w.images), "{}", w.images.len());
    assert!(!r.agent.camera().is_open());
    assert_eq!(r.agent.camera().kept() as usize, w.images.len());
}

#[test]
fn an_approval_opens_it_around_one_place() {
    for (vertex, kept) in [(1, true), (4, false)] {
        let mut r = at_work(CameraKind::Gated, false);
        let (approval, lease, action_hash) = (ApprovalId::named("a"), LeaseId::named("l1"), Digest([3; 32]));
        let o = ApprovalOrder { approval, lease, action_hash, granted: true, skip: None, valid_to: None, record_at: Some(vertex) };
        r.order(Order::Approval(o));
        r.run(5.0);
        assert_eq!(r.agent.camera().kept() > 0, kept);
        assert_eq!(r.said(|x| matches!(x, Report::ApprovalConsumed { .. })), 1);
    }
}

#[test]
fn a_gate_that_leaks_says_so_and_images_survive_a_restart() {
    let mut r = at_work(CameraKind::Gated, false);
    r.agent.set_leaks(true);
    r.run(6.0);
    let (kept, g) = (r.agent.camera().kept(), beat(&r).gate.unwrap());
    assert!(kept >= 6 && !g.open && g.while_shut > 0 && g.kept == g.while_shut);
    assert!(r.agent.blackbox().chunks().any(|c| c.images > 0 && !c.gate_open));
    r.agent.restart(0, 0.0, &r.map).unwrap();
    assert_eq!(r.agent.camera().kept(), kept, "the platform counts on");
}
