//! Holds two logs against each other.

use crate::compare::is_comparable;
use crate::divergence::{Divergence, PlayError, Side};
use crate::shapes::{Inside, Shapes};
use nooterra_blackbox::reader::{LogReader, OwnedRecord};
use nooterra_blackbox::words::Manifest;
use nooterra_blackbox::{Kind, LogError};
use nooterra_engine::inspect::first_difference;
use nooterra_engine::record::{Message, encode};
use serde::Serialize;
use std::io::Read;

/// What two logs have in common, and where they part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffReport {
    /// First difference of what determined the runs: seed, scenario, …; `field: left ≠ right`.
    pub manifest: Option<String>,
    /// Records that were equal.
    pub compared: u64,
    /// The first difference of what happened.
    pub divergence: Option<Divergence>,
}

/// The first difference of two logs, both read from their first byte. Logs of different determinism domains cannot be
/// compared: that is an error, not a difference.
pub fn diff<A: Read, B: Read>(left: &mut LogReader<A>, right: &mut LogReader<B>, shapes: &Shapes) -> Result<DiffReport, PlayError> {
    let l = |source| PlayError::Log { side: "left", source };
    let r = |source| PlayError::Log { side: "right", source };
    let ((_, ma), (_, mb)) = (left.start().map_err(l)?, right.start().map_err(r)?);
    if let Some((part, left, right)) = ma.domain_difference(&mb) {
        return Err(PlayError::Domain { part, left, right });
    }
    let manifest = first_difference(&Manifest::shape(), &encode(&ma), &encode(&mb)).map(|d| d.to_string());
    let mut report = DiffReport { manifest, compared: 0, divergence: None };
    loop {
        let (a, b) = (next(left).map_err(l)?, next(right).map_err(r)?);
        let (a, b) = match (a, b) {
            (None, None) => return Ok(report),
            (Some(a), Some(b)) => (a, b),
            (a, b) => {
                let is_left = a.is_some();
                if let Some(x) = a.or(b) {
                    let s = side(&x);
                    report.divergence = Some(s.alone(format!("{} {}", s.kind, s.type_name), is_left));
                }
                return Ok(report);
            }
        };
        let (x, y) = (side(&a), side(&b));
        let same_place = (x.kind, x.type_name, x.tick, x.at) == (y.kind, y.type_name, y.tick, y.at);
        if same_place && (a.payload == b.payload || a.payload.is_none() || b.payload.is_none()) {
            report.compared += 1;
            continue;
        }
        if same_place && matches!(x.kind, Kind::Roots | Kind::Snap) {
            match shapes.inside(x.kind, (&*left, x.payload), (&*right, y.payload)) {
                Inside::Differs(room, d) => {
                    report.divergence = Some(x.part(Some(room), d.path, d.left, d.right));
                    return Ok(report);
                }
                Inside::Equal => {
                    report.compared += 1;
                    continue;
                }
                Inside::Unknown => {}
            }
        }
        let mut d = x.against(&y, || shapes.difference(x.type_name, x.payload, y.payload));
        if same_place && x.kind == Kind::State {
            d.room = None;
            name_room(left, right, shapes, &mut d).map_err(l)?;
        }
        report.divergence = Some(d);
        return Ok(report);
    }
}

/// State roots differ: the next records of roots or keyframes that both logs hold for one tick say where.
fn name_room<A: Read, B: Read>(
    left: &mut LogReader<A>,
    right: &mut LogReader<B>,
    shapes: &Shapes,
    d: &mut Divergence,
) -> Result<(), LogError> {
    let (mut a, mut b) = (next_states(left)?, next_states(right)?);
    while let (Some(x), Some(y)) = (&a, &b) {
        if (x.tick, x.kind) == (y.tick, y.kind) {
            let (p, q) = (x.payload.as_deref().unwrap_or_default(), y.payload.as_deref().unwrap_or_default());
            if let Inside::Differs(room, f) = shapes.inside(x.kind, (&*left, p), (&*right, q)) {
                let text = format!("at tick {} room {room} differs: {f}", x.tick);
                d.room = Some(room);
                d.detail = Some(d.detail.take().map_or_else(|| text.clone(), |old| format!("{old}; {text}")));
                if x.kind == Kind::Snap {
                    return Ok(());
                }
            }
            (a, b) = (next_states(left)?, next_states(right)?);
        } else if (x.tick, x.kind) < (y.tick, y.kind) {
            a = next_states(left)?;
        } else {
            b = next_states(right)?;
        }
    }
    Ok(())
}

fn next<R: Read>(log: &mut LogReader<R>) -> Result<Option<OwnedRecord>, LogError> {
    while let Some(r) = log.next()? {
        if is_comparable(r.kind, r.payload, false) {
            return Ok(Some(r.to_owned()));
        }
    }
    Ok(None)
}

fn next_states<R: Read>(log: &mut LogReader<R>) -> Result<Option<OwnedRecord>, LogError> {
    while let Some(r) = log.next()? {
        if matches!(r.kind, Kind::Roots | Kind::Snap) {
            return Ok(Some(r.to_owned()));
        }
    }
    Ok(None)
}

fn side(r: &OwnedRecord) -> Side<'_> {
    Side {
        index: Some(r.index),
        tick: r.tick,
        at: r.at,
        kind: r.kind,
        topic: None,
        type_name: &r.type_name,
        payload: r.payload.as_deref().unwrap_or_default(),
    }
}
