//! What a skill may do on a robot: the meet of what its manifest, its certificate, the plan and the policy allow, and a
//! budget of fuel for each tick and of memory.

use crate::words::{Capability, Envelope, Use};
use nooterra_engine::Record;
use std::collections::BTreeMap;

/// Fuel of one tick.
pub const FUEL_PER_TICK: u64 = 10_000_000;
/// Memory, bytes.
pub const MEMORY_MAX: u64 = 64 << 20;

/// One list of limits.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Limits {
    /// Capabilities with their ranges; what is not here is not allowed.
    uses: BTreeMap<Capability, Range>,
    /// Bounds on the robot.
    pub envelope: Envelope,
}

/// From least to greatest argument, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Range {
    min: i64,
    max: i64,
}

impl Limits {
    /// From a list of uses; of a capability named twice only what both allow.
    pub fn new(uses: &[Use], envelope: Envelope) -> Self {
        let mut out: BTreeMap<Capability, Range> = BTreeMap::new();
        let mut empty = Vec::new();
        for u in uses {
            let before = out.get(&u.capability).copied().unwrap_or(Range { min: i64::MIN, max: i64::MAX });
            let now = Range { min: u.min.max(before.min), max: u.max.min(before.max) };
            if now.min > now.max {
                empty.push(u.capability);
            }
            out.insert(u.capability, now);
        }
        out.retain(|c, r| r.min <= r.max && !empty.contains(c));
        Self { uses: out, envelope }
    }

    /// What both allow.
    #[must_use]
    pub fn meet(&self, o: &Self) -> Self {
        let both = |(c, a): (&Capability, &Range)| {
            let b = o.uses.get(c)?;
            let r = Range { min: a.min.max(b.min), max: a.max.min(b.max) };
            (r.min <= r.max).then_some((*c, r))
        };
        Self { uses: self.uses.iter().filter_map(both).collect(), envelope: self.envelope.meet(o.envelope) }
    }

    /// Is this call allowed?
    pub fn allows(&self, capability: Capability, argument: i64) -> bool {
        self.uses.get(&capability).is_some_and(|r| r.min <= argument && argument <= r.max)
    }

    /// The uses, ascending.
    pub fn uses(&self) -> impl Iterator<Item = Use> + '_ {
        self.uses.iter().map(|(c, r)| Use { capability: *c, min: r.min, max: r.max })
    }
}

/// Why a skill is stopped by its sandbox (`SKILL_STOPPED`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Breach {
    /// A capability that it does not have, or an argument out of its range: an incident.
    Undeclared,
    /// Out of fuel in this tick, or out of memory (`BUDGET`).
    Budget,
}

/// What stands between a running skill and its robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Sandbox {
    limits: Limits,
    fuel: u64,
    memory: u64,
    /// What ended it.
    pub breach: Option<Breach>,
    /// Calls refused.
    pub refused: u32,
}

impl Sandbox {
    /// With the meet of these lists.
    pub fn new(manifest: &Limits, certificate: &Limits, plan: &Limits, policy: &Limits) -> Self {
        let limits = manifest.meet(certificate).meet(plan).meet(policy);
        Self { limits, fuel: FUEL_PER_TICK, memory: 0, breach: None, refused: 0 }
    }

    /// What it may do.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A tick begins: the fuel of the last one is gone, used or not.
    pub fn tick(&mut self) {
        self.fuel = FUEL_PER_TICK;
    }

    /// Work was done; false once the skill is stopped.
    pub fn burn(&mut self, fuel: u64) -> bool {
        match self.fuel.checked_sub(fuel) {
            Some(left) => self.fuel = left,
            None => self.stop(Breach::Budget),
        }
        self.breach.is_none()
    }

    /// Memory grows to so many bytes; false once the skill is stopped.
    pub fn grow(&mut self, bytes: u64) -> bool {
        self.memory = self.memory.max(bytes);
        if self.memory > MEMORY_MAX {
            self.stop(Breach::Budget);
        }
        self.breach.is_none()
    }

    /// May this call be carried out? A call that is not allowed ends the skill.
    pub fn call(&mut self, capability: Capability, argument: i64) -> bool {
        if self.breach.is_some() {
            return false;
        }
        if self.limits.allows(capability, argument) {
            return true;
        }
        self.refused += 1;
        self.stop(Breach::Undeclared);
        false
    }

    fn stop(&mut self, b: Breach) {
        self.breach.get_or_insert(b);
    }
}
