#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "small numbers drawn by a test")]

mod desk;
mod stops;

use crate::event::{Beat, Event, Pose};
use crate::robot::{Held, Robot, RobotTimer};
use crate::status::{HealthCause, RobotStatus, from_health};
use nooterra_engine::ids::{IncidentId, JobId, LeaseId, PartyId, RobotId};
use nooterra_engine::time::{Instant, Span};
use proptest::prelude::*;

fn robot() -> Robot {
    Robot::enrol(RobotId::named("r"), PartyId::named("ow"), "tinyRobot", 1_000_000, Span::from_secs(5))
}

fn beat(soc_bps: u32, health_bps: u32, fault: bool) -> Event {
    Event::HeartbeatRecorded(Beat {
        fence: None,
        soc_bps,
        health_bps,
        errors: vec![],
        fault,
        charging: false,
        pose: Pose::default(),
        place: 3,
        mode: crate::event::Mode::Idle,
        orders_seen: 0,
        bb_head: None,
    })
}

#[test]
fn health_moves_the_status_until_people_do() {
    let mut r = robot();
    assert!(r.due_status().is_none(), "unheard robots stay enrolled");
    r.evolve(Instant::from_secs(1), &beat(9_000, 9_000, false));
    assert_eq!(r.due_status(), Some((RobotStatus::Active, vec![HealthCause::FirstHeard])));
    r.status = RobotStatus::Active;
    r.evolve(Instant::from_secs(2), &beat(1_999, 9_000, false));
    assert_eq!(r.due_status(), Some((RobotStatus::Degraded, vec![HealthCause::BatteryLow])));
    r.evolve(Instant::from_secs(3), &beat(9_000, 9_000, true));
    assert_eq!(r.due_status().unwrap().0, RobotStatus::Unhealthy);
    r.status = RobotStatus::Quarantined;
    assert!(r.due_status().is_none());
    r.evolve(Instant::from_secs(4), &Event::QuarantineCleared { checklist: None });
    assert_eq!(r.status, RobotStatus::Unhealthy);
}

#[test]
fn a_silent_robot_has_a_link_timer_and_cannot_be_matched() {
    let mut r = robot();
    assert!(r.deadlines().is_empty());
    r.evolve(Instant::from_secs(10), &beat(9_000, 9_000, false));
    r.status = RobotStatus::Active;
    let (code, due) = r.deadlines()[0];
    assert_eq!(code, RobotTimer::LinkBy);
    assert!(r.can_be_matched(Instant::from_secs(25)) && due > Instant::from_secs(25));
    assert!(!r.can_be_matched(Instant(due.0)));
    r.evolve(due, &Event::LinkLost { last: Instant::from_secs(10) });
    let give_up = Instant::from_secs(10).saturating_add(r.give_up);
    assert_eq!(r.deadlines(), [(RobotTimer::GiveUp, give_up)]);
    let stranded = Event::HealthChanged { from: r.status, to: RobotStatus::Stranded, causes: vec![] };
    r.evolve(give_up, &stranded);
    assert!(r.deadlines().is_empty());
    r.evolve(give_up, &Event::RecoveryAsked { place: 3 });
    assert_eq!(r.deadlines()[0].0, RobotTimer::AskRecovery);
}

#[test]
fn a_robot_back_from_the_workshop_checks_itself_before_it_works() {
    let mut r = robot();
    r.evolve(Instant::from_secs(10), &beat(9_000, 9_000, false));
    let to = |to| Event::HealthChanged { from: RobotStatus::Active, to, causes: vec![] };
    r.evolve(Instant::from_secs(20), &to(RobotStatus::Maintenance));
    assert_eq!(r.due_status(), None, "it is in the workshop");
    r.evolve(Instant::from_secs(30), &Event::MaintenanceClosed { place: 3, checklist: None, parts: vec![] });
    r.evolve(Instant::from_secs(40), &beat(9_000, 9_000, true));
    assert_eq!(r.due_status(), None, "still not fit");
    r.evolve(Instant::from_secs(50), &beat(9_000, 9_000, false));
    assert_eq!(r.due_status().map(|d| d.0), Some(RobotStatus::Active));
}

#[test]
fn three_troubles_in_an_hour() {
    let mut r = robot();
    r.status = RobotStatus::Active;
    let open = |s| Event::IncidentOpened {
        incident: IncidentId::named("i"),
        code: "STALL".into(),
        severity: s,
        detector: true,
        dev_ns: 0,
        zone: None,
        facts_hash: nooterra_engine::Digest::ZERO,
    };
    r.evolve(Instant::from_secs(0), &open(2));
    r.evolve(Instant::from_secs(10), &open(1));
    r.evolve(Instant::from_secs(1_000), &open(2));
    assert!(!r.repeats());
    r.evolve(Instant::from_secs(3_700), &open(2));
    assert!(!r.repeats(), "the first is over an hour old");
    r.stalled(Instant::from_secs(3_800));
    r.stalled(Instant::from_secs(3_900));
    assert!(!r.repeats(), "two stalls and two incidents are not three of either");
    r.evolve(Instant::from_secs(4_000), &open(2));
    assert!(r.repeats());
    r.evolve(Instant::from_secs(4_100), &Event::QuarantineCleared { checklist: None });
    (0..3).for_each(|i| {
        assert!(!r.repeats());
        r.stalled(Instant::from_secs(4_200 + i));
    });
    assert!(r.repeats());
}

fn held(name: &str, fence: u64, from: Instant, to: Instant) -> Held {
    Held { lease: LeaseId::named(name), job: JobId::named("j"), fence, from, to }
}

proptest! {
    /// Fences only grow: by one per match, per lease ahead that comes to its time, per closed lease. Whoever is at work has
    /// the newest fence of all that were ever at work, and leases ahead stand by their start.
    #[test]
    fn fences_only_grow(script in prop::collection::vec((0..4u8, 0..40u64), 1..80)) {
        let mut r = robot();
        let (mut moves, mut at_work) = (0u64, 0u64);
        for (i, (what, when)) in script.into_iter().enumerate() {
            let at = Instant::from_secs(i as u64);
            let later = Instant::from_secs(1_000 + 10 * when);
            let fence = r.next_fence();
            let (lease, ahead) = (r.lease.map(|h| h.lease), r.ahead.first().map(|h| h.lease));
            match (what, lease, ahead) {
                (0, None, _) => r.matched(held(&i.to_string(), fence, at, at + Span::from_secs(9)), false),
                (1, ..) if !r.meets_ahead(later, later + Span::from_secs(9)) => {
                    r.matched(held(&i.to_string(), fence, later, later + Span::from_secs(9)), true);
                }
                (2, None, Some(next)) => r.lease_due(next),
                (3, Some(l), _) | (3, None, Some(l)) => r.lease_closed(l, at, when % 2 == 0, Some(at)),
                _ => continue,
            }
            moves += 1;
            prop_assert_eq!(r.fence, moves);
            prop_assert!(r.ahead.windows(2).all(|w| w[0].to <= w[1].from));
            if let Some(h) = r.lease {
                prop_assert!(h.fence >= at_work && r.held(h.lease) == Some(&h));
                at_work = h.fence;
            }
        }
    }

    /// Statuses are ordered by health: more health or charge never makes a robot worse.
    #[test]
    fn better_is_never_worse(h in 0..10_000u32, s in 0..10_000u32, dh in 0..2_000u32, ds in 0..2_000u32) {
        let rank = |r| match r { RobotStatus::Active => 0, RobotStatus::Degraded => 1, _ => 2 };
        prop_assert!(rank(from_health(h + dh, s + ds, false)) <= rank(from_health(h, s, false)));
    }

    /// A day's load is never more than the day, however the spells lie.
    #[test]
    fn load_counts_one_day(spells in prop::collection::vec((0..50_000u64, 1..10_000u64), 0..20)) {
        let mut l = crate::load::Load::default();
        let (mut t, mut sum) = (0, 0);
        for (gap, len) in spells {
            t += gap;
            l.add(Instant::from_secs(t), Instant::from_secs(t + len));
            t += len;
            sum += len;
        }
        let busy = l.busy_s(Instant::from_secs(t));
        prop_assert!(busy <= sum.min(24 * 3_600 + 10_000));
        prop_assert_eq!(l.busy_s(Instant::from_secs(t + 200_000)), 0);
    }
}

#[test]
fn a_robot_survives_freezing() {
    let mut r = robot();
    r.evolve(Instant::from_secs(1), &beat(9_000, 9_000, false));
    r.matched(held("l", 1, Instant::ZERO, Instant::from_secs(5)), false);
    assert_eq!(nooterra_engine::decode::<Robot>(&nooterra_engine::encode(&r)).unwrap(), r);
}

#[test]
fn bounds_count_once_they_are_kept_to_and_a_refusal_leaves_the_old_ones() {
    use crate::clamps::Clamps;
    let mut r = Robot::enrol(RobotId::named("r"), PartyId::named("p"), "m", 1_000, Span::from_secs(10));
    let clamps = |speed, order_seq, until| Clamps { speed_mm_s: Some(speed), accel_mm_s2: None, until, order_seq };
    let at = |s: u64| Instant(s * 1_000_000_000);
    let sure = |r: &Robot, s| r.tightened.sure(at(s)).and_then(|c| c.speed_mm_s);
    let acked = |order_seq, code: &str| Event::OrderAcked { order_seq, code: code.into() };
    r.evolve(at(1), &Event::ClampsTightened(clamps(300, 7, None)));
    r.evolve(at(2), &acked(6, ""));
    r.evolve(at(3), &acked(6, "EXPIRED"));
    assert_eq!((r.tightened.ordered(at(3)).map(|c| c.order_seq), sure(&r, 60)), (Some(7), None));
    r.evolve(at(10), &acked(8, ""));
    r.evolve(at(12), &acked(9, ""));
    assert_eq!((sure(&r, 14), sure(&r, 15)), (None, Some(300)), "it eases off, counted from its first word");
    r.evolve(at(20), &Event::ClampsTightened(clamps(200, 10, Some(at(100)))));
    assert_eq!(sure(&r, 30), Some(300));
    r.evolve(at(31), &acked(10, "SCOPE_EXCEEDED"));
    assert_eq!((sure(&r, 40), r.tightened.ordered(at(40)).and_then(|c| c.speed_mm_s)), (Some(300), Some(300)));
    r.evolve(at(41), &Event::ClampsTightened(clamps(200, 11, Some(at(100)))));
    r.evolve(at(42), &acked(11, ""));
    assert_eq!((sure(&r, 99), sure(&r, 100)), (Some(200), None), "over by itself");
    r.evolve(at(43), &Event::ClampsLifted { order_seq: 12 });
    assert_eq!((sure(&r, 99), r.tightened.ordered(at(44))), (None, None));
}
