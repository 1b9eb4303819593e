//! What two people of the platform set right by hand (M31).

use crate::month::Month;
use crate::refusal::Refusal;
use crate::template::{Cause, Template};
use nooterra_engine::Record;
use nooterra_engine::money::Amount;
use nooterra_ledger::{Account, Command, Leg};

/// One line of an adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct AdjustmentLine {
    /// The account.
    pub account: Account,
    /// Minor units: a debit if positive, a credit if negative, never zero.
    pub amount: i64,
}

/// May an adjustment name this account? Not where a case's money lies: its events alone move it, or it would not be
/// zero when the case is decided.
pub const fn adjustable(account: &Account) -> bool {
    !matches!(
        account,
        Account::Escrow { .. }
            | Account::Held { .. }
            | Account::DisputeReserve { .. }
            | Account::ChargebackReceivable { .. }
            | Account::PayoutClearing { .. }
            | Account::ClaimReserve { .. }
            | Account::ClaimsPayable { .. }
    )
}

/// The same where legal time is the calendar's.
pub fn posted(cause: Cause, lines: &[AdjustmentLine], origin: Option<Month>) -> Result<Command, Refusal> {
    posted_in(Month::of(cause.at), cause, lines, origin)
}

/// M31, `ADJUSTMENT_POSTED`: lines as signed. It posts in the `open` month; `origin` says which closed one it sets
/// right, and moves nothing there.
pub fn posted_in(open: Month, cause: Cause, lines: &[AdjustmentLine], origin: Option<Month>) -> Result<Command, Refusal> {
    if lines.is_empty() || lines.iter().any(|l| l.amount == 0) {
        return Err(Refusal::AmountInvalid("no line, or a line of nothing"));
    }
    if lines.iter().any(|l| l.amount.unsigned_abs() > Amount::MAX.minor()) {
        return Err(Refusal::AmountOverflow);
    }
    let excess: i128 = lines.iter().map(|l| i128::from(l.amount)).sum();
    if excess != 0 {
        return Err(Refusal::Unbalanced(excess));
    }
    if origin.is_some_and(|o| o >= open) {
        return Err(Refusal::PeriodOpen("an adjustment's origin lies in the past"));
    }
    if lines.iter().any(|l| !adjustable(&l.account)) {
        return Err(Refusal::FundingInvalid("the account belongs to a case"));
    }
    let leg = |l: &AdjustmentLine| {
        let (debit, amount) = (l.amount > 0, l.amount.unsigned_abs());
        if debit { Leg::debit(l.account, amount) } else { Leg::credit(l.account, amount) }
    };
    let command = cause.post(Template::Adjusted, 0, None, lines.iter().map(leg).collect());
    command.ok_or(Refusal::AmountInvalid("no line"))
}
