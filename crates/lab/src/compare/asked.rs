//! What was asked of runs, where it is not the same.

use rumormill_core::plan::Plan;
use rumormill_core::plan::words::span;
use rumormill_trace::{Run, RunFile};
use serde::Serialize;
use serde_json::{Value, json};

use crate::view::RunLine;

/// Faults that are named one by one, at most.
const FAULTS_SHOWN: usize = 8;

/// Something that was asked differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// What.
    pub name: String,
    /// Each run's, as a person reads it; `null` where it was not asked.
    pub values: Vec<Value>,
}

/// What is not the same for all runs.
pub(super) fn differing(runs: &[(RunLine, Run)]) -> Vec<Asked> {
    let files: Vec<&RunFile> = runs.iter().map(|(_, run)| run.file()).collect();
    let mut all: Vec<Asked> = Vec::new();
    let mut ask = |name: &str, value: &dyn Fn(&RunFile) -> Value| {
        let values: Vec<Value> = files.iter().map(|file| value(file)).collect();
        all.push(Asked { name: name.into(), values });
    };
    ask("experiment", &|file| json!(file.experiment));
    ask("protocol", &|file| json!(file.protocol));
    ask("as", &|file| json!(file.mode));
    ask("seed", &|file| json!(file.seed));
    ask("peers", &|file| json!(file.peers));
    let mut names: Vec<&String> = files.iter().flat_map(|file| file.parameters.0.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        if name != "peers" {
            let is_typed = files.iter().all(|file| typed(file, name).is_some());
            ask(name, &|file| if is_typed { json!(typed(file, name)) } else { resolved(file, name) });
        }
    }
    ask("who knows whom", &|file| json!(file.topology));
    ask("latency", &|file| json!(file.plan.network.latency.to_string()));
    ask("network", &|file| json!(file.plan.network.conditions.to_string()));
    ask("disk", &|file| json!(file.plan.disk));
    ask("faults", &|file| json!(faults(&file.plan)));
    ask("churn", &|file| json!(file.plan.churn));
    ask("ends", &|file| json!(file.stop));
    ask("time limit", &|file| json!(file.time_limit_s));
    ask("version", &|file| json!(file.build.version));
    ask("commit", &|file| json!(file.build.commit));
    ask("machine", &|file| json!(format!("{} {}, {} processors", file.host.os, file.host.arch, file.host.cpus)));
    all.retain(|asked| asked.values.iter().any(|value| Some(value) != asked.values.first()));
    all
}

/// The value as it was typed.
fn typed<'a>(file: &'a RunFile, name: &str) -> Option<&'a Value> {
    file.values.get(name).filter(|value| !value.is_null())
}

/// What came of it.
fn resolved(file: &RunFile, name: &str) -> Value {
    json!(file.parameters.0.get(name).map(ToString::to_string))
}

fn faults(plan: &Plan) -> String {
    let faults = plan.schedule();
    let shown = faults.iter().take(FAULTS_SHOWN).map(|timed| format!("{}: {}", span(timed.at), timed.fault));
    let shown = shown.collect::<Vec<_>>().join("; ");
    match faults.len().saturating_sub(FAULTS_SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
