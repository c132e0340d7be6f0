//! Experiments: what to run, with which values, in which world, until when.
//!
//! An experiment is a file in Starlark, read as data. [`Gallery`] finds them, [`Experiment`] is one, and
//! [`Experiment::resolve`] turns the values that a person chose into what a run needs.

mod expression;
mod fault;
mod gallery;
mod language;
mod parameter;
mod problem;
mod resolve;
mod units;
mod words;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

pub use expression::{Expression, fuzz_expression};
pub use fault::read_fault;
pub use gallery::{Embedded, Entry, Gallery};
pub use parameter::{COUNT_MAX, Kind, Parameter};
pub use problem::{Problem, Problems, did_you_mean};
pub use resolve::{Setup, Stop, Values};
pub use write::Written;

/// An experiment as its file says it.
#[derive(Clone, Debug, Serialize)]
pub struct Experiment {
    /// The file's name without `.star`.
    pub name: String,
    /// A few words.
    pub title: String,
    /// A sentence or two.
    pub about: String,
    /// The protocol's name in the registry.
    pub protocol: String,
    /// The modes it can run in; all when the file does not say.
    pub modes: Vec<crate::run::Mode>,
    /// What a person may choose.
    pub parameters: Vec<Parameter>,
    /// The properties to check.
    pub check: Vec<String>,
    /// The network in words, for the default values.
    pub network: String,
    /// The faults in words, for the default values, in order.
    pub faults: Vec<FaultInWords>,
    /// When it ends, in words.
    pub stop: String,
    /// The file's text.
    pub source: Arc<str>,
    /// Where the file is; none when it is inside the program.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

/// A fault and when it happens, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultInWords {
    /// Seconds after the start.
    pub at_s: f64,
    /// What happens.
    pub text: String,
}

impl Experiment {
    /// Reads an experiment from a file's text. `path` is where the file is, when it is one: files that it
    /// names are looked for beside it.
    ///
    /// # Errors
    /// When the text is no experiment, or not even its default values make one.
    pub fn read(name: &str, source: impl Into<Arc<str>>, path: Option<PathBuf>) -> Result<Self, Problem> {
        let source = source.into();
        let file = path.as_ref().map_or_else(|| format!("{name}.star"), |path| path.display().to_string());
        let definition = language::define(&file, &source)?;
        let mut modes = Vec::new();
        for mode in &definition.modes {
            modes.push(mode.parse().map_err(|problem| Problem { file: Some(file.clone()), ..problem })?);
        }
        let mut experiment = Self {
            name: name.into(),
            title: definition.title,
            about: definition.about,
            protocol: definition.protocol,
            modes: if modes.is_empty() { crate::run::Mode::ALL.to_vec() } else { modes },
            parameters: definition.parameters,
            check: definition.check,
            network: String::new(),
            faults: Vec::new(),
            stop: String::new(),
            source,
            path,
        };
        let setup = experiment.resolve(&Values::new()).map_err(|problems| {
            let first = problems.0.into_iter().next().unwrap_or_default();
            if first.file.is_some() { first } else { Problem { file: Some(file), ..first } }
        })?;
        experiment.network = words::network(&setup.plan);
        experiment.faults = words::faults(&setup.plan);
        experiment.stop = words::stop(&setup.stop);
        Ok(experiment)
    }

    /// The parameter of this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// Reads any bytes as an experiment: for fuzzing. Nothing but an experiment or a problem may come of it.
pub fn fuzz_experiment(bytes: &[u8]) {
    let source = String::from_utf8_lossy(bytes);
    let _ = Experiment::read("fuzz", source.as_ref(), None);
}

#[cfg(test)]
mod tests;
