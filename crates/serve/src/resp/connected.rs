//! Commands about the connection: HELLO, CLIENT, SELECT, and SESSION, which is ours.

use bytes::Bytes as Word;
use rumormill_protocols::store::{Order, Token};

use super::client::Client;
use super::commands::{Deed, integer, shown, wrong_count};
use super::reply::{Reply, Version};
use super::server::REDIS_VERSION;

/// `HELLO [version [SETNAME name]]`: which version of the protocol to speak. There are no passwords here.
pub(super) fn hello(words: &[Word], client: &mut Client) -> Result<Deed, String> {
    let mut version = client.version;
    if let Some(wanted) = words.get(1) {
        version = match &wanted[..] {
            b"2" => Version::Resp2,
            b"3" => Version::Resp3,
            _ => return Err("NOPROTO unsupported protocol version".into()),
        };
    }
    let mut options = words.get(2..).unwrap_or_default();
    let mut name = None;
    while let [option, rest @ ..] = options {
        options = match (option.to_ascii_lowercase().as_slice(), rest) {
            (b"setname", [wanted, rest @ ..]) => {
                name = Some(named(wanted)?);
                rest
            }
            (b"auth", [_, _, ..]) => {
                return Err("ERR there are no passwords here: the server listens where it was told to".into());
            }
            _ => return Err(format!("ERR syntax error in HELLO option '{}'", shown(option))),
        };
    }
    client.version = version;
    if let Some(name) = name {
        client.name = name;
    }
    let text = Reply::text;
    Ok(Deed::Reply(Reply::Map(vec![
        (text("server"), text("redis")),
        (text("version"), text(REDIS_VERSION)),
        (text("proto"), Reply::Integer(if version == Version::Resp3 { 3 } else { 2 })),
        (text("id"), Reply::Integer(client.id as i64)),
        (text("mode"), text("standalone")),
        (text("role"), text("master")),
        (text("modules"), Reply::Array(Vec::new())),
    ])))
}

/// CLIENT ID, GETNAME, SETNAME name, SETINFO attribute value, INFO, LIST.
pub(super) fn client(words: &[Word], client: &mut Client) -> Result<Deed, String> {
    let reply = match (words[1].to_ascii_lowercase().as_slice(), &words[2..]) {
        (b"id", []) => Reply::Integer(client.id as i64),
        (b"getname", []) if client.name.is_empty() => Reply::Null,
        (b"getname", []) => Reply::Bulk(client.name.clone().into()),
        (b"setname", [name]) => {
            client.name = named(name)?;
            Reply::OK
        }
        // What library it is: asked by nobody here.
        (b"setinfo", [attribute, _]) => match attribute.to_ascii_lowercase().as_slice() {
            b"lib-name" | b"lib-ver" => Reply::OK,
            _ => return Err(format!("ERR Unrecognized option '{}'", shown(attribute))),
        },
        (b"info" | b"list", []) => Reply::text(line(client)),
        (what @ (b"id" | b"getname" | b"setname" | b"setinfo" | b"info" | b"list"), _) => {
            return Err(wrong_count(&format!("client|{}", String::from_utf8_lossy(what))));
        }
        (what, _) => return Err(format!("ERR unknown subcommand '{}'. Try CLIENT ID.", shown(what))),
    };
    Ok(Deed::Reply(reply))
}

fn line(client: &Client) -> String {
    format!(
        "id={} name={} db=0 resp={} order={}\n",
        client.id,
        client.name.escape_ascii(),
        match client.version {
            Version::Resp2 => 2,
            Version::Resp3 => 3,
        },
        name_of(client.order),
    )
}

fn named(name: &Word) -> Result<Vec<u8>, String> {
    if name.len() > 256 || name.iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
        return Err("ERR Client names cannot contain spaces, newlines or special characters.".into());
    }
    Ok(name.to_vec())
}

/// SELECT 0: there is one database.
pub(super) fn select(words: &[Word], _: &mut Client) -> Result<Deed, String> {
    match integer(&words[1]) {
        Ok(0) => Ok(Deed::Reply(Reply::OK)),
        Ok(_) => Err("ERR DB index is out of range".into()),
        Err(_) => Err("ERR invalid DB index".into()),
    }
}

/// What the orders are called.
const ORDERS: [(&str, Order); 3] =
    [("causal", Order::Causal), ("forced", Order::Forced), ("immediate", Order::Immediate)];

fn name_of(order: Order) -> &'static str {
    ORDERS.iter().find(|(_, other)| *other == order).map_or("", |(name, _)| name)
}

/// SESSION GET: a token of what this connection has seen. SESSION SET token: go on from what another has seen. SESSION
/// ORDER name: how the commands after this are ordered; without a name, how they are.
pub(super) fn session(words: &[Word], client: &mut Client) -> Result<Deed, String> {
    match (words[1].to_ascii_lowercase().as_slice(), &words[2..]) {
        (b"get", []) => Ok(Deed::Turn(|client| Reply::text(client.token.to_string()))),
        (b"set", [text]) => {
            let text = std::str::from_utf8(text).map_err(|_| "ERR session token: it is no text")?;
            let token: Token = text.parse().map_err(|error| format!("ERR {error}"))?;
            if !client.see(&token) {
                return Err("ERR session token: it is of another store than what this connection has seen".into());
            }
            Ok(Deed::Reply(Reply::OK))
        }
        (b"order", []) => Ok(Deed::Reply(Reply::Simple(name_of(client.order)))),
        (b"order", [name]) => {
            let found = ORDERS.iter().find(|(other, _)| name.eq_ignore_ascii_case(other.as_bytes()));
            let &(_, order) = found.ok_or_else(|| {
                format!("ERR SESSION ORDER: '{}' is none; say causal, forced or immediate", shown(name))
            })?;
            client.order = order;
            Ok(Deed::Reply(Reply::OK))
        }
        _ => Err("ERR syntax error: SESSION GET, SESSION SET token, or SESSION ORDER [causal|forced|immediate]".into()),
    }
}
