use super::*;
use crate::import;

/// A square a-b-c-d with a one-way lane from d to a and a named place alone.
const SQUARE: &str = "
name: square
coordinate_system: cartesian_meters
levels:
  L1:
    elevation: 0
    vertices:
      - [0, 0, 0, a, {is_charger: [4, true]}]
      - [10, 0, 0, b]
      - [10, 10, 0, c]
      - [0, 10, 0, d, {is_parking_spot: true}]
    lanes:
      - [0, 1, {bidirectional: [4, true]}]
      - [1, 2, {bidirectional: [4, true], speed_limit: [3, 0.1]}]
      - [2, 3, {bidirectional: [4, true]}]
      - [3, 0, {bidirectional: [4, false]}]
";

fn square() -> Site {
    import("square", SQUARE).unwrap().site
}

#[test]
fn one_way_lanes_are_one_way() {
    let s = square();
    let r = Routes::new(&s, 0, &Costs::at_speed(1.0));
    let v = |n| s.vertex_named(n).unwrap();
    assert_eq!(r.shortest(v("d"), v("a")).unwrap().lanes.len(), 1);
    let there = r.shortest(v("a"), v("d")).unwrap();
    assert_eq!(there.lanes.len(), 3);
    assert_eq!(there.length_mm, 30_000);
    // Two lanes of 10 s, one of 100 s at its limit, three times half a second for the vertices, and 1 ms each.
    assert_eq!(there.cost_ms, 10_000 + 10_000 + 100_000 + 3 * 501);
}

#[test]
fn closed_lanes_are_avoided() {
    let s = square();
    let r = Routes::new(&s, 0, &Costs::default());
    let v = |n| s.vertex_named(n).unwrap();
    let first = r.shortest(v("c"), v("d")).unwrap().lanes[0];
    assert!(r.shortest_with(v("c"), v("d"), |l| (l.ix != first).then_some(0)).is_none());
    let slow = r.shortest_with(v("d"), v("c"), |_| Some(1_000)).unwrap();
    assert_eq!(slow.cost_ms, r.shortest(v("d"), v("c")).unwrap().cost_ms + 1_000 * slow.lanes.len() as u64);
}

#[test]
fn nearest_and_places() {
    let s = square();
    let r = Routes::new(&s, 0, &Costs::default());
    let v = |n| s.vertex_named(n).unwrap();
    assert_eq!(r.nearest_charger(&s, v("d")).unwrap().0, v("a"));
    assert_eq!(r.nearest_parking(&s, v("c")).unwrap().0, v("d"));
    assert_eq!(r.places(&s).len(), 4);
    assert_eq!(r.reachable(v("a")).len(), 4);
    assert_eq!(r.distance_table(v("a"))[v("d").at()], r.shortest(v("d"), v("a")).unwrap().cost_ms);
}

#[allow(clippy::needless_range_loop, clippy::cast_possible_truncation)] // a plain model of a few vertices
mod random {
    use super::*;
    use proptest::prelude::*;

    /// All-pairs by Floyd and Warshall: slow and plain.
    fn floyd(r: &Routes, n: usize, lanes: &[(usize, usize)]) -> Vec<Vec<u64>> {
        let mut d = vec![vec![UNREACHABLE; n]; n];
        for (i, row) in d.iter_mut().enumerate() {
            row[i] = 0;
        }
        for (i, (a, b)) in lanes.iter().enumerate() {
            d[*a][*b] = d[*a][*b].min(r.lane_cost_ms(LaneIx::new(i as u32)));
        }
        for k in 0..n {
            for i in 0..n {
                for j in 0..n {
                    d[i][j] = d[i][j].min(d[i][k].saturating_add(d[k][j]));
                }
            }
        }
        d
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_model(points in proptest::collection::vec((0i32..50, 0i32..50), 2..9), edges in proptest::collection::vec((0usize..9, 0usize..9), 0..20)) {
            let n = points.len();
            let mut text = String::from("coordinate_system: cartesian_meters\nlevels:\n  L1:\n    vertices:\n");
            for (i, (x, y)) in points.iter().enumerate() {
                text += &format!("      - [{x}, {y}, 0, v{i}, {{is_charger: true}}]\n");
            }
            text += "    lanes:\n      []\n";
            let mut lanes = Vec::new();
            let edges: std::collections::BTreeSet<_> = edges.into_iter().filter(|(a, b)| *a < n && *b < n && points[*a] != points[*b]).collect();
            if !edges.is_empty() {
                text = text.replace("      []\n", "");
            }
            for (a, b) in edges {
                text += &format!("      - [{a}, {b}, {{}}]\n");
                lanes.push((a, b));
            }
            let site = import("random", &text).unwrap().site;
            prop_assert_eq!(site.lanes.len(), lanes.len());
            let r = Routes::new(&site, 0, &Costs::default());
            let model = floyd(&r, n, &lanes);
            for a in 0..n {
                for b in 0..n {
                    let (x, y) = (VertexIx::new(a as u32), VertexIx::new(b as u32));
                    let route = r.shortest(x, y);
                    prop_assert_eq!(route.as_ref().map_or(UNREACHABLE, |q| q.cost_ms), model[a][b]);
                    if let Some(q) = route {
                        let sum: u64 = q.lanes.iter().map(|l| r.lane_cost_ms(LaneIx::new(*l))).sum();
                        prop_assert_eq!(sum, q.cost_ms);
                    }
                }
            }
        }
    }
}
