//! Custom work: proven as its requester says, by replays of the way among others.

use super::boxes::{anchor, part, proof as proof_of, short};
use super::rig::{Rig, robot};
use crate::NewJob;
use nooterra_engine::Digest;
use nooterra_engine::ids::{ItemId, JobId};
use nooterra_jobs::event::{Event, ProofStatus};
use nooterra_jobs::pins::WitnessClass as Class;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Action, ProofNeed, Step, Template};
use nooterra_port::blackbox::Window as BoxWindow;
use nooterra_port::{FacilityOrder, FacilityReport, Order, Report};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn need(name: &str, classes: &[Class], points: &[u16], weight_bps: u32) -> ProofNeed {
    ProofNeed { name: name.into(), classes: classes.to_vec(), points: points.to_vec(), weight_bps, threshold_bps: 10_000 }
}

fn custom(rig: &Rig, proof: Vec<ProofNeed>) -> NewJob {
    NewJob { template: Template::Custom, proof, ..rig.patrol(&[2, 3, 4]) }
}

/// Half for being seen at all three points, half for having driven to the last two as commanded.
fn halves(rig: &Rig) -> NewJob {
    let (scan, replay) = (Class::DockScan, Class::TwinReplay);
    custom(rig, vec![need("seen", &[scan], &[1, 2, 3], 5_000), need("driven", &[scan, replay], &[2, 3], 5_000)])
}

fn rig() -> Rig {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    rig
}

fn proof(rig: &Rig, job: JobId) -> (ProofStatus, u32) {
    let p = rig.c.state().jobs[&job].proof.clone().unwrap();
    (p.status, p.earned_bps)
}

fn replays(rig: &Rig, job: JobId) -> Vec<(u16, i64)> {
    let of = |e: &Event| match e {
        Event::WitnessReported { class: Class::TwinReplay, point, measure, .. } => Some((*point, *measure)),
        _ => None,
    };
    rig.job_events(job).iter().filter_map(of).collect()
}

#[test]
fn it_has_its_price_and_pins_what_proves_it() {
    let mut rig = rig();
    let job = rig.ask(halves(&rig));
    let j = &rig.c.state().jobs[&job];
    assert!(j.rfq.price.core.minor() > 5_000, "{:?}", j.rfq.price);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let p = rig.c.state().jobs[&job].pins.clone().unwrap().proof;
    let told: Vec<_> = p.iter().map(|i| (i.name.as_str(), i.weight_bps, i.residual_milli, i.points.len())).collect();
    assert_eq!(told, [("seen", 5_000, 0, 3), ("driven", 5_000, 3_000, 2)]);
    assert_eq!(replays(&rig, job), [(2, 0), (3, 0)]);
    assert_eq!(proof(&rig, job), (ProofStatus::Pass, 10_000));
    assert!(rig.c.state().replays.is_empty() && rig.c.state().asks.is_empty(), "nothing is left to be replayed");
    let asked = |o: &&Order| matches!(o, Order::WantBlackbox { .. });
    assert_eq!(rig.robots[&robot("a1")].seen.iter().filter(asked).count(), 2, "only where a replay is named");
    rig.check_books();
}

#[test]
fn a_load_may_be_part_of_it() {
    let mut rig = rig();
    let steps = rig.delivery(2, 5).steps;
    let handed = need("handed over", &[Class::Weight, Class::CustodyScan], &[2], 10_000);
    let job = rig.ask(NewJob { steps, item: Some(ItemId::named("box")), payload_g: 500, ..custom(&rig, vec![handed]) });
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(proof(&rig, job), (ProofStatus::Pass, 10_000));
}

#[test]
fn a_replay_counts_below_its_bound_and_with_another_witness_only() {
    // Motion as far from the commands as an incident would be: that half is not proven.
    for (milli, status, earned) in [(2_999, ProofStatus::Pass, 10_000), (3_000, ProofStatus::Insufficient, 0)] {
        let mut rig = rig();
        rig.knobs.residual_milli = Some(milli);
        let job = rig.ask(halves(&rig));
        rig.until(job, Status::Completed);
        rig.run(40);
        assert_eq!(proof(&rig, job), (status, earned), "{milli}");
        if milli >= 3_000 {
            assert_eq!(rig.run_job(job, 1_800), Status::Settled);
            assert_eq!(rig.c.state().jobs[&job].forfeited, Some(5_000), "what the others prove is paid");
            rig.check_books();
        }
    }
    // No word of the witness, or a box that says nothing: nothing is replayed.
    for mute in [false, true] {
        let mut rig = rig();
        if mute {
            rig.knobs.no_box.insert(robot("a1"));
        } else {
            rig.knobs.residual_milli = None;
        }
        let job = rig.ask(halves(&rig));
        rig.until(job, Status::Completed);
        rig.run(40);
        assert_eq!((replays(&rig, job), proof(&rig, job).0), (vec![], ProofStatus::Insufficient));
    }
    // A replay where nobody else has seen the robot.
    let mut rig = rig();
    rig.knobs.unseen_at.insert(4);
    let job = rig.ask(halves(&rig));
    rig.until(job, Status::Completed);
    rig.run(40);
    assert_eq!(replays(&rig, job).len(), 2);
    assert_eq!(proof(&rig, job), (ProofStatus::Partial, (6_666 + 5_000) / 2));
}

#[test]
fn the_whole_way_is_shown_in_one_piece_or_nothing_of_it_counts() {
    let mut rig = rig();
    let a1 = robot("a1");
    rig.knobs.no_box.insert(a1);
    rig.knobs.sits_on_replays = true;
    let job = rig.ask(halves(&rig));
    rig.until(job, Status::Completed);
    let p = rig.robots.get_mut(&a1).unwrap();
    let (number, from, to) = p.boxed.asked[0];
    let all = p.boxed.record(from, to);
    let n = all.len();
    assert!(n >= 8, "{n} seconds");
    rig.report(a1, Report::BlackboxAnchored(anchor(&all)));
    let shown = |rig: &Rig| rig.c.state().replays[&number].artefact;
    let mut show = |parts: &[(usize, usize)]| {
        let chunks = parts.iter().flat_map(|(a, b)| all[*a..*b].to_vec()).collect();
        let proofs = parts.iter().map(|(a, b)| proof_of(&all, all[*a].number, all[*b - 1].number)).collect();
        let before = rig.refused.len();
        rig.report(a1, Report::Blackbox(Box::new(BoxWindow { incident: number, chunks, proofs, images: vec![] })));
        rig.tick();
        let code = rig.refused[before..].iter().find(|(_, r)| r.contains("EVIDENCE_INSUFFICIENT")).is_some();
        (code, shown(&rig).is_some())
    };
    for parts in [vec![(n - 2, n)], vec![(2, n)], vec![(0, n - 2)], vec![(0, 3), (5, n)]] {
        assert_eq!(show(&parts), (true, false), "{parts:?} of {n}");
    }
    // A second at either end may be missing: chunks begin where they begin.
    assert_eq!(show(&[(1, n - 1)]), (false, true));
}

#[test]
fn a_way_of_many_chunks_comes_in_pieces_and_is_replayed_whole() {
    let mut rig = rig();
    let a1 = robot("a1");
    rig.knobs.no_box.insert(a1);
    rig.knobs.sits_on_replays = true;
    let job = rig.ask(halves(&rig));
    rig.until(job, Status::Completed);
    let (number, from, to) = rig.robots[&a1].boxed.asked[0];
    let all = short(from, to, 60_000_000);
    let flat = all.concat();
    let n = flat.len() as u64;
    assert!(n > 128 && n <= 256, "{n}");
    for a in &all {
        rig.report(a1, Report::BlackboxAnchored(anchor(a)));
    }
    let show = |rig: &mut Rig, from: u64, to: u64| {
        rig.report(a1, Report::Blackbox(Box::new(part(number, &all, from, to))));
        let before = rig.refused.len();
        rig.tick();
        rig.refused.len() == before
    };
    let artefact = |rig: &Rig| rig.c.state().replays[&number].artefact;
    assert!(!show(&mut rig, 0, 126), "less than fits, and not the end");
    assert!(show(&mut rig, 0, 127));
    assert!(artefact(&rig).is_none());
    assert_eq!(rig.c.state().replays[&number].shown, flat[..128]);
    let rest =
        |o: &&Order| matches!(o, Order::WantBlackbox { incident, from_ns, .. } if *incident == number && *from_ns == flat[127].to_ns);
    rig.run(1);
    assert_eq!(rig.robots[&a1].seen.iter().filter(rest).count(), 1, "the rest is asked for");
    assert!(!show(&mut rig, 129, n - 1), "with a hole");
    assert!(show(&mut rig, 128, n - 1));
    assert_eq!(artefact(&rig), Some(super::boxes::artefact(&flat)));
    let asked = |o: &FacilityOrder| matches!(o, FacilityOrder::Replay { chunks, .. } if *chunks == flat);
    assert!(rig.alarms.iter().any(asked), "and the witness gets all of it");
    assert!(rig.c.state().replays[&number].shown.is_empty());
}

#[test]
fn only_the_witness_speaks_of_it_and_of_what_was_anchored() {
    let mut rig = rig();
    rig.knobs.sits_on_replays = true;
    let job = rig.ask(halves(&rig));
    rig.until(job, Status::Completed);
    rig.run(5);
    let asked = |o: &FacilityOrder| match o {
        FacilityOrder::Replay { number, chunks, .. } => Some((*number, super::boxes::artefact(chunks))),
        _ => None,
    };
    let (number, artefact) = rig.alarms.iter().find_map(asked).expect("the witness is asked");
    let says = |number, artefact| FacilityReport::Replayed { number, artefact, residual_milli: Some(0) };
    let refusal = |rig: &mut Rig, who: &str, r: &FacilityReport| format!("{:?}", rig.send(who, r).unwrap_err());
    assert!(refusal(&mut rig, "site", &says(number, Digest([7; 32]))).contains("CONTENT_HASH_MISSING"));
    assert!(refusal(&mut rig, "site", &says(nooterra_engine::ids::IncidentId::named("no"), artefact)).contains("NOT_FOUND"));
    rig.send("site", &says(number, artefact)).unwrap();
    assert!(refusal(&mut rig, "site", &says(number, artefact)).contains("NOT_FOUND"), "once");
    assert_eq!(replays(&rig, job).len(), 1);
}

#[test]
fn what_proves_nothing_is_refused() {
    let mut rig = rig();
    let scan = |points: &[u16], weight| need("a", &[Class::DockScan], points, weight);
    let bad = vec![
        ("nothing", vec![]),
        ("not the whole", vec![scan(&[1], 9_999)]),
        ("more than the whole", vec![scan(&[1], 6_000), need("b", &[Class::DockScan], &[2], 6_000)]),
        ("no such point", vec![scan(&[4], 10_000)]),
        ("point nought", vec![scan(&[0], 10_000)]),
        ("no point", vec![scan(&[], 10_000)]),
        ("a point twice", vec![scan(&[2, 2], 10_000)]),
        ("a replay alone", vec![need("a", &[Class::TwinReplay], &[1], 10_000)]),
        ("a scale where nothing is handed over", vec![need("a", &[Class::Weight], &[1], 10_000)]),
        ("a door's log, which no door keeps", vec![need("a", &[Class::DockScan, Class::DoorLog], &[1], 10_000)]),
        ("the requester's word alone", vec![need("a", &[Class::RequesterConfirm], &[1], 10_000)]),
        ("an excuse", vec![need("a", &[Class::DockScan, Class::BlockedZone], &[1], 10_000)]),
        ("a floor", vec![need("a", &[Class::DockScan, Class::LidarCoverage], &[1], 10_000)]),
        ("no weight", vec![scan(&[1], 10_000), need("b", &[Class::DockScan], &[2], 0)]),
        ("the same name", vec![scan(&[1], 5_000), scan(&[2], 5_000)]),
        ("no name", vec![need("", &[Class::DockScan], &[1], 10_000)]),
        ("no threshold", vec![ProofNeed { threshold_bps: 0, ..scan(&[1], 10_000) }]),
        ("too high a threshold", vec![ProofNeed { threshold_bps: 10_001, ..scan(&[1], 10_000) }]),
    ];
    let refused = |rig: &mut Rig, new: NewJob| {
        rig.tick(); // whoever says too much at once is heard later
        let c = crate::input::RequesterCommand::CreateJob(Box::new(new));
        format!("{:?}", rig.send("rq", &c).unwrap_err()).contains("SCHEMA_INVALID")
    };
    for (why, proof) in bad {
        let new = custom(&rig, proof);
        assert!(refused(&mut rig, new), "{why}");
    }
    let patrol = NewJob { proof: vec![scan(&[1], 10_000)], ..rig.patrol(&[2, 3]) };
    assert!(refused(&mut rig, patrol), "other work is proven by its template");
    let step = |action| Step { place: 3, action, dwell: nooterra_engine::Span::ZERO };
    for action in [Action::Pick, Action::Lift, Action::Cover { area: 0 }] {
        let new = NewJob { steps: vec![step(action)], ..custom(&rig, vec![scan(&[1], 10_000)]) };
        assert!(refused(&mut rig, new), "{action:?}");
    }
}
