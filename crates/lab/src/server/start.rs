//! From an order to a run on the bench that pages can watch.

use std::sync::Arc;
use std::time::SystemTime;

use rumormill_trace::RunFile;

use super::Lab;
use super::observer::Show;
use crate::bench::{Full, LiveRun};
use crate::experiment::Problems;
use crate::run::{Order, Resolved, StartError};
use crate::view::{RunLine, State};

/// Why a lab does not start a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabStartError {
    /// The order cannot run.
    #[error(transparent)]
    Order(#[from] Problems),
    /// There are as many runs as may be at once.
    #[error(transparent)]
    Full(#[from] RunsFull),
    /// It cannot be recorded, or the system gives no thread.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The lab itself is at fault.
    #[error("the lab could not start it: {0}")]
    Panicked(String),
}

/// There are as many runs as may be at once.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RunsFull(#[from] Full);

/// Starts a run; returns its id. Takes a while: not for a thread that others wait for.
pub(super) fn start(lab: &Lab, order: Order) -> Result<String, LabStartError> {
    start_resolved(lab, lab.workbench.resolve(order)?)
}

/// The same for an order that is known to be possible.
pub(super) fn start_resolved(lab: &Lab, resolved: Resolved) -> Result<String, LabStartError> {
    let run = lab.bench.begin(line(&resolved.run_file())).map_err(RunsFull)?;
    let id = run.view.lock().run().id.clone();
    begin(lab, &run, resolved).inspect_err(|_| {
        // Nothing of it has happened, so nothing of it is listed.
        run.fail("it did not start");
        lab.bench.forget(&id);
    })?;
    Ok(id)
}

fn begin(lab: &Lab, run: &Arc<LiveRun>, resolved: Resolved) -> Result<(), LabStartError> {
    let file = resolved.run_file();
    run.view.lock().set_plan(&file.plan);
    run.set_file(file);
    let handle = lab.workbench.start(resolved, Box::new(Show::new(Arc::clone(run))))?;
    run.view.lock().set_run(|line| {
        line.folder = handle.folder().map(|folder| folder.display().to_string());
        if handle.folder().is_some() {
            line.name.clone_from(&handle.file().name);
        }
    });
    run.set_hand(handle.hand());
    run.on_stop(handle.stopper());
    let waiting = Arc::clone(run);
    let waiter = std::thread::Builder::new().name("waits for a run".into()).spawn(move || {
        let file = handle.wait();
        // The observer has said so already, unless the run's thread died.
        waiting.view.lock().set_run(|line| line.end(&file));
    });
    if waiter.is_err() {
        run.stop();
    }
    Ok(())
}

fn line(file: &RunFile) -> RunLine {
    RunLine {
        name: file.experiment.clone(),
        folder: None,
        started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        state: State::Starting,
        ..RunLine::recorded(file, String::new())
    }
}
