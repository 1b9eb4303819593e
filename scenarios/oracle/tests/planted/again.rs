//! The same history once more with something changed that must not matter: words twice, other tenants' words, time cut
//! finer, clocks ahead. Each gives the first difference, or none.

use crate::histories::{self, trouble, work};
use nooterra_control::puppets::rig::{Rig, key, party};
use nooterra_control::{Body, Control, Event, Fact, Input, RequesterCommand};
use nooterra_engine::ids::TenantId;
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::marks;
use nooterra_engine::time::{Instant, Span};
use nooterra_ledger::Fact as Posted;
use nooterra_trust::{Envelope, Sender};

/// What happened, without what was refused.
fn happened(facts: &[Fact]) -> Vec<Fact> {
    facts.iter().filter(|f| !matches!(f, Fact::Rejected(_))).cloned().collect()
}

/// The inputs of a history on a platform of their own.
fn replay(
    rig: &Rig,
    mut each: impl FnMut(&mut Control, Instant, &Envelope, &mut Out<Fact, nooterra_control::Wish>),
) -> (Vec<Fact>, Control) {
    let mut c = Control::new(rig.c.state().genesis.clone(), rig.site.clone()).expect("it began before");
    let mut out = Out::default();
    c.begin(&mut out);
    for (_, at, e) in &rig.inputs {
        each(&mut c, *at, e, &mut out);
    }
    c.advance(rig.now, &mut out);
    let _ = marks::take();
    (out.facts, c)
}

fn first(what: &str, a: &[Fact], b: &[Fact]) -> Option<String> {
    if a == b {
        return None;
    }
    let i = a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
    let name = |f: Option<&Fact>| {
        f.map_or_else(|| "nothing".to_owned(), |f| f.event().map_or("an entry".to_owned(), |r| r.payload.name().to_owned()))
    };
    Some(format!("{what}: fact {i} is {} and {}", name(a.get(i)), name(b.get(i))))
}

/// I2: the same inputs give the same, also through a restart at every fiftieth, and with time cut finer.
pub fn restarted() -> Option<String> {
    let rig = work::handover();
    let mut n = 0;
    let site = rig.site.clone();
    let (facts, c) = replay(&rig, |c, at, e, out| {
        n += 1;
        if n % 50 == 0 {
            *c = Control::thaw(&c.freeze(), site.clone()).expect("thawed");
        }
        let mut t = c.state().now;
        while t < at {
            t = t.saturating_add(Span::from_millis(130)).min(at);
            c.advance(t, out);
        }
        c.step(at, Input::new(e.clone()), out);
    });
    first("restarted", &happened(&rig.facts), &happened(&facts))
        .or_else(|| (c.roots() != rig.c.roots()).then(|| "restarted: the roots differ".to_owned()))
}

/// I6: what is refused leaves the whole state as it was, its own place in the log, in its sender's chain and in what that one may say
/// aside.
pub fn refused() -> Option<String> {
    let rig = trouble::stale_fence();
    let (mut wrong, mut refusals) = (None, 0);
    replay(&rig, |c, at, e, out| {
        c.advance(at, out);
        let before = c.state().clone();
        let from = out.facts.len();
        c.step(at, Input::new(e.clone()), out);
        if out.facts[from..].iter().any(|f| matches!(f, Fact::Rejected(_))) {
            refusals += 1;
            let mut after = c.state().clone();
            (after.log_seq, after.now) = (before.log_seq, before.now);
            after.chains = before.chains.clone();
            after.volume = before.volume.clone();
            after.rooms.trust = before.rooms.trust;
            if after != before && wrong.is_none() {
                wrong = Some(format!("a refused {} changed the state", e.type_name));
            }
        }
    });
    assert!(refusals > 0, "nothing was refused: nothing was tried");
    wrong
}

/// I42: every word delivered twice.
pub fn twice() -> Option<String> {
    let rig = work::delivery();
    let (facts, _) = replay(&rig, |c, at, e, out| {
        c.step(at, Input::new(e.clone()), out);
        c.step(at, Input::new(e.clone()), out);
    });
    first("twice", &happened(&rig.facts), &happened(&facts))
}

/// I39: another tenant's words between ours, by the same people with the same keys.
pub fn foreign() -> Option<String> {
    let rig = work::delivery();
    let mut other = Sender::person(TenantId::named("another"), *party("rq").as_bytes(), key("rq"));
    let mut n = 0;
    let new = RequesterCommand::CreateJob(Box::new(rig.delivery(2, 5)));
    let mut said = 0;
    let (facts, c) = replay(&rig, |c, at, e, out| {
        n += 1;
        if n % 10 == 0 {
            said += 1;
            let RequesterCommand::CreateJob(j) = &new else { return };
            let mut j = j.clone();
            j.window.start = at + Span::from_secs(300);
            j.window.end = at + Span::from_secs(3_000);
            let foreign = other.seal(RequesterCommand::CreateJob(j).draft("stream"), Instant(at.0 + 1), 0);
            c.step(at, Input::new(foreign), out);
        }
        c.step(at, Input::new(e.clone()), out);
    });
    assert!(said > 10, "{said}");
    first("foreign", &happened(&rig.facts), &happened(&facts))
        .or_else(|| (c.roots() != rig.c.roots()).then(|| "foreign: the roots differ".to_owned()))
}

/// Names, times and amounts of a history: what device clocks must not move. Ids follow from what was said, and differ.
fn outline(rig: &Rig) -> Vec<(String, Instant, u64)> {
    rig.facts
        .iter()
        .filter_map(|f| match f {
            Fact::Event(r) => {
                let minor = match &r.payload {
                    Event::Job(nooterra_jobs::Event::JobSettled(s)) => s.charge.minor(),
                    Event::Job(nooterra_jobs::Event::SlaCreditIssued { amount, .. }) => amount.minor(),
                    _ => 0,
                };
                Some((r.payload.name().to_owned(), r.header.legal_ns, minor))
            }
            Fact::Ledger(Posted::EntryPosted(b)) => Some((format!("M{}", b.code), b.at, b.postings.iter().map(|p| p.amount).sum())),
            _ => None,
        })
        .collect()
}

/// I8: robots' clocks a second and a half ahead.
pub fn ahead() -> Option<String> {
    let run = |ahead: Span| {
        let mut rig = histories::kept(Rig::new(histories::THREE));
        rig.ahead = ahead;
        rig.run(10);
        for i in 0..3u32 {
            let job = rig.ask(rig.delivery(i + 1, i + 4));
            rig.run_job(job, 600);
        }
        rig.run(200);
        outline(&rig)
    };
    let (plain, shifted) = (run(Span::ZERO), run(Span::from_millis(1_500)));
    assert!(plain.len() > 100);
    let parted = plain.iter().zip(&shifted).find(|(a, b)| a != b);
    parted.map(|(a, b)| format!("{a:?} and {b:?}")).or_else(|| (plain.len() != shifted.len()).then(|| "of other length".to_owned()))
}
