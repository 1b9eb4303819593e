//! Proof of completion: what independent witnesses saw, against what the booking requires.

use crate::event::ProofStatus;
use crate::job::Job;
use crate::parts::{Claimed, Sighting};
use crate::payload::{ProofLine, ProofResult};
use crate::pins::{ProofItem, WitnessClass};
use crate::status::Status;
use crate::terms::{Action, ProofNeed, Request, Step, Template};
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{ProofId, RobotId};

/// Below this weighted share the proof fails.
const PARTIAL_FROM_BPS: u64 = 1_000;

/// So much of a zone's floor is all of it: no tool gets into every corner.
const COVERED_BPS: u32 = 9_500;

/// Items of proof of one job of custom work, at most.
const NEEDS_MAX: usize = 16;
/// Length of an item's name, at most.
const NAME_MAX: usize = 32;

/// Can this prove custom work? Weights sum to the whole, every item has points of the work, each of them can be witnessed
/// by a class that it names, and none rests on a replay or its requester's word alone.
pub fn is_sound(needs: &[ProofNeed], steps: &[Step]) -> bool {
    let sum: u64 = needs.iter().map(|n| u64::from(n.weight_bps)).sum();
    let names: std::collections::BTreeSet<&str> = needs.iter().map(|n| n.name.as_str()).collect();
    needs.len() <= NEEDS_MAX && names.len() == needs.len() && sum == 10_000 && needs.iter().all(|n| is_sound_item(n, steps))
}

fn is_sound_item(n: &ProofNeed, steps: &[Step]) -> bool {
    let at = |p: u16| usize::from(p).checked_sub(1).and_then(|i| steps.get(i));
    let speaks = |class: WitnessClass, s: &Step| match class {
        WitnessClass::DockScan => true,
        WitnessClass::CustodyScan | WitnessClass::Weight => matches!(s.action, Action::Pick | Action::Drop),
        // What the requester says counts beside what others saw.
        WitnessClass::RequesterConfirm
        | WitnessClass::DoorLog
        | WitnessClass::BlockedZone
        | WitnessClass::LidarCoverage
        | WitnessClass::TwinReplay => false,
    };
    let witnessed = |p: &u16| at(*p).is_some_and(|s| n.classes.iter().any(|c| speaks(*c, s)));
    // One that excuses is no proof, floors are measured for the templates that cover them, and no door reports its log yet.
    let proves = |c: &WitnessClass| !matches!(c, WitnessClass::BlockedZone | WitnessClass::LidarCoverage | WitnessClass::DoorLog);
    let rising = n.points.windows(2).all(|w| w[0] < w[1]) && n.classes.windows(2).all(|w| w[0] < w[1]);
    let named = (1..=NAME_MAX).contains(&n.name.len());
    let counted = n.weight_bps > 0 && (1..=10_000).contains(&n.threshold_bps);
    named && counted && rising && !n.points.is_empty() && n.classes.iter().all(proves) && n.points.iter().all(witnessed)
}

/// What a request requires, weights summing to 10 000. `floor_mm2` says how large an area is, `residual_milli` up to where a
/// replay of its robot's motion counts.
pub fn requirement(r: &Request, residual_milli: u32, floor_mm2: impl Fn(u32) -> u64) -> Vec<ProofItem> {
    let (template, steps) = (r.template, &r.steps);
    let all: Vec<u16> = (1..=u16::try_from(steps.len()).unwrap_or(u16::MAX)).collect();
    let item = |name: &str, classes: &[WitnessClass], points: Vec<u16>, weight_bps| ProofItem {
        name: name.into(),
        classes: classes.to_vec(),
        points,
        weight_bps,
        threshold_bps: 10_000,
        required_mm2: 0,
        residual_milli: 0,
    };
    let drops: Vec<u16> = (1u16..).zip(steps).filter(|(_, s)| s.action == Action::Drop).map(|(i, _)| i).collect();
    let lifts: Vec<u16> = (1u16..).zip(steps).filter(|(_, s)| s.action == Action::Lift).map(|(i, _)| i).collect();
    match template {
        Template::Custom => {
            let pinned = |n: &ProofNeed| ProofItem {
                threshold_bps: n.threshold_bps,
                residual_milli: if n.classes.contains(&WitnessClass::TwinReplay) { residual_milli } else { 0 },
                ..item(&n.name, &n.classes, n.points.clone(), n.weight_bps)
            };
            r.proof.iter().map(pinned).collect()
        }
        Template::Lift if !lifts.is_empty() => vec![
            item("lift", &[WitnessClass::CustodyScan, WitnessClass::Weight], lifts, 7_000),
            item("route", &[WitnessClass::DockScan], all, 3_000),
        ],
        Template::Delivery if !drops.is_empty() => vec![
            item("drop", &[WitnessClass::CustodyScan, WitnessClass::Weight], drops, 7_000),
            item("route", &[WitnessClass::DockScan], all, 3_000),
        ],
        Template::Clean | Template::ResetLite | Template::ResetStandard if !steps.is_empty() => {
            // Equal parts; what does not divide goes to the first zones.
            let n = u32::try_from(steps.len()).unwrap_or(u32::MAX);
            let zone = |(i, s): (u32, &Step)| {
                let point = u16::try_from(i + 1).unwrap_or(u16::MAX);
                let Action::Cover { area } = s.action else {
                    return item(&format!("zone {point}"), &[WitnessClass::DockScan], vec![point], part(n, i));
                };
                ProofItem {
                    threshold_bps: COVERED_BPS,
                    required_mm2: floor_mm2(area).max(1),
                    ..item(&format!("zone {point}"), &[WitnessClass::LidarCoverage], vec![point], part(n, i))
                }
            };
            (0u32..).zip(steps).map(zone).collect()
        }
        _ => vec![item("points", &[WitnessClass::DockScan], all, 10_000)],
    }
}

/// The `i`-th of `n` equal parts of a whole.
const fn part(n: u32, i: u32) -> u32 {
    10_000 / n + if i < 10_000 % n { 1 } else { 0 }
}

/// Hash over every fact that an evaluation rests on.
pub fn facts_hash(job: &Job) -> Digest {
    #[derive(Record)]
    struct Facts {
        sightings: Vec<Sighting>,
        claimed: Vec<Claimed>,
        skipped: Vec<u32>,
        status: Status,
    }
    content_hash(
        "nooterra/proof/v1",
        &Facts {
            sightings: job.sightings.clone(),
            claimed: job.claimed.clone(),
            skipped: job.skipped().map(|(_, place)| place).collect(),
            status: job.status,
        },
    )
}

/// Is the last evaluation about the facts as they are?
pub fn is_fresh(job: &Job) -> bool {
    job.proof.as_ref().is_some_and(|p| p.facts_hash == facts_hash(job))
}

struct Line {
    bps: u64,
    witnessed: bool,
    claimed: bool,
    excused: bool,
    line: ProofLine,
}

/// Who speaks for an item at a point. Where it names a replay, the robot that another witness saw there must also have moved
/// as it was commanded: neither counts without the other.
fn seen_at<'j>(job: &'j Job, item: &ProofItem, point: u16) -> Option<&'j Sighting> {
    let here = |s: &&Sighting| s.point == point && item.classes.contains(&s.class) && job.legs.iter().any(|l| l.offer.robot == s.robot);
    let is_replay = |s: &Sighting| s.class == WitnessClass::TwinReplay;
    let replayed = |robot: RobotId| {
        let within = |s: &Sighting| u32::try_from(s.measure).is_ok_and(|m| m < item.residual_milli);
        !item.classes.contains(&WitnessClass::TwinReplay)
            || job.sightings.iter().filter(here).any(|s| is_replay(s) && s.robot == robot && within(s))
    };
    job.sightings.iter().filter(here).find(|s| !is_replay(s) && replayed(s.robot))
}

fn measure(job: &Job, item: &ProofItem) -> Line {
    let confirmed = job.sightings.iter().find(|s| s.class == WitnessClass::RequesterConfirm);
    let left: Vec<u16> = item.points.iter().copied().filter(|p| !job.is_excused(*p)).collect();
    let seen: Vec<&Sighting> = left.iter().filter_map(|p| seen_at(job, item, *p)).collect();
    let bps = if confirmed.is_some() {
        10_000
    } else if left.is_empty() {
        0
    } else if item.required_mm2 > 0 {
        let each = left.iter().map(|p| covered_bps(job, item, *p)).sum::<u64>();
        each / left.len() as u64
    } else {
        (seen.len() as u64 * 10_000) / left.len() as u64
    };
    let mut witnesses: Vec<_> = seen.iter().copied().chain(confirmed).map(|s| s.witness).collect();
    witnesses.sort_unstable();
    witnesses.dedup();
    Line {
        bps: bps.min(10_000),
        witnessed: !witnesses.is_empty(),
        claimed: left.iter().any(|p| job.claimed.iter().any(|c| c.index == *p)),
        excused: left.is_empty() && confirmed.is_none(),
        line: ProofLine {
            name: item.name.clone(),
            bps: u32::try_from(bps.min(10_000)).unwrap_or(10_000),
            weight_bps: item.weight_bps,
            witnesses,
        },
    }
}

/// Share of a zone's floor that its witness measured. A measure is of all that was covered so far: the largest counts.
fn covered_bps(job: &Job, item: &ProofItem, point: u16) -> u64 {
    let of_job = |s: &&Sighting| job.legs.iter().any(|l| l.offer.robot == s.robot);
    let here = job.sightings.iter().filter(|s| s.point == point && item.classes.contains(&s.class)).filter(of_job);
    let most = here.map(|s| u64::try_from(s.measure).unwrap_or(0)).max().unwrap_or(0);
    let share = u128::from(most) * 10_000 / u128::from(item.required_mm2.max(1));
    u64::try_from(share.min(10_000)).unwrap_or(10_000)
}

/// Evaluates the proof of an ended job on what is present.
pub fn evaluate(job: &Job, proof: ProofId, anchor: Digest) -> ProofResult {
    let pins = job.pins.as_deref();
    let items: &[ProofItem] = pins.map_or(&[], |p| &p.proof);
    let lines: Vec<(Line, &ProofItem)> = items.iter().map(|i| (measure(job, i), i)).collect();
    let aborted = job.status == Status::Aborted;
    let missing: Vec<String> =
        lines.iter().filter(|(l, _)| !l.excused && !l.witnessed && (!aborted || l.claimed)).map(|(_, i)| i.name.clone()).collect();
    let (mut sum, mut weights, mut all_met) = (0u64, 0u64, true);
    for (l, item) in lines.iter().filter(|(l, _)| !l.excused) {
        sum += l.bps * u64::from(item.weight_bps);
        weights += u64::from(item.weight_bps);
        all_met &= l.bps >= u64::from(item.threshold_bps);
    }
    let mean = sum.checked_div(weights).unwrap_or(0);
    let (status, earned) = if !missing.is_empty() {
        (ProofStatus::Insufficient, 0)
    } else if weights == 0 {
        (ProofStatus::Fail, 0)
    } else if all_met {
        (ProofStatus::Pass, 10_000)
    } else if mean >= PARTIAL_FROM_BPS {
        (ProofStatus::Partial, mean)
    } else {
        (ProofStatus::Fail, 0)
    };
    ProofResult {
        proof,
        anchor,
        policy_hash: pins.map_or(Digest::ZERO, |p| p.policy_hash),
        facts_hash: facts_hash(job),
        status,
        earned_bps: u32::try_from(earned).unwrap_or(10_000),
        items: lines.into_iter().map(|(l, _)| l.line).collect(),
        missing,
    }
}

/// What the witnesses prove, even if the requirement is not met in full: the ground of a forfeit.
pub fn proven_bps(job: &Job) -> u32 {
    let items: &[ProofItem] = job.pins.as_deref().map_or(&[], |p| &p.proof);
    let (mut sum, mut weights) = (0u64, 0u64);
    for i in items {
        let l = measure(job, i);
        if !l.excused {
            sum += l.bps * u64::from(i.weight_bps);
            weights += u64::from(i.weight_bps);
        }
    }
    u32::try_from(sum.checked_div(weights).unwrap_or(0)).unwrap_or(10_000)
}

/// Share of the proven work of each leg, by the points that its robot claimed and a witness saw; basis points of weight.
pub fn leg_shares(job: &Job) -> Vec<(u8, u64)> {
    let items: &[ProofItem] = job.pins.as_deref().map_or(&[], |p| &p.proof);
    let mut shares: Vec<(u8, u64)> = job.legs.iter().map(|l| (l.offer.leg, 0)).collect();
    for item in items {
        let n = item.points.len().max(1) as u64;
        for point in &item.points {
            let seen = seen_at(job, item, *point).is_some();
            let confirmed = job.sightings.iter().any(|s| s.class == WitnessClass::RequesterConfirm);
            let by = job.claimed.iter().find(|c| c.index == *point).map(|c| c.leg);
            if let Some(s) = shares.iter_mut().find(|(leg, _)| Some(*leg) == by).filter(|_| seen || confirmed) {
                s.1 += u64::from(item.weight_bps) * 1_000 / n;
            }
        }
    }
    shares
}
