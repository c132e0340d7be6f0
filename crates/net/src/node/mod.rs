//! A node: one real peer that stands by itself, for services that live long.
//!
//! A run's peers are started by a supervisor, meet by a tracker and end together. A node has a folder
//! instead, which holds who it is and what it knows, and a list of members whom it talks to. It dials them
//! for as long as it lives: one that cannot be reached is no error, and comes back by itself.
//!
//! The layer above asks by a [`NodeHandle`] and hears the protocol's indications:
//!
//! ```no_run
//! # use rumormill_net::{Member, Node, NodeError, NodeSettings};
//! # use rumormill_core::Launch;
//! # async fn example<P: Launch + 'static>(config: P::Config, request: P::Request, other: Member) -> Result<(), NodeError> {
//! let mut settings = NodeSettings::new("ping", "/var/lib/ping", 1, ([127, 0, 0, 1], 7001).into());
//! settings.members.push(other);
//! // Within a `tokio::task::LocalSet`; `Node::start_on_thread` needs none.
//! let (node, mut indications) = Node::<P>::start(settings, config).await?;
//! node.request(request).await?;
//! while let Some(indication) = indications.recv().await {
//!     println!("{indication:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A protocol on a node reads the time of day ([`Context::now`](rumormill_core::Context::now) is nanoseconds since
//! the Unix epoch), so that times of different nodes can be compared as far as their machines' clocks agree. It
//! never goes backwards while the node lives; from one life to the next as little as the machine's clock.

mod folder;
mod handle;
mod settings;
mod status;

use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use futures_util::FutureExt as _;
use rumormill_core::{Launch, Seat};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};

use crate::book::AddressBook;
use crate::clock::{Face, RunClock, monotonic_ns};
use crate::frame::{Hello, protocol_id};
use crate::members::{Members, Trust};
use crate::peer::{Command, Desk, Handle, Outfit, Peer, World, open_disk};
use crate::process::words_of;
use crate::{Identity, PeerKey, PeerRecord};

use folder::Folder;
pub use handle::{Indications, MAX_INDICATIONS, MAX_REQUESTS, NodeHandle, RequestError, Stopped};
pub use settings::{MAX_MEMBERS, Member, NodeError, NodeSettings};
pub use status::{LinkStatus, NodeStatus};

/// Dials of a node that are under way at once, at most.
const MAX_DIALS: usize = 64;

/// What a node's disk keeps in memory of its content.
const DISK_CACHE_BYTES: usize = 64 << 20;

/// Starts nodes of a protocol.
pub struct Node<P>(PhantomData<P>);

impl<P: Launch + 'static> Node<P> {
    /// Starts a node on this thread and returns when its socket is open. Must run within a
    /// [`LocalSet`] of a runtime with I/O and timers. `config` is [`Launch::config`]'s of parameters, or made
    /// otherwise.
    ///
    /// The node stops by [`NodeHandle::stop`] or when its last handle is dropped.
    ///
    /// # Errors
    /// When the folder cannot be used or another process uses it, when the members contradict who the node
    /// is, or when no socket can be opened. Never because of a member that cannot be reached.
    pub async fn start(
        settings: NodeSettings,
        config: P::Config,
    ) -> Result<(NodeHandle<P>, Indications<P>), NodeError> {
        let folder = Folder::open(&settings.folder)?;
        let identity = Identity::load_or_create(&settings.folder)?;
        let boot = folder.boot()?;
        let members = Arc::new(members(&settings, identity.key())?);
        let book = AddressBook::default();
        for member in settings.members.iter().filter(|member| member.key != identity.key()) {
            book.place(member.contact());
        }

        let (requests, asked) = mpsc::channel(MAX_REQUESTS);
        let (indications, told) = mpsc::channel(MAX_INDICATIONS);
        let me = identity.id();
        let world = World::<P> {
            seed: settings.seed.map_or_else(random, Ok)?,
            config,
            members: Arc::clone(&members),
            weather: None,
            outbox: Rc::default(),
            dials: Arc::new(Semaphore::new(MAX_DIALS)),
        };
        let trust = match settings.open {
            true => Trust::Anyone,
            false => Trust::Members { members: Arc::clone(&members), tracker: None },
        };
        let outfit = Outfit {
            world: Rc::new(world),
            identity: identity.clone(),
            seat: Seat { peerid: settings.number, peers: members.highest().max(members.count()) },
            incarnation: boot,
            disk: open_disk(&settings.folder, DISK_CACHE_BYTES).await?,
            hello: Hello { protocol: protocol_id(&settings.protocol), boot },
            trust,
            book,
            listen: settings.listen,
            neighbors: members.ids().into_iter().filter(|&id| id != me).collect(),
            face: Face::epoch(),
            desk: Some(Desk { requests: asked, indications }),
        };
        let (peer, inner) = Peer::assemble(outfit)?;
        let address = inner.links.address().map_err(crate::peer::PeerFailure::Address)?;
        inner.links.introduce(PeerRecord::new(&identity, boot, &settings.advertised(address)));
        for member in settings.members.iter().filter(|member| member.key != identity.key()) {
            if !member.addresses.is_empty() {
                inner.links.keep(member.key.id());
            }
        }
        let (end, ended) = watch::channel(None);
        let handle = NodeHandle::new(identity.key(), address, requests, inner.commands.clone(), members, ended);
        spawn_local(live(peer, inner, folder, end));
        Ok((handle, told))
    }

    /// As [`Node::start`], on a thread of the node's own, with its own runtime.
    ///
    /// # Errors
    /// As [`Node::start`], and when the thread cannot be made.
    pub async fn start_on_thread(
        settings: NodeSettings,
        config: P::Config,
    ) -> Result<(NodeHandle<P>, Indications<P>), NodeError>
    where
        P::Config: Send,
        P::Request: Send,
        P::Indication: Send,
    {
        let (answer, started) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(NodeError::Thread)?;
        let name = format!("node {}", settings.number);
        let body = move || {
            LocalSet::new().block_on(&runtime, async move {
                let result = Self::start(settings, config).await;
                // The handle that waits here must not be what keeps the node alive.
                let ended = result.as_ref().ok().map(|(handle, _)| handle.watch());
                let _ = answer.send(result);
                if let Some(mut ended) = ended {
                    let _ = ended.wait_for(Option::is_some).await;
                }
            });
        };
        thread::Builder::new().name(name).spawn(body).map_err(NodeError::Thread)?;
        started.await.unwrap_or_else(|_| Err(NodeError::Panicked("while it started".into())))
    }
}

/// Lives until told to stop, and leaves in good order.
async fn live<P: Launch + 'static>(peer: Peer<P>, inner: Handle, folder: Folder, end: watch::Sender<handle::End>) {
    let Handle { commands, links } = inner;
    let _ = commands.try_send(Command::Go { clock: RunClock::new(monotonic_ns()) });
    // The node's own sender would keep it alive when all handles are gone.
    drop(commands);
    let result = match AssertUnwindSafe(peer.run()).catch_unwind().await {
        Ok(result) => result.map_err(NodeError::from),
        // Its state may be half changed: nobody looks at it again.
        Err(panic) => Err(NodeError::Panicked(words_of(&*panic).to_string())),
    };
    links.gone().await;
    drop(folder);
    let _ = end.send(Some(result.map_err(Arc::new)));
}

/// The members that the settings name, and the node itself.
fn members(settings: &NodeSettings, key: PeerKey) -> Result<Members, NodeError> {
    if settings.members.len() > MAX_MEMBERS {
        return Err(NodeError::TooManyMembers(settings.members.len()));
    }
    let members = Members::default();
    let own = Member { number: settings.number, key, addresses: Vec::new() };
    for member in settings.members.iter().chain([&own]) {
        let (number, id) = (member.number, member.key.id());
        let before = (members.id(number), members.number(id));
        match before {
            (None, None) => drop(members.admit(number, member.key)),
            (Some(same), Some(_)) if same == id => {}
            _ if member.key == key => return Err(NodeError::OtherNumber { number: settings.number, key }),
            _ => return Err(NodeError::Twice { number, key: member.key }),
        }
    }
    Ok(members)
}

fn random() -> Result<u64, NodeError> {
    getrandom::u64().map_err(|error| crate::IdentityError::Randomness(error).into())
}
