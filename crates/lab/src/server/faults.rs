//! Breaking a run by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rumormill_core::plan::Fault;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use crate::bench::Found;
use crate::experiment::Problem;
use crate::run::InjectError;

/// What to do to the run, in the words of its plan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    fault: Fault,
}

/// `POST /api/runs/{id}/faults`: does it now; it is part of the run's plan from then on.
pub(super) async fn inject(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    new: Result<Json<New>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(New { fault }) = new?;
    let timed = lab.work(move |lab| match lab.bench.find(&id)? {
        Found::Live(run) => Ok(run.inject(fault)?),
        Found::Recorded(_) => Err(over("this lab does not run it")),
    });
    let timed = timed.await??;
    Ok(Json(json!({ "at_s": timed.at.as_secs_f64(), "text": timed.fault.to_string() })))
}

fn over(why: &str) -> ApiError {
    ApiError::conflict(why).next("branch the run at the cursor")
}

impl From<InjectError> for ApiError {
    fn from(error: InjectError) -> Self {
        let said = error.to_string();
        match error {
            InjectError::Wrong { field, why } => Problem::field(field, why).into(),
            InjectError::Over => over(&said),
            InjectError::Fixed => Self::conflict(said).next("branch it, or start it anew"),
            InjectError::Full => Self::conflict(said).next("save it as an experiment and run that"),
            InjectError::Late => Self::new(StatusCode::SERVICE_UNAVAILABLE, said).next("try again"),
            _ => Self::conflict(said).next("try again in a moment"),
        }
    }
}
