//! `rumormill store add`, `remove`, `evict` and `status`: who is a member of a running store, and how far each is.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use comfy_table::Table;
use serde_json::{Value, json};

use super::args::{ChangeArgs, StatusArgs};
use super::server::Server;
use crate::cli::{Done, Ended, Failure, say};

/// What takes longer is talked about meanwhile.
const SILENCE: Duration = Duration::from_secs(2);

/// What becomes of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// It becomes a member.
    Add,
    /// It is let go.
    Remove,
    /// The others go on without it.
    Evict,
}

impl Verb {
    fn body(self) -> Value {
        match self {
            Self::Add => json!({ "member": true }),
            Self::Remove => json!({ "member": false }),
            Self::Evict => json!({ "member": false, "dead": true }),
        }
    }

    fn meanwhile(self, number: u32) -> String {
        match self {
            Self::Add => format!("replica {number} is being taken in: it gets the state from the others"),
            Self::Remove => format!("replica {number} is being let go: the others get all that it holds"),
            Self::Evict => {
                format!("replica {number} is being evicted: the others wait until they may go on without it")
            }
        }
    }

    fn done(self, number: u32) -> String {
        match self {
            Self::Add => format!("replica {number} is a member"),
            Self::Remove => format!("replica {number} is no member any more"),
            Self::Evict => format!("the store goes on without replica {number}"),
        }
    }
}

/// Changes who is a member, and waits until it is done.
pub(super) fn change(verb: Verb, args: &ChangeArgs) -> Done {
    let (server, number) = (Server::find(&args.server)?, args.number);
    let (tell, told) = mpsc::channel();
    thread::Builder::new()
        .name("change".into())
        .spawn(move || {
            // Nobody listens any more when the program ends.
            let _ = tell.send(server.put(&format!("/v1/replicas/{number}/member"), &verb.body()));
        })
        .map_err(Failure::run)?;
    let mut answer = told.recv_timeout(SILENCE);
    if matches!(answer, Err(RecvTimeoutError::Timeout)) {
        say::note(&verb.meanwhile(number));
        answer = told.recv().map_err(|_| RecvTimeoutError::Disconnected);
    }
    let row = answer.map_err(Failure::run)??;
    if args.json.json {
        say::json(&row);
    } else {
        say::line(&verb.done(number));
    }
    Ok(Ended::Well)
}

/// Shows how far each replica and spare is.
pub(super) fn status(args: &StatusArgs) -> Done {
    let server = Server::find(&args.server)?;
    let told = server.get("/v1/replicas")?;
    let Some(rows) = told["replicas"].as_array() else {
        return Err(Failure::Run(anyhow!("{} is no front end of a store", server.url())));
    };
    if args.json.json {
        say::json(&told);
    } else {
        say::print(&table(rows));
    }
    Ok(Ended::Well)
}

/// For fuzzing: shows bytes as an answer of a front end.
pub(super) fn fuzz(bytes: &[u8]) {
    let told: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let _ = table(told["replicas"].as_array().map_or(&[][..], Vec::as_slice)).to_string();
}

fn table(rows: &[Value]) -> Table {
    let head = ["replica", "member", "service", "primary", "executed", "log", "sessions", "waiting"];
    let mut table = say::table(&head, &[0, 3, 4, 5, 6, 7]);
    for row in rows {
        let mut cells = vec![number(&row["replica"]), member(row)];
        if row["reached"] == json!(true) {
            cells.extend([service(row), number(&row["primary"]), executed(row)]);
            cells.extend(["log", "sessions", "waiting"].map(|name| number(&row[name])));
        } else {
            cells.push("does not answer".into());
        }
        table.add_row(cells);
    }
    table
}

/// Numbers of peers are small, and counts have commas.
fn number(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".into(), say::count)
}

fn member(row: &Value) -> String {
    match row["member"].as_bool() {
        Some(true) => "yes".into(),
        Some(false) => "no".into(),
        None => "?".into(),
    }
}

/// Does it answer calls? In the word that says most.
fn service(row: &Value) -> String {
    let word = if row["member"] == json!(false) {
        "spare"
    } else if row["fenced"] == json!(true) {
        "catching up"
    } else if row["out_of_touch"] == json!(true) {
        "out of touch"
    } else if row["stopped"] == json!(true) {
        "stopped for a moment"
    } else {
        row["service"].as_str().unwrap_or("?")
    };
    word.into()
}

/// All that it has executed, of all lines, whenever that was.
fn executed(row: &Value) -> String {
    let lines = row["lines"].as_array().map_or(&[][..], Vec::as_slice);
    say::count(lines.iter().filter_map(|line| line["executed"].as_u64()).fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_is_to_be_known() {
        let line = |executed: u64| json!({ "replica": 1, "incarnation": 0, "held": 9, "executed": executed });
        let up = json!({
            "replica": 1, "reached": true, "member": true, "fenced": false, "stopped": false, "service": "online",
            "lines": [line(1_000), line(234)], "log": 5, "sessions": 6, "waiting": 0, "primary": 2,
        });
        let rows = [up, json!({ "replica": 2, "reached": false, "member": true })];
        let text: Vec<String> =
            table(&rows).lines().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(text[1..], ["1 yes online 2 1,234 5 6 0", "2 yes does not answer"]);
    }

    #[test]
    fn the_word_for_a_replica_says_most() {
        let word = |member, fenced, stopped| {
            service(&json!({ "member": member, "fenced": fenced, "stopped": stopped, "service": "offline" }))
        };
        assert_eq!(word(false, true, false), "spare");
        assert_eq!(word(true, true, true), "catching up");
        let lost =
            json!({ "member": true, "fenced": false, "out_of_touch": true, "stopped": true, "service": "online" });
        assert_eq!(service(&lost), "out of touch");
        assert_eq!(
            (word(true, false, true), word(true, false, false)),
            ("stopped for a moment".into(), "offline".into())
        );
    }
}
