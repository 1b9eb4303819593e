//! A sample log, and what is done to it.

mod basics;
mod harm;
mod keyframes;
mod packed;
mod schemas;
mod speed;

use crate::kind::Kind;
use crate::recorder::{OpenInfo, Recorder};
use crate::telemetry::{Level, Log};
use crate::words::Manifest;
use nooterra_engine::digest::blake3;
use nooterra_engine::{Instant, Record, Span};

/// Stands for an input of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Word {
    Say { text: String, loud: bool },
    Count(Pair),
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Pair {
    pub a: u64,
    pub b: i64,
    pub tags: Vec<(String, u64)>,
}

pub fn info() -> OpenInfo {
    let manifest =
        Manifest { run: "sample".into(), seed: 7, tick: Span::from_millis(100), scenario: b"title: x".to_vec(), ..Manifest::default() };
    OpenInfo::new("nooterra/sample/world/1", [3; 32], manifest)
}

pub fn word(i: u64) -> Word {
    match i % 3 {
        0 => Word::Say { text: format!("word {i}"), loud: i.is_multiple_of(2) },
        1 => Word::Count(Pair { a: i, b: -5, tags: vec![("x".into(), i)] }),
        _ => Word::Nothing,
    }
}

/// `seconds` of run time at ten ticks a second, `per_tick` records of each sort.
pub fn write_sample<W: std::io::Write>(sink: W, seconds: u64, per_tick: u64) -> Recorder<W> {
    let mut r = Recorder::new(sink, &info()).unwrap();
    let input = r.channel::<Word>(Kind::Input).unwrap();
    let mut n = 0;
    for tick in 0..seconds * 10 {
        let at = Instant(tick * 100_000_000);
        for _ in 0..per_tick {
            n += 1;
            let i = r.record(input, tick, at, &word(n)).unwrap();
            r.record_caused(input, tick, at, &word(n + 1), &[crate::leaf::Cause::local(i)]).unwrap();
        }
        r.telemetry("/log", tick, at, &Log { timestamp: at.into(), level: Level::INFO, message: format!("tick {tick}"), name: "s".into() })
            .unwrap();
        r.end_tick(tick, at, blake3(&tick.to_le_bytes())).unwrap();
    }
    r
}

pub fn sample(seconds: u64, per_tick: u64) -> Vec<u8> {
    write_sample(Vec::new(), seconds, per_tick).close(seconds * 10, Instant::from_secs(seconds), "end").unwrap().0
}
