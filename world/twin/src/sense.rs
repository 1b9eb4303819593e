//! Instruments: encoders, yaw rate, bumper, battery gauge, deck scale, markers, scanner, and what they touch.

use crate::fault::RobotFaults;
use crate::physics::{Physics, marked};
use crate::plan::Plan;
use crate::scan::FlatWorld;
use crate::state::{Battery, Cabins, Clock, Deck, Dice, DriveTrain, Load, Motion, Robot, Roster, Senses, Settings, Touches};
use crate::wheels::Chassis;
use crate::words::{Contact, MarkerReading, RobotSpawn, SCAN_FREE, SCAN_LOST};
use bevy_ecs::prelude::{Query, Res, ResMut};
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::geom::Vec2;
use nooterra_engine::real;
use nooterra_site::VertexIx;

const SCAN: Place = Place::named("twin/scan");
const LOST: Place = Place::named("twin/scan/lost");
const SMALL: Place = Place::named("twin/instruments");
/// Values drawn at once for the small instruments.
const DRAWN: usize = 64;

/// What was drawn ahead for a robot's small instruments: it follows from how often was drawn, so no keyframe holds it.
pub(crate) fn drawn(chance: &Chance, robot: &RobotSpawn) -> Vec<f32> {
    let mut noise = vec![0.0; DRAWN];
    chance.last_normals(SMALL, robot.id.key64(), &mut noise);
    noise
}

/// Collects what every robot touched in this tick, in order of robot, then of party.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an impulse of mN·s
pub(crate) fn feel(
    physics: Res<Physics>,
    plan: Res<Plan>,
    roster: Res<Roster>,
    mut touches: ResMut<Touches>,
    mut robots: Query<(&Robot, &Motion, &mut Senses)>,
) {
    touches.items.clear();
    for e in &roster.robots {
        let Ok((robot, m, mut senses)) = robots.get_mut(*e) else { continue };
        if m.asleep || robot.away {
            continue; // what it leans on keeps touching it, unchanged
        }
        let first = touches.items.len();
        let own = robot.body.collider();
        for pair in physics.world.narrow_phase.contact_pairs_with(own) {
            if !pair.has_any_active_contact() {
                continue;
            }
            let impulse = pair.total_impulse_magnitude();
            if impulse < 5e-4 {
                continue;
            }
            let other = if pair.collider1 == own { pair.collider2 } else { pair.collider1 };
            let Some(co) = physics.world.colliders.get(other) else { continue };
            let with = marked(co.user_data);
            let impulse_mns = (impulse * 1000.0).round() as u64;
            if let Some(old) = touches.items[first..].iter_mut().find(|c| c.with == with) {
                old.impulse_mns += impulse_mns;
                continue;
            }
            let at = pair.find_deepest_contact().map_or((m.x, m.y), |(_, p)| {
                let own = if pair.collider1 == own { p.local_p1 } else { p.local_p2 };
                physics.world.colliders.get(robot.body.collider()).map_or((m.x, m.y), |c| {
                    let w = c.position().transform_point(own);
                    (w.x, w.y)
                })
            });
            touches.items.push(Contact {
                robot: robot.ix,
                with,
                impulse_mns,
                began: !senses.touching.contains(&with),
                at: plan.outward(at.0, at.1),
            });
        }
        touches.items[first..].sort_unstable_by_key(|c| c.with);
        if !(senses.touching.is_empty() && touches.items.len() == first) {
            senses.touching.clear();
            senses.touching.extend(touches.items[first..].iter().map(|c| c.with));
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_precision_loss)]
fn count(turns: f64, counts: u32) -> i64 {
    (turns * f64::from(counts)).floor() as i64
}

/// Reads every instrument of every robot.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // instruments have limited ranges
pub(crate) fn sense(
    clock: Res<Clock>,
    settings: Res<Settings>,
    plan: Res<Plan>,
    cabins: Res<Cabins>,
    roster: Res<Roster>,
    mut flat: ResMut<FlatWorld>,
    mut dice: ResMut<Dice>,
    loads: Query<&Load>,
    mut robots: Query<(&Robot, &Chassis, &RobotFaults, &Motion, &mut DriveTrain, &Battery, &Deck, &mut Senses)>,
) {
    let p = &settings.0;
    for (i, e) in roster.robots.iter().enumerate() {
        let Ok((robot, c, f, m, mut train, b, deck, mut senses)) = robots.get_mut(*e) else { continue };
        let senses = &mut *senses;
        let r = &mut senses.readings;
        r.tick = clock.tick;
        r.powered = !b.dead && !robot.away;
        if !r.powered {
            continue;
        }
        for w in 0..c.driven {
            let seen = count(train.wheels.turns[w], p.counts_per_turn) - train.missed[w];
            if f.stuck_encoder[w] {
                train.missed[w] += seen - r.encoders[w];
            } else {
                r.encoders[w] = seen;
            }
        }
        let draws = if plan.is_outdoors { 6 } else { 4 };
        if senses.used as usize + draws > senses.noise.len() {
            senses.noise.resize(DRAWN, 0.0);
            dice.0.normals(SMALL, robot.spawn.id.key64(), &mut senses.noise);
            senses.used = 0;
        }
        let mut noise = || {
            senses.used += 1;
            senses.noise[senses.used as usize - 1]
        };
        // A noise is drawn all the same: one draw more or less moves no other.
        let turn_radps = f64::from(m.wz + f.bias_radps) + p.imu_noise_radps * f64::from(noise());
        r.yaw_rate_radps = if f.no_gyro { 0.0 } else { turn_radps };
        r.bumper = !senses.touching.is_empty();
        r.battery_mv = (b.volts * 1000.0).max(0.0) as u32;
        r.battery_ma = (b.amps * 1000.0) as i32;
        let full = (robot.spawn.model.battery_ah * 3600.0).max(1.0);
        r.charge_bps = (b.charge_c / full * 10_000.0).clamp(0.0, 10_000.0) as u32;
        r.charging = b.charging;
        let kg = deck.load.and_then(|l| roster.loads.get(l.at())).and_then(|e| loads.get(*e).ok()).map_or(0.0, |l| l.spawn.mass_kg);
        r.deck_g = (kg * 1000.0 + if kg > 0.0 { p.scale_noise_g * f64::from(noise()) } else { 0.0 }).max(0.0) as u32;
        if deck.bears_g > 0 {
            r.deck_g = deck.bears_g;
        }
        r.handling = deck.doing;
        r.handled = deck.ended;
        let period = u64::from(p.lidar.period_ticks.max(1));
        if !(clock.tick + i as u64).is_multiple_of(period) {
            continue;
        }
        r.marker = marker(&plan, &flat, p.marker_reach_m as f32, m).filter(|_| !f.no_markers).map(|(v, x, y)| {
            let (dx, dy) = (x - m.x, y - m.y);
            let (n, s) = (p.marker_noise_m, [noise(), noise(), 0.0]);
            let at = Vec2::new(
                f64::from(m.cos * dx + m.sin * dy + f.markers_off.0) + n * f64::from(s[0]),
                f64::from(m.cos * dy - m.sin * dx + f.markers_off.1) + n * f64::from(s[1]),
            );
            MarkerReading {
                vertex: VertexIx::new(v),
                at,
                heading_rad: real::wrap_angle(f64::from(m.yaw) + 0.5 * n * f64::from(s[0] - s[1])),
            }
        });
        let sky = plan.is_outdoors && m.lift == 0;
        r.fix = sky.then(|| plan.outward(m.x, m.y) + Vec2::new(f64::from(noise()), f64::from(noise())) * p.fix_noise_m);
        if !p.lidar.enabled {
            continue;
        }
        r.scan_tick = clock.tick;
        let rays = p.lidar.rays as usize;
        if f.stuck_scan && senses.ranges_mm.len() == rays {
            continue;
        }
        let key = robot.spawn.id.key64();
        let riding = m.lift > 0 && cabins.items.get(m.lift as usize - 1).is_some_and(|c| c.1 != 0.0);
        let range = p.lidar.range_m as f32;
        flat.scan(m.level as usize, (m.x, m.y), (m.cos, m.sin), range, robot.ix.ix, riding);
        if let Some(g) = f.ghost {
            flat.ghost(g.x, g.y, g.r, range);
        }
        let (depth, rough) = flat.buffers();
        dice.0.normals(SCAN, key, rough);
        senses.ranges_mm.clear();
        let sigma = p.lidar.noise_m as f32 * 1000.0;
        senses.ranges_mm.extend(
            depth.iter().zip(&*rough).map(
                |(d, n)| {
                    if *d >= range { SCAN_FREE } else { (d * 1000.0 + sigma * n).clamp(1.0, 65_534.0) as u16 }
                },
            ),
        );
        let lost = p.lidar.dropout_ppm.saturating_add(f.lost_bps.saturating_mul(100)).min(1_000_000);
        if lost > 0 {
            drop_rays(&mut dice.0, key, lost, &mut senses.ranges_mm);
        }
    }
}

/// Loses rays by chance: the gap to the next lost one is drawn, so few draws are needed.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // ray numbers
fn drop_rays(dice: &mut Chance, key: u64, ppm: u32, ranges: &mut [u16]) {
    if ppm >= 1_000_000 {
        ranges.fill(SCAN_LOST);
        return;
    }
    let share = f64::from(ppm) / 1e6;
    let mut at = 0usize;
    loop {
        // Value 0 means nothing is lost; the gap shrinks as the draw grows.
        let drawn = dice.choose(LOST, key, 1 << 30) as f64 / (1u64 << 30) as f64;
        let gap = real::ln(drawn.max(1e-12)) / real::ln(1.0 - share);
        if drawn == 0.0 || gap >= ranges.len() as f64 {
            return;
        }
        at += gap as usize;
        let Some(r) = ranges.get_mut(at) else { return };
        *r = SCAN_LOST;
        at += 1;
    }
}

/// The nearest marker in reach and sight.
fn marker(plan: &Plan, flat: &FlatWorld, reach: f32, m: &Motion) -> Option<(u32, f32, f32)> {
    let s = plan.storeys.get(m.level as usize)?;
    let d2 = |x: f32, y: f32| (x - m.x) * (x - m.x) + (y - m.y) * (y - m.y);
    let mut best: Option<(u32, f32, f32)> = None;
    for (v, x, y) in &s.markers {
        if d2(*x, *y) <= reach * reach && best.is_none_or(|b| d2(*x, *y) < d2(b.1, b.2)) {
            best = Some((*v, *x, *y));
        }
    }
    best.filter(|b| flat.sees(m.level as usize, (m.x, m.y), (b.1, b.2)))
}
