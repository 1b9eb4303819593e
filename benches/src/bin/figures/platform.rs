//! The platform and its ledger in memory: inputs and postings a second, and ten million transfers under the auditor.

use crate::row::{Goal, Row};
use nooterra_benches::clock::Stopwatch;
use nooterra_benches::warehouse;
use nooterra_control::wish::Wish;
use nooterra_control::{Control, Input};
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::machine::{Machine as _, Out};
use nooterra_engine::money::Currency;
use nooterra_engine::{Instant, Span};
use nooterra_ledger::audit::Auditor;
use nooterra_ledger::entry::{Hold, Post, Resolution};
use nooterra_ledger::{Account, Book, Command, Entry, EntryId, Fact, Leg, Portion, statement, submit_all};
use nooterra_runner::drive::Drive;
use nooterra_stage::{Entry as Said, Setup, Sink};
use nooterra_trust::{Envelope, Opened};
use std::error::Error;
use std::time::Duration;

const ROBOTS: usize = 50;
/// The run whose inputs are played again, simulated seconds.
const RUN_S: f64 = 240.0;
const DRAW: Place = Place::named("figures.ledger");

/// How often they are.
const ROUNDS: usize = 5;

/// Keeps every input that reached the platform.
#[derive(Default)]
struct Inputs(Vec<(Instant, Envelope)>);

impl Sink for Inputs {
    fn put(&mut self, _: u64, at: Instant, entry: Said<'_>) {
        if let Said::Input(a) = entry {
            self.0.push((at, a.envelope.clone()));
        }
    }
}

/// What a platform took over all inputs.
struct Played {
    timers: Duration,
    words: Duration,
    worked: Duration,
    facts: usize,
    wishes: Vec<Wish>,
}

/// Gives the inputs to a platform of their own.
fn play(setup: &Setup, inputs: &[(Instant, Opened)]) -> Result<Played, Box<dyn Error>> {
    let mut control = Control::new(setup.genesis(), setup.site.clone())?;
    let mut out = Out::default();
    control.begin(&mut out);
    let (mut timers, mut words, mut facts, mut wishes) = (Duration::ZERO, Duration::ZERO, 0, Vec::new());
    let inputs = inputs.to_vec();
    let watch = Stopwatch::start();
    for (at, opened) in inputs {
        out.clear();
        let began = std::time::Instant::now();
        control.advance(at, &mut out);
        let due_done = std::time::Instant::now();
        control.step(at, Input::from(opened), &mut out);
        timers += due_done - began;
        words += due_done.elapsed();
        facts += out.facts.len();
        wishes.append(&mut out.wishes);
    }
    Ok(Played { timers, words, worked: watch.worked(), facts, wishes })
}

/// Inputs of a warehouse run, given to a platform by itself: what is the machine's own work (what its timers bring about
/// at their instants included), and what whoever hands the envelopes in and the wishes out has to do for each of them:
/// open it, and sign what answers it. The best of some rounds.
pub fn inputs() -> Result<Vec<Row>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let loaded = warehouse::loaded(folder.path(), ROBOTS, 60)?;
    let mut drive = Drive::new(loaded.setup.clone())?;
    let mut all = Inputs::default();
    while drive.stage.now().as_secs_f64() < RUN_S {
        drive.stage.step(&mut all)?;
    }
    let keys = drive.stage.control.state().keys.clone();
    let n = all.0.len();
    let mut best: Option<Played> = None;
    let (mut opening, mut signing) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let envelopes = all.0.clone();
        let watch = Stopwatch::start();
        let opened: Vec<(Instant, Opened)> = envelopes.into_iter().map(|(at, e)| (at, Opened::checked(e, &keys))).collect();
        opening = opening.min(watch.worked());
        let bad = opened.iter().filter(|(_, o)| keys.get(o.envelope().key).is_none_or(|b| !o.is_signed_by(&b.public))).count();
        if bad > 0 {
            return Err(format!("{bad} signatures of {n} are not good").into());
        }
        let mut played = play(&loaded.setup, &opened)?;
        let key = loaded.setup.platform_key();
        let watch = Stopwatch::start();
        played.wishes.iter_mut().for_each(|w| w.sign(&key));
        signing = signing.min(watch.worked());
        if best.as_ref().is_none_or(|b| played.worked < b.worked) {
            best = Some(played);
        }
    }
    let best = best.ok_or("no round was played")?;
    // Shares are taken by the wall clock, and hold of what was worked.
    let us = |s: f64| s * 1e6 / n as f64;
    let worked_s = best.worked.as_secs_f64();
    let timers_s = worked_s * best.timers.as_secs_f64() / (best.timers + best.words).as_secs_f64();
    let words_s = worked_s - timers_s;
    let shell_s = opening.as_secs_f64() + signing.as_secs_f64();
    let remark = format!("{n} inputs of {ROBOTS} robots and their market, {} facts; opened beforehand, wishes not yet signed", best.facts);
    let parts = format!(
        "microseconds an input: timers (traffic is planned, robots matched) {:.1}, the input itself {:.1}, opened {:.1}, answers signed {:.1}",
        us(timers_s),
        us(words_s),
        us(opening.as_secs_f64()),
        us(signing.as_secs_f64())
    );
    let rate = |s: f64| n as f64 / s;
    Ok(vec![
        Row::new("platform machine, inputs a second", rate(words_s), "/s", Goal::AtLeast(200_000.0)).remark(remark),
        Row::new("the same with what its timers bring about", rate(worked_s), "/s", Goal::None).remark(parts),
        Row::new("the same, signatures checked and made on the same core", rate(worked_s + shell_s), "/s", Goal::None),
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
        let mut broken = Vec::new();
        submit_all(&mut book, &batch, |_, facts, done| {
            refused += u64::from(done.is_err());
            for f in facts {
                legs += postings(f);
                if let Some(a) = auditor.as_deref_mut() {
                    broken.extend(a.observe(f));
                }
            }
        });
        spent += watch.worked();
        if !broken.is_empty() {
            return Err(format!("the auditor: {broken:?}").into());
        }
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

/// Postings a second in a book of its own, spread and on one pair of accounts, and `n` transfers under the auditor.
pub fn ledger(n: u32) -> Result<Vec<Row>, Box<dyn Error>> {
    let (spread, remark) = transfers(1_000_000, false, None)?;
    let (hot, hot_remark) = transfers(1_000_000, true, None)?;
    let mut auditor = Auditor::default();
    let (audited, audit_remark) = transfers(n, false, Some(&mut auditor))?;
    Ok(vec![
        Row::new("ledger book, postings a second", spread, "/s", Goal::AtLeast(4_000_000.0)).remark(remark),
        Row::new("the same, all on one pair of accounts", hot, "/s", Goal::AtLeast(4_000_000.0)).remark(hot_remark),
        Row::new("the same with the auditor on every fact", audited, "/s", Goal::None).remark(format!("{audit_remark}; no break")),
    ])
}

/// All rows; `n` transfers under the auditor.
pub fn rows(n: u32) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = inputs()?;
    rows.extend(ledger(n)?);
    Ok(rows)
}
