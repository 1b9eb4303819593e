//! Two cores for one run: the platform's turn beside the world's, robots' brains beside each other. What comes out is the
//! same with one.

use crate::recording::Desk;
use nooterra_engine::together::{InTurn, Piece, Together};
use std::cell::Cell;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// So often it is looked whether the last pieces have been done elsewhere, before sleeping: some tenths of a millisecond.
const SPINS: u32 = 20_000;

/// Stack of a thread that runs whole commands, like a main thread's.
const STACK_BYTES: usize = 8 << 20;

/// A helper that finds nothing to do looks again this often before it lets others have its core for a moment.
const LOOKS: u32 = 64;
/// While runs go on alone, it sleeps for so long at a time.
const NAP: Duration = Duration::from_millis(1);

/// Does `work` where a second core can help it: runs in it do pieces of a tick at the same time. On a machine with one
/// core, or without a thread to give, it is done as it would be otherwise.
///
/// The second thread stays awake for as long as `work` lasts: a tick has pieces of some ten microseconds, and waking a
/// thread takes several times as long. It yields its core to whoever else wants it.
pub fn with_cores<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).stack_size(STACK_BYTES).thread_name(|i| format!("run-{i}")).build();
    let Ok(pool) = pool else { return work() };
    let (over, at_work) = (AtomicBool::new(false), AtomicUsize::new(usize::MAX));
    let me = || rayon::current_thread_index().unwrap_or(usize::MAX);
    // Also when `work` dies of a panic: the helper must not wait for ever.
    let watched = || {
        let _end = End(&over);
        at_work.store(me(), Release);
        work()
    };
    let helper = || {
        let mut idle = 0;
        // Nobody waits for itself: were the helper ever taken up by the thread at work, it would have nothing to do.
        while !over.load(Acquire) && at_work.load(Acquire) != me() {
            if rayon::yield_now() == Some(rayon::Yield::Executed) || write_one() {
                idle = 0;
            } else {
                idle += 1;
                match () {
                    () if LOOK.alone.load(Relaxed) => std::thread::sleep(NAP),
                    () if idle < LOOKS => std::hint::spin_loop(),
                    () => std::thread::yield_now(),
                }
            }
        }
    };
    pool.install(|| rayon::join(watched, helper)).0
}

/// Recordings that the helper writes when nothing else wants it.
static DESKS: Mutex<Vec<Weak<Desk>>> = Mutex::new(Vec::new());
/// Tapes that wait on all desks.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Is this thread inside of [`with_cores`], with a second one awake?
pub(crate) fn has_helper() -> bool {
    rayon::current_thread_index().is_some()
}

/// Has a recording written beside the run.
pub(crate) fn help(desk: &Arc<Desk>) {
    if let Ok(mut desks) = DESKS.lock() {
        desks.retain(|d| d.strong_count() > 0);
        desks.push(Arc::downgrade(desk));
    }
}

/// A tape more, or less, that waits for the helper.
pub(crate) fn waiting(more: bool) {
    if more {
        WAITING.fetch_add(1, Release)
    } else {
        WAITING.fetch_sub(1, Release)
    };
}

fn write_one() -> bool {
    if WAITING.load(Acquire) == 0 {
        return false;
    }
    // Whoever finds the list taken goes on looking elsewhere.
    let desks = DESKS.try_lock().map(|d| d.iter().filter_map(Weak::upgrade).collect::<Vec<_>>());
    desks.is_ok_and(|desks| desks.iter().any(|d| d.write_one()))
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Release);
    }
}

/// All pieces at once inside of [`with_cores`], one after the other elsewhere.
///
/// On a busy machine a second thread costs more than it gives: it is put aside in the middle of a piece, and everybody
/// waits for it. So now and then some calls are done alone and some together, and whatever took less time is done until
/// the next look.
#[derive(Debug, Clone, Copy)]
pub struct Cores;

/// Calls from one look to the next.
const LOOK_EVERY: u32 = 16_384;
/// Calls that are timed each way.
const LOOK_LENGTH: u32 = 128;

static LOOK: Look =
    Look { calls: AtomicU32::new(0), alone_ns: AtomicU64::new(0), together_ns: AtomicU64::new(0), alone: AtomicBool::new(false) };

thread_local! {
    /// A piece may have pieces of its own: only the outermost call is timed.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// What is faster at present. It is one for the process, since its runs share the machine.
struct Look {
    calls: AtomicU32,
    alone_ns: AtomicU64,
    together_ns: AtomicU64,
    alone: AtomicBool,
}

impl Look {
    /// Does a call in the way whose turn it is.
    fn call(&self, pieces: &mut [&mut Piece<'_>]) {
        let n = self.calls.fetch_add(1, Relaxed) % LOOK_EVERY;
        let timed = match n {
            0 => {
                self.alone_ns.store(0, Relaxed);
                self.together_ns.store(0, Relaxed);
                self.alone.store(true, Relaxed);
                Some(&self.alone_ns)
            }
            n if n < LOOK_LENGTH => Some(&self.alone_ns),
            n if n < 2 * LOOK_LENGTH => {
                self.alone.store(false, Relaxed);
                Some(&self.together_ns)
            }
            LOOK_END => {
                self.alone.store(self.alone_ns.load(Relaxed) < self.together_ns.load(Relaxed), Relaxed);
                None
            }
            _ => None,
        };
        let begun = timed.map(|_| Instant::now());
        INSIDE.set(true);
        self.pass(pieces);
        INSIDE.set(false);
        if let (Some(sum), Some(begun)) = (timed, begun) {
            sum.fetch_add(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX), Relaxed);
        }
    }
    fn pass(&self, pieces: &mut [&mut Piece<'_>]) {
        if self.alone.load(Relaxed) { InTurn.all(pieces) } else { at_once(pieces) }
    }
}

const LOOK_END: u32 = 2 * LOOK_LENGTH;

impl Together for Cores {
    fn all(&self, pieces: &mut [&mut Piece<'_>]) {
        if rayon::current_thread_index().is_none() || pieces.len() < 2 {
            InTurn.all(pieces);
        } else if INSIDE.get() {
            LOOK.pass(pieces);
        } else {
            LOOK.call(pieces);
        }
    }
}

/// The calling thread begins with the first piece; whoever is free takes the next.
fn at_once(pieces: &mut [&mut Piece<'_>]) {
    let Some((first, rest)) = pieces.split_first_mut() else { return };
    // Pieces that somebody has begun and not ended.
    let under_way = AtomicUsize::new(0);
    let queue = Mutex::new(rest.iter_mut());
    let work = || {
        // A thread that died of a piece holds no lock while it works, so that the queue is never poisoned.
        while let Some(piece) = queue.lock().ok().and_then(|mut q| q.next().inspect(|_| _ = under_way.fetch_add(1, Release))) {
            piece();
            under_way.fetch_sub(1, Release);
        }
    };
    let here = || {
        first();
        work();
        // Sleeping and being woken takes longer than what is left of the other thread's piece.
        let mut patience = SPINS;
        while under_way.load(Acquire) > 0 && patience > 0 {
            patience -= 1;
            std::hint::spin_loop();
        }
    };
    rayon::join(here, work);
}
