//! Truth queries over the flat picture: who is near whom, what stands where. For judges and site sensors.

use crate::plan::Plan;
use crate::scan::{FlatWorld, PERSON};
use crate::state::Motion;
use crate::twin::Twin;
use crate::wheels::Chassis;
use crate::words::{Clearance, Party, PersonIx, RobotIx};
use nooterra_engine::geom::Vec2;
use nooterra_site::{LevelIx, VertexIx};

/// The best so far, nearer first, then by party so that ties have one answer.
fn nearer(best: &mut Option<Clearance>, party: Party, gap_m: f64) {
    if best.is_none_or(|b| gap_m < b.gap_m || (gap_m <= b.gap_m && party < b.party)) {
        *best = Some(Clearance { party, gap_m });
    }
}

fn who(who: u32) -> Party {
    if who & PERSON == 0 { Party::Robot { robot: RobotIx::new(who) } } else { Party::Person { person: PersonIx::new(who & !PERSON) } }
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision
impl Twin {
    fn picture(&self) -> (&FlatWorld, &Plan) {
        (self.world.resource(), self.world.resource())
    }
    /// The nearest robot or person within `most_m` of a robot's outline, as of the last tick; `people_only` skips robots.
    pub fn clearance(&self, robot: RobotIx, most_m: f64, people_only: bool) -> Option<Clearance> {
        let e = *self.roster().robots.get(robot.at())?;
        let (m, c) = (self.world.get::<Motion>(e)?, self.world.get::<Chassis>(e)?);
        if self.is_away(robot) {
            return None;
        }
        let (flat, _) = self.picture();
        let mut best = None;
        let reach = most_m as f32 + c.radius;
        flat.levels.get(m.level as usize)?.discs.near(&flat.cells, m.x, m.y, reach + 3.0, |d| {
            if d.who == robot.ix || (people_only && d.who & PERSON == 0) {
                return;
            }
            let gap = ((d.x - m.x) * (d.x - m.x) + (d.y - m.y) * (d.y - m.y)).sqrt() - d.r - c.radius;
            if f64::from(gap) <= most_m {
                nearer(&mut best, who(d.who), f64::from(gap));
            }
        });
        best
    }
    /// Distance from a robot's outline to the nearest wall or furniture, at most `most_m`.
    pub fn wall_clearance(&self, robot: RobotIx, most_m: f64) -> Option<f64> {
        let e = *self.roster().robots.get(robot.at())?;
        let (m, c) = (self.world.get::<Motion>(e)?, self.world.get::<Chassis>(e)?);
        let gap = self.picture().0.wall_gap(m.level as usize, m.x, m.y, most_m as f32 + c.radius) - c.radius;
        Some(f64::from(gap))
    }
    /// The vertex nearest to a robot within `reach_m` on its level.
    pub fn vertex_at(&self, robot: RobotIx, reach_m: f64) -> Option<VertexIx> {
        let m = self.world.get::<Motion>(*self.roster().robots.get(robot.at())?)?;
        let (_, plan) = self.picture();
        let most = (reach_m * reach_m) as f32;
        let mut best: Option<(f32, u32)> = None;
        for (i, (level, x, y)) in plan.vertices.iter().enumerate() {
            let d = (x - m.x) * (x - m.x) + (y - m.y) * (y - m.y);
            if *level == m.level && d <= most && best.is_none_or(|b| d < b.0) {
                best = Some((d, u32::try_from(i).unwrap_or(0)));
            }
        }
        best.map(|b| VertexIx::new(b.1))
    }
    /// The first thing (robots and people, then movable boxes) that reaches into a disc on a level; `but` is left out.
    pub fn inside(&self, level: LevelIx, at: Vec2, radius_m: f64, but: Option<RobotIx>) -> Option<Party> {
        let (flat, plan) = self.picture();
        let (x, y) = plan.inward(at);
        let (l, r) = (flat.levels.get(level.at())?, radius_m as f32);
        let mut best = None;
        l.discs.near(&flat.cells, x, y, r + 3.0, |d| {
            let gap = ((d.x - x) * (d.x - x) + (d.y - y) * (d.y - y)).sqrt() - d.r - r;
            if gap < 0.0 && but.is_none_or(|b| b.ix != d.who) {
                nearer(&mut best, who(d.who), f64::from(gap));
            }
        });
        best.map(|b| b.party).or_else(|| l.boxes.iter().find(|b| b.flat.distance(x, y) < r).map(|b| b.party))
    }
    /// What a camera on a robot's front sees within `half_rad` of straight ahead and `most_m` of its middle, as of the last
    /// tick: robots and people, each with the distance of its outline (m) and its bearing to the left (rad), nearest first.
    pub fn view(&self, robot: RobotIx, half_rad: f64, most_m: f64) -> Vec<(Party, f64, f64)> {
        let mut out = Vec::new();
        let Some(m) = self.roster().robots.get(robot.at()).and_then(|e| self.world.get::<Motion>(*e)) else { return out };
        let (flat, _) = self.picture();
        let Some(level) = flat.levels.get(m.level as usize) else { return out };
        level.discs.near(&flat.cells, m.x, m.y, most_m as f32 + 3.0, |d| {
            let (dx, dy) = (d.x - m.x, d.y - m.y);
            let gap = f64::from((dx * dx + dy * dy).sqrt() - d.r);
            let bearing = Vec2::new(f64::from(m.cos * dx + m.sin * dy), f64::from(m.cos * dy - m.sin * dx)).angle();
            let seen = gap <= most_m && bearing.abs() <= half_rad && flat.sees(m.level as usize, (m.x, m.y), (d.x, d.y));
            if d.who != robot.ix && seen {
                out.push((who(d.who), gap.max(0.0), bearing));
            }
        });
        out.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        out
    }
    /// Is the straight line between two points of a level free of walls, doors and boxes?
    pub fn sees(&self, level: LevelIx, a: Vec2, b: Vec2) -> bool {
        let (flat, plan) = self.picture();
        flat.sees(level.at(), plan.inward(a), plan.inward(b))
    }
}
