//! A lab for protocols of one's own.

use std::path::PathBuf;
use std::process::ExitCode;

use rumormill_lab::Registry;
use rumormill_lab::experiment::{Embedded, Gallery};
use rumormill_sim::Simulate;
use serde::Serialize;

/// A lab with the protocols and experiments that come with Rumormill, to which one's own are added.
#[must_use]
pub fn lab() -> Lab {
    Lab { registry: Registry::new(), gallery: Gallery::new() }
}

/// A lab about to start: see [`lab()`].
pub struct Lab {
    pub(crate) registry: Registry,
    pub(crate) gallery: Gallery,
}

impl Lab {
    /// Adds a protocol under the name by which experiments call it. What a peer is can be copied and
    /// serialized, so that the lab can go back in a simulation and show it field by field.
    #[must_use]
    pub fn protocol<P: Simulate + Clone + Serialize>(self, name: &'static str) -> Self {
        Self { registry: self.registry.protocol::<P>(name), ..self }
    }

    /// Adds a folder of experiments, besides `experiments` in the current folder.
    #[must_use]
    pub fn experiments(self, folder: impl Into<PathBuf>) -> Self {
        Self { gallery: self.gallery.with_folder(folder), ..self }
    }

    /// Adds experiments inside the program: their names, and their texts from `include_str!`.
    #[must_use]
    pub fn embedded(self, files: &[Embedded]) -> Self {
        Self { gallery: self.gallery.with_embedded(files), ..self }
    }

    /// The whole command line: reads the program's arguments and does what they say. The program must do
    /// nothing before it, for it is also what each real peer runs.
    #[must_use]
    pub fn main(self) -> ExitCode {
        crate::cli::main(self, std::env::args_os())
    }
}
