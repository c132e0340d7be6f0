//! Questions to other nodes: asked again when there is no answer, and given up when there is none for long.

use std::collections::BTreeMap;

use rumormill_core::{Context, PeerId};
use serde::Serialize;

use super::chord::SUCCESSORS_MAX;
use super::{Id, Indication, Message, Node, Ring, Step, Timer};

/// Questions that are not answered.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Questions {
    open: BTreeMap<u64, Question>,
    next: u64,
}

/// A question.
#[derive(Clone, Copy, Debug, Serialize)]
struct Question {
    /// Who is asked.
    of: Node,
    why: Why,
    /// How often.
    tries: u32,
}

/// Why something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Why {
    /// The first successor: does it live, and whom does it know?
    Successor,
    /// One that the first successor has before itself: does it live?
    Candidate,
    /// The predecessor, because this node says that it is: does it live?
    Predecessor(Node),
    /// The owner of a key that was looked up as load: does it live?
    Owner(u64),
    /// A lookup goes on there.
    Lookup {
        /// Which lookup.
        number: u64,
        /// Its key.
        key: Id,
    },
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Who is before a node, and who after it.
    Neighbors(Option<Node>, Vec<Node>),
    /// The next step of a lookup.
    Step(Step),
}

impl Questions {
    /// Is this being asked?
    pub(super) fn has(&self, is_it: impl Fn(Why) -> bool) -> bool {
        self.open.values().any(|question| is_it(question.why))
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}

impl Ring {
    /// Asks a node.
    pub(super) fn ask(&mut self, cx: &mut Context<'_, Self>, of: Node, why: Why) {
        self.questions.next += 1;
        let ticket = self.questions.next;
        self.questions.open.insert(ticket, Question { of, why, tries: 0 });
        self.send_question(cx, ticket);
    }

    fn send_question(&mut self, cx: &mut Context<'_, Self>, ticket: u64) {
        let Some(question) = self.questions.open.get_mut(&ticket) else { return };
        question.tries += 1;
        let message = match question.why {
            Why::Lookup { key, .. } => Message::Find { ticket, key },
            _ => Message::Ask { ticket },
        };
        cx.send(question.of.peer(), message);
        cx.set_timer(cx.config.timeout, Timer::Late(ticket));
    }

    /// A question was answered. Old answers, and such that nobody asked for, are no news.
    pub(super) fn hear_answer(&mut self, cx: &mut Context<'_, Self>, from: PeerId, ticket: u64, answer: Answer) {
        let nodes = match &answer {
            Answer::Neighbors(_, nodes) => nodes.len(),
            Answer::Step(step) => step.nodes().len(),
        };
        if nodes > SUCCESSORS_MAX {
            return cx.indicate(Indication::Misbehaved { peer: from, why: "more nodes than a list may have" });
        }
        let Some(Question { of, why, .. }) = self.questions.open.get(&ticket).copied() else { return };
        if of.peer() != from {
            return cx.indicate(Indication::Misbehaved { peer: from, why: "the answer to a question to another" });
        }
        match (why, answer) {
            (Why::Lookup { number, .. }, Answer::Step(step)) => {
                self.questions.open.remove(&ticket);
                self.hear_step(cx, number, of, step);
            }
            (Why::Lookup { .. }, Answer::Neighbors(..)) | (_, Answer::Step(_)) => {
                cx.indicate(Indication::Misbehaved { peer: from, why: "the answer to another question" });
            }
            (why, Answer::Neighbors(predecessor, successors)) => {
                self.questions.open.remove(&ticket);
                match why {
                    Why::Successor => self.hear_successor(cx, of, predecessor, &successors),
                    Why::Candidate => self.hear_candidate(cx, of, &successors),
                    Why::Owner(number) => self.hear_owner(cx, number, of),
                    // It lives: it stays.
                    Why::Predecessor(_) | Why::Lookup { .. } => {}
                }
            }
        }
    }

    /// A question is not answered in time: it is asked again, or whoever was asked is taken for dead.
    pub(super) fn late(&mut self, cx: &mut Context<'_, Self>, ticket: u64) {
        let Some(question) = self.questions.open.get(&ticket) else { return };
        if question.tries < cx.config.tries {
            self.send_question(cx, ticket);
        } else if let Some(Question { of, why, .. }) = self.questions.open.remove(&ticket) {
            self.silent(cx, of, why);
        }
    }

    /// The link to a peer went down: questions to it are not answered any more.
    pub(super) fn lost(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        let of_peer = |(&ticket, question): (&u64, &Question)| (question.of.peer() == peer).then_some(ticket);
        let tickets: Vec<u64> = self.questions.open.iter().filter_map(of_peer).collect();
        for ticket in tickets {
            if let Some(Question { of, why, .. }) = self.questions.open.remove(&ticket) {
                self.silent(cx, of, why);
            }
        }
    }

    /// A node does not answer.
    fn silent(&mut self, cx: &mut Context<'_, Self>, dead: Node, why: Why) {
        self.surroundings.forget(dead);
        self.fingers.forget(dead);
        match why {
            Why::Successor => self.stabilize(cx),
            Why::Candidate => self.say_before(cx),
            Why::Predecessor(candidate) => self.hear_before(cx, candidate),
            Why::Owner(number) => self.give_up_owner(cx, number),
            Why::Lookup { number, .. } => self.give_up_step(cx, number),
        }
    }
}
