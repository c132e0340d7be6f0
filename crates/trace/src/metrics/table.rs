//! Metrics as a table: a row a column of time.

use std::fmt::{self, Write};

use super::Metrics;
use crate::export::csv;

impl Metrics {
    /// The table as CSV (RFC 4180): a head with names and units, then a row for each column of time, which
    /// begins with when that column begins. What is not known is empty.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut table = String::new();
        // Writing into a string does not fail.
        let _ = self.write_csv(&mut table);
        table
    }

    fn write_csv(&self, out: &mut String) -> fmt::Result {
        write!(out, "time (s)")?;
        for series in &self.series {
            let unit = if series.unit.is_empty() { String::new() } else { format!(" ({})", series.unit) };
            write!(out, ",{}", csv(&format!("{}{unit}", series.id)))?;
        }
        writeln!(out)?;
        let rows = self.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        for row in 0..rows {
            write!(out, "{}", round(self.from + row as f64 * self.dt))?;
            for series in &self.series {
                match series.values.get(row).copied().flatten() {
                    Some(value) => write!(out, ",{}", round(value))?,
                    None => out.push(','),
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Without the digits that only come from binary fractions.
fn round(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let digits = (12 - value.abs().log10().ceil() as i32).min(30);
    if digits <= 0 {
        return value;
    }
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
