//! The replicas: how far each is, and whether it answers calls.

use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes as Body;
use axum::extract::{Path, State};
use rumormill_protocols::store::{Errand, Service};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gate::{Gate, Line, Told};
use super::kv::parsed;
use super::problem::Problem;

/// What a replica shall be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewService {
    service: Service,
}

/// `GET /v1/replicas`: all of them; one that does not answer is `reached: false`.
pub(super) async fn all(State(gate): State<Gate>) -> Json<Value> {
    let asked: Vec<_> = (1..=gate.replicas)
        .map(|number| {
            let gate = gate.clone();
            tokio::spawn(async move {
                let asked = Instant::now();
                let told = gate.manage(number, Errand::Status).await;
                (told, asked.elapsed())
            })
        })
        .collect();
    let mut rows = Vec::new();
    for (answer, number) in asked.into_iter().zip(1..) {
        rows.push(match answer.await {
            Ok((told, after)) => shown(number, told.as_ref(), after),
            Err(_) => shown(number, None, Duration::ZERO),
        });
    }
    Json(json!({ "replicas": rows }))
}

/// `PUT /v1/replicas/{replica}/service`: has it answer calls, or not.
pub(super) async fn switch(
    State(gate): State<Gate>,
    Path(replica): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let NewService { service } = parsed(&body)?;
    errand(&gate, &replica, Errand::Switch(service)).await
}

/// `POST /v1/replicas/{replica}/gossip`: has it tell the others the news now.
pub(super) async fn gossip(State(gate): State<Gate>, Path(replica): Path<String>) -> Result<Json<Value>, Problem> {
    errand(&gate, &replica, Errand::Gossip).await
}

async fn errand(gate: &Gate, replica: &str, errand: Errand) -> Result<Json<Value>, Problem> {
    let number = replica.parse().ok().filter(|number| (1..=gate.replicas).contains(number));
    let absent = || Problem::not_found(format!("no replica {replica:?}; they are numbered 1 to {}", gate.replicas));
    let number = number.ok_or_else(absent)?;
    let asked = Instant::now();
    match gate.manage(number, errand).await {
        Some(told) => Ok(Json(shown(number, Some(&told), asked.elapsed()))),
        None => Err(Problem::unreached(number)),
    }
}

fn shown(number: u32, told: Option<&Told>, after: Duration) -> Value {
    let Some(Told { status, lines, primary }) = told else {
        return json!({ "replica": number, "reached": false });
    };
    let line = |line: &Line| {
        json!({
            "replica": line.replica, "incarnation": line.incarnation, "held": line.held, "executed": line.executed,
        })
    };
    json!({
        "replica": number,
        "reached": true,
        "after_ms": after.as_micros() as f64 / 1e3,
        "service": status.service,
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
        "log": status.log,
        "sessions": status.calls,
        "waiting": status.waiting,
        "gossip_sent": status.gossip_sent,
        "gossip_received": status.gossip_received,
        "executed": status.executed,
        "queries": status.queries,
        "primary": primary,
    })
}

/// For fuzzing: reads a body.
pub(super) fn fuzz(body: &[u8]) {
    let _ = parsed::<NewService>(body).is_ok();
}
