//! Detectors of place and word: where it is, whether it may be, and whether it still tells.

use crate::detect::sample::Reading;
use crate::detect::threshold::Thresholds;
use crate::detect::watch::{Edge, Hold, Level, gravest, measure};
use nooterra_engine::Record;
use std::collections::BTreeSet;

/// `ZONE_VIOLATION`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct ZoneViolation {
    hold: Hold,
    edge: Edge,
}

impl ZoneViolation {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Footprint { outside_mm, no_go, private } = *r else { return None };
        let held = self.hold.see(now, outside_mm > p.zone_mm || no_go);
        let steps = |h: u64| [(h >= p.zone_ns, 3), (h >= p.zone_ns && private, 4)];
        self.edge.rise(held.and_then(|h| gravest(i64::from(outside_mm), &steps(h))))
    }
}

/// `LINK_LOST`: judged whenever time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct LinkLost {
    inside_since: Option<u64>,
    heard: Option<u64>,
    edge: Edge,
}

impl LinkLost {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        match *r {
            Reading::Presence { inside: true } => self.inside_since = self.inside_since.or(Some(now)),
            Reading::Presence { inside: false } => self.inside_since = None,
            Reading::Heartbeat => self.heard = Some(now),
            _ => {}
        }
        // One never heard is missed from the moment it was seen inside.
        let silent = self.inside_since.map(|i| now.saturating_sub(self.heard.unwrap_or(i)));
        self.edge.rise(silent.and_then(|s| gravest(measure(s), &[(s >= p.link_1_ns, 1), (s >= p.link_2_ns, 2)])))
    }
}

/// `BATTERY_DEPLETION`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Battery {
    inside: bool,
    edge: Edge,
}

impl Battery {
    pub(crate) fn see(&mut self, r: &Reading, p: &Thresholds) -> Level {
        match *r {
            Reading::Presence { inside } => {
                self.inside = inside;
                None
            }
            Reading::Battery { soc_bps, need_bps, supply } => {
                let low = soc_bps < need_bps.saturating_add(p.battery_bps);
                self.edge.rise(gravest(i64::from(soc_bps), &[(low, 2), (!supply && self.inside, 3)]))
            }
            _ => None,
        }
    }
}

/// `PRIVACY_BREACH`: gates not heard of are shut. Each frame speaks for itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Privacy {
    open: BTreeSet<u16>,
}

impl Privacy {
    pub(crate) fn see(&mut self, r: &Reading) -> Level {
        match *r {
            Reading::Gate { channel, open: true } => {
                self.open.insert(channel);
                None
            }
            Reading::Gate { channel, open: false } => {
                self.open.remove(&channel);
                None
            }
            Reading::Frame { channel } => gravest(i64::from(channel), &[(!self.open.contains(&channel), 4)]),
            _ => None,
        }
    }
}

/// `ACCESS_ANOMALY`: needs no memory.
pub(crate) fn access(r: &Reading) -> Level {
    let Reading::Passage { grant, fence } = *r else { return None };
    gravest(0, &[(!grant || !fence, 4)])
}

/// Chunks that come early are remembered up to this many; beyond, they count as missing.
pub const EARLY_MAX: usize = 1_024;

/// `TELEMETRY_GAP`: judged whenever time passes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct TelemetryGap {
    /// The chunk that is awaited, and since when; nothing before the first.
    awaited: Option<u64>,
    since: u64,
    early: BTreeSet<u64>,
    down: bool,
    up_since: u64,
    incident: bool,
    edge: Edge,
}

impl TelemetryGap {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        match *r {
            Reading::Chunk { number } => self.chunk(now, number),
            Reading::Link { up } => {
                if up && self.down {
                    self.up_since = now;
                }
                self.down = !up;
            }
            Reading::IncidentOpen { open } => self.incident = open,
            _ => {}
        }
        let waits = self.awaited.filter(|_| !self.down).map(|_| now.saturating_sub(self.since.max(self.up_since)));
        self.edge.rise(waits.and_then(|w| gravest(measure(w), &[(w > p.gap_ns, 2), (w > p.gap_ns && self.incident, 3)])))
    }

    fn chunk(&mut self, now: u64, number: u64) {
        let awaited = self.awaited.unwrap_or(number);
        if number > awaited && self.early.len() < EARLY_MAX {
            self.early.insert(number);
        }
        if number != awaited {
            return;
        }
        let mut next = awaited.saturating_add(1);
        while self.early.remove(&next) {
            next = next.saturating_add(1);
        }
        (self.awaited, self.since) = (Some(next), now);
    }
}
