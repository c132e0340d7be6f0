//! The run folder: what a run was asked, what happened in it, and how it ended.
//!
//! ```text
//! runs/2026-11-20T03-31-07Z-flood-42/
//!   run.json                 a RunFile
//!   events-00000.parquet     the events, in segments that are complete files
//!   report.html              one self-contained page to send to somebody
//! ```
//!
//! A [`Recorder`] writes such a folder while the run goes on, [`Run`] reads it back, [`Summary`] tells what
//! happened in it, and [`export()`] turns it into what other tools read. The format is described in
//! `docs/traces.md`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod advice;
mod batch;
mod compare;
mod disk;
mod events;
mod export;
mod fuzz;
mod hash;
mod links;
mod list;
mod lock;
mod metrics;
mod name;
mod query;
mod recorder;
mod report;
mod run;
mod run_file;
mod segment;
mod summary;
mod walk;

pub use compare::{Aligned, Comparison, Difference, compare};
pub use events::{Events, Place};
pub use export::{Exported, Format, UnknownFormat, export};
pub use fuzz::{fuzz_pattern, fuzz_read};
pub use links::Link;
pub use list::{DeleteError, Listed, delete, folders, list};
pub use metrics::{COLUMNS_USUAL, Histogram, Meter, Metrics, Series, SeriesKind};
pub use query::{
    COLUMNS_MAX, Charts, Cone, Density, EVENTS_SHOWN_MAX, FIND_MAX, Follow, Found, Frontier, LINK_TIMES_MAX, LinkTimes,
    Message, PATH_MAX, PATTERN_BYTES_MAX, Part, Pattern, PatternError, Picture, RESULTS_MAX, ROWS_MAX, SCANNED_MAX,
    SearchQuery, SeenChart, SeenState, SeenTransition, Spacetime, SpacetimeQuery, Took,
};
pub use recorder::{RecordError, Recorder};
pub use report::report;
pub use run::{Damage, OpenError, Run};
pub use run_file::{Build, Machine, Messages, Mode, Parent, RunFile, State, Target, Violation};
pub use segment::ReadError;
pub use summary::{Activity, FaultLine, MessageCount, Slow, Summary, TargetCount};
