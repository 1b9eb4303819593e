//! Drives `nooterra_fuzz::log`.
#![no_main]
nooterra_libfuzzer::driver!("log");
