//! A run as bytes: a version, then everything in postcard, in a layout that knows no shards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::{Conditions, Fault, Plan};
use rumormill_core::{Parameters, PeerId, Protocol, Topology};
use serde::{Deserialize, Serialize};

use super::Simulate;
use crate::engine::{Course, Engine};
use crate::event::{EventOf, Form, Hold, Input};
use crate::faults::Moment;
use crate::peers::Book;
use crate::peers::clock::Clock;
use crate::peers::disk::{Disk, Held};
use crate::peers::gate::Gate;
use crate::peers::targets::Standing;
use crate::settings::{SettingsError, StopRule};
use crate::shard::desk::Wish;
use crate::shard::{HeldWish, Shard, Tally};

/// The first byte of a stored run.
pub(super) const VERSION: u8 = 2;

/// A run cannot be stored.
#[derive(Debug, thiserror::Error)]
#[error("the run cannot be encoded: {0}")]
pub struct SaveError(#[from] postcard::Error);

/// Why bytes are not a stored run of this protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It was stored by another version.
    #[error("stored by version {found}; this is version {VERSION}")]
    Version {
        /// The version that stored it.
        found: u8,
    },
    /// Not an encoding of a run of this protocol.
    #[error("not a stored run of this protocol: {0}")]
    Malformed(#[from] postcard::Error),
    /// An encoding whose parts contradict each other.
    #[error("not a stored run: {0}")]
    Inconsistent(&'static str),
    /// The settings inside are wrong.
    #[error("not a stored run: {0}")]
    Settings(#[from] SettingsError),
}

/// Everything but what each peer is. Peers follow, then events: with a state of their own types.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) seed: u64,
    pub(super) peers: u32,
    pub(super) topology: Topology,
    pub(super) plan: Plan,
    pub(super) parameters: Parameters,
    pub(super) time_limit: Duration,
    pub(super) stop: StopRule,
    pub(super) check_codec: bool,
    pub(super) course: Course,
    pub(super) tally: Tally,
    pub(super) begun: bool,
    /// Time, fault, and whether it has happened.
    pub(super) timeline: Vec<(u64, Fault, bool)>,
    /// Places in the timeline of the network's faults that hold now, in order.
    pub(super) network: Vec<u32>,
    pub(super) conditions: Conditions,
    pub(super) link_queues: Vec<(u64, u64)>,
    pub(super) books: Vec<Book>,
    pub(super) clocks: BTreeMap<u32, Clock>,
    pub(super) targets: BTreeMap<String, Vec<(u32, Standing)>>,
    pub(super) failure: Option<String>,
}

/// What differs with the protocol: `S` is its state, `D` what is durable on a disk.
#[derive(Serialize, Deserialize)]
pub(super) struct Body<S, M, T, D> {
    pub(super) states: Vec<S>,
    pub(super) events: Vec<(u64, StoredEvent<M, T>)>,
    pub(super) disks: Vec<StoredDisk<M, D>>,
    pub(super) gates: Vec<StoredGate<M, T>>,
}

/// An event: receiver, sender or life, and what will happen.
pub(super) type StoredEvent<M, T> = (u32, u32, Input<M, T>);

#[derive(Serialize, Deserialize)]
pub(super) struct StoredDisk<M, D> {
    pub(super) peer: u32,
    pub(super) durable: D,
    pub(super) outbox: Vec<Held<StoredWish<M>>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredGate<M, T> {
    pub(super) peer: u32,
    pub(super) paused: bool,
    pub(super) by: u64,
    pub(super) waking: bool,
    pub(super) waiting: Vec<StoredEvent<M, T>>,
}

/// An effect that waits for a disk. Timers and writes never do; what only a trace would see is left out.
#[derive(Serialize, Deserialize)]
pub(super) enum StoredWish<M> {
    Send(PeerId, M),
    Progress(String, u64, u64),
    Done,
}

/// What is durable on a disk.
pub(super) type Durable = BTreeMap<Vec<u8>, Vec<u8>>;
/// A body that borrows from a run.
type BodyOf<'a, P> = Body<&'a P, &'a <P as Protocol>::Message, &'a <P as Protocol>::Timer, &'a Durable>;
/// A body that was read.
pub(super) type BodyRead<P> = Body<P, <P as Protocol>::Message, <P as Protocol>::Timer, Durable>;

/// A run as bytes.
pub(crate) fn save<P: Simulate + Serialize, F: Form<P>>(engine: &Engine<P, F>) -> Result<Vec<u8>, postcard::Error>
where
    P::Timer: Serialize,
{
    let mut body = BodyOf::<P> { states: Vec::new(), events: Vec::new(), disks: Vec::new(), gates: Vec::new() };
    for shard in &engine.shards {
        body.states.extend(shard.cells.iter().map(|cell| &cell.state));
        // What happens to the run as a whole stands in every shard's calendar, and once in the file.
        let own = shard.calendar.entries().into_iter().filter(|(_, event)| event.to > 0 || shard.leads());
        body.events.extend(own.map(|(time, event)| (time, stored::<P, F>(event))));
        body.disks.extend(shard.stored_disks());
        body.gates.extend(shard.stored_gates());
    }
    let bytes = postcard::to_extend(&head(engine), vec![VERSION])?;
    postcard::to_extend(&body, bytes)
}

fn stored<P: Simulate, F: Form<P>>(event: &EventOf<P, F>) -> StoredEvent<&P::Message, &P::Timer> {
    (event.to, event.from, event.input.as_ref().map(Hold::value, Hold::value))
}

fn head<P: Simulate, F: Form<P>>(engine: &Engine<P, F>) -> Head {
    let (settings, leader) = (&engine.settings, &engine.shards[0]);
    let happened = leader.timeline.iter().zip(&leader.happened);
    let place = |moment: &Arc<Moment>| leader.timeline.iter().position(|other| Arc::ptr_eq(moment, other));
    let mut targets: BTreeMap<String, Vec<(u32, Standing)>> = BTreeMap::new();
    for shard in &engine.shards {
        for (name, standings) in shard.targets.store() {
            let reported = (shard.first..).zip(standings).filter(|(_, standing)| **standing != Standing::Unknown);
            targets.entry(name.into()).or_default().extend(reported.map(|(peer, standing)| (peer, *standing)));
        }
    }
    let mut link_queues: Vec<(u64, u64)> = engine.shards.iter().flat_map(|shard| shard.network.queues()).collect();
    link_queues.sort_unstable();
    Head {
        seed: settings.seed,
        peers: settings.peers,
        topology: settings.topology,
        plan: settings.plan.clone(),
        parameters: settings.parameters.clone(),
        time_limit: settings.time_limit,
        stop: settings.stop,
        check_codec: settings.check_codec,
        course: engine.course,
        tally: engine.shards.iter().fold(Tally::default(), |sum, shard| sum.join(shard.tally)),
        begun: leader.begun,
        timeline: happened.map(|(moment, happened)| (moment.at, moment.fault.clone(), *happened)).collect(),
        network: leader.network.applied().filter_map(place).map(|place| place as u32).collect(),
        conditions: leader.network.conditions(),
        link_queues,
        books: engine.shards.iter().flat_map(|shard| shard.cells.iter().map(|cell| cell.book)).collect(),
        clocks: engine.shards.iter().flat_map(Shard::stored_clocks).collect(),
        targets,
        failure: engine.shards.iter().find_map(|shard| shard.failure.clone()),
    }
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    fn number(&self, index: u64) -> u32 {
        self.first + index as u32
    }

    fn stored_clocks(&self) -> impl Iterator<Item = (u32, Clock)> {
        self.clocks.iter().map(|(&index, &clock)| (self.number(index), clock))
    }

    fn stored_disks(&self) -> Vec<StoredDisk<&P::Message, &Durable>> {
        let mut disks: Vec<_> = self.disks.iter().map(|(&index, disk)| self.stored_disk(index, disk)).collect();
        disks.sort_unstable_by_key(|disk| disk.peer);
        disks
    }

    fn stored_disk<'a>(
        &'a self,
        index: u64,
        disk: &'a Disk<HeldWish<P, F>>,
    ) -> StoredDisk<&'a P::Message, &'a Durable> {
        let (durable, outbox) = disk.store();
        let stored = |held: &'a Held<HeldWish<P, F>>| match held {
            Held::Writes { durable_at, writes } => {
                Some(Held::Writes { durable_at: *durable_at, writes: writes.clone() })
            }
            Held::Effect((Wish::Send { to, message }, _)) => Some(Held::Effect(StoredWish::Send(*to, message))),
            Held::Effect((Wish::Progress { target, current, goal }, _)) => {
                let name = self.targets.name(*target).into_owned();
                Some(Held::Effect(StoredWish::Progress(name, *current, *goal)))
            }
            Held::Effect((Wish::Done, _)) => Some(Held::Effect(StoredWish::Done)),
            Held::Effect(_) => None,
        };
        StoredDisk { peer: self.number(index), durable, outbox: outbox.filter_map(stored).collect() }
    }

    fn stored_gates(&self) -> Vec<StoredGate<&P::Message, &P::Timer>> {
        let mut gates = Vec::with_capacity(self.gates.len());
        for (&index, gate) in &self.gates {
            let &Gate { paused, by, waking, .. } = gate;
            let waiting = gate.waiting().map(stored::<P, F>).collect();
            gates.push(StoredGate { peer: self.number(index), paused, by, waking, waiting });
        }
        gates.sort_unstable_by_key(|gate| gate.peer);
        gates
    }
}
