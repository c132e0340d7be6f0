//! The prompt of `rumormill movies` at a terminal. `script`, of util-linux, makes one: its standard input are the keys.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{finish, folder, rumormill};

/// Nothing at a prompt takes longer, or it hangs.
const LIMIT: Duration = Duration::from_secs(30);

const UP: &str = "\x1b[A";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// A terminal in which the prompt runs.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    said: Receiver<Vec<u8>>,
    /// What it said since a test looked last, and all of it.
    news: String,
    all: String,
}

impl Terminal {
    fn open(arguments: &str) -> Self {
        let mut script = Command::new("script")
            .args(["--quiet", "--flush", "--return", "--command"])
            .arg(format!("stty cols 80 rows 24; exec \"$RUMORMILL\" {arguments}"))
            .arg("/dev/null")
            .envs([("RUMORMILL", env!("CARGO_BIN_EXE_rumormill")), ("SHELL", "/bin/sh"), ("TERM", "xterm")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs the command script, of util-linux");
        let (keys, mut out) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let (tell, said) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                if tell.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { script, keys, said, news: String::new(), all: String::new() }
    }

    fn press(&mut self, keys: &str) {
        self.news.clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until it has said all of this since the last key.
    #[track_caller]
    fn shows(&mut self, words: &[&str]) {
        let until = Instant::now() + LIMIT;
        while !words.iter().all(|word| self.news.contains(word)) {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.said.recv_timeout(left) else { panic!("no {words:?} in {:?}", self.all) };
            let text = String::from_utf8_lossy(&bytes);
            self.news += &text;
            self.all += &text;
        }
    }

    /// Waits until it has ended by itself; gives its exit code.
    #[track_caller]
    fn ends(mut self) -> i32 {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.script.try_wait().unwrap() {
                return status.code().unwrap();
            }
            assert!(Instant::now() < until, "it goes on after {:?}", self.all);
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal goes, and with it what runs in it.
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn tab_completes_words_and_titles_and_lists_what_they_may_be() {
    let mut terminal = Terminal::open("movies");
    terminal.shows(&["your user id: "]);
    terminal.press("f\t");
    terminal.shows(&["f"]);
    terminal.press("\r");
    terminal.shows(&["INVALID", "your user id: "]);
    assert!(!terminal.all.contains("find"), "a number is completed by a word: {:?}", terminal.all);
    terminal.press("7\r");
    terminal.shows(&["change ", "what? "]);
    terminal.press("AV\t");
    terminal.shows(&["what? average"]);
    terminal.press("\r");
    terminal.shows(&["movie: "]);
    terminal.press("the clock\t");
    terminal.shows(&["movie: The Clockmaker's Orchard (1987)"]);
    terminal.press("\r");
    terminal.shows(&["Orchard (1987): 4.25 from 10 ratings", "what? "]);
    terminal.press("find\r");
    terminal.shows(&["movie: "]);
    terminal.press("har\t");
    terminal.shows(&["Harbor of Small Lights (1996)", "Harbor of Small Lights (2014)"]);
    terminal.press("2014)\r");
    terminal.shows(&["(movie 9): 2014", "what? "]);
    terminal.press("quit\r");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn up_recalls_what_answers_the_question() {
    let mut terminal = Terminal::open("movies --user 7");
    terminal.shows(&["what? "]);
    terminal.press("rate\r");
    terminal.shows(&["movie: "]);
    terminal.press("#16\r");
    terminal.shows(&["rating, 0 to 5: "]);
    terminal.press("4.5\r");
    terminal.shows(&["rating sent: Night Ferry to Ostrava (2008) 4.5", "what? "]);
    terminal.press(UP);
    terminal.shows(&["what? rate"]);
    terminal.press("\x15view\r");
    terminal.shows(&["movie: "]);
    terminal.press(UP);
    terminal.shows(&["movie: #16"]);
    terminal.press("\r");
    terminal.shows(&["Night Ferry to Ostrava (2008): you rated it 4.5", "what? "]);
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn ctrl_c_drops_what_was_begun_and_then_leaves() {
    let mut terminal = Terminal::open("movies --user 7");
    terminal.shows(&["what? "]);
    terminal.press("find\r");
    terminal.shows(&["movie: "]);
    terminal.press(&format!("Rob{CTRL_C}"));
    terminal.shows(&["what? "]);
    terminal.press(CTRL_C);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn without_a_terminal_nothing_but_answers_is_said() {
    let folder = folder();
    let mut command = rumormill(folder.path());
    let mut child = command.args(["movies", "--user", "7"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"average\n#1\nquit\n").unwrap();
    let said = finish(child).expect(0);
    assert_eq!(said.out.lines().last(), Some("The Clockmaker's Orchard (1987): 4.25 from 10 ratings"), "{said:#?}");
    assert!(!said.out.contains(['\x1b', '?']) && said.err.is_empty(), "{said:#?}");
}
