//! The network between the peers: what becomes of a message once it was sent.
//!
//! Everything that a link draws comes from the run's seed, the sender and the sender's count of messages,
//! so that it depends neither on shards nor on what other peers do. What is cut is decided when a message
//! is sent: one that is under way arrives.

use std::sync::Arc;

use rumormill_core::plan::{self, Conditions, Fault};
use rumormill_core::rng::mix;
use rumormill_core::{Rng, time::nanos};

use crate::faults::{Moment, PeerSet};
use crate::limits::QUEUED_BYTES_PER_LINK;
use crate::peers::Sparse;

mod latency;

/// The least latency of the simulated network, 100 µs: shorter ones are lifted to it.
pub use latency::LATENCY_MIN;
pub(crate) use latency::Model;

/// The network as a shard sees it.
#[derive(Clone)]
pub(crate) struct Network {
    seed: u64,
    model: Model,
    /// Of links without conditions of their own.
    conditions: Conditions,
    /// Nothing but latency happens on any link.
    plain: bool,
    partition: Option<Arc<Moment>>,
    cuts: Vec<Arc<Moment>>,
    links: Vec<Arc<Moment>>,
    /// When each link of limited bandwidth has sent everything that waits before it, by sender and receiver.
    busy_until: Sparse<u64>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives at this time.
    Arrives(u64),
    /// It arrives twice.
    Doubled(u64, u64),
    /// It is lost.
    Lost(Loss),
}

/// Why a message is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// By chance.
    Link,
    /// Sender and receiver are apart.
    Cut,
    /// Too much waits before the link.
    Full,
    /// There is no such peer.
    Nobody,
    /// It is longer than the protocol allows.
    TooLong,
    /// The receiver is down.
    Down,
    /// Too much waits for the receiver.
    Waiting,
}

impl Loss {
    /// For a person.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Link => "lost on the way",
            Self::Cut => "the network is cut here",
            Self::Full => "too much waits before the link",
            Self::Nobody => "there is no such peer",
            Self::TooLong => "longer than the protocol allows",
            Self::Down => "the peer is down",
            Self::Waiting => "too much waits for the peer",
        }
    }
}

/// A message on its way, as the network sees it.
#[derive(Clone, Copy)]
pub(crate) struct Parcel {
    pub(crate) time: u64,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The sender's count of messages.
    pub(crate) sequence: u32,
    pub(crate) bytes: u32,
}

impl Network {
    pub(crate) fn new(seed: u64, plan: &plan::Network) -> Self {
        let mut network = Self {
            seed: mix(seed ^ 0x6e65_7477_6f72_6b21),
            model: Model::new(&plan.latency),
            conditions: plan.conditions,
            plain: false,
            partition: None,
            cuts: Vec::new(),
            links: Vec::new(),
            busy_until: Sparse::default(),
        };
        network.look_over();
        network
    }

    /// Applies a fault of the network; others are not its own.
    pub(crate) fn apply(&mut self, moment: &Arc<Moment>) {
        match &moment.fault {
            Fault::Partition { .. } => self.partition = Some(Arc::clone(moment)),
            Fault::Cut { .. } => self.cuts.push(Arc::clone(moment)),
            Fault::Link { from, to, .. } => {
                // The last one that names a link holds, so an earlier one for the same links is void.
                self.links
                    .retain(|link| !matches!(&link.fault, Fault::Link { from: f, to: t, .. } if f == from && t == to));
                self.links.push(Arc::clone(moment));
            }
            Fault::Heal => {
                self.partition = None;
                self.cuts.clear();
                self.links.clear();
            }
            Fault::Conditions(conditions) => self.conditions = *conditions,
            _ => return,
        }
        self.look_over();
    }

    /// What it takes to make a network with the same faults, in order.
    pub(crate) fn applied(&self) -> impl Iterator<Item = &Arc<Moment>> {
        self.partition.iter().chain(&self.cuts).chain(&self.links)
    }

    pub(crate) fn conditions(&self) -> Conditions {
        self.conditions
    }

    pub(crate) fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
        self.look_over();
    }

    /// When the links of limited bandwidth are free again, in no order, for a snapshot.
    pub(crate) fn queues(&self) -> impl Iterator<Item = (u64, u64)> {
        self.busy_until.iter().map(|(&link, &until)| (link, until))
    }

    /// Puts back what a snapshot stored.
    pub(crate) fn put_back_queues<'a>(&mut self, queues: impl Iterator<Item = &'a (u64, u64)>) {
        self.busy_until.extend(queues.copied());
    }

    fn look_over(&mut self) {
        self.plain = self.conditions == Conditions::default()
            && self.partition.is_none()
            && self.cuts.is_empty()
            && self.links.is_empty();
    }

    /// What becomes of a message.
    #[inline]
    pub(crate) fn fate(&mut self, parcel: Parcel) -> Fate {
        let mut draw = Rng::new(self.seed ^ (u64::from(parcel.from) << 32 | u64::from(parcel.sequence)));
        let latency = self.model.latency(&mut draw, parcel.from, parcel.to);
        if self.plain { Fate::Arrives(parcel.time + latency) } else { self.fate_under(parcel, latency, draw) }
    }

    /// What becomes of a message when more than latency happens to it.
    fn fate_under(&mut self, parcel: Parcel, latency: u64, mut draw: Rng) -> Fate {
        if self.is_cut(parcel.from, parcel.to) {
            return Fate::Lost(Loss::Cut);
        }
        let conditions = self.conditions_of(parcel.from, parcel.to);
        let mut leaves = parcel.time;
        if let Some(bandwidth) = conditions.bandwidth {
            match self.queue(parcel, bandwidth) {
                Some(sent) => leaves = sent,
                None => return Fate::Lost(Loss::Full),
            }
        }
        if draw.chance(conditions.loss) {
            return Fate::Lost(Loss::Link);
        }
        let first = leaves.saturating_add(latency + extra(&conditions, &mut draw));
        if !draw.chance(conditions.duplication) {
            return Fate::Arrives(first);
        }
        let again = self.model.latency(&mut draw, parcel.from, parcel.to);
        Fate::Doubled(first, leaves.saturating_add(again + extra(&conditions, &mut draw)))
    }

    /// Are messages from one peer to another lost?
    fn is_cut(&self, from: u32, to: u32) -> bool {
        if self.partition.as_ref().is_some_and(|moment| moment.sets().apart(from, to)) {
            return true;
        }
        self.cuts.iter().any(|moment| {
            let both = matches!(moment.fault, Fault::Cut { both: true, .. });
            let joins = |sets: &[PeerSet], from, to| sets[0].contains(from) && sets[1].contains(to);
            let sets = moment.sets().all();
            joins(sets, from, to) || both && joins(sets, to, from)
        })
    }

    /// The conditions on a link: those set last for it, or the network's.
    fn conditions_of(&self, from: u32, to: u32) -> Conditions {
        let own = self.links.iter().rev().find(|moment| {
            let sets = moment.sets().all();
            sets[0].contains(from) && sets[1].contains(to)
        });
        match own.map(|moment| &moment.fault) {
            Some(Fault::Link { conditions: Some(conditions), .. }) => *conditions,
            _ => self.conditions,
        }
    }

    /// When a message has left through a link of limited bandwidth; none when too much waits before it.
    fn queue(&mut self, parcel: Parcel, bandwidth: u64) -> Option<u64> {
        const LINKS_WATCHED: usize = 1 << 12;
        if self.busy_until.len() >= LINKS_WATCHED && self.busy_until.len() == self.busy_until.capacity() {
            self.busy_until.retain(|_, until| *until > parcel.time);
        }
        let link = u64::from(parcel.from) << 32 | u64::from(parcel.to);
        let until = self.busy_until.entry(link).or_insert(0);
        let start = parcel.time.max(*until);
        let queued = u128::from(start - parcel.time) * u128::from(bandwidth) / 8_000_000_000;
        if queued > u128::from(QUEUED_BYTES_PER_LINK) {
            return None;
        }
        let takes = u128::from(parcel.bytes) * 8_000_000_000 / u128::from(bandwidth);
        *until = start.saturating_add(u64::try_from(takes).unwrap_or(u64::MAX));
        Some(*until)
    }
}

/// What the conditions add to a message's latency.
fn extra(conditions: &Conditions, draw: &mut Rng) -> u64 {
    let held_back = if draw.chance(conditions.reordering) {
        draw.below(nanos(conditions.reordering_by).saturating_add(1).max(1))
    } else {
        0
    };
    nanos(conditions.delay) + held_back
}

#[cfg(test)]
mod tests;
