//! Ctrl-C: asks once for an orderly end, and ends at once the second time.

use crate::out::exit;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens from now on.
pub fn listen() {
    // Without a handler the program still works; it only ends less orderly.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
}

/// Has the user asked for an end?
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
