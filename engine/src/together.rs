//! Pieces of work that touch nothing in common. Pure rooms say which they are; a shell may do them on several threads,
//! and nothing in a run can tell.

use std::fmt;

/// One piece of work.
pub type Piece<'a> = dyn FnMut() + Send + 'a;

/// Does pieces of work. What comes out must not depend on their order: each keeps its results to itself until all are
/// done, marks included ([`crate::marks::swap`]).
pub trait Together: fmt::Debug + Send + Sync {
    /// Does every piece once; the first on the calling thread. Pieces may call this in their turn.
    fn all(&self, pieces: &mut [&mut Piece<'_>]);
}

/// One after the other.
#[derive(Debug, Clone, Copy, Default)]
pub struct InTurn;

impl Together for InTurn {
    fn all(&self, pieces: &mut [&mut Piece<'_>]) {
        pieces.iter_mut().for_each(|p| p());
    }
}
