//! Why a job got the robot that it got: candidates with every term of their cost, refusals with their code, and what
//! another choice would have cost in total (domain 5.1, 5.2).
//!
//! An [`Explanation`] follows from the values of the batch alone, so it can be made at any time after and anywhere, and
//! can be logged. Its numbers are those that decided: nothing is judged anew, only the price of another choice is worked
//! out. Costs are the integers of 5.2, without a unit.

#[cfg(test)]
mod tests;

use crate::assign::{Batch, Candidate, Cost, Outcome, Refusal, Solved, View, unassigned_cost};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::{Instant, Record, Span};
use std::fmt;

/// Costs beyond this are no costs that a batch can hold; sums of them could overflow.
const COST_MAX: u64 = 1_000_000_000_000_000;

/// How one job of a batch fared, and why.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Explanation {
    /// The job.
    pub job: JobId,
    /// Its place in the batch, counted from zero.
    pub place: u32,
    /// Jobs in the batch.
    pub jobs: u32,
    /// What leaving it without a robot costs.
    pub unassigned: i64,
    /// The robot chosen.
    pub chosen: Option<RobotId>,
    /// What the job adds to the cost of the batch.
    pub cost: i64,
    /// What the batch costs.
    pub batch: i64,
    /// The candidates kept, ascending by (total, robot).
    pub candidates: Vec<Ranked>,
    /// Robots that passed, but as many as are kept were cheaper; ascending.
    pub dearer: Vec<RobotId>,
    /// Robots that failed, ascending by robot, each with the first code that it failed.
    pub refused: Vec<Failed>,
    /// Why this one.
    pub why: Why,
}

/// A candidate and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Ranked {
    /// The robot.
    pub robot: RobotId,
    /// The terms.
    pub terms: Cost,
    /// Their sum.
    pub total: i64,
    /// When it would arrive.
    pub arrive: Instant,
    /// How long it would charge before it left.
    pub charge: Span,
    /// Energy that the job would take, joules.
    pub need_j: u64,
}

/// A robot that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Failed {
    /// The robot.
    pub robot: RobotId,
    /// The first check that it failed, in the order of the table of 5.1.
    pub why: Refusal,
}

/// Why a job got this robot, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Why {
    /// No robot passed.
    NoCandidate,
    /// It is the cheapest.
    Cheapest,
    /// The cheapest is of more use elsewhere, or costs more than leaving the job.
    Another {
        /// The cheapest candidate.
        cheapest: RobotId,
        /// The job that got it.
        taken_by: Option<JobId>,
        /// By how much the whole batch would cost more if this job had it. 0: it is equal, and the order of ids decided.
        more: i64,
    },
}

/// Explains every job of a batch. None if the batch is not one of this view.
pub fn explain(view: &View, batch: &Batch) -> Option<Vec<Explanation>> {
    let book = Book::open(view, batch)?;
    (0..batch.outcomes.len()).map(|k| book.page(k)).collect()
}

/// Explains the job at this place of a batch, counted from zero. None if there is none, or the batch is not one of this
/// view.
pub fn explain_one(view: &View, batch: &Batch, place: usize) -> Option<Explanation> {
    Book::open(view, batch)?.page(place)
}

/// A batch with all its indexes known to lead somewhere.
struct Book<'a> {
    view: &'a View,
    batch: &'a Batch,
    solved: Solved,
    /// The job that got a robot, by robot index.
    taken_by: Vec<Option<JobId>>,
}

fn chosen(o: &Outcome) -> Option<&Candidate> {
    o.candidates.get(o.chosen? as usize)
}

impl<'a> Book<'a> {
    fn open(view: &'a View, batch: &'a Batch) -> Option<Self> {
        let has_robot = |r: u32| (r as usize) < view.robots.len();
        let is_sound = |o: &Outcome| {
            let candidates = o.candidates.iter().all(|c| has_robot(c.robot) && c.cost.total().unsigned_abs() <= COST_MAX);
            let refused = o.refused.iter().all(|r| has_robot(r.robot));
            let job = (o.job as usize) < view.jobs.len();
            job && candidates && refused && o.chosen.is_none_or(|c| (c as usize) < o.candidates.len())
        };
        if !batch.outcomes.iter().all(is_sound) {
            return None;
        }
        let mut taken_by = vec![None; view.robots.len()];
        for o in &batch.outcomes {
            if let Some(c) = chosen(o) {
                taken_by[c.robot as usize] = Some(view.jobs[o.job as usize].job);
            }
        }
        Some(Self { view, batch, solved: Solved::new(view, &batch.outcomes), taken_by })
    }

    fn page(&self, place: usize) -> Option<Explanation> {
        let o = self.batch.outcomes.get(place)?;
        let jobs = self.batch.outcomes.len();
        let id = |robot: u32| self.view.robots.get(robot as usize).map(|r| r.robot);
        let rank = |c: &Candidate| {
            let Candidate { cost, arrive, charge, need_j, .. } = *c;
            Some(Ranked { robot: id(c.robot)?, terms: cost, total: cost.total(), arrive, charge, need_j })
        };
        let mut seen = vec![false; self.view.robots.len()];
        for robot in o.candidates.iter().map(|c| c.robot).chain(o.refused.iter().map(|r| r.robot)) {
            seen[robot as usize] = true;
        }
        let mut dearer: Vec<RobotId> = self.view.robots.iter().zip(seen).filter(|(_, seen)| !seen).map(|(r, _)| r.robot).collect();
        dearer.sort_unstable();
        let mut refused: Vec<Failed> = o.refused.iter().filter_map(|r| Some(Failed { robot: id(r.robot)?, why: r.why })).collect();
        refused.sort_by_key(|f| f.robot);
        let unassigned = unassigned_cost(place, jobs);
        let why = match o.candidates.first() {
            None => Why::NoCandidate,
            Some(_) if o.chosen == Some(0) => Why::Cheapest,
            Some(c) => Why::Another {
                cheapest: id(c.robot)?,
                taken_by: self.taken_by.get(c.robot as usize).copied().flatten(),
                more: self.solved.forced(place, c.robot)?,
            },
        };
        Some(Explanation {
            job: self.view.jobs.get(o.job as usize)?.job,
            place: u32::try_from(place).ok()?,
            jobs: u32::try_from(jobs).ok()?,
            unassigned,
            chosen: chosen(o).and_then(|c| id(c.robot)),
            cost: chosen(o).map_or(unassigned, |c| c.cost.total()),
            batch: self.batch.cost,
            candidates: o.candidates.iter().map(rank).collect::<Option<_>>()?,
            dearer,
            refused,
            why,
        })
    }
}

/// For people: one line a candidate, with every term that is not zero; one line a refusal.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} of {}: ", self.job, self.place + 1, self.jobs)?;
        match self.chosen {
            Some(r) => writeln!(f, "{r} for {} (leaving it: {}; the whole batch: {})", self.cost, self.unassigned, self.batch)?,
            None => writeln!(f, "no robot, which counts {} (the whole batch: {})", self.unassigned, self.batch)?,
        }
        match self.why {
            Why::NoCandidate => writeln!(f, "  no robot passes the filter")?,
            Why::Cheapest => writeln!(f, "  it is the cheapest")?,
            Why::Another { cheapest, taken_by, more } => {
                match taken_by {
                    Some(job) => write!(f, "  the cheapest, {cheapest}, goes to {job}")?,
                    None => write!(f, "  the cheapest, {cheapest}, goes to nobody")?,
                }
                match more {
                    0 => writeln!(f, "; taking it costs the same in all, and the order of ids decides")?,
                    _ => writeln!(f, "; taking it would cost {more} more in all")?,
                }
            }
        }
        for (n, c) in (1..).zip(&self.candidates) {
            let mark = if Some(c.robot) == self.chosen { '>' } else { ' ' };
            write!(f, "{mark} {n:>3}. {} {} =", c.robot, c.total)?;
            let mut terms = c.terms.terms().into_iter().filter(|t| t.1 != 0).peekable();
            if terms.peek().is_none() {
                write!(f, " 0")?;
            }
            for (i, (name, value)) in terms.enumerate() {
                let sign = match (i, value < 0) {
                    (0, false) => "",
                    (0, true) => "-",
                    (_, false) => "+ ",
                    (_, true) => "- ",
                };
                write!(f, " {sign}{name} {}", value.unsigned_abs())?;
            }
            write!(f, "; arrives at {}, needs {} J", c.arrive, c.need_j)?;
            if c.charge > Span::ZERO {
                write!(f, ", charges {} before", c.charge)?;
            }
            writeln!(f)?;
        }
        for r in &self.dearer {
            writeln!(f, "       {r} passes, dearer than those kept")?;
        }
        for r in &self.refused {
            writeln!(f, "       {} {}", r.robot, r.why.code())?;
        }
        Ok(())
    }
}
