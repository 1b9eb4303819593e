//! After the physics step: the flat picture that scanners, doors and people see, and the bytes that are hashed.

use crate::admit::obstacle_box;
use crate::door::{DoorShape, DoorUnit};
use crate::lift::{LiftShape, LiftUnit};
use crate::params::TwinError;
use crate::person::PERSON_RADIUS_M;
use crate::physics::Physics;
use crate::plan::{Box2, Plan};
use crate::scan::{Disc, FlatWorld, Movable, PERSON};
use crate::state::{
    Battery, Broken, Clock, Deck, DriveTrain, Lies, Load, Motion, Obstacle, Person, Robot, Roster, Senses, Summary, Waiting,
};
use crate::wheels::Chassis;
use crate::words::{LoadIx, ObstacleIx, Party};
use bevy_ecs::prelude::{Query, Res, ResMut};

/// Draws the picture of every level anew.
#[allow(clippy::cast_possible_truncation)] // positions in lists; metres to single precision
pub(crate) fn flatten(
    plan: Res<Plan>,
    roster: Res<Roster>,
    mut flat: ResMut<FlatWorld>,
    robots: Query<(&Robot, &Chassis, &Motion)>,
    people: Query<&Person>,
    loads: Query<&Load>,
    obstacles: Query<&Obstacle>,
    doors: Query<(&DoorShape, &DoorUnit)>,
    lifts: Query<(&LiftShape, &LiftUnit)>,
) {
    let FlatWorld { cells, levels, .. } = &mut *flat;
    for l in levels.iter_mut() {
        l.discs.items.clear();
        l.boxes.clear();
    }
    for (i, e) in roster.robots.iter().enumerate() {
        let Ok((robot, c, m)) = robots.get(*e) else { continue };
        if let Some(l) = levels.get_mut(m.level as usize).filter(|_| !robot.away) {
            l.discs.items.push(Disc { x: m.x, y: m.y, r: c.radius, who: i as u32 });
        }
    }
    for (i, e) in roster.people.iter().enumerate() {
        let Ok(p) = people.get(*e) else { continue };
        if let Some(l) = levels.get_mut(p.spawn.level.at()).filter(|_| !p.gone) {
            l.discs.items.push(Disc { x: p.x, y: p.y, r: PERSON_RADIUS_M, who: i as u32 | PERSON });
        }
    }
    for e in &roster.doors {
        let Ok((shape, d)) = doors.get(*e) else { continue };
        if let Some(l) = levels.get_mut(shape.level as usize) {
            l.boxes.extend(shape.leaves.panels(d.open, d.side).iter().map(|b| Movable { flat: *b, party: Party::Door { door: d.ix } }));
        }
    }
    for (i, e) in roster.lifts.iter().enumerate() {
        let (Ok((shape, u)), Some(shaft)) = (lifts.get(*e), plan.shafts.get(i)) else { continue };
        let party = Party::Lift { lift: u.ix };
        for s in &u.shafts {
            let (stop, k) = (&shape.stops[s.stop as usize], s.door as usize);
            let open = if s.stop == u.stop { u.doors[k].open } else { 0.0 };
            if let Some(l) = levels.get_mut(stop.level as usize) {
                l.boxes.extend(shape.shaft[k].panels(open, 1.0).iter().map(|b| Movable { flat: *b, party }));
            }
        }
        if let Some(l) = levels.get_mut(plan.level_of(u.z) as usize) {
            for (d, leaves) in u.doors.iter().zip(&shape.cabin) {
                l.boxes.extend(leaves.panels(d.open, 1.0).iter().map(|b| Movable { flat: *b, party }));
            }
            let f = &shaft.flat;
            l.boxes.extend(shape.walls.iter().map(|(x, y, hx, hy)| Movable {
                flat: Box2 { x: f.x + f.cos * x - f.sin * y, y: f.y + f.sin * x + f.cos * y, hx: *hx, hy: *hy, ..*f },
                party,
            }));
        }
    }
    for (i, e) in roster.loads.iter().enumerate() {
        let Ok(o) = loads.get(*e) else { continue };
        if let Some(l) = levels.get_mut(o.level as usize).filter(|_| o.lies == Lies::Loose) {
            let flat = Box2::new(o.x, o.y, o.yaw, o.spawn.size_m[0] as f32 / 2.0, o.spawn.size_m[1] as f32 / 2.0);
            l.boxes.push(Movable { flat, party: Party::Load { load: LoadIx::new(i as u32) } });
        }
    }
    for (i, e) in roster.obstacles.iter().enumerate() {
        let Ok(o) = obstacles.get(*e) else { continue };
        if let Some(l) = levels.get_mut(o.spawn.stand.level.at()).filter(|_| !o.gone) {
            l.boxes.push(Movable { flat: obstacle_box(&plan, &o.spawn), party: Party::Obstacle { obstacle: ObstacleIx::new(i as u32) } });
        }
    }
    for l in levels {
        l.discs.sort(cells);
    }
}

/// Steps rapier and notes a body that stopped being a number.
pub(crate) fn step_physics(clock: Res<Clock>, mut physics: ResMut<Physics>, mut broken: ResMut<Broken>) {
    let w = &mut physics.world;
    w.step();
    let ill = w.quarantine().bodies().first().copied();
    if let Some(h) = ill
        && broken.0.is_none()
    {
        let (body, state) = w.bodies.get(h).map_or((String::from("a body"), String::new()), |b| {
            let party = b.colliders().first().and_then(|c| w.colliders.get(*c)).map(|c| crate::physics::marked(c.user_data));
            (party.map_or_else(|| "a body".into(), |p| format!("{p:?}")), format!("last at {:?}, {:?} m/s", b.translation(), b.linvel()))
        });
        broken.0 = Some(TwinError::NotFinite { tick: clock.tick, body, state });
    }
    nooterra_engine::always!(ill.is_none(), "twin/finite", "{}", broken.0.as_ref().map_or_else(String::new, ToString::to_string));
}

struct Ink<'a>(&'a mut Vec<u8>);

impl Ink<'_> {
    fn f(&mut self, v: &[f32]) {
        v.iter().for_each(|x| self.0.extend_from_slice(&x.to_bits().to_le_bytes()));
    }
    fn u(&mut self, v: u64) {
        self.0.extend_from_slice(&v.to_le_bytes());
    }
}

/// Writes down the state that counts: robots in order, then doors, lifts, loads, people, obstacles.
pub(crate) fn summarise(
    clock: Res<Clock>,
    roster: Res<Roster>,
    physics: Res<Physics>,
    mut sum: ResMut<Summary>,
    robots: Query<(&Robot, &Motion, &DriveTrain, &Battery, &Deck, &Senses)>,
    doors: Query<&DoorUnit>,
    lifts: Query<&LiftUnit>,
    loads: Query<&Load>,
    people: Query<&Person>,
    obstacles: Query<&Obstacle>,
    waiting: Res<Waiting>,
) {
    let Summary { bytes, robot_ends } = &mut *sum;
    bytes.clear();
    robot_ends.clear();
    let mut ink = Ink(bytes);
    for e in &roster.robots {
        let Ok((robot, m, t, b, d, s)) = robots.get(*e) else { continue };
        ink.0.extend_from_slice(robot.spawn.id.as_bytes());
        if let Some(rb) = physics.world.bodies.get(robot.body.body()) {
            let (q, v, w) = (rb.rotation(), rb.linvel(), rb.angvel());
            ink.f(&[q.x, q.y, q.z, q.w, v.x, v.y, v.z, w.x, w.y, w.z]);
        }
        ink.f(&[m.x, m.y, m.z]);
        ink.f(&t.wheels.omega);
        ink.f(&t.wheels.torque);
        ink.f(&t.set);
        ink.f(&[b.volts, b.amps]);
        ink.u(b.charge_c.to_bits());
        s.readings.encoders.iter().for_each(|c| ink.u(c.cast_unsigned()));
        ink.u(s.readings.yaw_rate_radps.to_bits());
        ink.u((d.load.map_or(0, |l| u64::from(l.ix) + 1)) << 1 | u64::from(robot.away));
        if s.readings.scan_tick == clock.tick {
            s.ranges_mm.iter().for_each(|r| ink.0.extend_from_slice(&r.to_le_bytes()));
        }
        robot_ends.push(ink.0.len());
    }
    for e in &roster.doors {
        if let Ok(d) = doors.get(*e) {
            ink.f(&[d.open, d.side]);
        }
    }
    for e in &roster.lifts {
        if let Ok(l) = lifts.get(*e) {
            ink.f(&[l.z, l.vz]);
            l.doors.iter().for_each(|d| ink.f(&[d.open]));
        }
    }
    for e in &roster.loads {
        if let Ok(l) = loads.get(*e) {
            ink.f(&[l.x, l.y, l.z, l.yaw]);
            ink.u(match l.lies {
                Lies::Stored => 0,
                Lies::Loose => 1,
                Lies::Gone => 2,
                Lies::On { robot } => 3 + u64::from(robot.ix),
                Lies::Raised => 1 << 32,
                Lies::Racked => 2 << 32,
            });
        }
    }
    for e in &roster.people {
        if let Ok(p) = people.get(*e) {
            ink.f(&[p.x, p.y]);
            ink.u(u64::from(p.next) << 1 | u64::from(p.gone));
        }
    }
    for e in &roster.obstacles {
        if let Ok(o) = obstacles.get(*e) {
            ink.u(o.spawn.key << 1 | u64::from(o.gone));
            ink.u(o.spawn.stand.pose.at.x.to_bits());
            ink.u(o.spawn.stand.pose.at.y.to_bits());
        }
    }
    waiting.held.iter().for_each(|o| ink.u(o.key));
}
