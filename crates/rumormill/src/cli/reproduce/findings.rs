//! What a reproduction finds: tables of ours beside the paper's, and what they show.

use serde::Serialize;

/// What a reproduction finds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Findings {
    /// The tables, in the order in which they are read.
    pub(crate) tables: Vec<Table>,
    /// What must be known to read them.
    pub(crate) notes: Vec<String>,
}

impl Findings {
    /// Does everything hold that the tables are to show?
    pub(crate) fn holds(&self) -> bool {
        self.tables.iter().flat_map(|table| &table.claims).all(|claim| claim.holds)
    }

    /// The tables as CSV (RFC 4180), which may have different columns: a line for each cell, with the table's title, the
    /// number of the row, the column and the value.
    pub(crate) fn csv(&self) -> String {
        let mut csv = String::from("table,row,column,value\r\n");
        for table in &self.tables {
            for (row, cells) in (1..).zip(&table.rows) {
                for (column, cell) in table.columns.iter().zip(cells) {
                    let [title, name, value] = [&table.title, &column.name, &cell.plain()].map(|text| quoted(text));
                    csv += &format!("{title},{row},{name},{value}\r\n");
                }
            }
        }
        csv
    }
}

impl Cell {
    /// What it says, with all digits.
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Nothing => String::new(),
        }
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}

/// A table, and what it shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Table {
    /// What it is about.
    pub(crate) title: String,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Its rows: a cell for each column.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What it is to show, and whether it does.
    pub(crate) claims: Vec<Claim>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Column {
    /// What its cells say.
    pub(crate) name: String,
    /// What its numbers count.
    pub(crate) unit: Unit,
}

/// What numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Words, or whole numbers.
    Plain,
    /// A number that is no share and no time, such as messages for each operation.
    Number,
    /// Hundredths, with their sign: how far ours is from the paper's.
    Deviation,
    /// Seconds of the run.
    Seconds,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    /// A word.
    Text(String),
    /// How many.
    Count(u64),
    /// How much, in the unit of its column.
    Number(f64),
    /// There is no such thing in this row.
    Nothing,
}

/// Something that a table is to show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Claim {
    /// In words.
    pub(crate) claim: String,
    /// Does it show it?
    pub(crate) holds: bool,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(title: &str, columns: &[(&str, Unit)]) -> Self {
        let column = |&(name, unit): &(&str, Unit)| Column { name: name.into(), unit };
        let columns = columns.iter().map(column).collect();
        Self { title: title.into(), columns, rows: Vec::new(), claims: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column of {}", self.title);
        self.rows.push(cells);
    }

    /// Says what it is to show, and whether it does.
    pub(crate) fn claim(&mut self, claim: &str, holds: bool) {
        self.claims.push(Claim { claim: claim.into(), holds });
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// How far ours is from what was expected, in hundredths of that.
pub(crate) fn deviation(ours: f64, expected: f64) -> f64 {
    (ours / expected - 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_claim_that_does_not_hold_is_enough() {
        let mut table = Table::new("Costs", &[("replicas", Unit::Plain), ("ours", Unit::Number)]);
        table.row([Cell::from(3), Cell::from(2.5)]);
        table.claim("they fall", true);
        let mut findings = Findings { tables: vec![table.clone()], notes: Vec::new() };
        assert!(findings.holds());
        table.claim("they vanish", false);
        findings.tables.push(table);
        assert!(!findings.holds());
    }

    #[test]
    fn csv_has_a_line_for_each_cell() {
        let mut table = Table::new("Costs, \"all\"", &[("of", Unit::Plain), ("ours", Unit::Number)]);
        table.row([Cell::from("a query"), Cell::from(2.5)]);
        table.row([Cell::from(3), Cell::Nothing]);
        let findings = Findings { tables: vec![table], notes: Vec::new() };
        let mut lines = findings.csv();
        let title = "\"Costs, \"\"all\"\"\"";
        for line in ["table,row,column,value", &format!("{title},1,of,a query"), &format!("{title},1,ours,2.5")] {
            lines = lines.strip_prefix(&format!("{line}\r\n")).unwrap().to_string();
        }
        assert_eq!(lines, format!("{title},2,of,3\r\n{title},2,ours,\r\n"));
    }

    #[test]
    fn a_deviation_has_a_sign() {
        assert_eq!([deviation(3.0, 2.0), deviation(1.0, 2.0)], [50.0, -50.0]);
    }
}
