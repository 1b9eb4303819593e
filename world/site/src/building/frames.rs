//! From the file's coordinates to metres: scale from measurements, alignment of levels from fiducials, projection of
//! latitude and longitude.
//!
//! Alignment is the similarity transform that Open-RMF's map tools use: the circular mean of the differences of bearings,
//! the mean ratio of distances, the mean translation, all over the pairs of fiducials that two levels share by name.

use super::raw::RawLevel;
use super::read::Reader;
use crate::finding::Mark;
use crate::model::Frame;
use nooterra_engine::geom::Vec2;
use nooterra_engine::real;

/// What a pixel is worth if a file says nothing at all: the drawing tool's own starting value.
const METRES_PER_PIXEL_DEFAULT: f64 = 0.05;
/// Measurements of one level that differ from their mean by more than this share are reported.
const MEASUREMENTS_AGREE_WITHIN: f64 = 0.05;
/// Fiducials further than this from where they should be after alignment are reported, metres.
const FIDUCIALS_AGREE_WITHIN_M: f64 = 0.5;

/// How one level's coordinates become metres of the site frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Placing {
    /// Turn, scale, shift.
    Similar { rotation_rad: f64, scale: f64, shift: Vec2 },
    /// x is longitude and y latitude, in degrees.
    Geographic { lat_deg: f64, lon_deg: f64 },
    /// x and y are Web Mercator metres.
    Mercator { lat_deg: f64, lon_deg: f64 },
}

impl Placing {
    pub(crate) const fn plain(scale: f64) -> Self {
        Self::Similar { rotation_rad: 0.0, scale, shift: Vec2::new(0.0, 0.0) }
    }
    pub(crate) fn apply(&self, p: Vec2) -> Vec2 {
        // Adding zero turns -0.0 into 0.0, so that equal places have equal bytes.
        self.placed(p) + Vec2::default()
    }
    fn placed(&self, p: Vec2) -> Vec2 {
        match *self {
            Self::Similar { rotation_rad, scale, shift } => p.rotated(rotation_rad) * scale + shift,
            Self::Geographic { lat_deg, lon_deg } => project(p.y, p.x, lat_deg, lon_deg),
            Self::Mercator { lat_deg, lon_deg } => {
                let (lat, lon) = unmercator(p);
                project(lat, lon, lat_deg, lon_deg)
            }
        }
    }
    pub(crate) fn rotation_rad(&self) -> f64 {
        match *self {
            Self::Similar { rotation_rad, .. } => rotation_rad,
            _ => 0.0,
        }
    }
}

/// Metres east and north of an origin on the WGS 84 ellipsoid; better than 1 in 10 000 within ten kilometres.
fn project(lat_deg: f64, lon_deg: f64, lat0_deg: f64, lon0_deg: f64) -> Vec2 {
    const A_M: f64 = 6_378_137.0;
    const E2: f64 = 0.006_694_379_990_14;
    let s = real::sin(lat0_deg.to_radians());
    let w2 = 1.0 - E2 * s * s;
    let w = w2.sqrt();
    let meridional_m = A_M * (1.0 - E2) / (w2 * w);
    let normal_m = A_M / w;
    let east = (lon_deg - lon0_deg).to_radians() * normal_m * real::cos(((lat_deg + lat0_deg) / 2.0).to_radians());
    Vec2::new(east, (lat_deg - lat0_deg).to_radians() * meridional_m)
}

fn unmercator(p: Vec2) -> (f64, f64) {
    const R_M: f64 = 6_378_137.0;
    let lat = 2.0 * real::atan(real::exp(p.y / R_M)) - std::f64::consts::FRAC_PI_2;
    (lat.to_degrees(), (p.x / R_M).to_degrees())
}

/// Placings of latitude and longitude about the middle of all lanes' vertices.
pub(crate) fn geographic(r: &mut Reader, levels: &[RawLevel], mercator: bool) -> (Frame, Vec<Placing>) {
    let mut low = Vec2::new(f64::INFINITY, f64::INFINITY);
    let mut high = Vec2::new(f64::NEG_INFINITY, f64::NEG_INFINITY);
    for l in levels {
        let used: Vec<usize> = l.lanes.iter().flat_map(|e| [e.ends.0, e.ends.1]).collect();
        let all: Vec<usize> = if used.is_empty() { (0..l.vertices.len()).collect() } else { used };
        for p in all.iter().filter_map(|i| l.vertices.get(*i)?.at) {
            let p = if mercator {
                let (lat, lon) = unmercator(p);
                Vec2::new(lon, lat)
            } else {
                p
            };
            if p.x.abs() > 180.0 || p.y.abs() > 90.0 {
                continue;
            }
            low = Vec2::new(low.x.min(p.x), low.y.min(p.y));
            high = Vec2::new(high.x.max(p.x), high.y.max(p.y));
        }
    }
    if !mercator {
        for l in levels {
            for v in &l.vertices {
                if let Some(p) = v.at.filter(|p| p.x.abs() > 180.0 || p.y.abs() > 90.0) {
                    let what = format!("({}, {}) is no longitude and latitude", p.x, p.y);
                    r.findings.error(v.origin.at, v.origin.path.as_str(), what, "give `[longitude, latitude, …]` in degrees");
                }
            }
        }
    }
    // Rounded to about a metre, so that a vertex moved by a hair does not shift the whole site.
    let round = |a: f64, b: f64| if a.is_finite() { ((a + b) / 2.0 * 1e5).round() / 1e5 } else { 0.0 };
    let (lat_deg, lon_deg) = (round(low.y, high.y), round(low.x, high.x));
    let placing = if mercator { Placing::Mercator { lat_deg, lon_deg } } else { Placing::Geographic { lat_deg, lon_deg } };
    (Frame::Wgs84 { lat_deg, lon_deg }, vec![placing; levels.len()])
}

/// Placings of floor plans: the reference level is scaled by its measurements, the others are aligned to it.
pub(crate) fn from_plans(r: &mut Reader, levels: &[RawLevel], reference: usize) -> Vec<Placing> {
    let own: Vec<Option<f64>> = levels.iter().map(|l| measured(r, l)).collect();
    let pairs = |i: usize| -> Vec<(Vec2, Vec2)> {
        let find = |name: &str| levels[i].fiducials.iter().find(|(n, _)| n == name).map(|(_, p)| *p);
        levels[reference].fiducials.iter().filter_map(|(n, p)| Some((*p, find(n)?))).collect()
    };
    let name = &levels[reference].name;
    let scale = own[reference].unwrap_or_else(|| {
        let at = levels[reference].at;
        // A level that is measured and shares fiducials says what a pixel of the reference is worth.
        let other = (0..levels.len()).find_map(|i| Some((i, own[i]? * relative(&pairs(i))?.1)));
        let other = other.or_else(|| (0..levels.len()).find_map(|i| Some((i, own[i]?))));
        match other {
            Some((i, s)) => {
                let what =
                    format!("the reference level has no measurement; its scale of {s:.4} m per pixel comes from level {}", levels[i].name);
                r.findings.warning(at, format!("levels.{name}"), what, "add a measurement to this level");
                s
            }
            None => {
                let what = format!("no level has a measurement; {METRES_PER_PIXEL_DEFAULT} m per pixel is assumed");
                r.findings.warning(at, format!("levels.{name}"), what, "add `measurements: [[from, to, {distance: [3, metres]}]]`");
                METRES_PER_PIXEL_DEFAULT
            }
        }
    });
    (0..levels.len())
        .map(|i| {
            if i == reference {
                return Placing::plain(scale);
            }
            let (l, pairs) = (&levels[i], pairs(i));
            if let Some((rotation_rad, ratio)) = relative(&pairs) {
                let k = scale / ratio;
                let sum = pairs.iter().fold(Vec2::default(), |s, (a, b)| s + (*a * scale - b.rotated(rotation_rad) * k));
                #[allow(clippy::cast_precision_loss)] // a handful of fiducials
                let placing = Placing::Similar { rotation_rad, scale: k, shift: sum * (1.0 / pairs.len() as f64) };
                let worst = pairs.iter().map(|(a, b)| placing.apply(*b).dist(*a * scale)).fold(0.0, f64::max);
                if worst > FIDUCIALS_AGREE_WITHIN_M {
                    let what = format!("after alignment a fiducial is {worst:.2} m from its place on level {name}");
                    r.findings.warning(
                        l.at,
                        format!("levels.{}.fiducials", l.name),
                        what,
                        "put the fiducials on the same spots of both plans",
                    );
                }
                return placing;
            }
            let k = own[i].unwrap_or(scale);
            let shift = pairs.first().map_or(Vec2::default(), |(a, b)| *a * scale - *b * k);
            if levels.len() > 1 {
                let what = format!("shares {} fiducials with level {name}, two are needed to align it", pairs.len());
                let remedy = if own[i].is_some() { "its own measurements give the scale" } else { "the reference level's scale is used" };
                r.findings.warning(l.at, format!("levels.{}", l.name), what, remedy);
            }
            Placing::Similar { rotation_rad: 0.0, scale: k, shift }
        })
        .collect()
}

/// Mean metres per pixel of a level's measurements.
fn measured(r: &mut Reader, l: &RawLevel) -> Option<f64> {
    let mut scales = Vec::new();
    for m in &l.measurements {
        let (Some(a), Some(b)) = (l.vertices[m.ends.0].at, l.vertices[m.ends.1].at) else { continue };
        let pixels = a.dist(b);
        if pixels < 1e-6 {
            r.findings.warning(
                m.origin.at,
                m.origin.path.as_str(),
                "a measurement between vertices at one place is left out",
                "measure between two places",
            );
        } else {
            scales.push((m, m.distance_m / pixels));
        }
    }
    if scales.is_empty() {
        return None;
    }
    #[allow(clippy::cast_precision_loss)] // counts of a file
    let mean = scales.iter().map(|(_, s)| s).sum::<f64>() / scales.len() as f64;
    for (m, s) in &scales {
        if (s / mean - 1.0).abs() > MEASUREMENTS_AGREE_WITHIN {
            let what = format!("this measurement gives {s:.5} m per pixel, the mean of the level is {mean:.5}");
            r.findings.warning(m.origin.at, m.origin.path.as_str(), what, "measure again; the mean is used");
        }
    }
    Some(mean)
}

/// Rotation onto the reference, and how many units of the level make one of the reference.
fn relative(pairs: &[(Vec2, Vec2)]) -> Option<(f64, f64)> {
    let (mut sin, mut cos, mut ratio, mut n) = (0.0, 0.0, 0.0, 0.0);
    for (i, a) in pairs.iter().enumerate() {
        for b in &pairs[i + 1..] {
            let (here, there) = (b.0 - a.0, b.1 - a.1);
            if here.norm() < 1e-9 || there.norm() < 1e-9 {
                continue;
            }
            let (s, c) = real::sin_cos(there.angle() - here.angle());
            sin += s;
            cos += c;
            ratio += there.norm() / here.norm();
            n += 1.0;
        }
    }
    (n > 0.0).then(|| (-real::atan2(sin, cos), ratio / n))
}

/// The level that all others are aligned to.
pub(crate) fn reference(r: &mut Reader, levels: &[RawLevel], named: Option<(Mark, String)>) -> usize {
    let Some((at, name)) = named else { return 0 };
    levels.iter().position(|l| l.name == name).unwrap_or_else(|| {
        let what = format!("level `{}` does not exist", crate::yaml::shortened(&name));
        r.findings.error(at, "reference_level_name", what, "name one of the levels");
        0
    })
}
