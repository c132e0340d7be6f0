//! The session of a request: what it has seen comes in a header, and goes out in one.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use rumormill_protocols::store::apps::bundle::{Answer as BundleAnswer, Query as BundleQuery, Update as BundleUpdate};
use rumormill_protocols::store::{Op, Order, Token};
use serde::Deserialize;

use super::gate::Gate;
use super::problem::Problem;
use crate::desk::Manner;
use crate::random;

/// The header that carries the session token, in both directions.
pub(super) const HEADER: &str = "rumormill-session";

/// How long a call may take, with all its tries, when the client does not say.
const USUAL_PATIENCE_MS: u64 = 10_000;

/// How long it may take at most.
const MAX_PATIENCE_MS: u64 = 60_000;

/// How a request wants to be carried out.
#[derive(Debug)]
pub(super) struct Session {
    seen: Token,
    order: Order,
    patience: Duration,
}

/// What the address may say about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wishes {
    order: Option<String>,
    patience_ms: Option<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let seen = match parts.headers.get(HEADER) {
            None => Token::default(),
            Some(header) => {
                let text = header.to_str().map_err(|_| Problem::bad(HEADER, "session token: it is no text"))?;
                text.parse()
                    .map_err(|error: rumormill_protocols::store::TokenError| Problem::bad(HEADER, error.to_string()))?
            }
        };
        let Query(wishes) =
            Query::<Wishes>::from_request_parts(parts, state).await.map_err(|error| Problem::address(&error))?;
        let order = match wishes.order.as_deref() {
            None | Some("causal") => Order::Causal,
            Some("forced") => Order::Forced,
            Some("immediate") => Order::Immediate,
            Some(other) => {
                let message = format!("order: {other:?} is none; write causal, forced or immediate");
                return Err(Problem::bad("order", message));
            }
        };
        let patience_ms = wishes.patience_ms.unwrap_or(USUAL_PATIENCE_MS);
        if patience_ms > MAX_PATIENCE_MS {
            return Err(Problem::bad("patience_ms", format!("patience_ms: at most {MAX_PATIENCE_MS}")));
        }
        Ok(Self { seen, order, patience: Duration::from_millis(patience_ms) })
    }
}

/// An answer, and what the session has seen with it.
pub(super) struct Seen<T>(pub Token, pub T);

/// Puts the token into the header of a response.
pub(super) struct TokenHeader(Token);

impl IntoResponseParts for TokenHeader {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = self.0.to_string().parse() {
            response.headers_mut().insert(HEADER, value);
        }
        Ok(response)
    }
}

impl<T: IntoResponse> IntoResponse for Seen<T> {
    fn into_response(self) -> Response {
        (TokenHeader(self.0), self.1).into_response()
    }
}

impl Session {
    /// A further call of a request: it comes after what `seen` names.
    pub fn after(seen: Token) -> Self {
        Self { seen, order: Order::Causal, patience: Duration::from_millis(USUAL_PATIENCE_MS) }
    }

    /// Changes the state.
    pub async fn update(self, gate: &Gate, update: BundleUpdate) -> Result<(Token, BundleAnswer), Problem> {
        self.call(gate, Op::Update(update)).await
    }

    /// Looks at it.
    pub async fn query(self, gate: &Gate, query: BundleQuery) -> Result<(Token, BundleAnswer), Problem> {
        self.call(gate, Op::Query(query)).await
    }

    async fn call(self, gate: &Gate, op: Op<BundleUpdate, BundleQuery>) -> Result<(Token, BundleAnswer), Problem> {
        let session = random::session().map_err(|_| Problem::stopped())?;
        let Self { seen, order, patience } = self;
        let manner = Manner { session, seen, order, wait: true, patience };
        let answer = gate.ask(op, manner).await.ok_or_else(Problem::stopped)?;
        match answer.result? {
            Some(returned) => Ok((answer.token, returned)),
            None => {
                Err(Problem::conflict("it was done at an earlier try, and what it returned is forgotten; look again"))
            }
        }
    }
}
