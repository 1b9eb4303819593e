//! Motion replayed from chunks: what was commanded against where it led, and what cannot be said.

use super::rig::{Rig, house};
use crate::replay::residual_of;
use nooterra_engine::Digest;
use nooterra_port::blackbox::Chunk;
use nooterra_port::report::{Mode, PoseMm};

const SEC: u64 = 1_000_000_000;

/// Chunks of a robot that is told so much a second (ahead, mm; turn, µrad), and does that share of it (percent).
fn chunks(told: (i64, i64), does_percent: i64, n: u64) -> Vec<Chunk> {
    let (mut prev, mut pose, mut out) = (Digest::ZERO, PoseMm::default(), vec![]);
    for number in 0..n {
        pose = step(pose, told, does_percent);
        let c = Chunk { number, prev, pose, told: Some(PoseMm { x_mm: told.0, y_mm: 0, theta_urad: told.1 }), ..still(number) };
        prev = c.hash();
        out.push(c);
    }
    out
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // a few metres
fn step(p: PoseMm, told: (i64, i64), does_percent: i64) -> PoseMm {
    let (a, d) = (p.theta_urad as f64 / 1e6, (told.0 * does_percent / 100) as f64);
    let (x, y) = (d * nooterra_engine::real::cos(a), d * nooterra_engine::real::sin(a));
    PoseMm { x_mm: p.x_mm + x as i64, y_mm: p.y_mm + y as i64, theta_urad: p.theta_urad + told.1 * does_percent / 100 }
}

fn still(number: u64) -> Chunk {
    Chunk {
        number,
        from_ns: number * SEC,
        to_ns: (number + 1) * SEC,
        commands: 20,
        soc_bps: 9_000,
        battery_mv: 12_000,
        health_bps: 10_000,
        mode: Mode::Driving,
        online: true,
        ..Chunk::default()
    }
}

/// Chains chunks again after a change.
fn chained(mut all: Vec<Chunk>) -> Vec<Chunk> {
    for i in 1..all.len() {
        all[i].prev = all[i - 1].hash();
    }
    all
}

#[test]
fn whoever_does_as_it_was_told_is_not_apart() {
    for told in [(0, 0), (400, 0), (0, 500_000)] {
        assert!(residual_of(&chunks(told, 100, 20)).unwrap() < 50, "{told:?}");
        assert!(residual_of(&chunks(told, 92, 20)).unwrap() < 1_500, "{told:?}: worn wheels");
    }
    assert!(residual_of(&chunks((400, 0), 0, 20)).unwrap() >= 3_000, "wheels that spin");
    assert!(residual_of(&chunks((0, 900_000), 0, 20)).unwrap() >= 3_000);
}

#[test]
fn a_jolt_does_not_last_and_what_lasts_shows() {
    let mut all = chunks((400, 0), 100, 30);
    for c in &mut all[12..] {
        c.pose.x_mm += 500; // thrown half a metre once
    }
    assert!(residual_of(&chained(all)).unwrap() < 3_000);
    let mut all = chunks((400, 0), 100, 30);
    for i in 12..24 {
        for c in &mut all[i..] {
            c.pose.x_mm += 500;
        }
    }
    assert!(residual_of(&chained(all)).unwrap() >= 3_000, "pushed for twelve seconds");
}

#[test]
fn chunks_that_do_not_hang_together_or_say_too_little_say_nothing() {
    let all = chunks((400, 0), 100, 20);
    assert_eq!(residual_of(&[]), None);
    assert_eq!(residual_of(&all[..1]), None);
    let mut hole = all.clone();
    hole.remove(7);
    assert_eq!(residual_of(&hole), None);
    let mut other = all.clone();
    other[7].contacts = 1;
    assert_eq!(residual_of(&other), None, "the next one names another hash");
    let mut mute = all.clone();
    mute[5..8].iter_mut().for_each(|c| c.told = None);
    assert_eq!(residual_of(&chained(mute)), None, "three of twenty seconds without commands");
    let mut brief = all;
    brief[5].told = None;
    assert!(residual_of(&chained(brief)).unwrap() < 50);
}

#[test]
fn an_agents_own_box_replays() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(15.0);
    let all: Vec<Chunk> = r.agent.blackbox().chunks().cloned().collect();
    assert!(all.len() > 10 && all[2..].iter().all(|c| c.told.is_some()), "each says where its commands lead");
    assert!(residual_of(&all).unwrap() < 1_000);
}
