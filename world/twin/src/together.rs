//! What no robot raises alone: several take hold of a load from where they stand, and raise it together onto the rack that
//! stands there.
//!
//! The weight spreads evenly over those who pull. Only as long as each of them can bear its part does the load leave the
//! floor and stay off it: with one too few it does not move, and what is in the air falls. Robots stand still meanwhile;
//! nobody drives with a load that others hold too.

use crate::physics::{Physics, upright};
use crate::plan::Plan;
use crate::state::{Clock, Deck, Lies, Load, Robot, Roster};
use crate::words::{Handled, Handling, LoadIx};
use bevy_ecs::prelude::{Query, Res, ResMut};
use nooterra_engine::Span;
use rapier3d::math::{Pose, Vector};

/// A robot takes hold of a load within this distance of its centre, metres.
pub(crate) const REACH_M: f32 = 1.6;
/// Height of the rack's board above the floor, metres.
pub const RACK_M: f32 = 0.5;
/// A load goes up this fast, metres per second.
const RISE_MPS: f32 = 0.1;
/// Who pulls in vain lets go after this.
const PATIENCE: Span = Span::from_secs(5);

/// Pulls in vain last so many ticks.
pub(crate) fn patience_ticks(tick: Span) -> u32 {
    u32::try_from(PATIENCE.0 / tick.0.max(1)).unwrap_or(1).max(1)
}

/// May a load in this state be taken hold of by several?
pub(crate) fn can_be_held(l: Lies) -> bool {
    matches!(l, Lies::Stored | Lies::Loose)
}

/// Loads that are pulled at rise, stay or fall.
pub(crate) fn raise_loads(
    clock: Res<Clock>,
    plan: Res<Plan>,
    roster: Res<Roster>,
    mut physics: ResMut<Physics>,
    mut robots: Query<(&Robot, &mut Deck)>,
    mut loads: Query<&mut Load>,
) {
    let mut pulled: Vec<(LoadIx, usize)> = Vec::new();
    for (i, e) in roster.robots.iter().enumerate() {
        let Ok((robot, mut deck)) = robots.get_mut(*e) else { continue };
        if deck.bears_g != 0 {
            deck.bears_g = 0;
        }
        if let Handling::Raising { load, .. } = deck.doing
            && !robot.away
        {
            pulled.push((load, i));
        }
    }
    for (n, e) in (0u32..).zip(&roster.loads) {
        let Ok(mut l) = loads.get_mut(*e) else { continue };
        let ix = LoadIx::new(n);
        let by: Vec<usize> = pulled.iter().filter(|(load, _)| *load == ix).map(|(_, i)| *i).collect();
        if by.is_empty() && l.lies != Lies::Raised {
            continue;
        }
        let count = u32::try_from(by.len()).unwrap_or(u32::MAX);
        let part_kg = l.spawn.mass_kg / f64::from(count.max(1));
        let mut bear = !by.is_empty() && (l.lies == Lies::Raised || can_be_held(l.lies));
        for i in &by {
            bear &= robots.get(roster.robots[*i]).is_ok_and(|(r, _)| r.spawn.model.payload_max_kg >= part_kg);
        }
        let floor = plan.floor_z(l.level);
        if bear {
            if l.lies == Lies::Loose {
                physics.set_loose(l.body, None);
            }
            if l.lies != Lies::Raised {
                l.z = floor;
                l.lies = Lies::Raised;
            }
            l.z += RISE_MPS * clock.dt;
        } else if l.lies == Lies::Raised {
            l.lies = Lies::Loose;
            let at = Vector::new(l.x, l.y, l.z);
            physics.set_loose(l.body, Some((Pose::from_parts(at, upright(l.yaw)), Vector::ZERO)));
            for i in &by {
                if let Ok((_, mut deck)) = robots.get_mut(roster.robots[*i]) {
                    (deck.doing, deck.ended) = (Handling::Idle, Handled::Fallen);
                }
            }
            continue;
        }
        let up = bear && l.z >= floor + RACK_M;
        if up {
            l.z = floor + RACK_M;
            l.lies = Lies::Racked;
        }
        for i in by {
            let Ok((_, mut deck)) = robots.get_mut(roster.robots[i]) else { continue };
            let Handling::Raising { load, ticks } = deck.doing else { continue };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // grams of a load
            let part_g = (part_kg * 1000.0).clamp(0.0, 1e9) as u32;
            if up {
                (deck.doing, deck.ended) = (Handling::Idle, Handled::Racked);
            } else if bear {
                deck.bears_g = part_g;
            } else if ticks > 1 {
                deck.bears_g = part_g;
                deck.doing = Handling::Raising { load, ticks: ticks - 1 };
            } else {
                (deck.doing, deck.ended) = (Handling::Idle, Handled::TooHeavy);
            }
        }
    }
}
