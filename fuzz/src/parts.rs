//! Parts of a store's state, from a disk or a snapshot.

use rumormill_core::Rng;
use rumormill_protocols::store::apps::Bundle;
use rumormill_protocols::store::{Application, CallId, Changed, Exercise, Op, SessionId, Stamp};

/// Whose the updates are that are made here: nobody else's stamps are theirs, as no call is executed twice.
const SESSION: SessionId = SessionId(0x70_6172_7473 << 80);

/// Names of parts and their values, each with its length before it in one byte; the names may come again.
///
/// # Panics
/// When a state made of them does not come back from its own parts, or when asking or settling it panics.
pub fn parts(bytes: &[u8]) {
    let mut state = Bundle::default();
    let (mut rest, mut changed) = (bytes, Changed::default());
    while let (Some(key), Some(value)) = (take(&mut rest), take(&mut rest)) {
        // What is no part is refused; what is, is taken in.
        let _ = state.restore(key, value);
    }
    assert_eq!(again(&state).digest(), state.digest());
    let mut rng = Rng::new(bytes.len() as u64);
    for nth in 1..20 {
        let stamp = Stamp { time: nth << 24, call: CallId { session: SESSION, number: nth } };
        match Bundle::draw(&mut rng, SESSION, nth, 0.7, 0..5) {
            Op::Update(update) => drop(state.update(stamp, &update, &mut changed)),
            Op::Query(query) => drop(state.query(&query)),
        }
    }
    let seen = state.digest();
    for floor in [1 << 20, 1 << 27, u64::MAX] {
        state.settle(floor, &mut changed);
        assert_eq!(state.digest(), seen, "settling changes nothing that is seen");
        assert_eq!(again(&state).digest(), seen);
    }
}

/// The state that its parts make.
fn again(state: &Bundle) -> Bundle {
    let (mut again, mut after) = (Bundle::default(), None);
    while let Some(key) = state.next_part(after.as_deref()) {
        let value = state.part(&key).unwrap_or_default();
        if let Err(error) = again.restore(&key, &value) {
            panic!("the part {key:02x?} of a state is refused: {error}");
        }
        after = Some(key);
    }
    again
}

/// A byte, and as many bytes as it says.
fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (&length, bytes) = rest.split_first()?;
    let (taken, left) = bytes.split_at_checked(length.into())?;
    *rest = left;
    Some(taken)
}

/// The parts of states that small loads made: a corpus to begin with.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    (1..=6).map(sample).collect()
}

fn sample(seed: u64) -> Vec<u8> {
    let (mut rng, mut state, mut changed) = (Rng::new(seed), Bundle::default(), Changed::default());
    let commands = ["set x 5", "hset h f 1", "hincrby h f 2", "hdel h f", "sadd h m", "srem h m", "del x", "incr n"];
    for nth in 1..12 {
        let session = SessionId(u128::from(seed));
        let stamp = Stamp { time: (1 + rng.below(20)) << 24, call: CallId { session, number: nth } };
        let typed = rng.choose(&commands).and_then(|command| Bundle::parse(command));
        let drawn = Bundle::draw(&mut rng, session, nth + 1, 1.0, 0..4);
        for op in [typed, Some(drawn)].into_iter().flatten() {
            if let Op::Update(update) = op {
                state.update(stamp, &update, &mut changed);
            }
        }
    }
    state.settle(seed << 25, &mut changed);
    let (mut bytes, mut after) = (Vec::new(), None);
    while let Some(key) = state.next_part(after.as_deref()) {
        let value = state.part(&key).unwrap_or_default();
        for field in [&key, &value] {
            // Longer ones do not fit the format of this corpus.
            let short = &field[..field.len().min(255)];
            bytes.push(short.len() as u8);
            bytes.extend(short);
        }
        after = Some(key);
    }
    bytes
}
