//! The protocols that a lab knows, by name: where types end and names begin.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use rumormill_check::Judge;
use rumormill_core::chart::Chart;
use rumormill_core::plan::Fault;
use rumormill_core::trace::Sink;
use rumormill_core::{Duration, Instant, Outcome, ParameterError, Parameters, Wire};
use rumormill_net::{Assignment, PeerError};
use rumormill_sim::{Report, Settings, SettingsError, Simulate, Simulation, Status};
use serde::Serialize;

use crate::checks::{self, Checked, PropertyLine};
use crate::rewind::{Rewind, Rewinder};

/// The protocols that a lab knows.
#[derive(Clone, Default)]
pub struct Registry {
    protocols: BTreeMap<&'static str, Arc<dyn Runnable>>,
}

impl Registry {
    /// A registry of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A registry of the protocols that come with Rumormill.
    #[must_use]
    pub fn new() -> Self {
        Self::empty()
            .protocol::<rumormill_protocols::Flood>("flood")
            .protocol::<rumormill_protocols::Election>("election")
            .protocol::<rumormill_protocols::store::Store<rumormill_protocols::store::apps::Bundle>>("store")
            .protocol::<rumormill_protocols::raft::Journal>("raft")
            .protocol::<rumormill_protocols::Swim>("swim")
            .protocol::<rumormill_protocols::ring::Ring>("ring")
    }

    /// Adds a protocol under the name by which experiments call it; one of the same name is replaced.
    #[must_use]
    pub fn protocol<P: Simulate + Clone + Serialize>(mut self, name: &'static str) -> Self {
        self.protocols.insert(name, Arc::new(Entry::<P> { name, protocol: PhantomData }));
        self
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.protocols.keys().copied()
    }

    /// Runs as a peer process: reads what to be from standard input, and is that to its end.
    ///
    /// # Errors
    /// When nothing sensible stands there, or the peers cannot run.
    pub fn peer(&self) -> Result<(), PeerProcessError> {
        let assignment = Assignment::read(std::io::stdin().lock())?;
        let protocol = self.get(&assignment.protocol);
        let protocol = protocol.ok_or_else(|| PeerProcessError::Protocol { name: assignment.protocol.clone() })?;
        Ok(protocol.peer(assignment)?)
    }

    /// The properties of the protocol of this name; none when there is no such protocol.
    #[must_use]
    pub fn properties(&self, name: &str) -> Vec<PropertyLine> {
        self.get(name).map(|protocol| protocol.properties()).unwrap_or_default()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<dyn Runnable>> {
        self.protocols.get(name)
    }
}

/// A protocol whose type has been forgotten.
pub(crate) trait Runnable: Send + Sync {
    /// Makes a configuration, to see whether these parameters do.
    fn check(&self, parameters: &Parameters) -> Result<(), ParameterError>;

    /// The statechart that the protocol publishes.
    fn chart(&self) -> Option<Chart>;

    /// Bytes of one peer's state, without what it holds on the heap.
    fn state_bytes(&self) -> usize;

    /// Checks what only the protocol understands of the settings: requests and changed parameters.
    fn check_settings(&self, settings: &Settings) -> Result<(), SettingsError>;

    /// A simulation to go back in.
    fn rewind(&self, parameters: &Parameters, settings: Settings) -> Result<Box<dyn Rewind>, SimulateError>;

    /// The message in these bytes, in words.
    fn decode(&self, bytes: &[u8]) -> Option<String>;

    /// A simulation that has not begun; it tells the sink everything, when there is one.
    fn simulate(
        &self,
        parameters: &Parameters,
        settings: Settings,
        sink: Option<Box<dyn Sink + Send>>,
    ) -> Result<Box<dyn Simulated>, SimulateError>;

    /// The same, with these of the protocol's properties checked.
    fn simulate_checked(
        &self,
        parameters: &Parameters,
        settings: Settings,
        sink: Option<Box<dyn Sink + Send>>,
        checked: Checked<'_>,
    ) -> Result<Box<dyn Simulated>, SimulateError>;

    /// The properties that it can be checked for.
    fn properties(&self) -> Vec<PropertyLine>;

    /// Someone who reads a trace for those of these properties that are about one.
    fn judge(&self, names: &[String]) -> Judge;

    /// Runs as a peer process to its end.
    fn peer(&self, assignment: Assignment) -> Result<(), PeerError>;
}

/// A simulation whose protocol has been forgotten.
pub(crate) trait Simulated {
    /// Goes on until this moment of the run; how it ended, if it did.
    fn run_until(&mut self, until: Instant) -> Option<Outcome>;

    /// How far it is.
    fn status(&self) -> Status;

    /// What it has done.
    fn report(&self) -> Report;

    /// Lets something go wrong now; when that is.
    fn inject(&mut self, fault: Fault) -> Result<Duration, SettingsError>;
}

/// Why there is no simulation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The protocol does not take the parameters.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// The simulator does not take the settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

struct Entry<P> {
    name: &'static str,
    protocol: PhantomData<fn() -> P>,
}

/// Why a peer process does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerProcessError {
    /// It was not told what to be.
    #[error(transparent)]
    Assignment(#[from] rumormill_net::AssignmentError),
    /// The program that started it knows a protocol that this one does not.
    #[error("there is no protocol \"{name}\" in this program")]
    Protocol {
        /// Its name.
        name: String,
    },
    /// It could not go on.
    #[error(transparent)]
    Peer(#[from] PeerError),
}

impl<P: Simulate + Clone + Serialize> Runnable for Entry<P> {
    fn check(&self, parameters: &Parameters) -> Result<(), ParameterError> {
        P::config(parameters).map(drop)
    }

    fn chart(&self) -> Option<Chart> {
        P::chart()
    }

    fn state_bytes(&self) -> usize {
        size_of::<P>()
    }

    fn simulate(
        &self,
        parameters: &Parameters,
        settings: Settings,
        sink: Option<Box<dyn Sink + Send>>,
    ) -> Result<Box<dyn Simulated>, SimulateError> {
        let config = P::config(parameters)?;
        let settings = Settings { community: self.name, parameters: parameters.clone(), ..settings };
        Ok(match sink {
            None => Box::new(Simulation::<P>::new(config, settings)?),
            Some(sink) => Box::new(Simulation::<P, _>::recorded(config, settings, Tap(sink))?),
        })
    }

    fn simulate_checked(
        &self,
        parameters: &Parameters,
        settings: Settings,
        sink: Option<Box<dyn Sink + Send>>,
        checked: Checked<'_>,
    ) -> Result<Box<dyn Simulated>, SimulateError> {
        if checked.names.is_empty() {
            return self.simulate(parameters, settings, sink);
        }
        let config = P::config(parameters)?;
        let settings = Settings { community: self.name, parameters: parameters.clone(), ..settings };
        let checks = checks::checks::<P>(checked);
        Ok(match sink {
            None => Box::new(Simulation::<P>::checked_only(config, settings, &checks)?),
            Some(sink) => Box::new(Simulation::<P, _>::checked(config, settings, &checks, Tap(sink))?),
        })
    }

    fn properties(&self) -> Vec<PropertyLine> {
        checks::lines::<P>()
    }

    fn judge(&self, names: &[String]) -> Judge {
        checks::judge::<P>(names)
    }

    fn check_settings(&self, settings: &Settings) -> Result<(), SettingsError> {
        settings.validate_for::<P>()
    }

    fn rewind(&self, parameters: &Parameters, settings: Settings) -> Result<Box<dyn Rewind>, SimulateError> {
        let config = P::config(parameters)?;
        let settings = Settings { community: self.name, parameters: parameters.clone(), ..settings };
        Ok(Box::new(Rewinder::<P>::new(config, settings)?))
    }

    fn decode(&self, bytes: &[u8]) -> Option<String> {
        P::Message::decode(bytes).ok().map(|message| format!("{message:#?}"))
    }

    fn peer(&self, assignment: Assignment) -> Result<(), PeerError> {
        rumormill_net::peer_main::<P>(assignment)
    }
}

/// A sink whose type has been forgotten.
struct Tap(Box<dyn Sink + Send>);

impl Sink for Tap {
    fn event(&mut self, event: &rumormill_core::trace::Event) {
        self.0.event(event);
    }
}

impl<P: Simulate, S: Sink> Simulated for Simulation<P, S> {
    fn run_until(&mut self, until: Instant) -> Option<Outcome> {
        self.run_until(until)
    }

    fn status(&self) -> Status {
        self.status()
    }

    fn report(&self) -> Report {
        self.report()
    }

    fn inject(&mut self, fault: Fault) -> Result<Duration, SettingsError> {
        self.inject(fault)
    }
}
