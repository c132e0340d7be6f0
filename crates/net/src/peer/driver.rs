//! The loop that drives one peer: one input at a time into the protocol, its wishes out.
//!
//! Wishes of an activation that wrote to the disk leave when the write is durable, and all later ones of
//! the peer wait behind them. Timers are set at once: they die with the process, so nobody can tell.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use rumormill_core::trace::{BODY_BYTES_MAX, EventId, Kind, POSITION};
use rumormill_core::{Activation, Context, Instant, Launch, PeerId, Rng, Wire as _, WireError};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::activation::{Observed, Wish, Wishes};
use super::host::NodeHost;
use super::{Command, PeerFailure, Shared};
use crate::assignment::AssignedSeat;
use crate::clock::{RunClock, Skew};
use crate::disk::{Disk, Held};
use crate::link::{INBOX_FULL, Input, Links, Outgoing, QUEUE_FULL, drop_message};
use crate::scribe::{Scribe, brief, name_of};
use crate::waiting::Waiting;
use crate::weather::Fate;

/// What a driver is made of.
pub(super) struct Parts<P: Launch> {
    pub state: P,
    pub me: PeerId,
    pub seat: AssignedSeat,
    pub neighbors: Vec<PeerId>,
    pub shared: Rc<Shared<P>>,
    pub host: NodeHost,
    pub disk: Disk,
    pub links: Links,
    pub scribe: Scribe,
    pub inbox: mpsc::Sender<Input>,
    pub inputs: mpsc::Receiver<Input>,
    pub orders: mpsc::Receiver<Command>,
}

/// One peer and all that it waits for.
pub(super) struct Driver<P: Launch> {
    parts: Parts<P>,
    clock: RunClock,
    skew: Skew,
    activations: u64,
    timers: Waiting<(P::Timer, Option<EventId>)>,
    /// Messages that the weather holds back.
    travelling: Waiting<Outgoing>,
    /// When the last message to each peer leaves, so that none overtakes it.
    last_departure: std::collections::BTreeMap<PeerId, Instant>,
    held: Held<(Option<EventId>, Vec<Wish<P>>)>,
    slow_by: Duration,
    /// What a slow peer works on until then.
    working: Option<(Instant, Work<P>)>,
    paused: bool,
}

/// What activates a protocol after its boot.
enum Work<P: Launch> {
    Input(Input),
    Timer(P::Timer, Option<EventId>),
}

/// What the loop woke up for.
enum Wake<P: Launch> {
    Order(Option<Command>),
    Durable(u64),
    Departure,
    Worked,
    Work(Work<P>),
    Again,
}

impl<P: Launch> Driver<P> {
    pub fn new(parts: Parts<P>) -> Self {
        let activations = u64::from(parts.seat.incarnation) << 40;
        Self {
            parts,
            clock: RunClock::new(0),
            skew: Skew::default(),
            activations,
            timers: Waiting::default(),
            travelling: Waiting::default(),
            last_departure: std::collections::BTreeMap::new(),
            held: Held::default(),
            slow_by: Duration::ZERO,
            working: None,
            paused: false,
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
                Wake::Durable(ticket) => self.release(ticket),
                Wake::Departure => self.depart(),
                Wake::Worked => {
                    if let Some((_, work)) = self.working.take() {
                        self.handle(work)?;
                    }
                }
                Wake::Work(work) if self.slow_by.is_zero() => self.handle(work)?,
                Wake::Work(work) => self.working = Some((self.clock.now() + self.slow_by, work)),
                Wake::Again => {}
            }
        }
        self.parts.scribe.event(self.clock.now(), Kind::Stopped, |_| {});
        self.parts.links.close();
        Ok(())
    }

    /// Waits for the next thing to do; of several, any may come first, so that none is starved.
    async fn wake(&mut self) -> Result<Wake<P>, PeerFailure> {
        let awake = !self.paused;
        let idle = awake && self.working.is_none() && !self.held.full() && !self.parts.disk.full();
        let sleep = |moment: Option<Instant>| {
            let deadline = moment.map(|moment| self.clock.deadline(moment));
            async move {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => pending().await,
                }
            }
        };
        let worked = sleep(self.working.as_ref().map(|(until, _)| *until));
        let departure = sleep(self.travelling.next());
        let timer = sleep(self.timers.next());
        let Parts { orders, inputs, disk, .. } = &mut self.parts;
        Ok(tokio::select! {
            order = orders.recv() => Wake::Order(order),
            ticket = disk.committed() => Wake::Durable(ticket?),
            () = departure, if awake => Wake::Departure,
            () = worked, if awake => Wake::Worked,
            () = timer, if idle => match self.timers.due(self.clock.now()) {
                Some((timer, set_by)) => Wake::Work(Work::Timer(timer, set_by)),
                None => Wake::Again,
            },
            input = inputs.recv(), if idle => input.map_or(Wake::Again, |input| Wake::Work(Work::Input(input))),
        })
    }

    fn obey(&mut self, order: Command) {
        match order {
            Command::Slow { by } => self.slow_by = by,
            Command::Clock { skew } => self.skew = skew,
            Command::Pause(paused) => self.paused = paused,
            Command::Go { .. } | Command::Request(_) | Command::Stop => {}
        }
    }

    fn boot(&mut self) -> Result<(), PeerFailure> {
        let kind = if self.parts.seat.incarnation == 0 { Kind::Started } else { Kind::Restarted };
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
        let mut wishes = Wishes::new(parts.scribe.recording());
        let activation = Activation {
            me: parts.me,
            now: self.skew.local(now),
            neighbors: &parts.neighbors,
            rng: Rng::for_activation(parts.shared.assignment.seed, parts.me, self.activations),
            config: &parts.shared.config,
            host: &parts.host,
        };
        run(&mut parts.state, &mut Context::new(activation, &mut wishes));
        if let Some(failure) = parts.host.failure() {
            return Err(failure.into());
        }
        for (after, timer) in wishes.timers {
            if let Some((timer, _)) = self.timers.push(now + self.skew.real(after), (timer, cause)) {
                self.note("timer queue full", || brief(&timer));
            }
        }
        let ticket = (!wishes.writes.is_empty()).then(|| self.parts.disk.write(wishes.writes));
        if ticket.is_none() && wishes.rest.is_empty() {
            return Ok(());
        }
        if let Some((cause, rest)) = self.held.hold(ticket, (cause, wishes.rest)) {
            self.grant(cause, rest);
        }
        Ok(())
    }

    fn release(&mut self, durable: u64) {
        while let Some((cause, wishes)) = self.held.release(durable) {
            self.grant(cause, wishes);
        }
    }

    /// Carries out what an activation asked for.
    fn grant(&mut self, cause: Option<EventId>, wishes: Vec<Wish<P>>) {
        let now = self.clock.now();
        for wish in wishes {
            let scribe = &self.parts.scribe;
            match wish {
                Wish::Send { to, message } => self.send(cause, to, &message),
                Wish::Indicate(indication) => drop(scribe.event(now, Kind::Indicated, |event| {
                    event.cause = cause;
                    event.text = brief(&indication);
                    event.name = name_of(&event.text);
                })),
                Wish::Progress { target, current, goal } => {
                    if scribe.target(target, current, goal) {
                        scribe.event(now, Kind::Progress, |event| {
                            event.cause = cause;
                            event.name = target.into();
                            (event.value, event.goal) = (current, goal);
                        });
                    }
                }
                Wish::Done => {
                    if scribe.done() {
                        scribe.event(now, Kind::Done, |event| event.cause = cause);
                    }
                }
                Wish::Observed(observed) => self.observe(cause, observed),
            }
        }
    }

    fn observe(&self, cause: Option<EventId>, observed: Observed) {
        let (kind, text) = match &observed {
            Observed::Joined(community) => (Kind::Joined, (*community).to_string()),
            Observed::Entered(state) => (Kind::Entered, state.clone()),
            Observed::Exited(state) => (Kind::Exited, state.clone()),
            Observed::Placed(text) | Observed::Note(text) => (Kind::Note, text.clone()),
        };
        self.parts.scribe.event(self.clock.now(), kind, |event| {
            event.cause = cause;
            match observed {
                Observed::Joined(community) => {
                    event.community = community.into();
                    event.name = community.into();
                }
                Observed::Entered(_) | Observed::Exited(_) => event.name = text.into(),
                Observed::Placed(_) => {
                    event.name = POSITION.into();
                    event.text = text;
                }
                Observed::Note(_) => event.text = text,
            }
        });
    }

    /// Gives a message to the weather, and to its link when it is time.
    fn send(&mut self, cause: Option<EventId>, to: PeerId, message: &P::Message) {
        let now = self.clock.now();
        let parts = &self.parts;
        let mut body = Vec::new();
        message.encode(&mut body);
        parts.scribe.count(|counts| {
            counts.sent += 1;
            counts.bytes += body.len() as u64;
        });
        let sent = parts.scribe.event(now, Kind::Sent, |event| {
            event.other = parts.scribe.number(to);
            event.cause = cause;
            if !message.community().is_empty() {
                event.community = message.community().into();
            }
            event.name = message.kind().into();
            event.bytes = body.len() as u64;
            event.text = brief(message);
            event.body = body[..body.len().min(BODY_BYTES_MAX)].to_vec();
        });
        let mut mentions = Vec::new();
        message.mentions(&mut |peer| mentions.push(peer));
        let outgoing = |frame| Outgoing {
            to,
            frame,
            may_be_lost: message.may_be_lost(),
            sent,
            name: message.kind(),
            bytes: body.len(),
        };
        if body.len() > P::Message::MAX_BYTES {
            return drop_message(&parts.scribe, self.clock, &outgoing(Vec::new()), "longer than the protocol allows");
        }
        if to == parts.me {
            let input = Input::Message { from: to, cause: sent, body: body.clone() };
            if parts.inbox.try_send(input).is_err() {
                drop_message(&parts.scribe, self.clock, &outgoing(Vec::new()), INBOX_FULL);
            }
            return;
        }
        let receiver = parts.shared.members.number(to).unwrap_or(0);
        let fate = parts.shared.weather.borrow_mut().judge(parts.seat.peerid, receiver, body.len(), now);
        let journey = match fate {
            Fate::Travels(journey) => journey,
            Fate::Lost(why) => return drop_message(&parts.scribe, self.clock, &outgoing(Vec::new()), why),
        };
        let frame = parts.links.frame(to, sent, &mentions, &body);
        if let Some(delay) = journey.duplicate {
            self.travel(now + delay, outgoing(frame.clone()));
        }
        let mut departure = now + journey.delay;
        if !journey.overtaken && !message.may_be_lost() {
            let last = self.last_departure.entry(to).or_default();
            departure = departure.max(*last);
            *last = departure;
        }
        let outgoing = outgoing(frame);
        if departure <= now { self.parts.links.send(outgoing) } else { self.travel(departure, outgoing) }
    }

    fn travel(&mut self, until: Instant, message: Outgoing) {
        if let Some(message) = self.travelling.push(until, message) {
            drop_message(&self.parts.scribe, self.clock, &message, QUEUE_FULL);
        }
    }

    fn depart(&mut self) {
        let now = self.clock.now();
        while let Some(message) = self.travelling.due(now) {
            self.parts.links.send(message);
        }
    }

    fn note(&self, name: &'static str, text: impl FnOnce() -> String) {
        self.parts.scribe.event(self.clock.now(), Kind::Note, |event| {
            event.name = name.into();
            event.text = text();
        });
    }
}
