//! Every event of the catalogue in every state: what the specification's table says, and nothing else, moves a job.

use super::{SPEC, booked, job_in};
use crate::approval::{Ask, Asker, OnDeny, Wanted};
use crate::coverage::CoverageEnd;
use crate::event::*;
use crate::job::Job;
use crate::payload::{AccessMethod, AccessPlan, Booking, Breach, Counter, Match, Move, Rescheduled, Settlement};
use crate::pins::{CreditFunding, WitnessClass};
use crate::status::{Class, Status};
use crate::table::Kind;
use crate::terms::{Price, Quote, Window};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{
    AccessPlanId, ApprovalId, AssistId, ChargebackId, HoldId, IncidentId, InterventionId, ItemId, LeaseId, OperatorId, PartyId, PaymentId,
    ProofId, QuoteId, RefundId, RobotId, ShiftId, WitnessId,
};
use nooterra_engine::marks;
use nooterra_engine::money::Amount;
use nooterra_engine::record::{Body, Message as _};
use nooterra_engine::time::{Instant, Span};

const AT: Instant = Instant::from_secs(500);

fn window() -> Window {
    Window { start: Instant::from_secs(5_000), end: Instant::from_secs(6_000) }
}

/// One event of each name; those whose meaning depends on a field, once for each meaning.
fn events(job: &Job) -> Vec<Event> {
    let (quote, payment, plan) = (QuoteId::named("q"), PaymentId::named("p"), AccessPlanId::named("a"));
    let (lease, robot, hold) = (LeaseId::named("l"), RobotId::named("r"), HoldId::named("h"));
    let (incident, refund, amount) = (IncidentId::named("i"), RefundId::named("f"), Amount::new(100).unwrap());
    let (measured, limit) = (Span::from_secs(9), Span::from_secs(8));
    let (assist, intervention, operator) = (AssistId::named("as"), InterventionId::named("in"), OperatorId::named("o"));
    let pins = super::pins(job);
    let terms = Quote {
        quote,
        owner: PartyId::named("ow"),
        rev: 0,
        service: amount,
        arrive: AT,
        robot_class: String::new(),
        skills: vec![],
        expires: Instant::from_secs(900),
    };
    let moved = Rescheduled {
        old: window(),
        window: window(),
        price: Price::default(),
        service: amount,
        by: Side::Requester,
        fee: Amount::ZERO,
        fee_bps: 0,
        returned: Amount::ZERO,
    };
    let offer = Move {
        by: Side::Owner,
        window: window(),
        price: Price::default(),
        service: amount,
        delta: 0,
        fee: Amount::ZERO,
        respond_by: Instant::from_secs(800),
    };
    let leg = Match {
        robot,
        owner: PartyId::named("ow"),
        lease,
        leg: 1,
        fence: 2,
        interval: window(),
        trip_est: Span::from_secs(60),
        energy_j: 0,
        cost: 0,
    };
    let settlement = Settlement {
        outcome: Outcome::Full,
        earned_bps: 10_000,
        fee: Amount::ZERO,
        charge: amount,
        parts: vec![],
        refund: Amount::ZERO,
        proof: None,
    };
    vec![
        Event::JobCreated(Box::new(job.request.clone())),
        Event::RfqOpened { invited: vec![], price: Price::default(), risk_m: 0, factors: vec![], candidates: 1 },
        Event::QuoteSubmitted(terms),
        Event::QuoteCountered(Counter { quote, rev: 1, prev: Digest::ZERO, service: amount, arrive: AT, expires: window().end }),
        Event::QuoteAccepted { quote, rev: 1 },
        Event::QuoteWithdrawn { quote, rev: 0 },
        Event::QuoteExpired { quote, rev: 0 },
        Event::QuoteAwarded {
            quote,
            rev: 0,
            terms_hash: Digest::ZERO,
            ranking: vec![quote],
            auth_by: Instant::from_secs(900),
            payment,
            amount,
            credit: Amount::ZERO,
            reason: AwardReason::BestAtClose,
        },
        Event::AwardLapsed { quote, reason: LapseReason::Declined },
        Event::JobWithdrawn { reason: WithdrawReason::Requester },
        Event::PaymentAuthorised { payment, amount, expires: window().end, provider_ref: String::new() },
        Event::PaymentDeclined { payment, code: String::new() },
        Event::JobBooked(Box::new(Booking { pins_hash: pins.hash(), pins, redeemed: Amount::ZERO })),
        Event::PaymentCaptured { payment, amount },
        Event::PaymentCaptureFailed { payment, attempt: 1 },
        Event::PaymentVoided { payment, reason: String::new() },
        Event::JobCancelled { reason: CancelReason::Requester, by: By::Requester, fault: Fault::Requester, fee_bps: 4_000, comp_bps: 0 },
        Event::NoShowDeclared { leg: 0, owner: PartyId::named("ow"), comp: amount, fault: Fault::Owner },
        Event::NoShowResolved { choice: Choice::Wait, arrive_by: Some(window().end) },
        Event::NoShowResolved { choice: Choice::Cancel, arrive_by: None },
        Event::JobAborted { cause: Cause::RequesterCancelled, fault: Fault::Requester, departed: false, started: false },
        Event::DispatchFailed { counts: vec![] },
        Event::RobotMatched(leg),
        Event::LeaseAccepted { lease, fence: 1, plan_hash: Digest::ZERO },
        Event::LeaseRefused { lease, code: String::new() },
        Event::LeaseLapsed { lease, leg: 0, reason: ReleaseReason::OfferExpired },
        Event::LeaseReleased { lease, leg: 0, reason: ReleaseReason::Cancelled },
        Event::LeaseEnded { lease, leg: 0, reason: ReleaseReason::Exited },
        Event::Departed { route_mm: 1, eta: Span::from_secs(1) },
        Event::TripAborted { reason: AbortReason::Blocked, detail: String::new() },
        Event::RobotArrived { place: 3, x_mm: 0, y_mm: 0, theta_urad: 0 },
        Event::ExecutionStarted { leg: 0, plan_hash: Digest::ZERO, skills: vec![], from_checkpoint: 1 },
        Event::CheckpointReached {
            index: 1,
            step: "VISIT".into(),
            place: 3,
            zone: None,
            work_bps_claimed: 5_000,
            state_hash: Digest::ZERO,
        },
        Event::CustodyChanged { item: ItemId::named("parcel"), to: Custody::Held, mass_g: 1 },
        Event::ExecutionStalled { reason: StallReason::Stuck },
        Event::ExecutionResumed { stalled: measured },
        Event::ExecutionCompleted { steps: 2, black_box_root: Digest::ZERO },
        Event::ExecutionAborted { reason: AbortReason::Battery, detail: String::new() },
        Event::StartOverdue { measured, limit },
        Event::StallLimitReached { measured, limit },
        Event::MaxExecutionReached { measured, limit },
        Event::SafeExitOrdered {
            cause: Cause::RobotAborted,
            disposition: Disposition::Handover,
            exit_by: Instant::from_secs(600),
            fault: Fault::Owner,
            transfer: Some(5),
        },
        Event::SafeExitConfirmed { how: ExitProof::Witness, custody: Custody::None, pose: None },
        Event::SafeExitEscalated { level: 1 },
        Event::SafeExitForced { motion_inhibited: true },
        Event::HandoverOpened { leg: 1, checkpoint: 1, remaining_bps: 5_000 },
        Event::AccessPlanIssued(AccessPlan {
            plan,
            method: AccessMethod::SiteController,
            doors: vec![],
            places: vec![3, 9],
            areas: vec![],
            no_go: vec![],
            valid_from: AT,
            valid_to: window().end,
            credential_ref: String::new(),
        }),
        Event::AccessGranted { plan, door: None, fence: 1 },
        Event::AccessDenied { plan: Some(plan), door: None, code: String::new() },
        Event::AccessRevoked { plan, reason: RevokeReason::Change, fault: Fault::Requester },
        Event::AccessRevokeAcked { plan, by_robot: true },
        Event::AccessEnding { plan },
        Event::AccessExpired { plan },
        Event::AccessWaitExpired { plan: Some(plan) },
        Event::AccessClosed { plan, reason: CloseReason::Done },
        Event::Entered { robot, place: 3, zone: None },
        Event::Exited { robot, place: 3, zone: None },
        Event::IncidentOpened {
            incident,
            code: IncidentCode::Stall,
            severity: 1,
            robot: None,
            detector: None,
            dev_ns: 0,
            zone: None,
            facts_hash: Digest::ZERO,
        },
        Event::IncidentRepeated { incident, severity: 2 },
        Event::IncidentTriaged { incident, severity: 1, fault: Fault::None, confirmed: true },
        Event::WitnessReported {
            witness: WitnessId::named("w"),
            class: WitnessClass::DockScan,
            point: 1,
            place: 3,
            zone: None,
            robot,
            measure: 1,
            artefact: Digest::ZERO,
        },
        Event::ProofEvaluated(crate::proof::evaluate(job, ProofId::named("pf"), Digest::ZERO)),
        Event::SettlementHeld { hold, missing: vec![Missing::Proof], amount },
        Event::HoldEscalated { hold, level: 1 },
        Event::SettlementReleased { hold },
        Event::SettlementForfeited { hold, decision_hash: Digest::ZERO, earned_bps: 0 },
        Event::ProofOverridden { earned_bps: 5_000, decision_hash: Digest::ZERO },
        Event::JobSettled(Box::new(settlement)),
        Event::RefundIssued { refund, amount, of: RefundOf::Settlement {}, decision_hash: Digest::ZERO, origin_period: None },
        Event::RefundPaid { refund, provider_ref: String::new() },
        Event::RefundFailed { refund, code: String::new() },
        Event::ChargebackOpened { chargeback: ChargebackId::named("c"), amount, fee: Amount::ZERO, reason: String::new() },
        Event::ChargebackWon { chargeback: ChargebackId::named("c"), fee_back: Amount::ZERO },
        Event::ChargebackLost { chargeback: ChargebackId::named("c"), fault: Fault::Owner, funding: RefundBearer::Legs {} },
        Event::RescheduleProposed(offer),
        Event::RescheduleAccepted { payment: PaymentId::named("more"), extra: amount },
        Event::RescheduleDeclined { reason: MoveDecline::Timeout },
        Event::JobRescheduled(moved),
        Event::SlaBreachRecorded(Breach {
            kind: BreachKind::ArriveLate,
            leg: 0,
            measured,
            limit,
            excused: Span::ZERO,
            fault: Fault::Owner,
            facts: vec![],
        }),
        Event::SlaCreditIssued { breaches: vec![BreachKind::ArriveLate], amount, funding: CreditFunding::Owner {} },
        Event::AssistQueued { assist, priority: 1, reason: AssistReason::Asked, question_hash: None },
        Event::AssistOffered { assist, operator, attempt: 1, accept_by: Instant::from_secs(600) },
        Event::AssistOfferLapsed { assist, operator },
        Event::AssistAccepted { assist, operator },
        Event::AssistDeclined { assist, operator, reason: String::new() },
        Event::AssistStarted { assist, operator, party: PartyId::named("op"), channel_hash: Digest::ZERO },
        Event::AssistEnded { assist, outcome: AssistOutcome::Resumed, billed: measured },
        Event::AssistExhausted { assist, fallback: Fallback::SafeExit },
        Event::InterventionSubmitted { intervention, operator, kind: InterventionKind::Resume, args: vec![], proposal_hash: Digest::ZERO },
        Event::InterventionApplied { intervention, applied: vec![], clamps: vec![], latency: measured },
        Event::InterventionRefused { intervention, code: String::new(), latency: measured },
        Event::InterventionExpired { intervention },
        Event::CoverageReserved { operator, shift: ShiftId::named("s"), interval: window() },
        Event::CoverageReleased { operator, reason: CoverageEnd::JobOver },
        Event::ApprovalAsked(Box::new(Ask {
            approval: ApprovalId::named("a"),
            wanted: Wanted::ExtraCost { amount },
            action_hash: Digest([1; 32]),
            cost: amount,
            payment: Some(payment),
            expires: Instant::from_secs(900),
            on_deny: OnDeny::SafeExit,
            by: Asker::Robot(robot),
            lease,
            step: 0,
        })),
        Event::ApprovalGranted { approval: ApprovalId::named("a"), action_hash: Digest([1; 32]) },
        Event::ApprovalDenied { approval: ApprovalId::named("a"), action_hash: Digest([1; 32]) },
        Event::ApprovalRevoked { approval: ApprovalId::named("a"), action_hash: Digest::ZERO },
        Event::ApprovalConsumed { approval: ApprovalId::named("a") },
        Event::ApprovalExpired { approval: ApprovalId::named("a") },
        Event::LeaseDue { lease, leg: 0, fence: 2 },
        Event::LiftReady {},
        Event::LiftReleased { begins: AT },
        Event::LiftFailed { measure_g: 1 },
        Event::LiftOverdue { measured, limit },
        Event::TeamBroken { by: nooterra_engine::ids::JobId::named("other"), fault: Fault::None },
        Event::TransferPutDown { place: 5, item: ItemId::named("parcel"), mass_g: 1 },
        Event::TransferScanned { witness: WitnessId::named("w"), place: 5, robot, measure: 1, artefact: Digest::ZERO },
        Event::TransferFailed { place: 5, reason: crate::transfer::TransferEnd::Overdue },
        Event::TransferFetched { place: 5, item: ItemId::named("parcel"), mass_g: 1, state_hash: Digest::ZERO },
        Event::ComplaintFiled { category: IncidentCode::QualityComplaint, text_hash: Digest([1; 32]) },
        Event::HandoverOrdered { reason: Cause::Quarantine },
    ]
}

/// The row of the table by the event's name alone: the pairing of names and rows written once more by hand.
fn row(e: &Event) -> Option<Kind> {
    if let Event::NoShowResolved { choice, .. } = e {
        return (*choice == Choice::Wait).then_some(Kind::NoShowResolvedWait);
    }
    let screaming = |k: Kind| {
        let mut out = String::new();
        for c in format!("{k:?}").chars() {
            if c.is_uppercase() && !out.is_empty() {
                out.push('_');
            }
            out.push(c.to_ascii_uppercase());
        }
        out
    };
    Kind::ALL.into_iter().find(|k| screaming(*k) == e.name())
}

fn specified(job: &Job, kind: Kind, quotes_left: bool) -> Option<&'static str> {
    let from = job.status;
    let awarded_goes_on = from == Status::Awarded && matches!(kind, Kind::QuoteWithdrawn | Kind::QuoteExpired);
    // Entry granted once more inside is a record only.
    let inside_again = from.class() == Class::Inside && kind == Kind::AccessGranted;
    // An operator may help a robot out; a request may end before anybody has begun, whatever the job does by then.
    let helped_out = from == Status::AbortingSafeExit && kind == Kind::AssistStarted;
    let never_begun = from != Status::Assisted && kind == Kind::AssistEnded;
    if awarded_goes_on || inside_again || helped_out || never_begun {
        return Some(from.name());
    }
    let to = SPEC.iter().find(|(k, f, _)| *k == kind && f.split(' ').any(|s| s == from.name())).map(|(_, _, to)| *to)?;
    Some(match to {
        "*" if job.started => "HANDOVER",
        "*" => "BOOKED",
        "?" if quotes_left => "QUOTED",
        "?" => "CREATED",
        other => other,
    })
}

#[test]
fn every_event_in_every_state_does_what_the_table_says_and_no_more() {
    let (mut pairs, mut moves) = (0, 0);
    for status in Status::ALL {
        for (started, left) in [(false, false), (true, true)] {
            let mut job = if status.class() == Class::Open { job_in(status) } else { booked(status) };
            job.started = started || status == Status::Handover;
            job.live = ["q", "another"].into_iter().take(if left { 2 } else { 1 }).map(QuoteId::named).collect();
            for e in events(&job) {
                let kind = row(&e);
                assert_eq!(kind, e.kind(), "the row of {}", e.name());
                let want = match kind {
                    None => Some(status.name()),
                    Some(Kind::JobCreated) => None,
                    Some(k) => specified(&job, k, left),
                };
                assert_eq!(job.would_be(&e).map(Status::name), want, "{} in {}", e.name(), status.name());
                let mut after = job.clone();
                let _ = marks::take();
                after.evolve(AT, &e);
                let broken = marks::take().broken;
                assert_eq!(broken.is_empty(), want.is_some(), "{} in {}: {broken:?}", e.name(), status.name());
                assert_eq!(after.status.name(), want.unwrap_or(status.name()), "{} in {}", e.name(), status.name());
                assert_eq!(after.history.len() - job.history.len(), usize::from(after.status != status));
                pairs += 1;
                moves += u32::from(after.status != status);
            }
        }
    }
    assert_eq!(pairs, 19 * 2 * events(&job_in(Status::Created)).len());
    assert!(moves > 60, "{moves}");
}

#[test]
fn each_name_has_its_own_event() {
    let all = events(&job_in(Status::Created));
    let names: std::collections::BTreeSet<&str> = all.iter().map(Event::name).collect();
    assert_eq!(names.len() + 1, all.len(), "NO_SHOW_RESOLVED stands for two");
    let Body::OneOf(variants) = Event::shape().body else { panic!("an event is one of several") };
    assert_eq!(names.len(), variants.len(), "every event that there is stands in the matrix");
    for e in all {
        let bytes = nooterra_engine::encode(&e);
        assert_eq!(nooterra_engine::decode::<Event>(&bytes).unwrap(), e);
    }
}
