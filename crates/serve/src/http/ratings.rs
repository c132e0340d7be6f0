//! The ratings: movies by their ids, and what users rate them.

use axum::Json;
use axum::body::Bytes as Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query as Address, State};
use rumormill_protocols::store::apps::bundle::{Answer as BundleAnswer, Query as BundleQuery, Update as BundleUpdate};
use rumormill_protocols::store::apps::ratings::{Answer, Average, Movie, MovieId, Query, Row, Score, Update, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gate::Gate;
use super::kv::parsed;
use super::problem::Problem;
use super::session::{Seen, Session};

type Reply = Result<Seen<Json<Value>>, Problem>;

/// What to look for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    title: Option<String>,
    prefix: Option<String>,
    most: Option<u32>,
}

/// A rating that a request brings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRating {
    stars: f64,
}

/// Data that a request brings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    movies: Vec<NewMovie>,
    #[serde(default)]
    ratings: Vec<NewRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMovie {
    id: u32,
    title: String,
    #[serde(default)]
    year: Option<u16>,
    #[serde(default)]
    genres: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRow {
    user: u64,
    movie: u32,
    stars: f64,
    time: u64,
}

/// `GET /v1/movies?title=`: movies by their title; without a title, how many there are.
pub(super) async fn find(
    State(gate): State<Gate>,
    session: Session,
    wanted: Result<Address<Wanted>, QueryRejection>,
) -> Reply {
    let Address(wanted) = wanted.map_err(|error| Problem::address(&error))?;
    let Some(title) = wanted.title else {
        return ask(&gate, session, Query::Counts, |answer| match answer {
            Answer::Counts(counts) => {
                Some(json!({ "movies": counts.movies, "rated": counts.rated, "ratings": counts.ratings }))
            }
            _ => None,
        })
        .await;
    };
    ask(&gate, session, Query::Find(title), |answer| match answer {
        Answer::Movies { found, total } => {
            Some(json!({ "found": found.iter().map(shown).collect::<Vec<_>>(), "total": total }))
        }
        _ => None,
    })
    .await
}

/// `POST /v1/movies`: takes in movies and ratings.
pub(super) async fn import(State(gate): State<Gate>, session: Session, body: Body) -> Reply {
    let data: Data = parsed(&body)?;
    let movies = data.movies.into_iter().map(|new| {
        let NewMovie { id, title, year, genres } = new;
        Movie { id: MovieId(id), title, year, genres }
    });
    let row = |new: NewRow| {
        Ok(Row { user: UserId(new.user), movie: MovieId(new.movie), score: score(new.stars)?, time: new.time })
    };
    let ratings = data.ratings.into_iter().map(row).collect::<Result<_, Problem>>()?;
    let update = Update::Import { movies: movies.collect(), ratings };
    change(&gate, session, update, |answer| match answer {
        Answer::Imported { movies, ratings } => Some(json!({ "ok": true, "movies": movies, "ratings": ratings })),
        _ => None,
    })
    .await
}

/// `GET /v1/movies/{movie}`.
pub(super) async fn movie(State(gate): State<Gate>, Path(movie): Path<String>, session: Session) -> Reply {
    let query = Query::Movie(movie_id(&movie)?);
    ask(&gate, session, query, |answer| match answer {
        Answer::Movies { found, .. } => found.first().map(shown),
        _ => None,
    })
    .await
}

/// `GET /v1/movies/{movie}/ratings/{user}`.
pub(super) async fn view(
    State(gate): State<Gate>,
    Path((movie, user)): Path<(String, String)>,
    session: Session,
) -> Reply {
    let query = Query::View { user: user_id(&user)?, movie: movie_id(&movie)? };
    ask(&gate, session, query, |answer| match answer {
        Answer::Rating(score) => Some(json!({ "stars": score.map(Score::stars) })),
        _ => None,
    })
    .await
}

/// `PUT /v1/movies/{movie}/ratings/{user}`.
pub(super) async fn rate(
    State(gate): State<Gate>,
    Path((movie, user)): Path<(String, String)>,
    session: Session,
    body: Body,
) -> Reply {
    let score = score(parsed::<NewRating>(&body)?.stars)?;
    let update = Update::Rate { user: user_id(&user)?, movie: movie_id(&movie)?, score };
    change(&gate, session, update, |answer| match answer {
        Answer::Rated { before } => Some(json!({ "ok": true, "before": before.map(Score::stars) })),
        _ => None,
    })
    .await
}

/// `DELETE /v1/movies/{movie}/ratings/{user}`.
pub(super) async fn delete(
    State(gate): State<Gate>,
    Path((movie, user)): Path<(String, String)>,
    session: Session,
) -> Reply {
    let update = Update::Delete { user: user_id(&user)?, movie: movie_id(&movie)? };
    change(&gate, session, update, |answer| match answer {
        Answer::Deleted { before } => Some(json!({ "ok": true, "before": before.map(Score::stars) })),
        _ => None,
    })
    .await
}

/// `GET /v1/titles?prefix=`: titles that begin so.
pub(super) async fn titles(
    State(gate): State<Gate>,
    session: Session,
    wanted: Result<Address<Wanted>, QueryRejection>,
) -> Reply {
    const USUAL: u32 = 20;
    let Address(wanted) = wanted.map_err(|error| Problem::address(&error))?;
    let query = Query::Titles { prefix: wanted.prefix.unwrap_or_default(), most: wanted.most.unwrap_or(USUAL) };
    ask(&gate, session, query, |answer| match answer {
        Answer::Titles(titles) => Some(json!({ "titles": titles })),
        _ => None,
    })
    .await
}

async fn ask(gate: &Gate, session: Session, query: Query, shape: impl FnOnce(Answer) -> Option<Value>) -> Reply {
    let (token, answer) = session.query(gate, BundleQuery::Ratings(query)).await?;
    reply(token, answer, shape)
}

async fn change(gate: &Gate, session: Session, update: Update, shape: impl FnOnce(Answer) -> Option<Value>) -> Reply {
    let (token, answer) = session.update(gate, BundleUpdate::Ratings(update)).await?;
    reply(token, answer, shape)
}

fn reply(
    token: rumormill_protocols::store::Token,
    answer: BundleAnswer,
    shape: impl FnOnce(Answer) -> Option<Value>,
) -> Reply {
    match answer {
        BundleAnswer::Ratings(Answer::UnknownMovie) => {
            Err(Problem::not_found("no such movie; GET /v1/movies?title=... finds them"))
        }
        BundleAnswer::Ratings(answer) => {
            shape(answer).map(|body| Seen(token, Json(body))).ok_or_else(Problem::confused)
        }
        BundleAnswer::Kv(_) => Err(Problem::confused()),
    }
}

fn shown((movie, average): &(Movie, Average)) -> Value {
    json!({
        "id": movie.id.0,
        "title": movie.title,
        "year": movie.year,
        "genres": movie.genres,
        "average": average.stars(),
        "ratings": average.count,
        "sum": average.sum,
    })
}

fn movie_id(text: &str) -> Result<MovieId, Problem> {
    text.parse()
        .map(MovieId)
        .map_err(|_| Problem::bad("movie", format!("movie: {text:?} is no id; it is a whole number")))
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map(UserId).map_err(|_| Problem::bad("user", format!("user: {text:?} is no id; it is a whole number")))
}

fn score(stars: f64) -> Result<Score, Problem> {
    Score::new(stars).ok_or_else(|| Problem::bad("stars", format!("stars: {stars} is not between 0 and 5")))
}

/// For fuzzing: reads a body as each of the kinds there are.
pub(super) fn fuzz(body: &[u8]) {
    let _ = (parsed::<NewRating>(body).is_ok(), parsed::<Data>(body).is_ok());
}
