//! The camera's gate and the store behind it (domain 8.3, 9). The gate is shut unless something allows it: a job that is open
//! to recording, while the robot works on it outside of private areas; a window of evidence that images belong to; the requester's
//! approval for one place. What it lets through is kept for two minutes, and longer by nobody who has not asked.

use nooterra_engine::ids::{JobId, LeaseId};
use nooterra_engine::{Digest, Record};
use nooterra_port::camera::{CameraKind, GateWord, IMAGES_MAX, Image, KEPT_FOR, Kept};
use std::collections::VecDeque;

/// What the gate goes by in one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// The lease in force and its job.
    pub lease: Option<(LeaseId, JobId)>,
    /// It works on it.
    pub works: bool,
    /// The job allows images.
    pub images: bool,
    /// It is in a private area.
    pub private: bool,
    /// It is where recording was approved.
    pub at_approved: bool,
}

/// The camera.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Camera {
    open: bool,
    store: VecDeque<Image>,
    kept: u32,
    while_shut: u32,
    last: Option<Kept>,
    /// Images are wanted as evidence until then.
    wanted_until_ns: u64,
    /// Under this lease recording was approved around this vertex.
    approved: Option<(LeaseId, u32)>,
    /// Under a fault: what the gate holds back is kept all the same.
    pub leaks: bool,
}

impl Camera {
    /// Is the gate open?
    pub const fn is_open(&self) -> bool {
        self.open
    }
    /// Images kept so far.
    pub const fn kept(&self) -> u32 {
        self.kept
    }
    /// What heartbeats say of it.
    pub const fn word(&self) -> GateWord {
        GateWord { open: self.open, kept: self.kept, while_shut: self.while_shut, last: self.last }
    }
    /// Images are wanted as evidence until then.
    pub fn want(&mut self, until_ns: u64) {
        self.wanted_until_ns = self.wanted_until_ns.max(until_ns);
    }
    /// Recording was approved around this vertex, until the lease ends.
    pub fn approve(&mut self, lease: LeaseId, vertex: u32) {
        self.approved = Some((lease, vertex));
    }
    /// Where it may record under this lease.
    pub fn approved_at(&self, lease: Option<LeaseId>) -> Option<u32> {
        self.approved.filter(|(l, _)| Some(*l) == lease).map(|(_, v)| v)
    }

    /// One cycle, with an image if one was made. The hash of what was kept.
    pub fn cycle(&mut self, now_ns: u64, kind: CameraKind, image: Option<&Image>, a: &Around) -> Option<Digest> {
        self.open = match kind {
            CameraKind::None => false,
            CameraKind::Plain => a.works,
            CameraKind::Gated => a.works && (a.images && !a.private || a.at_approved) || now_ns < self.wanted_until_ns,
        };
        let old_ns = now_ns.saturating_sub(KEPT_FOR.0);
        while self.store.front().is_some_and(|i| i.at_ns < old_ns) {
            self.store.pop_front();
        }
        let image = image.filter(|_| kind != CameraKind::None)?;
        let slips = nooterra_engine::planted!("I19 keep what a shut gate holds back");
        if !self.open && !self.leaks && !slips {
            return None;
        }
        let image = Image { at_ns: now_ns, ..image.clone() };
        self.kept = self.kept.saturating_add(1);
        self.while_shut = self.while_shut.saturating_add(u32::from(!self.open && !slips));
        self.last = Some(Kept { job: a.lease.map(|(_, job)| job), at_ns: now_ns });
        let hash = image.hash();
        self.store.push_back(image);
        Some(hash)
    }

    /// Images made after `from_ns` and up to `to_ns` that are still kept: a chunk of the black box ends with the cycle that closes it.
    pub fn of(&self, from_ns: u64, to_ns: u64) -> Vec<Image> {
        self.store.iter().filter(|i| from_ns < i.at_ns && i.at_ns <= to_ns).take(IMAGES_MAX).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEC: u64 = 1_000_000_000;

    fn around(bits: u8) -> Around {
        let lease = (LeaseId::named("l"), JobId::named("j"));
        let has = |n: u8| bits & (1 << n) != 0;
        Around { lease: has(0).then_some(lease), works: has(0) && has(1), images: has(2), private: has(3), at_approved: has(4) }
    }

    #[test]
    fn the_gate_is_shut_unless_something_opens_it() {
        let open = |kind, bits: u8| {
            let mut c = Camera::default();
            let kept = c.cycle(9 * SEC, kind, Some(&Image::default()), &around(bits)).is_some();
            assert_eq!(kept, c.is_open(), "a shut gate keeps nothing");
            kept
        };
        for bits in 0..32 {
            let works = bits & 3 == 3;
            assert!(!open(CameraKind::None, bits));
            assert_eq!(open(CameraKind::Plain, bits), works);
            let allowed = bits & 0b1100 == 0b100 || bits & 0b1_0000 != 0;
            assert_eq!(open(CameraKind::Gated, bits), works && allowed, "{bits:b}");
        }
        let mut c = Camera::default();
        c.want(10 * SEC);
        assert!(c.cycle(10 * SEC - 1, CameraKind::Gated, Some(&Image::default()), &around(0)).is_some());
        assert!(c.cycle(10 * SEC, CameraKind::Gated, Some(&Image::default()), &around(0)).is_none(), "the window is over");
    }

    #[test]
    fn a_leak_tells_on_itself() {
        let mut c = Camera { leaks: true, ..Camera::default() };
        assert!(c.cycle(SEC, CameraKind::Gated, Some(&Image::default()), &around(0)).is_some());
        assert_eq!(c.word(), GateWord { open: false, kept: 1, while_shut: 1, last: Some(Kept { job: None, at_ns: SEC }) });
        assert!(c.cycle(2 * SEC, CameraKind::None, Some(&Image::default()), &around(0)).is_none(), "there is no camera to leak");
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_came_through_in_the_last_two_minutes(story in prop::collection::vec((0u8..32, 1u64..40), 1..80)) {
            let mut c = Camera::default();
            let (mut now, mut all) = (0, Vec::new());
            for (bits, dt) in story {
                now += dt * SEC / 2;
                if c.cycle(now, CameraKind::Gated, Some(&Image::default()), &around(bits)).is_some() {
                    all.push(now);
                }
                prop_assert_eq!(c.kept() as usize, all.len());
                let kept: Vec<u64> = c.of(0, u64::MAX).iter().map(|i| i.at_ns).collect();
                let expected: Vec<u64> = all.iter().copied().filter(|t| t + KEPT_FOR.0 >= now).collect();
                prop_assert_eq!(kept, expected);
            }
            let half = now / 2;
            prop_assert!(c.of(half, now).iter().all(|i| half < i.at_ns && i.at_ns <= now));
        }
    }
}
