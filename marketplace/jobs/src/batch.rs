//! Ordered batches: what one cause brings about, all of it or nothing.
//!
//! Each function reads the job as it is and returns the events in their order; the caller folds them in one unit.

use crate::coverage::CoverageEnd;
use crate::event::{
    AbortReason, AssistOutcome, By, CancelReason, Cause, Choice, CloseReason, Custody, Disposition, Event, ExitProof, Fault, ReleaseReason,
    StallReason,
};
use crate::job::Job;
use crate::parts::AccessTrack;
use crate::payload::{Rescheduled, Spot};
use crate::status::{Class, Status};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

/// Who answers for an end with this cause.
pub fn fault_of(job: &Job, cause: Cause) -> Fault {
    match cause {
        Cause::RequesterCancelled | Cause::PaymentFailed | Cause::AccessRevoked | Cause::AccessExpired | Cause::ApprovalDenied => {
            Fault::Requester
        }
        // Who took access back answers for a robot that waits in vain.
        Cause::AccessFailure if job.access.track == AccessTrack::Revoked && job.access.taken_by != Fault::Requester => job.access.taken_by,
        Cause::AccessFailure => {
            // Absent requester: only if the arrival was witnessed at the access point, and there was no plan by which the site
            // could have opened.
            let met = job.leg().is_some_and(|l| job.sightings.iter().any(|s| s.robot == l.offer.robot));
            let planned = matches!(job.access.track, AccessTrack::Planned | AccessTrack::Granted);
            if job.access.denials > 0 || planned {
                Fault::Site
            } else if met {
                Fault::Requester
            } else {
                Fault::None
            }
        }
        Cause::OwnerCancelled
        | Cause::RobotAborted
        | Cause::StallLimit
        | Cause::StartOverdue
        | Cause::MaxExecution
        | Cause::Incident
        | Cause::Quarantine
        | Cause::NoShow
        | Cause::HandoverFailed
        | Cause::ExitForced
        | Cause::OperatorAborted
        | Cause::AssistExhausted
        | Cause::LiftOverdue
        | Cause::OwnerStop
        | Cause::FleetStop => Fault::Owner,
        Cause::StaffCancelled => Fault::Platform,
        Cause::SkillRevoked => Fault::Developer,
        Cause::SiteRevoked => Fault::Site,
        Cause::SafetyCancelled | Cause::Stop | Cause::FloorStop | Cause::RobotChanged | Cause::TeamBroken => Fault::None,
    }
}

/// What becomes of the job after a safe exit for this cause.
///
/// `place` is a transfer place that is free for the load on the robot, if there is one.
pub fn disposition(job: &Job, cause: Cause, reason: Option<AbortReason>, now: Instant, place: Option<u32>) -> Disposition {
    let mild = match cause {
        Cause::StallLimit | Cause::StartOverdue | Cause::Stop | Cause::OwnerStop => true,
        Cause::Quarantine | Cause::SkillRevoked | Cause::RobotChanged => true,
        Cause::RobotAborted => !matches!(reason, Some(AbortReason::Safety | AbortReason::Blocked)),
        _ => false,
    };
    if mild && can_hand_over(job, now, place) { Disposition::Handover } else { Disposition::Abort }
}

/// Nothing is on the robot: nothing was taken up, all of it was handed in, or it lies where another one can fetch it.
fn transferable(job: &Job) -> bool {
    let on_robot = job.custody == Custody::Held && nooterra_engine::planted!("hand over what is on the robot");
    matches!(job.custody, Custody::None | Custody::Delivered | Custody::Deposited) || on_robot
}

/// Is a load on the robot that can be put down for another? What a team lifts never is.
fn is_portable(job: &Job) -> bool {
    job.custody == Custody::Held && job.request.team.is_none()
}

/// May another robot take the rest? A load on the robot that leaves has to be put down first.
fn can_hand_over(job: &Job, now: Instant, place: Option<u32>) -> bool {
    let Some(p) = job.pins.as_deref() else { return false };
    let dwell: u64 = job.steps().iter().map(|s| s.dwell.0).sum();
    let trip = job.legs.last().map_or(Span::ZERO, |l| l.offer.trip_est);
    let needed = now.saturating_add(p.timing.handover_by).saturating_add(Span(dwell)).saturating_add(trip);
    p.handover
        && job.legs.len() < usize::from(p.max_legs)
        && (transferable(job) || is_portable(job) && place.is_some())
        && !job.incidents.iter().any(|i| i.severity >= 4 && !i.triaged)
        && job.access.plan.as_ref().is_none_or(|a| needed < a.valid_to)
}

/// The robot gives up its lease outside, or loses it, and with it the operator who stood by.
pub fn release(job: &Job, reason: ReleaseReason) -> Vec<Event> {
    let released = job.leg().map(|l| Event::LeaseReleased { lease: l.offer.lease, leg: l.offer.leg, reason });
    lost(job, released)
}

/// A lease that was offered came to nothing.
pub fn not_taken(job: &Job, event: Event) -> Vec<Event> {
    lost(job, Some(event))
}

fn lost(job: &Job, lease: Option<Event>) -> Vec<Event> {
    let Some(lease) = lease else { return Vec::new() };
    [lease].into_iter().chain(job.uncover(CoverageEnd::LeaseOver)).collect()
}

fn close_access(job: &Job, reason: CloseReason) -> Option<Event> {
    let open = matches!(job.access.track, AccessTrack::Planned | AccessTrack::Granted | AccessTrack::Revoked | AccessTrack::Expired);
    job.access.plan.as_ref().filter(|_| open).map(|p| Event::AccessClosed { plan: p.plan, reason })
}

fn aborted(job: &Job, cause: Cause, fault: Fault) -> Event {
    Event::JobAborted { cause, fault, departed: job.departed, started: job.started }
}

/// The end of a booked job outside: lease released, access closed, aborted.
pub fn abort_outside(job: &Job, cause: Cause, fault: Fault, reason: ReleaseReason) -> Vec<Event> {
    let mut out = release(job, reason);
    let left = if out.is_empty() { job.uncover(CoverageEnd::JobOver) } else { None };
    out.extend(close_access(job, CloseReason::Aborted));
    out.extend(left);
    out.push(aborted(job, cause, fault));
    out
}

/// The order to stop work and leave, with a place for the load if another robot is to take it; nothing while one is under
/// way already.
pub fn safe_exit(job: &Job, cause: Cause, reason: Option<AbortReason>, now: Instant, place: Option<u32>) -> Vec<Event> {
    if job.status == Status::AbortingSafeExit {
        return Vec::new();
    }
    let exit_by = now.saturating_add(job.pins.as_ref().map_or(Span::ZERO, |p| p.tier_values.exit_by));
    let disposition = disposition(job, cause, reason, now, place);
    let transfer = place.filter(|_| disposition == Disposition::Handover && job.custody == Custody::Held);
    // What comes to the robot alone says in the job's stream that its job goes on without it.
    let of_robot = matches!(cause, Cause::Quarantine | Cause::Stop | Cause::OwnerStop | Cause::RobotChanged);
    let ordered = (of_robot && disposition == Disposition::Handover).then_some(Event::HandoverOrdered { reason: cause });
    let out = Event::SafeExitOrdered { cause, disposition, exit_by, fault: fault_of(job, cause), transfer };
    ordered.into_iter().chain([out]).collect()
}

/// Anything that ends the work of a booked job: outside at once, inside through a safe exit.
pub fn end(job: &Job, cause: Cause, release_reason: ReleaseReason, now: Instant) -> Vec<Event> {
    match job.status.class() {
        Class::Inside => safe_exit(job, cause, None, now, None),
        _ => abort_outside(job, cause, fault_of(job, cause), release_reason),
    }
}

/// A cancellation by any side, or failed payment. What it costs was judged by the market's brackets.
pub fn cancel(job: &Job, (reason, by): (CancelReason, By), fee_bps: u32, comp_bps: u32, now: Instant) -> Vec<Event> {
    let (cause, fault) = match reason {
        CancelReason::Requester => (Cause::RequesterCancelled, Fault::Requester),
        CancelReason::PaymentFailed => (Cause::PaymentFailed, Fault::Requester),
        CancelReason::Owner => (Cause::OwnerCancelled, Fault::Owner),
        CancelReason::Staff => (Cause::StaffCancelled, Fault::Platform),
        CancelReason::Safety => (Cause::SafetyCancelled, Fault::None),
        CancelReason::SkillRevoked => (Cause::SkillRevoked, Fault::Developer),
    };
    let mut out = vec![Event::JobCancelled { reason, by, fault, fee_bps, comp_bps }];
    out.extend(end(job, cause, ReleaseReason::Cancelled, now));
    out
}

/// The robot was not there in time; the owner owes `comp_bps` of the service amount.
pub fn no_show(job: &Job, comp_bps: u32, fault: Fault) -> Vec<Event> {
    let Some(p) = job.pins.as_deref() else { return Vec::new() };
    let comp = p.service.bps(u64::from(comp_bps)).unwrap_or(Amount::ZERO);
    let leg = job.legs.last().map_or(0, |l| l.offer.leg);
    let owner = job.legs.last().map_or(p.owner, |l| l.offer.owner);
    release(job, ReleaseReason::NoShow).into_iter().chain([Event::NoShowDeclared { leg, owner, comp, fault }]).collect()
}

/// A booking goes to another window: whoever holds it lets go, and the old permission is over.
pub fn reschedule(job: &Job, to: Rescheduled) -> Vec<Event> {
    let let_go = release(job, ReleaseReason::Rescheduled).into_iter().chain(close_access(job, CloseReason::Rescheduled));
    let_go.chain([Event::JobRescheduled(to)]).collect()
}

/// The choice after a no-show.
pub fn resolve_no_show(job: &Job, choice: Choice, arrive_by: Option<Instant>) -> Vec<Event> {
    let mut out = vec![Event::NoShowResolved { choice, arrive_by }];
    if choice == Choice::Cancel {
        out.extend(close_access(job, CloseReason::Aborted));
        out.push(aborted(job, Cause::NoShow, job.no_show));
    }
    out
}

/// Nobody opened in time.
pub fn access_wait_over(job: &Job) -> Vec<Event> {
    let fault = fault_of(job, Cause::AccessFailure);
    let mut out = vec![Event::AccessWaitExpired { plan: job.access.plan.as_ref().map(|p| p.plan) }];
    out.extend(abort_outside(job, Cause::AccessFailure, fault, ReleaseReason::AccessFailure));
    out
}

/// No robot took the rest in time.
pub fn handover_over(job: &Job) -> Vec<Event> {
    abort_outside(job, Cause::HandoverFailed, Fault::Owner, ReleaseReason::HandoverFailed)
}

/// Work stands still. Help that is under way ends with it: the link to the robot was lost, or nothing moves any more.
pub fn stall(job: &Job, reason: StallReason, now: Instant) -> Vec<Event> {
    match job.status {
        Status::Executing => vec![Event::ExecutionStalled { reason }],
        Status::Assisted => {
            let outcome = if reason == StallReason::HeartbeatLost { AssistOutcome::LinkLost } else { AssistOutcome::Unresolved };
            end_help(job, outcome, now).into_iter().chain([Event::ExecutionStalled { reason }]).collect()
        }
        _ => Vec::new(),
    }
}

/// The end of remote help, asked for or under way. Time in which the robot was not heard is not billed.
pub fn end_help(job: &Job, outcome: AssistOutcome, now: Instant) -> Option<Event> {
    let h = job.help?;
    let to = if outcome == AssistOutcome::LinkLost { job.heartbeat_at.min(now) } else { now };
    let billed = h.since.map_or(Span::ZERO, |s| to.since(s));
    Some(Event::AssistEnded { assist: h.assist, outcome, billed })
}

/// All work is done, whoever helped with it.
pub fn complete(job: &Job, completed: Event, now: Instant) -> Vec<Event> {
    end_help(job, AssistOutcome::TaskDone, now).into_iter().chain([completed]).collect()
}

/// The robot is out (confirmed) or will not come out by itself (forced; known to be unable to move or not).
pub fn exit_done(job: &Job, forced: Option<bool>, how: ExitProof, pose: Option<Spot>, now: Instant) -> Vec<Event> {
    let first = if let Some(motion_inhibited) = forced {
        Event::SafeExitForced { motion_inhibited }
    } else {
        Event::SafeExitConfirmed { how, custody: job.custody, pose }
    };
    let reason = if forced.is_some() { ReleaseReason::Forced } else { ReleaseReason::Exited };
    let mut out = vec![first];
    out.extend(job.leg().map(|l| Event::LeaseEnded { lease: l.offer.lease, leg: l.offer.leg, reason }));
    out.extend(end_help(job, AssistOutcome::Exited, now));
    if job.status == Status::Completed {
        out.extend(close_access(job, CloseReason::Done));
        out.extend(job.uncover(CoverageEnd::JobOver));
        return out;
    }
    let Some(x) = job.exit else { return out };
    let handed = x.disposition == Some(Disposition::Handover) && forced != Some(false) && transferable(job);
    if handed {
        let leg = u8::try_from(job.legs.len()).unwrap_or(u8::MAX);
        out.push(Event::HandoverOpened { leg, checkpoint: job.checkpoint, remaining_bps: job.remaining_bps() });
    } else {
        out.extend(close_access(job, CloseReason::Aborted));
        out.extend(job.uncover(CoverageEnd::JobOver));
        out.push(aborted(job, x.cause.unwrap_or(Cause::ExitForced), x.fault));
    }
    out
}
