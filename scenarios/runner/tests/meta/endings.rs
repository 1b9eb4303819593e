//! Every run ends: all jobs final, books even, nothing touched.

use crate::common::{library, recorded, root, write};
use nooterra_runner::{Outcome, RunReport};
use std::path::Path;

fn ends_well(name: &str, r: &RunReport) {
    assert!(matches!(r.outcome, Outcome::Pass | Outcome::Expectation), "{name}: {:?} {:#?}", r.outcome, r.reasons);
    assert_eq!(r.jobs.open, 0, "{name}");
    assert_eq!(r.jobs.settled + r.jobs.withdrawn, r.jobs.requested, "{name}");
    for m in &r.money {
        assert_eq!((m.imbalance_minor, m.escrow_minor), (0, 0), "{name}: {}", m.currency);
    }
    // A robot whose drives run away hits something: that is the story.
    let wild = r.faults.iter().any(|f| f.contains("motor"));
    assert!(wild || r.safety.collisions == 0, "{name}");
    assert!(r.oracles.iter().all(|o| o.held), "{name}: {:#?}", r.oracles);
    assert!(r.jobs.completed == 0 || r.robots.iter().any(|b| b.distance_m > 1.0), "{name}: done by nobody");
}

#[test]
fn every_scenario_of_the_library_ends_well() {
    for path in library() {
        let mut requested = 0;
        for seed in [101, 102] {
            let r = recorded(&path, Some(seed), 8, None);
            ends_well(&format!("{} seed {seed}", path.display()), &r);
            requested += r.jobs.requested;
        }
        assert!(requested > 0, "{}: nothing was asked for", path.display());
    }
}

/// A building and four lines: title, site, duration, seed.
fn four_lines(site: &Path, minutes: u64) {
    four_lines_of(site, minutes, 7);
}

fn four_lines_of(site: &Path, minutes: u64, seed: u64) -> RunReport {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "four-lines", site, minutes, seed, "");
    let r = recorded(&path, None, minutes, None);
    assert!(r.jobs.requested > 0, "{}: nothing was asked for", site.display());
    ends_well(&format!("{} seed {seed}", site.display()), &r);
    r
}

#[test]
fn four_lines_are_a_complete_scenario_on_our_sites() {
    for site in ["office", "hotel", "corridor"] {
        four_lines(&root().join(format!("sites/{site}.building.yaml")), 8);
    }
}

#[test]
fn four_lines_are_a_complete_scenario_on_a_building_that_others_drew() {
    let folder = root().join("../shared/data/open-rmf");
    if !folder.is_dir() {
        // The buildings of others are no part of the project; where they are not at hand, ours have to do.
        return;
    }
    for site in ["office", "hotel"] {
        four_lines(&folder.join(format!("{site}.building.yaml")), 8);
    }
}

/// Seven places in a row, four of them homes, and one bay in the middle: whoever passes another pushes all of them
/// about. Robots are given work at the very place where they are about to make room.
#[test]
fn four_robots_pass_each_other_in_a_corridor_with_one_bay() {
    let mut text = String::from("name: bay\ncoordinate_system: cartesian_meters\nlevels:\n  L1:\n    vertices:\n");
    for (i, home) in [Some(0), Some(1), None, None, None, Some(2), Some(3)].into_iter().enumerate() {
        let robot =
            |r| format!("is_charger: [4, true], is_parking_spot: [4, true], spawn_robot_name: [1, r{r}], spawn_robot_type: [1, TinyRobot]");
        text += &format!("      - [{}, 0, 0, p{i}, {{{}}}]\n", 1.5 * i as f64, home.map(robot).unwrap_or_default());
    }
    text += "      - [4.5, 1.2, 0, bay]\n    lanes:\n";
    for (a, b) in [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (3, 7)] {
        text += &format!("      - [{a}, {b}, {{bidirectional: [4, true], graph_idx: [2, 0]}}]\n");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("bay.building.yaml");
    std::fs::write(&site, text).expect("written");
    let runs: Vec<RunReport> = (1..=4).map(|seed| four_lines_of(&site, 15, seed)).collect();
    assert!(runs.iter().all(|r| r.robots.len() == 4));
    let early = runs.iter().flat_map(|r| &r.paths).any(|(name, _)| name == "arrived before it was sent");
    assert!(early, "no robot got work where it stood to make room: {:?}", runs.iter().map(|r| &r.paths).collect::<Vec<_>>());
}
