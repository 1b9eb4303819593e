//! Two cores for one run: the platform's turn beside the world's. What comes out is the same with one.

use nooterra_stage::turn::{InTurn, Together};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};

/// So often it is looked whether the other turn has ended, before sleeping: some tenths of a millisecond.
const SPINS: u32 = 20_000;

/// Stack of a thread that runs whole commands, like a main thread's.
const STACK_BYTES: usize = 8 << 20;

/// Does `work` where a second core can help it: runs in it take both turns of a tick at the same time. On a machine
/// with one core, or without a thread to give, it is done as it would be otherwise.
pub fn with_cores<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return work();
    }
    match rayon::ThreadPoolBuilder::new().num_threads(2).stack_size(STACK_BYTES).thread_name(|i| format!("run-{i}")).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Both turns at once inside of [`with_cores`], one after the other elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Cores;

impl Together for Cores {
    fn both(&mut self, world: &mut (dyn FnMut() + Send), platform: &mut (dyn FnMut() + Send)) {
        if rayon::current_thread_index().is_some() {
            let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
            let first = || {
                world();
                // Sleeping and being woken takes longer than what is left of the other turn.
                let mut patience = SPINS;
                while begun.load(Acquire) && !ended.load(Acquire) && patience > 0 {
                    patience -= 1;
                    std::hint::spin_loop();
                }
            };
            let second = || {
                begun.store(true, Release);
                platform();
                ended.store(true, Release);
            };
            rayon::join(first, second);
        } else {
            InTurn.both(world, platform);
        }
    }
}
