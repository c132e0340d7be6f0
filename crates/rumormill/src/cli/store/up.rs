//! `rumormill store up`: a whole store on this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use rumormill_lab::server::{Announcement, RunningStore, StoreAddress, announcements};
use rumormill_serve::{CLUSTER_FILE, Cluster, Keeper, Ready, Recipe};
use serde::Serialize;
use tokio::sync::{Notify, oneshot};
use tokio::task::LocalSet;

use super::args::UpArgs;
use super::{create, settle};
use crate::cli::bar::Bar;
use crate::cli::interrupt::Interrupt;
use crate::cli::{Done, Ended, Failure, movies, say};
use crate::movies::Remote;
use crate::movies::data::Data;

/// What `--json` says, on one line, when all is ready.
#[derive(Serialize)]
struct Up<'a> {
    dir: &'a Path,
    pid: u32,
    replicas: Vec<&'a Ready>,
    front_ends: Vec<&'a Ready>,
    spares: Vec<&'a Ready>,
}

/// What to fill the store with, read before anything is started.
struct Filling {
    data: Data,
    bar: Bar,
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
    let filling = filling(args)?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::input(anyhow::Error::new(error).context(format!("cannot make the folder {}", folder.display())))
    })?;
    let cluster = create::open(&folder, args).map_err(Failure::Input)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::run)?;
    LocalSet::new().block_on(&runtime, keep(args, cluster, &folder, filling))
}

fn filling(args: &UpArgs) -> Result<Option<Filling>, Failure> {
    if args.data.is_none() && !args.sample {
        return Ok(None);
    }
    let bar = Bar::new();
    let data = movies::read(args.data.as_deref(), &bar).map_err(Failure::input)?;
    Ok(Some(Filling { data, bar }))
}

async fn keep(args: &UpArgs, mut cluster: Cluster, folder: &Path, filling: Option<Filling>) -> Done {
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
    // From now on it can be watched, also how it takes in data.
    let announcement = announce(&keeper.ready(), args.replicas, folder);
    if let Some(filling) = filling {
        let ready = keeper.ready();
        tokio::select! {
            filled = fill(&ready, filling) => if let Err(error) = filled {
                keeper.stop().await;
                return Err(Failure::Run(error));
            },
            () = asked.notified() => {
                keeper.stop().await;
                return Ok(Ended::Interrupted);
            }
        }
    }
    say_ready(args, &keeper.ready(), folder, announcement.is_some());
    asked.notified().await;
    say::note("ending the store");
    keeper.stop().await;
    Ok(Ended::Interrupted)
}

/// Has the store take in movies and ratings through its first front end, and waits until every replica has them;
/// on a thread of its own: processes that die meanwhile are started again.
async fn fill(ready: &[Ready], Filling { data, bar }: Filling) -> anyhow::Result<()> {
    let http = ready.iter().find_map(|ready| ready.http).context("a store without a front end takes in no data")?;
    let (tell, told) = oneshot::channel::<anyhow::Result<Vec<u32>>>();
    std::thread::Builder::new().name("fill".into()).spawn(move || {
        let filled = Remote::at(&format!("http://{http}")).and_then(|mut store| movies::fill(&mut store, data, &bar));
        let settled = filled.map_err(anyhow::Error::new).and_then(|()| settle::settle(http, &Bar::new()));
        // Who was asked to end meanwhile does not listen.
        let _ = tell.send(settled);
    })?;
    for replica in told.await?? {
        say::note(&format!("replica {replica} does not have all of the data yet; it gets the rest by gossip"));
    }
    Ok(())
}

/// Lets labs of this user find the store, for as long as what it returns lives.
fn announce(ready: &[Ready], replicas: u32, folder: &Path) -> Option<Announcement> {
    let front_ends = ready.iter().filter_map(|ready| here(ready.http?));
    let store = RunningStore {
        pid: std::process::id(),
        folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()),
        replicas,
        front_ends: front_ends.collect(),
    };
    if store.front_ends.is_empty() {
        return None;
    }
    let announced = Announcement::new(&store, &announcements());
    announced.map_err(|error| say::note(&format!("labs do not find this store by themselves: {error}"))).ok()
}

/// Where a lab on this machine reaches a front end that listens here; one that listens elsewhere only has none.
fn here(listening: SocketAddr) -> Option<StoreAddress> {
    let loopback: IpAddr = if listening.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let ip = if listening.ip().is_unspecified() { loopback } else { listening.ip() };
    SocketAddr::new(ip, listening.port()).try_into().ok()
}

fn say_ready(args: &UpArgs, ready: &[Ready], folder: &Path, announced: bool) {
    let (front_ends, holders): (Vec<&Ready>, Vec<&Ready>) = ready.iter().partition(|ready| ready.http.is_some());
    let (replicas, spares): (Vec<&Ready>, Vec<&Ready>) =
        holders.into_iter().partition(|ready| ready.number <= args.replicas);
    if args.json.json {
        let up = Up { dir: folder, pid: std::process::id(), replicas, front_ends, spares };
        match serde_json::to_string(&up) {
            Ok(text) => say::line(&text),
            Err(error) => say::note(&format!("no JSON: {error}")),
        }
        return;
    }
    let some = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    say::line(&format!("{} and {} are up", some(replicas.len(), "replica"), some(front_ends.len(), "front end")));
    for front_end in front_ends {
        if let (Some(http), Some(redis)) = (front_end.http, front_end.redis) {
            let (http, redis_cli) = (format!("http://{http}"), format!("redis-cli -p {}", redis.port()));
            say::line(&format!(
                "front end {}: {} and {}",
                front_end.number,
                say::strong(&http),
                say::strong(&redis_cli)
            ));
        }
    }
    if let [first, ..] = &spares[..] {
        let stands = if spares.len() == 1 { "stands" } else { "stand" };
        let add = say::strong(&format!("rumormill store add {}", first.number));
        say::line(&format!("{} {stands} by: {add}", some(spares.len(), "spare")));
    }
    if announced {
        say::line(&format!("watch it: {}", say::strong("rumormill lab")));
    }
    match &args.dir {
        Some(dir) => say::line(&say::quiet(&format!("kept in {}; Ctrl-C ends it", dir.display()))),
        None => say::line(&say::quiet("nothing stays when it ends; --dir keeps it. Ctrl-C ends it")),
    }
}
