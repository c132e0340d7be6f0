//! The events as a table (RFC 4180).

use std::fmt::{self, Display};
use std::io::{self, Write};

use super::escape;
use crate::walk::Walk;

pub(super) fn write(walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"id,time_ns,peer,community,kind,other,cause,name,value,goal,bytes,text\r\n")?;
    while let Some(event) = walk.next() {
        write!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
            event.id.0,
            event.time.as_nanos(),
            event.peer.0,
            escape::csv(event.community),
            event.kind.name(),
            or_nothing(event.other.map(|other| other.0)),
            or_nothing(event.cause.map(|cause| cause.0)),
            escape::csv(event.name),
            event.value,
            event.goal,
            event.bytes,
            escape::csv(event.text),
        )?;
    }
    Ok(())
}

fn or_nothing(number: Option<u64>) -> impl Display {
    fmt::from_fn(move |f| number.map_or(Ok(()), |number| write!(f, "{number}")))
}
