//! The fault timeline, with its peers looked up once for all shards.

use std::sync::OnceLock;

use rumormill_core::plan::{Fault, Peers};
use serde::{Deserialize, Serialize};

/// A fault and its moment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// Nanoseconds of the run.
    pub(crate) at: u64,
    pub(crate) fault: Fault,
    seed: u64,
    peers: u32,
    #[serde(skip)]
    sets: OnceLock<Sets>,
}

/// The peers that a fault names, group by group.
#[derive(Debug)]
pub(crate) struct Sets {
    all: Vec<PeerSet>,
    /// For a partition, the group of each peer by number; 0 is that of the peers in none.
    group: Vec<u16>,
}

/// A set of peers by number.
#[derive(Clone, Debug)]
pub(crate) struct PeerSet(Vec<u64>);

impl Moment {
    pub(crate) fn new(at: u64, fault: Fault, seed: u64, peers: u32) -> Self {
        Self { at, fault, seed, peers, sets: OnceLock::new() }
    }

    /// The peers that the fault names, in the order in which it names them.
    pub(crate) fn sets(&self) -> &Sets {
        self.sets.get_or_init(|| {
            let set = |peers: &Peers| PeerSet::new(&peers.resolve(self.seed, self.peers), self.peers);
            let all: Vec<PeerSet> = match &self.fault {
                Fault::Partition { groups } => groups.iter().map(set).collect(),
                Fault::Cut { from, to, .. } | Fault::Link { from, to, .. } => vec![set(from), set(to)],
                Fault::Crash { peers }
                | Fault::Restart { peers, .. }
                | Fault::Pause { peers }
                | Fault::Resume { peers }
                | Fault::Slow { peers, .. }
                | Fault::Clock { peers, .. }
                | Fault::Join { peers }
                | Fault::Request { peers, .. } => vec![set(peers)],
                _ => Vec::new(),
            };
            let group = match &self.fault {
                Fault::Partition { .. } => groups_of(&all, self.peers),
                _ => Vec::new(),
            };
            Sets { all, group }
        })
    }

    /// Does it happen to peers, rather than to links?
    pub(crate) fn happens_to_peers(&self) -> bool {
        !matches!(
            self.fault,
            Fault::Partition { .. }
                | Fault::Cut { .. }
                | Fault::Heal
                | Fault::Link { .. }
                | Fault::Conditions(_)
                | Fault::Set { .. }
        )
    }

    /// Does the fault concern this peer? Only for faults that name one group.
    pub(crate) fn names(&self, number: u32) -> bool {
        self.sets().all.first().is_some_and(|set| set.contains(number))
    }
}

fn groups_of(sets: &[PeerSet], peers: u32) -> Vec<u16> {
    let group = |number| sets.iter().position(|set| set.contains(number)).map_or(0, |at| at as u16 + 1);
    (0..=peers).map(group).collect()
}

impl Sets {
    pub(crate) fn all(&self) -> &[PeerSet] {
        &self.all
    }

    /// Does the partition separate these peers?
    pub(crate) fn apart(&self, one: u32, other: u32) -> bool {
        self.group[one as usize] != self.group[other as usize]
    }
}

impl PeerSet {
    fn new(numbers: &[u32], peers: u32) -> Self {
        let mut words = vec![0; peers as usize / 64 + 1];
        numbers.iter().for_each(|&number| words[number as usize / 64] |= 1 << (number % 64));
        Self(words)
    }

    #[inline]
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}
