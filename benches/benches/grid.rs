//! One step of thousands of robots on a grid, planned and judged, and the searches for costs.
#![allow(missing_docs, reason = "made by macros")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nooterra_dispatch::grid::field::{Near, Table};
use nooterra_dispatch::grid::floor::Floor;
use nooterra_dispatch::grid::search::Search;
use nooterra_dispatch::grid::{Claim, Effort, Judge, Lifelong, Settings};
use nooterra_site::grid::{GridMap, read};
use std::hint::black_box;
use std::time::Duration;

/// Racks of three cells by one with aisles of one cell between them, and a wide way around.
fn racks(across: usize, down: usize) -> GridMap {
    let (width, height) = (8 + 4 * across, 8 + 2 * down);
    let mut text = format!("type octile\nheight {height}\nwidth {width}\nmap\n");
    for r in 0..height {
        let rack = |c: usize| (4..height - 4).contains(&r) && (4..width - 4).contains(&c) && r % 2 == 0 && c % 4 != 3;
        text.extend((0..width).map(|c| if rack(c) { '@' } else { '.' }));
        text.push('\n');
    }
    read("racks.map", &text).expect("the map is sound").0
}

fn steps(c: &mut Criterion) {
    let mut g = c.benchmark_group("grid");
    g.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4)).sample_size(20);
    for (robots, across, down) in [(400, 14, 24), (2_500, 60, 60), (10_000, 122, 64)] {
        let map = racks(across, down);
        let free: Vec<u32> = (0u32..).take(map.cells.len()).filter(|l| map.is_free(*l)).collect();
        // Steps of a size that has no divisor with the number of cells go through all of them.
        let spread = |k: usize, by: usize| free[k * by % free.len()];
        let mut starts: Vec<u32> = (0..free.len()).map(|k| spread(k, 7_919)).collect();
        starts.sort_unstable_by_key(|l| l.wrapping_mul(0x9e37_79b1));
        starts.dedup();
        starts.truncate(robots);
        let tasks: Vec<Vec<u32>> = (0..4 * robots).map(|t| vec![spread(t, 104_729), spread(t, 15_485_863)]).collect();
        let pool = u32::try_from(robots + robots / 2).expect("few");
        for (name, depth, rounds_percent) in [("usual", 4, 100), ("least", 3, 0)] {
            let usual = Settings::default();
            let settings = Settings { depth, effort: Effort { rounds_percent, ..usual.effort }, ..usual };
            let mut run = Lifelong::new(&map, &starts, &tasks, pool, settings).expect("it can");
            // The first step works out the costs of all; the steps of a long run are what counts.
            for _ in 0..40 {
                run.step();
            }
            g.bench_function(BenchmarkId::from_parameter(format!("step-{name}/robots={robots}")), |b| b.iter(|| black_box(run.step())));
        }
        let mut run = Lifelong::new(&map, &starts, &tasks, pool, Settings::default()).expect("it can");
        let mut judge = Judge::new(&map, &starts, &tasks, pool, true);
        g.bench_function(BenchmarkId::from_parameter(format!("step-judged/robots={robots}")), |b| {
            b.iter(|| {
                let step = run.step();
                let visits: Vec<(u32, u32, u32)> = step.visits.iter().map(|v| (v.agent, v.task, v.visited)).collect();
                judge.step(Claim { taken: &step.taken, actions: &step.actions, visits: &visits }).expect("clean");
            });
        });
    }
    g.finish();
}

/// A table of the costs from everywhere, and what is worked out for a goal that has none: up to the nearest eight relays.
fn costs(c: &mut Criterion) {
    let mut g = c.benchmark_group("grid");
    g.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4)).sample_size(20);
    let map = racks(122, 64);
    let floor = Floor::new(&map);
    let mut search = Search::new(&floor, &Settings::default().tolls.on(&floor));
    let relays = floor.spread(6);
    let (mut table, mut near, mut reached) = (Table::default(), Near::default(), Vec::new());
    let cells = u32::try_from(floor.cells()).expect("few");
    let mut goal = 0;
    let mut next = || {
        goal = (goal + 7_919) % cells;
        goal
    };
    g.bench_function("costs-everywhere", |b| b.iter(|| search.everywhere(black_box(next()), &mut table)));
    g.bench_function("costs-around", |b| {
        let is_relay: Vec<bool> = (0..cells).map(|c| relays.contains(&c)).collect();
        b.iter(|| search.around(&floor, black_box(next()), 8, |c| is_relay[c as usize], &mut reached, &mut near));
    });
    g.finish();
}

criterion_group!(grid, steps, costs);
criterion_main!(grid);
