//! The ratings, asked for one after the other: who you are, what you want, of which movie.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use rumormill_protocols::store::apps::ratings::{Answer, Movie, Query, Score, UserId};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

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

/// The words that can be typed.
const WORDS: [&str; 7] = ["find", "view", "average", "rate", "delete", "change", "quit"];

/// Titles that are offered to complete what is typed, at most.
const TITLES: u32 = 20;

type Shared = Rc<RefCell<Box<dyn Servers>>>;

/// What is asked for: it decides what completes it, and what can be recalled.
#[derive(Clone, Copy)]
enum Asked {
    Word,
    Movie,
    Number,
}

/// Why there is no answer.
enum Unanswered {
    /// Ctrl-C: something else is wanted.
    Dropped,
    /// Ctrl-D: nothing more will be typed.
    Over,
}

/// A person at a prompt.
pub(super) struct Shell {
    servers: Shared,
    editor: Editor<Completion, MemHistory>,
    /// What was typed before; the editor's own history is that of numbers, and empty.
    words: MemHistory,
    movies: MemHistory,
}

impl Shell {
    pub fn new(servers: Box<dyn Servers>) -> anyhow::Result<Self> {
        let servers: Shared = Rc::new(RefCell::new(servers));
        let config = Config::builder().completion_type(CompletionType::List).completion_show_all_if_ambiguous(true);
        let mut editor = Editor::with_history(config.build(), MemHistory::new())?;
        editor.set_helper(Some(Completion { servers: Rc::clone(&servers), asked: Asked::Number }));
        Ok(Self { servers, editor, words: MemHistory::new(), movies: MemHistory::new() })
    }

    /// Asks until the person wants no more.
    pub fn run(mut self, user: Option<u64>) {
        let Ok(user) = user.map_or_else(|| self.user(), |id| Ok(UserId(id))) else { return };
        say::line(MENU);
        // Ctrl-C drops what was begun; where nothing was, it leaves.
        while let Ok(word) = self.ask("what? ", Asked::Word) {
            if let Err(Unanswered::Over) = self.obey(&word, user) {
                return;
            }
        }
    }

    fn obey(&mut self, word: &str, user: UserId) -> Result<(), Unanswered> {
        match word.to_ascii_lowercase().as_str() {
            "find" => self.wish(Wish::Find, user),
            "view" => self.wish(Wish::View, user),
            "average" => self.wish(Wish::Average, user),
            "rate" => self.rate(user),
            "delete" => self.wish(Wish::Delete, user),
            "change" => self.change(),
            "quit" | "exit" => Err(Unanswered::Over),
            _ => {
                say::line(MENU);
                Ok(())
            }
        }
    }

    /// A line that is not blank.
    fn ask(&mut self, prompt: &str, asked: Asked) -> Result<String, Unanswered> {
        if let Some(completion) = self.editor.helper_mut() {
            completion.asked = asked;
        }
        self.swap_history(asked);
        let line = self.read(prompt);
        if let (Ok(line), Asked::Word | Asked::Movie) = (&line, asked) {
            // Without its history a line is still a line.
            let _ = self.editor.add_history_entry(line);
        }
        self.swap_history(asked);
        line
    }

    /// Gives the editor the history of what is asked for, or takes it back.
    fn swap_history(&mut self, asked: Asked) {
        match asked {
            Asked::Word => mem::swap(self.editor.history_mut(), &mut self.words),
            Asked::Movie => mem::swap(self.editor.history_mut(), &mut self.movies),
            Asked::Number => {}
        }
    }

    fn read(&mut self, prompt: &str) -> Result<String, Unanswered> {
        loop {
            match self.editor.readline(prompt) {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => return Ok(line.trim().to_string()),
                Err(ReadlineError::Interrupted) => return Err(Unanswered::Dropped),
                Err(ReadlineError::Eof) => return Err(Unanswered::Over),
                Err(error) => {
                    say::note(&format!("cannot read what is typed: {error}"));
                    return Err(Unanswered::Over);
                }
            }
        }
    }

    fn user(&mut self) -> Result<UserId, Unanswered> {
        loop {
            let text = self.ask("your user id: ", Asked::Number)?;
            match text.parse() {
                Ok(id) => return Ok(UserId(id)),
                Err(_) => say::line("INVALID: a user id is a whole number, for example 7"),
            }
        }
    }

    /// A movie, asked for until there is one; none when the servers are busy or the person chose none.
    fn movie(&mut self) -> Result<Option<Movie>, Unanswered> {
        let mut text = self.ask("movie: ", Asked::Movie)?;
        loop {
            let found = action::movie(&mut **self.servers.borrow_mut(), &text);
            match found {
                Ok((movie, _)) => return Ok(Some(movie)),
                Err(several @ Unmet::Several { .. }) => {
                    say::line(&several.to_string());
                    let number = self.ask("number: ", Asked::Number)?;
                    text = format!("#{}", number.trim_start_matches('#'));
                }
                Err(error) => {
                    say::line(&error.to_string());
                    return Ok(None);
                }
            }
        }
    }

    fn wish(&mut self, wish: Wish, user: UserId) -> Result<(), Unanswered> {
        let Some(movie) = self.movie()? else { return Ok(()) };
        let said = wish.grant(&mut **self.servers.borrow_mut(), &movie, user);
        say::line(&said.map_or_else(|error| error.to_string(), |said| said.text));
        Ok(())
    }

    fn rate(&mut self, user: UserId) -> Result<(), Unanswered> {
        let Some(movie) = self.movie()? else { return Ok(()) };
        let score = loop {
            match self.ask("rating, 0 to 5: ", Asked::Number)?.parse::<Score>() {
                Ok(score) => break score,
                Err(error) => say::line(&format!("INVALID: {error}")),
            }
        };
        let said = Wish::Rate(score).grant(&mut **self.servers.borrow_mut(), &movie, user);
        say::line(&said.map_or_else(|error| error.to_string(), |said| said.text));
        Ok(())
    }

    fn change(&mut self) -> Result<(), Unanswered> {
        let shown = action::change(&mut **self.servers.borrow_mut(), None, None);
        say::line(&shown.map_or_else(|error| error.to_string(), |said| said.text));
        let server = loop {
            match self.ask("server: ", Asked::Number)?.parse() {
                Ok(number) => break number,
                Err(_) => say::line("INVALID: a server's number, for example 1"),
            }
        };
        let said = action::change(&mut **self.servers.borrow_mut(), Some(server), None);
        say::line(&said.map_or_else(|error| error.to_string(), |said| said.text));
        Ok(())
    }
}

/// Completes words and titles.
struct Completion {
    servers: Shared,
    asked: Asked,
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(&self, line: &str, place: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = &line[..place];
        let all = match self.asked {
            Asked::Word => {
                let typed = typed.to_ascii_lowercase();
                WORDS.iter().filter(|word| word.starts_with(&typed)).map(ToString::to_string).collect()
            }
            Asked::Movie => {
                let query = Query::Titles { prefix: typed.to_string(), most: TITLES };
                match self.servers.borrow_mut().query(query) {
                    Ok(Answer::Titles(titles)) => titles,
                    // Busy servers complete nothing.
                    _ => Vec::new(),
                }
            }
            Asked::Number => Vec::new(),
        };
        Ok((0, all))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}
