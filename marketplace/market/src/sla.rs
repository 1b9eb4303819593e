//! Punctuality and its price: breaches as they are recorded, and the credit that they add up to (section 4.5).
//!
//! Times are receive time, amounts minor units, shares basis points of the service amount `S`. Due times include the
//! grace of the level; excused time (outages of the site, stops not caused by the owner) is measured by the caller
//! and taken off here. A breach is recorded once per kind and leg, with what was measured, so that anybody can judge
//! it again; the credit is computed from the recorded breaches alone.

use crate::rejection::{Code, Guard};
use nooterra_engine::Record;
use nooterra_engine::ids::EventId;
use nooterra_engine::money::mul_div;
use nooterra_engine::time::{Instant, Span};

/// What the requester paid for in punctuality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ServiceLevel {
    /// Cheapest.
    Basic,
    /// Usual.
    Standard,
    /// Punctual.
    Premium,
}

/// One step of a lateness ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct LadderStep {
    /// From this lateness on.
    pub late: Span,
    /// Credit, basis points.
    pub bps: u32,
}

/// Values of one service level.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct LevelTerms {
    /// Grace for the arrival after the window's start.
    pub arrival_grace: Span,
    /// Grace for the completion after the window's end.
    pub completion_grace: Span,
    /// Longest wait for an operator.
    pub assist_response: Span,
    /// Lateness and what it costs, ascending.
    pub ladder: Vec<LadderStep>,
    /// Most that all credits of the job come to, basis points.
    pub credit_cap_bps: u32,
}

impl ServiceLevel {
    /// Its part of the reference price, basis points of the core (section 4.2).
    pub const fn price_bps(self) -> u32 {
        match self {
            Self::Basic => 0,
            Self::Standard => 500,
            Self::Premium => 1_500,
        }
    }
    /// Default values of the level.
    pub fn terms(self) -> LevelTerms {
        let terms = |arrival, completion, assist, ladder: &[(u64, u32)], credit_cap_bps| LevelTerms {
            arrival_grace: Span::from_secs(arrival),
            completion_grace: Span::from_secs(completion),
            assist_response: Span::from_secs(assist),
            ladder: ladder.iter().map(|&(s, bps)| LadderStep { late: Span::from_secs(s), bps }).collect(),
            credit_cap_bps,
        };
        match self {
            Self::Basic => terms(1_800, 3_600, 600, &[(3_600, 500)], 1_000),
            Self::Standard => terms(900, 900, 300, &[(900, 500), (3_600, 1_500)], 2_500),
            Self::Premium => terms(300, 0, 120, &[(300, 500), (900, 1_000), (3_600, 2_500)], 5_000),
        }
    }
}

impl LevelTerms {
    /// What this lateness costs, basis points: the highest step reached.
    pub fn ladder_bps(&self, late: Span) -> u32 {
        self.ladder.iter().filter(|s| s.late <= late).map(|s| s.bps).max().unwrap_or(0)
    }
    /// Ascending in both columns, nothing above the whole.
    pub fn is_sound(&self) -> bool {
        self.ladder.windows(2).all(|w| w[0].late < w[1].late && w[0].bps <= w[1].bps)
            && self.ladder.iter().all(|s| s.bps <= 10_000)
            && self.credit_cap_bps <= 10_000
    }
}

/// Breaches whose price does not grow, basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct FixedCredits {
    /// Stalled as long as may be.
    pub excess_stall_bps: u32,
    /// An operator came late.
    pub assist_slow_bps: u32,
    /// The robot left late.
    pub exit_overstay_bps: u32,
    /// The owner's side gave the work up.
    pub provider_abort_bps: u32,
}

impl Default for FixedCredits {
    fn default() -> Self {
        Self { excess_stall_bps: 500, assist_slow_bps: 300, exit_overstay_bps: 500, provider_abort_bps: 2_000 }
    }
}

/// What a contract says about punctuality.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SlaTerms {
    /// Level BASIC.
    pub basic: LevelTerms,
    /// Level STANDARD.
    pub standard: LevelTerms,
    /// Level PREMIUM.
    pub premium: LevelTerms,
    /// Fixed credits of every level.
    pub fixed: FixedCredits,
}

impl Default for SlaTerms {
    fn default() -> Self {
        Self {
            basic: ServiceLevel::Basic.terms(),
            standard: ServiceLevel::Standard.terms(),
            premium: ServiceLevel::Premium.terms(),
            fixed: FixedCredits::default(),
        }
    }
}

impl SlaTerms {
    /// Values of a level.
    pub fn level(&self, level: ServiceLevel) -> &LevelTerms {
        match level {
            ServiceLevel::Basic => &self.basic,
            ServiceLevel::Standard => &self.standard,
            ServiceLevel::Premium => &self.premium,
        }
    }
}

/// Kinds of breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum BreachKind {
    /// Arrived after the window's start and grace.
    ArriveLate,
    /// Completed after the window's end and grace.
    CompleteLate,
    /// Stalled for as long as the tier allows.
    ExcessStall,
    /// Waited too long for an operator.
    AssistSlow,
    /// Left too late.
    ExitOverstay,
    /// The owner's side gave the work up.
    ProviderAbort,
}

impl BreachKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::ArriveLate, Self::CompleteLate, Self::ExcessStall, Self::AssistSlow, Self::ExitOverstay, Self::ProviderAbort];

    /// Does the ladder price it?
    pub const fn is_lateness(self) -> bool {
        matches!(self, Self::ArriveLate | Self::CompleteLate)
    }
    /// Is a measured time, less the excused one, a breach of the limit? A stall is when the limit is reached, since
    /// the timer that ends it fires at that instant; everything else when the limit is passed.
    pub fn is_breach(self, measured: Span, limit: Span, excused: Span) -> bool {
        let counted = Span(measured.0.saturating_sub(excused.0));
        match self {
            Self::ProviderAbort => true,
            Self::ExcessStall => counted >= limit,
            Self::ArriveLate | Self::CompleteLate | Self::AssistSlow | Self::ExitOverstay => counted > limit,
        }
    }
}

/// Who answers for a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum BreachFault {
    /// The requester: no credit.
    Requester,
    /// The owner.
    Owner,
    /// The operator.
    Operator,
    /// A skill's developer.
    Developer,
    /// The platform.
    Platform,
    /// The site.
    Site,
    /// Nobody: no credit.
    None,
}

impl BreachFault {
    /// Is there credit for it?
    pub const fn gives_credit(self) -> bool {
        !matches!(self, Self::Requester | Self::None)
    }
}

/// A recorded breach.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Breach {
    /// What.
    pub kind: BreachKind,
    /// On which leg.
    pub leg: u8,
    /// What was measured: for lateness the time since due.
    pub measured: Span,
    /// What was allowed: zero for lateness.
    pub limit: Span,
    /// What does not count.
    pub excused: Span,
    /// Who answers.
    pub fault: BreachFault,
    /// Events that show it.
    pub facts: Vec<EventId>,
}

impl Breach {
    /// The lateness that counts.
    pub fn late(&self) -> Span {
        Span(self.measured.0.saturating_sub(self.excused.0))
    }
}

/// `actual - due - excused` as a breach, to be recorded if it is one.
pub fn lateness(kind: BreachKind, leg: u8, due: Instant, actual: Instant, excused: Span, fault: BreachFault) -> Breach {
    Breach { kind, leg, measured: actual.since(due), limit: Span::ZERO, excused, fault, facts: Vec::new() }
}

/// When arrival is due.
pub fn arrive_due(start: Instant, level: &LevelTerms) -> Instant {
    start.saturating_add(level.arrival_grace)
}

/// When completion is due.
pub fn complete_due(end: Instant, level: &LevelTerms) -> Instant {
    end.saturating_add(level.completion_grace)
}

/// The SLA track of one job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SlaTrack {
    /// Service amount `S`, minor units.
    pub service: u64,
    /// Values of its level, from the pins.
    pub level: LevelTerms,
    /// Fixed credits, from the pins.
    pub fixed: FixedCredits,
    /// Recorded breaches in order.
    pub breaches: Vec<Breach>,
    /// Credit issued for them so far, minor units.
    pub issued: u64,
}

/// What happened on the track.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum SlaFact {
    /// `SLA_BREACH_RECORDED`.
    Recorded(Breach),
    /// `SLA_CREDIT_ISSUED`.
    Credited {
        /// Minor units.
        amount: u64,
        /// Kinds of the breaches that it is for, ascending.
        kinds: Vec<BreachKind>,
    },
}

impl SlaTrack {
    /// A track without a breach.
    pub fn new(service: u64, level: LevelTerms, fixed: FixedCredits) -> Self {
        Self { service, level, fixed, breaches: Vec::new(), issued: 0 }
    }

    /// May this breach be recorded? Once per kind and leg, and only if it is one.
    pub fn record(&self, b: Breach) -> Result<SlaFact, Code> {
        let mut g = Guard::new();
        g.need(b.kind.is_breach(b.measured, b.limit, b.excused), Code::TrackForbids);
        g.need(!self.breaches.iter().any(|o| o.kind == b.kind && o.leg == b.leg), Code::AlreadyDone);
        g.verdict()?;
        Ok(SlaFact::Recorded(b))
    }

    /// What all recorded breaches come to, basis points of `S`: the largest of the ladder and every fixed one, capped.
    pub fn credit_bps(&self) -> u32 {
        let counted = || self.breaches.iter().filter(|b| b.fault.gives_credit());
        let ladder = counted().filter(|b| b.kind.is_lateness()).map(|b| self.level.ladder_bps(b.late())).max().unwrap_or(0);
        let fixed = counted().fold(0u32, |sum, b| sum.saturating_add(self.fixed_bps(b.kind)));
        ladder.saturating_add(fixed).min(self.level.credit_cap_bps).min(10_000)
    }

    /// The credit that is due now, if any. `credits_so_far` are all credits of the job, those for breaches included.
    pub fn credit(&self, credits_so_far: u64) -> Option<SlaFact> {
        // At most 10 000 basis points of S: the product fits.
        let whole = mul_div(self.service, u64::from(self.credit_bps()), 10_000).unwrap_or(0);
        let amount = whole.saturating_sub(self.issued).min(self.service.saturating_sub(credits_so_far));
        let mut kinds: Vec<BreachKind> = self.breaches.iter().filter(|b| b.fault.gives_credit()).map(|b| b.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        (amount > 0).then_some(SlaFact::Credited { amount, kinds })
    }

    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &SlaFact) {
        match fact {
            SlaFact::Recorded(b) => self.breaches.push(b.clone()),
            SlaFact::Credited { amount, .. } => self.issued = self.issued.saturating_add(*amount),
        }
    }

    fn fixed_bps(&self, kind: BreachKind) -> u32 {
        match kind {
            BreachKind::ArriveLate | BreachKind::CompleteLate => 0,
            BreachKind::ExcessStall => self.fixed.excess_stall_bps,
            BreachKind::AssistSlow => self.fixed.assist_slow_bps,
            BreachKind::ExitOverstay => self.fixed.exit_overstay_bps,
            BreachKind::ProviderAbort => self.fixed.provider_abort_bps,
        }
    }
}
