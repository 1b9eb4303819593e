//! What a degraded robot can still be given (domain 5.1): each cause touches some of what work may ask for, and a robot gets work
//! that none of its causes touch. Causes that touch everything make it unfit altogether. Little charge touches nothing by itself:
//! whether it is enough is the energy filter's matter.

use nooterra_jobs::Job;
use nooterra_jobs::terms::{Action, Template};
use nooterra_operations::Robot;
use nooterra_operations::RobotStatus;
use nooterra_operations::status::HealthCause;

/// What work may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// To carry.
    Load,
    /// To drive over a whole floor, line by line.
    Floor,
    /// To lift with others, all at the same instant.
    Lift,
    /// To look at something, and keep what was seen.
    Look,
    /// To be as fast or as quick as was asked for.
    Pace,
    /// To be helped from afar.
    Help,
}

const ALL: &[Part] = &[Part::Load, Part::Floor, Part::Lift, Part::Look, Part::Pace, Part::Help];

/// What a cause touches; all work, if it says so.
pub(crate) const fn touches(cause: HealthCause) -> (&'static [Part], bool) {
    match cause {
        HealthCause::FirstHeard | HealthCause::Recovered | HealthCause::BatteryLow => (&[], false),
        HealthCause::SensorFault => (&[Part::Load, Part::Floor, Part::Lift, Part::Look], false),
        HealthCause::Overheat => (&[Part::Load, Part::Lift, Part::Pace], false),
        HealthCause::Clock => (&[Part::Lift, Part::Look], false),
        HealthCause::Link => (&[Part::Help], false),
        HealthCause::DiskFull => (&[Part::Look], false),
        HealthCause::Health
        | HealthCause::MotorFault
        | HealthCause::LocalisationLost
        | HealthCause::Fall
        | HealthCause::ForcedExit
        | HealthCause::Service => (ALL, true),
    }
}

/// Does a job ask for this?
fn asks(j: &Job, part: Part) -> bool {
    let named = |names: &[&str]| j.request.need.capabilities.iter().any(|c| names.contains(&c.name.as_str()));
    let step = |is: fn(&Action) -> bool| j.steps().iter().any(|s| is(&s.action));
    match part {
        Part::Load => j.request.need.payload_g > 0 || named(&["payload_g"]),
        Part::Floor => step(|a| matches!(a, Action::Cover { .. })),
        Part::Lift => step(|a| matches!(a, Action::Lift)),
        Part::Look => j.request.template == Template::Inspect,
        Part::Pace => named(&["speed_mm_s", "accel_mm_s2", "turn_mrad_s"]),
        Part::Help => j.pins.as_deref().is_some_and(|p| p.coverage),
    }
}

/// Is a robot degraded by something that this job needs?
pub(crate) fn is_touched(j: &Job, r: &Robot) -> bool {
    let by = |c: &HealthCause| {
        let (parts, all) = touches(*c);
        all || parts.iter().any(|p| asks(j, *p))
    };
    // A link comes and goes without a change of status: it counts while the robot names it.
    let now = |c: &&HealthCause| **c != HealthCause::Link || r.errors.iter().any(|e| HealthCause::of_error(*e) == Some(HealthCause::Link));
    r.status == RobotStatus::Degraded && r.causes.iter().filter(now).any(by)
}
