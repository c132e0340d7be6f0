//! Where shards meet between windows: a barrier, and letter boxes for what they sent each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rumormill_core::trace::Event as TraceEvent;

use super::Standing;

/// Where shards meet. Everything is there twice, for even and odd windows: what was posted in one window
/// is read while the next one posts.
pub(super) struct Board<E> {
    shards: usize,
    sides: [Side<E>; 2],
    barrier: Barrier,
}

struct Side<E> {
    standings: Vec<Mutex<Standing>>,
    /// From each shard to each.
    letters: Vec<Mutex<Vec<(u64, E)>>>,
    records: Vec<Mutex<Vec<TraceEvent>>>,
}

/// Another thread of the run panicked.
#[derive(Debug)]
pub(super) struct Broken;

impl<E> Board<E> {
    pub(super) fn new(shards: usize) -> Self {
        let side = || Side {
            standings: (0..shards).map(|_| Mutex::default()).collect(),
            letters: (0..shards * shards).map(|_| Mutex::default()).collect(),
            records: (0..shards).map(|_| Mutex::default()).collect(),
        };
        Self { shards, sides: [side(), side()], barrier: Barrier::new(shards) }
    }

    /// Posts what a shard did in a window; its letters are swapped for empty boxes.
    pub(super) fn post(
        &self,
        window: usize,
        shard: usize,
        standing: Standing,
        outgoing: &mut [Vec<(u64, E)>],
        record: Vec<TraceEvent>,
    ) {
        let side = &self.sides[window % 2];
        *lock(&side.standings[shard]) = standing;
        for (to, letters) in outgoing.iter_mut().enumerate().filter(|(_, letters)| !letters.is_empty()) {
            std::mem::swap(&mut *lock(&side.letters[shard * self.shards + to]), letters);
        }
        lock(&side.records[shard]).extend(record);
    }

    /// Posts a standing anew.
    pub(super) fn correct(&self, window: usize, shard: usize, standing: Standing) {
        *lock(&self.sides[window % 2].standings[shard]) = standing;
    }

    /// Waits until every shard has posted.
    pub(super) fn meet(&self) -> Result<(), Broken> {
        self.barrier.wait()
    }

    /// What all shards posted.
    pub(super) fn standings(&self, window: usize) -> Vec<Standing> {
        self.sides[window % 2].standings.iter().map(|standing| *lock(standing)).collect()
    }

    /// Hands a shard its letters, sender by sender.
    pub(super) fn collect(&self, window: usize, shard: usize, mut accept: impl FnMut(&mut Vec<(u64, E)>)) {
        for from in 0..self.shards {
            accept(&mut lock(&self.sides[window % 2].letters[from * self.shards + shard]));
        }
    }

    /// Everything that was recorded in a window.
    pub(super) fn record(&self, window: usize) -> Vec<TraceEvent> {
        self.sides[window % 2].records.iter().flat_map(|record| std::mem::take(&mut *lock(record))).collect()
    }

    /// Tells the others when this thread panics, so that they do not wait for it for ever.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch { barrier: &self.barrier, ended_well: false }
    }
}

/// A panicked thread has broken the barrier already; what it left in a box does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A barrier that spins for a moment, since windows are short, and then sleeps, since other threads may
/// need the core.
struct Barrier {
    parties: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
    sleepers: Mutex<usize>,
    wake: Condvar,
}

impl Barrier {
    fn new(parties: usize) -> Self {
        Self {
            parties,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            sleepers: Mutex::new(0),
            wake: Condvar::new(),
        }
    }

    fn wait(&self) -> Result<(), Broken> {
        const SPINS: u32 = 2_000;
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.parties {
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            self.wake_all();
            return Ok(());
        }
        let over = || self.round.load(Ordering::Acquire) != round || self.broken.load(Ordering::Acquire);
        for _ in 0..SPINS {
            if over() {
                break;
            }
            std::hint::spin_loop();
        }
        if !over() {
            let mut sleepers = lock(&self.sleepers);
            *sleepers += 1;
            while !over() {
                sleepers = self.wake.wait(sleepers).unwrap_or_else(PoisonError::into_inner);
            }
            *sleepers -= 1;
        }
        if self.round.load(Ordering::Acquire) == round { Err(Broken) } else { Ok(()) }
    }

    /// Wakes those who sleep. They look at the round with the lock held before they sleep, so taking it
    /// here lets none of them miss the call.
    fn wake_all(&self) {
        if *lock(&self.sleepers) > 0 {
            self.wake.notify_all();
        }
    }
}

/// Breaks the barrier when it is dropped early: its thread panicked.
pub(super) struct Watch<'a> {
    barrier: &'a Barrier,
    ended_well: bool,
}

impl Watch<'_> {
    /// The thread has no more to do.
    pub(super) fn end(mut self) {
        self.ended_well = true;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.ended_well {
            self.barrier.broken.store(true, Ordering::Release);
            self.barrier.wake_all();
        }
    }
}
