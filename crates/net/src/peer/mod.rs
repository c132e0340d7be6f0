//! One real peer: a protocol driven by sockets, timers and a disk.

mod activation;
mod driver;
mod host;
mod track;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::Fault;
use rumormill_core::{Instant, Launch, PeerId, Seat, Wire as _};
use tokio::sync::{Semaphore, mpsc};

use crate::assignment::{AssignedSeat, Assignment};
use crate::book::AddressBook;
use crate::clock::{RunClock, Skew};
use crate::disk::{Disk, DiskError};
use crate::frame::{Hello, protocol_id};
use crate::link::{LinkError, Links, MAX_INBOX, Setup};
use crate::members::{Members, Trust};
use crate::record::Notary;
use crate::scribe::{Outbox, Scribe};
use crate::weather::Weather;
use crate::{Identity, IdentityError, PeerRecord};

use driver::Driver;

/// Commands that wait for one peer, at most. They are few: faults and requests.
const MAX_COMMANDS: usize = 256;

/// What all peers of a process share.
pub(crate) struct Shared<P: Launch> {
    pub assignment: Assignment,
    pub config: P::Config,
    pub members: Arc<Members>,
    pub weather: RefCell<Weather>,
    pub outbox: Rc<RefCell<Outbox>>,
    pub notary: Rc<Notary>,
    /// Peers that may be meeting the tracker at once.
    pub meetings: Semaphore,
    /// Dials that may be under way at once.
    pub dials: Arc<Semaphore>,
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

/// A peer that has met the tracker and waits for [`Command::Go`].
pub(crate) struct Peer<P: Launch> {
    driver: Driver<P>,
}

/// A peer's ends of channels.
#[derive(Clone)]
pub(crate) struct Handle {
    pub commands: mpsc::Sender<Command>,
    pub links: Links,
}

impl<P: Launch + 'static> Peer<P> {
    /// Opens the peer's folder and socket and meets the tracker.
    pub async fn prepare(shared: Rc<Shared<P>>, seat: &AssignedSeat) -> Result<(Self, Handle), PeerFailure> {
        let identity = Identity::load_or_create(&seat.folder)?;
        let me = identity.id();
        if shared.members.number(me) != Some(seat.peerid) {
            return Err(PeerFailure::OtherKey { peerid: seat.peerid });
        }
        let disk = open_disk(seat).await?;
        let book = AddressBook::default();
        let scribe = Scribe::new(Rc::clone(&shared.outbox), Arc::clone(&shared.members), seat.peerid, seat.incarnation);
        let (inbox, inputs) = mpsc::channel(MAX_INBOX);
        let sequence = u64::from(seat.incarnation) + 1;
        let tracker = &shared.assignment.tracker;
        let links = Links::bind(Setup {
            identity: identity.clone(),
            trust: Trust::Members { members: Arc::clone(&shared.members), tracker: tracker.key },
            book: book.clone(),
            hello: Hello { protocol: protocol_id(&shared.assignment.protocol), boot: sequence },
            body_limit: P::Message::MAX_BYTES,
            listen: shared.assignment.listen,
            inbox: inbox.clone(),
            scribe: scribe.clone(),
            dials: Arc::clone(&shared.dials),
        })?;
        let address = links.address().map_err(PeerFailure::Address)?;
        let record = PeerRecord::new(&identity, sequence, &[address]);
        let turn = shared.meetings.acquire().await;
        track::meet(&links, tracker.clone(), record, book.clone(), Rc::clone(&shared.notary)).await;
        drop(turn);

        let (commands, orders) = mpsc::channel(MAX_COMMANDS);
        let state = P::peer(&shared.config, Seat { peerid: seat.peerid, peers: shared.members.count() });
        let host = host::NodeHost::new(identity, Arc::clone(&shared.members), book, disk.shelf().clone());
        let handle = Handle { commands, links: links.clone() };
        let driver = Driver::new(driver::Parts {
            state,
            me,
            seat: seat.clone(),
            neighbors: neighbors(&shared, seat.peerid),
            shared,
            host,
            disk,
            links,
            scribe,
            inbox,
            inputs,
            orders,
        });
        Ok((Self { driver }, handle))
    }

    /// Runs the peer until it is told to stop, or fails.
    pub async fn run(self) -> Result<(), PeerFailure> {
        self.driver.run().await
    }
}

/// The disk of an earlier life in the same process may still be finishing its last commit.
async fn open_disk(seat: &AssignedSeat) -> Result<Disk, DiskError> {
    for _ in 0..100 {
        match Disk::open(&seat.folder) {
            Err(error) if error.in_use() => tokio::time::sleep(Duration::from_millis(20)).await,
            opened => return opened,
        }
    }
    Disk::open(&seat.folder)
}

fn neighbors<P: Launch>(shared: &Shared<P>, peerid: u32) -> Vec<PeerId> {
    let assignment = &shared.assignment;
    let mut numbers = Vec::new();
    assignment.topology.neighbors(assignment.seed, shared.members.count(), peerid, &mut numbers);
    numbers.into_iter().filter_map(|number| shared.members.id(number)).collect()
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
