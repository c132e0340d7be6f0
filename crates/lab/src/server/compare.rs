//! Runs beside each other.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use rumormill_trace::{Meter, Run};
use serde::Deserialize;

use super::Lab;
use super::error::ApiError;
use crate::bench::Found;
use crate::compare::{Compared, RUNS_MAX, compare};
use crate::view::RunLine;

/// Which runs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    runs: Option<String>,
}

/// `GET /api/compare?runs=a,b`: totals, what was asked differently, the first event that differs.
pub(super) async fn runs(
    State(lab): State<Arc<Lab>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Compared>, ApiError> {
    let wanted = wanted?.0.runs.unwrap_or_default();
    let ids: Vec<String> = wanted.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if !(2..=RUNS_MAX).contains(&ids.len()) {
        let message = format!("runs: expected 2 to {RUNS_MAX} runs, not {}", ids.len());
        return Err(ApiError::bad(message).next("name them with commas between: runs=r1,r2"));
    }
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return Err(ApiError::bad("runs: a run is named twice").next("compare it with another one"));
    }
    lab.work(move |lab| {
        let runs = ids.iter().map(|id| open(lab, id)).collect::<Result<Vec<_>, _>>()?;
        let meters = ids.iter().map(|id| meter(lab, id)).collect::<Result<Vec<_>, _>>();
        Ok(Json(compare(&runs, &mut meters?)))
    })
    .await?
}

/// The run's recording, under the id that it has in this lab.
fn open(lab: &Lab, id: &str) -> Result<(RunLine, Run), ApiError> {
    let line = lab.bench.find(id)?.view().lock().run().clone();
    let folder = line.folder.as_deref().ok_or_else(|| {
        ApiError::conflict(format!("{} is not recorded, and so there are no events to compare", line.name))
            .next("run it again with recording")
    })?;
    let run = Run::at(folder.as_ref())?;
    Ok((line, run))
}

/// Its numbers over time, which the lab may have already.
fn meter(lab: &Lab, id: &str) -> Result<Meter, ApiError> {
    match lab.bench.find(id)? {
        Found::Live(run) => Ok(run.meter().clone()),
        Found::Recorded(_) => Ok(lab.bench.meters().with(lab.bench.runs_dir(), id, |meter| meter.clone())?),
    }
}
