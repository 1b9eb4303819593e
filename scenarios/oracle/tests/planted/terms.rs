//! Every term that a booking pins is read by a rule (I43): changed alone, after the booking, it changes what happens in
//! one of these histories. Terms that are there to be shown and signed, not to be reckoned with, are listed.

use crate::histories::{self, until};
use nooterra_control::input::PaymentReport;
use nooterra_control::puppets::rig::{Rig, operator, party, robot};
use nooterra_control::{Control, Fact, HelpWord, OperatorCommand, OwnerCommand, RequesterCommand};
use nooterra_engine::digest::Digest;
use nooterra_engine::encode;
use nooterra_engine::ids::{ContractId, JobId, LicenceId, QuoteId, SkillId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::record::{Body, Message};
use nooterra_engine::time::Span;
use nooterra_jobs::event::Fallback;
use nooterra_jobs::pins::{
    CreditFunding, FixedCredits, HoldRule, LicencePin, LicenceUnit, Milestone, NoShowDefault, Pins, Retention, SiteFaultBearer,
};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_jobs::tier::{Level, Tier};
use nooterra_port::facility::TakenBack;
use nooterra_port::{FacilityReport, Wanted};
use std::collections::BTreeSet;

type Change = fn(&mut Pins);

fn amount(minor: u64) -> Amount {
    Amount::new(minor).expect("an amount")
}

/// Every pinned term, and another value for it.
const CHANGES: &[(&str, Change)] = &[
    ("contract", |p| p.contract = ContractId::named("another")),
    ("document_hash", |p| p.document_hash = Digest([1; 32])),
    ("policy_hash", |p| p.policy_hash = Digest([2; 32])),
    ("owner", |p| p.owner = if p.owner == party("acme") { party("bolt") } else { party("acme") }),
    ("quote", |p| p.quote = QuoteId::named("another")),
    ("price", |p| p.price.core = amount(p.price.core.minor() * 2)),
    ("service", |p| p.service = amount(p.service.minor() - 100)),
    ("cover_fee", |p| p.cover_fee = amount(7)),
    ("currency", |p| p.currency = Currency::USD),
    ("window", |p| p.window.end = p.window.start + Span::from_secs(1)),
    ("level", |p| p.level = Level::Premium),
    ("level_values", |p| p.level_values.credit_cap_bps = 1),
    ("tier", |p| p.tier = Tier::InHome),
    ("tier_values", |p| (p.tier_values.exit_by, p.tier_values.max_stall) = (Span::from_secs(7), Span::from_secs(40))),
    ("risk_m", |p| p.risk_m = 1),
    ("min_trust_bps", |p| p.min_trust_bps = 9_999),
    ("tasks_hash", |p| p.tasks_hash = Digest([3; 32])),
    ("licences", |p| p.licences.iter_mut().for_each(|l| (l.fee, l.unit) = (amount(1), LicenceUnit::Job))),
    ("weights", |p| p.weights.platform += 1_000),
    ("cover_split", |p| p.cover_split.reserve += 1_000),
    ("cancel", |p| (p.cancel.departed_bps, p.cancel.inside_bps, p.cancel.owner_late_bps) = (1, 2, 3)),
    ("proof", |p| p.proof.iter_mut().for_each(|i| i.points.truncate(1))),
    ("timing", |p| p.timing.settle_at = Span::from_secs(77)),
    ("handover", |p| p.handover = !p.handover),
    ("substitution", |p| p.substitution = !p.substitution),
    ("max_legs", |p| p.max_legs = 1),
    ("site_fault_bearer", |p| p.site_fault_bearer = SiteFaultBearer::Platform),
    ("no_show", |p| p.no_show = if p.no_show == NoShowDefault::Wait { NoShowDefault::Cancel } else { NoShowDefault::Wait }),
    ("hold_rule", |p| p.hold_rule = if p.hold_rule == HoldRule::Proven { HoldRule::Nothing } else { HoldRule::Proven }),
    ("max_claims", |p| p.max_claims = Amount::ZERO),
    ("operator_rate", |p| p.operator_rate *= 3),
    ("assist_fallback", |p| {
        p.assist_fallback = if p.assist_fallback == Fallback::Continue { Fallback::SafeExit } else { Fallback::Continue }
    }),
    ("coverage", |p| p.coverage = true),
    ("approvals", |p| p.approvals.clear()),
    ("approval_by", |p| p.approval_by = Span::from_secs(20)),
    ("moves", |p| (p.moves.limit, p.moves.auto) = (0, false)),
    ("funding", |p| p.funding = CreditFunding::Platform {}),
    ("zones", |p| p.zones.push(ZoneId::named("another"))),
    ("zones_hash", |p| p.zones_hash = Digest([5; 32])),
    ("operator_cap_bps", |p| p.operator_cap_bps = 10),
    ("fixed", |p| p.fixed = FixedCredits { excess_stall_bps: 1, assist_slow_bps: 1, exit_overstay_bps: 1, provider_abort_bps: 1 }),
    ("retention", |p| p.retention = Retention { telemetry: Span::from_secs(20), evidence: Span::from_secs(20) }),
    ("tz_hash", |p| p.tz_hash = Digest([6; 32])),
];

/// Terms that change nothing here, and why. Names and hashes of what was agreed are there to be signed; the level, the
/// tier and the risk count when a booking is made, their values are pinned beside them; the cap of claims is copied into
/// the case and the money book at the booking; and only requests for help of low priority may go on without help, and
/// nothing asks with low priority.
const UNREAD: &[&str] = &["assist_fallback", "contract", "currency", "document_hash", "level", "max_claims", "quote", "risk_m", "tier"];

/// Every term of a pinned licence, and another value for it.
const LICENCE_CHANGES: &[(&str, Change)] = &[
    ("licence", |p| p.licences.iter_mut().for_each(|l| l.licence = LicenceId::named("another"))),
    ("skill", |p| p.licences.iter_mut().for_each(|l| l.skill = SkillId::named("another"))),
    ("bundle", |p| p.licences.iter_mut().for_each(|l| l.bundle = Digest([4; 32]))),
    ("certificates", |p| p.licences.iter_mut().for_each(|l| l.certificates.clear())),
    ("developer", |p| p.licences.iter_mut().for_each(|l| l.developer = party("ins"))),
    ("fee", |p| p.licences.iter_mut().for_each(|l| l.fee = amount(1))),
    ("cap", |p| p.licences.iter_mut().for_each(|l| l.cap = amount(3))),
    ("unit", |p| p.licences.iter_mut().for_each(|l| l.unit = LicenceUnit::Use)),
    ("refundable_until", |p| p.licences.iter_mut().for_each(|l| l.refundable_until = Milestone::Checkpoint)),
];

/// Names, and what a licence holds from the booking on: what may run is looked up by the licence.
const LICENCE_UNREAD: &[&str] = &["bundle", "certificates", "skill"];

/// The pins of a job are changed in the state itself.
fn change(rig: &mut Rig, job: JobId, with: Change) {
    let mut s = rig.c.state().clone();
    if let Some(p) = s.jobs.get_mut(&job).and_then(|j| j.pins.as_deref_mut()) {
        with(p);
    }
    rig.c = Control::thaw(&encode(&s), rig.site.clone()).expect("a state");
}

/// A job that is booked, with its terms changed.
fn booked(mut rig: Rig, delivery: bool, with: Change) -> (Rig, JobId) {
    rig.run(10);
    let new = if delivery { rig.delivery(2, 5) } else { rig.patrol(&[2, 3, 4]) };
    let job = rig.ask(new);
    for _ in 0..400 {
        if rig.c.state().jobs[&job].pins.is_some() {
            break;
        }
        rig.tick();
    }
    assert!(rig.c.state().jobs[&job].settled.is_none() && rig.c.state().jobs[&job].pins.is_some(), "booked and not over");
    change(&mut rig, job, with);
    (rig, job)
}

fn done(mut rig: Rig, job: JobId, secs: u64) -> Rig {
    rig.run_job(job, secs);
    rig.run(150);
    rig
}

fn plain(with: Change) -> Rig {
    let (rig, job) = booked(histories::kept(Rig::new(histories::TWO)), true, with);
    done(rig, job, 900)
}
fn unseen(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::new(histories::TWO));
    rig.knobs.no_drop_witness = true;
    let (rig, job) = booked(rig, true, with);
    done(rig, job, 2_000)
}
fn absent(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::new(histories::ONE));
    rig.knobs.never_depart.insert(robot("a1"));
    let (rig, job) = booked(rig, true, with);
    done(rig, job, 3_000)
}
fn cancelled(with: Change) -> Rig {
    let (mut rig, job) = booked(histories::kept(Rig::new(histories::TWO)), false, with);
    until(&mut rig, job, Status::EnRoute);
    let _ = rig.send("rq", &RequesterCommand::Cancel { job, safety: false });
    done(rig, job, 900)
}
fn dead(with: Change) -> Rig {
    let (mut rig, job) = booked(histories::kept(Rig::new(histories::ONE)), true, with);
    until(&mut rig, job, Status::Executing);
    rig.run(5);
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    done(rig, job, 3_000)
}
fn gives_up(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::new(histories::THREE));
    for r in ["a1", "a2", "b1"] {
        rig.knobs.abort_before_step.insert(robot(r), 1);
    }
    let (rig, job) = booked(rig, false, with);
    done(rig, job, 2_500)
}
fn helped(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::with_operators(histories::ONE));
    rig.run(1);
    let shift = rig.now + Span::from_secs(3_000);
    let _ = rig.send("olga", &OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until: shift });
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let (mut rig, job) = booked(rig, false, with);
    until(&mut rig, job, Status::Stalled);
    rig.run(2);
    let offer = rig.help.iter().find_map(|(o, w)| if let HelpWord::Offer(x) = w { Some((*o, x.assist)) } else { None });
    if let Some((_, assist)) = offer.filter(|(o, _)| *o == operator("olga")) {
        let _ = rig.send("olga", &OperatorCommand::Accept { assist });
        rig.run(3);
        let screen = rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None });
        if let Some(view) = screen {
            let _ = rig.send("olga", &OperatorCommand::Start { assist, view });
        }
        rig.run(120);
    }
    done(rig, job, 2_000)
}
fn helpless(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::with_operators(histories::ONE));
    rig.knobs.stuck_before_step.insert(robot("a1"), 1);
    let (rig, job) = booked(rig, false, with);
    done(rig, job, 2_000)
}
fn moved(with: Change) -> Rig {
    let (mut rig, job) = booked(histories::kept(Rig::new(histories::ONE)), true, with);
    let start = rig.now + Span::from_secs(600);
    let window = Window { start, end: start + Span::from_mins(30) };
    let _ = rig.send("rq", &RequesterCommand::ProposeMove { job, window });
    done(rig, job, 3_000)
}
fn shut_out(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::new(histories::ONE));
    rig.knobs.no_access = true;
    let (rig, job) = booked(rig, true, with);
    done(rig, job, 3_000)
}
fn owner_cancels(with: Change) -> Rig {
    let (mut rig, job) = booked(histories::kept(Rig::new(histories::ONE)), true, with);
    let _ = rig.send("acme", &OwnerCommand::Cancel { job });
    done(rig, job, 900)
}
fn substitute(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::new(histories::TWO));
    rig.knobs.ignore_offers.insert(robot("a1"));
    let (rig, job) = booked(rig, true, with);
    done(rig, job, 3_000)
}
fn skilled(with: Change) -> Rig {
    let g = nooterra_control::puppets::skilled::skilled(0, &[("tinyRobot", nooterra_skills::Tier::Field)]);
    let (rig, job) = booked(histories::kept(Rig::of(g, histories::TWO)), true, with);
    done(rig, job, 900)
}
/// One of three points is done, then the only robot that may do it gives up.
fn skilled_in_part(with: Change) -> Rig {
    let g = nooterra_control::puppets::skilled::skilled(0, &[("tinyRobot", nooterra_skills::Tier::Field)]);
    let mut rig = histories::kept(Rig::of(g, histories::TWO));
    rig.knobs.abort_before_step.insert(robot("a1"), 1);
    let (rig, job) = booked(rig, false, with);
    done(rig, job, 3_000)
}
fn asking(with: Change) -> Rig {
    let mut rig = histories::kept(Rig::new(histories::ONE));
    rig.knobs.wants.insert(robot("a1"), (1, Wanted::ExtraArea { vertices: vec![6, 7] }, false));
    let (rig, job) = booked(rig, false, with);
    done(rig, job, 1_500)
}
fn refused(with: Change) -> Rig {
    let (mut rig, job) = booked(histories::kept(Rig::new(histories::TWO)), true, with);
    until(&mut rig, job, Status::Executing);
    let payment = rig.c.state().jobs[&job].payment.payment;
    if let Some(payment) = payment {
        let r = PaymentReport::ChargebackOpened {
            payment,
            amount: amount(100),
            fee: amount(5),
            currency: Currency::EUR,
            reason: "fraud".into(),
            provider_ref: "x".into(),
        };
        let _ = rig.send("bank", &r);
        let _ = rig.send("bank", &PaymentReport::ChargebackLost { provider_ref: "x".into() });
    }
    done(rig, job, 900)
}

/// The site takes access back, for reasons of its own.
fn taken_back(with: Change) -> Rig {
    let (mut rig, job) = booked(histories::kept(Rig::new(histories::TWO)), true, with);
    until(&mut rig, job, Status::Executing);
    let plan = rig.c.state().jobs[&job].access.plan.as_ref().map(|p| p.plan);
    if let Some(plan) = plan {
        let _ = rig.send("site", &FacilityReport::AccessRevoked { job, plan, reason: TakenBack::Other });
    }
    done(rig, job, 900)
}

const STORIES: &[fn(Change) -> Rig] = &[
    plain,
    unseen,
    absent,
    cancelled,
    dead,
    gives_up,
    helped,
    helpless,
    moved,
    shut_out,
    owner_cancels,
    substitute,
    skilled,
    asking,
    refused,
    taken_back,
];

/// Everything that happened, as it is written: what was said and what was posted.
pub fn outline(rig: &Rig) -> Vec<(String, u64, Digest)> {
    let of = |f: &Fact| match f {
        Fact::Event(r) => Some((r.header.stream.clone(), r.header.legal_ns.0, r.header.payload_hash)),
        Fact::Ledger(l) => Some(("ledger".to_owned(), l.at().0, nooterra_engine::digest::blake3(&encode(l)))),
        Fact::Rejected(_) => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

/// The terms of the list that change nothing in any of these histories.
pub fn unread() -> BTreeSet<&'static str> {
    let Body::Struct(fields) = Pins::shape().body else { panic!("pins are a struct") };
    let (listed, real): (BTreeSet<&str>, BTreeSet<&str>) = (CHANGES.iter().map(|c| c.0).collect(), fields.iter().map(|f| f.name).collect());
    assert_eq!(listed, real, "every term has its change");
    let before: Vec<_> = STORIES.iter().map(|s| outline(&s(|_| {}))).collect();
    let is_read = |with: Change| STORIES.iter().zip(&before).any(|(s, b)| outline(&s(with)) != *b);
    CHANGES.iter().filter(|(_, with)| !is_read(*with)).map(|(name, _)| *name).collect()
}

/// The same for the terms of licences, in work that runs on one.
pub fn unread_of_licences() -> Vec<&'static str> {
    let Body::Struct(fields) = LicencePin::shape().body else { panic!("licences are a struct") };
    let (listed, real): (BTreeSet<&str>, BTreeSet<&str>) =
        (LICENCE_CHANGES.iter().map(|c| c.0).collect(), fields.iter().map(|f| f.name).collect());
    assert_eq!(listed, real, "every term of a licence has its change");
    let stories: [fn(Change) -> Rig; 2] = [skilled, skilled_in_part];
    let before: Vec<_> = stories.iter().map(|s| outline(&s(|_| {}))).collect();
    let is_read = |with: Change| stories.iter().zip(&before).any(|(s, b)| outline(&s(with)) != *b);
    let mut unread: Vec<_> = LICENCE_CHANGES.iter().filter(|(_, with)| !is_read(*with)).map(|(name, _)| *name).collect();
    unread.sort_unstable();
    unread
}

/// Those that may be.
pub const fn known_of_licences() -> &'static [&'static str] {
    LICENCE_UNREAD
}

/// Does this term change anything in a delivery in which all goes well?
pub fn is_read_plainly(term: &str) -> bool {
    let before = outline(&plain(|_| {}));
    CHANGES.iter().any(|(name, with)| *name == term && outline(&plain(*with)) != before)
}

/// The terms that may be unread.
pub fn known() -> BTreeSet<&'static str> {
    UNREAD.iter().copied().collect()
}
