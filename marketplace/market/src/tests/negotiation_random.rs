//! Random negotiations against the naive model: every verdict, every state, every timer.

use super::negotiation::{at, owner, quo, rfq};
use super::negotiation_model::{Model, Owners, Said};
use super::{Dice, Tally};
use crate::negotiation::*;
use nooterra_engine::Instant;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::QuoteId;
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::Currency;

fn name(c: &RfqCommand) -> &'static str {
    match c {
        RfqCommand::Submit { .. } => "submit",
        RfqCommand::Counter { by: Speaker::Requester, .. } => "counter by requester",
        RfqCommand::Counter { .. } => "counter by owner",
        RfqCommand::Accept { .. } => "accept",
        RfqCommand::WithdrawQuote { .. } => "withdraw quote",
        RfqCommand::Award { .. } => "award",
        RfqCommand::Book { .. } => "book",
        RfqCommand::Decline => "decline",
        RfqCommand::Withdraw => "withdraw",
        RfqCommand::WithdrawByStaff => "withdraw by staff",
    }
}

fn any_command(d: &mut Dice, n: &Negotiation, now: Instant, fresh: &mut u64) -> RfqCommand {
    let service = *d.pick(&[499, 500, 800, 800, 900, 1_000, 1_100, 1_200, 1_201, 1_900, 2_000, 2_001]);
    let arrive = at(125 + d.below(2));
    let expires = if d.one_in(12) { at(241) } else { Instant(now.0 + d.below(80) * 60_000_000_000).min(at(240)) };
    let line = (!n.quotes.is_empty()).then(|| d.pick(&n.quotes).clone());
    let quote = line.as_ref().filter(|_| !d.one_in(20)).map_or(quo(999), |q| q.quote);
    let speaks = line.as_ref().filter(|_| !d.one_in(12)).map_or(owner(d.below(4)), |q| q.owner);
    let newest = line.as_ref().map(|q| q.newest().terms.clone());
    let hash = newest.as_ref().filter(|_| !d.one_in(10)).map_or(Digest([1; 32]), QuoteTerms::hash);
    match d.below(40) {
        0..10 => {
            *fresh += u64::from(!d.one_in(20));
            let robot_class = if d.one_in(30) { "x".repeat(33) } else { "cart".to_owned() };
            let currency = if d.one_in(20) { Currency::USD } else { Currency::EUR };
            RfqCommand::Submit {
                quote: quo(*fresh),
                owner: owner(d.below(4)),
                standing: None,
                service,
                currency,
                arrive,
                robot_class,
                expires,
            }
        }
        10..19 => {
            let turn = line.as_ref().and_then(QuoteLine::turn).filter(|_| !d.one_in(4));
            let owners = turn.map_or(d.one_in(2), |t| t == Side::Owner);
            let by = if owners { Speaker::Owner(speaks) } else { Speaker::Requester };
            let (service, arrive, expires) = match &newest {
                Some(t) if d.one_in(8) => (t.service.minor(), t.arrive, t.expires),
                _ => (service, arrive, expires),
            };
            RfqCommand::Counter { by, quote, prev: hash, service, arrive, expires }
        }
        19..25 => {
            let rev = newest.map_or(0, |t| t.rev);
            RfqCommand::Accept { owner: speaks, quote, rev: if d.one_in(10) { rev + 1 } else { rev } }
        }
        25..28 => RfqCommand::WithdrawQuote { owner: speaks, quote },
        28..33 => RfqCommand::Award { quote, terms_hash: hash },
        33..36 => {
            let total = n.award().map_or(100, |a| a.total);
            let redeemed = d.below(50);
            let authorised = if d.one_in(5) { total } else { total - redeemed };
            RfqCommand::Book { authorised, redeemed, currency: if d.one_in(10) { Currency::USD } else { Currency::EUR } }
        }
        36..38 => RfqCommand::Decline,
        38 if d.one_in(4) => RfqCommand::Withdraw,
        39 if d.one_in(4) => RfqCommand::WithdrawByStaff,
        _ => RfqCommand::Decline,
    }
}

#[test]
fn random_negotiations_equal_the_naive_model() {
    let (mut ops, mut codes, mut ends, mut timers) = (Tally::default(), Tally::default(), Tally::default(), Tally::default());
    let histories = 20_000;
    for seed in 0..histories {
        let mut d = Dice(seed);
        let mode = *d.pick(&[AwardMode::Auto, AwardMode::Instant, AwardMode::Manual, AwardMode::Manual]);
        let pace = *d.pick(&[3, 3, 5, 7]);
        let mut r = rfq(mode);
        r.rules.prices.quotes_max = *d.pick(&[2, 3, 32]);
        r.budget = if d.one_in(3) { None } else { r.budget };
        r.licence_caps = *d.pick(&[0, 0, 200, 400]);
        let mut n = Negotiation::open(r.clone()).unwrap();
        let mut refold = n.clone();
        let mut m = Model { rfq: r, said: Vec::new() };
        let (mut now, mut fresh, mut owners) = (at(0), 0, Owners::new());
        for seq in 0..45 {
            // An ended one has little more to say.
            if matches!(n.status(), RfqStatus::Booked | RfqStatus::Withdrawn) && d.one_in(4) {
                break;
            }
            now = Instant(now.0 + d.below(pace) * 60_000_000_000 + d.below(2));
            if d.one_in(6) {
                let trust_bps = u32::try_from(d.below(3) * 5_000).unwrap();
                owners.insert(owner(d.below(3)), OwnerView { trust_bps, ready: !d.one_in(4) });
            }
            let mut facts = Vec::new();
            while let Some(t) = n.deadlines().first().copied().filter(|t| t.due <= now) {
                let fired = n.fire(&View { now: t.due, log_seq: seq, owners: &owners }, t.timer);
                assert!(!fired.is_empty());
                timers.count(format!("{:?}", t.timer).split('(').next().unwrap(), true);
                fired.iter().for_each(|f| n.evolve(f));
                facts.extend(fired);
            }
            m.advance(now, &owners);
            let c = any_command(&mut d, &n, now, &mut fresh);
            let answer = n.decide(&View { now, log_seq: seq, owners: &owners }, &c);
            assert_eq!(answer.as_ref().map(|_| ()).map_err(|e| *e), m.take(now, seq, &owners, &c), "seed {seed} at {seq}: {c:?}");
            ops.count(name(&c), answer.is_ok());
            match answer {
                Ok(more) => {
                    more.iter().for_each(|f| n.evolve(f));
                    facts.extend(more);
                }
                Err(code) => codes.count(&code.to_string(), false),
            }
            facts.iter().for_each(|f| refold.evolve(f));
            assert_eq!(refold, n);
            assert_eq!(n.status(), m.status(), "seed {seed} at {seq}");
            assert_eq!(n.award().map(|a| (a.quote, a.total, a.auth_by)), m.award().filter(|_| n.status() == RfqStatus::Awarded));
            let live: Vec<QuoteId> = n.quotes.iter().filter(|q| q.is_live()).map(|q| q.quote).collect();
            assert_eq!(live, m.quotes().into_iter().filter(|q| m.live(*q)).collect::<Vec<_>>());
            let open = !matches!(n.status(), RfqStatus::Booked | RfqStatus::Withdrawn);
            assert_eq!(!n.deadlines().is_empty(), open, "an open request has a timer");
            if d.one_in(9) {
                n = Negotiation::thaw(&n.freeze()).unwrap();
                refold = n.clone();
            }
        }
        let reasons: Vec<AwardReason> =
            m.said.iter().filter_map(|s| if let Said::Award { reason, .. } = s { Some(*reason) } else { None }).collect();
        reasons.iter().for_each(|r| ends.count(&format!("{r:?}"), true));
        if let RfqPhase::Withdrawn(reason) = n.phase {
            assert_eq!(Some(reason), m.ended());
            ends.count(&format!("{reason:?}"), true);
        }
    }
    let all = [
        "submit",
        "counter by requester",
        "counter by owner",
        "accept",
        "withdraw quote",
        "award",
        "book",
        "decline",
        "withdraw",
        "withdraw by staff",
    ];
    println!("{histories} histories");
    ops.insist("negotiation", &all);
    codes.print("codes");
    ends.print("ends and awards");
    timers.print("timers");
    let missing = [
        "SCHEMA_INVALID",
        "NOT_FOUND",
        "PREV_MISMATCH",
        "QUOTA_EXCEEDED",
        "STATE_FORBIDS",
        "ALREADY_DONE",
        "JOB_TERMINAL",
        "RFQ_CLOSED",
        "NOT_INVITED",
        "QUOTE_NOT_LIVE",
        "QUOTE_EXPIRED",
        "ROUNDS_EXHAUSTED",
        "NOT_YOUR_TURN",
        "NO_CHANGE",
        "PRICE_OUT_OF_BAND",
        "SPLIT_INFEASIBLE",
        "OVER_BUDGET",
        "CURRENCY_MISMATCH",
        "TERMS_CHANGED",
        "AUTH_MISMATCH",
        "NO_CANDIDATE",
    ];
    missing.iter().for_each(|c| assert!(codes.0.contains_key(*c), "{c} was never given"));
    for e in ["RfqExpired", "NoAcceptableQuote", "NotDecided", "Requester", "Staff", "FirstAwardable", "BestAtClose", "NextAfterLapse"] {
        assert!(ends.0.contains_key(e), "{e} never happened");
    }
    for t in ["QuoteExpiry", "RfqClose", "AwardDecide", "AuthBy"] {
        assert!(timers.0.contains_key(t), "{t} never fired");
    }
}
