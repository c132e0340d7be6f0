//! Messages from other peers: decoded, and handled by a peer.

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Launch, Parameters, PeerId, Protocol, Seat, Value, Wire};
use rumormill_protocols::{Election, Flood};

type Message = <Flood as Protocol>::Message;

/// Any bytes as a message to a member of a flood, and to a voter of an election.
///
/// # Panics
/// When a decoded message does not come back from its own encoding, or when handling it panics.
pub fn wire(bytes: &[u8]) {
    to_voter(bytes);
    let Ok(message) = Message::decode(bytes) else { return };
    message.mentions(&mut |_| {});
    let encoded = encode(&message);
    assert_eq!(message.measure().bytes as usize, encoded.len());
    match Message::decode(&encoded) {
        Ok(again) => assert_eq!(again, message),
        Err(error) => panic!("{message:?} does not come back from {encoded:02x?}: {error}"),
    }
    for signed in [false, true] {
        if let Some(mut peer) = member(1, signed) {
            peer.start();
            peer.message(PeerId(2), message.clone());
        }
    }
}

/// The same bytes as a message to a voter.
fn to_voter(bytes: &[u8]) {
    let Ok(message) = <Election as Protocol>::Message::decode(bytes) else { return };
    let parameters = Parameters([("peers".to_string(), Value::Count(3))].into());
    let Ok(config) = Election::config(&parameters) else { return };
    let state = Election::peer(&config, Seat { peerid: 1, peers: 3 });
    let mut voter = TestPeer::new(state, config, PeerId(1), &[PeerId(2), PeerId(3)]);
    voter.start();
    voter.message(PeerId(2), message);
    voter.timer(rumormill_protocols::election::Timer::Patience(1));
}

/// Messages that two members send each other in the normal course of things: a corpus to begin with.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for signed in [false, true] {
        let (Some(mut one), Some(mut two)) = (member(1, signed), member(2, signed)) else { continue };
        // Peer 2 has what it created at once; from then on it only answers peer 1.
        let mut timers = two.start();
        for _ in 0..4 {
            timers = timers.into_iter().flat_map(|effect| fire(&mut two, effect)).collect();
        }
        let mut effects = one.start();
        for _ in 0..12 {
            let mut next = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Send { message, .. } => {
                        samples.push(encode(&message));
                        let answers = two.message(PeerId(1), message);
                        samples.extend(answers.iter().filter_map(|answer| match answer {
                            Effect::Send { message, .. } => Some(encode(message)),
                            _ => None,
                        }));
                    }
                    effect => next.extend(fire(&mut one, effect)),
                }
            }
            effects = next;
        }
    }
    samples.sort();
    samples.dedup();
    samples
}

/// What a peer does when the timer that it set runs out.
fn fire(peer: &mut TestPeer<Flood>, effect: EffectOf<Flood>) -> Vec<EffectOf<Flood>> {
    match effect {
        Effect::SetTimer { timer, .. } => peer.timer(timer),
        _ => Vec::new(),
    }
}

fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

fn member(peerid: u32, signed: bool) -> Option<TestPeer<Flood>> {
    let text = |signed: bool| Value::Text(if signed { "yes" } else { "no" }.into());
    let parameters = Parameters(
        [
            ("peers".to_string(), Value::Count(2)),
            ("messages".to_string(), Value::PerPeer([3, 2].into())),
            ("signed".to_string(), text(signed)),
        ]
        .into(),
    );
    let config = Flood::config(&parameters).ok()?;
    let state = Flood::peer(&config, Seat { peerid, peers: 2 });
    Some(TestPeer::new(state, config, PeerId(u64::from(peerid)), &[PeerId(u64::from(3 - peerid))]))
}
