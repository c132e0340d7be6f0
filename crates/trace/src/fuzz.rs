//! Entries for fuzzing.

use bytes::Bytes;

use crate::batch::Batch;
use crate::segment::{Need, SegmentReader};
use crate::{PATTERN_BYTES_MAX, Pattern, RunFile};

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

/// Reads bytes as a search. What can be read comes back from its own text.
///
/// # Panics
/// When it does not.
pub fn fuzz_pattern(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(pattern) = Pattern::parse(text) {
        let again = Pattern::parse(&pattern.to_string());
        assert!(
            again.as_ref() == Ok(&pattern) || pattern.to_string().len() > PATTERN_BYTES_MAX,
            "{pattern}: {again:?}"
        );
    }
}
