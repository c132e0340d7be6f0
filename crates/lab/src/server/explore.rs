//! Exploring many seeds, and the list of jobs.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{Lab, gallery};
use crate::experiment::{Problem, Problems, Values};
use crate::jobs::explore::{Exploring, Places, SEEDS_MAX};
use crate::jobs::{Full, Job, Work};
use crate::run::Order;

/// What a page wants explored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewExploration {
    experiment: String,
    #[serde(default)]
    values: Values,
    seeds: (u64, u64),
    time_limit_s: Option<f64>,
}

impl NewExploration {
    fn order(&self) -> Result<Order, Problem> {
        seeds(self.seeds, SEEDS_MAX)?;
        let time_limit = self.time_limit_s.map(time_limit).transpose()?;
        let experiment = gallery::plain(self.experiment.clone())?;
        Ok(Order { values: self.values.clone(), time_limit, ..Order::new(experiment) })
    }
}

/// `POST /api/explore`: starts one.
pub(super) async fn start(
    State(lab): State<Arc<Lab>>,
    new: Result<Json<NewExploration>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(new) = new?;
    let order = new.order()?;
    let job = lab.work(move |lab| begin(lab, new, order)).await??;
    Ok((StatusCode::CREATED, Json(json!({ "job": job }))))
}

fn begin(lab: &Lab, new: NewExploration, order: Order) -> Result<String, ApiError> {
    let experiment = lab.workbench.resolve(order.clone()).map_err(|problems: Problems| ApiError::from(problems))?;
    let experiments = lab.workbench.gallery.home().ok_or_else(|| {
        ApiError::conflict("this lab has no folder of experiments in which a find could be kept")
            .next("start it with --experiments DIR")
    })?;
    let places = Places { experiments: experiments.to_path_buf(), runs: lab.bench.runs_dir().to_path_buf() };
    let work = Work::Explore(Exploring::new(new.values, new.seeds));
    let bench = lab.workbench.clone();
    let go = move |job: &Job| match &job.work {
        Work::Explore(exploring) => exploring.go(job, &bench, &order, &places),
        Work::Sweep(_) => Ok(()),
    };
    Ok(lab.jobs.start(experiment.experiment.name, work, go)?.id().to_owned())
}

/// `GET /api/explore/{job}`: how far it is and what it found.
pub(super) async fn one(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let job = find(&lab, &id)?;
    match &job.work {
        Work::Explore(exploring) => Ok(Json(exploring.json(&job))),
        Work::Sweep(_) => Err(ApiError::not_found(format!("{id} is a sweep")).next(format!("see /api/sweeps/{id}"))),
    }
}

/// `POST /api/explore/{job}/stop` and `POST /api/sweeps/{job}/stop`: it ends a moment later.
pub(super) async fn stop(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    find(&lab, &id)?.stop();
    Ok(Json(json!({ "ok": true })))
}

/// `GET /api/jobs`: all jobs, newest first.
pub(super) async fn jobs(State(lab): State<Arc<Lab>>) -> Json<Value> {
    Json(json!({ "jobs": lab.jobs.list() }))
}

/// The job of this id.
pub(super) fn find(lab: &Lab, id: &str) -> Result<Arc<Job>, ApiError> {
    let missing = || {
        ApiError::not_found(format!("there is no job {id}: it was forgotten, or the lab that ran it has ended"))
            .next("see /api/jobs")
    };
    lab.jobs.find(id).ok_or_else(missing)
}

/// Are these seeds, first and last, in order and few enough?
pub(super) fn seeds((first, last): (u64, u64), most: u64) -> Result<(), Problem> {
    let wrong = |message: String| Err(Problem::field("seeds", message).next("for example: [1, 100]"));
    match last.checked_sub(first) {
        None => wrong(format!("{first} to {last} are none: the last is below the first")),
        Some(more) if more >= most => wrong(format!("{first} to {last} are more than {most}")),
        Some(_) => Ok(()),
    }
}

/// Seconds as a time limit.
pub(super) fn time_limit(seconds: f64) -> Result<Duration, Problem> {
    let time_limit = Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero());
    time_limit.ok_or_else(|| Problem::field("time-limit", format!("{seconds} s is no time limit")))
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        Self::conflict(full.to_string()).next("stop one first")
    }
}
