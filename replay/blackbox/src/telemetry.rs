//! What people look at, in Foxglove's protobuf schemas: field numbers are theirs.

use nooterra_engine::{Instant, Record};

/// `google.protobuf.Timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
#[record("google.protobuf.Timestamp")]
pub struct Timestamp {
    /// Whole seconds.
    pub seconds: u64,
    /// The rest.
    pub nanos: u32,
}

impl From<Instant> for Timestamp {
    #[allow(clippy::cast_possible_truncation, reason = "a remainder below 10^9")]
    fn from(t: Instant) -> Self {
        Self { seconds: t.0 / 1_000_000_000, nanos: (t.0 % 1_000_000_000) as u32 }
    }
}

/// `google.protobuf.Duration`, never negative here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
#[record("google.protobuf.Duration")]
pub struct Duration {
    /// Whole seconds.
    pub seconds: u64,
    /// The rest.
    pub nanos: u32,
}

/// A vector in metres.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
#[record("foxglove.Vector3")]
pub struct Vector3 {
    /// x.
    pub x: f64,
    /// y.
    pub y: f64,
    /// z.
    pub z: f64,
}

/// A point in metres.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
#[record("foxglove.Point3")]
pub struct Point3 {
    /// x.
    pub x: f64,
    /// y.
    pub y: f64,
    /// z.
    pub z: f64,
}

/// A rotation.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
#[record("foxglove.Quaternion")]
pub struct Quaternion {
    /// x.
    pub x: f64,
    /// y.
    pub y: f64,
    /// z.
    pub z: f64,
    /// w.
    pub w: f64,
}

impl Quaternion {
    /// A turn about the vertical axis.
    #[must_use]
    pub fn yaw(radians: f64) -> Self {
        let (sin, cos) = (nooterra_engine::real::sin(radians / 2.0), nooterra_engine::real::cos(radians / 2.0));
        Self { x: 0.0, y: 0.0, z: sin, w: cos }
    }
}

/// A place and a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
#[record("foxglove.Pose")]
pub struct Pose {
    /// Where, in metres.
    pub position: Vector3,
    /// Turned how.
    pub orientation: Quaternion,
}

impl Pose {
    /// On the floor: x, y, height in metres and a heading.
    #[must_use]
    pub fn planar(x_m: f64, y_m: f64, z_m: f64, heading_rad: f64) -> Self {
        Self { position: Vector3 { x: x_m, y: y_m, z: z_m }, orientation: Quaternion::yaw(heading_rad) }
    }
}

/// Red, green, blue, opacity: 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
#[record("foxglove.Color")]
pub struct Color {
    /// Red.
    pub r: f64,
    /// Green.
    pub g: f64,
    /// Blue.
    pub b: f64,
    /// Opacity.
    pub a: f64,
}

/// A pose with its frame.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.PoseInFrame")]
pub struct PoseInFrame {
    /// When.
    pub timestamp: Timestamp,
    /// Frame of reference.
    pub frame_id: String,
    /// The pose.
    pub pose: Pose,
}

/// Many poses in one frame.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.PosesInFrame")]
pub struct PosesInFrame {
    /// When.
    pub timestamp: Timestamp,
    /// Frame of reference.
    pub frame_id: String,
    /// The poses.
    pub poses: Vec<Pose>,
}

/// Where a frame stands in its parent.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.FrameTransform")]
pub struct FrameTransform {
    /// When.
    pub timestamp: Timestamp,
    /// Parent.
    pub parent_frame_id: String,
    /// Child.
    pub child_frame_id: String,
    /// Where.
    pub translation: Vector3,
    /// Turned how.
    pub rotation: Quaternion,
}

/// Many transforms at once.
#[derive(Debug, Clone, PartialEq, Default, Record)]
#[record("foxglove.FrameTransforms")]
pub struct FrameTransforms {
    /// The transforms.
    pub transforms: Vec<FrameTransform>,
}

/// One turn of a lidar.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.LaserScan")]
pub struct LaserScan {
    /// When it began.
    pub timestamp: Timestamp,
    /// Frame of reference.
    pub frame_id: String,
    /// Where the scanner stands in it.
    pub pose: Pose,
    /// First bearing, radians.
    pub start_angle: f64,
    /// Last bearing, radians.
    pub end_angle: f64,
    /// Distances in metres.
    pub ranges: Vec<f64>,
    /// Strengths of the echoes; may be empty.
    pub intensities: Vec<f64>,
}

/// How grave a line of log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[record("foxglove.LogLevel")]
#[allow(missing_docs)]
pub enum Level {
    UNKNOWN,
    DEBUG,
    INFO,
    WARNING,
    ERROR,
    FATAL,
}

/// A line of log.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.Log")]
pub struct Log {
    /// When.
    pub timestamp: Timestamp,
    /// How grave.
    pub level: Level,
    /// What.
    pub message: String,
    /// Who says it.
    pub name: String,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[record("foxglove.KeyValuePair")]
pub struct KeyValuePair {
    /// Name.
    pub key: String,
    /// Value.
    pub value: String,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.CubePrimitive")]
pub struct Cube {
    /// Its middle.
    pub pose: Pose,
    /// Edges in metres.
    pub size: Vector3,
    /// Color.
    pub color: Color,
}

/// A ball.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.SpherePrimitive")]
pub struct Sphere {
    /// Its middle.
    pub pose: Pose,
    /// Diameters in metres.
    pub size: Vector3,
    /// Color.
    pub color: Color,
}

/// A cylinder, upright.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.CylinderPrimitive")]
pub struct Cylinder {
    /// Its middle.
    pub pose: Pose,
    /// Diameters and height in metres.
    pub size: Vector3,
    /// Radius at the bottom, as part of the full one.
    pub bottom_scale: f64,
    /// Radius at the top.
    pub top_scale: f64,
    /// Color.
    pub color: Color,
}

/// How points are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[record("foxglove.LineType")]
#[allow(missing_docs, non_camel_case_types)]
pub enum LineType {
    LINE_STRIP,
    LINE_LOOP,
    LINE_LIST,
}

/// A line through points.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.LinePrimitive")]
pub struct Line {
    /// How points are joined.
    pub r#type: LineType,
    /// Origin of the points.
    pub pose: Pose,
    /// Thickness in metres.
    pub thickness: f64,
    /// Thickness in pixels instead?
    pub scale_invariant: bool,
    /// The points.
    pub points: Vec<Point3>,
    /// Color of all.
    pub color: Color,
    /// Color of each; may be empty.
    pub colors: Vec<Color>,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.TextPrimitive")]
pub struct Text {
    /// Where.
    pub pose: Pose,
    /// Always facing the viewer?
    pub billboard: bool,
    /// Height in metres.
    pub font_size: f64,
    /// Height in pixels instead?
    pub scale_invariant: bool,
    /// Color.
    pub color: Color,
    /// The text.
    pub text: String,
}

/// Something in the scene. Fields 7, 12 and 14 of the schema (arrows, triangles, models) are not written.
#[derive(Debug, Clone, PartialEq, Default, Record)]
#[record("foxglove.SceneEntity")]
pub struct SceneEntity {
    /// When.
    pub timestamp: Timestamp,
    /// Frame of reference.
    pub frame_id: String,
    /// Its name: a later entity of that name replaces it.
    pub id: String,
    /// How long it stays; zero is for ever.
    pub lifetime: Duration,
    /// Moves along with its frame?
    pub frame_locked: bool,
    /// Shown when clicked.
    pub metadata: Vec<KeyValuePair>,
    /// Boxes.
    #[tag(8)]
    pub cubes: Vec<Cube>,
    /// Balls.
    pub spheres: Vec<Sphere>,
    /// Cylinders.
    pub cylinders: Vec<Cylinder>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Labels.
    #[tag(13)]
    pub texts: Vec<Text>,
}

/// Which entities go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[record("foxglove.SceneEntityDeletionType")]
#[allow(missing_docs, non_camel_case_types)]
pub enum DeletionType {
    MATCHING_ID,
    ALL,
}

/// Entities that go.
#[derive(Debug, Clone, PartialEq, Record)]
#[record("foxglove.SceneEntityDeletion")]
pub struct SceneEntityDeletion {
    /// When.
    pub timestamp: Timestamp,
    /// Which.
    pub r#type: DeletionType,
    /// The name, if one.
    pub id: String,
}

/// A change of the scene.
#[derive(Debug, Clone, PartialEq, Default, Record)]
#[record("foxglove.SceneUpdate")]
pub struct SceneUpdate {
    /// What goes.
    pub deletions: Vec<SceneEntityDeletion>,
    /// What comes or changes.
    pub entities: Vec<SceneEntity>,
}
