//! Robots: firmware, wheels on the floor under them, battery.

use crate::fault::{Faults, RobotFaults};
use crate::physics::{Physics, groups};
use crate::plan::Plan;
use crate::state::{Battery, Cabins, Clock, DriveTrain, Motion, Robot, Roster, Settings};
use crate::wheels::{Chassis, GRAVITY, Mass, Motor, Twist, drive, ride};
use crate::words::{DriveCommand, LoadSpawn};
use bevy_ecs::prelude::{Query, Res, ResMut};
use rapier3d::math::Vector;

/// Share of mechanical power that reaches the wheels.
const EFFICIENCY: f32 = 0.85;
/// Over the model's limits, so that a controller can work at them.
const HEADROOM: f32 = 1.1;

/// Masses of a chassis with a load on.
#[allow(clippy::cast_possible_truncation)] // kilograms to single precision
pub(crate) fn loaded(c: &Chassis, load: Option<&LoadSpawn>) -> Mass {
    let Some(l) = load else {
        return Mass { mass: c.mass, inertia_z: c.inertia_z, inertia_tilt: c.inertia_tilt, com: c.com };
    };
    let (m, [lx, ly, lz]) = (l.mass_kg.max(0.0) as f32, l.size_m.map(|s| s as f32));
    let (mass, top) = (c.mass + m, c.height + lz / 2.0);
    let com = (c.mass * c.com + m * top) / mass;
    let tilt = c.inertia_tilt
        + c.mass * (com - c.com) * (com - c.com)
        + m * ((lz * lz + lx.max(ly) * lx.max(ly)) / 12.0 + (top - com) * (top - com));
    Mass { mass, inertia_z: c.inertia_z + m * (lx * lx + ly * ly) / 12.0, inertia_tilt: tilt, com }
}

/// Floor under a point: height and vertical speed.
fn floor(plan: &Plan, cabins: &Cabins, lift: Option<usize>, level_z: f32, x: f32, y: f32, z: f32) -> (f32, f32) {
    if let Some(i) = lift {
        let s = &plan.shafts[i];
        let (lx, ly) = s.flat.local(x, y);
        if lx.abs() <= s.flat.hx + 0.02 && ly.abs() <= s.flat.hy + 0.02 {
            let (cz, vz) = cabins.items[i];
            if z > cz - 0.25 {
                return (cz, vz);
            }
            return (s.stops.first().map_or(level_z, |s| s.1), 0.0);
        }
    }
    (level_z, 0.0)
}

/// The shaft whose cabin a robot at this point may touch: the nearest, where shafts stand side by side. Above its last stop
/// and below its first a shaft does not exist: the floor is closed there.
fn shaft_near(plan: &Plan, x: f32, y: f32, z: f32, r: f32) -> Option<usize> {
    let level_z = plan.floor_z(plan.level_of(z));
    let near = plan.shafts.iter().enumerate().filter(|(_, s)| s.reaches(level_z)).map(|(i, s)| (i, s.flat.distance(x, y)));
    near.filter(|(_, d)| *d < r).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}

#[allow(clippy::cast_possible_truncation)] // speeds to single precision
fn ramp(set: &mut [f32; 3], to: &DriveCommand, robot: &Robot, dt: f32) {
    let m = &robot.spawn.model;
    let (v, w) = (m.speed_max_mps as f32 * HEADROOM, m.turn_max_radps as f32 * HEADROOM);
    let (a, b) = (m.accel_max_mps2 as f32 * HEADROOM * dt, m.turn_accel_max_radps2 as f32 * HEADROOM * dt);
    let clean = |x: f64| if x.is_finite() { x.clamp(-1e3, 1e3) as f32 } else { 0.0 };
    let (mut vx, mut vy) = (clean(to.vx_mps), clean(to.vy_mps));
    if m.drive == nooterra_site::robot::Drive::Differential {
        vy = 0.0;
    }
    let n = (vx * vx + vy * vy).sqrt();
    if n > v {
        (vx, vy) = (vx * v / n, vy * v / n);
    }
    let (dx, dy) = (vx - set[0], vy - set[1]);
    let d = (dx * dx + dy * dy).sqrt();
    if d <= a {
        (set[0], set[1]) = (vx, vy);
    } else {
        set[0] += dx * a / d;
        set[1] += dy * a / d;
    }
    set[2] += (clean(to.wz_radps).clamp(-w, w) - set[2]).clamp(-b, b);
}

/// One tick of the battery: draw and charge, voltage, death.
#[allow(clippy::cast_possible_truncation)] // volts and amperes to single precision
fn power(b: &mut Battery, robot: &Robot, f: &RobotFaults, drive_w: f32, tool: bool, socket: bool, dt: f32) {
    let m = &robot.spawn.model;
    let (nominal, full) = (m.battery_v.max(1.0) as f32, (m.battery_ah * 3600.0).max(1.0));
    let share = (b.charge_c / full).clamp(0.0, 1.0) as f32;
    let open = nominal * (0.94 + 0.12 * share);
    let inner = 0.04 * nominal / (m.battery_ah.max(1.0) as f32) * f.sag_percent.max(1) as f32 / 100.0;
    let watts = if b.dead { 0.0 } else { drive_w + m.ambient_w as f32 + if tool { m.tool_w as f32 } else { 0.0 } };
    b.charging = socket && b.charge_c < full;
    if b.charging {
        let amps = m.charge_a.max(0.0) as f32;
        b.amps = -amps;
        b.volts = open + amps * inner;
        b.charge_c = (b.charge_c + f64::from(amps * dt)).min(full);
    } else if socket {
        b.amps = 0.0;
        b.volts = open;
    } else {
        // P = (V0 - I R) I has a solution up to V0² / 4R; beyond it the pack collapses.
        let root = open * open - 4.0 * inner * watts;
        b.amps = if root > 0.0 { (open - root.sqrt()) / (2.0 * inner) } else { open / (2.0 * inner) };
        b.volts = open - b.amps * inner;
        b.charge_c = (b.charge_c - f64::from(b.amps * dt)).max(0.0);
        b.used_j += f64::from(watts * dt);
    }
    let low = b.volts < 0.75 * nominal;
    let revived = b.charging && b.charge_c > 0.005 * full;
    b.dead = f.dead || b.charge_c <= 0.0 || low || (b.dead && !revived && f.sag_percent > 100);
}

/// Firmware, tyres and springs of every robot: sets the velocities that rapier then integrates.
pub(crate) fn drive_robots(
    clock: Res<Clock>,
    settings: Res<Settings>,
    plan: Res<Plan>,
    cabins: Res<Cabins>,
    faults: Res<Faults>,
    roster: Res<Roster>,
    mut physics: ResMut<Physics>,
    mut robots: Query<(&Robot, &Chassis, &RobotFaults, &mut Motion, &mut DriveTrain, &mut Battery)>,
) {
    let dt = clock.dt;
    #[allow(clippy::cast_possible_truncation)] // a coefficient
    let grip = settings.0.tyre_friction as f32;
    for e in &roster.robots {
        let Ok((robot, c, f, mut motion, mut train, mut battery)) = robots.get_mut(*e) else { continue };
        if robot.away {
            continue;
        }
        let (motion, train) = (&mut *motion, &mut *train);
        let mut command = train.command;
        if f.delay_ticks > 0 {
            train.late.push(command);
            command = train.late[0];
            while train.late.len() > f.delay_ticks as usize {
                train.late.remove(0);
            }
        } else if !train.late.is_empty() {
            train.late.clear();
        }
        let alive = !battery.dead;
        let socket =
            command.charge && motion.vx * motion.vx + motion.vy * motion.vy < 4e-4 && at_charger(&plan, &faults, &settings, motion);
        if alive && !command.stop {
            ramp(&mut train.set, &command, robot, dt);
        } else {
            train.set = [0.0; 3];
        }
        let busy = (alive && (train.moves() || command.stop)) || f.runaway.iter().any(|r| *r);
        let near = shaft_near(&plan, motion.x, motion.y, motion.z, c.radius);
        let lifted = near.is_some_and(|i| cabins.items[i].1 != 0.0);
        let handle = robot.body.body();
        let Some(rb) = physics.world.bodies.get(handle) else { continue };
        if rb.is_sleeping() && (!busy || command.stop && !train.moves()) && !lifted {
            train.power_w = 0.0;
            power(&mut battery, robot, f, 0.0, command.tool, socket, dt);
            continue;
        }
        let (at, rot, v, w) = (rb.translation(), *rb.rotation(), rb.linvel(), rb.angvel());
        let (ax, ay, up) = (rot * Vector::X, rot * Vector::Y, rot * Vector::Z);
        let tipped = up.z < 0.5;
        if tipped != motion.tipped {
            motion.tipped = tipped;
            physics.set_groups(robot.body, groups::robot(tipped));
        }
        if tipped {
            train.wheels.load = [0.0; 4];
            train.power_w = 0.0;
            power(&mut battery, robot, f, 0.0, command.tool, false, dt);
            if let Some(b) = physics.world.bodies.get_mut(handle) {
                b.set_linvel(Vector::new(v.x, v.y, v.z - GRAVITY * dt), false);
            }
            continue;
        }
        let n = (ax.x * ax.x + ax.y * ax.y).sqrt().max(1e-6);
        let (cos, sin) = (ax.x / n, ax.y / n);
        let twist = Twist {
            forward: cos * v.x + sin * v.y,
            left: cos * v.y - sin * v.x,
            up: v.z,
            roll: cos * w.x + sin * w.y,
            pitch: cos * w.y - sin * w.x,
            yaw: w.z,
        };
        let level_z = plan.floor_z(plan.level_of(at.z));
        let (mut gap, mut floor_up, mut grips) = ([0.0f32; 4], 0.0f32, [grip; 4]);
        for (i, wheel) in c.wheels.iter().enumerate() {
            let (x, y) = (at.x + ax.x * wheel.x + ay.x * wheel.y, at.y + ax.y * wheel.x + ay.y * wheel.y);
            let z = at.z + ax.z * wheel.x + ay.z * wheel.y;
            let (fz, fv) = floor(&plan, &cabins, near, level_z, x, y, z);
            // The floor's own move of this tick is ahead of the robot: springs meet it where it will be.
            gap[i] = z - (fz - fv * dt);
            if fv != 0.0 {
                floor_up = fv;
            }
            for p in &faults.patches {
                let (dx, dy) = (x - p.x, y - p.y);
                if p.level == motion.level && dx * dx + dy * dy < p.r * p.r {
                    grips[i] *= p.share;
                }
            }
        }
        let mut motors = [Motor::Off; 4];
        for (i, motor) in motors.iter_mut().enumerate().take(c.driven) {
            *motor = if f.jam[i] {
                Motor::Jam
            } else if !alive {
                Motor::Off
            } else if f.runaway[i] {
                Motor::Runaway
            } else if command.stop {
                Motor::Brake
            } else {
                Motor::Speed(c.wheel_speed(i, train.set[0], train.set[1], train.set[2]))
            };
        }
        let (flat, pull) = drive(c, &train.mass, twist, &mut train.wheels, &motors, &grips, dt);
        let rise = ride(c, &train.mass, twist, &mut train.wheels, &gap, floor_up, pull, dt);
        let mut watts = 0.0f32;
        for i in 0..c.driven {
            let t = train.wheels.torque[i];
            watts += (t * train.wheels.omega[i]).max(0.0) / EFFICIENCY + c.copper_ohmic * t * t;
        }
        train.power_w = if alive { watts } else { 0.0 };
        power(&mut battery, robot, f, train.power_w, command.tool, socket, dt);
        if let Some(b) = physics.world.bodies.get_mut(handle) {
            let wake = busy || lifted;
            b.set_linvel(Vector::new(cos * flat[0] - sin * flat[1], sin * flat[0] + cos * flat[1], rise[0]), wake);
            b.set_angvel(Vector::new(cos * rise[1] - sin * rise[2], sin * rise[1] + cos * rise[2], flat[2]), wake);
        }
    }
}

/// Does it stand at a charger that works?
fn at_charger(plan: &Plan, faults: &Faults, settings: &Settings, m: &Motion) -> bool {
    #[allow(clippy::cast_possible_truncation)] // a distance
    let reach = settings.0.charger_reach_m as f32;
    plan.storeys.get(m.level as usize).is_some_and(|s| {
        s.chargers.iter().any(|(v, x, y)| {
            let (dx, dy) = (x - m.x, y - m.y);
            dx * dx + dy * dy <= reach * reach && !faults.chargers_off.contains(v)
        })
    })
}

/// Reads back where rapier has put every robot.
pub(crate) fn observe_robots(
    physics: Res<Physics>,
    plan: Res<Plan>,
    roster: Res<Roster>,
    mut robots: Query<(&Robot, &Chassis, &mut Motion)>,
) {
    for e in &roster.robots {
        let Ok((robot, c, mut m)) = robots.get_mut(*e) else { continue };
        if robot.away {
            continue;
        }
        let Some(rb) = physics.world.bodies.get(robot.body.body()) else { continue };
        let asleep = rb.is_sleeping();
        if asleep && m.asleep {
            continue;
        }
        let m = &mut *m;
        let (at, rot, v) = (rb.translation(), *rb.rotation(), rb.linvel());
        let ax = rot * Vector::X;
        let n = (ax.x * ax.x + ax.y * ax.y).sqrt().max(1e-6);
        (m.x, m.y, m.z) = (at.x, at.y, at.z);
        (m.cos, m.sin) = (ax.x / n, ax.y / n);
        m.yaw = nooterra_engine::real::atan2f(m.sin, m.cos);
        (m.vx, m.vy, m.wz) = (v.x, v.y, rb.angvel().z);
        m.up = (rot * Vector::Z).z;
        m.asleep = asleep;
        m.level = plan.level_of(at.z);
        m.lift = shaft_near(&plan, m.x, m.y, m.z, c.radius).map_or(0, |i| {
            let (lx, ly) = plan.shafts[i].flat.local(m.x, m.y);
            if lx.abs() <= plan.shafts[i].flat.hx && ly.abs() <= plan.shafts[i].flat.hy { u32::try_from(i + 1).unwrap_or(0) } else { 0 }
        });
    }
}
