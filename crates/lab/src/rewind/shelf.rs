//! The runs that somebody goes back in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rumormill_core::plan::Plan;
use rumormill_trace::RunFile;

use super::Rewind;
use crate::Registry;
use crate::registry::SimulateError;
use crate::run::settings_of;

/// The most runs that are kept to go back in; the one not looked at for longest goes.
const OPEN_MAX: usize = 2;

/// The runs that somebody goes back in.
#[derive(Default)]
pub(crate) struct Rewinds(Mutex<VecDeque<Open>>);

struct Open {
    run: String,
    /// As it was when the run was run again. What is done by hand adds to it, and then all begins anew.
    plan: Plan,
    rewind: Arc<Mutex<Box<dyn Rewind>>>,
}

/// Why a run cannot be gone back in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RewindStartError {
    /// It was no simulation.
    #[error("{run} ran as {mode}, and only a simulation can be run again to see its state")]
    NotSimulated {
        /// The run.
        run: String,
        /// How it ran.
        mode: rumormill_trace::Mode,
    },
    /// Its protocol is not known here.
    #[error("there is no protocol \"{protocol}\" in this program; open the run with the program that recorded it")]
    Protocol {
        /// The protocol's name.
        protocol: String,
    },
    /// This program cannot run it.
    #[error("this program cannot run it again: {0}")]
    Simulate(#[from] SimulateError),
}

impl Rewinds {
    /// The run of this id, which was asked for by this file; run again from its beginning when nobody did
    /// yet.
    ///
    /// # Errors
    /// When it cannot be run again.
    pub fn open(
        &self,
        run: &str,
        file: &RunFile,
        registry: &Registry,
    ) -> Result<Arc<Mutex<Box<dyn Rewind>>>, RewindStartError> {
        if file.mode != rumormill_trace::Mode::Sim {
            return Err(RewindStartError::NotSimulated { run: file.name.clone(), mode: file.mode });
        }
        let mut open = self.lock();
        if let Some(place) = open.iter().position(|known| known.run == run && known.plan == file.plan)
            && let Some(known) = open.remove(place)
        {
            let rewind = Arc::clone(&known.rewind);
            open.push_back(known);
            return Ok(rewind);
        }
        let protocol = registry
            .get(&file.protocol)
            .ok_or_else(|| RewindStartError::Protocol { protocol: file.protocol.clone() })?;
        open.retain(|known| known.run != run);
        while open.len() >= OPEN_MAX {
            open.pop_front();
        }
        let rewind = Arc::new(Mutex::new(protocol.rewind(&file.parameters, settings_of(file, 1))?));
        open.push_back(Open { run: run.into(), plan: file.plan.clone(), rewind: Arc::clone(&rewind) });
        Ok(rewind)
    }

    /// Forgets a run that was deleted.
    pub fn forget(&self, run: &str) {
        self.lock().retain(|known| known.run != run);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Open>> {
        // Whoever panicked left a list behind that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
