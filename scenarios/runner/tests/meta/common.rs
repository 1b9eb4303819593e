//! Runs of the library and of other sites, shortened.

use nooterra_engine::Span;
use nooterra_engine::chance::{Chance, Place};
use nooterra_runner::tape::Tape;
use nooterra_runner::{Loaded, Overrides, RunReport, RunRequest, load, run};
use nooterra_stage::Stage;
use std::path::{Path, PathBuf};

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project is there")
}

/// Every scenario of the library.
pub fn library() -> Vec<PathBuf> {
    let folder = root().join("scenarios/library");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("there is a library")
        .map(|e| e.expect("readable").path())
        .filter(|p| p.extension().is_some_and(|x| x == "yaml"))
        .collect();
    all.sort();
    assert!(all.len() >= 6, "{all:?}");
    all
}

/// A scenario of the library.
pub fn scenario(name: &str) -> PathBuf {
    root().join("scenarios/library").join(name).with_extension("yaml")
}

/// A scenario of four lines and more, beside nothing else.
pub fn write(folder: &Path, name: &str, site: &Path, minutes: u64, seed: u64, more: &str) -> PathBuf {
    let path = folder.join(name).with_extension("yaml");
    let text = format!("title: {name}\nsite: {}\nduration: {minutes}m\nseed: {seed}\n{more}", site.display());
    std::fs::write(&path, text).expect("written");
    path
}

/// The file's own seed or another, and so many minutes of demand.
pub fn overrides(seed: Option<u64>, minutes: u64) -> Overrides {
    Overrides { seed, duration: Some(Span::from_secs(60 * minutes)) }
}

/// A scenario, loaded.
pub fn loaded(path: &Path, seed: Option<u64>, minutes: u64) -> Loaded {
    load(path, overrides(seed, minutes)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A run with its log in a folder, or with none.
pub fn recorded(path: &Path, seed: Option<u64>, minutes: u64, out: Option<&Path>) -> RunReport {
    let request = RunRequest {
        scenario: path.to_owned(),
        overrides: overrides(seed, minutes),
        out: out.map(Path::to_owned),
        twice: false,
        budget: None,
    };
    run(&request, &mut |_| true).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Everything that a stage says in one tick, as bytes.
pub fn tick(stage: &mut Stage, tape: &mut Tape) -> Vec<u8> {
    tape.clear();
    stage.step(tape).expect("physics holds");
    // Notes and clamps are no state: what was not taken would only pile up.
    let _ = stage.fleet.take_notes();
    let mut all = Vec::with_capacity(tape.len() + 64);
    for (line, bytes) in tape.lines() {
        all.push(line.slot as u8);
        all.extend_from_slice(&line.tick.to_le_bytes());
        all.extend_from_slice(&line.at.0.to_le_bytes());
        all.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        all.extend_from_slice(bytes);
    }
    all
}

/// Draws for tests that want to look anywhere, the same in every run of them.
pub struct Draws(Chance);

impl Draws {
    /// Draws of this name.
    pub fn new(seed: u64) -> Self {
        Self(Chance::new(seed))
    }
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.choose(Place::named("meta checks"), 0, bound)
    }
}
