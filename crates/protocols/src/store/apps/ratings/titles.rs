//! Movies by their titles.

use std::collections::{BTreeMap, BTreeSet};

use super::{Movie, MovieId};

/// Movies by their titles, in lower case.
#[derive(Clone, Debug, Default)]
pub(super) struct Titles {
    /// By the whole title, with its year and without.
    whole: BTreeMap<String, BTreeSet<MovieId>>,
    /// By each word of it.
    words: BTreeMap<String, BTreeSet<MovieId>>,
}

impl Titles {
    pub(super) fn insert(&mut self, movie: &Movie) {
        for title in whole(movie) {
            self.whole.entry(title).or_default().insert(movie.id);
        }
        for word in words(&movie.to_string()) {
            self.words.entry(word).or_default().insert(movie.id);
        }
    }

    pub(super) fn remove(&mut self, movie: &Movie) {
        whole(movie).into_iter().for_each(|title| remove(&mut self.whole, &title, movie.id));
        words(&movie.to_string()).iter().for_each(|word| remove(&mut self.words, word, movie.id));
    }

    /// The movies with this title, in whatever case, with or without the year.
    pub(super) fn titled(&self, text: &str) -> impl Iterator<Item = MovieId> {
        self.whole.get(&text.trim().to_lowercase()).into_iter().flatten().copied()
    }

    /// The movies in whose titles all these words occur; none when there are no words.
    pub(super) fn with_words(&self, text: &str) -> Vec<MovieId> {
        let nobody = BTreeSet::new();
        let words = words(text);
        let mut sets: Vec<_> = words.iter().map(|word| self.words.get(word).unwrap_or(&nobody)).collect();
        sets.sort_by_key(|set| set.len());
        let Some((fewest, others)) = sets.split_first() else { return Vec::new() };
        fewest.iter().filter(|id| others.iter().all(|set| set.contains(id))).copied().collect()
    }

    /// The titles that begin so, in order: in lower case, with and without years.
    pub(super) fn beginning(&self, prefix: &str) -> impl Iterator<Item = (&String, &BTreeSet<MovieId>)> {
        let prefix = prefix.trim_start().to_lowercase();
        self.whole.range(prefix.clone()..).take_while(move |(title, _)| title.starts_with(&prefix))
    }
}

/// The title with its year and without, in lower case.
fn whole(movie: &Movie) -> BTreeSet<String> {
    [movie.to_string().to_lowercase(), movie.title.to_lowercase()].into()
}

/// The words of a text, in lower case, each once.
fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn remove(index: &mut BTreeMap<String, BTreeSet<MovieId>>, key: &str, id: MovieId) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}
