//! The black box: writing, verifying, and what recording costs a run.
#![allow(missing_docs, reason = "made by macros")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nooterra_benches::{logs, warehouse};
use nooterra_blackbox::{Policy, verify};
use nooterra_engine::Span;
use nooterra_runner::{Overrides, RunRequest, run};
use std::hint::black_box;
use std::time::Duration;

const RECORDS: u64 = 100_000;

fn log(c: &mut Criterion) {
    let mut g = c.benchmark_group("log");
    g.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4));
    let bytes = logs::write(Vec::new(), RECORDS).expect("memory takes it");
    let payload = verify(bytes.as_slice(), &Policy::default()).counts.payload_bytes;
    g.throughput(Throughput::ElementsAndBytes { elements: RECORDS, bytes: payload });
    g.bench_function("write/records=100000", |b| b.iter(|| black_box(logs::write(Vec::new(), RECORDS).expect("memory takes it"))));
    g.bench_function("verify/records=100000", |b| {
        b.iter(|| {
            let v = verify(bytes.as_slice(), &Policy::default());
            assert!(v.accepts(), "a log that was just written holds");
            black_box(v)
        });
    });
    g.finish();
}

fn overhead(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the scene");
    let loaded = warehouse::loaded(folder.path(), 50, 600).expect("the scene is sound");
    let request = |out| RunRequest {
        scenario: loaded.path.clone(),
        overrides: Overrides { seed: None, duration: Some(Span::from_secs(20)) },
        out,
        twice: false,
        budget: Some(Duration::from_secs(60)),
    };
    let mut g = c.benchmark_group("run");
    g.sample_size(10).measurement_time(Duration::from_secs(10));
    g.bench_function("robots=50,log=off", |b| {
        b.iter(|| black_box(run(&request(None), &mut |p| p.at.0 < 20_000_000_000).expect("it runs")))
    });
    g.bench_function("robots=50,log=on", |b| {
        b.iter(|| black_box(run(&request(Some(folder.path().to_owned())), &mut |p| p.at.0 < 20_000_000_000).expect("it runs")));
    });
    g.finish();
}

criterion_group!(benches, log, overhead);
criterion_main!(benches);
