//! Words and numbers for a person, and JSON for a program.

use std::io::Write;

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};
use console::style;
use rumormill_core::Outcome;
use serde::Serialize;

/// The width of tables that do not go to a terminal: nothing is wrapped.
const NO_TERMINAL: u16 = 4_000;

/// Prints a line on standard output. A reader that has gone away is no error.
pub(crate) fn line(text: &str) {
    raw(format!("{text}\n").as_bytes());
}

/// Prints bytes on standard output.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    // Whoever reads only the beginning closes the pipe.
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Prints one JSON document on standard output.
pub(crate) fn json(document: &impl Serialize) {
    match serde_json::to_string_pretty(document) {
        Ok(text) => line(&text),
        Err(error) => note(&format!("no JSON: {error}")),
    }
}

/// Prints a line on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints why a command did not do what it was asked, with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    let label = console::Style::new().red().bold().for_stderr().apply_to("error:");
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some errors already say what caused them.
        if !text.contains(&cause) {
            text = if text.is_empty() { cause } else { format!("{text}: {cause}") };
        }
    }
    note(&format!("{label} {text}"));
}

/// An outcome, in its colour on a terminal.
pub(crate) fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Completed => style(outcome).green().bold().to_string(),
        Outcome::Stopped => style(outcome).yellow().bold().to_string(),
        _ => style(outcome).red().bold().to_string(),
    }
}

/// Something of less weight, on a terminal.
pub(crate) fn quiet(text: &str) -> String {
    style(text).dim().to_string()
}

/// Something to be found at once, on a terminal.
pub(crate) fn strong(text: &str) -> String {
    style(text).bold().to_string()
}

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// `1 peer`, `2 peers`.
pub(crate) fn plural(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `1.23 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    match units.into_iter().find(|(_, size)| bytes as f64 >= *size) {
        Some((unit, size)) => format!("{} {unit}", three(bytes as f64 / size)),
        None => format!("{bytes} B"),
    }
}

/// Seconds with three significant digits: `1.23 s`, `45.6 ms`.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        none if none <= 0.0 => "0 s".into(),
        small if small < 1e-3 => format!("{} µs", three(small * 1e6)),
        small if small < 1.0 => format!("{} ms", three(small * 1e3)),
        some => format!("{} s", three(some)),
    }
}

/// Three significant digits.
fn three(number: f64) -> String {
    let decimals = if number >= 100.0 {
        0
    } else if number >= 10.0 {
        1
    } else {
        2
    };
    format!("{number:.decimals$}")
}

/// A table without lines; quiet and strong cells are so on a terminal only.
pub(crate) fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !console::colors_enabled() {
        table.force_no_tty();
        table.set_width(console::Term::stdout().size_checked().map_or(NO_TERMINAL, |(_, width)| width));
    }
    table
}

/// A table with this head; the columns named are of numbers, and stand to the right.
pub(crate) fn table(head: &[&str], numbers: &[usize]) -> Table {
    let mut table = plain_table();
    table.set_header(head.iter().map(|word| quiet_cell(word)).collect::<Vec<_>>());
    for &place in numbers {
        if let Some(column) = table.column_mut(place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A cell of less weight.
pub(crate) fn quiet_cell(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Dim)
}

/// A cell to be found at once.
pub(crate) fn strong_cell(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Bold)
}

/// Prints a table without the spaces that end its lines.
pub(crate) fn print(table: &Table) {
    table.lines().for_each(|row| line(row.trim_end().strip_prefix(' ').unwrap_or("")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!([plural(1, "peer"), plural(2_000, "peer")], ["1 peer", "2,000 peers"]);
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([12, 1_500, 2_500_000, 123_000_000_000].map(bytes), ["12 B", "1.50 kB", "2.50 MB", "123 GB"]);
        assert_eq!([0.0, 5e-6, 0.0123, 1.234, 61.25].map(seconds), ["0 s", "5.00 µs", "12.3 ms", "1.23 s", "61.2 s"]);
    }
}
