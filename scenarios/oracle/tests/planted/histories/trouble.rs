//! What goes wrong beside the work: stops, collisions, silence, and words that are not as they should be.

use super::{ONE, THREE, TWO, kept, until};
use nooterra_control::input::{GovernanceCommand, KeyReason};
use nooterra_control::puppets::boxes;
use nooterra_control::puppets::rig::{Rig, genesis, key, party, robot};
use nooterra_control::stops::{StopOrder, StopWhat};
use nooterra_control::{OwnerCommand, Policy, RequesterCommand};
use nooterra_engine::ids::{JobId, StopId};
use nooterra_engine::time::Span;
use nooterra_jobs::status::Status;
use nooterra_port::Report;
use nooterra_trust::role::rotation_bytes;

/// A requester goes on with another key; the key of a robot at work is revoked, and another does the rest.
pub fn key_revoked() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let (old, new) = (key("rq"), key("rq-new"));
    let actor = *party("rq").as_bytes();
    let proof = new.sign(&rotation_bytes(rig.c.state().genesis.tenant, &actor, old.id(), &new.public()));
    let _ = rig.send("rq", &GovernanceCommand::RotateKey { public: new.public(), proof, overlap: Span::from_secs(30) });
    if let Some(s) = rig.senders.get_mut("rq") {
        s.rotate(new);
    }
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(&mut rig, job, Status::Executing);
    let at_work = rig.c.state().jobs[&job].robot();
    for name in ["a1", "a2", "b1"].into_iter().filter(|n| at_work == Some(robot(n))) {
        let word = GovernanceCommand::RevokeKey { key: key(name).id(), reason: KeyReason::Compromised };
        let _ = rig.send("staff", &word);
        let _ = rig.send("staff2", &word);
    }
    rig.run_job(job, 3_000);
    rig.run(300);
    rig
}

/// The requester stops its robot, and lets it go.
pub fn stopped() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let order = StopOrder { what: StopWhat::Job(job), power_off: false, exit: false, reason: "test".into() };
    let _ = rig.send("rq", &RequesterCommand::Stop(order));
    // Puppets go on under a stop, and what they report meanwhile is refused.
    rig.run(1);
    let all: Vec<StopId> = rig.c.state().stops.active.keys().copied().collect();
    for stop in all {
        let _ = rig.send("rq", &RequesterCommand::ClearStop { stop });
    }
    rig.run_job(job, 900);
    rig.run(200);
    rig
}

/// One robot, two jobs: it works on one of them while the other waits.
fn one_of_two() -> (Rig, [JobId; 2]) {
    let mut rig = kept(Rig::new(ONE));
    rig.run(10);
    let jobs = [rig.ask(rig.patrol(&[2, 3, 4, 5])), rig.ask(rig.delivery(1, 4))];
    for _ in 0..600 {
        if jobs.iter().any(|j| rig.status(*j) == Status::Executing) {
            break;
        }
        rig.tick();
    }
    (rig, jobs)
}

/// The only robot is stopped by its owner while it works and other work waits for it.
pub fn stopped_for_good() -> Rig {
    let (mut rig, jobs) = one_of_two();
    let what = StopWhat::Robot(robot("a1"));
    let _ = rig.send("acme", &OwnerCommand::Stop(StopOrder { what, power_off: false, exit: false, reason: "test".into() }));
    for job in jobs {
        rig.run_job(job, 2_500);
    }
    rig.run(100);
    rig
}

/// A serious collision on the way: the robot goes into quarantine, and work comes for it again.
pub fn collision() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 20_000 });
    rig.run_job(job, 1_500);
    // On this side of where the robot stands.
    let next = rig.ask(rig.delivery(1, 0));
    rig.run_job(next, 1_500);
    rig.run(200);
    rig
}

/// A robot bumps into something, anchors its black box, and hands out another last chunk than it has anchored.
pub fn altered_box() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.knobs.no_box.insert(bound);
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(2);
    let asked = rig.robots[&bound].boxed.asked.first().copied();
    if let Some((incident, from, to)) = asked {
        let chunks = rig.robots.get_mut(&bound).expect("a puppet").boxed.record(from, to);
        rig.report(bound, Report::BlackboxAnchored(boxes::anchor(&chunks)));
        rig.run(60);
        let mut w = boxes::window(incident, &chunks);
        if let Some(c) = w.chunks.last_mut() {
            c.contact_mns += 1;
        }
        rig.report(bound, Report::Blackbox(Box::new(w)));
        rig.run(2);
        rig.report(bound, Report::Blackbox(Box::new(boxes::window(incident, &chunks))));
    }
    rig.run_job(job, 900);
    rig
}

/// A robot speaks with a fence that is over.
pub fn stale_fence() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    let lease = rig.robots[&bound].lease.clone();
    if let Some(l) = rig.robots.get_mut(&bound).and_then(|p| p.lease.as_mut()) {
        l.1 -= 1;
    }
    rig.report(bound, Report::ExecutionStalled { reason: nooterra_port::report::StallReason::Stuck });
    if let Some(p) = rig.robots.get_mut(&bound) {
        p.lease = lease;
    }
    rig.run(2);
    rig.report(bound, Report::ExecutionResumed);
    rig.run_job(job, 1_500);
    rig.run(200);
    rig
}

/// Somebody changes a signed word on its way.
pub fn forged() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let mut e = rig.say("rq", &RequesterCommand::Cancel { job, safety: false });
    e.stream = "somewhere else".into();
    let _ = rig.put(e);
    rig.run_job(job, 1_500);
    rig.run(200);
    rig
}

/// The only robot hits something while other work waits for it.
pub fn collision_of_one() -> Rig {
    let (mut rig, jobs) = one_of_two();
    rig.report(robot("a1"), Report::Noticed { code: "COLLISION".into(), measure: 20_000 });
    for job in jobs {
        rig.run_job(job, 2_500);
    }
    rig.run(100);
    rig
}

/// A collision so bad that everything on the level stops, another robot at its work as well.
pub fn zone_stopped() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let jobs = [rig.ask(rig.patrol(&[1, 2, 1, 2])), rig.ask(rig.patrol(&[5, 6, 5, 6]))];
    for _ in 0..900 {
        if jobs.iter().all(|j| rig.status(*j) == Status::Executing) {
            break;
        }
        rig.tick();
    }
    let bound = rig.c.state().jobs[&jobs[0]].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 60_000 });
    rig.run(30);
    assert_eq!(rig.status(jobs[1]), Status::Stalled, "the other one stands");
    for job in jobs {
        rig.run_job(job, 6_000);
    }
    rig.run(200);
    rig
}

/// Two outside witnesses sign how far all streams have come, and somebody joins.
pub fn watched() -> Rig {
    let mut g = genesis(Policy::scenario(), TWO);
    g.log_witnesses = vec![party("eye"), party("eye2")];
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(90);
    let job = rig.ask(rig.delivery(2, 5));
    let guest = GovernanceCommand::VerifyParty { party: party("guest"), name: "guest".into(), takes: vec![] };
    let _ = rig.send("staff", &guest);
    rig.run_job(job, 600);
    rig.run(120);
    rig
}

/// For a minute nothing is heard of the site, in the middle of the work.
pub fn site_out() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let until = rig.now.saturating_add(Span::from_secs(60));
    for r in ["a1", "b1"] {
        rig.knobs.cut.insert(robot(r), (rig.now, until));
    }
    rig.knobs.site_silent = true;
    rig.run(60);
    rig.knobs.site_silent = false;
    rig.run_job(job, 900);
    rig
}
