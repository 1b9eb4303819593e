use super::*;
use crate::model::{Frame, Graph, Lane, Level, Vertex};
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::real::sin_cos;

fn area(ring: &[(f64, f64)]) -> Area {
    let ring = ring.iter().map(|(x, y)| Vec2::new(*x, *y)).collect();
    Area { name: "a".into(), level: LevelIx::new(0), ring, class: AreaClass::Private }
}

/// An L: 4 by 4 metres without its upper right quarter.
fn ell() -> Area {
    area(&[(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0), (2.0, 4.0), (0.0, 4.0)])
}

fn p(x: f64, y: f64) -> Vec2 {
    Vec2::new(x, y)
}

#[test]
fn points_and_footprints_against_an_angled_room() {
    let a = ell();
    assert_eq!(a.fault(), None);
    for (x, y, inside) in [(1.0, 1.0, true), (3.0, 1.0, true), (1.0, 3.0, true), (3.0, 3.0, false), (-1.0, 1.0, false), (5.0, 0.5, false)] {
        assert_eq!(a.contains(p(x, y)), inside, "{x} {y}");
    }
    let near = |v: f64, w: f64| (v - w).abs() < 1e-9;
    assert!(near(a.depth_m(p(1.0, 0.5)), 0.5) && near(a.depth_m(p(1.0, -0.5)), -0.5));
    assert!(near(a.depth_m(p(3.0, 3.0)), -1.0), "off the notch by the nearer side");
    assert!(near(a.reach_m(p(1.0, -0.2), 0.3), 0.1), "a footprint of 30 cm reaches 10 cm in");
    assert!(a.reach_m(p(1.0, -0.4), 0.3) < 0.0);
    assert!(!a.leaves_out(p(1.0, 0.3), 0.3, 0.05) && !a.leaves_out(p(1.0, 0.26), 0.3, 0.05));
    assert!(a.leaves_out(p(1.0, 0.24), 0.3, 0.05) && a.leaves_out(p(1.0, -2.0), 0.3, 0.05));
}

#[test]
fn a_swept_disc_comes_into_an_area_where_its_line_is_near() {
    let a = ell();
    let s = |x0, y0, x1, y1| Segment::new(p(x0, y0), p(x1, y1));
    assert!(a.meets(&s(-2.0, 1.0, 6.0, 1.0), 0.1), "right through, with both ends outside");
    assert!(a.meets(&s(1.0, 1.0, 1.5, 1.0), 0.0), "all inside");
    assert!(a.meets(&s(-2.0, -0.2, 6.0, -0.2), 0.3) && !a.meets(&s(-2.0, -0.2, 6.0, -0.2), 0.1));
    assert!(!a.meets(&s(2.5, 4.0, 4.0, 2.5), 0.5), "through the notch");
    assert!(a.meets(&s(2.5, 4.0, 4.0, 2.5), 0.9));
}

#[test]
fn rings_that_are_none_are_told() {
    assert_eq!(area(&[(0.0, 0.0), (1.0, 0.0)]).fault(), Some(RingFault::Few));
    assert_eq!(area(&[(0.0, 0.0), (1.0, f64::NAN), (1.0, 1.0)]).fault(), Some(RingFault::NoPlace(2)));
    assert_eq!(area(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]).fault(), Some(RingFault::Same(1, 4)));
    assert_eq!(area(&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)]).fault(), Some(RingFault::Crosses(1, 3)), "a bow tie");
    assert_eq!(area(&[(0.0, 0.0), (4.0, 0.0), (2.0, 0.0), (2.0, 2.0)]).fault(), Some(RingFault::Crosses(1, 2)), "folded back");
    assert_eq!(area(&[(0.0, 0.0), (0.1, 0.0), (0.1, 0.1)]).fault(), Some(RingFault::Empty));
    assert_eq!(area(&vec![(0.0, 0.0); CORNERS_MAX + 1]).fault(), Some(RingFault::Many));
}

/// Against a count of crossings along another ray, on rings with random corners at rising angles.
#[test]
fn depth_agrees_with_an_independent_count() {
    let mut c = Chance::new(11);
    let mut draw = |low: f64, high: f64, key: u64| {
        let n = c.between(Place::named("site.areas"), key, 0, 1_000_000);
        #[allow(clippy::cast_precision_loss)]
        let share = n as f64 / 1e6;
        low + (high - low) * share
    };
    for round in 0..200 {
        let n = 3 + round % 9;
        let ring: Vec<(f64, f64)> = (0..n)
            .map(|i| {
                #[allow(clippy::cast_precision_loss)]
                let (s, c) = sin_cos(std::f64::consts::TAU * i as f64 / n as f64);
                let r = draw(1.0, 5.0, 1);
                (c * r, s * r)
            })
            .collect();
        let a = area(&ring);
        assert_eq!(a.fault(), None, "{ring:?}");
        for _ in 0..20 {
            let q = p(draw(-6.0, 6.0, 2), draw(-6.0, 6.0, 3));
            // A ray upwards, where `contains` looks to the right.
            let crossings = (0..n).filter(|i| {
                let (u, v) = (a.ring[*i], a.ring[(i + 1) % n]);
                (u.x > q.x) != (v.x > q.x) && q.y < u.y + (v.y - u.y) * ((q.x - u.x) / (v.x - u.x))
            });
            assert_eq!(a.contains(q), crossings.count() % 2 == 1, "{q:?} in {ring:?}");
            // Going to the nearest border takes exactly the depth.
            let d = a.depth_m(q).abs();
            let sides = (0..n).map(|i| Segment::new(a.ring[i], a.ring[(i + 1) % n]));
            let nearest = sides.map(|s| s.nearest(q)).min_by(|u, v| u.dist(q).total_cmp(&v.dist(q))).unwrap();
            assert!((nearest.dist(q) - d).abs() < 1e-9);
            assert_eq!(a.meets(&Segment::new(q, q), 0.5), a.reach_m(q, 0.5) > 0.0, "a point is a short line");
        }
    }
}

#[test]
fn a_ring_around_places_leaves_each_its_margin() {
    for points in [vec![p(0.0, 0.0)], vec![p(0.0, 0.0), p(5.0, 1.0)], vec![p(0.0, 0.0), p(4.0, 0.0), p(2.0, 0.5), p(2.0, 3.0)]] {
        let a = Area { ring: ring_around(&points, 1.5), ..ell() };
        assert_eq!(a.fault(), None);
        for q in &points {
            assert!(a.depth_m(*q) > 1.499, "{q:?} has {}", a.depth_m(*q));
        }
    }
}

/// A row of vertices a metre apart, and a way around from the first to the last.
fn row(n: u32, areas: Vec<Area>) -> Site {
    let vertex = |name: String, x: f64, y: f64| Vertex::new(name, LevelIx::new(0), p(x, y));
    let mut vertices: Vec<Vertex> = (0..n).map(|i| vertex(format!("v{i}"), f64::from(i), 0.0)).collect();
    vertices.push(vertex("around".into(), f64::from(n - 1) / 2.0, 40.0));
    vertices[n as usize].flags.is_parking_spot = true;
    let mut lanes = Vec::new();
    let both = |a: u32, b: u32, lanes: &mut Vec<Lane>| {
        for (from, to) in [(a, b), (b, a)] {
            let (from, to) = (VertexIx::new(from), VertexIx::new(to));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let length_mm = (vertices[from.at()].at.dist(vertices[to.at()].at) * 1e3) as u64;
            lanes.push(Lane::new(from, to, length_mm));
        }
    };
    (1..n).for_each(|i| both(i - 1, i, &mut lanes));
    both(0, n, &mut lanes);
    both(n, n - 1, &mut lanes);
    Site {
        name: "row".into(),
        frame: Frame::CartesianMeters,
        levels: vec![Level { name: "L1".into(), elevation_m: 0.0, walls: vec![], floors: vec![], obstacles: vec![] }],
        vertices,
        lanes,
        doors: vec![],
        lifts: vec![],
        spawns: vec![],
        graphs: vec![Graph { graph_idx: 0, name: String::new(), default_speed_limit_mps: None }],
        areas,
    }
}

fn at(x0: f64, x1: f64, name: &str, class: AreaClass) -> Area {
    Area { name: name.into(), class, ..area(&[(x0, -1.0), (x1, -1.0), (x1, 1.0), (x0, 1.0)]) }
}

#[test]
fn a_plan_names_the_areas_of_its_places_and_the_fewest_on_the_way() {
    let (private, none) = (AreaClass::Private, BTreeSet::new());
    let v = VertexIx::new;
    let site = row(9, vec![at(1.5, 3.5, "west", private), at(3.6, 5.5, "middle", private), at(6.5, 7.5, "east", AreaClass::Restricted)]);
    let reached = site.reached(0.2);
    let needed = |places: &[VertexIx], no_go: &BTreeSet<u32>| site.areas_needed(places, no_go, &reached);
    assert_eq!(needed(&[v(0), v(8)], &none), Some(none.clone()), "around by itself");
    assert_eq!(needed(&[v(2)], &none), Some([0].into()));
    assert_eq!(needed(&[v(7)], &none), Some([2].into()));
    assert_eq!(needed(&[v(5)], &none), Some([1, 2].into()), "two from either side, and the east is nearer");
    assert_eq!(needed(&[v(2)], &[0].into()), None, "the place itself is out of bounds");
    assert_eq!(needed(&[v(6)], &none), Some([2].into()), "free itself, but shut in");
    assert_eq!(needed(&[v(6)], &[2].into()), Some([0, 1].into()), "the way from the east is shut");
    assert_eq!(needed(&[v(6)], &[1, 2].into()), None, "and both are");
    assert_eq!(site.guarded(), [0, 1, 2].into());
    assert_eq!(site.areas_with([v(2), v(4)]), [0, 1].into());
}

#[test]
fn lanes_and_places_know_their_areas_and_areas_their_zones() {
    let site = row(4, vec![at(0.6, 1.4, "box", AreaClass::Public), at(0.9, 1.1, "core", AreaClass::Restricted)]);
    assert_eq!(site.vertex_areas(VertexIx::new(1), 0.0), [0, 1].into());
    assert_eq!(site.vertex_areas(VertexIx::new(0), 0.7), [0].into(), "beside it, with its footprint in it");
    assert_eq!(site.vertex_areas(VertexIx::new(0), 0.5), BTreeSet::new());
    assert_eq!(site.lane_areas(LaneIx::new(0), 0.0), [0, 1].into());
    assert_eq!(site.lane_areas(LaneIx::new(4), 0.1), BTreeSet::new());
    assert_eq!(site.guarded(), [1].into());
    let zones: Vec<_> = site.area_indexes().map(|a| site.area_zone(a).unwrap()).collect();
    assert_eq!(site.area_of(zones[1]), Some(AreaIx::new(1)));
    assert!(zones.iter().all(|z| site.zones().contains(z)) && site.zones().len() == 3);
    assert_eq!(site.area_of(site.zone(LevelIx::new(0)).unwrap()), None);
    assert_eq!(site.area_named("core"), Some(AreaIx::new(1)));
}
