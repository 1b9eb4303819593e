//! The site's devices over the twin: what floor sensors, readers, scales, doors and lifts see and do.

use crate::site_controller::{Footprint, ItemPlace, SiteSenses};
use nooterra_engine::Instant;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::ids::{ItemId, RobotId};
use nooterra_port::facility::DoorState;
use nooterra_site::{DoorIx, LevelIx, LiftIx};
use nooterra_twin::{DoorCommand, DoorMode, LiftCommand, LiftMode, LoadSpawn, Stand, Twin, Whereabouts};

/// Edge of a parcel, metres.
const PARCEL_M: f64 = 0.2;

/// The twin as the site's devices reach it.
#[derive(Debug)]
pub struct WorldView<'a> {
    /// The world.
    pub twin: &'a mut Twin,
    /// What robots' badges show.
    pub robots: &'a [crate::fleet::SimRobot],
}

impl SiteSenses for WorldView<'_> {
    fn door(&self, door: u32) -> DoorState {
        match self.twin.door_state(DoorIx::new(door)).map(|s| s.mode) {
            None | Some(DoorMode::Closed) => DoorState::Closed,
            Some(DoorMode::Open) => DoorState::Open,
            Some(DoorMode::Opening | DoorMode::Closing) => DoorState::Moving,
            Some(DoorMode::Blocked | DoorMode::Jammed) => DoorState::Blocked,
        }
    }
    fn command_door(&mut self, door: u32, open: bool) {
        // A door that is not there was refused before; nothing else can fail.
        let _ = self.twin.door(DoorCommand { door: DoorIx::new(door), open });
    }
    fn lift(&self, lift: u32) -> (Option<u32>, DoorState) {
        let Some(s) = self.twin.lift_state(LiftIx::new(lift)) else { return (None, DoorState::Closed) };
        match s.mode {
            LiftMode::Moving => (None, DoorState::Closed),
            LiftMode::Blocked | LiftMode::Stuck => (Some(s.level.ix), DoorState::Blocked),
            LiftMode::Doors => (Some(s.level.ix), DoorState::Moving),
            LiftMode::Standing if s.open_permille == 0 => (Some(s.level.ix), DoorState::Closed),
            LiftMode::Standing => (Some(s.level.ix), DoorState::Open),
        }
    }
    fn command_lift(&mut self, lift: u32, level: u32, doors_open: bool) {
        let _ = self.twin.lift(LiftCommand { lift: LiftIx::new(lift), target: LevelIx::new(level), open: doors_open });
    }
    fn robot(&self, robot: RobotId) -> Option<(u32, Vec2)> {
        let t = self.twin.truth(self.twin.robot_named(robot)?)?;
        Some((t.level.ix, t.pose.at))
    }
    fn footprints(&self) -> Vec<Footprint> {
        let of = |r: &crate::fleet::SimRobot| {
            let t = self.twin.truth(r.ix).filter(|_| !self.twin.is_away(r.ix))?;
            let radius_m = r.agent.config().model.footprint_radius_m;
            Some(Footprint { robot: r.id, level: t.level.ix, at: t.pose.at, radius_m })
        };
        self.robots.iter().filter_map(of).collect()
    }
    fn badge(&self, robot: RobotId) -> Option<u64> {
        self.robots.iter().find(|r| r.id == robot).map(|r| r.agent.badge())
    }
    fn credential(&self, now: Instant, robot: RobotId) -> Option<String> {
        self.robots.iter().find(|r| r.id == robot).and_then(|r| r.agent.credential(now)).map(str::to_owned)
    }
    fn item(&self, item: ItemId) -> ItemPlace {
        let place = self.twin.load_named(item).and_then(|l| self.twin.whereabouts(l));
        match place {
            None | Some(Whereabouts::Gone) => ItemPlace::Nowhere,
            Some(Whereabouts::Carried { robot }) => self.twin.robot_id(robot).map_or(ItemPlace::Nowhere, ItemPlace::On),
            Some(Whereabouts::Raised { .. }) => ItemPlace::Raised,
            Some(Whereabouts::Racked { stand }) => {
                let grams = self.twin.load_named(item).and_then(|l| self.twin.load_mass_g(l)).unwrap_or(0);
                ItemPlace::Racked(stand.level.ix, stand.pose.at, grams)
            }
            Some(Whereabouts::Stored { stand } | Whereabouts::Loose { stand }) => {
                let grams = self.twin.load_named(item).and_then(|l| self.twin.load_mass_g(l)).unwrap_or(0);
                ItemPlace::At(stand.level.ix, stand.pose.at, grams)
            }
        }
    }
    fn boxes(&self) -> Vec<(u32, Vec2, f64)> {
        self.twin.boxes().map(|(s, half_m)| (s.level.ix, s.pose.at, half_m)).collect()
    }
    fn dispense(&mut self, item: ItemId, level: u32, at: Vec2, mass_g: u32) {
        let spawn = LoadSpawn {
            id: item,
            stand: Stand { level: LevelIx::new(level), pose: Pose2 { at, theta_rad: 0.0 } },
            size_m: [PARCEL_M; 3],
            mass_kg: f64::from(mass_g.max(1)) / 1000.0,
            stored: true,
        };
        let _ = self.twin.add_load(spawn);
    }
}
