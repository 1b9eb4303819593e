//! Histories in which one fact is changed, that no bug of the program plants: what the judge of it must find all the same.
//! The chain breaks with it (I7), and mostly its entries do (I22): what is looked at is the one judge that is meant.

use crate::histories::{self, work};
use crate::judge_as;
use nooterra_control::Fact;
use nooterra_control::fact::Event as Payload;
use nooterra_control::puppets::rig::Rig;
use nooterra_engine::Digest;
use nooterra_engine::ids::{JobId, LicenceId, RobotId};
use nooterra_engine::money::Amount;
use nooterra_engine::planted::Planted;
use nooterra_jobs::event::{By, Event, Fault};
use nooterra_skills::Event as SkillEvent;
use nooterra_trust::Role;

/// Facts with this done to each event of a job; a change that never happens is a mistake of the test.
fn change(rig: &Rig, with: impl Fn(JobId, &mut Payload, &mut Role) -> bool) -> Vec<Fact> {
    let (mut facts, mut done) = (rig.facts.clone(), 0);
    for f in &mut facts {
        let Fact::Event(r) = f else { continue };
        let Some(job) = r.header.stream.strip_prefix("job/").and_then(|j| j.parse().ok()) else { continue };
        done += usize::from(with(job, &mut r.payload, &mut r.header.role));
    }
    assert!(done > 0, "nothing to change in this history");
    facts
}

fn found(rig: &Rig, facts: &[Fact], number: u8, word: &str) -> bool {
    let said = judge_as(rig, facts);
    let stories = said.found.get(&number).map(Vec::as_slice).unwrap_or_default();
    println!("I{number}: {stories:?}");
    stories.iter().any(|s| s.contains(word))
}

/// What only robots sign and a lease alone allows.
#[test]
fn what_a_robot_says_without_its_lease_is_found() {
    let _turn = Planted::nothing();
    let rig = work::revoked();
    assert!(!found(&rig, &rig.facts, 10, ""));
    let (first, other) = (JobId::named("another"), RobotId::named("another"));
    // The robot's word about a checkpoint comes out as something else that it says, about a job that it does not hold.
    for (name, e) in [
        ("LIFT_READY", Payload::Job(Event::LiftReady {})),
        ("LIFT_FAILED", Payload::Job(Event::LiftFailed { measure_g: 1 })),
        (
            "SKILL_METERED",
            Payload::Skill(SkillEvent::SkillMetered { job: first, licence: LicenceId::named("l"), step: 1, units: 1, total: 1 }),
        ),
        ("SKILL_STOPPED", Payload::Skill(SkillEvent::SkillStopped { job: first, robot: other, exit: "DONE".into() })),
    ] {
        let mut facts = rig.facts.clone();
        let mut done = false;
        for f in &mut facts {
            let Fact::Event(r) = f else { continue };
            if !done && matches!(r.payload, Payload::Job(Event::CheckpointReached { .. })) {
                r.payload = e.clone();
                r.header.stream = format!("job/{first}");
                done = true;
            }
        }
        assert!(done && found(&rig, &facts, 10, name), "{name}");
    }
}

#[test]
fn a_credit_over_its_levels_cap_is_found_though_it_lies_below_the_service_amount() {
    let _turn = Planted::nothing();
    let rig = work::given_up();
    assert!(!found(&rig, &rig.facts, 26, ""));
    let cap = |job: &JobId| {
        let p = rig.c.state().jobs[job].pins.as_deref().expect("booked").clone();
        (p.service.minor() * u64::from(p.level_values.credit_cap_bps) / 10_000, p.service.minor())
    };
    let credit = |more: u64| {
        change(&rig, |job, e, _| {
            let Payload::Job(Event::SlaCreditIssued { amount, .. }) = e else { return false };
            let (cap, service) = cap(&job);
            assert!(cap + more < service, "{cap} {more} {service}");
            *amount = Amount::new(cap + more).expect("an amount");
            true
        })
    };
    assert!(!found(&rig, &credit(0), 26, ""), "as much as the cap is allowed");
    assert!(found(&rig, &credit(1), 26, "over the cap"));
}

#[test]
fn compensation_over_its_cap_is_found_though_it_lies_below_the_service_amount() {
    let _turn = Planted::nothing();
    let rig = work::no_show();
    assert!(!found(&rig, &rig.facts, 26, ""));
    let owed = |bps: u64, more: u64| {
        change(&rig, |job, e, _| {
            let Payload::Job(Event::NoShowDeclared { comp, .. }) = e else { return false };
            let service = rig.c.state().jobs[&job].pins.as_deref().expect("booked").service.minor();
            *comp = Amount::new(service * bps / 10_000 + more).expect("an amount");
            true
        })
    };
    assert!(!found(&rig, &owed(4_000, 0), 26, ""));
    assert!(found(&rig, &owed(4_000, 1), 26, "over 4000 bps"));
}

/// A robot that could have gone and did not: by nobody's fault, by the platform's, at no cost to its owner.
#[test]
fn a_no_show_that_is_laid_at_anothers_door_is_found() {
    let _turn = Planted::nothing();
    let rig = work::no_show();
    assert!(!found(&rig, &rig.facts, 0, "no-show"));
    for other in [Fault::None, Fault::Platform, Fault::Requester] {
        let facts = change(&rig, |_, e, _| {
            let Payload::Job(Event::NoShowDeclared { fault, comp, .. }) = e else { return false };
            (*fault, *comp) = (other, Amount::ZERO);
            true
        });
        assert!(found(&rig, &facts, 0, "a no-show by the fault of"), "{other:?}");
    }
    let facts = change(&rig, |_, e, _| {
        let Payload::Job(Event::JobAborted { fault, .. }) = e else { return false };
        *fault = Fault::None;
        true
    });
    assert!(found(&rig, &facts, 0, "a no-show ends by the fault of"));
}

/// Nothing is heard of the robot's exit: neither that it is out, nor that it is late, nor that it is stopped.
#[test]
fn a_robot_that_stays_without_a_word_is_found() {
    let _turn = Planted::nothing();
    for (history, with) in [(work::revoked as fn() -> Rig, "ACCESS"), (work::delivery, "")] {
        let rig = history();
        assert!(!found(&rig, &rig.facts, 14, ""), "{with}");
        let facts: Vec<Fact> = change(&rig, |_, e, _| {
            let gone =
                matches!(e, Payload::Job(Event::SafeExitConfirmed { .. } | Event::SafeExitEscalated { .. } | Event::SafeExitForced { .. }));
            if gone {
                *e = Payload::Job(Event::DispatchFailed { counts: vec![] });
            }
            gone
        });
        assert!(found(&rig, &facts, 14, "was to be out"));
    }
}

#[test]
fn metering_after_access_was_taken_back_is_found() {
    let _turn = Planted::nothing();
    let rig = work::revoked();
    let facts = change(&rig, |job, e, _| {
        let exit = matches!(e, Payload::Job(Event::SafeExitConfirmed { .. }));
        if exit {
            *e = Payload::Skill(SkillEvent::SkillMetered { job, licence: LicenceId::named("l"), step: 9, units: 1, total: 9 });
        }
        exit
    });
    assert!(found(&rig, &facts, 14, "SKILL_METERED"));
}

/// A role that the table does not have for a name.
#[test]
fn a_signer_that_the_table_does_not_have_is_found() {
    let _turn = Planted::nothing();
    let rig = work::given_up();
    assert!(!found(&rig, &rig.facts, 7, ""));
    let facts = change(&rig, |_, e, role| {
        let stalled = matches!(e, Payload::Job(Event::ExecutionStalled { .. }));
        if stalled {
            *role = Role::FI;
        }
        stalled
    });
    assert!(found(&rig, &facts, 7, "is signed by FI, who may not"));
}

/// What events carry beside what moves a state is held against everything else that is on record.
#[test]
fn a_payload_that_says_something_else_is_found() {
    let _turn = Planted::nothing();
    let sound = |rig: &Rig, number: u8, word: &str| !found(rig, &rig.facts, number, word);
    // A load that grows at a witness's word.
    let rig = work::delivery();
    assert!(sound(&rig, 0, "at the word of"));
    let facts = change(&rig, |_, e, role| {
        let Payload::Job(Event::CustodyChanged { mass_g, .. }) = e else { return false };
        let heard = *role != Role::RB;
        *mass_g += u32::from(heard);
        heard
    });
    assert!(found(&rig, &facts, 0, "g at the word of"));
    // A root that no anchor of the robot has.
    assert!(sound(&rig, 18, "completed with root"));
    let facts = change(&rig, |_, e, _| {
        let Payload::Job(Event::ExecutionCompleted { black_box_root, .. }) = e else { return false };
        *black_box_root = Digest([9; 32]);
        true
    });
    assert!(found(&rig, &facts, 18, "completed with root"));
    // Work that begins on another skill than the pinned.
    let rig = work::skill();
    assert!(sound(&rig, 37, "work of"));
    let facts = change(&rig, |_, e, _| {
        let Payload::Job(Event::ExecutionStarted { skills, .. }) = e else { return false };
        skills.push(Digest([9; 32]));
        true
    });
    assert!(found(&rig, &facts, 37, "that are not the"));
    // Money that is said to concern a month that it does not.
    let rig = work::given_up();
    assert!(sound(&rig, 28, ""));
    let facts = change(&rig, |_, e, _| {
        let Payload::Job(Event::RefundIssued { origin_period, .. }) = e else { return false };
        *origin_period = Some("EUR-196912".to_owned());
        true
    });
    assert!(found(&rig, &facts, 28, "is said to concern"));
}

#[test]
fn a_cancellation_in_anothers_name_is_found() {
    let _turn = Planted::nothing();
    let mut rig = histories::kept(Rig::new(histories::ONE));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    histories::until(&mut rig, job, nooterra_jobs::status::Status::EnRoute);
    let _ = rig.send("rq", &nooterra_control::RequesterCommand::Cancel { job, safety: false });
    rig.run_job(job, 600);
    assert!(!found(&rig, &rig.facts, 7, ""));
    let facts = change(&rig, |_, e, _| {
        let Payload::Job(Event::JobCancelled { by, .. }) = e else { return false };
        *by = By::Owner;
        true
    });
    assert!(found(&rig, &facts, 7, "is signed by RQ and says Owner"));
}

/// Services sign what is theirs, whoever caused it.
#[test]
fn a_robot_that_signs_for_dispatch_is_found() {
    let _turn = Planted::nothing();
    let rig = work::delivery();
    let mut facts = rig.facts.clone();
    let mut done = 0;
    for f in &mut facts {
        let Fact::Event(r) = f else { continue };
        if matches!(r.payload.name(), "HEALTH_CHANGED" | "TASK_PLANNED") {
            assert_eq!(r.header.role, Role::DI);
            r.header.role = Role::RB;
            done += 1;
        }
    }
    assert!(done > 0 && !found(&rig, &rig.facts, 7, "") && found(&rig, &facts, 7, "is signed by RB, who may not"));
}
