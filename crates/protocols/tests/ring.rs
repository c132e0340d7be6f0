//! Rings in simulations: lookups find who owns a key, and the circle closes again whatever happens.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::plan::{Conditions, DiskFate, Fault, Latency, Network, Peers, Plan, Timed};
use rumormill_core::{Launch, Outcome, Parameters, Rng, Topology, Value};
use rumormill_protocols::ring::{Id, Phase, Request, Ring};
use rumormill_sim::{Checks, Settings, Simulation, StopRule};

/// A ring, and how long it is simulated.
struct World {
    seed: u64,
    peers: u32,
    parameters: BTreeMap<String, Value>,
    plan: Plan,
}

impl World {
    fn new(seed: u64, peers: u32) -> Self {
        let latency = Latency::Uniform { min: Duration::from_millis(1), max: Duration::from_millis(20) };
        let network = Network { latency, conditions: Conditions::default() };
        let parameters = [("peers".into(), Value::Count(peers.into()))];
        Self { seed, peers, parameters: parameters.into(), plan: Plan { network, ..Plan::default() } }
    }

    fn with(mut self, name: &str, count: u64) -> Self {
        self.parameters.insert(name.into(), Value::Count(count));
        self
    }

    fn at(mut self, ms: u64, fault: Fault) -> Self {
        self.plan.faults.push(Timed { at: Duration::from_millis(ms), fault });
        self
    }

    fn simulation(self, seconds: u64, stop: StopRule) -> Simulation<Ring> {
        let parameters = Parameters(self.parameters);
        let settings = Settings {
            topology: Topology::Full,
            plan: self.plan,
            parameters: parameters.clone(),
            time_limit: Duration::from_secs(seconds),
            stop,
            check_codec: self.seed.is_multiple_of(8),
            ..Settings::new(self.seed, self.peers)
        };
        let checks = Checks::new(Ring::properties());
        Simulation::checked_only(Ring::config(&parameters).unwrap(), settings, &checks).unwrap()
    }

    /// Runs it for so long; what is wrong at the end.
    fn judge(self, seconds: u64) -> Vec<String> {
        let seed = self.seed;
        let report = self.simulation(seconds, StopRule::TimeLimit).run();
        let wrong = report.violations.iter().map(|it| format!("seed {seed}: {}: {}", it.property, it.text));
        wrong.collect()
    }
}

fn one(number: u32) -> Peers {
    Peers::Numbers(vec![number])
}

#[test]
fn every_lookup_finds_the_owner_in_half_the_logarithm_of_hops() {
    for (seed, peers) in [(1, 1), (2, 2), (3, 3), (4, 24), (5, 256)] {
        let world = World::new(seed, peers).with("lookups", 40);
        let mut simulation = world.simulation(120, StopRule::TargetsMet);
        let report = simulation.run();
        assert_eq!((report.outcome, report.violations.len()), (Outcome::Completed, 0), "{:?}", report.violations);
        for peer in 1..=peers {
            assert_eq!(simulation.state(peer).unwrap().found().len(), 40);
        }
    }
}

#[test]
fn newcomers_find_their_places_also_all_at_once() {
    for seed in 1..=40 {
        let mut world = World::new(seed, 30).with("founders", if seed.is_multiple_of(2) { 1 } else { 9 });
        if seed.is_multiple_of(3) {
            world.parameters.insert("join_every".into(), Value::Span(Duration::from_millis(1)));
        }
        assert_eq!(world.judge(60), Vec::<String>::new());
    }
}

#[test]
fn the_ring_closes_after_crashes_loss_and_partitions() {
    for seed in 1..=60 {
        let mut rng = Rng::new(seed ^ 0x71a6);
        let mut world = World::new(seed, 24).with("founders", 12).with("lookups", 20).with("tries", 3);
        world.plan.network.conditions.loss = 0.05;
        for _ in 0..8 {
            let (at, length) = (2_000 + rng.below(20_000), 500 + rng.below(8_000));
            let peers = one(1 + rng.below(24) as u32);
            world = match rng.below(3) {
                0 => world.at(at, Fault::Pause { peers: peers.clone() }).at(at + length, Fault::Resume { peers }),
                _ => world
                    .at(at, Fault::Crash { peers: peers.clone() })
                    .at(at + length, Fault::Restart { peers, disk: DiskFate::Kept }),
            };
        }
        world = world.at(35_000, Fault::Conditions(Conditions::default()));
        assert_eq!(world.judge(120), Vec::<String>::new());
    }
}

#[test]
fn who_leaves_is_missed_by_nobody() {
    let world = World::new(7, 16);
    let mut simulation = world.simulation(100, StopRule::TimeLimit);
    for peer in [3, 9, 4] {
        simulation.run_for(Duration::from_secs(2));
        simulation.request(peer, Request::Leave);
    }
    simulation.run_for(Duration::from_secs(5));
    simulation.request(9, Request::Join);
    simulation.request(1, Request::Lookup(Id::of(b"key")));
    let report = simulation.run();
    assert!(report.violations.is_empty(), "{:?}", report.violations);
    let is_member = |peer| simulation.state(peer).unwrap().phase() == Phase::Member;
    assert!(is_member(9) && !is_member(3) && !is_member(4));
}
