//! The event queue with its total order `(instant, class, node, sequence)`: no ties, so no luck.

use crate::record::{Slot, Value};
use crate::time::Instant;
use crate::{Record, record};
use std::collections::BTreeMap;

/// Where an event stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Key {
    /// When.
    pub at: Instant,
    /// Events of one instant run by ascending class.
    pub class: u8,
    /// Then by node.
    pub node: u32,
    /// Then in the order in which they were put in.
    pub sequence: u64,
}

/// Events waiting for their instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQueue<E> {
    next: u64,
    waiting: BTreeMap<Key, E>,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self { next: 0, waiting: BTreeMap::new() }
    }
}

impl<E> EventQueue<E> {
    /// Puts an event in.
    pub fn push(&mut self, at: Instant, class: u8, node: u32, event: E) -> Key {
        let key = Key { at, class, node, sequence: self.next };
        self.next += 1;
        self.waiting.insert(key, event);
        key
    }
    /// Where the first event stands.
    pub fn peek(&self) -> Option<&Key> {
        self.waiting.first_key_value().map(|(k, _)| k)
    }
    /// Takes the first event if it is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Key, E)> {
        if self.peek()?.at > now { None } else { self.waiting.pop_first() }
    }
    /// Takes one event back.
    pub fn cancel(&mut self, key: &Key) -> Option<E> {
        self.waiting.remove(key)
    }
    /// Events waiting, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &E)> {
        self.waiting.iter()
    }
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
    /// Does none wait?
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl<E: Value + 'static> record::Message for EventQueue<E> {
    fn shape() -> record::Shape {
        record::Shape {
            name: record::Name::Full("nooterra.engine.EventQueue"),
            body: record::Body::Struct(vec![
                record::FieldShape { tag: 1, name: "next", kind: record::Kind::Uint },
                record::FieldShape { tag: 2, name: "waiting", kind: <BTreeMap<Key, E> as Slot>::kind() },
            ]),
        }
    }
    fn put_body(&self, w: &mut record::Writer) {
        self.next.put_slot(1, w);
        self.waiting.put_slot(2, w);
    }
    fn take_body(r: &mut record::Reader<'_>) -> Result<Self, record::DecodeError> {
        Ok(Self { next: Slot::take_slot(1, r)?, waiting: Slot::take_slot(2, r)? })
    }
}
crate::message_value!([<E: Value + 'static>] EventQueue<E> []);
