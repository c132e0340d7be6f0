//! A shard: some of a run's peers, their future, and everything that one thread needs to move them on.

use std::sync::Arc;

use rumormill_core::plan::{Churn, Disk as DiskPlan};
use rumormill_core::{Parameters, Protocol, Seat};

use crate::calendar::{BUCKET_BITS, Calendar};
use crate::digest::Digest;
use crate::event::{Event, EventOf, Form, Input};
use crate::faults::Moment;
use crate::guard::Guard;
use crate::network::Network;
use crate::peers::clock::Clock;
use crate::peers::disk::Disk;
use crate::peers::gate::Gate;
use crate::peers::keys::Keys;
use crate::peers::neighbors::Neighbors;
use crate::peers::targets::Targets;
use crate::peers::{Book, Cell, Sparse};
use crate::recording::Recording;
use crate::report::Messages;
use crate::simulation::Simulate;
use crate::{Settings, shard::desk::Wish, shard::probe::Probe};

pub(crate) mod activate;
mod churn;
pub(crate) mod desk;
mod effects;
mod faults;
mod input;
mod life;
pub(crate) mod probe;

/// What all shards of a run share.
pub(crate) struct Shared {
    pub(crate) seed: u64,
    pub(crate) peers: u32,
    /// Peers of each shard but the last, which may have fewer.
    pub(crate) per_shard: u32,
    pub(crate) disk: DiskPlan,
    pub(crate) churn: Option<Churn>,
    pub(crate) check_codec: bool,
    pub(crate) keys: Keys,
}

/// What causes an event of this form.
pub(crate) type CauseOf<P, F> = <<F as Form<P>>::Tape as Recording>::Cause;

/// An effect that waits for a disk, and what caused it.
pub(crate) type HeldWish<P, F> = (Wish<P>, CauseOf<P, F>);

/// Some of a run's peers and their future.
pub(crate) struct Shard<P: Protocol, F: Form<P>> {
    pub(crate) shared: Arc<Shared>,
    /// The configuration, and the parameters that make it: the plan may change them.
    pub(crate) config: Arc<P::Config>,
    pub(crate) parameters: Parameters,
    /// The number of the first peer.
    pub(crate) first: u32,
    pub(crate) cells: Vec<Cell<P>>,
    neighbors: Neighbors,
    pub(crate) calendar: Calendar<EventOf<P, F>>,
    /// What this window's events sent to other shards, by shard.
    pub(crate) outgoing: Vec<Vec<(u64, EventOf<P, F>)>>,
    pub(crate) network: Network,
    pub(crate) timeline: Vec<Arc<Moment>>,
    /// Which faults of the timeline have happened.
    pub(crate) happened: Vec<bool>,
    /// How many those are.
    pub(crate) faults: u64,
    /// Have the peers booted that are there from the start?
    pub(crate) begun: bool,
    /// What the activation under way asked for.
    wishes: Vec<Wish<P>>,
    pub(crate) disks: Sparse<Disk<HeldWish<P, F>>>,
    pub(crate) gates: Sparse<Gate<EventOf<P, F>>>,
    pub(crate) clocks: Sparse<Clock>,
    pub(crate) targets: Targets,
    pub(crate) tape: F::Tape,
    pub(crate) tally: Tally,
    /// Why the run cannot go on.
    pub(crate) failure: Option<String>,
    /// Who looks at this run.
    pub(crate) probe: Option<Box<Probe<P>>>,
    /// What looks after its properties.
    pub(crate) guard: Option<Box<Guard<P>>>,
}

/// What a shard counts.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    pub(crate) digest: Digest,
    pub(crate) messages: Messages,
    /// Activations.
    pub(crate) events: u64,
    /// Peers that are up.
    pub(crate) up: u32,
    /// Peers that are up, done, and meet all their targets.
    pub(crate) done: u32,
    /// Peers that must be done for the run to be complete.
    pub(crate) expected: u32,
    /// When a peer was done last.
    pub(crate) done_at: u64,
    /// When something happened to a peer last.
    pub(crate) acted_at: u64,
}

impl Tally {
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            digest: self.digest.join(other.digest),
            messages: self.messages.join(other.messages),
            events: self.events + other.events,
            up: self.up + other.up,
            done: self.done + other.done,
            expected: self.expected + other.expected,
            done_at: self.done_at.max(other.done_at),
            acted_at: self.acted_at.max(other.acted_at),
        }
    }
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// The shard of this index, before anything happened. Its calendar holds no plan yet.
    pub(crate) fn new(
        (shared, config): (Arc<Shared>, Arc<P::Config>),
        settings: &Settings,
        shards: usize,
        index: u32,
    ) -> Self {
        let first = index * shared.per_shard + 1;
        let count = shared.per_shard.min(shared.peers + 1 - first);
        let seat = |number| Seat { peerid: number, peers: shared.peers };
        let cell = |number| Cell { state: P::peer(&config, seat(number)), book: Book::default() };
        let mut cells: Vec<Cell<P>> = (first..first + count).map(cell).collect();
        let books = cells.iter_mut().map(|cell| &mut cell.book);
        let neighbors = Neighbors::new(settings.topology, shared.seed, shared.peers, first, books);
        Self {
            first,
            cells,
            neighbors,
            calendar: Calendar::new(),
            outgoing: (0..shards).map(|_| Vec::new()).collect(),
            network: Network::new(shared.seed, &settings.plan.network),
            timeline: Vec::new(),
            happened: Vec::new(),
            faults: 0,
            begun: false,
            wishes: Vec::new(),
            disks: Sparse::default(),
            gates: Sparse::default(),
            clocks: Sparse::default(),
            targets: Targets::new(count),
            tape: F::Tape::new(first, count, settings.community),
            tally: Tally { expected: count, ..Tally::default() },
            failure: None,
            probe: None,
            guard: None,
            parameters: settings.parameters.clone(),
            config,
            shared,
        }
    }

    /// Puts the plan into the calendar: what happens at time zero happens before the first boot.
    pub(crate) fn plan(&mut self, timeline: &[Arc<Moment>]) {
        for moment in timeline {
            self.add_fault(Arc::clone(moment));
        }
        self.plan_churn();
        self.calendar.push(0, Event::planned(0, CauseOf::<P, F>::default(), Input::Begin));
    }

    /// Puts a fault into the calendar.
    pub(crate) fn add_fault(&mut self, moment: Arc<Moment>) {
        let place = self.timeline.len() as u32;
        self.calendar.push(moment.at, Event::planned(0, CauseOf::<P, F>::default(), Input::Fault(place)));
        self.timeline.push(moment);
        self.happened.push(false);
    }

    /// The same shard once more.
    pub(crate) fn duplicate(&self) -> Self
    where
        P: Clone,
    {
        Self {
            shared: Arc::clone(&self.shared),
            config: Arc::clone(&self.config),
            parameters: self.parameters.clone(),
            first: self.first,
            cells: self.cells.clone(),
            neighbors: self.neighbors.clone(),
            calendar: self.calendar.clone(),
            outgoing: self.outgoing.clone(),
            network: self.network.clone(),
            timeline: self.timeline.clone(),
            happened: self.happened.clone(),
            faults: self.faults,
            begun: self.begun,
            wishes: Vec::new(),
            disks: self.disks.clone(),
            gates: self.gates.clone(),
            clocks: self.clocks.clone(),
            targets: self.targets.clone(),
            tape: self.tape.clone(),
            tally: self.tally,
            failure: self.failure.clone(),
            probe: None,
            guard: None,
        }
    }

    /// Is this the shard that speaks for the run as a whole?
    pub(crate) fn leads(&self) -> bool {
        self.first == 1
    }

    /// Takes in what other shards sent.
    pub(crate) fn accept(&mut self, events: &mut Vec<(u64, EventOf<P, F>)>) {
        for (time, event) in events.drain(..) {
            self.calendar.push(time, event);
        }
    }

    /// Moves on through all buckets before `end`, but not beyond `time_max`. The bucket of that time stays
    /// open: something may still be put into it.
    pub(crate) fn run(&mut self, end: u64, time_max: u64) {
        loop {
            if self.calendar.is_open() {
                if !self.work_through(time_max) {
                    return;
                }
                self.calendar.close();
            }
            match self.calendar.next_bucket() {
                Some(bucket) if bucket < end && bucket << BUCKET_BITS <= time_max => self.calendar.open(bucket),
                _ => return,
            }
        }
    }

    /// Lets everything in the open bucket happen up to this time; says whether the bucket is over by then.
    fn work_through(&mut self, time_max: u64) -> bool {
        let mut touched = 0;
        while let Some((time, next)) = self.calendar.peek() {
            if time > time_max {
                return false;
            }
            if touched == 0 {
                touched = self.touch_ahead();
            }
            touched -= 1;
            if let Some(event) = self.calendar.take(next) {
                self.handle(time, event);
            }
            if F::Tape::SEEKS && self.tape.found().is_some() {
                return false;
            }
        }
        !self.calendar.is_open_at(time_max)
    }

    /// Reads a little of each peer that comes next, so that the waits for memory overlap instead of adding
    /// up. Returns for how many events that is enough.
    fn touch_ahead(&self) -> usize {
        const AHEAD: usize = 32;
        let mut seen = 0;
        for event in self.calendar.ahead(AHEAD) {
            let index = event.to.wrapping_sub(self.first) as usize;
            // The beginning of the next cell is where this one ends.
            for cell in self.cells.iter().skip(index).take(2) {
                seen ^= cell.book.activations;
            }
        }
        // What peers do at a time of their own choice mostly begins with a neighbor.
        for event in self.calendar.ahead(AHEAD).filter(|event| matches!(event.input, Input::Timer(_))) {
            let index = event.to.wrapping_sub(self.first) as usize;
            seen ^= self.cells.get(index).map_or(0, |cell| self.neighbors.touch(cell.book));
        }
        std::hint::black_box(seen);
        AHEAD
    }
}
