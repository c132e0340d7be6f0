//! Keeping a replica on its disk, and bringing it back from there.

use rumormill_core::Context;
use std::time::Duration;

use super::council::Birth;
use super::disk::{self, CHECKPOINT_BYTES, Image, Life, Meta, Write};
use super::floors::Floors;
use super::log::Log;
use super::members::Members;
use super::recover::parts_of;
use super::{Replica, Timer};
use crate::store::{Ack, Application, Flaw, Slot, Store, Trail, numbers};

/// The state is written so often, if it has changed.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// How often records are written when answers do not wait for it ([`Ack::Memory`]).
pub(super) const FLUSH_EVERY: Duration = Duration::from_secs(1);

impl<A: Application> Replica<A> {
    /// Boots: as a founder, with what the disk holds, or with nothing, after the disk was lost.
    pub(super) fn boot(&mut self, cx: &mut Context<'_, Store<A>>) {
        let founders = numbers(cx, self.seat, cx.config.replicas);
        let was_let_go = cx.stored(disk::DISMISSED).is_some();
        let is_founder = founders.contains(&cx.me) && cx.now < cx.config.founding && !was_let_go;
        let mut birth = Birth::Again;
        self.council.cursor.replicas.members.clone_from(&founders);
        if founders.contains(&cx.me) && !was_let_go {
            self.members = Members::founders(cx.me, founders.clone());
        }
        self.line = Slot { replica: cx.me, incarnation: 0 };
        self.disk.checkpoint_at = cx.now;
        self.trail = Trail::read(cx.config.load.is_some(), []);
        match disk::read::<A>(cx).and_then(|image| image.map(|image| self.restore(cx, image)).transpose()) {
            Ok(Some(())) => {
                // What was not written in time is lost, and its numbers may be in use.
                if cx.config.ack == Ack::Memory {
                    self.begin_line(cx);
                    self.write_life(cx);
                }
            }
            // A store of one replica has nobody to ask. Flaw: it goes on as though it had never been there.
            Ok(None)
                if is_founder
                    || self.members.replicas.members == [cx.me]
                    || cx.config.flaw == Some(Flaw::ReusedIncarnation) =>
            {
                self.write_life(cx);
                cx.persist(disk::META, &disk::encode(&self.meta()));
                if is_founder || cx.config.flaw != Some(Flaw::ReusedIncarnation) {
                    birth = Birth::Founding(founders);
                }
            }
            Ok(None) => {
                self.start_over(cx);
                birth = Birth::Anew;
            }
            Err(why) => {
                cx.note(format_args!("the disk cannot be read: {why}"));
                self.start_over(cx);
                birth = Birth::Anew;
            }
        }
        if cx.config.ack == Ack::Memory {
            cx.set_timer(FLUSH_EVERY, crate::store::Timer::Replica(Timer::Flush));
        }
        self.boot_council(cx, birth);
    }

    /// The disk is lost. Nothing is written before there is a state: a reboot begins here again.
    pub(super) fn start_over(&mut self, cx: &mut Context<'_, Store<A>>) {
        disk::wipe(cx);
        disk::wipe_council(cx);
        *self = Self {
            seat: self.seat,
            members: std::mem::take(&mut self.members),
            trail: Trail::read(cx.config.load.is_some(), []),
            ..Self::new(cx.config, self.seat)
        };
        self.council.cursor.replicas.members = numbers(cx, self.seat, cx.config.replicas);
        self.begin_line(cx);
        self.recover(cx);
    }

    /// Takes what the disk holds.
    fn restore(&mut self, cx: &mut Context<'_, Store<A>>, mut image: Image<A>) -> Result<(), &'static str> {
        self.disk = image.disk();
        let Image { meta, life, floor, parts, rows, trail, records, .. } = image;
        self.trail = Trail::read(cx.config.load.is_some(), trail.iter().map(Vec::as_slice));
        for (key, part) in parts {
            self.value.restore(&key, &part).map_err(|_| "a part of the state is malformed")?;
        }
        for (id, row) in rows {
            self.calls.restore(id, &row)?;
        }
        self.line.incarnation = life.incarnation;
        if life.fenced {
            self.stay_fenced();
        }
        self.council.cursor = meta.cursor;
        self.adopt_members(cx, self.council.cursor.replicas.clone());
        meta.ended.into_iter().for_each(|ended| self.members.ended.learn(ended));
        self.floors = Floors::restored(floor, meta.settled);
        self.heard = meta.heard;
        self.log = Log::after(meta.collected);
        (self.value_timestamp, self.adopted) = (meta.value.clone(), meta.value);
        for (record, batch, bytes) in records {
            if self.enter(cx, record, batch, bytes).is_ok() {
                self.disk.kept(batch);
            }
        }
        self.answer_ready(cx);
        Ok(())
    }

    /// Writes what calls and gossip brought, before anybody hears that it is held.
    pub(super) fn write(&mut self, cx: &mut Context<'_, Store<A>>) {
        if cx.config.ack != Ack::Memory {
            self.disk.write(cx);
        }
    }

    /// Time to write what nobody waits for.
    pub(super) fn flush(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.disk.write(cx);
        cx.set_timer(FLUSH_EVERY, crate::store::Timer::Replica(Timer::Flush));
    }

    /// Writes the state, when there is reason to.
    pub(super) fn checkpoint(&mut self, cx: &mut Context<'_, Store<A>>) {
        if self.is_empty_handed() {
            return;
        }
        let has_changed =
            !self.changed.is_empty() || self.calls.has_changed() || self.disk.has_spent() || self.has_much_to_compact();
        let is_time = cx.now.since(self.disk.checkpoint_at) >= CHECKPOINT_EVERY && has_changed;
        if !is_time && self.disk.bytes < CHECKPOINT_BYTES {
            return;
        }
        let value = &self.value;
        let parts: Vec<Write> = self.changed.take().into_iter().map(|key| (key.clone(), value.part(&key))).collect();
        let (rows, meta) = (self.calls.take_changed(), self.meta());
        self.disk.checkpoint(cx, &meta, parts, rows, self.trail.unwritten());
        self.compact_council(cx);
    }

    /// Writes all of the state in place of what is there.
    pub(super) fn write_all(&mut self, cx: &mut Context<'_, Store<A>>) {
        cx.forget(disk::DISMISSED);
        self.changed.take();
        let (parts, rows, meta) = (parts_of(&self.value), self.calls.take_changed(), self.meta());
        self.disk.replace(cx, (&meta, self.life(), self.floors.own()), parts, rows, self.trail.whole());
    }

    /// Writes which life this is.
    pub(super) fn write_life(&self, cx: &mut Context<'_, Store<A>>) {
        cx.persist(disk::LIFE, &disk::encode(&self.life()));
    }

    fn life(&self) -> Life {
        Life { incarnation: self.line.incarnation, fenced: self.is_fenced() }
    }

    /// What the state is of. Only together with the state itself.
    fn meta(&self) -> Meta {
        Meta {
            value: self.value_timestamp.clone(),
            collected: self.log.collected().clone(),
            heard: self.heard,
            settled: self.floors.store(),
            cursor: self.council.cursor.clone(),
            ended: self.members.ended.iter().collect(),
        }
    }
}
