//! Answering queries.

use super::{Answer, Known, MAX_FOUND, MAX_TITLES, MovieId, Query, Ratings};

impl Ratings {
    pub(super) fn answer(&self, query: &Query) -> Answer {
        match query {
            Query::Find(text) => self.found(self.find(text)),
            Query::Movie(id) => match self.movies.contains_key(id) {
                true => self.found(vec![*id]),
                false => Answer::UnknownMovie,
            },
            Query::View { user, movie } => match self.since(*movie) {
                Some(since) => {
                    let rating = self.ratings.get(&(*movie, *user));
                    Answer::Rating(rating.and_then(|rating| rating.seen(Some(since))))
                }
                None => Answer::UnknownMovie,
            },
            Query::Average(id) => {
                self.movies.get(id).map_or(Answer::UnknownMovie, |known| Answer::Average(known.average))
            }
            Query::Titles { prefix, most } => Answer::Titles(self.titles_with(prefix, *most)),
            Query::Counts => Answer::Counts(self.counts),
        }
    }

    fn find(&self, text: &str) -> Vec<MovieId> {
        let titled: Vec<MovieId> = self.titles.titled(text).collect();
        let text = text.trim();
        let is_exact = |known: &Known| known.row.movie.title == text || known.row.movie.to_string() == text;
        let exact: Vec<MovieId> =
            titled.iter().filter(|id| self.movies.get(id).is_some_and(is_exact)).copied().collect();
        if !exact.is_empty() {
            exact
        } else if !titled.is_empty() {
            titled
        } else {
            self.titles.with_words(text)
        }
    }

    fn found(&self, ids: Vec<MovieId>) -> Answer {
        let total = ids.len() as u32;
        let mut all: Vec<&Known> = ids.iter().filter_map(|id| self.movies.get(id)).collect();
        all.sort_by_cached_key(|known| (known.row.movie.to_string(), known.row.movie.id));
        all.truncate(MAX_FOUND);
        Answer::Movies { found: all.iter().map(|known| (known.row.movie.clone(), known.average)).collect(), total }
    }

    fn titles_with(&self, prefix: &str, most: u32) -> Vec<String> {
        let most = (most as usize).min(MAX_TITLES);
        let mut titles = Vec::new();
        for (key, ids) in self.titles.beginning(prefix) {
            if titles.len() >= most {
                break;
            }
            // Under its title alone, a movie that has a year is passed over; two with the same one count once.
            let mut whole: Vec<String> =
                ids.iter().filter_map(|id| self.movies.get(id)).map(|known| known.row.movie.to_string()).collect();
            whole.retain(|title| title.to_lowercase() == *key);
            whole.sort();
            whole.dedup();
            titles.extend(whole);
        }
        titles.truncate(most);
        titles
    }
}
