//! What one activation may know and do.

use std::fmt;
use std::time::Duration;

use crate::effects::Observation;
use crate::{Effects, Host, Instant, PeerId, Protocol, Rng, Signature};

/// What one activation may know and do: a value on the stack, made by the runtime for each call.
///
/// Everything asked for leaves in the order asked. When the activation wrote to its disk
/// ([`Context::persist`]), nothing else it asked for leaves before the write is durable, so an
/// acknowledgement can never outrun its write.
pub struct Context<'a, P: Protocol> {
    /// This peer.
    pub me: PeerId,
    /// The time on this peer's own clock.
    pub now: Instant,
    /// The peers that this one knows from the experiment's topology; may be empty. Never includes `me`.
    pub neighbors: &'a [PeerId],
    /// This activation's random numbers.
    pub rng: Rng,
    /// What all peers of the run share.
    pub config: &'a P::Config,
    pub(crate) host: &'a dyn Host,
    pub(crate) effects: &'a mut dyn Effects<P>,
}

/// The parts of a context, for a runtime to fill in.
pub struct Activation<'a, P: Protocol> {
    /// See [`Context::me`].
    pub me: PeerId,
    /// See [`Context::now`].
    pub now: Instant,
    /// See [`Context::neighbors`].
    pub neighbors: &'a [PeerId],
    /// See [`Context::rng`].
    pub rng: Rng,
    /// See [`Context::config`].
    pub config: &'a P::Config,
    /// Signatures and the disk.
    pub host: &'a dyn Host,
}

impl<'a, P: Protocol> Context<'a, P> {
    /// A context whose effects go to `effects`. Only runtimes call this.
    #[inline]
    pub fn new(parts: Activation<'a, P>, effects: &'a mut dyn Effects<P>) -> Self {
        let Activation { me, now, neighbors, rng, config, host } = parts;
        Self { me, now, neighbors, rng, config, host, effects }
    }

    /// Sends `message` to `to`. It may be lost; to oneself it arrives like any other.
    #[inline]
    pub fn send(&mut self, to: PeerId, message: P::Message) {
        self.effects.send(to, message);
    }

    /// Sends a copy of `message` to each of `peers`, in their order.
    #[inline]
    pub fn send_all(&mut self, peers: impl IntoIterator<Item = PeerId>, message: &P::Message) {
        for to in peers {
            self.effects.send(to, message.clone());
        }
    }

    /// Calls [`Protocol::on_timer`] with `timer` once, `after` this moment on this peer's clock, unless
    /// it reboots first.
    #[inline]
    pub fn set_timer(&mut self, after: Duration, timer: P::Timer) {
        self.effects.set_timer(after, timer);
    }

    /// Reports `indication` to the layer above and to the trace.
    #[inline]
    pub fn indicate(&mut self, indication: P::Indication) {
        self.effects.indicate(indication);
    }

    /// Writes `value` under `key` on this peer's disk.
    pub fn persist(&mut self, key: &[u8], value: &[u8]) {
        self.effects.persist(key, Some(value));
    }

    /// Removes `key` from this peer's disk.
    pub fn forget(&mut self, key: &[u8]) {
        self.effects.persist(key, None);
    }

    /// Writes a value under `key` on this peer's disk, or with `None` removes the key: as [`Context::persist`] and
    /// [`Context::forget`], without a copy.
    pub fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.effects.write(key, value);
    }

    /// What this peer's disk durably holds under `key`; not what this activation has just written.
    #[must_use]
    pub fn stored(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.host.stored(self.me, key)
    }

    /// Calls `visit` with every stored key that begins with `prefix`, in byte order, and its value.
    pub fn scan(&self, prefix: &[u8], mut visit: impl FnMut(&[u8], &[u8])) {
        self.host.scan(self.me, prefix, &mut visit);
    }

    /// Signs `bytes` with this peer's key.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        self.host.sign(self.me, bytes)
    }

    /// Did `author` sign `bytes`? False also when this peer does not know the author's key.
    #[must_use]
    pub fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        self.host.verify(author, bytes, signature)
    }

    /// Says how far the target of this name is: `current` of `goal`. Drawn on the peer, red to green;
    /// met when `current >= goal`.
    #[inline]
    pub fn progress(&mut self, target: &'static str, current: u64, goal: u64) {
        self.effects.progress(target, current, goal);
    }

    /// Says that this peer has nothing left to do. It goes on serving others: a run ends when all are
    /// done, together.
    #[inline]
    pub fn done(&mut self) {
        self.effects.done();
    }

    /// Writes a line into the trace. Formatted only when something records: pass `format_args!(..)`.
    #[inline]
    pub fn note(&mut self, note: impl fmt::Display) {
        if self.effects.recording() {
            self.effects.observe(Observation::Note(format_args!("{note}")));
        }
    }

    /// Tells the trace where this peer stands in a picture of the protocol's own, such as its place on an
    /// identifier circle: `x` from left to right and `y` from top to bottom, both 0 to 1.
    #[inline]
    pub fn place(&mut self, x: f64, y: f64) {
        if self.effects.recording() {
            self.effects.observe(Observation::Placed { x, y });
        }
    }

    /// Tells the trace how much there is now of something: it can be plotted over time. Names are few, and
    /// short.
    #[inline]
    pub fn measure(&mut self, name: &str, value: u64) {
        if self.effects.recording() {
            self.effects.observe(Observation::Measured { name, value });
        }
    }

    /// Tells the trace that this peer joined a community; each community is drawn as a picture of its own.
    #[inline]
    pub fn join(&mut self, community: &'static str) {
        if self.effects.recording() {
            self.effects.observe(Observation::Joined(community));
        }
    }

    /// Tells the trace that a statechart entered `state`.
    #[inline]
    pub fn enter(&mut self, state: &str) {
        if self.effects.recording() {
            self.effects.observe(Observation::Entered(state));
        }
    }

    /// Tells the trace that a statechart left `state`.
    #[inline]
    pub fn exit(&mut self, state: &str) {
        if self.effects.recording() {
            self.effects.observe(Observation::Exited(state));
        }
    }
}
