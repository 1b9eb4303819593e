//! Finds where to start: the last keyframe at or before a tick.

use crate::divergence::PlayError;
use nooterra_blackbox::{Kind, LogReader, Snap};
use nooterra_engine::keyframe::Keyframe;
use std::io::Read;

/// A keyframe of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Index of its record.
    pub index: u64,
    /// The keyframe.
    pub keyframe: Keyframe,
}

fn log_error(source: nooterra_blackbox::LogError) -> PlayError {
    PlayError::Log { side: "recorded", source }
}

/// The last keyframe whose tick is at most `tick`. Reads the log up to there; read it anew to go on from the keyframe.
pub fn find_keyframe<R: Read>(log: &mut LogReader<R>, tick: u64) -> Result<Option<Found>, PlayError> {
    let mut found = None;
    while let Some(r) = log.next().map_err(log_error)? {
        if r.tick > tick {
            break;
        }
        if r.kind == Kind::Snap {
            let (index, snap) = (r.index, r.decode::<Snap>().map_err(log_error)?);
            // What it builds on as of now: the record that ends this loop may be a keyframe too.
            found = Some((index, snap, log.ladder()));
        }
    }
    let Some((index, s, ladder)) = found else { return Ok(None) };
    let keyframe = ladder.unpack(&s).map_err(|what| PlayError::Keyframe { tick: s.tick, what })?;
    Ok(Some(Found { index, keyframe }))
}

/// Reads on until the record `index` has passed.
pub fn skip_past<R: Read>(log: &mut LogReader<R>, index: u64) -> Result<(), PlayError> {
    while let Some(r) = log.next().map_err(log_error)? {
        if r.index >= index {
            break;
        }
    }
    Ok(())
}
