//! Keys that come and go while everything runs, and what auditors say.

use super::coins::yen;
use super::rig::{Rig, bind, genesis, key, party, robot};
use crate::fact::{Event, GovernanceEvent, KeyReason};
use crate::input::{Body as _, GovernanceCommand, PolicyChange, RatesIn, RequesterCommand, StaffCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::KeyId;
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_trust::role::rotation_bytes;
use nooterra_trust::{Binding, Role, Sender};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
const HOUR: Span = Span::from_mins(60);

fn bound(b: Binding) -> GovernanceCommand {
    GovernanceCommand::BindKey(Box::new(b))
}

fn revoke(name: &str) -> GovernanceCommand {
    GovernanceCommand::RevokeKey { key: key(name).id(), reason: KeyReason::Compromised }
}

fn rotate(rig: &Rig, actor: [u8; 16], old: KeyId, new: &str, overlap: Span) -> GovernanceCommand {
    let public = key(new).public();
    let proof = key(new).sign(&rotation_bytes(rig.c.state().genesis.tenant, &actor, old, &public));
    GovernanceCommand::RotateKey { public, proof, overlap }
}

/// A sender joins with a key of its own.
fn joins(rig: &mut Rig, name: &str, actor: [u8; 16]) {
    let tenant = rig.c.state().genesis.tenant;
    rig.senders.insert(name.into(), Sender::person(tenant, actor, key(name)));
}

fn said(rig: &Rig) -> Vec<GovernanceEvent> {
    let of = |f: &crate::fact::Fact| match f.event().map(|r| &r.payload) {
        Some(Event::Governance(e)) => Some(e.clone()),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

fn governed(rig: &Rig) -> Vec<&'static str> {
    said(rig).iter().map(GovernanceEvent::name).collect()
}

#[test]
fn two_people_bind_a_key_and_it_is_heard_from_then_on() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let auditor = *party("landlord").as_bytes();
    joins(&mut rig, "auditor", auditor);
    let word = bound(bind("auditor", Role::AU, auditor));
    let audit = |job| GovernanceCommand::RecordAudit { job, agrees: true, finding: Digest([3; 32]) };
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.send("auditor", &audit(job)).unwrap_err(), "KEY_UNKNOWN");
    assert_eq!(rig.send("acme", &word).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send("judge", &word).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("staff", &word).unwrap();
    assert!(governed(&rig).is_empty(), "one key is not enough");
    assert_eq!(rig.send("staff", &word).unwrap_err(), "SECOND_KEY_REQUIRED");
    rig.send("staff2", &word).unwrap();
    assert_eq!(governed(&rig), ["KEY_BOUND"]);
    assert_eq!(rig.send("staff", &word).unwrap_err(), "ALREADY_DONE");

    // Who was refused before the key was bound goes on from the beginning of its chain.
    joins(&mut rig, "auditor", auditor);
    assert_eq!(rig.send("auditor", &audit(job)).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.send("auditor", &audit(job)).unwrap();
    assert_eq!(rig.send("auditor", &audit(job)).unwrap_err(), "ALREADY_DONE");
    assert_eq!(rig.send("staff", &audit(job)).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(governed(&rig), ["KEY_BOUND", "AUDIT_RECORDED"]);
    rig.check_books();
}

#[test]
fn a_key_is_bound_to_somebody_known_and_a_robot_has_one() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let rq = *party("rq").as_bytes();
    let say = |rig: &mut Rig, b: Binding| rig.send("staff", &bound(b));
    let of = |role, subject| bind("new", role, subject);
    let b = of(Role::RQ, [9; 16]);
    assert_eq!(say(&mut rig, b).unwrap_err(), "NOT_FOUND");
    let b = of(Role::CK, rq);
    assert_eq!(say(&mut rig, b).unwrap_err(), "ROLE_FORBIDDEN");
    let b = Binding { to: rig.now, ..of(Role::RQ, rq) };
    assert_eq!(say(&mut rig, b).unwrap_err(), "WINDOW_INVALID");
    let b = Binding { name: "x".repeat(200), ..of(Role::RQ, rq) };
    assert_eq!(say(&mut rig, b).unwrap_err(), "SCHEMA_INVALID");
    let b = Binding { tenant: nooterra_engine::ids::TenantId::named("other"), ..of(Role::RQ, rq) };
    assert_eq!(say(&mut rig, b).unwrap_err(), "NOT_FOUND");
    let b = of(Role::RB, *robot("a1").as_bytes());
    assert_eq!(say(&mut rig, b).unwrap_err(), "ALREADY_DONE");
    // No key holds two roles, nor stands for two holders.
    let b = bind("acme", Role::RQ, rq);
    assert_eq!(say(&mut rig, b).unwrap_err(), "ALREADY_DONE");
    assert!(governed(&rig).is_empty());
}

#[test]
fn a_holder_rotates_its_key_and_its_chain_goes_on() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let job = rig.ask(rig.delivery(2, 5));
    let (actor, old) = (*party("rq").as_bytes(), key("rq").id());
    let word = rotate(&rig, actor, old, "rq-new", HOUR);
    // Neither with another's proof, nor over a day, nor with a key that somebody has.
    let GovernanceCommand::RotateKey { proof, .. } = word else { unreachable!() };
    let borrowed = GovernanceCommand::RotateKey { public: key("acme").public(), proof, overlap: HOUR };
    assert_eq!(rig.send("rq", &borrowed).unwrap_err(), "SIGNATURE_INVALID");
    assert_eq!(rig.send("rq2", &word).unwrap_err(), "SIGNATURE_INVALID");
    let long = rotate(&rig, actor, old, "rq-new", HOUR.times(25));
    assert_eq!(rig.send("rq", &long).unwrap_err(), "WINDOW_INVALID");
    let taken = rotate(&rig, actor, old, "rq2", HOUR);
    assert_eq!(rig.send("rq", &taken).unwrap_err(), "ALREADY_DONE");
    rig.send("rq", &word).unwrap();
    assert_eq!(governed(&rig), ["KEY_ROTATED"]);

    // Both are heard for an hour; the new one alone after that.
    let withdraw = RequesterCommand::Withdraw { job };
    assert_ne!(rig.send("rq", &withdraw), Err("KEY_INACTIVE".to_owned()));
    rig.senders.get_mut("rq").unwrap().rotate(key("rq-new"));
    assert_ne!(rig.send("rq", &withdraw), Err("KEY_UNKNOWN".to_owned()));
    let third = rotate(&rig, actor, key("rq-new").id(), "rq-third", HOUR);
    assert_eq!(rig.send("rq", &third).unwrap_err(), "STATE_FORBIDS", "two keys at a time");
    rig.run(3_601);
    rig.send("rq", &third).unwrap();
    rig.senders.get_mut("rq").unwrap().rotate(key("rq"));
    assert_eq!(rig.send("rq", &withdraw).unwrap_err(), "KEY_INACTIVE");
}

#[test]
fn a_robot_rotates_its_key_on_its_own_stream() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let (id, actor) = (robot("a1"), *robot("a1").as_bytes());
    let word = rotate(&rig, actor, key("a1").id(), "a1-new", HOUR);
    let p = rig.robots.get_mut(&id).unwrap();
    let e = p.sender.seal(word.draft("gov"), rig.now, 0);
    p.heard = p.sender.clone();
    rig.put(e).unwrap();
    let streams: Vec<String> = rig
        .facts
        .iter()
        .filter_map(|f| f.event())
        .filter(|r| r.payload.name() == "ROBOT_KEY_ROTATED")
        .map(|r| r.header.stream.clone())
        .collect();
    assert_eq!(streams, [format!("robot/{id}")]);
    rig.robots.get_mut(&id).unwrap().sender.rotate(key("a1-new"));
    rig.run(5_000);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.refused);
    rig.check_books();
}

#[test]
fn a_robot_whose_key_is_revoked_is_barred_and_another_goes_on() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.until(job, Status::Executing);
    let id = rig.c.state().jobs[&job].robot().unwrap();
    let name = if id == robot("a1") { "a1" } else { "a2" };
    rig.send("staff", &revoke(name)).unwrap();
    assert_eq!(rig.c.state().jobs[&job].status, Status::Executing, "one key is not enough");
    assert_eq!(rig.send("judge", &revoke(name)).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("staff2", &revoke(name)).unwrap();
    assert_eq!(rig.c.state().robots[&id].robot.status, RobotStatus::Quarantined);
    assert_eq!(rig.c.state().jobs[&job].status, Status::AbortingSafeExit);
    assert_eq!(rig.send("staff", &revoke(name)).unwrap_err(), "ALREADY_DONE");
    rig.refused.clear();
    rig.run(20);
    assert!(rig.refused.iter().any(|(who, code)| code.starts_with("KEY_INACTIVE") && who == "Report"), "{:?}", rig.refused);
    let word = GovernanceCommand::RevokeKey { key: KeyId::from_bytes([1; 16]), reason: KeyReason::Lost };
    assert_eq!(rig.send("staff", &word).unwrap_err(), "NOT_FOUND");
    // Cleared or not: nothing that it says is heard.
    rig.send("staff", &StaffCommand::ClearQuarantine { robot: id, checklist: Digest([5; 32]) }).unwrap();
    let events = rig.facts.len();
    rig.run(5);
    let heard =
        rig.facts[events..].iter().filter_map(|f| f.event()).any(|r| r.header.stream == format!("robot/{id}") && r.header.role == Role::RB);
    assert!(!heard);
}

#[test]
fn staff_cannot_revoke_the_keys_that_they_need_to_bind_others() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    assert_eq!(rig.send("staff", &revoke("staff2")).unwrap_err(), "STATE_FORBIDS");
    let third = *party("landlord").as_bytes();
    let word = bound(bind("staff3", Role::OS, third));
    rig.send("staff", &word).unwrap();
    rig.send("staff2", &word).unwrap();
    joins(&mut rig, "staff3", third);
    rig.send("staff", &revoke("staff2")).unwrap();
    rig.send("staff3", &revoke("staff2")).unwrap();
    assert_eq!(rig.send("staff2", &revoke("staff")).unwrap_err(), "KEY_INACTIVE");
    assert_eq!(governed(&rig), ["KEY_BOUND", "KEY_REVOKED"]);
}

#[test]
fn keys_survive_a_restart() {
    let mut rig = Rig::new(TWO);
    rig.restart_every = Some(1);
    rig.run(5);
    let actor = *party("rq").as_bytes();
    let word = rotate(&rig, actor, key("rq").id(), "rq-new", Span::ZERO);
    rig.send("rq", &word).unwrap();
    let chain = rig.senders["rq"].clone();
    assert_eq!(
        rig.send("rq", &RequesterCommand::Withdraw { job: nooterra_engine::ids::JobId::named("none") }).unwrap_err(),
        "KEY_INACTIVE"
    );
    rig.senders.insert("rq".into(), chain);
    rig.senders.get_mut("rq").unwrap().rotate(key("rq-new"));
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(matches!(rig.facts.iter().filter_map(|f| f.event()).find(|r| r.header.stream == "gov").map(|r| &r.payload),
        Some(Event::Governance(GovernanceEvent::KeyRotated(r))) if r.overlap == Span::ZERO));
}

#[test]
fn whoever_joins_asks_for_work_like_anybody_else() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let guest = party("guest");
    let verify = |name: &str, takes: &[Currency]| GovernanceCommand::VerifyParty { party: guest, name: name.into(), takes: takes.to_vec() };
    let key_of = bound(bind("guest", Role::RQ, *guest.as_bytes()));
    assert_eq!(rig.send("staff", &key_of).unwrap_err(), "NOT_FOUND", "nobody has seen who that is");
    assert_eq!(rig.send("judge", &verify("guest", &[])).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send("staff", &verify("", &[])).unwrap_err(), "SCHEMA_INVALID");
    assert_eq!(rig.send("staff", &verify(&"x".repeat(200), &[])).unwrap_err(), "SCHEMA_INVALID");
    assert_eq!(rig.send("staff", &verify("guest", &[yen()])).unwrap_err(), "CURRENCY_MISMATCH");
    rig.send("staff", &verify("guest", &[])).unwrap();
    assert_eq!(rig.send("staff2", &verify("guest", &[])).unwrap_err(), "ALREADY_DONE");
    rig.send("staff", &key_of).unwrap();
    joins(&mut rig, "guest", *guest.as_bytes());
    let ask = RequesterCommand::CreateJob(Box::new(rig.delivery(2, 5)));
    assert_eq!(rig.send("guest", &ask).unwrap_err(), "KEY_UNKNOWN", "one of staff is not two");
    rig.send("staff2", &key_of).unwrap();
    joins(&mut rig, "guest", *guest.as_bytes());
    rig.send("guest", &ask).unwrap();
    let job = *rig.c.state().jobs.keys().next().unwrap();
    assert_eq!(rig.c.state().jobs[&job].request.requester, guest);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert!(said(&rig).iter().any(|e| matches!(e, GovernanceEvent::PartyVerified { party, .. } if *party == guest)));
    rig.check_books();
}

#[test]
fn outside_witnesses_sign_each_minute_how_far_all_streams_have_come() {
    let mut g = genesis(crate::Policy::scenario(), TWO);
    g.log_witnesses = vec![party("eye")];
    let mut rig = Rig::of(g, TWO);
    rig.run(1);
    let seen = |rig: &Rig| -> Vec<crate::heads::Published> {
        said(rig).into_iter().filter_map(|e| if let GovernanceEvent::HeadWitnessed(h) = e { Some(h) } else { None }).collect()
    };
    let first = seen(&rig);
    assert_eq!(first.iter().map(|h| (h.number, h.at)).collect::<Vec<_>>(), [(1, Instant::ZERO)]);
    let word = |number, root| GovernanceCommand::WitnessHead { number, root };
    assert_eq!(rig.send("eye", &word(1, first[0].root)).unwrap_err(), "ALREADY_DONE");
    assert_eq!(rig.send("eye2", &word(1, first[0].root)).unwrap_err(), "NOT_FOUND", "it is no witness here");
    assert_eq!(rig.send("staff", &word(1, first[0].root)).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send("eye", &word(2, first[0].root)).unwrap_err(), "NOT_FOUND", "not published yet");
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 900);
    rig.run(120);
    let all = seen(&rig);
    let minutes = rig.now.0 / 60_000_000_000;
    assert!(minutes >= 2, "{minutes}");
    assert_eq!(all.iter().map(|h| h.number).collect::<Vec<_>>(), (1..=minutes + 1).collect::<Vec<_>>());
    let mut roots: Vec<_> = all.iter().map(|h| h.root).collect();
    roots.dedup();
    assert_eq!(roots.len(), all.len(), "robots were heard in each minute");
    // The root of what is there now is what the next one will be.
    let (streams, _) = crate::heads::root_of(&rig.c.state().streams);
    assert!(streams >= all.last().unwrap().streams && streams == rig.c.state().streams.iter().count() as u64);
    // A root that is none is refused; an old publication is forgotten after a while.
    rig.run(60 * 17);
    assert_eq!(rig.send("eye", &word(1, first[0].root)).unwrap_err(), "NOT_FOUND");
    let last = seen(&rig).last().unwrap().number;
    assert_eq!(rig.send("eye", &word(last, Digest([9; 32]))).unwrap_err(), "HEAD_CONFLICT");
}

/// Until the job's terms are pinned.
fn booked(rig: &mut Rig, job: nooterra_engine::ids::JobId) {
    for _ in 0..200 {
        if rig.c.state().jobs[&job].pins.is_some() {
            return;
        }
        rig.tick();
    }
    panic!("{:?}", rig.names(job));
}

#[test]
fn two_people_set_the_policy_and_what_is_booked_keeps_its_terms() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let euro = rig.c.state().genesis.policy.tariffs[0].rates;
    let rates = |base_delivery| {
        let mut rates = euro;
        rates.base_delivery = base_delivery;
        vec![RatesIn { currency: Currency::EUR, rates }]
    };
    let (dear, dearer) = (rates(9_000), rates(12_000));
    let set = |rates: &[RatesIn], from: Instant| GovernanceCommand::SetPolicy {
        change: Box::new(PolicyChange { rates: rates.to_vec(), open_jobs_max: Some(1), ..PolicyChange::default() }),
        effective_from: from,
    };
    let price = |rig: &Rig, job| rig.c.state().jobs[&job].pins.as_ref().unwrap().price.total();
    let first = rig.ask(rig.delivery(2, 5));
    booked(&mut rig, first);
    let before = rig.c.state().genesis.policy.hash();
    let at = rig.now.saturating_add(Span::from_secs(60));
    assert_eq!(rig.send("judge", &set(&dear, at)).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send("staff", &set(&dear, Instant::ZERO)).unwrap_err(), "WINDOW_INVALID");
    let nothing = GovernanceCommand::SetPolicy { change: Box::default(), effective_from: at };
    assert_eq!(rig.send("staff", &nothing).unwrap_err(), "SCHEMA_INVALID");
    let foreign = vec![RatesIn { currency: yen(), rates: euro }];
    assert_eq!(rig.send("staff", &set(&foreign, at)).unwrap_err(), "CURRENCY_MISMATCH");
    for bad in [rates(0), rates(u64::MAX), [rates(5), rates(6)].concat()] {
        assert_eq!(rig.send("staff", &set(&bad, at)).unwrap_err(), "SCHEMA_INVALID");
    }
    let soon = PolicyChange { auth_by: Some(Span(1)), ..PolicyChange::default() };
    let soon = GovernanceCommand::SetPolicy { change: Box::new(soon), effective_from: at };
    assert_eq!(rig.send("staff", &soon).unwrap_err(), "SCHEMA_INVALID");
    rig.send("staff", &set(&dear, at)).unwrap();
    assert!(said(&rig).is_empty(), "one of staff is not two");
    rig.send("staff2", &set(&dear, at)).unwrap();
    let hash = match said(&rig)[..] {
        [GovernanceEvent::TenantPolicySet { policy_hash, effective_from, .. }] if effective_from == at => policy_hash,
        _ => panic!("{:?}", said(&rig)),
    };
    // A later change does not go before an earlier one.
    let sooner = rig.now.saturating_add(Span::from_secs(30));
    assert_eq!(rig.send("staff", &set(&dearer, sooner)).unwrap_err(), "WINDOW_INVALID");
    assert_eq!(rig.c.state().genesis.policy.hash(), before, "it is not its time yet");
    rig.run(61);
    assert_eq!(rig.c.state().genesis.policy.hash(), hash);
    assert_eq!(rig.c.state().genesis.policy.open_jobs_max, 1);
    assert_eq!(rig.run_job(first, 900), Status::Settled, "{:?}", rig.names(first));
    let second = rig.ask(rig.delivery(2, 5));
    booked(&mut rig, second);
    assert!(price(&rig, second) > price(&rig, first) + 7_000, "{} and {}", price(&rig, first), price(&rig, second));
    let more = RequesterCommand::CreateJob(Box::new(rig.delivery(2, 5)));
    assert_eq!(rig.send("rq", &more).unwrap_err(), "QUOTA_EXCEEDED");
    let pinned = |job| rig.c.state().jobs[&job].pins.as_ref().unwrap().policy_hash;
    assert_eq!((pinned(first), pinned(second)), (before, hash));
    assert_eq!(rig.run_job(second, 900), Status::Settled, "{:?}", rig.names(second));
    rig.check_books();
}
