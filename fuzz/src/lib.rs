//! # fuzz: whatever bytes come in, nothing panics
//!
//! What lives here: one function for each place where bytes or text of others enter ([`TARGETS`]), each of which throws
//! its input at the reader and asserts what must hold of whatever comes out; and `corpus/`, inputs that once reached
//! something new or broke something. The drivers of libFuzzer are in `libfuzzer/`, a workspace of its own; the test
//! `tests/corpora.rs` runs every file of the corpora through the same functions. `docs/fuzzing.md` tells how to run it.
//!
//! What it may not do: decide anything, or know the variants of an enum by name. Typed inputs are made from a type's
//! [`Shape`](nooterra_engine::record::Shape) ([`typed`]), so that a new one is covered as soon as it exists.

pub mod control;
pub mod entropy;
pub mod grid;
pub mod log;
pub mod proofs;
pub mod records;
pub mod scenario;
pub mod site;
pub mod thaw;
pub mod typed;

/// What takes any bytes and panics only if a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder in `corpus/` and of its driver.
pub const TARGETS: &[(&str, Target)] = &[
    ("records", records::run),
    ("proofs", proofs::run),
    ("log", log::run),
    ("site", site::run),
    ("grid", grid::run),
    ("scenario", scenario::run),
    ("thaw", thaw::run),
    ("control", control::run),
];

/// Throws an input at the target of this name.
///
/// # Panics
/// If a promise is broken, or if there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(n, _)| *n == name).expect("a target of this name");
    target(data);
}
