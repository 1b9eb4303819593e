//! Bugs planted on purpose, to see that a judge finds them: `if planted!("accept a stale fence") { … }`.
//!
//! Only the feature `planted` makes them possible, and no build that anybody uses has it: without it the question is
//! `false` and the compiler drops what it guards. With it a test switches one bug on at a time ([`Planted::on`]), for
//! the whole process: tests that plant take turns.

/// Is this bug switched on? Asked through `planted!`.
#[cfg(not(feature = "planted"))]
#[inline(always)]
#[must_use]
pub const fn is_on(_: &str) -> bool {
    false
}

#[cfg(feature = "planted")]
pub use switch::{Planted, is_on};

#[cfg(feature = "planted")]
mod switch {
    use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

    /// Whose turn it is.
    static TURN: Mutex<()> = Mutex::new(());
    /// The bug that is on, and how often it was met.
    static ON: RwLock<(Option<&'static str>, bool)> = RwLock::new((None, false));

    fn set(bug: Option<&'static str>) {
        *ON.write().unwrap_or_else(PoisonError::into_inner) = (bug, false);
    }

    /// Is this bug switched on?
    #[must_use]
    pub fn is_on(bug: &str) -> bool {
        let (on, met) = *ON.read().unwrap_or_else(PoisonError::into_inner);
        if on != Some(bug) {
            return false;
        }
        if !met {
            ON.write().unwrap_or_else(PoisonError::into_inner).1 = true;
        }
        true
    }

    /// A turn at planting: until it is dropped, one bug is on, or none.
    #[derive(Debug)]
    pub struct Planted {
        _turn: MutexGuard<'static, ()>,
    }

    impl Planted {
        /// With this bug.
        #[must_use]
        pub fn on(bug: &'static str) -> Self {
            let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            set(Some(bug));
            Self { _turn: turn }
        }
        /// With none: a sound run among planted ones.
        #[must_use]
        pub fn nothing() -> Self {
            let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            set(None);
            Self { _turn: turn }
        }
        /// Was the bug's place reached?
        #[must_use]
        pub fn was_met(&self) -> bool {
            ON.read().unwrap_or_else(PoisonError::into_inner).1
        }
    }

    impl Drop for Planted {
        fn drop(&mut self) {
            set(None);
        }
    }
}

/// Is the bug of this name planted? `false` in every build that anybody uses.
#[macro_export]
macro_rules! planted {
    ($bug:literal) => {
        $crate::planted::is_on($bug)
    };
}
