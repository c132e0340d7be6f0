//! The circle of identifiers: numbers of 256 bits, modulo 2^256.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bits of an identifier.
pub const BITS: u32 = 256;

/// A place on the circle: of a node, or of a key. The order is that of the numbers, from the place 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id([u64; 4]);

/// Why a text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 64 hexadecimal digits")]
pub struct IdError;

impl Id {
    /// The place of what has this name: its BLAKE3 hash.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        Self::from_bytes(*blake3::hash(name).as_bytes())
    }

    /// The number in these bytes, big-endian.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let word = |place: usize| u64::from_be_bytes(std::array::from_fn(|byte| bytes[place * 8 + byte]));
        Self(std::array::from_fn(word))
    }

    /// Its bytes, big-endian.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        std::array::from_fn(|place| self.0[place / 8].to_be_bytes()[place % 8])
    }

    /// How far it is from here clockwise to another place.
    #[must_use]
    pub fn distance(self, to: Self) -> Self {
        let (mut result, mut borrowed) = ([0; 4], false);
        for place in (0..4).rev() {
            let (less, first) = to.0[place].overflowing_sub(self.0[place]);
            let (less, second) = less.overflowing_sub(u64::from(borrowed));
            (result[place], borrowed) = (less, first || second);
        }
        Self(result)
    }

    /// The place 2^`power` further on, with `power` below [`BITS`].
    #[must_use]
    pub fn plus_power(self, power: u32) -> Self {
        let (mut result, mut carried) = (self.0, false);
        let at = 3 - (power / 64) as usize;
        for place in (0..=at).rev() {
            let add = if place == at { 1 << (power % 64) } else { 0 };
            let (more, first) = result[place].overflowing_add(add);
            let (more, second) = more.overflowing_add(u64::from(carried));
            (result[place], carried) = (more, first || second);
        }
        Self(result)
    }

    /// Does it lie strictly between two places, clockwise? Between a place and itself lie all others.
    #[must_use]
    pub fn is_between(self, after: Self, before: Self) -> bool {
        let (here, end) = (after.distance(self), after.distance(before));
        here != Self::default() && (end == Self::default() || here < end)
    }

    /// The greatest power of two that is no more than this number; none of 0.
    #[must_use]
    pub fn power(self) -> Option<u32> {
        let place = self.0.iter().position(|&word| word != 0)?;
        Some((3 - place as u32) * 64 + 63 - self.0[place].leading_zeros())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

/// The first eight digits are enough for people.
impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}…", self.0[0] >> 32)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(IdError);
        }
        let mut id = Self::default();
        for (place, word) in id.0.iter_mut().enumerate() {
            *word = u64::from_str_radix(&text[place * 16..][..16], 16).map_err(|_| IdError)?;
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Places near each other and far apart.
    fn ids() -> impl Strategy<Value = Id> {
        let word = || prop_oneof![Just(0), Just(u64::MAX), 0..4_u64, any::<u64>()];
        (word(), word(), word(), word()).prop_map(|(a, b, c, d)| Id([a, b, c, d]))
    }

    /// The sum of two numbers, modulo 2^256.
    fn sum(one: Id, other: Id) -> Id {
        let negative = other.distance(Id::default());
        negative.distance(one)
    }

    proptest! {
        #[test]
        fn distances_add_up(a in ids(), b in ids(), c in ids()) {
            prop_assert_eq!(sum(a.distance(b), b.distance(c)), a.distance(c));
            prop_assert_eq!(sum(a, a.distance(b)), b);
        }

        #[test]
        fn going_clockwise_one_is_met_before_the_other(a in ids(), b in ids(), c in ids()) {
            if a != b && b != c && a != c {
                prop_assert!(b.is_between(a, c) != c.is_between(a, b));
                prop_assert_eq!(b.is_between(a, c), c.is_between(b, a));
            }
            prop_assert!(!a.is_between(a, c) && !c.is_between(a, c));
            prop_assert_eq!(b.is_between(a, a), a != b);
        }

        #[test]
        fn powers_are_added(a in ids(), power in 0..BITS) {
            let step = Id::default().plus_power(power);
            prop_assert_eq!(step.power(), Some(power));
            prop_assert_eq!(a.plus_power(power), sum(a, step));
            prop_assert_eq!(a.distance(a.plus_power(power)), step);
        }

        #[test]
        fn bytes_and_texts_come_back(a in ids()) {
            prop_assert_eq!(Id::from_bytes(a.to_bytes()), a);
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.to_string().to_uppercase().parse(), Ok(a));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,70}") {
            let _ = text.parse::<Id>();
        }
    }
}
