//! How a run comes about: keys, tracker, processes, and a start for all at once.

use std::sync::Arc;
use std::time::Duration;

use rumormill_core::trace::Event;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::child::{Exit, Nursery};
use super::conductor::{Condition, Conductor, PeerState, Unit, named};
use super::control::{Life, News, Switchboard};
use super::folder::PeersFolder;
use super::tally::Tally;
use super::{Board, Launchpad, Order, StartError, seats, timeline};
use crate::assignment::TrackerAddress;
use crate::clock::{RunClock, monotonic_ns};
use crate::members::{Members, Trust};
use crate::tracker::Tracker;
use crate::{Identity, IdentityError, PeerKey};

/// News that waits for the conductor, at most; processes wait then.
const MAX_NEWS: usize = 1_024;

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
            meter: super::meter::Meter::default(),
            connections: 0,
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
            News::Connected(commands) => {
                self.connections += 1;
                unit.commands = Some(commands);
                unit.connected = true;
            }
            News::Ready => unit.ready = true,
            News::Exited(Exit { how, stderr, .. }) => {
                let peers = named(&unit.peers);
                return Err(StartError::Died { peers, how, stderr });
            }
            News::Failed { .. } | News::Closed | News::Status(_) => {}
        }
        Ok(())
    }
}

/// The tracker of a run whose peers have these keys.
fn tracker(launchpad: &Launchpad, keys: &[PeerKey]) -> Result<(Tracker, TrackerAddress), StartError> {
    let identity = Identity::random()?;
    let trust = Trust::Members { members: Arc::new(Members::new(keys.to_vec())), tracker: Some(identity.key()) };
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
