//! Programs in any language that tell the lab what they do, over VisualDispersy's line protocol.
pub mod gathering;
pub mod parser;
