//! What finance and the payment adapter say.

use nooterra_engine::ids::{ClaimId, DisputeId, JobId, PartyId, PaymentId, PayoutId, RefundId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use nooterra_ledger::Account;
use nooterra_settlement::month::Month;

/// What the payment adapter reports (`PS`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // answers to the asks of the same name
pub enum PaymentReport {
    Authorised { payment: PaymentId, amount: Amount, currency: Currency, expires: Instant, provider_ref: String },
    Declined { payment: PaymentId, code: String },
    Captured { payment: PaymentId, amount: Amount },
    CaptureFailed { payment: PaymentId, code: String },
    Voided { payment: PaymentId },
    RefundPaid { refund: RefundId, provider_ref: String },
    RefundFailed { refund: RefundId, code: String },
    PayoutConfirmed { payout: PayoutId, provider_ref: String },
    PayoutFailed { payout: PayoutId, code: String },
    ProviderSettled { amount: Amount, fee: Amount, currency: Currency, provider_ref: String },
    ChargebackOpened { payment: PaymentId, amount: Amount, fee: Amount, currency: Currency, reason: String, provider_ref: String },
    ChargebackWon { provider_ref: String, fee_back: Amount },
    ChargebackLost { provider_ref: String },
    ClaimPaid { claim: ClaimId, amount: Amount, currency: Currency, provider_ref: String },
    RecoveryReceived { claim: ClaimId, insurer: PartyId, amount: Amount, currency: Currency },
}

/// One line of an adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Line {
    /// The account.
    pub account: Account,
    /// Minor units: a debit if positive, a credit if negative.
    pub amount: i64,
}

/// What finance may say (`FI`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum FinanceCommand {
    /// Sets books right; needs two keys that say the same.
    Adjust {
        /// In the books of which currency.
        currency: Currency,
        /// Lines that sum to nothing.
        lines: Vec<Line>,
        /// The closed month that it sets right, if one.
        origin: Option<Month>,
        /// SHA-256 of the reason, which stays outside.
        reason: Digest,
    },
    /// Gives back what is left of a dispute's award, which failed before.
    Refund {
        /// The job.
        job: JobId,
        /// The dispute.
        dispute: DisputeId,
    },
}
