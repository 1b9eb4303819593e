//! What can be asked of a negotiation and what happens to it (section 3.3): the words of its `decide` and `evolve`.

use super::{AwardLine, EndReason, LapseCause, Revision};
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{PartyId, QuoteId, StandingOfferId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;

/// Who makes a counter-offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Speaker {
    /// The requester of the job.
    Requester,
    /// This owner.
    Owner(PartyId),
}

/// What can be asked of a negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum RfqCommand {
    /// An owner, or its standing offer, quotes.
    Submit {
        /// Id of the new quote.
        quote: QuoteId,
        /// Who offers.
        owner: PartyId,
        /// Its standing offer, if that one speaks.
        standing: Option<StandingOfferId>,
        /// Service amount, minor units.
        service: u64,
        /// Of which currency.
        currency: Currency,
        /// Promised arrival.
        arrive: Instant,
        /// Robot class offered.
        robot_class: String,
        /// When it lapses.
        expires: Instant,
    },
    /// A side answers the newest revision with another one.
    Counter {
        /// Who.
        by: Speaker,
        /// Which quote.
        quote: QuoteId,
        /// Hash of the revision that is answered.
        prev: Digest,
        /// Service amount, minor units.
        service: u64,
        /// Promised arrival.
        arrive: Instant,
        /// When it lapses.
        expires: Instant,
    },
    /// The owner accepts the requester's revision.
    Accept {
        /// Who.
        owner: PartyId,
        /// Which quote.
        quote: QuoteId,
        /// Which revision.
        rev: u8,
    },
    /// The owner takes its quote back.
    WithdrawQuote {
        /// Who.
        owner: PartyId,
        /// Which quote.
        quote: QuoteId,
    },
    /// The requester chooses.
    Award {
        /// Which quote.
        quote: QuoteId,
        /// Hash of the terms that it was shown.
        terms_hash: Digest,
    },
    /// The payment is authorised.
    Book {
        /// Authorised, minor units.
        authorised: u64,
        /// Covered by redeemed credits, minor units.
        redeemed: u64,
        /// In which currency.
        currency: Currency,
    },
    /// The payment was declined.
    Decline,
    /// The requester ends it.
    Withdraw,
    /// Staff end it.
    WithdrawByStaff,
}

/// What happened to a negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum RfqFact {
    /// `QUOTE_SUBMITTED`.
    Submitted {
        /// The submission.
        revision: Revision,
        /// The standing offer that spoke.
        standing: Option<StandingOfferId>,
    },
    /// `QUOTE_COUNTERED`.
    Countered {
        /// The new revision.
        revision: Revision,
    },
    /// `QUOTE_ACCEPTED`.
    Accepted {
        /// Which quote.
        quote: QuoteId,
        /// Which revision.
        rev: u8,
    },
    /// `QUOTE_WITHDRAWN`.
    QuoteWithdrawn {
        /// Which quote.
        quote: QuoteId,
        /// Its newest revision.
        rev: u8,
    },
    /// `QUOTE_EXPIRED`.
    QuoteExpired {
        /// Which quote.
        quote: QuoteId,
        /// Its newest revision.
        rev: u8,
    },
    /// `QUOTE_AWARDED`.
    Awarded {
        /// The choice.
        award: AwardLine,
        /// Hash of its terms.
        terms_hash: Digest,
    },
    /// `AWARD_LAPSED`.
    AwardLapsed {
        /// Which quote; it is dead.
        quote: QuoteId,
        /// Why.
        cause: LapseCause,
        /// Mode MANUAL after the close: the requester decides by then.
        decide_by: Option<Instant>,
    },
    /// `RFQ_CLOSE` has passed.
    Closed {
        /// Mode MANUAL: the requester decides by then.
        decide_by: Option<Instant>,
    },
    /// The authorised request is booked; all other quotes end.
    Booked {
        /// Under which quote.
        quote: QuoteId,
    },
    /// `JOB_WITHDRAWN`.
    Withdrawn {
        /// Why.
        reason: EndReason,
    },
}
