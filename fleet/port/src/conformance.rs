//! The suite that every driver passes: each clause of the contract of [`Driver`], against a far end that plays the robots.
//!
//! A driver's own tests make a [`Rig`] and call [`check`]. A rig over a real broker lets real time pass in
//! [`Rig::pass`]; nothing here waits by itself.

use crate::driver::{Driver, DriverError, LinkState};
use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Span};
use std::collections::BTreeMap;
use thiserror::Error;

/// What a link promises beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Everything arrives once, in the order in which it was sent.
    Reliable,
    /// Things may be lost, come late, out of order, or more than once, but not more often than this.
    AtMost(usize),
}

/// A driver and the robots at the far end of its link.
pub trait Rig {
    /// The driver.
    fn driver(&mut self) -> &mut dyn Driver;
    /// What its link promises.
    fn promise(&self) -> Promise;
    /// A robot sends an envelope.
    fn say(&mut self, now: Instant, robot: RobotId, envelope: Vec<u8>);
    /// Everything that has reached a robot since the last call, in order.
    fn heard(&mut self, now: Instant, robot: RobotId) -> Vec<Vec<u8>>;
    /// Gives the link its time up to `now`.
    fn pass(&mut self, now: Instant);
}

/// A clause of the contract that a driver broke.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{clause}: {story}")]
pub struct Breach {
    /// The clause.
    pub clause: &'static str,
    /// What was seen.
    pub story: String,
}

type Verdict = Result<(), Breach>;
/// Who sent or got what, in order.
type Traffic = BTreeMap<RobotId, Vec<Vec<u8>>>;

/// Longest that a rig's link holds things back.
const SETTLES: Span = Span::from_secs(20);
const STEP: Span = Span::from_millis(20);
/// Words each way and robot.
const WORDS: usize = 60;

/// Holds a driver to the contract; `make` gives a fresh rig each time. The first clause that is broken.
pub fn check<R: Rig>(mut make: impl FnMut() -> R) -> Verdict {
    let breach = |clause, story: String| Err(Breach { clause, story });
    let promise = make().promise();
    let (first, again) = (exchange(&mut make())?, exchange(&mut make())?);
    if promise == Promise::Reliable && first != again {
        return breach("the same calls give the same answers", "two exchanges differ".into());
    }
    let (sent, got, _) = first;
    for (what, sent, got) in [("words to", &sent.0, &got.0), ("reports of", &sent.1, &got.1)] {
        for (robot, list) in got {
            let all = sent.get(robot).map_or(&[][..], Vec::as_slice);
            compare(promise, all, list).or_else(|(clause, n)| breach(clause, format!("{what} robot {robot}, number {n}")))?;
        }
        if promise == Promise::Reliable && sent.keys().ne(got.keys()) {
            return breach("everything arrives", format!("{what} {} robots of {}", got.len(), sent.len()));
        }
    }
    silence(&mut make())?;
    strangers(&mut make())
}

/// Bytes that no two words share: who, which way, how many; most of them short, some long.
fn words(robot: RobotId, way: u8, n: usize) -> Vec<u8> {
    let mut b = robot.as_bytes().to_vec();
    b.push(way);
    b.extend((n as u64).to_le_bytes());
    b.extend(std::iter::repeat_n(way ^ 0x5a, if n.is_multiple_of(17) { 40_000 } else { n }));
    b
}

type Exchange = ((Traffic, Traffic), (Traffic, Traffic), Vec<LinkState>);

/// Both sides talk at once for a while; then the link is given time to settle.
fn exchange<R: Rig>(rig: &mut R) -> Result<Exchange, Breach> {
    let robots = rig.driver().robots().to_vec();
    let (mut sent, mut got) = ((Traffic::new(), Traffic::new()), (Traffic::new(), Traffic::new()));
    let mut now = Instant::ZERO;
    let steps = WORDS as u64 + SETTLES.0 / STEP.0;
    for n in 0..usize::try_from(steps).unwrap_or(usize::MAX) {
        now += STEP;
        for r in robots.iter().filter(|_| n < WORDS) {
            let (down, up) = (words(*r, 0, n), words(*r, 1, n));
            if let Err(e) = rig.driver().send(now, *r, down.clone()) {
                return Err(Breach { clause: "words for its robots are taken", story: e.to_string() });
            }
            sent.0.entry(*r).or_default().push(down);
            rig.say(now, *r, up.clone());
            sent.1.entry(*r).or_default().push(up);
        }
        rig.pass(now);
        for r in &robots {
            let heard = rig.heard(now, *r);
            if !heard.is_empty() {
                got.0.entry(*r).or_default().extend(heard);
            }
        }
        while let Some((r, bytes)) = rig.driver().poll(now) {
            got.1.entry(r).or_default().push(bytes);
        }
    }
    let states = robots.iter().map(|r| rig.driver().link(*r)).collect();
    Ok((sent, got, states))
}

fn compare(promise: Promise, sent: &[Vec<u8>], got: &[Vec<u8>]) -> Result<(), (&'static str, usize)> {
    for (n, bytes) in got.iter().enumerate() {
        let copies = got.iter().filter(|g| *g == bytes).count();
        match promise {
            _ if !sent.contains(bytes) => return Err(("nothing comes out that was not sent", n)),
            Promise::Reliable if sent.get(n) != Some(bytes) => return Err(("reports keep their order", n)),
            Promise::AtMost(most) if copies > most => return Err(("no more often than the link doubles it", n)),
            _ => {}
        }
    }
    match promise {
        Promise::Reliable if got.len() < sent.len() => Err(("everything arrives", got.len())),
        _ => Ok(()),
    }
}

/// Nothing comes out of a link on which nobody speaks.
fn silence<R: Rig>(rig: &mut R) -> Verdict {
    let mut now = Instant::ZERO;
    for _ in 0..100 {
        now += STEP;
        rig.pass(now);
        if let Some((robot, bytes)) = rig.driver().poll(now) {
            let story = format!("{} bytes from robot {robot}, which said nothing", bytes.len());
            return Err(Breach { clause: "nothing comes out that was not sent", story });
        }
    }
    Ok(())
}

/// Words for a robot that the driver does not serve are refused, and reach nobody.
fn strangers<R: Rig>(rig: &mut R) -> Verdict {
    let (stranger, now) = (RobotId::named("nobody's robot"), Instant::from_secs(1));
    let answer = rig.driver().send(now, stranger, b"to nobody".to_vec());
    if answer != Err(DriverError::UnknownRobot(stranger)) {
        return Err(Breach { clause: "words for strangers are refused", story: format!("{answer:?}") });
    }
    if rig.driver().link(stranger) != LinkState::Unknown {
        return Err(Breach { clause: "nothing is known of strangers", story: format!("{:?}", rig.driver().link(stranger)) });
    }
    let later = now + SETTLES;
    rig.pass(later);
    for r in rig.driver().robots().to_vec() {
        if !rig.heard(later, r).is_empty() {
            return Err(Breach { clause: "words reach the robot they are for and no other", story: format!("robot {r} heard them") });
        }
    }
    Ok(())
}
