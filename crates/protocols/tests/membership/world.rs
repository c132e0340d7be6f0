//! Groups of peers in the simulator, and what was reported in them.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::plan::{Conditions, Fault, Peers, Plan, Timed};
use rumormill_core::property::Property;
use rumormill_core::trace::{Event, Kind, Sink};
use rumormill_core::{Launch, Parameters, Topology, Value};
use rumormill_protocols::Swim;
use rumormill_sim::{Checks, Report, Settings, Simulation, StopRule};

/// The protocol period of all groups here, in seconds.
pub const PERIOD: f64 = 1.0;

/// A group and what happens to it.
#[derive(Clone)]
pub struct Group {
    pub peers: u32,
    pub parameters: BTreeMap<String, Value>,
    pub plan: Plan,
    pub seconds: u64,
    /// Properties that must hold.
    pub checks: Vec<&'static str>,
}

/// A report of a peer about another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Seconds since the beginning.
    pub at: f64,
    pub by: u32,
    pub about: u32,
    /// The indication's name.
    pub what: String,
}

/// What a run has shown.
pub struct Seen {
    pub report: Report,
    pub heard: Vec<Heard>,
    pub simulation: Simulation<Swim, Reports>,
}

/// Keeps reports about peers, and messages sent by peer.
#[derive(Default)]
pub struct Reports {
    heard: Vec<Heard>,
    pub sent: BTreeMap<u64, u64>,
    pub misbehaved: u64,
    /// The most bytes of a message.
    pub bytes_max: u64,
}

impl Sink for Reports {
    fn event(&mut self, event: &Event) {
        match event.kind {
            Kind::Sent => {
                *self.sent.entry(event.peer.0).or_default() += 1;
                self.bytes_max = self.bytes_max.max(event.bytes);
            }
            Kind::Indicated => {
                self.misbehaved += u64::from(event.name == "Misbehaved");
                let digits = event.text.split("peer: #").nth(1).unwrap_or_default();
                let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
                self.heard.push(Heard {
                    at: event.time.as_secs_f64(),
                    by: event.peer.0 as u32,
                    about: digits.parse().unwrap(),
                    what: event.name.to_string(),
                });
            }
            _ => {}
        }
    }
}

impl Group {
    /// So many peers on a usual network, for so long, without faults.
    pub fn new(peers: u32, seconds: u64) -> Self {
        Self { peers, parameters: BTreeMap::new(), plan: Plan::default(), seconds, checks: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters.insert(name.into(), value);
        self
    }

    pub fn flag(self, name: &str, value: bool) -> Self {
        self.with(name, Value::Flag(value))
    }

    /// With or without all of Lifeguard.
    pub fn lifeguard(self, on: bool) -> Self {
        ["lha_probe", "lha_suspicion", "buddy"].into_iter().fold(self, |group, name| group.flag(name, on))
    }

    pub fn loss(mut self, loss: f64) -> Self {
        self.plan.network.conditions.loss = loss;
        self
    }

    pub fn at(mut self, seconds: f64, fault: Fault) -> Self {
        self.plan.faults.push(Timed { at: Duration::from_secs_f64(seconds), fault });
        self
    }

    pub fn crash(self, seconds: f64, peers: Peers) -> Self {
        self.at(seconds, Fault::Crash { peers })
    }

    /// What these peers send and hear takes so much longer for a while, as when they have no processor.
    pub fn slow(self, seconds: f64, length: f64, who: &[u32], by: f64) -> Self {
        let who = Peers::Numbers(who.to_vec());
        let late = Conditions { delay: Duration::from_secs_f64(by), ..Conditions::default() };
        let links = |conditions| {
            [(who.clone(), Peers::All), (Peers::All, who.clone())].map(|(from, to)| Fault::Link {
                from,
                to,
                conditions,
            })
        };
        let begun = links(Some(late)).into_iter().fold(self, |group, fault| group.at(seconds, fault));
        links(None).into_iter().fold(begun, |group, fault| group.at(seconds + length, fault))
    }

    /// All properties must hold.
    pub fn checked(mut self) -> Self {
        self.checks = Swim::properties().iter().map(|property| property.name).collect();
        self
    }

    pub fn check(mut self, names: &[&'static str]) -> Self {
        self.checks = names.to_vec();
        self
    }

    /// Runs it with a seed.
    pub fn run(&self, seed: u64) -> Seen {
        let seen = self.look(seed);
        assert!(seen.report.violations.is_empty(), "seed {seed}: {:?}", seen.report.violations);
        seen
    }

    /// Runs it with a seed, whatever does not hold.
    pub fn look(&self, seed: u64) -> Seen {
        let mut parameters = self.parameters.clone();
        parameters.insert("peers".into(), Value::Count(self.peers.into()));
        let parameters = Parameters(parameters);
        let mut plan = self.plan.clone();
        plan.faults.sort_by_key(|timed| timed.at);
        let settings = Settings {
            topology: Topology::Full,
            plan,
            time_limit: Duration::from_secs(self.seconds),
            stop: StopRule::TimeLimit,
            check_codec: self.peers < 32,
            parameters: parameters.clone(),
            ..Settings::new(seed, self.peers)
        };
        let config = Swim::config(&parameters).unwrap();
        let is_wanted = |property: &Property<Swim>| self.checks.contains(&property.name);
        let checks = Checks::new(Swim::properties().into_iter().filter(is_wanted).collect());
        let mut simulation = Simulation::checked(config, settings, &checks, Reports::default()).unwrap();
        let report = simulation.run();
        let heard = std::mem::take(&mut simulation.sink().heard);
        assert_eq!(simulation.sink().misbehaved, 0, "seed {seed}");
        Seen { report, heard, simulation }
    }
}

impl Seen {
    /// When each peer reported this about a peer, for the first time after a moment.
    pub fn reports(&self, what: &str, about: u32, after: f64) -> BTreeMap<u32, f64> {
        let mut first = BTreeMap::new();
        for heard in self.heard.iter().filter(|heard| heard.what == what && heard.about == about && heard.at >= after) {
            first.entry(heard.by).or_insert(heard.at);
        }
        first
    }

    /// How many reports of failures are about others than these.
    pub fn false_failures(&self, down: &[u32]) -> usize {
        self.heard.iter().filter(|heard| heard.what == "Failed" && !down.contains(&heard.about)).count()
    }

    /// How many other members a peer counts.
    pub fn counted(&self, peerid: u32) -> usize {
        self.simulation.state(peerid).unwrap().membership().count()
    }
}
