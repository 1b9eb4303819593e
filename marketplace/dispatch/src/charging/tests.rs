use super::*;

fn id(i: u8) -> RobotId {
    RobotId::from_bytes([i; 16])
}
fn dock(i: u8) -> DockId {
    DockId::from_bytes([i; 16])
}
fn zone(i: u8) -> ZoneId {
    ZoneId::from_bytes([i; 16])
}

/// A robot with 20 % of a battery of 100 kJ, and docks as (id, travel, queue) in seconds.
fn idle(i: u8, docks: &[(u8, u64, u64)]) -> Idle {
    Idle {
        robot: id(i),
        soc_bps: 2_000,
        battery_j: 100_000,
        usable_j: 20_000,
        median_need_j: None,
        charging: Span::from_secs(100),
        docks: docks.iter().map(|d| DockWay { dock: dock(d.0), travel: Span::from_secs(d.1), queue: Span::from_secs(d.2) }).collect(),
        relocated: None,
        zones: Vec::new(),
    }
}

#[track_caller]
fn charges(idle: &[Idle], want: &[(u8, u8)]) {
    let got: Vec<_> = charge(idle).into_iter().map(|c| (c.robot, c.dock)).collect();
    assert_eq!(got, want.iter().map(|w| (id(w.0), dock(w.1))).collect::<Vec<_>>());
}

#[test]
fn each_goes_where_its_turn_comes_first() {
    charges(&[idle(1, &[(1, 30, 0), (2, 10, 19)])], &[(1, 2)]);
    charges(&[idle(1, &[(2, 10, 20), (1, 30, 0)])], &[(1, 1)]);
    // Who was sent there counts: 10 + 100 is more than 60. Ids decide who comes first, not the list.
    let (a, b) = (idle(1, &[(1, 10, 0), (2, 60, 0)]), idle(2, &[(1, 10, 0), (2, 60, 0)]));
    charges(&[b, a], &[(1, 1), (2, 2)]);
    charges(&[idle(1, &[])], &[]);
}

#[test]
fn low_or_weak_robots_charge_until_they_are_full_enough() {
    let mut r = idle(1, &[(1, 10, 0)]);
    let mut check = |soc_bps, usable_j, median_need_j, want| {
        (r.soc_bps, r.usable_j, r.median_need_j) = (soc_bps, usable_j, median_need_j);
        assert_eq!(must_charge(&r), want);
        assert_eq!(charge(std::slice::from_ref(&r)).len(), usize::from(want));
    };
    check(2_999, 90_000, None, true);
    check(3_000, 30_000, None, false);
    // 15 000 must be left.
    check(3_000, 30_000, Some(15_000), false);
    check(3_000, 29_999, Some(15_000), true);
    check(7_999, 29_999, Some(15_000), true);
    check(8_000, 29_999, Some(15_000), false);
    r.soc_bps = 7_999;
    assert!(!may_leave(&r, None));
    assert!(may_leave(&r, Some(14_999)) && !may_leave(&r, Some(15_000)));
    r.soc_bps = 8_000;
    assert!(may_leave(&r, None));
}

#[test]
fn the_median_is_one_of_the_values() {
    let of = |v: &[u64]| median(v.to_vec());
    assert_eq!([of(&[]), of(&[5]), of(&[9, 1]), of(&[9, 1, 5]), of(&[4, 3, 2, 1])], [None, Some(5), Some(1), Some(5), Some(2)]);
}

#[test]
fn idle_robots_move_toward_unmet_demand_once_an_hour() {
    let full = |i: u8, ways: &[(u8, u64)]| Idle {
        soc_bps: 9_000,
        zones: ways.iter().map(|w| ZoneWay { zone: zone(w.0), travel: Span::from_secs(w.1) }).collect(),
        ..idle(i, &[])
    };
    let now = Instant::from_secs(10_000);
    let run = |idle: &[Idle], demand: &[(u8, u32)]| -> Vec<(RobotId, ZoneId)> {
        let demand: Vec<_> = demand.iter().map(|d| Demand { zone: zone(d.0), unmet: d.1 }).collect();
        relocate(now, idle, &demand).into_iter().map(|r| (r.robot, r.zone)).collect()
    };
    let both = [full(1, &[(1, 50), (2, 10)]), full(2, &[(1, 20), (2, 30)])];
    // Most unmet first, the nearest goes; the other serves what is left.
    assert_eq!(run(&both, &[(1, 1), (2, 2)]), [(id(1), zone(2)), (id(2), zone(2))]);
    assert_eq!(run(&both, &[(1, 1), (2, 1)]), [(id(2), zone(1)), (id(1), zone(2))]);
    assert_eq!(run(&both, &[(1, 0), (3, 9)]), []);
    // Who is there stays, and counts.
    assert_eq!(run(&[full(1, &[(1, 0), (2, 10)]), full(2, &[(1, 5)])], &[(1, 1), (2, 1)]), []);
    assert_eq!(run(&[full(1, &[(1, 0)]), full(2, &[(1, 5)])], &[(1, 2)]), [(id(2), zone(1))]);
    let mut r = full(1, &[(1, 5)]);
    r.relocated = Some(Instant::from_secs(6_401));
    assert_eq!(run(std::slice::from_ref(&r), &[(1, 1)]), []);
    r.relocated = Some(Instant::from_secs(6_400));
    assert_eq!(run(std::slice::from_ref(&r), &[(1, 1)]), [(id(1), zone(1))]);
    r.soc_bps = 2_999;
    assert_eq!(run(&[r], &[(1, 1)]), []);
}
