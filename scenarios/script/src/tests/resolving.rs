use super::{HEAD, LIFT, corridor};
use crate::resolved::{FaultKind, Group, JobKind, Process, Resolved, Trip};
use crate::{Form, read, resolve, resolve_with};
use nooterra_engine::time::{Instant, Span};
use nooterra_site::{LaneIx, RobotModel, VertexIx};

fn of(text: &str, seed: u64) -> Resolved {
    let s = read(text).unwrap_or_else(|f| panic!("{}", f.render("test", text)));
    resolve(&s, &corridor(), seed).unwrap_or_else(|f| panic!("{f:?}"))
}

#[test]
fn four_lines_are_complete() {
    let r = of(HEAD, 7);
    assert_eq!(r.robots.len(), 2);
    assert_eq!(r.robots.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["tinyRobot1", "tinyRobot2"]);
    assert_eq!(r.robots.iter().map(|r| r.provider).collect::<Vec<_>>(), [0, 1], "dealt alternately");
    assert_eq!(r.providers.len(), 2);
    assert_eq!(r.demand.len(), 1);
    let trip = |a, b| Trip { from: VertexIx::new(a), to: VertexIx::new(b) };
    assert_eq!(r.demand[0].trips, [trip(2, 4), trip(4, 2)], "named places that are no chargers and no islands");
    assert!(matches!(r.demand[0].process, Process::Poisson { mean_gap } if mean_gap >= Span::from_secs(20)));
    assert_eq!(r.models, [nooterra_site::model_named("tinyRobot").expect("known")]);
    assert!(r.faults.faults.is_empty() && r.people.is_empty() && r.expect.is_empty());
}

#[test]
fn dispensers_feed_ingestors() {
    let mut site = corridor();
    site.vertices[3].pickup_dispenser = Some("d".into());
    site.vertices[0].dropoff_ingestor = Some("i".into());
    site.vertices[5].dropoff_ingestor = Some("out of reach".into());
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.demand[0].trips, [Trip { from: VertexIx::new(3), to: VertexIx::new(0) }]);
}

#[test]
fn a_map_without_spawns_gets_a_fleet() {
    let mut site = corridor();
    site.spawns.clear();
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.robots.iter().map(|r| r.start.ix).collect::<Vec<_>>(), [0], "in one line nobody could pass another");
    // A bay beside the middle.
    for (a, b) in [(3, 5), (5, 3)] {
        let mut lane = site.lanes[0].clone();
        (lane.from, lane.to, lane.reverse) = (VertexIx::new(a), VertexIx::new(b), None);
        site.lanes.push(lane);
    }
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.robots.iter().map(|r| r.start.ix).collect::<Vec<_>>(), [0, 1], "its chargers");
    for v in &mut site.vertices {
        v.flags.is_charger = false;
    }
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.robots.iter().map(|r| r.start.ix).collect::<Vec<_>>(), [0, 1, 2, 4], "its named vertices");
    site.lanes.clear();
    let flaws = resolve(&read(HEAD).expect("complete"), &site, 7).expect_err("nowhere to go");
    assert!(flaws.len() == 1 && flaws[0].what.contains("the site has no lane"), "{flaws:?}");
}

/// Robots 0.55 m apart in two rows, each with a lane of its own: of 0.3 m in radius they would start inside each other.
#[test]
fn robots_are_no_wider_than_their_map_lets_them_be() {
    let mut site = corridor();
    site.vertices[1].at = nooterra_engine::geom::Vec2::new(0.0, 0.55);
    site.vertices[2].at = nooterra_engine::geom::Vec2::new(10.0, 0.55);
    let note = "tinyRobot is taken as 0.25 m in radius instead of 0.30 m: otherwise tinyRobot1 and tinyRobot2 could not leave";
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert!(r.notes.iter().any(|n| n == note), "{:?}", r.notes);
    assert!(r.models.iter().all(|m| (m.footprint_radius_m - 0.25).abs() < 1e-9 && m.vicinity_radius_m > 0.25));
    let asked = format!("{HEAD}fleet: [{{model: tinyRobot, at: [home1, home2]}}]\n");
    let r = resolve(&read(&asked).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.models, [nooterra_site::model_named("tinyRobot").expect("known")], "who names a model means it");
}

/// The way out of each passes the other one's place: apart enough to stand there, too near to pass.
#[test]
fn robots_in_each_others_only_way_out_are_taken_as_smaller() {
    let mut site = corridor();
    let at = nooterra_engine::geom::Vec2::new;
    let way = |from: u32, to: u32, site: &nooterra_site::Site| {
        let mut l = site.lanes[0].clone();
        (l.from, l.to, l.reverse) = (VertexIx::new(from), VertexIx::new(to), None);
        l
    };
    // Both homes on one side of the middle, which is nearer to each than both robots are wide.
    (site.vertices[0].at, site.vertices[1].at, site.vertices[2].at) = (at(0.0, 0.6), at(0.6, 0.0), at(0.0, 0.0));
    let lanes = [(0, 2), (2, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3)];
    site.lanes = lanes.iter().map(|(a, b)| way(*a, *b, &site)).collect();
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert!(r.models.iter().all(|m| (m.footprint_radius_m - 0.25).abs() < 1e-9), "{:?}", r.notes);
    // With a way out of its own for one of them nobody needs to be smaller.
    site.lanes.push(way(0, 4, &site));
    site.vertices[4].at = at(-5.0, 5.0);
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert!(r.models.iter().all(|m| (m.footprint_radius_m - 0.3).abs() < 1e-9), "{:?}", r.notes);
}

/// A map of lanes and nothing else, as a first sketch is: two robots wait at its far ends, others carry in between.
#[test]
fn a_map_that_names_nothing_is_complete() {
    let mut site = corridor();
    site.spawns.clear();
    for v in &mut site.vertices {
        v.name.clear();
        v.flags.is_charger = false;
    }
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.robots.iter().map(|r| r.start.ix).collect::<Vec<_>>(), [0, 4], "the ends of the corridor");
    let trip = |a, b| Trip { from: VertexIx::new(a), to: VertexIx::new(b) };
    assert_eq!(r.demand[0].trips, [trip(1, 3), trip(1, 2), trip(3, 1), trip(3, 2), trip(2, 1), trip(2, 3)], "where nobody waits");
    assert_eq!(r, resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete"));
    let asked = format!("{HEAD}fleet: [{{model: tinyRobot, count: 4}}]\n");
    let four = resolve(&read(&asked).expect("right"), &site, 7).expect("room for four");
    assert_eq!(four.robots.iter().map(|r| r.start.ix).collect::<Vec<_>>(), [0, 4, 1, 2]);
    // With one lane there is no place but those where robots wait.
    site.lanes.truncate(2);
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.demand[0].trips, [trip(0, 1), trip(1, 0)]);
}

/// Robots that the map spawns off its lanes give way to robots that can drive.
#[test]
fn spawns_off_the_lanes_are_replaced() {
    let mut site = corridor();
    site.spawns.truncate(1);
    site.spawns[0].vertex = VertexIx::new(5);
    let r = resolve(&read(HEAD).expect("complete"), &site, 7).expect("complete");
    assert_eq!(r.robots.iter().map(|r| r.start.ix).collect::<Vec<_>>(), [0]);
    assert!(r.notes.iter().any(|n| n.contains("come back: tinyRobot1; 1 of model tinyRobot was placed")), "{:?}", r.notes);
}

/// On lanes without a way back a robot strands after its first job, with or without a spawn on them.
#[test]
fn lanes_without_a_way_back_are_named_as_the_fault() {
    let mut site = corridor();
    site.lanes.retain(|l| l.from < l.to);
    for spawns in [site.spawns.clone(), Vec::new()] {
        site.spawns = spawns;
        let flaws = resolve(&read(HEAD).expect("complete"), &site, 7).expect_err("no way back");
        assert!(flaws.len() == 1 && flaws[0].what.contains("its lanes are one-way"), "{flaws:?}");
    }
}

#[test]
fn everything_resolves() {
    let r = of(include_str!("sample.yaml"), 7);
    assert_eq!(r.demand.len(), 4);
    assert_eq!(r.demand[1].kind, JobKind::Patrol);
    assert_eq!(r.demand[1].process, Process::Every { first: Instant::from_secs(600), gap: Span::from_mins(10) });
    assert_eq!(r.demand[2].process, Process::Fixed { at: vec![Instant::from_secs(60), Instant::from_secs(300)] });
    assert_eq!(r.demand[0].mass_g, 1_500);
    assert_eq!(r.demand[0].budget.map(|b| b.minor()), Some(2_500));
    assert_eq!(r.policy.settle_after, Some(Span::from_mins(5)));
    assert_eq!(r.policy.platform_ppm, Some(120_000));
    assert_eq!((r.crew.arrives, r.crew.repairs, r.crew.returns), (Span::from_mins(2), Span::from_mins(15), false));
    let kinds: Vec<&str> = r.faults.faults.iter().map(|f| f.kind.word()).collect();
    for word in [
        "obstacle",
        "network",
        "partition",
        "cut",
        "battery",
        "sensor",
        "payload_drop",
        "slip",
        "lift",
        "person",
        "provider",
        "requester",
        "payments",
    ] {
        assert!(kinds.contains(&word), "{word} is missing");
    }
    assert!(r.faults.faults.iter().map(|f| f.at).is_sorted());
    let first = r.faults.faults.iter().find(|f| matches!(f.kind, FaultKind::Obstacle { .. })).expect("there is one");
    assert_eq!((first.at, first.lasts), (Instant::from_secs(360), Some(Span::from_mins(2))));
    let FaultKind::Obstacle { at, lane, .. } = &first.kind else { unreachable!() };
    assert_eq!((at.x, *lane), (7.5, Some(LaneIx::new(2))), "in the middle of the way");
    assert!(r.faults.faults.iter().any(|f| f.kind == FaultKind::LiftStuck { lift: LIFT }));
    assert!(r.faults.faults.iter().any(|f| f.kind == FaultKind::Partition { group: vec![Group::Robots, Group::Provider { ix: 0 }] }));
    assert!(r.faults.faults.iter().all(|f| f.kind.word() != "" && FaultKind::WORDS.contains(&f.kind.word())));
    assert_eq!(r.expect[3].form, Form::Eventually { within: Span::from_mins(2), of: "fault.obstacle".into() });
}

#[test]
fn the_seed_decides_the_swarm_and_nothing_else() {
    let text = include_str!("sample.yaml");
    assert_eq!(of(text, 7), of(text, 7));
    let (a, b) = (of(text, 7), of(text, 8));
    assert_ne!(a.network, b.network);
    assert_ne!(a.faults, b.faults, "repeated faults are drawn");
    assert_eq!(a.robots.iter().map(|r| &r.name).collect::<Vec<_>>(), b.robots.iter().map(|r| &r.name).collect::<Vec<_>>());
    let plain = |seed| {
        let mut r = of(HEAD, seed);
        r.seed = 0;
        r
    };
    assert_eq!(plain(1), plain(2));
    for seed in 0..50 {
        let r = of(text, seed);
        assert!(r.network.loss_ppm <= 300_000 && r.robots.iter().all(|r| (5_000..=10_000).contains(&r.soc_bps)));
    }
}

#[test]
fn fleet_files_and_counts() {
    let text = format!("{HEAD}fleet: [{{model: mine, config: mine.yaml, count: 2}}, {{model: tinyRobot, at: [pantry]}}]\n");
    let s = read(&text).expect("right");
    let mine = RobotModel { name: "mine".into(), speed_max_mps: 2.0, ..RobotModel::default() };
    let r = resolve_with(&s, &corridor(), &[("mine.yaml".into(), mine)], 7).expect("right");
    assert_eq!(r.robots.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["mine1", "mine2", "tinyRobot1"]);
    assert_eq!(r.models.len(), 2);
    assert!(resolve(&s, &corridor(), 7).is_err(), "without the file");
    let crowd = format!("{HEAD}fleet: [{{model: tinyRobot, count: 40}}]\n");
    let f = resolve(&read(&crowd).expect("right"), &corridor(), 7).expect_err("no room");
    assert!(f[0].what.contains("room for 4 of these 40"), "{f:?}");
}

/// The linear search for vertices with a way back agrees with a search from each of them, on rings, tails and two graphs.
#[test]
fn ways_back_are_found_at_once() {
    let mut site = corridor();
    let (mut state, n) = (7u32, site.vertices.len());
    let mut draw = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let lane = site.lanes[0].clone();
    for _ in 0..500 {
        site.lanes.clear();
        for _ in 0..draw(9) {
            let (from, to) = (VertexIx::new(draw(6)), VertexIx::new(draw(6)));
            site.lanes.push(nooterra_site::model::Lane { from, to, graph_idx: draw(2), reverse: None, ..lane.clone() });
        }
        let ways = crate::ways::Ways::new(&site);
        for v in (0..n).map(|i| VertexIx::new(u32::try_from(i).expect("six"))) {
            let searched = ways.best_graph(v).is_some_and(|(_, range)| range.iter().filter(|r| **r).count() > 1);
            assert_eq!(ways.returns(v), searched, "{v:?} of {:?}", site.lanes);
        }
    }
}
