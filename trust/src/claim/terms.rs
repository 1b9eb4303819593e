//! What claims on a job are judged by: pinned terms, heads and what each head needs as evidence (domain 8.5).

use crate::incident::{Family, IncidentCode};
use crate::rejection::{Code, Rejection};
use nooterra_engine::Record;
use nooterra_engine::money::{Amount, mul_div};
use nooterra_engine::time::Span;
use std::collections::BTreeSet;

/// One whole, in basis points.
pub const WHOLE_BPS: u32 = 10_000;

const DAY: Span = Span::from_secs(86_400);

/// What was harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Head {
    /// A thing.
    Property,
    /// A person.
    Injury,
    /// Somebody's privacy.
    Privacy,
    /// Something is gone.
    Theft,
    /// The thing carried is gone.
    Loss,
}

/// A piece that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Item {
    /// The captured window around the incident.
    EvidenceWindow,
    /// A record of the contact or of the load.
    ContactOrLoadRecord,
    /// What it was worth.
    Valuation,
    /// A record of the person.
    PersonRecord,
    /// The log of the sensor gates.
    GateLog,
    /// Who held the thing when.
    CustodyChain,
    /// The log of the doors.
    DoorLog,
    /// The evaluated proof of completion.
    Proof,
    /// A record of the delivery.
    DeliveryRecord,
}

impl Item {
    /// Every item.
    pub const ALL: [Self; 9] = [
        Self::EvidenceWindow,
        Self::ContactOrLoadRecord,
        Self::Valuation,
        Self::PersonRecord,
        Self::GateLog,
        Self::CustodyChain,
        Self::DoorLog,
        Self::Proof,
        Self::DeliveryRecord,
    ];
}

impl Head {
    /// Every head.
    pub const ALL: [Self; 5] = [Self::Property, Self::Injury, Self::Privacy, Self::Theft, Self::Loss];
    /// What it needs.
    #[must_use]
    pub const fn needs(self) -> &'static [Item] {
        match self {
            Self::Property => &[Item::EvidenceWindow, Item::ContactOrLoadRecord, Item::Valuation],
            Self::Injury => &[Item::EvidenceWindow, Item::PersonRecord],
            Self::Privacy => &[Item::GateLog],
            Self::Theft => &[Item::CustodyChain, Item::DoorLog],
            Self::Loss => &[Item::Proof, Item::DeliveryRecord],
        }
    }
    /// What is not there, in the order of the items.
    #[must_use]
    pub fn missing(self, there: &BTreeSet<Item>) -> Vec<Item> {
        self.needs().iter().copied().filter(|i| !there.contains(i)).collect()
    }
}

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Route {
    /// Trust service, one key.
    Auto,
    /// Trust service, two keys.
    Review,
    /// The pinned insurer.
    Insurer,
}

/// What the caller found on the job when a claim is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Found {
    /// Evidence that is captured, hashes and proofs checked.
    pub items: BTreeSet<Item>,
    /// `EXECUTION_STARTED` happened.
    pub started: bool,
}

impl Found {
    /// May a claim on this incident be approved at all? Before work started only for access, custody and travel.
    #[must_use]
    pub fn covers(&self, code: IncidentCode) -> bool {
        self.started || code.family() != Family::Other
    }
}

/// Claim limits and times of a job, pinned at booking. Amounts in minor units of the job's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Terms {
    /// All payouts of the job together stay within this.
    pub max_payout: Amount,
    /// Up to this demand a confirmed and proven claim needs one key only.
    pub auto_max: Amount,
    /// From this demand on the insurer decides; nothing: never.
    pub insurer_from: Option<Amount>,
    /// Of the insurer's share this much falls on the party at fault.
    pub deductible: Amount,
    /// Reserve, basis points of the demand.
    pub reserve_bps: u32,
    /// Claims are opened until settled + this.
    pub window: Span,
    /// Triage is due after this, and asked for again each time it passes.
    pub triage: Span,
    /// Evidence that triage found missing is due after this.
    pub evidence: Span,
    /// A decision is due after this.
    pub decide: Span,
    /// Overdue decisions are escalated each time this passes.
    pub escalate: Span,
    /// Payment is due after this.
    pub pay: Span,
    /// The insurer's answer is due after this.
    pub answer: Span,
    /// After that its receivable is reviewed each time this passes.
    pub review: Span,
}

impl Terms {
    /// The defaults of the policy for a job with this limit.
    #[must_use]
    pub const fn with_max(max_payout: Amount) -> Self {
        let auto_max = match Amount::new(10_000) {
            Ok(a) => a,
            Err(_) => Amount::ZERO,
        };
        Self {
            max_payout,
            auto_max,
            insurer_from: None,
            deductible: Amount::ZERO,
            reserve_bps: 6_000,
            window: DAY.times(30),
            triage: DAY.times(2),
            evidence: DAY.times(7),
            decide: DAY.times(14),
            escalate: DAY.times(7),
            pay: DAY.times(5),
            answer: DAY.times(60),
            review: DAY.times(30),
        }
    }
    /// What is paid of a demand without further looking: at most `auto_max`.
    #[must_use]
    pub fn auto_amount(&self, demand: Amount) -> Amount {
        demand.min(self.auto_max)
    }
    /// Reserve at triage: its share of the demand, at least the automatic amount, at most what is left of the limit.
    #[must_use]
    pub fn reserve(&self, demand: Amount, left: Amount) -> Amount {
        let share = bps(demand, self.reserve_bps).unwrap_or(demand).min(demand);
        share.max(self.auto_amount(demand)).min(left)
    }
}

/// `floor(amount * bps / 10 000)`.
pub fn bps(amount: Amount, bps: u32) -> Result<Amount, Rejection> {
    let minor = mul_div(amount.minor(), u64::from(bps), u64::from(WHOLE_BPS));
    minor.and_then(Amount::new).map_err(|_| Rejection::new(Code::AmountOverflow).field("amount").actual(amount))
}
