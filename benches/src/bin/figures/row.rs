//! One line of the table.

use std::fmt::Write as _;

/// What a number has to be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Nothing: it explains another row.
    None,
}

/// A figure with its goal.
#[derive(Debug, Clone)]
pub struct Row {
    pub what: String,
    pub measured: Option<f64>,
    pub unit: &'static str,
    pub goal: Goal,
    pub remark: String,
}

impl Row {
    pub fn new(what: impl Into<String>, measured: f64, unit: &'static str, goal: Goal) -> Self {
        Self { what: what.into(), measured: Some(measured), unit, goal, remark: String::new() }
    }
    pub fn absent(what: impl Into<String>, unit: &'static str, goal: Goal, why: impl Into<String>) -> Self {
        Self { what: what.into(), measured: None, unit, goal, remark: why.into() }
    }
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = remark.into();
        self
    }
    fn met(&self) -> Option<bool> {
        match (self.measured?, self.goal) {
            (m, Goal::AtLeast(g)) => Some(m >= g),
            (m, Goal::AtMost(g)) => Some(m <= g),
            (_, Goal::None) => None,
        }
    }
}

fn number(v: f64) -> String {
    let digits = if v.abs() >= 1_000.0 {
        0
    } else if v.abs() >= 10.0 {
        1
    } else {
        3
    };
    format!("{v:.digits$}")
}

/// For people.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{:<58} {:>14} {:>14}  {:<7} remark", "what", "measured", "goal", "met");
    for r in rows {
        let measured = r.measured.map_or_else(|| "-".into(), |m| format!("{} {}", number(m), r.unit));
        let goal = match r.goal {
            Goal::AtLeast(g) => format!(">= {}", number(g)),
            Goal::AtMost(g) => format!("<= {}", number(g)),
            Goal::None => String::new(),
        };
        let met = r.met().map_or("", |m| if m { "yes" } else { "NO" });
        let _ = writeln!(out, "{:<58} {measured:>14} {goal:>14}  {met:<7} {}", r.what, r.remark);
    }
    out
}

/// For programs.
pub fn json(rows: &[Row]) -> serde_json::Value {
    let each = rows.iter().map(|r| {
        let (at_least, at_most) = match r.goal {
            Goal::AtLeast(g) => (Some(g), None),
            Goal::AtMost(g) => (None, Some(g)),
            Goal::None => (None, None),
        };
        serde_json::json!({
            "what": r.what, "measured": r.measured, "unit": r.unit, "at_least": at_least, "at_most": at_most,
            "met": r.met(), "remark": r.remark,
        })
    });
    serde_json::Value::Array(each.collect())
}
