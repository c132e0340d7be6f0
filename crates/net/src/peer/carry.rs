//! Carries out what an activation asked for: messages to their links, indications to the layer above, and
//! all of it into the trace.

use bytes::Bytes;
use rumormill_core::trace::{BODY_BYTES_MAX, EventId, Kind, POSITION};
use rumormill_core::{Instant, Launch, PeerId, Wire as _};
use tokio::sync::mpsc::error::TrySendError;

use super::activation::{Observed, Wish};
use super::driver::{AT_ONCE, Driver};
use crate::link::{INBOX_FULL, Input, Outgoing, QUEUE_FULL, drop_message};
use crate::queue::give_way;
use crate::scribe::{brief, name_of};
use crate::weather::Fate;

/// What the buffer for encoding messages may hold on to.
const KEPT_BYTES: usize = 64 << 10;

impl<P: Launch> Driver<P> {
    /// Lets leave what waited for this write, not all at once: links that have room for it one after the other
    /// would have none for all of it.
    pub(super) async fn release(&mut self, durable: u64) {
        let now = self.clock.now();
        for count in 1.. {
            let Some((cause, wishes)) = self.held.release(durable) else { return };
            self.grant(now, cause, wishes);
            if count % AT_ONCE == 0 {
                give_way().await;
            }
        }
    }

    /// Carries out what an activation asked for.
    pub(super) fn grant(&mut self, now: Instant, cause: Option<EventId>, wishes: impl IntoIterator<Item = Wish<P>>) {
        for wish in wishes {
            let scribe = &self.parts.scribe;
            match wish {
                Wish::Send { to, message } => self.send(now, cause, to, &message),
                Wish::Indicate(indication) => {
                    scribe.event(now, Kind::Indicated, |event| {
                        event.cause = cause;
                        event.text = brief(&indication);
                        event.name = name_of(&event.text);
                    });
                    if self.parts.desk.is_some() {
                        self.unheard.push_back(indication);
                        self.tell();
                    }
                }
                Wish::Progress { target, current, goal } => {
                    if scribe.target(target, current, goal) {
                        scribe.event(now, Kind::Progress, |event| {
                            event.cause = cause;
                            event.name = target.into();
                            (event.value, event.goal) = (current, goal);
                        });
                    }
                }
                Wish::Done => {
                    if scribe.done() {
                        scribe.event(now, Kind::Done, |event| event.cause = cause);
                    }
                }
                Wish::Observed(observed) => self.observe(now, cause, observed),
            }
        }
    }

    /// Tells the layer above what it has room for.
    pub(super) fn tell(&mut self) {
        let Some(desk) = &self.parts.desk else { return };
        while let Some(indication) = self.unheard.pop_front() {
            match desk.indications.try_send(indication) {
                Ok(()) => {}
                Err(TrySendError::Full(indication)) => return self.unheard.push_front(indication),
                // Nobody listens any more.
                Err(TrySendError::Closed(_)) => self.unheard.clear(),
            }
        }
    }

    fn observe(&self, now: Instant, cause: Option<EventId>, observed: Observed) {
        let (kind, text) = match &observed {
            Observed::Joined(community) => (Kind::Joined, (*community).to_string()),
            Observed::Entered(state) => (Kind::Entered, state.clone()),
            Observed::Exited(state) => (Kind::Exited, state.clone()),
            Observed::Placed(text) | Observed::Note(text) => (Kind::Note, text.clone()),
            Observed::Measured { name, .. } => (Kind::Measured, name.clone()),
        };
        self.parts.scribe.event(now, kind, |event| {
            event.cause = cause;
            match observed {
                Observed::Joined(community) => {
                    event.community = community.into();
                    event.name = community.into();
                }
                Observed::Entered(_) | Observed::Exited(_) => event.name = text.into(),
                Observed::Placed(_) => {
                    event.name = POSITION.into();
                    event.text = text;
                }
                Observed::Measured { value, .. } => (event.name, event.value) = (text.into(), value),
                Observed::Note(_) => event.text = text,
            }
        });
    }

    /// Encodes a message and sends it on its way.
    fn send(&mut self, now: Instant, cause: Option<EventId>, to: PeerId, message: &P::Message) {
        let (mut body, mut mentions) = (std::mem::take(&mut self.body), std::mem::take(&mut self.mentions));
        message.encode(&mut body);
        message.mentions(&mut |peer| mentions.push(peer));
        self.dispatch(now, cause, to, message, (&body, &mentions));
        body.clear();
        body.shrink_to(KEPT_BYTES);
        mentions.clear();
        (self.body, self.mentions) = (body, mentions);
    }

    /// Gives a message to the weather, and to its link when it is time.
    fn dispatch(
        &mut self,
        now: Instant,
        cause: Option<EventId>,
        to: PeerId,
        message: &P::Message,
        (body, mentions): (&[u8], &[PeerId]),
    ) {
        let parts = &self.parts;
        let sent = self.sent(now, cause, to, message, body);
        let outgoing = |frame| Outgoing {
            to,
            frame,
            may_be_lost: message.may_be_lost(),
            sent,
            name: message.kind(),
            bytes: body.len(),
            at: now,
        };
        let drop_for = |why| drop_message(&parts.scribe, self.clock, &outgoing(Vec::new()), why);
        if body.len() > P::Message::MAX_BYTES {
            return drop_for("longer than the protocol allows");
        }
        if to == parts.me {
            let input = Input::Message { from: to, cause: sent, body: Bytes::copy_from_slice(body) };
            return parts.inbox.try_put(input).unwrap_or_else(|_| drop_for(INBOX_FULL));
        }
        let Some(weather) = &parts.world.weather else {
            return parts.links.send(outgoing(parts.links.frame(to, sent, mentions, body)));
        };
        let receiver = parts.world.members.number(to).unwrap_or(0);
        let fate = weather.borrow_mut().judge(parts.peerid, receiver, body.len(), now);
        let journey = match fate {
            Fate::Travels(journey) => journey,
            Fate::Lost(why) => return drop_for(why),
        };
        let frame = parts.links.frame(to, sent, mentions, body);
        if let Some(delay) = journey.duplicate {
            self.travel(now + delay, outgoing(frame.clone()));
        }
        let mut departure = now + journey.delay;
        if !journey.overtaken && !message.may_be_lost() {
            let last = self.last_departure.entry(to).or_default();
            departure = departure.max(*last);
            *last = departure;
        }
        let outgoing = outgoing(frame);
        if departure <= now { self.parts.links.send(outgoing) } else { self.travel(departure, outgoing) }
    }

    /// Counts and traces that a message is sent.
    fn sent(
        &self,
        now: Instant,
        cause: Option<EventId>,
        to: PeerId,
        message: &P::Message,
        body: &[u8],
    ) -> Option<EventId> {
        let scribe = &self.parts.scribe;
        scribe.count(|counts| {
            counts.sent += 1;
            counts.bytes += body.len() as u64;
        });
        scribe.event(now, Kind::Sent, |event| {
            event.other = scribe.number(to);
            event.cause = cause;
            if !message.community().is_empty() {
                event.community = message.community().into();
            }
            event.name = message.kind().into();
            event.bytes = body.len() as u64;
            event.text = brief(message);
            event.body = body[..body.len().min(BODY_BYTES_MAX)].to_vec();
        })
    }

    fn travel(&mut self, until: Instant, message: Outgoing) {
        if let Some(message) = self.travelling.push(until, message) {
            drop_message(&self.parts.scribe, self.clock, &message, QUEUE_FULL);
        }
    }

    /// Sends what the weather holds back no longer.
    pub(super) fn depart(&mut self) {
        let now = self.clock.now();
        while let Some(message) = self.travelling.due(now) {
            self.parts.links.send(message);
        }
    }
}
