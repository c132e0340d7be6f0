//! `rumormill run --sweep`: one parameter over several values, each with several seeds.

use std::sync::atomic::{AtomicU64, Ordering};

use clap::Command;
use comfy_table::Cell;
use rumormill_lab::experiment::Problem;
use rumormill_lab::run::{Measure, Order, Sweep, Swept, Workbench};

use super::args::RunArgs;
use super::bar::Bar;
use super::interrupt::Interrupt;
use super::recorded::write_file;
use super::run::meant;
use super::{Done, Ended, Failure, say};

/// The most values of a range.
const VALUES_MAX: usize = 1_000;

/// Sweeps a parameter.
pub(crate) fn sweep(args: &RunArgs, asked: &str, order: Order, workbench: &Workbench, table: &Command) -> Done {
    let (parameter, points) = points(asked)?;
    let (first, last) = args.seeds.unwrap_or((args.seed, args.seed));
    let sweep = Sweep { order, parameter, points, seeds: first..=last };
    let total = sweep.points.len() as u64 * (last - first).saturating_add(1);
    let cores = || std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let threads = args.choice.threads.unwrap_or_else(cores).clamp(1, 256);
    let (interrupt, bar, done) = (Interrupt::listen(), Bar::new(), AtomicU64::new(0));
    let progress = |_: &_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        bar.set(done, total, || format!("{done} of {}", say::plural(total, "run")));
    };
    let runs = workbench.sweep(&sweep, threads, progress, interrupt.flag());
    bar.clear();
    let runs = runs.map_err(|problems| meant(problems, table))?;
    let swept = sweep.summary(&runs, interrupt.is_asked());
    if let Some(path) = &args.csv {
        let written = write_file(path, |out| out.write_all(sweep.csv(&runs).as_bytes()));
        written.map_err(|error| {
            Failure::run(anyhow::Error::new(error).context(format!("cannot write {}", path.display())))
        })?;
    }
    if args.json.json {
        say::json(&swept);
    } else {
        show(&swept);
    }
    match swept.points.iter().all(|point| point.failing.is_empty()) {
        _ if interrupt.is_asked() => Ok(Ended::Interrupted),
        true => Ok(Ended::Well),
        false => Ok(Ended::Badly),
    }
}

/// What a person reads: means with their spread, and which seeds failed.
fn show(swept: &Swept) {
    let Swept { experiment, mode, parameter, seeds, .. } = swept;
    let how = format!("as {mode}, seeds {} to {}; mean ± standard deviation", seeds[0], seeds[1]);
    say::line(&format!("{}  {}", say::strong(experiment), say::quiet(&how)));
    let head = [parameter, "completed", "after", "sent a peer", "bytes a peer", "dropped", "events", "took"];
    let mut table = say::table(&head, &[0, 1, 2, 3, 4, 5, 6, 7]);
    for point in &swept.points {
        let spread = |name: &str, word: fn(f64) -> String| {
            point.measures.get(name).map_or_else(|| "-".into(), |measure| spread(measure, word))
        };
        let completed = point.outcomes.get("completed").copied().unwrap_or(0);
        let row = [
            shown(&point.value),
            format!("{completed} of {}", point.done),
            spread("virtual_seconds", say::seconds),
            spread("messages_per_peer", few),
            spread("bytes_per_peer", |bytes| say::bytes(bytes as u64)),
            spread("messages_dropped", few),
            spread("events", few),
            spread("wall_seconds", say::seconds),
        ];
        table.add_row(row.map(Cell::new));
    }
    say::print(&table);
    for point in swept.points.iter().filter(|point| !point.failing.is_empty()) {
        let seeds: Vec<String> = point.failing.iter().take(20).map(u64::to_string).collect();
        let more = if point.failing.len() > 20 { ", …" } else { "" };
        let outcomes = point.outcomes.iter().filter(|(outcome, _)| **outcome != "completed");
        let how: Vec<String> = outcomes.map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let (value, seeds) = (shown(&point.value), seeds.join(", "));
        say::line(&format!("{parameter} = {value}: {} (seed {seeds}{more})", how.join(", ")));
    }
}

fn spread(measure: &Measure, word: fn(f64) -> String) -> String {
    if measure.values.len() < 2 {
        return word(measure.mean);
    }
    format!("{} ± {}", word(measure.mean), word(measure.sd))
}

/// A number with as many digits as tell something.
fn few(number: f64) -> String {
    if number < 100.0 && number.fract() != 0.0 { format!("{number:.1}") } else { say::count(number.round() as u64) }
}

fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// The parameter's name and its values, from `peers=10,100,1000` or `loss=0..0.5:0.1`.
fn points(asked: &str) -> Result<(String, Vec<serde_json::Value>), Problem> {
    let wrong =
        |message: String| Problem::field("sweep", message).next("for example: peers=10,100,1000 or loss=0..0.5:0.1");
    let Some((name, list)) = asked.split_once('=') else {
        return Err(wrong(format!("\"{asked}\" has no \"=\"")));
    };
    let mut points = Vec::new();
    for part in parts(list) {
        match range(part).map_err(&wrong)? {
            Some(range) => points.extend(range),
            None if part.is_empty() => return Err(wrong("a value is missing".into())),
            None => points.push(part.into()),
        }
    }
    Ok((name.trim().replace('-', "_"), points))
}

/// The parts between commas that are in no parentheses: an expression may have its own.
fn parts(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_u32, 0, Vec::new());
    for (place, letter) in list.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(list[start..place].trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

/// The values of `first..last:step`, both ends included; none when it is no range.
fn range(part: &str) -> Result<Option<Vec<serde_json::Value>>, String> {
    let Some((first, rest)) = part.split_once("..") else { return Ok(None) };
    let (last, step) = rest.split_once(':').unwrap_or((rest, "1"));
    let decimal = |text: &str| {
        let text = text.trim();
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let number = number.ok_or_else(|| format!("\"{text}\" in the range \"{part}\" is no number"))?;
        Ok::<_, String>((number, text.split_once('.').map_or(0, |(_, decimals)| decimals.len())))
    };
    let ((first, a), (last, b), (step, c)) = (decimal(first)?, decimal(last)?, decimal(step)?);
    if step <= 0.0 || last < first {
        return Err(format!("the range \"{part}\" has no values: it goes up, by a step above 0"));
    }
    // A step of 0.1 is not exactly that: the last value may be missed by a hair.
    let count = ((last - first) / step + 1e-9).floor() + 1.0;
    if count > VALUES_MAX as f64 {
        return Err(format!("the range \"{part}\" has more than {VALUES_MAX} values"));
    }
    let decimals = a.max(b).max(c);
    let value = |place: u32| format!("{:.decimals$}", first + f64::from(place) * step).into();
    Ok(Some((0..count as u32).map(value).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(asked: &str) -> Result<String, String> {
        let (name, points) = points(asked).map_err(|problem| problem.message)?;
        Ok(format!("{name}: {}", points.iter().map(shown).collect::<Vec<_>>().join(" | ")))
    }

    #[test]
    fn values_are_listed_or_in_a_range() {
        let listed = |asked| listed(asked).unwrap();
        assert_eq!(listed("peers=10,100, 1000"), "peers: 10 | 100 | 1000");
        assert_eq!(listed("peers=10..50:20,100"), "peers: 10 | 30 | 50 | 100");
        assert_eq!(listed("peers=8..11"), "peers: 8 | 9 | 10 | 11");
        assert_eq!(listed("loss=0..0.3:0.1"), "loss: 0.0 | 0.1 | 0.2 | 0.3");
        assert_eq!(listed("sync-every=1s,250ms"), "sync_every: 1s | 250ms");
        assert_eq!(listed("messages=max(1, peerid),1 if peerid == 1 else 0").matches('|').count(), 1);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (asked, says) in [
            ("peers", "has no \"=\""),
            ("peers=", "a value is missing"),
            ("peers=1,,2", "a value is missing"),
            ("peers=9..1", "has no values"),
            ("peers=1..9:0", "has no values"),
            ("peers=a..b", "is no number"),
            ("peers=1..inf", "is no number"),
            ("peers=0..1000000", "more than 1000"),
        ] {
            let said = listed(asked).unwrap_err();
            assert!(said.contains(says), "{asked}: {said}");
        }
    }
}
