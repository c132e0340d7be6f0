//! One page's place in a run's past: it goes to any moment, step by step, or plays on.

use std::sync::Arc;
use std::time::{Duration, Instant as Wall};

use rumormill_core::Instant;
use rumormill_core::trace::{Event, EventId, Sink};
use rumormill_trace::{Events, State};

use super::Past;
use super::checkpoints::Checkpoint;
use super::reader::blank;
use crate::view::log::LogLine;
use crate::view::place::Place;
use crate::view::{RunLine, View};

/// The longest that playing may take of a frame's time; when the events of that time take longer, the clock
/// goes slower than asked.
const TICK_MAX: Duration = Duration::from_millis(40);

/// Events after which the clock is looked at.
const LOOK: u64 = 64;

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// Behind every event up to this time.
    Time(Instant),
    /// Behind so many events.
    Count(u64),
    /// So many events on, or back.
    Step(i64),
    /// Right behind this event.
    Event(EventId),
}

/// What came of playing on for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticked {
    /// It goes on, or stands still.
    Here,
    /// It has reached the end of what is recorded of a run that still goes on.
    Present,
}

/// One page's place in a run's past.
pub(crate) struct Player {
    past: Arc<Past>,
    /// The run as the page knows it.
    line: RunLine,
    view: View,
    page: usize,
    events: Events,
    /// How many events were recorded when `events` was made.
    known: u64,
    /// The last event that was read.
    event: Event,
    focus: Vec<u32>,
    speed: f64,
    /// It stands at a time: what is recorded late of that time still belongs to it.
    holds_time: bool,
    /// The page has not been greeted yet.
    is_new: bool,
    /// Where the page believes to be.
    told: Option<Place>,
}

impl Player {
    /// At the beginning of a run that the page knows by this line.
    pub fn new(past: Arc<Past>, line: RunLine) -> Self {
        let (view, run) = (past.beginning(), past.run());
        let mut player = Self {
            line,
            view,
            page: 0,
            events: run.events(),
            known: run.len(),
            event: blank(),
            focus: Vec::new(),
            speed: 0.0,
            holds_time: true,
            is_new: true,
            told: None,
            past,
        };
        player.begin();
        player
    }

    /// Goes there.
    ///
    /// # Errors
    /// When there is no such event: the player may have moved.
    pub fn seek(&mut self, target: Target) -> Result<(), String> {
        match target {
            Target::Time(time) => {
                let end = self.end();
                let checkpoint = self.past.lock().checkpoints.before_time(time);
                self.approach(checkpoint, time < self.view.clock());
                // While a recording is being read, nobody knows its very end: the last event may lie behind.
                self.read_until_time(if time < end { time } else { Instant::MAX }, None);
                self.view.set_clock(time.min(end));
                self.holds_time = true;
                return Ok(());
            }
            Target::Count(count) => {
                self.holds_time = false;
                let checkpoint = self.past.lock().checkpoints.before_count(count);
                self.approach(checkpoint, count < self.events.passed());
                while self.events.passed() < count && self.read_one() {}
            }
            Target::Step(by) => return self.seek(Target::Count(self.events.passed().saturating_add_signed(by))),
            Target::Event(id) => return self.seek_event(id),
        }
        Ok(())
    }

    fn seek_event(&mut self, id: EventId) -> Result<(), String> {
        self.holds_time = false;
        if self.events.passed() > 0 && self.event.id == id {
            return Ok(());
        }
        let (checkpoint, until) = self.past.lock().checkpoints.before_event(id);
        self.approach(checkpoint, self.view.has_seen(id));
        let until = until.unwrap_or(u64::MAX);
        while self.events.passed() < until && self.read_one() {
            if self.event.id == id {
                return Ok(());
            }
        }
        Err(format!("there is no event {} in what is recorded", id.0))
    }

    /// Goes to the checkpoint when that is nearer than where the player is, or when the way leads back.
    fn approach(&mut self, checkpoint: Option<Arc<Checkpoint>>, is_back: bool) {
        let count = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.place.count());
        if !is_back && count <= self.events.passed() {
            return;
        }
        let run = self.past.run();
        (self.view, self.events) = match checkpoint {
            Some(checkpoint) => (checkpoint.view.snapshot(), run.events_from(&checkpoint.place)),
            None => (self.past.beginning(), run.events()),
        };
        self.known = run.len();
        self.view.set_plan(&run.file().plan);
        self.event = self.view.log().last().cloned().unwrap_or_else(blank);
        self.begin();
    }

    /// A page begins to watch a new view.
    fn begin(&mut self) {
        self.view.set_past(self.line.clone());
        self.page = self.view.open();
        self.view.focus(self.page, &self.focus);
        (self.told, self.is_new) = (None, true);
    }

    /// From now on the clock goes so many seconds in a second; 0 stands still.
    pub fn play(&mut self, speed: f64) {
        self.speed = speed;
    }

    /// Does its clock go?
    pub fn is_playing(&self) -> bool {
        self.speed > 0.0
    }

    /// So much time has passed for the person who looks.
    pub fn tick(&mut self, passed: Duration) -> Ticked {
        if !self.is_playing() {
            return Ticked::Here;
        }
        let step = Duration::try_from_secs_f64(passed.as_secs_f64() * self.speed).unwrap_or(Duration::MAX);
        let end = self.end();
        let time = Instant::from_nanos(self.view.clock().as_nanos().saturating_add(nanos(step))).min(end);
        if !self.read_until_time(time, Some(Wall::now() + TICK_MAX)) {
            return Ticked::Here;
        }
        self.view.set_clock(time);
        self.holds_time = true;
        if time < end || self.peek().is_some() {
            return Ticked::Here;
        }
        if self.past.run().file().state == State::Running {
            return Ticked::Present;
        }
        self.speed = 0.0;
        Ticked::Here
    }

    /// The page looks into these groups of peers.
    pub fn focus(&mut self, groups: &[u32]) {
        self.focus = groups.iter().copied().take(crate::view::FOCUS_MAX).collect();
        self.view.focus(self.page, &self.focus);
    }

    /// The greeting, in JSON, when the page has to begin anew: it will be told everything, instead of what
    /// changed.
    pub fn hello(&mut self) -> Option<String> {
        std::mem::take(&mut self.is_new).then(|| self.view.hello())
    }

    /// What is new, in JSON, as far as it fits into one frame; `None` when there is nothing.
    pub fn frame(&mut self) -> Option<String> {
        if self.holds_time && !self.is_playing() {
            self.read_until_time(self.view.clock(), Some(Wall::now() + TICK_MAX));
        }
        let place = self.place();
        let moved = self.told.as_ref() != Some(&place);
        let frame = self.view.frame(self.page, Some(&place), moved);
        self.told = Some(place);
        frame
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        let n = self.events.passed();
        Place {
            t: self.view.clock().as_secs_f64(),
            n,
            of: self.past.lock().run.len().max(n),
            event: (n > 0).then(|| LogLine::from(&self.event)),
            speed: self.speed,
            live: false,
        }
    }

    /// The end of what is known of the run.
    fn end(&self) -> Instant {
        let file_end = Duration::try_from_secs_f64(self.past.lock().run.file().virtual_seconds).unwrap_or_default();
        self.past.view.lock().clock().max(Instant::ZERO + file_end)
    }

    /// Reads on up to this time; `false` when that was not reached by the deadline.
    fn read_until_time(&mut self, time: Instant, deadline: Option<Wall>) -> bool {
        loop {
            for _ in 0..LOOK {
                if self.peek().is_none_or(|next| next > time) {
                    return true;
                }
                self.read_one();
            }
            if deadline.is_some_and(|deadline| Wall::now() >= deadline) {
                return false;
            }
        }
    }

    /// The time of the next event. Looks at what was recorded since, when there seems to be none.
    fn peek(&mut self) -> Option<Instant> {
        let next = self.events.peek_time();
        if next.is_some() || self.past.lock().run.len() <= self.known {
            return next;
        }
        let run = self.past.run();
        self.known = run.len();
        self.events = run.events_from(&self.events.place());
        self.events.peek_time()
    }

    /// Reads one event; what cannot be read is passed over. `false` at the end.
    fn read_one(&mut self) -> bool {
        let is_read = self.peek().is_some() && matches!(self.events.next_into(&mut self.event), Some(Ok(())));
        if is_read {
            self.view.event(&self.event);
        }
        is_read
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
