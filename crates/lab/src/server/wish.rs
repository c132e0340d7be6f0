//! What a page that watches a run asks for.

use rumormill_core::Instant;
use rumormill_core::trace::EventId;
use serde::Deserialize;
use std::time::Duration;

use crate::past::{Player, Target};
use crate::view::FOCUS_MAX;

/// How fast a run's past can be played: seconds of the run in a second.
const SPEED: std::ops::RangeInclusive<f64> = 0.01..=1000.0;

/// What a page that watches a run asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// To go somewhere in the run's time.
    Go(Target),
    /// That the clock goes so fast.
    Play(f64),
    /// That the clock stands still.
    Pause,
    /// To follow the run.
    Live,
    /// To see the peers of these groups one by one.
    Focus(Vec<u32>),
}

/// The same as it is sent: each type has some of the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    r#type: String,
    t: Option<f64>,
    event: Option<String>,
    by: Option<i64>,
    speed: Option<f64>,
    groups: Option<Vec<u32>>,
}

/// What there is to wish for.
const TYPES: &str = "there are seek (t or event), step (by), play (speed), pause, live, focus (groups)";

impl Wish {
    /// Reads a wish, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let sent: Sent = serde_json::from_str(text).map_err(|error| format!("{error}; {TYPES}"))?;
        Ok(match (sent.r#type.clone().as_str(), sent) {
            ("seek", Sent { t: Some(t), event: None, .. }) => Self::Go(Target::Time(time(t)?)),
            ("seek", Sent { t: None, event: Some(event), .. }) => {
                let id = event.parse().map_err(|_| format!("event: \"{event}\" is no id of an event"))?;
                Self::Go(Target::Event(EventId(id)))
            }
            ("seek", _) => return Err("seek: expected either t or event".into()),
            ("step", Sent { by: Some(by), .. }) => Self::Go(Target::Step(by)),
            ("play", Sent { speed: Some(speed), .. }) if SPEED.contains(&speed) => Self::Play(speed),
            ("play", Sent { speed: Some(speed), .. }) => {
                return Err(format!("speed: {speed} is not between {} and {}", SPEED.start(), SPEED.end()));
            }
            ("pause", _) => Self::Pause,
            ("live", _) => Self::Live,
            ("focus", Sent { groups: Some(groups), .. }) if groups.len() <= FOCUS_MAX => Self::Focus(groups),
            ("focus", Sent { groups: Some(_), .. }) => {
                return Err(format!("groups: at most {FOCUS_MAX} can be looked into"));
            }
            _ => return Err(TYPES.into()),
        })
    }

    /// Does it lead to a moment that does not depend on where the page is?
    pub fn is_jump(&self) -> bool {
        matches!(self, Self::Go(Target::Time(_) | Target::Event(_) | Target::Count(_)) | Self::Live)
    }

    /// Does it lead on from where the page is?
    pub fn is_step(&self) -> bool {
        matches!(self, Self::Go(Target::Step(_)))
    }

    /// Does it, in the run's past.
    pub fn go(self, player: &mut Player) -> Result<(), String> {
        match self {
            Self::Go(target) => player.seek(target)?,
            Self::Play(speed) => player.play(speed),
            Self::Pause => player.play(0.0),
            Self::Live | Self::Focus(_) => {}
        }
        Ok(())
    }
}

fn time(t: f64) -> Result<Instant, String> {
    if !t.is_finite() || t < 0.0 {
        return Err(format!("t: {t} is no time of the run in seconds"));
    }
    Ok(Instant::ZERO + Duration::try_from_secs_f64(t).unwrap_or(Duration::from_nanos(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wishes_are_read_and_nonsense_says_what_is_wrong() {
        let parse = |text: &str| Wish::parse(text);
        let second = Instant::ZERO + Duration::from_millis(1500);
        assert_eq!(parse(r#"{"type":"seek","t":1.5}"#), Ok(Wish::Go(Target::Time(second))));
        let id = u64::MAX;
        assert_eq!(parse(&format!(r#"{{"type":"seek","event":"{id}"}}"#)), Ok(Wish::Go(Target::Event(EventId(id)))));
        assert_eq!(parse(r#"{"type":"step","by":-3}"#), Ok(Wish::Go(Target::Step(-3))));
        assert_eq!(parse(r#"{"type":"play","speed":0.5}"#), Ok(Wish::Play(0.5)));
        assert_eq!(parse(r#"{"type":"live"}"#), Ok(Wish::Live));
        assert_eq!(parse(r#"{"type":"focus","groups":[1,2]}"#), Ok(Wish::Focus(vec![1, 2])));
        let huge = parse(r#"{"type":"seek","t":1e300}"#).unwrap();
        assert_eq!(huge, Wish::Go(Target::Time(Instant::from_nanos(u64::MAX))));
        for (wrong, field) in [
            (r#"{"type":"seek"}"#, "t or event"),
            (r#"{"type":"seek","t":-1}"#, "t:"),
            (r#"{"type":"seek","t":1,"event":"2"}"#, "either"),
            (r#"{"type":"seek","event":"x"}"#, "event:"),
            (r#"{"type":"play","speed":0}"#, "speed:"),
            (r#"{"type":"play","speed":1e9}"#, "speed:"),
            (r#"{"type":"play","speed":NaN}"#, "there are"),
            (r#"{"type":"jump"}"#, "there are"),
            (r#"{"type":"focus","groups":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}"#, "groups:"),
            ("", "there are"),
        ] {
            let said = parse(wrong).unwrap_err();
            assert!(said.contains(field), "{wrong}: {said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_wish_or_a_sentence(text: String, t: f64, by: i64) {
            let _ = Wish::parse(&text);
            let _ = Wish::parse(&format!(r#"{{"type":"seek","t":{t}}}"#));
            let _ = Wish::parse(&format!(r#"{{"type":"step","by":{by}}}"#));
        }
    }
}
