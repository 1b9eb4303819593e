//! Where a box may be put down: on nobody, and before nobody who could not stop. It goes as near to the asked spot as the
//! lines along which it may be moved allow, and waits as long as there is no room on them.

use crate::admit::obstacle_box;
use crate::plan::{Box2, Plan};
use crate::scan::{FlatWorld, PERSON};
use crate::state::{Motion, Robot, Roster};
use crate::words::{ObstacleSpawn, Party};
use bevy_ecs::prelude::World;
use nooterra_engine::geom::{Segment, Vec2};

/// Gap to robots, people and loads, metres.
const GAP_M: f32 = 0.1;
/// Spots are tried this far apart, metres.
const STEP_M: f64 = 0.1;
/// A robot sees the box and begins to brake after this, seconds: two scans and a command.
const REACT_S: f32 = 0.3;
/// Longest way to brake that is looked at, metres.
const BRAKE_MAX_M: f32 = 3.0;

/// The box on the free spot nearest to the asked one, with its place changed if need be.
pub(crate) fn find_room(world: &World, plan: &Plan, roster: &Roster, mut spawn: ObstacleSpawn) -> Result<ObstacleSpawn, ObstacleSpawn> {
    let asked = spawn.stand.pose.at;
    if is_free(world, plan, roster, &spawn, false) {
        return Ok(spawn);
    }
    let half_m = spawn.size_m[0].max(spawn.size_m[1]) * 0.5;
    let lines: Vec<Line> = spawn.along.iter().filter_map(|s| Line::of(s, asked, half_m)).collect();
    let longest_m = lines.iter().map(|l| (l.at_m - l.low_m).max(l.high_m - l.at_m)).fold(0.0, f64::max);
    let mut off_m = STEP_M;
    while off_m <= longest_m {
        let spots = lines.iter().flat_map(|l| [l.spot(l.at_m + off_m), l.spot(l.at_m - off_m)]).flatten();
        for spot in spots {
            spawn.stand.pose.at = spot;
            if is_free(world, plan, roster, &spawn, true) {
                return Ok(spawn);
            }
        }
        off_m += STEP_M;
    }
    spawn.stand.pose.at = asked;
    Err(spawn)
}

/// A line along which a box may be moved, in metres from its start.
struct Line {
    from: Vec2,
    dir: Vec2,
    at_m: f64,
    low_m: f64,
    high_m: f64,
}

impl Line {
    /// A box keeps clear of the ends, where other ways begin, unless it was asked for there.
    fn of(s: &Segment, asked: Vec2, half_m: f64) -> Option<Self> {
        const LONGEST_M: f64 = 1_000.0;
        let len_m = s.length();
        if !(len_m > STEP_M && len_m < LONGEST_M) {
            return None;
        }
        let at_m = s.nearest_share(asked) * len_m;
        let (low_m, high_m) = (half_m.min(at_m), (len_m - half_m).max(at_m));
        Some(Self { from: s.a, dir: (s.b - s.a).unit(), at_m, low_m, high_m })
    }
    fn spot(&self, m: f64) -> Option<Vec2> {
        (m >= self.low_m && m <= self.high_m).then(|| self.from + self.dir * m)
    }
}

/// Does nothing stand where this box is to stand, and does nobody drive into it? A `moved` one keeps off doors too.
fn is_free(world: &World, plan: &Plan, roster: &Roster, spawn: &ObstacleSpawn, moved: bool) -> bool {
    let flat = obstacle_box(plan, spawn);
    let picture = world.resource::<FlatWorld>();
    let Some(level) = picture.levels.get(spawn.stand.level.at()) else { return true };
    let mut free = true;
    level.discs.near(&picture.cells, flat.x, flat.y, flat.reach() + BRAKE_MAX_M + 2.0, |d| {
        let robot = roster.robots.get(d.who as usize).filter(|_| d.who & PERSON == 0);
        let (bx, by) = robot.map_or((0.0, 0.0), |e| brakes(world, *e));
        free = free && gap(&flat, (d.x, d.y), (bx, by)) >= d.r + GAP_M;
    });
    let in_way = |p: &Party| moved || matches!(p, Party::Load { .. });
    free && !level.boxes.iter().any(|b| in_way(&b.party) && overlap(&flat, &b.flat))
}

/// What a robot drives until it stands, from now on.
fn brakes(world: &World, robot: bevy_ecs::prelude::Entity) -> (f32, f32) {
    let (Some(m), Some(r)) = (world.get::<Motion>(robot), world.get::<Robot>(robot)) else { return (0.0, 0.0) };
    let speed = (m.vx * m.vx + m.vy * m.vy).sqrt();
    if speed < 0.01 {
        return (0.0, 0.0);
    }
    #[allow(clippy::cast_possible_truncation)] // an acceleration
    let accel = (r.spawn.model.accel_max_mps2 as f32).max(0.1);
    let way = (speed * (REACT_S + speed / (2.0 * accel))).min(BRAKE_MAX_M);
    (m.vx / speed * way, m.vy / speed * way)
}

/// Least distance of a box from a point that moves on by `way`.
fn gap(b: &Box2, at: (f32, f32), way: (f32, f32)) -> f32 {
    const PARTS: u8 = 30;
    let spots = (0..=PARTS).map(|k| f32::from(k) / f32::from(PARTS));
    spots.map(|s| b.distance(at.0 + way.0 * s, at.1 + way.1 * s)).fold(f32::MAX, f32::min)
}

/// Do two boxes come nearer to each other than the gap? Exact along their sides, generous at their corners.
fn overlap(a: &Box2, b: &Box2) -> bool {
    let apart = |a: &Box2, b: &Box2| {
        let c = b.corners().map(|(x, y)| a.local(x, y));
        let out =
            |f: &dyn Fn(&(f32, f32)) -> f32, half: f32| c.iter().all(|p| f(p) > half + GAP_M) || c.iter().all(|p| f(p) < -half - GAP_M);
        out(&|p| p.0, a.hx) || out(&|p| p.1, a.hy)
    };
    !apart(a, b) && !apart(b, a)
}
