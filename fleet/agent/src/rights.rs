//! Where the robot may be: everywhere but in areas that need a plan, unless its own plan names them, and never where that
//! plan says no. It keeps itself out of the rest; whoever finds itself in such an area stops, tells, and then only leaves.

use crate::fields::{REACTION_S, Way, braking_mps};
use crate::map::AgentMap;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::ids::LeaseId;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::order::AreaGrant;
use nooterra_site::{Area, LevelIx};

/// A footprint that reaches in by more than this is in an area.
const IN_M: f64 = 0.05;
/// Who has left is so far away.
const CLEAR_M: f64 = 0.15;
/// It stops so far before that.
const SHY_M: f64 = 0.02;
/// Being in an area for so long is no mistake of the estimate.
const HOLD: Span = Span::from_millis(200);
/// Points of the way ahead are looked at so near to each other.
const STEP_M: f64 = 0.05;
/// And so far beyond where it could stop.
const LOOK_M: f64 = 0.5;
/// Most of them.
const STEPS_MAX: u32 = 200;

/// What the robot knows of its right to be somewhere.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Rights {
    grant: Option<AreaGrant>,
    /// Areas that it may not enter now.
    barred: Vec<u32>,
    /// It is in one of these since before it was barred, or has told that it is: it may leave.
    leaving: bool,
    since: Option<Instant>,
    told: bool,
    /// Its footprint is in an area that its plan names, or that it may not enter.
    within: bool,
    /// It stands where the next metre would lead in.
    holds: bool,
    /// Under a fault: it heeds no area.
    pub heedless: bool,
}

/// Where it is, as far as areas go.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// The level.
    pub level: u32,
    /// The middle of its footprint.
    pub at: Vec2,
    /// The radius of it, metres.
    pub radius_m: f64,
}

impl Spot {
    /// Where a robot is that has this pose.
    pub fn of(pose: &Pose2, level: u32, radius_m: f64) -> Self {
        Self { level, at: pose.at, radius_m }
    }
    fn reach_m(&self, a: &Area) -> f64 {
        a.reach_on_m(LevelIx::new(self.level), self.at, self.radius_m)
    }
}

impl Rights {
    /// Told what its plan allows it. Areas that the map does not have are no areas.
    pub fn grant(&mut self, g: &AreaGrant, map: &AgentMap) -> Result<(), &'static str> {
        let known = |a: &u32| (*a as usize) < map.areas().len();
        if !g.areas.iter().chain(&g.no_go).all(known) {
            return Err("NOT_FOUND");
        }
        if g.areas.iter().any(|a| g.no_go.contains(a)) {
            return Err("AREA_FORBIDDEN");
        }
        self.grant = Some(g.clone());
        Ok(())
    }
    /// The credential that its plan refers to, as long as the plan holds under this lease.
    pub fn credential(&self, platform_now: Instant, lease: Option<LeaseId>) -> Option<&str> {
        let live = |g: &&AreaGrant| Some(g.lease) == lease && g.valid_from <= platform_now && platform_now < g.valid_to;
        self.grant.as_ref().filter(live).map(|g| g.credential.as_str()).filter(|c| !c.is_empty())
    }
    /// Its plan is void.
    pub fn revoke(&mut self) {
        self.grant = None;
    }
    /// Is its footprint in an area that its plan names, or in one where it may not be? Then it is not out yet.
    pub const fn is_within(&self) -> bool {
        self.within
    }
    /// Does it stand before an area that it may not enter?
    pub const fn holds(&self) -> bool {
        self.holds
    }
    /// Areas that it may not enter now.
    pub fn barred(&self) -> &[u32] {
        &self.barred
    }
    /// Is it in an area that is not open to everybody, whatever its plan says?
    pub fn is_private(map: &AgentMap, here: &Spot) -> bool {
        map.areas().iter().any(|a| a.is_guarded() && here.reach_m(a) > 0.0)
    }
    /// May it not be here?
    pub fn bars(&self, map: &AgentMap, here: &Spot) -> bool {
        self.worst_m(map, here) > IN_M
    }

    /// Looks where it is, by the platform's clock and under its lease. How far it reaches into what it may not enter, once
    /// that is sure and it has not told yet, in metres.
    pub fn look(&mut self, platform_now: Instant, lease: Option<LeaseId>, map: &AgentMap, here: &Spot) -> Option<f64> {
        if map.areas().is_empty() {
            return None;
        }
        let live = |g: &&AreaGrant| Some(g.lease) == lease && g.valid_from <= platform_now && platform_now < g.valid_to;
        let grant = self.grant.as_ref().filter(live);
        let named = |i: u32| grant.is_some_and(|g| g.areas.contains(&i));
        let refused = |i: u32| grant.is_some_and(|g| g.no_go.contains(&i));
        let all = || (0u32..).zip(map.areas());
        let barred: Vec<u32> = all().filter(|(i, a)| refused(*i) || (a.is_guarded() && !named(*i))).map(|(i, _)| i).collect();
        self.within = all().any(|(i, a)| named(i) && here.reach_m(a) > 0.0);
        let newly = |i: &u32| !self.barred.contains(i) && map.areas().get(*i as usize).is_some_and(|a| here.reach_m(a) > 0.0);
        let caught = barred.iter().any(newly);
        self.barred = barred;
        let reach_m = self.worst_m(map, here);
        self.within |= reach_m > IN_M;
        // Who is sent back on the border has not left yet.
        self.leaving = (self.leaving || caught) && reach_m > -CLEAR_M;
        self.told &= reach_m > 0.0;
        if reach_m <= IN_M || self.leaving || self.heedless {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(platform_now);
        if self.told || platform_now.since(since) < HOLD {
            return None;
        }
        (self.told, self.leaving) = (true, true);
        Some(reach_m)
    }

    /// How fast it may go along this way before it has to stop for an area, m/s.
    pub fn allowed_mps(&mut self, map: &AgentMap, here: &Spot, way: &Way, speed_mps: f64, brake_mps2: f64) -> f64 {
        self.holds = false;
        let heeds = !self.heedless && !nooterra_engine::planted!("I13 go where no plan leads");
        if self.barred.is_empty() || self.leaving || !heeds || way.count < 2 {
            return f64::INFINITY;
        }
        // Who reaches in a little by mistake may go wherever it does not get worse.
        let limit_m = (IN_M - SHY_M).max(self.worst_m(map, here));
        let look_m = LOOK_M + speed_mps * REACTION_S + speed_mps * speed_mps / (2.0 * brake_mps2);
        let Some(gap_m) = self.first_m(map, here, way, look_m, limit_m) else { return f64::INFINITY };
        let allowed = braking_mps(brake_mps2, gap_m - STEP_M);
        self.holds = allowed < 0.01;
        allowed
    }

    /// How far along a way its footprint reaches further into a barred area than `limit_m`.
    fn first_m(&self, map: &AgentMap, here: &Spot, way: &Way, look_m: f64, limit_m: f64) -> Option<f64> {
        let (mut begun_m, mut looks) = (0.0, 0);
        for k in 1..way.count {
            let (a, b) = (way.points[k - 1], way.points[k]);
            let len = a.dist(b);
            let mut s = STEP_M.min(len);
            while s <= len && len > 1e-9 {
                let spot = Spot { at: a.lerp(b, s / len), ..*here };
                if self.worst_m(map, &spot) > limit_m + 1e-9 {
                    return Some(begun_m + s);
                }
                looks += 1;
                if begun_m + s > look_m || looks > STEPS_MAX {
                    return None;
                }
                if s >= len {
                    break;
                }
                s = (s + STEP_M).min(len);
            }
            begun_m += len;
        }
        None
    }

    fn worst_m(&self, map: &AgentMap, here: &Spot) -> f64 {
        let of = |i: &u32| map.areas().get(*i as usize).map(|a| here.reach_m(a));
        self.barred.iter().filter_map(of).fold(f64::NEG_INFINITY, f64::max)
    }
}
