//! The journal itself: which lines were written, and a hash of their order.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::rng::mix;
use serde::{Deserialize, Serialize};

use super::Line;

/// The journal: which lines were written, and a hash of their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The place in the log of the last command that it contains.
    pub index: u64,
    /// How many lines there are.
    pub lines: u64,
    /// Depends on every line and on their order.
    pub hash: u64,
    /// The lines of each author.
    authors: BTreeMap<u32, Written>,
}

/// Which lines of one author were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// All up to this number.
    upto: u32,
    /// And these, which came before others of smaller number.
    beyond: BTreeSet<u32>,
}

impl Kept {
    /// The command at this place of the log is `line`: it is written unless it was before.
    pub fn write(&mut self, index: u64, line: Line) {
        self.index = index;
        if self.has(line) {
            return;
        }
        self.lines += 1;
        self.hash = mix(self.hash ^ mix(u64::from(line.author) << 32 | u64::from(line.number)));
        let written = self.authors.entry(line.author).or_default();
        written.beyond.insert(line.number);
        while written.upto < u32::MAX && written.beyond.remove(&(written.upto + 1)) {
            written.upto += 1;
        }
    }

    /// Was it written?
    #[must_use]
    pub fn has(&self, line: Line) -> bool {
        let written = self.authors.get(&line.author);
        written.is_some_and(|written| line.number <= written.upto || written.beyond.contains(&line.number))
    }

    /// The numbers up to `last` that this author has not written.
    pub fn missing(&self, author: u32, last: u32) -> impl Iterator<Item = u32> + '_ {
        let written = self.authors.get(&author);
        let first = written.map_or(0, |written| written.upto).saturating_add(1);
        (first..=last).filter(move |number| written.is_none_or(|written| !written.beyond.contains(number)))
    }

    /// Can lines make it, when each author writes as many as `share` says?
    #[must_use]
    pub fn is_sound(&self, share: impl Fn(u32) -> u32) -> bool {
        let fits = |(&author, written): (&u32, &Written)| {
            let last = written.beyond.last().copied().unwrap_or(written.upto);
            let is_apart = written.beyond.first().is_none_or(|&first| first > written.upto.saturating_add(1));
            is_apart && last <= share(author)
        };
        let lines = |written: &Written| u64::from(written.upto) + written.beyond.len() as u64;
        self.authors.iter().all(fits) && self.lines == self.authors.values().map(lines).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(author: u32, number: u32) -> Line {
        Line { author, number }
    }

    #[test]
    fn a_line_is_written_once_whenever_it_comes() {
        let mut kept = Kept::default();
        for (index, number) in (1..).zip([3, 1, 3, 5, 2, 1]) {
            kept.write(index, line(7, number));
        }
        assert_eq!((kept.lines, kept.index), (4, 6));
        assert_eq!(kept.authors[&7], Written { upto: 3, beyond: [5].into() });
        assert!(kept.has(line(7, 5)) && !kept.has(line(7, 4)) && !kept.has(line(8, 1)));
        assert!(kept.missing(7, 8).eq([4, 6, 7, 8]) && kept.missing(8, 2).eq([1, 2]));
        assert!(kept.is_sound(|_| 5) && !kept.is_sound(|_| 4));
        assert!(!Kept { lines: 9, ..kept }.is_sound(|_| 5));
    }

    #[test]
    fn the_hash_tells_orders_apart() {
        let (mut one, mut other) = (Kept::default(), Kept::default());
        one.write(1, line(1, 1));
        one.write(2, line(2, 1));
        other.write(1, line(2, 1));
        other.write(2, line(1, 1));
        assert_ne!(one.hash, other.hash);
    }
}
