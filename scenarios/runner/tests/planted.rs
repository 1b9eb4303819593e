//! The judges of the world's truth against planted bugs: a robot, a site or a lease that does what it must not, in short
//! runs with physics. `cargo test -p nooterra-runner --features planted --test planted`.

use nooterra_engine::Span;
use nooterra_engine::planted::Planted;
use nooterra_runner::{Overrides, RunReport, RunRequest, run};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn library(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../library").join(name).with_extension("yaml")
}

fn ran(scenario: PathBuf, minutes: u64) -> RunReport {
    let overrides = Overrides { seed: None, duration: Some(Span::from_secs(60 * minutes)) };
    let request = RunRequest { scenario, overrides, out: None, twice: false, budget: None };
    run(&request, &mut |_| true).unwrap_or_else(|e| panic!("{e}"))
}

/// Two robots of one provider; one of them is out of reach for three minutes on its way to a job.
fn cut_off(folder: &Path) -> PathBuf {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sites/office.building.yaml");
    let site = site.canonicalize().expect("there is a site");
    let text = format!(
        "title: out of reach\nsite: {}\nduration: 8m\nseed: 5\nmarket:\n  requesters:\n    - name: reception\n      jobs: \
         {{process: every, at: 20s, gap: 30s, limit: 6, kind: delivery, from: [pantry, supplies], to: [lounge, meeting, hardware], mass: \
         1kg}}\nfaults:\n  - at: 100s\n    partition: {{group: [robots], for: 50s}}\n",
        site.display()
    );
    let path = folder.join("out-of-reach.yaml");
    std::fs::write(&path, text).expect("written");
    path
}

/// A robot that has hardly any charge left, and work for it.
fn nearly_empty(folder: &Path) -> PathBuf {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sites/office.building.yaml");
    let site = site.canonicalize().expect("there is a site");
    let text = format!(
        "title: nearly empty\nsite: {}\nduration: 20m\nseed: 5\nfleet:\n  - {{model: tinyRobot, count: 1, name: scout, at: [lounge], \
         charge: 1%}}\nmarket:\n  requesters:\n    - name: security\n      jobs: {{process: every, at: 20s, gap: 3m, limit: 5, kind: \
         patrol, from: [pantry], to: [hardware], window: 30m}}\n",
        site.display()
    );
    let path = folder.join("nearly-empty.yaml");
    std::fs::write(&path, text).expect("written");
    path
}

/// A hotel that opens one of its lifts to no robot.
fn one_lift(folder: &Path, shut: &str) -> PathBuf {
    let text = std::fs::read_to_string(library("door-not-in-plan")).expect("a scenario");
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sites/hotel.building.yaml");
    let site = site.canonicalize().expect("there is a site");
    let text = text.replace("../../sites/hotel.building.yaml", &site.display().to_string());
    let path = folder.join(format!("without-{shut}.yaml"));
    std::fs::write(&path, text.replace("lift_a", shut)).expect("written");
    path
}

/// Numbers of the invariants that did not hold, as the judges name them.
fn broken(r: &RunReport) -> BTreeSet<String> {
    r.oracles.iter().filter(|j| !j.held).flat_map(|j| j.invariants.first().cloned()).collect()
}

/// Judges that found something, those of the domain's list and others.
fn speaking(r: &RunReport) -> Vec<&str> {
    r.oracles.iter().filter(|j| !j.held).map(|j| j.name.as_str()).collect()
}

#[test]
fn a_load_that_is_not_where_custody_says_is_found() {
    let turn = Planted::nothing();
    let sound = ran(library("load-hand-over"), 8);
    assert_eq!(speaking(&sound), Vec::<&str>::new(), "{:?}", sound.reasons);
    drop(turn);
    let turn = Planted::on("hand over what is on the robot");
    let r = ran(library("load-hand-over"), 8);
    assert!(turn.was_met() && speaking(&r).contains(&"a load is where custody says"), "{:?} {:?}", speaking(&r), r.reasons);
}

#[test]
fn the_world_tells_on_planted_bugs() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = cut_off(folder.path());
    let low = nearly_empty(folder.path());
    let cases = [
        ("I11 give a lease up before the robot does", "I11", cut, 8),
        ("I11 send another while a robot may work by itself", "I11", library("quarantine-unheard"), 8),
        ("I13 go where no plan leads", "I13", library("private-area"), 14),
        ("I13 open a door that the plan does not name", "I13", one_lift(folder.path(), "lift_b"), 14),
        ("I15 drive on under a stop", "I15", library("remote-stops"), 8),
        ("I16 lose a clamp", "I16", library("remote-stops"), 8),
        ("I16 drive faster than told to", "I16", library("clamp-profile"), 4),
        ("I17 keep a contact secret", "I17", library("collision-claim"), 20),
        ("I19 keep what a shut gate holds back", "I19", library("camera-gate"), 12),
        ("I41 drive on an empty battery and say that it is full", "I41", low, 20),
        ("I34 a witness that sees too far", "I34", library("access-expired"), 20),
    ];
    let mut wrong = Vec::new();
    for (bug, number, scenario, minutes) in cases {
        let turn = Planted::nothing();
        let sound = ran(scenario.clone(), minutes);
        if !broken(&sound).is_empty() {
            wrong.push(format!("{number}, sound: {:?}: {:?}", broken(&sound), sound.reasons));
        }
        drop(turn);
        let turn = Planted::on(bug);
        let r = ran(scenario, minutes);
        println!("{bug}: {:?} {:?}", broken(&r), r.reasons.first());
        if !broken(&r).contains(number) || !turn.was_met() {
            wrong.push(format!("{bug}: {:?} (met: {})", broken(&r), turn.was_met()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
