//! What the ratings of movies are asked, and what they answer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A movie, whatever its title: titles repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MovieId(pub u32);

/// Who rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub u64);

/// A rating, 0 to 5 stars, in hundredths of a star: so that sums are exact.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Score(u16);

impl Score {
    /// The best.
    pub const MAX: Self = Self(500);

    /// So many stars, rounded to hundredths; `None` when they are not from 0 to 5.
    #[must_use]
    pub fn new(stars: f64) -> Option<Self> {
        (0.0..=5.0).contains(&stars).then(|| Self((stars * 100.0).round() as u16))
    }

    /// Hundredths of a star, 0 to 500.
    #[must_use]
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// Stars, 0 to 5.
    #[must_use]
    pub fn stars(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

/// No number of stars that can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rating is a number from 0 to 5, for example 4.5")]
pub struct ScoreError;

impl FromStr for Score {
    type Err = ScoreError;

    fn from_str(text: &str) -> Result<Self, ScoreError> {
        text.trim().parse().ok().and_then(Self::new).ok_or(ScoreError)
    }
}

impl TryFrom<u16> for Score {
    type Error = ScoreError;

    fn try_from(hundredths: u16) -> Result<Self, ScoreError> {
        if hundredths <= Self::MAX.0 { Ok(Self(hundredths)) } else { Err(ScoreError) }
    }
}

impl From<Score> for u16 {
    fn from(score: Score) -> Self {
        score.0
    }
}

/// In stars: answers are read in traces.
impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// With one decimal place, or two if it needs them: `4.5`, `3.25`.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stars, rest) = (self.0 / 100, self.0 % 100);
        if rest % 10 == 0 { write!(f, "{stars}.{}", rest / 10) } else { write!(f, "{stars}.{rest:02}") }
    }
}

/// What the catalogue says of a movie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Movie {
    /// Which it is.
    pub id: MovieId,
    /// Its title, without the year.
    pub title: String,
    /// The year in which it came out, if known.
    pub year: Option<u16>,
    /// Its genres; may be empty.
    pub genres: Vec<String>,
}

/// The title, and the year in brackets if known: `Toy Story (1995)`.
impl fmt::Display for Movie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            Some(year) => write!(f, "{} ({year})", self.title),
            None => f.write_str(&self.title),
        }
    }
}

/// A rating of imported data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose it is.
    pub user: UserId,
    /// Of which movie.
    pub movie: MovieId,
    /// How many stars.
    pub score: Score,
    /// When it was given, as the data says: seconds since 1970. Of two rows of one user and movie, the later
    /// one counts.
    pub time: u64,
}

/// What changes the ratings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Update {
    /// Takes in data; once or several times comes to the same. What users did here themselves counts more than
    /// any import, before or after. Answer: [`Answer::Imported`].
    Import {
        /// Rows of the catalogue.
        movies: Vec<Movie>,
        /// Rows of ratings.
        ratings: Vec<Row>,
    },
    /// Rates a movie, in place of an earlier rating. Answer: [`Answer::Rated`] or [`Answer::UnknownMovie`].
    Rate {
        /// Who rates.
        user: UserId,
        /// Which movie.
        movie: MovieId,
        /// How many stars.
        score: Score,
    },
    /// Deletes a rating. Answer: [`Answer::Deleted`] or [`Answer::UnknownMovie`].
    Delete {
        /// Whose rating.
        user: UserId,
        /// Of which movie.
        movie: MovieId,
    },
}

/// What is asked of the ratings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Query {
    /// Movies by their title: those with exactly this one, with or without its year; or else, those that differ
    /// in case alone; or else, those in whose titles all these words occur. Answer: [`Answer::Movies`].
    Find(String),
    /// One movie. Answer: [`Answer::Movies`] with it alone, or [`Answer::UnknownMovie`].
    Movie(MovieId),
    /// A user's rating of a movie. Answer: [`Answer::Rating`] or [`Answer::UnknownMovie`].
    View {
        /// The user.
        user: UserId,
        /// The movie.
        movie: MovieId,
    },
    /// The average of all ratings of a movie. Answer: [`Answer::Average`] or [`Answer::UnknownMovie`].
    Average(MovieId),
    /// Titles that begin so, in whatever case. Answer: [`Answer::Titles`].
    Titles {
        /// How they begin.
        prefix: String,
        /// How many at most; never more than [`MAX_TITLES`](super::MAX_TITLES).
        most: u32,
    },
    /// How much there is. Answer: [`Answer::Counts`].
    Counts,
}

/// What the ratings answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Answer {
    /// The rows are taken in; so many ratings are counted that were not before.
    Imported {
        /// Movies of which nothing was known.
        movies: u32,
        /// Ratings where there was none.
        ratings: u32,
    },
    /// The rating is seen; it is in place of this one.
    Rated {
        /// The user's earlier rating.
        before: Option<Score>,
    },
    /// The user's rating of the movie is gone: this one, or there was none.
    Deleted {
        /// The rating that was deleted.
        before: Option<Score>,
    },
    /// There is no such movie.
    UnknownMovie,
    /// Movies that were found.
    Movies {
        /// The first of them, at most [`MAX_FOUND`](super::MAX_FOUND), each with its ratings.
        found: Vec<(Movie, Average)>,
        /// How many there are.
        total: u32,
    },
    /// A user's rating; `None`: not rated.
    Rating(Option<Score>),
    /// The average of a movie's ratings.
    Average(Average),
    /// Titles with their years, in order.
    Titles(Vec<String>),
    /// How much there is.
    Counts(Counts),
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Movies in the catalogue.
    pub movies: u64,
    /// Movies with at least one rating.
    pub rated: u64,
    /// Ratings.
    pub ratings: u64,
}

/// The sum and the number of a movie's ratings, exact. Without ratings there is no mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Average {
    /// Of all ratings, in hundredths of a star.
    pub sum: u64,
    /// How many ratings there are.
    pub count: u64,
}

impl Average {
    /// The mean in hundredths of a star, rounded (half up); `None`: not rated.
    #[must_use]
    pub fn hundredths(self) -> Option<u64> {
        // What somebody else counted may be any number.
        let (sum, count) = (u128::from(self.sum), u128::from(self.count));
        (2 * sum + count).checked_div(2 * count).map(|mean| u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// The mean in stars; `None`: not rated.
    #[must_use]
    pub fn stars(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / 100.0)
    }
}

/// With two decimal places, or `not rated`.
impl fmt::Display for Average {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hundredths() {
            Some(mean) => write!(f, "{}.{:02}", mean / 100, mean % 100),
            None => f.write_str("not rated"),
        }
    }
}
