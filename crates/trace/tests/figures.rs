//! Numbers over time, and where two runs differ, against recomputation from the events themselves.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, Outcome, PeerId};
use rumormill_trace::{Aligned, Meter, Metrics, Mode, Recorder, Run, RunFile, compare};

const NAMES: [&str; 3] = ["push", "pull", "digest"];

/// What a made-up event is made from: nanoseconds since the last one, peer, what, and a number.
type Seed = (u64, u32, usize, u64);

fn seeds(most: usize) -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec((0..40_000_000_u64, 1..6_u32, 0..12_usize, 0..10_u64), 1..most)
}

/// A run that could have happened: whatever arrives was sent before.
fn events(seeds: &[Seed]) -> Vec<Event> {
    let (mut time, mut counts, mut sent, mut events) = (0, BTreeMap::<u32, u64>::new(), Vec::new(), Vec::new());
    for &(gap, peer, what, number) in seeds {
        time += gap;
        let count = counts.entry(peer).or_default();
        *count += 1;
        let kinds = [Kind::Started, Kind::Crashed, Kind::Restarted, Kind::Done, Kind::Progress, Kind::Indicated];
        let kind = kinds.get(what).copied().unwrap_or(if what < 9 { Kind::Sent } else { Kind::Delivered });
        let kind = if what == 11 { Kind::Dropped } else { kind };
        let mut event = Event::new(EventId::new(peer, *count), Instant::from_nanos(time), PeerId(peer.into()), kind);
        event.name = Cow::Borrowed(NAMES[number as usize % 3]);
        match kind {
            Kind::Progress => (event.value, event.goal) = (number, 7),
            Kind::Sent => {
                (event.bytes, event.other) = (number, Some(PeerId(1)));
                sent.push(event.clone());
            }
            Kind::Delivered | Kind::Dropped => {
                // Sometimes twice the same.
                let Some(cause) = sent.get(sent.len().saturating_sub(1 + number as usize)) else { continue };
                (event.bytes, event.cause) = (cause.bytes, Some(cause.id));
                (event.name, event.other) = (cause.name.clone(), Some(cause.peer));
                event.text = if kind == Kind::Dropped { "loss".into() } else { String::new() };
            }
            _ => {}
        }
        events.push(event);
    }
    events
}

fn values(metrics: &Metrics, id: &str) -> Vec<Option<f64>> {
    metrics.series.iter().find(|series| series.id == id).map(|series| series.values.clone()).unwrap_or_default()
}

/// The state of a run, event by event, as somebody would keep it who has no need to save memory.
#[derive(Default)]
struct Naive {
    up: BTreeSet<PeerId>,
    done: BTreeSet<PeerId>,
    under_way: BTreeMap<EventId, Instant>,
    latencies: Vec<u64>,
    targets: BTreeMap<PeerId, u64>,
}

impl Naive {
    fn take(&mut self, event: &Event) {
        match event.kind {
            Kind::Started | Kind::Restarted => {
                self.up.insert(event.peer);
                self.done.remove(&event.peer);
            }
            Kind::Crashed => {
                self.up.remove(&event.peer);
                self.done.remove(&event.peer);
            }
            Kind::Done => _ = self.done.insert(event.peer),
            Kind::Sent => _ = self.under_way.insert(event.id, event.time),
            Kind::Delivered | Kind::Dropped => {
                let left = self.under_way.remove(&event.cause.unwrap());
                self.latencies.extend(
                    left.filter(|_| event.kind == Kind::Delivered).map(|left| event.time.as_nanos() - left.as_nanos()),
                );
            }
            Kind::Progress if event.name == "push" => _ = self.targets.insert(event.peer, event.value),
            _ => {}
        }
    }

    fn target(&self, figure: &str) -> Option<f64> {
        let mut values: Vec<u64> = self.targets.values().copied().collect();
        values.sort_unstable();
        let value = match figure {
            "min" => *values.first()?,
            "median" => *values.get(values.len().checked_sub(1)? / 2)?,
            "max" => *values.last()?,
            "sum" => values.iter().sum(),
            _ => values.iter().filter(|&&value| value >= 7).count() as u64,
        };
        Some(value as f64)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn metrics_are_what_the_events_say(seeds in seeds(400), width in 1..800_usize) {
        let events = events(&seeds);
        let mut meter = Meter::default();
        events.iter().for_each(|event| meter.add(event));
        let metrics = meter.metrics(width, None);
        let step = (metrics.dt * 1e9).round() as u64;
        let columns = values(&metrics, "sent").len();
        prop_assert!(columns <= width && metrics.events == events.len() as u64);

        let count = |column: usize, kind: Kind, name: Option<&str>, of: fn(&Event) -> u64| -> u64 {
            let inside = |event: &&Event| (event.time.as_nanos() / step) as usize == column;
            events.iter().filter(inside).filter(|event| event.kind == kind && name.is_none_or(|name| event.name == name)).map(of).sum()
        };
        let (mut naive, mut left) = (Naive::default(), events.iter().peekable());
        for column in 0..columns {
            while let Some(event) = left.next_if(|event| (event.time.as_nanos() / step) as usize == column) {
                naive.take(event);
            }
            for (id, kind) in [("sent", Kind::Sent), ("delivered", Kind::Delivered), ("lost", Kind::Dropped)] {
                let rate = values(&metrics, id)[column].unwrap();
                prop_assert_eq!((rate * metrics.dt).round() as u64, count(column, kind, None, |_| 1), "{}", id);
                let bytes = values(&metrics, &format!("{id}_bytes"))[column].unwrap();
                prop_assert_eq!((bytes * metrics.dt).round() as u64, count(column, kind, None, |event| event.bytes));
                if let Some(Some(rate)) = values(&metrics, &format!("{id}:pull")).get(column) {
                    prop_assert_eq!((rate * metrics.dt).round() as u64, count(column, kind, Some("pull"), |_| 1));
                }
            }
            for (id, level) in [("up", naive.up.len()), ("done", naive.done.len()), ("in_flight", naive.under_way.len())] {
                prop_assert_eq!(values(&metrics, id)[column], Some(level as f64), "{} in column {}", id, column);
            }
            for figure in ["min", "median", "max"] {
                let told = values(&metrics, &format!("target:push:{figure}")).get(column).copied().flatten();
                prop_assert_eq!(told, naive.target(figure), "{} in column {}", figure, column);
            }
            for figure in ["sum", "met"] {
                if let Some(told) = values(&metrics, &format!("target:push:{figure}")).get(column) {
                    prop_assert_eq!(*told, Some(naive.target(figure).unwrap_or(0.0)), "{} in column {}", figure, column);
                }
            }
        }
        let told = metrics.histograms.first().map_or(0, |histogram| histogram.n);
        prop_assert_eq!(told as usize, naive.latencies.len());
        if let Some(histogram) = metrics.histograms.first() {
            let longest = *naive.latencies.iter().max().unwrap() as f64 / 1e9;
            prop_assert_eq!((histogram.max, histogram.name.as_str()), (longest, "all messages"));
        }
    }

    #[test]
    fn the_table_holds_the_same_numbers(seeds in seeds(200)) {
        let mut meter = Meter::default();
        events(&seeds).iter().for_each(|event| meter.add(event));
        let metrics = meter.metrics(50, None);
        let csv = metrics.to_csv();
        let mut table = csv::Reader::from_reader(csv.as_bytes());
        let head = table.headers().unwrap().clone();
        prop_assert_eq!(head.len(), metrics.series.len() + 1);
        prop_assert_eq!((&head[0], &head[1]), ("time (s)", "sent (messages/s)"));
        for (row, record) in table.records().enumerate() {
            let record = record.unwrap();
            prop_assert!((record[0].parse::<f64>().unwrap() - row as f64 * metrics.dt).abs() < 1e-9);
            for (place, series) in metrics.series.iter().enumerate() {
                match series.values[row] {
                    None => prop_assert_eq!(&record[place + 1], ""),
                    Some(value) => {
                        let told: f64 = record[place + 1].parse().unwrap();
                        prop_assert!((told - value).abs() <= value.abs() * 1e-9, "{}: {} for {}", series.id, told, value);
                    }
                }
            }
        }
    }

    #[test]
    fn a_planted_difference_is_found_where_it_is(seeds in seeds(200), place: prop::sample::Index, what in 0..4_u8) {
        let left = events(&seeds);
        prop_assume!(!left.is_empty());
        let place = place.index(left.len());
        let mut right = left.clone();
        match what {
            0 => right[place].text.push('!'),
            1 => right[place].bytes += 1,
            2 => right.truncate(place),
            _ => right[place].name = Cow::Borrowed("other"),
        }
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = [&left, &right].map(|events| record(folder.path(), events, Mode::Sim));
        let comparison = compare(&one, &other);
        let difference = comparison.difference.unwrap();
        prop_assert_eq!((comparison.aligned, comparison.same, difference.n), (Aligned::Events, place as u64, place as u64));
        prop_assert_eq!(difference.left.as_ref(), left.get(place));
        prop_assert_eq!(difference.right.as_ref(), right.get(place));
        prop_assert_eq!(&difference.before, &left[place.saturating_sub(5)..place]);
        prop_assert_eq!(compare(&one, &one).difference, None);
    }

    #[test]
    fn of_a_real_run_the_first_step_of_a_peer_that_differs_is_found(seeds in seeds(200), place: prop::sample::Index, shift in 1..1000_u64) {
        // All happens later, elsewhere, with other sizes: that is no difference.
        let left = events(&seeds);
        let mut right = left.clone();
        for event in &mut right {
            event.time = Instant::from_nanos(event.time.as_nanos() * 2 + shift);
            event.bytes += 1;
            event.text.push('~');
        }
        let steps: Vec<usize> = (0..left.len()).filter(|&step| !matches!(left[step].kind, Kind::Progress | Kind::Dropped)).collect();
        prop_assume!(!steps.is_empty());
        let folder = tempfile::tempdir().unwrap();
        let one = record(folder.path(), &left, Mode::Sim);
        let same = compare(&one, &record(folder.path(), &right, Mode::Processes));
        prop_assert_eq!((same.aligned, same.same, &same.difference), (Aligned::Peers, steps.len() as u64, &None));

        let place = *place.get(&steps);
        right[place].name = Cow::Borrowed("other");
        let other = record(folder.path(), &right, Mode::Processes);
        let comparison = compare(&one, &other);
        let difference = comparison.difference.unwrap();
        prop_assert_eq!(difference.left.map(|event| event.id), Some(left[place].id));
        prop_assert_eq!(difference.right.map(|event| event.id), Some(left[place].id));
        let before: Vec<EventId> =
            steps.iter().filter(|&&step| step < place && left[step].peer == left[place].peer).map(|&step| left[step].id).collect();
        prop_assert_eq!(difference.n as usize, before.len());
        let told: Vec<EventId> = difference.before.iter().map(|event| event.id).collect();
        prop_assert_eq!(&told, &before[before.len().saturating_sub(5)..]);
    }
}

fn record(runs: &std::path::Path, events: &[Event], mode: Mode) -> Run {
    let file = RunFile { experiment: "flood".into(), peers: 5, mode, ..RunFile::default() };
    let mut recorder = Recorder::create(runs, file).unwrap();
    events.iter().for_each(|event| recorder.event(event));
    let folder = recorder.folder().to_path_buf();
    let end = RunFile { outcome: Some(Outcome::Completed), ..recorder.file().clone() };
    recorder.finish(end).unwrap();
    Run::at(&folder).unwrap()
}

#[test]
fn readings_of_processes_add_up_and_end_with_their_process() {
    let mut meter = Meter::default();
    let mut read = |ms: u64, peer: u64, kind: Kind, value: u64| {
        let mut event = Event::new(EventId(ms), Instant::from_nanos(ms * 1_000_000), PeerId(0), kind);
        if kind == Kind::Measured {
            (event.name, event.other, event.value) = (Cow::Borrowed("cpu"), Some(PeerId(peer)), value);
        } else {
            event.peer = PeerId(peer);
        }
        meter.add(&event);
    };
    read(0, 1, Kind::Measured, 500);
    read(1, 2, Kind::Measured, 250);
    read(2, 1, Kind::Crashed, 0);
    read(3, 0, Kind::Fault, 0);
    let metrics = meter.metrics(4, None);
    let at_end = |id| values(&metrics, id).last().copied().flatten();
    assert_eq!((values(&metrics, "cpu:sum")[0], values(&metrics, "cpu:max")[0]), (Some(0.5), Some(0.5)));
    assert_eq!((at_end("cpu:sum"), at_end("cpu:max")), (Some(0.25), Some(0.25)));
    let cpu = metrics.series.iter().find(|series| series.id == "cpu:sum").unwrap();
    assert_eq!((cpu.unit, cpu.group, cpu.peak), ("processors", "processes", Some(0.75)));
}

#[test]
fn however_many_names_there_are_memory_is_bounded() {
    let mut meter = Meter::default();
    for count in 0..10_000_u64 {
        for kind in [Kind::Sent, Kind::Indicated, Kind::Progress, Kind::Measured] {
            let mut event = Event::new(EventId(count), Instant::from_nanos(count), PeerId(1), kind);
            event.name = Cow::Owned(format!("name {count}"));
            meter.add(&event);
        }
    }
    let metrics = meter.metrics(10, None);
    assert!(metrics.series.len() < 1_000, "{}", metrics.series.len());
    let sum = |id: &str| values(&metrics, id).into_iter().flatten().sum::<f64>() * metrics.dt;
    assert_eq!((sum("sent").round() as u64, sum("sent:others").round() as u64), (10_000, 10_000 - 32));
    assert_eq!(sum("indicated:others").round() as u64, 10_000 - 64);
    assert_eq!(metrics.notes.len(), 1, "{:?}", metrics.notes);
}
