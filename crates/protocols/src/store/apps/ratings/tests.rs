//! Ratings beside a plain table of them, and particular answers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::{CallId, SessionId};

fn stamp(time: u64) -> Stamp {
    Stamp { time, call: CallId { session: SessionId(u128::from(time % 3)), number: time } }
}

fn movie(id: u32, title: &str, year: impl Into<Option<u16>>) -> Movie {
    Movie { id: MovieId(id), title: title.into(), year: year.into(), genres: vec!["Drama".into()] }
}

fn import(movies: Vec<Movie>) -> Update {
    Update::Import { movies, ratings: Vec::new() }
}

fn rate(user: u64, movie: u32, stars: f64) -> Update {
    Update::Rate { user: UserId(user), movie: MovieId(movie), score: Score::new(stars).unwrap() }
}

fn delete(user: u64, movie: u32) -> Update {
    Update::Delete { user: UserId(user), movie: MovieId(movie) }
}

fn at(state: &mut Ratings, time: u64, update: &Update) -> Answer {
    state.update(stamp(time), update, &mut Changed::default())
}

fn score(stars: f64) -> Score {
    Score::new(stars).unwrap()
}

fn average(sum: u64, count: u64) -> Answer {
    Answer::Average(Average { sum, count })
}

/// What is seen: the catalogue, and the ratings of what is in it.
type Seen = (BTreeMap<MovieId, Movie>, BTreeMap<(MovieId, UserId), Score>);

/// Executes updates in the order of their stamps.
#[derive(Default)]
struct Model {
    movies: BTreeMap<MovieId, Movie>,
    imported: BTreeMap<(MovieId, UserId), (u64, Score)>,
    own: BTreeMap<(MovieId, UserId), Option<Score>>,
}

impl Model {
    fn execute(&mut self, update: &Update) {
        match update {
            Update::Import { movies, ratings } => {
                self.movies.extend(movies.iter().map(|movie| (movie.id, movie.clone())));
                for row in ratings {
                    let newest = self.imported.entry((row.movie, row.user)).or_default();
                    *newest = (*newest).max((row.time, row.score));
                }
            }
            Update::Rate { user, movie, score } if self.movies.contains_key(movie) => {
                self.own.insert((*movie, *user), Some(*score));
            }
            Update::Delete { user, movie } if self.movies.contains_key(movie) => {
                self.own.insert((*movie, *user), None);
            }
            _ => {}
        }
    }

    fn seen(&self) -> Seen {
        let mut ratings: BTreeMap<_, _> = self.imported.iter().map(|(&key, &(_, score))| (key, score)).collect();
        for (&key, own) in &self.own {
            match own {
                Some(score) => drop(ratings.insert(key, *score)),
                None => drop(ratings.remove(&key)),
            }
        }
        ratings.retain(|(movie, _), _| self.movies.contains_key(movie));
        (self.movies.clone(), ratings)
    }
}

/// What queries say; the averages and counts are held against it.
fn seen(state: &Ratings) -> Seen {
    let (mut movies, mut ratings, mut counts) = (BTreeMap::new(), BTreeMap::new(), Counts::default());
    for id in (0..4).map(MovieId) {
        let Answer::Movies { found, .. } = state.query(&Query::Movie(id)) else {
            assert_eq!(state.query(&Query::Average(id)), Answer::UnknownMovie);
            continue;
        };
        let mut expected = Average::default();
        for user in (0..4).map(UserId) {
            if let Answer::Rating(Some(score)) = state.query(&Query::View { user, movie: id }) {
                ratings.insert((id, user), score);
                expected.sum += u64::from(score.hundredths());
                expected.count += 1;
            }
        }
        assert_eq!(state.query(&Query::Average(id)), Answer::Average(expected));
        assert_eq!(found, [(found[0].0.clone(), expected)]);
        let by_title = state.query(&Query::Find(found[0].0.to_string()));
        assert!(matches!(by_title, Answer::Movies { found: all, .. } if all.contains(&found[0])));
        movies.insert(id, found[0].0.clone());
        counts.movies += 1;
        counts.rated += u64::from(expected.count > 0);
        counts.ratings += expected.count;
    }
    assert_eq!(state.query(&Query::Counts), Answer::Counts(counts));
    (movies, ratings)
}

fn parts(state: &Ratings) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut parts = BTreeMap::new();
    let mut after = None;
    while let Some(key) = state.next_part(after.as_deref()) {
        assert!(after.is_none_or(|after| after < key));
        parts.insert(key.clone(), state.part(&key).unwrap());
        after = Some(key);
    }
    parts
}

fn restored(parts: &BTreeMap<Vec<u8>, Vec<u8>>) -> Ratings {
    let mut state = Ratings::default();
    // The other way round than they usually come.
    parts.iter().rev().for_each(|(key, value)| state.restore(key, value).unwrap());
    state
}

fn update() -> impl Strategy<Value = Update> {
    let movies = prop::collection::vec(
        (0..3_u32, prop::sample::select(vec!["Emma", "emma", "Heat"]), prop::option::of(1990..1992_u16)),
        0..2,
    );
    let rows = prop::collection::vec((0..3_u64, 0..3_u32, 0..=500_u16, 0..3_u64), 0..3);
    let pair = || (0..3_u64, 0..3_u32);
    prop_oneof![
        2 => (movies, rows).prop_map(|(movies, rows)| Update::Import {
            movies: movies.into_iter().map(|(id, title, year)| movie(id, title, year)).collect(),
            ratings: rows.into_iter().map(|(user, movie, score, time)| Row {
                user: UserId(user),
                movie: MovieId(movie),
                score: Score::try_from(score).unwrap(),
                time,
            }).collect(),
        }),
        3 => (pair(), 0..=500_u16).prop_map(|((user, id), score)| rate(user, id, f64::from(score) / 100.0)),
        1 => pair().prop_map(|(user, id)| delete(user, id)),
    ]
}

fn cases() -> impl Strategy<Value = (Vec<Update>, Vec<usize>, Vec<usize>)> {
    prop::collection::vec(update(), 1..14).prop_flat_map(|updates| {
        let order: Vec<usize> = (0..updates.len()).collect();
        (Just(updates), Just(order.clone()).prop_shuffle(), Just(order).prop_shuffle())
    })
}

fn model(updates: &[Update]) -> Seen {
    let mut model = Model::default();
    updates.iter().for_each(|update| model.execute(update));
    model.seen()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn all_orders_come_to_the_same((updates, one, other) in cases()) {
        let mut states = [one, other].map(|order| {
            let (mut state, mut changed, mut disk) = (Ratings::default(), Changed::default(), BTreeMap::new());
            for place in order {
                state.update(stamp(place as u64), &updates[place], &mut changed);
                for key in changed.take() {
                    match state.part(&key) {
                        Some(value) => drop(disk.insert(key, value)),
                        None => drop(disk.remove(&key)),
                    }
                }
            }
            assert_eq!(&disk, &parts(&state));
            assert_eq!(seen(&restored(&disk)), seen(&state));
            state
        });
        let expected = model(&updates);
        prop_assert_eq!(parts(&states[0]), parts(&states[1]));
        prop_assert_eq!(states[0].digest(), states[1].digest());
        for state in &mut states {
            prop_assert_eq!(seen(state), expected.clone());
            let mut changed = Changed::default();
            let mut disk = parts(state);
            state.settle(u64::MAX, &mut changed);
            for key in changed.take() {
                match state.part(&key) {
                    Some(value) => drop(disk.insert(key, value)),
                    None => drop(disk.remove(&key)),
                }
            }
            prop_assert_eq!(&disk, &parts(state));
            prop_assert_eq!(seen(state), expected.clone());
            prop_assert!(state.due.is_empty());
        }
        prop_assert_eq!(parts(&states[0]), parts(&states[1]));
    }

    #[test]
    fn settling_changes_nothing_that_is_seen((updates, order, _) in cases(), at in 0_usize..14, restart: bool) {
        let mut state = Ratings::default();
        for (done, &place) in order.iter().enumerate() {
            state.update(stamp(place as u64), &updates[place], &mut Changed::default());
            if done >= at {
                let floor = order[done + 1..].iter().min().map_or(u64::MAX, |&place| place as u64);
                let before = (seen(&state), state.digest());
                state.settle(floor, &mut Changed::default());
                prop_assert_eq!((seen(&state), state.digest()), before);
            }
            if restart {
                state = restored(&parts(&state));
            }
        }
        prop_assert_eq!(seen(&state), model(&updates));
    }
}

#[test]
fn a_movie_without_ratings_has_no_average() {
    let mut state = Ratings::default();
    assert_eq!(state.query(&Query::Average(MovieId(1))), Answer::UnknownMovie);
    assert_eq!(at(&mut state, 1, &rate(1, 1, 3.0)), Answer::UnknownMovie);
    at(&mut state, 2, &import(vec![movie(1, "Heat", 1995)]));
    assert_eq!(state.query(&Query::Average(MovieId(1))), average(0, 0), "what was refused stays refused");
    assert_eq!(at(&mut state, 3, &rate(1, 1, 3.0)), Answer::Rated { before: None });
    assert_eq!(at(&mut state, 4, &rate(1, 1, 4.5)), Answer::Rated { before: Some(score(3.0)) });
    assert_eq!(state.query(&Query::Average(MovieId(1))), average(450, 1));
    assert_eq!(at(&mut state, 5, &delete(1, 1)), Answer::Deleted { before: Some(score(4.5)) });
    assert_eq!(at(&mut state, 6, &delete(1, 1)), Answer::Deleted { before: None });
    assert_eq!(state.query(&Query::Average(MovieId(1))), average(0, 0));
    assert_eq!(Average::default().to_string(), "not rated");
    assert_eq!((Average::default().hundredths(), Average::default().stars()), (None, None));
    assert_eq!(Average { sum: 842, count: 2 }.to_string(), "4.21");
    assert_eq!(Average { sum: 1, count: 2 }.to_string(), "0.01", "half up");
}

#[test]
fn an_import_neither_overwrites_nor_brings_back() {
    let mut state = Ratings::default();
    let row = |user, time, stars| Row { user: UserId(user), movie: MovieId(1), score: score(stars), time };
    let data = Update::Import { movies: vec![movie(1, "Heat", 1995)], ratings: vec![row(1, 10, 2.0), row(2, 10, 2.0)] };
    assert_eq!(at(&mut state, 1, &data), Answer::Imported { movies: 1, ratings: 2 });
    assert_eq!(at(&mut state, 2, &data), Answer::Imported { movies: 0, ratings: 0 });
    at(&mut state, 3, &rate(1, 1, 5.0));
    at(&mut state, 4, &delete(2, 1));
    state.settle(u64::MAX, &mut Changed::default());
    at(&mut state, 5, &data);
    assert_eq!(state.query(&Query::Average(MovieId(1))), average(500, 1));
    let newer = Update::Import { movies: Vec::new(), ratings: vec![row(3, 10, 1.0), row(3, 11, 4.0), row(3, 9, 2.0)] };
    at(&mut state, 6, &newer);
    let view = Query::View { user: UserId(3), movie: MovieId(1) };
    assert_eq!(state.query(&view), Answer::Rating(Some(score(4.0))));
}

#[test]
fn titles_are_found_exactly_then_in_any_case_then_by_words() {
    let mut state = Ratings::default();
    let movies = vec![
        movie(1, "Emma", 1996),
        movie(2, "Emma", 1996),
        movie(3, "Emma", 2020),
        movie(4, "EMMA", None),
        movie(5, "Matrix, The", 1999),
        movie(6, "Babylon 5", None),
    ];
    at(&mut state, 1, &import(movies));
    let find = |text: &str| match state.query(&Query::Find(text.into())) {
        Answer::Movies { found, total } => {
            assert_eq!(found.len(), total as usize);
            found.into_iter().map(|(movie, _)| movie.id.0).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(find("Emma (1996)"), [1, 2]);
    assert_eq!(find("Emma"), [1, 2, 3]);
    assert_eq!(find("EMMA"), [4]);
    assert_eq!(find(" emma "), [4, 1, 2, 3]);
    assert_eq!(find("the matrix"), [5]);
    assert_eq!(find("matrix 1999"), [5]);
    assert_eq!(find("Babylon 5"), [6]);
    assert!(find("the matrix 2").is_empty() && find("").is_empty() && find("?!").is_empty());
    let titles = |prefix: &str, most| match state.query(&Query::Titles { prefix: prefix.into(), most }) {
        Answer::Titles(titles) => titles,
        other => panic!("{other:?}"),
    };
    assert_eq!(titles("em", 10), ["EMMA", "Emma (1996)", "Emma (2020)"]);
    assert_eq!(titles("", 2), ["Babylon 5", "EMMA"]);
    assert!(titles("x", 10).is_empty());
}

#[test]
fn a_movie_that_is_renamed_is_found_by_its_new_title_alone() {
    let mut state = Ratings::default();
    at(&mut state, 2, &import(vec![movie(1, "Heat", 1995)]));
    at(&mut state, 1, &import(vec![movie(1, "Haet", 1995)]));
    let total = |state: &Ratings, text: &str| match state.query(&Query::Find(text.into())) {
        Answer::Movies { total, .. } => total,
        other => panic!("{other:?}"),
    };
    assert_eq!((total(&state, "heat"), total(&state, "haet")), (1, 0));
    at(&mut state, 3, &import(vec![movie(1, "Warmth", 1995)]));
    assert_eq!((total(&state, "heat"), total(&state, "warmth")), (0, 1));
}

#[test]
fn stars_are_read_and_written() {
    let cases = [("4.5", "4.5"), ("5", "5.0"), (" 0 ", "0.0"), ("3.25", "3.25"), ("2.999", "3.0"), ("4.05", "4.05")];
    for (text, shown) in cases {
        assert_eq!(text.parse::<Score>().unwrap().to_string(), shown);
    }
    for text in ["", "x", "-1", "5.01", "NaN", "inf", "1,5"] {
        assert_eq!(text.parse::<Score>(), Err(ScoreError), "{text}");
    }
    assert!(postcard::from_bytes::<Score>(&postcard::to_stdvec(&501_u16).unwrap()).is_err());
}
