//! Order of registration and further draws: what one party does must not move what another one does.

use crate::common::{loaded, recorded, root, write};
use nooterra_engine::digest::blake3;
use nooterra_engine::{Digest, encode};
use nooterra_runner::RunReport;
use nooterra_runner::tape::Tape;
use nooterra_stage::Stage;
use std::collections::{BTreeMap, BTreeSet};

const FIRST: &str =
    "    - name: first\n      jobs: {process: poisson, per_hour: 60, from: [pantry], to: [lounge, meeting, desk_1, desk_3]}\n";
const SECOND: &str = "    - name: second\n      jobs: {process: poisson, per_hour: 60, from: [supplies], to: [hardware]}\n";

/// When and for where a requester asked.
fn asked(r: &RunReport, from: &str) -> BTreeSet<(u64, String)> {
    let rows = r.jobs.rows.iter().filter(|j| j.from.ends_with(from));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // seconds to milliseconds
    rows.map(|j| ((j.requested_s * 1000.0) as u64, j.to.clone())).collect()
}

#[test]
fn one_party_more_moves_no_demand_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = root().join("sites/office.building.yaml");
    let run = |name: &str, more: &str| recorded(&write(folder.path(), name, &site, 3, 8, more), None, 3, None);
    let alone = run("alone", &format!("market:\n  requesters:\n{FIRST}"));
    let both = run("both", &format!("market:\n  requesters:\n{FIRST}{SECOND}"));
    let crowd = run(
        "crowd",
        &format!(
            "market:\n  requesters:\n{FIRST}  providers:\n    - {{name: one, quote_delay: 1s..3s}}\n    - {{name: two, quote_delay: 1s..9s}}\n    - {{name: three, quote_delay: 2s..4s}}\n"
        ),
    );
    let of = asked(&alone, "pantry");
    assert!(of.len() >= 2, "{of:?}");
    assert_eq!(of, asked(&both, "pantry"), "another requester");
    assert_eq!(of, asked(&crowd, "pantry"), "another provider");
    assert!(!asked(&both, "supplies").is_empty());
}

/// Where every robot is in each tick, by its name.
fn paths(fleet: &str) -> BTreeMap<String, Digest> {
    let folder = tempfile::tempdir().expect("a folder");
    let none = "market:\n  requesters:\n    - name: nobody\n      jobs: {process: fixed, at: [9m], from: [pantry], to: [lounge]}\n";
    let path = write(folder.path(), "fleet", &root().join("sites/office.building.yaml"), 10, 8, &format!("{none}{fleet}"));
    let setup = loaded(&path, None, 10).setup;
    let mut stage = Stage::new(setup.clone()).expect("it can be set up");
    let mut said: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut tape = Tape::default();
    for _ in 0..500 {
        crate::common::tick(&mut stage, &mut tape);
        for (i, r) in setup.resolved.robots.iter().enumerate() {
            let t = stage.fleet.truth(i).expect("it is there");
            let of = said.entry(r.name.clone()).or_default();
            of.extend_from_slice(&encode(&t.pose));
            of.extend_from_slice(&t.z_m.to_bits().to_le_bytes());
        }
    }
    said.into_iter().map(|(n, b)| (n, blake3(&b))).collect()
}

#[test]
fn robots_at_rest_are_the_same_in_any_order() {
    let entry = |name: &str, model: &str, at: &str| format!("  - {{model: {model}, name: {name}, count: 1, at: [{at}]}}\n");
    let (a, b) = (entry("alpha", "tinyRobot", "lounge"), entry("beta", "tinyRobot", "hardware"));
    let (one, other) = (paths(&format!("fleet:\n{a}{b}")), paths(&format!("fleet:\n{b}{a}")));
    assert_eq!(one.len(), 2);
    assert_eq!(one, other);
}
