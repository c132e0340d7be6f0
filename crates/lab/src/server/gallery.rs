//! The experiments and their forms.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Lab;
use super::error::{ApiError, Told};
use crate::Registry;
use crate::checks;
use crate::experiment::{Entry, Problem, Values};
use crate::run::{Mode, Order, Resolved};
use crate::view::groups::PEERS_SHOWN_MAX;

/// `GET /api/experiments`: all of them, broken ones with what is wrong.
pub(super) async fn experiments(State(lab): State<Arc<Lab>>) -> Result<Json<Value>, ApiError> {
    let entries = lab.work(|lab| lab.workbench.gallery.entries()).await?;
    let experiments: Vec<Value> = entries.into_iter().map(|one| entry(one, &lab.workbench.registry)).collect();
    Ok(Json(json!({ "experiments": experiments })))
}

fn entry(entry: Entry, registry: &Registry) -> Value {
    match entry.experiment {
        Ok(experiment) => {
            let properties = registry.properties(&experiment.protocol);
            let checked = checks::resolve(&experiment.check, &properties).unwrap_or_default();
            let mut told = serde_json::to_value(experiment).unwrap_or_default();
            told["checks"] = json!(checked);
            told["properties"] = json!(properties);
            told["broken"] = Value::Null;
            told
        }
        Err(problem) => broken(&entry.name, problem),
    }
}

/// An experiment of which nothing is known but what is wrong with it.
fn broken(name: &str, problem: Problem) -> Value {
    json!({
        "name": name, "title": name, "about": "", "protocol": "", "modes": [], "parameters": [], "network": "",
        "faults": [], "stop": "", "source": "", "broken": Told::from(problem),
    })
}

/// What a form says so far.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    experiment: String,
    #[serde(default)]
    values: Values,
    #[serde(default)]
    r#as: Mode,
}

/// Whether a form's values make a run.
#[derive(Default, Serialize)]
pub(super) struct Checked {
    ok: bool,
    errors: Vec<Told>,
    /// The sum over all peers of each expression.
    totals: BTreeMap<String, u64>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Warning {
    field: Option<&'static str>,
    message: String,
}

/// `POST /api/check`: whether a form's values make a run, and what they come to.
pub(super) async fn check(
    State(lab): State<Arc<Lab>>,
    form: Result<Json<Form>, JsonRejection>,
) -> Result<Json<Checked>, ApiError> {
    let Json(Form { experiment, values, r#as: mode }) = form?;
    let checked = lab.work(move |lab| {
        let order = Order { values, mode, ..Order::new(plain(experiment)?) };
        Resolved::new(order, &lab.workbench.gallery, &lab.workbench.registry)
    });
    Ok(Json(match checked.await? {
        Ok(resolved) => {
            let warnings = warnings(&resolved);
            Checked { ok: true, totals: resolved.setup.totals, warnings, ..Checked::default() }
        }
        Err(problems) => {
            let errors = problems.0.into_iter().map(Told::from).collect();
            Checked { errors, ..Checked::default() }
        }
    }))
}

fn warnings(resolved: &Resolved) -> Vec<Warning> {
    let peers = resolved.setup.peers;
    let grouped = (peers > PEERS_SHOWN_MAX).then(|| Warning {
        field: Some("peers"),
        message: format!(
            "more than {PEERS_SHOWN_MAX} peers are shown in groups; recording and showing them slows the run"
        ),
    });
    grouped.into_iter().collect()
}

/// Pages name experiments of the gallery, not files anywhere on this machine.
pub(super) fn plain(experiment: String) -> Result<String, Problem> {
    if experiment.ends_with(".star") || experiment.contains(['/', '\\']) {
        return Err(Problem::field("experiment", "expected the name of an experiment, not a file"));
    }
    Ok(experiment)
}
