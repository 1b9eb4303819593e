//! What the judges came to.

use nooterra_engine::Record;
use nooterra_engine::time::Instant;
use std::fmt;

/// What kind of thing went wrong, the gravest last; each has an exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Class {
    /// An expectation of the scenario was not met.
    Expectation,
    /// Something did not end in time.
    Liveness,
    /// A budget of time or size was used up.
    Budget,
    /// Two runs of the same thing differed.
    Nondeterminism,
    /// Safety or an invariant was broken.
    Safety,
    /// The program broke its own oath and stopped.
    Panic,
}

impl Class {
    /// Exit code of the program.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Safety => 10,
            Self::Liveness => 11,
            Self::Nondeterminism => 12,
            Self::Panic => 13,
            Self::Budget => 14,
            Self::Expectation => 15,
        }
    }
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Finding {
    /// Of which kind.
    pub class: Class,
    /// Which judge or invariant.
    pub judge: String,
    /// Number of the invariant in the domain's list (I1 to I43); none where the list has none.
    pub invariant: Option<u8>,
    /// What happened, for people.
    pub story: String,
    /// When.
    pub at: Instant,
    /// In which tick.
    pub tick: u64,
    /// Robots, jobs and others concerned.
    pub ids: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.invariant.map_or(String::new(), |n| format!(" (I{n})"));
        write!(f, "{}{number} at {} (tick {}): {}", self.judge, self.at, self.tick, self.story)?;
        if !self.ids.is_empty() {
            write!(f, " [{}]", self.ids.join(", "))?;
        }
        Ok(())
    }
}

/// One judge's opinion.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Judgement {
    /// What was judged.
    pub name: String,
    /// Numbers of the invariants of the domain's list that it stands for.
    pub invariants: Vec<u8>,
    /// Did it hold?
    pub held: bool,
    /// How often it was looked at.
    pub checks: u64,
    /// When it broke and how, or the values at the end.
    pub story: String,
}

/// All opinions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Verdict {
    /// What went wrong, in order of time.
    pub findings: Vec<Finding>,
    /// Findings beyond those kept.
    pub more: u64,
    /// Every invariant that was judged.
    pub invariants: Vec<Judgement>,
    /// Every expectation of the scenario.
    pub expectations: Vec<Judgement>,
}

impl Verdict {
    /// The gravest class found; nothing if all held.
    pub fn class(&self) -> Option<Class> {
        self.findings.iter().map(|f| f.class).max()
    }
    /// Exit code of the program: 0 if all held.
    pub fn exit_code(&self) -> u8 {
        self.class().map_or(0, Class::exit_code)
    }
}

/// A judge's memory: how often it looked, what it found. Keeps the first findings and counts the rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Notes {
    pub name: &'static str,
    /// Numbers of the domain's list, the first being meant if none is named.
    pub numbers: &'static [u8],
    pub checks: u64,
    pub broken: u64,
    pub found: Vec<Finding>,
}

/// Findings kept of one judge.
const KEPT: usize = 50;

impl Notes {
    pub(crate) fn of(name: &'static str, numbers: &'static [u8]) -> Self {
        Self { name, numbers, ..Self::default() }
    }
    pub(crate) fn checked(&mut self) {
        self.checks += 1;
    }
    pub(crate) fn broke(&mut self, class: Class, at: Instant, tick: u64, story: String, ids: Vec<String>) {
        self.broke_as(self.numbers.first().copied(), class, at, tick, story, ids);
    }
    /// The same, naming the invariant.
    pub(crate) fn broke_as(&mut self, invariant: Option<u8>, class: Class, at: Instant, tick: u64, story: String, ids: Vec<String>) {
        self.broken += 1;
        if self.found.len() < KEPT {
            self.found.push(Finding { class, judge: self.name.to_owned(), invariant, story, at, tick, ids });
        }
    }
    pub(crate) fn judgement(&self) -> Judgement {
        let story = match self.found.first() {
            None if self.checks == 0 => "nothing to judge in this run".into(),
            None => format!("held, {} checks", self.checks),
            Some(f) => format!("broken {} times, first at {}: {}", self.broken, f.at, f.story),
        };
        let invariants = self.numbers.to_vec();
        Judgement { name: self.name.to_owned(), invariants, held: self.broken == 0, checks: self.checks, story }
    }
}
