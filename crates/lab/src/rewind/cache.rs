//! A run with clones of it at moments of its past.

use rumormill_core::trace::{Event, EventId};
use rumormill_core::{Instant, Outcome};
use rumormill_sim::{Body, Found, Retrace, Settings, SettingsError, Simulate};
use serde::Serialize;

use super::encode::tree;
use super::{At, Rewind, RewindError, Seen};

/// The most clones of one run.
const CLONES_MAX: usize = 64;

/// About the most bytes of all clones of one run together. They share what their states share (an `Arc`), so
/// that they mostly take less.
const BYTES_MAX: u64 = 256 << 20;

/// Activations from one clone to the next, at first. When there is no room for more clones, every second one
/// goes and the way between them doubles.
const EVERY: u64 = 2_048;

/// Peers whose encoded states are measured to guess what all take.
const SAMPLE: u32 = 32;

/// A run with clones of it at moments of its past.
pub(crate) struct Rewinder<P: Simulate> {
    /// In the order of time, the first at the beginning.
    clones: Vec<Kept<P>>,
    every: u64,
    /// The run as far as anybody went.
    front: Retrace<P>,
    ended: Option<Outcome>,
    peers: u32,
    /// Where somebody looked last, and at which peer: the next look is mostly a little later.
    here: Option<(u32, Retrace<P>)>,
}

struct Kept<P: Simulate> {
    run: Retrace<P>,
    bytes: u64,
}

impl<P: Simulate + Clone + Serialize> Rewinder<P> {
    /// A run that has not begun.
    ///
    /// # Errors
    /// When the settings are wrong.
    pub fn new(config: P::Config, settings: Settings) -> Result<Self, SettingsError> {
        let peers = settings.peers;
        let front = Retrace::new(config, Settings { threads: 1, ..settings })?;
        let first = Kept { run: front.clone(), bytes: 0 };
        Ok(Self { clones: vec![first], every: EVERY, front, ended: None, peers, here: None })
    }

    /// Goes on, leaving clones behind, until this moment lies in the past or the run is over.
    fn reach(&mut self, at: At, latest: Instant) {
        while self.ended.is_none() && self.front.now() < latest && !has_passed(&self.front, at) {
            let until = match at {
                At::Time(time) => time.min(latest),
                At::Event(_) => latest,
            };
            self.ended = self.front.run_some(until, self.every);
            let last = self.clones.last().map_or(0, |clone| clone.run.events());
            if self.front.events() >= last + self.every {
                self.clones.push(Kept { bytes: self.bytes(), run: self.front.clone() });
                self.thin_out();
            }
        }
    }

    /// How many clones there are.
    #[cfg(test)]
    pub fn clones(&self) -> usize {
        self.clones.len()
    }

    /// About the bytes of a clone of the front: states as they are encoded, twice for what a heap adds, and
    /// what is under way.
    fn bytes(&self) -> u64 {
        let step = (self.peers / SAMPLE).max(1);
        let sample = (1..=self.peers).step_by(step as usize).filter_map(|peer| self.front.state(peer));
        let encoded = sample.map(|state| postcard::to_stdvec(state).map_or(0, |bytes| bytes.len() as u64));
        let (count, sum) = encoded.fold((0, 0), |(count, sum), bytes| (count + 1, sum + bytes));
        let messages = self.front.status().messages;
        let under_way = (messages.sent + messages.duplicated).saturating_sub(messages.delivered + messages.dropped);
        let each = size_of::<P>() as u64 + 64 + 2 * sum / u64::max(count, 1);
        u64::from(self.peers) * (each + 96) + under_way * 64
    }

    fn thin_out(&mut self) {
        let too_many = |clones: &[Kept<P>]| {
            clones.len() > CLONES_MAX || clones.iter().map(|clone| clone.bytes).sum::<u64>() > BYTES_MAX
        };
        while self.clones.len() > 1 && too_many(&self.clones) {
            let mut place = 0;
            self.clones.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The run at a moment, with its watched peer; and the event, if it is one.
    fn go(&mut self, peer: u32, at: At, latest: Instant) -> Result<(Retrace<P>, Option<Found>), RewindError> {
        self.reach(at, latest);
        let lies_before = |run: &Retrace<P>| match at {
            At::Time(time) => run.now() <= time,
            At::Event(event) => EventId::new(event.peerid(), run.recorded(event.peerid())) < event,
        };
        let nearest = self.clones.iter().rev().find(|clone| lies_before(&clone.run)).unwrap_or(&self.clones[0]);
        let is_nearer = |run: &Retrace<P>| lies_before(run) && run.events() >= nearest.run.events();
        let mut run = match self.here.take() {
            Some((watched, run)) if watched == peer && is_nearer(&run) => run,
            _ => {
                let mut run = nearest.run.clone();
                run.watch(peer);
                run
            }
        };
        let found = match at {
            At::Time(time) => {
                run.run_until(time.min(latest));
                None
            }
            At::Event(event) => Some(run.go_to(event, latest).ok_or(RewindError::Event { event })?),
        };
        Ok((run, found))
    }

    /// The peer before its last activation up to where this run is.
    fn before(&self, peer: u32, run: &Retrace<P>) -> Option<P> {
        if let Some(before) = run.before() {
            return Some(before.clone());
        }
        let activations = run.activations(peer);
        let place = self.clones.iter().rposition(|clone| clone.run.activations(peer) < activations)?;
        let until = self.clones.get(place + 1).map_or(run.now(), |next| next.run.now().min(run.now()));
        let mut earlier = self.clones[place].run.clone();
        earlier.watch(peer);
        earlier.run_until(until);
        earlier.before().cloned()
    }
}

/// Has the run gone past this moment?
fn has_passed<P: Simulate + Clone>(run: &Retrace<P>, at: At) -> bool {
    match at {
        At::Time(time) => run.now() >= time,
        At::Event(event) => EventId::new(event.peerid(), run.recorded(event.peerid())) >= event,
    }
}

impl<P: Simulate + Clone + Serialize> Rewind for Rewinder<P> {
    fn state(&mut self, peer: u32, at: At, latest: Instant) -> Result<Seen, RewindError> {
        let missing = RewindError::Peer { peer, peers: self.peers };
        if peer == 0 || peer > self.peers {
            return Err(missing);
        }
        let (run, found) = self.go(peer, at, latest)?;
        let (Some(state), Some(kept)) = (run.state(peer), run.inspect(peer, Seen::LISTED_MAX)) else {
            return Err(missing);
        };
        let before = self.before(peer, &run).map(|before| tree(&before));
        let now = match at {
            At::Time(time) => time.min(latest),
            At::Event(_) => run.now(),
        };
        let seen = Seen::new(peer, now, found.map(|found| found.event.id), tree(state), before, kept);
        self.here = Some((peer, run));
        Ok(seen)
    }

    fn message(&mut self, event: EventId, latest: Instant) -> Result<(Event, Body), RewindError> {
        let (_, found) = self.go(0, At::Event(event), latest)?;
        let Found { event: told, message, .. } = found.ok_or(RewindError::Event { event })?;
        Ok((told, message.ok_or(RewindError::NoMessage { event })?))
    }

    fn fault_time(&mut self, at: At, latest: Instant) -> Result<Instant, RewindError> {
        let (mut run, found) = self.go(0, at, latest)?;
        if let Some(found) = found {
            // Whatever else happens at that very time has happened, too.
            run.run_until(found.event.time);
        }
        Ok(run.next_fault_at())
    }

    #[cfg(test)]
    fn report(&mut self) -> rumormill_sim::Report {
        self.reach(At::Time(Instant::MAX), Instant::MAX);
        self.front.report()
    }
}
