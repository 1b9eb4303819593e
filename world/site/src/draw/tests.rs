use super::*;
use crate::import;

const SMALL: &str = "
name: small & <plain>
coordinate_system: cartesian_meters
levels:
  L1:
    vertices:
      - [0, 0, 0, a, {is_charger: true, spawn_robot_name: r, spawn_robot_type: TinyRobot}]
      - [6, 0, 0, 'b<']
      - [6, 4, 0, c]
    lanes:
      - [0, 1, {bidirectional: true}]
      - [1, 2, {}]
    walls:
      - [0, 2, {}]
";

#[test]
fn svg_is_well_formed_and_names_what_it_shows() {
    let s = import("small", SMALL).unwrap().site;
    let text = svg(&s, &Options::default());
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    assert!(text.contains("small &amp; &lt;plain&gt;") && text.contains("b&lt;</text>"));
    assert_eq!(text.matches('<').count(), text.matches('>').count());
    assert!(!text.contains("NaN") && !text.contains("inf"));
}

#[test]
fn png_has_the_size_of_its_page() {
    let s = import("small", SMALL).unwrap().site;
    let bytes = png(&s, &Options { width_px: 640, ..Options::default() }).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(u32::from_be_bytes(bytes[16..20].try_into().unwrap()), 640);
}

#[test]
fn odd_sites_can_be_drawn() {
    let mut s = import("small", SMALL).unwrap().site;
    s.vertices[2].at = Vec2::new(1e7, -1e7);
    assert!(png(&s, &Options { width_px: 300, ..Options::default() }).is_some());
    s.vertices.clear();
    s.lanes.clear();
    s.spawns.clear();
    s.levels.clear();
    assert!(png(&s, &Options::default()).is_some());
    assert!(svg(&s, &Options { level: Some(LevelIx::new(7)), ..Options::default() }).contains("</svg>"));
}

#[test]
fn every_printable_letter_has_strokes_and_width() {
    for c in ' '..='~' {
        assert!(c == ' ' || !font::lines(&c.to_string(), Vec2::default(), 6.0).is_empty(), "{c}");
        assert!(font::width("m", 6.0) > font::width("i", 6.0));
    }
    let unknown = font::lines("\u{4e2d}", Vec2::default(), 6.0);
    assert_eq!(unknown.len(), 1);
}

#[test]
fn trails_and_figures_are_drawn_on_their_level() {
    let s = import("small", SMALL).unwrap().site;
    let level = LevelIx::new(0);
    let options = Options {
        trails: vec![Trail { level, points: vec![Vec2::new(0.0, 0.0), Vec2::new(6.0, 0.0)], colour: 1 }],
        figures: vec![
            Figure { level, pose: Pose2::new(3.0, 0.0, 0.5), kind: FigureKind::Robot { radius_m: 0.3 }, name: "carrier".into(), colour: 1 },
            Figure {
                level,
                pose: Pose2::new(5.0, 2.0, 0.5),
                kind: FigureKind::Obstacle { length_m: 1.0, width_m: 0.4 },
                name: "crate".into(),
                colour: 4,
            },
            Figure { level: LevelIx::new(1), pose: Pose2::default(), kind: FigureKind::Person, name: "elsewhere".into(), colour: 0 },
        ],
        ..Options::default()
    };
    let text = svg(&s, &options);
    assert!(text.contains("carrier</text>") && text.contains("crate</text>") && !text.contains("elsewhere"));
    assert!(text.len() > svg(&s, &Options::default()).len());
}
