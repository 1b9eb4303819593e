//! Sensors of the floor: how much of a zone a robot has covered, and whether something stands in it.
//!
//! They see the floor itself, whatever the robot says of its work. A cell is covered once the robot's footprint has passed
//! over its middle. What was measured is of all that was covered for the job so far, whoever did it.

use crate::site_controller::{SiteController, SiteSenses};
use nooterra_engine::geom::{Segment, Vec2};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::FacilityReport;
use nooterra_port::facility::WitnessClass;
use nooterra_site::cover::{CELL_MM2, Grid};
use nooterra_site::{Area, LevelIx, Site};

/// Something that stands in an area for so long is not just put down for a moment: it blocks work there.
const BLOCKED_AFTER: Span = Span::from_mins(3);
/// So much of a floor is all of it, basis points: what stands there afterwards blocks nothing.
const DONE_BPS: u64 = 9_500;
/// Between two looks a robot does not go further than this, metres: beyond, it was put somewhere else.
const STRIDE_M: f64 = 1.0;

/// A zone whose floor is to be covered.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct Floor {
    /// Vertex of the step.
    vertex: u32,
    /// The area (index in the site).
    area: u32,
    /// One bit for each cell of the area's grid.
    seen: Vec<u64>,
    /// Cells that were covered.
    covered: u64,
    /// Cells that there are.
    cells: u64,
    /// What was said last, in cells.
    told: Option<u64>,
    /// Where the robot was at the last look.
    last: Option<Vec2>,
    /// It was said that it is blocked.
    blocked: bool,
}

impl Floor {
    fn of(vertex: u32, area: u32, site: &Site) -> Option<Self> {
        let a = site.areas.get(area as usize)?;
        let (g, cells) = (a.grid(), a.floor_mm2() / CELL_MM2);
        let words = usize::try_from(g.len().div_ceil(64)).unwrap_or(0);
        Some(Self { vertex, area, seen: vec![0; words], covered: 0, cells, told: None, last: None, blocked: false })
    }

    /// The footprint passes over the floor from where it was.
    fn pass(&mut self, a: &Area, g: &Grid, at: Vec2, radius_m: f64) {
        let from = self.last.filter(|l| l.dist(at) <= STRIDE_M).unwrap_or(at);
        let (line, reach) = (Segment::new(from, at), radius_m + from.dist(at));
        for cell in g.around(at, reach) {
            let (word, bit) = (usize::try_from(cell / 64).unwrap_or(usize::MAX), 1u64 << (cell % 64));
            let middle = g.middle(cell);
            let Some(w) = self.seen.get_mut(word).filter(|w| **w & bit == 0) else { continue };
            if line.dist_point(middle) <= radius_m && a.contains(middle) {
                *w |= bit;
                self.covered += 1;
            }
        }
        self.last = Some(at);
    }
}

impl SiteController {
    /// From now on these floors are looked at for a job. What was seen of them before still stands.
    pub(crate) fn look_at_floors(&mut self, job: JobId, zones: &[(u32, u32)], site: &Site) {
        if !zones.is_empty() && !self.floors.contains_key(&job) {
            self.floors.insert(job, zones.iter().filter_map(|(v, a)| Floor::of(*v, *a, site)).collect());
        }
    }

    /// Looks where boxes stand about, and since when.
    pub(crate) fn sense_boxes(&mut self, now: Instant, site: &Site, world: &dyn SiteSenses) {
        let boxes = world.boxes();
        if boxes.is_empty() && self.boxed.is_empty() {
            return;
        }
        for (ix, a) in (0u32..).zip(&site.areas) {
            let stands = |(level, at, half_m): &(u32, Vec2, f64)| a.reach_on_m(LevelIx::new(*level), *at, *half_m) > 0.0;
            if boxes.iter().any(stands) {
                self.boxed.entry(ix).or_insert(now);
            } else {
                self.boxed.remove(&ix);
            }
        }
    }

    /// Reads the floor under a job's robot. Says whether it is on one of the job's floors.
    pub(crate) fn sense_floors(&mut self, now: Instant, job: JobId, robot: RobotId, site: &Site, world: &dyn SiteSenses) -> bool {
        let Some(mut floors) = self.floors.remove(&job) else { return false };
        let here = world.footprints().into_iter().find(|f| f.robot == robot);
        let (mut on_floor, mut said) = (false, Vec::new());
        for f in &mut floors {
            let Some(a) = site.areas.get(f.area as usize) else { continue };
            let lasts = self.boxed.get(&f.area).is_some_and(|since| now.since(*since) >= BLOCKED_AFTER);
            if lasts && !f.blocked && f.covered * 10_000 < DONE_BPS * f.cells {
                f.blocked = true;
                said.push(told(job, robot, WitnessClass::BlockedZone, f.vertex, 1));
            }
            match here.filter(|h| a.reach_on_m(LevelIx::new(h.level), h.at, h.radius_m) > 0.0) {
                Some(h) => {
                    on_floor = true;
                    f.pass(a, &a.grid(), h.at, h.radius_m);
                }
                // It has left.
                None if f.last.take().is_some() => said.extend(f.tell(job, robot)),
                None => {}
            }
        }
        self.floors.insert(job, floors);
        for s in said {
            self.testify(now, job, &s);
        }
        on_floor
    }

    /// The robot has left the work: what was seen of its floors is said, be it nothing.
    pub(crate) fn floors_left(&mut self, now: Instant, job: JobId, robot: RobotId) {
        let floors = self.floors.get_mut(&job).into_iter().flatten();
        let said: Vec<FacilityReport> = floors.filter_map(|f| f.tell(job, robot)).collect();
        for s in said {
            self.testify(now, job, &s);
        }
    }
}

impl Floor {
    /// What was measured, if it was not said before.
    fn tell(&mut self, job: JobId, robot: RobotId) -> Option<FacilityReport> {
        let news = self.told != Some(self.covered);
        self.told = Some(self.covered);
        let mm2 = i64::try_from(self.covered * CELL_MM2).unwrap_or(i64::MAX);
        news.then(|| told(job, robot, WitnessClass::LidarCoverage, self.vertex, mm2))
    }
}

const fn told(job: JobId, robot: RobotId, class: WitnessClass, vertex: u32, measure: i64) -> FacilityReport {
    FacilityReport::Witnessed { job, robot, class, vertex, item: None, measure }
}
