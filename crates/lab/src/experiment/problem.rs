//! What is wrong with an experiment or with the values asked for: for a person, with the place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong: what, where, and what to do next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The parameter or option it is about, as in `messages`; none when it is about the file or the run.
    pub field: Option<String>,
    /// The experiment file it is about.
    pub file: Option<String>,
    /// Line in the file or in the field's text, from 1.
    pub line: Option<u32>,
    /// Column in that line in characters, from 1.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do, when that is not obvious.
    pub next: Option<String>,
}

impl Problem {
    /// A problem that is nowhere in particular.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// A problem with the value of a field.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(message) }
    }

    /// The same, at a line and a column.
    #[must_use]
    pub fn at(self, line: u32, column: u32) -> Self {
        Self { line: Some(line), column: Some(column), ..self }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// The same, in this file.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        Self { file: Some(file.into()), ..self }
    }
}

/// `messages: line 1, column 14: expected ... (for example: ...)`, or `flood.star:3:5: ...` for a file.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let (Some(line), Some(column)) = (self.line, self.column) {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        if let (None, Some(line), Some(column)) = (&self.file, self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        write!(f, "{}", self.message)?;
        match &self.next {
            Some(next) => write!(f, " ({next})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// Everything that is wrong, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// One problem a line.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known name that was probably meant: the one with the fewest edits, when these are few.
#[must_use]
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (edits(typed, name), name))
        .filter(|&(edits, name)| edits <= 1 + name.len() / 3)
        .min()
        .map(|(_, name)| name)
}

/// The Levenshtein distance, over the first 64 characters.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, one) in from.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, &other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(one != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_where_and_what_next() {
        let problem = Problem::field("messages", "expected an expression after \"==\"").at(1, 14);
        let problem = problem.next("for example: 100 if peerid == 1 else 0");
        let said = "messages: line 1, column 14: expected an expression after \"==\" \
                    (for example: 100 if peerid == 1 else 0)";
        assert_eq!(problem.to_string(), said);
        assert_eq!(Problem::new("broken").at(3, 5).in_file("a.star").to_string(), "a.star:3:5: broken");
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(did_you_mean("flod", ["flood", "flood-faults", "ring"]), Some("flood"));
        assert_eq!(did_you_mean("flood-fautls", ["flood", "flood-faults", "ring"]), Some("flood-faults"));
        assert_eq!(did_you_mean("zebra", ["flood", "ring"]), None);
    }
}
