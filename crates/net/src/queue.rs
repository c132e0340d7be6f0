//! A bounded queue between tasks of one thread: no atomics, and one wake-up for however much is put in.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::sync::Notify;

/// Both ends of a queue. Any number of tasks may put in; one takes out.
pub(crate) struct Queue<T>(Rc<Inner<T>>);

struct Inner<T> {
    things: RefCell<VecDeque<T>>,
    limit: usize,
    /// Who waits for something to take out.
    taker: RefCell<Option<Waker>>,
    /// Told when there is room again.
    room: Notify,
    full: Cell<bool>,
    closed: Cell<bool>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("length", &self.len()).field("limit", &self.0.limit).finish()
    }
}

impl<T> Queue<T> {
    /// A queue for `limit` things.
    pub fn new(limit: usize) -> Self {
        Self(Rc::new(Inner {
            things: RefCell::default(),
            limit,
            taker: RefCell::default(),
            room: Notify::new(),
            full: Cell::new(false),
            closed: Cell::new(false),
        }))
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.things.borrow().len()
    }

    /// Puts a thing in; gives it back when there is no room.
    pub fn try_put(&self, thing: T) -> Result<(), T> {
        let mut things = self.0.things.borrow_mut();
        if things.len() >= self.0.limit {
            return Err(thing);
        }
        things.push_back(thing);
        if things.len() == 1
            && let Some(taker) = self.0.taker.take()
        {
            taker.wake();
        }
        Ok(())
    }

    /// Puts a thing in when there is room; drops it when the queue is closed.
    pub async fn put(&self, mut thing: T) {
        while let Err(back) = self.try_put(thing) {
            if self.0.closed.get() {
                return;
            }
            thing = back;
            // Nothing else runs between the check and this, for all is on one thread.
            self.0.full.set(true);
            self.0.room.notified().await;
        }
    }

    /// Nobody takes anything out any more: who waits for room goes on.
    pub fn close(&self) {
        self.0.closed.set(true);
        self.0.room.notify_waiters();
    }

    /// Puts things back before all others, though there be no room: they were in it before.
    pub fn put_back(&self, back: VecDeque<T>) {
        let mut things = self.0.things.borrow_mut();
        let rest = std::mem::replace(&mut *things, back);
        things.extend(rest);
    }

    /// Takes the first thing out, if there is one.
    pub fn take(&self) -> Option<T> {
        let mut things = self.0.things.borrow_mut();
        let thing = things.pop_front();
        // Half empty, so that who fills it does so in one go, and not once for each that is taken out.
        if self.0.full.get() && things.len() <= self.0.limit / 2 {
            self.0.full.set(false);
            self.0.room.notify_waiters();
        }
        thing
    }

    /// Takes the first thing out, if `wanted` says so of it.
    pub fn take_if(&self, wanted: impl FnOnce(&T) -> bool) -> Option<T> {
        let wants = self.0.things.borrow().front().is_some_and(wanted);
        if wants { self.take() } else { None }
    }

    /// Waits until there is something to take out. Safe to cancel.
    pub async fn filled(&self) {
        poll_fn(|cx| {
            if !self.0.things.borrow().is_empty() {
                return Poll::Ready(());
            }
            match &mut *self.0.taker.borrow_mut() {
                Some(taker) => taker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            Poll::Pending
        })
        .await;
    }

    /// Takes the first thing out as soon as there is one. Safe to cancel.
    #[cfg(test)]
    pub async fn next(&self) -> T {
        loop {
            self.filled().await;
            if let Some(thing) = self.take() {
                return thing;
            }
        }
    }
}

/// Lets every other task of this thread that can go on do so first. Unlike tokio's own, it does not ask the
/// system for news.
pub(crate) async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::task::{LocalSet, spawn_local};
    use tokio::time::timeout;

    #[tokio::test]
    async fn things_come_out_in_order_and_the_bound_holds() {
        let queue = Queue::new(3);
        assert!((0..3).all(|number| queue.try_put(number).is_ok()));
        assert_eq!(queue.try_put(3), Err(3));
        assert_eq!((queue.take(), queue.take(), queue.len()), (Some(0), Some(1), 1));
        queue.put_back([7, 8, 9].into());
        assert_eq!(std::iter::from_fn(|| queue.take()).collect::<Vec<_>>(), [7, 8, 9, 2]);
        assert!(timeout(Duration::from_millis(20), queue.filled()).await.is_err());
    }

    #[tokio::test]
    async fn who_finds_no_room_waits_and_nothing_is_lost() {
        let queue = Queue::new(8);
        let both = async {
            for source in 0..2 {
                let queue = queue.clone();
                spawn_local(async move {
                    for number in 0..1_000 {
                        queue.put((source, number)).await;
                    }
                });
            }
            let mut seen = [0, 0];
            for _ in 0..2_000 {
                let (source, number) = timeout(Duration::from_secs(5), queue.next()).await.unwrap();
                assert!(queue.len() < 8);
                assert_eq!(seen[source], number);
                seen[source] += 1;
            }
        };
        LocalSet::new().run_until(both).await;
    }

    #[tokio::test]
    async fn nobody_waits_for_room_in_a_closed_queue() {
        let queue = Queue::new(1);
        queue.put('a').await;
        let both = async { tokio::join!(timeout(Duration::from_secs(5), queue.put('b')), async { queue.close() }) };
        assert!(both.await.0.is_ok());
        assert!(timeout(Duration::from_secs(5), queue.put('c')).await.is_ok());
        assert_eq!((queue.take(), queue.take()), (Some('a'), None));
    }
}
