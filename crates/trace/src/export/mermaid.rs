//! A sequence diagram of the first messages.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use rumormill_core::trace::Kind;

use super::escape;
use crate::RunFile;
use crate::batch::EventRef;
use crate::walk::Walk;

/// Messages drawn: more, and no browser draws it.
const MESSAGES_MAX: usize = 200;

/// Faults and crashes drawn.
const NOTES_MAX: usize = 100;

pub(super) fn write(file: &RunFile, walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    let mut diagram = Diagram::default();
    while let Some(event) = walk.next() {
        diagram.add(&event);
    }
    writeln!(out, "%% {}", escape::line(&file.name))?;
    if diagram.left_out > 0 {
        let shown = diagram.messages;
        let sentence = format!(
            "the first {shown} of {} messages; the other {} are left out",
            shown + diagram.left_out,
            diagram.left_out
        );
        writeln!(out, "%% {sentence}")?;
        walk.notes.push(sentence);
    }
    writeln!(out, "sequenceDiagram")?;
    let peers = if diagram.peers.is_empty() { BTreeSet::from([1]) } else { diagram.peers };
    for peer in &peers {
        writeln!(out, "    participant p{peer} as peer {peer}")?;
    }
    for step in &diagram.steps {
        match step {
            Step::Message(text) => writeln!(out, "    {text}")?,
            Step::Note(Some(peer), text) if peers.contains(peer) => writeln!(out, "    Note over p{peer}: {text}")?,
            Step::Note(Some(_), _) => {}
            Step::Note(None, text) => {
                let (first, last) = (peers.first().unwrap_or(&1), peers.last().unwrap_or(&1));
                writeln!(out, "    Note over p{first},p{last}: {text}")?;
            }
        }
    }
    if diagram.messages == 0 {
        writeln!(out, "    Note over p{}: no messages", peers.first().unwrap_or(&1))?;
    }
    Ok(())
}

#[derive(Default)]
struct Diagram {
    peers: BTreeSet<u64>,
    steps: Vec<Step>,
    messages: usize,
    notes: usize,
    left_out: usize,
}

enum Step {
    Message(String),
    /// Over one peer, or over all.
    Note(Option<u64>, String),
}

impl Diagram {
    fn add(&mut self, event: &EventRef<'_>) {
        match event.kind {
            Kind::Delivered | Kind::Dropped => self.message(event),
            Kind::Crashed | Kind::Restarted | Kind::Fault if self.left_out == 0 && self.notes < NOTES_MAX => {
                self.notes += 1;
                let peer = (event.peer.0 != 0).then_some(event.peer.0);
                let name = if event.name.is_empty() { event.kind.name() } else { event.name };
                self.steps.push(Step::Note(peer, format!("{}{}", escape::mermaid(name), time(event))));
            }
            _ => {}
        }
    }

    fn message(&mut self, event: &EventRef<'_>) {
        let Some((from, to)) = event.link() else { return };
        if self.messages == MESSAGES_MAX {
            self.left_out += 1;
            return;
        }
        self.messages += 1;
        self.peers.extend([from.0, to.0]);
        let arrow = if event.kind == Kind::Dropped { "-x" } else { "->>" };
        let mut text = format!("p{}{arrow}p{}: {}{}", from.0, to.0, escape::mermaid(event.name), time(event));
        if event.kind == Kind::Dropped {
            let _ = write!(text, " lost ({})", escape::mermaid(event.text));
        }
        self.steps.push(Step::Message(text));
    }
}

fn time(event: &EventRef<'_>) -> String {
    format!(" at {:.3} s", event.time.as_secs_f64())
}
