//! GraphML (Brandes, Eiglsperger, Herman, Himsolt, Marshall: GraphML progress report, GD 2001).

use std::io::{self, Write};

use super::escape::xml;
use super::graph::Graph;
use crate::RunFile;
use crate::walk::Walk;

/// (what has it, its name, its type).
const KEYS: [(&str, &str, &str); 10] = [
    ("graph", "run", "string"),
    ("node", "peer", "long"),
    ("node", "status", "string"),
    ("node", "sent", "long"),
    ("node", "received", "long"),
    ("node", "done_s", "double"),
    ("edge", "messages", "long"),
    ("edge", "delivered", "long"),
    ("edge", "dropped", "long"),
    ("edge", "bytes", "long"),
];

pub(super) fn write(file: &RunFile, walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    let graph = Graph::of(walk);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<graphml xmlns="http://graphml.graphdrawing.org/xmlns">"#)?;
    for (owner, name, kind) in KEYS {
        writeln!(out, r#"  <key id="{owner}-{name}" for="{owner}" attr.name="{name}" attr.type="{kind}"/>"#)?;
    }
    writeln!(out, r#"  <graph id="run" edgedefault="directed">"#)?;
    writeln!(out, r#"    <data key="graph-run">{}</data>"#, xml(&file.name))?;
    for (number, peer) in &graph.peers {
        write!(out, r#"    <node id="p{number}"><data key="node-peer">{number}</data>"#)?;
        write!(out, r#"<data key="node-status">{}</data>"#, peer.status)?;
        write!(out, r#"<data key="node-sent">{}</data>"#, peer.sent)?;
        write!(out, r#"<data key="node-received">{}</data>"#, peer.received)?;
        if let Some(done_s) = peer.done_s {
            write!(out, r#"<data key="node-done_s">{done_s}</data>"#)?;
        }
        writeln!(out, "</node>")?;
    }
    for link in graph.links.in_order() {
        write!(out, r#"    <edge source="p{}" target="p{}">"#, link.from, link.to)?;
        write!(out, r#"<data key="edge-messages">{}</data>"#, link.messages())?;
        write!(out, r#"<data key="edge-delivered">{}</data>"#, link.delivered)?;
        write!(out, r#"<data key="edge-dropped">{}</data>"#, link.dropped)?;
        writeln!(out, r#"<data key="edge-bytes">{}</data></edge>"#, link.bytes)?;
    }
    writeln!(out, "  </graph>\n</graphml>")
}
