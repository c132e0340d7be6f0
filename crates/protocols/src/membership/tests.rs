//! A member alone.

mod codec;
mod joins;
mod probes;
mod suspicions;
mod watches;

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Duration, PeerId};

use super::*;

type One = TestPeer<Membership>;

/// A member that knows these others, all in incarnation 0; its first period has not begun.
fn member(others: &[u64], config: Config) -> One {
    let mut peer = TestPeer::new(Membership::default(), config, PeerId(1), &[]);
    peer.start();
    peer.request(Request::Join { contacts: others.iter().copied().map(PeerId).take(1).collect() });
    let state: Vec<Rumor> = others.iter().map(|&other| alive(other, 0)).collect();
    if let Some(&first) = others.first() {
        peer.message(
            PeerId(first),
            Message { incarnation: Some(0), body: Body::State { wants: false }, rumors: state },
        );
    }
    assert_eq!((peer.state.stage(), peer.state.count()), (Stage::Inside, others.len()));
    peer
}

/// Without heed of what it knows it would say about itself and others on the side.
fn usual() -> Config {
    Config { sync_every: Duration::ZERO, reconnect_every: Duration::ZERO, ..Config::default() }
}

fn alive(peer: u64, incarnation: u32) -> Rumor {
    Rumor::new(PeerId(peer), Standing::alive(incarnation))
}

fn failed(peer: u64, incarnation: u32) -> Rumor {
    Rumor::new(PeerId(peer), Standing { incarnation, status: Status::Failed })
}

fn suspect(peer: u64, incarnation: u32, by: u64) -> Rumor {
    Rumor::suspect(PeerId(peer), incarnation, PeerId(by))
}

/// A message with news, and nothing else.
fn gossip(rumors: &[Rumor]) -> Message {
    Message { incarnation: Some(0), body: Body::Gossip, rumors: rumors.to_vec() }
}

fn said(body: Body) -> Message {
    Message { incarnation: Some(0), body, rumors: Vec::new() }
}

fn sent(effects: &[EffectOf<Membership>]) -> Vec<(u64, Message)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, message } => Some((to.0, message.clone())),
        _ => None,
    });
    sent.collect()
}

fn bodies(effects: &[EffectOf<Membership>]) -> Vec<(u64, Body)> {
    sent(effects).into_iter().map(|(to, message)| (to, message.body)).collect()
}

fn reported(effects: &[EffectOf<Membership>]) -> Vec<Indication> {
    let reported = effects.iter().filter_map(|effect| match effect {
        Effect::Indicate(indication) => Some(indication.clone()),
        _ => None,
    });
    reported.collect()
}

fn timers(effects: &[EffectOf<Membership>]) -> Vec<(Duration, Timer)> {
    let timers = effects.iter().filter_map(|effect| match effect {
        Effect::SetTimer { after, timer } => Some((*after, *timer)),
        _ => None,
    });
    timers.collect()
}

fn misbehaves(peer: &mut One, from: u64, message: Message) {
    let effects = peer.message(PeerId(from), message.clone());
    let reported = reported(&effects);
    assert!(matches!(reported.as_slice(), [Indication::Misbehaved { .. }]), "{message:?}: {reported:?}");
}
