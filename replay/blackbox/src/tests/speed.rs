//! Figures for people: `cargo test --release -p nooterra-blackbox speed -- --ignored --nocapture`.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // tests say what they mean

use super::*;
use crate::verify::{Policy, Status, verify};

#[test]
#[ignore = "prints figures"]
#[allow(clippy::disallowed_methods, reason = "measures")]
fn speed() {
    let n = 600_000u64;
    let start = std::time::Instant::now();
    let mut r = Recorder::new(Vec::with_capacity(100 << 20), &info()).unwrap();
    let c = r.channel::<Word>(Kind::Input).unwrap();
    for i in 0..n {
        let at = Instant(i / 10 * 1_000_000);
        r.record(c, i / 10, at, &word(i)).unwrap();
    }
    let (bytes, _) = r.close(n / 10, Instant(n / 10 * 1_000_000), "end").unwrap();
    let written = start.elapsed().as_secs_f64();
    let start = std::time::Instant::now();
    let v = verify(bytes.as_slice(), &Policy::default());
    let verified = start.elapsed().as_secs_f64();
    assert_eq!(v.status, Status::Complete);
    println!("write {:.0}/s, verify {:.0}/s, {:.1} bytes a record", n as f64 / written, n as f64 / verified, bytes.len() as f64 / n as f64);
}
