//! Cuts a stream into frames, however it arrives.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::frame::FrameError;

/// Bytes of a frame's length.
const PREFIX: usize = 4;

/// What has arrived of a stream and is not taken yet: less than one frame, beside what was pushed last.
pub(super) struct Frames {
    rest: BytesMut,
    /// The most bytes of a frame.
    limit: usize,
}

impl Frames {
    /// Nothing has arrived; no frame may have more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { rest: BytesMut::new(), limit }
    }

    /// Is everything taken?
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// More has arrived. Takes as much memory as that: announcing much costs the announcer as much.
    pub fn push(&mut self, chunks: &mut [Bytes]) {
        let more = chunks.iter().map(Bytes::len).sum();
        if self.rest.is_empty() {
            // Idle streams are many, and hold nothing.
            self.rest = BytesMut::with_capacity(more);
        } else {
            self.rest.reserve(more);
        }
        chunks.iter_mut().for_each(|chunk| self.rest.extend_from_slice(&std::mem::take(chunk)));
    }

    /// The next whole frame, without its length.
    pub fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(prefix) = self.rest.first_chunk::<PREFIX>() else { return Ok(None) };
        let bytes = u32::from_be_bytes(*prefix) as usize;
        if bytes > self.limit {
            return Err(FrameError::TooLong { bytes, limit: self.limit });
        }
        if self.rest.len() < PREFIX + bytes {
            return Ok(None);
        }
        self.rest.advance(PREFIX);
        Ok(Some(self.rest.split_to(bytes).freeze()))
    }
}

/// For the fuzzer: cuts whatever comes into frames, in two pieces, and keeps no more than came.
///
/// # Panics
/// When bytes vanish or appear.
pub(crate) fn fuzz_stream(bytes: &[u8]) {
    let mut frames = Frames::new(1_024);
    let cut = bytes.first().map_or(0, |&first| usize::from(first).min(bytes.len()));
    let mut taken = 0;
    for piece in [&bytes[..cut], &bytes[cut..]] {
        frames.push(&mut [Bytes::copy_from_slice(piece)]);
        loop {
            match frames.next() {
                Ok(Some(frame)) => taken += PREFIX + frame.len(),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    assert_eq!(taken + frames.rest.len(), bytes.len(), "a stream lost or gained bytes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_they_are_cut(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20),
            cuts in proptest::collection::vec(1_usize..150, 1..9),
        ) {
            let mut stream = Bytes::from_iter(
                frames.iter().flat_map(|frame| (frame.len() as u32).to_be_bytes().into_iter().chain(frame.clone())),
            );
            let (mut reader, mut taken) = (Frames::new(200), Vec::new());
            for cut in cuts.iter().cycle() {
                if stream.is_empty() {
                    break;
                }
                let first = stream.split_to((*cut).min(stream.len()));
                let second = stream.split_to((*cut / 2).min(stream.len()));
                reader.push(&mut [first, second]);
                while let Some(frame) = reader.next().unwrap() {
                    taken.push(frame.to_vec());
                }
            }
            prop_assert_eq!(taken, frames);
            prop_assert!(reader.is_empty());
        }
    }

    #[test]
    fn a_frame_above_the_limit_is_refused_at_its_length() {
        let mut frames = Frames::new(10);
        frames.push(&mut [Bytes::from_static(&[0, 0, 0, 11])]);
        assert_eq!(frames.next(), Err(FrameError::TooLong { bytes: 11, limit: 10 }));
    }
}
