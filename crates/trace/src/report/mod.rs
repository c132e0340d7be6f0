//! `report.html`: one self-contained page about a run, to send to somebody.

mod charts;
mod graph;
mod plots;
mod repeat;
mod violations;
mod words;

use std::fmt::{self, Display};

use rumormill_core::Outcome;

use crate::batch::EventRef;
use crate::export::xml;
use crate::summary::{Summary, Tally};
use crate::walk::Walk;
use crate::{Link, Meter, Metrics, Run, RunFile, State};
use words::{bytes, count, seconds};

/// A fact of more letters gets a row of its own.
const LONG: usize = 40;

/// Columns of the plots.
const COLUMNS: usize = 120;

/// A self-contained page about this run, in HTML. The recorder writes one when the run ends; this makes one
/// for a run that was interrupted.
#[must_use]
pub fn report(run: &Run) -> String {
    let (mut walk, mut counted) = (Walk::new(run), Counted::default());
    while let Some(event) = walk.next() {
        counted.add(&event);
    }
    page(run.file(), &mut counted, &walk.notes, Some(run))
}

/// What a report is made from, counted as a run's events pass.
#[derive(Default)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    meter: Meter,
}

impl Counted {
    pub(crate) fn add(&mut self, event: &EventRef<'_>) {
        self.tally.add(event);
        self.meter.take(event);
    }
}

/// The page about a run that ended as this file says; `run` has its events, for the diagrams of violations.
pub(crate) fn page(file: &RunFile, counted: &mut Counted, damage: &[String], run: Option<&Run>) -> String {
    let mut summary = counted.tally.summary();
    summary.notes.splice(0..0, damage.iter().cloned());
    let metrics = counted.meter.metrics(COLUMNS, None);
    let violations = violations::sections(file, run);
    Page { file, summary, metrics, links: counted.tally.links(), violations }.to_string()
}

struct Page<'a> {
    file: &'a RunFile,
    summary: Summary,
    metrics: Metrics,
    links: Vec<Link>,
    /// HTML.
    violations: String,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = if self.file.title.is_empty() { &self.file.experiment } else { &self.file.title };
        write!(f, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n")?;
        writeln!(f, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        // Nothing in here is a program, whatever a peer wrote into its messages.
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        writeln!(f, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")?;
        writeln!(f, "<title>{}</title>\n<style>\n{}</style>", xml(&self.file.name), include_str!("style.css"))?;
        writeln!(f, "<h1>{}</h1>\n<p class=\"quiet\">{}</p>", xml(title), xml(&self.file.name))?;
        self.verdict(f)?;
        self.repeat(f)?;
        f.write_str(&self.violations)?;
        self.facts(f)?;
        self.targets(f)?;
        f.write_str(&plots::draw(self.file, &self.summary, &self.metrics))?;
        self.links(f)?;
        self.faults(f)?;
        self.messages(f)?;
        self.counts(f)?;
        self.origin(f)
    }
}

impl Page<'_> {
    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, words) = match (self.file.outcome, self.file.state) {
            (Some(outcome), _) => (outcome.name(), sentence(outcome)),
            (None, State::Interrupted) => ("interrupted", "Interrupted: whoever recorded it died before it ended."),
            (None, _) => ("running", "Not ended yet."),
        };
        let (done, peers) = (self.summary.done, u64::from(self.file.peers));
        let after = seconds(self.file.virtual_seconds.max(self.summary.last_s));
        writeln!(f, "<p><span class=\"verdict {class}\">{words}</span> ")?;
        writeln!(f, "{} of {} peers are done after {after}.</p>", count(done), count(peers))?;
        if let Some(error) = &self.file.error {
            writeln!(f, "<p class=\"failed\">{}</p>", xml(error))?;
        }
        self.summary.notes.iter().try_for_each(|note| writeln!(f, "<p class=\"quiet\">{}</p>", xml(note)))
    }

    /// Where it came from, and the commands that run it again.
    fn repeat(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.file.parent {
            let at = seconds(parent.at_s);
            writeln!(f, "<p>Branched off {} at {at}: until then, both are the same.</p>", xml(&parent.run))?;
        }
        let commands = repeat::commands(self.file);
        if commands.is_empty() {
            return Ok(());
        }
        write!(f, "<pre class=\"commands\">")?;
        for repeat::Command { line, purpose } in commands {
            writeln!(f, "{}  <span class=\"quiet\"># {purpose}</span>", xml(&line))?;
        }
        writeln!(f, "</pre>")
    }

    fn facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file;
        let messages = file.messages;
        let mut facts = vec![
            ("Mode", file.mode.to_string()),
            ("Peers", count(file.peers.into())),
            ("Seed", file.seed.to_string()),
            ("Time in the run", seconds(file.virtual_seconds)),
            ("Wall time", seconds(file.wall_seconds)),
            ("Events handled", count(file.events)),
            ("Messages sent", count(messages.sent)),
            ("Messages delivered", count(messages.delivered)),
            ("Messages lost", count(messages.dropped)),
            ("Bytes sent", bytes(messages.bytes)),
            ("Events recorded", count(self.summary.events)),
            ("Started", file.started.clone()),
            ("Version", format!("{} ({})", file.build.version, file.build.profile)),
            ("Machine", format!("{} {}, {} processors", file.host.os, file.host.arch, file.host.cpus)),
        ];
        let optional = [
            ("Events not recorded", (file.trace_dropped > 0).then(|| count(file.trace_dropped))),
            ("Most memory", file.peak_memory_bytes.map(bytes)),
            ("Commit", file.build.commit.clone()),
            ("Digest", file.digest.clone()),
            ("Properties checked", (!file.checks.is_empty()).then(|| file.checks.join(", "))),
        ];
        facts.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        writeln!(f, "<dl>")?;
        for (name, value) in facts {
            let class = if value.len() > LONG { " class=\"long\"" } else { "" };
            writeln!(f, "<div{class}><dt>{name}</dt><dd>{}</dd></div>", xml(&value))?;
        }
        writeln!(f, "</dl>")
    }

    fn targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["Target", "", "Peers that met it", "Total", "First met", "Last met"];
        let rows = self.summary.targets.iter().map(|(name, target)| {
            let share = if target.goal == 0 { 1.0 } else { target.value as f64 / target.goal as f64 };
            [
                xml(name).to_string(),
                bar(share.min(1.0)),
                format!("{} of {}", count(target.met), count(target.peers)),
                format!("{} of {}", count(target.value), count(target.goal)),
                target.first_met_s.map_or_else(String::new, seconds),
                target.last_met_s.map_or_else(String::new, seconds),
            ]
        });
        table(f, "Targets", "", heads, rows)
    }

    fn messages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.summary.messages.iter().map(|(name, message)| {
            [
                xml(name).to_string(),
                count(message.sent),
                count(message.delivered),
                count(message.dropped),
                bytes(message.bytes),
            ]
        });
        table(f, "Messages", "", ["Message", "Sent", "Delivered", "Lost", "Bytes"], rows)
    }

    fn links(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "<div class=\"columns\">")?;
        f.write_str(&graph::draw(&self.links, u64::from(self.file.peers)))?;
        let rows = self.summary.top_links.iter().map(|link| {
            [
                format!("{} to {}", who(link.from), who(link.to)),
                count(link.sent),
                count(link.delivered),
                count(link.dropped),
                bytes(link.bytes),
            ]
        });
        table(f, "Busiest links", "", ["Link", "Sent", "Delivered", "Lost", "Bytes"], rows)?;
        writeln!(f, "</div>")
    }

    fn faults(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.summary.faults.iter().map(|fault| {
            let name = if fault.name.is_empty() { fault.kind.name() } else { &fault.name };
            [seconds(fault.at_s), who(fault.peer), xml(name).to_string(), xml(&fault.text).to_string()]
        });
        table(f, "Faults", "words", ["At", "Where", "What", ""], rows)
    }

    fn counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "<div class=\"columns narrow\">")?;
        let rows = self.summary.slowest.iter().map(|slow| {
            let done =
                slow.done_s.map_or_else(|| "not done".into(), |done_s| format!("done after {}", seconds(done_s)));
            [who(slow.peer), done]
        });
        table(f, "Slowest peers", "", ["Peer", ""], rows)?;
        let rows = self.summary.lost.iter().map(|(why, lost)| [xml(why).to_string(), count(*lost)]);
        table(f, "Lost messages", "", ["Why", "Messages"], rows)?;
        let rows = self.summary.kinds.iter().map(|(kind, events)| [kind.name().into(), count(*events)]);
        table(f, "Events", "", ["Kind", "Events"], rows)?;
        writeln!(f, "</div>")
    }

    fn origin(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "<h2>What was asked</h2>")?;
        let values = serde_json::to_string_pretty(&self.file.values).map_err(|_| fmt::Error)?;
        writeln!(f, "<details><summary>Values</summary><pre>{}</pre></details>", pre(&values))?;
        if !self.file.source.is_empty() {
            let source = pre(&self.file.source);
            writeln!(
                f,
                "<details><summary>Experiment {}</summary><pre>{source}</pre></details>",
                xml(&self.file.experiment)
            )?;
        }
        writeln!(f, "</html>")
    }
}

fn sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "Completed.",
        Outcome::TimeLimit => "Not complete when its time was up.",
        Outcome::Stopped => "Stopped before it was complete.",
        Outcome::Violated => "A property did not hold.",
        _ => "Failed.",
    }
}

fn who(peer: u64) -> String {
    if peer == 0 { "network".into() } else { format!("peer {peer}") }
}

/// Text that keeps its lines.
fn pre(text: &str) -> impl Display {
    fmt::from_fn(move |f| text.split('\n').try_for_each(|line| writeln!(f, "{}", xml(line.trim_end_matches('\r')))))
}

/// A bar for a share from 0 to 1, red over amber to green.
fn bar(share: f64) -> String {
    let percent = share * 100.0;
    let color = if share < 0.5 {
        format!("color-mix(in oklab, var(--middle) {:.0}%, var(--low))", percent * 2.0)
    } else {
        format!("color-mix(in oklab, var(--high) {:.0}%, var(--middle))", percent * 2.0 - 100.0)
    };
    format!("<span class=\"bar\"><i style=\"width:{percent:.1}%;background:{color}\"></i></span>")
}

/// A table of cells that are HTML already; nothing when it has no rows.
fn table<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    class: &str,
    heads: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> fmt::Result {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    write!(f, "<section><h2>{title}</h2>\n<div class=\"wide\"><table class=\"{class}\">\n<thead><tr>")?;
    heads.iter().try_for_each(|head| write!(f, "<th>{head}</th>"))?;
    writeln!(f, "</tr></thead>\n<tbody>")?;
    for row in rows {
        write!(f, "<tr>")?;
        row.iter().try_for_each(|cell| write!(f, "<td>{cell}</td>"))?;
        writeln!(f, "</tr>")?;
    }
    writeln!(f, "</tbody></table></div></section>")
}
