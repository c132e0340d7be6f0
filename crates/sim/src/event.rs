//! What waits in the queue, in as few bytes as possible.

use std::marker::PhantomData;

use rumormill_core::Protocol;
use rumormill_core::plan::DiskFate;
use serde::{Deserialize, Serialize};

use crate::calendar::Entry;
use crate::recording::Recording;

/// The most bytes of an event that holds its message or timer in place. Larger ones lie in a box.
pub(crate) const EVENT_BYTES: usize = 32;

/// How the events of a run are laid out, chosen when the program is compiled.
pub(crate) trait Form<P: Protocol>: 'static {
    /// A message in the queue.
    type Message: Hold<P::Message>;
    /// A timer in the queue.
    type Timer: Hold<P::Timer>;
    /// What is recorded: nothing, or everything.
    type Tape: Recording;
}

/// A form made of its parts.
pub(crate) struct Shape<M, T, R>(PhantomData<(M, T, R)>);

impl<P, M, T, R> Form<P> for Shape<M, T, R>
where
    P: Protocol,
    M: Hold<P::Message> + 'static,
    T: Hold<P::Timer> + 'static,
    R: Recording,
{
    type Message = M;
    type Timer = T;
    type Tape = R;
}

/// Keeps a value in the queue.
pub(crate) trait Hold<V>: Clone + Send {
    fn hold(value: V) -> Self;
    fn release(self) -> V;
    fn value(&self) -> &V;
}

/// In place.
#[derive(Clone)]
pub(crate) struct Inline<V>(V);

impl<V: Clone + Send> Hold<V> for Inline<V> {
    #[inline]
    fn hold(value: V) -> Self {
        Self(value)
    }

    #[inline]
    fn release(self) -> V {
        self.0
    }

    fn value(&self) -> &V {
        &self.0
    }
}

/// Elsewhere.
#[derive(Clone)]
pub(crate) struct Boxed<V>(Box<V>);

impl<V: Clone + Send> Hold<V> for Boxed<V> {
    #[inline]
    fn hold(value: V) -> Self {
        Self(Box::new(value))
    }

    #[inline]
    fn release(self) -> V {
        *self.0
    }

    fn value(&self) -> &V {
        &self.0
    }
}

/// Something that will happen to a peer.
#[derive(Clone)]
pub(crate) struct Event<M, T, C> {
    /// The peer's number; 0 for the run as a whole.
    pub(crate) to: u32,
    /// The sender's number; for what a peer brings about itself, its life at that time.
    pub(crate) from: u32,
    /// The recorded event that led to it.
    pub(crate) cause: C,
    pub(crate) input: Input<M, T>,
}

/// The events of a run of this form.
pub(crate) type EventOf<P, F> =
    Event<<F as Form<P>>::Message, <F as Form<P>>::Timer, <<F as Form<P>>::Tape as Recording>::Cause>;

/// What will happen.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Input<M, T> {
    /// A message arrives.
    Message(M),
    /// A timer runs out.
    Timer(T),
    /// The oldest writes of the peer's disk become durable.
    Flush,
    /// A slow peer has worked off one more input.
    Wake,
    /// Churn takes the peer down.
    Leave,
    /// Churn brings the peer back.
    Return(DiskFate),
    /// The first boot of all peers that are there from the start.
    Begin,
    /// The fault at this place of the timeline; for a peer, the request.
    Fault(u32),
}

impl<M, T> Input<M, T> {
    /// The same with its message or timer kept in another way.
    pub(crate) fn map<N, U>(self, message: impl FnOnce(M) -> N, timer: impl FnOnce(T) -> U) -> Input<N, U> {
        match self {
            Self::Message(kept) => Input::Message(message(kept)),
            Self::Timer(kept) => Input::Timer(timer(kept)),
            Self::Flush => Input::Flush,
            Self::Wake => Input::Wake,
            Self::Leave => Input::Leave,
            Self::Return(disk) => Input::Return(disk),
            Self::Begin => Input::Begin,
            Self::Fault(place) => Input::Fault(place),
        }
    }

    pub(crate) fn as_ref(&self) -> Input<&M, &T> {
        match self {
            Self::Message(kept) => Input::Message(kept),
            Self::Timer(kept) => Input::Timer(kept),
            Self::Flush => Input::Flush,
            Self::Wake => Input::Wake,
            Self::Leave => Input::Leave,
            Self::Return(disk) => Input::Return(*disk),
            Self::Begin => Input::Begin,
            Self::Fault(place) => Input::Fault(*place),
        }
    }
}

impl<M, T, C> Event<M, T, C> {
    /// Something that concerns the run as a whole, or that the plan does to a peer.
    pub(crate) fn planned(to: u32, cause: C, input: Input<M, T>) -> Self {
        Self { to, from: 0, cause, input }
    }
}

impl<M, T, C> Entry for Event<M, T, C> {
    /// What happens to the run as a whole comes before what peers do at the same time.
    #[inline]
    fn source(&self) -> u32 {
        if matches!(self.input, Input::Message(_)) { self.from } else { self.to }
    }
}

/// Do a message and a timer of these types fit into the queue in place?
pub(crate) const fn fits<M, T>() -> bool {
    size_of::<Option<Event<M, T, ()>>>() <= EVENT_BYTES
}

// What the design promises for messages of up to 12 bytes.
const _: () = assert!(size_of::<Option<Event<Inline<[u32; 3]>, Inline<u64>, ()>>>() <= 24);
const _: () = assert!(size_of::<Option<Event<Boxed<[u64; 9]>, Boxed<[u64; 9]>, ()>>>() == 24);
