//! `rumormill compare`: runs beside each other.

use comfy_table::Cell;
use rumormill_lab::compare::{Compared, Difference, Total, compare as beside};
use rumormill_lab::view::RunLine;
use rumormill_lab::view::log::LogLine;
use rumormill_trace::{Meter, Run};
use serde_json::Value;

use super::args::{CompareArgs, Places};
use super::{Done, Ended, Failure, say};

/// Compares recorded runs.
pub(crate) fn compare(args: &CompareArgs, places: &Places) -> Done {
    let runs = args.names.iter().map(|name| open(name, places)).collect::<Result<Vec<_>, _>>()?;
    let mut meters: Vec<Meter> = runs.iter().map(|(_, run)| Meter::of(run)).collect();
    let compared = beside(&runs, &mut meters);
    if args.json.json {
        say::json(&compared);
    } else {
        show(&compared);
    }
    Ok(if compared.difference.is_none() { Ended::Well } else { Ended::Badly })
}

fn open(name: &str, places: &Places) -> Result<(RunLine, Run), Failure> {
    let run = Run::open(name, &places.runs).map_err(Failure::input)?;
    Ok((RunLine::recorded(run.file(), run.folder().display().to_string()), run))
}

fn show(compared: &Compared) {
    for (run, letter) in compared.runs.iter().zip('A'..) {
        let ended = run.outcome.map_or_else(|| "not ended".to_string(), say::outcome);
        say::line(&format!("{}  {}  {ended}", say::strong(&letter.to_string()), run.name));
    }
    say::line("");
    totals(compared);
    asked(compared);
    for (letter, ((difference, same), aligned)) in
        ('B'..).zip(compared.differences.iter().zip(&compared.same).zip(&compared.aligned))
    {
        let how = say::quiet(&format!("compared {}", aligned.name()));
        match difference {
            Some(difference) => differ(letter, difference, &how),
            None => {
                say::line(&format!("\nA and {letter} {}: {} events  {how}", say::strong("agree"), say::count(*same)))
            }
        }
    }
    compared.notes.iter().for_each(|note| say::note(note));
}

fn totals(compared: &Compared) {
    let letters: Vec<String> = ('A'..).take(compared.runs.len()).map(String::from).collect();
    let mut head = vec!["".to_string()];
    head.extend(letters.iter().cloned());
    head.extend(letters.iter().skip(1).map(|letter| format!("{letter}/A")));
    let numbers: Vec<usize> = (1..head.len()).collect();
    let mut table = say::table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &numbers);
    for total in &compared.totals {
        let values = total.values.iter().map(|value| value.map_or_else(|| "-".into(), |value| figure(total, value)));
        let ratio = |ratio: &Option<f64>| ratio.map_or_else(|| "-".to_string(), |ratio| format!("{ratio:.3}"));
        let ratios = total.ratios.iter().skip(1).map(ratio);
        let row = std::iter::once(total.name.clone()).chain(values).chain(ratios);
        table.add_row(row.map(Cell::new).collect::<Vec<_>>());
    }
    say::print(&table);
}

fn figure(total: &Total, value: f64) -> String {
    match total.unit {
        "s" => say::seconds(value),
        "B" => say::bytes(value as u64),
        _ if value.fract() == 0.0 => say::count(value as u64),
        _ => format!("{value:.1}"),
    }
}

fn asked(compared: &Compared) {
    if compared.parameters.is_empty() {
        return;
    }
    say::line(&format!("\n{}", say::strong("asked differently")));
    let mut table = say::plain_table();
    for asked in &compared.parameters {
        let words = |value: &Value| match value {
            Value::Null => "-".to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let row = std::iter::once(say::quiet_cell(&asked.name)).chain(asked.values.iter().map(words).map(Cell::new));
        table.add_row(row.collect::<Vec<_>>());
    }
    say::print(&table);
}

fn differ(letter: char, difference: &Difference, how: &str) {
    let same = say::plural(difference.same, "event");
    say::line(&format!("\nA and {letter} {} after {same} that agree  {how}", say::strong("differ")));
    for event in &difference.before {
        say::line(&say::quiet(&format!("    {}", words(event))));
    }
    for (letter, event) in [('A', &difference.left), (letter, &difference.right)] {
        let event = event.as_ref().map_or_else(|| "has no more events".into(), words);
        say::line(&format!("  {} {event}", say::strong(&letter.to_string())));
    }
}

fn words(event: &LogLine) -> String {
    let who = if event.peer == 0 { "network".into() } else { format!("peer {}", event.peer) };
    let other = event.other.map(|other| format!(" {other}")).unwrap_or_default();
    let way = match event.kind {
        "sent" | "dropped" => " to",
        "delivered" => " from",
        _ => "",
    };
    let way = if event.other.is_some() { way } else { "" };
    let text = if event.text.is_empty() { String::new() } else { format!(": {}", event.text) };
    let name = if event.name.is_empty() { String::new() } else { format!(" {}", event.name) };
    format!("{:>9}  {who} {}{name}{way}{other}{text}", say::seconds(event.t), event.kind)
}
