//! Drives `nooterra_fuzz::grid`.
#![no_main]
nooterra_libfuzzer::driver!("grid");
