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
    /// Is this its key?
    fn has(&self, key: &Self::Key) -> bool;
    /// A number spread over 64 bits.
    fn mix(key: &Self::Key) -> u64;
}

/// Spreads two numbers over 64 bits: the halves of their product, one over the other.
#[inline]
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    let product = (a ^ 0x9e37_79b9_7f4a_7c15) as u128 * (b ^ 0xd6e8_feb8_6659_fd93) as u128;
    product as u64 ^ (product >> 64) as u64
}

/// A currency's letters as a number.
#[inline]
pub(crate) const fn letters(c: Currency) -> u64 {
    let [a, b, c] = c.bytes();
    u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0])
}

/// Both halves of an id.
#[inline]
pub(crate) const fn halves(bytes: &[u8; 16]) -> (u64, u64) {
    let v = u128::from_le_bytes(*bytes);
    (v as u64, (v >> 64) as u64)
}

/// Rows in order of arrival with a way to find them.
///
/// Seats stand in groups of eight. A key's own group is told by how large its number is, and where that one is full its row
/// is seated in the next that is not. So the seats are nearly in the order of these numbers, and moving all of them to
/// more groups goes from front to back in both.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Vec<T>,
    /// A byte of each seated key's number, never 0; 0 for a free seat; a word for a group, whose taken seats come first. That
    /// a key is not there, the usual case for an id, shows by a look at these alone, and they are few enough to stay near.
    tags: Vec<u64>,
    /// In the upper half that of the key's number, in the lower one more than the row's number.
    seats: Vec<[u64; 8]>,
    /// Seats that are taken and not written yet, with their places. Seats are far more than what stays near, and memory
    /// answers many together in little more time than one.
    late: Vec<(usize, u64)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), tags: Vec::new(), seats: Vec::new(), late: Vec::new() }
    }
}

impl<T: PartialEq> PartialEq for Table<T> {
    fn eq(&self, o: &Self) -> bool {
        self.rows == o.rows
    }
}
impl<T: Eq> Eq for Table<T> {}

/// So many seats are written together.
const TOGETHER: usize = 32;
/// From so many groups on: half a megabyte of seats.
const FAR: usize = 8 << 10;
const ONES: u64 = 0x0101_0101_0101_0101;
const UPPER: u64 = !0 << 32;

/// The top bit of the first byte that is zero, if any is; perhaps of some after it.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// Which byte a bit of a word is in.
#[inline]
const fn byte(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// The tag of a number: of its bits the lowest that a seat keeps, since the highest tell the group.
#[inline]
const fn tag(h: u64) -> u64 {
    let t = (h >> 32) & 0xff;
    if t == 0 { 1 } else { t }
}

impl<T: Keyed> Table<T> {
    /// All rows in order of arrival.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }
    /// One row.
    #[inline]
    pub fn row(&self, at: u32) -> Option<&T> {
        self.rows.get(at as usize)
    }
    /// One row, to be changed; its key must stay.
    #[inline]
    pub fn row_mut(&mut self, at: u32) -> Option<&mut T> {
        self.rows.get_mut(at as usize)
    }
    /// Where the row with this key stands.
    #[inline]
    pub fn find(&self, key: &T::Key) -> Option<u32> {
        self.find_mixed(T::mix(key), key)
    }
    /// The same for a key whose number is at hand.
    #[inline]
    pub(crate) fn find_mixed(&self, h: u64, key: &T::Key) -> Option<u32> {
        if self.tags.is_empty() {
            return None;
        }
        let (mut at, tag) = (self.own(h), tag(h) * ONES);
        loop {
            let word = self.tags[at];
            let mut same = zeros(word ^ tag);
            while same != 0 {
                let found = self.seated(at, byte(same), h, key);
                if found.is_some() {
                    return found;
                }
                same &= same - 1;
            }
            if zeros(word) != 0 {
                return None;
            }
            at = self.next(at);
        }
    }
    /// Brings near what looking for a key looks at. What comes back says nothing; it is there so that the look is taken.
    #[inline]
    pub(crate) fn touch(&self, key: &T::Key) -> u64 {
        if self.tags.is_empty() { 0 } else { self.tags[self.own(T::mix(key))] }
    }
    /// The row of a seat whose tag is a key's, if it is that key's row.
    #[inline]
    fn seated(&self, group: usize, at: usize, h: u64, key: &T::Key) -> Option<u32> {
        let mut seat = self.seats[group][at];
        if seat == 0 {
            seat = self.late(group * 8 + at);
        }
        // The number's upper half is the same for another key only by rare coincidence.
        if (seat ^ h) >> 32 != 0 {
            return None;
        }
        let row = (seat as u32).wrapping_sub(1);
        self.rows.get(row as usize)?.has(key).then_some(row)
    }
    /// What will be written at a place.
    #[cold]
    #[inline(never)]
    fn late(&self, place: usize) -> u64 {
        self.late.iter().find(|late| late.0 == place).map_or(0, |late| late.1)
    }
    /// Adds a row whose key is not there yet.
    #[inline]
    pub fn push(&mut self, row: T) -> u32 {
        // Three of four seats are taken at most.
        if self.rows.len() >= self.tags.len() * 6 {
            self.grow();
        }
        let at = self.rows.len() as u32;
        let seat = (T::mix(&row.key()) & UPPER) | u64::from(at + 1);
        let place = self.take(seat);
        if self.tags.len() < FAR {
            self.seats[place / 8][place % 8] = seat;
        } else {
            self.late.push((place, seat));
            if self.late.len() == TOGETHER {
                self.write();
            }
        }
        self.rows.push(row);
        at
    }
    #[inline(never)]
    fn write(&mut self) {
        for (place, seat) in self.late.drain(..) {
            self.seats[place / 8][place % 8] = seat;
        }
    }
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.write();
        let more = (self.tags.len() * 2).max(2);
        let tags = std::mem::replace(&mut self.tags, vec![0; more]);
        let seats = std::mem::replace(&mut self.seats, vec![[0; 8]; more]);
        for (word, group) in tags.into_iter().zip(seats) {
            let taken = 8 - word.leading_zeros() as usize / 8;
            for seat in group.into_iter().take(taken) {
                let place = self.take(seat);
                self.seats[place / 8][place % 8] = seat;
            }
        }
    }
    /// The group that is a number's own.
    #[inline]
    fn own(&self, h: u64) -> usize {
        (((h >> 32) * self.tags.len() as u64) >> 32) as usize
    }
    /// The group after another, and the first after the last.
    #[inline]
    fn next(&self, at: usize) -> usize {
        if at + 1 < self.tags.len() { at + 1 } else { 0 }
    }
    /// Takes the first free seat from the own group on.
    #[inline]
    fn take(&mut self, h: u64) -> usize {
        let mut at = self.own(h);
        while zeros(self.tags[at]) == 0 {
            at = self.next(at);
        }
        let free = byte(zeros(self.tags[at]));
        self.tags[at] |= tag(h) << (8 * free);
        at * 8 + free
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
