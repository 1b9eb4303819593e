//! Drives `nooterra_fuzz::proofs`.
#![no_main]
nooterra_libfuzzer::driver!("proofs");
