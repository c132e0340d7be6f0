//! Pings, pings by others, and what a member thinks of itself.

use super::*;

/// Begins a period; whom it pings, and by which number.
fn ping(peer: &mut One) -> (u64, u32) {
    let epoch = peer.state.epoch;
    let effects = peer.timer(Timer::Period(epoch));
    let pings: Vec<_> = bodies(&effects).into_iter().filter(|(_, body)| matches!(body, Body::Ping { .. })).collect();
    let [(target, Body::Ping { number })] = pings.as_slice() else { panic!("{pings:?}") };
    (*target, *number)
}

#[test]
fn a_period_pings_one_member_and_each_has_its_turn() {
    let mut peer = member(&[2, 3, 4, 5], usual());
    let mut pinged: Vec<u64> = Vec::new();
    for _ in 0..4 {
        let (target, number) = ping(&mut peer);
        peer.message(PeerId(target), said(Body::Ack { number, of: PeerId(target) }));
        pinged.push(target);
    }
    pinged.sort_unstable();
    assert_eq!(pinged, [2, 3, 4, 5]);
    assert_eq!(peer.state.suspects().count(), 0);
}

#[test]
fn others_are_asked_and_their_answer_counts() {
    let mut peer = member(&[2, 3, 4, 5], usual());
    let (target, number) = ping(&mut peer);
    let asked = bodies(&peer.timer(Timer::Unanswered(number)));
    assert_eq!(asked.len(), 3);
    let request = Body::PingReq { number, target: PeerId(target) };
    assert!(asked.iter().all(|(to, body)| *to != target && *body == request), "{asked:?}");
    peer.message(PeerId(asked[0].0), said(Body::Ack { number, of: PeerId(target) }));
    ping(&mut peer);
    assert_eq!((peer.state.suspects().count(), peer.state.health()), (0, 0));
    assert!(bodies(&peer.timer(Timer::Unanswered(number))).is_empty(), "long over");
}

#[test]
fn without_any_answer_it_is_suspected_and_passed_on() {
    let mut peer = member(&[2, 3, 4, 5], usual());
    let (target, number) = ping(&mut peer);
    peer.timer(Timer::Unanswered(number));
    let epoch = peer.state.epoch;
    let effects = peer.timer(Timer::Period(epoch));
    assert_eq!(reported(&effects), [Indication::Suspected { peer: PeerId(target) }]);
    let (_, message) = sent(&effects).pop().unwrap();
    assert!(message.rumors.contains(&suspect(target, 0, 1)), "{message:?}");
    assert!(peer.state.is_alive(PeerId(target)), "it may refute it");
}

#[test]
fn answers_that_answer_nothing_do_not_count() {
    let mut peer = member(&[2, 3, 4, 5], usual());
    let (target, number) = ping(&mut peer);
    let other = if target == 5 { 2 } else { 5 };
    for (from, number, of) in [(target, number + 1, target), (other, number, target), (other, number, other)] {
        peer.message(PeerId(from), said(Body::Ack { number, of: PeerId(of) }));
    }
    ping(&mut peer);
    assert_eq!(peer.state.suspects().collect::<Vec<_>>(), [PeerId(target)]);
}

#[test]
fn without_suspicion_it_has_failed_at_once() {
    let mut peer = member(&[2, 3], Config { suspicion: false, ..usual() });
    let (target, _) = ping(&mut peer);
    let epoch = peer.state.epoch;
    assert_eq!(reported(&peer.timer(Timer::Period(epoch))), [Indication::Failed { peer: PeerId(target) }]);
    assert!(!peer.state.is_alive(PeerId(target)));
}

#[test]
fn a_member_pings_for_another_and_passes_the_answer_on() {
    let mut peer = member(&[2, 3, 4], usual());
    let request = said(Body::PingReq { number: 77, target: PeerId(3) });
    let effects = peer.message(PeerId(2), request.clone());
    let [(3, Body::Ping { number })] = bodies(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(timers(&effects), [(Duration::from_millis(240), Timer::Relay(number))]);
    assert_eq!(bodies(&peer.timer(Timer::Relay(number))), [(2, Body::Nack { number: 77 })]);
    let effects = peer.message(PeerId(3), said(Body::Ack { number, of: PeerId(3) }));
    assert_eq!(bodies(&effects), [(2, Body::Ack { number: 77, of: PeerId(3) })], "late, but good to know");
    assert!(bodies(&peer.timer(Timer::Relay(number))).is_empty());
    assert_eq!(
        bodies(&peer.message(PeerId(2), said(Body::PingReq { number: 5, target: PeerId(1) }))),
        [(2, Body::Ack { number: 5, of: PeerId(1) })]
    );
    let stranger = said(Body::PingReq { number: 6, target: PeerId(99) });
    assert_eq!(bodies(&peer.message(PeerId(2), stranger)), [(2, Body::Nack { number: 6 })], "strangers are left alone");
    misbehaves(&mut peer, 2, said(Body::PingReq { number: 7, target: PeerId(2) }));
}

#[test]
fn pings_for_others_are_bounded() {
    let mut peer = member(&[2, 3], usual());
    for number in 0..1_000 {
        peer.message(PeerId(2), said(Body::PingReq { number, target: PeerId(3) }));
    }
    assert_eq!(peer.state.relays.len(), 256);
    peer.now = peer.now + Duration::from_secs(2);
    ping(&mut peer);
    assert!(peer.state.relays.is_empty(), "given up with the period");
}

#[test]
fn a_member_that_hears_nothing_doubts_itself() {
    let mut peer = member(&[2, 3, 4, 5], usual());
    let period = |peer: &mut One| {
        let epoch = peer.state.epoch;
        let effects = peer.timer(Timer::Period(epoch));
        timers(&effects).into_iter().find(|(_, timer)| matches!(timer, Timer::Period(_))).unwrap().0
    };
    let (_, number) = ping(&mut peer);
    let asked = bodies(&peer.timer(Timer::Unanswered(number)));
    // One of three says at least that it is up.
    peer.message(PeerId(asked[0].0), said(Body::Nack { number }));
    peer.message(PeerId(asked[0].0), said(Body::Nack { number }));
    assert_eq!(period(&mut peer), Duration::from_secs(4), "no answer, and two nacks missed");
    assert_eq!(peer.state.health(), 3);
    let mut plain = member(&[2, 3, 4, 5], Config { lifeguard: Lifeguard::NONE, ..usual() });
    let (_, number) = ping(&mut plain);
    plain.timer(Timer::Unanswered(number));
    assert_eq!(period(&mut plain), Duration::from_secs(1));
    let effects = plain.message(PeerId(2), said(Body::PingReq { number: 7, target: PeerId(3) }));
    assert!(timers(&effects).is_empty(), "SWIM has no nacks");
}
