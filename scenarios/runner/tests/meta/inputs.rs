//! Broken files: whatever is done to a scenario or a building, there is an answer and never a panic. What is still
//! accepted can be set up and moves.

use crate::common::{Draws, root, scenario};
use nooterra_runner::{LoadError, Overrides, Range, diff, load, replay, verify};
use nooterra_stage::{Nowhere, Stage};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Loads it, and if it is accepted moves it a little; a panic is given back as its message.
fn attempt(path: &Path, ticks: u32) -> Result<bool, String> {
    let go = || match load(path, Overrides::default()) {
        Ok(l) => {
            if let Ok(mut stage) = Stage::new(l.setup) {
                for _ in 0..ticks {
                    if stage.step(&mut Nowhere).is_err() {
                        break;
                    }
                }
            }
            true
        }
        Err(e) => {
            let text = e.to_string();
            assert!(!text.trim().is_empty(), "an error without a word");
            if let LoadError::Scenario { rendered } = &e {
                let name = path.file_name().and_then(|n| n.to_str()).expect("a name");
                assert!(rendered.contains(name), "no file named: {rendered}");
            }
            false
        }
    };
    catch_unwind(AssertUnwindSafe(go)).map_err(|p| {
        let text = p.downcast_ref::<String>().cloned();
        text.or_else(|| p.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    })
}

const VALUES: [&str; 22] = [
    "-1",
    "0",
    "1e308",
    "-1e308",
    ".nan",
    ".inf",
    "''",
    "[]",
    "{}",
    "null",
    "true",
    "99999999999999999999",
    "~",
    "4294967296",
    "0.0000001",
    "\"\\u0000\"",
    "[[[[[[[[]]]]]]]]",
    "!!binary x",
    "*a",
    "&a 1",
    "- -",
    "1000000",
];

/// One change of a text, drawn.
fn mutate(text: &str, d: &mut Draws) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = usize::try_from(d.below(lines.len() as u64)).expect("small");
    let other = usize::try_from(d.below(lines.len() as u64)).expect("small");
    let value = VALUES[usize::try_from(d.below(VALUES.len() as u64)).expect("small")];
    match d.below(9) {
        0 => {
            lines.remove(at);
        }
        1 => lines.swap(at, other),
        2 => {
            let copy = lines[at].clone();
            lines.insert(other, copy);
        }
        3 => lines.truncate(at),
        4 => {
            let mut bytes = text.as_bytes().to_vec();
            let i = usize::try_from(d.below(bytes.len() as u64)).expect("small");
            bytes[i] ^= 1 << d.below(8);
            return bytes;
        }
        5 => lines[at] = format!("  {}", lines[at]),
        // A value after its key, or a number inside a list.
        6 | 7 => {
            let l = &mut lines[at];
            if let Some(i) = l.find(": ") {
                l.truncate(i + 2);
                l.push_str(value);
            }
        }
        _ => {
            let l = &lines[at];
            let numbers: Vec<(usize, &str)> = l
                .match_indices(|c: char| c.is_ascii_digit())
                .filter(|(i, _)| *i > 0 && !l.as_bytes()[i - 1].is_ascii_alphanumeric())
                .collect();
            if !numbers.is_empty() {
                let (i, _) = numbers[usize::try_from(d.below(numbers.len() as u64)).expect("small")];
                let end = l[i..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(l.len(), |n| i + n);
                lines[at] = format!("{}{value}{}", &l[..i], &l[end..]);
            }
        }
    }
    (lines.join("\n") + "\n").into_bytes()
}

fn all(name: &str, seed: u64, times: u32, ticks: u32, write: impl Fn(&Path, &mut Draws) -> std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut d = Draws::new(seed);
    let (mut accepted, mut refused) = (0, 0);
    for i in 0..times {
        let path = write(folder.path(), &mut d);
        match attempt(&path, ticks) {
            Ok(true) => accepted += 1,
            Ok(false) => refused += 1,
            Err(p) => {
                let kept = std::env::temp_dir().join(format!("nooterra-{name}-{seed}-{i}"));
                let _ = std::fs::create_dir_all(&kept);
                for f in std::fs::read_dir(folder.path()).expect("there").flatten() {
                    let _ = std::fs::copy(f.path(), kept.join(f.file_name()));
                }
                panic!("{name} {seed}, change {i}: panicked with `{p}`; kept in {}", kept.display());
            }
        }
    }
    assert!(accepted > 0 && refused > 0, "{name}: {accepted} accepted, {refused} refused");
}

#[test]
fn a_changed_scenario_is_told_or_runs() {
    let office = root().join("sites/office.building.yaml");
    for (i, name) in ["office-robot-dies", "lossy-network", "office-blocked-corridor"].into_iter().enumerate() {
        let text = std::fs::read_to_string(scenario(name)).expect("there");
        let text = text.replace("../../sites/office.building.yaml", &office.display().to_string());
        all(name, i as u64, 150, 3, |folder, d| {
            let path = folder.join("changed.yaml");
            std::fs::write(&path, mutate(&text, d)).expect("written");
            path
        });
    }
}

#[test]
fn a_changed_building_is_told_or_runs() {
    for (i, name) in ["office", "hotel", "corridor"].into_iter().enumerate() {
        let text = std::fs::read_to_string(root().join(format!("sites/{name}.building.yaml"))).expect("there");
        all(name, 40 + i as u64, 120, 3, |folder, d| {
            std::fs::write(folder.join("site.building.yaml"), mutate(&text, d)).expect("written");
            let path = folder.join("changed.yaml");
            std::fs::write(&path, "title: t\nsite: site.building.yaml\nduration: 1m\nseed: 1\n").expect("written");
            path
        });
    }
}

#[test]
fn a_broken_log_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = crate::common::recorded(&scenario("office-deliveries"), Some(3), 1, Some(folder.path()));
    let whole = std::fs::read(&run.log.path).expect("a log");
    let path = folder.path().join("broken.mcap");
    let mut d = Draws::new(50);
    let mut bad = 0;
    for i in 0..60 {
        let mut bytes = whole.clone();
        let at = usize::try_from(d.below(bytes.len() as u64)).expect("small");
        match i % 4 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << d.below(8),
            2 => {
                let end = (at + 1 + usize::try_from(d.below(4_000)).expect("small")).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let piece = bytes[at..(at + 500).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
        std::fs::write(&path, &bytes).expect("written");
        let go = || {
            let v = verify(&path, &Default::default()).expect("it opens");
            let to = Some(nooterra_engine::Instant::from_secs(2));
            let r = replay(&path, Range { from: None, to }, &mut |_| true);
            let e = diff(&path, &run.log.path);
            (v, r.map(|r| r.report.divergence), e.map(|d| d.divergence))
        };
        let (v, r, _) = catch_unwind(AssertUnwindSafe(go)).unwrap_or_else(|_| panic!("change {i} at {at} panicked"));
        bad += u32::from(!v.accepts());
        // Whatever replay finds, it finds in a log that does not verify; the bytes that no checkpoint covers yet aside.
        if let Ok(Some(divergence)) = r {
            let sealed = v.accepts() && v.status == nooterra_blackbox::Status::Complete;
            assert!(i % 4 != 0 && !sealed, "change {i} at {at}: it is whole or only cut, and says something else: {divergence}");
        }
        assert!(i % 4 != 0 || v.status != nooterra_blackbox::Status::Complete || at + 1_000 > bytes.len(), "cut at {at}: {v:?}");
    }
    assert!(bad >= 30, "{bad}");
}
