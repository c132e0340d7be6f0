//! What is done to a run by hand is part of its plan, and a saved plan repeats it.

use serde_json::{Value, json};

use crate::client::Lab;

async fn inject(lab: &Lab, run: &str, fault: Value) -> f64 {
    let answer = lab.ask("POST", &format!("/api/runs/{run}/faults"), Some(json!({ "fault": fault }))).await;
    assert_eq!(answer.status, 200, "{fault}: {}", answer.body);
    answer.json()["at_s"].as_f64().unwrap()
}

fn numbers(numbers: &[u32]) -> Value {
    json!({ "numbers": numbers })
}

/// One of each kind.
fn faults() -> Vec<Value> {
    let conditions = json!({ "loss": 0.25, "duplication": 0.1, "reordering": 0.1,
        "reordering_by": { "secs": 0, "nanos": 3_000_000 }, "delay": { "secs": 0, "nanos": 1_234_567 }, "bandwidth": null });
    vec![
        json!({ "crash": { "peers": numbers(&[3]) } }),
        json!({ "partition": { "groups": [numbers(&[1, 2]), { "share": { "from": 0.5, "to": 1.0 } }] } }),
        json!({ "pause": { "peers": numbers(&[5]) } }),
        json!({ "slow": { "peers": numbers(&[6]), "by": { "secs": 0, "nanos": 777_001 } } }),
        json!("heal"),
        json!({ "cut": { "from": numbers(&[7]), "to": "all", "both": false } }),
        json!({ "link": { "from": numbers(&[8]), "to": numbers(&[9]), "conditions": conditions } }),
        json!({ "clock": { "peers": { "random": { "count": 2, "draw": 1 } }, "offset_ns": -5_000_001, "drift_ppm": 40 } }),
        json!({ "restart": { "peers": numbers(&[3]), "disk": "lost" } }),
        json!({ "resume": { "peers": numbers(&[5]) } }),
        json!({ "conditions": conditions }),
        json!({ "crash": { "peers": numbers(&[4]) } }),
        json!({ "restart": { "peers": "all", "disk": "kept" } }),
        json!("heal"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_broken_by_hand_is_saved_and_happens_again() {
    let lab = Lab::new().await;
    let values = json!({ "peers": 10, "messages": "peerid % 4" });
    let run = lab.start(json!({ "speed": "0.1", "values": values, "seed": 11 })).await;
    let mut last = 0.0;
    for (count, fault) in faults().into_iter().enumerate() {
        tokio::time::sleep(std::time::Duration::from_millis(7 * (count as u64 % 5) + 11)).await;
        let at = inject(&lab, &run, fault).await;
        assert!(at >= last, "{at} after {last}");
        last = at;
        let planned = lab.get(&format!("/api/runs/{run}")).await;
        assert_eq!(planned["plan"]["faults"].as_array().unwrap().len(), count + 1);
        assert_eq!(planned["by_hand"], json!(count + 1));
    }
    let broken = lab.end(&run).await;
    assert_eq!(broken["outcome"], "completed", "{broken}");

    let body = json!({ "name": "by-hand", "title": "Broken by hand" });
    let saved = lab.ask("POST", &format!("/api/runs/{run}/save"), Some(body.clone())).await;
    assert_eq!(saved.status, 201, "{}", saved.body);
    let source = saved.json()["source"].as_str().unwrap().to_owned();
    assert!(source.contains("peerid % 4") && source.contains("--seed 11"), "{source}");
    let listed = lab.get("/api/experiments").await;
    let listed = listed["experiments"].as_array().unwrap().iter().find(|one| one["name"] == "by-hand").unwrap().clone();
    assert_eq!((&listed["title"], &listed["broken"]), (&json!("Broken by hand"), &Value::Null));
    let again = lab.start(json!({ "experiment": "by-hand", "values": {}, "seed": 11 })).await;
    assert_eq!(lab.end(&again).await["digest"], broken["digest"], "{source}");

    let twice = lab.ask("POST", &format!("/api/runs/{run}/save"), Some(body.clone())).await;
    assert_eq!(twice.status, 409, "{}", twice.body);
    let mut over = body;
    over["overwrite"] = json!(true);
    assert_eq!(lab.ask("POST", &format!("/api/runs/{run}/save"), Some(over)).await.status, 201);
    for wrong in ["../evil", "", "Flood", "a b", "-x", "flood"] {
        let answer = lab.ask("POST", &format!("/api/runs/{run}/save"), Some(json!({ "name": wrong }))).await;
        assert!([400, 409].contains(&answer.status), "{wrong}: {}", answer.body);
    }
    assert!(!lab.folder.path().join("evil.star").exists());
    let late = lab.ask("POST", &format!("/api/runs/{run}/faults"), Some(json!({ "fault": "heal" }))).await;
    assert_eq!((late.status, &late.json()["error"]["next"]), (409, &json!("branch the run at the cursor")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_cannot_be_names_its_field() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "speed": "0.00001" })).await;
    for (fault, field) in [
        (json!({ "crash": { "peers": numbers(&[11]) } }), "fault.peers"),
        (json!({ "partition": { "groups": [numbers(&[0])] } }), "fault.groups[0]"),
        (json!({ "clock": { "peers": "all", "offset_ns": 0, "drift_ppm": 2_000_000_000 } }), "fault.drift_ppm"),
    ] {
        let answer = lab.ask("POST", &format!("/api/runs/{run}/faults"), Some(json!({ "fault": fault }))).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (400, &json!(field)), "{}", answer.body);
    }
    for wrong in [json!({ "explode": {} }), json!(7), json!({ "crash": {} })] {
        let answer = lab.ask("POST", &format!("/api/runs/{run}/faults"), Some(json!({ "fault": wrong }))).await;
        assert!([400, 422].contains(&answer.status), "{wrong}: {}", answer.body);
    }
    assert_eq!(lab.get(&format!("/api/runs/{run}")).await["by_hand"], 0);
    lab.ask("POST", &format!("/api/runs/{run}/stop"), None).await;
    lab.end(&run).await;
}
