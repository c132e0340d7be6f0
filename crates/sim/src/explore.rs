//! Tries many seeds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a run with one seed showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All was as it should be.
    Holds,
    /// Something was not, in words.
    Fails(String),
}

/// What exploring found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// The lowest seed that fails, and why.
    pub failing: Option<(u64, String)>,
    /// Seeds below it (or all) that hold.
    pub held: u64,
    /// Was it cancelled before all seeds were tried? Then a lower seed may fail too.
    pub cancelled: bool,
}

/// How far exploring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explored {
    /// Seeds tried.
    pub tried: u64,
    /// Seeds to try.
    pub total: u64,
    /// The lowest failing seed so far.
    pub failing: Option<u64>,
}

/// Tries every seed of the range on this many threads, until all are tried or one fails; calls `progress`
/// after each and stops early once `cancel` is set.
///
/// Whatever the number of threads, the failing seed returned is the lowest one: once a seed fails, those
/// above it are left alone and those below it are still tried.
pub fn explore(
    seeds: std::ops::RangeInclusive<u64>,
    threads: u32,
    run: impl Fn(u64) -> Verdict + Sync,
    progress: impl Fn(Explored) + Sync,
    cancel: &AtomicBool,
) -> Exploration {
    let (first, last) = (*seeds.start(), *seeds.end());
    let total = if seeds.is_empty() { 0 } else { (last - first).saturating_add(1) };
    let (next, tried, lowest) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let failing: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let work = || {
        while !cancel.load(Ordering::Relaxed) {
            let step = next.fetch_add(1, Ordering::Relaxed);
            if step >= total || step > lowest.load(Ordering::Acquire) {
                return;
            }
            if let Verdict::Fails(why) = run(first + step) {
                let mut failing = failing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if failing.as_ref().is_none_or(|&(seed, _)| first + step < seed) {
                    *failing = Some((first + step, why));
                    lowest.fetch_min(step, Ordering::Release);
                }
            }
            let lowest = lowest.load(Ordering::Acquire);
            let failing = (lowest != u64::MAX).then(|| first + lowest);
            progress(Explored { tried: tried.fetch_add(1, Ordering::Relaxed) + 1, total, failing });
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let failing = failing.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let cancelled = cancel.load(Ordering::Relaxed) && failing.is_none() && tried.load(Ordering::Relaxed) < total;
    let held = match &failing {
        Some((seed, _)) => seed - first,
        None => tried.load(Ordering::Relaxed),
    };
    Exploration { failing, held, cancelled }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(seed: u64) -> Verdict {
        if seed % 100 == 37 { Verdict::Fails(format!("seed {seed}")) } else { Verdict::Holds }
    }

    #[test]
    fn the_lowest_failing_seed_is_found_whatever_the_threads() {
        for threads in 1..5 {
            let found = explore(1..=10_000, threads, judge, |_| {}, &AtomicBool::new(false));
            assert_eq!(found, Exploration { failing: Some((37, "seed 37".into())), held: 36, cancelled: false });
        }
    }

    #[test]
    fn all_seeds_are_tried_when_none_fails() {
        let seen = AtomicU64::new(0);
        let found = explore(
            38..=130,
            2,
            judge,
            |at| {
                seen.fetch_max(at.tried, Ordering::Relaxed);
            },
            &AtomicBool::new(false),
        );
        assert_eq!(found, Exploration { failing: None, held: 93, cancelled: false });
        assert_eq!(seen.into_inner(), 93);
    }

    #[test]
    fn cancelling_stops_soon() {
        let cancel = AtomicBool::new(false);
        let stop_at_five = |at: Explored| cancel.store(at.tried >= 5, Ordering::Relaxed);
        let found = explore(100..=u64::MAX, 1, |_| Verdict::Holds, stop_at_five, &cancel);
        assert_eq!(found, Exploration { failing: None, held: 5, cancelled: true });
    }
}
