//! Restore at any tick, continue: the same bytes as never having stopped.

use crate::common::{Draws, loaded, scenario, tick};
use nooterra_engine::digest::blake3;
use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::{Digest, encode};
use nooterra_runner::tape::Tape;
use nooterra_stage::Stage;
use std::collections::{BTreeMap, BTreeSet};

/// Ticks that a restored run is followed for.
const FOLLOWED: u64 = 600;

/// Runs on from keyframes at so many drawn ticks between the given ones.
fn restore(name: &str, seed: u64, from: u64, to: u64, times: usize, asked: u32) {
    let setup = loaded(&scenario(name), Some(seed), 12).setup;
    let mut draws = Draws::new(seed);
    let mut at: BTreeSet<u64> = [from].into();
    while at.len() < times {
        at.insert(from + draws.below(to - from));
    }
    let (mut tape, mut said, mut frames) = (Tape::default(), BTreeMap::<u64, Digest>::new(), Vec::<Keyframe>::new());
    let mut whole = Stage::new(setup.clone()).expect("it can be set up");
    while whole.tick() < to + FOLLOWED {
        let digest = blake3(&tick(&mut whole, &mut tape));
        said.insert(whole.tick(), digest);
        if at.contains(&whole.tick()) {
            frames.push(whole.keyframe());
        }
    }
    assert_eq!(frames.len(), times);
    assert!(whole.control.tally().requested >= asked, "{name}: only {} asked for", whole.control.tally().requested);
    for k in &frames {
        // Through bytes, as a log would hold it.
        let k: Keyframe = nooterra_engine::decode(&encode(k)).expect("canonical");
        let mut again = Stage::thaw(setup.clone(), &k).unwrap_or_else(|e| panic!("{name}, tick {}: {e}", k.tick));
        let frozen = again.keyframe();
        for (a, b) in k.parts.iter().zip(&frozen.parts) {
            assert!(a == b, "{name}: {} is not the same when frozen again at tick {}", a.room, k.tick);
        }
        assert!(frozen == k, "{name}, tick {}", k.tick);
        for _ in 0..FOLLOWED {
            let bytes = tick(&mut again, &mut tape);
            let t = again.tick();
            assert!(said[&t] == blake3(&bytes), "{name}: restored at tick {}, another word at tick {t}", k.tick);
        }
    }
}

#[test]
fn the_office_goes_on_from_any_tick() {
    restore("office-deliveries", 21, 2, 12_000, 6, 1);
}

#[test]
fn lifts_go_on_from_any_tick() {
    restore("hotel-rounds", 11, 3_001, 24_000, 5, 1);
}

#[test]
fn a_bad_network_goes_on_from_any_tick() {
    restore("lossy-network", 5, 2_003, 32_000, 5, 1);
}

#[test]
fn a_narrow_corridor_goes_on_from_any_tick() {
    restore("corridor-passing", 2, 2_003, 18_000, 5, 1);
}

#[test]
fn faults_in_force_go_on_from_any_tick() {
    // The crate drops after four minutes and lies for eight; the battery dies after five.
    restore("office-blocked-corridor", 7, 11_990, 16_000, 4, 1);
    restore("office-robot-dies", 26, 14_980, 18_000, 4, 1);
}

#[test]
fn a_robot_taken_off_the_floor_is_away_after_a_restore_too() {
    // Two robots die, are carried off after some five minutes and come back four minutes later, one in the middle of a job.
    restore("office-hand-over", 4, 12_003, 28_000, 7, 1);
}
