//! A load that changes robots, as folds of its events.

use super::booked;
use crate::batch;
use crate::event::*;
use crate::job::Job;
use crate::parts::Presence;
use crate::payload::Match;
use crate::status::Status;
use crate::transfer::TransferEnd;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ItemId, RobotId, TeamId, WitnessId};
use nooterra_engine::time::Instant;
use proptest::prelude::*;

const AT: Instant = Instant::from_secs(450);
const PLACE: u32 = 7;

fn item() -> ItemId {
    ItemId::named("parcel")
}

fn carrying() -> Job {
    let mut j = booked(Status::Executing);
    j.started = true;
    fold(&mut j, &[custody(Custody::Held)]);
    j
}

fn custody(to: Custody) -> Event {
    Event::CustodyChanged { item: item(), to, mass_g: 500 }
}

fn said() -> Event {
    Event::TransferPutDown { place: PLACE, item: item(), mass_g: 480 }
}

fn seen() -> Event {
    let (witness, robot) = (WitnessId::named("w"), RobotId::named("r"));
    Event::TransferScanned { witness, place: PLACE, robot, measure: 480, artefact: Digest::ZERO }
}

fn fold(j: &mut Job, events: &[Event]) {
    for e in events {
        j.evolve(AT, e);
    }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}

#[test]
fn what_is_on_the_robot_needs_a_place_to_be_handed_over() {
    use batch::disposition;
    let mut j = booked(Status::Executing);
    let free = Some(PLACE);
    let battery = Some(AbortReason::Battery);
    assert_eq!(disposition(&j, Cause::RobotAborted, battery, AT, None), Disposition::Handover);
    assert_eq!(disposition(&j, Cause::RobotAborted, Some(AbortReason::Safety), AT, free), Disposition::Abort);
    assert_eq!(disposition(&j, Cause::MaxExecution, None, AT, free), Disposition::Abort);
    for (custody, place, to) in [
        (Custody::None, None, Disposition::Handover),
        (Custody::Held, None, Disposition::Abort),
        (Custody::Held, free, Disposition::Handover),
        (Custody::Deposited, None, Disposition::Handover),
        (Custody::Delivered, None, Disposition::Handover),
        (Custody::Returned, free, Disposition::Abort),
        (Custody::Lost, free, Disposition::Abort),
    ] {
        j.custody = custody;
        assert_eq!(disposition(&j, Cause::StallLimit, None, AT, place), to, "{custody:?} {place:?}");
    }
    j.custody = Custody::Held;
    j.request.team = Some(TeamId::named("team"));
    assert_eq!(disposition(&j, Cause::StallLimit, None, AT, free), Disposition::Abort, "what a team lifts stays with it");
    j.request.team = None;
    j.legs.extend([j.legs[0], j.legs[0]]);
    assert_eq!(disposition(&j, Cause::StallLimit, None, AT, free), Disposition::Abort, "no legs left");
}

#[test]
fn a_load_is_put_down_seen_and_fetched() {
    let mut j = carrying();
    let order = batch::safe_exit(&j, Cause::Quarantine, None, AT, Some(PLACE));
    assert!(matches!(
        order[..],
        [Event::HandoverOrdered { .. }, Event::SafeExitOrdered { disposition: Disposition::Handover, transfer: Some(PLACE), .. }]
    ));
    fold(&mut j, &order);
    assert!(j.owes_deposit() && j.fetch_place().is_none());
    fold(&mut j, &[said()]);
    assert!(j.owes_deposit() && !j.transfer.unwrap().is_sure(), "a robot's word is not enough");
    fold(&mut j, &[seen()]);
    assert!(j.transfer.unwrap().is_sure());
    fold(&mut j, &[custody(Custody::Deposited)]);
    assert!(!j.owes_deposit());
    assert_eq!((j.fetch_place(), j.access_place()), (Some(PLACE), PLACE));
    let end = batch::exit_done(&j, None, ExitProof::Witness, None, AT);
    assert_eq!(names(&end), ["SAFE_EXIT_CONFIRMED", "LEASE_ENDED", "HANDOVER_OPENED"]);
    fold(&mut j, &end);
    assert_eq!(j.status, Status::Handover);
    assert_eq!(j.access_place(), PLACE, "the next robot goes there first");

    // The next leg fetches it, and only then is there nothing to fetch.
    let leg = j.legs[0].offer;
    j.evolve(AT, &Event::RobotMatched(Match { robot: RobotId::named("s"), leg: 1, fence: 4, ..leg }));
    j.status = Status::Executing;
    assert!(j.awaits_fetch());
    fold(&mut j, &[custody(Custody::Held)]);
    assert!(j.awaits_fetch(), "on its deck, and not yet checked");
    fold(&mut j, &[Event::TransferFetched { place: PLACE, item: item(), mass_g: 500, state_hash: Digest::ZERO }]);
    assert!(!j.awaits_fetch() && j.transfer.is_none());
    assert_ne!(j.access_place(), PLACE);
}

#[test]
fn without_a_place_the_robot_keeps_what_it_has() {
    let mut j = carrying();
    let order = batch::safe_exit(&j, Cause::Quarantine, None, AT, None);
    assert!(matches!(order[..], [Event::SafeExitOrdered { disposition: Disposition::Abort, transfer: None, .. }]));
    fold(&mut j, &order);
    assert!(!j.owes_deposit());
    let end = batch::exit_done(&j, None, ExitProof::Witness, None, AT);
    assert_eq!(names(&end).last(), Some(&"JOB_ABORTED"));
}

#[test]
fn a_load_that_is_not_put_down_ends_the_job_for_good() {
    for event in [Event::TransferFailed { place: PLACE, reason: TransferEnd::Overdue }, custody(Custody::Lost), custody(Custody::Returned)]
    {
        let mut j = carrying();
        let order = batch::safe_exit(&j, Cause::StallLimit, None, AT, Some(PLACE));
        fold(&mut j, &order);
        fold(&mut j, std::slice::from_ref(&event));
        assert!(!j.owes_deposit() && j.transfer.is_none(), "{}", event.name());
        let end = batch::exit_done(&j, None, ExitProof::Witness, None, AT);
        assert_eq!(names(&end).last(), Some(&"JOB_ABORTED"), "{}", event.name());
    }
    // Forced out, with the load on it: lost, whatever was ordered.
    let mut j = carrying();
    let order = batch::safe_exit(&j, Cause::StallLimit, None, AT, Some(PLACE));
    fold(&mut j, &order);
    let end = batch::exit_done(&j, Some(true), ExitProof::OnSite, None, AT);
    assert_eq!(names(&end).last(), Some(&"JOB_ABORTED"));
    fold(&mut j, &end);
    assert_eq!((j.custody, j.transfer), (Custody::Lost, None));
}

#[test]
fn a_robot_that_leaves_what_lay_there_leaves_it_lying() {
    let mut j = booked(Status::Executing);
    j.started = true;
    let t = crate::transfer::Transfer { place: PLACE, by: RobotId::named("q"), said_g: Some(1), seen: Some(WitnessId::named("w")) };
    (j.custody, j.transfer) = (Custody::Deposited, Some(t));
    let order = batch::safe_exit(&j, Cause::Quarantine, None, AT, None);
    assert!(matches!(
        order[..],
        [Event::HandoverOrdered { .. }, Event::SafeExitOrdered { disposition: Disposition::Handover, transfer: None, .. }]
    ));
    fold(&mut j, &order);
    assert!(!j.owes_deposit());
    assert_eq!(j.fetch_place(), Some(PLACE));
    // Unless it has taken it up after all: then it puts it down again, in its own name.
    fold(&mut j, &[custody(Custody::Held)]);
    let t = j.transfer.unwrap();
    assert!(j.owes_deposit() && (t.said_g, t.seen, t.by) == (None, None, RobotId::named("r")), "{t:?}");
}

/// What can happen to a load on the way out, in any order.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let cancelled =
        Event::JobCancelled { reason: CancelReason::Requester, by: By::Requester, fault: Fault::Requester, fee_bps: 0, comp_bps: 0 };
    let one = prop::sample::select(vec![
        said(),
        seen(),
        custody(Custody::Deposited),
        custody(Custody::Held),
        custody(Custody::Lost),
        custody(Custody::Returned),
        Event::TransferFailed { place: PLACE, reason: TransferEnd::Unseen },
        Event::SafeExitEscalated { level: 1 },
        Event::Exited { robot: RobotId::named("r"), place: 0, zone: None },
        cancelled,
    ]);
    prop::collection::vec(one, 0..12)
}

proptest! {
    /// Whatever is said: a job is handed over only with its load out of the robot's hands, an abort is never taken back,
    /// and what is over takes no place.
    #[test]
    fn nothing_is_handed_over_from_a_robots_hands(happens in events(), forced in prop::option::of(any::<bool>())) {
        let mut j = carrying();
        j.presence = Presence::In;
        let order = batch::safe_exit(&j, Cause::Quarantine, None, AT, Some(PLACE));
        fold(&mut j, &order);
        let mut aborts = false;
        for e in &happens {
            // Who had it last is who puts it down: custody goes there only from hands, and from there only to hands or home.
            let sound = match e {
                Event::CustodyChanged { to: Custody::Deposited, .. } => j.owes_deposit() && j.transfer.is_some_and(|t| t.is_sure()),
                Event::CustodyChanged { to: Custody::Held, .. } => j.custody == Custody::Deposited,
                Event::CustodyChanged { .. } => matches!(j.custody, Custody::Held | Custody::Deposited),
                Event::TransferPutDown { .. } | Event::TransferScanned { .. } | Event::TransferFailed { .. } => j.owes_deposit(),
                _ => true,
            };
            if !sound {
                continue;
            }
            j.evolve(AT, e);
            let d = j.exit.and_then(|x| x.disposition);
            prop_assert!(!aborts || d == Some(Disposition::Abort));
            aborts |= d == Some(Disposition::Abort);
            prop_assert!(j.transfer.is_none() || matches!(j.custody, Custody::Held | Custody::Deposited));
            prop_assert!(j.custody != Custody::Deposited || j.fetch_place() == Some(PLACE));
        }
        let owed = j.owes_deposit();
        let end = batch::exit_done(&j, forced, ExitProof::Witness, None, AT);
        let opened = names(&end).contains(&"HANDOVER_OPENED");
        prop_assert!(!opened || j.custody == Custody::Deposited && !aborts && !owed && forced != Some(false), "{:?} {:?}", j.custody, end);
        fold(&mut j, &end);
        prop_assert!(j.custody != Custody::Held || j.status == Status::Aborted);
        if j.custody != Custody::Deposited && j.status == Status::Aborted && forced.is_some() {
            prop_assert_eq!(j.transfer, None);
        }
    }
}
