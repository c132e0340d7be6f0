//! How long a suspected member may refute it: fixed as in SWIM, or shorter with every independent suspicion, as in
//! Lifeguard (section IV-B).

use std::time::Duration;

use rumormill_core::{Instant, PeerId};
use serde::Serialize;
use smallvec::SmallVec;

/// The time that a suspected member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SuspicionTime {
    /// When as many others as wanted suspect it too.
    pub min: Duration,
    /// When nobody else does.
    pub max: Duration,
    /// How many others are wanted; with 0 the time is `min` from the beginning.
    pub wanted: u32,
}

impl SuspicionTime {
    /// The time, when so many others suspect it too: falls from `max` to `min` with the logarithm of their number,
    /// so that the first counts most.
    #[must_use]
    pub fn after(&self, confirmations: u32) -> Duration {
        if confirmations >= self.wanted || self.max <= self.min {
            return self.min;
        }
        let share = libm::log(f64::from(confirmations) + 1.0) / libm::log(f64::from(self.wanted) + 1.0);
        let span = (self.max - self.min).as_nanos() as f64;
        self.max - Duration::from_nanos((span * share) as u64)
    }
}

/// A suspicion that is not yet refuted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Suspicion {
    /// Of which incarnation.
    pub(super) incarnation: u32,
    since: Instant,
    time: SuspicionTime,
    /// Who suspects it, first come first: as many as are wanted, and the first.
    by: SmallVec<[PeerId; 4]>,
}

impl Suspicion {
    /// The first suspicion of an incarnation, by this peer.
    pub(super) fn new(now: Instant, incarnation: u32, by: PeerId, time: SuspicionTime) -> Self {
        Self { incarnation, since: now, time, by: SmallVec::from_slice(&[by]) }
    }

    /// Another peer suspects it; is that news that others should hear?
    pub(super) fn confirm(&mut self, by: PeerId) -> bool {
        let is_news = self.confirmations() < self.time.wanted && !self.by.contains(&by);
        if is_news {
            self.by.push(by);
        }
        is_news
    }

    /// When it has had its time.
    pub(super) fn deadline(&self) -> Instant {
        self.since + self.time.after(self.confirmations())
    }

    /// Who suspected it first.
    pub(super) fn first(&self) -> Option<PeerId> {
        self.by.first().copied()
    }

    fn confirmations(&self) -> u32 {
        self.by.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: SuspicionTime = SuspicionTime { min: Duration::from_secs(5), max: Duration::from_secs(30), wanted: 3 };

    #[test]
    fn the_time_falls_with_the_logarithm_of_the_confirmations() {
        // 30 - 25 · log(1 + c) / log(4).
        let expected = [30.0, 17.5, 10.188, 5.0, 5.0];
        for (confirmations, expected) in (0..).zip(expected) {
            let ours = TIME.after(confirmations).as_secs_f64();
            assert!((ours - expected).abs() < 1e-3, "{confirmations}: {ours}");
        }
        assert_eq!(SuspicionTime { wanted: 0, ..TIME }.after(0), TIME.min);
        assert_eq!(SuspicionTime { max: Duration::ZERO, ..TIME }.after(1), TIME.min);
    }

    #[test]
    fn only_different_peers_shorten_it_and_only_so_many() {
        let mut suspicion = Suspicion::new(Instant::from_nanos(7), 2, PeerId(1), TIME);
        assert!(!suspicion.confirm(PeerId(1)), "it said so before");
        assert_eq!(suspicion.deadline(), Instant::from_nanos(7) + TIME.max);
        assert!(suspicion.confirm(PeerId(2)));
        assert!(!suspicion.confirm(PeerId(2)));
        assert!(suspicion.confirm(PeerId(3)) && suspicion.confirm(PeerId(4)));
        assert!(!suspicion.confirm(PeerId(5)), "enough");
        assert_eq!(suspicion.deadline(), Instant::from_nanos(7) + TIME.min);
        assert_eq!(suspicion.first(), Some(PeerId(1)));
    }
}
