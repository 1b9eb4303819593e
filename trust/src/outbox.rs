//! A sender's memory of what was not acknowledged yet: in order, again and again, until a receipt covers it.

use crate::envelope::{Draft, Envelope, Receipt, Sender, Verdict};
use crate::keys::PublicKey;
use crate::rejection::Code;
use nooterra_engine::{Digest, Instant, Record, Span};
use std::collections::VecDeque;

/// How an outbox repeats itself.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Patience {
    /// First wait before a repetition.
    pub first: Span,
    /// Longest wait: each repetition doubles the wait up to here.
    pub longest: Span,
    /// At most this many envelopes are under way at once.
    pub window: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Span::from_millis(500), longest: Span::from_secs(8), window: 32 }
    }
}

/// What a receipt changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acked {
    /// Envelopes that need no further care, in order.
    pub done: Vec<Envelope>,
    /// The answer to one of ours: its position and verdict.
    pub verdict: Option<(u64, Verdict)>,
}

/// Signed envelopes that wait for their receipt, with the chain that signs them.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Outbox {
    sender: Sender,
    receiver: PublicKey,
    patience: Patience,
    queue: VecDeque<Envelope>,
    hashes: VecDeque<Digest>,
    /// Of the queue's front, this many were handed out since the last timeout.
    in_flight: u32,
    wait: Span,
    retry_at: Option<Instant>,
    /// Until then a further gap report is the echo of the one that was answered.
    deaf_until: Instant,
    retransmissions: u64,
    /// The receiver says that the sender's key is no longer valid: nothing that is sent would be heard.
    barred: bool,
}

impl Outbox {
    /// Empty; receipts must be signed by `receiver`.
    #[must_use]
    pub fn new(sender: Sender, receiver: PublicKey, patience: Patience) -> Self {
        let wait = patience.first;
        Self {
            sender,
            receiver,
            patience,
            queue: VecDeque::new(),
            hashes: VecDeque::new(),
            in_flight: 0,
            wait,
            retry_at: None,
            deaf_until: Instant::ZERO,
            retransmissions: 0,
            barred: false,
        }
    }
    /// Stamps, signs and queues; returns the position. [`Outbox::due`] hands it out.
    ///
    /// A sender whose key is no longer valid ([`Outbox::is_barred`]) queues nothing.
    pub fn push(&mut self, draft: Draft, dev_now: Instant, dev_off_ns: i64) -> u64 {
        if self.barred {
            return self.sender.seq();
        }
        let e = self.sender.seal(draft, dev_now, dev_off_ns);
        self.hashes.push_back(self.sender.head());
        let seq = e.actor_seq;
        self.queue.push_back(e);
        seq
    }
    /// The input's hash of the envelope that was pushed last and waits still: ids of what it brings about follow from it.
    #[must_use]
    pub fn last_hash(&self) -> Option<&Digest> {
        self.hashes.back()
    }
    /// Everything to send now: what was never sent, as far as the window reaches, and after a timeout all of it again.
    pub fn due(&mut self, now: Instant) -> Vec<Envelope> {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retransmissions += u64::from(self.in_flight);
            self.in_flight = 0;
            self.wait = Span((self.wait.0 * 2).min(self.patience.longest.0));
            self.retry_at = None;
        }
        let mut out = Vec::new();
        while self.in_flight < self.patience.window {
            let Some(e) = self.queue.get(self.in_flight as usize) else { break };
            out.push(e.clone());
            self.in_flight += 1;
        }
        if self.in_flight > 0 && self.retry_at.is_none() {
            self.retry_at = Some(now.saturating_add(self.wait));
        }
        out
    }
    /// Takes a receipt. One with another signer, another chain or nonsense in it changes nothing.
    pub fn receive(&mut self, r: &Receipt, now: Instant) -> Acked {
        let mut acked = Acked::default();
        if r.tenant != self.sender.tenant || r.actor != self.sender.actor || !r.signed_by(&self.receiver) {
            return acked;
        }
        if let Some(i) = self.hashes.iter().position(|h| *h == r.input_hash) {
            acked.verdict = Some((self.queue[i].actor_seq, r.verdict.clone()));
        }
        while self.queue.front().is_some_and(|e| e.actor_seq <= r.acked_seq) {
            acked.done.extend(self.queue.pop_front());
            self.hashes.pop_front();
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        if !acked.done.is_empty() {
            self.wait = self.patience.first;
            self.retry_at = (self.in_flight > 0).then(|| now.saturating_add(self.wait));
        }
        let barred = r.verdict.rejection().is_some_and(|x| x.code == Code::KeyInactive);
        if barred && acked.verdict.is_some() && self.queue.front().is_some_and(|e| e.key == self.sender.key()) {
            self.barred = true;
            self.queue.clear();
            self.hashes.clear();
            (self.in_flight, self.retry_at) = (0, None);
        }
        let gap = r.verdict.rejection().is_some_and(|x| x.code == Code::SeqGap);
        if gap && now >= self.deaf_until && self.in_flight > 0 {
            self.retransmissions += u64::from(self.in_flight);
            self.in_flight = 0;
            self.retry_at = None;
            self.deaf_until = now.saturating_add(self.patience.first);
        }
        acked
    }
    /// Takes an acknowledgement that the caller has verified by itself (an order of the platform to a robot): all
    /// up to `acked_seq` was taken in.
    pub fn acknowledge(&mut self, acked_seq: u64, now: Instant) -> Vec<Envelope> {
        let mut done = Vec::new();
        while self.queue.front().is_some_and(|e| e.actor_seq <= acked_seq) {
            done.extend(self.queue.pop_front());
            self.hashes.pop_front();
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        if !done.is_empty() {
            self.wait = self.patience.first;
            self.retry_at = (self.in_flight > 0).then(|| now.saturating_add(self.wait));
        }
        done
    }
    /// When [`Outbox::due`] has something next: `Some(now)` if it has already.
    #[must_use]
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let fresh = (self.in_flight < self.patience.window && self.queue.len() > self.in_flight as usize).then_some(now);
        fresh.or(self.retry_at)
    }
    /// Was the sender told that its key is no longer valid? Nothing that it says would be heard, so it is silent.
    #[must_use]
    pub const fn is_barred(&self) -> bool {
        self.barred
    }
    /// How many wait for their receipt.
    #[must_use]
    pub fn unacked(&self) -> usize {
        self.queue.len()
    }
    /// How many envelopes were sent more than once, counted each time.
    #[must_use]
    pub fn retransmissions(&self) -> u64 {
        self.retransmissions
    }
    /// The chain that signs.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        &self.sender
    }
    /// The chain that signs, to reboot it or to rotate its key.
    pub fn sender_mut(&mut self) -> &mut Sender {
        &mut self.sender
    }
}
