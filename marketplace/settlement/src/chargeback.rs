//! A bank takes a payment back (M17 to M21).
//!
//! It is a fact and is recorded at once. While it is open all of it is secured: first what was given back already, by
//! a claim on the requester who would have it twice; then by what the job still has; the rest by those who were paid.

use crate::bearers::{Borne, Cover, Funding, Pools, lay};
use crate::book::{ChargebackIs, ChargebackRow, ChargebackState, Happened, JobMoney, Step, positive, within};
use crate::refusal::Refusal;
use crate::template::{Cause, Template, entry_id};
use nooterra_engine::ids::ChargebackId;
use nooterra_engine::money::Amount;
use nooterra_ledger::{Account, Leg, Portion, Role};

/// What the provider says, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub chargeback: ChargebackId,
    /// c: what the bank took.
    pub amount: u64,
    /// f: what the provider asks for it.
    pub fee: u64,
}

fn what(chargeback: ChargebackId, row: ChargebackRow) -> Happened {
    Happened::Chargeback(ChargebackIs { chargeback, row })
}

/// M17, M18, M19, `CHARGEBACK_OPENED`.
pub fn opened(m: &JobMoney, cause: Cause, o: Opened, cover: Cover, pools: Pools) -> Result<Step, Refusal> {
    let Opened { chargeback, amount, fee } = o;
    if m.chargebacks.contains_key(&chargeback) {
        return Err(Refusal::AlreadyDone("this chargeback exists already"));
    }
    m.same_currency(&cause)?;
    if m.captured == 0 {
        return Err(Refusal::NotCaptured);
    }
    positive(amount)?;
    Amount::new(fee)?;
    within("the captured money", amount, m.captured)?;

    let on_requester = amount.saturating_sub(m.returnable());
    let from_escrow = (amount - on_requester).min(cover.escrow);
    let from_held = (amount - on_requester - from_escrow).min(cover.held);
    let settled_part = amount - on_requester - from_escrow - from_held;
    let Borne { takes, bearers } = lay(m, pools, settled_part, Funding::Legs, Account::ChargebackExpense)?;

    let (job, receivable) = (Some(m.job), Account::ChargebackReceivable { chargeback });
    let taken =
        vec![Leg::debit(receivable, amount), Leg::debit(Account::ProviderFeeExpense, fee), Leg::credit(Account::PspClearing, amount + fee)];
    let secured = vec![
        Leg::debit(Account::Escrow { job: m.job }, from_escrow),
        Leg::debit(Account::Held { job: m.job }, from_held),
        Leg::credit(Account::DisputeReserve { chargeback }, from_escrow + from_held),
    ];
    let clawback = cause.pend(Template::ChargebackClawback, 0, job, claw_legs(m, chargeback, &bearers, on_requester));
    let entry = clawback.is_some().then(|| entry_id(cause.event, Template::ChargebackClawback, 0));
    let state = ChargebackState::Open;
    let row = ChargebackRow { amount, fee, state, from_escrow, from_held, on_requester, clawback: entry, bearers, takes };
    let taken = cause.post(Template::Chargeback, 0, job, taken);
    let secured = cause.post(Template::ChargebackSecured, 0, job, secured);
    Ok(Step::new(m.job, what(chargeback, row), [taken, secured, clawback].into_iter().flatten()))
}

/// Debits of those who bear the part that the job itself does not secure, and its credit.
fn claw_legs(m: &JobMoney, chargeback: ChargebackId, bearers: &[crate::book::Bearing], on_requester: u64) -> Vec<Leg> {
    let requester = Account::PartyReceivable { role: Role::Requester, party: m.requester };
    let mut legs: Vec<Leg> = bearers.iter().map(|b| Leg::debit(b.account, b.amount)).collect();
    let sum = bearers.iter().map(|b| b.amount).sum::<u64>() + on_requester;
    legs.extend([Leg::debit(requester, on_requester), Leg::credit(Account::ChargebackReceivable { chargeback }, sum)]);
    legs
}

fn open_row(m: &JobMoney, chargeback: ChargebackId) -> Result<&ChargebackRow, Refusal> {
    let row = m.chargebacks.get(&chargeback).ok_or(Refusal::NotFound("chargeback"))?;
    if row.state == ChargebackState::Open { Ok(row) } else { Err(Refusal::AlreadyDone("this chargeback is decided")) }
}

/// M20, `CHARGEBACK_WON` with a part of the fee back: every security goes where it came from, whatever became of the
/// job meanwhile.
pub fn won(m: &JobMoney, cause: Cause, chargeback: ChargebackId, fee_back: u64) -> Result<Step, Refusal> {
    let row = open_row(m, chargeback)?;
    m.same_currency(&cause)?;
    within("the fee", fee_back, row.fee)?;
    let job = m.job;
    let legs = vec![
        Leg::debit(Account::PspClearing, row.amount + fee_back),
        Leg::debit(Account::DisputeReserve { chargeback }, row.secured()),
        Leg::credit(Account::ChargebackReceivable { chargeback }, row.amount),
        Leg::credit(Account::ProviderFeeExpense, fee_back),
        Leg::credit(Account::Escrow { job }, row.from_escrow),
        Leg::credit(Account::Held { job }, row.from_held),
    ];
    // The reservation ends first: until then it has a right to the receivable.
    let voided = row.clawback.map(|e| cause.void(Template::ChargebackWon, 1, e));
    let back = cause.post(Template::ChargebackWon, 0, Some(job), legs);
    let row = ChargebackRow { state: ChargebackState::Won, ..row.clone() };
    Ok(Step::new(job, what(chargeback, row), voided.into_iter().chain(back)))
}

/// M21, `CHARGEBACK_LOST`: what secured it is gone. If a decision lays the loss on others than those who secured it,
/// their reservation ends and the others are debited in its place.
pub fn lost(m: &JobMoney, cause: Cause, chargeback: ChargebackId, funding: Funding, mut pools: Pools) -> Result<Step, Refusal> {
    let row = open_row(m, chargeback)?;
    m.same_currency(&cause)?;
    let clawed: u64 = row.bearers.iter().map(|b| b.amount).sum();
    let (mut takes, mut bearers) = (row.takes.clone(), row.bearers.clone());
    if clawed > 0 && funding != Funding::Legs {
        let mut without = m.clone();
        without.give_back(&row.takes);
        pools.give_back(&row.bearers);
        Borne { takes, bearers } = lay(&without, pools, clawed, funding, Account::ChargebackExpense)?;
    }
    let spent = vec![
        Leg::debit(Account::DisputeReserve { chargeback }, row.secured()),
        Leg::credit(Account::ChargebackReceivable { chargeback }, row.secured()),
    ];
    let mut commands: Vec<_> = cause.post(Template::ChargebackLost, 0, Some(m.job), spent).into_iter().collect();
    if nooterra_engine::planted!("I29 a lost chargeback keeps its security") {
        commands.clear();
    }
    if let Some(entry) = row.clawback {
        if bearers == row.bearers {
            commands.push(cause.capture(Template::ChargebackLost, 1, entry, Portion::Whole));
        } else {
            commands.push(cause.void(Template::ChargebackLost, 1, entry));
            let legs = claw_legs(m, chargeback, &bearers, row.on_requester);
            commands.extend(cause.post(Template::ChargebackLost, 2, Some(m.job), legs));
        }
    }
    let row = ChargebackRow { state: ChargebackState::Lost, takes, bearers, ..row.clone() };
    Ok(Step::new(m.job, what(chargeback, row), commands))
}
