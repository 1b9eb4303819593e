//! The receiver's side of senders' chains: position, repetition, device time.

use crate::envelope::{CLOCK_AHEAD_NS_MAX, Envelope, InputKind, REPORT_AGE_NS_MAX, Receipt, Verdict};
use crate::keys::Signature;
use crate::opened::Opened;
use crate::rejection::{Code, Rejection};
use nooterra_engine::ids::{KeyId, TenantId};
use nooterra_engine::time::Span;
use nooterra_engine::{Digest, Instant, Record};
use std::collections::{BTreeMap, VecDeque};

/// Verdicts of this many last inputs are kept per actor, to answer repetitions; reports that are older are `SEQ_REPLAY`.
pub const VERDICTS_KEPT: usize = 64;
/// Verdicts of commands are kept for so long beyond that, since whoever gave one may ask again days later.
pub const COMMANDS_KEPT_FOR: Span = Span::from_mins(30 * 24 * 60);
/// But of no actor more than this many: nobody fills the platform with what it says.
pub const COMMANDS_KEPT: usize = 10_000;

/// Whose chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
struct Who {
    tenant: TenantId,
    actor: [u8; 16],
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Seen {
    seq: u64,
    input_hash: Digest,
    verdict: Verdict,
    /// When it was taken in, if it was a command.
    command_at: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
struct Chain {
    seq: u64,
    head: Digest,
    boot: u32,
    dev_ns: u64,
    recent: VecDeque<Seen>,
    /// Commands before those, ascending by position.
    commands: VecDeque<Seen>,
    /// Ids that callers chose themselves, for ever. Ids that follow from the position need no memory.
    chosen_ids: BTreeMap<[u8; 16], Digest>,
}

/// Where an input stands in its sender's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The next one: decide it, then call [`ActorChains::advance`].
    Next,
    /// Taken in before: answer its first verdict again.
    Duplicate(Verdict),
}

/// All senders' chains as the receiver knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct ActorChains {
    chains: BTreeMap<Who, Chain>,
}

impl ActorChains {
    /// Position and repetition. A refusal here leaves the chain where it is: the sender must go back.
    pub fn place(&self, e: &Envelope, input_hash: Digest) -> Result<Place, Rejection> {
        let fresh = Chain::default();
        let c = self.chains.get(&who(e)).unwrap_or(&fresh);
        let next = c.seq + 1;
        if e.actor_seq > next {
            return Err(Rejection::new(Code::SeqGap).field("actor_seq").expected(next).actual(e.actor_seq));
        }
        if e.actor_seq < next && nooterra_engine::planted!("I42 take what comes twice") {
            return Ok(Place::Next);
        }
        if e.actor_seq < next {
            let same = |s: &&Seen| s.seq == e.actor_seq && s.input_hash == input_hash;
            return match c.recent.iter().find(same).or_else(|| c.commands.iter().find(same)) {
                Some(s) => Ok(Place::Duplicate(s.verdict.clone())),
                // Whoever chose an id is told that it stands for something else, wherever in the chain that is said.
                None if c.stands_for_other(e, input_hash) => Err(conflict(c, e, input_hash)),
                None => Err(Rejection::new(Code::SeqReplay).field("actor_seq").expected(next).actual(e.actor_seq)),
            };
        }
        if e.actor_prev != c.head {
            return Err(Rejection::new(Code::PrevMismatch).field("actor_prev").expected(c.head).actual(e.actor_prev));
        }
        if c.stands_for_other(e, input_hash) {
            return Err(conflict(c, e, input_hash));
        }
        Ok(Place::Next)
    }
    /// Device time, for the next input of a device. A refusal here still advances the chain.
    pub fn check_time(&self, e: &Envelope, recv: Instant) -> Result<(), Rejection> {
        if e.boot == 0 && e.dev_ns == 0 {
            return Ok(());
        }
        let seen_ns = e.dev_ns.saturating_add_signed(e.dev_off_ns);
        if seen_ns > recv.0.saturating_add(CLOCK_AHEAD_NS_MAX) {
            return Err(Rejection::new(Code::ClockAhead).field("dev_ns").expected(recv).actual(Instant(seen_ns)));
        }
        if let Some(c) = self.chains.get(&who(e))
            && c.seq > 0
            && (e.boot, e.dev_ns) <= (c.boot, c.dev_ns)
        {
            return Err(Rejection::new(Code::ClockBackward).field("dev_ns").expected(format!("after {}", c.dev_ns)).actual(e.dev_ns));
        }
        if e.kind == InputKind::Report && seen_ns.saturating_add(REPORT_AGE_NS_MAX) < recv.0 {
            return Err(Rejection::new(Code::ReportTooOld).field("dev_ns").expected(recv).actual(Instant(seen_ns)));
        }
        Ok(())
    }
    /// The input at the next position was decided: the chain moves on, whatever the verdict.
    pub fn advance(&mut self, opened: &Opened, verdict: Verdict, recv: Instant) {
        let (e, input_hash) = (opened.envelope(), opened.hash());
        let c = self.chains.entry(who(e)).or_default();
        c.seq = e.actor_seq;
        c.head = input_hash;
        if (e.boot, e.dev_ns) > (c.boot, c.dev_ns) {
            (c.boot, c.dev_ns) = (e.boot, e.dev_ns);
        }
        if !opened.has_positional_id() {
            c.chosen_ids.insert(e.input_id, input_hash);
        }
        if c.recent.len() == VERDICTS_KEPT {
            c.commands.extend(c.recent.pop_front().filter(|s| s.command_at.is_some()));
        }
        let old = |s: &Seen| s.command_at.is_none_or(|at| at.saturating_add(COMMANDS_KEPT_FOR) < recv);
        while c.commands.front().is_some_and(old) || c.commands.len() > COMMANDS_KEPT {
            c.commands.pop_front();
        }
        let command_at = (e.kind == InputKind::Command).then_some(recv);
        c.recent.push_back(Seen { seq: e.actor_seq, input_hash, verdict, command_at });
    }
    /// How far this actor's chain was taken in.
    #[must_use]
    pub fn head(&self, tenant: TenantId, actor: [u8; 16]) -> (u64, Digest) {
        self.chains.get(&Who { tenant, actor }).map_or((0, Digest::ZERO), |c| (c.seq, c.head))
    }
    /// The answer to an envelope, whatever became of it: a `SEQ_GAP` tells the sender where to resume. Not signed yet:
    /// whoever holds the secret of `key` does that.
    #[must_use]
    pub fn receipt(&self, e: &Envelope, input_hash: Digest, verdict: Verdict, recv: Instant, log_seq: u64, key: KeyId) -> Receipt {
        let (acked_seq, acked_head) = self.head(e.tenant, e.actor);
        Receipt {
            tenant: e.tenant,
            actor: e.actor,
            input_hash,
            verdict,
            acked_seq,
            acked_head,
            recv_ns: recv,
            log_seq,
            key,
            sig: Signature::NONE,
        }
    }
}

impl Chain {
    /// Did its sender choose this id before, for something else?
    fn stands_for_other(&self, e: &Envelope, input_hash: Digest) -> bool {
        self.chosen_ids.get(&e.input_id).is_some_and(|first| *first != input_hash)
    }
}

fn conflict(c: &Chain, e: &Envelope, input_hash: Digest) -> Rejection {
    let first = c.chosen_ids.get(&e.input_id).copied().unwrap_or(Digest::ZERO);
    Rejection::new(Code::IdempotencyConflict).field("input_id").expected(first).actual(input_hash)
}

fn who(e: &Envelope) -> Who {
    Who { tenant: e.tenant, actor: e.actor }
}
