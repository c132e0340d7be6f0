//! A run's numbers over time, for plots and for tables.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rumormill_core::{Duration, Instant};
use rumormill_trace::{COLUMNS_USUAL, Metrics, Series};
use serde::Deserialize;

use super::Lab;
use super::error::ApiError;
use crate::bench::Found;
use crate::view::State as RunState;

/// Columns that may be asked for.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=2_400;

/// Series whose values are in an answer when nobody says which; the others only say that they are there.
const SERIES_MAX: usize = 200;

/// Series that can be asked for by name, and the length of a name.
const WANTED_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 256;

/// What a page wants to plot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    width: Option<String>,
    series: Option<String>,
}

/// `GET /api/runs/{id}/metrics`: series over time and histograms.
pub(super) async fn metrics(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Metrics>, ApiError> {
    let choice = Choice::new(wanted?.0)?;
    let is_chosen = !choice.series.is_empty();
    let mut metrics = lab.work(move |lab| chosen(lab, &id, &choice)).await??;
    if !is_chosen {
        metrics.series.iter_mut().skip(SERIES_MAX).for_each(|series| series.values.clear());
    }
    Ok(Json(metrics))
}

/// `GET /api/runs/{id}/metrics.csv`: the same series as a table, a row a column of time.
pub(super) async fn table(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let choice = Choice::new(wanted?.0)?;
    let name = file_name(&id);
    let metrics = lab.work(move |lab| chosen(lab, &id, &choice)).await??;
    let head = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}-metrics.csv\"")),
    ];
    Ok((head, metrics.to_csv()).into_response())
}

/// A checked wish.
struct Choice {
    width: usize,
    /// Ids, or beginnings of ids that end in `*`; none for all.
    series: Vec<String>,
}

impl Choice {
    fn new(wanted: Wanted) -> Result<Self, ApiError> {
        let (least, most) = (WIDTHS.start(), WIDTHS.end());
        let width = wanted.width.as_deref().map_or(Ok(COLUMNS_USUAL), |width| {
            let width = width.parse().ok().filter(|width| WIDTHS.contains(width));
            width.ok_or_else(|| ApiError::bad(format!("width: expected a whole number from {least} to {most}")))
        })?;
        let series: Vec<String> = wanted.series.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
        if series.len() > WANTED_MAX || series.iter().any(|name| name.len() > NAME_BYTES_MAX) {
            let message = format!("series: at most {WANTED_MAX} ids of at most {NAME_BYTES_MAX} bytes each");
            return Err(ApiError::bad(message).next("use the beginning of ids with a star, such as sent*"));
        }
        Ok(Self { width, series: series.into_iter().filter(|name| !name.is_empty()).collect() })
    }

    fn wants(&self, series: &Series) -> bool {
        self.series.is_empty()
            || self.series.iter().any(|wanted| match wanted.strip_suffix('*') {
                Some(beginning) => series.id.starts_with(beginning),
                None => series.id == *wanted,
            })
    }
}

fn chosen(lab: &Lab, id: &str, choice: &Choice) -> Result<Metrics, ApiError> {
    let mut metrics = match lab.bench.find(id)? {
        Found::Live(run) => {
            // A run that goes on has come further than its last event.
            let until = run.view.lock().run().virtual_seconds;
            run.meter().metrics(choice.width, instant(until))
        }
        Found::Recorded(recorded) => {
            let until = match recorded.view.lock().run() {
                line if line.state == RunState::Ended => line.virtual_seconds,
                _ => 0.0,
            };
            lab.bench.meters().with(lab.bench.runs_dir(), id, |meter| meter.metrics(choice.width, instant(until)))?
        }
    };
    metrics.series.retain(|series| choice.wants(series));
    Ok(metrics)
}

fn instant(seconds: f64) -> Option<Instant> {
    Duration::try_from_secs_f64(seconds).ok().map(|span| Instant::ZERO + span)
}

/// What can stand in a header, whatever the run is called.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}
