//! What explains that a robot did what it should not: the faults of the scenario, and that it is in nobody's service.

use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Span};
use nooterra_operations::RobotStatus;
use nooterra_script::resolved::FaultKind;
use nooterra_stage::Stage;

/// A fault still explains what happens this long after it ended.
const AFTERMATH: Span = Span::from_secs(60);

/// Is it stranded, or in nobody's service any more?
pub(super) fn is_out_of_service(stage: &Stage, robot: RobotId) -> bool {
    stage.control.state().robots.get(&robot).is_none_or(|c| {
        matches!(c.robot.status, RobotStatus::Stranded | RobotStatus::Quarantined | RobotStatus::Retired) || c.robot.quarantined
    })
}

/// Does a fault of the scenario make this robot say what is not so?
pub(super) fn lies(stage: &Stage, robot: u32) -> bool {
    stage.setup().resolved.faults.faults.iter().any(|f| matches!(&f.kind, FaultKind::RobotLies { robot: r } if *r == robot))
}

/// Does a fault of the scenario take this robot's energy, sooner or later?
pub(super) fn drained(stage: &Stage, robot: u32) -> bool {
    let of = |k: &FaultKind| matches!(k, FaultKind::BatteryDead { robot: r } | FaultKind::BatterySag { robot: r } if *r == robot);
    stage.setup().resolved.faults.faults.iter().any(|f| of(&f.kind))
}

/// Is a fault on this robot (or one that moves or blinds it) in force, or just over?
pub(super) fn faulty(stage: &Stage, robot: u32, at: Instant) -> bool {
    in_force(stage, at, AFTERMATH, |kind| match kind {
        FaultKind::BatteryDead { robot: r }
        | FaultKind::BatterySag { robot: r }
        | FaultKind::Motor { robot: r, .. }
        | FaultKind::Sensor { robot: r, .. }
        | FaultKind::PayloadDrop { robot: r }
        | FaultKind::Astray { robot: r, .. }
        | FaultKind::RobotLies { robot: r } => *r == robot,
        FaultKind::Slip { .. } => true,
        _ => false,
    })
}

/// Is its camera's gate made to leak?
pub(super) fn leaks(stage: &Stage, robot: u32, at: Instant) -> bool {
    in_force(stage, at, Span::ZERO, |kind| matches!(kind, FaultKind::CameraLeaks { robot: r } if *r == robot))
}

/// A robot that a dead or jammed one, a jammed door or a stuck lift may keep waiting is excused.
pub(super) fn held_up(stage: &Stage, at: Instant) -> bool {
    in_force(stage, at, AFTERMATH, |_| true)
}

/// Is a fault of this kind in force, or over for no longer than `after`?
fn in_force(stage: &Stage, at: Instant, after: Span, of: impl Fn(&FaultKind) -> bool) -> bool {
    stage.setup().resolved.faults.faults.iter().any(|f| {
        let over = f.lasts.map_or(Instant::NEVER, |l| f.at.saturating_add(l).saturating_add(after));
        f.at <= at && at <= over && of(&f.kind)
    })
}
