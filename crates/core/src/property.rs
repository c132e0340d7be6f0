//! Properties: what must hold of a protocol's peers, and of the trace of a run.
//!
//! They are written beside the protocol ([`Launch::properties`](crate::Launch::properties)), and an
//! experiment names those to check. `always`, `never` and `eventually` are those of temporal logic
//! (Manna and Pnueli, "The Temporal Logic of Reactive and Concurrent Systems", 1992) over one run. The guide's
//! page "Properties" (`docs/properties.md`) shows how to write one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::trace::{Event, EventId};
use crate::{Instant, Protocol, Seat};

/// Something that must hold in every run.
pub struct Property<P: Protocol> {
    /// How experiments call it: `a_name_like_this`.
    pub name: &'static str,
    /// What it says, as a sentence for a person.
    pub about: &'static str,
    /// When and of what it is checked.
    pub rule: Rule<P>,
}

/// When and of what a property is checked. What a check returns as an error says why it does not hold.
#[non_exhaustive]
pub enum Rule<P: Protocol> {
    /// Of a peer, after each of its activations.
    Each(Arc<PeerCheck<P>>),
    /// Of all peers together, after activations.
    Always(Arc<WorldCheck<P>>),
    /// Of all peers together, at the end of the run.
    Eventually(Arc<WorldCheck<P>>),
    /// Of the trace, event by event.
    Trace(Arc<NewMonitor>),
}

/// Looks at one peer.
pub type PeerCheck<P> = dyn Fn(&Peer<'_, P>) -> Result<(), String> + Send + Sync;

/// Looks at all peers.
pub type WorldCheck<P> = dyn Fn(&World<'_, P>) -> Result<(), String> + Send + Sync;

/// Makes a reader of one run's trace.
pub type NewMonitor = dyn Fn() -> Box<dyn Monitor + Send> + Send + Sync;

/// Reads the trace of one run. What it remembers of it must be bounded.
pub trait Monitor {
    /// The next event. A simulation's events come in the order of (time, id), those of real peers nearly so.
    ///
    /// # Errors
    /// Says what is wrong, when this event shows it.
    fn event(&mut self, event: &Event) -> Result<(), String>;

    /// The run came to its end: complete, or its time is up.
    ///
    /// # Errors
    /// Says what is wrong, when the end shows it.
    fn end(&mut self) -> Result<(), String> {
        Ok(())
    }
}

impl<P: Protocol> Property<P> {
    /// Holds of all peers together at every moment.
    #[must_use]
    pub fn always<V: Verdict>(
        name: &'static str,
        about: &'static str,
        check: impl Fn(&World<'_, P>) -> V + Send + Sync + 'static,
    ) -> Self {
        let check = move |world: &World<'_, P>| check(world).verdict().map_err(|why| said(why, "not so", about));
        Self { name, about, rule: Rule::Always(Arc::new(check)) }
    }

    /// Holds of every peer by itself at every moment. Cheap: only the peer that was activated is looked at.
    #[must_use]
    pub fn always_each<V: Verdict>(
        name: &'static str,
        about: &'static str,
        check: impl Fn(&Peer<'_, P>) -> V + Send + Sync + 'static,
    ) -> Self {
        let check = move |peer: &Peer<'_, P>| check(peer).verdict().map_err(|why| said(why, "not so", about));
        Self { name, about, rule: Rule::Each(Arc::new(check)) }
    }

    /// Never happens to all peers together.
    #[must_use]
    pub fn never<S: Sighting>(
        name: &'static str,
        about: &'static str,
        seen: impl Fn(&World<'_, P>) -> S + Send + Sync + 'static,
    ) -> Self {
        let check = move |world: &World<'_, P>| match seen(world).sighting() {
            Some(what) => Err(said(what, "it happened", about)),
            None => Ok(()),
        };
        Self { name, about, rule: Rule::Always(Arc::new(check)) }
    }

    /// Never happens to any peer. Cheap: only the peer that was activated is looked at.
    #[must_use]
    pub fn never_each<S: Sighting>(
        name: &'static str,
        about: &'static str,
        seen: impl Fn(&Peer<'_, P>) -> S + Send + Sync + 'static,
    ) -> Self {
        let check = move |peer: &Peer<'_, P>| match seen(peer).sighting() {
            Some(what) => Err(said(what, "it happened", about)),
            None => Ok(()),
        };
        Self { name, about, rule: Rule::Each(Arc::new(check)) }
    }

    /// Holds of all peers together at the end of the run: when it is complete, or its time is up.
    #[must_use]
    pub fn eventually<V: Verdict>(
        name: &'static str,
        about: &'static str,
        check: impl Fn(&World<'_, P>) -> V + Send + Sync + 'static,
    ) -> Self {
        let check = move |world: &World<'_, P>| {
            check(world).verdict().map_err(|why| said(why, "it did not come to that", about))
        };
        Self { name, about, rule: Rule::Eventually(Arc::new(check)) }
    }

    /// Holds of every peer that is up at the end of the run.
    #[must_use]
    pub fn eventually_each<V: Verdict>(
        name: &'static str,
        about: &'static str,
        check: impl Fn(&Peer<'_, P>) -> V + Send + Sync + 'static,
    ) -> Self {
        Self::eventually(name, about, move |world| {
            world.peers().try_for_each(|peer| {
                let tell = |why: String| {
                    let peerid = peer.seat.peerid;
                    if why.is_empty() {
                        format!("not of peer {peerid}: {about}")
                    } else {
                        format!("peer {peerid}: {why}")
                    }
                };
                check(&peer).verdict().map_err(tell)
            })
        })
    }

    /// Holds of the trace. Such a property can be checked in every mode, and of recorded runs. `monitor`
    /// makes one for each run.
    #[must_use]
    pub fn on_trace<M: Monitor + Send + 'static>(
        name: &'static str,
        about: &'static str,
        monitor: impl Fn() -> M + Send + Sync + 'static,
    ) -> Self {
        Self { name, about, rule: Rule::Trace(Arc::new(move || Box::new(monitor()))) }
    }
}

/// What is wrong, in the check's own words or in the property's.
fn said(why: String, otherwise: &str, about: &str) -> String {
    if why.is_empty() { format!("{otherwise}: {about}") } else { why }
}

impl<P: Protocol> Clone for Property<P> {
    fn clone(&self) -> Self {
        Self { name: self.name, about: self.about, rule: self.rule.clone() }
    }
}

impl<P: Protocol> fmt::Debug for Property<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").field("name", &self.name).field("rule", &self.rule.name()).finish()
    }
}

impl<P: Protocol> Rule<P> {
    /// What it is about, in a word or two: `each peer`, `all peers`, `the end`, `the trace`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Each(_) => "each peer",
            Self::Always(_) => "all peers",
            Self::Eventually(_) => "the end",
            Self::Trace(_) => "the trace",
        }
    }
}

impl<P: Protocol> Clone for Rule<P> {
    fn clone(&self) -> Self {
        match self {
            Self::Each(check) => Self::Each(Arc::clone(check)),
            Self::Always(check) => Self::Always(Arc::clone(check)),
            Self::Eventually(check) => Self::Eventually(Arc::clone(check)),
            Self::Trace(check) => Self::Trace(Arc::clone(check)),
        }
    }
}

/// What a check may return: `bool`, or a result whose error says why it does not hold.
pub trait Verdict {
    /// Fine, or why not; an empty text leaves it to the property to say.
    ///
    /// # Errors
    /// When it does not hold.
    fn verdict(self) -> Result<(), String>;
}

impl Verdict for bool {
    fn verdict(self) -> Result<(), String> {
        if self { Ok(()) } else { Err(String::new()) }
    }
}

impl<E: fmt::Display> Verdict for Result<(), E> {
    fn verdict(self) -> Result<(), String> {
        self.map_err(|why| why.to_string())
    }
}

/// What a check for something bad may return: `bool`, or what was seen.
pub trait Sighting {
    /// What was seen; an empty text leaves it to the property to say.
    fn sighting(self) -> Option<String>;
}

impl Sighting for bool {
    fn sighting(self) -> Option<String> {
        self.then(String::new)
    }
}

impl<T: fmt::Display> Sighting for Option<T> {
    fn sighting(self) -> Option<String> {
        self.map(|what| what.to_string())
    }
}

/// One peer, as a property sees it.
pub struct Peer<'a, P: Protocol> {
    /// Its number, and how many peers there are.
    pub seat: Seat,
    /// Is it up? A peer that is down keeps the state in which it crashed, until it boots again.
    pub is_up: bool,
    /// Its state.
    pub state: &'a P,
    /// What all peers share.
    pub config: &'a P::Config,
    /// When, on the run's clock.
    pub time: Instant,
}

impl<P: Protocol> Clone for Peer<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Protocol> Copy for Peer<'_, P> {}

/// Where a world's peers are: a runtime.
pub trait Peers<P: Protocol> {
    /// How many there are; they are numbered from 1.
    fn count(&self) -> u32;
    /// The state of a peer that exists, and whether it is up.
    fn peer(&self, peerid: u32) -> (&P, bool);
}

/// All peers at one moment, as a property sees them.
pub struct World<'a, P: Protocol> {
    /// When, on the run's clock.
    pub time: Instant,
    /// The run's seed.
    pub seed: u64,
    /// What all peers share.
    pub config: &'a P::Config,
    peers: &'a dyn Peers<P>,
}

impl<'a, P: Protocol> World<'a, P> {
    /// These peers at a moment. Only runtimes call this.
    #[must_use]
    pub fn new(time: Instant, seed: u64, config: &'a P::Config, peers: &'a dyn Peers<P>) -> Self {
        Self { time, seed, config, peers }
    }

    /// How many peers there are, up or not.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.peers.count()
    }

    /// The peer of this number, 1 to N.
    #[must_use]
    pub fn peer(&self, peerid: u32) -> Option<Peer<'a, P>> {
        let peers = self.peers.count();
        (1..=peers).contains(&peerid).then(|| {
            let (state, is_up) = self.peers.peer(peerid);
            Peer { seat: Seat { peerid, peers }, is_up, state, config: self.config, time: self.time }
        })
    }

    /// The peers that are up, in the order of their numbers.
    pub fn peers(&self) -> impl Iterator<Item = Peer<'a, P>> {
        self.all().filter(|peer| peer.is_up)
    }

    /// All peers, also those that are down.
    pub fn all(&self) -> impl Iterator<Item = Peer<'a, P>> {
        (1..=self.count()).filter_map(|peerid| self.peer(peerid))
    }
}

/// A property did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The property's name.
    pub property: String,
    /// When, on the run's clock.
    pub time: Instant,
    /// The event that showed it; none when it is the end of the run.
    pub event: Option<EventId>,
    /// The peer at which it was seen; 0 for the run as a whole.
    pub peer: u32,
    /// What is wrong, for a person.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Never, PeerId, Wire};

    /// A peer that is a number.
    struct Number(u32);

    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Nothing;

    impl Wire for Nothing {}

    impl Protocol for Number {
        type Config = u32;
        type Message = Nothing;
        type Timer = ();
        type Request = Never;
        type Indication = ();

        fn on_message(&mut self, _: &mut Context<'_, Self>, _: PeerId, _: Nothing) {}

        fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
            match request {}
        }
    }

    struct Numbers(Vec<Number>);

    impl Peers<Number> for Numbers {
        fn count(&self) -> u32 {
            self.0.len() as u32
        }

        fn peer(&self, peerid: u32) -> (&Number, bool) {
            // Peer 3 is down.
            (&self.0[peerid as usize - 1], peerid != 3)
        }
    }

    fn judged(property: &Property<Number>, numbers: &[u32]) -> Result<(), String> {
        let numbers = Numbers(numbers.iter().map(|&number| Number(number)).collect());
        let world = World::new(Instant::ZERO, 7, &10, &numbers);
        match &property.rule {
            Rule::Always(check) | Rule::Eventually(check) => check(&world),
            Rule::Each(check) => world.peers().try_for_each(|peer| check(&peer)),
            Rule::Trace(_) => unreachable!("these are not over the trace"),
        }
    }

    #[test]
    fn a_world_is_its_peers() {
        let numbers = Numbers(vec![Number(1), Number(2), Number(3)]);
        let world = World::new(Instant::ZERO, 7, &10, &numbers);
        let up: Vec<u32> = world.peers().map(|peer| peer.seat.peerid).collect();
        assert_eq!((up, world.all().count(), world.count()), (vec![1, 2], 3, 3));
        assert!(world.peer(0).is_none() && world.peer(4).is_none());
        assert!(world.peer(3).is_some_and(|peer| !peer.is_up && peer.state.0 == 3 && peer.seat.peers == 3));
    }

    #[test]
    fn what_does_not_hold_says_why() {
        let bounded = Property::always_each("bounded", "numbers are small", |peer: &Peer<'_, Number>| {
            if peer.state.0 <= *peer.config { Ok(()) } else { Err(format!("{} is large", peer.state.0)) }
        });
        assert_eq!(judged(&bounded, &[1, 10, 99]), Ok(()), "peer 3 is down");
        assert_eq!(judged(&bounded, &[1, 11]), Err("11 is large".into()));
        let same = |world: &World<'_, Number>| world.peers().all(|peer| peer.state.0 == 1);
        assert_eq!(judged(&Property::always("same", "all are one", same), &[2]), Err("not so: all are one".into()));
        let never = Property::never("none", "all are one", same);
        assert_eq!(judged(&never, &[1]), Err("it happened: all are one".into()));
        assert_eq!(judged(&never, &[2]), Ok(()));
        let end = Property::eventually_each("end", "it is one", |peer: &Peer<'_, Number>| peer.state.0 == 1);
        assert_eq!(judged(&end, &[1, 2]), Err("not of peer 2: it is one".into()));
        assert_eq!((end.rule.name(), bounded.rule.name()), ("the end", "each peer"));
    }
}
