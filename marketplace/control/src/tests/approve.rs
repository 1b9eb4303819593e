//! Approvals: asked, answered, used once; what they change, and what happens without them.

use super::rig::{Rig, genesis, robot};
use crate::input::RequesterCommand;
use crate::wish::Terms;
use crate::{HelpOutcome, HelpWord, OperatorCommand, Policy};
use nooterra_engine::Digest;
use nooterra_engine::ids::{ApprovalId, JobId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::approval::{ApprovalKind, ApprovalTrack, Ask};
use nooterra_jobs::event::{Cause, Disposition, Event as JobEvent, Fallback, Fault, ProofStatus};
use nooterra_jobs::status::Status;
use nooterra_port::{FacilityOrder, Order, Report, Wanted};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn until(rig: &mut Rig, job: JobId, holds: impl Fn(&Rig, JobId) -> bool) {
    for _ in 0..1_200 {
        if holds(rig, job) {
            return;
        }
        rig.tick();
    }
    panic!("never: {:?} {:?}", rig.names(job), rig.refused);
}

fn is(status: Status) -> impl Fn(&Rig, JobId) -> bool {
    move |rig, job| rig.status(job) == status
}

fn asked(rig: &Rig, job: JobId) -> Option<Ask> {
    rig.c.state().jobs[&job].approvals.last().map(|a| a.ask.clone())
}

fn track(rig: &Rig, job: JobId, id: ApprovalId) -> ApprovalTrack {
    rig.c.state().jobs[&job].approval(id).unwrap().track
}

/// A patrol whose robot asks for something before its second point.
fn wanting(rig: &mut Rig, wanted: Wanted, skip: bool) -> (JobId, Ask) {
    rig.run(10);
    rig.knobs.wants.insert(robot("a1"), (1, wanted, skip));
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(rig, job, |rig, job| asked(rig, job).is_some());
    let ask = asked(rig, job).unwrap();
    (job, ask)
}

fn answer(rig: &mut Rig, job: JobId, ask: &Ask, agree: bool) -> Result<(), String> {
    let (approval, action_hash) = (ask.approval, ask.action_hash);
    rig.send_at("rq", job, &RequesterCommand::AnswerApproval { job, approval, action_hash, agree })
}

/// A further place that lies in an area opens the area too; one that the plan shuts out cannot be asked for.
#[test]
fn a_further_area_is_named_by_the_plan_once_it_is_approved() {
    use nooterra_site::{AreaClass, AreaIx};
    let site = super::areas::with_areas(&[(6, AreaClass::Private), (7, AreaClass::Public)]);
    let mut rig = Rig::on(site, genesis(Policy::scenario(), ONE), ONE);
    rig.run(10);
    rig.knobs.wants.insert(robot("a1"), (1, Wanted::ExtraArea { vertices: vec![6] }, false));
    let zone = |rig: &Rig, a| rig.site.area_zone(AreaIx::new(a)).unwrap();
    let shut = zone(&rig, 1);
    let job = rig.ask(crate::NewJob { no_go: vec![shut], ..rig.patrol(&[2, 3, 4]) });
    until(&mut rig, job, |rig, job| asked(rig, job).is_some());
    rig.report(robot("a1"), Report::ApprovalAsked { wanted: Wanted::ExtraArea { vertices: vec![7] }, skip: false });
    rig.tick();
    assert!(rig.refused.iter().any(|(_, c)| c.contains("AREA_FORBIDDEN")), "{:?}", rig.refused);
    let ask = asked(&rig, job).unwrap();
    assert!(rig.c.state().jobs[&job].access.plan.clone().unwrap().areas.is_empty());
    answer(&mut rig, job, &ask, true).unwrap();
    rig.run(2);
    let named = zone(&rig, 0);
    assert_eq!(rig.c.state().jobs[&job].access.plan.clone().unwrap().areas, [named]);
    let told = rig.alarms.iter().any(|o| matches!(o, FacilityOrder::ExtendPlan { areas, .. } if areas == &[0]));
    assert!(told, "the site holds it");
    let grants: Vec<Vec<u32>> =
        rig.robots[&robot("a1")].seen.iter().filter_map(|o| if let Order::Grant(g) = o { Some(g.areas.clone()) } else { None }).collect();
    assert_eq!(grants, [vec![], vec![0]], "and so does the robot");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
}

#[test]
fn an_approval_is_shown_granted_used_once_and_spent() {
    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::ExtraArea { vertices: vec![6, 7] }, false);
    assert_eq!(ask.expires, rig.now + Span::from_mins(5), "asked in this tick");
    let shown = rig.shown.iter().any(|(_, j, _, t)| *j == job && matches!(t, Terms::Approval(a) if **a == ask));
    assert!(shown, "the requester sees what it is asked");
    let (approval, action_hash) = (ask.approval, ask.action_hash);
    let word = |h| RequesterCommand::AnswerApproval { job, approval, action_hash: h, agree: true };
    assert_eq!(rig.send_at("rq2", job, &word(action_hash)).unwrap_err(), "NOT_FOUND", "not its job");
    assert_eq!(rig.send("rq", &word(action_hash)).unwrap_err(), "HEAD_REQUIRED");
    assert_eq!(rig.send_at("rq", job, &word(Digest([9; 32]))).unwrap_err(), "APPROVAL_MISMATCH");
    let other = RequesterCommand::AnswerApproval { job, approval: ApprovalId::named("other"), action_hash, agree: true };
    assert_eq!(rig.send_at("rq", job, &other).unwrap_err(), "NOT_FOUND");
    let revoke = RequesterCommand::RevokeApproval { job, approval };
    assert_eq!(rig.send("rq", &revoke).unwrap_err(), "TRACK_FORBIDS", "nothing is granted yet");
    assert_eq!(rig.send("rq2", &revoke).unwrap_err(), "NOT_FOUND");
    rig.knobs.sits_on_approvals = true;
    answer(&mut rig, job, &ask, true).unwrap();
    assert_eq!(track(&rig, job, approval), ApprovalTrack::Granted);
    assert_eq!(answer(&mut rig, job, &ask, true).unwrap_err(), "ALREADY_DONE");
    rig.report(robot("a1"), Report::ApprovalConsumed { approval, action_hash: Digest([9; 32]) });
    rig.report(robot("a1"), Report::ApprovalConsumed { approval: ApprovalId::named("other"), action_hash });
    rig.report(robot("a1"), Report::ApprovalConsumed { approval, action_hash });
    rig.report(robot("a1"), Report::ApprovalConsumed { approval, action_hash });
    rig.run(1);
    let codes: Vec<&str> = rig.refused.iter().map(|(_, c)| c.split([' ', ':']).next().unwrap_or("")).collect();
    for c in ["APPROVAL_MISMATCH", "APPROVAL_MISSING", "APPROVAL_SPENT"] {
        assert!(codes.contains(&c), "{c} in {:?}", rig.refused);
    }
    assert_eq!(track(&rig, job, approval), ApprovalTrack::Consumed);
    assert_eq!(answer(&mut rig, job, &ask, false).unwrap_err(), "APPROVAL_SPENT");
    assert_eq!(rig.send("rq", &revoke).unwrap_err(), "APPROVAL_SPENT");
    let plan = rig.c.state().jobs[&job].access.plan.clone().unwrap();
    assert!(plan.places.contains(&6) && plan.places.contains(&7), "{plan:?}");
    let told = rig.alarms.iter().any(|o| matches!(o, FacilityOrder::ExtendPlan { vertices, .. } if vertices.contains(&7)));
    assert!(told, "the doors hold the wider plan");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn continuing_late_moves_the_end_of_the_plan() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let (job, ask) = {
        // The end is known once the job is booked; asked for is twenty minutes more than the policy would allow.
        let late = rig.now + Span::from_mins(30 + 25 + 2 + 20) + Span::from_secs(60);
        wanting(&mut rig, Wanted::ContinueLate { valid_to: late }, false)
    };
    let before = rig.c.state().jobs[&job].access.plan.clone().unwrap().valid_to;
    answer(&mut rig, job, &ask, true).unwrap();
    rig.run(1);
    let j = &rig.c.state().jobs[&job];
    let after = j.access.plan.clone().unwrap().valid_to;
    assert!(after > before && j.access.extended == after.since(before), "{before} {after}");
    // Sixty minutes in all.
    let robot_asks = |rig: &mut Rig, valid_to: Instant| {
        rig.refused.clear();
        rig.report(robot("a1"), Report::ApprovalAsked { wanted: Wanted::ContinueLate { valid_to }, skip: false });
        rig.run(1);
        rig.refused.iter().map(|(_, c)| c.clone()).collect::<Vec<_>>().join(" ")
    };
    let too_late = before + Span::from_mins(60) + Span::from_secs(1);
    assert!(robot_asks(&mut rig, too_late).contains("WINDOW_INVALID"));
    assert!(robot_asks(&mut rig, after).contains("WINDOW_INVALID"), "no later than now is nothing");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn without_it_the_robot_leaves_or_leaves_the_step_out() {
    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::MoveObject { vertex: 3 }, false);
    answer(&mut rig, job, &ask, false).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let j = &rig.c.state().jobs[&job];
    assert_eq!((j.aborted, j.fault), (Some(Cause::ApprovalDenied), Fault::Requester));
    rig.check_books();

    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::MoveObject { vertex: 3 }, true);
    answer(&mut rig, job, &ask, false).unwrap();
    assert_eq!((rig.status(job), rig.c.state().jobs[&job].checkpoint), (Status::Executing, 2), "the second point is left out");
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.aborted, None);
    assert_eq!(j.proof.as_ref().unwrap().status, ProofStatus::Partial, "{:?}", j.proof);
    rig.check_books();
}

#[test]
fn nobody_answers_and_it_lapses() {
    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::RecordVideo { vertex: 3 }, false);
    rig.run(299);
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Asked);
    rig.run(2);
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Expired);
    assert_eq!(answer(&mut rig, job, &ask, true).unwrap_err(), "APPROVAL_MISSING");
    assert!(matches!(rig.status(job), Status::AbortingSafeExit | Status::Aborted), "as denied");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn a_revoked_approval_stops_what_was_not_done_yet() {
    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::MoveObject { vertex: 3 }, false);
    rig.knobs.sits_on_approvals = true;
    answer(&mut rig, job, &ask, true).unwrap();
    let approval = ask.approval;
    rig.send("rq", &RequesterCommand::RevokeApproval { job, approval }).unwrap();
    assert_eq!(track(&rig, job, approval), ApprovalTrack::Revoked);
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert_eq!(rig.send("rq", &RequesterCommand::RevokeApproval { job, approval }).unwrap_err(), "ALREADY_DONE");
    let told = rig.robots[&robot("a1")].seen.iter().any(|o| matches!(o, Order::Approval(a) if !a.granted && a.approval == approval));
    assert!(told);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

#[test]
fn extra_cost_is_paid_before_it_is_granted() {
    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::ExtraCost { minor: 700 }, false);
    assert_eq!(ask.cost, Amount::new(700).unwrap());
    let before = rig.c.state().jobs[&job].pins.clone().unwrap().service;
    answer(&mut rig, job, &ask, true).unwrap();
    let names = rig.names(job);
    let at = |n: &str| names.iter().rposition(|x| *x == n).unwrap_or_else(|| panic!("{n} in {names:?}"));
    assert!(at("PAYMENT_AUTHORISED") < at("PAYMENT_CAPTURED") && at("PAYMENT_CAPTURED") < at("APPROVAL_GRANTED"));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.pins.as_ref().unwrap().service.minor(), before.minor() + 700);
    let charged = j.settled.as_ref().unwrap().settlement.charge;
    assert_eq!(charged.minor(), before.minor() + 700, "done and witnessed, so all of it is earned");
    rig.check_books();
}

#[test]
fn extra_cost_that_is_not_paid_is_denied_and_one_that_is_not_used_comes_back() {
    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::ExtraCost { minor: 700 }, false);
    rig.knobs.decline = true;
    answer(&mut rig, job, &ask, true).unwrap();
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Denied);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();

    let mut rig = Rig::new(ONE);
    let (job, ask) = wanting(&mut rig, Wanted::ExtraCost { minor: 700 }, false);
    rig.knobs.sits_on_approvals = true;
    answer(&mut rig, job, &ask, true).unwrap();
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Granted);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Expired, "work was over before it was used");
    let refund: u64 = rig.c.money(job).unwrap().parts.iter().filter(|p| p.0 == "requester_refund_payable").map(|p| p.2).sum();
    assert_eq!(refund, 700);
    rig.check_books();
}

#[test]
fn another_robot_is_sent_when_the_requester_agrees() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    for r in ["a1", "a2"] {
        rig.knobs.wants.insert(robot(r), (1, Wanted::ChangeRobot {}, false));
    }
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(&mut rig, job, |rig, job| asked(rig, job).is_some());
    let ask = asked(&rig, job).unwrap();
    rig.knobs.wants.clear();
    answer(&mut rig, job, &ask, true).unwrap();
    rig.run(1);
    let exit = rig.c.state().jobs[&job].exit.unwrap();
    assert_eq!((exit.cause, exit.disposition, exit.fault), (Some(Cause::RobotChanged), Some(Disposition::Handover), Fault::None));
    assert_eq!(rig.run_job(job, 1_500), Status::Settled, "{:?}", rig.names(job));
    let j = &rig.c.state().jobs[&job];
    assert_eq!((j.legs.len(), j.aborted), (2, None), "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn what_may_be_asked_when_and_by_whom() {
    let mut policy = Policy::scenario();
    policy.approvals = vec![ApprovalKind::MoveObject, ApprovalKind::ExtraArea, ApprovalKind::ExtraCost];
    let mut rig = Rig::of(genesis(policy, ONE), ONE);
    let (job, _) = wanting(&mut rig, Wanted::MoveObject { vertex: 3 }, false);
    let ask = |rig: &mut Rig, wanted: Wanted, skip: bool| {
        rig.refused.clear();
        rig.report(robot("a1"), Report::ApprovalAsked { wanted, skip });
        rig.run(1);
        rig.refused.iter().map(|(_, c)| c.clone()).collect::<Vec<_>>().join(" ")
    };
    assert!(ask(&mut rig, Wanted::MoveObject { vertex: 3 }, false).contains("ALREADY_DONE"), "it is asked for already");
    assert!(ask(&mut rig, Wanted::RecordVideo { vertex: 3 }, false).contains("SCOPE_EXCEEDED"), "the booking does not allow it");
    assert!(ask(&mut rig, Wanted::MoveObject { vertex: 9_999 }, false).contains("NOT_FOUND"));
    assert!(ask(&mut rig, Wanted::ExtraArea { vertices: vec![] }, false).contains("SCHEMA_INVALID"));
    assert!(ask(&mut rig, Wanted::ExtraArea { vertices: vec![9_999] }, false).contains("NOT_FOUND"));
    assert!(ask(&mut rig, Wanted::ExtraCost { minor: 0 }, false).contains("AMOUNT_INVALID"));
    assert!(ask(&mut rig, Wanted::ExtraCost { minor: u64::MAX }, false).contains("AMOUNT_INVALID"));
    assert_eq!(ask(&mut rig, Wanted::MoveObject { vertex: 7 }, false), "");
    for v in 4..=6 {
        assert_eq!(ask(&mut rig, Wanted::MoveObject { vertex: v }, false), "");
        assert_eq!(ask(&mut rig, Wanted::ExtraArea { vertices: vec![v] }, false), "");
    }
    assert!(ask(&mut rig, Wanted::ExtraArea { vertices: vec![1] }, false).contains("QUOTA_EXCEEDED"));
    rig.run(300);
    let late = ask(&mut rig, Wanted::MoveObject { vertex: 1 }, false);
    assert!(late.contains("STATE_FORBIDS") || late.contains("NOT_BOUND_ROBOT"), "it was told to leave: {late}");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();

    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 4));
    until(&mut rig, job, is(Status::Executing));
    rig.report(robot("a1"), Report::ApprovalAsked { wanted: Wanted::SkipZone { vertex: 2 }, skip: true });
    rig.run(1);
    assert!(rig.refused.iter().any(|(_, c)| c.contains("STATE_FORBIDS")), "a load cannot be left out: {:?}", rig.refused);
}

#[test]
fn an_operator_asks_for_the_robot_that_it_is_at() {
    let mut rig = Rig::with_operators(ONE);
    rig.run(10);
    let shift = rig.now + Span::from_secs(3_000);
    rig.send("olga", &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until: shift }).unwrap();
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(&mut rig, job, is(Status::Stalled));
    let offer = |(_, w): &(_, HelpWord)| if let HelpWord::Offer(x) = w { Some(x.assist) } else { None };
    let assist = rig.help.iter().rev().find_map(offer).unwrap();
    let wants = OperatorCommand::AskApproval { assist, wanted: Wanted::ExtraArea { vertices: vec![7] }, skip: false };
    rig.send("olga", &OperatorCommand::Accept { assist }).unwrap();
    assert_eq!(rig.send("olga", &wants).unwrap_err(), "TRACK_FORBIDS", "it has not begun");
    rig.run(2);
    let view = rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None }).unwrap();
    rig.send("olga", &OperatorCommand::Start { assist, view }).unwrap();
    assert_eq!(rig.send("otto", &wants).unwrap_err(), "NOT_ASSIGNED_OPERATOR");
    rig.send("olga", &wants).unwrap();
    let ask = asked(&rig, job).unwrap();
    answer(&mut rig, job, &ask, true).unwrap();
    rig.run(1);
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Consumed);
    rig.robots.get_mut(&robot("a1")).unwrap().freed = true;
    rig.send("olga", &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed }).unwrap();
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn nobody_helps_and_the_requester_decides() {
    let exhausted = |agree: Option<bool>| {
        let mut policy = Policy::scenario();
        policy.assist_fallback = Fallback::AskRequester;
        let mut v = policy.tier_values.unwrap();
        v.max_stall = Span::from_mins(60);
        policy.tier_values = Some(v);
        let mut g = genesis(policy, ONE);
        g.operators.push(crate::OperatorEntry {
            operator: super::rig::operator("olga"),
            name: "olga".into(),
            party: super::rig::party("helpdesk"),
            kinds: nooterra_operations::intervention::Kind::ALL.to_vec(),
        });
        let mut rig = Rig::of(g, ONE);
        rig.run(10);
        rig.knobs.stuck_before_step.insert(robot("a1"), 1);
        let job = rig.ask(rig.patrol(&[2, 3, 4]));
        until(&mut rig, job, |rig, job| asked(rig, job).is_some());
        let ask = asked(&rig, job).unwrap();
        if let Some(agree) = agree {
            answer(&mut rig, job, &ask, agree).unwrap();
            rig.run(1);
        }
        (rig, job, ask)
    };
    let (rig, job, ask) = exhausted(Some(true));
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Consumed);
    assert_eq!(rig.status(job), Status::Stalled, "it goes on waiting");
    let queued = rig.names(job).iter().filter(|n| **n == "ASSIST_QUEUED").count();
    assert_eq!(queued, 2, "help is asked for again");
    let (mut rig, job, ask) = exhausted(Some(false));
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Denied);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].aborted, Some(Cause::ApprovalDenied));
    rig.check_books();
    let (mut rig, job, ask) = exhausted(None);
    rig.run(301);
    assert_eq!(track(&rig, job, ask.approval), ApprovalTrack::Expired);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    let says = |e: &JobEvent| matches!(e, JobEvent::AssistExhausted { fallback: Fallback::AskRequester, .. });
    assert!(rig.job_events(job).iter().any(says));
    rig.check_books();
}
