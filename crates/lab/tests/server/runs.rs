//! Runs: started, watched, stopped, recorded, deleted.

use serde_json::{Value, json};

use crate::client::{Lab, Live, options, peers};

/// A run that would take hours.
fn endless() -> Value {
    json!({ "speed": "0.00001" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_a_run_from_beginning_to_end() {
    let lab = Lab::new().await;
    let run =
        lab.start(json!({ "speed": "1", "values": { "peers": 10, "messages": "100 if peerid == 1 else 0" } })).await;
    let words = lab.watch(&run, None).await.unwrap().until_end(10).await;
    let hello = &words[0];
    assert_eq!((&hello["type"], &hello["peers"], &hello["aggregated"]), (&json!("hello"), &json!(10), &json!(false)));
    assert!(words.len() > 4, "updates while it runs: {}", words.len());

    let last = words.last().unwrap();
    assert_eq!(last["run"]["outcome"], "completed", "{last}");
    assert_eq!(last["run"]["targets"]["messages"], json!({ "met": 10, "peers": 10 }));
    for (peerid, row) in peers(&words) {
        assert_eq!((&row[1], &row[2], &row[3]), (&json!(1), &json!(1), &json!([[0, 100, 100]])), "peer {peerid}");
    }
    let sent: u64 = words
        .iter()
        .flat_map(|word| word["edges"].as_array().cloned().unwrap_or_default())
        .map(|edge| edge[4].as_u64().unwrap())
        .sum();
    assert_eq!(json!(sent), last["run"]["messages"]["sent"], "every message was drawn");
    assert_eq!(lab.end(&run).await["digest"], last["run"]["digest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_digest_and_another_seed_another() {
    let lab = Lab::new().await;
    let mut digests = Vec::new();
    for seed in [7, 7, 8] {
        let run = lab.start(json!({ "seed": seed })).await;
        digests.push(lab.end(&run).await["digest"].as_str().unwrap().to_owned());
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_can_be_searched() {
    let lab = Lab::new().await;
    let run = lab.start(json!({})).await;
    lab.end(&run).await;
    let all = lab.get(&format!("/api/runs/{run}/log?limit=50")).await;
    assert_eq!((all["events"].as_array().unwrap().len(), &all["more"]), (50, &json!(true)));
    let oldest = all["events"][0]["id"].as_str().unwrap();
    let older = lab.get(&format!("/api/runs/{run}/log?limit=50&before={oldest}")).await;
    assert!(older["events"][49]["t"].as_f64() <= all["events"][0]["t"].as_f64());
    let done = lab.get(&format!("/api/runs/{run}/log?kind=done&peer=3&text=")).await;
    assert_eq!(done["events"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!((&done["events"][0]["peer"], &done["events"][0]["kind"]), (&json!(3), &json!("done")));
    for wrong in ["kind=nonsense", "peer=x", "before=-1", "limit=many", "what=this"] {
        assert_eq!(lab.ask("GET", &format!("/api/runs/{run}/log?{wrong}"), None).await.status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_long_run_reaches_back_to_its_beginning() {
    let lab = Lab::new().await;
    let values = json!({ "peers": 60, "messages": "5", "signed": "no" });
    let run = lab.start(json!({ "values": values })).await;
    let events = lab.end(&run).await["events"].as_u64().unwrap();
    assert!(events > 15_000, "more than the lab keeps in memory: {events}");
    let started = lab.get(&format!("/api/runs/{run}/log?kind=started&limit=100")).await;
    assert_eq!(started["events"].as_array().unwrap().len(), 60);
    let first = started["events"][0]["id"].as_str().unwrap();
    let before = lab.get(&format!("/api/runs/{run}/log?before={first}")).await;
    assert_eq!(before, json!({ "events": [], "more": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_go_on_side_by_side_up_to_a_bound() {
    let lab = Lab::new().await;
    let mut runs = Vec::new();
    for _ in 0..8 {
        runs.push(lab.start(endless()).await);
    }
    let ninth = lab.order(endless()).await;
    assert_eq!((ninth.status, &ninth.json()["error"]["next"]), (409, &json!("stop one first")), "{}", ninth.body);
    let delete = lab.ask("DELETE", &format!("/api/runs/{}", runs[0]), None).await;
    assert_eq!(delete.status, 409, "it is under way");
    for run in &runs {
        assert_eq!(lab.ask("POST", &format!("/api/runs/{run}/stop"), None).await.status, 200);
        let ended = lab.end(run).await;
        assert_eq!(ended["outcome"], "stopped", "{ended}");
    }
    let ids: Vec<Value> =
        lab.get("/api/runs").await["runs"].as_array().unwrap().iter().map(|run| run["id"].clone()).collect();
    assert_eq!(ids, ["r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1"], "each once, newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_run_looks_the_same_in_another_lab() {
    let lab = Lab::new().await;
    let run = lab.start(json!({})).await;
    let live = lab.watch(&run, None).await.unwrap().until_end(10).await;
    let told = lab.end(&run).await;
    let Lab { serving, folder, .. } = lab;
    assert!(serving.stop().await);

    let lab = Lab::with(options(&folder), folder).await;
    let listed = lab.get("/api/runs").await["runs"][0].clone();
    assert_eq!((&listed["live"], &listed["name"], &listed["digest"]), (&json!(false), &told["name"], &told["digest"]));
    let id = listed["id"].as_str().unwrap();
    let recorded = lab.watch(id, None).await.unwrap().until_end(10).await;
    assert_eq!(peers(&recorded), peers(&live));
    assert_eq!(recorded.last().unwrap()["run"]["messages"], live.last().unwrap()["run"]["messages"]);
    let whole = lab.get(&format!("/api/runs/{id}")).await;
    assert_eq!(whole["parameters"], told["parameters"]);
    assert!(whole["plan"].is_object());

    assert_eq!(lab.ask("POST", &format!("/api/runs/{id}/stop"), None).await.status, 409);
    assert_eq!(lab.ask("DELETE", &format!("/api/runs/{id}"), None).await.status, 200);
    assert_eq!(lab.get("/api/runs").await["runs"], json!([]));
    assert!(!lab.folder.path().join("runs").join(id).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_run_can_be_deleted_with_its_recording() {
    let lab = Lab::new().await;
    let run = lab.start(json!({})).await;
    let folder = lab.end(&run).await["folder"].as_str().unwrap().to_owned();
    assert!(std::path::Path::new(&folder).join("run.json").is_file());
    assert_eq!(lab.ask("DELETE", &format!("/api/runs/{run}"), None).await.status, 200);
    assert!(!std::path::Path::new(&folder).exists());
    assert_eq!(lab.ask("GET", &format!("/api/runs/{run}"), None).await.status, 404);
    let unrecorded = lab.start(json!({ "record": false })).await;
    assert_eq!(lab.end(&unrecorded).await["folder"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_peers_are_shown_at_least_ten_times_a_second() {
    let lab = Lab::new().await;
    let values = json!({ "peers": 200, "messages": "1", "signed": "no" });
    let run = lab.start(json!({ "speed": "0.02", "values": values, "record": false })).await;
    let mut live: Live = lab.watch(&run, None).await.unwrap();
    while live.word().await.unwrap()["run"]["messages"]["sent"].as_u64().unwrap_or(0) == 0 {}
    let (began, mut frames, mut bytes) = (std::time::Instant::now(), 0, 0);
    while began.elapsed().as_millis() < 1500 {
        bytes += live.word().await.unwrap().to_string().len();
        frames += 1;
    }
    assert!((12..=45).contains(&frames), "{frames} frames in 1.5 s");
    assert!(bytes < 1_600_000, "{bytes} bytes in 1.5 s");
    lab.ask("POST", &format!("/api/runs/{run}/stop"), None).await;
    lab.end(&run).await;
}
