//! The guarantees of a session, by what its reads returned.

use std::collections::BTreeMap;

use super::super::causal::relation::Relation;
use super::super::index::{Index, Node, Source};
use super::super::{Order, Verdict};
use super::Guarantee;

/// What each chain did with each key, in its order: (key, chain).
type Told = BTreeMap<(u32, u32), Vec<(Node, Node)>>;

struct Search<'o, 'i, 'a> {
    guarantee: Guarantee,
    order: &'o Relation<'i, 'a>,
    /// The operations that tell of a write, each with that write.
    told: Told,
}

/// Looks for a read that returned something older than what it must know, and for writes in a wrong order.
pub(super) fn find(guarantee: Guarantee, order: &Relation<'_, '_>) -> Result<(), Verdict> {
    let search = Search { guarantee, order, told: told(guarantee, order.index) };
    order.index.chains.iter().try_for_each(|chain| search.session(chain))
}

fn told(guarantee: Guarantee, index: &Index<'_>) -> Told {
    let mut told = Told::new();
    for node in index.nodes() {
        if let Some(write) = guarantee.told_by(index, node) {
            let list = told.entry((index.key[node as usize], index.place[node as usize].0)).or_default();
            // To be told the same again says nothing new.
            if list.last().is_none_or(|(_, last)| *last != write) {
                list.push((node, write));
            }
        }
    }
    told
}

impl<'a> Search<'_, '_, 'a> {
    fn index(&self) -> &Index<'a> {
        self.order.index
    }

    fn session(&self, chain: &[Node]) -> Result<(), Verdict> {
        // How many operations of each chain the session must know the writes of.
        let mut upto: BTreeMap<u32, u32> = BTreeMap::new();
        for &node in chain {
            let (own, place) = self.index().place[node as usize];
            if self.guarantee.is_own() {
                upto.insert(own, place);
            } else {
                self.written(node)?;
            }
            if self.index().source[node as usize] == Source::None {
                continue;
            }
            for (&chain, &upto) in &upto {
                self.read(node, chain, upto)?;
            }
            if let Source::Write(write) = self.index().source[node as usize]
                && !self.guarantee.is_own()
                && let Some(before) = self.index().before[write as usize]
            {
                let (chain, place) = self.index().place[before as usize];
                let known = upto.entry(chain).or_default();
                *known = (*known).max(place + 1);
            }
        }
        Ok(())
    }

    /// What was told in the first operations of a chain about a key, the last first.
    fn told(&self, key: u32, chain: u32, upto: u32) -> impl Iterator<Item = (Node, Node)> {
        let list = self.told.get(&(key, chain)).map_or(&[][..], Vec::as_slice);
        let known = list.partition_point(|(node, _)| self.index().place[*node as usize].1 < upto);
        list[..known].iter().rev().copied()
    }

    /// Does this read return something older than what these operations told?
    fn read(&self, read: Node, chain: u32, upto: u32) -> Result<(), Verdict> {
        let index = self.index();
        let one = [index.source[read as usize]];
        let sources = index.unclear.get(&read).map_or(&one[..], Vec::as_slice);
        let stale = |newer: Node| sources.iter().all(|&source| self.is_older(source, newer));
        match self.told(index.key[read as usize], chain, upto).find(|&(_, write)| stale(write)) {
            Some((teller, write)) => Err(self.tell_read(read, teller, write)),
            None => Ok(()),
        }
    }

    /// Is this write older than what its session wrote, or read, before?
    fn written(&self, node: Node) -> Result<(), Verdict> {
        let index = self.index();
        let Some(before) = index.before[node as usize] else { return Ok(()) };
        if !index.operations[node as usize].is_update() {
            return Ok(());
        }
        let (chain, place) = index.place[before as usize];
        let older = |write: Node| write != node && self.is_older(Source::Write(node), write);
        match self.told(index.key[node as usize], chain, place + 1).find(|&(_, write)| older(write)) {
            Some((teller, _)) => Err(self.tell_written(node, teller)),
            None => Ok(()),
        }
    }

    fn is_older(&self, source: Source, newer: Node) -> bool {
        let old = match source {
            Source::Initial => return true,
            Source::Write(old) if old != newer => old,
            _ => return false,
        };
        let (one, two) = (self.index().operations[old as usize], self.index().operations[newer as usize]);
        if let (Some(one), Some(two)) = (one.version, two.version) {
            return one < two;
        }
        // The label of an ordered write may say more than that write came after: its place among other ordered ones.
        let is_plain = [one, two].iter().all(|write| write.version.is_none() && write.order == Order::Causal);
        if let (true, Some(one), Some(two)) = (is_plain, &one.label, &two.label) {
            return one.is_within(two) && !two.is_within(one);
        }
        self.order.is_before(old, newer)
    }

    fn tell_read(&self, read: Node, teller: Node, write: Node) -> Verdict {
        let index = self.index();
        let [read_, teller_, write_] = [read, teller, write].map(|node| index.operations[node as usize]);
        let newer = match index.source[read as usize] {
            Source::Initial => "when it was absent only before that",
            _ => "which is newer",
        };
        let told = if self.guarantee.is_own() {
            format!("{read_} after it {}, {newer}", teller_.deed_before())
        } else {
            let seen = self.seen_of(teller, read);
            let seen = index.operations[seen as usize];
            format!(
                "{read_} though it had seen that {seen}, before which that session {}, {newer}",
                teller_.deed_before()
            )
        };
        let mut operations = vec![write_];
        for operation in [teller_, read_] {
            if operation.id != write_.id {
                operations.push(operation);
            }
        }
        Verdict::violated(self.guarantee.name(), told, &operations)
    }

    /// The write of the teller's session after the teller, that the reader's session had read before.
    fn seen_of(&self, teller: Node, read: Node) -> Node {
        let index = self.index();
        let (chain, place) = index.place[read as usize];
        let (teller_chain, teller_place) = index.place[teller as usize];
        let after = |write: &Node| {
            index.before[*write as usize].is_some_and(|before| {
                let (chain, place) = index.place[before as usize];
                chain == teller_chain && place >= teller_place
            })
        };
        let earlier = &index.chains[chain as usize][..place as usize];
        let mut sources = earlier.iter().filter_map(|&node| match index.source[node as usize] {
            Source::Write(write) => Some(write),
            _ => None,
        });
        sources.rfind(after).unwrap_or(teller)
    }

    fn tell_written(&self, write: Node, teller: Node) -> Verdict {
        let [write, teller] = [write, teller].map(|node| self.index().operations[node as usize]);
        let text = format!("{write} after it {}, but the store holds the first for the newer", teller.deed_before());
        Verdict::violated(self.guarantee.name(), text, &[teller, write])
    }
}
