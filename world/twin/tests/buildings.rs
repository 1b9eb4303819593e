//! Buildings that somebody else drew: the world stands up, robots rest where the map puts them, doors and lifts work.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // a test reads its data

use nooterra_engine::chance::Chance;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::ids::RobotId;
use nooterra_site::catalogue::model_or_generic;
use nooterra_site::{DoorIx, LevelIx, LiftIx, Site};
use nooterra_twin::{DoorCommand, DoorMode, DriveCommand, LiftCommand, RobotIx, RobotSpawn, Stand, Twin, TwinParams};

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

/// Drives from one point to another; gives up after a minute.
fn arrives(t: &mut Twin, r: RobotIx, to: Vec2) -> Result<(), String> {
    for _ in 0..50 * 60 {
        let pose = t.truth(r).unwrap().pose;
        let way = to - pose.at;
        if way.norm() < 0.1 {
            return Ok(());
        }
        let off = nooterra_engine::real::wrap_angle(way.angle() - pose.theta_rad);
        let vx_mps = if off.abs() < 0.3 { way.norm().min(0.5) } else { 0.0 };
        t.drive(r, DriveCommand { vx_mps, wz_radps: (2.0 * off).clamp(-0.6, 0.6), ..DriveCommand::default() }).unwrap();
        t.step().unwrap();
        if let Some(c) = t.contacts().first() {
            return Err(format!("{c:?}"));
        }
    }
    Err(format!("still {:.2} m away", t.truth(r).unwrap().pose.at.dist(to)))
}

#[test]
fn lanes_through_doors_and_into_lifts_can_be_driven() {
    let mut driven = 0;
    for name in ["office", "hotel"] {
        let Some(site) = building(name) else { continue };
        let mut stuck = Vec::new();
        for (i, lane) in site.lanes.iter().enumerate().filter(|(_, l)| !l.doors.is_empty() || l.lift_door.is_some()) {
            let (from, to) = (&site.vertices[lane.from.at()], &site.vertices[lane.to.at()]);
            let mut params = TwinParams::default();
            params.lidar.enabled = false;
            let mut t = Twin::new(&site, params, Chance::new(1)).unwrap();
            for d in &lane.doors {
                t.door(DoorCommand { door: *d, open: true }).unwrap();
            }
            if let Some(lift) = lane.lift_door {
                t.lift(LiftCommand { lift, target: from.level, open: true }).unwrap();
            }
            for _ in 0..50 * 30 {
                t.step().unwrap();
            }
            let pose = Pose2 { at: from.at, theta_rad: (to.at - from.at).angle() };
            let id = RobotId::named("r");
            let model = nooterra_site::RobotModel { footprint_radius_m: 0.25, ..nooterra_site::RobotModel::default() };
            t.add_robot(RobotSpawn { id, model, stand: Stand { level: from.level, pose }, charge_bps: 9_000 }).unwrap();
            t.step().unwrap();
            let r = t.robot_named(id).unwrap();
            if let Err(why) = arrives(&mut t, r, to.at) {
                stuck.push(format!("lane {i} {}→{} doors {:?} lift {:?}: {why}", from.name, to.name, lane.doors, lane.lift_door));
            }
            assert!((t.truth(r).unwrap().z_m - site.levels[from.level.at()].elevation_m).abs() < 0.05);
            driven += 1;
        }
        assert!(stuck.is_empty(), "{name}: {stuck:#?}");
    }
    assert!(driven == 0 || driven > 10, "{driven}");
}
