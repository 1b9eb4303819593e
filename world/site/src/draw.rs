//! Drawings of a site as SVG and PNG: what is built, where robots may drive, what each vertex is for, and on request
//! robots, trails and obstacles that the caller knows of.
//!
//! [`compose`] turns a site into flat [`shapes`] on a page, [`svg()`] and [`png()`] write the same shapes. Text in a PNG is
//! drawn with the strokes of [`font`], so no font has to be installed.

mod compose;
mod font;
mod paper;
pub mod shapes;

use crate::model::{LevelIx, Site};
use nooterra_engine::geom::{Pose2, Vec2};

/// What to draw and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Only this level; all of them side by side otherwise.
    pub level: Option<LevelIx>,
    /// Width of the page, pixels; the height follows.
    pub width_px: u32,
    /// Heading of the page; the site's name if nothing.
    pub title: Option<String>,
    /// Write names beside vertices, doors and lifts.
    pub names: bool,
    /// Draw lanes and vertices.
    pub lanes: bool,
    /// Explain the signs below the drawing.
    pub legend: bool,
    /// Draw robots where the map spawns them.
    pub spawns: bool,
    /// Paths that robots took.
    pub trails: Vec<Trail>,
    /// Robots, loads, people and other things where they are.
    pub figures: Vec<Figure>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            level: None,
            width_px: 1600,
            title: None,
            names: true,
            lanes: true,
            legend: true,
            spawns: true,
            trails: Vec::new(),
            figures: Vec::new(),
        }
    }
}

/// The path that something took on one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail {
    /// The level.
    pub level: LevelIx,
    /// Its points in order, metres.
    pub points: Vec<Vec2>,
    /// Which of [`shapes::SERIES`] to draw it in.
    pub colour: usize,
}

/// Something that stands somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The level.
    pub level: LevelIx,
    /// Where.
    pub pose: Pose2,
    /// What it is.
    pub kind: FigureKind,
    /// Written beside it, if not empty.
    pub name: String,
    /// Which of [`shapes::SERIES`] to draw it in.
    pub colour: usize,
}

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FigureKind {
    /// A robot of this radius, metres.
    Robot {
        /// Footprint radius, metres.
        radius_m: f64,
    },
    /// A box that stands in the way.
    Obstacle {
        /// Length along its x, metres.
        length_m: f64,
        /// Width along its y, metres.
        width_m: f64,
    },
    /// A person.
    Person,
    /// A place worth a look.
    Mark,
}

/// The site as an SVG document.
pub fn svg(site: &Site, options: &Options) -> String {
    paper::svg(&compose::page(site, options))
}

/// The site as a PNG image; nothing if the page would be too large to draw.
pub fn png(site: &Site, options: &Options) -> Option<Vec<u8>> {
    paper::png(&compose::page(site, options))
}

#[cfg(test)]
mod tests;
