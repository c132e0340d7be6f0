//! A fast hash for peers and events: a billion of them are looked up in a long run.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map from peers or events. Its keys come from files that may be made to collide, so that the hash
/// depends on a random number that nobody else knows.
pub(crate) type FastMap<K, V> = HashMap<K, V, Keyed>;

/// Where the random number is.
#[derive(Clone, Debug)]
pub(crate) struct Keyed(u64);

impl Default for Keyed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u64) | 1)
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding { key: self.0, hash: 0 }
    }
}

/// Folds a multiplication by the key: each bit of a number reaches each bit of its hash.
#[derive(Debug)]
pub(crate) struct Folding {
    key: u64,
    hash: u64,
}

impl Folding {
    fn fold(one: u64, other: u64) -> u64 {
        let product = u128::from(one) * u128::from(other);
        product as u64 ^ (product >> 64) as u64
    }
}

impl Hasher for Folding {
    fn finish(&self) -> u64 {
        self.hash
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = Self::fold(self.hash ^ number ^ self.key, 0x9e37_79b9_7f4a_7c15);
        self.hash = Self::fold(mixed, self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_next_to_each_other_do_not_meet() {
        let keyed = Keyed::default();
        let ids = (1..100_u64).flat_map(|peer| (0..100).map(move |count| peer << 40 | count));
        let hashes: HashSet<u64> = ids.map(|id| keyed.hash_one(id) >> 48 << 8 | keyed.hash_one(id) & 0xff).collect();
        assert!(hashes.len() > 9_800, "{}", hashes.len());
        assert_ne!(Keyed::default().hash_one(1_u64), keyed.hash_one(1_u64), "another key each time");
    }
}
