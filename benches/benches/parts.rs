//! Parts of a tick: signatures, a robot's brain, a dispatch batch, plans of traffic, postings.
#![allow(missing_docs, reason = "made by macros")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nooterra_agent::{Agent, AgentConfig, AgentMap, LocalPolicy, Wheels};
use nooterra_benches::warehouse;
use nooterra_dispatch::assign::{self, Bars, Pair, View, optimum};
use nooterra_dispatch::traffic::{Goal, RoadMap, RobotClass, Traffic};
use nooterra_engine::ids::{EventId, JobId, PartyId, RobotId, TenantId};
use nooterra_engine::money::Currency;
use nooterra_engine::{Instant, Span};
use nooterra_ledger::{Account, Book, Command, Entry, EntryId, Leg, submit_into};
use nooterra_port::hardware::{Scan, SensorFrame};
use nooterra_site::{Site, VertexIx, model_or_generic};
use nooterra_trust::SigningKey;
use std::hint::black_box;
use std::time::Duration;

fn keys(c: &mut Criterion) {
    let mut g = c.benchmark_group("ed25519");
    let key = SigningKey::from_secret([7; 32]);
    let message = vec![5; 300];
    let (public, sig) = (key.public(), key.sign(&message));
    g.bench_function("sign", |b| b.iter(|| black_box(key.sign(&message))));
    g.bench_function("verify", |b| b.iter(|| black_box(public.verify(&message, &sig))));
    g.finish();
}

fn site() -> Site {
    nooterra_site::import("warehouse", &warehouse::building(50)).expect("the building is sound").site
}

fn brain(c: &mut Criterion) {
    let site = site();
    let map = AgentMap::new(&site, 0);
    let (model, _) = model_or_generic("TinyRobot");
    let config = AgentConfig {
        driver_version: 1,
        camera: nooterra_port::camera::CameraKind::None,
        declares: Vec::new(),
        robot: RobotId::named("r"),
        tenant: TenantId::named("t"),
        wheels: Wheels { counts_per_m: 2_000.0, track_m: 0.4, arm_m: 0.4 },
        dispatch: SigningKey::from_secret([1; 32]).public(),
        graph_idx: 0,
        start_vertex: site.spawns[0].vertex.ix,
        start_theta_rad: 0.0,
        clock_offset_ns: 0,
        policy: LocalPolicy::for_model(&model),
        model,
    };
    let mut agent = Agent::new(config, [2; 32], 1, &map).expect("the robot is sound");
    let scan = Scan { angle_min_rad: 0.0, angle_step_rad: std::f64::consts::TAU / 180.0, range_max_m: 8.0, ranges_m: vec![3.0; 180] };
    let mut n = 0;
    c.bench_function("agent::control/lidar=180", |b| {
        b.iter(|| {
            n += 1;
            let now = Instant(n * 50_000_000);
            let mut f = SensorFrame { dev_ns: now, encoders: vec![0, 0], battery_mv: 24_000, soc_bps: 9_000, ..SensorFrame::default() };
            f.scan = (n % 2 == 0).then(|| scan.clone());
            let act = agent.control(now, &f, &map);
            black_box((agent.clamps(), agent.notes(), agent.drain(now)));
            act
        });
    });
}

fn traffic(c: &mut Criterion) {
    let site = site();
    let (model, _) = model_or_generic("TinyRobot");
    let class = RobotClass { graph_idx: 0, radius_m: model.footprint_radius_m, speed_mps: model.speed_max_mps };
    let map = RoadMap::build(&site, &[class]);
    let mut t = Traffic::new();
    let places: Vec<VertexIx> = site
        .vertex_indexes()
        .filter(|v| site.vertices[v.at()].pickup_dispenser.is_some() || site.vertices[v.at()].dropoff_ingestor.is_some())
        .collect();
    let robots: Vec<RobotId> = site.spawns.iter().map(|s| RobotId::named(&s.robot)).collect();
    for (s, r) in site.spawns.iter().zip(&robots) {
        t.add_robot(&map, *r, 0, s.vertex, Instant::ZERO).expect("a free charger");
    }
    let mut g = c.benchmark_group("traffic::plan");
    g.sample_size(20).measurement_time(Duration::from_secs(4));
    for goals in [1, 20] {
        g.bench_function(format!("robots=50,goals={goals}"), |b| {
            b.iter_batched(
                || {
                    let mut t = t.clone();
                    for (i, r) in robots.iter().take(goals).enumerate() {
                        t.set_goal(&map, *r, Goal::Vertex(places[i]), 0, Instant::ZERO).expect("it can go there");
                    }
                    t
                },
                |mut t| {
                    black_box(t.plan(&map, Instant::ZERO + Span::from_secs(1)));
                    t
                },
                BatchSize::LargeInput,
            );
        });
    }
    g.finish();
}

/// A batch of so many jobs and robots; ways of up to ten minutes by a fixed rule without pattern.
fn batch(n: u32) -> View {
    let owner = PartyId::named("owner");
    let now = Instant::from_secs(1_000);
    let robot = |i: u32| assign::Robot {
        robot: RobotId::named(&format!("robot {i}")),
        owner,
        has_standing_offer: false,
        is_fit: true,
        heartbeat: now,
        heartbeat_every: Span::from_secs(30),
        payload_g: 10_000,
        abilities: vec![assign::Ability { name: "reach_mm".to_owned(), declared: 900, measured: None }],
        battery_j: 1_000_000,
        usable_j: 900_000,
        drive_w: 50,
        aux_w: 20,
        work_w: 10,
        charge_w: 60,
        trust_bps: 5_000,
        busy: Span::from_mins(60),
        owner_excess_bps: 0,
        is_at_site: true,
        free_from: now,
        taken: Vec::new(),
        windows: Vec::new(),
    };
    let job = |i: u32| assign::Job {
        job: JobId::named(&format!("job {i}")),
        is_handover: false,
        is_redispatch: false,
        arrive_by: now + Span::from_mins(20),
        depart_from: now,
        arrive_from: now,
        work: Span::from_secs(60),
        payload_g: 1_000,
        owner,
        allows_substitute: false,
        min_trust_bps: 4_000,
        needs: vec![assign::Need { name: "reach_mm".to_owned(), at_least: 800 }],
    };
    let pair = |(job, robot): (u32, u32)| {
        // Steele and Vigna's mixing of 64 bits.
        let mut z = (u64::from(job) << 32 | u64::from(robot)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let travel = Span::from_secs((z ^ (z >> 31)) % 600);
        Pair { job, robot, travel, carry: Span::from_secs(30), back: Span::from_secs(30), bars: Bars::default() }
    };
    let pairs = (0..n).flat_map(|j| (0..n).map(move |r| (j, r))).map(pair).collect();
    View { now, jobs: (0..n).map(job).collect(), robots: (0..n).map(robot).collect(), pairs }
}

fn dispatch(c: &mut Criterion) {
    let mut g = c.benchmark_group("dispatch/assign");
    g.sample_size(20).measurement_time(Duration::from_secs(4));
    for n in [100, 1_000] {
        let view = batch(n);
        g.bench_function(format!("jobs={n},robots={n}"), |b| b.iter(|| black_box(assign::assign(&view))));
        // Choosing alone, among all options of every job.
        let row = |pairs: &[Pair]| pairs.iter().map(|p| (p.robot, i64::try_from(p.travel.as_secs()).unwrap_or(0) * 10)).collect();
        let table: Vec<Vec<(u32, i64)>> = view.pairs.chunks(n as usize).map(row).collect();
        g.bench_function(format!("optimum/jobs={n},robots={n}"), |b| b.iter(|| black_box(optimum(&table, n))));
    }
    g.finish();
}

fn ledger(c: &mut Criterion) {
    const ENTRIES: u32 = 10_000;
    let mut g = c.benchmark_group("ledger");
    g.throughput(Throughput::Elements(u64::from(ENTRIES) * 2)).sample_size(20).measurement_time(Duration::from_secs(4));
    for (name, accounts) in [("cold", 1_000), ("hot", 1)] {
        let commands: Vec<Command> = (0..ENTRIES)
            .map(|n| {
                let job = JobId::named(&format!("job {}", n % accounts));
                let legs = vec![Leg::debit(Account::PspClearing, 5), Leg::credit(Account::Escrow { job }, 5)];
                let cause = EventId::named("bench");
                Command::PostEntry(Entry {
                    id: EntryId::of(cause, n),
                    code: 1,
                    cause,
                    job: Some(job),
                    at: Instant(0),
                    currency: Currency::EUR,
                    legs,
                })
            })
            .collect();
        g.bench_function(format!("postings/accounts={name}"), |b| {
            b.iter_batched(
                Book::default,
                |mut book| {
                    let mut facts = Vec::new();
                    for c in &commands {
                        facts.clear();
                        assert_eq!(submit_into(&mut book, c, &mut facts), Ok(()), "a sound entry is taken");
                    }
                    book
                },
                BatchSize::LargeInput,
            );
        });
    }
    g.finish();
}

criterion_group!(benches, keys, brain, dispatch, traffic, ledger);
criterion_main!(benches);
