//! Numbers over time, comparisons, and what Prometheus reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::Lab;

/// Values times width, summed up.
fn counted(metrics: &Value, id: &str) -> u64 {
    let series = metrics["series"].as_array().unwrap().iter().find(|series| series["id"] == id);
    let values = series.unwrap_or_else(|| panic!("no series {id}"))["values"].as_array().unwrap();
    let sum: f64 = values.iter().map(|value| value.as_f64().unwrap()).sum();
    (sum * metrics["dt"].as_f64().unwrap()).round() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_of_a_run_are_the_same_live_and_recorded() {
    let lab = Lab::new().await;
    let run = lab.start(json!({})).await;
    let told = lab.end(&run).await;
    let live = lab.get(&format!("/api/runs/{run}/metrics")).await;
    for (id, what) in [("sent", "sent"), ("delivered", "delivered"), ("sent_bytes", "bytes")] {
        assert_eq!(json!(counted(&live, id)), told["messages"][what], "{id}");
    }
    let recorded = lab.get(&format!("/api/runs/{}/metrics", told["name"].as_str().unwrap())).await;
    assert_eq!((&live["series"], &live["histograms"]), (&recorded["series"], &recorded["histograms"]));
    let latency = &live["histograms"][0];
    assert_eq!((&latency["n"], &latency["name"]), (&told["messages"]["delivered"], &json!("all messages")));

    let table = lab.ask("GET", &format!("/api/runs/{run}/metrics.csv?width=7&series=sent*,up"), None).await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(table.header("content-disposition").unwrap().contains(&format!("{run}-metrics.csv")));
    let lines: Vec<&str> = table.body.lines().collect();
    assert!(lines[0].starts_with("time (s),sent (messages/s),sent:push (messages/s)"), "{}", lines[0]);
    assert!((2..=8).contains(&lines.len()), "{}", lines.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_has_metrics_and_wrong_wishes_are_named() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "speed": "0.05", "record": false })).await;
    let mut sent = 0;
    for _ in 0..200 {
        let metrics = lab.get(&format!("/api/runs/{run}/metrics?width=10&series=sent")).await;
        assert_eq!(metrics["series"].as_array().unwrap().len(), 1);
        sent = counted(&metrics, "sent");
        if sent > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(sent > 0, "nothing is counted while it runs");
    lab.ask("POST", &format!("/api/runs/{run}/stop"), None).await;
    let long = "x".repeat(300);
    for (wrong, field) in
        [("width=0", "width"), ("width=many", "width"), ("series=", ""), (&format!("series={long}"), "series")]
    {
        let answer = lab.ask("GET", &format!("/api/runs/{run}/metrics?{wrong}"), None).await;
        assert_eq!(answer.status, if field.is_empty() { 200 } else { 400 }, "{wrong}");
        assert!(answer.body.contains(field), "{}", answer.body);
    }
    assert_eq!(lab.ask("GET", "/api/runs/none/metrics", None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_one_seed_agree_and_of_two_differ_where_the_first_draw_differs() {
    let lab = Lab::new().await;
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let run = lab.start(json!({ "seed": seed })).await;
        lab.end(&run).await;
        runs.push(run);
    }
    let same = lab.get(&format!("/api/compare?runs={},{}", runs[0], runs[1])).await;
    assert_eq!((&same["difference"], &same["parameters"]), (&Value::Null, &json!([])));
    assert!(same["same"][0].as_u64().unwrap() > 100 && same["aligned"] == json!(["event by event"]));
    let sent = same["totals"].as_array().unwrap().iter().find(|total| total["name"] == "messages sent").unwrap();
    assert_eq!(sent["ratios"], json!([1.0, 1.0]));

    let other = lab.get(&format!("/api/compare?runs={}", runs.join(","))).await;
    assert_eq!(other["differences"][0], Value::Null);
    let difference = &other["difference"];
    assert_eq!((&difference["with"], &difference["n"]), (&json!(runs[2]), &difference["same"]));
    assert_ne!(difference["left"], difference["right"]);
    let seed = json!({ "name": "seed", "values": [7, 7, 8] });
    assert!(other["parameters"].as_array().unwrap().contains(&seed), "{}", other["parameters"]);

    for (wrong, words) in [
        ("".to_string(), "2 to 8"),
        (format!("?runs={}", runs[0]), "2 to 8"),
        (format!("?runs={0},{0}", runs[0]), "twice"),
        (format!("?runs={},none", runs[0]), "none"),
    ] {
        let answer = lab.ask("GET", &format!("/api/compare{wrong}"), None).await;
        assert!(matches!(answer.status, 400 | 404) && answer.body.contains(words), "{wrong}: {}", answer.body);
    }
}

/// A line of Prometheus' text format: name, labels, value. `None` when it is none.
fn sample(line: &str) -> Option<(String, BTreeMap<String, String>, f64)> {
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let (head, value) = line.rsplit_once(' ')?;
    let (name, mut rest) = match head.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}')?),
        None => (head, ""),
    };
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next()? {
                (_, '\\') => value.push(match letters.next()?.1 {
                    'n' => '\n',
                    same @ ('\\' | '"') => same,
                    _ => return None,
                }),
                (end, '"') => break end,
                (_, letter) => value.push(letter),
            }
        };
        let is_new = is_name(label) && labels.insert(label.to_string(), value).is_none();
        rest = &after[end + 1..];
        rest = if rest.is_empty() { rest } else { rest.strip_prefix(',')? };
        is_new.then_some(())?;
    }
    is_name(name).then_some(())?;
    Some((name.into(), labels, value.parse().ok()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_what_the_runs_do() {
    let lab = Lab::new().await;
    let run = lab.start(json!({})).await;
    let told = lab.end(&run).await;
    let answer = lab.ask("GET", "/metrics", None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    let (mut families, mut samples, mut family) = (BTreeSet::new(), Vec::new(), String::new());
    for line in answer.body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            assert!(what == "HELP" && families.insert(name.to_string()) || what == "TYPE" && name == family);
            assert!(what == "HELP" || ["counter", "gauge"].contains(&rest), "{line}");
            assert_eq!(what == "TYPE" && rest == "counter", what == "TYPE" && name.ends_with("_total"), "{line}");
            family = name.to_string();
        } else {
            let sample = sample(line).unwrap_or_else(|| panic!("no sample: {line}"));
            assert_eq!(sample.0, family, "samples stand together");
            samples.push(sample);
        }
    }
    let value = |name: &str, label: (&str, &str)| {
        let found = samples
            .iter()
            .find(|sample| sample.0 == name && sample.1.get(label.0).is_some_and(|value| value == label.1));
        found.unwrap_or_else(|| panic!("no {name} {label:?}")).2
    };
    assert_eq!(json!(value("rumormill_run_messages_total", ("what", "sent")) as u64), told["messages"]["sent"]);
    assert_eq!(value("rumormill_run_peers", ("state", "done")), 10.0);
    assert_eq!(value("rumormill_run_target_peers", ("state", "met")), 10.0);
    assert_eq!(value("rumormill_runs", ("state", "ended")), 1.0);
    assert_eq!(value("rumormill_run_info", ("outcome", "completed")), 1.0);
    let alone = lab.raw(&format!("GET /metrics HTTP/1.1\r\nHost: {}", lab.host()), "").await;
    assert_eq!(alone.status, 401, "the token is asked for");
}
