//! The loop that drives one peer: one input at a time into the protocol, its wishes out.
//!
//! Wishes of an activation that wrote to the disk leave when the write is durable, and all later ones of
//! the peer wait behind them. Timers are set at once: they die with the process, so nobody can tell.
//!
//! Where a layer above listens, its indications wait for it: as long as one finds no room, the driver takes
//! no further input, and so in the end whoever sends too much to this peer is slowed.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Activation, Context, Instant, Launch, PeerId, Rng, Wire as _, WireError};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::activation::{Wish, Wishes};
use super::host::NodeHost;
use super::{Command, Desk, PeerFailure, World};
use crate::PeerKey;
use crate::book::{AddressBook, Contact};
use crate::clock::{Face, RunClock};
use crate::disk::{Disk, Held};
use crate::link::{Input, Links, Outgoing};
use crate::node::{LinkStatus, NodeStatus};
use crate::queue::{Queue, give_way};
use crate::scribe::{Scribe, brief, name_of};
use crate::waiting::Waiting;

/// What a driver is made of.
pub(super) struct Parts<P: Launch> {
    pub state: P,
    pub me: PeerId,
    pub peerid: u32,
    pub incarnation: u64,
    pub neighbors: Vec<PeerId>,
    pub world: Rc<World<P>>,
    pub host: NodeHost,
    pub book: AddressBook,
    pub disk: Disk,
    pub links: Links,
    pub scribe: Scribe,
    pub inbox: Queue<Input>,
    pub orders: mpsc::Receiver<Command>,
    pub face: Face,
    pub desk: Option<Desk<P>>,
}

/// Messages or requests that are handled before the links have their turn, at most: far fewer than wait for a
/// link. What they ask for goes to each link in one write.
pub(super) const AT_ONCE: usize = 256;

/// One peer and all that it waits for.
pub(super) struct Driver<P: Launch> {
    pub(super) parts: Parts<P>,
    pub(super) clock: RunClock,
    activations: u64,
    timers: Waiting<(P::Timer, Option<EventId>)>,
    /// Messages that the weather holds back.
    pub(super) travelling: Waiting<Outgoing>,
    /// When the last message to each peer leaves, so that none overtakes it.
    pub(super) last_departure: BTreeMap<PeerId, Instant>,
    pub(super) held: Held<(Option<EventId>, Vec<Wish<P>>)>,
    /// Indications for which the layer above has no room yet; at most those of the activations that were
    /// granted at once.
    pub(super) unheard: VecDeque<P::Indication>,
    slow_by: Duration,
    /// What a slow peer works on until then.
    working: Option<(Instant, Work<P>)>,
    paused: bool,
    /// Buffers that are empty between two uses.
    wishes: Wishes<P>,
    pub(super) body: Vec<u8>,
    pub(super) mentions: Vec<PeerId>,
}

/// What activates a protocol after its boot.
enum Work<P: Launch> {
    Input(Input),
    Timer(P::Timer, Option<EventId>),
    Request(P::Request),
}

/// What the loop woke up for.
enum Wake<P: Launch> {
    Order(Option<Command>),
    Durable(u64),
    Departure,
    Worked,
    /// The layer above has room for an indication, or is gone.
    Room,
    /// There are messages or hints.
    Inbox,
    Work(Work<P>),
    Again,
}

impl<P: Launch> Driver<P> {
    pub fn new(parts: Parts<P>) -> Self {
        let activations = parts.incarnation << 40;
        let wishes = Wishes::new(parts.scribe.recording());
        Self {
            parts,
            clock: RunClock::new(0),
            activations,
            timers: Waiting::default(),
            travelling: Waiting::default(),
            last_departure: BTreeMap::new(),
            held: Held::default(),
            unheard: VecDeque::new(),
            slow_by: Duration::ZERO,
            working: None,
            paused: false,
            wishes,
            body: Vec::new(),
            mentions: Vec::new(),
        }
    }

    /// Waits for the start of the run, boots, and runs until told to stop.
    pub async fn run(mut self) -> Result<(), PeerFailure> {
        loop {
            match self.parts.orders.recv().await {
                Some(Command::Go { clock }) => {
                    self.clock = clock;
                    break;
                }
                Some(Command::Stop) | None => return Ok(()),
                Some(other) => self.obey(other),
            }
        }
        self.parts.links.open(self.clock);
        self.boot()?;
        loop {
            match self.wake().await? {
                Wake::Order(Some(Command::Stop) | None) => break,
                Wake::Order(Some(Command::Request(text))) => self.request(&text)?,
                Wake::Order(Some(order)) => self.obey(order),
                Wake::Durable(ticket) => self.release(ticket).await,
                Wake::Departure => self.depart(),
                Wake::Room => self.tell(),
                Wake::Worked => {
                    if let Some((_, work)) = self.working.take() {
                        self.handle(work)?;
                    }
                }
                Wake::Work(work) => {
                    self.begin(work)?;
                    self.take_requests()?;
                    give_way().await;
                }
                Wake::Inbox => {
                    self.take_inputs()?;
                    // The links' turn, so that there is room for what the next messages ask for.
                    give_way().await;
                }
                Wake::Again => {}
            }
        }
        while self.parts.disk.busy() {
            let ticket = self.parts.disk.committed().await?;
            self.release(ticket).await;
        }
        self.parts.scribe.event(self.clock.now(), Kind::Stopped, |_| {});
        self.parts.links.close();
        Ok(())
    }

    /// Waits for the next thing to do; of several, any may come first, so that none is starved.
    async fn wake(&mut self) -> Result<Wake<P>, PeerFailure> {
        let (awake, idle, heard) = (!self.paused, self.idle(), self.unheard.is_empty());
        let now = self.clock.now();
        let sleep = |moment: Option<Instant>| {
            let deadline = moment.map(|moment| (moment <= now, self.clock.deadline(moment)));
            async move {
                match deadline {
                    // What is due is due now: tokio's timers come a millisecond later, so that as long as
                    // there are messages it would never be its turn.
                    Some((true, _)) => {}
                    Some((false, deadline)) => sleep_until(deadline).await,
                    None => pending().await,
                }
            }
        };
        let worked = sleep(self.working.as_ref().map(|(until, _)| *until));
        let departure = sleep(self.travelling.next());
        let timer = sleep(self.timers.next());
        let Parts { orders, inbox, disk, desk, .. } = &mut self.parts;
        let (requests, indications) = desk.as_mut().map(|desk| (&mut desk.requests, &desk.indications)).unzip();
        let request = async {
            match requests {
                Some(requests) => requests.recv().await,
                None => pending().await,
            }
        };
        let room = async {
            match indications {
                Some(indications) => drop(indications.reserve().await),
                None => pending().await,
            }
        };
        Ok(tokio::select! {
            order = orders.recv() => Wake::Order(order),
            ticket = disk.committed() => Wake::Durable(ticket?),
            () = room, if !heard => Wake::Room,
            () = departure, if awake => Wake::Departure,
            () = worked, if awake => Wake::Worked,
            () = timer, if idle => match self.timers.due(self.clock.now()) {
                Some((timer, set_by)) => Wake::Work(Work::Timer(timer, set_by)),
                None => Wake::Again,
            },
            // The last handle is gone, and with it all orders.
            request = request, if idle => request.map_or(Wake::Order(None), |request| Wake::Work(Work::Request(request))),
            () = inbox.filled(), if idle => Wake::Inbox,
        })
    }

    /// Does the peer take input?
    fn idle(&self) -> bool {
        let awake = !self.paused && self.working.is_none();
        awake && self.unheard.is_empty() && !self.held.full() && !self.parts.disk.full()
    }

    /// Handles what is in the inbox.
    fn take_inputs(&mut self) -> Result<(), PeerFailure> {
        for _ in 0..AT_ONCE {
            match self.idle().then(|| self.parts.inbox.take()).flatten() {
                Some(input) => self.begin(Work::Input(input))?,
                None => break,
            }
        }
        Ok(())
    }

    /// Handles the requests that wait.
    fn take_requests(&mut self) -> Result<(), PeerFailure> {
        for _ in 0..AT_ONCE {
            if !self.idle() {
                break;
            }
            let waiting = self.parts.desk.as_mut().filter(|desk| !desk.requests.is_empty());
            match waiting.and_then(|desk| desk.requests.try_recv().ok()) {
                Some(request) => self.begin(Work::Request(request))?,
                None => break,
            }
        }
        Ok(())
    }

    /// Handles something now, or when a slow peer comes to it.
    fn begin(&mut self, work: Work<P>) -> Result<(), PeerFailure> {
        if self.slow_by.is_zero() {
            return self.handle(work);
        }
        self.working = Some((self.clock.now() + self.slow_by, work));
        Ok(())
    }

    fn obey(&mut self, order: Command) {
        match order {
            Command::Slow { by } => self.slow_by = by,
            Command::Clock { skew } => self.parts.face = Face::Run(skew),
            Command::Pause(paused) => self.paused = paused,
            Command::Admit { number, contact, answer } => {
                self.admit(number, contact);
                let _ = answer.send(());
            }
            Command::Expel { key, answer } => drop(answer.send(self.expel(&key))),
            Command::Status { answer } => drop(answer.send(self.status())),
            Command::Go { .. } | Command::Request(_) | Command::Stop => {}
        }
    }

    /// Takes a member in, or takes note that it moved. Links to those whom somebody admits are kept.
    fn admit(&mut self, number: u32, contact: Contact) {
        let (parts, id) = (&mut self.parts, contact.key.id());
        if let Some(former) = parts.world.members.admit(number, contact.key) {
            parts.links.expel(former.id());
        }
        let dialled = !contact.addresses.is_empty();
        parts.book.place(contact);
        if dialled {
            parts.links.keep(id);
        }
        self.know_members();
    }

    fn expel(&mut self, key: &PeerKey) -> bool {
        let was_member = self.parts.world.members.expel(key);
        self.parts.links.expel(key.id());
        self.know_members();
        was_member
    }

    /// A node knows all members.
    fn know_members(&mut self) {
        let (me, ids) = (self.parts.me, self.parts.world.members.ids());
        self.parts.neighbors = ids.into_iter().filter(|&id| id != me).collect();
    }

    fn status(&self) -> NodeStatus {
        let parts = &self.parts;
        let link = |(peer, connected, waiting)| LinkStatus {
            peer,
            number: parts.world.members.number(peer),
            connected,
            waiting,
        };
        let counts = parts.scribe.counts();
        let (commits, writes) = parts.disk.counts();
        NodeStatus {
            sent: counts.sent,
            sent_bytes: counts.bytes,
            delivered: counts.delivered,
            dropped: counts.dropped,
            misbehaved: counts.bad_frames,
            activations: counts.activations,
            commits,
            writes,
            links: parts.links.states().into_iter().map(link).collect(),
        }
    }

    fn boot(&mut self) -> Result<(), PeerFailure> {
        let kind = if self.parts.incarnation == 0 { Kind::Started } else { Kind::Restarted };
        let started = self.parts.scribe.event(self.clock.now(), kind, |event| {
            event.text = format!("process {}", std::process::id());
        });
        self.parts.scribe.event(self.clock.now(), Kind::Joined, |event| {
            event.cause = started;
            event.name = event.community.clone();
        });
        self.activate(started, P::on_start)
    }

    fn request(&mut self, text: &str) -> Result<(), PeerFailure> {
        match P::request(text) {
            Some(request) => self.activate(None, |state, cx| state.on_request(cx, request)),
            None => Ok(()),
        }
    }

    fn handle(&mut self, work: Work<P>) -> Result<(), PeerFailure> {
        match work {
            Work::Timer(timer, set_by) => {
                let fired = self.parts.scribe.event(self.clock.now(), Kind::Timer, |event| {
                    event.cause = set_by;
                    event.text = brief(&timer);
                    event.name = name_of(&event.text);
                });
                self.activate(fired, |state, cx| state.on_timer(cx, timer))
            }
            Work::Request(request) => self.activate(None, |state, cx| state.on_request(cx, request)),
            Work::Input(Input::Link { peer, link }) => self.activate(None, |state, cx| state.on_link(cx, peer, link)),
            Work::Input(Input::Message { from, cause, body }) => self.deliver(from, cause, &body),
        }
    }

    fn deliver(&mut self, from: PeerId, cause: Option<EventId>, body: &[u8]) -> Result<(), PeerFailure> {
        let message = match P::Message::decode(body) {
            Ok(message) => message,
            Err(error) => {
                let why: &WireError = &error;
                self.parts.links.misbehaved(from, &why.to_string());
                return Ok(());
            }
        };
        let scribe = &self.parts.scribe;
        scribe.count(|counts| counts.delivered += 1);
        let delivered = scribe.event(self.clock.now(), Kind::Delivered, |event| {
            event.other = scribe.number(from);
            event.cause = cause;
            if !message.community().is_empty() {
                event.community = message.community().into();
            }
            event.name = message.kind().into();
            event.bytes = body.len() as u64;
        });
        self.activate(delivered, |state, cx| state.on_message(cx, from, message))
    }

    /// Calls the protocol, and lets what it asked for leave or wait.
    fn activate(
        &mut self,
        cause: Option<EventId>,
        run: impl FnOnce(&mut P, &mut Context<'_, P>),
    ) -> Result<(), PeerFailure> {
        let now = self.clock.now();
        let parts = &mut self.parts;
        self.activations += 1;
        parts.scribe.count(|counts| counts.activations += 1);
        let fresh = Wishes::new(parts.scribe.recording());
        let mut wishes = std::mem::replace(&mut self.wishes, fresh);
        let activation = Activation {
            me: parts.me,
            now: parts.face.show(now),
            neighbors: &parts.neighbors,
            rng: Rng::for_activation(parts.world.seed, parts.me, self.activations),
            config: &parts.world.config,
            host: &parts.host,
        };
        run(&mut parts.state, &mut Context::new(activation, &mut wishes));
        if let Some(failure) = parts.host.failure() {
            return Err(failure.into());
        }
        for (after, timer) in wishes.timers.drain(..) {
            if let Some((timer, _)) = self.timers.push(now + self.parts.face.real(after), (timer, cause)) {
                self.note("timer queue full", || brief(&timer));
            }
        }
        let ticket = (!wishes.writes.is_empty()).then(|| self.parts.disk.write(wishes.writes.drain(..)));
        if ticket.is_none() && self.held.is_empty() {
            self.grant(now, cause, wishes.rest.drain(..));
        } else if ticket.is_some() || !wishes.rest.is_empty() {
            let back = self.held.hold(ticket, (cause, wishes.rest.drain(..).collect()));
            debug_assert!(back.is_none(), "nothing holds what an activation asked for");
        }
        self.wishes = wishes;
        Ok(())
    }

    pub(super) fn note(&self, name: &'static str, text: impl FnOnce() -> String) {
        self.parts.scribe.event(self.clock.now(), Kind::Note, |event| {
            event.name = name.into();
            event.text = text();
        });
    }
}
