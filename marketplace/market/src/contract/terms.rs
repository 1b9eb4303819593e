//! The terms of a contract as values: everything that a booking pins from it (section 4.4).

use crate::cancel::{CancelTerms, CaptureTerms};
use crate::reschedule::RescheduleTerms;
use crate::sla::SlaTerms;
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::PartyId;
use nooterra_engine::money::{Amount, Currency};

/// Who bears the site's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum SiteFault {
    /// The requester.
    Requester,
    /// The platform.
    Platform,
}

/// What happens when nobody chooses after a no-show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum NoShowUnanswered {
    /// The job is cancelled.
    Cancel,
    /// A later arrival is awaited.
    Wait,
}

/// What a hold that runs out forfeits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum HoldOutcome {
    /// Earned is what was proven.
    Proven,
    /// Earned is nothing.
    Nothing,
}

/// How what is left of the charge is split, weights out of their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct SplitWeights {
    /// Insurance reserve.
    pub reserve: u32,
    /// Platform.
    pub platform: u32,
    /// Owners.
    pub owner: u32,
}

/// How the coverage fee is split, weights out of their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CoverWeights {
    /// Insurer's premium.
    pub premium: u32,
    /// Coverage reserve.
    pub reserve: u32,
    /// Coverage revenue.
    pub revenue: u32,
}

/// The terms of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Terms {
    /// Currency of its amounts.
    pub currency: Currency,
    /// Coverage fee `F` of a job, minor units.
    pub cover_fee: Amount,
    /// May another robot finish the work?
    pub handover: bool,
    /// May another owner's robot be sent?
    pub substitution: bool,
    /// Owners that are never asked, ascending.
    pub excluded: Vec<PartyId>,
    /// Who bears the site's fault.
    pub site_fault: SiteFault,
    /// Unanswered no-show.
    pub no_show: NoShowUnanswered,
    /// Hold that runs out.
    pub hold: HoldOutcome,
    /// Cancellation and compensation.
    pub cancel: CancelTerms,
    /// Captures.
    pub capture: CaptureTerms,
    /// Rescheduling.
    pub reschedule: RescheduleTerms,
    /// Punctuality.
    pub sla: SlaTerms,
    /// Split of the net charge.
    pub split: SplitWeights,
    /// Split of the coverage fee.
    pub cover: CoverWeights,
    /// Most that all claims of a job pay, minor units.
    pub max_claims: Amount,
}

impl Terms {
    /// The defaults of the domain in this currency.
    pub fn standard(currency: Currency) -> Self {
        Self {
            currency,
            cover_fee: Amount::ZERO,
            handover: true,
            substitution: false,
            excluded: Vec::new(),
            site_fault: SiteFault::Requester,
            no_show: NoShowUnanswered::Cancel,
            hold: HoldOutcome::Proven,
            cancel: CancelTerms::default(),
            capture: CaptureTerms::default(),
            reschedule: RescheduleTerms::default(),
            sla: SlaTerms::default(),
            split: SplitWeights { reserve: 200, platform: 2_000, owner: 7_800 },
            cover: CoverWeights { premium: 6_000, reserve: 3_000, revenue: 1_000 },
            max_claims: Amount::ZERO,
        }
    }
    /// May this owner be asked?
    pub fn admits(&self, owner: PartyId) -> bool {
        self.excluded.binary_search(&owner).is_err()
    }
    /// Hash of the terms alone.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/terms/v1", self)
    }
    /// Could a booking be settled under them? Weights sum to the whole, ladders ascend, brackets are shares.
    pub fn is_sound(&self) -> bool {
        let sum = |w: [u32; 3]| w.iter().map(|w| u64::from(*w)).sum::<u64>() == 10_000;
        sum([self.split.reserve, self.split.platform, self.split.owner])
            && sum([self.cover.premium, self.cover.reserve, self.cover.revenue])
            && self.cancel.is_sound()
            && self.sla.basic.is_sound()
            && self.sla.standard.is_sound()
            && self.sla.premium.is_sound()
            && self.capture.attempts > 0
            && self.excluded.windows(2).all(|w| w[0] < w[1])
    }
}
