//! The chart of accounts. A parameter makes one account per value; the currency makes one more dimension.

use nooterra_engine::Record;
use nooterra_engine::ids::{ChargebackId, ClaimId, JobId, PartyId, PayoutId};
use nooterra_engine::money::Currency;
use nooterra_engine::record::{DecodeError, Kind as Shown, Reader, Value, Wire, Writer};
use std::fmt;

/// Left or right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Side {
    /// Left: assets and expenses grow.
    Debit,
    /// Right: liabilities, reserves and revenue grow.
    Credit,
}

/// What a balance means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Kind {
    /// What is owned or owed to us.
    Asset,
    /// What is owed to others.
    Liability,
    /// What is set aside.
    Reserve,
    /// What was earned.
    Revenue,
    /// What was spent.
    Expense,
}

impl Kind {
    /// The side on which a balance of this kind grows.
    #[inline]
    pub const fn normal(self) -> Side {
        match self {
            Self::Asset | Self::Expense => Side::Debit,
            Self::Liability | Self::Reserve | Self::Revenue => Side::Credit,
        }
    }
    /// Debit and credit of a balance on the normal side: it stands in one of the two columns, whichever side it is on.
    #[inline]
    pub const fn columns(self, balance: i128) -> (i128, i128) {
        let debit = if matches!(self.normal(), Side::Debit) { balance } else { -balance };
        if debit >= 0 { (debit, 0) } else { (0, -debit) }
    }
}

/// In which part a party owes: one party may own robots and ask for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Role {
    /// Asks for work.
    Requester,
    /// Owns robots.
    Owner,
    /// Helps robots from afar.
    Operator,
    /// Wrote a skill.
    Developer,
    /// Covers damage.
    Insurer,
}

/// An account of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Account {
    /// Money in the bank.
    Cash,
    /// Money at the payment provider; the only account with either sign.
    PspClearing,
    /// What an insurer owes us.
    InsurerReceivable {
        /// The insurer.
        insurer: PartyId,
    },
    /// What a party owes us in one of its roles.
    PartyReceivable {
        /// The role in which it owes.
        role: Role,
        /// The party.
        party: PartyId,
    },
    /// A card payment that the bank took back and that is not decided.
    ChargebackReceivable {
        /// The chargeback.
        chargeback: ChargebackId,
    },
    /// A requester's money kept for a job.
    Escrow {
        /// The job.
        job: JobId,
    },
    /// The same while its settlement waits.
    Held {
        /// The job.
        job: JobId,
    },
    /// Security for an open chargeback.
    DisputeReserve {
        /// The chargeback.
        chargeback: ChargebackId,
    },
    /// What an owner of robots is owed.
    OwnerPayable {
        /// The owner.
        party: PartyId,
    },
    /// What an operator company is owed.
    OperatorPayable {
        /// The operator company.
        party: PartyId,
    },
    /// What a skill developer is owed.
    DeveloperPayable {
        /// The developer.
        party: PartyId,
    },
    /// Premiums owed to an insurer.
    InsurerPayable {
        /// The insurer.
        party: PartyId,
    },
    /// What a requester gets back.
    RequesterRefundPayable {
        /// The requester.
        party: PartyId,
    },
    /// A requester's credit for later work.
    RequesterCredit {
        /// The requester.
        party: PartyId,
    },
    /// Set aside for a claim.
    ClaimReserve {
        /// The claim.
        claim: ClaimId,
    },
    /// Owed on an approved claim.
    ClaimsPayable {
        /// The claim.
        claim: ClaimId,
    },
    /// A payout on its way.
    PayoutClearing {
        /// The payout.
        payout: PayoutId,
    },
    /// The pool for damage.
    InsuranceReserve,
    /// The pool fed by coverage fees.
    CoverageReserve,
    /// The platform's share.
    PlatformRevenue,
    /// The platform's share of coverage fees.
    CoverageRevenue,
    /// Remote help above the job's share.
    OperatorExpense,
    /// Credits for missed service levels.
    SlaCreditExpense,
    /// What the platform gives of its own.
    GoodwillExpense,
    /// Claims borne by the platform.
    ClaimsExpense,
    /// Chargebacks borne by the platform.
    ChargebackExpense,
    /// Fees of the payment provider.
    ProviderFeeExpense,
}

impl Account {
    /// Its name in the chart, without the parameter.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::PspClearing => "psp_clearing",
            Self::InsurerReceivable { .. } => "insurer_receivable",
            Self::PartyReceivable { .. } => "party_receivable",
            Self::ChargebackReceivable { .. } => "chargeback_receivable",
            Self::Escrow { .. } => "escrow",
            Self::Held { .. } => "held",
            Self::DisputeReserve { .. } => "dispute_reserve",
            Self::OwnerPayable { .. } => "owner_payable",
            Self::OperatorPayable { .. } => "operator_payable",
            Self::DeveloperPayable { .. } => "developer_payable",
            Self::InsurerPayable { .. } => "insurer_payable",
            Self::RequesterRefundPayable { .. } => "requester_refund_payable",
            Self::RequesterCredit { .. } => "requester_credit",
            Self::ClaimReserve { .. } => "claim_reserve",
            Self::ClaimsPayable { .. } => "claims_payable",
            Self::PayoutClearing { .. } => "payout_clearing",
            Self::InsuranceReserve => "insurance_reserve",
            Self::CoverageReserve => "coverage_reserve",
            Self::PlatformRevenue => "platform_revenue",
            Self::CoverageRevenue => "coverage_revenue",
            Self::OperatorExpense => "operator_expense",
            Self::SlaCreditExpense => "sla_credit_expense",
            Self::GoodwillExpense => "goodwill_expense",
            Self::ClaimsExpense => "claims_expense",
            Self::ChargebackExpense => "chargeback_expense",
            Self::ProviderFeeExpense => "provider_fee_expense",
        }
    }
    /// What its balance means.
    #[inline]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Cash
            | Self::PspClearing
            | Self::InsurerReceivable { .. }
            | Self::PartyReceivable { .. }
            | Self::ChargebackReceivable { .. } => Kind::Asset,
            Self::InsuranceReserve | Self::CoverageReserve => Kind::Reserve,
            Self::PlatformRevenue | Self::CoverageRevenue => Kind::Revenue,
            Self::OperatorExpense
            | Self::SlaCreditExpense
            | Self::GoodwillExpense
            | Self::ClaimsExpense
            | Self::ChargebackExpense
            | Self::ProviderFeeExpense => Kind::Expense,
            _ => Kind::Liability,
        }
    }
    /// May its balance lie on either side?
    #[inline]
    pub const fn either_sign(&self) -> bool {
        matches!(self, Self::PspClearing)
    }
    /// How low it may go unless the book says otherwise.
    #[inline]
    pub const fn limit(&self) -> Option<i128> {
        if self.either_sign() { None } else { Some(0) }
    }
    /// The job whose money it is.
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Escrow { job } | Self::Held { job } => Some(*job),
            _ => None,
        }
    }
    /// The party whose statement it stands on.
    #[inline]
    pub const fn party(&self) -> Option<PartyId> {
        match self {
            Self::InsurerReceivable { insurer: party }
            | Self::PartyReceivable { party, .. }
            | Self::OwnerPayable { party }
            | Self::OperatorPayable { party }
            | Self::DeveloperPayable { party }
            | Self::InsurerPayable { party }
            | Self::RequesterRefundPayable { party }
            | Self::RequesterCredit { party } => Some(*party),
            _ => None,
        }
    }
    /// Its parameter as text.
    fn parameter(&self) -> Option<String> {
        match self {
            Self::ChargebackReceivable { chargeback } | Self::DisputeReserve { chargeback } => Some(chargeback.to_string()),
            Self::ClaimReserve { claim } | Self::ClaimsPayable { claim } => Some(claim.to_string()),
            Self::PayoutClearing { payout } => Some(payout.to_string()),
            _ => self.job().map(|j| j.to_string()).or_else(|| self.party().map(|p| p.to_string())),
        }
    }
    /// A number per kind; where it has a role, of the first one.
    #[inline]
    const fn number(&self) -> u64 {
        match self {
            Self::Cash => 1,
            Self::PspClearing => 2,
            Self::InsurerReceivable { .. } => 3,
            Self::PartyReceivable { .. } => 32,
            Self::ChargebackReceivable { .. } => 5,
            Self::Escrow { .. } => 6,
            Self::Held { .. } => 7,
            Self::DisputeReserve { .. } => 8,
            Self::OwnerPayable { .. } => 9,
            Self::OperatorPayable { .. } => 10,
            Self::DeveloperPayable { .. } => 11,
            Self::InsurerPayable { .. } => 12,
            Self::RequesterRefundPayable { .. } => 13,
            Self::RequesterCredit { .. } => 14,
            Self::ClaimReserve { .. } => 15,
            Self::ClaimsPayable { .. } => 16,
            Self::PayoutClearing { .. } => 17,
            Self::InsuranceReserve => 18,
            Self::CoverageReserve => 19,
            Self::PlatformRevenue => 20,
            Self::CoverageRevenue => 21,
            Self::OperatorExpense => 22,
            Self::SlaCreditExpense => 23,
            Self::GoodwillExpense => 24,
            Self::ClaimsExpense => 25,
            Self::ChargebackExpense => 26,
            Self::ProviderFeeExpense => 27,
        }
    }
    /// Both halves of its parameter; zero without one.
    #[inline]
    const fn halves(&self) -> (u64, u64) {
        use crate::table::halves;
        match self {
            Self::PartyReceivable { party, .. } => halves(party.as_bytes()),
            Self::InsurerReceivable { insurer } => halves(insurer.as_bytes()),
            Self::ChargebackReceivable { chargeback } => halves(chargeback.as_bytes()),
            Self::Escrow { job } => halves(job.as_bytes()),
            Self::Held { job } => halves(job.as_bytes()),
            Self::DisputeReserve { chargeback } => halves(chargeback.as_bytes()),
            Self::OwnerPayable { party } => halves(party.as_bytes()),
            Self::OperatorPayable { party } => halves(party.as_bytes()),
            Self::DeveloperPayable { party } => halves(party.as_bytes()),
            Self::InsurerPayable { party } => halves(party.as_bytes()),
            Self::RequesterRefundPayable { party } => halves(party.as_bytes()),
            Self::RequesterCredit { party } => halves(party.as_bytes()),
            Self::ClaimReserve { claim } => halves(claim.as_bytes()),
            Self::ClaimsPayable { claim } => halves(claim.as_bytes()),
            Self::PayoutClearing { payout } => halves(payout.as_bytes()),
            Self::Cash
            | Self::PspClearing
            | Self::InsuranceReserve
            | Self::CoverageReserve
            | Self::PlatformRevenue
            | Self::CoverageRevenue
            | Self::OperatorExpense
            | Self::SlaCreditExpense
            | Self::GoodwillExpense
            | Self::ClaimsExpense
            | Self::ChargebackExpense
            | Self::ProviderFeeExpense => (0, 0),
        }
    }
    /// A number that differs for different accounts but for rare coincidence.
    #[inline]
    pub(crate) fn mix(&self) -> u64 {
        let (a, b) = self.halves();
        crate::table::mix(a, b ^ (self.number() + self.role()).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
    #[inline]
    const fn role(&self) -> u64 {
        if let Self::PartyReceivable { role, .. } = self { *role as u64 } else { 0 }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Self::PartyReceivable { role, .. } = self {
            write!(f, ":{}", format!("{role:?}").to_lowercase())?;
        }
        self.parameter().map_or(Ok(()), |p| write!(f, "{{{p}}}"))
    }
}

/// An account in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct AccountKey {
    /// The account.
    pub account: Account,
    /// Its currency.
    pub currency: Currency,
}

impl AccountKey {
    /// The account's own number, changed by the currency.
    #[inline]
    pub(crate) const fn mix(&self, account: u64) -> u64 {
        account ^ crate::table::letters(self.currency).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
    /// The same account in the same currency? Without asking for each kind by itself, as `==` does.
    #[inline]
    pub(crate) fn is(&self, o: &Self) -> bool {
        let (a, b) = (&self.account, &o.account);
        a.number() == b.number() && a.halves() == b.halves() && a.role() == b.role() && self.currency == o.currency
    }
}

/// Position of an account in its book: accounts are numbered in the order in which they were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountIx(pub u32);

impl Value for AccountIx {
    const WIRE: Wire = Wire::Varint;
    fn kind() -> Shown {
        Shown::Uint
    }
    fn is_default(&self) -> bool {
        self.0 == 0
    }
    fn absent() -> Option<Self> {
        Some(Self(0))
    }
    fn put(&self, w: &mut Writer) {
        w.varint(u64::from(self.0));
    }
    #[inline]
    fn put_field(&self, tag: u32, w: &mut Writer) {
        w.uint(tag, u64::from(self.0));
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u32::take(r).map(Self)
    }
}
