//! One run of programs that report: who they are, what they said, and when all have ended; no I/O.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, Outcome, PeerId};

use super::parser::{Flaw, Record};
use crate::view::LABEL;

/// The most peers of a run; records of further ones are passed over.
pub const PEERS_MAX: usize = 10_000;

/// The most notes about flaws in one run; more are only counted.
const NOTES_MAX: u64 = 100;

/// Dispersy's abstract base class: peers report it, but it is no community.
const NO_COMMUNITY: &str = "ABCMeta";

/// Names a client, that is, a connection.
pub type Client = u64;

/// One run of programs that report.
#[derive(Debug, Default)]
pub struct Gathering {
    peers: Vec<Peer>,
    numbers: BTreeMap<i64, u32>,
    clients: BTreeMap<Client, Ids>,
    /// Peers that somebody speaks for and that have neither ended nor crashed.
    open: u32,
    /// Peers that said END.
    ended: u32,
    network_events: u64,
    flaws: u64,
}

/// The numbers of the peers that a client speaks for.
type Ids = BTreeSet<u32>;

#[derive(Debug, Default)]
struct Peer {
    events: u64,
    /// Somebody speaks for it, rather than just naming it as a receiver.
    spoken_for: bool,
    /// It said END.
    ended: bool,
    /// Its client left without END.
    crashed: bool,
}

impl Peer {
    const fn is_open(&self) -> bool {
        self.spoken_for && !self.ended && !self.crashed
    }
}

impl Gathering {
    /// How many peers there are.
    #[must_use]
    pub fn peers(&self) -> u32 {
        self.peers.len() as u32
    }

    /// A client said something at this time of the run.
    pub fn record(&mut self, client: Client, now: Instant, record: &Record, out: &mut impl Sink) {
        match record {
            Record::Joined { id, community } => {
                let Some(peer) = self.speaker(client, *id, now, out) else { return };
                if community != NO_COMMUNITY {
                    self.tell(now, peer, Kind::Joined, out, |event| event.community = community.clone().into());
                }
            }
            Record::Message { from, to, community } if community != NO_COMMUNITY => {
                let Some(peer) = self.speaker(client, *from, now, out) else { return };
                let Some(to) = self.number(*to, now, out) else { return };
                self.tell(now, peer, Kind::Sent, out, |event| {
                    event.other = Some(PeerId(to.into()));
                    event.community = community.clone().into();
                    event.name = "message".into();
                });
            }
            Record::Message { .. } => {}
            Record::Target { id, target, current, goal } => {
                let Some(peer) = self.speaker(client, *id, now, out) else { return };
                self.tell(now, peer, Kind::Progress, out, |event| {
                    event.name = target.clone().into();
                    (event.value, event.goal) = (*current, *goal);
                });
            }
            Record::End { id } => {
                let Some(peer) = self.speaker(client, *id, now, out) else { return };
                if !self.change(peer, |peer| std::mem::replace(&mut peer.ended, true)) {
                    self.ended += 1;
                    self.tell(now, peer, Kind::Done, out, |_| {});
                }
            }
        }
    }

    /// A client said something that is no record.
    pub fn flaw(&mut self, now: Instant, flaw: &Flaw, out: &mut impl Sink) {
        self.pass_over(now, flaw.to_string(), out);
    }

    /// A client has gone. Its peers that did not say END count as crashed and hold up nobody.
    pub fn left(&mut self, client: Client, now: Instant, out: &mut impl Sink) {
        for number in self.clients.remove(&client).unwrap_or_default() {
            if !self.change(number, |peer| peer.ended || std::mem::replace(&mut peer.crashed, true)) {
                self.tell(now, number, Kind::Crashed, out, |event| event.text = "its connection closed".into());
            }
        }
    }

    /// How the run ended: known once every peer that somebody speaks for has said END or has crashed.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let anybody = self.peers.iter().any(|peer| peer.spoken_for);
        let outcome = if self.ended > 0 { Outcome::Completed } else { Outcome::Failed };
        (self.open == 0 && anybody).then_some(outcome)
    }

    /// The number of a peer for which this client speaks from now on.
    fn speaker(&mut self, client: Client, id: i64, now: Instant, out: &mut impl Sink) -> Option<u32> {
        let number = self.number(id, now, out)?;
        self.clients.entry(client).or_default().insert(number);
        let took = |peer: &mut Peer| (std::mem::replace(&mut peer.spoken_for, true), std::mem::take(&mut peer.crashed));
        match self.change(number, took) {
            (false, _) => self.tell(now, number, Kind::Started, out, |_| {}),
            (true, true) => self.tell(now, number, Kind::Restarted, out, |_| {}),
            (true, false) => {}
        }
        Some(number)
    }

    fn change<T>(&mut self, number: u32, change: impl FnOnce(&mut Peer) -> T) -> T {
        let peer = &mut self.peers[number as usize - 1];
        let was_open = peer.is_open();
        let result = change(peer);
        self.open = self.open + u32::from(peer.is_open()) - u32::from(was_open);
        result
    }

    fn number(&mut self, id: i64, now: Instant, out: &mut impl Sink) -> Option<u32> {
        if let Some(&number) = self.numbers.get(&id) {
            return Some(number);
        }
        if self.peers.len() == PEERS_MAX {
            self.pass_over(now, format!("passed over peer {id}: a run has at most {PEERS_MAX} peers"), out);
            return None;
        }
        self.peers.push(Peer::default());
        let number = self.peers();
        self.numbers.insert(id, number);
        self.tell(now, number, Kind::Note, out, |event| (event.name, event.text) = (LABEL.into(), id.to_string()));
        Some(number)
    }

    fn pass_over(&mut self, now: Instant, note: String, out: &mut impl Sink) {
        self.flaws += 1;
        if self.flaws <= NOTES_MAX {
            let last = if self.flaws == NOTES_MAX { "; further ones are only counted" } else { "" };
            self.network_events += 1;
            let mut event = Event::new(EventId::new(0, self.network_events), now, PeerId(0), Kind::Note);
            event.text = note + last;
            out.event(&event);
        }
    }

    fn tell(&mut self, now: Instant, number: u32, kind: Kind, out: &mut impl Sink, fill: impl FnOnce(&mut Event)) {
        let peer = &mut self.peers[number as usize - 1];
        peer.events += 1;
        let mut event = Event::new(EventId::new(number, peer.events), now, PeerId(number.into()), kind);
        fill(&mut event);
        out.event(&event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporter::parser::Parser;

    type Heard = Vec<Event>;

    fn say(gathering: &mut Gathering, heard: &mut Heard, client: Client, text: &str) {
        for record in Parser::default().push(text.as_bytes()) {
            match record {
                Ok(record) => gathering.record(client, Instant::ZERO, &record, heard),
                Err(flaw) => gathering.flaw(Instant::ZERO, &flaw, heard),
            }
        }
    }

    fn kinds(heard: &Heard) -> Vec<(u64, Kind)> {
        heard.iter().map(|event| (event.peer.0, event.kind)).collect()
    }

    #[test]
    fn ids_become_numbers_and_records_become_events() {
        let (mut gathering, mut heard) = (Gathering::default(), Heard::default());
        say(
            &mut gathering,
            &mut heard,
            1,
            "CON10003,Flood;CON10003,ABCMeta;CTM10003,messages,10,50;COM10003,10001,Flood;",
        );
        let labels: Vec<_> = heard.iter().filter(|event| event.name == LABEL).map(|event| &*event.text).collect();
        assert_eq!(labels, ["10003", "10001"]);
        let expected = [(1, Kind::Note), (1, Kind::Started), (1, Kind::Joined), (1, Kind::Progress), (2, Kind::Note)];
        assert_eq!(kinds(&heard)[..5], expected);
        let sent = &heard[5];
        assert_eq!((sent.other, &*sent.community), (Some(PeerId(2)), "Flood"));
        assert!(heard.iter().map(|event| event.id).collect::<BTreeSet<_>>().len() == 6);
    }

    #[test]
    fn a_run_ends_when_every_peer_that_speaks_has_ended() {
        let (mut gathering, mut heard) = (Gathering::default(), Heard::default());
        say(&mut gathering, &mut heard, 1, "CON1,Flood;COM1,9,Flood;");
        say(&mut gathering, &mut heard, 2, "CON2,Flood;END2;");
        assert_eq!(gathering.outcome(), None, "peer 1 has not ended");
        say(&mut gathering, &mut heard, 1, "END1;");
        assert_eq!(gathering.outcome(), Some(Outcome::Completed), "peer 9 is only named");
    }

    #[test]
    fn a_client_that_leaves_without_end_holds_up_nobody() {
        let (mut gathering, mut heard) = (Gathering::default(), Heard::default());
        say(&mut gathering, &mut heard, 1, "CON1,Flood;");
        say(&mut gathering, &mut heard, 2, "CON2,Flood;END2;");
        gathering.left(1, Instant::ZERO, &mut heard);
        assert_eq!(gathering.outcome(), Some(Outcome::Completed));
        assert_eq!(heard.last().unwrap().kind, Kind::Crashed);
        say(&mut gathering, &mut heard, 3, "CTM1,messages,1,2;");
        assert_eq!(gathering.outcome(), None, "it came back");
        gathering.left(3, Instant::ZERO, &mut heard);
        gathering.left(2, Instant::ZERO, &mut heard);
        assert_eq!(gathering.outcome(), Some(Outcome::Completed), "END stays said");
    }

    #[test]
    fn a_run_in_which_nobody_said_end_failed() {
        let (mut gathering, mut heard) = (Gathering::default(), Heard::default());
        assert_eq!(gathering.outcome(), None, "nobody has come yet");
        say(&mut gathering, &mut heard, 1, "CON1,Flood;");
        gathering.left(1, Instant::ZERO, &mut heard);
        assert_eq!(gathering.outcome(), Some(Outcome::Failed));
    }

    #[test]
    fn peers_and_notes_are_bounded() {
        let (mut gathering, mut heard) = (Gathering::default(), Heard::default());
        (0..PEERS_MAX + 500).for_each(|id| say(&mut gathering, &mut heard, 1, &format!("CON{id},Flood;")));
        assert_eq!((gathering.peers() as usize, gathering.flaws), (PEERS_MAX, 500));
        let notes = heard.iter().filter(|event| event.kind == Kind::Note && event.peer.0 == 0).count();
        assert_eq!(notes as u64, NOTES_MAX);
    }
}
