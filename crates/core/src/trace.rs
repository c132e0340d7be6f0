//! The one trace format: what the recorder stores, the page draws and the exports convert, whichever
//! way a run ran.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Instant, PeerId};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique in the run: see [`EventId::new`].
    pub id: EventId,
    /// When, on the run's own clock (not the peer's, which may be skewed).
    pub time: Instant,
    /// The peer it happened to: its number in the experiment, 1 to N; 0 for the network as a whole.
    pub peer: PeerId,
    /// The community it belongs to.
    pub community: Cow<'static, str>,
    /// What happened.
    pub kind: Kind,
    /// The peer at the other end of a message or link.
    pub other: Option<PeerId>,
    /// The event that led to this one.
    pub cause: Option<EventId>,
    /// Kind of message, name of the target, of the state, of the timer, of the indication or of the fault.
    pub name: Cow<'static, str>,
    /// Current value of a target.
    pub value: u64,
    /// Goal of a target.
    pub goal: u64,
    /// Bytes of a message's body.
    pub bytes: u64,
    /// For a person: a message's content, a note, why a message was dropped.
    pub text: String,
    /// The first bytes of a sent message's body, as they travel; empty where nobody kept them. A
    /// simulation can make them again, so it keeps none.
    pub body: Vec<u8>,
}

impl Event {
    /// An event with everything else empty.
    #[must_use]
    pub fn new(id: EventId, time: Instant, peer: PeerId, kind: Kind) -> Self {
        Self {
            id,
            time,
            peer,
            community: Cow::Borrowed(""),
            kind,
            other: None,
            cause: None,
            name: Cow::Borrowed(""),
            value: 0,
            goal: 0,
            bytes: 0,
            text: String::new(),
            body: Vec::new(),
        }
    }
}

/// The name of an event: the peer it happened to and that peer's count of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

/// The name of a note that says where its peer stands in the protocol's own picture: two numbers from 0
/// to 1, left to right and top to bottom.
pub const POSITION: &str = "position";

/// The most bytes of a message's body that an event keeps.
pub const BODY_BYTES_MAX: usize = 256;

impl EventId {
    /// Bits for a peer's count of events; the rest holds its number (up to 16 million).
    pub const COUNT_BITS: u32 = 40;

    /// The id of the `count`th event of peer number `peerid`.
    #[must_use]
    pub const fn new(peerid: u32, count: u64) -> Self {
        Self(((peerid as u64) << Self::COUNT_BITS) | (count & ((1 << Self::COUNT_BITS) - 1)))
    }

    /// The number of the peer that it happened to.
    #[must_use]
    pub const fn peerid(self) -> u32 {
        (self.0 >> Self::COUNT_BITS) as u32
    }
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A peer booted for the first time.
    Started,
    /// A peer left in good order.
    Stopped,
    /// A peer crashed.
    Crashed,
    /// A peer booted again.
    Restarted,
    /// A peer joined a community.
    Joined,
    /// A message left.
    Sent,
    /// A message arrived and was handled.
    Delivered,
    /// A message was lost; the text says why.
    Dropped,
    /// A timer ran out.
    Timer,
    /// The protocol reported something.
    Indicated,
    /// A target moved.
    Progress,
    /// A statechart entered a state.
    Entered,
    /// A statechart left a state.
    Exited,
    /// A line from the protocol.
    Note,
    /// A fault began or ended.
    Fault,
    /// A peer said that it is done.
    Done,
    /// A property did not hold; the name is the property's, the text says why, the cause is the event that
    /// showed it.
    Violated,
    /// How much there is of something: the name says of what, the value how much. A protocol measures itself;
    /// of real processes it is `cpu` (thousandths of a processor), `memory` (bytes) and `queue` (messages that
    /// wait), with the peer whose process it is as the other one.
    Measured,
}

impl Kind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 18] = [
        Self::Started,
        Self::Stopped,
        Self::Crashed,
        Self::Restarted,
        Self::Joined,
        Self::Sent,
        Self::Delivered,
        Self::Dropped,
        Self::Timer,
        Self::Indicated,
        Self::Progress,
        Self::Entered,
        Self::Exited,
        Self::Note,
        Self::Fault,
        Self::Done,
        Self::Violated,
        Self::Measured,
    ];

    /// The name in files and on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
            Self::Restarted => "restarted",
            Self::Joined => "joined",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::Timer => "timer",
            Self::Indicated => "indicated",
            Self::Progress => "progress",
            Self::Entered => "entered",
            Self::Exited => "exited",
            Self::Note => "note",
            Self::Fault => "fault",
            Self::Done => "done",
            Self::Violated => "violated",
            Self::Measured => "measured",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Takes events in the order in which they happened (within a peer) as a run goes on.
pub trait Sink {
    /// Takes one event.
    fn event(&mut self, event: &Event);
}

impl Sink for Vec<Event> {
    fn event(&mut self, event: &Event) {
        self.push(event.clone());
    }
}
