//! A job's money from first to last posting, in lines for people.

use crate::hold::is_forfeit;
use crate::settle::{Part, SettlementOutcome, SettlementStatement, Share};
use crate::template::Template;
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::{Currency, decimal};
use nooterra_ledger::journal::{Movement, Step, Written};
use nooterra_ledger::{Account, Journal, Role, Side};

/// One line per entry: when, what, and between whom. `name` gives a party's name.
pub fn explain(journal: &Journal, job: JobId, name: impl Fn(PartyId) -> String) -> Vec<String> {
    journal.of_job(job).map(|e| line(e, &name)).collect()
}

/// A settlement in one line: the outcome, what came in, and where it went.
pub fn summary(s: &SettlementStatement, name: impl Fn(PartyId) -> String) -> String {
    let c = Some(s.currency);
    let part = |p: &Part| {
        let what = match p.share {
            Share::Operator => "remote help",
            Share::Developer => "skill",
            Share::InsuranceReserve => "insurance reserve",
            Share::Platform => "platform",
            Share::Owner => "owner",
            Share::InsurerPremium => "premium",
            Share::CoverageReserve => "coverage reserve",
            Share::CoverageRevenue => "coverage revenue",
            Share::RefundCash => "refund",
            Share::RefundCredit => "credit",
        };
        format!("{what}{} {}", p.party.map(|p| format!(" {}", name(p))).unwrap_or_default(), money(p.amount, c))
    };
    let parts: Vec<String> = s.parts.iter().map(part).collect();
    let outcome = match s.outcome {
        SettlementOutcome::Full => "in full",
        SettlementOutcome::Partial => "in part",
        SettlementOutcome::NoCharge => "without charge",
        SettlementOutcome::Fee => "for a fee",
        SettlementOutcome::Forfeit => "by forfeit",
    };
    let parts = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    format!("{} settled {outcome}: {} = {parts}", s.job, money(s.balance + s.topped_up, c))
}

/// One entry as a line.
pub fn line(e: &Written, name: &impl Fn(PartyId) -> String) -> String {
    let title = Template::of(e.code).map_or("entry", Template::title);
    let cash = e.movements.iter().any(|m| m.account == Account::Cash);
    let debits = |kind: fn(&Account) -> bool| e.movements.iter().any(|m| m.side == Side::Debit && kind(&m.account));
    let what = match (e.step, Template::of(e.code)) {
        (Step::Refused, _) => format!("refused (reason {})", e.code),
        (Step::Voided, Some(Template::Captured)) => "payment voided".to_owned(),
        (Step::Voided, Some(Template::RefundEnd)) => "refund failed".to_owned(),
        (Step::Posted, Some(Template::PayoutEnd)) if !cash => "payout failed".to_owned(),
        (Step::Posted, Some(Template::Held)) if e.cause.is_some_and(|c| is_forfeit(c, e.id)) => "settlement forfeited".to_owned(),
        (Step::Posted, Some(Template::Held)) if debits(|a| matches!(a, Account::Held { .. })) => "settlement released".to_owned(),
        (Step::Posted, Some(Template::Held)) => "settlement held".to_owned(),
        (Step::Voided, Some(Template::ChargebackWon)) => "chargeback won: those paid are free".to_owned(),
        (Step::Voided, Some(Template::ChargebackLost)) => "chargeback lost: others bear it".to_owned(),
        (Step::Captured, Some(Template::ChargebackLost)) => "chargeback lost: those paid bear it".to_owned(),
        (Step::Posted, Some(Template::ClaimReserved)) if debits(|a| matches!(a, Account::ClaimReserve { .. })) => {
            "claim reserve lowered".to_owned()
        }
        (Step::Posted, Some(Template::ClaimReserved)) => "claim reserve raised".to_owned(),
        (Step::Posted, Some(Template::ClaimEnd)) if !cash => "claim denied or lapsed".to_owned(),
        (Step::Posted, Some(Template::Recovery)) if !cash => "insurer recovery denied".to_owned(),
        (Step::Posted, Some(Template::Recovery)) => "insurer recovery received".to_owned(),
        (Step::Pended, _) => format!("{title} (reserved)"),
        _ => title.to_owned(),
    };
    let code = if e.step == Step::Refused { "  - ".to_owned() } else { format!("M{:<3}", e.code) };
    let side = |side: Side| {
        let of: Vec<String> = e.movements.iter().filter(|m| m.side == side).map(|m| movement(m, e.currency, name)).collect();
        of.join(", ")
    };
    let moves =
        if e.movements.is_empty() { "nothing moves".to_owned() } else { format!("{} -> {}", side(Side::Debit), side(Side::Credit)) };
    format!("{}  {code} {what:<38} {moves}", e.at)
}

fn movement(m: &Movement, currency: Option<Currency>, name: &impl Fn(PartyId) -> String) -> String {
    let role = match m.account {
        Account::PartyReceivable { role: Role::Requester, .. } => " (requester)",
        Account::PartyReceivable { role: Role::Operator, .. } => " (operator)",
        Account::PartyReceivable { role: Role::Developer, .. } => " (developer)",
        Account::PartyReceivable { role: Role::Insurer, .. } => " (insurer)",
        _ => "",
    };
    let whose = m.account.party().map(|p| format!(" of {}", name(p))).unwrap_or_default();
    format!("{}{role}{whose} {}", m.account.name(), money(m.amount, currency))
}

/// `EUR 2.50`.
pub fn money(minor: u64, currency: Option<Currency>) -> String {
    let Some(c) = currency else { return minor.to_string() };
    format!("{c} {}", decimal(minor.into(), c.exponent()))
}
