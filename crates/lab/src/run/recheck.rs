//! Checks the trace of a recorded run.

use rumormill_core::Outcome;
use rumormill_trace::{Run, RunFile, State, Violation};
use serde::Serialize;

use super::Workbench;
use crate::checks::{self, PropertyLine, recorded};
use crate::experiment::{Problem, Problems, did_you_mean};

/// What checking a recorded run showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rechecked {
    /// The run's name.
    pub run: String,
    /// How it had ended.
    pub outcome: Option<Outcome>,
    /// The properties that were checked: those that are about the trace.
    pub checked: Vec<PropertyLine>,
    /// Properties that were asked for by name and are about peers' states, which a trace does not tell.
    pub not_checked: Vec<PropertyLine>,
    /// Events read.
    pub events: u64,
    /// What does not hold.
    pub violations: Vec<Violation>,
}

impl Workbench {
    /// Reads the trace of a recorded run for the properties that are about one: all of them, or those named.
    /// The end is judged when the run came to its end by itself.
    ///
    /// # Errors
    /// When the protocol is not known here or has no property of a name, or when the trace has gaps: then
    /// nothing can be said.
    pub fn check_recorded(&self, run: &Run, names: &[String]) -> Result<Rechecked, Problems> {
        let file = run.file();
        let protocol = self.registry.get(&file.protocol).ok_or_else(|| self.unknown_protocol(file))?;
        let known = protocol.properties();
        let wanted = if names.is_empty() { vec![checks::ALL.to_string()] } else { names.to_vec() };
        let chosen = checks::resolve(&wanted, &known)?;
        let mut judge = protocol.judge(&chosen);
        let names_checked: Vec<&str> = judge.names().collect();
        let is_chosen = |line: &&PropertyLine| chosen.iter().any(|name| name == line.name);
        let (checked, not_checked): (Vec<_>, Vec<_>) =
            known.iter().filter(is_chosen).copied().partition(|line| names_checked.contains(&line.name));
        if checked.is_empty() {
            let message = format!("none of {} is about the trace", chosen.join(", "));
            return Err(Problem::field("property", message).next("run the experiment again to check it").into());
        }
        whole(run)?;
        let mut events = 0;
        for event in run.events() {
            let event = event.map_err(|error| Problem::new(format!("{} cannot be read: {error}", file.name)))?;
            events += 1;
            judge.read(&event);
        }
        let has_ended = matches!(file.outcome, Some(Outcome::Completed | Outcome::TimeLimit | Outcome::Violated));
        // A run that was ended by a violation did not come to its end.
        if has_ended && file.violations.iter().all(|violation| violation.event.is_none()) {
            judge.end();
        }
        let violations = judge.violations().iter().map(recorded).collect();
        Ok(Rechecked { run: file.name.clone(), outcome: file.outcome, checked, not_checked, events, violations })
    }

    fn unknown_protocol(&self, file: &RunFile) -> Problem {
        let problem = Problem::new(format!("there is no protocol \"{}\" in this program", file.protocol));
        match did_you_mean(&file.protocol, self.registry.names()) {
            Some(meant) => problem.next(format!("did you mean {meant}?")),
            None => problem.next("check it with the program that recorded it"),
        }
    }
}

/// Of a trace with gaps nothing can be said.
fn whole(run: &Run) -> Result<(), Problem> {
    let (file, damage) = (run.file(), run.damage());
    if file.trace_dropped > 0 {
        let message = format!("{} events of {} were not recorded", file.trace_dropped, file.name);
        return Err(Problem::new(message).next("run it again with fewer messages"));
    }
    if let Some(damage) = damage.first() {
        return Err(Problem::new(format!("{}: {}: {}", file.name, damage.file, damage.why)));
    }
    if file.state == State::Running {
        return Err(Problem::new(format!("{} is still under way", file.name)).next("wait for its end"));
    }
    Ok(())
}
