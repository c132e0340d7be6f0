//! The deterministic rooms touch no clock, no thread, no unseeded randomness, no platform mathematics,
//! and print nothing.

use crate::code::{files, product_code, text};

/// The rooms whose every run must be the same.
const ROOMS: [&str; 5] = ["core", "protocols", "charts", "check", "sim"];

/// What their code may not say, and why.
const BANNED: [(&str, &str); 29] = [
    ("std::time::Instant", "reads the wall clock; use cx.now"),
    ("time::SystemTime", "reads the wall clock; use cx.now"),
    ("SystemTime::", "reads the wall clock; use cx.now"),
    ("std::thread", "runs at the scheduler's mercy"),
    ("thread::spawn", "runs at the scheduler's mercy"),
    ("thread_local!", "differs from thread to thread"),
    ("RandomState", "seeds itself; use a BTreeMap or a fixed hasher"),
    ("collections::HashMap", "is ordered at random; use a BTreeMap or hashbrown with a fixed hasher"),
    ("collections::HashSet", "is ordered at random; use a BTreeSet or hashbrown with a fixed hasher"),
    ("collections::hash_map", "is ordered at random; use a BTreeMap or hashbrown with a fixed hasher"),
    ("DefaultHasher", "may change between versions of Rust"),
    ("std::fs", "is I/O"),
    ("std::net", "is I/O"),
    ("std::env::var", "differs from machine to machine"),
    ("print!(", "prints"),
    ("println!(", "prints"),
    ("eprint!(", "prints"),
    ("eprintln!(", "prints"),
    ("dbg!(", "prints"),
    (".exp()", "differs between platforms; use libm"),
    (".ln()", "differs between platforms; use libm"),
    (".log2()", "differs between platforms; use libm"),
    (".log10()", "differs between platforms; use libm"),
    (".powf(", "differs between platforms; use libm"),
    (".powi(", "differs between platforms; multiply"),
    (".sin()", "differs between platforms; use libm"),
    (".cos()", "differs between platforms; use libm"),
    (".tan()", "differs between platforms; use libm"),
    ("as *const", "addresses differ from run to run"),
];

/// The exceptions, whose threads end with the call that started them: (file, what it may say nevertheless).
const ALLOWED: [(&str, &str); 2] =
    [("crates/sim/src/engine/threads.rs", "std::thread"), ("crates/sim/src/explore.rs", "std::thread")];

/// The places in a Rust file that break a ban, as `line: why`.
fn violations(text: &str) -> Vec<(usize, &'static str, &'static str)> {
    let mut found = Vec::new();
    let mut block = String::new(); // the open `use std::…::{`, when it spans lines
    for (number, line) in product_code(text) {
        let joined: String = format!("{block}{line}").split_whitespace().collect::<Vec<_>>().join(" ");
        block = if joined.matches('{').count() > joined.matches('}').count() && joined.starts_with("use ") {
            joined
        } else {
            let statement = expand(&joined);
            found.extend(
                BANNED.iter().filter(|(word, _)| says(&statement, word)).map(|(word, why)| (number, *word, *why)),
            );
            String::new()
        };
    }
    found
}

/// Does the code say the word, from the start of an identifier on?
fn says(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let open = word.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let after = code[at + word.len()..].chars().next();
        let closed = !word.ends_with(char::is_alphanumeric) || !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        open && closed
    })
}

/// `use a::{b, c};` as `a::b a::c`, so that both are found.
fn expand(statement: &str) -> String {
    let Some(imported) = statement.trim_start_matches("pub ").strip_prefix("use ") else {
        return statement.to_string();
    };
    let Some((path, list)) = imported.split_once('{') else { return statement.to_string() };
    list.split(['{', '}', ',', ';']).map(|item| format!("{path}{} ", item.trim())).collect()
}

#[test]
fn deterministic_rooms_touch_nothing_that_differs_between_runs() {
    let mut found = Vec::new();
    for room in ROOMS {
        for file in files(&format!("crates/{room}/src"), &[".rs"]) {
            if file.ends_with("tests.rs") || file.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let name = file.to_string_lossy().into_owned();
            for (line, word, why) in violations(&text(&file)) {
                if !ALLOWED.contains(&(name.as_str(), word)) {
                    found.push(format!("{name}:{line}: {word} {why}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_ban_is_noticed() {
    for (word, _) in BANNED {
        let text = format!("fn f() {{ let _ = {word}; }}");
        assert!(violations(&text).iter().any(|(_, found, _)| *found == word), "{word} in {text}");
    }
    for (import, word) in [
        ("use std::time::{Duration, Instant};", "std::time::Instant"),
        ("use std::collections::{\n    BTreeMap,\n    HashMap,\n};", "collections::HashMap"),
        ("pub use std::{collections::HashSet};", "collections::HashSet"),
    ] {
        assert!(violations(import).iter().any(|(_, found, _)| *found == word), "{word} in {import}");
    }
}

#[test]
fn comments_and_tests_may_say_anything() {
    let text =
        "// std::thread\nuse crate::time::Instant; // println!(\n#[cfg(test)]\nmod tests {\n    use std::thread;\n}\n";
    assert_eq!(violations(text), []);
    assert_eq!(violations("fn sprint!() {}\nfn f() { std::threading(); }"), []);
}
