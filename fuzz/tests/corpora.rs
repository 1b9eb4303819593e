//! Every input that is kept goes through its target again: what was once mended stays mended, without any fuzzer.

use nooterra_fuzz::{TARGETS, control};
use std::fs;
use std::path::{Path, PathBuf};

/// All corpora together stay below this.
const BYTES_MAX: u64 = 2 << 20;

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).expect("a folder of its own").map(|e| e.expect("readable").path()).collect();
    files.sort();
    files
}

/// Says which input it was if one panics.
struct Says<'p>(&'p Path);

impl Drop for Says<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input is {}", self.0.display());
        }
    }
}

fn replay(name: &str) {
    let files = corpus(name);
    assert!(files.len() >= 10, "{name} has a corpus");
    for f in &files {
        let _says = Says(f);
        nooterra_fuzz::run(name, &fs::read(f).expect("readable"));
    }
}

macro_rules! replays {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            replay(stringify!($name));
        }
    )*};
}
replays!(records, proofs, log, site, grid, scenario, thaw);

#[test]
fn sequences_of_control_get_somewhere() {
    let files = corpus("control");
    let (mut accepted, mut refused, mut events, mut thawed) = (0, 0, 0, 0);
    for f in &files {
        let _says = Says(f);
        let t = control::play(&fs::read(f).expect("readable"));
        (accepted, refused, events, thawed) = (accepted + t.accepted, refused + t.refused, events + t.events, thawed + t.thawed);
    }
    assert!(files.len() >= 10 && accepted > 100 && refused > 100 && events > 500 && thawed > 10, "{accepted} {refused} {events} {thawed}");
}

#[test]
fn every_target_has_its_driver_and_corpora_are_small() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(here.join("libfuzzer/Cargo.toml")).expect("there is one");
    let mut bytes = 0;
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} has no driver");
        assert!(here.join(format!("libfuzzer/fuzz_targets/{name}.rs")).is_file(), "{name} has no driver");
        bytes += corpus(name).iter().map(|f| fs::metadata(f).expect("readable").len()).sum::<u64>();
    }
    assert!(bytes < BYTES_MAX, "the corpora have {bytes} bytes");
}
