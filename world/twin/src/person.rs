//! People walk from point to point and stop when somebody or a shut door is in front of them.

use crate::physics::Physics;
use crate::plan::Plan;
use crate::scan::{FlatWorld, PERSON};
use crate::state::{Clock, Person, Roster};
use crate::words::Party;
use bevy_ecs::prelude::{Query, Res, ResMut};

/// Radius of a person, metres.
pub(crate) const PERSON_RADIUS_M: f32 = 0.25;
/// Gap that a person keeps to a robot, metres.
const MANNERS_M: f32 = 0.15;

/// Moves everybody by a tick.
pub(crate) fn move_people(
    clock: Res<Clock>,
    roster: Res<Roster>,
    plan: Res<Plan>,
    flat: Res<FlatWorld>,
    mut physics: ResMut<Physics>,
    mut people: Query<&mut Person>,
) {
    for (i, e) in roster.people.iter().enumerate() {
        let Ok(mut p) = people.get_mut(*e) else { continue };
        let points = p.spawn.path.len();
        if p.gone || points < 2 || p.next as usize >= points {
            continue;
        }
        let (tx, ty) = plan.inward(p.spawn.path[p.next as usize]);
        let (dx, dy) = (tx - p.x, ty - p.y);
        let left = (dx * dx + dy * dy).sqrt();
        #[allow(clippy::cast_possible_truncation)] // a walking speed
        let step = (p.spawn.speed_mps.clamp(0.0, 3.0) as f32) * clock.dt;
        if left <= step.max(1e-3) {
            let n = p.next + 1;
            p.next = if n as usize >= points && p.spawn.again { 0 } else { n };
            continue;
        }
        let (ux, uy) = (dx / left, dy / left);
        let (nx, ny) = (p.x + ux * step, p.y + uy * step);
        let level = p.spawn.level.ix;
        let me = PERSON | u32::try_from(i).unwrap_or(0);
        let mut blocked = false;
        if let Some(l) = flat.levels.get(level as usize) {
            l.discs.near(&flat.cells, nx, ny, 2.0, |d| {
                let (ox, oy) = (d.x - nx, d.y - ny);
                let keep = d.r + PERSON_RADIUS_M + if d.who & PERSON == 0 { MANNERS_M } else { 0.02 };
                if d.who != me && ox * ox + oy * oy < keep * keep && ox * ux + oy * uy > 0.0 {
                    blocked = true;
                }
            });
            blocked = blocked
                || l.boxes.iter().any(|m| {
                    matches!(m.party, Party::Door { .. } | Party::Obstacle { .. } | Party::Load { .. })
                        && m.flat.distance(nx, ny) < PERSON_RADIUS_M + 0.05
                        && m.flat.distance(nx, ny) < m.flat.distance(p.x, p.y)
                });
        }
        p.waits = blocked;
        if !blocked {
            (p.x, p.y) = (nx, ny);
            physics.move_to(p.body, nx, ny, plan.floor_z(level), 0.0);
        }
    }
}
