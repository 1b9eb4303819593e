//! The money book: what every job took in, who got it, and what was taken back, credited and claimed since. It caps
//! all of these, for ever: an order with another id meets the same caps.
//!
//! It holds no balances (the ledger does) and decides nothing: the functions beside it ([`crate::refund`],
//! [`crate::chargeback`], [`crate::credit`], [`crate::claim`]) read it, and give the facts that it folds in.

use crate::refusal::Refusal;
use crate::settle::{Part, Share};
use crate::template::Cause;
use nooterra_engine::Record;
use nooterra_engine::ids::{ChargebackId, ClaimId, JobId, PartyId, RefundId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_ledger::{Account, Command, EntryId};
use std::collections::{BTreeMap, BTreeSet};

/// One beneficiary's leg of a job, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct LegRow {
    /// What it was paid for.
    pub share: Share,
    /// The party, where there is one.
    pub party: Option<PartyId>,
    /// Paid in (M4, M6).
    pub paid_in: u64,
    /// Taken back.
    pub reversed: u64,
    /// Reserved to be taken back.
    pub pending: u64,
    /// What the split over legs dealt to it so far, more than it bore where it had too little left.
    pub dealt: u64,
}

impl LegRow {
    /// What can still be taken back.
    pub const fn open(&self) -> u64 {
        self.paid_in.saturating_sub(self.reversed).saturating_sub(self.pending)
    }
}

/// What a refund or chargeback takes of one leg, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Take {
    /// Taken back, or reserved to be.
    pub back: u64,
    /// Dealt to it by the split over legs.
    pub dealt: u64,
}

/// A debit that bears a part of a refund or chargeback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Bearing {
    /// The account.
    pub account: Account,
    /// Minor units.
    pub amount: u64,
}

/// How a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum RefundState {
    /// Issued; counts as paid until it fails.
    Pending,
    /// Paid.
    Paid,
    /// Failed; the cap is restored.
    Failed,
}

/// One refund of a job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RefundRow {
    /// Minor units.
    pub amount: u64,
    /// How it stands.
    pub state: RefundState,
    /// Its pending entry.
    pub entry: EntryId,
    /// Leg by leg in the job's order; empty for the rest of a settlement, which no leg bears.
    pub takes: Vec<Take>,
}

/// How a chargeback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum ChargebackState {
    /// The bank has not decided.
    Open,
    /// The bank gave the money back.
    Won,
    /// The bank keeps it.
    Lost,
}

/// One chargeback of a job: `amount = from_escrow + from_held + on_requester + sum of bearers`, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ChargebackRow {
    /// What the bank took.
    pub amount: u64,
    /// The provider's fee for it.
    pub fee: u64,
    /// How it stands.
    pub state: ChargebackState,
    /// Secured by the job's escrow.
    pub from_escrow: u64,
    /// Secured by what was held of it.
    pub from_held: u64,
    /// Above what was captured and not given back: a claim on the requester, outside the cap.
    pub on_requester: u64,
    /// Its pending entry (M19), if there is one.
    pub clawback: Option<EntryId>,
    /// Who bears the rest.
    pub bearers: Vec<Bearing>,
    /// The same leg by leg in the job's order.
    pub takes: Vec<Take>,
}

impl ChargebackRow {
    /// What the job's own money secures (M18).
    pub const fn secured(&self) -> u64 {
        self.from_escrow + self.from_held
    }
    /// What counts against the captured money while it is open or lost.
    pub const fn counted(&self) -> u64 {
        self.amount.saturating_sub(self.on_requester)
    }
}

/// How a claim stands, as far as money is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum ClaimState {
    /// Undecided.
    Open,
    /// To be paid.
    Approved,
    /// Paid.
    Paid,
    /// Denied.
    Denied,
    /// Its evidence never came.
    Lapsed,
}

/// One claim on a job, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ClaimRow {
    /// What is asked for.
    pub demand: u64,
    /// How it stands.
    pub state: ClaimState,
    /// v: set aside; nothing once decided.
    pub reserve: u64,
    /// y: approved.
    pub payout: u64,
    /// The part of y that gives back the job's own price: it counts against the captured money.
    pub refund_part: u64,
    /// What each insurer still owes of its share.
    pub recoverable: BTreeMap<PartyId, u64>,
}

/// A missed service level, by kind and leg of the job: credited once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Breach {
    /// What was missed.
    pub kind: BreachKind,
    /// On which leg.
    pub leg: u8,
}

/// What can be missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum BreachKind {
    /// Came late.
    ArriveLate,
    /// Was done late.
    CompleteLate,
    /// Stood still too long.
    ExcessStall,
    /// Help came late.
    AssistSlow,
    /// Left late.
    ExitOverstay,
    /// The provider gave up.
    ProviderAbort,
}

/// One job's money, in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct JobMoney {
    /// The job.
    pub job: JobId,
    /// Who pays.
    pub requester: PartyId,
    /// Its currency.
    pub currency: Currency,
    /// S: caps credits and compensation together.
    pub service: u64,
    /// Pinned cap of all claims on the job.
    pub max_claims: u64,
    /// Cash captured.
    pub captured: u64,
    /// Cash that a lower price left the requester before settlement; a refund (M14) brings it.
    pub owed_back: u64,
    /// Has it settled?
    pub settled: bool,
    /// Beneficiaries in order of first payment.
    pub legs: Vec<LegRow>,
    /// Refunds.
    pub refunds: BTreeMap<RefundId, RefundRow>,
    /// Chargebacks.
    pub chargebacks: BTreeMap<ChargebackId, ChargebackRow>,
    /// Credits for missed service levels.
    pub credits: u64,
    /// Compensation by the owner.
    pub compensation: u64,
    /// What was credited.
    pub credited: BTreeSet<Breach>,
    /// Claims.
    pub claims: BTreeMap<ClaimId, ClaimRow>,
}

impl JobMoney {
    /// Refunds issued and not failed, and what claims gave back of the price.
    pub fn refunded(&self) -> u64 {
        let refunds: u64 = self.refunds.values().filter(|r| r.state != RefundState::Failed).map(|r| r.amount).sum();
        refunds + self.claims.values().map(|c| c.refund_part).sum::<u64>()
    }
    /// Chargebacks open or lost, without what is secured on the requester.
    pub fn charged_back(&self) -> u64 {
        self.chargebacks.values().filter(|c| c.state != ChargebackState::Won).map(ChargebackRow::counted).sum()
    }
    /// What can still be given back of the captured money.
    pub fn returnable(&self) -> u64 {
        if nooterra_engine::planted!("I25 give captured money back twice") {
            return self.captured;
        }
        self.captured.saturating_sub(self.refunded()).saturating_sub(self.charged_back())
    }
    /// Is a chargeback open? Then nothing is refunded, and the job does not settle.
    pub fn lien(&self) -> bool {
        self.chargebacks.values().any(|c| c.state == ChargebackState::Open)
    }
    /// What can still be credited or compensated.
    pub fn creditable(&self) -> u64 {
        if nooterra_engine::planted!("I26 forget the cap of credits") {
            return u64::MAX;
        }
        self.service.saturating_sub(self.credits).saturating_sub(self.compensation)
    }
    /// What claims can still be paid.
    pub fn claimable(&self) -> u64 {
        self.max_claims.saturating_sub(self.claims.values().map(|c| c.payout).sum())
    }
    /// Cash of the requester that an unsettled job can still give back: captured, less what is owed back, was given
    /// back with a claim, or was lost to a chargeback.
    pub fn cash(&self) -> u64 {
        let lost: u64 = self.chargebacks.values().filter(|c| c.state == ChargebackState::Lost).map(ChargebackRow::counted).sum();
        let claims: u64 = self.claims.values().map(|c| c.refund_part).sum();
        self.captured.saturating_sub(self.owed_back).saturating_sub(claims).saturating_sub(lost)
    }

    pub(crate) fn same_currency(&self, cause: &Cause) -> Result<(), Refusal> {
        if cause.currency == self.currency { Ok(()) } else { Err(Refusal::CurrencyMismatch) }
    }
    pub(crate) fn no_lien(&self) -> Result<(), Refusal> {
        if self.lien() { Err(Refusal::LienOpen) } else { Ok(()) }
    }

    /// Reserves what is taken.
    fn reserve(&mut self, takes: &[Take]) {
        for (l, t) in self.legs.iter_mut().zip(takes) {
            l.pending = l.pending.saturating_add(t.back);
            l.dealt = l.dealt.saturating_add(t.dealt);
        }
    }
    /// Takes what was reserved.
    fn take(&mut self, takes: &[Take]) {
        for (l, t) in self.legs.iter_mut().zip(takes) {
            l.pending = l.pending.saturating_sub(t.back);
            l.reversed = l.reversed.saturating_add(t.back);
        }
    }
    /// Gives back what was reserved.
    pub(crate) fn give_back(&mut self, takes: &[Take]) {
        for (l, t) in self.legs.iter_mut().zip(takes) {
            l.pending = l.pending.saturating_sub(t.back);
            l.dealt = l.dealt.saturating_sub(t.dealt);
        }
    }
}

/// What happened to a job's money.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct MoneyFact {
    /// The job.
    pub job: JobId,
    /// What.
    pub what: Happened,
}

/// What happened; amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Happened {
    /// Cash was captured (M2).
    Captured(u64),
    /// A beneficiary was paid (M4, M6).
    PaidIn(LegRow),
    /// A lower price left the requester cash (M4).
    OwedBack(u64),
    /// The job settled (M6).
    Settled,
    /// The owner compensated the requester (M9).
    Compensated(u64),
    /// Missed service levels were credited (M10 to M13).
    Credited(Credited),
    /// A refund was issued (M14, M15), was paid or failed (M16).
    Refund(RefundIs),
    /// A chargeback was opened (M17 to M19), won (M20) or lost (M21).
    Chargeback(ChargebackIs),
    /// A claim was opened, or moved on (M23 to M27).
    Claim(ClaimIs),
}

/// Missed service levels were credited.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Credited {
    /// Which.
    pub breaches: Vec<Breach>,
    /// Minor units.
    pub amount: u64,
}

/// A refund stands so now.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RefundIs {
    /// The refund.
    pub refund: RefundId,
    /// How it stands.
    pub row: RefundRow,
}

/// A chargeback stands so now.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ChargebackIs {
    /// The chargeback.
    pub chargeback: ChargebackId,
    /// How it stands.
    pub row: ChargebackRow,
}

/// A claim stands so now.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ClaimIs {
    /// The claim.
    pub claim: ClaimId,
    /// How it stands.
    pub row: ClaimRow,
}

/// What an event does to money: facts of this book, and commands to the ledger that stand or fall together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// In order.
    pub facts: Vec<MoneyFact>,
    /// In order; none where no money moves.
    pub commands: Vec<Command>,
}

impl Step {
    pub(crate) fn new(job: JobId, what: Happened, commands: impl IntoIterator<Item = Command>) -> Self {
        Self { facts: vec![MoneyFact { job, what }], commands: commands.into_iter().collect() }
    }
    /// The commands as one; none if no money moves.
    pub fn command(&self) -> Option<Command> {
        (!self.commands.is_empty()).then(|| Command::linked(self.commands.clone()))
    }
}

/// Every job's money.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct MoneyBook {
    jobs: BTreeMap<JobId, JobMoney>,
}

impl MoneyBook {
    /// One job's money.
    pub fn job(&self, job: JobId) -> Result<&JobMoney, Refusal> {
        self.jobs.get(&job).ok_or(Refusal::NotFound("job"))
    }
    /// `JOB_BOOKED`: the job's money begins, with its pinned caps. A second booking changes nothing.
    pub fn open(&mut self, job: JobId, requester: PartyId, currency: Currency, service: Amount, max_claims: Amount) {
        self.jobs.entry(job).or_insert_with(|| JobMoney {
            job,
            requester,
            currency,
            service: service.minor(),
            max_claims: max_claims.minor(),
            captured: 0,
            owed_back: 0,
            settled: false,
            legs: Vec::new(),
            refunds: BTreeMap::new(),
            chargebacks: BTreeMap::new(),
            credits: 0,
            compensation: 0,
            credited: BTreeSet::new(),
            claims: BTreeMap::new(),
        });
    }
    /// `PAYMENT_CAPTURED` (M2) as a fact of this book.
    pub const fn captured(job: JobId, amount: u64) -> MoneyFact {
        MoneyFact { job, what: Happened::Captured(amount) }
    }
    /// Beneficiaries' parts of a settlement (M6) or of the fee of a move (M4) as facts of this book.
    pub fn paid_in<'a>(job: JobId, parts: impl IntoIterator<Item = &'a Part>) -> Vec<MoneyFact> {
        let row = |p: &Part| LegRow { share: p.share, party: p.party, paid_in: p.amount, reversed: 0, pending: 0, dealt: 0 };
        parts.into_iter().map(|p| MoneyFact { job, what: Happened::PaidIn(row(p)) }).collect()
    }
    /// Folds a fact in. One of a job that was never booked changes nothing.
    pub fn evolve(&mut self, fact: &MoneyFact) {
        let Some(j) = self.jobs.get_mut(&fact.job) else { return };
        match &fact.what {
            Happened::Captured(amount) => j.captured = j.captured.saturating_add(*amount),
            Happened::PaidIn(row) => match j.legs.iter_mut().find(|l| l.share == row.share && l.party == row.party) {
                Some(l) => l.paid_in = l.paid_in.saturating_add(row.paid_in),
                None => j.legs.push(*row),
            },
            Happened::OwedBack(amount) => j.owed_back = j.owed_back.saturating_add(*amount),
            Happened::Settled => j.settled = true,
            Happened::Compensated(amount) => j.compensation = j.compensation.saturating_add(*amount),
            Happened::Credited(c) => {
                j.credits = j.credits.saturating_add(c.amount);
                j.credited.extend(c.breaches.iter().copied());
            }
            Happened::Refund(RefundIs { refund, row }) => {
                match row.state {
                    RefundState::Pending => j.reserve(&row.takes),
                    RefundState::Paid => j.take(&row.takes),
                    RefundState::Failed => j.give_back(&row.takes),
                }
                j.refunds.insert(*refund, row.clone());
            }
            Happened::Chargeback(ChargebackIs { chargeback, row }) => {
                // Whoever bears it at the end need not be who secured it.
                if let Some(before) = j.chargebacks.insert(*chargeback, row.clone()) {
                    j.give_back(&before.takes);
                }
                if row.state != ChargebackState::Won {
                    j.reserve(&row.takes);
                }
                if row.state == ChargebackState::Lost {
                    j.take(&row.takes);
                }
            }
            Happened::Claim(ClaimIs { claim, row }) => {
                j.claims.insert(*claim, row.clone());
            }
        }
    }
}

/// An amount to move: not nothing, and no more than an amount can be.
pub(crate) fn positive(amount: u64) -> Result<(), Refusal> {
    if amount == 0 {
        return Err(Refusal::AmountInvalid("nothing"));
    }
    Amount::new(amount).map(|_| ()).map_err(Refusal::from)
}

/// Within a cap.
pub(crate) const fn within(cap: &'static str, asked: u64, left: u64) -> Result<(), Refusal> {
    if asked <= left { Ok(()) } else { Err(Refusal::LimitExceeded { cap, asked, left }) }
}
