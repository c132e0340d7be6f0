//! A front end of a store: messages of replicas and of other front ends, tokens and words of clients, and what its
//! disk holds.

use std::time::Duration;

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Launch, Parameters, PeerId, Seat, Value, Wire};
use rumormill_protocols::store::apps::KeyValue;
use rumormill_protocols::store::apps::kv::Answer;
use rumormill_protocols::store::{
    Ended, Message, Op, Refusal, Replicas, Replies, Reply, Roam, Slot, Store, Timestamp, Token,
};

type Front = TestPeer<Store<KeyValue>>;
type Effects = Vec<EffectOf<Store<KeyValue>>>;

/// What begins the names of a made-up disk's entries.
const PREFIXES: [&[u8]; 2] = [b"journal/", b"client/"];

/// Any bytes as a token, as what somebody typed, as a message, and as the disk that a front end boots with.
///
/// # Panics
/// When a token or message does not come back from its own encoding, or when handling it panics.
pub fn front(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(token) = text.parse::<Token>() {
            assert_eq!(token.to_string().parse(), Ok(token));
        }
        if let (Some(request), Some(mut front)) = (Store::<KeyValue>::request(text), front_end()) {
            front.request(request);
        }
    }
    if let (Ok(message), Some(mut front)) = (Message::<KeyValue>::decode(bytes), front_end()) {
        let mut effects = front.start();
        effects.extend(ask(&mut front));
        for from in 1..=3 {
            effects.extend(front.message(PeerId(from), message.clone()));
        }
        go_on(&mut front, effects);
    }
    if let (Ok(entries), Some(mut front)) = (postcard::from_bytes::<Vec<(u8, u32, Vec<u8>)>>(bytes), front_end()) {
        for (kind, number, value) in entries {
            let key = [PREFIXES[usize::from(kind) % 2], &number.to_be_bytes()].concat();
            front.host.disk.borrow_mut().insert((PeerId(4), key), value);
        }
        let effects = front.start();
        go_on(&mut front, effects);
    }
}

/// A front end with two made-up clients, before it boots.
fn front_end() -> Option<Front> {
    let values = [("peers", 5), ("replicas", 3), ("clients", 2), ("calls", 9), ("roam_after", 2)];
    let values = values.map(|(name, count)| (name.to_string(), Value::Count(count)));
    let config = Store::<KeyValue>::config(&Parameters(values.into())).ok()?;
    let state = Store::peer(&config, Seat { peerid: 4, peers: 5 });
    Some(TestPeer::new(state, config, PeerId(4), &[1, 2, 3, 5].map(PeerId)))
}

/// Somebody asks for something of each kind.
fn ask(front: &mut Front) -> Effects {
    let texts = ["set x 5", "get x", "forced incr n", "immediate get n"];
    texts.into_iter().filter_map(Store::<KeyValue>::request).flat_map(|request| front.request(request)).collect()
}

/// Time goes by, and the timers that these effects set run out.
fn go_on(front: &mut Front, effects: Effects) {
    front.now = front.now + Duration::from_secs(1);
    for effect in effects {
        if let Effect::SetTimer { timer, .. } = effect {
            front.timer(timer);
        }
    }
}

/// A corpus to begin with: tokens, what people type, answers and refusals to calls that are under way, clients that
/// come, and a disk.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let label: Timestamp = (1..=3).map(|peer| (Slot { replica: PeerId(peer), incarnation: 0 }, peer * 9)).collect();
    let token = Token { label: label.clone(), time: 1_000 };
    let typed = ["set x 5", "immediate get x", "forced hset h a 1", "status", "evict 2"];
    let mut samples: Vec<Vec<u8>> = typed.iter().map(|text| text.as_bytes().to_vec()).collect();
    samples.push(token.to_string().into_bytes());
    let Some(mut front) = front_end() else { return samples };
    let mut effects = front.start();
    effects.extend(ask(&mut front));
    let calls = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send { message: Message::Calls(calls), .. } => Some(calls.calls),
        _ => None,
    });
    for call in calls.flatten() {
        let update = matches!(call.op, Op::Update(_));
        let results =
            [Ok(Some(Answer::Number(1))), Err(Refusal::Overloaded), Err(Refusal::NotPrimary(Some(PeerId(2))))];
        for result in results {
            let replies = vec![Reply { id: call.id, update, label: 0, result }];
            let replicas = Some(Replicas { version: 1, members: [2, 3].map(PeerId).to_vec() });
            let ended = vec![Ended { slot: Slot { replica: PeerId(2), incarnation: 7 }, last: 3, nth: 1 }];
            let replies = Replies { labels: vec![label.clone()], replies, time: 5, replicas, ended };
            samples.push(encode(&Message::Replies(replies)));
        }
    }
    let roam = Roam { client: 3, moves: 1, calls: 2, token: token.to_string() };
    samples.push(encode(&Message::Roam(roam)));
    samples.push(encode(&Message::Arrived { client: 1, moves: 1 }));
    let disk = front.host.disk.borrow();
    let entries = disk.iter().filter_map(|((_, key), value)| {
        let kind = PREFIXES.iter().position(|prefix| key.starts_with(prefix))?;
        let number = u32::from_be_bytes(key[PREFIXES[kind].len()..].try_into().ok()?);
        Some((kind as u8, number, value.clone()))
    });
    samples.extend(postcard::to_stdvec(&entries.collect::<Vec<_>>()));
    samples
}

fn encode(message: &Message<KeyValue>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}
