//! Who knows whom at the start: a pure function of (seed, number of peers, peer), so that nobody stores
//! the graph and every runtime builds the same one.

use serde::{Deserialize, Serialize};

use crate::rng::mix;

/// The graph of who knows whom. All are symmetric and connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Topology {
    /// Everybody knows everybody. For up to some ten thousand peers.
    Full,
    /// A random graph in which everybody has this many neighbours (fewer where two chosen ones coincide):
    /// the union of random Hamiltonian cycles, and of a random matching when the degree is odd.
    Random {
        /// Neighbours of each peer, at least 2.
        degree: u32,
    },
    /// Everybody knows the next `reach` peers on either side.
    Ring {
        /// Neighbours on one side, at least 1.
        reach: u32,
    },
    /// A rectangle as square as the number of peers allows; neighbours left, right, above and below.
    Grid,
}

impl Topology {
    /// Puts the neighbours of peer `peerid` (1 to `peers`) into `neighbors`: in ascending order, each
    /// once, never the peer itself.
    ///
    /// # Panics
    /// When `peerid` is not in 1 to `peers`.
    pub fn neighbors(self, seed: u64, peers: u32, peerid: u32, neighbors: &mut Vec<u32>) {
        assert!((1..=peers).contains(&peerid), "peer {peerid} of {peers}");
        neighbors.clear();
        let me = peerid - 1;
        match self {
            Self::Full => neighbors.extend(0..peers),
            Self::Random { degree } if degree.saturating_add(1) >= peers => neighbors.extend(0..peers),
            Self::Random { degree } => random(seed, peers, me, degree.max(2), neighbors),
            Self::Ring { reach } => {
                for step in 1..=reach.max(1).min(peers / 2) {
                    neighbors.extend([(me + step) % peers, (me + peers - step) % peers]);
                }
            }
            Self::Grid => grid(peers, me, neighbors),
        }
        neighbors.sort_unstable();
        neighbors.dedup();
        neighbors.retain(|&neighbor| neighbor != me);
        neighbors.iter_mut().for_each(|neighbor| *neighbor += 1);
    }
}

fn random(seed: u64, peers: u32, me: u32, degree: u32, neighbors: &mut Vec<u32>) {
    for cycle in 0..degree / 2 {
        let order = Permutation::new(mix(seed ^ u64::from(cycle + 1)), peers);
        let place = order.place_of(me);
        neighbors.extend([order.at((place + 1) % peers), order.at((place + peers - 1) % peers)]);
    }
    if !degree.is_multiple_of(2) {
        let order = Permutation::new(mix(seed), peers);
        let partner = order.place_of(me) ^ 1;
        if partner < peers {
            neighbors.push(order.at(partner));
        }
    }
}

fn grid(peers: u32, me: u32, neighbors: &mut Vec<u32>) {
    let width = (1..).find(|width: &u32| u64::from(*width).pow(2) >= u64::from(peers)).unwrap_or(1);
    if !me.is_multiple_of(width) {
        neighbors.push(me - 1);
    }
    if me % width + 1 < width && me + 1 < peers {
        neighbors.push(me + 1);
    }
    neighbors.extend(me.checked_sub(width));
    neighbors.extend(Some(me + width).filter(|&below| below < peers));
}

/// A random order of `0..len`, invertible at any place without a table: a Feistel network over the next
/// power of four, walked until the value falls into range (Black and Rogaway, CT-RSA 2002).
struct Permutation {
    keys: [u64; 4],
    half_bits: u32,
    len: u32,
}

impl Permutation {
    fn new(seed: u64, len: u32) -> Self {
        let bits = u32::BITS - len.saturating_sub(1).leading_zeros();
        let keys = [1, 2, 3, 4].map(|round: u64| mix(seed.wrapping_add(round.wrapping_mul(0x9e37_79b9_7f4a_7c15))));
        Self { keys, half_bits: bits.div_ceil(2).max(1), len }
    }

    /// What stands at this place of the order.
    fn at(&self, place: u32) -> u32 {
        let mut value = u64::from(place);
        loop {
            value = self.keys.iter().fold(value, |value, &key| self.round(value, key));
            if value < u64::from(self.len) {
                return value as u32;
            }
        }
    }

    /// The place at which `item` stands: the inverse of [`Permutation::at`].
    fn place_of(&self, item: u32) -> u32 {
        let mut value = u64::from(item);
        loop {
            value = self.keys.iter().rev().fold(value, |value, &key| self.unround(value, key));
            if value < u64::from(self.len) {
                return value as u32;
            }
        }
    }

    fn round(&self, value: u64, key: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (left, right) = (value >> self.half_bits, value & mask);
        (right << self.half_bits) | (left ^ (mix(right ^ key) & mask))
    }

    fn unround(&self, value: u64, key: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (left, right) = (value >> self.half_bits, value & mask);
        ((right ^ (mix(left ^ key) & mask)) << self.half_bits) | left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graph(topology: Topology, seed: u64, peers: u32) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        for peerid in 1..=peers {
            let mut neighbors = Vec::new();
            topology.neighbors(seed, peers, peerid, &mut neighbors);
            all.push(neighbors);
        }
        all
    }

    fn reached(graph: &[Vec<u32>]) -> usize {
        let (mut seen, mut open) = (vec![false; graph.len()], vec![1_u32]);
        seen[0] = true;
        while let Some(peer) = open.pop() {
            for &next in &graph[peer as usize - 1] {
                if !std::mem::replace(&mut seen[next as usize - 1], true) {
                    open.push(next);
                }
            }
        }
        seen.iter().filter(|&&seen| seen).count()
    }

    proptest! {
        #[test]
        fn every_topology_is_symmetric_and_connected(seed: u64, peers in 1_u32..200, degree in 2_u32..9) {
            let all = [Topology::Full, Topology::Random { degree }, Topology::Ring { reach: degree }, Topology::Grid];
            for topology in all {
                let graph = graph(topology, seed, peers);
                prop_assert_eq!(reached(&graph), peers as usize);
                for (index, neighbors) in graph.iter().enumerate() {
                    let me = index as u32 + 1;
                    prop_assert!(neighbors.windows(2).all(|pair| pair[0] < pair[1]));
                    prop_assert!(!neighbors.contains(&me));
                    for &neighbor in neighbors {
                        prop_assert!(graph[neighbor as usize - 1].contains(&me), "{topology:?} {me} {neighbor}");
                    }
                }
            }
        }

        #[test]
        fn a_permutation_meets_every_item_once(seed: u64, len in 1_u32..500) {
            let order = Permutation::new(seed, len);
            let mut met: Vec<u32> = (0..len).map(|place| order.at(place)).collect();
            prop_assert!((0..len).all(|place| order.place_of(order.at(place)) == place));
            met.sort_unstable();
            prop_assert!(met.into_iter().eq(0..len));
        }
    }

    #[test]
    fn a_random_graph_has_the_degree_asked_for() {
        let graph = graph(Topology::Random { degree: 8 }, 5, 10_000);
        let mean = graph.iter().map(Vec::len).sum::<usize>() as f64 / 10_000.0;
        assert!((7.98..=8.0).contains(&mean), "{mean}");
    }
}
