//! The settlement of a job: from pins, proof and money at hand to parts that sum exactly.
//!
//! Operators, then developers, then the net are taken in turn from the charge, so a settlement cannot fail for lack
//! of money; whatever is left of the job's money goes back to the requester.

use crate::apportion::apportion;
use crate::book::{Happened, JobMoney, MoneyBook, MoneyFact, Step};
use crate::licence::LicenceUse;
use crate::refusal::Refusal;
use crate::template::{Cause, Template};
use nooterra_engine::Record;
use nooterra_engine::ids::{AssistId, EventId, JobId, PartyId};
use nooterra_engine::money::{Amount, Currency, MoneyError, mul_div, mul_div_up};
use nooterra_engine::time::Instant;
use nooterra_ledger::{Account, Command, Leg};
use thiserror::Error;

/// Whose fault ended a job early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Fault {
    /// Nobody's.
    #[default]
    None,
    /// The requester's.
    Requester,
    /// The owner's.
    Owner,
    /// The operator's.
    Operator,
    /// The skill developer's.
    Developer,
    /// The platform's.
    Platform,
    /// The site's.
    Site,
}

/// What the proof of completion says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum ProofStatus {
    /// The job never started.
    #[default]
    None,
    /// All of it is proven.
    Pass,
    /// A part is proven.
    Partial,
    /// Nothing is proven.
    Fail,
}

/// How the net charge is split, in bps or any other weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Split {
    /// To the insurance reserve.
    pub reserve: u32,
    /// To the platform.
    pub platform: u32,
    /// To the owners.
    pub owner: u32,
}

impl Default for Split {
    fn default() -> Self {
        Self { reserve: 200, platform: 2_000, owner: 7_800 }
    }
}

impl Split {
    /// In the order of the table.
    pub fn weights(self) -> [u64; 3] {
        [self.reserve.into(), self.platform.into(), self.owner.into()]
    }
}

/// How a coverage fee is split, by the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CoverageSplit {
    /// The insurer and the weight of its premium.
    pub insurer: Option<(PartyId, u32)>,
    /// Weight of the coverage reserve.
    pub reserve: u32,
    /// Weight of the platform's coverage revenue.
    pub revenue: u32,
}

impl Default for CoverageSplit {
    fn default() -> Self {
        Self { insurer: None, reserve: 8_000, revenue: 2_000 }
    }
}

/// What one owner's robots proved to have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct LegShare {
    /// The owner.
    pub owner: PartyId,
    /// Its proven work, in bps or any other weight.
    pub share: u64,
}

/// Remote help on the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct AssistCharge {
    /// The assist.
    pub assist: AssistId,
    /// The operator company.
    pub operator: PartyId,
    /// Billed time; less than a minute counts as one.
    pub billed_ns: u64,
    /// Pinned rate, minor units a minute.
    pub rate_per_min: u64,
}

/// All that a settlement depends on.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SettlementInput {
    /// The event `JOB_SETTLED`.
    pub event: EventId,
    /// Its legal time.
    pub at: Instant,
    /// The job.
    pub job: JobId,
    /// Its currency.
    pub currency: Currency,
    /// Who pays.
    pub requester: PartyId,
    /// Service amount S, pinned.
    pub service: Amount,
    /// Coverage fee F, pinned.
    pub coverage: Amount,
    /// Posted balance of the job's escrow.
    pub escrow: u64,
    /// Posted balance of the job's held account.
    pub held: u64,
    /// Cash captured for the job, less chargebacks lost. What is left of the money above it came from credit.
    pub captured: u64,
    /// What the proof says.
    pub proof: ProofStatus,
    /// Earned bps of the proof.
    pub earned_bps: u32,
    /// Did the execution start?
    pub started: bool,
    /// Did a robot depart?
    pub departed: bool,
    /// Whose fault ended it early.
    pub fault: Fault,
    /// Does the platform bear a fault of the site?
    pub site_borne_by_platform: bool,
    /// Pinned cancellation fee, bps of S; counts only with fault REQUESTER.
    pub fee_bps: u32,
    /// Pinned: the job bears remote help up to this share of S.
    pub operator_cap_bps: u32,
    /// Is it settled by forfeit?
    pub forfeited: bool,
    /// Proven work by owner, in order of legs.
    pub legs: Vec<LegShare>,
    /// Owner of the last lease, if there was one.
    pub last_owner: Option<PartyId>,
    /// Owner pinned at booking.
    pub pinned_owner: PartyId,
    /// Licences used.
    pub licences: Vec<LicenceUse>,
    /// Remote help, in order of time.
    pub assists: Vec<AssistCharge>,
    /// Pinned split of the net charge.
    pub split: Split,
    /// Pinned split of the coverage fee.
    pub coverage_split: CoverageSplit,
}

/// What a settlement amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum SettlementOutcome {
    /// All was earned.
    Full,
    /// A part was earned.
    Partial,
    /// Nothing was earned and nothing is charged.
    NoCharge,
    /// A cancellation fee is charged.
    Fee,
    /// Settled by the decision of a hold.
    Forfeit,
}

/// Whom a part goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Share {
    /// Remote help.
    Operator,
    /// A skill's developer.
    Developer,
    /// The insurance reserve.
    InsuranceReserve,
    /// The platform.
    Platform,
    /// An owner of robots.
    Owner,
    /// The insurer's premium.
    InsurerPremium,
    /// The coverage reserve.
    CoverageReserve,
    /// The platform's part of the coverage fee.
    CoverageRevenue,
    /// Back to the requester in cash.
    RefundCash,
    /// Back to the requester as credit.
    RefundCredit,
}

/// One credit of the settlement entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Part {
    /// What it is for.
    pub share: Share,
    /// The account.
    pub account: Account,
    /// The party, where there is one.
    pub party: Option<PartyId>,
    /// Minor units, never zero.
    pub amount: u64,
}

/// The settlement in figures: everything in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SettlementStatement {
    /// The job.
    pub job: JobId,
    /// Its currency.
    pub currency: Currency,
    /// What it amounts to.
    pub outcome: SettlementOutcome,
    /// e: earned bps that counted.
    pub earned_bps: u32,
    /// S.
    pub service: u64,
    /// B: the job's money at settlement.
    pub balance: u64,
    /// u: what the platform fills up.
    pub topped_up: u64,
    /// K: the cancellation fee.
    pub fee: u64,
    /// G: the charge.
    pub charge: u64,
    /// Fe: the coverage fee kept.
    pub coverage: u64,
    /// O: cost of remote help, of which the job bears what its parts say.
    pub operator_cost: u64,
    /// The job's parts and the refund; they sum to B + u.
    pub parts: Vec<Part>,
    /// R: what goes back to the requester.
    pub refund: u64,
    /// Of which in cash.
    pub refund_cash: u64,
    /// Of which as credit.
    pub refund_credit: u64,
    /// What the platform pays operators beyond the job's share.
    pub operator_excess: u64,
    /// What the platform pays the owner for the trip.
    pub trip_fee: u64,
}

impl SettlementStatement {
    /// Sum of the parts of one kind.
    pub fn of(&self, share: Share) -> u64 {
        self.parts.iter().filter(|p| p.share == share).map(|p| p.amount).sum()
    }
    /// The parts without the refund: what beneficiaries were paid, for the leg book.
    pub fn paid_in(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|p| !matches!(p.share, Share::RefundCash | Share::RefundCredit))
    }
}

/// A settlement ready to be written.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Settlement {
    /// In figures.
    pub statement: SettlementStatement,
    /// In entries, to be linked: release, top-up, settlement, operator excess, trip fee; none where no money moves.
    pub commands: Vec<Command>,
}

impl Settlement {
    /// The entries as one command; none if no money moves.
    pub fn command(&self) -> Option<Command> {
        (!self.commands.is_empty()).then(|| Command::linked(self.commands.clone()))
    }
}

/// Why values are no settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SettleError {
    /// More than 10 000.
    #[error("AMOUNT_INVALID: {0} is over 10 000 bps")]
    Bps(&'static str),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// M22, M5, M6, M7, M8, `JOB_SETTLED`: settles a job that is in the money book, once, and not while a chargeback is open.
pub fn job_settled(m: &JobMoney, input: &SettlementInput) -> Result<(SettlementStatement, Step), Refusal> {
    if m.settled {
        return Err(Refusal::AlreadyDone("the job has settled"));
    }
    if input.currency != m.currency {
        return Err(Refusal::CurrencyMismatch);
    }
    let Settlement { statement, commands } = settle(input).map_err(|e| match e {
        SettleError::Bps(what) => Refusal::AmountInvalid(what),
        SettleError::Money(e) => e.into(),
    })?;
    m.no_lien()?;
    let mut facts = MoneyBook::paid_in(m.job, statement.paid_in());
    facts.push(MoneyFact { job: m.job, what: Happened::Settled });
    Ok((statement, Step { facts, commands }))
}

/// Nanoseconds in a minute.
const MINUTE_NS: u64 = 60_000_000_000;
/// The trip fee's share of S.
const TRIP_FEE_BPS: u64 = 1_000;

/// Settles a job.
pub fn settle(input: &SettlementInput) -> Result<Settlement, SettleError> {
    for (name, bps) in [("earned_bps", input.earned_bps), ("fee_bps", input.fee_bps)] {
        if bps > 10_000 {
            return Err(SettleError::Bps(name));
        }
    }
    let service = input.service.minor();
    let of_service = |bps: u64| mul_div(service, bps, 10_000);
    let earned_bps = if input.started { input.earned_bps } else { 0 };
    let earned = of_service(earned_bps.into())?;
    let fee = if input.fault == Fault::Requester { of_service(input.fee_bps.into())? } else { 0 };
    let balance = input.escrow.checked_add(input.held).filter(|b| i64::try_from(*b).is_ok()).ok_or(MoneyError::Overflow)?;
    let keeps_coverage = input.started && input.fault != Fault::Platform;
    let coverage = if keeps_coverage { input.coverage.minor().min(balance) } else { 0 };

    let wanted = earned.max(fee);
    let short = (wanted + coverage).saturating_sub(balance);
    let tops_up = input.proof == ProofStatus::Pass;
    let (charge, topped_up) = if short == 0 || tops_up { (wanted, short) } else { (balance - coverage, 0) };

    let mut parts = Vec::new();
    let mut add = |share, account: Account, amount: u64| {
        if amount > 0 {
            parts.push(Part { share, account, party: account.party(), amount });
        }
    };

    // Operators: the job's share is used up in order of time, the rest is the platform's.
    let mut costs = Vec::with_capacity(input.assists.len());
    for a in &input.assists {
        costs.push((a.operator, mul_div_up(a.billed_ns.max(MINUTE_NS), a.rate_per_min, MINUTE_NS)?));
    }
    let operator_cost = costs.iter().try_fold(0u64, |s, (_, c)| s.checked_add(*c)).ok_or(MoneyError::Overflow)?;
    let from_job = operator_cost.min(of_service(input.operator_cap_bps.into())?).min(charge);
    let (mut left, mut excess) = (from_job, Vec::new());
    for (party, cost) in costs {
        let part = cost.min(left);
        left -= part;
        add(Share::Operator, Account::OperatorPayable { party }, part);
        if cost > part {
            excess.push((party, cost - part));
        }
    }

    // Developers: what they are due, at most what operators left.
    let pays_licences = earned_bps > 0 && input.fault != Fault::Developer;
    let due: Vec<u64> = input.licences.iter().map(|l| if pays_licences { l.due() } else { 0 }).collect();
    let rest = charge - from_job;
    let royalties = match due.iter().try_fold(0u64, |s, d| s.checked_add(*d)) {
        Some(sum) if sum <= rest => due,
        _ => apportion(rest, &due),
    };
    for (l, amount) in input.licences.iter().zip(&royalties) {
        add(Share::Developer, Account::DeveloperPayable { party: l.licence.developer }, *amount);
    }

    // The net: reserve, platform, owners by proven work.
    let net = rest - royalties.iter().sum::<u64>();
    let thirds = apportion(net, &input.split.weights());
    add(Share::InsuranceReserve, Account::InsuranceReserve, thirds[0]);
    add(Share::Platform, Account::PlatformRevenue, thirds[1]);
    let last = input.last_owner.unwrap_or(input.pinned_owner);
    if input.legs.iter().any(|l| l.share > 0) {
        let shares: Vec<u64> = input.legs.iter().map(|l| l.share).collect();
        for (l, amount) in input.legs.iter().zip(apportion(thirds[2], &shares)) {
            add(Share::Owner, Account::OwnerPayable { party: l.owner }, amount);
        }
    } else {
        add(Share::Owner, Account::OwnerPayable { party: last }, thirds[2]);
    }

    // The coverage fee; a contract without weights gives it to the reserve.
    let c = &input.coverage_split;
    let premium = c.insurer.map_or(0, |(_, w)| w);
    let weights = if premium == 0 && c.reserve == 0 && c.revenue == 0 { [0, 1, 0] } else { [premium, c.reserve, c.revenue] };
    let fees = apportion(coverage, &weights.map(u64::from));
    if let Some((party, _)) = c.insurer {
        add(Share::InsurerPremium, Account::InsurerPayable { party }, fees[0]);
    }
    add(Share::CoverageReserve, Account::CoverageReserve, fees[1]);
    add(Share::CoverageRevenue, Account::CoverageRevenue, fees[2]);

    // What is left goes back: cash up to what was paid in cash, the rest as credit.
    let refund = balance + topped_up - charge - coverage;
    let refund_cash = refund.min(input.captured);
    let refund_credit = refund - refund_cash;
    add(Share::RefundCash, Account::RequesterRefundPayable { party: input.requester }, refund_cash);
    add(Share::RefundCredit, Account::RequesterCredit { party: input.requester }, refund_credit);

    let platform_bears = input.fault == Fault::Platform || (input.fault == Fault::Site && input.site_borne_by_platform);
    let trip_fee = if platform_bears && input.departed { of_service(TRIP_FEE_BPS)? } else { 0 };

    let outcome = match earned_bps {
        _ if input.forfeited => SettlementOutcome::Forfeit,
        10_000 => SettlementOutcome::Full,
        1.. => SettlementOutcome::Partial,
        0 if charge > 0 => SettlementOutcome::Fee,
        0 => SettlementOutcome::NoCharge,
    };
    let statement = SettlementStatement {
        job: input.job,
        currency: input.currency,
        outcome,
        earned_bps,
        service,
        balance,
        topped_up,
        fee,
        charge,
        coverage,
        operator_cost,
        parts,
        refund,
        refund_cash,
        refund_credit,
        operator_excess: excess.iter().map(|(_, a)| a).sum(),
        trip_fee,
    };
    let commands = entries(input, &statement, &excess, last);
    Ok(Settlement { statement, commands })
}

fn entries(input: &SettlementInput, s: &SettlementStatement, excess: &[(PartyId, u64)], last_owner: PartyId) -> Vec<Command> {
    let cause = Cause { event: input.event, at: input.at, currency: input.currency };
    let (job, escrow) = (Some(input.job), Account::Escrow { job: input.job });
    let release = crate::hold::released(cause, input.job, input.held);
    let top_up = vec![Leg::debit(Account::ChargebackExpense, s.topped_up), Leg::credit(escrow, s.topped_up)];
    let mut settled = vec![Leg::debit(escrow, s.balance + s.topped_up)];
    settled.extend(s.parts.iter().map(|p| Leg::credit(p.account, p.amount)));
    if nooterra_engine::planted!("I23 leave a unit in escrow")
        && let [from, .., to] = &mut settled[..]
        && to.amount > 1
    {
        (from.amount, to.amount) = (from.amount - 1, to.amount - 1);
    }
    if nooterra_engine::planted!("I27 owe a party that nobody knows") {
        let nobody = Account::OwnerPayable { party: PartyId::named("nobody") };
        settled.iter_mut().filter(|l| matches!(l.account, Account::OwnerPayable { .. })).for_each(|l| l.account = nobody);
    }
    let mut helped = vec![Leg::debit(Account::OperatorExpense, s.operator_excess)];
    helped.extend(excess.iter().map(|(party, a)| Leg::credit(Account::OperatorPayable { party: *party }, *a)));
    let trip = vec![Leg::debit(Account::GoodwillExpense, s.trip_fee), Leg::credit(Account::OwnerPayable { party: last_owner }, s.trip_fee)];
    [
        release,
        cause.post(Template::TopUp, 0, job, top_up),
        cause.post(Template::Settled, 0, job, settled),
        cause.post(Template::OperatorExcess, 0, job, helped),
        cause.post(Template::TripFee, 0, job, trip),
    ]
    .into_iter()
    .flatten()
    .collect()
}
