//! One message of a `/nt/…` channel: a small header and the payload, which a schema-aware reader sees as typed field 16.

use crate::kind::Kind;
use crate::leaf::Cause;
use nooterra_engine::record::{DecodeError, Reader, Slot, Wire, Writer};
use nooterra_engine::{Digest, Instant};

/// Number of the payload's field.
pub const PAYLOAD_TAG: u32 = 16;

/// Header of an entry. `salt_seed`, `salt`, `commit` and `length` are proof material beside the leaf: a wrong one makes
/// the leaf wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Place in the log.
    pub index: u64,
    /// Tick of the run.
    pub tick: u64,
    /// Instant of the run.
    pub at: Instant,
    /// What the log time adds to the instant.
    pub ordinal: u32,
    /// Kind.
    pub kind: Kind,
    /// Zero.
    pub flags: u16,
    /// What caused it.
    pub causes: Vec<Cause>,
    /// `open` and `handover`: seed of the epoch's salts, in logs where nothing is withheld.
    pub salt_seed: Option<[u8; 32]>,
    /// This record's salt, where the seed is withheld.
    pub salt: Option<[u8; 16]>,
    /// The commitment, where the payload itself is withheld.
    pub commit: Option<Digest>,
    /// Length of a withheld payload.
    pub length: u64,
}

impl Header {
    /// Writes the entry's bytes, payload included.
    pub fn write(&self, payload: Option<&[u8]>, w: &mut Writer) {
        self.index.put_slot(1, w);
        self.tick.put_slot(2, w);
        self.at.put_slot(3, w);
        self.ordinal.put_slot(4, w);
        self.kind.number().put_slot(5, w);
        self.flags.put_slot(6, w);
        self.causes.put_slot(7, w);
        self.salt_seed.put_slot(8, w);
        self.salt.put_slot(9, w);
        self.commit.put_slot(10, w);
        self.length.put_slot(11, w);
        if let Some(p) = payload {
            w.key(PAYLOAD_TAG, Wire::Len);
            w.varint(p.len() as u64);
            w.bytes.extend_from_slice(p);
        }
    }
    /// Reads an entry; the payload is lent, `None` if it is withheld.
    pub fn read(bytes: &[u8]) -> Result<(Self, Option<&[u8]>), DecodeError> {
        let r = &mut Reader::new(bytes);
        let index = Slot::take_slot(1, r)?;
        let tick = Slot::take_slot(2, r)?;
        let at = Slot::take_slot(3, r)?;
        let ordinal = Slot::take_slot(4, r)?;
        let number: u16 = Slot::take_slot(5, r)?;
        let kind = Kind::from_number(number).ok_or_else(|| r.error(format!("kind {number} is unknown")))?;
        let flags = Slot::take_slot(6, r)?;
        let causes = Slot::take_slot(7, r)?;
        let salt_seed = Slot::take_slot(8, r)?;
        let salt = Slot::take_slot(9, r)?;
        let commit: Option<Digest> = Slot::take_slot(10, r)?;
        let length = Slot::take_slot(11, r)?;
        let payload = if r.enter(PAYLOAD_TAG, Wire::Len)? {
            let n = r.varint()?;
            Some(r.take(usize::try_from(n).map_err(|_| r.error("length out of range"))?)?)
        } else {
            None
        };
        r.finish()?;
        if payload.is_none() != commit.is_some() || (payload.is_some() && length != 0) {
            return Err(r.error("an entry holds either its payload or the commitment to it"));
        }
        Ok((Self { index, tick, at, ordinal, kind, flags, causes, salt_seed, salt, commit, length }, payload))
    }
}
