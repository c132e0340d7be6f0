//! What is done to a run by hand is the same as what its plan does at the same time.

use std::time::Duration;

use proptest::prelude::*;
use rumormill_core::plan::{Conditions, DiskFate, Fault, Peers, Timed};
use rumormill_core::trace::{Event, Kind};
use rumormill_core::{Instant, Parameters, Value};
use rumormill_sim::{Report, Settings, SettingsError, Simulation};

use crate::determinism::rough;
use crate::gossip::{Gossip, config};

const PEERS: u32 = 24;

type Recorded = Simulation<Gossip, Vec<Event>>;

fn base(seed: u64, threads: u32) -> Settings {
    let known = [("peers".to_string(), Value::Count(PEERS.into())), ("fanout".to_string(), Value::Count(2))];
    let time_limit = Duration::from_secs(2);
    Settings { threads, time_limit, parameters: Parameters(known.into()), ..rough(seed, PEERS) }
}

fn new(settings: &Settings) -> Recorded {
    Simulation::recorded(config(settings), settings.clone(), Vec::new()).unwrap()
}

fn fanout(fanout: u64) -> Fault {
    Fault::Set { parameters: Parameters([("fanout".to_string(), Value::Count(fanout))].into()) }
}

fn peers() -> impl Strategy<Value = Peers> {
    prop_oneof![
        Just(Peers::All),
        proptest::collection::vec(1..=PEERS, 1..4).prop_map(Peers::Numbers),
        (0.0..0.5, 0.5..1.0).prop_map(|(from, to)| Peers::Share { from, to }),
        (1_u32..5, 0_u32..3).prop_map(|(count, draw)| Peers::Random { count, draw }),
    ]
}

fn conditions() -> impl Strategy<Value = Conditions> {
    (0.0..0.5, 0_u64..20, proptest::option::of(10_000_u64..200_000)).prop_map(|(loss, delay, bandwidth)| Conditions {
        loss,
        delay: Duration::from_millis(delay),
        bandwidth,
        ..Conditions::default()
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let disk = prop_oneof![Just(DiskFate::Kept), Just(DiskFate::Lost)];
    prop_oneof![
        proptest::collection::vec(peers(), 1..3).prop_map(|groups| Fault::Partition { groups }),
        (peers(), peers(), any::<bool>()).prop_map(|(from, to, both)| Fault::Cut { from, to, both }),
        Just(Fault::Heal),
        (peers(), peers(), proptest::option::of(conditions())).prop_map(|(from, to, conditions)| Fault::Link {
            from,
            to,
            conditions
        }),
        conditions().prop_map(Fault::Conditions),
        peers().prop_map(|peers| Fault::Crash { peers }),
        (peers(), disk).prop_map(|(peers, disk)| Fault::Restart { peers, disk }),
        peers().prop_map(|peers| Fault::Pause { peers }),
        peers().prop_map(|peers| Fault::Resume { peers }),
        (peers(), 0_u64..3).prop_map(|(peers, by)| Fault::Slow { peers, by: Duration::from_millis(by) }),
        (peers(), -9_i64..9, -500_i32..500).prop_map(|(peers, offset, drift_ppm)| Fault::Clock {
            peers,
            offset_ns: offset * 1_000_000,
            drift_ppm,
        }),
        // Those that the plan lets join later: 2 and the last.
        Just(Fault::Join { peers: Peers::Numbers(vec![2, PEERS]) }),
        peers().prop_map(|peers| Fault::Request { peers, text: "ask all".into() }),
        (0_u64..=5).prop_map(fanout),
    ]
}

/// A run into which faults are injected, and its plan together with them.
fn by_hand(settings: &Settings, faults: &[(u64, Fault)]) -> (Report, Vec<Event>, Settings) {
    let (mut run, mut planned) = (new(settings), settings.clone());
    for (at, fault) in faults {
        run.run_until(Instant::from_nanos(*at));
        match run.inject(fault.clone()) {
            Ok(at) => planned.plan.faults.push(Timed { at, fault: fault.clone() }),
            Err(error) => assert_eq!(error, SettingsError::Ended),
        }
    }
    let report = run.run();
    (report, run.into_sink(), planned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn injected_is_planned(
        seed in 0_u64..1_000,
        threads in 1_u32..3,
        mut faults in proptest::collection::vec((0_u64..1_500_000_000, fault()), 1..8),
        together in any::<bool>(),
    ) {
        faults.sort_by_key(|(at, _)| *at);
        if together {
            faults.iter_mut().for_each(|(at, _)| *at = *at / 500_000_000 * 500_000_000);
        }
        let (report, events, planned) = by_hand(&base(seed, threads), &faults);
        let mut again = new(&Settings { threads: 1, ..planned });
        prop_assert_eq!(again.run(), report);
        let again = again.into_sink();
        let differs = again.iter().zip(&events).find(|(left, right)| left != right);
        prop_assert!(again.len() == events.len() && differs.is_none(), "{:#?}", differs);
    }
}

#[test]
fn an_injection_right_at_an_event_comes_after_it() {
    let settings = base(3, 1);
    let mut whole = new(&settings);
    whole.run();
    let events = whole.into_sink();
    for event in events.iter().filter(|event| event.kind == Kind::Delivered).step_by(events.len() / 20) {
        let at = event.time.as_nanos();
        let crash = Fault::Crash { peers: Peers::All };
        let (_, with_fault, planned) = by_hand(&settings, &[(at, crash)]);
        assert_eq!(planned.plan.faults.last().unwrap().at, Duration::from_nanos(at + 1));
        let before = events.iter().take_while(|other| other.time <= event.time).count();
        assert_eq!(with_fault[..before], events[..before]);
        assert_eq!((with_fault[before].kind, with_fault[before].name.as_ref()), (Kind::Fault, "crash"));
    }
}

#[test]
fn a_request_reaches_peers_that_are_up_and_names_its_cause() {
    let request = || Fault::Request { peers: Peers::Numbers(vec![3, 4, 5]), text: "ask all".into() };
    for threads in [1, 2] {
        let mut settings = Settings { threads, ..Settings::new(1, 8) };
        settings.stop = rumormill_sim::StopRule::TimeLimit;
        settings.time_limit = Duration::from_secs(1);
        let timed = |at, fault| Timed { at: Duration::from_millis(at), fault };
        settings.plan.faults = vec![
            timed(100, Fault::Crash { peers: Peers::Numbers(vec![4]) }),
            timed(150, Fault::Pause { peers: Peers::Numbers(vec![5]) }),
            timed(300, request()),
            timed(400, Fault::Resume { peers: Peers::Numbers(vec![5]) }),
        ];
        let mut run = new(&settings);
        run.run();
        let events = run.into_sink();
        let cause = events.iter().find(|event| event.name == "request").unwrap();
        assert_eq!(cause.text, "peers 3, 4, 5 are asked: ask all");
        let asked: Vec<(u64, u64)> = events
            .iter()
            .filter(|event| event.kind == Kind::Sent && event.cause == Some(cause.id))
            .map(|event| (event.peer.0, event.time.as_nanos() / 1_000_000))
            .collect();
        // Seven neighbors each: at once, and when it goes on.
        assert_eq!(asked, [[(3, 300); 7], [(5, 400); 7]].concat());
    }
}

#[test]
fn changed_parameters_hold_from_then_on() {
    for many in [1, 4] {
        let (_, events, _) = by_hand(&base(3, 2), &[(500_000_000, fanout(many))]);
        let asks = |timer: &Event| {
            let of_timer = events.iter().filter(|event| event.kind == Kind::Sent && event.cause == Some(timer.id));
            of_timer.filter(|event| event.name == "ask").count() as u64
        };
        let timers = events.iter().filter(|event| event.kind == Kind::Timer && event.name == "Again");
        let (before, after): (Vec<&Event>, Vec<&Event>) =
            timers.partition(|event| event.time < Instant::from_nanos(500_000_000));
        assert!(before.len() > 20 && before.into_iter().all(|timer| asks(timer) == 2));
        assert!(after.len() > 20 && after.into_iter().all(|timer| asks(timer) == many));
    }
}

#[test]
fn what_means_nothing_is_refused_with_its_field() {
    let mut run = new(&base(1, 1));
    run.run_until(Instant::from_nanos(100_000_000));
    let mut refused = |fault| run.inject(fault).unwrap_err().to_string();
    let request = Fault::Request { peers: Peers::All, text: "sing".into() };
    assert_eq!(refused(request.clone()), "fault.text: \"sing\" is nothing that this protocol can be asked");
    assert_eq!(refused(fanout(9)), "fault: fanout: more than 5");
    let other = |name: &str| Fault::Set { parameters: Parameters([(name.to_string(), Value::Count(7))].into()) };
    assert_eq!(refused(other("colour")), "fault.parameters.colour: the run has no such parameter");
    assert_eq!(refused(other("peers")), "fault.parameters.peers: the number of peers of a run cannot change");
    let join = Fault::Join { peers: Peers::Numbers(vec![2, 3]) };
    assert!(refused(join).starts_with("fault.peers: peer 3 has joined already"));
    let mut settings = base(1, 1);
    settings.plan.faults.push(Timed { at: Duration::ZERO, fault: request });
    let error = Simulation::<Gossip>::new(config(&settings), settings.clone()).err().unwrap();
    assert_eq!(error.field(), format!("plan.faults[{}].text", settings.plan.faults.len() - 1));
    run.run();
    assert_eq!(run.inject(Fault::Heal), Err(SettingsError::Ended));
}

#[test]
fn a_stored_run_keeps_its_requests_and_changed_parameters() {
    let mut settings = base(4, 1);
    let timed = |at, fault| Timed { at: Duration::from_millis(at), fault };
    let asked = Fault::Request { peers: Peers::All, text: "ask all".into() };
    // Some peers are paused then, so that the request waits before them.
    settings.plan.faults.extend([timed(260, fanout(4)), timed(270, asked), timed(600, fanout(1))]);
    let report = new(&settings).run();
    for millis in [100, 280, 450, 700] {
        let mut run = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
        run.run_until(Instant::from_nanos(millis * 1_000_000));
        let mut loaded = Simulation::<Gossip>::load(config(&settings), &run.save().unwrap(), 2).unwrap();
        assert_eq!(loaded.run(), report, "{millis} ms");
    }
}
