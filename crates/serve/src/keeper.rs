//! A whole store on this machine: a process for each replica and front end, started again when one dies.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::timeout;

use crate::cluster::{Cluster, Place};

/// How long a process has to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How long a process has to end in good order.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// The pause before a process that died is started again; each further one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The longest line that a process says when it is ready.
const MAX_LINE_BYTES: u64 = 4 << 10;

/// What a process says on one line when it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// `replica` or `front end`.
    pub role: String,
    /// Its number.
    pub number: u32,
    /// Its process id.
    pub pid: u32,
    /// Where the others reach it.
    pub address: std::net::SocketAddr,
    /// Where a front end speaks HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<std::net::SocketAddr>,
    /// Where a front end speaks the Redis protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<std::net::SocketAddr>,
}

/// How processes are started.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The program: this one.
    pub program: PathBuf,
    /// The cluster file.
    pub cluster_file: PathBuf,
    /// The store has never run before.
    pub founding: bool,
}

/// Why a store does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// A process cannot be started.
    #[error("cannot start {who}: {source}")]
    Start {
        /// Which.
        who: String,
        /// What went wrong.
        source: io::Error,
    },
    /// A process did not say that it is ready; it has said why on standard error.
    #[error("{who} did not start: {how}")]
    NotReady {
        /// Which.
        who: String,
        /// How it ended.
        how: String,
    },
}

/// What happens to processes, for who watches.
pub type Tell = Arc<dyn Fn(&str)>;

/// A store's processes, kept alive.
pub struct Keeper {
    ready: Arc<Mutex<Vec<Ready>>>,
    stop: watch::Sender<bool>,
    guards: Vec<JoinHandle<()>>,
}

impl Keeper {
    /// Starts all processes and returns when all are ready. Must run within a
    /// [`LocalSet`](tokio::task::LocalSet) on the program's first thread: the system kills the processes when the
    /// thread that started them ends.
    ///
    /// # Errors
    /// When one of them does not start; the others are ended.
    pub async fn start(recipe: Recipe, cluster: &Cluster, tell: Tell) -> Result<Self, KeepError> {
        let (stop, stopped) = watch::channel(false);
        let recipe = Arc::new(recipe);
        let mut started = Vec::new();
        for place in cluster.places() {
            // All of them at once; they wait for each other by themselves.
            started.push((place.clone(), spawn(&recipe, cluster, place)?));
        }
        let mut keeper = Self { ready: Arc::default(), stop, guards: Vec::new() };
        let mut children = Vec::new();
        for (place, mut child) in started {
            let ready = is_ready(&who(cluster, &place), &mut child).await?;
            keeper.note(ready);
            children.push((place, child));
        }
        for (place, child) in children {
            let guard = Guard {
                recipe: Arc::clone(&recipe),
                cluster: cluster.clone(),
                place,
                ready: Arc::clone(&keeper.ready),
                stopped: stopped.clone(),
                tell: Arc::clone(&tell),
            };
            keeper.guards.push(spawn_local(guard.keep(child)));
        }
        Ok(keeper)
    }

    /// What the processes said when they were ready, in the order of their numbers.
    #[must_use]
    pub fn ready(&self) -> Vec<Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends all processes in good order.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for guard in self.guards {
            let _ = guard.await;
        }
    }

    fn note(&self, ready: Ready) {
        note(&self.ready, ready);
    }
}

/// Keeps one process alive.
struct Guard {
    recipe: Arc<Recipe>,
    cluster: Cluster,
    place: Place,
    ready: Arc<Mutex<Vec<Ready>>>,
    stopped: watch::Receiver<bool>,
    tell: Tell,
}

impl Guard {
    async fn keep(mut self, mut child: Child) {
        let who = who(&self.cluster, &self.place);
        let mut pause = PAUSE_MIN;
        loop {
            tokio::select! {
                exit = child.wait() => {
                    let how = exit.map_or_else(|error| error.to_string(), |status| status.to_string());
                    (self.tell)(&format!("{who} ended ({how}); starting it again"));
                }
                _ = self.stopped.wait_for(|stopped| *stopped) => return end(child).await,
            }
            child = loop {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = self.stopped.wait_for(|stopped| *stopped) => return,
                }
                let mut stopped = self.stopped.clone();
                let again = tokio::select! {
                    again = self.again() => again,
                    // One that is just starting has done nothing yet that is worth waiting for.
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                };
                match again {
                    Ok(child) => {
                        pause = PAUSE_MIN;
                        break child;
                    }
                    Err(error) => {
                        pause = (pause * 2).min(PAUSE_MAX);
                        (self.tell)(&format!("{error}; trying again in {} ms", pause.as_millis()));
                    }
                }
            };
        }
    }

    async fn again(&self) -> Result<Child, KeepError> {
        // Whoever founds a store does so once: a process that comes again has run before.
        let recipe = Recipe { founding: false, ..(*self.recipe).clone() };
        let mut child = spawn(&recipe, &self.cluster, &self.place)?;
        let ready = is_ready(&who(&self.cluster, &self.place), &mut child).await?;
        (self.tell)(&format!("{} is back as process {}", who(&self.cluster, &self.place), ready.pid));
        note(&self.ready, ready);
        Ok(child)
    }
}

fn note(all: &Mutex<Vec<Ready>>, ready: Ready) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|other| other.number != ready.number);
    all.push(ready);
    all.sort_by_key(|ready| ready.number);
}

fn is_replica(cluster: &Cluster, place: &Place) -> bool {
    cluster.replica(place.number).is_ok()
}

fn who(cluster: &Cluster, place: &Place) -> String {
    let role = if is_replica(cluster, place) { "replica" } else { "front end" };
    format!("{role} {}", place.number)
}

fn spawn(recipe: &Recipe, cluster: &Cluster, place: &Place) -> Result<Child, KeepError> {
    let role = if is_replica(cluster, place) { "replica" } else { "frontend" };
    let mut command = Command::new(&recipe.program);
    command.args(["store", role, "--number", &place.number.to_string(), "--cluster"]).arg(&recipe.cluster_file);
    command.args(["--parent", &std::process::id().to_string()]);
    if recipe.founding && cluster.replicas.contains(place) {
        command.arg("--found");
    }
    // A group of its own: Ctrl-C in a terminal is for the keeper alone, which ends them in good order.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).kill_on_drop(true);
    command.spawn().map_err(|source| KeepError::Start { who: who(cluster, place), source })
}

/// Waits for the line that says that the process is ready.
async fn is_ready(who: &str, child: &mut Child) -> Result<Ready, KeepError> {
    let not = |how: String| KeepError::NotReady { who: who.to_string(), how };
    let stdout = child.stdout.take().ok_or_else(|| not("it has no output".into()))?;
    let mut line = String::new();
    let mut reader = BufReader::new(tokio::io::AsyncReadExt::take(stdout, MAX_LINE_BYTES));
    match timeout(READY_WITHIN, reader.read_line(&mut line)).await {
        Err(_) => Err(not(format!("it was not ready within {} s", READY_WITHIN.as_secs()))),
        Ok(Err(error)) => Err(not(error.to_string())),
        Ok(Ok(0)) => {
            let exit = timeout(LEAVE_WITHIN, child.wait()).await;
            Err(not(exit.map_or_else(
                |_| "it said nothing".into(),
                |exit| exit.map_or_else(|error| error.to_string(), |status| status.to_string()),
            )))
        }
        Ok(Ok(_)) => serde_json::from_str(&line).map_err(|error| not(format!("it said something else: {error}"))),
    }
}

/// Asks a process to end, and ends it when it does not.
async fn end(mut child: Child) {
    if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(LEAVE_WITHIN, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use rumormill_net::PeerKey;
    use tokio::sync::Notify;
    use tokio::task::LocalSet;

    use super::*;
    use crate::cluster::Settings;

    /// A program that is ready at once and dies, and when it is started again says nothing.
    fn program(folder: &std::path::Path) -> PathBuf {
        let ready = r#"{"role": "replica", "number": 1, "pid": 1, "address": "127.0.0.1:9"}"#;
        let text = format!(
            "#!/bin/sh\nmkdir '{}/began' 2>/dev/null && echo '{ready}' && exit 0\nexec sleep 60\n",
            folder.display()
        );
        let path = folder.join("program");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[tokio::test]
    async fn nobody_waits_for_a_process_that_comes_again_when_all_end() {
        let folder = tempfile::tempdir().unwrap();
        let (address, key) = (([127, 0, 0, 1], 9).into(), PeerKey([1; 32]));
        let place = Place { number: 1, key, address, folder: "1".into(), http: None, redis: None };
        let (replicas, front_ends) = (vec![place], Vec::new());
        let spares = Vec::new();
        let cluster = Cluster { replicas, front_ends, spares, settings: Settings::default(), founded: true };
        let recipe = Recipe { program: program(folder.path()), cluster_file: folder.path().into(), founding: false };
        let died = Arc::new(Notify::new());
        let told = Arc::clone(&died);
        let scenario = async {
            let keeper = Keeper::start(recipe, &cluster, Arc::new(move |_| told.notify_one())).await.unwrap();
            died.notified().await;
            tokio::time::sleep(3 * PAUSE_MIN).await;
            timeout(LEAVE_WITHIN, keeper.stop()).await.expect("it ends long before the process would be given up");
        };
        LocalSet::new().run_until(scenario).await;
    }
}
