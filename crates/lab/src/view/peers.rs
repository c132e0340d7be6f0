//! The peers of a run as they are now.

use std::collections::BTreeMap;

use rumormill_trace::Target;
use smallvec::SmallVec;

use super::chunks::Chunks;
use super::lists::Lists;
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

impl Status {
    const ALL: [Self; 5] = [Self::Waiting, Self::Up, Self::Crashed, Self::Paused, Self::Stopped];
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

/// All peers of a run, by number from 1. What is known of them lies in columns, of which copies share what does
/// not change: of a million peers, a checkpoint keeps a few bytes each.
#[derive(Clone, Debug)]
pub struct Peers {
    /// Number of the status, and [`DONE`].
    states: Chunks<u8>,
    communities: Lists,
    /// A bit a peer for each community, to see at once who belongs to it.
    members: Vec<Chunks<u64>>,
    targets: Lists,
    /// Of each peer's first target: where it is, and where it shall be.
    current: Chunks<u64>,
    goal: Chunks<u64>,
    /// The same of further targets, by peer and target.
    further: BTreeMap<(u32, u8), (u64, u64)>,
    pids: BTreeMap<u32, u32>,
    labels: Vec<(u32, String)>,
    places: Places,
    reach: Vec<Reach>,
    done: u32,
    met: u64,
}

/// Said that it is done.
const DONE: u8 = 1 << 7;

impl From<Reach> for Target {
    fn from(reach: Reach) -> Self {
        Self { met: reach.met.into(), peers: reach.peers.into() }
    }
}

impl Peers {
    /// This many peers that have not booted.
    #[must_use]
    pub fn new(peers: u32) -> Self {
        let peers = peers as usize;
        Self {
            states: Chunks::new(peers),
            communities: Lists::new(peers),
            members: Vec::new(),
            targets: Lists::new(peers),
            current: Chunks::new(peers),
            goal: Chunks::new(peers),
            further: BTreeMap::new(),
            pids: BTreeMap::new(),
            labels: Vec::new(),
            places: Places::default(),
            reach: Vec::new(),
            done: 0,
            met: 0,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.states.len() as u32
    }

    /// The peer of this number.
    #[must_use]
    pub fn get(&self, peerid: u32) -> Option<Peer> {
        Some(Peer {
            status: self.status(peerid)?,
            done: self.is_done(peerid),
            communities: self.communities.get(place(peerid)?),
            targets: self.targets(peerid),
        })
    }

    /// Whether the peer runs.
    #[must_use]
    pub fn status(&self, peerid: u32) -> Option<Status> {
        let state = self.states.get(place(peerid)?)?;
        Some(Status::ALL.get(usize::from(state & !DONE)).copied().unwrap_or_default())
    }

    /// Has the peer said that it is done?
    #[must_use]
    pub fn is_done(&self, peerid: u32) -> bool {
        place(peerid).and_then(|place| self.states.get(place)).is_some_and(|state| state & DONE != 0)
    }

    /// The peer's targets, in the order in which they were first reported.
    #[must_use]
    pub fn targets(&self, peerid: u32) -> SmallVec<[Progress; 1]> {
        let Some(place) = place(peerid) else { return SmallVec::new() };
        let numbers = self.targets.get(place);
        let progress = |(order, &target): (usize, &u8)| {
            let (current, goal) = match order {
                0 => (self.current.get(place)?, self.goal.get(place)?),
                _ => *self.further.get(&(peerid, target))?,
            };
            Some(Progress { target, current, goal })
        };
        numbers.iter().enumerate().filter_map(progress).collect()
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
        self.is_known(peerid) && self.places.set(peerid, text)
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

    /// Bytes in memory, about, without what it shares with `other`.
    #[must_use]
    pub fn bytes(&self, other: Option<&Self>) -> usize {
        let members = self.members.iter().enumerate();
        let members = members.map(|(place, bits)| bits.bytes(other.and_then(|other| other.members.get(place))));
        self.states.bytes(other.map(|other| &other.states))
            + self.communities.bytes(other.map(|other| &other.communities))
            + members.sum::<usize>()
            + self.targets.bytes(other.map(|other| &other.targets))
            + self.current.bytes(other.map(|other| &other.current))
            + self.goal.bytes(other.map(|other| &other.goal))
            + self.further.len() * 40
            + self.pids.len() * 16
            + self.labels.len() * 64
    }

    /// Copies made from now on share all that is there now.
    pub(super) fn share(&mut self) {
        self.states.share();
        self.communities.share();
        self.members.iter_mut().for_each(Chunks::share);
        self.targets.share();
        self.current.share();
        self.goal.share();
    }

    /// Makes place for peers up to this number, for runs that peers join unannounced.
    pub fn grow(&mut self, peers: u32) {
        let peers = peers as usize;
        self.states.grow(peers);
        self.communities.grow(peers);
        self.targets.grow(peers);
        self.current.grow(peers);
        self.goal.grow(peers);
        self.members.iter_mut().for_each(|bits| bits.grow(peers / 64 + 1));
    }

    /// The peer calls itself `label`, from now on. Returns whether that is news.
    pub fn set_label(&mut self, peerid: u32, label: &str) -> bool {
        let is_news = self.is_known(peerid) && !self.labels.iter().any(|(known, _)| *known == peerid);
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
        let Some(known) = self.status(peerid) else { return false };
        let undone = matches!(status, Status::Up | Status::Crashed) && self.is_done(peerid);
        let news = known != status || undone;
        if news && let Some(state) = self.state_mut(peerid) {
            *state = status as u8 | if undone { 0 } else { *state & DONE };
            self.done -= u32::from(undone);
        }
        news
    }

    /// The peer froze or goes on; one that does not run stays as it is. Returns whether that is news.
    pub fn set_paused(&mut self, peerid: u32, paused: bool) -> bool {
        let (from, to) = if paused { (Status::Up, Status::Paused) } else { (Status::Paused, Status::Up) };
        let news = self.status(peerid) == Some(from);
        if news && let Some(state) = self.state_mut(peerid) {
            *state = to as u8 | *state & DONE;
        }
        news
    }

    /// The peer said that it is done. Returns whether that is news.
    pub fn set_done(&mut self, peerid: u32) -> bool {
        let news = self.is_known(peerid) && !self.is_done(peerid);
        if news && let Some(state) = self.state_mut(peerid) {
            *state |= DONE;
            self.done += 1;
        }
        news
    }

    /// The peer was seen in this community. Returns whether that is news.
    pub fn join(&mut self, peerid: u32, community: u8) -> bool {
        let joined = place(peerid).is_some_and(|place| self.communities.add(place, community));
        if joined {
            self.note_member(peerid, community);
        }
        joined
    }

    /// Was the peer seen in this community?
    #[must_use]
    pub fn is_member(&self, peerid: u32, community: u8) -> bool {
        let word = self.members.get(usize::from(community)).and_then(|bits| bits.get(peerid as usize / 64));
        word.is_some_and(|word| word >> (peerid % 64) & 1 == 1)
    }

    fn note_member(&mut self, peerid: u32, community: u8) {
        let words = self.states.len() / 64 + 1;
        let community = usize::from(community);
        if self.members.len() <= community {
            self.members.resize_with(community + 1, || Chunks::new(words));
        }
        if let Some(word) = self.members[community].get_mut(peerid as usize / 64) {
            *word |= 1 << (peerid % 64);
        }
    }

    /// The peer is this far. Returns whether that is news.
    pub fn set_progress(&mut self, peerid: u32, progress: Progress) -> bool {
        if !self.is_known(peerid) {
            return false;
        }
        let known = self.targets(peerid).into_iter().find(|known| known.target == progress.target);
        if known == Some(progress) {
            return false;
        }
        self.put_progress(peerid, progress);
        let target = usize::from(progress.target);
        if self.reach.len() <= target {
            self.reach.resize(target + 1, Reach::default());
        }
        let reach = &mut self.reach[target];
        let was_met = known.is_some_and(|known| known.met());
        reach.peers += u32::from(known.is_none());
        reach.met += u32::from(progress.met());
        reach.met -= u32::from(was_met);
        self.met += u64::from(progress.met());
        self.met -= u64::from(was_met);
        true
    }

    fn put_progress(&mut self, peerid: u32, progress: Progress) {
        let Some(place) = place(peerid) else { return };
        let Progress { target, current, goal } = progress;
        self.targets.add(place, target);
        if self.targets.first(place) != Some(target) {
            self.further.insert((peerid, target), (current, goal));
            return;
        }
        for (column, value) in [(&mut self.current, current), (&mut self.goal, goal)] {
            // A goal seldom changes: what stays as it is stays shared.
            if column.get(place) != Some(value)
                && let Some(known) = column.get_mut(place)
            {
                *known = value;
            }
        }
    }

    fn is_known(&self, peerid: u32) -> bool {
        (1..=self.count()).contains(&peerid)
    }

    fn state_mut(&mut self, peerid: u32) -> Option<&mut u8> {
        self.states.get_mut(place(peerid)?)
    }
}

/// Where a peer stands in the columns.
fn place(peerid: u32) -> Option<usize> {
    (peerid as usize).checked_sub(1)
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
