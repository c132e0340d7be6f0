//! Every peer tells all others every 100 ms how many times it has done so; all write down what they hear.

use std::time::Duration;

use rumormill_core::plan::{Fault, Latency, Peers, Timed};
use rumormill_core::{
    Context, Instant, Launch, Never, ParameterError, Parameters, PeerId, Protocol, Seat, Topology, Wire,
};
use rumormill_sim::{Settings, Simulation, StopRule};
use serde::{Deserialize, Serialize};

/// What one peer heard and saw.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Beacon {
    /// By its own clock: when, from whom, what.
    pub heard: Vec<(Instant, u64, Beat)>,
    /// When its timer ran out, by its own clock.
    pub ticks: Vec<Instant>,
    /// When it booted, by its own clock.
    pub booted: Option<Instant>,
    beats: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beat(pub u32);

impl Wire for Beat {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tick;

impl Protocol for Beacon {
    type Config = ();
    type Message = Beat;
    type Timer = Tick;
    type Request = u32;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.booted = Some(cx.now);
        cx.set_timer(Duration::from_millis(100), Tick);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, beat: Beat) {
        self.heard.push((cx.now, from.0, beat));
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, Tick: Tick) {
        self.ticks.push(cx.now);
        self.beats += 1;
        cx.send_all(cx.neighbors.iter().copied(), &Beat(self.beats));
        cx.set_timer(Duration::from_millis(100), Tick);
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, to: u32) {
        cx.send(PeerId(u64::from(to)), Beat(1_000));
    }
}

impl Launch for Beacon {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self::default()
    }
}

impl Beacon {
    /// Beats heard from a peer.
    pub fn beats_from(&self, from: u64) -> Vec<u32> {
        self.heard.iter().filter(|(_, sender, _)| *sender == from).map(|(_, _, beat)| beat.0).collect()
    }
}

/// Four peers who all know each other, 10 ms apart, for one second: beats 1 to 9 arrive.
pub fn settings() -> Settings {
    let mut settings = Settings { topology: Topology::Full, stop: StopRule::TimeLimit, ..Settings::new(1, 4) };
    settings.plan.network.latency = Latency::Constant(Duration::from_millis(10));
    settings.time_limit = Duration::from_secs(1);
    settings
}

/// Settings with a fault.
pub fn with<const N: usize>(faults: [(u64, Fault); N]) -> Settings {
    let mut settings = settings();
    let timed = |(millis, fault)| Timed { at: Duration::from_millis(millis), fault };
    settings.plan.faults = faults.into_iter().map(timed).collect();
    settings
}

/// The peers of these numbers.
pub fn peers<const N: usize>(numbers: [u32; N]) -> Peers {
    Peers::Numbers(numbers.into())
}

/// A run to its end, alike on one thread and on two.
pub fn run(settings: Settings) -> Simulation<Beacon> {
    let mut simulation = Simulation::new((), settings.clone()).unwrap();
    let report = simulation.run();
    let mut threaded = Simulation::<Beacon>::new((), Settings { threads: 2, ..settings }).unwrap();
    assert_eq!(threaded.run(), report);
    simulation
}
