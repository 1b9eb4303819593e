//! What it costs to cancel, to stay away and not to be paid (section 4.6).
//!
//! Everything is judged by receive time against the pinned brackets; shares are basis points of the service amount
//! `S`. An instant exactly at a limit belongs to the milder bracket: two hours before the start is "at least two
//! hours". The ten minutes after booking are half-open.

use crate::rejection::Code;
use nooterra_engine::Record;
use nooterra_engine::money::{MoneyError, mul_div};
use nooterra_engine::time::{Instant, Span};

/// Brackets of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CancelTerms {
    /// A requester may change its mind for this long after booking.
    pub regret: Span,
    /// What counts as near the start.
    pub near: Span,
    /// What counts as far from the start.
    pub far: Span,
    /// Requester, between near and far.
    pub early_bps: u32,
    /// Requester, later, not departed.
    pub late_bps: u32,
    /// Requester, departed, outside.
    pub departed_bps: u32,
    /// Requester, inside.
    pub inside_bps: u32,
    /// Requester absent at a witnessed arrival.
    pub absent_bps: u32,
    /// Owner, between near and far.
    pub owner_early_bps: u32,
    /// Owner, later, or no-show.
    pub owner_late_bps: u32,
    /// All compensation of a job together.
    pub owner_cap_bps: u32,
    /// After a no-show the requester may wait this long past the window's end.
    pub wait_past_end: Span,
}

impl Default for CancelTerms {
    fn default() -> Self {
        Self {
            regret: Span::from_mins(10),
            near: Span::from_mins(120),
            far: Span::from_mins(24 * 60),
            early_bps: 2_000,
            late_bps: 4_000,
            departed_bps: 5_000,
            inside_bps: 6_000,
            absent_bps: 5_000,
            owner_early_bps: 1_000,
            owner_late_bps: 2_000,
            owner_cap_bps: 4_000,
            wait_past_end: Span::from_mins(240),
        }
    }
}

impl CancelTerms {
    /// Near before far, and no share above the whole.
    pub fn is_sound(&self) -> bool {
        let shares = [
            self.early_bps,
            self.late_bps,
            self.departed_bps,
            self.inside_bps,
            self.absent_bps,
            self.owner_early_bps,
            self.owner_late_bps,
            self.owner_cap_bps,
        ];
        self.near <= self.far && shares.iter().all(|s| *s <= 10_000)
    }
}

/// How far the work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Progress {
    /// No robot has set out.
    Waiting,
    /// A robot is or was on its way, none inside.
    Departed,
    /// A robot is inside.
    Inside,
}

/// The moment of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Moment {
    /// Receive time.
    pub now: Instant,
    /// When it was booked.
    pub booked: Instant,
    /// Start of the window.
    pub start: Instant,
    /// How far the work has come.
    pub progress: Progress,
    /// Work proven so far, basis points.
    pub proven_bps: u32,
    /// Compensation promised so far, basis points.
    pub comp_bps: u32,
}

/// Why a booking is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum CancelCause {
    /// The requester wishes so.
    Requester,
    /// The owner wishes so.
    Owner,
    /// Staff wish so.
    Staff,
    /// Safety, by anybody.
    Safety,
    /// The payment failed for good.
    PaymentFailed,
    /// A pinned skill was revoked.
    SkillRevoked,
    /// No robot came in time.
    NoShow,
    /// The robot waited for entry in vain, without a valid plan, and its arrival was witnessed.
    AbsentWitnessed,
    /// The same, but nobody independent saw it arrive.
    AbsentUnwitnessed,
}

impl CancelCause {
    /// Every cause.
    pub const ALL: [Self; 9] = [
        Self::Requester,
        Self::Owner,
        Self::Staff,
        Self::Safety,
        Self::PaymentFailed,
        Self::SkillRevoked,
        Self::NoShow,
        Self::AbsentWitnessed,
        Self::AbsentUnwitnessed,
    ];
}

/// Who answers for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum CancelFault {
    /// The requester.
    Requester,
    /// The owner.
    Owner,
    /// A skill's developer.
    Developer,
    /// The platform.
    Platform,
    /// Nobody, until triage says otherwise.
    None,
}

/// The frozen outcome of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Charged {
    /// Who answers.
    pub fault: CancelFault,
    /// Fee on the requester, basis points.
    pub fee_bps: u32,
    /// Compensation by the owner to the requester, basis points; within the cap with what was promised before.
    pub comp_bps: u32,
    /// The fee is taken only as far as money was captured.
    pub captured_only: bool,
}

/// Fee on a requester who cancels at this moment, basis points.
pub fn requester_fee_bps(t: &CancelTerms, m: &Moment) -> u32 {
    let ahead = m.start.since(m.now);
    match m.progress {
        Progress::Inside => t.inside_bps.max(m.proven_bps.min(10_000)),
        Progress::Departed => t.departed_bps,
        Progress::Waiting if ahead >= t.far => 0,
        Progress::Waiting if ahead >= t.near && m.now.since(m.booked) < t.regret => 0,
        Progress::Waiting if ahead >= t.near => t.early_bps,
        Progress::Waiting => t.late_bps,
    }
}

/// Compensation by an owner who cancels at this moment or does not show, basis points, within the cap.
pub fn owner_comp_bps(t: &CancelTerms, m: &Moment, no_show: bool) -> u32 {
    let ahead = m.start.since(m.now);
    let full = match m.progress {
        Progress::Waiting if !no_show && ahead >= t.far => 0,
        Progress::Waiting if !no_show && ahead >= t.near => t.owner_early_bps,
        _ => t.owner_late_bps,
    };
    full.min(t.owner_cap_bps.saturating_sub(m.comp_bps))
}

/// What a cancellation for this cause at this moment comes to.
pub fn charge(t: &CancelTerms, m: &Moment, cause: CancelCause) -> Charged {
    let (fault, fee_bps, comp_bps) = match cause {
        CancelCause::Requester | CancelCause::PaymentFailed => (CancelFault::Requester, requester_fee_bps(t, m), 0),
        CancelCause::Owner => (CancelFault::Owner, 0, owner_comp_bps(t, m, false)),
        CancelCause::NoShow => (CancelFault::Owner, 0, owner_comp_bps(t, m, true)),
        CancelCause::Staff => (CancelFault::Platform, 0, 0),
        CancelCause::Safety | CancelCause::AbsentUnwitnessed => (CancelFault::None, 0, 0),
        CancelCause::SkillRevoked => (CancelFault::Developer, 0, 0),
        CancelCause::AbsentWitnessed => (CancelFault::Requester, t.absent_bps, 0),
    };
    Charged { fault, fee_bps, comp_bps, captured_only: cause == CancelCause::PaymentFailed }
}

impl Charged {
    /// The fee `K`, minor units.
    pub fn fee(&self, service: u64, captured: u64) -> Result<u64, MoneyError> {
        let fee = mul_div(service, u64::from(self.fee_bps), 10_000)?;
        Ok(if self.captured_only { fee.min(captured) } else { fee })
    }
    /// The compensation, minor units.
    pub fn comp(&self, service: u64) -> Result<u64, MoneyError> {
        mul_div(service, u64::from(self.comp_bps), 10_000)
    }
}

/// The requester's choice after a no-show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum NoShowChoice {
    /// A robot may still come, until then; price and compensation stay.
    Wait(Instant),
    /// The job ends.
    Cancel,
}

/// May the requester choose this at `now`, for a window that ends at `end`?
pub fn no_show(t: &CancelTerms, now: Instant, end: Instant, choice: NoShowChoice) -> Result<(), Code> {
    match choice {
        NoShowChoice::Cancel => Ok(()),
        NoShowChoice::Wait(by) if now < by && by <= end.saturating_add(t.wait_past_end) => Ok(()),
        NoShowChoice::Wait(_) => Err(Code::WindowInvalid),
    }
}

/// Policy of captures and authorisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CaptureTerms {
    /// Capture is due this long before the window.
    pub lead: Span,
    /// A failed capture is tried again after this.
    pub retry: Span,
    /// Captures that may fail before the booking is cancelled.
    pub attempts: u8,
    /// An authorisation is renewed this long before it ends.
    pub renew: Span,
}

impl Default for CaptureTerms {
    fn default() -> Self {
        Self { lead: Span::from_mins(24 * 60), retry: Span::from_mins(5), attempts: 3, renew: Span::from_mins(24 * 60) }
    }
}

/// What follows a failed capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum AfterFailure {
    /// It is tried again at this instant.
    Retry(Instant),
    /// The booking is cancelled with [`CancelCause::PaymentFailed`].
    Cancel,
}

impl CaptureTerms {
    /// `CAPTURE_AT`: a day before the window, or at once if that has passed.
    pub fn due(&self, booked: Instant, start: Instant) -> Instant {
        start.saturating_sub(self.lead).max(booked)
    }
    /// What follows the failure of capture number `attempt`, counted from 1.
    pub fn after_failure(&self, attempt: u8, now: Instant) -> AfterFailure {
        if attempt >= self.attempts { AfterFailure::Cancel } else { AfterFailure::Retry(now.saturating_add(self.retry)) }
    }
}
