//! What this server is, for a person and for a program.

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// The description of all that can be asked, which a test holds to what is served.
pub(super) const OPENAPI: &str = include_str!("openapi.json");

/// `GET /`.
pub(super) async fn index() -> Json<Value> {
    Json(json!({
        "name": "rumormill store",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "/openapi.json",
        "keys": "/v1/keys",
        "movies": "/v1/movies",
    }))
}

/// `GET /openapi.json`.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}
