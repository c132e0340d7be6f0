//! `rumormill store up`: a whole store on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rumormill_serve::{CLUSTER_FILE, Cluster, Keeper, Ready, Recipe};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use super::args::UpArgs;
use super::create;
use crate::cli::interrupt::Interrupt;
use crate::cli::{Done, Ended, Failure, say};

/// What `--json` says, on one line, when all is ready.
#[derive(Serialize)]
struct Up<'a> {
    dir: &'a Path,
    pid: u32,
    replicas: Vec<&'a Ready>,
    front_ends: Vec<&'a Ready>,
}

/// Starts a store and keeps it up until a person stops it.
pub(super) fn up(args: &UpArgs) -> Done {
    let fleeting = match args.dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("rumormill-store-").tempdir().map_err(Failure::run)?),
    };
    let folder: PathBuf = match (&args.dir, &fleeting) {
        (Some(dir), _) => dir.clone(),
        (None, Some(fleeting)) => fleeting.path().to_path_buf(),
        (None, None) => unreachable!("one of the two is there"),
    };
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::input(anyhow::Error::new(error).context(format!("cannot make the folder {}", folder.display())))
    })?;
    let cluster = create::open(&folder, args).map_err(Failure::Input)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::run)?;
    LocalSet::new().block_on(&runtime, keep(args, cluster, &folder))
}

async fn keep(args: &UpArgs, mut cluster: Cluster, folder: &Path) -> Done {
    let file = folder.join(CLUSTER_FILE);
    let program = std::env::current_exe().map_err(Failure::run)?;
    let recipe = Recipe { program, cluster_file: file.clone(), founding: !cluster.founded };
    let (interrupt, asked) = (Interrupt::listen(), Arc::new(Notify::new()));
    interrupt.tell({
        let asked = Arc::clone(&asked);
        move || asked.notify_one()
    });
    let keeper = tokio::select! {
        keeper = Keeper::start(recipe, &cluster, Arc::new(say::note)) => keeper.map_err(Failure::run)?,
        () = asked.notified() => return Ok(Ended::Interrupted),
    };
    if !cluster.founded {
        cluster.founded = true;
        cluster.write(&file).map_err(Failure::run)?;
    }
    announce(args, &keeper.ready(), folder);
    asked.notified().await;
    say::note("ending the store");
    keeper.stop().await;
    Ok(Ended::Interrupted)
}

fn announce(args: &UpArgs, ready: &[Ready], folder: &Path) {
    let (front_ends, replicas): (Vec<&Ready>, Vec<&Ready>) = ready.iter().partition(|ready| ready.http.is_some());
    if args.json.json {
        let up = Up { dir: folder, pid: std::process::id(), replicas, front_ends };
        match serde_json::to_string(&up) {
            Ok(text) => say::line(&text),
            Err(error) => say::note(&format!("no JSON: {error}")),
        }
        return;
    }
    say::line(&format!("{} replicas and {} front ends are up", replicas.len(), front_ends.len()));
    for front_end in front_ends {
        if let (Some(http), Some(redis)) = (front_end.http, front_end.redis) {
            let (http, redis_cli) = (format!("http://{http}"), format!("redis-cli -p {}", redis.port()));
            say::line(&format!("front end {}: {} and {}", front_end.number, say::strong(&http), say::strong(&redis_cli)));
        }
    }
    match &args.dir {
        Some(dir) => say::line(&say::quiet(&format!("kept in {}; Ctrl-C ends it", dir.display()))),
        None => say::line(&say::quiet("nothing stays when it ends; --dir keeps it. Ctrl-C ends it")),
    }
}
