//! Who says what about a job: one row of the table each; and what is said of other things.

use super::*;

pub(super) type Make = fn(&Rig, JobId) -> Envelope;

/// Who says what.
pub(super) const SAID: &[(&str, Make)] = &[
    ("RQ Withdraw", |r, job| words(r, "rq", job, &RequesterCommand::Withdraw { job })),
    ("RQ Counter", |r, job| words(r, "rq", job, &counter_by_requester(r, job))),
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
                number: r.c.state().plan_asked(job),
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
    ("RQ AnswerMove", |r, job| words(r, "rq", job, &RequesterCommand::AnswerMove { job, agree: true })),
    ("RQ AnswerApproval", |r, job| {
        let (approval, action_hash) = approval(r, job);
        words(r, "rq", job, &RequesterCommand::AnswerApproval { job, approval, action_hash, agree: true })
    }),
    ("RQ RevokeApproval", |r, job| words(r, "rq", job, &RequesterCommand::RevokeApproval { job, approval: approval(r, job).0 })),
    ("RQ Stop", |r, job| words(r, "rq", job, &RequesterCommand::Stop(stop(StopWhat::Job(job))))),
    ("RQ OpenClaim", |r, job| {
        let (incident, demand) = (incident(r, job), amount(100));
        let c = CaseCommand::OpenClaim { job, incident, claimant: None, demand, currency: Currency::EUR, head: Head::Property };
        words(r, "rq", job, &c)
    }),
    ("RQ DropDispute", |r, job| words(r, "rq", job, &CaseCommand::DropDispute { job, dispute: dispute(r, job) })),
    ("OW Counter", |r, job| {
        let (quote, prev, arrive) = (quote(r, job), shown(r, job), r.now + Span::from_secs(90));
        let expires = r.now + Span::from_secs(60);
        words(r, "acme", job, &OwnerCommand::Counter(CounterOffer { job, quote, prev, service: amount(3_100), arrive, expires }))
    }),
    ("OW AcceptQuote", |r, job| words(r, "acme", job, &OwnerCommand::AcceptQuote { job, quote: quote(r, job), rev: 1 })),
    ("OW AnswerMove", |r, job| words(r, "acme", job, &OwnerCommand::AnswerMove { job, agree: true })),
    ("OW Stop", |r, job| words(r, "acme", job, &OwnerCommand::Stop(stop(StopWhat::Job(job))))),
    ("OW TightenClamps", |r, job| words(r, "acme", job, &OwnerCommand::TightenClamps { robot: robot("a1"), bounds: tight(150) })),
    ("OS TightenClamps", |r, job| words(r, "staff", job, &StaffCommand::TightenClamps { robot: robot("a1"), bounds: tight(150) })),
    ("OS LiftClamps", |r, job| words(r, "staff", job, &StaffCommand::LiftClamps { robot: robot("a1") })),
    ("OS StopAll", |r, job| words(r, "staff", job, &StaffCommand::StopAll(stop(StopWhat::Job(job))))),
    ("OS Stop", |r, job| words(r, "staff", job, &StaffCommand::Stop { robot: robot("a1"), reason: "test".into() })),
    ("OS RevokeAccess", |r, job| words(r, "staff", job, &StaffCommand::RevokeAccess { job, reason: RevokeReason::Safety })),
    ("OS QuarantineOf", |r, job| words(r, "staff", job, &StaffCommand::QuarantineOf { job, cause: "test".into(), until: None })),
    ("TR Triage", |r, job| {
        let c = StaffCommand::Triage { job, incident: incident(r, job), severity: 3, fault: Fault::Owner, confirmed: true };
        words(r, "judge", job, &c)
    }),
    ("TR CloseIncident", |r, job| {
        words(r, "judge", job, &StaffCommand::CloseIncident { job, incident: incident(r, job), outcome: Outcome::NoAction })
    }),
    ("TR DecideDispute", |r, job| {
        let verdict = Decision { award: amount(5), funding: Funding::Legs, earned_bps: None, decision_hash: Digest([7; 32]) };
        words(r, "judge", job, &CaseCommand::DecideDispute { job, dispute: dispute(r, job), verdict, currency: Currency::EUR })
    }),
    ("OP Accept", |r, job| words(r, "olga", job, &OperatorCommand::Accept { assist: assist(r, job) })),
    ("OP Decline", |r, job| words(r, "olga", job, &OperatorCommand::Decline { assist: assist(r, job), reason: "lunch".into() })),
    ("OP Start", |r, job| words(r, "olga", job, &OperatorCommand::Start { assist: assist(r, job), view: screen(r) })),
    ("OP Intervene", |r, job| {
        words(r, "olga", job, &OperatorCommand::Intervene { assist: assist(r, job), action: Help::Resume {}, view: screen(r) })
    }),
    ("OP AskApproval", |r, job| {
        let wanted = Wanted::ExtraArea { vertices: vec![7] };
        words(r, "olga", job, &OperatorCommand::AskApproval { assist: assist(r, job), wanted, skip: false })
    }),
    ("OP Stop", |r, job| words(r, "olga", job, &OperatorCommand::Stop { assist: assist(r, job), exit: false })),
    ("OP End", |r, job| words(r, "olga", job, &OperatorCommand::End { assist: assist(r, job), outcome: HelpOutcome::Resumed })),
    ("OP Report", |r, job| {
        let c = OperatorCommand::Report { assist: assist(r, job), code: IncidentCode::PropertyDamage, severity: 3 };
        words(r, "olga", job, &c)
    }),
    ("OP Alive", |r, job| words(r, "olga", job, &OperatorCommand::Alive)),
    ("RB ApprovalConsumed", |r, job| {
        let (approval, action_hash) = approval(r, job);
        report(r, job, &Report::ApprovalConsumed { approval, action_hash })
    }),
    ("RB LiftReady", |r, job| report(r, job, &Report::LiftReady { step: 0 })),
    ("RB LiftFailed", |r, job| report(r, job, &Report::LiftFailed { step: 0, measure_g: 9_999 })),
    ("RB AccessRevokeAcked", |r, job| report(r, job, &Report::AccessRevokeAcked { plan: plan(r, job) })),
    ("SI RevokeAcked", |r, job| words(r, "site", job, &FacilityReport::RevokeAcked { job, plan: plan(r, job) })),
    ("SI PlanExtended", |r, job| {
        let valid_to = r.c.state().jobs[&job].access.plan.as_ref().map_or(Instant::ZERO, |p| p.valid_to);
        words(r, "site", job, &FacilityReport::PlanExtended { job, plan: plan(r, job), valid_to })
    }),
    ("SI PlanHeld", |r, job| words(r, "site", job, &FacilityReport::PlanHeld { job, plan: plan(r, job) })),
    ("SI PlanWithdrawn", |r, job| words(r, "site", job, &FacilityReport::PlanWithdrawn { job, plan: plan(r, job) })),
    ("SI GrantHeld", |r, job| {
        let of =
            |o: &FacilityOrder| if let FacilityOrder::Grant { job: of, number, .. } = o { (*of == job).then_some(*number) } else { None };
        let number = r.alarms.iter().rev().find_map(of).unwrap_or_default();
        words(r, "site", job, &FacilityReport::GrantHeld { job, number })
    }),
    ("SI LevelsShut", |r, job| {
        let of = |o: &FacilityOrder| if let FacilityOrder::ShutLevels { number, .. } = o { Some(*number) } else { None };
        let number = r.alarms.iter().rev().find_map(of).unwrap_or_default();
        words(r, "site", job, &FacilityReport::LevelsShut { number })
    }),
    ("SI PassRefused", |r, job| {
        let code = "AREA_FORBIDDEN".into();
        words(r, "site", job, &FacilityReport::PassRefused { robot: robot("a1"), job: Some(job), entrance: 0, code })
    }),
    ("SI CameThrough", |r, job| words(r, "site", job, &FacilityReport::CameThrough { robot: robot("a1"), door: 0 })),
    ("SI StopAsked", |r, job| {
        let what = FloorStop::Robot(robot("a1"));
        words(r, "site", job, &FacilityReport::StopAsked { what, power_off: false, exit: false })
    }),
    ("SI Incident", |r, job| words(r, "site", job, &FacilityReport::Incident { job, code: "BLOCKED_ZONE".into(), severity: 1 })),
    ("PS CaptureFailed", |r, job| {
        words(r, "bank", job, &PaymentReport::CaptureFailed { payment: payment(r, job), code: "TRY_LATER".into() })
    }),
    ("PS Voided", |r, job| words(r, "bank", job, &PaymentReport::Voided { payment: payment(r, job) })),
];

/// What no state of a job forbids: what makes robots slower or stops them.
pub(super) const ALWAYS: &[&str] = &["OW TightenClamps", "OS TightenClamps", "OS Stop", "SI StopAsked"];

/// What is said of no one job, or of what has tables and tests of its own, by type of body.
pub(super) const ELSEWHERE: &[(&str, &[&str])] = &[
    // Jobs, teams and series that are not there yet, series, stops, and credit of a party.
    ("RequesterCommand", &["CreateJob", "CreateTeam", "CreateSeries", "EndSeries", "ClearStop", "PayOutCredit"]),
    // Offers, robots and series.
    (
        "OwnerCommand",
        &[
            "SetStandingOffer",
            "ClearStandingOffer",
            "OpenMaintenance",
            "CloseMaintenance",
            "RetireRobot",
            "SetAvailability",
            "EndSeries",
            "ClearStop",
        ],
    ),
    // Robots and stops.
    (
        "StaffCommand",
        &[
            "TriageRobot",
            "Quarantine",
            "ClearQuarantine",
            "Recovered",
            "Repaired",
            "OpenMaintenance",
            "RetireRobot",
            "ClearStops",
            "ClearStop",
        ],
    ),
    // Claims and evidence.
    (
        "CaseCommand",
        &[
            "TriageClaim",
            "ReserveClaim",
            "ApproveClaim",
            "DenyClaim",
            "RefuseRecovery",
            "ViewEvidence",
            "RedactEvidence",
            "ReleaseEvidence",
            "EraseEvidence",
        ],
    ),
    ("ContractWord", &["Write", "Amend", "Publish", "Sign", "Activate", "Terminate"]),
    // Books, and refunds that a dispute has decided.
    ("FinanceCommand", &["Adjust", "Refund"]),
    ("DeveloperCommand", &["Publish", "Revoke"]),
    ("CertifierCommand", &["Certify", "Recall"]),
    ("GovernanceCommand", &["BindKey", "RotateKey", "RevokeKey", "RecordAudit", "VerifyParty", "SetPolicy", "WitnessHead"]),
    // Refunds, payouts, what the provider hands over, chargebacks once open, and claims.
    (
        "PaymentReport",
        &[
            "RefundPaid",
            "RefundFailed",
            "PayoutConfirmed",
            "PayoutFailed",
            "ProviderSettled",
            "ChargebackWon",
            "ChargebackLost",
            "ClaimPaid",
            "RecoveryReceived",
        ],
    ),
    // Shifts and stops.
    ("OperatorCommand", &["OpenShift", "CloseShift", "ClearStop"]),
    // What robots say of themselves, of orders, tasks, lanes, stops and skills, and to an operator's console.
    (
        "Report",
        &[
            "Heartbeat",
            "OrderAcked",
            "Obstructed",
            "ObstructionCleared",
            "TaskEnded",
            "Noticed",
            "StopAcked",
            "ClampSummarised",
            "AssistView",
            "InterventionAnswered",
            "BlackboxAnchored",
            "Blackbox",
            "Advertised",
            "SkillInstalled",
            "SkillInstallRefused",
        ],
    ),
    // Doors, lifts, areas and stops, and that the site is there.
    ("FacilityReport", &["Door", "Lift", "Replayed", "StopCleared", "Alive", "AreaEntered", "AreaLeft"]),
];
