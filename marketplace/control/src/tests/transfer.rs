//! Loads that change robots.

use super::floor::with_niches;
use super::rig::{Rig, genesis, party};
use crate::input::{RequesterCommand, StaffCommand};
use crate::wish::{RecoveryAsk, ReturnAsk, Wish};
use crate::{Control, Input, Policy};
use nooterra_engine::Digest;
use nooterra_engine::ids::{ItemId, JobId, RobotId};
use nooterra_engine::machine::{Machine as _, Out};
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Cause, Custody, Disposition, Event, Fault, IncidentCode, Outcome};
use nooterra_jobs::status::Status;
use nooterra_jobs::transfer::TransferEnd;
use nooterra_operations::RobotStatus;
use nooterra_port::order::left_hash;
use nooterra_port::{Order, Report};

/// Two owners; the first transfer place is off vertex 3.
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
const THREE: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15), ("b2", "bolt", 14)];
const NICHE: u32 = 16;

fn item() -> ItemId {
    ItemId::named("parcel")
}

/// A floor with so many transfer places, where one owner's robot may go on where another's stopped.
fn rig(places: &[u32], robots: &[(&str, &str, u32)]) -> Rig {
    let mut g = genesis(Policy::scenario(), robots);
    g.contracts.iter_mut().for_each(|c| c.substitution = true);
    let mut rig = Rig::on(with_niches(8, places), g, robots);
    rig.run(10);
    // Who has a standing offer may take over what another has begun.
    rig.send("acme", &super::standing::offer(11_000, 5)).unwrap();
    rig.send("bolt", &super::standing::offer(12_000, 5)).unwrap();
    rig
}

fn until(rig: &mut Rig, what: &str, secs: u64, holds: impl Fn(&Rig) -> bool) {
    for _ in 0..secs * 2 {
        if holds(rig) {
            return;
        }
        rig.tick();
    }
    let states: Vec<_> = rig.c.jobs().map(|j| (j.status, rig.names(j.id))).collect();
    panic!("{what}: {states:?} {:?}", rig.refused);
}

fn custody(rig: &Rig, job: JobId) -> Custody {
    rig.c.state().jobs[&job].custody
}

fn bound(rig: &Rig, job: JobId) -> RobotId {
    rig.c.state().jobs[&job].robot().unwrap()
}

/// Its robot has the load and is on its way to the drop.
fn carrying(rig: &mut Rig) -> (JobId, RobotId) {
    let job = rig.ask(rig.delivery(1, 6));
    until(rig, "picked up", 300, |r| r.c.state().jobs[&job].checkpoint == 1);
    (job, bound(rig, job))
}

fn gives_up(rig: &mut Rig, r: RobotId) {
    rig.knobs.abort_before_step.insert(r, 1);
    rig.tick();
}

fn ordered(rig: &Rig, job: JobId) -> (Disposition, Option<u32>) {
    let of = |e: &Event| match e {
        Event::SafeExitOrdered { disposition, transfer, .. } => Some((*disposition, *transfer)),
        _ => None,
    };
    rig.job_events(job).iter().find_map(of).expect("an exit was ordered")
}

fn track(rig: &Rig, job: JobId) -> Vec<Custody> {
    let mut all: Vec<Custody> =
        rig.job_events(job).iter().filter_map(|e| if let Event::CustodyChanged { to, .. } = e { Some(*to) } else { None }).collect();
    all.dedup();
    all
}

/// What each owner was paid for a job.
fn paid(rig: &Rig, job: JobId) -> (u64, u64) {
    let s = rig.c.state().jobs[&job].settled.as_ref().unwrap().settlement.clone();
    let of = |p| s.parts.iter().filter(|x| x.account.starts_with("owner_payable") && x.party == Some(p)).map(|x| x.amount.minor()).sum();
    (of(party("acme")), of(party("bolt")))
}

fn delivered_in_two_legs(rig: &Rig, job: JobId) {
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.legs.len(), 2, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(track(rig, job), [Custody::Held, Custody::Deposited, Custody::Held, Custody::Delivered]);
    assert_eq!(rig.c.job_view(job).unwrap().outcome, Some(Outcome::Full));
    assert!(j.transfer.is_none() && j.settled.is_some());
    let checks: Vec<u16> = j.claimed.iter().map(|c| c.index).collect();
    assert_eq!(checks, [1, 2], "steps and numbers are those that were booked");
    let (first, second) = (j.legs[0].offer.owner, j.legs[1].offer.owner);
    assert_ne!(first, second);
    let (acme, bolt) = paid(rig, job);
    let (one, two) = if first == party("acme") { (acme, bolt) } else { (bolt, acme) };
    // One of two dock scans against the other and the drop: 1 500 to 8 500.
    assert!(one > 0 && (one * 85).abs_diff(two * 15) <= 100, "{one} {two}");
    rig.check_books();
}

#[test]
fn a_robot_that_gives_up_puts_its_load_down_and_another_delivers_it() {
    for restart_every in [None, Some(3)] {
        let mut rig = rig(&[3], TWO);
        rig.restart_every = restart_every;
        let (job, first) = carrying(&mut rig);
        gives_up(&mut rig, first);
        until(&mut rig, "told to leave", 10, |r| r.status(job) == Status::AbortingSafeExit);
        assert_eq!(ordered(&rig, job), (Disposition::Handover, Some(NICHE)));
        let told = |o: &Order| matches!(o, Order::SafeExit { put_down: Some(NICHE), .. });
        until(&mut rig, "told where", 10, |r| r.robots[&first].seen.iter().any(told));
        until(&mut rig, "handed over", 200, |r| r.status(job) == Status::Handover);
        assert_eq!(custody(&rig, job), Custody::Deposited);
        assert!(rig.c.state().robots[&first].robot.lease.is_none());
        let names = rig.names(job);
        let at = |n: &str| names.iter().position(|x| *x == n).unwrap_or_else(|| panic!("{n} in {names:?}"));
        assert!(at("TRANSFER_PUT_DOWN") < at("HANDOVER_OPENED") && at("TRANSFER_SCANNED") < at("HANDOVER_OPENED"));
        until(&mut rig, "the next one arrives", 400, |r| r.status(job) == Status::Executing);
        let second = bound(&rig, job);
        assert_ne!(first, second);
        assert_eq!(rig.robots[&second].at, NICHE, "it works from where the load lies");
        assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
        assert!(rig.names(job).contains(&"TRANSFER_FETCHED"));
        delivered_in_two_legs(&rig, job);
        assert!(rig.crew.iter().all(|w| !matches!(w, Wish::Return(_))));
    }
}

#[test]
fn whatever_takes_a_fit_robot_off_its_job_hands_the_load_over() {
    for cause in [Cause::Quarantine, Cause::Stop, Cause::StallLimit] {
        let mut rig = rig(&[3], TWO);
        let (job, first) = carrying(&mut rig);
        match cause {
            Cause::Quarantine => rig.send("staff", &StaffCommand::Quarantine { robot: first, cause: "test".into(), until: None }).unwrap(),
            Cause::Stop => {
                let order = crate::stops::StopOrder {
                    what: crate::stops::StopWhat::Robot(first),
                    power_off: false,
                    exit: true,
                    reason: "test".into(),
                };
                rig.send("staff", &StaffCommand::StopAll(order)).unwrap();
                rig.run(3);
                rig.send("staff", &StaffCommand::ClearStops { robot: first }).unwrap();
            }
            _ => {
                let wait = rig.c.state().jobs[&job].pins.as_ref().unwrap().tier_values.max_stall + Span::from_secs(60);
                rig.knobs.cut.insert(first, (rig.now, rig.now + wait));
            }
        }
        until(&mut rig, "told to leave", 900, |r| r.names(job).contains(&"SAFE_EXIT_ORDERED"));
        assert_eq!(ordered(&rig, job), (Disposition::Handover, Some(NICHE)), "{cause:?}");
        until(&mut rig, "over", 3_000, |r| r.status(job).is_terminal());
        let j = &rig.c.state().jobs[&job];
        assert_eq!(j.legs.len(), 2, "{cause:?}: {:?} {:?}", rig.names(job), rig.refused);
        delivered_in_two_legs(&rig, job);
    }
}

#[test]
fn without_a_place_or_with_all_places_taken_the_job_ends_as_before() {
    let mut bare = rig(&[], TWO);
    let (job, first) = carrying(&mut bare);
    gives_up(&mut bare, first);
    until(&mut bare, "ended", 200, |r| r.status(job) == Status::Aborted);
    assert_eq!(ordered(&bare, job), (Disposition::Abort, None));
    assert_eq!(track(&bare, job), [Custody::Held]);

    // The only place is taken from the order on, and free again when the load was fetched.
    let mut one = rig(&[3], THREE);
    let mut more = one.delivery(1, 7);
    more.item = Some(ItemId::named("other"));
    let (a, b) = (one.ask(one.delivery(5, 2)), one.ask(more));
    let stand = |r: &mut Rig, job: JobId| {
        until(r, "picked up", 400, |r| r.c.state().jobs[&job].checkpoint == 1);
        let x = bound(r, job);
        r.knobs.never_depart.insert(x);
        x
    };
    let (ra, rb) = (stand(&mut one, a), stand(&mut one, b));
    one.knobs.keeps_load.insert(ra);
    gives_up(&mut one, ra);
    until(&mut one, "told to leave", 10, |r| r.status(a) == Status::AbortingSafeExit);
    assert_eq!(ordered(&one, a), (Disposition::Handover, Some(NICHE)));
    gives_up(&mut one, rb);
    until(&mut one, "told to leave", 10, |r| r.status(b) == Status::AbortingSafeExit);
    assert_eq!(ordered(&one, b), (Disposition::Abort, None), "{:?}", one.names(b));
}

#[test]
fn a_load_that_stays_on_the_robot_ends_the_job() {
    let mut rig = rig(&[3], TWO);
    let (job, first) = carrying(&mut rig);
    rig.knobs.keeps_load.insert(first);
    gives_up(&mut rig, first);
    until(&mut rig, "ended", 600, |r| r.status(job) == Status::Aborted);
    let failed = |e: &Event| matches!(e, Event::TransferFailed { place: NICHE, reason: TransferEnd::Overdue });
    assert!(rig.job_events(job).iter().any(failed), "{:?}", rig.names(job));
    assert!(!rig.names(job).contains(&"HANDOVER_OPENED"));
    assert!(rig.c.state().jobs[&job].transfer.is_none(), "the place is free");
    assert_eq!(custody(&rig, job), Custody::Held);
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    rig.check_books();
}

#[test]
fn a_robots_word_for_a_load_that_nobody_sees_is_an_incident() {
    let mut rig = rig(&[3], TWO);
    let (job, first) = carrying(&mut rig);
    rig.knobs.no_transfer_witness = true;
    gives_up(&mut rig, first);
    until(&mut rig, "ended", 900, |r| r.status(job) == Status::Aborted);
    let events = rig.job_events(job);
    assert!(events.iter().any(|e| matches!(e, Event::TransferFailed { reason: TransferEnd::Unseen, .. })), "{:?}", rig.names(job));
    let opened =
        |e: &Event| matches!(e, Event::IncidentOpened { code: IncidentCode::PayloadDrop, severity: 3, robot, .. } if *robot == Some(first));
    assert!(events.iter().any(opened));
    assert_eq!(track(&rig, job), [Custody::Held, Custody::Lost]);
    assert!(!rig.names(job).contains(&"HANDOVER_OPENED"));
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    rig.check_books();
}

#[test]
fn who_may_say_that_a_load_was_put_down() {
    let mut rig = rig(&[3, 5], TWO);
    let (job, first) = carrying(&mut rig);
    let other = rig.robots.keys().copied().find(|r| *r != first).unwrap();
    rig.knobs.keeps_load.insert(first);
    let word = |vertex, item, mass_g| Report::LoadPutDown { item, vertex, mass_g };
    let refused = |rig: &mut Rig, by: RobotId, r: Report| {
        let before = rig.refused.len();
        rig.report(by, r);
        rig.tick();
        let of_ours = |(_, code): &&(String, String)| !code.is_empty();
        rig.refused[before..].iter().find(of_ours).map(|(_, c)| c.split([' ', ':']).next().unwrap().to_owned()).unwrap_or_default()
    };
    assert_eq!(refused(&mut rig, first, word(NICHE, item(), 500)), "STATE_FORBIDS", "it works, and was told nothing");
    gives_up(&mut rig, first);
    until(&mut rig, "told to leave", 10, |r| r.status(job) == Status::AbortingSafeExit);
    assert_eq!(ordered(&rig, job), (Disposition::Handover, Some(NICHE)));
    rig.tick();
    assert_eq!(refused(&mut rig, first, word(NICHE + 1, item(), 500)), "AREA_FORBIDDEN");
    assert_eq!(refused(&mut rig, first, word(4, item(), 500)), "AREA_FORBIDDEN");
    assert_eq!(refused(&mut rig, first, word(NICHE, ItemId::named("another"), 500)), "NOT_FOUND");
    assert_eq!(refused(&mut rig, first, word(NICHE, item(), 0)), "EVIDENCE_INSUFFICIENT");
    assert_eq!(refused(&mut rig, other, word(NICHE, item(), 500)), "NOT_BOUND_ROBOT");
    // With the lease of its job and an older fence.
    let fence = rig.robots[&first].lease.as_ref().unwrap().1;
    rig.robots.get_mut(&first).unwrap().lease.as_mut().unwrap().1 = fence - 1;
    assert_eq!(refused(&mut rig, first, word(NICHE, item(), 500)), "FENCE_STALE");
    rig.robots.get_mut(&first).unwrap().lease.as_mut().unwrap().1 = fence;
    // A witness has to name the robot that has it, and the place.
    assert_eq!(rig.scan_transfer(job, other, NICHE).unwrap_err(), "NOT_BOUND_ROBOT");
    assert_eq!(rig.scan_transfer(job, first, NICHE + 1).unwrap_err(), "AREA_FORBIDDEN");
    assert_eq!(custody(&rig, job), Custody::Held);
    assert_eq!(refused(&mut rig, first, word(NICHE, item(), 500)), "");
    assert_eq!(refused(&mut rig, first, word(NICHE, item(), 500)), "ALREADY_DONE", "put down twice");
    assert_eq!((rig.status(job), custody(&rig, job)), (Status::AbortingSafeExit, Custody::Held), "a robot's word alone");
    rig.scan_transfer(job, first, NICHE).unwrap();
    assert_eq!(custody(&rig, job), Custody::Deposited);
    assert!(rig.scan_transfer(job, first, NICHE).is_err(), "seen twice");
    until(&mut rig, "handed over", 60, |r| r.status(job) != Status::AbortingSafeExit);
}

#[test]
fn what_was_left_is_fetched_by_its_robot_and_checked() {
    let mut rig = rig(&[3], THREE);
    let (job, first) = carrying(&mut rig);
    gives_up(&mut rig, first);
    until(&mut rig, "handed over", 200, |r| r.status(job) == Status::Handover);
    // The one that is to fetch it says nothing of it by itself.
    until(&mut rig, "on its way", 400, |r| r.status(job) == Status::EnRoute);
    let second = bound(&rig, job);
    rig.robots.get_mut(&second).unwrap().fetched = true;
    until(&mut rig, "working", 60, |r| r.status(job) == Status::Executing);
    let j = rig.c.state().jobs[&job].clone();
    let (checkpoint, from) = (j.state_hash, j.checkpoint);
    let hash = |vertex, from, c: Digest| left_hash(job, from, item(), vertex, c);
    let word = |vertex, item, state_hash| Report::LoadFetched { item, vertex, mass_g: 500, state_hash };
    let refused = |rig: &mut Rig, by: RobotId, r: Report| {
        let before = rig.refused.len();
        rig.report(by, r);
        rig.tick();
        rig.refused.get(before).map(|(_, c)| c.split([' ', ':']).next().unwrap().to_owned()).unwrap_or_default()
    };
    let right = hash(NICHE, from, checkpoint);
    let third = rig.robots.keys().copied().find(|r| *r != second && *r != first).unwrap();
    assert_eq!(refused(&mut rig, third, word(NICHE, item(), right)), "NOT_BOUND_ROBOT");
    assert_eq!(refused(&mut rig, first, word(NICHE, item(), right)), "NOT_BOUND_ROBOT", "its lease is over");
    assert_eq!(refused(&mut rig, second, word(NICHE, ItemId::named("another"), right)), "NOT_FOUND");
    assert_eq!(refused(&mut rig, second, word(3, item(), right)), "AREA_FORBIDDEN");
    for wrong in [hash(3, from, checkpoint), hash(NICHE, from + 1, checkpoint), hash(NICHE, from, Digest([9; 32])), Digest::ZERO] {
        assert_eq!(refused(&mut rig, second, word(NICHE, item(), wrong)), "TERMS_CHANGED");
    }
    let check = Report::CheckpointReached { index: 1, step: "dropoff".into(), vertex: 6, work_bps_claimed: 10_000 };
    assert_eq!(refused(&mut rig, second, check), "TRACK_FORBIDS", "no work before it has the load");
    assert_eq!(custody(&rig, job), Custody::Deposited);
    rig.robots.get_mut(&second).unwrap().holds = Some(item());
    assert_eq!(refused(&mut rig, second, word(NICHE, item(), right)), "");
    assert_eq!(custody(&rig, job), Custody::Held);
    assert_eq!(refused(&mut rig, second, word(NICHE, item(), right)), "ALREADY_DONE");
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
}

/// A robot that died with its load, and was given up: people are asked for it.
fn dead_with_load(rig: &mut Rig) -> (JobId, RobotId) {
    let (job, first) = carrying(rig);
    let now = rig.now;
    rig.knobs.dead.insert(first, now);
    until(rig, "given up", 2_000, |r| r.c.state().robots[&first].robot.status == RobotStatus::Stranded);
    (job, first)
}

#[test]
fn people_carry_the_load_of_a_dead_robot_to_the_transfer_place() {
    for seen_first in [true, false] {
        let mut rig = rig(&[3], TWO);
        let (job, first) = dead_with_load(&mut rig);
        assert_eq!(rig.status(job), Status::AbortingSafeExit);
        let asked = |w: &Wish| matches!(w, Wish::Recover(RecoveryAsk { robot, load_to: Some(NICHE), .. }) if *robot == first);
        assert!(rig.crew.iter().any(asked), "{:?}", rig.crew);
        if seen_first {
            rig.scan_transfer(job, first, NICHE).unwrap();
            assert_eq!(custody(&rig, job), Custody::Held, "the crew has not said so yet");
        }
        rig.send("staff", &StaffCommand::Recovered { robot: first, load_at: Some(NICHE) }).unwrap();
        if !seen_first {
            assert_eq!(rig.status(job), Status::AbortingSafeExit, "the witness has not seen it yet");
            rig.scan_transfer(job, first, NICHE).unwrap();
        }
        assert_eq!((rig.status(job), custody(&rig, job)), (Status::Handover, Custody::Deposited));
        assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
        delivered_in_two_legs(&rig, job);
        assert!(!rig.names(job).contains(&"SAFE_EXIT_FORCED"));
    }
}

#[test]
fn people_who_carry_it_back_end_the_job() {
    for load_at in [Some(1), None] {
        let mut rig = rig(&[3], TWO);
        let (job, first) = dead_with_load(&mut rig);
        rig.send("staff", &StaffCommand::Recovered { robot: first, load_at }).unwrap();
        assert_eq!(rig.status(job), Status::Aborted);
        assert_eq!(track(&rig, job), [Custody::Held, Custody::Returned]);
        assert!(rig.c.state().jobs[&job].transfer.is_none());
        assert_eq!(rig.run_job(job, 3_000), Status::Settled);
        rig.check_books();
    }
}

#[test]
fn a_load_that_nobody_fetches_is_brought_back_by_people() {
    for found in [true, false] {
        let mut rig = rig(&[3], TWO);
        let (job, first) = carrying(&mut rig);
        let other = rig.robots.keys().copied().find(|r| *r != first).unwrap();
        rig.knobs.refuse_offers.insert(other);
        gives_up(&mut rig, first);
        rig.knobs.refuse_offers.insert(first);
        until(&mut rig, "handed over", 200, |r| r.status(job) == Status::Handover);
        assert_eq!(rig.send("staff", &StaffCommand::LoadReturned { job, found }).unwrap_err(), "STATE_FORBIDS", "it may still be fetched");
        until(&mut rig, "nobody came", 1_200, |r| r.status(job) == Status::Aborted);
        assert_eq!(rig.c.job_view(job).unwrap().aborted, Some(Cause::HandoverFailed));
        assert_eq!(custody(&rig, job), Custody::Deposited);
        let want = ReturnAsk { job, item: item(), from: NICHE, to: 1 };
        let asks = |rig: &Rig| rig.crew.iter().filter(|w| matches!(w, Wish::Return(a) if *a == want)).count();
        rig.run(60);
        assert!(asks(&rig) >= 2, "asked until somebody says so: {}", asks(&rig));
        rig.run(120);
        assert_eq!(rig.status(job), Status::Aborted, "not settled while it lies there");
        assert!(rig.names(job).contains(&"SETTLEMENT_HELD"));
        assert_eq!(rig.send("judge", &StaffCommand::LoadReturned { job, found }).unwrap_err(), "ROLE_FORBIDDEN");
        rig.send("staff", &StaffCommand::LoadReturned { job, found }).unwrap();
        assert_eq!(rig.send("staff", &StaffCommand::LoadReturned { job, found }).unwrap_err(), "STATE_FORBIDS");
        let last = if found { Custody::Returned } else { Custody::Lost };
        assert_eq!(track(&rig, job), [Custody::Held, Custody::Deposited, last]);
        let lost = |e: &Event| matches!(e, Event::IncidentOpened { code: IncidentCode::PropertyDamage, robot: None, .. });
        assert_eq!(rig.job_events(job).iter().any(lost), !found);
        let n = asks(&rig);
        rig.run(60);
        assert_eq!(asks(&rig), n, "nobody is asked any more");
        assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
        assert!(rig.c.state().jobs[&job].transfer.is_none());
        let v = rig.c.job_view(job).unwrap();
        assert_eq!((v.fault, v.outcome), (Fault::Owner, Some(Outcome::Partial)));
        rig.check_books();
    }
}

#[test]
fn a_job_called_off_while_its_load_is_put_down_leaves_it_there() {
    let mut rig = rig(&[3], TWO);
    let (job, first) = carrying(&mut rig);
    gives_up(&mut rig, first);
    until(&mut rig, "told to leave", 10, |r| r.status(job) == Status::AbortingSafeExit);
    rig.send("rq", &RequesterCommand::Cancel { job, safety: false }).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    until(&mut rig, "ended", 300, |r| r.status(job) == Status::Aborted);
    assert_eq!(track(&rig, job), [Custody::Held, Custody::Deposited], "{:?}", rig.names(job));
    assert!(!rig.names(job).contains(&"HANDOVER_OPENED"));
    rig.send("staff", &StaffCommand::LoadReturned { job, found: true }).unwrap();
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    rig.check_books();
}

#[test]
fn a_load_changes_robots_twice() {
    let mut rig = rig(&[3, 5], THREE);
    let (job, first) = carrying(&mut rig);
    gives_up(&mut rig, first);
    until(&mut rig, "fetched", 600, |r| r.names(job).contains(&"TRANSFER_FETCHED"));
    let second = bound(&rig, job);
    gives_up(&mut rig, second);
    assert_eq!(rig.run_job(job, 2_000), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.legs.len(), 3, "{:?}", rig.names(job));
    let twice = [Custody::Held, Custody::Deposited, Custody::Held, Custody::Deposited, Custody::Held, Custody::Delivered];
    assert_eq!(track(&rig, job), twice);
    assert_eq!(j.claimed.iter().map(|c| c.leg).collect::<Vec<_>>(), [0, 2], "who carried it in between proved nothing");
    rig.check_books();
}

#[test]
fn every_word_twice_moves_a_load_once() {
    let mut rig = rig(&[3], TWO);
    let (job, first) = carrying(&mut rig);
    gives_up(&mut rig, first);
    assert_eq!(rig.run_job(job, 1_500), Status::Settled);
    rig.run(100);
    // The same words once more to a platform that starts anew, each of them two times.
    let again = |times: usize| {
        let mut g = genesis(Policy::scenario(), TWO);
        g.contracts.iter_mut().for_each(|c| c.substitution = true);
        let mut c = Control::new(g, rig.site.clone()).unwrap();
        let mut out = Out::default();
        c.begin(&mut out);
        for (_, at, e) in &rig.inputs {
            for _ in 0..times {
                c.step(*at, Input::new(e.clone()), &mut out);
            }
        }
        c.advance(rig.now, &mut out);
        c
    };
    let (once, twice) = (again(1), again(2));
    assert_eq!(once.state().jobs, twice.state().jobs);
    assert_eq!(once.state().jobs[&job], rig.c.state().jobs[&job]);
    assert_eq!(once.state().book, twice.state().book);
}
