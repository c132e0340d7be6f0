//! Running a recorded run again to look at it.

use rumormill_core::trace::{Event, EventId};
use rumormill_core::{Instant, Outcome};

use crate::engine::Machine;
use crate::inspection::Inspection;
use crate::recording::Counting;
use crate::shard::probe::Body;
use crate::simulation::{Fresh, Simulate, with_form};
use crate::{Report, Settings, SettingsError, Status};

/// A run that is run again to be looked at: it counts its events as a recording does, so that it can stop
/// right after any of them. Cloning it is the way back.
///
/// ```no_run
/// # use rumormill_core::{Instant, trace::EventId};
/// # use rumormill_sim::{Retrace, Settings, SettingsError, Simulate};
/// # fn example<P: Simulate + Clone + std::fmt::Debug>(config: P::Config) -> Result<(), SettingsError> {
/// let mut retrace = Retrace::<P>::new(config, Settings::new(7, 100))?;
/// retrace.watch(3);
/// if retrace.go_to(EventId::new(3, 12), Instant::MAX).is_some() {
///     println!("{:?} became {:?}", retrace.before(), retrace.state(3));
/// }
/// # Ok(())
/// # }
/// ```
pub struct Retrace<P: Simulate> {
    machine: Box<dyn Machine<P>>,
    watched: u32,
}

/// An event that was found again.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The event, as a recording has it.
    pub event: Event,
    /// Its message, when it is about one.
    pub message: Option<Body>,
}

impl<P: Simulate + Clone> Retrace<P> {
    /// The run at its beginning.
    ///
    /// # Errors
    /// When the settings are wrong: says which field and why.
    pub fn new(config: P::Config, settings: Settings) -> Result<Self, SettingsError> {
        settings.validate_for::<P>()?;
        let mut retrace = Self { machine: with_form::<P, Counting>(Fresh { config, settings }), watched: 0 };
        retrace.watch(0);
        Ok(retrace)
    }

    /// Goes on until exactly this time: see [`Simulation::run_until`](crate::Simulation::run_until).
    pub fn run_until(&mut self, until: Instant) -> Option<Outcome> {
        self.machine.advance(until, &mut |_| {})
    }

    /// Goes on by about this many activations, to a moment between two windows of time, but not beyond
    /// `until`.
    pub fn run_some(&mut self, until: Instant, activations: u64) -> Option<Outcome> {
        self.machine.go_some(until, activations)
    }

    /// How many activations there were so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.machine.events()
    }

    /// Goes on until right after this event, but not beyond `until`. None when the event does not happen by
    /// then, or had happened before.
    pub fn go_to(&mut self, event: EventId, until: Instant) -> Option<Found> {
        self.machine.seek(event, until)
    }

    /// Remembers from now on what this peer was before its last activation. Another one is then forgotten.
    pub fn watch(&mut self, peerid: u32) {
        self.watched = peerid;
        self.machine.watch(peerid);
    }

    /// The watched peer before its last activation; none when it was not activated since it is watched.
    #[must_use]
    pub fn before(&self) -> Option<&P> {
        self.machine.before(self.watched)
    }

    /// The state of a peer, also when it is down; none for numbers that no peer has.
    #[must_use]
    pub fn state(&self, peerid: u32) -> Option<&P> {
        let sealed = self.machine.sealed(peerid).filter(|_| peerid == self.watched);
        sealed.or_else(|| self.machine.state(peerid))
    }

    /// What is kept of a peer besides its state, at most `limit` of each kind.
    #[must_use]
    pub fn inspect(&self, peerid: u32, limit: usize) -> Option<Inspection> {
        self.machine.inspect(peerid, limit)
    }

    /// How many times a peer was activated.
    #[must_use]
    pub fn activations(&self, peerid: u32) -> u32 {
        self.machine.activations(peerid)
    }

    /// How many events a recording has of this peer; of the run as a whole for 0.
    #[must_use]
    pub fn recorded(&self, peerid: u32) -> u64 {
        self.machine.recorded(peerid)
    }

    /// The time up to which everything has happened.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.machine.now()
    }

    /// The earliest time at which a fault that is injected here can happen: see
    /// [`Simulation::inject`](crate::Simulation::inject).
    #[must_use]
    pub fn next_fault_at(&self) -> Instant {
        self.machine.next_fault_at()
    }

    /// How far the run is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.machine.status()
    }

    /// What the run did; see [`Simulation::report`](crate::Simulation::report).
    #[must_use]
    pub fn report(&self) -> Report {
        self.machine.report()
    }
}

impl<P: Simulate + Clone> Clone for Retrace<P> {
    /// The run as it is now, to go on from. Nobody is watched in it.
    fn clone(&self) -> Self {
        let mut clone = Self { machine: self.machine.duplicate(), watched: 0 };
        clone.watch(0);
        clone
    }
}
