//! The floor of the puppets.

use nooterra_engine::geom::{Segment, Vec2};
use nooterra_site::model::{Door, DoorIx, DoorKind, Frame, Graph, Lane, LaneIx, Site, Vertex, VertexFlags, VertexIx};
use nooterra_site::{Area, AreaClass, LevelIx};

const SPACING_M: f64 = 3.0;

/// The row with a transfer place off each of these vertices, behind all others in the list.
pub fn with_niches(n: u32, at: &[u32]) -> Site {
    let mut site = row(n);
    for (k, i) in (0u32..).zip(at) {
        let niche = VertexIx::new(2 * n + k);
        let mut v = site.vertices[*i as usize].clone();
        v.name = format!("n{i}");
        v.at.y -= SPACING_M;
        v.flags.is_transfer_place = true;
        site.vertices.push(v);
        let first = u32::try_from(site.lanes.len()).unwrap();
        for (from, to, other) in [(VertexIx::new(*i), niche, first + 1), (niche, VertexIx::new(*i), first)] {
            site.lanes.push(Lane { from, to, reverse: Some(LaneIx::new(other)), ..site.lanes[0].clone() });
        }
    }
    site
}

/// The row with a room behind a door off each of these vertices: nobody waits there.
pub fn with_rooms(n: u32, at: &[u32]) -> Site {
    let mut site = with_niches(n, at);
    for (k, i) in (0u32..).zip(at) {
        let room = VertexIx::new(2 * n + k);
        site.vertices[room.at()].flags.is_transfer_place = false;
        let (a, b) = (site.vertices[*i as usize].at, site.vertices[room.at()].at);
        let middle = (a + b) * 0.5;
        site.doors.push(Door {
            name: format!("door{i}"),
            level: LevelIx::new(0),
            line: Segment::new(middle - Vec2::new(0.5, 0.0), middle + Vec2::new(0.5, 0.0)),
            kind: DoorKind::Sliding,
            at_end: false,
            swing_rad: 0.0,
            direction: 1,
            right_left_ratio: 1.0,
        });
        for l in site.lanes.iter_mut().filter(|l| l.from == room || l.to == room) {
            l.doors = vec![DoorIx::new(k)];
        }
    }
    site
}

/// A site with a private area about each of these vertices, two metres wide.
pub fn with_private(site: Site, at: &[u32]) -> Site {
    let list: Vec<(u32, AreaClass)> = at.iter().map(|v| (*v, AreaClass::Private)).collect();
    drawn_on(site, &list)
}

/// The same, with areas of these classes.
pub fn drawn_on(mut site: Site, list: &[(u32, AreaClass)]) -> Site {
    for (at, class) in list {
        let c = site.vertices[*at as usize].at;
        let ring = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| Vec2::new(c.x + x, c.y + y));
        site.areas.push(Area { name: format!("area{at}"), level: LevelIx::new(0), ring: ring.to_vec(), class: *class });
    }
    site
}

/// A row of `n` vertices with lanes both ways; the first and last two are chargers off the row.
pub fn row(n: u32) -> Site {
    let mut vertices = Vec::new();
    let mut lanes: Vec<Lane> = Vec::new();
    let vertex = |name: String, at: Vec2, charger: bool| Vertex {
        flags: VertexFlags { is_charger: charger, is_parking_spot: charger, ..Default::default() },
        ..Vertex::new(name, LevelIx::new(0), at)
    };
    for i in 0..n {
        vertices.push(vertex(format!("v{i}"), Vec2::new(f64::from(i) * SPACING_M, 0.0), false));
    }
    for i in 0..n {
        vertices.push(vertex(format!("c{i}"), Vec2::new(f64::from(i) * SPACING_M, SPACING_M), true));
    }
    let mut join = |a: u32, b: u32| {
        let at = u32::try_from(lanes.len()).unwrap();
        for (from, to, other) in [(a, b, at + 1), (b, a, at)] {
            lanes.push(Lane { reverse: Some(LaneIx::new(other)), ..Lane::new(VertexIx::new(from), VertexIx::new(to), 3_000) });
        }
    };
    for i in 0..n - 1 {
        join(i, i + 1);
    }
    for i in 0..n {
        join(i, n + i);
    }
    Site {
        name: "row".into(),
        frame: Frame::CartesianMeters,
        levels: vec![nooterra_site::model::Level { name: "L1".into(), elevation_m: 0.0, walls: vec![], floors: vec![], obstacles: vec![] }],
        vertices,
        lanes,
        doors: vec![],
        lifts: vec![],
        spawns: vec![],
        graphs: vec![Graph { graph_idx: 0, name: String::new(), default_speed_limit_mps: None }],
        areas: Vec::new(),
    }
}
