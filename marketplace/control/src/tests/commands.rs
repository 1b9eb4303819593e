//! Every command and report about a job in every state of the job: what is taken, and why the rest is refused. The table
//! stands in `commands.txt` beside this file; a change of it is a change of what the platform does.

use super::rig::{Rig, party, robot};
use crate::input::{Body, CaseCommand, CounterOffer, Input, OwnerCommand, PaymentReport, RequesterCommand, StaffCommand};
use crate::wish::{Terms, Wish};
use crate::{Control, HelpWord, OperatorCommand};
use nooterra_engine::Digest;
use nooterra_engine::encode;
use nooterra_engine::ids::{AccessPlanId, ItemId, JobId, LeaseId, OrderId, PaymentId, QuoteId, RobotId};
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::marks;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Event as JobEvent;
use nooterra_jobs::event::{Choice, IncidentCode, RevokeReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Mode, Window};
use nooterra_port::facility::{TakenBack, WitnessClass};
use nooterra_port::report::{AbortReason, PoseMm, StallReason};
use nooterra_port::{FacilityReport, Report, Wanted};
use nooterra_trust::dispute::Ground;
use nooterra_trust::incident::Stream;
use nooterra_trust::{Envelope, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const TABLE: &str = include_str!("commands.txt");

fn amount(minor: u64) -> Amount {
    Amount::new(minor).unwrap()
}

/// A job in this state, and all around it.
fn in_state(status: Status) -> (Rig, JobId) {
    let mut rig = if status == Status::Assisted { Rig::with_operators(ONE) } else { Rig::new(ONE) };
    if status == Status::Assisted {
        let job = rig.stuck();
        rig.run(2);
        let offered = |(_, w): &(_, HelpWord)| if let HelpWord::Offer(x) = w { Some(x.assist) } else { None };
        let assist = rig.help.iter().find_map(offered).expect("an offer");
        rig.send("olga", &OperatorCommand::Accept { assist }).unwrap();
        rig.run(3);
        let shown = |(_, w): &(_, HelpWord)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None };
        let view = rig.help.iter().rev().find_map(shown).expect("a picture");
        rig.send("olga", &OperatorCommand::Start { assist, view }).unwrap();
        assert_eq!(rig.status(job), status);
        return (rig, job);
    }
    rig.run(10);
    let a1 = robot("a1");
    match status {
        Status::Created => rig.knobs.no_quotes = true,
        Status::Awarded => rig.knobs.sits_on_authorisations = true,
        Status::Matched => drop(rig.knobs.ignore_offers.insert(a1)),
        Status::NoShow => drop(rig.knobs.never_depart.insert(a1)),
        Status::Arrived => rig.knobs.no_access = true,
        Status::Handover => drop(rig.knobs.abort_before_step.insert(a1, 1)),
        _ => {}
    }
    let mut new = rig.patrol(&[2, 3, 4, 5]);
    if status == Status::Quoted {
        new.mode = Mode::Manual;
    }
    if status == Status::Booked {
        new.window = Window { start: rig.now + Span::from_mins(300), end: rig.now + Span::from_mins(330) };
    }
    let job = rig.ask(new);
    match status {
        Status::Withdrawn => rig.send("rq", &RequesterCommand::Withdraw { job }).unwrap(),
        Status::Aborted => {
            rig.until(job, Status::Reserved);
            rig.send("rq", &RequesterCommand::Cancel { job, safety: false }).unwrap();
        }
        Status::AbortingSafeExit => {
            rig.until(job, Status::Executing);
            rig.knobs.dead.insert(a1, rig.now);
            rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Other }).unwrap();
        }
        Status::Stalled => {
            rig.until(job, Status::Executing);
            rig.knobs.cut.insert(a1, (rig.now, rig.now + Span::from_secs(600)));
        }
        _ => {}
    }
    for _ in 0..4_000 {
        if rig.status(job) == status {
            return (rig, job);
        }
        rig.tick();
    }
    panic!("{} never came: {:?}", status.name(), rig.names(job));
}

/// Somebody's words at the head of the job's stream.
fn words<B: Body>(rig: &Rig, who: &str, job: JobId, body: &B) -> Envelope {
    let mut draft = body.draft("stream");
    draft.expect_head = Some(rig.c.state().streams.head(&format!("job/{job}")).chain);
    rig.senders[who].clone().seal(draft, Instant(rig.now.0 + 1), 0)
}

fn bound(rig: &Rig, job: JobId) -> Option<RobotId> {
    rig.c.state().jobs[&job].robot()
}

/// Words of the robot that has the job, else of the only one that there is.
fn report(rig: &Rig, job: JobId, r: &Report) -> Envelope {
    let id = bound(rig, job).unwrap_or_else(|| robot("a1"));
    let p = &rig.robots[&id];
    let mut d = r.draft("robot");
    let leg = rig.c.state().jobs[&job].leg().copied();
    (d.lease, d.fence) = leg.map_or((None, Some(p.fence)), |l| (Some(l.offer.lease), Some(l.offer.fence)));
    p.heard.clone().seal(d, Instant(rig.now.0 + 1), 0)
}

fn quote(rig: &Rig, job: JobId) -> QuoteId {
    let of = |e: &JobEvent| if let JobEvent::QuoteSubmitted(q) = e { Some(q.quote) } else { None };
    rig.job_events(job).iter().rev().find_map(of).unwrap_or_else(|| QuoteId::named("none"))
}

fn shown(rig: &Rig, job: JobId) -> Digest {
    let of = |(_, j, _, t): &(_, JobId, _, Terms)| match t {
        Terms::Quote { hash, .. } if *j == job => Some(*hash),
        _ => None,
    };
    rig.shown.iter().rev().find_map(of).unwrap_or(Digest::ZERO)
}

fn payment(rig: &Rig, job: JobId) -> PaymentId {
    rig.c.state().jobs[&job].payment.payment.unwrap_or_else(|| PaymentId::named("none"))
}

fn later(rig: &Rig) -> Window {
    Window { start: rig.now + Span::from_mins(60), end: rig.now + Span::from_mins(90) }
}

fn lease(rig: &Rig, job: JobId) -> LeaseId {
    rig.c.state().jobs[&job].leg().map_or_else(|| LeaseId::named("none"), |l| l.offer.lease)
}

fn plan_hash(rig: &Rig, job: JobId) -> Digest {
    bound(rig, job).and_then(|r| rig.c.state().robots[&r].plans.get(&lease(rig, job)).copied()).unwrap_or(Digest::ZERO)
}

fn site_plan(job: JobId) -> AccessPlanId {
    AccessPlanId::named(&job.to_string())
}

fn pose(rig: &Rig, vertex: u32) -> PoseMm {
    super::rig::pose(rig.site.vertices[vertex as usize].at)
}

/// A job at work, before the platform hears that all of it is done.
fn all_done() -> (Rig, JobId) {
    let (mut rig, job) = in_state(Status::Executing);
    while usize::from(rig.c.state().jobs[&job].checkpoint) < 4 {
        rig.tick();
    }
    assert_eq!(rig.status(job), Status::Executing);
    (rig, job)
}

/// One that carries something.
fn with_load() -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::Executing);
    (rig, job)
}

/// One whose robot the site has seen leave; it comes back.
fn left() -> (Rig, JobId) {
    let (mut rig, job) = in_state(Status::Executing);
    rig.send("site", &FacilityReport::Exited { job, robot: robot("a1"), vertex: 8 }).unwrap();
    (rig, job)
}

/// One that is done where the site sees nothing.
fn done_unseen() -> (Rig, JobId) {
    let (mut rig, job) = left();
    rig.until(job, Status::Completed);
    (rig, job)
}

/// One for which the bank has not taken the money yet.
fn uncaptured() -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    rig.knobs.sits_on_captures = true;
    let job = rig.ask(rig.patrol(&[2, 3]));
    rig.until(job, Status::Reserved);
    (rig, job)
}

/// One whose robot leaves and is to put its load down at vertex 16, another robot being there.
fn to_put_down() -> (Rig, JobId) {
    let robots = &[("a1", "acme", 8), ("a2", "acme", 15)];
    let g = super::rig::genesis(crate::Policy::scenario(), robots);
    let mut rig = Rig::on(super::floor::with_niches(8, &[3]), g, robots);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::Executing);
    while rig.c.state().jobs[&job].checkpoint == 0 {
        rig.tick();
    }
    let first = bound(&rig, job).unwrap();
    rig.knobs.keeps_load.insert(first);
    rig.knobs.abort_before_step.insert(first, 1);
    rig.until(job, Status::AbortingSafeExit);
    (rig, job)
}

/// One whose next robot stands where the load lies and has not taken it up.
fn to_fetch() -> (Rig, JobId) {
    let (mut rig, job) = to_put_down();
    rig.knobs.keeps_load.clear();
    rig.until(job, Status::EnRoute);
    let second = bound(&rig, job).unwrap();
    rig.robots.get_mut(&second).unwrap().fetched = true;
    rig.until(job, Status::Executing);
    (rig, job)
}

/// One that ended with its load in a transfer place.
fn load_left() -> (Rig, JobId) {
    let (mut rig, job) = to_put_down();
    rig.knobs.keeps_load.clear();
    rig.until(job, Status::Handover);
    rig.send("rq", &RequesterCommand::Cancel { job, safety: false }).unwrap();
    assert_eq!(rig.status(job), Status::Aborted);
    (rig, job)
}

/// A situation by its name.
type Named = (&'static str, fn() -> (Rig, JobId));

/// Situations beside the states.
const BESIDE: &[Named] = &[
    ("EXECUTING:all-done", all_done),
    ("EXECUTING:with-load", with_load),
    ("EXECUTING:seen-outside", left),
    ("COMPLETED:seen-outside", done_unseen),
    ("RESERVED:uncaptured", uncaptured),
    ("ABORTING_SAFE_EXIT:to-put-down", to_put_down),
    ("EXECUTING:to-fetch", to_fetch),
    ("ABORTED:load-left", load_left),
];

type Make = fn(&Rig, JobId) -> Envelope;

/// Who says what.
const SAID: &[(&str, Make)] = &[
    ("RQ Withdraw", |r, job| words(r, "rq", job, &RequesterCommand::Withdraw { job })),
    ("RQ Counter", |r, job| {
        let (quote, prev, arrive) = (quote(r, job), shown(r, job), r.now + Span::from_secs(90));
        let expires = r.now + Span::from_secs(60);
        words(r, "rq", job, &RequesterCommand::Counter(CounterOffer { job, quote, prev, service: amount(3_000), arrive, expires }))
    }),
    ("RQ Award", |r, job| words(r, "rq", job, &RequesterCommand::Award { job, quote: quote(r, job), terms_hash: shown(r, job) })),
    ("RQ Cancel", |r, job| words(r, "rq", job, &RequesterCommand::Cancel { job, safety: false })),
    ("RQ ProposeMove", |r, job| words(r, "rq", job, &RequesterCommand::ProposeMove { job, window: later(r) })),
    ("RQ ResolveNoShow wait", |r, job| {
        let arrive_by = Some(r.now + Span::from_mins(20));
        words(r, "rq", job, &RequesterCommand::ResolveNoShow { job, choice: Choice::Wait, arrive_by })
    }),
    ("RQ ResolveNoShow cancel", |r, job| {
        words(r, "rq", job, &RequesterCommand::ResolveNoShow { job, choice: Choice::Cancel, arrive_by: None })
    }),
    ("RQ RevokeAccess", |r, job| words(r, "rq", job, &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Other })),
    ("RQ IssuePlan", |r, job| {
        let (valid_from, valid_to) = (r.now, r.c.state().jobs[&job].window().end + Span::from_mins(5));
        words(r, "rq", job, &RequesterCommand::IssuePlan { job, areas: vec![], no_go: vec![], entry: None, valid_from, valid_to })
    }),
    ("RQ Confirm", |r, job| words(r, "rq", job, &RequesterCommand::Confirm { job })),
    ("RQ Complain", |r, job| {
        let c = CaseCommand::Complain { job, code: IncidentCode::PropertyDamage, statement: Digest([7; 32]), amount: None, currency: None };
        words(r, "rq", job, &c)
    }),
    ("RQ OpenDispute", |r, job| {
        words(r, "rq", job, &CaseCommand::OpenDispute { job, ground: Ground::Quality, amount: amount(10), currency: Currency::EUR })
    }),
    ("OW SubmitQuote", |r, job| {
        let (arrive, expires) = (r.now + Span::from_secs(90), r.now + Span::from_secs(120));
        let price = r.c.state().jobs[&job].rfq.price.total();
        let c = OwnerCommand::SubmitQuote {
            job,
            service: amount(price),
            currency: Currency::EUR,
            arrive,
            robot_class: "tinyRobot".into(),
            expires,
        };
        words(r, "acme", job, &c)
    }),
    ("OW WithdrawQuote", |r, job| words(r, "acme", job, &OwnerCommand::WithdrawQuote { job, quote: quote(r, job) })),
    ("OW Cancel", |r, job| words(r, "acme", job, &OwnerCommand::Cancel { job })),
    ("OW ProposeMove", |r, job| words(r, "acme", job, &OwnerCommand::ProposeMove { job, window: later(r) })),
    ("OW OpenDispute", |r, job| {
        words(r, "acme", job, &CaseCommand::OpenDispute { job, ground: Ground::Quality, amount: amount(10), currency: Currency::EUR })
    }),
    ("OS Cancel", |r, job| words(r, "staff", job, &StaffCommand::Cancel { job })),
    ("OS ReportIncident", |r, job| {
        words(r, "staff", job, &StaffCommand::ReportIncident { job, code: IncidentCode::BlockedZone, severity: 1 })
    }),
    ("TR OverrideProof", |r, job| {
        words(r, "judge", job, &StaffCommand::OverrideProof { job, earned_bps: 0, decision_hash: Digest([7; 32]) })
    }),
    ("TR HoldEvidence", |r, job| {
        words(r, "judge", job, &CaseCommand::HoldEvidence { of: Stream::Job(job), order: OrderId::named("court") })
    }),
    ("RB LeaseAccepted", |r, job| report(r, job, &Report::LeaseAccepted { lease: lease(r, job), plan_hash: plan_hash(r, job) })),
    ("RB LeaseRefused", |r, job| report(r, job, &Report::LeaseRefused { lease: lease(r, job), code: "BUSY".into() })),
    ("RB Departed", |r, job| report(r, job, &Report::Departed { route_mm: 1_000, eta_s: 5 })),
    ("RB TripAborted", |r, job| report(r, job, &Report::TripAborted { reason: AbortReason::Blocked, detail: "x".into() })),
    ("RB RobotArrived", |r, job| report(r, job, &Report::RobotArrived { access_point: 2, pose: pose(r, 2) })),
    ("RB ExecutionStarted", |r, job| {
        let from_step = r.c.state().jobs[&job].checkpoint;
        let leg = r.c.state().jobs[&job].leg().map_or(0, |l| l.offer.leg);
        report(r, job, &Report::ExecutionStarted { leg, plan_hash: plan_hash(r, job), from_step })
    }),
    ("RB CheckpointReached", |r, job| {
        let n = r.c.state().jobs[&job].checkpoint;
        let vertex = r.c.state().jobs[&job].steps().get(usize::from(n)).map_or(2, |s| s.place);
        report(r, job, &Report::CheckpointReached { index: n, step: "visit".into(), vertex, work_bps_claimed: 2_500 * u32::from(n + 1) })
    }),
    ("RB CustodyChanged", |r, job| report(r, job, &Report::CustodyChanged { item: ItemId::named("parcel"), held: true, mass_g: 500 })),
    ("RB ExecutionStalled", |r, job| report(r, job, &Report::ExecutionStalled { reason: StallReason::Stuck })),
    ("RB ExecutionResumed", |r, job| report(r, job, &Report::ExecutionResumed)),
    ("RB ExecutionCompleted", |r, job| report(r, job, &Report::ExecutionCompleted { steps: 4 })),
    ("RB ExecutionAborted", |r, job| report(r, job, &Report::ExecutionAborted { reason: AbortReason::Mechanical, detail: "x".into() })),
    ("RB SafeExitReported", |r, job| report(r, job, &Report::SafeExitReported { custody: false, pose: pose(r, 8) })),
    ("RB LoadPutDown", |r, job| report(r, job, &Report::LoadPutDown { item: ItemId::named("parcel"), vertex: 16, mass_g: 500 })),
    ("RB LoadFetched", |r, job| {
        let (j, item) = (&r.c.state().jobs[&job], ItemId::named("parcel"));
        let state_hash = nooterra_port::order::left_hash(job, j.checkpoint, item, 16, j.state_hash);
        report(r, job, &Report::LoadFetched { item, vertex: 16, mass_g: 500, state_hash })
    }),
    ("OS LoadReturned", |r, job| words(r, "staff", job, &StaffCommand::LoadReturned { job, found: true })),
    ("RB AssistAsked", |r, job| report(r, job, &Report::AssistAsked { question_hash: Digest([5; 32]) })),
    ("RB ApprovalAsked", |r, job| report(r, job, &Report::ApprovalAsked { wanted: Wanted::ExtraArea { vertices: vec![7] }, skip: false })),
    ("SI AccessPlanIssued", |r, job| {
        let (valid_from, valid_to) = (r.now, r.c.state().jobs[&job].window().end + Span::from_mins(5));
        let vertices = vec![2, 3, 4, 5];
        words(
            r,
            "site",
            job,
            &FacilityReport::AccessPlanIssued {
                job,
                plan: site_plan(job),
                vertices,
                areas: vec![],
                no_go: vec![],
                entry: Default::default(),
                valid_from,
                valid_to,
            },
        )
    }),
    ("SI AccessGranted", |r, job| {
        let fence = r.c.state().jobs[&job].leg().map_or(0, |l| l.offer.fence);
        words(r, "site", job, &FacilityReport::AccessGranted { job, plan: site_plan(job), fence })
    }),
    ("SI AccessDenied", |r, job| {
        words(r, "site", job, &FacilityReport::AccessDenied { job, plan: site_plan(job), code: "REFUSED".into() })
    }),
    ("SI AccessRevoked", |r, job| {
        let plan = r.c.state().jobs[&job].access.plan.as_ref().map_or(site_plan(job), |p| p.plan);
        words(r, "site", job, &FacilityReport::AccessRevoked { job, plan, reason: TakenBack::Other })
    }),
    ("SI Entered", |r, job| words(r, "site", job, &FacilityReport::Entered { job, robot: robot("a1"), vertex: 2, fence: 9 })),
    ("SI Exited", |r, job| words(r, "site", job, &FacilityReport::Exited { job, robot: robot("a1"), vertex: 8 })),
    ("SI Witnessed", |r, job| {
        let class = WitnessClass::DockScan;
        words(r, "site", job, &FacilityReport::Witnessed { job, robot: robot("a1"), class, vertex: 3, item: None, measure: 1 })
    }),
    ("PS Authorised", |r, job| {
        let (payment, asked) = (payment(r, job), r.c.state().jobs[&job].payment.amount);
        let expires = r.now + Span::from_mins(10_000);
        let currency = Currency::EUR;
        words(r, "bank", job, &PaymentReport::Authorised { payment, amount: asked, currency, expires, provider_ref: "y".into() })
    }),
    ("PS Declined", |r, job| words(r, "bank", job, &PaymentReport::Declined { payment: payment(r, job), code: "NO".into() })),
    ("PS Captured", |r, job| {
        let asked = r.c.state().jobs[&job].payment.amount;
        words(r, "bank", job, &PaymentReport::Captured { payment: payment(r, job), amount: asked })
    }),
    ("PS ChargebackOpened", |r, job| {
        let c = PaymentReport::ChargebackOpened {
            payment: payment(r, job),
            amount: amount(100),
            fee: amount(5),
            currency: Currency::EUR,
            reason: "fraud".into(),
            provider_ref: "cb".into(),
        };
        words(r, "bank", job, &c)
    }),
];

/// What the platform answers to this, in a copy of it.
fn answer(rig: &Rig, frozen: &[u8], e: Envelope) -> String {
    let mut c = Control::thaw(frozen, rig.site.clone()).unwrap();
    let mut out = Out::default();
    let _ = marks::take();
    c.step(rig.now, Input::new(e), &mut out);
    let broken = marks::take().broken;
    assert!(broken.is_empty(), "{broken:?}");
    let verdict = out.wishes.iter().find_map(|w| if let Wish::Receipt { receipt, .. } = w { Some(receipt.verdict.clone()) } else { None });
    match verdict.expect("an answer") {
        Verdict::Accepted => "accepted".into(),
        Verdict::Refused(r) => r.code.to_string(),
    }
}

/// The state as it is, but that the site is its requester's own.
fn at_home(rig: &Rig) -> Vec<u8> {
    let mut s: crate::state::State = nooterra_engine::decode(&encode(rig.c.state())).unwrap();
    let zones: Vec<_> = rig.site.zones().into_iter().collect();
    s.genesis.parties.iter_mut().filter(|p| p.party == party("rq")).for_each(|p| p.own = zones.clone());
    encode(&s)
}

#[test]
fn every_command_in_every_state() {
    let mut rows: Vec<BTreeMap<String, Vec<&str>>> = vec![BTreeMap::new(); SAID.len()];
    let states = Status::ALL.into_iter().map(|s| (s.name(), in_state(s)));
    for (situation, (rig, job)) in states.chain(BESIDE.iter().map(|(name, make)| (*name, make()))) {
        let frozen = at_home(&rig);
        for (row, (_, make)) in rows.iter_mut().zip(SAID) {
            row.entry(answer(&rig, &frozen, make(&rig, job))).or_default().push(situation);
        }
    }
    let (mut table, mut odd) = (String::new(), Vec::new());
    for ((name, _), row) in SAID.iter().zip(&rows) {
        writeln!(table, "{name}").unwrap();
        let first = row.iter().filter(|(k, _)| *k == "accepted");
        for (answer, states) in first.chain(row.iter().filter(|(k, _)| *k != "accepted")) {
            writeln!(table, "  {answer:<22} {}", states.join(" ")).unwrap();
        }
        // Each is taken in some state and refused in others; none for its form or its place in the sender's chain.
        let form = ["SEQ_GAP", "SCHEMA_INVALID", "SIGNATURE_INVALID", "ROLE_FORBIDDEN", "TYPE_UNKNOWN", "HEAD_STALE"];
        if !row.contains_key("accepted") || row.len() < 2 || form.iter().any(|f| row.contains_key(*f)) {
            odd.push(*name);
        }
    }
    assert!(odd.is_empty(), "{odd:?}:\n{table}");
    assert!(table == TABLE, "another table than that of commands.txt:\n{table}");
}
