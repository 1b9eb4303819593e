//! An auditor who trusts nobody: derives every balance again from the facts alone, with no code of the book.
//!
//! It shares the words (accounts, facts) and nothing else: its own table of normal sides, its own sums, its own order
//! of checks. It can run beside the book, fact by fact, or over an exported log.

use crate::account::{Account, AccountKey};
use crate::entry::EntryId;
use crate::fact::{Fact, Posting};
use crate::{Book, Side};
use nooterra_engine::digest::{Digest, blake3, sha256_plain};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::record::Writer;
use nooterra_engine::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Finding {
    /// A sequence number is missing or repeated.
    #[error("fact {found} follows where {expected} was due")]
    Gap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Time ran backwards.
    #[error("fact {seq} lies before its predecessor in time")]
    TimeBackwards {
        /// Number of the fact.
        seq: u64,
    },
    /// An id has two outcomes.
    #[error("fact {seq}: {id} has an outcome already")]
    SecondOutcome {
        /// Number of the fact.
        seq: u64,
        /// The id.
        id: EntryId,
    },
    /// Debits and credits of an entry differ.
    #[error("fact {seq}: debits exceed credits by {excess}")]
    Unbalanced {
        /// Number of the fact.
        seq: u64,
        /// Debits less credits.
        excess: i128,
    },
    /// A posting of nothing, or on an account that was never opened or has another currency.
    #[error("fact {seq}: posting {index} is void or on a foreign account")]
    BadPosting {
        /// Number of the fact.
        seq: u64,
        /// Which posting.
        index: u64,
    },
    /// An account was opened twice or out of order.
    #[error("fact {seq}: {account} is opened twice or out of order")]
    BadOpening {
        /// Number of the fact.
        seq: u64,
        /// The account.
        account: Account,
    },
    /// A resolution of nothing, or of more than was reserved.
    #[error("fact {seq}: ends {pending} wrongly")]
    BadResolution {
        /// Number of the fact.
        seq: u64,
        /// The pending entry.
        pending: EntryId,
    },
    /// A hold was seen past its end, or ended before it.
    #[error("fact {seq}: the time of {pending} is not now")]
    BadExpiry {
        /// Number of the fact.
        seq: u64,
        /// The pending entry.
        pending: EntryId,
    },
    /// A period that does not follow the last one, or has not ended, or an entry in a closed one.
    #[error("fact {seq}: does not fit the closed periods of {currency}")]
    BadPeriod {
        /// Number of the fact.
        seq: u64,
        /// The currency.
        currency: Currency,
    },
    /// A closed period's trial balance is not what the postings give.
    #[error("fact {seq}: the trial balance of {currency} is not what its postings give")]
    BadTrial {
        /// Number of the fact.
        seq: u64,
        /// The currency.
        currency: Currency,
    },
    /// A balance below its account's limit, pending included: without one set, on its abnormal side.
    #[error("fact {seq}: {account} in {currency} stands at {stands}")]
    AbnormalSide {
        /// Number of the fact.
        seq: u64,
        /// The account.
        account: Account,
        /// Its currency.
        currency: Currency,
        /// Its balance, reserved outflow taken off.
        stands: i128,
    },
    /// A currency does not sum to zero.
    #[error("{currency} sums to {posted} posted and {pending} pending")]
    NotZero {
        /// The currency.
        currency: Currency,
        /// Posted, debit positive.
        posted: i128,
        /// Pending, debit positive.
        pending: i128,
    },
    /// The book's balance is not the fold of its postings.
    #[error("the book has {account} in {currency} at {book}, its postings give {fold}")]
    BalanceDiffers {
        /// The account.
        account: Account,
        /// Its currency.
        currency: Currency,
        /// What the book says, as text: posted, pending in, pending out.
        book: String,
        /// What the postings give.
        fold: String,
    },
    /// Money of a job that has ended.
    #[error("{account} in {currency} keeps {stands} although the job has ended")]
    EndedJobHasMoney {
        /// Escrow or held.
        account: Account,
        /// Its currency.
        currency: Currency,
        /// Posted and pending, without sign.
        stands: i128,
    },
    /// The book's chain over its facts is not what the facts give.
    #[error("the chain over {count} facts is {says}, they give {gives}")]
    ChainDiffers {
        /// How many facts.
        count: u64,
        /// What the book, or the log, says.
        says: String,
        /// What the facts give.
        gives: String,
    },
    /// The book's Merkle root over its facts is not what the facts give.
    #[error("the root over {count} facts is {says}, they give {gives}")]
    RootDiffers {
        /// How many facts.
        count: u64,
        /// What the book, or the log, says.
        says: String,
        /// What the facts give.
        gives: String,
    },
    /// A payable to somebody who may not be paid.
    #[error("{account} in {currency} names nobody who may be paid")]
    NoPayee {
        /// The account.
        account: Account,
        /// Its currency.
        currency: Currency,
    },
}

/// Debits and credits of one account, layer by layer.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    posted: [i128; 2],
    pending: [i128; 2],
}

/// Follows the facts of one book.
#[derive(Debug, Clone, Default)]
pub struct Auditor {
    due: u64,
    last: Instant,
    keys: Vec<AccountKey>,
    numbers: BTreeSet<AccountKey>,
    columns: Vec<Columns>,
    /// Least that may be available, by account.
    least: Vec<Option<i128>>,
    ids: BTreeSet<EntryId>,
    open: BTreeMap<EntryId, Open>,
    ends: BTreeSet<(Instant, EntryId)>,
    closed: BTreeMap<Currency, Instant>,
    /// Where the chain was when each piece ended, and the facts since then as they are hashed.
    heads: Vec<Digest>,
    piece: Vec<u8>,
}

/// A hold as the facts tell it.
#[derive(Debug, Clone)]
struct Open {
    currency: Currency,
    left: Vec<Posting>,
    expires: Option<Instant>,
}

fn column(side: Side) -> usize {
    match side {
        Side::Debit => 0,
        Side::Credit => 1,
    }
}

/// The column in which a balance is expected; none if either will do.
fn expected(account: &Account) -> Option<usize> {
    use Account as A;
    match account {
        A::PspClearing => None,
        A::Cash
        | A::InsurerReceivable { .. }
        | A::PartyReceivable { .. }
        | A::ChargebackReceivable { .. }
        | A::OperatorExpense
        | A::SlaCreditExpense
        | A::GoodwillExpense
        | A::ClaimsExpense
        | A::ChargebackExpense
        | A::ProviderFeeExpense => Some(0),
        A::Escrow { .. }
        | A::Held { .. }
        | A::DisputeReserve { .. }
        | A::OwnerPayable { .. }
        | A::OperatorPayable { .. }
        | A::DeveloperPayable { .. }
        | A::InsurerPayable { .. }
        | A::RequesterRefundPayable { .. }
        | A::RequesterCredit { .. }
        | A::ClaimReserve { .. }
        | A::ClaimsPayable { .. }
        | A::PayoutClearing { .. }
        | A::InsuranceReserve
        | A::CoverageReserve
        | A::PlatformRevenue
        | A::CoverageRevenue => Some(1),
    }
}

impl Auditor {
    /// Takes the next fact and says what is wrong with it.
    pub fn observe(&mut self, fact: &Fact) -> Vec<Finding> {
        let (mut out, seq) = (Vec::new(), fact.seq());
        if seq != self.due {
            out.push(Finding::Gap { expected: self.due, found: seq });
        }
        self.due = seq + 1;
        if fact.at() < self.last {
            out.push(Finding::TimeBackwards { seq });
        }
        self.last = fact.at();
        self.chain_on(fact);
        // Nobody may act while a hold whose time is up still counts.
        if let Some((_, pending)) = self.ends.first().filter(|(end, _)| *end <= fact.at())
            && !matches!(fact, Fact::PendingExpired(f) if f.pending == *pending)
        {
            out.push(Finding::BadExpiry { seq, pending: *pending });
        }
        match fact {
            Fact::AccountOpened(f) => {
                if !self.numbers.insert(f.key) || f.ix.0 as usize != self.keys.len() {
                    out.push(Finding::BadOpening { seq, account: f.key.account });
                }
                self.keys.push(f.key);
                self.columns.push(Columns::default());
                self.least.push(expected(&f.key.account).map(|_| 0));
            }
            Fact::EntryPosted(f) => {
                self.claim(f.id, seq, &mut out);
                self.fold(&f.postings, f.currency, 1, false, seq, &mut out);
                self.sides(&f.postings, seq, &mut out);
            }
            Fact::EntryPended(f) => {
                self.claim(f.id, seq, &mut out);
                self.fold(&f.postings, f.currency, 1, true, seq, &mut out);
                self.sides(&f.postings, seq, &mut out);
                self.open.insert(f.id, Open { currency: f.currency, left: f.postings.clone(), expires: f.expires });
                if let Some(end) = f.expires {
                    self.ends.insert((end, f.id));
                    if end <= f.at {
                        out.push(Finding::BadExpiry { seq, pending: f.id });
                    }
                }
            }
            Fact::PendingPosted(f) | Fact::PendingVoided(f) => {
                self.claim(f.id, seq, &mut out);
                let held = self.close(f.pending);
                let within =
                    |p: &Posting, held: &[Posting]| held.iter().any(|h| h.account == p.account && h.side == p.side && p.amount <= h.amount);
                let fits = held.as_ref().is_some_and(|h| h.currency == f.currency && f.postings.iter().all(|p| within(p, &h.left)));
                if !fits || f.postings.is_empty() != matches!(fact, Fact::PendingVoided(_)) {
                    out.push(Finding::BadResolution { seq, pending: f.pending });
                }
                if let Some(h) = held {
                    self.fold(&h.left, h.currency, -1, true, seq, &mut out);
                    self.fold(&f.postings, f.currency, 1, false, seq, &mut out);
                    self.sides(&h.left, seq, &mut out);
                }
            }
            Fact::PendingCaptured(f) | Fact::PendingRaised(f) => {
                self.claim(f.id, seq, &mut out);
                let raise = matches!(fact, Fact::PendingRaised(_));
                if !self.change(f.pending, f.currency, &f.legs, &f.postings, raise) {
                    out.push(Finding::BadResolution { seq, pending: f.pending });
                }
                self.fold(&f.postings, f.currency, if raise { 1 } else { -1 }, true, seq, &mut out);
                if !raise {
                    self.fold(&f.postings, f.currency, 1, false, seq, &mut out);
                }
                self.sides(&f.postings, seq, &mut out);
            }
            Fact::PendingExpired(f) => match self.close(f.pending) {
                Some(h) => {
                    if h.expires != Some(f.at) {
                        out.push(Finding::BadExpiry { seq, pending: f.pending });
                    }
                    self.fold(&h.left, h.currency, -1, true, seq, &mut out);
                }
                None => out.push(Finding::BadResolution { seq, pending: f.pending }),
            },
            Fact::LimitSet(f) => {
                self.claim(f.id, seq, &mut out);
                match self.least.get_mut(f.account.0 as usize) {
                    Some(least) => *least = f.min_available,
                    None => out.push(Finding::BadPosting { seq, index: 0 }),
                }
                let amount = 0;
                self.sides(&[Posting { account: f.account, side: Side::Debit, amount }], seq, &mut out);
            }
            Fact::PeriodClosed(f) => {
                self.claim(f.id, seq, &mut out);
                let follows = self.closed.insert(f.currency, f.to).is_none_or(|end| end == f.from);
                if !follows || f.to <= f.from || f.at < f.to {
                    out.push(Finding::BadPeriod { seq, currency: f.currency });
                }
                if self.trial(f.currency) != f.trial.iter().map(|c| (c.name.as_str(), c.debit, c.credit)).collect::<Vec<_>>() {
                    out.push(Finding::BadTrial { seq, currency: f.currency });
                }
            }
            Fact::EntryRefused(f) => self.claim(f.id, seq, &mut out),
        }
        out
    }
    /// The chain over all facts so far, derived again: BLAKE3 over the head before and the facts since, each behind its length; a
    /// head ends once 16 KiB of facts stand behind it.
    pub fn chain(&self) -> Digest {
        blake3(&[&self.heads.last().copied().unwrap_or_default().0[..], &self.piece].concat())
    }
    fn chain_on(&mut self, fact: &Fact) {
        let mut w = Writer { bytes: Vec::new() };
        fact.put_digested(&mut w);
        self.piece.extend(u32::try_from(w.bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.piece.extend(w.bytes);
        if self.piece.len() >= 16_384 {
            self.heads.push(self.chain());
            self.piece.clear();
        }
    }
    /// The Merkle root over the chain's heads and its end, by the definition of RFC 6962.
    pub fn root(&self) -> Digest {
        let mut leaves = self.heads.clone();
        leaves.push(self.chain());
        top(&leaves)
    }
    /// What somebody else says of the chain and of the root after the facts so far, both cut to as many bytes as are said.
    pub fn compare_roots(&self, chain: &[u8], root: &[u8]) -> Vec<Finding> {
        let mut out = Vec::new();
        let hex = |b: &[u8]| b.iter().fold(String::new(), |t, b| format!("{t}{b:02x}"));
        let (own_chain, own_root, count) = (self.chain(), self.root(), self.due);
        if !own_chain.0.starts_with(chain) {
            out.push(Finding::ChainDiffers { count, says: hex(chain), gives: own_chain.to_string() });
        }
        if !own_root.0.starts_with(root) {
            out.push(Finding::RootDiffers { count, says: hex(root), gives: own_root.to_string() });
        }
        out
    }
    /// Every currency sums to zero in both layers.
    pub fn sums(&self) -> Vec<Finding> {
        let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
        for (k, c) in self.keys.iter().zip(&self.columns) {
            let s = sums.entry(k.currency).or_default();
            s.0 += c.posted[0] - c.posted[1];
            s.1 += c.pending[0] - c.pending[1];
        }
        sums.into_iter()
            .filter(|(_, s)| *s != (0, 0))
            .map(|(currency, (posted, pending))| Finding::NotZero { currency, posted, pending })
            .collect()
    }
    /// The book says what its postings say, account by account, and lists them in its statements.
    pub fn compare(&self, book: &Book) -> Vec<Finding> {
        let mut out = self.compare_roots(&book.running_digest().head.0, &book.root().0);
        if book.next_seq() != self.due {
            out.push(Finding::Gap { expected: self.due, found: book.next_seq() });
        }
        for (i, k) in self.keys.iter().enumerate() {
            let (c, normal) = (self.columns[i], expected(&k.account).unwrap_or(0));
            let fold = (c.posted[normal] - c.posted[1 - normal], c.pending[normal], c.pending[1 - normal]);
            let row = book.row(k.account, k.currency);
            let says = row.map_or((0, 0, 0), |r| (r.balance.posted, r.balance.pending_in, r.balance.pending_out));
            let turned = row.map_or((0, 0), |r| (r.balance.added, r.balance.taken()));
            let listed: i128 = row.map_or(0, |r| r.lines.iter().map(|l| l.change).sum());
            let turnover = (c.posted[normal], c.posted[1 - normal]);
            if says != fold || turned != turnover || (k.account.party().is_some() && listed != fold.0) {
                out.push(Finding::BalanceDiffers {
                    account: k.account,
                    currency: k.currency,
                    book: format!("{says:?} (statement {listed})"),
                    fold: format!("{fold:?}"),
                });
            }
        }
        out
    }
    /// Jobs that have ended keep no money.
    pub fn ended(&self, jobs: &BTreeSet<JobId>) -> Vec<Finding> {
        let mut out = Vec::new();
        for (k, c) in self.keys.iter().zip(&self.columns) {
            if let Account::Escrow { job } | Account::Held { job } = k.account
                && jobs.contains(&job)
            {
                let stands = (c.posted[0] - c.posted[1]).abs() + c.pending[0] + c.pending[1];
                if stands != 0 {
                    out.push(Finding::EndedJobHasMoney { account: k.account, currency: k.currency, stands });
                }
            }
        }
        out
    }
    /// Every payable names a party that may be paid.
    pub fn payees(&self, verified: &BTreeSet<PartyId>) -> Vec<Finding> {
        use Account as A;
        let payee = |a: &Account| match a {
            A::OwnerPayable { party }
            | A::OperatorPayable { party }
            | A::DeveloperPayable { party }
            | A::InsurerPayable { party }
            | A::RequesterRefundPayable { party }
            | A::RequesterCredit { party } => Some(*party),
            _ => None,
        };
        let unpaid = |k: &&AccountKey| payee(&k.account).is_some_and(|p| !verified.contains(&p));
        self.keys.iter().filter(unpaid).map(|k| Finding::NoPayee { account: k.account, currency: k.currency }).collect()
    }

    /// Takes a hold out of those that are open.
    fn close(&mut self, pending: EntryId) -> Option<Open> {
        let mut held = self.open.remove(&pending)?;
        // Of a hold of many legs some may be captured whole.
        held.left.retain(|p| p.amount > 0);
        if let Some(end) = held.expires {
            self.ends.remove(&(end, pending));
        }
        Some(held)
    }
    /// Makes an open hold smaller or larger, leg by leg; says whether that fits it and the postings.
    fn change(&mut self, pending: EntryId, currency: Currency, legs: &[u64], postings: &[Posting], raise: bool) -> bool {
        let Some(h) = self.open.get_mut(&pending) else { return false };
        let moved: Vec<Posting> = h
            .left
            .iter()
            .zip(legs)
            .filter(|(_, v)| **v > 0)
            .map(|(p, v)| Posting { account: p.account, side: p.side, amount: *v })
            .collect();
        let mut fits = h.left.len() == legs.len() && h.currency == currency && moved == postings && !moved.is_empty();
        for (p, v) in h.left.iter_mut().zip(legs) {
            let then = if raise { p.amount.checked_add(*v) } else { p.amount.checked_sub(*v) };
            fits &= then.is_some();
            p.amount = then.unwrap_or(p.amount);
        }
        fits && h.left.iter().any(|p| p.amount > 0)
    }
    /// Name, debit and credit balances of a currency.
    fn trial(&self, currency: Currency) -> Vec<(&'static str, i128, i128)> {
        let mut rows: BTreeMap<&'static str, (i128, i128)> = BTreeMap::new();
        for (k, c) in self.keys.iter().zip(&self.columns).filter(|(k, _)| k.currency == currency) {
            let (row, excess) = (rows.entry(k.account.name()).or_default(), c.posted[0] - c.posted[1]);
            if excess >= 0 { row.0 += excess } else { row.1 -= excess }
        }
        rows.into_iter().map(|(name, (debit, credit))| (name, debit, credit)).collect()
    }

    fn claim(&mut self, id: EntryId, seq: u64, out: &mut Vec<Finding>) {
        if !self.ids.insert(id) {
            out.push(Finding::SecondOutcome { seq, id });
        }
    }
    fn fold(&mut self, postings: &[Posting], currency: Currency, sign: i128, pending: bool, seq: u64, out: &mut Vec<Finding>) {
        let mut sum = [0i128; 2];
        for (i, p) in postings.iter().enumerate() {
            let at = p.account.0 as usize;
            if p.amount == 0 || self.keys.get(at).is_none_or(|k| k.currency != currency) {
                out.push(Finding::BadPosting { seq, index: i as u64 });
                continue;
            }
            let (v, side) = (i128::from(p.amount), column(p.side));
            sum[side] += v;
            let c = &mut self.columns[at];
            if pending { c.pending[side] += sign * v } else { c.posted[side] += sign * v }
        }
        if sum[0] != sum[1] {
            out.push(Finding::Unbalanced { seq, excess: sum[0] - sum[1] });
        }
    }
    fn sides(&self, postings: &[Posting], seq: u64, out: &mut Vec<Finding>) {
        for p in postings {
            let at = p.account.0 as usize;
            let (Some(k), Some(c), Some(Some(least))) = (self.keys.get(at), self.columns.get(at), self.least.get(at)) else { continue };
            let normal = expected(&k.account).unwrap_or(0);
            let stands = c.posted[normal] - c.posted[1 - normal] - c.pending[1 - normal];
            if stands < *least {
                out.push(Finding::AbnormalSide { seq, account: k.account, currency: k.currency, stands });
            }
        }
    }
}

fn top(leaves: &[Digest]) -> Digest {
    let of = |tag: u8, parts: &[&Digest]| sha256_plain(&parts.iter().fold(vec![tag], |b, d| [b, d.0.to_vec()].concat()));
    match leaves {
        [] => sha256_plain(&[]),
        [one] => of(0, &[one]),
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            of(1, &[&top(&leaves[..half]), &top(&leaves[half..])])
        }
    }
}

/// Audits a whole history and, if given, the book that it made.
pub fn audit<'a>(facts: impl IntoIterator<Item = &'a Fact>, ended: &BTreeSet<JobId>, book: Option<&Book>) -> Vec<Finding> {
    let mut auditor = Auditor::default();
    let mut out: Vec<Finding> = facts.into_iter().flat_map(|f| auditor.observe(f)).collect();
    out.extend(auditor.sums());
    out.extend(auditor.ended(ended));
    out.extend(book.map(|b| auditor.compare(b)).unwrap_or_default());
    out
}
