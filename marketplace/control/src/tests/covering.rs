//! Work on whole zones: floors are measured, what is left of them is not paid, and what is blocked or left out with the
//! requester's word counts no more.

use super::areas::with_areas;
use super::rig::{Rig, genesis, robot};
use crate::input::RequesterCommand;
use crate::{NewJob, Policy};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Span;
use nooterra_jobs::event::ProofStatus;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Action, Step, Template};
use nooterra_port::facility::WitnessClass;
use nooterra_port::order::StepAction;
use nooterra_port::{FacilityReport, Order, Report, Wanted};
use nooterra_site::AreaClass;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
/// Each area of the row, mm²: two metres by two.
const FLOOR: i64 = 4_000_000;

/// Areas about the vertices 2, 3, 4 and 5.
fn rig() -> Rig {
    let areas = [2, 3, 4, 5].map(|v| (v, AreaClass::Public));
    let mut rig = Rig::on(with_areas(&areas), genesis(Policy::scenario(), ONE), ONE);
    rig.run(10);
    rig
}

/// Work on the zones about these vertices.
fn zones(rig: &Rig, template: Template, at: &[u32]) -> NewJob {
    let steps = at.iter().map(|p| Step { place: *p, action: Action::Cover { area: p - 2 }, dwell: Span::ZERO }).collect();
    NewJob { template, steps, ..rig.patrol(&[2]) }
}

fn proof(rig: &Rig, job: JobId) -> (ProofStatus, u32) {
    let p = rig.c.state().jobs[&job].proof.clone().unwrap();
    (p.status, p.earned_bps)
}

fn until(rig: &mut Rig, job: JobId, holds: impl Fn(&Rig, JobId) -> bool) {
    for _ in 0..1_200 {
        if holds(rig, job) {
            return;
        }
        rig.tick();
    }
    panic!("never: {:?} {:?}", rig.names(job), rig.refused);
}

#[test]
fn floors_that_were_covered_are_paid_in_full() {
    for (template, base) in [(Template::Clean, 4_500), (Template::ResetLite, 6_500), (Template::ResetStandard, 9_500)] {
        let mut rig = rig();
        let job = rig.ask(zones(&rig, template, &[2, 3, 4]));
        let j = &rig.c.state().jobs[&job];
        assert!(j.rfq.price.core.minor() > base, "{template:?}: {:?}", j.rfq.price);
        assert!(j.request.steps.iter().all(|s| s.dwell == Span::from_secs(50)), "how long a floor takes follows from it");
        // 95 % of a floor is all of it.
        rig.knobs.floors.insert(3, FLOOR * 95 / 100);
        assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
        assert_eq!(proof(&rig, job), (ProofStatus::Pass, 10_000));
        let p = rig.c.state().jobs[&job].pins.clone().unwrap().proof;
        assert_eq!(p.iter().map(|i| i.weight_bps).collect::<Vec<_>>(), [3_334, 3_333, 3_333]);
        assert!(p.iter().all(|i| i.threshold_bps == 9_500 && i.required_mm2 == 4_000_000), "{p:?}");
        let (o, mut ways) = (&rig.robots[&robot("a1")].seen, vec![]);
        for x in o {
            if let Order::LeaseOffer(l) = x {
                ways.extend(l.plan.steps.iter().map(|s| if let StepAction::Cover { way, .. } = &s.action { way.len() } else { 0 }));
            }
        }
        assert!(ways.len() == 3 && ways.iter().all(|n| *n > 4), "each has its way back and forth: {ways:?}");
        rig.check_books();
    }
}

#[test]
fn what_was_not_covered_is_not_paid() {
    let mut rig = rig();
    let job = rig.ask(zones(&rig, Template::Clean, &[2, 3]));
    rig.knobs.floors.insert(3, FLOOR / 2);
    assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(proof(&rig, job), (ProofStatus::Partial, 7_500));
    rig.check_books();

    let mut rig = self::rig();
    let job = rig.ask(zones(&rig, Template::Clean, &[2, 3]));
    rig.knobs.floors.extend([(2, FLOOR / 20), (3, 0)]);
    assert_eq!(rig.run_job(job, 1_800), Status::Settled);
    assert_eq!(proof(&rig, job), (ProofStatus::Fail, 0), "below a tenth nothing is billed");
    rig.check_books();
}

#[test]
fn a_zone_that_the_site_saw_blocked_leaves_the_sum() {
    // Before the work begins, in its turn, before its turn, and as the last one.
    for (blocked, status, at_step) in
        [(2, Status::EnRoute, 0), (3, Status::Executing, 1), (4, Status::Executing, 1), (4, Status::Executing, 2)]
    {
        let mut rig = rig();
        let job = rig.ask(zones(&rig, Template::Clean, &[2, 3, 4]));
        until(&mut rig, job, |rig, job| rig.status(job) == status && rig.c.state().jobs[&job].checkpoint == at_step);
        let seen = |rig: &mut Rig, class, vertex| {
            let r = FacilityReport::Witnessed { job, robot: robot("a1"), class, vertex, item: None, measure: 1 };
            rig.send("site", &r)
        };
        // A point that is no zone of the work.
        assert!(seen(&mut rig, WitnessClass::BlockedZone, 5).unwrap_err().contains("AREA_FORBIDDEN"));
        seen(&mut rig, WitnessClass::BlockedZone, blocked).unwrap();
        assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{blocked}: {:?} {:?}", rig.names(job), rig.refused);
        assert_eq!(proof(&rig, job), (ProofStatus::Pass, 10_000), "{blocked}");
        let j = &rig.c.state().jobs[&job];
        let done: Vec<u32> = j.claimed.iter().map(|c| u32::from(c.index) + 1).collect();
        assert_eq!(done, [2, 3, 4].into_iter().filter(|v| *v != blocked).collect::<Vec<u32>>(), "no checkpoint for it");
        let told = rig.robots[&robot("a1")].seen.iter().filter(|o| matches!(o, Order::SkipStep { .. })).count();
        assert_eq!(told, 1, "its robot is told once");
        rig.check_books();
    }
}

#[test]
fn with_every_zone_blocked_nothing_is_billed() {
    let mut rig = rig();
    let job = rig.ask(zones(&rig, Template::Clean, &[2, 3]));
    until(&mut rig, job, |rig, job| rig.status(job) == Status::Executing);
    for vertex in [2, 3] {
        let class = WitnessClass::BlockedZone;
        let _ = rig.send("site", &FacilityReport::Witnessed { job, robot: robot("a1"), class, vertex, item: None, measure: 1 });
    }
    assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(proof(&rig, job), (ProofStatus::Fail, 0));
    rig.check_books();
}

#[test]
fn a_zone_is_left_out_with_the_requesters_word() {
    for agree in [true, false] {
        let mut rig = rig();
        rig.knobs.wants.insert(robot("a1"), (1, Wanted::SkipZone { vertex: 3 }, true));
        let job = rig.ask(zones(&rig, Template::Clean, &[2, 3, 4]));
        until(&mut rig, job, |rig, job| !rig.c.state().jobs[&job].approvals.is_empty());
        let ask = rig.c.state().jobs[&job].approvals[0].ask.clone();
        // A place that is no part of the work, and one that is done, cannot be left out of it.
        for vertex in [5, 2] {
            rig.refused.clear();
            rig.report(robot("a1"), Report::ApprovalAsked { wanted: Wanted::SkipZone { vertex }, skip: false });
            rig.tick();
            assert!(rig.refused.iter().any(|(_, c)| c.contains("STATE_FORBIDS")), "{vertex}: {:?}", rig.refused);
        }
        let (approval, action_hash) = (ask.approval, ask.action_hash);
        rig.send_at("rq", job, &RequesterCommand::AnswerApproval { job, approval, action_hash, agree }).unwrap();
        assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
        let used = rig.names(job).contains(&"APPROVAL_CONSUMED");
        assert_eq!(used, agree);
        // What is left out leaves the sum; without the word it is done as well as it can be, and measured.
        assert_eq!(proof(&rig, job), (ProofStatus::Pass, 10_000), "{agree}");
        let done = rig.names(job).iter().filter(|n| **n == "CHECKPOINT_REACHED").count();
        assert_eq!(done, if agree { 2 } else { 3 });
        rig.check_books();
    }
}

#[test]
fn what_cannot_be_asked_for() {
    let mut rig = rig();
    let bad = |rig: &mut Rig, job: NewJob| rig.send("rq", &RequesterCommand::CreateJob(Box::new(job))).unwrap_err();
    let clean = zones(&rig, Template::Clean, &[2, 3]);
    let cover = |place, area| Step { place, action: Action::Cover { area }, dwell: Span::ZERO };
    let visit = Step { place: 3, action: Action::Visit, dwell: Span::ZERO };
    for steps in [vec![cover(2, 0), cover(2, 0)], vec![cover(2, 0), visit], vec![visit], vec![cover(2, 99)], vec![cover(2, u32::MAX)]] {
        let job = NewJob { steps: steps.clone(), ..clean.clone() };
        assert!(bad(&mut rig, job).contains("SCHEMA_INVALID"), "{steps:?}");
    }
    assert!(bad(&mut rig, NewJob { template: Template::Patrol, ..clean.clone() }).contains("SCHEMA_INVALID"));
    let with_item = NewJob { item: Some(nooterra_engine::ids::ItemId::named("x")), ..clean.clone() };
    assert!(bad(&mut rig, with_item).contains("SCHEMA_INVALID"));
    // A place that does not lie in its zone: nobody can do that.
    let elsewhere = NewJob { steps: vec![cover(2, 1)], ..clean };
    let job = rig.ask(elsewhere);
    assert_eq!(rig.run_job(job, 1_800), Status::Withdrawn, "{:?}", rig.names(job));
}

#[test]
fn a_measure_below_nothing_is_none() {
    let mut rig = rig();
    let job = rig.ask(zones(&rig, Template::Clean, &[2, 3]));
    until(&mut rig, job, |rig, job| rig.status(job) == Status::Executing);
    let before = rig.c.state().jobs[&job].sightings.len();
    let r = FacilityReport::Witnessed { job, robot: robot("a1"), class: WitnessClass::LidarCoverage, vertex: 2, item: None, measure: -1 };
    assert!(rig.send("site", &r).unwrap_err().contains("SCHEMA_INVALID"));
    assert_eq!(rig.c.state().jobs[&job].sightings.len(), before);
}
