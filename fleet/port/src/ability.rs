//! What a robot says that it can do (domain 3.7, `CAPABILITIES_ADVERTISED`): in a VDA 5050 factsheet, its `typeSpecification`
//! and `physicalParameters`.

use nooterra_engine::Record;

/// Names of what can be declared and required, ascending; each ends with its unit. More is more of it.
pub const NAMES: [&str; 6] = ["accel_mm_s2", "height_mm", "payload_g", "speed_mm_s", "turn_mrad_s", "width_mm"];

/// Values and sensors that one robot declares, at most.
pub const DECLARED_MAX: usize = 32;

/// A declared value.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Declared {
    /// What it measures: one of [`NAMES`], or a name that both sides agreed on.
    pub name: String,
    /// How much.
    pub value: u64,
}

/// What a robot can do by its own word. Sent when it starts, when it changes, and each day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Advert {
    /// Values, ascending by name, each once.
    pub capabilities: Vec<Declared>,
    /// Sensors that work, ascending: `lidar`, `bumper`, …
    pub sensors: Vec<String>,
    /// Whole battery, joules.
    pub battery_j: u64,
}

impl Advert {
    /// Is it of a shape that can be kept: not too much of it, in order, with names that are words?
    pub fn is_sound(&self) -> bool {
        let is_word =
            |n: &str| !n.is_empty() && n.len() <= 32 && n.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let (values, sensors) = (&self.capabilities, &self.sensors);
        values.len() <= DECLARED_MAX
            && sensors.len() <= DECLARED_MAX
            && values.iter().all(|d| is_word(&d.name))
            && sensors.iter().all(|s| is_word(s))
            && values.is_sorted_by(|a, b| a.name < b.name)
            && sensors.is_sorted_by(|a, b| a < b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advert(names: &[&str], sensors: &[&str]) -> Advert {
        let capabilities = names.iter().map(|n| Declared { name: (*n).to_owned(), value: 1 }).collect();
        Advert { capabilities, sensors: sensors.iter().map(|s| (*s).to_owned()).collect(), battery_j: 1 }
    }

    #[test]
    fn what_is_declared_is_words_in_order() {
        assert!(advert(&NAMES, &["bumper", "lidar"]).is_sound());
        assert!(advert(&[], &[]).is_sound());
        let long = "x".repeat(33);
        for names in [&["speed_mm_s", "speed_mm_s"][..], &["speed_mm_s", "payload_g"], &[""], &["Speed"], &["a b"], &[&long]] {
            assert!(!advert(names, &[]).is_sound(), "{names:?}");
            assert!(!advert(&[], names).is_sound(), "{names:?}");
        }
        let many: Vec<String> = (10..43).map(|n| format!("n{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(advert(&many[..32], &many[..32]).is_sound());
        assert!(!advert(&many, &[]).is_sound() && !advert(&[], &many).is_sound());
    }
}
