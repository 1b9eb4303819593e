//! The book's digest and its tables, where they hold much.

use crate::fact::{Expired, Opened, Refused};
use crate::table::{Keyed, Table};
use crate::*;
use nooterra_engine::digest::{PIECE, PieceDigest};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::Currency;
use nooterra_engine::record::Writer;
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

fn id(n: u32) -> EntryId {
    EntryId::of(EventId::named("digest"), n)
}

/// Entries, holds, what ends them, and refusals.
fn command(n: u32) -> Command {
    let (job, party) = (JobId::named(&(n % 7).to_string()), PartyId::named(&(n % 5).to_string()));
    let (cause, at) = (EventId::named("digest"), Instant(u64::from(n)));
    let (from, to) = if n % 3 == 2 {
        (Account::Escrow { job }, Account::OwnerPayable { party })
    } else {
        (Account::PspClearing, Account::Escrow { job })
    };
    let legs = vec![Leg::debit(from, 5), Leg::credit(to, 5)];
    let entry = Entry { id: id(n), code: 1, cause, job: Some(job), at, currency: Currency::EUR, legs };
    let resolution = || Resolution { id: id(n), pending: id(n - 1), code: 2, cause, at };
    match n % 11 {
        4 => Command::Pend(Hold { entry, expires: Some(Instant(at.0 + 3)) }),
        5 => Command::Void(resolution()),
        6 => Command::Pend(Hold { entry, expires: None }),
        7 => Command::Post(entry::Post { resolution: resolution(), portion: Portion::Whole }),
        9 => Command::Pend(Hold { entry, expires: Some(Instant(at.0 + 1)) }),
        _ => Command::PostEntry(entry),
    }
}

#[test]
fn the_digest_is_the_same_whoever_reads_it_when_and_wherever_it_is_thawed() {
    let mut book = Book::default();
    let (mut facts, mut heads) = (Vec::new(), Vec::new());
    for n in 1..=600 {
        let (new, _) = submit(&mut book, &command(n));
        facts.extend(new);
        heads.push((facts.len(), book.running_digest().head));
    }
    // One by one, frozen and thawed at every single fact, and never read: some pieces end on the way.
    let (mut plain, mut thawed, mut bytes, mut pieces) = (Book::default(), Book::default(), 0, 0);
    for (i, f) in facts.iter().enumerate() {
        evolve(&mut plain, f);
        evolve(&mut thawed, f);
        let frozen = thawed.freeze();
        pieces += u32::from(frozen.len() + PIECE / 2 < bytes);
        bytes = frozen.len();
        thawed = Book::thaw(&frozen).unwrap();
        assert_eq!(frozen, plain.freeze(), "fact {i}");
        if let Some((_, head)) = heads.iter().find(|(n, _)| *n == i + 1) {
            assert_eq!(thawed.running_digest().head, *head, "fact {i}");
        }
    }
    assert!(pieces > 2, "{pieces} pieces ended");
    assert_eq!(plain, book);
    assert_eq!(plain.running_digest(), book.running_digest());
    assert_eq!(book.running_digest().count, facts.len() as u64);
    let mut distinct: Vec<_> = heads.iter().map(|h| h.1).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let changes = heads.windows(2).filter(|w| w[0].0 != w[1].0).count() + 1;
    assert_eq!(distinct.len(), changes, "every fact makes another digest");
}

#[test]
fn commands_together_are_the_same_as_one_by_one() {
    // Some come twice, the second time within the same look ahead or long after.
    let mut commands: Vec<Command> = (1..=500).flat_map(|n| [command(n), command(n - n % 3)]).filter(|c| c.id() != Some(id(0))).collect();
    commands.push(Command::linked([command(601), command(602)]));
    let (mut one, mut expected) = (Book::default(), Vec::new());
    for c in &commands {
        let (facts, end) = submit(&mut one, c);
        expected.push((c.clone(), facts, end));
    }
    for cut in [0, 1, 15, 16, 17, 300] {
        let (mut all, mut seen) = (Book::default(), Vec::new());
        for part in [&commands[..cut], &commands[cut..]] {
            submit_all(&mut all, part, |c, facts, end| seen.push((c.clone(), facts.to_vec(), end)));
        }
        assert!(seen == expected);
        assert_eq!(all.freeze(), one.freeze());
    }
}

#[test]
fn the_running_digest_is_the_engines_over_the_facts() {
    let mut b = Book::default();
    let mut d = PieceDigest::default();
    for n in 1..300 {
        for f in submit(&mut b, &command(n)).0 {
            d.fold(|w| f.put_digested(w));
        }
    }
    assert_eq!(b.running_digest(), d.now());
}

fn digested(f: &Fact) -> Vec<u8> {
    let mut w = Writer::default();
    f.put_digested(&mut w);
    w.bytes
}

#[test]
fn whatever_changes_in_a_fact_changes_what_its_digest_takes_in() {
    let (e, other) = (EventId::named("e"), EventId::named("o"));
    let posting = |n, side, amount| Posting { account: AccountIx(n), side, amount };
    let postings = vec![posting(1, Side::Debit, 5), posting(2, Side::Credit, 5)];
    let (job, at, currency) = (Some(JobId::named("j")), Instant(9), Currency::EUR);
    let booked =
        Booked { seq: 1, id: id(1), code: 3, cause: e, job, at, currency, fingerprint: 7, postings: postings.clone(), expires: None };
    let resolved =
        Resolved { seq: 1, id: id(1), pending: id(2), code: 3, cause: e, job, at, currency, fingerprint: 7, postings, legs: vec![5, 5] };
    let refused = Refused { seq: 1, id: id(1), at, fingerprint: 7, reason: 4 };
    let expired = Expired { seq: 1, pending: id(1), at };
    let mut all = Vec::new();
    for change in [
        &|_: &mut Booked| {},
        &|b: &mut Booked| b.seq = 2,
        &|b: &mut Booked| b.id = id(3),
        &|b: &mut Booked| b.code = 4,
        &|b: &mut Booked| b.cause = other,
        &|b: &mut Booked| b.job = None,
        &|b: &mut Booked| b.job = Some(JobId::from_bytes([0; 16])),
        &|b: &mut Booked| b.at = Instant(10),
        &|b: &mut Booked| b.currency = Currency::USD,
        &|b: &mut Booked| b.fingerprint = 8,
        &|b: &mut Booked| b.expires = Some(Instant(0)),
        &|b: &mut Booked| b.expires = Some(Instant(1)),
        &|b: &mut Booked| b.postings.clear(),
        &|b: &mut Booked| b.postings.truncate(1),
        &|b: &mut Booked| b.postings.reverse(),
        &|b: &mut Booked| b.postings[0].account = AccountIx(3),
        &|b: &mut Booked| b.postings[1].side = Side::Debit,
        &|b: &mut Booked| b.postings[1].amount = 1 << 40,
    ] as [&dyn Fn(&mut Booked); 18]
    {
        let mut b = booked.clone();
        change(&mut b);
        all.extend([Fact::EntryPosted(b.clone()), Fact::EntryPended(b)]);
    }
    for change in [
        &|_: &mut Resolved| {},
        &|r: &mut Resolved| r.seq = 2,
        &|r: &mut Resolved| r.id = id(3),
        &|r: &mut Resolved| r.pending = id(3),
        &|r: &mut Resolved| r.code = 4,
        &|r: &mut Resolved| r.cause = other,
        &|r: &mut Resolved| r.job = None,
        &|r: &mut Resolved| r.at = Instant(10),
        &|r: &mut Resolved| r.currency = Currency::USD,
        &|r: &mut Resolved| r.fingerprint = 8,
        &|r: &mut Resolved| r.postings.clear(),
        &|r: &mut Resolved| r.legs.clear(),
        &|r: &mut Resolved| r.legs[1] = 6,
        &|r: &mut Resolved| r.postings[0].amount = 6,
    ] as [&dyn Fn(&mut Resolved); 14]
    {
        let mut r = resolved.clone();
        change(&mut r);
        all.extend([
            Fact::PendingPosted(r.clone()),
            Fact::PendingVoided(r.clone()),
            Fact::PendingCaptured(r.clone()),
            Fact::PendingRaised(r),
        ]);
    }
    all.extend([refused, Refused { seq: 2, ..refused }, Refused { id: id(2), ..refused }].map(Fact::EntryRefused));
    all.extend(
        [Refused { at: Instant(1), ..refused }, Refused { fingerprint: 8, ..refused }, Refused { reason: 5, ..refused }]
            .map(Fact::EntryRefused),
    );
    all.extend(
        [expired, Expired { seq: 2, ..expired }, Expired { pending: id(2), ..expired }, Expired { at: Instant(1), ..expired }]
            .map(Fact::PendingExpired),
    );
    let opened = Opened { seq: 1, at, ix: AccountIx(1), key: AccountKey { account: Account::Cash, currency } };
    all.extend([opened, Opened { seq: 2, ..opened }].map(Fact::AccountOpened));
    let mut seen: BTreeMap<Vec<u8>, &Fact> = BTreeMap::new();
    for f in &all {
        let bytes = digested(f);
        // What is a fact's front is not another fact: they stand one behind the other.
        let near = seen.range(..=bytes.clone()).next_back().filter(|(b, _)| bytes.starts_with(b));
        assert!(near.is_none(), "{f:?} and {near:?}");
        seen.insert(bytes, f);
    }
    assert_eq!(seen.len(), all.len());
}

#[derive(Debug, Clone)]
struct Row(EntryId);

impl Keyed for Row {
    type Key = EntryId;
    fn key(&self) -> EntryId {
        self.0
    }
    fn has(&self, key: &EntryId) -> bool {
        self.0 == *key
    }
    fn mix(key: &EntryId) -> u64 {
        // Poorly spread on purpose: many keys want the same group, some have one number.
        let b = key.0.as_bytes();
        if b[0] < 8 {
            u64::from(b[0]) << 56 | u64::from(b[1]) << 32
        } else {
            u64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])
        }
    }
}

#[test]
fn a_table_finds_every_row_at_any_size_and_no_other() {
    let mut table: Table<Row> = Table::default();
    assert_eq!(table.find(&id(0)), None);
    for n in 0..120_000u32 {
        let key = id(n);
        assert_eq!(table.find(&key), None);
        assert_eq!(table.push(Row(key)), n);
        // The one just added, one added a while ago, one that never is.
        assert_eq!(table.find(&key), Some(n));
        let before = n / 2 + n % 37 / 2;
        assert_eq!(table.find(&id(before.min(n))), Some(before.min(n)));
        assert_eq!(table.find(&id(n + 1_000_000)), None);
    }
    assert!((0..120_000).step_by(7).all(|n| table.find(&id(n)) == Some(n)));
    assert_eq!(table.clone().find(&id(119_999)), Some(119_999));
}

#[test]
fn limits_at_the_end_of_the_range_are_refused_and_kept() {
    let mut b = Book::default();
    let job = JobId::named("j");
    let limit = |n, account, least| {
        let key = AccountKey { account, currency: Currency::EUR };
        Command::Limit(entry::SetLimit { id: id(n), key, min_available: Some(least), cause: EventId::named("digest"), at: Instant(0) })
    };
    let legs = vec![Leg::debit(Account::Escrow { job }, 7), Leg::credit(Account::PspClearing, 7)];
    let entry =
        |n, legs| Entry { id: id(n), code: 1, cause: EventId::named("digest"), job: None, at: Instant(0), currency: Currency::EUR, legs };
    assert_eq!(submit(&mut b, &limit(1, Account::Escrow { job }, i128::MIN)).1, Ok(()));
    assert_eq!(submit(&mut b, &Command::PostEntry(entry(2, legs.clone()))).1, Ok(()));
    // Short of the most that can be said.
    let end = submit(&mut b, &limit(3, Account::PspClearing, i128::MAX)).1;
    assert!(matches!(end, Err(Rejection::Limit { short: i128::MAX, .. })), "{end:?}");
    assert_eq!(b.posted(Account::PspClearing, Currency::EUR), -7);
}

#[test]
fn chain_and_root_are_derived_again_from_the_facts_and_tell_of_any_that_was_altered() {
    use crate::audit::{Auditor, Finding};
    let mut book = Book::default();
    let mut facts = Vec::new();
    let mut auditor = Auditor::default();
    let mut roots = std::collections::BTreeSet::new();
    for n in 1..=1_500 {
        for f in submit(&mut book, &command(n)).0 {
            auditor.observe(&f);
            facts.push(f);
        }
        // Whatever the number of pieces is: 0, 1, 2, 3 …
        assert_eq!((auditor.chain(), auditor.root()), (book.running_digest().head, book.root()), "{n}");
        roots.insert(book.root());
    }
    assert!(roots.len() > 1_000, "each fact moves it");
    // Each kind of fact, at the beginning, in the middle and at the end: a sum, on both its sides.
    for at in [7, facts.len() / 2, facts.len() - 9] {
        let Some(n) = (at..facts.len()).find(|n| matches!(&facts[*n], Fact::EntryPosted(_))) else { panic!("entries") };
        let mut forged = facts.clone();
        let Fact::EntryPosted(b) = &mut forged[n] else { panic!("an entry") };
        b.postings.iter_mut().for_each(|p| p.amount += 1);
        let mut auditor = Auditor::default();
        forged.iter().for_each(|f| drop(auditor.observe(f)));
        let found = auditor.compare_roots(&book.running_digest().head.0, &book.root().0);
        assert!(matches!(&found[..], [Finding::ChainDiffers { .. }, Finding::RootDiffers { .. }]), "{n}: {found:?}");
        assert_eq!(auditor.compare_roots(&[], &[]), []);
    }
    let frozen = Book::thaw(&book.freeze()).unwrap();
    assert_eq!(frozen.root(), book.root());
}
