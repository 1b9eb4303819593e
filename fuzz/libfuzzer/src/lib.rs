//! What all drivers share: an allocator that takes a very large piece of memory for a broken promise. Inputs are small,
//! so whoever asks for that much has believed a length that somebody else wrote.

use std::alloc::{GlobalAlloc, Layout, System};

/// Largest piece that anything may ask for.
const PIECE_BYTES_MAX: usize = 512 << 20;

struct Wary;

fn check(bytes: usize) {
    if bytes > PIECE_BYTES_MAX {
        // No unwinding out of an allocator: the fuzzer keeps the input of a process that aborts.
        std::process::abort();
    }
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Wary {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        check(bytes);
        unsafe { System.realloc(at, layout, bytes) }
    }
}

#[global_allocator]
static WARY: Wary = Wary;

/// The driver of a target.
#[macro_export]
macro_rules! driver {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| nooterra_fuzz::run($name, data));
    };
}
