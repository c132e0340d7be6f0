//! What goes wrong, as a client reads it: a status, and a sentence with the next step.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rumormill_protocols::store::{Failure, Refusal};
use serde_json::json;

/// What went wrong.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    message: String,
    /// The part of the request that is wrong.
    field: Option<Cow<'static, str>>,
}

impl Problem {
    pub fn bad(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into(), field: Some(field.into()) }
    }

    /// What stands behind the question mark of an address is wrong.
    pub fn address(rejection: &QueryRejection) -> Self {
        let text = rejection.body_text();
        // As the library writes it: what it does, then the name, then what is wrong with that.
        let why = text.split_once("string: ").map_or(text.as_str(), |(_, why)| why);
        let name = why.split_once(": ").map_or("address", |(name, _)| name);
        Self::bad(name.to_string(), why)
    }

    pub fn too_large(most: usize) -> Self {
        let message = format!("the body has more than {most} bytes; send less at once");
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, message, field: Some("body".into()) }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into(), field: None }
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, message: message.into(), field: None }
    }

    pub fn method() -> Self {
        let message = "this address has no such method; GET /openapi.json lists what there is".into();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message, field: None }
    }

    pub fn forbidden() -> Self {
        let message = "pages of other sites may not talk to this server; call it by its number, such as 127.0.0.1";
        Self { status: StatusCode::FORBIDDEN, message: message.into(), field: None }
    }

    pub fn slow(patience: Duration) -> Self {
        let message = format!("the body did not come within {} s", patience.as_secs());
        Self { status: StatusCode::REQUEST_TIMEOUT, message, field: Some("body".into()) }
    }

    pub fn unreached(replica: u32) -> Self {
        let message = format!("replica {replica} does not answer; is it running?");
        Self { status: StatusCode::BAD_GATEWAY, message, field: None }
    }

    /// A change of the members that nobody has begun.
    pub fn not_changed(why: &str) -> Self {
        let message = format!("the members stay as they are: {why}");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message, field: None }
    }

    /// A change of the members that has begun, and takes longer than anybody waits.
    pub fn not_yet(why: &str) -> Self {
        let message = format!("it has begun, and is not done yet: {why}; ask again to go on waiting");
        Self { status: StatusCode::GATEWAY_TIMEOUT, message, field: None }
    }

    pub fn stopped() -> Self {
        let message = "the front end has stopped; ask another one".into();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message, field: None }
    }

    /// An answer of a kind that the question does not have.
    pub fn confused() -> Self {
        let message = "the answer is of another kind than the question; replicas and front end differ in version";
        Self { status: StatusCode::BAD_GATEWAY, message: message.into(), field: None }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = match failure {
            Failure::Busy
            | Failure::Full
            | Failure::Refused(Refusal::Missing(_) | Refusal::NotPrimary(_) | Refusal::Overloaded | Refusal::Fenced) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Failure::Unknown | Failure::Silent(_) => StatusCode::GATEWAY_TIMEOUT,
            Failure::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::Refused(Refusal::Large) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Refused(Refusal::Unknown | Refusal::Lost(..) | Refusal::Early) => StatusCode::PRECONDITION_FAILED,
            _ => StatusCode::CONFLICT,
        };
        Self { status, message: failure.to_string(), field: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "message": self.message, "field": self.field } });
        (self.status, Json(body)).into_response()
    }
}
