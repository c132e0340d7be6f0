//! Through whom each peer first heard something.

use std::collections::BTreeMap;

use rumormill_core::trace::Kind;
use rumormill_trace::Run;
use serde_json::json;

use crate::client::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_of_first_deliveries_is_that_of_the_recording() {
    let lab = Lab::new().await;
    let values = json!({ "peers": 30, "messages": "1 if peerid == 4 else 0" });
    let run = lab.start(json!({ "values": values })).await;
    let ended = lab.end(&run).await;
    let tree = lab.get(&format!("/api/runs/{run}/tree?name=push")).await;
    let parents = tree["parents"].as_array().unwrap();
    assert_eq!((parents.len(), &tree["reached"]), (29, &json!(29)), "all but the one that began");

    let recording = Run::at(ended["folder"].as_str().unwrap().as_ref()).unwrap();
    let mut first = BTreeMap::new();
    let heard = recording.events().flatten().filter(|event| event.kind == Kind::Delivered && event.name == "push");
    for event in heard {
        first.entry(event.peer.0).or_insert((event.other.unwrap().0, event.time.as_secs_f64()));
    }
    for row in parents {
        let (from, t) = first[&row[0].as_u64().unwrap()];
        assert_eq!((&row[1], &row[2]), (&json!(from), &json!(t)), "peer {}", row[0]);
        assert_ne!(row[0], json!(4));
    }
    assert_eq!(tree["last"], parents.last().unwrap()[0]);

    let nothing = lab.get(&format!("/api/runs/{run}/tree?name=nothing")).await;
    assert_eq!(nothing, json!({ "parents": [], "reached": 0, "last": null }));
    assert_eq!(lab.ask("GET", &format!("/api/runs/{run}/tree?kind=push"), None).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_recorded_has_no_tree() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "record": false })).await;
    lab.end(&run).await;
    let answer = lab.ask("GET", &format!("/api/runs/{run}/tree"), None).await;
    assert_eq!(answer.status, 409);
    assert!(answer.json()["error"]["next"].as_str().unwrap().contains("recording on"), "{}", answer.body);
}
