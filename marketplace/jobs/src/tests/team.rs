//! Members of teams: in every state they end as told, wait no longer than allowed, and answer for nobody else.

use super::booked;
use crate::Deadline;
use crate::event::{Cause, Disposition, Event, Fault};
use crate::job::Job;
use crate::status::{Class, Status};
use crate::team::{broken, fault_for, overdue};
use crate::terms::{Action, Template};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{JobId, PartyId, TeamId};
use nooterra_engine::marks;
use nooterra_engine::time::{Instant, Span};

const AT: Instant = Instant::from_secs(500);

fn member(status: Status) -> Job {
    let mut j = booked(status);
    j.request.team = Some(TeamId::named("t"));
    j.request.template = Template::Lift;
    j.request.steps[0].action = Action::Lift;
    j.request.steps[1].action = Action::Visit;
    j
}

fn fold(j: &Job, events: &[Event]) -> Job {
    let mut after = j.clone();
    let _ = marks::take();
    for e in events {
        after.evolve(AT, e);
    }
    let b = marks::take().broken;
    assert!(b.is_empty(), "{}: {b:?}", j.status.name());
    after
}

#[test]
fn a_member_ends_in_every_state_that_binds_it() {
    let (by, mut ends) = (JobId::named("other"), 0);
    for status in Status::ALL.into_iter().filter(|s| matches!(s.class(), Class::Booked | Class::Inside)) {
        let mut j = member(status);
        if let Some(x) = &mut j.exit {
            x.disposition = Some(Disposition::Handover);
        }
        let after = fold(&j, &broken(&j, by, Fault::Site, AT));
        let late = fold(&j, &overdue(&j, Span::from_secs(9), Span::from_secs(8), AT));
        for (a, cause, fault) in [(&after, Cause::TeamBroken, Fault::Site), (&late, Cause::LiftOverdue, Fault::Owner)] {
            if status.class() == Class::Inside {
                assert_eq!(a.status, Status::AbortingSafeExit);
                let x = a.exit.unwrap();
                assert_eq!(x.disposition, Some(Disposition::Abort), "{}", status.name());
                if status != Status::AbortingSafeExit {
                    assert_eq!((x.cause, x.fault), (Some(cause), fault), "{}", status.name());
                }
            } else {
                assert_eq!(a.status, Status::Aborted);
                assert!(a.leg().is_none());
                // Whoever waits at a door does not answer for the door.
                if status != Status::Arrived || cause == Cause::TeamBroken {
                    assert_eq!((a.aborted, a.fault), (Some(cause), fault), "{}", status.name());
                } else {
                    assert_ne!(a.fault, Fault::Owner);
                }
            }
            ends += 1;
        }
    }
    assert_eq!(ends, 2 * 12);
}

#[test]
fn who_waits_to_lift_has_a_deadline_until_it_is_done() {
    let due = |j: &Job| j.deadlines().into_iter().find(|(d, _)| *d == Deadline::LiftBy).map(|(_, at)| at);
    let j = member(Status::Executing);
    let t = j.pins.as_ref().unwrap().timing.clone();
    assert_eq!(due(&j), None);
    assert!(!j.is_ready_to_lift());
    let ready = fold(&j, &[Event::LiftReady {}]);
    assert!(ready.is_ready_to_lift());
    assert_eq!(due(&ready), Some(AT + t.lift_wait));
    let told = fold(&ready, &[Event::LiftReleased { begins: AT }]);
    assert_eq!(due(&told), Some(AT + t.lift_within));
    let failed = fold(&told, &[Event::LiftFailed { measure_g: 7 }]);
    assert_eq!(due(&failed), Some(AT + t.lift_within));
    let up = fold(
        &told,
        &[Event::CheckpointReached {
            index: 1,
            step: "LIFT".into(),
            place: 3,
            zone: None,
            work_bps_claimed: 5_000,
            state_hash: Digest::ZERO,
        }],
    );
    assert!(up.has_lifted() && due(&up).is_none());
    // What the robot said is over with its lease.
    let exit = Event::SafeExitOrdered {
        cause: Cause::StallLimit,
        disposition: Disposition::Handover,
        exit_by: AT,
        fault: Fault::Owner,
        transfer: None,
    };
    let leg = ready.leg().unwrap().offer;
    let ended = Event::LeaseEnded { lease: leg.lease, leg: leg.leg, reason: crate::event::ReleaseReason::Exited };
    let left = fold(&ready, &[exit, ended]);
    assert!(left.lift.ready_at.is_none() && due(&left).is_none());
    // A job that is no member has no step in common.
    let mut alone = told;
    alone.request.team = None;
    assert!(alone.lift_step().is_none() && !alone.has_lifted());
}

#[test]
fn an_owner_answers_for_its_own_robots_only() {
    let (a, mut b) = (member(Status::Executing), member(Status::Executing));
    for f in [Fault::Owner, Fault::Operator, Fault::Developer] {
        assert_eq!(fault_for(&b, &a, f), f, "one owner of both");
    }
    b.legs[0].offer.owner = PartyId::named("somebody else");
    for f in [Fault::Owner, Fault::Operator, Fault::Developer] {
        assert_eq!(fault_for(&b, &a, f), Fault::None);
    }
    for f in [Fault::Requester, Fault::Platform, Fault::Site, Fault::None] {
        assert_eq!(fault_for(&b, &a, f), f);
    }
}
