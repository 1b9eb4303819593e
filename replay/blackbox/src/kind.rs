//! What kinds of records a log holds. Numbers and names are part of the format.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal;)*) => {
        /// Kind of a record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Kind { $($(#[$doc])* $name = $number,)* }
        impl Kind {
            /// All kinds, by number.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// The name in topics: `/nt/<name>/…`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

kinds! {
    /// Who writes, with which keys. The first record.
    Open = 1 "open";
    /// Everything that determines the run.
    Manifest = 2 "manifest";
    /// What was not determined by what came before, written before it takes effect.
    Input = 3 "in";
    /// What happened.
    Fact = 4 "fact";
    /// What was asked of the world.
    Wish = 5 "wish";
    /// Root over the whole state at the end of a tick.
    State = 6 "state";
    /// Digest of every room, each second.
    Roots = 7 "roots";
    /// Keyframe.
    Snap = 8 "snap";
    /// What could not be recorded, and why.
    Gap = 9 "gap";
    /// What was sealed; a signed checkpoint follows.
    Seal = 10 "seal";
    /// The next epoch's key, signed by the present one.
    Handover = 11 "handover";
    /// Orderly end.
    Close = 12 "close";
    /// For people to look at, in the schemas of their viewers.
    Telemetry = 13 "telemetry";
    /// A remark of the system.
    Note = 14 "note";
}

impl Kind {
    /// The kind with this number.
    #[must_use]
    pub fn from_number(n: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.number() == n)
    }
    /// Its number in leaves and entries.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
    /// The recorder alone writes these.
    #[must_use]
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Open | Self::Seal | Self::Handover | Self::Close)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
