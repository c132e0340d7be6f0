//! The ratings client against three real server processes: what the student system's tester does.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::store::Store;
use crate::support::{Said, finish, folder, root, rumormill, run};

/// Each command is a session of its own, and may see less than the one before: waits until all servers that
/// answer are equally far.
fn settle(store: &Store) {
    for _ in 0..200 {
        let told = crate::support::http::request(&store.http(0), "", "GET", "/v1/replicas", None).json();
        let reached = told["replicas"].as_array().unwrap().iter().filter(|replica| replica["reached"] == true);
        let lines: Vec<Value> = reached.map(|replica| replica["lines"].clone()).collect();
        let executed = |line: &Value| line["held"] == line["executed"];
        let all_executed = lines.iter().all(|all| all.as_array().unwrap().iter().all(executed));
        if !lines.is_empty() && all_executed && lines.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the servers do not agree");
}

/// One action of user 7, on a store's servers.
fn movies(folder: &Path, store: &Store, action: &[&str]) -> Said {
    settle(store);
    run(folder, [&["movies", "--server", &store.url(), "--user", "7", "--json"], action].concat())
}

/// Lines typed at the prompt, and all that was said.
fn typed(folder: &Path, store: &Store, lines: &[&str]) -> Said {
    settle(store);
    let mut command = rumormill(folder);
    let mut child = command.args(["movies", "--server", &store.url()]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    drop(input);
    finish(child)
}

#[test]
fn the_walk_by_single_commands() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--sample"]);
    let act = |action: &[&str]| movies(folder.path(), &store, action);
    let list = act(&["find", "#1"]).expect(0).json();
    let title = list["title"].as_str().unwrap().to_string();
    let view = || act(&["view", "#1"]);

    assert_eq!(act(&["rate", "#1", "4.5"]).expect(0).json()["stars"], json!(4.5));
    assert_eq!(view().expect(0).json()["stars"], json!(4.5));
    assert_eq!(act(&["change", "1", "offline"]).expect(0).json()["before"], "online");
    let seen = view().expect(0).json();
    assert_eq!((&seen["stars"], seen["title"].as_str()), (&json!(4.5), Some(title.as_str())));
    for server in ["2", "3"] {
        act(&["change", server, "offline"]).expect(0);
    }
    view().expect(1).complains(&["all servers are busy: try again later"]);
    act(&["rate", "#1", "2"]).expect(1).complains(&["all servers are busy"]);
    let states = act(&["change"]).expect(0).json();
    assert!(states["servers"].as_array().unwrap().iter().all(|server| server["state"] == "offline"), "{states}");
    for server in ["1", "2", "3"] {
        act(&["change", server, "online"]).expect(0);
    }
    assert_eq!(view().expect(0).json()["stars"], json!(4.5), "what was refused was not done");
    assert_eq!(act(&["delete", "#1"]).expect(0).json()["before"], json!(4.5));
    assert_eq!(view().expect(0).json()["stars"], json!(null));
}

#[test]
fn the_walk_at_the_prompt() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--sample"]);
    let said = typed(
        folder.path(),
        &store,
        &[
            "me", "7", "rate", "#1", "9", "4.5", "view", "#1", "change", "1", "view", "#1", "change", "2", "change",
            "3", "view", "#1", "change", "1", "change", "2", "change", "3", "view", "#1", "fly", "quit",
        ],
    )
    .expect(0);
    let at = |words: &str, from: usize| {
        let found = said.out[from..].find(words).map(|place| from + place + words.len());
        found.unwrap_or_else(|| panic!("no {words:?} after {from} in {said:#?}"))
    };
    let mut from = 0;
    for words in [
        "INVALID: a user id",
        "INVALID: ",
        "rating sent: ",
        "you rated it 4.5",
        "server 1: status changed from online to offline",
        "you rated it 4.5",
        "server 2: status changed",
        "server 3: status changed from online to offline",
        "all servers are busy: try again later",
        "server 1: status changed from offline to online",
        "server 2: ",
        "server 3: ",
        "you rated it 4.5",
        "quit      leave",
    ] {
        from = at(words, from);
    }
}

#[test]
fn what_the_store_has_is_not_taken_in_twice() {
    let folder = folder();
    let sample = root().join("crates/rumormill/src/movies/sample");
    let up = || Store::up(folder.path(), &["--dir", "shop", "--data", sample.to_str().unwrap()]);
    let counts = |store: &Store| crate::support::http::request(&store.http(0), "", "GET", "/v1/movies", None).json();
    let mut first = up();
    let before = counts(&first);
    assert!(before["movies"].as_u64() >= Some(25) && before["ratings"].as_u64() >= Some(200), "{before}");
    movies(folder.path(), &first, &["rate", "#1", "0.5"]).expect(0);
    first.stop();
    let second = up();
    assert_eq!(movies(folder.path(), &second, &["view", "#1"]).expect(0).json()["stars"], json!(0.5));
    assert_eq!(counts(&second)["movies"], before["movies"]);
}

#[test]
fn a_crashed_server_is_not_noticed() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--sample"]);
    movies(folder.path(), &store, &["rate", "#1", "3"]).expect(0);
    for replica in store.line["replicas"].as_array().unwrap().iter().take(2) {
        let pid: u32 = replica["pid"].as_u64().unwrap().try_into().unwrap();
        crate::support::processes::signal(pid, "KILL");
        assert_eq!(movies(folder.path(), &store, &["view", "#1"]).expect(0).json()["stars"], json!(3.0));
        movies(folder.path(), &store, &["rate", "#1", "3"]).expect(0);
    }
}
