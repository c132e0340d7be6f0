//! The event log of a run.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use rumormill_core::trace::Kind;
use serde::Deserialize;

use super::Lab;
use super::error::ApiError;
use crate::bench::recorded;
use crate::view::log::{ANSWER_MAX, Answer, Filter};

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
    let limit = wanted.limit.unwrap_or(LINES).clamp(1, ANSWER_MAX);
    lab.work(move |lab| answer(lab, &id, filter, before, limit)).await?.map(Json)
}

/// The view holds the newest events; the recording holds all, those of a run under way a second late.
fn answer(lab: &Lab, id: &str, filter: Filter, before: Option<u64>, limit: usize) -> Result<Answer, ApiError> {
    let found = lab.bench.find(id)?;
    let (answer, folder) = {
        let view = found.view().lock();
        let is_settled = view.run().state == crate::view::State::Ended || before.is_some();
        let folder = view.run().folder.clone().filter(|_| is_settled && view.log().is_cut());
        (view.log().ask(&filter, before, limit), folder)
    };
    match folder {
        Some(folder) if answer.events.len() < limit => Ok(recorded::ask(folder.as_ref(), filter, before, limit)?),
        Some(_) => Ok(Answer { more: true, ..answer }),
        None => Ok(answer),
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
