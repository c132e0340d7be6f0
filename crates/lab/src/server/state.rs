//! The state of a peer at any moment of a simulated run, and messages as they travelled.

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, MAX_PEERS, Outcome};
use rumormill_trace::RunFile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use super::history::{given, moment, number};
use crate::bench::Found;
use crate::rewind::{At, Rewind, RewindError, RewindStartError, Seen};
use crate::view::log::LogLine;

/// Bytes of a message that are shown; its length says how many there are.
const BYTES_SHOWN_MAX: usize = 16 << 10;

/// Characters of a message in words.
const TEXT_SHOWN_MAX: usize = 64 << 10;

/// A run that can be looked at, and how far it is: there is nothing to see beyond that.
pub(super) struct Known {
    pub file: RunFile,
    pub latest: Instant,
    /// When it ended, or how far it is.
    pub end: Instant,
}

impl Known {
    /// The run of this id.
    pub(super) fn of(lab: &Lab, id: &str) -> Result<Self, ApiError> {
        let found = lab.bench.find(id)?;
        let file = match &found {
            Found::Live(run) => run.file(),
            Found::Recorded(past) => Some(past.run().file().clone()),
        };
        let starting = || ApiError::conflict("the run is only starting").next("try again in a moment");
        let mut file = file.ok_or_else(starting)?;
        let view = found.view().lock();
        if view.run().folder.is_some() {
            file.name.clone_from(&view.run().name);
        }
        let end = match view.run().outcome {
            Some(_) => Instant::from_nanos((view.run().virtual_seconds * 1e9).round() as u64),
            None => view.clock(),
        };
        let latest = match view.run().outcome {
            // It ends there by itself.
            Some(Outcome::Completed | Outcome::TimeLimit) => Instant::MAX,
            _ => end,
        };
        Ok(Self { file, latest, end })
    }

    /// Goes back in it.
    pub(super) fn rewind<T>(
        &self,
        lab: &Lab,
        id: &str,
        look: impl FnOnce(&mut dyn Rewind, Instant) -> Result<T, RewindError>,
    ) -> Result<T, ApiError> {
        let rewind = lab.rewinds.open(id, &self.file, &lab.workbench.registry)?;
        // Whoever panicked did so in a protocol's handler, on a clone.
        let mut rewind = rewind.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(look(&mut **rewind, self.latest)?)
    }
}

/// Which peer, and when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    peer: Option<String>,
    t: Option<String>,
    event: Option<String>,
}

/// `GET /api/runs/{id}/state`: a peer of a simulated run at a moment, or now.
pub(super) async fn state(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Seen>, ApiError> {
    let Query(wanted) = wanted?;
    let peer = number("peer", &wanted.peer, 1..=MAX_PEERS)?;
    let peer = peer.ok_or_else(|| ApiError::bad("peer: say which, for example peer=3"))?;
    let at = match given(&wanted.event) {
        Some(event) => At::Event(event_id(event)?),
        None => At::Time(moment("t", &wanted.t)?.unwrap_or(Instant::MAX)),
    };
    let seen = lab.work(move |lab| Known::of(lab, &id)?.rewind(lab, &id, |run, latest| run.state(peer, at, latest)));
    Ok(Json(seen.await??))
}

/// Which event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedMessage {
    event: String,
}

/// `GET /api/runs/{id}/message`: the message that an event is about, as it travels and in words. A simulation
/// makes it again; of a real run there is what was recorded.
pub(super) async fn message(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<WantedMessage>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let event = event_id(wanted?.0.event.trim())?;
    let told = lab.work(move |lab| {
        let known = Known::of(lab, &id)?;
        if known.file.mode != rumormill_trace::Mode::Sim {
            return recorded(lab, &id, &known.file, event);
        }
        let (event, body) = known.rewind(lab, &id, |run, latest| run.message(event, latest))?;
        Ok(told(&event, &body.text, &body.bytes, body.bytes.len() as u64, "re-executed"))
    });
    Ok(Json(told.await??))
}

/// What is recorded of a message of a real run: the first bytes of it where it was sent.
fn recorded(lab: &Lab, id: &str, file: &RunFile, event: EventId) -> Result<Value, ApiError> {
    let run = lab.history.run(lab, id)?;
    let find = |id: EventId| run.find(&[id]).into_iter().next();
    let event = find(event).ok_or(RewindError::Event { event })?;
    if !matches!(event.kind, Kind::Sent | Kind::Delivered | Kind::Dropped) {
        return Err(RewindError::NoMessage { event: event.id }.into());
    }
    // Its bytes stand at the event that sent it.
    let sent =
        if event.body.is_empty() { event.cause.and_then(find).filter(|sent| sent.kind == Kind::Sent) } else { None };
    let sent = sent.as_ref().unwrap_or(&event);
    let is_whole = sent.body.len() as u64 == sent.bytes;
    let protocol = lab.workbench.registry.get(&file.protocol).filter(|_| is_whole);
    let text = protocol.and_then(|protocol| protocol.decode(&sent.body)).unwrap_or_else(|| sent.text.clone());
    Ok(told(&event, &text, &sent.body, event.bytes, "recorded"))
}

fn told(event: &Event, text: &str, bytes: &[u8], length: u64, source: &str) -> Value {
    let shown = &bytes[..bytes.len().min(BYTES_SHOWN_MAX)];
    let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = match text.char_indices().nth(TEXT_SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    };
    json!({ "event": LogLine::from(event), "text": text, "bytes": hex, "length": length, "source": source })
}

/// An event's id in decimal.
pub(super) fn event_id(text: &str) -> Result<EventId, ApiError> {
    let wrong = || ApiError::bad(format!("event: \"{text}\" is no event's id; copy it from the log"));
    text.parse().map(EventId).map_err(|_| wrong())
}

impl From<RewindError> for ApiError {
    fn from(error: RewindError) -> Self {
        let said = error.to_string();
        match error {
            RewindError::NoMessage { .. } => Self::bad(said).next("choose one that sends, delivers or drops one"),
            _ => Self::not_found(said),
        }
    }
}

impl From<RewindStartError> for ApiError {
    fn from(error: RewindStartError) -> Self {
        let said = Self::conflict(error.to_string());
        match error {
            RewindStartError::NotSimulated { .. } => said.next("run the experiment as sim"),
            _ => said,
        }
    }
}
