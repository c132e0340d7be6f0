//! What a statechart is made of: what a protocol publishes of itself, so that its states can be drawn before
//! any peer has been in them. Which states peers enter and leave, the trace tells.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A statechart (Harel, Science of Computer Programming 8, 1987), as far as it is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// What it is called.
    pub name: Cow<'static, str>,
    /// The state in which a peer begins.
    pub initial: Cow<'static, str>,
    /// All states, outer ones before those within them.
    pub states: Vec<State>,
    /// How one leads to another.
    pub transitions: Vec<Transition>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Its name, unique in the chart.
    pub name: Cow<'static, str>,
    /// The state that it is a part of.
    pub parent: Option<Cow<'static, str>>,
}

/// A way from a state to another, or back to the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The state that is left.
    pub from: Cow<'static, str>,
    /// The state that is entered.
    pub to: Cow<'static, str>,
    /// What it follows on: the kind of a message, the name of a timer or of a signal.
    pub trigger: Cow<'static, str>,
}

impl Chart {
    /// A chart without states yet.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, initial: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), initial: initial.into(), ..Self::default() }
    }

    /// The same with one more state.
    #[must_use]
    pub fn state(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.states.push(State { name: name.into(), parent: None });
        self
    }

    /// The same with one more state within another.
    #[must_use]
    pub fn state_in(mut self, parent: impl Into<Cow<'static, str>>, name: impl Into<Cow<'static, str>>) -> Self {
        self.states.push(State { name: name.into(), parent: Some(parent.into()) });
        self
    }

    /// The same with one more transition.
    #[must_use]
    pub fn transition(
        mut self,
        from: impl Into<Cow<'static, str>>,
        to: impl Into<Cow<'static, str>>,
        trigger: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.transitions.push(Transition { from: from.into(), to: to.into(), trigger: trigger.into() });
        self
    }
}
