//! Teams: booked whole or not at all, one step in common, and nobody left alone with it.

use super::rig::{Rig, party, robot};
use crate::Event as Named;
use crate::fact::{Fact, TeamEvent};
use crate::input::{NewJob, NewTeam, OwnerCommand, RequesterCommand};
use crate::team::{Stage, TeamEnd};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Cause, Custody, Event, Fault, Outcome, WithdrawReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::{Action, Step, Template, Window};
use nooterra_port::Report;
use proptest::prelude::*;

/// One robot of each owner, at the ends of the row.
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

impl Rig {
    /// A part of a lift: these stops, the lift there, these stops.
    fn part(&self, before: &[u32], lift: u32, after: &[u32]) -> NewJob {
        let step = |place: &u32, action| Step { place: *place, action, dwell: Span::from_secs(1) };
        let visits = |v: &[u32]| v.iter().map(|p| step(p, Action::Visit)).collect::<Vec<_>>();
        let steps = [visits(before), vec![step(&lift, Action::Lift)], visits(after)].concat();
        NewJob { template: Template::Lift, steps, ..self.delivery(0, 1) }
    }

    fn pair(&self) -> NewTeam {
        NewTeam { members: vec![self.part(&[1], 3, &[]), self.part(&[], 4, &[6])], mass_g: 15_001 }
    }

    fn ask_team(&mut self, t: NewTeam) -> Vec<JobId> {
        let before: Vec<_> = self.c.state().teams.keys().copied().collect();
        self.send("rq", &RequesterCommand::CreateTeam(Box::new(t))).unwrap();
        let teams = &self.c.state().teams;
        assert_eq!(teams.len(), before.len() + 1);
        teams.iter().find(|(id, _)| !before.contains(id)).map(|(_, t)| t.members.clone()).unwrap()
    }

    fn stage(&self, job: JobId) -> Stage {
        let team = self.c.state().jobs[&job].request.team.unwrap();
        self.c.state().teams[&team].stage
    }

    fn team_events(&self) -> Vec<TeamEvent> {
        let of = |f: &Fact| match f.event().map(|r| &r.payload) {
            Some(Named::Team(e)) => Some(e.clone()),
            _ => None,
        };
        self.facts.iter().filter_map(of).collect()
    }

    fn at_of(&self, job: JobId, name: &str) -> Vec<Instant> {
        let stream = format!("job/{job}");
        let ours = self.facts.iter().filter_map(Fact::event).filter(|r| r.header.stream == stream && r.payload.name() == name);
        ours.map(|r| r.header.legal_ns).collect()
    }

    fn until_all(&mut self, jobs: &[JobId], secs: u64, holds: impl Fn(&Self, JobId) -> bool) {
        for _ in 0..secs * 2 {
            if jobs.iter().all(|j| holds(self, *j)) {
                return;
            }
            self.tick();
            self.nobody_alone();
        }
        let told: Vec<_> = jobs.iter().map(|j| (self.status(*j), self.names(*j))).collect();
        panic!("not within {secs} s: {told:#?} {:?}", self.refused);
    }

    fn settle(&mut self, jobs: &[JobId]) {
        self.until_all(jobs, 3_000, |r, j| r.status(j).is_terminal());
        self.run(120);
        self.check_books();
    }

    /// Booked whole or not at all; and once a team has ended, whoever was still bound is on the way out.
    fn nobody_alone(&self) {
        for t in self.c.state().teams.values() {
            for m in &t.members {
                let j = &self.c.state().jobs[m];
                let fine = match t.stage {
                    Stage::Asked => j.booked_at.is_none(),
                    Stage::Booked => j.booked_at.is_some() && j.status != Status::Aborted,
                    Stage::Lifted => j.has_lifted(),
                    Stage::Ended => {
                        j.has_lifted() || matches!(j.status.class(), Class::Ended | Class::Terminal) || j.status == Status::AbortingSafeExit
                    }
                };
                assert!(fine, "{:?}: {m} in {}: {:?}", t.stage, j.status.name(), self.names(*m));
            }
        }
    }
}

fn ready(robots: &[(&str, &str, u32)]) -> Rig {
    let mut rig = Rig::new(robots);
    rig.knobs.split = true;
    rig.run(10);
    rig
}

fn charge(rig: &Rig, job: JobId) -> (Outcome, u64) {
    let s = rig.c.state().jobs[&job].settled.clone().expect("settled").settlement;
    (s.outcome, s.charge.minor())
}

#[test]
fn two_robots_of_two_owners_lift_together_and_both_are_paid() {
    let mut rig = ready(TWO);
    let jobs = rig.ask_team(rig.pair());
    rig.settle(&jobs);
    assert_eq!(rig.stage(jobs[0]), Stage::Lifted);
    let booked: Vec<Instant> = jobs.iter().flat_map(|j| rig.at_of(*j, "JOB_BOOKED")).collect();
    assert!(booked.len() == 2 && booked[0] == booked[1], "{booked:?}");
    let released: Vec<Instant> = jobs.iter().flat_map(|j| rig.at_of(*j, "LIFT_RELEASED")).collect();
    assert!(released.len() == 2 && released[0] == released[1], "{released:?}");
    for j in &jobs {
        let job = &rig.c.state().jobs[j];
        assert_eq!(charge(&rig, *j), (Outcome::Full, job.pins.as_ref().unwrap().service.minor()));
        assert_eq!(job.custody, Custody::Delivered);
        assert_eq!(job.request.need.payload_g, 7_501, "half of it, rounded up");
        assert!(released[0] >= rig.at_of(*j, "LIFT_READY")[0]);
        assert!(rig.at_of(*j, "CUSTODY_CHANGED")[0] > released[0]);
    }
    let owners: Vec<_> = jobs.iter().map(|j| rig.c.state().jobs[j].pins.as_ref().unwrap().owner).collect();
    assert_eq!(owners, [party("acme"), party("bolt")]);
    assert!(matches!(rig.team_events()[..], [TeamEvent::TeamCreated { .. }, TeamEvent::TeamBooked {}, TeamEvent::TeamLifted {}]));
}

#[test]
fn a_team_goes_on_from_any_instant() {
    let mut rig = ready(TWO);
    rig.restart_every = Some(37);
    let jobs = rig.ask_team(rig.pair());
    rig.settle(&jobs);
    assert_eq!(rig.stage(jobs[0]), Stage::Lifted);
}

#[test]
fn what_is_not_a_team_is_refused() {
    let mut rig = ready(TWO);
    let one = |rig: &Rig| rig.part(&[], 3, &[]);
    let far = rig.part(&[], 7, &[]);
    let mut other = rig.part(&[], 4, &[]);
    other.window.end += Span::from_secs(1);
    let mut bare = rig.part(&[], 4, &[]);
    bare.item = None;
    let twice = NewJob { steps: [rig.part(&[], 4, &[]).steps, rig.part(&[], 5, &[]).steps].concat(), ..rig.part(&[], 4, &[]) };
    let cases: [(Vec<NewJob>, u32, &str); 9] = [
        (vec![one(&rig)], 1_000, "SCHEMA_INVALID"),
        (vec![one(&rig); 5], 1_000, "SCHEMA_INVALID"),
        (vec![one(&rig), rig.part(&[], 4, &[])], 0, "SCHEMA_INVALID"),
        (vec![one(&rig), rig.delivery(2, 4)], 1_000, "SCHEMA_INVALID"),
        (vec![one(&rig), other], 1_000, "SCHEMA_INVALID"),
        (vec![one(&rig), bare], 1_000, "SCHEMA_INVALID"),
        (vec![one(&rig), twice], 1_000, "SCHEMA_INVALID"),
        (vec![one(&rig), one(&rig)], 1_000, "AREA_FORBIDDEN"),
        (vec![one(&rig), far], 1_000, "AREA_FORBIDDEN"),
    ];
    for (members, mass_g, code) in cases {
        let t = NewTeam { members, mass_g };
        assert_eq!(rig.send("rq", &RequesterCommand::CreateTeam(Box::new(t.clone()))), Err(code.into()), "{t:?}");
    }
    assert!(rig.c.state().teams.is_empty() && rig.c.state().jobs.is_empty());
    let alone = one(&rig);
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(alone))), Err("SCHEMA_INVALID".into()));
}

#[test]
fn who_is_not_booked_withdraws_the_others_and_their_money_is_released() {
    for way in 0..3 {
        let mut rig = ready(TWO);
        let jobs = rig.ask_team(rig.pair());
        match way {
            0 => assert!(rig.knobs.declines.insert(jobs[1])),
            1 => assert!(rig.knobs.no_answer.insert(jobs[1])),
            _ => {
                rig.knobs.no_answer.insert(jobs[1]);
                rig.run(70);
                assert_eq!(rig.status(jobs[0]), Status::Awarded);
                rig.send("rq", &RequesterCommand::Withdraw { job: jobs[1] }).unwrap();
            }
        }
        rig.settle(&jobs);
        assert_eq!(rig.stage(jobs[0]), Stage::Ended);
        assert!(jobs.iter().all(|j| rig.status(*j) == Status::Withdrawn && rig.at_of(*j, "JOB_BOOKED").is_empty()));
        // Which of the two the bank hears of first follows from their ids: what is asked for is released either way.
        let authorised = rig.at_of(jobs[0], "PAYMENT_AUTHORISED").len();
        assert!(authorised == 1 || (way == 0 && authorised == 0), "{way}");
        assert_eq!(rig.at_of(jobs[0], "PAYMENT_VOIDED").len(), 1, "{way}: {:?}", rig.names(jobs[0]));
        let why = rig.job_events(jobs[0]).into_iter().find_map(|e| match e {
            Event::JobWithdrawn { reason } => Some(reason),
            _ => None,
        });
        assert_eq!(why, Some(WithdrawReason::Team));
        assert_eq!(rig.c.money(jobs[0]).map_or(0, |m| m.captured), 0);
    }
}

#[test]
fn what_the_requester_cancels_of_a_team_is_cancelled_of_all() {
    let mut rig = ready(TWO);
    let jobs = rig.ask_team(rig.pair());
    rig.until_all(&jobs, 200, |r, j| r.status(j) == Status::EnRoute || r.status(j) == Status::Arrived || r.status(j).is_at_work());
    rig.send("rq", &RequesterCommand::Cancel { job: jobs[0], safety: false }).unwrap();
    rig.nobody_alone();
    rig.settle(&jobs);
    for j in &jobs {
        assert_eq!(rig.c.state().jobs[j].fault, Fault::Requester);
        assert!(charge(&rig, *j).1 > 0, "each at its own bracket");
        assert_eq!(rig.at_of(*j, "JOB_CANCELLED").len(), 1);
    }
    assert!(matches!(rig.team_events().last(), Some(TeamEvent::TeamEnded { reason: TeamEnd::Broken, by }) if *by == Some(jobs[0])));
}

#[test]
fn an_owner_that_cancels_leaves_the_other_without_fault_and_the_requester_without_charge() {
    let mut rig = ready(TWO);
    let jobs = rig.ask_team(rig.pair());
    rig.until_all(&jobs, 200, |r, j| r.stage(j) == Stage::Booked);
    rig.send("acme", &OwnerCommand::Cancel { job: jobs[0] }).unwrap();
    rig.nobody_alone();
    rig.settle(&jobs);
    let (a, b) = (&rig.c.state().jobs[&jobs[0]], &rig.c.state().jobs[&jobs[1]]);
    assert_eq!((a.fault, b.fault, b.aborted), (Fault::Owner, Fault::None, Some(Cause::TeamBroken)));
    assert!(jobs.iter().all(|j| charge(&rig, *j).1 == 0));
    assert!(b.comp.minor() == 0 && a.comp.minor() > 0, "who cancels compensates");
}

#[test]
fn a_robot_that_dies_before_the_lift_ends_both_and_its_owner_alone_answers() {
    let mut rig = ready(TWO);
    let jobs = rig.ask_team(rig.pair());
    rig.until_all(&jobs[..1], 300, |r, j| r.status(j) == Status::EnRoute);
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    rig.settle(&jobs);
    let (a, b) = (&rig.c.state().jobs[&jobs[0]], &rig.c.state().jobs[&jobs[1]]);
    assert_eq!((a.fault, b.fault, b.aborted), (Fault::Owner, Fault::None, Some(Cause::TeamBroken)));
    assert!(b.breaches.iter().all(|x| x.fault != Fault::Owner), "{:?}", b.breaches);
    assert_eq!(rig.at_of(jobs[1], "SAFE_EXIT_CONFIRMED").len(), 1);
    assert!(rig.at_of(jobs[1], "LIFT_RELEASED").is_empty());
}

#[test]
fn a_robot_that_dies_after_it_was_ready_answers_as_soon_as_its_silence_is_long() {
    let mut rig = ready(TWO);
    let jobs = rig.ask_team(rig.pair());
    rig.until_all(&jobs[..1], 300, |r, j| !r.at_of(j, "LIFT_RELEASED").is_empty());
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    rig.settle(&jobs);
    let (a, b) = (&rig.c.state().jobs[&jobs[0]], &rig.c.state().jobs[&jobs[1]]);
    assert_eq!((a.fault, b.fault, b.aborted), (Fault::Owner, Fault::None, Some(Cause::TeamBroken)));
    assert_eq!(rig.at_of(jobs[1], "SAFE_EXIT_CONFIRMED").len(), 1);
}

#[test]
fn who_never_gets_ready_answers_and_who_waited_does_not() {
    let mut rig = ready(TWO);
    rig.knobs.never_ready.insert(robot("b1"));
    let jobs = rig.ask_team(rig.pair());
    rig.settle(&jobs);
    let (a, b) = (&rig.c.state().jobs[&jobs[0]], &rig.c.state().jobs[&jobs[1]]);
    assert_eq!((a.fault, a.aborted), (Fault::None, Some(Cause::TeamBroken)));
    assert_eq!((b.fault, b.aborted), (Fault::Owner, Some(Cause::LiftOverdue)));
    let wait = a.pins.as_ref().unwrap().timing.lift_wait;
    assert_eq!(rig.at_of(jobs[1], "LIFT_OVERDUE"), [rig.at_of(jobs[0], "LIFT_READY")[0] + wait]);
    assert!(matches!(rig.team_events().last(), Some(TeamEvent::TeamEnded { reason: TeamEnd::Overdue, by }) if *by == Some(jobs[1])));
}

#[test]
fn who_lets_go_answers_and_who_held_does_not() {
    let mut rig = ready(TWO);
    rig.knobs.lets_go.insert(robot("a1"));
    let jobs = rig.ask_team(rig.pair());
    rig.settle(&jobs);
    let (a, b) = (&rig.c.state().jobs[&jobs[0]], &rig.c.state().jobs[&jobs[1]]);
    assert_eq!((a.fault, a.aborted), (Fault::Owner, Some(Cause::LiftOverdue)));
    assert_eq!((b.fault, b.aborted), (Fault::None, Some(Cause::TeamBroken)));
    assert_eq!((rig.at_of(jobs[0], "LIFT_FAILED").len(), rig.at_of(jobs[1], "LIFT_FAILED").len()), (0, 1));
}

#[test]
fn one_owner_of_both_answers_for_both() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    rig.run(10);
    let jobs = rig.ask_team(rig.pair());
    rig.until_all(&jobs, 300, |r, j| r.status(j).is_at_work());
    let now = rig.now;
    rig.knobs.dead.insert(robot("a1"), now);
    rig.settle(&jobs);
    assert!(jobs.iter().all(|j| rig.c.state().jobs[j].fault == Fault::Owner));
}

#[test]
fn nobody_lifts_before_the_word_and_nobody_moves_the_window() {
    let mut rig = ready(TWO);
    rig.knobs.never_ready.insert(robot("b1"));
    let jobs = rig.ask_team(rig.pair());
    rig.until_all(&jobs[..1], 300, |r, j| !r.at_of(j, "LIFT_READY").is_empty());
    let start = rig.now + Span::from_secs(900);
    let window = Window { start, end: start + Span::from_mins(30) };
    assert_eq!(rig.send("rq", &RequesterCommand::ProposeMove { job: jobs[0], window }), Err("TRACK_FORBIDS".into()));
    rig.report(robot("a1"), Report::CheckpointReached { index: 1, step: "lift".into(), vertex: 3, work_bps_claimed: 5_000 });
    rig.report(robot("a1"), Report::LiftFailed { step: 1, measure_g: 1 });
    rig.report(robot("a1"), Report::LiftReady { step: 0 });
    rig.tick();
    let codes: Vec<&str> = rig.refused.iter().rev().take(3).map(|(_, why)| why.as_str()).collect();
    assert!(codes[2].contains("STATE_FORBIDS") && codes[1].contains("STATE_FORBIDS") && codes[0].contains("NOT_FOUND"), "{codes:?}");
    assert!(!rig.c.state().jobs[&jobs[0]].has_lifted());
}

/// Something that happens to a team.
#[derive(Debug, Clone)]
enum Mishap {
    Ask,
    Decline(usize),
    NoAnswer(usize),
    Withdraw(usize),
    Cancel(usize, bool),
    Die(usize),
    Cut(usize, u64),
    GiveUp(usize, u16),
    NeverReady(usize),
    LetGo(usize),
    Ignore(usize),
    Wait(u64),
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        4 => Just(Mishap::Ask),
        1 => (0..4usize).prop_map(Mishap::Decline),
        1 => (0..4usize).prop_map(Mishap::NoAnswer),
        1 => (0..4usize).prop_map(Mishap::Withdraw),
        2 => (0..4usize, any::<bool>()).prop_map(|(n, owner)| Mishap::Cancel(n, owner)),
        1 => (0..3usize).prop_map(Mishap::Die),
        1 => (0..3usize, 5..150u64).prop_map(|(r, s)| Mishap::Cut(r, s)),
        1 => (0..3usize, 0..2u16).prop_map(|(r, s)| Mishap::GiveUp(r, s)),
        1 => (0..3usize).prop_map(Mishap::NeverReady),
        1 => (0..3usize).prop_map(Mishap::LetGo),
        1 => (0..3usize).prop_map(Mishap::Ignore),
        6 => (5..90u64).prop_map(Mishap::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// Whatever happens to teams: nobody is booked, or left at work, alone; everybody's end comes within the deadlines; the
    /// books balance.
    #[test]
    fn no_member_is_left_alone(script in prop::collection::vec(mishap(), 4..20), split in any::<bool>()) {
        let names = ["a1", "a2", "b1"];
        let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 12), ("b1", "bolt", 15)]);
        rig.knobs.split = split;
        rig.run(10);
        let mut jobs: Vec<JobId> = Vec::new();
        for m in std::iter::once(Mishap::Ask).chain(script) {
            let now = rig.now;
            match m {
                Mishap::Ask if jobs.len() < 4 => jobs.extend(rig.ask_team(rig.pair())),
                Mishap::Ask => {}
                Mishap::Decline(n) => { rig.knobs.declines.extend(jobs.get(n)); }
                Mishap::NoAnswer(n) => { rig.knobs.no_answer.extend(jobs.get(n)); }
                Mishap::Withdraw(n) => if let Some(job) = jobs.get(n).copied() {
                    let _ = rig.send("rq", &RequesterCommand::Withdraw { job });
                },
                Mishap::Cancel(n, owner) => if let Some(job) = jobs.get(n).copied() {
                    if owner {
                        let _ = rig.send("acme", &OwnerCommand::Cancel { job });
                    } else {
                        let _ = rig.send("rq", &RequesterCommand::Cancel { job, safety: false });
                    }
                },
                Mishap::Die(r) => { rig.knobs.dead.entry(robot(names[r])).or_insert(now); }
                Mishap::Cut(r, secs) => { rig.knobs.cut.insert(robot(names[r]), (now, now + Span::from_secs(secs))); }
                Mishap::GiveUp(r, step) => { rig.knobs.abort_before_step.insert(robot(names[r]), step); }
                Mishap::NeverReady(r) => { rig.knobs.never_ready.insert(robot(names[r])); }
                Mishap::LetGo(r) => { rig.knobs.lets_go.insert(robot(names[r])); }
                Mishap::Ignore(r) => { rig.knobs.ignore_offers.insert(robot(names[r])); }
                Mishap::Wait(secs) => for _ in 0..secs * 2 {
                    rig.tick();
                    rig.nobody_alone();
                },
            }
            rig.nobody_alone();
        }
        for _ in 0..9_000 {
            if jobs.iter().all(|j| rig.status(*j).is_terminal()) { break; }
            rig.tick();
            rig.nobody_alone();
        }
        for j in &jobs {
            prop_assert!(rig.status(*j).is_terminal(), "{:?}: {:?}", rig.status(*j), rig.names(*j));
        }
        rig.run(120);
        rig.check_books();
        // Of a team that ended before its lift, whoever is not to blame is not charged with it.
        for t in rig.c.state().teams.values().filter(|t| t.stage == Stage::Ended) {
            let all: Vec<_> = t.members.iter().map(|m| &rig.c.state().jobs[m]).filter(|j| j.booked_at.is_some()).collect();
            prop_assert!(all.is_empty() || all.len() == t.members.len());
            let blamed = all.iter().filter(|j| j.fault == Fault::Owner).count();
            let innocent = all.iter().filter(|j| j.aborted == Some(Cause::TeamBroken) && j.fault == Fault::Owner);
            for j in innocent {
                let owner = j.legs.last().map_or(j.pins.as_ref().unwrap().owner, |l| l.offer.owner);
                let mine = all.iter().filter(|o| o.pins.as_ref().is_some_and(|p| p.owner == owner)).count();
                prop_assert!(mine > 1 && blamed > 1, "only a partner of the same owner shares the fault");
            }
        }
    }
}

#[test]
fn who_gives_up_after_the_word_is_not_replaced() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 12), ("b1", "bolt", 15)]);
    rig.run(10);
    let jobs = rig.ask_team(rig.pair());
    rig.run(27);
    rig.knobs.abort_before_step.extend([(robot("a1"), 0), (robot("a2"), 0)]);
    for _ in 0..9_000 {
        rig.tick();
        rig.nobody_alone();
    }
    for j in &jobs {
        assert_eq!(rig.status(*j), Status::Settled, "{:?}", rig.names(*j));
        assert!(!rig.names(*j).contains(&"HANDOVER_OPENED"), "{:?}", rig.names(*j));
    }
    assert!(jobs.iter().any(|j| rig.names(*j).contains(&"EXECUTION_ABORTED")), "one gave up by itself");
    assert!(jobs.iter().all(|j| rig.names(*j).contains(&"LIFT_RELEASED") && rig.names(*j).contains(&"TEAM_BROKEN")));
    rig.check_books();
}
