//! Robots' black boxes as the platform follows them (domain 8.3): which chunks it has heard of, which of them are final,
//! and what is asked of them when something went wrong.
//!
//! Three words of a robot have to agree. A heartbeat names the last chunk and its hash; an anchor makes a run of chunks
//! final; a window hands chunks out. An anchor that says something else than a heartbeat did is none, and an incident: it
//! is taken as a word, since what is refused may change nothing. Chunks that do not stand under an anchor are no evidence.
//!
//! Kept are numbers and hashes, never what was recorded: the robot brings that along, and its evidence holds the hash.

use crate::boxed::Reader;
use crate::camera::Counted;
use crate::runs::{Run, runs, within};
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{EvidenceId, IncidentId, RobotId};
use nooterra_engine::{Digest, Record, Span, sometimes};
use nooterra_jobs::event::IncidentCode;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::Order;
use nooterra_port::blackbox::{ANCHOR_MAX, Anchor, Anchored, CHUNK, Chunk, Head, KEPT, WINDOW_MAX, Window};
use nooterra_trust::detect::{EARLY_MAX, Reading};
use nooterra_trust::evidence::{Capture, Channel, Command, Event, REACH};
use nooterra_trust::incident::{DevTime, Incident, IncidentCode as TrustCode, Status, Stream};
use nooterra_trust::merkle::{Tree, leaf_hash};
use nooterra_trust::{Code, Hand, Rejection};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Anchors kept of each robot: more than ten minutes of them; more where an honest robot may still have chunks under them.
const ANCHORS_KEPT: usize = 128;
/// Heads kept that stand under no anchor yet.
const HEADS_KEPT: usize = 256;
/// A chunk is no shorter than this: so long an incident waits until it closes one.
const SHORTEST: Span = Span::from_millis(200);
/// Windows asked for that are remembered.
const ASKED_KEPT: usize = 32;

/// A window that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Asked {
    /// For which incident.
    pub incident: IncidentId,
    /// Of which job, or of which robot without one.
    pub of: Stream,
    /// It was captured.
    pub done: bool,
    /// Chunks that stand under anchors were left out of it, or are still to come.
    pub withheld: bool,
    /// More than one answer holds: up to here, in the robot's time, it was handed out.
    pub next_ns: u64,
    /// Nothing that stood under an anchor when it was answered reached to its end: it is asked for again when more does.
    pub open: bool,
    /// No chunk from this number on can be there yet, by the time since it was asked for. The robot alone numbers its chunks: by
    /// its own word it would have lost all of them whenever it likes.
    pub most: u64,
    /// What was read of it up to `next_ns`, where more than one answer holds it.
    pub read: Option<Reader>,
}

/// What is known of one robot's black box.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct RobotBox {
    /// First chunk that stands under no anchor.
    pub next: u64,
    /// As far as its chunks can be counted by the time that its anchors took: `next`, unless it counts faster than chunks are made.
    pub likely: u64,
    /// As of when, in the robot's time.
    pub likely_ns: u64,
    /// The last anchors, oldest first.
    pub anchors: VecDeque<Anchored>,
    /// The last chunk that was heard of, once heartbeats name them.
    pub told: Option<u64>,
    /// When, in the robot's time.
    pub told_ns: u64,
    /// What heartbeats said of chunks that stand under no anchor yet.
    pub heads: BTreeMap<u64, Digest>,
    /// Windows, oldest first.
    pub asked: VecDeque<Asked>,
    /// Since when, in the robot's time, it is on the way to the next point of its work.
    pub way_from_ns: u64,
    /// What it has said of its images.
    pub images: Counted,
}

impl RobotBox {
    /// Chunks up to this one exist at `now_ns`: readings for those not heard of before, each with its time. That is a
    /// second after the one before, and not when it was heard of: a box that has stood still in between is behind.
    fn hears(&mut self, number: u64, now_ns: u64) -> Vec<(u64, Reading)> {
        let from = self.told.map_or(number, |t| t.saturating_add(1));
        // A leap that no clock explains is no chunk: anchors go on from where the last one ended.
        if number.saturating_sub(from) >= EARLY_MAX as u64 {
            return Vec::new();
        }
        let mut at = if self.told.is_none() { now_ns } else { self.told_ns };
        self.told = self.told.max(Some(number));
        self.told_ns = now_ns;
        let timed = |number| {
            at = at.saturating_add(CHUNK.0).min(now_ns);
            (at, Reading::Chunk { number })
        };
        (from..=number).map(timed).collect()
    }

    /// A heartbeat names the last chunk. Says whether that can be true beside what was said before.
    fn hears_head(&mut self, h: Head) -> bool {
        if h.number < self.next {
            return true; // final already; the anchor said its hash
        }
        let agrees = *self.heads.entry(h.number).or_insert(h.hash) == h.hash;
        if self.heads.len() > HEADS_KEPT {
            self.heads.pop_first();
        }
        agrees
    }

    fn takes(&mut self, a: &Anchor, now_ns: u64) {
        self.next = a.to.saturating_add(1);
        let made = made_in(Span(now_ns.saturating_sub(self.likely_ns)));
        (self.likely, self.likely_ns) = (self.likely.saturating_add(made).min(self.next), now_ns.max(self.likely_ns));
        self.heads = self.heads.split_off(&self.next);
        self.anchors.push_back(Anchored { from: a.from, to: a.to, root: a.root });
        let gone = |a: &Anchored| a.to.saturating_add(KEPT as u64) < self.next;
        while self.anchors.len() > ANCHORS_KEPT && self.anchors.front().is_some_and(gone) {
            self.anchors.pop_front();
        }
    }

    pub(crate) fn holds(&self, from: u64, to: u64, root: Digest) -> bool {
        self.anchors.contains(&Anchored { from, to, root })
    }

    /// Are there chunks under anchors between two of these, which are of the time between them? Or beside an end of the window
    /// that none of these reaches over, where the next one has to show that it is not of that time?
    fn lacks(&self, (from_ns, to_ns): (u64, u64), chunks: &[Chunk], most: u64) -> bool {
        let (Some(first), Some(last)) = (chunks.first(), chunks.last()) else { return !self.anchors.is_empty() };
        let between = |a: &Anchored, x: &Chunk, y: &Chunk| a.from < y.number && x.number < a.to && x.number.saturating_add(1) < y.number;
        let within = chunks.windows(2).any(|p| self.anchors.iter().any(|a| between(a, &p[0], &p[1])));
        let before = first.from_ns > from_ns && first.number.checked_sub(1).is_some_and(|n| self.is_shown(n, most));
        let after = last.to_ns < to_ns && chunks.len() < WINDOW_MAX && self.is_shown(last.number.saturating_add(1), most);
        within || before || after
    }

    /// Does a chunk stand under an anchor that its robot surely still has all chunks of, where it has made no more than `most`?
    fn is_shown(&self, number: u64, most: u64) -> bool {
        let own = self.anchors.iter().find(|a| a.from <= number && number <= a.to);
        let from = own.map_or(number.saturating_sub(ANCHOR_MAX), |a| a.from);
        number < self.next && from.saturating_add(KEPT as u64) > self.next.min(most).saturating_add(ANCHOR_MAX)
    }
}

/// As many chunks as a robot can make in this time, at the most.
const fn made_in(time: Span) -> u64 {
    time.0 / SHORTEST.0
}

/// Root of the tree over chunks of these hashes.
fn root_of(chunks: &[Digest]) -> Digest {
    let mut t = Tree::default();
    chunks.iter().for_each(|h| t.push(leaf_hash(&h.0)));
    t.root()
}

impl Unit<'_> {
    /// How grave it is that something of a robot is not known: more while an incident of it is open.
    pub(crate) fn gap_severity(&self, robot: RobotId) -> u8 {
        if self.has_open_incident(robot) { 3 } else { 2 }
    }

    /// Does something that went wrong with it wait to be judged? Its job may have ended since.
    fn has_open_incident(&self, robot: RobotId) -> bool {
        let of_job = |a: &&Asked| matches!(a.of, Stream::Job(_));
        let asked = self.s.boxes.get(&robot).into_iter().flat_map(|b| &b.asked).filter(of_job);
        let asked = asked.filter_map(|a| self.incident(a.of, a.incident));
        let own = self.s.strays.get(&robot).into_iter().flat_map(|i| i.incidents.values());
        let open = |i: &Incident| i.status == Status::Open && i.severity >= 2 && i.report.code != TrustCode::TelemetryGap;
        asked.chain(own).any(open)
    }

    /// What a heartbeat says of the box: what is to be looked at besides, and whether it agrees with what was said before.
    pub(crate) fn box_told(&mut self, robot: RobotId, head: Option<Head>) -> ([Reading; 2], bool) {
        let mut agrees = true;
        if let Some(h) = head {
            let now_ns = self.device_ns();
            let b = self.s.boxes.entry(robot).or_default();
            agrees = b.hears_head(h);
            let chunks = b.hears(h.number, now_ns);
            // First: the rest of the heartbeat is judged with them known.
            self.see_chunks(robot, &chunks);
        }
        ([Reading::IncidentOpen { open: self.has_open_incident(robot) }, Reading::Link { up: true }], agrees)
    }

    fn see_chunks(&mut self, robot: RobotId, chunks: &[(u64, Reading)]) {
        if chunks.is_empty() {
            return;
        }
        let found = self.detect_at(robot, chunks.iter().copied());
        self.take_findings(robot, found);
    }

    /// The box says two things about the same chunk.
    pub(crate) fn box_contradicts(&mut self, robot: RobotId) {
        sometimes!(true, "black box contradicts itself");
        self.robot_incident(robot, IncidentCode::TelemetryGap, self.gap_severity(robot));
        self.repeat_rule(robot);
    }

    /// A run of chunks becomes final.
    pub(crate) fn box_anchored(&mut self, robot: RobotId, a: &Anchor) -> Outcome {
        let count = a.to.checked_sub(a.from).map(|n| n.saturating_add(1));
        let formed = count.is_some_and(|n| n <= ANCHOR_MAX && n == a.chunks.len() as u64) && a.to < u64::MAX;
        need(formed, Code::SchemaInvalid)?;
        let root = root_of(&a.chunks);
        if root != a.root {
            return Err(Rejection::new(Code::SchemaInvalid).field("root").expected(root).actual(a.root));
        }
        let known = self.s.boxes.get(&robot);
        let next = known.map_or(0, |b| b.next);
        need(!known.is_some_and(|b| b.holds(a.from, a.to, a.root)), Code::AlreadyDone)?;
        if a.from != next {
            let code = if a.from > next { Code::SeqGap } else { Code::SeqReplay };
            return Err(Rejection::new(code).field("from").expected(next).actual(a.from));
        }
        let said = a.chunks.iter().zip(a.from..);
        let agrees = known.is_none_or(|b| said.into_iter().all(|(hash, n)| b.heads.get(&n).is_none_or(|h| h == hash)));
        if !agrees {
            self.box_contradicts(robot);
            return Ok(());
        }
        self.emit_robot(robot, RobotEvent::BlackboxAnchored { from: a.from, to: a.to, root: a.root });
        let now_ns = self.device_ns();
        let b = self.s.boxes.entry(robot).or_default();
        b.takes(a, now_ns);
        // Whether chunks go on is for heartbeats to say: a robot whose heartbeats name none is not waited for.
        let chunks = if b.told.is_some() { b.hears(a.to, now_ns) } else { Vec::new() };
        self.see_chunks(robot, &chunks);
        self.ask_box_again(robot, false);
        Ok(())
    }

    /// The root of the last run of chunks that is final; nothing from a robot without a box.
    pub(crate) fn box_root(&self, robot: RobotId) -> Digest {
        self.s.boxes.get(&robot).and_then(|b| b.anchors.back()).map_or(Digest::ZERO, |a| a.root)
    }

    /// Asks a robot for what its box holds of a window.
    pub(crate) fn ask_box(&mut self, robot: RobotId, of: Stream, incident: IncidentId) {
        let b = self.s.boxes.entry(robot).or_default();
        // Until the window is over more is made; how much, its robot is not asked.
        let most = b.likely.saturating_add(made_in(REACH));
        let most = b.asked.iter().find(|a| a.incident == incident).map_or(most, |a| a.most);
        b.asked.retain(|a| a.incident != incident);
        if b.asked.len() == ASKED_KEPT {
            b.asked.pop_front();
        }
        b.asked.push_back(Asked { incident, of, done: false, withheld: false, next_ns: 0, open: false, most, read: None });
        self.order_box(robot, of, incident);
        if self.cell(robot).is_ok_and(|c| c.robot.link_lost) {
            self.windows_linked(robot, false);
        }
    }

    fn order_box(&mut self, robot: RobotId, of: Stream, incident: IncidentId) {
        let window = self.evidence(of).ok().and_then(|e| e.windows.get(&incident));
        let asked = self.s.boxes.get(&robot).into_iter().flat_map(|b| &b.asked).find(|a| a.incident == incident);
        let next_ns = asked.map_or(0, |a| a.next_ns);
        if let Some((from, to)) = window.map(|w| (w.from, w.to)) {
            let images = self.wants_images(of, incident);
            self.order(robot, Order::WantBlackbox { incident, from_ns: from.ns.max(next_ns), to_ns: to.ns, images });
        }
    }

    /// The link to a robot is lost, or back: only time of link counts for the windows that it owes.
    pub(crate) fn windows_linked(&mut self, robot: RobotId, up: bool) {
        let Some(b) = self.s.boxes.get(&robot) else { return };
        let owed = |a: &&Asked| {
            let case = self.evidence(a.of).ok();
            let turns = case.is_some_and(|e| e.linked_since.is_some() != up);
            !a.done && turns && case.is_some_and(|e| e.windows.get(&a.incident).is_some_and(|w| !w.gap && !w.missing.is_empty()))
        };
        let all: BTreeSet<Stream> = b.asked.iter().filter(owed).map(|a| a.of).collect();
        let now = self.now();
        for of in all {
            let Ok(e) = self.evidence(of).and_then(|e| e.decide(now, &Hand::CLOCK, &Command::Link { up })) else { continue };
            sometimes!(!up, "a window waits for the link");
            self.emit_evidence(of, e);
        }
    }

    /// A robot was not heard for so long: what its box has let go of in that time is no fault of its own.
    pub(crate) fn windows_excused(&mut self, robot: RobotId, gap: Span) {
        let asked = self.s.boxes.get_mut(&robot).into_iter().flat_map(|b| &mut b.asked);
        asked.filter(|a| !a.done).for_each(|a| a.most = a.most.saturating_add(made_in(gap)));
    }

    /// What is still wanted is asked for again, unless the order is on its way: all of it when the link is back, and what was
    /// answered before its end had an anchor when there is one more.
    pub(crate) fn ask_box_again(&mut self, robot: RobotId, all: bool) {
        let Some(b) = self.s.boxes.get(&robot) else { return };
        let waits = |a: &&Asked| {
            let w = self.evidence(a.of).ok().and_then(|e| e.windows.get(&a.incident));
            (all || a.open) && !a.done && w.is_some_and(|w| !w.gap && w.missing.contains(&Channel::Telemetry))
        };
        let under_way = |a: &&Asked| {
            let is = |o: &Order| matches!(o, Order::WantBlackbox { incident, .. } if *incident == a.incident);
            self.s.robots.get(&robot).is_some_and(|c| c.orders.iter().any(|o| is(&o.body)))
        };
        let again = b.asked.iter().filter(waits).filter(|a| !under_way(a));
        let again: Vec<(Stream, IncidentId)> = again.map(|a| (a.of, a.incident)).collect();
        for (of, incident) in again {
            sometimes!(true, "black box asked again");
            sometimes!(!all, "a window is asked for again once its end is anchored");
            self.asked(robot, incident, |a| a.open = false);
            self.order_box(robot, of, incident);
        }
    }

    /// What is noted of a window that was asked for.
    fn asked(&mut self, robot: RobotId, incident: IncidentId, change: impl FnOnce(&mut Asked)) {
        let of = |a: &&mut Asked| a.incident == incident;
        if let Some(a) = self.s.boxes.get_mut(&robot).and_then(|b| b.asked.iter_mut().find(of)) {
            change(a);
        }
    }

    /// A robot hands out what its box holds of a window. One that has none of it says so, and the window's deadline speaks.
    pub(crate) fn box_answers(&mut self, robot: RobotId, w: &Window) -> Outcome {
        need(w.chunks.len() <= WINDOW_MAX && w.proofs.len() <= w.chunks.len(), Code::SchemaInvalid)?;
        if let Some(r) = self.s.replays.get(&w.incident).cloned() {
            return self.replay_shown(robot, r, w);
        }
        let Some(b) = self.s.boxes.get(&robot) else { return no(Code::NotFound) };
        let Some(asked) = b.asked.iter().find(|a| a.incident == w.incident) else { return no(Code::NotFound) };
        need(!asked.done, Code::AlreadyDone)?;
        let window = self.evidence(asked.of)?.windows.get(&w.incident).map(|x| (x.from.ns.max(asked.next_ns), x.to.ns));
        let Some(window) = window else { return no(Code::NotFound) };
        // Whoever answers before it is over would leave out what comes then, and be asked no more.
        need(self.device_ns() >= window.1, Code::StateForbids)?;
        let asked = asked.clone();
        let (runs, lacks) = (runs(b, window, w)?, b.lacks(window, &w.chunks, asked.most));
        let last = w.chunks.last();
        let reaches = last.is_some_and(|c| c.to_ns >= window.1);
        // What did not fit into one answer is asked for.
        let rest = last.filter(|_| !lacks && !reaches && w.chunks.len() == WINDOW_MAX);
        let withheld = lacks || rest.is_some_and(|c| b.is_shown(c.number.saturating_add(1), asked.most));
        let rest = rest.map(|c| c.to_ns);
        // Without a chunk under an anchor that reaches over its end, or lies beyond it, nobody knows whether that was all.
        let open = !lacks && !reaches && rest.is_none();
        let w = &within(window, w);
        // One that has nothing of that time and shows it leaves it to the window's deadline.
        let none = runs.is_empty();
        need(!none || w.images.is_empty(), Code::SchemaInvalid)?;
        if none && (!withheld || asked.withheld) {
            // What it shows now counts, and not what it had left out before.
            if !withheld {
                self.asked(robot, w.incident, |a| (a.withheld, a.open) = (false, open));
            }
            return Ok(());
        }
        let events = if none { Vec::new() } else { self.captures(asked.of, w.incident, runs)? };
        // The same again is an answer only if it leaves out nothing.
        need(!events.is_empty() || !lacks || !asked.withheld, Code::AlreadyDone)?;
        // Images first: they are refused where the window is not what it says, and then nothing of it is taken.
        if !lacks {
            self.capture_images(asked.of, w)?;
        }
        sometimes!(!none, "black box captured");
        for e in events {
            self.emit_evidence(asked.of, e);
        }
        self.leaked(robot, w);
        let read = self.judge_box(robot, asked.of, w, asked.read.unwrap_or_default());
        self.asked(robot, w.incident, |a| {
            (a.done, a.withheld, a.open) = (!lacks && reaches, withheld, open);
            if let Some(next_ns) = rest {
                (a.next_ns, a.read) = (next_ns, Some(read));
            }
            if a.done {
                a.read = None;
            }
        });
        sometimes!(rest.is_some(), "a window comes in pieces");
        sometimes!(lacks, "a robot leaves out what it has anchored");
        sometimes!(open, "a window is answered before its end is anchored");
        if rest.is_some() || lacks && !asked.withheld {
            self.order_box(robot, asked.of, w.incident);
        }
        Ok(())
    }

    /// Does a robot keep to itself what it has anchored of a window?
    pub(crate) fn withholds(&self, robot: RobotId, incident: IncidentId) -> bool {
        self.s.boxes.get(&robot).is_some_and(|b| b.asked.iter().any(|a| a.incident == incident && a.withheld))
    }

    /// Events by which runs of a window become evidence, if they are not yet: the anchors that they rest on first.
    fn captures(&mut self, of: Stream, incident: IncidentId, runs: Vec<Run>) -> Result<Vec<Event>, Rejection> {
        let (now, hand) = (self.now(), self.hand());
        let ids: Vec<EvidenceId> = runs.iter().map(|_| self.new_id()).collect();
        let (kept, subject) = (self.evidence(of)?, self.recorder(of)?);
        let cipher_key = self.seal_of(of, subject);
        let Some(window) = kept.windows.get(&incident) else { return no(Code::NotFound) };
        let (from, to) = (window.from, window.to);
        let (mut trial, mut events) = (kept.clone(), Vec::new());
        let mut add = |hand: &Hand, command: &Command| {
            let e = trial.decide(now, hand, command)?;
            trial.evolve(now, &e);
            events.push(e);
            Ok::<(), Rejection>(())
        };
        let mut held: Vec<Digest> = kept.anchors.keys().copied().collect();
        for (evidence, run) in ids.into_iter().zip(runs) {
            let Some(inclusion) = run.inclusion else { continue };
            let content_hash = nooterra_trust::evidence::content_of(&inclusion.pieces);
            // What it shows again when it is asked again is there.
            let same = |c: &Capture| c.incident == incident && c.channel == Channel::Telemetry && c.content_hash == content_hash;
            if kept.items.values().any(|i| same(&i.capture)) {
                continue;
            }
            for u in &inclusion.under {
                if !held.contains(&u.root) {
                    held.push(u.root);
                    add(&hand, &Command::Anchor { root: u.root, size: u.proof.size })?;
                }
            }
            let at = |ns: u64| DevTime { boot: from.boot, ns: ns.clamp(from.ns, to.ns) };
            let mut capture = Capture {
                evidence,
                incident,
                channel: Channel::Telemetry,
                from: at(run.from_ns),
                to: at(run.to_ns),
                content_hash,
                bytes: run.bytes,
                cipher_key,
                subject,
                inclusion: Some(inclusion),
                redaction: None,
            };
            let mut by = hand;
            if nooterra_engine::planted!("I18 believe chunks that no anchor has") {
                capture.inclusion = None;
                by.role = nooterra_trust::Role::TR;
            }
            add(&by, &Command::Capture(capture))?;
        }
        Ok(events)
    }
}
