//! What is said of a member, and which of two such statements counts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a member is, in one of its incarnations. Of two statements about one incarnation the later in this order
/// counts (SWIM, section 4.2): a suspicion can only be refuted by the member itself, with its next incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// It answers.
    Alive,
    /// Somebody had no answer, and it may still refute that.
    Suspect,
    /// It did not refute it in time.
    Failed,
    /// It said that it leaves.
    Left,
}

impl Status {
    /// Is it a member that others probe and tell news?
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Alive | Self::Suspect)
    }

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Suspect => "suspect",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }
}

/// A status and the incarnation that it is about.
///
/// In this order, a higher incarnation first, the greater of two counts: so members that heard the same
/// statements, in whatever order and however often, hold the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// Grows with every life of a member and with every suspicion that it refutes.
    pub incarnation: u32,
    /// What it is.
    pub status: Status,
}

impl Standing {
    /// A member that answers.
    #[must_use]
    pub const fn alive(incarnation: u32) -> Self {
        Self { incarnation, status: Status::Alive }
    }

    /// What counts of the two: a join of a lattice.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.status.name(), self.incarnation)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_standing() -> impl Strategy<Value = Standing> {
        let status = prop_oneof![Just(Status::Alive), Just(Status::Suspect), Just(Status::Failed), Just(Status::Left)];
        (0_u32..4, status).prop_map(|(incarnation, status)| Standing { incarnation, status })
    }

    proptest! {
        #[test]
        fn merging_is_a_join(one in any_standing(), two in any_standing(), three in any_standing()) {
            prop_assert_eq!(one.merge(one), one);
            prop_assert_eq!(one.merge(two), two.merge(one));
            prop_assert_eq!(one.merge(two).merge(three), one.merge(two.merge(three)));
            prop_assert!(one.merge(two) >= one);
        }
    }

    /// The table of the paper's section 4.2, but that a failure is of one incarnation: so that a member can come back.
    #[test]
    fn the_papers_order_of_preference_holds() {
        let of = |incarnation, status| Standing { incarnation, status };
        let beats = |winner: Standing, loser: Standing| winner != loser && winner.merge(loser) == winner;
        for incarnation in 1..4 {
            assert!(beats(of(incarnation, Status::Alive), of(incarnation - 1, Status::Suspect)));
            assert!(beats(of(incarnation, Status::Alive), of(incarnation - 1, Status::Alive)));
            assert!(beats(of(incarnation, Status::Suspect), of(incarnation, Status::Alive)));
            assert!(beats(of(incarnation, Status::Suspect), of(incarnation - 1, Status::Suspect)));
            assert!(beats(of(incarnation, Status::Failed), of(incarnation, Status::Suspect)));
            assert!(beats(of(incarnation, Status::Failed), of(incarnation, Status::Alive)));
            assert!(beats(of(incarnation, Status::Left), of(incarnation, Status::Failed)));
            assert!(beats(of(incarnation, Status::Alive), of(incarnation - 1, Status::Left)));
        }
    }
}
