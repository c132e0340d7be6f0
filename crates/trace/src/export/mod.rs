//! Turns a run into what other tools read.

mod csv;
mod dot;
mod escape;
mod graph;
mod graphml;
mod mermaid;
mod perfetto;
mod shiviz;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use crate::Run;
use crate::walk::Walk;

pub(crate) use escape::{csv, xml};

/// A format of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Chrome's trace events as JSON: a track for each peer, an arrow for each message. Opens in
    /// <https://ui.perfetto.dev>.
    Perfetto,
    /// A log with vector clocks for ShiViz, its regular expression on the first line.
    Shiviz,
    /// The graph of who talked to whom, with counts: Gephi, yEd, networkx.
    Graphml,
    /// The same for Graphviz.
    Dot,
    /// The events as a table.
    Csv,
    /// The first messages as a sequence diagram, for a page in Markdown.
    Mermaid,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Perfetto, Self::Shiviz, Self::Graphml, Self::Dot, Self::Csv, Self::Mermaid];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Perfetto => "perfetto",
            Self::Shiviz => "shiviz",
            Self::Graphml => "graphml",
            Self::Dot => "dot",
            Self::Csv => "csv",
            Self::Mermaid => "mermaid",
        }
    }

    /// How the names of such files end, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Perfetto => "json",
            Self::Shiviz => "log",
            Self::Graphml => "graphml",
            Self::Dot => "dot",
            Self::Csv => "csv",
            Self::Mermaid => "mmd",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name is none of a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: no such format; there are perfetto, shiviz, graphml, dot, csv and mermaid")]
pub struct UnknownFormat {
    /// The name.
    pub name: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| UnknownFormat { name: name.into() })
    }
}

/// What an export took in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Events read.
    pub events: u64,
    /// Sentences about what was left out, and why.
    pub notes: Vec<String>,
}

/// Writes the run in this format. Streams: memory does not grow with the number of events, but for graphs
/// with the number of links, and for ShiViz with the messages under way.
///
/// # Errors
/// When `out` cannot be written. What cannot be read of the run is passed over and noted.
pub fn export(run: &Run, format: Format, out: &mut dyn Write) -> io::Result<Exported> {
    let mut walk = Walk::new(run);
    let mut out = BufWriter::with_capacity(1 << 16, out);
    match format {
        Format::Perfetto => perfetto::write(run.file(), &mut walk, &mut out),
        Format::Shiviz => shiviz::write(&mut walk, &mut out),
        Format::Graphml => graphml::write(run.file(), &mut walk, &mut out),
        Format::Dot => dot::write(run.file(), &mut walk, &mut out),
        Format::Csv => csv::write(&mut walk, &mut out),
        Format::Mermaid => mermaid::write(run.file(), &mut walk, &mut out),
    }?;
    out.flush()?;
    Ok(Exported { events: walk.count, notes: walk.notes })
}
