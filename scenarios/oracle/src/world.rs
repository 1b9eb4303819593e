//! The world's truth against the platform's: what is billed was done (I34), what was hit is on record (I17), nobody
//! stands without energy that no fault took (I41), and a load is where custody says.

use crate::verdict::{Class, Notes};
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Job;
use nooterra_jobs::approval::{Approval, ApprovalTrack, Wanted};
use nooterra_jobs::event::Custody;
use nooterra_jobs::pins::WitnessClass;
use nooterra_jobs::terms::Action;
use std::collections::{BTreeMap, BTreeSet};

/// A contact as strong as this is on record, mN s: the least that domain 8.2 calls a collision. The robot's own bumper
/// takes all contacts between two looks together, so what it measures is never less than any one of them.
const ON_RECORD_MNS: u64 = 500;
/// A touch of a person that its robot's camera sees is on record from here, mN s: four times where it begins to count.
const SEEN_MNS: u64 = 200;
/// Incidents from this severity on ask for evidence.
const EVIDENCE_FROM: u8 = 2;
/// A serious incident without any contact as strong as this was invented, mN s: half its threshold.
const SERIOUS_MNS: u64 = 5_000;
/// A touch of a person counts from here, mN s.
const HUMAN_MNS: u64 = 50;
/// An incident is on record by then, and not about a contact longer ago.
const RECORD_WITHIN: Span = Span::from_mins(10);
/// Contacts of a robot so soon after one on record are part of it.
const ONE_WITHIN: Span = Span::from_secs(10);
/// Contacts kept.
const HITS_KEPT: usize = 10_000;
/// Billed and true share may differ by so much, basis points.
const SHARE_BPS: u32 = 500;
/// A floor's share is measured this well, basis points.
const NEAR_BPS: u32 = 150;

/// A contact in the world, by who was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// When.
    pub at: Instant,
    /// Who.
    pub robot: RobotId,
    /// How hard, mN s.
    pub impulse_mns: u64,
    /// Somebody was hit, or hit it: that may be on record, however light.
    pub person: bool,
    /// The robot's camera sees whom it touches. From behind it is a bump like any other.
    pub seen: bool,
    /// The robot cannot tell: it is dead, or what it says is a lie.
    pub excused: bool,
}

/// A collision as the platform recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: Instant,
    /// Who.
    pub robot: RobotId,
    /// How bad.
    pub severity: u8,
    /// Which one, if it is a job's: there evidence is asked for.
    pub incident: Option<IncidentId>,
}

impl Hit {
    /// From here on it has to be on record.
    const fn on_record_mns(&self) -> u64 {
        if self.person && self.seen { SEEN_MNS } else { ON_RECORD_MNS }
    }
}

/// Where a job's item really is at the end of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// At its last point.
    There,
    /// Elsewhere.
    Elsewhere,
}

/// A job's load at one instant, as the platform has it and as it is.
#[derive(Debug, Clone)]
pub struct Kept {
    /// When.
    pub at: Instant,
    /// In which tick.
    pub tick: u64,
    /// The job.
    pub job: JobId,
    /// Where custody says that it is.
    pub says: Custody,
    /// The robot that holds the job, or held it last.
    pub robot: Option<RobotId>,
    /// The work waits for another robot: nobody may have the load.
    pub waits: bool,
    /// Where it is.
    pub is: Whereabouts,
}

/// Where a load really is, in words of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// On this robot.
    On(RobotId),
    /// In the transfer place that was taken for it.
    AtTransfer,
    /// Where it was picked up.
    AtPickup,
    /// At its last point, now or once.
    AtDrop,
    /// Elsewhere, or nowhere.
    Elsewhere,
}

/// Has the requester agreed to leave this point out?
fn skipped(j: &Job, point: u16) -> bool {
    let step = j.steps().get(usize::from(point).wrapping_sub(1)).filter(|s| matches!(s.action, Action::Visit | Action::Cover { .. }));
    let of_it = |a: &Approval| a.track == ApprovalTrack::Consumed && a.ask.step.checked_add(1) == Some(point);
    let agreed = |a: &Approval, place: u32| of_it(a) && a.ask.wanted == Wanted::SkipZone { place };
    step.is_some_and(|s| j.approvals.iter().any(|a| agreed(a, s.place)))
}

/// What was really done of a job.
#[derive(Debug, Clone, Copy)]
struct Done {
    /// Shares of the items, by their weights.
    sum: u64,
    weights: u64,
    /// All of it was.
    all: bool,
    /// A floor is so near to its threshold that a sensor may be on the other side of it.
    near: bool,
    /// But for what a sensor may miss all of it was.
    nearly: bool,
}

impl Done {
    /// An item of floors: so much of each was covered.
    fn floors(&mut self, shares: &[u32], threshold_bps: u32, weight_bps: u32) {
        let mean = shares.iter().map(|s| u64::from(*s)).sum::<u64>() / (shares.len() as u64).max(1);
        self.sum += mean * u64::from(weight_bps);
        self.weights += u64::from(weight_bps);
        self.all &= shares.iter().all(|s| *s >= threshold_bps);
        self.near |= shares.iter().any(|s| s.abs_diff(threshold_bps) <= NEAR_BPS);
        self.nearly &= shares.iter().all(|s| s.saturating_add(NEAR_BPS) >= threshold_bps);
    }
    /// An item of points: so many of them were reached.
    fn points(&mut self, reached: usize, of: usize, weight_bps: u32) {
        self.sum += reached as u64 * 10_000 / (of as u64).max(1) * u64::from(weight_bps);
        self.weights += u64::from(weight_bps);
        self.all &= reached == of;
        self.nearly &= reached == of;
    }
    fn mean_bps(&self) -> u32 {
        u32::try_from(self.sum.checked_div(self.weights).unwrap_or(0)).unwrap_or(10_000)
    }
    fn share_bps(&self) -> u32 {
        if self.all && self.weights > 0 { 10_000 } else { self.mean_bps() }
    }
    fn is_fair(&self, billed_bps: u32) -> bool {
        let (truth, mean) = (self.share_bps(), self.mean_bps());
        // Below a tenth nothing is billed.
        billed_bps.abs_diff(truth) <= SHARE_BPS
            || (billed_bps == 0 && truth < 1_000)
            || (self.near && self.nearly && billed_bps == 10_000)
            || (self.near && billed_bps.abs_diff(mean) <= SHARE_BPS)
    }
}

/// The judge.
#[derive(Debug)]
pub(crate) struct World {
    seen: BTreeMap<JobId, BTreeSet<u16>>,
    floors: BTreeMap<(JobId, u16), u32>,
    boxed: BTreeSet<(JobId, u16)>,
    delivered: BTreeMap<JobId, Delivered>,
    judged: BTreeSet<JobId>,
    hits: Vec<Hit>,
    told: BTreeSet<RobotId>,
    misplaced: BTreeSet<JobId>,
    pub share: Notes,
    pub record: Notes,
    pub energy: Notes,
    pub kept: Notes,
}

impl World {
    pub fn new() -> Self {
        Self {
            seen: BTreeMap::new(),
            floors: BTreeMap::new(),
            boxed: BTreeSet::new(),
            delivered: BTreeMap::new(),
            judged: BTreeSet::new(),
            hits: Vec::new(),
            told: BTreeSet::new(),
            misplaced: BTreeSet::new(),
            share: Notes::of("what is billed was done", &[34]),
            record: Notes::of("what was hit is on record", &[17]),
            energy: Notes::of("nobody runs dry without a fault", &[41]),
            kept: Notes::of("a load is where custody says", &[]),
        }
    }
    /// The bound robot truly is at a point of the work, numbered from 1.
    pub fn visit(&mut self, job: JobId, point: u16) {
        self.seen.entry(job).or_default().insert(point);
    }
    /// So much of a zone's floor was truly covered.
    pub fn covered(&mut self, job: JobId, point: u16, share_bps: u32) {
        self.floors.insert((job, point), share_bps);
    }
    /// Something truly stands in a zone, and has for long enough to block it.
    pub fn blocked(&mut self, job: JobId, point: u16) {
        self.boxed.insert((job, point));
    }
    /// The item truly lies there.
    pub fn item(&mut self, job: JobId, d: Delivered) {
        self.delivered.insert(job, d);
    }
    pub fn hit(&mut self, h: Hit) {
        let tells = h.impulse_mns >= if h.person { HUMAN_MNS } else { ON_RECORD_MNS }
            || (h.excused && self.hits.iter().all(|o| o.robot != h.robot));
        if tells && self.hits.len() < HITS_KEPT {
            self.hits.push(h);
        }
    }
    /// A job has settled, by its proof or as a dispute was decided: its share of the work against what really was done.
    pub fn settled(&mut self, at: Instant, tick: u64, j: &Job, decided: bool) {
        let (Some(p), Some(s)) = (j.pins.as_deref(), &j.settled) else { return };
        let confirmed = j.sightings.iter().any(|s| s.class == WitnessClass::RequesterConfirm);
        if !self.judged.insert(j.id) || !j.started || j.forfeited.is_some() || j.overridden.is_some() || confirmed || decided {
            return;
        }
        self.share.checked();
        let none = BTreeSet::new();
        let seen = self.seen.get(&j.id).unwrap_or(&none);
        let there = self.delivered.get(&j.id) == Some(&Delivered::There);
        let mut done = Done { sum: 0, weights: 0, all: true, near: false, nearly: true };
        for item in &p.proof {
            let said = |x: &u16| j.sightings.iter().any(|s| s.point == *x && s.class == WitnessClass::BlockedZone);
            let invented = item.points.iter().find(|x| item.required_mm2 > 0 && said(x) && !self.boxed.contains(&(j.id, **x)));
            if let Some(x) = invented {
                let story = format!("zone {x} counts no more as blocked, and nothing stood there");
                self.share.broke(Class::Safety, at, tick, story, vec![j.id.to_string()]);
            }
            let left_out = |x: &u16| said(x) || skipped(j, *x);
            let points: Vec<u16> = item.points.iter().copied().filter(|x| !left_out(x)).collect();
            if points.is_empty() {
                continue;
            }
            if item.required_mm2 > 0 {
                let shares: Vec<u32> = points.iter().map(|x| self.floors.get(&(j.id, *x)).copied().unwrap_or(0)).collect();
                done.floors(&shares, item.threshold_bps, item.weight_bps);
                continue;
            }
            let custody = item.classes.iter().any(|c| matches!(c, WitnessClass::CustodyScan | WitnessClass::Weight));
            // Where a replay is part of what is asked for, work of which the box says nothing, or something else, is not done.
            let replays = item.classes.contains(&WitnessClass::TwinReplay);
            let calm = |x: &u16| {
                j.sightings
                    .iter()
                    .any(|s| s.point == *x && s.class == WitnessClass::TwinReplay && s.measure < i64::from(item.residual_milli))
            };
            let done_at = |x: &u16| (if custody { there } else { seen.contains(x) }) && (!replays || calm(x));
            let reached = points.iter().filter(|x| done_at(x)).count();
            done.points(reached, points.len(), item.weight_bps);
        }
        let billed = s.settlement.earned_bps;
        if !done.is_fair(billed) {
            let truth = done.share_bps();
            let story = format!("{billed} bps are billed, {truth} were done");
            self.share.broke(Class::Safety, at, tick, story, vec![j.id.to_string()]);
        }
    }
    /// A load that lies in a transfer place, that waits for a robot, or whose job has settled.
    pub fn kept(&mut self, k: &Kept) {
        self.kept.checked();
        let on_own = matches!(k.is, Whereabouts::On(r) if Some(r) == k.robot);
        let sound = match k.says {
            // Who fetches it has it on its deck before it can say so.
            Custody::Deposited => k.is == Whereabouts::AtTransfer || (on_own && !k.waits),
            Custody::Held => on_own && !k.waits,
            Custody::Delivered => k.is == Whereabouts::AtDrop,
            Custody::Returned => k.is == Whereabouts::AtPickup,
            Custody::None | Custody::Lost => true,
        };
        if !sound && self.misplaced.insert(k.job) {
            let story = format!("custody of {} is {:?}, and its load is {:?}", k.job, k.says, k.is);
            self.kept.broke(Class::Safety, k.at, k.tick, story, vec![k.job.to_string()]);
        }
    }
    /// A robot's battery, each second.
    pub fn battery(&mut self, at: Instant, tick: u64, robot: RobotId, powered: bool, excused: bool) {
        self.energy.checked();
        if !powered && !excused && self.told.insert(robot) {
            self.energy.broke(Class::Safety, at, tick, format!("{robot} has run dry"), vec![robot.to_string()]);
        }
    }
    /// The run is over: contacts against what was recorded; `asked` are the incidents for which evidence was asked for.
    pub fn end(&mut self, at: Instant, tick: u64, recorded: &[Recorded], asked: &BTreeSet<IncidentId>) {
        for h in self.hits.iter().filter(|h| h.impulse_mns >= h.on_record_mns() && !h.excused) {
            self.record.checked();
            // The same within ten seconds is one.
            let same = |r: &&Recorded| r.at <= h.at && h.at.since(r.at) <= ONE_WITHIN;
            let near = |r: &&Recorded| r.robot == h.robot && (same(r) || r.at >= h.at && r.at.since(h.at) <= RECORD_WITHIN);
            if !recorded.iter().any(|r| near(&r)) && at.since(h.at) > RECORD_WITHIN {
                let story = format!("{} was hit with {} mN s at {} and nothing is on record", h.robot, h.impulse_mns, h.at);
                self.record.broke(Class::Safety, h.at, tick, story, vec![h.robot.to_string()]);
            }
        }
        for r in recorded.iter().filter(|r| r.severity >= EVIDENCE_FROM) {
            let Some(incident) = r.incident else { continue };
            self.record.checked();
            if !asked.contains(&incident) {
                let story = format!("a contact of severity {} of {} is on record and no evidence of it was asked for", r.severity, r.robot);
                self.record.broke(Class::Safety, r.at, tick, story, vec![incident.to_string(), r.robot.to_string()]);
            }
        }
        for r in recorded.iter().filter(|r| r.severity >= 4) {
            self.record.checked();
            let cause = |h: &&Hit| {
                h.robot == r.robot && (h.impulse_mns >= SERIOUS_MNS || h.person) && h.at <= r.at && r.at.since(h.at) <= RECORD_WITHIN
            };
            let lies = |h: &&Hit| h.robot == r.robot && h.excused;
            if !self.hits.iter().any(|h| cause(&h) || lies(&h)) {
                let story = format!("a collision of severity {} of {} is on record and nothing was hit", r.severity, r.robot);
                self.record.broke(Class::Safety, r.at, tick, story, vec![r.robot.to_string()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Done;

    const NONE: Done = Done { sum: 0, weights: 0, all: true, near: false, nearly: true };

    #[test]
    fn all_is_billed_only_where_every_floor_is_nearly_covered() {
        let floors = |shares: &[u32]| {
            let mut d = NONE;
            shares.iter().for_each(|s| d.floors(&[*s], 9_500, 5_000));
            d
        };
        assert!(floors(&[9_700, 9_600]).is_fair(10_000));
        assert!(floors(&[9_400, 9_400]).is_fair(10_000), "a sensor may have seen a little more");
        assert!(floors(&[9_400, 9_400]).is_fair(9_400), "or not");
        assert!(!floors(&[9_400, 0]).is_fair(10_000), "one floor was not covered at all");
        assert!(floors(&[9_400, 0]).is_fair(4_700));
        assert!(!floors(&[9_400, 9_000]).is_fair(10_000), "further from it than any sensor errs");
        let mut one = NONE;
        one.floors(&[9_400, 0], 9_500, 10_000);
        assert!(!one.is_fair(10_000), "the same in one item");
        let mut with_visit = floors(&[9_400]);
        with_visit.points(0, 1, 5_000);
        assert!(!with_visit.is_fair(10_000), "the rest of the work was not done");
        let mut with_visit = floors(&[9_400]);
        with_visit.points(1, 1, 5_000);
        assert!(with_visit.is_fair(10_000));
        assert!(!NONE.is_fair(10_000) && NONE.is_fair(0), "nothing is nothing");
    }
}
