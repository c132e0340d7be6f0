//! Commands about the server itself: PING, INFO, COMMAND.

use bytes::Bytes as Word;

use super::client::Client;
use super::commands::{COMMANDS, Command, Deed, find, shown, wrong_count};
use super::reply::Reply;

/// `PING [message]`.
pub(super) fn ping(words: &[Word], _: &mut Client) -> Result<Deed, String> {
    match words {
        [_] => Ok(Deed::Reply(Reply::Simple("PONG"))),
        [_, message] => Ok(Deed::Reply(Reply::Bulk(message.clone()))),
        _ => Err(wrong_count("ping")),
    }
}

/// `INFO [section ...]`: always all of it, for it is short.
pub(super) fn info(_: &[Word], client: &mut Client) -> Result<Deed, String> {
    Ok(Deed::Reply(Reply::text(client.server.info())))
}

/// COMMAND, COMMAND COUNT, COMMAND INFO name ..., COMMAND LIST, COMMAND DOCS name ...
pub(super) fn command(words: &[Word], _: &mut Client) -> Result<Deed, String> {
    let Some(what) = words.get(1) else {
        return Ok(Deed::Reply(Reply::Array(COMMANDS.iter().map(row).collect())));
    };
    let named = || words[2..].iter().map(|name| find(name));
    Ok(Deed::Reply(match what.to_ascii_lowercase().as_slice() {
        b"count" => Reply::Integer(COMMANDS.len() as i64),
        b"list" => Reply::Array(COMMANDS.iter().map(|command| Reply::text(command.name)).collect()),
        b"info" if words.len() == 2 => Reply::Array(COMMANDS.iter().map(row).collect()),
        b"info" => Reply::Array(named().map(|found| found.map_or(Reply::Null, row)).collect()),
        b"docs" if words.len() == 2 => Reply::Map(COMMANDS.iter().map(docs).collect()),
        b"docs" => Reply::Map(named().flatten().map(docs).collect()),
        _ => return Err(format!("ERR unknown subcommand '{}'. Try COMMAND LIST.", shown(what))),
    }))
}

/// A command as COMMAND describes it.
fn row(command: &Command) -> Reply {
    let (first, last, step) = command.keys;
    Reply::Array(vec![
        Reply::text(command.name),
        Reply::Integer(command.arity),
        Reply::Set(command.flags.iter().map(|flag| Reply::Simple(flag)).collect()),
        Reply::Integer(first),
        Reply::Integer(last),
        Reply::Integer(step),
    ])
}

/// A command as COMMAND DOCS describes it: redis-cli wants a map for each.
fn docs(command: &Command) -> (Reply, Reply) {
    let summary = match command.name {
        // Redis has none of this name.
        "session" => "SESSION GET gives a token of what this connection has seen, SESSION SET token goes on from it; \
                      SESSION ORDER causal|forced|immediate sets how the commands after it are ordered"
            .into(),
        name => format!("See https://redis.io/commands/{name}"),
    };
    (Reply::text(command.name), Reply::Map(vec![(Reply::text("summary"), Reply::text(summary))]))
}
