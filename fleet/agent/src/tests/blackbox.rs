//! The black box: numbered and chained for ever, anchored in time, handed out with proofs, and bounded.

use super::rig::*;
use crate::blackbox::{BlackBox, Now, Recorder};
use crate::camera::Camera;
use nooterra_engine::geom::Pose2;
use nooterra_engine::ids::IncidentId;
use nooterra_engine::{Digest, Span, decode, encode};
use nooterra_port::blackbox::{ANCHOR_EVERY, ANCHOR_MAX, ASKED_MAX, Anchor, CHUNK, Chunk, KEPT, WINDOW_MAX, Window};
use nooterra_port::order::Order;
use nooterra_port::report::{Heartbeat, Report};
use nooterra_trust::merkle::{Tree, WindowProof, leaf_hash};

const SEC: u64 = 1_000_000_000;

fn anchors(r: &Rig) -> Vec<Anchor> {
    r.heard.iter().filter_map(|(_, r)| if let Report::BlackboxAnchored(a) = r { Some(a.clone()) } else { None }).collect()
}
fn windows(r: &Rig) -> Vec<Window> {
    r.heard.iter().filter_map(|(_, r)| if let Report::Blackbox(w) = r { Some((**w).clone()) } else { None }).collect()
}
fn beats(r: &Rig) -> Vec<Heartbeat> {
    r.heard.iter().filter_map(|(_, r)| if let Report::Heartbeat(b) = r { Some(b.clone()) } else { None }).collect()
}

/// Anchors that follow each other from the first chunk on, each the root over what it names.
fn sound(all: &[Anchor]) {
    let mut next = 0;
    for a in all {
        assert_eq!((a.from, a.to - a.from + 1), (next, a.chunks.len() as u64));
        assert!(a.chunks.len() as u64 <= ANCHOR_MAX);
        let mut t = Tree::default();
        a.chunks.iter().for_each(|h| t.push(leaf_hash(&h.0)));
        assert_eq!(t.root(), a.root);
        next = a.to + 1;
    }
}

/// Do these chunks stand where their proofs say? Then their numbers.
fn proven(w: &Window) -> Option<Vec<u64>> {
    let mut rest = w.chunks.as_slice();
    for p in &w.proofs {
        let (own, others) = rest.split_at((p.last - p.first + 1) as usize);
        let leaves: Vec<Digest> = own.iter().map(|c| leaf_hash(&c.hash().0)).collect();
        let (left, right) = (p.left.clone(), p.right.clone());
        let proof = WindowProof { from: p.first - p.from, to: p.last - p.from + 1, size: p.to - p.from + 1, left, right };
        proof.verify(&leaves, &p.root).ok()?;
        rest = others;
    }
    rest.is_empty().then(|| w.chunks.iter().map(|c| c.number).collect())
}

fn chained(all: &[Chunk]) {
    for x in all.windows(2) {
        assert_eq!((x[1].number, x[1].prev), (x[0].number + 1, x[0].hash()));
        assert!(x[0].to_ns <= x[1].from_ns && x[0].from_ns < x[0].to_ns);
    }
}

#[test]
fn a_chunk_a_second_and_an_anchor_each_ten() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("way", &[0, 1, 2, 3]);
    r.run(31.0);
    let all: Vec<Chunk> = r.agent.blackbox().chunks().cloned().collect();
    chained(&all);
    assert!((29..=32).contains(&all.len()), "{}", all.len());
    assert!(all[1..].iter().all(|c| c.to_ns - c.from_ns == SEC && c.from_ns > 0));
    assert_eq!(all[0].from_ns, 0, "the first begins with the clock");
    assert!(all.iter().any(|c| c.top_mm_s > 200 && c.commands == 20) && all.iter().any(|c| c.order_seq == 1));
    let a = anchors(&r);
    sound(&a);
    assert!((3..=4).contains(&a.len()), "{}", a.len());
    assert_eq!(a[1].chunks, all[a[1].from as usize..=a[1].to as usize].iter().map(Chunk::hash).collect::<Vec<_>>());
    for b in beats(&r).iter().filter_map(|b| b.bb_head) {
        assert_eq!(all[b.number as usize].hash(), b.hash, "heartbeats name what is anchored later");
    }
    assert!(beats(&r).last().unwrap().bb_head.is_some());
}

#[test]
fn an_incident_is_anchored_before_it_is_told() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(13.5);
    let before = anchors(&r).len();
    r.frame.bump_mns = 700;
    r.cycle();
    r.frame.bump_mns = 0;
    r.cycle();
    let all = anchors(&r);
    sound(&all);
    assert_eq!(all.len(), before + 1);
    let told = r.heard.iter().position(|(_, x)| matches!(x, Report::Noticed { code, .. } if code == "COLLISION")).unwrap();
    assert!(matches!(&r.heard[told - 1].1, Report::BlackboxAnchored(_)), "first the anchor, then the word");
    let last = r.agent.blackbox().chunks().last().cloned().unwrap();
    assert_eq!((last.number, last.contacts, last.contact_mns), (all[before].to, 1, 700), "the chunk ends with the bump");
    assert!(last.to_ns - last.from_ns < SEC);
    // Another one at once cuts no chunk of a few frames.
    r.frame.bump_mns = 9_000;
    r.cycle();
    r.frame.bump_mns = 0;
    let last = r.agent.blackbox().chunks().last().cloned().unwrap();
    assert_eq!(last.contacts, 1);
    r.run(2.0);
    let later: u64 = r.agent.blackbox().chunks().map(|c| c.contact_mns).sum();
    assert_eq!(later, 9_700);
}

#[test]
fn nothing_is_left_out_while_the_link_is_down() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(5.0);
    r.link_up = false;
    r.run(45.0);
    assert!(anchors(&r).is_empty());
    r.link_up = true;
    r.run(30.0);
    sound(&anchors(&r));
    assert!(anchors(&r).last().unwrap().to > 60);
    let online: Vec<bool> = r.agent.blackbox().chunks().map(|c| c.online).collect();
    assert!(online[3] && !online[40] && online[online.len() - 1]);
    // The state goes through a keyframe in between.
    let bytes = encode(&r.agent);
    let thawed: crate::Agent = decode(&bytes).unwrap();
    assert_eq!(thawed, r.agent);
}

#[test]
fn a_window_is_handed_out_once_it_is_over() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(40.0);
    let incident = IncidentId::named("i");
    let at = r.now.0;
    r.order(Order::WantBlackbox { incident, from_ns: at - 30 * SEC, to_ns: at + 30 * SEC, images: false });
    assert_eq!(r.last_ack(), None);
    r.run(29.0);
    assert!(windows(&r).is_empty() && r.agent.blackbox().owes() == 1);
    // The last word counts.
    r.order(Order::WantBlackbox { incident, from_ns: at - 30 * SEC, to_ns: at + 31 * SEC, images: false });
    assert_eq!(r.agent.blackbox().owes(), 1);
    r.run(4.0);
    let [w] = &windows(&r)[..] else { panic!("one answer") };
    assert_eq!(w.incident, incident);
    let numbers = proven(w).expect("every chunk under its anchor");
    chained(&w.chunks);
    assert!((61..=64).contains(&numbers.len()), "{}", numbers.len());
    assert!(w.chunks[0].from_ns <= at - 30 * SEC && w.chunks.last().unwrap().to_ns >= at + 31 * SEC);
    let known = anchors(&r);
    assert!(w.proofs.iter().all(|p| known.iter().any(|a| (a.from, a.to, a.root) == (p.from, p.to, p.root))), "said before");
    // Of a time that is over long since, at once; of one that it does not have, what lies beside it.
    r.order(Order::WantBlackbox { incident: IncidentId::named("old"), from_ns: 5 * SEC, to_ns: 9 * SEC, images: false });
    r.order(Order::WantBlackbox { incident: IncidentId::named("none"), from_ns: 0, to_ns: 0, images: false });
    r.order(Order::WantBlackbox { incident: IncidentId::named("back"), from_ns: 9, to_ns: 8, images: false });
    r.run(0.2);
    assert_eq!(r.last_ack().unwrap().1, "WINDOW_INVALID");
    let all = windows(&r);
    assert_eq!(all.len(), 3);
    assert!((4..=6).contains(&all[1].chunks.len()) && proven(&all[1]).is_some());
    assert_eq!((all[2].chunks.len(), all[2].chunks[0].number), (1, 0), "but for the chunk beside it");
    for n in 0..=ASKED_MAX {
        let incident = IncidentId::named(&n.to_string());
        r.order(Order::WantBlackbox { incident, from_ns: 0, to_ns: u64::MAX, images: false });
    }
    r.run(0.2);
    assert_eq!(r.last_ack().unwrap().1, "QUOTA_EXCEEDED");
    assert_eq!(r.agent.blackbox().owes(), ASKED_MAX);
}

#[test]
fn a_recorder_that_stands_leaves_a_hole_and_no_missing_number() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(20.0);
    let at = r.now.0;
    r.agent.set_recorder(Recorder::Stopped);
    r.run(8.0);
    assert_eq!(beats(&r).last().unwrap().bb_head.map(|h| h.number), r.agent.blackbox().head().map(|h| h.number));
    r.agent.set_recorder(Recorder::Works);
    r.run(20.0);
    let all: Vec<Chunk> = r.agent.blackbox().chunks().cloned().collect();
    chained(&all);
    sound(&anchors(&r));
    let holes: Vec<u64> = all.windows(2).map(|x| x[1].from_ns - x[0].to_ns).filter(|h| *h > 0).collect();
    assert_eq!(holes.len(), 1);
    assert!((8 * SEC..10 * SEC).contains(&holes[0]), "{holes:?}");
    let incident = IncidentId::named("i");
    r.order(Order::WantBlackbox { incident, from_ns: at - 10 * SEC, to_ns: at + 15 * SEC, images: false });
    r.run(0.5);
    let [w] = &windows(&r)[..] else { panic!("one answer") };
    assert!(proven(w).is_some());
    for p in &w.proofs {
        let own: Vec<&Chunk> = w.chunks.iter().filter(|c| (p.first..=p.last).contains(&c.number)).collect();
        assert!(own.windows(2).all(|x| x[0].to_ns == x[1].from_ns), "no proof speaks over the hole");
    }
    // Where the hole lies at an end of a window, or is all of it, the chunks beside it show that nothing is left out.
    let (a, b) = all.windows(2).find(|x| x[1].from_ns > x[0].to_ns).map(|x| (x[0].clone(), x[1].clone())).unwrap();
    let mid = a.to_ns.midpoint(b.from_ns);
    let mut asked = 1;
    let mut shown = |r: &mut Rig, from_ns: u64, to_ns: u64| {
        r.order(Order::WantBlackbox { incident, from_ns, to_ns, images: false });
        r.run(0.5);
        asked += 1;
        let all = windows(r);
        assert_eq!(all.len(), asked);
        let w = all.last().unwrap();
        assert!(proven(w).is_some());
        (w.chunks[0].number, w.chunks.last().unwrap().number)
    };
    assert_eq!(shown(&mut r, mid, b.to_ns + SEC), (a.number, b.number + 1), "it begins in the hole");
    assert_eq!(shown(&mut r, a.from_ns, mid), (a.number, b.number), "it ends there");
    assert_eq!(shown(&mut r, mid, mid + SEC), (a.number, b.number), "it lies there");
    assert_eq!(shown(&mut r, a.from_ns, a.to_ns), (a.number, a.number), "it needs no witness");
}

#[test]
fn altered_chunks_stand_under_no_anchor() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(10.0);
    r.frame.bump_mns = 800;
    r.cycle();
    r.frame.bump_mns = 0;
    r.run(5.0);
    r.agent.set_recorder(Recorder::Alters);
    r.order(Order::WantBlackbox { incident: IncidentId::named("i"), from_ns: 5 * SEC, to_ns: 13 * SEC, images: false });
    r.run(0.5);
    let [w] = &windows(&r)[..] else { panic!("one answer") };
    assert!(w.chunks.iter().all(|c| c.contact_mns == 0), "the bump is gone");
    assert_eq!(proven(w), None);
    sound(&anchors(&r));
}

#[test]
fn whoever_was_switched_off_goes_on_with_its_numbers() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(12.0);
    let before = r.agent.blackbox().head().unwrap().number;
    r.now += Span::from_secs(100);
    r.agent.restart(0, 0.0, &r.map).unwrap();
    r.truth = Pose2 { at: r.map.vertex(0).unwrap().at, theta_rad: 0.0 };
    r.run(12.0);
    let all: Vec<Chunk> = r.agent.blackbox().chunks().cloned().collect();
    chained(&all);
    assert!(r.agent.blackbox().head().unwrap().number > before + 10);
    let holes: Vec<u64> = all.windows(2).map(|x| x[1].from_ns - x[0].to_ns).filter(|h| *h > 0).collect();
    assert_eq!(holes.len(), 1, "the time without power is nobody's");
    assert!((99 * SEC..102 * SEC).contains(&holes[0]), "{holes:?}");
    sound(&anchors(&r));
}

fn still() -> Now {
    let state = Chunk { soc_bps: 9_000, battery_mv: 12_000, health_bps: 10_000, online: true, ..Chunk::default() };
    Now { state, clamped: 0, bump_mns: 0, image: None, moment: None }
}

#[test]
fn it_keeps_ten_minutes_and_no_more() {
    let mut b = BlackBox::default();
    let mut out = Vec::new();
    let (now, mut ns) = (still(), 0);
    let mut run = |b: &mut BlackBox, secs: u64, out: &mut Vec<Report>| {
        for _ in 0..secs * 4 {
            ns += SEC / 4;
            b.cycle(ns, &now, false, &Camera::default(), out);
        }
        ns
    };
    let at = run(&mut b, 1_500, &mut out);
    assert_eq!(b.chunks().len(), KEPT);
    let all: Vec<Anchor> = out.drain(..).filter_map(|r| if let Report::BlackboxAnchored(a) = r { Some(a) } else { None }).collect();
    sound(&all);
    assert_eq!(all.len() as u64, 1_500 * SEC / ANCHOR_EVERY.0);
    // What is gone is not handed out, but for the chunk that comes after it; what is left is, as far as it may be long.
    b.ask(IncidentId::named("gone"), 0, at - 700 * SEC, false).unwrap();
    b.ask(IncidentId::named("long"), 0, at, false).unwrap();
    run(&mut b, 1, &mut out);
    let answers: Vec<&Window> = out.iter().filter_map(|r| if let Report::Blackbox(w) = r { Some(&**w) } else { None }).collect();
    assert_eq!((answers.len(), answers[0].chunks.len(), answers[1].chunks.len()), (2, 1, WINDOW_MAX));
    assert!(proven(answers[1]).is_some());
    assert_eq!(CHUNK.0 * KEPT as u64, 600 * SEC);
    let again: BlackBox = decode(&encode(&b)).unwrap();
    assert_eq!(again, b);
}
