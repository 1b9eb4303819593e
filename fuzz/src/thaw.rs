//! Keyframes: the parts of a real one, with bytes that somebody changed, and raw bytes in their place.

use crate::entropy::Entropy;
use nooterra_cast::Cast;
use nooterra_control::Control;
use nooterra_engine::bus::Bus;
use nooterra_engine::keyframe::{Keyframe, Part};
use nooterra_engine::machine::Freeze;
use nooterra_sim::SiteController;
use nooterra_site::Site;
use nooterra_stage::{Nowhere, Setup, Stage};
use nooterra_twin::{Twin, TwinParams};
use std::sync::{Arc, LazyLock};

const SCENARIO: &str = include_str!("../../scenarios/library/stall-operator-resume.yaml");
const BUILDING: &str = include_str!("../../sites/corridor.building.yaml");

struct Run {
    setup: Arc<Setup>,
    frame: Keyframe,
}

/// A run that was stopped while its robot carried a load.
static RUN: LazyLock<Run> = LazyLock::new(|| {
    let site = nooterra_site::import("corridor", BUILDING).expect("it is sound").site;
    let s = nooterra_script::read(SCENARIO).expect("it is sound");
    let resolved = nooterra_script::resolve(&s, &site, s.seed.value).expect("it is sound");
    let setup = Arc::new(Setup::new(resolved, site));
    let mut stage = Stage::new(setup.clone()).expect("it starts");
    while stage.now().as_secs_f64() < 40.0 {
        stage.step(&mut Nowhere).expect("it goes on");
    }
    Run { setup, frame: stage.keyframe() }
});

/// The first bytes choose a part and how it is changed.
pub fn run(data: &[u8]) {
    let run = &*RUN;
    let mut e = Entropy::new(data);
    let i = e.below(run.frame.parts.len());
    let part = &run.frame.parts[i];
    let how = e.byte();
    let bytes = if how.is_multiple_of(4) { e.rest().to_vec() } else { edited(&part.bytes, &mut e) };
    let site = &run.setup.site;
    match part.room.as_str() {
        "control" => {
            if let Ok(c) = Control::thaw(&bytes, site.clone()) {
                assert_eq!(c.freeze(), bytes, "what thaws freezes to the same bytes");
                let _ = c.roots();
                let _ = c.tally();
            }
        }
        "cast" => same::<Cast>(&bytes),
        "network" => same::<Bus>(&bytes),
        "site" => same::<SiteController>(&bytes),
        "physics" => twin(&bytes, site, &run.setup),
        room => whole(run, room, bytes),
    }
    if how & 0x80 != 0 && how & 0x60 == 0 {
        whole(run, &part.room, edited(&part.bytes, &mut e));
    }
}

/// Bytes changed at places of the input's choice: a value, a piece, or the end.
fn edited(sound: &[u8], e: &mut Entropy<'_>) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for _ in 0..8 {
        if e.is_empty() || bytes.is_empty() {
            break;
        }
        let what = e.byte();
        let at = usize::try_from(e.word() % bytes.len() as u64).unwrap_or(0);
        match what % 6 {
            0 | 1 => bytes[at] ^= e.byte(),
            2 => {
                let n = e.below(16);
                let new = e.take(n);
                let end = (at + new.len()).min(bytes.len());
                bytes.splice(at..end, new.iter().copied());
            }
            3 => bytes.truncate(at),
            4 => {
                let end = (at + e.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(if what & 0x80 == 0 { 0xff } else { 0 });
            }
        }
    }
    bytes
}

fn same<F: Freeze>(bytes: &[u8]) {
    if let Ok(x) = F::thaw(bytes) {
        assert_eq!(x.freeze(), bytes, "what thaws freezes to the same bytes");
    }
}

fn twin(bytes: &[u8], site: &Site, setup: &Setup) {
    let params = || TwinParams { tick: setup.resolved.tick, ..TwinParams::default() };
    if let Ok(t) = Twin::thaw(bytes, site, params()) {
        let again = t.freeze(site);
        assert!(Twin::thaw(&again, site, params()).is_ok(), "what thawed once thaws again");
    }
}

/// The whole composite with one part changed.
fn whole(run: &Run, room: &str, bytes: Vec<u8>) {
    let parts = run.frame.parts.iter();
    let parts = parts.map(|p| if p.room == room { Part { room: p.room.clone(), bytes: bytes.clone() } } else { p.clone() }).collect();
    let k = Keyframe { tick: run.frame.tick, at: run.frame.at, parts };
    if let Ok(stage) = Stage::thaw(run.setup.clone(), &k) {
        let _ = stage.keyframe().digest();
        let _ = stage.roots().root();
    }
}
