//! Joining, leaving, and exchanging all that is known.

use super::*;

#[test]
fn the_first_of_a_group_is_a_member_at_once() {
    let mut peer = member(&[], usual());
    assert_eq!(peer.state.count(), 0);
    let epoch = peer.state.epoch;
    assert!(sent(&peer.timer(Timer::Period(epoch))).is_empty());
}

#[test]
fn who_joins_asks_until_it_gets_an_answer() {
    let mut peer = TestPeer::new(Membership::default(), usual(), PeerId(1), &[]);
    peer.start();
    assert!(peer.message(PeerId(2), said(Body::Ping { number: 1 })).is_empty(), "it was not asked to join");
    let effects = peer.request(Request::Join { contacts: vec![PeerId(2), PeerId(1), PeerId(2)] });
    assert_eq!(bodies(&effects), [(2, Body::Join)]);
    let epoch = peer.state.epoch;
    assert!(bodies(&peer.timer(Timer::Period(epoch))).contains(&(2, Body::Join)), "once more");
    let state = |wants| Message { body: Body::State { wants }, ..gossip(&[alive(2, 3), alive(3, 0), failed(4, 0)]) };
    let effects = peer.message(PeerId(2), state(true));
    let joined: Vec<u64> = reported(&effects)
        .iter()
        .map(|indication| match indication {
            Indication::Joined { peer } => peer.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(joined, [2, 3, 1], "of itself last");
    assert_eq!(peer.state.standing(PeerId(4)), None, "that may be long ago");
    let [(2, answer)] = &sent(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(answer.body, Body::State { wants: false });
    assert_eq!(answer.rumors, [alive(1, 0), alive(2, 3), alive(3, 0)]);
    assert!(sent(&peer.message(PeerId(2), state(false))).is_empty());
}

#[test]
fn a_large_state_takes_several_messages_and_only_the_last_asks_back() {
    let mut peer = member(&[2], usual());
    for base in 0..30 {
        let crowd: Vec<Rumor> = (0..50).map(|other| alive(100 + base * 50 + other, 0)).collect();
        peer.message(PeerId(2), gossip(&crowd));
    }
    let pages = sent(&peer.message(PeerId(2), said(Body::Join)));
    let sizes: Vec<usize> = pages.iter().map(|(_, page)| page.rumors.len()).collect();
    assert_eq!(sizes, [512, 512, 478]);
    let wants: Vec<Body> = pages.iter().map(|(_, page)| page.body).collect();
    assert_eq!(wants, [false, false, true].map(|wants| Body::State { wants }));
}

#[test]
fn states_are_not_sent_without_end() {
    let mut peer = member(&[2], usual());
    let answered = (0..1_000).filter(|_| !sent(&peer.message(PeerId(2), said(Body::Join))).is_empty()).count();
    assert_eq!(answered, 64);
    let epoch = peer.state.epoch;
    peer.timer(Timer::Period(epoch));
    assert_eq!(sent(&peer.message(PeerId(2), said(Body::Join))).len(), 1, "in the next period");
}

#[test]
fn whoever_failed_elsewhere_is_told_so_and_may_refute_it() {
    let mut peer = member(&[2, 3], usual());
    let state = Message { body: Body::State { wants: false }, ..gossip(&[failed(3, 0), failed(9, 0)]) };
    let effects = peer.message(PeerId(2), state);
    assert!(reported(&effects).is_empty(), "here it is up");
    let [(3, told)] = &sent(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((told.body, &told.rumors[..]), (Body::Gossip, &[failed(3, 0)][..]));
    peer.message(PeerId(3), Message { incarnation: Some(1), ..said(Body::Gossip) });
    let state = Message { body: Body::State { wants: false }, ..gossip(&[failed(3, 0)]) };
    assert!(sent(&peer.message(PeerId(2), state)).is_empty(), "it has refuted that");
}

#[test]
fn who_leaves_says_so_and_may_come_back() {
    let mut peer = member(&[2, 3, 4, 5, 6, 7], usual());
    let effects = peer.request(Request::Leave);
    assert_eq!(reported(&effects), [Indication::Left { peer: PeerId(1) }]);
    let told = sent(&effects);
    assert_eq!(told.len(), 4);
    let left = Rumor::new(PeerId(1), Standing { incarnation: 0, status: Status::Left });
    assert!(told.iter().all(|(_, message)| message.rumors == [left] && message.incarnation.is_none()));
    assert_eq!((peer.state.stage(), peer.state.count()), (Stage::Left, 0));
    let effects = peer.message(PeerId(9), said(Body::Ping { number: 3 }));
    assert_eq!(bodies(&effects), [(9, Body::Gossip)], "whoever does not know hears of it");
    assert!(peer.timer(Timer::Period(1)).is_empty() && peer.request(Request::Leave).is_empty());
    peer.request(Request::Join { contacts: vec![PeerId(2)] });
    assert_eq!((peer.state.stage(), peer.state.incarnation()), (Stage::Joining, 1));
}

#[test]
fn a_leave_is_no_failure() {
    let mut peer = member(&[2, 3], usual());
    let left = Rumor::new(PeerId(3), Standing { incarnation: 0, status: Status::Left });
    assert_eq!(reported(&peer.message(PeerId(2), gossip(&[left]))), [Indication::Left { peer: PeerId(3) }]);
    assert!(reported(&peer.message(PeerId(2), gossip(&[failed(3, 0), suspect(3, 0, 2)]))).is_empty());
    assert_eq!(reported(&peer.message(PeerId(3), said(Body::Gossip))), [], "sent before it left");
}

#[test]
fn failed_members_and_unknown_contacts_are_sought() {
    let config = Config { reconnect_every: Duration::from_secs(10), ..usual() };
    let mut peer = member(&[2, 3], config);
    let epoch = peer.state.epoch;
    assert!(sent(&peer.timer(Timer::Reconnect(epoch))).is_empty(), "nobody is lost");
    peer.message(PeerId(2), gossip(&[failed(3, 0)]));
    let effects = peer.timer(Timer::Reconnect(epoch));
    let [(3, message)] = &sent(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((message.body, message.rumors[0]), (Body::Join, failed(3, 0)), "so that it can refute it");
    let [(after, Timer::Reconnect(_))] = timers(&effects)[..] else { panic!("{effects:?}") };
    assert!((5..=15).contains(&after.as_secs()), "{after:?}");
}
