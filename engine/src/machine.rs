//! The contract of everything that decides: plain data and a pure function `(state, instant, input) -> (facts, wishes)`.

use crate::digest::Hasher;
use crate::record::DecodeError;
use crate::time::Instant;

/// What a step leaves behind: facts (they happened, they are written down) and wishes (effects to be carried out).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out<F, W> {
    /// What happened, in order.
    pub facts: Vec<F>,
    /// What the shell or the simulated world is asked to do, in order.
    pub wishes: Vec<W>,
}

impl<F, W> Default for Out<F, W> {
    fn default() -> Self {
        Self { facts: Vec::new(), wishes: Vec::new() }
    }
}

impl<F, W> Out<F, W> {
    /// Empty both, keeping their memory.
    pub fn clear(&mut self) {
        self.facts.clear();
        self.wishes.clear();
    }
}

/// A deciding thing. It reads no clock: `now` is given, and its timers fire when the host calls [`Machine::advance`].
pub trait Machine {
    /// Everything that can wake it.
    type Input;
    /// What it says happened.
    type Fact;
    /// What it asks for.
    type Wish;
    /// Takes one input.
    fn step(&mut self, now: Instant, input: Self::Input, out: &mut Out<Self::Fact, Self::Wish>);
    /// Fires every timer due at or before `now`, in its total order.
    fn advance(&mut self, now: Instant, out: &mut Out<Self::Fact, Self::Wish>);
    /// When the next timer is due.
    fn next_deadline(&self) -> Option<Instant>;
    /// Adds the whole state to a hash.
    fn digest(&self, h: &mut Hasher);
}

/// A part of a composite that can be saved and continued: a keyframe is a list of these.
pub trait Freeze: Sized {
    /// The whole state as bytes: the same state always gives the same bytes.
    fn freeze(&self) -> Vec<u8>;
    /// The state in these bytes.
    fn thaw(bytes: &[u8]) -> Result<Self, DecodeError>;
}

impl<M: crate::record::Message> Freeze for M {
    fn freeze(&self) -> Vec<u8> {
        crate::record::encode(self)
    }
    fn thaw(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::record::decode(bytes)
    }
}
