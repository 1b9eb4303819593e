//! Every run ends: all jobs final, books even, nothing touched.

use crate::common::{library, recorded, root, write};
use nooterra_runner::{Outcome, RunReport};
use std::path::Path;

fn ends_well(name: &str, r: &RunReport) {
    assert!(matches!(r.outcome, Outcome::Pass | Outcome::Expectation), "{name}: {:?} {:#?}", r.outcome, r.reasons);
    assert_eq!(r.jobs.open, 0, "{name}");
    assert_eq!(r.jobs.settled + r.jobs.withdrawn, r.jobs.requested, "{name}");
    assert_eq!(r.money.imbalance_minor, 0, "{name}");
    assert_eq!(r.money.escrow_minor, 0, "{name}");
    assert_eq!(r.safety.collisions, 0, "{name}");
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
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "four-lines", site, minutes, 7, "");
    let r = recorded(&path, None, minutes, None);
    assert!(r.jobs.requested > 0, "{}: nothing was asked for", site.display());
    ends_well(&site.display().to_string(), &r);
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
