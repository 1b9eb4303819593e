//! What people look at in Foxglove and its kin: the building once, robots and their names at a steady rate.

use crate::tape::{Slot, Tape};
use nooterra_blackbox::telemetry::{
    Color, Cube, Cylinder, Duration, FrameTransform, FrameTransforms, Line, LineType, Point3, Pose, Quaternion, SceneEntity, SceneUpdate,
    Text, Timestamp, Vector3,
};
use nooterra_engine::geom::{Segment, Vec2};
use nooterra_engine::{Instant, Span};
use nooterra_site::AreaClass;
use nooterra_site::model::Site;
use nooterra_stage::Stage;

/// Poses are shown this often.
pub const POSES_EVERY: Span = Span::from_millis(200);
const WORLD: &str = "map";

/// The building and the robots' bodies: said once, at the first tick.
pub fn building(stage: &Stage, tape: &mut Tape) {
    let (tick, at) = (stage.tick(), stage.now());
    let site = &stage.setup().site;
    let mut entities = vec![walls(site, at), lanes(site, at)];
    if !site.areas.is_empty() {
        entities.push(areas(site, at));
    }
    for (i, r) in stage.setup().resolved.robots.iter().enumerate() {
        let m = &stage.setup().resolved.models[r.model as usize];
        let d = 2.0 * m.footprint_radius_m;
        let hue = color(r.provider as usize);
        let mut e = entity(format!("robot/{}", r.name), format!("robots/{}", r.name), at);
        e.frame_locked = true;
        e.cylinders.push(Cylinder {
            pose: Pose::planar(0.0, 0.0, m.height_m / 2.0, 0.0),
            size: Vector3 { x: d, y: d, z: m.height_m },
            bottom_scale: 1.0,
            top_scale: 1.0,
            color: hue,
        });
        e.texts.push(Text {
            pose: Pose::planar(0.0, 0.0, m.height_m + 0.4, 0.0),
            billboard: true,
            font_size: 0.35,
            scale_invariant: false,
            color: Color { r: 1.0, g: 1.0, b: 1.0, a: 1.0 },
            text: stage.setup().resolved.robots[i].name.clone(),
        });
        entities.push(e);
    }
    tape.push(Slot::Scene, tick, at, &SceneUpdate { deletions: Vec::new(), entities });
}

/// Where every robot is.
pub fn poses(stage: &Stage, tape: &mut Tape) {
    let at = stage.now();
    let mut transforms = Vec::with_capacity(stage.setup().resolved.robots.len());
    for (i, r) in stage.setup().resolved.robots.iter().enumerate() {
        let Some(t) = stage.fleet.truth(i) else { continue };
        transforms.push(FrameTransform {
            timestamp: Timestamp::from(at),
            parent_frame_id: WORLD.into(),
            child_frame_id: format!("robots/{}", r.name),
            translation: Vector3 { x: t.pose.at.x, y: t.pose.at.y, z: t.z_m },
            rotation: Quaternion::yaw(t.pose.theta_rad),
        });
    }
    tape.push(Slot::Transforms, stage.tick(), at, &FrameTransforms { transforms });
}

/// One colour per provider.
fn color(i: usize) -> Color {
    const PALETTE: [(f64, f64, f64); 6] =
        [(0.16, 0.50, 0.73), (0.90, 0.49, 0.13), (0.15, 0.68, 0.38), (0.56, 0.27, 0.68), (0.75, 0.22, 0.17), (0.09, 0.63, 0.52)];
    let (r, g, b) = PALETTE[i % PALETTE.len()];
    Color { r, g, b, a: 1.0 }
}

fn entity(id: String, frame_id: String, at: Instant) -> SceneEntity {
    SceneEntity { timestamp: Timestamp::from(at), frame_id, id, lifetime: Duration::default(), ..SceneEntity::default() }
}

fn slab(s: &Segment, thickness: f64, z: f64, height: f64, color: Color) -> Cube {
    let mid = s.a.lerp(s.b, 0.5);
    Cube {
        pose: Pose::planar(mid.x, mid.y, z + height / 2.0, (s.b - s.a).angle()),
        size: Vector3 { x: s.length(), y: thickness, z: height },
        color,
    }
}

fn walls(site: &Site, at: Instant) -> SceneEntity {
    let mut e = entity("walls".into(), WORLD.into(), at);
    for l in &site.levels {
        for w in &l.walls {
            let color = Color { r: 0.75, g: 0.76, b: 0.78, a: w.alpha.clamp(0.2, 1.0) };
            e.cubes.push(slab(&w.line, w.thickness_m, l.elevation_m, w.height_m, color));
        }
    }
    for d in &site.doors {
        let z = site.levels[d.level.at()].elevation_m;
        e.cubes.push(slab(&d.line, 0.05, z, 2.0, Color { r: 0.55, g: 0.35, b: 0.2, a: 0.35 }));
    }
    e
}

/// Outlines and names of areas, redder where fewer may be.
fn areas(site: &Site, at: Instant) -> SceneEntity {
    let mut e = entity("areas".into(), WORLD.into(), at);
    for a in &site.areas {
        let z = site.levels[a.level.at()].elevation_m + 0.03;
        let color = match a.class {
            AreaClass::Public => Color { r: 0.45, g: 0.55, b: 0.75, a: 0.8 },
            AreaClass::Restricted => Color { r: 0.85, g: 0.6, b: 0.15, a: 0.9 },
            AreaClass::Private => Color { r: 0.8, g: 0.2, b: 0.2, a: 0.9 },
        };
        let n = a.ring.len().max(1);
        #[allow(clippy::cast_precision_loss)] // a few corners
        let mid = a.ring.iter().fold(Vec2::default(), |sum, p| sum + *p) * (1.0 / n as f64);
        e.lines.push(Line {
            r#type: LineType::LINE_LOOP,
            pose: Pose::planar(0.0, 0.0, 0.0, 0.0),
            thickness: 0.06,
            scale_invariant: false,
            points: a.ring.iter().map(|p| Point3 { x: p.x, y: p.y, z }).collect(),
            color,
            colors: Vec::new(),
        });
        let (pose, text) = (Pose::planar(mid.x, mid.y, z + 0.3, 0.0), a.name.clone());
        e.texts.push(Text { pose, billboard: true, font_size: 0.35, scale_invariant: false, color, text });
    }
    e
}

fn lanes(site: &Site, at: Instant) -> SceneEntity {
    let mut e = entity("lanes".into(), WORLD.into(), at);
    let mut points = Vec::new();
    for (i, lane) in site.lanes.iter().enumerate() {
        if lane.ride.is_some() || lane.reverse.is_some_and(|r| r.at() < i) {
            continue;
        }
        for v in [lane.from, lane.to] {
            let v = &site.vertices[v.at()];
            points.push(Point3 { x: v.at.x, y: v.at.y, z: site.levels[v.level.at()].elevation_m + 0.02 });
        }
    }
    e.lines.push(Line {
        r#type: LineType::LINE_LIST,
        pose: Pose::planar(0.0, 0.0, 0.0, 0.0),
        thickness: 0.05,
        scale_invariant: false,
        points,
        color: Color { r: 0.25, g: 0.6, b: 0.3, a: 0.8 },
        colors: Vec::new(),
    });
    e
}
