//! The ratings, asked for one after the other: who you are, what you want, of which movie.

use std::cell::RefCell;
use std::rc::Rc;

use rumormill_protocols::store::apps::ratings::{Answer, Movie, Query, Score, UserId};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use super::action::{self, Unmet, Wish};
use crate::cli::say;
use crate::movies::Servers;

/// What can be typed.
const MENU: &str = "\
find      year and genres of a movie
view      your rating of a movie
average   the average of all ratings of a movie
rate      rate a movie
delete    delete your rating of a movie
change    show the servers, or switch one on or off
quit      leave";

/// Titles that are offered to complete what is typed, at most.
const TITLES: u32 = 20;

type Shared = Rc<RefCell<Box<dyn Servers>>>;

/// A person at a prompt.
pub(super) struct Shell {
    servers: Shared,
    editor: Editor<Titles, MemHistory>,
}

/// Nothing more will be typed.
struct Over;

impl Shell {
    pub fn new(servers: Box<dyn Servers>) -> anyhow::Result<Self> {
        let servers: Shared = Rc::new(RefCell::new(servers));
        let mut editor = Editor::with_history(Config::default(), MemHistory::new())?;
        editor.set_helper(Some(Titles { servers: Rc::clone(&servers), of_movies: false }));
        Ok(Self { servers, editor })
    }

    /// Asks until the person wants no more.
    pub fn run(mut self, user: Option<u64>) {
        let Ok(user) = user.map_or_else(|| self.user(), |id| Ok(UserId(id))) else { return };
        say::line(MENU);
        while let Ok(command) = self.ask("what? ", false) {
            let done = match command.to_ascii_lowercase().as_str() {
                "find" => self.wish(Wish::Find, user),
                "view" => self.wish(Wish::View, user),
                "average" => self.wish(Wish::Average, user),
                "rate" => self.rate(user),
                "delete" => self.wish(Wish::Delete, user),
                "change" => self.change(),
                "quit" | "exit" => return,
                _ => {
                    say::line(MENU);
                    Ok(())
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// A line that is not blank.
    fn ask(&mut self, prompt: &str, of_movies: bool) -> Result<String, Over> {
        if let Some(titles) = self.editor.helper_mut() {
            titles.of_movies = of_movies;
        }
        loop {
            match self.editor.readline(prompt) {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => {
                    let _ = self.editor.add_history_entry(line.trim());
                    return Ok(line.trim().to_string());
                }
                // Ctrl-C drops the line, as in any shell; at an empty one it leaves.
                Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Err(Over),
                Err(error) => {
                    say::note(&format!("cannot read what is typed: {error}"));
                    return Err(Over);
                }
            }
        }
    }

    fn user(&mut self) -> Result<UserId, Over> {
        loop {
            let text = self.ask("your user id: ", false)?;
            match text.parse() {
                Ok(id) => return Ok(UserId(id)),
                Err(_) => say::line("INVALID: a user id is a whole number, for example 7"),
            }
        }
    }

    /// A movie, asked for until there is one; none when the servers are busy or the person chose none.
    fn movie(&mut self) -> Result<Option<Movie>, Over> {
        let mut text = self.ask("movie: ", true)?;
        loop {
            let found = action::movie(&mut **self.servers.borrow_mut(), &text);
            match found {
                Ok((movie, _)) => return Ok(Some(movie)),
                Err(several @ Unmet::Several { .. }) => {
                    say::line(&several.to_string());
                    let number = self.ask("number: ", false)?;
                    text = format!("#{}", number.trim_start_matches('#'));
                }
                Err(error) => {
                    say::line(&error.to_string());
                    return Ok(None);
                }
            }
        }
    }

    fn wish(&mut self, wish: Wish, user: UserId) -> Result<(), Over> {
        let Some(movie) = self.movie()? else { return Ok(()) };
        let said = wish.grant(&mut **self.servers.borrow_mut(), &movie, user);
        say::line(&said.map_or_else(|error| error.to_string(), |said| said.text));
        Ok(())
    }

    fn rate(&mut self, user: UserId) -> Result<(), Over> {
        let Some(movie) = self.movie()? else { return Ok(()) };
        let score = loop {
            match self.ask("rating, 0 to 5: ", false)?.parse::<Score>() {
                Ok(score) => break score,
                Err(error) => say::line(&format!("INVALID: {error}")),
            }
        };
        let said = Wish::Rate(score).grant(&mut **self.servers.borrow_mut(), &movie, user);
        say::line(&said.map_or_else(|error| error.to_string(), |said| said.text));
        Ok(())
    }

    fn change(&mut self) -> Result<(), Over> {
        let shown = action::change(&mut **self.servers.borrow_mut(), None, None);
        say::line(&shown.map_or_else(|error| error.to_string(), |said| said.text));
        let server = loop {
            match self.ask("server: ", false)?.parse() {
                Ok(number) => break number,
                Err(_) => say::line("INVALID: a server's number, for example 1"),
            }
        };
        let said = action::change(&mut **self.servers.borrow_mut(), Some(server), None);
        say::line(&said.map_or_else(|error| error.to_string(), |said| said.text));
        Ok(())
    }
}

/// Completes titles.
struct Titles {
    servers: Shared,
    of_movies: bool,
}

impl Completer for Titles {
    type Candidate = String;

    fn complete(&self, line: &str, place: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        if !self.of_movies {
            let words = ["find", "view", "average", "rate", "delete", "change", "quit"];
            return Ok((0, words.iter().filter(|word| word.starts_with(line)).map(ToString::to_string).collect()));
        }
        let query = Query::Titles { prefix: line[..place].to_string(), most: TITLES };
        match self.servers.borrow_mut().query(query) {
            Ok(Answer::Titles(titles)) => Ok((0, titles)),
            // Busy servers complete nothing.
            _ => Ok((0, Vec::new())),
        }
    }
}

impl Hinter for Titles {
    type Hint = String;
}

impl Highlighter for Titles {}

impl Validator for Titles {}

impl Helper for Titles {}
