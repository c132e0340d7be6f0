//! Stores that see hundreds of lives of their replicas: what was lost with each is agreed on, its line goes from all
//! timestamps, and the promises hold all the time.
#![allow(clippy::unwrap_used)]

#[path = "store/cells.rs"]
mod cells;

use std::time::Duration;

use cells::Cells;
use rumormill_core::plan::{Conditions, DiskFate, Fault, Latency, Network, Peers, Plan};
use rumormill_core::{Launch, Parameters, Rng, Topology, Value};
use rumormill_protocols::store::{MAX_SLOTS, Replica, Slot, Store};
use rumormill_sim::{Checks, Settings, Simulation};

const REPLICAS: u32 = 3;

/// More than a timestamp may have parts, also when in some of them no update is taken.
const LIVES: usize = 2 * MAX_SLOTS;

/// A store with two front ends whose clients go on for about two thousand seconds.
fn store(seed: u64, ack: &str) -> Simulation<Store<Cells>> {
    let conditions = Conditions { loss: 0.03, duplication: 0.03, ..Conditions::default() };
    let latency = Latency::Uniform { min: Duration::from_millis(1), max: Duration::from_millis(20) };
    let plan = Plan { network: Network { latency, conditions }, ..Plan::default() };
    let parameters = [
        ("peers", Value::Count(u64::from(REPLICAS) + 2)),
        ("ack", Value::Text(ack.into())),
        ("clients", Value::Count(2)),
        ("calls", Value::Count(1_000)),
        ("keys", Value::Count(6)),
        ("think", Value::Span(Duration::from_secs(2))),
        ("gossip_every", Value::Span(Duration::from_millis(200))),
        ("council_timeout", Value::Span(Duration::from_millis(400))),
        ("delta", Value::Span(Duration::from_secs(8))),
        ("roam_after", Value::Count(50)),
    ];
    let parameters = Parameters(parameters.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let settings = Settings {
        topology: Topology::Full,
        plan,
        parameters: parameters.clone(),
        time_limit: Duration::from_secs(20_000),
        ..Settings::new(seed, REPLICAS + 2)
    };
    let checks = Checks::new(Store::<Cells>::properties());
    Simulation::checked_only(Store::<Cells>::config(&parameters).unwrap(), settings, &checks).unwrap()
}

fn replica(simulation: &Simulation<Store<Cells>>, peer: u32) -> &Replica<Cells> {
    match simulation.state(peer) {
        Some(Store::Replica(replica)) => replica,
        other => panic!("peer {peer} is no replica: {other:?}"),
    }
}

/// Crashes one replica after the other, each when all are whole again. Returns the most parts that a timestamp had.
fn crash(simulation: &mut Simulation<Store<Cells>>, seed: u64, disk: DiskFate) -> usize {
    let (mut rng, mut most) = (Rng::new(seed ^ 0x11_7e5), 0);
    for life in 0..LIVES {
        let peers = Peers::Numbers(vec![1 + rng.below(REPLICAS.into()) as u32]);
        simulation.inject(Fault::Crash { peers: peers.clone() }).unwrap();
        assert_eq!(simulation.run_for(Duration::from_millis(rng.below(1_000))), None);
        simulation.inject(Fault::Restart { peers, disk }).unwrap();
        let is_whole = |simulation: &Simulation<_>| {
            (1..=REPLICAS).all(|peer| simulation.is_up(peer) && !replica(simulation, peer).is_recovering())
        };
        let span = Duration::from_millis(4_000 + rng.below(2_000));
        let mut rests = (0..30).map(|_| simulation.run_for(span).is_none() && is_whole(simulation));
        assert!(rests.any(|is_whole| is_whole), "seed {seed}: all are whole again after crash {life}");
        let parts = (1..=REPLICAS).map(|peer| replica(simulation, peer).replica_timestamp().len());
        most = most.max(parts.max().unwrap());
    }
    most
}

/// The rest of the run; what is wrong at its end, if something is. Nothing is left of lives that are over.
fn end(simulation: &mut Simulation<Store<Cells>>, seed: u64) -> Vec<String> {
    let report = simulation.run();
    for peer in 1..=REPLICAS {
        let (one, first) = (replica(simulation, peer), replica(simulation, 1));
        assert_eq!(one.value(), first.value(), "seed {seed}: replica {peer} has another state than replica 1");
        assert_eq!(one.log_len(), 0, "seed {seed}: replica {peer}'s log");
        assert!(one.replica_timestamp().len() <= REPLICAS as usize + 4, "seed {seed}: {:?}", one.replica_timestamp());
        assert!(one.value_timestamp().len() <= REPLICAS as usize + 4, "seed {seed}: {:?}", one.value_timestamp());
        let ended = one.value_timestamp().get(Slot::ENDED);
        assert!(ended > MAX_SLOTS as u64, "seed {seed}: only {ended} lines have ended");
    }
    let wrong = report.violations.iter().map(|violation| format!("{}: {}", violation.property, violation.text));
    // When each replica has lost its disk, nobody can tell in which order all began.
    wrong.filter(|wrong| !wrong.starts_with("causal_delivery: undecided")).collect()
}

#[test]
fn any_number_of_disks_may_be_lost_one_after_the_other() {
    let mut simulation = store(1, "f+1");
    let most = crash(&mut simulation, 1, DiskFate::Lost);
    assert!(most < 20, "timestamps had up to {most} parts");
    assert_eq!(end(&mut simulation, 1), Vec::<String>::new());
}

#[test]
fn any_number_of_memories_may_be_lost() {
    let mut simulation = store(2, "memory");
    let most = crash(&mut simulation, 2, DiskFate::Kept);
    assert!(most < 20, "timestamps had up to {most} parts");
    // What was only in memory is lost, and clients whose calls depend on it are told; nothing else is wrong.
    let wrong = end(&mut simulation, 2);
    let is_loss = |wrong: &String| {
        wrong.contains("Lost: ") || wrong.contains("nothing_lost: ") || wrong.contains("that are lost for good")
    };
    assert!(wrong.iter().all(is_loss), "{wrong:?}");
}
