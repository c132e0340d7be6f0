//! What all members share.

use std::time::Duration;

use super::message::PIGGYBACK_MAX;
use super::phi::PhiConfig;
use super::suspicion::SuspicionTime;

/// What all members share. [`Config::check`] says what is out of range.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The protocol period: how often a member probes another one. 10 ms to 10 minutes, usually 1 s.
    pub period: Duration,
    /// How long a ping may go unanswered before others are asked to ping: above a usual round trip, and at most half
    /// the period, so that the other half is left for them.
    pub ping_timeout: Duration,
    /// How many others are asked, the paper's k: 0 to 16, usually 3.
    pub indirect: usize,
    /// May a member refute that it failed? Without that, an unanswered probe is a failure at once.
    pub suspicion: bool,
    /// A suspected member has this many periods for each doubling of members to refute it: 1 to 100, usually 3. News of
    /// it must come to it, and its answer to all others.
    pub suspicion_factor: u32,
    /// News is passed on so many times for each doubling of members, the paper's λ: 1 to 20, usually 3.
    pub spread: u32,
    /// News on one message, at most: 1 to [`PIGGYBACK_MAX`], usually 8.
    pub piggyback: usize,
    /// What slow members are spared.
    pub lifeguard: Lifeguard,
    /// How a member finds out that another one no longer answers.
    pub detector: Detector,
    /// How often a member exchanges all that it knows with another one, on average; 0 for never. Usually 30 periods.
    pub sync_every: Duration,
    /// How often it looks for one that is held to have failed, on average, so that a split group finds together again;
    /// 0 for never. Usually 10 periods.
    pub reconnect_every: Duration,
    /// For how long it remembers who failed or left, so that old news does not revive them. Longer than news takes,
    /// and than a partition is to last that shall heal by itself. Usually 10 minutes.
    pub remember: Duration,
    /// Peers that it knows of at all, at most: 2 to a million, usually 100,000. Others are not let in.
    pub members_max: usize,
}

/// Lifeguard's extensions, each by itself (Dadgar, Phillips and Currey, DSN Workshops 2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifeguard {
    /// LHA-Probe: a member that seems to be slow itself probes less often and waits longer, up to one more time than
    /// this. 0 is none of it, and no nacks; usually 8.
    pub health_max: u32,
    /// LHA-Suspicion: the time to refute a suspicion begins at this many times the least, and falls with each
    /// independent suspicion. 1 is none of it; at most 100, usually 6.
    pub suspicion_max: u32,
    /// So many more members must suspect it too for the least time: 1 to 16, usually 3.
    pub confirmations: u32,
    /// Buddy system: whoever pings a suspected member says so, before all other news.
    pub buddy: bool,
}

/// How a member finds out that another one no longer answers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Detector {
    /// SWIM: it pings, and has others ping.
    Probes,
    /// Phi accrual: it expects heartbeats.
    Heartbeats {
        /// How many members each one sends heartbeats to: 1 to 16, usually 4.
        watchers: usize,
        /// How surprising silence is.
        phi: PhiConfig,
    },
}

impl Lifeguard {
    /// All of it.
    pub const ALL: Self = Self { health_max: 8, suspicion_max: 6, confirmations: 3, buddy: true };

    /// None of it: SWIM as it was published.
    pub const NONE: Self = Self { health_max: 0, suspicion_max: 1, confirmations: 3, buddy: false };
}

impl Config {
    /// What is usual for this protocol period, with all of Lifeguard.
    #[must_use]
    pub fn new(period: Duration) -> Self {
        Self {
            period,
            ping_timeout: period * 3 / 10,
            indirect: 3,
            suspicion: true,
            suspicion_factor: 3,
            spread: 3,
            piggyback: 8,
            lifeguard: Lifeguard::ALL,
            detector: Detector::Probes,
            sync_every: period * 30,
            reconnect_every: period * 10,
            remember: Duration::from_secs(600),
            members_max: 100_000,
        }
    }

    /// Are all values in their ranges?
    ///
    /// # Errors
    /// Names the field and says what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        let ensure = |holds: bool, field, why| if holds { Ok(()) } else { Err(ConfigError { field, why }) };
        let millis = Duration::from_millis;
        ensure((millis(10)..=millis(600_000)).contains(&self.period), "period", "must be 10ms to 10m")?;
        let timeout = millis(1)..=self.period / 2;
        ensure(timeout.contains(&self.ping_timeout), "ping_timeout", "must be 1ms to half the period")?;
        ensure(self.indirect <= 16, "indirect", "must be 0 to 16")?;
        ensure((1..=100).contains(&self.suspicion_factor), "suspicion_factor", "must be 1 to 100")?;
        ensure((1..=20).contains(&self.spread), "spread", "must be 1 to 20")?;
        ensure((1..=PIGGYBACK_MAX).contains(&self.piggyback), "piggyback", "must be 1 to 64")?;
        ensure((2..=1_000_000).contains(&self.members_max), "members_max", "must be 2 to 1000000")?;
        ensure(self.lifeguard.health_max <= 100, "health_max", "must be 0 to 100")?;
        ensure((1..=100).contains(&self.lifeguard.suspicion_max), "suspicion_max", "must be 1 to 100")?;
        ensure((1..=16).contains(&self.lifeguard.confirmations), "confirmations", "must be 1 to 16")?;
        if let Detector::Heartbeats { watchers, phi } = self.detector {
            ensure((1..=16).contains(&watchers), "watchers", "must be 1 to 16")?;
            ensure((1.0..=16.0).contains(&phi.threshold), "threshold", "must be 1 to 16")?;
            ensure((4..=1_000).contains(&phi.window), "window", "must be 4 to 1000")?;
            ensure(phi.deviation_min >= millis(1), "deviation_min", "must be at least 1ms")?;
        }
        Ok(())
    }

    /// How many times news is passed on among so many members: λ·log2(N + 1), rounded up.
    #[must_use]
    pub fn times(&self, members: usize) -> u32 {
        self.spread * (members as u64 + 1).next_power_of_two().trailing_zeros().max(1)
    }

    /// The time that a suspected one of so many members has.
    #[must_use]
    pub fn suspicion_time(&self, members: usize) -> SuspicionTime {
        let scale = libm::log2(members as f64 + 1.0).max(1.0);
        let min = self.period.mul_f64(f64::from(self.suspicion_factor) * scale);
        // Whoever suspects it and the suspected one itself cannot confirm it.
        let others = u32::try_from(members.saturating_sub(2)).unwrap_or(u32::MAX);
        match self.lifeguard.suspicion_max {
            1 => SuspicionTime { min, max: min, wanted: 0 },
            factor => SuspicionTime { min, max: min * factor, wanted: self.lifeguard.confirmations.min(others) },
        }
    }

    /// Do those who were asked to ping say so when they have no answer?
    pub(super) const fn has_nacks(&self) -> bool {
        self.lifeguard.health_max > 0
    }
}

impl Default for Config {
    /// A period of 1 s.
    fn default() -> Self {
        Self::new(Duration::from_secs(1))
    }
}

/// A value of a configuration is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct ConfigError {
    /// Which.
    pub field: &'static str,
    /// What is allowed.
    pub why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_passed_on_more_often_the_more_members_there_are() {
        let config = Config { spread: 3, ..Config::default() };
        assert_eq!([0, 1, 2, 3, 4, 15, 16, 1_000].map(|members| config.times(members)), [3, 3, 6, 6, 9, 12, 15, 30]);
    }

    #[test]
    fn the_time_of_a_suspicion_grows_with_the_logarithm_of_the_members() {
        let config = Config::default();
        let plain = Config { lifeguard: Lifeguard::NONE, ..Config::default() };
        let seconds = |members| {
            let [ours, fixed] = [&config, &plain].map(|config| config.suspicion_time(members));
            assert_eq!(fixed.after(0), ours.min);
            (ours.min.as_secs(), ours.max.as_secs(), ours.wanted)
        };
        assert_eq!(
            [1, 3, 7, 127, 1_023].map(seconds),
            [(3, 18, 0), (6, 36, 1), (9, 54, 3), (21, 126, 3), (30, 180, 3)]
        );
        assert_eq!(config.suspicion_time(2).after(0), config.suspicion_time(2).min, "nobody could confirm it");
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        let field = |config: Config| config.check().unwrap_err().field;
        assert_eq!(field(Config::new(Duration::ZERO)), "period");
        assert_eq!(field(Config { ping_timeout: Duration::from_millis(501), ..Config::default() }), "ping_timeout");
        assert_eq!(field(Config { piggyback: 65, ..Config::default() }), "piggyback");
        let phi = PhiConfig { threshold: f64::NAN, ..PhiConfig::default() };
        assert_eq!(
            field(Config { detector: Detector::Heartbeats { watchers: 4, phi }, ..Config::default() }),
            "threshold"
        );
    }
}
