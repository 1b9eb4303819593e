//! One tick of everything, its digest and its keyframe.
#![allow(missing_docs, reason = "made by macros")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nooterra_benches::warehouse;
use nooterra_engine::encode;
use nooterra_runner::drive::Drive;
use nooterra_stage::{Nowhere, Stage};
use std::hint::black_box;
use std::time::Duration;

fn stack(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the scene");
    let mut g = c.benchmark_group("stack");
    g.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4)).sample_size(20);
    for robots in [4, 11, 50] {
        let setup = warehouse::loaded(folder.path(), robots, 600).expect("the scene is sound").setup;
        let mut drive = Drive::new(setup.clone()).expect("the run starts");
        while drive.stage.now().as_secs_f64() < 120.0 {
            drive.tick().expect("the world holds");
            drive.tape.clear();
        }
        g.bench_function(BenchmarkId::from_parameter(format!("tick/robots={robots}")), |b| {
            b.iter(|| {
                drive.tick().expect("the world holds");
                drive.tape.clear();
            });
        });
        let k = drive.stage.keyframe();
        let mut bare = Stage::thaw(setup.clone(), &k).expect("its own keyframe");
        g.bench_function(BenchmarkId::from_parameter(format!("tick-unrecorded/robots={robots}")), |b| {
            b.iter(|| {
                bare.step(&mut Nowhere).expect("the world holds");
                bare.fleet.take_notes()
            });
        });
        g.bench_function(BenchmarkId::from_parameter(format!("digest/robots={robots}")), |b| b.iter(|| black_box(drive.stage.roots())));
        g.bench_function(BenchmarkId::from_parameter(format!("keyframe-save/robots={robots}")), |b| {
            b.iter(|| black_box(encode(&drive.stage.keyframe())));
        });
        g.bench_function(BenchmarkId::from_parameter(format!("keyframe-restore/robots={robots}")), |b| {
            b.iter(|| black_box(Stage::thaw(setup.clone(), &k).expect("its own keyframe")));
        });
    }
    g.finish();
}

criterion_group!(benches, stack);
criterion_main!(benches);
