//! `nooterra grid` and grid maps from the outside: results, the same bytes again, errors with their place.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command lies in the workspace").to_owned()
}

/// Runs it, expects this exit code, and gives back both outputs.
#[track_caller]
fn expect(code: i32, args: &[&str]) -> (String, String) {
    let o = Command::new(env!("CARGO_BIN_EXE_nooterra")).args(args).current_dir(root()).stdin(Stdio::null()).output().expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&o.stdout).into_owned(), String::from_utf8_lossy(&o.stderr).into_owned());
    assert_eq!(o.status.code(), Some(code), "nooterra {args:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

const SMALL: &str = "sites/grid/small-warehouse.json";

/// The report without its wall times, and the file that was written.
fn run(problem: &str, more: &[&str], to: &Path) -> (Value, String) {
    let path = to.display().to_string();
    let args = [&["grid", problem, "--format", "json", "--out", &path], more].concat();
    let mut report: Value = serde_json::from_str(&expect(0, &args).0).expect("JSON");
    assert!(report["wall"]["step_mean_ms"].as_f64().is_some_and(|t| t > 0.0), "{report}");
    report["wall"] = Value::Null;
    (report, fs::read_to_string(to).expect("written"))
}

#[test]
fn a_problem_is_run_and_gives_the_same_bytes_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (report, file) = run(SMALL, &["--steps", "300"], &dir.path().join("a.json"));
    assert_eq!(report["judge"]["passed"], true);
    assert_eq!((report["agents"].as_u64(), report["steps"].as_u64()), (Some(60), Some(300)));
    let finished = report["tasks"]["finished"].as_u64().expect("a number");
    assert!(finished > 300, "{report}");
    let again = run(SMALL, &["--steps", "300"], &dir.path().join("b.json"));
    assert_eq!((&report, &file), (&again.0, &again.1));
    let other = run(SMALL, &["--steps", "300", "--seed", "1"], &dir.path().join("c.json")).0;
    assert_ne!(report["digest"], other["digest"]);

    // The file: what the League's viewer reads.
    let plan: Value = serde_json::from_str(&file).expect("JSON");
    assert_eq!((plan["version"].as_str(), plan["actionModel"].as_str()), (Some("2024 LoRR"), Some("MAPF_T")));
    assert_eq!((plan["numTaskFinished"].as_u64(), plan["makespan"].as_u64()), (Some(finished), Some(300)));
    let list = |key: &str| plan[key].as_array().unwrap_or_else(|| panic!("{key}")).clone();
    for key in ["start", "actualPaths", "plannerPaths", "actualSchedule", "plannerSchedule"] {
        assert_eq!(list(key).len(), 60, "{key}");
    }
    let letters = |p: &Value| p.as_str().expect("a text").split(',').map(str::to_owned).collect::<Vec<_>>();
    assert!(list("actualPaths").iter().all(|p| letters(p).len() == 300 && letters(p).iter().all(|a| "FRCW".contains(a.as_str()))));
    // Each task as often visited at its last place as was counted.
    let tasks = list("tasks");
    let last = |e: &Value| {
        e[3].as_u64() == tasks[usize::try_from(e[2].as_u64().expect("a task")).expect("small")][2].as_array().map(|p| p.len() as u64 / 2)
    };
    assert_eq!(list("events").iter().filter(|e| last(e)).count() as u64, finished);
    assert!(tasks.iter().enumerate().all(|(i, t)| t[0].as_u64() == Some(i as u64)));

    let (out, _) = expect(0, &["grid", SMALL, "--steps", "20", "--depth", "3", "--rounds", "0"]);
    for part in ["60 agents", "tasks", "judge     pass", "wall", "digest"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(expect(0, &["grid", "--help"]).0.contains("Examples:"));
}

#[test]
fn what_cannot_be_run_is_told_with_its_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| {
        let p = dir.path().join(name);
        fs::write(&p, text).expect("written");
        p.display().to_string()
    };
    put("m.map", "type octile\nheight 2\nwidth 2\nmap\n..\n@.\n");
    put("bad.map", "type octile\nheight 2\nwidth 2\nmap\n.x\n...\n");
    put("a.agents", "1\n0\n");
    put("bad.agents", "2\n2\n9\n");
    put("t.tasks", "1\n0,3\n");
    put("bad.tasks", "1\n0,2\n");
    let problem = |name: &str, map: &str, agents: &str, tasks: &str| {
        let text = format!("{{\"mapFile\": \"{map}\", \"agentFile\": \"{agents}\", \"taskFile\": \"{tasks}\", \"teamSize\": 1}}");
        put(name, &text)
    };
    let fine = problem("fine.json", "m.map", "a.agents", "t.tasks");
    assert!(expect(0, &["grid", &fine, "--steps", "9"]).0.contains("1 agents on 3 free cells"));
    let cases = [
        ("nowhere.json".to_owned(), vec!["does not exist"]),
        (put("empty.json", ""), vec!["the file is empty"]),
        (put("cut.json", "{\"mapFile\": "), vec!["cut.json:1"]),
        (put("none.json", "{}"), vec!["`mapFile` is missing", "`teamSize` is missing"]),
        (problem("nomap.json", "no.map", "a.agents", "t.tasks"), vec!["the map", "no.map", "does not exist"]),
        (problem("badmap.json", "bad.map", "a.agents", "t.tasks"), vec!["bad.map:5:2", "`x` is no cell", "bad.map:6:3"]),
        (problem("badagents.json", "m.map", "bad.agents", "t.tasks"), vec!["bad.agents:2:1", "2 is blocked"]),
        (problem("badtasks.json", "m.map", "a.agents", "bad.tasks"), vec!["bad.tasks:2:3", "2 is blocked"]),
    ];
    for (path, says) in cases {
        let (_, err) = expect(2, &["grid", &path]);
        assert!(err.starts_with("error") && says.iter().all(|s| err.contains(s)), "{path}: {says:?}\n{err}");
    }
    for wrong in [["--steps", "0"], ["--depth", "9"], ["--out", "/no/such/folder/x.json"]] {
        expect(2, &["grid", &fine, wrong[0], wrong[1]]);
    }
    // A scenario asks for a building.
    let map = root().join("sites/grid/small-warehouse.map").display().to_string();
    let scenario = put("s.yaml", &format!("title: t\nsite: {map}\nduration: 1m\nseed: 1\n"));
    let (_, err) = expect(2, &["scenario", "check", &scenario]);
    assert!(err.contains("this is a grid map, not a building") && err.contains("nooterra grid"), "{err}");
}

#[test]
fn grid_maps_are_sites() {
    let dir = tempfile::tempdir().expect("a folder");
    let map = "sites/grid/small-warehouse.map";
    assert!(expect(0, &["site", "check", map]).0.contains("can be used"));
    for (name, least) in [("m.svg", 2_000), ("m.png", 2_000)] {
        let to = dir.path().join(name);
        let (out, _) = expect(0, &["site", "show", map, "--out", &to.display().to_string()]);
        assert!(out.contains("lanes on 1 graphs") && out.contains("drawn in"), "{out}");
        let bytes = fs::metadata(&to).expect("written").len();
        assert!((least..2_000_000).contains(&bytes), "{name}: {bytes}");
    }
    let bad = dir.path().join("bad.map");
    fs::write(&bad, "type octile\nheight 2\nwidth 3\nmap\n..\n.?.\n").expect("written");
    let (_, err) = expect(2, &["site", "check", &bad.display().to_string()]);
    assert!(err.contains("bad.map:5:3") && err.contains("bad.map:6:2") && err.contains("help:"), "{err}");
}

/// The League's own examples, where they lie beside the project.
#[test]
fn problems_of_the_league_are_run() {
    for (name, steps, least) in [("random.domain/random-example_400", "100", 100), ("warehouse.domain/fulfill-example_2500", "20", 0)] {
        let path = root().join("../shared/data/lorr").join(name).with_extension("json");
        if !path.exists() {
            assert!(std::env::var("CI").is_err(), "the sample {name} is missing");
            eprintln!("skipped: the sample {name} is missing");
            continue;
        }
        let (out, _) = expect(0, &["grid", &path.display().to_string(), "--steps", steps, "--format", "json"]);
        let report: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(report["judge"]["passed"], true);
        assert!(report["tasks"]["finished"].as_u64().is_some_and(|n| n >= least), "{report}");
        // What is of another edition's model is told.
        assert!(report["remarks"].as_array().is_some_and(|r| r.iter().any(|f| f["path"] == "delayConfig")), "{report}");
    }
}
