//! Clocks that show another time than the run's, and go faster or slower.

use serde::{Deserialize, Serialize};

/// A peer's clock, which was off by `offset_ns` at `since` and drifts from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// On the run's clock.
    pub(crate) since: u64,
    pub(crate) offset_ns: i64,
    pub(crate) drift_ppm: i32,
}

const MILLION: i128 = 1_000_000;

/// The fastest drift, in parts per million either way.
pub(crate) const DRIFT_PPM_MAX: u32 = 500_000;

impl Clock {
    /// Does it go forward, and not absurdly fast?
    pub(crate) fn is_sound(&self) -> bool {
        self.drift_ppm.unsigned_abs() <= DRIFT_PPM_MAX
    }

    /// What it shows at this time of the run; never less than zero.
    pub(crate) fn shows(&self, time: u64) -> u64 {
        let passed = i128::from(time.saturating_sub(self.since)) * (MILLION + i128::from(self.drift_ppm)) / MILLION;
        let shown = i128::from(self.since) + i128::from(self.offset_ns) + passed;
        u64::try_from(shown.max(0)).unwrap_or(u64::MAX)
    }

    /// How long the run takes while this clock goes on by `span`.
    pub(crate) fn takes(&self, span: u64) -> u64 {
        let taken = i128::from(span) * MILLION / (MILLION + i128::from(self.drift_ppm));
        u64::try_from(taken).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_jumps_and_drifts() {
        let fast = Clock { since: 1_000, offset_ns: 500, drift_ppm: 100_000 };
        assert_eq!((fast.shows(1_000), fast.shows(2_000)), (1_500, 2_600));
        assert_eq!(fast.takes(1_100), 1_000);
        let slow = Clock { since: 1_000, offset_ns: -5_000, drift_ppm: -500_000 };
        assert_eq!((slow.shows(1_000), slow.shows(11_000)), (0, 1_000));
        assert_eq!(slow.takes(1_000), 2_000);
        assert_eq!(Clock { since: 0, offset_ns: i64::MAX, drift_ppm: 500_000 }.shows(u64::MAX), u64::MAX);
    }
}
