//! What is recorded comes back, whoever dies in between.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant as Clock};

use proptest::prelude::*;
use rumormill_core::trace::{BODY_BYTES_MAX, Event, EventId, Kind, Sink};
use rumormill_core::{Instant, Outcome, PeerId};
use rumormill_trace::{
    DeleteError, Mode, OpenError, RecordError, Recorder, Run, RunFile, State, delete, fuzz_read, list,
};

fn event(peer: u32, count: u64, time: u64) -> Event {
    let mut event = Event::new(EventId::new(peer, count), Instant::from_nanos(time), PeerId(peer.into()), Kind::Sent);
    event.name = Cow::Borrowed("rumor");
    event.other = Some(PeerId(u64::from(peer) + 1));
    event
}

fn header(mode: Mode) -> RunFile {
    RunFile { experiment: "flood".into(), seed: 42, peers: 10, mode, ..RunFile::default() }
}

fn record(runs: &Path, events: &[Event]) -> PathBuf {
    let mut recorder = Recorder::create(runs, header(Mode::Sim)).unwrap();
    for event in events {
        recorder.event(event);
    }
    let folder = recorder.folder().to_path_buf();
    let file = recorder.file().clone();
    recorder.finish(RunFile { outcome: Some(Outcome::Completed), ..file }).unwrap();
    folder
}

fn read(folder: &Path) -> Vec<Event> {
    Run::at(folder).unwrap().events().collect::<Result<_, _>>().unwrap()
}

/// Names of the files in a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Clock::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

prop_compose! {
    fn any_event()(
        id: u64, time in 0..=i64::MAX as u64, peer: u64, community: String, kind in 0..Kind::ALL.len(),
        other: Option<u64>, cause: Option<u64>, name: String, value: u64, goal: u64, bytes: u64, text: String,
        body in prop::collection::vec(any::<u8>(), 0..=BODY_BYTES_MAX),
    ) -> Event {
        Event {
            id: EventId(id), time: Instant::from_nanos(time), peer: PeerId(peer), community: Cow::Owned(community),
            kind: Kind::ALL[kind], other: other.map(PeerId), cause: cause.map(EventId), name: Cow::Owned(name),
            value, goal, bytes, text, body,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_event_comes_back_in_the_order_of_time(mut events in prop::collection::vec(any_event(), 0..200)) {
        let runs = tempfile::tempdir().unwrap();
        let folder = record(runs.path(), &events);
        events.sort_by_key(|event| event.time);
        prop_assert_eq!(read(&folder), events);
    }
}

/// A sound segment with every kind of column page.
static SEGMENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let runs = tempfile::tempdir().unwrap();
    let events: Vec<Event> = (0..300)
        .map(|count| Event {
            cause: (count % 3 == 0).then(|| EventId::new(2, count)),
            text: format!("text {}", count % 40),
            body: vec![count as u8; count as usize % 5],
            ..event(1 + count as u32 % 7, count * count, count * 1000)
        })
        .collect();
    fs::read(record(runs.path(), &events).join("events-00000.parquet")).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_change_to_a_segment_makes_its_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4), 1..6),
        in_footer: bool,
    ) {
        let mut bytes = SEGMENT.clone();
        for (place, byte, change) in changes {
            let from = if in_footer { bytes.len().saturating_sub(1500) } else { 0 };
            let at = from + place.index(bytes.len() - from);
            match change {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        fuzz_read(&bytes);
    }
}

#[test]
fn many_segments_are_one_run() {
    let runs = tempfile::tempdir().unwrap();
    let events: Vec<Event> = (0..450_000).map(|count| event(1 + count as u32 % 7, count, count / 3)).collect();
    let folder = record(runs.path(), &events);
    assert!(files(&folder).contains(&"events-00002.parquet".to_string()), "{:?}", files(&folder));
    let run = Run::at(&folder).unwrap();
    assert_eq!(run.len(), 450_000);
    assert_eq!(run.file().trace_events, 450_000);
    assert!(run.events().map(Result::unwrap).eq(events));
}

#[test]
fn much_text_closes_segments_early_and_comes_back() {
    let runs = tempfile::tempdir().unwrap();
    let text = |count: u64| format!("{count:06}").repeat(1365);
    let events: Vec<Event> = (0..6000).map(|count| Event { text: text(count), ..event(1, count, count) }).collect();
    let folder = record(runs.path(), &events);
    assert!(files(&folder).contains(&"events-00001.parquet".to_string()), "{:?}", files(&folder));
    assert!(Run::at(&folder).unwrap().events().map(Result::unwrap).eq(events));
}

#[test]
fn a_run_can_be_read_while_it_goes_on() {
    let runs = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(runs.path(), header(Mode::Processes)).unwrap();
    let folder = recorder.folder().to_path_buf();
    // The first ones come late, as when one of two processes reports slowly.
    recorder.event(&event(1, 1, 2_000));
    let start = Clock::now();
    wait_for("the first segment", || Run::at(&folder).unwrap().len() == 1);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(Run::at(&folder).unwrap().file().state, State::Running);
    recorder.event(&event(2, 1, 1_000));
    recorder.event(&event(2, 2, 3_000));
    wait_for("the second segment", || Run::at(&folder).unwrap().len() == 3);
    let times: Vec<u64> = read(&folder).iter().map(|event| event.time.as_nanos()).collect();
    assert_eq!(times, [1_000, 2_000, 3_000], "segments overlap, the events are in order");

    let name = list(runs.path())[0].name.clone();
    assert!(matches!(delete(&name, runs.path()), Err(DeleteError::Running { .. })));
    let file = recorder.file().clone();
    recorder.finish(RunFile { trace_dropped: 5, ..file }).unwrap();
    let run = Run::open(&name, runs.path()).unwrap();
    assert_eq!((run.file().state, run.file().trace_dropped), (State::Ended, 5));
    delete(&name, runs.path()).unwrap();
    assert!(!folder.exists());
}

#[test]
fn a_recorder_that_is_let_go_leaves_complete_segments() {
    let runs = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(runs.path(), header(Mode::Sim)).unwrap();
    let folder = recorder.folder().to_path_buf();
    recorder.event(&event(1, 1, 5));
    drop(recorder);
    assert_eq!(files(&folder), ["events-00000.parquet", "run.json"]);
    assert_eq!(read(&folder), [event(1, 1, 5)]);
    assert_eq!(Run::at(&folder).unwrap().file().state, State::Interrupted);
}

/// Set in a child process: where to record until killed.
const RECORD_INTO: &str = "RUMORMILL_TEST_RECORD_INTO";

#[test]
fn a_killed_recorder_leaves_complete_segments() {
    if let Some(runs) = std::env::var_os(RECORD_INTO) {
        return record_until_killed(Path::new(&runs));
    }
    let runs = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_recorder_leaves_complete_segments"])
        .env(RECORD_INTO, runs.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let newest = || Some(list(runs.path()).into_iter().next()?.folder);
    wait_for("three segments", || newest().is_some_and(|folder| Run::at(&folder).unwrap().len() >= 600_000));
    child.kill().unwrap();
    child.wait().unwrap();

    let run = Run::at(&newest().unwrap()).unwrap();
    assert_eq!(run.file().state, State::Interrupted);
    assert_eq!(run.damage(), []);
    let counts: Vec<u64> = run.events().map(|event| event.unwrap().value).collect();
    assert!(counts.len() >= 600_000);
    assert!(counts.into_iter().eq(0..run.len()), "every event up to the last complete segment");
    delete(&run.file().name, runs.path()).unwrap();
}

fn record_until_killed(runs: &Path) {
    let mut recorder = Recorder::create(runs, header(Mode::Sim)).unwrap();
    // Bounded, should nobody kill it.
    for count in 0..100_000_000 {
        recorder.event(&Event { value: count, ..event(1, count, count) });
    }
}

#[test]
fn a_damaged_segment_is_named_and_the_others_are_read() {
    let runs = tempfile::tempdir().unwrap();
    let events: Vec<Event> = (0..450_000).map(|count| event(1, count, count)).collect();
    let folder = record(runs.path(), &events);

    let last = folder.join("events-00002.parquet");
    let bytes = fs::read(&last).unwrap();
    fs::write(&last, &bytes[..bytes.len() / 2]).unwrap();
    let run = Run::at(&folder).unwrap();
    assert_eq!(run.damage()[0].file, "events-00002.parquet");
    assert!(run.damage()[0].why.contains("cut off"), "{:?}", run.damage());
    assert_eq!(run.events().map(Result::unwrap).count(), 400_000);

    fs::remove_file(folder.join("events-00000.parquet")).unwrap();
    let run = Run::at(&folder).unwrap();
    assert_eq!((run.damage()[0].file.as_str(), run.damage()[0].why.as_str()), ("events-00000.parquet", "missing"));
    assert_eq!(run.events().next().unwrap().unwrap(), events[200_000]);
}

#[test]
fn damage_within_a_segment_is_an_error_and_reading_goes_on_behind_it() {
    let runs = tempfile::tempdir().unwrap();
    let events: Vec<Event> = (0..250_000).map(|count| event(1, count, count)).collect();
    let folder = record(runs.path(), &events);
    let first = folder.join("events-00000.parquet");
    let mut bytes = fs::read(&first).unwrap();
    bytes[4..200].fill(0xee);
    fs::write(&first, bytes).unwrap();
    let read: Vec<_> = Run::at(&folder).unwrap().events().map(|event| event.map_err(|error| error.path)).collect();
    assert_eq!(read.iter().filter(|event| event.is_err()).collect::<Vec<_>>(), [&Err(first)]);
    assert_eq!(read.into_iter().flatten().last(), events.last().cloned());
}

#[test]
fn a_run_that_is_none_is_a_sentence() {
    let runs = tempfile::tempdir().unwrap();
    let error = |run: &str| Run::open(run, runs.path()).unwrap_err();
    assert!(matches!(error("nowhere"), OpenError::NotFound { .. }));
    assert!(matches!(error("latest"), OpenError::NotFound { .. }));
    for (name, content) in [("empty", ""), ("list", "[]"), ("newer", r#"{"format": 9}"#)] {
        fs::create_dir(runs.path().join(name)).unwrap();
        fs::write(runs.path().join(name).join("run.json"), content).unwrap();
        assert!(matches!(error(name), OpenError::Malformed { .. }), "{name}");
    }
    fs::create_dir(runs.path().join("mine")).unwrap();
    let listed = list(runs.path());
    assert_eq!(listed.len(), 3, "a folder without run.json is no run");
    assert!(listed.iter().all(|listed| listed.run.is_err()));
    assert!(matches!(delete("mine", runs.path()), Err(DeleteError::NotFound { .. })));
    assert!(matches!(delete("../mine", runs.path()), Err(DeleteError::NotFound { .. })));
    assert!(matches!(Run::named("../runs/empty", runs.path()), Err(OpenError::NotFound { .. })));
    delete("empty", runs.path()).unwrap();
    assert_eq!(list(&runs.path().join("not there")).len(), 0);
}

#[test]
fn the_newest_run_comes_first() {
    let runs = tempfile::tempdir().unwrap();
    let names: Vec<PathBuf> = (0..12).map(|_| record(runs.path(), &[])).collect();
    let listed: Vec<PathBuf> = list(runs.path()).into_iter().map(|listed| listed.folder).collect();
    assert!(listed.iter().eq(names.iter().rev()), "{listed:?}");
    assert_eq!(Run::open("latest", runs.path()).unwrap().folder(), names[11]);
    assert_eq!(Run::open(names[3].to_str().unwrap(), runs.path()).unwrap().folder(), names[3]);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_says_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let error = Recorder::create(&place.path().join("file"), header(Mode::Sim)).err().unwrap();
    assert!(matches!(error, RecordError::Folder { .. }));
    assert!(error.to_string().contains("--record DIR"), "{error}");
}

#[test]
fn a_folder_that_is_removed_ends_the_recording_and_not_the_run() {
    let runs = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(runs.path(), header(Mode::Sim)).unwrap();
    fs::remove_dir_all(recorder.folder()).unwrap();
    for count in 0..500_000 {
        recorder.event(&event(1, count, count));
    }
    let error = recorder.error().unwrap();
    assert!(error.to_string().contains("removed while the run went on"), "{error}");
    assert!(recorder.dropped() >= 200_000);
    assert!(matches!(recorder.finish(header(Mode::Sim)), Err(RecordError::Write { .. })));
    assert_eq!(files(runs.path()), Vec::<String>::new());
}

#[test]
fn reading_goes_on_from_any_place() {
    let runs = tempfile::tempdir().unwrap();
    // Two segments that overlap, the second one begun while the first is read.
    let mut events: Vec<Event> = (0..250_000).map(|count| event(1 + count as u32 % 7, count, count)).collect();
    (200_000..200_100).for_each(|late| events[late].time = Instant::from_nanos(150_000 + late as u64 / 10));
    let run = Run::at(&record(runs.path(), &events)).unwrap();
    let all: Vec<Event> = run.events().map(Result::unwrap).collect();
    assert!(all.is_sorted_by_key(|event| event.time));
    let mut reading = run.events();
    let mut known = Event::new(EventId(0), Instant::ZERO, PeerId(0), Kind::Note);
    for stop in [0, 1, 4095, 4096, 4097, 20_000, 149_999, 170_005, 199_999, 200_000, 249_999, 250_000] {
        while reading.passed() < stop {
            reading.next_into(&mut known).unwrap().unwrap();
            assert_eq!(known, all[reading.passed() as usize - 1]);
        }
        let mut again = run.events_from(&reading.place());
        assert_eq!(again.passed(), stop);
        assert_eq!(again.peek_time(), all.get(stop as usize).map(|event| event.time));
        let rest: Vec<Event> = again.map(Result::unwrap).collect();
        assert!(rest == all[stop as usize..], "from {stop} on");
    }
}

#[test]
fn a_run_that_goes_on_shows_its_new_segments() {
    let runs = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(runs.path(), header(Mode::Sim)).unwrap();
    let mut run = Run::at(recorder.folder()).unwrap();
    assert_eq!(run.refresh().unwrap(), None);
    (0..10).for_each(|count| recorder.event(&event(1, count, 5 + count)));
    wait_for("the first segment", || run.refresh().unwrap() == Some(Instant::from_nanos(5)));
    assert_eq!((run.len(), run.refresh().unwrap(), run.file().state), (10, None, State::Running));
    recorder.event(&event(1, 10, 99));
    let file = recorder.file().clone();
    recorder.finish(file).unwrap();
    assert_eq!(run.refresh().unwrap(), Some(Instant::from_nanos(99)));
    assert_eq!((run.len(), run.file().state), (11, State::Ended));
}

#[test]
fn bodies_have_a_column_in_runs_of_real_peers_alone() {
    let runs = tempfile::tempdir().unwrap();
    let holds_column = |folder: &Path| {
        let segment = fs::read(folder.join("events-00000.parquet")).unwrap();
        segment.windows(4).any(|bytes| bytes == b"body")
    };
    assert!(!holds_column(&record(runs.path(), &[event(1, 1, 5)])), "a simulation can make them again");
    let mut recorder = Recorder::create(runs.path(), header(Mode::Processes)).unwrap();
    let folder = recorder.folder().to_path_buf();
    let file = recorder.file().clone();
    recorder.event(&event(1, 1, 5));
    recorder.finish(file).unwrap();
    assert!(holds_column(&folder), "all segments of a run have the same columns");
    let long = Event { body: vec![7; BODY_BYTES_MAX + 9], ..event(1, 1, 5) };
    assert_eq!(read(&record(runs.path(), &[long]))[0].body, [7; BODY_BYTES_MAX], "the beginning is kept");
}
