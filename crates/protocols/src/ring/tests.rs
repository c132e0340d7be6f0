//! Nodes that talk to each other by hand.

use rumormill_core::testing::{Effect, TestPeer};
use rumormill_core::{Launch, Parameters, PeerId, Seat, Value};

use super::*;

fn config(founders: u64) -> Config {
    let parameters = [("peers".into(), Value::Count(3)), ("founders".into(), Value::Count(founders))];
    Config::from_parameters(&Parameters(parameters.into())).unwrap()
}

fn peer(number: u32, founders: u64) -> TestPeer<Ring> {
    let others: Vec<PeerId> = (1..=3).filter(|&other| other != u64::from(number)).map(PeerId).collect();
    let config = config(founders);
    let state = Ring::peer(&config, Seat { peerid: number, peers: 3 });
    let mut peer = TestPeer::new(state, config, PeerId(number.into()), &others);
    peer.start();
    peer
}

fn sent(effects: &[rumormill_core::testing::EffectOf<Ring>]) -> Vec<(PeerId, Message)> {
    let sends = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, message } => Some((*to, message.clone())),
        _ => None,
    });
    sends.collect()
}

#[test]
fn founders_know_all_founders() {
    let peers = [1, 2, 3].map(|number| peer(number, 3));
    for peer in &peers {
        let ring = &peer.state;
        assert_eq!((ring.phase(), ring.surroundings().successors().len()), (Phase::Member, 2));
        assert!(ring.fingers().nodes().all(|node| node != ring.node()));
        assert_eq!(ring.surroundings().predecessor(), ring.surroundings().successors().last().copied());
    }
}

#[test]
fn who_is_no_member_answers_nothing() {
    let mut newcomer = peer(2, 1);
    assert_eq!(sent(&newcomer.message(PeerId(1), Message::Ask { ticket: 1 })), []);
    assert_eq!(sent(&newcomer.message(PeerId(1), Message::Find { ticket: 1, key: Id::of(b"key") })), []);
}

#[test]
fn an_answer_counts_only_from_who_was_asked() {
    let mut founder = peer(1, 3);
    let asked = sent(&founder.timer(Timer::Stabilize));
    let Some((to, Message::Ask { ticket })) = asked.first().cloned() else { panic!("{asked:?}") };
    let tell = Message::Tell { ticket, predecessor: None, successors: Vec::new() };
    let other = if to == PeerId(2) { PeerId(3) } else { PeerId(2) };
    let misbehaved = |effects: &[rumormill_core::testing::EffectOf<Ring>]| {
        effects.iter().any(|effect| matches!(effect, Effect::Indicate(Indication::Misbehaved { .. })))
    };
    assert!(misbehaved(&founder.message(other, tell.clone())));
    let effects = founder.message(to, tell);
    assert!(!misbehaved(&effects));
    assert_eq!(sent(&effects), [(to, Message::Before)]);
    let many = vec![Node::new(PeerId(9), 0); chord::SUCCESSORS_MAX + 1];
    let long = Message::Tell { ticket: 99, predecessor: None, successors: many };
    assert!(misbehaved(&founder.message(to, long)));
}

#[test]
fn who_leaves_tells_its_neighbors() {
    let mut founder = peer(1, 3);
    let told = sent(&founder.request(Request::Leave));
    assert_eq!(told.len(), 2);
    assert_eq!(founder.state.phase(), Phase::Away);
    let mut other = peer(2, 3);
    let effects = other.message(PeerId(1), told[0].1.clone());
    assert_eq!(other.state.surroundings().successors(), [Node::new(PeerId(3), 0)]);
    assert_eq!(sent(&effects).len(), 1, "it looks after its successor at once");
}

#[test]
fn typed_requests_are_understood() {
    let key = Id::of(b"key");
    assert_eq!(Ring::request("lookup key"), Some(Request::Lookup(key)));
    assert_eq!(Ring::request(&format!(" lookup {key} ")), Some(Request::Lookup(key)));
    assert_eq!(Ring::request("leave"), Some(Request::Leave));
    assert_eq!(Ring::request("lookup"), None);
}
