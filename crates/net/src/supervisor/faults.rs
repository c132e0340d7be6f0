//! How the faults of a plan are carried out on real processes.

use rumormill_core::Instant;
use rumormill_core::plan::{DiskFate, Fault, Peers};
use rustix::process::Signal;

use super::conductor::{Condition, Conductor};
use super::timeline::Action;
use crate::control::{Down, Happened};

/// Faults that later processes are told, at most; the oldest of the network's own are forgotten after a heal.
const MAX_PAST: usize = 4_096;

impl Conductor {
    /// Does what the timeline has in store for now.
    pub(super) async fn act(&mut self, action: Action) {
        match action {
            Action::Fault(fault) => self.carry_out(fault, self.clock.now()).await,
            Action::Leave(peerid) => self.crash(peerid),
            Action::Return(peerid, disk) => self.restart(peerid, disk).await,
            Action::Respawn(index) => {
                let mut killed = self.units[index].peers.clone();
                killed.retain(|&peerid| self.peer(peerid).killed);
                self.boot(&killed, DiskFate::Kept).await;
            }
        }
    }

    /// Carries out a fault, of the plan or by hand, now.
    pub(super) async fn carry_out(&mut self, fault: Fault, now: Instant) {
        self.fault(now, fault.name(), fault.to_string());
        match &fault {
            Fault::Crash { peers } => self.resolve(peers).into_iter().for_each(|peerid| self.crash(peerid)),
            Fault::Restart { peers, disk } => {
                for peerid in self.resolve(peers) {
                    if self.peer(peerid).life != Condition::Unborn {
                        self.restart(peerid, *disk).await;
                    }
                }
            }
            Fault::Join { peers } => {
                for peerid in self.resolve(peers) {
                    if self.peer(peerid).life == Condition::Unborn {
                        self.boot(&[peerid], DiskFate::Kept).await;
                    }
                }
            }
            Fault::Pause { peers } => self.resolve(peers).into_iter().for_each(|peerid| self.pause(peerid, true)),
            Fault::Resume { peers } => self.resolve(peers).into_iter().for_each(|peerid| self.pause(peerid, false)),
            Fault::Request { peers, text } => {
                self.resolve(peers).into_iter().for_each(|peerid| self.request(peerid, text.clone()));
            }
            // Refused before it comes here: a process has its parameters from its start to its end.
            Fault::Set { .. } => {}
            _ => self.broadcast(fault),
        }
    }

    fn resolve(&self, peers: &Peers) -> Vec<u32> {
        peers.resolve(self.launchpad.seed, self.launchpad.peers)
    }

    /// A fault that the processes carry out themselves, also those that start later.
    fn broadcast(&mut self, fault: Fault) {
        if fault == Fault::Heal {
            let heals =
                |fault: &Fault| matches!(fault, Fault::Partition { .. } | Fault::Cut { .. } | Fault::Link { .. });
            self.past.retain(|happened| !heals(&happened.fault));
        }
        let happened = Happened { at: self.clock.now(), fault };
        self.units.iter_mut().for_each(|unit| unit.tell_running(&happened));
        if happened.fault != Fault::Heal && self.past.len() < MAX_PAST {
            self.past.push(happened);
        }
    }

    /// Kills a peer, with its process if it has one of its own.
    fn crash(&mut self, peerid: u32) {
        let index = self.peer(peerid).unit;
        if self.peer(peerid).life != Condition::Up {
            return;
        }
        if self.units[index].lone() {
            self.peer_mut(peerid).life = Condition::Dying;
            self.signal(index, Signal::KILL);
        } else {
            self.units[index].tell(Down::Crash { peerid });
            let peer = self.peer_mut(peerid);
            peer.life = Condition::Down;
            peer.paused = false;
            self.crashed(peerid, "dropped within its process");
        }
    }

    /// Boots a crashed peer again, as soon as its process has ended.
    async fn restart(&mut self, peerid: u32, disk: DiskFate) {
        match self.peer(peerid).life {
            Condition::Dying => self.peer_mut(peerid).again = Some(disk),
            Condition::Down => self.boot(&[peerid], disk).await,
            Condition::Up | Condition::Unborn => {}
        }
    }

    /// Freezes a peer or lets it go on.
    fn pause(&mut self, peerid: u32, paused: bool) {
        let index = self.peer(peerid).unit;
        if self.peer(peerid).life != Condition::Up || self.peer(peerid).paused == paused {
            return;
        }
        self.peer_mut(peerid).paused = paused;
        if self.units[index].lone() {
            self.signal(index, if paused { Signal::STOP } else { Signal::CONT });
        } else {
            self.units[index].tell(Down::Pause { peerid, paused });
        }
    }
}

impl super::conductor::Unit {
    /// Tells a process that has heard of the past; the others will hear of all of it.
    fn tell_running(&mut self, happened: &Happened) {
        if self.ready {
            self.tell(Down::Fault(happened.clone()));
        }
    }
}
