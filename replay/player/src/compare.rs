//! Re-executes a machine and holds every word that it says against a log.

use crate::divergence::{Divergence, PlayError, Side};
use crate::shapes::{Alone, Inside, Shapes};
use nooterra_blackbox::reader::{LogReader, OwnedRecord};
use nooterra_blackbox::words::Remark;
use nooterra_blackbox::{Kind, LogError, Said, Sink, SinkError};
use nooterra_engine::inspect::first_difference;
use nooterra_engine::record::decode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;

/// A machine that can be driven again. It says the same as when it was recorded: everything through the sink, in order;
/// what it says before its first tick belongs to its first `advance`.
pub trait Replayable {
    /// Goes on by one tick; `false` when the run is over. An error of the sink is handed on as it is.
    fn advance(&mut self, sink: &mut dyn Sink) -> Result<bool, AdvanceError>;
}

/// Why a machine did not go on.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The sink wants no more.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The machine broke: a broken oath, with its story.
    #[error("{0}")]
    Broken(String),
}

/// How far to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Last tick that is compared.
    pub to_tick: u64,
    /// Compare telemetry too?
    pub telemetry: bool,
    /// After a state root differs: how many ticks to go on in search of the room and field.
    pub search_ticks: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { to_tick: u64::MAX, telemetry: false, search_ticks: 1_000 }
    }
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records that were equal.
    pub compared: u64,
    /// The same by kind.
    pub by_kind: BTreeMap<String, u64>,
    /// Last tick that was compared whole.
    pub last_tick: Option<u64>,
    /// Does the log end with `close`, and was it reached?
    pub closed: bool,
    /// The first difference.
    pub divergence: Option<Divergence>,
}

impl Report {
    /// Everything was equal.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.divergence.is_none() && self.compared > 0
    }
}

/// Drives the machine along the log, which stands where the machine's next word does: after `start()` for a fresh
/// machine, after its keyframe for one that was thawed.
pub fn compare<R: Read>(
    log: &mut LogReader<R>,
    machine: &mut dyn Replayable,
    shapes: &Shapes,
    limits: Limits,
) -> Result<Report, PlayError> {
    let mut c = Comparison {
        log,
        shapes,
        limits,
        next: None,
        fetched: false,
        close_tick: None,
        report: Report::default(),
        stopped: None,
        error: None,
    };
    loop {
        let more = match machine.advance(&mut c) {
            Ok(more) => more,
            Err(AdvanceError::Sink(_)) if c.stopped.is_some() => break,
            Err(e) => return Err(PlayError::Machine { tick: c.report.last_tick.unwrap_or_default(), what: e.to_string() }),
        };
        if c.stopped.is_some() {
            break;
        }
        if !more {
            c.run_is_over();
            break;
        }
    }
    if let Some(source) = c.error {
        return Err(PlayError::Log { side: "recorded", source });
    }
    c.report.closed = c.close_tick.is_some();
    Ok(c.report)
}

/// Why the comparison wants no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Ended,
    Diverged,
}

struct Comparison<'l, R> {
    log: &'l mut LogReader<R>,
    shapes: &'l Shapes,
    limits: Limits,
    next: Option<OwnedRecord>,
    fetched: bool,
    close_tick: Option<u64>,
    report: Report,
    stopped: Option<Stopped>,
    error: Option<LogError>,
}

/// Records that the recorder makes by itself have no word of the machine's beside them.
pub(crate) fn is_comparable(kind: Kind, payload: Option<&[u8]>, telemetry: bool) -> bool {
    match kind {
        Kind::Telemetry => telemetry,
        Kind::Note => payload.is_none_or(|p| decode::<Remark>(p).is_ok_and(|r| r.topic != "tick")),
        k => !k.is_own() && k != Kind::Manifest,
    }
}

impl<R: Read> Comparison<'_, R> {
    /// The log's next record that can be compared, kept until it is taken.
    fn fetch(&mut self) -> Result<(), SinkError> {
        while !self.fetched {
            match self.log.next() {
                Ok(Some(r)) if r.kind == Kind::Close => self.close_tick = Some(r.tick),
                Ok(Some(r)) => {
                    if is_comparable(r.kind, r.payload, self.limits.telemetry) {
                        self.next = Some(r.to_owned());
                        self.fetched = true;
                    }
                }
                Ok(None) => self.fetched = true,
                Err(e) => {
                    self.error = Some(e);
                    self.stopped = Some(Stopped::Ended);
                    return Err(SinkError::Stop);
                }
            }
        }
        Ok(())
    }

    fn stop(&mut self, why: Stopped) -> Result<(), SinkError> {
        self.stopped = Some(why);
        Err(SinkError::Stop)
    }

    fn diverge(&mut self, d: Divergence) -> Result<(), SinkError> {
        self.report.divergence.get_or_insert(d);
        self.stop(Stopped::Diverged)
    }

    /// The machine has nothing more to say; the log must have nothing either.
    fn run_is_over(&mut self) {
        if self.fetch().is_err() || self.report.divergence.is_some() {
            return;
        }
        if let Some(r) = self.next.take()
            && r.tick <= self.limits.to_tick
        {
            let side = left(&r);
            self.report.divergence = Some(side.alone(format!("{} {}", side.kind, side.type_name), true));
        }
    }

    /// A state root differed before: looks for the first record of roots or state that says where.
    fn search(&mut self, said: &Said<'_>) -> Result<(), SinkError> {
        let since = self.report.divergence.as_ref().map_or(0, |d| d.tick);
        if said.tick > since.saturating_add(self.limits.search_ticks) {
            return self.stop(Stopped::Diverged);
        }
        if !matches!(said.kind, Kind::Roots | Kind::Snap) {
            return Ok(());
        }
        let twin = loop {
            self.fetch()?;
            match &self.next {
                None => return self.stop(Stopped::Diverged),
                Some(r) if r.tick > said.tick => return Ok(()),
                Some(r) if r.kind == said.kind && r.tick == said.tick => break r.payload.clone().unwrap_or_default(),
                Some(_) => self.fetched = false,
            }
        };
        self.fetched = false;
        self.next = None;
        let Inside::Differs(room, d) = self.inside(said.kind, &twin, said.payload) else { return Ok(()) };
        let text = format!("at tick {} room {room} differs: {d}", said.tick);
        let keyframe = said.kind == Kind::Snap;
        if let Some(v) = &mut self.report.divergence {
            v.room = Some(room);
            v.detail = Some(v.detail.take().map_or_else(|| text.clone(), |old| format!("{old}; {text}")));
        }
        if keyframe { self.stop(Stopped::Diverged) } else { Ok(()) }
    }

    /// Holds a record of roots or a keyframe of the log against what was said.
    fn inside(&self, kind: Kind, left: &[u8], right: &[u8]) -> Inside {
        self.shapes.inside(kind, (&*self.log, left), (&Alone, right))
    }
}

fn left(r: &OwnedRecord) -> Side<'_> {
    Side {
        index: Some(r.index),
        tick: r.tick,
        at: r.at,
        kind: r.kind,
        topic: (r.kind == Kind::Telemetry).then_some(r.topic.as_str()),
        type_name: &r.type_name,
        payload: r.payload.as_deref().unwrap_or_default(),
    }
}

impl<R: Read> Sink for Comparison<'_, R> {
    fn wants_telemetry(&self) -> bool {
        self.limits.telemetry
    }

    fn put(&mut self, said: &Said<'_>) -> Result<(), SinkError> {
        if self.stopped.is_some() {
            return Err(SinkError::Stop);
        }
        if self.report.divergence.is_some() {
            return self.search(said);
        }
        if !is_comparable(said.kind, Some(said.payload), self.limits.telemetry) {
            return Ok(());
        }
        if said.tick > self.limits.to_tick {
            return self.stop(Stopped::Ended);
        }
        self.fetch()?;
        let name = (said.shape)().name.full();
        let right =
            Side { index: None, tick: said.tick, at: said.at, kind: said.kind, topic: said.topic, type_name: &name, payload: said.payload };
        let Some(r) = self.next.take() else {
            // A log that was cut, or closed before the run's own end, ends here; one that goes on in this tick does not.
            return match self.close_tick {
                Some(t) if said.tick < t => {
                    let d = right.alone(format!("{} {name}", said.kind), false);
                    self.diverge(d)
                }
                _ => self.stop(Stopped::Ended),
            };
        };
        self.fetched = false;
        let l = left(&r);
        let same_place = (l.kind, l.type_name, l.topic, l.tick, l.at) == (right.kind, right.type_name, right.topic, right.tick, right.at);
        let inside = if same_place && r.payload.is_some() && matches!(l.kind, Kind::Roots | Kind::Snap) {
            self.inside(l.kind, l.payload, right.payload)
        } else {
            Inside::Unknown
        };
        if let Inside::Differs(room, d) = inside {
            let d = l.part(Some(room), d.path, d.left, d.right);
            return self.diverge(d);
        }
        // A withheld payload cannot be compared; its place can.
        let is_equal = matches!(inside, Inside::Equal) || r.payload.is_none() || l.payload == right.payload;
        if same_place && is_equal {
            self.report.compared += 1;
            if let Some(n) = self.report.by_kind.get_mut(l.kind.text()) {
                *n += 1;
            } else {
                self.report.by_kind.insert(l.kind.text().to_owned(), 1);
            }
            if l.kind == Kind::State {
                self.report.last_tick = Some(l.tick);
            }
            return Ok(());
        }
        let d = l.against(&right, || first_difference(&(said.shape)(), l.payload, right.payload));
        if same_place && l.kind == Kind::State {
            // The root says that something differs; roots and keyframes that follow say what.
            self.report.divergence = Some(Divergence { room: None, ..d });
            return Ok(());
        }
        self.diverge(d)
    }
}
