//! A model of a negotiation that keeps nothing but a list of what was said and reads it from the start for every
//! question. It collects every code that applies and gives the first of the domain's table.

use super::negotiation::quo;
use crate::negotiation::*;
use crate::rejection::Code;
use nooterra_engine::Instant;
use nooterra_engine::ids::{PartyId, QuoteId};
use nooterra_engine::money::Amount;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub enum Said {
    Offer { at: Instant, seq: u64, by: Side, terms: QuoteTerms },
    Yes(QuoteId),
    Gone(QuoteId),
    Award { quote: QuoteId, total: u64, auth_by: Instant, reason: AwardReason },
    Lapse { quote: QuoteId, at: Instant },
    Close(Instant),
    Book,
    End(EndReason),
}

pub struct Model {
    pub rfq: Rfq,
    pub said: Vec<Said>,
}

pub type Owners = BTreeMap<PartyId, OwnerView>;

impl Model {
    pub fn quotes(&self) -> Vec<QuoteId> {
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
    pub fn live(&self, q: QuoteId) -> bool {
        let dead = |s: &Said| matches!(s, Said::Gone(g) if *g == q) || matches!(s, Said::Lapse { quote, .. } if *quote == q);
        !self.said.iter().any(|s| dead(s) || matches!(s, Said::Book | Said::End(_)))
    }
    pub fn award(&self) -> Option<(QuoteId, u64, Instant)> {
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
    pub fn ended(&self) -> Option<EndReason> {
        self.said.iter().find_map(|s| if let Said::End(r) = s { Some(*r) } else { None })
    }
    fn closed(&self) -> bool {
        self.said.iter().any(|s| matches!(s, Said::Close(_)))
    }
    pub fn status(&self) -> RfqStatus {
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
    pub fn advance(&mut self, now: Instant, o: &Owners) {
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
            RfqCommand::Submit { quote, owner, service, currency, expires, robot_class, .. } => {
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
                if *currency == self.rfq.currency {
                    all.extend(self.price_code(now, *service, *expires, live.len()));
                } else {
                    all.push(Code::CurrencyMismatch);
                }
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
    pub fn take(&mut self, now: Instant, seq: u64, o: &Owners, c: &RfqCommand) -> Result<(), Code> {
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
                let terms = QuoteTerms {
                    quote: *quote,
                    owner: *owner,
                    rev: 0,
                    service,
                    arrive: *arrive,
                    robot_class,
                    skills: vec![],
                    expires: *expires,
                };
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
