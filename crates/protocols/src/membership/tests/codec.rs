//! Messages as bytes, and messages of anybody.

use proptest::prelude::*;
use rumormill_core::Wire;

use super::*;

fn any_peer() -> impl Strategy<Value = PeerId> {
    prop_oneof![(1_u64..9).prop_map(PeerId), any::<u64>().prop_map(PeerId)]
}

fn any_number() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..6, any::<u32>()]
}

fn any_rumor() -> impl Strategy<Value = Rumor> {
    let status = prop_oneof![Just(Status::Alive), Just(Status::Suspect), Just(Status::Failed), Just(Status::Left)];
    (any_peer(), any_number(), status, prop::option::of(any_peer())).prop_map(|(peer, incarnation, status, by)| Rumor {
        peer,
        standing: Standing { incarnation, status },
        by,
    })
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        any_number().prop_map(|number| Body::Ping { number }),
        (any_number(), any_peer()).prop_map(|(number, of)| Body::Ack { number, of }),
        (any_number(), any_peer()).prop_map(|(number, target)| Body::PingReq { number, target }),
        any_number().prop_map(|number| Body::Nack { number }),
        Just(Body::Join),
        any::<bool>().prop_map(|wants| Body::State { wants }),
        any::<bool>().prop_map(|again| Body::Heartbeat { again }),
        Just(Body::Gossip),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    (prop::option::of(any_number()), any_body(), prop::collection::vec(any_rumor(), 0..12))
        .prop_map(|(incarnation, body, rumors)| Message { incarnation, body, rumors })
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

proptest! {
    #[test]
    fn every_message_comes_back_from_its_bytes(message in any_message()) {
        let bytes = encoded(&message);
        prop_assert_eq!(message.measure().bytes as usize, bytes.len());
        prop_assert_eq!(Message::decode(&bytes).unwrap(), message);
    }

    /// Whatever others say, a member keeps its lists in order.
    #[test]
    fn no_messages_bring_a_member_into_disorder(
        messages in prop::collection::vec((2_u64..9, any_message()), 0..60),
        heartbeats: bool,
    ) {
        let detector = match heartbeats {
            true => Detector::Heartbeats { watchers: 3, phi: PhiConfig::default() },
            false => Detector::Probes,
        };
        let mut peer = member(&[2, 3, 4], Config { members_max: 20, detector, ..Config::default() });
        let mut open = Vec::new();
        for (from, message) in messages {
            let before = peer.state.incarnation();
            open.extend(timers(&peer.message(PeerId(from), message)));
            peer.now = peer.now + Duration::from_millis(400);
            if let Some((_, timer)) = open.pop() {
                open.extend(timers(&peer.timer(timer)).into_iter().take(2));
            }
            let state = &peer.state;
            let members: Vec<PeerId> = state.members().collect();
            let mut probed = state.order.all().to_vec();
            probed.sort_unstable();
            prop_assert_eq!(&probed, &members);
            let suspects: Vec<PeerId> = state.suspects().collect();
            let standing_so: Vec<PeerId> = members
                .iter()
                .copied()
                .filter(|&peer| state.standing(peer).unwrap().status == Status::Suspect)
                .collect();
            prop_assert_eq!(suspects, standing_so);
            prop_assert!(state.table.all().count() <= 20 && !state.is_alive(PeerId(1)));
            prop_assert!(state.incarnation() >= before);
        }
    }

    /// Members that heard the same news hold the same, in whatever order it came and however often.
    #[test]
    fn the_order_of_news_does_not_matter(
        rumors in prop::collection::vec((2_u64..6, 0_u32..4, 0_usize..4), 1..20),
        seed: u64,
    ) {
        let status = [Status::Alive, Status::Suspect, Status::Failed, Status::Left];
        let news: Vec<Rumor> = rumors
            .into_iter()
            .map(|(peer, incarnation, place)| {
                Rumor::new(PeerId(peer), Standing { incarnation, status: status[place] })
            })
            .collect();
        let mut shuffled: Vec<Rumor> = news.iter().chain(&news).copied().collect();
        rumormill_core::Rng::new(seed).shuffle(&mut shuffled);
        let standings = |news: &[Rumor]| {
            let mut peer = member(&[9], usual());
            for rumor in news {
                peer.message(PeerId(9), gossip(&[*rumor]));
            }
            (2..6).map(|other| peer.state.standing(PeerId(other))).collect::<Vec<_>>()
        };
        prop_assert_eq!(standings(&news), standings(&shuffled));
    }
}

#[test]
fn a_full_page_fits_into_a_message_and_no_more_is_taken() {
    let far = PeerId(u64::MAX);
    let rumor = |nth: usize| Rumor::suspect(PeerId(u64::MAX - 1 - nth as u64), u32::MAX, far);
    let page = |count| Message {
        incarnation: Some(u32::MAX),
        body: Body::State { wants: true },
        rumors: (0..count).map(rumor).collect(),
    };
    let bytes = encoded(&page(PAGE_MAX)).len();
    assert!(bytes <= Message::MAX_BYTES, "{bytes}");
    let mut peer = member(&[2], usual());
    misbehaves(&mut peer, 2, page(PAGE_MAX + 1));
    misbehaves(&mut peer, 2, Message { body: Body::Join, ..page(PIGGYBACK_MAX + 1) });
    misbehaves(&mut peer, 2, gossip(&[suspect(3, 0, 3)]));
    assert_eq!(peer.state.count(), 1);
}

#[test]
fn a_message_names_everybody_in_it() {
    let mut named = Vec::new();
    let message = Message { body: Body::PingReq { number: 1, target: PeerId(5) }, ..gossip(&[suspect(3, 0, 2)]) };
    message.mentions(&mut |peer| named.push(peer.0));
    assert_eq!(named, [5, 3, 2]);
}
