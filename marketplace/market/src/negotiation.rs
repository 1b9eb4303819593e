//! One request for quotes, from opening to booking or withdrawal (sections 4.1, 2.2 to 2.4, 3.3).
//!
//! Invited owners quote; requester and owner answer each other with counter-offers in turn; an award picks one quote;
//! a booking or a withdrawal ends it. [`Negotiation::decide`] reads and answers with facts or the first refusal of
//! the table, [`Negotiation::evolve`] folds facts and cannot fail, [`Negotiation::deadlines`] and
//! [`Negotiation::fire`] are its timers. Trust in owners and whether they still have a fit robot come in as a
//! [`View`] with each command; amounts are minor units of the request's one currency, instants are receive time.
//!
//! Three readings of the domain that its table leaves open are fixed here. The lifetime of ten minutes binds revisions
//! from the first counter-offer on, not the first submission (a standing offer outlives the close by its rule), and
//! an acceptance does not prolong it. A revision that the owner has accepted ends the haggling of that quote: it is
//! nobody's turn, since another counter-offer would be the same side twice. A revision out of time takes its quote
//! with it, because the newest revision has replaced the older ones.

mod decide;
mod evolve;
mod timer;
mod words;

pub use timer::{Armed, RfqTimer};
pub use words::{RfqCommand, RfqFact, Speaker};

use crate::rejection::{Code, Guard};
use crate::tables::PriceTables;
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{PartyId, QuoteId, SkillId, StandingOfferId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeMap;

/// Longest name of a robot class, bytes.
pub const ROBOT_CLASS_MAX: usize = 32;

/// How the request is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AwardMode {
    /// By the award key when it closes.
    Auto,
    /// The first awardable quote within budget wins on arrival.
    Instant,
    /// By the requester, until `AWARD_DECIDE`.
    Manual,
}

/// Policy of negotiations.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NegotiationRules {
    /// Most revisions of one quote after its submission.
    pub max_rounds: u8,
    /// A counter-offer lapses after this, if not sooner by its own word.
    pub round_for: Span,
    /// The requester decides within this after the close, but before the window begins.
    pub decide_for: Span,
    /// Authorisation is due within this after the award.
    pub auth_for: Span,
    /// A request for work that starts within [`Self::soon`] closes after this.
    pub close_soon: Span,
    /// Any other request closes after this.
    pub close: Span,
    /// What counts as soon.
    pub soon: Span,
    /// Band, split and quote limits.
    pub prices: PriceTables,
}

impl Default for NegotiationRules {
    fn default() -> Self {
        Self {
            max_rounds: 6,
            round_for: Span::from_mins(10),
            decide_for: Span::from_mins(24 * 60),
            auth_for: Span::from_mins(15),
            close_soon: Span::from_secs(60),
            close: Span::from_mins(10),
            soon: Span::from_mins(120),
            prices: PriceTables::default(),
        }
    }
}

impl NegotiationRules {
    /// When a request opened at `opened` closes, unless its requester says otherwise: never after the window begins.
    pub fn closes(&self, opened: Instant, start: Instant) -> Instant {
        let after = if start.since(opened) <= self.soon { self.close_soon } else { self.close };
        opened.saturating_add(after).min(start)
    }
}

/// What was opened: fixed for the life of the negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Rfq {
    /// When it was opened.
    pub opened: Instant,
    /// When it closes: a quote at this instant is too late.
    pub closes: Instant,
    /// First instant of the work's window.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
    /// How it is decided.
    pub mode: AwardMode,
    /// Owners asked, ascending.
    pub invited: Vec<PartyId>,
    /// Highest total price `Q`.
    pub budget: Option<Amount>,
    /// Coverage fee `F` of the contract.
    pub cover_fee: Amount,
    /// Currency of every amount.
    pub currency: Currency,
    /// Reference price `S_ref`.
    pub reference: u64,
    /// Sum of the licence caps `D_cap`.
    pub licence_caps: u64,
    /// Skills that the work runs on, as they are licensed now: every quote counts on them.
    pub skills: Vec<QuotedSkill>,
    /// Policy pinned at opening.
    pub rules: NegotiationRules,
}

/// A skill that a quote counts on, with the most that it may cost the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct QuotedSkill {
    /// The skill.
    pub skill: SkillId,
    /// Its bundle.
    pub bundle: Digest,
    /// The cap of its licence.
    pub cap: Amount,
}

/// Terms of one revision: what is agreed to by an award. The layout and tag are those of the job's quote event, so
/// both rooms compute one hash.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct QuoteTerms {
    /// The quote.
    pub quote: QuoteId,
    /// Who offers.
    pub owner: PartyId,
    /// Revision, 0 for the submission.
    pub rev: u8,
    /// Service amount `S`.
    pub service: Amount,
    /// Promised arrival.
    pub arrive: Instant,
    /// Robot class offered.
    pub robot_class: String,
    /// Skills that the work runs on.
    pub skills: Vec<QuotedSkill>,
    /// When it lapses by its own word.
    pub expires: Instant,
}

impl QuoteTerms {
    /// What both sides agree to; the next revision names it as its `prev`.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/quote/v1", self)
    }
}

/// The sides of a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Side {
    /// Who asks for the work.
    Requester,
    /// Who offers it.
    Owner,
}

/// One revision of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Revision {
    /// Its terms.
    pub terms: QuoteTerms,
    /// Who made it.
    pub by: Side,
    /// Hash of the revision it answers; zero for the submission.
    pub prev: Digest,
    /// When it lapses in fact.
    pub lapses: Instant,
    /// Position of its input in the log: last but one part of the award key.
    pub log_seq: u64,
}

/// What became of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Fate {
    /// It stands.
    Live,
    /// Its owner took it back.
    Withdrawn,
    /// Its newest revision ran out of time.
    Expired,
    /// It was awarded and not paid for.
    Lapsed,
    /// The request was booked under it.
    Booked,
    /// The request ended without it.
    Ended,
}

/// A quote with all its revisions, oldest first; there is always one.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct QuoteLine {
    /// Its id.
    pub quote: QuoteId,
    /// Who offers.
    pub owner: PartyId,
    /// The standing offer that spoke for the owner.
    pub standing: Option<StandingOfferId>,
    /// The submission.
    pub first: Revision,
    /// Counter-offers, oldest first.
    pub counters: Vec<Revision>,
    /// The owner accepted the newest revision, which is the requester's.
    pub accepted: bool,
    /// What became of it.
    pub fate: Fate,
}

impl QuoteLine {
    /// The revision that replaced all others.
    pub fn newest(&self) -> &Revision {
        self.counters.last().unwrap_or(&self.first)
    }
    /// Whose answer is awaited; nobody's once the owner has accepted.
    pub fn turn(&self) -> Option<Side> {
        match self.newest().by {
            Side::Owner => Some(Side::Requester),
            Side::Requester if self.accepted => None,
            Side::Requester => Some(Side::Owner),
        }
    }
    /// Did the owner make or accept the newest revision?
    pub fn is_agreed(&self) -> bool {
        self.newest().by == Side::Owner || self.accepted
    }
    /// Neither withdrawn, expired nor dead.
    pub fn is_live(&self) -> bool {
        self.fate == Fate::Live
    }
}

/// Why a quote was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AwardReason {
    /// Mode INSTANT: the first awardable one.
    FirstAwardable,
    /// Best by the award key at the close.
    BestAtClose,
    /// Best by the award key after the one before it lapsed.
    NextAfterLapse,
    /// The requester chose it.
    Requester,
}

/// The chosen quote.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct AwardLine {
    /// Which.
    pub quote: QuoteId,
    /// Under which revision.
    pub rev: u8,
    /// Total price `Q`, minor units.
    pub total: u64,
    /// Authorisation is due by then.
    pub auth_by: Instant,
    /// Everything that could have been awarded, best first.
    pub ranking: Vec<QuoteId>,
    /// Why this one.
    pub reason: AwardReason,
}

/// Why an award came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum LapseCause {
    /// The provider of payments did not answer in time.
    AuthTimeout,
    /// The provider of payments said no.
    Declined,
}

/// Why a request ended before booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum EndReason {
    /// It closed without a live quote.
    RfqExpired,
    /// No quote could be awarded.
    NoAcceptableQuote,
    /// The requester did not decide in time.
    NotDecided,
    /// The requester took it back.
    Requester,
    /// Staff took it back.
    Staff,
}

/// Where the negotiation stands.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum RfqPhase {
    /// Quotes are taken and chosen from; `CREATED` or `QUOTED` by whether one is live.
    Open,
    /// One is chosen, its payment is outstanding.
    Awarded(AwardLine),
    /// It became a booking.
    Booked(QuoteId),
    /// It ended before.
    Withdrawn(EndReason),
}

/// The job states that this room walks through (section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RfqStatus {
    /// No live quote.
    Created,
    /// At least one live quote.
    Quoted,
    /// One is chosen.
    Awarded,
    /// A booking.
    Booked,
    /// Ended before booking.
    Withdrawn,
}

/// One request for quotes.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Negotiation {
    /// What was opened.
    pub rfq: Rfq,
    /// Where it stands.
    pub phase: RfqPhase,
    /// Did its closing time pass?
    pub closed: bool,
    /// Mode MANUAL: the requester decides by then.
    pub decide_by: Option<Instant>,
    /// Quotes in order of arrival.
    pub quotes: Vec<QuoteLine>,
}

/// What the caller knows of an owner when a command is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct OwnerView {
    /// Trust in it, basis points.
    pub trust_bps: u32,
    /// Has it a robot that could still do the work?
    pub ready: bool,
}

impl Default for OwnerView {
    /// A newcomer.
    fn default() -> Self {
        Self { trust_bps: 5_000, ready: true }
    }
}

/// What a command is decided against, besides the state.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Receive time; for timers their due time.
    pub now: Instant,
    /// Position of the input in the log.
    pub log_seq: u64,
    /// Owners; one that is missing is a newcomer with a robot.
    pub owners: &'a BTreeMap<PartyId, OwnerView>,
}

impl Negotiation {
    /// Opens a request, in one unit with the job's creation.
    pub fn open(mut rfq: Rfq) -> Result<Self, Code> {
        let mut g = Guard::new();
        let ordered = rfq.opened < rfq.start && rfq.start < rfq.end;
        g.need(ordered && rfq.opened < rfq.closes && rfq.closes <= rfq.start, Code::WindowInvalid);
        g.verdict()?;
        rfq.invited.sort_unstable();
        rfq.invited.dedup();
        Ok(Self { rfq, phase: RfqPhase::Open, closed: false, decide_by: None, quotes: Vec::new() })
    }

    /// The job's state as far as quotes make it.
    pub fn status(&self) -> RfqStatus {
        match &self.phase {
            RfqPhase::Open if self.quotes.iter().any(QuoteLine::is_live) => RfqStatus::Quoted,
            RfqPhase::Open => RfqStatus::Created,
            RfqPhase::Awarded(_) => RfqStatus::Awarded,
            RfqPhase::Booked(_) => RfqStatus::Booked,
            RfqPhase::Withdrawn(_) => RfqStatus::Withdrawn,
        }
    }

    /// One quote.
    pub fn quote(&self, quote: QuoteId) -> Option<&QuoteLine> {
        self.quotes.iter().find(|q| q.quote == quote)
    }

    /// The choice, while its payment is outstanding.
    pub fn award(&self) -> Option<&AwardLine> {
        match &self.phase {
            RfqPhase::Awarded(a) => Some(a),
            _ => None,
        }
    }

    /// Total price `Q = S + F` of the newest revision, minor units.
    pub fn total(&self, q: &QuoteLine) -> u64 {
        q.newest().terms.service.minor() + self.rfq.cover_fee.minor()
    }
}
