//! What a page is told: a greeting, then frames of at most [`FRAME_BYTES_MAX`] bytes of JSON.
//!
//! The greeting has `run`, `peers` and all names in their order: `communities`, `kinds`, `targets`, and `measures`,
//! which are what peers measure. A frame has what changed, and names by their numbers; new ones come as `dict`, which
//! repeats them all. Of what peers measure it has `gauges`, rows of peer, number of the name, and the value now, which
//! is null when the peer has measured nothing since it booted; and `gauges_left_out`, how many readings so far were not
//! followed because of a bound ([`GAUGES_MAX`](super::gauges::GAUGES_MAX), or too many names).

use std::collections::BTreeMap;

use serde::Serialize;
use smallvec::SmallVec;

use super::cursor::{Cursor, EDGES_MAX, EDGES_WAIT_MAX};
use super::dirty::Dirty;
use super::groups::Group;
use super::links::{LinkId, Traffic};
use super::log::LogLine;
use super::peers::Peer;
use super::place::Place;
use super::run::RunLine;
use super::{View, Vocabulary};

/// The most bytes of a frame.
pub const FRAME_BYTES_MAX: usize = 100_000;

/// The most lines of the log in a frame.
const LOG_LINES_MAX: usize = 40;

/// Up to here the log may fill a frame; a line has at most a few hundred bytes.
const LOG_BYTES_MAX: usize = 30_000;

/// Up to here labels may fill a frame.
const LABEL_BYTES_MAX: usize = 40_000;

/// Up to here places of peers may fill a frame.
const PLACE_BYTES_MAX: usize = 50_000;

/// Up to here measured values may fill a frame.
const GAUGE_BYTES_MAX: usize = 60_000;

/// Up to here links may fill a frame while peers wait: the rest is theirs.
const EDGE_BYTES_MAX: usize = 70_000;

/// Room for the brackets and names that close a frame.
const TAIL_BYTES: usize = 100;

/// The first thing that a page is told.
#[derive(Serialize)]
struct Hello<'a> {
    r#type: &'static str,
    run: &'a RunLine,
    peers: u32,
    aggregated: bool,
    /// Is what follows the run's past, rather than its present?
    past: bool,
    #[serde(flatten)]
    names: Dictionary<'a>,
}

/// Names by number, in full.
#[derive(Serialize)]
struct Dictionary<'a> {
    communities: &'a [String],
    kinds: &'a [String],
    targets: &'a [String],
    measures: &'a [String],
}

impl<'a> From<&'a Vocabulary> for Dictionary<'a> {
    fn from(names: &'a Vocabulary) -> Self {
        Self {
            communities: names.communities.list(),
            kinds: names.kinds.list(),
            targets: names.targets.list(),
            measures: names.measures.list(),
        }
    }
}

/// The greeting of a page.
pub(super) fn hello(view: &View) -> String {
    let names = Dictionary::from(&view.names);
    let (run, peers, aggregated) = (&view.run, view.peers.count(), view.groups.is_some());
    json(&Hello { r#type: "hello", run, peers, aggregated, past: view.is_past, names })
}

/// What the page of this cursor has not been told, as far as it fits into one frame.
pub(super) fn frame(view: &View, cursor: &mut Cursor, place: Option<&Place>) -> String {
    let mut frame = Frame { json: String::with_capacity(4096) };
    frame.json.push_str(r#"{"type":"frame""#);
    frame.field("t", &view.clock.as_secs_f64());
    frame.field("run", &view.run.now(view.peers.done(), view.loading));
    if let Some(place) = place {
        frame.field("cursor", place);
    }
    names(view, cursor, &mut frame);
    kinds(view, cursor, &mut frame);
    log(view, cursor, &mut frame);
    labels(view, cursor, &mut frame);
    positions(view, cursor, &mut frame);
    gauges(view, cursor, &mut frame);
    edges(cursor, &mut frame);
    if view.groups.is_some() {
        groups(view, cursor, &mut frame);
        members(view, cursor, &mut frame);
    } else {
        peers(view, cursor, &mut frame);
    }
    frame.json.push('}');
    debug_assert!(frame.json.len() <= FRAME_BYTES_MAX, "a frame of {} bytes", frame.json.len());
    cursor.version = view.version;
    frame.json
}

fn names(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    let names = Dictionary::from(&view.names);
    let known = [names.communities.len(), names.kinds.len(), names.targets.len(), names.measures.len()];
    if known != cursor.names {
        cursor.names = known;
        frame.field("dict", &names);
    }
}

fn kinds(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    cursor.kinds.resize(view.kinds.len(), 0);
    let news = view.kinds.iter().zip(&mut cursor.kinds).enumerate().filter(|(_, (now, known))| now.sent != **known);
    let rows: Vec<(usize, u64, u64)> = news
        .map(|(kind, (now, known))| {
            *known = now.sent;
            (kind, now.sent, now.bytes)
        })
        .collect();
    if !rows.is_empty() {
        frame.field("kinds", &rows);
    }
}

fn log(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    let new = view.log.seen() - cursor.events;
    cursor.events = view.log.seen();
    if new == 0 {
        return;
    }
    let lines: Vec<LogLine> = view.log.newest(view.log.seen() - new, LOG_LINES_MAX).map(LogLine::from).collect();
    // The newest matter most: older ones give way when the lines are long.
    let mut fits = lines.len();
    let mut bytes = frame.json.len();
    for (count, line) in lines.iter().rev().enumerate() {
        bytes += json(line).len() + 1;
        if bytes > LOG_BYTES_MAX {
            fits = count;
            break;
        }
    }
    frame.field("log", &lines[lines.len() - fits..]);
    frame.field("log_skipped", &(new - fits as u64));
}

fn labels(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    let mut bytes = frame.json.len();
    let news = view.peers.labels()[cursor.labels..].iter().take_while(|(_, label)| {
        bytes += json(label).len() + 20;
        bytes < LABEL_BYTES_MAX
    });
    let told: BTreeMap<u32, &str> = news.map(|(peerid, label)| (*peerid, label.as_str())).collect();
    if !told.is_empty() {
        cursor.labels += told.len();
        frame.field("labels", &told);
    }
}

/// Peers that have moved, as far as there is room; of a crowd nobody sees single places.
fn positions(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    let places = view.peers.places();
    if view.groups.is_some() {
        cursor.moves = places.moves();
    } else if cursor.moves < places.moves() {
        let news = places.since(cursor.moves);
        let rows = news.iter().map(|&(_, peerid, x, y)| (peerid, x, y));
        let told = frame.rows("positions", PLACE_BYTES_MAX, rows);
        cursor.moves = news[..told].last().map_or(cursor.moves, |&(number, ..)| number);
    }
}

/// Measured values that have changed, as far as there is room.
fn gauges(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    let (changes, left_out) = &mut cursor.gauges;
    if *changes < view.gauges.changes() {
        let news = view.gauges.since(*changes);
        let rows = news.iter().map(|change| (change.peerid, change.name, change.value));
        let told = frame.rows("gauges", GAUGE_BYTES_MAX, rows);
        *changes = news[..told].last().map_or(*changes, |change| change.number);
    }
    if *left_out < view.gauges.left_out() {
        *left_out = view.gauges.left_out();
        frame.field("gauges_left_out", left_out);
    }
}

fn edges(cursor: &mut Cursor, frame: &mut Frame) {
    let links = &mut cursor.waiting.links;
    let alone = cursor.waiting.units.is_empty() && cursor.waiting.members.is_empty();
    let limit = if alone { FRAME_BYTES_MAX } else { EDGE_BYTES_MAX };
    let busiest = links.busiest(EDGES_MAX);
    let told =
        frame.rows("edges", limit - TAIL_BYTES, busiest.iter().map(|&(link, traffic)| EdgeRow::new(link, traffic)));
    busiest[..told].iter().for_each(|&(link, _)| links.remove(link));
    let waiting = links.len();
    links.keep_busiest(EDGES_WAIT_MAX);
    cursor.left_out += waiting - links.len();
    let hidden = links.len() + cursor.left_out;
    if told > 0 || hidden > 0 {
        frame.field("edges_hidden", &hidden);
    }
}

fn peers(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    peer_rows(view, "peers", &mut cursor.waiting.units, frame);
}

/// The peers of the groups that the page looks into.
fn members(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    peer_rows(view, "members", &mut cursor.waiting.members, frame);
}

fn peer_rows(view: &View, name: &str, dirty: &mut Dirty, frame: &mut Frame) {
    let peer = |peerid| view.peers.get(peerid).unwrap_or_default();
    let rows = dirty.iter().map(|peerid| PeerRow::new(peerid, peer(peerid), view.peers.pid(peerid)));
    let told = frame.rows(name, FRAME_BYTES_MAX - TAIL_BYTES, rows);
    dirty.remove_first(told);
}

fn groups(view: &View, cursor: &mut Cursor, frame: &mut Frame) {
    let dirty = &mut cursor.waiting.units;
    let group = |number| view.groups.as_ref().and_then(|groups| groups.get(number)).copied().unwrap_or_default();
    let rows = dirty.iter().map(|number| GroupRow::new(number, group(number)));
    let told = frame.rows("groups", FRAME_BYTES_MAX - TAIL_BYTES, rows);
    dirty.remove_first(told);
}

/// Sender, receiver, kind, community, messages, bytes, lost, and when the latest was sent or lost, in whole
/// microseconds of the run: a page that jumps hears of links of any age in one frame.
#[derive(Serialize)]
struct EdgeRow(u32, u32, u8, u8, u64, u64, u64, u64);

impl EdgeRow {
    fn new(link: LinkId, traffic: Traffic) -> Self {
        let (from, to, kind, community) = link.parts();
        let last_us = traffic.last.as_nanos() / 1_000;
        Self(from, to, kind, community, traffic.sent, traffic.bytes, traffic.lost, last_us)
    }
}

/// Number, status, done, targets, communities, process id.
#[derive(Serialize)]
struct PeerRow(u32, u8, u8, Vec<(u8, u64, u64)>, SmallVec<[u8; 8]>, u32);

impl PeerRow {
    fn new(peerid: u32, peer: Peer, pid: Option<u32>) -> Self {
        let targets = peer.targets.iter().map(|progress| (progress.target, progress.current, progress.goal)).collect();
        Self(peerid, peer.status as u8, u8::from(peer.done), targets, peer.communities, pid.unwrap_or(0))
    }
}

/// Number, peers, up, done, met, sum of the values, sum of the goals.
#[derive(Serialize)]
struct GroupRow(u32, u32, u32, u32, u32, u64, u64);

impl GroupRow {
    const fn new(number: u32, group: Group) -> Self {
        Self(number, group.peers, group.up, group.done, group.met, group.current, group.goal)
    }
}

/// A frame as far as it is written.
struct Frame {
    json: String,
}

impl Frame {
    fn field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        self.name(name);
        self.json.push_str(&json(value));
    }

    /// Writes rows for as long as the frame stays within `limit` bytes; returns how many were written.
    fn rows(&mut self, name: &str, limit: usize, rows: impl Iterator<Item = impl Serialize>) -> usize {
        let mut written = 0;
        for row in rows {
            let row = json(&row);
            if self.json.len() + name.len() + row.len() + 6 > limit {
                break;
            }
            if written == 0 {
                self.name(name);
            }
            self.json.push(if written == 0 { '[' } else { ',' });
            self.json.push_str(&row);
            written += 1;
        }
        if written > 0 {
            self.json.push(']');
        }
        written
    }

    fn name(&mut self, name: &str) {
        self.json.push_str(",\"");
        self.json.push_str(name);
        self.json.push_str("\":");
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    // Serializing fails only for maps whose keys are no text; there are none here.
    serde_json::to_string(value).unwrap_or_default()
}
