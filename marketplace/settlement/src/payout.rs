//! Money out: what parties are due, and its way to the bank (M28, M29).

use crate::template::{Cause, Template, entry_id, units};
use nooterra_engine::Record;
use nooterra_engine::ids::{EventId, PartyId, PayoutId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::book::Line;
use nooterra_ledger::statement::{matured, statement};
use nooterra_ledger::{Account, Book, Command, EntryId, Leg, Posting, Role, Side};

/// The account from which a party is paid in this role. A requester is paid from its credit, on request.
pub const fn payable(role: Role, party: PartyId) -> Account {
    match role {
        Role::Owner => Account::OwnerPayable { party },
        Role::Operator => Account::OperatorPayable { party },
        Role::Developer => Account::DeveloperPayable { party },
        Role::Insurer => Account::InsurerPayable { party },
        Role::Requester => Account::RequesterCredit { party },
    }
}

/// What one party is due in one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Due {
    /// The party.
    pub party: PartyId,
    /// The role in which it is paid.
    pub role: Role,
    /// Currency of the payout.
    pub currency: Currency,
    /// Matured minor units.
    pub gross: u64,
    /// Of these, what it owes in the same role and what is therefore kept.
    pub netted: u64,
}

impl Due {
    /// What goes to the bank.
    pub const fn net(&self) -> u64 {
        self.gross - self.netted
    }
}

/// What secures open chargebacks on a party in a role (M19), in minor units: it owes that if they are lost, so it is
/// not paid out meanwhile.
pub fn secured(book: &Book, role: Role, party: PartyId, currency: Currency) -> u64 {
    let account = Account::PartyReceivable { role, party };
    if book.balance(account, currency).pending_in == 0 {
        return 0;
    }
    let open = book.pendings().values().filter(|p| p.code == Template::ChargebackClawback.code() && p.currency == currency);
    let on_party = |p: &&Posting| p.side == Side::Debit && book.account(p.account).is_some_and(|k| k.account == account);
    open.flat_map(|p| p.postings.iter().filter(on_party)).map(|p| p.amount).sum()
}

/// What a party is due in a role: everything that stood on its payable at `matured_by`, less what was taken or
/// reserved since, less what secures chargebacks. `None` when that is nothing.
pub fn payable_due(book: &Book, role: Role, party: PartyId, currency: Currency, matured_by: Instant) -> Option<Due> {
    let matured = units(matured(book, payable(role, party), currency, matured_by));
    let gross = matured.saturating_sub(secured(book, role, party, currency));
    let owed = units(book.balance(Account::PartyReceivable { role, party }, currency).available());
    (gross > 0).then(|| Due { party, role, currency, gross, netted: gross.min(owed) })
}

/// Everybody who is due something without asking: owners, operators, developers and insurers, in the order in which
/// their accounts were opened.
pub fn all_due(book: &Book, currency: Currency, matured_by: Instant) -> Vec<Due> {
    let role = |a: &Account| match a {
        Account::OwnerPayable { party } => Some((Role::Owner, *party)),
        Account::OperatorPayable { party } => Some((Role::Operator, *party)),
        Account::DeveloperPayable { party } => Some((Role::Developer, *party)),
        Account::InsurerPayable { party } => Some((Role::Insurer, *party)),
        _ => None,
    };
    let payables = book.accounts().iter().filter(|r| r.key.currency == currency).filter_map(|r| role(&r.key.account));
    payables.filter_map(|(role, party)| payable_due(book, role, party, currency, matured_by)).collect()
}

/// A party's statement in one role: opening + credits - debits - payouts = ending.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct PartyStatement {
    /// The party.
    pub party: PartyId,
    /// The role.
    pub role: Role,
    /// Its currency.
    pub currency: Currency,
    /// Due at the beginning.
    pub opening: i128,
    /// Earned, and payouts that failed.
    pub credits: i128,
    /// Taken for other reasons than a payout.
    pub debits: i128,
    /// Paid out, netted debts included.
    pub payouts: i128,
    /// Due at the end.
    pub ending: i128,
    /// Every movement, once, in order.
    pub lines: Vec<Line>,
}

/// What a party earned and was paid in a role over `from..to`; none if it never earned anything in it.
pub fn party_statement(book: &Book, role: Role, party: PartyId, currency: Currency, from: Instant, to: Instant) -> Option<PartyStatement> {
    let s = statement(book, payable(role, party), currency, from, to)?;
    let paid = |l: &&Line| l.code == Template::PayoutInitiated.code();
    let payouts = -s.lines.iter().filter(paid).map(|l| l.change).sum::<i128>();
    let (opening, credits, debits, ending) = (s.opening, s.added, s.taken - payouts, s.ending);
    Some(PartyStatement { party, role, currency, opening, credits, debits, payouts, ending, lines: s.lines })
}

/// Cash that no payout on its way lays claim to: a payout of more could not be confirmed.
pub fn fundable(book: &Book, currency: Currency) -> u64 {
    let cash = book.balance(Account::Cash, currency).available();
    let claims = book.accounts().iter().filter(|r| r.key.currency == currency && matches!(r.key.account, Account::PayoutClearing { .. }));
    units(cash - claims.map(|r| r.balance.posted).sum::<i128>())
}

/// A payout on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Payout {
    /// The payout.
    pub payout: PayoutId,
    /// What is paid, to whom.
    pub due: Due,
}

/// The entry of a payout's initiation.
pub fn payout_entry(event: EventId) -> EntryId {
    entry_id(event, Template::PayoutInitiated, 0)
}

impl Payout {
    /// M28, `PAYOUT_INITIATED`: the payable is used up by what the party owes and what goes to the bank.
    pub fn initiated(&self, cause: Cause) -> Option<Command> {
        let Due { party, role, gross, netted, .. } = self.due;
        let legs = vec![
            Leg::debit(payable(role, party), gross),
            Leg::credit(Account::PartyReceivable { role, party }, netted),
            Leg::credit(Account::PayoutClearing { payout: self.payout }, self.due.net()),
        ];
        Cause { currency: self.due.currency, ..cause }.post(Template::PayoutInitiated, 0, None, legs)
    }
    /// M29, `PAYOUT_CONFIRMED`. Nothing if all of it was netted.
    pub fn confirmed(&self, cause: Cause) -> Option<Command> {
        self.end(cause, Account::Cash)
    }
    /// M29, `PAYOUT_FAILED`: the party is due it again; the netting stands.
    pub fn failed(&self, cause: Cause) -> Option<Command> {
        self.end(cause, payable(self.due.role, self.due.party))
    }
    fn end(&self, cause: Cause, to: Account) -> Option<Command> {
        let net = self.due.net();
        let legs = vec![Leg::debit(Account::PayoutClearing { payout: self.payout }, net), Leg::credit(to, net)];
        Cause { currency: self.due.currency, ..cause }.post(Template::PayoutEnd, 0, None, legs)
    }
}
