//! Spans of time and rates as people write them.

use std::time::Duration;

/// The longest span that a plan may name: a year.
pub const SPAN_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads `250ms`, `1m 30s`, `0`.
///
/// # Errors
/// A sentence for a person.
pub fn span(text: &str) -> Result<Duration, String> {
    let trimmed = text.trim();
    if trimmed == "0" {
        return Ok(Duration::ZERO);
    }
    let shown: String = trimmed.chars().take(40).collect();
    let span = humantime::parse_duration(trimmed).map_err(|_| {
        format!("\"{shown}\" is not a span of time; write for example \"250ms\", \"10s\" or \"1m 30s\"")
    })?;
    if span > SPAN_MAX {
        return Err(format!("\"{shown}\" is more than a year"));
    }
    Ok(span)
}

/// Reads a rate such as `10Mbit` (per second): bits per second.
///
/// # Errors
/// A sentence for a person.
pub fn rate(text: &str) -> Result<u64, String> {
    let shown: String = text.trim().chars().take(40).collect();
    let wrong = || format!("\"{shown}\" is not a bandwidth; write for example \"10Mbit\", \"512kbit\" or \"1Gbit\"");
    let text = text.trim().trim_end_matches("/s").trim_end_matches("ps");
    let (number, factor) = [("kbit", 1e3), ("Mbit", 1e6), ("Gbit", 1e9), ("bit", 1.0)]
        .into_iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number.trim(), factor)))
        .ok_or_else(wrong)?;
    let bits = number.parse::<f64>().map_err(|_| wrong())? * factor;
    if (1.0..=1e15).contains(&bits) { Ok(bits as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_rates_are_read_as_written() {
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span("0"), Ok(Duration::ZERO));
        assert!(span("ten seconds").unwrap_err().contains("ten seconds"));
        assert!(span("9999999y").is_err());
        assert_eq!(rate("10Mbit"), Ok(10_000_000));
        assert_eq!(rate("1.5 Gbit/s"), Ok(1_500_000_000));
        assert!(rate("-1Mbit").is_err() && rate("fast").is_err() && rate("NaNbit").is_err());
    }
}
