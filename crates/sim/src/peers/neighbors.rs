//! Who knows whom, as slices that a context can lend.

use std::sync::Arc;

use rumormill_core::{PeerId, Topology};

use super::Book;

/// The neighbors of the peers of a shard.
#[derive(Clone)]
pub(crate) enum Neighbors {
    /// One row after the other; each peer's [`Book`] says where its row is. Branches of a run share them.
    Rows(Arc<Vec<PeerId>>),
    /// Everybody but the peer itself: one list for all, in which one peer is left out at the moment.
    Everybody {
        /// The first peer of the shard.
        first: u32,
        /// The peer that is left out.
        without: u32,
        /// All others, ascending.
        ids: Vec<PeerId>,
    },
}

/// Up to this many peers have a row each even when everybody knows everybody.
const ROWS_MAX: u32 = 512;

impl Neighbors {
    /// For the peers from number `first` on; notes in their books where their rows are.
    pub(crate) fn new<'a>(
        topology: Topology,
        seed: u64,
        peers: u32,
        first: u32,
        books: impl ExactSizeIterator<Item = &'a mut Book>,
    ) -> Self {
        let everybody = match topology {
            Topology::Full => true,
            Topology::Random { degree } => degree.saturating_add(1) >= peers,
            Topology::Ring { reach } => reach >= peers / 2,
            _ => false,
        };
        if everybody && peers > ROWS_MAX {
            let ids = (1..=u64::from(peers)).filter(|&id| id != u64::from(first)).map(PeerId).collect();
            return Self::Everybody { first, without: first, ids };
        }
        let count = books.len();
        let (mut ids, mut row) = (Vec::new(), Vec::new());
        for (number, book) in (first..).zip(books) {
            topology.neighbors(seed, peers, number, &mut row);
            if number == first {
                ids.reserve_exact(row.len() * count);
            }
            (book.row, book.degree) = (ids.len() as u32, row.len() as u32);
            ids.extend(row.iter().map(|&neighbor| PeerId(u64::from(neighbor))));
        }
        Self::Rows(Arc::new(ids))
    }

    /// Reads both ends of a row, so that it is near when it is asked for.
    #[inline]
    pub(crate) fn touch(&self, book: Book) -> u32 {
        let Self::Rows(ids) = self else { return 0 };
        let end = |at: u32| ids.get(at as usize).map_or(0, |id| id.0 as u32);
        end(book.row) ^ end((book.row + book.degree).wrapping_sub(1))
    }

    /// The neighbors of the peer at this index of the shard, which has this book.
    #[inline]
    pub(crate) fn of(&mut self, index: usize, book: Book) -> &[PeerId] {
        match self {
            Self::Rows(ids) => &ids[book.row as usize..][..book.degree as usize],
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
        let mut books = vec![Book::default(); 400];
        let mut neighbors = Neighbors::new(Topology::Full, 1, 1_000, 101, books.iter_mut());
        for index in [0, 399, 3, 3, 200, 199, 0] {
            let me = 101 + index as u64;
            let expected: Vec<PeerId> = (1..=1_000).filter(|&id| id != me).map(PeerId).collect();
            assert_eq!(neighbors.of(index, books[index]), expected, "peer {me}");
        }
    }

    #[test]
    fn rows_are_the_topology() {
        let topologies = [Topology::Full, Topology::Random { degree: 5 }, Topology::Grid, Topology::Ring { reach: 70 }];
        for topology in topologies {
            let mut books = vec![Book::default(); 100];
            let mut neighbors = Neighbors::new(topology, 7, 300, 50, books.iter_mut());
            let mut row = Vec::new();
            for (index, &book) in books.iter().enumerate() {
                topology.neighbors(7, 300, 50 + index as u32, &mut row);
                assert!(neighbors.of(index, book).iter().map(|id| id.0 as u32).eq(row.iter().copied()));
            }
        }
    }

    #[test]
    fn a_ring_without_end_is_everybody() {
        let (peers, topology) = (1_001, Topology::Ring { reach: 500 });
        let mut books = [Book::default()];
        let mut neighbors = Neighbors::new(topology, 7, peers, 9, books.iter_mut());
        let mut row = Vec::new();
        topology.neighbors(7, peers, 9, &mut row);
        assert!(matches!(neighbors, Neighbors::Everybody { .. }));
        assert!(neighbors.of(0, books[0]).iter().map(|id| id.0 as u32).eq(row));
    }
}
