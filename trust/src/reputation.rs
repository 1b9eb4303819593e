//! Trust scores (domain 5.3): computed by the platform only, for robots and owners alike, from settled jobs and triaged
//! incidents. A score is a fold of these facts and keeps the last of them, so it can say how it came about.

use crate::incident::MATERIAL;
use crate::parties::Fault;
use crate::rejection::{Code, Rejection};
use nooterra_engine::Record;
use nooterra_engine::ids::{EventId, PartyId, RobotId};
use nooterra_engine::time::Instant;
use std::collections::{BTreeMap, VecDeque};

/// Best score, basis points.
pub const BEST_BPS: u32 = 10_000;
/// Score of one of whom nothing is known.
pub const START_BPS: u32 = 5_000;
/// A robot below this is quarantined (domain 12.1).
pub const QUARANTINE_BPS: u32 = 1_500;
/// Updates that a score keeps.
pub const HISTORY: usize = 64;

/// Whose score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Subject {
    /// A robot.
    Robot(RobotId),
    /// An owner of robots.
    Owner(PartyId),
}

/// How a settled job ended for the one who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Outcome {
    /// Proof `PASS`.
    Pass,
    /// Proof `PARTIAL`.
    Partial,
    /// Aborted, by this fault.
    Aborted(Fault),
    /// The robot never came.
    NoShow,
    /// Anything else: says nothing about the one who did it.
    Other,
}

/// A fact that may move a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Fact {
    /// A job was settled.
    Settled(Outcome),
    /// An incident was triaged.
    Triaged {
        /// 1..=5, as triaged.
        severity: u8,
        /// Who answers.
        fault: Fault,
    },
}

/// The score after a fact, basis points.
#[must_use]
pub fn after(score_bps: u32, fact: Fact) -> u32 {
    let t = i64::from(score_bps.min(BEST_BPS));
    // The way to the target in parts of 10 000, rounded down: a fall of less than one part still falls by one.
    let towards = |target: i64, k: i64| t + ((target - t) * k).div_euclid(10_000);
    let to = match fact {
        Fact::Settled(Outcome::Pass) => towards(10_000, 300),
        Fact::Settled(Outcome::Partial) => towards(6_000, 300),
        Fact::Settled(Outcome::Aborted(Fault::Owner)) => towards(0, 800),
        Fact::Settled(Outcome::NoShow) => towards(0, 1_000),
        Fact::Triaged { severity, fault: Fault::Owner } if severity >= MATERIAL => t - 500 * i64::from(severity),
        Fact::Settled(Outcome::Aborted(_) | Outcome::Other) | Fact::Triaged { .. } => t,
    };
    u32::try_from(to.clamp(0, i64::from(BEST_BPS))).unwrap_or(0)
}

/// One update: payload of `TRUST_SCORE_UPDATED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Update {
    /// When.
    pub at: Instant,
    /// Whose.
    pub subject: Subject,
    /// Before.
    pub from_bps: u32,
    /// After.
    pub to_bps: u32,
    /// The event that is the reason.
    pub reason: EventId,
    /// What it says.
    pub fact: Fact,
}

/// One score.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Score {
    /// Now, basis points.
    pub bps: u32,
    /// Updates ever.
    pub count: u64,
    /// The last of them, oldest first, at most [`HISTORY`].
    pub history: VecDeque<Update>,
}

impl Default for Score {
    fn default() -> Self {
        Self { bps: START_BPS, count: 0, history: VecDeque::new() }
    }
}

/// All scores of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Reputation {
    scores: BTreeMap<Subject, Score>,
}

impl Reputation {
    /// One that the marketplace knows from the beginning. One that has a score keeps it.
    pub fn begin(&mut self, subject: Subject, bps: u32) {
        self.scores.entry(subject).or_insert_with(|| Score { bps: bps.min(BEST_BPS), ..Score::default() });
    }
    /// A score; of one of whom nothing is known, the first one.
    #[must_use]
    pub fn bps(&self, subject: Subject) -> u32 {
        self.scores.get(&subject).map_or(START_BPS, |s| s.bps)
    }
    /// How a score came about.
    #[must_use]
    pub fn score(&self, subject: Subject) -> Option<&Score> {
        self.scores.get(&subject)
    }
    /// Must this robot be taken out of service?
    #[must_use]
    pub fn is_poor(&self, robot: RobotId) -> bool {
        self.bps(Subject::Robot(robot)) < QUARANTINE_BPS
    }
    /// The update that a fact leads to: `NO_CHANGE` where it says nothing, `ALREADY_DONE` where it is among the last
    /// counted (that no event is folded twice at all is promised by its stream).
    pub fn decide(&self, at: Instant, subject: Subject, reason: EventId, fact: Fact) -> Result<Update, Rejection> {
        if let Fact::Triaged { severity, .. } = fact
            && !(1..=crate::incident::SEVERITY_MAX).contains(&severity)
        {
            return Err(Rejection::new(Code::SchemaInvalid).field("severity").actual(severity));
        }
        if self.scores.get(&subject).is_some_and(|s| s.history.iter().any(|u| u.reason == reason)) {
            return Err(Rejection::new(Code::AlreadyDone).field("reason"));
        }
        let from_bps = self.bps(subject);
        let to_bps = after(from_bps, fact);
        if to_bps == from_bps {
            return Err(Rejection::new(Code::NoChange).field("subject"));
        }
        Ok(Update { at, subject, from_bps, to_bps, reason, fact })
    }
    /// Folds in one update.
    pub fn evolve(&mut self, update: &Update) {
        let s = self.scores.entry(update.subject).or_default();
        s.bps = update.to_bps.min(BEST_BPS);
        s.count = s.count.saturating_add(1);
        s.history.push_back(*update);
        while s.history.len() > HISTORY {
            s.history.pop_front();
        }
    }
}
