//! What sites and requesters may do of themselves: take access back, issue it at home, stop what is theirs.

use super::rig::{Rig, genesis, party, robot};
use crate::Policy;
use crate::input::{OwnerCommand, RequesterCommand, StaffCommand};
use crate::stops::{StopOrder, StopWhat};
use nooterra_engine::ids::{AccessPlanId, JobId, StopId};
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Cause, Disposition, Event as JobEvent, Fault, RevokeReason};
use nooterra_jobs::parts::AccessTrack;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_port::facility::{FloorStop, TakenBack};
use nooterra_port::{FacilityOrder, FacilityReport, Order};
use nooterra_site::LevelIx;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

/// `rq` is at home at the whole site.
fn at_home() -> Rig {
    let zones: Vec<_> = Rig::new(TWO).site.zones().into_iter().collect();
    let mut g = genesis(Policy::scenario(), TWO);
    g.parties.iter_mut().filter(|p| p.party == party("rq")).for_each(|p| p.own = zones.clone());
    Rig::of(g, TWO)
}

fn order(what: StopWhat) -> StopOrder {
    StopOrder { what, power_off: false, exit: false, reason: "test".into() }
}

fn active(rig: &Rig) -> Vec<StopId> {
    rig.c.state().stops.active.keys().copied().collect()
}

fn plan(rig: &Rig, job: JobId) -> AccessPlanId {
    rig.c.state().jobs[&job].access.plan.as_ref().unwrap().plan
}

fn took_back(rig: &Rig, job: JobId) -> Vec<(RevokeReason, Fault)> {
    let of = |e: &JobEvent| if let JobEvent::AccessRevoked { reason, fault, .. } = e { Some((*reason, *fault)) } else { None };
    rig.job_events(job).iter().filter_map(of).collect()
}

fn left(rig: &Rig, job: JobId) -> Vec<(Cause, Fault, Disposition)> {
    let of = |e: &JobEvent| {
        if let JobEvent::SafeExitOrdered { cause, fault, disposition, .. } = e { Some((*cause, *fault, *disposition)) } else { None }
    };
    rig.job_events(job).iter().filter_map(of).collect()
}

#[test]
fn the_site_takes_a_plan_back_and_answers_for_it() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let other = AccessPlanId::named("another");
    let back = |plan, reason| FacilityReport::AccessRevoked { job, plan, reason };
    assert_eq!(rig.send("site", &back(other, TakenBack::Change)).unwrap_err(), "PLAN_MISSING");
    let nobody = FacilityReport::AccessRevoked { job: JobId::named("none"), plan: other, reason: TakenBack::Change };
    assert_eq!(rig.send("site", &nobody).unwrap_err(), "NOT_FOUND");
    let plan = plan(&rig, job);
    assert_eq!(rig.send("eye", &back(plan, TakenBack::Change)).unwrap_err(), "ROLE_FORBIDDEN", "a witness");
    rig.send("site", &back(plan, TakenBack::Change)).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert_eq!(took_back(&rig, job), [(RevokeReason::Change, Fault::Site)]);
    assert_eq!(left(&rig, job), [(Cause::SiteRevoked, Fault::Site, Disposition::Abort)]);
    assert_eq!(rig.send("site", &back(plan, TakenBack::Change)).unwrap_err(), "TRACK_FORBIDS", "once");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].fault, Fault::Site);
    rig.check_books();
}

#[test]
fn for_safety_nobody_answers() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let plan = plan(&rig, job);
    rig.send("site", &FacilityReport::AccessRevoked { job, plan, reason: TakenBack::Safety }).unwrap();
    assert_eq!(left(&rig, job), [(Cause::SafetyCancelled, Fault::None, Disposition::Abort)]);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].fault, Fault::None);
    rig.check_books();
}

#[test]
fn a_robot_that_waits_in_vain_is_the_sites_fault_if_the_site_took_the_plan_back() {
    for (by, reason, fault) in
        [("site", TakenBack::Change, Fault::Site), ("site", TakenBack::Safety, Fault::None), ("rq", TakenBack::Other, Fault::Requester)]
    {
        let mut rig = Rig::new(TWO);
        rig.run(10);
        let job = rig.ask(rig.patrol(&[2, 3]));
        rig.until(job, Status::EnRoute);
        let plan = plan(&rig, job);
        match by {
            "rq" => rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Other }).unwrap(),
            _ => rig.send("site", &FacilityReport::AccessRevoked { job, plan, reason }).unwrap(),
        }
        assert_eq!(rig.run_job(job, 6_000), Status::Settled, "{:?}", rig.names(job));
        let j = &rig.c.state().jobs[&job];
        assert_eq!(j.aborted, Some(Cause::AccessFailure));
        // Whether the requester was absent depends on who saw the robot there.
        let expected = if by == "rq" { [Fault::Requester, Fault::None] } else { [fault, fault] };
        assert!(expected.contains(&j.fault), "{by} {reason:?}: {:?}", j.fault);
        rig.check_books();
    }
}

#[test]
fn a_householder_issues_the_plan_of_its_own_job() {
    let mut rig = at_home();
    let mut new = rig.patrol(&[2, 3]);
    rig.run(10);
    new.window.start = rig.now + Span::from_mins(1);
    let job = rig.ask(new);
    rig.until(job, Status::EnRoute);
    let until = rig.c.state().jobs[&job].window().end + Span::from_mins(5);
    let issue =
        |rig: &Rig, valid_to| RequesterCommand::IssuePlan { job, areas: vec![], no_go: vec![], entry: None, valid_from: rig.now, valid_to };
    let word = issue(&rig, until);
    assert_eq!(rig.send("rq", &word).unwrap_err(), "ALREADY_DONE", "the site has");
    let first = plan(&rig, job);
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Change }).unwrap();
    let word = issue(&rig, until);
    assert_eq!(rig.send("rq2", &word).unwrap_err(), "NOT_FOUND", "another's job");
    let short = issue(&rig, rig.now + Span::from_secs(5));
    assert_eq!(rig.send("rq", &short).unwrap_err(), "PLAN_NOT_VALID_NOW");
    rig.send("rq", &word).unwrap();
    let held = plan(&rig, job);
    assert_ne!(held, first);
    assert_eq!(rig.c.state().jobs[&job].access.track, AccessTrack::Planned);
    assert!(rig.alarms.iter().any(|o| matches!(o, FacilityOrder::HoldPlan { plan, .. } if *plan == held)), "the doors are told");
    rig.run(3);
    assert!(rig.c.state().asks.is_empty(), "and say that they know: {:?}", rig.c.state().asks);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.c.state().jobs[&job].aborted.is_none());
    rig.check_books();
}

#[test]
fn the_sites_plan_is_taken_as_the_answer_to_what_is_asked_now() {
    let mut rig = at_home();
    rig.knobs.no_access = true;
    rig.run(10);
    let window = |rig: &Rig, secs| {
        let start = rig.now + Span::from_secs(secs);
        Window { start, end: start + Span::from_mins(30) }
    };
    let mut new = rig.patrol(&[2, 3]);
    new.window = window(&rig, 25 * 3_600);
    let job = rig.ask(new);
    rig.run(11 * 60); // quotes are taken for ten minutes
    assert_eq!(rig.status(job), Status::Booked);
    let first = rig.c.state().plan_asked(job);
    let window = window(&rig, 26 * 3_600);
    rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    let second = rig.c.state().plan_asked(job);
    assert!(0 < first && first < second, "{first} {second}");
    let valid_to = window.end + Span::from_mins(5);
    let issued = |rig: &Rig, number: u64, name: &str| {
        let (plan, vertices, entry) = (AccessPlanId::named(name), vec![2, 3], rig.site_entry(&[2, 3], &[]));
        let (areas, no_go, valid_from) = (vec![], vec![], rig.now);
        FacilityReport::AccessPlanIssued { number, job, plan, vertices, areas, no_go, entry, valid_from, valid_to }
    };
    // The site was out of reach while the booking moved: it answers both requests, one after the other.
    for number in [first, 0, second + 1] {
        let word = issued(&rig, number, "first");
        assert_eq!(rig.send("site", &word).unwrap_err(), "PLAN_NOT_VALID_NOW", "{number}");
    }
    let word = issued(&rig, second, "second");
    rig.send("site", &word).unwrap();
    assert_eq!(plan(&rig, job), AccessPlanId::named("second"));
    // Once it was taken back nobody asks: what answers the old request comes late, what the site issues of its own accord does not.
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Change }).unwrap();
    assert_eq!(rig.c.state().plan_asked(job), 0);
    let word = issued(&rig, second, "second");
    assert_eq!(rig.send("site", &word).unwrap_err(), "PLAN_NOT_VALID_NOW");
    let word = issued(&rig, 0, "third");
    rig.send("site", &word).unwrap();
    assert_eq!(plan(&rig, job), AccessPlanId::named("third"));
}

#[test]
fn who_is_not_at_home_issues_no_plan() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3]));
    rig.until(job, Status::EnRoute);
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Change }).unwrap();
    let valid_to = rig.c.state().jobs[&job].window().end + Span::from_mins(5);
    let word = RequesterCommand::IssuePlan { job, areas: vec![], no_go: vec![], entry: None, valid_from: rig.now, valid_to };
    assert_eq!(rig.send("rq", &word).unwrap_err(), "SCOPE_MISSING");
}

#[test]
fn a_site_stops_one_robot_and_lets_it_go() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    for power_off in [false, true] {
        let ask = FacilityReport::StopAsked { what: FloorStop::Robot(r), power_off, exit: false };
        assert_eq!(rig.send("eye", &ask).unwrap_err(), "ROLE_FORBIDDEN");
        rig.send("site", &ask).unwrap();
        assert_eq!(rig.c.robots().filter(|x| !x.stops.is_empty()).map(|x| x.id).collect::<Vec<_>>(), [r]);
        assert!(matches!(rig.robots[&r].seen.last(), Some(Order::Stop { power_off: p, .. }) if *p == power_off));
        let stop = active(&rig)[0];
        assert_eq!(rig.send("rq", &RequesterCommand::ClearStop { stop }).unwrap_err(), "NOT_FOUND", "not its own");
        rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
        assert!(active(&rig).is_empty(), "its issuer's word is enough");
    }
    let nobody = FacilityReport::StopAsked { what: FloorStop::Robot(robot("none")), power_off: false, exit: false };
    assert_eq!(rig.send("site", &nobody).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn a_site_stops_a_zone_and_cuts_the_power_of_all() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    for (what, power_off) in [(FloorStop::Level(0), false), (FloorStop::Level(0), true), (FloorStop::Everything {}, true)] {
        rig.send("site", &FacilityReport::StopAsked { what, power_off, exit: false }).unwrap();
        assert!(rig.c.robots().all(|r| r.stops.len() == 1));
        assert_eq!(rig.status(job), Status::Stalled);
        let stop = active(&rig)[0];
        rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
        assert_eq!(active(&rig), [stop], "staff have to agree");
        rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
        assert_eq!(rig.status(job), Status::Executing);
    }
    let beyond = FacilityReport::StopAsked { what: FloorStop::Level(9), power_off: false, exit: false };
    assert_eq!(rig.send("site", &beyond).unwrap_err(), "NOT_FOUND");
}

#[test]
fn a_householder_holds_its_floor_and_cuts_no_power() {
    let mut rig = at_home();
    let job = rig.working();
    let level = LevelIx::new(0).ix;
    for what in [StopWhat::Level(level), StopWhat::Site {}] {
        assert_eq!(rig.send("rq2", &RequesterCommand::Stop(order(what))).unwrap_err(), "SCOPE_MISSING", "not at home here");
        let cut = StopOrder { power_off: true, ..order(what) };
        assert_eq!(rig.send("rq", &RequesterCommand::Stop(cut)).unwrap_err(), "ROLE_FORBIDDEN");
        rig.send("rq", &RequesterCommand::Stop(order(what))).unwrap();
        assert!(rig.c.robots().all(|r| r.stops.len() == 1));
        assert_eq!(rig.status(job), Status::Stalled);
        let stop = active(&rig)[0];
        assert_eq!(rig.send("rq", &RequesterCommand::ClearStop { stop }).unwrap_err(), "ROLE_FORBIDDEN", "staff and the site clear it");
        rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
        rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
        assert_eq!(rig.status(job), Status::Executing);
    }
    for what in [StopWhat::Tenant {}, StopWhat::Fleet(party("acme"))] {
        assert_eq!(rig.send("rq", &RequesterCommand::Stop(order(what))).unwrap_err(), "SCOPE_MISSING");
    }
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn a_requester_stops_the_robot_of_its_job_by_name() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    let idle = rig.c.robots().map(|x| x.id).find(|x| *x != r).unwrap();
    assert_eq!(rig.send("rq", &RequesterCommand::Stop(order(StopWhat::Robot(idle)))).unwrap_err(), "NOT_FOUND", "it has nothing of its");
    assert_eq!(rig.send("rq2", &RequesterCommand::Stop(order(StopWhat::Robot(r)))).unwrap_err(), "NOT_FOUND");
    rig.send("rq", &RequesterCommand::Stop(StopOrder { power_off: true, ..order(StopWhat::Robot(r)) })).unwrap();
    assert_eq!(rig.status(job), Status::Stalled);
    let stop = active(&rig)[0];
    let owner = if rig.c.state().robots[&r].robot.owner == party("acme") { "acme" } else { "bolt" };
    assert_eq!(rig.send(owner, &OwnerCommand::ClearStop { stop }).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("rq", &RequesterCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Executing);
}

#[test]
fn a_level_where_nobody_is_stands_still_for_who_comes() {
    let mut rig = Rig::new(&[]);
    rig.run(10);
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Level(0), power_off: false, exit: false }).unwrap();
    let stop = active(&rig)[0];
    assert!(rig.c.state().stops.active[&stop].robots.is_empty());
}

#[test]
fn where_a_robot_came_in_and_went_out_is_on_record() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let robot = rig.c.state().jobs[&job].robot().unwrap();
    let beyond = FacilityReport::Exited { job, robot, vertex: 99 };
    assert_eq!(rig.send("site", &beyond).unwrap_err(), "NOT_FOUND", "no place of the site");
    rig.send("site", &FacilityReport::Exited { job, robot, vertex: 8 }).unwrap();
    let fence = rig.c.state().jobs[&job].leg().unwrap().offer.fence;
    let beyond = FacilityReport::Entered { job, robot, vertex: 99, fence };
    assert_eq!(rig.send("site", &beyond).unwrap_err(), "NOT_FOUND");
    let out = |e: &JobEvent| if let JobEvent::Exited { place, .. } = e { Some(*place) } else { None };
    assert_eq!(rig.job_events(job).iter().find_map(out), Some(8));
}
