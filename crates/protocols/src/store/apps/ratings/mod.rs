//! The ratings of movies: a catalogue, and the stars that users gave.
//!
//! Movies are known by their ids: titles repeat, some have no year, and some movies have no ratings.
//!
//! **What it comes to.** The state is that of all updates executed in the order of their stamps. A user's
//! newest rating or deletion counts; imported rows count where the user has done neither here, and of these
//! the one with the latest time in the data, whenever it was imported. So data can be imported again and
//! again, and neither overwrites what users did since nor brings back what they deleted. A rating of a movie
//! that was not in the catalogue at its place in the order is refused; an imported one waits for the movie.
//! Of two catalogue rows of one movie, that of the later import counts.
//!
//! **Answers** tell what is seen here and now; see [`kv`](super::kv).
//!
//! **What it costs.** A rating is a row, and so is a deleted one: it is what keeps imports from bringing it
//! back, so that deletions are never forgotten. Averages are kept up to date, as whole numbers.

mod exercise;
mod operation;
mod part;
mod query;
pub mod rows;
#[cfg(test)]
mod tests;
mod titles;
mod words;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize, Serializer};

use self::titles::Titles;
use crate::store::{Application, Changed, PartError, Stamp};

pub use operation::{Answer, Average, Counts, Movie, MovieId, Query, Row, Score, ScoreError, Update, UserId};

/// The most movies that one [`Query::Find`] returns.
pub const MAX_FOUND: usize = 50;

/// The most titles that one [`Query::Titles`] returns.
pub const MAX_TITLES: usize = 100;

/// The most movies and ratings that one call of [`Application::settle`] looks at.
const MAX_SETTLED: usize = 10_000;

/// The ratings of movies.
#[derive(Clone, Debug, Default)]
pub struct Ratings {
    movies: BTreeMap<MovieId, Known>,
    ratings: BTreeMap<(MovieId, UserId), Rating>,
    titles: Titles,
    /// Of what is seen.
    counts: Counts,
    /// What has a stamp that is not settled, each once, with the time of one that it had.
    due: VecDeque<(u64, Due)>,
}

/// A movie in the catalogue.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    row: Listed,
    average: Average,
}

/// What a movie's part holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Listed {
    movie: Movie,
    /// The newest import of it; `None`: settled.
    newest: Option<Stamp>,
    /// The oldest import of it: since when it is known; `None`: settled.
    since: Option<Stamp>,
}

/// A user's rating of a movie.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Rating {
    /// As imported: its time in the data, and the stars. Of rows of one time, the better one counts.
    imported: Option<(u64, Score)>,
    /// As the user did here.
    own: Option<Own>,
}

/// What a user did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Own {
    /// When; `None`: settled.
    stamp: Option<Box<Stamp>>,
    /// Rated so; `None`: deleted.
    score: Option<Score>,
}

/// What has a stamp that is not settled.
#[derive(Clone, Copy, Debug)]
enum Due {
    Movie(MovieId),
    Rating(MovieId, UserId),
}

impl Rating {
    /// What is seen of it, of a movie known since then (`None`: it is not known).
    fn seen(&self, since: Option<Option<Stamp>>) -> Option<Score> {
        let since = since?;
        match &self.own {
            Some(own) if own.counts(since) => own.score,
            _ => self.imported.map(|(_, score)| score),
        }
    }
}

impl Own {
    /// Was the movie known when the user did it?
    fn counts(&self, since: Option<Stamp>) -> bool {
        self.stamp.as_ref().is_none_or(|stamp| since.is_none_or(|since| since < **stamp))
    }
}

impl Application for Ratings {
    type Update = Update;
    type Query = Query;
    type Answer = Answer;

    fn update(&mut self, stamp: Stamp, update: &Update, changed: &mut Changed) -> Answer {
        match update {
            Update::Import { movies, ratings } => {
                let movies = movies.iter().filter(|movie| self.import_movie(stamp, movie, changed)).count();
                let ratings = ratings.iter().filter(|row| self.import_row(row, changed)).count();
                Answer::Imported { movies: movies as u32, ratings: ratings as u32 }
            }
            Update::Rate { user, movie, score } => match self.own(stamp, *user, *movie, Some(*score), changed) {
                Some(before) => Answer::Rated { before },
                None => Answer::UnknownMovie,
            },
            Update::Delete { user, movie } => match self.own(stamp, *user, *movie, None, changed) {
                Some(before) => Answer::Deleted { before },
                None => Answer::UnknownMovie,
            },
        }
    }

    fn query(&self, query: &Query) -> Answer {
        self.answer(query)
    }

    fn settle(&mut self, floor: u64, changed: &mut Changed) {
        for _ in 0..MAX_SETTLED {
            let Some((_, due)) = self.due.pop_front_if(|(time, _)| *time < floor) else { return };
            let next = match due {
                Due::Movie(id) => self.settle_movie(id, floor, changed),
                Due::Rating(movie, user) => self.settle_rating(movie, user, floor, changed),
            };
            if let Some(stamp) = next {
                self.due.push_back((stamp.time, due));
            }
        }
    }

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.encoded_part(key)
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        self.part_after(after)
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        self.restore_part(key, value)
    }

    fn name_of_update(update: &Update) -> &'static str {
        match update {
            Update::Import { .. } => "import",
            Update::Rate { .. } => "rate",
            Update::Delete { .. } => "delete",
        }
    }

    fn name_of_query(query: &Query) -> &'static str {
        match query {
            Query::Find(_) => "find",
            Query::Movie(_) => "movie",
            Query::View { .. } => "view",
            Query::Average(_) => "average",
            Query::Titles { .. } => "titles",
            Query::Counts => "counts",
        }
    }

    /// A hash of what is seen: replicas that see the same have the same, whatever each has settled.
    fn digest(&self) -> u64 {
        let hash = |digest: u64, bytes: Result<Vec<u8>, _>| {
            let bytes: Result<Vec<u8>, postcard::Error> = bytes;
            rumormill_core::rng::mix(digest ^ crate::store::application::fingerprint(&bytes.unwrap_or_default()))
        };
        let movies = self.movies.values();
        let digest = movies.fold(0, |digest, known| hash(digest, postcard::to_stdvec(&known.row.movie)));
        let seen = self.ratings.iter().map(|(&(movie, user), rating)| (movie, user, rating.seen(self.since(movie))));
        seen.filter(|(.., score)| score.is_some()).fold(digest, |digest, row| hash(digest, postcard::to_stdvec(&row)))
    }
}

impl Ratings {
    /// Since when a movie is known; `None`: it is not.
    fn since(&self, movie: MovieId) -> Option<Option<Stamp>> {
        self.movies.get(&movie).map(|known| known.row.since)
    }

    /// Takes in a row of the catalogue; says whether the movie is new.
    fn import_movie(&mut self, stamp: Stamp, movie: &Movie, changed: &mut Changed) -> bool {
        let mut row = Listed { movie: movie.clone(), newest: Some(stamp), since: Some(stamp) };
        if let Some(Known { row: old, .. }) = self.movies.get(&movie.id) {
            row.since = old.since.min(row.since);
            if old.newest > row.newest {
                (row.movie, row.newest) = (old.movie.clone(), old.newest);
            }
        }
        changed.part(&part::movie_key(movie.id));
        self.put_movie(row)
    }

    /// Puts a movie into the catalogue in place of its row; says whether it is new.
    fn put_movie(&mut self, row: Listed) -> bool {
        let id = row.movie.id;
        let old = self.movies.remove(&id);
        let is_due = |row: &Listed| row.newest.or(row.since);
        if let (Some(stamp), None) = (is_due(&row), old.as_ref().and_then(|old| is_due(&old.row))) {
            self.due.push_back((stamp.time, Due::Movie(id)));
        }
        if old.as_ref().is_none_or(|old| old.row.movie != row.movie) {
            old.iter().for_each(|old| self.titles.remove(&old.row.movie));
            self.titles.insert(&row.movie);
        }
        // Which ratings count depends on since when the movie is known.
        let mut average = old.as_ref().map_or_else(Average::default, |old| old.average);
        if old.as_ref().is_none_or(|old| old.row.since != row.since) {
            let (first, last) = ((id, UserId(0)), (id, UserId(u64::MAX)));
            let scores = self.ratings.range(first..=last).filter_map(|(_, rating)| rating.seen(Some(row.since)));
            average = scores.fold(Average::default(), |all, score| Average {
                sum: all.sum + u64::from(score.hundredths()),
                count: all.count + 1,
            });
        }
        let before = old.as_ref().map_or_else(Average::default, |old| old.average);
        self.counts.movies += u64::from(old.is_none());
        self.count(before, average);
        self.movies.insert(id, Known { row, average });
        old.is_none()
    }

    fn import_row(&mut self, row: &Row, changed: &mut Changed) -> bool {
        let newer = Some((row.time, row.score));
        if self.ratings.get(&(row.movie, row.user)).is_some_and(|rating| rating.imported >= newer) {
            return false;
        }
        changed.part(&part::rating_key(row.movie, row.user));
        let (before, after) = self.change(row.movie, row.user, |rating| rating.imported = newer);
        before.is_none() && after.is_some()
    }

    /// Rates or deletes; returns what was seen before, or `None` when the movie was not known.
    fn own(
        &mut self,
        stamp: Stamp,
        user: UserId,
        movie: MovieId,
        score: Option<Score>,
        changed: &mut Changed,
    ) -> Option<Option<Score>> {
        changed.part(&part::rating_key(movie, user));
        let (before, _) = self.change(movie, user, |rating| {
            let newest = rating.own.as_ref().and_then(|own| own.stamp.as_deref());
            if newest.is_none_or(|newest| *newest <= stamp) {
                rating.own = Some(Own { stamp: Some(Box::new(stamp)), score });
            }
        });
        let is_known = self.since(movie).is_some_and(|since| since.is_none_or(|since| since < stamp));
        is_known.then_some(before)
    }

    /// Changes a rating, and keeps the books; returns what was seen before and is seen now.
    fn change(
        &mut self,
        movie: MovieId,
        user: UserId,
        change: impl FnOnce(&mut Rating),
    ) -> (Option<Score>, Option<Score>) {
        let since = self.since(movie);
        let rating = self.ratings.entry((movie, user)).or_default();
        let stamp = |rating: &Rating| rating.own.as_ref().and_then(|own| own.stamp.as_ref().map(|stamp| stamp.time));
        let (was_due, before) = (stamp(rating).is_some(), rating.seen(since));
        change(rating);
        let after = rating.seen(since);
        if let (false, Some(time)) = (was_due, stamp(rating)) {
            self.due.push_back((time, Due::Rating(movie, user)));
        }
        if *rating == Rating::default() {
            self.ratings.remove(&(movie, user));
        }
        if before != after
            && let Some(known) = self.movies.get_mut(&movie)
        {
            let old = known.average;
            let sum = |score: Option<Score>| score.map_or(0, |score| u64::from(score.hundredths()));
            known.average.sum = old.sum + sum(after) - sum(before);
            known.average.count = old.count + u64::from(after.is_some()) - u64::from(before.is_some());
            let new = known.average;
            self.count(old, new);
        }
        (before, after)
    }

    /// A movie's average changed.
    fn count(&mut self, before: Average, after: Average) {
        self.counts.ratings = self.counts.ratings + after.count - before.count;
        self.counts.rated = self.counts.rated + u64::from(after.count > 0) - u64::from(before.count > 0);
    }

    /// Forgets stamps before `floor`; returns one that is left.
    fn settle_movie(&mut self, id: MovieId, floor: u64, changed: &mut Changed) -> Option<Stamp> {
        let is_old = |stamp: &Stamp| stamp.time < floor;
        let row = &mut self.movies.get_mut(&id)?.row;
        changed.part(&part::movie_key(id));
        if let Some(since) = row.since.take_if(|since| is_old(since)) {
            // Without this stamp it could not be told any more that these came before it.
            let (first, last) = ((id, UserId(0)), (id, UserId(u64::MAX)));
            let mut vacant = Vec::new();
            for (&(_, user), rating) in self.ratings.range_mut(first..=last) {
                if rating.own.take_if(|own| !own.counts(Some(since))).is_some() {
                    changed.part(&part::rating_key(id, user));
                    if rating.imported.is_none() {
                        vacant.push(user);
                    }
                }
            }
            vacant.into_iter().for_each(|user| drop(self.ratings.remove(&(id, user))));
        }
        let row = &mut self.movies.get_mut(&id)?.row;
        row.newest.take_if(|newest| is_old(newest));
        row.newest.or(row.since)
    }

    /// See [`Self::settle_movie`].
    fn settle_rating(&mut self, movie: MovieId, user: UserId, floor: u64, changed: &mut Changed) -> Option<Stamp> {
        let since = self.since(movie);
        let rating = self.ratings.get_mut(&(movie, user))?;
        let stamp = **rating.own.as_ref()?.stamp.as_ref()?;
        if stamp.time >= floor {
            return Some(stamp);
        }
        changed.part(&part::rating_key(movie, user));
        match (&mut rating.own, since) {
            (Some(own), Some(since)) if own.counts(since) => own.stamp = None,
            // Refused for good: nothing older will make the movie known.
            _ => rating.own = None,
        }
        if *rating == Rating::default() {
            self.ratings.remove(&(movie, user));
        }
        None
    }
}

/// As a person looks at it: movies with their averages.
impl Serialize for Ratings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.movies.iter().map(|(id, known)| {
            let Average { count, .. } = known.average;
            (format!("{} {}", id.0, known.row.movie), format!("{} from {count}", known.average))
        }))
    }
}
