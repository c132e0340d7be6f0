//! The key-value store: strings and numbers, hashes and sets.

use axum::Json;
use axum::body::Bytes as Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query as Address, State};
use rumormill_protocols::store::apps::Bytes;
use rumormill_protocols::store::apps::bundle::{Answer as BundleAnswer, Query as BundleQuery, Update as BundleUpdate};
use rumormill_protocols::store::apps::kv::{Answer, Kind, Query, Update};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gate::Gate;
use super::problem::Problem;
use super::session::{Seen, Session};

type Reply = Result<Seen<Json<Value>>, Problem>;

/// A value that a request brings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewValue {
    value: String,
}

/// A sum to add.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sum {
    by: i64,
}

/// Which page of all keys.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    cursor: u64,
    pattern: Option<String>,
    count: Option<u32>,
}

/// `GET /v1/keys`: some of all keys.
pub(super) async fn keys(
    State(gate): State<Gate>,
    session: Session,
    page: Result<Address<Page>, QueryRejection>,
) -> Reply {
    const USUAL: u32 = 100;
    let Address(page) = page.map_err(|error| Problem::address(&error))?;
    let (pattern, count) = (page.pattern.map(Bytes::from), page.count.unwrap_or(USUAL));
    let query = Query::Scan { cursor: page.cursor, pattern, count, kind: None };
    ask(&gate, session, query, |answer| match answer {
        Answer::Page { cursor, keys } => Some(json!({ "cursor": cursor.to_string(), "keys": texts(&keys) })),
        _ => None,
    })
    .await
}

/// `GET /v1/keys/{key}`: what a key holds, of whatever kind.
pub(super) async fn read(State(gate): State<Gate>, Path(key): Path<String>, session: Session) -> Reply {
    let name = Bytes::from(key.clone());
    let (token, kind) = session.query(&gate, BundleQuery::Kv(Query::Kind(name.clone()))).await?;
    let BundleAnswer::Kv(Answer::Kind(kind)) = kind else { return Err(Problem::confused()) };
    let query = match kind {
        Kind::None => return Err(absent("key", &key)),
        Kind::String => Query::Get(name),
        Kind::Hash => Query::HashAll(name),
        Kind::Set => Query::Members(name),
    };
    // The second look comes after the first.
    ask(&gate, Session::after(token), query, |answer| {
        let value = match answer {
            Answer::Value(Some(value)) => text(&value),
            Answer::Fields(fields) => pairs(&fields),
            Answer::Members(members) => texts(&members),
            _ => return None,
        };
        Some(json!({ "key": key, "type": kind.name(), "value": value }))
    })
    .await
}

/// `PUT /v1/keys/{key}`: sets it to a string.
pub(super) async fn write(State(gate): State<Gate>, Path(key): Path<String>, session: Session, body: Body) -> Reply {
    let NewValue { value } = parsed(&body)?;
    change(&gate, session, Update::Set(vec![(key.into(), value.into())])).await
}

/// `DELETE /v1/keys/{key}`.
pub(super) async fn delete(State(gate): State<Gate>, Path(key): Path<String>, session: Session) -> Reply {
    change(&gate, session, Update::Delete(vec![key.into()])).await
}

/// `POST /v1/keys/{key}/add`: adds to a number.
pub(super) async fn add(State(gate): State<Gate>, Path(key): Path<String>, session: Session, body: Body) -> Reply {
    let Sum { by } = parsed(&body)?;
    change(&gate, session, Update::Add { key: key.into(), by }).await
}

/// `GET /v1/keys/{key}/fields`.
pub(super) async fn fields(State(gate): State<Gate>, Path(key): Path<String>, session: Session) -> Reply {
    ask(&gate, session, Query::HashAll(key.into()), |answer| match answer {
        Answer::Fields(fields) => Some(json!({ "fields": pairs(&fields) })),
        _ => None,
    })
    .await
}

/// `GET /v1/keys/{key}/fields/{field}`.
pub(super) async fn field(
    State(gate): State<Gate>,
    Path((key, field)): Path<(String, String)>,
    session: Session,
) -> Reply {
    let query = Query::HashGet { key: key.into(), field: field.clone().into() };
    let (token, answer) = session.query(&gate, BundleQuery::Kv(query)).await?;
    match answer {
        BundleAnswer::Kv(Answer::Value(Some(value))) => Ok(Seen(token, Json(json!({ "value": text(&value) })))),
        BundleAnswer::Kv(Answer::Value(None)) => Err(absent("field", &field)),
        BundleAnswer::Kv(Answer::Error(error)) => Err(Problem::conflict(error.to_string())),
        _ => Err(Problem::confused()),
    }
}

/// `PUT /v1/keys/{key}/fields/{field}`.
pub(super) async fn set_field(
    State(gate): State<Gate>,
    Path((key, field)): Path<(String, String)>,
    session: Session,
    body: Body,
) -> Reply {
    let NewValue { value } = parsed(&body)?;
    change(&gate, session, Update::HashSet { key: key.into(), fields: vec![(field.into(), value.into())] }).await
}

/// `DELETE /v1/keys/{key}/fields/{field}`.
pub(super) async fn delete_field(
    State(gate): State<Gate>,
    Path((key, field)): Path<(String, String)>,
    session: Session,
) -> Reply {
    change(&gate, session, Update::HashDelete { key: key.into(), fields: vec![field.into()] }).await
}

/// `POST /v1/keys/{key}/fields/{field}/add`.
pub(super) async fn add_to_field(
    State(gate): State<Gate>,
    Path((key, field)): Path<(String, String)>,
    session: Session,
    body: Body,
) -> Reply {
    let Sum { by } = parsed(&body)?;
    change(&gate, session, Update::HashAdd { key: key.into(), field: field.into(), by }).await
}

/// `GET /v1/keys/{key}/members`.
pub(super) async fn members(State(gate): State<Gate>, Path(key): Path<String>, session: Session) -> Reply {
    ask(&gate, session, Query::Members(key.into()), |answer| match answer {
        Answer::Members(members) => Some(json!({ "members": texts(&members) })),
        _ => None,
    })
    .await
}

/// `GET /v1/keys/{key}/members/{member}`.
pub(super) async fn is_member(
    State(gate): State<Gate>,
    Path((key, member)): Path<(String, String)>,
    session: Session,
) -> Reply {
    ask(&gate, session, Query::IsMember { key: key.into(), member: member.into() }, |answer| match answer {
        Answer::Number(number) => Some(json!({ "member": number == 1 })),
        _ => None,
    })
    .await
}

/// `PUT /v1/keys/{key}/members/{member}`.
pub(super) async fn add_member(
    State(gate): State<Gate>,
    Path((key, member)): Path<(String, String)>,
    session: Session,
) -> Reply {
    change(&gate, session, Update::SetAdd { key: key.into(), members: vec![member.into()] }).await
}

/// `DELETE /v1/keys/{key}/members/{member}`.
pub(super) async fn remove_member(
    State(gate): State<Gate>,
    Path((key, member)): Path<(String, String)>,
    session: Session,
) -> Reply {
    change(&gate, session, Update::SetRemove { key: key.into(), members: vec![member.into()] }).await
}

async fn change(gate: &Gate, session: Session, update: Update) -> Reply {
    let (token, answer) = session.update(gate, BundleUpdate::Kv(update)).await?;
    let body = match answer {
        BundleAnswer::Kv(Answer::Ok) => json!({ "ok": true }),
        BundleAnswer::Kv(Answer::Number(number)) => json!({ "ok": true, "number": number }),
        BundleAnswer::Kv(Answer::Error(error)) => return Err(Problem::conflict(error.to_string())),
        _ => return Err(Problem::confused()),
    };
    Ok(Seen(token, Json(body)))
}

async fn ask(gate: &Gate, session: Session, query: Query, shape: impl FnOnce(Answer) -> Option<Value>) -> Reply {
    let (token, answer) = session.query(gate, BundleQuery::Kv(query)).await?;
    match answer {
        BundleAnswer::Kv(Answer::Error(error)) => Err(Problem::conflict(error.to_string())),
        BundleAnswer::Kv(answer) => match shape(answer) {
            Some(body) => Ok(Seen(token, Json(body))),
            None => Err(Problem::confused()),
        },
        _ => Err(Problem::confused()),
    }
}

/// A body, or what is wrong with it, and where: `value`, `movies[3].title`; `body` when it is all of it.
pub(super) fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let wrong = |field: String, error: &serde_json::Error| {
        let field = if field == "." { "body".to_string() } else { field };
        Problem::bad(field.clone(), format!("{field}: {error}; GET /openapi.json tells what to send"))
    };
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| wrong(error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| wrong(".".into(), &error))?;
    Ok(value)
}

/// For fuzzing: reads a body as each of the kinds there are.
pub(super) fn fuzz(body: &[u8]) {
    let _ = (parsed::<NewValue>(body).is_ok(), parsed::<Sum>(body).is_ok());
}

fn absent(what: &str, name: &str) -> Problem {
    Problem::not_found(format!("no {what} {name:?}"))
}

/// Bytes as JSON has them: text, or, of what is none, its hexadecimal digits.
fn text(bytes: &Bytes) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
    }
}

fn texts(all: &[Bytes]) -> Value {
    all.iter().map(text).collect()
}

/// Names and values: an object would lose those whose names are no text.
fn pairs(fields: &[(Bytes, Bytes)]) -> Value {
    fields.iter().map(|(name, value)| json!([text(name), text(value)])).collect()
}
