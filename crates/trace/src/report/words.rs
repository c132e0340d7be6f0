//! Figures as a person reads them.

/// A count with its thousands set apart.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut words = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A time with three significant digits.
pub(super) fn seconds(seconds: f64) -> String {
    scaled(seconds, "s", &[(1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")])
}

/// A number of bytes with three significant digits.
pub(super) fn bytes(bytes: u64) -> String {
    if bytes < 1000 { format!("{bytes} B") } else { scaled(bytes as f64, "B", &LARGE) }
}

/// A number on an axis, short.
pub(super) fn short(number: f64) -> String {
    if number < 1000.0 { trimmed(number) } else { scaled(number, "", &LARGE) }
}

const LARGE: [(f64, &str); 5] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];

fn scaled(number: f64, unit: &str, scales: &[(f64, &str)]) -> String {
    let (scale, prefix) = scales.iter().find(|(scale, _)| number >= *scale).or(scales.last()).unwrap_or(&(1.0, ""));
    if number == 0.0 {
        return format!("0 {unit}").trim_end().into();
    }
    format!("{} {prefix}{unit}", trimmed(number / scale)).trim_end().into()
}

/// Three significant digits, without zeros that say nothing.
fn trimmed(number: f64) -> String {
    let places = if number >= 100.0 {
        0
    } else if number >= 10.0 {
        1
    } else {
        2
    };
    let words = format!("{number:.places$}");
    if words.contains('.') { words.trim_end_matches('0').trim_end_matches('.').into() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.42, 12.34, 0.000_005, 123.4].map(seconds), ["0 s", "420 ms", "12.3 s", "5 µs", "123 s"]);
        assert_eq!([12, 1234, 5_000_000].map(bytes), ["12 B", "1.23 kB", "5 MB"]);
        assert_eq!([0.0, 2.5, 20_000.0].map(short), ["0", "2.5", "20 k"]);
    }
}
