//! The only place where bodies enter and leave the world: at the start of a tick, in order of kind and stable id.

use crate::door::{DOOR_HEIGHT_M, DoorShape, DoorUnit, Leaves};
use crate::drop::find_room;
use crate::fault::{Faults, RobotFaults};
use crate::lift::{CabinDoor, LiftShape, LiftUnit, ShaftDoor};
use crate::person::PERSON_RADIUS_M;
use crate::physics::Physics;
use crate::plan::{Box2, Plan};
use crate::robot::loaded;
use crate::state::{Battery, Cabins, Deck, DriveTrain, Lies, Load, Motion, Obstacle, Person, Robot, Roster, Senses, Waiting};
use crate::wheels::{Chassis, GRAVITY, Wheels};
use crate::words::{
    DriveCommand, LiftMode, LoadIx, LoadSpawn, ObstacleIx, ObstacleSpawn, Party, PersonIx, PersonSpawn, RobotIx, RobotSpawn,
};
use bevy_ecs::prelude::{Mut, World};
use nooterra_engine::sometimes;
use nooterra_site::{DoorIx, LiftIx, Site};

#[allow(clippy::cast_possible_truncation)] // positions in lists; metres to single precision
pub(crate) fn at(plan: &Plan, s: &crate::words::Stand) -> (f32, f32, f32, f32) {
    let (x, y) = plan.inward(s.pose.at);
    (x, y, plan.floor_z(s.level.ix), s.pose.theta_rad as f32)
}

/// Doors and lifts of the site, in its order. With `fresh` their bodies are made too; else only their shapes.
#[allow(clippy::cast_possible_truncation)] // positions in lists
pub(crate) fn build_site(world: &mut World, site: &Site, plan: &Plan, saved: Option<(Vec<DoorUnit>, Vec<LiftUnit>)>) {
    let mut roster = Roster::default();
    let mut cabins = Cabins::default();
    let fresh = saved.is_none();
    let (mut door_units, mut lift_units) = saved.unwrap_or_default();
    world.resource_scope(|world, mut physics: Mut<Physics>| {
        for (i, d) in site.doors.iter().enumerate() {
            let (ix, leaves, z) = (DoorIx::new(i as u32), Leaves::of(d, plan), plan.floor_z(d.level.ix));
            if fresh {
                let panels =
                    leaves.panels(0.0, 1.0).iter().map(|b| physics.add_panel(Party::Door { door: ix }, b, DOOR_HEIGHT_M, z)).collect();
                door_units.push(DoorUnit {
                    ix,
                    panels,
                    want_open: false,
                    open: 0.0,
                    side: 1.0,
                    retreats: false,
                    jammed: false,
                    mode: crate::words::DoorMode::Closed,
                });
            }
            let shape = DoorShape { leaves, level: d.level.ix, z };
            if let Some(unit) = door_units.get(i).cloned() {
                roster.doors.push(world.spawn((shape, unit)).id());
            }
        }
        for (i, l) in site.lifts.iter().enumerate() {
            let (ix, shape) = (LiftIx::new(i as u32), LiftShape::of(l, plan));
            let stop = shape.stops.iter().position(|s| s.level == l.initial_level.ix).unwrap_or(0) as u32;
            let z = shape.stops.get(stop as usize).map_or(0.0, |s| s.z);
            if fresh {
                let party = Party::Lift { lift: ix };
                let body = physics.add_cabin(ix, &plan.shafts[i].flat, &shape.walls, 2.3, z);
                let mut panels = |leaves: &Leaves, z: f32| {
                    leaves.panels(0.0, 1.0).iter().map(|b| physics.add_panel(party, b, DOOR_HEIGHT_M, z)).collect()
                };
                let doors = shape.cabin.iter().map(|c| CabinDoor { open: 0.0, panels: panels(c, z) }).collect();
                let mut shafts = Vec::new();
                for (s, at) in shape.stops.iter().enumerate() {
                    for d in &at.doors {
                        shafts.push(ShaftDoor { stop: s as u32, door: *d as u32, panels: panels(&shape.shaft[*d], at.z) });
                    }
                }
                lift_units.push(LiftUnit {
                    ix,
                    body,
                    z,
                    vz: 0.0,
                    stop,
                    target: stop,
                    want_open: false,
                    stuck: false,
                    doors,
                    shafts,
                    mode: LiftMode::Standing,
                });
            }
            if let Some(unit) = lift_units.get(i).cloned() {
                cabins.items.push((unit.z, unit.vz));
                roster.lifts.push(world.spawn((shape, unit)).id());
            }
        }
    });
    world.insert_resource(roster);
    world.insert_resource(cabins);
}

/// A robot's components as it enters.
#[allow(clippy::cast_possible_truncation)] // metres to single precision
pub(crate) fn robot_parts(
    physics: &mut Physics,
    plan: &Plan,
    faults: &Faults,
    ix: RobotIx,
    spawn: RobotSpawn,
) -> (Robot, Chassis, Motion, DriveTrain, Battery, Deck, Senses, RobotFaults) {
    let c = Chassis::of(&spawn.model);
    let (x, y, z, yaw) = at(plan, &spawn.stand);
    let mass = loaded(&c, None);
    let body = physics.add_robot(ix, c.radius, c.height, &mass, (x, y, z), yaw);
    let mut wheels = Wheels::default();
    for (n, w) in wheels.load.iter_mut().zip(&c.wheels) {
        *n = w.share * c.mass * GRAVITY;
    }
    let share = f64::from(spawn.charge_bps.min(10_000)) / 10_000.0;
    let battery = Battery { charge_c: spawn.model.battery_ah * 3600.0 * share, volts: spawn.model.battery_v as f32, ..Battery::default() };
    let (s, co) = nooterra_engine::real::sin_cos(f64::from(yaw));
    let motion = Motion { x, y, z, yaw, cos: co as f32, sin: s as f32, up: 1.0, level: spawn.stand.level.ix, ..Motion::default() };
    let train =
        DriveTrain { command: DriveCommand::default(), set: [0.0; 3], wheels, mass, late: Vec::new(), missed: [0; 4], power_w: 0.0 };
    let f = RobotFaults::gather(&faults.active, ix);
    (Robot { ix, spawn, body, away: false }, c, motion, train, battery, Deck::default(), Senses::default(), f)
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision
fn load_of(physics: &mut Physics, plan: &Plan, ix: LoadIx, spawn: LoadSpawn) -> Load {
    let (x, y, z, yaw) = at(plan, &spawn.stand);
    let size = spawn.size_m.map(|s| (s as f32).clamp(0.02, 5.0));
    let body = physics.add_load(ix, size, (spawn.mass_kg as f32).clamp(0.01, 5000.0), (x, y, z), yaw, spawn.stored);
    let lies = if spawn.stored { Lies::Stored } else { Lies::Loose };
    Load { ix, body, lies, x, y, z, yaw, level: spawn.stand.level.ix, spawn }
}

fn person_of(physics: &mut Physics, plan: &Plan, ix: PersonIx, spawn: PersonSpawn) -> Person {
    let (x, y) = plan.inward(spawn.path.first().copied().unwrap_or_default());
    let body = physics.add_person(ix, PERSON_RADIUS_M, (x, y, plan.floor_z(spawn.level.ix)));
    Person { spawn, body, gone: false, x, y, next: 1, waits: false }
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision
pub(crate) fn obstacle_box(plan: &Plan, s: &ObstacleSpawn) -> Box2 {
    let (x, y, _, yaw) = at(plan, &s.stand);
    Box2::new(x, y, yaw, (s.size_m[0] as f32 / 2.0).clamp(0.01, 10.0), (s.size_m[1] as f32 / 2.0).clamp(0.01, 10.0))
}

/// Lets in and out what waits.
#[allow(clippy::cast_possible_truncation)] // positions in lists; metres to single precision
pub(crate) fn admit(world: &mut World) {
    if world.resource::<Waiting>().is_empty() {
        return;
    }
    let mut w = std::mem::take(&mut *world.resource_mut::<Waiting>());
    w.robots.sort_by_key(|r| r.id);
    w.loads.sort_by_key(|l| l.id);
    w.people.sort_by_key(|p| p.key);
    world.resource_scope(|world, mut physics: Mut<Physics>| {
        world.resource_scope(|world, mut roster: Mut<Roster>| {
            world.resource_scope(|world, plan: Mut<Plan>| {
                for key in w.people_off {
                    for e in &roster.people {
                        if let Some(mut p) = world.get_mut::<Person>(*e).filter(|p| p.spawn.key == key && !p.gone) {
                            p.gone = true;
                            physics.remove(p.body);
                        }
                    }
                }
                for key in w.obstacles_off {
                    for e in &roster.obstacles {
                        if let Some(mut o) = world.get_mut::<Obstacle>(*e).filter(|o| o.spawn.key == key && !o.gone) {
                            o.gone = true;
                            physics.remove(o.body);
                        }
                    }
                }
                let faults = world.resource::<Faults>().clone();
                for s in w.robots {
                    let parts = robot_parts(&mut physics, &plan, &faults, RobotIx::new(roster.robots.len() as u32), s);
                    roster.robots.push(world.spawn(parts).id());
                }
                for s in w.loads {
                    let l = load_of(&mut physics, &plan, LoadIx::new(roster.loads.len() as u32), s);
                    roster.loads.push(world.spawn(l).id());
                }
                for s in w.people {
                    let p = person_of(&mut physics, &plan, PersonIx::new(roster.people.len() as u32), s);
                    roster.people.push(world.spawn(p).id());
                }
                let fresh = w.obstacles.into_iter().map(|s| (s, true));
                let held = w.held.into_iter().map(|s| (s, false));
                let mut boxes: Vec<(ObstacleSpawn, bool)> = held.chain(fresh).collect();
                boxes.sort_by_key(|(s, _)| s.key);
                let mut later = Vec::new();
                for (s, is_fresh) in boxes {
                    let asked = s.stand.pose.at;
                    let s = match find_room(world, &plan, &roster, s) {
                        Ok(s) => s,
                        Err(s) => {
                            if is_fresh {
                                sometimes!(true, "obstacle waited for room");
                            }
                            later.push(s);
                            continue;
                        }
                    };
                    if s.stand.pose.at != asked {
                        sometimes!(true, "obstacle put beside the spot");
                    }
                    let flat = obstacle_box(&plan, &s);
                    let ix = ObstacleIx::new(roster.obstacles.len() as u32);
                    let body = physics.add_obstacle(ix, &flat, (s.size_m[2] as f32).clamp(0.05, 5.0), plan.floor_z(s.stand.level.ix));
                    roster.obstacles.push(world.spawn(Obstacle { spawn: s, body, gone: false }).id());
                }
                world.resource_mut::<Waiting>().held = later;
            });
        });
    });
}
