//! Jobs: many seeds explored, a parameter swept.

use rumormill_core::property::Property;
use rumormill_core::{Context, Launch, Never, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use rumormill_lab::Registry;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::{Lab, PATIENCE, options};

/// The job, once it is over.
async fn over(lab: &Lab, address: &str) -> Value {
    let began = std::time::Instant::now();
    loop {
        let told = lab.get(address).await;
        if told["state"] != "running" {
            return told;
        }
        assert!(began.elapsed() < PATIENCE, "{address} does not end: {told}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn start(lab: &Lab, kind: &str, order: Value) -> String {
    let answer = lab.ask("POST", &format!("/api/{kind}"), Some(order)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    format!("/api/{kind}/{}", answer.json()["job"].as_str().unwrap())
}

/// The same seeds fail as in runs that are started one by one.
async fn truly_failing(lab: &Lab, experiment: &str, values: &Value, seeds: [u64; 2]) -> Vec<u64> {
    let mut failing = Vec::new();
    for seed in seeds[0]..=seeds[1] {
        let order = json!({ "experiment": experiment, "values": values, "seed": seed, "record": false });
        let run = lab.start(order).await;
        if lab.end(&run).await["outcome"] != "completed" {
            failing.push(seed);
        }
    }
    failing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_bug_is_found_made_small_recorded_and_kept() {
    let lab = Lab::new().await;
    let values = json!({ "anti_entropy": false, "loss": 0.1, "crashes": 0 });
    let order = json!({ "experiment": "flood-faults", "values": values, "seeds": [1, 12] });
    let told = over(&lab, &start(&lab, "explore", order).await).await;
    assert_eq!((&told["state"], &told["done"], &told["error"]), (&json!("ended"), &json!(12), &Value::Null), "{told}");
    let letters = told["outcomes"].as_str().unwrap();
    assert_eq!(letters.len(), 12, "every seed has a letter: {letters}");
    assert!(letters.chars().all(|letter| "cvtf".contains(letter)), "{letters}");
    let truth = truly_failing(&lab, "flood-faults", &values, [1, 12]).await;
    assert_eq!(told["failing"], json!(truth));
    assert!(!truth.is_empty(), "the bug shows");

    let (shrink, found) = (&told["shrink"], &told["found"]);
    assert_eq!((&shrink["state"], &shrink["peers"][0]), (&json!("ended"), &json!(20)), "{shrink}");
    assert!(shrink["peers"][1].as_u64().unwrap() <= 4 && shrink["faults"][1].as_u64().unwrap() <= 1, "{shrink}");
    assert!(shrink["messages"][1].as_u64() < shrink["messages"][0].as_u64(), "{shrink}");
    assert_eq!(found["seed"], json!(truth[0]), "the lowest");
    assert_eq!((&found["property"], &found["outcome"]), (&json!("everyone_has_all"), &json!("violated")), "{found}");
    // It is in the gallery, and the recorded run is one of it that fails likewise.
    let experiments = lab.get("/api/experiments").await;
    let kept = experiments["experiments"].as_array().unwrap().iter().find(|one| one["name"] == found["experiment"]);
    assert!(kept.is_some_and(|kept| kept["broken"].is_null()), "{found}");
    let run = lab.get(&format!("/api/runs/{}", found["run"].as_str().unwrap())).await;
    assert_eq!((&run["outcome"], &run["experiment"]), (&found["outcome"], &found["experiment"]), "{run}");
    assert_ne!(run["outcome"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exploration_without_failures_leaves_nothing_behind() {
    let lab = Lab::new().await;
    let address = start(&lab, "explore", json!({ "experiment": "flood", "seeds": [5, 14] })).await;
    let told = over(&lab, &address).await;
    assert_eq!((&told["outcomes"], &told["found"]), (&json!("cccccccccc"), &Value::Null));
    assert_eq!((&told["shrink"], &told["failing"]), (&Value::Null, &json!([])));
    assert!(!lab.folder.path().join("experiments").exists());
    let jobs = lab.get("/api/jobs").await;
    let line = &jobs["jobs"][0];
    assert_eq!((&line["kind"], &line["done"], &line["total"]), (&json!("explore"), &json!(10), &json!(10)), "{jobs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_can_be_stopped_and_are_few() {
    let lab = Lab::new().await;
    let values = json!({ "peers": 300, "messages": "3" });
    let order = json!({ "experiment": "flood", "values": values, "seeds": [1, 10_000] });
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(start(&lab, "explore", order.clone()).await);
    }
    let fifth = lab.ask("POST", "/api/explore", Some(order)).await;
    assert_eq!((fifth.status, &fifth.json()["error"]["next"]), (409, &json!("stop one first")), "{}", fifth.body);
    for job in &jobs {
        assert_eq!(lab.ask("POST", &format!("{job}/stop"), None).await.status, 200);
        let told = over(&lab, job).await;
        assert_eq!(told["state"], "stopped", "{told}");
        assert!(told["done"].as_u64().unwrap() < 10_000);
    }
    let many = start(&lab, "explore", json!({ "experiment": "flood", "seeds": [1, 10_000] })).await;
    assert_eq!(lab.get(&many).await["state"], "running");
    assert!(lab.serving.stop().await, "a lab that ends ends its jobs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_measures_what_single_runs_show() {
    let lab = Lab::new().await;
    let order = json!({ "experiment": "flood", "parameter": "peers", "points": [5, 20], "seeds": [1, 3] });
    let address = start(&lab, "sweeps", order).await;
    let told = over(&lab, &address).await;
    assert_eq!((&told["state"], &told["as"], &told["parameter"]), (&json!("ended"), &json!("sim"), &json!("peers")));
    for point in told["points"].as_array().unwrap() {
        assert_eq!(
            (&point["runs"], &point["done"], &point["outcomes"]["completed"]),
            (&json!(3), &json!(3), &json!(3))
        );
        let (mut sent, mut seconds) = (Vec::new(), Vec::new());
        for seed in 1..=3 {
            let values = json!({ "peers": point["value"] });
            let run = lab.start(json!({ "values": values, "seed": seed, "record": false })).await;
            let run = lab.end(&run).await;
            sent.push(run["messages"]["sent"].as_f64().unwrap());
            seconds.push(run["virtual_seconds"].as_f64().unwrap());
        }
        let measures = &point["measures"];
        assert_eq!(measures["messages_sent"]["values"], json!(sent));
        assert_eq!(measures["virtual_seconds"]["values"], json!(seconds));
        let mean = sent.iter().sum::<f64>() / 3.0;
        assert!((measures["messages_sent"]["mean"].as_f64().unwrap() - mean).abs() < 1e-9, "{measures}");
        assert_eq!(measures["met_messages"]["mean"], json!(1.0));
        assert!(told["measures"].as_array().unwrap().iter().all(|name| measures[name.as_str().unwrap()].is_object()));
    }
    let csv = lab.ask("GET", told["csv"].as_str().unwrap(), None).await;
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert!(lines[0].starts_with("peers,seed,outcome,"), "{}", lines[0]);
    assert_eq!(lines.len(), 1 + 6);
    assert!(lines[4].starts_with("20,1,completed,"), "{}", lines[4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_worked_on_is_said_at_once() {
    let lab = Lab::new().await;
    let wrong = async |kind: &str, order: Value, field: &str, says: &str| {
        let answer = lab.ask("POST", &format!("/api/{kind}"), Some(order)).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        let error = &answer.json()["error"];
        assert_eq!(error["field"], field, "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    };
    let seeds = [1, 5];
    wrong("explore", json!({ "experiment": "flood", "seeds": [5, 1] }), "seeds", "none").await;
    wrong("explore", json!({ "experiment": "flood", "seeds": [0, u64::MAX] }), "seeds", "more than 10000").await;
    wrong("explore", json!({ "experiment": "flod", "seeds": seeds }), "experiment", "flod").await;
    wrong("explore", json!({ "experiment": "flood", "seeds": seeds, "time_limit_s": -1.0 }), "time-limit", "-1").await;
    let sweep = |parameter: &str, points: Value| json!({ "experiment": "flood", "parameter": parameter, "points": points, "seeds": seeds });
    wrong("sweeps", sweep("peers", json!([10, 0])), "peers", "at peers = 0").await;
    wrong("sweeps", sweep("pears", json!([10])), "pears", "no such parameter").await;
    wrong("sweeps", sweep("peers", json!([])), "points", "nothing to run").await;
    wrong("sweeps", sweep("peers", json!(vec![1; 201])), "points", "more than 200").await;
    let crowd =
        json!({ "experiment": "flood", "parameter": "peers", "points": [5_000], "seeds": seeds, "as": "processes" });
    wrong("sweeps", crowd, "peers", "more than 1000").await;
    for missing in ["/api/explore/j9", "/api/sweeps/j9", "/api/sweeps/9/csv"] {
        assert_eq!(lab.ask("GET", missing, None).await.status, 404, "{missing}");
    }
    let answer =
        lab.ask("POST", "/api/explore", Some(json!({ "experiment": "flood", "seeds": seeds, "what": 1 }))).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
}

/// A potato that peers pass on; a few times too often for the property that it never gets hot.
#[derive(Clone, Debug, Default, Serialize)]
struct Potato {
    passed: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pass(u32);

impl Wire for Pass {}

impl Protocol for Potato {
    type Config = ();
    type Message = Pass;
    type Timer = Never;
    type Request = Never;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        if cx.me.0 == 1 {
            cx.send(cx.neighbors[0], Pass(1));
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, _: PeerId, Pass(times): Pass) {
        self.passed = times;
        if let Some(&next) = cx.rng.choose(cx.neighbors) {
            cx.send(next, Pass(times + 1));
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}

impl Launch for Potato {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self::default()
    }

    fn properties() -> Vec<Property<Self>> {
        vec![Property::<Self>::never("hot", "the potato is passed on twelve times", |world| {
            world.peers().find(|peer| peer.state.passed >= 12).map(|peer| format!("peer {} burns", peer.seat.peerid))
        })]
    }
}

const POTATO: &str = r#"
experiment(
    title = "Hot potato",
    protocol = "potato",
    parameters = [count("peers", 12, min = 2)],
    network = latency(uniform = ("5ms", "50ms")) + loss(0.08),
    topology = full(),
    check = all_properties(),
    stop = time_limit("3s"),
)
"#;

/// The events of a kind of a recorded run, once so many have been read.
async fn read(lab: &Lab, run: &str, kind: &str, least: usize) -> Vec<Value> {
    let began = std::time::Instant::now();
    loop {
        let log = lab.get(&format!("/api/runs/{run}/log?kind={kind}&limit=100")).await;
        let events = log["events"].as_array().unwrap();
        if events.len() >= least {
            return events.clone();
        }
        assert!(began.elapsed() < PATIENCE, "{least} events of kind {kind}: {log}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A lab that knows the potato.
async fn potato_lab() -> Lab {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("experiments")).unwrap();
    std::fs::write(folder.path().join("experiments/potato.star"), POTATO).unwrap();
    let mut options = options(&folder);
    options.workbench.registry = Registry::new().protocol::<Potato>("potato");
    Lab::with(options, folder).await
}

#[tokio::test(flavor = "multi_thread")]
async fn among_many_peers_the_very_event_is_found_by_running_again() {
    let lab = potato_lab().await;
    for seed in 1..30 {
        let order = json!({ "experiment": "potato", "values": { "peers": 400 }, "seed": seed });
        let run = lab.start(order).await;
        let told = lab.end(&run).await;
        if told["outcome"] == "completed" {
            continue;
        }
        let violation = &told["violations"][0];
        let log = lab.get(&format!("/api/runs/{run}/log?kind=delivered&limit=100")).await;
        let twelfth = &log["events"][11];
        assert_eq!((&violation["event"], &violation["peer"]), (&twelfth["id"], &twelfth["peer"]), "{told}");
        assert_eq!(violation["at_s"], twelfth["t"], "{told}");
        return;
    }
    panic!("the potato was always lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shrunk_run_opens_at_the_event_that_shows_what_is_wrong() {
    let lab = potato_lab().await;
    let address = start(&lab, "explore", json!({ "experiment": "potato", "seeds": [1, 20] })).await;
    let told = over(&lab, &address).await;
    let letters = told["outcomes"].as_str().unwrap();
    assert!(letters.contains('v') && letters.contains('c') && letters.len() == 20, "{told}");
    let found = &told["found"];
    assert_eq!((&found["property"], &found["seed"]), (&json!("hot"), &told["failing"][0]), "{found}");
    assert_eq!(found["seed"], json!(letters.find('v').unwrap() + 1));
    assert_eq!(told["shrink"]["peers"], json!([12, 2]), "two peers are enough to burn");
    // It is recorded, and says the same.
    let run = found["run"].as_str().unwrap();
    let recorded = lab.get(&format!("/api/runs/{run}")).await;
    let violation = &recorded["violations"][0];
    assert_eq!((&violation["property"], &violation["event"]), (&json!("hot"), &found["event"]), "{recorded}");
    assert_eq!((&recorded["outcome"], &violation["at_s"]), (&json!("violated"), &found["at_s"]));
    // The event is the twelfth time that the potato arrived, and the violation stands right behind it.
    let delivered = read(&lab, run, "delivered", 12).await;
    assert_eq!(delivered[11]["id"], found["event"], "{delivered:?}");
    let violated = read(&lab, run, "violated", 1).await;
    assert_eq!((violated.len(), &violated[0]["cause"]), (1, &found["event"]), "{violated:?}");
    assert!(found["text"].as_str().unwrap().starts_with("hot: peer "), "{found}");
}
