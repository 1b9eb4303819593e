//! Loads: taken onto a deck, carried as part of the robot's mass, set down, dropped.
//!
//! A carried load is welded to the deck: its mass and inertia join the robot's body (an infinitely stiff joint), its
//! own body sleeps outside the world until it is let go.

use crate::physics::{Physics, groups, upright};
use crate::plan::Plan;
use crate::robot::loaded;
use crate::state::{Battery, Deck, DriveTrain, Lies, Load, Motion, Robot, Roster, Settings};
use crate::together;
use crate::wheels::Chassis;
use crate::words::{DeckCommand, Handled, Handling};
use bevy_ecs::prelude::{Query, Res, ResMut};
use rapier3d::math::{Pose, Vector};

/// A robot that handles a load may creep this fast, m/s.
const STILL_MPS: f32 = 0.05;

/// Lets a load go: it stands on the deck's rear edge, moving back, and falls.
pub(crate) fn let_go(
    physics: &mut Physics,
    robot: &Robot,
    c: &Chassis,
    m: &Motion,
    train: &mut DriveTrain,
    deck: &mut Deck,
    load: &mut Load,
) {
    #[allow(clippy::cast_possible_truncation)] // a size
    let back = c.radius + 0.6 * load.spawn.size_m[0] as f32;
    let at = Vector::new(m.x - m.cos * back, m.y - m.sin * back, m.z + 0.6 * c.height);
    let v = Vector::new(m.vx - 0.3 * m.cos, m.vy - 0.3 * m.sin, 0.0);
    load.lies = Lies::Loose;
    (load.x, load.y, load.z, load.yaw, load.level) = (at.x, at.y, at.z, m.yaw, m.level);
    physics.set_loose(load.body, Some((Pose::from_parts(at, upright(m.yaw)), v)));
    deck.load = None;
    train.mass = loaded(c, None);
    physics.set_mass(robot.body, &train.mass);
}

/// Carries out deck commands and their timers, then follows loose loads.
pub(crate) fn handle_loads(
    settings: Res<Settings>,
    plan: Res<Plan>,
    roster: Res<Roster>,
    mut physics: ResMut<Physics>,
    mut robots: Query<(&Robot, &Chassis, &Motion, &Battery, &mut DriveTrain, &mut Deck)>,
    mut loads: Query<&mut Load>,
) {
    let ticks = u32::try_from(settings.0.handling_time.0 / settings.0.tick.0.max(1)).unwrap_or(1).max(1);
    #[allow(clippy::cast_possible_truncation)] // a distance
    let reach = settings.0.handling_reach_m as f32;
    for e in &roster.robots {
        let Ok((robot, c, m, battery, mut train, mut deck)) = robots.get_mut(*e) else { continue };
        if deck.asked.is_none() && deck.doing == Handling::Idle {
            continue;
        }
        let (train, deck) = (&mut *train, &mut *deck);
        let near = |level: u32, x: f32, y: f32| level == m.level && (x - m.x) * (x - m.x) + (y - m.y) * (y - m.y) <= reach * reach;
        if let Some(asked) = deck.asked.take() {
            let before = std::mem::replace(&mut deck.doing, Handling::Idle);
            match asked {
                DeckCommand::Take { load } => {
                    let found = roster.loads.get(load.at()).and_then(|e| loads.get(*e).ok());
                    match found {
                        _ if deck.load.is_some() => deck.ended = Handled::Occupied,
                        None => deck.ended = Handled::OutOfReach,
                        Some(l) if !matches!(l.lies, Lies::Stored | Lies::Loose) => deck.ended = Handled::Occupied,
                        Some(l) if !near(l.level, l.x, l.y) => deck.ended = Handled::OutOfReach,
                        Some(l) if l.spawn.mass_kg > robot.spawn.model.payload_max_kg => deck.ended = Handled::TooHeavy,
                        Some(_) => (deck.doing, deck.ended) = (Handling::Taking { load, ticks }, Handled::Nothing),
                    }
                }
                DeckCommand::Place { vertex } => match plan.vertices.get(vertex.at()) {
                    _ if deck.load.is_none() => deck.ended = Handled::Empty,
                    Some((level, x, y)) if near(*level, *x, *y) => {
                        (deck.doing, deck.ended) = (Handling::Placing { vertex, ticks }, Handled::Nothing);
                    }
                    _ => deck.ended = Handled::OutOfReach,
                },
                DeckCommand::Release => match deck.load.and_then(|l| roster.loads.get(l.at())).map(|e| loads.get_mut(*e)) {
                    Some(Ok(mut l)) => {
                        let_go(&mut physics, robot, c, m, train, deck, &mut l);
                        deck.ended = Handled::Released;
                    }
                    _ => deck.ended = Handled::Empty,
                },
                DeckCommand::Hold { load } => {
                    let found = roster.loads.get(load.at()).and_then(|e| loads.get(*e).ok());
                    let far = |l: &Load| {
                        let (dx, dy) = (l.x - m.x, l.y - m.y);
                        l.level != m.level || dx * dx + dy * dy > together::REACH_M * together::REACH_M
                    };
                    match found {
                        _ if deck.load.is_some() => deck.ended = Handled::Occupied,
                        None => deck.ended = Handled::OutOfReach,
                        Some(l) if !together::can_be_held(l.lies) => deck.ended = Handled::Occupied,
                        Some(l) if far(l) => deck.ended = Handled::OutOfReach,
                        Some(_) => (deck.doing, deck.ended) = (Handling::Holding { load }, Handled::Held),
                    }
                }
                DeckCommand::Raise => match before {
                    Handling::Holding { load } => {
                        let ticks = together::patience_ticks(settings.0.tick);
                        (deck.doing, deck.ended) = (Handling::Raising { load, ticks }, Handled::Nothing);
                    }
                    _ => deck.ended = Handled::Empty,
                },
                DeckCommand::Cancel => deck.ended = Handled::Aborted,
            }
        }
        let moved = m.vx * m.vx + m.vy * m.vy > STILL_MPS * STILL_MPS;
        if deck.doing != Handling::Idle && (moved || battery.dead) {
            let shared = matches!(deck.doing, Handling::Holding { .. } | Handling::Raising { .. });
            (deck.doing, deck.ended) = (Handling::Idle, if shared { Handled::Slipped } else { Handled::Aborted });
        }
        match &mut deck.doing {
            Handling::Taking { ticks, .. } | Handling::Placing { ticks, .. } if *ticks > 1 => *ticks -= 1,
            Handling::Taking { load, .. } => {
                let load = *load;
                deck.doing = Handling::Idle;
                match roster.loads.get(load.at()).map(|e| loads.get_mut(*e)) {
                    Some(Ok(mut l)) if matches!(l.lies, Lies::Stored | Lies::Loose) && near(l.level, l.x, l.y) => {
                        physics.set_loose(l.body, None);
                        l.lies = Lies::On { robot: robot.ix };
                        deck.load = Some(load);
                        deck.ended = Handled::Taken;
                        train.mass = loaded(c, Some(&l.spawn));
                        physics.set_mass(robot.body, &train.mass);
                    }
                    _ => deck.ended = Handled::Aborted,
                }
            }
            Handling::Placing { vertex, .. } => {
                let vertex = *vertex;
                deck.doing = Handling::Idle;
                let carried = deck.load.and_then(|l| roster.loads.get(l.at())).map(|e| loads.get_mut(*e));
                match (carried, plan.vertices.get(vertex.at())) {
                    (Some(Ok(mut l)), Some((level, x, y))) => {
                        l.lies = Lies::Stored;
                        (l.level, l.x, l.y, l.z, l.yaw) = (*level, *x, *y, plan.floor_z(*level), 0.0);
                        deck.load = None;
                        deck.ended = Handled::Placed;
                        train.mass = loaded(c, None);
                        physics.set_mass(robot.body, &train.mass);
                    }
                    _ => deck.ended = Handled::Aborted,
                }
            }
            // What several do at the same time is seen to once all commands are heard.
            Handling::Holding { .. } | Handling::Raising { .. } | Handling::Idle => {}
        }
    }
}

/// Reads back loose loads; one inside a lift's shaft is carried by the cabin and by no slab.
pub(crate) fn observe_loads(plan: Res<Plan>, roster: Res<Roster>, mut physics: ResMut<Physics>, mut loads: Query<&mut Load>) {
    for e in &roster.loads {
        let Ok(mut l) = loads.get_mut(*e) else { continue };
        if l.lies != Lies::Loose {
            continue;
        }
        let Some(rb) = physics.world.bodies.get(l.body.body()) else { continue };
        if rb.is_sleeping() {
            continue;
        }
        let (at, x) = (rb.translation(), *rb.rotation() * Vector::X);
        let inside = plan.shafts.iter().any(|s| {
            let (lx, ly) = s.flat.local(at.x, at.y);
            lx.abs() < s.flat.hx && ly.abs() < s.flat.hy
        });
        (l.x, l.y, l.z) = (at.x, at.y, at.z);
        l.yaw = nooterra_engine::real::atan2f(x.y, x.x);
        l.level = plan.level_of(at.z);
        let body = l.body;
        physics.set_groups(body, groups::load(inside));
    }
}
