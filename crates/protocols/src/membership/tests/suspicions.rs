//! Suspicions, refutations, and old news.

use super::*;

#[test]
fn a_suspicion_that_is_not_refuted_is_a_failure() {
    let mut peer = member(&[2, 3, 4, 5, 6], usual());
    let effects = peer.message(PeerId(2), gossip(&[suspect(3, 0, 2)]));
    assert_eq!(reported(&effects), [Indication::Suspected { peer: PeerId(3) }]);
    let timer = Timer::Suspicion { peer: PeerId(3), incarnation: 0 };
    let [(longest, set)] = timers(&effects)[..] else { panic!("{effects:?}") };
    // Six times 3·log2(6 + 1) periods.
    assert!(set == timer && (50.53..50.54).contains(&longest.as_secs_f64()), "{longest:?}");
    peer.now = peer.now + Duration::from_secs(50);
    assert!(reported(&peer.timer(timer)).is_empty(), "too early");
    peer.now = peer.now + Duration::from_secs(1);
    assert_eq!(reported(&peer.timer(timer)), [Indication::Failed { peer: PeerId(3) }]);
    assert_eq!((peer.state.is_alive(PeerId(3)), peer.state.count()), (false, 4));
    assert!(reported(&peer.message(PeerId(2), gossip(&[suspect(3, 0, 4), alive(3, 0)]))).is_empty(), "old news");
    assert_eq!(reported(&peer.message(PeerId(2), gossip(&[alive(3, 1)]))), [Indication::Joined { peer: PeerId(3) }]);
}

#[test]
fn a_refuted_suspicion_is_over() {
    let mut peer = member(&[2, 3], usual());
    peer.message(PeerId(2), gossip(&[suspect(3, 0, 2)]));
    assert_eq!(reported(&peer.message(PeerId(2), gossip(&[alive(3, 1)]))), [Indication::Alive { peer: PeerId(3) }]);
    peer.now = peer.now + Duration::from_secs(99);
    assert!(reported(&peer.timer(Timer::Suspicion { peer: PeerId(3), incarnation: 0 })).is_empty());
    assert!(reported(&peer.message(PeerId(2), gossip(&[suspect(3, 0, 2)]))).is_empty(), "of its last incarnation");
    assert!(peer.state.is_alive(PeerId(3)));
}

#[test]
fn independent_suspicions_leave_less_time_and_are_passed_on() {
    let mut peer = member(&[2, 3, 4, 5, 6], usual());
    peer.message(PeerId(2), gossip(&[suspect(3, 0, 2)]));
    let timer = Timer::Suspicion { peer: PeerId(3), incarnation: 0 };
    assert!(timers(&peer.message(PeerId(4), gossip(&[suspect(3, 0, 2)]))).is_empty(), "the same one");
    let effects = peer.message(PeerId(4), gossip(&[suspect(3, 0, 4)]));
    let [(less, set)] = timers(&effects)[..] else { panic!("{effects:?}") };
    assert!(set == timer && (29.4..29.5).contains(&less.as_secs_f64()), "half of the way from 50.5 to 8.4: {less:?}");
    assert_eq!(peer.state.rumors.take(1, 9), [suspect(3, 0, 4)]);
    for by in [5, 6] {
        peer.message(PeerId(by), gossip(&[suspect(3, 0, by)]));
    }
    peer.now = peer.now + Duration::from_secs(9);
    assert_eq!(reported(&peer.timer(timer)), [Indication::Failed { peer: PeerId(3) }], "four suspect it");
}

#[test]
fn a_member_refutes_what_is_said_of_it() {
    let mut peer = member(&[2, 3], usual());
    let effects = peer.message(PeerId(2), Message { body: Body::Ping { number: 4 }, ..gossip(&[suspect(1, 0, 3)]) });
    let [(2, answer)] = &sent(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((answer.body, answer.incarnation), (Body::Ack { number: 4, of: PeerId(1) }, Some(1)));
    assert!(answer.rumors.contains(&alive(1, 1)));
    assert_eq!(peer.state.health(), 1, "somebody thought that it failed");
    peer.message(PeerId(2), gossip(&[suspect(1, 0, 3)]));
    assert_eq!(peer.state.incarnation(), 1, "that is refuted already");
    peer.message(PeerId(2), gossip(&[failed(1, 6)]));
    assert_eq!(peer.state.incarnation(), 7);
    misbehaves(&mut peer, 2, gossip(&[failed(1, u32::MAX)]));
    assert_eq!(peer.state.incarnation(), 7);
    let reboot = |peer: &mut One| {
        peer.state = Membership::default();
        peer.start();
        peer.state.incarnation()
    };
    assert_eq!([reboot(&mut peer), reboot(&mut peer)], [8, 9], "every life has its own");
}

#[test]
fn whoever_is_suspected_or_failed_is_told_first() {
    let mut peer = member(&[2, 3, 4], Config { piggyback: 1, ..usual() });
    let mut plain = member(&[2, 3, 4], Config { piggyback: 1, lifeguard: Lifeguard::NONE, ..usual() });
    let told = |peer: &mut One, from| {
        let effects = peer.message(PeerId(from), said(Body::Ping { number: 1 }));
        sent(&effects).pop().unwrap().1.rumors
    };
    for one in [&mut peer, &mut plain] {
        one.message(PeerId(2), gossip(&[suspect(3, 0, 2)]));
        one.message(PeerId(2), gossip(&[alive(9, 0)]));
        one.message(PeerId(2), gossip(&[failed(4, 0)]));
        one.message(PeerId(2), gossip(&[alive(8, 0)]));
    }
    assert_eq!(told(&mut peer, 3), [suspect(3, 0, 2)], "the buddy system");
    assert_eq!(told(&mut plain, 3), [alive(8, 0)], "the newest, without it");
    assert_eq!(told(&mut plain, 4), [failed(4, 0)], "or it would never know");
    // It only said that it is up: that is answered, too.
    let effects = peer.message(PeerId(4), said(Body::Ack { number: 99, of: PeerId(4) }));
    assert_eq!(bodies(&effects), [(4, Body::Gossip)]);
}

#[test]
fn who_failed_is_remembered_for_a_while_only() {
    let mut peer = member(&[2, 3], Config { remember: Duration::from_secs(60), ..usual() });
    peer.message(PeerId(2), gossip(&[failed(3, 0)]));
    let epoch = peer.state.epoch;
    peer.now = peer.now + Duration::from_secs(59);
    peer.timer(Timer::Period(epoch));
    assert!(peer.state.standing(PeerId(3)).is_some());
    peer.now = peer.now + Duration::from_secs(2);
    peer.timer(Timer::Period(epoch));
    assert_eq!(peer.state.standing(PeerId(3)), None);
}

#[test]
fn there_are_no_more_members_than_it_has_a_place_for() {
    let mut peer = member(&[2, 3], Config { members_max: 4, ..usual() });
    let crowd: Vec<Rumor> = (10..40).map(|other| alive(other, 0)).collect();
    let effects = peer.message(PeerId(2), gossip(&crowd));
    assert_eq!((peer.state.count(), reported(&effects).len()), (4, 2));
    assert!(peer.state.is_alive(PeerId(3)), "who is in stays in");
}
