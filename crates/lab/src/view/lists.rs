//! Which of a few numbers each of many peers has, in the order in which it got them.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::chunks::Chunks;

/// A list of numbers, short as a rule.
pub(super) type List = SmallVec<[u8; 8]>;

/// A list of different numbers for each peer. Peers with the same numbers in the same order share one list,
/// and a list shares its beginning with others, so that the memory is at most in proportion to what was added.
#[derive(Clone, Debug)]
pub(super) struct Lists {
    /// Each peer's list: 0 for an empty one, otherwise the place of its last number in the tree, from 1.
    of: Chunks<u32>,
    tree: Arc<Tree>,
}

#[derive(Clone, Debug, Default)]
struct Tree {
    /// A number, and the list before it.
    nodes: Vec<(u8, u32)>,
    /// The list that comes of a list when a number is added.
    longer: BTreeMap<(u32, u8), u32>,
}

impl Tree {
    /// The numbers of a list, the last first.
    fn backwards(&self, mut list: u32) -> impl Iterator<Item = u8> {
        std::iter::from_fn(move || {
            let &(number, before) = self.nodes.get((list as usize).checked_sub(1)?)?;
            list = before;
            Some(number)
        })
    }
}

impl Lists {
    /// Empty lists for so many peers.
    pub fn new(peers: usize) -> Self {
        Self { of: Chunks::new(peers), tree: Arc::default() }
    }

    /// Makes place for so many peers.
    pub fn grow(&mut self, peers: usize) {
        self.of.grow(peers);
    }

    /// The list of the peer at this place.
    pub fn get(&self, place: usize) -> List {
        let mut list: List = self.tree.backwards(self.of.get(place).unwrap_or(0)).collect();
        list.reverse();
        list
    }

    /// The first number of the peer at this place.
    pub fn first(&self, place: usize) -> Option<u8> {
        self.tree.backwards(self.of.get(place)?).last()
    }

    /// Has the peer at this place the number?
    pub fn contains(&self, place: usize, number: u8) -> bool {
        self.of.get(place).is_some_and(|list| self.tree.backwards(list).any(|known| known == number))
    }

    /// Adds a number to the list of the peer at this place. Returns whether there is such a peer and it is news.
    pub fn add(&mut self, place: usize, number: u8) -> bool {
        if place >= self.of.len() || self.contains(place, number) {
            return false;
        }
        let Some(list) = self.of.get_mut(place) else { return false };
        *list = match self.tree.longer.get(&(*list, number)) {
            Some(&longer) => longer,
            None => {
                let tree = Arc::make_mut(&mut self.tree);
                tree.nodes.push((number, *list));
                // Fewer than 2^32: 24 bits of peers with 8 bits of numbers.
                let longer = tree.nodes.len() as u32;
                tree.longer.insert((*list, number), longer);
                longer
            }
        };
        true
    }

    /// Copies made from now on share all that is there now.
    pub fn share(&mut self) {
        self.of.share();
    }

    /// Bytes in memory, about, without what it shares with `other`.
    pub fn bytes(&self, other: Option<&Self>) -> usize {
        let is_shared = other.is_some_and(|other| Arc::ptr_eq(&self.tree, &other.tree));
        let tree = if is_shared { 0 } else { self.tree.nodes.len() * 32 };
        self.of.bytes(other.map(|other| &other.of)) + tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_peer_keeps_its_own_order(added in prop::collection::vec((0_usize..12, any::<u8>()), 0..300)) {
            let (mut lists, mut plain) = (Lists::new(10), vec![List::new(); 10]);
            for (place, number) in added {
                let is_news = plain.get(place).is_some_and(|known| !known.contains(&number));
                prop_assert_eq!(lists.add(place, number), is_news);
                plain.iter_mut().skip(place).take(usize::from(is_news)).for_each(|known| known.push(number));
            }
            for (place, plain) in plain.iter().enumerate() {
                prop_assert_eq!(&lists.get(place), plain);
                prop_assert_eq!(lists.first(place), plain.first().copied());
                prop_assert!((0..=255).all(|number| lists.contains(place, number) == plain.contains(&number)));
            }
        }
    }

    #[test]
    fn a_million_equal_lists_take_one() {
        let mut lists = Lists::new(1_000_000);
        (0..1_000_000).for_each(|place| assert!(lists.add(place, 3) && lists.add(place, 1)));
        assert_eq!((lists.tree.nodes.len(), lists.get(999_999)), (2, List::from_slice(&[3, 1])));
    }
}
