//! The gallery and its forms.

use serde_json::{Value, json};

use crate::client::Lab;

async fn check(lab: &Lab, experiment: &str, values: Value) -> Value {
    let form = json!({ "experiment": experiment, "values": values, "as": "sim" });
    let answer = lab.ask("POST", "/api/check", Some(form)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gallery_has_forms_and_broken_files() {
    let lab = Lab::new().await;
    let folder = lab.folder.path().join("experiments");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("broken.star"), "experiment(\n    title = ,\n)\n").unwrap();
    let told = lab.get("/api/experiments").await;
    let find = |name: &str| told["experiments"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let flood = find("flood");
    assert_eq!((&flood["title"], &flood["broken"]), (&json!("Flood community"), &Value::Null));
    let names: Vec<_> =
        flood["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"peers") && names.contains(&"messages"), "{names:?}");
    for field in ["about", "protocol", "modes", "network", "faults", "stop", "source"] {
        assert!(!flood[field].is_null(), "{field}");
    }
    let broken = &find("broken")["broken"];
    assert_eq!(broken["line"], 2, "{broken}");
    assert!(broken["message"].as_str().unwrap().contains("broken.star"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_checked_as_it_is_typed() {
    let lab = Lab::new().await;
    let good = check(&lab, "flood", json!({ "peers": 10, "messages": "100 if peerid == 1 else 0" })).await;
    assert_eq!((&good["ok"], &good["totals"]["messages"]), (&json!(true), &json!(100)));

    let bad = check(&lab, "flood", json!({ "messages": "100 if peerid == else 0" })).await;
    assert_eq!(bad["ok"], false);
    let error = &bad["errors"][0];
    assert_eq!((&error["field"], &error["line"]), (&json!("messages"), &json!(1)), "{bad}");
    assert!(error["column"].as_u64().unwrap() > 1, "{bad}");

    for (field, value) in [("peers", json!(0)), ("peers", json!(1_000_000_000)), ("nonsense", json!(1))] {
        let bad = check(&lab, "flood", json!({ field: value })).await;
        assert_eq!(bad["errors"][0]["field"], field, "{bad}");
    }
    assert_eq!(check(&lab, "nothing", json!({})).await["errors"][0]["field"], "experiment");
    assert_eq!(check(&lab, "/etc/passwd.star", json!({})).await["errors"][0]["field"], "experiment");
    let grouped = check(&lab, "flood", json!({ "peers": 30_000, "signed": "no" })).await;
    assert_eq!(grouped["warnings"][0]["field"], "peers", "{grouped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_run_says_why_beside_the_field() {
    let lab = Lab::new().await;
    for (more, field) in [
        (json!({ "values": { "messages": "peerid +" } }), json!("messages")),
        (json!({ "speed": "fast" }), json!("speed")),
        (json!({ "time_limit_s": 0 }), json!("time-limit")),
        (json!({ "experiment": "nothing" }), json!("experiment")),
        (json!({ "as": "processes", "values": { "peers": 5000 } }), json!("peers")),
    ] {
        let answer = lab.order(more.clone()).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (400, &field), "{more}: {}", answer.body);
    }
    assert_eq!(lab.order(json!({ "as": "magic" })).await.status, 422);
    assert_eq!(lab.get("/api/runs").await["runs"], json!([]), "nothing was started");
}
