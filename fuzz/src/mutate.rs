//! Seeded mutations of bytes, for fuzzing without a nightly compiler.

use rumormill_core::Rng;

/// No input grows beyond this.
const LENGTH_MAX: usize = 16 * 1024;

/// Bytes at which decoders tend to change their mind: limits of varints, lengths, and text formats.
const TELLING: [&[u8]; 20] = [
    &[0],
    &[1],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    b";",
    b",",
    b"\n",
    b"\"",
    b"(",
    b")",
    b"[",
    b"{",
    b" * ",
    b" ** 9999999",
    b"-1",
    b"18446744073709551616",
    "\u{2028}\u{1f41d}".as_bytes(),
];

/// A variant of `bytes`: a few edits, sometimes with a piece of `other`.
#[must_use]
pub fn mutate(bytes: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        edit(&mut bytes, other, rng);
    }
    bytes.truncate(LENGTH_MAX);
    bytes
}

fn edit(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = place(bytes.len() + 1, rng);
    let end = at + place(bytes.len() - at + 1, rng);
    match rng.below(7) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = rng.below(256) as u8;
            }
        }
        2 => drop(bytes.splice(at..at, TELLING[place(TELLING.len(), rng)].iter().copied())),
        3 => drop(bytes.drain(at..end)),
        4 => bytes.truncate(at),
        5 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        _ => {
            let from = place(other.len() + 1, rng);
            let to = from + place(other.len() - from + 1, rng);
            bytes.splice(at..end, other[from..to].iter().copied());
        }
    }
}

/// Anything from 0 to below `len`, which is not 0.
fn place(len: usize, rng: &mut Rng) -> usize {
    rng.below(len as u64) as usize
}
