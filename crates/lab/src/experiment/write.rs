//! Writes an experiment file that says literally what a run had: how a found failure is kept.

use std::fmt::Write;
use std::time::Duration;

use rumormill_core::plan::{Churn, Conditions, DiskFate, Fault, Latency, Matrix, Peers, Plan};
use rumormill_core::{Topology, Value};
use serde_json::Value as Json;

use super::{Experiment, Kind, Parameter, Setup, Values};

/// The text of an experiment file, and of the latency matrix that it names, if it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The experiment file.
    pub text: String,
    /// A matrix file to lay beside it: its name and its text.
    pub matrix: Option<(String, String)>,
}

impl Experiment {
    /// Writes this experiment with these values as defaults and with this topology, plan and end written
    /// out. `head` stands above it as a comment; `stem` names a matrix file.
    #[must_use]
    pub fn write(&self, head: &str, stem: &str, values: &Values, setup: &Setup) -> Written {
        let mut text: String = head.lines().map(|line| format!("# {line}\n")).collect();
        let mut matrix = None;
        let latency = match &setup.plan.network.latency {
            Latency::Matrix(measured) => {
                let name = format!("{stem}.csv");
                let call = format!("latency(matrix = {})", quote(&name));
                matrix = Some((name, csv(measured)));
                call
            }
            other => latency(other),
        };
        text += "\nexperiment(\n";
        let mut field = |name: &str, value: &str| _ = writeln!(text, "    {name} = {value},");
        field("title", &quote(&self.title));
        if !self.about.is_empty() {
            field("about", &quote(&self.about));
        }
        field("protocol", &quote(&self.protocol));
        let parameters =
            self.parameters.iter().map(|one| parameter(one, values.get(&one.name).unwrap_or(&one.default)));
        field("parameters", &list(parameters));
        let conditions = parts(&setup.plan.network.conditions);
        field("network", &if conditions.is_empty() { latency } else { format!("{latency} + {conditions}") });
        field("topology", &topology(setup.topology));
        let disk = setup.plan.disk;
        field("disk", &format!("disk({}, keeps_unsynced = {:?})", span(disk.latency), disk.keeps_unsynced));
        field("faults", &list(faults(&setup.plan)));
        if let Some(churn) = &setup.plan.churn {
            field("churn", &self::churn(churn));
        }
        let limit = span(setup.stop.time_limit);
        field(
            "stop",
            &if setup.stop.targets_met {
                format!("targets_met(within = {limit})")
            } else {
                format!("time_limit({limit})")
            },
        );
        if self.check == [crate::checks::ALL] {
            field("check", "all_properties()");
        } else if !self.check.is_empty() {
            field("check", &format!("[{}]", self.check.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")));
        }
        field(
            "modes",
            &format!("[{}]", self.modes.iter().map(|mode| quote(mode.name())).collect::<Vec<_>>().join(", ")),
        );
        text += ")\n";
        Written { text, matrix }
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("        {item},\n")).collect();
    if items.is_empty() { "[]".into() } else { format!("[\n{items}    ]") }
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => _ = write!(quoted, "\\x{:02x}", u32::from(control) & 0xff),
            plain => quoted.push(plain),
        }
    }
    quoted + "\""
}

fn span(span: Duration) -> String {
    quote(&humantime::format_duration(span).to_string())
}

fn parameter(parameter: &Parameter, value: &Json) -> String {
    let typed = match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (function, default) = match parameter.kind {
        Kind::Count => ("count", typed.replace(['_', ' '], "")),
        Kind::Number => ("number", typed),
        Kind::Flag => {
            let yes = matches!(typed.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1");
            ("flag", if yes { "True" } else { "False" }.into())
        }
        Kind::Text => ("text", quote(&typed)),
        Kind::Choice => ("choice", quote(&typed)),
        Kind::Span => ("span", quote(&typed)),
        Kind::Expression => ("expression", quote(&typed)),
    };
    let mut call = format!("{function}({}, {default}", quote(&parameter.name));
    let bound = |bound: f64| match parameter.kind {
        Kind::Span => span(Duration::from_secs_f64(bound)),
        Kind::Count => format!("{bound:.0}"),
        _ => format!("{bound:?}"),
    };
    for (name, limit) in [("min", parameter.min), ("max", parameter.max)] {
        if let Some(limit) = limit {
            _ = write!(call, ", {name} = {}", bound(limit));
        }
    }
    for (name, texts) in [("choices", &parameter.choices), ("variables", &parameter.variables)] {
        if !texts.is_empty() {
            _ = write!(call, ", {name} = [{}]", texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", "));
        }
    }
    if !parameter.help.is_empty() {
        _ = write!(call, ", help = {}", quote(&parameter.help));
    }
    call + ")"
}

fn latency(latency: &Latency) -> String {
    match latency {
        Latency::Constant(constant) => format!("latency(constant = {})", span(*constant)),
        Latency::Uniform { min, max } => format!("latency(uniform = ({}, {}))", span(*min), span(*max)),
        Latency::LogNormal { min, median, sigma } => {
            format!("latency(lognormal = ({}, {}, {sigma:?}))", span(*min), span(*median))
        }
        Latency::Regions(regions) => {
            let count = regions.names.len();
            let pairs = regions.latency.iter().enumerate().map(|(place, latency)| {
                let (one, other) = (&regions.names[place / count], &regions.names[place % count]);
                format!("({}, {}): {}", quote(one), quote(other), span(*latency))
            });
            let pairs = pairs.collect::<Vec<_>>().join(", ");
            format!("latency(regions = {{{pairs}}}, jitter = {:?})", regions.jitter)
        }
        other => unreachable!("{other:?} has been written to a file or does not exist"),
    }
}

fn csv(matrix: &Matrix) -> String {
    let row =
        |row: &[u32]| row.iter().map(|us| format!("{:?}", f64::from(*us) / 1e3)).collect::<Vec<_>>().join(",") + "\n";
    let rows: String = matrix.round_trip_us.chunks(matrix.sites.max(1) as usize).map(row).collect();
    format!("# round-trip times in milliseconds, a line a site\n{rows}")
}

/// Conditions as a sum of parts; empty when there are none.
fn parts(conditions: &Conditions) -> String {
    let mut parts = Vec::new();
    if conditions.loss > 0.0 {
        parts.push(format!("loss({:?})", conditions.loss));
    }
    if conditions.duplication > 0.0 {
        parts.push(format!("duplicate({:?})", conditions.duplication));
    }
    if conditions.reordering > 0.0 {
        parts.push(format!("reorder({:?}, by = {})", conditions.reordering, span(conditions.reordering_by)));
    }
    if !conditions.delay.is_zero() {
        parts.push(format!("delay({})", span(conditions.delay)));
    }
    parts.extend(conditions.bandwidth.map(|bits| format!("bandwidth(\"{bits}bit\")")));
    parts.join(" + ")
}

/// The same where something must stand.
fn parts_or_good(conditions: &Conditions) -> String {
    let parts = parts(conditions);
    if parts.is_empty() { "loss(0)".into() } else { parts }
}

fn topology(topology: Topology) -> String {
    match topology {
        Topology::Random { degree } => format!("random_graph({})", degree.max(2)),
        Topology::Ring { reach } => format!("ring({})", reach.max(1)),
        Topology::Grid => "grid()".into(),
        _ => "full()".into(),
    }
}

fn faults(plan: &Plan) -> impl Iterator<Item = String> {
    plan.schedule().into_iter().map(|timed| format!("at({}, {})", span(timed.at), fault(&timed.fault)))
}

fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Partition { groups } => {
            format!("partition({})", groups.iter().map(peers).collect::<Vec<_>>().join(", "))
        }
        Fault::Cut { from, to, both } => {
            format!("cut({}, {}, both = {})", peers(from), peers(to), if *both { "True" } else { "False" })
        }
        Fault::Link { from, to, conditions: None } => format!("link({}, {}, None)", peers(from), peers(to)),
        Fault::Link { from, to, conditions: Some(holds) } => {
            format!("link({}, {}, {})", peers(from), peers(to), parts_or_good(holds))
        }
        Fault::Conditions(holds) => format!("conditions({})", parts_or_good(holds)),
        Fault::Crash { peers } => format!("crash({})", self::peers(peers)),
        Fault::Restart { peers, disk } => format!("restart({}, disk = {})", self::peers(peers), fate(*disk)),
        Fault::Pause { peers } => format!("pause({})", self::peers(peers)),
        Fault::Resume { peers } => format!("resume({})", self::peers(peers)),
        Fault::Slow { peers, by } => format!("slow({}, {})", self::peers(peers), span(*by)),
        Fault::Clock { peers, offset_ns, drift_ppm } => {
            let sign = if *offset_ns < 0 { "-" } else { "" };
            let offset = humantime::format_duration(Duration::from_nanos(offset_ns.unsigned_abs()));
            format!("clock({}, \"{sign}{offset}\", {drift_ppm})", self::peers(peers))
        }
        Fault::Join { peers } => format!("join({})", self::peers(peers)),
        Fault::Request { peers, text } => format!("request({}, {})", self::peers(peers), quote(text)),
        Fault::Set { parameters } => {
            let changes = parameters.0.iter().map(|(name, value)| format!("{name} = {}", change(value)));
            format!("set({})", changes.collect::<Vec<_>>().join(", "))
        }
        _ => "heal()".into(),
    }
}

/// What a parameter is changed to.
fn change(value: &Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::Flag(flag) => if *flag { "True" } else { "False" }.into(),
        Value::Text(text) => quote(text),
        Value::Span(length) => span(*length),
        Value::PerPeer(each) => match each.first() {
            Some(first) if each.iter().all(|count| count == first) => quote(&first.to_string()),
            _ => format!("[{}]", each.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        },
        other => quote(&other.to_string()),
    }
}

fn churn(churn: &Churn) -> String {
    match churn {
        Churn::Exponential { mean_up, mean_down, peers, disk, until } => {
            let (up, down, until) = (span(*mean_up), span(*mean_down), span(*until));
            let (peers, disk) = (self::peers(peers), fate(*disk));
            format!("churn(up = {up}, down = {down}, until = {until}, peers = {peers}, disk = {disk})")
        }
        Churn::Schedule { absences, disk } => {
            let absence =
                |(peer, from, to): &(u32, Duration, Duration)| format!("({peer}, {}, {})", span(*from), span(*to));
            let absences = absences.iter().map(absence).collect::<Vec<_>>().join(", ");
            format!("absences([{absences}], disk = {})", fate(*disk))
        }
        _ => "None".into(),
    }
}

fn fate(disk: DiskFate) -> &'static str {
    match disk {
        DiskFate::Kept => "\"kept\"",
        DiskFate::Lost => "\"lost\"",
    }
}

fn peers(peers: &Peers) -> String {
    match peers {
        Peers::Numbers(numbers) => {
            format!("peers({})", numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))
        }
        Peers::Share { from, to } => format!("share({from:?}, {to:?})"),
        Peers::Random { count, draw } => format!("random_peers({count}, {draw})"),
        _ => "all_peers()".into(),
    }
}
