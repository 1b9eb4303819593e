//! Drives `nooterra_fuzz::control`.
#![no_main]
nooterra_libfuzzer::driver!("control");
