//! Requests for quotes: counter-offers in turn, awards, what runs out, and who is refused what.

use super::rig::{Rig, party};
use crate::Policy;
use crate::input::{CounterOffer, OwnerCommand, RequesterCommand};
use crate::wish::Terms;
use nooterra_engine::Digest;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Amount;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{AwardReason, Event, WithdrawReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Mode, Quote};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

/// A request in manual mode with a quote of each provider.
fn quoted(policy: Policy) -> (Rig, JobId) {
    let mut rig = Rig::with(policy, TWO);
    rig.run(10);
    let mut j = rig.delivery(2, 5);
    j.mode = Mode::Manual;
    (j.window.start, j.window.end) = (rig.now + Span::from_secs(120), rig.now + Span::from_mins(30));
    let job = rig.ask(j);
    assert_eq!(rig.status(job), Status::Quoted);
    (rig, job)
}

/// The newest terms of an owner's quote, as its requester or the owner was shown them.
fn newest(rig: &Rig, owner: &str) -> (Quote, Digest) {
    let of = |(_, _, _, t): &(_, _, _, Terms)| match t {
        Terms::Quote { quote, hash, .. } if quote.owner == party(owner) => Some((quote.clone(), *hash)),
        _ => None,
    };
    rig.shown.iter().rev().find_map(of).unwrap()
}

fn answer(rig: &Rig, owner: &str, bps: u64) -> (Quote, Digest, Amount) {
    let (q, hash) = newest(rig, owner);
    let service = Amount::new(q.service.minor() * bps / 10_000).unwrap();
    (q, hash, service)
}

fn counter(rig: &Rig, job: JobId, owner: &str, bps: u64) -> RequesterCommand {
    let (q, prev, service) = answer(rig, owner, bps);
    RequesterCommand::Counter(CounterOffer { job, quote: q.quote, prev, service, arrive: q.arrive, expires: q.expires })
}

fn owner_counter(rig: &Rig, job: JobId, owner: &str, bps: u64) -> OwnerCommand {
    let (q, prev, service) = answer(rig, owner, bps);
    OwnerCommand::Counter(CounterOffer { job, quote: q.quote, prev, service, arrive: q.arrive, expires: q.expires })
}

#[test]
fn sides_take_turns_until_one_accepts() {
    let (mut rig, job) = quoted(Policy { max_rounds: 3, ..Policy::scenario() });
    let first = newest(&rig, "bolt").0;
    let c = counter(&rig, job, "bolt", 9_000);
    assert_eq!(rig.send("rq", &c).unwrap_err(), "HEAD_REQUIRED");
    assert_eq!(rig.send_at("rq2", job, &c).unwrap_err(), "NOT_FOUND", "nobody else's request");
    rig.send_at("rq", job, &c).unwrap();
    assert_eq!(rig.shown.last().unwrap().0, party("bolt"), "its owner is shown the new terms");
    assert_eq!(rig.send_at("rq", job, &c).unwrap_err(), "PREV_MISMATCH", "it answers what is not the newest");
    let again = counter(&rig, job, "bolt", 9_900);
    assert_eq!(rig.send_at("rq", job, &again).unwrap_err(), "NOT_YOUR_TURN");
    let out = owner_counter(&rig, job, "bolt", 30_000);
    assert_eq!(rig.send_at("bolt", job, &out).unwrap_err(), "PRICE_OUT_OF_BAND");
    let same = owner_counter(&rig, job, "bolt", 10_000);
    assert_eq!(rig.send_at("bolt", job, &same).unwrap_err(), "NO_CHANGE");
    let foreign = owner_counter(&rig, job, "bolt", 10_500);
    assert_eq!(rig.send_at("acme", job, &foreign).unwrap_err(), "NOT_FOUND", "another owner's quote does not exist");
    rig.send_at("bolt", job, &foreign).unwrap();
    // What only the requester wants cannot be chosen; the owner takes it; then it can.
    let c = counter(&rig, job, "bolt", 9_800);
    rig.send_at("rq", job, &c).unwrap();
    let (q, hash) = newest(&rig, "bolt");
    let award = RequesterCommand::Award { job, quote: q.quote, terms_hash: hash };
    assert_eq!(rig.send_at("rq", job, &award).unwrap_err(), "NOT_YOUR_TURN");
    let last = owner_counter(&rig, job, "bolt", 10_100);
    assert_eq!(rig.send_at("bolt", job, &last).unwrap_err(), "ROUNDS_EXHAUSTED");
    let old = OwnerCommand::AcceptQuote { job, quote: q.quote, rev: q.rev - 1 };
    assert_eq!(rig.send_at("bolt", job, &old).unwrap_err(), "TERMS_CHANGED");
    let accept = OwnerCommand::AcceptQuote { job, quote: q.quote, rev: q.rev };
    rig.send_at("bolt", job, &accept).unwrap();
    assert_eq!(rig.send_at("bolt", job, &accept).unwrap_err(), "ALREADY_DONE");
    let stale = RequesterCommand::Award { job, quote: q.quote, terms_hash: first.terms_hash() };
    assert_eq!(rig.send_at("rq", job, &stale).unwrap_err(), "TERMS_CHANGED");
    rig.send_at("rq", job, &award).unwrap();
    let v = rig.c.job_view(job).unwrap();
    assert_eq!(v.owner, Some(party("bolt")));
    assert_eq!(rig.c.money(job).unwrap().price, q.service.minor() + 40, "the price agreed and the coverage fee");
    assert!(
        rig.job_events(job)
            .iter()
            .any(|e| matches!(e, Event::QuoteAwarded { reason: AwardReason::Requester, ranking, .. } if ranking.len() == 2))
    );
    assert!(rig.c.state().negotiations.is_empty(), "what is booked is not haggled over any more");
    assert_eq!(rig.send_at("rq", job, &award).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn what_ran_out_cannot_be_chosen() {
    let (mut rig, job) = quoted(Policy { round_for: Span::from_secs(15), ..Policy::scenario() });
    let c = counter(&rig, job, "acme", 9_000);
    rig.send_at("rq", job, &c).unwrap();
    rig.run(20);
    assert!(rig.names(job).contains(&"QUOTE_EXPIRED"));
    let (q, hash) = newest(&rig, "acme");
    let award = RequesterCommand::Award { job, quote: q.quote, terms_hash: hash };
    assert_eq!(rig.send_at("rq", job, &award).unwrap_err(), "QUOTE_NOT_LIVE");
    let withdraw = OwnerCommand::WithdrawQuote { job, quote: q.quote };
    assert_eq!(rig.send("acme", &withdraw).unwrap_err(), "QUOTE_NOT_LIVE");
    let other = OwnerCommand::WithdrawQuote { job, quote: newest(&rig, "bolt").0.quote };
    rig.send("bolt", &other).unwrap();
    assert_eq!(rig.status(job), Status::Withdrawn, "the request has closed, and nothing is left of it");
    let last = rig.job_events(job).pop();
    assert!(matches!(last, Some(Event::JobWithdrawn { reason: WithdrawReason::NoAcceptableQuote })), "{last:?}");
    assert_eq!(rig.send_at("rq", job, &award).unwrap_err(), "JOB_TERMINAL");
}

#[test]
fn nobody_is_chosen_in_time() {
    let (mut rig, job) = quoted(Policy::scenario());
    assert_eq!(rig.run_job(job, 200), Status::Withdrawn);
    let last = rig.job_events(job).pop();
    assert!(matches!(last, Some(Event::JobWithdrawn { reason: WithdrawReason::NotDecided })), "{last:?}");
    assert!(rig.c.state().negotiations.is_empty());
}

#[test]
fn the_first_awardable_quote_wins_at_once() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let mut j = rig.delivery(2, 5);
    j.mode = Mode::Instant;
    let job = rig.ask(j);
    let reason = |e: &Event| if let Event::QuoteAwarded { reason, ranking, .. } = e { Some((*reason, ranking.len())) } else { None };
    assert_eq!(rig.job_events(job).iter().find_map(reason), Some((AwardReason::FirstAwardable, 1)));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn the_award_names_its_ranking_and_why() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.run(25);
    let events = rig.job_events(job);
    let quotes: Vec<&Quote> = events.iter().filter_map(|e| if let Event::QuoteSubmitted(q) = e { Some(q) } else { None }).collect();
    let awarded = events.iter().find_map(|e| match e {
        Event::QuoteAwarded { quote, ranking, reason, .. } => Some((*quote, ranking.clone(), *reason)),
        _ => None,
    });
    let cheapest = quotes.iter().min_by_key(|q| q.service).unwrap();
    let dearest = quotes.iter().max_by_key(|q| q.service).unwrap();
    assert_eq!(awarded, Some((cheapest.quote, vec![cheapest.quote, dearest.quote], AwardReason::BestAtClose)));
}

/// A frozen platform goes on haggling where it stood.
#[test]
fn negotiations_survive_freezing() {
    let (mut rig, job) = quoted(Policy::scenario());
    let c = counter(&rig, job, "acme", 9_000);
    rig.send_at("rq", job, &c).unwrap();
    rig.restart_every = Some(1);
    rig.run(2);
    let (q, _) = newest(&rig, "acme");
    rig.send_at("acme", job, &OwnerCommand::AcceptQuote { job, quote: q.quote, rev: q.rev }).unwrap();
    let (q, hash) = newest(&rig, "acme");
    rig.send_at("rq", job, &RequesterCommand::Award { job, quote: q.quote, terms_hash: hash }).unwrap();
    assert_eq!(rig.c.money(job).unwrap().price, q.service.minor() + 40);
}
