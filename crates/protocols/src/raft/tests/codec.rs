//! Messages come back from their bytes, and bytes that are none are refused.

use proptest::prelude::*;
use rumormill_core::Wire;

use super::*;

fn members() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec((any::<u64>(), any::<u32>()), 0..5)
        .prop_map(|members| members.into_iter().map(|(peer, incarnation)| member(peer, incarnation)).collect())
}

fn entry() -> impl Strategy<Value = Entry<u64>> {
    let payload = prop_oneof![
        Just(Payload::Nothing),
        any::<u64>().prop_map(Payload::Command),
        members().prop_map(Payload::Members),
    ];
    (any::<u64>(), payload).prop_map(|(term, payload)| Entry { term, payload })
}

fn body() -> impl Strategy<Value = Body<u64>> {
    let numbers = || (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    prop_oneof![
        Just(Body::Hello),
        Just(Body::TakeOver),
        (any::<bool>(), any::<bool>(), numbers()).prop_map(|(beforehand, handed_over, (last_index, last_term, ..))| {
            Body::Ask { beforehand, handed_over, last_index, last_term }
        }),
        (any::<bool>(), any::<bool>()).prop_map(|(beforehand, granted)| Body::Vote { beforehand, granted }),
        (numbers(), prop::collection::vec(entry(), 0..6)).prop_map(|(numbers, entries)| {
            let (round, prev_index, prev_term, commit) = numbers;
            Body::Append { round, prev_index, prev_term, commit, entries }
        }),
        numbers().prop_map(|(round, index, ..)| Body::Appended { round, index }),
        numbers().prop_map(|(round, prev_index, hint_index, hint_term)| {
            Body::Missing { round, prev_index, hint_index, hint_term }
        }),
    ]
}

proptest! {
    #[test]
    fn a_message_comes_back(incarnation: u32, term: u64, body in body()) {
        let message = Message { incarnation, term, body };
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        prop_assert_eq!(message.measure().bytes as usize, bytes.len());
        prop_assert_eq!(Message::<u64>::decode(&bytes).unwrap(), message);
        bytes.push(0);
        prop_assert!(Message::<u64>::decode(&bytes).is_err());
    }

    #[test]
    fn whatever_a_member_is_told_it_goes_on(told in prop::collection::vec((any::<u32>(), any::<u64>(), body()), 1..8)) {
        let mut group = Group::led(3);
        for (incarnation, term, body) in told {
            // Terms and incarnations that match make it look at the rest.
            group.say(2, 1, Message { incarnation: incarnation % 2, term: term % 3, body: body.clone() });
            group.say(2, 3, Message { incarnation: 0, term: term % 3, body });
        }
        group.mail.clear();
        group.beat(1);
    }
}
