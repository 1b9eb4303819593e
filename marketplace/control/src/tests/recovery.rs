use super::rig::{Rig, party, robot};
use crate::input::{OwnerCommand, StaffCommand};
use crate::wish::{RecoveryAsk, Wish};
use nooterra_engine::ids::RobotId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Span;
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn status(rig: &Rig, r: RobotId) -> RobotStatus {
    rig.c.state().robots[&r].robot.status
}

fn kill(rig: &mut Rig, name: &str) -> RobotId {
    let (r, now) = (robot(name), rig.now);
    rig.knobs.dead.insert(r, now);
    r
}

#[test]
fn an_owner_without_a_fit_robot_is_not_let_quote() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    rig.knobs.no_quotes = true;
    kill(&mut rig, "a1");
    rig.run(120);
    let job = rig.ask(rig.delivery(2, 5));
    let quote = |rig: &Rig| OwnerCommand::SubmitQuote {
        job,
        service: Amount::new(rig.c.state().jobs[&job].rfq.price.total()).unwrap(),
        currency: Currency::EUR,
        arrive: rig.now,
        robot_class: String::new(),
        expires: rig.now + Span::from_secs(60),
    };
    let q = quote(&rig);
    assert_eq!(rig.send("acme", &q).unwrap_err(), "NO_CANDIDATE");
    rig.send("bolt", &q).unwrap();
}

#[test]
fn a_job_goes_to_the_owner_whose_robots_live() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    kill(&mut rig, "a1");
    rig.run(120);
    let job = rig.ask(rig.delivery(9, 12));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].pins.as_ref().unwrap().owner, party("bolt"));
    assert!(!rig.names(job).contains(&"NO_SHOW_DECLARED"));
    rig.check_books();
}

#[test]
fn a_quote_whose_robot_died_since_is_not_awarded() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(10);
    kill(&mut rig, "a1");
    // Its silence is noticed after the quote and before the request closes.
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.quotes.get(&job), Some(&1));
    assert_eq!(rig.run_job(job, 300), Status::Withdrawn, "{:?}", rig.names(job));
}

#[test]
fn a_silent_robot_is_taken_away_repaired_and_checked() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let r = kill(&mut rig, "a1");
    rig.run(60);
    assert!(rig.crew.is_empty(), "nobody is sent for a short silence");
    rig.run(600);
    assert_eq!(status(&rig, r), RobotStatus::Stranded);
    let asked = |w: &&Wish| matches!(w, Wish::Recover(RecoveryAsk { robot, place: 8, load_to: None, .. }) if *robot == r);
    let asks = rig.crew.iter().filter(asked).count();
    assert!(asks >= 2, "the wish is repeated until somebody comes: {asks}");
    assert!(rig.c.state().traffic.at(r).is_some());

    let (gone, whole) = (StaffCommand::Recovered { robot: r, load_at: None }, StaffCommand::Repaired { robot: r });
    assert_eq!(rig.send("judge", &gone).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send("staff", &whole).unwrap_err(), "STATE_FORBIDS");
    rig.send("staff", &gone).unwrap();
    assert_eq!(status(&rig, r), RobotStatus::Maintenance);
    assert_eq!(rig.c.state().traffic.at(r), None, "its place is free");
    assert_eq!(rig.send("staff", &gone).unwrap_err(), "STATE_FORBIDS");
    rig.crew.clear();
    rig.run(300);
    assert!(rig.crew.is_empty(), "nobody is asked for a robot in the workshop");

    rig.send("staff", &whole).unwrap();
    rig.send("staff", &whole).unwrap();
    let back: Vec<_> = rig.crew.drain(..).collect();
    assert_eq!(back, vec![Wish::PutBack { robot: r, vertex: 8 }; 2], "asked twice, the same place is named");
    assert_eq!(status(&rig, r), RobotStatus::Maintenance, "until it has said itself that it is well");
    rig.knobs.dead.clear();
    rig.run(30);
    assert_eq!(status(&rig, r), RobotStatus::Active);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.refused);
}

#[test]
fn a_robot_carried_out_of_a_patrol_leaves_the_rest_to_another() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    for _ in 0..900 {
        if rig.c.state().jobs[&job].checkpoint == 1 {
            break;
        }
        rig.tick();
    }
    let first = rig.c.state().jobs[&job].robot().unwrap();
    let now = rig.now;
    rig.knobs.dead.insert(first, now);
    for _ in 0..2_000 {
        if status(&rig, first) == RobotStatus::Stranded {
            break;
        }
        rig.tick();
    }
    assert_eq!(rig.status(job), Status::AbortingSafeExit, "people are asked before the exit is forced");
    rig.send("staff", &StaffCommand::Recovered { robot: first, load_at: None }).unwrap();
    assert_eq!(rig.status(job), Status::Handover);
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.legs.len(), 2, "{:?}", rig.names(job));
    assert!(rig.names(job).contains(&"HANDOVER_OPENED") && !rig.names(job).contains(&"SAFE_EXIT_FORCED"));
    rig.check_books();
}

#[test]
fn a_robot_that_dies_on_its_way_gives_its_job_back_when_it_is_given_up() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    let job = rig.ask(rig.delivery(1, 6));
    for _ in 0..600 {
        if rig.status(job) == Status::Reserved {
            break;
        }
        rig.tick();
    }
    let r = rig.c.state().jobs[&job].robot().unwrap();
    let now = rig.now;
    rig.knobs.dead.insert(r, now);
    rig.run(600);
    assert_eq!(status(&rig, r), RobotStatus::Stranded);
    assert!(rig.c.state().robots[&r].robot.lease.is_none());
    rig.send("staff", &StaffCommand::Recovered { robot: r, load_at: None }).unwrap();
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    rig.check_books();
}
