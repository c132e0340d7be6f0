//! A peer's disk: what is durable, what is still being written, and what waits for that.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::Rng;
use rumormill_core::plan;
use serde::{Deserialize, Serialize};

use crate::limits::HELD_PER_PEER;

/// A key and its new value; none removes the key.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// A peer's disk. `W` is an effect that may have to wait.
#[derive(Clone)]
pub(crate) struct Disk<W> {
    durable: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Writes and what came after them, in order.
    outbox: VecDeque<Held<W>>,
}

/// Something that waits for a disk.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Held<W> {
    /// The writes of one activation.
    Writes {
        /// When they are durable.
        durable_at: u64,
        /// In the order asked for.
        writes: Vec<Write>,
    },
    /// An effect that leaves once everything before it is durable.
    Effect(W),
}

/// More is held back than memory has room for.
#[derive(Debug)]
pub(crate) struct OutOfMemory;

impl<W> Default for Disk<W> {
    fn default() -> Self {
        Self { durable: BTreeMap::new(), outbox: VecDeque::new() }
    }
}

impl<W> Disk<W> {
    pub(crate) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.durable.get(key).cloned()
    }

    /// Calls `visit` with every durable key that begins with `prefix`, in byte order.
    pub(crate) fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) {
        let from = (std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded);
        let matching = self.durable.range::<[u8], _>(from).take_while(|(key, _)| key.starts_with(prefix));
        matching.for_each(|(key, value)| visit(key, value));
    }

    /// Makes writes durable.
    pub(crate) fn apply(&mut self, writes: impl IntoIterator<Item = Write>) {
        for (key, value) in writes {
            match value {
                Some(value) => drop(self.durable.insert(key, value)),
                None => drop(self.durable.remove(&key)),
            }
        }
    }

    /// Lets something wait for what was held before it.
    pub(crate) fn hold(&mut self, held: Held<W>) -> Result<(), OutOfMemory> {
        if self.outbox.len() == HELD_PER_PEER {
            return Err(OutOfMemory);
        }
        self.outbox.push_back(held);
        Ok(())
    }

    /// Makes durable what is due and returns the next effect that need not wait any longer.
    pub(crate) fn release(&mut self, time: u64) -> Option<W> {
        loop {
            if matches!(self.outbox.front()?, Held::Writes { durable_at, .. } if *durable_at > time) {
                return None;
            }
            match self.outbox.pop_front()? {
                Held::Writes { writes, .. } => self.apply(writes),
                Held::Effect(effect) => return Some(effect),
            }
        }
    }

    /// Does nothing wait?
    pub(crate) fn is_idle(&self) -> bool {
        self.outbox.is_empty()
    }

    /// A crash: what waited never leaves. Of the writes under way all are lost, or with the plan's
    /// probability a random prefix stays.
    pub(crate) fn crash(&mut self, plan: plan::Disk, mut draw: Rng) {
        let outbox = std::mem::take(&mut self.outbox);
        let written = outbox.into_iter().filter_map(|held| match held {
            Held::Writes { writes, .. } => Some(writes),
            Held::Effect(_) => None,
        });
        let under_way: Vec<Write> = written.flatten().collect();
        if draw.chance(plan.keeps_unsynced) {
            let kept = draw.below(under_way.len() as u64 + 1) as usize;
            self.apply(under_way.into_iter().take(kept));
        }
    }

    /// The disk is replaced by an empty one.
    pub(crate) fn wipe(&mut self) {
        self.durable.clear();
    }

    /// What is durable and what waits, for a snapshot.
    pub(crate) fn store(&self) -> (&BTreeMap<Vec<u8>, Vec<u8>>, impl Iterator<Item = &Held<W>>) {
        (&self.durable, self.outbox.iter())
    }

    /// A disk as it was stored.
    pub(crate) fn put_back(durable: BTreeMap<Vec<u8>, Vec<u8>>, outbox: impl IntoIterator<Item = Held<W>>) -> Self {
        Self { durable, outbox: outbox.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, value: &str) -> Write {
        (key.into(), Some(value.into()))
    }

    fn writing(count: u8) -> Disk<char> {
        let mut disk = Disk::default();
        disk.apply([write("old", "0")]);
        for number in 0..count {
            let writes = vec![(vec![number], Some(vec![1]))];
            disk.hold(Held::Writes { durable_at: 10 + u64::from(number), writes }).unwrap();
            disk.hold(Held::Effect('a')).unwrap();
        }
        disk
    }

    #[test]
    fn effects_leave_once_what_came_before_is_durable() {
        let mut disk = writing(2);
        assert_eq!((disk.release(9), disk.get(&[0])), (None, None));
        assert_eq!((disk.release(10), disk.get(&[0])), (Some('a'), Some(vec![1])));
        assert_eq!((disk.release(10), disk.is_idle()), (None, false));
        assert_eq!((disk.release(99), disk.release(99)), (Some('a'), None));
        assert!(disk.is_idle());
    }

    #[test]
    fn a_crash_keeps_at_most_a_prefix() {
        let mut kept_some = 0;
        for seed in 0..500 {
            let mut disk = writing(8);
            disk.crash(plan::Disk { keeps_unsynced: 0.5, ..plan::Disk::default() }, Rng::new(seed));
            let kept = (0..8).filter(|&key| disk.get(&[key]).is_some()).count();
            assert!((0..kept as u8).all(|key| disk.get(&[key]).is_some()), "a prefix");
            assert_eq!(disk.get(b"old"), Some(b"0".to_vec()));
            assert!(disk.is_idle());
            kept_some += u32::from(kept > 0);
        }
        // Half of the crashes keep one of the nine prefixes, eight of which are not empty.
        assert!((180..270).contains(&kept_some), "{kept_some}");
    }

    #[test]
    fn a_scan_sees_the_keys_of_its_prefix_in_order() {
        let mut disk: Disk<()> = Disk::default();
        disk.apply([write("b/2", "x"), write("a", "y"), write("b/1", "z"), write("c", "w"), ("a".into(), None)]);
        let mut seen = Vec::new();
        disk.scan(b"b/", &mut |key, value| seen.push((key.to_vec(), value.to_vec())));
        assert_eq!(seen, [(b"b/1".to_vec(), b"z".to_vec()), (b"b/2".to_vec(), b"x".to_vec())]);
        assert_eq!(disk.get(b"a"), None);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut disk = Disk::default();
        (0..HELD_PER_PEER).for_each(|_| disk.hold(Held::Effect(())).unwrap());
        disk.hold(Held::Effect(())).unwrap_err();
    }
}
