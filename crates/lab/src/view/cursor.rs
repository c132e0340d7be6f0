//! What one page has not been told yet.

use super::View;
use super::dirty::Dirty;
use super::links::{LINKS_MAX, LinkId, Links, Traffic};

/// The most links of a frame.
pub(super) const EDGES_MAX: usize = 2_000;

/// The most links that wait for a later frame; the less busy ones beyond are never told.
pub(super) const EDGES_WAIT_MAX: usize = 100_000;

/// What has changed since a moment: for all pages since the last of them was told, or for one page.
#[derive(Debug)]
pub(super) struct Changes {
    /// Peers, or groups of peers, to be shown anew.
    pub units: Dirty,
    /// Peers of groups that are looked into.
    pub members: Dirty,
    /// What passed over links.
    pub links: Links,
}

impl Changes {
    pub fn new() -> Self {
        Self { units: Dirty::default(), members: Dirty::default(), links: Links::new(LINKS_MAX) }
    }
}

/// One page's place in a run.
#[derive(Debug)]
pub(super) struct Cursor {
    /// What it has not been told.
    pub waiting: Changes,
    /// Links that it was not told because there were too many; those that carry more may be told later.
    pub left_out: usize,
    /// How many names of communities, kinds, targets and measures it knows.
    pub names: [usize; 4],
    /// Messages of each kind that it knows of.
    pub kinds: Vec<u64>,
    /// Events that it knows of.
    pub events: u64,
    /// How many labels of peers it knows.
    pub labels: usize,
    /// How many moves of peers it knows.
    pub moves: u64,
    /// How many changes of measured values it knows, and how many of values that are not followed.
    pub gauges: (u64, u64),
    /// The state of the view that it was told last; 0 for none.
    pub version: u64,
    /// Groups that it looks into.
    pub focus: Vec<u32>,
}

impl Cursor {
    /// A page that knows nothing: it will be told every peer and the busiest links.
    pub fn new(view: &View) -> Self {
        let mut waiting = Changes::new();
        (view.first_unit()..view.first_unit() + view.units()).for_each(|unit| waiting.units.insert(unit));
        let events = view.log.seen().saturating_sub(super::log::LINES_MAX as u64);
        let mut cursor = Self {
            waiting,
            left_out: 0,
            names: [0; 4],
            kinds: Vec::new(),
            events,
            labels: 0,
            moves: 0,
            gauges: (0, 0),
            version: 0,
            focus: Vec::new(),
        };
        if view.tells_links {
            cursor.add_links(view.links.len(), &view.links.busiest(EDGES_WAIT_MAX));
        }
        cursor
    }

    /// The page will be told these, the busiest of so many links.
    pub fn add_links(&mut self, links: usize, busiest: &[(LinkId, Traffic)]) {
        self.left_out += links - busiest.len();
        busiest.iter().for_each(|&(link, traffic)| self.waiting.links.add(link, traffic));
    }

    /// Has the page been told everything?
    pub fn is_current(&self, view: &View) -> bool {
        self.labels == view.peers.labels().len()
            && self.moves == view.peers.places().moves()
            && self.gauges == (view.gauges.changes(), view.gauges.left_out())
            && self.version == view.version
            && self.waiting.units.is_empty()
            && self.waiting.members.is_empty()
            && self.waiting.links.is_empty()
    }
}
