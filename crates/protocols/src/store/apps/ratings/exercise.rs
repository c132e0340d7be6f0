//! A load that the ratings make up for themselves, and what its operations mean to checkers.

use std::ops::Range;

use rumormill_check::history::{Kind, Value};
use rumormill_core::Rng;

use super::{Answer, Movie, MovieId, Query, Ratings, Score, Update, UserId};
use crate::store::apps::text;
use crate::store::{Exercise, Op, OpOf, SessionId};

/// Users, played by the clients in turn.
const USERS: u64 = 8;

/// Clients of one user whose ratings differ.
const CLIENTS: u64 = 16;

/// Movies that a client imports.
const MOVIES: u32 = 2_000;

/// A client first imports movies `Movie 0`, `Movie 1`…: twice is the same as once. Then it rates them as its
/// user, and looks at what others rated. There are but 501 ratings: they are unique for a movie and user among
/// 128 clients that make 31 calls each, and nearly so among more. Nothing is deleted, for a reader of nothing
/// could not say whose deletion it saw.
impl Exercise for Ratings {
    fn draw(rng: &mut Rng, session: SessionId, nth: u64, updates: f64, keys: Range<u32>) -> OpOf<Self> {
        if nth == 1 {
            // Later calls may be about other keys, but about no more of them.
            let count = keys.end.saturating_mul(2).clamp(1, MOVIES);
            return Op::Update(Update::Import { movies: (0..count).map(movie).collect(), ratings: Vec::new() });
        }
        let movie = MovieId(keys.start + rng.below(u64::from((keys.end - keys.start).max(1))) as u32);
        if !rng.chance(updates) {
            let user = UserId(rng.below(USERS) + 1);
            return Op::Query(match rng.chance(0.8) {
                true => Query::View { user, movie },
                false => Query::Average(movie),
            });
        }
        let session = session.0 as u64;
        let hundredths = (nth * CLIENTS + session / USERS % CLIENTS) % u64::from(Score::MAX.hundredths() + 1);
        let score = Score::try_from(hundredths as u16).unwrap_or_default();
        Op::Update(Update::Rate { user: UserId(session % USERS + 1), movie, score })
    }

    fn survey(keys: Range<u32>) -> Vec<Query> {
        let users = |movie| (1..=USERS).map(move |user| Query::View { user: UserId(user), movie: MovieId(movie) });
        keys.flat_map(users).collect()
    }

    fn recorded(op: &OpOf<Self>, answer: Option<&Answer>) -> Vec<Kind> {
        let key = |user: &UserId, movie: &MovieId| format!("{}/{}", user.0, movie.0);
        let value = |score: &Score| Value(score.to_string());
        vec![match (op, answer) {
            // It changed nothing that anybody reads; but it was a call, and was executed.
            (Op::Update(Update::Import { .. }), _) | (Op::Update(_), Some(Answer::UnknownMovie)) => {
                Kind::Write { key: "catalogue".into(), value: None }
            }
            (Op::Update(Update::Rate { user, movie, score }), _) => {
                Kind::Write { key: key(user, movie), value: Some(value(score)) }
            }
            (Op::Update(Update::Delete { user, movie }), _) => Kind::Write { key: key(user, movie), value: None },
            (Op::Query(Query::View { user, movie }), Some(Answer::Rating(score))) => {
                Kind::Read { key: key(user, movie), value: score.as_ref().map(value), from: None }
            }
            _ => return Vec::new(),
        }]
    }

    fn parse(text: &str) -> Option<OpOf<Self>> {
        text::movies(text).ok()
    }
}

fn movie(number: u32) -> Movie {
    let year = (number % 10 != 9).then_some(1990 + (number % 30) as u16);
    Movie { id: MovieId(number), title: format!("Movie {number}"), year, genres: Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn clients_import_and_then_rate_with_ratings_of_their_own() {
        let (mut rng, mut written) = (Rng::new(7), BTreeSet::new());
        for session in (0..128).map(SessionId) {
            let Op::Update(Update::Import { movies, .. }) = Ratings::draw(&mut rng, session, 1, 0.0, 3..6) else {
                panic!("no import");
            };
            let known: BTreeSet<MovieId> = movies.iter().map(|movie| movie.id).collect();
            for nth in 2..=31 {
                let op = Ratings::draw(&mut rng, session, nth, 1.0, 0..6);
                let Op::Update(Update::Rate { user, movie, score }) = op else { panic!("{op:?}") };
                assert!(known.contains(&movie));
                assert!(written.insert((user, movie, score)), "{user:?} rates {movie:?} with {score} twice");
            }
        }
        assert_eq!(Ratings::survey(0..6).len(), 48);
    }
}
