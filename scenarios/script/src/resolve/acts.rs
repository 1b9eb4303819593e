//! Acts: cues and deeds, each with everything that it needs.

use super::Desk;
use super::names::Parties;
use crate::acts::{Act, ActEntry, By, ClaimsPlan, Cue, DecideAct, Deed, Harm, Payer, RevokeSkillAct, SkillBy, StopAct, Stopped, ThenWhat};
use crate::at::At;
use crate::families::EVENTS;
use crate::flaw::nearest;
use crate::words::{Money, Share};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};

/// Every kind of deed, for messages.
const DEEDS: &str = "cancel, revoke, chargeback, complain, triage, claim, assess, decide, adjust, forge, quarantine, stop, clear, counter, \
                     award, reschedule, no_show, approve, revoke_skill, contract, \
                     dispute, drop_dispute, decide_dispute, refund";
/// A bank takes so long to decide if nothing is said.
const BANK: Span = Span::from_secs(60);
/// A moved window is so long if not said.
const WINDOW: Span = Span::from_mins(20);
/// After a no-show a robot may still come for so long if not said.
const WAIT: Span = Span::from_mins(10);

pub(super) fn acts(desk: &mut Desk<'_>, parties: &Parties<'_>, duration: Span, currency: Currency) -> Vec<Act> {
    let scenario = desk.scenario;
    scenario.acts.iter().filter_map(|e| act(desk, e, parties, duration, currency)).collect()
}

fn act(desk: &mut Desk<'_>, e: &At<ActEntry>, parties: &Parties<'_>, duration: Span, currency: Currency) -> Option<Act> {
    let cue = cue(desk, e, duration);
    let deed = deed(desk, e, parties, currency);
    let timed = matches!(cue, Some(Cue::At(_)));
    let of_job = !timed || deed.as_ref().is_none_or(Deed::concerns_job);
    let job = e.job.as_ref().map(|j| j.value);
    if let Some(j) = e.job.as_ref().filter(|j| j.value == 0) {
        desk.flaw(j, "jobs are numbered from 1", "write for example `job: 1`");
    }
    if job.is_none() && of_job {
        desk.flaw(e, "the act does not say which job it concerns", "write for example `job: 1`");
    }
    Some(Act { job, cue: cue?, deed: deed? })
}

fn cue(desk: &mut Desk<'_>, e: &At<ActEntry>, duration: Span) -> Option<Cue> {
    let after = e.after.as_ref().map_or(Span::ZERO, |t| t.value.0);
    match (&e.at, &e.when, &e.on) {
        (Some(at), None, None) => {
            if at.0 > duration {
                desk.flaw(at, "the act is done after the end of `duration`", "choose an earlier `at`");
            }
            if let Some(after) = &e.after {
                desk.flaw(after, "`after` counts from a state or an event", "add `when` or `on`, or write the whole time as `at`");
            }
            Some(Cue::At(Instant::ZERO + at.0))
        }
        (None, Some(when), None) => Some(Cue::When { state: when.value, after }),
        (None, None, Some(on)) => {
            let known = EVENTS.members.iter().map(|m| &m[EVENTS.prefix.len()..]);
            if !known.clone().any(|k| k == on.value) {
                desk.flaw(on, format!("no event is called `{}`", on.value), nearest(on, known));
                return None;
            }
            Some(Cue::On { event: on.value.clone(), after })
        }
        _ => {
            desk.flaw(
                e,
                "an act needs one of `at`, `when` and `on`",
                "write for example `at: 6m`, `when: executing` or `on: CLAIM_OPENED`",
            );
            None
        }
    }
}

fn deed(desk: &mut Desk<'_>, e: &At<ActEntry>, parties: &Parties<'_>, currency: Currency) -> Option<Deed> {
    let given = [
        e.cancel.is_some(),
        e.revoke.is_some(),
        e.chargeback.is_some(),
        e.complain.is_some(),
        e.triage.is_some(),
        e.claim.is_some(),
        e.assess.is_some(),
        e.decide.is_some(),
        e.adjust.is_some(),
        e.forge.is_some(),
        e.quarantine.is_some(),
        e.stop.is_some(),
        e.clear.is_some(),
        e.revoke_skill.is_some(),
        e.contract.is_some(),
        e.counter.is_some(),
        e.award.is_some(),
        e.reschedule.is_some(),
        e.no_show.is_some(),
        e.approve.is_some(),
        e.dispute.is_some(),
        e.drop_dispute.is_some(),
        e.decide_dispute.is_some(),
        e.refund.is_some(),
    ];
    if given.iter().filter(|g| **g).count() != 1 {
        desk.flaw(e, "an act has exactly one deed", format!("one of {DEEDS}"));
        return None;
    }
    if let Some(c) = &e.cancel {
        return Some(Deed::Cancel { by: c.by.value, safety: c.safety.as_ref().is_some_and(|s| s.value) });
    }
    if let Some(c) = &e.chargeback {
        let (amount, fee) = (c.amount.as_ref(), c.fee.as_ref());
        amount.into_iter().chain(fee).for_each(|m| one_currency(desk, m, currency));
        return Some(Deed::Chargeback {
            verdict: c.outcome.value,
            decided_after: c.decided_after.as_ref().map_or(BANK, |t| t.value.0),
            amount: amount.map(|m| m.amount),
            fee: fee.map_or(Amount::ZERO, |m| m.amount),
        });
    }
    if let Some(c) = &e.complain {
        if let Some(m) = &c.amount {
            one_currency(desk, m, currency);
        }
        return Some(Deed::Complain { of: c.of.value, amount: c.amount.as_ref().map(|m| m.amount) });
    }
    if let Some(d) = dispute(desk, e, currency) {
        return Some(d);
    }
    if let Some(t) = &e.triage {
        let severity = u8::try_from(t.severity.value).unwrap_or(0);
        if !(1..=5).contains(&severity) {
            desk.flaw(&t.severity, "a severity is a number from 1 to 5", "write for example `severity: 3`");
        }
        let confirmed = t.confirmed.as_ref().is_none_or(|c| c.value);
        return Some(Deed::Triage { severity, fault: t.fault.value, confirmed });
    }
    if let Some(c) = &e.claim {
        one_currency(desk, &c.demand, currency);
        let head = c.head.as_ref().map_or(Harm::Property, |h| h.value);
        return Some(Deed::Claim { by: c.by.value, demand: c.demand.amount, head });
    }
    if let Some(a) = &e.assess {
        return Some(Deed::Assess { documents: a.documents.iter().map(|d| d.value).collect() });
    }
    if let Some(a) = &e.adjust {
        one_currency(desk, &a.amount, currency);
        let late = a.late.as_ref().is_some_and(|l| l.value);
        let second = a.second.as_ref().is_none_or(|l| l.value);
        return Some(Deed::Adjust { to: a.to.value, amount: a.amount.amount, late, second });
    }
    if let Some(f) = &e.forge {
        return Some(Deed::Forge { how: f.how.value });
    }
    if let Some(d) = &e.decide {
        return decide(desk, d, currency);
    }
    if let Some(c) = &e.counter {
        let provider = desk.provider(&c.provider, parties.providers)?;
        return Some(Deed::Counter { provider, offer_ppm: c.offer.0, lasts: c.lasts.as_ref().map(|t| t.value.0) });
    }
    if let Some(a) = &e.award {
        return Some(Deed::Award { provider: desk.provider(&a.provider, parties.providers)? });
    }
    if let Some(m) = &e.reschedule {
        if m.by.value == By::Staff {
            desk.flaw(&m.by, "staff move no bookings", "write `by: requester` or `by: provider`");
            return None;
        }
        let window = m.window.as_ref().map_or(WINDOW, |t| t.value.0);
        return Some(Deed::Reschedule { by: m.by.value, start: m.start.value.0, window });
    }
    if let Some(n) = &e.no_show {
        return Some(Deed::NoShow { choose: n.choose.value, lasts: n.lasts.as_ref().map_or(WAIT, |t| t.value.0) });
    }
    if let Some(a) = &e.approve {
        return Some(Deed::Approve { agree: a.agree.value });
    }
    if let Some(q) = &e.quarantine {
        let robot = match &q.robot {
            Some(name) => Some(desk.robot(name, parties)?),
            None => None,
        };
        return Some(Deed::Quarantine { robot });
    }
    if let Some(s) = &e.stop {
        return stop(desk, e, s, parties);
    }
    if let Some(c) = &e.clear {
        let by = c.by.as_ref().map_or(By::Staff, |b| b.value);
        return match &c.quarantine {
            Some(name) => desk.robot(name, parties).map(|robot| Deed::ClearQuarantine { robot }),
            None => Some(Deed::ClearStops { by }),
        };
    }
    if let Some(r) = &e.revoke {
        return Some(Deed::Revoke { why: r.reason.value });
    }
    if let Some(c) = &e.contract {
        return super::trading::contract(desk, c, parties, currency);
    }
    e.revoke_skill.as_ref().map(|r| revoke_skill(desk, r))
}

/// Deeds of disputes.
fn dispute(desk: &mut Desk<'_>, e: &At<ActEntry>, currency: Currency) -> Option<Deed> {
    if let Some(d) = &e.dispute {
        one_currency(desk, &d.amount, currency);
        let about = d.about.as_ref().map(|a| a.value).unwrap_or_default();
        return Some(Deed::Dispute { by: d.by.value, about, amount: d.amount.amount });
    }
    if let Some(d) = &e.drop_dispute {
        return Some(Deed::DropDispute { by: d.by.value });
    }
    if let Some(d) = &e.decide_dispute {
        if let Some(m) = &d.award {
            one_currency(desk, m, currency);
        }
        return Some(Deed::DecideDispute {
            award: d.award.as_ref().map_or(Amount::ZERO, |m| m.amount),
            borne_by: d.borne_by.as_ref().map(|b| b.value).unwrap_or_default(),
            earned_bps: d.earned.as_ref().map(|s| s.0 / 100),
        });
    }
    e.refund.as_ref().map(|_| Deed::Refund {})
}

fn revoke_skill(desk: &mut Desk<'_>, r: &RevokeSkillAct) -> Deed {
    if let Some(m) = r.model.as_ref().filter(|_| r.by.value == SkillBy::Developer) {
        desk.flaw(m, "a developer revokes a skill for all models", "write `by: certifier`, or leave `model` out");
    }
    let model = r.model.as_ref().map(|m| nooterra_site::model_named(m).map_or_else(|| m.value.clone(), |known| known.name));
    Deed::RevokeSkill { by: r.by.value, level: r.level.as_ref().map(|l| l.value).unwrap_or_default(), model }
}

fn stop(desk: &mut Desk<'_>, e: &At<ActEntry>, s: &StopAct, parties: &Parties<'_>) -> Option<Deed> {
    let by = s.by.as_ref().map_or(By::Staff, |b| b.value);
    let then = s.then.as_ref().map_or(ThenWhat::Wait, |t| t.value);
    let site = s.site.as_ref().is_some_and(|v| v.value);
    let given = [s.robot.is_some(), site, s.fleet.is_some()];
    if given.iter().filter(|g| **g).count() > 1 {
        desk.flaw(e, "a stop is of one robot, of a site or of a fleet", "keep one of robot, site, fleet");
        return None;
    }
    let what = if let Some(name) = &s.robot {
        Stopped::Robot { ix: desk.robot(name, parties)? }
    } else if let Some(name) = &s.fleet {
        Stopped::Fleet { ix: desk.provider(name, parties.providers)? }
    } else if site {
        Stopped::Site {}
    } else {
        Stopped::JobsRobot {}
    };
    Some(Deed::Stop { by, what, then })
}

fn decide(desk: &mut Desk<'_>, d: &DecideAct, currency: Currency) -> Option<Deed> {
    if let Some(g) = &d.grant {
        one_currency(desk, g, currency);
    }
    let bps = |s: &At<Share>| s.0 / 100;
    let mut borne_by: Vec<(Payer, u32)> = d.borne_by.iter().map(|b| (b.who.value, bps(&b.part))).collect();
    if borne_by.is_empty() {
        borne_by.push((Payer::Owner, 10_000));
    }
    let sum: u32 = borne_by.iter().map(|(_, b)| b).sum();
    if let Some(first) = d.borne_by.first().filter(|_| sum != 10_000) {
        desk.flaw(first, format!("the parts make {}.{:02} % of the whole", sum / 100, sum % 100), "let them make 100 %");
    }
    Some(Deed::Decide {
        by: d.by.value,
        grant: d.grant.as_ref().map(|g| g.amount),
        own_fault_bps: d.own_fault.as_ref().map_or(0, bps),
        borne_by,
    })
}

pub(super) fn one_currency(desk: &mut Desk<'_>, m: &At<Money>, currency: Currency) {
    if m.currency != currency {
        desk.flaw(m, format!("the market trades in {currency}, not {}", m.currency), "use one currency");
    }
}

pub(super) fn claims(desk: &mut Desk<'_>, currency: Currency) -> ClaimsPlan {
    let scenario = desk.scenario;
    let Some(c) = &scenario.claims else { return ClaimsPlan::default() };
    [&c.insurer_from, &c.deductible, &c.auto_max].into_iter().flatten().for_each(|m| one_currency(desk, m, currency));
    let amount = |m: &Option<At<Money>>| m.as_ref().map(|m| m.amount);
    ClaimsPlan {
        is_insured: c.insured.as_ref().is_some_and(|i| i.value),
        insurer_from: amount(&c.insurer_from),
        deductible: amount(&c.deductible),
        auto_max: amount(&c.auto_max),
    }
}
