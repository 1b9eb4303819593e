//! Rows numbered in the order of arrival, found by key.
//!
//! The rows are the truth and alone are hashed, stored and iterated; the seats beside them only find a row and are
//! rebuilt from the rows. So the order of seats can show nowhere, and looking up costs the same at any size, which an
//! ordered tree over millions of entry ids does not. Keys are hashed ids that nobody chooses, so they spread by themselves.
// Rows are numbered in 32 bits, and seats take the low bits of a number on purpose.
#![allow(clippy::cast_possible_truncation)]

use nooterra_engine::money::Currency;
use nooterra_engine::record::{DecodeError, Kind, Reader, Slot, Value, Writer};

/// A row that knows its key.
pub trait Keyed {
    /// What it is found by.
    type Key: Copy + Eq;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// A number spread over 64 bits.
    fn mix(key: &Self::Key) -> u64;
}

/// Spreads two numbers over 64 bits. With one of them fixed, different others always give different numbers.
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    let mut h = a.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ b.wrapping_mul(0xd6e8_feb8_6659_fd93);
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}

/// A currency's letters as a number.
pub(crate) const fn letters(c: Currency) -> u64 {
    let [a, b, c] = c.bytes();
    u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0])
}

/// Both halves of an id.
pub(crate) const fn halves(bytes: &[u8; 16]) -> (u64, u64) {
    let v = u128::from_le_bytes(*bytes);
    (v as u64, (v >> 64) as u64)
}

/// Rows in order of arrival with a way to find them.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Vec<T>,
    /// A byte of each seated key's number, never 0; 0 for a free seat. That a key is not there, the usual case for an id,
    /// shows by a look at these alone, and they are few enough to stay near. Length: a power of two, or none.
    tags: Vec<u8>,
    /// The row of each seat, as many as tags.
    seats: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), tags: Vec::new(), seats: Vec::new() }
    }
}

impl<T: PartialEq> PartialEq for Table<T> {
    fn eq(&self, o: &Self) -> bool {
        self.rows == o.rows
    }
}
impl<T: Eq> Eq for Table<T> {}

/// The number's top byte; where to seat is told by the lower ones.
#[inline]
const fn tag(h: u64) -> u8 {
    let t = (h >> 56) as u8;
    if t == 0 { 1 } else { t }
}

impl<T: Keyed> Table<T> {
    /// All rows in order of arrival.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }
    /// One row.
    pub fn row(&self, at: u32) -> Option<&T> {
        self.rows.get(at as usize)
    }
    /// One row, to be changed; its key must stay.
    pub fn row_mut(&mut self, at: u32) -> Option<&mut T> {
        self.rows.get_mut(at as usize)
    }
    /// Where the row with this key stands.
    pub fn find(&self, key: &T::Key) -> Option<u32> {
        if self.tags.is_empty() {
            return None;
        }
        let (h, mask) = (T::mix(key), self.tags.len() - 1);
        let (mut at, tag) = (h as usize & mask, tag(h));
        loop {
            match self.tags[at] {
                0 => return None,
                t if t == tag => {
                    let row = self.seats[at];
                    if self.rows[row as usize].key() == *key {
                        return Some(row);
                    }
                }
                _ => {}
            }
            at = (at + 1) & mask;
        }
    }
    /// Adds a row whose key is not there yet.
    pub fn push(&mut self, row: T) -> u32 {
        if (self.rows.len() + 1) * 2 > self.tags.len() {
            self.grow();
        }
        let at = self.rows.len() as u32;
        self.seat(T::mix(&row.key()), at);
        self.rows.push(row);
        at
    }
    #[cold]
    fn grow(&mut self) {
        let len = (self.tags.len() * 2).max(16);
        (self.tags, self.seats) = (vec![0; len], vec![0; len]);
        for i in 0..self.rows.len() {
            self.seat(T::mix(&self.rows[i].key()), i as u32);
        }
    }
    fn seat(&mut self, h: u64, row: u32) {
        let mask = self.tags.len() - 1;
        let mut at = h as usize & mask;
        while self.tags[at] != 0 {
            at = (at + 1) & mask;
        }
        (self.tags[at], self.seats[at]) = (tag(h), row);
    }
}

impl<T: Keyed + Value> Slot for Table<T> {
    fn kind() -> Kind {
        T::list_kind()
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        T::put_list(self.rows.iter(), tag, w);
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut out = Self::default();
        for row in T::take_list(tag, r)? {
            if out.find(&row.key()).is_some() {
                return Err(r.error("NOT_CANONICAL: two rows with one key"));
            }
            out.push(row);
        }
        Ok(out)
    }
}
