//! Every command and report about a job in every state of the job: what is taken, and why the rest is refused. The table
//! stands in `commands.txt` beside this file; a change of it is a change of what the platform does.

mod said;
mod situations;

use super::rig::{Rig, party, robot};
use crate::input::{BODIES, Body, CaseCommand, CounterOffer, Input, OwnerCommand, PaymentReport, RequesterCommand, StaffCommand};
use crate::state::State;
use crate::stops::{StopOrder, StopWhat};
use crate::wish::{Terms, Wish};
use crate::{Control, HelpOutcome, HelpWord, OperatorCommand, Policy};
use nooterra_engine::Digest;
use nooterra_engine::encode;
use nooterra_engine::ids::{
    AccessPlanId, ApprovalId, AssistId, DisputeId, IncidentId, ItemId, JobId, LeaseId, OrderId, PaymentId, QuoteId, RobotId,
};
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::marks;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::record::Body as Form;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Event as JobEvent;
use nooterra_jobs::event::{Choice, Fault, IncidentCode, RevokeReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_port::Action as Help;
use nooterra_port::clamps::Tight;
use nooterra_port::facility::{FloorStop, TakenBack, WitnessClass};
use nooterra_port::report::{AbortReason, PoseMm, StallReason};
use nooterra_port::{FacilityOrder, FacilityReport, Report, Wanted};
use nooterra_trust::claim::Head;
use nooterra_trust::dispute::{Funding, Ground, Verdict as Decision};
use nooterra_trust::incident::{Outcome, Stream};
use nooterra_trust::{Envelope, Verdict};
use said::{ALWAYS, ELSEWHERE, SAID};
use situations::{BESIDE, in_state};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const TABLE: &str = include_str!("commands.txt");

fn amount(minor: u64) -> Amount {
    Amount::new(minor).unwrap()
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

fn plan(rig: &Rig, job: JobId) -> AccessPlanId {
    rig.c.state().jobs[&job].access.plan.as_ref().map_or(site_plan(job), |p| p.plan)
}

/// What its robot or an operator has asked its requester for, newest first.
fn approval(rig: &Rig, job: JobId) -> (ApprovalId, Digest) {
    let last = rig.c.state().jobs[&job].approvals.last();
    last.map_or((ApprovalId::named("none"), Digest::ZERO), |a| (a.ask.approval, a.ask.action_hash))
}

fn incident(rig: &Rig, job: JobId) -> IncidentId {
    rig.c.state().jobs[&job].incidents.last().map_or_else(|| IncidentId::named("none"), |i| i.incident)
}

fn dispute(rig: &Rig, job: JobId) -> DisputeId {
    let last = rig.c.state().cases.get(&job).and_then(|c| c.disputes.disputes.keys().last().copied());
    last.unwrap_or_else(|| DisputeId::named("none"))
}

/// The last one that an operator was asked about.
fn assist(rig: &Rig, _: JobId) -> AssistId {
    let of = |(_, w): &(_, HelpWord)| if let HelpWord::Offer(x) = w { Some(x.assist) } else { None };
    rig.help.iter().rev().find_map(of).unwrap_or_else(|| AssistId::named("none"))
}

/// What an operator sees.
fn screen(rig: &Rig) -> Digest {
    rig.help.iter().rev().find_map(|(_, w)| if let HelpWord::Screen(v) = w { Some(v.hash()) } else { None }).unwrap_or(Digest::ZERO)
}

fn stop(what: StopWhat) -> StopOrder {
    StopOrder { what, power_off: false, exit: false, reason: "test".into() }
}

fn tight(speed_mm_s: u32) -> Tight {
    Tight { speed_mm_s: Some(speed_mm_s), accel_mm_s2: None, until: None }
}

/// The requester asks for less.
fn counter_by_requester(rig: &Rig, job: JobId) -> RequesterCommand {
    let (quote, prev, arrive) = (quote(rig, job), shown(rig, job), rig.now + Span::from_secs(90));
    let expires = rig.now + Span::from_secs(60);
    RequesterCommand::Counter(CounterOffer { job, quote, prev, service: amount(3_000), arrive, expires })
}

/// What the platform answers to this, in a copy of it.
fn answer(rig: &Rig, frozen: &[u8], e: Envelope) -> String {
    let mut c = Control::thaw(frozen, rig.site.clone()).unwrap();
    let mut out = Out::default();
    let _ = marks::take();
    c.advance(rig.now, &mut out);
    let (before, said) = (c.state().clone(), e.type_name.clone());
    c.step(rig.now, Input::new(e), &mut out);
    let broken = marks::take().broken;
    assert!(broken.is_empty(), "{broken:?}");
    let verdict = out.wishes.iter().find_map(|w| if let Wish::Receipt { receipt, .. } = w { Some(receipt.verdict.clone()) } else { None });
    match verdict.expect("an answer") {
        Verdict::Accepted => "accepted".into(),
        Verdict::Refused(r) => {
            assert!(nothing_but_heard(&before, c.state()), "{said}, refused with {}, has changed something", r.code);
            r.code.to_string()
        }
    }
}

/// Has nothing changed but that something was heard: the sender's chain and volume, the place in the log, the digest of inputs?
fn nothing_but_heard(before: &State, after: &State) -> bool {
    let mut s = after.clone();
    (s.chains, s.volume, s.log_seq) = (before.chains.clone(), before.volume.clone(), before.log_seq);
    s.rooms.trust = before.rooms.trust;
    encode(&s) == encode(before)
}

/// The state as it is, but that the site is its requester's own.
fn at_home(rig: &Rig) -> Vec<u8> {
    let mut s: State = nooterra_engine::decode(&encode(rig.c.state())).unwrap();
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
        // Each is taken in some state and refused in others, but for what nothing forbids; none is refused for its form or its
        // place in the sender's chain.
        let form = ["SEQ_GAP", "SEQ_REPLAY", "SCHEMA_INVALID", "SIGNATURE_INVALID", "ROLE_FORBIDDEN", "TYPE_UNKNOWN", "HEAD_STALE"];
        let refused = row.keys().any(|k| k != "accepted");
        if !row.contains_key("accepted") || refused == ALWAYS.contains(name) || form.iter().any(|f| row.contains_key(*f)) {
            odd.push(*name);
        }
    }
    assert!(odd.is_empty(), "{odd:?}:\n{table}");
    assert!(table == TABLE, "another table than that of commands.txt:\n{table}");
}

/// The variant of a body, by its name.
fn variant(e: &Envelope) -> String {
    let kind = BODIES.iter().find(|b| b.name == e.type_name).expect("a body that the platform hears");
    let Form::OneOf(variants) = (kind.shape)().body else { panic!("{} is no choice", kind.name) };
    // Exactly one field: its key says which.
    let tag = nooterra_engine::record::Reader::new(&e.body).peek_tag().expect("a key");
    variants.iter().find(|v| v.tag == tag).expect("a variant").name.to_owned()
}

/// Whoever adds a word that is about a job adds its rows; whoever adds another one says so.
#[test]
fn every_word_has_its_rows_or_is_said_of_something_else() {
    let (rig, job) = in_state(Status::Executing);
    let mut rows: BTreeSet<(String, String)> = BTreeSet::new();
    for (row, make) in SAID {
        let e = make(&rig, job);
        let name = variant(&e);
        assert!(row.split(' ').nth(1) == Some(&name), "{row} says {name}");
        rows.insert((e.type_name, name));
    }
    let elsewhere: BTreeSet<(String, String)> =
        ELSEWHERE.iter().flat_map(|(t, names)| names.iter().map(|n| ((*t).to_owned(), (*n).to_owned()))).collect();
    let both: Vec<_> = rows.intersection(&elsewhere).collect();
    assert!(both.is_empty(), "rows of the table, and said of something else: {both:?}");
    let of = |b: &crate::input::BodyType| {
        let Form::OneOf(variants) = (b.shape)().body else { panic!("{} is no choice", b.name) };
        variants.into_iter().map(|v| (b.name.to_owned(), v.name.to_owned())).collect::<Vec<_>>()
    };
    let every: BTreeSet<(String, String)> = BODIES.iter().flat_map(of).collect();
    let known: BTreeSet<(String, String)> = rows.union(&elsewhere).cloned().collect();
    let missing: Vec<_> = every.difference(&known).collect();
    assert!(missing.is_empty(), "without rows in commands.txt: {missing:?}");
    let gone: Vec<_> = known.difference(&every).collect();
    assert!(gone.is_empty(), "nobody says that any more: {gone:?}");
}
