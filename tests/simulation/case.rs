//! An experiment with chosen values and a seed, ready to be simulated.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rumormill_core::plan::Plan;
use rumormill_core::{Instant, Launch, Outcome, Parameters, PeerId, Topology, Value};
use rumormill_lab::experiment::{Gallery, Setup, Values};
use rumormill_protocols::Flood;
use rumormill_protocols::flood::{Held, ItemId};
use rumormill_sim::{Explored, Report, Settings, Simulation, Verdict, explore};

/// A run of flood before it starts.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub peers: u32,
    pub parameters: Parameters,
    pub topology: Topology,
    pub plan: Plan,
}

impl Case {
    /// This many peers with this many messages each, signed and durable, in a perfect network.
    pub fn new(seed: u64, peers: u32, messages: u64) -> Self {
        let parameters = [
            ("peers", Value::Count(peers.into())),
            ("messages", Value::PerPeer(vec![messages; peers as usize].into())),
            ("signed", Value::Text("yes".into())),
            ("durable", Value::Text("yes".into())),
        ];
        let parameters = Parameters(parameters.map(|(name, value)| (name.to_string(), value)).into());
        Self { seed, peers, parameters, topology: Topology::Random { degree: 6 }, plan: Plan::default() }
    }

    /// An experiment of the gallery, with these values in place of its own.
    pub fn of(experiment: &str, seed: u64, values: serde_json::Value) -> Self {
        let values: Values = serde_json::from_value(values).unwrap();
        let Setup { parameters, peers, topology, plan, .. } =
            Gallery::new().find(experiment).unwrap().resolve(&values).unwrap();
        Self { seed, peers, parameters, topology, plan }
    }

    /// The same with another parameter.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters.0.insert(name.into(), value);
        self
    }

    /// The simulation, before its first event.
    pub fn simulation(&self) -> Simulation<Flood> {
        let mut settings = Settings::new(self.seed, self.peers);
        settings.topology = self.topology;
        settings.plan = self.plan.clone();
        settings.check_codec = true;
        Simulation::new(Flood::config(&self.parameters).unwrap(), settings).unwrap()
    }

    /// Runs it to its end.
    pub fn run(&self) -> Report {
        self.simulation().run()
    }

    /// How many messages a peer creates.
    pub fn share(&self, peerid: u32) -> u32 {
        self.parameters.per_peer("messages").unwrap()[peerid as usize - 1].try_into().unwrap()
    }

    /// The name of every message that there will be.
    pub fn items(&self) -> Vec<ItemId> {
        let of =
            |peerid: u32| (1..=self.share(peerid)).map(move |number| ItemId { author: PeerId(peerid.into()), number });
        (1..=self.peers).flat_map(of).collect()
    }
}

/// A moment of a run, in milliseconds after its start.
pub fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

/// Which messages a peer has now.
pub fn held(run: &Simulation<Flood>, peerid: u32) -> &Held {
    run.state(peerid).unwrap().held()
}

/// How many seeds to try: 100, or as `RUMORMILL_SEEDS` says.
pub fn seeds() -> u64 {
    std::env::var("RUMORMILL_SEEDS").map_or(100, |seeds| seeds.parse().unwrap())
}

/// Did the run complete?
pub fn completed(report: &Report) -> Verdict {
    match report.outcome {
        Outcome::Completed => Verdict::Holds,
        outcome => Verdict::Fails(format!("{outcome} after {:?}: {:?}", report.virtual_time, report.targets)),
    }
}

/// Tries this for many seeds; fails with the lowest seed for which it does not hold, and with what to do.
#[track_caller]
pub fn holds_for_all_seeds(replay: &str, judge: impl Fn(u64) -> Verdict + Sync) {
    let seeds = seeds();
    let found = explore(1..=seeds, 2, judge, |_: Explored| {}, &AtomicBool::new(false));
    if let Some((seed, why)) = found.failing {
        panic!("seed {seed}: {why}\nreplay: {}", replay.replace("SEED", &seed.to_string()));
    }
    assert_eq!(found.held, seeds, "not all seeds were tried");
}
