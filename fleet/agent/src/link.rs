//! Words in and out: orders verified and put in order, reports stamped, signed and repeated until heard.

use crate::config::AgentConfig;
use nooterra_engine::ids::{JobId, LeaseId};
use nooterra_engine::record::decode;
use nooterra_engine::{Instant, Record, Span, encode};
use nooterra_port::order::{Order, SignedOrder};
use nooterra_port::report::Report;
use nooterra_trust::outbox::Patience;
use nooterra_trust::{Draft, InputKind, Outbox, Receipt, Sender, Signature, SigningKey};
use std::collections::{BTreeMap, VecDeque};

/// Orders that came too early wait here; further ahead they are not kept.
const HELD_AHEAD: u64 = 64;
/// Heartbeats whose acknowledgement is awaited.
const BEATS_KEPT: usize = 1_024;
/// A refused milestone is said again after this, and at most this often.
const RETRY_AFTER: Span = Span::from_secs(3);
const RETRIES: u32 = 100;
/// A badly signed order is answered at most this often.
const FORGED_EVERY_NS: u64 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq, Record)]
struct Said {
    at: Instant,
    report: Report,
    job: Option<JobId>,
    lease: Option<LeaseId>,
    fence: u64,
    tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Beat {
    actor_seq: u64,
    at: Instant,
}

/// What came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Not for us, or no sense in it.
    Nothing(String),
    /// An order with a false signature.
    Forged(u64),
    /// An order whose number was taken up before, or lies ahead.
    OutOfSequence(u64, &'static str),
    /// The platform has heard us; maybe it refused something.
    Acked(Option<(u64, String)>),
    /// A stop or a revocation that is obeyed before its turn (its turn comes too).
    StopEarly(Box<SignedOrder>),
    /// Orders whose turn it is may be there: call [`Link::next_order`].
    InSequence,
}

/// Both directions of the robot's link.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Link {
    outbox: Outbox,
    pending: Vec<Said>,
    next_order: u64,
    /// Highest fence seen.
    pub fence: u64,
    held: BTreeMap<u64, SignedOrder>,
    beats: VecDeque<Beat>,
    /// When the last acknowledged heartbeat was sent.
    pub acked_beat: Instant,
    last_beat: Instant,
    forged_at: Instant,
    /// Reports that move the job on, until their verdict is known, by their place in the chain.
    milestones: BTreeMap<u64, Said>,
    /// Of these, what was refused because the platform was not there yet: said again at that instant.
    again: VecDeque<Said>,
}

impl Link {
    /// A link at the start of the robot's chain.
    pub fn new(c: &AgentConfig, secret: [u8; 32], boot: u32) -> Self {
        let sender = Sender::device(c.tenant, *c.robot.as_bytes(), SigningKey::from_secret(secret), boot);
        Self {
            outbox: Outbox::new(sender, c.dispatch, Patience::default()),
            pending: Vec::new(),
            next_order: 1,
            fence: 0,
            held: BTreeMap::new(),
            beats: VecDeque::new(),
            acked_beat: Instant::ZERO,
            last_beat: Instant::ZERO,
            forged_at: Instant::ZERO,
            milestones: BTreeMap::new(),
            again: VecDeque::new(),
        }
    }
    /// Highest order number taken up.
    pub fn orders_seen(&self) -> u64 {
        self.next_order - 1
    }
    /// Position of the last report that was sealed.
    pub fn sealed(&self) -> u64 {
        self.outbox.sender().seq()
    }
    /// Was it told that its key is no longer valid?
    pub fn is_barred(&self) -> bool {
        self.outbox.is_barred()
    }
    /// Reports that wait for their acknowledgement.
    pub fn unacked(&self) -> usize {
        self.outbox.unacked() + self.pending.len()
    }
    /// When the last heartbeat was said.
    pub fn last_beat(&self) -> Instant {
        self.last_beat
    }
    /// Since when has a heartbeat been waiting for its acknowledgement?
    pub fn waiting_since(&self) -> Option<Instant> {
        self.beats.front().map(|b| b.at)
    }

    /// Queues a report.
    pub fn say(&mut self, at: Instant, report: Report, job: Option<JobId>, lease: Option<LeaseId>, fence: u64) {
        if matches!(report, Report::Heartbeat(_)) {
            self.last_beat = at;
        }
        self.pending.push(Said { at, report, job, lease, fence, tries: 0 });
    }

    /// Signs what was queued and hands out everything to send now, repetitions included.
    pub fn drain(&mut self, now: Instant, c: &AgentConfig) -> Vec<Vec<u8>> {
        for s in self.pending.drain(..) {
            // What concerns the job speaks to the job's stream, the rest to the robot's own.
            let stream = match s.job {
                Some(j) if concerns_job(&s.report) => format!("job/{j}"),
                _ => format!("robot/{}", c.robot),
            };
            let is_beat = matches!(s.report, Report::Heartbeat(_));
            let mut d = Draft::new(InputKind::Report, stream, "Report", encode(&s.report));
            d.lease = s.lease;
            d.fence = Some(s.fence);
            let actor_seq = self.outbox.push(d, s.at, c.clock_offset_ns);
            if is_beat {
                if self.beats.len() == BEATS_KEPT {
                    self.beats.remove(1); // the first tells since when nobody answers
                }
                self.beats.push_back(Beat { actor_seq, at: s.at });
            } else if is_milestone(&s.report) {
                self.milestones.insert(actor_seq, s);
            }
        }
        if self.outbox.next_deadline(now).is_some_and(|at| at <= now) {
            self.outbox.due(now).iter().map(nooterra_trust::Envelope::to_bytes).collect()
        } else {
            Vec::new()
        }
    }
    /// Is there anything to send at `now`?
    pub fn has_due(&self, now: Instant) -> bool {
        !self.pending.is_empty() || self.outbox.next_deadline(now).is_some_and(|at| at <= now)
    }

    fn acked(&mut self, actor_seq: u64) {
        while let Some(b) = self.beats.front().filter(|b| b.actor_seq <= actor_seq) {
            self.acked_beat = self.acked_beat.max(b.at);
            self.beats.pop_front();
        }
        while self.milestones.first_key_value().is_some_and(|(seq, _)| *seq <= actor_seq) {
            self.milestones.pop_first();
        }
    }

    /// A report that moves the job on was refused: if the platform may only not be there yet, it is said again.
    fn refused(&mut self, now: Instant, actor_seq: u64, code: &str) {
        let Some(mut s) = self.milestones.remove(&actor_seq) else { return };
        s.tries += 1;
        if s.tries <= RETRIES
            && matches!(code, "NOT_CAPTURED" | "STATE_FORBIDS" | "TRACK_FORBIDS" | "STOP_ACTIVE" | "PLAN_MISSING" | "PLAN_NOT_VALID_NOW")
        {
            s.at = now.saturating_add(RETRY_AFTER);
            self.again.push_back(s);
        }
    }
    /// Says again what is due, if its lease is still in force.
    pub fn retry(&mut self, now: Instant, lease: Option<LeaseId>) {
        while self.again.front().is_some_and(|s| s.at <= now) {
            self.pending.extend(self.again.pop_front().filter(|s| s.lease == lease));
        }
    }

    /// Takes bytes from the link.
    pub fn receive(&mut self, now: Instant, bytes: &[u8], c: &AgentConfig) -> Heard {
        let o = match decode::<SignedOrder>(bytes) {
            Ok(o) => o,
            Err(e) => return self.receipt(now, bytes, c).unwrap_or_else(|| Heard::Nothing(e.to_string())),
        };
        if o.tenant != c.tenant || o.robot != c.robot {
            return Heard::Nothing("for another robot".into());
        }
        if o.key != c.dispatch.id() || !c.dispatch.verify(&o.signing_bytes(), &Signature(o.sig)) {
            return Heard::Forged(o.order_seq);
        }
        if let Order::Ack { actor_seq } = o.body {
            self.outbox.acknowledge(actor_seq, now);
            self.acked(actor_seq);
            if o.order_seq == 0 {
                return Heard::Acked(None); // acknowledgements need no number of their own
            }
        }
        if o.order_seq < self.next_order {
            return Heard::OutOfSequence(o.order_seq, "SEQ_REPLAY");
        }
        let ahead = o.order_seq > self.next_order;
        let urgent = matches!(o.body, Order::Stop { .. } | Order::Revoke { .. });
        if o.order_seq - self.next_order >= HELD_AHEAD && !urgent {
            return Heard::OutOfSequence(o.order_seq, "SEQ_GAP");
        }
        let seq = o.order_seq;
        if self.held.contains_key(&seq) {
            return Heard::OutOfSequence(seq, "SEQ_REPLAY");
        }
        let early = (urgent && ahead).then(|| o.clone());
        if seq - self.next_order < HELD_AHEAD {
            self.held.insert(seq, o);
        }
        match early {
            Some(o) => Heard::StopEarly(Box::new(o)),
            None if ahead => Heard::OutOfSequence(seq, "SEQ_GAP"),
            None => Heard::InSequence,
        }
    }

    fn receipt(&mut self, now: Instant, bytes: &[u8], c: &AgentConfig) -> Option<Heard> {
        let r = decode::<Receipt>(bytes).ok()?;
        if r.tenant != c.tenant || r.actor != *c.robot.as_bytes() {
            return Some(Heard::Nothing("receipt for another".into()));
        }
        let before = self.outbox.unacked();
        let acked = self.outbox.receive(&r, now);
        if acked.done.is_empty() && acked.verdict.is_none() && before == self.outbox.unacked() {
            return Some(Heard::Acked(None));
        }
        let refused = acked.verdict.and_then(|(seq, v)| v.rejection().map(|x| (seq, x.code.text().to_owned())));
        if let Some((seq, code)) = &refused {
            self.refused(now, *seq, code);
        }
        self.acked(if acked.done.is_empty() { 0 } else { r.acked_seq });
        Some(Heard::Acked(refused))
    }

    /// Orders that came ahead of their turn are forgotten: they are asked for again.
    pub fn forget_held(&mut self) {
        self.held.clear();
    }

    /// The next order whose turn it is.
    pub fn next_order(&mut self) -> Option<SignedOrder> {
        let o = self.held.remove(&self.next_order)?;
        self.next_order += 1;
        Some(o)
    }
    /// May a badly signed order be answered now?
    pub fn may_answer_forged(&mut self, now: Instant) -> bool {
        let may = self.forged_at == Instant::ZERO || now.since(self.forged_at).0 >= FORGED_EVERY_NS;
        if may {
            self.forged_at = now;
        }
        may
    }
}

fn is_milestone(r: &Report) -> bool {
    matches!(
        r,
        Report::Departed { .. }
            | Report::RobotArrived { .. }
            | Report::ExecutionStarted { .. }
            | Report::CheckpointReached { .. }
            | Report::ExecutionCompleted { .. }
            | Report::SafeExitReported { .. }
    )
}

fn concerns_job(r: &Report) -> bool {
    matches!(
        r,
        Report::LeaseAccepted { .. }
            | Report::LeaseRefused { .. }
            | Report::Departed { .. }
            | Report::TripAborted { .. }
            | Report::RobotArrived { .. }
            | Report::ExecutionStarted { .. }
            | Report::CheckpointReached { .. }
            | Report::CustodyChanged { .. }
            | Report::ExecutionStalled { .. }
            | Report::ExecutionResumed
            | Report::ExecutionCompleted { .. }
            | Report::ExecutionAborted { .. }
            | Report::SafeExitReported { .. }
            | Report::AssistView(_)
            | Report::InterventionAnswered { .. }
            | Report::ApprovalAsked { .. }
            | Report::ApprovalConsumed { .. }
            | Report::AccessRevokeAcked { .. }
            | Report::AssistAsked { .. }
    )
}
