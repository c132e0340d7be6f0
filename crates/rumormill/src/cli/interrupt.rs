//! Ctrl-C and a request to terminate: the first ends things in good order, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Stop = Box<dyn Fn() + Send>;

/// Knows whether a person asked to stop, and whom to tell.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
    stops: Arc<Mutex<Vec<Stop>>>,
}

impl Interrupt {
    /// Listens from now on. Only the first one of a process does.
    pub(crate) fn listen() -> Self {
        let interrupt = Self::default();
        let heard = interrupt.clone();
        let listening = ctrlc::set_handler(move || {
            if heard.asked.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            heard.stops.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|stop| stop());
        });
        if let Err(error) = listening {
            tracing::warn!("Ctrl-C will end everything at once: {error}");
        }
        interrupt
    }

    /// Tells this one too.
    pub(crate) fn tell(&self, stop: impl Fn() + Send + 'static) {
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_asked() {
            stop();
        }
        stops.push(Box::new(stop));
    }

    /// Did a person ask to stop?
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Set when a person asked to stop.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.asked
    }
}
