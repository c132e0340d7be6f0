//! Operations as a person types them: `set x 5`, `get x`, `rate 1 4.5`.

use super::bundle;
use super::ratings::{Movie, MovieId, Score, UserId, rows};
use super::{Bundle, Bytes, KeyValue, Ratings, kv, ratings};
use crate::store::{Op, OpOf};

/// Why a text is no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is nothing.
    #[error("nothing to do: type for example \"set x 5\", \"get x\" or \"rate 1 4.5\"")]
    Empty,
    /// No command has this name.
    #[error("there is no command {0:?}; there are {COMMANDS}")]
    Command(String),
    /// What comes after the command is not what it takes.
    #[error("expected: {0}")]
    Usage(&'static str),
}

/// The names of all commands.
const COMMANDS: &str = "set, get, del, exists, type, incr, incrby, decr, hset, hget, hdel, hlen, hgetall, hincrby, \
                        sadd, srem, sismember, smembers, scard, dbsize, movie, rate, unrate, view, average, find";

/// The operation that a text means. Words are parted by spaces; the command may be in any case.
///
/// # Errors
/// When it means none; the error says what was expected.
pub fn parse(text: &str) -> Result<OpOf<Bundle>, TextError> {
    match key_value(text) {
        Ok(Op::Update(update)) => Ok(Op::Update(bundle::Update::Kv(update))),
        Ok(Op::Query(query)) => Ok(Op::Query(bundle::Query::Kv(query))),
        Err(TextError::Command(_)) => match movies(text)? {
            Op::Update(update) => Ok(Op::Update(bundle::Update::Ratings(update))),
            Op::Query(query) => Ok(Op::Query(bundle::Query::Ratings(query))),
        },
        Err(error) => Err(error),
    }
}

/// The command in lower case, and what comes after it.
fn words(text: &str) -> Result<(String, Vec<&str>), TextError> {
    let mut words = text.split_whitespace();
    let command = words.next().ok_or(TextError::Empty)?.to_lowercase();
    Ok((command, words.collect()))
}

/// The operation on a key-value store that a text means, as in Redis.
///
/// # Errors
/// When it means none; the error says what was expected.
pub fn key_value(text: &str) -> Result<OpOf<KeyValue>, TextError> {
    let (command, arguments) = words(text)?;
    let arguments = arguments.as_slice();
    let (usage, operation) = match command.as_str() {
        "set" | "get" | "del" | "exists" | "type" | "dbsize" => strings(&command, arguments),
        "incr" | "incrby" | "decr" | "hincrby" => numbers(&command, arguments),
        "hset" | "hget" | "hdel" | "hlen" | "hgetall" => hashes(&command, arguments),
        "sadd" | "srem" | "sismember" | "smembers" | "scard" => sets(&command, arguments),
        _ => return Err(TextError::Command(command)),
    };
    operation.ok_or(TextError::Usage(usage))
}

/// How a command is used, and what it means, if it is used so.
type Meaning<A> = (&'static str, Option<OpOf<A>>);

fn strings(command: &str, arguments: &[&str]) -> Meaning<KeyValue> {
    use kv::{Query as Ask, Update as Do};
    match (command, arguments) {
        ("set", [key, value]) => ("", Some(Op::Update(Do::Set(vec![(bytes(key), bytes(value))])))),
        ("set", _) => ("set KEY VALUE", None),
        ("get", [key]) => ("", Some(Op::Query(Ask::Get(bytes(key))))),
        ("get", _) => ("get KEY", None),
        ("del", [_, ..]) => ("", Some(Op::Update(Do::Delete(all(arguments))))),
        ("del", _) => ("del KEY...", None),
        ("exists", [_, ..]) => ("", Some(Op::Query(Ask::Exists(all(arguments))))),
        ("exists", _) => ("exists KEY...", None),
        ("type", [key]) => ("", Some(Op::Query(Ask::Kind(bytes(key))))),
        ("type", _) => ("type KEY", None),
        (_, []) => ("", Some(Op::Query(Ask::Size))),
        _ => ("dbsize", None),
    }
}

fn numbers(command: &str, arguments: &[&str]) -> Meaning<KeyValue> {
    let add = |key: &str, by: Option<i64>| by.map(|by| Op::Update(kv::Update::Add { key: bytes(key), by }));
    match (command, arguments) {
        ("incr", [key]) => ("", add(key, Some(1))),
        ("incr", _) => ("incr KEY", None),
        ("decr", [key]) => ("", add(key, Some(-1))),
        ("decr", _) => ("decr KEY", None),
        ("incrby", [key, by]) => ("incrby KEY NUMBER", add(key, by.parse().ok())),
        ("incrby", _) => ("incrby KEY NUMBER", None),
        (_, [key, field, by]) => {
            let update = |by| Op::Update(kv::Update::HashAdd { key: bytes(key), field: bytes(field), by });
            ("hincrby KEY FIELD NUMBER", by.parse().ok().map(update))
        }
        _ => ("hincrby KEY FIELD NUMBER", None),
    }
}

fn hashes(command: &str, arguments: &[&str]) -> Meaning<KeyValue> {
    use kv::{Query as Ask, Update as Do};
    match (command, arguments) {
        ("hset", [key, field, value]) => {
            let fields = vec![(bytes(field), bytes(value))];
            ("", Some(Op::Update(Do::HashSet { key: bytes(key), fields })))
        }
        ("hset", _) => ("hset KEY FIELD VALUE", None),
        ("hget", [key, field]) => ("", Some(Op::Query(Ask::HashGet { key: bytes(key), field: bytes(field) }))),
        ("hget", _) => ("hget KEY FIELD", None),
        ("hdel", [key, fields @ ..]) if !fields.is_empty() => {
            ("", Some(Op::Update(Do::HashDelete { key: bytes(key), fields: all(fields) })))
        }
        ("hdel", _) => ("hdel KEY FIELD...", None),
        ("hlen", [key]) => ("", Some(Op::Query(Ask::HashLen(bytes(key))))),
        ("hlen", _) => ("hlen KEY", None),
        (_, [key]) => ("", Some(Op::Query(Ask::HashAll(bytes(key))))),
        _ => ("hgetall KEY", None),
    }
}

fn sets(command: &str, arguments: &[&str]) -> Meaning<KeyValue> {
    use kv::{Query as Ask, Update as Do};
    match (command, arguments) {
        ("sadd", [key, members @ ..]) if !members.is_empty() => {
            ("", Some(Op::Update(Do::SetAdd { key: bytes(key), members: all(members) })))
        }
        ("sadd", _) => ("sadd KEY MEMBER...", None),
        ("srem", [key, members @ ..]) if !members.is_empty() => {
            ("", Some(Op::Update(Do::SetRemove { key: bytes(key), members: all(members) })))
        }
        ("srem", _) => ("srem KEY MEMBER...", None),
        ("sismember", [key, member]) => ("", Some(Op::Query(Ask::IsMember { key: bytes(key), member: bytes(member) }))),
        ("sismember", _) => ("sismember KEY MEMBER", None),
        ("smembers", [key]) => ("", Some(Op::Query(Ask::Members(bytes(key))))),
        ("smembers", _) => ("smembers KEY", None),
        (_, [key]) => ("", Some(Op::Query(Ask::MemberCount(bytes(key))))),
        _ => ("scard KEY", None),
    }
}

/// The operation on ratings that a text means. Where no user is named, it is user 1.
///
/// # Errors
/// When it means none; the error says what was expected.
pub fn movies(text: &str) -> Result<OpOf<Ratings>, TextError> {
    use ratings::{Query as Ask, Update as Do};
    let (command, arguments) = words(text)?;
    let arguments = arguments.as_slice();
    let (usage, operation) = match command.as_str() {
        "movie" => ("movie ID TITLE (YEAR)", listed(arguments)),
        "rate" => ("rate [USER] MOVIE STARS, with stars from 0 to 5", rated(arguments)),
        "unrate" => {
            let operation = |(user, movie)| Op::Update(Do::Delete { user, movie });
            ("unrate [USER] MOVIE", user_and_movie(arguments).map(operation))
        }
        "view" => {
            let operation = |(user, movie)| Op::Query(Ask::View { user, movie });
            ("view [USER] MOVIE", user_and_movie(arguments).map(operation))
        }
        "average" => {
            let movie = arguments.first().filter(|_| arguments.len() == 1).and_then(|movie| movie.parse().ok());
            ("average MOVIE", movie.map(|id| Op::Query(Ask::Average(MovieId(id)))))
        }
        "find" => {
            let title = (!arguments.is_empty()).then(|| arguments.join(" "));
            ("find TITLE", title.map(|title| Op::Query(Ask::Find(title))))
        }
        _ => return Err(TextError::Command(command)),
    };
    operation.ok_or(TextError::Usage(usage))
}

fn listed(arguments: &[&str]) -> Option<OpOf<Ratings>> {
    let (id, words) = arguments.split_first()?;
    let text = words.join(" ");
    let (title, year) = rows::title_and_year(&text);
    let movie = Movie { id: MovieId(id.parse().ok()?), title: title.to_string(), year, genres: Vec::new() };
    let import = ratings::Update::Import { movies: vec![movie], ratings: Vec::new() };
    (!title.is_empty()).then_some(Op::Update(import))
}

fn rated(arguments: &[&str]) -> Option<OpOf<Ratings>> {
    let (stars, rest) = arguments.split_last()?;
    let (user, movie) = user_and_movie(rest)?;
    let score: Score = stars.parse().ok()?;
    Some(Op::Update(ratings::Update::Rate { user, movie, score }))
}

fn user_and_movie(arguments: &[&str]) -> Option<(UserId, MovieId)> {
    let (user, movie) = match arguments {
        [movie] => ("1", movie),
        [user, movie] => (*user, movie),
        _ => return None,
    };
    Some((UserId(user.parse().ok()?), MovieId(movie.parse().ok()?)))
}

fn bytes(word: &str) -> Bytes {
    Bytes::from(word)
}

fn all(words: &[&str]) -> Vec<Bytes> {
    words.iter().copied().map(Bytes::from).collect()
}

#[cfg(test)]
mod tests {
    use super::bundle::{Query, Update};
    use super::*;

    #[test]
    fn what_a_person_types_is_understood() {
        let set = kv::Update::Set(vec![("x".into(), "5".into())]);
        assert_eq!(parse(" SET x  5 "), Ok(Op::Update(Update::Kv(set))));
        assert_eq!(parse("get x"), Ok(Op::Query(Query::Kv(kv::Query::Get("x".into())))));
        assert_eq!(parse("decr n"), Ok(Op::Update(Update::Kv(kv::Update::Add { key: "n".into(), by: -1 }))));
        let rate = |user, score| {
            let score = Score::new(score).unwrap();
            Ok(Op::Update(Update::Ratings(ratings::Update::Rate { user: UserId(user), movie: MovieId(1), score })))
        };
        assert_eq!(parse("rate 1 4.5"), rate(1, 4.5));
        assert_eq!(parse("rate 7 1 0"), rate(7, 0.0));
        let find = ratings::Query::Find("toy story (1995)".into());
        assert_eq!(parse("find toy story (1995)"), Ok(Op::Query(Query::Ratings(find))));
        let Ok(Op::Update(Update::Ratings(ratings::Update::Import { movies, .. }))) = parse("movie 3 A Film (1999)")
        else {
            panic!("no import")
        };
        assert_eq!((movies[0].title.as_str(), movies[0].year), ("A Film", Some(1999)));
    }

    #[test]
    fn every_command_says_what_it_takes() {
        assert_eq!(parse("  "), Err(TextError::Empty));
        assert_eq!(parse("fly"), Err(TextError::Command("fly".into())));
        for name in COMMANDS.split(", ") {
            let wrong = parse(&format!("{name} {}", "1 ".repeat(9)));
            let wrong = if wrong.is_ok() { parse(name) } else { wrong };
            let Err(TextError::Usage(usage)) = wrong else { panic!("{name}: {wrong:?}") };
            assert!(usage.starts_with(name), "{usage}");
        }
        assert_eq!(parse("rate 1 5.5"), Err(TextError::Usage("rate [USER] MOVIE STARS, with stars from 0 to 5")));
        assert_eq!(parse("incrby n x"), Err(TextError::Usage("incrby KEY NUMBER")));
    }
}
