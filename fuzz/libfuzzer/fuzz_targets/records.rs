//! Drives `nooterra_fuzz::records`.
#![no_main]
nooterra_libfuzzer::driver!("records");
