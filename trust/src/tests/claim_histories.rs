//! Random histories of claims, watched by a book-keeper who knows no states.

use crate::claim::{Bearer, Claims, Command, Denial, Event, Found, Head, Item, Portion, Route, Status, Timer, What};
use crate::guard::Hand;
use crate::rejection::Code;
use crate::role::Role;
use crate::tests::claims::{DAY, all, amt, cid, claims, found, iid, incidents, pay, terms};
use crate::tests::dice::{Dice, Tally, hand, party};
use nooterra_engine::ids::{ClaimId, KeyId};
use nooterra_engine::record::{decode, encode};
use nooterra_engine::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// What money a claim may cost, kept by a book-keeper who knows no states.
#[derive(Default)]
struct Book {
    granted: BTreeMap<ClaimId, u64>,
    insurer: BTreeMap<ClaimId, u64>,
    paid: BTreeSet<ClaimId>,
    answered: BTreeMap<ClaimId, u64>,
}

impl Book {
    fn note(&mut self, e: &Event) {
        match &e.what {
            What::Approved { payout, shares } => {
                assert!(self.granted.insert(e.claim, payout.minor()).is_none(), "granted once");
                assert_eq!(shares.iter().map(|s| s.amount.minor()).sum::<u64>(), payout.minor());
                let ins = shares.iter().filter(|s| s.bearer == Bearer::Insurer).map(|s| s.amount.minor()).sum();
                self.insurer.insert(e.claim, ins);
            }
            What::Paid { amount, .. } => {
                assert!(self.paid.insert(e.claim), "paid once");
                assert_eq!(self.granted.get(&e.claim), Some(&amount.minor()));
            }
            What::RecoveryReceived { amount, .. } | What::RecoveryDenied { amount, .. } => {
                let a = self.answered.entry(e.claim).or_default();
                *a += amount.minor();
                assert!(*a <= self.insurer[&e.claim]);
            }
            What::Denied { .. } | What::Lapsed { .. } => assert!(!self.granted.contains_key(&e.claim)),
            _ => {}
        }
        assert!(self.granted.values().sum::<u64>() <= terms().max_payout.minor());
    }
}

#[test]
fn random_histories_keep_every_limit() {
    let (mut tally, mut d, incidents) = (Tally::default(), Dice(11), incidents());
    let mut seen: BTreeMap<Status, u64> = BTreeMap::new();
    for _ in 0..4_000 {
        let (mut c, mut book, mut now) = (claims(), Book::default(), 0u64);
        for _ in 0..40 {
            let most = if d.one_in(6) { 12 * DAY } else { DAY };
            now += d.below(most);
            if c.settled.is_none() && d.one_in(30) {
                c.settled = Some(Instant::from_secs(now));
            }
            let n = d.below(9);
            let n = if d.one_in(3) { n } else { 2 };
            let at = Instant::from_secs(now);
            let (name, mut by, command) = throw(&mut d, n, &c, at);
            if d.one_in(12) {
                let of = d.pick(&["", "rq", "ow", "in", "zz"]);
                by = hand(d.pick(&Role::ALL), of);
            }
            let got = c.decide(at, &by, &incidents, &command);
            tally.note(name, &got);
            for e in got.unwrap_or_default() {
                book.note(&e);
                c.evolve(at, &e);
            }
            let bytes = encode(&c);
            c = decode(&bytes).unwrap();
            assert_eq!(encode(&c), bytes);
            assert_eq!(c.left().minor(), terms().max_payout.minor() - book.granted.values().sum::<u64>());
            for (id, x) in &c.claims {
                assert!(x.reserve <= terms().max_payout && x.reserve <= x.demand.max(terms().auto_max));
                assert!(x.status.is_end() || !x.deadlines(&c.terms).is_empty(), "I4");
                assert_eq!(x.status == Status::Paid, book.paid.contains(id));
            }
        }
        c.claims.values().for_each(|x| *seen.entry(x.status).or_default() += 1);
    }
    println!("claims ended in {seen:?}");
    let ops = ["open", "triage", "reserve", "approve", "deny", "pay", "recover", "refuse recovery", "fire"];
    let codes = [
        Code::SchemaInvalid,
        Code::RoleForbidden,
        Code::NotFound,
        Code::PartyForbidden,
        Code::ConflictOfInterest,
        Code::SecondKeyRequired,
        Code::TrackForbids,
        Code::AlreadyDone,
        Code::StateForbids,
        Code::EvidenceInsufficient,
        Code::ClaimWindowClosed,
        Code::AmountInvalid,
        Code::LimitExceeded,
        Code::Unbalanced,
        Code::FundingInvalid,
    ];
    tally.demand("claim", &ops, &codes);
}

fn throw(d: &mut Dice, n: u64, c: &Claims, now: Instant) -> (&'static str, Hand, Command) {
    let claim = cid(n);
    let found = match d.below(4) {
        0 => found(&[]),
        1 => found(&[Item::EvidenceWindow, Item::Valuation, Item::Proof]),
        2 => Found { started: false, ..all() },
        _ => all(),
    };
    let tr = hand(Role::TR, "");
    let insured = c.claims.get(&claim).and_then(|x| x.triage.as_ref()).is_some_and(|t| t.route == Route::Insurer);
    let judge = if insured { hand(Role::IN, "in") } else { tr };
    let second = (!d.one_in(5)).then(|| Hand { key: Some(KeyId::named("second")), ..tr });
    match d.below(10) {
        0 | 1 => {
            let claimant = d.pick(&["rq", "rq", "ow", "zz"]);
            let demand = amt(d.pick(&[0, 500, 10_000, 30_000, 90_000, 150_000]));
            let open = Command::Open {
                claim,
                incident: iid(n + u64::from(d.one_in(9))),
                claimant: party(claimant),
                demand,
                head: d.pick(&Head::ALL),
            };
            ("open", hand(d.pick(&[Role::RQ, Role::OW, Role::SI, Role::OS]), claimant), open)
        }
        2 | 3 => ("triage", tr, Command::Triage { claim, found }),
        4 => ("reserve", tr, Command::Reserve { claim, reserve: amt(d.below(60_000)) }),
        5 => {
            let owed = c.claims.get(&claim).map_or(1, |x| x.demand.minor());
            let (a, b) = (d.pick(&[Bearer::Insurer, Bearer::Pool, Bearer::Party(party("ow"))]), d.pick(&[Bearer::Platform, Bearer::Pool]));
            let cut = 1 + d.below(9_999) as u32;
            let rest = 10_000 - cut + u32::from(d.one_in(15));
            let split = vec![Portion { bearer: a, bps: cut }, Portion { bearer: b, bps: rest }];
            let assessed = amt((d.below(owed + 1) + u64::from(d.one_in(9))).min(owed + 1));
            (
                "approve",
                judge,
                Command::Approve { claim, assessed, claimant_fault_bps: d.pick(&[0, 0, 2_500, 10_000, 10_001]), split, second },
            )
        }
        6 => ("deny", judge, Command::Deny { claim, reason: Denial::NotProven, second }),
        7 => {
            let owed = c.claims.get(&claim).and_then(|x| x.grant.as_ref()).map_or(5, |g| g.payout.minor());
            ("pay", hand(Role::PS, ""), pay(n, owed + u64::from(d.one_in(6))))
        }
        8 => {
            let insurer = party(if d.one_in(6) { "in2" } else { "in" });
            let owed = c.claims.get(&claim).and_then(|x| x.grant.as_ref()).map_or(5, |g| g.outstanding().minor());
            let amount = amt(d.below(owed + 2));
            if d.one_in(2) {
                ("recover", hand(Role::PS, ""), Command::Recover { claim, insurer, amount })
            } else {
                ("refuse recovery", hand(Role::IN, "in"), Command::RefuseRecovery { claim, insurer, amount })
            }
        }
        _ => {
            let due = c.deadlines().into_iter().find(|(_, _, at)| *at <= now || d.one_in(4));
            let (claim, timer) = due.map_or((claim, Timer::DecideBy), |(id, t, _)| (id, t));
            ("fire", Hand::CLOCK, Command::Fire { claim, timer, found })
        }
    }
}
