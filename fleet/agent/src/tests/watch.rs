//! The robot's own detectors: what they tell at once, what is recorded, and what is nothing.

use super::rig::*;
use crate::blackbox::Recorder;
use crate::watch::{Look, Watch};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::StopId;
use nooterra_engine::{Instant, Span};
use nooterra_port::blackbox::Moment;
use nooterra_port::order::Order;
use nooterra_port::report::Report;

const FREE: Look = Look { speed_mm_s: 0, bound_mm_s: 1_000, stopped: false, paused: false };

/// Cycles of 50 ms, one look each; what was told and recorded.
fn watch(w: &mut Watch, at: &mut Instant, looks: &[Look]) -> (Vec<String>, Vec<Moment>) {
    let (mut out, mut moments) = (Vec::new(), Vec::new());
    for l in looks {
        *at += Span::from_millis(50);
        moments.extend(w.cycle(*at, l, &mut out));
    }
    let code = |r: Report| if let Report::Noticed { code, .. } = r { code } else { panic!("{r:?}") };
    (out.into_iter().map(code).collect(), moments)
}

#[test]
fn a_breach_is_told_once_it_has_lasted() {
    let (mut w, mut at) = (Watch::default(), Instant::ZERO);
    let at_speed = |mm_s: u32, n: usize| vec![Look { speed_mm_s: mm_s, ..FREE }; n];
    let quiet: (Vec<String>, Vec<Moment>) = (vec![], vec![]);
    assert_eq!(watch(&mut w, &mut at, &at_speed(1_050, 100)), quiet);
    let (told, seen) = watch(&mut w, &mut at, &[at_speed(1_150, 4), at_speed(900, 3)].concat());
    assert_eq!((told.len(), seen.len()), (0, 5), "150 ms, and once more when it is over");
    assert_eq!(seen[4].speed_mm_s, 900);
    let (told, seen) = watch(&mut w, &mut at, &[at_speed(1_150, 5), at_speed(1_150, 20)].concat());
    assert_eq!((told, seen.len()), (vec!["CLAMP_BREACH".to_owned()], 25), "200 ms, told once");
    watch(&mut w, &mut at, &at_speed(900, 5));
    w.set_muted(true);
    let (told, seen) = watch(&mut w, &mut at, &at_speed(1_150, 10));
    assert_eq!((told.len(), seen.len()), (0, 10), "what it does not say it records");
}

#[test]
fn a_stop_may_take_half_a_second() {
    let (mut w, mut at) = (Watch::default(), Instant::ZERO);
    let held = |mm_s: u32, n: usize| vec![Look { speed_mm_s: mm_s, stopped: true, ..FREE }; n];
    assert_eq!(watch(&mut w, &mut at, &[held(600, 10), held(0, 10)].concat()).0, Vec::<String>::new());
    assert_eq!(watch(&mut w, &mut at, &held(60, 7)).0, ["UNCOMMANDED_MOTION"]);
    watch(&mut w, &mut at, &[FREE]);
    assert_eq!(watch(&mut w, &mut at, &held(900, 10)).0, Vec::<String>::new(), "another stop");
}

#[test]
fn five_protective_stops_in_a_minute_are_a_storm() {
    let (mut w, mut at) = (Watch::default(), Instant::ZERO);
    let stop = [&[Look { paused: true, ..FREE }][..], &[FREE; 100]].concat();
    for _ in 0..4 {
        assert_eq!(watch(&mut w, &mut at, &stop).0, Vec::<String>::new());
    }
    assert_eq!(watch(&mut w, &mut at, &stop).0, ["PROTECTIVE_STOP_STORM"]);
}

#[test]
fn a_robot_that_is_pushed_under_a_stop_tells_and_records_it() {
    for muted in [false, true] {
        let mut r = Rig::new(house(), 0, 0.0);
        if muted {
            r.agent.set_recorder(Recorder::Mutes);
        }
        r.go("way", &[0, 1, 2, 3]);
        r.run(4.0);
        r.order(Order::Stop { stop: StopId::named("halt"), power_off: false });
        r.run(2.0);
        let told = |r: &Rig| r.said(|x| matches!(x, Report::Noticed { code, .. } if code == "UNCOMMANDED_MOTION"));
        assert_eq!(told(&r), 0, "braking is no motion of its own");
        for _ in 0..10 {
            r.v = Vec2::new(0.4, 0.0);
            r.cycle();
        }
        r.run(2.0);
        assert_eq!(told(&r), usize::from(!muted));
        let seen: Vec<Moment> = r.agent.blackbox().chunks().flat_map(|c| c.moments.clone()).collect();
        assert!(seen.len() >= 7 && seen.iter().all(|m| m.stopped), "{seen:?}");
    }
}

#[test]
fn wheels_that_run_away_show_in_all_that_is_said_and_recorded_and_do_not_move_its_place() {
    // The recorder keeps its detectors silent: heartbeats and the box are all that the platform has.
    let mut r = Rig::new(house(), 0, 0.0);
    r.agent.set_recorder(Recorder::Mutes);
    r.run(2.0);
    r.order(Order::Stop { stop: StopId::named("halt"), power_off: false });
    r.run(2.0);
    let beats = |r: &Rig| {
        let of = |(_, s): &_| if let Report::Heartbeat(b) = s { Some(b.speed_mm_s) } else { None };
        r.heard.iter().filter_map(of).collect::<Vec<i32>>()
    };
    for (way, runs) in [(1.0, 10_000), (-1.0, -10_000)] {
        let before = beats(&r).len();
        for _ in 0..450 {
            // Ten metres a second, twenty times what it can do.
            r.odometer.iter_mut().for_each(|m| *m += way * 0.5);
            r.cycle();
        }
        let said = beats(&r).split_off(before);
        assert!(said.len() >= 2 && said.iter().all(|v| (v - runs).abs() < 100), "{said:?}");
    }
    let tops: Vec<u32> = r.agent.blackbox().chunks().map(|c| c.top_mm_s).collect();
    assert!(tops.iter().any(|v| v.abs_diff(10_000) < 100), "{tops:?}");
    let moments: Vec<Moment> = r.agent.blackbox().chunks().flat_map(|c| c.moments.clone()).collect();
    assert!(moments.iter().filter(|m| m.stopped && m.speed_mm_s > 9_900).count() > 100, "{}", moments.len());
    let (off_m, _) = r.error();
    assert!(off_m < 0.05 && !r.agent.health().lost, "its place stays: {off_m}");
}

#[test]
fn an_ordinary_drive_says_and_records_nothing_of_it() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("way", &[0, 1, 2, 3]);
    r.run(40.0);
    assert!(r.agent.blackbox().chunks().all(|c| c.moments.is_empty()));
    assert_eq!(r.said(|x| matches!(x, Report::Noticed { .. })), 0);
}
