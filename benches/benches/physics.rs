//! One tick of bare physics.
#![allow(missing_docs, reason = "made by macros")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nooterra_benches::floor::Floor;
use nooterra_engine::Hasher;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn tick(c: &mut Criterion) {
    let mut g = c.benchmark_group("physics::tick");
    g.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3)).sample_size(20);
    for robots in [10, 50, 200, 1000] {
        for lidar in ["off", "on"] {
            let mut f = Floor::of_rooms(robots, lidar == "on").expect("the scene is sound");
            g.throughput(Throughput::Elements(robots as u64));
            g.bench_function(BenchmarkId::from_parameter(format!("robots={robots},lidar={lidar}")), |b| {
                b.iter_custom(|n| {
                    let mut total = Duration::ZERO;
                    for _ in 0..n {
                        f.steer().expect("robots are there");
                        let begun = Instant::now();
                        f.twin.step().expect("the world holds");
                        total += begun.elapsed();
                    }
                    total
                });
            });
        }
    }
    g.finish();
}

fn digest(c: &mut Criterion) {
    let mut f = Floor::of_rooms(50, true).expect("the scene is sound");
    for _ in 0..200 {
        f.steer().expect("robots are there");
        f.twin.step().expect("the world holds");
    }
    let mut g = c.benchmark_group("physics");
    g.sample_size(20).measurement_time(Duration::from_secs(2));
    g.bench_function("digest/robots=50", |b| {
        b.iter(|| {
            let mut h = Hasher::new();
            f.twin.digest(&mut h);
            black_box(h.finish())
        });
    });
    g.bench_function("freeze/robots=50", |b| b.iter(|| black_box(f.twin.freeze(&f.site))));
    let bytes = f.twin.freeze(&f.site);
    g.bench_function("thaw/robots=50", |b| {
        b.iter(|| black_box(nooterra_twin::Twin::thaw(&bytes, &f.site, f.twin.params().clone()).expect("its own bytes")));
    });
    g.finish();
}

criterion_group!(benches, tick, digest);
criterion_main!(benches);
