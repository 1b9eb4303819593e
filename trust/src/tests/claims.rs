use crate::claim::{Bearer, Claims, Command, Denial, Event, Found, Head, Item, Portion, Route, Share, Status, Terms, Timer, What, share};
use crate::guard::Hand;
use crate::incident::{self, IncidentCode, Incidents, Report, Stream};
use crate::parties::Fault;
use crate::rejection::Code;
use crate::role::Role;
use crate::tests::dice::{Dice, digest, hand, parties, party};
use nooterra_engine::ids::{ClaimId, IncidentId, JobId, KeyId, RobotId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

pub const DAY: u64 = 86_400;

pub fn amt(minor: u64) -> Amount {
    Amount::new(minor).unwrap()
}

pub fn day(n: u64) -> Instant {
    Instant::from_secs(n * DAY)
}

pub fn cid(n: u64) -> ClaimId {
    ClaimId::named(&n.to_string())
}

pub fn iid(n: u64) -> IncidentId {
    IncidentId::named(&n.to_string())
}

/// Incidents 0..7, one triaged for each fault; 7 is untriaged; 8 has a code that does not cover a job not started.
pub fn incidents() -> Incidents {
    let mut i = Incidents::new(Stream::Job(JobId::named("j")), BTreeSet::new());
    for n in 0..9 {
        let r = Report {
            incident: iid(n),
            code: if n == 8 { IncidentCode::QualityComplaint } else { IncidentCode::Collision },
            severity: if n == 8 { 2 } else { 3 },
            robot: Some(RobotId::named("r")),
            at: None,
            zone: None,
            facts_hash: digest(n),
        };
        i.evolve(day(0), &incident::Event::Opened(r));
        if n != 7 {
            let fault = Fault::ALL[(n % 7) as usize];
            i.evolve(day(0), &incident::Event::Triaged { incident: iid(n), severity: 3, fault, confirmed: true });
        }
    }
    i
}

pub fn terms() -> Terms {
    Terms { insurer_from: Some(amt(80_000)), deductible: amt(5_000), ..Terms::with_max(amt(200_000)) }
}

pub fn claims() -> Claims {
    Claims::new(terms(), parties())
}

pub fn found(items: &[Item]) -> Found {
    Found { items: items.iter().copied().collect(), started: true }
}

pub fn all() -> Found {
    found(&Item::ALL)
}

fn run(c: &mut Claims, at: Instant, by: Hand, command: &Command) -> Result<Vec<What>, Code> {
    let events = c.decide(at, &by, &incidents(), command).map_err(|r| r.code)?;
    events.iter().for_each(|e| c.evolve(at, e));
    Ok(events.into_iter().map(|e| e.what).collect())
}

fn open(n: u64, demand: u64) -> Command {
    Command::Open { claim: cid(n), incident: iid(n), claimant: party("rq"), demand: amt(demand), head: Head::Property }
}

fn approve(n: u64, assessed: u64, split: &[(Bearer, u32)]) -> Command {
    let split = split.iter().map(|(bearer, bps)| Portion { bearer: *bearer, bps: *bps }).collect();
    Command::Approve { claim: cid(n), assessed: amt(assessed), claimant_fault_bps: 0, split, second: None }
}

pub fn pay(n: u64, amount: u64) -> Command {
    Command::Pay { claim: cid(n), amount: amt(amount), provider_ref: "ref".into() }
}

const PLATFORM: &[(Bearer, u32)] = &[(Bearer::Platform, 10_000)];

/// A claim on incident 2 (fault OWNER) in this status, by the commands that lead there.
fn made(status: Status) -> Claims {
    let (mut c, tr) = (claims(), hand(Role::TR, ""));
    run(&mut c, day(0), hand(Role::RQ, "rq"), &open(2, 9_000)).unwrap();
    let none = Command::Triage { claim: cid(2), found: found(&[]) };
    let whole = Command::Triage { claim: cid(2), found: all() };
    match status {
        Status::Opened => {}
        Status::Triaged => {
            let e = c.decide(day(1), &tr, &incidents(), &whole).unwrap();
            c.evolve(day(1), &e[0]);
        }
        Status::Lapsed => {
            run(&mut c, day(1), tr, &none).unwrap();
            let fire = Command::Fire { claim: cid(2), timer: Timer::EvidenceBy, found: all() };
            run(&mut c, day(8), Hand::CLOCK, &fire).unwrap();
        }
        _ => {
            run(&mut c, day(1), tr, &whole).unwrap();
            if status == Status::Denied {
                run(&mut c, day(2), tr, &Command::Deny { claim: cid(2), reason: Denial::NotCovered, second: None }).unwrap();
            } else if status != Status::Reserved {
                let split = [(Bearer::Insurer, 10_000)];
                run(&mut c, day(2), tr, &approve(2, 9_000, &split)).unwrap();
            }
            if status == Status::Paid {
                run(&mut c, day(3), hand(Role::PS, ""), &pay(2, 9_000)).unwrap();
            }
        }
    }
    assert_eq!(c.claims[&cid(2)].status, status);
    c
}

#[test]
fn every_pair_of_status_and_command() {
    use Code::{AlreadyDone as Done, TrackForbids as No};
    let (tr, ps, insurer) = (hand(Role::TR, ""), hand(Role::PS, ""), party("in"));
    let fire = |timer| Command::Fire { claim: cid(2), timer, found: all() };
    let take = Command::Recover { claim: cid(2), insurer, amount: amt(4_000) };
    let refuse = Command::RefuseRecovery { claim: cid(2), insurer, amount: amt(1) };
    // Columns as Status::ALL: Opened Triaged Reserved Approved Denied Lapsed Paid; the triage of `made` found everything.
    let rows: Vec<(&str, Hand, Command, [Option<Code>; 7])> = vec![
        ("open", hand(Role::RQ, "rq"), open(3, 5), [None; 7]),
        ("open again", hand(Role::RQ, "rq"), open(2, 5), [Some(Done); 7]),
        (
            "triage",
            tr,
            Command::Triage { claim: cid(2), found: all() },
            [None, Some(Done), Some(Done), Some(No), Some(No), Some(No), Some(No)],
        ),
        (
            "reserve",
            tr,
            Command::Reserve { claim: cid(2), reserve: amt(9_000) },
            [Some(No), None, None, Some(No), Some(No), Some(No), Some(No)],
        ),
        (
            "approve",
            tr,
            approve(2, 9_000, PLATFORM),
            [Some(No), Some(No), None, Some(Done), Some(No), Some(Code::SecondKeyRequired), Some(Done)],
        ),
        (
            "deny",
            tr,
            Command::Deny { claim: cid(2), reason: Denial::NotProven, second: None },
            [Some(No), Some(No), None, Some(No), Some(Done), Some(Code::SecondKeyRequired), Some(No)],
        ),
        ("pay", ps, pay(2, 9_000), [Some(No), Some(No), Some(No), None, Some(No), Some(No), Some(Done)]),
        ("recover", ps, take, [Some(No), Some(No), Some(No), None, Some(No), Some(No), None]),
        ("refuse recovery", hand(Role::IN, "in"), refuse, [Some(No), Some(No), Some(No), None, Some(No), Some(No), None]),
        ("triage by", Hand::CLOCK, fire(Timer::TriageBy), [None, Some(No), Some(No), Some(No), Some(No), Some(No), Some(No)]),
        ("evidence by", Hand::CLOCK, fire(Timer::EvidenceBy), [Some(No); 7]),
        ("decide by", Hand::CLOCK, fire(Timer::DecideBy), [Some(No), None, None, Some(No), Some(No), Some(No), Some(No)]),
        ("pay by", Hand::CLOCK, fire(Timer::PayBy), [Some(No), Some(No), Some(No), None, Some(No), Some(No), Some(No)]),
        ("recovery by", Hand::CLOCK, fire(Timer::RecoveryBy), [Some(No), Some(No), Some(No), None, Some(No), Some(No), None]),
    ];
    let mut pairs = 0;
    for (name, by, command, expected) in &rows {
        for (status, e) in Status::ALL.into_iter().zip(expected) {
            let got = run(&mut made(status), day(90), *by, command).err();
            assert_eq!(got, *e, "{name} in {status:?}");
            pairs += 1;
            for role in Role::ALL.into_iter().filter(|r| *r != by.role) {
                let got = run(&mut made(status), day(90), hand(role, ""), command);
                if name.starts_with("open") && [Role::OW, Role::SI, Role::OS].contains(&role) {
                    assert!(role != Role::OS || got.err() == *e);
                } else if role == Role::IN && status == Status::Opened && matches!(*name, "approve" | "deny") {
                    assert_eq!(got.err(), Some(No), "who decides is not yet known");
                } else {
                    assert_eq!(got.err(), Some(Code::RoleForbidden), "{name} in {status:?} by {role}");
                }
                pairs += 1;
            }
            let other = Command::Triage { claim: cid(9), found: all() };
            assert_eq!(run(&mut made(status), day(90), tr, &other), Err(Code::NotFound));
        }
    }
    println!("claim: {pairs} pairs of (status, command and role)");
    // With something missing, triage may be asked again once more of it is there.
    let mut c = claims();
    run(&mut c, day(0), hand(Role::RQ, "rq"), &open(2, 9_000)).unwrap();
    for (items, e) in [
        (&[][..], None),
        (&[], Some(Code::EvidenceInsufficient)),
        (&[Item::EvidenceWindow], None),
        (&[Item::Valuation], Some(Code::EvidenceInsufficient)),
        (&Item::ALL, None),
        (&Item::ALL, Some(Code::AlreadyDone)),
    ] {
        assert_eq!(run(&mut c, day(1), tr, &Command::Triage { claim: cid(2), found: found(items) }).err(), e, "{items:?}");
    }
    assert_eq!(c.claims[&cid(2)].triage.as_ref().unwrap().route, Route::Auto);
}

#[test]
fn sufficiency_names_what_is_missing() {
    let mut rows = 0;
    for head in Head::ALL {
        let needs = head.needs();
        for bits in 0..1u32 << Item::ALL.len() {
            let there: BTreeSet<Item> = Item::ALL.into_iter().enumerate().filter(|(k, _)| bits >> k & 1 == 1).map(|(_, i)| i).collect();
            let missing = head.missing(&there);
            assert!(Item::ALL.iter().all(|i| missing.contains(i) == (needs.contains(i) && !there.contains(i))));
            rows += 1;
        }
    }
    println!("sufficiency: {rows} rows");
}

#[test]
fn routes_and_reserves_at_and_beside_each_threshold() {
    let mut c = claims();
    for (demand, items, n, route, reserve) in [
        (9_999, &Item::ALL[..], 2, Route::Auto, 9_999),
        (10_000, &Item::ALL, 2, Route::Auto, 10_000),
        (10_001, &Item::ALL, 2, Route::Review, 10_000),
        (16_667, &Item::ALL, 2, Route::Review, 10_000),
        (16_668, &Item::ALL, 2, Route::Review, 10_000),
        (16_669, &Item::ALL, 2, Route::Review, 10_001),
        (10_000, &[], 2, Route::Review, 10_000),
        (10_000, &Item::ALL, 7, Route::Review, 10_000),
        (79_999, &Item::ALL, 2, Route::Review, 47_999),
        (80_000, &Item::ALL, 2, Route::Insurer, 48_000),
        (333_334, &Item::ALL, 2, Route::Insurer, 200_000),
        (999_999, &Item::ALL, 2, Route::Insurer, 200_000),
    ] {
        let mut c = c.clone();
        run(&mut c, day(0), hand(Role::OS, ""), &open(n, demand)).unwrap();
        run(&mut c, day(1), hand(Role::TR, ""), &Command::Triage { claim: cid(n), found: found(items) }).unwrap();
        let x = &c.claims[&cid(n)];
        assert_eq!((x.triage.as_ref().unwrap().route, x.reserve.minor()), (route, reserve), "{demand}");
    }
    c.settled = Some(day(10));
    let rq = hand(Role::RQ, "rq");
    assert_eq!(run(&mut c.clone(), Instant(day(40).0 + 1), rq, &open(2, 5)).err(), Some(Code::ClaimWindowClosed));
    assert!(run(&mut c, day(40), rq, &open(2, 5)).is_ok());
}

#[test]
fn guards_of_opening_and_deciding() {
    let mut c = claims();
    let cases = [
        (hand(Role::OW, "rq2"), open(2, 5), Code::PartyForbidden),
        (hand(Role::RQ, "rq"), open(2, 0), Code::AmountInvalid),
        (hand(Role::RQ, "rq"), open(50, 5), Code::NotFound),
        (
            hand(Role::RQ, "x"),
            Command::Open { claim: cid(1), incident: iid(2), claimant: party("x"), demand: amt(5), head: Head::Loss },
            Code::NotFound,
        ),
    ];
    for (by, command, code) in cases {
        assert_eq!(run(&mut c, day(0), by, &command).err(), Some(code), "{command:?}");
    }
    // A review of 50 000: two keys of the trust service, none of a party of the job.
    run(&mut c, day(0), hand(Role::RQ, "rq"), &open(2, 50_000)).unwrap();
    run(&mut c, day(1), hand(Role::TR, ""), &Command::Triage { claim: cid(2), found: all() }).unwrap();
    let with = |second: Option<Hand>| {
        let mut x = approve(2, 50_000, PLATFORM);
        if let Command::Approve { second: s, .. } = &mut x {
            *s = second;
        }
        x
    };
    let tr = |key: &str, of: Option<&str>| Hand { role: Role::TR, key: Some(KeyId::named(key)), party: of.map(party) };
    for (first, second, e) in [
        (tr("a", None), None, Some(Code::SecondKeyRequired)),
        (tr("a", None), Some(tr("a", None)), Some(Code::SecondKeyRequired)),
        (tr("a", None), Some(Hand { key: None, ..tr("b", None) }), Some(Code::SecondKeyRequired)),
        (tr("a", None), Some(hand(Role::OS, "")), Some(Code::RoleForbidden)),
        (tr("a", None), Some(tr("b", Some("ow"))), Some(Code::ConflictOfInterest)),
        (tr("a", Some("rq")), Some(tr("b", None)), Some(Code::ConflictOfInterest)),
        (hand(Role::IN, "in"), Some(tr("b", None)), Some(Code::RoleForbidden)),
        (tr("a", None), Some(tr("b", Some("other"))), None),
    ] {
        assert_eq!(run(&mut c.clone(), day(2), first, &with(second)).err(), e);
    }
    // The insurer's own: only the pinned one, and not its own claim.
    let mut c = claims();
    run(&mut c, day(0), hand(Role::RQ, "rq"), &open(2, 90_000)).unwrap();
    run(&mut c, day(1), hand(Role::TR, ""), &Command::Triage { claim: cid(2), found: all() }).unwrap();
    let x = approve(2, 90_000, &[(Bearer::Insurer, 10_000)]);
    for (by, e) in
        [(hand(Role::IN, "in2"), Some(Code::PartyForbidden)), (hand(Role::TR, ""), Some(Code::RoleForbidden)), (hand(Role::IN, "in"), None)]
    {
        assert_eq!(run(&mut c.clone(), day(2), by, &x).err(), e);
    }
    // Splits: the whole, each bearer once, no party but the one at fault.
    for (split, e) in [
        (&[(Bearer::Insurer, 9_999)][..], Some(Code::Unbalanced)),
        (&[(Bearer::Insurer, 10_001)], Some(Code::Unbalanced)),
        (&[], Some(Code::Unbalanced)),
        (&[(Bearer::Insurer, 5_000), (Bearer::Insurer, 5_000)], Some(Code::Unbalanced)),
        (&[(Bearer::Insurer, 10_000), (Bearer::Pool, 0)], Some(Code::Unbalanced)),
        (&[(Bearer::Party(party("op")), 10_000)], Some(Code::FundingInvalid)),
        (&[(Bearer::Party(party("rq")), 10_000)], Some(Code::FundingInvalid)),
        (&[(Bearer::Party(party("ow")), 1), (Bearer::Pool, 9_999)], None),
    ] {
        assert_eq!(run(&mut c.clone(), day(2), hand(Role::IN, "in"), &approve(2, 90_000, split)).err(), e, "{split:?}");
    }
    assert_eq!(run(&mut c, day(2), hand(Role::IN, "in"), &approve(2, 90_001, PLATFORM)).err(), Some(Code::LimitExceeded));
    // Not started: a stall's claim is not approved, a collision's is.
    for (n, e) in [(8, Some(Code::StateForbids)), (2, None), (7, Some(Code::TrackForbids))] {
        let mut c = claims();
        run(&mut c, day(0), hand(Role::RQ, "rq"), &open(n, 20_000)).unwrap();
        let f = Found { started: false, ..all() };
        run(&mut c, day(1), hand(Role::TR, ""), &Command::Triage { claim: cid(n), found: f }).unwrap();
        let mut x = approve(n, 20_000, PLATFORM);
        if let Command::Approve { second, .. } = &mut x {
            *second = Some(tr("b", None));
        }
        assert_eq!(run(&mut c, day(2), tr("a", None), &x).err(), e, "{n}");
    }
}

#[test]
fn shares_sum_and_the_deductible_falls_on_the_party_at_fault() {
    let s = share::shares(amt(20_000), &[Portion { bearer: Bearer::Insurer, bps: 10_000 }], amt(5_000), Some(party("ow")));
    assert_eq!(
        s,
        [Share { bearer: Bearer::Insurer, amount: amt(15_000) }, Share { bearer: Bearer::Party(party("ow")), amount: amt(5_000) }]
    );
    let mut d = Dice(3);
    for _ in 0..20_000 {
        let bearers = [Bearer::Party(party("ow")), Bearer::Insurer, Bearer::Pool, Bearer::Platform];
        let mut rest = 10_000u32;
        let split: Vec<Portion> = bearers
            .into_iter()
            .enumerate()
            .map(|(k, bearer)| {
                let bps = if k == 3 { rest } else { d.below(u64::from(rest) + 1) as u32 };
                rest -= bps;
                Portion { bearer, bps }
            })
            .collect();
        let of = if d.one_in(50) { 1_000_000_000_000 } else { 100_000 };
        let payout = d.below(of + 1);
        let out = share::shares(amt(payout), &split, Amount::ZERO, None);
        assert_eq!(out.iter().map(|s| s.amount.minor()).sum::<u64>(), payout);
        for p in &split {
            let exact = u128::from(payout) * u128::from(p.bps) / 10_000;
            let got = out.iter().find(|s| s.bearer == p.bearer).map_or(0, |s| u128::from(s.amount.minor()));
            assert!(got.abs_diff(exact) <= 1);
        }
        let cut = d.below(20_000);
        let with = share::shares(amt(payout), &split, amt(cut), d.one_in(2).then(|| party("ow")));
        assert_eq!(with.iter().map(|s| s.amount.minor()).sum::<u64>(), payout);
        let insurer = |s: &[Share]| s.iter().find(|s| s.bearer == Bearer::Insurer).map_or(0, |s| s.amount.minor());
        assert_eq!(insurer(&with), insurer(&out).saturating_sub(cut));
    }
}

#[test]
fn nobody_moves_and_yet_every_claim_ends() {
    let mut ends: BTreeMap<(Status, u64), u64> = BTreeMap::new();
    for n in 0..9 {
        for (found, demand) in [(all(), 9_000), (all(), 90_000), (found(&[]), 9_000), (Found { started: false, ..all() }, 9_000)] {
            let (mut c, mut now) = (claims(), day(0));
            run(&mut c, now, hand(Role::RQ, "rq"), &open(n, demand)).unwrap();
            let mut levels = Vec::new();
            while !c.claims[&cid(n)].status.is_end() && c.claims[&cid(n)].status != Status::Approved {
                let (claim, timer, at) = c.deadlines().into_iter().min_by_key(|d| d.2).expect("I4: something is armed");
                assert!(at >= now);
                now = at;
                for w in run(&mut c, now, Hand::CLOCK, &Command::Fire { claim, timer, found: found.clone() }).unwrap() {
                    if let What::Escalated { timer, level } = w {
                        levels.push((timer, level, now.0 / day(1).0));
                    }
                }
            }
            let x = &c.claims[&cid(n)];
            *ends.entry((x.status, now.0 / day(1).0)).or_default() += 1;
            let triage = [(Timer::TriageBy, 1, 2), (Timer::TriageBy, 2, 4), (Timer::TriageBy, 3, 6)];
            let decide = [(Timer::DecideBy, 1, 20), (Timer::DecideBy, 2, 27), (Timer::DecideBy, 3, 34)];
            assert_eq!(levels[..3], triage);
            if found.items.is_empty() {
                assert_eq!(x.status, Status::Lapsed);
            } else {
                assert_eq!(levels[3..], decide);
                let own_fault = n == 1 || n == 8 && found.started;
                let granted = !own_fault && n != 7 && n != 8;
                assert_eq!(x.status == Status::Approved, granted, "{n} {found:?}");
                assert_eq!(x.denial == Some(Denial::ClaimantFault), own_fault);
                if let Some(g) = &x.grant {
                    assert_eq!(g.payout.minor(), demand.min(10_000));
                    assert_eq!(g.shares.len(), 1);
                }
            }
        }
    }
    println!("by the clock alone (status, day): {ends:?}");
}

#[test]
fn money_is_paid_once_and_recovered_within_what_is_owed() {
    let mut c = made(Status::Approved);
    let (ps, insurer, other) = (hand(Role::PS, ""), party("in"), party("in2"));
    let got = |c: &Claims| c.claims[&cid(2)].grant.as_ref().unwrap().outstanding().minor();
    assert_eq!(got(&c), 4_000, "9 000 less the deductible");
    assert_eq!(run(&mut c, day(3), ps, &pay(2, 8_999)).err(), Some(Code::AmountInvalid));
    let mut nameless = pay(2, 9_000);
    if let Command::Pay { provider_ref, .. } = &mut nameless {
        provider_ref.clear();
    }
    assert_eq!(run(&mut c, day(3), ps, &nameless).err(), Some(Code::SchemaInvalid));
    assert!(run(&mut c, day(3), ps, &pay(2, 9_000)).is_ok());
    let take = |insurer, n| Command::Recover { claim: cid(2), insurer, amount: amt(n) };
    assert_eq!(run(&mut c, day(3), ps, &take(other, 1)).err(), Some(Code::PartyForbidden));
    assert_eq!(run(&mut c, day(3), ps, &take(insurer, 0)).err(), Some(Code::AmountInvalid));
    assert_eq!(run(&mut c, day(3), ps, &take(insurer, 4_001)).err(), Some(Code::LimitExceeded));
    assert!(run(&mut c, day(3), ps, &take(insurer, 3_000)).is_ok());
    assert_eq!(c.deadlines(), [(cid(2), Timer::RecoveryBy, day(62))]);
    let no = |n| Command::RefuseRecovery { claim: cid(2), insurer, amount: amt(n) };
    assert_eq!(run(&mut c, day(4), hand(Role::IN, "in2"), &no(1)).err(), Some(Code::PartyForbidden));
    assert_eq!(run(&mut c, day(4), hand(Role::IN, "in"), &no(1_001)).err(), Some(Code::LimitExceeded));
    run(&mut c, day(62), Hand::CLOCK, &Command::Fire { claim: cid(2), timer: Timer::RecoveryBy, found: all() }).unwrap();
    assert_eq!(c.deadlines(), [(cid(2), Timer::RecoveryBy, day(92))]);
    assert!(run(&mut c, day(4), hand(Role::IN, "in"), &no(1_000)).is_ok());
    assert!(got(&c) == 0 && c.deadlines().is_empty());
}

#[test]
fn no_number_is_too_large() {
    let mut c = Claims::new(Terms { reserve_bps: u32::MAX, deductible: Amount::MAX, ..Terms::with_max(Amount::MAX) }, parties());
    let max = Amount::MAX.minor();
    run(&mut c, Instant::NEVER, hand(Role::RQ, "rq"), &open(2, max)).unwrap();
    run(&mut c, Instant::NEVER, hand(Role::TR, ""), &Command::Triage { claim: cid(2), found: all() }).unwrap();
    let mut x = approve(2, max, &[(Bearer::Insurer, u32::MAX)]);
    assert!(run(&mut c, Instant::NEVER, hand(Role::TR, ""), &x).is_err());
    if let Command::Approve { claimant_fault_bps, .. } = &mut x {
        *claimant_fault_bps = u32::MAX;
    }
    assert_eq!(run(&mut c, Instant::NEVER, hand(Role::TR, ""), &x).err(), Some(Code::SchemaInvalid));
    c.evolve(
        Instant::NEVER,
        &Event { claim: cid(2), what: What::Escalated { timer: Timer::DecideBy, level: u32::MAX }, origin_period: None },
    );
    assert_eq!(c.deadlines()[0].2, Instant::NEVER);
}
