//! A voter alone.

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{PeerId, Seat, Value};

use super::*;

fn voter(peerid: u64, peers: u32) -> TestPeer<Election> {
    let parameters = Parameters([("peers".to_string(), Value::Count(peers.into()))].into());
    let config = Election::config(&parameters).unwrap();
    let others: Vec<PeerId> = (1..=u64::from(peers)).filter(|&other| other != peerid).map(PeerId).collect();
    let state = Election::peer(&config, Seat { peerid: peerid as u32, peers });
    TestPeer::new(state, config, PeerId(peerid), &others)
}

fn sent(effects: &[EffectOf<Election>]) -> Vec<(u64, Message)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, message } => Some((to.0, message.clone())),
        _ => None,
    });
    sent.collect()
}

fn vote(term: u64, granted: bool) -> Message {
    Message::Vote { term, granted }
}

#[test]
fn a_majority_makes_a_leader_and_a_higher_term_unmakes_it() {
    let mut voter = voter(1, 5);
    voter.start();
    let effects = voter.timer(Timer::Patience(1));
    assert_eq!(sent(&effects).len(), 4);
    assert!(effects.contains(&Effect::Observed("entered candidate".into())));
    voter.message(PeerId(2), vote(1, true));
    voter.message(PeerId(2), vote(1, true));
    voter.message(PeerId(3), vote(1, false));
    voter.message(PeerId(4), vote(0, true));
    assert_eq!(voter.state.role(), Role::Candidate, "two of five, however often they say so");
    let effects = voter.message(PeerId(5), vote(1, true));
    assert!(effects.contains(&Effect::Indicate(Indication::Elected { term: 1 })));
    assert!(effects.contains(&Effect::Progress { target: TARGET, current: 1, goal: 1 }));
    assert_eq!(sent(&effects).len(), 4, "everybody hears of it");
    voter.message(PeerId(3), Message::Beat { term: 2 });
    assert_eq!((voter.state.role(), voter.state.leader()), (Role::Follower, Some(PeerId(3))));
    assert!(sent(&voter.timer(Timer::Beat(1))).is_empty(), "it leads no more");
}

#[test]
fn a_voter_votes_once_in_a_term_even_when_it_crashes_in_between() {
    let mut voter = voter(1, 3);
    voter.start();
    assert_eq!(sent(&voter.message(PeerId(2), Message::Ask { term: 7 })), [(2, vote(7, true))]);
    assert_eq!(sent(&voter.message(PeerId(3), Message::Ask { term: 7 })), [(3, vote(7, false))]);
    voter.state = Election::default();
    voter.start();
    assert_eq!(voter.state.term(), 7);
    assert_eq!(sent(&voter.message(PeerId(3), Message::Ask { term: 7 })), [(3, vote(7, false))]);
    assert_eq!(sent(&voter.message(PeerId(2), Message::Ask { term: 7 })), [(2, vote(7, true))], "as before");
}

#[test]
fn a_leader_of_the_past_is_told_the_present_term() {
    let mut voter = voter(1, 3);
    voter.start();
    voter.message(PeerId(2), Message::Beat { term: 4 });
    let effects = voter.message(PeerId(3), Message::Beat { term: 3 });
    assert_eq!((sent(&effects), voter.state.leader()), (vec![(3, vote(4, false))], Some(PeerId(2))));
}

#[test]
fn two_leaders_of_one_term_are_reported_and_the_last_term_has_no_next() {
    let mut voter = voter(1, 1);
    voter.start();
    voter.timer(Timer::Patience(1));
    assert_eq!(voter.state.role(), Role::Leader, "alone");
    let effects = voter.message(PeerId(2), Message::Beat { term: 1 });
    assert!(matches!(effects.as_slice(), [Effect::Indicate(Indication::Misbehaved { peer: PeerId(2), .. })]));
    voter.message(PeerId(2), Message::Beat { term: u64::MAX });
    voter.request(Request::Campaign);
    assert_eq!((voter.state.role(), voter.state.term()), (Role::Follower, u64::MAX));
}

#[test]
fn people_may_ask_for_a_campaign_or_a_leave() {
    assert_eq!(Election::request(" campaign "), Some(Request::Campaign));
    assert_eq!(Election::request("step down"), Some(Request::StepDown));
    assert_eq!(Election::request("dance"), None);
    let mut voter = voter(1, 1);
    voter.start();
    voter.request(Request::Campaign);
    assert_eq!(voter.state.role(), Role::Leader);
    voter.request(Request::StepDown);
    assert_eq!((voter.state.role(), voter.state.leader()), (Role::Follower, None));
}
