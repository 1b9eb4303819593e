//! Acts about keys and upkeep: whose key, which robot, for how long.

use super::Desk;
use super::names::Parties;
use crate::acts::{ActEntry, By, Deed};
use crate::at::At;
use crate::keeping::{PolicyPlan, RevokeKeyAct, RotateKeyAct, SetPolicyAct, TightenAct, Whose};
use crate::words::Money;
use nooterra_control::input::{OVERLAP_MAX, RatesIn};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Span;

/// A key that was replaced is heard for so long yet if not said.
const OVERLAP: Span = Span::from_mins(60);

/// The deed of an act, if it is one of these.
pub(super) fn deed(desk: &mut Desk<'_>, e: &At<ActEntry>, parties: &Parties<'_>) -> Option<Deed> {
    if let Some(r) = &e.revoke_key {
        return revoke(desk, e, r, parties);
    }
    if let Some(r) = &e.rotate_key {
        return rotate(desk, e, r, parties);
    }
    if let Some(s) = &e.service {
        return Some(Deed::OpenMaintenance { robot: desk.robot(&s.robot, parties)?, lasts: s.lasts.0 });
    }
    if let Some(r) = &e.retire {
        return Some(Deed::Retire { robot: desk.robot(&r.robot, parties)? });
    }
    if let Some(t) = &e.tighten {
        return tighten(desk, e, t, parties);
    }
    if let Some(l) = &e.lift_bounds {
        return Some(Deed::LiftBounds { robot: desk.robot(&l.robot, parties)? });
    }
    if let Some(o) = &e.override_proof {
        return Some(Deed::OverrideProof { earned_bps: o.earned.0 / 100, second: o.second.as_ref().is_none_or(|s| s.value) });
    }
    if let Some(p) = &e.set_policy {
        return policy(desk, e, p, parties);
    }
    if let Some(v) = &e.view {
        return Some(Deed::View { by: v.by.value });
    }
    e.audit.as_ref().map(|a| Deed::Audit { agrees: a.agrees.value })
}

fn tighten(desk: &mut Desk<'_>, e: &At<ActEntry>, t: &TightenAct, parties: &Parties<'_>) -> Option<Deed> {
    let robot = desk.robot(&t.robot, parties)?;
    if let Some(b) = t.by.as_ref().filter(|b| !matches!(b.value, By::Staff | By::Provider)) {
        desk.flaw(b, "bounds are tightened by staff or by the provider whose robot it is", "write staff or provider");
        return None;
    }
    if t.speed.is_none() && t.gain.is_none() {
        desk.flaw(e, "nothing is bounded", "say `speed`, `gain` or both");
        return None;
    }
    Some(Deed::Tighten {
        robot,
        by_owner: t.by.as_ref().is_some_and(|b| b.value == By::Provider),
        speed_mm_s: t.speed.as_ref().map(|l| l.value.0),
        gain_mm_s2: t.gain.as_ref().map(|l| l.value.0),
        lasts: t.lasts.as_ref().map(|l| l.value.0),
    })
}

fn revoke(desk: &mut Desk<'_>, e: &At<ActEntry>, r: &RevokeKeyAct, parties: &Parties<'_>) -> Option<Deed> {
    let whose = match (&r.robot, &r.requester, &r.provider) {
        (None, None, None) => Whose::JobsRobot {},
        (Some(name), None, None) => Whose::Robot { ix: desk.robot(name, parties)? },
        (None, Some(name), None) => Whose::Requester { ix: desk.requester(name, parties)? },
        (None, None, Some(name)) => Whose::Provider { ix: desk.provider(name, parties.providers)? },
        _ => {
            desk.flaw(e, "a key is of one robot, one requester or one provider", "keep one of robot, requester, provider");
            return None;
        }
    };
    Some(Deed::RevokeKey { whose, second: r.second.as_ref().is_none_or(|s| s.value) })
}

fn policy(desk: &mut Desk<'_>, e: &At<ActEntry>, p: &SetPolicyAct, parties: &Parties<'_>) -> Option<Deed> {
    let currency = p.amounts().next().map(|m| m.currency);
    if currency.is_none() && p.open_jobs.is_none() && p.relocate.is_none() {
        desk.flaw(e, "`set_policy` sets nothing", "write for example `set_policy: {delivery: EUR 12.00}`");
        return None;
    }
    if let Some(m) = [&p.delivery, &p.patrol, &p.inspect].into_iter().flatten().find(|m| m.amount == Amount::ZERO) {
        desk.flaw(m, "work costs something", "write a base price");
    }
    if let Some(n) = p.open_jobs.as_ref().filter(|n| n.value == 0) {
        desk.flaw(n, "nobody could ask for anything", "write at least 1");
    }
    let minor = |m: &Option<At<Money>>, or: u64| m.as_ref().map_or(or, |m| m.amount.minor());
    let before = currency.and_then(|c| parties.tariffs.iter().find(|t| t.tariff.currency == c)).map(|t| &t.tariff);
    let rates = before.map(|t| {
        let mut rates = t.rates;
        rates.base_delivery = minor(&p.delivery, rates.base_delivery);
        rates.base_patrol = minor(&p.patrol, rates.base_patrol);
        rates.base_inspect = minor(&p.inspect, rates.base_inspect);
        rates.per_km = minor(&p.per_km, rates.per_km);
        rates.per_min = minor(&p.per_min, rates.per_min);
        RatesIn { currency: t.currency, rates }
    });
    let plan = PolicyPlan {
        rates,
        open_jobs: p.open_jobs.as_ref().map(|n| n.value),
        relocate: p.relocate.as_ref().map(|r| r.value),
        after: p.after.as_ref().map_or(Span::ZERO, |t| t.0),
        second: p.second.as_ref().is_none_or(|s| s.value),
    };
    Some(Deed::SetPolicy { plan })
}

fn rotate(desk: &mut Desk<'_>, e: &At<ActEntry>, r: &RotateKeyAct, parties: &Parties<'_>) -> Option<Deed> {
    let whose = match (&r.requester, &r.provider) {
        (Some(name), None) => Whose::Requester { ix: desk.requester(name, parties)? },
        (None, Some(name)) => Whose::Provider { ix: desk.provider(name, parties.providers)? },
        _ => {
            desk.flaw(e, "`rotate_key` says whose key it is", "write `requester: name` or `provider: name`");
            return None;
        }
    };
    if let Some(o) = r.overlap.as_ref().filter(|o| o.0 > OVERLAP_MAX) {
        desk.flaw(o, "a key that was replaced is heard for a day at most", "write for example `overlap: 1h`");
    }
    let overlap = r.overlap.as_ref().map_or(OVERLAP, |o| o.0);
    Some(Deed::RotateKey { whose, overlap, own: r.own.as_ref().is_none_or(|o| o.value) })
}
