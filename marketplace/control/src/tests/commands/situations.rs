//! Situations of a job: every state, and what is worth telling apart beside the states.

use super::super::floor::{with_niches, with_rooms};
use super::super::rig::genesis;
use super::*;
use crate::input::{NewJob, NewTeam};
use nooterra_jobs::pins::MoveTerms;
use nooterra_jobs::terms::{Action, Mode, Step, Template};

/// A job in this state, and all around it.
pub(super) fn in_state(status: Status) -> (Rig, JobId) {
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
    let g = genesis(Policy::scenario(), robots);
    let mut rig = Rig::on(with_niches(8, &[3]), g, robots);
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

/// A round whose doors have not said that they know who holds its grant.
fn doors_deaf() -> (Rig, JobId) {
    let mut rig = Rig::on(with_rooms(8, &[2]), genesis(Policy::scenario(), ONE), ONE);
    rig.run(10);
    rig.knobs.deaf_doors = true;
    let job = rig.ask(rig.patrol(&[1, 16, 1, 16]));
    rig.until(job, Status::Executing);
    (rig, job)
}

/// It is done, and they have not said that they know its plan to be over.
fn over_unheard() -> (Rig, JobId) {
    let (mut rig, job) = doors_deaf();
    rig.until(job, Status::Settled);
    (rig, job)
}

/// Its level stands still, and they have not said that they know.
fn shut_unheard() -> (Rig, JobId) {
    let (mut rig, job) = doors_deaf();
    let order = StopOrder { what: StopWhat::Level(0), power_off: false, exit: false, reason: "test".into() };
    rig.send("staff", &StaffCommand::StopAll(order)).unwrap();
    assert_eq!(rig.status(job), Status::Stalled);
    (rig, job)
}

/// Access was taken back, and neither the doors nor its robot have said that they know.
fn revoked_unheard() -> (Rig, JobId) {
    let (mut rig, job) = doors_deaf();
    rig.knobs.deaf_to_revoke.insert(robot("a1"));
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Other }).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    (rig, job)
}

/// Its robot has asked its requester for a further area.
fn asked() -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    rig.knobs.wants.insert(robot("a1"), (1, Wanted::ExtraArea { vertices: vec![7] }, false));
    rig.knobs.sits_on_approvals = true;
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    rig.until(job, Status::Executing);
    while rig.c.state().jobs[&job].approvals.is_empty() {
        rig.tick();
    }
    (rig, job)
}

/// And has got it, and neither used it yet nor has the site said that its plan is wider.
fn approved() -> (Rig, JobId) {
    let (mut rig, job) = asked();
    rig.knobs.deaf_doors = true;
    let (approval, action_hash) = approval(&rig, job);
    rig.send_at("rq", job, &RequesterCommand::AnswerApproval { job, approval, action_hash, agree: true }).unwrap();
    (rig, job)
}

/// It has used it, and the site has not said that its plan is wider.
fn widened() -> (Rig, JobId) {
    let (mut rig, job) = approved();
    let (approval, action_hash) = approval(&rig, job);
    rig.report(robot("a1"), Report::ApprovalConsumed { approval, action_hash });
    rig.run(1);
    (rig, job)
}

/// The householder has issued its plan, and the doors have not said that they hold it.
fn plan_by_householder() -> (Rig, JobId) {
    let mut g = genesis(Policy::scenario(), ONE);
    let site = super::super::floor::row(8);
    g.parties.iter_mut().filter(|p| p.party == party("rq")).for_each(|p| p.own = site.zones().into_iter().collect());
    let mut rig = Rig::on(site, g, ONE);
    rig.run(10);
    (rig.knobs.no_access, rig.knobs.deaf_doors) = (true, true);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    rig.until(job, Status::EnRoute);
    let (valid_from, valid_to) = (rig.now, rig.c.state().jobs[&job].window().end + Span::from_mins(5));
    rig.send("rq", &RequesterCommand::IssuePlan { job, areas: vec![], no_go: vec![], entry: None, valid_from, valid_to }).unwrap();
    (rig, job)
}

/// Its requester has answered the quote with another price.
fn countered() -> (Rig, JobId) {
    let (mut rig, job) = in_state(Status::Quoted);
    let less = counter_by_requester(&rig, job);
    rig.send_at("rq", job, &less).unwrap();
    (rig, job)
}

/// One of its sides has proposed another window.
fn move_proposed(by_requester: bool) -> (Rig, JobId) {
    let mut rig = Rig::with(Policy { moves: MoveTerms { auto: false, ..MoveTerms::default() }, ..Policy::scenario() }, ONE);
    rig.run(10);
    let mut new: NewJob = rig.patrol(&[2, 3, 4, 5]);
    new.window = Window { start: rig.now + Span::from_mins(60), end: rig.now + Span::from_mins(90) };
    let job = rig.ask(new);
    rig.until(job, Status::Reserved);
    let window = Window { start: rig.now + Span::from_mins(80), end: rig.now + Span::from_mins(110) };
    if by_requester {
        rig.send("rq", &RequesterCommand::ProposeMove { job, window }).unwrap();
    } else {
        rig.send("acme", &OwnerCommand::ProposeMove { job, window }).unwrap();
    }
    assert!(rig.c.state().jobs[&job].proposal.is_some());
    (rig, job)
}
fn move_by_requester() -> (Rig, JobId) {
    move_proposed(true)
}
fn move_by_owner() -> (Rig, JobId) {
    move_proposed(false)
}

/// Something was broken, and the trust service has not looked at it yet.
fn broken() -> (Rig, JobId) {
    let (mut rig, job) = in_state(Status::Completed);
    rig.knobs.no_triage = true;
    rig.send(
        "rq",
        &CaseCommand::Complain { job, code: IncidentCode::PropertyDamage, statement: Digest([7; 32]), amount: None, currency: None },
    )
    .unwrap();
    (rig, job)
}

/// It has.
fn looked_at() -> (Rig, JobId) {
    let (mut rig, job) = broken();
    let incident = incident(&rig, job);
    let triage = StaffCommand::Triage { job, incident, severity: 3, fault: Fault::Owner, confirmed: true };
    rig.send_at("judge", job, &triage).unwrap();
    (rig, job)
}

/// Its requester is not content.
fn disputed() -> (Rig, JobId) {
    let (mut rig, job) = in_state(Status::Completed);
    rig.send("rq", &CaseCommand::OpenDispute { job, ground: Ground::Quality, amount: amount(10), currency: Currency::EUR }).unwrap();
    (rig, job)
}

/// A stuck robot, and an operator who was asked.
fn offered() -> (Rig, JobId) {
    let mut rig = Rig::with_operators(ONE);
    let job = rig.stuck();
    rig.run(2);
    assert!(rig.help.iter().any(|(_, w)| matches!(w, HelpWord::Offer(_))));
    (rig, job)
}

/// An operator who has taken it on and sees a picture.
fn accepted() -> (Rig, JobId) {
    let (mut rig, job) = offered();
    let assist = assist(&rig, job);
    rig.send("olga", &OperatorCommand::Accept { assist }).unwrap();
    rig.run(3);
    (rig, job)
}

/// One of two robots that lift something together.
fn lift(knob: impl FnOnce(&mut Rig)) -> (Rig, JobId) {
    const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
    let mut rig = Rig::new(TWO);
    rig.run(10);
    rig.knobs.split = true;
    knob(&mut rig);
    let step = |place| Step { place, action: Action::Lift, dwell: Span::from_secs(1) };
    let part = |rig: &Rig, place| NewJob { template: Template::Lift, steps: vec![step(place)], ..rig.delivery(0, 1) };
    let team = NewTeam { members: vec![part(&rig, 3), part(&rig, 4)], mass_g: 15_001 };
    rig.send("rq", &RequesterCommand::CreateTeam(Box::new(team))).unwrap();
    let members = rig.c.state().teams.values().next().unwrap().members.clone();
    for m in &members {
        rig.until(*m, Status::Executing);
    }
    (rig, members[0])
}

/// It has hold of it and has not said so.
fn to_lift() -> (Rig, JobId) {
    lift(|rig| rig.knobs.never_ready = [robot("a1"), robot("b1")].into())
}

/// Both were told to raise it.
fn lifting() -> (Rig, JobId) {
    let (mut rig, job) = lift(|rig| rig.knobs.lets_go = [robot("a1"), robot("b1")].into());
    while rig.c.state().jobs[&job].lift.released_at.is_none() {
        rig.tick();
    }
    (rig, job)
}

/// The robot is slower by its owner's word.
fn tightened() -> (Rig, JobId) {
    let (mut rig, job) = in_state(Status::Executing);
    rig.send("staff", &StaffCommand::TightenClamps { robot: robot("a1"), bounds: tight(200) }).unwrap();
    (rig, job)
}

/// A situation by its name.
pub(super) type Named = (&'static str, fn() -> (Rig, JobId));

/// Situations beside the states.
pub(super) const BESIDE: &[Named] = &[
    ("EXECUTING:all-done", all_done),
    ("EXECUTING:with-load", with_load),
    ("EXECUTING:seen-outside", left),
    ("COMPLETED:seen-outside", done_unseen),
    ("RESERVED:uncaptured", uncaptured),
    ("ABORTING_SAFE_EXIT:to-put-down", to_put_down),
    ("EXECUTING:to-fetch", to_fetch),
    ("ABORTED:load-left", load_left),
    ("EXECUTING:doors-deaf", doors_deaf),
    ("SETTLED:doors-deaf", over_unheard),
    ("STALLED:doors-deaf", shut_unheard),
    ("ABORTING_SAFE_EXIT:doors-deaf", revoked_unheard),
    ("EXECUTING:asked", asked),
    ("EXECUTING:approved", approved),
    ("EXECUTING:widened", widened),
    ("EN_ROUTE:householder", plan_by_householder),
    ("QUOTED:countered", countered),
    ("RESERVED:move-by-requester", move_by_requester),
    ("RESERVED:move-by-owner", move_by_owner),
    ("COMPLETED:broken", broken),
    ("COMPLETED:looked-at", looked_at),
    ("COMPLETED:disputed", disputed),
    ("STALLED:offered", offered),
    ("STALLED:accepted", accepted),
    ("EXECUTING:to-lift", to_lift),
    ("EXECUTING:lifting", lifting),
    ("EXECUTING:tightened", tightened),
];
