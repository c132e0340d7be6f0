//! The space-time diagram: peers as lines, messages as arrows; what led to an event and what followed.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::Response;
use rumormill_core::MAX_PEERS;
use rumormill_core::trace::{EventId, Kind};
use rumormill_trace::{
    COLUMNS_MAX, Cone, Density, EVENTS_SHOWN_MAX, FIND_MAX, Frontier, Message, Picture, ROWS_MAX, Spacetime,
    SpacetimeQuery,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use super::history::{given, moment, number};
use crate::view::log::LogLine;

/// What a page wants to see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    from: Option<String>,
    to: Option<String>,
    width: Option<String>,
    peers: Option<String>,
    rows: Option<String>,
    fold: Option<String>,
    kinds: Option<String>,
    limit: Option<String>,
}

/// `GET /api/runs/{id}/spacetime`: the events and messages of some peers in a span of time.
pub(super) async fn spacetime(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let query = query(&wanted?.0)?;
    lab.work(move |lab| {
        let run = lab.history.run(lab, &id)?;
        let question = format!("spacetime {}", raw.unwrap_or_default());
        lab.history.answer(&run, &question, || Ok(told(&run.spacetime(&query))))
    })
    .await?
}

fn query(wanted: &Wanted) -> Result<SpacetimeQuery, ApiError> {
    let usual = SpacetimeQuery::default();
    let kinds = given(&wanted.kinds).into_iter().flat_map(|kinds| kinds.split(',')).map(|kind| kind_of("kinds", kind));
    let fold = match given(&wanted.fold) {
        None => usual.fold,
        Some("1" | "true") => true,
        Some("0" | "false") => false,
        Some(other) => return Err(ApiError::bad(format!("fold: expected 1 or 0, not \"{other}\""))),
    };
    Ok(SpacetimeQuery {
        from: moment("from", &wanted.from)?,
        to: moment("to", &wanted.to)?,
        columns: number("width", &wanted.width, 1..=COLUMNS_MAX)?.unwrap_or(usual.columns),
        peers: peers(given(&wanted.peers).unwrap_or(""))?,
        rows: number("rows", &wanted.rows, 1..=ROWS_MAX)?.unwrap_or(usual.rows),
        fold,
        kinds: kinds.collect::<Result<_, _>>()?,
        limit: number("limit", &wanted.limit, 1..=EVENTS_SHOWN_MAX)?.unwrap_or(usual.limit),
    })
}

fn peers(list: &str) -> Result<Vec<u32>, ApiError> {
    let peers = list.split(',').map(str::trim).filter(|peer| !peer.is_empty()).take(ROWS_MAX + 1);
    let peers = peers.map(|peer| {
        let known = peer.parse().ok().filter(|peer| (1..=MAX_PEERS).contains(peer));
        known.ok_or_else(|| {
            ApiError::bad(format!("peers: \"{peer}\" is no peer's number")).next("list numbers, as in peers=1,2,7")
        })
    });
    let peers: Vec<u32> = peers.collect::<Result<_, _>>()?;
    if peers.len() > ROWS_MAX {
        return Err(ApiError::bad(format!("peers: at most {ROWS_MAX} can be shown")));
    }
    Ok(peers)
}

/// The kind of this name, or an error that names all.
pub(super) fn kind_of(field: &str, name: &str) -> Result<Kind, ApiError> {
    Kind::from_name(name.trim()).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        ApiError::bad(format!("{field}: there is no kind of event \"{name}\""))
            .next(format!("there are: {}", names.join(", ")))
    })
}

fn told(spacetime: &Spacetime) -> Value {
    let mut told = json!({
        "from": spacetime.from.as_secs_f64(),
        "to": spacetime.to.as_secs_f64(),
        "total": spacetime.total,
        "total_all": spacetime.total_all,
        "peers": spacetime.peers,
        "hidden_peers": spacetime.hidden_peers,
        "quiet_peers": spacetime.quiet_peers,
    });
    let picture = match &spacetime.picture {
        Picture::Detail { events, messages } => json!({
            "detail": true,
            "events": events.iter().map(LogLine::from).collect::<Vec<_>>(),
            "messages": messages.iter().map(message).collect::<Vec<_>>(),
        }),
        Picture::Density(density) => dense(density, &spacetime.peers),
        _ => json!({}),
    };
    if let (Value::Object(told), Value::Object(picture)) = (&mut told, picture) {
        told.extend(picture);
    }
    told
}

fn dense(density: &Density, peers: &[u32]) -> Value {
    let rows: Vec<_> = peers.iter().zip(&density.rows).collect();
    json!({
        "detail": false,
        "columns": density.columns,
        "rows": rows,
        "messages": density.messages.iter().map(message).collect::<Vec<_>>(),
        "shown": density.messages.len(),
        "of": density.messages_of,
        "marks": density.marks.iter().map(LogLine::from).collect::<Vec<_>>(),
        "marks_of": density.marks_of,
    })
}

/// A message as a row: `[sent event, its end's event, from, to, sent at, ended at, kind, lost, bytes]`.
fn message(message: &Message) -> Value {
    json!([
        message.sent.0.to_string(),
        message.end.map(|end| end.0.to_string()),
        message.from,
        message.to,
        message.sent_at.as_secs_f64(),
        message.ended_at.map(|end| end.as_secs_f64()),
        message.kind,
        message.is_lost,
        message.bytes,
    ])
}

/// Which event a page asks about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    event: String,
}

/// `GET /api/runs/{id}/cone`: an event's past, its future, and the path of causes that led to it.
pub(super) async fn cone(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    about: Result<Query<About>, QueryRejection>,
) -> Result<Response, ApiError> {
    let event = event_id("event", &about?.0.event)?;
    lab.work(move |lab| {
        let run = lab.history.run(lab, &id)?;
        lab.history.answer(&run, &format!("cone {}", event.0), || {
            let cone = run.cone(event);
            cone.map(|cone| told_cone(&cone)).ok_or_else(|| no_event(event))
        })
    })
    .await?
}

fn told_cone(cone: &Cone) -> Value {
    let frontier = |frontier: &Frontier| json!({ "peers": frontier.peers, "events": frontier.events });
    json!({
        "event": LogLine::from(&cone.event),
        "past": frontier(&cone.past),
        "future": frontier(&cone.future),
        "path": cone.path.iter().map(LogLine::from).collect::<Vec<_>>(),
        "path_cut": cone.is_path_cut,
    })
}

/// Which events a page wants to have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ids {
    ids: String,
}

/// `GET /api/runs/{id}/events`: events by their ids.
pub(super) async fn events(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Ids>, QueryRejection>,
) -> Result<Response, ApiError> {
    let ids = wanted?.0.ids;
    let ids = ids.split(',').filter(|id| !id.trim().is_empty()).take(FIND_MAX + 1).map(|id| event_id("ids", id));
    let ids: Vec<EventId> = ids.collect::<Result<_, _>>()?;
    if ids.len() > FIND_MAX {
        return Err(ApiError::bad(format!("ids: at most {FIND_MAX} events can be asked for at once")));
    }
    lab.work(move |lab| {
        let run = lab.history.run(lab, &id)?;
        let question = format!("events {}", ids.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(","));
        lab.history.answer(&run, &question, || {
            Ok(json!({ "events": run.find(&ids).iter().map(LogLine::from).collect::<Vec<_>>() }))
        })
    })
    .await?
}

pub(super) fn event_id(field: &str, text: &str) -> Result<EventId, ApiError> {
    text.trim().parse().map(EventId).map_err(|_| ApiError::bad(format!("{field}: \"{text}\" is no event's id")))
}

fn no_event(id: EventId) -> ApiError {
    ApiError::not_found(format!("there is no event {} in what is recorded of this run", id.0))
        .next("events of a run under way can be looked up a second after they happened")
}
