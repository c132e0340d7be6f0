//! Stores of real servers, as the page sees them: front ends here are played by the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumormill_lab::server::{Announcement, RunningStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{Lab, options};

/// A front end that gives the same answer to everything, and remembers what it was asked.
struct Front {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Front {
    async fn answering(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (answer, notes) = (answer.clone(), Arc::clone(&notes));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut part = [0; 1024];
                    while !is_whole(&request) {
                        let count = socket.read(&mut part).await.unwrap_or(0);
                        if count == 0 {
                            return;
                        }
                        request.extend_from_slice(&part[..count]);
                    }
                    notes.lock().unwrap().push(String::from_utf8(request).unwrap());
                    let _ = socket.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { address, asked }
    }

    async fn saying(body: &Value) -> Self {
        Self::answering(http("200 OK", &body.to_string())).await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn replica() -> Value {
    let line = json!({ "replica": 1, "forced": false, "incarnation": 0, "held": 5, "executed": 4 });
    let forced = json!({ "replica": null, "forced": true, "incarnation": 0, "held": 1, "executed": 1 });
    json!({
        "replica": 1, "reached": true, "member": true, "fenced": false, "out_of_touch": true,
        "stopped": false, "version": 0, "after_ms": 0.25, "service": "online", "lines": [line, forced], "log": 2,
        "sessions": 3, "waiting": 0, "gossip_sent": 7, "gossip_received": 8, "executed": 5, "queries": 9,
        "primary": 1,
    })
}

fn status(address: &str) -> String {
    format!("/api/stores/{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_is_asked_for_its_replicas_and_nothing_else() {
    let lab = Lab::new().await;
    let front = Front::saying(&json!({ "replicas": [replica(), { "replica": 2, "reached": false }] })).await;
    let told = lab.get(&status(&front.address)).await;
    assert_eq!((&told["answers"], &told["address"]), (&json!(true), &json!(front.address)));
    assert_eq!(told["told"]["replicas"][0], replica());
    assert_eq!(told["told"]["replicas"][1]["reached"], false);
    let asked = front.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /v1/replicas HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(!asked[0].contains(&lab.token), "the lab's token is nobody else's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_switched_and_gossips() {
    let lab = Lab::new().await;
    let front = Front::saying(&replica()).await;
    let path = format!("{}/replicas/1", status(&front.address));
    let offline = lab.ask("PUT", &format!("{path}/service"), Some(json!({ "service": "offline" }))).await;
    assert_eq!((offline.status, offline.json()), (200, replica()));
    assert_eq!(lab.ask("POST", &format!("{path}/gossip"), None).await.status, 200);
    let asked = front.asked();
    assert!(asked[0].starts_with("PUT /v1/replicas/1/service HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].ends_with("{\"service\":\"offline\"}"), "{}", asked[0]);
    assert!(asked[1].starts_with("POST /v1/replicas/1/gossip HTTP/1.1\r\n"), "{}", asked[1]);
    for body in [json!({ "service": "gone" }), json!({}), json!({ "service": "online", "more": 1 })] {
        let refused = lab.ask("PUT", &format!("{path}/service"), Some(body)).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
    for number in ["x", "-1", "1%2F..%2F..%2Fkeys", "99999999999"] {
        let path = format!("{}/replicas/{number}/gossip", status(&front.address));
        assert_eq!(lab.ask("POST", &path, None).await.status, 400, "{number}");
    }
    assert_eq!(front.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_front_ends_on_this_machine_are_asked() {
    let lab = Lab::new().await;
    let front = Front::saying(&json!({ "replicas": [] })).await;
    let port = front.address.rsplit_once(':').unwrap().1;
    for (address, words) in [
        ("10.0.0.1:80".to_string(), "not on this machine"),
        ("169.254.169.254:80".to_string(), "not on this machine"),
        (format!("0.0.0.0:{port}"), "not on this machine"),
        ("evil.example:80".to_string(), "http://127.0.0.1:40123"),
        (format!("{}%2Fv1%2Fkeys%2Fa%3F", front.address), "http://127.0.0.1:40123"),
        (format!("https:%2F%2F{}", front.address), "http://127.0.0.1:40123"),
        ("127.0.0.1:0".to_string(), "http://127.0.0.1:40123"),
    ] {
        let refused = lab.ask("GET", &status(&address), None).await;
        assert_eq!(refused.status, 400, "{address}");
        let error = refused.json()["error"].clone();
        assert_eq!(error["field"], "address");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        let named = address.replace("%2F", "/").replace("%3F", "?");
        let refused = lab.ask("POST", "/api/stores", Some(json!({ "address": named }))).await;
        assert_eq!(refused.status, 400, "{address}");
    }
    let spelled = format!("http:%2F%2Flocalhost:{port}%2F");
    assert_eq!(lab.get(&status(&spelled)).await["address"], front.address);
    assert_eq!(front.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_are_for_who_has_the_token() {
    let lab = Lab::new().await;
    let front = Front::saying(&json!({ "replicas": [] })).await;
    let host = lab.host();
    for line in [
        "GET /api/stores".to_string(),
        format!("GET {}", status(&front.address)),
        format!("PUT {}/replicas/1/service", status(&front.address)),
    ] {
        let answer = lab.raw(&format!("{line} HTTP/1.1\r\nHost: {host}"), "").await;
        assert_eq!(answer.status, 401, "{line}");
    }
    assert!(front.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_front_end_is_said_to_be_none() {
    let lab = Lab::new().await;
    let other = Front::saying(&json!({ "replicas": [] })).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", other.address);
    let huge = http("200 OK", &format!("{{\"replicas\": [{}]}}", " ".repeat(2 << 20)));
    for answer in [
        redirect,
        huge,
        http("200 OK", "{}"),
        http("200 OK", "{\"replicas\": [{\"replica\": \"one\"}]}"),
        http("200 OK", "\u{0}"),
        http("404 Not Found", "no such page"),
        "220 smtp.example ESMTP\r\n".repeat(10_000),
    ] {
        let front = Front::answering(answer.clone()).await;
        let told = lab.get(&status(&front.address)).await;
        let beginning: String = answer.chars().take(60).collect();
        assert_eq!((&told["answers"], &told["told"]), (&json!(false), &Value::Null), "{beginning}");
        assert!(told["why"].as_str().unwrap().contains(&front.address), "{told}");
    }
    assert!(other.asked().is_empty(), "no redirect is followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_a_calm_answer() {
    let lab = Lab::new().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let told = lab.get(&status(&nobody.to_string())).await;
    assert_eq!(told["answers"], false);
    assert!(told["why"].as_str().unwrap().contains("nobody listens there"), "{told}");
    let path = format!("{}/replicas/1/gossip", status(&nobody.to_string()));
    let refused = lab.ask("POST", &path, None).await;
    assert_eq!(refused.status, 504);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let path = status(&silent.local_addr().unwrap().to_string());
    let told = tokio::time::timeout(Duration::from_secs(15), lab.get(&path)).await.unwrap();
    assert!(told["why"].as_str().unwrap().contains("no answer within 6 s"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_passed_on_in_the_front_ends_words() {
    let lab = Lab::new().await;
    let body = json!({ "error": { "message": "no replica \"9\"; they are numbered 1 to 3", "field": null } });
    let front = Front::answering(http("404 Not Found", &body.to_string())).await;
    let refused = lab.ask("POST", &format!("{}/replicas/9/gossip", status(&front.address)), None).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["message"], body["error"]["message"]);
    let body = json!({ "error": { "message": "replica 2 does not answer; is it running?", "field": null } });
    let front = Front::answering(http("502 Bad Gateway", &body.to_string())).await;
    let refused = lab.ask("POST", &format!("{}/replicas/2/gossip", status(&front.address)), None).await;
    assert_eq!((refused.status, &refused.json()["error"]["message"]), (504, &body["error"]["message"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_those_that_are_up_and_those_that_were_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.stores.named = vec!["127.0.0.1:40001".parse().unwrap()];
    let announced = options.stores.announced.clone();
    let lab = Lab::with(options, folder).await;
    let listed = async || {
        let told = lab.get("/api/stores").await;
        let stores = told["stores"].as_array().unwrap().clone();
        stores.iter().map(|store| store["address"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["127.0.0.1:40001"]);
    let store = RunningStore {
        pid: std::process::id(),
        folder: "/shop".into(),
        replicas: 3,
        front_ends: vec!["127.0.0.1:40002".parse().unwrap(), "127.0.0.1:40003".parse().unwrap()],
    };
    let up = Announcement::new(&store, &announced).unwrap();
    assert_eq!(listed().await, ["127.0.0.1:40002", "127.0.0.1:40001"]);
    assert_eq!(lab.get("/api/stores").await["stores"][0]["replicas"], 3);
    let name = async |address: &str| lab.ask("POST", "/api/stores", Some(json!({ "address": address }))).await;
    // Its second front end is no store of its own.
    for address in ["http://127.0.0.1:40003", "http://localhost:40004/", "127.0.0.1:40004"] {
        assert_eq!(name(address).await.status, 201, "{address}");
    }
    assert_eq!(listed().await, ["127.0.0.1:40002", "127.0.0.1:40001", "127.0.0.1:40004"]);
    drop(up);
    assert_eq!(listed().await, ["127.0.0.1:40001", "127.0.0.1:40003", "127.0.0.1:40004"]);
    assert_eq!(lab.ask("DELETE", "/api/stores/127.0.0.1:40001", None).await.status, 200);
    assert_eq!(lab.ask("DELETE", "/api/stores/127.0.0.1:40001", None).await.status, 409);
    assert_eq!(listed().await, ["127.0.0.1:40003", "127.0.0.1:40004"]);
    for port in 41_000..41_062 {
        assert_eq!(name(&format!("127.0.0.1:{port}")).await.status, 201);
    }
    let full = name("127.0.0.1:42000").await;
    assert_eq!((full.status, &full.json()["error"]["next"]), (409, &json!("stop watching one first")));
}
