//! Who looks at evidence, what holds it, when it is gone; audits of settled jobs; what judges are told.

use super::cases::{amount, bump, rig_with_job, until};
use super::rig::{Rig, genesis, key, party, robot};
use crate::Policy;
use crate::fact::{CaseEvent, Event, Fact};
use crate::input::{CaseCommand, Document, GovernanceCommand, StaffCommand};
use crate::wish::VaultAsk;
use nooterra_engine::Digest;
use nooterra_engine::ids::{ClaimId, EvidenceId, IncidentId, JobId, OrderId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Fault, IncidentCode};
use nooterra_jobs::status::Status;
use nooterra_port::Report;
use nooterra_trust::claim::{Bearer, Head, Item, Portion};
use nooterra_trust::evidence::{Event as Evidence, Matter, Purpose, Retention, Subject};
use nooterra_trust::incident::Stream;
use nooterra_trust::{Binding, Role, Sender};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const DAY: Span = Span::from_secs(86_400);
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

/// A month of telemetry and a year of evidence are an hour and two here: much happens each second of a day.
fn short() -> Policy {
    let mut policy = Policy::scenario();
    let real = Retention::default();
    assert_eq!((policy.retention, real.telemetry.0 / 30, real.evidence.0 / 365), (real, DAY.0, DAY.0));
    policy.retention = Retention { telemetry: Span::from_mins(60), evidence: Span::from_mins(120), frames: Span::ZERO };
    policy
}

/// Events of evidence with this name, in order, with their role.
fn events(rig: &Rig, name: &str) -> Vec<(String, Role, Evidence)> {
    let of = |f: &Fact| match f.event().map(|r| (&r.header, &r.payload)) {
        Some((h, Event::Case(CaseEvent::Evidence(e)))) if e.name() == name => Some((h.stream.clone(), h.role, (**e).clone())),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

/// A job that hurt something, with what was captured around it.
fn damaged() -> (Rig, JobId, IncidentId, EvidenceId) {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    bump(&mut rig, 2_500);
    rig.run(45);
    let case = &rig.c.state().cases[&job];
    let incident = *case.incidents.incidents.keys().next().unwrap();
    let evidence = *case.evidence.items.keys().next().unwrap();
    let t = StaffCommand::Triage { job, incident, severity: 3, fault: Fault::Owner, confirmed: true };
    rig.send_at("judge", job, &t).unwrap();
    (rig, job, incident, evidence)
}

fn claimed(rig: &mut Rig, job: JobId, incident: IncidentId) -> ClaimId {
    let demand = amount(900);
    let c = CaseCommand::OpenClaim { job, incident, claimant: None, demand, currency: Currency::EUR, head: Head::Property };
    rig.send("rq", &c).unwrap();
    *rig.c.state().cases[&job].claims.claims.keys().last().unwrap()
}

fn granted(rig: &mut Rig, job: JobId, claim: ClaimId) {
    let valuation = Document { item: Item::Valuation, content_hash: Digest([9; 32]) };
    rig.send_at("judge", job, &CaseCommand::TriageClaim { job, claim, documents: vec![valuation] }).unwrap();
    let split = vec![Portion { bearer: Bearer::Party(party("acme")), bps: 10_000 }];
    let (assessed, currency) = (amount(800), Currency::EUR);
    let c = CaseCommand::ApproveClaim { job, claim, assessed, currency, claimant_fault_bps: 0, split };
    rig.send_at("judge", job, &c).unwrap();
}

#[test]
fn whoever_looks_is_on_record_before_anything_is_served() {
    let (mut rig, job, incident, evidence) = damaged();
    let of = Stream::Job(job);
    let look = |purpose| CaseCommand::ViewEvidence { of, evidence, purpose };
    let none = EvidenceId::named("none");
    assert_eq!(rig.send("rq", &look(Purpose::Triage)).unwrap_err(), "NOT_FOUND", "nothing of it is open");
    assert_eq!(rig.send("judge", &CaseCommand::ViewEvidence { of, evidence: none, purpose: Purpose::Triage }).unwrap_err(), "NOT_FOUND");
    let elsewhere = Stream::Job(JobId::named("none"));
    let wrong = CaseCommand::ViewEvidence { of: elsewhere, evidence, purpose: Purpose::Triage };
    assert_eq!(rig.send("judge", &wrong).unwrap_err(), "NOT_FOUND");
    rig.send("judge", &look(Purpose::Triage)).unwrap();
    let claim = claimed(&mut rig, job, incident);
    let matter = Purpose::Matter(Matter::Claim(claim));
    assert_eq!(rig.send("rq", &look(Purpose::Triage)).unwrap_err(), "PARTY_FORBIDDEN", "only for its claim");
    assert_eq!(rig.send("rq2", &look(matter)).unwrap_err(), "NOT_FOUND", "to others there is no such thing");
    assert_eq!(rig.send("bank", &look(matter)).unwrap_err(), "TYPE_UNKNOWN");
    for who in ["rq", "acme", "insurer"] {
        rig.send(who, &look(matter)).unwrap();
    }
    assert_eq!(rig.send("rq", &CaseCommand::ViewEvidence { of, evidence: none, purpose: matter }).unwrap_err(), "NOT_FOUND");
    rig.send("staff", &look(Purpose::Safety)).unwrap();
    let roles: Vec<Role> = events(&rig, "EVIDENCE_VIEWED").into_iter().map(|e| e.1).collect();
    assert_eq!(roles, [Role::TR, Role::RQ, Role::OW, Role::IN, Role::OS]);
    let viewers: Vec<_> = rig.vault.iter().map(|a| if let VaultAsk::Serve { viewer, .. } = a { Some(*viewer) } else { None }).collect();
    assert_eq!(viewers, ["judge", "rq", "acme", "insurer", "staff"].map(|n| Some(key(n).public().id())));
    assert!(rig.c.state().cases[&job].evidence.serves(evidence, key("rq").public().id()));
    // The claim is over: what was open to its sides is not any more.
    granted(&mut rig, job, claim);
    rig.run(200);
    assert_eq!(rig.send("rq", &look(matter)).unwrap_err(), "NOT_FOUND");
}

#[test]
fn open_matters_hold_what_would_have_to_go() {
    let (mut rig, job, incident, evidence) = damaged();
    let of = Stream::Job(job);
    let (owner, order) = (Subject::Party(party("acme")), OrderId::named("court"));
    let erase = |subject| CaseCommand::EraseEvidence { of, subject, request: Digest([4; 32]) };
    assert_eq!(rig.send("judge", &erase(owner)).unwrap_err(), "HEAD_REQUIRED");
    assert_eq!(rig.send_at("acme", job, &erase(owner)).unwrap_err(), "ROLE_FORBIDDEN", "nobody erases what speaks against them");
    assert_eq!(rig.send_at("judge", job, &erase(Subject::Person(Digest([1; 32])))).unwrap_err(), "NOT_FOUND");
    let no_request = CaseCommand::EraseEvidence { of, subject: owner, request: Digest::ZERO };
    assert_eq!(rig.send_at("judge", job, &no_request).unwrap_err(), "CONTENT_HASH_MISSING");
    let claim = claimed(&mut rig, job, incident);
    let held = events(&rig, "RETENTION_HELD");
    assert_eq!((held.len(), held[0].1), (1, Role::TR), "the service holds it, whoever claims");
    let Evidence::Held { matter, parties } = &held[0].2 else { panic!() };
    assert_eq!(*matter, Matter::Claim(claim));
    assert_eq!(*parties, ["rq", "acme", "insurer", "dev"].map(party).into_iter().filter(|p| parties.contains(p)).collect());
    assert!(["rq", "acme", "insurer"].into_iter().all(|n| parties.contains(&party(n))));
    assert_eq!(rig.send_at("judge", job, &erase(owner)).unwrap_err(), "RETENTION_HELD");
    rig.send_at("judge", job, &CaseCommand::HoldEvidence { of, order }).unwrap();
    assert_eq!(rig.send_at("judge", job, &CaseCommand::HoldEvidence { of, order }).unwrap_err(), "ALREADY_DONE");
    granted(&mut rig, job, claim);
    rig.run(200);
    assert_eq!(events(&rig, "RETENTION_RELEASED").len(), 1, "paid, and nothing of it is owed");
    assert_eq!(rig.send_at("judge", job, &erase(owner)).unwrap_err(), "RETENTION_HELD", "the order stands");
    assert_eq!(rig.send_at("staff", job, &CaseCommand::ReleaseEvidence { of, order }).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send_at("judge", job, &CaseCommand::ReleaseEvidence { of, order }).unwrap();
    // A copy without faces takes the place of what was captured.
    let old = rig.c.state().cases[&job].evidence.items[&evidence].capture.content_hash;
    let (new, recipe) = (Digest([5; 32]), Digest([6; 32]));
    let redact = CaseCommand::RedactEvidence { of, evidence, old, new, bytes: 10, recipe };
    assert_eq!(rig.send_at("staff", job, &redact).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send_at("judge", job, &redact).unwrap();
    assert_eq!(rig.send_at("judge", job, &redact).unwrap_err(), "HEAD_CONFLICT", "it is of other content by now");
    rig.send_at("judge", job, &erase(owner)).unwrap();
    assert_eq!(rig.send_at("judge", job, &erase(owner)).unwrap_err(), "ALREADY_DONE");
    let gone = CaseCommand::ViewEvidence { of, evidence, purpose: Purpose::Triage };
    assert_eq!(rig.send("judge", &gone).unwrap_err(), "TRACK_FORBIDS", "its key is gone");
    assert_eq!(rig.c.state().cases[&job].evidence.items[&evidence].capture.content_hash, new, "its hash is not");
    let shred = events(&rig, "EVIDENCE_SHREDDED");
    let (Some(VaultAsk::Destroy { subject, proof, .. }), Evidence::Shredded { proof: said, .. }) = (rig.vault.last(), &shred[0].2) else {
        panic!("{:?}", rig.vault.last())
    };
    assert_eq!((*subject, proof), (owner, said));
}

#[test]
fn retention_ends_by_itself_a_month_for_telemetry_and_a_year_for_evidence() {
    let mut rig = Rig::on(super::floor::row(8), genesis(short(), ONE), ONE);
    rig.knobs.no_triage = true;
    rig.run(10);
    let quiet = rig.ask(rig.delivery(2, 5));
    rig.run_job(quiet, 900);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    bump(&mut rig, 700);
    rig.run_job(job, 900);
    rig.run(60);
    assert_eq!(rig.c.state().cases[&job].evidence.items.len(), 2);
    let gone = |rig: &Rig| events(rig, "EVIDENCE_SHREDDED").into_iter().map(|e| (e.0, e.1)).collect::<Vec<_>>();
    let start = rig.now;
    rig.now = start.saturating_add(Span::from_mins(40));
    rig.tick();
    assert!(gone(&rig).is_empty());
    rig.now = start.saturating_add(Span::from_mins(61));
    rig.tick();
    assert_eq!(gone(&rig), [(format!("job/{quiet}"), Role::TR)], "nothing happened there");
    let (of, order) = (Stream::Job(job), OrderId::named("court"));
    rig.send_at("judge", job, &CaseCommand::HoldEvidence { of, order }).unwrap();
    rig.now = start.saturating_add(Span::from_mins(130));
    rig.tick();
    assert_eq!(gone(&rig).len(), 1, "an order holds it");
    rig.send_at("judge", job, &CaseCommand::ReleaseEvidence { of, order }).unwrap();
    rig.tick();
    assert_eq!(gone(&rig).last(), Some(&(format!("job/{job}"), Role::TR)), "the day is over that it had to stay for");
    assert_eq!(gone(&rig).len(), 2);
    let asked = rig.vault.iter().filter(|a| matches!(a, VaultAsk::Destroy { .. })).count();
    assert_eq!(asked, 2);
}

#[test]
fn what_people_tell_of_is_looked_up_in_the_black_box_while_it_reaches_back() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Completed);
    let complain = |code| CaseCommand::Complain { job, code, statement: Digest([1; 32]), amount: None, currency: None };
    rig.send("rq", &complain(IncidentCode::PropertyDamage)).unwrap();
    let case = |rig: &Rig| rig.c.state().cases[&job].clone();
    let w = case(&rig).evidence.windows.values().next().cloned().expect("asked for");
    assert_eq!(w.to.ns - w.from.ns, 60_000_000_000);
    rig.run(45);
    assert_eq!(case(&rig).evidence.items.len(), 2, "its words and its black box");
    // Days later no robot knows of it, and none is blamed for that.
    rig.run_job(job, 900);
    rig.run(600);
    rig.send("rq", &complain(IncidentCode::TheftAllegation)).unwrap();
    rig.run(900);
    assert_eq!((case(&rig).evidence.windows.len(), case(&rig).incidents.incidents.len()), (1, 2));
    assert_eq!(events(&rig, "EVIDENCE_GAP").len(), 0);
}

#[test]
fn a_robot_without_a_job_is_asked_for_its_window_too() {
    let mut rig = Rig::on(super::floor::row(8), genesis(short(), TWO), TWO);
    rig.run(30);
    let b1 = robot("b1");
    rig.report(b1, Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(45);
    let stream = format!("robot/{b1}");
    let a = &rig.c.state().adrift[&b1].evidence;
    assert_eq!((a.windows.len(), a.items.len()), (1, 2), "its words and its black box");
    assert!(a.windows.values().all(|w| w.missing.is_empty()));
    let captured = events(&rig, "EVIDENCE_CAPTURED");
    assert!(captured.len() == 2 && captured.iter().all(|e| e.0 == stream));
    let (of, evidence) = (Stream::Robot(b1), *a.items.keys().next().unwrap());
    let look = |purpose| CaseCommand::ViewEvidence { of, evidence, purpose };
    assert_eq!(rig.send("bolt", &look(Purpose::Triage)).unwrap_err(), "NOT_FOUND");
    rig.send("judge", &look(Purpose::Triage)).unwrap();
    // One whose box does not answer owes it, and that is known after ten minutes; it is not asked for the window of that.
    rig.knobs.no_box.insert(robot("a1"));
    rig.report(robot("a1"), Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(700);
    assert_eq!(events(&rig, "EVIDENCE_GAP").len(), 1);
    assert_eq!(rig.c.state().strays[&robot("a1")].incidents.len(), 2);
    assert_eq!(rig.c.state().adrift[&robot("a1")].evidence.windows.len(), 1);
    rig.now = rig.now.saturating_add(Span::from_mins(121));
    rig.tick();
    assert_eq!(events(&rig, "EVIDENCE_SHREDDED").len(), 2, "and when its time is over it is gone");
    // What comes later is kept again, under another key.
    let key = |rig: &Rig| rig.c.state().adrift[&b1].evidence.items.values().next().map(|i| i.capture.cipher_key);
    let before = key(&rig);
    rig.run(60);
    rig.report(b1, Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(60);
    let a = &rig.c.state().adrift[&b1];
    assert_eq!((a.generation, a.evidence.items.len()), (1, 2));
    assert!(key(&rig).is_some() && key(&rig) != before);
}

#[test]
fn chosen_jobs_are_audited_and_asked_for_until_somebody_answers() {
    let policy = Policy { audit_one_in: 1, ..Policy::scenario() };
    let every = policy.audit_by;
    let mut g = genesis(policy, ONE);
    let auditor = party("landlord");
    g.keys.push(Binding {
        public: key("auditor").public(),
        tenant: g.tenant,
        role: Role::AU,
        subject: *auditor.as_bytes(),
        name: "auditor".into(),
        from: Instant::ZERO,
        to: Instant::NEVER,
        revoked_at: None,
    });
    let tenant = g.tenant;
    let mut rig = Rig::on(super::floor::row(8), g, ONE);
    rig.senders.insert("auditor".into(), Sender::person(tenant, *auditor.as_bytes(), key("auditor")));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Settled);
    assert_eq!((rig.audits.as_slice(), rig.c.state().audits.len()), ([job].as_slice(), 1));
    rig.run(every.as_secs() + 2);
    assert_eq!(rig.audits, [job, job], "nobody has said anything");
    let found = GovernanceCommand::RecordAudit { job, agrees: true, finding: Digest([3; 32]) };
    rig.send("auditor", &found).unwrap();
    assert!(rig.c.state().audits.is_empty());
    rig.run(every.as_secs() + 2);
    assert_eq!(rig.audits.len(), 2);
    // One in a hundred as a rule: this one is not among them.
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Settled);
    let period = rig.c.state().month.period(Currency::EUR);
    assert_eq!(rig.c.state().audits.contains_key(&job), nooterra_trust::gate::is_audited(job, &period));
}

#[test]
fn judges_are_told_how_far_a_stream_has_come() {
    let (rig, job, _, _) = damaged();
    let told = |who: &str| rig.dockets.get(&(party(who), format!("job/{job}"))).copied();
    assert!(told("judge").is_some() && told("judge") == told("judge2") && told("judge") == told("books"));
    assert_eq!(told("insurer"), None, "there is no claim");
    let (mut rig, job, incident, _) = damaged();
    let claim = claimed(&mut rig, job, incident);
    let who: PartyId = party("insurer");
    let head = rig.dockets[&(who, format!("job/{job}"))];
    assert_eq!(head, rig.c.state().streams.head(&format!("job/{job}")).chain, "what was written last is what they read");
    let deny = CaseCommand::DenyClaim { job, claim, reason: nooterra_trust::claim::Denial::NotProven };
    assert_eq!(rig.send("judge", &deny).unwrap_err(), "HEAD_REQUIRED");
    assert_eq!(rig.send_on("judge", "job/none", &deny).unwrap_err(), "HEAD_CONFLICT");
}

#[test]
fn heartbeats_do_not_overtake_a_decision_about_a_robot_and_what_matters_does() {
    let mut rig = Rig::on(super::floor::row(8), genesis(short(), TWO), TWO);
    rig.run(30);
    let (b1, judge) = (robot("b1"), party("judge"));
    let stream = format!("robot/{b1}");
    rig.report(b1, Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(60);
    let read = rig.dockets[&(judge, stream.clone())];
    let incident = *rig.c.state().strays[&b1].incidents.keys().next().unwrap();
    let before = rig.c.state().streams.head(&stream).chain;
    rig.run(120);
    assert_ne!(rig.c.state().streams.head(&stream).chain, before, "its stream goes on");
    let triage = StaffCommand::TriageRobot { robot: b1, incident, severity: 2, fault: Fault::Owner, confirmed: true };
    let head = rig.c.state().streams.head(&stream).chain;
    assert_eq!(rig.send_reading("judge", head, &triage).unwrap_err(), "HEAD_CONFLICT", "that is a heartbeat's");
    // Something happens that the decision might rest on: what was read is old.
    rig.send("staff", &StaffCommand::Quarantine { robot: b1, cause: "TEST".into(), until: None }).unwrap();
    assert_eq!(rig.send_reading("judge", read, &triage).unwrap_err(), "HEAD_CONFLICT");
    let read = rig.dockets[&(judge, stream)];
    rig.run(120);
    rig.send_reading("judge", read, &triage).unwrap();
}
