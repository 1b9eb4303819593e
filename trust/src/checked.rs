//! What is known of a signature when the signed bytes arrive: a worker of the shell may have looked already.

use nooterra_engine::Record;

/// What is known of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Checked {
    /// Nobody looked: the receiver verifies it.
    #[default]
    Not,
    /// A worker of the shell verified it.
    Good,
    /// A worker of the shell found it broken.
    Bad,
}

impl Checked {
    /// Does the signature hold? Verifies where nobody looked; a verdict is a function of bytes and key alone, so it does
    /// not matter who found it, or when.
    pub fn holds(self, verify: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Not => verify(),
            Self::Good => true,
            Self::Bad => false,
        }
    }
}

impl From<bool> for Checked {
    fn from(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}
