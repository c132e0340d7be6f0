//! Which messages a peer has: a compact set of (author, number).

use std::collections::BTreeSet;

use rumormill_core::PeerId;
use serde::{Deserialize, Serialize};

use super::ItemId;

/// A set of message ids, compact because numbers of one author arrive nearly in order: for each author
/// all numbers up to a prefix, and the few beyond it.
///
/// Messages of a single author fit without an allocation: in a simulation of one rumor, a million peers
/// hold nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What is held as long as it is of a single author.
    only: Author,
    /// What is held of several authors; `only` is empty then.
    many: Option<Box<Many>>,
}

/// What is held of several authors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Many {
    /// Ascending.
    authors: Vec<Author>,
    len: u64,
}

/// What is held of one author.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Author {
    pub(super) author: PeerId,
    /// All of 1 to this are held.
    pub(super) prefix: u32,
    /// Held beyond the prefix; never contains `prefix + 1`.
    #[expect(clippy::box_collection, reason = "mostly absent: 8 bytes of a million peers instead of 24")]
    pub(super) ahead: Option<Box<BTreeSet<u32>>>,
}

impl Held {
    /// How many messages are held.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.many.as_ref().map_or_else(|| self.only.len(), |many| many.len)
    }

    /// Is none held?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is this message held?
    #[must_use]
    pub fn contains(&self, id: ItemId) -> bool {
        self.of(id.author).is_some_and(|held| held.contains(id.number))
    }

    /// The largest number up to which all messages of `author` are held.
    #[must_use]
    pub fn prefix(&self, author: PeerId) -> u32 {
        self.of(author).map_or(0, |held| held.prefix)
    }

    /// Adds a message with a number above 0; says whether it was missing.
    pub fn insert(&mut self, id: ItemId) -> bool {
        debug_assert!(id.number > 0, "messages are numbered from 1");
        if self.many.is_none() && (self.only.len() == 0 || self.only.author == id.author) {
            self.only.author = id.author;
            return self.only.insert(id.number);
        }
        let only = &mut self.only;
        let many = self.many.get_or_insert_with(|| {
            let only = std::mem::take(only);
            Box::new(Many { len: only.len(), authors: vec![only] })
        });
        let place = many.authors.binary_search_by_key(&id.author, |held| held.author).unwrap_or_else(|place| {
            many.authors.insert(place, Author { author: id.author, ..Author::default() });
            place
        });
        let fresh = many.authors[place].insert(id.number);
        many.len += u64::from(fresh);
        fresh
    }

    /// The authors of whom something is held, ascending.
    pub(super) fn authors(&self) -> &[Author] {
        match &self.many {
            Some(many) => &many.authors,
            None if self.only.len() == 0 => &[],
            None => std::slice::from_ref(&self.only),
        }
    }

    /// What is held of this author, if anything.
    fn of(&self, author: PeerId) -> Option<&Author> {
        match &self.many {
            None => (self.only.author == author).then_some(&self.only),
            Some(many) => {
                let place = many.authors.binary_search_by_key(&author, |held| held.author).ok()?;
                many.authors.get(place)
            }
        }
    }
}

impl Author {
    fn len(&self) -> u64 {
        u64::from(self.prefix) + self.ahead.as_ref().map_or(0, |ahead| ahead.len() as u64)
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        number <= self.prefix || self.ahead.as_ref().is_some_and(|ahead| ahead.contains(&number))
    }

    fn insert(&mut self, number: u32) -> bool {
        if self.contains(number) {
            return false;
        }
        if number == self.prefix + 1 {
            self.prefix = number;
            self.close_gap();
        } else {
            self.ahead.get_or_insert_default().insert(number);
        }
        true
    }

    /// Moves the prefix over what is held right behind it.
    fn close_gap(&mut self) {
        let Some(ahead) = &mut self.ahead else { return };
        while ahead.first() == Some(&(self.prefix + 1)) {
            ahead.pop_first();
            self.prefix += 1;
        }
        if ahead.is_empty() {
            self.ahead = None;
        }
    }

    /// The numbers held, ascending.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (1..=self.prefix).chain(self.ahead.iter().flat_map(|ahead| ahead.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn held_is_a_set(ids in proptest::collection::vec((1_u64..5, 1_u32..40), 0..200)) {
            let (mut held, mut model) = (Held::default(), BTreeSet::new());
            for (author, number) in ids {
                let id = ItemId { author: PeerId(author), number };
                prop_assert_eq!(held.insert(id), model.insert((author, number)));
                prop_assert_eq!(held.len(), model.len() as u64);
            }
            for author in 1..5 {
                let gap = (1..).find(|&number| !model.contains(&(author, number))).unwrap();
                prop_assert_eq!(held.prefix(PeerId(author)), gap - 1);
                for number in 1..41 {
                    let id = ItemId { author: PeerId(author), number };
                    prop_assert_eq!(held.contains(id), model.contains(&(author, number)));
                }
            }
            let all: Vec<(u64, u32)> =
                held.authors().iter().flat_map(|author| author.numbers().map(|n| (author.author.0, n))).collect();
            prop_assert!(all.into_iter().eq(model));
        }
    }
}
