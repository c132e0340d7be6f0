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
        let cursor = self.lock().open();
        Watcher { view: self.clone(), cursor }
    }
}

/// One page that watches a run, until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    view: SharedView,
    cursor: usize,
}

impl Watcher {
    /// The greeting: JSON.
    #[must_use]
    pub fn hello(&self) -> String {
        self.view.lock().hello()
    }

    /// What is new, in JSON, as far as it fits into one frame; `None` when there is nothing.
    #[must_use]
    pub fn frame(&mut self) -> Option<String> {
        self.view.lock().frame(self.cursor)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.view.lock().close(self.cursor);
    }
}
