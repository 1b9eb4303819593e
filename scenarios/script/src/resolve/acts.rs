//! Acts: cues and deeds, each with everything that it needs.

use super::Desk;
use crate::acts::{Act, ActEntry, Cue, Deed};
use crate::at::At;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};

/// Every kind of deed, for messages.
const DEEDS: &str = "cancel, revoke, chargeback";
/// A bank takes so long to decide if nothing is said.
const BANK: Span = Span::from_secs(60);

pub(super) fn acts(desk: &mut Desk<'_>, duration: Span, currency: Currency) -> Vec<Act> {
    let scenario = desk.scenario;
    scenario.acts.iter().filter_map(|e| act(desk, e, duration, currency)).collect()
}

fn act(desk: &mut Desk<'_>, e: &At<ActEntry>, duration: Span, currency: Currency) -> Option<Act> {
    let cue = cue(desk, e, duration);
    let deed = deed(desk, e, currency);
    let job = e.job.as_ref().map(|j| j.value);
    if let Some(j) = e.job.as_ref().filter(|j| j.value == 0) {
        desk.flaw(j, "jobs are numbered from 1", "write for example `job: 1`");
    }
    if job.is_none() {
        desk.flaw(e, "the act does not say which job it concerns", "write for example `job: 1`");
    }
    Some(Act { job, cue: cue?, deed: deed? })
}

fn cue(desk: &mut Desk<'_>, e: &At<ActEntry>, duration: Span) -> Option<Cue> {
    let after = e.after.as_ref().map_or(Span::ZERO, |t| t.value.0);
    match (&e.at, &e.when) {
        (Some(at), None) => {
            if at.0 > duration {
                desk.flaw(at, "the act is done after the end of `duration`", "choose an earlier `at`");
            }
            if let Some(after) = &e.after {
                desk.flaw(after, "`after` counts from a state", "add `when`, or write the whole time as `at`");
            }
            Some(Cue::At(Instant::ZERO + at.0))
        }
        (None, Some(when)) => Some(Cue::When { state: when.value, after }),
        _ => {
            desk.flaw(e, "an act needs either `at` or `when`", "write for example `at: 6m` or `when: executing`");
            None
        }
    }
}

fn deed(desk: &mut Desk<'_>, e: &At<ActEntry>, currency: Currency) -> Option<Deed> {
    let given = [e.cancel.is_some(), e.revoke.is_some(), e.chargeback.is_some()];
    if given.iter().filter(|g| **g).count() != 1 {
        desk.flaw(e, "an act has exactly one deed", format!("one of {DEEDS}"));
        return None;
    }
    if let Some(c) = &e.cancel {
        return Some(Deed::Cancel { by: c.by.value, safety: c.safety.as_ref().is_some_and(|s| s.value) });
    }
    if let Some(c) = &e.chargeback {
        let (amount, fee) = (c.amount.as_ref(), c.fee.as_ref());
        for m in amount.into_iter().chain(fee).filter(|m| m.currency != currency) {
            desk.flaw(m, format!("the market trades in {currency}, not {}", m.currency), "use one currency");
        }
        return Some(Deed::Chargeback {
            verdict: c.outcome.value,
            decided_after: c.decided_after.as_ref().map_or(BANK, |t| t.value.0),
            amount: amount.map(|m| m.amount),
            fee: fee.map_or(Amount::ZERO, |m| m.amount),
        });
    }
    e.revoke.as_ref().map(|r| Deed::Revoke { why: r.reason.value })
}
