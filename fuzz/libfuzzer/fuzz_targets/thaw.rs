//! Drives `nooterra_fuzz::thaw`.
#![no_main]
nooterra_libfuzzer::driver!("thaw");
