//! The newest events of a run, and questions about them.

use std::borrow::Cow;
use std::collections::VecDeque;

use rumormill_core::trace::{Event, Kind};
use serde::Serialize;

/// The most events that are kept in memory; a recorded run has the others in its folder.
pub const LINES_MAX: usize = 10_000;

/// Lines that a snapshot keeps.
const TAIL: usize = 40;

/// The most lines that one question is answered with.
pub const ANSWER_MAX: usize = 1_000;

/// Longer texts are cut to this many characters on their way to a page.
const TEXT_CHARS_MAX: usize = 300;

/// The newest events, oldest first.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<Event>,
    seen: u64,
}

/// Which lines somebody wants to see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this kind of event.
    pub kind: Option<Kind>,
    /// Only lines with this in their name or text, whatever the case of ASCII letters.
    pub text: Option<String>,
    /// Only lines about this peer, at either end.
    pub peer: Option<u64>,
}

impl Filter {
    /// Does the filter let this event through?
    #[must_use]
    pub fn lets_through(&self, event: &Event) -> bool {
        let about = |peer| event.peer.0 == peer || event.other.is_some_and(|other| other.0 == peer);
        let holds = |text: &str| contains(&event.name, text) || contains(&event.text, text);
        self.kind.is_none_or(|kind| event.kind == kind)
            && self.peer.is_none_or(about)
            && self.text.as_deref().is_none_or(holds)
    }
}

/// The newest lines that a question found.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// The lines, oldest first.
    pub events: Vec<LogLine>,
    /// Are there older ones?
    pub more: bool,
}

/// One event as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogLine {
    /// The event's id in decimal: it exceeds what a page's numbers hold.
    pub id: String,
    /// Seconds of the run.
    pub t: f64,
    /// The peer it happened to; 0 for the network.
    pub peer: u64,
    /// The community.
    pub community: String,
    /// What happened.
    pub kind: &'static str,
    /// The peer at the other end.
    pub other: Option<u64>,
    /// Name of the message's kind, target, state or fault.
    pub name: String,
    /// Value of a target.
    pub value: u64,
    /// Goal of a target.
    pub goal: u64,
    /// Bytes of a message's body.
    pub bytes: u64,
    /// For a person; cut when long.
    pub text: String,
    /// The id of the event that led to this one.
    pub cause: Option<String>,
}

impl From<&Event> for LogLine {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.0.to_string(),
            t: event.time.as_secs_f64(),
            peer: event.peer.0,
            community: event.community.clone().into_owned(),
            kind: event.kind.name(),
            other: event.other.map(|other| other.0),
            name: shorten(&event.name),
            value: event.value,
            goal: event.goal,
            bytes: event.bytes,
            text: shorten(&event.text),
            cause: event.cause.map(|cause| cause.0.to_string()),
        }
    }
}

impl Log {
    /// Adds an event; the oldest one leaves when there are too many, and its memory is used again.
    pub fn push(&mut self, event: &Event) {
        let old = if self.lines.len() == LINES_MAX { self.lines.pop_front() } else { None };
        self.lines.push_back(match old {
            Some(old) => Event {
                community: copy(&event.community, old.community),
                name: copy(&event.name, old.name),
                text: copy_text(&event.text, old.text),
                body: Vec::new(),
                ..*event
            },
            None => Event { body: Vec::new(), ..event.clone() },
        });
        self.seen += 1;
    }

    /// The same for somebody who needs the event no more, and gets memory to be used again for it.
    pub(super) fn push_over(&mut self, event: &mut Event) {
        if self.lines.len() < LINES_MAX {
            return self.push(event);
        }
        if let Some(mut line) = self.lines.pop_front() {
            std::mem::swap(&mut line, event);
            std::mem::swap(&mut line.body, &mut event.body);
            line.body.clear();
            self.lines.push_back(line);
            self.seen += 1;
        }
    }

    /// The same with its newest events alone.
    pub(super) fn tail(&self) -> Self {
        let lines = self.lines.range(self.lines.len().saturating_sub(TAIL)..).cloned().collect();
        Self { lines, seen: self.seen }
    }

    /// The newest event, if it is kept.
    #[must_use]
    pub fn last(&self) -> Option<&Event> {
        self.lines.back()
    }

    /// How many events there were, including those that left.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Has any event left?
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.seen > self.lines.len() as u64
    }

    /// The newest events, at most `limit` and none of the first `after`; oldest first.
    pub fn newest(&self, after: u64, limit: usize) -> impl Iterator<Item = &Event> {
        let new = usize::try_from(self.seen.saturating_sub(after)).unwrap_or(usize::MAX);
        self.lines.iter().skip(self.lines.len() - new.min(limit).min(self.lines.len()))
    }

    /// The newest lines that the filter lets through and that stand before the event of id `before`.
    #[must_use]
    pub fn ask(&self, filter: &Filter, before: Option<u64>, limit: usize) -> Answer {
        let end = match before {
            Some(id) => self.lines.iter().rposition(|event| event.id.0 == id).unwrap_or(0),
            None => self.lines.len(),
        };
        let mut question = Question::new(filter.clone(), None, limit);
        self.lines.range(..end).for_each(|event| question.take(event));
        question.answer()
    }
}

/// A question that is answered by going through the events once, oldest first.
pub struct Question {
    filter: Filter,
    before: Option<u64>,
    limit: usize,
    found: VecDeque<LogLine>,
    more: bool,
    over: bool,
}

impl Question {
    /// At most `limit` lines that the filter lets through and that stand before the event of id `before`.
    #[must_use]
    pub fn new(filter: Filter, before: Option<u64>, limit: usize) -> Self {
        let limit = limit.clamp(1, ANSWER_MAX);
        Self { filter, before, limit, found: VecDeque::new(), more: false, over: false }
    }

    /// Looks at the next event.
    pub fn take(&mut self, event: &Event) {
        self.over |= self.before == Some(event.id.0);
        if self.over || !self.filter.lets_through(event) {
            return;
        }
        if self.found.len() == self.limit {
            self.found.pop_front();
            self.more = true;
        }
        self.found.push_back(event.into());
    }

    /// Is everything found, so that later events need not be looked at?
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// What was found.
    #[must_use]
    pub fn answer(self) -> Answer {
        Answer { events: self.found.into(), more: self.more }
    }
}

#[expect(clippy::ptr_arg, reason = "a static text stays where it is")]
fn copy(text: &Cow<'static, str>, old: Cow<'static, str>) -> Cow<'static, str> {
    match (text, old) {
        (Cow::Borrowed(text), _) => Cow::Borrowed(text),
        (Cow::Owned(text), Cow::Owned(old)) => Cow::Owned(copy_text(text, old)),
        (Cow::Owned(text), Cow::Borrowed(_)) => Cow::Owned(text.clone()),
    }
}

fn copy_text(text: &str, mut old: String) -> String {
    old.clear();
    old.push_str(text);
    old
}

fn contains(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::trace::EventId;
    use rumormill_core::{Instant, PeerId};

    fn log(events: u64) -> Log {
        let mut log = Log::default();
        for count in 0..events {
            let peer = PeerId(count % 10 + 1);
            let kind = if count % 2 == 0 { Kind::Sent } else { Kind::Delivered };
            let mut event = Event::new(EventId(count), Instant::from_nanos(count), peer, kind);
            event.text = format!("Line {count}");
            log.push(&event);
        }
        log
    }

    fn ids(answer: &Answer) -> Vec<u64> {
        answer.events.iter().map(|line| line.id.parse().unwrap()).collect()
    }

    #[test]
    fn the_oldest_events_leave() {
        let log = log(LINES_MAX as u64 + 5);
        assert!(log.is_cut());
        assert_eq!(log.newest(0, usize::MAX).next().unwrap().id, EventId(5));
        assert_eq!(log.newest(log.seen() - 2, 40).count(), 2);
        assert_eq!(log.newest(log.seen(), 40).count(), 0);
    }

    #[test]
    fn a_line_in_place_of_the_oldest_is_the_same_line() {
        let (mut log, mut other) = (log(LINES_MAX as u64), log(LINES_MAX as u64));
        for count in 0..20 {
            let mut event = Event::new(EventId(90_000 + count), Instant::ZERO, PeerId(7), Kind::Note);
            event.text = format!("New {count}");
            log.push(&event);
            event.body = vec![7; 100];
            other.push_over(&mut event);
        }
        assert!(log.newest(0, usize::MAX).eq(other.newest(0, usize::MAX)));
        assert_eq!(log.seen(), other.seen());
    }

    #[test]
    fn a_question_finds_the_newest_lines_that_fit() {
        let log = log(100);
        let sent = Filter { kind: Some(Kind::Sent), ..Filter::default() };
        let answer = log.ask(&sent, None, 3);
        assert_eq!((ids(&answer), answer.more), (vec![94, 96, 98], true));
        let older = log.ask(&sent, Some(4), 3);
        assert_eq!((ids(&older), older.more), (vec![0, 2], false));
        let text = Filter { text: Some("LINE 7".into()), peer: Some(8), kind: None };
        assert_eq!(ids(&log.ask(&text, None, 100)), [7, 77]);
    }

    #[test]
    fn nothing_stands_before_a_line_that_has_left() {
        assert!(log(LINES_MAX as u64 + 5).ask(&Filter::default(), Some(2), 10).events.is_empty());
    }

    #[test]
    fn a_long_text_is_cut() {
        let mut event = Event::new(EventId(1), Instant::ZERO, PeerId(1), Kind::Note);
        event.text = "é".repeat(10_000);
        assert_eq!(LogLine::from(&event).text.chars().count(), TEXT_CHARS_MAX + 1);
    }
}
