//! Choices, made once more: the award of a request and the batch of dispatch (I32).

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::fact::{DispatchEvent, Event as Payload, GovernanceEvent, PartyEvent};
use nooterra_control::genesis::Genesis;
use nooterra_engine::ids::{ContractId, JobId, PartyId, QuoteId, RobotId};
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{AwardReason, Event};
use nooterra_market::contract::ContractFact;
use std::collections::BTreeMap;

/// Trust in whoever is new, basis points.
const NEWCOMER_BPS: u32 = 5_000;
/// Batches up to this size are solved once more by trying everything.
const JOBS_MOST: usize = 6;
const ROBOTS_MOST: usize = 10;

#[derive(Debug, Clone, Copy)]
struct Quote {
    owner: PartyId,
    service: u64,
    arrive: Instant,
    /// Place in the log of the revision that could be awarded.
    seq: u64,
    /// The owner made or accepted the newest revision.
    agreed: bool,
}

#[derive(Debug, Default)]
struct Request {
    budget: Option<u64>,
    quotes: BTreeMap<QuoteId, Quote>,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Awards {
    /// Coverage fees of the contracts that were written.
    fees: BTreeMap<ContractId, u64>,
    /// The fee that an award counted, until it is booked.
    counted: BTreeMap<JobId, u64>,
    seq: u64,
    trust: BTreeMap<PartyId, u32>,
    requests: BTreeMap<JobId, Request>,
    pub notes: Notes,
}

impl Awards {
    pub fn new(g: &Genesis) -> Self {
        Self {
            fees: g.contracts.iter().map(|c| (c.contract, c.cover_fee.minor())).collect(),
            counted: BTreeMap::new(),
            seq: 0,
            trust: g.parties.iter().map(|p| (p.party, p.trust_bps.min(10_000))).collect(),
            requests: BTreeMap::new(),
            notes: Notes::of("awards, batches and helpers are the best there are", &[32]),
        }
    }
    /// An input came: it has a place in the log.
    pub fn input(&mut self) {
        self.seq += 1;
    }

    pub fn event(&mut self, n: Now, job: Option<JobId>, p: &Payload, by_owner: bool) {
        match (p, job) {
            (Payload::Job(e), Some(job)) => self.job(n, job, e, by_owner),
            (Payload::Party(PartyEvent::TrustScoreUpdated { party, to_bps, .. }), _) => {
                self.trust.insert(*party, *to_bps);
            }
            (Payload::Governance(GovernanceEvent::PartyVerified { party, .. }), _) => {
                self.trust.insert(*party, NEWCOMER_BPS);
            }
            (Payload::Contract(f), _) => {
                if let ContractFact::Written(d) = &**f {
                    self.fees.insert(d.contract, d.draft.terms.cover_fee.minor());
                }
            }
            (Payload::Dispatch(DispatchEvent::DispatchEvaluated { jobs, pairs, .. }), _) => self.batch(n, jobs, pairs),
            _ => {}
        }
    }

    fn job(&mut self, n: Now, job: JobId, e: &Event, by_owner: bool) {
        let seq = self.seq;
        match e {
            Event::JobCreated(r) => {
                self.requests.insert(job, Request { budget: r.budget.map(|b| b.minor()), quotes: BTreeMap::new() });
            }
            Event::QuoteSubmitted(q) => {
                let quote = Quote { owner: q.owner, service: q.service.minor(), arrive: q.arrive, seq, agreed: true };
                self.requests.entry(job).or_default().quotes.insert(q.quote, quote);
            }
            Event::QuoteCountered(c) => {
                if let Some(q) = self.requests.entry(job).or_default().quotes.get_mut(&c.quote) {
                    (q.service, q.arrive, q.agreed, q.seq) = (c.service.minor(), c.arrive, by_owner, seq);
                }
            }
            Event::QuoteAccepted { quote, .. } => {
                if let Some(q) = self.requests.entry(job).or_default().quotes.get_mut(quote) {
                    (q.agreed, q.seq) = (true, seq);
                }
            }
            Event::QuoteWithdrawn { quote, .. } | Event::QuoteExpired { quote, .. } | Event::AwardLapsed { quote, .. } => {
                self.requests.entry(job).or_default().quotes.remove(quote);
            }
            Event::JobBooked(b) => {
                self.requests.remove(&job);
                // What was counted is the fee of the contract that it fell under.
                let (counted, own) = (self.counted.remove(&job), self.fees.get(&b.pins.contract).copied());
                if counted.is_some() && (counted != own || own != Some(b.pins.cover_fee.minor())) {
                    let story = format!("{job} was awarded with a fee of {counted:?}; its contract says {own:?}");
                    self.notes.broke(Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
                }
            }
            Event::JobWithdrawn { .. } => {
                self.requests.remove(&job);
            }
            Event::QuoteAwarded { quote, ranking, amount, reason, .. } => {
                self.notes.checked();
                let Some(r) = self.requests.get(&job) else { return };
                let rest = r.quotes.get(quote).and_then(|q| amount.minor().checked_sub(q.service));
                let fee = rest.filter(|f| self.fees.values().any(|own| own == f)).unwrap_or(u64::MAX / 2);
                let trust = |p: &PartyId| self.trust.get(p).copied().unwrap_or(5_000).min(10_000);
                let key = |id: &QuoteId| r.quotes.get(id).map(|q| (q.service + fee, q.arrive, 10_000 - trust(&q.owner), q.seq, *id));
                let fit = |q: &Quote| q.agreed && r.budget.is_none_or(|b| q.service + fee <= b);
                let ids = vec![job.to_string()];
                let chosen = r.quotes.get(quote);
                if !chosen.is_some_and(fit) || chosen.map(|q| q.service + fee) != Some(amount.minor()) {
                    let story = format!("{quote} is awarded at {}, which it does not offer within the budget", amount.minor());
                    return self.notes.broke(Class::Safety, n.at, n.tick, story, ids);
                }
                if *reason == AwardReason::Requester {
                    return;
                }
                // The market may know of owners that have no robot left; of those that it ranked, the first wins.
                let sound = ranking.iter().all(|q| r.quotes.get(q).is_some_and(fit)) && ranking.is_sorted_by_key(key);
                let best = r.quotes.iter().filter(|(id, q)| fit(q) && ranking.contains(id)).filter_map(|(id, _)| key(id)).min();
                self.counted.insert(job, fee);
                if !sound || best.is_none_or(|b| b.4 != *quote) {
                    let story = format!("{quote} is awarded; by the award key it is {:?}", best.map(|b| b.4));
                    self.notes.broke(Class::Safety, n.at, n.tick, story, ids);
                }
            }
            _ => {}
        }
    }

    /// The batch solved by trying everything: least cost, and among equals the first by robots' ids in job order.
    fn batch(&mut self, n: Now, jobs: &[nooterra_control::fact::Considered], pairs: &[(JobId, RobotId)]) {
        let robots: std::collections::BTreeSet<RobotId> = jobs.iter().flat_map(|j| j.best.iter().map(|b| b.offer.robot)).collect();
        if jobs.len() > JOBS_MOST || robots.len() > ROBOTS_MOST || jobs.iter().any(|j| j.more > 0) {
            return;
        }
        self.notes.checked();
        let mut best: Option<(i128, Vec<Option<RobotId>>)> = None;
        search(jobs, 0, &mut Vec::new(), &mut best);
        let told: Vec<Option<RobotId>> = jobs.iter().map(|j| pairs.iter().find(|(id, _)| *id == j.job).map(|p| p.1)).collect();
        let Some((_, own)) = best else { return };
        if own != told {
            let ids = jobs.iter().map(|j| j.job.to_string()).collect();
            let story = format!("the batch gives {}; trying everything gives {}", list(&told), list(&own));
            self.notes.broke(Class::Safety, n.at, n.tick, story, ids);
        }
    }
}

fn list(all: &[Option<RobotId>]) -> String {
    let names: Vec<String> = all.iter().map(|r| r.map_or_else(|| "nobody".to_owned(), |r| r.to_string())).collect();
    names.join(", ")
}

/// A list of robots with nobody last of all.
fn order(all: &[Option<RobotId>]) -> Vec<(bool, Option<RobotId>)> {
    all.iter().map(|r| (r.is_none(), *r)).collect()
}

fn cost(jobs: &[nooterra_control::fact::Considered], picked: &[Option<RobotId>]) -> i128 {
    let of = |(j, r): (&nooterra_control::fact::Considered, &Option<RobotId>)| match r {
        None => i128::from(j.unassigned),
        Some(r) => j.best.iter().find(|b| b.offer.robot == *r).map_or(i128::MAX / 64, |b| i128::from(b.offer.total)),
    };
    jobs.iter().zip(picked).map(of).sum()
}

fn search(
    jobs: &[nooterra_control::fact::Considered],
    k: usize,
    picked: &mut Vec<Option<RobotId>>,
    best: &mut Option<(i128, Vec<Option<RobotId>>)>,
) {
    let Some(j) = jobs.get(k) else {
        let c = cost(jobs, picked);
        let better = best.as_ref().is_none_or(|(b, p)| c < *b || (c == *b && order(picked) < order(p)));
        if better {
            *best = Some((c, picked.clone()));
        }
        return;
    };
    let free: Vec<Option<RobotId>> = j.best.iter().map(|b| Some(b.offer.robot)).filter(|r| !picked.contains(r)).chain([None]).collect();
    for r in free {
        picked.push(r);
        search(jobs, k + 1, picked, best);
        picked.pop();
    }
}
