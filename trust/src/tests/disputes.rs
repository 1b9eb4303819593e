use crate::dispute::{Command, Disputes, Event, Funding, Ground, OPENERS, Status, Times, Verdict};
use crate::guard::Hand;
use crate::parties::Fault;
use crate::rejection::Code;
use crate::role::Role;
use crate::tests::dice::{Dice, Tally, digest, hand, parties, party};
use nooterra_engine::Digest;
use nooterra_engine::ids::DisputeId;
use nooterra_engine::money::Amount;
use nooterra_engine::record::{decode, encode};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

fn day(n: u64) -> Instant {
    Instant::from_secs(n * 86_400)
}
fn id(n: u64) -> DisputeId {
    DisputeId::named(&n.to_string())
}
fn amt(n: u64) -> Amount {
    Amount::new(n).unwrap()
}

fn job() -> Disputes {
    Disputes { ended: Some(day(1)), ..Disputes::new(parties(), amt(10_000), Times::default()) }
}

fn open(n: u64, of: &str, amount: u64) -> Command {
    Command::Open { dispute: id(n), opener: party(of), ground: Ground::Quality, amount: amt(amount) }
}

fn verdict(award: u64) -> Verdict {
    Verdict { award: amt(award), funding: Funding::Legs, earned_bps: None, decision_hash: digest(1) }
}

fn decided(n: u64, v: Verdict) -> Command {
    Command::Decide { dispute: id(n), verdict: v }
}

fn run(d: &mut Disputes, at: Instant, by: Hand, c: &Command) -> Result<Event, Code> {
    let e = d.decide(at, &by, c).map_err(|r| r.code)?;
    d.evolve(at, &e);
    Ok(e)
}

fn made(status: Option<Status>) -> Disputes {
    let mut d = job();
    let Some(s) = status else { return d };
    run(&mut d, day(2), hand(Role::RQ, "rq"), &open(1, "rq", 5_000)).unwrap();
    match s {
        Status::Open => {}
        Status::Decided => drop(run(&mut d, day(3), hand(Role::TR, ""), &decided(1, verdict(1))).unwrap()),
        Status::Dropped => drop(run(&mut d, day(3), hand(Role::RQ, "rq"), &Command::Drop { dispute: id(1) }).unwrap()),
    }
    d
}

#[test]
fn every_pair_of_status_and_command() {
    use Code::{AlreadyDone as Done, NotFound as Gone, TrackForbids as No};
    let states = [None, Some(Status::Open), Some(Status::Decided), Some(Status::Dropped)];
    let rows: [(&str, Hand, Command, [Option<Code>; 4]); 6] = [
        ("open", hand(Role::RQ, "rq"), open(2, "rq", 5), [None, Some(Done), None, None]),
        ("open beside", hand(Role::OW, "ow"), open(2, "ow", 5), [None; 4]),
        ("open again", hand(Role::RQ, "rq"), open(1, "rq", 5), [None, Some(Done), Some(Done), Some(Done)]),
        ("decide", hand(Role::TR, ""), decided(1, verdict(5)), [Some(Gone), None, Some(Done), Some(No)]),
        ("drop", hand(Role::RQ, "rq"), Command::Drop { dispute: id(1) }, [Some(Gone), None, Some(No), Some(Done)]),
        ("fire", Hand::CLOCK, Command::Fire { dispute: id(1) }, [Some(Gone), None, Some(No), Some(No)]),
    ];
    let mut pairs = 0;
    for (name, by, c, expected) in rows {
        for (s, e) in states.into_iter().zip(expected) {
            assert_eq!(run(&mut made(s), day(5), by, &c).err(), e, "{name} in {s:?}");
            pairs += 1;
            for role in Role::ALL.into_iter().filter(|r| *r != by.role) {
                let got = run(&mut made(s), day(5), hand(role, ""), &c).err();
                let opener = OPENERS.contains(&role) && by.role != Role::TR && by.role != Role::CK;
                let want = match () {
                    () if !opener => Code::RoleForbidden,
                    () if name == "drop" && s.is_none() => Gone,
                    () => Code::PartyForbidden,
                };
                assert_eq!(got, Some(want), "{name} in {s:?} by {role}");
                pairs += 1;
            }
        }
    }
    println!("dispute: {pairs} pairs of (status, command and role)");
}

#[test]
fn windows_guards_and_awards() {
    let (rq, tr) = (hand(Role::RQ, "rq"), hand(Role::TR, ""));
    let mut d = job();
    assert_eq!(run(&mut d, Instant(day(1).0 - 1), rq, &open(1, "rq", 5)), Err(Code::StateForbids));
    d.settled = Some(day(2));
    assert_eq!(run(&mut d.clone(), Instant(day(16).0 + 1), rq, &open(1, "rq", 5)), Err(Code::JobTerminal));
    assert!(run(&mut d.clone(), day(16), rq, &open(1, "rq", 5)).is_ok());
    for (by, of, amount, e) in [
        (rq, "rq", 0, Some(Code::AmountInvalid)),
        (rq, "rq", 10_000, None),
        (rq, "rq", 10_001, Some(Code::LimitExceeded)),
        (rq, "ow", 5, Some(Code::PartyForbidden)),
        (hand(Role::RQ, "x"), "x", 5, Some(Code::NotFound)),
        (hand(Role::DV, "dv"), "dv", 5, None),
    ] {
        assert_eq!(run(&mut d.clone(), day(3), by, &open(1, of, amount)).err(), e);
    }
    run(&mut d, day(3), rq, &open(1, "rq", 500)).unwrap();
    assert!(d.any_open());
    let v = verdict(500);
    for (v, e) in [
        (v, None),
        (verdict(501), Some(Code::LimitExceeded)),
        (verdict(0), None),
        (Verdict { decision_hash: Digest::ZERO, ..v }, Some(Code::ContentHashMissing)),
        (Verdict { earned_bps: Some(10_001), ..v }, Some(Code::SchemaInvalid)),
        (Verdict { earned_bps: Some(10_000), ..v }, Some(Code::JobTerminal)),
        (Verdict { funding: Funding::Platform, ..v }, None),
        (Verdict { funding: Funding::Party(party("ow")), ..v }, None),
        (Verdict { funding: Funding::Party(party("rq")), ..v }, Some(Code::FundingInvalid)),
        (Verdict { funding: Funding::Party(party("in")), ..v }, Some(Code::FundingInvalid)),
        (Verdict { funding: Funding::Party(party("x")), ..v }, Some(Code::FundingInvalid)),
    ] {
        assert_eq!(run(&mut d.clone(), day(4), tr, &decided(1, v)).err(), e, "{v:?}");
    }
    for of in ["rq", "ow", "op", "dv", "in"] {
        assert_eq!(run(&mut d, day(4), hand(Role::TR, of), &decided(1, v)).err(), Some(Code::ConflictOfInterest));
    }
    d.settled = None;
    run(&mut d, day(4), tr, &decided(1, Verdict { earned_bps: Some(4_000), ..v })).unwrap();
    assert_eq!((d.earned_bps(), d.any_open()), (Some(4_000), false));
    // The later decision counts, whatever the ids.
    for n in [2, 3] {
        let at = Instant(day(5).0 + n);
        run(&mut d, at, rq, &open(n, "rq", 5)).unwrap();
        run(&mut d, at, tr, &decided(n, Verdict { earned_bps: Some(n as u32), ..verdict(1) })).unwrap();
        assert_eq!(d.earned_bps(), Some(n as u32));
    }
    let funding = Fault::ALL.map(|f| Funding::of_fault(f, &parties()));
    let p = |n| Funding::Party(party(n));
    assert_eq!(funding, [Funding::Legs, Funding::Legs, p("ow"), p("op"), p("dv"), Funding::Platform, Funding::Legs]);
}

#[test]
fn nobody_decides_and_yet_it_ends() {
    let mut d = made(Some(Status::Open));
    let mut fired = Vec::new();
    while let Some((dispute, at)) = d.deadlines().first().copied() {
        assert_eq!(run(&mut d, Instant(at.0 - 1), Hand::CLOCK, &Command::Fire { dispute }), Err(Code::TrackForbids));
        fired.push((at.0 / day(1).0, run(&mut d, at, Hand::CLOCK, &Command::Fire { dispute }).unwrap()));
    }
    assert_eq!(fired.len(), 10);
    assert_eq!(fired[0], (5, Event::Escalated { dispute: id(1), level: 1 }));
    assert_eq!(fired[9], (32, Event::Dropped { dispute: id(1), undecided: true }));
    let mut never = made(Some(Status::Open));
    never.evolve(Instant::NEVER, &Event::Escalated { dispute: id(1), level: u32::MAX });
    never.times.end = nooterra_engine::time::Span(u64::MAX);
    assert_eq!(never.deadlines()[0].1, Instant(day(2).0.saturating_add(never.times.review.0.saturating_mul(1 << 32))));
}

#[test]
fn random_histories_agree_with_the_model() {
    let (mut tally, mut r) = (Tally::default(), Dice(31));
    for _ in 0..4_000 {
        let (mut d, mut now) = (Disputes::new(parties(), amt(10_000), Times::default()), 0);
        // By dispute: whose, how much, since when, awarded; nothing more once it is over.
        let (mut live, mut over) = (BTreeMap::<DisputeId, (&str, u64, u64)>::new(), BTreeMap::<DisputeId, Option<u64>>::new());
        for _ in 0..30 {
            now += r.below(2 * 86_400);
            if r.one_in(5) {
                d.ended = d.ended.or(Some(Instant::from_secs(now)));
            }
            if r.one_in(12) && d.ended.is_some() {
                d.settled = d.settled.or(Some(Instant::from_secs(now)));
            }
            let (n, at) = (r.below(5), Instant::from_secs(now));
            let of = r.pick(&["rq", "ow", "op", "dv", "zz"]);
            let amount = r.pick(&[0, 1, 5_000, 10_000, 10_001]);
            let (name, mut by, c) = match r.below(4) {
                0 => ("open", hand(r.pick(&OPENERS), of), open(n, of, amount)),
                1 => {
                    let funding = r.pick(&[Funding::Legs, Funding::Platform, Funding::Party(party(of))]);
                    let v = Verdict {
                        award: amt(amount / 2),
                        funding,
                        earned_bps: r.pick(&[None, Some(0), Some(10_001)]),
                        decision_hash: digest(0),
                    };
                    ("decide", hand(Role::TR, if r.one_in(9) { of } else { "" }), decided(n, v))
                }
                2 => ("drop", hand(r.pick(&OPENERS), of), Command::Drop { dispute: id(n) }),
                _ => ("fire", Hand::CLOCK, Command::Fire { dispute: id(n) }),
            };
            if r.one_in(12) {
                by = hand(r.pick(&Role::ALL), of);
            }
            let got = d.decide(at, &by, &c);
            tally.note(name, &got);
            let ok = match c {
                Command::Open { dispute, .. } => {
                    let window = d.ended.is_some() && d.settled.is_none_or(|s| now <= s.0 / 1_000_000_000 + 14 * 86_400);
                    let free = !live.contains_key(&dispute) && !over.contains_key(&dispute) && !live.values().any(|x| x.0 == of);
                    OPENERS.contains(&by.role) && of != "zz" && window && free && (1..=10_000).contains(&amount)
                }
                Command::Decide { dispute, verdict: v } => live.get(&dispute).is_some_and(|x| {
                    let neutral = by.party.is_none_or(|p| p == party("zz"));
                    let earned = v.earned_bps.is_none_or(|e| e <= 10_000 && d.settled.is_none());
                    let funded = !matches!(v.funding, Funding::Party(_)) || of != "zz" && of != x.0;
                    by.role == Role::TR && neutral && earned && funded && v.award.minor() <= x.1
                }),
                Command::Drop { dispute } => OPENERS.contains(&by.role) && live.get(&dispute).is_some_and(|x| x.0 == of),
                Command::Fire { dispute } => {
                    let level = d.disputes.get(&dispute).map_or(0, |x| u64::from(x.level));
                    by.role == Role::CK && live.get(&dispute).is_some_and(|x| now >= x.2 + (3 * (level + 1)).min(30) * 86_400)
                }
            };
            assert_eq!(got.is_ok(), ok, "{c:?} by {by:?}: {got:?}");
            if let Ok(e) = got {
                d.evolve(at, &e);
                match e {
                    Event::Opened { dispute, .. } => drop(live.insert(dispute, (of, amount, now))),
                    Event::Decided { dispute, verdict } => {
                        live.remove(&dispute);
                        over.insert(dispute, Some(verdict.award.minor()));
                    }
                    Event::Dropped { dispute, .. } => {
                        live.remove(&dispute);
                        over.insert(dispute, None);
                    }
                    Event::Escalated { .. } => {}
                }
            }
            let bytes = encode(&d);
            d = decode(&bytes).unwrap();
            assert_eq!(encode(&d), bytes);
            assert_eq!(d.any_open(), !live.is_empty());
            assert_eq!(d.deadlines().len(), live.len());
            for (id, award) in &over {
                assert_eq!(d.disputes[id].verdict.map(|v| v.award.minor()), *award);
            }
        }
    }
    let codes = [
        Code::SchemaInvalid,
        Code::RoleForbidden,
        Code::NotFound,
        Code::PartyForbidden,
        Code::ConflictOfInterest,
        Code::StateForbids,
        Code::TrackForbids,
        Code::AlreadyDone,
        Code::JobTerminal,
        Code::AmountInvalid,
        Code::LimitExceeded,
        Code::FundingInvalid,
    ];
    tally.demand("dispute", &["open", "decide", "drop", "fire"], &codes);
}
