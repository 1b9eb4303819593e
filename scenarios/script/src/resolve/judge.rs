//! Expectations: conditions compiled, anchors checked.

use super::Desk;
use crate::at::At;
use crate::expect::{Condition, Form, in_currency};
use crate::flaw::nearest;
use crate::resolved::{Expectation, FaultKind};
use crate::scenario::{Eventually, Expect};
use nooterra_engine::money::Currency;

pub(super) fn expectations(desk: &mut Desk<'_>, trades: &[Currency]) -> Vec<Expectation> {
    let scenario = desk.scenario;
    let mut out = Vec::new();
    for e in &scenario.expect {
        let (form, that, text) = match &e.value {
            Expect::AtEnd(t) => (Form::AtEnd, At { value: t.clone(), line: e.line, column: e.column }, t.clone()),
            Expect::Always(t) => (Form::Always, t.clone(), format!("always: {}", t.value)),
            Expect::Never(t) => (Form::Never, t.clone(), format!("never: {}", t.value)),
            Expect::Eventually(v) => {
                let of = anchor(desk, v);
                let text = format!("eventually within {} of {of}: {}", v.within.0, v.that.value);
                (Form::Eventually { within: v.within.0, of }, v.that.clone(), text)
            }
        };
        match Condition::compile(&that) {
            Ok(condition) => {
                for c in condition.uses().iter().filter_map(|n| in_currency(n).1).filter(|c| !trades.contains(c)) {
                    desk.flaw(&that, format!("the market does not trade in {c}"), "name its tariff under `market: tariffs:`");
                }
                out.push(Expectation { form, condition, text, line: e.line });
            }
            Err((what, remedy)) => desk.flaw(&that, what, remedy),
        }
    }
    out
}

fn anchor(desk: &mut Desk<'_>, e: &Eventually) -> String {
    let Some(of) = &e.of else { return "start".into() };
    let mut known: Vec<String> = vec!["start".into(), "end".into(), "fault".into(), "fault.end".into()];
    for w in FaultKind::WORDS {
        known.push(format!("fault.{w}"));
        known.push(format!("fault.{w}.end"));
    }
    if !known.contains(&of.value) {
        desk.flaw(of, format!("`{}` is nothing to wait for", of.value), nearest(of, known.iter().map(String::as_str)));
    }
    of.value.clone()
}
