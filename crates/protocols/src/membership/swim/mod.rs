//! Swim: peers that do nothing but know of each other. The protocol `swim` of experiments, above [`Membership`].
//!
//! Each peer joins through the first of its neighbors, and is done when it has counted the right number of members for
//! a while: all peers of the run, but for those that the experiment says are gone in the end.

mod config;
mod properties;

use rumormill_core::chart::Chart;
use rumormill_core::property::Property;
use rumormill_core::{Context, Launch, ParameterError, Parameters, PeerId, Protocol, Seat, Stacks};
use serde::{Deserialize, Serialize};

use super::{Indication, Membership, Message, Stage};
pub use config::SwimConfig;

/// The name of the target: how many members a peer counts, less those that it counts too many.
pub const TARGET: &str = "members";

/// One peer that keeps a list of members.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Swim {
    membership: Membership,
    /// What it last told the trace.
    told: Told,
    /// Which calm timer counts.
    calm: u32,
}

/// What the trace was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Told {
    members: Option<u64>,
    suspects: u64,
    health: u64,
    stage: Option<Stage>,
}

/// What a timer hands back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timer {
    /// The membership's.
    Member(super::Timer),
    /// The number of members was right, since this many changes.
    Calm(u32),
}

/// What a person or an experiment may ask of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `join`: be a member again.
    Join,
    /// `leave`: be none any more, and say so.
    Leave,
}

impl Stacks<Membership> for Swim {
    const DISK_PREFIX: &'static str = "membership/";

    fn config(config: &SwimConfig) -> &super::Config {
        &config.membership
    }

    fn message(inner: Message) -> Message {
        inner
    }

    fn timer(inner: super::Timer) -> Timer {
        Timer::Member(inner)
    }
}

impl Launch for Swim {
    fn config(parameters: &Parameters) -> Result<SwimConfig, ParameterError> {
        SwimConfig::from_parameters(parameters)
    }

    fn peer(_config: &SwimConfig, _seat: Seat) -> Self {
        Self::default()
    }

    fn request(text: &str) -> Option<Request> {
        match text.trim() {
            "join" => Some(Request::Join),
            "leave" => Some(Request::Leave),
            _ => None,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        properties::properties()
    }

    fn chart() -> Option<Chart> {
        let chart = Chart::new("swim", "joining").state("joining").state("inside").state("left");
        let ways = [
            ("joining", "inside", "state"),
            ("joining", "left", "request"),
            ("inside", "left", "request"),
            ("left", "joining", "request"),
        ];
        Some(ways.into_iter().fold(chart, |chart, (from, to, trigger)| chart.transition(from, to, trigger)))
    }
}

impl Protocol for Swim {
    type Config = SwimConfig;
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Indication = Indication;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.drive(cx, |membership, cx| membership.on_start(cx));
        self.on_request(cx, Request::Join);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        self.drive(cx, |membership, cx| membership.on_message(cx, from, message));
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Member(timer) => self.drive(cx, |membership, cx| membership.on_timer(cx, timer)),
            Timer::Calm(calm) if calm == self.calm => cx.done(),
            Timer::Calm(_) => {}
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request) {
        let request = match request {
            Request::Join => {
                let contacts = cx.neighbors.iter().copied().take(cx.config.contacts).collect();
                super::Request::Join { contacts }
            }
            Request::Leave => super::Request::Leave,
        };
        self.drive(cx, |membership, cx| membership.on_request(cx, request));
    }
}

impl Swim {
    /// What it knows of the others.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Activates the membership, passes on what it reports and tells the trace what is new.
    fn drive(
        &mut self,
        cx: &mut Context<'_, Self>,
        activate: impl FnOnce(&mut Membership, &mut Context<'_, Membership>),
    ) {
        for indication in cx.embed(|cx| activate(&mut self.membership, cx)) {
            cx.indicate(indication);
        }
        self.tell(cx);
    }

    fn tell(&mut self, cx: &mut Context<'_, Self>) {
        let now = Told {
            members: Some(self.membership.count() as u64 + u64::from(self.membership.stage() == Stage::Inside)),
            suspects: self.membership.suspects().count() as u64,
            health: self.membership.health().into(),
            stage: Some(self.membership.stage()),
        };
        let before = std::mem::replace(&mut self.told, now);
        if before.stage != now.stage {
            before.stage.and_then(name).into_iter().for_each(|name| cx.exit(name));
            now.stage.and_then(name).into_iter().for_each(|name| cx.enter(name));
        }
        if before.suspects != now.suspects {
            cx.measure("suspects", now.suspects);
        }
        if before.health != now.health {
            cx.measure("health", now.health);
        }
        if let Some(members) = now.members.filter(|_| before.members != now.members) {
            self.count(cx, members);
        }
    }

    /// Another number of members than before. When it is right and stays so, this peer is done; whoever left is, too.
    fn count(&mut self, cx: &mut Context<'_, Self>, members: u64) {
        let left = self.membership.stage() == Stage::Left;
        let goal = if left { 0 } else { cx.config.remaining };
        cx.measure("members", members);
        cx.progress(TARGET, goal.saturating_sub(members.abs_diff(goal)), goal);
        self.calm = self.calm.wrapping_add(1);
        if members == goal {
            cx.set_timer(cx.config.settle, Timer::Calm(self.calm));
        }
    }
}

/// The name of a stage in the chart.
fn name(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Outside => None,
        Stage::Joining => Some("joining"),
        Stage::Inside => Some("inside"),
        Stage::Left => Some("left"),
    }
}
