//! What a command on a request for quotes leads to: facts, or the first refusal of the table.

use super::{
    AwardLine, AwardMode, AwardReason, EndReason, LapseCause, Negotiation, QuoteLine, QuoteTerms, ROBOT_CLASS_MAX, Revision, RfqCommand,
    RfqFact, RfqPhase, RfqStatus, Side, Speaker, View,
};
use crate::award::{Bid, ranking};
use crate::quote::{Frame, Offer, check};
use crate::rejection::{Code, Guard};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::QuoteId;
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;

impl Negotiation {
    /// Decides a command. Reads only: the facts hold everything that follows in the same unit.
    pub fn decide(&self, v: &View<'_>, c: &RfqCommand) -> Result<Vec<RfqFact>, Code> {
        match c {
            RfqCommand::Submit { .. } => self.submit(v, c),
            RfqCommand::Counter { .. } => self.counter(v, c),
            RfqCommand::Accept { owner, quote, rev } => {
                let q = self.owned(*quote, Speaker::Owner(*owner))?;
                let mut g = self.only_in(&[RfqStatus::Quoted]);
                self.standing_terms(&mut g, v, q);
                g.need(!q.accepted, Code::AlreadyDone);
                g.need(q.newest().by == Side::Requester, Code::NotYourTurn);
                g.need(q.newest().terms.rev == *rev, Code::TermsChanged);
                g.verdict()?;
                Ok(self.and_then(v, RfqFact::Accepted { quote: *quote, rev: *rev }))
            }
            RfqCommand::WithdrawQuote { owner, quote } => {
                let q = self.owned(*quote, Speaker::Owner(*owner))?;
                let mut g = self.only_in(&[RfqStatus::Quoted, RfqStatus::Created, RfqStatus::Awarded]);
                g.need(self.award().is_none_or(|a| a.quote != *quote), Code::StateForbids);
                g.need(q.is_live(), Code::QuoteNotLive);
                g.verdict()?;
                Ok(self.and_then(v, RfqFact::QuoteWithdrawn { quote: *quote, rev: q.newest().terms.rev }))
            }
            RfqCommand::Award { quote, terms_hash } => self.award_by_hand(v, *quote, *terms_hash),
            RfqCommand::Book { authorised, redeemed, currency } => {
                let mut g = self.only_in(&[RfqStatus::Awarded]);
                g.need(*currency == self.rfq.currency, Code::CurrencyMismatch);
                if let Some(a) = self.award() {
                    g.need(a.auth_by > v.now, Code::QuoteExpired);
                    g.need(authorised.checked_add(*redeemed) == Some(a.total), Code::AuthMismatch);
                }
                g.verdict()?;
                Ok(self.award().map(|a| RfqFact::Booked { quote: a.quote }).into_iter().collect())
            }
            RfqCommand::Decline => {
                self.only_in(&[RfqStatus::Awarded]).verdict()?;
                Ok(self.lapse(v, LapseCause::Declined))
            }
            RfqCommand::Withdraw | RfqCommand::WithdrawByStaff => {
                self.only_in(&[RfqStatus::Created, RfqStatus::Quoted, RfqStatus::Awarded]).verdict()?;
                let reason = if *c == RfqCommand::Withdraw { EndReason::Requester } else { EndReason::Staff };
                Ok(vec![RfqFact::Withdrawn { reason }])
            }
        }
    }

    fn submit(&self, v: &View<'_>, c: &RfqCommand) -> Result<Vec<RfqFact>, Code> {
        let RfqCommand::Submit { quote, owner, standing, service, currency, arrive, robot_class, expires } = c else {
            return Ok(Vec::new());
        };
        let mut g = self.only_in(&[RfqStatus::Created, RfqStatus::Quoted]);
        g.need(robot_class.len() <= ROBOT_CLASS_MAX, Code::SchemaInvalid);
        let again = self.quotes.iter().any(|q| q.quote == *quote || (q.owner == *owner && q.is_live()));
        g.need(!again, Code::AlreadyDone);
        g.need(!self.closed && v.now < self.rfq.closes, Code::RfqClosed);
        // In whatever order they were asked: the framework owner of a series comes first.
        g.need(self.rfq.invited.contains(owner), Code::NotInvited);
        let live = self.quotes.iter().filter(|q| q.is_live()).count();
        if *currency == self.rfq.currency {
            self.fair(&mut g, v, *service, *expires, u16::try_from(live).unwrap_or(u16::MAX));
        } else {
            // Nothing says whether an amount of another currency lies within the band.
            g.need(false, Code::CurrencyMismatch);
        }
        g.verdict()?;
        let service = Amount::new(*service).map_err(|_| Code::AmountOverflow)?;
        let (robot_class, skills, expires) = (robot_class.clone(), self.rfq.skills.clone(), *expires);
        let terms = QuoteTerms { quote: *quote, owner: *owner, rev: 0, service, arrive: *arrive, robot_class, skills, expires };
        let revision = Revision { terms, by: Side::Owner, prev: Digest::ZERO, lapses: expires, log_seq: v.log_seq };
        Ok(self.and_then(v, RfqFact::Submitted { revision, standing: *standing }))
    }

    fn counter(&self, v: &View<'_>, c: &RfqCommand) -> Result<Vec<RfqFact>, Code> {
        let RfqCommand::Counter { by, quote, prev, service, arrive, expires } = c else { return Ok(Vec::new()) };
        let q = self.owned(*quote, *by)?;
        let (side, newest) = (if *by == Speaker::Requester { Side::Requester } else { Side::Owner }, q.newest());
        let mut g = self.only_in(&[RfqStatus::Quoted]);
        g.need(newest.terms.hash() == *prev, Code::PrevMismatch);
        self.standing_terms(&mut g, v, q);
        g.need(newest.terms.rev < self.rfq.rules.max_rounds, Code::RoundsExhausted);
        g.need(q.turn() == Some(side), Code::NotYourTurn);
        let same = newest.terms.service.minor() == *service && newest.terms.arrive == *arrive && newest.terms.expires == *expires;
        g.need(!same, Code::NoChange);
        self.fair(&mut g, v, *service, *expires, 0);
        g.verdict()?;
        let service = Amount::new(*service).map_err(|_| Code::AmountOverflow)?;
        let rev = newest.terms.rev.saturating_add(1);
        let terms = QuoteTerms { rev, service, arrive: *arrive, expires: *expires, ..newest.terms.clone() };
        let lapses = v.now.saturating_add(self.rfq.rules.round_for).min(*expires);
        let revision = Revision { terms, by: side, prev: *prev, lapses, log_seq: v.log_seq };
        Ok(self.and_then(v, RfqFact::Countered { revision }))
    }

    fn award_by_hand(&self, v: &View<'_>, quote: QuoteId, terms_hash: Digest) -> Result<Vec<RfqFact>, Code> {
        let q = self.owned(quote, Speaker::Requester)?;
        let mut g = self.only_in(&[RfqStatus::Quoted]);
        g.need(self.rfq.mode == AwardMode::Manual || self.status() == RfqStatus::Withdrawn, Code::StateForbids);
        self.standing_terms(&mut g, v, q);
        g.need(q.is_agreed(), Code::NotYourTurn);
        g.need(self.affordable(q), Code::OverBudget);
        g.need(q.newest().terms.hash() == terms_hash, Code::TermsChanged);
        g.need(self.is_ready(v, q), Code::NoCandidate);
        g.verdict()?;
        Ok(vec![self.award_to(v, q, self.ranking(v), AwardReason::Requester)])
    }

    /// The quotes that could be awarded now, best first by the award key. The key ends with the id: there is no tie.
    pub fn ranking(&self, v: &View<'_>) -> Vec<QuoteId> {
        let awardable = self.quotes.iter().filter(|q| self.is_awardable(v, q));
        let bids: Vec<Bid> = awardable
            .map(|q| Bid {
                total: self.total(q),
                arrive: q.newest().terms.arrive,
                owner_trust_bps: v.owners.get(&q.owner).copied().unwrap_or_default().trust_bps,
                log_seq: q.newest().log_seq,
                quote: q.quote,
            })
            .collect();
        ranking(&bids, self.rfq.budget.map(Amount::minor))
    }

    /// The award ends for `cause`; after the close the next one follows in the same unit.
    pub(super) fn lapse(&self, v: &View<'_>, cause: LapseCause) -> Vec<RfqFact> {
        let Some(a) = self.award() else { return Vec::new() };
        // A timer whose due time has passed is armed at the arming event's own time.
        let decide_by = self.decide_by.map(|by| by.max(v.now));
        self.and_then(v, RfqFact::AwardLapsed { quote: a.quote, cause, decide_by })
    }

    /// A fact and what follows from it in the same unit.
    pub(super) fn and_then(&self, v: &View<'_>, fact: RfqFact) -> Vec<RfqFact> {
        let mut next = self.clone();
        next.evolve(&fact);
        let mut facts = vec![fact];
        facts.extend(next.consequence(v, &facts[0]));
        facts
    }

    /// What follows at once from a fact that was just folded.
    fn consequence(&self, v: &View<'_>, fact: &RfqFact) -> Option<RfqFact> {
        if self.phase != RfqPhase::Open {
            return None;
        }
        let none_left = || Some(RfqFact::Withdrawn { reason: EndReason::NoAcceptableQuote });
        match fact {
            RfqFact::Submitted { revision, .. } | RfqFact::Countered { revision } => self.instant(v, revision.terms.quote),
            RfqFact::Accepted { quote, .. } => self.instant(v, *quote),
            RfqFact::QuoteWithdrawn { .. } | RfqFact::QuoteExpired { .. } if self.closed && self.status() == RfqStatus::Created => {
                none_left()
            }
            RfqFact::AwardLapsed { .. } if self.closed && self.rfq.mode != AwardMode::Manual => {
                self.best(v, AwardReason::NextAfterLapse).or_else(none_left)
            }
            RfqFact::AwardLapsed { .. } if self.closed && self.status() == RfqStatus::Created => none_left(),
            RfqFact::Closed { .. } if self.status() == RfqStatus::Created => Some(RfqFact::Withdrawn { reason: EndReason::RfqExpired }),
            RfqFact::Closed { .. } if self.rfq.mode != AwardMode::Manual => self.best(v, AwardReason::BestAtClose).or_else(none_left),
            _ => None,
        }
    }

    /// Mode INSTANT: a quote that has just become awardable wins.
    fn instant(&self, v: &View<'_>, quote: QuoteId) -> Option<RfqFact> {
        let q = self.quote(quote).filter(|q| self.rfq.mode == AwardMode::Instant && self.is_awardable(v, q) && self.affordable(q))?;
        Some(self.award_to(v, q, vec![quote], AwardReason::FirstAwardable))
    }

    fn best(&self, v: &View<'_>, reason: AwardReason) -> Option<RfqFact> {
        let ranking = self.ranking(v);
        let q = self.quote(*ranking.first()?)?;
        Some(self.award_to(v, q, ranking, reason))
    }

    fn award_to(&self, v: &View<'_>, q: &QuoteLine, ranking: Vec<QuoteId>, reason: AwardReason) -> RfqFact {
        let newest = q.newest();
        let auth_by = v.now.saturating_add(self.rfq.rules.auth_for).min(newest.lapses);
        let award = AwardLine { quote: q.quote, rev: newest.terms.rev, total: self.total(q), auth_by, ranking, reason };
        RfqFact::Awarded { award, terms_hash: newest.terms.hash() }
    }

    fn is_awardable(&self, v: &View<'_>, q: &QuoteLine) -> bool {
        q.is_live() && q.is_agreed() && q.newest().lapses > v.now && self.is_ready(v, q)
    }

    fn is_ready(&self, v: &View<'_>, q: &QuoteLine) -> bool {
        v.owners.get(&q.owner).copied().unwrap_or_default().ready
    }

    fn affordable(&self, q: &QuoteLine) -> bool {
        self.rfq.budget.is_none_or(|most| self.total(q) <= most.minor())
    }

    /// A quote that exists for this speaker: an owner knows only its own.
    fn owned(&self, quote: QuoteId, by: Speaker) -> Result<&QuoteLine, Code> {
        let mine = |q: &&QuoteLine| by == Speaker::Requester || by == Speaker::Owner(q.owner);
        self.quote(quote).filter(mine).ok_or(Code::NotFound)
    }

    fn only_in(&self, states: &[RfqStatus]) -> Guard {
        let mut g = Guard::new();
        let (status, code) = (self.status(), if self.is_over() { Code::JobTerminal } else { Code::StateForbids });
        g.need(states.contains(&status), code);
        g
    }

    fn is_over(&self) -> bool {
        matches!(self.phase, RfqPhase::Withdrawn(_))
    }

    fn standing_terms(&self, g: &mut Guard, v: &View<'_>, q: &QuoteLine) {
        g.need(q.is_live(), Code::QuoteNotLive);
        g.need(q.newest().lapses > v.now, Code::QuoteExpired);
    }

    /// Band, split and expiry bind counter-offers as they bind submissions: what is booked was quoted.
    fn fair(&self, g: &mut Guard, v: &View<'_>, service: u64, expires: Instant, live: u16) {
        let frame =
            Frame { now: v.now, window_end: self.rfq.end, reference: self.rfq.reference, licence_caps: self.rfq.licence_caps, live };
        g.check(check(&Offer { service, expires }, &frame, &self.rfq.rules.prices).map_err(Code::from));
    }
}
