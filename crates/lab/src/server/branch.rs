//! Branching a run: a new one that is the same up to a moment.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rumormill_core::Instant;
use rumormill_core::plan::Fault;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use super::start;
use super::state::{Known, event_id};
use crate::experiment::{Problem, Values};
use crate::rewind::At;
use crate::run::{Change, Order};

/// The most faults that one branch begins with.
const FAULTS_MAX: usize = 100;

/// Where to branch off, and what to do there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    at_s: Option<f64>,
    event: Option<String>,
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    values: Values,
    speed: Option<String>,
    record: Option<bool>,
    time_limit_s: Option<f64>,
}

impl New {
    fn at(&self) -> Result<At, ApiError> {
        let seconds = |seconds: f64| {
            let span = Duration::try_from_secs_f64(seconds).ok().filter(|span| span.as_secs() < 1_000_000_000);
            span.ok_or_else(|| Problem::field("at_s", format!("{seconds} s is no time of a run")))
        };
        match (&self.event, self.at_s) {
            (Some(_), Some(_)) => Err(ApiError::bad("at_s and event: give one of them")),
            (Some(event), None) => Ok(At::Event(event_id(event.trim())?)),
            (None, Some(at)) => Ok(At::Time(Instant::ZERO + seconds(at)?)),
            (None, None) => {
                let problem = Problem::field("at_s", "the moment at which to branch is missing");
                Err(problem.next("give a time in seconds, or an event").into())
            }
        }
    }

    fn change(self) -> Result<Change, Problem> {
        if self.faults.len() > FAULTS_MAX {
            return Err(Problem::field("faults", format!("{} are more than {FAULTS_MAX}", self.faults.len())));
        }
        let time_limit = self.time_limit_s.map(|seconds| {
            let time_limit = Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero());
            time_limit.ok_or_else(|| Problem::field("time_limit_s", format!("{seconds} s is no time limit")))
        });
        Ok(Change { faults: self.faults, values: self.values, time_limit: time_limit.transpose()? })
    }
}

/// `POST /api/runs/{id}/branch`: starts it.
pub(super) async fn branch(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    new: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(new) = new?;
    let run = lab.work(move |lab| begin(lab, &id, new)).await??;
    Ok((StatusCode::CREATED, Json(json!({ "run": run }))))
}

fn begin(lab: &Lab, id: &str, new: New) -> Result<String, ApiError> {
    let mut known = Known::of(lab, id)?;
    let at = new.at()?;
    if let At::Time(time) = at
        && time > known.end
    {
        let message = format!("the run is at {:.3} s, and has not come so far", known.end.as_secs_f64());
        return Err(Problem::field("at_s", message).next("choose an earlier moment").into());
    }
    let at = known.rewind(lab, id, |run, latest| run.fault_time(at, latest))?.since(Instant::ZERO);
    if known.file.name.is_empty() {
        id.clone_into(&mut known.file.name);
    }
    let (speed, record) = (new.speed.clone(), new.record.unwrap_or(true));
    let resolved = lab.workbench.branch(&known.file, at, &new.change()?)?;
    let order = Order {
        speed: speed.as_deref().unwrap_or("1").parse()?,
        record: record.then(|| lab.bench.runs_dir().to_path_buf()),
        ..resolved.order
    };
    Ok(start::start_resolved(lab, crate::run::Resolved { order, ..resolved })?)
}
