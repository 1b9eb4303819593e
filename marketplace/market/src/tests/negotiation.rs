//! Negotiations: the matrix of states and commands, limits at and beside their instants, and what an end leaves.

use crate::negotiation::*;
use crate::rejection::Code;
use crate::tables::PriceTables;
use nooterra_engine::Instant;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{PartyId, QuoteId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Span;
use std::collections::BTreeMap;

pub const MIN: u64 = 60_000_000_000;

pub fn at(minutes: u64) -> Instant {
    Instant(minutes * MIN)
}
pub fn owner(n: u64) -> PartyId {
    PartyId::named(&format!("owner{n}"))
}
pub fn quo(n: u64) -> QuoteId {
    QuoteId::named(&format!("quote{n}"))
}

pub fn rfq(mode: AwardMode) -> Rfq {
    Rfq {
        opened: at(0),
        closes: at(30),
        start: at(120),
        end: at(240),
        mode,
        invited: vec![owner(0), owner(1), owner(2)],
        budget: Some(Amount::new(1_250).unwrap()),
        cover_fee: Amount::new(50).unwrap(),
        currency: Currency::EUR,
        reference: 1_000,
        licence_caps: 0,
        skills: vec![],
        rules: NegotiationRules {
            max_rounds: 3,
            decide_for: Span::from_mins(40),
            prices: PriceTables { quotes_max: 3, ..PriceTables::default() },
            ..NegotiationRules::default()
        },
    }
}

fn submit(q: u64, o: u64, service: u64, expires: u64) -> RfqCommand {
    let (quote, owner, expires) = (quo(q), owner(o), at(expires));
    let currency = Currency::EUR;
    RfqCommand::Submit { quote, owner, standing: None, service, currency, arrive: at(125), robot_class: "cart".into(), expires }
}
fn counter(n: &Negotiation, by: Speaker, q: u64, service: u64, expires: u64) -> RfqCommand {
    let prev = n.quote(quo(q)).map_or(Digest::ZERO, |q| q.newest().terms.hash());
    RfqCommand::Counter { by, quote: quo(q), prev, service, arrive: at(125), expires: at(expires) }
}
fn award(n: &Negotiation, q: u64) -> RfqCommand {
    RfqCommand::Award { quote: quo(q), terms_hash: n.quote(quo(q)).map_or(Digest::ZERO, |q| q.newest().terms.hash()) }
}
fn accept(n: &Negotiation, q: u64, o: u64) -> RfqCommand {
    RfqCommand::Accept { owner: owner(o), quote: quo(q), rev: n.quote(quo(q)).map_or(0, |q| q.newest().terms.rev) }
}
fn book(n: &Negotiation) -> RfqCommand {
    RfqCommand::Book { authorised: n.award().map_or(0, |a| a.total), redeemed: 0, currency: Currency::EUR }
}

/// A negotiation with its own clock for tests.
struct Walk {
    n: Negotiation,
    now: Instant,
    seq: u64,
}

impl Walk {
    fn new(r: Rfq) -> Self {
        Self { n: Negotiation::open(r).unwrap(), now: at(0), seq: 0 }
    }
    fn to(&mut self, now: Instant) -> Vec<RfqFact> {
        let owners = BTreeMap::new();
        let mut all = Vec::new();
        while let Some(t) = self.n.deadlines().first().copied().filter(|t| t.due <= now) {
            let facts = self.n.fire(&View { now: t.due, log_seq: self.seq, owners: &owners }, t.timer);
            assert!(!facts.is_empty(), "an armed timer does something");
            facts.iter().for_each(|f| self.n.evolve(f));
            all.extend(facts);
        }
        self.now = now;
        all
    }
    fn ask(&mut self, c: &RfqCommand) -> Result<Vec<RfqFact>, Code> {
        self.seq += 1;
        let owners = BTreeMap::new();
        let facts = self.n.decide(&View { now: self.now, log_seq: self.seq, owners: &owners }, c)?;
        facts.iter().for_each(|f| self.n.evolve(f));
        Ok(facts)
    }
    #[track_caller]
    fn ok(&mut self, c: &RfqCommand) -> &mut Self {
        self.ask(c).unwrap_or_else(|e| panic!("{c:?}: {e}"));
        self
    }
}

fn states() -> Vec<(&'static str, Walk)> {
    let walk = |f: &dyn Fn(&mut Walk)| {
        let mut w = Walk::new(rfq(AwardMode::Manual));
        f(&mut w);
        w
    };
    let quoted = |w: &mut Walk| {
        w.ok(&submit(0, 0, 1_000, 200));
    };
    let asked = |w: &mut Walk| {
        quoted(w);
        let c = counter(&w.n, Speaker::Requester, 0, 900, 190);
        w.ok(&c);
    };
    let accepted = |w: &mut Walk| {
        asked(w);
        let c = accept(&w.n, 0, 0);
        w.ok(&c);
    };
    let answered = |w: &mut Walk| {
        asked(w);
        let c = counter(&w.n, Speaker::Owner(owner(0)), 0, 950, 190);
        w.ok(&c);
    };
    let spent = |w: &mut Walk| {
        answered(w);
        let c = counter(&w.n, Speaker::Requester, 0, 940, 190);
        w.ok(&c);
    };
    let awarded = |w: &mut Walk| {
        quoted(w);
        let c = award(&w.n, 0);
        w.ok(&c);
    };
    vec![
        ("created", walk(&|_| {})),
        ("quoted", walk(&quoted)),
        (
            "dear",
            walk(&|w| {
                w.ok(&submit(0, 0, 1_201, 200));
            }),
        ),
        ("countered", walk(&asked)),
        ("accepted", walk(&accepted)),
        ("answered", walk(&answered)),
        ("spent", walk(&spent)),
        (
            "late",
            walk(&|w| {
                quoted(w);
                w.now = at(200);
            }),
        ),
        (
            "closed",
            walk(&|w| {
                quoted(w);
                w.to(at(30));
            }),
        ),
        ("awarded", walk(&awarded)),
        (
            "lapsed",
            walk(&|w| {
                awarded(w);
                w.ok(&RfqCommand::Decline);
            }),
        ),
        (
            "booked",
            walk(&|w| {
                awarded(w);
                let c = book(&w.n);
                w.ok(&c);
            }),
        ),
        (
            "withdrawn",
            walk(&|w| {
                quoted(w);
                w.ok(&RfqCommand::Withdraw);
            }),
        ),
    ]
}

fn commands(n: &Negotiation) -> Vec<(&'static str, RfqCommand)> {
    let wrong = RfqCommand::Award { quote: quo(0), terms_hash: Digest([7; 32]) };
    let short = RfqCommand::Book { authorised: 1, redeemed: 0, currency: Currency::EUR };
    let (rq, ow) = (Speaker::Requester, Speaker::Owner(owner(0)));
    vec![
        ("submit-other", submit(1, 1, 1_100, 200)),
        ("submit-same", submit(2, 0, 1_100, 200)),
        ("submit-stranger", submit(3, 9, 1_100, 200)),
        ("submit-cheap", submit(4, 1, 499, 200)),
        ("counter-rq", counter(n, rq, 0, 800, 180)),
        (
            "counter-rq-stale",
            RfqCommand::Counter { by: rq, quote: quo(0), prev: Digest::ZERO, service: 800, arrive: at(1), expires: at(180) },
        ),
        ("counter-ow", counter(n, ow, 0, 800, 180)),
        ("counter-other", counter(n, Speaker::Owner(owner(1)), 0, 800, 180)),
        ("accept", accept(n, 0, 0)),
        ("accept-old", RfqCommand::Accept { owner: owner(0), quote: quo(0), rev: 99 }),
        ("take-back", RfqCommand::WithdrawQuote { owner: owner(0), quote: quo(0) }),
        ("award", award(n, 0)),
        ("award-unseen", wrong),
        ("book", book(n)),
        ("book-short", short),
        ("decline", RfqCommand::Decline),
        ("withdraw", RfqCommand::Withdraw),
        ("staff", RfqCommand::WithdrawByStaff),
    ]
}

#[test]
fn every_state_answers_every_command() {
    let mut shown = Vec::new();
    let mut cells = 0;
    for (state, w) in states() {
        let mut row = vec![format!("{state}:")];
        for (_, c) in commands(&w.n) {
            let owners = BTreeMap::new();
            let v = View { now: w.now, log_seq: 99, owners: &owners };
            let before = w.n.clone();
            let answer = w.n.decide(&v, &c);
            assert_eq!(w.n, before);
            cells += 1;
            row.push(match answer {
                Ok(facts) => {
                    let mut n = w.n.clone();
                    facts.iter().for_each(|f| n.evolve(f));
                    format!("{:?}", n.status()).to_uppercase().replace("QUOTED", "OK")
                }
                Err(code) => code.to_string().to_lowercase(),
            });
        }
        shown.push(row.join(" "));
    }
    println!("negotiation matrix: {} states, {cells} cells", states().len());
    let shown = shown.join("\n");
    assert_eq!(shown, MATRIX.trim(), "\n{shown}\n");
}

/// Rows in the order of [`states`], cells in the order of [`commands`]; capitals name the state reached.
const MATRIX: &str = "
created: OK OK not_invited price_out_of_band not_found not_found not_found not_found not_found not_found not_found not_found not_found state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
quoted: OK already_done not_invited price_out_of_band OK prev_mismatch not_your_turn not_found not_your_turn not_your_turn CREATED AWARDED terms_changed state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
dear: OK already_done not_invited price_out_of_band OK prev_mismatch not_your_turn not_found not_your_turn not_your_turn CREATED over_budget over_budget state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
countered: OK already_done not_invited price_out_of_band not_your_turn prev_mismatch OK not_found OK terms_changed CREATED not_your_turn not_your_turn state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
accepted: OK already_done not_invited price_out_of_band not_your_turn prev_mismatch not_your_turn not_found already_done already_done CREATED AWARDED terms_changed state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
answered: OK already_done not_invited price_out_of_band OK prev_mismatch not_your_turn not_found not_your_turn not_your_turn CREATED AWARDED terms_changed state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
spent: OK already_done not_invited price_out_of_band rounds_exhausted prev_mismatch rounds_exhausted not_found OK terms_changed CREATED not_your_turn not_your_turn state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
late: rfq_closed already_done rfq_closed rfq_closed quote_expired prev_mismatch quote_expired not_found quote_expired quote_expired CREATED quote_expired quote_expired state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
closed: rfq_closed already_done rfq_closed rfq_closed OK prev_mismatch not_your_turn not_found not_your_turn not_your_turn WITHDRAWN AWARDED terms_changed state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
awarded: state_forbids state_forbids state_forbids state_forbids state_forbids prev_mismatch state_forbids not_found state_forbids state_forbids state_forbids state_forbids state_forbids BOOKED auth_mismatch CREATED WITHDRAWN WITHDRAWN
lapsed: OK OK not_invited price_out_of_band state_forbids prev_mismatch state_forbids not_found state_forbids state_forbids quote_not_live state_forbids state_forbids state_forbids state_forbids state_forbids WITHDRAWN WITHDRAWN
booked: state_forbids state_forbids state_forbids state_forbids state_forbids prev_mismatch state_forbids not_found state_forbids state_forbids state_forbids state_forbids state_forbids state_forbids state_forbids state_forbids state_forbids state_forbids
withdrawn: job_terminal job_terminal job_terminal job_terminal job_terminal prev_mismatch job_terminal not_found job_terminal job_terminal job_terminal job_terminal job_terminal job_terminal job_terminal job_terminal job_terminal job_terminal
";

#[test]
fn instants_at_and_beside_their_limits() {
    // A submission at the close is too late, one nanosecond before it is not.
    let mut w = Walk::new(rfq(AwardMode::Auto));
    w.now = Instant(at(30).0 - 1);
    w.ok(&submit(0, 0, 1_000, 200));
    let mut w = Walk::new(rfq(AwardMode::Auto));
    w.now = at(30);
    assert_eq!(w.ask(&submit(0, 0, 1_000, 200)), Err(Code::RfqClosed));
    // A counter-offer lives ten minutes and not one nanosecond more.
    for (late, answer) in [(0, Err(Code::QuoteExpired)), (1, Ok(()))] {
        let mut w = Walk::new(rfq(AwardMode::Manual));
        w.ok(&submit(0, 0, 1_000, 200));
        let c = counter(&w.n, Speaker::Requester, 0, 900, 190);
        w.ok(&c);
        w.now = Instant(at(10).0 - late);
        let c = accept(&w.n, 0, 0);
        assert_eq!(w.ask(&c).map(|_| ()), answer);
    }
    // Its own word can be shorter.
    let mut w = Walk::new(rfq(AwardMode::Manual));
    w.ok(&submit(0, 0, 1_000, 200));
    let c = counter(&w.n, Speaker::Requester, 0, 900, 4);
    w.ok(&c);
    assert_eq!(w.to(Instant(at(4).0 - 1)), vec![]);
    assert_eq!(w.to(at(4)), vec![RfqFact::QuoteExpired { quote: quo(0), rev: 1 }]);
    // The quote that lapses at the close is not awarded at the close.
    let mut w = Walk::new(rfq(AwardMode::Auto));
    w.ok(&submit(0, 0, 1_000, 30));
    let facts = w.to(at(30));
    assert!(matches!(
        facts[..],
        [RfqFact::QuoteExpired { .. }, RfqFact::Closed { .. }, RfqFact::Withdrawn { reason: EndReason::RfqExpired }]
    ));
    // An award is paid for within fifteen minutes, or before its quote expires.
    for (expires, due) in [(200, 45), (36, 36)] {
        let mut w = Walk::new(rfq(AwardMode::Auto));
        w.ok(&submit(0, 0, 1_000, expires));
        w.to(at(30));
        assert_eq!(w.n.award().unwrap().auth_by, at(due));
        w.now = Instant(at(due).0 - 1);
        assert!(w.ask(&book(&w.n.clone())).is_ok());
    }
    // The budget is a limit that may be reached.
    for (service, fits) in [(1_200, true), (1_201, false)] {
        let mut w = Walk::new(rfq(AwardMode::Instant));
        w.ok(&submit(0, 0, service, 200));
        assert_eq!(w.n.status() == RfqStatus::Awarded, fits);
    }
    // The window's end is a quote's last instant.
    assert_eq!(Walk::new(rfq(AwardMode::Auto)).ask(&submit(0, 0, 1_000, 241)), Err(Code::QuoteExpired));
    assert!(Walk::new(rfq(AwardMode::Auto)).ask(&submit(0, 0, 1_000, 240)).is_ok());
}

#[test]
fn closing_times_follow_the_start() {
    let r = NegotiationRules::default();
    assert_eq!(r.closes(at(0), at(120)), at(1));
    assert_eq!(r.closes(at(0), Instant(at(120).0 + 1)), at(10));
    assert_eq!(r.closes(at(0), Instant(MIN / 2)), Instant(MIN / 2));
    for (closes, start, end) in [(0, 5, 6), (6, 5, 7), (3, 5, 5), (1, 0, 9)] {
        let bad = Rfq { closes: at(closes), start: at(start), end: at(end), ..rfq(AwardMode::Auto) };
        assert_eq!(Negotiation::open(bad), Err(Code::WindowInvalid));
    }
}

#[test]
fn lapses_before_and_after_the_close() {
    // Before: the request is open again, and the next owner may still come.
    let mut w = Walk::new(rfq(AwardMode::Instant));
    w.ok(&submit(0, 0, 1_000, 200));
    assert_eq!(w.ask(&submit(1, 1, 900, 200)), Err(Code::StateForbids));
    w.ok(&RfqCommand::Decline);
    assert_eq!(w.n.status(), RfqStatus::Created);
    w.ok(&submit(1, 1, 900, 200));
    assert_eq!(w.n.award().unwrap().reason, AwardReason::FirstAwardable);
    // After: the next by the key, until none is left.
    let mut w = Walk::new(rfq(AwardMode::Auto));
    w.ok(&submit(0, 0, 1_000, 200)).ok(&submit(1, 1, 900, 200)).ok(&submit(2, 2, 1_201, 200));
    w.to(at(30));
    let first = w.n.award().unwrap().clone();
    assert_eq!((first.quote, first.reason, first.ranking), (quo(1), AwardReason::BestAtClose, vec![quo(1), quo(0)]));
    w.to(at(45));
    let next = w.n.award().unwrap().clone();
    assert_eq!((next.quote, next.reason, next.ranking), (quo(0), AwardReason::NextAfterLapse, vec![quo(0)]));
    let facts = w.ask(&RfqCommand::Decline).unwrap();
    assert_eq!(facts[1], RfqFact::Withdrawn { reason: EndReason::NoAcceptableQuote });
    // By hand: the decision is due when it was, or at once if that has passed.
    let mut w = Walk::new(rfq(AwardMode::Manual));
    w.ok(&submit(0, 0, 1_000, 200)).ok(&submit(1, 1, 900, 200));
    w.to(at(69));
    let c = award(&w.n, 0);
    w.ok(&c);
    let facts = w.to(at(84));
    let by = Some(at(84));
    assert_eq!(facts[0], RfqFact::AwardLapsed { quote: quo(0), cause: LapseCause::AuthTimeout, decide_by: by });
    assert_eq!(facts[1], RfqFact::Withdrawn { reason: EndReason::NotDecided });
}

#[test]
fn booking_ends_every_other_quote() {
    let mut w = Walk::new(rfq(AwardMode::Auto));
    w.ok(&submit(0, 0, 1_000, 200)).ok(&submit(1, 1, 900, 200));
    w.to(at(30));
    let c = RfqCommand::Book { authorised: 900, redeemed: 50, currency: Currency::USD };
    assert_eq!(w.ask(&c), Err(Code::CurrencyMismatch));
    let c = RfqCommand::Book { authorised: 900, redeemed: 50, currency: Currency::EUR };
    w.ok(&c);
    assert_eq!(w.n.quotes.iter().map(|q| q.fate).collect::<Vec<_>>(), vec![Fate::Ended, Fate::Booked]);
    assert_eq!(w.n.deadlines(), vec![]);
}
