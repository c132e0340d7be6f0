//! Replicas under faults, over many seeds: what was acknowledged stays, no session reads backwards, nothing is
//! executed twice or too early, all end with the same state, and logs and call tables empty.
#![allow(clippy::unwrap_used)]

mod client;
mod ledger;
mod load;

use std::time::Duration;

use client::Client;
use ledger::Ledger;
use rumormill_core::plan::{DiskFate, Fault, Peers, Plan, Timed};
use rumormill_core::{
    Context, Instant, Launch, Outcome, ParameterError, Parameters, PeerId, Protocol, Rng, Seat, Stacks, Topology,
};
use rumormill_protocols::store::{
    self, Ack, Application, CallId, Changed, Config, Flaw, Message, PartError, Stamp, Store,
};
use rumormill_sim::{Settings, Simulation, StopRule};

/// A replica, or a client that calls replicas itself.
#[derive(Debug)]
enum Peer {
    Replica(Store<Ledger>),
    Client(Box<Client>),
}

#[derive(Clone, Debug)]
enum Timer {
    Store(store::Timer),
    /// The next call.
    Next,
    /// The same call again.
    Again {
        number: u64,
        tries: u32,
    },
}

#[derive(Clone, Debug)]
struct World {
    store: Config,
    calls: u32,
}

impl Stacks<Store<Ledger>> for Peer {
    const DISK_PREFIX: &'static str = "";

    fn config(config: &World) -> &Config {
        &config.store
    }

    fn message(inner: Message<Ledger>) -> Message<Ledger> {
        inner
    }

    fn timer(inner: store::Timer) -> Timer {
        Timer::Store(inner)
    }
}

impl Protocol for Peer {
    type Config = World;
    type Message = Message<Ledger>;
    type Timer = Timer;
    type Request = store::Request<Ledger>;
    type Indication = store::Indication<Ledger>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        match self {
            Self::Replica(replica) => told(cx, |cx| replica.on_start(cx)),
            Self::Client(_) => cx.set_timer(Duration::from_millis(cx.me.0 * 3), Timer::Next),
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message<Ledger>) {
        match (self, message) {
            (Self::Replica(replica), message) => told(cx, |cx| replica.on_message(cx, from, message)),
            (Self::Client(client), Message::Replies(replies)) => client.take(cx, replies),
            // Who lost the disk asks everybody for a place in the council.
            (Self::Client(_), Message::Council(_)) => {}
            (Self::Client(_), message) => panic!("a client got {message:?}"),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match (self, timer) {
            (Self::Replica(replica), Timer::Store(timer)) => told(cx, |cx| replica.on_timer(cx, timer)),
            (Self::Client(client), Timer::Next) => client.next(cx),
            (Self::Client(client), Timer::Again { number, tries }) => client.wake(cx, number, tries),
            (_, timer) => panic!("a timer of another: {timer:?}"),
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: store::Request<Ledger>) {
        if let Self::Replica(replica) = self {
            told(cx, |cx| replica.on_request(cx, request));
        }
    }
}

/// Activates a replica. None of them may misbehave.
fn told(cx: &mut Context<'_, Peer>, activate: impl FnOnce(&mut Context<'_, Store<Ledger>>)) {
    for indication in cx.embed::<Store<Ledger>>(activate) {
        assert!(!matches!(indication, store::Indication::Misbehaved { .. }), "{indication:?}");
        cx.indicate(indication);
    }
}

impl Launch for Peer {
    fn config(_: &Parameters) -> Result<World, ParameterError> {
        Err(ParameterError::Missing { name: "all".into() })
    }

    fn peer(config: &World, seat: Seat) -> Self {
        if seat.peerid <= config.store.replicas {
            Self::Replica(Store::new(&config.store, seat))
        } else {
            Self::Client(Box::new(Client::new(seat.peerid, config.store.replicas, config.calls)))
        }
    }
}

/// What a run is made of.
#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    replicas: u32,
    ack: Ack,
    restarts: Restarts,
    skew: bool,
    flaw: Option<Flaw>,
}

/// What crashes do to disks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Restarts {
    /// Nobody crashes.
    None,
    /// Disks are kept.
    Kept,
    /// One disk at a time is lost, and the others crash meanwhile and keep theirs.
    Lost,
}

const CLIENTS: u32 = 4;
const FAULTS_UNTIL: f64 = 20.0;
const DELTA: Duration = Duration::from_secs(8);

fn config(case: &Case) -> World {
    let store = Config {
        replicas: case.replicas,
        front_ends: 0,
        spares: 0,
        founding: Instant::from_nanos(900_000_000),
        gossip_every: Duration::from_millis(100),
        gossip_after: 20,
        delta: DELTA,
        ack: case.ack,
        council: rumormill_protocols::raft::Config::new(std::time::Duration::from_secs(1)),
        lease: None,
        retry_after: Duration::from_millis(400),
        overload: 0.02,
        load: None,
        flaw: case.flaw,
    };
    World { store, calls: 60 }
}

/// Loss, duplication, reordering, partitions, pauses, crashes and clocks that are apart, all over after 20 s.
fn plan(case: &Case) -> Plan {
    let mut rng = Rng::new(case.seed);
    let mut plan = Plan::default();
    let conditions = &mut plan.network.conditions;
    conditions.loss = rng.unit() * 0.2;
    conditions.duplication = rng.unit() * 0.1;
    (conditions.reordering, conditions.reordering_by) = (rng.unit() * 0.2, Duration::from_millis(500));
    let mut at = |seconds: f64, fault| plan.faults.push(Timed { at: Duration::from_secs_f64(seconds), fault });
    if case.skew {
        for peer in 1..=case.replicas + CLIENTS {
            let offset_ns = (rng.unit() * 3e9) as i64 - 1_500_000_000;
            let who = Peers::Numbers(vec![peer]);
            at(
                1.0 + rng.unit() * 5.0,
                Fault::Clock { peers: who, offset_ns, drift_ppm: rng.below(4000) as i32 - 2000 },
            );
        }
    }
    for _ in 0..6 {
        let (start, length) = (1.0 + rng.unit() * 14.0, 0.2 + rng.unit() * 4.0);
        let who = Peers::Numbers(vec![1 + rng.below(case.replicas.into()) as u32]);
        match rng.below(4) {
            0 | 1 if case.restarts != Restarts::None => {
                at(start, Fault::Crash { peers: who.clone() });
                at(start + length, Fault::Restart { peers: who, disk: DiskFate::Kept });
            }
            0 | 2 => {
                at(start, Fault::Pause { peers: who.clone() });
                at(start + length, Fault::Resume { peers: who });
            }
            _ => {
                let groups = vec![Peers::Numbers((1..=case.replicas / 2).collect())];
                at(start, Fault::Partition { groups });
                at(start + length, Fault::Heal);
            }
        }
    }
    at(FAULTS_UNTIL, Fault::Conditions(rumormill_core::plan::Conditions::default()));
    at(FAULTS_UNTIL, Fault::Heal);
    plan
}

/// A run, at its end.
struct Run {
    simulation: Simulation<Peer>,
    case: Case,
}

/// The simulation of a case, from its beginning to its end.
fn run(case: &Case) -> Run {
    let settings = Settings {
        topology: Topology::Full,
        plan: plan(case),
        time_limit: Duration::from_secs(90),
        stop: StopRule::TimeLimit,
        check_codec: case.seed.is_multiple_of(8),
        ..Settings::new(case.seed, case.replicas + CLIENTS)
    };
    let mut simulation = Simulation::<Peer>::new(config(case), settings).unwrap();
    if case.restarts == Restarts::Lost {
        lose_disks(&mut simulation, case);
    }
    assert_eq!(simulation.run().outcome, Outcome::Completed);
    Run { simulation, case: case.clone() }
}

/// Every few seconds a replica loses its disk, if all have recovered from what was before.
fn lose_disks(simulation: &mut Simulation<Peer>, case: &Case) {
    let mut rng = Rng::new(case.seed ^ 0xd15c);
    for _ in 0..6 {
        simulation.run_for(Duration::from_secs_f64(1.0 + rng.unit() * 3.0));
        let is_whole = |peer: u32| simulation.is_up(peer) && !replica(simulation, peer).is_recovering();
        if (1..=case.replicas).all(is_whole) {
            let peers = Peers::Numbers(vec![1 + rng.below(case.replicas.into()) as u32]);
            simulation.inject(Fault::Crash { peers: peers.clone() }).unwrap();
            simulation.run_for(Duration::from_secs_f64(rng.unit()));
            simulation.inject(Fault::Restart { peers, disk: DiskFate::Lost }).unwrap();
        }
    }
}

fn replica(simulation: &Simulation<Peer>, peer: u32) -> &store::Replica<Ledger> {
    match simulation.state(peer) {
        Some(Peer::Replica(Store::Replica(replica))) => replica,
        other => panic!("peer {peer} is no replica: {other:?}"),
    }
}

impl Run {
    fn replicas(&self) -> impl Iterator<Item = &store::Replica<Ledger>> {
        (1..=self.case.replicas).map(|peer| replica(&self.simulation, peer))
    }

    fn clients(&self) -> impl Iterator<Item = &Client> {
        (self.case.replicas + 1..=self.case.replicas + CLIENTS).map(|peer| match self.simulation.state(peer) {
            Some(Peer::Client(client)) => client.as_ref(),
            other => panic!("peer {peer} is no client: {other:?}"),
        })
    }

    /// What is wrong with it, if something is.
    fn verdict(&self, may_lose: bool) -> Result<(), String> {
        let first = replica(&self.simulation, 1);
        for (replica, peer) in self.replicas().zip(1..) {
            let value = replica.value();
            if value.digest() != first.value().digest() {
                return Err(format!("replica {peer} has {} updates, replica 1 {}", value.len(), first.value().len()));
            }
            let too_early = value.too_early();
            if (value.twice, too_early, value.below_floor) != (0, 0, 0) {
                let Ledger { twice, below_floor, .. } = value;
                return Err(format!("replica {peer}: {twice} twice, {too_early} too early, {below_floor} too late"));
            }
            // What depends on what is lost waits until all agree that it is lost.
            if (replica.log_len(), replica.sessions()) != (0, 0) {
                return Err(format!("replica {peer}: {} in the log, {} calls", replica.log_len(), replica.sessions()));
            }
        }
        for client in self.clients() {
            let lost = client.acknowledged.iter().filter(|&&call| !first.value().has(call)).count();
            if client.backwards > 0 || (lost > 0 && !may_lose) {
                return Err(format!("{} read backwards, {lost} acknowledged updates lost", client.backwards));
            }
            if !may_lose && client.unheard > 0 {
                return Err(format!("{} calls depend on what nobody has heard of", client.unheard));
            }
            if !may_lose && !client.is_done() {
                return Err(format!("a client is stuck: {client:?}"));
            }
        }
        Ok(())
    }

    /// Acknowledged updates of all clients.
    fn acknowledged(&self) -> usize {
        self.clients().map(|client| client.acknowledged.len()).sum()
    }
}

fn all_hold(seeds: std::ops::Range<u64>, case: impl Fn(u64) -> Case, may_lose: bool) {
    let mut acknowledged = 0;
    for seed in seeds.clone() {
        let run = run(&case(seed));
        run.verdict(may_lose).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        acknowledged += run.acknowledged();
    }
    let most = seeds.count() * CLIENTS as usize * 30;
    assert!(acknowledged > most / 2, "the clients get on: {acknowledged} of about {most}");
}

fn replicas(seed: u64) -> u32 {
    if seed.is_multiple_of(3) { 5 } else { 3 }
}

#[test]
fn all_end_the_same_when_messages_are_lost_and_clocks_are_apart() {
    let case = |seed| Case {
        seed,
        replicas: replicas(seed),
        ack: Ack::Fsync,
        restarts: Restarts::None,
        skew: true,
        flaw: None,
    };
    all_hold(0..200, case, false);
}

#[test]
fn nothing_that_was_written_is_lost_when_disks_are_kept() {
    let case = |seed| Case {
        seed,
        replicas: replicas(seed),
        ack: Ack::Fsync,
        restarts: Restarts::Kept,
        skew: seed.is_multiple_of(2),
        flaw: None,
    };
    all_hold(1000..1200, case, false);
}

#[test]
fn nothing_that_two_hold_is_lost_with_one_disk() {
    let case = |seed| Case {
        seed,
        replicas: replicas(seed),
        ack: Ack::Replicas(1),
        restarts: Restarts::Lost,
        skew: seed.is_multiple_of(2),
        flaw: None,
    };
    all_hold(2000..2200, case, false);
}

#[test]
fn all_end_the_same_when_memory_is_lost() {
    let case = |seed| Case {
        seed,
        replicas: replicas(seed),
        ack: Ack::Memory,
        restarts: if seed.is_multiple_of(2) { Restarts::Kept } else { Restarts::Lost },
        skew: false,
        flaw: None,
    };
    all_hold(3000..3200, case, true);
}

/// Each known mistake shows within a few seeds: these tests can fail.
#[test]
fn every_planted_mistake_is_found() {
    for (flaw, name) in Flaw::ALL {
        let restarts = if flaw == Flaw::ReusedIncarnation { Restarts::Lost } else { Restarts::None };
        let case = |seed| Case { seed, replicas: 3, ack: Ack::Fsync, restarts, skew: false, flaw: Some(flaw) };
        let may_lose = restarts == Restarts::Lost;
        let found = (5000..5100).find_map(|seed| run(&case(seed)).verdict(may_lose).err().map(|why| (seed, why)));
        let (seed, why) = found.unwrap_or_else(|| panic!("{name} is not found"));
        println!("{name}: seed {seed}: {why}");
    }
}
