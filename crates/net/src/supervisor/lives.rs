//! How peers' lives begin and end while the run goes on.

use std::time::Duration;

use rumormill_core::plan::DiskFate;

use super::child::Exit;
use super::conductor::{Condition, Conductor, named};
use super::lock;
use super::timeline::Action;
use crate::control::Down;

/// How long after somebody killed a process it is started again.
const RESPAWN: Duration = Duration::from_secs(1);

/// How many times that is done with one process.
const MAX_RESPAWNS: u32 = 10;

/// Lives of one peer, at most: their events' ids have room for no more.
const MAX_LIVES: u32 = 1_000;

impl Conductor {
    /// A process has ended: as planned, or because somebody killed it, or because it failed.
    pub(super) async fn exited(&mut self, index: usize, exit: Exit) {
        self.forget_process(index);
        let peers = self.units[index].peers.clone();
        let mut surprised = Vec::new();
        let mut again = Vec::new();
        for &peerid in &peers {
            let peer = self.peer_mut(peerid);
            peer.paused = false;
            match peer.life {
                Condition::Up => surprised.push(peerid),
                Condition::Dying => again.extend(peer.again.take().map(|fate| (peerid, fate))),
                Condition::Unborn | Condition::Down => continue,
            }
            peer.life = Condition::Down;
            self.crashed(peerid, &exit.how);
        }
        for (peerid, fate) in again {
            self.boot(&[peerid], fate).await;
        }
        if !surprised.is_empty() {
            self.surprise(index, &surprised, &exit);
        }
    }

    /// A process has ended that the plan did not end.
    fn surprise(&mut self, index: usize, peers: &[u32], exit: &Exit) {
        let unit = &mut self.units[index];
        if !exit.signalled {
            let words = super::last_words(&exit.stderr);
            self.failure = Some(format!("the process of {} ended ({}){words}", named(peers), exit.how));
        } else if self.launchpad.restart_killed && unit.respawns < MAX_RESPAWNS {
            unit.respawns += 1;
            let refused = self.timeline.push(self.clock.now() + RESPAWN, Action::Respawn(index));
            debug_assert!(refused.is_none(), "the timeline has room for every process");
            peers.iter().for_each(|&peerid| self.peer_mut(peerid).killed = true);
        }
    }

    pub(super) fn forget_process(&mut self, index: usize) {
        let unit = &mut self.units[index];
        if let Some(running) = unit.running.take() {
            lock(&self.board.processes).retain(|(pid, _)| *pid != running.pid);
        }
        unit.commands = None;
        unit.connected = false;
        unit.exit = None;
        unit.ready = false;
        unit.backlog.clear();
        unit.generation += 1;
    }

    /// Boots peers of one process that are down, or boot for the first time.
    pub(super) async fn boot(&mut self, peers: &[u32], fate: DiskFate) {
        let mut booted = Vec::new();
        for &peerid in peers {
            let wiped = if fate == DiskFate::Lost { self.folder.wipe(peerid) } else { Ok(()) };
            if let Err(error) = wiped {
                self.failure = Some(format!("cannot empty the disk of peer {peerid}: {error}"));
                return;
            }
            let peer = self.peer_mut(peerid);
            match peer.life {
                Condition::Up | Condition::Dying => continue,
                Condition::Down if peer.incarnation + 1 >= MAX_LIVES => continue,
                Condition::Down => peer.incarnation += 1,
                Condition::Unborn => {}
            }
            peer.life = Condition::Up;
            peer.killed = false;
            let incarnation = peer.incarnation;
            self.tally.begin(peerid, incarnation);
            booted.push((peerid, incarnation));
        }
        let Some(&(first, _)) = booted.first() else { return };
        let index = self.peer(first).unit;
        if self.units[index].running.is_some() {
            for (peerid, incarnation) in booted {
                self.units[index].tell(Down::Boot { peerid, incarnation });
            }
        } else if let Err(error) = self.spawn(index).await {
            let binary = self.launchpad.binary.display();
            self.failure = Some(format!("cannot start {binary} again for peer {first}: {error}"));
        }
    }
}
