//! How well this member itself is doing: Lifeguard's local health multiplier (Dadgar, Phillips and Currey, DSN
//! Workshops 2018, section IV-A).

use std::time::Duration;

use serde::Serialize;

/// Counts what speaks against this member itself: 0 is well, and the highest is [`Health::new`]'s limit.
///
/// A member that is slow hears no answers, and would accuse others. By this count it waits longer for them instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Health {
    score: u32,
    limit: u32,
}

/// What says something about a member's own health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A probe was answered.
    Answered,
    /// A probe was not answered.
    Unanswered,
    /// So many of those who were asked to probe for this member did not even say that they had no answer.
    MissedNacks(u32),
    /// This member had to refute a suspicion.
    Refuted,
}

impl Health {
    /// Well; the score goes up to `limit`, and with 0 nothing changes ever.
    pub(super) const fn new(limit: u32) -> Self {
        Self { score: 0, limit }
    }

    /// Takes notice of a sign.
    pub(super) fn note(&mut self, sign: Sign) {
        let score = match sign {
            Sign::Answered => self.score.saturating_sub(1),
            Sign::Unanswered | Sign::Refuted => self.score.saturating_add(1),
            Sign::MissedNacks(count) => self.score.saturating_add(count),
        };
        self.score = score.min(self.limit);
    }

    /// 0 when all is well.
    pub(super) const fn score(self) -> u32 {
        self.score
    }

    /// So much longer than `span` this member waits for others.
    pub(super) fn stretch(self, span: Duration) -> Duration {
        span.saturating_mul(self.score + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_in_trouble_waits_longer_and_recovers() {
        let mut health = Health::new(8);
        let second = Duration::from_secs(1);
        health.note(Sign::Answered);
        assert_eq!(health.stretch(second), second);
        health.note(Sign::Unanswered);
        health.note(Sign::MissedNacks(3));
        health.note(Sign::Refuted);
        assert_eq!((health.score(), health.stretch(second)), (5, 6 * second));
        health.note(Sign::MissedNacks(u32::MAX));
        assert_eq!(health.stretch(second), 9 * second, "no more than the limit");
        (0..20).for_each(|_| health.note(Sign::Answered));
        assert_eq!(health.score(), 0);
    }

    #[test]
    fn without_a_limit_there_is_no_multiplier() {
        let mut health = Health::new(0);
        health.note(Sign::Unanswered);
        assert_eq!(health.stretch(Duration::from_secs(1)), Duration::from_secs(1));
    }
}
