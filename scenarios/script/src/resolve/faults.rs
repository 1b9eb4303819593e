//! The fault plan: entries become faults at instants, repeated ones are drawn under the seed.

use super::names::Parties;
use super::{Desk, profile};
use crate::at::At;
use crate::resolved::{FaultKind, MotorFault, SensorFault, SensorKind, Walker};
use crate::scenario::{self, FaultEntry, ObstacleFault, RobotFault};
use crate::words::Time;
use nooterra_engine::chance::Place;
use nooterra_engine::faults::{Fault, FaultPlan};
use nooterra_engine::net::Profile;
use nooterra_engine::time::{Instant, Span};
use nooterra_site::model::Site;

const AGAIN: Place = Place::named("script.fault.every");
/// Most faults in a plan.
const MOST: usize = 10_000;
const OBSTACLE_MM: u32 = 600;
const SLIP_MM: u32 = 1_000;
const SLIP_PPM: u32 = 100_000;
const WALK_MPS: f64 = 1.2;

pub(super) fn plan(desk: &mut Desk<'_>, parties: &Parties<'_>, base: Profile, duration: Span) -> FaultPlan<FaultKind> {
    let scenario = desk.scenario;
    let mut out: Vec<Fault<FaultKind>> = Vec::new();
    for (i, e) in scenario.faults.iter().enumerate() {
        let Some((kind, inner)) = kind(desk, e, parties, base) else { continue };
        let lasts = match (inner, &e.lasts) {
            (Some(a), Some(b)) if a != b => {
                desk.flaw(b, "`for` is given twice", "keep one of them");
                Some(a.value.0)
            }
            (a, b) => a.or(b.as_ref()).map(|t| t.value.0),
        };
        let times = times(desk, e, i as u64, duration);
        if out.len() <= MOST && out.len() + times.len() > MOST {
            desk.flaw(e, format!("more than {MOST} faults"), "widen `between` or shorten `duration`");
        }
        for at in times {
            out.push(Fault { at, lasts, kind: kind.clone() });
        }
    }
    out.truncate(MOST);
    out.sort_by_key(|f| f.at);
    FaultPlan { faults: out }
}

fn times(desk: &mut Desk<'_>, e: &At<FaultEntry>, entry: u64, duration: Span) -> Vec<Instant> {
    match (&e.at, &e.every) {
        (Some(at), None) => {
            if at.0 > duration {
                desk.flaw(at, "the fault strikes after the end of `duration`", "choose an earlier `at`");
            }
            vec![Instant::ZERO + at.0]
        }
        (None, Some(every)) => {
            let (low, high) = (every.between[0].0, every.between[1].0);
            if low < Span::from_millis(100) || high < low {
                desk.flaw(
                    &every.between[0],
                    "`between` needs two times of at least 100 ms, the shorter first",
                    "write for example `[2m, 5m]`",
                );
                return Vec::new();
            }
            let (mut at, mut out) = (Instant::ZERO, Vec::new());
            while out.len() <= MOST {
                at += Span(desk.chance.between(AGAIN, entry, low.0, high.0));
                if at.since(Instant::ZERO) > duration {
                    break;
                }
                out.push(at);
            }
            out
        }
        _ => {
            desk.flaw(e, "a fault needs either `at` or `every`", "write for example `at: 6m` or `every: {between: [2m, 5m]}`");
            Vec::new()
        }
    }
}

/// What goes wrong, and the `for` written inside it.
type Found<'a> = Option<(FaultKind, Option<&'a At<Time>>)>;

fn kind<'a>(desk: &mut Desk<'_>, e: &'a At<FaultEntry>, parties: &Parties<'_>, base: Profile) -> Found<'a> {
    let given = [
        e.obstacle.is_some(),
        e.network.is_some(),
        e.partition.is_some(),
        e.cut.is_some(),
        e.robot.is_some(),
        e.slip.is_some(),
        e.door.is_some(),
        e.lift.is_some(),
        e.person.is_some(),
        e.provider.is_some(),
        e.requester.is_some(),
        e.payments.is_some(),
        e.operator.is_some(),
        e.site.is_some(),
    ];
    if given.iter().filter(|g| **g).count() != 1 {
        let remedy =
            "one of obstacle, network, partition, cut, robot, slip, door, lift, person, provider, requester, payments, operator, site";
        desk.flaw(e, "a fault has exactly one kind", remedy);
        return None;
    }
    let site = desk.site;
    if let Some(o) = &e.obstacle {
        return obstacle(desk, e, o).map(|k| (k, o.lasts.as_ref()));
    }
    if let Some(n) = &e.network {
        let link = desk.group(&n.link, parties)?;
        let p = profile(base, n.loss.as_ref(), n.delay.as_ref(), n.jitter.as_ref(), n.duplicate.as_ref(), n.reorder.as_ref());
        return Some((FaultKind::Network { link, profile: p }, n.lasts.as_ref()));
    }
    if let Some(p) = &e.partition {
        let group: Vec<_> = p.group.iter().filter_map(|g| desk.group(g, parties)).collect();
        if p.group.is_empty() {
            desk.flaw(e, "the group is empty", "write for example `group: [robots]`");
        }
        return (group.len() == p.group.len() && !group.is_empty()).then_some((FaultKind::Partition { group }, p.lasts.as_ref()));
    }
    if let Some(c) = &e.cut {
        let (from, to) = (desk.group(&c.from, parties), desk.group(&c.to, parties));
        return Some((FaultKind::Cut { from: from?, to: to? }, c.lasts.as_ref()));
    }
    if let Some(r) = &e.robot {
        return robot(desk, e, r, parties).map(|k| (k, r.lasts.as_ref()));
    }
    if let Some(s) = &e.slip {
        let v = desk.vertex(&s.near)?;
        let radius_m = f64::from(s.radius.as_ref().map_or(SLIP_MM, |r| r.0)) / 1_000.0;
        let grip_ppm = s.grip.as_ref().map_or(SLIP_PPM, |g| g.0);
        let vertex = &site.vertices[v.at()];
        return Some((FaultKind::Slip { level: vertex.level, at: vertex.at, radius_m, grip_ppm }, s.lasts.as_ref()));
    }
    if let Some(d) = &e.door {
        return desk.door(&d.name).map(|door| (FaultKind::DoorJam { door }, d.lasts.as_ref()));
    }
    if let Some(l) = &e.lift {
        return desk.lift(&l.name).map(|lift| (FaultKind::LiftStuck { lift }, l.lasts.as_ref()));
    }
    if let Some(p) = &e.person {
        return person(desk, e, &p.path).map(|walker| (FaultKind::Person { walker }, p.lasts.as_ref()));
    }
    if let Some(p) = &e.provider {
        return desk.provider(&p.name, parties.providers).map(|provider| (FaultKind::ProviderSilent { provider }, p.lasts.as_ref()));
    }
    if let Some(p) = &e.requester {
        return desk.requester(&p.name, parties).map(|requester| (FaultKind::RequesterSilent { requester }, p.lasts.as_ref()));
    }
    if let Some(s) = &e.site {
        return Some((FaultKind::SiteRefuses {}, s.lasts.as_ref()));
    }
    if let Some(o) = &e.operator {
        return desk.operator(&o.name).map(|operator| (FaultKind::OperatorAbsent { operator }, o.lasts.as_ref()));
    }
    e.payments.as_ref().map(|p| (FaultKind::PaymentsDecline { ppm: p.decline.0 }, p.lasts.as_ref()))
}

fn person(desk: &mut Desk<'_>, e: &At<FaultEntry>, path: &[At<String>]) -> Option<Walker> {
    let site: &Site = desk.site;
    let found: Vec<_> = path.iter().filter_map(|v| desk.vertex(v)).collect();
    if found.len() < path.len() {
        return None;
    }
    let (Some(first), true) = (found.first(), found.len() > 1) else {
        desk.flaw(e, "a path has at least two vertices", "write for example `path: [pantry, lounge]`");
        return None;
    };
    let level = site.vertices[first.at()].level;
    if let Some(i) = found.iter().position(|v| site.vertices[v.at()].level != level) {
        desk.flaw(&path[i], "a path stays on one level", "choose vertices of one level");
        return None;
    }
    Some(Walker { level, path: found.iter().map(|v| site.vertices[v.at()].at).collect(), speed_mps: WALK_MPS })
}

fn obstacle(desk: &mut Desk<'_>, e: &At<FaultEntry>, o: &ObstacleFault) -> Option<FaultKind> {
    let site: &Site = desk.site;
    let size_m = f64::from(o.size.as_ref().map_or(OBSTACLE_MM, |s| s.0)) / 1_000.0;
    match (&o.lane, &o.near) {
        (None, Some(near)) => {
            let v = &site.vertices[desk.vertex(near)?.at()];
            Some(FaultKind::Obstacle { level: v.level, at: v.at, size_m, lane: None })
        }
        (Some([a, b]), None) => {
            let (from, to) = (desk.vertex(a), desk.vertex(b));
            let Some(path) = desk.ways.path(from?, to?).filter(|p| !p.is_empty()) else {
                desk.flaw(a, format!("no way leads from `{}` to `{}`", a.value, b.value), "choose two vertices that lanes connect");
                return None;
            };
            // The middle of the way by length; lifts and doors keep clear of obstacles.
            let free = |i: &usize| {
                let l = &site.lanes[path[*i].at()];
                l.ride.is_none() && l.lift_door.is_none()
            };
            let total: u64 = path.iter().map(|l| site.lanes[l.at()].length_mm).sum();
            let (mut gone, mut middle) = (0, 0);
            for (i, l) in path.iter().enumerate() {
                middle = i;
                gone += site.lanes[l.at()].length_mm;
                if 2 * gone >= total {
                    break;
                }
            }
            let pick = (0..path.len()).filter(free).min_by_key(|i| i.abs_diff(middle))?;
            let ix = path[pick];
            let lane = &site.lanes[ix.at()];
            let (p, q) = (&site.vertices[lane.from.at()], &site.vertices[lane.to.at()]);
            Some(FaultKind::Obstacle { level: p.level, at: p.at.lerp(q.at, 0.5), size_m, lane: Some(ix) })
        }
        (Some([a, _]), Some(_)) => {
            desk.flaw(a, "an obstacle stands on a lane or near a vertex, not both", "keep `lane` or `near`");
            None
        }
        (None, None) => {
            desk.flaw(e, "an obstacle needs a place", "write for example `obstacle: {lane: [coe, lounge], for: 2m}`");
            None
        }
    }
}

fn robot(desk: &mut Desk<'_>, e: &At<FaultEntry>, r: &RobotFault, parties: &Parties<'_>) -> Option<FaultKind> {
    let robot = desk.robot(&r.name, parties);
    let drop = r.payload_drop.as_ref().is_some_and(|d| d.value);
    let lies = r.lies.as_ref().is_some_and(|d| d.value);
    let badge = r.old_badge.as_ref().is_some_and(|d| d.value);
    let bare = r.no_credential.as_ref().is_some_and(|d| d.value);
    let astray = r.astray.is_some();
    let leaks = r.camera_leaks.as_ref().is_some_and(|d| d.value);
    let given = [r.battery.is_some(), r.motor.is_some(), r.sensor.is_some(), r.recorder.is_some(), drop, lies, badge, bare, astray, leaks];
    if given.iter().filter(|g| **g).count() != 1 {
        let kinds = "battery, motor, sensor, recorder, payload_drop, lies, old_badge, no_credential, astray, camera_leaks";
        desk.flaw(e, format!("a robot's fault has exactly one of {kinds}"), "write for example `battery: dead`");
        return None;
    }
    if let Some(how) = r.how.as_ref().filter(|_| r.sensor.is_none()) {
        desk.flaw(how, "`how` belongs to `sensor`", "add `sensor` or remove `how`");
    }
    let to = r.astray.as_ref().map(|v| desk.vertex(v));
    let robot = robot?;
    if let Some(to) = to {
        return Some(FaultKind::Astray { robot, to: to? });
    }
    if leaks {
        return Some(FaultKind::CameraLeaks { robot });
    }
    if badge {
        return Some(FaultKind::OldBadge { robot });
    }
    if bare {
        return Some(FaultKind::NoCredential { robot });
    }
    if let Some(how) = r.recorder.as_ref().map(|f| f.value) {
        return Some(FaultKind::Recorder { robot, how });
    }
    if let Some(b) = &r.battery {
        return Some(match b.value {
            scenario::BatteryFault::Dead => FaultKind::BatteryDead { robot },
            scenario::BatteryFault::Sag => FaultKind::BatterySag { robot },
        });
    }
    if let Some(m) = &r.motor {
        let how = match m.value {
            scenario::MotorFault::Jam => MotorFault::Jam,
            scenario::MotorFault::Delay => MotorFault::Delay,
            scenario::MotorFault::Runaway => MotorFault::Runaway,
            scenario::MotorFault::Surge => MotorFault::Surge,
        };
        return Some(FaultKind::Motor { robot, how });
    }
    if let Some(s) = &r.sensor {
        let which = match s.value {
            scenario::SensorKind::Lidar => SensorKind::Lidar,
            scenario::SensorKind::Odometry => SensorKind::Odometry,
            scenario::SensorKind::Gyro => SensorKind::Gyro,
            scenario::SensorKind::Markers => SensorKind::Markers,
        };
        let how = match r.how.as_ref().map(|h| h.value) {
            Some(scenario::SensorFault::Dropout) | None => SensorFault::Dropout,
            Some(scenario::SensorFault::Stuck) => SensorFault::Stuck,
            Some(scenario::SensorFault::Bias) => SensorFault::Bias,
            Some(scenario::SensorFault::Noise) => SensorFault::Noise,
            Some(scenario::SensorFault::Ghost) => SensorFault::Ghost,
        };
        return Some(FaultKind::Sensor { robot, which, how });
    }
    Some(if lies { FaultKind::RobotLies { robot } } else { FaultKind::PayloadDrop { robot } })
}
