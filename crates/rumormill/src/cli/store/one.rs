//! `rumormill store replica` and `rumormill store frontend`: one process of a store.

use std::io;
use std::path::{Path, PathBuf};

use rumormill_serve::{Cluster, ClusterError, FrontEnd, Ready, Replica, ServeError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::args::OneArgs;
use crate::cli::{Done, Ended, Failure, say};

/// Is one replica until asked to end.
pub(super) fn replica(args: &OneArgs) -> Done {
    run(args, async |cluster, folder| {
        let replica = Replica::start(cluster, folder, args.number, args.found).await?;
        tell("replica", args, replica.address(), None);
        tokio::select! {
            ended = replica.ended() => ended?,
            () = asked_to_end() => replica.stop().await?,
        }
        Ok(())
    })
}

/// Is one front end until asked to end.
pub(super) fn front_end(args: &OneArgs) -> Done {
    run(args, async |cluster, folder| {
        let front_end = FrontEnd::start(cluster, folder, args.number).await?;
        tell("front end", args, front_end.address(), Some(&front_end));
        tokio::select! {
            ended = front_end.ended() => ended?,
            () = asked_to_end() => front_end.stop().await?,
        }
        Ok(())
    })
}

fn run(args: &OneArgs, body: impl AsyncFnOnce(&Cluster, &Path) -> Result<(), ServeError>) -> Done {
    if let Some(parent) = args.parent {
        tie_to_parent(parent).map_err(Failure::run)?;
    }
    let cluster = Cluster::read(&args.cluster).map_err(Failure::input)?;
    let folder = args.cluster.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    // One thread: the two that a core could run would only hand each other the same work.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::run)?;
    let done = LocalSet::new().block_on(&runtime, body(&cluster, &folder));
    match done {
        Ok(()) => Ok(Ended::Well),
        Err(error @ ServeError::Cluster(ClusterError::NoSuch { .. })) => Err(Failure::input(error)),
        Err(error) => Err(Failure::run(error)),
    }
}

/// Says on one line that it is ready, for the process that started it or for a person.
fn tell(role: &str, args: &OneArgs, address: std::net::SocketAddr, front_end: Option<&FrontEnd>) {
    let (http, redis) = (front_end.map(FrontEnd::http), front_end.map(FrontEnd::redis));
    let ready = Ready { role: role.into(), number: args.number, pid: std::process::id(), address, http, redis };
    match serde_json::to_string(&ready) {
        Ok(text) => say::line(&text),
        Err(error) => say::note(&format!("no JSON: {error}")),
    }
}

/// Waits for Ctrl-C or a request to terminate.
async fn asked_to_end() {
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = heard(SignalKind::terminate()) => {}
        () = heard(SignalKind::interrupt()) => {}
    }
}

/// Has the system end this process with the one that started it, and makes sure that it is there yet.
fn tie_to_parent(parent: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if now == i32::try_from(parent).ok() {
        Ok(())
    } else {
        Err(io::Error::other("the process that started this one is gone"))
    }
}
