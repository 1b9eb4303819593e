//! Moved bookings, compensation and excused stalls as folds of their events.

use super::booked;
use crate::event::*;
use crate::parts::PaymentTrack;
use crate::payload::{Move, Rescheduled};
use crate::status::Status;
use crate::terms::{Price, Window};
use crate::{Deadline, batch};
use nooterra_engine::ids::{PartyId, PaymentId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

const AT: Instant = Instant::from_secs(90);

fn amount(v: u64) -> Amount {
    Amount::new(v).unwrap()
}

fn to(by: Side, fee_bps: u32) -> Rescheduled {
    Rescheduled {
        old: Window { start: Instant::from_secs(100), end: Instant::from_secs(2_000) },
        window: Window { start: Instant::from_secs(10_000), end: Instant::from_secs(12_000) },
        price: Price { core: amount(1_200), ..Price::default() },
        service: amount(1_150),
        by,
        fee: amount(100),
        fee_bps,
        returned: Amount::ZERO,
    }
}

#[test]
fn whoever_holds_a_moved_booking_lets_go_first() {
    let mut j = booked(Status::Reserved);
    let names: Vec<&str> = batch::reschedule(&j, to(Side::Requester, 0)).iter().map(Event::name).collect();
    assert_eq!(names, ["LEASE_RELEASED", "JOB_RESCHEDULED"]);
    for e in batch::reschedule(&j.clone(), to(Side::Requester, 0)) {
        j.evolve(AT, &e);
    }
    assert_eq!(j.status, Status::Booked);
    assert!(j.leg().is_none() && !j.is_excluded(j.legs[0].offer.robot, AT), "the robot did nothing wrong");
    let p = j.pins.as_deref().unwrap();
    assert_eq!((p.window.start, p.service, p.price.total()), (Instant::from_secs(10_000), amount(1_150), 1_200));
    assert_eq!((j.moves, j.pins_hash), (1, p.hash()));
    assert_eq!(j.arrive_by, Instant::from_secs(10_900));
    assert_eq!(j.window(), p.window);
}

#[test]
fn an_open_proposal_has_a_timer_and_an_owner_pays_for_its_move() {
    let mut j = booked(Status::Booked);
    let offer = Move {
        by: Side::Owner,
        window: to(Side::Owner, 0).window,
        price: Price::default(),
        service: amount(1_000),
        delta: 0,
        fee: amount(100),
        respond_by: Instant::from_secs(700),
    };
    j.evolve(AT, &Event::RescheduleProposed(offer));
    assert!(j.deadlines().contains(&(Deadline::RescheduleBy, Instant::from_secs(700))));
    let mut declined = j.clone();
    declined.evolve(AT, &Event::RescheduleDeclined { reason: MoveDecline::Timeout });
    assert!(declined.proposal.is_none() && declined.moves == 0);
    j.evolve(AT, &Event::JobRescheduled(to(Side::Owner, 1_000)));
    assert_eq!((j.comp_bps, j.comp), (1_000, amount(100)));
}

#[test]
fn further_payments_stand_beside_the_first() {
    let mut j = booked(Status::Booked);
    j.payment.amount = amount(1_000);
    j.payment.payment = Some(PaymentId::named("first"));
    let payment = PaymentId::named("more");
    j.evolve(AT, &Event::RescheduleAccepted { payment, extra: amount(70) });
    assert_eq!(j.track_of(payment), PaymentTrack::Asked);
    j.evolve(AT, &Event::PaymentAuthorised { payment, amount: amount(70), expires: AT, provider_ref: String::new() });
    j.evolve(AT, &Event::PaymentCaptured { payment, amount: amount(70) });
    assert_eq!((j.payment.amount, j.captured()), (amount(1_000), amount(1_070)));
    assert_eq!(j.track_of(PaymentId::named("first")), PaymentTrack::Captured);
}

#[test]
fn compensation_stays_within_its_cap_over_no_shows() {
    let mut j = booked(Status::Booked);
    for (nth, due) in [(1, 2_000), (2, 2_000), (3, 0)] {
        let bps = 2_000u32.min(4_000 - j.comp_bps);
        assert_eq!(bps, due, "no-show {nth}");
        for e in batch::no_show(&j, bps, Fault::Owner) {
            j.evolve(AT, &e);
        }
        j.evolve(AT, &Event::NoShowResolved { choice: Choice::Wait, arrive_by: Some(Instant::from_secs(1_500)) });
    }
    assert_eq!((j.comp_bps, j.comp), (4_000, amount(400)));
    let owner = Event::JobCancelled { reason: CancelReason::Owner, by: By::Owner, fault: Fault::Owner, fee_bps: 0, comp_bps: 0 };
    j.evolve(AT, &owner);
    assert_eq!(j.comp_bps, 4_000);
    assert_eq!(PartyId::named("ow"), j.pins.unwrap().owner);
}

#[test]
fn a_requester_who_does_not_open_pays_only_if_the_robot_was_seen() {
    let wait_over = |seen: bool| {
        let mut j = booked(Status::Arrived);
        if seen {
            let robot = j.legs[0].offer.robot;
            j.evolve(
                AT,
                &Event::WitnessReported {
                    witness: nooterra_engine::ids::WitnessId::named("w"),
                    class: crate::pins::WitnessClass::DockScan,
                    point: 1,
                    place: 3,
                    zone: None,
                    robot,
                    measure: 1,
                    artefact: nooterra_engine::digest::Digest::ZERO,
                },
            );
        }
        for e in batch::access_wait_over(&j.clone()) {
            j.evolve(AT, &e);
        }
        (j.fault, j.fee_bps)
    };
    assert_eq!(wait_over(true), (Fault::Requester, 5_000));
    assert_eq!(wait_over(false), (Fault::None, 0));
}

#[test]
fn stops_of_others_are_excused() {
    for (reason, excused) in [(StallReason::RemoteStop, 20), (StallReason::Stuck, 0)] {
        let mut j = booked(Status::Executing);
        j.evolve(AT, &Event::ExecutionStalled { reason });
        j.evolve(Instant::from_secs(110), &Event::ExecutionResumed { stalled: Span::from_secs(20) });
        let stopped = j.stopped.iter().fold(Span::ZERO, |sum, w| sum + w.end.since(w.start));
        assert_eq!((j.stalled, stopped), (Span::from_secs(20), Span::from_secs(excused)));
    }
}
