//! A view that a run writes and pages read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::View;

/// A view that a run writes and pages read, from any thread.
#[derive(Clone, Debug)]
pub struct SharedView(Arc<Mutex<View>>);

impl SharedView {
    /// Shares a view.
    #[must_use]
    pub fn new(view: View) -> Self {
        Self(Arc::new(Mutex::new(view)))
    }

    /// The view, for a moment. A panic elsewhere leaves at worst one event half counted: the page goes on.
    pub fn lock(&self) -> MutexGuard<'_, View> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page begins to watch.
    #[must_use]
    pub fn watch(&self) -> Watcher {
        let mut view = self.lock();
        let (cursor, edition) = (view.open(), view.edition());
        Watcher { view: self.clone(), cursor, edition, is_new: true }
    }
}

/// One page that watches a run, until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    view: SharedView,
    cursor: usize,
    edition: u64,
    /// It has not been told yet that it follows the run.
    is_new: bool,
}

impl Watcher {
    /// The greeting: JSON.
    #[must_use]
    pub fn hello(&self) -> String {
        self.view.lock().hello()
    }

    /// What is new, in JSON, as far as it fits into one frame; `None` when there is nothing. A greeting when
    /// the page has to begin anew.
    #[must_use]
    pub fn frame(&mut self) -> Option<String> {
        let mut view = self.view.lock();
        if view.edition() != self.edition {
            (self.edition, self.is_new) = (view.edition(), true);
            return Some(view.hello());
        }
        let place = std::mem::take(&mut self.is_new).then(|| view.present());
        view.frame(self.cursor, place.as_ref(), place.is_some())
    }

    /// The page looks into these groups of peers.
    pub fn focus(&self, groups: &[u32]) {
        self.view.lock().focus(self.cursor, groups);
    }

    /// The view that it watches.
    #[must_use]
    pub const fn view(&self) -> &SharedView {
        &self.view
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.view.lock().close(self.cursor);
    }
}
