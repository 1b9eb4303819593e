//! Whole files: the project's own sites, and the sample buildings that others drew.
//!
//! The samples lie beside the project; without them these tests have nothing to say, which counts as failure in CI.
#![allow(clippy::unwrap_used, clippy::float_cmp)] // tests say what they mean
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // a test may read files

use nooterra_site::finding::Severity;
use nooterra_site::model::DoorKind;
use nooterra_site::routes::{Costs, Routes};
use nooterra_site::{Imported, import, import_fleet, summary};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn own(name: &str) -> Imported {
    let file = format!("sites/{name}.building.yaml");
    let text = fs::read_to_string(root().join(&file)).unwrap();
    import(&file, &text).unwrap_or_else(|f| panic!("{f:#?}"))
}

/// A sample's text, or nothing where samples may be absent.
fn sample(path: &str) -> Option<String> {
    match fs::read_to_string(root().join("../shared/data/open-rmf").join(path)) {
        Ok(text) => Some(text),
        Err(e) => {
            assert!(std::env::var("CI").is_err(), "the sample {path} is missing: {e}");
            eprintln!("skipped: the sample {path} is missing");
            None
        }
    }
}

#[test]
fn our_own_sites_have_nothing_to_complain_of() {
    for (name, levels, doors, lifts, robots, places) in
        [("office", 1, 3, 0, 4, 37), ("hotel", 3, 11, 2, 4, 19), ("corridor", 1, 0, 0, 4, 16)]
    {
        let i = own(name);
        let s = &i.site;
        assert_eq!(i.check(), [], "{name}");
        assert_eq!((s.levels.len(), s.doors.len(), s.lifts.len(), s.spawns.len()), (levels, doors, lifts, robots), "{name}");
        let sum = summary(s);
        assert!(sum.robots.iter().all(|r| r.reaches == places && r.cut_off == 0), "{name}: {:#?}", sum.robots);
        assert!(sum.graphs.iter().all(|g| g.tight_lanes == 0 && g.dispensers > 0 && g.ingestors > 0 && g.chargers > 1), "{name}");
        // Nothing was cut for it.
        assert_eq!(s.carved(&s.radii()).1, [], "{name}");
        for v in s.vertex_indexes() {
            for w in s.vertex_indexes().filter(|w| *w > v && s.vertices[w.at()].level == s.vertices[v.at()].level) {
                let d = s.vertices[v.at()].at.dist(s.vertices[w.at()].at);
                assert!(d >= 1.2, "{name}: {} and {} are {d:.2} m apart", s.vertex_label(v), s.vertex_label(w));
            }
        }
    }
}

#[test]
fn a_blocked_corridor_of_the_office_can_be_driven_around() {
    let s = own("office").site;
    let r = Routes::new(&s, 0, &Costs::default());
    let v = |n: &str| s.vertex_named(n).unwrap();
    let straight = r.shortest(v("south_2"), v("desk_1")).unwrap();
    let blocked = |l: nooterra_site::LaneIx| {
        let (a, b) = (s.lanes[l.at()].from, s.lanes[l.at()].to);
        !([a, b] == [v("south_3"), v("south_4")] || [b, a] == [v("south_3"), v("south_4")])
    };
    let around = r.shortest_with(v("south_2"), v("desk_1"), |l| blocked(l).then_some(0)).unwrap();
    assert!(around.cost_ms > straight.cost_ms && around.length_mm < 3 * straight.length_mm, "{straight:?} {around:?}");
}

#[test]
fn levels_of_our_hotel_lie_above_each_other() {
    let s = own("hotel").site;
    for lift in &s.lifts {
        for stop in &lift.stops {
            for v in &stop.cabin {
                assert!(s.vertices[v.at()].at.dist(lift.at) < 1e-6);
            }
        }
    }
    let at = |n: &str| s.vertices[s.vertex_named(n).unwrap().at()].at;
    assert!(at("room_201").dist(at("room_301")) < 0.01, "{:?} {:?}", at("room_201"), at("room_301"));
}

#[test]
fn the_sample_office() {
    let Some(text) = sample("office.building.yaml") else { return };
    let i = import("office", &text).unwrap();
    let s = &i.site;
    assert_eq!((s.levels.len(), s.vertices.len(), s.lanes.len(), s.doors.len(), s.lifts.len()), (1, 29, 60, 3, 0));
    assert!(s.lanes.iter().all(|l| l.reverse.is_some()));
    assert_eq!(s.levels[0].walls.len(), 33);
    assert_eq!(
        s.doors.iter().map(|d| (d.name.as_str(), d.kind)).collect::<Vec<_>>(),
        [("main_door", DoorKind::DoubleHinged), ("coe_door", DoorKind::Hinged), ("hardware_door", DoorKind::Hinged)]
    );
    let robots: Vec<(&str, &str, String)> =
        s.spawns.iter().map(|r| (r.robot.as_str(), r.model.as_str(), s.vertex_label(r.vertex))).collect();
    assert_eq!(
        robots,
        [
            ("tinyRobot1", "Open-RMF/TinyRobot", "tinyRobot1_charger".into()),
            ("tinyRobot2", "Open-RMF/TinyRobot", "tinyRobot2_charger".into())
        ]
    );
    assert_eq!(s.lanes.iter().filter(|l| l.doors.len() == 1).count(), 4);
    let pantry = &s.vertices[s.vertex_named("pantry").unwrap().at()];
    assert_eq!(pantry.pickup_dispenser.as_deref(), Some("coke_dispenser"));
    // The three measurements of the plan give 8.47 mm a pixel.
    assert!((pantry.at.x - 16.846).abs() < 0.001 && (pantry.at.y + 5.404).abs() < 0.001, "{:?}", pantry.at);
    assert_eq!(i.models.len(), 79);
    assert_eq!(summary(s).graphs[0].length_mm, 68_584);
    let (carved, cuts) = i.carved(&s.radii());
    let (doors, walls): (Vec<_>, Vec<_>) = cuts.iter().partition(|f| f.path.ends_with("doors"));
    assert_eq!(walls.len(), 2, "{cuts:#?}");
    assert!(walls.iter().all(|f| f.severity == Severity::Warning && f.line > 260), "{cuts:#?}");
    assert!(doors.iter().any(|f| f.severity == Severity::Warning && f.what.contains("coe_door")), "{cuts:#?}");
    assert!(carved.clearances().iter().all(|c| c.is_none_or(|c| c >= 0.4 - 1e-6)));
}

#[test]
fn the_sample_hotel() {
    let Some(text) = sample("hotel.building.yaml") else { return };
    let i = import("hotel", &text).unwrap();
    let s = &i.site;
    assert_eq!((s.levels.len(), s.vertices.len(), s.doors.len(), s.lifts.len(), s.spawns.len(), s.graphs.len()), (3, 75, 19, 2, 4, 3));
    assert_eq!(s.lanes.iter().filter(|l| l.ride.is_some()).count(), 24);
    assert_eq!(s.levels.iter().map(|l| (l.name.as_str(), l.elevation_m)).collect::<Vec<_>>(), [("L1", 0.0), ("L2", 8.0), ("L3", 16.0)]);
    for lift in &s.lifts {
        assert_eq!(lift.stops.len(), 3);
        assert!(lift.stops.iter().all(|x| !x.cabin.is_empty() && x.doors == [0]));
    }
    // Fiducials bring the outer walls of all levels onto each other.
    let west = |l: usize| s.levels[l].walls.iter().map(|w| w.line.a.x.min(w.line.b.x)).fold(f64::INFINITY, f64::min);
    assert!((west(0) - west(1)).abs() < 0.5 && (west(1) - west(2)).abs() < 0.01);
    assert!(summary(s).robots.iter().all(|r| r.cut_off == 0 && r.reaches >= 5));
    assert!(i.findings.is_empty(), "{:#?}", i.findings);
}

#[test]
fn fleet_files() {
    for (path, name, radius_m, speed_mps, reversible, mass_kg, robots) in [
        ("config/office/tinyRobot_config.yaml", "tinyRobot", 0.3, 0.5, true, 20.0, 2),
        ("config/hotel/tinyRobot_config.yaml", "tinyRobot", 0.3, 0.5, true, 20.0, 1),
        ("config/hotel/deliveryRobot_config.yaml", "deliveryRobot", 0.6, 0.7, true, 70.0, 1),
        ("config/hotel/cleanerBotA_config.yaml", "cleanerBotA", 1.0, 0.7, false, 70.0, 2),
    ] {
        let Some(text) = sample(path) else { return };
        let f = import_fleet(path, &text).unwrap();
        let m = &f.model;
        assert_eq!((f.name.as_str(), m.name.as_str(), f.robots.len()), (name, name, robots));
        assert_eq!((m.footprint_radius_m, m.speed_max_mps, m.reversible, m.mass_kg), (radius_m, speed_mps, reversible, mass_kg));
        assert_eq!(f.friction_stated, Some(0.22));
        assert!((m.rolling_resistance - 0.0154).abs() < 1e-9);
        let ring = m.mass_kg * m.footprint_radius_m * m.footprint_radius_m;
        assert!(m.inertia_kg_m2 >= 0.5 * ring && m.inertia_kg_m2 <= ring, "{name}: {}", m.inertia_kg_m2);
        // What a map calls the model has the same figures, so a map alone is enough.
        assert_eq!(nooterra_site::model_named(&format!("Open-RMF/{name}")).as_ref(), Some(m));
    }
}

#[test]
fn broken_fleet_files_are_refused_in_words() {
    for (text, part) in [
        ("", "the file is empty"),
        ("rmf_fleet: 3", "no `rmf_fleet` mapping"),
        ("rmf_fleet: {name: x, limits: {linear: [0.5], angular: 3}}", "has 1 numbers"),
        ("rmf_fleet: {name: x, limits: {linear: [-1, 2]}}", "-1 is not above zero"),
        ("rmf_fleet: {name: x, profile: {footprint: .inf}}", "not a finite number"),
        ("rmf_fleet: {name: x, recharge_threshold: 20}", "20 is no share"),
        ("rmf_fleet: {name: x, recharge_threshold: 0.5, recharge_soc: 0.4}", "charges up to less"),
        ("rmf_fleet: {name: x, battery_system: {voltage: low}}", "must be a number, is `low`"),
    ] {
        let got = import_fleet("f.yaml", text).unwrap_err();
        assert!(got.iter().any(|f| f.severity == Severity::Error && f.what.contains(part)), "{text}: {got:#?}");
    }
    let sparse = import_fleet("f.yaml", "rmf_fleet: {name: somebot}").unwrap();
    assert_eq!(sparse.model.footprint_radius_m, 0.3);
    assert!(
        sparse.findings.iter().any(|f| f.what.contains("not in the file: limits.linear") && f.remedy.contains("generic")),
        "{:#?}",
        sparse.findings
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Samples with a few bytes changed, cut off or repeated are read or refused, never a panic.
    #[test]
    fn mutated_samples(hotel in any::<bool>(), cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0u8..4, any::<u8>(), 0usize..300), 1..6)) {
        let Some(text) = sample(if hotel { "hotel.building.yaml" } else { "office.building.yaml" }) else { return Ok(()) };
        let mut bytes = text.into_bytes();
        for (at, how, byte, len) in cuts {
            let at = at.index(bytes.len());
            let end = (at + len).min(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.drain(at..end); }
                2 => { let copy = bytes[at..end].to_vec(); bytes.splice(at..at, copy); }
                _ if len < 10 => bytes.truncate(at.max(1)),
                _ => bytes[at] = b' ',
            }
        }
        match import("mutated", &String::from_utf8_lossy(&bytes)) {
            Ok(i) => {
                let (carved, _) = i.carved(&i.site.radii());
                prop_assert_eq!(carved.vertices.len(), i.site.vertices.len());
                prop_assert!(!summary(&i.site).to_string().is_empty());
            }
            Err(f) => prop_assert!(f.iter().any(|f| f.severity == Severity::Error)),
        }
    }
}
