//! Sweeps of a parameter.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::explore::{find, seeds, time_limit};
use super::{Lab, gallery};
use crate::experiment::{Problem, Values};
use crate::jobs::sweep::{POINTS_MAX, Sweeping};
use crate::jobs::{Job, Work};
use crate::run::{Mode, Order, RUNS_MAX, Sweep};

/// What a page wants swept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSweep {
    experiment: String,
    #[serde(default)]
    values: Values,
    parameter: String,
    points: Vec<Value>,
    seeds: (u64, u64),
    #[serde(default)]
    r#as: Mode,
    time_limit_s: Option<f64>,
}

impl NewSweep {
    fn sweep(self) -> Result<Sweep, Problem> {
        seeds(self.seeds, RUNS_MAX)?;
        if self.points.len() > POINTS_MAX {
            let message = format!("{} points are more than {POINTS_MAX}", self.points.len());
            return Err(Problem::field("points", message));
        }
        let time_limit = self.time_limit_s.map(time_limit).transpose()?;
        let experiment = gallery::plain(self.experiment)?;
        let order = Order { values: self.values, mode: self.r#as, time_limit, ..Order::new(experiment) };
        Ok(Sweep { order, parameter: self.parameter, points: self.points, seeds: self.seeds.0..=self.seeds.1 })
    }
}

/// `POST /api/sweeps`: starts one.
pub(super) async fn start(
    State(lab): State<Arc<Lab>>,
    new: Result<Json<NewSweep>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let sweep = new?.0.sweep()?;
    let job = lab.work(move |lab| begin(lab, sweep)).await??;
    Ok((StatusCode::CREATED, Json(json!({ "job": job }))))
}

fn begin(lab: &Lab, sweep: Sweep) -> Result<String, ApiError> {
    lab.workbench.check_sweep(&sweep)?;
    let bench = lab.workbench.clone();
    let go = move |job: &Job| match &job.work {
        Work::Sweep(sweeping) => sweeping.go(job, &bench),
        Work::Explore(_) => Ok(()),
    };
    let experiment = sweep.order.experiment.clone();
    Ok(lab.jobs.start(experiment, Work::Sweep(Sweeping::new(sweep)), go)?.id().to_owned())
}

/// `GET /api/sweeps/{job}`: every point with what was measured so far.
pub(super) async fn one(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    lab.work(move |lab| {
        let job = find(lab, &id)?;
        Ok(Json(sweeping(&job)?.json(&job)))
    })
    .await?
}

/// `GET /api/sweeps/{job}/csv`: the runs so far, a line each.
pub(super) async fn csv(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
) -> Result<([(HeaderName, String); 2], String), ApiError> {
    lab.work(move |lab| {
        let job = find(lab, &id)?;
        let name = format!("attachment; filename=\"{}-{id}.csv\"", job.experiment());
        let head = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_string()), (header::CONTENT_DISPOSITION, name)];
        Ok((head, sweeping(&job)?.csv()))
    })
    .await?
}

fn sweeping(job: &Job) -> Result<&Sweeping, ApiError> {
    match &job.work {
        Work::Sweep(sweeping) => Ok(sweeping),
        Work::Explore(_) => Err(ApiError::not_found(format!("{} is no sweep", job.id()))),
    }
}
