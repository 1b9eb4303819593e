//! Motion on a grid: a robot stands on one cell and faces one way; in a step it moves one cell ahead, turns by 90 degrees
//! on the spot, or waits.

use nooterra_engine::Record;

/// Which way a robot faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Heading {
    /// To larger columns.
    #[default]
    East,
    /// To larger rows.
    South,
    /// To smaller columns.
    West,
    /// To smaller rows.
    North,
}

impl Heading {
    /// All of them, clockwise from east.
    pub const ALL: [Self; 4] = [Self::East, Self::South, Self::West, Self::North];
    /// Its number, clockwise from east.
    pub const fn index(self) -> usize {
        self as usize
    }
    /// The heading of this number, counted round.
    pub const fn from_index(i: usize) -> Self {
        Self::ALL[i % 4]
    }
    /// A letter for it.
    pub const fn letter(self) -> char {
        ['E', 'S', 'W', 'N'][self as usize]
    }
}

/// What a robot does in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Action {
    /// Nothing.
    #[default]
    Wait,
    /// One cell ahead.
    Forward,
    /// A quarter turn clockwise.
    Clockwise,
    /// A quarter turn counter-clockwise.
    CounterClockwise,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wait, Self::Forward, Self::Clockwise, Self::CounterClockwise];
    /// The letter that the League's files write for it.
    pub const fn letter(self) -> char {
        match self {
            Self::Wait => 'W',
            Self::Forward => 'F',
            Self::Clockwise => 'R',
            Self::CounterClockwise => 'C',
        }
    }
    /// The heading after it.
    pub const fn turns(self, from: Heading) -> Heading {
        match self {
            Self::Wait | Self::Forward => from,
            Self::Clockwise => Heading::from_index(from.index() + 1),
            Self::CounterClockwise => Heading::from_index(from.index() + 3),
        }
    }
}

/// Where a robot stands and which way it faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub struct Pose {
    /// Location: `row * width + column`.
    pub location: u32,
    /// Which way it faces.
    pub heading: Heading,
}
