//! The one task that knows the state of a run: who is up, what happens next, and when it is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rumormill_core::plan::DiskFate;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, Outcome, PeerId};
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout_at};

use super::child::{Exit, Nursery, Running};
use super::control::{Life, News, Switchboard};
use super::folder::PeersFolder;
use super::meter::Meter;
use super::tally::Tally;
use super::timeline::Action;
use super::{Board, Launchpad, NetReport, Order, lock};
use crate::PeerKey;
use crate::assignment::{AssignedSeat, Assignment, ControlAddress, TrackerAddress};
use crate::clock::RunClock;
use crate::control::{Down, Happened};
use crate::scribe::closing_event;
use crate::tracker::Tracker;
use crate::waiting::Waiting;

/// Commands that a process that starts will get, at most.
const MAX_BACKLOG: usize = 1_024;

/// How long the processes have to end in good order before they are killed.
const LEAVING: Duration = Duration::from_secs(2);

/// How often the board is brought up to date.
const REFRESH: Duration = Duration::from_millis(100);

/// A run.
pub(super) struct Conductor {
    pub(super) launchpad: Launchpad,
    pub(super) board: Arc<Board>,
    pub(super) units: Vec<Unit>,
    /// Peer 1 first.
    pub(super) peers: Vec<PeerState>,
    pub(super) tally: Tally,
    pub(super) timeline: Waiting<Action>,
    pub(super) clock: RunClock,
    pub(super) start_ns: u64,
    /// What the processes that start later have to be told.
    pub(super) past: Vec<Happened>,
    pub(super) folder: PeersFolder,
    pub(super) failure: Option<String>,
    pub(super) switchboard: Switchboard,
    pub(super) control: std::net::SocketAddr,
    pub(super) keys: Vec<PeerKey>,
    pub(super) tracker: (Tracker, TrackerAddress),
    pub(super) nursery: Nursery,
    pub(super) news: mpsc::Receiver<(Life, News)>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) events: u64,
    pub(super) meter: Meter,
    /// Processes that may still have something to say.
    pub(super) connections: usize,
    /// Guardians and the control server; dropping it kills every process.
    pub(super) tasks: JoinSet<()>,
}

/// A process, or the place of one.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub peers: Vec<u32>,
    pub generation: u32,
    pub running: Option<Running>,
    /// Where commands go, once it has connected.
    pub commands: Option<mpsc::Sender<Down>>,
    /// It may still have something to say.
    pub connected: bool,
    /// How it ended, while it is not known what it had to say until then.
    pub exit: Option<Exit>,
    /// Its peers can boot, or have booted.
    pub ready: bool,
    pub backlog: Vec<Down>,
    pub respawns: u32,
}

/// What is known of a peer.
#[derive(Debug)]
pub(super) struct PeerState {
    pub unit: usize,
    pub incarnation: u32,
    pub life: Condition,
    pub paused: bool,
    /// It is to boot again as soon as it has ended.
    pub again: Option<DiskFate>,
    /// Somebody killed its process: it boots again when that is started again.
    pub killed: bool,
}

/// Whether a peer lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It has never booted.
    Unborn,
    /// It boots or has booted.
    Up,
    /// Its process has been killed but has not ended yet.
    Dying,
    /// It crashed.
    Down,
}

impl Conductor {
    /// Conducts the run to its end. No process is left then.
    pub async fn run(mut self) -> NetReport {
        let mut refresh = interval(REFRESH);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let limit = Instant::ZERO + self.launchpad.time_limit;
        let (outcome, error) = loop {
            if let Some(verdict) = self.verdict(limit) {
                break verdict;
            }
            let next = self.timeline.next().map_or(limit, |next| next.min(limit));
            let alarm = sleep_until(self.clock.deadline(next));
            tokio::select! {
                Some((life, news)) = self.news.recv() => self.hear(life, news).await,
                order = self.orders.recv() => match order {
                    Some(Order::Inject(fault, answer)) => {
                        // Told before it is carried out: whoever asked knows of it before its events come.
                        let now = self.clock.now();
                        let _ = answer.send(now);
                        self.carry_out(fault, now).await;
                    }
                    Some(Order::Request { peerid, text }) => self.request(peerid, text),
                    Some(Order::Stop) | None => break (Outcome::Stopped, None),
                },
                () = alarm => {
                    while let Some(action) = self.timeline.due(self.clock.now()) {
                        self.act(action).await;
                    }
                }
                _ = refresh.tick() => {
                    while self.tasks.try_join_next().is_some() {}
                    self.refresh(None, None);
                    self.measure();
                }
            }
        };
        let wall = self.clock.now();
        self.finish().await;
        tracing::debug!(took = ?self.clock.now().since(wall), "all processes have ended");
        self.refresh(Some(outcome), error);
        let mut report = lock(&self.board.report).clone();
        report.wall = wall.since(Instant::ZERO);
        report
    }

    /// Is the run over, and how?
    fn verdict(&self, limit: Instant) -> Option<(Outcome, Option<String>)> {
        if let Some(failure) = &self.failure {
            return Some((Outcome::Failed, Some(failure.clone())));
        }
        if self.clock.now() >= limit {
            let asked_for = self.launchpad.until_time_limit;
            return Some((if asked_for { Outcome::Completed } else { Outcome::TimeLimit }, None));
        }
        let mut someone = false;
        for peerid in 1..=self.launchpad.peers {
            match self.peer(peerid).life {
                Condition::Up if !self.launchpad.until_time_limit && self.tally.complete(peerid) => someone = true,
                Condition::Down if self.gone_for_good(peerid) => {}
                _ => return None,
            }
        }
        if someone {
            Some((Outcome::Completed, None))
        } else {
            Some((Outcome::Failed, Some("all peers are gone, and none of them will return".into())))
        }
    }

    fn gone_for_good(&self, peerid: u32) -> bool {
        let (seed, peers) = (self.launchpad.seed, self.launchpad.peers);
        !self.peer(peerid).killed && !self.timeline.iter().any(|action| action.boots(peerid, seed, peers))
    }

    async fn hear(&mut self, life: Life, news: News) {
        let index = life.unit as usize;
        let Some(unit) = self.units.get_mut(index) else { return };
        let present = unit.generation == life.generation;
        match news {
            // What a process that was killed has said before is as true as ever.
            News::Status(statuses) => statuses.into_iter().for_each(|status| self.tally.update(status)),
            News::Closed => {
                self.connections = self.connections.saturating_sub(1);
                if present {
                    unit.connected = false;
                    if let Some(exit) = unit.exit.take() {
                        self.exited(index, exit).await;
                    }
                }
            }
            News::Connected(commands) => {
                self.connections += 1;
                if present {
                    unit.commands = Some(commands);
                    unit.connected = true;
                }
            }
            _ if !present => {}
            News::Ready => {
                unit.ready = true;
                self.go(index);
            }
            News::Failed { peerid, error } => self.failure = Some(format!("peer {peerid}: {error}")),
            // Its last words are still on their way: what it traced comes before its crash.
            News::Exited(exit) if unit.connected => unit.exit = Some(exit),
            News::Exited(exit) => self.exited(index, exit).await,
        }
    }

    /// Tells a process that the run has begun, and what it has missed since.
    pub(super) fn go(&mut self, index: usize) {
        let (start_ns, past) = (self.start_ns, self.past.clone());
        let unit = &mut self.units[index];
        let missed = std::mem::take(&mut unit.backlog);
        if unit.ready {
            unit.tell(Down::Go { start_ns, past });
            missed.into_iter().for_each(|command| unit.tell(command));
        }
    }

    pub(super) fn peer(&self, peerid: u32) -> &PeerState {
        &self.peers[peerid as usize - 1]
    }

    pub(super) fn peer_mut(&mut self, peerid: u32) -> &mut PeerState {
        &mut self.peers[peerid as usize - 1]
    }

    pub(super) fn request(&mut self, peerid: u32, text: String) {
        if (1..=self.launchpad.peers).contains(&peerid) {
            let unit = self.peer(peerid).unit;
            self.units[unit].tell(Down::Request { peerid, text });
        }
    }

    /// Starts the process of a unit, with those of its peers that are up.
    pub(super) async fn spawn(&mut self, index: usize) -> std::io::Result<()> {
        let assignment = self.assignment(index);
        let started = self.nursery.start(&self.launchpad.binary, &self.launchpad.args, assignment.to_bytes()).await;
        let (running, guard) = started?;
        let unit = &mut self.units[index];
        lock(&self.board.processes).push((running.pid, unit.peers.clone()));
        lock(&self.board.report).pids.push(running.pid);
        unit.running = Some(running);
        let life = Life { unit: index as u32, generation: unit.generation };
        let tell = self.switchboard.news.clone();
        self.tasks.spawn(async move {
            let exit = guard.await;
            let _ = tell.send((life, News::Exited(exit))).await;
        });
        Ok(())
    }

    fn assignment(&self, index: usize) -> Assignment {
        let unit = &self.units[index];
        let up = unit.peers.iter().filter(|&&peerid| self.peer(peerid).life == Condition::Up);
        let seats = up.map(|&peerid| AssignedSeat {
            peerid,
            incarnation: self.peer(peerid).incarnation,
            folder: self.folder.of(peerid),
        });
        Assignment {
            protocol: self.launchpad.protocol.clone(),
            parameters: self.launchpad.parameters.clone(),
            seed: self.launchpad.seed,
            topology: self.launchpad.topology,
            network: self.launchpad.plan.network.clone(),
            members: self.keys.clone(),
            seats: seats.collect(),
            listen: self.launchpad.listen,
            tracker: self.tracker.1.clone(),
            control: ControlAddress {
                address: self.control,
                token: self.switchboard.token,
                unit: index as u32,
                generation: unit.generation,
            },
            recording: self.launchpad.recording,
            parent: std::process::id(),
        }
    }

    /// Sends a signal to the process of a unit.
    pub(super) fn signal(&self, index: usize, signal: Signal) {
        if let Some(running) = &self.units[index].running {
            let _ = running.signals.try_send(signal);
        }
    }

    /// Traces that a peer crashed.
    pub(super) fn crashed(&mut self, peerid: u32, how: &str) {
        let id = closing_event(peerid, self.peer(peerid).incarnation);
        let mut event = Event::new(id, self.clock.now(), PeerId(peerid.into()), Kind::Crashed);
        event.text = how.to_string();
        self.trace(event);
    }

    /// Traces something of the network as a whole.
    pub(super) fn fault(&mut self, at: Instant, name: &'static str, text: String) {
        self.events += 1;
        let mut event = Event::new(EventId::new(0, self.events), at, PeerId(0), Kind::Fault);
        event.name = name.into();
        event.text = text;
        self.trace(event);
    }

    pub(super) fn trace(&self, event: Event) {
        if self.launchpad.recording {
            self.switchboard.trace(vec![event], 0);
        }
    }

    /// Brings the board up to date.
    fn refresh(&self, outcome: Option<Outcome>, error: Option<String>) {
        let mut report = lock(&self.board.report);
        self.tally.fill(&mut report);
        report.wall = self.clock.now().since(Instant::ZERO);
        report.trace_dropped = self.board.trace_dropped.load(Ordering::Relaxed);
        report.up = self.peers.iter().filter(|peer| peer.life == Condition::Up).count() as u32;
        report.restarts = self.units.iter().map(|unit| unit.respawns).sum();
        (report.outcome, report.error) = (outcome, error);
    }

    /// Ends all processes: in good order, and after [`LEAVING`] by force.
    async fn finish(&mut self) {
        for index in 0..self.units.len() {
            self.signal(index, Signal::CONT);
            let unit = &mut self.units[index];
            if unit.ready {
                unit.tell(Down::Stop);
            } else {
                self.signal(index, Signal::KILL);
            }
        }
        for patience in [LEAVING, LEAVING] {
            let deadline = tokio::time::Instant::now() + patience;
            while self.connections > 0 || self.units.iter().any(|unit| unit.running.is_some()) {
                let Ok(Some((life, news))) = timeout_at(deadline, self.news.recv()).await else { break };
                match news {
                    News::Exited(_) => self.forget_process(life.unit as usize),
                    News::Status(statuses) => statuses.into_iter().for_each(|status| self.tally.update(status)),
                    News::Connected(_) => self.connections += 1,
                    News::Closed => self.connections = self.connections.saturating_sub(1),
                    News::Ready | News::Failed { .. } => {}
                }
            }
            (0..self.units.len()).for_each(|index| self.signal(index, Signal::KILL));
        }
        self.tasks.shutdown().await;
    }
}

impl Unit {
    /// Sends a command, or keeps it until the process is ready.
    pub fn tell(&mut self, command: Down) {
        match &self.commands {
            Some(commands) if self.ready => drop(commands.try_send(command)),
            _ if self.running.is_some() && self.backlog.len() < MAX_BACKLOG => self.backlog.push(command),
            _ => {}
        }
    }

    /// Does one peer have the process for itself?
    pub fn lone(&self) -> bool {
        self.peers.len() == 1
    }
}

/// Peers for a person to read.
pub(super) fn named(peers: &[u32]) -> String {
    match peers {
        [one] => format!("peer {one}"),
        [first, .., last] => format!("{} peers from {first} to {last}", peers.len()),
        [] => "no peer".into(),
    }
}
