//! The platform and its ledger in memory: inputs and postings a second, and ten million transfers under the auditor.

use crate::row::{Goal, Row};
use nooterra_benches::clock::Stopwatch;
use nooterra_benches::warehouse;
use nooterra_control::{Control, Input};
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::machine::{Machine as _, Out};
use nooterra_engine::money::Currency;
use nooterra_engine::{Instant, Span};
use nooterra_ledger::audit::Auditor;
use nooterra_ledger::entry::{Hold, Post, Resolution};
use nooterra_ledger::{Account, Book, Command, Entry, EntryId, Fact, Leg, Portion, statement, submit_into};
use nooterra_runner::drive::Drive;
use nooterra_stage::{Entry as Said, Sink};
use nooterra_trust::SigningKey;
use std::error::Error;
use std::time::Duration;

const ROBOTS: usize = 50;
/// The run whose inputs are played again, simulated seconds.
const RUN_S: f64 = 240.0;
const DRAW: Place = Place::named("figures.ledger");

/// Keeps every input that reached the platform.
#[derive(Default)]
struct Inputs(Vec<(Instant, Input)>);

impl Sink for Inputs {
    fn put(&mut self, _: u64, at: Instant, entry: Said<'_>) {
        if let Said::Input(a) = entry {
            self.0.push((at, Input::new(a.envelope.clone())));
        }
    }
}

/// Inputs of a warehouse run, given to a platform by itself: signatures checked, events chained, wishes signed. Then what
/// of it is the machine's own work: without what its timers bring about at their instants (traffic is planned, robots are
/// matched, deadlines pass), and without signatures.
pub fn inputs() -> Result<Vec<Row>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let loaded = warehouse::loaded(folder.path(), ROBOTS, 60)?;
    let mut drive = Drive::new(loaded.setup.clone())?;
    let mut all = Inputs::default();
    while drive.stage.now().as_secs_f64() < RUN_S {
        drive.stage.step(&mut all)?;
    }
    let mut control = Control::new(loaded.setup.genesis(), loaded.setup.site.clone())?;
    let mut out = Out::default();
    control.begin(&mut out);
    let (n, mut facts) = (all.0.len(), 0);
    let (mut timers, mut words) = (Duration::ZERO, Duration::ZERO);
    let again = all.0.clone();
    let watch = Stopwatch::start();
    for (at, input) in all.0 {
        out.clear();
        let began = std::time::Instant::now();
        control.advance(at, &mut out);
        let due_done = std::time::Instant::now();
        control.step(at, input, &mut out);
        timers += due_done - began;
        words += due_done.elapsed();
        facts += out.facts.len();
    }
    let (worked, wall) = (watch.worked(), watch.wall());
    // Every input's signature is checked and its receipt is signed, once each.
    let watch = Stopwatch::start();
    let mut good = 0;
    for (_, input) in &again {
        let key = control.state().keys.get(input.envelope.key).map(|b| b.public);
        good += usize::from(key.is_some_and(|k| input.envelope.signed_by(&k)));
    }
    let checked = watch.worked();
    let key = SigningKey::from_secret([7; 32]);
    let watch = Stopwatch::start();
    let last = (0..n).fold(0, |last, i| last ^ key.sign(&[(i % 251) as u8 ^ last; 300]).0[0]);
    let signed = watch.worked();
    std::hint::black_box(last);
    if good != n {
        return Err(format!("{good} signatures of {n} are good").into());
    }
    // Shares are taken by the wall clock, and hold of what was worked.
    let of = |part: Duration| worked.as_secs_f64() * part.as_secs_f64() / wall.as_secs_f64();
    let us = |s: f64| s * 1e6 / n as f64;
    let (timers_s, words_s) = (of(timers), of(words));
    let bare_s = words_s - checked.as_secs_f64() - signed.as_secs_f64();
    let remark = format!("{n} inputs of {ROBOTS} robots and their market, {facts} facts; traffic planned, all signatures made and checked");
    let parts = format!(
        "microseconds an input: timers {:.1}, a signature checked {:.1}, one made {:.1}, the rest {:.1}",
        us(timers_s),
        us(checked.as_secs_f64()),
        us(signed.as_secs_f64()),
        us(bare_s)
    );
    Ok(vec![
        Row::new("platform machine, inputs a second", n as f64 / worked.as_secs_f64(), "/s", Goal::AtLeast(200_000.0)).remark(remark),
        Row::new("the same without what its timers bring about", n as f64 / words_s, "/s", Goal::None).remark(parts),
        Row::new("the same, and without signatures", n as f64 / bare_s, "/s", Goal::None),
    ])
}

/// Draws transfers: three in four move money, the others reserve, capture and give back; some are refused.
struct Dice {
    chance: Chance,
    open: Vec<EntryId>,
    number: u32,
    hot: bool,
}

impl Dice {
    fn draw(&mut self, n: u64) -> u64 {
        self.chance.choose(DRAW, 0, n)
    }
    fn job(&mut self) -> Account {
        let n = if self.hot { 0 } else { self.draw(256) };
        Account::Escrow { job: JobId::derive(&nooterra_engine::Digest::ZERO, n as u32) }
    }
    fn party(&mut self) -> Account {
        let n = if self.hot { 0 } else { self.draw(256) };
        Account::OwnerPayable { party: PartyId::derive(&nooterra_engine::Digest::ZERO, n as u32) }
    }
    fn next(&mut self) -> Command {
        self.number += 1;
        let cause = EventId::derive(&nooterra_engine::Digest::ZERO, self.number);
        let (id, at) = (EntryId::of(cause, 0), Instant(u64::from(self.number)));
        let amount = self.draw(1_000) + 1;
        let entry = |legs| Entry { id, code: 1, cause, job: None, at, currency: Currency::EUR, legs };
        match self.draw(8) {
            0..=2 => Command::PostEntry(entry(vec![Leg::debit(Account::PspClearing, amount), Leg::credit(self.job(), amount)])),
            3..=5 => Command::PostEntry(entry(vec![Leg::debit(self.job(), amount), Leg::credit(self.party(), amount)])),
            6 => {
                self.open.push(id);
                let held = entry(vec![Leg::debit(self.job(), amount), Leg::credit(self.party(), amount)]);
                Command::Pend(Hold { entry: held, expires: Some(at.saturating_add(Span(5_000))) })
            }
            _ => {
                let pending = self.open.pop().unwrap_or(EntryId::of(cause, 1));
                let resolution = Resolution { id, pending, code: 2, cause, at };
                if amount.is_multiple_of(2) {
                    Command::Post(Post { resolution, portion: Portion::Whole })
                } else {
                    Command::Void(resolution)
                }
            }
        }
    }
}

/// Legs that a fact moves, in either layer.
fn postings(f: &Fact) -> u64 {
    match f {
        Fact::EntryPosted(b) | Fact::EntryPended(b) => b.postings.len() as u64,
        Fact::PendingPosted(r) | Fact::PendingVoided(r) => r.postings.len() as u64,
        _ => 0,
    }
}

/// `n` random transfers. The auditor, if there is one, sees every fact, and the whole book at the end.
fn transfers(n: u32, hot: bool, mut auditor: Option<&mut Auditor>) -> Result<(f64, String), Box<dyn Error>> {
    let mut dice = Dice { chance: Chance::new(1), open: Vec::new(), number: 0, hot };
    let (mut book, mut legs, mut refused) = (Book::default(), 0u64, 0u64);
    let mut spent = Duration::ZERO;
    let mut left = n;
    while left > 0 {
        let batch: Vec<Command> = (0..left.min(100_000)).map(|_| dice.next()).collect();
        left -= batch.len() as u32;
        let watch = Stopwatch::start();
        let mut facts = Vec::new();
        for c in &batch {
            facts.clear();
            let done = submit_into(&mut book, c, &mut facts);
            refused += u64::from(done.is_err());
            for f in &facts {
                legs += postings(f);
                let found = auditor.as_deref_mut().map(|a| a.observe(f)).unwrap_or_default();
                if !found.is_empty() {
                    return Err(format!("the auditor: {found:?}").into());
                }
            }
        }
        spent += watch.worked();
    }
    if let Some(a) = auditor {
        let found = a.compare(&book);
        if !found.is_empty() {
            return Err(format!("the auditor at the end: {found:?}").into());
        }
    }
    if statement::sums(&book, Currency::EUR) != (0, 0) {
        return Err("the book does not balance".into());
    }
    Ok((legs as f64 / spent.as_secs_f64(), format!("{n} transfers, {legs} postings, {refused} refused")))
}

/// All rows; `n` transfers under the auditor.
pub fn rows(n: u32) -> Result<Vec<Row>, Box<dyn Error>> {
    let (spread, remark) = transfers(1_000_000, false, None)?;
    let (hot, hot_remark) = transfers(1_000_000, true, None)?;
    let mut auditor = Auditor::default();
    let (audited, audit_remark) = transfers(n, false, Some(&mut auditor))?;
    let mut rows = inputs()?;
    rows.extend([
        Row::new("ledger book, postings a second", spread, "/s", Goal::AtLeast(4_000_000.0)).remark(remark),
        Row::new("the same, all on one pair of accounts", hot, "/s", Goal::AtLeast(4_000_000.0)).remark(hot_remark),
        Row::new("the same with the auditor on every fact", audited, "/s", Goal::None).remark(format!("{audit_remark}; no break")),
    ]);
    Ok(rows)
}
