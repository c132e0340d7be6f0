//! Reading a catalogue of movies and their ratings, in MovieLens' format, from a folder.
//!
//! Two files: `movies.csv` with the columns `movieId,title,genres`, and `ratings.csv` with
//! `userId,movieId,rating,timestamp`. Titles end with the year in brackets, or not; genres are parted by `|`.
//! What is wrong is said with its file and line; nothing is left out silently.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, Position, ReaderBuilder};
use rumormill_protocols::store::apps::ratings::rows::title_and_year;
use rumormill_protocols::store::apps::ratings::{Movie, MovieId, Row, Score, UserId};

/// The file with the catalogue.
pub const MOVIES: &str = "movies.csv";
/// The file with the ratings.
pub const RATINGS: &str = "ratings.csv";

const MOVIE_COLUMNS: [&str; 3] = ["movieId", "title", "genres"];
const RATING_COLUMNS: [&str; 4] = ["userId", "movieId", "rating", "timestamp"];

/// What MovieLens writes where there are no genres.
const NO_GENRES: &str = "(no genres listed)";

/// A catalogue and its ratings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// The movies, in the order of the file.
    pub movies: Vec<Movie>,
    /// The ratings, in the order of the file.
    pub ratings: Vec<Row>,
}

/// How much there is, for a person to see that all is well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Movies.
    pub movies: usize,
    /// Movies whose year is not known.
    pub without_year: usize,
    /// Movies without a rating.
    pub unrated: usize,
    /// Ratings.
    pub ratings: usize,
    /// Users who rated.
    pub users: usize,
    /// Ratings of movies that are not in the catalogue: they are seen once it has them.
    pub strangers: usize,
}

/// Why the data cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be opened or read.
    #[error("{file}: {error}; name a folder with {MOVIES} and {RATINGS}, as MovieLens has them")]
    File {
        /// Its path.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// The first line does not name a column.
    #[error("{file}, line 1: expected a column named {column}; the columns are {found}")]
    Column {
        /// The file's path.
        file: String,
        /// The column that is missing.
        column: &'static str,
        /// What the first line says.
        found: String,
    },
    /// A line is not as it must be.
    #[error("{file}, line {line}: expected {expected}, found {found}")]
    Line {
        /// The file's path.
        file: String,
        /// Which line, from 1.
        line: u64,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
}

impl Data {
    /// Reads both files in a folder. `progress` hears again and again how many of how many bytes are read.
    ///
    /// # Errors
    /// When a file is missing or a line is not as it must be.
    pub fn read(folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Self, DataError> {
        let open = |name| {
            let path = folder.join(name);
            let file = path.display().to_string();
            let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
            opened.map(|(bytes, opened)| (file.clone(), bytes, opened)).map_err(|error| DataError::File { file, error })
        };
        let (movies, ratings) = (open(MOVIES)?, open(RATINGS)?);
        let all = movies.1 + ratings.1;
        let mut done = 0;
        let mut count = |bytes: u64| {
            done += bytes;
            progress(done.min(all), all);
        };
        let (file, _, opened) = movies;
        let movies = read_movies(Counted { inner: opened, count: &mut count }, &file)?;
        let (file, _, opened) = ratings;
        let ratings = read_ratings(Counted { inner: opened, count: &mut count }, &file)?;
        Ok(Self { movies, ratings })
    }

    /// The small made-up data that comes with the program.
    ///
    /// # Errors
    /// Never, as its tests show; it is read like any other.
    pub fn sample() -> Result<Self, DataError> {
        let movies = read_movies(include_bytes!("sample/movies.csv").as_slice(), MOVIES)?;
        let ratings = read_ratings(include_bytes!("sample/ratings.csv").as_slice(), RATINGS)?;
        Ok(Self { movies, ratings })
    }

    /// How much there is.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let known: BTreeSet<MovieId> = self.movies.iter().map(|movie| movie.id).collect();
        let rated: BTreeSet<MovieId> = self.ratings.iter().map(|row| row.movie).collect();
        Summary {
            movies: self.movies.len(),
            without_year: self.movies.iter().filter(|movie| movie.year.is_none()).count(),
            unrated: known.difference(&rated).count(),
            ratings: self.ratings.len(),
            users: self.ratings.iter().map(|row| row.user).collect::<BTreeSet<UserId>>().len(),
            strangers: self.ratings.iter().filter(|row| !known.contains(&row.movie)).count(),
        }
    }
}

/// A file that says how many bytes were read.
struct Counted<'a, R> {
    inner: R,
    count: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        (self.count)(read as u64);
        Ok(read)
    }
}

fn read_movies(reader: impl Read, file: &str) -> Result<Vec<Movie>, DataError> {
    let mut lines: BTreeMap<MovieId, u64> = BTreeMap::new();
    let mut movies = Vec::new();
    read(reader, file, MOVIE_COLUMNS, |line, [id, title, genres]| {
        let id = MovieId(number(line, id, "a movie's number")?);
        let (title, year) = title_and_year(title);
        if title.is_empty() {
            return Err(line.error("a title", "none"));
        }
        let genres = genres.split('|').map(str::trim).filter(|genre| !genre.is_empty() && *genre != NO_GENRES);
        movies.push(Movie { id, title: title.into(), year, genres: genres.map(Into::into).collect() });
        match lines.insert(id, line.number) {
            Some(other) => Err(line.error("another number", &format!("movie {} of line {other} again", id.0))),
            None => Ok(()),
        }
    })?;
    Ok(movies)
}

fn read_ratings(reader: impl Read, file: &str) -> Result<Vec<Row>, DataError> {
    let mut ratings = Vec::new();
    read(reader, file, RATING_COLUMNS, |line, [user, movie, score, time]| {
        ratings.push(Row {
            user: UserId(number(line, user, "a user's number")?),
            movie: MovieId(number(line, movie, "a movie's number")?),
            score: number::<Score>(line, score, "a rating from 0 to 5")?,
            time: number(line, time, "a time in seconds since 1970")?,
        });
        Ok(())
    })?;
    Ok(ratings)
}

/// A line that is being read.
struct Line<'a> {
    file: &'a str,
    number: u64,
}

impl Line<'_> {
    fn error(&self, expected: &'static str, found: &str) -> DataError {
        // A line that was not closed by a quote may be as long as the file.
        let mut short: String = found.chars().take(60).collect();
        if short.len() < found.len() {
            short.push('…');
        }
        DataError::Line { file: self.file.into(), line: self.number, expected, found: short }
    }
}

fn number<T: std::str::FromStr>(line: &Line<'_>, text: &str, expected: &'static str) -> Result<T, DataError> {
    text.trim().parse().map_err(|_| line.error(expected, &format!("\"{text}\"")))
}

/// Reads the lines of a file, of each the fields in these columns.
fn read<const N: usize>(
    reader: impl Read,
    file: &str,
    columns: [&'static str; N],
    mut each: impl FnMut(&Line<'_>, [&str; N]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(io::BufReader::with_capacity(1 << 16, reader));
    let failed = |error: csv::Error| DataError::File { file: file.into(), error: error.into() };
    let header = reader.byte_headers().map_err(failed)?.clone();
    let place = |column: &'static str| {
        let place = header.iter().position(|name| name.trim_ascii() == column.as_bytes());
        place.ok_or_else(|| DataError::Column { file: file.into(), column, found: shown(&header) })
    };
    let mut places = [0; N];
    for (at, column) in columns.into_iter().enumerate() {
        places[at] = place(column)?;
    }
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(failed)? {
        let line = Line { file, number: record.position().map_or(0, Position::line) };
        if record.len() != header.len() {
            let found = format!("{} fields: {}", record.len(), shown(&record));
            return Err(line.error("as many fields as the first line names", &found));
        }
        let mut fields = [""; N];
        for (field, &place) in fields.iter_mut().zip(&places) {
            let bytes = record.get(place).unwrap_or_default();
            *field = std::str::from_utf8(bytes)
                .map_err(|_| line.error("text in UTF-8", &format!("\"{}\"", String::from_utf8_lossy(bytes))))?;
        }
        each(&line, fields)?;
    }
    Ok(())
}

fn shown(record: &ByteRecord) -> String {
    record.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rumormill_protocols::store::apps::Ratings;
    use rumormill_protocols::store::apps::ratings::rows::imports;
    use rumormill_protocols::store::apps::ratings::{Answer, Average, Query};
    use rumormill_protocols::store::{Application, CallId, Changed, SessionId, Stamp};

    use super::*;

    fn movies(text: &str) -> Result<Vec<Movie>, String> {
        read_movies(text.as_bytes(), MOVIES).map_err(|error| error.to_string())
    }

    fn ratings(text: &str) -> Result<Vec<Row>, String> {
        read_ratings(text.as_bytes(), RATINGS).map_err(|error| error.to_string())
    }

    /// All of it in a store.
    fn imported(data: &Data) -> Ratings {
        let mut state = Ratings::default();
        for (nth, update) in (1..).zip(imports(data.movies.clone(), data.ratings.clone())) {
            let stamp = Stamp { time: nth, call: CallId { session: SessionId(1), number: nth } };
            state.update(stamp, &update, &mut Changed::default());
        }
        state
    }

    #[test]
    fn what_movielens_writes_is_read() {
        let text = "\u{feff}movieId,title,genres\r\n\
                    11,\"American President, The (1995)\",Comedy|Drama|Romance\r\n\
                    171749,Death Note: Desu nôto (2006–2007),(no genres listed)\r\n\
                    27008,\"A \"\"quoted\"\" one (1999) \",Horror\n\
                    40697,Babylon 5,Sci-Fi";
        let movies = movies(text).unwrap();
        let shown: Vec<String> = movies.iter().map(ToString::to_string).collect();
        let expected = [
            "American President, The (1995)",
            "Death Note: Desu nôto (2006–2007)",
            "A \"quoted\" one (1999)",
            "Babylon 5",
        ];
        assert_eq!(shown, expected);
        assert_eq!(movies[0].genres, ["Comedy", "Drama", "Romance"]);
        assert!(movies[1].genres.is_empty() && movies[1].year.is_none());
        let row = &ratings("timestamp,userId,movieId,rating\n964982703,1,11,4.5\n").unwrap()[0];
        assert_eq!((row.user.0, row.movie.0, row.score.hundredths(), row.time), (1, 11, 450, 964_982_703));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let head = "movieId,title,genres\n1,One (1990),Drama\n";
        let cases = [
            (
                movies("id,title,genres\n"),
                "movies.csv, line 1: expected a column named movieId; the columns are id,title,genres",
            ),
            (movies(&format!("{head}x,Two,Drama\n")), "movies.csv, line 3: expected a movie's number, found \"x\""),
            (movies(&format!("{head}2,,Drama\n")), "movies.csv, line 3: expected a title, found none"),
            (
                movies(&format!("{head}2,Two\n")),
                "movies.csv, line 3: expected as many fields as the first line names, found 2 fields: 2,Two",
            ),
            (
                movies(&format!("{head}1,Two,Drama\n")),
                "movies.csv, line 3: expected another number, found movie 1 of line 2 again",
            ),
        ];
        for (result, expected) in cases {
            assert_eq!(result.unwrap_err(), expected);
        }
        let head = "userId,movieId,rating,timestamp\n";
        let cases = [
            (format!("{head}1,1,5.5,0\n"), "ratings.csv, line 2: expected a rating from 0 to 5, found \"5.5\""),
            (
                format!("{head}1,1,5,yesterday\n"),
                "ratings.csv, line 2: expected a time in seconds since 1970, found \"yesterday\"",
            ),
            (format!("{head}-1,1,5,0\n"), "ratings.csv, line 2: expected a user's number, found \"-1\""),
            (String::new(), "ratings.csv, line 1: expected a column named userId; the columns are "),
        ];
        for (text, expected) in cases {
            assert_eq!(ratings(&text).unwrap_err(), expected);
        }
        let bytes = read_movies(&b"movieId,title,genres\n1,\xff,x\n"[..], MOVIES).unwrap_err().to_string();
        assert_eq!(bytes, "movies.csv, line 2: expected text in UTF-8, found \"\u{fffd}\"");
        let nowhere = Data::read(Path::new("no such folder"), &mut |_, _| {}).unwrap_err().to_string();
        assert!(nowhere.contains("movies.csv") && nowhere.contains("name a folder"), "{nowhere}");
    }

    #[test]
    fn the_sample_has_what_is_hard_about_such_data() {
        let data = Data::sample().unwrap();
        let summary = data.summary();
        assert!(summary.movies >= 25 && summary.ratings >= 200 && summary.strangers == 0, "{summary:?}");
        assert!(summary.without_year >= 1 && summary.unrated >= 3, "{summary:?}");
        let titles: BTreeSet<String> = data.movies.iter().map(ToString::to_string).collect();
        assert!(titles.len() < data.movies.len(), "a title with its year repeats");
        assert_eq!(
            imported(&data).query(&Query::Counts),
            Answer::Counts(rumormill_protocols::store::apps::ratings::Counts {
                movies: summary.movies as u64,
                rated: (summary.movies - summary.unrated) as u64,
                ratings: summary.ratings as u64,
            })
        );
    }

    #[test]
    fn a_folder_is_read_with_its_progress() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MOVIES), include_str!("sample/movies.csv")).unwrap();
        fs::write(folder.path().join(RATINGS), include_str!("sample/ratings.csv")).unwrap();
        let mut last = (0, 1);
        let data = Data::read(folder.path(), &mut |done, all| {
            assert!(last.0 <= done);
            last = (done, all);
        });
        assert_eq!(data.unwrap(), Data::sample().unwrap());
        assert_eq!(last.0, last.1);
    }

    /// MovieLens' data may not be shipped; where it is, beside the checkout, all of it must be read.
    #[test]
    fn all_of_movielens_is_read_and_averages_are_exact() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/movielens-latest-small");
        if !folder.exists() {
            return;
        }
        let data = Data::read(&folder, &mut |_, _| {}).unwrap();
        let summary = data.summary();
        assert_eq!((summary.movies, summary.ratings, summary.users), (9_742, 100_836, 610));
        assert_eq!((summary.unrated, summary.strangers, summary.without_year), (18, 0, 13));
        let state = imported(&data);
        let Answer::Movies { found, total } = state.query(&Query::Find("Toy Story (1995)".into())) else {
            panic!("not found")
        };
        assert_eq!((found[0].1.to_string().as_str(), found[0].1.count, total), ("3.92", 215, 1));
        let mut sums: BTreeMap<MovieId, Average> = BTreeMap::new();
        for row in &data.ratings {
            let sum = sums.entry(row.movie).or_default();
            *sum = Average { sum: sum.sum + u64::from(row.score.hundredths()), count: sum.count + 1 };
        }
        for movie in &data.movies {
            let expected = sums.get(&movie.id).copied().unwrap_or_default();
            assert_eq!(state.query(&Query::Average(movie.id)), Answer::Average(expected));
            let Answer::Movies { found, .. } = state.query(&Query::Find(movie.to_string())) else { panic!("{movie}") };
            assert!(found.iter().any(|(found, _)| found == movie), "{movie} is found by its title");
        }
        assert!(matches!(state.query(&Query::Find("Emma (1996)".into())), Answer::Movies { total: 2, .. }));
    }
}
