use super::*;
use crate::import;
use proptest::prelude::*;

/// One lane from west to east, one wall across it with a door, one wall beside it.
fn room(door: bool, beside_m: f64) -> Site {
    let doors = if door { "[[4, 5, {name: [1, d], type: [1, hinged]}]]" } else { "[]" };
    let text = format!(
        "coordinate_system: cartesian_meters
levels:
  L1:
    vertices:
      - [0, 0, 0, a, {{is_charger: true, spawn_robot_name: [1, r], spawn_robot_type: [1, TinyRobot]}}]
      - [10, 0, 0, b]
      - [5, -3, 0, '']
      - [5, 3, 0, '']
      - [5, -0.3, 0, '']
      - [5, 0.3, 0, '']
      - [6, {beside_m}, 0, '']
      - [9, {beside_m}, 0, '']
    lanes:
      - [0, 1, {{bidirectional: [4, true]}}]
    walls:
      - [2, 3, {{}}]
      - [6, 7, {{}}]
    doors: {doors}
"
    );
    import("room", &text).unwrap().site
}

#[test]
fn a_wall_across_a_lane_is_opened_as_wide_as_the_robot_needs() {
    let s = room(false, 2.0);
    assert_eq!(s.clearances()[0], Some(0.0));
    let (c, findings) = s.carved(&s.radii());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].what.contains("is crossed by the lane a to b"), "{}", findings[0].what);
    assert_eq!(c.levels[0].walls.len(), 3);
    // Radius 0.3, margin 0.1, half a wall of 0.05 on each side.
    let gap = c.levels[0].walls[1].line.a.y - c.levels[0].walls[0].line.b.y;
    assert!((gap - 0.9).abs() < 1e-6, "{gap}");
    assert!(c.clearances()[0].unwrap() >= 0.4 - 1e-6);
}

#[test]
fn a_wall_is_open_at_its_door_and_a_narrow_door_is_widened() {
    let s = room(true, 2.0);
    assert!((s.clearances()[0].unwrap() - (0.295 - 0.05)).abs() < 1e-6);
    let (c, findings) = s.carved(&s.radii());
    assert!(findings.iter().any(|f| f.what.contains("door `d` is 0.60 m wide")), "{findings:?}");
    // On each side a radius of 0.3, a margin of 0.1, and 0.05 for the leaf.
    assert!((c.doors[0].line.length() - 0.9).abs() < 1e-9);
    assert_eq!(c.levels[0].walls.len(), 3);
    let (again, more) = c.carved(&s.radii());
    assert!(more.is_empty(), "{more:?}");
    assert_eq!(again, c);
}

#[test]
fn a_leaf_does_not_swing_against_whoever_waits_for_it() {
    let mut s = room(true, 2.0);
    let door = &s.doors[0];
    let middle = |l: &Segment| (l.a + l.b) * 0.5;
    let (mid, along) = (middle(&door.line), (door.line.b - door.line.a).unit());
    // The lane begins on the side to which the leaf swings, within its reach.
    let side = middle(&door.leaves(1.0)[0]) - mid;
    let side = side - along * side.dot(along);
    let from = s.lanes[0].from;
    s.vertices[from.at()].at = mid + side.unit() * 0.45;
    let to = s.lanes[0].to;
    s.vertices[to.at()].at = mid - side.unit() * 2.0;
    let (c, findings) = s.carved(&s.radii());
    assert!(findings.iter().any(|f| f.what.contains("open, door `d` reaches into the lane")), "{findings:?}");
    let at = c.vertices[from.at()].at;
    let near = (1..=8).flat_map(|i| c.doors[0].leaves(f64::from(i) / 8.0)).map(|l| l.dist_point(at)).fold(f64::INFINITY, f64::min);
    assert!(near > 0.3, "the leaf passes a robot of 0.3 m at {near} m");
}

#[test]
fn a_closed_door_beside_a_lane_is_set_back() {
    let mut s = room(true, 2.0);
    // A lane along the door, too near for a robot of 0.3 m in radius; the lane through the door stays as it is.
    s.doors[0].line = Segment::new(Vec2::new(1.0, 0.365), Vec2::new(2.0, 0.365));
    s.lanes.iter_mut().for_each(|l| l.doors.clear());
    let (c, findings) = s.carved(&s.radii());
    let said = findings.iter().find(|f| f.what.contains("closed, door `d` leaves")).expect("it is said");
    assert!(said.what.contains("0.34 m beside the lane a to b, where a robot of radius 0.30 m needs 0.40 m"), "{}", said.what);
    let gap = c.doors[0].line.dist(&c.lane_line(LaneIx::new(0)));
    assert!((0.424..0.44).contains(&gap), "{gap}");
    assert!((c.doors[0].line.length() - 1.0).abs() < 1e-9);
    assert!(c.carved(&s.radii()).1.iter().all(|f| !f.what.contains("closed, door")), "once is enough");
}

#[test]
fn a_wall_far_enough_stays() {
    let s = room(false, 0.451);
    let (c, _) = s.carved(&s.radii());
    assert_eq!(c.levels[0].walls[2], s.levels[0].walls[1]);
    let near = room(false, 0.449);
    let (c, f) = near.carved(&near.radii());
    assert_eq!(c.levels[0].walls.len(), 2, "{f:?}");
}

proptest! {
    /// After carving no lane has a wall nearer than it needs, whatever the walls.
    #[test]
    fn carved_sites_can_be_driven(walls in proptest::collection::vec((-2.0f64..12.0, -4.0f64..4.0, -2.0f64..12.0, -4.0f64..4.0), 0..12)) {
        let mut s = room(false, 2.0);
        s.levels[0].walls = walls.iter().map(|w| Wall { line: Segment::new(Vec2::new(w.0, w.1), Vec2::new(w.2, w.3)), thickness_m: 0.1, height_m: 2.5, alpha: 1.0 }).collect();
        let (c, _) = s.carved(&s.radii());
        if let Some(d) = c.clearances()[0] {
            prop_assert!(d >= 0.4 - 1e-6, "{d}");
        }
        let length = |s: &Site| s.levels[0].walls.iter().map(|w| w.line.length()).sum::<f64>();
        prop_assert!(length(&c) <= length(&s) + 1e-9);
    }
}

/// A lane through a door and one beside it, on the side that the leaf swings to.
fn doorway(kind: &str, left: bool, right: bool) -> Site {
    let lanes: String = [(left, "      - [6, 7, {bidirectional: [4, true]}]\n"), (right, "      - [8, 9, {bidirectional: [4, true]}]\n")]
        .iter()
        .filter(|x| x.0)
        .map(|x| x.1)
        .collect();
    let text = format!(
        "coordinate_system: cartesian_meters
levels:
  L1:
    vertices:
      - [0, 0, 0, a, {{is_charger: true, spawn_robot_name: [1, r], spawn_robot_type: [1, TinyRobot]}}]
      - [10, 0, 0, b]
      - [5, -3, 0, '']
      - [5, 3, 0, '']
      - [5, -0.6, 0, '']
      - [5, 0.6, 0, '']
      - [4, -2, 0, c]
      - [4, 2, 0, d]
      - [6, -2, 0, e]
      - [6, 2, 0, f]
    lanes:
      - [0, 1, {{bidirectional: [4, true]}}]
{lanes}    walls:
      - [2, 3, {{}}]
    doors: [[4, 5, {{name: [1, d], type: [1, {kind}], motion_direction: [2, 1]}}]]
"
    );
    import("doorway", &text).unwrap().site
}

#[test]
fn a_leaf_that_reaches_into_a_lane_is_turned_or_made_to_slide() {
    let radii = |s: &Site| s.graphs.iter().map(|g| (g.graph_idx, 0.3)).collect::<BTreeMap<u32, f64>>();
    for kind in ["hinged", "double_hinged"] {
        // The leaf turns counter-clockwise from south to north about its hinge: to the west.
        let s = doorway(kind, false, true);
        assert_eq!(s.carved(&radii(&s)).1, [], "{kind}: the other side");
        let s = doorway(kind, true, false);
        let (c, f) = s.carved(&radii(&s));
        assert_eq!((c.doors[0].direction, c.doors[0].kind, f.len()), (-1, s.doors[0].kind, 1), "{kind}: {f:?}");
        assert!(f[0].what.contains("reaches into the lane c to d"), "{}", f[0].what);
        assert_eq!(c.carved(&radii(&s)).1, [], "{kind}: once is enough");
        let s = doorway(kind, true, true);
        let (c, f) = s.carved(&radii(&s));
        assert!(matches!(c.doors[0].kind, DoorKind::Sliding | DoorKind::DoubleSliding), "{kind}: {f:?}");
        assert_eq!(c.doors[0].kind == DoorKind::DoubleSliding, kind == "double_hinged");
    }
    let s = doorway("sliding", true, true);
    assert_eq!(s.carved(&radii(&s)).1, []);
}
