//! What is shown of the past is what was.

use std::collections::BTreeMap;
use std::time::Instant as Wall;

use rumormill_core::plan::Plan;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, Launch, Parameters, Rng};
use rumormill_protocols::Flood;
use rumormill_sim::{Settings, Simulation};
use serde::Serialize;
use serde_json::json;

use super::encode::tree;
use super::*;
use crate::experiment::Gallery;

/// The flood under faults: its parameters and settings.
fn flood(peers: u32, messages: &str, seed: u64) -> (Parameters, Settings) {
    let values = BTreeMap::from([("peers".to_string(), json!(peers)), ("messages".to_string(), json!(messages))]);
    let setup = Gallery::new().find("flood-faults").unwrap().resolve(&values).unwrap();
    let mut settings = Settings::new(seed, peers);
    (settings.plan, settings.topology, settings.parameters) = (setup.plan, setup.topology, setup.parameters.clone());
    (setup.parameters, settings)
}

fn rewinder((parameters, settings): &(Parameters, Settings)) -> Rewinder<Flood> {
    Rewinder::new(Flood::config(parameters).unwrap(), settings.clone()).unwrap()
}

fn recorded((parameters, settings): &(Parameters, Settings)) -> (rumormill_sim::Report, Vec<Event>) {
    let config = Flood::config(parameters).unwrap();
    let mut run = Simulation::<Flood, _>::recorded(config, settings.clone(), Vec::new()).unwrap();
    (run.run(), run.into_sink())
}

#[test]
fn the_state_at_any_time_is_that_of_a_fresh_run_stopped_there() {
    for threads in [1, 2] {
        let mut run = flood(20, "5", 3);
        run.1.threads = threads;
        let (report, events) = recorded(&run);
        let mut rewinder = rewinder(&run);
        let mut rng = Rng::new(u64::from(threads));
        for round in 0..100_u64 {
            // Half of the times are those of events.
            let time = match round % 2 {
                0 => Instant::from_nanos(rng.below(report.virtual_time.as_nanos() as u64)),
                _ => events[rng.below(events.len() as u64) as usize].time,
            };
            let mut fresh = Simulation::<Flood>::new(Flood::config(&run.0).unwrap(), run.1.clone()).unwrap();
            fresh.run_until(time);
            for _ in 0..3 {
                let peer = 1 + rng.below(20) as u32;
                let seen = rewinder.state(peer, At::Time(time), Instant::MAX).unwrap();
                assert_eq!(seen.state, tree(fresh.state(peer).unwrap()), "peer {peer} at {time:?}");
            }
        }
        assert_eq!(rewinder.report().digest, report.digest);
    }
}

#[test]
fn at_an_event_one_sees_what_its_activation_changed() {
    let run = flood(20, "5", 4);
    let (_, events) = recorded(&run);
    let mut rewinder = rewinder(&run);
    let opens = |event: &&Event| matches!(event.kind, Kind::Started | Kind::Restarted | Kind::Delivered | Kind::Timer);
    let of_peer: Vec<&Event> = events.iter().filter(|event| event.peer.0 == 7).filter(opens).collect();
    let mut changes = 0;
    for pair in of_peer.windows(2).step_by(5) {
        let before = rewinder.state(7, At::Event(pair[0].id), Instant::MAX).unwrap();
        let after = rewinder.state(7, At::Event(pair[1].id), Instant::MAX).unwrap();
        if pair[1].kind != Kind::Restarted {
            assert_eq!(after.before.as_ref(), Some(&before.state), "{:?}", pair[1]);
        }
        assert_eq!(after.changed.is_empty(), after.before.as_ref() == Some(&after.state));
        changes += usize::from(!after.changed.is_empty());
    }
    assert!(changes > 10, "{changes} of {}", of_peer.len());
}

#[test]
fn messages_are_made_again() {
    let run = flood(20, "5", 5);
    let (_, events) = recorded(&run);
    let mut rewinder = rewinder(&run);
    for event in events.iter().filter(|event| event.kind == Kind::Sent).step_by(401) {
        let (told, body) = rewinder.message(event.id, Instant::MAX).unwrap();
        assert_eq!((&told, body.bytes.len() as u64), (event, event.bytes));
    }
    let note = events.iter().find(|event| event.kind == Kind::Progress).unwrap();
    let error = rewinder.message(note.id, Instant::MAX).unwrap_err();
    assert_eq!(error, RewindError::NoMessage { event: note.id });
}

#[test]
fn what_is_not_there_or_not_yet_is_said() {
    let run = flood(20, "5", 5);
    let (_, events) = recorded(&run);
    let mut rewinder = rewinder(&run);
    let peer = rewinder.state(21, At::Time(Instant::ZERO), Instant::MAX).unwrap_err();
    assert_eq!(peer.to_string(), "there is no peer 21; they are numbered 1 to 20");
    let never = EventId::new(3, 1 << 30);
    assert_eq!(rewinder.state(3, At::Event(never), Instant::MAX), Err(RewindError::Event { event: never }));
    let early = Instant::from_nanos(1_000_000_000);
    let later = events.iter().find(|event| event.time > early).unwrap();
    assert_eq!(rewinder.state(3, At::Event(later.id), early), Err(RewindError::Event { event: later.id }));
    let now = rewinder.state(3, At::Time(Instant::MAX), early).unwrap();
    assert_eq!(now, rewinder.state(3, At::Time(early), Instant::MAX).unwrap());
}

#[test]
fn a_long_run_is_near_at_every_moment_and_its_clones_are_few() {
    let mut run = flood(200, "3", 6);
    run.1.plan = Plan::default();
    let mut rewinder = rewinder(&run);
    let end = rewinder.report().virtual_time.as_nanos() as u64;
    assert!(rewinder.clones() <= 64, "{}", rewinder.clones());
    let mut rng = Rng::new(1);
    let began = Wall::now();
    for _ in 0..20 {
        rewinder.state(7, At::Time(Instant::from_nanos(rng.below(end))), Instant::MAX).unwrap();
    }
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

/// Everything that a state can be made of.
#[derive(Clone, Serialize)]
struct Everything {
    count: u64,
    name: String,
    nothing: Option<u8>,
    something: Option<u8>,
    hash: [u8; 4],
    text: Vec<u8>,
    pair: (u8, String),
    kinds: Vec<Kinds>,
    map: BTreeMap<(u32, bool), f64>,
    many: Vec<u32>,
}

#[derive(Clone, Serialize)]
enum Kinds {
    Plain,
    One(u8),
    Two(u8, i32),
    Named { left: bool },
}

fn everything() -> Everything {
    Everything {
        count: 7,
        name: "it".into(),
        nothing: None,
        something: Some(3),
        hash: [0xde, 0xad, 0, 1],
        text: b"hello".to_vec(),
        pair: (1, "x".into()),
        kinds: vec![Kinds::Plain, Kinds::One(1), Kinds::Two(2, -3), Kinds::Named { left: true }],
        map: BTreeMap::from([((1, true), 0.5), ((2, false), 1.0)]),
        many: (0..250).collect(),
    }
}

#[test]
fn any_state_becomes_a_tree() {
    let told = serde_json::to_value(tree(&everything())).unwrap();
    let leaf = |text: &str| json!({ "type": "leaf", "text": text });
    assert_eq!((&told["type"], &told["name"]), (&json!("struct"), &json!("Everything")));
    let field = |name: &str| {
        let fields = told["fields"].as_array().unwrap();
        fields.iter().find(|field| field[0] == name).unwrap()[1].clone()
    };
    assert_eq!(field("count"), leaf("7"));
    assert_eq!(field("name"), leaf("\"it\""));
    assert_eq!((field("nothing"), field("something")), (leaf("none"), leaf("3")));
    assert_eq!((field("hash"), field("text")), (leaf("dead0001"), leaf("\"hello\"")));
    assert_eq!(field("pair"), json!({ "type": "list", "items": [leaf("1"), leaf("\"x\"")], "more": 0 }));
    let variant = |name: &str, fields: Vec<(&str, &str)>| {
        let fields: Vec<_> = fields.into_iter().map(|(name, text)| json!([name, leaf(text)])).collect();
        json!({ "type": "struct", "name": name, "fields": fields })
    };
    assert_eq!(
        field("kinds")["items"],
        json!([
            leaf("Plain"),
            variant("One", vec![("0", "1")]),
            variant("Two", vec![("0", "2"), ("1", "-3")]),
            variant("Named", vec![("left", "true")])
        ])
    );
    assert_eq!(field("map")["entries"], json!([["1, true", leaf("0.5")], ["2, false", leaf("1")]]));
    assert_eq!((field("many")["items"].as_array().unwrap().len(), &field("many")["more"]), (100, &json!(150)));
}

#[test]
fn a_tree_says_where_it_differs() {
    let before = everything();
    let mut after = before.clone();
    assert!(tree(&after).differs_from(&tree(&before)).is_empty());
    after.count = 8;
    after.kinds[3] = Kinds::Named { left: false };
    after.map.insert((3, true), 0.0);
    after.map.remove(&(1, true));
    after.many.push(9);
    after.something = None;
    let mut paths = tree(&after).differs_from(&tree(&before));
    paths.sort_unstable();
    assert_eq!(paths, ["count", "kinds.3.left", "many", "map.1, true", "map.3, true", "something"]);
}

#[test]
fn a_huge_state_is_cut() {
    let nested: Vec<Vec<Vec<u32>>> = vec![vec![vec![70_000; 200]; 200]; 200];
    let text = serde_json::to_string(&tree(&nested)).unwrap();
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
}
