//! The phi accrual failure detector: Hayashibara, Défago, Yared and Katayama, SRDS 2004.
//!
//! Not "failed or not" but how surprising the silence is: phi is the negative decimal logarithm of the probability
//! that a heartbeat comes later still than now, were the peer up. At phi 8 one in 10^8 heartbeats is that late.

use std::collections::VecDeque;
use std::time::Duration;

use rumormill_core::Instant;
use serde::Serialize;

/// Phi, when the last heartbeat came `silence` ago and heartbeats come about every `mean`, give or take `deviation`:
/// -log10(P(interval > silence)) for intervals that are normally distributed (the paper's equations 2 to 4).
///
/// All are seconds; `deviation` must be above 0. Never less than 0, never infinite: where the probability is too
/// small for a number, its logarithm comes from the first term of the tail's asymptotic series.
#[must_use]
pub fn phi(silence: f64, mean: f64, deviation: f64) -> f64 {
    /// Beyond so many deviations `erfc` is too near to the least number there is.
    const FAR: f64 = 30.0;
    let z = (silence - mean) / deviation;
    if z > FAR {
        // Q(z) is about exp(-z²/2) / (z √(2π)).
        let ln = -z * z / 2.0 - libm::log(z * libm::sqrt(std::f64::consts::TAU));
        return -ln / std::f64::consts::LN_10;
    }
    let later = 0.5 * libm::erfc(z / std::f64::consts::SQRT_2);
    // Minus zero is shown as such.
    (-libm::log10(later)).max(0.0)
}

/// The last intervals between heartbeats of one peer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arrivals {
    /// Seconds between two heartbeats, the newest last. At most [`PhiConfig::window`].
    intervals: VecDeque<f64>,
    last: Instant,
}

/// How phi is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhiConfig {
    /// From this phi on a peer is suspected: 1 to 16, usually 8. At 1 one heartbeat in ten would be late enough, were
    /// they normally distributed.
    pub threshold: f64,
    /// Intervals that are remembered: 4 to 1,000, usually 200 of 8 bytes each (the paper has 1,000).
    pub window: usize,
    /// The least deviation, so that a regular peer is not suspected at the first trifle.
    pub deviation_min: Duration,
}

impl Default for PhiConfig {
    /// Threshold 8, 200 intervals, a deviation of 100 ms at least.
    fn default() -> Self {
        Self { threshold: 8.0, window: 200, deviation_min: Duration::from_millis(100) }
    }
}

impl Arrivals {
    /// A peer whose first heartbeat comes at this moment, which may lie ahead, and whose next is expected after `interval`, give or take a quarter of
    /// that: until intervals are known.
    #[must_use]
    pub fn new(now: Instant, interval: Duration) -> Self {
        let (mean, spread) = (interval.as_secs_f64(), interval.as_secs_f64() / 4.0);
        Self { intervals: VecDeque::from([mean - spread, mean + spread]), last: now }
    }

    /// A heartbeat came. One that comes before the first was expected says nothing about intervals.
    pub fn beat(&mut self, now: Instant, config: &PhiConfig) {
        if now >= self.last {
            self.intervals.push_back(now.since(self.last).as_secs_f64());
        }
        while self.intervals.len() > config.window {
            self.intervals.pop_front();
        }
        self.last = now;
    }

    /// How surprising it is that nothing was heard since.
    #[must_use]
    pub fn phi(&self, now: Instant, config: &PhiConfig) -> f64 {
        let (mean, deviation) = self.distribution();
        phi(now.since(self.last).as_secs_f64(), mean, deviation.max(config.deviation_min.as_secs_f64()))
    }

    /// Is it so surprising that the peer is suspected?
    #[must_use]
    pub fn is_suspect(&self, now: Instant, config: &PhiConfig) -> bool {
        self.phi(now, config) >= config.threshold
    }

    /// Mean and standard deviation of the intervals, in seconds.
    fn distribution(&self) -> (f64, f64) {
        let count = self.intervals.len() as f64;
        let mean = self.intervals.iter().sum::<f64>() / count;
        let variance = self.intervals.iter().map(|interval| (interval - mean) * (interval - mean)).sum::<f64>() / count;
        (mean, libm::sqrt(variance))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values of the normal distribution's tail, to six digits, from tables.
    #[test]
    fn phi_is_the_closed_form() {
        let tails = [
            (0.0, 0.5),
            (1.0, 0.158_655_254),
            (1.281_551_566, 0.1),
            (2.326_347_874, 0.01),
            (3.090_232_306, 0.001),
            (5.612_001_244, 1e-8),
            (6.361_340_902, 1e-10),
        ];
        for (z, tail) in tails {
            let expected = -f64::log10(tail);
            let ours = phi(10.0 + 2.0 * z, 10.0, 2.0);
            assert!((ours - expected).abs() < 1e-6, "{z}: {ours} for {expected}");
        }
        assert_eq!(phi(0.0, 100.0, 1.0), 0.0, "it came the moment before");
    }

    #[test]
    fn phi_goes_on_where_probabilities_end() {
        let steps: Vec<f64> = (0..2_000).map(|step| phi(1.0 + f64::from(step) * 0.1, 1.0, 1.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "it only grows");
        assert!(steps.windows(2).all(|pair| pair[1] - pair[0] < 10.0), "without a leap");
        assert!(phi(1e9, 1.0, 1e-3).is_finite());
    }

    #[test]
    fn a_peer_is_suspected_soon_after_its_heartbeats_stop() {
        let config = PhiConfig::default();
        let mut arrivals = Arrivals::new(Instant::ZERO, Duration::from_secs(1));
        let mut now = Instant::ZERO;
        for beat in 0..100_u32 {
            now = now + Duration::from_millis(950 + u64::from(beat % 5) * 25);
            assert!(!arrivals.is_suspect(now, &config), "beat {beat}: {}", arrivals.phi(now, &config));
            arrivals.beat(now, &config);
        }
        assert!(!arrivals.is_suspect(now + Duration::from_millis(1_300), &config));
        // 5.6 deviations of a tenth of a second after the mean of a second.
        assert!(arrivals.is_suspect(now + Duration::from_millis(1_600), &config));
    }

    #[test]
    fn a_peer_with_irregular_heartbeats_is_given_more_time() {
        let config = PhiConfig::default();
        let heard = |spread: u64| {
            let (mut now, mut arrivals) = (Instant::ZERO, Arrivals::new(Instant::ZERO, Duration::from_secs(1)));
            for beat in 0..100 {
                now = now + Duration::from_millis(if beat % 2 == 0 { 1_000 - spread } else { 1_000 + spread });
                arrivals.beat(now, &config);
            }
            arrivals.phi(now + Duration::from_millis(1_800), &config)
        };
        assert!(heard(10) > 8.0 && heard(400) < 2.0, "{} {}", heard(10), heard(400));
    }

    proptest! {
        #[test]
        fn phi_is_a_number_and_the_window_is_bounded(
            beats in prop::collection::vec(0_u64..10_000_000_000, 0..300),
            silence in 0_u64..1_000_000_000_000,
            window in 4_usize..64,
        ) {
            let config = PhiConfig { window, ..PhiConfig::default() };
            let (mut now, mut arrivals) = (Instant::ZERO, Arrivals::new(Instant::ZERO, Duration::from_secs(1)));
            for beat in beats {
                now = now + Duration::from_nanos(beat);
                arrivals.beat(now, &config);
                prop_assert!(arrivals.intervals.len() <= window);
            }
            let phi = arrivals.phi(now + Duration::from_nanos(silence), &config);
            prop_assert!(phi.is_finite() && phi >= 0.0, "{phi}");
        }
    }
}
