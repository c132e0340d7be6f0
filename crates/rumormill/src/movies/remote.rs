//! Servers elsewhere, behind a front end that speaks HTTP.

use std::net::IpAddr;
use std::time::Duration;

use rumormill_protocols::store::Service;
use rumormill_protocols::store::apps::ratings::{
    Answer, Average, Counts, Movie, MovieId, Query, Score, Update, UserId,
};
use serde_json::{Value, json};
use ureq::http::{Method, Request};

use super::servers::{Servers, Trouble};

/// The header that carries what the session has seen.
const SESSION: &str = "rumormill-session";

/// The longest that a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Servers behind a front end.
pub struct Remote {
    agent: ureq::Agent,
    base: String,
    /// What this client has seen: sent with every request.
    token: Option<String>,
}

impl Remote {
    /// The servers behind the front end at `url`, for example `http://127.0.0.1:8080`. Nothing is asked yet.
    ///
    /// # Errors
    /// When the address is not one of HTTP.
    pub fn at(url: &str) -> Result<Self, Trouble> {
        let base = url.trim_end_matches('/').to_string();
        if !base.starts_with("http://") {
            let why = format!("{url}: a server's address begins with http://, as `rumormill store up` prints it");
            return Err(Trouble::Other(why));
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
        // A proxy of the environment is for what lies elsewhere: there, this machine is another one.
        let config = if is_local(&base) { config.proxy(None) } else { config };
        Ok(Self { agent: config.build().into(), base, token: None })
    }

    fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Result<(u16, Value), Trouble> {
        let lost =
            |error: &dyn std::fmt::Display| Trouble::Other(format!("{}: {error}; is the front end up?", self.base));
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header(SESSION, token);
        }
        let text = body.map_or_else(String::new, |body| body.to_string());
        let request = request.header("content-type", "application/json").body(text);
        let request = request.map_err(|error| Trouble::Other(error.to_string()))?;
        let mut response = self.agent.run(request).map_err(|error| lost(&error))?;
        let status = response.status().as_u16();
        let token = response.headers().get(SESSION).and_then(|token| token.to_str().ok()).map(String::from);
        let text = response.body_mut().read_to_string().map_err(|error| lost(&error))?;
        self.token = token.or(self.token.take());
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Asks for something about movies: an answer, or why there is none.
    fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Result<Option<Value>, Trouble> {
        match self.ask(method, path, body)? {
            (200..=299, answer) => Ok(Some(answer)),
            (404, _) => Ok(None),
            (503, _) => Err(Trouble::Busy),
            (status, answer) => {
                let said = answer["error"]["message"].as_str().unwrap_or("no reason given");
                Err(Trouble::Other(format!("{}: status {status}: {said}", self.base)))
            }
        }
    }
}

impl Servers for Remote {
    fn update(&mut self, update: Update) -> Result<Answer, Trouble> {
        // Every server is asked once; the front end says when none takes the call.
        let (method, path, body) = match &update {
            Update::Rate { user, movie, score } => {
                let path = format!("/v1/movies/{}/ratings/{}?patience_ms=0", movie.0, user.0);
                (Method::PUT, path, Some(json!({ "stars": score.stars() })))
            }
            Update::Delete { user, movie } => {
                (Method::DELETE, format!("/v1/movies/{}/ratings/{}?patience_ms=0", movie.0, user.0), None)
            }
            Update::Import { movies, ratings } => {
                let movies = movies.iter().map(|movie| {
                    json!({ "id": movie.id.0, "title": movie.title, "year": movie.year, "genres": movie.genres })
                });
                let ratings = ratings.iter().map(|row| {
                    json!({ "user": row.user.0, "movie": row.movie.0, "stars": row.score.stars(), "time": row.time })
                });
                let body = json!({ "movies": movies.collect::<Vec<_>>(), "ratings": ratings.collect::<Vec<_>>() });
                (Method::POST, "/v1/movies".to_string(), Some(body))
            }
            _ => return Err(Trouble::Other("this cannot be asked over HTTP".into())),
        };
        let Some(answer) = self.call(method, &path, body)? else { return Ok(Answer::UnknownMovie) };
        Ok(changed(&update, &answer))
    }

    fn query(&mut self, query: Query) -> Result<Answer, Trouble> {
        let path = match &query {
            Query::Find(title) => format!("/v1/movies?patience_ms=0&title={}", escaped(title)),
            Query::Movie(movie) | Query::Average(movie) => format!("/v1/movies/{}?patience_ms=0", movie.0),
            Query::View { user, movie } => format!("/v1/movies/{}/ratings/{}?patience_ms=0", movie.0, user.0),
            Query::Titles { prefix, most } => {
                format!("/v1/titles?patience_ms=0&most={most}&prefix={}", escaped(prefix))
            }
            Query::Counts => "/v1/movies?patience_ms=0".to_string(),
            _ => return Err(Trouble::Other("this cannot be asked over HTTP".into())),
        };
        let Some(answer) = self.call(Method::GET, &path, None)? else { return Ok(Answer::UnknownMovie) };
        Ok(found(&query, &answer))
    }

    fn services(&mut self) -> Result<Vec<Service>, Trouble> {
        let answer = self.call(Method::GET, "/v1/replicas", None)?.unwrap_or(Value::Null);
        let replicas = answer["replicas"].as_array().cloned().unwrap_or_default();
        // Spares have their numbers after those of front ends.
        let in_order = replicas.iter().zip(1_u64..).take_while(|(replica, number)| replica["replica"] == *number);
        Ok(in_order.map(|(replica, _)| service(&replica["service"])).collect())
    }

    fn switch(&mut self, server: u32, service: Service) -> Result<(), Trouble> {
        let body = json!({ "service": service });
        match self.call(Method::PUT, &format!("/v1/replicas/{server}/service"), Some(body))? {
            Some(_) => Ok(()),
            None => Err(Trouble::NoSuchServer { number: server, servers: self.services()?.len() as u32 }),
        }
    }
}

/// Is it an address of this machine alone?
fn is_local(base: &str) -> bool {
    let host = base.parse::<ureq::http::Uri>().ok().and_then(|uri| uri.host().map(String::from));
    let is_loopback = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    host.is_some_and(|host| host.eq_ignore_ascii_case("localhost") || is_loopback(&host))
}

/// What a front end said of a change.
fn changed(update: &Update, answer: &Value) -> Answer {
    let before = answer["before"].as_f64().and_then(Score::new);
    let count = |name: &str| answer[name].as_u64().and_then(|count| count.try_into().ok()).unwrap_or(0);
    match update {
        Update::Rate { .. } => Answer::Rated { before },
        Update::Delete { .. } => Answer::Deleted { before },
        _ => Answer::Imported { movies: count("movies"), ratings: count("ratings") },
    }
}

/// What a front end said to a question.
fn found(query: &Query, answer: &Value) -> Answer {
    let count = |name: &str| answer[name].as_u64().unwrap_or(0);
    match query {
        Query::Find(_) => {
            let found = answer["found"].as_array().into_iter().flatten().filter_map(movie).collect();
            Answer::Movies { found, total: count("total") as u32 }
        }
        Query::Movie(_) => Answer::Movies { found: movie(answer).into_iter().collect(), total: 1 },
        Query::Average(_) => Answer::Average(movie(answer).map(|(_, average)| average).unwrap_or_default()),
        Query::View { .. } => Answer::Rating(answer["stars"].as_f64().and_then(Score::new)),
        Query::Titles { .. } => {
            let titles = answer["titles"].as_array().into_iter().flatten();
            Answer::Titles(titles.filter_map(|title| title.as_str().map(String::from)).collect())
        }
        _ => Answer::Counts(Counts { movies: count("movies"), rated: count("rated"), ratings: count("ratings") }),
    }
}

/// For fuzzing: reads bytes as the answer to each of the questions there are, and shows it.
pub(super) fn fuzz(bytes: &[u8]) {
    let answer: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let (user, id) = (UserId(1), MovieId(1));
    let titles = Query::Titles { prefix: String::new(), most: 9 };
    let queries = [Query::Find(String::new()), Query::Movie(id), Query::Average(id), Query::View { user, movie: id }];
    for query in queries.into_iter().chain([titles, Query::Counts]) {
        let _ = format!("{:?}", found(&query, &answer));
    }
    let deleted = Update::Delete { user, movie: id };
    let imported = Update::Import { movies: Vec::new(), ratings: Vec::new() };
    for update in [deleted, imported] {
        let _ = format!("{:?}", changed(&update, &answer));
    }
    let _ = service(&answer["service"]);
}

fn service(value: &Value) -> Service {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

fn movie(value: &Value) -> Option<(Movie, Average)> {
    let genres = value["genres"].as_array()?.iter().filter_map(|genre| genre.as_str().map(String::from)).collect();
    let movie = Movie {
        id: MovieId(value["id"].as_u64()?.try_into().ok()?),
        title: value["title"].as_str()?.into(),
        year: value["year"].as_u64().and_then(|year| year.try_into().ok()),
        genres,
    };
    let average = Average { sum: value["sum"].as_u64().unwrap_or(0), count: value["ratings"].as_u64().unwrap_or(0) };
    Some((movie, average))
}

/// As it may stand in an address.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut all, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => all.push(byte as char),
            _ => drop(write!(all, "%{byte:02X}")),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_stands_between_a_client_and_its_own_machine() {
        for url in ["http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost:80/", "http://[::1]:8080"] {
            let remote = Remote::at(url).unwrap_or_else(|trouble| panic!("{trouble}"));
            assert!(remote.agent.config().proxy().is_none() && is_local(url), "{url}");
        }
        for url in ["http://192.168.0.7:8080", "http://localhost.example.org", "http://example.org/127.0.0.1"] {
            assert!(!is_local(url), "{url}");
        }
    }
}
