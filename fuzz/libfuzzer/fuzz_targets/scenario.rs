//! Drives `nooterra_fuzz::scenario`.
#![no_main]
nooterra_libfuzzer::driver!("scenario");
