//! Outages of a whole site (domain 1.3): intervals of receive time in which nothing arrived, neither from the site's
//! devices nor from any robot there.
//!
//! A robot that is silent while others are heard answers for its silence. Where nobody is heard, nobody can say what
//! happened there: the time is taken off what is late or stands still, and work that ends meanwhile is nobody's fault.
//! The site's controller says every few seconds that it is there, so that one robot's silence is not taken for more.

use crate::fact::{Event, SiteEvent};
use crate::unit::Unit;
use nooterra_engine::Record;
use nooterra_engine::ids::JobId;
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{BreachKind, Cause, Event as JobEvent, Fault, StallReason};
use nooterra_jobs::parts::Leg;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_jobs::{Deadline, Job};
use nooterra_trust::Role;
use std::collections::VecDeque;

/// Shorter silence is none.
pub const OUTAGE_MIN: Span = Span::from_secs(30);
/// Outages that are remembered.
const KEPT: usize = 1_024;

/// When the site was heard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct SiteLink {
    /// The last word of a device or a robot there that was taken.
    heard_at: Instant,
    /// Outages that are over, oldest first.
    outages: VecDeque<Window>,
}

impl SiteLink {
    /// Heard for the first time.
    pub fn new(at: Instant) -> Self {
        Self { heard_at: at, outages: VecDeque::new() }
    }

    /// Since when nothing is heard, if for long enough.
    pub fn out_since(&self, now: Instant) -> Option<Instant> {
        (now.since(self.heard_at) >= OUTAGE_MIN).then_some(self.heard_at)
    }

    /// All outages up to now, the one that goes on included.
    fn all(&self, now: Instant) -> impl Iterator<Item = Window> + '_ {
        let open = self.out_since(now).map(|start| Window { start, end: now });
        self.outages.iter().copied().chain(open)
    }

    /// Something is heard. Gives the outage that ends with it.
    fn hear(&mut self, now: Instant) -> Option<Window> {
        let over = self.out_since(now).map(|start| Window { start, end: now });
        self.heard_at = now;
        if let Some(w) = over {
            if self.outages.len() == KEPT {
                self.outages.pop_front();
            }
            self.outages.push_back(w);
        }
        over
    }
}

/// How much of `within` is covered by any of these.
fn covered(within: Window, by: impl Iterator<Item = Window>) -> Span {
    let mut parts: Vec<(Instant, Instant)> =
        by.map(|w| (w.start.max(within.start), w.end.min(within.end))).filter(|(a, b)| a < b).collect();
    parts.sort_unstable();
    let (mut sum, mut until) = (Span::ZERO, within.start);
    for (a, b) in parts {
        sum += b.since(a.max(until));
        until = until.max(b);
    }
    sum
}

/// What is left of a stretch of time without these.
fn without(whole: Window, taken: &[Window]) -> Vec<Window> {
    let mut left = vec![whole];
    for t in taken {
        let cut = |w: Window| [Window { start: w.start, end: w.end.min(t.start) }, Window { start: w.start.max(t.end), end: w.end }];
        left = left.into_iter().flat_map(cut).filter(|w| w.start < w.end).collect();
    }
    left
}

/// What of a window lies within another.
fn cut_to(w: Window, within: Window) -> Option<Window> {
    let (start, end) = (w.start.max(within.start), w.end.min(within.end));
    (start < end).then_some(Window { start, end })
}

/// How long a robot has been about the job on a leg.
fn on_it(l: &Leg, now: Instant) -> Window {
    Window { start: l.due_at.unwrap_or(l.offered_at), end: l.closed_at.unwrap_or(now) }
}

/// What of a stretch of standing still is others' time: not while an own stop lasted, and after one only while another's did.
/// Braking for an incident beside it may keep the robot standing when both are over.
fn of_others(stood: Window, own: &[Window], other: &[Window]) -> Vec<Window> {
    let part = |w: Window| {
        if own.iter().any(|o| stood.start < o.end && o.end <= w.start) {
            let within = other.iter().map(|o| Window { start: o.start.max(w.start), end: o.end.min(w.end) });
            within.filter(|w| w.start < w.end).collect()
        } else {
            vec![w]
        }
    };
    without(stood, own).into_iter().flat_map(part).collect()
}

/// Since when robots were about the job.
pub(crate) fn begun(j: &Job) -> Instant {
    j.legs.first().map_or_else(|| j.booked_at.unwrap_or_default(), |l| l.due_at.unwrap_or(l.offered_at))
}

/// When it was in such a state, until now.
fn spent(j: &Job, now: Instant, such: impl Fn(Status) -> bool) -> impl Iterator<Item = Window> {
    let ends = j.history.iter().skip(1).map(|m| m.at).chain([now]);
    j.history.iter().zip(ends).filter(move |(m, _)| such(m.status)).map(|(m, end)| Window { start: m.at, end })
}

impl Unit<'_> {
    /// A word of a device or a robot of the site was taken: if nothing had come for long, that was an outage.
    pub(crate) fn hear_site(&mut self) {
        let here = match self.cx.role {
            Role::RB | Role::SI => true,
            Role::WI => self.s.genesis.witnesses.iter().any(|w| w.actor == self.cx.actor),
            _ => false,
        };
        if self.cx.key.is_none() || !here {
            return;
        }
        let now = self.now();
        if let Some(w) = self.s.site_link.hear(now).filter(|_| !nooterra_engine::planted!("keep an outage to itself")) {
            sometimes!(true, "site outage");
            let stream = format!("site/{}", self.s.genesis.site);
            let event = SiteEvent::SiteOutageRecorded { from: w.start, to: w.end };
            self.record(&stream, Role::TR, Event::Site(event), |r| &mut r.dispatch);
        }
    }

    /// Is nothing heard of the site?
    pub(crate) fn site_is_out(&self) -> bool {
        self.s.site_link.out_since(self.now()).is_some()
    }

    /// What of a job's time nobody answers for: stops of others and outages, each moment once.
    pub(crate) fn excused(&self, j: &Job, kind: BreachKind) -> Span {
        match kind {
            BreachKind::ExitOverstay | BreachKind::AssistSlow => Span::ZERO,
            BreachKind::ExcessStall => self.excused_of(j, |s| s == Status::Stalled),
            _ => self.taken_of(j, Window { start: begun(j), end: self.now() }),
        }
    }

    /// Of the time that a job spent in such states, what nobody answers for.
    fn excused_of(&self, j: &Job, such: impl Fn(Status) -> bool) -> Span {
        spent(j, self.now(), such).fold(Span::ZERO, |sum, w| sum + self.taken_of(j, w))
    }

    /// What outages and the stops of others took of a stretch of a job's time.
    /// An owner answers for its own stops while its robot was on the job, and not for what it did before or after.
    fn taken_of(&self, j: &Job, within: Window) -> Span {
        let now = self.now();
        let own: Vec<Window> =
            j.legs.iter().flat_map(|l| self.stops_of(l.offer.robot, true).filter_map(|w| cut_to(w, on_it(l, now)))).collect();
        let other: Vec<Window> = j.legs.iter().flat_map(|l| self.stops_of(l.offer.robot, false)).collect();
        let open = j.stall_since.filter(|_| j.stall_reason.is_some_and(StallReason::is_stop)).map(|start| Window { start, end: now });
        let others = j.stopped.iter().copied().chain(open).flat_map(|w| of_others(w, &own, &other));
        covered(within, self.s.site_link.all(now).chain(others))
    }

    /// A limit on work or on standing still seems to be reached: is it not, with what is excused taken off? Then it is
    /// looked at again when the rest has passed, and in steps while nothing is heard of the site or others keep it stopped.
    pub(crate) fn is_excused(&mut self, id: JobId, limit: Span, d: Deadline) -> bool {
        let now = self.now();
        let Ok(j) = self.job(id) else { return false };
        let lasts = self.site_is_out() || self.stopped_by(j) == Some(Fault::None);
        let stall = d == Deadline::StallBy;
        let (measured, excused) = if stall {
            (j.stalled_until(now), self.excused_of(j, |s| s == Status::Stalled))
        } else {
            (j.worked_until(now), self.excused_of(j, Status::is_working))
        };
        if measured.0 >= limit.0.saturating_add(excused.0) {
            return false;
        }
        sometimes!(true, "an outage or a stop moves a limit on work");
        // While an outage or a stop of others lasts, more is excused with each moment: it is looked at again in steps.
        let known = if lasts { excused + OUTAGE_MIN } else { excused };
        if let Some(j) = self.s.jobs.get_mut(&id) {
            *(if stall { &mut j.excused.stall } else { &mut j.excused.work }) = known;
        }
        true
    }

    /// Whose fault an end is that time brings about: work that ends because nothing came of it ends by nobody's if nothing can
    /// come from the site at all, and access that ends under a stop by whoever answers for the stop.
    pub(crate) fn without_blame(&self, id: JobId, mut event: JobEvent) -> JobEvent {
        // Access that ends while work is stopped: the answer is the stop's.
        if let JobEvent::SafeExitOrdered { cause: Cause::AccessExpired, fault, .. } = &mut event
            && let Some(by) = self.job(id).ok().and_then(|j| self.stopped_by(j))
        {
            *fault = by;
        }
        if let JobEvent::JobAborted { cause, fault, .. } | JobEvent::SafeExitOrdered { cause, fault, .. } = &mut event
            && matches!(fault, Fault::Owner | Fault::Requester)
            && self.site_is_out()
        {
            let of_time = matches!(
                cause,
                Cause::StallLimit
                    | Cause::StartOverdue
                    | Cause::MaxExecution
                    | Cause::HandoverFailed
                    | Cause::ExitForced
                    | Cause::AccessExpired
            );
            if of_time {
                *fault = Fault::None;
            }
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::{OUTAGE_MIN, SiteLink, covered, without};
    use nooterra_engine::time::{Instant, Span};
    use nooterra_jobs::terms::Window;
    use proptest::prelude::*;

    fn window(start: u64, len: u64) -> Window {
        Window { start: Instant(start), end: Instant(start + len) }
    }

    proptest! {
        #[test]
        fn each_moment_counts_once(within in (0u64..60, 0u64..60), by in prop::collection::vec((0u64..80, 0u64..30), 0..8)) {
            let within = window(within.0, within.1);
            let by: Vec<Window> = by.into_iter().map(|(a, n)| window(a, n)).collect();
            let holds = |t: u64, w: &Window| w.start.0 <= t && t < w.end.0;
            let counted = (0..200).filter(|t| holds(*t, &within) && by.iter().any(|w| holds(*t, w))).count() as u64;
            prop_assert_eq!(covered(within, by.iter().copied()), Span(counted));
        }

        #[test]
        fn what_is_taken_is_gone_and_nothing_else(whole in (0u64..60, 1u64..60), taken in prop::collection::vec((0u64..90, 0u64..30), 0..6)) {
            let whole = window(whole.0, whole.1);
            let taken: Vec<Window> = taken.into_iter().map(|(a, n)| window(a, n)).collect();
            let holds = |t: u64, w: &Window| w.start.0 <= t && t < w.end.0;
            let left = without(whole, &taken);
            for t in 0..200 {
                let expected = holds(t, &whole) && !taken.iter().any(|w| holds(t, w));
                prop_assert_eq!(left.iter().filter(|w| holds(t, w)).count(), usize::from(expected), "{}", t);
            }
        }

        #[test]
        fn only_long_silence_is_an_outage(gaps in prop::collection::vec(1u64..60, 0..40)) {
            let mut link = SiteLink::new(Instant::ZERO);
            let (mut now, mut long) = (Instant::ZERO, Vec::new());
            for gap in gaps {
                let next = now.saturating_add(Span::from_secs(gap));
                let expected = (Span::from_secs(gap) >= OUTAGE_MIN).then_some(Window { start: now, end: next });
                prop_assert_eq!(link.out_since(next), expected.map(|w| w.start));
                prop_assert_eq!(link.hear(next), expected);
                long.extend(expected);
                prop_assert_eq!(link.all(next).collect::<Vec<_>>(), long.clone());
                now = next;
            }
        }
    }
}
