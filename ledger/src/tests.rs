//! Tests of the book.
#![allow(clippy::unwrap_used)]

mod digest;
mod history;
mod holds;
mod rules;
