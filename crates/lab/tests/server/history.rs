//! What the lab tells of a recording, compared with the recording itself: space-time, cones, searches, charts.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_trace::Run;
use serde_json::{Value, json};

use crate::client::Lab;

/// A run of the experiment, and all that is recorded of it.
async fn recorded(lab: &Lab, experiment: &str, values: Value) -> (String, Vec<Event>) {
    let run = lab.start(json!({ "experiment": experiment, "values": values, "seed": 3 })).await;
    let ended = lab.end(&run).await;
    let recording = Run::at(ended["folder"].as_str().unwrap().as_ref()).unwrap();
    (format!("/api/runs/{run}"), recording.events().map(Result::unwrap).collect())
}

fn id(value: &Value) -> EventId {
    EventId(value.as_str().unwrap().parse().unwrap())
}

fn ids(events: &Value) -> Vec<EventId> {
    events.as_array().unwrap().iter().map(|event| id(&event["id"])).collect()
}

fn ids_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<EventId> {
    events.into_iter().map(|event| event.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagram_has_every_event_and_message_of_its_span() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab, "flood-faults", json!({ "peers": 12 })).await;
    let told = lab.get(&format!("{run}/spacetime?limit=20000&rows=500")).await;
    assert_eq!((&told["detail"], &told["total"]), (&json!(true), &json!(events.len())), "the whole run");
    assert_eq!(ids(&told["events"]), ids_of(&events));
    let peers: BTreeSet<u64> = told["peers"].as_array().unwrap().iter().map(|peer| peer.as_u64().unwrap()).collect();
    assert_eq!(peers, (1..=12).collect());
    let messages = told["messages"].as_array().unwrap();
    let ends: BTreeSet<EventId> = messages.iter().filter(|row| !row[1].is_null()).map(|row| id(&row[1])).collect();
    let is_end = |event: &&Event| matches!(event.kind, Kind::Delivered | Kind::Dropped);
    assert_eq!(ends, events.iter().filter(is_end).map(|event| event.id).collect(), "every end has an arrow");
    let known: BTreeMap<EventId, &Event> = events.iter().map(|event| (event.id, event)).collect();
    for row in messages {
        let sent = known[&id(&row[0])];
        assert_eq!((row[2].as_u64(), row[4].as_f64()), (Some(sent.peer.0), Some(sent.time.as_secs_f64())), "{row}");
        let is_lost = !row[1].is_null() && known[&id(&row[1])].kind == Kind::Dropped;
        assert_eq!((row[6].as_str(), row[7].as_bool()), (Some(&*sent.name), Some(is_lost)), "{row}");
    }
    let (from, to) = (events[events.len() / 3].time, events[events.len() / 2].time);
    let query = format!("{run}/spacetime?from={}&to={}&limit=1&width=50", from.as_secs_f64(), to.as_secs_f64());
    let dense = lab.get(&query).await;
    let inside: Vec<&Event> = events.iter().filter(|event| (from..=to).contains(&event.time)).collect();
    assert_eq!(
        (&dense["detail"], &dense["columns"], &dense["total"]),
        (&json!(false), &json!(50), &json!(inside.len()))
    );
    for row in dense["rows"].as_array().unwrap() {
        let counts: u64 = row[1].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum();
        let peer = row[0].as_u64().unwrap();
        assert_eq!(counts, inside.iter().filter(|event| event.peer.0 == peer).count() as u64, "peer {peer}");
    }
    let sent = inside.iter().filter(|event| event.kind == Kind::Sent).count();
    assert_eq!(dense["of"], json!(sent), "true counts beside a sample");
    assert_eq!(lab.get(&query).await, dense, "asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cone_tells_why() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab, "flood", json!({ "peers": 20, "messages": "1 if peerid == 1 else 0" })).await;
    let last = events.iter().rfind(|event| event.kind == Kind::Delivered && event.name == "push").unwrap();
    let cone = lab.get(&format!("{run}/cone?event={}", last.id.0)).await;
    let path = ids(&cone["path"]);
    let known: BTreeMap<EventId, &Event> = events.iter().map(|event| (event.id, event)).collect();
    assert_eq!((path.last(), known[&path[0]].peer.0), (Some(&last.id), 1), "it came from peer 1");
    assert!(path.windows(2).all(|pair| known[&pair[1]].cause == Some(pair[0])));
    let edge: BTreeMap<u64, u64> = cone["past"]["peers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_u64().unwrap(), row[1].as_u64().unwrap()))
        .collect();
    let count = |id: EventId| id.0 & ((1 << EventId::COUNT_BITS) - 1);
    let is_past = |event: &&Event| edge.get(&event.peer.0).is_some_and(|&most| count(event.id) <= most);
    let past: Vec<&Event> = events.iter().filter(is_past).collect();
    assert_eq!(cone["past"]["events"], json!(past.len() - 1));
    let is_closed = |event: &&Event| event.cause.is_none_or(|cause| is_past(&known[&cause]));
    assert!(past.iter().all(is_closed), "what led to the past is in the past");

    assert_eq!(
        ids(&lab.get(&format!("{run}/events?ids={},{}", last.id.0, path[0].0)).await["events"]),
        [last.id, path[0]]
    );
    let missing = lab.ask("GET", &format!("{run}/cone?event=1"), None).await;
    assert_eq!(missing.status, 404, "{}", missing.body);
    assert_eq!(lab.ask("GET", &format!("{run}/cone?event=one"), None).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_tells_how_long_its_messages_took() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab, "flood-faults", json!({ "peers": 8 })).await;
    let t = events[events.len() / 2].time;
    let known: BTreeMap<EventId, &Event> = events.iter().map(|event| (event.id, event)).collect();
    let arrived = |event: &&Event| {
        event.kind == Kind::Delivered && event.time <= t && (event.peer.0, event.other.unwrap().0) == (2, 1)
    };
    let took = events.iter().filter(arrived).map(|event| event.time.since(known[&event.cause.unwrap()].time));
    let mut took: Vec<f64> = took.map(|span| span.as_secs_f64()).collect();
    took.sort_by(f64::total_cmp);
    assert!(took.len() > 2, "peer 1 sends to peer 2");
    let told = lab.get(&format!("{run}/link?from=1&to=2&t={}", t.as_secs_f64())).await;
    let expected = json!({
        "measured": took.len(), "least_s": took[0], "median_s": took[(took.len() - 1) / 2], "most_s": took.last(),
    });
    assert_eq!((&told["there"]["took"], &told["there"]["delivered"]), (&expected, &json!(took.len())));
    let back = lab.get(&format!("{run}/link?from=2&to=1&t={}", t.as_secs_f64())).await;
    assert_eq!((&back["there"], &back["back"]), (&told["back"], &told["there"]), "seen from the other end");
    for query in ["", "from=1", "from=0&to=2", "from=1&to=x", "from=1&to=2&t=soon", "from=1&to=2&what=ever"] {
        let answer = lab.ask("GET", &format!("{run}/link?{query}"), None).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_where_it_stopped() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab, "flood-faults", json!({ "peers": 12 })).await;
    let is_wanted = |event: &&Event| event.kind == Kind::Delivered && event.peer.0 == 3;
    let expected = ids_of(events.iter().filter(is_wanted));
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let told = lab.get(&format!("{run}/search?kind=delivered&peer=3&limit=7{after}")).await;
        found.extend(ids(&told["events"]));
        if told["more"] == json!(false) {
            break;
        }
        after = format!("&after={}", told["next"].as_str().unwrap());
    }
    assert_eq!(found, expected);
    let told = lab.get(&format!("{run}/search?pattern=crashed%20then%20restarted%20within%205s")).await;
    let pairs = told["matches"].as_array().unwrap();
    assert_eq!(pairs.len(), events.iter().filter(|event| event.kind == Kind::Crashed).count());
    assert!(!pairs.is_empty() && pairs.iter().all(|pair| pair[0]["peer"] == pair[1]["peer"]));
    let lasting =
        lab.get(&format!("{run}/search?pattern=crashed%20not%20followed%20by%20restarted%20within%201ms")).await;
    assert_eq!(lasting["matches"].as_array().unwrap().len(), pairs.len());
    assert!(lasting["matches"].as_array().unwrap().iter().all(|pair| pair[1].is_null()));

    let wrong = lab.ask("GET", &format!("{run}/search?pattern=sent%20push%20then%20within%202s"), None).await;
    let error = &wrong.json()["error"];
    assert_eq!((wrong.status, &error["field"], &error["column"]), (400, &json!("pattern"), &json!(16)), "{error}");
    assert!(error["next"].as_str().unwrap().contains("for example"), "{error}");
    for query in ["kind=sint", "peer=x", "after=x", "from=soon", "limit=0", "limit=99999", "what=ever", "from=nan"] {
        let answer = lab.ask("GET", &format!("{run}/search?{query}"), None).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_lights_the_states_that_peers_are_in() {
    let lab = Lab::new().await;
    let (run, events) = recorded(&lab, "election", json!({ "peers": 5 })).await;
    let told = lab.get(&format!("{run}/chart")).await;
    let chart = &told["charts"][0];
    assert_eq!((&chart["name"], &chart["initial"]), (&json!("election"), &json!("follower")));
    let now = |told: &Value, state: &str| {
        let states = told["charts"][0]["states"].as_array().unwrap();
        states.iter().find(|known| known["name"] == state).map(|known| known["peers_now"].as_u64().unwrap())
    };
    assert_eq!((now(&told, "leader"), now(&told, "follower"), now(&told, "candidate")), (Some(1), Some(4), Some(0)));
    let elected = events.iter().filter(|event| event.kind == Kind::Entered && event.name == "leader");
    let ways = chart["transitions"].as_array().unwrap();
    let way = ways.iter().find(|way| way["from"] == "candidate" && way["to"] == "leader").unwrap();
    assert_eq!((&way["count"], &way["trigger"]), (&json!(elected.clone().count()), &json!("vote")), "{way}");
    let t = elected.clone().next().unwrap().time.as_secs_f64();
    let before = lab.get(&format!("{run}/chart?t={}", t - 0.001)).await;
    assert_eq!(now(&before, "leader"), Some(0), "nobody leads yet");
    let leader = elected.clone().next().unwrap().peer.0.to_string();
    let at = lab.get(&format!("{run}/chart?t={}", t + 0.000_001)).await;
    assert_eq!((now(&at, "leader"), &at["peers"][&leader]), (Some(1), &json!(["leader"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_recorded_cannot_be_looked_up() {
    let lab = Lab::new().await;
    let run = lab.start(json!({ "record": false })).await;
    lab.end(&run).await;
    for question in ["spacetime", "cone?event=1", "search?kind=sent", "chart", "events?ids=1", "link?from=1&to=2"] {
        let answer = lab.ask("GET", &format!("/api/runs/{run}/{question}"), None).await;
        assert_eq!(answer.status, 409, "{question}");
        assert!(answer.json()["error"]["next"].as_str().unwrap().contains("recording on"), "{}", answer.body);
    }
}
