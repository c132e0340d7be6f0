//! Findings for a person.

use comfy_table::Cell as Written;

use super::Reproduction;
use super::findings::{Cell, Findings, Table, Unit};
use crate::cli::say;

/// All that can be reproduced.
pub(super) fn list(all: &[Reproduction]) {
    let mut table = say::table(&["name", "source", "what it shows", "takes about"], &[3]);
    for one in all {
        let takes = format!("{} s", one.seconds);
        let words = [one.source, one.about, &takes].map(Written::new);
        table.add_row([say::strong_cell(one.name)].into_iter().chain(words));
    }
    say::print(&table);
}

/// What was found.
pub(super) fn findings(what: &Reproduction, findings: &Findings, seed: u64) {
    say::line(&format!("{}  {}", say::strong(what.title), say::quiet(&format!("seed {seed}"))));
    say::line(&say::quiet(what.source));
    findings.tables.iter().for_each(table);
    notes(&findings.notes);
    let claims = findings.tables.iter().flat_map(|table| &table.claims);
    let (all, held) = claims.fold((0, 0), |(all, held), claim| (all + 1, held + u64::from(claim.holds)));
    say::line(&format!("\n{} of {all} hold", say::strong(&held.to_string())));
}

fn table(table: &Table) {
    say::line(&format!("\n{}", say::strong(&table.title)));
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let is_number = |place: &usize| !table.rows.iter().any(|row| matches!(row.get(*place), Some(Cell::Text(_))));
    let numbers: Vec<usize> = (0..names.len()).filter(is_number).collect();
    let mut written = say::table(&names, &numbers);
    for row in &table.rows {
        let cells = row.iter().zip(&table.columns).map(|(cell, column)| words(cell, column.unit));
        written.add_row(cells.collect::<Vec<_>>());
    }
    say::print(&written);
    for claim in &table.claims {
        say::line(&format!("{} {}", if claim.holds { "✓" } else { "✗" }, claim.claim));
    }
}

/// As a table, whose cells are wrapped at words.
fn notes(notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    say::line("");
    let mut table = say::plain_table();
    notes.iter().for_each(|note| _ = table.add_row(["-", note]));
    say::print(&table);
}

fn words(cell: &Cell, unit: Unit) -> String {
    match (cell, unit) {
        (Cell::Text(text), _) => text.clone(),
        (Cell::Count(count), _) => say::count(*count),
        (Cell::Number(seconds), Unit::Seconds) => say::seconds(*seconds),
        // What is nearer than a tenth has no sign.
        (Cell::Number(hundredths), Unit::Deviation) if hundredths.abs() < 0.05 => "0.0 %".into(),
        (Cell::Number(hundredths), Unit::Deviation) => format!("{hundredths:+.1} %"),
        (Cell::Number(number), _) => format!("{number:.2}"),
        (Cell::Nothing, _) => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_their_units() {
        let written = |number: f64, unit| words(&Cell::Number(number), unit);
        assert_eq!(written(2.456, Unit::Number), "2.46");
        assert_eq!([3.123, -3.123, -0.01].map(|of| written(of, Unit::Deviation)), ["+3.1 %", "-3.1 %", "0.0 %"]);
        assert_eq!(written(0.0061, Unit::Seconds), "6.10 ms");
        assert_eq!(words(&Cell::Count(1_200), Unit::Plain), "1,200");
        assert_eq!(words(&Cell::Nothing, Unit::Number), "-");
    }
}
