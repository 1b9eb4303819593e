//! Remote operators: their hours and their ways.

use super::Desk;
use super::names::index;
use crate::at::At;
use crate::flaw::nearest;
use crate::resolved::OperatorPlan;
use nooterra_engine::time::{Instant, Span};

/// Most operators of a scenario.
const MOST: usize = 100;
/// Time to an answer, if it is not said.
const RESPONSE: (Span, Span) = (Span::from_secs(3), Span::from_secs(8));

pub(super) fn operators(desk: &mut Desk<'_>, duration: Span) -> Vec<OperatorPlan> {
    let scenario = desk.scenario;
    let mut out: Vec<OperatorPlan> = Vec::new();
    for e in &scenario.operators {
        if out.iter().any(|o| o.name == e.name.value) {
            desk.flaw(&e.name, format!("two operators are called `{}`", e.name.value), "give each its own name");
        }
        let (from, to) = match &e.shift {
            None => (Instant::ZERO, Instant::ZERO + Span(duration.0.saturating_mul(2))),
            Some(s) => {
                if s.to.0 <= s.from.0 {
                    desk.flaw(&s.to, "the shift ends before it begins", "write for example `shift: {from: 0s, to: 20m}`");
                }
                (Instant::ZERO + s.from.0, Instant::ZERO + s.to.0)
            }
        };
        let (response_min, response_max) = e.response.as_ref().map_or(RESPONSE, |r| (r.min, r.max));
        let does = e.does.as_ref().map(|d| d.value).unwrap_or_default();
        out.push(OperatorPlan { name: e.name.value.clone(), response_min, response_max, from, to, does });
    }
    if out.len() > MOST {
        let last = &desk.scenario.operators[MOST].name;
        desk.flaws.push(crate::Flaw::of(last, format!("{} operators are more than {MOST}", out.len()), "name fewer"));
        out.truncate(MOST);
    }
    out
}

impl Desk<'_> {
    /// The operator of this name.
    pub(super) fn operator(&mut self, name: &At<String>) -> Option<u32> {
        let scenario = self.scenario;
        let hit = scenario.operators.iter().position(|o| o.name.value == name.value);
        if hit.is_none() {
            let known = scenario.operators.iter().map(|o| o.name.value.as_str());
            self.flaw(name, format!("there is no operator `{}`", name.value), nearest(name, known));
        }
        hit.map(index)
    }
}
