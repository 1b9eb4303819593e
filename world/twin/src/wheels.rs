//! Wheels, tyres, motors and springs: from a robot's velocity and its motors' orders to its velocity a tick later.
//!
//! Everything stiff is solved implicitly, so a parked robot rests without jitter at 50 Hz. In the plane the tyre force
//! `mu N s / sqrt(s² + s0²)` is the slope of a convex potential; each pass replaces it by the tangent parabola at the
//! last slip (majorise, minimise) and solves the 3×3 system exactly, wheel spin eliminated. That always descends, so
//! it cannot ring whatever the stiffness. Springs are a second 3×3 system over heave, roll and pitch.

use bevy_ecs::prelude::Component;
use nooterra_engine::Record;
use nooterra_site::RobotModel;
use nooterra_site::robot::Drive as DriveKind;

/// Standard gravity, m/s².
pub(crate) const GRAVITY: f32 = 9.81;
/// Slip speed at which a tyre gives 71 % of its grip, at a standstill, m/s.
const SLIP_MPS: f32 = 0.008;
/// More of it per m/s of travel.
const SLIP_SHARE: f32 = 0.01;
/// Speed below which rolling resistance fades, m/s.
const CREEP_MPS: f32 = 0.01;
/// Passes over the tyre forces.
const PASSES: usize = 4;
/// Static deflection of the springs, metres.
const SAG_M: f32 = 0.005;
const DIAGONAL: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// How a wheel meets the floor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum WheelKind {
    /// Driven, grips both ways.
    Plain,
    /// Swivels freely.
    Caster,
    /// Driven, grips along `(1, side) / √2` only.
    Mecanum(f32),
}

/// One wheel of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wheel {
    pub kind: WheelKind,
    pub x: f32,
    pub y: f32,
    /// Share of the unloaded weight.
    pub share: f32,
}

/// What follows from a model: geometry, masses, motors, springs.
#[derive(Debug, Clone, Copy, PartialEq, Component)]
pub(crate) struct Chassis {
    pub wheels: [Wheel; 4],
    pub driven: usize,
    pub wheel_radius: f32,
    pub wheel_inertia: f32,
    pub torque_max: f32,
    pub kp: f32,
    pub ki: f32,
    pub copper_ohmic: f32,
    pub resistance: f32,
    pub spring: [f32; 4],
    pub damper: [f32; 4],
    pub sink: [f32; 4],
    pub radius: f32,
    pub height: f32,
    pub mass: f32,
    pub inertia_z: f32,
    pub inertia_tilt: f32,
    /// Height of the centre of mass.
    pub com: f32,
}

#[allow(clippy::cast_possible_truncation)] // metres and kilograms to single precision
impl Chassis {
    /// The chassis of a model; masses and sizes are brought into what is physically possible.
    pub fn of(m: &RobotModel) -> Self {
        let radius = (m.footprint_radius_m as f32).clamp(0.05, 3.0);
        let height = (m.height_m as f32).clamp(0.1, 3.0);
        let mass = (m.mass_kg as f32).clamp(1.0, 5000.0);
        // Between all mass near the axis and all mass on the rim.
        let inertia_z = (m.inertia_kg_m2 as f32).clamp(0.1 * mass * radius * radius, mass * radius * radius);
        let inertia_tilt = mass * (3.0 * radius * radius + height * height) / 12.0;
        let com = (0.35 * height).min(0.8 * radius);
        let wheel_radius = (0.25 * radius).clamp(0.03, 0.15);
        let (wheels, driven) = match m.drive {
            DriveKind::Differential => {
                let (a, b) = (0.8 * radius, 0.75 * radius);
                let plain = |y| Wheel { kind: WheelKind::Plain, x: 0.0, y, share: 0.35 };
                let caster = |x| Wheel { kind: WheelKind::Caster, x, y: 0.0, share: 0.15 };
                ([plain(a), plain(-a), caster(b), caster(-b)], 2)
            }
            DriveKind::Omnidirectional => {
                let a = 0.6 * radius;
                let w = |x: f32, y: f32, side: f32| Wheel { kind: WheelKind::Mecanum(side), x, y, share: 0.25 };
                ([w(a, a, -1.0), w(a, -a, 1.0), w(-a, a, 1.0), w(-a, -a, -1.0)], 4)
            }
        };
        let resistance = (m.rolling_resistance as f32).clamp(0.0, 0.5);
        let full = mass + (m.payload_max_kg as f32).max(0.0);
        let n = driven as f32;
        let accel = (m.accel_max_mps2 as f32).clamp(0.05, 5.0);
        let turn = inertia_z * (m.turn_accel_max_radps2 as f32).clamp(0.05, 20.0) / (0.8 * radius);
        let force = full * accel * 1.8 + 1.5 * resistance * full * GRAVITY + turn;
        let torque_max = 1.2 * force * wheel_radius / n;
        let wheel_inertia = 0.5 * (0.03 * mass / 4.0) * wheel_radius * wheel_radius * 4.0;
        let kp = torque_max * wheel_radius / 0.15;
        // Losses in the windings at full torque: a tenth of full mechanical power.
        let omega_max = (m.speed_max_mps as f32).max(0.1) / wheel_radius;
        let copper_ohmic = 0.1 * omega_max / torque_max;
        let (mut spring, mut damper, mut sink) = ([0.0; 4], [0.0; 4], [0.0; 4]);
        for (i, w) in wheels.iter().enumerate() {
            spring[i] = w.share * mass * GRAVITY / SAG_M;
            damper[i] = 1.4 * w.share * (mass * GRAVITY / SAG_M * mass).sqrt();
            sink[i] = SAG_M;
        }
        Self {
            wheels,
            driven,
            wheel_radius,
            wheel_inertia,
            torque_max,
            kp,
            ki: 8.0 * kp,
            copper_ohmic,
            resistance,
            spring,
            damper,
            sink,
            radius,
            height,
            mass,
            inertia_z,
            inertia_tilt,
            com,
        }
    }

    /// Wheel speed, rad/s, for a body velocity.
    pub fn wheel_speed(&self, i: usize, vx: f32, vy: f32, wz: f32) -> f32 {
        let w = &self.wheels[i];
        match w.kind {
            WheelKind::Plain => (vx - wz * w.y) / self.wheel_radius,
            WheelKind::Caster => 0.0,
            WheelKind::Mecanum(side) => (vx - wz * w.y + side * (vy + wz * w.x)) / self.wheel_radius,
        }
    }
}

/// What changes about the wheels from tick to tick.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub(crate) struct Wheels {
    /// Spin, rad/s.
    pub omega: [f32; 4],
    /// Integral part of the speed controllers, N·m.
    pub integral: [f32; 4],
    /// Motor torque of the last tick, N·m.
    pub torque: [f32; 4],
    /// Normal force of the last tick, N.
    pub load: [f32; 4],
    /// Angle turned since the start, turns.
    pub turns: [f64; 4],
}

/// What a motor is to do this tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Motor {
    /// No torque.
    Off,
    /// Hold this spin, rad/s.
    Speed(f32),
    /// Stop with twice the torque.
    Brake,
    /// Locked.
    Jam,
    /// Full torque forward.
    Runaway,
}

/// Masses with the load on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub(crate) struct Mass {
    pub mass: f32,
    pub inertia_z: f32,
    pub inertia_tilt: f32,
    pub com: f32,
}

/// Velocity in the frame that is level and turned with the robot.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Twist {
    pub forward: f32,
    pub left: f32,
    pub up: f32,
    pub roll: f32,
    pub pitch: f32,
    pub yaw: f32,
}

/// Solves a symmetric positive 3×3 system: `[xx, xy, xz, yy, yz, zz]`.
fn solve(a: [f32; 6], b: [f32; 3]) -> [f32; 3] {
    let [xx, xy, xz, yy, yz, zz] = a;
    let (c0, c1, c2) = (yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy);
    let inv = 1.0 / (xx * c0 + xy * c1 + xz * c2);
    let (d11, d12, d22) = (xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy);
    [(c0 * b[0] + c1 * b[1] + c2 * b[2]) * inv, (c1 * b[0] + d11 * b[1] + d12 * b[2]) * inv, (c2 * b[0] + d12 * b[1] + d22 * b[2]) * inv]
}

/// `a += k · row rowᵀ`.
fn add_outer(a: &mut [f32; 6], k: f32, r: [f32; 3]) {
    let (kx, ky, kz) = (k * r[0], k * r[1], k * r[2]);
    a[0] += kx * r[0];
    a[1] += kx * r[1];
    a[2] += kx * r[2];
    a[3] += ky * r[1];
    a[4] += ky * r[2];
    a[5] += kz * r[2];
}

fn dot(r: [f32; 3], w: [f32; 3]) -> f32 {
    r[0] * w[0] + r[1] * w[1] + r[2] * w[2]
}

/// Tyre and motor forces of one tick. Returns the velocity in the plane after it and the force on the robot, N.
pub(crate) fn drive(
    c: &Chassis,
    m: &Mass,
    v: Twist,
    st: &mut Wheels,
    motors: &[Motor; 4],
    grip: &[f32; 4],
    dt: f32,
) -> ([f32; 3], [f32; 2]) {
    let before = [v.forward, v.left, v.yaw];
    let mut w = before;
    let r = c.wheel_radius;
    let s0 = SLIP_MPS + SLIP_SHARE * (before[0] * before[0] + before[1] * before[1]).sqrt();
    let mut omega = st.omega;
    let mut limit: [f32; 4] = [0.0; 4]; // torque a saturated motor gives; 0 while it is in control
    for _ in 0..PASSES {
        let mut a = [m.mass, 0.0, 0.0, m.mass, 0.0, m.inertia_z];
        let mut b = [m.mass * before[0], m.mass * before[1], m.inertia_z * before[2]];
        let mut spin = [(0.0f32, 0.0f32, 0.0f32, [0.0f32; 3]); 4];
        for (i, wheel) in c.wheels.iter().enumerate() {
            let n = st.load[i];
            let (fx, fy) = ([1.0, 0.0, -wheel.y], [0.0, 1.0, wheel.x]);
            let roll = c.resistance * n;
            match wheel.kind {
                WheelKind::Caster => {
                    let (sx, sy) = (dot(fx, w), dot(fy, w));
                    let k = dt * roll / (sx * sx + sy * sy + CREEP_MPS * CREEP_MPS).sqrt();
                    add_outer(&mut a, k, fx);
                    add_outer(&mut a, k, fy);
                }
                WheelKind::Plain | WheelKind::Mecanum(_) => {
                    let (row, gain) = match wheel.kind {
                        WheelKind::Mecanum(side) => ([DIAGONAL, side * DIAGONAL, DIAGONAL * (side * wheel.x - wheel.y)], r * DIAGONAL),
                        _ => (fx, r),
                    };
                    let slip = dot(row, w) - gain * omega[i];
                    let across = if wheel.kind == WheelKind::Plain { dot(fy, w) } else { 0.0 };
                    let k = grip[i] * n / (slip * slip + across * across + s0 * s0).sqrt();
                    if wheel.kind == WheelKind::Plain {
                        add_outer(&mut a, dt * k, fy);
                    } else {
                        // Rollers turn nearly freely: a little drag across the gripping direction.
                        let free = [-row[1], row[0], DIAGONAL * (wheel.x + wheel.y * row[1].signum())];
                        let s = dot(free, w);
                        add_outer(&mut a, dt * 0.1 * roll / (s * s + CREEP_MPS * CREEP_MPS).sqrt(), free);
                    }
                    let rim = omega[i] * r;
                    let drag = roll * r * r / (rim * rim + CREEP_MPS * CREEP_MPS).sqrt();
                    let (kp, t0) = match motors[i] {
                        Motor::Off => (0.0, 0.0),
                        Motor::Jam => (1.0e4, 0.0),
                        Motor::Runaway => (0.0, c.torque_max),
                        _ if limit[i] != 0.0 => (0.0, limit[i]),
                        Motor::Speed(to) => (c.kp, c.kp * to + st.integral[i]),
                        Motor::Brake => (2.0 * c.kp, 0.0),
                    };
                    let (own, kick) = (c.wheel_inertia + dt * (kp + drag), c.wheel_inertia * st.omega[i] + dt * t0);
                    let d = dt * k * gain * gain;
                    add_outer(&mut a, dt * k * own / (own + d), row);
                    let push = dt * k * gain * kick / (own + d);
                    for j in 0..3 {
                        b[j] += row[j] * push;
                    }
                    spin[i] = (own + d, kick, dt * k * gain, row);
                }
            }
        }
        let next = solve(a, b);
        let mut change = 0.0f32;
        for i in 0..c.driven {
            let (own, kick, pull, row) = spin[i];
            let o = (kick + pull * dot(row, next)) / own;
            let (asked, cap) = match motors[i] {
                Motor::Speed(to) => (c.kp * (to - o) + st.integral[i], c.torque_max),
                Motor::Brake => (-2.0 * c.kp * o, 2.0 * c.torque_max),
                Motor::Runaway => (c.torque_max, c.torque_max),
                Motor::Off | Motor::Jam => (0.0, c.torque_max),
            };
            let bound = asked.clamp(-cap, cap);
            let now = if asked.abs() <= cap { 0.0 } else { bound };
            if now.to_bits() != limit[i].to_bits() {
                change += 1.0;
            }
            limit[i] = now;
            st.torque[i] = bound;
            change += (o - omega[i]).abs() * r;
            omega[i] = o;
        }
        change += (next[0] - w[0]).abs() + (next[1] - w[1]).abs() + (next[2] - w[2]).abs() * c.radius;
        w = next;
        if change < 1e-4 {
            break;
        }
    }
    for i in 0..c.driven {
        if let Motor::Speed(to) = motors[i] {
            if limit[i] == 0.0 {
                let k = st.integral[i] + c.ki * (to - omega[i]) * dt;
                st.integral[i] = k.clamp(-c.torque_max, c.torque_max);
            }
            if to == 0.0 && omega[i].abs() * r < 0.005 {
                // At rest nothing is left to hold against; a parked motor lets go.
                st.integral[i] *= 0.8;
                if st.integral[i].abs() < 1e-4 * c.torque_max {
                    st.integral[i] = 0.0;
                }
            }
        } else {
            st.integral[i] = 0.0;
        }
        st.turns[i] += f64::from(0.5 * (st.omega[i] + omega[i]) * dt) / std::f64::consts::TAU;
    }
    st.omega = omega;
    let f = [m.mass * (w[0] - before[0]) / dt, m.mass * (w[1] - before[1]) / dt];
    (w, f)
}

/// Springs of one tick: heave, roll and pitch after it. `gap[i]` is the wheel's height over its floor, `floor_up` the
/// floor's own speed, `pull` the tyre force at floor height.
pub(crate) fn ride(c: &Chassis, m: &Mass, v: Twist, st: &mut Wheels, gap: &[f32; 4], floor_up: f32, pull: [f32; 2], dt: f32) -> [f32; 3] {
    let before = [v.up, v.roll, v.pitch];
    let mut off = [false; 4];
    let mut next = before;
    for _ in 0..3 {
        let mut a = [m.mass, 0.0, 0.0, m.inertia_tilt, 0.0, m.inertia_tilt];
        let mut b = [
            m.mass * (before[0] - dt * GRAVITY),
            m.inertia_tilt * before[1] + dt * m.com * pull[1],
            m.inertia_tilt * before[2] - dt * m.com * pull[0],
        ];
        for (i, w) in c.wheels.iter().enumerate() {
            let press = c.sink[i] - gap[i];
            if off[i] || press <= 0.0 {
                continue;
            }
            let row = [1.0, w.y, -w.x];
            let soft = c.damper[i] + dt * c.spring[i];
            add_outer(&mut a, dt * soft, row);
            let push = dt * (c.spring[i] * press + soft * floor_up);
            for j in 0..3 {
                b[j] += row[j] * push;
            }
        }
        next = solve(a, b);
        let mut again = false;
        for (i, w) in c.wheels.iter().enumerate() {
            let press = c.sink[i] - gap[i];
            let rel = dot([1.0, w.y, -w.x], next) - floor_up;
            let n = if off[i] || press <= 0.0 { 0.0 } else { c.spring[i] * press - (c.damper[i] + dt * c.spring[i]) * rel };
            if n < 0.0 {
                off[i] = true;
                again = true;
            }
            st.load[i] = n.max(0.0);
        }
        if !again {
            break;
        }
    }
    next
}

#[cfg(test)]
mod tests;
