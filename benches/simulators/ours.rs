//! The loads on our simulator, with its fault plan and its digest on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rumormill_core::plan::{Conditions, Network, Plan};
use rumormill_core::{Parameters, Value};
use rumormill_protocols::Flood;
use rumormill_sim::{Settings, Simulate, Simulation, StopRule};

use crate::ping::Pinger;

/// One rumor until all have it.
pub fn flood(seed: u64, peers: u32, threads: u32) -> (u64, Duration) {
    let messages: Arc<[u64]> = (1..=peers).map(|peerid| u64::from(peerid == 1)).collect();
    let parameters = Parameters(
        [
            ("peers", Value::Count(peers.into())),
            ("messages", Value::PerPeer(messages)),
            ("signed", Value::Flag(false)),
            ("durable", Value::Flag(false)),
            ("anti_entropy", Value::Flag(false)),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .into(),
    );
    run::<Flood>(&parameters, settings(seed, peers, threads, 0.0, StopRule::TargetsMet))
}

/// Five seconds of pings.
pub fn ping(seed: u64, peers: u32, threads: u32) -> (u64, Duration) {
    let parameters = Parameters([("peers".to_string(), Value::Count(peers.into()))].into());
    run::<Pinger>(&parameters, settings(seed, peers, threads, 0.01, StopRule::TimeLimit))
}

fn settings(seed: u64, peers: u32, threads: u32, loss: f64, stop: StopRule) -> Settings {
    let network = Network { conditions: Conditions { loss, ..Conditions::default() }, ..Network::default() };
    let plan = Plan { network, ..Plan::default() };
    Settings { plan, threads, time_limit: Duration::from_secs(5), stop, ..Settings::new(seed, peers) }
}

fn run<P: Simulate>(parameters: &Parameters, settings: Settings) -> (u64, Duration) {
    let mut simulation = Simulation::<P>::new(P::config(parameters).unwrap(), settings).unwrap();
    let begun = Instant::now();
    let report = simulation.run();
    (report.events, begun.elapsed())
}
