use super::rig::{Rig, operator, party, robot};
use crate::input::RequesterCommand;
use crate::{HelpOutcome, HelpWord, OperatorCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::{AssistId, JobId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{AssistOutcome, Cause, Event as JobEvent, IncidentCode};
use nooterra_jobs::status::Status;
use nooterra_port::Action;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn open(rig: &mut Rig, who: &str, secs: u64) {
    let until = rig.now + Span::from_secs(secs);
    rig.send(who, &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until }).unwrap();
}

/// A patrol whose robot stands before its second point.
fn stuck(rig: &mut Rig) -> JobId {
    rig.run(10);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    for _ in 0..900 {
        if rig.status(job) == Status::Stalled {
            return job;
        }
        rig.tick();
    }
    panic!("never stalled: {:?} {:?}", rig.names(job), rig.refused);
}

fn offer(rig: &Rig) -> Option<(String, AssistId)> {
    rig.help.iter().rev().find_map(|(o, w)| {
        let who = if *o == operator("olga") { "olga" } else { "otto" };
        if let HelpWord::Offer(x) = w { Some((who.to_owned(), x.assist)) } else { None }
    })
}

fn screen(rig: &Rig) -> Option<Digest> {
    rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None })
}

fn begun(rig: &mut Rig) -> (JobId, String, AssistId) {
    open(rig, "olga", 3_000);
    let job = stuck(rig);
    let (who, assist) = offer(rig).expect("offered");
    rig.send(&who, &OperatorCommand::Accept { assist }).unwrap();
    rig.run(2);
    let view = screen(rig).expect("shown");
    rig.send(&who, &OperatorCommand::Start { assist, view }).unwrap();
    assert_eq!(rig.status(job), Status::Assisted);
    (job, who, assist)
}

#[test]
fn an_operator_reports_what_it_saw_of_the_robot_that_it_is_at() {
    let mut rig = Rig::with_operators(ONE);
    let (job, who, assist) = begun(&mut rig);
    let saw = |assist, code, severity| OperatorCommand::Report { assist, code, severity };
    let other = if who == "olga" { "otto" } else { "olga" };
    assert_eq!(rig.send(&who, &saw(AssistId::named("none"), IncidentCode::PropertyDamage, 3)).unwrap_err(), "NOT_FOUND");
    assert!(rig.send(other, &saw(assist, IncidentCode::PropertyDamage, 3)).is_err(), "it is not theirs");
    assert_eq!(rig.send(&who, &saw(assist, IncidentCode::Collision, 3)).unwrap_err(), "TYPE_UNKNOWN", "that is for detectors");
    rig.send(&who, &saw(assist, IncidentCode::PropertyDamage, 3)).unwrap();
    assert_eq!(rig.c.incidents().iter().map(|i| (i.job, i.severity)).collect::<Vec<_>>(), [(job, 3)]);
    let named = rig.facts.iter().filter_map(|f| f.event()).find(|r| r.payload.name() == "INCIDENT_OPENED").unwrap();
    assert_eq!(named.header.role, nooterra_trust::Role::OP);
    rig.run(40);
    let case = &rig.c.state().cases[&job];
    assert_eq!(case.evidence.items.len(), 2, "what the robot said around it, and its black box");
    assert!(case.evidence.windows.values().all(|w| w.missing.is_empty()));
}

#[test]
fn an_operator_helps_and_is_paid_by_the_minute() {
    let mut rig = Rig::with_operators(ONE);
    let (job, who, assist) = begun(&mut rig);
    rig.run(70);
    let view = screen(&rig).unwrap();
    rig.send(&who, &OperatorCommand::Intervene { assist, action: Action::Resume {}, view }).unwrap();
    rig.run(1);
    rig.send(&who, &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed }).unwrap();
    assert!(matches!(rig.status(job), Status::Executing | Status::Completed));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let names = rig.names(job);
    let order = ["EXECUTION_STALLED", "ASSIST_QUEUED", "ASSIST_OFFERED", "ASSIST_ACCEPTED", "ASSIST_STARTED", "INTERVENTION_SUBMITTED"];
    let at = |n: &str| names.iter().position(|x| *x == n).unwrap_or(usize::MAX);
    assert!(order.windows(2).all(|w| at(w[0]) < at(w[1])), "{names:?}");
    assert!(at("INTERVENTION_APPLIED") < at("ASSIST_ENDED"));
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.helped.len(), 1);
    let billed = j.helped[0].billed;
    assert!(billed >= Span::from_secs(71) && billed < Span::from_secs(73), "{billed}");
    // 75 minor units a minute.
    let paid: u64 = rig.c.money(job).unwrap().parts.iter().filter(|p| p.0 == "operator_payable").map(|p| p.2).sum();
    assert!((89..=91).contains(&paid), "{paid}");
    assert_eq!(rig.c.money(job).unwrap().parts.iter().find(|p| p.0 == "operator_payable").unwrap().1, Some(party("helpdesk")));
    rig.check_books();
}

#[test]
fn nobody_comes_and_the_robot_leaves() {
    let mut rig = Rig::with_operators(ONE);
    open(&mut rig, "olga", 3_000);
    let job = stuck(&mut rig);
    rig.run(160);
    let names = rig.names(job);
    assert_eq!(names.iter().filter(|n| **n == "ASSIST_OFFERED").count(), 5, "{names:?}");
    assert!(names.contains(&"ASSIST_EXHAUSTED"));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.aborted, Some(Cause::AssistExhausted));
    assert!(j.helped.is_empty() && j.help.is_none());
    rig.check_books();
}

#[test]
fn a_declined_offer_goes_to_the_next() {
    let mut rig = Rig::with_operators(ONE);
    open(&mut rig, "olga", 3_000);
    open(&mut rig, "otto", 3_000);
    let job = stuck(&mut rig);
    let (first, assist) = offer(&rig).unwrap();
    let other = if first == "olga" { "otto" } else { "olga" };
    assert_eq!(rig.send(other, &OperatorCommand::Accept { assist }).unwrap_err(), "NOT_ASSIGNED_OPERATOR");
    rig.send(&first, &OperatorCommand::Decline { assist, reason: "lunch".into() }).unwrap();
    assert_eq!(offer(&rig).unwrap().0, other);
    rig.send(other, &OperatorCommand::Accept { assist }).unwrap();
    // Nothing on screen yet, or something else.
    assert_eq!(rig.send(other, &OperatorCommand::Start { assist, view: Digest([9; 32]) }).unwrap_err(), "TERMS_CHANGED");
    rig.run(40);
    assert!(rig.names(job).contains(&"ASSIST_OFFER_LAPSED"), "accepted and not started");
}

#[test]
fn interventions_stay_within_their_bounds_and_each_has_one_answer() {
    let mut rig = Rig::with_operators(ONE);
    let (job, who, assist) = begun(&mut rig);
    rig.run(1);
    let view = screen(&rig).unwrap();
    let nudge = |dx_mm, held| Action::TeleopNudge { dx_mm, dy_mm: 0, dtheta_urad: 0, held };
    let say = |rig: &mut Rig, action, view| rig.send(&who, &OperatorCommand::Intervene { assist, action, view });
    assert_eq!(say(&mut rig, nudge(501, Span::from_secs(1)), view).unwrap_err(), "SCOPE_EXCEEDED");
    assert_eq!(say(&mut rig, nudge(100, Span::from_secs(3)), view).unwrap_err(), "SCOPE_EXCEEDED");
    assert_eq!(
        say(&mut rig, Action::SetNavTarget { x_mm: 900_000, y_mm: 0, theta_urad: 0, level: 0 }, view).unwrap_err(),
        "SCOPE_EXCEEDED"
    );
    assert_eq!(say(&mut rig, Action::Resume {}, Digest([1; 32])).unwrap_err(), "TERMS_CHANGED");
    rig.knobs.refuse_help = Some("AREA_FORBIDDEN");
    say(&mut rig, nudge(100, Span::from_secs(1)), view).unwrap();
    assert_eq!(say(&mut rig, Action::Resume {}, view).unwrap_err(), "TRACK_FORBIDS", "one at a time");
    rig.run(2);
    assert!(rig.names(job).contains(&"INTERVENTION_REFUSED"));
    rig.knobs.deaf_to_help = true;
    let view = screen(&rig).unwrap();
    say(&mut rig, nudge(100, Span::from_secs(1)), view).unwrap();
    rig.run(6);
    assert!(rig.names(job).contains(&"INTERVENTION_EXPIRED"));
    let stop = crate::input::StaffCommand::Stop { robot: robot("a1"), reason: "test".into() };
    rig.send("staff", &stop).unwrap();
    assert_eq!(rig.status(job), Status::Stalled, "a stop ends the help");
    assert!(rig.job_events(job).iter().any(|e| matches!(e, JobEvent::AssistEnded { outcome: AssistOutcome::Unresolved, .. })));
    let submitted = rig.names(job).iter().filter(|n| **n == "INTERVENTION_SUBMITTED").count();
    let answered = |n: &&&str| matches!(**n, "INTERVENTION_APPLIED" | "INTERVENTION_REFUSED" | "INTERVENTION_EXPIRED");
    assert_eq!(submitted, rig.names(job).iter().filter(answered).count());
}

#[test]
fn an_operator_who_gives_up_sends_the_robot_out() {
    let mut rig = Rig::with_operators(ONE);
    let (job, who, assist) = begun(&mut rig);
    rig.send(&who, &OperatorCommand::End { assist, outcome: HelpOutcome::Abort }).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].aborted, Some(Cause::OperatorAborted));
    rig.check_books();
}

#[test]
fn whoever_goes_home_hands_the_robot_on() {
    let mut rig = Rig::with_operators(ONE);
    let (job, who, _) = begun(&mut rig);
    let other = if who == "olga" { "otto" } else { "olga" };
    open(&mut rig, other, 3_000);
    rig.send(&who, &OperatorCommand::CloseShift).unwrap();
    assert_eq!(rig.status(job), Status::Stalled);
    assert_eq!(offer(&rig).unwrap().0, other, "queued anew, more urgent");
    let queued: Vec<u8> = rig
        .job_events(job)
        .iter()
        .filter_map(|e| if let JobEvent::AssistQueued { priority, .. } = e { Some(*priority) } else { None })
        .collect();
    assert_eq!(queued, [1, 2]);
    assert_eq!(rig.send(&who, &OperatorCommand::CloseShift).unwrap_err(), "SHIFT_CLOSED");
    rig.run(20);
    assert_eq!(rig.run_job(job, 1_500), Status::Settled, "{:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn a_cancelled_job_ends_its_help() {
    let mut rig = Rig::with_operators(ONE);
    let (job, _, _) = begun(&mut rig);
    rig.send("rq", &RequesterCommand::Cancel { job, safety: false }).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert!(rig.c.state().jobs[&job].help.is_some(), "the operator helps the robot out");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(rig.job_events(job).iter().any(|e| matches!(e, JobEvent::AssistEnded { outcome: AssistOutcome::Exited, .. })));
    assert!(rig.c.state().desk.open.is_empty());
    rig.check_books();
}

#[test]
fn shifts_are_guarded() {
    let mut rig = Rig::with_operators(ONE);
    rig.run(1);
    let until = rig.now + Span::from_secs(60);
    let shift = |max_jobs, until: Instant| OperatorCommand::OpenShift { max_jobs, tiers: vec![], regions: vec![], until };
    assert_eq!(rig.send("olga", &shift(0, until)).unwrap_err(), "WINDOW_INVALID");
    let now = rig.now;
    assert_eq!(rig.send("olga", &shift(1, now)).unwrap_err(), "WINDOW_INVALID");
    rig.send("olga", &shift(1, until)).unwrap();
    assert_eq!(rig.send("olga", &shift(1, until)).unwrap_err(), "ALREADY_DONE");
    rig.run(61);
    assert!(rig.c.state().desk.operators[&operator("olga")].shift.is_none(), "it ends by itself");
    assert_eq!(rig.send("olga", &OperatorCommand::Accept { assist: AssistId::named("x") }).unwrap_err(), "NOT_FOUND");
}

fn holds(rig: &Rig) -> Vec<bool> {
    let of = |o: &nooterra_port::Order| if let nooterra_port::Order::Hold { on, .. } = o { Some(*on) } else { None };
    rig.robots[&robot("a1")].seen.iter().filter_map(of).collect()
}

fn working(rig: &mut Rig) -> JobId {
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 6, 3, 7]));
    for _ in 0..900 {
        if rig.status(job) == Status::Executing {
            rig.run(3);
            return job;
        }
        rig.tick();
    }
    panic!("never began: {:?}", rig.names(job));
}

fn drops(rig: &mut Rig) {
    rig.report(robot("a1"), nooterra_port::Report::Noticed { code: "PAYLOAD_DROP".into(), measure: 500 });
    rig.run(2);
}

/// Something serious: the robot is told to brake, stays where it is, and goes on when an operator lets it.
#[test]
fn after_something_serious_a_robot_brakes_until_an_operator_lets_it_go_on() {
    let mut rig = Rig::with_operators(ONE);
    rig.restart_every = Some(11);
    open(&mut rig, "olga", 3_000);
    let job = working(&mut rig);
    drops(&mut rig);
    assert_eq!((rig.status(job), holds(&rig)), (Status::Stalled, vec![true]));
    let (at, step) = (rig.robots[&robot("a1")].at, rig.c.state().jobs[&job].checkpoint);
    rig.run(15);
    assert_eq!((rig.robots[&robot("a1")].at, rig.c.state().jobs[&job].checkpoint), (at, step), "it stays");
    assert_eq!(rig.status(job), Status::Stalled, "and no heartbeat ends that");
    let (who, assist) = offer(&rig).expect("offered");
    rig.send(&who, &OperatorCommand::Accept { assist }).unwrap();
    rig.run(2);
    let view = screen(&rig).expect("shown");
    rig.send(&who, &OperatorCommand::Start { assist, view }).unwrap();
    rig.run(1);
    let view = screen(&rig).unwrap();
    rig.send(&who, &OperatorCommand::Intervene { assist, action: Action::Resume {}, view }).unwrap();
    rig.run(1);
    rig.send(&who, &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed }).unwrap();
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(holds(&rig), [true, false]);
    assert_eq!(rig.c.state().jobs[&job].aborted, None);
    rig.check_books();
}

/// Nobody helps: it leaves, braked or not.
#[test]
fn a_braked_robot_that_nobody_helps_leaves() {
    let mut rig = Rig::new(ONE);
    let job = working(&mut rig);
    drops(&mut rig);
    assert_eq!((rig.status(job), holds(&rig)), (Status::Stalled, vec![true]));
    assert_eq!(rig.run_job(job, 1_800), Status::Settled, "{:?}", rig.names(job));
    let names = rig.names(job);
    assert!(names.contains(&"STALL_LIMIT_REACHED") && names.contains(&"SAFE_EXIT_CONFIRMED"), "{names:?}");
    rig.check_books();
}

/// A robot asks by itself: once more it can only be more urgent, and outside of its work nobody is asked.
#[test]
fn a_robot_asks_for_help() {
    let mut rig = Rig::with_operators(ONE);
    rig.run(10);
    let asks = |rig: &mut Rig, n: u8| {
        rig.report(robot("a1"), nooterra_port::Report::AssistAsked { question_hash: Digest([n; 32]) });
        rig.run(1);
    };
    asks(&mut rig, 1);
    assert!(rig.refused.iter().any(|(_, r)| r.contains("NOT_BOUND_ROBOT")), "{:?}", rig.refused);
    open(&mut rig, "olga", 3_000);
    let job = working(&mut rig);
    asks(&mut rig, 2);
    asks(&mut rig, 3);
    let queued = |e: &JobEvent| match e {
        JobEvent::AssistQueued { priority, question_hash, .. } => Some((*priority, *question_hash)),
        _ => None,
    };
    let all = |rig: &Rig| -> Vec<_> {
        let of = |f: &crate::Fact| match f.event().map(|e| &e.payload) {
            Some(crate::fact::Event::Job(e)) => queued(e),
            _ => None,
        };
        rig.facts.iter().filter_map(of).collect()
    };
    assert_eq!(all(&rig), [(1, Some(Digest([2; 32])))], "one at a time");
    assert_eq!(rig.status(job), Status::Executing, "asking is no stall");
    drops(&mut rig);
    assert_eq!(all(&rig).last(), Some(&(2, None)), "and then it is urgent");
    assert_eq!(all(&rig).len(), 2);
}

#[test]
fn a_console_without_a_word_loses_its_help_and_another_is_asked_more_urgently() {
    let mut rig = Rig::with_operators(ONE);
    let (job, who, assist) = begun(&mut rig);
    open(&mut rig, "otto", 3_000);
    let started = rig.now;
    rig.run(15);
    assert_eq!(rig.status(job), Status::Assisted, "consoles say that they are there");
    rig.knobs.mute_consoles.insert("olga");
    rig.run(45);
    assert_eq!(who, "olga");
    let ended = |e: &JobEvent| match e {
        JobEvent::AssistEnded { assist: a, outcome, billed } if *a == assist => Some((*outcome, *billed)),
        _ => None,
    };
    let (outcome, billed) = rig.job_events(job).iter().find_map(ended).expect("it has ended");
    assert_eq!(outcome, AssistOutcome::LinkLost);
    assert!(billed >= Span::from_secs(5) && billed <= Span::from_secs(20), "up to her last word: {billed:?}, since {started}");
    let queued: Vec<u8> = rig
        .job_events(job)
        .iter()
        .filter_map(|e| if let JobEvent::AssistQueued { priority, .. } = e { Some(*priority) } else { None })
        .collect();
    assert_eq!(queued.len(), 2);
    assert_eq!(queued[1], queued[0] + 1, "one step more urgent");
    assert_eq!(offer(&rig).map(|o| o.0).as_deref(), Some("otto"));
    // Whatever she says, she is back; what she was at is not hers any more.
    let says = rig.send("olga", &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed });
    assert!(says.is_err());
    let lost = |rig: &Rig| rig.c.state().desk.operators[&operator("olga")].lost;
    assert!(lost(&rig), "a word that is refused changes nothing");
    rig.send("olga", &OperatorCommand::Alive).unwrap();
    assert!(!lost(&rig));
    rig.send("olga", &OperatorCommand::CloseShift).unwrap();
    assert!(format!("{:?}", rig.send("olga", &OperatorCommand::Alive).unwrap_err()).contains("SHIFT_CLOSED"));
}

#[test]
fn what_is_applied_beyond_what_was_asked_for_is_not_believed() {
    let mut rig = Rig::with_operators(ONE);
    rig.knobs.does_more = true;
    let (job, who, assist) = begun(&mut rig);
    rig.run(5);
    let view = screen(&rig).unwrap();
    rig.send(&who, &OperatorCommand::Intervene { assist, action: Action::Resume {}, view }).unwrap();
    rig.run(8);
    assert!(rig.refused.iter().any(|(_, why)| why.starts_with("SCOPE_EXCEEDED")), "{:?}", rig.refused);
    let names = rig.names(job);
    let has = |n: &str| names.contains(&n);
    assert!(has("INTERVENTION_EXPIRED") && !has("INTERVENTION_APPLIED"), "{names:?}");
}
