//! Which request goes where.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

use super::error::ApiError;
use super::{
    Lab, access, assets, branch, chart, compare, explore, faults, gallery, headers, link, log, metrics, prometheus,
    runs, save, search, spacetime, state, stores, sweep, timeline, tree,
};

/// The most bytes of a request's body.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The longest that an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// All routes of a lab.
pub(super) fn routes(lab: Arc<Lab>) -> Router {
    let access = Arc::clone(&lab.access);
    let scrape = Router::new().route("/metrics", get(prometheus::scrape)).with_state(Arc::clone(&lab));
    let api = Router::new()
        .route("/health", get(health))
        .route("/experiments", get(gallery::experiments))
        .route("/check", post(gallery::check))
        .route("/runs", get(runs::list).post(runs::start))
        .route("/runs/{id}", get(runs::one).delete(runs::delete))
        .route("/runs/{id}/stop", post(runs::stop))
        .route("/runs/{id}/log", get(log::lines))
        .route("/runs/{id}/live", get(runs::live))
        .route("/runs/{id}/timeline", get(timeline::timeline))
        .route("/runs/{id}/faults", post(faults::inject))
        .route("/runs/{id}/save", post(save::save))
        .route("/runs/{id}/state", get(state::state))
        .route("/runs/{id}/message", get(state::message))
        .route("/runs/{id}/branch", post(branch::branch))
        .route("/runs/{id}/spacetime", get(spacetime::spacetime))
        .route("/runs/{id}/link", get(link::link))
        .route("/runs/{id}/cone", get(spacetime::cone))
        .route("/runs/{id}/events", get(spacetime::events))
        .route("/runs/{id}/search", get(search::search))
        .route("/runs/{id}/chart", get(chart::chart))
        .route("/runs/{id}/metrics", get(metrics::metrics))
        .route("/runs/{id}/metrics.csv", get(metrics::table))
        .route("/compare", get(compare::runs))
        .route("/runs/{id}/tree", get(tree::tree))
        .route("/stores", get(stores::list).post(stores::watch))
        .route("/stores/{address}", get(stores::one).delete(stores::forget))
        .route("/stores/{address}/replicas/{replica}/service", put(stores::switch))
        .route("/stores/{address}/replicas/{replica}/gossip", post(stores::gossip))
        .route("/jobs", get(explore::jobs))
        .route("/explore", post(explore::start))
        .route("/explore/{job}", get(explore::one))
        .route("/explore/{job}/stop", post(explore::stop))
        .route("/sweeps", post(sweep::start))
        .route("/sweeps/{job}", get(sweep::one))
        .route("/sweeps/{job}/csv", get(sweep::csv))
        .route("/sweeps/{job}/stop", post(explore::stop))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(in_time))
        .with_state(lab);
    Router::new()
        .nest("/api", api)
        .merge(scrape)
        .fallback(get(assets::file))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(access, access::guard))
        .layer(middleware::from_fn(headers::add))
}

/// For programs that wait until the lab is there: needs no token and tells nothing.
async fn health() -> Json<Value> {
    Json(json!({ "ok": true, "name": "rumormill", "version": env!("CARGO_PKG_VERSION") }))
}

async fn nothing(request: Request) -> ApiError {
    ApiError::not_found(format!("there is no /api{}", request.uri().path()))
}

async fn not_so(request: Request) -> ApiError {
    let message = format!("/api{} does not take {}", request.uri().path(), request.method());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, message)
}

async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(ANSWER_TIME, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", ANSWER_TIME.as_secs());
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).next("ask for less, or try again").into_response()
    })
}
