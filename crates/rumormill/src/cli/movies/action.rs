//! What a user of the ratings may want, and what comes of it.

use rumormill_protocols::store::Service;
use rumormill_protocols::store::apps::ratings::{Answer, Average, Movie, MovieId, Query, Score, Update, UserId};
use serde_json::{Value, json};

use crate::movies::{Servers, Trouble};

/// What a user may want of a movie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wish {
    Find,
    View,
    Average,
    Rate(Score),
    Delete,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// For a person.
    pub text: String,
    /// For a program.
    pub json: Value,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmet {
    /// There is no such movie.
    #[error("{0:?} is not in the database")]
    Unknown(String),
    /// Several movies have this title.
    #[error("{}", which(title, found, *total))]
    Several { title: String, found: Vec<(Movie, Average)>, total: u32 },
    /// The servers.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// The movies that a title may mean, for a person to choose from.
fn which(title: &str, found: &[(Movie, Average)], total: u32) -> String {
    let lines = found.iter().map(|(movie, average)| format!("\n  #{}  {movie}, {} ratings", movie.id.0, average.count));
    let mut text = format!("{title:?} may be one of {total} movies; say which by its number:");
    text.extend(lines);
    if total as usize > found.len() {
        text += &format!("\n  and {} more", total as usize - found.len());
    }
    text
}

/// The one movie that `text` means: `#` and an id, or a title with or without its year.
pub(super) fn movie(servers: &mut dyn Servers, text: &str) -> Result<(Movie, Average), Unmet> {
    let unknown = || Unmet::Unknown(text.to_string());
    let query = match text.strip_prefix('#') {
        Some(id) => Query::Movie(MovieId(id.parse().map_err(|_| unknown())?)),
        None => Query::Find(text.to_string()),
    };
    match servers.query(query)? {
        Answer::Movies { mut found, total } => match (found.len(), total) {
            (0, _) => Err(unknown()),
            (1, 1) => Ok(found.remove(0)),
            _ => Err(Unmet::Several { title: text.to_string(), found, total }),
        },
        _ => Err(unknown()),
    }
}

impl Wish {
    /// Does it matter who wishes?
    pub fn needs_user(self) -> bool {
        !matches!(self, Self::Find | Self::Average)
    }

    /// Does it; `user` is who wishes.
    pub fn grant(self, servers: &mut dyn Servers, movie: &Movie, user: UserId) -> Result<Said, Unmet> {
        let id = movie.id;
        let answer = match self {
            Self::Find => servers.query(Query::Movie(id))?,
            Self::View => servers.query(Query::View { user, movie: id })?,
            Self::Average => servers.query(Query::Average(id))?,
            Self::Rate(score) => servers.update(Update::Rate { user, movie: id, score })?,
            Self::Delete => servers.update(Update::Delete { user, movie: id })?,
        };
        let (text, more) = said(self, movie, user, answer)?;
        let mut json = json!({ "movie": id.0, "title": movie.title, "year": movie.year });
        if let (Some(all), Value::Object(more)) = (json.as_object_mut(), more) {
            all.extend(more);
        }
        Ok(Said { text, json })
    }
}

fn said(wish: Wish, movie: &Movie, user: UserId, answer: Answer) -> Result<(String, Value), Unmet> {
    let user = user.0;
    Ok(match answer {
        Answer::Movies { found, .. } if !found.is_empty() => {
            let genres = &found[0].0.genres;
            let year = movie.year.map_or_else(|| "year unknown".to_string(), |year| year.to_string());
            let listed = if genres.is_empty() { "no genres".to_string() } else { genres.join(", ") };
            (format!("{} (movie {}): {year}; {listed}", movie.title, movie.id.0), json!({ "genres": genres }))
        }
        Answer::Rating(Some(score)) => {
            (format!("{movie}: you rated it {score}"), json!({ "user": user, "stars": score.stars() }))
        }
        Answer::Rating(None) => (format!("{movie}: you have not rated it"), json!({ "user": user, "stars": null })),
        Answer::Average(average) => {
            let text = match average.count {
                0 => format!("{movie}: not rated"),
                1 => format!("{movie}: {average} from 1 rating"),
                count => format!("{movie}: {average} from {count} ratings"),
            };
            let rounded = average.hundredths().map(|mean| mean as f64 / 100.0);
            (text, json!({ "average": rounded, "ratings": average.count }))
        }
        Answer::Rated { before } => {
            let score = if let Wish::Rate(score) = wish { score } else { Score::MAX };
            let instead = before.map_or_else(String::new, |before| format!(", in place of {before}"));
            let json = json!({ "user": user, "stars": score.stars(), "before": before.map(Score::stars) });
            (format!("rating sent: {movie} {score}{instead}"), json)
        }
        Answer::Deleted { before } => {
            let text = match before {
                Some(before) => format!("rating deleted: {movie}, it was {before}"),
                None => format!("{movie}: you had not rated it, so nothing was deleted"),
            };
            (text, json!({ "user": user, "before": before.map(Score::stars) }))
        }
        _ => return Err(Unmet::Unknown(movie.to_string())),
    })
}

/// The name of a server's state.
pub(super) fn state(service: Service) -> &'static str {
    match service {
        Service::Online => "online",
        Service::Offline => "offline",
        Service::Overloaded => "overloaded",
    }
}

/// A server's state by its name.
pub(super) fn service(text: &str) -> Option<Service> {
    [Service::Online, Service::Offline, Service::Overloaded]
        .into_iter()
        .find(|&service| state(service).eq_ignore_ascii_case(text))
}

/// Shows the servers, or switches one.
pub(super) fn change(servers: &mut dyn Servers, server: Option<u32>, wanted: Option<Service>) -> Result<Said, Trouble> {
    let now = servers.services()?;
    let listed = |all: &[Service]| {
        let row = |(service, number): (&Service, u32)| json!({ "server": number, "state": state(*service) });
        all.iter().zip(1..).map(row).collect::<Vec<Value>>()
    };
    let Some(server) = server else {
        let lines = now.iter().zip(1..).map(|(service, number)| format!("server {number}: {}", state(*service)));
        return Ok(Said { text: lines.collect::<Vec<_>>().join("\n"), json: json!({ "servers": listed(&now) }) });
    };
    let unknown = Trouble::NoSuchServer { number: server, servers: now.len() as u32 };
    let before = *(server as usize).checked_sub(1).and_then(|place| now.get(place)).ok_or(unknown)?;
    let otherwise = if before == Service::Online { Service::Offline } else { Service::Online };
    let after = wanted.unwrap_or(otherwise);
    servers.switch(server, after)?;
    let text = format!("server {server}: status changed from {} to {}", state(before), state(after));
    Ok(Said { text, json: json!({ "server": server, "before": state(before), "state": state(after) }) })
}
