//! From what was counted to series a person can plot.

use rumormill_core::Instant;

use super::kinds::{Direction, MessageKind};
use super::meter::Gauge;
use super::peers::PEERS_MAX;
use super::tracks::TrackId;
use super::{Histogram, Meter, Metrics, Series, SeriesKind};

/// Columns of an answer, at most.
const WIDTH_MAX: usize = 10_000;

impl Meter {
    /// The numbers in at most `width` columns (1 to 10,000; at most 2,400 are ever kept), up to the last
    /// event, or to `until` if that is later.
    #[must_use]
    pub fn metrics(&mut self, width: usize, until: Option<Instant>) -> Metrics {
        let Self { targets, tracks, .. } = self;
        targets.iter_mut().for_each(|target| target.settle(tracks));
        let to = self.last.max(until.unwrap_or(Instant::ZERO));
        let step_ns = self.tracks.step_ns();
        let used = (to.as_nanos() / step_ns) as usize + 1;
        let factor = used.div_ceil(width.clamp(1, WIDTH_MAX));
        let page = Page { meter: self, factor, count: used.div_ceil(factor), dt: step_ns as f64 * factor as f64 / 1e9 };
        Metrics {
            from: 0.0,
            to: to.as_secs_f64(),
            dt: page.dt,
            events: self.events,
            series: page.series(),
            histograms: self.histograms(),
            notes: self.all_notes(),
        }
    }

    /// All messages together first.
    fn histograms(&self) -> Vec<Histogram> {
        let all = self.kinds.latencies().histogram("");
        let kinds = self.kinds.all().iter().map(|kind| kind.latencies.histogram(&kind.name));
        [all].into_iter().chain(kinds).flatten().collect()
    }

    fn all_notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        let further = [
            (self.under_way.given_up, "messages never arrived and are no longer counted as under way"),
            (self.unfollowed, "changes of further targets and gauges are not followed"),
        ];
        notes.extend(further.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        if self.peers.unfollowed > 0 {
            notes.push(format!("{} peers beyond the first {PEERS_MAX} are not followed", self.peers.unfollowed));
        }
        notes
    }
}

/// The columns of one answer.
struct Page<'a> {
    meter: &'a Meter,
    factor: usize,
    count: usize,
    dt: f64,
}

impl Page<'_> {
    fn series(&self) -> Vec<Series> {
        let mut series = Vec::new();
        self.messages(&mut series);
        self.latencies(&mut series);
        let peers = &self.meter.peers;
        for (id, name, track) in
            [("up", "peers that are up", peers.up_track), ("done", "peers that are done", peers.done_track)]
        {
            series.push(plot(id, name, "peers", "peers", SeriesKind::Count, self.level(track)));
        }
        self.targets(&mut series);
        for (name, track) in &self.meter.indicated {
            let (id, rate) = (format!("indicated:{name}"), self.rate(*track));
            series.push(plot(&id, name, "1/s", "indications", SeriesKind::Rate, rate));
        }
        self.meter.gauges.iter().for_each(|gauge| self.gauge(gauge, &mut series));
        series
    }

    fn messages(&self, series: &mut Vec<Series>) {
        for (unit, group, what, track) in [
            ("messages/s", "messages", "", MessageKind::messages as fn(&MessageKind, Direction) -> TrackId),
            ("B/s", "bytes", "_bytes", MessageKind::bytes),
        ] {
            for direction in Direction::ALL {
                let (id, name) = named(direction.name(), what, "");
                let all = self.all(|kind| track(kind, direction));
                series.push(plot(&id, &name, unit, group, SeriesKind::Rate, self.a_second(all)));
            }
            for kind in self.meter.kinds.all() {
                for direction in Direction::ALL {
                    let (id, name) = named(direction.name(), what, &kind.name);
                    series.push(plot(&id, &name, unit, group, SeriesKind::Rate, self.rate(track(kind, direction))));
                }
            }
        }
        for (why, track) in &self.meter.lost {
            let (id, name) = (format!("lost_why:{why}"), format!("lost: {why}"));
            series.push(plot(&id, &name, "messages/s", "messages", SeriesKind::Rate, self.rate(*track)));
        }
        let under_way = self.level(self.meter.in_flight);
        series.push(plot("in_flight", "messages under way", "messages", "messages", SeriesKind::Count, under_way));
    }

    fn latencies(&self, series: &mut Vec<Series>) {
        let mut mean = |name: &str, took: Vec<f64>, arrived: Vec<f64>| {
            let means = took.iter().zip(arrived).map(|(took, n)| (n > 0.0).then(|| took / n)).collect();
            let (id, name) = named("latency", "", name);
            series.push(plot(&id, &name, "s", "latency", SeriesKind::Gauge, means));
        };
        mean("", self.all(|kind| kind.took), self.all(|kind| kind.arrived));
        for kind in self.meter.kinds.all() {
            mean(&kind.name, self.raw(kind.took), self.raw(kind.arrived));
        }
    }

    fn targets(&self, series: &mut Vec<Series>) {
        for target in &self.meter.targets {
            let name = &target.name;
            for (figure, track) in [("min", target.least), ("median", target.median), ("max", target.most)] {
                let id = format!("target:{name}:{figure}");
                let values = self.held(track);
                series.push(plot(&id, &format!("{name}: {figure}"), "", "progress", SeriesKind::Gauge, values));
            }
            let (sum, met) = (self.level(target.sum), self.level(target.met));
            series.push(plot(
                &format!("target:{name}:sum"),
                &format!("{name}: sum"),
                "",
                "progress",
                SeriesKind::Gauge,
                sum,
            ));
            let words = format!("{name}: met, of {}", target.peers_known);
            series.push(plot(&format!("target:{name}:met"), &words, "peers", "progress", SeriesKind::Count, met));
        }
    }

    fn gauge(&self, gauge: &Gauge, series: &mut Vec<Series>) {
        let (unit, scale) = match gauge.name.as_str() {
            "cpu" => ("processors", 1e-3),
            "memory" => ("B", 1.0),
            "queue" => ("messages", 1.0),
            _ => ("", 1.0),
        };
        for (figure, words, track) in
            [("sum", "all processes", gauge.sum), ("max", "the most of one process", gauge.most)]
        {
            let values = self.held(track).into_iter().map(|value| Some(value? * scale)).collect();
            let (id, name) = (format!("{}:{figure}", gauge.name), format!("{}: {words}", gauge.name));
            series.push(plot(&id, &name, unit, "processes", SeriesKind::Gauge, values));
        }
    }

    fn raw(&self, track: TrackId) -> Vec<f64> {
        self.meter.tracks.columns(track, self.factor, self.count)
    }

    /// A track of each kind of message, added up.
    fn all(&self, track: impl Fn(&MessageKind) -> TrackId) -> Vec<f64> {
        let mut all = vec![0.0; self.count];
        for kind in self.meter.kinds.all() {
            all.iter_mut().zip(self.raw(track(kind))).for_each(|(sum, count)| *sum += count);
        }
        all
    }

    /// What was counted in each column, a second.
    fn rate(&self, track: TrackId) -> Vec<Option<f64>> {
        self.a_second(self.raw(track))
    }

    fn a_second(&self, counts: Vec<f64>) -> Vec<Option<f64>> {
        counts.into_iter().map(|count| Some(count / self.dt)).collect()
    }

    /// The sum of all changes up to the end of each column.
    fn level(&self, track: TrackId) -> Vec<Option<f64>> {
        let mut level = 0.0;
        let changes = self.raw(track).into_iter();
        changes
            .map(|change| {
                level += change;
                Some(level)
            })
            .collect()
    }

    /// The last reading up to the end of each column.
    fn held(&self, track: TrackId) -> Vec<Option<f64>> {
        let mut held = None;
        let readings = self.raw(track).into_iter();
        readings
            .map(|reading| {
                held = if reading.is_nan() { held } else { Some(reading) };
                held
            })
            .collect()
    }
}

fn named(figure: &str, what: &str, kind: &str) -> (String, String) {
    let words = if what.is_empty() { figure.to_string() } else { format!("{figure}, bytes") };
    if kind.is_empty() {
        (format!("{figure}{what}"), words)
    } else {
        (format!("{figure}{what}:{kind}"), format!("{kind} {words}"))
    }
}

fn plot(
    id: &str,
    name: &str,
    unit: &'static str,
    group: &'static str,
    kind: SeriesKind,
    values: Vec<Option<f64>>,
) -> Series {
    let known = || values.iter().flatten().copied();
    let peak = known().fold(None, |peak: Option<f64>, value| Some(peak.map_or(value, |peak| peak.max(value))));
    let mean = peak.map(|_| known().sum::<f64>() / known().count() as f64);
    Series { id: id.into(), name: name.into(), unit, group, kind, values, peak, mean }
}
