//! A lab of a test's own, on a port of its own; it ends with the value.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::http::{Answer, request};
use super::processes::signal;
use super::{eventually, rumormill};

const LIMIT: Duration = Duration::from_secs(20);

/// A running lab.
pub struct Lab {
    child: Child,
    /// Host and port.
    pub address: String,
    token: String,
}

impl Lab {
    /// Starts a lab in this folder.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = rumormill(folder);
        let mut child = command.args(["lab", "--no-open", "--listen", "127.0.0.1:0"]).args(arguments).spawn().unwrap();
        let (found, address) = mpsc::channel();
        watch(child.stdout.take().unwrap(), found.clone());
        watch(child.stderr.take().unwrap(), found);
        let mut lab = Self { child, address: String::new(), token: String::new() };
        let url: String = address.recv_timeout(LIMIT).expect("the lab prints its address");
        let (address, token) = url.trim_start_matches("http://").split_once("/?token=").unwrap();
        lab.address = address.to_string();
        lab.token = token.to_string();
        lab
    }

    /// The lab's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks for something.
    pub fn get(&self, path: &str) -> Answer {
        request(&self.address, &self.token, "GET", path, None)
    }

    /// Asks for something with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        request(&self.address, &self.token, "POST", path, Some(body))
    }

    /// Starts a run and returns its id.
    pub fn launch(&self, order: &Value) -> String {
        let answer = self.post("/api/runs", order);
        assert_eq!(answer.status, 201, "{answer:#?}");
        answer.json()["run"].as_str().unwrap().to_string()
    }

    /// Waits until a run is as wanted.
    pub fn until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = eventually(Duration::from_secs(60), || {
            last = self.get(&format!("/api/runs/{run}")).json();
            wanted(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("the run never came to be as wanted: {last:#}"))
    }

    /// Ends the lab as Ctrl-C does, and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        signal(self.child.id(), "INT");
        eventually(LIMIT, || self.child.try_wait().unwrap()).expect("the lab ends when asked")
    }

    /// Ends the lab without asking.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what the lab prints to its end, and sends on the address that it names.
fn watch(output: impl Read + Send + 'static, found: mpsc::Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("lab: {line}");
            if let Some(address) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                let _ = found.send(address.to_string()); // nobody listens after the first
            }
        }
    });
}
