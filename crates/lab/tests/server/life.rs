//! How a lab begins and ends, and what it survives.

use rumormill_core::{Context, Launch, Never, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use rumormill_lab::server::{ServeError, serve};
use serde_json::json;

use crate::client::{Lab, options};

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named_with_what_to_do() {
    let lab = Lab::new().await;
    let folder = tempfile::tempdir().unwrap();
    let mut again = options(&folder);
    again.listen = lab.serving.listen();
    let error = serve(again).await.err().unwrap();
    assert!(matches!(error, ServeError::Taken { .. }));
    let said = error.to_string();
    assert!(said.contains(&lab.serving.listen().port().to_string()) && said.contains("--listen 127.0.0.1:0"), "{said}");

    let mut reporter = options(&folder);
    reporter.reporter = Some(lab.serving.listen());
    assert!(serve(reporter).await.err().unwrap().to_string().contains("--reporter"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_loopback_is_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7117"] {
        let mut open = options(&folder);
        open.listen = address.parse().unwrap();
        let error = serve(open).await.err().unwrap();
        assert!(matches!(error, ServeError::NotLoopback { .. }), "{address}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_an_error_when_a_run_starts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("runs"), "a file").unwrap();
    let lab = Lab::with(options(&folder), folder).await;
    let answer = lab.order(json!({})).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("runs"), "{}", answer.body);
    assert_eq!(lab.get("/api/runs").await["runs"], json!([]), "nothing half started stays");
    let run = lab.start(json!({ "record": false })).await;
    assert_eq!(lab.end(&run).await["outcome"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_runs_and_says_goodbye_to_pages() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "speed": "0.00001" })).await;
    let mut live = lab.watch(&run, None).await.unwrap();
    assert_eq!(live.word().await.unwrap()["type"], "hello");
    let folder = lab.folder;
    assert!(lab.serving.stop().await, "the run ended in time");
    let mut last = None;
    while let Some(word) = live.word().await {
        last = Some(word);
    }
    assert_eq!(last.unwrap()["run"]["outcome"], "stopped", "the page saw how it ended");
    let recorded = rumormill_trace::list(&folder.path().join("runs"));
    assert_eq!(recorded[0].run.as_ref().unwrap().state, rumormill_trace::State::Ended);
}

/// A protocol whose second peer is broken.
#[derive(Clone, serde::Serialize)]
struct Broken;

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Nothing;

impl Wire for Nothing {}

impl Protocol for Broken {
    type Config = ();
    type Message = Nothing;
    type Timer = Never;
    type Request = Never;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        assert!(cx.me != PeerId(2), "peer 2 is broken");
    }

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: PeerId, _: Nothing) {}

    fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}

impl Launch for Broken {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protocol_that_panics_fails_its_run_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("experiments")).unwrap();
    let experiment = "experiment(title = \"Broken\", about = \"\", protocol = \"broken\", \
        parameters = [count(\"peers\", 3, min = 1, help = \"\")], stop = targets_met(within = \"5s\"))\n";
    std::fs::write(folder.path().join("experiments/broken.star"), experiment).unwrap();
    let mut options = options(&folder);
    options.workbench.registry = options.workbench.registry.protocol::<Broken>("broken");
    let lab = Lab::with(options, folder).await;
    let run = lab.start(json!({ "experiment": "broken", "values": {} })).await;
    let ended = lab.end(&run).await;
    assert_eq!(ended["outcome"], "failed");
    assert!(ended["error"].as_str().unwrap().contains("peer 2 is broken"), "{ended}");
    let next = lab.start(json!({})).await;
    assert_eq!(lab.end(&next).await["outcome"], "completed");
}
