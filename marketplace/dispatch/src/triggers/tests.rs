use super::*;

const NOW: Instant = Instant::from_secs(10_000);

fn job(i: u8) -> JobId {
    JobId::from_bytes([i; 16])
}
fn robot(i: u8) -> RobotId {
    RobotId::from_bytes([i; 16])
}
fn leg(phase: Phase) -> Leg {
    Leg { job: job(1), robot: robot(1), phase, allows_handover: true }
}

/// Actions as one line, `release LATE; exclude; dispatch`.
fn told(t: &Trigger) -> String {
    let one = |a: &Action| match a {
        Action::Release { job: j, robot: r, why } => {
            format!("release {why:?}{}", if (*j, *r) == (job(1), robot(1)) { "" } else { " of 2" })
        }
        Action::AbortTrip { .. } => "abort".into(),
        Action::Exclude { until, .. } => {
            assert_eq!(*until, Instant::from_secs(11_800));
            "exclude".into()
        }
        Action::DispatchNow => "dispatch".into(),
        Action::SafeExit { handover, .. } => if *handover { "exit, hand over" } else { "exit" }.into(),
        Action::WrapUp { .. } => "wrap up".into(),
        Action::Reroute { .. } => "reroute".into(),
        Action::ReserveOperator { .. } => "reserve".into(),
        Action::RecordUncovered { .. } => "uncovered".into(),
        Action::Match { robot: r, .. } => {
            assert_eq!(*r, robot(2));
            "match".into()
        }
    };
    actions(t, NOW).iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_lost_lease_bars_the_robot_and_runs_a_batch() {
    for how in [Loss::Refused, Loss::Lapsed, Loss::Released, Loss::TripAborted] {
        assert_eq!(told(&Trigger::LeaseLost { job: job(1), robot: robot(1), how }), "exclude; dispatch");
    }
}

#[test]
fn a_robot_that_is_out_gives_everything_up() {
    let out = |legs: &[Leg]| told(&Trigger::RobotOut { legs: legs.to_vec() });
    assert_eq!(out(&[]), "");
    assert_eq!(out(&[leg(Phase::Waiting)]), "release RobotOut; exclude; dispatch");
    assert_eq!(out(&[leg(Phase::Outside)]), "release RobotOut; exclude; dispatch");
    assert_eq!(out(&[leg(Phase::Inside)]), "exit, hand over");
    assert_eq!(out(&[Leg { allows_handover: false, ..leg(Phase::Inside) }]), "exit");
    let second = Leg { job: job(2), ..leg(Phase::Waiting) };
    assert_eq!(out(&[leg(Phase::Outside), second]), "release RobotOut; exclude; release RobotOut of 2; exclude; dispatch");
}

#[test]
fn who_will_be_late_is_released_only_for_somebody_better() {
    let eta = |s: u64, has_other, phase| {
        let (eta, arrive_by) = (Instant::from_secs(s), Instant::from_secs(20_060));
        told(&Trigger::EtaPredicted { leg: leg(phase), eta, arrive_by, has_other })
    };
    assert_eq!(eta(20_000, true, Phase::Outside), "");
    assert_eq!(eta(20_001, true, Phase::Outside), "release Late; exclude; dispatch");
    assert_eq!(eta(20_001, true, Phase::Waiting), "release Late; exclude; dispatch");
    assert_eq!(eta(20_001, false, Phase::Outside), "");
    assert_eq!(eta(20_001, true, Phase::Inside), "");
}

#[test]
fn too_little_energy_turns_a_robot_back_or_out() {
    let low =
        |left_j, is_return_touched, phase| told(&Trigger::EnergyForecast { leg: leg(phase), left_j, bound_j: 100, is_return_touched });
    for phase in [Phase::Waiting, Phase::Outside, Phase::Inside] {
        assert_eq!(low(100, false, phase), "");
    }
    assert_eq!(low(99, false, Phase::Outside), "abort; exclude; dispatch");
    assert_eq!(low(99, false, Phase::Inside), "wrap up");
    assert_eq!(low(99, true, Phase::Inside), "exit, hand over");
}

#[test]
fn a_closed_way_is_gone_round() {
    let closed = |has_route, phase| told(&Trigger::WayClosed { leg: leg(phase), has_route });
    assert_eq!(closed(true, Phase::Inside), "reroute");
    assert_eq!(closed(false, Phase::Outside), "release NoRoute; exclude; dispatch");
    assert_eq!(closed(false, Phase::Inside), "exit, hand over");
}

#[test]
fn an_operator_is_replaced_missed_or_done_without() {
    let lost = |has_other, phase| told(&Trigger::CoverageLost { leg: leg(phase), has_other });
    assert_eq!(lost(true, Phase::Inside), "reserve");
    assert_eq!(lost(false, Phase::Waiting), "release NoCoverage; exclude; dispatch");
    assert_eq!(lost(false, Phase::Outside), "uncovered");
    assert_eq!(lost(false, Phase::Inside), "uncovered");
}

#[test]
fn swaps_have_their_limits() {
    let swap = |saves: i64, ahead: u64, swaps, phase| {
        let depart_by = NOW + Span::from_secs(ahead);
        told(&Trigger::RobotFreed { leg: leg(phase), other: robot(2), cost: 5_000, other_cost: 5_000 - saves, depart_by, swaps })
    };
    let done = "release Swapped; match; exclude; dispatch";
    assert_eq!(swap(3_000, 1_801, 1, Phase::Waiting), done);
    assert_eq!(swap(2_999, 1_801, 1, Phase::Waiting), "");
    assert_eq!(swap(3_000, 1_800, 1, Phase::Waiting), "");
    assert_eq!(swap(3_000, 1_801, 2, Phase::Waiting), "");
    assert_eq!(swap(3_000, 1_801, 0, Phase::Outside), "");
    let same = Trigger::RobotFreed {
        leg: leg(Phase::Waiting),
        other: robot(1),
        cost: i64::MAX,
        other_cost: i64::MIN,
        depart_by: Instant(u64::MAX),
        swaps: 0,
    };
    assert_eq!(told(&same), "");
}
