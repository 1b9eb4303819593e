//! Whole processes: the same bytes in any surroundings; killed at any moment; stopped in order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command lies in the workspace").to_owned()
}

fn nooterra(args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_nooterra"));
    c.args(args).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    c
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs it to its end, expects one of these exit codes, reads its JSON.
#[track_caller]
fn json(codes: &[i32], args: &[&str]) -> serde_json::Value {
    let o = nooterra(args).args(["--format", "json"]).output().expect("it starts");
    let (out, err) = (text(&o.stdout), text(&o.stderr));
    assert!(!err.contains("panicked"), "{err}");
    assert!(o.status.code().is_some_and(|c| codes.contains(&c)), "nooterra {args:?}: {:?}\n{out}\n{err}", o.status);
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}\n{err}"))
}

#[test]
fn the_same_run_in_two_processes_gives_the_same_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let scenario = root().join("scenarios/library/lossy-network.yaml").display().to_string();
    let start = |folder: &str, seed: &str| {
        let out = dir.path().join(folder).display().to_string();
        nooterra(&["run", &scenario, "--duration", "2m", "--seed", seed, "--out", &out, "--format", "json"])
    };
    let mut a = start("a", "5");
    a.env("HOME", "/").env("LC_ALL", "C").env("TZ", "UTC").env("RUST_BACKTRACE", "1");
    let mut b = start("b", "5");
    // Other names and sizes of everything that a process is born with.
    b.env_clear().env("FILLER", "x".repeat(10_000)).env("LC_ALL", "tr_TR.UTF-8").env("TZ", "Asia/Kathmandu").current_dir(dir.path());
    let (a, b) = (a.spawn().expect("it starts"), b.spawn().expect("it starts"));
    let c = start("c", "6").output().expect("it starts");
    let reports: Vec<serde_json::Value> = [a.wait_with_output().expect("it ends"), b.wait_with_output().expect("it ends"), c]
        .iter()
        .map(|o| {
            assert!(matches!(o.status.code(), Some(0 | 15)), "{:?} {}", o.status, text(&o.stderr));
            let mut v: serde_json::Value = serde_json::from_slice(&o.stdout).expect("JSON");
            v["wall_s"] = 0.into();
            v["real_time_factor"] = 0.into();
            v["log"]["path"] = serde_json::Value::Null;
            v
        })
        .collect();
    assert_eq!(reports[0], reports[1]);
    assert_ne!(reports[0]["log"]["root"], reports[2]["log"]["root"]);
    let log = |folder: &str, seed: &str| dir.path().join(folder).join(format!("lossy-network-{seed}.mcap"));
    let read = |p: PathBuf| fs::read(&p).unwrap_or_else(|e| panic!("{}: {e}", p.display()));
    let (x, y, z) = (read(log("a", "5")), read(log("b", "5")), read(log("c", "6")));
    let parted = x.iter().zip(&y).position(|(p, q)| p != q);
    assert!(x == y, "{} and {} bytes, the first difference at byte {parted:?}", x.len(), y.len());
    assert!(x != z);
    let d = json(&[12], &["diff", &log("a", "5").display().to_string(), &log("c", "6").display().to_string()]);
    let first = &d["divergence"];
    assert!(first["tick"].is_u64() && first["type_name"].as_str().is_some_and(|t| !t.is_empty()), "{d}");
    assert!(first["field"].as_str().is_some_and(|f| !f.is_empty()) || first["detail"].is_string(), "{d}");
}

/// Starts a run that takes long, and waits until its log has begun.
fn long_run(folder: &Path, scenario: &str) -> (Child, PathBuf) {
    let out = folder.display().to_string();
    let mut child = nooterra(&["run", scenario, "--seed", "1", "--duration", "20h", "--out", &out, "--quiet"]).spawn().expect("it starts");
    let log = folder.join(format!("{scenario}-1.mcap"));
    let begun = Instant::now();
    while fs::metadata(&log).map_or(0, |m| m.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "the log does not begin");
        assert!(child.try_wait().expect("known").is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    (child, log)
}

#[test]
fn killed_at_any_moment_a_run_leaves_a_log_that_holds() {
    let dir = tempfile::tempdir().expect("a folder");
    // Really at random: each run of this test looks elsewhere, and says where if it finds something.
    let mut x = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| u64::from(d.subsec_nanos())) | 1;
    for (round, scenario) in ["office-deliveries", "hotel-rounds", "lossy-network", "office-deliveries"].into_iter().enumerate() {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let wait = Duration::from_micros((x >> 33) % if round == 0 { 100_000 } else { 1_500_000 });
        let (mut child, log) = long_run(&dir.path().join(round.to_string()), scenario);
        std::thread::sleep(wait);
        child.kill().expect("SIGKILL");
        assert_eq!(child.wait().expect("dead").code(), None, "killed, not ended");
        let story = format!("{scenario}, killed after {wait:?}, {} bytes", fs::metadata(&log).map_or(0, |m| m.len()));
        let path = log.display().to_string();
        let v = json(&[0], &["verify", &path]);
        assert_eq!(v["status"], "truncated", "{story}: {v}");
        let sealed = v["sealed_to"]["tick"].as_u64().unwrap_or_else(|| panic!("{story}: {v}"));
        // As far as it goes it is exact, and it goes at least as far as it is sealed.
        let r = json(&[0], &["replay", &path]);
        assert_eq!(r["report"]["divergence"], serde_json::Value::Null, "{story}");
        assert_eq!(r["complete"], false, "{story}");
        assert!(r["report"]["last_tick"].as_u64().unwrap_or(0) >= sealed, "{story}: sealed to {sealed}: {r}");
        // Not even a byte less may be taken for a whole log.
        let bytes = fs::read(&log).expect("a log");
        fs::write(&log, &bytes[..bytes.len() - 1]).expect("written");
        let v = json(&[0, 16], &["verify", &path]);
        assert_ne!(v["status"], "complete", "{story}: {v}");
    }
}

#[cfg(unix)]
#[test]
fn stopped_by_ctrl_c_a_run_closes_its_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let (child, log) = long_run(dir.path(), "office-deliveries");
    std::thread::sleep(Duration::from_millis(400));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill starts").success());
    let o: Output = child.wait_with_output().expect("it ends");
    assert_eq!(o.status.code(), Some(130), "{}{}", text(&o.stdout), text(&o.stderr));
    assert!(!text(&o.stderr).contains("panicked"), "{}", text(&o.stderr));
    let path = log.display().to_string();
    let v = json(&[0], &["verify", &path]);
    assert_eq!((&v["status"], &v["unsealed"]), (&"complete".into(), &0.into()), "{v}");
    let r = json(&[0], &["replay", &path]);
    assert_eq!((&r["report"]["divergence"], &r["complete"]), (&serde_json::Value::Null, &true.into()), "{r}");
}
