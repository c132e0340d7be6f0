//! Answers in words: as people read them in traces.

use std::fmt;

use super::{Answer, Average, Movie};

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Imported { movies, ratings } => write!(f, "{movies} new movies and {ratings} new ratings"),
            Self::Rated { before: None } => f.write_str("rated"),
            Self::Rated { before: Some(before) } => write!(f, "rated, in place of {before}"),
            Self::Deleted { before: None } => f.write_str("there was no rating"),
            Self::Deleted { before: Some(before) } => write!(f, "deleted, it was {before}"),
            Self::UnknownMovie => f.write_str("no such movie"),
            Self::Movies { found, total } => {
                write!(f, "{total} found")?;
                let mut found = found.iter();
                found.try_for_each(|(movie, average)| write!(f, "; {}", Rated(movie, *average)))
            }
            Self::Rating(Some(score)) => write!(f, "rated {score}"),
            Self::Rating(None) => f.write_str("not rated"),
            Self::Average(average) => fmt::Display::fmt(&Of(*average), f),
            Self::Titles(titles) => f.write_str(&titles.join("; ")),
            Self::Counts(counts) => {
                write!(f, "{} movies, {} of them rated, {} ratings", counts.movies, counts.rated, counts.ratings)
            }
        }
    }
}

/// An average, with how many ratings it is of.
struct Of(Average);

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.count {
            0 => f.write_str("not rated"),
            1 => write!(f, "{} from 1 rating", self.0),
            count => write!(f, "{} from {count} ratings", self.0),
        }
    }
}

/// A movie, and what people think of it.
struct Rated<'a>(&'a Movie, Average);

impl fmt::Display for Rated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, Of(self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Counts, MovieId, Score};
    use super::*;

    #[test]
    fn an_answer_is_read_by_people() {
        let average = Average { sum: 784, count: 2 };
        let movie = Movie { id: MovieId(1), title: "Toy Story".into(), year: Some(1995), genres: Vec::new() };
        for (answer, words) in [
            (Answer::Rating(Score::new(4.5)), "rated 4.5"),
            (Answer::Rating(None), "not rated"),
            (Answer::Rated { before: Score::new(3.0) }, "rated, in place of 3.0"),
            (Answer::Deleted { before: None }, "there was no rating"),
            (Answer::Average(average), "3.92 from 2 ratings"),
            (
                Answer::Movies { found: vec![(movie, Average::default())], total: 1 },
                "1 found; Toy Story (1995): not rated",
            ),
            (Answer::Counts(Counts { movies: 9, rated: 8, ratings: 55 }), "9 movies, 8 of them rated, 55 ratings"),
        ] {
            assert_eq!(format!("{answer:?}"), words);
        }
    }
}
