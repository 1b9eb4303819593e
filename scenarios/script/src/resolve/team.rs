//! What several robots lift together: who stands where, and whether anybody could.

use super::Desk;
use crate::at::At;
use crate::resolved::{JobKind, Member, RobotStart};
use crate::scenario::Jobs;
use nooterra_site::{RobotModel, VertexIx};

/// Most robots that lift one load.
const MOST: usize = 4;
/// Most stops of one robot before and after the lift.
const MOST_STOPS: usize = 30;

/// The members of a stream's teams; none for work of one robot.
pub(super) fn members(desk: &mut Desk<'_>, jobs: &Jobs, kind: JobKind, ranges: &[Vec<bool>]) -> Option<Vec<Member>> {
    if kind != JobKind::Lift {
        if !jobs.team.is_empty() {
            desk.flaw(&jobs.process, "`team` belongs to `kind: lift`", "remove it or change the kind");
            return None;
        }
        return Some(Vec::new());
    }
    for (what, given) in [("from", &jobs.from), ("to", &jobs.to), ("via", &jobs.via)] {
        if let Some(stray) = given.first() {
            let (what, remedy) = (format!("a lift has no `{what}`"), "name the stops of each robot under `team`");
            desk.flaw(stray, what, remedy);
        }
    }
    if !(2..=MOST).contains(&jobs.team.len()) {
        let what = format!("two to {MOST} robots lift together, not {}", jobs.team.len());
        desk.flaw(&jobs.process, what, "write for example `team: [{lift: bay_west}, {lift: bay_east}]`");
        return None;
    }
    let mut out: Vec<Member> = Vec::new();
    for m in &jobs.team {
        let stops = |desk: &mut Desk<'_>, names: &[At<String>]| -> Vec<VertexIx> { names.iter().filter_map(|n| desk.vertex(n)).collect() };
        let lift = desk.vertex(&m.lift)?;
        let (before, after) = (stops(desk, &m.before), stops(desk, &m.after));
        if before.len() < m.before.len() || after.len() < m.after.len() {
            return None;
        }
        if before.len() + after.len() > MOST_STOPS {
            desk.flaw(&m.lift, format!("more than {MOST_STOPS} stops of one robot"), "name fewer");
        }
        if out.iter().any(|o| o.lift == lift) {
            desk.flaw(&m.lift, format!("two robots cannot stand at `{}`", m.lift.value), "name another place beside the load");
        }
        let reached = |r: &Vec<bool>| before.iter().chain([&lift]).chain(&after).all(|v| r[v.at()]);
        if !ranges.is_empty() && !ranges.iter().any(reached) {
            desk.flaw(&m.lift, "no robot reaches all places of this part", "choose places on one navigation graph");
        }
        out.push(Member { lift, before, after });
    }
    Some(out)
}

/// Are there enough robots that bear their part?
pub(super) fn check_strength(desk: &mut Desk<'_>, jobs: &Jobs, mass_g: u32, models: &[RobotModel], robots: &[RobotStart]) {
    let count = jobs.team.len().max(1);
    let part_kg = f64::from(mass_g) / 1_000.0 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let strong = robots.iter().filter(|r| models.get(r.model as usize).is_some_and(|m| m.payload_max_kg >= part_kg)).count();
    if !robots.is_empty() && strong < count {
        let at = jobs.mass.as_ref().map_or((jobs.process.line, jobs.process.column), |m| (m.line, m.column));
        let what = format!("{count} robots have to bear {part_kg} kg each, and {strong} here can");
        desk.flaws.push(crate::Flaw { line: at.0, column: at.1, what, remedy: "lower `mass`, or add robots".into() });
    }
}
