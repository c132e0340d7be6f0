//! Where effects go, and what the runtime can be asked.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{PeerId, Protocol};

/// Where effects go: the simulator's queue, a socket, a model checker's list, a test's vector.
pub trait Effects<P: Protocol> {
    /// Sends a message; it may be lost, and arrives at most once unless the network duplicates.
    fn send(&mut self, to: PeerId, message: P::Message);

    /// Hands `timer` back once, `after` this moment on the peer's own clock.
    fn set_timer(&mut self, after: Duration, timer: P::Timer);

    /// Reports to the layer above.
    fn indicate(&mut self, indication: P::Indication);

    /// Writes `value` under `key` on the peer's disk; `None` removes the key.
    fn persist(&mut self, key: &[u8], value: Option<&[u8]>);

    /// The same of a key and a value that the protocol does not keep: who keeps them need not copy them.
    fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.persist(&key, value.as_deref());
    }

    /// Says how far a target is: `current` of `goal`.
    fn progress(&mut self, target: &'static str, current: u64, goal: u64);

    /// Says that this peer has nothing left to do; it goes on serving others.
    fn done(&mut self);

    /// What the trace shall hear of the protocol's inner life. Called only when [`Effects::recording`].
    fn observe(&mut self, observation: Observation<'_>);

    /// Is anybody recording? Formatting can be skipped otherwise.
    fn recording(&self) -> bool;
}

/// Something a protocol tells the trace and nobody else.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// The peer joined the community of this name.
    Joined(&'static str),
    /// A statechart entered this state.
    Entered(&'a str),
    /// A statechart left this state.
    Exited(&'a str),
    /// The peer stands here in the protocol's own picture, both 0 to 1.
    Placed {
        /// From left to right.
        x: f64,
        /// From top to bottom.
        y: f64,
    },
    /// Something that can be plotted over time: what it is called, and how much it is now.
    Measured {
        /// Its name, for example `log`.
        name: &'a str,
        /// How much.
        value: u64,
    },
    /// A line for a person to read.
    Note(fmt::Arguments<'a>),
}

/// What an activation may ask of its runtime: signatures and the disk's content.
pub trait Host {
    /// Signs `bytes` with the key of `me`.
    fn sign(&self, me: PeerId, bytes: &[u8]) -> Signature;

    /// Did `author` sign `bytes`? False also when the author's key is not known here.
    fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool;

    /// What the disk of `me` durably holds under `key`.
    fn stored(&self, me: PeerId, key: &[u8]) -> Option<Vec<u8>>;

    /// Calls `visit` with every key that begins with `prefix`, in byte order, and its value.
    fn scan(&self, me: PeerId, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]));
}

/// An Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sig:{:02x}{:02x}{:02x}{:02x}…", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Serde's derive stops at arrays of 32; two halves encode to the same 64 bytes.
        let (low, high) = self.0.split_at(32);
        let halves: (&[u8; 32], &[u8; 32]) = match (low.try_into(), high.try_into()) {
            (Ok(low), Ok(high)) => (low, high),
            _ => unreachable!("64 bytes are twice 32"),
        };
        halves.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (low, high) = <([u8; 32], [u8; 32])>::deserialize(deserializer)?;
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&low);
        bytes[32..].copy_from_slice(&high);
        Ok(Self(bytes))
    }
}
