//! Short histories of the platform among puppets, each with something that can go wrong in it.

use nooterra_control::input::{
    CaseCommand, Document, FinanceCommand, GovernanceCommand, Hours, KeyReason, Line, Month, NewSeries, Repeat, StandingOffer, WeeklyRule,
};
use nooterra_control::puppets::boxes;
use nooterra_control::puppets::coins::{three, yen};
use nooterra_control::puppets::floor::with_niches;
use nooterra_control::puppets::rig::{Rig, genesis, key, operator, party, robot};
use nooterra_control::puppets::skilled::{LONG, bundle, certificate, skilled};
use nooterra_control::stops::{StopOrder, StopWhat};
use nooterra_control::{
    CertifierCommand, DeveloperCommand, HelpOutcome, HelpWord, NewJob, OperatorCommand, OwnerCommand, PaymentReport, Policy,
    RequesterCommand, StaffCommand,
};
use nooterra_engine::Digest;
use nooterra_engine::ids::{JobId, StopId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Fault, RevokeReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_ledger::Account;
use nooterra_operations::RobotStatus;
use nooterra_port::{Action, Report};
use nooterra_skills::seal::BundleSeal;
use nooterra_skills::{Level, Tier};
use nooterra_trust::claim::{Bearer, Head, Item, Portion};
use nooterra_trust::role::rotation_bytes;

pub const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
pub const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
pub const THREE: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 12), ("b1", "bolt", 15)];

/// A rig whose broken oaths are kept, not the end of the test.
pub fn kept(mut rig: Rig) -> Rig {
    rig.oaths = Some(vec![]);
    rig
}

fn amount(minor: u64) -> Amount {
    Amount::new(minor).expect("an amount")
}

pub fn until(rig: &mut Rig, job: JobId, status: Status) {
    for _ in 0..1_800 {
        if rig.status(job) == status {
            return;
        }
        rig.tick();
    }
}

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

/// A requester goes on with another key; the key of a robot at work is revoked, and another does the rest.
pub fn key_revoked() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let (old, new) = (key("rq"), key("rq-new"));
    let actor = *party("rq").as_bytes();
    let proof = new.sign(&rotation_bytes(rig.c.state().genesis.tenant, &actor, old.id(), &new.public()));
    let _ = rig.send("rq", &GovernanceCommand::RotateKey { public: new.public(), proof, overlap: Span::from_secs(30) });
    if let Some(s) = rig.senders.get_mut("rq") {
        s.rotate(new);
    }
    let job = rig.ask(rig.patrol(&[2, 3, 4]));
    until(&mut rig, job, Status::Executing);
    let at_work = rig.c.state().jobs[&job].robot();
    for name in ["a1", "a2", "b1"].into_iter().filter(|n| at_work == Some(robot(n))) {
        let word = GovernanceCommand::RevokeKey { key: key(name).id(), reason: KeyReason::Compromised };
        let _ = rig.send("staff", &word);
        let _ = rig.send("staff2", &word);
    }
    rig.run_job(job, 3_000);
    rig.run(300);
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

/// The requester stops its robot, and lets it go.
pub fn stopped() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let order = StopOrder { what: StopWhat::Job(job), power_off: false, exit: false, reason: "test".into() };
    let _ = rig.send("rq", &RequesterCommand::Stop(order));
    // Puppets go on under a stop, and what they report meanwhile is refused.
    rig.run(1);
    let all: Vec<StopId> = rig.c.state().stops.active.keys().copied().collect();
    for stop in all {
        let _ = rig.send("rq", &RequesterCommand::ClearStop { stop });
    }
    rig.run_job(job, 900);
    rig.run(200);
    rig
}

/// One robot, two jobs: it works on one of them while the other waits.
fn one_of_two() -> (Rig, [JobId; 2]) {
    let mut rig = kept(Rig::new(ONE));
    rig.run(10);
    let jobs = [rig.ask(rig.patrol(&[2, 3, 4, 5])), rig.ask(rig.delivery(1, 4))];
    for _ in 0..600 {
        if jobs.iter().any(|j| rig.status(*j) == Status::Executing) {
            break;
        }
        rig.tick();
    }
    (rig, jobs)
}

/// The only robot is stopped by its owner while it works and other work waits for it.
pub fn stopped_for_good() -> Rig {
    let (mut rig, jobs) = one_of_two();
    let what = StopWhat::Robot(robot("a1"));
    let _ = rig.send("acme", &OwnerCommand::Stop(StopOrder { what, power_off: false, exit: false, reason: "test".into() }));
    for job in jobs {
        rig.run_job(job, 2_500);
    }
    rig.run(100);
    rig
}

/// A serious collision on the way: the robot goes into quarantine, and work comes for it again.
pub fn collision() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 20_000 });
    rig.run_job(job, 1_500);
    // On this side of where the robot stands.
    let next = rig.ask(rig.delivery(1, 0));
    rig.run_job(next, 1_500);
    rig.run(200);
    rig
}

fn payment(rig: &Rig, job: JobId) -> nooterra_engine::ids::PaymentId {
    rig.c.state().jobs[&job].payment.payment.expect("a payment")
}

fn charged_back(rig: &mut Rig, job: JobId, minor: u64, name: &str) {
    let payment = payment(rig, job);
    let r = PaymentReport::ChargebackOpened {
        payment,
        amount: amount(minor),
        fee: amount(500),
        currency: Currency::EUR,
        reason: "fraud".into(),
        provider_ref: name.into(),
    };
    let _ = rig.send("bank", &r);
}

/// Chargebacks before and after settlement, won and lost.
pub fn chargebacks() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    for (k, early) in [true, true, false, false].into_iter().enumerate() {
        let job = rig.ask(rig.delivery(2, 5));
        until(&mut rig, job, if early { Status::Executing } else { Status::Settled });
        let captured = rig.c.money(job).map_or(0, |m| m.captured);
        let name = format!("cb{k}");
        charged_back(&mut rig, job, captured / 2, &name);
        rig.run(30);
        let won = PaymentReport::ChargebackWon { provider_ref: name.clone(), fee_back: amount(200) };
        let lost = PaymentReport::ChargebackLost { provider_ref: name };
        let _ = if k % 2 == 0 { rig.send("bank", &won) } else { rig.send("bank", &lost) };
        rig.run_job(job, 900);
        rig.run(200);
    }
    rig
}

/// Damage, a claim, its payment; the owner bears it.
pub fn claim() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 2_500 });
    rig.run(2);
    let incident = rig.c.state().cases[&job].incidents.incidents.keys().next().copied();
    if let Some(incident) = incident {
        let _ = rig.send_at("judge", job, &StaffCommand::Triage { job, incident, severity: 3, fault: Fault::Owner, confirmed: true });
        rig.run(60);
        let _ = rig.send(
            "rq",
            &CaseCommand::OpenClaim { job, incident, claimant: None, demand: amount(900), currency: Currency::EUR, head: Head::Property },
        );
        let claim = rig.c.state().cases[&job].claims.claims.keys().last().copied();
        if let Some(claim) = claim {
            let paper = Document { item: Item::Valuation, content_hash: Digest([9; 32]) };
            let _ = rig.send_at("judge", job, &CaseCommand::TriageClaim { job, claim, documents: vec![paper] });
            let split = vec![Portion { bearer: Bearer::Party(party("acme")), bps: 10_000 }];
            let c = CaseCommand::ApproveClaim { job, claim, assessed: amount(800), currency: Currency::EUR, claimant_fault_bps: 0, split };
            let _ = rig.send_at("judge", job, &c);
        }
    }
    rig.run_job(job, 900);
    rig.run(400);
    rig
}

/// Damage, and a judge who decides by what the job's stream said before the last word on it.
pub fn unread() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 2_500 });
    rig.run(2);
    let incident = rig.c.state().cases[&job].incidents.incidents.keys().next().copied();
    if let Some(incident) = incident {
        let triage = StaffCommand::Triage { job, incident, severity: 3, fault: Fault::Owner, confirmed: true };
        let _ = rig.send_on("judge", "job/another", &triage);
        let _ = rig.send_at("judge", job, &triage);
    }
    rig.run_job(job, 900);
    rig.run(400);
    rig
}

/// A robot bumps into something, anchors its black box, and hands out another last chunk than it has anchored.
pub fn altered_box() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.knobs.no_box.insert(bound);
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 700 });
    rig.run(2);
    let asked = rig.robots[&bound].boxed.asked.first().copied();
    if let Some((incident, from, to)) = asked {
        let chunks = rig.robots.get_mut(&bound).expect("a puppet").boxed.record(from, to);
        rig.report(bound, Report::BlackboxAnchored(boxes::anchor(&chunks)));
        rig.run(60);
        let mut w = boxes::window(incident, &chunks);
        if let Some(c) = w.chunks.last_mut() {
            c.contact_mns += 1;
        }
        rig.report(bound, Report::Blackbox(Box::new(w)));
        rig.run(2);
        rig.report(bound, Report::Blackbox(Box::new(boxes::window(incident, &chunks))));
    }
    rig.run_job(job, 900);
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

/// A month ends in the middle, and is set right afterwards by two keys.
pub fn month() -> Rig {
    let mut g = genesis(Policy::scenario(), TWO);
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 500_000_000_000);
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(10);
    rig.knobs.no_drop_witness = true;
    let held = rig.ask(rig.delivery(2, 5));
    until(&mut rig, held, Status::Completed);
    rig.knobs.no_drop_witness = false;
    let job = rig.ask(rig.delivery(6, 1));
    rig.run_job(job, 900);
    rig.run(500);
    let to = Account::OwnerPayable { party: party("acme") };
    let lines = vec![Line { account: Account::GoodwillExpense, amount: 70 }, Line { account: to, amount: -70 }];
    let c = FinanceCommand::Adjust { currency: Currency::EUR, lines, origin: Some(november), reason: Digest([3; 32]) };
    let _ = rig.send_books("books", Currency::EUR, &c);
    let _ = rig.send_books("books2", Currency::EUR, &c);
    rig.run_job(held, 2_000);
    rig.run(400);
    rig
}

/// Work in euro and in yen, and the end of a month between them.
pub fn two_coins() -> Rig {
    let mut g = three(TWO);
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 500_000_000_000);
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(10);
    for currency in [yen(), Currency::EUR, yen()] {
        let job = rig.ask(NewJob { currency, ..rig.delivery(2, 5) });
        rig.run_job(job, 900);
    }
    rig.run(600);
    rig
}

/// The same delivery three times at a framework price, each asked for when its time has come, and the series ended.
pub fn series() -> Rig {
    let mut g = genesis(Policy::scenario(), TWO);
    g.policy.series.lead = Span::from_secs(60);
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(10);
    let offer = OwnerCommand::SetStandingOffer(StandingOffer {
        offer: nooterra_engine::ids::StandingOfferId::named("s"),
        templates: vec![nooterra_jobs::terms::Template::Delivery as u8],
        price_bps: 9_000,
        min_service: amount(1),
        capacity: 1,
        substitute: false,
        currency: Currency::EUR,
        zones: vec![],
    });
    let _ = rig.send("acme", &offer);
    let rule = WeeklyRule { days: 127, hours: Hours { from_s: 0, to_s: 86_400 }, zone: "UTC".into(), exceptions: vec![] };
    let job = Box::new(rig.delivery(2, 5));
    let from = rig.now + Span::from_secs(60);
    let (every, until) = (Some(Repeat { every_s: 600, length_s: 1_800 }), from + Span::from_mins(600));
    let new = NewSeries { job, rule, every, from, until, count: Some(5), owner: party("acme") };
    let _ = rig.send("rq", &RequesterCommand::CreateSeries(Box::new(new)));
    rig.run(1_900);
    if let Some(series) = rig.c.state().series.keys().next().copied() {
        let _ = rig.send("rq", &RequesterCommand::EndSeries { series });
    }
    rig.run(900);
    rig
}

/// A robot speaks with a fence that is over.
pub fn stale_fence() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    let lease = rig.robots[&bound].lease.clone();
    if let Some(l) = rig.robots.get_mut(&bound).and_then(|p| p.lease.as_mut()) {
        l.1 -= 1;
    }
    rig.report(bound, Report::ExecutionStalled { reason: nooterra_port::report::StallReason::Stuck });
    if let Some(p) = rig.robots.get_mut(&bound) {
        p.lease = lease;
    }
    rig.run(2);
    rig.report(bound, Report::ExecutionResumed);
    rig.run_job(job, 1_500);
    rig.run(200);
    rig
}

/// Somebody changes a signed word on its way.
pub fn forged() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.patrol(&[2, 3, 4, 5]));
    until(&mut rig, job, Status::Executing);
    let mut e = rig.say("rq", &RequesterCommand::Cancel { job, safety: false });
    e.stream = "somewhere else".into();
    let _ = rig.put(e);
    rig.run_job(job, 1_500);
    rig.run(200);
    rig
}

/// The bank takes the same money back twice.
pub fn charged_twice() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Settled);
    let captured = rig.c.money(job).map_or(0, |m| m.captured);
    for name in ["first", "second"] {
        charged_back(&mut rig, job, captured, name);
        rig.run(10);
        let _ = rig.send("bank", &PaymentReport::ChargebackLost { provider_ref: name.into() });
    }
    rig.run(300);
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

/// The only robot hits something while other work waits for it.
pub fn collision_of_one() -> Rig {
    let (mut rig, jobs) = one_of_two();
    rig.report(robot("a1"), Report::Noticed { code: "COLLISION".into(), measure: 20_000 });
    for job in jobs {
        rig.run_job(job, 2_500);
    }
    rig.run(100);
    rig
}

/// A collision so bad that everything on the level stops, another robot at its work as well.
pub fn zone_stopped() -> Rig {
    let mut rig = kept(Rig::new(THREE));
    rig.run(10);
    let jobs = [rig.ask(rig.patrol(&[1, 2, 1, 2])), rig.ask(rig.patrol(&[5, 6, 5, 6]))];
    for _ in 0..900 {
        if jobs.iter().all(|j| rig.status(*j) == Status::Executing) {
            break;
        }
        rig.tick();
    }
    let bound = rig.c.state().jobs[&jobs[0]].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 60_000 });
    rig.run(30);
    assert_eq!(rig.status(jobs[1]), Status::Stalled, "the other one stands");
    for job in jobs {
        rig.run_job(job, 6_000);
    }
    rig.run(200);
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

/// A history with its name.
pub type Named = (&'static str, fn() -> Rig);

/// All of them.
/// Two outside witnesses sign how far all streams have come, and somebody joins.
pub fn watched() -> Rig {
    let mut g = genesis(Policy::scenario(), TWO);
    g.log_witnesses = vec![party("eye"), party("eye2")];
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(90);
    let job = rig.ask(rig.delivery(2, 5));
    let guest = GovernanceCommand::VerifyParty { party: party("guest"), name: "guest".into(), takes: vec![] };
    let _ = rig.send("staff", &guest);
    rig.run_job(job, 600);
    rig.run(120);
    rig
}

/// For a minute nothing is heard of the site, in the middle of the work.
pub fn site_out() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let until = rig.now.saturating_add(Span::from_secs(60));
    for r in ["a1", "b1"] {
        rig.knobs.cut.insert(robot(r), (rig.now, until));
    }
    rig.knobs.site_silent = true;
    rig.run(60);
    rig.knobs.site_silent = false;
    rig.run_job(job, 900);
    rig
}

pub const ALL: &[Named] = &[
    ("delivery", delivery),
    ("crowd", crowd),
    ("withdrawn", withdrawn),
    ("two_coins", two_coins),
    ("series", series),
    ("handover", handover),
    ("key revoked", key_revoked),
    ("load handed over", load_handed_over),
    ("load unseen", load_unseen),
    ("load brought back", load_brought_back),
    ("stopped", stopped),
    ("stopped_for_good", stopped_for_good),
    ("zone_stopped", zone_stopped),
    ("collision", collision),
    ("chargebacks", chargebacks),
    ("claim", claim),
    ("helped", helped),
    ("helpless", helpless),
    ("covered", covered),
    ("limited", limited),
    ("skill", skill),
    ("moved", moved),
    ("no_show", no_show),
    ("unseen", unseen),
    ("revoked", revoked),
    ("cancelled", cancelled),
    ("given_up", given_up),
    ("cut_off", cut_off),
    ("hungry", hungry),
    ("month", month),
    ("stale_fence", stale_fence),
    ("forged", forged),
    ("charged_twice", charged_twice),
    ("long", long),
    ("stuck", stuck),
    ("collision_of_one", collision_of_one),
    ("hungry_at_work", hungry_at_work),
    ("site_out", site_out),
    ("watched", watched),
    ("unread", unread),
];
