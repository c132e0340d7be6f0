//! One real peer: a protocol driven by sockets, timers and a disk.

mod activation;
mod carry;
mod driver;
mod host;
mod track;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::Fault;
use rumormill_core::{Instant, Launch, PeerId, Protocol, Seat, Wire as _};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::assignment::{AssignedSeat, Assignment};
use crate::book::{AddressBook, Contact};
use crate::clock::{Face, RunClock, Skew};
use crate::disk::{CACHE_BYTES, Disk, DiskError};
use crate::frame::{Hello, protocol_id};
use crate::link::{LinkError, Links, MAX_INBOX, Setup};
use crate::members::{Members, Trust};
use crate::node::NodeStatus;
use crate::queue::Queue;
use crate::record::Notary;
use crate::scribe::{Outbox, Scribe};
use crate::weather::Weather;
use crate::{Identity, IdentityError, PeerKey, PeerRecord};

use driver::Driver;

/// Commands that wait for one peer, at most. They are few: faults, a person's requests, members.
const MAX_COMMANDS: usize = 256;

/// What the peers of a process share while they run.
pub(crate) struct World<P: Launch> {
    /// Of the random numbers of all its peers.
    pub seed: u64,
    pub config: P::Config,
    pub members: Arc<Members>,
    /// The network that the link layer makes; without, it is as it is.
    pub weather: Option<Rc<RefCell<Weather>>>,
    pub outbox: Rc<RefCell<Outbox>>,
    /// Dials that may be under way at once.
    pub dials: Arc<Semaphore>,
}

/// What all peers of a run's process share.
pub(crate) struct Shared<P: Launch> {
    pub assignment: Assignment,
    pub world: Rc<World<P>>,
    pub weather: Rc<RefCell<Weather>>,
    pub notary: Rc<Notary>,
    /// Peers that may be meeting the tracker at once.
    pub meetings: Semaphore,
}

/// What a process tells one of its peers.
#[derive(Debug)]
pub(crate) enum Command {
    /// The run is under way: boot.
    Go { clock: RunClock },
    /// From now on every message and timer takes `by` longer.
    Slow { by: Duration },
    /// The clock jumps and drifts.
    Clock { skew: Skew },
    /// Freeze, or go on.
    Pause(bool),
    /// A person's request.
    Request(String),
    /// A new member, or one that moved; answered when it holds.
    Admit { number: u32, contact: Contact, answer: oneshot::Sender<()> },
    /// A member less; answered, with whether it was one, when it holds.
    Expel { key: PeerKey, answer: oneshot::Sender<bool> },
    /// How is it?
    Status { answer: oneshot::Sender<NodeStatus> },
    /// Stop in good order.
    Stop,
}

/// Why a peer cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerFailure {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("this folder's key is not that of peer {peerid} of the run")]
    OtherKey { peerid: u32 },
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("no local address: {0}")]
    Address(std::io::Error),
}

/// A peer that is ready and waits for [`Command::Go`].
pub(crate) struct Peer<P: Launch> {
    driver: Driver<P>,
}

/// A peer's ends of channels.
#[derive(Clone)]
pub(crate) struct Handle {
    pub commands: mpsc::Sender<Command>,
    pub links: Links,
}

/// The layer above a peer: where requests come from and indications go.
pub(crate) struct Desk<P: Protocol> {
    pub requests: mpsc::Receiver<P::Request>,
    pub indications: mpsc::Sender<P::Indication>,
}

/// What a peer starts with, in a run or by itself.
pub(crate) struct Outfit<P: Launch> {
    pub world: Rc<World<P>>,
    pub identity: Identity,
    pub seat: Seat,
    /// How many times it has booted before; of a node, only that it grows.
    pub incarnation: u64,
    pub disk: Disk,
    pub hello: Hello,
    pub trust: Trust,
    pub book: AddressBook,
    pub listen: SocketAddr,
    pub neighbors: Vec<PeerId>,
    pub face: Face,
    pub desk: Option<Desk<P>>,
}

impl<P: Launch + 'static> Peer<P> {
    /// Opens the folder and the socket of a run's peer and meets the tracker.
    pub async fn prepare(shared: Rc<Shared<P>>, seat: &AssignedSeat) -> Result<(Self, Handle), PeerFailure> {
        let (world, tracker) = (&shared.world, &shared.assignment.tracker);
        let identity = Identity::load_or_create(&seat.folder)?;
        if world.members.number(identity.id()) != Some(seat.peerid) {
            return Err(PeerFailure::OtherKey { peerid: seat.peerid });
        }
        let sequence = u64::from(seat.incarnation) + 1;
        let book = AddressBook::default();
        let (peer, handle) = Self::assemble(Outfit {
            world: Rc::clone(world),
            identity: identity.clone(),
            seat: Seat { peerid: seat.peerid, peers: world.members.count() },
            incarnation: seat.incarnation.into(),
            disk: open_disk(&seat.folder, CACHE_BYTES).await?,
            hello: Hello { protocol: protocol_id(&shared.assignment.protocol), boot: sequence },
            trust: Trust::Members { members: Arc::clone(&world.members), tracker: Some(tracker.key) },
            book: book.clone(),
            listen: (shared.assignment.listen, 0).into(),
            neighbors: neighbors(&shared, seat.peerid),
            face: Face::Run(Skew::default()),
            desk: None,
        })?;
        let address = handle.links.address().map_err(PeerFailure::Address)?;
        let record = PeerRecord::new(&identity, sequence, &[address]);
        let turn = shared.meetings.acquire().await;
        track::meet(&handle.links, tracker.clone(), record, book, Rc::clone(&shared.notary)).await;
        drop(turn);
        Ok((peer, handle))
    }

    /// Opens the socket and puts all parts together.
    pub fn assemble(outfit: Outfit<P>) -> Result<(Self, Handle), PeerFailure> {
        let Outfit { world, identity, seat, incarnation, disk, hello, trust, book, listen, neighbors, face, desk } =
            outfit;
        // Of a node's count only the lowest bits: they tell its lives apart in a trace.
        let scribe = Scribe::new(Rc::clone(&world.outbox), Arc::clone(&world.members), seat.peerid, incarnation as u32);
        let inbox = Queue::new(MAX_INBOX);
        let (commands, orders) = mpsc::channel(MAX_COMMANDS);
        let links = Links::bind(Setup {
            identity: identity.clone(),
            trust,
            book: book.clone(),
            hello,
            body_limit: P::Message::MAX_BYTES,
            listen,
            inbox: inbox.clone(),
            scribe: scribe.clone(),
            dials: Arc::clone(&world.dials),
        })?;
        let driver = Driver::new(driver::Parts {
            state: P::peer(&world.config, seat),
            me: identity.id(),
            peerid: seat.peerid,
            incarnation,
            neighbors,
            host: host::NodeHost::new(identity, Arc::clone(&world.members), book.clone(), disk.shelf().clone()),
            world,
            book,
            disk,
            links: links.clone(),
            scribe,
            inbox,
            orders,
            face,
            desk,
        });
        Ok((Self { driver }, Handle { commands, links }))
    }

    /// Runs the peer until it is told to stop, or fails.
    pub async fn run(self) -> Result<(), PeerFailure> {
        self.driver.run().await
    }
}

/// The disk of an earlier life in the same process may still be finishing its last commit.
pub(crate) async fn open_disk(folder: &Path, cache_bytes: usize) -> Result<Disk, DiskError> {
    for _ in 0..100 {
        match Disk::open(folder, cache_bytes) {
            Err(error) if error.in_use() => tokio::time::sleep(Duration::from_millis(20)).await,
            opened => return opened,
        }
    }
    Disk::open(folder, cache_bytes)
}

fn neighbors<P: Launch>(shared: &Shared<P>, peerid: u32) -> Vec<PeerId> {
    let (assignment, members) = (&shared.assignment, &shared.world.members);
    let mut numbers = Vec::new();
    assignment.topology.neighbors(assignment.seed, members.count(), peerid, &mut numbers);
    numbers.into_iter().filter_map(|number| members.id(number)).collect()
}

impl Command {
    /// What a fault asks of peer number `peerid`, if anything.
    pub fn of_fault(fault: &Fault, at: Instant, peerid: u32, seed: u64, peers: u32) -> Option<Self> {
        let concerns = |chosen: &rumormill_core::plan::Peers| chosen.resolve(seed, peers).contains(&peerid);
        match fault {
            Fault::Slow { peers, by } if concerns(peers) => Some(Self::Slow { by: *by }),
            Fault::Clock { peers, offset_ns, drift_ppm } if concerns(peers) => {
                Some(Self::Clock { skew: Skew::new(at, *offset_ns, *drift_ppm) })
            }
            _ => None,
        }
    }
}
