//! Any moment of a run's past looks as the run looked then.

use std::path::Path;

use futures_util::SinkExt;
use rumormill_core::trace::Event;
use rumormill_trace::Run;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Lab, Live, options};
use crate::model::{Model, Told};

const PEERS: u64 = 20;

/// A run with losses and crashes, recorded, and all its events.
async fn recorded(lab: &Lab) -> (String, Vec<Event>) {
    let values = json!({ "peers": PEERS, "messages": "5" });
    let run = lab.start(json!({ "experiment": "flood-faults", "values": values })).await;
    let folder = lab.end(&run).await["folder"].as_str().unwrap().to_owned();
    (run, events(&folder))
}

fn events(folder: &str) -> Vec<Event> {
    Run::at(Path::new(folder)).unwrap().events().map(Result::unwrap).collect()
}

/// A page, and what it has been told.
pub struct Page {
    live: Live,
    pub told: Told,
}

impl Page {
    pub async fn open(lab: &Lab, run: &str) -> Self {
        Self { live: lab.watch(run, None).await.unwrap(), told: Told::default() }
    }

    pub async fn say(&mut self, wish: Value) {
        self.live.socket.send(Message::text(wish.to_string())).await.unwrap();
    }

    /// Hears words until this holds.
    pub async fn until(&mut self, what: &str, holds: impl Fn(&Told) -> bool) {
        for _ in 0..2_000 {
            let word = self.live.word().await.unwrap_or_else(|| panic!("the lab went before {what}"));
            self.told.take(&word);
            if word["type"] == "frame" && holds(&self.told) {
                return;
            }
        }
        panic!("{what} never came; the cursor is {}", self.told.cursor);
    }

    async fn hear_problem(&mut self) -> String {
        loop {
            let word = self.live.word().await.expect("the lab stays");
            self.told.take(&word);
            if let Some(problem) = word["problem"].as_str() {
                return problem.to_owned();
            }
        }
    }

    fn assert_shows(&self, events: &[Event], n: usize) {
        let truth = Model { clock: self.told.model.clock, ..Model::of(PEERS, &events[..n]) };
        assert_eq!(self.told.model, truth, "after {n} events");
        assert_eq!((&self.told.cursor["of"], self.told.is_past), (&json!(events.len()), true));
        let last = n.checked_sub(1).map_or(Value::Null, |last| json!(events[last].id.0.to_string()));
        assert_eq!(self.told.cursor["event"].get("id").cloned().unwrap_or(Value::Null), last);
    }
}

/// Numbers that look random, the same each time.
fn draws(count: usize, below: u64) -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_moments_look_as_they_did() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab).await;
    assert!(events.len() > 9_000, "several checkpoints: {} events", events.len());
    let mut page = Page::open(&lab, &run).await;
    for (turn, draw) in draws(100, events.len() as u64).enumerate() {
        let place = draw as usize;
        if turn % 2 == 0 {
            let id = events[place].id.0.to_string();
            page.say(json!({ "type": "seek", "event": id })).await;
            page.until("the event", |told| told.cursor["event"]["id"] == json!(id)).await;
            page.assert_shows(&events, place + 1);
        } else {
            let t = events[place].time.as_secs_f64();
            page.say(json!({ "type": "seek", "t": t })).await;
            page.until("the time", |told| told.is_past && told.cursor["t"] == json!(t)).await;
            page.assert_shows(&events, events.partition_point(|event| event.time <= events[place].time));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_lead_from_event_to_event_and_back() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab).await;
    let mut page = Page::open(&lab, &run).await;
    page.say(json!({ "type": "seek", "t": 0 })).await;
    let begin = events.partition_point(|event| event.time.as_nanos() == 0);
    page.until("the beginning", |told| told.cursor["n"] == json!(begin)).await;
    let mut place = begin as i64;
    for by in [1, 1, 7, -1, -3, 500, -1, -100, 4_500, -4_400, 1] {
        page.say(json!({ "type": "step", "by": by })).await;
        place += by;
        page.until("the step", |told| told.cursor["n"] == json!(place)).await;
        page.assert_shows(&events, place as usize);
    }
    for (by, n) in [(i64::MIN, 0), (i64::MAX, events.len())] {
        page.say(json!({ "type": "step", "by": by })).await;
        page.until("the end", |told| told.cursor["n"] == json!(n)).await;
        page.assert_shows(&events, n);
    }
    let hellos = page.told.hellos;
    page.say(json!({ "type": "live" })).await;
    page.until("the present", |told| told.cursor["live"] == true).await;
    assert_eq!((page.told.is_past, page.told.hellos), (false, hellos + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn playing_goes_on_to_the_end_and_stays_there() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab).await;
    let span = lab.end(&run).await["virtual_seconds"].as_f64().unwrap();
    let mut page = Page::open(&lab, &run).await;
    page.say(json!({ "type": "seek", "t": 0 })).await;
    page.say(json!({ "type": "play", "speed": span / 2.0 })).await;
    let began = std::time::Instant::now();
    page.until("the middle", |told| told.is_past && told.cursor["t"].as_f64().unwrap() > span / 2.0).await;
    let n = page.told.cursor["n"].as_u64().unwrap() as usize;
    page.assert_shows(&events, n);
    assert!(n < events.len() && page.told.cursor["speed"] == json!(span / 2.0), "{}", page.told.cursor);
    page.say(json!({ "type": "pause" })).await;
    page.until("the pause", |told| told.cursor["speed"] == json!(0.0)).await;
    let paused = page.told.cursor["n"].clone();
    page.say(json!({ "type": "step", "by": 1 })).await;
    page.until("the step", |told| told.cursor["n"].as_u64() == paused.as_u64().map(|n| n + 1)).await;
    page.say(json!({ "type": "play", "speed": 1000 })).await;
    page.until("the end", |told| told.cursor["n"] == json!(events.len()) && told.cursor["speed"] == json!(0.0)).await;
    page.assert_shows(&events, events.len());
    assert!(began.elapsed().as_secs_f64() < 30.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_of_a_run_that_goes_on_leads_back_to_its_present() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "speed": "0.05", "values": { "peers": PEERS, "messages": "3" } })).await;
    let mut page = Page::open(&lab, &run).await;
    page.until("some messages", |told| told.model.delivered > 50).await;
    page.say(json!({ "type": "seek", "t": 0 })).await;
    page.until("the past", |told| told.is_past && told.cursor["n"].as_u64() > Some(0)).await;
    assert_eq!(page.told.model.delivered, 0);
    page.until("more of it is recorded", |told| told.cursor["of"].as_u64() > Some(200)).await;
    page.say(json!({ "type": "play", "speed": 1000 })).await;
    page.until("the present", |told| told.cursor["live"] == true).await;
    assert!(!page.told.is_past && page.told.model.delivered > 50);
    lab.ask("POST", &format!("/api/runs/{run}/stop"), None).await;
    lab.end(&run).await;

    let unrecorded = lab.start(json!({ "speed": "0.00001", "record": false })).await;
    let mut page = Page::open(&lab, &unrecorded).await;
    page.say(json!({ "type": "seek", "t": 0 })).await;
    assert!(page.hear_problem().await.contains("not recorded"));
    assert!(!page.told.is_past);
    lab.ask("POST", &format!("/api/runs/{unrecorded}/stop"), None).await;
    lab.end(&unrecorded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_with_a_sentence_and_the_page_stays() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab).await;
    let mut page = Page::open(&lab, &run).await;
    for wrong in
        ["", "{", "[]", "null", "{\"type\":\"seek\",\"t\":NaN}", "{\"type\":\"play\",\"speed\":1e999}", "\u{0}"]
    {
        page.live.socket.send(Message::text(wrong)).await.unwrap();
        assert!(!page.hear_problem().await.is_empty(), "{wrong}");
    }
    page.live.socket.send(Message::binary(vec![0xff; 100])).await.unwrap();
    assert!(page.hear_problem().await.contains("text"));
    page.say(json!({ "type": "seek", "event": "18446744073709551615" })).await;
    assert!(page.hear_problem().await.contains("no event"));
    page.say(json!({ "type": "seek", "t": 1e300 })).await;
    page.until("the end", |told| told.cursor["n"] == json!(events.len())).await;
    page.assert_shows(&events, events.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_course_of_a_run_counts_what_the_trace_says() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab).await;
    let course = lab.get(&format!("/api/runs/{run}/timeline?width=200")).await;
    let numbers = |name: &str| -> Vec<i64> {
        course[name].as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
    };
    let truth = Model::of(PEERS, &events);
    let sum = |name: &str| numbers(name).iter().sum::<i64>() as u64;
    assert_eq!((sum("sent"), sum("delivered"), sum("dropped")), (truth.sent, truth.delivered, truth.dropped));
    assert_eq!((course["total"].as_u64(), &course["live"]), (Some(events.len() as u64), &json!(false)));
    assert_eq!(numbers("done").last(), Some(&(truth.done as i64)));
    let dt = course["dt"].as_f64().unwrap();
    let mut delivered = vec![0; numbers("delivered").len()];
    for event in events.iter().filter(|event| event.kind == rumormill_core::trace::Kind::Delivered) {
        delivered[(event.time.as_secs_f64() / dt) as usize] += 1;
    }
    assert_eq!(numbers("delivered"), delivered);
    let marks = course["marks"].as_array().unwrap();
    let count = |kind: &str| marks.iter().filter(|mark| mark["kind"] == kind).count();
    let kinds = |kind: rumormill_core::trace::Kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(count("fault"), kinds(rumormill_core::trace::Kind::Fault));
    assert_eq!(count("crash"), kinds(rumormill_core::trace::Kind::Crashed));
    assert!(marks.iter().all(|mark| events.iter().any(|event| json!(event.id.0.to_string()) == mark["event"])));
    assert_eq!((count("target"), count("done")), (1, 1), "{marks:?}");
    for wrong in ["width=0", "width=99999", "width=x", "wide=1"] {
        assert_eq!(lab.ask("GET", &format!("/api/runs/{run}/timeline?{wrong}"), None).await.status, 400, "{wrong}");
    }

    // The same once it is a recording.
    let name = lab.end(&run).await["name"].as_str().unwrap().to_owned();
    let Lab { serving, folder, .. } = lab;
    assert!(serving.stop().await);
    let lab = Lab::with(options(&folder), folder).await;
    Page::open(&lab, &name).await.until("all is read", |told| told.model.done == truth.done).await;
    let again = lab.get(&format!("/api/runs/{name}/timeline?width=200")).await;
    assert_eq!((&again["delivered"], &again["marks"]), (&course["delivered"], &course["marks"]));
}
