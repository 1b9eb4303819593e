use super::coins::{dinar, three, yen};
use super::currencies::check_coins;
use super::floor::{row, with_niches};
use super::rig::{Rig, party, robot};
use crate::input::{NewJob, OwnerCommand, RequesterCommand, StaffCommand};
use crate::wish::Wish;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Choice, Custody};
use nooterra_jobs::terms::Window;
use nooterra_port::Report;
use proptest::prelude::*;

/// Something that happens to the row of robots.
#[derive(Debug, Clone)]
enum Mishap {
    Ask {
        from: u32,
        to: u32,
    },
    Patrol {
        a: u32,
        b: u32,
        c: u32,
    },
    /// Booked for later.
    Later {
        a: u32,
        b: u32,
        minutes: u64,
    },
    /// A battery is as full as this from now on.
    Drain {
        robot: usize,
        soc_bps: u32,
    },
    Cut {
        robot: usize,
        secs: u64,
    },
    Die {
        robot: usize,
    },
    GiveUp {
        robot: usize,
        step: u16,
    },
    Ignore {
        robot: usize,
    },
    Blind {
        on: bool,
    },
    Bump {
        robot: usize,
        measure: i64,
    },
    Cancel {
        nth: usize,
    },
    Move {
        nth: usize,
        owner: bool,
        secs: u64,
    },
    Answer {
        nth: usize,
        agree: bool,
    },
    Choose {
        nth: usize,
        wait: bool,
    },
    /// Does not put its load down; witnesses at transfer places see nothing; people find what they are to bring back.
    Keep {
        robot: usize,
    },
    Unseen {
        on: bool,
    },
    Crew {
        finds: bool,
    },
    Wait {
        secs: u64,
    },
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let r = 0..3usize;
    prop_oneof![
        4 => (0..8u32, 0..8u32).prop_map(|(from, to)| Mishap::Ask { from, to }),
        2 => (0..8u32, 0..8u32, 0..8u32).prop_map(|(a, b, c)| Mishap::Patrol { a, b, c }),
        3 => (0..8u32, 0..8u32, 2..50u64).prop_map(|(a, b, minutes)| Mishap::Later { a, b, minutes }),
        1 => (r.clone(), 1_200..9_900u32).prop_map(|(robot, soc_bps)| Mishap::Drain { robot, soc_bps }),
        2 => (r.clone(), 5..120u64).prop_map(|(robot, secs)| Mishap::Cut { robot, secs }),
        1 => r.clone().prop_map(|robot| Mishap::Die { robot }),
        1 => (r.clone(), 0..2u16).prop_map(|(robot, step)| Mishap::GiveUp { robot, step }),
        1 => r.clone().prop_map(|robot| Mishap::Ignore { robot }),
        1 => any::<bool>().prop_map(|on| Mishap::Blind { on }),
        1 => (r, 0..60_000i64).prop_map(|(robot, measure)| Mishap::Bump { robot, measure }),
        1 => (0..6usize).prop_map(|nth| Mishap::Cancel { nth }),
        2 => (0..6usize, any::<bool>(), 1..4_000u64).prop_map(|(nth, owner, secs)| Mishap::Move { nth, owner, secs }),
        1 => (0..6usize, any::<bool>()).prop_map(|(nth, agree)| Mishap::Answer { nth, agree }),
        1 => (0..6usize, any::<bool>()).prop_map(|(nth, wait)| Mishap::Choose { nth, wait }),
        1 => (0..3usize).prop_map(|robot| Mishap::Keep { robot }),
        1 => any::<bool>().prop_map(|on| Mishap::Unseen { on }),
        2 => any::<bool>().prop_map(|finds| Mishap::Crew { finds }),
        4 => (1..90u64).prop_map(|secs| Mishap::Wait { secs }),
    ]
}

/// People do what they were asked for.
fn crew(rig: &mut Rig, finds: bool) {
    for w in std::mem::take(&mut rig.crew) {
        match w {
            Wish::Recover(ask) => {
                let job = rig.c.state().robots[&ask.robot].robot.lease.map(|h| h.job);
                let _ = rig.send("staff", &StaffCommand::Recovered { robot: ask.robot, load_at: ask.load_to });
                if let (Some(job), Some(place), false) = (job, ask.load_to, rig.knobs.no_transfer_witness) {
                    let _ = rig.scan_transfer(job, ask.robot, place);
                }
            }
            Wish::Return(ask) => drop(rig.send("staff", &StaffCommand::LoadReturned { job: ask.job, found: finds })),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    /// Whatever happens, in whatever currency: every job ends settled or withdrawn, each book balances by itself and no entry
    /// is of two, no escrow is left, no oath is broken.
    #[test]
    fn every_job_ends_and_no_money_is_lost(niches in any::<bool>(), areas in any::<bool>(), script in prop::collection::vec(mishap(), 1..24)) {
        let names = ["a1", "a2", "b1"];
        let robots = &[("a1", "acme", 8), ("a2", "acme", 12), ("b1", "bolt", 15)];
        // On one of two floors loads can change robots.
        let floor = if niches { with_niches(8, &[3, 6]) } else { row(8) };
        // And a part of it may need a plan.
        let floor = if areas { super::floor::drawn_on(floor, &[(5, nooterra_site::AreaClass::Restricted)]) } else { floor };
        let mut rig = Rig::on(floor, three(robots), robots);
        let coin = |n: u32| [Currency::EUR, yen(), dinar()][n as usize % 3];
        rig.run(10);
        let id = |i: usize| -> RobotId { robot(names[i]) };
        let mut jobs: Vec<JobId> = Vec::new();
        for m in script {
            match m {
                Mishap::Ask { from, to } => { let j = NewJob { currency: coin(from + to), ..rig.delivery(from, to) }; jobs.push(rig.ask(j)); }
                Mishap::Patrol { a, b, c } => { let j = NewJob { currency: coin(a), ..rig.patrol(&[a, b, c]) }; jobs.push(rig.ask(j)); }
                Mishap::Later { a, b, minutes } => {
                    let start = rig.now + Span::from_mins(minutes);
                    let window = Window { start, end: start + Span::from_mins(20) };
                    let j = NewJob { currency: coin(b), window, ..rig.patrol(&[a, b]) };
                    jobs.push(rig.ask(j));
                }
                Mishap::Drain { robot, soc_bps } => rig.robots.get_mut(&id(robot)).unwrap().soc_bps = soc_bps,
                Mishap::Cut { robot, secs } => { let now = rig.now; rig.knobs.cut.insert(id(robot), (now, now + Span::from_secs(secs))); }
                Mishap::Die { robot } => { let now = rig.now; rig.knobs.dead.entry(id(robot)).or_insert(now); }
                Mishap::GiveUp { robot, step } => { rig.knobs.abort_before_step.insert(id(robot), step); }
                Mishap::Ignore { robot } => { rig.knobs.ignore_offers.insert(id(robot)); }
                Mishap::Blind { on } => rig.knobs.no_drop_witness = on,
                Mishap::Bump { robot, measure } => rig.report(id(robot), Report::Noticed { code: "COLLISION".into(), measure }),
                Mishap::Cancel { nth } => {
                    if let Some(job) = jobs.get(nth).copied() {
                        let open = rig.status(job).class() == nooterra_jobs::Class::Open;
                        let c = if open { RequesterCommand::Withdraw { job } } else { RequesterCommand::Cancel { job, safety: false } };
                        let _ = rig.send("rq", &c);
                    }
                }
                Mishap::Move { nth, owner, secs } => {
                    if let Some(job) = jobs.get(nth).copied() {
                        let start = rig.now + Span::from_secs(secs);
                        let window = Window { start, end: start + Span::from_mins(20) };
                        let with = rig.c.job_view(job).and_then(|v| v.owner);
                        let _ = match with.filter(|_| owner) {
                            Some(p) if p == party("acme") => rig.send("acme", &OwnerCommand::ProposeMove { job, window }),
                            Some(_) => rig.send("bolt", &OwnerCommand::ProposeMove { job, window }),
                            None => rig.send("rq", &RequesterCommand::ProposeMove { job, window }),
                        };
                    }
                }
                Mishap::Answer { nth, agree } => {
                    if let Some(job) = jobs.get(nth).copied() {
                        for who in ["acme", "bolt"] {
                            let _ = rig.send_at(who, job, &OwnerCommand::AnswerMove { job, agree });
                        }
                        let _ = rig.send_at("rq", job, &RequesterCommand::AnswerMove { job, agree });
                    }
                }
                Mishap::Choose { nth, wait } => {
                    if let Some(job) = jobs.get(nth).copied() {
                        let by = rig.now + Span::from_secs(300);
                        let (choice, arrive_by) = if wait { (Choice::Wait, Some(by)) } else { (Choice::Cancel, None) };
                        let _ = rig.send("rq", &RequesterCommand::ResolveNoShow { job, choice, arrive_by });
                    }
                }
                Mishap::Keep { robot } => { rig.knobs.keeps_load.insert(id(robot)); }
                Mishap::Unseen { on } => rig.knobs.no_transfer_witness = on,
                Mishap::Crew { finds } => crew(&mut rig, finds),
                Mishap::Wait { secs } => rig.run(secs),
            }
            rig.run(2);
        }
        // A booking may be moved by more than an hour.
        for _ in 0..150 {
            rig.run(60);
            if jobs.iter().all(|j| rig.status(*j).is_terminal()) { break; }
            if rig.c.jobs().any(|j| j.custody == Custody::Deposited) { crew(&mut rig, true); }
        }
        for j in &jobs {
            prop_assert!(rig.status(*j).is_terminal(), "{:?}: {:?}", rig.status(*j), rig.names(*j));
        }
        rig.run(200);
        rig.check_books();
        check_coins(&rig);
        let t = rig.c.tally();
        prop_assert_eq!(t.open, 0);
        let kept = |j: &&nooterra_jobs::Job| j.transfer.is_some() && j.custody != Custody::Deposited;
        prop_assert_eq!(rig.c.jobs().find(kept).map(|j| j.id), None, "no place is taken for nothing");
    }
}
