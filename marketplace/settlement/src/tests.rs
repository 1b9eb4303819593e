//! Tests of settlement.
#![allow(clippy::unwrap_used)]

mod apportion;
mod flow;
mod legs;
mod settle;

use crate::settle::{CoverageSplit, Split};
use crate::{Cause, Fault, ProofStatus, SettlementInput};
use nooterra_engine::Instant;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_ledger::{Book, Command, Fact, Journal, evolve, submit};

pub(crate) const EUR: Currency = Currency::EUR;

pub(crate) fn party(name: &str) -> PartyId {
    PartyId::named(name)
}
pub(crate) fn job() -> JobId {
    JobId::named("job")
}
pub(crate) fn cause(name: &str, at_s: u64) -> Cause {
    Cause { event: EventId::named(name), at: Instant::from_secs(at_s), currency: EUR }
}

/// A delivered job of S = 1000, F = 50, paid in cash, one owner, no skill, no help.
pub(crate) fn plain() -> SettlementInput {
    SettlementInput {
        event: EventId::named("settled"),
        at: Instant::from_secs(100),
        job: job(),
        currency: EUR,
        requester: party("requester"),
        service: Amount::new(1000).unwrap(),
        coverage: Amount::new(50).unwrap(),
        escrow: 1050,
        held: 0,
        captured: 1050,
        proof: ProofStatus::Pass,
        earned_bps: 10_000,
        started: true,
        departed: true,
        fault: Fault::None,
        site_borne_by_platform: false,
        fee_bps: 0,
        forfeited: false,
        legs: Vec::new(),
        last_owner: None,
        pinned_owner: party("owner"),
        licences: Vec::new(),
        assists: Vec::new(),
        split: Split::default(),
        coverage_split: CoverageSplit::default(),
    }
}

/// A book with its facts and journal.
#[derive(Default)]
pub(crate) struct Desk {
    pub book: Book,
    pub facts: Vec<Fact>,
    pub journal: Journal,
}

impl Desk {
    pub(crate) fn carry_out(&mut self, c: impl IntoIterator<Item = Command>) {
        let commands: Vec<Command> = c.into_iter().collect();
        if commands.is_empty() {
            return;
        }
        let (facts, end) = submit(&mut self.book, &Command::linked(commands));
        assert_eq!(end, Ok(()));
        facts.iter().for_each(|f| self.journal.write(f));
        self.facts.extend(facts);
    }
    /// A second desk that folds the same facts.
    pub(crate) fn refolded(&self) -> Book {
        let mut b = Book::default();
        self.facts.iter().for_each(|f| evolve(&mut b, f));
        b
    }
}
