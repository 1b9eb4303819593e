use super::*;
use crate::finding::Severity;
use proptest::prelude::*;

/// A level from lines for each of its lists.
fn building(vertices: &str, lanes: &str, more: &str) -> String {
    format!(
        "name: t\ncoordinate_system: cartesian_meters\nlevels:\n  L1:\n    elevation: 0\n    vertices:\n{vertices}    lanes:\n{lanes}{more}"
    )
}

fn list(items: &[&str]) -> String {
    items.iter().map(|i| format!("      - {i}\n")).collect()
}

/// The findings of a file that can be used.
fn remarks(text: &str) -> Vec<String> {
    import("t.yaml", text).unwrap_or_else(|f| panic!("{f:#?}")).findings.iter().map(ToString::to_string).collect()
}

/// The errors of a file that cannot.
fn errors(text: &str) -> Vec<Finding> {
    import("t.yaml", text).unwrap_err().into_iter().filter(|f| f.severity == Severity::Error).collect()
}

fn has(found: &[String], part: &str) -> bool {
    found.iter().any(|f| f.contains(part))
}

#[test]
fn small_and_odd_texts_are_refused_in_words() {
    for (text, part) in [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("a", "no `levels`"),
        ("[]", "no `levels`"),
        ("{}", "no `levels`"),
        ("levels:", "no level"),
        ("levels: 3", "must be a mapping, is `3`"),
        ("levels: [1]", "must be a mapping, is a list of 1"),
        ("levels: {L1: 3}", "must be a mapping, is `3`"),
        ("levels: {L1: {vertices: 3, lanes: {}}}", "must be a list, is `3`"),
        ("levels: {L1: {vertices: [[0, 0", "not well-formed YAML"),
        ("levels: &a {L1: *a}", "an alias to a value that contains it"),
        ("levels: *nowhere", "not well-formed YAML"),
        ("levels:\n\t- x", "not well-formed YAML"),
        ("? [a]\n: b", "a key that is a collection"),
        ("\u{0}", "not well-formed YAML"),
    ] {
        let got = errors(text);
        assert!(got.iter().any(|f| f.what.contains(part)), "{text:?}: {got:#?}");
    }
}

/// Old traffic editors write `{}` for every list that is empty.
#[test]
fn an_empty_mapping_passes_for_an_empty_list() {
    let lists = ["constraints", "doors", "fiducials", "holes", "measurements", "models", "walls"].map(|k| format!("    {k}: {{}}\n"));
    let floors = "    floors:\n      - {parameters: {}, vertices: {}}\n";
    let text = building(&list(&["[0, 0, 0, a]", "[5, 0, 0, b]"]), &list(&["[0, 1, {bidirectional: [4, true]}]"]), &lists.concat());
    let site = import("t.yaml", &text).unwrap_or_else(|f| panic!("{f:#?}")).site;
    assert_eq!((site.vertices.len(), site.lanes.len(), site.doors.len(), site.levels[0].walls.len()), (2, 2, 0, 0));
    assert!(has(&remarks(&(text + floors)), "an outline of 0 vertices is left out"));
    let empty = "levels: {L1: {vertices: {}, lanes: {}, floors: {}}}";
    assert!(has(&remarks(empty), "there is no lane"));
}

#[test]
fn a_list_that_is_none_is_reported_once() {
    for key in ["doors", "fiducials", "floors", "holes", "lanes", "measurements", "models", "vertices", "walls"] {
        let got = errors(&format!("levels: {{L1: {{{key}: {{a: 1}}}}}}"));
        assert_eq!(got.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), ["must be a list, is a mapping of 1"], "{key}");
    }
}

#[test]
fn size_depth_and_aliases_are_bounded() {
    let deep = format!("levels: {}", "[".repeat(200));
    assert!(!errors(&deep).is_empty());
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        let refs = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb += &format!("a{i}: &a{i} [{refs}]\n");
    }
    assert!(errors(&bomb)[0].what.contains("aliases counted in full"));
    let long = " ".repeat(crate::yaml::TEXT_BYTES_MAX + 1);
    assert!(errors(&long)[0].what.contains("bytes, more than"));
    let many = building(&list(&["[0, 0, 0, a]", "[1, 0, 0, b]"]), &"      - [0, 1, {}]\n".repeat(20_001), "");
    assert!(errors(&many)[0].what.contains("20001 lanes on one level"));
}

#[test]
fn all_faults_are_reported_at_once_with_their_places() {
    let text = building(
        &list(&["[0, 0, 0, a]", "[.nan, 0, 0, b]", "[1, x, 0, c]", "7", "[5, 5, 0, d, {is_charger: [4, maybe]}]"]),
        &list(&["[0, 9, {}]", "[0, 4, {graph_idx: [2, -1], speed_limit: [3, -2]}]", "[0]", "[0, 4, {orientation: [1, sideways]}]"]),
        "    doors:\n      - [0, 4, {type: [1, hingd]}]\n",
    );
    let got = errors(&text);
    let said: Vec<(u32, u32, &str)> = got.iter().map(|f| (f.line, f.column, f.path.as_str())).collect();
    assert_eq!(
        said,
        [
            (8, 10, "levels.L1.vertices[1].x"),
            (9, 13, "levels.L1.vertices[2].y"),
            (10, 9, "levels.L1.vertices[3]"),
            (11, 39, "levels.L1.vertices[4].is_charger"),
            (13, 9, "levels.L1.lanes[0]"),
            (14, 9, "levels.L1.lanes[1].speed_limit"),
            (14, 32, "levels.L1.lanes[1].graph_idx"),
            (15, 9, "levels.L1.lanes[2]"),
            (16, 9, "levels.L1.lanes[3].orientation"),
            (18, 9, "levels.L1.doors[0].type"),
        ],
        "{got:#?}"
    );
    assert!(got[0].what.contains("not a finite number"));
    assert!(got[4].what.contains("vertex 9 does not exist, the level has 5"));
    assert_eq!(got[9].remedy, "did you mean `hinged`?");
    assert!(got.iter().all(|f| f.file == "t.yaml" && !f.remedy.is_empty()));
}

#[test]
fn what_is_odd_but_usable_is_a_warning() {
    let v = list(&[
        "[0, 0, 0, a, {spawn_robot_name: [1, r], spawn_robot_type: [1, TinyRobot]}]",
        "[5, 0, 0, a]",
        "[0.2, 0, 0, c, {spawn_robot_name: [1, r], spawn_robot_type: [1, TinyRobot]}]",
        "[9, 9, 0, d]",
        "[9, 5, 0, e]",
        "[3, 3, 0, loose]",
    ]);
    let l = list(&[
        "[0, 1, {bidirectional: [4, true]}]",
        "[0, 0, {}]",
        "[1, 2, {}]",
        "[3, 4, {}]",
        "[0, 1, {}]",
        "[3, 4, {bidirectionl: [4, true]}]",
    ]);
    let got = remarks(&building(&v, &l, "    doors:\n      - [0, 0, {name: [1, d]}]\n    lane: []\n"));
    for part in [
        "7:9: note",
        "8:9: warning: levels.L1.vertices[1]: the name `a` is already taken by levels.L1.vertices[0] on line 7",
        "a lane without length is left out",
        "a second lane from a to a",
        "a door of 0.00 m is left out",
        "unknown level key `lane`, 1 times (did you mean `lanes`?)",
        "unknown lane key `bidirectionl`, 1 times (did you mean `bidirectional`?)",
        "graph 0 falls apart: 2 of its vertices",
        "robots `r` and `r_2` start 0.20 m apart",
        "can reach no charger",
        "can be reached but not left because of one-way lanes: c",
        "1 named vertices are on no lane",
    ] {
        assert!(has(&got, part), "{part} is not among {got:#?}");
    }
}

#[test]
fn parameters_may_be_typed_or_plain() {
    let typed = building(
        &list(&["[0, 0, 0, a, {is_charger: [4, true], pickup_dispenser: [1, x]}]", "[5, 0, 0, b]"]),
        &list(&["[0, 1, {bidirectional: [4, true], speed_limit: [3, 0.4], mutex: [1, m], graph_idx: [2, 3]}]"]),
        "",
    );
    let plain = building(
        &list(&["[0, 0, 0, a, {is_charger: true, pickup_dispenser: x}]", "[5, 0, 0, b]"]),
        &list(&["[0, 1, {bidirectional: yes, speed_limit: 0.4, mutex: m, graph_idx: 3}]"]),
        "",
    );
    let (a, b) = (import("a", &typed).unwrap().site, import("b", &plain).unwrap().site);
    assert_eq!(a, b);
    assert_eq!(a.lanes[0].speed_limit_mps, Some(0.4));
    assert_eq!((a.lanes[0].reverse, a.lanes[1].reverse), (Some(crate::LaneIx::new(1)), Some(crate::LaneIx::new(0))));
    assert_eq!(a.graphs[0].graph_idx, 3);
    assert_eq!(a.lanes[1].mutex.as_deref(), Some("m"));
}

#[test]
fn transfer_places_are_read_and_odd_ones_named() {
    let text = building(
        &list(&[
            "[0, 0, 0, a, {is_charger: true, spawn_robot_name: r, spawn_robot_type: TinyRobot}]",
            "[5, 0, 0, way]",
            "[5, 3, 0, niche, {is_transfer_place: [4, true]}]",
            "[9, 0, 0, through, {is_transfer_place: true}]",
            "[12, 0, 0, dock, {is_transfer_place: true, is_charger: true}]",
            "[20, 9, 0, alone, {is_transfer_place: true}]",
        ]),
        &list(&[
            "[0, 1, {bidirectional: true}]",
            "[1, 2, {bidirectional: true}]",
            "[1, 3, {bidirectional: true}]",
            "[3, 4, {bidirectional: true}]",
        ]),
        "",
    );
    let site = import("t.yaml", &text).unwrap_or_else(|f| panic!("{f:#?}")).site;
    let places: Vec<&str> = site.vertices.iter().filter(|v| v.flags.is_transfer_place).map(|v| v.name.as_str()).collect();
    assert_eq!(places, ["niche", "through", "dock", "alone"]);
    assert_eq!(site.vertices.iter().filter(|v| v.flags.is_transfer_place && v.can_hold_a_load()).count(), 3);
    let got = remarks(&text);
    for part in [
        "note: levels.L1.vertices[3]: the transfer place `through` lies on a way",
        "warning: levels.L1.vertices[4]: the transfer place `dock` is a charger",
        "warning: levels.L1.vertices[5]: the transfer place `alone` is on no lane",
    ] {
        assert!(has(&got, part), "{part} is not among {got:#?}");
    }
    assert!(!has(&got, "`niche`"), "{got:#?}");
    let told = crate::summary::summary(&site).to_string();
    assert!(told.contains("3 transfer places") || told.contains("4 transfer places"), "{told}");
}

#[test]
fn backward_orientation_turns_with_the_lane() {
    use crate::model::LaneOrientation::{Backward, Forward};
    let s = import(
        "t",
        &building(&list(&["[0, 0, 0, a]", "[5, 0, 0, b]"]), &list(&["[0, 1, {bidirectional: true, orientation: forward}]"]), ""),
    )
    .unwrap()
    .site;
    assert_eq!((s.lanes[0].orientation, s.lanes[1].orientation), (Forward, Backward));
}

#[test]
fn lanes_know_their_doors_in_order() {
    let v = list(&["[0, 0, 0, a]", "[10, 0, 0, b]", "[7, -1, 0, '']", "[7, 1, 0, '']", "[3, -1, 0, '']", "[3, 1, 0, '']"]);
    let d = "    doors:\n      - [2, 3, {name: far, type: double_sliding}]\n      - [4, 5, {name: near, type: telescope, motion_axis: end, motion_direction: -1}]\n";
    let s = import("t", &building(&v, &list(&["[0, 1, {bidirectional: true}]"]), d)).unwrap().site;
    let names = |l: usize| s.lanes[l].doors.iter().map(|d| s.doors[d.at()].name.as_str()).collect::<Vec<_>>();
    assert_eq!(names(0), ["near", "far"]);
    assert_eq!(names(1), ["far", "near"]);
    assert!(s.doors[1].at_end && s.doors[1].direction == -1 && s.doors[1].kind == crate::model::DoorKind::Telescope);
}

/// Two levels drawn at different scales, turned and shifted against each other, with a lift.
const TWO_LEVELS: &str = "
name: two
coordinate_system: reference_image
levels:
  Top:
    elevation: 5
    fiducials: [[100, 300, one], [100, 100, two], [300, 300, three]]
    vertices:
      - [200, 200, 0, upper]
      - [150, 200, 0, '', {lift_cabin: [1, lift]}]
    lanes: [[0, 1, {bidirectional: [4, true]}]]
  Ground:
    elevation: 0
    fiducials: [[0, 0, one], [100, 0, two], [0, 100, three], [7, 7, alone]]
    vertices:
      - [0, 0, 0, '']
      - [100, 0, 0, '']
      - [50, 90, 0, lower]
      - [50, 25, 0, '', {lift_cabin: [1, lift]}]
    measurements: [[0, 1, {distance: [3, 10]}]]
    lanes: [[2, 3, {bidirectional: [4, true]}]]
lifts:
  lift:
    x: 50
    y: 25
    yaw: 0
    width: 2
    depth: 2
    doors: {front: {door_type: 2, motion_axis_orientation: 0, width: 1, x: 0, y: -1.03}, back: {door_type: 1, motion_axis_orientation: 0, width: 1, x: 0, y: 1}}
    level_doors: {Ground: [front], Top: [front, back]}
    initial_floor_name: Ground
reference_level_name: Ground
";

#[test]
fn levels_are_aligned_by_fiducials_and_joined_by_lifts() {
    let i = import("two", TWO_LEVELS).unwrap();
    let s = &i.site;
    assert_eq!(s.levels.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["Ground", "Top"]);
    let near = |name: &str, x: f64, y: f64| {
        let p = s.vertices[s.vertex_named(name).unwrap().at()].at;
        assert!(p.dist(Vec2::new(x, y)) < 1e-9, "{name} at {p:?}");
    };
    near("lower", 5.0, -9.0);
    // Top is drawn at half the scale and turned by a right angle: (100, 300) is (0, 0) of Ground, up there is east here.
    near("upper", 5.0, -5.0);
    let lift = &s.lifts[0];
    assert!(lift.at.dist(Vec2::new(5.0, -2.5)) < 1e-9);
    assert_eq!(lift.stops.len(), 2);
    assert!((lift.doors[0].at.y + 1.0).abs() < 1e-9, "moved onto the wall");
    let rides: Vec<_> = s.lanes.iter().filter(|l| l.ride.is_some()).collect();
    assert_eq!(rides.len(), 2);
    assert_eq!(s.vertices[rides[0].from.at()].at, s.vertices[rides[0].to.at()].at);
    assert_eq!(s.lanes.iter().filter(|l| l.lift_door.is_some()).count(), 4);
    let r = crate::Routes::new(s, 0, &crate::Costs::default());
    let way = r.shortest(s.vertex_named("lower").unwrap(), s.vertex_named("upper").unwrap()).unwrap();
    assert_eq!(way.lanes.len(), 3);
    assert!(i.findings.iter().any(|f| f.what.contains("no lane passes its door `back` on level Top")), "{:#?}", i.findings);
}

#[test]
fn lifts_with_wrong_names_are_errors() {
    let text = TWO_LEVELS
        .replace("Top: [front, back]", "Roof: [front]")
        .replace("initial_floor_name: Ground", "initial_floor_name: Cellar")
        .replace("Ground: [front]", "Ground: [side]");
    let got: Vec<String> = errors(&text).iter().map(ToString::to_string).collect();
    for part in [
        "level `Roof` does not exist (name one of Ground, Top)",
        "level `Cellar` does not exist",
        "the lift has no door `side` (name one of front, back)",
    ] {
        assert!(has(&got, part), "{part}: {got:#?}");
    }
}

#[test]
fn a_forgotten_lift_in_the_shaft_of_another_is_left_out() {
    let text = TWO_LEVELS.replace("lifts:\n", "lifts:\n  old: {x: 53, y: 26, yaw: 0, width: 2, depth: 2, doors: {d: {door_type: 2, width: 1, x: 0, y: 1}}, level_doors: {Ground: [d], Top: [d]}}\n");
    let i = import("two", &text).unwrap();
    assert_eq!(i.site, import("two", TWO_LEVELS).unwrap().site);
    assert!(i.findings.iter().any(|f| f.path == "lifts.old" && f.what.contains("stands in the shaft of lift `lift`")), "{:#?}", i.findings);
}

#[test]
fn a_lane_through_the_shaft_of_a_lift_that_passes_is_named() {
    let middle = |y: u32| {
        format!(
            "  Middle:\n    elevation: 2.5\n    fiducials: [[0, 0, one], [100, 0, two], [0, 100, three]]\n    vertices:\n      - [0, {y}, 0, west]\n      - [100, {y}, 0, east]\n    lanes: [[0, 1, {{bidirectional: [4, true]}}]]\nlifts:\n"
        )
    };
    let through = remarks(&TWO_LEVELS.replace("lifts:\n", &middle(25)));
    assert!(has(&through, "the lane west to east leads through the shaft of lift `lift`"), "{through:#?}");
    assert_eq!(through.iter().filter(|x| x.contains("leads through the shaft")).count(), 1, "both ways are one lane: {through:#?}");
    let beside = remarks(&TWO_LEVELS.replace("lifts:\n", &middle(90)));
    assert!(!has(&beside, "leads through the shaft"), "{beside:#?}");
}

#[test]
fn levels_that_cannot_be_aligned_are_said_so() {
    let got = remarks(&TWO_LEVELS.replace("[100, 100, two]", "[100, 100, zwei]").replace("[300, 300, three]", "[300, 300, drei]"));
    assert!(has(&got, "shares 1 fiducials with level Ground, two are needed"), "{got:#?}");
    assert!(has(&got, "whose middle is"), "{got:#?}");
    let got = remarks(&TWO_LEVELS.replace("    measurements: [[0, 1, {distance: [3, 10]}]]\n", ""));
    assert!(has(&got, "no level has a measurement; 0.05 m per pixel is assumed"), "{got:#?}");
}

#[test]
fn latitude_and_longitude_become_metres() {
    let text = "coordinate_system: wgs84\nparameters: {generate_crs: [1, 'EPSG:3414']}\nlevels:\n  L1:\n    vertices:\n      - [103.78, 1.30, 0, a]\n      - [103.79, 1.30, 0, b]\n      - [103.78, 1.31, 0, c]\n    lanes: [[0, 1, {}], [0, 2, {}]]\n";
    let s = import("campus", text).unwrap().site;
    // A hundredth of a degree near the equator: 1112.9 m of longitude, 1105.7 m of latitude on the ellipsoid.
    assert!(s.lanes[0].length_mm.abs_diff(1_112_900) < 500, "{}", s.lanes[0].length_mm);
    assert!(s.lanes[1].length_mm.abs_diff(1_105_750) < 500, "{}", s.lanes[1].length_mm);
    assert!(s.vertices[1].at.x > s.vertices[0].at.x && s.vertices[2].at.y > s.vertices[0].at.y);
    assert!(errors(&text.replace("103.79", "1030.79"))[0].what.contains("no longitude and latitude"));
}

#[test]
fn grid_coordinates_are_brought_near_zero() {
    let text = building(&list(&["[22000, 31500, 0, a]", "[22010, 31500, 0, b]"]), &list(&["[0, 1, {}]"]), "");
    let i = import("grid", &text).unwrap();
    assert_eq!(i.site.vertices[0].at, Vec2::default());
    assert_eq!(i.site.lanes[0].length_mm, 10_000);
    let with = text.replace("levels:", "parameters: {offset_x: [3, 21990], offset_y: [3, 31500]}\nlevels:");
    assert_eq!(import("grid", &with).unwrap().site.vertices[0].at, Vec2::new(10.0, 0.0));
}

#[test]
fn models_are_kept_for_the_report_and_are_no_obstacles() {
    let i = import(
        "t",
        &building(
            &list(&["[0, 0, 0, a]", "[5, 0, 0, b]"]),
            &list(&["[0, 1, {}]"]),
            "    models:\n      - {model_name: OpenRobotics/Sofa, name: Sofa, static: true, x: 1, y: 2, yaw: 0.5, z: 0}\n",
        ),
    )
    .unwrap();
    assert_eq!(i.models[0].pose(), Pose2::new(1.0, 2.0, 0.5));
    assert!(i.site.levels[0].obstacles.is_empty());
}

#[test]
fn impossible_sizes_are_errors_not_overflows() {
    let far = TWO_LEVELS.replace("distance: [3, 10]", "distance: [3, 900000000]");
    assert!(errors(&far).iter().any(|f| f.what.contains("thousand kilometres")));
    let flat = TWO_LEVELS
        .replace("[100, 300, one], [100, 100, two], [300, 300, three]", "[100, 300, one], [100, 300.0000001, two], [100, 300, three]");
    let _ = import("flat", &flat);
    let huge = building(&list(&["[1e300, 0, 0, a]", "[5, 0, 0, b]"]), &list(&["[0, 1, {}]"]), "");
    assert!(errors(&huge)[0].what.contains("sensible size"));
}

#[test]
fn floors_turn_left_and_holes_turn_right() {
    let v =
        list(&["[0, 0, 0, a]", "[0, 10, 0, '']", "[10, 10, 0, '']", "[10, 0, 0, b]", "[4, 4, 0, '']", "[6, 4, 0, '']", "[6, 6, 0, '']"]);
    let f = "    floors:\n      - {parameters: {}, vertices: [0, 1, 2, 3]}\n      - {vertices: [0, 1]}\n    holes:\n      - {vertices: [4, 5, 6]}\n";
    let s = import("t", &building(&v, &list(&["[0, 3, {}]"]), f)).unwrap().site;
    let floor = &s.levels[0].floors[0];
    assert_eq!(s.levels[0].floors.len(), 1);
    assert!(join::area_m2(&floor.outline) > 0.0 && join::area_m2(&floor.holes[0].outline) < 0.0);
}

#[test]
fn sites_have_one_byte_form() {
    use nooterra_engine::{decode, encode};
    let s = import("two", TWO_LEVELS).unwrap().site;
    let bytes = encode(&s);
    let back: Site = decode(&bytes).unwrap();
    assert_eq!(back, s);
    let zero = import("t", &building(&list(&["[-0, -0.0, 0, a]", "[5, 0, 0, b]"]), &list(&["[0, 1, {}]"]), "")).unwrap().site;
    assert!(zero.vertices[0].at.x.is_sign_positive() && zero.vertices[0].at.y.is_sign_positive());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = import("x", &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_broken_building_makes_it_panic(at in 0usize..1200, len in 0usize..12, put in "[\\[\\]{}:,a-z0-9.&*\n \"'-]{0,6}") {
        let mut text: Vec<char> = TWO_LEVELS.chars().collect();
        let at = at.min(text.len());
        let end = (at + len).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Ok(i) = import("x", &text) {
            // Whatever can be read can be used.
            let (carved, _) = i.carved(&i.site.radii());
            prop_assert_eq!(carved.lanes.len(), i.site.lanes.len());
            let _ = crate::summary(&i.site).to_string();
            let _ = crate::draw::svg(&i.site, &crate::draw::Options::default());
        } else if let Err(f) = import("x", &text) {
            prop_assert!(f.iter().any(|f| f.severity == Severity::Error));
        }
    }
}
