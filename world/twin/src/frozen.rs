//! The world as bytes and back. What follows from site and parameters is built again; rapier's own sets are saved
//! whole, since their inner layout (islands, contact graph, broad-phase tree) decides the last bits of what comes.

use crate::admit::build_site;
use crate::door::DoorUnit;
use crate::fault::{Faults, RobotFaults};
use crate::lift::LiftUnit;
use crate::params::{TwinError, TwinParams};
use crate::physics::Physics;
use crate::sense::drawn;
use crate::state::{
    Battery, Clock, Deck, Dice, DriveTrain, Load, Motion, Obstacle, Person, Robot, Roster, Senses, Settings, Touches, Waiting,
};
use crate::twin::{Twin, bare, check_model, schedule};
use crate::wheels::Chassis;
use bevy_ecs::prelude::{Component, World};
use nooterra_engine::chance::Chance;
use nooterra_engine::{Digest, Record, Span, decode, encode};
use nooterra_site::Site;
use rapier3d::prelude::PhysicsWorld;

/// Number of this layout.
const LAYOUT: u32 = 3;

#[derive(Debug, Clone, PartialEq, Record)]
struct FrozenRobot {
    robot: Robot,
    motion: Motion,
    train: DriveTrain,
    battery: Battery,
    deck: Deck,
    /// Without the noise that was drawn ahead.
    senses: Senses,
    drawn: bool,
}

#[derive(Debug, Clone, PartialEq, Record)]
struct Frozen {
    layout: u32,
    site: Digest,
    tick: u64,
    tick_len: Span,
    rapier: Vec<u8>,
    dice: Chance,
    waiting: Waiting,
    touches: Touches,
    faults: Faults,
    robots: Vec<FrozenRobot>,
    doors: Vec<DoorUnit>,
    lifts: Vec<LiftUnit>,
    loads: Vec<Load>,
    people: Vec<Person>,
    obstacles: Vec<Obstacle>,
}

fn site_digest(site: &Site) -> Digest {
    nooterra_engine::digest::blake3(&encode(site))
}

fn all<C: Component + Clone>(world: &World, list: &[bevy_ecs::prelude::Entity]) -> Vec<C> {
    list.iter().filter_map(|e| world.get::<C>(*e).cloned()).collect()
}

impl Twin {
    /// The whole state: the same state always gives the same bytes. `site` is the one the twin was made with.
    pub fn freeze(&self, site: &Site) -> Vec<u8> {
        let (w, r) = (&self.world, self.world.resource::<Roster>());
        let (clock, settings) = (w.resource::<Clock>(), w.resource::<Settings>());
        let robots = r
            .robots
            .iter()
            .filter_map(|e| {
                let mut senses = w.get::<Senses>(*e)?.clone();
                let drawn = !std::mem::take(&mut senses.noise).is_empty();
                Some(FrozenRobot {
                    robot: w.get::<Robot>(*e)?.clone(),
                    motion: *w.get::<Motion>(*e)?,
                    train: w.get::<DriveTrain>(*e)?.clone(),
                    battery: *w.get::<Battery>(*e)?,
                    deck: *w.get::<Deck>(*e)?,
                    senses,
                    drawn,
                })
            })
            .collect();
        encode(&Frozen {
            layout: LAYOUT,
            site: site_digest(site),
            tick: clock.tick,
            tick_len: settings.0.tick,
            rapier: postcard::to_allocvec(&w.resource::<Physics>().world).unwrap_or_default(),
            dice: w.resource::<Dice>().0.clone(),
            waiting: w.resource::<Waiting>().clone(),
            touches: w.resource::<Touches>().clone(),
            faults: w.resource::<Faults>().clone(),
            robots,
            doors: all(w, &r.doors),
            lifts: all(w, &r.lifts),
            loads: all(w, &r.loads),
            people: all(w, &r.people),
            obstacles: all(w, &r.obstacles),
        })
    }

    /// The world in these bytes; it goes on exactly as the frozen one would have.
    pub fn thaw(bytes: &[u8], site: &Site, params: TwinParams) -> Result<Self, TwinError> {
        let f: Frozen = decode(bytes).map_err(|e| TwinError::Thaw(e.to_string()))?;
        if f.layout != LAYOUT {
            return Err(TwinError::Thaw(format!("layout {}, this build reads {LAYOUT}", f.layout)));
        }
        if f.site != site_digest(site) {
            return Err(TwinError::Thaw("it was frozen on another site".into()));
        }
        if f.tick_len != params.tick {
            return Err(TwinError::Thaw(format!("its tick is {}, not {}", f.tick_len, params.tick)));
        }
        let mut spawns = f.robots.iter().map(|r| &r.robot.spawn).chain(&f.waiting.robots);
        spawns.try_for_each(check_model).map_err(|e| TwinError::Thaw(e.to_string()))?;
        let rapier: PhysicsWorld = postcard::from_bytes(&f.rapier).map_err(|e| TwinError::Thaw(format!("physics: {e}")))?;
        let chance = f.dice.clone();
        let (mut world, plan) = bare(site, params, f.dice, f.tick)?;
        world.insert_resource(Physics { world: rapier });
        build_site(&mut world, site, &plan, Some((f.doors, f.lifts)));
        world.insert_resource(f.waiting);
        world.insert_resource(f.touches);
        for mut r in f.robots {
            if r.drawn {
                r.senses.noise = drawn(&chance, &r.robot.spawn);
            }
            let faults = RobotFaults::gather(&f.faults.active, r.robot.ix);
            let chassis = Chassis::of(&r.robot.spawn.model);
            let e = world.spawn((r.robot, chassis, r.motion, r.train, r.battery, r.deck, r.senses, faults)).id();
            world.resource_mut::<Roster>().robots.push(e);
        }
        world.insert_resource(f.faults);
        for l in f.loads {
            let e = world.spawn(l).id();
            world.resource_mut::<Roster>().loads.push(e);
        }
        for p in f.people {
            let e = world.spawn(p).id();
            world.resource_mut::<Roster>().people.push(e);
        }
        for o in f.obstacles {
            let e = world.spawn(o).id();
            world.resource_mut::<Roster>().obstacles.push(e);
        }
        let mut twin = Self { world, schedule: schedule() };
        twin.redraw();
        Ok(twin)
    }
}
