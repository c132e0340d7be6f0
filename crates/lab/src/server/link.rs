//! How long messages took on one link.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rumormill_core::{Instant, MAX_PEERS};
use rumormill_trace::LinkTimes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use super::history::{moment, number};

/// Which link, and up to when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    from: Option<String>,
    to: Option<String>,
    t: Option<String>,
}

/// `GET /api/runs/{id}/link`: what became of the messages between two peers up to a moment, each way.
pub(super) async fn link(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(wanted) = wanted?;
    let peer = |field: &str, text| {
        let peer = number(field, text, 1..=MAX_PEERS)?;
        peer.ok_or_else(|| ApiError::bad(format!("{field}: say which peer, for example {field}=3")))
    };
    let (from, to) = (peer("from", &wanted.from)?, peer("to", &wanted.to)?);
    let until = moment("t", &wanted.t)?.unwrap_or(Instant::MAX);
    lab.work(move |lab| {
        let run = lab.history.run(lab, &id)?;
        lab.history.answer(&run, &format!("link {from} {to} {}", until.as_nanos()), || {
            let [there, back] = run.link_times(from, to, until);
            Ok(json!({ "there": told(&there), "back": told(&back) }))
        })
    })
    .await?
}

fn told(times: &LinkTimes) -> Value {
    let took = times.took.as_ref().map(|took| {
        let [least_s, median_s, most_s] = [took.least, took.median, took.most].map(|span| span.as_secs_f64());
        json!({ "measured": took.measured, "least_s": least_s, "median_s": median_s, "most_s": most_s })
    });
    json!({ "sent": times.sent, "delivered": times.delivered, "lost": times.lost, "took": took })
}
