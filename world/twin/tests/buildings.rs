//! Buildings that somebody else drew: the world stands up, robots rest where the map puts them, doors and lifts work.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // a test reads its data

use nooterra_engine::chance::Chance;
use nooterra_engine::geom::Pose2;
use nooterra_engine::ids::RobotId;
use nooterra_site::catalogue::model_or_generic;
use nooterra_site::{DoorIx, LevelIx, LiftIx, Site};
use nooterra_twin::{DoorCommand, DoorMode, LiftCommand, RobotIx, RobotSpawn, Stand, Twin, TwinParams};

fn building(name: &str) -> Option<Site> {
    let path = format!("{}/../../../shared/data/open-rmf/{name}.building.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).ok()?;
    Some(nooterra_site::import(name, &text).unwrap().site)
}

#[test]
fn robots_rest_where_the_map_puts_them_and_everything_moves() {
    for name in ["office", "hotel"] {
        // The files lie beside the checkout; without them there is nothing to test.
        let Some(site) = building(name) else { continue };
        let mut t = Twin::new(&site, TwinParams::default(), Chance::new(1)).unwrap();
        for s in &site.spawns {
            let v = &site.vertices[s.vertex.at()];
            let stand = Stand { level: v.level, pose: Pose2 { at: v.at, theta_rad: 0.3 } };
            t.add_robot(RobotSpawn { id: RobotId::named(&s.robot), model: model_or_generic(&s.model).0, stand, charge_bps: 9_000 })
                .unwrap();
        }
        for i in 0..site.doors.len() {
            t.door(DoorCommand { door: DoorIx::new(u32::try_from(i).unwrap()), open: true }).unwrap();
        }
        for (i, l) in site.lifts.iter().enumerate() {
            let target = l.stops.last().map_or(LevelIx::new(0), |s| s.level);
            t.lift(LiftCommand { lift: LiftIx::new(u32::try_from(i).unwrap()), target, open: true }).unwrap();
        }
        for _ in 0..50 * 40 {
            t.step().unwrap();
            assert!(t.contacts().is_empty(), "{name}: {:?}", t.contacts());
        }
        assert_eq!(t.robot_count(), site.spawns.len());
        for i in 0..t.robot_count() {
            let (r, truth) = (RobotIx::new(u32::try_from(i).unwrap()), t.truth(RobotIx::new(u32::try_from(i).unwrap())).unwrap());
            let id = t.robot_id(r).unwrap();
            let spawn = site.spawns.iter().find(|s| RobotId::named(&s.robot) == id).unwrap();
            let v = &site.vertices[spawn.vertex.at()];
            assert!(truth.asleep && truth.pose.at.dist(v.at) < 1e-2 && truth.level == v.level, "{name} {}: {truth:?}", spawn.robot);
            assert!((truth.z_m - site.levels[v.level.at()].elevation_m).abs() < 1e-2, "{truth:?}");
            assert!(t.scan(r).is_some());
        }
        for i in 0..site.doors.len() {
            let s = t.door_state(DoorIx::new(u32::try_from(i).unwrap())).unwrap();
            assert_eq!(s.mode, DoorMode::Open, "{name}: door {} is {s:?}", site.doors[i].name);
        }
        for (i, l) in site.lifts.iter().enumerate() {
            let s = t.lift_state(LiftIx::new(u32::try_from(i).unwrap())).unwrap();
            assert_eq!(Some(s.level), l.stops.last().map(|s| s.level), "{name}: lift {} is {s:?}", l.name);
            assert_eq!(s.open_permille, 1000, "{name}: lift {} is {s:?}", l.name);
        }
    }
}
