//! Plane geometry in metres and radians, x forward/east, y left/north, angles counter-clockwise (REP 103).

use crate::Record;
use crate::real;
use std::ops::{Add, Mul, Neg, Sub};

/// A point or vector in metres.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Vec2 {
    /// East or forward, metres.
    pub x: f64,
    /// North or left, metres.
    pub y: f64,
}

impl Vec2 {
    /// The vector `(x, y)`.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
    /// The unit vector at this angle.
    pub fn at_angle(theta_rad: f64) -> Self {
        let (s, c) = real::sin_cos(theta_rad);
        Self::new(c, s)
    }
    /// Length.
    pub fn norm(self) -> f64 {
        real::hypot(self.x, self.y)
    }
    /// Square of the length.
    pub fn norm_sq(self) -> f64 {
        self.x * self.x + self.y * self.y
    }
    /// Scalar product.
    pub fn dot(self, o: Self) -> f64 {
        self.x * o.x + self.y * o.y
    }
    /// Third component of the vector product.
    pub fn cross(self, o: Self) -> f64 {
        self.x * o.y - self.y * o.x
    }
    /// Turned left by a right angle.
    #[must_use]
    pub fn perp(self) -> Self {
        Self::new(-self.y, self.x)
    }
    /// Turned left by `theta_rad`.
    #[must_use]
    pub fn rotated(self, theta_rad: f64) -> Self {
        let (s, c) = real::sin_cos(theta_rad);
        Self::new(c * self.x - s * self.y, s * self.x + c * self.y)
    }
    /// Length one, or zero if it was zero.
    #[must_use]
    pub fn unit(self) -> Self {
        let n = self.norm();
        if n > 0.0 { self * (1.0 / n) } else { Self::default() }
    }
    /// Distance to `o`.
    pub fn dist(self, o: Self) -> f64 {
        (self - o).norm()
    }
    /// Its angle in radians.
    pub fn angle(self) -> f64 {
        real::atan2(self.y, self.x)
    }
    /// The point a share `t` of the way to `o`.
    #[must_use]
    pub fn lerp(self, o: Self, t: f64) -> Self {
        self + (o - self) * t
    }
}

impl Add for Vec2 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::new(self.x + o.x, self.y + o.y)
    }
}
impl Sub for Vec2 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self::new(self.x - o.x, self.y - o.y)
    }
}
impl Mul<f64> for Vec2 {
    type Output = Self;
    fn mul(self, k: f64) -> Self {
        Self::new(self.x * k, self.y * k)
    }
}
impl Neg for Vec2 {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.x, -self.y)
    }
}

/// Position and heading on one level.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Pose2 {
    /// Position, metres.
    pub at: Vec2,
    /// Heading, radians, counter-clockwise from east.
    pub theta_rad: f64,
}

impl Pose2 {
    /// The pose `(x, y, theta)`.
    pub const fn new(x: f64, y: f64, theta_rad: f64) -> Self {
        Self { at: Vec2::new(x, y), theta_rad }
    }
    /// A point of this body's frame in the outer frame.
    pub fn apply(&self, p: Vec2) -> Vec2 {
        self.at + p.rotated(self.theta_rad)
    }
    /// A point of the outer frame in this body's frame.
    pub fn inverse_apply(&self, p: Vec2) -> Vec2 {
        (p - self.at).rotated(-self.theta_rad)
    }
}

/// A straight piece between two points.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Segment {
    /// One end.
    pub a: Vec2,
    /// The other.
    pub b: Vec2,
}

impl Segment {
    /// The segment from `a` to `b`.
    pub const fn new(a: Vec2, b: Vec2) -> Self {
        Self { a, b }
    }
    /// Its length.
    pub fn length(&self) -> f64 {
        self.a.dist(self.b)
    }
    /// Share of the way (0..=1) to the point nearest to `p`.
    pub fn nearest_share(&self, p: Vec2) -> f64 {
        let d = self.b - self.a;
        let n = d.norm_sq();
        if n > 0.0 { ((p - self.a).dot(d) / n).clamp(0.0, 1.0) } else { 0.0 }
    }
    /// The point nearest to `p`.
    pub fn nearest(&self, p: Vec2) -> Vec2 {
        self.a.lerp(self.b, self.nearest_share(p))
    }
    /// Distance to `p`.
    pub fn dist_point(&self, p: Vec2) -> f64 {
        self.nearest(p).dist(p)
    }
    /// Do the two cross or touch?
    pub fn crosses(&self, o: &Self) -> bool {
        let side = |s: &Self, p: Vec2| (s.b - s.a).cross(p - s.a);
        let (d1, d2) = (side(o, self.a), side(o, self.b));
        let (d3, d4) = (side(self, o.a), side(self, o.b));
        ((d1 > 0.0 && d2 < 0.0) || (d1 < 0.0 && d2 > 0.0)) && ((d3 > 0.0 && d4 < 0.0) || (d3 < 0.0 && d4 > 0.0))
            || (d1 == 0.0 && o.dist_point(self.a) == 0.0)
            || (d2 == 0.0 && o.dist_point(self.b) == 0.0)
            || (d3 == 0.0 && self.dist_point(o.a) == 0.0)
            || (d4 == 0.0 && self.dist_point(o.b) == 0.0)
    }
    /// Smallest distance between the two.
    pub fn dist(&self, o: &Self) -> f64 {
        if self.crosses(o) {
            return 0.0;
        }
        self.dist_point(o.a).min(self.dist_point(o.b)).min(o.dist_point(self.a)).min(o.dist_point(self.b))
    }
}
