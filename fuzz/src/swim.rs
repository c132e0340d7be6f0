//! Messages from other members of a group: decoded, and handled by one that pings and one that expects heartbeats.

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Duration, Instant, PeerId, Wire};
use rumormill_protocols::Membership;
use rumormill_protocols::membership::{Config, Detector, Indication, Message, PhiConfig, Request, Timer};

type Member = TestPeer<Membership>;

/// Any bytes as a message to two members.
///
/// # Panics
/// When a decoded message does not come back from its own encoding, when handling it panics, or when it makes a member
/// list itself.
pub fn swim(bytes: &[u8]) {
    let Ok(message) = Message::decode(bytes) else { return };
    message.mentions(&mut |_| {});
    let encoded = encode(&message);
    assert_eq!(message.measure().bytes as usize, encoded.len());
    match Message::decode(&encoded) {
        Ok(again) => assert_eq!(again, message),
        Err(error) => panic!("{message:?} does not come back from {encoded:02x?}: {error}"),
    }
    for detector in detectors() {
        let mut member = member(1, detector, &[2, 3]);
        let mut timers = Vec::new();
        for from in [2, 3, 9] {
            let effects = member.message(PeerId(from), message.clone());
            let is_new = |effect: &&EffectOf<Membership>| matches!(effect, Effect::Indicate(Indication::Joined { .. }));
            assert!(effects.iter().filter(is_new).count() <= message.rumors.len() + 2, "{effects:?}");
            timers.extend(effects.iter().filter_map(timer));
            member.now = member.now + Duration::from_secs(20);
        }
        timers.extend([Timer::Period(1), Timer::Watch(1), Timer::Sync(1), Timer::Reconnect(1)]);
        for timer in timers {
            member.timer(timer);
        }
        assert!(!member.state.is_alive(PeerId(1)), "it lists itself");
    }
}

/// Messages of members that join, ping, ask others to, suspect and refute, exchange what they know and leave: a corpus
/// to begin with.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for detector in detectors() {
        let mut members: Vec<Member> = (1..=4).map(|peer| member(peer, detector, &[])).collect();
        for peer in 2..=4 {
            let contacts = vec![PeerId(1)];
            let effects = members[peer as usize - 1].request(Request::Join { contacts });
            talk(&mut members, peer, effects, &mut samples);
        }
        for round in 0..12 {
            for peer in 1..=4 {
                members[peer as usize - 1].now = PERIOD_BEGINS + Duration::from_secs(round);
                // Peer 4 is cut off after a while.
                for timer in [Timer::Period(1), Timer::Watch(1), Timer::Sync(1), Timer::Reconnect(1)] {
                    let effects = members[peer as usize - 1].timer(timer);
                    let heard = if round > 4 && peer == 4 { Vec::new() } else { effects };
                    talk(&mut members, peer, heard, &mut samples);
                }
                let number = round as u32 + 1;
                let effects = members[peer as usize - 1].timer(Timer::Unanswered(number));
                talk(&mut members, peer, effects, &mut samples);
            }
        }
        let effects = members[1].request(Request::Leave);
        talk(&mut members, 2, effects, &mut samples);
    }
    samples.sort();
    samples.dedup();
    // Sorted, neighbors are alike: some sixty of them show every kind.
    let step = samples.len().div_ceil(60).max(1);
    samples.into_iter().rev().step_by(step).collect()
}

const PERIOD_BEGINS: Instant = Instant::from_nanos(1_000_000_000);

fn detectors() -> [Detector; 2] {
    [Detector::Probes, Detector::Heartbeats { watchers: 2, phi: PhiConfig::default() }]
}

/// A member that has joined through others, which know of it; alone without any.
fn member(peer: u64, detector: Detector, others: &[u64]) -> Member {
    let config = Config { detector, ..Config::default() };
    let mut member = TestPeer::new(Membership::default(), config, PeerId(peer), &[]);
    member.start();
    if peer == 1 {
        member.request(Request::Join { contacts: Vec::new() });
    }
    for &other in others {
        let hello = rumormill_protocols::membership::Body::Join;
        member.message(PeerId(other), Message { incarnation: Some(0), body: hello, rumors: Vec::new() });
    }
    member
}

fn timer(effect: &EffectOf<Membership>) -> Option<Timer> {
    match effect {
        Effect::SetTimer { timer, .. } => Some(*timer),
        _ => None,
    }
}

/// Delivers what a member sent, and all that follows; whatever goes to peer 4 in the later rounds is lost.
fn talk(members: &mut [Member], from: u64, effects: Vec<EffectOf<Membership>>, said: &mut Vec<Vec<u8>>) {
    let late = PERIOD_BEGINS + Duration::from_secs(5);
    let mut open = vec![(from, effects)];
    while let Some((from, effects)) = open.pop() {
        for effect in effects {
            let Effect::Send { to, message } = effect else { continue };
            said.push(encode(&message));
            let Some(receiver) = members.get_mut(to.0 as usize - 1) else { continue };
            if to.0 != 4 || receiver.now < late {
                open.push((to.0, receiver.message(PeerId(from), message)));
            }
        }
    }
}

fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}
