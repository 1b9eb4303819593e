//! Who truly comes in through a door or into a lift: the world's side of what access plans name.

use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::{DoorId, RobotId};
use nooterra_site::{LaneIx, LevelIx, LiftIx, Site};
use std::collections::BTreeMap;

/// Where robots were a tick ago, and which ways lead in.
#[derive(Debug)]
pub(crate) struct Passages {
    last: BTreeMap<RobotId, (LevelIx, Vec2)>,
    /// Lanes through each door that lead in, as lines.
    doors: Vec<Vec<Segment>>,
    /// Levels from which each lift is entered inward.
    lifts: Vec<Vec<LevelIx>>,
    ids: Vec<DoorId>,
}

impl Passages {
    pub(crate) fn of(site: &Site) -> Self {
        let ways = site.ways_in();
        let through = |e: u32| site.lane_indexes().filter(|l| ways[l.at()].contains(&e)).collect::<Vec<LaneIx>>();
        let level = |l: LaneIx| site.vertices[site.lanes[l.at()].from.at()].level;
        Self {
            last: BTreeMap::new(),
            doors: site.door_indexes().map(|d| through(site.door_entrance(d)).into_iter().map(|l| site.lane_line(l)).collect()).collect(),
            lifts: site.lift_indexes().map(|l| through(site.lift_entrance(l)).into_iter().map(level).collect()).collect(),
            ids: site.entrance_ids(),
        }
    }

    /// A robot is here now: the entrances by which it has come in since the last tick, with their names.
    pub(crate) fn look<'s>(&mut self, site: &'s Site, robot: RobotId, (level, at): (LevelIx, Vec2)) -> Vec<(DoorId, &'s str)> {
        let Some((was_on, was)) = self.last.insert(robot, (level, at)) else { return Vec::new() };
        if was == at || was_on != level {
            return Vec::new();
        }
        let (line, mut out) = (Segment::new(was, at), Vec::new());
        for d in site.door_indexes().filter(|d| site.doors[d.at()].level == level && site.doors[d.at()].line.crosses(&line)) {
            let leaf = &site.doors[d.at()].line;
            let side = |s: &Segment| (leaf.b - leaf.a).cross(s.b - s.a) > 0.0;
            if self.doors[d.at()].iter().any(|l| side(l) == side(&line)) {
                out.push(site.door_entrance(d));
            }
        }
        let cabin = |l: LiftIx, p: Vec2| {
            let lift = &site.lifts[l.at()];
            let d = Pose2 { at: lift.at, theta_rad: lift.yaw_rad }.inverse_apply(p);
            d.x.abs() <= lift.width_m / 2.0 && d.y.abs() <= lift.depth_m / 2.0
        };
        let entered = |l: &LiftIx| !cabin(*l, was) && cabin(*l, at) && self.lifts[l.at()].contains(&level);
        out.extend(site.lift_indexes().filter(entered).map(|l| site.lift_entrance(l)));
        out.into_iter().map(|e| (self.ids[e as usize], site.entrance_name(e))).collect()
    }
}
