//! Words that rest on displayed terms. They name the head of the stream that was read; if it went on meanwhile, the
//! refusal says how far, and the same word is said again: what it agrees to is named by its hash in the word itself.

use nooterra_engine::{Digest, Instant, Record};
use nooterra_trust::outbox::Acked;
use nooterra_trust::{Code, Draft, InputKind, Outbox, Verdict};
use std::collections::BTreeMap;

/// A word is said again so often at most.
const AGAIN: u8 = 4;

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Said {
    stream: String,
    type_name: String,
    body: Vec<u8>,
    times: u8,
}

/// What was said at a head and is not answered yet, by its position.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Mindful {
    said: BTreeMap<u64, Said>,
}

impl Mindful {
    /// Says a word at this head.
    pub fn say(&mut self, outbox: &mut Outbox, draft: &Draft, head: Digest, now: Instant) {
        self.put(
            outbox,
            Said { stream: draft.stream.clone(), type_name: draft.type_name.clone(), body: draft.body.clone(), times: 1 },
            head,
            now,
        );
    }

    fn put(&mut self, outbox: &mut Outbox, said: Said, head: Digest, now: Instant) {
        let mut draft = Draft::new(InputKind::Command, said.stream.clone(), said.type_name.clone(), said.body.clone());
        draft.expect_head = Some(head);
        let seq = outbox.push(draft, now, 0);
        self.said.insert(seq, said);
    }

    /// An answer came.
    pub fn receive(&mut self, outbox: &mut Outbox, acked: &Acked, now: Instant) {
        let Some((seq, verdict)) = &acked.verdict else { return };
        let Some(said) = self.said.remove(seq) else { return };
        let Verdict::Refused(r) = verdict else { return };
        let head = r.expected.as_deref().and_then(Digest::from_hex).filter(|_| r.code == Code::HeadConflict);
        if let Some(head) = head.filter(|_| said.times < AGAIN) {
            self.put(outbox, Said { times: said.times + 1, ..said }, head, now);
        }
    }
}
