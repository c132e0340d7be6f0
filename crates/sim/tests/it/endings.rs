//! How runs end, and what is refused.

use std::time::Duration;

use rumormill_core::plan::{DiskFate, Fault, Peers, Timed};
use rumormill_core::{
    Context, Instant, Launch, Never, Outcome, ParameterError, Parameters, PeerId, Protocol, Seat, Wire,
};
use rumormill_sim::{Settings, SettingsError, Simulation, StopRule};
use serde::{Deserialize, Serialize};

use crate::beacon::{Beacon, settings};
use crate::determinism::run;

fn at(millis: u64, fault: Fault) -> Timed {
    Timed { at: Duration::from_millis(millis), fault }
}

fn peers(numbers: &[u32]) -> Peers {
    Peers::Numbers(numbers.to_vec())
}

#[test]
fn a_run_is_complete_when_its_last_peer_is_done() {
    let report = run(Settings::new(1, 20));
    assert_eq!((report.outcome, report.done, report.failure), (Outcome::Completed, 20, None));
    assert_eq!((report.targets["heard"].met, report.targets["heard"].peers), (20, 20));
    assert!(!report.virtual_time.subsec_nanos().is_multiple_of(65_536), "the moment itself, not the end of a window");
}

#[test]
fn peers_that_are_down_for_good_do_not_count() {
    let mut settings = Settings::new(1, 20);
    // It has told its number by then.
    settings.plan.faults = vec![at(900, Fault::Crash { peers: peers(&[3]) })];
    settings.plan.faults.push(at(500, Fault::Partition { groups: vec![peers(&[7])] }));
    settings.plan.faults.push(at(1_500, Fault::Heal));
    let report = run(settings);
    assert_eq!((report.outcome, report.done, report.up), (Outcome::Completed, 19, 19));
    assert_eq!((report.targets["heard"].met, report.targets["heard"].peers), (19, 20));
}

#[test]
fn a_run_waits_for_peers_that_the_plan_brings_back() {
    let mut settings = Settings::new(1, 20);
    let restart = Fault::Restart { peers: peers(&[3]), disk: DiskFate::Lost };
    settings.plan.faults = vec![at(100, Fault::Crash { peers: peers(&[3]) }), at(9_000, restart)];
    let report = run(settings.clone());
    assert_eq!((report.outcome, report.done), (Outcome::Completed, 20));
    assert!(report.virtual_time > Duration::from_secs(9));
    settings.plan.faults = vec![at(9_000, Fault::Join { peers: peers(&[3]) })];
    let report = run(settings);
    assert_eq!((report.outcome, report.done), (Outcome::Completed, 20));
    assert!(report.virtual_time > Duration::from_secs(9));
}

#[test]
fn a_run_without_peers_has_failed() {
    let mut settings = Settings::new(1, 20);
    settings.plan.faults = vec![at(100, Fault::Crash { peers: Peers::All })];
    let report = run(settings);
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.failure.unwrap(), "no peer is left: all are down for good");
}

#[test]
fn time_runs_out() {
    let mut settings = Settings { time_limit: Duration::from_millis(123), ..Settings::new(1, 20) };
    let report = run(settings.clone());
    assert_eq!((report.outcome, report.virtual_time), (Outcome::TimeLimit, Duration::from_millis(123)));
    settings.stop = StopRule::TimeLimit;
    let report = run(settings);
    assert_eq!((report.outcome, report.virtual_time), (Outcome::Completed, Duration::from_millis(123)));
}

#[test]
fn events_at_the_limit_happen_and_later_ones_do_not() {
    let ticks = |limit: u64| {
        let settings = Settings { time_limit: Duration::from_nanos(limit), ..settings() };
        crate::beacon::run(settings).state(1).unwrap().ticks.len()
    };
    assert_eq!((ticks(200_000_000), ticks(199_999_999), ticks(0)), (2, 1, 0));
}

#[test]
fn a_run_that_is_asked_early_was_stopped() {
    let mut simulation = Simulation::<Beacon>::new((), settings()).unwrap();
    assert_eq!(simulation.run_for(Duration::from_millis(300)), None);
    let (report, status) = (simulation.report(), simulation.status());
    assert_eq!(report.outcome, Outcome::Stopped);
    assert_eq!(report.virtual_time, status.now.since(Instant::ZERO));
    assert_eq!((status.peers, status.up, status.expected, status.done), (4, 4, 4, 0));
    assert!(status.events > 20 && status.messages == report.messages);
}

#[test]
fn wrong_settings_are_refused() {
    let refused = |settings| Simulation::<Beacon>::new((), settings).err().unwrap();
    assert_eq!(refused(Settings::new(1, 0)), SettingsError::Peers { peers: 0 });
    assert_eq!(refused(Settings::new(1, u32::MAX)).field(), "peers");
}

/// A protocol with faults of its own: what peer 1 sends depends on the request.
#[derive(Clone, Debug, Default)]
struct Faulty;

#[derive(Clone, Debug, Serialize)]
struct Lopsided(u8);

impl<'de> Deserialize<'de> for Lopsided {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(|number| Self(number / 2))
    }
}

impl Wire for Lopsided {}

impl Protocol for Faulty {
    type Config = ();
    type Message = Lopsided;
    type Timer = Never;
    type Request = u8;
    type Indication = Never;

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: PeerId, Lopsided(number): Lopsided) {
        assert!(number != 200, "a fault of the protocol");
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, number: u8) {
        cx.send(PeerId(4), Lopsided(number));
        cx.send(PeerId(0), Lopsided(number));
        cx.send(PeerId(u64::MAX), Lopsided(number));
    }
}

impl Launch for Faulty {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self
    }
}

fn faulty(check_codec: bool, threads: u32, number: u8) -> rumormill_sim::Report {
    let settings = Settings { check_codec, threads, ..settings() };
    let mut simulation = Simulation::<Faulty>::new((), settings).unwrap();
    simulation.run_for(Duration::from_millis(50));
    simulation.request(1, number);
    simulation.run()
}

#[test]
fn messages_to_nobody_are_dropped() {
    let report = faulty(false, 2, 10);
    assert_eq!((report.outcome, report.messages.dropped, report.messages.delivered), (Outcome::Completed, 2, 1));
}

#[test]
fn a_codec_that_changes_messages_is_found() {
    let report = faulty(true, 1, 10);
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.failure.unwrap(), "Lopsided(10) does not survive its codec: decodes to Lopsided(5)");
}

#[test]
#[should_panic(expected = "a fault of the protocol")]
fn a_panic_of_a_protocol_is_passed_on() {
    faulty(false, 1, 200);
}

#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_panic_on_another_thread_is_passed_on_and_nobody_waits_for_ever() {
    faulty(false, 4, 200);
}
