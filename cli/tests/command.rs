//! The program from the outside: exit codes, errors with their place, output for people and for machines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command lies in the workspace").to_owned()
}

fn nooterra(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nooterra")).args(args).current_dir(root()).stdin(Stdio::null()).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs it, expects this exit code, and gives back both outputs.
#[track_caller]
fn expect(code: i32, args: &[&str]) -> (String, String) {
    let o = nooterra(args);
    let (out, err) = (text(&o.stdout), text(&o.stderr));
    assert_eq!(o.status.code(), Some(code), "nooterra {args:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

/// A four-line scenario on the office in a folder of its own.
fn four_lines(folder: &Path, more: &str) -> String {
    let site = root().join("sites/office.building.yaml");
    let path = folder.join("small.yaml");
    fs::write(&path, format!("title: small\nsite: {}\nduration: 20s\nseed: 3\n{more}", site.display())).expect("written");
    path.display().to_string()
}

#[test]
fn help_tells_examples_and_exit_codes() {
    let (out, _) = expect(0, &["--help"]);
    for part in
        ["Examples:", "Exit codes:", "130", "run", "replay", "verify", "diff", "ledger", "explain", "site", "scenario", "completions"]
    {
        assert!(out.contains(part), "{part} is missing:\n{out}");
    }
    for command in [["run"], ["replay"], ["verify"], ["diff"], ["ledger"], ["explain"]] {
        let (out, _) = expect(0, &[command[0], "--help"]);
        assert!(out.contains("Example"), "{out}");
    }
    assert!(expect(0, &["completions", "bash"]).0.contains("_nooterra"));
    expect(2, &[]);
    expect(2, &["run"]);
    expect(2, &["walk"]);
    expect(2, &["run", "office-deliveries", "--seed", "x"]);
    expect(2, &["run", "office-deliveries", "--duration", "30"]);
    for time in ["0s", "200h"] {
        let (_, err) = expect(2, &["run", "office-deliveries", "--duration", time, "--quiet"]);
        assert!(err.contains("from one second to seven days") && err.contains("--duration 10m"), "{err}");
    }
    expect(2, &["verify", "x", "--key", "abc"]);
}

#[test]
fn the_library_checks() {
    let (out, _) = expect(0, &["scenario", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let names: Vec<&str> = list.as_array().expect("a list").iter().filter_map(|r| r["name"].as_str()).collect();
    assert!(names.contains(&"office-deliveries") && names.len() >= 6, "{names:?}");
    for n in names {
        let (out, _) = expect(0, &["scenario", "check", n, "--format", "json"]);
        let v: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert!(v["robots"].as_array().is_some_and(|r| !r.is_empty()), "{n}");
        assert!(v["providers"].as_array().is_some_and(|p| !p.is_empty()), "{n}");
    }
}

#[test]
fn bad_input_is_told_with_place_and_remedy() {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        let p = dir.path().join(name);
        fs::write(&p, bytes).expect("written");
        p.display().to_string()
    };
    let office = fs::read(root().join("sites/office.building.yaml")).expect("there is one");
    let cases: Vec<(String, &str)> = vec![
        (put("empty.yaml", b""), "empty"),
        (put("wrong.yaml", b"title: t\nsite: s\nduration: 30\nseed: 7\n"), "wrong.yaml:3:11"),
        (put("unknown.yaml", b"title: t\nsite: s\nduration: 30m\nseed: 7\nfleets: []\n"), "did you mean `fleet`?"),
        (put("nosite.yaml", b"title: t\nsite: nowhere.yaml\nduration: 30m\nseed: 7\n"), "nosite.yaml:2:7"),
        (put("cut.yaml", &b"title: t\nsite: s\nfaults: [{at: 1m, obst"[..]), "cut.yaml:"),
        (put("binary.yaml", &[0xff, 0xfe, 0, 1, 2]), "binary.yaml"),
        (put("huge.yaml", &vec![b'x'; 3 << 20]), "bytes"),
        ("no-such-scenario".into(), "there is no scenario"),
        (dir.path().display().to_string(), ""),
    ];
    for (path, part) in &cases {
        for command in [vec!["run"], vec!["scenario", "check"]] {
            let mut args = command.clone();
            args.push(path);
            let (out, err) = expect(2, &args);
            assert!(err.starts_with("error:") && err.contains(part), "{path}: {err}");
            assert!(out.is_empty(), "{out}");
        }
    }
    let cut = put("cut.building.yaml", &office[..office.len() / 2]);
    for (path, part) in
        [(&cases[0].0, "error"), (&cut, "cut.building.yaml:"), (&cases[5].0, "UTF-8"), (&"nowhere".to_owned(), "does not exist")]
    {
        let (_, err) = expect(2, &["site", "check", path]);
        assert!(err.contains(part), "{path}: {err}");
    }
    for (path, code) in [(&cases[0].0, 16), (&cases[5].0, 16), (&cases[6].0, 16), (&"nowhere".to_owned(), 2)] {
        expect(code, &["verify", path]);
        expect(code, &["replay", path]);
        expect(code, &["diff", path, path]);
    }
}

#[test]
fn scenarios_are_drawn_with_their_areas() {
    let dir = tempfile::tempdir().expect("a folder");
    let svg = dir.path().join("a.svg").display().to_string();
    let (out, _) = expect(0, &["scenario", "check", "private-area", "--out", &svg]);
    assert!(out.contains("board_room (private, L1): lounge") && out.contains("drawn in"), "{out}");
    let drawn = fs::read_to_string(&svg).expect("drawn");
    assert!(drawn.contains("board_room (private)") && drawn.contains("tiny_1"), "areas and robots are in it");
    let (_, err) = expect(2, &["scenario", "check", "private-area", "--out", &svg, "--level", "L9"]);
    assert!(err.contains("no level `L9`"), "{err}");
    expect(2, &["scenario", "check", "private-area", "--level", "L1"]);
    expect(2, &["scenario", "check", "private-area", "--out", "a.gif"]);
}

#[test]
fn sites_are_shown_and_drawn() {
    let dir = tempfile::tempdir().expect("a folder");
    let (svg, png) = (dir.path().join("a.svg").display().to_string(), dir.path().join("b.PNG").display().to_string());
    let (out, _) = expect(0, &["site", "show", "sites/hotel.building.yaml", "--out", &svg]);
    assert!(out.contains("L3") && out.contains("2 lifts"), "{out}");
    assert!(fs::read_to_string(&svg).expect("drawn").contains("<svg"));
    expect(0, &["site", "show", "sites/hotel.building.yaml", "--out", &png, "--level", "L2", "--width", "400"]);
    assert!(fs::read(&png).expect("drawn").starts_with(b"\x89PNG"));
    let (_, err) = expect(2, &["site", "show", "sites/hotel.building.yaml", "--level", "L9"]);
    assert!(err.contains("did you mean"), "{err}");
    expect(2, &["site", "show", "sites/hotel.building.yaml", "--out", "a.gif"]);
    let (out, _) = expect(0, &["site", "check", "sites/office.building.yaml", "--format", "json"]);
    let v: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(v["levels"][0]["name"], "L1");
}

#[test]
fn a_run_is_reported_verified_replayed_and_compared() {
    let dir = tempfile::tempdir().expect("a folder");
    let scenario = four_lines(dir.path(), "expect:\n  - fleet.robots == 4\n  - jobs.requested > 1000000\n");
    let (out, junit) = (dir.path().join("runs").display().to_string(), dir.path().join("j.xml").display().to_string());
    let args = ["run", &scenario, "--out", &out, "--junit", &junit, "--twice", "--format", "json"];
    let (printed, err) = expect(15, &args);
    assert!(err.is_empty(), "nothing but the result when piped: {err}");
    let v: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!((&v["seed"], &v["twice"]["same"]), (&3.into(), &true.into()));
    let xml = fs::read_to_string(&junit).expect("written");
    assert!(xml.starts_with("<?xml") && xml.matches("<failure").count() == 1 && xml.contains("jobs.requested &gt; 1000000"), "{xml}");
    let log = v["log"]["path"].as_str().expect("a path").to_owned();
    let key = v["log"]["key"].as_str().expect("a key").to_owned();
    let (shown, _) = expect(0, &["verify", &log, "--key", &key]);
    assert!(shown.contains("complete"), "{shown}");
    expect(16, &["verify", &log, "--key", &"0".repeat(64)]);
    let (shown, _) = expect(0, &["replay", &log]);
    assert!(shown.contains("EXACT"), "{shown}");
    expect(2, &["replay", &log, "--from", "10s", "--to", "5s"]);
    expect(0, &["diff", &log, &log]);
    let (shown, _) = expect(15, &["run", &scenario, "--out", &out, "--seed", "4"]);
    for part in ["Jobs", "Money", "Safety", "Judges", "Expectations", "Black box", "root", "Next:", "BROKEN", "exit code 15"] {
        assert!(shown.contains(part), "{part} is missing:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "no colour when piped");
    let other = Path::new(&out).join("small-4.mcap").display().to_string();
    let (shown, _) = expect(12, &["diff", &log, &other]);
    assert!(shown.contains("first difference") && shown.contains("what determined the runs differs"), "{shown}");
    // A broken log has failed verification, whatever it is asked for.
    let mut bytes = fs::read(&log).expect("there is one");
    // One byte may fall into an index, which proves nothing and is not asked; a page never does.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].iter_mut().for_each(|b| *b ^= 1);
    let broken = dir.path().join("broken.mcap").display().to_string();
    fs::write(&broken, &bytes).expect("written");
    let o = nooterra(&["verify", &broken, "--format", "json"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&o.stdout).is_ok());
    assert_eq!(o.status.code(), Some(16), "{}", text(&o.stdout));
}

#[test]
fn the_money_of_a_log_adds_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    expect(0, &["run", "office-deliveries", "--duration", "8m", "--out", &out, "--quiet"]);
    let log = folder.path().join("office-deliveries-7.mcap").display().to_string();
    let csv = folder.path().join("gl.csv").display().to_string();
    let (human, _) = expect(0, &["ledger", &log, "--export", &csv]);
    assert!(human.contains("the auditor found nothing") && human.contains("Trial balance, EUR"), "{human}");
    let v: serde_json::Value = serde_json::from_str(&expect(0, &["ledger", &log, "--format", "json"]).0).expect("JSON");
    let sum =
        |list: &serde_json::Value, field: &str| -> i64 { list.as_array().expect("a list").iter().filter_map(|t| t[field].as_i64()).sum() };
    let debit = sum(&v["trial"], "debit");
    assert!(debit > 0 && debit == sum(&v["trial"], "credit"), "{v}");
    // The exported ledger balances, entry by entry.
    let mut entries = std::collections::BTreeMap::<String, i64>::new();
    let text = fs::read_to_string(&csv).expect("it was written");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[cells.len() - i].parse::<i64>().expect("a number");
        *entries.entry(cells[2].to_owned()).or_default() += number(2) - number(1);
    }
    assert!(entries.len() > 5 && entries.values().all(|d| *d == 0), "{text}");
    // A job by the beginning of its id; a party's statement ends where its account stands.
    let job = v["jobs"][0]["job"].as_str().expect("there is one").to_owned();
    let (told, _) = expect(0, &["ledger", &log, "--job", &job[..12]]);
    assert!(told.contains("payment captured") && told.contains("settled"), "{told}");
    let p: serde_json::Value = serde_json::from_str(&expect(0, &["ledger", &log, "--party", "acme", "--format", "json"]).0).expect("JSON");
    let s = &p["statements"][0];
    assert_eq!(sum(&s["lines"], "change"), s["ending"].as_i64().expect("a number"), "{s}");
    // What is not there, and what cannot be believed.
    assert!(expect(2, &["ledger", &log, "--party", "nobody"]).1.contains("acme"));
    expect(2, &["ledger", &log, "--job", "zzzz"]);
    expect(2, &["ledger", &log, "--job", "a", "--party", "b"]);
    expect(2, &["ledger", &log, "--export", "/nowhere/at/all.csv"]);
    expect(2, &["ledger", "/nowhere/at/all.mcap"]);
    let mut bytes = fs::read(&log).expect("a log");
    let cut = folder.path().join("cut.mcap").display().to_string();
    fs::write(&cut, &bytes[..bytes.len() / 2]).expect("written");
    assert!(expect(0, &["ledger", &cut]).0.contains("as of its last checkpoint"));
    // One byte may fall into an index, which proves nothing and is not asked; a page never does.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].iter_mut().for_each(|b| *b ^= 1);
    fs::write(&cut, &bytes).expect("written");
    expect(16, &["ledger", &cut]);
}

#[test]
fn decisions_of_a_log_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    expect(0, &["run", "office-deliveries", "--duration", "8m", "--out", &out, "--quiet"]);
    let log = folder.path().join("office-deliveries-7.mcap").display().to_string();
    let (human, _) = expect(0, &["explain", &log]);
    assert!(human.contains("Batches (") && human.contains("job > robot"), "{human}");
    let v: serde_json::Value = serde_json::from_str(&expect(0, &["explain", &log, "--format", "json"]).0).expect("JSON");
    let batches = v["batches"].as_array().expect("a list");
    assert!(!batches.is_empty());
    let mut matched = 0;
    for j in batches.iter().flat_map(|b| b["jobs"].as_array().expect("a list")) {
        let could = j["could"].as_array().expect("a list");
        assert!(could.len() <= 8 && j["failed"].as_array().expect("a list").len() <= 8, "{j}");
        for o in could {
            let sum: i64 = o["terms"].as_array().expect("a list").iter().filter_map(|t| t[1].as_i64()).sum();
            assert_eq!(Some(sum), o["cost"].as_i64(), "{o}");
        }
        let costs: Vec<i64> = could.iter().filter_map(|o| o["cost"].as_i64()).collect();
        assert!(costs.is_sorted(), "{j}");
        let chosen: Vec<&serde_json::Value> = could.iter().filter(|o| o["chosen"] == true).map(|o| &o["robot"]).collect();
        matched += chosen.len();
        assert_eq!(chosen.first().copied().unwrap_or(&serde_json::Value::Null), &j["chosen"], "{j}");
    }
    assert!(matched > 0, "{v}");
    // A job by its number, by its id, by how that begins: all the same.
    let first = &v["jobs"][0];
    assert_eq!(first["number"], 1);
    let id = first["job"].as_str().expect("an id");
    let told = expect(0, &["explain", &log, "--job", "1"]).0;
    assert!(told.contains("it is the cheapest") && told.contains("eta ") && told.contains("needs") && told.contains(id), "{told}");
    assert_eq!(told, expect(0, &["explain", &log, "--job", id]).0);
    assert_eq!(told, expect(0, &["explain", &log, "--job", &id[..12]]).0);
    // What is not there, and what cannot be believed.
    for wrong in ["0", "999", "zzzz", "job_", ""] {
        assert!(expect(2, &["explain", &log, "--job", wrong]).1.contains("lists the batches"), "{wrong}");
    }
    expect(2, &["explain", "/nowhere/at/all.mcap"]);
    let mut bytes = fs::read(&log).expect("a log");
    let cut = folder.path().join("cut.mcap").display().to_string();
    fs::write(&cut, &bytes[..bytes.len() / 2]).expect("written");
    assert!(expect(0, &["explain", &cut]).0.contains("up to its last checkpoint"));
    // One byte may fall into an index, which proves nothing and is not asked; a page never does.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].iter_mut().for_each(|b| *b ^= 1);
    fs::write(&cut, &bytes).expect("written");
    expect(16, &["explain", &cut]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nooterra"))
        .args(["scenario", "schema"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let o = child.wait_with_output().expect("it ends");
    assert!(o.stderr.is_empty(), "{}", text(&o.stderr));
    assert_eq!(o.status.code(), Some(0));
}
