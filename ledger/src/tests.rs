//! Tests of the book.
#![allow(clippy::unwrap_used)]

mod history;
mod holds;
mod rules;
