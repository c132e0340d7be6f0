//! Runs: start, see, stop, delete, watch.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::live::{MESSAGE_BYTES_MAX, PAGES_MAX, Page};
use super::{Lab, gallery, start};
use crate::bench::Found;
use crate::experiment::{Problem, Values};
use crate::run::{Mode, Order};

/// `GET /api/runs`: all, live ones first.
pub(super) async fn list(State(lab): State<Arc<Lab>>) -> Result<Json<Value>, ApiError> {
    let runs = lab.work(|lab| lab.bench.list()).await?;
    Ok(Json(json!({ "runs": runs })))
}

/// What a page orders.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRun {
    experiment: String,
    #[serde(default)]
    values: Values,
    #[serde(default)]
    r#as: Mode,
    seed: Option<u64>,
    speed: Option<String>,
    record: Option<bool>,
    time_limit_s: Option<f64>,
    peers_per_process: Option<u32>,
}

impl NewRun {
    fn order(self, runs_dir: &FilePath) -> Result<Order, Problem> {
        let time_limit = self.time_limit_s.map(|seconds| {
            let time_limit = Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero());
            time_limit.ok_or_else(|| Problem::field("time-limit", format!("{seconds} s is no time limit")))
        });
        Ok(Order {
            values: self.values,
            mode: self.r#as,
            seed: self.seed.unwrap_or(1),
            speed: self.speed.as_deref().unwrap_or("1").parse()?,
            record: self.record.unwrap_or(true).then(|| runs_dir.to_path_buf()),
            time_limit: time_limit.transpose()?,
            peers_per_process: self.peers_per_process.unwrap_or(0),
            ..Order::new(gallery::plain(self.experiment)?)
        })
    }
}

/// `POST /api/runs`: starts one.
pub(super) async fn start(
    State(lab): State<Arc<Lab>>,
    new: Result<Json<NewRun>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let order = new?.0.order(lab.bench.runs_dir())?;
    let run = lab.work(move |lab| start::start(lab, order)).await??;
    Ok((StatusCode::CREATED, Json(json!({ "run": run }))))
}

/// `GET /api/runs/{id}`: one run, with what was asked.
pub(super) async fn one(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let found = lab.work(move |lab| lab.bench.find(&id)).await??;
    let mut run = serde_json::to_value(found.view().lock().run()).unwrap_or_default();
    if let (Value::Object(run), Value::Object(asked)) = (&mut run, found.asked()) {
        run.extend(asked);
    }
    Ok(Json(run))
}

/// `POST /api/runs/{id}/stop`: asks it to end; it does so a moment later.
pub(super) async fn stop(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    match lab.work(move |lab| lab.bench.find(&id)).await?? {
        Found::Live(run) => run.stop(),
        Found::Recorded(_) => return Err(ApiError::conflict("this lab does not run it, and so cannot stop it")),
    }
    Ok(Json(json!({ "ok": true })))
}

/// `DELETE /api/runs/{id}`: forgets a run that has ended, and deletes its recording.
pub(super) async fn delete(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    lab.work(move |lab| delete_run(lab, &id)).await??;
    Ok(Json(json!({ "ok": true })))
}

fn delete_run(lab: &Lab, id: &str) -> Result<(), ApiError> {
    let folder = match lab.bench.find(id)? {
        Found::Live(run) if !run.has_ended() => {
            return Err(ApiError::conflict("the run is still under way").next("stop it first"));
        }
        Found::Live(run) => run.view.lock().run().folder.clone(),
        Found::Recorded(_) => Some(id.to_owned()),
    };
    let name = folder.as_deref().and_then(|folder| FilePath::new(folder).file_name()?.to_str());
    if let Some(name) = name {
        rumormill_trace::delete(name, lab.bench.runs_dir())?;
        lab.history.forget(name);
        // Somebody may look at the past of a run that this lab ran.
        lab.bench.forget(name);
    }
    lab.bench.forget(id);
    lab.rewinds.forget(id);
    Ok(())
}

/// `GET /api/runs/{id}/live`: a WebSocket that tells what changes.
pub(super) async fn live(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|error| ApiError::bad(error.body_text()))?;
    let Ok(permit) = Arc::clone(&lab.pages).try_acquire_owned() else {
        let message = format!("{PAGES_MAX} pages are watching, and no more can");
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).next("close one of them"));
    };
    let found = lab.work(move |lab| lab.bench.find(&id)).await??;
    let page = Page::new(Arc::clone(&lab), found);
    let is_closing = lab.is_closing.subscribe();
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(async move |socket| {
        page.tell(socket, is_closing).await;
        drop(permit);
    }))
}
