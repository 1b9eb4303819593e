//! The recorder's thread: takes tapes in order, writes, hashes, signs and compresses them beside the run.
//!
//! The order of bytes is the order in which tapes are sent, so the second thread changes nothing in the file.

use crate::tape::{Slot, Tape};
use nooterra_blackbox::telemetry::{FrameTransforms, Log, SceneUpdate};
use nooterra_blackbox::words::{Head, State};
use nooterra_blackbox::{Channel, OpenInfo, RecordError, Recorder};
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::{Instant, decode};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use thiserror::Error;

/// Why a log could not be written.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file cannot be made.
    #[error("failed to create `{}`", path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The recorder gave up: the disk is full, or the file went away.
    #[error("failed to write the black box")]
    Write(#[from] RecordError),
    /// The file could not be brought to disk.
    #[error("failed to bring the black box to disk")]
    Sync(#[source] io::Error),
    /// The recorder's thread died.
    #[error("the recorder stopped unexpectedly")]
    Died,
}

/// What came of a recording.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The tree at the end.
    pub head: Head,
    /// Size of the file.
    pub bytes: u64,
}

enum Job {
    Tape(Tape),
    Close(u64, Instant, String),
}

/// A log being written.
#[derive(Debug)]
pub struct Recording {
    to: SyncSender<Job>,
    back: Receiver<Tape>,
    thread: Option<JoinHandle<Result<Recorded, RecordingError>>>,
}

/// Tapes under way at most: the run waits for the recorder rather than the other way round.
const UNDER_WAY: usize = 64;

impl Recording {
    /// Starts a log in a new file.
    pub fn start(path: &Path, info: OpenInfo) -> Result<Self, RecordingError> {
        let file = File::create(path).map_err(|source| RecordingError::Create { path: path.to_owned(), source })?;
        let (to, jobs) = sync_channel(UNDER_WAY);
        let (give_back, back) = sync_channel(UNDER_WAY);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || write(file, &path, &info, &jobs, &give_back))
            .map_err(|source| RecordingError::Create { path: PathBuf::from("recorder thread"), source })?;
        Ok(Self { to, back, thread: Some(thread) })
    }
    /// Sends a tape; gives back an empty one to go on with.
    pub fn send(&mut self, tape: Tape) -> Result<Tape, RecordingError> {
        if self.to.send(Job::Tape(tape)).is_err() {
            return Err(self.fate());
        }
        Ok(self.back.try_recv().unwrap_or_default())
    }
    /// Ends the log in order.
    pub fn close(mut self, tick: u64, at: Instant, reason: &str) -> Result<Recorded, RecordingError> {
        if self.to.send(Job::Close(tick, at, reason.to_owned())).is_err() {
            return Err(self.fate());
        }
        self.thread.take().map_or(Err(RecordingError::Died), |t| t.join().unwrap_or(Err(RecordingError::Died)))
    }
    fn fate(&mut self) -> RecordingError {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(e))) => e,
            _ => RecordingError::Died,
        }
    }
}

struct Channels {
    by_slot: Vec<Option<Channel>>,
}

impl Channels {
    fn new<W: Write>(r: &mut Recorder<W>) -> Result<Self, RecordError> {
        let mut by_slot = Vec::new();
        for s in Slot::ALL {
            by_slot.push(match s {
                Slot::Root | Slot::Roots | Slot::Keyframe => None,
                Slot::Transforms => Some(r.telemetry_channel::<FrameTransforms>(s.topic())?),
                Slot::Scene => Some(r.telemetry_channel::<SceneUpdate>(s.topic())?),
                Slot::Log => Some(r.telemetry_channel::<Log>(s.topic())?),
                s => Some(r.channel_of(s.kind(), &s.shape())?),
            });
        }
        Ok(Self { by_slot })
    }
}

fn write(file: File, path: &Path, info: &OpenInfo, jobs: &Receiver<Job>, back: &SyncSender<Tape>) -> Result<Recorded, RecordingError> {
    let mut r = Recorder::new(BufWriter::with_capacity(1 << 18, file), info)?;
    let channels = Channels::new(&mut r)?;
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Tape(mut tape) => {
                for (line, bytes) in tape.lines() {
                    put(&mut r, &channels, line.slot, line.tick, line.at, bytes)?;
                }
                tape.clear();
                // If the run has enough empty tapes already, this one is dropped.
                let _ = back.try_send(tape);
            }
            Job::Close(tick, at, reason) => {
                let (sink, head) = r.close(tick, at, &reason)?;
                let file = sink.into_inner().map_err(|e| RecordingError::Sync(e.into_error()))?;
                file.sync_all().map_err(RecordingError::Sync)?;
                let bytes = std::fs::metadata(path).map(|m| m.len()).unwrap_or_default();
                return Ok(Recorded { head, bytes });
            }
        }
    }
    // The run went away without a word (a panic): everything up to the last checkpoint stands.
    Err(RecordingError::Died)
}

fn put<W: Write>(r: &mut Recorder<W>, c: &Channels, slot: Slot, tick: u64, at: Instant, bytes: &[u8]) -> Result<(), RecordError> {
    match slot {
        Slot::Root => {
            if let Ok(s) = decode::<State>(bytes) {
                r.end_tick(tick, at, s.root)?;
            }
        }
        Slot::Roots => {
            if let Ok(s) = decode::<StateRoots>(bytes) {
                r.roots(tick, at, &s)?;
            }
        }
        Slot::Keyframe => {
            if let Ok(k) = decode::<Keyframe>(bytes) {
                r.keyframe(tick, at, &k)?;
            }
        }
        _ => {
            if let Some(channel) = c.by_slot[slot as usize] {
                r.record_bytes(channel, tick, at, bytes, &[])?;
            }
        }
    }
    Ok(())
}
