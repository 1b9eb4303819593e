#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)] // test code

use super::*;
use nooterra_engine::record::{decode, encode};
use proptest::prelude::*;

fn robot(i: u8) -> RobotId {
    RobotId::from_bytes([i; 16])
}
fn dock(i: u8) -> DockId {
    DockId::from_bytes([i; 16])
}
fn at(from: u64, to: u64) -> Interval {
    Interval { from: Instant(from), to: Instant(to) }
}

/// The same book without order, search or maps.
#[derive(Default)]
struct Naive {
    fences: Vec<(RobotId, u64)>,
    robots: Vec<(RobotId, Hold, Interval)>,
    docks: Vec<(DockId, RobotId, Interval)>,
}

impl Naive {
    fn fence(&mut self, robot: RobotId) -> &mut u64 {
        let i = self.fences.iter().position(|f| f.0 == robot).unwrap_or_else(|| {
            self.fences.push((robot, 0));
            self.fences.len() - 1
        });
        &mut self.fences[i].1
    }
    fn meets(a: Interval, b: Interval) -> bool {
        (a.from.0..a.to.0).any(|t| (b.from.0..b.to.0).contains(&t))
    }
    fn apply(&mut self, c: &Command) -> Result<(), Rejection> {
        match *c {
            Command::Hold { robot, hold, at } => {
                if at.from >= at.to {
                    return Err(Rejection::Empty);
                }
                if self.robots.iter().any(|r| r.0 == robot && Self::meets(r.2, at)) {
                    return Err(Rejection::Overlap);
                }
                self.robots.push((robot, hold, at));
                *self.fence(robot) += u64::from(matches!(hold, Hold::Lease(_)));
            }
            Command::End { robot, hold } => {
                let before = self.robots.len();
                self.robots.retain(|r| (r.0, r.1) != (robot, hold));
                if self.robots.len() == before {
                    return Err(Rejection::NotFound);
                }
                *self.fence(robot) += u64::from(matches!(hold, Hold::Lease(_)));
            }
            Command::Dock { dock, robot, fence, at } => {
                if fence != *self.fence(robot) {
                    return Err(Rejection::FenceStale);
                }
                if at.from >= at.to {
                    return Err(Rejection::Empty);
                }
                if self.docks.iter().any(|d| d.0 == dock && Self::meets(d.2, at)) {
                    return Err(Rejection::DockBusy);
                }
                self.docks.push((dock, robot, at));
            }
            Command::Undock { dock, robot, fence, at } => {
                if fence != *self.fence(robot) {
                    return Err(Rejection::FenceStale);
                }
                let i = self.docks.iter().position(|d| *d == (dock, robot, at)).ok_or(Rejection::NotFound)?;
                self.docks.remove(i);
            }
        }
        Ok(())
    }
}

fn commands() -> impl Strategy<Value = Vec<(Command, u8)>> {
    let span = (0u64..40, 0u64..8).prop_map(|(from, len)| at(from, from + len));
    let hold = prop_oneof![
        (0u8..12).prop_map(|i| Hold::Lease(LeaseId::from_bytes([i; 16]))),
        (0u8..6).prop_map(|i| Hold::Task(TaskId::from_bytes([i; 16])))
    ];
    // The fence is filled in when the command runs: the robot's own, less this.
    let one = (0u8..6, 0u8..3, 0u8..2, hold, span, 0u8..5).prop_map(|(kind, r, d, hold, at, back)| {
        let (robot, dock) = (robot(r), dock(d));
        let c = match kind {
            0..3 => Command::Hold { robot, hold, at },
            3 => Command::End { robot, hold },
            4 => Command::Dock { dock, robot, fence: 0, at },
            _ => Command::Undock { dock, robot, fence: 0, at },
        };
        (c, back)
    });
    prop::collection::vec(one, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn the_book_answers_as_a_naive_one(list in commands()) {
        let (mut book, mut naive) = (Leases::default(), Naive::default());
        for (mut c, back) in list {
            if let Command::Dock { robot, fence, dock, at } | Command::Undock { robot, fence, dock, at } = &mut c {
                // 3: one ahead, which was never given; 4: one that is held is undocked.
                *fence = match back { 3 => book.fence(*robot) + 1, 1 | 2 => book.fence(*robot).saturating_sub(u64::from(back)), _ => book.fence(*robot) };
                if back == 4 && let Some((r, i)) = book.docked(*dock).first() {
                    (*robot, *at, *fence) = (*r, *i, book.fence(*r));
                }
            }
            let before = book.clone();
            let decided = decide(&book, &c);
            prop_assert_eq!(decided.map(|_| ()), naive.apply(&c), "{:?}", c);
            match decided {
                Ok(f) => evolve(&mut book, &f),
                Err(_) => prop_assert_eq!(&book, &before),
            }
            for i in 0..3 {
                prop_assert_eq!(book.fence(robot(i)), *naive.fence(robot(i)));
                let mut want: Vec<_> = naive.robots.iter().filter(|r| r.0 == robot(i)).map(|r| r.2).collect();
                want.sort_by_key(|i| i.from);
                prop_assert_eq!(book.taken(robot(i)), want);
                let mut want: Vec<_> = naive.docks.iter().filter(|d| d.0 == dock(i)).map(|d| (d.1, d.2)).collect();
                want.sort_by_key(|d| d.1.from);
                prop_assert_eq!(book.docked(dock(i)), want);
            }
        }
        prop_assert_eq!(decode::<Leases>(&encode(&book)), Ok(book));
    }
}

#[test]
fn intervals_may_touch_but_not_meet_and_an_old_fence_opens_nothing() {
    let mut book = Leases::default();
    let lease = |i: u8| Hold::Lease(LeaseId::from_bytes([i; 16]));
    let run = |book: &mut Leases, c: Command| {
        let f = decide(book, &c)?;
        evolve(book, &f);
        Ok::<Fact, Rejection>(f)
    };
    let hold = |i, at| Command::Hold { robot: robot(1), hold: lease(i), at };
    assert!(matches!(run(&mut book, hold(1, at(10, 20))), Ok(Fact::Held { fence: 1, .. })));
    assert_eq!(run(&mut book, hold(2, at(19, 30))), Err(Rejection::Overlap));
    assert!(matches!(run(&mut book, hold(2, at(20, 30))), Ok(Fact::Held { fence: 2, .. })));
    assert_eq!(run(&mut book, hold(3, at(5, 11))), Err(Rejection::Overlap));
    assert_eq!(run(&mut book, hold(3, at(5, 5))), Err(Rejection::Empty));
    assert_eq!(book.check_fence(robot(1), 1), Err(Rejection::FenceStale));
    assert_eq!(book.check_fence(robot(1), 2), Ok(()));
    assert!(matches!(run(&mut book, Command::End { robot: robot(1), hold: lease(1) }), Ok(Fact::Ended { fence: 3, .. })));
    let want = |r, fence, at| Command::Dock { dock: dock(1), robot: robot(r), fence, at };
    assert_eq!(run(&mut book, want(1, 2, at(0, 9))), Err(Rejection::FenceStale));
    assert!(run(&mut book, want(1, 3, at(0, 9))).is_ok());
    assert_eq!(run(&mut book, want(2, 0, at(8, 12))), Err(Rejection::DockBusy));
    assert!(run(&mut book, want(2, 0, at(9, 12))).is_ok());
    book.forget(Instant(9));
    assert_eq!(book.docked(dock(1)), [(robot(2), at(9, 12))]);
    assert_eq!(book.taken(robot(1)), [at(20, 30)]);
}

#[test]
fn the_robot_is_out_of_authority_before_the_platform_gives_the_job_away() {
    let sent = Instant::from_secs(1_000);
    for ttl in [TTL_RESERVED, TTL_MOVING] {
        // The robot's clock runs slow by as much as is allowed; its heartbeat took no time at all.
        let by_true_time = sent.saturating_add(Span(robot_end(sent, ttl).since(sent).0 * 10_001 / 10_000));
        assert!(by_true_time < platform_end(sent, ttl));
    }
    assert_eq!(platform_end(Instant::ZERO, TTL_MOVING), Instant(65_012_000_000));
}
