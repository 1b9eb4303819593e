//! What the log keeps of a batch: for each job who could do it, what each would cost, who got it and why. Bounded, however
//! many robots there are.

use nooterra_dispatch::explain::{Explanation, Ranked, Why};
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, RobotId};
use std::collections::BTreeMap;

/// One job of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Considered {
    /// The job.
    pub job: JobId,
    /// The cheapest robots that passed the filter, ascending by cost and id: at most [`Considered::KEPT`], the one that got
    /// the job always among them.
    pub best: Vec<Bid>,
    /// Robots that passed beyond those.
    pub more: u32,
    /// How many robots failed, by the first code that they failed, in the order of the codes' names.
    pub failed: Vec<(String, u32)>,
    /// The first of them by id, with the code that each failed first: at most [`Considered::KEPT`].
    pub failed_first: Vec<(RobotId, String)>,
    /// Who got it.
    pub chosen: Option<RobotId>,
    /// What leaving it without a robot counts.
    pub unassigned: i64,
    /// Why this one, or none.
    pub why: Why,
}

/// A robot that could do a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Bid {
    /// Its place among all that passed, from 0.
    pub rank: u32,
    /// What it would cost, term by term, and when it would arrive.
    pub offer: Ranked,
}

impl Considered {
    /// Robots kept of each kind.
    pub const KEPT: usize = 8;

    /// What is kept of an explanation.
    pub(crate) fn of(e: &Explanation) -> Self {
        let bid = |(i, offer): (usize, &Ranked)| Bid { rank: u32::try_from(i).unwrap_or(u32::MAX), offer: *offer };
        let mut best: Vec<Bid> = e.candidates.iter().enumerate().take(Self::KEPT).map(bid).collect();
        let chosen = e.candidates.iter().enumerate().find(|(_, c)| Some(c.robot) == e.chosen).map(bid);
        if let Some(c) = chosen.filter(|c| c.rank as usize >= Self::KEPT) {
            best.truncate(Self::KEPT - 1);
            best.push(c);
        }
        let passed = e.candidates.len() + e.dearer.len();
        let mut failed: BTreeMap<&str, u32> = BTreeMap::new();
        for f in &e.refused {
            *failed.entry(f.why.code()).or_default() += 1;
        }
        Self {
            job: e.job,
            more: u32::try_from(passed - best.len()).unwrap_or(u32::MAX),
            best,
            failed: failed.into_iter().map(|(c, n)| (c.to_owned(), n)).collect(),
            failed_first: e.refused.iter().take(Self::KEPT).map(|f| (f.robot, f.why.code().to_owned())).collect(),
            chosen: e.chosen,
            unassigned: e.unassigned,
            why: e.why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_dispatch::assign::{Cost, Refusal};
    use nooterra_dispatch::explain::Failed;
    use nooterra_engine::{Instant, Span};

    fn explanation(passed: u32, refused: u32, chosen: Option<u32>) -> Explanation {
        let id = |n: u32| RobotId::named(&n.to_string());
        let offer = |n: u32| Ranked {
            robot: id(n),
            terms: Cost { eta: i64::from(n), ..Cost::default() },
            total: i64::from(n),
            arrive: Instant(1),
            charge: Span::ZERO,
            need_j: 0,
        };
        Explanation {
            job: JobId::named("j"),
            place: 0,
            jobs: 1,
            unassigned: 7,
            chosen: chosen.map(id),
            cost: 0,
            batch: 0,
            candidates: (0..passed.min(32)).map(offer).collect(),
            dearer: (32..passed.max(32)).map(id).collect(),
            refused: (0..refused)
                .map(|n| Failed { robot: id(1_000 + n), why: if n % 3 == 0 { Refusal::Cert } else { Refusal::Eta } })
                .collect(),
            why: Why::Cheapest,
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_holds_the_chosen_one() {
        for (passed, refused, chosen) in
            [(0, 0, None), (3, 2, Some(1)), (8, 8, Some(7)), (9, 9, Some(8)), (400, 600, Some(31)), (40, 0, None)]
        {
            let e = explanation(passed, refused, chosen);
            let c = Considered::of(&e);
            assert!(c.best.len() <= Considered::KEPT && c.failed_first.len() <= Considered::KEPT);
            assert_eq!(u32::try_from(c.best.len()).expect("few") + c.more, passed);
            assert_eq!(c.failed.iter().map(|f| f.1).sum::<u32>(), refused);
            assert!(c.chosen.is_none_or(|r| c.best.iter().any(|b| b.offer.robot == r)));
            assert!(c.best.is_sorted_by_key(|b| b.rank));
            assert!(c.best.iter().all(|b| e.candidates[b.rank as usize] == b.offer));
            assert!(nooterra_engine::encode(&c).len() < 1_500, "{}", nooterra_engine::encode(&c).len());
        }
    }
}
