//! Questions about what is recorded of a run: opened recordings, and answers that may be asked for again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rumormill_core::Instant;
use rumormill_trace::{Run, State};
use serde::Serialize;

use super::Lab;
use super::error::ApiError;

/// Recordings that are kept open, at most: what their segments' footers tell.
const OPEN_MAX: usize = 8;

/// Bytes of answers that are kept, at most, and of one of them.
const ANSWERS_BYTES_MAX: usize = 32 << 20;
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// What was asked lately.
#[derive(Default)]
pub(super) struct History {
    /// Last asked for last.
    open: Mutex<VecDeque<Arc<Run>>>,
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    /// By run and question, last asked for last.
    all: VecDeque<(String, Bytes)>,
    bytes: usize,
}

impl History {
    /// The recording of a run, as far as it goes by now.
    pub(super) fn run(&self, lab: &Lab, id: &str) -> Result<Arc<Run>, ApiError> {
        let folder = lab.bench.find(id)?.view().lock().run().folder.clone();
        let folder = folder.ok_or_else(|| {
            ApiError::conflict("this run is not recorded, so there is nothing to look it up in")
                .next("run it again with recording on")
        })?;
        let known = lock(&self.open).iter().find(|run| run.folder().as_os_str() == folder.as_str()).cloned();
        let run = match known {
            Some(run) if run.file().state == State::Ended => run,
            Some(run) => {
                let mut run = Run::clone(&run);
                run.refresh()?;
                Arc::new(run)
            }
            None => Arc::new(Run::at(folder.as_ref())?),
        };
        let mut open = lock(&self.open);
        open.retain(|known| known.folder() != run.folder());
        while open.len() >= OPEN_MAX {
            open.pop_front();
        }
        open.push_back(Arc::clone(&run));
        Ok(run)
    }

    /// The answer to a question about a run; when the run has ended, it may be known already.
    pub(super) fn answer<T: Serialize>(
        &self,
        run: &Run,
        question: &str,
        answer: impl FnOnce() -> Result<T, ApiError>,
    ) -> Result<Response, ApiError> {
        let question = format!("{} {question}", run.file().name);
        if let Some(known) = lock(&self.answers).known(&question) {
            return Ok(json(known));
        }
        let answer = serde_json::to_vec(&answer()?).map_err(|error| ApiError::internal(error.to_string()))?;
        let answer = Bytes::from(answer);
        if run.file().state == State::Ended {
            lock(&self.answers).keep(question, answer.clone());
        }
        Ok(json(answer))
    }

    /// A run is deleted.
    pub(super) fn forget(&self, name: &str) {
        lock(&self.open).retain(|run| run.file().name != name);
        lock(&self.answers).forget(&format!("{name} "));
    }
}

impl Answers {
    fn known(&mut self, question: &str) -> Option<Bytes> {
        let place = self.all.iter().position(|(known, _)| known == question)?;
        let known = self.all.remove(place)?;
        let answer = known.1.clone();
        self.all.push_back(known);
        Some(answer)
    }

    fn keep(&mut self, question: String, answer: Bytes) {
        if answer.len() > ANSWER_BYTES_MAX {
            return;
        }
        self.bytes += answer.len();
        self.all.push_back((question, answer));
        while self.bytes > ANSWERS_BYTES_MAX {
            let Some((_, oldest)) = self.all.pop_front() else { break };
            self.bytes -= oldest.len();
        }
    }

    fn forget(&mut self, run: &str) {
        self.all.retain(|(question, _)| !question.starts_with(run));
        self.bytes = self.all.iter().map(|(_, answer)| answer.len()).sum();
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left a list behind that is whole.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn json(answer: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], answer).into_response()
}

/// A query's field as it was typed, without spaces around it; nothing when it says nothing.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// A moment of the run in seconds.
pub(super) fn moment(field: &str, text: &Option<String>) -> Result<Option<Instant>, ApiError> {
    let Some(text) = given(text) else { return Ok(None) };
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds <= 1e9);
    let seconds = seconds.ok_or_else(|| ApiError::bad(format!("{field}: \"{text}\" is no time of a run")));
    // What is before the beginning is at the beginning.
    Ok(Some(Instant::from_nanos((seconds?.max(0.0) * 1e9).round() as u64)))
}

/// A whole number of a range.
pub(super) fn number<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
    field: &str,
    text: &Option<String>,
    range: std::ops::RangeInclusive<T>,
) -> Result<Option<T>, ApiError> {
    let Some(text) = given(text) else { return Ok(None) };
    let value = text.parse::<T>().ok().filter(|value| range.contains(value));
    let why = || format!("{field}: expected a whole number from {} to {}, not \"{text}\"", range.start(), range.end());
    value.map(Some).ok_or_else(|| ApiError::bad(why()))
}
