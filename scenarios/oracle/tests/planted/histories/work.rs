//! How work goes: done, helped, handed over, moved, given up.

use super::{ONE, THREE, TWO, kept, until};
use nooterra_control::puppets::floor::with_niches;
use nooterra_control::puppets::rig::{Rig, genesis, key, operator, party, robot};
use nooterra_control::puppets::skilled::{LONG, bundle, certificate, skilled};
use nooterra_control::{
    CertifierCommand, DeveloperCommand, HelpOutcome, HelpWord, NewJob, OperatorCommand, OwnerCommand, Policy, RequesterCommand,
    StaffCommand,
};
use nooterra_engine::time::Span;
use nooterra_jobs::event::RevokeReason;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_operations::RobotStatus;
use nooterra_port::Action;
use nooterra_skills::seal::BundleSeal;
use nooterra_skills::{Level, Tier};

/// A delivery from request to payout, and another one behind it.
pub fn delivery() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 600);
    let job = rig.ask(rig.delivery(6, 1));
    rig.run_job(job, 600);
    rig.run(300);
    rig
}

/// Many jobs at once for three robots.
pub fn crowd() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    for i in 0..6u32 {
        rig.ask(rig.delivery(i % 8, (i * 3 + 4) % 8));
        rig.run(5);
    }
    rig.run(900);
    rig
}

/// Nobody can do it: withdrawn.
pub fn withdrawn() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.run(3);
    let _ = rig.send("rq", &RequesterCommand::Withdraw { job });
    rig.knobs.decline = true;
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 300);
    rig.run(100);
    rig
}

/// A robot gives up inside and another takes over.
pub fn handover() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    rig.knobs.abort_before_step.insert(robot("a1"), 1);
    rig.knobs.abort_before_step.insert(robot("a2"), 2);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.run_job(job, 3_000);
    rig.run(200);
    rig
}

/// A robot gives up with its load on it where there is a place to leave it; another fetches it. Is there a witness?
fn load_left(sees: bool) -> Rig {
    let robots = THREE;
    let mut rig = kept(Rig::on(with_niches(8, &[3]), genesis(Policy::scenario(), robots), robots));
    rig.knobs.no_transfer_witness = !sees;
    rig.run(10);
    rig.knobs.abort_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.delivery(1, 6));
    rig.run_job(job, 3_000);
    rig.run(200);
    rig
}

pub fn load_handed_over() -> Rig {
    load_left(true)
}

pub fn load_unseen() -> Rig {
    load_left(false)
}

/// A robot dies with its load on it: people carry it to where another fetches it. That one gives up before it is there, and
/// nobody comes any more: people bring it back.
pub fn load_brought_back() -> Rig {
    let mut rig = kept(Rig::on(with_niches(8, &[3]), genesis(Policy::scenario(), THREE), THREE));
    rig.run(10);
    let job = rig.ask(rig.delivery(1, 6));
    for _ in 0..1_200 {
        if rig.c.state().jobs[&job].checkpoint == 1 {
            break;
        }
        rig.tick();
    }
    let Some(first) = rig.c.state().jobs[&job].robot() else { return rig };
    let now = rig.now;
    rig.knobs.dead.insert(first, now);
    rig.knobs.refuse_offers.extend([robot("a1"), robot("a2"), robot("b1")]);
    for _ in 0..2_000 {
        if rig.c.state().robots[&first].robot.status == RobotStatus::Stranded {
            break;
        }
        rig.tick();
    }
    let place = rig.c.state().jobs[&job].transfer.map(|t| t.place);
    let _ = rig.send("staff", &StaffCommand::Recovered { robot: first, load_at: place });
    let _ = rig.scan_transfer(job, first, place.unwrap_or(0));
    until(&mut rig, job, Status::Aborted);
    let _ = rig.send("staff", &StaffCommand::LoadReturned { job, found: true });
    rig.run_job(job, 3_000);
    rig.run(100);
    rig
}

/// Two operators; the robot stands before its second point until one of them lets it go on.
pub fn helped() -> Rig {
    helped_by(false)
}

/// The same with a robot that says that it has done more than it was asked for.
pub fn overdone() -> Rig {
    helped_by(true)
}

fn helped_by(does_more: bool) -> Rig {
    let mut rig = kept(Rig::with_operators(ONE));
    rig.knobs.does_more = does_more;
    let until_then = rig.now + Span::from_secs(3_000);
    for who in ["olga", "otto"] {
        let _ = rig.send(who, &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until: until_then });
    }
    rig.run(10);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(&mut rig, job, Status::Stalled);
    rig.run(2);
    let offered = rig.help.iter().rev().find_map(|(o, w)| if let HelpWord::Offer(x) = w { Some((*o, x.assist)) } else { None });
    if let Some((o, assist)) = offered {
        let who = if o == operator("olga") { "olga" } else { "otto" };
        let screen = |rig: &Rig| rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None });
        let _ = rig.send(who, &OperatorCommand::Accept { assist });
        rig.run(3);
        if let Some(view) = screen(&rig) {
            let _ = rig.send(who, &OperatorCommand::Start { assist, view });
        }
        rig.run(90);
        if let Some(view) = screen(&rig) {
            // Not at the desk: refused.
            let other = if who == "olga" { "otto" } else { "olga" };
            let _ = rig.send(other, &OperatorCommand::Intervene { assist, action: Action::Resume {}, view });
            let _ = rig.send(who, &OperatorCommand::Intervene { assist, action: Action::Resume {}, view });
        }
        rig.run(2);
        let _ = rig.send(who, &OperatorCommand::End { assist, outcome: HelpOutcome::Resumed });
    }
    rig.run_job(job, 900);
    rig.run(200);
    rig
}

/// Two operators, and two jobs that one stands by for each.
pub fn covered() -> Rig {
    let mut rig = kept(Rig::with_operators(TWO));
    let until_then = rig.now + Span::from_secs(30_000);
    for who in ["olga", "otto"] {
        let _ = rig.send(who, &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until: until_then });
    }
    rig.run(10);
    let asked: Vec<_> =
        [&[2, 3][..], &[5, 6]].map(|p| NewJob { coverage: true, ..rig.patrol(p) }).into_iter().map(|j| rig.ask(j)).collect();
    for job in asked {
        rig.run_job(job, 900);
    }
    rig.run(200);
    rig
}

/// Two operators, neither of them for this kind of place: the robot leaves.
pub fn limited() -> Rig {
    let mut rig = kept(Rig::with_operators(ONE));
    let until_then = rig.now + Span::from_secs(9_000);
    let tiers = vec![nooterra_jobs::tier::Tier::InHome];
    for who in ["olga", "otto"] {
        let _ = rig.send(who, &OperatorCommand::OpenShift { max_jobs: 2, tiers: tiers.clone(), regions: vec![], until: until_then });
    }
    rig.run(10);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.run_job(job, 4_000);
    rig.run(200);
    rig
}

/// Nobody helps: the robot leaves.
pub fn helpless() -> Rig {
    let mut rig = kept(Rig::with_operators(ONE));
    let until_then = rig.now + Span::from_secs(9_000);
    let _ = rig.send("olga", &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until: until_then });
    rig.run(10);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.run_job(job, 4_000);
    rig.run(200);
    rig
}

/// Work that runs on a licensed skill; only one of the robots is certified for it.
pub fn skill() -> Rig {
    let mut rig = kept(Rig::of(skilled(1, &[("tinyRobot", Tier::Field)]), TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 900);
    let job = rig.ask(rig.patrol(&[5, 6]));
    rig.run_job(job, 900);
    rig.run(200);
    rig
}

/// A better version of a skill comes between quote and booking.
pub fn quoted_skill() -> Rig {
    let mut rig = kept(Rig::of(skilled(1, &[("tinyRobot", Tier::Field)]), TWO));
    rig.run(10);
    let (fallen, newer) = (bundle(1).1.hash(), bundle(2).1);
    let revoke = DeveloperCommand::Revoke { bundle: fallen, level: Level::BlockNew, reason: "a fault".into(), predecessor: None };
    let _ = rig.send("dev", &revoke);
    let mut new = rig.delivery(2, 5);
    new.rfq_closes = Some(rig.now + Span::from_secs(20));
    let job = rig.ask(new);
    until(&mut rig, job, Status::Quoted);
    let seal = BundleSeal::sign(newer.hash(), &key("dev"));
    let _ = rig.send("dev", &DeveloperCommand::Publish { bundle: newer.to_bytes(), seal });
    let c = certificate(2, "tinyRobot", Tier::Field, LONG);
    let _ = rig.send("cert", &CertifierCommand::Certify { certificate: Box::new(c.certificate), evidence: Box::new(c.evidence) });
    rig.run_job(job, 900);
    rig
}

/// Bookings that move near their start, by the requester and by the owner.
pub fn moved() -> Rig {
    let mut rig = kept(Rig::new(ONE));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Reserved);
    let at = |rig: &Rig, secs: u64| {
        let start = rig.now + Span::from_secs(secs);
        Window { start, end: start + Span::from_mins(30) }
    };
    let window = at(&rig, 600);
    let _ = rig.send("rq", &RequesterCommand::ProposeMove { job, window });
    rig.run(20);
    let window = at(&rig, 900);
    let _ = rig.send("acme", &OwnerCommand::ProposeMove { job, window });
    let _ = rig.send_at("rq", job, &RequesterCommand::AnswerMove { job, agree: true });
    rig.run_job(job, 3_000);
    rig.run(200);
    rig
}

/// The robot does not come; the requester does not answer.
pub fn no_show() -> Rig {
    let mut rig = kept(Rig::new(ONE));
    rig.run(10);
    rig.knobs.never_depart.insert(robot("a1"));
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 4_000);
    rig.run(200);
    rig
}

/// Nobody sees the delivery: held, and forfeited in the end. Half of another is seen.
pub fn unseen() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    rig.knobs.no_drop_witness = true;
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 3_000);
    rig.run(200);
    rig
}

/// Access is taken back in the middle of the work.
pub fn revoked() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5, 6]));
    until(&mut rig, job, Status::Executing);
    rig.run(4);
    let _ = rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Privacy });
    rig.run_job(job, 2_000);
    rig.run(200);
    rig
}

/// The requester cancels on the way, the owner before it.
pub fn cancelled() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    for (status, by_owner) in [(Status::EnRoute, false), (Status::Executing, false), (Status::Reserved, true)] {
        let job = rig.ask(rig.patrol(&[2, 3, 4]));
        until(&mut rig, job, status);
        let owner = rig.c.job_view(job).and_then(|v| v.owner);
        let _ = match (by_owner, owner) {
            (true, Some(o)) if o == party("acme") => rig.send("acme", &OwnerCommand::Cancel { job }),
            (true, _) => rig.send("bolt", &OwnerCommand::Cancel { job }),
            (false, _) => rig.send("rq", &RequesterCommand::Cancel { job, safety: false }),
        };
        rig.run_job(job, 1_500);
    }
    rig.run(300);
    rig
}

/// The robot falls silent with the load and is given up: credits for what was missed.
pub fn given_up() -> Rig {
    let mut rig = kept(Rig::new(ONE));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    rig.run(5);
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    rig.run_job(job, 4_000);
    rig.run(200);
    rig
}

/// The robot is silent for a minute on its way, and comes back.
pub fn cut_off() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let job = rig.ask(rig.delivery(6, 1));
    until(&mut rig, job, Status::EnRoute);
    if let Some(r) = rig.c.state().jobs[&job].robot() {
        let now = rig.now;
        rig.knobs.cut.insert(r, (now, now + Span::from_secs(240)));
    }
    rig.run_job(job, 2_000);
    rig.run(200);
    rig
}

/// Robots that must charge between jobs.
pub fn hungry() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    for r in ["a1", "a2", "b1"] {
        if let Some(p) = rig.robots.get_mut(&robot(r)) {
            p.soc_bps = 1_900;
        }
    }
    rig.run(60);
    for r in ["a1", "a2", "b1"] {
        if let Some(p) = rig.robots.get_mut(&robot(r)) {
            p.soc_bps = 9_000;
        }
    }
    let job = rig.ask(rig.delivery(6, 1));
    rig.run_job(job, 2_000);
    rig.run(200);
    rig
}

/// A delivery, and nothing for more than an hour.
pub fn long() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 600);
    rig.run(4_200);
    rig
}

/// A robot's charge falls while it works.
pub fn hungry_at_work() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let job = rig.ask(rig.delivery(6, 1));
    until(&mut rig, job, Status::EnRoute);
    let bound = rig.c.state().jobs[&job].robot();
    if let Some(p) = bound.and_then(|r| rig.robots.get_mut(&r)) {
        p.soc_bps = 2_100;
    }
    rig.run_job(job, 2_000);
    rig.run(200);
    rig
}

/// Nobody is on shift for longer than help may be waited for, and the stall is long.
pub fn stuck() -> Rig {
    let mut policy = Policy::scenario();
    let mut values = nooterra_jobs::tier::Tier::Managed.values();
    (values.max_stall, values.max_exec) = (Span::from_mins(300), Span::from_mins(300));
    policy.tier_values = Some(values);
    let mut g = genesis(policy, ONE);
    g.operators = Rig::with_operators(ONE).c.state().genesis.operators.clone();
    let mut rig = kept(Rig::of(g, ONE));
    rig.run(10);
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    rig.run_job(job, 5_400);
    rig
}
