//! Flat shapes on a page, in pixels from its top left corner, and the colours of the house.

use nooterra_engine::geom::Vec2;

/// Red, green, blue, opacity.
pub type Colour = [u8; 4];

/// Colours of robots, trails and navigation graphs.
pub const SERIES: [Colour; 10] = [
    [31, 111, 178, 255],
    [214, 98, 37, 255],
    [46, 139, 87, 255],
    [148, 82, 165, 255],
    [190, 47, 73, 255],
    [20, 144, 154, 255],
    [161, 117, 22, 255],
    [86, 96, 190, 255],
    [120, 140, 40, 255],
    [200, 80, 140, 255],
];

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The point is at its left end.
    Start,
    /// The point is in its middle.
    Middle,
    /// The point is at its right end.
    End,
}

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Filled rings, even-odd, so that inner rings are holes.
    Area {
        /// The rings.
        rings: Vec<Vec<Vec2>>,
        /// Colour of the inside.
        fill: Colour,
    },
    /// A line of straight pieces.
    Line {
        /// Its points.
        points: Vec<Vec2>,
        /// Width, pixels.
        width: f64,
        /// Its colour.
        colour: Colour,
        /// Lengths of dash and gap, pixels; solid if zero.
        dash: (f64, f64),
        /// Round instead of square ends.
        round: bool,
    },
    /// A circle.
    Circle {
        /// Centre.
        at: Vec2,
        /// Radius, pixels.
        radius: f64,
        /// Colour of the inside.
        fill: Colour,
        /// Width and colour of the rim.
        rim: (f64, Colour),
    },
    /// One line of text with a pale rim, so that it can be read on lines.
    Text {
        /// Its anchor, at half the height of a small letter.
        at: Vec2,
        /// The text.
        text: String,
        /// Height of a capital letter, pixels.
        size: f64,
        /// Its colour.
        colour: Colour,
        /// Where it stands.
        anchor: Anchor,
        /// Heavier strokes.
        bold: bool,
    },
}

/// A page of shapes, drawn in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Width, pixels.
    pub width: f64,
    /// Height, pixels.
    pub height: f64,
    /// Colour of the paper.
    pub paper: Colour,
    /// What is on it.
    pub shapes: Vec<Shape>,
}
