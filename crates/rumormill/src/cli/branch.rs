//! `rumormill branch`.

use std::time::Duration;

use rumormill_core::plan::{Fault, Peers};
use rumormill_lab::experiment::{Problem, Values, read_fault};
use rumormill_lab::run::{Change, Order, Resolved, Workbench};
use rumormill_trace::Run;

use super::args::{BranchArgs, Places};
use super::{Done, Failure, run};

/// Goes on from a moment of a recorded simulation as a new run.
pub(crate) fn branch(args: &BranchArgs, workbench: &Workbench, places: &Places) -> Done {
    let recorded = Run::open(&args.run, &places.runs).map_err(Failure::input)?;
    let change = change(args)?;
    let at = workbench.branch_time(recorded.file(), span("at", &args.at)?)?;
    let resolved = workbench.branch(recorded.file(), at, &change)?;
    let record = (!args.no_record).then(|| places.runs.clone());
    let order = Order { record, ..resolved.order };
    run::go(Resolved { order, ..resolved }, workbench, args.json)
}

fn change(args: &BranchArgs) -> Result<Change, Problem> {
    let mut faults = args.fault.iter().map(|text| read_fault(text)).collect::<Result<Vec<_>, _>>()?;
    for asked in &args.request {
        faults.push(request(asked)?);
    }
    let mut values = Values::new();
    for pair in &args.set {
        let Some((name, value)) = pair.split_once('=') else {
            let problem = Problem::field("set", format!("\"{pair}\" has no \"=\""));
            return Err(problem.next("for example: --set fanout=2"));
        };
        values.insert(name.trim().into(), value.into());
    }
    let time_limit = args.time_limit.as_deref().map(|text| span("time-limit", text)).transpose()?;
    Ok(Change { faults, values, time_limit })
}

/// `3: sync`, or `*: sync` for all.
fn request(asked: &str) -> Result<Fault, Problem> {
    let wrong = || {
        Problem::field("request", format!("\"{asked}\" does not say who is asked what"))
            .next("for example: --request \"3: sync\", or \"*: sync\" for all peers")
    };
    let (peer, text) = asked.split_once(':').ok_or_else(wrong)?;
    let peers = match peer.trim() {
        "*" => Peers::All,
        number => Peers::Numbers(vec![number.parse().map_err(|_| wrong())?]),
    };
    Ok(Fault::Request { peers, text: text.trim().into() })
}

fn span(field: &str, text: &str) -> Result<Duration, Problem> {
    let wrong = || Problem::field(field, format!("\"{text}\" is not a span of time")).next("for example: 1.5s");
    // Fractions are how a person reads them from the page.
    let seconds = text.trim().strip_suffix('s').and_then(|seconds| seconds.parse::<f64>().ok());
    match seconds {
        Some(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong()),
        None => humantime::parse_duration(text).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let nanos = |text: &str| span("at", text).map(|span| span.as_nanos()).map_err(|problem| problem.to_string());
        assert_eq!(nanos("1.5s"), Ok(1_500_000_000));
        assert_eq!(nanos("0.123456789s"), Ok(123_456_789));
        assert_eq!(nanos("250ms"), Ok(250_000_000));
        assert_eq!(nanos("1m 30s"), Ok(90_000_000_000));
        assert_eq!(nanos("soon"), Err("at: \"soon\" is not a span of time (for example: 1.5s)".into()));
    }

    #[test]
    fn a_request_names_who_is_asked() {
        let asked = |text: &str| request(text).map(|fault| fault.to_string());
        assert_eq!(asked("3: sync").unwrap(), "peer 3 is asked: sync");
        assert_eq!(asked("*: sync").unwrap(), "all peers are asked: sync");
        assert!(asked("sync").is_err() && asked("x: sync").is_err());
    }
}
