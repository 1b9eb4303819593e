//! Disputes through the whole platform: who may what, what they hold, and what they give back.

use super::cases::{amount, opened, payment, rig_with_job, until};
use super::rig::{Rig, genesis, key, operator, party, robot};
use crate::Policy;
use crate::input::{CaseCommand, FinanceCommand, Funding, Ground, PaymentReport, RequesterCommand, StaffCommand, Verdict};
use nooterra_engine::Digest;
use nooterra_engine::ids::{DisputeId, JobId, TenantId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Event as JobEvent, IncidentCode, Missing, Outcome, RefundBearer, RefundOf};
use nooterra_jobs::status::Status;
use nooterra_ledger::{Account, Role as PayRole};
use nooterra_trust::dispute::Status as Stage;
use nooterra_trust::{Binding, Role, Sender};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn dispute(job: JobId, minor: u64) -> CaseCommand {
    CaseCommand::OpenDispute { job, ground: Ground::Quality, amount: amount(minor), currency: Currency::EUR }
}

fn verdict(award: u64) -> Verdict {
    Verdict { award: amount(award), funding: Funding::Legs, earned_bps: None, decision_hash: Digest([7; 32]) }
}

fn decide(job: JobId, dispute: DisputeId, verdict: Verdict) -> CaseCommand {
    CaseCommand::DecideDispute { job, dispute, verdict, currency: Currency::EUR }
}

fn last(rig: &Rig, job: JobId) -> DisputeId {
    let all = &rig.c.state().cases[&job].disputes.disputes;
    *all.iter().max_by_key(|(_, d)| d.opened_at).unwrap().0
}

fn stage(rig: &Rig, job: JobId) -> Vec<Stage> {
    rig.c.state().cases[&job].disputes.disputes.values().map(|d| d.status).collect()
}

fn count(rig: &Rig, job: JobId, name: &str) -> usize {
    rig.names(job).iter().filter(|n| **n == name).count()
}

fn balanced(rig: &Rig) {
    assert_eq!(nooterra_ledger::statement::sums(rig.c.book(), Currency::EUR), (0, 0));
}

/// A trust key in the hands of the insurer's own party, which the job names.
fn partial_judge() -> (Rig, JobId) {
    let mut g = genesis(Policy::scenario(), ONE);
    let tenant = TenantId::named(super::rig::TENANT);
    let (name, subject) = ("own-judge", *party("insurer").as_bytes());
    g.keys.push(Binding {
        public: key(name).public(),
        tenant,
        role: Role::TR,
        subject,
        name: name.into(),
        from: Instant::ZERO,
        to: Instant::NEVER,
        revoked_at: None,
    });
    let mut rig = Rig::of(g, ONE);
    rig.senders.insert(name.into(), Sender::person(tenant, subject, key(name)));
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    (rig, job)
}

#[test]
fn who_may_dispute_drop_and_decide() {
    let (mut rig, job) = partial_judge();
    until(&mut rig, job, Status::Executing);
    assert_eq!(rig.send("rq", &dispute(job, 100)), Err("STATE_FORBIDS".into()), "while the work goes on");
    until(&mut rig, job, Status::Completed);
    let price = rig.c.money(job).unwrap().price;
    for (who, code) in
        [("rq2", "NOT_FOUND"), ("bolt", "NOT_FOUND"), ("dev", "NOT_FOUND"), ("judge", "ROLE_FORBIDDEN"), ("staff", "ROLE_FORBIDDEN")]
    {
        assert_eq!(rig.send(who, &dispute(job, 100)), Err(code.into()), "{who}");
    }
    assert_eq!(rig.send("olga", &dispute(job, 100)), Err("NOT_FOUND".into()), "an operator who helped nobody");
    assert_eq!(rig.send("bank", &dispute(job, 100)), Err("TYPE_UNKNOWN".into()));
    assert_eq!(rig.send("rq", &dispute(JobId::named("none"), 100)), Err("NOT_FOUND".into()));
    assert_eq!(rig.send("rq", &dispute(job, 0)), Err("AMOUNT_INVALID".into()));
    assert_eq!(rig.send("rq", &dispute(job, price + 1)), Err("LIMIT_EXCEEDED".into()));
    rig.send("rq", &dispute(job, 300)).unwrap();
    assert_eq!(rig.send("rq", &dispute(job, 300)), Err("ALREADY_DONE".into()), "one open dispute of each party");
    let ours = last(&rig, job);
    rig.run(1);
    rig.send("acme", &dispute(job, 200)).unwrap();
    let theirs = last(&rig, job);
    let none = DisputeId::named("none");
    let give_up = |dispute| CaseCommand::DropDispute { job, dispute };
    assert_eq!(rig.send("acme", &give_up(ours)), Err("PARTY_FORBIDDEN".into()));
    assert_eq!(rig.send_at("judge", job, &give_up(ours)), Err("ROLE_FORBIDDEN".into()));
    assert_eq!(rig.send("rq", &give_up(none)), Err("NOT_FOUND".into()));
    let cases = [
        ("staff", decide(job, ours, verdict(0)), "ROLE_FORBIDDEN"),
        ("rq", decide(job, ours, verdict(0)), "ROLE_FORBIDDEN"),
        ("own-judge", decide(job, ours, verdict(0)), "CONFLICT_OF_INTEREST"),
        ("judge", decide(job, none, verdict(0)), "NOT_FOUND"),
        ("judge", decide(job, ours, Verdict { earned_bps: Some(10_001), ..verdict(0) }), "SCHEMA_INVALID"),
        ("judge", decide(job, ours, Verdict { decision_hash: Digest::ZERO, ..verdict(0) }), "CONTENT_HASH_MISSING"),
        ("judge", decide(job, ours, verdict(301)), "LIMIT_EXCEEDED"),
        ("judge", decide(job, ours, Verdict { funding: Funding::Party(party("rq")), ..verdict(10) }), "FUNDING_INVALID"),
        ("judge", decide(job, ours, Verdict { funding: Funding::Party(party("bolt")), ..verdict(10) }), "FUNDING_INVALID"),
        ("judge", decide(job, theirs, verdict(10)), "FUNDING_INVALID"),
    ];
    for (who, c, code) in cases {
        assert_eq!(rig.send_at(who, job, &c), Err(code.into()), "{who} {c:?}");
    }
    // A decision names what it was read at, and what was read since is another matter.
    assert_eq!(rig.send("judge", &decide(job, ours, verdict(0))), Err("HEAD_REQUIRED".into()));
    assert_eq!(rig.send_on("judge", "job/another", &decide(job, ours, verdict(0))), Err("HEAD_CONFLICT".into()));
    rig.send("acme", &give_up(theirs)).unwrap();
    assert_eq!(rig.send("acme", &give_up(theirs)), Err("ALREADY_DONE".into()));
    assert_eq!(rig.send_at("judge", job, &decide(job, theirs, verdict(0))), Err("TRACK_FORBIDS".into()));
    rig.send_at("judge", job, &decide(job, ours, verdict(0))).unwrap();
    assert_eq!(rig.send_at("judge", job, &decide(job, ours, verdict(0))), Err("ALREADY_DONE".into()));
    assert_eq!(rig.send("rq", &give_up(ours)), Err("TRACK_FORBIDS".into()));
    assert_eq!(rig.run_job(job, 200), Status::Settled);
    assert_eq!(rig.send_at("judge", job, &decide(job, ours, Verdict { earned_bps: Some(1), ..verdict(0) })), Err("ALREADY_DONE".into()));
    rig.check_books();
}

#[test]
fn a_dispute_before_the_settlement_holds_it_and_may_set_what_was_earned() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Completed);
    rig.send("rq", &dispute(job, 500)).unwrap();
    rig.run(120);
    assert_eq!(rig.status(job), Status::Completed);
    let held = |e: &JobEvent| matches!(e, JobEvent::SettlementHeld { missing, .. } if *missing == [Missing::Dispute]);
    assert!(rig.job_events(job).iter().any(held), "{:?}", rig.names(job));
    let d = last(&rig, job);
    rig.send_at("judge", job, &decide(job, d, Verdict { earned_bps: Some(5_000), ..verdict(0) })).unwrap();
    assert_eq!(rig.status(job), Status::Settled, "in the unit in which the last item passes");
    let j = &rig.c.state().jobs[&job];
    let s = &j.settled.as_ref().unwrap().settlement;
    let service = j.pins.as_ref().unwrap().service.minor();
    assert_eq!((s.outcome, s.earned_bps, s.charge.minor()), (Outcome::Partial, 5_000, service / 2));
    let score = rig.c.state().scores.bps(nooterra_trust::reputation::Subject::Robot(robot("a1")));
    assert_eq!(score, 6_970, "as a part, not as the whole: 7000 goes towards 6000");
    rig.run(60);
    assert_eq!(count(&rig, job, "REFUND_PAID"), 1, "the rest of the settlement");
    assert_eq!(rig.send_at("judge", job, &decide(job, d, verdict(0))), Err("ALREADY_DONE".into()));
    rig.check_books();
    balanced(&rig);
}

#[test]
fn what_was_never_begun_earns_nothing_by_decision() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::EnRoute);
    rig.send("rq", &RequesterCommand::Cancel { job, safety: false }).unwrap();
    until(&mut rig, job, Status::Aborted);
    rig.send("rq", &CaseCommand::OpenDispute { job, ground: Ground::Charge, amount: amount(50), currency: Currency::EUR }).unwrap();
    let d = last(&rig, job);
    let e = |bps| decide(job, d, Verdict { earned_bps: Some(bps), ..verdict(0) });
    assert_eq!(rig.send_at("judge", job, &e(1)), Err("STATE_FORBIDS".into()));
    rig.send_at("judge", job, &e(0)).unwrap();
    assert_eq!(rig.run_job(job, 200), Status::Settled);
    rig.check_books();
}

#[test]
fn an_award_after_the_settlement_is_given_back_once_by_those_who_were_paid() {
    let (mut rig, job) = rig_with_job();
    rig.run_job(job, 900);
    assert_eq!(rig.status(job), Status::Settled);
    let captured = rig.c.money(job).unwrap().captured;
    rig.send("rq", &dispute(job, 400)).unwrap();
    let d = last(&rig, job);
    assert_eq!(rig.send_at("judge", job, &decide(job, d, Verdict { earned_bps: Some(1), ..verdict(0) })), Err("JOB_TERMINAL".into()));
    assert_eq!(rig.send_at("books", job, &FinanceCommand::Refund { job, dispute: d }), Err("STATE_FORBIDS".into()), "nothing is decided");
    rig.knobs.refund_fails = 1;
    let owes = Account::PartyReceivable { role: PayRole::Owner, party: party("acme") };
    let before = rig.c.balance(owes, Currency::EUR);
    rig.send_at("judge", job, &decide(job, d, Verdict { funding: Funding::Party(party("acme")), ..verdict(300) })).unwrap();
    let issued = |e: &JobEvent| match e {
        JobEvent::RefundIssued { amount, of: RefundOf::Award { dispute, bearer }, decision_hash, .. } => {
            assert_eq!((*dispute, *bearer, *decision_hash), (d, RefundBearer::Party(party("acme")), Digest([7; 32])));
            Some(amount.minor())
        }
        _ => None,
    };
    assert_eq!(rig.job_events(job).iter().filter_map(issued).collect::<Vec<_>>(), [300]);
    assert_eq!(count(&rig, job, "REFUND_FAILED"), 1);
    balanced(&rig);
    assert_eq!(rig.c.balance(owes, Currency::EUR), before, "what failed was borne by nobody");
    assert_eq!(rig.c.state().money.job(job).unwrap().returnable(), captured, "and its cap is whole again");
    rig.run(60);
    assert_eq!(count(&rig, job, "REFUND_ISSUED"), 1, "nobody tries again by themselves");
    let again = FinanceCommand::Refund { job, dispute: d };
    assert_eq!(rig.send_at("judge", job, &again), Err("TYPE_UNKNOWN".into()));
    assert_eq!(rig.send_at("books", job, &FinanceCommand::Refund { job, dispute: DisputeId::named("none") }), Err("NOT_FOUND".into()));
    assert_eq!(rig.send_at("books", job, &FinanceCommand::Refund { job: JobId::named("none"), dispute: d }), Err("NOT_FOUND".into()));
    rig.send_at("books", job, &again).unwrap();
    assert_eq!(count(&rig, job, "REFUND_PAID"), 1, "{:?}", rig.names(job));
    assert_eq!(rig.send_at("books", job, &again), Err("ALREADY_DONE".into()));
    let m = rig.c.state().money.job(job).unwrap().clone();
    assert_eq!((m.refunded(), m.returnable()), (300, captured - 300));
    let leg = m.legs.iter().find(|l| l.party == Some(party("acme"))).unwrap();
    assert_eq!((leg.reversed, leg.pending), (300, 0));
    assert_eq!(rig.c.balance(owes, Currency::EUR), before + 300);
    // Its next payout bears the debt.
    let next = rig.ask(rig.delivery(2, 5));
    rig.run_job(next, 600);
    rig.run(400);
    assert_eq!(rig.c.balance(owes, Currency::EUR), 0);
    balanced(&rig);
}

#[test]
fn awards_and_refunds_meet_one_cap() {
    let (mut rig, job) = rig_with_job();
    rig.run_job(job, 900);
    let (captured, price) = (rig.c.money(job).unwrap().captured, rig.c.money(job).unwrap().price);
    assert_eq!(captured, price);
    let mut given = 0;
    for part in [price - 100, 60] {
        rig.send("rq", &dispute(job, part)).unwrap();
        let d = last(&rig, job);
        rig.send_at("judge", job, &decide(job, d, verdict(part))).unwrap();
        given += part;
        rig.run(1);
    }
    assert_eq!(rig.c.state().money.job(job).unwrap().returnable(), captured - given);
    rig.send("rq", &dispute(job, price)).unwrap();
    let d = last(&rig, job);
    assert_eq!(rig.send_at("judge", job, &decide(job, d, verdict(41))), Err("LIMIT_EXCEEDED".into()), "forty are left");
    rig.send_at("judge", job, &decide(job, d, Verdict { funding: Funding::Platform, ..verdict(40) })).unwrap();
    assert_eq!(rig.c.state().money.job(job).unwrap().returnable(), 0);
    assert_eq!(count(&rig, job, "REFUND_PAID"), 3);
    balanced(&rig);
}

#[test]
fn while_a_bank_decides_nothing_is_given_back() {
    let (mut rig, job) = rig_with_job();
    rig.run_job(job, 900);
    let p = payment(&rig, job);
    rig.send("rq", &dispute(job, 200)).unwrap();
    let d = last(&rig, job);
    rig.send("bank", &opened(p, 100, "x")).unwrap();
    rig.send_at("judge", job, &decide(job, d, verdict(200))).unwrap();
    assert_eq!(count(&rig, job, "REFUND_ISSUED"), 0);
    assert_eq!(rig.send_at("books", job, &FinanceCommand::Refund { job, dispute: d }), Err("LIEN_OPEN".into()));
    rig.run(30);
    assert_eq!(count(&rig, job, "REFUND_ISSUED"), 0);
    rig.send("bank", &PaymentReport::ChargebackWon { provider_ref: "x".into(), fee_back: amount(500) }).unwrap();
    assert_eq!(count(&rig, job, "REFUND_PAID"), 1, "in the unit in which the bank has decided");
    balanced(&rig);
}

#[test]
fn an_award_before_the_settlement_waits_for_it() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Completed);
    rig.send("rq", &dispute(job, 200)).unwrap();
    let d = last(&rig, job);
    rig.send_at("judge", job, &decide(job, d, Verdict { funding: Funding::Platform, ..verdict(200) })).unwrap();
    assert_eq!(count(&rig, job, "REFUND_ISSUED"), 0);
    assert_eq!(rig.send_at("books", job, &FinanceCommand::Refund { job, dispute: d }), Err("STATE_FORBIDS".into()));
    assert_eq!(rig.run_job(job, 200), Status::Settled);
    assert_eq!(count(&rig, job, "REFUND_ISSUED"), 1);
    assert_eq!(rig.c.balance(Account::GoodwillExpense, Currency::EUR), 200);
    balanced(&rig);
}

#[test]
fn a_complaint_that_names_an_amount_is_disputed_when_the_job_has_ended() {
    let (mut rig, job) = rig_with_job();
    let complain = |amount| CaseCommand::Complain {
        job,
        code: IncidentCode::QualityComplaint,
        statement: Digest([1; 32]),
        amount,
        currency: Some(Currency::EUR),
    };
    until(&mut rig, job, Status::Executing);
    let price = rig.c.money(job).unwrap().price;
    assert_eq!(rig.send("rq", &complain(Some(Amount::ZERO))), Err("AMOUNT_INVALID".into()));
    assert_eq!(rig.send("rq", &complain(Some(amount(price + 1)))), Err("LIMIT_EXCEEDED".into()));
    rig.send("rq", &complain(Some(amount(90)))).unwrap();
    assert_eq!(rig.send("rq", &complain(Some(amount(90)))), Err("ALREADY_DONE".into()), "it is asked for already");
    rig.send("rq", &complain(None)).unwrap();
    assert_eq!((count(&rig, job, "INCIDENT_OPENED"), count(&rig, job, "DISPUTE_OPENED")), (2, 0));
    until(&mut rig, job, Status::Completed);
    let names = rig.names(job);
    let at = |n: &str| names.iter().position(|x| *x == n).unwrap_or(usize::MAX);
    assert_eq!(count(&rig, job, "DISPUTE_OPENED"), 1);
    assert!(at("EXECUTION_COMPLETED") < at("DISPUTE_OPENED"));
    assert_eq!(rig.send("rq", &complain(Some(amount(90)))), Err("ALREADY_DONE".into()));
    rig.run(90);
    let give_up = CaseCommand::DropDispute { job, dispute: last(&rig, job) };
    assert_eq!(rig.status(job), Status::Completed);
    rig.send("rq", &give_up).unwrap();
    assert_eq!(rig.status(job), Status::Settled);
    rig.send("rq", &complain(Some(amount(90)))).unwrap();
    rig.run(5);
    assert_eq!(count(&rig, job, "DISPUTE_OPENED"), 1, "after the settlement an amount in a complaint is only noted");
    balanced(&rig);
}

#[test]
fn the_window_closes_and_the_clock_drops_what_nobody_decides() {
    let mut policy = Policy::scenario();
    policy.disputes.window = Span::from_secs(60);
    let mut rig = Rig::with(policy, ONE);
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Completed);
    rig.send("acme", &dispute(job, 10)).unwrap();
    rig.run(9 * 60);
    assert_eq!(stage(&rig, job), [Stage::Open]);
    until(&mut rig, job, Status::Settled);
    assert_eq!(stage(&rig, job), [Stage::Dropped]);
    assert_eq!((count(&rig, job, "DISPUTE_ESCALATED"), count(&rig, job, "DISPUTE_DROPPED")), (1, 1), "{:?}", rig.names(job));
    assert_eq!(count(&rig, job, "SETTLEMENT_FORFEITED"), 0, "by the proof, not by the rule of the hold");
    rig.run(50);
    assert_eq!(rig.send("rq", &dispute(job, 10)), Ok(()));
    rig.run(30);
    assert_eq!(rig.send("acme", &dispute(job, 10)), Err("JOB_TERMINAL".into()));
}

#[test]
fn an_operator_who_helped_may_dispute() {
    use crate::{HelpOutcome, HelpWord, OperatorCommand};
    let mut rig = Rig::with_operators(ONE);
    let until_shift = rig.now + Span::from_secs(3_000);
    rig.send("olga", &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until: until_shift }).unwrap();
    rig.run(10);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(&mut rig, job, Status::Stalled);
    let assist = rig.help.iter().find_map(|(o, w)| match w {
        HelpWord::Offer(x) if *o == operator("olga") => Some(x.assist),
        _ => None,
    });
    let assist = assist.unwrap();
    rig.send("olga", &OperatorCommand::Accept { assist }).unwrap();
    rig.run(2);
    let view = rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None }).unwrap();
    rig.send("olga", &OperatorCommand::Start { assist, view }).unwrap();
    let view = rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None }).unwrap();
    rig.send("olga", &OperatorCommand::Intervene { assist, action: nooterra_port::Action::Resume {}, view }).unwrap();
    rig.run(1);
    rig.send("olga", &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed }).unwrap();
    until(&mut rig, job, Status::Completed);
    rig.send("olga", &CaseCommand::OpenDispute { job, ground: Ground::Meter, amount: amount(20), currency: Currency::EUR }).unwrap();
    assert_eq!(rig.send("otto", &CaseCommand::DropDispute { job, dispute: last(&rig, job) }), Ok(()), "of the same company");
    assert_eq!(rig.run_job(job, 200), Status::Settled);
    rig.check_books();
}

#[test]
fn a_settlement_waits_for_triage_and_dispute_together() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Completed);
    rig.run(20);
    rig.send(
        "rq",
        &CaseCommand::Complain {
            job,
            code: IncidentCode::Injury,
            statement: Digest([1; 32]),
            amount: Some(amount(50)),
            currency: Some(Currency::EUR),
        },
    )
    .unwrap();
    rig.run(90);
    let held = |e: &JobEvent| matches!(e, JobEvent::SettlementHeld { missing, .. } if *missing == [Missing::Dispute, Missing::Incident]);
    assert!(rig.job_events(job).iter().any(held), "{:?}", rig.job_events(job));
    let incident = *rig.c.state().cases[&job].incidents.incidents.keys().next().unwrap();
    let fault = nooterra_jobs::event::Fault::None;
    rig.send_at("judge", job, &StaffCommand::Triage { job, incident, severity: 1, fault, confirmed: false }).unwrap();
    assert_eq!(rig.status(job), Status::Completed);
    rig.send_at("judge", job, &decide(job, last(&rig, job), verdict(0))).unwrap();
    assert_eq!(rig.status(job), Status::Settled);
    balanced(&rig);
}
