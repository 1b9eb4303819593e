//! The posting templates' numbers and what all commands have in common.

use nooterra_engine::Record;
use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::{Command, Entry, EntryId, Leg, Portion, Resolution};

/// A posting template. Its number is the code of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Template {
    /// A payment is authorised.
    Authorised,
    /// An authorisation is captured or voided.
    Captured,
    /// A booking uses credit.
    Redeemed,
    /// A booking is moved for a fee or to a lower price.
    Rescheduled,
    /// A settlement is held, released or forfeited.
    Held,
    /// A job is settled.
    Settled,
    /// Remote help above the job's share.
    OperatorExcess,
    /// The owner's trip when the platform is at fault.
    TripFee,
    /// The owner compensates the requester.
    Compensation,
    /// The platform gives credit for a missed service level.
    CreditPlatform,
    /// The coverage reserve does.
    CreditCoverage,
    /// An owner or operator company does.
    CreditParty,
    /// An insurer does, in part.
    CreditInsurer,
    /// The rest of a job's money is to be paid back.
    SettlementRefund,
    /// Money of a settled job is to be paid back by those who got it.
    Refund,
    /// A refund is paid or has failed.
    RefundEnd,
    /// A bank took a payment back.
    Chargeback,
    /// What a job still has secures a chargeback.
    ChargebackSecured,
    /// Those who got the money secure a chargeback.
    ChargebackClawback,
    /// The bank gave the payment back.
    ChargebackWon,
    /// The bank keeps it.
    ChargebackLost,
    /// The platform fills up a proven job's money.
    TopUp,
    /// Money is set aside for a claim, or less of it.
    ClaimReserved,
    /// A claim is approved.
    ClaimApproved,
    /// What others bear of it.
    ClaimShares,
    /// A claim is paid, denied or lapses.
    ClaimEnd,
    /// An insurer paid its share, or will not.
    Recovery,
    /// A payout is on its way.
    PayoutInitiated,
    /// A payout is confirmed or has failed.
    PayoutEnd,
    /// The payment provider hands over money.
    ProviderSettled,
    /// Two people of the platform set something right.
    Adjusted,
}

impl Template {
    /// Every template.
    pub const ALL: [Self; 31] = [
        Self::Authorised,
        Self::Captured,
        Self::Redeemed,
        Self::Rescheduled,
        Self::Held,
        Self::Settled,
        Self::OperatorExcess,
        Self::TripFee,
        Self::Compensation,
        Self::CreditPlatform,
        Self::CreditCoverage,
        Self::CreditParty,
        Self::CreditInsurer,
        Self::SettlementRefund,
        Self::Refund,
        Self::RefundEnd,
        Self::Chargeback,
        Self::ChargebackSecured,
        Self::ChargebackClawback,
        Self::ChargebackWon,
        Self::ChargebackLost,
        Self::TopUp,
        Self::ClaimReserved,
        Self::ClaimApproved,
        Self::ClaimShares,
        Self::ClaimEnd,
        Self::Recovery,
        Self::PayoutInitiated,
        Self::PayoutEnd,
        Self::ProviderSettled,
        Self::Adjusted,
    ];
    /// Its number in the table of posting templates.
    pub const fn code(self) -> u16 {
        match self {
            Self::Authorised => 1,
            Self::Captured => 2,
            Self::Redeemed => 3,
            Self::Rescheduled => 4,
            Self::Held => 5,
            Self::Settled => 6,
            Self::OperatorExcess => 7,
            Self::TripFee => 8,
            Self::Compensation => 9,
            Self::CreditPlatform => 10,
            Self::CreditCoverage => 11,
            Self::CreditParty => 12,
            Self::CreditInsurer => 13,
            Self::SettlementRefund => 14,
            Self::Refund => 15,
            Self::RefundEnd => 16,
            Self::Chargeback => 17,
            Self::ChargebackSecured => 18,
            Self::ChargebackClawback => 19,
            Self::ChargebackWon => 20,
            Self::ChargebackLost => 21,
            Self::TopUp => 22,
            Self::ClaimReserved => 23,
            Self::ClaimApproved => 24,
            Self::ClaimShares => 25,
            Self::ClaimEnd => 26,
            Self::Recovery => 27,
            Self::PayoutInitiated => 28,
            Self::PayoutEnd => 29,
            Self::ProviderSettled => 30,
            Self::Adjusted => 31,
        }
    }
    /// The template with this number.
    pub fn of(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.code() == code)
    }
    /// What it says, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Authorised => "payment authorised",
            Self::Captured => "payment captured",
            Self::Redeemed => "credit redeemed",
            Self::Rescheduled => "rescheduled",
            Self::Held => "settlement held or released",
            Self::Settled => "settled",
            Self::OperatorExcess => "remote help above the job's share",
            Self::TripFee => "trip fee",
            Self::Compensation => "compensation",
            Self::CreditPlatform => "service credit by the platform",
            Self::CreditCoverage => "service credit by the coverage reserve",
            Self::CreditParty => "service credit by a party",
            Self::CreditInsurer => "service credit by an insurer",
            Self::SettlementRefund => "refund issued",
            Self::Refund => "refund after settlement issued",
            Self::RefundEnd => "refund paid",
            Self::Chargeback => "chargeback opened",
            Self::ChargebackSecured => "chargeback secured by the job",
            Self::ChargebackClawback => "chargeback secured by those paid",
            Self::ChargebackWon => "chargeback won",
            Self::ChargebackLost => "chargeback lost",
            Self::TopUp => "topped up",
            Self::ClaimReserved => "claim reserve moved",
            Self::ClaimApproved => "claim approved",
            Self::ClaimShares => "claim borne",
            Self::ClaimEnd => "claim paid",
            Self::Recovery => "insurer recovery",
            Self::PayoutInitiated => "payout initiated",
            Self::PayoutEnd => "payout confirmed",
            Self::ProviderSettled => "provider settled",
            Self::Adjusted => "adjustment",
        }
    }
}

/// The event behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Cause {
    /// The event.
    pub event: EventId,
    /// Its legal time.
    pub at: Instant,
    /// Currency of the money.
    pub currency: Currency,
}

/// The id of an event's entry under a template, and its place if the template gives several.
pub fn entry_id(event: EventId, template: Template, place: u8) -> EntryId {
    EntryId::of(event, u32::from(template.code()) << 8 | u32::from(place))
}

impl Cause {
    /// An entry, or nothing when no money moves. Legs of nothing fall away.
    pub(crate) fn entry(&self, template: Template, place: u8, job: Option<JobId>, mut legs: Vec<Leg>) -> Option<Entry> {
        legs.retain(|l| l.amount > 0);
        let (id, code) = (entry_id(self.event, template, place), template.code());
        let entry = Entry { id, code, cause: self.event, job, at: self.at, currency: self.currency, legs };
        (!entry.legs.is_empty()).then_some(entry)
    }
    pub(crate) fn post(&self, template: Template, place: u8, job: Option<JobId>, legs: Vec<Leg>) -> Option<Command> {
        self.entry(template, place, job, legs).map(Command::PostEntry)
    }
    pub(crate) fn pend(&self, template: Template, place: u8, job: Option<JobId>, legs: Vec<Leg>) -> Option<Command> {
        self.entry(template, place, job, legs).map(|entry| Command::Pend(nooterra_ledger::entry::Hold { entry, expires: None }))
    }
    fn resolution(&self, template: Template, place: u8, pending: EntryId) -> Resolution {
        Resolution { id: entry_id(self.event, template, place), pending, code: template.code(), cause: self.event, at: self.at }
    }
    pub(crate) fn capture(&self, template: Template, place: u8, pending: EntryId, portion: Portion) -> Command {
        Command::Post(nooterra_ledger::entry::Post { resolution: self.resolution(template, place, pending), portion })
    }
    pub(crate) fn void(&self, template: Template, place: u8, pending: EntryId) -> Command {
        Command::Void(self.resolution(template, place, pending))
    }
}

/// Minor units of a non-negative balance.
pub(crate) fn units(balance: i128) -> u64 {
    u64::try_from(balance.max(0)).unwrap_or(u64::MAX)
}
