//! A run, with what was done to it by hand, as an experiment of its own.

use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rumormill_trace::RunFile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use crate::bench::Found;
use crate::experiment::{Experiment, Problem, Setup, Stop, Values, Written};

/// The longest name of an experiment.
const NAME_MAX: usize = 60;

/// The longest title of an experiment.
const TITLE_MAX: usize = 200;

/// How the experiment is called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    title: Option<String>,
    #[serde(default)]
    overwrite: bool,
}

/// `POST /api/runs/{id}/save`: writes the run as an experiment, beside the others.
pub(super) async fn save(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    new: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(new) = new?;
    check(&new)?;
    lab.work(move |lab| {
        let file = match lab.bench.find(&id)? {
            Found::Live(run) => run.file().ok_or_else(|| ApiError::conflict("the run has not begun yet"))?,
            Found::Recorded(past) => past.run().file().clone(),
        };
        let (path, source) = write(lab, &file, &new)?;
        Ok((StatusCode::CREATED, Json(json!({ "name": new.name, "file": path, "source": source }))))
    })
    .await?
}

fn check(new: &New) -> Result<(), ApiError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let begins = new.name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !begins || !new.name.bytes().all(plain) || new.name.len() > NAME_MAX {
        let message = format!("\"{}\" cannot name an experiment", new.name.chars().take(NAME_MAX).collect::<String>());
        let next = format!("use a to z, 0 to 9, - and _, beginning with a letter or digit, at most {NAME_MAX}");
        return Err(Problem::field("name", message).next(next).into());
    }
    if new.title.as_ref().is_some_and(|title| title.chars().count() > TITLE_MAX) {
        return Err(Problem::field("title", format!("longer than {TITLE_MAX} characters")).into());
    }
    Ok(())
}

/// Writes the experiment, and the matrix that it names, if it does; returns where, and what.
fn write(lab: &Lab, file: &RunFile, new: &New) -> Result<(PathBuf, String), ApiError> {
    let gallery = &lab.workbench.gallery;
    let folder = gallery.home().ok_or_else(|| {
        ApiError::conflict("there is no folder of experiments to write to").next("start the lab with --experiments DIR")
    })?;
    let path = folder.join(format!("{}.star", new.name));
    if !new.overwrite && (path.exists() || gallery.find(&new.name).is_ok()) {
        let message = format!("there is an experiment \"{}\" already", new.name);
        return Err(ApiError::conflict(message).next("choose another name, or overwrite it"));
    }
    let Written { text, matrix } = experiment(lab, file, new)?;
    let failed = |path: &FilePath| {
        let path = path.display().to_string();
        move |error: io::Error| {
            ApiError::conflict(format!("{path}: cannot write: {error}")).next("start the lab with --experiments DIR")
        }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    // The matrix first: an experiment that is there is whole.
    if let Some((name, csv)) = matrix {
        place(folder, &name, &csv).map_err(failed(&folder.join(name)))?;
    }
    place(folder, &format!("{}.star", new.name), &text).map_err(failed(&path))?;
    // What cannot be read again is of no use to anybody.
    gallery.find(&new.name)?;
    Ok((path, text))
}

/// The run as an experiment: its plan, with what was done by hand, and its values as defaults.
fn experiment(lab: &Lab, file: &RunFile, new: &New) -> Result<Written, ApiError> {
    // The file as it was then; a matrix beside it is found only where the experiment still is.
    let known = Experiment::read(&file.experiment, file.source.as_str(), None);
    let mut experiment = known.or_else(|_| lab.workbench.gallery.find(&file.experiment))?;
    if let Some(title) = new.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        experiment.title = title.into();
    }
    let time_limit = file.time_limit_s.and_then(|limit| Duration::try_from_secs_f64(limit).ok());
    let setup = Setup {
        parameters: file.parameters.clone(),
        peers: file.peers,
        topology: file.topology,
        plan: file.plan.clone(),
        stop: Stop {
            targets_met: file.stop != "time-limit",
            time_limit: time_limit.unwrap_or(Duration::from_secs(60)),
        },
        totals: std::collections::BTreeMap::new(),
    };
    let values: Values =
        file.values.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
    let by_hand = match file.by_hand {
        0 => String::new(),
        1 => ", with one thing done by hand".into(),
        many => format!(", with {many} things done by hand"),
    };
    let head = format!(
        "As run {} went (seed {}, {}){by_hand}.\nThe same again: rumormill run {} --seed {}",
        file.name, file.seed, file.mode, new.name, file.seed
    );
    Ok(experiment.write(&head, &new.name, &values, &setup))
}

/// Writes a file as a whole or not at all.
fn place(folder: &FilePath, name: &str, text: &str) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.tmp"));
    let written = std::fs::File::create(&unfinished).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&unfinished, folder.join(name)));
    if placed.is_err() {
        // What could not be written is not to be found.
        let _ = std::fs::remove_file(&unfinished);
    }
    placed
}
