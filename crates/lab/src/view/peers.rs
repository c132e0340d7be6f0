//! The peers of a run as they are now.

use std::collections::BTreeMap;

use rumormill_trace::Target;
use smallvec::SmallVec;

use super::places::Places;

/// Longer labels are cut to this many characters.
const LABEL_CHARS_MAX: usize = 40;

/// Whether a peer runs. The numbers are those of the page's frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Has not booted.
    #[default]
    Waiting = 0,
    /// Runs.
    Up = 1,
    /// Crashed.
    Crashed = 2,
    /// Frozen by a fault.
    Paused = 3,
    /// Left in good order.
    Stopped = 4,
}

/// How far a peer has come with one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Number of the target's name.
    pub target: u8,
    /// Where it is.
    pub current: u64,
    /// Where it shall be; met when `current >= goal`.
    pub goal: u64,
}

impl Progress {
    /// Has the peer reached its goal?
    #[must_use]
    pub const fn met(&self) -> bool {
        self.current >= self.goal
    }
}

/// One peer as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Whether it runs.
    pub status: Status,
    /// Has said that it is done.
    pub done: bool,
    /// Numbers of the communities that it belongs to, in the order in which it was seen in them.
    pub communities: SmallVec<[u8; 8]>,
    /// Its targets, in the order in which they were first reported.
    pub targets: SmallVec<[Progress; 1]>,
}

/// Peers that have a target and peers that have met it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Peers that have met it.
    pub met: u32,
    /// Peers that have it.
    pub peers: u32,
}

/// All peers of a run, by number from 1.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    all: Vec<Peer>,
    pids: BTreeMap<u32, u32>,
    labels: Vec<(u32, String)>,
    places: Places,
    /// A bit a peer for each community, to see at once who belongs to it.
    members: Vec<Vec<u64>>,
    reach: Vec<Reach>,
    done: u32,
    met: u64,
}

impl From<Reach> for Target {
    fn from(reach: Reach) -> Self {
        Self { met: reach.met.into(), peers: reach.peers.into() }
    }
}

impl Peers {
    /// This many peers that have not booted.
    #[must_use]
    pub fn new(peers: u32) -> Self {
        Self { all: vec![Peer::default(); peers as usize], ..Self::default() }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.all.len() as u32
    }

    /// The peer of this number.
    #[must_use]
    pub fn get(&self, peerid: u32) -> Option<&Peer> {
        self.all.get((peerid as usize).checked_sub(1)?)
    }

    /// The process that the peer runs in, when it is a real one.
    #[must_use]
    pub fn pid(&self, peerid: u32) -> Option<u32> {
        self.pids.get(&peerid).copied()
    }

    /// Peers that call themselves something else than their number, and what, in the order in which they said so.
    #[must_use]
    pub fn labels(&self) -> &[(u32, String)] {
        &self.labels
    }

    /// Where peers say that they stand.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// The peer says where it stands. Returns whether that is news.
    pub fn set_place(&mut self, peerid: u32, text: &str) -> bool {
        self.get(peerid).is_some() && self.places.set(peerid, text)
    }

    /// Met and all, by number of the target.
    #[must_use]
    pub fn reach(&self) -> &[Reach] {
        &self.reach
    }

    /// How many peers have said that they are done.
    #[must_use]
    pub const fn done(&self) -> u32 {
        self.done
    }

    /// How many targets are met, those of all peers together.
    #[must_use]
    pub const fn met(&self) -> u64 {
        self.met
    }

    /// Bytes in memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.all.len() * size_of::<Peer>() + self.pids.len() * 16 + self.labels.len() * 64
    }

    /// Makes place for peers up to this number, for runs that peers join unannounced.
    pub fn grow(&mut self, peers: u32) {
        if peers > self.count() {
            self.all.resize(peers as usize, Peer::default());
        }
    }

    /// The peer calls itself `label`, from now on. Returns whether that is news.
    pub fn set_label(&mut self, peerid: u32, label: &str) -> bool {
        let is_news = self.get(peerid).is_some() && !self.labels.iter().any(|(known, _)| *known == peerid);
        if is_news {
            self.labels.push((peerid, label.chars().take(LABEL_CHARS_MAX).collect()));
        }
        is_news
    }

    /// The peer runs in this process. Returns whether that is news.
    pub fn set_pid(&mut self, peerid: u32, pid: u32) -> bool {
        self.pids.insert(peerid, pid) != Some(pid)
    }

    /// Whether the peer runs. A boot or a crash takes back that it was done. Returns whether that is news.
    pub fn set_status(&mut self, peerid: u32, status: Status) -> bool {
        let Some(peer) = self.peer_mut(peerid) else { return false };
        let news = std::mem::replace(&mut peer.status, status) != status;
        let undone = matches!(status, Status::Up | Status::Crashed) && std::mem::take(&mut peer.done);
        if undone {
            self.done -= 1;
        }
        news || undone
    }

    /// The peer froze or goes on; one that does not run stays as it is. Returns whether that is news.
    pub fn set_paused(&mut self, peerid: u32, paused: bool) -> bool {
        let (from, to) = if paused { (Status::Up, Status::Paused) } else { (Status::Paused, Status::Up) };
        match self.peer_mut(peerid) {
            Some(peer) if peer.status == from => {
                peer.status = to;
                true
            }
            _ => false,
        }
    }

    /// The peer said that it is done. Returns whether that is news.
    pub fn set_done(&mut self, peerid: u32) -> bool {
        let news = self.peer_mut(peerid).is_some_and(|peer| !std::mem::replace(&mut peer.done, true));
        self.done += u32::from(news);
        news
    }

    /// The peer was seen in this community. Returns whether that is news.
    pub fn join(&mut self, peerid: u32, community: u8) -> bool {
        match self.peer_mut(peerid) {
            Some(peer) if !peer.communities.contains(&community) => {
                peer.communities.push(community);
                self.note_member(peerid, community);
                true
            }
            _ => false,
        }
    }

    /// Was the peer seen in this community?
    #[must_use]
    pub fn is_member(&self, peerid: u32, community: u8) -> bool {
        let word = self.members.get(usize::from(community)).and_then(|bits| bits.get(peerid as usize / 64));
        word.is_some_and(|word| word >> (peerid % 64) & 1 == 1)
    }

    fn note_member(&mut self, peerid: u32, community: u8) {
        let (community, word) = (usize::from(community), peerid as usize / 64);
        if self.members.len() <= community {
            self.members.resize(community + 1, Vec::new());
        }
        let bits = &mut self.members[community];
        if bits.len() <= word {
            bits.resize(word + 1, 0);
        }
        bits[word] |= 1 << (peerid % 64);
    }

    /// The peer is this far. Returns whether that is news.
    pub fn set_progress(&mut self, peerid: u32, progress: Progress) -> bool {
        let Some(peer) = self.peer_mut(peerid) else { return false };
        let known = peer.targets.iter_mut().find(|known| known.target == progress.target);
        let before = match known {
            Some(known) if *known == progress => return false,
            Some(known) => Some(std::mem::replace(known, progress).met()),
            None => {
                peer.targets.push(progress);
                None
            }
        };
        let target = usize::from(progress.target);
        if self.reach.len() <= target {
            self.reach.resize(target + 1, Reach::default());
        }
        let reach = &mut self.reach[target];
        reach.peers += u32::from(before.is_none());
        reach.met += u32::from(progress.met());
        reach.met -= u32::from(before == Some(true));
        self.met += u64::from(progress.met());
        self.met -= u64::from(before == Some(true));
        true
    }

    fn peer_mut(&mut self, peerid: u32) -> Option<&mut Peer> {
        self.all.get_mut((peerid as usize).checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_counts_each_peer_once_and_can_fall() {
        let mut peers = Peers::new(2);
        let at = |current| Progress { target: 3, current, goal: 10 };
        assert!(peers.set_progress(1, at(4)));
        assert!(!peers.set_progress(1, at(4)));
        assert!(peers.set_progress(2, at(10)));
        assert!(peers.set_progress(1, at(10)));
        assert_eq!(peers.reach()[3], Reach { met: 2, peers: 2 });
        assert!(peers.set_progress(1, at(0)));
        assert_eq!(peers.reach()[3], Reach { met: 1, peers: 2 });
        assert!(!peers.set_progress(0, at(1)) && !peers.set_progress(3, at(1)), "no such peers");
    }

    #[test]
    fn a_restart_takes_back_that_a_peer_was_done() {
        let mut peers = Peers::new(1);
        peers.set_status(1, Status::Up);
        assert!(peers.set_done(1) && !peers.set_done(1));
        assert!(peers.set_paused(1, true) && peers.set_paused(1, false));
        assert_eq!(peers.done(), 1);
        peers.set_status(1, Status::Crashed);
        assert!(!peers.set_paused(1, true), "a crashed peer does not freeze");
        assert_eq!(peers.done(), 0);
    }
}
