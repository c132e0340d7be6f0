//! For pages: what a run looks like and what has changed, each at its own pace. See
//! [`SharedView::watch`](super::SharedView::watch).

use super::cursor::{Cursor, EDGES_WAIT_MAX};
use super::place::Place;
use super::{View, frame};

/// The most groups that a page looks into at once.
pub const FOCUS_MAX: usize = 16;

impl View {
    /// A page begins to watch. Returns the number of its cursor.
    pub(crate) fn open(&mut self) -> usize {
        self.share_news();
        let cursor = Some(Cursor::new(self));
        match self.cursors.iter().position(Option::is_none) {
            Some(free) => {
                self.cursors[free] = cursor;
                free
            }
            None => {
                self.cursors.push(cursor);
                self.cursors.len() - 1
            }
        }
    }

    /// A page has gone.
    pub(super) fn close(&mut self, cursor: usize) {
        self.share_news();
        self.cursors[cursor] = None;
        if self.cursors.iter().all(Option::is_none) {
            self.cursors.clear();
        }
        self.note_focus();
    }

    /// A page looks into these groups: it is told their peers one by one. Those beyond [`FOCUS_MAX`] and
    /// groups that do not exist are left out.
    pub(crate) fn focus(&mut self, cursor: usize, groups: &[u32]) {
        self.share_news();
        let known = |group: &&u32| self.groups.as_ref().is_some_and(|all| **group < all.count());
        let mut focus: Vec<u32> = groups.iter().filter(known).copied().take(FOCUS_MAX).collect();
        focus.sort_unstable();
        focus.dedup();
        if let (Some(page), Some(all)) = (&mut self.cursors[cursor], &self.groups) {
            page.waiting.members.clear();
            focus.iter().flat_map(|&group| all.members(group)).for_each(|peerid| page.waiting.members.insert(peerid));
            page.focus = focus;
        }
        self.note_focus();
    }

    /// Takes over the pages of another view; each of them has to begin anew.
    pub(crate) fn take_pages(&mut self, other: &mut Self) {
        let mut cursors = std::mem::take(&mut other.cursors);
        for page in cursors.iter_mut().flatten() {
            let focus = std::mem::take(&mut page.focus);
            *page = Cursor { focus, ..Cursor::new(self) };
        }
        self.cursors = cursors;
        self.edition = other.edition + 1;
        self.version = self.version.max(other.version) + 1;
        self.note_focus();
    }

    /// Which edition of the run pages are told.
    pub(crate) const fn edition(&self) -> u64 {
        self.edition
    }

    /// Every page that has not heard of any link will hear of the busiest.
    pub(super) fn tell_links(&mut self) {
        if self.cursors.is_empty() {
            return;
        }
        let busiest = self.links.busiest(EDGES_WAIT_MAX);
        for page in self.cursors.iter_mut().flatten() {
            page.add_links(self.links.len(), &busiest);
        }
    }

    fn note_focus(&mut self) {
        self.focused = self.cursors.iter().flatten().flat_map(|page| page.focus.iter().copied()).collect();
    }

    /// What the page knows of the run before its first frame.
    pub(crate) fn hello(&self) -> String {
        frame::hello(self)
    }

    /// What the page has not been told, as far as it fits, with where in the run's time it is, if that is
    /// given; `None` when it knows everything and has not moved.
    pub(crate) fn frame(&mut self, cursor: usize, place: Option<&Place>, has_moved: bool) -> Option<String> {
        self.share_news();
        let mut page = self.cursors[cursor].take()?;
        let has_news = has_moved || !page.is_current(self);
        let news = has_news.then(|| frame::frame(self, &mut page, place));
        self.cursors[cursor] = Some(page);
        news
    }

    /// Hands what has changed to every page's cursor.
    fn share_news(&mut self) {
        let mut pages = self.cursors.iter_mut().flatten();
        let first = pages.next();
        for page in pages {
            self.news.units.iter().for_each(|unit| page.waiting.units.insert(unit));
            self.news.links.iter().for_each(|(link, traffic)| page.waiting.links.add(link, traffic));
        }
        if let Some(page) = first {
            self.news.units.iter().for_each(|unit| page.waiting.units.insert(unit));
            self.news.links.drain_into(&mut page.waiting.links);
        }
        self.news.units.clear();
        let Some(groups) = &self.groups else { return };
        for page in self.cursors.iter_mut().flatten().filter(|page| !page.focus.is_empty()) {
            let theirs = self.news.members.iter().filter(|&peerid| page.focus.contains(&groups.of(peerid)));
            theirs.for_each(|peerid| page.waiting.members.insert(peerid));
        }
        self.news.members.clear();
    }
}
