//! Who bears what goes back after settlement, and what is left in the pools that bear a part of it.

use crate::apportion::apportion;
use crate::book::{Bearing, JobMoney, LegRow, Take};
use crate::refusal::Refusal;
use crate::settle::{Fault, Share};
use crate::template::units;
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_ledger::{Account, Book, Role};

/// Who is to bear it, by decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Funding {
    /// Everybody who got a part of the job's money, in proportion.
    Legs,
    /// One of them first, up to what is left of its own leg; the rest over all.
    Party {
        /// In which role.
        role: Role,
        /// Who.
        party: PartyId,
    },
    /// The platform, all of it.
    Platform,
}

impl Funding {
    /// What a decision of fault means: the party at fault, if it is one that was paid, else everybody.
    pub fn of(fault: Fault, at_fault: Option<PartyId>) -> Self {
        let role = match fault {
            Fault::Owner => Role::Owner,
            Fault::Operator => Role::Operator,
            Fault::Developer => Role::Developer,
            Fault::Platform => return Self::Platform,
            Fault::None | Fault::Requester | Fault::Site => return Self::Legs,
        };
        at_fault.map_or(Self::Legs, |party| Self::Party { role, party })
    }
}

/// What can be taken of the pools, in minor units: reserved outflow is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Pools {
    /// Of the platform's revenue.
    pub platform_revenue: u64,
    /// Of the insurance reserve.
    pub insurance_reserve: u64,
    /// Of the coverage reserve.
    pub coverage_reserve: u64,
    /// Of the coverage revenue.
    pub coverage_revenue: u64,
}

impl Pools {
    /// As they stand in the ledger.
    pub fn of(book: &Book, currency: Currency) -> Self {
        let left = |a| units(book.balance(a, currency).available());
        Self {
            platform_revenue: left(Account::PlatformRevenue),
            insurance_reserve: left(Account::InsuranceReserve),
            coverage_reserve: left(Account::CoverageReserve),
            coverage_revenue: left(Account::CoverageRevenue),
        }
    }
    fn pool(&mut self, account: Account) -> Option<&mut u64> {
        match account {
            Account::PlatformRevenue => Some(&mut self.platform_revenue),
            Account::InsuranceReserve => Some(&mut self.insurance_reserve),
            Account::CoverageReserve => Some(&mut self.coverage_reserve),
            Account::CoverageRevenue => Some(&mut self.coverage_revenue),
            _ => None,
        }
    }
    /// As they would be without a reservation of these.
    pub(crate) fn give_back(&mut self, bearers: &[Bearing]) {
        for b in bearers {
            if let Some(left) = self.pool(b.account) {
                *left = left.saturating_add(b.amount);
            }
        }
    }
    /// Takes what there is, up to an amount.
    pub(crate) fn draw(&mut self, account: Account, amount: u64) -> u64 {
        self.pool(account).map_or(amount, |left| {
            let drawn = amount.min(*left);
            *left -= drawn;
            drawn
        })
    }
}

/// What a job still has of its own, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Cover {
    /// Posted balance of its escrow.
    pub escrow: u64,
    /// Posted balance of what is held of it.
    pub held: u64,
}

impl Cover {
    /// As it stands in the ledger.
    pub fn of(book: &Book, job: JobId, currency: Currency) -> Self {
        let posted = |a| units(book.posted(a, currency));
        Self { escrow: posted(Account::Escrow { job }), held: posted(Account::Held { job }) }
    }
}

/// An amount laid on those who bear it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Borne {
    /// Leg by leg in the job's order; empty if no leg bears anything.
    pub takes: Vec<Take>,
    /// Debits, one per account; they sum to the amount.
    pub bearers: Vec<Bearing>,
}

impl Borne {
    fn debit(&mut self, account: Account, amount: u64) {
        match self.bearers.iter_mut().find(|b| b.account == account) {
            Some(b) => b.amount += amount,
            None if amount > 0 => self.bearers.push(Bearing { account, amount }),
            None => {}
        }
    }
}

/// The role in which a leg's party was paid; none for pools.
const fn role(leg: &LegRow) -> Option<Role> {
    match leg.share {
        Share::Owner => Some(Role::Owner),
        Share::Operator => Some(Role::Operator),
        Share::Developer => Some(Role::Developer),
        _ => None,
    }
}

/// Where a leg's part of a split over all is debited: operators, developers and insurers keep what they were paid for
/// work that they did.
fn debit_of(leg: &LegRow) -> Account {
    match (leg.share, leg.party) {
        (Share::Owner, Some(party)) => Account::PartyReceivable { role: Role::Owner, party },
        (Share::Platform, _) => Account::PlatformRevenue,
        (Share::InsuranceReserve, _) => Account::InsuranceReserve,
        (Share::CoverageReserve, _) => Account::CoverageReserve,
        (Share::CoverageRevenue, _) => Account::CoverageRevenue,
        _ => Account::GoodwillExpense,
    }
}

/// Lays an amount on those who bear it. `rest` takes what nobody can bear: goodwill for a refund, chargeback expense
/// for a chargeback.
///
/// The split over legs is one function of all that was ever laid on them, so that any sequence of parts gives what
/// the sum gives at once; each part is limited to what is left of its leg.
pub fn lay(m: &JobMoney, mut pools: Pools, amount: u64, funding: Funding, rest: Account) -> Result<Borne, Refusal> {
    let mut out = Borne::default();
    if funding == Funding::Platform {
        out.debit(rest, amount);
        return Ok(out);
    }
    let mut takes = vec![Take::default(); m.legs.len()];
    let mut over_all = amount;
    if let Funding::Party { role: in_role, party } = funding {
        let own = m.legs.iter().position(|l| role(l) == Some(in_role) && l.party == Some(party));
        let own = own.ok_or(Refusal::FundingInvalid("a party that got nothing of this job"))?;
        takes[own].back = amount.min(m.legs[own].open());
        over_all -= takes[own].back;
        out.debit(Account::PartyReceivable { role: in_role, party }, takes[own].back);
    }
    let paid_in: Vec<u64> = m.legs.iter().map(|l| l.paid_in).collect();
    let dealt: u64 = m.legs.iter().map(|l| l.dealt).sum();
    let should = apportion(dealt.saturating_add(over_all), &paid_in);
    // After something was given back, or legs grew, a leg may have been dealt more than it should: others get it then.
    let want: Vec<u64> = should.iter().zip(&m.legs).map(|(s, l)| s.saturating_sub(l.dealt)).collect();
    let mut left = over_all;
    for (i, share) in apportion(over_all, &want).into_iter().enumerate() {
        let (leg, account) = (&m.legs[i], debit_of(&m.legs[i]));
        let back = share.min(leg.open() - takes[i].back);
        takes[i] = Take { back: takes[i].back + back, dealt: share };
        let drawn = pools.draw(account, back);
        out.debit(account, drawn);
        left -= drawn;
    }
    out.debit(rest, left);
    if takes.iter().any(|t| *t != Take::default()) {
        out.takes = takes;
    }
    Ok(out)
}
