//! Going back in a run, and branching it, as pages do.

use serde_json::{Value, json};

use crate::client::Lab;

async fn faults_run(lab: &Lab) -> (String, Value) {
    let run = lab.start(json!({ "experiment": "flood-faults", "seed": 3 })).await;
    let told = lab.end(&run).await;
    (run, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_a_peer_as_it_was() {
    let lab = Lab::new().await;
    let (run, _) = faults_run(&lab).await;
    let seen = lab.get(&format!("/api/runs/{run}/state?peer=3&t=1.5")).await;
    assert_eq!((&seen["peer"], &seen["t"], &seen["state"]["name"]), (&json!(3), &json!(1.5), &json!("Flood")));
    assert!(seen["timers"].as_array().unwrap().iter().all(|timer| timer["at"].as_f64().unwrap() > 1.5), "{seen}");
    assert!(seen["disk"]["bytes"].as_u64().unwrap() > 0, "{seen}");
    // The same event in three ways: from the log, as the state's moment, as a message.
    let log = lab.get(&format!("/api/runs/{run}/log?kind=delivered&peer=3&limit=1")).await;
    let event = &log["events"][0];
    let id = event["id"].as_str().unwrap();
    let peer = &event["peer"];
    let at = lab.get(&format!("/api/runs/{run}/state?peer={peer}&event={id}")).await;
    assert_eq!((&at["event"], &at["t"]), (&event["id"], &event["t"]));
    let message = lab.get(&format!("/api/runs/{run}/message?event={id}")).await;
    assert_eq!((&message["event"], &message["source"]), (event, &json!("re-executed")));
    assert_eq!(message["bytes"].as_str().unwrap().len() as u64, 2 * event["bytes"].as_u64().unwrap());
    assert_eq!(message["length"], event["bytes"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_a_run_that_remembers_where_it_came_from() {
    let lab = Lab::new().await;
    let (run, parent) = faults_run(&lab).await;
    let branch = async |order: Value| {
        let answer = lab.ask("POST", &format!("/api/runs/{run}/branch"), Some(order)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        lab.end(answer.json()["run"].as_str().unwrap()).await
    };
    let same = branch(json!({ "at_s": 2.25, "speed": "max" })).await;
    assert_eq!((&same["digest"], &same["outcome"]), (&parent["digest"], &parent["outcome"]));
    assert_eq!(same["parent"], json!({ "run": parent["name"], "at_s": 2.25 }));
    let crash = json!({ "crash": { "peers": { "numbers": [5] } } });
    let other = branch(json!({ "at_s": 2.25, "speed": "max", "faults": [crash], "values": { "loss": 0.1 } })).await;
    assert_ne!(other["digest"], parent["digest"]);
    assert_eq!(other["by_hand"], json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_or_branched_is_said() {
    let lab = Lab::new().await;
    let (run, _) = faults_run(&lab).await;
    for (question, status, says) in [
        ("state", 400, "peer: say which"),
        ("state?peer=x", 400, "peer: expected a whole number"),
        ("state?peer=21", 404, "there is no peer 21"),
        ("state?peer=3&t=soon", 400, "t: "),
        ("state?peer=3&event=7", 404, "no event 7"),
        ("message?event=x", 400, "is no event's id"),
        ("message?event=1", 400, "about no message"),
    ] {
        let answer = lab.ask("GET", &format!("/api/runs/{run}/{question}"), None).await;
        assert_eq!(answer.status, status, "{question}: {}", answer.body);
        assert!(answer.body.contains(says), "{question}: {}", answer.body);
    }
    for (order, field) in [
        (json!({}), "at_s"),
        (json!({ "at_s": 1000.0 }), "at_s"),
        (json!({ "at_s": -1.0 }), "at_s"),
        (json!({ "at_s": 1, "values": { "pears": 3 } }), "pears"),
        (json!({ "at_s": 1, "faults": ["heal", { "crash": { "peers": { "numbers": [21] } } }] }), "faults[1].peers"),
        (json!({ "at_s": 1, "speed": "fast" }), "speed"),
    ] {
        let answer = lab.ask("POST", &format!("/api/runs/{run}/branch"), Some(order.clone())).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (400, &json!(field)), "{order}: {}", answer.body);
    }
}
