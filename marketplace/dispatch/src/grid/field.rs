//! What it costs to get to a goal from each cell and heading.
//!
//! A turn and a move cost [`STEP`] each; a move may cost a toll beside it. The four headings of a cell differ by two turns
//! at most, so a cell's costs fit into one word.

use super::floor::{Floor, NONE, Window};

/// Cost of one step.
pub const STEP: u32 = 2;
/// No way.
pub const FAR: u32 = 1 << 24;
/// Largest toll of a move.
pub const TOLL_MAX: u8 = 12;
/// Bits of a word that hold the cheapest heading's cost; the rest are four offsets of three bits.
const OFFSET_BITS: u32 = 12;
/// Largest cost that a word holds.
pub const WORD_MAX: u32 = (1 << (32 - OFFSET_BITS)) - 1;

/// The word of a cell whose headings cost this. Who faces elsewhere can turn, so no heading costs more than that.
#[inline]
pub fn word(mut four: [u32; 4]) -> u32 {
    let least = four[0].min(four[1]).min(four[2]).min(four[3]);
    if least > WORD_MAX {
        return NONE;
    }
    for _ in 0..2 {
        let [across, along] = [(0, 2), (1, 3)].map(|(a, b)| four[a].min(four[b]).saturating_add(STEP));
        four = [four[0].min(along), four[1].min(across), four[2].min(along), four[3].min(across)];
    }
    let offset = |h: usize| (four[h] - least) << (3 * h);
    least << OFFSET_BITS | offset(0) | offset(1) | offset(2) | offset(3)
}
/// Cost from a heading, by the word of a cell.
#[inline]
pub const fn cost_in(word: u32, heading: u8) -> u32 {
    if word == NONE { FAR } else { (word >> OFFSET_BITS) + ((word >> (3 * heading as u32)) & 7) }
}
/// Cost from the cheapest heading.
#[inline]
pub const fn least_in(word: u32) -> u32 {
    if word == NONE { FAR } else { word >> OFFSET_BITS }
}
/// Cost from the dearest heading.
const fn most_in(word: u32) -> u32 {
    let mut most = 0;
    let mut h = 0;
    while h < 4 {
        let c = cost_in(word, h);
        most = if c > most { c } else { most };
        h += 1;
    }
    most
}

/// Costs to one goal from everywhere: a word for each cell.
#[derive(Debug, Clone, Default)]
pub struct Table(pub Vec<u32>);

impl Table {
    /// Nothing was worked out yet.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Cost from a cell and heading; [`FAR`] if there is no way.
    #[inline]
    pub fn at(&self, cell: u32, heading: u8) -> u32 {
        cost_in(self.0[cell as usize], heading)
    }
    /// Cost from a cell, whatever the heading.
    #[inline]
    pub fn least(&self, cell: u32) -> u32 {
        least_in(self.0[cell as usize])
    }
    /// All of it as costs to its goal.
    pub fn costs(&self) -> Costs<'_> {
        Costs { table: &self.0, ..Costs::default() }
    }
}

/// Costs to a goal from around it, and by way of a *relay*: a cell near it that has a table.
#[derive(Debug, Clone, Default)]
pub struct Near {
    window: Window,
    words: Vec<u32>,
    /// What is left from the relay, whatever the heading in which a robot comes there.
    beyond: u32,
    /// Largest cost to the relay from a cell of the window.
    within: u32,
}

impl Near {
    /// Nothing is known yet about the places of this rectangle.
    pub fn clear(&mut self, window: Window) {
        self.window = window;
        self.words.clear();
        self.words.resize((window.rows * window.columns) as usize, NONE);
        (self.beyond, self.within) = (0, NONE);
    }
    /// Writes down the costs of a place.
    pub fn set(&mut self, place: (u16, u16), word: u32) {
        if let Some(i) = self.window.index(place) {
            self.words[i] = word;
        }
    }
    /// Costs of a place.
    #[inline]
    fn word(&self, place: (u16, u16)) -> u32 {
        self.window.index(place).map_or(NONE, |i| self.words[i])
    }
    /// What it costs from a place, whatever the heading in which a robot comes there.
    pub fn most(&self, place: (u16, u16)) -> u32 {
        most_in(self.word(place))
    }
    /// From afar, robots go by way of this relay, whose table it is.
    pub fn go_by(&mut self, floor: &Floor, relay: u32, table: &Table) {
        self.beyond = self.most(floor.place[relay as usize]);
        let places = self.window.places().zip(&self.words).filter(|(_, w)| **w != NONE);
        self.within = places.map(|(p, _)| table.least(floor.cell_in(p))).max().unwrap_or(0);
    }
    /// As costs to its goal, with the table of its relay.
    pub fn costs<'f>(&'f self, table: Option<&'f Table>) -> Costs<'f> {
        let table = table.map_or(&[][..], |t| &t.0);
        Costs { table, near: Some(self), beyond: self.beyond, within: self.within }
    }
}

/// Costs to one goal, to be asked for.
///
/// By way of a relay they may be more than they need be. But wherever a robot is, an action takes it to where they are
/// less by what the action costs: so who follows them arrives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Costs<'f> {
    /// Costs to the goal, or to the relay if there is one. Empty if there is neither.
    table: &'f [u32],
    near: Option<&'f Near>,
    beyond: u32,
    within: u32,
}

impl Costs<'_> {
    /// Costs from a cell in all headings, to be read by [`cost_in`] and [`least_in`].
    #[inline]
    pub fn word(&self, floor: &Floor, cell: u32) -> u32 {
        let by_relay = self.table.get(cell as usize).copied().unwrap_or(NONE);
        let Some(near) = self.near else { return by_relay };
        // With the way from there added; if that were too much for a word, all its bits are set.
        let by_relay = if by_relay == NONE { NONE } else { by_relay.saturating_add(self.beyond << OFFSET_BITS) };
        if by_relay != NONE && least_in(by_relay) - self.beyond > self.within {
            return by_relay;
        }
        match near.word(floor.place[cell as usize]) {
            NONE => by_relay,
            close if by_relay == NONE => close,
            close => word([0, 1, 2, 3].map(|h| cost_in(by_relay, h).min(cost_in(close, h)))),
        }
    }
    /// Cost from a cell and heading; [`FAR`] if there is no way.
    #[inline]
    pub fn at(&self, floor: &Floor, cell: u32, heading: u8) -> u32 {
        cost_in(self.word(floor, cell), heading)
    }
    /// Cost from a cell, whatever the heading.
    pub fn least(&self, floor: &Floor, cell: u32) -> u32 {
        least_in(self.word(floor, cell))
    }
}
