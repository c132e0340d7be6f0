//! What a member hears of others and of itself, and passes on.

use rumormill_core::PeerId;

use super::health::Sign;
use super::suspicion::Suspicion;
use super::{Body, Cx, Indication, Membership, Rumor, Stage, Standing, Status, Timer};

/// Members that are told what was said of them, for each part of a state, at most. Those who refuted it need it no more,
/// so the next have their turn with the next exchange.
const TOLD_MAX: usize = 64;

impl Membership {
    /// News for a message. What is held of the receiver itself goes first when it must hear it: that it failed, or in
    /// the buddy system that it is suspected. Then it can refute it.
    pub(super) fn piggyback(&mut self, cx: Cx<'_, '_>, to: PeerId) -> Vec<Rumor> {
        let (count, times) = (cx.config.piggyback, cx.config.times(self.group()));
        let urgent = self.rumor_of(to).filter(|rumor| match rumor.standing.status {
            Status::Alive => false,
            Status::Suspect => cx.config.lifeguard.buddy,
            Status::Failed | Status::Left => true,
        });
        let rest = self.rumors.take(count - usize::from(urgent.is_some()), times);
        let rest = rest.into_iter().filter(|rumor| urgent.is_none() || rumor.peer != to);
        urgent.into_iter().chain(rest).collect()
    }

    /// What this member holds of a peer.
    pub(super) fn rumor_of(&self, peer: PeerId) -> Option<Rumor> {
        let standing = self.table.get(peer)?;
        let by = self.suspicions.get(&peer).and_then(Suspicion::first);
        Some(Rumor { peer, standing, by })
    }

    /// Hears news from a peer.
    pub(super) fn hear(&mut self, cx: Cx<'_, '_>, from: PeerId, rumor: Rumor) {
        if rumor.peer == cx.me {
            return self.defend(cx, from, rumor.standing);
        }
        let by = rumor.by.unwrap_or(from);
        let known = self.table.get(rumor.peer);
        if known == Some(rumor.standing) && rumor.standing.status == Status::Suspect {
            return self.confirm(cx, rumor, by);
        }
        if known.is_none_or(|known| known.merge(rumor.standing) != known) {
            self.learn(cx, rumor, known, by);
        }
    }

    /// Hears a part of all that a peer knows. It may be old, or from the other half of a split group: who failed is not
    /// news when it was never known here, and one who is a member here is told what is said of it, so that it can
    /// refute it. Should it really have failed, it does not answer here either.
    pub(super) fn hear_of_state(&mut self, cx: Cx<'_, '_>, from: PeerId, page: Vec<Rumor>) {
        let mut told = 0;
        for rumor in page {
            match (rumor.standing.status, self.table.get(rumor.peer)) {
                (Status::Failed | Status::Left, None) if rumor.peer != cx.me => {}
                (Status::Failed, Some(known)) if known.status.is_live() => {
                    if known < rumor.standing && told < TOLD_MAX {
                        told += 1;
                        self.send_with(cx, rumor.peer, Body::Gossip, vec![rumor]);
                    }
                }
                _ => self.hear(cx, from, rumor),
            }
            // What the others tell a newcomer is no news to them, but what one tells of itself may be.
            if cx.now < self.fresh_until && rumor.peer != from && rumor.peer != cx.me {
                self.rumors.drop(rumor);
            }
        }
    }

    /// Takes in something that is newer than what it holds.
    fn learn(&mut self, cx: Cx<'_, '_>, rumor: Rumor, known: Option<Standing>, by: PeerId) {
        let Rumor { peer, standing, .. } = rumor;
        if !self.table.set(cx.now, peer, standing, cx.config.members_max) {
            return;
        }
        let was_live = known.is_some_and(|known| known.status.is_live());
        let was_suspect = self.suspicions.remove(&peer).is_some();
        if standing.status.is_live() && !was_live {
            self.order.insert(&mut cx.rng, peer);
            cx.indicate(Indication::Joined { peer });
        }
        if !standing.status.is_live() && was_live {
            self.order.remove(peer);
            self.heartbeats.forget(peer);
        }
        match standing.status {
            Status::Alive if was_suspect => cx.indicate(Indication::Alive { peer }),
            Status::Suspect => {
                self.suspect(cx, peer, standing.incarnation, by);
                if !was_suspect {
                    cx.indicate(Indication::Suspected { peer });
                }
            }
            Status::Failed if was_live => cx.indicate(Indication::Failed { peer }),
            Status::Left if was_live => cx.indicate(Indication::Left { peer }),
            _ => {}
        }
        self.rumors.put(if standing.status == Status::Suspect { Rumor { by: Some(by), ..rumor } } else { rumor });
    }

    /// Gives a member time to refute a suspicion.
    fn suspect(&mut self, cx: Cx<'_, '_>, peer: PeerId, incarnation: u32, by: PeerId) {
        let time = cx.config.suspicion_time(self.group());
        let suspicion = Suspicion::new(cx.now, incarnation, by, time);
        cx.set_timer(suspicion.deadline() - cx.now, Timer::Suspicion { peer, incarnation });
        self.suspicions.insert(peer, suspicion);
    }

    /// Somebody else suspects it too: less time, and others shall hear of it.
    fn confirm(&mut self, cx: Cx<'_, '_>, rumor: Rumor, by: PeerId) {
        let Some(suspicion) = self.suspicions.get_mut(&rumor.peer) else { return };
        if suspicion.confirm(by) {
            let timer = Timer::Suspicion { peer: rumor.peer, incarnation: suspicion.incarnation };
            cx.set_timer(suspicion.deadline() - cx.now, timer);
            self.rumors.put(Rumor { by: Some(by), ..rumor });
        }
    }

    /// A suspicion may have had its time; a clock that was set back gives it more.
    pub(super) fn suspicion_over(&mut self, cx: Cx<'_, '_>, peer: PeerId, incarnation: u32) {
        let Some(suspicion) = self.suspicions.get(&peer).filter(|suspicion| suspicion.incarnation == incarnation)
        else {
            return;
        };
        if suspicion.deadline() > cx.now {
            return cx.set_timer(suspicion.deadline() - cx.now, Timer::Suspicion { peer, incarnation });
        }
        self.hear(cx, cx.me, Rumor::new(peer, Standing { incarnation, status: Status::Failed }));
    }

    /// This member itself had no sign of life from another one.
    pub(super) fn accuse(&mut self, cx: Cx<'_, '_>, peer: PeerId) {
        let Some(Standing { incarnation, status }) = self.table.get(peer) else { return };
        if !status.is_live() {
            return;
        }
        let rumor = match cx.config.suspicion {
            true => Rumor::suspect(peer, incarnation, cx.me),
            false => Rumor::new(peer, Standing { incarnation, status: Status::Failed }),
        };
        self.hear(cx, cx.me, rumor);
    }

    /// Hears something about this member itself: says otherwise with a higher incarnation, unless it is so.
    fn defend(&mut self, cx: Cx<'_, '_>, from: PeerId, said: Standing) {
        if said <= Standing::alive(self.incarnation) {
            return;
        }
        // A higher incarnation that it knows nothing of is one that it had before it lost its disk.
        let Some(next) = said.incarnation.checked_add(1) else {
            return cx.indicate(Indication::Misbehaved { peer: from, why: "an incarnation after which there is none" });
        };
        if self.stage == Stage::Inside && said.status != Status::Alive {
            self.health.note(Sign::Refuted);
        }
        cx.note(format_args!("I am no. {next}, not {said}"));
        self.incarnation = next;
        self.save_incarnation(cx);
        self.rumors.put(Rumor::new(cx.me, Standing::alive(next)));
    }
}
