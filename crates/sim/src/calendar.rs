//! The future of a run: a calendar queue (Brown, CACM 1988) in two levels.
//!
//! Time is cut into buckets of 65.5 µs. Buckets of this and the next epoch (67 ms each) lie in a ring and
//! take their entries directly; later epochs, up to 69 s ahead, are a list each, dealt into buckets when
//! they come near; whatever is later still waits in a map of such lists. A bucket is sorted when it is
//! opened.
//!
//! Entries come out by (time, source), those of one time and source in the order in which they were
//! pushed. No sequence number is stored for that: lists keep the order, dealing keeps it, and the sort is
//! stable. Nothing can be pushed before the bucket that is open.

use std::collections::BTreeMap;

use pool::{List, Place, Pool};
use sorted::Sorted;

mod pool;
mod sorted;

/// Nanoseconds of a bucket, as a power of two.
pub(crate) const BUCKET_BITS: u32 = 16;
/// Buckets of an epoch, as a power of two.
const EPOCH_BUCKET_BITS: u32 = 10;
const EPOCH_BITS: u32 = BUCKET_BITS + EPOCH_BUCKET_BITS;
const OFFSET_MASK: u64 = (1 << EPOCH_BITS) - 1;
/// Buckets in the ring: those of two epochs.
const NEAR: usize = 2 << EPOCH_BUCKET_BITS;
/// Epochs with a list of their own.
const FAR: usize = 1024;

/// Something that happens at some time.
pub(crate) trait Entry {
    /// Where it comes from, below 2^24: the second part of the order, after the time.
    fn source(&self) -> u32;
}

/// The future events of a shard.
#[derive(Clone)]
pub(crate) struct Calendar<E> {
    pool: Pool<E>,
    near: Vec<List>,
    near_used: Bits<{ NEAR / 64 }>,
    far: Vec<FarList>,
    far_used: Bits<{ FAR / 64 }>,
    beyond: BTreeMap<u64, FarList>,
    /// The epoch of the bucket opened last.
    epoch: u64,
    /// The first bucket that was not opened yet.
    next: u64,
    /// The bucket that is open.
    open: Option<u64>,
    sorted: Sorted,
    /// Pushed into the open bucket since it was opened: by time, source and count of pushes.
    late: BTreeMap<(u64, u32, u32), E>,
    late_count: u32,
}

/// Where the next entry is.
#[derive(Clone, Copy)]
pub(crate) enum Next {
    /// Among those that were there when the bucket was opened.
    Sorted(Place),
    /// Among those that came since.
    Late,
}

/// The entries of one epoch, and the least time among them.
#[derive(Clone, Copy)]
struct FarList {
    list: List,
    offset_min: u32,
}

impl FarList {
    const EMPTY: Self = Self { list: List::EMPTY, offset_min: u32::MAX };
}

impl<E: Entry> Calendar<E> {
    pub(crate) fn new() -> Self {
        Self {
            pool: Pool::new(),
            near: vec![List::EMPTY; NEAR],
            near_used: Bits::EMPTY,
            far: vec![FarList::EMPTY; FAR],
            far_used: Bits::EMPTY,
            beyond: BTreeMap::new(),
            epoch: 0,
            next: 0,
            open: None,
            sorted: Sorted::default(),
            late: BTreeMap::new(),
            late_count: 0,
        }
    }

    /// Adds an entry. Its time must not lie before the bucket that is open or to be opened next.
    #[inline]
    pub(crate) fn push(&mut self, time: u64, entry: E) {
        let (bucket, epoch) = (time >> BUCKET_BITS, time >> EPOCH_BITS);
        let offset = (time & OFFSET_MASK) as u32;
        if bucket < self.next {
            debug_assert_eq!(self.open, Some(bucket), "an entry in the past");
            self.late_count += 1;
            self.late.insert((time, entry.source(), self.late_count), entry);
        } else if epoch <= self.epoch + 1 {
            let slot = bucket as usize % NEAR;
            self.near_used.set(slot);
            self.pool.push(&mut self.near[slot], offset, entry);
        } else {
            self.push_far(epoch, offset, entry);
        }
    }

    fn push_far(&mut self, epoch: u64, offset: u32, entry: E) {
        let far = if epoch < self.epoch + FAR as u64 {
            let slot = epoch as usize % FAR;
            self.far_used.set(slot);
            &mut self.far[slot]
        } else {
            self.beyond.entry(epoch).or_insert(FarList::EMPTY)
        };
        far.offset_min = far.offset_min.min(offset);
        self.pool.push(&mut far.list, offset, entry);
    }

    /// The first bucket that holds something and is not open.
    pub(crate) fn next_bucket(&self) -> Option<u64> {
        if let Some(ahead) = self.near_used.first_from(self.next as usize % NEAR) {
            return Some(self.next + ahead as u64);
        }
        let bucket =
            |epoch: u64, far: &FarList| (epoch << EPOCH_BUCKET_BITS) + u64::from(far.offset_min >> BUCKET_BITS);
        if let Some(ahead) = self.far_used.first_from(self.epoch as usize % FAR) {
            let epoch = self.epoch + ahead as u64;
            return Some(bucket(epoch, &self.far[epoch as usize % FAR]));
        }
        self.beyond.first_key_value().map(|(&epoch, far)| bucket(epoch, far))
    }

    /// Opens a bucket before which nothing is left.
    pub(crate) fn open(&mut self, bucket: u64) {
        debug_assert!(self.open.is_none() && self.next_bucket().is_none_or(|next| next >= bucket));
        if bucket >> EPOCH_BUCKET_BITS > self.epoch {
            self.enter(bucket >> EPOCH_BUCKET_BITS);
        }
        let slot = bucket as usize % NEAR;
        self.near_used.clear(slot);
        let list = std::mem::replace(&mut self.near[slot], List::EMPTY);
        self.sorted.fill(&self.pool, list);
        (self.open, self.next) = (Some(bucket), bucket + 1);
    }

    /// The time of the next entry of the open bucket, and where it is.
    #[inline]
    pub(crate) fn peek(&self) -> Option<(u64, Next)> {
        let base = self.open? << BUCKET_BITS;
        let sorted = self.sorted.first();
        if !self.late.is_empty()
            && let Some((&(time, source, _), _)) = self.late.first_key_value()
            && sorted.is_none_or(|(within, place)| (time, source) < (base + within, self.source_at(place)))
        {
            return Some((time, Next::Late));
        }
        sorted.map(|(within, place)| (base + within, Next::Sorted(place)))
    }

    fn source_at(&self, place: Place) -> u32 {
        self.pool.get(place).map_or(0, |(_, entry)| entry.source())
    }

    /// Takes out the entry that was peeked at.
    #[inline]
    pub(crate) fn take(&mut self, next: Next) -> Option<E> {
        match next {
            Next::Sorted(place) => {
                self.sorted.advance();
                self.pool.take(place)
            }
            Next::Late => self.late.pop_first().map(|(_, entry)| entry),
        }
    }

    /// The next entries of the open bucket, as far as they are sorted already.
    #[inline]
    pub(crate) fn ahead(&self, count: usize) -> impl Iterator<Item = &E> {
        self.sorted.ahead(count).filter_map(|place| self.pool.get(place).map(|(_, entry)| entry))
    }

    /// Is a bucket open?
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Is the bucket of this time open?
    pub(crate) fn is_open_at(&self, time: u64) -> bool {
        self.open == Some(time >> BUCKET_BITS)
    }

    /// Closes the open bucket, which must be empty.
    pub(crate) fn close(&mut self) {
        debug_assert!(self.peek().is_none());
        self.sorted.release(&mut self.pool);
        self.open = None;
    }

    /// Deals the entries of an epoch and of the one after it into buckets. No earlier one holds any.
    fn enter(&mut self, epoch: u64) {
        let before = std::mem::replace(&mut self.epoch, epoch);
        while let Some(first) = self.beyond.first_entry().filter(|first| *first.key() < epoch + FAR as u64) {
            let slot = *first.key() as usize % FAR;
            debug_assert_eq!(self.far[slot].list.len(), 0);
            self.far_used.set(slot);
            self.far[slot] = first.remove();
        }
        for near in (epoch..=epoch + 1).filter(|&near| near > before + 1) {
            let slot = near as usize % FAR;
            self.far_used.clear(slot);
            let far = std::mem::replace(&mut self.far[slot], FarList::EMPTY);
            self.deal(near, far.list);
        }
    }

    fn deal(&mut self, epoch: u64, list: List) {
        let first = (epoch << EPOCH_BUCKET_BITS) as usize % NEAR;
        for chunk in self.pool.chunks(list) {
            for place in self.pool.places(list, chunk) {
                if let Some((offset, entry)) = self.pool.remove(place) {
                    let slot = first + (offset >> BUCKET_BITS) as usize;
                    self.near_used.set(slot);
                    self.pool.push(&mut self.near[slot], offset, entry);
                }
            }
            self.pool.free(chunk.id);
        }
    }

    /// Every entry with its time, those of one source in order: what a snapshot stores.
    pub(crate) fn entries(&self) -> Vec<(u64, &E)> {
        let mut entries = Vec::new();
        let base = self.open.unwrap_or(0) << BUCKET_BITS;
        let open = self.sorted.rest().filter_map(|(within, place)| Some((base + within, self.pool.get(place)?.1)));
        entries.extend(open);
        entries.extend(self.late.iter().map(|(key, entry)| (key.0, entry)));
        let near = self.next..(self.epoch + 2) << EPOCH_BUCKET_BITS;
        let near = near.map(|bucket| (bucket >> EPOCH_BUCKET_BITS, self.near[bucket as usize % NEAR]));
        let far = (self.epoch + 2..self.epoch + FAR as u64).map(|epoch| (epoch, self.far[epoch as usize % FAR].list));
        let beyond = self.beyond.iter().map(|(&epoch, far)| (epoch, far.list));
        for (epoch, list) in near.chain(far).chain(beyond) {
            for chunk in self.pool.chunks(list) {
                let stored = self.pool.places(list, chunk).filter_map(|place| self.pool.get(place));
                entries.extend(stored.map(|(offset, entry)| ((epoch << EPOCH_BITS) + u64::from(offset), entry)));
            }
        }
        entries
    }
}

/// A ring of bits.
#[derive(Clone)]
struct Bits<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Bits<WORDS> {
    const EMPTY: Self = Self([0; WORDS]);

    #[inline]
    fn set(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn clear(&mut self, bit: usize) {
        self.0[bit / 64] &= !(1 << (bit % 64));
    }

    /// How far ahead of `start`, around the ring, the first set bit is.
    fn first_from(&self, start: usize) -> Option<usize> {
        let (word, shift) = (start / 64, start % 64);
        let rest = self.0[word] >> shift;
        if rest != 0 {
            return Some(rest.trailing_zeros() as usize);
        }
        for step in 1..=WORDS {
            let bits = self.0[(word + step) % WORDS];
            if bits != 0 {
                return Some(step * 64 + bits.trailing_zeros() as usize - shift);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Item {
        source: u32,
        count: u32,
    }

    impl Entry for Item {
        fn source(&self) -> u32 {
            self.source
        }
    }

    /// The calendar and what it must do, side by side.
    struct Pair {
        calendar: Calendar<Item>,
        heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
        count: u32,
    }

    impl Pair {
        fn new() -> Self {
            Self { calendar: Calendar::new(), heap: BinaryHeap::new(), count: 0 }
        }

        fn push(&mut self, time: u64, source: u32) {
            self.count += 1;
            self.calendar.push(time, Item { source, count: self.count });
            self.heap.push(Reverse((time, source, self.count)));
        }

        /// Takes out everything, pushing more by `more` after each, and compares.
        fn drain(&mut self, mut more: impl FnMut(u64) -> Option<(u64, u32)>) {
            while let Some(bucket) = self.calendar.next_bucket() {
                assert_eq!(self.heap.peek().unwrap().0.0 >> BUCKET_BITS, bucket);
                self.calendar.open(bucket);
                while let Some((time, next)) = self.calendar.peek() {
                    let item = self.calendar.take(next).unwrap();
                    assert_eq!(self.heap.pop().unwrap().0, (time, item.source, item.count));
                    if let Some((after, source)) = more(time) {
                        self.push(time + after, source);
                    }
                }
                self.calendar.close();
            }
            assert!(self.heap.is_empty() && self.calendar.entries().is_empty());
        }
    }

    /// Spans that reach every level: the open bucket, the ring, the lists and the map behind them.
    fn span() -> impl Strategy<Value = u64> {
        prop_oneof![
            3 => Just(0_u64),
            3 => 0_u64..70_000,
            5 => 0_u64..200_000_000,
            3 => 0_u64..70_000_000_000,
            1 => 0_u64..20_000_000_000_000,
        ]
    }

    proptest! {
        #[test]
        fn entries_come_in_the_order_of_a_heap(
            first in proptest::collection::vec((span(), 0_u32..4), 0..300),
            later in proptest::collection::vec(proptest::option::of((span(), 0_u32..4)), 0..300),
        ) {
            let mut pair = Pair::new();
            first.into_iter().for_each(|(time, source)| pair.push(time, source));
            let mut later = later.into_iter();
            pair.drain(|_| later.next().flatten());
        }

        #[test]
        fn full_buckets_are_sorted(times in proptest::collection::vec((0_u64..1 << BUCKET_BITS, 0_u32..9), 0..3_000)) {
            let mut pair = Pair::new();
            times.into_iter().for_each(|(time, source)| pair.push(time, source));
            pair.drain(|_| None);
        }

        #[test]
        fn a_stored_calendar_goes_on_alike(times in proptest::collection::vec((span(), 0_u32..4), 1..200)) {
            let mut pair = Pair::new();
            times.iter().for_each(|&(time, source)| pair.push(time, source));
            let mut copy = Calendar::new();
            for (time, item) in pair.calendar.entries() {
                copy.push(time, item.clone());
            }
            pair.calendar = copy;
            pair.drain(|_| None);
        }
    }

    #[test]
    fn a_bucket_can_be_left_half_done() {
        let mut pair = Pair::new();
        pair.push(10, 1);
        pair.push(20, 1);
        pair.calendar.open(0);
        let take = |calendar: &mut Calendar<Item>| {
            let (time, next) = calendar.peek().unwrap();
            (time, calendar.take(next).unwrap().source)
        };
        assert_eq!(take(&mut pair.calendar), (10, 1));
        pair.calendar.push(12, Item { source: 5, count: 0 });
        pair.calendar.push(20, Item { source: 0, count: 0 });
        pair.calendar.push(20, Item { source: 1, count: 0 });
        assert_eq!(pair.calendar.entries().len(), 4);
        let rest: Vec<(u64, u32)> = (0..4).map(|_| take(&mut pair.calendar)).collect();
        assert_eq!(rest, [(12, 5), (20, 0), (20, 1), (20, 1)]);
        assert!(pair.calendar.entries().is_empty() && pair.calendar.peek().is_none());
    }

    #[test]
    fn memory_is_used_again() {
        let mut pair = Pair::new();
        for round in 0..50 {
            for step in 0..1_000 {
                pair.push(round * 1_000_000_000 + step * 50_000, step as u32 % 7);
            }
            pair.drain(|_| None);
        }
        assert!(pair.calendar.pool.capacity() < 2_000, "{}", pair.calendar.pool.capacity());
    }
}
