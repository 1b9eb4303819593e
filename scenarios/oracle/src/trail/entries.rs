//! Which entries an event must have, by the table of posting templates (6.3): a function of the state before the event
//! and of the event, written down here once more from the specification.

use crate::trail::dossier::{Chargeback, Claim, Dossier, Refund, Track};
use crate::trail::purse::{Sides, Till, What};
use crate::trail::reckon;
use nooterra_control::fact::{CaseEvent, PartyEvent, PeriodEvent};
use nooterra_engine::ids::{EventId, PartyId, PayoutId};
use nooterra_engine::money::Currency;
use nooterra_jobs::event::{CancelReason, Event, RefundBearer, RefundOf, Side as By};
use nooterra_jobs::pins::CreditFunding;
use nooterra_ledger::{Account, EntryId, Role, Side};
use nooterra_trust::claim::What as Said;
use std::collections::BTreeMap;

/// An entry that must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub code: u16,
    pub what: What,
    pub sides: Sides,
    /// Only the credits are fixed: who bears the debits follows rules of its own, which the leg book watches.
    pub any_debits: bool,
    /// It may be left out, or be of any amount.
    pub any: bool,
}

/// The id of an event's entry under a template.
pub(crate) fn entry_id(event: EventId, code: u16, place: u8) -> EntryId {
    EntryId::of(event, u32::from(code) << 8 | u32::from(place))
}

/// Debits and credits; zeros fall away, equal accounts are one.
pub(crate) fn sides(debits: &[(Account, u64)], credits: &[(Account, u64)]) -> Sides {
    let mut out = Sides::new();
    for (side, list) in [(Side::Debit, debits), (Side::Credit, credits)] {
        for (account, amount) in list.iter().filter(|l| l.1 > 0) {
            *out.entry((*account, side)).or_default() += amount;
        }
    }
    out
}

fn due(code: u16, what: What, debits: &[(Account, u64)], credits: &[(Account, u64)]) -> Vec<Due> {
    let sides = sides(debits, credits);
    if sides.is_empty() { Vec::new() } else { vec![Due { code, what, sides, any_debits: false, any: false }] }
}

fn void(code: u16) -> Vec<Due> {
    vec![Due { code, what: What::Void, sides: Sides::new(), any_debits: false, any: false }]
}

fn loose(code: u16, what: What, credit: (Account, u64)) -> Vec<Due> {
    let mut all = due(code, what, &[], &[credit]);
    all.iter_mut().for_each(|d| d.any_debits = true);
    all
}

/// Entries of a job's event, before it is folded into the dossier. What the event promises for later entries is kept in
/// the dossier at once.
pub(crate) fn of_job(d: &mut Dossier, p: Till<'_>, id: EventId, e: &Event) -> Vec<Due> {
    let job = d.job;
    let (escrow, held) = (Account::Escrow { job }, Account::Held { job });
    let credit = Account::RequesterCredit { party: d.requester };
    match e {
        Event::PaymentAuthorised { amount, .. } => {
            due(1, What::Reserved, &[(Account::PspClearing, amount.minor())], &[(escrow, amount.minor())])
        }
        Event::PaymentCaptured { payment, amount } if d.payments.get(payment).is_some_and(|p| p.event.is_some()) => match amount.minor() {
            0 => void(2),
            a => due(2, What::Taken, &[(Account::PspClearing, a)], &[(escrow, a)]),
        },
        Event::PaymentVoided { payment, .. } if d.payments.get(payment).is_some_and(|p| p.track == Track::Authorised) => void(2),
        Event::JobBooked(b) => due(3, What::Posted, &[(credit, b.redeemed.minor())], &[(escrow, b.redeemed.minor())]),
        Event::NoShowDeclared { owner, comp, .. } => compensation(d, *owner, comp.minor()),
        Event::JobCancelled { reason: CancelReason::Owner, comp_bps, .. } => {
            let Some((owner, s)) = d.pins.as_deref().map(|p| (p.owner, p.service.minor())) else { return Vec::new() };
            compensation(d, owner, s * u64::from(*comp_bps) / 10_000)
        }
        Event::JobRescheduled(m) => {
            let Some(pins) = d.pins.clone() else { return Vec::new() };
            let fee = if m.by == By::Requester { m.fee.minor() } else { 0 };
            let w = pins.weights;
            let parts = reckon::split(fee, &[w.reserve.into(), w.platform.into(), w.owner.into()]).unwrap_or_default();
            let owner = Account::OwnerPayable { party: pins.owner };
            let to: Vec<(Account, u64)> = [Account::InsuranceReserve, Account::PlatformRevenue, owner].into_iter().zip(parts).collect();
            let mut all = due(4, What::Posted, &[(escrow, fee)], &to);
            let back = m.returned.minor();
            let cash = back.min(d.cash());
            let refund = Account::RequesterRefundPayable { party: d.requester };
            all.extend(due(4, What::Posted, &[(escrow, back)], &[(refund, cash), (credit, back - cash)]));
            d.moved += fee + back;
            d.owed_back += cash;
            if m.by == By::Owner {
                all.extend(compensation(d, pins.owner, m.fee.minor()));
            }
            all
        }
        Event::SettlementHeld { .. } => due(5, What::Posted, &[(escrow, p.units(escrow))], &[(held, p.units(escrow))]),
        Event::SettlementReleased { .. } | Event::SettlementForfeited { .. } => {
            due(5, What::Posted, &[(held, p.units(held))], &[(escrow, p.units(held))])
        }
        Event::JobSettled(_) => settlement(d, p),
        Event::SlaCreditIssued { amount, funding, .. } => {
            let a = amount.minor();
            d.credits += a;
            let Some(owner) = d.pins.as_deref().map(|p| p.owner) else { return Vec::new() };
            let expense = Account::SlaCreditExpense;
            let (code, debits) = match funding {
                CreditFunding::Platform {} => (10, vec![(expense, a)]),
                CreditFunding::CoverageReserve {} => {
                    let drawn = a.min(p.units(Account::CoverageReserve).saturating_sub(p.reserved(Account::CoverageReserve, Side::Debit)));
                    (11, vec![(Account::CoverageReserve, drawn), (expense, a - drawn)])
                }
                CreditFunding::Owner {} => (12, vec![(Account::PartyReceivable { role: Role::Owner, party: owner }, a)]),
                CreditFunding::Operator { party } => (12, vec![(Account::PartyReceivable { role: Role::Operator, party: *party }, a)]),
                CreditFunding::Insurer { party, bps } => {
                    let own = a * u64::from(*bps) / 10_000;
                    (13, vec![(Account::InsurerReceivable { insurer: *party }, own), (expense, a - own)])
                }
            };
            due(code, What::Posted, &debits, &[(credit, a)])
        }
        Event::RefundIssued { refund, amount, of, .. } => {
            let a = amount.minor();
            let code = if matches!(of, RefundOf::Settlement {}) { 14 } else { 15 };
            d.refunds.insert(*refund, Refund { amount: a, entry: entry_id(id, code, 0), ended: false, failed: false });
            let (owed, clearing) = (Account::RequesterRefundPayable { party: d.requester }, (Account::PspClearing, a));
            match of {
                RefundOf::Settlement {} => due(code, What::Reserved, &[(owed, a)], &[clearing]),
                RefundOf::Award { bearer: RefundBearer::Platform {}, .. } => {
                    due(code, What::Reserved, &[(Account::GoodwillExpense, a)], &[clearing])
                }
                RefundOf::Award { .. } => loose(code, What::Reserved, clearing),
            }
        }
        Event::RefundPaid { refund, .. } | Event::RefundFailed { refund, .. } => {
            let paid = matches!(e, Event::RefundPaid { .. });
            let Some(r) = d.refunds.get_mut(refund).filter(|r| !r.ended) else { return Vec::new() };
            (r.ended, r.failed) = (true, !paid);
            match p.open_entry(r.entry) {
                Some(s) if paid => vec![Due { code: 16, what: What::Taken, sides: s.clone(), any_debits: false, any: false }],
                _ => void(16),
            }
        }
        Event::ChargebackOpened { chargeback, amount, fee, .. } => {
            let (a, f) = (amount.minor(), fee.minor());
            let on_requester = a.saturating_sub(d.returnable());
            let from_escrow = (a - on_requester).min(p.units(escrow));
            let from_held = (a - on_requester - from_escrow).min(p.units(held));
            let rest = a - from_escrow - from_held;
            let receivable = Account::ChargebackReceivable { chargeback: *chargeback };
            let claw = (rest > 0).then(|| entry_id(id, 19, 0));
            let row = Chargeback { amount: a, from_escrow, from_held, on_requester, open: true, lost: false, claw };
            d.chargebacks.insert(*chargeback, row);
            let mut all = due(17, What::Posted, &[(receivable, a), (Account::ProviderFeeExpense, f)], &[(Account::PspClearing, a + f)]);
            let reserve = Account::DisputeReserve { chargeback: *chargeback };
            all.extend(due(18, What::Posted, &[(escrow, from_escrow), (held, from_held)], &[(reserve, from_escrow + from_held)]));
            all.extend(loose(19, What::Reserved, (receivable, rest)));
            all
        }
        Event::ChargebackWon { chargeback, fee_back } => {
            let Some(c) = d.chargebacks.get_mut(chargeback).filter(|c| c.open) else { return Vec::new() };
            c.open = false;
            let g = fee_back.minor();
            let mut all = if c.claw.is_some() { void(20) } else { Vec::new() };
            all.extend(due(
                20,
                What::Posted,
                &[(Account::PspClearing, c.amount + g), (Account::DisputeReserve { chargeback: *chargeback }, c.secured())],
                &[
                    (Account::ChargebackReceivable { chargeback: *chargeback }, c.amount),
                    (Account::ProviderFeeExpense, g),
                    (escrow, c.from_escrow),
                    (held, c.from_held),
                ],
            ));
            all
        }
        Event::ChargebackLost { chargeback, .. } => {
            let Some(c) = d.chargebacks.get_mut(chargeback).filter(|c| c.open) else { return Vec::new() };
            (c.open, c.lost) = (false, true);
            let receivable = Account::ChargebackReceivable { chargeback: *chargeback };
            let reserve = Account::DisputeReserve { chargeback: *chargeback };
            let mut all = due(21, What::Posted, &[(reserve, c.secured())], &[(receivable, c.secured())]);
            if c.claw.is_some() {
                // Those who secured it bear it, or others are debited in their place.
                let mut other = loose(21, What::Taken, (receivable, c.amount - c.secured()));
                other.iter_mut().for_each(|o| o.any = true);
                all.extend(other);
            }
            all
        }
        _ => Vec::new(),
    }
}

fn compensation(d: &mut Dossier, owner: PartyId, amount: u64) -> Vec<Due> {
    let a = amount.min(d.creditable());
    d.compensation += a;
    let service = d.pins.as_deref().map_or(0, |p| p.service.minor());
    d.compensated_ppb = d.compensated_ppb.saturating_add(a.saturating_mul(1_000_000_000).checked_div(service).unwrap_or(0));
    let owes = Account::PartyReceivable { role: Role::Owner, party: owner };
    due(9, What::Posted, &[(owes, a)], &[(Account::RequesterCredit { party: d.requester }, a)])
}

/// M22, M6, M7, M8.
fn settlement(d: &Dossier, p: Till<'_>) -> Vec<Due> {
    let job = d.job;
    let (escrow, held) = (Account::Escrow { job }, Account::Held { job });
    let (in_held, balance) = (p.units(held), p.units(escrow) + p.units(held));
    let Some(r) = reckon::settlement(d, balance) else { return Vec::new() };
    let mut all = due(5, What::Posted, &[(held, in_held)], &[(escrow, in_held)]);
    all.extend(due(22, What::Posted, &[(Account::ChargebackExpense, r.topped_up)], &[(escrow, r.topped_up)]));
    let mut settled = due(6, What::Posted, &[(escrow, balance + r.topped_up)], &r.parts);
    settled.iter_mut().for_each(|s| s.any = r.owners.is_some());
    all.extend(settled);
    let excess: u64 = r.excess.iter().map(|e| e.1).sum();
    all.extend(due(7, What::Posted, &[(Account::OperatorExpense, excess)], &r.excess));
    if let Some(trip) = r.trip {
        all.extend(due(8, What::Posted, &[(Account::GoodwillExpense, trip.1)], &[trip]));
    }
    all
}

/// Entries of a case's event.
pub(crate) fn of_case(d: &mut Dossier, e: &CaseEvent) -> Vec<Due> {
    let c = match e {
        CaseEvent::Claim(c) => c,
        CaseEvent::Dispute(e) => {
            d.dispute(e);
            return Vec::new();
        }
        CaseEvent::Evidence(_) | CaseEvent::TriageOverdue { .. } | CaseEvent::IncidentClosed { .. } => return Vec::new(),
    };
    let (id, claim) = (c.claim, d.claims.entry(c.claim).or_default());
    let (set_aside, expense, owed) = (Account::ClaimReserve { claim: id }, Account::ClaimsExpense, Account::ClaimsPayable { claim: id });
    match &c.what {
        Said::Reserved { reserve } => {
            let (old, new) = (claim.reserve, reserve.minor());
            claim.reserve = new;
            if new >= old {
                due(23, What::Posted, &[(expense, new - old)], &[(set_aside, new - old)])
            } else {
                due(23, What::Posted, &[(set_aside, old - new)], &[(expense, old - new)])
            }
        }
        Said::Approved { payout, .. } => {
            let (v, y) = (claim.reserve, payout.minor());
            *claim = Claim { reserve: 0, payout: y, approved: true, ended: false };
            let mut all =
                due(24, What::Posted, &[(set_aside, v), (expense, y.saturating_sub(v))], &[(owed, y), (expense, v.saturating_sub(y))]);
            // How much of the shares a pool can bear is the pool's matter.
            let mut shares = loose(25, What::Posted, (expense, y.max(1)));
            shares.iter_mut().for_each(|s| s.any = true);
            all.extend(shares);
            all
        }
        Said::Denied { .. } | Said::Lapsed { .. } => {
            let v = std::mem::take(&mut claim.reserve);
            claim.ended = true;
            due(26, What::Posted, &[(set_aside, v)], &[(expense, v)])
        }
        Said::Paid { .. } => {
            claim.ended = true;
            due(26, What::Posted, &[(owed, claim.payout)], &[(Account::Cash, claim.payout)])
        }
        Said::RecoveryReceived { insurer, amount } => {
            due(27, What::Posted, &[(Account::Cash, amount.minor())], &[(Account::InsurerReceivable { insurer: *insurer }, amount.minor())])
        }
        Said::RecoveryDenied { insurer, amount } => {
            due(27, What::Posted, &[(expense, amount.minor())], &[(Account::InsurerReceivable { insurer: *insurer }, amount.minor())])
        }
        Said::Opened { .. } | Said::Triaged { .. } | Said::Escalated { .. } => Vec::new(),
    }
}

/// A payout on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paying {
    pub from: Account,
    pub currency: Currency,
    pub net: u64,
    pub ended: bool,
}

/// The account from which a party is paid in a role.
pub(crate) const fn payable(role: Role, party: PartyId) -> Account {
    match role {
        Role::Owner => Account::OwnerPayable { party },
        Role::Operator => Account::OperatorPayable { party },
        Role::Developer => Account::DeveloperPayable { party },
        Role::Insurer => Account::InsurerPayable { party },
        Role::Requester => Account::RequesterCredit { party },
    }
}

/// The currency of a party's event, and its entries in it.
pub(crate) fn of_party(paying: &mut BTreeMap<PayoutId, Paying>, party: PartyId, e: &PartyEvent) -> Option<(Currency, Vec<Due>)> {
    Some(match e {
        PartyEvent::PayoutInitiated { payout, role, gross, netted, net, currency } => {
            let from = payable(*role, party);
            paying.insert(*payout, Paying { from, currency: *currency, net: net.minor(), ended: net.minor() == 0 });
            let owes = Account::PartyReceivable { role: *role, party };
            let clearing = Account::PayoutClearing { payout: *payout };
            (*currency, due(28, What::Posted, &[(from, gross.minor())], &[(owes, netted.minor()), (clearing, net.minor())]))
        }
        PartyEvent::PayoutConfirmed { payout, .. } | PartyEvent::PayoutFailed { payout, .. } => {
            let p = paying.get(payout)?;
            let to = if matches!(e, PartyEvent::PayoutConfirmed { .. }) { Account::Cash } else { p.from };
            (p.currency, due(29, What::Posted, &[(Account::PayoutClearing { payout: *payout }, p.net)], &[(to, p.net)]))
        }
        PartyEvent::ProviderSettled { gross, fee, currency, .. } => {
            let (x, f) = (gross.minor(), fee.minor());
            let debits = [(Account::Cash, x.saturating_sub(f)), (Account::ProviderFeeExpense, f)];
            (*currency, due(30, What::Posted, &debits, &[(Account::PspClearing, x)]))
        }
        PartyEvent::StandingOfferSet(_) | PartyEvent::StandingOfferCleared { .. } | PartyEvent::TrustScoreUpdated { .. } => return None,
    })
}

/// Entries of a period's event.
pub(crate) fn of_period(e: &PeriodEvent) -> Vec<Due> {
    let PeriodEvent::AdjustmentPosted { lines, .. } = e else { return Vec::new() };
    let (mut debits, mut credits) = (Vec::new(), Vec::new());
    for l in lines {
        let to = if l.amount >= 0 { &mut debits } else { &mut credits };
        to.push((l.account, l.amount.unsigned_abs()));
    }
    due(31, What::Posted, &debits, &credits)
}
