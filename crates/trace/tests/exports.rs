//! What exports and reports hold.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, Outcome, PeerId};
use rumormill_trace::{Format, Parent, Recorder, Run, RunFile, Summary, Violation, export, report};
use serde_json::Value;

/// A run that is made up event by event.
struct Story {
    events: Vec<Event>,
    counts: BTreeMap<u32, u64>,
}

impl Story {
    fn new() -> Self {
        Self { events: Vec::new(), counts: BTreeMap::new() }
    }

    /// One more event; gives its id.
    fn tell(&mut self, ms: u64, peer: u32, kind: Kind, change: impl FnOnce(&mut Event)) -> EventId {
        let count = self.counts.entry(peer).or_default();
        *count += 1;
        let id = EventId::new(peer, *count);
        let mut event = Event::new(id, Instant::from_nanos(ms * 1_000_000), PeerId(peer.into()), kind);
        event.community = Cow::Borrowed("flood");
        change(&mut event);
        self.events.push(event);
        id
    }

    /// A message from one peer to another, that arrives `delay` later, or is lost.
    fn message(&mut self, ms: u64, from: u32, to: u32, delay: Option<u64>) {
        let about = |event: &mut Event, other: u32| {
            event.name = Cow::Borrowed("rumor");
            event.other = Some(PeerId(other.into()));
            event.bytes = 40;
        };
        let sent = self.tell(ms, from, Kind::Sent, |event| about(event, to));
        match delay {
            Some(delay) => self.tell(ms + delay, to, Kind::Delivered, |event| {
                about(event, from);
                event.cause = Some(sent);
            }),
            None => self.tell(ms, from, Kind::Dropped, |event| {
                about(event, to);
                event.cause = Some(sent);
                event.text = "loss".into();
            }),
        };
    }

    fn record(&self) -> (tempfile::TempDir, Run) {
        let runs = tempfile::tempdir().unwrap();
        let file = RunFile {
            experiment: "flood".into(),
            title: "Flood <community>".into(),
            seed: 42,
            peers: 3,
            ..RunFile::default()
        };
        let mut recorder = Recorder::create(runs.path(), file).unwrap();
        self.events.iter().for_each(|event| recorder.event(event));
        let folder = recorder.folder().to_path_buf();
        let end = RunFile { outcome: Some(Outcome::Completed), virtual_seconds: 0.5, ..recorder.file().clone() };
        recorder.finish(end).unwrap();
        // The name holds the time of the test; golden files need one that stays.
        let stays = runs.path().join("a-flood-42");
        fs::rename(folder, &stays).unwrap();
        (runs, Run::at(&stays).unwrap())
    }
}

/// Three peers; one message lost, one crash, all done at the end.
fn story() -> Story {
    let mut story = Story::new();
    for peer in 1..=3 {
        story.tell(0, peer, Kind::Started, |_| {});
    }
    story.message(0, 1, 2, Some(20));
    story.message(0, 1, 3, None);
    story.tell(0, 0, Kind::Fault, |event| {
        event.name = Cow::Borrowed("partition");
        event.text = "1 | 2, 3".into();
    });
    story.message(20, 2, 3, Some(15));
    story.tell(100, 3, Kind::Crashed, |_| {});
    story.tell(200, 3, Kind::Restarted, |_| {});
    story.message(210, 2, 3, Some(5));
    for (peer, ms) in [(1, 300), (2, 310), (3, 480)] {
        story.tell(ms, peer, Kind::Progress, |event| {
            event.name = Cow::Borrowed("messages");
            (event.value, event.goal) = (4, 4);
        });
        story.tell(ms, peer, Kind::Done, |_| {});
    }
    story.events.sort_by_key(|event| event.time);
    story
}

fn exported(run: &Run, format: Format) -> String {
    let mut out = Vec::new();
    let exported = export(run, format, &mut out).unwrap();
    assert_eq!(exported.events, run.len());
    String::from_utf8(out).unwrap()
}

/// Compares with the file under `tests/golden`; `UPDATE_GOLDEN=1` writes it instead.
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert!(golden == text, "{name} changed; if that is right, run with UPDATE_GOLDEN=1\n{text}");
}

#[test]
fn every_format_looks_as_it_did() {
    let (_runs, run) = story().record();
    for format in Format::ALL {
        assert_golden(&format!("flood.{}", format.extension()), &exported(&run, format));
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert!("png".parse::<Format>().unwrap_err().to_string().contains("perfetto, shiviz"));
}

#[test]
fn perfetto_gets_a_track_a_peer_and_an_arrow_a_delivery() {
    let (_runs, run) = story().record();
    let trace: serde_json::Value = serde_json::from_str(&exported(&run, Format::Perfetto)).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let count = |key: &str, value: &str| events.iter().filter(|event| event[key] == value).count();
    assert_eq!(count("name", "thread_name"), 3);
    let ids = |end: &str| -> BTreeSet<String> {
        events.iter().filter(|event| event[end] == true).map(|event| event["bind_id"].to_string()).collect()
    };
    let (left, arrived) = (ids("flow_out"), ids("flow_in"));
    assert_eq!((left.len(), arrived.len()), (4, 3), "four left, three arrived");
    assert!(arrived.is_subset(&left));
}

/// What the "Trace Event Format" asks of each kind of event that is written.
#[test]
fn perfetto_keeps_the_rules_of_the_format() {
    let (_runs, run) = story().record();
    let trace: serde_json::Value = serde_json::from_str(&exported(&run, Format::Perfetto)).unwrap();
    let number = |event: &serde_json::Value, key: &str| event[key].as_f64().unwrap_or_else(|| panic!("{key}: {event}"));
    let (mut slices, mut flows) = (0, BTreeMap::new());
    for event in trace["traceEvents"].as_array().unwrap() {
        assert!(event["pid"].is_u64() && event["name"].is_string() && event["args"].is_object());
        match event["ph"].as_str().unwrap() {
            "M" => match event["name"].as_str().unwrap() {
                "process_name" => assert!(event["args"]["name"].is_string()),
                "thread_name" => assert!(event["args"]["name"].is_string() && event["tid"].is_u64()),
                "thread_sort_index" => assert!(event["args"]["sort_index"].is_u64() && event["tid"].is_u64()),
                other => panic!("no such metadata: {other}"),
            },
            "X" => {
                assert!(number(event, "dur") > 0.0 && event["cat"].is_string() && event["tid"].is_u64());
                slices += 1;
                let at = number(event, "ts");
                match (&event["flow_out"], &event["flow_in"], event["bind_id"].as_str()) {
                    (Value::Bool(true), Value::Null, Some(id)) => {
                        assert!(flows.insert(id, at).is_none(), "two arrows of one id: {event}");
                    }
                    (Value::Null, Value::Bool(true), Some(id)) => assert!(flows[id] <= at, "{event}"),
                    none => assert_eq!(none, (&Value::Null, &Value::Null, None), "{event}"),
                }
            }
            "i" => assert!(["g", "p", "t"].contains(&event["s"].as_str().unwrap()) && number(event, "ts") >= 0.0),
            other => panic!("no such phase: {other}"),
        }
    }
    assert_eq!((slices, flows.len()), (11, 4), "starts, a restart, sendings, deliveries");
}

#[test]
fn shiviz_clocks_grow_by_one_and_only_know_what_was_heard() {
    let (_runs, run) = story().record();
    let log = exported(&run, Format::Shiviz);
    let mut lines = log.lines();
    assert!(lines.next().unwrap().contains("(?<host>") && lines.next().unwrap().is_empty());
    let mut own = BTreeMap::<String, u64>::new();
    while let (Some(clock), Some(_event)) = (lines.next(), lines.next()) {
        let (host, rest) = clock.split_once(' ').unwrap();
        let (clock, _time) = rest.rsplit_once(' ').unwrap();
        let clock: BTreeMap<String, u64> = serde_json::from_str(clock).unwrap();
        *own.entry(host.into()).or_default() += 1;
        assert_eq!(clock[host], own[host]);
        assert!(clock.iter().all(|(peer, count)| count <= own.get(peer).unwrap_or(&0)), "{host} {clock:?}");
    }
    assert!(log.contains(r#"peer3 {"peer3":2,"peer1":2,"peer2":3}"#), "{log}");
}

#[test]
fn graphml_counts_by_link() {
    let (_runs, run) = story().record();
    let text = exported(&run, Format::Graphml);
    let graph = roxmltree::Document::parse(&text).unwrap();
    let edges: Vec<_> = graph
        .descendants()
        .filter(|node| node.has_tag_name(("http://graphml.graphdrawing.org/xmlns", "edge")))
        .collect();
    let data = |source: &str, target: &str, key: &str| {
        let edge = edges
            .iter()
            .find(|edge| edge.attribute("source") == Some(source) && edge.attribute("target") == Some(target));
        edge.unwrap().children().find(|data| data.attribute("key") == Some(key)).unwrap().text().unwrap().to_string()
    };
    assert_eq!(edges.len(), 3);
    assert_eq!(data("p2", "p3", "edge-messages"), "2");
    assert_eq!(data("p2", "p3", "edge-bytes"), "80");
    assert_eq!(data("p1", "p3", "edge-dropped"), "1");
}

#[test]
fn mermaid_says_what_it_leaves_out() {
    let mut story = Story::new();
    for number in 0..250 {
        story.message(number, 1 + number as u32 % 2, 2 - number as u32 % 2, Some(0));
    }
    let (_runs, run) = story.record();
    let mut out = Vec::new();
    let notes = export(&run, Format::Mermaid, &mut out).unwrap().notes;
    let diagram = String::from_utf8(out).unwrap();
    assert_eq!(diagram.matches("->>").count(), 200);
    assert_eq!(notes, ["the first 200 of 250 messages; the other 50 are left out"]);
    assert_eq!(diagram.lines().nth(1).unwrap(), "%% the first 200 of 250 messages; the other 50 are left out");
}

#[test]
fn a_summary_counts_what_happened() {
    let (_runs, run) = story().record();
    let summary = Summary::of(&run);
    assert_eq!((summary.peers, summary.done, summary.notes.len()), (3, 3, 0));
    assert_eq!((summary.first_delivery_s, summary.last_delivery_s, summary.last_s), (Some(0.02), Some(0.215), 0.48));
    assert_eq!((summary.count(Kind::Sent), summary.count(Kind::Delivered), summary.count(Kind::Timer)), (4, 3, 0));
    let rumor = summary.messages["rumor"];
    assert_eq!((rumor.sent, rumor.delivered, rumor.dropped, rumor.bytes), (4, 3, 1, 160));
    assert_eq!(summary.lost, BTreeMap::from([("loss".to_string(), 1)]));
    let target = summary.targets["messages"];
    assert_eq!((target.met, target.peers, target.value, target.goal), (3, 3, 12, 12));
    assert_eq!((target.first_met_s, target.last_met_s), (Some(0.3), Some(0.48)));
    let faults: Vec<_> = summary.faults.iter().map(|fault| (fault.at_s, fault.peer, fault.kind)).collect();
    assert_eq!(faults, [(0.0, 0, Kind::Fault), (0.1, 3, Kind::Crashed), (0.2, 3, Kind::Restarted)]);
    assert_eq!((summary.links, summary.top_links[0].from, summary.top_links[0].to), (3, 2, 3));
    assert_eq!(summary.slowest.iter().map(|slow| slow.peer).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(summary.activity.done.last(), Some(&3));
}

#[test]
fn a_peer_that_crashed_is_not_done_until_it_says_so_again() {
    let mut story = story();
    story.tell(490, 2, Kind::Crashed, |_| {});
    let (_runs, run) = story.record();
    let summary = Summary::of(&run);
    assert_eq!(summary.done, 2);
    assert_eq!((summary.slowest[0].peer, summary.slowest[0].done_s), (2, None));
}

#[test]
fn the_report_is_one_sound_page() {
    let (_runs, run) = story().record();
    let page = fs::read_to_string(run.folder().join("report.html")).unwrap();
    assert!(page.contains("3 of 3 peers are done after 500 ms."), "{page}");
    assert!(page.contains("Flood &lt;community&gt;"));
    let headings = [
        "Targets",
        "Messages a second",
        "Bytes a second",
        "Peers up and done",
        "messages: least, median and most of the peers",
        "How long messages took",
        "Who talks to whom",
        "Faults",
        "Slowest peers",
    ];
    for heading in headings {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    for foreign in ["http:", "https:", "<script", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // A report made later differs in nothing but the name, which was changed above.
    let named = |page: &str| page.lines().filter(|line| !line.contains("flood-42")).collect::<Vec<_>>().join("\n");
    assert_eq!(named(&page), named(&report(&run)));
}

#[test]
fn a_report_shows_what_led_to_a_violation_and_how_to_repeat_the_run() {
    let story = story();
    let runs = tempfile::tempdir().unwrap();
    let mut recorder =
        Recorder::create(runs.path(), RunFile { experiment: "flood".into(), peers: 3, ..RunFile::default() }).unwrap();
    story.events.iter().for_each(|event| recorder.event(event));
    let folder = recorder.folder().to_path_buf();
    // Peer 3 got it at 35 ms from peer 2, which had it from peer 1.
    let arrived = story.events.iter().find(|event| event.kind == Kind::Delivered && event.peer == PeerId(3)).unwrap();
    let violation = Violation {
        property: "never <told>".into(),
        at_s: 0.035,
        event: Some(arrived.id),
        peer: 3,
        text: "somebody told".into(),
    };
    let at_end = Violation { property: "at the end".into(), at_s: 0.5, event: None, peer: 0, text: "too late".into() };
    let end = RunFile {
        outcome: Some(Outcome::Violated),
        digest: Some("abc".into()),
        parent: Some(Parent { run: "another".into(), at_s: 0.01 }),
        violations: vec![violation, at_end],
        ..recorder.file().clone()
    };
    let name = recorder.finish(end).unwrap().name;
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains(&format!("rumormill replay {name}")) && page.contains("Branched off another at 10 ms"));
    assert!(page.contains("◆ never &lt;told&gt;</span> did not hold at 35 ms at peer 3") && page.contains("too late"));
    assert_eq!(page.matches("<svg class=\"spacetime\"").count(), 1, "the end of a run has no event");
    assert_eq!((page.matches("class=\"step\"").count(), page.matches("class=\"here\"").count()), (1, 1), "{page}");
    let opened = page.matches('<').count() - page.matches("</").count();
    let void = ["<!", "<meta"].iter().map(|tag| page.matches(tag).count()).sum::<usize>() + page.matches("/>").count();
    assert_eq!(opened - void, page.matches("</").count(), "every tag is closed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_breaks_out_of_any_format(name: String, text: String, community: String) {
        let mut story = story();
        story.message(490, 1, 2, None);
        for event in &mut story.events {
            event.name = Cow::Owned(name.clone());
            event.text.clone_from(&text);
            event.community = Cow::Owned(community.clone());
        }
        let (_runs, run) = story.record();
        let trace: serde_json::Value = serde_json::from_str(&exported(&run, Format::Perfetto)).unwrap();
        let texts: Vec<_> = trace["traceEvents"].as_array().unwrap().iter().filter_map(|event| event["args"]["text"].as_str()).collect();
        prop_assert!(texts.iter().all(|&found| found == text));

        let graph = exported(&run, Format::Graphml);
        prop_assert!(roxmltree::Document::parse(&graph).is_ok());

        let table = exported(&run, Format::Csv);
        let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), story.events.len());
        prop_assert!(rows.iter().all(|row| row[7] == name && row[11] == text && row[3] == community));

        // One line a step, and nothing in it that Mermaid would take for the end of a statement.
        let diagram = exported(&run, Format::Mermaid);
        let steps = story.events.iter().filter(|event| {
            matches!(event.kind, Kind::Delivered | Kind::Dropped | Kind::Crashed | Kind::Restarted | Kind::Fault)
        });
        prop_assert_eq!(diagram.lines().count(), 1 + 1 + 3 + steps.count());

        let log = exported(&run, Format::Shiviz);
        prop_assert!(log.lines().skip(2).step_by(2).all(|line| line.starts_with("peer")), "{}", log);

        let page = fs::read_to_string(run.folder().join("report.html")).unwrap();
        prop_assert_eq!(page.matches('<').count(), fs::read_to_string(plain(&story).1.folder().join("report.html")).unwrap().matches('<').count());
    }
}

/// The same story with texts that mean nothing anywhere.
fn plain(story: &Story) -> (tempfile::TempDir, Run) {
    let mut plain = Story::new();
    plain.events.clone_from(&story.events);
    for event in &mut plain.events {
        event.name = Cow::Borrowed("name");
        event.text = "text".into();
    }
    plain.record()
}
