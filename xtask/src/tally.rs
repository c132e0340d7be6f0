//! Counting tests in what test runners print.

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
}

impl Tally {
    /// Adds what a line counts, when it is the closing line of a test runner: cargo test's
    /// `test result: ok. 3 passed; 0 failed; …`, vitest's `Tests  1 failed | 33 passed (34)`, and the plain
    /// `3 passed, 0 failed`.
    pub fn read(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim();
        let counts = if let Some(counts) = line.strip_prefix("test result:") {
            counts
        } else if let Some(counts) = line.strip_prefix("Tests ") {
            counts
        } else if line.starts_with(|first: char| first.is_ascii_digit()) && line.contains(" passed, ") {
            line
        } else {
            return;
        };
        let words: Vec<&str> = counts.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            match (pair[0].parse::<u64>(), pair[1]) {
                (Ok(count), "passed") => self.passed += count,
                (Ok(count), "failed") => self.failed += count,
                _ => {}
            }
        }
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The line without the colors of a terminal (ECMA-48 escape sequences that end in `m`).
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("\x1b[") {
        plain.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        rest = after.find('m').map_or("", |end| &after[end + 1..]);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn count(line: &str) -> (u64, u64) {
        let mut tally = Tally::default();
        tally.read(line);
        (tally.passed, tally.failed)
    }

    #[test]
    fn closing_lines_of_test_runners_are_counted() {
        assert_eq!(count("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out"), (12, 0));
        assert_eq!(count("test result: FAILED. 3 passed; 2 failed; 0 ignored"), (3, 2));
        assert_eq!(
            count("\x1b[2m      Tests \x1b[22m \x1b[31m1 failed\x1b[39m | \x1b[32m33 passed\x1b[39m (34)"),
            (33, 1)
        );
        assert_eq!(count("9 passed, 0 failed"), (9, 0));
    }

    #[test]
    fn other_lines_are_not() {
        for line in ["test codec::round_trip ... ok", " Test Files  5 passed (5)", "", "4 passed", "Tests", "\x1b["] {
            assert_eq!(count(line), (0, 0), "{line:?}");
        }
    }
}
