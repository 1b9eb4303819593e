//! A log of small records, as a platform writes them.

use nooterra_blackbox::{Kind, Manifest, OpenInfo, RecordError, Recorder};
use nooterra_engine::{Instant, Record, Span};
use std::io::Write;

/// A record of about sixty bytes of payload.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Word {
    /// Number.
    pub n: u64,
    /// Text.
    pub text: String,
    /// A few numbers.
    pub numbers: [u64; 3],
}

/// Writes `records` records, ten a millisecond of run time, seals them and gives the sink back.
pub fn write<W: Write>(sink: W, records: u64) -> Result<W, RecordError> {
    let manifest = Manifest { run: "bench".into(), tick: Span::from_millis(1), ..Manifest::default() };
    let mut r = Recorder::new(sink, &OpenInfo::new("nooterra/bench/log/1", [3; 32], manifest))?;
    let c = r.channel::<Word>(Kind::Input)?;
    for n in 0..records {
        let at = Instant(n / 10 * 1_000_000);
        r.record(c, n / 10, at, &Word { n, text: format!("robot {} arrived at vertex {}", n % 50, n % 311), numbers: [n, n / 7, 3] })?;
    }
    Ok(r.close(records / 10, Instant(records / 10 * 1_000_000), "end")?.0)
}
