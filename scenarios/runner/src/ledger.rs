//! The money of a log, without executing anything again: its book is folded from the facts on record, and the auditor,
//! who shares no code with the book, goes over the same facts.

use crate::facts::{FactsError, Source, Told, job_like, job_of, told};
use nooterra_blackbox::Verdict;
use nooterra_control::Fact;
use nooterra_control::fact::{Event, PeriodEvent};
use nooterra_engine::Instant;
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_ledger::audit::{Auditor, Finding};
use nooterra_ledger::book::Line;
use nooterra_ledger::journal::{Step, Written};
use nooterra_ledger::statement::{Statement, statement, trial_balance};
use nooterra_ledger::{Account, Book, EntryId, Journal, Kind, Side, evolve};
use nooterra_settlement::explain;
use nooterra_settlement::month::Month;
use nooterra_settlement::template::{Template, entry_id};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Findings of the auditor that are kept: one fault in an early fact may bring about thousands.
const FINDINGS_MAX: usize = 100;

/// The money of a log.
#[derive(Debug)]
pub struct LedgerOfLog {
    /// Title of its scenario.
    pub title: String,
    /// Seed.
    pub seed: u64,
    /// What verification said.
    pub verdict: Verdict,
    /// Instant of the last record read.
    pub until: Instant,
    /// The book as it stood then.
    pub book: Book,
    /// How often the log says how far the book's chain and Merkle root were; the auditor has derived both again each time.
    pub compared: u64,
    /// Did they recompute every time?
    pub recomputed: bool,
    /// What the auditor found; nothing in a true book.
    pub findings: Vec<String>,
    journal: Journal,
    names: BTreeMap<PartyId, String>,
    jobs: BTreeMap<JobId, &'static str>,
    /// When each job was settled.
    settled: BTreeMap<JobId, Instant>,
    /// What adjustments set right.
    adjusted: BTreeMap<EntryId, Month>,
    /// Where the platform's time begins on the calendar.
    epoch: Instant,
}

/// One name of the chart in one currency. Minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialLine {
    /// Currency code.
    pub currency: String,
    /// What the balances mean.
    pub kind: &'static str,
    /// Name in the chart.
    pub account: &'static str,
    /// How many accounts.
    pub accounts: u32,
    /// Sum of balances that stand on the left.
    pub debit: i128,
    /// Sum of balances that stand on the right.
    pub credit: i128,
    /// Reserved, left less right.
    pub pending: i128,
}

/// One account. Minor units on its normal side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountLine {
    /// Name in the chart, with its parameter.
    pub account: String,
    /// The party that it names.
    pub party: Option<String>,
    /// Currency code.
    pub currency: String,
    /// Everything that was added.
    pub added: i128,
    /// Everything that was taken.
    pub taken: i128,
    /// What stands.
    pub balance: i128,
    /// What can be taken, reserved outflow off.
    pub available: i128,
}

/// One job's money. Minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobLine {
    /// The job.
    pub job: String,
    /// Its last event that moved its status.
    pub last_event: &'static str,
    /// Entries and resolutions.
    pub entries: usize,
    /// When the first was made, simulated nanoseconds.
    pub first_ns: Option<u64>,
    /// When the last was made.
    pub last_ns: Option<u64>,
    /// What it is paid in, once money was moved for it.
    pub currency: Option<String>,
    /// In escrow or set aside.
    pub escrow: i128,
}

/// One posting of the general ledger: the lines of an entry have debits and credits of the same sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GeneralLine {
    /// Number of the fact.
    pub seq: u64,
    /// Simulated nanoseconds.
    pub at_ns: u64,
    /// The entry.
    pub entry: String,
    /// Number of the posting template.
    pub template: u16,
    /// What it says.
    pub text: &'static str,
    /// The job.
    pub job: String,
    /// The account with its parameter.
    pub account: String,
    /// The party that it names.
    pub party: String,
    /// Currency code.
    pub currency: String,
    /// Minor units on the left.
    pub debit: u64,
    /// Minor units on the right.
    pub credit: u64,
}

/// Reads a log's money. What lies beyond its last checkpoint is not counted.
pub fn ledger(path: &Path) -> Result<LedgerOfLog, FactsError> {
    let (mut book, mut journal, mut auditor) = (Book::default(), Journal::default(), Auditor::default());
    let (mut findings, mut ended, mut jobs) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    let (mut compared, mut astray) = (0u64, false);
    let (mut settled, mut adjusted) = (BTreeMap::new(), BTreeMap::new());
    let source = told(path, |t| match t {
        Told::Roots(chain, root) => {
            // One fact that was altered is in every root after it: the first says where.
            let found = if astray { Vec::new() } else { auditor.compare_roots(&chain, &root) };
            astray |= !found.is_empty();
            compared += 1;
            findings.extend(found);
        }
        Told::Fact(fact) => match *fact {
            Fact::Ledger(f) => {
                findings.extend(auditor.observe(&f));
                evolve(&mut book, &f);
                journal.write(&f);
            }
            Fact::Event(e) => {
                if let (Event::Job(event), Some(job)) = (&e.payload, job_of(&e.header.stream)) {
                    let name = event.name();
                    if name == "JOB_SETTLED" {
                        settled.insert(job, e.header.legal_ns);
                    }
                    if matches!(name, "JOB_SETTLED" | "JOB_WITHDRAWN") {
                        ended.insert(job);
                    }
                    jobs.insert(job, name);
                }
                if let Event::Period(PeriodEvent::AdjustmentPosted { origin_period: Some(m), .. }) = &e.payload {
                    adjusted.insert(entry_id(e.header.event_id, Template::Adjusted, 0), *m);
                }
            }
            Fact::Rejected(_) => {}
        },
    })?;
    let epoch = source.setup.as_ref().map_or(Instant::ZERO, |s| s.genesis().epoch);
    let names = source.setup.map(|s| s.parties().into_iter().collect()).unwrap_or_default();
    findings.extend(auditor.sums());
    findings.extend(auditor.ended(&ended));
    findings.extend(auditor.compare(&book));
    let recomputed = !findings.iter().any(|f| matches!(f, Finding::ChainDiffers { .. } | Finding::RootDiffers { .. }));
    let more = findings.len().saturating_sub(FINDINGS_MAX);
    let mut findings: Vec<String> = findings.iter().take(FINDINGS_MAX).map(ToString::to_string).collect();
    if more > 0 {
        findings.push(format!("{more} more findings"));
    }
    let Source { title, seed, verdict, until, .. } = source;
    Ok(LedgerOfLog { compared, recomputed, title, seed, verdict, until, book, findings, journal, names, jobs, settled, adjusted, epoch })
}

impl LedgerOfLog {
    /// A party's name, or its id where the log does not say it.
    #[must_use]
    pub fn name(&self, party: PartyId) -> String {
        self.names.get(&party).cloned().unwrap_or_else(|| party.to_string())
    }
    /// Currencies in which money moved.
    #[must_use]
    pub fn currencies(&self) -> BTreeSet<Currency> {
        self.book.accounts().iter().map(|r| r.key.currency).collect()
    }
    /// The trial balance, by currency and chart order.
    #[must_use]
    pub fn trial(&self) -> Vec<TrialLine> {
        let line = |t: nooterra_ledger::statement::TrialRow| {
            let (currency, kind) = (t.currency.to_string(), kind_word(t.kind));
            TrialLine { currency, kind, account: t.name, accounts: t.accounts, debit: t.debit, credit: t.credit, pending: t.pending }
        };
        trial_balance(&self.book).into_iter().map(line).collect()
    }
    /// Every account that was ever used, in chart order.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountLine> {
        let mut rows: Vec<_> = self.book.accounts().iter().collect();
        rows.sort_by_key(|r| (r.key.currency, r.key.account));
        let line = |r: &nooterra_ledger::book::AccountRow| AccountLine {
            account: r.key.account.to_string(),
            party: r.key.account.party().map(|p| self.name(p)),
            currency: r.key.currency.to_string(),
            added: r.balance.added,
            taken: r.balance.taken(),
            balance: r.balance.posted,
            available: r.balance.available(),
        };
        rows.into_iter().map(line).collect()
    }
    /// Parties by name whose accounts were used.
    #[must_use]
    pub fn parties(&self) -> BTreeMap<String, PartyId> {
        self.book.accounts().iter().filter_map(|r| r.key.account.party()).map(|p| (self.name(p), p)).collect()
    }
    /// A party's statements over the whole log: one per account and currency.
    #[must_use]
    pub fn statements(&self, party: PartyId) -> Vec<Statement> {
        let rows = self.book.accounts_of(party);
        rows.filter_map(|r| statement(&self.book, r.key.account, r.key.currency, Instant::ZERO, Instant(u64::MAX))).collect()
    }
    /// The closed month that a line of a statement concerns, if it came late: `2026-11`.
    #[must_use]
    pub fn origin(&self, l: &Line) -> Option<String> {
        let month = |at: Instant| Month::of(Instant(at.0.saturating_add(self.epoch.0)));
        let of_job = || l.job.and_then(|j| self.settled.get(&j)).map(|at| month(*at)).filter(|m| *m < month(l.at));
        let found = self.adjusted.get(&l.entry).copied().or_else(of_job);
        found.map(|m| format!("{:04}-{:02}", m.year, m.month))
    }
    /// Every job that was asked for, with its money, in order of the first posting.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobLine> {
        let blank = |job: &JobId| {
            let last_event = self.jobs.get(job).copied().unwrap_or_default();
            JobLine { job: job.to_string(), last_event, entries: 0, first_ns: None, last_ns: None, currency: None, escrow: 0 }
        };
        let mut lines: BTreeMap<JobId, JobLine> = self.jobs.keys().map(|j| (*j, blank(j))).collect();
        for e in self.journal.entries() {
            let Some(job) = e.job else { continue };
            let line = lines.entry(job).or_insert_with(|| blank(&job));
            line.entries += 1;
            line.first_ns = line.first_ns.or(Some(e.at.0));
            line.last_ns = Some(e.at.0);
            if let Some(c) = e.currency.filter(|_| line.currency.is_none()) {
                line.currency = Some(c.to_string());
                line.escrow = self.book.posted(Account::Escrow { job }, c) + self.book.posted(Account::Held { job }, c);
            }
        }
        let mut lines: Vec<JobLine> = lines.into_values().collect();
        // As the money came; jobs that moved none stand last.
        lines.sort_by_key(|l| l.first_ns.map_or((1, 0), |ns| (0, ns)));
        lines
    }
    /// The job whose id begins like this, if there is just one.
    pub fn job(&self, text: &str) -> Result<JobId, String> {
        job_like(self.jobs.keys().copied(), |j| *j, text)
    }
    /// A job's money from its first to its last posting, a line each.
    #[must_use]
    pub fn explain(&self, job: JobId) -> Vec<String> {
        explain::explain(&self.journal, job, |p| self.name(p))
    }
    /// What an entry was about, for people.
    #[must_use]
    pub fn title_of(code: u16) -> &'static str {
        Template::of(code).map_or("entry", Template::title)
    }
    /// The general ledger: every posting that moved money, in order.
    #[must_use]
    pub fn general(&self) -> Vec<GeneralLine> {
        let moved = |e: &&Written| matches!(e.step, Step::Posted | Step::Captured | Step::CapturedPart);
        let lines = |e: &Written| {
            let of = |m: &nooterra_ledger::journal::Movement| GeneralLine {
                seq: e.seq,
                at_ns: e.at.0,
                entry: e.id.to_string(),
                template: e.code,
                text: Self::title_of(e.code),
                job: e.job.map(|j| j.to_string()).unwrap_or_default(),
                account: m.account.to_string(),
                party: m.account.party().map(|p| self.name(p)).unwrap_or_default(),
                currency: e.currency.map(|c| c.to_string()).unwrap_or_default(),
                debit: if m.side == Side::Debit { m.amount } else { 0 },
                credit: if m.side == Side::Credit { m.amount } else { 0 },
            };
            e.movements.iter().map(of).collect::<Vec<_>>()
        };
        self.journal.entries().iter().filter(moved).flat_map(lines).collect()
    }
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Asset => "asset",
        Kind::Liability => "liability",
        Kind::Reserve => "reserve",
        Kind::Revenue => "revenue",
        Kind::Expense => "expense",
    }
}
