//! The words in which values are written: durations, ranges, shares, rates, money. All become integers at once.

use nooterra_engine::money::{Amount, Currency, parse_money};
use nooterra_engine::time::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// Longest duration that a file may name: thirty days.
pub const LONGEST: Span = Span::from_secs(30 * 86_400);

/// A scalar handed over as text, whatever YAML took it for.
struct Text<T> {
    expected: &'static str,
    parse: fn(&str) -> Result<T, String>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<T, E> {
        (self.parse)(v.trim()).map_err(E::custom)
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }
}

macro_rules! word {
    ($type:ty, $name:literal, $expected:literal, $parse:expr, $schema:tt) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_any(Text { expected: $expected, parse: $parse })
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

/// A length of time: `30m`, `1h30m`, `20ms`, `1.5s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub Span);
word!(Time, "Time", "a duration such as `30m`, `1h30m` or `20ms`", |t| span(t).map(Time), {
    "type": "string",
    "description": "A duration: whole or decimal numbers with units ns, us, ms, s, m, h, d; for example 30m, 1h30m, 20ms.",
    "pattern": "^([0-9]+([.][0-9]+)?(ns|us|ms|s|min|m|h|d))+$"
});

/// A length of time, or a range of them: `20ms` or `20ms..400ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Shortest.
    pub min: Span,
    /// Longest.
    pub max: Span,
}
word!(Times, "Times", "a duration or a range of them such as `20ms..400ms`", |t| range(t, span).map(|(min, max)| Times { min, max }), {
    "type": "string",
    "description": "A duration or a range of durations: 20ms or 20ms..400ms."
});

/// A share in parts per million: `0.2` or `20%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Share(pub u32);
word!(Share, "Share", "a share from 0 to 1, such as `0.2` or `20%`", |t| share(t).map(Share), {
    "type": ["number", "string"],
    "description": "A share from 0 to 1, or a percentage: 0.2 or 20%."
});

/// A range of shares: `0..0.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Smallest, parts per million.
    pub min: u32,
    /// Largest, parts per million.
    pub max: u32,
}
word!(Shares, "Shares", "a share or a range of them such as `0..0.3`", |t| range(t, share).map(|(min, max)| Shares { min, max }), {
    "type": ["number", "string"],
    "description": "A share or a range of shares: 0.1 or 0..0.3."
});

/// Events an hour, in thousandths: `12` or `7.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rate(pub u64);
word!(Rate, "Rate", "a number of events an hour, such as `12`", |t| rate(t).map(Rate), {
    "type": ["number", "string"],
    "description": "Events an hour, above 0 and up to 100000."
});

/// A range of rates: `6..30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Smallest, thousandths.
    pub min: u64,
    /// Largest, thousandths.
    pub max: u64,
}
word!(Rates, "Rates", "a rate an hour or a range such as `6..30`", |t| range(t, rate).map(|(min, max)| Rates { min, max }), {
    "type": ["number", "string"],
    "description": "Events an hour, or a range: 12 or 6..30."
});

/// A range of counts: `0..4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Smallest.
    pub min: u32,
    /// Largest.
    pub max: u32,
}
word!(Counts, "Counts", "a count or a range such as `0..4`", |t| range(t, count).map(|(min, max)| Counts { min, max }), {
    "type": ["integer", "string"],
    "description": "A count or a range of counts: 3 or 0..4."
});

/// An amount of money: `EUR 2.50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Currency.
    pub currency: Currency,
    /// Minor units.
    pub amount: Amount,
}
word!(Money, "Money", "an amount of money such as `EUR 2.50`", |t| parse_money(t).map(|(currency, amount)| Money { currency, amount }), {
    "type": "string",
    "description": "An amount of money: ISO 4217 code and number, for example EUR 2.50.",
    "pattern": "^[A-Z]{3} +[0-9]+([.][0-9]+)?$"
});

/// A currency: `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coin(pub Currency);
word!(Coin, "Coin", "a currency such as `EUR`",
    |t| Currency::parse(t).map(Coin).map_err(|_| format!("`{t}` is no currency known here; write its ISO 4217 code, for example `EUR`")), {
    "type": "string",
    "description": "An ISO 4217 currency code.",
    "pattern": "^[A-Z]{3}$"
});

/// A mass in grams: `500 g`, `1.2kg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mass(pub u32);
word!(Mass, "Mass", "a mass such as `500g` or `1.2kg`", |t| mass(t).map(Mass), {
    "type": "string",
    "description": "A mass: 500g or 1.2kg.",
    "pattern": "^[0-9]+([.][0-9]+)? *(g|kg)$"
});

/// A length in millimetres: `0.8m`, `400mm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Length(pub u32);
word!(Length, "Length", "a length such as `0.8m` or `400mm`", |t| length(t).map(Length), {
    "type": "string",
    "description": "A length: 0.8m or 400mm.",
    "pattern": "^[0-9]+([.][0-9]+)? *(mm|cm|m)$"
});

/// A decimal number times `scale`, exactly; digits beyond the scale must be zero.
fn decimal(text: &str, scale: u64) -> Option<u64> {
    let (whole, frac) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(frac) || (text.contains('.') && frac.is_empty()) {
        return None;
    }
    let (mut value, mut unit) = (whole.parse::<u64>().ok()?.checked_mul(scale)?, scale);
    for d in frac.bytes() {
        let d = u64::from(d - b'0');
        if unit % 10 != 0 && d != 0 {
            return None;
        }
        unit /= 10;
        value = value.checked_add(d.checked_mul(unit)?)?;
    }
    Some(value)
}

/// Where the number at the start of `text` ends.
fn number_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len())
}

/// Reads `1h30m`, `20ms`, `1.5s`.
pub fn span(text: &str) -> Result<Span, String> {
    let hint = || format!("`{text}` is no duration; write a number with a unit: `30m`, `1h30m`, `20ms`");
    let (mut rest, mut total) = (text.trim(), 0u64);
    if rest.is_empty() {
        return Err(hint());
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(number_end(rest));
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
        let ns = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" | "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return Err(hint()),
        };
        total = decimal(number, ns).and_then(|v| total.checked_add(v)).ok_or_else(hint)?;
        rest = after.trim_start();
    }
    if total > LONGEST.0 {
        return Err(format!("`{text}` is longer than thirty days"));
    }
    Ok(Span(total))
}

fn range<T: PartialOrd + Copy>(text: &str, one: fn(&str) -> Result<T, String>) -> Result<(T, T), String> {
    match text.split_once("..") {
        None => one(text).map(|v| (v, v)),
        Some((a, b)) => {
            let (a, b) = (one(a.trim())?, one(b.trim())?);
            if a > b { Err(format!("the range `{text}` ends before it begins")) } else { Ok((a, b)) }
        }
    }
}

fn share(text: &str) -> Result<u32, String> {
    let (number, scale) = text.strip_suffix('%').map_or((text, 1_000_000), |n| (n.trim(), 10_000));
    match decimal(number, scale) {
        Some(v) if v <= 1_000_000 => Ok(u32::try_from(v).unwrap_or(1_000_000)),
        _ => Err(format!("`{text}` is no share from 0 to 1; write for example `0.2` or `20%`")),
    }
}

fn rate(text: &str) -> Result<u64, String> {
    match decimal(text, 1_000) {
        Some(v) if (1..=100_000_000).contains(&v) => Ok(v),
        _ => Err(format!("`{text}` is no rate an hour above 0 and up to 100000; write for example `12`")),
    }
}

fn count(text: &str) -> Result<u32, String> {
    text.parse::<u32>().ok().filter(|n| *n <= 100_000).ok_or_else(|| format!("`{text}` is no count from 0 to 100000"))
}

fn unit(text: &str, units: &[(&str, u64)], what: &str) -> Result<u32, String> {
    let (number, name) = text.split_at(number_end(text));
    let scale = units.iter().find(|(n, _)| *n == name.trim()).map(|(_, s)| *s);
    let value = scale.and_then(|s| decimal(number, s)).and_then(|v| u32::try_from(v).ok());
    value.filter(|v| *v <= 1_000_000_000).ok_or_else(|| format!("`{text}` is no {what}"))
}

fn mass(text: &str) -> Result<u32, String> {
    unit(text, &[("g", 1), ("kg", 1_000)], "mass; write for example `500g` or `1.2kg`")
}

fn length(text: &str) -> Result<u32, String> {
    unit(text, &[("mm", 1), ("cm", 10), ("m", 1_000)], "length; write for example `0.8m` or `400mm`")
}
