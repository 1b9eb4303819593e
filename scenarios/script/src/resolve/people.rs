//! People who walk about: to and fro along a few lanes of one level.

use super::Desk;
use super::names::index;
use crate::resolved::Walker;
use nooterra_engine::chance::Place;
use nooterra_site::VertexIx;

/// Most people in a scenario.
const MOST: u32 = 200;
/// Lanes of a walk.
const STEPS: u64 = 8;
const WHERE: Place = Place::named("script.people.where");
const SPEED: Place = Place::named("script.people.speed");

pub(super) fn walkers(desk: &mut Desk<'_>, drawn: Option<u32>) -> Vec<Walker> {
    let scenario = desk.scenario;
    if let Some(p) = scenario.people.as_ref().filter(|p| p.value > MOST) {
        desk.flaw(p, format!("{} people are more than {MOST}", p.value), "write a smaller number");
        return Vec::new();
    }
    let count = drawn.or(scenario.people.as_ref().map(|p| p.value)).unwrap_or(0).min(MOST);
    let site = desk.site;
    let starts: Vec<VertexIx> = (0..site.vertices.len())
        .map(|i| VertexIx::new(index(i)))
        .filter(|v| site.vertices[v.at()].lift.is_none() && !site.vertices[v.at()].flags.is_charger)
        .filter(|v| !desk.ways.leaving(*v).is_empty())
        .collect();
    let mut out = Vec::new();
    for i in 0..if starts.is_empty() { 0 } else { count } {
        let entity = u64::from(i);
        let pick = desk.chance.choose(WHERE, entity, starts.len() as u64);
        let mut at = starts[usize::try_from(pick).unwrap_or(0)];
        let (level, mut path, mut last) = (site.vertices[at.at()].level, vec![site.vertices[at.at()].at], None);
        for _ in 0..STEPS {
            let next: Vec<VertexIx> = desk
                .ways
                .leaving(at)
                .iter()
                .map(|l| &site.lanes[l.at()])
                .filter(|l| l.ride.is_none() && l.doors.is_empty() && l.lift_door.is_none() && Some(l.to) != last)
                .filter(|l| site.vertices[l.to.at()].level == level)
                .map(|l| l.to)
                .collect();
            if next.is_empty() {
                break;
            }
            let pick = desk.chance.choose(WHERE, entity, next.len() as u64);
            last = Some(at);
            at = next[usize::try_from(pick).unwrap_or(0)];
            path.push(site.vertices[at.at()].at);
        }
        if path.len() > 1 {
            #[allow(clippy::cast_precision_loss)] // at most 1400
            let speed_mps = desk.chance.between(SPEED, entity, 800, 1_400) as f64 / 1_000.0;
            out.push(Walker { level, path, speed_mps });
        }
    }
    out
}
