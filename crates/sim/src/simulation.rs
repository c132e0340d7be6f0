//! The simulator's face.

use std::time::Duration;

use rumormill_core::plan::Fault;
use rumormill_core::trace::{Event as TraceEvent, Sink};
use rumormill_core::{Instant, Launch, Outcome, Protocol};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::{Engine, Machine};
use crate::event::{Boxed, Form, Inline, Shape, fits};
use crate::recording::{Recording, Silent, Taping};
use crate::{Report, Settings, SettingsError, Status};

mod checked;
mod loaded;
pub(crate) mod saved;

pub use saved::{LoadError, SaveError};

/// A protocol that can be simulated on several threads: every [`Launch`] whose parts may move between
/// them. Nothing needs to be written for it.
pub trait Simulate: Launch<Config: Send + Sync, Message: Send, Timer: Send> + Send + 'static {}

impl<P: Launch<Config: Send + Sync, Message: Send, Timer: Send> + Send + 'static> Simulate for P {}

/// One run, in virtual time. Nothing happens until it is moved on; dropping it stops it.
///
/// ```no_run
/// # use rumormill_sim::{Settings, Simulate, Simulation, SettingsError};
/// # fn example<P: Simulate>(config: P::Config) -> Result<(), SettingsError> {
/// let mut simulation = Simulation::<P>::new(config, Settings::new(7, 10_000))?;
/// let report = simulation.run();
/// println!("{} after {:?}, digest {}", report.outcome, report.virtual_time, report.digest);
/// # Ok(())
/// # }
/// ```
///
/// A run that is recorded gives every trace event to a sink, in the order of (time, event id), and is the
/// same run otherwise: it has the same digest. A run that is not recorded contains no code for it.
pub struct Simulation<P: Simulate, S = Unrecorded> {
    machine: Box<dyn Machine<P>>,
    sink: S,
}

/// The sink of a run that is not recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unrecorded;

impl Sink for Unrecorded {
    fn event(&mut self, _: &TraceEvent) {}
}

impl<P: Simulate> Simulation<P> {
    /// A run at its beginning.
    ///
    /// # Errors
    /// When the settings are wrong: says which field and why.
    pub fn new(config: P::Config, settings: Settings) -> Result<Self, SettingsError> {
        settings.validate_for::<P>()?;
        Ok(Self { machine: with_form::<P, Silent>(Fresh { config, settings }), sink: Unrecorded })
    }

    /// A run as [`Simulation::save`] stored it; goes on exactly as the stored one would have. The
    /// configuration must be the same; the number of threads is the caller's choice.
    ///
    /// # Errors
    /// When the bytes are no stored run, or one of another version or another protocol.
    pub fn load(config: P::Config, bytes: &[u8], threads: u32) -> Result<Self, LoadError>
    where
        P: DeserializeOwned,
        P::Timer: DeserializeOwned,
    {
        Ok(Self { machine: loaded::load::<P>(config, bytes, threads)?, sink: Unrecorded })
    }
}

impl<P: Simulate, S: Sink> Simulation<P, S> {
    /// A run at its beginning that gives every trace event to `sink`.
    ///
    /// # Errors
    /// When the settings are wrong: says which field and why.
    pub fn recorded(config: P::Config, settings: Settings, sink: S) -> Result<Self, SettingsError> {
        settings.validate_for::<P>()?;
        Ok(Self { machine: with_form::<P, Taping>(Fresh { config, settings }), sink })
    }

    /// Goes on to the end.
    pub fn run(&mut self) -> Report {
        while self.run_until(Instant::MAX).is_none() {}
        self.report()
    }

    /// Goes on until exactly this time: whatever happens up to it has happened then, and nothing later.
    /// Returns the outcome when the run has ended. Where and how often a run stops does not change what
    /// happens.
    pub fn run_until(&mut self, until: Instant) -> Option<Outcome> {
        self.machine.advance(until, &mut |event| self.sink.event(event))
    }

    /// Goes on for this long from [`Simulation::now`]: see [`Simulation::run_until`].
    pub fn run_for(&mut self, span: Duration) -> Option<Outcome> {
        let until = self.now() + span;
        self.run_until(until)
    }

    /// The time up to which everything has happened.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.machine.status().now
    }

    /// A fault happens now. Returns its time: a run whose plan has the fault at that time, after all others
    /// of that time, is the same run. It is the time of [`Simulation::now`], or a nanosecond later when
    /// something happened to a peer at that very time.
    ///
    /// # Errors
    /// When the fault is wrong: says which of its fields and why. When the run has ended.
    pub fn inject(&mut self, fault: Fault) -> Result<Duration, SettingsError> {
        self.machine.inject(fault)
    }

    /// Asks something of a peer, now. A peer that is down or does not exist is not asked.
    pub fn request(&mut self, peerid: u32, request: P::Request) {
        self.machine.request(peerid, request);
    }

    /// The state of peer number `peerid`, 1 to N, also when it is down; none for other numbers.
    #[must_use]
    pub fn state(&self, peerid: u32) -> Option<&P> {
        self.machine.state(peerid)
    }

    /// Is peer number `peerid` up?
    #[must_use]
    pub fn is_up(&self, peerid: u32) -> bool {
        self.machine.is_up(peerid)
    }

    /// What the run did; [`Outcome::Stopped`] when it has not ended.
    #[must_use]
    pub fn report(&self) -> Report {
        self.machine.report()
    }

    /// How far the run is, for a progress bar.
    #[must_use]
    pub fn status(&self) -> Status {
        self.machine.status()
    }

    /// The run as it is now, to go on from as often as wanted.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<P>
    where
        P: Clone,
    {
        Snapshot { machine: self.machine.duplicate() }
    }

    /// Goes back (or forth) to a snapshot of a run. Event ids are counted on from there, so a sink that
    /// took later events sees ids again.
    pub fn restore(&mut self, snapshot: &Snapshot<P>)
    where
        P: Clone,
    {
        self.machine = snapshot.machine.duplicate();
    }

    /// The run as bytes, for a file. What is recorded is not part of it.
    ///
    /// # Errors
    /// When the protocol's state cannot be encoded.
    pub fn save(&self) -> Result<Vec<u8>, SaveError>
    where
        P: Serialize,
        P::Timer: Serialize,
    {
        Ok(self.machine.save()?)
    }

    /// The sink.
    pub fn sink(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Ends the run where it is and returns the sink.
    #[must_use]
    pub fn into_sink(self) -> S {
        self.sink
    }
}

/// A run at one moment, to go on from as often as wanted: with other faults or requests, runs branch.
pub struct Snapshot<P: Protocol> {
    machine: Box<dyn Machine<P>>,
}

impl<P: Simulate + Clone> Snapshot<P> {
    /// A run that goes on from here.
    #[must_use]
    pub fn branch(&self) -> Simulation<P> {
        Simulation { machine: self.machine.duplicate(), sink: Unrecorded }
    }
}

/// Makes an engine of a form that is chosen for it.
pub(crate) trait Build<P: Simulate> {
    fn build<F: Form<P>>(self) -> Box<dyn Machine<P>>;
}

/// Lays the events of an engine out for the protocol's types: in place when they fit.
pub(crate) fn with_form<P: Simulate, R: Recording>(engine: impl Build<P>) -> Box<dyn Machine<P>> {
    type In<V> = Inline<V>;
    type Out<V> = Boxed<V>;
    // One of these arms is compiled for each protocol.
    if const { fits::<In<P::Message>, In<P::Timer>>() } {
        engine.build::<Shape<In<P::Message>, In<P::Timer>, R>>()
    } else if const { fits::<In<P::Message>, Out<P::Timer>>() } {
        engine.build::<Shape<In<P::Message>, Out<P::Timer>, R>>()
    } else if const { fits::<Out<P::Message>, In<P::Timer>>() } {
        engine.build::<Shape<Out<P::Message>, In<P::Timer>, R>>()
    } else {
        engine.build::<Shape<Out<P::Message>, Out<P::Timer>, R>>()
    }
}

/// A run at its beginning.
pub(crate) struct Fresh<P: Simulate> {
    pub(crate) config: P::Config,
    pub(crate) settings: Settings,
}

impl<P: Simulate> Build<P> for Fresh<P> {
    fn build<F: Form<P>>(self) -> Box<dyn Machine<P>> {
        Box::new(Engine::<P, F>::new(self.config, self.settings))
    }
}
