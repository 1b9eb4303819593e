//! Random negotiations against a model that keeps nothing but a list of what was said and reads it from the start for
//! every question; its refusals are an `if` ladder in the order of the domain's table.

use super::negotiation::{at, owner, quo, rfq};
use super::{Dice, Tally};
use crate::negotiation::*;
use crate::rejection::Code;
use nooterra_engine::Instant;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{PartyId, QuoteId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::{Amount, Currency};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Said {
    Offer { at: Instant, seq: u64, by: Side, terms: QuoteTerms },
    Yes(QuoteId),
    Gone(QuoteId),
    Award { quote: QuoteId, total: u64, auth_by: Instant, reason: AwardReason },
    Lapse { quote: QuoteId, at: Instant },
    Close(Instant),
    Book,
    End(EndReason),
}

struct Model {
    rfq: Rfq,
    said: Vec<Said>,
}

type Owners = BTreeMap<PartyId, OwnerView>;

impl Model {
    fn quotes(&self) -> Vec<QuoteId> {
        let mut all = Vec::new();
        for s in &self.said {
            if let Said::Offer { terms, .. } = s
                && !all.contains(&terms.quote)
            {
                all.push(terms.quote);
            }
        }
        all
    }
    fn offers(&self, q: QuoteId) -> Vec<(Instant, u64, Side, QuoteTerms)> {
        let mine = |s: &Said| match s {
            Said::Offer { at, seq, by, terms } if terms.quote == q => Some((*at, *seq, *by, terms.clone())),
            _ => None,
        };
        self.said.iter().filter_map(mine).collect()
    }
    fn newest(&self, q: QuoteId) -> (Instant, u64, Side, QuoteTerms) {
        self.offers(q).pop().unwrap()
    }
    /// Accepted since its newest revision.
    fn yes(&self, q: QuoteId) -> bool {
        let mut yes = false;
        for s in &self.said {
            match s {
                Said::Offer { terms, .. } if terms.quote == q => yes = false,
                Said::Yes(a) if *a == q => yes = true,
                _ => {}
            }
        }
        yes
    }
    fn lapses(&self, q: QuoteId) -> Instant {
        let (made, _, _, terms) = self.newest(q);
        if terms.rev == 0 { terms.expires } else { Instant(made.0 + 600_000_000_000).min(terms.expires) }
    }
    fn live(&self, q: QuoteId) -> bool {
        let dead = |s: &Said| matches!(s, Said::Gone(g) if *g == q) || matches!(s, Said::Lapse { quote, .. } if *quote == q);
        !self.said.iter().any(|s| dead(s) || matches!(s, Said::Book | Said::End(_)))
    }
    fn award(&self) -> Option<(QuoteId, u64, Instant)> {
        let mut award = None;
        for s in &self.said {
            match s {
                Said::Award { quote, total, auth_by, .. } => award = Some((*quote, *total, *auth_by)),
                Said::Lapse { .. } => award = None,
                _ => {}
            }
        }
        award
    }
    fn ended(&self) -> Option<EndReason> {
        self.said.iter().find_map(|s| if let Said::End(r) = s { Some(*r) } else { None })
    }
    fn closed(&self) -> bool {
        self.said.iter().any(|s| matches!(s, Said::Close(_)))
    }
    fn status(&self) -> RfqStatus {
        if self.ended().is_some() {
            RfqStatus::Withdrawn
        } else if self.said.iter().any(|s| matches!(s, Said::Book)) {
            RfqStatus::Booked
        } else if self.award().is_some() {
            RfqStatus::Awarded
        } else if self.quotes().iter().any(|q| self.live(*q)) {
            RfqStatus::Quoted
        } else {
            RfqStatus::Created
        }
    }
    fn total(&self, q: QuoteId) -> u64 {
        self.newest(q).3.service.minor() + self.rfq.cover_fee.minor()
    }
    fn fits(&self, q: QuoteId) -> bool {
        self.rfq.budget.is_none_or(|b| self.total(q) <= b.minor())
    }
    fn agreed(&self, q: QuoteId) -> bool {
        self.newest(q).2 == Side::Owner || self.yes(q)
    }
    fn of(&self, o: &Owners, q: QuoteId) -> OwnerView {
        o.get(&self.newest(q).3.owner).copied().unwrap_or_default()
    }
    fn can_win(&self, now: Instant, o: &Owners, q: QuoteId) -> bool {
        self.live(q) && self.agreed(q) && self.lapses(q) > now && self.of(o, q).ready && self.fits(q)
    }
    /// The one that beats all others, one comparison at a time.
    fn winner(&self, now: Instant, o: &Owners) -> Option<QuoteId> {
        let fit: Vec<QuoteId> = self.quotes().into_iter().filter(|q| self.can_win(now, o, *q)).collect();
        let beats = |a: QuoteId, b: QuoteId| {
            let (x, y) = (self.newest(a), self.newest(b));
            if self.total(a) != self.total(b) {
                return self.total(a) < self.total(b);
            }
            if x.3.arrive != y.3.arrive {
                return x.3.arrive < y.3.arrive;
            }
            if self.of(o, a).trust_bps != self.of(o, b).trust_bps {
                return self.of(o, a).trust_bps > self.of(o, b).trust_bps;
            }
            if x.1 != y.1 { x.1 < y.1 } else { a < b }
        };
        fit.iter().copied().find(|a| fit.iter().all(|b| a == b || beats(*a, *b)))
    }
    fn give(&mut self, now: Instant, quote: QuoteId, reason: AwardReason) {
        let auth_by = Instant(now.0 + 900_000_000_000).min(self.lapses(quote));
        self.said.push(Said::Award { quote, total: self.total(quote), auth_by, reason });
    }
    fn give_best(&mut self, now: Instant, o: &Owners, reason: AwardReason) {
        match self.winner(now, o) {
            Some(q) => self.give(now, q, reason),
            None => self.said.push(Said::End(EndReason::NoAcceptableQuote)),
        }
    }
    fn went(&mut self) {
        if self.closed() && self.status() == RfqStatus::Created {
            self.said.push(Said::End(EndReason::NoAcceptableQuote));
        }
    }
    fn lapse(&mut self, now: Instant, o: &Owners) {
        let quote = self.award().unwrap().0;
        self.said.push(Said::Lapse { quote, at: now });
        if self.closed() {
            if self.rfq.mode == AwardMode::Manual {
                self.went();
            } else {
                self.give_best(now, o, AwardReason::NextAfterLapse);
            }
        }
    }
    fn decide_by(&self) -> Option<Instant> {
        let mut by = None;
        for s in &self.said {
            match s {
                Said::Close(at) => by = Some(Instant(at.0 + self.rfq.rules.decide_for.0).min(self.rfq.start)),
                Said::Lapse { at, .. } => by = by.map(|b| b.max(*at)),
                _ => {}
            }
        }
        by.filter(|_| self.rfq.mode == AwardMode::Manual && self.status() == RfqStatus::Quoted)
    }
    /// Everything that becomes due up to `now`, one at a time.
    fn advance(&mut self, now: Instant, o: &Owners) {
        loop {
            let over = matches!(self.status(), RfqStatus::Booked | RfqStatus::Withdrawn);
            let mut due: Vec<(Instant, u8, QuoteId)> = Vec::new();
            if !over {
                let free = |q: &QuoteId| self.live(*q) && self.award().is_none_or(|a| a.0 != *q);
                due.extend(self.quotes().into_iter().filter(free).map(|q| (self.lapses(q), 0, q)));
                if !self.closed() {
                    due.push((self.rfq.closes, 1, quo(0)));
                }
                due.extend(self.decide_by().map(|by| (by, 2, quo(0))));
                due.extend(self.award().map(|a| (a.2, 3, quo(0))));
            }
            let Some((when, what, q)) = due.into_iter().filter(|d| d.0 <= now).min() else { return };
            match what {
                0 => {
                    self.said.push(Said::Gone(q));
                    self.went();
                }
                1 => {
                    let status = self.status();
                    self.said.push(Said::Close(when));
                    match status {
                        RfqStatus::Created => self.said.push(Said::End(EndReason::RfqExpired)),
                        RfqStatus::Quoted if self.rfq.mode != AwardMode::Manual => self.give_best(when, o, AwardReason::BestAtClose),
                        _ => {}
                    }
                }
                2 => self.said.push(Said::End(EndReason::NotDecided)),
                _ => self.lapse(when, o),
            }
        }
    }
    fn price_code(&self, now: Instant, service: u64, expires: Instant, live: usize) -> Vec<Code> {
        let mut all = Vec::new();
        if live >= usize::from(self.rfq.rules.prices.quotes_max) {
            all.push(Code::QuotaExceeded);
        }
        if expires <= now || expires > self.rfq.end {
            all.push(Code::QuoteExpired);
        }
        if service * 2 < self.rfq.reference || service > 2 * self.rfq.reference {
            all.push(Code::PriceOutOfBand);
        }
        if self.rfq.licence_caps + service * 15 / 100 > service / 2 {
            all.push(Code::SplitInfeasible);
        }
        all
    }
    /// All codes that apply; the verdict is the first of them in the table.
    fn codes(&self, now: Instant, o: &Owners, c: &RfqCommand) -> Vec<Code> {
        let mut all = Vec::new();
        let status = self.status();
        let only = |states: &[RfqStatus], all: &mut Vec<Code>| {
            if !states.contains(&status) {
                all.push(if status == RfqStatus::Withdrawn { Code::JobTerminal } else { Code::StateForbids });
            }
        };
        use RfqStatus::{Awarded, Created, Quoted};
        let known = |q: QuoteId, who: Option<PartyId>| self.quotes().contains(&q) && who.is_none_or(|w| self.newest(q).3.owner == w);
        let stands = |q: QuoteId, all: &mut Vec<Code>| {
            if !self.live(q) {
                all.push(Code::QuoteNotLive);
            }
            if self.lapses(q) <= now {
                all.push(Code::QuoteExpired);
            }
        };
        match c {
            RfqCommand::Submit { quote, owner, service, expires, robot_class, .. } => {
                only(&[Created, Quoted], &mut all);
                let live: Vec<QuoteId> = self.quotes().into_iter().filter(|q| self.live(*q)).collect();
                if robot_class.len() > 32 {
                    all.push(Code::SchemaInvalid);
                }
                if self.quotes().contains(quote) || live.iter().any(|q| self.newest(*q).3.owner == *owner) {
                    all.push(Code::AlreadyDone);
                }
                if self.closed() || now >= self.rfq.closes {
                    all.push(Code::RfqClosed);
                }
                if !self.rfq.invited.contains(owner) {
                    all.push(Code::NotInvited);
                }
                all.extend(self.price_code(now, *service, *expires, live.len()));
            }
            RfqCommand::Counter { by, quote, prev, service, arrive, expires } => {
                let who = if let Speaker::Owner(w) = by { Some(*w) } else { None };
                if !known(*quote, who) {
                    return vec![Code::NotFound];
                }
                only(&[Quoted], &mut all);
                stands(*quote, &mut all);
                let (_, _, side, terms) = self.newest(*quote);
                if terms.hash() != *prev {
                    all.push(Code::PrevMismatch);
                }
                if terms.rev >= self.rfq.rules.max_rounds {
                    all.push(Code::RoundsExhausted);
                }
                let turn = if side == Side::Owner { who.is_none() } else { who.is_some() && !self.yes(*quote) };
                if !turn {
                    all.push(Code::NotYourTurn);
                }
                if (terms.service.minor(), terms.arrive, terms.expires) == (*service, *arrive, *expires) {
                    all.push(Code::NoChange);
                }
                all.extend(self.price_code(now, *service, *expires, 0));
            }
            RfqCommand::Accept { owner, quote, rev } => {
                if !known(*quote, Some(*owner)) {
                    return vec![Code::NotFound];
                }
                only(&[Quoted], &mut all);
                stands(*quote, &mut all);
                if self.yes(*quote) {
                    all.push(Code::AlreadyDone);
                }
                if self.newest(*quote).2 == Side::Owner {
                    all.push(Code::NotYourTurn);
                }
                if self.newest(*quote).3.rev != *rev {
                    all.push(Code::TermsChanged);
                }
            }
            RfqCommand::WithdrawQuote { owner, quote } => {
                if !known(*quote, Some(*owner)) {
                    return vec![Code::NotFound];
                }
                only(&[Created, Quoted, Awarded], &mut all);
                if self.award().is_some_and(|a| a.0 == *quote) && status == Awarded {
                    all.push(Code::StateForbids);
                }
                if !self.live(*quote) {
                    all.push(Code::QuoteNotLive);
                }
            }
            RfqCommand::Award { quote, terms_hash } => {
                if !known(*quote, None) {
                    return vec![Code::NotFound];
                }
                only(&[Quoted], &mut all);
                if self.rfq.mode != AwardMode::Manual && status != RfqStatus::Withdrawn {
                    all.push(Code::StateForbids);
                }
                stands(*quote, &mut all);
                if !self.agreed(*quote) {
                    all.push(Code::NotYourTurn);
                }
                if !self.fits(*quote) {
                    all.push(Code::OverBudget);
                }
                if self.newest(*quote).3.hash() != *terms_hash {
                    all.push(Code::TermsChanged);
                }
                if !self.of(o, *quote).ready {
                    all.push(Code::NoCandidate);
                }
            }
            RfqCommand::Book { authorised, redeemed, currency } => {
                only(&[Awarded], &mut all);
                if *currency != self.rfq.currency {
                    all.push(Code::CurrencyMismatch);
                }
                if let Some(a) = self.award().filter(|_| status == Awarded)
                    && authorised + redeemed != a.1
                {
                    all.push(Code::AuthMismatch);
                }
            }
            RfqCommand::Decline => only(&[Awarded], &mut all),
            RfqCommand::Withdraw | RfqCommand::WithdrawByStaff => only(&[Created, Quoted, Awarded], &mut all),
        }
        all
    }
    fn take(&mut self, now: Instant, seq: u64, o: &Owners, c: &RfqCommand) -> Result<(), Code> {
        let mut codes = self.codes(now, o, c);
        codes.sort_unstable();
        if let Some(code) = codes.first() {
            return Err(*code);
        }
        let instant = |m: &mut Self, q: QuoteId| {
            if m.rfq.mode == AwardMode::Instant && m.can_win(now, o, q) {
                m.give(now, q, AwardReason::FirstAwardable);
            }
        };
        match c {
            RfqCommand::Submit { quote, owner, service, arrive, robot_class, expires, .. } => {
                let (service, robot_class) = (Amount::new(*service).unwrap(), robot_class.clone());
                let terms = QuoteTerms { quote: *quote, owner: *owner, rev: 0, service, arrive: *arrive, robot_class, expires: *expires };
                self.said.push(Said::Offer { at: now, seq, by: Side::Owner, terms });
                instant(self, *quote);
            }
            RfqCommand::Counter { by, quote, service, arrive, expires, .. } => {
                let old = self.newest(*quote).3;
                let by = if *by == Speaker::Requester { Side::Requester } else { Side::Owner };
                let (rev, service) = (old.rev + 1, Amount::new(*service).unwrap());
                let terms = QuoteTerms { rev, service, arrive: *arrive, expires: *expires, ..old };
                self.said.push(Said::Offer { at: now, seq, by, terms });
                instant(self, *quote);
            }
            RfqCommand::Accept { quote, .. } => {
                self.said.push(Said::Yes(*quote));
                instant(self, *quote);
            }
            RfqCommand::WithdrawQuote { quote, .. } => {
                self.said.push(Said::Gone(*quote));
                self.went();
            }
            RfqCommand::Award { quote, .. } => self.give(now, *quote, AwardReason::Requester),
            RfqCommand::Book { .. } => self.said.push(Said::Book),
            RfqCommand::Decline => self.lapse(now, o),
            RfqCommand::Withdraw => self.said.push(Said::End(EndReason::Requester)),
            RfqCommand::WithdrawByStaff => self.said.push(Said::End(EndReason::Staff)),
        }
        Ok(())
    }
}

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
            RfqCommand::Submit { quote: quo(*fresh), owner: owner(d.below(4)), standing: None, service, arrive, robot_class, expires }
        }
        10..19 => {
            let by = if d.one_in(2) { Speaker::Requester } else { Speaker::Owner(speaks) };
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
    let histories = 6_000;
    for seed in 0..histories {
        let mut d = Dice(seed);
        let mode = *d.pick(&[AwardMode::Auto, AwardMode::Instant, AwardMode::Manual, AwardMode::Manual]);
        let mut r = rfq(mode);
        r.rules.prices.quotes_max = *d.pick(&[2, 3, 32]);
        r.budget = if d.one_in(3) { None } else { r.budget };
        r.licence_caps = *d.pick(&[0, 0, 200, 400]);
        let mut n = Negotiation::open(r.clone()).unwrap();
        let mut refold = n.clone();
        let mut m = Model { rfq: r, said: Vec::new() };
        let (mut now, mut fresh, mut owners) = (at(0), 0, Owners::new());
        for seq in 0..45 {
            now = Instant(now.0 + d.below(5) * 60_000_000_000 + d.below(2));
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
