//! Tests of settlement.
#![allow(clippy::unwrap_used)]
