//! From the scenario to the physical world: twin, robots, devices, people, and faults when they strike.

use crate::setup::Setup;
use crate::stage::{PLATFORM, Stage, StageError};
use nooterra_agent::Recorder;
use nooterra_cast::crew::Deed;
use nooterra_cast::{LOG_WITNESSES, OPERATORS, PAYMENTS, PROVIDERS, REQUESTERS, key};
use nooterra_engine::chance::Chance;
use nooterra_engine::faults::Edge;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::net::{Disturbance, Node};
use nooterra_script::recorder::RecorderFault;
use nooterra_script::resolved::{FaultKind, Group, MotorFault, Resolved, SensorFault, SensorKind, Walker};
use nooterra_sim::{Enrolment, ROBOTS, SITE, SimFleet, SiteController};
use nooterra_site::model::{Lane, Site};
use nooterra_site::{LaneIx, LevelIx, VertexIx};
use nooterra_trust::outbox::Patience;
use nooterra_trust::{Outbox, Sender};
use nooterra_twin::{ObstacleSpawn, PersonSpawn, PhysicalFault, RobotIx, Stand, Twin, TwinParams};
use std::collections::BTreeSet;

/// Most robots of one run.
const ROBOTS_MAX: usize = 9_000;
/// Height of a dropped box, metres.
const BOX_HEIGHT_M: f64 = 0.8;
/// Lidar of every robot scans this often.
const SCAN_HZ: u64 = 10;

/// Do the numbers of everybody fit the node numbers?
pub(crate) fn check_sizes(setup: &Setup) -> Result<(), StageError> {
    let r = &setup.resolved;
    for (what, count) in [("robots", r.robots.len()), ("requesters", r.requesters.len()), ("providers", r.providers.len())] {
        if count > ROBOTS_MAX {
            return Err(StageError::TooMany { what, count, most: ROBOTS_MAX });
        }
    }
    Ok(())
}

/// Settings of the twin for a run.
pub(crate) fn params(setup: &Setup) -> TwinParams {
    let tick = setup.resolved.tick;
    let mut p = TwinParams { tick, ..TwinParams::default() };
    p.lidar.period_ticks = u32::try_from(1_000_000_000 / SCAN_HZ / tick.0.max(1)).unwrap_or(1).max(1);
    p
}

/// The world of a scenario with its robots and devices.
pub(crate) fn fleet(setup: &Setup) -> Result<SimFleet, StageError> {
    let r = &setup.resolved;
    let chance = setup.chance();
    let mut twin = Twin::new(&setup.site, params(setup), Chance::new(r.seed)).map_err(nooterra_sim::FleetError::from)?;
    for (i, w) in r.people.iter().enumerate() {
        twin.add_person(walker(i as u64, w)).map_err(nooterra_sim::FleetError::from)?;
    }
    let platform = setup.platform_key().public();
    let outbox = |actor: [u8; 16], label: &str| {
        Outbox::new(Sender::device(setup.tenant(), actor, key(&chance, label), 1), platform, Patience::default())
    };
    let mut controller =
        SiteController::new(outbox(*setup.site_id().as_bytes(), "site"), outbox(*setup.witness_id().as_bytes(), "witness"));
    controller.gate.terminals = r.terminals.iter().copied().collect();
    controller.withheld = r.withheld.iter().copied().collect();
    let robots: Vec<Enrolment> = r
        .robots
        .iter()
        .enumerate()
        .map(|(i, s)| Enrolment {
            id: setup.robot_id(i),
            model: r.models[s.model as usize].clone(),
            graph_idx: s.graph_idx,
            start: s.start,
            heading_rad: heading(setup, s.start.ix, s.graph_idx),
            charge_bps: s.soc_bps,
            secret: chance.secret(&format!("robot/{}", s.name)),
            declares: s.declares.clone(),
            camera: s.camera,
            driver: nooterra_cast::skills::DRIVER,
        })
        .collect();
    Ok(SimFleet::new(twin, &setup.site, setup.tenant(), platform, &robots, controller)?)
}

/// A robot starts facing the first lane that leads away from where it stands.
fn heading(setup: &Setup, vertex: u32, graph_idx: u32) -> f64 {
    let site = &setup.site;
    let here = site.vertices[vertex as usize].at;
    let lane = site.lanes.iter().find(|l| l.from.ix == vertex && l.graph_idx == graph_idx && l.ride.is_none());
    lane.map_or(0.0, |l| (site.vertices[l.to.at()].at - here).angle())
}

fn walker(key: u64, w: &Walker) -> PersonSpawn {
    PersonSpawn { key, level: w.level, path: w.path.clone(), speed_mps: w.speed_mps, again: true }
}

/// Nodes of a group.
fn group(r: &Resolved, g: Group) -> BTreeSet<Node> {
    let range = |base: Node, n: usize| (base..base + u32::try_from(n).unwrap_or(0)).collect();
    match g {
        Group::Robots => range(ROBOTS, r.robots.len()),
        Group::Robot { ix } => [ROBOTS + ix].into(),
        Group::Providers => range(PROVIDERS, r.providers.len()),
        Group::Provider { ix } => [PROVIDERS + ix].into(),
        Group::Requesters => range(REQUESTERS, r.requesters.len()),
        Group::Requester { ix } => [REQUESTERS + ix].into(),
        Group::Site => [SITE].into(),
        Group::Operator { ix } => [OPERATORS + ix].into(),
        Group::LogWitness { ix } => [LOG_WITNESSES + ix].into(),
        Group::Payments => [PAYMENTS].into(),
        Group::Platform => [PLATFORM].into(),
    }
}

/// A repaired robot comes back with this charge.
const CHARGED_BPS: u32 = 9_500;

/// What the crew does by hand. A robot is put down once nothing stands there any more.
pub(crate) fn do_deeds(stage: &mut Stage) -> Result<(), StageError> {
    stage.dirty = true;
    for deed in stage.cast.crew.take_deeds() {
        match deed {
            Deed::TakeAway { robot, load_to } => stage.fleet.take_away(robot, load_to.map(VertexIx::new))?,
            Deed::BringBack(ask) => {
                let found = stage.fleet.bring_back(ask.item, VertexIx::new(ask.from), VertexIx::new(ask.to));
                stage.cast.crew.been_at(stage.now(), ask.job, found);
            }
            Deed::PutBack { robot, vertex } => {
                let graph_idx = stage.setup.resolved.robots.iter().enumerate().find(|(i, _)| stage.setup.robot_id(*i) == robot);
                let heading = graph_idx.map_or(0.0, |(_, r)| heading(&stage.setup, vertex, r.graph_idx));
                let site = stage.setup.site.clone();
                if !stage.fleet.put_back(robot, VertexIx::new(vertex), heading, CHARGED_BPS, &site) {
                    stage.cast.crew.later(deed);
                }
            }
        }
    }
    Ok(())
}

/// Lets a fault of the plan begin or end.
pub(crate) fn apply_fault(stage: &mut Stage, fault: u32, edge: Edge, kind: &FaultKind) {
    let begins = edge == Edge::Begin;
    if let Some(d) = disturbance(&stage.setup.resolved, kind) {
        if begins {
            stage.bus.network.disturb(fault, d);
        } else {
            stage.bus.network.lift(fault);
        }
        return;
    }
    if matches!(kind, FaultKind::SiteRefuses {}) {
        stage.fleet.controller.refuses = begins;
        return;
    }
    if stage.cast.fault(kind, begins) {
        return;
    }
    if let FaultKind::RobotLies { robot } = kind {
        stage.fleet.set_lies(*robot as usize, begins);
        return;
    }
    if let FaultKind::Astray { robot, to } = kind {
        stage.fleet.set_astray(*robot as usize, begins.then_some(*to));
        return;
    }
    if let FaultKind::OldBadge { robot } = kind {
        stage.fleet.set_old_badge(*robot as usize, begins);
        return;
    }
    if let FaultKind::NoCredential { robot } = kind {
        stage.fleet.set_bare(*robot as usize, begins);
        return;
    }
    if let FaultKind::CameraLeaks { robot } = kind {
        stage.fleet.set_leaks(*robot as usize, begins);
        return;
    }
    if let FaultKind::Recorder { robot, how } = kind {
        let how = match how {
            RecorderFault::Stops => Recorder::Stopped,
            RecorderFault::Alters => Recorder::Alters,
            RecorderFault::Mutes => Recorder::Mutes,
        };
        stage.fleet.set_recorder(*robot as usize, if begins { how } else { Recorder::Works });
        return;
    }
    if begins {
        let numbers = physical(stage, fault, kind).into_iter().filter_map(|p| stage.fleet.twin.begin_fault(p).ok()).collect();
        stage.own.physical.insert(fault, numbers);
    } else {
        for n in stage.own.physical.remove(&fault).unwrap_or_default() {
            stage.fleet.twin.end_fault(n);
        }
    }
}

fn disturbance(r: &Resolved, kind: &FaultKind) -> Option<Disturbance> {
    Some(match kind {
        FaultKind::Network { link, profile } => {
            Disturbance::Degrade { from: group(r, *link), to: group(r, Group::Platform), profile: *profile }
        }
        FaultKind::Partition { group: groups } => Disturbance::Partition { group: groups.iter().flat_map(|g| group(r, *g)).collect() },
        FaultKind::Cut { from, to } => Disturbance::Cut { from: group(r, *from), to: group(r, *to) },
        _ => return None,
    })
}

fn physical(stage: &Stage, fault: u32, kind: &FaultKind) -> Vec<PhysicalFault> {
    let robot = |i: u32| stage.fleet.robot_ix(i as usize).unwrap_or(RobotIx::new(u32::MAX));
    let stand = |level: LevelIx, at: Vec2| Stand { level, pose: Pose2 { at, theta_rad: 0.0 } };
    let key = 1_000_000 + u64::from(fault);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // metres to millimetres
    let mm = |m: f64| (m.clamp(0.0, 1e6) * 1000.0) as u32;
    match kind {
        FaultKind::Obstacle { level, at, size_m, lane } => {
            let (stand, along) = (stand(*level, *at), room_along(&stage.setup.site, *level, *at, *lane));
            vec![PhysicalFault::Obstacle { spawn: ObstacleSpawn { key, stand, size_m: [*size_m, *size_m, BOX_HEIGHT_M], along } }]
        }
        FaultKind::BatteryDead { robot: i } => vec![PhysicalFault::BatteryDead { robot: robot(*i) }],
        FaultKind::BatterySag { robot: i } => {
            let robot = robot(*i);
            vec![PhysicalFault::ChargeLost { robot, left_bps: 5_000 }, PhysicalFault::BatterySag { robot, percent: 400 }]
        }
        FaultKind::Motor { robot: i, how } => match how {
            MotorFault::Jam => (0..2).map(|wheel| PhysicalFault::MotorJam { robot: robot(*i), wheel }).collect(),
            MotorFault::Delay => vec![PhysicalFault::MotorDelay { robot: robot(*i), ticks: 10 }],
            MotorFault::Runaway => vec![PhysicalFault::MotorRunaway { robot: robot(*i), wheel: 0 }],
            MotorFault::Surge => (0..2).map(|wheel| PhysicalFault::MotorRunaway { robot: robot(*i), wheel }).collect(),
        },
        FaultKind::Sensor { robot: i, which, how } => sensor(robot(*i), *which, *how),
        FaultKind::PayloadDrop { robot: i } => vec![PhysicalFault::PayloadDrop { robot: robot(*i) }],
        FaultKind::Slip { level, at, radius_m, grip_ppm } => {
            vec![PhysicalFault::SlipPatch { stand: stand(*level, *at), radius_mm: mm(*radius_m), friction_bps: grip_ppm / 100 }]
        }
        FaultKind::DoorJam { door } => vec![PhysicalFault::DoorJam { door: *door }],
        FaultKind::LiftStuck { lift } => vec![PhysicalFault::LiftStuck { lift: *lift }],
        FaultKind::Person { walker: w } => vec![PhysicalFault::Person { spawn: walker(key, w) }],
        _ => Vec::new(),
    }
}

/// Where a box may stand instead if somebody is where it shall drop: on its lane or, for one near a vertex, on the lanes
/// that lead away from there.
fn room_along(site: &Site, level: LevelIx, at: Vec2, lane: Option<LaneIx>) -> Vec<Segment> {
    let line = |l: &Lane| Segment::new(site.vertices[l.from.at()].at, site.vertices[l.to.at()].at);
    let starts_here = |l: &&Lane| {
        let from = &site.vertices[l.from.at()];
        l.ride.is_none() && l.lift_door.is_none() && from.level == level && from.at == at
    };
    match lane {
        Some(ix) => site.lanes.get(ix.at()).map(line).into_iter().collect(),
        None => site.lanes.iter().filter(starts_here).map(line).collect(),
    }
}

fn sensor(robot: RobotIx, which: SensorKind, how: SensorFault) -> Vec<PhysicalFault> {
    match (which, how) {
        (SensorKind::Lidar, SensorFault::Stuck) => vec![PhysicalFault::LidarStuck { robot }],
        (SensorKind::Lidar, SensorFault::Ghost) => vec![PhysicalFault::LidarGhost { robot, at: Vec2::new(0.8, 0.0), radius_mm: 150 }],
        (SensorKind::Lidar, SensorFault::Noise | SensorFault::Bias) => vec![PhysicalFault::LidarDropout { robot, share_bps: 5_000 }],
        (SensorKind::Lidar, SensorFault::Dropout) => vec![PhysicalFault::LidarDropout { robot, share_bps: 10_000 }],
        (SensorKind::Odometry, _) => (0..2).map(|wheel| PhysicalFault::EncoderStuck { robot, wheel }).collect(),
        (SensorKind::Gyro, SensorFault::Dropout | SensorFault::Stuck) => vec![PhysicalFault::GyroDead { robot }],
        (SensorKind::Gyro, _) => vec![PhysicalFault::ImuBias { robot, bias_uradps: 50_000 }],
        (SensorKind::Markers, SensorFault::Dropout | SensorFault::Stuck) => vec![PhysicalFault::MarkersLost { robot }],
        (SensorKind::Markers, _) => vec![PhysicalFault::MarkersOff { robot, off: Vec2::new(0.0, 0.6) }],
    }
}
