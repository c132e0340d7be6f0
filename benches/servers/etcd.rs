//! Calls of etcd, as JSON over HTTP.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::load::{Figures, Load};

/// Keys that calls are about.
const KEYS: u64 = 100_000;

/// Measures a server on this port, if it understands such calls: it has no pipelines, counters or hashes.
pub fn measure(port: u16, load: Load, scale: u64) -> Option<Figures> {
    let path = match load.call {
        "set" => "put",
        "get" => "range",
        _ => return None,
    };
    if load.pipeline > 1 {
        return None;
    }
    let url = format!("http://127.0.0.1:{port}/v3/kv/{path}");
    let each = load.calls(scale) / u64::from(load.clients);
    let begun = Instant::now();
    let clients: Vec<_> = (0..u64::from(load.clients))
        .map(|client| {
            let url = url.clone();
            std::thread::spawn(move || call(&url, client, each))
        })
        .collect();
    let mut spans: Vec<Duration> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let per_second = spans.len() as f64 / begun.elapsed().as_secs_f64();
    spans.sort();
    Some(Figures { per_second, p99: spans[spans.len() * 99 / 100].as_secs_f64() * 1_000.0 })
}

/// One client's calls, one after the other; how long each took.
fn call(url: &str, client: u64, calls: u64) -> Vec<Duration> {
    let agent = ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build());
    let put = url.ends_with("put");
    let one = |nth: u64| {
        let key = BASE64.encode(format!("key:{:012}", (nth * 7_919 + client * 104_729) % KEYS));
        let value = if put { r#","value":"eHh4""# } else { "" };
        let body = format!(r#"{{"key":"{key}"{value}}}"#);
        let begun = Instant::now();
        // The answer is read to its end, so that the connection can be used again.
        agent.post(url).send(body).unwrap().body_mut().read_to_string().unwrap();
        begun.elapsed()
    };
    (0..calls).map(one).collect()
}
