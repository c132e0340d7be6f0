//! A few members that talk to each other by hand.

mod codec;
mod disks;
mod elections;
mod logs;
mod membership;

use std::collections::{BTreeSet, VecDeque};

use rumormill_core::testing::{Effect, EffectOf, TestPeer};

use super::*;

const TIMEOUT: Duration = Duration::from_millis(100);

/// Members that talk to each other. Nothing moves but by [`Group::deliver`].
struct Group {
    peers: Vec<TestPeer<Raft<u64>>>,
    mail: VecDeque<(u64, u64, Message<u64>)>,
    /// What was reported, and by whom.
    heard: Vec<(u64, Indication<u64>)>,
    /// Who neither sends nor receives.
    cut: BTreeSet<u64>,
}

fn member(peer: u64, incarnation: u32) -> Member {
    Member { peer: PeerId(peer), incarnation }
}

impl Group {
    /// So many peers that have booted.
    fn new(count: u64) -> Self {
        let peers = (1..=count).map(|peer| {
            let others: Vec<PeerId> = (1..=count).filter(|&other| other != peer).map(PeerId).collect();
            TestPeer::new(Raft::default(), Config::new(TIMEOUT), PeerId(peer), &others)
        });
        let mut group = Self { peers: peers.collect(), mail: VecDeque::new(), heard: Vec::new(), cut: BTreeSet::new() };
        (1..=count).for_each(|peer| group.boot(peer));
        group
    }

    /// So many founders.
    fn founded(count: u64) -> Self {
        let mut group = Self::new(count);
        for peer in 1..=count {
            group.ask(peer, Request::Found { members: (1..=count).map(PeerId).collect() });
        }
        group
    }

    /// So many founders, led by the first.
    fn led(count: u64) -> Self {
        let mut group = Self::founded(count);
        group.elect(1);
        assert_eq!(group.raft(1).role(), Role::Leader);
        group
    }

    fn peer(&mut self, peer: u64) -> &mut TestPeer<Raft<u64>> {
        &mut self.peers[peer as usize - 1]
    }

    fn raft(&self, peer: u64) -> &Raft<u64> {
        &self.peers[peer as usize - 1].state
    }

    fn boot(&mut self, peer: u64) {
        self.peer(peer).state = Raft::default();
        let effects = self.peer(peer).start();
        self.take(peer, effects);
    }

    fn ask(&mut self, peer: u64, request: Request<u64>) {
        let effects = self.peer(peer).request(request);
        self.take(peer, effects);
    }

    fn timer(&mut self, peer: u64, timer: Timer) {
        let effects = self.peer(peer).timer(timer);
        self.take(peer, effects);
    }

    fn say(&mut self, from: u64, to: u64, message: Message<u64>) {
        let effects = self.peer(to).message(PeerId(from), message);
        self.take(to, effects);
    }

    fn take(&mut self, peer: u64, effects: Vec<EffectOf<Raft<u64>>>) {
        for effect in effects {
            match effect {
                Effect::Send { to, message } => self.mail.push_back((peer, to.0, message)),
                Effect::Indicate(indication) => self.heard.push((peer, indication)),
                _ => {}
            }
        }
    }

    /// Everything that was sent arrives, and what follows from it.
    fn deliver(&mut self) {
        while let Some((from, to, message)) = self.mail.pop_front() {
            let exists = to as usize <= self.peers.len();
            if exists && !self.cut.contains(&from) && !self.cut.contains(&to) {
                self.say(from, to, message);
            }
        }
    }

    fn wait(&mut self, span: Duration) {
        self.peers.iter_mut().for_each(|peer| peer.now = peer.now + span);
    }

    /// Waits until nobody has patience any more, and lets this one ask for votes.
    fn elect(&mut self, peer: u64) {
        self.wait(TIMEOUT * 2);
        self.timer(peer, Timer::Patience);
        self.deliver();
    }

    fn beat(&mut self, leader: u64) {
        let term = self.raft(leader).term();
        self.timer(leader, Timer::Beat(term));
        self.deliver();
    }

    fn propose(&mut self, leader: u64, commands: impl IntoIterator<Item = u64>) {
        commands.into_iter().for_each(|command| self.ask(leader, Request::Propose(command)));
        self.deliver();
    }

    /// The commands that a peer has reported as committed, with their places.
    fn committed(&self, peer: u64) -> Vec<(u64, u64)> {
        let committed = self.heard.iter().filter_map(|(by, indication)| match indication {
            Indication::Committed { index, command } if *by == peer => Some((*index, *command)),
            _ => None,
        });
        committed.collect()
    }

    /// What a peer has reported since this was last called; everybody's reports are forgotten.
    fn reports(&mut self, peer: u64) -> Vec<Indication<u64>> {
        let heard = std::mem::take(&mut self.heard);
        heard.into_iter().filter(|(by, _)| *by == peer).map(|(_, indication)| indication).collect()
    }
}
