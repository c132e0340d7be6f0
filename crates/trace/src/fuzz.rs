//! An entry for fuzzing.

use bytes::Bytes;

use crate::RunFile;
use crate::batch::Batch;
use crate::segment::{Need, SegmentReader};

/// Reads bytes as a `run.json` and as a segment. Whatever they are, this ends, in bounded memory, without a
/// panic.
pub fn fuzz_read(bytes: &[u8]) {
    let _ = RunFile::parse(bytes);
    let Ok(mut reader) = SegmentReader::new(Bytes::copy_from_slice(bytes), Need::ALL) else { return };
    let mut batch = Batch::default();
    while let Ok(()) = reader.read(&mut batch) {
        if batch.is_empty() {
            return;
        }
        for event in batch.iter() {
            let _ = event.link();
        }
    }
}
