mod matrix;
mod money;
mod moves;
mod team;
mod transfer;

use crate::event::{Event, Fault};
use crate::job::Job;
use crate::parts::PaymentTrack;
use crate::pins::WitnessClass;
use crate::status::{Class, Status};
use crate::table::{Kind, ROWS, Target, find, next};
use crate::terms::{Action, Mode, Need, Privacy, Request, Step, Template, Window};
use crate::tier::{Level, Tier};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ItemId, JobId, PartyId, ProofId, SiteId, WitnessId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};

fn request() -> Request {
    let step = |place, action| Step { place, action, dwell: Span::from_secs(5) };
    Request {
        requester: PartyId::named("rq"),
        site: SiteId::named("site"),
        template: Template::Delivery,
        window: Window { start: Instant::from_secs(100), end: Instant::from_secs(2_000) },
        steps: vec![step(3, Action::Pick), step(9, Action::Drop)],
        item: Some(ItemId::named("parcel")),
        need: Need {
            capabilities: vec![],
            payload_g: 500,
            tier: Tier::Office,
            coverage: false,
            zones: vec![],
            no_go: vec![],
            privacy: Privacy::default(),
            min_cert: crate::tier::Cert::Lab,
        },
        budget: None,
        currency: Currency::EUR,
        level: Level::Standard,
        rfq_closes: Instant::from_secs(20),
        mode: Mode::Auto,
        max_rounds: 6,
        label: "coffee".into(),
        contract: nooterra_engine::ids::ContractId::named("terms"),
        series: None,
        team: None,
        proof: vec![],
    }
}

fn job_in(status: Status) -> Job {
    let mut j = Job::create(JobId::named("j"), request(), Instant::ZERO);
    j.status = status;
    j
}

/// The specification's table, written once more by hand: (event, from, to) with `*` for home and `?` for by-quotes.
const SPEC: &[(Kind, &str, &str)] = &[
    (Kind::QuoteSubmitted, "CREATED QUOTED", "QUOTED"),
    (Kind::QuoteCountered, "QUOTED", "QUOTED"),
    (Kind::QuoteWithdrawn, "QUOTED", "?"),
    (Kind::QuoteExpired, "QUOTED", "?"),
    (Kind::QuoteAwarded, "QUOTED", "AWARDED"),
    (Kind::AwardLapsed, "AWARDED", "?"),
    (Kind::JobBooked, "AWARDED", "BOOKED"),
    (Kind::JobWithdrawn, "CREATED QUOTED AWARDED", "WITHDRAWN"),
    (Kind::RobotMatched, "BOOKED HANDOVER", "MATCHED"),
    (Kind::LeaseAccepted, "MATCHED", "RESERVED"),
    (Kind::LeaseRefused, "MATCHED", "*"),
    (Kind::LeaseLapsed, "MATCHED", "*"),
    (Kind::LeaseReleased, "MATCHED RESERVED EN_ROUTE ARRIVED", "*"),
    (Kind::Departed, "RESERVED", "EN_ROUTE"),
    (Kind::RobotArrived, "EN_ROUTE", "ARRIVED"),
    (Kind::AccessGranted, "ARRIVED", "ACCESS_GRANTED"),
    (Kind::ExecutionStarted, "ACCESS_GRANTED", "EXECUTING"),
    (Kind::AssistStarted, "EXECUTING STALLED", "ASSISTED"),
    (Kind::AssistEnded, "ASSISTED", "EXECUTING"),
    (Kind::ExecutionStalled, "EXECUTING", "STALLED"),
    (Kind::ExecutionResumed, "STALLED", "EXECUTING"),
    (Kind::ExecutionCompleted, "EXECUTING", "COMPLETED"),
    (Kind::SafeExitOrdered, "ACCESS_GRANTED EXECUTING ASSISTED STALLED", "ABORTING_SAFE_EXIT"),
    (Kind::HandoverOpened, "ABORTING_SAFE_EXIT", "HANDOVER"),
    (Kind::NoShowDeclared, "BOOKED", "NO_SHOW"),
    (Kind::NoShowResolvedWait, "NO_SHOW", "BOOKED"),
    (Kind::JobAborted, "BOOKED NO_SHOW HANDOVER ABORTING_SAFE_EXIT", "ABORTED"),
    (Kind::JobRescheduled, "BOOKED", "BOOKED"),
    (Kind::JobSettled, "COMPLETED ABORTED", "SETTLED"),
];

#[test]
fn every_pair_of_state_and_event_is_as_specified() {
    for kind in Kind::ALL {
        for from in Status::ALL {
            for (started, quotes) in [(false, false), (true, true)] {
                let spec = SPEC.iter().find(|(k, f, _)| *k == kind && f.split(' ').any(|s| s == from.name())).map(|(_, _, to)| match *to {
                    "*" => {
                        if started {
                            "HANDOVER"
                        } else {
                            "BOOKED"
                        }
                    }
                    "?" => {
                        if quotes {
                            "QUOTED"
                        } else {
                            "CREATED"
                        }
                    }
                    s => s,
                });
                // T4: other quotes may go while one is awarded; the job does not move.
                let spec = if from == Status::Awarded && matches!(kind, Kind::QuoteWithdrawn | Kind::QuoteExpired) {
                    Some("AWARDED")
                } else {
                    spec
                };
                let got = next(Some(from), kind, started, quotes).map(Status::name);
                assert_eq!(got, spec, "{kind:?} in {from:?}");
            }
        }
    }
    assert_eq!(next(None, Kind::JobCreated, false, false), Some(Status::Created));
    assert!(find(Some(Status::Created), Kind::JobCreated).is_none());
}

#[test]
fn rows_are_numbered_and_terminal_states_never_leave() {
    let mut numbers: Vec<u8> = ROWS.iter().map(|r| r.number).collect();
    numbers.dedup();
    assert_eq!(numbers, (1..=28).collect::<Vec<u8>>());
    for r in ROWS {
        assert!(r.from.iter().all(|s| !s.is_terminal()));
        if let Target::To(s) = r.to {
            assert!(Status::ALL.contains(&s));
        }
    }
    assert_eq!(Status::ALL.iter().filter(|s| s.class() == Class::Inside).count(), 5);
}

fn pins(job: &Job) -> crate::Pins {
    use crate::pins::{CancelTable, HoldRule, NoShowDefault, SiteFaultBearer, Timing, Weights};
    use nooterra_engine::ids::{ContractId, QuoteId};
    use nooterra_engine::money::Amount;
    let r = &job.request;
    crate::Pins {
        contract: ContractId::named("c"),
        document_hash: Digest::ZERO,
        policy_hash: Digest([1; 32]),
        owner: PartyId::named("ow"),
        quote: QuoteId::named("q"),
        price: crate::terms::Price::default(),
        service: Amount::new(1_000).unwrap(),
        cover_fee: Amount::ZERO,
        currency: r.currency,
        window: r.window,
        level: r.level,
        level_values: r.level.values(),
        tier: r.need.tier,
        tier_values: r.need.tier.values(),
        risk_m: 0,
        min_trust_bps: 3_000,
        tasks_hash: r.tasks_hash(),
        zones: r.need.zones.clone(),
        zones_hash: crate::pins::zones_hash(&r.need.zones),
        licences: vec![],
        weights: Weights::default(),
        cover_split: crate::pins::CoverSplit::default(),
        cancel: CancelTable::default(),
        proof: crate::proof::requirement(r, 3_000, |_| 0),
        timing: Timing::scenario(),
        handover: true,
        substitution: false,
        max_legs: 3,
        site_fault_bearer: SiteFaultBearer::Requester,
        no_show: NoShowDefault::Cancel,
        hold_rule: HoldRule::Proven,
        max_claims: Amount::ZERO,
        operator_rate: 60,
        operator_cap_bps: 1_500,
        assist_fallback: crate::event::Fallback::SafeExit,
        coverage: false,
        approvals: crate::approval::ApprovalKind::ALL.to_vec(),
        approval_by: Span::from_mins(5),
        moves: crate::pins::MoveTerms::default(),
        funding: crate::pins::CreditFunding::Owner {},
        fixed: crate::pins::FixedCredits::default(),
        retention: crate::pins::Retention::default(),
        tz_hash: Digest::ZERO,
    }
}

fn booked(status: Status) -> Job {
    let mut j = job_in(status);
    j.pins = Some(Box::new(pins(&j)));
    j.arrive_by = Instant::from_secs(1_000);
    j.payment.track = PaymentTrack::Captured;
    if matches!(status, Status::Completed | Status::Aborted) {
        j.ended_at = Some(Instant::from_secs(500));
    }
    if status == Status::AbortingSafeExit {
        j.exit = Some(crate::parts::Exit {
            disposition: Some(crate::event::Disposition::Abort),
            cause: None,
            fault: Fault::None,
            exit_by: Instant::from_secs(600),
            level: 0,
            done: false,
        });
    }
    if status.is_working() {
        j.working_since = Some(Instant::from_secs(400));
    }
    j.legs.push(crate::parts::Leg {
        offer: crate::payload::Match {
            robot: nooterra_engine::ids::RobotId::named("r"),
            owner: PartyId::named("ow"),
            lease: nooterra_engine::ids::LeaseId::named("l"),
            leg: 0,
            fence: 1,
            interval: Window { start: Instant::ZERO, end: Instant::from_secs(900) },
            trip_est: Span::from_secs(60),
            energy_j: 0,
            cost: 0,
        },
        offered_at: Instant::from_secs(50),
        accepted_at: None,
        due_at: Some(Instant::from_secs(50)),
        departed_at: None,
        arrived_at: None,
        started_at: None,
        from_checkpoint: 1,
        closed_at: if status.has_robot() { None } else { Some(Instant::from_secs(60)) },
    });
    if status == Status::Handover {
        j.handover_by = Some(Instant::from_secs(1_200));
        j.started = true;
    }
    j
}

#[test]
fn every_state_that_is_not_final_has_a_deadline() {
    for s in Status::ALL {
        let open = matches!(s.class(), Class::Open);
        let j = if open { job_in(s) } else { booked(s) };
        // The timers of a request are its negotiation's.
        assert_eq!(j.deadlines().is_empty(), open || s.is_terminal(), "{s:?}");
    }
}

#[test]
fn proof_needs_witnesses_not_claims() {
    use crate::event::ProofStatus;
    let eval = |j: &Job| {
        let p = crate::proof::evaluate(j, ProofId::named("p"), Digest::ZERO);
        (p.status, p.earned_bps)
    };
    let mut j = booked(Status::Completed);
    j.checkpoint = 2;
    assert_eq!(eval(&j), (ProofStatus::Insufficient, 0), "claims alone prove nothing");
    let see = |j: &mut Job, point, class| {
        let e = Event::WitnessReported {
            witness: WitnessId::named("w"),
            class,
            point,
            place: 0,
            zone: None,
            robot: nooterra_engine::ids::RobotId::named("r"),
            measure: 1,
            artefact: Digest::ZERO,
        };
        j.evolve(Instant::from_secs(510), &e);
    };
    see(&mut j, 1, WitnessClass::DockScan);
    assert_eq!(eval(&j), (ProofStatus::Insufficient, 0), "the drop has no witness");
    see(&mut j, 2, WitnessClass::Weight);
    assert_eq!(eval(&j), (ProofStatus::Partial, 8_500));
    see(&mut j, 2, WitnessClass::DockScan);
    assert_eq!(eval(&j), (ProofStatus::Pass, 10_000));
    // An aborted job with nothing claimed at the drop counts it as nothing.
    let mut a = booked(Status::Aborted);
    a.checkpoint = 1;
    see(&mut a, 1, WitnessClass::DockScan);
    assert_eq!(eval(&a), (ProofStatus::Partial, 1_500));
}

#[test]
fn stranger_robots_prove_nothing() {
    let mut j = booked(Status::Completed);
    for point in 1..=2 {
        for class in [WitnessClass::DockScan, WitnessClass::CustodyScan] {
            j.evolve(
                Instant::from_secs(510),
                &Event::WitnessReported {
                    witness: WitnessId::named("w"),
                    class,
                    point,
                    place: 0,
                    zone: None,
                    robot: nooterra_engine::ids::RobotId::named("another"),
                    measure: 1,
                    artefact: Digest::ZERO,
                },
            );
        }
    }
    let p = crate::proof::evaluate(&j, ProofId::named("p"), Digest::ZERO);
    assert_eq!(p.status, crate::event::ProofStatus::Insufficient);
}

#[test]
fn a_job_survives_freezing() {
    let j = booked(Status::Executing);
    let bytes = nooterra_engine::encode(&j);
    assert_eq!(nooterra_engine::decode::<Job>(&bytes).unwrap(), j);
}

#[test]
fn a_floor_is_proven_by_what_was_measured_of_it() {
    use crate::event::ProofStatus;
    let zone = |place, area| Step { place, action: Action::Cover { area }, dwell: Span::ZERO };
    let mut j = booked(Status::Completed);
    j.request.template = Template::Clean;
    j.request.steps = vec![zone(4, 0), zone(5, 1), zone(6, 2)];
    let items = crate::proof::requirement(&j.request, 3_000, |a| 1_000_000 * u64::from(a + 1));
    let told: Vec<_> = items.iter().map(|i| (i.weight_bps, i.required_mm2)).collect();
    assert_eq!(told, [(3_334, 1_000_000), (3_333, 2_000_000), (3_333, 3_000_000)]);
    let mut pins = j.pins.as_deref().unwrap().clone();
    pins.proof = items;
    j.pins = Some(Box::new(pins));
    let eval = |j: &Job| {
        let p = crate::proof::evaluate(j, ProofId::named("p"), Digest::ZERO);
        (p.status, p.earned_bps)
    };
    let see = |j: &mut Job, point, class, measure| {
        let (witness, robot) = (WitnessId::named("w"), nooterra_engine::ids::RobotId::named("r"));
        let e = Event::WitnessReported { witness, class, point, place: 0, zone: None, robot, measure, artefact: Digest::ZERO };
        j.evolve(Instant::from_secs(510), &e);
    };
    let floor = WitnessClass::LidarCoverage;
    see(&mut j, 1, floor, 950_000);
    see(&mut j, 2, floor, 5_000_000);
    assert_eq!(eval(&j), (ProofStatus::Insufficient, 0), "the third has no witness");
    see(&mut j, 3, floor, 1_500_000);
    // 9 500 at 3 334, all at 3 333, half at 3 333.
    assert_eq!(eval(&j), (ProofStatus::Partial, (9_500 * 3_334 + 10_000 * 3_333 + 5_000 * 3_333) / 10_000));
    let before = crate::proof::facts_hash(&j);
    let mut blocked = j.clone();
    see(&mut blocked, 3, WitnessClass::BlockedZone, 1);
    assert_ne!(crate::proof::facts_hash(&blocked), before, "that is a fact of the proof");
    assert_eq!(eval(&blocked), (ProofStatus::Pass, 10_000), "what is blocked leaves the sum");
    for point in [1, 2] {
        see(&mut blocked, point, WitnessClass::BlockedZone, 1);
    }
    assert_eq!(eval(&blocked), (ProofStatus::Fail, 0), "nothing is left");
    // What was measured is of all so far: the most of it counts, and nothing below nothing.
    see(&mut j, 3, floor, 2_900_000);
    see(&mut j, 3, floor, -5);
    assert_eq!(eval(&j), (ProofStatus::Pass, 10_000));
}
