//! Access that is taken back, stops that are not heard, operators who stop: who says what in time, and what follows if not.

use super::rig::{Rig, party, robot};
use crate::input::{RequesterCommand, StaffCommand};
use crate::stops::{StopOrder, StopWhat};
use crate::{HelpWord, OperatorCommand};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Event as JobEvent, RevokeReason};
use nooterra_jobs::status::Status;
use nooterra_operations::Event as RobotEvent;
use nooterra_port::facility::Way;
use nooterra_port::{FacilityOrder, FacilityReport, Order, Report};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn acks(rig: &Rig, job: JobId) -> Vec<bool> {
    let of = |e: &JobEvent| if let JobEvent::AccessRevokeAcked { by_robot, .. } = e { Some(*by_robot) } else { None };
    rig.job_events(job).iter().filter_map(of).collect()
}

fn stopped(rig: &Rig) -> bool {
    rig.c.robots().any(|r| !r.stops.is_empty())
}

fn revoke(rig: &mut Rig, job: JobId) {
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Privacy }).unwrap();
}

#[test]
fn doors_and_robot_know_in_time_and_nobody_is_stopped() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    revoke(&mut rig, job);
    assert!(rig.robots[&robot("a1")].seen.iter().any(|o| matches!(o, Order::Revoke { .. })));
    rig.run(1);
    let mut a = acks(&rig, job);
    a.sort_unstable();
    assert_eq!(a, [false, true]);
    rig.run(3);
    assert!(!stopped(&rig) && !rig.alarms.iter().any(|o| matches!(o, FacilityOrder::Alarm { .. })));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn a_robot_that_does_not_say_that_it_knows_is_stopped_until_it_does() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.knobs.deaf_to_revoke.insert(robot("a1"));
    rig.knobs.never_depart.insert(robot("a1"));
    revoke(&mut rig, job);
    rig.run(1);
    assert!(!stopped(&rig));
    rig.run(2);
    assert!(stopped(&rig), "after two seconds");
    assert!(rig.alarms.iter().any(|o| matches!(o, FacilityOrder::Alarm { code, .. } if code == "REVOKE_UNACKED")), "{:?}", rig.alarms);
    let plan = rig.c.state().jobs[&job].access.plan.clone().unwrap().plan;
    rig.report(robot("a1"), Report::AccessRevokeAcked { plan });
    rig.report(robot("a1"), Report::AccessRevokeAcked { plan });
    rig.run(1);
    assert!(!stopped(&rig), "now it is known everywhere, and it may leave");
    rig.knobs.never_depart.clear();
    assert!(rig.refused.iter().any(|(_, c)| c.contains("ALREADY_DONE")), "{:?}", rig.refused);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn who_has_nothing_to_do_with_the_job_any_more_is_not_kept_stopped() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.knobs.deaf_to_revoke.insert(robot("a1"));
    rig.knobs.never_depart.insert(robot("a1"));
    revoke(&mut rig, job);
    rig.run(3);
    assert!(stopped(&rig));
    // The site sees it outside: people have carried it out.
    rig.send("site", &FacilityReport::Exited { job, robot: robot("a1"), vertex: 8 }).unwrap();
    assert!(!stopped(&rig));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn doors_that_do_not_know_stop_the_robot_as_well() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.knobs.deaf_doors = true;
    rig.knobs.never_depart.insert(robot("a1"));
    revoke(&mut rig, job);
    rig.run(3);
    assert!(stopped(&rig));
    rig.knobs.deaf_doors = false;
    rig.run(3);
    assert!(!stopped(&rig), "the request was repeated and answered");
    rig.knobs.never_depart.clear();
    assert_eq!(acks(&rig, job).len(), 2);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn a_plan_that_is_over_is_withdrawn_until_the_doors_say_that_they_know() {
    let withdrawn = |rig: &Rig| rig.alarms.iter().filter(|o| matches!(o, FacilityOrder::Withdraw { .. })).count();
    let asked = |rig: &Rig| rig.c.state().asks.keys().any(|k| matches!(k, crate::state::AskKey::Withdraw { .. }));
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(withdrawn(&rig), 1, "once, since it was heard");
    assert!(!asked(&rig));
    let plan = rig.c.state().jobs[&job].access.plan.clone().unwrap();
    assert!(rig.now < plan.valid_to, "long before its end");
    let known = FacilityReport::PlanWithdrawn { job, plan: plan.plan };
    assert_eq!(rig.send("site", &known).unwrap_err(), "ALREADY_DONE");

    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.knobs.deaf_doors = true;
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.run(60);
    assert!(asked(&rig), "still asked");
    rig.knobs.deaf_doors = false;
    rig.run(60);
    assert!(withdrawn(&rig) == 1 && !asked(&rig));

    // Nobody is asked for longer than the plan would have held.
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.knobs.deaf_doors = true;
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let until = rig.c.state().jobs[&job].access.plan.clone().unwrap().valid_to;
    while rig.now < until + Span::from_secs(60) {
        rig.run(60);
    }
    assert!(!asked(&rig));
    let known = FacilityReport::PlanWithdrawn { job, plan: nooterra_engine::ids::AccessPlanId::named("p") };
    assert_eq!(rig.send("eye", &known).unwrap_err(), "ROLE_FORBIDDEN");
}

#[test]
fn a_robot_that_has_done_its_work_is_sent_out_as_well() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    for _ in 0..600 {
        if rig.status(job) == Status::Completed {
            break;
        }
        rig.tick();
    }
    assert_eq!(rig.status(job), Status::Completed);
    let orders = rig.robots[&robot("a1")].seen.len();
    revoke(&mut rig, job);
    rig.run(1);
    let seen = &rig.robots[&robot("a1")].seen[orders..];
    assert!(seen.iter().any(|o| matches!(o, Order::Revoke { .. })) && seen.iter().any(|o| matches!(o, Order::SafeExit { .. })), "{seen:?}");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn access_acks_are_for_who_holds_the_job_and_what_was_revoked() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    let plan = rig.c.state().jobs[&job].access.plan.clone().unwrap().plan;
    rig.report(robot("a1"), Report::AccessRevokeAcked { plan });
    rig.report(robot("a1"), Report::AccessRevokeAcked { plan: nooterra_engine::ids::AccessPlanId::named("other") });
    rig.run(1);
    for c in ["TRACK_FORBIDS", "PLAN_MISSING"] {
        assert!(rig.refused.iter().any(|(_, r)| r.contains(c)), "{c} in {:?}", rig.refused);
    }
    assert_eq!(rig.send("site", &FacilityReport::RevokeAcked { job, plan }).unwrap_err(), "ALREADY_DONE");
    let valid_to = rig.now;
    assert_eq!(rig.send("site", &FacilityReport::PlanExtended { job, plan, valid_to }).unwrap_err(), "PLAN_MISSING");
    let pass = FacilityReport::PassRefused { robot: robot("nobody"), job: Some(job), entrance: 0, code: "X".into() };
    assert_eq!(rig.send("site", &pass).unwrap_err(), "NOT_FOUND");
    let pass = FacilityReport::PassRefused { robot: robot("a1"), job: Some(job), entrance: 0, code: "FENCE_STALE".into() };
    assert_eq!(rig.send("site", &pass).unwrap_err(), "NOT_FOUND", "there is no door here");
}

#[test]
fn a_stop_that_is_not_heard_is_said_again_and_then_told_to_owner_and_site() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    let r = robot("a1");
    let now = rig.now;
    rig.knobs.cut.insert(r, (now, now + Span::from_secs(8)));
    let order = StopOrder { what: StopWhat::Robot(r), power_off: false, exit: false, reason: "test".into() };
    rig.send("staff", &StaffCommand::StopAll(order)).unwrap();
    let escalated = |rig: &Rig| {
        let is = |e: &crate::Recorded| matches!(&e.payload, crate::Event::Robot(RobotEvent::StopEscalated { .. }));
        rig.facts.iter().filter_map(crate::Fact::event).filter(|e| is(e)).count()
    };
    rig.run(4);
    assert_eq!((rig.c.state().robots[&r].robot.stops[0].level, escalated(&rig)), (1, 0), "only told again");
    rig.run(2);
    assert_eq!((rig.c.state().robots[&r].robot.stops[0].level, escalated(&rig)), (2, 1));
    assert_eq!(rig.unheard, [party("acme")]);
    assert!(rig.alarms.iter().any(|o| matches!(o, FacilityOrder::Alarm { code, .. } if code == "STOP_UNACKED")));
    rig.run(10);
    assert!(rig.c.state().robots[&r].robot.stops[0].acked, "it heard in the end");
    rig.send("staff", &StaffCommand::ClearStops { robot: r }).unwrap();
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn an_operator_stops_the_robot_that_it_is_at_and_no_other() {
    let mut rig = Rig::with_operators(ONE);
    let job = rig.stuck();
    let offer = |(_, w): &(_, HelpWord)| if let HelpWord::Offer(x) = w { Some(x.assist) } else { None };
    let assist = rig.help.iter().rev().find_map(offer).unwrap();
    rig.send("olga", &OperatorCommand::Accept { assist }).unwrap();
    let stop = OperatorCommand::Stop { assist, exit: false };
    assert_eq!(rig.send("olga", &stop).unwrap_err(), "TRACK_FORBIDS", "it has not begun");
    rig.run(2);
    let view = rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None }).unwrap();
    rig.send("olga", &OperatorCommand::Start { assist, view }).unwrap();
    assert_eq!(rig.send("otto", &stop).unwrap_err(), "NOT_ASSIGNED_OPERATOR");
    rig.send("olga", &stop).unwrap();
    assert!(stopped(&rig));
    assert_eq!(rig.status(job), Status::Stalled, "nothing moves, so nobody is helped");
    let id = *rig.c.state().stops.active.keys().next().unwrap();
    assert_eq!(rig.send("otto", &OperatorCommand::ClearStop { stop: id }).unwrap_err(), "NOT_FOUND");
    rig.send("olga", &OperatorCommand::ClearStop { stop: id }).unwrap();
    assert!(!stopped(&rig));
    rig.robots.get_mut(&robot("a1")).unwrap().freed = true;
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    rig.check_books();
}

#[test]
fn what_robots_pass_doors_with() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    let plan = rig.c.state().jobs[&job].access.plan.as_ref().map(|p| p.plan);
    let fence = rig.c.state().robots[&robot("a1")].robot.fence;
    assert_eq!(rig.c.pass_of(robot("a1")).unwrap().way, Way::Inward { job, plan });
    assert_eq!(rig.c.pass_of(robot("a1")).unwrap().fence, fence);
    revoke(&mut rig, job);
    assert_eq!(rig.c.pass_of(robot("a1")).unwrap().way, Way::Outward {}, "who is to leave may");
    rig.run_job(job, 900);
    assert_eq!(rig.c.pass_of(robot("a1")).unwrap().way, Way::Errand {}, "who has no job is about the house");
}
