//! The past that prices and risk read, and standing offers: random lives against lists that are read from the start.

use super::{Dice, Tally};
use crate::history::*;
use crate::rejection::Code;
use crate::risk::{History, RiskInput, forces_cover, min_trust_bps, score};
use crate::standing::*;
use crate::tables::PriceTables;
use nooterra_engine::ids::{JobId, PartyId, RegionId, SiteId, StandingOfferId, ZoneId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};

fn past(n: u64, at: Instant, template: u8, site: &str) -> Past {
    Past {
        job: JobId::named(&n.to_string()),
        at,
        template,
        site: SiteId::named(site),
        region: RegionId::named("r"),
        incident: n.is_multiple_of(3),
        stall: n.is_multiple_of(2),
        assist_s: n,
        work_s: 100 + n,
        claims: 10 * n,
    }
}

#[test]
fn the_window_and_the_fallback_at_their_limits() {
    let old = Instant::from_secs(1_000);
    let edge = old.saturating_add(WINDOW);
    let (site, region) = (SiteId::named("a"), RegionId::named("r"));
    let mut b = PastBook::default();
    for n in 0..19 {
        b.evolve(old, &PastFact::Settled(past(n, old, 0, "a")));
    }
    b.evolve(old, &PastFact::Settled(past(50, old, 0, "b")));
    b.evolve(old, &PastFact::Settled(past(51, old, 1, "a")));
    // Nineteen here are too few: the region's twenty count, and there is no median.
    assert_eq!((b.history(old, 0, site, region).jobs, b.work_s(old, 0, site)), (20, None));
    b.evolve(old, &PastFact::Settled(past(19, old, 0, "a")));
    let h = b.history(old, 0, site, region);
    assert_eq!(h, History { jobs: 20, incidents: 7, stalls: 10, assist_s: 190, claims: 1_900 });
    assert_eq!(b.work_s(old, 0, site), Some(109), "the lower of the middle two");
    // Exactly ninety days still count, one nanosecond more does not.
    assert_eq!((b.history(edge, 0, site, region).jobs, b.history(Instant(edge.0 + 1), 0, site, region).jobs), (20, 0));
    b.evolve(edge, &PastFact::ClaimPaid { job: JobId::named("0"), amount: 5 });
    assert_eq!((b.len(), b.history(edge, 0, site, region).claims), (22, 1_905));
    b.evolve(Instant(edge.0 + 1), &PastFact::ClaimPaid { job: JobId::named("0"), amount: 5 });
    assert!(b.is_empty());
}

#[test]
fn the_score_s_parts_at_their_limits() {
    let i = |h: History, candidates, trust: &[u32]| RiskInput {
        base_m: 0,
        trust_bps: trust.to_vec(),
        candidates,
        history: h,
        human_m: 0,
        covered: false,
    };
    let zero = History::default();
    let part = |h, at: usize| score(&i(h, 3, &[10_000])).factors[at];
    assert_eq!([0, 1, 2, 3].map(|c| score(&i(zero, c, &[10_000])).score_m), [10_000, 10_000, 5_000, 0]);
    assert_eq!(score(&i(zero, 3, &[])).factors[1], 15_000);
    assert_eq!(score(&i(zero, 3, &[1, 1, 0])).factors[1], 30_000, "the mean is rounded down");
    assert_eq!((part(History { jobs: 20, incidents: 1, ..zero }, 3), part(History { jobs: 3, incidents: 3, ..zero }, 3)), (2_000, 6_000));
    assert_eq!(part(History { jobs: 21, stalls: 1, ..zero }, 4), 2 * (10_000 / 21));
    let assist = |s| part(History { jobs: 20, assist_s: s, ..zero }, 5);
    assert_eq!((assist(899 * 20 + 19), assist(900 * 20), assist(901 * 20)), (33 * 899, 33 * 900, 33 * 900));
    let claims = |c| part(History { jobs: 20, claims: c, ..zero }, 6);
    assert_eq!((claims(39_999 * 20), claims(40_000 * 20), claims(40_001 * 20)), (19_999, 20_000, 20_000));
    let t = PriceTables::default();
    assert_eq!((forces_cover(59_999, &t), forces_cover(60_000, &t)), (false, true));
    assert_eq!((min_trust_bps(24, &t), min_trust_bps(25, &t), min_trust_bps(100_000, &t)), (3_000, 3_001, 7_000));
    let low = RiskInput { covered: true, ..i(zero, 3, &[10_000]) };
    assert_eq!(score(&low).score_m, 0, "clamped");
    assert_eq!(score(&RiskInput { base_m: 200_000, ..low }).score_m, 100_000);
}

#[test]
fn random_pasts_equal_a_list() {
    for seed in 0..2_000 {
        let mut d = Dice(seed);
        let (mut b, mut list, mut now) = (PastBook::default(), Vec::<Past>::new(), Instant::from_secs(0));
        for n in 0..70 {
            now = now.saturating_add(Span::from_secs(d.below(5) * 86_400));
            let fact = if d.one_in(4) {
                PastFact::ClaimPaid { job: JobId::named(&d.below(70).to_string()), amount: d.below(900) }
            } else {
                PastFact::Settled(past(
                    if d.one_in(9) { 1 } else { n },
                    now,
                    u8::try_from(d.below(2)).unwrap(),
                    if d.one_in(2) { "a" } else { "b" },
                ))
            };
            // A claim is heard while its job is remembered, a job once while it is.
            let mine = |p: &Past, now: Instant| now.0 - p.at.0 <= WINDOW.0;
            match fact {
                PastFact::Settled(p) if !list.iter().any(|o| o.job == p.job) => list.push(p),
                PastFact::ClaimPaid { job, amount } => list.iter_mut().filter(|p| p.job == job).for_each(|p| p.claims += amount),
                PastFact::Settled(_) => {}
            }
            list.retain(|p| mine(p, now));
            b.evolve(now, &fact);
            let later = now.saturating_add(Span::from_secs(d.below(40) * 86_400));
            for template in 0..2 {
                let fit: Vec<&Past> = list.iter().filter(|p| mine(p, later) && p.template == template).collect();
                let here: Vec<&Past> = fit.iter().copied().filter(|p| p.site == SiteId::named("a")).collect();
                let from = if here.len() >= 20 { &here } else { &fit };
                let h = b.history(later, template, SiteId::named("a"), RegionId::named("r"));
                let count = |f: &dyn Fn(&Past) -> u64| from.iter().map(|p| f(p)).sum::<u64>();
                assert_eq!(h.jobs, count(&|_| 1));
                assert_eq!((h.incidents, h.stalls), (count(&|p| u64::from(p.incident)), count(&|p| u64::from(p.stall))));
                assert_eq!((h.assist_s, h.claims), (count(&|p| p.assist_s), count(&|p| p.claims)));
            }
            if d.one_in(20) {
                b = PastBook::thaw(&b.freeze()).unwrap();
            }
        }
    }
}

fn offer(capacity: u16, price_bps: u32) -> StandingOffer {
    let min_service = Amount::new(800).unwrap();
    let (offer, templates, currency) = (StandingOfferId::named("s"), vec![0, 2], Currency::EUR);
    StandingOffer { offer, templates, price_bps, min_service, capacity, substitute: true, currency, zones: vec![] }
}

#[test]
fn random_standing_offers_equal_a_list() {
    let mut ops = Tally::default();
    let owner = |n: u64| PartyId::named(&n.to_string());
    let zone = |n: u64| ZoneId::named(&n.to_string());
    for seed in 0..2_000 {
        let mut d = Dice(seed);
        let mut b = StandingBook::default();
        let mut said: Vec<StandingFact> = Vec::new();
        for n in 0..40 {
            let (o, job) = (owner(d.below(4)), JobId::named(&d.below(6).to_string()));
            let currency = if d.one_in(3) { Currency::USD } else { Currency::EUR };
            let mut facts = Vec::new();
            match d.below(8) {
                0 | 1 => {
                    let substitute = d.one_in(2);
                    let mut s = StandingOffer { currency, substitute, ..offer(u16::try_from(d.below(4)).unwrap(), 9_000) };
                    let bad = d.one_in(6);
                    if bad {
                        s.templates.push(0);
                    }
                    s.zones = (0..d.below(3)).map(zone).collect();
                    let f = b.set(o, s);
                    ops.count("set", f.is_ok());
                    assert_eq!(f.is_err(), bad);
                    facts.extend(f);
                }
                2 => {
                    let f = b.clear(o, currency);
                    ops.count("clear", f.is_ok());
                    assert_eq!(f.as_ref().err().copied(), b.get(o, currency).is_none().then_some(Code::NotFound));
                    facts.extend(f);
                }
                3 => facts.push(StandingFact::Freed { owner: o, job }),
                _ => {
                    let c = StandingCall {
                        job: JobId::named(&n.to_string()),
                        template: u8::try_from(d.below(3)).unwrap(),
                        currency,
                        zones: (0..d.below(3)).map(zone).collect(),
                        invited: (0..d.below(5)).map(owner).collect(),
                        reference: 500 + d.below(1_000),
                        closes: Instant::from_secs(1_000),
                        window_end: Instant::from_secs(1_000 + d.below(2_000)),
                        after_close: Span::from_mins(15),
                    };
                    let got = b.quotes(&c);
                    let mut want = Vec::new();
                    for who in (0..4).map(owner) {
                        // Its last word, and what it took on since it has one.
                        let (mut rule, mut jobs): (Option<StandingOffer>, Vec<JobId>) = (None, Vec::new());
                        for f in &said {
                            match f {
                                StandingFact::Set { owner, offer } if *owner == who && offer.currency == currency => {
                                    rule = Some(offer.clone())
                                }
                                StandingFact::Cleared { owner, currency: c } if (*owner, *c) == (who, currency) => {
                                    (rule, jobs) = (None, Vec::new())
                                }
                                StandingFact::Taken { owner, currency: c, job }
                                    if (*owner, *c) == (who, currency) && rule.is_some() && !jobs.contains(job) =>
                                {
                                    jobs.push(*job)
                                }
                                StandingFact::Freed { owner, job } if *owner == who => jobs.retain(|j| j != job),
                                _ => {}
                            }
                        }
                        let Some(s) = rule else { continue };
                        let zones = &s.zones;
                        let here = zones.is_empty() || c.zones.iter().all(|z| zones.contains(z));
                        let kind = c.template != 1;
                        // It may stand in for another at no less than its least.
                        let price = Amount::new(c.reference).unwrap();
                        let lends = s.substitute && here && kind && jobs.len() < usize::from(s.capacity) && c.reference >= 800;
                        assert_eq!(b.stands_in(who, c.template, &c.zones, (price, currency)), lends, "seed {seed}");
                        ops.count("stand in", lends);
                        if here && kind && jobs.len() < usize::from(s.capacity) && c.invited.contains(&who) && !jobs.contains(&c.job) {
                            let service = (c.reference * 9_000 / 10_000).max(800);
                            want.push((who, service, c.window_end.min(Instant::from_secs(1_900)), s.substitute));
                        }
                        ops.count("quote", want.last().is_some_and(|w| w.0 == who));
                    }
                    want.sort_unstable();
                    let said = |q: &AutoQuote| (q.owner, q.service.minor(), q.expires, q.substitute);
                    assert_eq!(got.iter().map(said).collect::<Vec<_>>(), want, "seed {seed}");
                    facts.extend(got.first().map(|q| StandingFact::Taken { owner: q.owner, currency, job: c.job }));
                }
            }
            facts.iter().for_each(|f| b.evolve(f));
            said.extend(facts);
            if d.one_in(9) {
                b = StandingBook::thaw(&b.freeze()).unwrap();
            }
        }
    }
    ops.insist("standing offers", &["set", "clear", "quote", "stand in"]);
}
