//! The parts of the state: one for each movie, and one for each rating.

use super::{Listed, MovieId, Rating, Ratings, UserId};
use crate::store::PartError;
use crate::store::apps::decode_part;

/// The name of a movie's part.
pub(super) fn movie_key(id: MovieId) -> Vec<u8> {
    [&[0][..], &id.0.to_be_bytes()].concat()
}

/// The name of a rating's part.
pub(super) fn rating_key(movie: MovieId, user: UserId) -> Vec<u8> {
    [&[1][..], &movie.0.to_be_bytes(), &user.0.to_be_bytes()].concat()
}

/// What a part is about.
enum Key {
    Movie(MovieId),
    Rating(MovieId, UserId),
}

fn parse(key: &[u8]) -> Option<Key> {
    let (kind, rest) = key.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    let id = MovieId(u32::from_be_bytes(*id));
    match (kind, rest) {
        (0, []) => Some(Key::Movie(id)),
        (1, user) => Some(Key::Rating(id, UserId(u64::from_be_bytes(user.try_into().ok()?)))),
        _ => None,
    }
}

impl Ratings {
    pub(super) fn encoded_part(&self, key: &[u8]) -> Option<Vec<u8>> {
        // Values of these types always have an encoding.
        match parse(key)? {
            Key::Movie(id) => postcard::to_stdvec(&self.movies.get(&id)?.row).ok(),
            Key::Rating(movie, user) => postcard::to_stdvec(self.ratings.get(&(movie, user))?).ok(),
        }
    }

    pub(super) fn part_after(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let first_rating = || self.ratings.keys().next().map(|&(movie, user)| rating_key(movie, user));
        match after.map(|bytes| (bytes, parse(bytes))) {
            None => self.movies.keys().next().map(|&id| movie_key(id)).or_else(first_rating),
            Some((_, Some(Key::Movie(id)))) => {
                let next = self.movies.range((Excluded(id), Unbounded)).next();
                next.map(|(&id, _)| movie_key(id)).or_else(first_rating)
            }
            Some((_, Some(Key::Rating(movie, user)))) => {
                let next = self.ratings.range((Excluded((movie, user)), Unbounded)).next();
                next.map(|(&(movie, user), _)| rating_key(movie, user))
            }
            Some((bytes, None)) => crate::store::apps::part_after_no_name(self, bytes),
        }
    }

    pub(super) fn restore_part(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        match parse(key) {
            Some(Key::Movie(id)) => {
                let row: Listed = decode_part(value)?;
                if row.movie.id != id {
                    return Err(PartError { why: "a movie under another one's id".into() });
                }
                self.put_movie(row);
            }
            Some(Key::Rating(movie, user)) => {
                let part: Rating = decode_part(value)?;
                self.change(movie, user, |rating| *rating = part);
            }
            None => return Err(PartError { why: "a name of no part".into() }),
        }
        Ok(())
    }
}
