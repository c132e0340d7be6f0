//! The one task that knows the state of a run: who is up, what happens next, and when it is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rumormill_core::plan::DiskFate;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, Outcome, PeerId};
use rustix::process::Signal;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout_at};

use super::child::{Exit, Nursery, Running};
use super::control::{Life, News, Switchboard};
use super::folder::PeersFolder;
use super::tally::Tally;
use super::timeline::{self, Action};
use super::{Board, Launchpad, NetReport, Order, StartError, lock, seats};
use crate::assignment::{AssignedSeat, Assignment, ControlAddress, TrackerAddress};
use crate::clock::{RunClock, monotonic_ns};
use crate::control::{Down, Happened};
use crate::members::{Members, Trust};
use crate::scribe::closing_event;
use crate::tracker::Tracker;
use crate::waiting::Waiting;
use crate::{Identity, IdentityError, PeerKey};

/// News that waits for the conductor, at most; processes wait then.
const MAX_NEWS: usize = 1_024;

/// Commands that a process that starts will get, at most.
const MAX_BACKLOG: usize = 1_024;

/// How long after somebody killed a process it is started again.
pub(super) const RESPAWN: Duration = Duration::from_secs(1);

/// How many times that is done with one process.
const MAX_RESPAWNS: u32 = 10;

/// Lives of one peer, at most: their events' ids have room for no more.
const MAX_LIVES: u32 = 1_000;

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
    switchboard: Switchboard,
    control: std::net::SocketAddr,
    keys: Vec<PeerKey>,
    tracker: (Tracker, TrackerAddress),
    nursery: Nursery,
    news: mpsc::Receiver<(Life, News)>,
    orders: mpsc::Receiver<Order>,
    events: u64,
    /// Guardians and the control server; dropping it kills every process.
    tasks: JoinSet<()>,
}

/// A process, or the place of one.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub peers: Vec<u32>,
    pub generation: u32,
    pub running: Option<Running>,
    /// Where commands go, once it has connected.
    commands: Option<mpsc::Sender<Down>>,
    /// Its peers can boot, or have booted.
    pub ready: bool,
    backlog: Vec<Down>,
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
    /// Starts all processes and returns when all peers have met and the run's clock runs.
    pub async fn start(
        launchpad: Launchpad,
        board: Arc<Board>,
        orders: mpsc::Receiver<Order>,
        events: mpsc::Sender<Vec<Event>>,
    ) -> Result<Self, StartError> {
        let seats = seats::assign(&launchpad)?;
        let folder = PeersFolder::create(launchpad.folder.as_deref())?;
        let keys = folder.keys(launchpad.peers)?;
        let tracker = tracker(&launchpad, &keys)?;
        let nursery = Nursery::open().map_err(StartError::Thread)?;
        let listen = launchpad.listen;
        let bind = |source| StartError::Bind { listen, source };
        let listener = TcpListener::bind((listen, 0)).await.map_err(bind)?;
        let control = listener.local_addr().map_err(bind)?;
        let mut token = [0; 32];
        getrandom::fill(&mut token).map_err(IdentityError::Randomness)?;
        let (tell, news) = mpsc::channel(MAX_NEWS);
        let switchboard = Switchboard { token, news: tell, events, board: Arc::clone(&board) };
        let mut tasks = JoinSet::new();
        tasks.spawn(switchboard.clone().serve(listener));

        let (seed, peers) = (launchpad.seed, launchpad.peers);
        let mut conductor = Self {
            peers: states(&seats, &timeline::joiners(&launchpad.plan, seed, peers), peers),
            units: seats.into_iter().map(|peers| Unit { peers, ..Unit::default() }).collect(),
            tally: Tally::new(peers),
            timeline: timeline::of(&launchpad.plan, seed, peers),
            clock: RunClock::new(0),
            start_ns: 0,
            past: Vec::new(),
            failure: None,
            events: 0,
            launchpad,
            board,
            folder,
            switchboard,
            control,
            keys,
            tracker,
            nursery,
            news,
            orders,
            tasks,
        };
        conductor.gather().await?;
        Ok(conductor)
    }

    /// Starts the processes of all peers that boot at the start, and the run when all are ready.
    async fn gather(&mut self) -> Result<(), StartError> {
        let patience = Duration::from_secs(15) + Duration::from_millis(200) * self.launchpad.peers.min(1_000);
        let deadline = tokio::time::Instant::now() + patience;
        for unit in 0..self.units.len() {
            if self.units[unit].peers.iter().any(|&peerid| self.peer(peerid).life == Condition::Up) {
                let spawned = self.spawn(unit).await;
                let binary = self.launchpad.binary.clone();
                spawned.map_err(|source| StartError::Spawn { binary, source })?;
            }
        }
        while let Some(waiting) = self.units.iter().position(|unit| unit.running.is_some() && !unit.ready) {
            let heard = tokio::select! {
                heard = timeout_at(deadline, self.news.recv()) => heard,
                order = self.orders.recv() => match order {
                    Some(Order::Stop) | None => return Err(StartError::Stopped),
                    Some(_) => continue,
                },
            };
            match heard {
                Ok(Some((life, news))) => self.greet(life, news)?,
                Ok(None) | Err(_) => {
                    let ready = self.units.iter().filter(|unit| unit.ready).count();
                    let processes = self.units.iter().filter(|unit| unit.running.is_some()).count();
                    tracing::debug!(unit = waiting, "still waiting");
                    return Err(StartError::Slow { ready, processes, seconds: patience.as_secs() });
                }
            }
        }
        self.start_ns = monotonic_ns();
        self.clock = RunClock::new(self.start_ns);
        for unit in 0..self.units.len() {
            self.go(unit);
        }
        Ok(())
    }

    /// News before the run has begun.
    fn greet(&mut self, life: Life, news: News) -> Result<(), StartError> {
        let Some(unit) = self.units.get_mut(life.unit as usize) else { return Ok(()) };
        match news {
            News::Connected(commands) => unit.commands = Some(commands),
            News::Ready => unit.ready = true,
            News::Exited(Exit { how, stderr, .. }) => {
                let peers = named(&unit.peers);
                return Err(StartError::Died { peers, how, stderr });
            }
            News::Status(_) | News::Failed { .. } => {}
        }
        Ok(())
    }

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
                    Some(Order::Inject(fault)) => self.carry_out(fault).await,
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
                }
            }
        };
        let wall = self.clock.now();
        self.finish().await;
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
        if unit.generation != life.generation {
            return;
        }
        match news {
            News::Connected(commands) => unit.commands = Some(commands),
            News::Ready => {
                unit.ready = true;
                self.go(index);
            }
            News::Status(statuses) => statuses.into_iter().for_each(|status| self.tally.update(status)),
            News::Failed { peerid, error } => self.failure = Some(format!("peer {peerid}: {error}")),
            News::Exited(exit) => self.exited(index, exit).await,
        }
    }

    /// Tells a process that the run has begun, and what it has missed since.
    fn go(&mut self, index: usize) {
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

    fn request(&mut self, peerid: u32, text: String) {
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

    /// A process has ended: as planned, or because somebody killed it, or because it failed.
    async fn exited(&mut self, index: usize, exit: Exit) {
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

    fn forget_process(&mut self, index: usize) {
        let unit = &mut self.units[index];
        if let Some(running) = unit.running.take() {
            lock(&self.board.processes).retain(|(pid, _)| *pid != running.pid);
        }
        unit.commands = None;
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
    pub(super) fn fault(&mut self, name: &'static str, text: String) {
        self.events += 1;
        let mut event = Event::new(EventId::new(0, self.events), self.clock.now(), PeerId(0), Kind::Fault);
        event.name = name.into();
        event.text = text;
        self.trace(event);
    }

    fn trace(&self, event: Event) {
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
            while self.units.iter().any(|unit| unit.running.is_some()) {
                let Ok(Some((life, news))) = timeout_at(deadline, self.news.recv()).await else { break };
                match news {
                    News::Exited(_) => self.forget_process(life.unit as usize),
                    News::Status(statuses) => statuses.into_iter().for_each(|status| self.tally.update(status)),
                    _ => {}
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

/// The tracker of a run whose peers have these keys.
fn tracker(launchpad: &Launchpad, keys: &[PeerKey]) -> Result<(Tracker, TrackerAddress), StartError> {
    let identity = Identity::random()?;
    let trust = Trust::Members { members: Arc::new(Members::new(keys.to_vec())), tracker: identity.key() };
    let tracker = Tracker::start(&identity, &trust, launchpad.listen)?;
    let listen = launchpad.listen;
    let address = tracker.address().map_err(|source| StartError::Bind { listen, source })?;
    Ok((tracker, TrackerAddress { address, key: identity.key() }))
}

fn states(seats: &[Vec<u32>], joiners: &[u32], peers: u32) -> Vec<PeerState> {
    let mut units = vec![0; peers as usize];
    for (unit, seated) in seats.iter().enumerate() {
        seated.iter().for_each(|&peerid| units[peerid as usize - 1] = unit);
    }
    let state = |(unit, peerid): (usize, u32)| {
        let unborn = joiners.binary_search(&peerid).is_ok();
        let life = if unborn { Condition::Unborn } else { Condition::Up };
        PeerState { unit, incarnation: 0, life, paused: false, again: None, killed: false }
    };
    units.into_iter().zip(1..).map(state).collect()
}

/// Peers for a person to read.
fn named(peers: &[u32]) -> String {
    match peers {
        [one] => format!("peer {one}"),
        [first, .., last] => format!("{} peers from {first} to {last}", peers.len()),
        [] => "no peer".into(),
    }
}
