//! The properties of a run: which a protocol has, which of them are checked, and what did not hold.

use rumormill_check::{Judge, general};
use rumormill_core::property::{self, Property};
use rumormill_sim::{Checks, Simulate};
use rumormill_trace::Violation;
use serde::Serialize;

use crate::experiment::{Problem, did_you_mean};

/// What stands for every property of the protocol: what `all_properties()` gives in an experiment.
pub(crate) const ALL: &str = "*";

/// A property, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PropertyLine {
    /// How experiments call it.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Of what: `each peer`, `all peers`, `the end` or `the trace`. Those of the trace can be checked in every
    /// mode, and of recorded runs.
    pub of: &'static str,
}

/// Which properties to check in a simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked<'a> {
    /// Their names.
    pub(crate) names: &'a [String],
    /// See [`Checks::exactly_from`].
    pub(crate) exactly_from: Option<u64>,
}

/// All properties of a protocol: its own, and those that every protocol has.
pub(crate) fn all<P: Simulate>() -> Vec<Property<P>> {
    let mut all = P::properties();
    let general = general().into_iter().filter(|one| all.iter().all(|own: &Property<P>| own.name != one.name));
    let general: Vec<Property<P>> = general.collect();
    all.extend(general);
    all
}

/// The properties of a protocol, for a person.
pub(crate) fn lines<P: Simulate>() -> Vec<PropertyLine> {
    let line = |one: Property<P>| PropertyLine { name: one.name, about: one.about, of: one.rule.name() };
    all::<P>().into_iter().map(line).collect()
}

/// Someone who reads a trace for those of these properties that are about one.
pub(crate) fn judge<P: Simulate>(names: &[String]) -> Judge {
    Judge::new(&chosen::<P>(names))
}

/// What to check in a simulation.
pub(crate) fn checks<P: Simulate>(checked: Checked<'_>) -> Checks<P> {
    Checks { exactly_from: checked.exactly_from, ..Checks::new(chosen(checked.names)) }
}

fn chosen<P: Simulate>(names: &[String]) -> Vec<Property<P>> {
    all().into_iter().filter(|one: &Property<P>| names.iter().any(|name| name == one.name)).collect()
}

/// The names of those that are wanted, each once, in the protocol's order.
///
/// # Errors
/// When the protocol has none of a name, with the one that was probably meant.
pub(crate) fn resolve(wanted: &[String], known: &[PropertyLine]) -> Result<Vec<String>, Problem> {
    let names = || known.iter().map(|one| one.name);
    for name in wanted.iter().filter(|name| *name != ALL) {
        if !names().any(|known| known == name) {
            let next = match did_you_mean(name, names()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Problem::field("check", format!("there is no property \"{name}\"")).next(next));
        }
    }
    let is_wanted = |known: &&str| wanted.iter().any(|name| name == ALL || name == known);
    Ok(names().filter(is_wanted).map(String::from).collect())
}

/// A violation as a run's file has it.
pub(crate) fn recorded(violation: &property::Violation) -> Violation {
    let property::Violation { property, time, event, peer, text } = violation.clone();
    Violation { property, at_s: time.as_secs_f64(), event, peer, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_chosen_by_name() {
        let known = lines::<rumormill_protocols::Flood>();
        let resolve = |wanted: &[&str]| resolve(&wanted.iter().map(ToString::to_string).collect::<Vec<_>>(), &known);
        let all = resolve(&[ALL]).unwrap();
        assert!(all.len() > 4 && all.contains(&"delivered_was_sent".to_string()), "{all:?}");
        assert_eq!(resolve(&["everyone_has_all", "everyone_has_all"]).unwrap(), ["everyone_has_all"]);
        assert!(resolve(&[]).unwrap().is_empty());
        let said = resolve(&["everyone_has_al"]).unwrap_err().to_string();
        assert_eq!(said, "check: there is no property \"everyone_has_al\" (did you mean everyone_has_all?)");
        assert!(resolve(&["zzz"]).unwrap_err().to_string().contains("(there are: "));
    }
}
