//! Where the exhibits stand: one job, both books, and its events one after the other.

use nooterra_engine::Instant;
use nooterra_engine::ids::{ChargebackId, EventId, JobId, PartyId, PayoutId, RefundId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::{Amount, Currency};
use nooterra_ledger::{Account, Book, Command, Fact, Rejection, Role, submit};
use nooterra_settlement::chargeback::{self, Opened};
use nooterra_settlement::refund::{self, Refund};
use nooterra_settlement::settle::{CoverageSplit, Split};
use nooterra_settlement::*;

pub const EUR: Currency = Currency::EUR;

pub fn job() -> JobId {
    JobId::named("job")
}
pub fn party(name: &str) -> PartyId {
    PartyId::named(name)
}
pub fn r(n: u32, amount: u64) -> Refund {
    Refund { refund: RefundId::named(&n.to_string()), amount }
}
pub fn cbk(n: u32) -> ChargebackId {
    ChargebackId::named(&n.to_string())
}
pub fn owner_owes() -> Account {
    Account::PartyReceivable { role: Role::Owner, party: party("owner") }
}

/// Both books, all facts, and a clock that goes on by a second with every event.
#[derive(Default, Clone)]
pub struct Hall {
    pub money: MoneyBook,
    pub book: Book,
    pub facts: Vec<Fact>,
    pub now_s: u64,
}

impl Hall {
    /// A job of S = 1000 and F = 50, captured and settled in full: reserve 20, platform 200, owner 780, coverage reserve
    /// 40, coverage revenue 10.
    pub fn settled() -> Self {
        let mut h = Self::captured();
        h.settle();
        h
    }
    pub fn captured() -> Self {
        let mut h = Self::default();
        h.money.open(job(), party("requester"), EUR, Amount::new(1000).unwrap(), Amount::new(5000).unwrap());
        let auth = h.cause();
        h.post(payment::authorised(auth, job(), 1050)).unwrap();
        let captured = h.cause();
        h.post([payment::captured(captured, payment::authorisation(auth.event), 1050)]).unwrap();
        h.money.evolve(&MoneyBook::captured(job(), 1050));
        h
    }
    pub fn settle(&mut self) {
        let cover = Cover::of(&self.book, job(), EUR);
        let Cause { event, at, .. } = self.cause();
        let input = SettlementInput {
            event,
            at,
            job: job(),
            currency: EUR,
            requester: party("requester"),
            service: Amount::new(1000).unwrap(),
            coverage: Amount::new(50).unwrap(),
            escrow: cover.escrow,
            held: cover.held,
            captured: self.m().cash(),
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
        };
        let step = settle::job_settled(self.m(), &input).map(|(_, step)| step);
        self.step(step).unwrap();
    }
    /// The next event.
    pub fn cause(&mut self) -> Cause {
        self.now_s += 1;
        Cause { event: EventId::named(&self.now_s.to_string()), at: Instant::from_secs(self.now_s), currency: EUR }
    }
    pub fn m(&self) -> &JobMoney {
        self.money.job(job()).unwrap()
    }
    pub fn pools(&self) -> Pools {
        Pools::of(&self.book, EUR)
    }
    pub fn posted(&self, account: Account) -> i128 {
        self.book.posted(account, EUR)
    }
    pub fn post(&mut self, commands: impl IntoIterator<Item = Command>) -> Result<(), Rejection> {
        let commands: Vec<Command> = commands.into_iter().collect();
        if commands.is_empty() {
            return Ok(());
        }
        let (facts, end) = submit(&mut self.book, &Command::linked(commands));
        self.facts.extend(facts);
        end
    }
    pub fn step(&mut self, step: Result<Step, Refusal>) -> Result<(), Refusal> {
        let step = step?;
        self.post(step.commands).unwrap();
        step.facts.iter().for_each(|f| self.money.evolve(f));
        Ok(())
    }
    pub fn refund(&mut self, r: Refund) -> Result<(), Refusal> {
        let cause = self.cause();
        let step = refund::after_settlement(self.m(), cause, r, Funding::Legs, self.pools());
        self.step(step)
    }
    pub fn refund_ends(&mut self, r: Refund, paid: bool) -> Result<(), Refusal> {
        let cause = self.cause();
        let step = refund::ended(self.m(), cause, r.refund, paid);
        self.step(step)
    }
    pub fn charged_back(&mut self, n: u32, amount: u64) {
        let cause = self.cause();
        let cover = Cover::of(&self.book, job(), EUR);
        let step = chargeback::opened(self.m(), cause, Opened { chargeback: cbk(n), amount, fee: 0 }, cover, self.pools());
        self.step(step).unwrap();
    }
    pub fn won(&mut self, n: u32) {
        let cause = self.cause();
        let step = chargeback::won(self.m(), cause, cbk(n), 0);
        self.step(step).unwrap();
    }
    pub fn lost(&mut self, n: u32) {
        let cause = self.cause();
        let step = chargeback::lost(self.m(), cause, cbk(n), Funding::Legs, self.pools());
        self.step(step).unwrap();
    }
    pub fn owner_due(&self) -> Option<Due> {
        payable_due(&self.book, Role::Owner, party("owner"), EUR, Instant::NEVER)
    }
    /// Pays the owner all it is due; gives the payout on its way.
    pub fn payout(&mut self, name: &str) -> Payout {
        let p = Payout { payout: PayoutId::named(name), due: self.owner_due().unwrap() };
        let cause = self.cause();
        self.post(p.initiated(cause)).unwrap();
        p
    }
    /// The provider hands over so much.
    pub fn funded(&mut self, amount: u64) {
        let cause = self.cause();
        self.post(payment::provider_settled(cause, amount, 0)).unwrap();
    }
    /// Both books as bytes.
    pub fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        (self.money.freeze(), self.book.freeze())
    }
    #[track_caller]
    pub fn audited(&self) {
        assert_eq!(nooterra_ledger::audit::audit(&self.facts, &[].into(), Some(&self.book)), []);
    }
}
