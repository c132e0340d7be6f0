//! Searches in a run's recording, and the statecharts that it tells of.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rumormill_core::MAX_PEERS;
use rumormill_trace::{Part, Pattern, PatternError, RESULTS_MAX, SearchQuery};
use serde::Deserialize;
use serde_json::json;

use super::Lab;
use super::error::ApiError;
use super::history::{given, moment, number};
use super::spacetime::{event_id, kind_of};
use crate::experiment::Problem;
use crate::view::log::LogLine;

/// Bytes of a name or text that is looked for, at most.
const TEXT_BYTES_MAX: usize = 1_000;

/// What is looked for: an event by its parts, or a pattern of two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    kind: Option<String>,
    name: Option<String>,
    text: Option<String>,
    peer: Option<String>,
    other: Option<String>,
    cause: Option<String>,
    from: Option<String>,
    to: Option<String>,
    pattern: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

/// `GET /api/runs/{id}/search`: the first events, or pairs of events, that are like this.
pub(super) async fn search(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let query = query(&wanted?.0)?;
    let is_pattern = query.pattern.second.is_some();
    lab.work(move |lab| {
        let run = lab.history.run(lab, &id)?;
        lab.history.answer(&run, &format!("search {query:?}"), || {
            let found = run.search(&query);
            let line = |event| LogLine::from(event);
            let (events, matches): (Vec<_>, Vec<_>) = if is_pattern {
                let pairs = found.results.iter().map(|(first, second)| (line(first), second.as_ref().map(line)));
                (Vec::new(), pairs.collect())
            } else {
                (found.results.iter().map(|(event, _)| line(event)).collect(), Vec::new())
            };
            Ok(json!({
                "events": events,
                "matches": matches,
                "more": found.more,
                "next": found.next.map(|id| id.0.to_string()),
                "scanned": found.scanned,
            }))
        })
    })
    .await?
}

fn query(wanted: &Wanted) -> Result<SearchQuery, ApiError> {
    let peer = |field, text| number(field, text, 0..=MAX_PEERS);
    let event = |field, text: &Option<String>| given(text).map(|text| event_id(field, text)).transpose();
    let mut pattern = match given(&wanted.pattern) {
        Some(text) => Pattern::parse(text).map_err(wrong)?,
        None => Pattern::of(Part {
            kind: given(&wanted.kind).map(|kind| kind_of("kind", kind)).transpose()?,
            name: text("name", &wanted.name)?,
            texts: text("text", &wanted.text)?.into_iter().collect(),
            ..Part::default()
        }),
    };
    let (at, other) = (peer("peer", &wanted.peer)?, peer("other", &wanted.other)?);
    (pattern.first.peer, pattern.first.other) = (pattern.first.peer.or(at), other);
    let mut query = SearchQuery::new(pattern);
    (query.from, query.to) = (moment("from", &wanted.from)?, moment("to", &wanted.to)?);
    (query.cause, query.after) = (event("cause", &wanted.cause)?, event("after", &wanted.after)?);
    query.limit = number("limit", &wanted.limit, 1..=RESULTS_MAX)?.unwrap_or(query.limit);
    Ok(query)
}

fn text(field: &str, text: &Option<String>) -> Result<Option<String>, ApiError> {
    let Some(text) = given(text) else { return Ok(None) };
    if text.len() > TEXT_BYTES_MAX {
        return Err(ApiError::bad(format!("{field}: longer than {TEXT_BYTES_MAX} bytes")));
    }
    Ok(Some(text.to_owned()))
}

fn wrong(error: PatternError) -> ApiError {
    let problem = Problem { column: Some(error.column), ..Problem::field("pattern", error.why) };
    ApiError::from(problem).next(format!("for example: {}", PatternError::example()))
}
