//! Rows of data as updates: small ones, so that an import is no hold-up for others.

use super::{Movie, Row, Update};

/// The most bytes of one update, about: rows are counted at what they take at most.
pub const MAX_IMPORT_BYTES: usize = 64 << 10;

/// The bytes of a row of ratings: four numbers of at most 10, 5, 3 and 10 bytes.
const ROW_BYTES: usize = 28;

/// The updates that take in a catalogue and its ratings, in an order in which every movie comes before its
/// ratings. None is longer than [`MAX_IMPORT_BYTES`], unless a single movie's row is.
pub fn imports(movies: Vec<Movie>, ratings: Vec<Row>) -> impl Iterator<Item = Update> {
    let (mut movies, mut ratings) = (movies.into_iter().peekable(), ratings.into_iter().peekable());
    std::iter::from_fn(move || {
        let mut left = MAX_IMPORT_BYTES - 16;
        let movies = take(&mut movies, &mut left, movie_bytes);
        let ratings = take(&mut ratings, &mut left, |_| ROW_BYTES);
        let is_over = movies.is_empty() && ratings.is_empty();
        (!is_over).then_some(Update::Import { movies, ratings })
    })
}

/// As many rows as fit into what is left; the first in any case, when nothing is used yet.
fn take<T>(
    rows: &mut std::iter::Peekable<impl Iterator<Item = T>>,
    left: &mut usize,
    bytes: impl Fn(&T) -> usize,
) -> Vec<T> {
    let mut taken = Vec::new();
    let all = MAX_IMPORT_BYTES - 16;
    while let Some(row) = rows.next_if(|row| bytes(row) <= *left || *left == all) {
        *left = left.saturating_sub(bytes(&row));
        taken.push(row);
    }
    if rows.peek().is_some() {
        // What comes after these rows must not overtake them.
        *left = 0;
    }
    taken
}

fn movie_bytes(movie: &Movie) -> usize {
    let texts = std::iter::once(&movie.title).chain(&movie.genres);
    16 + texts.map(|text| text.len() + 5).sum::<usize>()
}

/// A title and its year, as catalogues write them: `Toy Story (1995)`. Without four digits in brackets at the
/// end, all of it is the title, and the year is not known.
#[must_use]
pub fn title_and_year(text: &str) -> (&str, Option<u16>) {
    let text = text.trim();
    let split = text.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match split {
        Some((title, year)) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => {
            match (title.trim_end(), year.parse()) {
                ("", _) | (_, Err(_)) => (text, None),
                (title, Ok(year)) => (title, Some(year)),
            }
        }
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MovieId, Score, UserId};
    use super::*;

    #[test]
    fn titles_have_years_or_not() {
        let cases = [
            ("Toy Story (1995)", ("Toy Story", Some(1995))),
            (" Assembly (Ji jie hao) (2007) ", ("Assembly (Ji jie hao)", Some(2007))),
            ("Babylon 5", ("Babylon 5", None)),
            ("Death Note (2006–2007)", ("Death Note (2006–2007)", None)),
            ("(1999)", ("(1999)", None)),
            ("2001 (20011)", ("2001 (20011)", None)),
            (")", (")", None)),
            ("", ("", None)),
        ];
        for (text, expected) in cases {
            assert_eq!(title_and_year(text), expected);
        }
    }

    #[test]
    fn chunks_are_small_and_hold_all_rows_in_order() {
        let movie = |id: u32| Movie {
            id: MovieId(id),
            title: "x".repeat(id as usize % 300),
            year: Some(1990),
            genres: vec!["Drama".into(); id as usize % 7],
        };
        let row = |nth: u32| Row {
            user: UserId(u64::MAX - u64::from(nth)),
            movie: MovieId(u32::MAX),
            score: Score::MAX,
            time: u64::MAX,
        };
        let (movies, rows) = ((1..=2_000).map(movie).collect::<Vec<_>>(), (1..=9_000).map(row).collect::<Vec<_>>());
        let (mut all_movies, mut all_rows, mut chunks) = (Vec::new(), Vec::new(), 0);
        for update in imports(movies.clone(), rows.clone()) {
            assert!(postcard::to_stdvec(&update).unwrap().len() <= MAX_IMPORT_BYTES);
            let Update::Import { movies, ratings } = update else { panic!("no import") };
            assert!(ratings.is_empty() || all_movies.len() + movies.len() == 2_000, "movies come first");
            all_movies.extend(movies);
            all_rows.extend(ratings);
            chunks += 1;
        }
        assert_eq!((all_movies, all_rows), (movies, rows));
        assert!(chunks > 8);
        let huge = Movie { title: "x".repeat(MAX_IMPORT_BYTES * 2), ..movie(1) };
        assert_eq!(imports(vec![huge.clone(), huge, movie(2)], Vec::new()).count(), 3);
        assert_eq!(imports(Vec::new(), Vec::new()).count(), 0);
    }
}
