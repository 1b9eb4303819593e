//! Histories of transfers as another double-entry engine answered them (TigerBeetle's public data model), played on our
//! book through an adapter that only translates: every outcome and every balance must be the same.
//!
//! `NOOTERRA_LEDGER_VECTORS` names another file of the same kind: one history a line.

#![allow(clippy::disallowed_methods, reason = "a test reads the vectors where they lie")]

use nooterra_engine::ids::{EventId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::audit::audit;
use nooterra_ledger::entry::{Post, SetLimit};
use nooterra_ledger::{
    Account, AccountKey, Balance, Book, Command, Entry, EntryId, Fact, Hold, Leg, Portion, Rejection, Resolution, Role, Side, submit,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Deserialize)]
struct History {
    seed: u64,
    accounts: Vec<TheirAccount>,
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
struct TheirAccount {
    id: u128,
    ledger: u32,
    flags: Vec<String>,
}

#[derive(Deserialize)]
struct Batch {
    transfers: Vec<Transfer>,
    results: Vec<String>,
    /// Id, debits pending and posted, credits pending and posted.
    balances: Vec<[u128; 5]>,
}

#[derive(Deserialize, Clone)]
struct Transfer {
    id: u128,
    debit_account_id: u128,
    credit_account_id: u128,
    amount: u128,
    pending_id: u128,
    ledger: u32,
    code: u16,
    flags: Vec<String>,
}

impl Transfer {
    fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }
    fn ends(&self) -> bool {
        self.is("post_pending_transfer") || self.is("void_pending_transfer")
    }
}

/// A transfer that was carried out, as one would have to write it for its effect.
#[derive(Clone)]
struct Done {
    as_sent: Transfer,
    amount: u128,
}

/// Their words over our book.
#[derive(Clone, Default)]
struct Adapter {
    book: Book,
    facts: Vec<Fact>,
    accounts: BTreeMap<u128, (AccountKey, u32)>,
    done: BTreeMap<u128, Done>,
    /// Their ids that failed for a passing reason: such an id is used up there as it is here.
    failed: BTreeSet<u128>,
    /// How pending transfers ended.
    ended: BTreeMap<u128, &'static str>,
}

const PASSING: [&str; 5] =
    ["debit_account_not_found", "credit_account_not_found", "pending_transfer_not_found", "exceeds_credits", "exceeds_debits"];

fn event() -> EventId {
    EventId::named("vectors")
}

fn entry_id(id: u128) -> EntryId {
    EntryId::from_bytes(id.to_be_bytes())
}

impl Adapter {
    fn new(h: &History) -> Self {
        let mut a = Self::default();
        for t in &h.accounts {
            let party = PartyId::from_bytes(t.id.to_be_bytes());
            let normal_debit = t.flags.iter().any(|f| f == "credits_must_not_exceed_debits");
            let account =
                if normal_debit { Account::PartyReceivable { role: Role::Requester, party } } else { Account::RequesterCredit { party } };
            // Their ledgers are our currencies: nothing crosses from one to the other.
            let currency = if t.ledger == 1 { Currency::EUR } else { Currency::USD };
            let key = AccountKey { account, currency };
            if t.flags.is_empty() {
                let id = EntryId::of(EventId::named(&format!("limit {}", t.id)), 0);
                let limit = SetLimit { id, key, min_available: None, cause: event(), at: Instant::ZERO };
                a.submit(&Command::Limit(limit)).expect("limits can be lifted");
            }
            assert!(t.flags.len() < 2, "no account of both kinds is known");
            a.accounts.insert(t.id, (key, t.ledger));
        }
        a
    }

    fn submit(&mut self, c: &Command) -> Result<(), Rejection> {
        let (facts, end) = submit(&mut self.book, c);
        self.facts.extend(facts);
        end
    }

    fn balance(&self, id: u128) -> (Balance, Side) {
        let (key, _) = self.accounts[&id];
        (self.book.balance(key.account, key.currency), key.account.kind().normal())
    }

    /// Debits pending and posted, credits pending and posted.
    fn columns(&self, id: u128) -> [u128; 4] {
        let (b, normal) = self.balance(id);
        let (grows, falls) = ([b.pending_in, b.added], [b.pending_out, b.taken()]);
        let (debits, credits) = if normal == Side::Debit { (grows, falls) } else { (falls, grows) };
        [debits[0], debits[1], credits[0], credits[1]].map(|v| u128::try_from(v).expect("columns never fall below zero"))
    }

    /// What was sent again under a known id.
    fn exists(&self, t: &Transfer, e: &Done) -> &'static str {
        let was = &e.as_sent;
        let set = |t: &Transfer| t.flags.iter().cloned().collect::<BTreeSet<_>>();
        if set(t) != set(was) {
            return "exists_with_different_flags";
        }
        if t.pending_id != was.pending_id {
            return "exists_with_different_pending_id";
        }
        let ends = t.ends();
        let side = |now: u128, then: u128| now != then && !(ends && now == 0);
        if side(t.debit_account_id, was.debit_account_id) {
            return "exists_with_different_debit_account_id";
        }
        if side(t.credit_account_id, was.credit_account_id) {
            return "exists_with_different_credit_account_id";
        }
        let all = |now: u128| if ends { self.done[&was.pending_id].amount } else { now };
        let same = match () {
            () if t.is("balancing_debit") || t.is("balancing_credit") => t.amount >= e.amount,
            () if t.is("post_pending_transfer") && t.amount == u128::MAX => e.amount == all(0),
            () if t.is("void_pending_transfer") && t.amount == 0 => e.amount == all(0),
            () => t.amount == e.amount,
        };
        if !same {
            return "exists_with_different_amount";
        }
        if (t.ledger, t.code) == (was.ledger, was.code) || ends { "exists" } else { "exists_with_different_code" }
    }

    /// One transfer as a command of ours; none if it moves nothing.
    fn translate(&self, t: &Transfer) -> Result<(u128, Option<Command>), &'static str> {
        if let Some(e) = self.done.get(&t.id) {
            return Err(self.exists(t, e));
        }
        if self.failed.contains(&t.id) {
            return Err("id_already_failed");
        }
        if t.ends() {
            return self.ending(t);
        }
        if t.debit_account_id == t.credit_account_id {
            return Err("accounts_must_be_different");
        }
        if t.ledger == 0 {
            return Err("ledger_must_not_be_zero");
        }
        if t.code == 0 {
            return Err("code_must_not_be_zero");
        }
        let (debit, l) = *self.accounts.get(&t.debit_account_id).ok_or("debit_account_not_found")?;
        let (credit, m) = *self.accounts.get(&t.credit_account_id).ok_or("credit_account_not_found")?;
        if l != m {
            return Err("accounts_must_have_the_same_ledger");
        }
        if t.ledger != l {
            return Err("transfer_must_have_the_same_ledger_as_accounts");
        }
        let mut amount = t.amount;
        if t.is("balancing_debit") {
            let [dp, d, _, c] = self.columns(t.debit_account_id);
            amount = amount.min(c.saturating_sub(dp + d));
        }
        if t.is("balancing_credit") {
            let [_, d, cp, c] = self.columns(t.credit_account_id);
            amount = amount.min(d.saturating_sub(cp + c));
        }
        if amount == 0 {
            return Ok((0, None)); // our book has no entries of nothing
        }
        let v = u64::try_from(amount).expect("amounts of the vectors are ours");
        let legs = vec![Leg::debit(debit.account, v), Leg::credit(credit.account, v)];
        let (id, code, at) = (entry_id(t.id), t.code, Instant::ZERO);
        let entry = Entry { id, code, cause: event(), job: None, at, currency: debit.currency, legs };
        let c = if t.is("pending") { Command::Pend(Hold { entry, expires: None }) } else { Command::PostEntry(entry) };
        Ok((amount, Some(c)))
    }

    fn ending(&self, t: &Transfer) -> Result<(u128, Option<Command>), &'static str> {
        let p = self.done.get(&t.pending_id).ok_or("pending_transfer_not_found")?;
        if !p.as_sent.is("pending") {
            return Err("pending_transfer_not_pending");
        }
        let other = |now: u128, then: u128| now != 0 && now != then;
        if other(t.debit_account_id, p.as_sent.debit_account_id) {
            return Err("pending_transfer_has_different_debit_account_id");
        }
        if other(t.credit_account_id, p.as_sent.credit_account_id) {
            return Err("pending_transfer_has_different_credit_account_id");
        }
        if other(t.ledger.into(), p.as_sent.ledger.into()) {
            return Err("pending_transfer_has_different_ledger");
        }
        if other(t.code.into(), p.as_sent.code.into()) {
            return Err("pending_transfer_has_different_code");
        }
        let post = t.is("post_pending_transfer");
        let all = if post { t.amount == u128::MAX } else { t.amount == 0 };
        let amount = if all { p.amount } else { t.amount };
        if amount > p.amount {
            return Err("exceeds_pending_transfer_amount");
        }
        if !post && amount < p.amount {
            return Err("pending_transfer_has_different_amount");
        }
        let resolution =
            Resolution { id: entry_id(t.id), pending: entry_id(t.pending_id), code: p.as_sent.code, cause: event(), at: Instant::ZERO };
        // A pending transfer of nothing is none of ours; whether it was ended is theirs to know.
        if p.amount == 0 {
            return self.ended.get(&t.pending_id).map_or(Ok((0, None)), |e| Err(*e));
        }
        let v = u64::try_from(amount).expect("amounts of the vectors are ours");
        Ok((
            amount,
            Some(if post && v > 0 { Command::Post(Post { resolution, portion: Portion::Amount(v) }) } else { Command::Void(resolution) }),
        ))
    }

    /// Our reason in their words.
    fn reason(&self, t: &Transfer, r: &Rejection) -> &'static str {
        match r {
            Rejection::Limit { key, .. } if self.accounts.get(&t.debit_account_id).is_some_and(|(k, _)| k == key) => "exceeds_credits",
            Rejection::Limit { .. } => "exceeds_debits",
            Rejection::PendingResolved => self.ended[&t.pending_id],
            r => panic!("transfer {}: unexpected {r}", t.id),
        }
    }

    /// Carries out one transfer.
    fn one(&mut self, t: &Transfer) -> (&'static str, Option<Command>) {
        let outcome = self.translate(t).and_then(|(amount, c)| {
            if let Some(c) = &c {
                self.submit(c).map_err(|r| self.reason(t, &r))?;
            }
            Ok((amount, c))
        });
        match outcome {
            Ok((amount, c)) => {
                self.done.insert(t.id, Done { as_sent: self.whole(t), amount });
                if t.ends() {
                    let how =
                        if t.is("void_pending_transfer") { "pending_transfer_already_voided" } else { "pending_transfer_already_posted" };
                    self.ended.insert(t.pending_id, how);
                }
                ("created", c)
            }
            Err(why) => {
                if PASSING.contains(&why) {
                    self.failed.insert(t.id);
                }
                (why, None)
            }
        }
    }

    /// An end of a pending transfer takes what it leaves out from that transfer.
    fn whole(&self, t: &Transfer) -> Transfer {
        let mut t = t.clone();
        if let Some(p) = self.done.get(&t.pending_id).filter(|_| t.ends()) {
            (t.debit_account_id, t.credit_account_id) = (p.as_sent.debit_account_id, p.as_sent.credit_account_id);
            (t.ledger, t.code) = (p.as_sent.ledger, p.as_sent.code);
        }
        t
    }

    /// A chain: all or none. What each part would do is seen on a copy; the book itself gets one link.
    fn chain(&mut self, parts: &[Transfer]) -> Vec<&'static str> {
        let mut copy = self.clone();
        let mut commands = Vec::new();
        for (i, t) in parts.iter().enumerate() {
            let (end, c) = copy.one(t);
            commands.extend(c);
            if end != "created" {
                // Our own link must fail as well, if the part that fails is one for the book to judge.
                if let Ok((_, Some(c))) = self.prefix(&parts[..i]).translate(t) {
                    let mut link = commands.clone();
                    link.push(c);
                    let mut book = self.book.clone();
                    let refused = submit(&mut book, &Command::linked(link)).1;
                    assert!(matches!(refused, Err(Rejection::LinkFailed { .. })), "transfer {}: {refused:?}", t.id);
                }
                if PASSING.contains(&end) {
                    self.failed.insert(t.id);
                }
                return (0..parts.len()).map(|k| if k == i { end } else { "linked_event_failed" }).collect();
            }
        }
        if !commands.is_empty() {
            let end = self.submit(&Command::linked(commands));
            assert_eq!(end, Ok(()), "a chain whose parts are all good");
        }
        assert!(
            copy.book.accounts().iter().all(|r| self.book.balance(r.key.account, r.key.currency) == r.balance),
            "one link, or each part"
        );
        (self.done, self.ended) = (copy.done, copy.ended);
        vec!["created"; parts.len()]
    }

    /// As it would be after the first parts of a chain.
    fn prefix(&self, parts: &[Transfer]) -> Self {
        let mut copy = self.clone();
        parts.iter().for_each(|t| _ = copy.one(t));
        copy
    }

    fn batch(&mut self, transfers: &[Transfer]) -> Vec<&'static str> {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < transfers.len() {
            let linked = transfers[at..].iter().take_while(|t| t.is("linked")).count();
            if at + linked == transfers.len() {
                // The chain has no end: nothing of it happens, and what fails in it before its end is named.
                let mut open = self.prefix(&[]).chain(&transfers[at..at + linked - 1]);
                open.iter_mut().filter(|end| **end == "created").for_each(|end| *end = "linked_event_failed");
                let passing = transfers[at..].iter().zip(&open).filter(|(_, end)| PASSING.contains(end));
                self.failed.extend(passing.map(|(t, _)| t.id));
                out.extend(open);
                out.push("linked_event_chain_open");
                break;
            }
            if linked == 0 {
                out.push(self.one(&transfers[at]).0);
            } else {
                out.extend(self.chain(&transfers[at..=at + linked]));
            }
            at += linked + 1;
        }
        out
    }
}

fn file() -> Option<String> {
    let own = std::env::var_os("NOOTERRA_LEDGER_VECTORS").map(PathBuf::from);
    let named = own.is_some();
    let path = own.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ledger/transfers.jsonl"));
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(e) => {
            assert!(!named && std::env::var("CI").as_deref() != Ok("true"), "the vectors at {} are missing: {e}", path.display());
            eprintln!("no vectors at {}: {e}", path.display());
            None
        }
    }
}

#[test]
fn every_outcome_and_balance_is_as_theirs() {
    let Some(text) = file() else { return };
    let (mut seen, mut histories): (BTreeMap<String, u64>, u64) = (BTreeMap::new(), 0);
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let h: History = serde_json::from_str(line).expect("a history");
        let mut a = Adapter::new(&h);
        histories += 1;
        for (i, b) in h.batches.iter().enumerate() {
            let got = a.batch(&b.transfers);
            for (t, (got, theirs)) in b.transfers.iter().zip(got.iter().zip(&b.results)) {
                assert_eq!(got, theirs, "history {}, batch {i}, transfer {}", h.seed, t.id);
                *seen.entry(theirs.clone()).or_default() += 1;
            }
            for [id, columns @ ..] in &b.balances {
                assert_eq!(a.columns(*id), *columns, "history {}, batch {i}, account {id}", h.seed);
            }
        }
        assert_eq!(audit(&a.facts, &BTreeSet::new(), Some(&a.book)), vec![], "history {}", h.seed);
    }
    assert!(histories > 0, "no histories");
    println!("{histories} histories: {seen:?}");
}
