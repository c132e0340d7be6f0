//! The open bucket in order: keys that hold time, source and place in 64 bits.

use super::pool::{ChunkAt, List, Place, Pool};
use super::{BUCKET_BITS, Entry};

/// Bits of a place in the bucket. Fuller buckets are sorted by wider keys.
const PLACE_BITS: u32 = 24;
const SOURCE_BITS: u32 = 24;
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;
const SLOT_BITS: u32 = 5;

/// The entries of the open bucket, sorted; they stay where they lie until they are taken.
#[derive(Clone, Default)]
pub(super) struct Sorted {
    /// (time within the bucket, source, place), ascending.
    keys: Vec<u64>,
    /// Full places, when there are too many for a key.
    wide: Vec<u32>,
    chunks: Vec<ChunkAt>,
    next: usize,
    scratch: Vec<u64>,
    counts: Vec<u32>,
}

impl Sorted {
    /// Sorts the entries of a list.
    pub(super) fn fill<E: Entry>(&mut self, pool: &Pool<E>, list: List) {
        debug_assert!(self.next == self.keys.len());
        self.keys.clear();
        self.wide.clear();
        self.next = 0;
        self.chunks = pool.chunks(list);
        if list.len() as u64 > PLACE_MASK {
            self.fill_wide(pool, list);
            return;
        }
        let mut place = 0;
        for &chunk in &self.chunks {
            for (offset, at) in pool.offsets(list, chunk).iter().zip(pool.places(list, chunk)) {
                let source = pool.get(at).map_or(0, |(_, entry)| entry.source());
                self.keys.push(key(*offset, source) | place);
                place += 1;
            }
        }
        sort(&mut self.keys, &mut self.scratch, &mut self.counts);
    }

    /// More than 16 million entries within 65 µs: rare enough for a plain sort.
    fn fill_wide<E: Entry>(&mut self, pool: &Pool<E>, list: List) {
        let mut order: Vec<(u64, u32)> = Vec::with_capacity(list.len());
        for &chunk in &self.chunks {
            for at in pool.places(list, chunk) {
                let (offset, source) = pool.get(at).map_or((0, 0), |(offset, entry)| (offset, entry.source()));
                order.push((key(offset, source), order.len() as u32));
            }
        }
        order.sort_unstable();
        self.keys.extend(order.iter().map(|&(key, _)| key));
        self.wide.extend(order.iter().map(|&(_, place)| place));
    }

    /// Time within the bucket and place of the next entry.
    #[inline]
    pub(super) fn first(&self) -> Option<(u64, Place)> {
        self.at(self.next)
    }

    #[inline]
    fn at(&self, index: usize) -> Option<(u64, Place)> {
        let key = *self.keys.get(index)?;
        let place = if self.wide.is_empty() { (key & PLACE_MASK) as u32 } else { self.wide[index] };
        let chunk = self.chunks[(place >> SLOT_BITS) as usize].id;
        Some((key >> (PLACE_BITS + SOURCE_BITS), Place { chunk, slot: place % (1 << SLOT_BITS) }))
    }

    #[inline]
    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    /// Places of entries that come soon.
    #[inline]
    pub(super) fn ahead(&self, count: usize) -> impl Iterator<Item = Place> {
        (self.next..self.next + count).map_while(|index| self.at(index).map(|(_, place)| place))
    }

    /// Everything that was not taken.
    pub(super) fn rest(&self) -> impl Iterator<Item = (u64, Place)> {
        (self.next..self.keys.len()).filter_map(|index| self.at(index))
    }

    /// Gives the chunks back.
    pub(super) fn release<E>(&mut self, pool: &mut Pool<E>) {
        self.chunks.drain(..).rev().for_each(|chunk| pool.free(chunk.id));
    }
}

#[inline]
fn key(offset: u32, source: u32) -> u64 {
    debug_assert!(source < 1 << SOURCE_BITS);
    let within = u64::from(offset) & ((1 << BUCKET_BITS) - 1);
    (within << (PLACE_BITS + SOURCE_BITS)) | (u64::from(source) << PLACE_BITS)
}

/// Sorts keys that are spread evenly over the time of a bucket: into bins by time, then each bin.
fn sort(keys: &mut Vec<u64>, scratch: &mut Vec<u64>, counts: &mut Vec<u32>) {
    const SMALL: usize = 64;
    const PER_BIN_BITS: u32 = 3;
    const BIN_BITS_MAX: u32 = 12;
    if keys.len() <= SMALL || keys.is_sorted() {
        keys.sort_unstable();
        return;
    }
    let bits = (keys.len().ilog2() - PER_BIN_BITS).min(BIN_BITS_MAX);
    let shift = u64::BITS - bits;
    counts.clear();
    counts.resize((1 << bits) + 1, 0);
    keys.iter().for_each(|key| counts[(key >> shift) as usize + 1] += 1);
    for bin in 1..counts.len() {
        counts[bin] += counts[bin - 1];
    }
    scratch.clear();
    scratch.resize(keys.len(), 0);
    for &key in keys.iter() {
        let next = &mut counts[(key >> shift) as usize];
        scratch[*next as usize] = key;
        *next += 1;
    }
    // Each bin's counter has moved to its end, which is where the next one begins.
    let mut start = 0;
    for &end in counts.iter().take(1 << bits) {
        scratch[start..end as usize].sort_unstable();
        start = end as usize;
    }
    std::mem::swap(keys, scratch);
}
