//! Drives `nooterra_fuzz::site`.
#![no_main]
nooterra_libfuzzer::driver!("site");
