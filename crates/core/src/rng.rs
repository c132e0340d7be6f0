//! Counter-based randomness: a pure function of (run seed, peer, activation), so nothing is stored in
//! a peer and no peer's draws depend on another's.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). It is written here, not taken from
//! a library, because a run's digest depends on every draw: the sequence may never change under us.

use crate::PeerId;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits so that every input bit changes about half of the output bits (SplitMix64's finalizer).
#[inline]
#[must_use]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of pseudo-random numbers. Not for keys or secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of `seed`.
    #[inline]
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(GOLDEN)))
    }

    /// The stream of one activation of one peer in the run with this seed.
    #[inline]
    #[must_use]
    pub const fn for_activation(seed: u64, peer: PeerId, activation: u64) -> Self {
        let peer = mix(seed ^ mix(peer.0.wrapping_mul(GOLDEN)));
        Self(mix(peer.wrapping_add(activation.wrapping_mul(GOLDEN))))
    }

    /// 64 random bits.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number in `0..bound`, without modulo bias worth speaking of (at most 2^-32 for bounds below
    /// 2^32; Lemire, TOMACS 2019, without the rejection step, so that every draw costs the same).
    ///
    /// # Panics
    /// When `bound` is 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a number below 0 does not exist");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `[0, 1)` with 53 random bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability: never for 0 and below, always for 1 and above.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A span in `[low, high]`, or `low` when `high` is less.
    #[inline]
    pub fn between(&mut self, low: std::time::Duration, high: std::time::Duration) -> std::time::Duration {
        let span = crate::time::nanos(high.saturating_sub(low));
        low + std::time::Duration::from_nanos(self.below(span.saturating_add(1).max(1)))
    }

    /// One of the items, or none when there are none.
    #[inline]
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { items.get(self.below(items.len() as u64) as usize) }
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// Up to `count` different items in random order (Floyd's sampling, so that drawing ten of many is cheap).
    pub fn sample<T: Copy>(&mut self, items: &[T], count: usize) -> smallvec::SmallVec<[T; 16]> {
        let count = count.min(items.len());
        let mut picked: smallvec::SmallVec<[usize; 16]> = smallvec::SmallVec::new();
        for top in items.len() - count..items.len() {
            let candidate = self.below(top as u64 + 1) as usize;
            picked.push(if picked.contains(&candidate) { top } else { candidate });
        }
        let mut sample: smallvec::SmallVec<[T; 16]> = picked.into_iter().map(|index| items[index]).collect();
        self.shuffle(&mut sample);
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;
    use crate::PeerId;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    #[test]
    fn the_stream_is_pinned() {
        let mut rng = Rng::for_activation(7, PeerId(3), 11);
        let drawn: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
        assert_eq!(drawn, [2_081_890_366_534_469_611, 10_750_866_204_431_125_497, 11_086_838_797_456_600_904]);
    }

    #[test]
    fn activations_and_peers_have_streams_of_their_own() {
        let first = Rng::for_activation(7, PeerId(3), 11).next_u64();
        assert_ne!(first, Rng::for_activation(7, PeerId(3), 12).next_u64());
        assert_ne!(first, Rng::for_activation(7, PeerId(4), 11).next_u64());
        assert_ne!(first, Rng::for_activation(8, PeerId(3), 11).next_u64());
    }

    #[test]
    fn numbers_below_a_bound_are_spread_evenly() {
        let mut rng = Rng::new(1);
        let mut seen = [0_u32; 10];
        (0..100_000).for_each(|_| seen[rng.below(10) as usize] += 1);
        assert!(seen.iter().all(|&count| (9_500..10_500).contains(&count)), "{seen:?}");
    }

    proptest! {
        #[test]
        fn a_sample_has_different_items(seed: u64, len in 0_usize..60, count in 0_usize..80) {
            let items: Vec<usize> = (0..len).collect();
            let mut sample = Rng::new(seed).sample(&items, count);
            prop_assert_eq!(sample.len(), count.min(len));
            sample.sort_unstable();
            prop_assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
