//! Judges against planted bugs: each bug is found by the judge of the invariant that it breaks, and by no other; without
//! it the same history is sound. `cargo test -p nooterra-oracle --features planted`.

mod again;
mod altered;
mod histories;
mod plans;
mod terms;

use histories::{money, trouble, work};
use nooterra_control::Fact;
use nooterra_control::puppets::rig::Rig;
use nooterra_engine::planted::Planted;
use nooterra_jobs::status::Status;
use nooterra_oracle::{JobEnd, Limits, Oracle, Sample, Trail};
use std::collections::BTreeMap;

/// What the judges of the trail say of a history, by the invariant's number; oaths of the program itself apart.
struct Said {
    found: BTreeMap<u8, Vec<String>>,
    oaths: BTreeMap<u8, String>,
}

fn judge(rig: &Rig) -> Said {
    judge_as(rig, &rig.facts)
}

/// The same inputs and state with facts that somebody may have altered, as many as there were.
fn judge_as(rig: &Rig, facts: &[Fact]) -> Said {
    let mut t = Trail::new(&rig.c.state().genesis);
    let mut inputs = rig.inputs.iter().peekable();
    for (k, f) in facts.iter().enumerate() {
        while let Some((_, at, e)) = inputs.next_if(|(before, _, _)| *before <= k) {
            t.input(*at, 0, e);
        }
        t.fact(rig.now, 0, f);
    }
    for (_, at, e) in inputs {
        t.input(*at, 0, e);
    }
    t.state(rig.now, 0, rig.c.state());
    t.end(rig.now, 0, rig.c.state());
    let mut o = Oracle::new(Limits::default(), &[], vec![]);
    o.trail(t);
    let end = |j: &nooterra_jobs::Job| JobEnd {
        id: j.id.to_string(),
        state: j.status.name().to_owned(),
        terminal: matches!(j.status, Status::Settled | Status::Withdrawn),
        since: j.history.last().map_or(rig.now, |m| m.at),
    };
    let jobs: Vec<JobEnd> = rig.c.jobs().map(end).collect();
    let verdict = o.finish(rig.now, 0, &Sample::default(), &jobs);
    let mut found: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for f in &verdict.findings {
        found.entry(f.invariant.unwrap_or(0)).or_default().push(f.to_string());
    }
    let number = |oath: &str| oath.split(' ').next().and_then(|w| w.strip_prefix('I')).and_then(|n| n.parse().ok()).unwrap_or(0);
    let oaths = rig.oaths.iter().flatten().map(|(oath, story)| (number(oath), format!("{oath}: {story}"))).collect();
    Said { found, oaths }
}

#[test]
fn sound_histories_are_found_sound() {
    let _turn = Planted::nothing();
    let mut wrong = Vec::new();
    for (name, history) in histories::ALL {
        let rig = history();
        let said = judge(&rig);
        println!("{name}: {} facts", rig.facts.len());
        for (n, stories) in &said.found {
            wrong.push(format!("{name}: I{n} {} times, first {}", stories.len(), stories[0]));
        }
        wrong.extend(said.oaths.values().map(|o| format!("{name}: oath {o}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A planted bug: the invariant that it breaks, others that cannot but break with it, and where it shows.
struct Bug {
    name: &'static str,
    number: u8,
    with: &'static [u8],
    history: fn() -> Rig,
}

const fn bug(name: &'static str, number: u8, with: &'static [u8], history: fn() -> Rig) -> Bug {
    Bug { name, number, with, history }
}

/// A total wrong by a unit is wrong in the entry, in the sum of the settlement, and against the terms: where one rule is
/// recomputed by several judges, all of them speak.
const BUGS: &[Bug] = &[
    bug("I1 a job changes without an event", 1, &[], work::delivery),
    bug("I3 leave a terminal state", 3, &[], work::delivery),
    bug("I4 forget the timers of work", 4, &[5], work::given_up),
    bug("I5 a hold never ends", 5, &[4], work::unseen),
    bug("I6 write before the guards", 6, &[], trouble::stale_fence),
    bug("I7 skip the signature", 7, &[], trouble::forged),
    bug("I7 a robot signs for finance", 7, &[], work::delivery),
    bug("I7 hear a revoked key", 7, &[], trouble::key_revoked),
    bug("I7 decide without having read", 7, &[], money::unread),
    bug("I8 device time counts", 8, &[], work::cut_off),
    bug("I9 money of a withdrawn job", 9, &[22], work::withdrawn),
    bug("I10 accept a stale fence", 10, &[], trouble::stale_fence),
    bug("I12 charge while a lease is held", 12, &[], work::hungry_at_work),
    bug("I14 work goes on after access is taken back", 14, &[], work::revoked),
    bug("I18 evidence of other bytes", 18, &[], money::claim),
    bug("I18 believe chunks that no anchor has", 18, &[], trouble::altered_box),
    bug("I20 an entry that does not balance", 20, &[21, 22, 23], work::delivery),
    bug("I21 a balance forgets a posting", 21, &[20], work::delivery),
    bug("I22 forget an entry", 22, &[], work::delivery),
    bug("I23 leave a unit in escrow", 23, &[22], work::delivery),
    bug("I24 charge more than the parts", 24, &[31], work::delivery),
    bug("I25 give captured money back twice", 25, &[], money::charged_twice),
    bug("I26 forget the cap of credits", 26, &[], work::given_up),
    bug("I27 owe a party that nobody knows", 27, &[22], work::delivery),
    bug("I27 a statement lists an entry twice", 27, &[], work::delivery),
    bug("I27 leave an entry off a statement", 27, &[], money::month),
    bug("I22 hand money over in another currency", 22, &[], money::two_coins),
    bug("I28 forget the books of a currency", 28, &[], money::two_coins),
    bug("I28 say less than was locked", 28, &[], money::month),
    bug("I29 a lost chargeback keeps its security", 29, &[22], money::chargebacks),
    bug("I30 pay out what is not mature", 30, &[], work::delivery),
    bug("I31 settle by other terms than the pinned", 31, &[22], work::delivery),
    bug("I32 award the dearest", 32, &[], work::delivery),
    bug("I32 leave out a pair of the batch", 32, &[5], work::delivery),
    bug("I32 offer help to the last in line", 32, &[], work::helped),
    bug("I32 let the busiest stand by", 32, &[], work::covered),
    bug("I33 settle with the gate open", 33, &[], work::unseen),
    bug("I35 never ask for a payout", 35, &[], work::long),
    bug("I35 help is never given up", 35, &[4, 5], work::stuck),
    bug("I36 anybody may intervene", 36, &[], work::helped),
    bug("I36 believe that more was applied", 36, &[], work::overdone),
    bug("I36 help outside of the shift", 36, &[], work::limited),
    bug("I37 meter a checkpoint twice", 37, &[], work::skill),
    bug("I38 match a robot that is stopped", 38, &[], trouble::stopped_for_good),
    bug("I38 match a robot in quarantine", 38, &[], trouble::collision_of_one),
    // The domain's list has no number for it.
    bug("show witnesses another root", 0, &[], trouble::watched),
    bug("keep an outage to itself", 0, &[], trouble::site_out),
    bug("book another bundle than the one quoted", 0, &[], work::quoted_skill),
    bug("take a robot's word for a load put down", 0, &[], work::load_unseen),
];

#[test]
fn every_planted_bug_is_found_by_its_judge() {
    let mut wrong = Vec::new();
    for b in BUGS {
        let turn = Planted::on(b.name);
        let rig = (b.history)();
        let (met, mut said) = (turn.was_met(), judge(&rig));
        drop(turn);
        // What the program itself swears is a judge too; oaths without a number are not of the list.
        for (n, oath) in said.oaths.iter().filter(|(n, _)| **n > 0) {
            said.found.entry(*n).or_default().push(oath.clone());
        }
        let numbers: Vec<u8> = said.found.keys().copied().collect();
        println!("{}: {numbers:?}, oaths {:?}", b.name, said.oaths.keys().collect::<Vec<_>>());
        let strangers: Vec<&String> =
            said.found.iter().filter(|(n, _)| **n != b.number && !b.with.contains(n)).map(|(_, s)| &s[0]).collect();
        if !met {
            wrong.push(format!("{}: the bug's place was never reached", b.name));
        } else if !said.found.contains_key(&b.number) {
            let histories: Vec<_> = rig.c.jobs().map(|j| rig.names(j.id)).collect();
            wrong.push(format!("{}: not found, but {strangers:?}; {histories:?}", b.name));
        } else if !strangers.is_empty() {
            wrong.push(format!("{}: found, and also {strangers:?}", b.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An invariant, a bug, and a history told twice: where the two part, if they do.
type Again = (u8, &'static str, fn() -> Option<String>);

/// What must not matter, and a bug for which it does.
const AGAIN: &[Again] = &[
    (2, "I2 forget a timer in a restart", again::restarted),
    (6, "I6 write before the guards", again::refused),
    (8, "I8 device time counts", again::ahead),
    (39, "I39 hear another tenant", again::foreign),
    (42, "I42 take what comes twice", again::twice),
];

#[test]
fn what_must_not_matter_does_not() {
    let mut wrong = Vec::new();
    for (number, bug, history) in AGAIN {
        let turn = Planted::nothing();
        if let Some(parted) = history() {
            wrong.push(format!("I{number}, sound: {parted}"));
        }
        drop(turn);
        let turn = Planted::on(bug);
        let found = history();
        println!("I{number} {bug}: {found:?}");
        if found.is_none() || !turn.was_met() {
            wrong.push(format!("{bug}: not found (met: {})", turn.was_met()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_term_of_a_licence_is_read() {
    let turn = Planted::nothing();
    assert_eq!(terms::unread_of_licences(), terms::known_of_licences(), "terms that change nothing, and those of which it is known");
    drop(turn);
}

#[test]
fn every_term_of_an_access_plan_is_read() {
    let turn = Planted::nothing();
    assert_eq!(plans::ends(), [Status::Settled; 4], "work that comes to its end");
    assert_eq!(plans::unread(), [].into(), "terms that change nothing");
    drop(turn);
    let turn = Planted::on("I43 forget the credential of a plan");
    assert!(plans::unread().contains("credential_ref") && turn.was_met());
}

#[test]
fn every_pinned_term_is_read() {
    let turn = Planted::nothing();
    assert_eq!(terms::unread(), terms::known(), "terms that change nothing, and those of which it is known");
    assert!(terms::is_read_plainly("weights"));
    drop(turn);
    let turn = Planted::on("I43 forget the split of a booking");
    assert!(!terms::is_read_plainly("weights") && turn.was_met());
}
