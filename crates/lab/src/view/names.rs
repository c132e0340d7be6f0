//! Names seen in a run, each once, by a small number.

use std::collections::HashMap;

/// The most names of one sort; what comes later is called [`OTHER`].
pub const NAMES_MAX: usize = 255;

/// What stands for every name beyond [`NAMES_MAX`].
pub const OTHER: &str = "other";

/// Longer names are cut to this many characters: a page has to show them.
const NAME_CHARS_MAX: usize = 64;

/// Names of one sort (communities, kinds of message, targets) in the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: Vec<String>,
    numbers: HashMap<String, u8>,
    last: u8,
}

impl Names {
    /// The number of `name`, a new one when it was not seen before.
    pub fn number(&mut self, name: &str) -> u8 {
        if self.list.get(usize::from(self.last)).is_some_and(|last| last == name) {
            return self.last;
        }
        self.last = match self.numbers.get(name) {
            Some(&number) => number,
            None => self.add(name),
        };
        self.last
    }

    /// The names, by number.
    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.list
    }

    fn add(&mut self, name: &str) -> u8 {
        let name = if self.list.len() < NAMES_MAX { shorten(name) } else { OTHER };
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        // The last number of all is kept for OTHER, so this fits.
        let number = self.list.len() as u8;
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

fn shorten(name: &str) -> &str {
    name.char_indices().nth(NAME_CHARS_MAX).map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_the_list_is_bounded() {
        let mut names = Names::default();
        for round in 0..2 {
            for name in 0..1000 {
                let number = usize::from(names.number(&format!("kind-{name}")));
                assert_eq!(number, name.min(NAMES_MAX), "round {round}");
            }
        }
        assert_eq!(names.list().len(), NAMES_MAX + 1);
        assert_eq!(names.list()[NAMES_MAX], OTHER);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let mut names = Names::default();
        names.number(&"ü".repeat(1000));
        assert_eq!(names.list()[0].chars().count(), NAME_CHARS_MAX);
    }
}
