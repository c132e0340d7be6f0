//! Who knows whom, as slices that a context can lend.

use rumormill_core::{PeerId, Topology};

/// The neighbors of the peers of a shard.
#[derive(Clone)]
pub(crate) enum Neighbors {
    /// One row after the other.
    Rows {
        /// Where each row begins, and where the last one ends.
        starts: Vec<u32>,
        /// All rows.
        ids: Vec<PeerId>,
    },
    /// Everybody but the peer itself: one list for all, in which `without` is left out at the moment.
    Everybody { first: u32, without: u32, ids: Vec<PeerId> },
}

/// Up to this many peers have a row each even when everybody knows everybody.
const ROWS_MAX: u32 = 512;

impl Neighbors {
    /// For `count` peers from number `first` on.
    pub(crate) fn new(topology: Topology, seed: u64, peers: u32, first: u32, count: u32) -> Self {
        let everybody = match topology {
            Topology::Full => true,
            Topology::Random { degree } => degree.saturating_add(1) >= peers,
            _ => false,
        };
        if everybody && peers > ROWS_MAX {
            let ids = (1..=u64::from(peers)).filter(|&id| id != u64::from(first)).map(PeerId).collect();
            return Self::Everybody { first, without: first, ids };
        }
        let mut starts = Vec::with_capacity(count as usize + 1);
        let (mut ids, mut row) = (Vec::new(), Vec::new());
        starts.push(0);
        for number in first..first + count {
            topology.neighbors(seed, peers, number, &mut row);
            if number == first {
                ids.reserve_exact(row.len() * count as usize);
            }
            ids.extend(row.iter().map(|&neighbor| PeerId(u64::from(neighbor))));
            starts.push(ids.len() as u32);
        }
        Self::Rows { starts, ids }
    }

    /// Reads where the neighbors of this peer are, so that they are near when they are asked for.
    #[inline]
    pub(crate) fn touch(&self, index: usize) -> u32 {
        match self {
            Self::Rows { starts, ids } => {
                starts.get(index).map_or(0, |&start| ids.get(start as usize).map_or(0, |id| id.0 as u32))
            }
            Self::Everybody { .. } => 0,
        }
    }

    /// The neighbors of the peer at this index of the shard.
    #[inline]
    pub(crate) fn of(&mut self, index: usize) -> &[PeerId] {
        match self {
            Self::Rows { starts, ids } => &ids[starts[index] as usize..starts[index + 1] as usize],
            Self::Everybody { first, without, ids } => {
                let me = *first + index as u32;
                // Between the old and the new gap every peer moves by one place; the rest stays.
                for number in *without..me {
                    ids[number as usize - 1] = PeerId(u64::from(number));
                }
                for number in me + 1..=*without {
                    ids[number as usize - 2] = PeerId(u64::from(number));
                }
                *without = me;
                ids
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_knows_everybody_else() {
        let mut neighbors = Neighbors::new(Topology::Full, 1, 1_000, 101, 400);
        for index in [0, 399, 3, 3, 200, 199, 0] {
            let me = 101 + index as u64;
            let expected: Vec<PeerId> = (1..=1_000).filter(|&id| id != me).map(PeerId).collect();
            assert_eq!(neighbors.of(index), expected, "peer {me}");
        }
    }

    #[test]
    fn rows_are_the_topology() {
        for topology in [Topology::Full, Topology::Random { degree: 5 }, Topology::Grid] {
            let mut neighbors = Neighbors::new(topology, 7, 300, 50, 100);
            let mut row = Vec::new();
            for index in 0..100 {
                topology.neighbors(7, 300, 50 + index, &mut row);
                assert!(neighbors.of(index as usize).iter().map(|id| id.0 as u32).eq(row.iter().copied()));
            }
        }
    }
}
