//! Composition: a protocol activated inside another.

use std::time::Duration;

use crate::effects::Observation;
use crate::{Context, Effects, Host, PeerId, Protocol, Signature};

/// Says how the messages, timers and disk keys of `Inner` travel inside the outer protocol.
pub trait Stacks<Inner: Protocol>: Protocol {
    /// Put before every disk key of the inner protocol, so that two layers never share one.
    const DISK_PREFIX: &'static str;

    /// The inner protocol's configuration inside the outer's.
    fn config(config: &Self::Config) -> &Inner::Config;

    /// Wraps a message of the inner protocol.
    fn message(inner: Inner::Message) -> Self::Message;

    /// Wraps a timer of the inner protocol.
    fn timer(inner: Inner::Timer) -> Self::Timer;
}

impl<P: Protocol> Context<'_, P> {
    /// Activates `Inner` within this activation and returns what it indicated, for the outer protocol to
    /// act on.
    ///
    /// A handler of the outer protocol says, for example,
    /// `for heard in cx.embed(|cx| self.inner.on_message(cx, from, message)) { .. }`.
    pub fn embed<Inner>(&mut self, activate: impl FnOnce(&mut Context<'_, Inner>)) -> Vec<Inner::Indication>
    where
        Inner: Protocol,
        P: Stacks<Inner>,
    {
        let config = P::config(self.config);
        let host = PrefixedHost { host: self.host, prefix: P::DISK_PREFIX };
        let mut lift = Lift { outer: &mut *self.effects, indications: Vec::new() };
        let mut inner = Context {
            me: self.me,
            now: self.now,
            neighbors: self.neighbors,
            rng: self.rng.clone(),
            config,
            host: &host,
            effects: &mut lift,
        };
        activate(&mut inner);
        // The outer goes on where the inner stopped drawing: no number is drawn twice.
        self.rng = inner.rng.clone();
        lift.indications
    }
}

/// The adapter that turns the inner protocol's effects into the outer's.
struct Lift<'a, Outer: Protocol, Inner: Protocol> {
    outer: &'a mut dyn Effects<Outer>,
    indications: Vec<Inner::Indication>,
}

impl<Outer: Stacks<Inner>, Inner: Protocol> Effects<Inner> for Lift<'_, Outer, Inner> {
    fn send(&mut self, to: PeerId, message: Inner::Message) {
        self.outer.send(to, Outer::message(message));
    }

    fn set_timer(&mut self, after: Duration, timer: Inner::Timer) {
        self.outer.set_timer(after, Outer::timer(timer));
    }

    fn indicate(&mut self, indication: Inner::Indication) {
        self.indications.push(indication);
    }

    fn persist(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.outer.persist(&prefixed(Outer::DISK_PREFIX, key), value);
    }

    fn progress(&mut self, target: &'static str, current: u64, goal: u64) {
        self.outer.progress(target, current, goal);
    }

    fn done(&mut self) {
        self.outer.done();
    }

    fn observe(&mut self, observation: Observation<'_>) {
        self.outer.observe(observation);
    }

    fn recording(&self) -> bool {
        self.outer.recording()
    }
}

/// The outer's host as the inner protocol sees it: with a part of the disk of its own.
struct PrefixedHost<'a> {
    host: &'a dyn Host,
    prefix: &'static str,
}

impl Host for PrefixedHost<'_> {
    fn sign(&self, me: PeerId, bytes: &[u8]) -> Signature {
        self.host.sign(me, bytes)
    }

    fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        self.host.verify(author, bytes, signature)
    }

    fn stored(&self, me: PeerId, key: &[u8]) -> Option<Vec<u8>> {
        self.host.stored(me, &prefixed(self.prefix, key))
    }

    fn scan(&self, me: PeerId, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) {
        let own = self.prefix.len();
        self.host.scan(me, &prefixed(self.prefix, prefix), &mut |key, value| visit(&key[own..], value));
    }
}

fn prefixed(prefix: &str, key: &[u8]) -> Vec<u8> {
    [prefix.as_bytes(), key].concat()
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::testing::{Effect, TestPeer};
    use crate::{Never, Wire};

    /// Counts what it hears, on disk, and answers with the count.
    struct Counter;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Count(u8);

    impl Wire for Count {}

    impl Protocol for Counter {
        type Config = u8;
        type Message = Count;
        type Timer = u8;
        type Request = Never;
        type Indication = u64;

        fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, Count(more): Count) {
            let before = cx.stored(b"count").map_or(0, |value| value[0]);
            cx.persist(b"count", &[before + more]);
            cx.send(from, Count(before + more));
            cx.set_timer(Duration::from_secs(1), *cx.config);
            let drawn = cx.rng.next_u64();
            cx.indicate(drawn);
        }

        fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
            match request {}
        }
    }

    /// Has a counter inside, and a disk key of the same name.
    struct Outer(Counter);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Count);

    impl Wire for Wrapped {}

    impl Protocol for Outer {
        type Config = (u8, u8);
        type Message = Wrapped;
        type Timer = (&'static str, u8);
        type Request = Never;
        type Indication = (u64, u64);

        fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, Wrapped(inner): Wrapped) {
            cx.persist(b"count", &[99]);
            for drawn in cx.embed(|cx| self.0.on_message(cx, from, inner)) {
                let own = cx.rng.next_u64();
                cx.indicate((drawn, own));
            }
        }

        fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
            match request {}
        }
    }

    impl Stacks<Counter> for Outer {
        const DISK_PREFIX: &'static str = "counter/";

        fn config(config: &(u8, u8)) -> &u8 {
            &config.1
        }

        fn message(inner: Count) -> Wrapped {
            Wrapped(inner)
        }

        fn timer(inner: u8) -> (&'static str, u8) {
            ("counter", inner)
        }
    }

    #[test]
    fn what_the_inner_asks_for_leaves_in_the_outers_words() {
        let mut peer = TestPeer::new(Outer(Counter), (1, 7), PeerId(1), &[]);
        let persist = |key: &[u8], value| Effect::Persist { key: key.to_vec(), value: Some(vec![value]) };
        for count in 1..=2 {
            let effects = peer.message(PeerId(2), Wrapped(Count(1)));
            let [own, inner, send, timer, Effect::Indicate((drawn, after))] = effects.as_slice() else {
                panic!("{effects:?}")
            };
            assert_eq!([own, inner], [&persist(b"count", 99), &persist(b"counter/count", count)]);
            assert_eq!(send, &Effect::Send { to: PeerId(2), message: Wrapped(Count(count)) });
            assert_eq!(timer, &Effect::SetTimer { after: Duration::from_secs(1), timer: ("counter", 7) });
            assert_ne!(drawn, after, "no number is drawn twice");
        }
    }

    #[test]
    fn the_inner_scans_only_its_own_part_of_the_disk() {
        let mut peer = TestPeer::new(Outer(Counter), (1, 7), PeerId(1), &[]);
        peer.message(PeerId(2), Wrapped(Count(1)));
        let mut seen = Vec::new();
        peer.activate(|_, cx| {
            cx.embed::<Counter>(|cx| cx.scan(b"", |key, value| seen.push((key.to_vec(), value.to_vec()))));
        });
        assert_eq!(seen, [(b"count".to_vec(), vec![1])]);
    }
}
