//! A run from bytes: nothing in them is believed before it was checked.

use std::sync::Arc;

use rumormill_core::plan::Fault;
use rumormill_core::{MAX_PEERS, Parameters};
use serde::de::DeserializeOwned;

use super::Simulate;
use super::saved::{BodyRead, Head, LoadError, StoredDisk, StoredEvent, StoredGate, StoredWish, VERSION};
use crate::engine::{Engine, Machine};
use crate::event::{Event, Form, Hold, Input};
use crate::faults::Moment;
use crate::peers::disk::{Disk, Held};
use crate::peers::gate::Gate;
use crate::peers::targets::Standing;
use crate::peers::{FINISHED, GATED, GONE, HELD, SKEWED, UP};
use crate::settings::{Settings, meaning};
use crate::shard::desk::Wish;
use crate::shard::{Shard, Tally};

/// More targets than this are not believed: each costs memory for every peer.
const TARGETS_MAX: usize = 256;

/// A run from bytes.
pub(super) fn load<P>(config: P::Config, bytes: &[u8], threads: u32) -> Result<Box<dyn Machine<P>>, LoadError>
where
    P: Simulate + DeserializeOwned,
    P::Timer: DeserializeOwned,
{
    let (head, body) = read::<P>(bytes)?;
    let settings = settings(&head, threads)?;
    let parameters = parameters::<P>(&head)?;
    let changed = (parameters != head.parameters).then(|| P::config(&parameters).ok()).flatten();
    let config = changed.unwrap_or(config);
    check::<P>(&head, &body, &settings)?;
    Ok(super::with_form::<P, crate::recording::Silent>(Load { config, parameters, settings, head, body }))
}

fn read<P>(bytes: &[u8]) -> Result<(Head, BodyRead<P>), LoadError>
where
    P: Simulate + DeserializeOwned,
    P::Timer: DeserializeOwned,
{
    let (&version, bytes) = bytes.split_first().ok_or(LoadError::Inconsistent("it is empty"))?;
    if version != VERSION {
        return Err(LoadError::Version { found: version });
    }
    let (head, bytes) = postcard::take_from_bytes(bytes)?;
    let (body, rest) = postcard::take_from_bytes(bytes)?;
    if rest.is_empty() { Ok((head, body)) } else { Err(LoadError::Inconsistent("something follows its end")) }
}

fn settings(head: &Head, threads: u32) -> Result<Settings, LoadError> {
    let settings = Settings {
        topology: head.topology,
        plan: head.plan.clone(),
        parameters: head.parameters.clone(),
        threads,
        time_limit: head.time_limit,
        stop: head.stop,
        check_codec: head.check_codec,
        ..Settings::new(head.seed, head.peers)
    };
    settings.validate()?;
    head.timeline.iter().try_for_each(|(_, fault, _)| settings.check_fault("timeline", fault))?;
    Ok(settings)
}

/// The parameters after the faults that have happened. Those still to come must mean something, too.
fn parameters<P: Simulate>(head: &Head) -> Result<Parameters, LoadError> {
    let mut timeline: Vec<&(u64, Fault, bool)> = head.timeline.iter().collect();
    timeline.sort_by_key(|(at, ..)| *at);
    let all = timeline.iter().map(|(_, fault, _)| ("timeline".to_string(), fault));
    meaning::check::<P>(&head.parameters, all)?;
    let past = timeline.iter().filter(|(_, _, happened)| *happened);
    Ok(meaning::check::<P>(&head.parameters, past.map(|(_, fault, _)| ("timeline".to_string(), fault)))?)
}

/// Do the parts fit together? What passes can go on without a panic.
fn check<P: Simulate>(head: &Head, body: &BodyRead<P>, settings: &Settings) -> Result<(), LoadError> {
    let ensure = |holds: bool, why| if holds { Ok(()) } else { Err(LoadError::Inconsistent(why)) };
    let peers = head.peers;
    let exists = |peer: u32| (1..=peers).contains(&peer);
    ensure(body.states.len() == peers as usize && head.books.len() == peers as usize, "peers are missing")?;
    ensure(head.course.is_of(settings), "its windows are not those of its settings")?;
    ensure(head.network.iter().all(|&place| (place as usize) < head.timeline.len()), "a fault is missing")?;
    ensure(head.clocks.keys().all(|&peer| exists(peer)), "a clock belongs to nobody")?;
    let skewed = (1..).zip(&head.books).filter(|(_, book)| book.is(SKEWED));
    ensure(skewed.clone().all(|(peer, _)| head.clocks.contains_key(&peer)), "a clock is missing")?;
    ensure(head.clocks.values().all(|clock| clock.is_sound()), "a clock drifts too fast")?;
    ensure(head.targets.len() <= TARGETS_MAX, "there are too many targets")?;
    ensure(head.targets.values().flatten().all(|&(peer, _)| exists(peer)), "a target belongs to nobody")?;
    ensure(body.disks.iter().all(|disk| exists(disk.peer)), "a disk belongs to nobody")?;
    ensure(body.gates.iter().all(|gate| exists(gate.peer)), "a gate belongs to nobody")?;
    let fits = |(to, from, input): &StoredEvent<P::Message, P::Timer>| match input {
        Input::Begin => *to == 0,
        Input::Fault(place) => *to == 0 && (*place as usize) < head.timeline.len(),
        Input::Message(_) => exists(*to) && exists(*from),
        _ => exists(*to) && *from <= MAX_PEERS,
    };
    ensure(
        body.events.iter().all(|(time, event)| *time >= head.course.now() && fits(event)),
        "an event is impossible",
    )?;
    let is_request = |place: u32| matches!(head.timeline.get(place as usize), Some((_, Fault::Request { .. }, _)));
    let waits = |event: &StoredEvent<P::Message, P::Timer>, peer| match event.2 {
        Input::Message(_) | Input::Timer(_) => event.0 == peer && fits(event),
        Input::Fault(place) => event.0 == peer && event.1 <= MAX_PEERS && is_request(place),
        _ => false,
    };
    ensure(
        body.gates.iter().all(|gate| gate.waiting.iter().all(|event| waits(event, gate.peer))),
        "an event waits that cannot",
    )
}

/// A stored run, ready to be laid out.
struct Load<P: Simulate> {
    config: P::Config,
    /// As they are now.
    parameters: Parameters,
    settings: Settings,
    head: Head,
    body: BodyRead<P>,
}

impl<P: Simulate> super::Build<P> for Load<P> {
    fn build<F: Form<P>>(self) -> Box<dyn Machine<P>> {
        let Self { config, parameters, settings, head, body } = self;
        let mut engine = Engine::<P, F>::without_plan(config, settings);
        engine.course = head.course;
        put_back_head(&mut engine, head, &parameters);
        put_back_body(&mut engine, body);
        Box::new(engine)
    }
}

fn put_back_head<P: Simulate, F: Form<P>>(engine: &mut Engine<P, F>, head: Head, parameters: &Parameters) {
    let (seed, peers) = (head.seed, head.peers);
    let moment = |(at, fault, _): &(u64, _, bool)| Arc::new(Moment::new(*at, Clone::clone(fault), seed, peers));
    let timeline: Vec<Arc<Moment>> = head.timeline.iter().map(moment).collect();
    for shard in &mut engine.shards {
        shard.begun = head.begun;
        shard.parameters.clone_from(parameters);
        shard.faults = head.timeline.iter().filter(|(_, _, happened)| *happened).count() as u64;
        shard.timeline.clone_from(&timeline);
        shard.happened = head.timeline.iter().map(|(_, _, happened)| *happened).collect();
        head.network.iter().for_each(|&place| shard.network.apply(&timeline[place as usize]));
        shard.network.set_conditions(head.conditions);
        let own = shard.first..shard.first + shard.cells.len() as u32;
        shard.network.put_back_queues(head.link_queues.iter().filter(|(link, _)| own.contains(&((link >> 32) as u32))));
        for peer in own {
            let index = (peer - shard.first) as usize;
            let book = &mut shard.cells[index].book;
            let crate::peers::Book { row, degree, .. } = *book;
            *book = crate::peers::Book { row, degree, ..head.books[peer as usize - 1] };
            // Derived from what follows; a stored one is not believed.
            book.unmet = 0;
            book.set(HELD | GATED | FINISHED, false);
            book.set(GONE, book.is(GONE) && !book.is(UP));
        }
        shard.tally = Tally::default();
        shard.tally.up = count(shard, |book| book.is(UP));
        shard.tally.expected = count(shard, |book| !book.is(GONE));
    }
    for (peer, clock) in head.clocks {
        let (shard, index) = engine.place_of(peer);
        engine.shards[shard].clocks.insert(index as u64, clock);
    }
    for (name, standings) in head.targets {
        for (peer, standing) in standings {
            let (shard, index) = engine.place_of(peer);
            engine.shards[shard].put_back_target(&name, index, standing);
        }
    }
    for shard in &mut engine.shards {
        (0..shard.cells.len()).for_each(|index| shard.recount(head.tally.done_at, index));
        shard.tally.done_at = head.tally.done_at;
    }
    let leader = &mut engine.shards[0];
    leader.failure = head.failure;
    leader.tally.acted_at = head.tally.acted_at.min(engine.course.now());
    (leader.tally.digest, leader.tally.messages, leader.tally.events) =
        (head.tally.digest, head.tally.messages, head.tally.events);
}

fn count<P: Simulate, F: Form<P>>(shard: &Shard<P, F>, holds: impl Fn(&crate::peers::Book) -> bool) -> u32 {
    shard.cells.iter().filter(|cell| holds(&cell.book)).count() as u32
}

fn put_back_body<P: Simulate, F: Form<P>>(engine: &mut Engine<P, F>, body: BodyRead<P>) {
    let mut states = body.states.into_iter();
    for cell in engine.shards.iter_mut().flat_map(|shard| &mut shard.cells) {
        if let Some(state) = states.next() {
            cell.state = state;
        }
    }
    for (time, event) in body.events {
        match event.2 {
            Input::Begin => each_shard(engine, time, || Input::Begin),
            Input::Fault(place) => each_shard(engine, time, || Input::Fault(place)),
            _ => {
                let (shard, _) = engine.place_of(event.0);
                engine.shards[shard].calendar.push(time, laid_out::<P, F>(event));
            }
        }
    }
    for StoredDisk { peer, durable, outbox } in body.disks {
        let (shard, index) = engine.place_of(peer);
        engine.shards[shard].put_back_disk(index, durable, outbox);
    }
    for StoredGate { peer, paused, by, waking, waiting } in body.gates {
        let (shard, index) = engine.place_of(peer);
        let shard = &mut engine.shards[shard];
        let mut gate = Gate::default();
        (gate.paused, gate.by, gate.waking) = (paused, by, waking);
        for event in waiting {
            let is_message = matches!(event.2, Input::Message(_));
            gate.push(laid_out::<P, F>(event), is_message);
        }
        shard.cells[index].book.set(GATED, true);
        shard.gates.insert(index as u64, gate);
    }
}

fn each_shard<P: Simulate, F: Form<P>>(
    engine: &mut Engine<P, F>,
    time: u64,
    input: impl Fn() -> Input<F::Message, F::Timer>,
) {
    engine
        .shards
        .iter_mut()
        .for_each(|shard| shard.calendar.push(time, Event::planned(0, Default::default(), input())));
}

fn laid_out<P: Simulate, F: Form<P>>(
    (to, from, input): StoredEvent<P::Message, P::Timer>,
) -> crate::event::EventOf<P, F> {
    Event { to, from, cause: Default::default(), input: input.map(Hold::hold, Hold::hold) }
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    fn put_back_target(&mut self, name: &str, index: usize, standing: Standing) {
        let number = self.targets.number_of_stored(name);
        self.targets.put_back(number, index, standing);
        self.cells[index].book.unmet += u16::from(standing == Standing::Unmet);
    }

    fn put_back_disk(
        &mut self,
        index: usize,
        durable: super::saved::Durable,
        outbox: Vec<Held<StoredWish<P::Message>>>,
    ) {
        let held = outbox.into_iter().map(|held| match held {
            Held::Writes { durable_at, writes } => Held::Writes { durable_at, writes },
            Held::Effect(wish) => {
                let wish = match wish {
                    StoredWish::Send(to, message) => Wish::Send { to, message },
                    StoredWish::Progress(name, current, goal) => {
                        Wish::Progress { target: self.targets.number_of_stored(&name), current, goal }
                    }
                    StoredWish::Done => Wish::Done,
                };
                Held::Effect((wish, Default::default()))
            }
        });
        let disk = Disk::put_back(durable, held);
        self.cells[index].book.set(HELD, !disk.is_idle());
        self.disks.insert(index as u64, disk);
    }
}
