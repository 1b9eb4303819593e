//! Chargebacks, incidents, evidence and claims through the whole platform.

use super::rig::{Rig, party, robot};
use crate::fact::{CaseEvent, Event, Fact};
use crate::input::{CaseCommand, Document, PaymentReport, StaffCommand};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ClaimId, IncidentId, JobId, PaymentId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_jobs::event::{Fault, IncidentCode};
use nooterra_jobs::status::Status;
use nooterra_ledger::Account;
use nooterra_port::Report;
use nooterra_trust::claim::{Bearer, Denial, Head, Item, Portion};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

pub fn amount(minor: u64) -> Amount {
    Amount::new(minor).unwrap()
}

pub fn rig_with_job() -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    (rig, job)
}

pub fn until(rig: &mut Rig, job: JobId, status: Status) {
    for _ in 0..900 {
        if rig.status(job) == status {
            return;
        }
        rig.run(1);
    }
    panic!("{:?} never came; {:?}", status, rig.names(job));
}

pub fn payment(rig: &Rig, job: JobId) -> PaymentId {
    rig.c.state().jobs[&job].payment.payment.unwrap()
}

pub fn opened(payment: PaymentId, minor: u64, name: &str) -> PaymentReport {
    PaymentReport::ChargebackOpened {
        payment,
        amount: amount(minor),
        fee: amount(500),
        currency: Currency::EUR,
        reason: "fraud".into(),
        provider_ref: name.into(),
    }
}

#[test]
fn a_chargeback_is_refused_for_each_reason_and_decided_once() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::EnRoute);
    let p = payment(&rig, job);
    let won = |name: &str, fee: u64| PaymentReport::ChargebackWon { provider_ref: name.into(), fee_back: amount(fee) };
    assert_eq!(rig.send("bank", &opened(PaymentId::named("other"), 100, "x")), Err("NOT_FOUND".into()));
    until(&mut rig, job, Status::Executing);
    let captured = rig.c.money(job).unwrap().captured;
    assert_eq!(rig.send("bank", &opened(p, 0, "x")), Err("AMOUNT_INVALID".into()));
    assert_eq!(rig.send("bank", &opened(p, captured + 1, "x")), Err("LIMIT_EXCEEDED".into()));
    assert_eq!(rig.send("bank", &opened(p, 100, "")), Err("SCHEMA_INVALID".into()));
    assert_eq!(rig.send("bank", &won("x", 0)), Err("NOT_FOUND".into()));
    assert_eq!(rig.send("bank", &opened(p, captured, "x")), Ok(()));
    assert_eq!(rig.send("bank", &opened(p, captured, "x")), Err("ALREADY_DONE".into()));
    assert_eq!(rig.send("rq", &opened(p, captured, "y")), Err("TYPE_UNKNOWN".into()), "nobody else says so");
    assert_eq!(rig.send("bank", &won("x", 501)), Err("LIMIT_EXCEEDED".into()));
    // While it is open nothing settles.
    rig.run(400);
    assert_eq!(rig.status(job), Status::Completed, "{:?}", rig.names(job));
    assert!(rig.names(job).contains(&"SETTLEMENT_HELD"));
    assert_eq!(rig.send("bank", &won("x", 500)), Ok(()));
    assert_eq!(rig.send("bank", &won("x", 500)), Err("ALREADY_DONE".into()));
    assert_eq!(rig.status(job), Status::Settled, "the hold ends with the last thing that was missing");
    rig.run(300);
    rig.check_books();
    assert_eq!(rig.c.balance(Account::ProviderFeeExpense, Currency::EUR), 0);
    assert!(rig.c.balance(Account::OwnerPayable { party: party("acme") }, Currency::EUR) == 0, "paid out");
}

#[test]
fn what_a_chargeback_kept_back_is_paid_when_it_is_won() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Settled);
    let (p, captured) = (payment(&rig, job), rig.c.money(job).unwrap().captured);
    assert_eq!(rig.send("bank", &opened(p, captured, "x")), Ok(()));
    // The payable matures while its owner's part of the chargeback is secured by it: nothing is left to pay out.
    rig.run(900);
    let owed = |rig: &Rig| rig.c.balance(Account::OwnerPayable { party: party("acme") }, Currency::EUR);
    assert!(owed(&rig) > 0);
    assert_eq!(rig.send("bank", &PaymentReport::ChargebackWon { provider_ref: "x".into(), fee_back: amount(500) }), Ok(()));
    rig.run(300);
    assert_eq!(owed(&rig), 0, "paid out");
    rig.check_books();
}

#[test]
fn a_chargeback_lost_before_settlement_is_topped_up_by_the_platform() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    let (p, captured) = (payment(&rig, job), rig.c.money(job).unwrap().captured);
    let service = rig.c.state().jobs[&job].pins.as_ref().unwrap().service.minor();
    rig.send("bank", &opened(p, captured, "x")).unwrap();
    rig.send("bank", &PaymentReport::ChargebackLost { provider_ref: "x".into() }).unwrap();
    until(&mut rig, job, Status::Settled);
    let expense = rig.c.balance(Account::ChargebackExpense, Currency::EUR);
    assert_eq!(expense, i128::from(service), "all that was earned, out of the platform's own money; nobody is covered");
    assert_eq!(rig.c.balance(Account::ProviderFeeExpense, Currency::EUR), 500);
    assert_eq!(nooterra_ledger::statement::sums(rig.c.book(), Currency::EUR), (0, 0));
}

pub fn bump(rig: &mut Rig, mns: i64) {
    rig.report(robot("a1"), Report::Noticed { code: "COLLISION".into(), measure: mns });
    rig.run(2);
}

fn incident(rig: &Rig, job: JobId) -> IncidentId {
    *rig.c.state().cases[&job].incidents.incidents.keys().next().unwrap()
}

fn claim_of(rig: &Rig, job: JobId) -> ClaimId {
    *rig.c.state().cases[&job].claims.claims.keys().last().unwrap()
}

fn captures(rig: &Rig) -> usize {
    let is =
        |f: &&Fact| matches!(f.event().map(|r| &r.payload), Some(Event::Case(CaseEvent::Evidence(e))) if e.name() == "EVIDENCE_CAPTURED");
    rig.facts.iter().filter(is).count()
}

#[test]
fn a_contact_is_judged_by_its_impulse_and_its_window_is_captured() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    bump(&mut rig, 499);
    assert!(rig.c.state().cases[&job].incidents.incidents.is_empty(), "below the threshold nothing is opened");
    bump(&mut rig, 700);
    let i = rig.c.state().cases[&job].incidents.incidents.values().next().copied().unwrap();
    assert_eq!((i.severity, i.count), (2, 1));
    bump(&mut rig, 700);
    let cases = &rig.c.state().cases[&job];
    assert_eq!(cases.incidents.incidents.len(), 1, "the same within ten seconds is one");
    assert_eq!(captures(&rig), 0, "the window reaches half a minute after");
    rig.run(40);
    assert_eq!(captures(&rig), 2, "its words, and its black box");
    let case = &rig.c.state().cases[&job];
    let item = case.evidence.items.values().next().unwrap();
    assert!(item.capture.bytes > 0 && item.capture.content_hash != Digest::ZERO);
    assert!(case.evidence.windows.values().all(|w| w.missing.is_empty()));
    rig.run_job(job, 600);
    rig.check_books();
}

/// A job that has settled with a material incident that the owner answers for.
fn damaged() -> (Rig, JobId, IncidentId) {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    bump(&mut rig, 2_500);
    let i = incident(&rig, job);
    let t = StaffCommand::Triage { job, incident: i, severity: 3, fault: Fault::Owner, confirmed: true };
    assert_eq!(rig.send("staff", &t), Err("ROLE_FORBIDDEN".into()));
    rig.send_at("judge", job, &t).unwrap();
    assert_eq!(rig.send_at("judge", job, &t), Err("ALREADY_DONE".into()));
    rig.run(60);
    (rig, job, i)
}

fn open(job: JobId, incident: IncidentId, minor: u64) -> CaseCommand {
    CaseCommand::OpenClaim { job, incident, claimant: None, demand: amount(minor), currency: Currency::EUR, head: Head::Property }
}

fn papers(job: JobId, claim: ClaimId) -> CaseCommand {
    let valuation = Document { item: Item::Valuation, content_hash: Digest([9; 32]) };
    CaseCommand::TriageClaim { job, claim, documents: vec![valuation] }
}

fn owner_pays(job: JobId, claim: ClaimId, minor: u64) -> CaseCommand {
    let split = vec![Portion { bearer: Bearer::Party(party("acme")), bps: 10_000 }];
    CaseCommand::ApproveClaim { job, claim, assessed: amount(minor), currency: Currency::EUR, claimant_fault_bps: 0, split }
}

#[test]
fn a_small_claim_takes_one_key_and_is_paid_once() {
    let (mut rig, job, i) = damaged();
    assert_eq!(rig.send("rq2", &open(job, i, 900)), Err("NOT_FOUND".into()));
    assert_eq!(rig.send("rq", &open(job, i, 0)), Err("AMOUNT_INVALID".into()));
    assert_eq!(rig.send("rq", &open(job, IncidentId::named("none"), 900)), Err("NOT_FOUND".into()));
    rig.send("rq", &open(job, i, 900)).unwrap();
    assert_eq!(rig.send("rq", &open(job, i, 900)), Err("ALREADY_DONE".into()), "one for each incident and claimant");
    let claim = claim_of(&rig, job);
    assert_eq!(rig.send_at("judge", job, &owner_pays(job, claim, 900)), Err("TRACK_FORBIDS".into()));
    rig.send_at("judge", job, &papers(job, claim)).unwrap();
    assert_eq!(rig.c.balance(Account::ClaimReserve { claim }, Currency::EUR), 900, "the automatic amount covers a small demand");
    assert_eq!(rig.send_at("judge", job, &owner_pays(job, claim, 901)), Err("LIMIT_EXCEEDED".into()));
    rig.send_at("judge", job, &owner_pays(job, claim, 800)).unwrap();
    let owes = Account::PartyReceivable { role: nooterra_ledger::Role::Owner, party: party("acme") };
    let paid = |rig: &Rig| {
        rig.names(job).contains(&"CLAIM_PAID") || rig.facts.iter().any(|f| f.event().is_some_and(|r| r.payload.name() == "CLAIM_PAID"))
    };
    rig.run(200);
    assert!(paid(&rig), "{:?}", rig.refused);
    let again = PaymentReport::ClaimPaid { claim, amount: amount(800), currency: Currency::EUR, provider_ref: "again".into() };
    assert_eq!(rig.send("bank", &again), Err("ALREADY_DONE".into()));
    assert_eq!(rig.c.balance(Account::ClaimsPayable { claim }, Currency::EUR), 0);
    assert_eq!(rig.c.balance(Account::ClaimsExpense, Currency::EUR), 0, "the owner bears it");
    rig.run(400);
    // Its robot was told to brake after the contact and left in the end, so a service level was missed on top.
    assert!(rig.c.balance(owes, Currency::EUR) >= 800, "it had been paid out before");
    for _ in 0..2 {
        let next = rig.ask(rig.delivery(2, 5));
        rig.run_job(next, 600);
        rig.run(400);
    }
    assert_eq!(rig.c.balance(owes, Currency::EUR), 0, "its next payouts bear the debt");
    assert_eq!(nooterra_ledger::statement::sums(rig.c.book(), Currency::EUR), (0, 0));
}

#[test]
fn a_large_claim_takes_two_keys_that_say_the_same() {
    let (mut rig, job, i) = damaged();
    rig.send("rq", &open(job, i, 20_000)).unwrap();
    let claim = claim_of(&rig, job);
    rig.send_at("judge", job, &papers(job, claim)).unwrap();
    let state = |rig: &Rig| rig.c.state().cases[&job].claims.claims[&claim].status;
    rig.send_at("judge", job, &owner_pays(job, claim, 15_000)).unwrap();
    assert_eq!(state(&rig), nooterra_trust::claim::Status::Reserved, "one key decides nothing");
    assert_eq!(rig.send_at("judge", job, &owner_pays(job, claim, 15_000)), Err("SECOND_KEY_REQUIRED".into()));
    rig.send_at("judge2", job, &owner_pays(job, claim, 14_000)).unwrap();
    assert_eq!(state(&rig), nooterra_trust::claim::Status::Reserved, "another sum is another decision");
    let deny = CaseCommand::DenyClaim { job, claim, reason: Denial::NotCovered };
    rig.send_at("judge2", job, &deny).unwrap();
    assert_eq!(state(&rig), nooterra_trust::claim::Status::Reserved);
    rig.send_at("judge2", job, &owner_pays(job, claim, 15_000)).unwrap();
    assert_eq!(state(&rig), nooterra_trust::claim::Status::Approved);
    assert_eq!(rig.send_at("judge", job, &deny), Err("TRACK_FORBIDS".into()), "what was proposed before the decision is void");
    assert_eq!(nooterra_ledger::statement::sums(rig.c.book(), Currency::EUR), (0, 0));
}

#[test]
fn complaints_are_the_requesters_and_prove_nothing() {
    let (mut rig, job) = rig_with_job();
    let complain =
        CaseCommand::Complain { job, code: IncidentCode::PropertyDamage, statement: Digest([1; 32]), amount: None, currency: None };
    assert_eq!(rig.send("rq", &complain), Err("STATE_FORBIDS".into()), "before anything is booked");
    until(&mut rig, job, Status::Executing);
    assert_eq!(rig.send("rq2", &complain), Err("NOT_FOUND".into()));
    assert_eq!(rig.send("acme", &complain), Err("ROLE_FORBIDDEN".into()));
    rig.send("rq", &complain).unwrap();
    let i = incident(&rig, job);
    rig.send("rq", &open(job, i, 700)).unwrap();
    let claim = claim_of(&rig, job);
    rig.send_at("judge", job, &papers(job, claim)).unwrap();
    let missing = rig.c.state().cases[&job].claims.claims[&claim].triage.clone().unwrap().missing;
    assert_eq!(missing, [Item::EvidenceWindow, Item::ContactOrLoadRecord], "nothing was measured");
    // Nobody brings it: the claim lapses by itself, and what was set aside comes back.
    rig.run(400);
    assert_eq!(rig.c.state().cases[&job].claims.claims[&claim].status, nooterra_trust::claim::Status::Lapsed);
    assert_eq!(rig.c.balance(Account::ClaimReserve { claim }, Currency::EUR), 0);
    assert_eq!(rig.c.balance(Account::ClaimsExpense, Currency::EUR), 0);
}

#[test]
fn both_rooms_know_the_same_codes() {
    use nooterra_trust::incident::IncidentCode as Theirs;
    let ours: Vec<&str> = IncidentCode::ALL.iter().map(|c| c.text()).collect();
    let theirs: Vec<&str> = Theirs::ALL.iter().map(|c| c.text()).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn people_report_what_nothing_measured_and_judges_close_it() {
    let (mut rig, job) = rig_with_job();
    let said = |code, severity| StaffCommand::ReportIncident { job, code, severity };
    assert_eq!(rig.send("staff", &said(IncidentCode::PropertyDamage, 3)).unwrap_err(), "STATE_FORBIDS", "nothing was done yet");
    until(&mut rig, job, Status::Executing);
    assert_eq!(rig.send("staff", &said(IncidentCode::Collision, 3)).unwrap_err(), "TYPE_UNKNOWN", "that is for detectors");
    assert_eq!(rig.send("staff", &said(IncidentCode::BlockedZone, 4)).unwrap_err(), "SCHEMA_INVALID", "it is 1 at most");
    let seen = |code: &str| nooterra_port::FacilityReport::Incident { job, code: code.into(), severity: 1 };
    assert_eq!(rig.send("site", &seen("SOMETHING")).unwrap_err(), "TYPE_UNKNOWN");
    rig.send("site", &seen("BLOCKED_ZONE")).unwrap();
    rig.send("staff", &said(IncidentCode::PropertyDamage, 3)).unwrap();
    assert_eq!(rig.status(job), Status::Stalled, "a material one halts the work");
    let all: Vec<_> = rig.c.incidents().into_iter().filter(|i| i.job == job).map(|i| (i.incident, i.severity)).collect();
    assert_eq!(all.iter().map(|i| i.1).collect::<Vec<_>>(), [1, 3]);
    let close = |i| StaffCommand::CloseIncident { job, incident: i, outcome: nooterra_trust::incident::Outcome::Repaired };
    let material = all[1].0;
    assert_eq!(rig.send_at("judge", job, &close(material)).unwrap_err(), "TRACK_FORBIDS", "it was not judged");
    let judged = StaffCommand::Triage { job, incident: material, severity: 3, fault: Fault::Site, confirmed: true };
    rig.send_at("judge", job, &judged).unwrap();
    assert_eq!(rig.send("staff", &close(material)).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send_at("judge", job, &close(material)).unwrap();
    assert_eq!(rig.send_at("judge", job, &close(material)).unwrap_err(), "ALREADY_DONE");
    assert_eq!(rig.names(job).iter().filter(|n| **n == "INCIDENT_CLOSED").count(), 1);
}

#[test]
fn what_is_braked_for_something_serious_does_not_resume_by_its_own_word() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    let r = rig.c.state().jobs[&job].robot().unwrap();
    let back = rig.now.saturating_add(nooterra_engine::time::Span::from_secs(150));
    rig.knobs.cut.insert(r, (rig.now, back));
    until(&mut rig, job, Status::Stalled);
    rig.send("staff", &StaffCommand::ReportIncident { job, code: IncidentCode::PropertyDamage, severity: 3 }).unwrap();
    rig.run(90);
    assert!(!rig.names(job).contains(&"EXECUTION_RESUMED"), "{:?}", rig.names(job));
    assert_ne!(rig.status(job), Status::Executing);
}
