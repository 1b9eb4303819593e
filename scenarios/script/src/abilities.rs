//! What robots can do, in numbers: what a requester asks for, and what an owner says of its robots.

use crate::at::At;
use nooterra_port::ability::{Declared, NAMES};
use schemars::JsonSchema;
use serde::Deserialize;

/// Values of a robot by the names that it declares them under.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abilities {
    /// How fast it gets faster, mm/s².
    pub accel_mm_s2: Option<At<u64>>,
    /// How high its deck is, mm.
    pub height_mm: Option<At<u64>>,
    /// How much it carries, g.
    pub payload_g: Option<At<u64>>,
    /// How fast it drives, mm/s.
    pub speed_mm_s: Option<At<u64>>,
    /// How fast it turns, mrad/s.
    pub turn_mrad_s: Option<At<u64>>,
    /// How wide it is, mm.
    pub width_mm: Option<At<u64>>,
}

impl Abilities {
    /// What is said, by the names of the wire, ascending.
    pub fn said(&self) -> Vec<Declared> {
        let fields = [&self.accel_mm_s2, &self.height_mm, &self.payload_g, &self.speed_mm_s, &self.turn_mrad_s, &self.width_mm];
        let named = NAMES.iter().zip(fields);
        named.filter_map(|(name, v)| v.as_ref().map(|v| Declared { name: (*name).to_owned(), value: v.value })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_said_under_its_own_name() {
        let one = |n: u64| Some(At { value: n, line: 0, column: 0 });
        let all = Abilities {
            accel_mm_s2: one(1),
            height_mm: one(2),
            payload_g: one(3),
            speed_mm_s: one(4),
            turn_mrad_s: one(5),
            width_mm: one(6),
        };
        let said: Vec<(String, u64)> = all.said().into_iter().map(|d| (d.name, d.value)).collect();
        let names = ["accel_mm_s2", "height_mm", "payload_g", "speed_mm_s", "turn_mrad_s", "width_mm"];
        assert_eq!(said, names.iter().map(|n| (*n).to_owned()).zip(1..).collect::<Vec<_>>());
        assert!(Abilities::default().said().is_empty());
    }
}
