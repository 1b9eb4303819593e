//! `always!` and `sometimes!`: oaths and rare paths, counted per run.
//!
//! `always!(cond, "name", "story {}", x)` records a broken oath with its story; the host stops the run on it.
//! `sometimes!(cond, "name")` counts a rare path, so that a sweep can demand that it was reached.
//! Counts live in the calling thread and are outside the state: they judge, never decide. Work that may run on another
//! thread takes its marks along ([`swap`]). Each place in the code has a number while the program runs, so that counting is
//! one addition; who reads the counts sees names, in their order.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Names of the places that have a number, in the order in which they came by: place `n` stands at `n - 1`.
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// A place in the code that counts. Made by the macros.
#[derive(Debug)]
pub struct Spot {
    name: &'static str,
    /// Zero until it is reached for the first time.
    number: AtomicUsize,
}

impl Spot {
    /// A place of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, number: AtomicUsize::new(0) }
    }

    fn index(&self) -> usize {
        match self.number.load(Ordering::Relaxed) {
            0 => self.enlist(),
            n => n - 1,
        }
    }

    #[cold]
    fn enlist(&self) -> usize {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been here first.
        if self.number.load(Ordering::Relaxed) == 0 {
            names.push(self.name);
            self.number.store(names.len(), Ordering::Relaxed);
        }
        self.number.load(Ordering::Relaxed) - 1
    }
}

/// Counts by the numbers of their places, which no reader sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    sometimes: Vec<(u64, u64)>,
    held: Vec<u64>,
}

/// What is counted for a place.
fn at<'a, T: Clone + Default>(all: &'a mut Vec<T>, spot: &Spot) -> Option<&'a mut T> {
    let n = spot.index();
    if n >= all.len() {
        all.resize(n + 1, T::default());
    }
    all.get_mut(n)
}

/// What was seen since [`take`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Rare paths: times reached, times passed by.
    pub sometimes: BTreeMap<&'static str, (u64, u64)>,
    /// Oaths: times held.
    pub held: BTreeMap<&'static str, u64>,
    /// Oaths broken, with their stories, in order.
    pub broken: Vec<(&'static str, String)>,
    counts: Counts,
}

thread_local! {
    static MARKS: RefCell<Marks> = RefCell::default();
}

/// Everything seen so far on this thread; starts anew.
pub fn take() -> Marks {
    let mut m = MARKS.with(|m| std::mem::take(&mut *m.borrow_mut()));
    m.name();
    m
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
    /// Brings what was counted by number under its names.
    fn name(&mut self) {
        let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = std::mem::take(&mut self.counts);
        for (name, (reached, passed)) in names.iter().zip(counts.sometimes).filter(|(_, c)| *c != (0, 0)) {
            let e = self.sometimes.entry(name).or_default();
            (e.0, e.1) = (e.0 + reached, e.1 + passed);
        }
        for (name, n) in names.iter().zip(counts.held).filter(|(_, n)| *n > 0) {
            *self.held.entry(name).or_default() += n;
        }
    }

    /// Adds what was seen elsewhere.
    pub fn absorb(&mut self, mut other: Self) {
        other.name();
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
pub fn always(held: bool, spot: &'static Spot, story: impl FnOnce() -> String) {
    MARKS.with(|m| {
        let m = &mut *m.borrow_mut();
        if !held {
            m.broken.push((spot.name, story()));
        } else if let Some(n) = at(&mut m.counts.held, spot) {
            *n += 1;
        }
    });
}

/// Counts one pass. Called by the macros.
pub fn sometimes(reached: bool, spot: &'static Spot) {
    MARKS.with(|m| {
        if let Some(e) = at(&mut m.borrow_mut().counts.sometimes, spot) {
            if reached { e.0 += 1 } else { e.1 += 1 }
        }
    });
}

/// An oath: breaking it ends the run with this story.
#[macro_export]
macro_rules! always {
    ($cond:expr, $name:literal $(,)?) => { $crate::always!($cond, $name, "{}", stringify!($cond)) };
    ($cond:expr, $name:literal, $($story:tt)+) => {{
        static SPOT: $crate::marks::Spot = $crate::marks::Spot::new($name);
        $crate::marks::always($cond, &SPOT, || ::std::format!($($story)+))
    }};
}

/// A rare path that a sweep must reach at least once.
#[macro_export]
macro_rules! sometimes {
    ($cond:expr, $name:literal $(,)?) => {{
        static SPOT: $crate::marks::Spot = $crate::marks::Spot::new($name);
        $crate::marks::sometimes($cond, &SPOT)
    }};
}
