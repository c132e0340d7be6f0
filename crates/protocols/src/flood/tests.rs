//! A member alone, and two members that compare.

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{PeerId, Seat, Signature, Value};

use super::*;

fn parameters(shares: &[u64], signed: &str) -> Parameters {
    Parameters(BTreeMap::from([
        ("peers".to_string(), Value::Count(shares.len() as u64)),
        ("messages".to_string(), Value::PerPeer(shares.into())),
        ("signed".to_string(), Value::Text(signed.into())),
    ]))
}

fn member(shares: &[u64], signed: &str, peerid: u32, neighbors: &[u64]) -> TestPeer<Flood> {
    let config = Flood::config(&parameters(shares, signed)).unwrap();
    let state = Flood::peer(&config, Seat { peerid, peers: shares.len() as u32 });
    let neighbors: Vec<PeerId> = neighbors.iter().copied().map(PeerId).collect();
    TestPeer::new(state, config, PeerId(u64::from(peerid)), &neighbors)
}

fn sends(effects: &[EffectOf<Flood>]) -> Vec<(u64, Message)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, message } => Some((to.0, message.clone())),
        _ => None,
    });
    sent.collect()
}

/// Carries messages between two members until both are silent.
fn talk(members: &mut [TestPeer<Flood>; 2], effects: Vec<EffectOf<Flood>>, speaker: usize) {
    let mut open: Vec<(usize, Message)> = sends(&effects).into_iter().map(|(_, message)| (speaker, message)).collect();
    let mut steps = 0;
    while let Some((from, message)) = open.pop() {
        steps += 1;
        assert!(steps < 1_000, "two members never fall silent");
        let sender = members[from].me;
        let effects = members[1 - from].message(sender, message);
        open.extend(sends(&effects).into_iter().filter(|(to, _)| *to == sender.0).map(|(_, m)| (1 - from, m)));
    }
}

#[test]
fn a_message_is_pushed_once_to_at_most_ten_neighbors_and_not_back() {
    let neighbors: Vec<u64> = (2..=30).collect();
    let mut member = member(&[0; 30], "no", 1, &neighbors);
    member.config.share_max = 1;
    member.start();
    let push = Message::Push { author: PeerId(9), number: 1 };
    let first = sends(&member.message(PeerId(9), push.clone()));
    assert!((9..=10).contains(&first.len()), "{first:?}");
    assert!(first.iter().all(|(to, _)| *to != 9));
    assert!(sends(&member.message(PeerId(4), push)).is_empty(), "the second receipt pushes nothing");
}

#[test]
fn a_member_creates_its_share_then_is_done() {
    let mut member = member(&[3, 0], "yes", 1, &[2]);
    member.start();
    for created in 1..=3_u64 {
        let effects = member.timer(Timer::Create);
        assert!(effects.contains(&Effect::Progress { target: TARGET, current: created, goal: 3 }));
        assert_eq!(effects.contains(&Effect::Done), created == 3);
    }
    assert!(sends(&member.timer(Timer::Create)).is_empty(), "the share is created once");
}

#[test]
fn after_a_comparison_both_have_all() {
    for signed in ["yes", "no"] {
        let mut members = [member(&[7, 5], signed, 1, &[2]), member(&[7, 5], signed, 2, &[1])];
        for member in &mut members {
            member.start();
            (0..7).for_each(|_| drop(member.timer(Timer::Create)));
        }
        let effects = members[0].timer(Timer::Sync);
        talk(&mut members, effects, 0);
        assert!(members.iter().all(|member| member.state.held().len() == 12), "signed: {signed}");
    }
}

#[test]
fn a_member_that_is_asked_to_compares_with_all_neighbors() {
    assert_eq!(Flood::request("flood more"), None);
    let mut member = member(&[3, 0, 0, 0], "yes", 1, &[2, 3, 4]);
    member.start();
    let sent = sends(&member.request(Flood::request(" sync ").unwrap()));
    assert_eq!(sent.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [2, 3, 4]);
    assert!(sent.iter().all(|(_, message)| matches!(message, Message::Compare(summary) if summary.answer)));
}

#[test]
fn a_reboot_finds_what_was_on_disk_and_creates_only_the_rest() {
    let mut member = member(&[3], "yes", 1, &[]);
    member.start();
    member.timer(Timer::Create);
    member.timer(Timer::Create);
    member.state = Flood::peer(&member.config, Seat { peerid: 1, peers: 1 });
    let effects = member.start();
    assert!(effects.contains(&Effect::Progress { target: TARGET, current: 2, goal: 3 }));
    assert!(member.timer(Timer::Create).contains(&Effect::Done));
    assert_eq!(member.state.held().len(), 3);
}

#[test]
fn what_its_author_did_not_sign_is_refused_and_reported() {
    let mut member = member(&[1, 1], "yes", 1, &[2]);
    member.start();
    let id = ItemId { author: PeerId(2), number: 1 };
    let forged = Item { id, body: b"forged".to_vec(), signature: Signature([7; 64]) };
    let effects = member.message(PeerId(2), Message::PushSigned(Arc::new(forged)));
    assert!(matches!(effects.as_slice(), [Effect::Indicate(Indication::Misbehaved { peer: PeerId(2), .. })]));
    assert!(member.state.held().is_empty());
}

#[test]
fn impossible_numbers_and_summaries_are_reported_not_believed() {
    let mut member = member(&[1, 1], "no", 1, &[2]);
    member.start();
    for number in [0, 2, u32::MAX] {
        let effects = member.message(PeerId(2), Message::Push { author: PeerId(2), number });
        assert!(matches!(effects.as_slice(), [Effect::Indicate(Indication::Misbehaved { .. })]), "{number}");
    }
    let shelf = |author| Shelf { author: PeerId(author), prefix: 1, ahead: vec![] };
    let (low, high) = (PeerId(0), PeerId(u64::MAX));
    let summary = Summary { low, high, shelves: vec![shelf(2), shelf(1)], answer: true };
    let effects = member.message(PeerId(2), Message::Compare(Arc::new(summary)));
    assert!(matches!(effects.as_slice(), [Effect::Indicate(Indication::Misbehaved { .. })]));
}

#[test]
fn a_community_without_messages_is_done_at_once() {
    assert!(member(&[0, 0], "yes", 1, &[2]).start().contains(&Effect::Done));
}

#[test]
fn parameters_out_of_range_are_named() {
    let error = Flood::config(&parameters(&[1], "perhaps")).unwrap_err();
    assert!(error.to_string().starts_with("signed: "), "{error}");
    let mut short = parameters(&[1], "auto");
    short.0.insert("peers".into(), Value::Count(2));
    assert!(Flood::config(&short).unwrap_err().to_string().starts_with("messages: "));
}
