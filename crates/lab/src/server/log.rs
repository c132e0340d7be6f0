//! The event log of a run.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use rumormill_core::trace::Kind;
use serde::Deserialize;

use super::Lab;
use super::error::ApiError;
use crate::bench::Found;
use crate::view::log::{Answer, Filter};

/// Lines of an answer, when the question does not say.
const LINES: usize = 200;

/// Which lines a page wants to see; texts that say nothing do not filter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    kind: Option<String>,
    text: Option<String>,
    peer: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/runs/{id}/log`: the newest lines that fit.
pub(super) async fn lines(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Answer>, ApiError> {
    let Query(wanted) = wanted?;
    let filter = Filter {
        kind: given(&wanted.kind).map(kind).transpose()?,
        text: given(&wanted.text).map(ToOwned::to_owned),
        peer: given(&wanted.peer).map(|peer| number("peer", peer)).transpose()?,
    };
    let before = given(&wanted.before).map(|id| number("before", id)).transpose()?;
    let limit = wanted.limit.unwrap_or(LINES);
    lab.work(move |lab| answer(lab, &id, &filter, before, limit)).await?.map(Json)
}

fn answer(lab: &Lab, id: &str, filter: &Filter, before: Option<u64>, limit: usize) -> Result<Answer, ApiError> {
    let found = lab.bench.find(id)?;
    match &found {
        // The view of a recording holds its newest events only; the folder holds all.
        Found::Recorded(recorded) if found.view().lock().log().is_cut() => {
            Ok(recorded.ask(lab.bench.runs_dir(), filter, before, limit)?)
        }
        _ => Ok(found.view().lock().log().ask(filter, before, limit)),
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn kind(name: &str) -> Result<Kind, ApiError> {
    let known = Kind::from_name(name);
    known.ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        ApiError::bad(format!("there is no kind of event \"{name}\"")).next(format!("there are: {}", names.join(", ")))
    })
}

fn number(name: &str, text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::bad(format!("{name}: expected a whole number, not \"{text}\"")))
}
