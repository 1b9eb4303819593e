//! Acts: cues and deeds, each with everything that it needs.

use super::Desk;
use super::coins;
use super::market::Parties as Market;
use super::names::Parties;
use crate::acts::{Act, ActEntry, By, ClaimsPlan, Cue, DecideAct, Deed, Harm, Payer, RevokeSkillAct, SkillBy, StopAct, Stopped, ThenWhat};
use crate::at::At;
use crate::coins::TariffPlan;
use crate::families::EVENTS;
use crate::flaw::nearest;
use crate::words::{Money, Share};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};

/// Every kind of deed, for messages.
const DEEDS: &str = "cancel, revoke, chargeback, complain, issue_plan, triage, claim, assess, decide, adjust, forge, quarantine, stop, clear, counter, \
                     award, reschedule, no_show, approve, revoke_skill, contract, end_series, \
                     dispute, drop_dispute, decide_dispute, refund, revoke_key, rotate_key, service, retire, tighten, lift_bounds, audit, override_proof, set_policy, view";
/// A bank takes so long to decide if nothing is said.
const BANK: Span = Span::from_secs(60);
/// A moved window is so long if not said.
const WINDOW: Span = Span::from_mins(20);
/// After a no-show a robot may still come for so long if not said.
const WAIT: Span = Span::from_mins(10);

pub(super) fn acts(desk: &mut Desk<'_>, parties: &Parties<'_>, duration: Span, market: &Market) -> Vec<Act> {
    let scenario = desk.scenario;
    scenario.acts.iter().filter_map(|e| act(desk, e, parties, duration, market)).collect()
}

fn act(desk: &mut Desk<'_>, e: &At<ActEntry>, parties: &Parties<'_>, duration: Span, market: &Market) -> Option<Act> {
    let cue = cue(desk, e, duration);
    let amounts = amounts(e);
    amounts.iter().for_each(|m| coins::traded(desk, m, &market.trades));
    let currency = amounts.first().map(|m| m.currency);
    if let Some(m) = amounts.iter().find(|m| Some(m.currency) != currency) {
        desk.flaw(*m, format!("one act names {} and {}", amounts[0].currency, m.currency), "nothing is converted: use one currency");
    }
    let deed = deed(desk, e, parties);
    let timed = matches!(cue, Some(Cue::At(_)));
    let of_job = !timed || deed.as_ref().is_some_and(Deed::concerns_job);
    let job = e.job.as_ref().map(|j| j.value);
    if let Some(j) = e.job.as_ref().filter(|j| j.value == 0) {
        desk.flaw(j, "jobs are numbered from 1", "write for example `job: 1`");
    }
    if job.is_none() && of_job {
        desk.flaw(e, "the act does not say which job it concerns", "write for example `job: 1`");
    }
    Some(Act { job, cue: cue?, deed: deed?, currency })
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

/// Every amount that an act names.
fn amounts(e: &ActEntry) -> Vec<&At<Money>> {
    let all = [
        e.chargeback.as_ref().and_then(|c| c.amount.as_ref()),
        e.chargeback.as_ref().and_then(|c| c.fee.as_ref()),
        e.complain.as_ref().and_then(|c| c.amount.as_ref()),
        e.claim.as_ref().map(|c| &c.demand),
        e.adjust.as_ref().map(|a| &a.amount),
        e.decide.as_ref().and_then(|d| d.grant.as_ref()),
        e.dispute.as_ref().map(|d| &d.amount),
        e.decide_dispute.as_ref().and_then(|d| d.award.as_ref()),
        e.contract.as_ref().and_then(|c| c.cover_fee.as_ref()),
    ];
    let rates = e.set_policy.iter().flat_map(|p| p.amounts());
    all.into_iter().flatten().chain(rates).collect()
}

fn deed(desk: &mut Desk<'_>, e: &At<ActEntry>, parties: &Parties<'_>) -> Option<Deed> {
    let given = [
        e.cancel.is_some(),
        e.revoke.is_some(),
        e.chargeback.is_some(),
        e.complain.is_some(),
        e.issue_plan.is_some(),
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
        e.end_series.is_some(),
        e.counter.is_some(),
        e.award.is_some(),
        e.reschedule.is_some(),
        e.no_show.is_some(),
        e.approve.is_some(),
        e.dispute.is_some(),
        e.drop_dispute.is_some(),
        e.decide_dispute.is_some(),
        e.refund.is_some(),
        e.revoke_key.is_some(),
        e.rotate_key.is_some(),
        e.service.is_some(),
        e.retire.is_some(),
        e.tighten.is_some(),
        e.lift_bounds.is_some(),
        e.audit.is_some(),
        e.override_proof.is_some(),
        e.set_policy.is_some(),
        e.view.is_some(),
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
        return Some(Deed::Chargeback {
            verdict: c.outcome.value,
            decided_after: c.decided_after.as_ref().map_or(BANK, |t| t.value.0),
            amount: amount.map(|m| m.amount),
            fee: fee.map_or(Amount::ZERO, |m| m.amount),
        });
    }
    if let Some(c) = &e.complain {
        return Some(Deed::Complain { of: c.of.value, amount: c.amount.as_ref().map(|m| m.amount) });
    }
    if let Some(p) = &e.issue_plan {
        let mut areas = |names: &[At<String>]| -> Option<Vec<u32>> {
            names
                .iter()
                .map(|n| {
                    let ix = desk.site.area_named(n);
                    if ix.is_none() {
                        let known = desk.site.areas.iter().map(|a| a.name.as_str());
                        desk.flaw(n, format!("there is no area `{}`", n.value), nearest(n, known));
                    }
                    ix.map(|i| i.ix)
                })
                .collect()
        };
        let (areas, no_go) = (areas(&p.areas)?, areas(&p.no_go)?);
        return Some(Deed::IssuePlan { lasts: p.lasts.0, areas, no_go });
    }
    if let Some(d) = dispute(e) {
        return Some(d);
    }
    if let Some(d) = super::keeping::deed(desk, e, parties) {
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
        let head = c.head.as_ref().map_or(Harm::Property, |h| h.value);
        return Some(Deed::Claim { by: c.by.value, demand: c.demand.amount, head });
    }
    if let Some(a) = &e.assess {
        return Some(Deed::Assess { documents: a.documents.iter().map(|d| d.value).collect() });
    }
    if let Some(a) = &e.adjust {
        let late = a.late.as_ref().is_some_and(|l| l.value);
        let second = a.second.as_ref().is_none_or(|l| l.value);
        return Some(Deed::Adjust { to: a.to.value, amount: a.amount.amount, late, second });
    }
    if let Some(f) = &e.forge {
        return Some(Deed::Forge { how: f.how.value });
    }
    if let Some(d) = &e.decide {
        return decide(desk, d);
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
        return Some(Deed::Quarantine { robot, lasts: q.lasts.as_ref().map(|t| t.value.0) });
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
        let by = r.by.as_ref().map_or(By::Requester, |b| b.value);
        if let Some(b) = r.by.as_ref().filter(|b| b.value == By::Provider) {
            desk.flaw(b, "no provider takes access back", "write requester, site or staff");
        }
        return Some(Deed::Revoke { by, why: r.reason.value });
    }
    if let Some(s) = &e.end_series {
        return super::series::end(desk, s);
    }
    if let Some(c) = &e.contract {
        return super::trading::contract(desk, e, c, parties);
    }
    e.revoke_skill.as_ref().map(|r| revoke_skill(desk, r))
}

/// Deeds of disputes.
fn dispute(e: &ActEntry) -> Option<Deed> {
    if let Some(d) = &e.dispute {
        let about = d.about.as_ref().map(|a| a.value).unwrap_or_default();
        return Some(Deed::Dispute { by: d.by.value, about, amount: d.amount.amount });
    }
    if let Some(d) = &e.drop_dispute {
        return Some(Deed::DropDispute { by: d.by.value });
    }
    if let Some(d) = &e.decide_dispute {
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
    let given = [s.robot.is_some(), site, s.fleet.is_some(), s.zone.is_some()];
    if given.iter().filter(|g| **g).count() > 1 {
        desk.flaw(e, "a stop is of one robot, of a zone, of a site or of a fleet", "keep one of robot, zone, site, fleet");
        return None;
    }
    if let Some(f) = s.fleet.as_ref().filter(|_| by == By::Site) {
        desk.flaw(
            f,
            "a site stops no fleet: it knows what is on its floor, not whose it is",
            "name a robot, a zone or the site, or write `by: provider`",
        );
        return None;
    }
    let what = if let Some(name) = &s.robot {
        Stopped::Robot { ix: desk.robot(name, parties)? }
    } else if let Some(name) = &s.fleet {
        Stopped::Fleet { ix: desk.provider(name, parties.providers)? }
    } else if let Some(name) = &s.zone {
        Stopped::Level { ix: desk.level(name)? }
    } else if site {
        Stopped::Site {}
    } else {
        Stopped::JobsRobot {}
    };
    let power_off = s.power_off.as_ref().is_some_and(|p| p.value);
    Some(Deed::Stop { by, what, power_off, then })
}

fn decide(desk: &mut Desk<'_>, d: &DecideAct) -> Option<Deed> {
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

pub(super) fn claims(desk: &mut Desk<'_>, tariffs: &mut [TariffPlan], trades: &[Currency]) -> ClaimsPlan {
    let scenario = desk.scenario;
    let Some(c) = &scenario.claims else { return ClaimsPlan::default() };
    [&c.insurer_from, &c.deductible, &c.auto_max].into_iter().flatten().for_each(|m| coins::traded(desk, m, trades));
    coins::amend(tariffs, c.insurer_from.as_ref(), |t, v| t.tariff.insurer_from = Some(v.minor()));
    coins::amend(tariffs, c.deductible.as_ref(), |t, v| t.tariff.deductible = v.minor());
    coins::amend(tariffs, c.auto_max.as_ref(), |t, v| t.tariff.auto_max = v.minor());
    ClaimsPlan { is_insured: c.insured.as_ref().is_some_and(|i| i.value) }
}
