//! Tests of settlement.
#![allow(clippy::unwrap_used)]

mod apportion;
mod back;
mod claims;
mod credits;
mod flow;
mod history;
mod holds;
mod model;
mod payees;
mod periods;
mod settle;

use crate::settle::{CoverageSplit, Split};
use crate::{Cause, Cover, Fault, JobMoney, MoneyBook, Pools, ProofStatus, Refusal, SettlementInput, Step, payment};
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
        operator_cap_bps: 1_500,
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

/// Both books with their facts and journal.
#[derive(Default)]
pub(crate) struct Desk {
    pub money: MoneyBook,
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
    /// Carries out what the room decided; what it refuses is given back.
    pub(crate) fn step(&mut self, step: Result<Step, Refusal>) -> Result<(), Refusal> {
        let step = step?;
        self.carry_out(step.commands);
        step.facts.iter().for_each(|f| self.money.evolve(f));
        Ok(())
    }
    pub(crate) fn m(&self) -> &JobMoney {
        self.money.job(job()).unwrap()
    }
    pub(crate) fn pools(&self) -> Pools {
        Pools::of(&self.book, EUR)
    }
    pub(crate) fn cover(&self) -> Cover {
        Cover::of(&self.book, job(), EUR)
    }
    pub(crate) fn posted(&self, account: nooterra_ledger::Account) -> i128 {
        self.book.posted(account, EUR)
    }
    /// A booked and captured job of S = 1000, F = 50, claims up to 5000.
    pub(crate) fn captured() -> Self {
        let mut d = Self::default();
        d.money.open(job(), party("requester"), EUR, Amount::new(1000).unwrap(), Amount::new(5000).unwrap());
        d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
        d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
        d.money.evolve(&MoneyBook::captured(job(), 1050));
        d
    }
    /// The same, settled in full.
    pub(crate) fn settled() -> Self {
        let mut d = Self::captured();
        let (_, step) = crate::settle::job_settled(d.m(), &plain()).unwrap();
        d.step(Ok(step)).unwrap();
        d
    }
    /// The auditor finds nothing.
    pub(crate) fn audited(&self) {
        assert_eq!(nooterra_ledger::audit::audit(&self.facts, &[].into(), Some(&self.book)), []);
    }
    /// A second desk that folds the same facts.
    pub(crate) fn refolded(&self) -> Book {
        let mut b = Book::default();
        self.facts.iter().for_each(|f| evolve(&mut b, f));
        b
    }
}
