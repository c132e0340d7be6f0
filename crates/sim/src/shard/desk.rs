//! What a protocol asks for during one activation, and what it can look up.

use std::time::Duration;

use rumormill_core::trace::{Kind, POSITION};
use rumormill_core::{Effects, Host, Observation, PeerId, Protocol, Signature};

use crate::peers::Sparse;
use crate::peers::disk::{Disk, Write};
use crate::peers::keys::Keys;
use crate::peers::targets::Targets;
use crate::recording::{name_of, text_of, text_of_arguments};

/// One thing that a protocol asked for.
///
/// Effects are listed while the activation runs and carried out after it: only then it is known whether
/// it wrote to its disk, in which case all of them have to wait.
pub(crate) enum Wish<P: Protocol> {
    Send {
        to: PeerId,
        message: P::Message,
    },
    SetTimer {
        after: Duration,
        timer: P::Timer,
    },
    Progress {
        target: u16,
        current: u64,
        goal: u64,
    },
    Persist(Box<Write>),
    Done,
    /// For the trace only.
    Observe(Box<Observed>),
}

/// Something for the trace only.
#[derive(Clone)]
pub(crate) struct Observed {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) text: String,
    /// How much was measured.
    pub(crate) value: u64,
    /// A community that the peer joined.
    pub(crate) community: &'static str,
}

impl<P: Protocol> Clone for Wish<P> {
    fn clone(&self) -> Self {
        match self {
            Self::Send { to, message } => Self::Send { to: *to, message: message.clone() },
            Self::SetTimer { after, timer } => Self::SetTimer { after: *after, timer: timer.clone() },
            Self::Progress { target, current, goal } => {
                Self::Progress { target: *target, current: *current, goal: *goal }
            }
            Self::Persist(write) => Self::Persist(write.clone()),
            Self::Done => Self::Done,
            Self::Observe(observed) => Self::Observe(observed.clone()),
        }
    }
}

/// Where the effects of one activation are listed.
pub(crate) struct Desk<'a, P: Protocol, const RECORDING: bool> {
    pub(crate) wishes: &'a mut Vec<Wish<P>>,
    pub(crate) targets: &'a mut Targets,
    /// Did it write to its disk?
    pub(crate) wrote: bool,
}

impl<P: Protocol, const RECORDING: bool> Desk<'_, P, RECORDING> {
    fn observed(&mut self, kind: Kind, name: String, text: String) {
        self.wishes.push(Wish::Observe(Box::new(Observed { kind, name, text, value: 0, community: "" })));
    }
}

impl<P: Protocol, const RECORDING: bool> Effects<P> for Desk<'_, P, RECORDING> {
    #[inline]
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.wishes.push(Wish::Send { to, message });
    }

    #[inline]
    fn set_timer(&mut self, after: Duration, timer: P::Timer) {
        self.wishes.push(Wish::SetTimer { after, timer });
    }

    fn indicate(&mut self, indication: P::Indication) {
        if RECORDING {
            let text = text_of(&indication);
            self.observed(Kind::Indicated, name_of(&text), text);
        }
    }

    fn persist(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.wrote = true;
        self.wishes.push(Wish::Persist(Box::new((key.to_vec(), value.map(<[u8]>::to_vec)))));
    }

    #[inline]
    fn progress(&mut self, target: &'static str, current: u64, goal: u64) {
        let target = self.targets.number(target);
        self.wishes.push(Wish::Progress { target, current, goal });
    }

    #[inline]
    fn done(&mut self) {
        self.wishes.push(Wish::Done);
    }

    fn observe(&mut self, observation: Observation<'_>) {
        match observation {
            Observation::Joined(community) => {
                let (name, text) = (String::new(), String::new());
                let observed = Observed { kind: Kind::Joined, name, text, value: 0, community };
                self.wishes.push(Wish::Observe(Box::new(observed)));
            }
            Observation::Entered(state) => self.observed(Kind::Entered, state.into(), String::new()),
            Observation::Exited(state) => self.observed(Kind::Exited, state.into(), String::new()),
            Observation::Placed { x, y } => self.observed(Kind::Note, POSITION.into(), format!("{x:.6} {y:.6}")),
            Observation::Measured { name, value } => {
                let (name, text) = (name.into(), String::new());
                let observed = Observed { kind: Kind::Measured, name, text, value, community: "" };
                self.wishes.push(Wish::Observe(Box::new(observed)));
            }
            Observation::Note(note) => self.observed(Kind::Note, String::new(), text_of_arguments(note)),
            // A kind of observation that this simulator does not know yet.
            other => self.observed(Kind::Note, String::new(), text_of(&other)),
        }
    }

    fn recording(&self) -> bool {
        RECORDING
    }
}

/// Signatures, and the disks of a shard's peers.
pub(crate) struct ShardHost<'a, W> {
    pub(crate) keys: &'a Keys,
    pub(crate) disks: &'a Sparse<Disk<W>>,
    pub(crate) first: u32,
}

impl<W> ShardHost<'_, W> {
    fn disk(&self, me: PeerId) -> Option<&Disk<W>> {
        self.disks.get(&me.0.wrapping_sub(u64::from(self.first)))
    }
}

impl<W> Host for ShardHost<'_, W> {
    fn sign(&self, me: PeerId, bytes: &[u8]) -> Signature {
        self.keys.sign(me, bytes)
    }

    fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        self.keys.verify(author, bytes, signature)
    }

    fn stored(&self, me: PeerId, key: &[u8]) -> Option<Vec<u8>> {
        self.disk(me)?.get(key)
    }

    fn scan(&self, me: PeerId, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) {
        if let Some(disk) = self.disk(me) {
            disk.scan(prefix, visit);
        }
    }
}
