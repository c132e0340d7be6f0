//! HTTP with JSON: all that is described is served as described, and what is wrong is refused by name.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::store::Store;
use crate::support::folder;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    fn session(&self) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix("rumormill-session: "));
        line.unwrap_or_else(|| panic!("no session in {self:#?}")).to_string()
    }

    /// Checks that it is refused with this status, and that the message names the field.
    #[track_caller]
    fn refused(&self, status: u16, field: &str) {
        let error = self.json();
        assert_eq!((self.status, error["error"]["field"].as_str()), (status, Some(field)), "{self:#?}");
        assert!(error["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{self:#?}");
    }
}

/// Asks, with further header lines.
pub fn send(address: &str, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let host = if headers.iter().any(|line| line.starts_with("Host:")) {
        String::new()
    } else {
        format!("Host: {address}\r\n")
    };
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("{method} {path} HTTP/1.0\r\n{host}{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body.as_bytes()); // who refuses need not read it
    let mut text = Vec::new();
    let ended = stream.read_to_end(&mut text);
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{ended:?}: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Answer { status, head: head.to_string(), body: body.to_string() }
}

/// Every call that is described: method, address as described, address as called, body, and the status.
fn calls() -> Vec<(&'static str, &'static str, &'static str, Value, u16)> {
    let none = Value::Null;
    let film = json!({
        "movies": [{"id": 1, "title": "Alien", "year": 1979, "genres": ["Horror"]}],
        "ratings": [{"user": 2, "movie": 1, "stars": 4.5, "time": 1}],
    });
    vec![
        ("get", "/", "/", none.clone(), 200),
        ("get", "/openapi.json", "/openapi.json", none.clone(), 200),
        ("put", "/v1/keys/{key}", "/v1/keys/a%20b", json!({"value": "1"}), 200),
        ("get", "/v1/keys/{key}", "/v1/keys/a%20b", none.clone(), 200),
        ("get", "/v1/keys/{key}", "/v1/keys/none", none.clone(), 404),
        ("post", "/v1/keys/{key}/add", "/v1/keys/a%20b/add", json!({"by": -3}), 200),
        ("put", "/v1/keys/{key}/fields/{field}", "/v1/keys/h/fields/f", json!({"value": "2"}), 200),
        ("post", "/v1/keys/{key}/fields/{field}/add", "/v1/keys/h/fields/f/add", json!({"by": 5}), 200),
        ("get", "/v1/keys/{key}/fields/{field}", "/v1/keys/h/fields/f", none.clone(), 200),
        ("get", "/v1/keys/{key}/fields/{field}", "/v1/keys/h/fields/g", none.clone(), 404),
        ("get", "/v1/keys/{key}/fields", "/v1/keys/h/fields", none.clone(), 200),
        ("get", "/v1/keys/{key}/members", "/v1/keys/h/members", none.clone(), 409),
        ("put", "/v1/keys/{key}/members/{member}", "/v1/keys/s/members/m", none.clone(), 200),
        ("get", "/v1/keys/{key}/members/{member}", "/v1/keys/s/members/m", none.clone(), 200),
        ("get", "/v1/keys/{key}/members", "/v1/keys/s/members", none.clone(), 200),
        ("delete", "/v1/keys/{key}/members/{member}", "/v1/keys/s/members/m", none.clone(), 200),
        ("delete", "/v1/keys/{key}/fields/{field}", "/v1/keys/h/fields/f", none.clone(), 200),
        ("get", "/v1/keys", "/v1/keys?pattern=*&count=10", none.clone(), 200),
        ("delete", "/v1/keys/{key}", "/v1/keys/a%20b", none.clone(), 200),
        ("post", "/v1/movies", "/v1/movies", film, 200),
        ("get", "/v1/movies", "/v1/movies", none.clone(), 200),
        ("get", "/v1/movies", "/v1/movies?title=Alien", none.clone(), 200),
        ("get", "/v1/movies/{movie}", "/v1/movies/1", none.clone(), 200),
        ("get", "/v1/movies/{movie}", "/v1/movies/2", none.clone(), 404),
        ("put", "/v1/movies/{movie}/ratings/{user}", "/v1/movies/1/ratings/7", json!({"stars": 5}), 200),
        ("get", "/v1/movies/{movie}/ratings/{user}", "/v1/movies/1/ratings/7", none.clone(), 200),
        ("delete", "/v1/movies/{movie}/ratings/{user}", "/v1/movies/1/ratings/7", none.clone(), 200),
        ("get", "/v1/titles", "/v1/titles?prefix=Al", none.clone(), 200),
        ("get", "/v1/replicas", "/v1/replicas", none.clone(), 200),
        ("put", "/v1/replicas/{replica}/service", "/v1/replicas/2/service", json!({"service": "online"}), 200),
        ("post", "/v1/replicas/{replica}/gossip", "/v1/replicas/2/gossip", none.clone(), 200),
        ("put", "/v1/replicas/{replica}/member", "/v1/replicas/2/member", json!({"member": true}), 200),
        ("put", "/v1/replicas/{replica}/member", "/v1/replicas/4/member", json!({"member": true}), 404),
        ("post", "/v1/replicas/{replica}/gossip", "/v1/replicas/9/gossip", none, 404),
    ]
}

#[test]
fn all_that_is_described_is_served() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let address = store.http(0);
    let description = send(&address, "GET", "/openapi.json", &[], "").json();
    let mut rest: BTreeSet<(String, String)> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let mut token = None;
    for (method, described, path, body, status) in calls() {
        let session = token.as_ref().map(|token| format!("Rumormill-Session: {token}"));
        let headers: Vec<&str> = session.iter().map(String::as_str).collect();
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = send(&address, &method.to_uppercase(), path, &headers, &text);
        assert_eq!(answer.status, status, "{method} {path}: {answer:#?}");
        let responses = &description["paths"][described][method]["responses"];
        assert!(responses[status.to_string()].is_object(), "{method} {described} does not say {status}: {responses}");
        answer.json();
        if answer.head.contains("rumormill-session: ") {
            token = Some(answer.session());
        }
        rest.remove(&(method.to_string(), described.to_string()));
    }
    assert!(rest.is_empty(), "not called: {rest:?}");
}

#[test]
fn a_token_carries_a_session_to_another_front_end() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--front-ends", "2", "--gossip-every", "5s"]);
    let [here, there] = [0, 1].map(|place| store.http(place));
    let mut header = String::new();
    for nth in 0..10 {
        let value = json!({ "value": nth.to_string() });
        // The first request has seen nothing.
        let headers = &[header.as_str()][usize::from(nth == 0)..];
        let written = send(&here, "PUT", "/v1/keys/news", headers, &value.to_string());
        assert_eq!(written.status, 200, "{written:#?}");
        header = format!("Rumormill-Session: {}", written.session());
        let read = send(&there, "GET", "/v1/keys/news", &[&header], "");
        assert_eq!(read.json()["value"], json!(nth.to_string()), "{read:#?}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let address = store.http(0);
    let ask = |method: &str, path: &str, body: &str| send(&address, method, path, &[], body);
    for (method, path, body, field) in [
        ("PUT", "/v1/keys/a", r#"{"value": 1}"#, "value"),
        ("PUT", "/v1/keys/a", "", "body"),
        ("PUT", "/v1/keys/a", r#"{"value": "1"} x"#, "body"),
        ("POST", "/v1/keys/a/add", r#"{"by": 1.5}"#, "by"),
        ("GET", "/v1/keys?count=many", "", "count"),
        ("GET", "/v1/keys?cursor=-1", "", "cursor"),
        ("GET", "/v1/keys/a?patience_ms=long", "", "patience_ms"),
        ("GET", "/v1/keys/a?patience_ms=99999999", "", "patience_ms"),
        ("GET", "/v1/keys/a?order=any", "", "order"),
        ("GET", "/v1/keys/%ff", "", "address"),
        ("GET", "/v1/titles?most=all", "", "most"),
        ("GET", "/v1/movies/x", "", "movie"),
        ("GET", "/v1/movies/1/ratings/x", "", "user"),
        ("PUT", "/v1/movies/1/ratings/1", r#"{"stars": 6}"#, "stars"),
        ("POST", "/v1/movies", r#"{"movies": [{"id": 1, "title": 2}]}"#, "movies[0].title"),
        ("PUT", "/v1/replicas/1/service", r#"{"service": "tired"}"#, "service"),
        ("PUT", "/v1/replicas/1/member", r#"{"member": "yes"}"#, "member"),
        ("PUT", "/v1/replicas/1/member", r#"{"member": true, "dead": true}"#, "dead"),
    ] {
        ask(method, path, body).refused(400, field);
    }
    send(&address, "GET", "/v1/keys/a", &["Rumormill-Session: nonsense"], "").refused(400, "rumormill-session");
    ask("PUT", "/v1/keys/a", &"x".repeat(3 << 20)).refused(413, "body");
    assert_eq!(ask("GET", "/nowhere", "").status, 404);
    assert_eq!(ask("POST", "/v1/keys/a", "").status, 405);
}

#[test]
fn pages_of_other_sites_are_refused() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let address = store.http(0);
    for header in ["Host: shop.example", "Host: shop.example:80", "Origin: http://shop.example", "Origin: null"] {
        assert_eq!(send(&address, "GET", "/v1/keys", &[header], "").status, 403, "{header}");
    }
    // A page can have a browser send these without asking first, with text that is JSON.
    for header in ["Origin: http://127.0.0.1:1", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"] {
        let body = r#"{"movies": [{"id": 1, "title": "Planted"}]}"#;
        let answer = send(&address, "POST", "/v1/movies", &[header, "Content-Type: text/plain"], body);
        assert_eq!(answer.status, 403, "{header}: {answer:#?}");
        assert_eq!(send(&address, "POST", "/v1/keys/n/add", &[header], r#"{"by": 1}"#).status, 403, "{header}");
    }
    assert_eq!(send(&address, "GET", "/v1/movies", &[], "").json()["movies"], json!(0));
    assert_eq!(send(&address, "GET", "/v1/keys/n", &[], "").status, 404);
    let own = format!("Origin: http://{address}");
    for header in ["Host: localhost", own.as_str()] {
        assert_eq!(send(&address, "GET", "/v1/keys", &[header], "").status, 200, "{header}");
    }
}
