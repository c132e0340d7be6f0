//! The replicas and spares: how far each is, and whether it answers calls.

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

/// What one of them said, if it was reached, and how long after the question.
pub(super) struct Answered {
    pub number: u32,
    pub told: Option<Told>,
    after: Duration,
}

/// Asks all of them at once how far they are. One that does not answer is waited for two seconds.
pub(super) async fn ask_all(gate: &Gate) -> Vec<Answered> {
    let asked: Vec<_> = gate
        .replicas
        .iter()
        .map(|&(number, _)| {
            let gate = gate.clone();
            (number, tokio::spawn(async move { ask(&gate, number, Errand::Status).await }))
        })
        .collect();
    let mut all = Vec::new();
    for (number, answer) in asked {
        all.push(answer.await.unwrap_or(Answered { number, told: None, after: Duration::ZERO }));
    }
    all
}

/// Sends one of them on an errand.
pub(super) async fn ask(gate: &Gate, number: u32, errand: Errand) -> Answered {
    let asked = Instant::now();
    let told = gate.manage(number, errand).await;
    Answered { number, told, after: asked.elapsed() }
}

/// The newest list of members that one of these knows; none when nobody was reached.
pub(super) fn newest_members(all: &[Answered]) -> Option<&[u32]> {
    let reached = all.iter().filter_map(|one| one.told.as_ref());
    reached.max_by_key(|told| (told.status.version, !told.status.fenced)).map(|told| &told.members[..])
}

/// `GET /v1/replicas`: all of them; one that does not answer is `reached: false`.
pub(super) async fn all(State(gate): State<Gate>) -> Json<Value> {
    let all = ask_all(&gate).await;
    let members = newest_members(&all);
    let rows = all.iter().map(|one| shown(one, members.map(|members| members.contains(&one.number))));
    Json(json!({ "replicas": rows.collect::<Vec<_>>() }))
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
    let number = number(gate, replica)?;
    let answered = ask(gate, number, errand).await;
    let members = answered.told.as_ref().map(|told| &told.members).ok_or_else(|| Problem::unreached(number))?;
    Ok(Json(shown(&answered, Some(members.contains(&number)))))
}

/// The number of a replica or spare, as an address has it.
pub(super) fn number(gate: &Gate, text: &str) -> Result<u32, Problem> {
    let number = text.parse().ok().filter(|&number| gate.peer_of(number).is_some());
    number.ok_or_else(|| {
        let there: Vec<String> = gate.replicas.iter().map(|(number, _)| number.to_string()).collect();
        Problem::not_found(format!("no replica {}; there are {}", text.escape_debug(), there.join(", ")))
    })
}

/// A row for a client. `is_member`, if anybody knows.
pub(super) fn shown(Answered { number, told, after }: &Answered, is_member: Option<bool>) -> Value {
    let Some(Told { status, lines, primary, .. }) = told else {
        return json!({ "replica": number, "reached": false, "member": is_member });
    };
    let line = |line: &Line| {
        json!({
            "replica": line.replica,
            "forced": line.is_forced,
            "incarnation": line.incarnation,
            "held": line.held,
            "executed": line.executed,
        })
    };
    json!({
        "replica": number,
        "reached": true,
        "after_ms": after.as_micros() as f64 / 1e3,
        "member": is_member,
        "fenced": status.fenced,
        "out_of_touch": status.out_of_touch,
        "stopped": status.stopped,
        "version": status.version,
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
