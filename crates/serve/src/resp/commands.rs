//! The commands: what each asks of the store, and what it makes of the answer.

use bytes::Bytes as Word;
use rumormill_protocols::store::apps::bundle::{Answer as BundleAnswer, Query as BundleQuery, Update as BundleUpdate};
use rumormill_protocols::store::apps::kv::{Answer, Query, Update};
use rumormill_protocols::store::apps::{self, Bundle, Bytes};
use rumormill_protocols::store::{Failure, Op};

use super::client::Client;
use super::replies::Shape;
use super::reply::Reply;
use super::{about, connected, scan};
use crate::desk;

/// What a command comes to.
pub(super) enum Deed {
    /// The reply is known.
    Reply(Reply),
    /// The store is asked.
    Ask {
        /// What for.
        op: Op<BundleUpdate, BundleQuery>,
        /// Does the reply need what an update returned?
        wait: bool,
        /// Makes the reply.
        shape: Shape,
    },
    /// The reply depends on the answers to the commands before.
    Turn(fn(&mut Client) -> Reply),
    /// The connection ends.
    Quit,
}

/// A command.
pub(super) struct Command {
    /// Its name in small letters.
    pub name: &'static str,
    /// As Redis counts: with the name; less than 0: at least so many.
    pub arity: i64,
    /// Where keys stand among the words: the first, the last, and the step between two; 0 when it has none.
    pub keys: (i64, i64, i64),
    /// Redis's flags.
    pub flags: &'static [&'static str],
    /// What it comes to.
    pub deed: fn(&[Word], &mut Client) -> Result<Deed, String>,
}

const READ: &[&str] = &["readonly", "fast"];
const WRITE: &[&str] = &["write", "denyoom", "fast"];
const SERVER: &[&str] = &["loading", "stale", "fast"];
const ONE: (i64, i64, i64) = (1, 1, 1);
const ALL: (i64, i64, i64) = (1, -1, 1);
const NONE: (i64, i64, i64) = (0, 0, 0);

/// All commands, in the order of their names.
pub(super) const COMMANDS: &[Command] = &[
    command("client", -2, NONE, SERVER, connected::client),
    command("command", -1, NONE, SERVER, about::command),
    command("dbsize", 1, NONE, READ, |_, _| query(Query::Size, plain)),
    command("decr", 2, ONE, WRITE, |words, _| add(&words[1], -1)),
    command("decrby", 3, ONE, WRITE, |words, _| {
        let by = integer(&words[2])?.checked_neg().ok_or("ERR decrement would overflow")?;
        add(&words[1], by)
    }),
    command("del", -2, ALL, WRITE, |words, _| update(Update::Delete(all(&words[1..])), plain)),
    command("echo", 2, NONE, SERVER, |words, _| Ok(Deed::Reply(Reply::Bulk(words[1].clone())))),
    command("exists", -2, ALL, READ, |words, _| query(Query::Exists(all(&words[1..])), plain)),
    command("get", 2, ONE, READ, |words, _| query(Query::Get(own(&words[1])), plain)),
    command("hdel", -3, ONE, WRITE, |words, _| {
        update(Update::HashDelete { key: own(&words[1]), fields: all(&words[2..]) }, plain)
    }),
    command("hello", -1, NONE, SERVER, connected::hello),
    command("hget", 3, ONE, READ, |words, _| {
        query(Query::HashGet { key: own(&words[1]), field: own(&words[2]) }, plain)
    }),
    command("hgetall", 2, ONE, READ, |words, _| query(Query::HashAll(own(&words[1])), plain)),
    command("hincrby", 4, ONE, WRITE, |words, _| {
        let (key, field, by) = (own(&words[1]), own(&words[2]), integer(&words[3])?);
        update(Update::HashAdd { key, field, by }, plain)
    }),
    command("hlen", 2, ONE, READ, |words, _| query(Query::HashLen(own(&words[1])), plain)),
    command("hset", -4, ONE, WRITE, |words, _| {
        update(Update::HashSet { key: own(&words[1]), fields: pairs("hset", &words[2..])? }, plain)
    }),
    command("incr", 2, ONE, WRITE, |words, _| add(&words[1], 1)),
    command("incrby", 3, ONE, WRITE, |words, _| add(&words[1], integer(&words[2])?)),
    command("info", -1, NONE, SERVER, about::info),
    command("mget", -2, ALL, READ, |words, _| query(Query::GetMany(all(&words[1..])), plain)),
    command("mset", -3, (1, -1, 2), WRITE, |words, _| update(Update::Set(pairs("mset", &words[1..])?), plain)),
    command("ping", -1, NONE, SERVER, about::ping),
    command("quit", -1, NONE, SERVER, |_, _| Ok(Deed::Quit)),
    command("sadd", -3, ONE, WRITE, |words, _| {
        update(Update::SetAdd { key: own(&words[1]), members: all(&words[2..]) }, plain)
    }),
    command("scan", -2, NONE, READ, scan::scan),
    command("scard", 2, ONE, READ, |words, _| query(Query::MemberCount(own(&words[1])), plain)),
    command("select", 2, NONE, SERVER, connected::select),
    command("session", -2, NONE, SERVER, connected::session),
    command("set", -3, ONE, WRITE, set),
    command("sismember", 3, ONE, READ, |words, _| {
        query(Query::IsMember { key: own(&words[1]), member: own(&words[2]) }, plain)
    }),
    command("smembers", 2, ONE, READ, |words, _| query(Query::Members(own(&words[1])), plain)),
    command("srem", -3, ONE, WRITE, |words, _| {
        update(Update::SetRemove { key: own(&words[1]), members: all(&words[2..]) }, plain)
    }),
    command("type", 2, ONE, READ, |words, _| query(Query::Kind(own(&words[1])), plain)),
];

const fn command(
    name: &'static str,
    arity: i64,
    keys: (i64, i64, i64),
    flags: &'static [&'static str],
    deed: fn(&[Word], &mut Client) -> Result<Deed, String>,
) -> Command {
    Command { name, arity, keys, flags, deed }
}

/// The command of this name, in letters of either case.
pub(super) fn find(name: &[u8]) -> Option<&'static Command> {
    const LONGEST: usize = 16;
    let mut small = [0; LONGEST];
    let small = small.get_mut(..name.len())?;
    small.copy_from_slice(name);
    small.make_ascii_lowercase();
    let place = COMMANDS.binary_search_by(|command| command.name.as_bytes().cmp(small)).ok()?;
    Some(&COMMANDS[place])
}

/// What a command comes to; `words` are not empty.
pub(super) fn deed(words: &[Word], client: &mut Client) -> Deed {
    client.server.commands.set(client.server.commands.get() + 1);
    let Some(command) = find(&words[0]) else { return Deed::Reply(Reply::Error(unknown(words))) };
    let count = words.len() as i64;
    if count < command.arity.abs() || (command.arity > 0 && count != command.arity) {
        return Deed::Reply(Reply::Error(wrong_count(command.name)));
    }
    (command.deed)(words, client).unwrap_or_else(|why| Deed::Reply(Reply::Error(why)))
}

/// The most bytes of a word that are repeated in an error.
const SHOWN: usize = 128;

/// The beginning of a word, as errors repeat it.
pub(super) fn shown(word: &[u8]) -> String {
    word[..word.len().min(SHOWN)].escape_ascii().to_string()
}

/// As Redis says it, so that clients that look at the words understand.
fn unknown(words: &[Word]) -> String {
    let mut with = String::new();
    for word in words[1..].iter().take(8) {
        if with.len() < SHOWN {
            with += &format!("'{}' ", shown(word));
        }
    }
    format!("ERR unknown command '{}', with args beginning with: {with}", shown(&words[0]))
}

/// As Redis says it.
pub(super) fn wrong_count(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}

fn set(words: &[Word], _: &mut Client) -> Result<Deed, String> {
    if words.len() > 3 {
        return Err("ERR syntax error: SET takes a key and a value here, without options".into());
    }
    update(Update::Set(vec![(own(&words[1]), own(&words[2]))]), plain)
}

fn add(key: &Word, by: i64) -> Result<Deed, String> {
    update(Update::Add { key: own(key), by }, plain)
}

fn update(update: Update, shape: fn(Answer) -> Reply) -> Result<Deed, String> {
    // That a key is set needs no answer of the state.
    let wait = !matches!(update, Update::Set(_));
    Ok(Deed::Ask { op: Op::Update(BundleUpdate::Kv(update)), wait, shape: shaped(wait, shape) })
}

/// A query of the store.
pub(super) fn query(query: Query, shape: fn(Answer) -> Reply) -> Result<Deed, String> {
    Ok(Deed::Ask { op: Op::Query(BundleQuery::Kv(query)), wait: true, shape: shaped(true, shape) })
}

/// Makes a reply of an answer by `shape`, or of a failure; of no answer, when none is waited for, OK.
fn shaped(wait: bool, shape: fn(Answer) -> Reply) -> Shape {
    Box::new(move |answer: desk::Answer<Bundle>, client: &mut Client| {
        let result = answer.result;
        if result.is_ok() {
            client.token = answer.token;
        }
        match result {
            Ok(Some(BundleAnswer::Kv(answer))) => shape(answer),
            Ok(None) if !wait => Reply::OK,
            // Nothing that a client may take for an invitation to do it twice.
            Ok(None) => Reply::Error("ERR it was done at an earlier try, and what it returned is forgotten".into()),
            Ok(Some(_)) => Reply::Error("ERR an answer of another kind".into()),
            Err(failure) => Reply::Error(failed(failure)),
        }
    })
}

/// A failure in words. TRYAGAIN, which some clients follow by themselves, only where nothing was done.
fn failed(failure: Failure) -> String {
    match failure {
        Failure::Busy | Failure::Full => format!("TRYAGAIN {failure}"),
        _ => format!("ERR {failure}"),
    }
}

/// The reply that says what the answer says.
pub(super) fn plain(answer: Answer) -> Reply {
    let bulk = |bytes: Bytes| Reply::Bulk(Word::copy_from_slice(&bytes));
    let value = |value: Option<Bytes>| value.map_or(Reply::Null, bulk);
    match answer {
        Answer::Ok => Reply::OK,
        Answer::Number(number) => Reply::Integer(number),
        Answer::Value(found) => value(found),
        Answer::Values(values) => Reply::Array(values.into_iter().map(value).collect()),
        Answer::Fields(fields) => Reply::Map(fields.into_iter().map(|(key, value)| (bulk(key), bulk(value))).collect()),
        Answer::Members(members) => Reply::Set(members.into_iter().map(bulk).collect()),
        Answer::Kind(kind) => Reply::Simple(kind.name()),
        Answer::Page { cursor, keys } => {
            Reply::Array(vec![Reply::text(cursor.to_string()), Reply::Array(keys.into_iter().map(bulk).collect())])
        }
        Answer::Error(error) => Reply::Error(error.to_string()),
        _ => Reply::Error("ERR an answer that this front end does not know".into()),
    }
}

/// A word as the store keeps it.
pub(super) fn own(word: &Word) -> Bytes {
    Bytes::from(&word[..])
}

fn all(words: &[Word]) -> Vec<Bytes> {
    words.iter().map(own).collect()
}

fn pairs(name: &str, words: &[Word]) -> Result<Vec<(Bytes, Bytes)>, String> {
    if !words.len().is_multiple_of(2) {
        return Err(wrong_count(name));
    }
    Ok(words.chunks(2).map(|pair| (own(&pair[0]), own(&pair[1]))).collect())
}

/// A whole number, written as Redis wants it.
pub(super) fn integer(word: &Word) -> Result<i64, String> {
    let number = std::str::from_utf8(word).ok().and_then(|digits| digits.parse::<i64>().ok());
    // Redis takes no plus and no zeros in front.
    number
        .filter(|number| number.to_string().as_bytes() == &word[..])
        .ok_or_else(|| apps::kv::Error::NotAnInteger.to_string())
}

#[cfg(test)]
mod tests {
    use rumormill_protocols::store::Refusal;

    use super::*;

    #[test]
    fn commands_are_found_by_their_names() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        for command in COMMANDS {
            assert_eq!(find(command.name.to_uppercase().as_bytes()).unwrap().name, command.name);
        }
        assert!(find(b"").is_none() && find(b"getx").is_none() && find(&[b'a'; 99]).is_none());
    }

    #[test]
    fn only_what_was_not_done_is_to_be_tried_again() {
        let large = failed(Failure::Refused(Refusal::Large));
        assert_eq!(large, "ERR refused: the answer has more than 2 MiB; ask for less at once");
        assert!(failed(Failure::Busy).starts_with("TRYAGAIN ") && failed(Failure::Unknown).starts_with("ERR "));
    }

    #[test]
    fn numbers_are_read_as_redis_reads_them() {
        let read = |text: &'static str| integer(&Word::from_static(text.as_bytes()));
        assert_eq!(read("-9223372036854775808"), Ok(i64::MIN));
        for text in ["", "+1", "01", "1.0", " 1", "9223372036854775808", "-"] {
            assert_eq!(read(text), Err("ERR value is not an integer or out of range".into()), "{text}");
        }
    }
}
