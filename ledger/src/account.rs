//! The chart of accounts. A parameter makes one account per value; the currency makes one more dimension.

use crate::table::Keyed;
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
    pub const fn normal(self) -> Side {
        match self {
            Self::Asset | Self::Expense => Side::Debit,
            Self::Liability | Self::Reserve | Self::Revenue => Side::Credit,
        }
    }
    /// Debit and credit of a balance on the normal side: it stands in one of the two columns, whichever side it is on.
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
    pub const fn either_sign(&self) -> bool {
        matches!(self, Self::PspClearing)
    }
    /// How low it may go unless the book says otherwise.
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
    /// A number per kind, and the parameter's bytes.
    fn parts(&self) -> (u64, [u8; 16]) {
        const NONE: [u8; 16] = [0; 16];
        match self {
            Self::Cash => (1, NONE),
            Self::PspClearing => (2, NONE),
            Self::InsurerReceivable { insurer } => (3, *insurer.as_bytes()),
            Self::PartyReceivable { role, party } => (32 + *role as u64, *party.as_bytes()),
            Self::ChargebackReceivable { chargeback } => (5, *chargeback.as_bytes()),
            Self::Escrow { job } => (6, *job.as_bytes()),
            Self::Held { job } => (7, *job.as_bytes()),
            Self::DisputeReserve { chargeback } => (8, *chargeback.as_bytes()),
            Self::OwnerPayable { party } => (9, *party.as_bytes()),
            Self::OperatorPayable { party } => (10, *party.as_bytes()),
            Self::DeveloperPayable { party } => (11, *party.as_bytes()),
            Self::InsurerPayable { party } => (12, *party.as_bytes()),
            Self::RequesterRefundPayable { party } => (13, *party.as_bytes()),
            Self::RequesterCredit { party } => (14, *party.as_bytes()),
            Self::ClaimReserve { claim } => (15, *claim.as_bytes()),
            Self::ClaimsPayable { claim } => (16, *claim.as_bytes()),
            Self::PayoutClearing { payout } => (17, *payout.as_bytes()),
            Self::InsuranceReserve => (18, NONE),
            Self::CoverageReserve => (19, NONE),
            Self::PlatformRevenue => (20, NONE),
            Self::CoverageRevenue => (21, NONE),
            Self::OperatorExpense => (22, NONE),
            Self::SlaCreditExpense => (23, NONE),
            Self::GoodwillExpense => (24, NONE),
            Self::ClaimsExpense => (25, NONE),
            Self::ChargebackExpense => (26, NONE),
            Self::ProviderFeeExpense => (27, NONE),
        }
    }
    /// A number that differs for different accounts but for rare coincidence.
    pub(crate) fn mix(&self) -> u64 {
        let (kind, bytes) = self.parts();
        let (a, b) = crate::table::halves(&bytes);
        crate::table::mix(a, b ^ kind.wrapping_mul(0x9e37_79b9_7f4a_7c15))
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

impl Keyed for AccountKey {
    type Key = Self;
    fn key(&self) -> Self {
        *self
    }
    fn mix(key: &Self) -> u64 {
        crate::table::mix(key.account.mix(), crate::table::letters(key.currency))
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
