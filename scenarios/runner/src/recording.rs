//! The recorder: takes tapes in order, writes, hashes, signs and compresses them beside the run.
//!
//! The order of bytes is the order in which tapes are sent, so whichever thread writes changes nothing in the file.

use crate::tape::{Slot, Tape};
use nooterra_blackbox::telemetry::{FrameTransforms, Log, SceneUpdate};
use nooterra_blackbox::words::{Head, State};
use nooterra_blackbox::{Channel, OpenInfo, RecordError, Recorder};
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::{Instant, decode};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
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

/// A log being written, by a thread of its own or, where runs have a helper that is awake anyway, by that one.
#[derive(Debug)]
pub enum Recording {
    /// By a thread of its own.
    Apart(Apart),
    /// By the helper of [`with_cores`](crate::cores::with_cores) whenever nothing else wants it: a third thread on two
    /// cores would be given the place of one of the two, in the middle of a tick.
    Helped(Arc<Desk>),
}

/// A recorder's thread and the ways to it.
#[derive(Debug)]
pub struct Apart {
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
        if crate::cores::has_helper() {
            let desk = Arc::new(Desk { tapes: Mutex::default(), pen: Mutex::new(Pen::new(file, path, &info)) });
            crate::cores::help(&desk);
            return Ok(Self::Helped(desk));
        }
        let (to, jobs) = sync_channel(UNDER_WAY);
        let (give_back, back) = sync_channel(UNDER_WAY);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || write(file, &path, &info, &jobs, &give_back))
            .map_err(|source| RecordingError::Create { path: PathBuf::from("recorder thread"), source })?;
        Ok(Self::Apart(Apart { to, back, thread: Some(thread) }))
    }
    /// Sends a tape; gives back an empty one to go on with.
    pub fn send(&mut self, tape: Tape) -> Result<Tape, RecordingError> {
        match self {
            Self::Apart(a) => {
                if a.to.send(Job::Tape(tape)).is_err() {
                    return Err(a.fate());
                }
                Ok(a.back.try_recv().unwrap_or_default())
            }
            Self::Helped(desk) => desk.send(tape),
        }
    }
    /// Ends the log in order.
    pub fn close(self, tick: u64, at: Instant, reason: &str) -> Result<Recorded, RecordingError> {
        match self {
            Self::Apart(mut a) => {
                if a.to.send(Job::Close(tick, at, reason.to_owned())).is_err() {
                    return Err(a.fate());
                }
                a.thread.take().map_or(Err(RecordingError::Died), |t| t.join().unwrap_or(Err(RecordingError::Died)))
            }
            Self::Helped(desk) => desk.close(tick, at, reason),
        }
    }
}

impl Apart {
    fn fate(&mut self) -> RecordingError {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(e))) => e,
            _ => RecordingError::Died,
        }
    }
}

/// Tapes that wait and the pen that writes them: one thread at a time, in order.
#[derive(Debug)]
pub struct Desk {
    tapes: Mutex<Tapes>,
    pen: Mutex<Result<Pen, RecordingError>>,
}

#[derive(Debug, Default)]
struct Tapes {
    full: VecDeque<Tape>,
    empty: Vec<Tape>,
}

impl Desk {
    /// Writes the tape that waits longest, if there is one and nobody is writing. Says whether it did.
    pub(crate) fn write_one(&self) -> bool {
        self.pen.try_lock().is_ok_and(|mut pen| self.write(&mut pen))
    }
    fn write(&self, pen: &mut Result<Pen, RecordingError>) -> bool {
        let Some(mut tape) = self.tapes.lock().ok().and_then(|mut t| t.full.pop_front()) else { return false };
        crate::cores::waiting(false);
        let failed = match pen {
            Ok(p) => p.write(&tape).err(),
            Err(_) => None,
        };
        if let Some(e) = failed {
            *pen = Err(e);
        }
        tape.clear();
        if let Ok(mut t) = self.tapes.lock() {
            t.empty.push(tape);
        }
        true
    }
    fn send(&self, tape: Tape) -> Result<Tape, RecordingError> {
        let (waiting, empty) = {
            let mut t = self.tapes.lock().map_err(|_| RecordingError::Died)?;
            t.full.push_back(tape);
            crate::cores::waiting(true);
            (t.full.len(), t.empty.pop().unwrap_or_default())
        };
        // The helper may never come (it is put aside, or at work): then whoever sends writes.
        if waiting > UNDER_WAY {
            let mut pen = self.pen.lock().map_err(|_| RecordingError::Died)?;
            self.write(&mut pen);
        }
        // What went wrong is told with the next tape, if the pen is free to look at.
        if let Ok(mut pen) = self.pen.try_lock()
            && pen.is_err()
        {
            return Err(std::mem::replace(&mut *pen, Err(RecordingError::Died)).err().unwrap_or(RecordingError::Died));
        }
        Ok(empty)
    }
    fn close(&self, tick: u64, at: Instant, reason: &str) -> Result<Recorded, RecordingError> {
        let mut pen = self.pen.lock().map_err(|_| RecordingError::Died)?;
        while self.write(&mut pen) {}
        std::mem::replace(&mut *pen, Err(RecordingError::Died))?.close(tick, at, reason)
    }
}

impl Drop for Desk {
    /// The run went away without a word (a panic): what it had said is written, and stands up to the last checkpoint.
    fn drop(&mut self) {
        if let Ok(mut pen) = self.pen.lock() {
            while self.write(&mut pen) {}
        }
    }
}

/// What writes a log.
struct Pen {
    recorder: Recorder<BufWriter<File>>,
    channels: Channels,
    path: PathBuf,
}

impl std::fmt::Debug for Pen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pen({})", self.path.display())
    }
}

impl Pen {
    fn new(file: File, path: &Path, info: &OpenInfo) -> Result<Self, RecordingError> {
        let mut recorder = Recorder::new(BufWriter::with_capacity(1 << 18, file), info)?;
        let channels = Channels::new(&mut recorder)?;
        Ok(Self { recorder, channels, path: path.to_owned() })
    }
    fn write(&mut self, tape: &Tape) -> Result<(), RecordingError> {
        for (line, bytes) in tape.lines() {
            put(&mut self.recorder, &self.channels, line.slot, line.tick, line.at, bytes)?;
        }
        Ok(())
    }
    fn close(self, tick: u64, at: Instant, reason: &str) -> Result<Recorded, RecordingError> {
        let (sink, head) = self.recorder.close(tick, at, reason)?;
        let file = sink.into_inner().map_err(|e| RecordingError::Sync(e.into_error()))?;
        file.sync_all().map_err(RecordingError::Sync)?;
        let bytes = std::fs::metadata(&self.path).map(|m| m.len()).unwrap_or_default();
        Ok(Recorded { head, bytes })
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
    let mut pen = Pen::new(file, path, info)?;
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Tape(mut tape) => {
                pen.write(&tape)?;
                tape.clear();
                // If the run has enough empty tapes already, this one is dropped.
                let _ = back.try_send(tape);
            }
            Job::Close(tick, at, reason) => return pen.close(tick, at, &reason),
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
