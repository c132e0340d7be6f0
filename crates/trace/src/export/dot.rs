//! Graphviz.

use std::io::{self, Write};

use super::escape;
use super::graph::Graph;
use crate::RunFile;
use crate::walk::Walk;

pub(super) fn write(file: &RunFile, walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    let graph = Graph::of(walk);
    writeln!(out, "digraph {} {{", escape::dot(&file.name))?;
    writeln!(out, "  node [shape=circle fontname=\"sans-serif\"];")?;
    writeln!(out, "  edge [fontname=\"sans-serif\" fontsize=9];")?;
    for (number, peer) in &graph.peers {
        let style = if peer.status == "crashed" { " style=dashed" } else { "" };
        let done = peer.done_s.map_or(String::new(), |done_s| format!(", done after {done_s:.3} s"));
        writeln!(out, "  {number} [tooltip=\"{} sent, {} received{done}\"{style}];", peer.sent, peer.received)?;
    }
    for link in graph.links.in_order() {
        let messages = link.messages();
        let width = 1.0 + (messages as f64).log10();
        let lost = if link.dropped > 0 { format!(" ({} lost)", link.dropped) } else { String::new() };
        write!(
            out,
            "  {} -> {} [label=\"{messages}{lost}\" weight={messages} penwidth={width:.2}",
            link.from, link.to
        )?;
        writeln!(out, " tooltip=\"{} bytes\"];", link.bytes)?;
    }
    writeln!(out, "}}")
}
