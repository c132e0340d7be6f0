//! The language of searches: an event, or two of which one follows the other or does not.
//!
//! ```text
//! search  = part [ "then" part | "not followed by" part ] [ "within" span ] [ "on" ( "the same peer" | "any peer" ) ]
//! part    = [ kind ] [ name ] { text } [ "peer" number ]        at least one of them
//! ```
//!
//! as in `sent push then delivered digest within 500ms on the same peer`, or
//! `crashed not followed by restarted within 2s`. Without "on", both are on the same peer.

use std::fmt;
use std::time::Duration;

use rumormill_core::trace::Kind;

use crate::batch::EventRef;

/// Bytes of a search, at most.
pub const PATTERN_BYTES_MAX: usize = 1_000;

/// Texts of a part, at most.
const TEXTS_MAX: usize = 8;

/// An example for whoever got it wrong.
const EXAMPLE: &str = "sent push then delivered digest within 500ms on the same peer";

/// Two events of which one follows the other, or an event that another one does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pattern {
    /// The first event.
    pub first: Part,
    /// What follows, if anything is asked about that.
    pub second: Option<Follow>,
}

/// What follows, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Follow {
    /// The second event.
    pub part: Part,
    /// Is it looked for that it does not happen?
    pub is_absent: bool,
    /// How long after the first one, at most.
    pub within: Option<Duration>,
    /// May it happen at another peer?
    pub on_any_peer: bool,
}

/// What an event must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its kind.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: Option<String>,
    /// These stand in its name or its text, whatever the case of ASCII letters.
    pub texts: Vec<String>,
    /// The peer that it happened to.
    pub peer: Option<u32>,
    /// The peer at the other end of the message.
    pub other: Option<u32>,
}

/// Why a search is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct PatternError {
    /// Where, in characters from 1.
    pub column: u32,
    /// What is wrong.
    pub why: String,
}

impl PatternError {
    /// What a search may look like.
    #[must_use]
    pub fn example() -> &'static str {
        EXAMPLE
    }
}

impl Pattern {
    /// An event like this, whatever follows.
    #[must_use]
    pub fn of(first: Part) -> Self {
        Self { first, second: None }
    }

    /// Reads a search.
    ///
    /// # Errors
    /// Says where it is none, and why.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            let why = format!("{} bytes; at most {PATTERN_BYTES_MAX} are read", text.len());
            return Err(PatternError { column: 1, why });
        }
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, next: 0, end: text.chars().count() as u32 + 1 };
        let pattern = parser.pattern()?;
        match parser.peek() {
            None => Ok(pattern),
            Some(_) => Err(parser.wrong("then, not followed by, within, on, or the end")),
        }
    }
}

impl Part {
    /// Is the event like this?
    pub(super) fn fits(&self, event: &EventRef<'_>) -> bool {
        let is = |peer: u64, wanted: u32| peer == u64::from(wanted);
        self.kind.is_none_or(|kind| event.kind == kind)
            && self.peer.is_none_or(|peer| is(event.peer.0, peer))
            && self.other.is_none_or(|peer| event.other.is_some_and(|other| is(other.0, peer)))
            && self.name.as_deref().is_none_or(|name| event.name == name)
            && self.texts.iter().all(|text| contains(event.text, text) || contains(event.name, text))
    }
}

/// Does the part stand in the text, whatever the case of ASCII letters?
fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some((first, _)) = part.split_first() else { return true };
    let is_there =
        |&at: &usize| text[at].eq_ignore_ascii_case(first) && text[at..at + part.len()].eq_ignore_ascii_case(part);
    (0..(text.len() + 1).saturating_sub(part.len())).find(is_there).is_some()
}

/// A word or a quoted text, and where it begins.
struct Token {
    column: u32,
    text: String,
    is_quoted: bool,
}

fn tokens(text: &str) -> Result<Vec<Token>, PatternError> {
    let mut tokens = Vec::new();
    let mut letters = (1..).zip(text.chars()).peekable();
    while let Some((column, letter)) = letters.next() {
        if letter.is_whitespace() {
            continue;
        }
        let mut token = Token { column, text: String::new(), is_quoted: letter == '"' };
        if token.is_quoted {
            loop {
                match letters.next() {
                    Some((_, '"')) => break,
                    Some((_, '\\')) => token.text.extend(letters.next().map(|(_, escaped)| escaped)),
                    Some((_, letter)) => token.text.push(letter),
                    None => return Err(PatternError { column, why: "this quotation mark is never closed".into() }),
                }
            }
        } else {
            token.text.push(letter);
            let is_part = |(_, letter): &(u32, char)| !letter.is_whitespace() && *letter != '"';
            while let Some((_, letter)) = letters.next_if(is_part) {
                token.text.push(letter);
            }
        }
        tokens.push(token);
    }
    Ok(tokens)
}

/// Words that end a part.
const KEYWORDS: [&str; 4] = ["then", "not", "within", "on"];

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    /// The column behind the last letter.
    end: u32,
}

impl<'a> Parser<'a> {
    fn pattern(&mut self) -> Result<Pattern, PatternError> {
        let first = self.part()?;
        let is_absent = self.takes("not");
        if is_absent {
            self.expect("followed")?;
            self.expect("by")?;
        } else if !self.takes("then") {
            return Ok(Pattern { first, second: None });
        }
        let mut follow = Follow { part: self.part()?, is_absent, within: None, on_any_peer: false };
        if self.takes("within") {
            follow.within = Some(self.span()?);
        }
        if self.takes("on") {
            follow.on_any_peer = self.takes("any");
            if !follow.on_any_peer {
                self.takes("the");
                self.expect("same")?;
            }
            self.expect("peer")?;
        }
        Ok(Pattern { first, second: Some(follow) })
    }

    fn part(&mut self) -> Result<Part, PatternError> {
        let (mut part, start) = (Part::default(), self.next);
        while let Some(token) = self.peek() {
            if token.is_quoted {
                if part.texts.len() == TEXTS_MAX {
                    return Err(self.wrong(&format!("no more than {TEXTS_MAX} texts")));
                }
                part.texts.push(token.text.clone());
            } else if KEYWORDS.contains(&token.text.as_str()) {
                break;
            } else if token.text == "peer" {
                if part.peer.is_some() {
                    return Err(self.wrong("no second peer"));
                }
                self.next += 1;
                part.peer = Some(self.number()?);
                continue;
            } else if let Some(kind) =
                Kind::from_name(&token.text).filter(|_| part.kind.is_none() && part.name.is_none())
            {
                part.kind = Some(kind);
            } else if part.name.is_none() {
                part.name = Some(token.text.clone());
            } else {
                return Err(self.second_name(start));
            }
            self.next += 1;
        }
        if self.next == start { Err(self.wrong("a kind of event, a name or a \"text\"")) } else { Ok(part) }
    }

    /// Two names in one part: most probably the first one is meant to be a kind.
    fn second_name(&self, start: usize) -> PatternError {
        let first = &self.tokens[start];
        if first.is_quoted || Kind::from_name(&first.text).is_some() {
            return self.wrong("then, not followed by, within, on, or the end");
        }
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let why = format!("there is no kind of event \"{}\"; there are {}", first.text, kinds.join(", "));
        PatternError { column: first.column, why }
    }

    fn number(&mut self) -> Result<u32, PatternError> {
        let number = self.peek().and_then(|token| token.text.parse().ok());
        let number = number.ok_or_else(|| self.wrong("a peer's number"))?;
        self.next += 1;
        Ok(number)
    }

    fn span(&mut self) -> Result<Duration, PatternError> {
        let span = self.peek().and_then(|token| humantime::parse_duration(&token.text).ok());
        let span = span.ok_or_else(|| self.wrong("a span of time such as 500ms or 2s"))?;
        self.next += 1;
        Ok(span)
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.peek().is_some_and(|token| !token.is_quoted && token.text == word);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, word: &str) -> Result<(), PatternError> {
        if self.takes(word) { Ok(()) } else { Err(self.wrong(&format!("\"{word}\""))) }
    }

    fn wrong(&self, expected: &str) -> PatternError {
        match self.peek() {
            Some(token) => {
                let text: String = token.text.chars().take(40).collect();
                PatternError { column: token.column, why: format!("expected {expected}, not \"{text}\"") }
            }
            None => PatternError { column: self.end, why: format!("expected {expected}, but here is the end") },
        }
    }
}

/// As it can be read again.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        let Some(follow) = &self.second else { return Ok(()) };
        f.write_str(if follow.is_absent { " not followed by " } else { " then " })?;
        follow.part.fmt(f)?;
        if let Some(within) = follow.within {
            // One word: formatted spans may have several.
            write!(f, " within {}", humantime::format_duration(within).to_string().replace(' ', ""))?;
        }
        f.write_str(if follow.on_any_peer { " on any peer" } else { "" })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self.kind.iter().map(|kind| kind.name().to_owned()).collect();
        words.extend(self.name.clone());
        let quoted = |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        words.extend(self.texts.iter().map(quoted));
        words.extend(self.peer.map(|peer| format!("peer {peer}")));
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str) -> (u32, String) {
        let error = Pattern::parse(text).unwrap_err();
        (error.column, error.why)
    }

    #[test]
    fn searches_say_what_they_mean() {
        let pattern = Pattern::parse(EXAMPLE).unwrap();
        assert_eq!((pattern.first.kind, pattern.first.name.as_deref()), (Some(Kind::Sent), Some("push")));
        let follow = pattern.second.unwrap();
        assert_eq!((follow.part.kind, follow.part.name.as_deref()), (Some(Kind::Delivered), Some("digest")));
        assert_eq!((follow.within, follow.is_absent), (Some(Duration::from_millis(500)), false));
        let lost = Pattern::parse("crashed peer 3 not followed by \"up \\\"again\\\"\" within 1m on any peer").unwrap();
        assert_eq!((lost.first.peer, lost.first.name.clone()), (Some(3), None));
        let follow = lost.second.unwrap();
        assert!(follow.is_absent && follow.on_any_peer);
        assert_eq!(follow.part.texts, ["up \"again\""]);
        assert_eq!(Pattern::parse("push").unwrap().first.name.as_deref(), Some("push"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(error(""), (1, "expected a kind of event, a name or a \"text\", but here is the end".into()));
        assert_eq!(error("sent push then within 2s").0, 16);
        assert_eq!(error("sent push then \"é").0, 16);
        assert_eq!(error("sent then sent within soon").0, 23);
        assert_eq!(error("sent not sent"), (10, "expected \"followed\", not \"sent\"".into()));
        assert_eq!(error("sent then done on the other peer").0, 23);
        assert_eq!(error("sent push more").0, 11);
        assert_eq!(error("sent peer many").0, 11);
        assert_eq!(error("peer 7 peer").0, 8);
        assert_eq!(error("sent within 2s").0, 6);
        let (column, why) = error("note then delivred push");
        assert!(column == 11 && why.starts_with("there is no kind of event \"delivred\"; there are started"), "{why}");
        assert!(error(&"x".repeat(2000)).1.contains("at most"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_search_that_comes_back_or_an_error_within_it(
            words in prop::collection::vec(prop_oneof![
                Just("sent".to_string()), Just("then".into()), Just("not".into()), Just("followed".into()),
                Just("by".into()), Just("within".into()), Just("2s".into()), Just("on".into()), Just("any".into()),
                Just("same".into()), Just("peer".into()), Just("7".into()), Just("push".into()), "\"\\PC{0,4}\"", "\\PC{0,6}",
            ], 0..14)
        ) {
            let text = words.join(" ");
            match Pattern::parse(&text) {
                Ok(pattern) => prop_assert_eq!(Pattern::parse(&pattern.to_string()).unwrap(), pattern),
                Err(error) => prop_assert!((1..=text.chars().count() as u32 + 1).contains(&error.column)),
            }
        }
    }
}
