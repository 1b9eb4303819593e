//! People take a robot off the floor and put it back: the body stays in its place of the list and takes part in nothing
//! meanwhile, so that every index and every keyframe means the same with and without it.

use crate::admit::at;
use crate::fault::{Faults, PhysicalFault};
use crate::params::TwinError;
use crate::physics::{Physics, groups, upright};
use crate::plan::Plan;
use crate::robot::loaded;
use crate::state::{Battery, Deck, DriveTrain, Lies, Load, Motion, Robot, Senses};
use crate::twin::Twin;
use crate::wheels::{Chassis, GRAVITY, Wheels};
use crate::words::{DriveCommand, LoadIx, RobotIx, Stand};
use nooterra_site::VertexIx;
use rapier3d::math::{Pose, Vector};

/// People look for a load this far around the place where it should lie, metres.
const LOOK_M: f32 = 1.5;

impl Twin {
    /// Was this robot taken off the floor?
    pub fn is_away(&self, robot: RobotIx) -> bool {
        self.of_robot::<Robot>(robot).is_some_and(|r| r.away)
    }

    /// Takes a robot off the floor. What it carries is stored at a vertex, or left standing where the robot stood.
    /// Nothing happens to one that is away already.
    pub fn take_away(&mut self, robot: RobotIx, load_to: Option<VertexIx>) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        if self.is_away(robot) {
            return Ok(());
        }
        let (Some(mut r), Some(c), Some(mut m), Some(mut t), Some(mut d)) = (
            self.world.get::<Robot>(e).cloned(),
            self.world.get::<Chassis>(e).copied(),
            self.world.get::<Motion>(e).copied(),
            self.world.get::<DriveTrain>(e).cloned(),
            self.world.get::<Deck>(e).copied(),
        ) else {
            return Ok(());
        };
        let place = load_to.and_then(|v| self.world.resource::<Plan>().vertices.get(v.at()).copied());
        let (level, x, y) = place.unwrap_or((m.level, m.x, m.y));
        let z = self.world.resource::<Plan>().floor_z(level);
        if let Some(l) = d.load.and_then(|l| self.roster().loads.get(l.at()).copied())
            && let Some(mut load) = self.world.get_mut::<Load>(l)
        {
            load.lies = Lies::Stored;
            (load.level, load.x, load.y, load.z, load.yaw) = (level, x, y, z, 0.0);
        }
        r.away = true;
        d = Deck::default();
        (m.vx, m.vy, m.wz) = (0.0, 0.0, 0.0);
        t.command = DriveCommand::default();
        (t.set, t.power_w, t.mass) = ([0.0; 3], 0.0, loaded(&c, None));
        t.late.clear();
        let mut physics = self.world.resource_mut::<Physics>();
        physics.set_mass(r.body, &t.mass);
        physics.set_loose(r.body, None);
        self.world.entity_mut(e).insert((r, m, t, d));
        Ok(())
    }

    /// People carry a load to a vertex. Says whether it lay near where they looked for it; one that a robot has they leave.
    pub fn carry(&mut self, load: LoadIx, from: VertexIx, to: VertexIx) -> bool {
        let plan = self.world.resource::<Plan>();
        let ends = plan.vertices.get(from.at()).copied().zip(plan.vertices.get(to.at()).copied());
        let Some((here, (level, x, y))) = ends else { return false };
        let z = plan.floor_z(level);
        let Some(e) = self.roster().loads.get(load.at()).copied() else { return false };
        let Some(mut l) = self.world.get_mut::<Load>(e) else { return false };
        let (dx, dy) = (l.x - here.1, l.y - here.2);
        let lies = matches!(l.lies, Lies::Stored | Lies::Loose) && l.level == here.0 && dx * dx + dy * dy <= LOOK_M * LOOK_M;
        if !lies {
            return false;
        }
        l.lies = Lies::Stored;
        (l.level, l.x, l.y, l.z, l.yaw) = (level, x, y, z, 0.0);
        let body = l.body;
        self.world.resource_mut::<Physics>().set_loose(body, None);
        true
    }

    /// Whatever is broken on this robot is mended.
    pub fn repair(&mut self, robot: RobotIx) {
        let broken: Vec<u64> = self.world.resource::<Faults>().active.iter().filter(|a| is_of(&a.fault, robot)).map(|a| a.number).collect();
        for number in broken {
            self.end_fault(number);
        }
    }

    /// Puts a robot that is away back on the floor, with this charge. Refused while something stands there.
    pub fn put_back(&mut self, robot: RobotIx, stand: &Stand, charge_bps: u32) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        let (Some(mut r), Some(c)) = (self.world.get::<Robot>(e).cloned(), self.world.get::<Chassis>(e).copied()) else { return Ok(()) };
        if !r.away {
            return Err(TwinError::Twice(r.spawn.id.to_string()));
        }
        if let Some(by) = self.inside(stand.level, stand.pose.at, f64::from(c.radius), None) {
            return Err(TwinError::Range { what: "stand", must: "free", is: format!("{by:?}") });
        }
        let (x, y, z, yaw) = at(self.world.resource::<Plan>(), stand);
        let (sin, cos) = nooterra_engine::real::sin_cos(f64::from(yaw));
        #[allow(clippy::cast_possible_truncation)] // a direction to single precision
        let (sin, cos) = (sin as f32, cos as f32);
        let m = Motion { x, y, z, yaw, cos, sin, up: 1.0, level: stand.level.ix, ..Motion::default() };
        let mut wheels = Wheels::default();
        for (n, w) in wheels.load.iter_mut().zip(&c.wheels) {
            *n = w.share * c.mass * GRAVITY;
        }
        let model = &r.spawn.model;
        let share = f64::from(charge_bps.min(10_000)) / 10_000.0;
        #[allow(clippy::cast_possible_truncation)] // volts to single precision
        let b = Battery { charge_c: model.battery_ah * 3600.0 * share, volts: model.battery_v as f32, ..Battery::default() };
        if let Some(mut t) = self.world.get_mut::<DriveTrain>(e) {
            // Encoders count on from where they stood: turns are kept.
            wheels.turns = t.wheels.turns;
            t.wheels = wheels;
        }
        if let Some(mut s) = self.world.get_mut::<Senses>(e) {
            s.touching.clear();
        }
        r.away = false;
        let mut physics = self.world.resource_mut::<Physics>();
        physics.set_groups(r.body, groups::robot(false));
        physics.set_loose(r.body, Some((Pose::from_parts(Vector::new(x, y, z), upright(yaw)), Vector::ZERO)));
        self.world.entity_mut(e).insert((r, m, b));
        Ok(())
    }
}

/// Is this something broken on that robot?
fn is_of(f: &PhysicalFault, ix: RobotIx) -> bool {
    match f {
        PhysicalFault::BatterySag { robot, .. }
        | PhysicalFault::BatteryDead { robot }
        | PhysicalFault::MotorDelay { robot, .. }
        | PhysicalFault::MotorJam { robot, .. }
        | PhysicalFault::MotorRunaway { robot, .. }
        | PhysicalFault::LidarDropout { robot, .. }
        | PhysicalFault::LidarStuck { robot }
        | PhysicalFault::LidarGhost { robot, .. }
        | PhysicalFault::EncoderStuck { robot, .. }
        | PhysicalFault::ImuBias { robot, .. }
        | PhysicalFault::GyroDead { robot }
        | PhysicalFault::MarkersLost { robot }
        | PhysicalFault::MarkersOff { robot, .. } => *robot == ix,
        _ => false,
    }
}
