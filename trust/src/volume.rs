//! How much somebody may say: a token bucket for each sender, in receive time (domain 12.3).
//!
//! What is refused for its volume leaves its sender's chain where it is: the same envelope is taken when it comes again later,
//! so that a robot with much to tell after a silence loses nothing of it.

use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::{Instant, Record};
use std::collections::BTreeMap;

/// Thousandths of a token: an input takes a thousand.
const TOKEN: u64 = 1_000;

/// What one sender may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Rate {
    /// Inputs a second.
    pub per_s: u32,
    /// Inputs at once, after a while of saying nothing.
    pub burst: u32,
}

/// Rates by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Volume {
    /// A robot's reports.
    pub robot: Rate,
    /// A requester.
    pub requester: Rate,
    /// An owner.
    pub owner: Rate,
    /// Anybody else.
    pub other: Rate,
}

impl Default for Volume {
    /// The domain's values. It names no burst for owners and others: five seconds of their rate, as for robots.
    fn default() -> Self {
        let rate = |per_s, burst| Rate { per_s, burst };
        Self { robot: rate(20, 100), requester: rate(5, 20), owner: rate(50, 250), other: rate(20, 100) }
    }
}

impl Volume {
    /// No limit that anybody reaches.
    pub const FREE: Self = {
        let most = Rate { per_s: 1_000_000, burst: 1_000_000 };
        Self { robot: most, requester: most, owner: most, other: most }
    };

    /// The rate of whoever has this role.
    #[must_use]
    pub const fn of(&self, role: Role) -> Rate {
        match role {
            Role::RB => self.robot,
            Role::RQ => self.requester,
            Role::OW => self.owner,
            _ => self.other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Bucket {
    milli: u64,
    at: Instant,
}

/// The buckets of all who ever said something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Buckets {
    of: BTreeMap<[u8; 16], Bucket>,
}

impl Buckets {
    /// Is there a token? `RATE_LIMITED` if not. A bucket begins full.
    pub fn check(&mut self, actor: [u8; 16], rate: Rate, now: Instant) -> Result<(), Rejection> {
        if self.filled(actor, rate, now).milli >= TOKEN {
            return Ok(());
        }
        let per = format!("{} a second, {} at once", rate.per_s, rate.burst);
        Err(Rejection::new(Code::RateLimited).field("actor").expected(per))
    }

    /// Takes one token, if there is one.
    pub fn take(&mut self, actor: [u8; 16], rate: Rate, now: Instant) {
        let b = self.filled(actor, rate, now);
        b.milli = b.milli.saturating_sub(TOKEN);
    }

    fn filled(&mut self, actor: [u8; 16], rate: Rate, now: Instant) -> &mut Bucket {
        let most = u64::from(rate.burst).saturating_mul(TOKEN);
        let b = self.of.entry(actor).or_insert(Bucket { milli: most, at: now });
        // A thousandth of a token comes with each microsecond-a-token: whole ones only, and what is left of time stays.
        let per_s = u64::from(rate.per_s).saturating_mul(TOKEN);
        let passed = now.since(b.at).0;
        let came = u64::try_from(u128::from(passed) * u128::from(per_s) / 1_000_000_000).unwrap_or(u64::MAX);
        if b.milli.saturating_add(came) >= most {
            (b.milli, b.at) = (most, now);
        } else if came > 0 {
            let spent = u64::try_from(u128::from(came) * 1_000_000_000 / u128::from(per_s.max(1))).unwrap_or(passed);
            (b.milli, b.at) = (b.milli + came, Instant(b.at.0.saturating_add(spent)));
        }
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_engine::Span;
    use proptest::prelude::*;

    fn say(b: &mut Buckets, who: u8, rate: Rate, now: Instant) -> Result<(), Rejection> {
        b.check([who; 16], rate, now)?;
        b.take([who; 16], rate, now);
        Ok(())
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let (mut b, rate, mut now) = (Buckets::default(), Volume::default().of(Role::RQ), Instant::from_secs(10));
        for _ in 0..20 {
            say(&mut b, 1, rate, now).unwrap();
        }
        assert_eq!(say(&mut b, 1, rate, now).unwrap_err().code, Code::RateLimited);
        say(&mut b, 2, rate, now).expect("everybody has their own");
        now += Span::from_millis(199);
        assert!(say(&mut b, 1, rate, now).is_err());
        now += Span::from_millis(1);
        say(&mut b, 1, rate, now).expect("five a second");
        assert!(say(&mut b, 1, rate, now).is_err());
        let taken = (0..100).filter(|_| say(&mut b, 1, rate, now + Span::from_secs(3_600)).is_ok()).count();
        assert_eq!(taken, 20, "no more than a burst is saved up");
    }

    proptest! {
        /// Over any while no more gets through than the burst and the rate, and never less than a sender who keeps to it says.
        #[test]
        fn what_gets_through_is_the_rate(gaps in prop::collection::vec(0u64..400_000_000, 1..200), per_s in 1u32..50, burst in 1u32..60) {
            let (mut b, rate, mut now) = (Buckets::default(), Rate { per_s, burst }, Instant(5));
            let (mut exact_milli_ns, mut last) = (u128::from(burst) * 1_000_000_000, now);
            for gap in gaps {
                now = Instant(now.0 + gap);
                exact_milli_ns = (exact_milli_ns + u128::from(now.since(last).0) * u128::from(per_s)).min(u128::from(burst) * 1_000_000_000);
                last = now;
                let got = say(&mut b, 1, rate, now).is_ok();
                // The bucket counts thousandths: it may be one of them behind what is exact, never ahead.
                if got {
                    prop_assert!(exact_milli_ns >= 1_000_000_000, "ahead at {now:?}");
                    exact_milli_ns -= 1_000_000_000;
                } else {
                    prop_assert!(exact_milli_ns < 1_000_000_000 + 2_000_000, "behind at {now:?}: {exact_milli_ns}");
                }
            }
        }
    }
}
