//! A store in a simulation, with everything that can go wrong, and its promises judged at the end.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rumormill_core::plan::{Conditions, DiskFate, Fault, Latency, Network, Peers, Plan, Timed};
use rumormill_core::{Launch, Outcome, Parameters, Rng, Topology, Value};
use rumormill_protocols::store::{Exercise, Store};
use rumormill_sim::{Checks, Settings, Simulation, Verdict, explore};

use crate::cells::Cells;

/// What is simulated.
#[derive(Clone)]
pub struct World {
    pub parameters: Parameters,
    pub plan: Plan,
    /// The longest that it may take.
    pub limit: Duration,
    /// All calls at this front end take at most so long.
    pub prompt: Option<(u32, Duration)>,
}

pub const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl World {
    /// Three replicas and two front ends, each with three clients, who move once in a while, in a network without
    /// faults.
    pub fn new() -> Self {
        let latency = Latency::Uniform { min: millis(1), max: millis(30) };
        let plan = Plan { network: Network { latency, conditions: Conditions::default() }, ..Plan::default() };
        Self { parameters: Parameters::default(), plan, limit: seconds(120), prompt: None }
            .with("peers", Value::Count(5))
            .with("clients", Value::Count(3))
            .with("calls", Value::Count(25))
            .with("keys", Value::Count(6))
            .with("think", Value::Span(millis(60)))
            .with("gossip_every", Value::Span(millis(200)))
            .with("retry_after", Value::Span(millis(100)))
            .with("delta", Value::Span(seconds(8)))
            .with("roam_after", Value::Count(7))
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters.0.insert(name.into(), value);
        self
    }

    pub fn flawed(self, flaw: &str) -> Self {
        self.with("flaw", Value::Text(flaw.into()))
    }

    pub fn at(mut self, at: Duration, fault: Fault) -> Self {
        self.plan.faults.push(Timed { at, fault });
        self
    }

    /// Messages are lost, arrive twice, and overtake each other.
    pub fn rough(mut self) -> Self {
        self.plan.network.conditions = Conditions {
            loss: 0.08,
            duplication: 0.1,
            reordering: 0.2,
            reordering_by: millis(400),
            ..Conditions::default()
        };
        self
    }

    /// Partitions, crashes of replicas and front ends, pauses and wrong clocks, drawn by the seed. The plan ends
    /// well: all is healed, and everybody comes back.
    pub fn battered(mut self, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x0073_746f_7265);
        let ms = 1_000_000_i64;
        // Who founds a store must not think that it is late already.
        self = self.with("founding", Value::Span(seconds(3)));
        for replica in 1..=3 {
            let offset_ns = rng.below(3_000) as i64 * ms - 1_500 * ms;
            let drift_ppm = rng.below(400) as i32 - 200;
            self = self.at(Duration::ZERO, Fault::Clock { peers: one(replica), offset_ns, drift_ppm });
        }
        let mut now = millis(300);
        for _ in 0..6 {
            now += millis(rng.below(500));
            let span = millis(100 + rng.below(900));
            let (from, to) = match rng.below(5) {
                0 => {
                    let groups = vec![Peers::Random { count: 2, draw: rng.below(99) as u32 }];
                    (Fault::Partition { groups }, Fault::Heal)
                }
                1 => {
                    let (from, to) = (one(1 + rng.below(5) as u32), one(1 + rng.below(5) as u32));
                    (Fault::Cut { from, to, both: rng.chance(0.5) }, Fault::Heal)
                }
                2 => {
                    let peers = one(1 + rng.below(5) as u32);
                    (Fault::Pause { peers: peers.clone() }, Fault::Resume { peers })
                }
                // Replicas three times in five.
                _ => {
                    let peers = one(1 + rng.below(5) as u32);
                    (Fault::Crash { peers: peers.clone() }, Fault::Restart { peers, disk: DiskFate::Kept })
                }
            };
            self = self.at(now, from).at(now + span, to);
        }
        self
    }

    /// One replica loses its disk, some time after this; its updates are on another one's.
    pub fn with_lost_disk(mut self, seed: u64, after: Duration) -> Self {
        let mut rng = Rng::new(seed ^ 0x6469_736b);
        let peers = one(1 + rng.below(3) as u32);
        let at = after + millis(rng.below(800));
        self = self.with("ack", Value::Text("f+1".into()));
        self.at(at, Fault::Crash { peers: peers.clone() })
            .at(at + millis(100 + rng.below(400)), Fault::Restart { peers, disk: DiskFate::Lost })
    }

    /// Runs it with a seed. What is wrong with it, if something is.
    pub fn judge<A: Exercise>(&self, seed: u64) -> Result<(), String> {
        let config = Store::<A>::config(&self.parameters).unwrap();
        let settings = Settings {
            topology: Topology::Full,
            plan: self.plan.clone(),
            parameters: self.parameters.clone(),
            time_limit: self.limit,
            check_codec: true,
            ..Settings::new(seed, self.parameters.peers().unwrap())
        };
        let checks = Checks::new(Store::<A>::properties());
        let mut simulation = Simulation::<Store<A>>::checked_only(config, settings, &checks).unwrap();
        let report = simulation.run();
        let wrong = report.violations.iter().map(|violation| format!("{}: {}", violation.property, violation.text));
        let wrong: Vec<String> = wrong.chain(self.late(&simulation)).chain(self.miscounted(&simulation)).collect();
        match report.outcome {
            Outcome::Completed if wrong.is_empty() => Ok(()),
            outcome => Err(format!("seed {seed}: {outcome} after {:?}\n{}", report.virtual_time, wrong.join("\n"))),
        }
    }
}

impl World {
    /// A call that took longer than it may.
    fn late<A: Exercise>(&self, simulation: &Simulation<Store<A>>) -> Option<String> {
        let (front_end, longest) = self.prompt?;
        let Some(Store::FrontEnd(front)) = simulation.state(front_end) else { panic!("no front end {front_end}") };
        front.journal().iter().find_map(|entry| {
            let took = entry.end.as_ref()?.returned.since(entry.invoked);
            (took > longest).then(|| format!("prompt: call {} took {took:?}: {:?}", entry.operation, entry.op))
        })
    }
}

impl World {
    /// A client that did not make each of its calls once, wherever it was: one that is in two places, or nowhere.
    fn miscounted<A: Exercise>(&self, simulation: &Simulation<Store<A>>) -> Option<String> {
        let mut made: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for front_end in 4..=5 {
            let Some(Store::FrontEnd(front)) = simulation.state(front_end) else { panic!("no front end {front_end}") };
            for entry in front.journal() {
                made.entry(entry.operation.session).or_default().push(entry.operation.number);
            }
        }
        let calls = self.parameters.count("calls").unwrap();
        (1..=6).find_map(|client| {
            let numbers = made.entry(client).or_default();
            numbers.sort_unstable();
            let is_right = numbers.iter().copied().eq(1..=calls);
            (!is_right).then(|| format!("clients: {client} made the calls {numbers:?}"))
        })
    }
}

/// The peer of this number.
pub fn one(number: u32) -> Peers {
    Peers::Numbers(vec![number])
}

/// Judges many seeds, each in a world of its own, on two threads. The least one in which something is wrong.
pub fn first_wrong(seeds: RangeInclusive<u64>, world: impl Fn(u64) -> World + Sync) -> Option<String> {
    first_wrong_of::<Cells>(seeds, world)
}

/// The same of another application.
pub fn first_wrong_of<A: Exercise>(seeds: RangeInclusive<u64>, world: impl Fn(u64) -> World + Sync) -> Option<String> {
    let judge = |seed| match world(seed).judge::<A>(seed) {
        Ok(()) => Verdict::Holds,
        Err(why) => Verdict::Fails(why),
    };
    explore(seeds, 2, judge, |_| {}, &AtomicBool::new(false)).failing.map(|(_, why)| why)
}
