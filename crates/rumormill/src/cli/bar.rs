//! Progress on a terminal, for whatever takes more than two seconds.

use std::sync::Mutex;
use std::time::{Duration, Instant as Wall};

use indicatif::{ProgressBar, ProgressStyle};
use rumormill_core::Instant;
use rumormill_lab::run::{Observer, Progress};
use rumormill_trace::RunFile;

use super::say;

/// What is over before that needs no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bar that appears when something takes long.
pub(crate) struct Bar {
    began: Wall,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        Self { began: Wall::now(), bar: Mutex::new(None) }
    }

    /// So many of `total` are done.
    pub(crate) fn set(&self, done: u64, total: u64, words: impl FnOnce() -> String) {
        if self.began.elapsed() < PATIENCE || !console::user_attended_stderr() {
            return;
        }
        let mut bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:30.cyan/dim} {percent:>3} %  {msg}");
            ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(total.max(1));
        bar.set_position(done);
        bar.set_message(words());
    }

    /// It is over: the bar goes.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

/// The bar of a run.
pub(crate) struct RunBar {
    bar: Bar,
}

impl RunBar {
    pub(crate) fn new() -> Self {
        Self { bar: Bar::new() }
    }
}

impl Observer for RunBar {
    fn clock(&mut self, _: Instant, progress: &Progress) {
        // Targets move earlier than peers are done; without targets, those that are done count.
        let (met, all) = progress.targets.values().fold((0, 0), |(met, all), one| (met + one.met, all + one.peers));
        let (done, total) = if all > 0 { (met, all) } else { (u64::from(progress.done), u64::from(progress.peers)) };
        self.bar.set(done, total, || {
            let rate = progress.events as f64 / progress.wall_seconds.max(1e-3);
            let (time, events) = (say::seconds(progress.virtual_seconds), say::count(progress.events));
            format!("{time} of the run, {events} events, {} a second", say::count(rate as u64))
        });
    }

    fn ended(&mut self, _: &RunFile) {
        self.bar.clear();
    }
}
