//! A fact as the book's digest takes it in.
//!
//! The canonical form of a record is made to be stored and read: every field behind its tag, numbers as short as they
//! are. A digest is never read back, and writing so takes longer than hashing. So it takes the fields of a fact at fixed
//! widths, little-endian, one after the other, which says the same: the first byte tells the kind of fact, that kind tells
//! all widths, and lists come last behind how many they hold. What may be absent is zero then, and a byte tells it from a
//! zero that is there. Kinds of fact that are rare keep the canonical form.
//!
//! Each function takes its fact apart by name, so that a new field cannot be forgotten.

use super::{Booked, Expired, Fact, Posting, Refused, Resolved};
use crate::account::AccountIx;
use crate::entry::EntryId;
use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::money::Currency;
use nooterra_engine::record::{Message, Writer};
use nooterra_engine::time::Instant;

impl Fact {
    /// Writes all that the fact says.
    #[inline]
    pub(crate) fn put_digested(&self, w: &mut Writer) {
        match self {
            Self::EntryPosted(f) => booked(1, f, w),
            Self::EntryPended(f) => booked(2, f, w),
            Self::PendingPosted(f) => resolved(3, f, w),
            Self::PendingVoided(f) => resolved(4, f, w),
            Self::PendingCaptured(f) => resolved(5, f, w),
            Self::PendingRaised(f) => resolved(6, f, w),
            Self::EntryRefused(f) => refused(f, w),
            Self::PendingExpired(f) => expired(f, w),
            Self::AccountOpened(_) | Self::LimitSet(_) | Self::PeriodClosed(_) => {
                w.bytes.push(0);
                self.put_body(w);
            }
        }
    }
}

fn booked(kind: u8, f: &Booked, w: &mut Writer) {
    let Booked { seq, id, code, cause, job, at, currency, fingerprint, postings, expires } = f;
    fields::<92>(w, |b| {
        b.put([kind]).u64(*seq).id(id).event(cause).job(*job).put(code.to_le_bytes()).instant(*at).currency(*currency);
        b.u64(*fingerprint).put([u8::from(expires.is_some())]).instant(expires.unwrap_or_default()).count(postings.len());
    });
    posted(postings, w);
}

fn resolved(kind: u8, f: &Resolved, w: &mut Writer) {
    let Resolved { seq, id, pending, code, cause, job, at, currency, fingerprint, postings, legs } = f;
    fields::<103>(w, |b| {
        b.put([kind]).u64(*seq).id(id).id(pending).event(cause).job(*job).put(code.to_le_bytes()).instant(*at).currency(*currency);
        b.u64(*fingerprint).count(postings.len()).count(legs.len());
    });
    posted(postings, w);
    for v in legs {
        fields::<8>(w, |b| _ = b.u64(*v));
    }
}

fn refused(f: &Refused, w: &mut Writer) {
    let Refused { seq, id, at, fingerprint, reason } = f;
    fields::<43>(w, |b| _ = b.put([7]).u64(*seq).id(id).instant(*at).u64(*fingerprint).put(reason.to_le_bytes()));
}

fn expired(f: &Expired, w: &mut Writer) {
    let Expired { seq, pending, at } = f;
    fields::<33>(w, |b| _ = b.put([8]).u64(*seq).id(pending).instant(*at));
}

#[inline]
fn posted(postings: &[Posting], w: &mut Writer) {
    for Posting { account: AccountIx(account), side, amount } in postings {
        fields::<13>(w, |b| _ = b.put(account.to_le_bytes()).put([*side as u8]).u64(*amount));
    }
}

/// Room of some fields, filled from the front.
struct Fields<'a, const N: usize> {
    room: &'a mut [u8; N],
    at: usize,
}

/// Makes room for fields of `N` bytes together and fills it.
#[inline(always)]
fn fields<const N: usize>(w: &mut Writer, fill: impl FnOnce(&mut Fields<'_, N>)) {
    let from = w.bytes.len();
    w.bytes.extend_from_slice(&[0; N]);
    if let Some(room) = w.bytes[from..].first_chunk_mut() {
        let mut fields = Fields { room, at: 0 };
        fill(&mut fields);
        debug_assert_eq!(fields.at, N, "a kind's widths add up");
    }
}

impl<const N: usize> Fields<'_, N> {
    #[inline(always)]
    fn put<const M: usize>(&mut self, bytes: [u8; M]) -> &mut Self {
        self.room[self.at..self.at + M].copy_from_slice(&bytes);
        self.at += M;
        self
    }
    #[inline(always)]
    fn u64(&mut self, v: u64) -> &mut Self {
        self.put(v.to_le_bytes())
    }
    #[inline(always)]
    fn id(&mut self, id: &EntryId) -> &mut Self {
        self.put(*id.0.as_bytes())
    }
    #[inline(always)]
    fn event(&mut self, id: &EventId) -> &mut Self {
        self.put(*id.as_bytes())
    }
    #[inline(always)]
    fn job(&mut self, job: Option<JobId>) -> &mut Self {
        self.put([u8::from(job.is_some())]).put(job.map_or([0; 16], |j| *j.as_bytes()))
    }
    #[inline(always)]
    fn instant(&mut self, at: Instant) -> &mut Self {
        self.u64(at.0)
    }
    #[inline(always)]
    fn currency(&mut self, c: Currency) -> &mut Self {
        self.put(c.bytes())
    }
    /// How many a list holds: saturating, since what comes after tells it too.
    #[inline(always)]
    fn count(&mut self, n: usize) -> &mut Self {
        self.put(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes())
    }
}
