//! Help that comes late, or not at all: a missed service level, and who answers for it.

use super::rig::{Rig, genesis, operator, party};
use crate::{HelpOutcome, HelpWord, OperatorCommand, Policy};
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{BreachKind, Event, Fault};
use nooterra_jobs::payload::Breach;
use nooterra_jobs::pins::CreditFunding;
use nooterra_jobs::status::Status;
use nooterra_jobs::tier::Level;
use nooterra_ledger::{Account, Role};
use nooterra_port::Action;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

/// A robot that stands, a desk, and twenty seconds to come to its help.
fn stuck() -> (Rig, JobId) {
    let mut policy = Policy::scenario();
    let mut values = Level::Standard.values();
    values.assist_response = Span::from_secs(20);
    policy.level_values = Some(values);
    policy.funding = CreditFunding::Operator { party: party("helpdesk") };
    let mut g = genesis(policy, ONE);
    let kinds = nooterra_operations::intervention::Kind::ALL.to_vec();
    g.operators.push(crate::OperatorEntry { operator: operator("olga"), name: "olga".into(), party: party("helpdesk"), kinds });
    let mut rig = Rig::of(g, ONE);
    let job = rig.stuck();
    (rig, job)
}

fn helped(rig: &mut Rig, after: u64) {
    let offer = |(_, w): &(_, HelpWord)| if let HelpWord::Offer(x) = w { Some(x.assist) } else { None };
    let assist = rig.help.iter().rev().find_map(offer).unwrap();
    rig.run(after);
    rig.send("olga", &OperatorCommand::Accept { assist }).unwrap();
    rig.run(2);
    let screen =
        |rig: &Rig| rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None }).unwrap();
    let view = screen(rig);
    rig.send("olga", &OperatorCommand::Start { assist, view }).unwrap();
    let view = screen(rig);
    rig.send("olga", &OperatorCommand::Intervene { assist, action: Action::Resume {}, view }).unwrap();
    rig.run(1);
    rig.send("olga", &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed }).unwrap();
}

fn slow(rig: &Rig, job: JobId) -> Vec<Breach> {
    let of = |e: Event| if let Event::SlaBreachRecorded(b) = e { Some(b) } else { None };
    rig.job_events(job).into_iter().filter_map(of).filter(|b| b.kind == BreachKind::AssistSlow).collect()
}

#[test]
fn help_in_time_is_no_breach() {
    let (mut rig, job) = stuck();
    helped(&mut rig, 10);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(slow(&rig, job), []);
    rig.check_books();
}

#[test]
fn help_that_begins_late_is_credited_by_whoever_the_contract_names() {
    let (mut rig, job) = stuck();
    helped(&mut rig, 25);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let b = slow(&rig, job);
    assert_eq!(b.len(), 1);
    assert_eq!((b[0].fault, b[0].limit, b[0].excused), (Fault::Operator, Span::from_secs(20), Span::ZERO));
    assert!(b[0].measured >= Span::from_secs(27) && b[0].measured < Span::from_secs(30), "{:?}", b[0]);
    let service = rig.c.state().jobs[&job].pins.as_ref().unwrap().service.minor();
    assert_eq!(rig.c.state().jobs[&job].credited.minor(), service * 300 / 10_000);
    let owed = Account::PartyReceivable { role: Role::Operator, party: party("helpdesk") };
    assert_eq!(rig.c.book().posted(owed, Currency::EUR), i128::from(service * 300 / 10_000));
    rig.check_books();
}

#[test]
fn help_that_never_comes_is_the_platforms() {
    let (mut rig, job) = stuck();
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let b = slow(&rig, job);
    assert_eq!((b.len(), b[0].fault), (1, Fault::Platform), "{b:?}");
    assert!(b[0].measured > Span::from_secs(20));
    rig.check_books();
}
