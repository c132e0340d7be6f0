//! Runs whose properties are checked.

use rumormill_core::trace::Sink;

use super::{Fresh, Simulate, Simulation, Unrecorded, with_form};
use crate::engine::Machine;
use crate::guard::Checks;
use crate::recording::{Counting, Taping};
use crate::{Settings, SettingsError};

impl<P: Simulate, S: Sink> Simulation<P, S> {
    /// A run at its beginning that gives every trace event to `sink`, and whose properties are checked as it
    /// goes on. It ends with [`Outcome::Violated`](rumormill_core::Outcome::Violated) soon after one does not
    /// hold ([`Report::violations`](crate::Report::violations)); until then it is the same run, with the same
    /// digest, as without. A property over all peers makes it run on one thread. A [snapshot](Self::snapshot)
    /// of it is not checked.
    ///
    /// # Errors
    /// When the settings are wrong: says which field and why.
    pub fn checked(config: P::Config, settings: Settings, checks: &Checks<P>, sink: S) -> Result<Self, SettingsError> {
        let settings = settings_for(settings, checks)?;
        let mut machine = with_form::<P, Taping>(Fresh { config, settings });
        machine.check_properties(checks);
        Ok(Self { machine, sink })
    }
}

impl<P: Simulate> Simulation<P> {
    /// The same without a sink: faster, unless one of the properties is over the trace.
    ///
    /// # Errors
    /// When the settings are wrong: says which field and why.
    pub fn checked_only(config: P::Config, settings: Settings, checks: &Checks<P>) -> Result<Self, SettingsError> {
        if checks.need_trace() {
            return Self::checked(config, settings, checks, Unrecorded);
        }
        let settings = settings_for(settings, checks)?;
        let mut machine: Box<dyn Machine<P>> = with_form::<P, Counting>(Fresh { config, settings });
        machine.check_properties(checks);
        Ok(Self { machine, sink: Unrecorded })
    }
}

fn settings_for<P: Simulate>(settings: Settings, checks: &Checks<P>) -> Result<Settings, SettingsError> {
    settings.validate_for::<P>()?;
    Ok(if checks.need_one_thread() { Settings { threads: 1, ..settings } } else { settings })
}
