//! More robots than one thread thinks for: what their pieces of work are called on, and in which order, changes nothing.

use crate::common::{loaded, recorded, tick, write};
use nooterra_engine::together::{Piece, Together};
use nooterra_runner::tape::Tape;
use nooterra_stage::Stage;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROBOTS: usize = 24;

/// A one-way ring with a robot's charger at each of its vertices, and two places of work.
fn site(folder: &Path) -> PathBuf {
    let (mut vertices, mut lanes) = (String::new(), String::new());
    let side = ROBOTS / 4;
    for i in 0..ROBOTS {
        let (along, edge) = ((i % side) as f64 * 3.0, side as f64 * 3.0);
        let (x, y, out) = match i / side {
            0 => (along, 0.0, (0.0, -2.0)),
            1 => (edge, along, (2.0, 0.0)),
            2 => (edge - along, edge, (0.0, 2.0)),
            _ => (0.0, edge - along, (-2.0, 0.0)),
        };
        let work = match i {
            3 => ", pickup_dispenser: [1, dispenser]",
            15 => ", dropoff_ingestor: [1, ingestor]",
            _ => "",
        };
        let spawn = format!("spawn_robot_name: [1, robot_{i}], spawn_robot_type: [1, Open-RMF/TinyRobot]");
        let _ = writeln!(vertices, "      - [{x}, {y}, 0, \"\"]");
        let _ = writeln!(
            vertices,
            "      - [{}, {}, 0, \"spot_{i}\", {{is_charger: [4, true], is_parking_spot: [4, true], {spawn}{work}}}]",
            x + out.0,
            y + out.1
        );
        let (here, next) = (2 * i, 2 * ((i + 1) % ROBOTS));
        let _ = writeln!(lanes, "      - [{here}, {next}, {{bidirectional: [4, false], graph_idx: [2, 0]}}]");
        let _ = writeln!(lanes, "      - [{here}, {}, {{bidirectional: [4, true], graph_idx: [2, 0]}}]", here + 1);
    }
    for (x, y) in [(-6.0, -6.0), (30.0, -6.0), (30.0, 30.0), (-6.0, 30.0)] {
        let _ = writeln!(vertices, "      - [{x}, {y}, 0, \"\"]");
    }
    let floor: Vec<String> = (2 * ROBOTS..2 * ROBOTS + 4).map(|i| i.to_string()).collect();
    let path = folder.join("ring.building.yaml");
    let text = format!(
        "coordinate_system: cartesian_meters\ngraphs:\n  0: {{name: floor}}\nlevels:\n  L1:\n    elevation: 0\n    vertices:\n{vertices}    lanes:\n{lanes}    floors:\n      - {{parameters: {{}}, vertices: [{}]}}\nname: ring\n",
        floor.join(", ")
    );
    std::fs::write(&path, text).expect("written");
    path
}

/// Pieces from the last to the first, and how many there were at once.
#[derive(Debug)]
struct Backwards(Arc<AtomicUsize>);

impl Together for Backwards {
    fn all(&self, pieces: &mut [&mut Piece<'_>]) {
        self.0.fetch_max(pieces.len(), Ordering::Relaxed);
        pieces.iter_mut().rev().for_each(|p| p());
    }
}

#[test]
fn many_robots_think_in_any_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    let path = write(folder.path(), "crowd", &site, 2, 5, "");
    let setup = loaded(&path, None, 2).setup;
    assert_eq!(setup.resolved.robots.len(), ROBOTS);
    let (mut a, mut b) = (Stage::new(setup.clone()).expect("set up"), Stage::new(setup).expect("set up"));
    let most = Arc::new(AtomicUsize::new(0));
    b.join(Box::new(Backwards(most.clone())));
    let (mut one, mut other) = (Tape::default(), Tape::default());
    for t in 0..3_000 {
        assert!(tick(&mut a, &mut one) == tick(&mut b, &mut other), "tick {t}");
    }
    assert!(most.load(Ordering::Relaxed) > 2, "brains were not cut into pieces");
}

#[test]
fn many_robots_on_one_core_and_on_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "crowd", &site(folder.path()), 2, 5, "");
    let one = recorded(&path, None, 2, Some(&folder.path().join("one")));
    let two = nooterra_runner::with_cores(|| recorded(&path, None, 2, Some(&folder.path().join("two"))));
    assert_eq!(std::fs::read(&one.log.path).expect("a log"), std::fs::read(&two.log.path).expect("a log"));
    assert_eq!((&one.paths, one.events), (&two.paths, two.events));
    assert!(one.jobs.requested > 0);
}

/// A run that dies on one thread ends on both.
#[test]
fn a_panic_ends_the_helper_too() {
    let r = std::panic::catch_unwind(|| nooterra_runner::with_cores(|| assert!(std::hint::black_box(ROBOTS) == 0, "on purpose")));
    assert!(r.is_err());
}
