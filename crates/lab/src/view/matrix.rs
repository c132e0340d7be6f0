//! Who has sent how much to whom, where both are groups of peers: a table of all pairs.
//!
//! In a run of a million peers nearly every group sends to nearly every other, so that a table takes less memory
//! than a map, and a message finds its place in it at once.

use rumormill_core::Instant;

use super::chunks::Chunks;
use super::groups::Groups;
use super::links::{LINKS_MAX, LinkId, Links, Traffic};

/// Tables at most: one for each kind of message in a community, as they come up. What is sent otherwise is in
/// a map.
const TABLES_MAX: usize = 4;

/// Pairs of a chunk: few, as in some runs a group sends to its neighbors alone.
const CHUNK: usize = 256;

/// Traffic by link between groups, bounded.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    /// Peers of a group.
    size: u32,
    groups: u32,
    tables: Vec<Table>,
    /// Links in the tables.
    links: usize,
    /// What does not fit into the tables' cells: lost messages, and very much traffic.
    beside: Links,
    /// Links that belong to no table.
    others: Links,
}

/// Messages of one kind in one community.
#[derive(Clone, Debug)]
struct Table {
    kind: u8,
    community: u8,
    /// By the group of the sender, then by that of the receiver.
    cells: Chunks<Cell, CHUNK>,
}

/// What passed from one group to another, as far as it fits.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// The time of the last in nanoseconds, and 1; 0 when nothing passed.
    last: u64,
    sent: u32,
    bytes: u32,
}

impl Cell {
    /// Counts the traffic, unless it does not fit.
    fn add(&mut self, traffic: Traffic) -> Option<()> {
        let sum = |known: u32, more: u64| known.checked_add(u32::try_from(more).ok()?);
        (self.sent, self.bytes) = (sum(self.sent, traffic.sent)?, sum(self.bytes, traffic.bytes)?);
        Some(())
    }
}

impl Matrix {
    /// No traffic yet between these groups.
    pub fn new(groups: &Groups) -> Self {
        Self {
            size: groups.size(),
            groups: groups.count(),
            tables: Vec::new(),
            links: 0,
            beside: Links::new(LINKS_MAX),
            others: Links::new(LINKS_MAX),
        }
    }

    /// Adds what passed over a link, whose ends are the first peers of their groups.
    pub fn add(&mut self, link: LinkId, traffic: Traffic) {
        let is_full = self.len() >= LINKS_MAX;
        let Some((cells, place)) = self.cells_mut(link) else {
            if is_full && self.others.get(link).is_none() {
                self.others.hidden += traffic;
            } else {
                self.others.add(link, traffic);
            }
            return;
        };
        let Some(cell) = cells.get_mut(place) else { return };
        let is_new = cell.last == 0;
        if is_new && is_full {
            self.others.hidden += traffic;
            return;
        }
        cell.last = cell.last.max(traffic.last.as_nanos().saturating_add(1));
        if traffic.lost > 0 || cell.add(traffic).is_none() {
            self.beside.add(link, traffic);
        }
        self.links += usize::from(is_new);
    }

    /// What passed over a link.
    pub fn get(&self, link: LinkId) -> Option<Traffic> {
        let (from, to, kind, community) = link.parts();
        let Some(table) = self.tables.iter().find(|table| table.is(kind, community)) else {
            return self.others.get(link);
        };
        let cell = table.cells.get(self.place(from, to)).filter(|cell| cell.last > 0)?;
        Some(self.traffic(link, cell))
    }

    /// How many links there are.
    pub fn len(&self) -> usize {
        self.links + self.others.len()
    }

    /// The links, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (LinkId, Traffic)> {
        let cells = self.tables.iter().flat_map(|table| {
            let used = table.cells.touched().filter(|(_, cell)| cell.last > 0);
            used.map(|(place, cell)| {
                let (from, to) = self.ends(place);
                let link = LinkId::new(from, to, table.kind, table.community);
                (link, self.traffic(link, cell))
            })
        });
        cells.chain(self.others.iter())
    }

    /// Copies made from now on share all that is there now.
    pub fn share(&mut self) {
        self.tables.iter_mut().for_each(|table| table.cells.share());
    }

    /// Bytes in memory, about, without what it shares with `other`.
    pub fn bytes(&self, other: Option<&Self>) -> usize {
        let theirs = |place: usize| other.and_then(|other| other.tables.get(place)).map(|table| &table.cells);
        let tables = self.tables.iter().enumerate().map(|(place, table)| table.cells.bytes(theirs(place)));
        tables.sum::<usize>() + self.beside.bytes() + self.others.bytes()
    }

    /// The table of a link, a new one when there is room for it, and the place in it.
    fn cells_mut(&mut self, link: LinkId) -> Option<(&mut Chunks<Cell, CHUNK>, usize)> {
        let (from, to, kind, community) = link.parts();
        let place = self.place(from, to);
        let known = self.tables.iter().position(|table| table.is(kind, community));
        if known.is_none() && self.tables.len() < TABLES_MAX {
            let cells = Chunks::new((self.groups * self.groups) as usize);
            self.tables.push(Table { kind, community, cells });
        }
        let table = match known {
            Some(known) => self.tables.get_mut(known)?,
            None => self.tables.last_mut()?,
        };
        table.is(kind, community).then_some((&mut table.cells, place))
    }

    /// The place of a pair in a table.
    fn place(&self, from: u32, to: u32) -> usize {
        let group = |peerid: u32| peerid.saturating_sub(1) / self.size;
        (group(from) * self.groups + group(to)) as usize
    }

    /// The pair at a place: the first peers of the two groups.
    fn ends(&self, place: usize) -> (u32, u32) {
        let first = |group: u32| group * self.size + 1;
        (first(place as u32 / self.groups), first(place as u32 % self.groups))
    }

    fn traffic(&self, link: LinkId, cell: Cell) -> Traffic {
        let last = Instant::from_nanos(cell.last.saturating_sub(1));
        let mut traffic = Traffic { sent: cell.sent.into(), bytes: cell.bytes.into(), lost: 0, last };
        if !self.beside.is_empty() {
            traffic += self.beside.get(link).unwrap_or_default();
        }
        traffic
    }
}

impl Table {
    const fn is(&self, kind: u8, community: u8) -> bool {
        self.kind == kind && self.community == community
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Traffic as messages cause it, and now and then more than a cell holds.
    fn traffic() -> impl Strategy<Value = Traffic> {
        let bytes = prop_oneof![0_u64..1_000, Just(u64::from(u32::MAX) - 5), Just(u64::MAX)];
        (bytes, any::<bool>(), 0_u64..9).prop_map(|(bytes, is_lost, last)| Traffic {
            sent: u64::from(!is_lost),
            bytes: if is_lost { 0 } else { bytes },
            lost: is_lost.into(),
            last: Instant::from_nanos(last),
        })
    }

    proptest! {
        /// A table of pairs tells what a map of links tells.
        #[test]
        fn the_table_is_the_map(
            messages in prop::collection::vec((1_u32..=30_000, 1_u32..=30_000, 0_u8..3, 0_u8..3, traffic()), 0..400),
        ) {
            let groups = Groups::new(30_000);
            let (mut matrix, mut map) = (Matrix::new(&groups), Links::new(LINKS_MAX));
            for (from, to, kind, community, traffic) in messages {
                // Few groups, so that they meet again.
                let (from, to) = (groups.first_of(from % 300 + 1), groups.first_of(30_000 - to % 300));
                let link = LinkId::new(from, to, kind, community);
                matrix.add(link, traffic);
                map.add(link, traffic);
            }
            prop_assert_eq!(matrix.len(), map.len());
            prop_assert!(matrix.tables.len() <= TABLES_MAX);
            prop_assert!(matrix.iter().all(|(link, traffic)| map.get(link) == Some(traffic)));
            prop_assert!(map.iter().all(|(link, traffic)| matrix.get(link) == Some(traffic)));
            prop_assert_eq!(matrix.iter().count(), map.len());
        }
    }
}
