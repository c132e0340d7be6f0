//! Heartbeats in place of pings.

use super::*;

fn watching(others: &[u64]) -> One {
    let detector = Detector::Heartbeats { watchers: 2, phi: PhiConfig::default() };
    member(others, Config { detector, ..usual() })
}

fn watch(peer: &mut One) -> Vec<Indication> {
    let epoch = peer.state.epoch;
    reported(&peer.timer(Timer::Watch(epoch)))
}

#[test]
fn heartbeats_go_to_the_next_in_the_circle_and_old_watchers_hear_the_last() {
    let mut peer = watching(&[3, 5, 7]);
    let epoch = peer.state.epoch;
    let beat = |again| Body::Heartbeat { again };
    let beats = |peer: &mut One| {
        let mut sent = bodies(&peer.timer(Timer::Period(epoch)));
        assert!(matches!(sent.pop(), Some((_, Body::Gossip))), "to a random one");
        sent
    };
    assert_eq!(beats(&mut peer), [(3, beat(true)), (5, beat(true))]);
    peer.message(PeerId(3), gossip(&[alive(2, 0)]));
    assert_eq!(beats(&mut peer), [(5, beat(false)), (2, beat(true)), (3, beat(true))]);
}

#[test]
fn those_before_it_are_expected_and_suspected_when_they_fall_silent() {
    let mut peer = watching(&[3, 5, 7]);
    assert!(watch(&mut peer).is_empty());
    for _ in 0..40 {
        peer.now = peer.now + Duration::from_secs(1);
        for other in [5, 7] {
            peer.message(PeerId(other), said(Body::Heartbeat { again: true }));
        }
        assert!(watch(&mut peer).is_empty());
    }
    peer.now = peer.now + Duration::from_secs(1);
    peer.message(PeerId(7), said(Body::Heartbeat { again: true }));
    peer.now = peer.now + Duration::from_millis(900);
    assert_eq!(watch(&mut peer), [Indication::Suspected { peer: PeerId(5) }], "3 is expected by 5 and 7");
    assert!(watch(&mut peer).is_empty(), "once");
}

#[test]
fn whoever_says_that_it_was_the_last_is_given_time() {
    let mut peer = watching(&[3, 5]);
    watch(&mut peer);
    for _ in 0..10 {
        peer.now = peer.now + Duration::from_secs(1);
        for other in [3, 5] {
            peer.message(PeerId(other), said(Body::Heartbeat { again: true }));
        }
    }
    peer.message(PeerId(5), said(Body::Heartbeat { again: false }));
    peer.now = peer.now + Duration::from_secs(3);
    assert_eq!(watch(&mut peer), [Indication::Suspected { peer: PeerId(3) }]);
    peer.now = peer.now + Duration::from_secs(60);
    assert_eq!(watch(&mut peer), [Indication::Suspected { peer: PeerId(5) }], "nobody else says that it is up");
}
