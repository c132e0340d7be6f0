//! A store of a test's own, started by the real command; it ends with the value.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http::request;
use crate::support::processes::{children, signal};
use crate::support::{eventually, rumormill};

/// How long a store may take to be ready, or to end, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(60);

/// A running store.
pub struct Store {
    child: Child,
    /// The line of `--json`.
    pub line: Value,
}

impl Store {
    /// `store up --json` in this folder with these further arguments; returns when all is ready.
    pub fn up(folder: &Path, arguments: &[&str]) -> Self {
        Self::start(rumormill(folder), arguments)
    }

    /// The same by a command that is prepared for it.
    pub fn start(mut command: Command, arguments: &[&str]) -> Self {
        let mut child = command.args(["store", "up", "--json"]).args(arguments).spawn().unwrap();
        let (found, line) = mpsc::channel();
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = found.send(line); // nobody listens after the first
            }
        });
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                println!("store: {line}");
            }
        });
        let mut store = Self { child, line: Value::Null };
        let line = line.recv_timeout(LIMIT).expect("the store says that it is ready");
        store.line = serde_json::from_str(&line).unwrap();
        store
    }

    /// The process of `store up`.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes that `store up` has now.
    pub fn processes(&self) -> Vec<u32> {
        children(self.pid())
    }

    /// The process that was started for the replica or spare of this number: another one, once it died.
    pub fn process_of(&self, number: u64) -> u32 {
        let all = ["replicas", "spares"].iter().flat_map(|list| self.line[list].as_array().unwrap());
        let found = all.into_iter().find(|one| one["number"] == number);
        found.unwrap()["pid"].as_u64().unwrap().try_into().unwrap()
    }

    /// What the first front end tells of all replicas and spares.
    pub fn rows(&self) -> Vec<Value> {
        let told = request(&self.http(0), "", "GET", "/v1/replicas", None).json();
        told["replicas"].as_array().unwrap().clone()
    }

    /// Has only this replica answer calls, of these.
    pub fn ask_only(&self, replica: u64, all: &[u64]) {
        for &other in all {
            let service = if other == replica { "online" } else { "offline" };
            let path = format!("/v1/replicas/{other}/service");
            let switched = eventually(Duration::from_secs(30), || {
                let answer = request(&self.http(0), "", "PUT", &path, Some(&json!({ "service": service })));
                (answer.status == 200).then_some(())
            });
            assert!(switched.is_some(), "replica {other} cannot be switched {service}");
        }
    }

    /// Host and port where the front end of this place, from 0, speaks HTTP.
    pub fn http(&self, place: usize) -> String {
        self.line["front_ends"][place]["http"].as_str().unwrap().to_string()
    }

    /// Host and port where it speaks the Redis protocol.
    pub fn redis(&self, place: usize) -> String {
        self.line["front_ends"][place]["redis"].as_str().unwrap().to_string()
    }

    /// The port of that, for `redis-cli -p`.
    pub fn port(&self, place: usize) -> String {
        self.redis(place).rsplit_once(':').unwrap().1.to_string()
    }

    /// The address for `rumormill movies --server`.
    pub fn url(&self) -> String {
        format!("http://{}", self.http(0))
    }

    /// Ends the store as Ctrl-C does, and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        signal(self.pid(), "INT");
        eventually(LIMIT, || self.child.try_wait().unwrap()).expect("the store ends when asked")
    }

    /// Ends `store up` without asking.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Asked to end, it takes its folder along. All of it fails when it has ended already.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").args(["-INT", &self.pid().to_string()]).status();
            let _ = eventually(LIMIT, || self.child.try_wait().ok().flatten());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
