use crate::detect::{Detectors, Finding, Reading, Sample, Thresholds};
use crate::incident::{DevTime, IncidentCode as C};
use crate::tests::dice::Dice;
use nooterra_engine::record::{decode, encode};
use std::collections::{BTreeMap, BTreeSet};

const MS: u64 = 1_000_000;

/// A reading at a time in ms.
type At = (u64, Reading);

fn run(d: &mut Detectors, boot: u32, history: &[At]) -> Vec<Finding> {
    let p = Thresholds::default();
    history.iter().flat_map(|(ms, reading)| d.see(&p, &Sample { at: DevTime { boot, ns: ms * MS }, reading: *reading })).collect()
}

/// The findings of a history, as (code, severity, ms).
fn told(history: &[At]) -> Vec<(C, u8, u64)> {
    run(&mut Detectors::default(), 1, history).iter().map(|f| (f.code, f.severity, f.at.ns / MS)).collect()
}

fn contact(impulse_mns: u64, force_mn: u64, person: bool) -> Reading {
    Reading::Contact { impulse_mns, force_mn, person, tactile: false, grasp: false }
}
fn motion(speed_mm_s: u32) -> Reading {
    Reading::Motion { speed_mm_s, tilt_urad: 0, plan_active: false, checkpoint: 0 }
}
fn tilt(tilt_urad: i64) -> Reading {
    Reading::Motion { speed_mm_s: 100, tilt_urad, plan_active: false, checkpoint: 0 }
}
fn waiting(speed_mm_s: u32, checkpoint: u16) -> Reading {
    Reading::Motion { speed_mm_s, tilt_urad: 0, plan_active: true, checkpoint }
}
fn person(clearance_mm: u32, closing_mm_s: u32, speed_mm_s: u32) -> Reading {
    Reading::Person { clearance_mm, closing_mm_s, speed_mm_s }
}
fn load(load_g: u32) -> Reading {
    Reading::Load { load_g, placing: false, delicate: false }
}
fn outside(outside_mm: u32) -> Reading {
    Reading::Footprint { outside_mm, no_go: false, private: false }
}
fn bound(measured: i64) -> Reading {
    Reading::Bound { bound: 1, measured, limit: 1_000 }
}
fn off(offset_mm: u32, turn_urad: i64) -> Reading {
    Reading::PoseError { offset_mm, turn_urad }
}
fn soc(soc_bps: u32, supply: bool) -> Reading {
    Reading::Battery { soc_bps, need_bps: 1_000, supply }
}

#[test]
fn at_and_beside_each_threshold() {
    let mut rows = 0;
    let mut check = |history: &[At], code: C, severities: &[u8]| {
        let got: Vec<u8> = told(history).into_iter().filter(|f| f.0 == code).map(|f| f.1).collect();
        assert_eq!(got, severities, "{} over {history:?}", code.text());
        rows += 1;
    };
    for (i, s) in [(499, 0), (500, 2), (1_999, 2), (2_000, 3), (9_999, 3), (10_000, 4), (39_999, 4), (40_000, 5), (u64::MAX, 5)] {
        check(&[(0, contact(i, 0, false))], C::Collision, if s == 0 { &[] } else { std::slice::from_ref(&s) });
        check(&[(0, contact(i, 0, true))], C::Collision, &[]);
    }
    let grasp = Reading::Contact { impulse_mns: 50_000, force_mn: 0, person: false, tactile: true, grasp: true };
    check(&[(0, grasp)], C::Collision, &[]);
    for (i, f, s) in [(49, 19_999, 0), (50, 0, 4), (0, 20_000, 4), (1_999, 139_999, 4), (2_000, 0, 5), (0, 140_000, 5)] {
        check(&[(0, contact(i, f, true))], C::HumanContact, if s == 0 { &[] } else { std::slice::from_ref(&s) });
        check(&[(0, contact(i, f, false))], C::HumanContact, &[]);
    }
    let touch = Reading::Contact { impulse_mns: 0, force_mn: 0, person: false, tactile: true, grasp: true };
    check(&[(0, person(300, 0, 0)), (200, touch)], C::HumanContact, &[4]);
    check(&[(0, person(301, 0, 0)), (200, touch)], C::HumanContact, &[]);
    check(&[(0, person(300, 0, 0)), (201, touch)], C::HumanContact, &[]);
    check(&[(0, person(300, 0, 0)), (201, contact(600, 0, false))], C::Collision, &[2]);
    for (reading, s) in [
        (person(499, 0, 250), 2),
        (person(500, 0, 250), 0),
        (person(499, 0, 249), 0),
        (person(999, 2_000, 0), 2),
        (person(1_000, 2_000, 0), 0),
        (person(99, 0, 10), 3),
        (person(99, 0, 9), 0),
        (person(100, 0, 10), 0),
    ] {
        check(&[(0, reading)], C::NearMiss, if s == 0 { &[] } else { std::slice::from_ref(&s) });
    }
    check(&[(0, person(400, 0, 300)), (1, person(90, 0, 300)), (2, person(400, 0, 300))], C::NearMiss, &[2, 3]);
    check(&[(0, person(400, 0, 300)), (1, person(600, 0, 300)), (2, person(400, 0, 300))], C::NearMiss, &[2, 2]);
    let stops = |n: u64, over_ms: u64| -> Vec<At> { (0..n).map(|k| (k * over_ms / (n - 1), Reading::ProtectiveStop)).collect() };
    check(&stops(4, 60_000), C::ProtectiveStopStorm, &[]);
    check(&stops(5, 60_000), C::ProtectiveStopStorm, &[2]);
    check(&stops(5, 60_001), C::ProtectiveStopStorm, &[]);
    check(&stops(9, 60_000), C::ProtectiveStopStorm, &[2]);
    check(&stops(10, 60_000), C::ProtectiveStopStorm, &[2, 3]);
    check(&stops(10, 60_009), C::ProtectiveStopStorm, &[2]);
    for (a, b, ms, fell) in
        [(1_000, 800, 500, true), (1_000, 801, 500, false), (1_000, 800, 501, false), (200, 100, 1, true), (200, 101, 1, false)]
    {
        check(&[(0, load(a)), (ms, load(b))], C::PayloadDrop, if fell { &[3] } else { &[] });
    }
    check(&[(0, load(1_000)), (400, load(900)), (500, load(700))], C::PayloadDrop, &[3]);
    check(&[(0, load(1_000)), (1, Reading::Load { load_g: 0, placing: true, delicate: true }), (2, load(0))], C::PayloadDrop, &[]);
    check(&[(0, load(1_000)), (1, Reading::Load { load_g: 0, placing: false, delicate: true })], C::PayloadDrop, &[4]);
    let nogo = |private| Reading::Footprint { outside_mm: 0, no_go: true, private };
    check(&[(0, outside(51)), (200, outside(51))], C::ZoneViolation, &[3]);
    check(&[(0, outside(51)), (199, outside(51))], C::ZoneViolation, &[]);
    check(&[(0, outside(50)), (900, outside(50))], C::ZoneViolation, &[]);
    check(&[(0, outside(51)), (100, outside(0)), (200, outside(51))], C::ZoneViolation, &[]);
    check(&[(0, nogo(false)), (200, nogo(false)), (300, nogo(true))], C::ZoneViolation, &[3, 4]);
    check(&[(0, waiting(9, 1)), (60_000, waiting(9, 1)), (300_000, waiting(9, 1))], C::Stall, &[1, 2]);
    check(&[(0, waiting(9, 1)), (59_999, waiting(9, 1))], C::Stall, &[]);
    check(&[(0, waiting(9, 1)), (30_000, waiting(9, 2)), (89_999, waiting(9, 2))], C::Stall, &[]);
    check(&[(0, waiting(9, 1)), (30_000, waiting(10, 1)), (89_999, waiting(9, 1))], C::Stall, &[]);
    check(&[(0, motion(0)), (60_000, motion(0))], C::Stall, &[]);
    let inside = Reading::Presence { inside: true };
    check(&[(0, inside), (14_999, Reading::Tick)], C::LinkLost, &[]);
    check(&[(0, inside), (15_000, Reading::Tick), (300_000, Reading::Tick)], C::LinkLost, &[1, 2]);
    check(&[(0, inside), (14_000, Reading::Heartbeat), (28_999, motion(0))], C::LinkLost, &[]);
    check(&[(0, Reading::Heartbeat), (99_000, Reading::Tick)], C::LinkLost, &[]);
    for (reading, bad) in
        [(off(300, 0), true), (off(299, 0), false), (off(0, -175_000), true), (off(0, 174_999), false), (off(0, i64::MIN), true)]
    {
        check(&[(0, reading), (2_000, reading)], C::LocalisationDivergence, if bad { &[2] } else { &[] });
        check(&[(0, reading), (1_999, reading)], C::LocalisationDivergence, &[]);
    }
    check(&[(0, off(300, 0)), (1, motion(10)), (4_000, off(300, 0))], C::LocalisationDivergence, &[3]);
    check(&[(0, off(300, 0)), (1, motion(10)), (3_999, off(300, 0))], C::LocalisationDivergence, &[2]);
    check(&[(0, off(300, 0)), (1, motion(9)), (4_000, off(300, 0))], C::LocalisationDivergence, &[2]);
    let residual = |milli| Reading::Residual { milli };
    check(&[(0, residual(3_000)), (3_000, residual(3_000))], C::TwinResidual, &[2]);
    check(&[(0, residual(3_000)), (2_999, residual(3_000))], C::TwinResidual, &[]);
    check(&[(0, residual(3_000)), (3_000, residual(2_999))], C::TwinResidual, &[]);
    check(&[(0, residual(9_000)), (5_000, residual(0)), (5_001, residual(0))], C::TwinResidual, &[2]);
    check(&[(0, soc(1_500, true))], C::BatteryDepletion, &[]);
    check(&[(0, soc(1_499, true)), (1, soc(1_400, true))], C::BatteryDepletion, &[2]);
    check(&[(0, soc(9_000, false))], C::BatteryDepletion, &[]);
    check(&[(0, inside), (0, soc(9_000, false))], C::BatteryDepletion, &[3]);
    check(&[(0, bound(1_101)), (200, bound(-1_101))], C::ClampBreach, &[4]);
    check(&[(0, bound(1_101)), (199, bound(1_101))], C::ClampBreach, &[]);
    check(&[(0, bound(1_100)), (200, bound(1_100))], C::ClampBreach, &[]);
    check(&[(0, bound(i64::MIN)), (200, bound(i64::MAX))], C::ClampBreach, &[4]);
    check(&[(0, tilt(349_999))], C::TipOver, &[]);
    check(&[(0, tilt(-350_000)), (1, tilt(i64::MIN)), (2, tilt(0)), (3, tilt(350_000))], C::TipOver, &[4, 4]);
    let stop = |acked| Reading::StopOrder { acked };
    check(&[(0, stop(true)), (0, motion(50)), (300, motion(50))], C::UncommandedMotion, &[5]);
    check(&[(0, stop(true)), (0, motion(50)), (299, motion(50))], C::UncommandedMotion, &[]);
    check(&[(0, stop(true)), (0, motion(49)), (300, motion(50))], C::UncommandedMotion, &[]);
    check(&[(0, stop(true)), (0, motion(50)), (1, stop(false)), (2, stop(true)), (300, motion(50))], C::UncommandedMotion, &[]);
    check(&[(0, motion(50)), (300, motion(50))], C::UncommandedMotion, &[]);
    let gate = |open| Reading::Gate { channel: 3, open };
    let frame = Reading::Frame { channel: 3 };
    check(&[(0, frame)], C::PrivacyBreach, &[4]);
    check(&[(0, gate(true)), (1, frame), (2, gate(false)), (3, frame), (4, frame)], C::PrivacyBreach, &[4, 4]);
    check(&[(0, gate(true)), (1, Reading::Frame { channel: 4 })], C::PrivacyBreach, &[4]);
    for (grant, fence) in [(true, true), (true, false), (false, true), (false, false)] {
        check(&[(0, Reading::Passage { grant, fence })], C::AccessAnomaly, if grant && fence { &[] } else { &[4] });
    }
    let chunk = |number| Reading::Chunk { number };
    check(&[(0, chunk(7)), (2_000, Reading::Tick)], C::TelemetryGap, &[]);
    check(&[(0, chunk(7)), (2_001, Reading::Tick), (2_002, Reading::Tick)], C::TelemetryGap, &[2]);
    check(&[(0, chunk(7)), (1_000, chunk(9)), (2_001, chunk(10))], C::TelemetryGap, &[2]);
    check(&[(0, chunk(7)), (1_000, chunk(9)), (1_500, chunk(8)), (3_000, Reading::Tick)], C::TelemetryGap, &[]);
    check(&[(0, Reading::IncidentOpen { open: true }), (0, chunk(7)), (2_001, Reading::Tick)], C::TelemetryGap, &[3]);
    let (down, up) = (Reading::Link { up: false }, Reading::Link { up: true });
    check(&[(0, chunk(7)), (1, down), (9_000, up), (11_000, Reading::Tick)], C::TelemetryGap, &[]);
    check(&[(0, chunk(7)), (1, down), (9_000, up), (10_000, up), (11_001, Reading::Tick)], C::TelemetryGap, &[2]);
    check(&[(0, chunk(u64::MAX)), (1, chunk(u64::MAX)), (2, chunk(0))], C::TelemetryGap, &[]);
    println!("detectors: {rows} rows at and beside thresholds");
}

/// The same rules by looking over the whole history at once, for its last sample: per code nothing, if the sample does
/// not speak of it, or the severity that holds, 0 for none.
fn naive(h: &[At]) -> BTreeMap<C, u8> {
    let (now, last) = *h.last().unwrap();
    let mut out = BTreeMap::new();
    // How long the latest unbroken run of readings with `f` = true has lasted, if the last of them is true.
    let held = |f: &dyn Fn(&Reading) -> Option<bool>| -> Option<u64> {
        let mut since = None;
        for (t, r) in h.iter().rev() {
            match f(r) {
                Some(true) => since = Some(*t),
                Some(false) => break,
                None => {}
            }
        }
        since.map(|s| now - s)
    };
    let recent = |f: &dyn Fn(&Reading) -> bool, ms: u64| h.iter().filter(|(t, r)| now - t <= ms && f(r)).count();
    let mut set = |c, steps: &[(bool, u8)]| {
        out.insert(c, steps.iter().filter(|s| s.0).map(|s| s.1).max().unwrap_or(0));
    };
    match last {
        Reading::Contact { impulse_mns: i, force_mn: f, person, tactile, grasp } => {
            let near = recent(&|r| matches!(r, Reading::Person { clearance_mm: 0..=300, .. }), 200) > 0;
            let human = person || tactile && near;
            set(C::HumanContact, &[(human && (i >= 50 || f >= 20_000 || tactile && near), 4), (human && (i >= 2_000 || f >= 140_000), 5)]);
            let hit = !human && !grasp;
            set(C::Collision, &[(hit && i >= 500, 2), (hit && i >= 2_000, 3), (hit && i >= 10_000, 4), (hit && i >= 40_000, 5)]);
        }
        Reading::Person { clearance_mm: c, closing_mm_s: v, speed_mm_s: s } => {
            let ms = if v == 0 { u64::MAX } else { u64::from(c) * 1_000 / u64::from(v) };
            set(C::NearMiss, &[(c < 500 && s >= 250 || ms < 500, 2), (c < 100 && s >= 10, 3)]);
        }
        Reading::ProtectiveStop => {
            let n = recent(&|r| *r == Reading::ProtectiveStop, 60_000);
            set(C::ProtectiveStopStorm, &[(n >= 5, 2), (n >= 10, 3)]);
        }
        Reading::Load { load_g, delicate, .. } => {
            let from = h.iter().rposition(|(_, r)| matches!(r, Reading::Load { placing: true, .. })).unwrap_or(0);
            let fell = h[from..].iter().any(|(t, r)| match r {
                Reading::Load { load_g: b, .. } if now - t <= 500 => *b >= load_g + 100 && (b - load_g) * 5 >= *b,
                _ => false,
            });
            set(C::PayloadDrop, &[(fell, 3), (fell && delicate, 4)]);
        }
        Reading::Footprint { private, .. } => {
            let long =
                held(&|r| if let Reading::Footprint { outside_mm, no_go, .. } = r { Some(*outside_mm > 50 || *no_go) } else { None });
            let long = long.is_some_and(|t| t >= 200);
            set(C::ZoneViolation, &[(long, 3), (long && private, 4)]);
        }
        Reading::Motion { tilt_urad, checkpoint, .. } => {
            set(C::TipOver, &[(tilt_urad.abs() >= 350_000, 4)]);
            let t = held(&|r| match r {
                Reading::Motion { speed_mm_s, plan_active, checkpoint: c, .. } => {
                    Some(*plan_active && *speed_mm_s < 10 && *c == checkpoint)
                }
                _ => None,
            });
            set(C::Stall, &[(t.is_some_and(|t| t >= 60_000), 1), (t.is_some_and(|t| t >= 300_000), 2)]);
            let cleared = h.iter().rposition(|(_, r)| *r == Reading::StopOrder { acked: false }).map_or(0, |k| k + 1);
            let acked = h[cleared..].iter().position(|(_, r)| *r == Reading::StopOrder { acked: true }).map(|k| k + cleared);
            let t = acked.and_then(|from| {
                let moves = h[from..]
                    .iter()
                    .filter_map(|(t, r)| if let Reading::Motion { speed_mm_s, .. } = r { Some((*t, *speed_mm_s)) } else { None });
                let fast: Vec<_> = moves.collect::<Vec<_>>().into_iter().rev().take_while(|m| m.1 >= 50).collect();
                fast.last().map(|m| now - m.0)
            });
            set(C::UncommandedMotion, &[(t.is_some_and(|t| t >= 300), 5)]);
        }
        Reading::PoseError { .. } => {
            let t = held(&|r| {
                if let Reading::PoseError { offset_mm, turn_urad } = r {
                    Some(*offset_mm >= 300 || turn_urad.abs() >= 175_000)
                } else {
                    None
                }
            });
            let speed = h.iter().rev().find_map(|(_, r)| if let Reading::Motion { speed_mm_s, .. } = r { Some(*speed_mm_s) } else { None });
            let moves = speed.is_some_and(|s| s >= 10);
            set(C::LocalisationDivergence, &[(t.is_some_and(|t| t >= 2_000), 2), (t.is_some_and(|t| t >= 4_000) && moves, 3)]);
        }
        Reading::Residual { .. } => {
            let all: Vec<(u64, u64)> = h
                .iter()
                .filter_map(|(t, r)| if let Reading::Residual { milli } = r { Some((*t, u64::from(*milli))) } else { None })
                .collect();
            let high = |k: usize| {
                let w: Vec<u64> = all[..=k].iter().filter(|(t, _)| all[k].0 - t <= 5_000).map(|x| x.1).collect();
                w.iter().sum::<u64>() >= 3_000 * w.len() as u64
            };
            let first = (0..all.len()).rev().take_while(|k| high(*k)).last();
            set(C::TwinResidual, &[(first.is_some_and(|k| now - all[k].0 >= 3_000), 2)]);
        }
        Reading::Battery { soc_bps, need_bps, supply } => {
            let inside =
                h.iter().rev().find_map(|(_, r)| if let Reading::Presence { inside } = r { Some(*inside) } else { None }) == Some(true);
            set(C::BatteryDepletion, &[(soc_bps < need_bps + 500, 2), (!supply && inside, 3)]);
        }
        Reading::Frame { channel } => {
            let gate = h.iter().rev().find_map(|(_, r)| match r {
                Reading::Gate { channel: c, open } if *c == channel => Some(*open),
                _ => None,
            });
            set(C::PrivacyBreach, &[(gate != Some(true), 4)]);
        }
        Reading::Passage { grant, fence } => set(C::AccessAnomaly, &[(!(grant && fence), 4)]),
        _ => {}
    }
    let inside = held(&|r| if let Reading::Presence { inside } = r { Some(*inside) } else { None });
    let heard = h.iter().rev().find(|(_, r)| *r == Reading::Heartbeat).map(|x| now - x.0);
    let silent = inside.map(|i| heard.unwrap_or(i));
    set(C::LinkLost, &[(silent.is_some_and(|s| s >= 15_000), 1), (silent.is_some_and(|s| s >= 300_000), 2)]);
    let incident = h.iter().rev().find_map(|(_, r)| if let Reading::IncidentOpen { open } = r { Some(*open) } else { None }) == Some(true);
    let late = gap(h, now);
    set(C::TelemetryGap, &[(late, 2), (late && incident, 3)]);
    out
}

fn gap(h: &[At], now: u64) -> bool {
    let chunks: Vec<(u64, u64)> =
        h.iter().filter_map(|(t, r)| if let Reading::Chunk { number } = r { Some((*t, *number)) } else { None }).collect();
    let Some((_, first)) = chunks.first() else { return false };
    let whole = |k: usize| {
        let there: BTreeSet<u64> = chunks[..=k].iter().map(|c| c.1).collect();
        (*first..).find(|n| !there.contains(n)).unwrap()
    };
    let awaited = whole(chunks.len() - 1);
    let since = (0..chunks.len()).find(|k| whole(*k) == awaited).map_or(0, |k| chunks[k].0);
    let mut links: Vec<(u64, bool)> = vec![(0, true)];
    for (t, r) in h {
        match r {
            Reading::Link { up } if *up != links.last().unwrap().1 => links.push((*t, *up)),
            _ => {}
        }
    }
    let (changed, up) = *links.last().unwrap();
    up && now - since.max(changed) > 2_000
}

#[test]
fn detectors_agree_with_one_that_sees_everything_at_once() {
    let (mut d, mut samples, mut findings) = (Dice(5), 0u64, BTreeMap::<(C, u8), u64>::new());
    for _ in 0..3_000 {
        let theme = d.below(14);
        let (mut history, mut now): (Vec<At>, u64) = (Vec::new(), 1);
        let (mut machine, mut said) = (Detectors::default(), BTreeMap::<(C, u16), u8>::new());
        let pace = d.pick(&[60, 250, 1_200, 9_000, 70_000]);
        for _ in 0..50 {
            now += d.below(pace);
            let kind = if d.one_in(3) { d.below(20) } else { theme };
            history.push((now, throw(&mut d, kind)));
            let mut want = BTreeSet::new();
            let reading = history.last().unwrap().1;
            let mut levels = naive(&history);
            let mut key = 0;
            if let Reading::Bound { bound, .. } = reading {
                key = bound;
                let over = |r: &Reading| match r {
                    Reading::Bound { bound: b, measured, limit } if *b == bound => Some(measured.abs() * 10 > limit * 11),
                    _ => None,
                };
                let own: Vec<_> = history.iter().filter_map(|(t, r)| Some((*t, over(r)?))).collect();
                let first = own.iter().rev().take_while(|x| x.1).last();
                levels.insert(C::ClampBreach, if first.is_some_and(|x| now - x.0 >= 200) { 4 } else { 0 });
            }
            if matches!(reading, Reading::StopOrder { acked: false }) {
                levels.insert(C::UncommandedMotion, 0);
            }
            let checkpoint = |r: &Reading| if let Reading::Motion { checkpoint, .. } = r { Some(*checkpoint) } else { None };
            let mut marks = history.iter().rev().filter_map(|(_, r)| checkpoint(r));
            if checkpoint(&reading).is_some() && marks.next() != marks.next() {
                said.remove(&(C::Stall, 0));
            }
            for (code, level) in levels {
                let once = matches!(code, C::Collision | C::HumanContact | C::PrivacyBreach | C::AccessAnomaly);
                let k = if code == C::ClampBreach { key } else { 0 };
                let before = said.entry((code, k)).or_default();
                if level > 0 && (once || level > *before) {
                    want.insert((code, level));
                }
                *before = if level == 0 { 0 } else { (*before).max(level) };
            }
            let got = run(&mut machine, 1, &history[history.len() - 1..]);
            let got: BTreeSet<(C, u8)> = got.iter().map(|f| (f.code, f.severity)).collect();
            assert_eq!(got, want, "{history:?}");
            got.into_iter().for_each(|f| *findings.entry(f).or_default() += 1);
            samples += 1;
            let bytes = encode(&machine);
            machine = decode(&bytes).unwrap();
            assert_eq!(encode(&machine), bytes);
        }
    }
    println!("detectors: {samples} samples, findings {:?}", findings.iter().map(|((c, s), n)| (c.text(), s, n)).collect::<Vec<_>>());
    let reached: BTreeSet<(C, u8)> = findings.keys().copied().collect();
    for code in &C::ALL[..17] {
        let (least, most) = code.severities();
        (least..=most).for_each(|s| assert!(reached.contains(&(*code, s)), "{} {s} was never found", code.text()));
    }
}

fn throw(d: &mut Dice, kind: u64) -> Reading {
    match kind {
        0 => Reading::Contact {
            impulse_mns: d.pick(&[0, 49, 50, 499, 500, 2_000, 9_999, 10_000, 40_000]),
            force_mn: d.pick(&[0, 19_999, 20_000, 140_000]),
            person: d.one_in(2),
            tactile: d.one_in(2),
            grasp: d.one_in(4),
        },
        1 => person(d.pick(&[50, 99, 100, 300, 301, 499, 500, 900]), d.pick(&[0, 100, 1_000, 2_000]), d.pick(&[0, 9, 10, 249, 250])),
        2 => Reading::ProtectiveStop,
        3 => Reading::Load { load_g: d.pick(&[0, 100, 199, 200, 800, 801, 1_000]), placing: d.one_in(6), delicate: d.one_in(3) },
        4 => Reading::Footprint { outside_mm: d.pick(&[0, 50, 51, 90, 90, 90]), no_go: d.one_in(5), private: d.one_in(4) },
        5 | 6 => Reading::Motion {
            speed_mm_s: d.pick(&[0, 0, 0, 9, 10, 49, 50, 60]),
            tilt_urad: d.pick(&[0, 0, 0, -349_999, 350_000]),
            plan_active: !d.one_in(9),
            checkpoint: u16::from(d.one_in(9)),
        },
        7 => off(d.pick(&[0, 299, 300, 400, 400, 400, 400]), d.pick(&[0, 174_999, -175_000])),
        8 => Reading::Residual { milli: d.pick(&[2_900, 3_000, 3_100, 4_000, 5_000]) },
        9 => Reading::Battery { soc_bps: d.pick(&[900, 1_499, 1_500, 9_000]), need_bps: 1_000, supply: !d.one_in(4) },
        10 => Reading::Bound { bound: d.below(2) as u16, measured: d.pick(&[0, 1_100, 1_101, -1_101, 1_200]), limit: 1_000 },
        11 => Reading::Frame { channel: d.below(2) as u16 },
        12 => Reading::Passage { grant: !d.one_in(4), fence: !d.one_in(4) },
        13 => Reading::Chunk { number: 5 + d.below(9) },
        14 => Reading::Gate { channel: d.below(2) as u16, open: d.one_in(2) },
        15 => Reading::StopOrder { acked: !d.one_in(3) },
        16 => Reading::Presence { inside: !d.one_in(4) },
        17 => Reading::Heartbeat,
        18 => d.pick(&[Reading::Link { up: true }, Reading::Link { up: false }]),
        _ => d.pick(&[Reading::Tick, Reading::IncidentOpen { open: true }, Reading::IncidentOpen { open: false }]),
    }
}

#[test]
fn neither_old_samples_nor_reboots_empty_a_window() {
    let stops: Vec<At> = (0..4).map(|k| (1_000 + k, Reading::ProtectiveStop)).collect();
    let mut m = Detectors::default();
    assert!(run(&mut m, 3, &stops).is_empty());
    // A sample from long ago is judged as of now; one of an earlier boot as well.
    assert!(run(&mut m, 3, &[(0, Reading::Tick)]).is_empty() && run(&mut m, 2, &[(999_999, Reading::Tick)]).is_empty());
    let mut again = m.clone();
    assert_eq!(run(&mut again, 3, &[(0, Reading::ProtectiveStop)]).len(), 1);
    assert_eq!(run(&mut m, 4, &[(0, Reading::ProtectiveStop)]).len(), 1, "a reboot goes on where it was");
    let mut m = Detectors::default();
    run(&mut m, 1, &[(5_000, outside(90))]);
    assert!(run(&mut m, 2, &[(0, outside(90)), (199, outside(90))]).is_empty());
    assert_eq!(run(&mut m, 2, &[(200, outside(90))]).len(), 1);
    // Any number passes without a panic.
    let p = Thresholds::default();
    let mut d = Dice(9);
    let mut m = Detectors::default();
    for _ in 0..50_000 {
        let big = [0, 1, u64::MAX, u64::MAX / 2, i64::MAX as u64];
        let kind = d.below(20);
        let reading = throw(&mut d, kind);
        m.see(&p, &Sample { at: DevTime { boot: d.pick(&[0, 1, u32::MAX]), ns: d.pick(&big) }, reading });
    }
}
