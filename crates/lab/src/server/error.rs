//! What a page is told when something is wrong.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rumormill_trace::{DeleteError, OpenError};
use serde::Serialize;

use super::LabStartError;
use crate::experiment::{Problem, Problems};

/// An answer that says what is wrong, where, and what to do next.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    problems: Vec<Told>,
}

/// One problem as JSON.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    message: String,
    field: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    next: Option<String>,
}

impl ApiError {
    /// 400: the request asks for something that cannot be.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 404: there is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 409: not now.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 500: the lab itself could not do it.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// Any other status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, problems: vec![Problem::new(message).into()] }
    }

    /// The same, with what to do next.
    pub fn next(mut self, next: impl Into<String>) -> Self {
        let next = next.into();
        self.problems.iter_mut().for_each(|problem| problem.next = Some(next.clone()));
        self
    }
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Self {
        // A file's name belongs to the message: the page's form has no field for it.
        let message = match &problem.file {
            Some(file) => format!("{file}: {}", problem.message),
            None => problem.message,
        };
        Self { message, field: problem.field, line: problem.line, column: problem.column, next: problem.next }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Problems::from(problem).into()
    }
}

impl From<Problems> for ApiError {
    fn from(problems: Problems) -> Self {
        Self { status: StatusCode::BAD_REQUEST, problems: problems.0.into_iter().map(Told::from).collect() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            error: Option<Told>,
            errors: Vec<Told>,
        }
        let body = Body { error: self.problems.first().cloned(), errors: self.problems };
        (self.status, Json(body)).into_response()
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<OpenError> for ApiError {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::NotFound { name, .. } => {
                let message = format!("there is no run {name}: it was deleted, or the lab that ran it has ended");
                Self::not_found(message).next("choose one from the list of runs")
            }
            _ => Self::conflict(error.to_string()),
        }
    }
}

impl From<DeleteError> for ApiError {
    fn from(error: DeleteError) -> Self {
        match &error {
            DeleteError::NotFound { .. } => Self::not_found(error.to_string()),
            DeleteError::Running { .. } => Self::conflict(error.to_string()),
            _ => Self::internal(error.to_string()),
        }
    }
}

impl From<LabStartError> for ApiError {
    fn from(error: LabStartError) -> Self {
        match error {
            LabStartError::Order(problems) => problems.into(),
            LabStartError::Full(full) => Self::conflict(full.to_string()).next("stop one first"),
            other => Self::conflict(other.to_string()),
        }
    }
}
