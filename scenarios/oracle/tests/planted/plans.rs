//! Every term of an access plan is read by a rule (I43): changed alone, once the plan is issued, it changes what happens in one
//! of these histories, or what a robot or the site's doors are told in it.

use crate::histories::{self, until};
use crate::terms::outline;
use nooterra_control::puppets::floor::{with_private, with_rooms};
use nooterra_control::puppets::rig::{Rig, genesis, robot};
use nooterra_control::{Control, NewJob, Policy};
use nooterra_engine::digest::{Digest, blake3};
use nooterra_engine::encode;
use nooterra_engine::ids::{AccessPlanId, JobId};
use nooterra_engine::record::{Body, Message};
use nooterra_engine::time::Span;
use nooterra_jobs::payload::{AccessMethod, AccessPlan};
use nooterra_jobs::status::Status;
use nooterra_port::ability::{Advert, Declared};
use nooterra_port::{FacilityReport, Report, Wanted};
use std::collections::BTreeSet;

type Change = fn(&mut AccessPlan);

/// The room in which the work is, off the second vertex of the row, and the one that is none of its business.
const ROOM: u32 = 16;

/// Every term of a plan, and another value for it.
const CHANGES: &[(&str, Change)] = &[
    ("plan", |p| p.plan = AccessPlanId::named("another")),
    ("method", |p| p.method = if p.method == AccessMethod::Code { AccessMethod::SiteController } else { AccessMethod::Code }),
    ("doors", |p| p.doors.clear()),
    ("places", |p| p.places.truncate(1)),
    ("areas", |p| p.areas.clear()),
    ("no_go", |p| p.no_go.clone_from(&p.areas)),
    ("valid_from", |p| p.valid_from += Span::from_mins(60)),
    ("valid_to", |p| p.valid_to = p.valid_from + Span::from_secs(90)),
    ("credential_ref", |p| p.credential_ref = "vault/another".into()),
];

/// Work in the room, with what its plan says changed as soon as there is one.
fn planned(robots: &[(&str, &str, u32)], job: impl FnOnce(&Rig) -> NewJob, with: Change) -> (Rig, JobId) {
    // Two rooms behind doors, a private area in each, and a terminal beside the first door.
    let site = with_private(with_rooms(8, &[2, 6]), &[ROOM, ROOM + 1]);
    let mut g = genesis(Policy::scenario(), robots);
    g.terminals = site.entrance_ids()[..1].to_vec();
    let mut rig = histories::kept(Rig::on(site, g, robots));
    rig.run(12);
    // The first robot can show a credential, whoever comes after it cannot.
    let said = |n: &str, value| Declared { name: n.into(), value };
    let first = robot(robots[0].0);
    let capabilities = vec![said("access_code", 1), said("access_site_controller", 1), said("payload_g", 9_000)];
    let battery_j = rig.c.state().robots[&first].robot.battery_j;
    rig.report(first, Report::Advertised(Box::new(Advert { capabilities, sensors: vec![], battery_j })));
    rig.run(2);
    let job = rig.ask(job(&rig));
    for _ in 0..900 {
        if rig.c.state().jobs[&job].access.plan.is_some() {
            break;
        }
        rig.tick();
    }
    let mut s = rig.c.state().clone();
    with(s.jobs.get_mut(&job).and_then(|j| j.access.plan.as_mut()).expect("a plan"));
    rig.c = Control::thaw(&encode(&s), rig.site.clone()).expect("a state");
    (rig, job)
}

fn round(rig: &Rig) -> NewJob {
    rig.patrol(&[1, ROOM, 1])
}

fn done(mut rig: Rig, job: JobId) -> Rig {
    rig.run_job(job, 2_500);
    rig.run(60);
    rig
}

fn plain(with: Change) -> Rig {
    let (rig, job) = planned(histories::ONE, round, with);
    done(rig, job)
}

/// The robot gives up at work: another one is to go on, if it gets in.
fn handed_over(with: Change) -> Rig {
    let (mut rig, job) = planned(&[("a1", "acme", 8), ("a2", "acme", 9)], round, with);
    rig.knobs.abort_before_step.insert(robot("a1"), 1);
    until(&mut rig, job, Status::Handover);
    done(rig, job)
}

/// It asks for a further place: the plan is widened.
fn widened(with: Change) -> Rig {
    let (mut rig, job) = planned(histories::ONE, round, with);
    rig.knobs.wants.insert(robot("a1"), (1, Wanted::ExtraArea { vertices: vec![6] }, false));
    until(&mut rig, job, Status::Executing);
    rig.run(30);
    let ask = rig.c.state().jobs[&job].approvals.last().map(|a| (a.ask.approval, a.ask.action_hash));
    if let Some((approval, action_hash)) = ask {
        let yes = nooterra_control::RequesterCommand::AnswerApproval { job, approval, action_hash, agree: true };
        let _ = rig.send_at("rq", job, &yes);
    }
    done(rig, job)
}

/// Floor sensors see it in the room while it works there.
fn seen(with: Change) -> Rig {
    let (mut rig, job) = planned(histories::ONE, round, with);
    until(&mut rig, job, Status::Executing);
    let _ = rig.send("site", &FacilityReport::AreaEntered { robot: robot("a1"), area: 0, reach_mm: 300 });
    let _ = rig.send("site", &FacilityReport::CameThrough { robot: robot("a1"), door: 0 });
    done(rig, job)
}

const STORIES: &[fn(Change) -> Rig] = &[plain, handed_over, widened, seen];

/// What happened, and what robots and the site were told.
fn told(rig: &Rig) -> (Vec<(String, u64, Digest)>, Digest) {
    let mut words = Vec::new();
    for p in rig.robots.values() {
        p.seen.iter().for_each(|o| words.extend(encode(o)));
    }
    rig.alarms.iter().for_each(|o| words.extend(encode(o)));
    (outline(rig), blake3(&words))
}

/// The terms that change nothing in any of these histories.
pub fn unread() -> BTreeSet<&'static str> {
    let Body::Struct(fields) = AccessPlan::shape().body else { panic!("a plan is a struct") };
    let (listed, real): (BTreeSet<&str>, BTreeSet<&str>) = (CHANGES.iter().map(|c| c.0).collect(), fields.iter().map(|f| f.name).collect());
    assert_eq!(listed, real, "every term has its change");
    let before: Vec<_> = STORIES.iter().map(|s| told(&s(|_| {}))).collect();
    let is_read = |with: Change| STORIES.iter().zip(&before).any(|(s, b)| told(&s(with)) != *b);
    CHANGES.iter().filter(|(_, with)| !is_read(*with)).map(|(name, _)| *name).collect()
}

/// What becomes of the work when nothing is changed: the histories that read the terms are worth reading.
pub fn ends() -> Vec<Status> {
    let end = |s: &fn(Change) -> Rig| {
        let rig = s(|_| {});
        let job = rig.c.jobs().next().expect("a job").id;
        rig.status(job)
    };
    STORIES.iter().map(end).collect()
}
