//! Asking a store's front end over HTTP. Of all that a front end offers, the lab asks three things.

use std::time::Duration;

use rumormill_protocols::store::Service;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use ureq::http::{Method, Request};

use super::address::StoreAddress;

/// The longest that an answer may take. A front end waits two seconds for a replica that does not answer.
const TIMEOUT: Duration = Duration::from_secs(6);

/// The most bytes of an answer: 64 replicas with more than a hundred lines each.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// The most front ends that are asked at once; more wait, and give up after [`TIMEOUT`].
const LINES: usize = 16;

/// What a front end is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    /// How far all replicas are.
    Replicas,
    /// Have a replica answer calls, or not.
    Switch { replica: u32, service: Service },
    /// Have a replica gossip now.
    Gossip { replica: u32 },
}

impl Ask {
    fn request(self, at: StoreAddress) -> Result<Request<String>, ureq::http::Error> {
        let (method, path, body) = match self {
            Self::Replicas => (Method::GET, "/v1/replicas".to_string(), String::new()),
            Self::Switch { replica, service } => {
                (Method::PUT, format!("/v1/replicas/{replica}/service"), json!({ "service": service }).to_string())
            }
            Self::Gossip { replica } => (Method::POST, format!("/v1/replicas/{replica}/gossip"), String::new()),
        };
        let request = Request::builder().method(method).uri(format!("http://{at}{path}"));
        request.header("content-type", "application/json").body(body)
    }
}

/// Why a front end gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrontError {
    #[error("nothing answers at {at}: {why}")]
    Silent { at: StoreAddress, why: String },
    #[error("what answers at {at} is no front end of a store: {why}")]
    Stranger { at: StoreAddress, why: String },
    #[error("{message}")]
    Refused { status: u16, message: String },
    #[error("the lab is asking too many front ends at once")]
    Crowded,
}

/// What a front end says when it does not do what it was asked.
#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
}

/// The lab's way to front ends.
pub(super) struct Fronts {
    agent: ureq::Agent,
    lines: Semaphore,
}

impl Fronts {
    pub fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            // Nobody between the two: neither a proxy of the environment nor a place that an answer names.
            .proxy(None)
            .max_redirects(0)
            // A connection that is kept may be to a process that has died since.
            .max_idle_connections(0)
            .build();
        Self { agent: config.into(), lines: Semaphore::new(LINES) }
    }

    /// Asks a front end, and reads its answer.
    pub async fn ask<T: DeserializeOwned + Send + 'static>(&self, at: StoreAddress, ask: Ask) -> Result<T, FrontError> {
        let line = timeout(TIMEOUT, self.lines.acquire()).await;
        let Ok(Ok(_line)) = line else { return Err(FrontError::Crowded) };
        let agent = self.agent.clone();
        let asked = tokio::task::spawn_blocking(move || answer(&agent, at, ask)).await;
        asked.unwrap_or_else(|panic| Err(FrontError::Silent { at, why: panic.to_string() }))
    }
}

fn answer<T: DeserializeOwned>(agent: &ureq::Agent, at: StoreAddress, ask: Ask) -> Result<T, FrontError> {
    let stranger = |why: String| FrontError::Stranger { at, why };
    let request = ask.request(at).map_err(|error| stranger(error.to_string()))?;
    let mut response = agent.run(request).map_err(|error| unanswered(at, &error))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    let body = body.map_err(|error| unanswered(at, &error))?;
    if status == 200 {
        return serde_json::from_slice(&body).map_err(|error| stranger(format!("its answer has {error}")));
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(Refusal { error: Reason { message } }) => Err(FrontError::Refused { status, message }),
        Err(_) => Err(stranger(format!("it says status {status}"))),
    }
}

fn unanswered(at: StoreAddress, error: &ureq::Error) -> FrontError {
    match error {
        ureq::Error::Io(source) => {
            // The library wraps what the system said.
            let why = match source.kind() {
                std::io::ErrorKind::ConnectionRefused => "nobody listens there".into(),
                _ => source.to_string(),
            };
            FrontError::Silent { at, why }
        }
        ureq::Error::ConnectionFailed => FrontError::Silent { at, why: "nobody listens there".into() },
        ureq::Error::Timeout(_) => FrontError::Silent { at, why: format!("no answer within {} s", TIMEOUT.as_secs()) },
        other => FrontError::Stranger { at, why: other.to_string() },
    }
}
