//! How long a message travels.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::{Latency, Matrix};
use rumormill_core::{Rng, time::nanos};

/// The least latency of the simulated network, 100 µs: shorter ones are lifted to it.
pub const LATENCY_MIN: Duration = Duration::from_micros(100);

/// The longest latency drawn: an hour. Lognormal spans have no end of their own.
const LATENCY_MAX: f64 = 3.6e12;

const LEAST: u64 = 100_000;

/// A latency in the form in which it is drawn: nanoseconds.
#[derive(Clone)]
pub(crate) enum Model {
    Constant(u64),
    Uniform { min: u64, width: u64 },
    LogNormal { min: u64, mu: f64, sigma: f64 },
    Matrix(Arc<Matrix>),
    Regions { count: u32, latency: Arc<[u64]>, jitter: f64 },
}

impl Model {
    pub(crate) fn new(latency: &Latency) -> Self {
        match latency {
            Latency::Constant(latency) => Self::Constant(nanos(*latency).max(LEAST)),
            Latency::Uniform { min, max } => {
                let min = nanos(*min).max(LEAST);
                Self::Uniform { min, width: nanos(*max).max(min) - min + 1 }
            }
            Latency::LogNormal { min, median, sigma } => {
                // The logarithm of a median of zero is no number; a nanosecond is as good as none.
                let mu = libm::log(nanos(*median).max(1) as f64);
                Self::LogNormal { min: nanos(*min).max(LEAST), mu, sigma: *sigma }
            }
            Latency::Matrix(matrix) => Self::Matrix(Arc::clone(matrix)),
            Latency::Regions(regions) => Self::Regions {
                count: regions.names.len() as u32,
                latency: regions.latency.iter().map(|&latency| nanos(latency).max(LEAST)).collect(),
                jitter: regions.jitter,
            },
            // Settings with another one do not pass their check.
            _ => Self::Constant(LEAST),
        }
    }

    /// What every message takes at least.
    pub(crate) fn least(&self) -> u64 {
        match self {
            Self::Constant(latency) => *latency,
            Self::Uniform { min, .. } | Self::LogNormal { min, .. } => *min,
            Self::Matrix(matrix) => matrix.round_trip_us.iter().map(|&us| one_way(us)).min().unwrap_or(LEAST),
            Self::Regions { latency, .. } => latency.iter().copied().min().unwrap_or(LEAST),
        }
    }

    /// How long a message from one peer to another takes.
    #[inline]
    pub(crate) fn latency(&self, draw: &mut Rng, from: u32, to: u32) -> u64 {
        match self {
            Self::Constant(latency) => *latency,
            Self::Uniform { min, width } => min + draw.below(*width),
            Self::LogNormal { min, mu, sigma } => min + log_normal(draw, *mu, *sigma),
            Self::Matrix(matrix) => {
                let (row, column) = ((from - 1) % matrix.sites, (to - 1) % matrix.sites);
                one_way(matrix.round_trip_us[(row * matrix.sites + column) as usize])
            }
            Self::Regions { count, latency, jitter } => {
                let base = latency[((from - 1) % count * count + (to - 1) % count) as usize];
                base + (base as f64 * jitter * draw.unit()).min(LATENCY_MAX) as u64
            }
        }
    }
}

fn one_way(round_trip_us: u32) -> u64 {
    (u64::from(round_trip_us) * 500).max(LEAST)
}

/// By Box and Muller's transform of two uniform draws (Annals of Mathematical Statistics, 1958).
fn log_normal(draw: &mut Rng, mu: f64, sigma: f64) -> u64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - draw.unit()));
    let normal = radius * libm::cos(TAU * draw.unit());
    libm::exp(mu + sigma * normal).min(LATENCY_MAX) as u64
}

#[cfg(test)]
mod tests {
    use rumormill_core::plan::Regions;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn drawn(latency: &Latency, from: u32, to: u32) -> Vec<u64> {
        let model = Model::new(latency);
        let mut all: Vec<u64> = (0..10_001).map(|seed| model.latency(&mut Rng::new(seed), from, to)).collect();
        all.sort_unstable();
        assert!(all[0] >= model.least());
        all
    }

    #[test]
    fn uniform_latencies_fill_their_range() {
        let all = drawn(&Latency::Uniform { min: 5 * MS, max: 50 * MS }, 1, 2);
        assert!((5_000_000..5_050_000).contains(&all[0]) && (49_950_000..=50_000_000).contains(&all[10_000]));
        assert!((27_000_000..28_000_000).contains(&all[5_000]), "median {}", all[5_000]);
    }

    #[test]
    fn lognormal_latencies_have_their_median_and_spread() {
        let all = drawn(&Latency::LogNormal { min: 2 * MS, median: 20 * MS, sigma: 0.5 }, 1, 2);
        assert!((21_500_000..22_500_000).contains(&all[5_000]), "median {}", all[5_000]);
        // One standard deviation above the median is at exp(0.5) times it.
        assert!((33_500_000..36_500_000).contains(&all[8_413]), "84th percentile {}", all[8_413]);
    }

    #[test]
    fn a_matrix_gives_half_of_the_round_trip() {
        let matrix = Latency::Matrix(Arc::new(Matrix { sites: 2, round_trip_us: vec![0, 30_000, 50_000, 2_000] }));
        let one = |from, to| drawn(&matrix, from, to)[0];
        assert_eq!((one(1, 2), one(2, 1), one(4, 2), one(3, 1)), (15_000_000, 25_000_000, 1_000_000, LEAST));
    }

    #[test]
    fn regions_jitter_upwards() {
        let names = vec!["a".into(), "b".into()];
        let regions = Regions { names, latency: vec![MS, 40 * MS, 60 * MS, MS], jitter: 0.1 };
        let all = drawn(&Latency::Regions(Arc::new(regions)), 1, 4);
        assert!((40_000_000..40_010_000).contains(&all[0]) && (43_990_000..44_000_000).contains(&all[10_000]));
    }

    #[test]
    fn short_latencies_are_lifted() {
        assert_eq!(drawn(&Latency::Constant(Duration::ZERO), 1, 1)[10_000], LEAST);
        assert_eq!(Duration::from_nanos(LEAST), LATENCY_MIN);
    }

    #[test]
    fn lognormal_draws_are_pinned() {
        let model = Model::new(&Latency::LogNormal { min: MS, median: 10 * MS, sigma: 0.8 });
        let all: Vec<u64> = (0..3).map(|seed| model.latency(&mut Rng::new(seed), 1, 2)).collect();
        assert_eq!(all, [8_039_998, 21_522_606, 20_895_466]);
    }
}
