//! A lab under test, and a small HTTP client.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use rumormill_lab::Registry;
use rumormill_lab::experiment::Gallery;
use rumormill_lab::run::{PeerCommand, Workbench};
use rumormill_lab::server::{LabOptions, Serving, StoreOptions, serve};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Anything that takes longer is stuck.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A lab under test, with a folder for its runs.
pub struct Lab {
    pub serving: Serving,
    pub folder: TempDir,
    pub token: String,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.head, self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// The options of a lab for tests: any free port, runs in this folder.
pub fn options(folder: &TempDir) -> LabOptions {
    let gallery = Gallery::new().with_folder(folder.path().join("experiments"));
    let peer = PeerCommand { binary: "/bin/false".into(), args: Vec::new() };
    LabOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        reporter: None,
        runs_dir: folder.path().join("runs"),
        workbench: Workbench { gallery, registry: Registry::new(), peer },
        stores: StoreOptions { named: Vec::new(), announced: vec![folder.path().join("rumormill").join("stores")] },
    }
}

impl Lab {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::with(options(&folder), folder).await
    }

    pub async fn with(options: LabOptions, folder: TempDir) -> Self {
        let serving = serve(options).await.unwrap();
        let token = serving.address().split_once("token=").unwrap().1.to_owned();
        Self { serving, folder, token }
    }

    pub fn host(&self) -> String {
        self.serving.listen().to_string()
    }

    /// Sends exactly this head (without its last empty line) and body.
    pub async fn raw(&self, head: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.serving.listen()).await.unwrap();
        let request = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        // A server that refuses a body may close before it has read all of it.
        let _ = socket.write_all(request.as_bytes()).await;
        let mut bytes = Vec::new();
        tokio::time::timeout(PATIENCE, socket.read_to_end(&mut bytes)).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let (host, token) = (self.host(), &self.token);
        let kind = if body.is_some() { "\r\nContent-Type: application/json" } else { "" };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}{kind}");
        self.raw(&head, &body.map(|body| body.to_string()).unwrap_or_default()).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Starts flood with these fields over a small order that is quick; returns the run's id.
    pub async fn start(&self, more: Value) -> String {
        let answer = self.order(more).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["run"].as_str().unwrap().to_owned()
    }

    pub async fn order(&self, more: Value) -> Answer {
        let mut order =
            json!({ "experiment": "flood", "values": { "peers": 10 }, "as": "sim", "seed": 7, "speed": "max" });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask("POST", "/api/runs", Some(order)).await
    }

    /// The run, once it has ended.
    pub async fn end(&self, run: &str) -> Value {
        let began = Instant::now();
        loop {
            let told = self.get(&format!("/api/runs/{run}")).await;
            if told["state"] == "ended" {
                return told;
            }
            assert!(began.elapsed() < PATIENCE, "{run} does not end: {told}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Watches a run, as a page does.
    pub async fn watch(&self, run: &str, origin: Option<&str>) -> Result<Live, Error> {
        let address = format!("ws://{}/api/runs/{run}/live", self.host());
        let mut request = address.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Authorization", format!("Bearer {}", self.token).parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("Origin", origin.parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Live { socket })
    }
}

/// A page's socket.
pub struct Live {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Live {
    /// The next word of the lab; `None` when it said goodbye.
    pub async fn word(&mut self) -> Option<Value> {
        let word = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the lab says nothing");
        match word {
            Some(Ok(Message::Text(text))) => {
                assert!(text.len() <= 100_000, "a frame of {} bytes", text.len());
                Some(serde_json::from_str(&text).unwrap())
            }
            _ => None,
        }
    }

    /// All words until the run has ended and every peer was told; the greeting first.
    pub async fn until_end(&mut self, peers: usize) -> Vec<Value> {
        let mut words = Vec::new();
        let mut told = std::collections::BTreeSet::new();
        loop {
            let word = self.word().await.expect("the lab stays");
            told.extend(word["peers"].as_array().into_iter().flatten().map(|row| row[0].as_u64()));
            let ended = word["run"]["state"] == "ended" && word["run"].get("loading").is_none();
            let greeting = word["type"] == "hello";
            words.push(word);
            if ended && told.len() == peers && !greeting {
                return words;
            }
        }
    }
}

/// The last row told of each peer.
pub fn peers(words: &[Value]) -> std::collections::BTreeMap<u64, Value> {
    let rows = words.iter().flat_map(|word| word["peers"].as_array().cloned().unwrap_or_default());
    rows.map(|row| (row[0].as_u64().unwrap(), row)).collect()
}
