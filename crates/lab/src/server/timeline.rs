//! The course of a run, for the strip under every view.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use rumormill_core::Instant;
use serde::{Deserialize, Serialize};

use super::Lab;
use super::error::ApiError;
use crate::bench::Found;
use crate::view;
use crate::view::timeline::{COLUMNS_MAX, Course};

/// Columns of an answer, when the question does not say.
const WIDTH: usize = 600;

/// How wide the strip is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    width: Option<usize>,
}

/// The course of a run.
#[derive(Serialize)]
pub(super) struct Told {
    from: f64,
    /// The end of what is known of the run, in its seconds.
    to: f64,
    /// Does it still go on?
    live: bool,
    /// Is it recorded, so that its past can be looked at?
    recorded: bool,
    /// Events so far.
    total: u64,
    #[serde(flatten)]
    course: Course,
}

/// `GET /api/runs/{id}/timeline`: counts in columns, and what is worth going to.
pub(super) async fn timeline(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Told>, ApiError> {
    let width = wanted?.0.width.unwrap_or(WIDTH);
    if !(1..=COLUMNS_MAX).contains(&width) {
        return Err(ApiError::bad(format!("width: {width} is not between 1 and {COLUMNS_MAX}")));
    }
    lab.work(move |lab| Ok(Json(told(&lab.bench.find(&id)?, width)))).await?
}

fn told(found: &Found, width: usize) -> Told {
    let recorded = match found {
        Found::Live(_) => 0,
        Found::Recorded(past) => past.run().len(),
    };
    let view = found.view().lock();
    let run = view.run();
    let live = run.state != view::State::Ended;
    let end = std::time::Duration::try_from_secs_f64(run.virtual_seconds).unwrap_or_default();
    let to = view.clock().max(Instant::ZERO + end);
    Told {
        from: 0.0,
        to: to.as_secs_f64(),
        live,
        recorded: run.folder.is_some(),
        total: view.log().seen().max(recorded),
        course: view.timeline().course(to, width),
    }
}
