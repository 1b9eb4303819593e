//! Where a run says what happens, record by record: into a log, into a comparison with one, or nowhere.
//!
//! A composite that is written against [`Sink`] can be recorded and replayed without a further line.

use crate::kind::Kind;
use crate::recorder::{RecordError, Recorder};
use crate::snap::Snap;
use crate::words::{Rooms, State};
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::record::{Message, Shape, encode};
use nooterra_engine::{Digest, Instant};
use std::any::TypeId;
use std::io::Write;
use thiserror::Error;

/// One thing said.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Tick of the run.
    pub tick: u64,
    /// Instant of the run.
    pub at: Instant,
    /// Kind.
    pub kind: Kind,
    /// Telemetry: its topic.
    pub topic: Option<&'a str>,
    /// The payload's type.
    pub type_id: TypeId,
    /// The payload's shape.
    pub shape: fn() -> Shape,
    /// Canonical bytes.
    pub payload: &'a [u8],
}

impl<'a> Said<'a> {
    /// Canonical bytes of a `M`, as a record of this kind.
    #[must_use]
    pub fn of<M: Message + 'static>(kind: Kind, tick: u64, at: Instant, payload: &'a [u8]) -> Self {
        Self { tick, at, kind, topic: None, type_id: TypeId::of::<M>(), shape: M::shape, payload }
    }
}

/// Why a sink takes no more.
#[derive(Debug, Error)]
pub enum SinkError {
    /// The log refused.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It has heard enough: end the run.
    #[error("the sink has heard enough")]
    Stop,
}

/// Takes what is said, in total order. A keyframe is the last thing said of its tick, after the state root.
pub trait Sink {
    /// Takes one record.
    fn put(&mut self, said: &Said<'_>) -> Result<(), SinkError>;
    /// Takes every room's digest.
    fn roots(&mut self, tick: u64, at: Instant, roots: &StateRoots) -> Result<(), SinkError> {
        self.put(&Said::of::<Rooms>(Kind::Roots, tick, at, &encode(&Rooms::named(roots))))
    }
    /// Takes a keyframe.
    fn keyframe(&mut self, tick: u64, at: Instant, k: &Keyframe) -> Result<(), SinkError> {
        let snap = Snap::whole(k).map_err(RecordError::Pack)?;
        self.put(&Said::of::<Snap>(Kind::Snap, tick, at, &encode(&snap)))
    }
    /// Is telemetry worth making?
    fn wants_telemetry(&self) -> bool {
        true
    }
    /// Something urgent was said: make it last now.
    fn urgent(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Typed ways to say something.
pub trait SinkExt: Sink {
    /// Says an input, a fact, a wish or a note.
    fn say<M: Message + 'static>(&mut self, kind: Kind, tick: u64, at: Instant, m: &M) -> Result<(), SinkError> {
        self.put(&Said::of::<M>(kind, tick, at, &encode(m)))
    }
    /// Shows something on a topic of telemetry.
    fn show<M: Message + 'static>(&mut self, topic: &str, tick: u64, at: Instant, m: &M) -> Result<(), SinkError> {
        if !self.wants_telemetry() {
            return Ok(());
        }
        self.put(&Said { topic: Some(topic), ..Said::of::<M>(Kind::Telemetry, tick, at, &encode(m)) })
    }
    /// Says the root over the whole state at the end of a tick.
    fn end_tick(&mut self, tick: u64, at: Instant, root: Digest) -> Result<(), SinkError> {
        self.say(Kind::State, tick, at, &State { root })
    }
}

impl<S: Sink + ?Sized> SinkExt for S {}

impl<W: Write> Sink for Recorder<W> {
    fn put(&mut self, said: &Said<'_>) -> Result<(), SinkError> {
        let c = self.channel_for(said)?;
        self.record_bytes(c, said.tick, said.at, said.payload, &[])?;
        Ok(())
    }
    fn roots(&mut self, tick: u64, at: Instant, roots: &StateRoots) -> Result<(), SinkError> {
        Recorder::roots(self, tick, at, roots)?;
        Ok(())
    }
    fn keyframe(&mut self, tick: u64, at: Instant, k: &Keyframe) -> Result<(), SinkError> {
        Recorder::keyframe(self, tick, at, k)?;
        Ok(())
    }
    fn urgent(&mut self) -> Result<(), SinkError> {
        Ok(self.commit()?)
    }
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn put(&mut self, _: &Said<'_>) -> Result<(), SinkError> {
        Ok(())
    }
    fn roots(&mut self, _: u64, _: Instant, _: &StateRoots) -> Result<(), SinkError> {
        Ok(())
    }
    fn keyframe(&mut self, _: u64, _: Instant, _: &Keyframe) -> Result<(), SinkError> {
        Ok(())
    }
    fn wants_telemetry(&self) -> bool {
        false
    }
}
