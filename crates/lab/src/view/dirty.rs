//! What has changed and waits to be told: a queue that holds each number once.

use std::collections::VecDeque;

/// Numbers in the order in which they were first put in; one that waits keeps its place, so that none
/// starves however often the others change.
#[derive(Debug, Default)]
pub struct Dirty {
    queue: VecDeque<u32>,
    waiting: Vec<u64>,
}

impl Dirty {
    /// Puts a number in, unless it waits already.
    pub fn insert(&mut self, number: u32) {
        let (word, bit) = (number as usize / 64, 1_u64 << (number % 64));
        if self.waiting.len() <= word {
            self.waiting.resize(word + 1, 0);
        }
        if self.waiting[word] & bit == 0 {
            self.waiting[word] |= bit;
            self.queue.push_back(number);
        }
    }

    /// Takes out the `count` numbers that have waited longest.
    pub fn remove_first(&mut self, count: usize) {
        for number in self.queue.drain(..count) {
            self.waiting[number as usize / 64] &= !(1 << (number % 64));
        }
    }

    /// Does none wait?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The numbers, longest waiting first.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.queue.iter().copied()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.remove_first(self.queue.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_place_until_it_is_taken() {
        let mut dirty = Dirty::default();
        [5, 900, 5, 2, 900].into_iter().for_each(|number| dirty.insert(number));
        assert!(dirty.iter().eq([5, 900, 2]));
        dirty.remove_first(1);
        dirty.insert(5);
        assert!(dirty.iter().eq([900, 2, 5]));
        dirty.clear();
        assert!(dirty.is_empty());
        dirty.insert(900);
        assert!(dirty.iter().eq([900]));
    }
}
