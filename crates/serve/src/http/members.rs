//! Who is a member: has the primary take a replica in, or let one go, and answers when that is done.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes as Body;
use axum::extract::{Path, State};
use rumormill_core::PeerId;
use rumormill_protocols::store::{Errand, Refusal};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::gate::{Gate, Told};
use super::kv::parsed;
use super::problem::Problem;
use super::replicas::{Answered, ask, ask_all, newest_members, number, shown};
use crate::cluster::Settings;

/// How long a change may take, without leases.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a spare may take to knock at the primary, when it was just started.
const KNOCK_WITHIN: Duration = Duration::from_secs(6);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// Shall a replica be a member?
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMember {
    member: bool,
    /// It does not answer any more, and never will: what only it holds is lost.
    #[serde(default)]
    dead: bool,
}

/// How long a change may take: whoever is evicted must have lost its lease before, counted from when the present
/// primary was elected.
pub(super) fn patience(settings: &Settings) -> Duration {
    PATIENCE + Duration::from_millis(settings.lease_ms.unwrap_or(0)) * 5 / 4
}

/// `PUT /v1/replicas/{replica}/member`: takes it in, lets it go, or goes on without it.
pub(super) async fn change(
    State(gate): State<Gate>,
    Path(replica): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let wanted: NewMember = parsed(&body)?;
    let number = number(&gate, &replica)?;
    let peer = gate.peer_of(number).ok_or_else(Problem::stopped)?;
    let errand = match wanted {
        NewMember { member: true, dead: false } => Errand::Add(peer),
        NewMember { member: false, dead: false } => Errand::Remove(peer),
        NewMember { member: false, dead: true } => Errand::Evict(peer),
        NewMember { member: true, dead: true } => {
            return Err(Problem::bad("dead", "dead: whoever is dead cannot be taken in; leave it out"));
        }
    };
    let all = ask_all(&gate).await;
    // A council that has taken in somebody who does not answer could not do without.
    if wanted.member && all.iter().any(|one| one.number == number && one.told.is_none()) {
        return Err(Problem::not_changed(&format!("replica {number} does not answer; is it running?")));
    }
    let mut course = Course::begin(&gate, number, wanted.member, &all);
    let start = Instant::now();
    let row = loop {
        if let Some(row) = course.step(&gate, errand, start.elapsed()).await? {
            break row;
        }
        if start.elapsed() >= gate.patience {
            return Err(course.given_up());
        }
        sleep(PAUSE).await;
    };
    Ok(Json(shown(&row, Some(wanted.member))))
}

/// How far a change is.
struct Course {
    number: u32,
    /// Shall it be a member?
    member: bool,
    /// Who is asked next: the primary, as far as that is known.
    to: u32,
    /// Has the primary begun with it?
    has_begun: bool,
    /// What is in its way.
    why: String,
    /// Members that did not answer at the beginning.
    silent: Vec<u32>,
}

impl Course {
    fn begin(gate: &Gate, number: u32, member: bool, all: &[Answered]) -> Self {
        let reached = || all.iter().filter_map(|one| Some((one.number, one.told.as_ref()?)));
        let silent = |one: &&Answered| {
            one.told.is_none() && newest_members(all).is_some_and(|members| members.contains(&one.number))
        };
        let silent = all.iter().filter(silent).map(|one| one.number).collect();
        // The newest list names the primary of late, most likely.
        let hint = reached().filter(|(_, told)| told.primary.is_some()).max_by_key(|(_, told)| told.status.version);
        let to = hint.and_then(|(_, told)| told.primary);
        let to = to.or_else(|| reached().next().map(|(number, _)| number));
        let to = to.or_else(|| gate.replicas.first().map(|&(number, _)| number)).unwrap_or(number);
        Self { number, member, to, has_begun: false, why: "no replica answers".into(), silent }
    }

    /// Asks once, and looks whether it is done: then how far the replica is.
    async fn step(&mut self, gate: &Gate, errand: Errand, since: Duration) -> Result<Option<Answered>, Problem> {
        let Some(told) = ask(gate, self.to, errand).await.told else {
            self.go_on(gate, format!("replica {} does not answer", self.to));
            return Ok(None);
        };
        match told.result {
            Ok(()) => return Ok(self.look(gate, &told).await),
            Err(Refusal::LastMember) => return Err(Problem::conflict(Refusal::LastMember.to_string())),
            Err(Refusal::NotPrimary(hint)) => match hint.and_then(|peer| gate.number_of(peer)) {
                Some(primary) if primary != self.to => self.to = primary,
                _ => self.go_on(gate, "no primary is elected: more than half of the replicas must be up".into()),
            },
            Err(Refusal::Missing(peer)) => {
                self.why = missing(gate, peer);
                if since >= KNOCK_WITHIN {
                    return Err(Problem::not_changed(&self.why));
                }
            }
            Err(Refusal::Overloaded) if matches!(errand, Errand::Evict(_)) => {
                self.why = format!("replica {} may have a lease yet, or another change is under way", self.number);
            }
            Err(Refusal::Overloaded) => self.why = "another change is under way".into(),
            Err(refusal) => self.go_on(gate, format!("replica {}: {refusal}", self.to)),
        }
        Ok(None)
    }

    /// Whoever was asked is not, or has not, what is needed: the next one is asked.
    fn go_on(&mut self, gate: &Gate, why: String) {
        self.why = why;
        let place = gate.replicas.iter().position(|&(number, _)| number == self.to);
        let next = place.map_or(0, |place| (place + 1) % gate.replicas.len().max(1));
        self.to = gate.replicas.get(next).map_or(self.to, |&(number, _)| number);
    }

    /// The primary has begun. Is it done?
    async fn look(&mut self, gate: &Gate, told: &Told) -> Option<Answered> {
        self.has_begun = true;
        if told.members.contains(&self.number) != self.member {
            self.why = match &self.silent[..] {
                [] => "the replicas have not agreed yet".into(),
                silent => format!("{} did not answer; bring back who can be, and evict the others", named(silent)),
            };
            return None;
        }
        let own = ask(gate, self.number, Errand::Status).await;
        if self.member && own.told.as_ref().is_none_or(|told| told.status.fenced) {
            self.why = format!("replica {} is a member, and has not caught up yet", self.number);
            return None;
        }
        Some(own)
    }

    fn given_up(self) -> Problem {
        if self.has_begun { Problem::not_yet(&self.why) } else { Problem::not_changed(&self.why) }
    }
}

fn named(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(|number| format!("replica {number}")).collect();
    words.join(", ")
}

fn missing(gate: &Gate, peer: PeerId) -> String {
    match gate.number_of(peer) {
        Some(number) => format!("the primary does not hear of replica {number}; is it running?"),
        None => "the primary does not hear of a replica that it needs".into(),
    }
}

/// For fuzzing: reads a body.
pub(super) fn fuzz(body: &[u8]) {
    let _ = parsed::<NewMember>(body).is_ok();
}
