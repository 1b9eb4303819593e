//! The meta checks: the promises of determinism, held against whole runs. Each of them can fail, and the canaries show
//! that it does when something leaks into a run.

mod canaries;
mod common;
mod crowd;
mod endings;
mod inputs;
mod order;
mod replays;
mod restore;
mod tamper;
