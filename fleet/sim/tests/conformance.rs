//! The simulated link is held to the driver contract, over a network that behaves and over one that does not; and the
//! suite finds drivers that break it.
#![allow(clippy::unwrap_used, reason = "test code")]

use nooterra_engine::bus::{Bus, Letter};
use nooterra_engine::ids::RobotId;
use nooterra_engine::net::Profile;
use nooterra_engine::{Instant, Span};
use nooterra_port::conformance::{Promise, Rig, check};
use nooterra_port::{Driver, DriverError, LinkState};
use nooterra_sim::{ROBOTS, SimLink};

const PLATFORM: u32 = 0;

fn robots() -> Vec<RobotId> {
    (0..4).map(|i| RobotId::named(&format!("robot {i}"))).collect()
}

/// How a driver may be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    MixesUp,
    Alters,
    Repeats,
    Reorders,
    Invents,
    TakesStrangers,
}

struct Flawed {
    inner: SimLink,
    flaw: Flaw,
    held: Vec<(RobotId, Vec<u8>)>,
}

impl Driver for Flawed {
    fn robots(&self) -> &[RobotId] {
        self.inner.robots()
    }
    fn send(&mut self, now: Instant, robot: RobotId, mut words: Vec<u8>) -> Result<(), DriverError> {
        let other = self.robots()[0];
        match self.flaw {
            Flaw::MixesUp => self.inner.send(now, other, words),
            Flaw::Alters => {
                words[0] ^= 1;
                self.inner.send(now, robot, words)
            }
            Flaw::TakesStrangers => self.inner.send(now, robot, words).or(Ok(())),
            _ => self.inner.send(now, robot, words),
        }
    }
    fn poll(&mut self, now: Instant) -> Option<(RobotId, Vec<u8>)> {
        match self.flaw {
            Flaw::Repeats => {
                if let Some(x) = self.held.pop() {
                    return Some(x);
                }
                let x = self.inner.poll(now)?;
                self.held.push(x.clone());
                Some(x)
            }
            Flaw::Reorders => {
                self.held.extend(std::iter::from_fn(|| self.inner.poll(now)));
                if self.held.len() > 50 { self.held.pop() } else { None }
            }
            Flaw::Invents if self.held.is_empty() => {
                self.held.push((self.robots()[0], vec![1]));
                self.held.first().cloned()
            }
            _ => self.inner.poll(now),
        }
    }
    fn link(&self, robot: RobotId) -> LinkState {
        self.inner.link(robot)
    }
}

struct Direct {
    driver: Flawed,
    bus: Bus,
    promise: Promise,
    heard: Vec<Letter>,
}

impl Rig for Direct {
    fn driver(&mut self) -> &mut dyn Driver {
        &mut self.driver
    }
    fn promise(&self) -> Promise {
        self.promise
    }
    fn say(&mut self, now: Instant, robot: RobotId, envelope: Vec<u8>) {
        let i = self.driver.robots().iter().position(|r| *r == robot).unwrap();
        self.bus.send(now, ROBOTS + u32::try_from(i).unwrap(), PLATFORM, envelope);
    }
    fn heard(&mut self, _: Instant, robot: RobotId) -> Vec<Vec<u8>> {
        let i = self.driver.robots().iter().position(|r| *r == robot).unwrap();
        let node = ROBOTS + u32::try_from(i).unwrap();
        self.heard.extract_if(.., |l| l.to == node).map(|l| l.bytes).collect()
    }
    fn pass(&mut self, now: Instant) {
        for l in self.driver.inner.leaving() {
            self.bus.send(now, l.from, l.to, l.bytes);
        }
        while let Some((_, l)) = self.bus.poll(now) {
            if let Err(l) = self.driver.inner.deliver(l) {
                self.heard.push(l);
            }
        }
    }
}

fn rig(flaw: Flaw, profile: Profile, promise: Promise) -> Direct {
    let driver = Flawed { inner: SimLink::new(PLATFORM, robots()), flaw, held: Vec::new() };
    Direct { driver, bus: Bus::new(profile, 7), promise, heard: Vec::new() }
}

fn wild() -> Profile {
    let (delay_min, delay_max) = (Span::from_millis(20), Span::from_secs(2));
    Profile { loss_ppm: 200_000, duplicate_ppm: 100_000, delay_min, delay_max, reorder: true }
}

#[test]
fn the_simulated_link_keeps_the_contract() {
    check(|| rig(Flaw::None, Profile::default(), Promise::Reliable)).unwrap();
    check(|| rig(Flaw::None, wild(), Promise::AtMost(2))).unwrap();
}

#[test]
fn the_suite_finds_each_flaw() {
    for (flaw, clause) in [
        (Flaw::MixesUp, "nothing comes out that was not sent"),
        (Flaw::Alters, "nothing comes out that was not sent"),
        (Flaw::Repeats, "reports keep their order"),
        (Flaw::Reorders, "reports keep their order"),
        (Flaw::Invents, "nothing comes out that was not sent"),
        (Flaw::TakesStrangers, "words for strangers are refused"),
    ] {
        let breach = check(|| rig(flaw, Profile::default(), Promise::Reliable)).unwrap_err();
        assert_eq!(breach.clause, clause, "{flaw:?}: {breach}");
    }
}
