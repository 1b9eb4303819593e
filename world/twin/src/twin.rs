//! The twin's doors: put things in, command them, step, read.

use crate::admit::{admit, build_site};
use crate::door::{DoorUnit, move_doors};
use crate::fault::{ActiveFault, Faults, Patch, PhysicalFault, RobotFaults};
use crate::lift::{LiftShape, LiftUnit, move_lifts};
use crate::load::{handle_loads, let_go, observe_loads};
use crate::params::{TwinError, TwinParams};
use crate::person::move_people;
use crate::physics::Physics;
use crate::picture::{flatten, step_physics, summarise};
use crate::plan::Plan;
use crate::robot::{drive_robots, observe_robots};
use crate::scan::FlatWorld;
use crate::sense::{feel, sense};
use crate::state::{
    Broken, Clock, Deck, Dice, DriveTrain, Lies, Load, Motion, Obstacle, Person, Robot, Roster, Senses, Settings, Summary, Touches, Waiting,
};
use crate::together::raise_loads;
use crate::wheels::{Chassis, WheelKind};
use crate::words::{
    Contact, DeckCommand, DoorCommand, DoorState, DriveCommand, DriveGauge, Handled, Handling, LiftCommand, LiftState, LoadIx, LoadSpawn,
    ObstacleSpawn, PersonIx, PersonSpawn, Readings, RobotIx, RobotSpawn, Scan, Stand, Truth, Whereabouts,
};
use bevy_ecs::prelude::{IntoScheduleConfigs, Schedule, World};
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use nooterra_engine::chance::Chance;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{ItemId, RobotId};
use nooterra_engine::{Digest, Hasher, Instant};
use nooterra_site::{DoorIx, LevelIx, LiftIx, RobotModel, Site};
use rapier3d::math::Vector;

/// The schedule of one tick.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ScheduleLabel)]
pub(crate) struct Tick;

/// The schedule that only draws.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ScheduleLabel)]
struct Redraw;

/// The physical world.
pub struct Twin {
    pub(crate) world: World,
    pub(crate) schedule: Schedule,
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twin").field("tick", &self.tick()).field("robots", &self.robot_count()).finish()
    }
}

/// One tick: bodies come and go, kinematic things move, robots drive, rapier steps, everything is read back.
pub(crate) fn schedule() -> Schedule {
    let mut s = Schedule::new(Tick);
    s.set_executor(SingleThreadedExecutor::new());
    s.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        hierarchy_detection: LogLevel::Error,
        ..Default::default()
    });
    s.add_systems(
        (
            admit,
            move_doors,
            move_lifts,
            move_people,
            handle_loads,
            raise_loads,
            drive_robots,
            step_physics,
            observe_robots,
            observe_loads,
            flatten,
            feel,
            sense,
            summarise,
        )
            .chain(),
    );
    s
}

/// A body has sizes that are numbers.
pub(crate) fn check_model(s: &RobotSpawn) -> Result<(), TwinError> {
    if s.model.is_finite() {
        return Ok(());
    }
    Err(TwinError::Range { what: "each size of a robot's model", must: "a number", is: format!("{:?}", s.model) })
}

fn check(p: &TwinParams) -> Result<(), TwinError> {
    let bad = |what, must, is: String| Err(TwinError::Range { what, must, is });
    if !(1_000_000..=100_000_000).contains(&p.tick.0) {
        return bad("tick", "1 ms to 100 ms", p.tick.to_string());
    }
    if !(4..=4096).contains(&p.lidar.rays) {
        return bad("lidar.rays", "4 to 4096", p.lidar.rays.to_string());
    }
    if !(p.lidar.range_m > 0.1 && p.lidar.range_m <= 60.0) {
        return bad("lidar.range_m", "0.1 to 60", p.lidar.range_m.to_string());
    }
    if !(1..=64).contains(&p.solver_iterations) {
        return bad("solver_iterations", "1 to 64", p.solver_iterations.to_string());
    }
    Ok(())
}

/// A world with everything but what the site's state needs.
pub(crate) fn bare(site: &Site, params: TwinParams, dice: Chance, tick: u64) -> Result<(World, Plan), TwinError> {
    check(&params)?;
    let plan = Plan::of(site);
    let mut world = World::new();
    #[allow(clippy::cast_possible_truncation)] // seconds of a tick
    let dt = params.tick.as_secs_f64() as f32;
    world.insert_resource(Clock { tick, dt });
    world.insert_resource(Dice(dice));
    world.insert_resource(FlatWorld::new(&plan, params.lidar.rays as usize));
    world.insert_resource(plan.clone());
    world.insert_resource(Waiting::default());
    world.insert_resource(Touches::default());
    world.insert_resource(Summary::default());
    world.insert_resource(Broken::default());
    world.insert_resource(Faults::default());
    world.insert_resource(Settings(params));
    Ok((world, plan))
}

/// What odometry needs to know about a model's wheels.
pub fn drive_gauge(model: &RobotModel, params: &TwinParams) -> DriveGauge {
    let c = Chassis::of(model);
    let w = c.wheels.map(|w| (f64::from(w.x), f64::from(w.y)));
    let roller = c.wheels.map(|w| match w.kind {
        WheelKind::Mecanum(side) => f64::from(side),
        _ => 0.0,
    });
    DriveGauge {
        wheels: u32::try_from(c.driven).unwrap_or(0),
        wheel_radius_m: f64::from(c.wheel_radius),
        at: w,
        roller,
        counts_per_turn: params.counts_per_turn,
    }
}

impl Twin {
    /// The world of a site, with nobody in it.
    pub fn new(site: &Site, params: TwinParams, dice: Chance) -> Result<Self, TwinError> {
        let (tick_s, iterations) = (params.tick.as_secs_f64(), params.solver_iterations);
        let (mut world, plan) = bare(site, params, dice, 0)?;
        world.insert_resource(Physics::of(&plan, tick_s, iterations));
        build_site(&mut world, site, &plan, None);
        Ok(Self { world, schedule: schedule() })
    }

    // --- what goes in ---

    pub(crate) fn roster(&self) -> &Roster {
        self.world.resource()
    }
    /// Puts in a robot at the start of the next tick. Robots that enter together are numbered in order of id.
    pub fn add_robot(&mut self, spawn: RobotSpawn) -> Result<(), TwinError> {
        let twice = self.robot_named(spawn.id).is_some() || self.world.resource::<Waiting>().robots.iter().any(|r| r.id == spawn.id);
        if twice {
            return Err(TwinError::Twice(spawn.id.to_string()));
        }
        self.check_stand(&spawn.stand)?;
        check_model(&spawn)?;
        self.world.resource_mut::<Waiting>().robots.push(spawn);
        Ok(())
    }
    /// Puts in a load.
    pub fn add_load(&mut self, spawn: LoadSpawn) -> Result<(), TwinError> {
        if self.load_named(spawn.id).is_some() || self.world.resource::<Waiting>().loads.iter().any(|r| r.id == spawn.id) {
            return Err(TwinError::Twice(spawn.id.to_string()));
        }
        self.check_stand(&spawn.stand)?;
        self.world.resource_mut::<Waiting>().loads.push(spawn);
        Ok(())
    }
    /// Puts in a person.
    pub fn add_person(&mut self, spawn: PersonSpawn) -> Result<(), TwinError> {
        let stands = |p: &Person| p.spawn.key == spawn.key && !p.gone;
        let twice = self.roster().people.iter().any(|e| self.world.get::<Person>(*e).is_some_and(stands))
            || self.world.resource::<Waiting>().people.iter().any(|r| r.key == spawn.key);
        if twice {
            return Err(TwinError::Twice(format!("person {}", spawn.key)));
        }
        let Some(first) = spawn.path.first() else {
            return Err(TwinError::Range { what: "path", must: "one point or more", is: "empty".into() });
        };
        self.check_stand(&Stand { level: spawn.level, pose: nooterra_engine::geom::Pose2 { at: *first, theta_rad: 0.0 } })?;
        self.world.resource_mut::<Waiting>().people.push(spawn);
        Ok(())
    }
    /// Takes a person out.
    pub fn remove_person(&mut self, key: u64) {
        let mut w = self.world.resource_mut::<Waiting>();
        w.people.retain(|p| p.key != key);
        w.people_off.push(key);
    }
    /// Puts a box in the way.
    pub fn add_obstacle(&mut self, spawn: ObstacleSpawn) -> Result<(), TwinError> {
        self.check_stand(&spawn.stand)?;
        self.world.resource_mut::<Waiting>().obstacles.push(spawn);
        Ok(())
    }
    /// Takes a box away.
    pub fn remove_obstacle(&mut self, key: u64) {
        let mut w = self.world.resource_mut::<Waiting>();
        w.obstacles.retain(|o| o.key != key);
        w.held.retain(|o| o.key != key);
        w.obstacles_off.push(key);
    }
    fn check_stand(&self, s: &Stand) -> Result<(), TwinError> {
        let p = s.pose;
        if self.world.resource::<Plan>().storeys.get(s.level.at()).is_none() {
            return Err(TwinError::Unknown(format!("level {}", s.level.ix)));
        }
        if !(p.at.x.is_finite() && p.at.y.is_finite() && p.theta_rad.is_finite()) {
            return Err(TwinError::Range { what: "pose", must: "finite", is: format!("{p:?}") });
        }
        Ok(())
    }

    /// Tells a robot's drive; holds until the next one.
    pub fn drive(&mut self, robot: RobotIx, command: DriveCommand) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        if let Some(mut t) = self.world.get_mut::<DriveTrain>(e) {
            t.command = command;
        }
        Ok(())
    }
    /// Tells a robot's deck.
    pub fn handle(&mut self, robot: RobotIx, command: DeckCommand) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        if let Some(mut d) = self.world.get_mut::<Deck>(e) {
            d.asked = Some(command);
        }
        Ok(())
    }
    /// Tells a door; holds until the next one.
    pub fn door(&mut self, c: DoorCommand) -> Result<(), TwinError> {
        let e = self.roster().doors.get(c.door.at()).copied().ok_or_else(|| TwinError::Unknown(format!("door {}", c.door.ix)))?;
        if let Some(mut d) = self.world.get_mut::<DoorUnit>(e) {
            d.want_open = c.open;
        }
        Ok(())
    }
    /// Tells a lift; holds until the next one.
    pub fn lift(&mut self, c: LiftCommand) -> Result<(), TwinError> {
        let stop = self.world.resource::<Plan>().stop_of(c.lift, c.target);
        let e = self.roster().lifts.get(c.lift.at()).copied();
        let (Some(stop), Some(e)) = (stop, e) else {
            return Err(TwinError::Unknown(format!("lift {} with a stop at level {}", c.lift.ix, c.target.ix)));
        };
        if let Some(mut l) = self.world.get_mut::<LiftUnit>(e) {
            l.target = u32::try_from(stop).unwrap_or(0);
            l.want_open = c.open;
        }
        Ok(())
    }

    // --- time ---

    /// Draws picture and summary from the state, as the end of a tick leaves them.
    pub(crate) fn redraw(&mut self) {
        let mut s = Schedule::new(Redraw);
        s.set_executor(SingleThreadedExecutor::new());
        s.add_systems((flatten, summarise).chain());
        s.run(&mut self.world);
    }

    /// Advances the world by one tick.
    pub fn step(&mut self) -> Result<(), TwinError> {
        self.world.resource_mut::<Clock>().tick += 1;
        self.schedule.run(&mut self.world);
        self.world.resource::<Broken>().0.clone().map_or(Ok(()), Err)
    }
    /// Ticks completed.
    pub fn tick(&self) -> u64 {
        self.world.resource::<Clock>().tick
    }
    /// The instant that the last tick ended at.
    pub fn now(&self) -> Instant {
        Instant(self.tick() * self.params().tick.0)
    }
    /// The parameters.
    pub fn params(&self) -> &TwinParams {
        &self.world.resource::<Settings>().0
    }

    // --- faults ---

    /// Begins a fault; the number ends it. One that names something missing is refused.
    pub fn begin_fault(&mut self, fault: PhysicalFault) -> Result<u64, TwinError> {
        match &fault {
            PhysicalFault::Obstacle { spawn } => self.add_obstacle(spawn.clone())?,
            PhysicalFault::Person { spawn } => self.add_person(spawn.clone())?,
            PhysicalFault::PayloadDrop { robot } => self.drop_payload(*robot)?,
            PhysicalFault::Push { robot, impulse_ns } => self.push(*robot, *impulse_ns)?,
            PhysicalFault::ChargeLost { robot, left_bps } => self.lose_charge(*robot, *left_bps)?,
            PhysicalFault::DoorJam { door } => {
                self.roster().doors.get(door.at()).ok_or_else(|| TwinError::Unknown(format!("door {}", door.ix)))?;
            }
            PhysicalFault::LiftStuck { lift } => {
                self.roster().lifts.get(lift.at()).ok_or_else(|| TwinError::Unknown(format!("lift {}", lift.ix)))?;
            }
            PhysicalFault::SlipPatch { stand, .. } => self.check_stand(stand)?,
            _ => {}
        }
        let mut f = self.world.resource_mut::<Faults>();
        f.next += 1;
        let number = f.next;
        if !matches!(fault, PhysicalFault::PayloadDrop { .. } | PhysicalFault::Push { .. } | PhysicalFault::ChargeLost { .. }) {
            f.active.push(ActiveFault { number, fault });
            self.spread_faults();
        }
        Ok(number)
    }
    /// Ends a fault. Nothing happens if it has ended already.
    pub fn end_fault(&mut self, number: u64) {
        let mut f = self.world.resource_mut::<Faults>();
        let Some(i) = f.active.iter().position(|a| a.number == number) else { return };
        let fault = f.active.remove(i).fault;
        match fault {
            PhysicalFault::Obstacle { spawn } => self.remove_obstacle(spawn.key),
            PhysicalFault::Person { spawn } => self.remove_person(spawn.key),
            _ => {}
        }
        self.spread_faults();
    }
    /// Faults that are on.
    pub fn faults(&self) -> impl Iterator<Item = (u64, &PhysicalFault)> {
        self.world.resource::<Faults>().active.iter().map(|a| (a.number, &a.fault))
    }
    #[allow(clippy::cast_precision_loss)] // millimetres and shares to single precision
    fn spread_faults(&mut self) {
        let mut f = self.world.resource::<Faults>().clone();
        let plan = self.world.resource::<Plan>();
        f.patches.clear();
        f.chargers_off.clear();
        let (mut jammed, mut stuck) = (Vec::new(), Vec::new());
        for a in &f.active {
            match &a.fault {
                PhysicalFault::SlipPatch { stand, radius_mm, friction_bps } => {
                    let (x, y) = plan.inward(stand.pose.at);
                    f.patches.push(Patch {
                        level: stand.level.ix,
                        x,
                        y,
                        r: *radius_mm as f32 / 1000.0,
                        share: *friction_bps as f32 / 10_000.0,
                    });
                }
                PhysicalFault::ChargerOff { vertex } => f.chargers_off.push(vertex.ix),
                PhysicalFault::DoorJam { door } => jammed.push(door.at()),
                PhysicalFault::LiftStuck { lift } => stuck.push(lift.at()),
                _ => {}
            }
        }
        let roster = self.roster().clone();
        for (i, e) in roster.robots.iter().enumerate() {
            let gathered = RobotFaults::gather(&f.active, RobotIx::new(u32::try_from(i).unwrap_or(u32::MAX)));
            if let Some(mut r) = self.world.get_mut::<RobotFaults>(*e) {
                *r = gathered;
            }
        }
        for (i, e) in roster.doors.iter().enumerate() {
            if let Some(mut d) = self.world.get_mut::<DoorUnit>(*e) {
                d.jammed = jammed.contains(&i);
            }
        }
        for (i, e) in roster.lifts.iter().enumerate() {
            if let Some(mut l) = self.world.get_mut::<LiftUnit>(*e) {
                l.stuck = stuck.contains(&i);
            }
        }
        *self.world.resource_mut::<Faults>() = f;
    }
    fn drop_payload(&mut self, robot: RobotIx) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        if let Some(mut d) = self.world.get_mut::<Deck>(e)
            && matches!(d.doing, Handling::Holding { .. } | Handling::Raising { .. })
        {
            (d.doing, d.ended) = (Handling::Idle, Handled::Slipped);
        }
        let carried = self.world.get::<Deck>(e).and_then(|d| d.load).and_then(|l| self.roster().loads.get(l.at()).copied());
        let Some(l) = carried else { return Ok(()) };
        let parts = (
            self.world.get::<Robot>(e).cloned(),
            self.world.get::<Chassis>(e).copied(),
            self.world.get::<Motion>(e).copied(),
            self.world.get::<DriveTrain>(e).cloned(),
            self.world.get::<Deck>(e).copied(),
            self.world.get::<Load>(l).cloned(),
        );
        if let (Some(r), Some(c), Some(m), Some(mut t), Some(mut d), Some(mut load)) = parts {
            let_go(&mut self.world.resource_mut::<Physics>(), &r, &c, &m, &mut t, &mut d, &mut load);
            self.world.entity_mut(e).insert((t, d));
            self.world.entity_mut(l).insert(load);
        }
        Ok(())
    }
    fn push(&mut self, robot: RobotIx, impulse_ns: Vec2) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        let body = self.world.get::<Robot>(e).map(|r| r.body);
        let mut p = self.world.resource_mut::<Physics>();
        if let Some(b) = body.and_then(|b| p.world.bodies.get_mut(b.body())) {
            #[allow(clippy::cast_possible_truncation)] // newton seconds
            b.apply_impulse(Vector::new(impulse_ns.x as f32, impulse_ns.y as f32, 0.0), true);
        }
        Ok(())
    }

    fn lose_charge(&mut self, robot: RobotIx, left_bps: u32) -> Result<(), TwinError> {
        let e = self.robot_entity(robot)?;
        if let Some(mut b) = self.world.get_mut::<crate::state::Battery>(e) {
            b.charge_c *= f64::from(left_bps.min(10_000)) / 10_000.0;
        }
        Ok(())
    }

    // --- what comes out ---

    pub(crate) fn robot_entity(&self, robot: RobotIx) -> Result<bevy_ecs::prelude::Entity, TwinError> {
        self.roster().robots.get(robot.at()).copied().ok_or_else(|| TwinError::Unknown(format!("robot {}", robot.ix)))
    }
    pub(crate) fn of_robot<C: bevy_ecs::prelude::Component>(&self, robot: RobotIx) -> Option<&C> {
        self.world.get::<C>(*self.roster().robots.get(robot.at())?)
    }
    /// How many robots there are.
    pub fn robot_count(&self) -> usize {
        self.roster().robots.len()
    }
    /// The robot with this id, once it has entered.
    pub fn robot_named(&self, id: RobotId) -> Option<RobotIx> {
        (0..self.robot_count())
            .filter_map(|i| u32::try_from(i).ok())
            .map(RobotIx::new)
            .find(|ix| self.of_robot::<Robot>(*ix).is_some_and(|r| r.spawn.id == id))
    }
    /// A robot's id.
    pub fn robot_id(&self, robot: RobotIx) -> Option<RobotId> {
        self.of_robot::<Robot>(robot).map(|r| r.spawn.id)
    }
    /// A robot's model.
    pub fn model(&self, robot: RobotIx) -> Option<&RobotModel> {
        self.of_robot::<Robot>(robot).map(|r| &r.spawn.model)
    }
    /// The load with this id, once it has entered.
    pub fn load_named(&self, id: ItemId) -> Option<LoadIx> {
        let at = self.roster().loads.iter().position(|e| self.world.get::<Load>(*e).is_some_and(|l| l.spawn.id == id))?;
        u32::try_from(at).ok().map(LoadIx::new)
    }
    /// How many loads there are.
    pub fn load_count(&self) -> usize {
        self.roster().loads.len()
    }
    /// What a robot's instruments say.
    pub fn readings(&self, robot: RobotIx) -> Option<&Readings> {
        self.of_robot::<Senses>(robot).map(|s| &s.readings)
    }
    /// A robot's last scan.
    pub fn scan(&self, robot: RobotIx) -> Option<Scan<'_>> {
        let s = self.of_robot::<Senses>(robot)?;
        (!s.ranges_mm.is_empty()).then_some(Scan { tick: s.readings.scan_tick, ranges_mm: &s.ranges_mm })
    }
    /// Contacts of the last tick, by robot, then by party.
    pub fn contacts(&self) -> &[Contact] {
        &self.world.resource::<Touches>().items
    }
    /// A door's state.
    pub fn door_state(&self, door: DoorIx) -> Option<DoorState> {
        self.world.get::<DoorUnit>(*self.roster().doors.get(door.at())?).map(DoorUnit::state)
    }
    /// A lift's state.
    pub fn lift_state(&self, lift: LiftIx) -> Option<LiftState> {
        let e = *self.roster().lifts.get(lift.at())?;
        Some(self.world.get::<LiftUnit>(e)?.state(self.world.get::<LiftShape>(e)?, self.world.resource()))
    }

    // --- truth, for judges and site sensors ---

    /// Where a robot really is, if it is on the floor.
    pub fn truth(&self, robot: RobotIx) -> Option<Truth> {
        let (m, plan) = (self.motion(robot)?, self.world.resource::<Plan>());
        Some(Truth {
            level: LevelIx::new(m.level),
            pose: plan.pose(m.x, m.y, m.yaw),
            z_m: plan.elevation(m.level, m.z),
            tilt_rad: tilt_rad(m),
            velocity_mps: Vec2::new(f64::from(m.vx), f64::from(m.vy)),
            yaw_rate_radps: f64::from(m.wz),
            lift: (m.lift > 0).then(|| LiftIx::new(m.lift - 1)),
            asleep: m.asleep,
        })
    }
    fn motion(&self, robot: RobotIx) -> Option<&Motion> {
        self.of_robot::<Motion>(robot).filter(|_| !self.is_away(robot))
    }
    /// Where a robot on the floor is, unless it is asleep: the part of [`Twin::truth`] that is cheap.
    pub fn awake(&self, robot: RobotIx) -> Option<Stand> {
        let m = self.of_robot::<Motion>(robot).filter(|m| !m.asleep && !self.is_away(robot))?;
        Some(Stand { level: LevelIx::new(m.level), pose: self.world.resource::<Plan>().pose(m.x, m.y, m.yaw) })
    }
    /// How far a robot on the floor leans, rad.
    pub fn tilt_rad(&self, robot: RobotIx) -> Option<f64> {
        self.motion(robot).map(tilt_rad)
    }
    /// Where a load really is.
    pub fn whereabouts(&self, load: LoadIx) -> Option<Whereabouts> {
        let l = self.world.get::<Load>(*self.roster().loads.get(load.at())?)?;
        let stand = Stand { level: LevelIx::new(l.level), pose: self.world.resource::<Plan>().pose(l.x, l.y, l.yaw) };
        Some(match l.lies {
            Lies::Stored => Whereabouts::Stored { stand },
            Lies::Loose => Whereabouts::Loose { stand },
            Lies::On { robot } => Whereabouts::Carried { robot },
            Lies::Gone => Whereabouts::Gone,
            Lies::Raised => Whereabouts::Raised { stand },
            Lies::Racked => Whereabouts::Racked { stand },
        })
    }
    /// Where a person is, and whether somebody stands in the way.
    pub fn person(&self, person: PersonIx) -> Option<(Stand, bool)> {
        let p = self.world.get::<Person>(*self.roster().people.get(person.at())?).filter(|p| !p.gone)?;
        Some((Stand { level: p.spawn.level, pose: self.world.resource::<Plan>().pose(p.x, p.y, 0.0) }, p.waits))
    }
    /// Boxes that stand in the way: where, and half of the longer side in metres.
    pub fn boxes(&self) -> impl Iterator<Item = (Stand, f64)> + '_ {
        let all = self.roster().obstacles.iter().filter_map(|e| self.world.get::<Obstacle>(*e)).filter(|o| !o.gone);
        all.map(|o| (o.spawn.stand, o.spawn.size_m[0].max(o.spawn.size_m[1]) / 2.0))
    }
    /// The same boxes as they stand: where, and their length and width in metres.
    pub fn box_sides(&self) -> impl Iterator<Item = (Stand, [f64; 2])> + '_ {
        let all = self.roster().obstacles.iter().filter_map(|e| self.world.get::<Obstacle>(*e)).filter(|o| !o.gone);
        all.map(|o| (o.spawn.stand, [o.spawn.size_m[0], o.spawn.size_m[1]]))
    }
    /// How many people have been put in so far.
    pub fn person_count(&self) -> usize {
        self.roster().people.len()
    }

    // --- digests ---

    /// Adds the state as of the last tick to a hash. It has thousands of bytes: hashed by themselves from their start, they
    /// take the fast way through several blocks at a time.
    pub fn digest(&self, h: &mut Hasher) {
        h.u64(self.tick()).digest(&nooterra_engine::digest::blake3(&self.world.resource::<Summary>().bytes));
    }
    /// A hash of one robot's state as of the last tick.
    pub fn robot_digest(&self, robot: RobotIx) -> Option<Digest> {
        let s = self.world.resource::<Summary>();
        let end = *s.robot_ends.get(robot.at())?;
        let start = robot.at().checked_sub(1).map_or(0, |i| s.robot_ends[i]);
        Some(nooterra_engine::digest::blake3(&s.bytes[start..end]))
    }
}

fn tilt_rad(m: &Motion) -> f64 {
    nooterra_engine::real::acos(f64::from(m.up.clamp(-1.0, 1.0)))
}
