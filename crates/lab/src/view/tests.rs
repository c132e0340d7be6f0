//! A page that applies every frame ends up with what the view knows.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rumormill_core::PeerId;
use rumormill_core::plan::{self, Fault};
use rumormill_core::trace::EventId;
use rumormill_trace::Messages;
use serde_json::Value;

use super::*;

/// A run that has just been asked for.
pub(crate) fn run(peers: u32) -> RunLine {
    RunLine {
        id: "r1".into(),
        name: "flood".into(),
        experiment: "flood".into(),
        title: "Flood community".into(),
        mode: "sim".into(),
        seed: 7,
        peers,
        state: State::Running,
        outcome: None,
        started: "2026-11-20T03:31:07Z".into(),
        virtual_seconds: 0.0,
        wall_seconds: 0.0,
        events: 0,
        messages: Messages::default(),
        targets: BTreeMap::new(),
        digest: None,
        folder: None,
        pids: Vec::new(),
        error: None,
        trace_dropped: 0,
        live: true,
        parent: None,
        checks: Vec::new(),
        violations: Vec::new(),
        by_hand: 0,
    }
}

fn event(time_ns: u64, peer: u32, kind: Kind) -> Event {
    let mut event =
        Event::new(EventId::new(peer, time_ns), Instant::from_nanos(time_ns), PeerId(u64::from(peer)), kind);
    event.community = "flood".into();
    event
}

fn message(time_ns: u64, from: u32, to: u32, name: &str) -> Event {
    let mut event = event(time_ns, from, Kind::Sent);
    (event.other, event.name, event.bytes) = (Some(PeerId(u64::from(to))), name.to_owned().into(), 10);
    event
}

fn measured(time_ns: u64, peer: u32, name: &str) -> Event {
    Event { name: name.to_owned().into(), ..event(time_ns, peer, Kind::Measured) }
}

/// What a page knows: it believes nothing but frames.
#[derive(Debug, Default, PartialEq)]
struct Page {
    peers: BTreeMap<u64, Value>,
    groups: BTreeMap<u64, Value>,
    /// Messages, bytes, lost, and the time of the last in microseconds.
    edges: BTreeMap<Vec<u64>, [u64; 4]>,
    kinds: BTreeMap<u64, (u64, u64)>,
    /// Measured values by peer and name.
    gauges: BTreeMap<(u64, u64), u64>,
    gauges_left_out: u64,
    dict: Value,
    run: Value,
    hidden: u64,
    lines: u64,
    frames: usize,
}

impl Page {
    fn apply(&mut self, frame: &str) {
        assert!(frame.len() <= FRAME_BYTES_MAX, "{} bytes", frame.len());
        let frame: Value = serde_json::from_str(frame).unwrap();
        let rows = |name: &str| frame[name].as_array().cloned().unwrap_or_default();
        let numbers = |row: &Value| row.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>();
        for row in rows("peers") {
            self.peers.insert(row[0].as_u64().unwrap(), row);
        }
        for row in rows("groups") {
            self.groups.insert(row[0].as_u64().unwrap(), row);
        }
        for row in rows("edges").iter().map(numbers) {
            let edge = self.edges.entry(row[..4].to_vec()).or_default();
            edge.iter_mut().zip(&row[4..7]).for_each(|(sum, more)| *sum += more);
            edge[3] = row[7];
        }
        for row in rows("kinds").iter().map(numbers) {
            self.kinds.insert(row[0], (row[1], row[2]));
        }
        for row in rows("gauges") {
            let key = (row[0].as_u64().unwrap(), row[1].as_u64().unwrap());
            match row[2].as_u64() {
                Some(value) => drop(self.gauges.insert(key, value)),
                None => drop(self.gauges.remove(&key)),
            }
        }
        self.gauges_left_out = frame["gauges_left_out"].as_u64().unwrap_or(self.gauges_left_out);
        if let Some(dict) = frame.get("dict") {
            self.dict = dict.clone();
        }
        self.hidden = frame.get("edges_hidden").map_or(self.hidden, |hidden| hidden.as_u64().unwrap());
        self.lines += rows("log").len() as u64 + frame["log_skipped"].as_u64().unwrap_or(0);
        self.run = frame["run"].clone();
        self.frames += 1;
    }

    fn drain(&mut self, watcher: &mut Watcher) {
        while let Some(frame) = watcher.frame() {
            self.apply(&frame);
            assert!(self.frames < 10_000, "frames never end");
        }
    }
}

/// What a page should know that was told everything.
fn truth(view: &View) -> Page {
    let mut page = Page::default();
    for peerid in 1..=view.peers.count() {
        let peer = view.peers.get(peerid).unwrap();
        let targets: Vec<_> = peer.targets.iter().map(|known| (known.target, known.current, known.goal)).collect();
        let communities: &[u8] = &peer.communities;
        let row =
            (peerid, peer.status as u8, u8::from(peer.done), targets, communities, view.peers.pid(peerid).unwrap_or(0));
        page.peers.insert(u64::from(peerid), serde_json::to_value(row).unwrap());
    }
    for (link, traffic) in view.links.iter() {
        let (from, to, kind, community) = link.parts();
        let link = vec![from.into(), to.into(), kind.into(), community.into()];
        page.edges.insert(link, [traffic.sent, traffic.bytes, traffic.lost, traffic.last.as_nanos() / 1_000]);
    }
    for (kind, traffic) in view.kinds.iter().enumerate().filter(|(_, traffic)| traffic.sent > 0) {
        page.kinds.insert(kind as u64, (traffic.sent, traffic.bytes));
    }
    for change in view.gauges.since(0) {
        let key = (u64::from(change.peerid), u64::from(change.name));
        change.value.map(|value| page.gauges.insert(key, value));
    }
    page
}

fn assert_knows_everything(page: &Page, view: &View) {
    let truth = truth(view);
    assert_eq!(page.peers, truth.peers);
    assert_eq!(page.edges, truth.edges);
    assert_eq!(page.kinds, truth.kinds);
    assert_eq!(page.gauges, truth.gauges);
    assert_eq!(page.gauges_left_out, view.gauges.left_out());
    let list = |name: &str| page.dict[name].as_array().cloned().unwrap_or_default();
    assert_eq!(list("communities"), view.names.communities.list());
    assert_eq!(list("kinds"), view.names.kinds.list());
    assert_eq!(list("targets"), view.names.targets.list());
    assert_eq!(list("measures"), view.names.measures.list());
    assert_eq!(page.run["messages"]["sent"].as_u64(), Some(view.run.messages.sent));
    assert_eq!(page.run["done"].as_u64(), Some(u64::from(view.peers.done())));
}

/// One thing that may happen in a run of ten peers.
fn happening() -> impl Strategy<Value = (u32, u32, u8, u64)> {
    (1..=10_u32, 1..=10_u32, 0..12_u8, 0..20_u64)
}

fn happen(view: &mut View, time_ns: u64, (peer, other, what, number): (u32, u32, u8, u64)) {
    let name = ["push", "digest", "pull"][number as usize % 3];
    match what {
        0..=3 => view.event(&message(time_ns, peer, other, name)),
        4 => view.event(&Event { kind: Kind::Dropped, ..message(time_ns, peer, other, name) }),
        5 => view.event(&Event {
            name: "messages".into(),
            value: number,
            goal: 10,
            ..event(time_ns, peer, Kind::Progress)
        }),
        6 => view.event(&event(time_ns, peer, if number < 10 { Kind::Started } else { Kind::Crashed })),
        7 => view.event(&event(time_ns, peer, Kind::Done)),
        8 => view.event(&Event { text: format!("process {number}"), ..event(time_ns, peer, Kind::Restarted) }),
        9 | 10 => view.event(&Event { value: number, ..measured(time_ns, peer, ["log", "calls"][other as usize % 2]) }),
        _ => view.event(&Event { name: "pause".into(), ..event(time_ns, peer, Kind::Fault) }),
    }
}

proptest! {
    #[test]
    fn every_page_ends_up_with_the_views_state(
        happenings in proptest::collection::vec(happening(), 0..300),
        opens in 0..300_usize,
        frames_every in 1..50_usize,
    ) {
        let shared = SharedView::new(View::new(run(10)));
        let mut early = (shared.watch(), Page::default());
        let mut late = None;
        for (count, &what) in happenings.iter().enumerate() {
            if count == opens {
                late = Some((shared.watch(), Page::default()));
            }
            happen(&mut shared.lock(), count as u64, what);
            if count % frames_every == 0 && let Some(frame) = early.0.frame() {
                early.1.apply(&frame);
            }
        }
        for (mut watcher, mut page) in [Some(early), late].into_iter().flatten() {
            page.drain(&mut watcher);
            assert_knows_everything(&page, &shared.lock());
        }
        prop_assert!(shared.lock().cursors.is_empty(), "closed pages leave nothing behind");
    }
}

#[test]
fn ten_thousand_peers_fit_into_bounded_frames_and_none_starves() {
    let shared = SharedView::new(View::new(run(10_000)));
    let (mut watcher, mut page) = (shared.watch(), Page::default());
    let progress = |time_ns, peer, value| Event {
        name: "messages".into(),
        value,
        goal: 9,
        ..event(time_ns, peer, Kind::Progress)
    };
    for round in 1..=30 {
        // The first peers change all the time; the others must be told all the same.
        (1..=10_000)
            .filter(|&peer| peer < 5_000 || round == 1)
            .for_each(|peer| shared.lock().event(&progress(round, peer, round)));
        page.apply(&watcher.frame().unwrap());
    }
    assert_eq!(page.peers.len(), 10_000);
    page.drain(&mut watcher);
    assert_knows_everything(&page, &shared.lock());
    assert_eq!(page.lines, shared.lock().log().seen());
}

#[test]
fn a_page_that_comes_late_knows_how_old_links_are() {
    let shared = SharedView::new(View::new(run(4)));
    let (mut early, mut page) = (shared.watch(), Page::default());
    for (time, to) in [(1_000_000, 2), (5_000_999, 3), (9_000_000, 2)] {
        shared.lock().event(&message(time, 1, to, "push"));
    }
    page.drain(&mut early);
    shared.lock().event(&message(9_500_000, 1, 4, "push"));
    page.drain(&mut early);
    let last = [(2, 9_000), (3, 5_000), (4, 9_500)];
    assert!(last.iter().all(|&(to, us)| page.edges[&vec![1, to, 0, 0]][3] == us), "{:?}", page.edges);
    let mut late = Page::default();
    late.drain(&mut shared.watch());
    assert_eq!(late.edges, page.edges);
}

#[test]
fn too_many_links_are_counted_and_the_busiest_are_told() {
    let shared = SharedView::new(View::new(run(10_000)));
    let (mut watcher, mut page) = (shared.watch(), Page::default());
    let mut view = shared.lock();
    for from in 1..=300 {
        (1..=400).for_each(|to| view.event(&message(1, from, from + to, "push")));
    }
    (0..9).for_each(|_| view.event(&message(1, 7, 8, "push")));
    drop(view);
    page.apply(&watcher.frame().unwrap());
    assert_eq!(page.edges[&vec![7, 8, 0, 0]], [10, 100, 0, 0]);
    assert!(page.hidden as usize + page.edges.len() == 120_000);
    page.drain(&mut watcher);
    assert!((100_000..110_000).contains(&page.edges.len()), "{} links told", page.edges.len());

    let (mut watcher, mut page) = (shared.watch(), Page::default());
    page.drain(&mut watcher);
    assert_eq!(page.edges.len(), cursor::EDGES_WAIT_MAX, "a page that comes late is told the busiest");
    assert_eq!(page.edges[&vec![7, 8, 0, 0]], [10, 100, 0, 0]);
}

#[test]
fn a_huge_run_is_told_in_groups() {
    let shared = SharedView::new(View::new(run(100_000)));
    let (mut watcher, mut page) = (shared.watch(), Page::default());
    let mut view = shared.lock();
    for peer in 1..=100_000 {
        view.event(&event(1, peer, Kind::Started));
        view.event(&Event {
            name: "messages".into(),
            value: u64::from(peer % 2),
            goal: 1,
            ..event(2, peer, Kind::Progress)
        });
        view.event(&message(3, peer, peer % 100_000 + 1, "push"));
    }
    (1..=100).for_each(|peer| view.event(&event(4, peer, Kind::Crashed)));
    drop(view);
    assert!(serde_json::from_str::<Value>(&watcher.hello()).unwrap()["aggregated"].as_bool().unwrap());
    page.drain(&mut watcher);
    let sum = |column: usize| page.groups.values().map(|row| row[column].as_u64().unwrap()).sum::<u64>();
    assert_eq!([1, 2, 4, 5, 6].map(sum), [100_000, 99_900, 50_000, 50_000, 100_000]);
    assert!(page.peers.is_empty());
    assert_eq!(page.edges.values().map(|edge| edge[0]).sum::<u64>(), 100_000);
    assert!(
        page.edges.keys().all(|link| link[0] % 98 == 1 && link[1] % 98 == 1),
        "98 peers a group, the first at each end"
    );
}

#[test]
fn a_group_that_is_looked_into_shows_its_peers() {
    let shared = SharedView::new(View::new(run(100_000)));
    let members = |watcher: &mut Watcher| {
        let frames = std::iter::from_fn(|| watcher.frame()).map(|frame| serde_json::from_str::<Value>(&frame).unwrap());
        let rows = frames.flat_map(|frame| frame["members"].as_array().cloned().unwrap_or_default());
        rows.map(|row| (row[0].as_u64().unwrap(), row[1].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let (mut inside, mut outside) = (shared.watch(), shared.watch());
    assert_eq!(members(&mut inside), []);
    inside.focus(&[2, 2, 9_999]);
    assert!(members(&mut inside).into_iter().eq((197..=294).map(|peerid| (peerid, 0))), "98 peers a group");
    for peerid in [196, 197, 294, 295] {
        shared.lock().event(&event(1, peerid, Kind::Started));
    }
    assert_eq!(members(&mut inside), [(197, 1), (294, 1)]);
    assert_eq!(members(&mut outside), []);
    inside.focus(&[]);
    shared.lock().event(&event(2, 197, Kind::Crashed));
    assert_eq!(members(&mut inside), []);
}

#[test]
fn a_snapshot_is_the_view_and_goes_its_own_way() {
    let mut view = View::new(run(10));
    (0..200).for_each(|time| view.event(&message(time, time as u32 % 10 + 1, 3, "push")));
    let mut copy = view.snapshot();
    assert_eq!((truth(&copy), copy.log().seen(), copy.clock()), (truth(&view), 200, view.clock()));
    assert_eq!(copy.log().newest(0, usize::MAX).last(), view.log().last());
    assert!(view.has_seen(EventId::new(1, 190)) && !view.has_seen(EventId::new(1, 200)));
    let before = truth(&view);
    copy.event(&message(300, 1, 2, "pull"));
    assert_eq!(truth(&view), before);
    copy.set_past(run(10));
    assert_eq!((copy.run().messages.sent, copy.run().peers), (201, 10));
    assert!(copy.bytes(None) > 1_000);
}

#[test]
fn a_page_that_knows_everything_is_told_nothing() {
    let shared = SharedView::new(View::new(run(3)));
    let mut watcher = shared.watch();
    assert!(watcher.frame().is_some(), "the first frame shows all peers");
    assert!(watcher.frame().is_none());
    shared.lock().set_run(|run| run.state = State::Ended);
    assert!(watcher.frame().unwrap().contains(r#""state":"ended""#));
    assert!(watcher.frame().is_none());
}

#[test]
fn peers_that_join_unannounced_have_labels() {
    let shared = SharedView::new(View::new(RunLine { mode: "reporter".into(), ..run(0) }));
    let mut watcher = shared.watch();
    let label = Event { name: LABEL.into(), text: "10003".into(), ..event(1, 2, Kind::Note) };
    shared.lock().event(&label);
    let frame: Value = serde_json::from_str(&watcher.frame().unwrap()).unwrap();
    assert_eq!((&frame["labels"]["2"], frame["peers"].as_array().unwrap().len()), (&"10003".into(), 1));
    assert_eq!(frame["run"]["peers"], 2);
    assert!(watcher.frame().is_none());
}

#[test]
fn a_pause_of_many_peers_is_seen_at_each() {
    let mut view = View::new(run(4));
    let peers = plan::Peers::Share { from: 0.0, to: 0.5 };
    let at = std::time::Duration::from_secs;
    let pause = plan::Timed { at: at(1), fault: Fault::Pause { peers: peers.clone() } };
    let resume = plan::Timed { at: at(2), fault: Fault::Resume { peers } };
    view.set_plan(&Plan { faults: vec![resume, pause], ..Plan::default() });
    let paused = |view: &View| (1..=4).filter(|&peer| view.peers.get(peer).unwrap().status == Status::Paused).count();
    (1..=4).for_each(|peer| view.event(&event(0, peer, Kind::Started)));
    let fault = |name: &'static str| Event { name: name.into(), ..event(3, 0, Kind::Fault) };
    view.event(&fault("pause"));
    assert_eq!(paused(&view), 2);
    view.event(&fault("resume"));
    assert_eq!(paused(&view), 0);
}

#[test]
fn a_message_lost_at_its_receiver_is_drawn_from_its_sender() {
    let mut view = View::new(run(3));
    let sent = message(1, 2, 3, "push");
    view.event(&sent);
    let mut dropped = Event { kind: Kind::Dropped, cause: Some(sent.id), ..message(2, 3, 2, "push") };
    view.event(&dropped);
    dropped.cause = None;
    view.event(&dropped);
    let lost = |from, to| view.links.iter().find(|(link, _)| link.parts() == (from, to, 0, 0)).unwrap().1;
    assert_eq!(lost(2, 3), Traffic { sent: 1, bytes: 10, lost: 1, last: Instant::from_nanos(2) });
    assert_eq!(lost(3, 2), Traffic { lost: 1, last: Instant::from_nanos(2), ..Traffic::default() });
}

#[test]
fn peers_that_stand_somewhere_are_told_once_for_each_move() {
    let shared = SharedView::new(View::new(run(3)));
    let mut page = shared.watch();
    let stand = |peer, text: &str| {
        let place = Event { name: POSITION.into(), text: text.into(), ..event(1, peer, Kind::Note) };
        shared.lock().event(&place);
    };
    let mut told = || -> Value {
        let frame: Value = serde_json::from_str(&page.frame().unwrap()).unwrap();
        frame["positions"].clone()
    };
    stand(2, "0.25 0.5");
    stand(7, "0.25 0.5");
    assert_eq!(told(), serde_json::json!([[2, 0.25, 0.5]]), "there is no peer 7");
    stand(1, "1 0");
    assert_eq!(told(), serde_json::json!([[1, 1.0, 0.0]]));
    stand(2, "0.25 0.5");
    assert_eq!(told(), Value::Null);
}

#[test]
fn measured_values_fit_into_frames_and_those_of_another_life_are_gone() {
    let shared = SharedView::new(View::new(run(100)));
    let mut page = (shared.watch(), Page::default());
    let names: Vec<String> = (0..60).map(|slot| format!("replica timestamp {slot}")).collect();
    for round in 1..=2_u64 {
        for peer in 1..=100 {
            for name in &names {
                shared.lock().event(&Event { value: round << 50, ..measured(round, peer, name) });
            }
        }
        page.1.drain(&mut page.0);
        assert_knows_everything(&page.1, &shared.lock());
    }
    assert_eq!(page.1.gauges.len(), gauges::GAUGES_MAX);
    assert_eq!(page.1.gauges_left_out, 2 * (6_000 - gauges::GAUGES_MAX as u64));
    shared.lock().event(&event(3, 7, Kind::Restarted));
    shared.lock().event(&Event { value: 1, ..measured(4, 7, &names[3]) });
    page.1.drain(&mut page.0);
    assert_knows_everything(&page.1, &shared.lock());
    let of_peer_7: Vec<_> = page.1.gauges.range((7, 0)..(8, 0)).collect();
    assert_eq!(of_peer_7, [(&(7, 3), &1)]);
    let mut late = (shared.watch(), Page::default());
    late.1.drain(&mut late.0);
    assert_eq!(late.1.gauges, page.1.gauges);
}

#[test]
fn what_is_measured_of_a_process_is_its_peers() {
    let shared = SharedView::new(View::new(run(10)));
    let of = |time_ns, peer| Event { other: Some(PeerId(peer)), value: 40, ..measured(time_ns, 0, "memory") };
    shared.lock().event(&of(1, 3));
    // A name that is cut would stand for others, too.
    shared.lock().event(&measured(2, 4, &"long ".repeat(30)));
    let mut page = (shared.watch(), Page::default());
    page.1.drain(&mut page.0);
    assert_eq!(page.1.gauges, BTreeMap::from([((3, 0), 40)]));
    assert_eq!(page.1.gauges_left_out, 1);
    let huge = SharedView::new(View::new(run(100_000)));
    huge.lock().event(&measured(1, 3, "log"));
    let mut page = (huge.watch(), Page::default());
    page.1.drain(&mut page.0);
    assert!(page.1.gauges.is_empty(), "told in groups");
}
