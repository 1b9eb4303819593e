//! The site as a value: everything in metres and radians in one site frame per level (x east, y north, REP 103).
//!
//! Built by an importer, never changed afterwards. Indexes are positions in the lists below and stable for a given file.

use crate::areas::Area;
use nooterra_engine::Record;
use nooterra_engine::geom::{Segment, Vec2};

nooterra_engine::indexes! {
    /// A level.
    LevelIx;
    /// A vertex.
    VertexIx;
    /// A directed lane.
    LaneIx;
    /// A door of a level (lift doors are part of their lift).
    DoorIx;
    /// A lift.
    LiftIx;
    /// An area.
    AreaIx;
}

/// A building or yard.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Site {
    /// Its name in the file.
    pub name: String,
    /// Which way the file gave coordinates.
    pub frame: Frame,
    /// All levels, lowest elevation first.
    pub levels: Vec<Level>,
    /// All vertices of all levels' graphs (vertices used only by walls are not listed).
    pub vertices: Vec<Vertex>,
    /// All directed lanes; a bidirectional one appears twice, each naming the other as `reverse`.
    pub lanes: Vec<Lane>,
    /// All doors in walls.
    pub doors: Vec<Door>,
    /// All lifts.
    pub lifts: Vec<Lift>,
    /// Robots that the map spawns.
    pub spawns: Vec<Spawn>,
    /// Names of the navigation graphs by `graph_idx`.
    pub graphs: Vec<Graph>,
    /// Parts of levels with a name. Files of buildings have none.
    pub areas: Vec<Area>,
}

/// The coordinate system of the file.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub enum Frame {
    /// Pixels of a floor plan, scaled by measurements.
    ReferenceImage,
    /// Metres.
    CartesianMeters,
    /// Latitude and longitude, projected about this origin.
    Wgs84 {
        /// Origin, degrees north.
        lat_deg: f64,
        /// Origin, degrees east.
        lon_deg: f64,
    },
}

/// A navigation graph.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Graph {
    /// Its number in the file.
    pub graph_idx: u32,
    /// Its name, empty if the file gives none.
    pub name: String,
    /// Speed limit for lanes that have none, m/s.
    pub default_speed_limit_mps: Option<f64>,
}

/// One storey.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Level {
    /// Its name: `L1`.
    pub name: String,
    /// Height of its floor above the site's zero, metres.
    pub elevation_m: f64,
    /// Walls.
    pub walls: Vec<Wall>,
    /// Floor slabs.
    pub floors: Vec<Floor>,
    /// Furniture and other models standing there that a robot could hit.
    pub obstacles: Vec<Obstacle>,
}

/// A straight wall.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Wall {
    /// Its centre line.
    pub line: Segment,
    /// Its thickness, metres.
    pub thickness_m: f64,
    /// Its height, metres.
    pub height_m: f64,
    /// See-through for people's eyes (glass); lidar still sees it.
    pub alpha: f64,
}

/// A floor slab.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Floor {
    /// Outline, counter-clockwise, not closed.
    pub outline: Vec<Vec2>,
    /// Holes, clockwise.
    pub holes: Vec<Hole>,
}

/// A hole in a floor.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Hole {
    /// Its outline.
    pub outline: Vec<Vec2>,
}

/// A model that stands on the floor, reduced to a box. Empty unless a scenario or importer knows its size.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Obstacle {
    /// Name in the file.
    pub name: String,
    /// Centre.
    pub at: Vec2,
    /// Heading, radians.
    pub yaw_rad: f64,
    /// Length along its x, metres.
    pub length_m: f64,
    /// Width along its y, metres.
    pub width_m: f64,
    /// Height, metres.
    pub height_m: f64,
}

/// A vertex of a navigation graph: a place where a robot can stand.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Vertex {
    /// Name in the file, empty if it has none.
    pub name: String,
    /// Its level.
    pub level: LevelIx,
    /// Where.
    pub at: Vec2,
    /// What may be done there.
    pub flags: VertexFlags,
    /// Dispenser that hands items out here.
    pub pickup_dispenser: Option<String>,
    /// Ingestor that takes items in here.
    pub dropoff_ingestor: Option<String>,
    /// Name for docking here.
    pub dock_name: Option<String>,
    /// Inside this lift's cabin.
    pub lift: Option<LiftIx>,
    /// Mutex group: one robot at a time among all members.
    pub mutex: Option<String>,
    /// Radius within which two vertices are one place, metres.
    pub merge_radius_m: Option<f64>,
}

/// Yes-or-no properties of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct VertexFlags {
    /// A robot can charge here.
    pub is_charger: bool,
    /// A robot may wait here without end.
    pub is_parking_spot: bool,
    /// A robot may wait here for a short time.
    pub is_holding_point: bool,
    /// A robot may not stop here.
    pub is_passthrough_point: bool,
    /// Entrance of a zone that cleaning robots clean.
    pub is_cleaning_zone: bool,
    /// A robot may put one load down here for another: a transfer place.
    pub is_transfer_place: bool,
}

/// Which way a robot faces on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum LaneOrientation {
    /// Either.
    #[default]
    Any,
    /// Forward.
    Forward,
    /// Backward.
    Backward,
}

/// A directed lane.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Lane {
    /// Start.
    pub from: VertexIx,
    /// End.
    pub to: VertexIx,
    /// Navigation graph it belongs to.
    pub graph_idx: u32,
    /// Length in millimetres (0 for a ride in a lift).
    pub length_mm: u64,
    /// Limit, m/s.
    pub speed_limit_mps: Option<f64>,
    /// Required facing.
    pub orientation: LaneOrientation,
    /// Mutex group: one robot at a time among all members.
    pub mutex: Option<String>,
    /// Doors that it passes, in order.
    pub doors: Vec<DoorIx>,
    /// The lift whose door it passes, entering or leaving the cabin.
    pub lift_door: Option<LiftIx>,
    /// The lift that carries the robot from `from`'s level to `to`'s.
    pub ride: Option<LiftIx>,
    /// The same lane the other way, if bidirectional.
    pub reverse: Option<LaneIx>,
}

/// How a door opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum DoorKind {
    /// One leaf on a hinge.
    Hinged,
    /// Two leaves on hinges.
    DoubleHinged,
    /// One leaf that slides.
    Sliding,
    /// Two leaves that slide apart.
    DoubleSliding,
    /// One leaf of nested panels.
    Telescope,
    /// Two such leaves.
    DoubleTelescope,
}

/// A door in a wall.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Door {
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: LevelIx,
    /// Closed position: from the start vertex to the end vertex.
    pub line: Segment,
    /// How it opens.
    pub kind: DoorKind,
    /// Hinge at `line.b` instead of `line.a` (single hinged), or slides towards `line.b`.
    pub at_end: bool,
    /// Opening angle of hinged leaves, radians.
    pub swing_rad: f64,
    /// Which side hinged leaves swing to, looking from `line.a` to `line.b`: +1 to the left, -1 to the right.
    pub direction: i32,
    /// Length of the leaf at `line.a` over the one at `line.b`, for doors of two leaves.
    pub right_left_ratio: f64,
}

/// A lift.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Lift {
    /// Its name.
    pub name: String,
    /// Centre of the cabin.
    pub at: Vec2,
    /// Heading of the cabin, radians.
    pub yaw_rad: f64,
    /// Inner size along the cabin's x, metres.
    pub width_m: f64,
    /// Inner size along the cabin's y, metres.
    pub depth_m: f64,
    /// Levels it serves, lowest first, and the cabin doors that open there (indexes into `doors`).
    pub stops: Vec<LiftStop>,
    /// Doors of the cabin.
    pub doors: Vec<LiftDoor>,
    /// Where it stands at the start.
    pub initial_level: LevelIx,
}

/// A level that a lift serves.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct LiftStop {
    /// The level.
    pub level: LevelIx,
    /// Indexes of the cabin doors that open there.
    pub doors: Vec<u32>,
    /// The vertex inside the cabin at this level, per navigation graph that reaches it.
    pub cabin: Vec<VertexIx>,
}

/// A door of a lift, in the cabin's frame.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct LiftDoor {
    /// Its name.
    pub name: String,
    /// Centre, in the cabin's frame.
    pub at: Vec2,
    /// Direction of its motion in the cabin's frame, radians.
    pub motion_axis_rad: f64,
    /// Opening width, metres.
    pub width_m: f64,
    /// How it opens.
    pub kind: DoorKind,
}

/// A robot that the map puts somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Spawn {
    /// Its name.
    pub robot: String,
    /// Its model as the file names it: `Open-RMF/TinyRobot`.
    pub model: String,
    /// Where.
    pub vertex: VertexIx,
}
