//! What is done to a run by hand is part of its plan, and a saved plan repeats it.

use rumormill_core::plan::Timed;
use serde_json::{Value, json};

use crate::client::Lab;
use crate::model::Told;
use crate::past::Page;

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
async fn peers_paused_by_hand_look_paused_now_and_in_the_past() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "speed": "0.02", "values": { "peers": 10, "messages": "5" } })).await;
    let paused = |told: &Told| -> Vec<u64> {
        told.model.peers.iter().filter(|(_, peer)| peer.0 == 3).map(|(&id, _)| id).collect()
    };
    let mut page = Page::open(&lab, &run).await;
    page.until("the peers are up", |told| told.model.peers.len() == 10 && told.model.delivered > 0).await;
    let some = json!({ "share": { "from": 0.0, "to": 0.3 } });
    let at = inject(&lab, &run, json!({ "pause": { "peers": some } })).await;
    page.until("they are paused", |told| paused(told) == vec![1, 2, 3]).await;
    inject(&lab, &run, json!({ "resume": { "peers": numbers(&[2]) } })).await;
    page.until("one goes on", |told| paused(told) == vec![1, 3]).await;
    let resumed = inject(&lab, &run, json!({ "resume": { "peers": "all" } })).await;
    page.until("all go on", |told| paused(told).is_empty()).await;
    assert_eq!(lab.end(&run).await["outcome"], "completed");

    let mut page = Page::open(&lab, &run).await;
    for (t, expected) in [(at, vec![1, 2, 3]), (at / 2.0, vec![]), (resumed, vec![]), ((at + resumed) / 2.0, vec![9])] {
        page.say(json!({ "type": "seek", "t": t })).await;
        page.until("the time", |told| told.is_past && (told.cursor["t"].as_f64().unwrap() - t).abs() < 2e-9).await;
        let paused: Vec<u64> = paused(&page.told);
        // Between the two ends of the pause, it depends on when the first one was.
        assert!(paused == expected || expected == [9] && paused.starts_with(&[1]), "at {t}: {paused:?}");
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_done_to_real_peers_survives_being_saved() {
    let lab = Lab::new().await;
    let values = json!({ "peers": 10, "messages": "peerid % 3" });
    let run = lab.start(json!({ "experiment": "flood-faults", "values": values })).await;
    let folder = lab.end(&run).await["folder"].as_str().unwrap().to_owned();
    let mut file = rumormill_trace::Run::at(folder.as_ref()).unwrap().file().clone();
    file.mode = rumormill_trace::Mode::Processes;
    let mut all = faults();
    all.push(json!({ "request": { "peers": numbers(&[1, 9]), "text": "say \"hi\" \\ {x}" } }));
    all.push(json!({ "join": { "peers": { "share": { "from": 0.1, "to": 0.35 } } } }));
    let set = json!({ "anti_entropy": { "flag": false }, "messages": { "per_peer": [[2, 4], [5, 6]] } });
    all.push(json!({ "set": { "parameters": set } }));
    file.plan.faults = (1_u32..)
        .zip(all)
        .map(|(count, fault)| Timed {
            at: std::time::Duration::from_nanos(1_234_567_891) * count,
            fault: serde_json::from_value(fault).unwrap(),
        })
        .collect();
    let recorder = rumormill_trace::Recorder::create(&lab.folder.path().join("runs"), file.clone()).unwrap();
    let name = recorder.folder().file_name().unwrap().to_str().unwrap().to_owned();
    recorder.finish(file.clone()).unwrap();

    let saved = lab.ask("POST", &format!("/api/runs/{name}/save"), Some(json!({ "name": "real" }))).await;
    assert_eq!(saved.status, 201, "{}", saved.body);
    let experiment = crate::client::options(&lab.folder).workbench.gallery.find("real").unwrap();
    let setup = experiment.resolve(&Default::default()).unwrap();
    assert_eq!(setup.plan, file.plan, "{}", saved.json()["source"].as_str().unwrap());
    assert_eq!((setup.parameters, setup.topology), (file.parameters, file.topology));
}
