//! `always!` and `sometimes!`: oaths and rare paths, counted per run.
//!
//! `always!(cond, "name", "story {}", x)` records a broken oath with its story; the host stops the run on it.
//! `sometimes!(cond, "name")` counts a rare path, so that a sweep can demand that it was reached.
//! Counts live in the calling thread and are outside the state: they judge, never decide. Work that may run on another
//! thread takes its marks along ([`swap`]).

use std::cell::RefCell;
use std::collections::BTreeMap;

/// What was seen since [`take`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Rare paths: times reached, times passed by.
    pub sometimes: BTreeMap<&'static str, (u64, u64)>,
    /// Oaths: times held.
    pub held: BTreeMap<&'static str, u64>,
    /// Oaths broken, with their stories, in order.
    pub broken: Vec<(&'static str, String)>,
}

thread_local! {
    static MARKS: RefCell<Marks> = RefCell::default();
}

/// Everything seen so far on this thread; starts anew.
pub fn take() -> Marks {
    MARKS.with(|m| std::mem::take(&mut *m.borrow_mut()))
}

/// Exchanges what this thread saw with `other`: around work that may run on any thread, so that its marks stay with it.
pub fn swap(other: &mut Marks) {
    MARKS.with(|m| std::mem::swap(&mut *m.borrow_mut(), other));
}

/// Broken oaths that were seen elsewhere, moved to this thread.
pub fn tell(broken: &mut Vec<(&'static str, String)>) {
    if !broken.is_empty() {
        MARKS.with(|m| m.borrow_mut().broken.append(broken));
    }
}

impl Marks {
    /// Adds what was seen elsewhere.
    pub fn absorb(&mut self, other: Self) {
        for (name, (reached, passed)) in other.sometimes {
            let e = self.sometimes.entry(name).or_default();
            (e.0, e.1) = (e.0 + reached, e.1 + passed);
        }
        for (name, n) in other.held {
            *self.held.entry(name).or_default() += n;
        }
        self.broken.extend(other.broken);
    }
}

/// Was an oath broken since [`take`]?
pub fn any_broken() -> bool {
    MARKS.with(|m| !m.borrow().broken.is_empty())
}

/// Counts one check. Called by the macros.
pub fn always(held: bool, name: &'static str, story: impl FnOnce() -> String) {
    MARKS.with(|m| {
        let m = &mut *m.borrow_mut();
        if held {
            *m.held.entry(name).or_default() += 1;
        } else {
            m.broken.push((name, story()));
        }
    });
}

/// Counts one pass. Called by the macros.
pub fn sometimes(reached: bool, name: &'static str) {
    MARKS.with(|m| {
        let m = &mut *m.borrow_mut();
        let e = m.sometimes.entry(name).or_default();
        if reached { e.0 += 1 } else { e.1 += 1 }
    });
}

/// An oath: breaking it ends the run with this story.
#[macro_export]
macro_rules! always {
    ($cond:expr, $name:literal $(,)?) => { $crate::marks::always($cond, $name, || ::std::string::String::from(stringify!($cond))) };
    ($cond:expr, $name:literal, $($story:tt)+) => { $crate::marks::always($cond, $name, || ::std::format!($($story)+)) };
}

/// A rare path that a sweep must reach at least once.
#[macro_export]
macro_rules! sometimes {
    ($cond:expr, $name:literal $(,)?) => {
        $crate::marks::sometimes($cond, $name)
    };
}
