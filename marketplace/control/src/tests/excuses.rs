//! What nobody here answers for: limits moved by stops of others and outages, and no-shows that were not the owner's.

use super::rig::{Rig, party, robot};
use crate::input::{OwnerCommand, StaffCommand};
use crate::stops::{StopOrder, StopWhat};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Event as JobEvent, Fault, ReleaseReason};
use nooterra_jobs::status::Status;
use nooterra_port::FacilityReport;
use nooterra_port::facility::FloorStop;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn order(what: StopWhat) -> StopOrder {
    StopOrder { what, power_off: false, exit: false, reason: "test".into() }
}

/// Whoever has to agree that everything on the floor may move again does.
fn let_go(rig: &mut Rig) {
    let stop = *rig.c.state().stops.active.keys().next().unwrap();
    rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
    rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
}

fn no_show(rig: &Rig, job: JobId) -> Option<(Fault, u64)> {
    let of = |e: &JobEvent| if let JobEvent::NoShowDeclared { fault, comp, .. } = e { Some((*fault, comp.minor())) } else { None };
    rig.job_events(job).iter().find_map(of)
}

fn hasty() -> crate::Policy {
    let mut policy = crate::Policy::scenario();
    let mut values = nooterra_jobs::tier::Level::Standard.values();
    values.arrival_grace = Span::from_secs(60);
    policy.level_values = Some(values);
    policy
}

#[test]
fn a_stop_by_others_takes_no_time_and_an_owners_does() {
    let longer = |rig: &Rig, job| rig.c.state().jobs[&job].pins.as_ref().unwrap().tier_values.max_stall.as_secs() + 30;
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    let wait = longer(&rig, job);
    rig.run(wait);
    assert_eq!(rig.status(job), Status::Stalled, "nobody counts while others keep it");
    let_go(&mut rig);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let v = rig.c.job_view(job).unwrap();
    assert!(v.aborted.is_none() && !rig.names(job).contains(&"STALL_LIMIT_REACHED"), "{:?}", rig.names(job));

    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.send("acme", &OwnerCommand::Stop(order(StopWhat::Fleet(party("acme"))))).unwrap();
    rig.run(wait);
    assert!(rig.names(job).contains(&"STALL_LIMIT_REACHED"), "{:?}", rig.names(job));
}

#[test]
fn time_that_others_took_is_not_counted_later_either() {
    // Stopped for most of the limit by the site, then for most of it by silence: together more than the limit.
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    let max = rig.c.state().jobs[&job].pins.as_ref().unwrap().tier_values.max_stall.as_secs();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    rig.run(max - 20);
    let_go(&mut rig);
    assert_eq!(rig.status(job), Status::Executing);
    let until = rig.now.saturating_add(Span::from_secs(120));
    rig.knobs.cut.insert(robot("a1"), (rig.now, until));
    rig.run(130);
    let j = &rig.c.state().jobs[&job];
    assert!(j.stalled.as_secs() > max && j.excused.stall.as_secs() >= max - 20, "{:?} {:?}", j.stalled, j.excused);
    assert!(!rig.names(job).contains(&"STALL_LIMIT_REACHED"), "{:?}", rig.names(job));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
}

#[test]
fn an_outage_moves_the_limit_and_one_robots_silence_does_not() {
    let silent = |site_silent: bool| {
        let mut rig = Rig::new(ONE);
        let job = rig.working();
        let t = rig.c.state().jobs[&job].pins.as_ref().unwrap().tier_values;
        let secs = t.stall_after.as_secs() + t.max_stall.as_secs() + 20;
        let until = rig.now.saturating_add(Span::from_secs(secs));
        rig.knobs.cut.insert(robot("a1"), (rig.now, until));
        rig.knobs.site_silent = site_silent;
        rig.run(secs);
        rig.knobs.site_silent = false;
        rig.run_job(job, 2_000);
        rig.names(job).contains(&"STALL_LIMIT_REACHED")
    };
    assert!(silent(false));
    assert!(!silent(true));
}

#[test]
fn nobody_answers_for_who_is_kept_away_by_others() {
    let mut rig = Rig::with(hasty(), ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::EnRoute);
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    assert_eq!(rig.status(job), Status::Booked, "nobody waits for a robot that stands");
    let released = |e: &JobEvent| matches!(e, JobEvent::LeaseReleased { reason: ReleaseReason::Stopped, .. });
    assert!(rig.job_events(job).iter().any(released));
    rig.until(job, Status::NoShow);
    assert_eq!(no_show(&rig, job), Some((Fault::None, 0)));
    let_go(&mut rig);
    assert_eq!(rig.run_job(job, 2_000), Status::Settled);
    assert_eq!(rig.c.job_view(job).unwrap().fault, Fault::None);
    rig.check_books();

    // Let go in time, the same robot goes on with it.
    let mut rig = Rig::with(hasty(), ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::EnRoute);
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    rig.run(5);
    let_go(&mut rig);
    assert_eq!(rig.run_job(job, 2_000), Status::Settled);
    let v = rig.c.job_view(job).unwrap();
    assert!(v.aborted.is_none(), "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn the_platform_answers_for_money_that_nobody_could_take() {
    let mut rig = Rig::with(hasty(), ONE);
    rig.run(10);
    rig.knobs.sits_on_captures = true;
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::NoShow);
    assert_eq!(no_show(&rig, job), Some((Fault::Platform, 0)));
    rig.knobs.sits_on_captures = false;
    assert_eq!(rig.run_job(job, 4_000), Status::Settled);
    assert_eq!(rig.c.job_view(job).unwrap().fault, Fault::Platform);
    rig.check_books();
    // A robot that could have gone and did not is its owner's.
    let mut rig = Rig::with(hasty(), ONE);
    rig.run(10);
    rig.knobs.never_depart.insert(robot("a1"));
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::NoShow);
    let (fault, comp) = no_show(&rig, job).unwrap();
    assert!(fault == Fault::Owner && comp > 0, "{fault:?} {comp}");
}

#[test]
fn an_owners_stop_beside_another_is_its_own_time_while_both_last() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    let site = *rig.c.state().stops.active.keys().next().unwrap();
    rig.run(20);
    // Its own beside it, for half a minute; then the site's alone again.
    rig.send("acme", &OwnerCommand::Stop(order(StopWhat::Robot(robot("a1"))))).unwrap();
    rig.run(30);
    let own = *rig.c.state().stops.active.keys().find(|s| **s != site).unwrap();
    rig.send("acme", &OwnerCommand::ClearStop { stop: own }).unwrap();
    rig.run(25);
    rig.send("staff", &StaffCommand::ClearStop { stop: site }).unwrap();
    rig.send("site", &FacilityReport::StopCleared { stop: site }).unwrap();
    rig.run(1);
    let j = rig.c.state().jobs[&job].clone();
    assert!(j.stalled >= Span::from_secs(74), "{:?}", j.stalled);
    let excused = rig.c.stall_excused(job);
    assert!((44..=47).contains(&excused.as_secs()), "20 s before its own, 25 s after it: {excused:?}");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
}

#[test]
fn an_owner_does_not_answer_for_a_stop_of_a_robot_that_has_left_the_job() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    let job = rig.working();
    let first = rig.c.state().jobs[&job].robot().unwrap();
    rig.send("staff", &StaffCommand::QuarantineOf { job, cause: "test".into(), until: None }).unwrap();
    for _ in 0..900 {
        rig.tick();
        if rig.status(job) == Status::Executing && rig.c.state().jobs[&job].robot() != Some(first) {
            break;
        }
    }
    assert_eq!((rig.status(job), rig.c.state().jobs[&job].legs.len()), (Status::Executing, 2));
    let before = rig.c.stall_excused(job);
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    rig.send("acme", &OwnerCommand::Stop(order(StopWhat::Robot(first)))).unwrap();
    rig.run(30);
    let excused = Span(rig.c.stall_excused(job).0 - before.0);
    assert!((29..=31).contains(&excused.as_secs()), "the other robot stands by the site's stop alone: {excused:?}");
}

#[test]
fn an_owners_stop_that_comes_second_brings_the_limit_about() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    let max = rig.c.state().jobs[&job].pins.as_ref().unwrap().tier_values.max_stall.as_secs();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    rig.run(max + 30);
    assert!(!rig.names(job).contains(&"STALL_LIMIT_REACHED"));
    rig.send("acme", &OwnerCommand::Stop(order(StopWhat::Robot(robot("a1"))))).unwrap();
    rig.run(2 * max + 10);
    assert!(rig.names(job).contains(&"STALL_LIMIT_REACHED"), "{:?}", rig.names(job));
}

#[test]
fn a_level_that_is_stopped_because_of_an_owners_robot_is_that_owners_own_cause() {
    const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 7), ("a2", "acme", 6)];
    for (culprit, mine) in [("a2", true), ("b1", false)] {
        let mut rig = Rig::new(TWO);
        rig.knobs.refuse_offers.extend([robot("a2"), robot("b1")]);
        let job = rig.working();
        assert_eq!(rig.c.state().jobs[&job].robot(), Some(robot("a1")));
        rig.report(robot(culprit), nooterra_port::Report::Noticed { code: "HUMAN_CONTACT".into(), measure: 2_500 });
        rig.run(20);
        assert_eq!(rig.status(job), Status::Stalled, "the level stands still: {culprit} {:?}", rig.refused);
        let reason = rig.c.state().jobs[&job].stall_reason.unwrap();
        let excused = rig.c.stall_excused(job).as_secs();
        if mine {
            assert_eq!((reason, excused), (nooterra_jobs::event::StallReason::OwnerStop, 0));
        } else {
            assert_eq!(reason, nooterra_jobs::event::StallReason::RemoteStop);
            assert!(excused >= 15, "{excused}");
        }
    }
}

#[test]
fn what_a_brake_takes_after_an_owners_stop_is_no_others_time() {
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    rig.send("acme", &OwnerCommand::Stop(order(StopWhat::Robot(robot("a1"))))).unwrap();
    rig.run(5);
    let own = *rig.c.state().stops.active.keys().next().unwrap();
    let code = nooterra_jobs::event::IncidentCode::PropertyDamage;
    rig.send("staff", &StaffCommand::ReportIncident { job, code, severity: 3 }).unwrap();
    rig.run(1);
    rig.send("acme", &OwnerCommand::ClearStop { stop: own }).unwrap();
    assert_eq!(rig.c.state().stops.over(robot("a1")).count(), 0);
    rig.run(20);
    let excused = |rig: &mut Rig| rig.c.stall_excused(job).as_secs();
    assert_eq!((rig.status(job), excused(&mut rig)), (Status::Stalled, 0), "it stands, and nobody stops it");
    // Another's stop beside the brake is another's time, and no longer than it lasts.
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    rig.run(10);
    assert_eq!(excused(&mut rig), 10);
    let_go(&mut rig);
    rig.run(10);
    assert_eq!((rig.status(job), excused(&mut rig)), (Status::Stalled, 10));
}

#[test]
fn a_limit_that_others_put_off_is_looked_at_in_steps() {
    // The owner's own stop takes all but a second of the limit, and the site's goes on.
    let mut rig = Rig::new(ONE);
    let job = rig.working();
    let max = rig.c.state().jobs[&job].pins.as_ref().unwrap().tier_values.max_stall.as_secs();
    rig.send("acme", &OwnerCommand::Stop(order(StopWhat::Robot(robot("a1"))))).unwrap();
    let own = *rig.c.state().stops.active.keys().next().unwrap();
    rig.run(max - 1);
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    rig.send("acme", &OwnerCommand::ClearStop { stop: own }).unwrap();
    let mut looks = std::collections::BTreeSet::new();
    for _ in 0..120 {
        rig.run(1);
        let of = rig.c.state().jobs[&job].deadlines();
        looks.extend(of.into_iter().filter(|(d, _)| *d == nooterra_jobs::Deadline::StallBy).map(|(_, at)| at));
    }
    assert_eq!(rig.status(job), Status::Stalled);
    assert!((3..=6).contains(&looks.len()), "{looks:?}");
}
