//! Messages from other members of a Raft group: decoded, and handled by one that follows and one that leads.

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Duration, Launch, Parameters, PeerId, Protocol, Seat, Value, Wire};
use rumormill_protocols::raft::journal::{Message, Request, Timer};
use rumormill_protocols::raft::{self, Journal};

const PEERS: u32 = 3;

/// Any bytes as a message to a follower and to a leader.
///
/// # Panics
/// When a decoded message does not come back from its own encoding, or when handling it panics.
pub fn raft(bytes: &[u8]) {
    let Ok(message) = Message::decode(bytes) else { return };
    message.mentions(&mut |_| {});
    let encoded = encode(&message);
    assert_eq!(message.measure().bytes as usize, encoded.len());
    match Message::decode(&encoded) {
        Ok(again) => assert_eq!(again, message),
        Err(error) => panic!("{message:?} does not come back from {encoded:02x?}: {error}"),
    }
    let Some((mut members, _)) = group() else { return };
    for member in &mut members {
        for from in [1, 2] {
            member.message(PeerId(from), message.clone());
        }
        member.timer(Timer::Raft(raft::Timer::Patience));
        member.timer(Timer::Raft(raft::Timer::Beat(1)));
        // What it wrote must be something to boot from.
        let seat = Seat { peerid: member.me.0 as u32, peers: PEERS };
        member.state = Journal::peer(&member.config, seat);
        member.start();
    }
}

/// Messages of a group that elects a leader, writes lines, lets a new incarnation in and needs a snapshot: a
/// corpus to begin with.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let Some((mut members, mut samples)) = group() else { return Vec::new() };
    // Peer 3 loses its disk, and knocks.
    if let Some(third) = members.get_mut(2) {
        third.host = Default::default();
        third.state = Journal::peer(&third.config, Seat { peerid: 3, peers: PEERS });
        let effects = third.start();
        samples.extend(talk(&mut members, 3, effects));
    }
    for _ in 0..8 {
        for member in &mut members {
            member.now = member.now + Duration::from_secs(1);
        }
        for (peerid, timer) in [(3, raft::Timer::Patience), (1, raft::Timer::Beat(1))] {
            let effects = member(&mut members, peerid, |member| member.timer(Timer::Raft(timer)));
            samples.extend(talk(&mut members, peerid, effects));
        }
    }
    samples.sort();
    samples.dedup();
    // Sorted, neighbors are alike: some sixty of them show every kind.
    let step = samples.len().div_ceil(60).max(1);
    samples.into_iter().rev().step_by(step).collect()
}

/// Peers, and messages that they sent each other.
type Group = (Vec<TestPeer<Journal>>, Vec<Vec<u8>>);

/// Three founders of whom the first leads, some lines written and compacted, and what they said.
fn group() -> Option<Group> {
    let parameters = [
        ("peers", Value::Count(PEERS.into())),
        ("lines", Value::PerPeer([9, 9, 9].into())),
        ("compact_every", Value::Count(2)),
    ];
    let parameters = Parameters(parameters.map(|(name, value)| (name.to_string(), value)).into());
    let mut members = Vec::new();
    for peerid in 1..=PEERS {
        let config = <Journal as Launch>::config(&parameters).ok()?;
        let state = Journal::peer(&config, Seat { peerid, peers: PEERS });
        let others: Vec<PeerId> =
            (1..=PEERS).filter(|&other| other != peerid).map(|other| PeerId(other.into())).collect();
        let mut member = TestPeer::new(state, config, PeerId(peerid.into()), &others);
        member.start();
        member.request(Request::Found);
        member.now = member.now + Duration::from_secs(1);
        members.push(member);
    }
    let mut samples = Vec::new();
    let mut step = |members: &mut Vec<_>, peerid, timer| {
        let effects = member(members, peerid, |member: &mut TestPeer<Journal>| member.timer(timer));
        samples.extend(talk(members, peerid, effects));
    };
    step(&mut members, 1, Timer::Raft(raft::Timer::Patience));
    for _ in 0..4 {
        (1..=3).for_each(|peerid| step(&mut members, peerid, Timer::Create));
    }
    step(&mut members, 1, Timer::Raft(raft::Timer::Beat(1)));
    Some((members, samples))
}

fn member(
    members: &mut [TestPeer<Journal>],
    peerid: u64,
    act: impl FnOnce(&mut TestPeer<Journal>) -> Vec<EffectOf<Journal>>,
) -> Vec<EffectOf<Journal>> {
    members.get_mut(peerid as usize - 1).map(act).unwrap_or_default()
}

/// Delivers what a member sent, and all that follows; what was said.
fn talk(members: &mut [TestPeer<Journal>], from: u64, effects: Vec<EffectOf<Journal>>) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    let mut open = vec![(from, effects)];
    while let Some((from, effects)) = open.pop() {
        for effect in effects {
            if let Effect::Send { to, message } = effect {
                said.push(encode(&message));
                open.push((to.0, member(members, to.0, |member| member.message(PeerId(from), message))));
            }
        }
    }
    said
}

fn encode(message: &<Journal as Protocol>::Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}
