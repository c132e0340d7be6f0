//! From the handlers' tasks, which may run anywhere, to the desk, which stays on its thread.

use std::rc::Rc;

use rumormill_protocols::store::Op;
use rumormill_protocols::store::apps::Bundle;
use rumormill_protocols::store::apps::bundle::{Query as BundleQuery, Update as BundleUpdate};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::desk::{Answer, Desk, Manner, Waiter};

/// Calls that wait to be taken to the desk, at most; handlers wait when there are as many.
const MAX_QUEUED: usize = 4_096;

/// A call on its way to the desk.
struct Job {
    op: Op<BundleUpdate, BundleQuery>,
    manner: Manner,
    answer: oneshot::Sender<Answer<Bundle>>,
}

/// The way to the desk.
#[derive(Clone)]
pub(super) struct Gate(mpsc::Sender<Job>);

impl Gate {
    pub fn open(desk: Rc<Desk<Bundle>>) -> Self {
        let (sender, mut jobs) = mpsc::channel::<Job>(MAX_QUEUED);
        spawn_local(async move {
            while let Some(Job { op, manner, answer }) = jobs.recv().await {
                let session = manner.session;
                desk.ask(op, manner, Waiter::Once(answer));
                // Each request is a session of its own: what it has seen travels in its token.
                desk.close(session);
            }
        });
        Self(sender)
    }

    /// Makes a call; `None` when the front end has stopped.
    pub async fn ask(&self, op: Op<BundleUpdate, BundleQuery>, manner: Manner) -> Option<Answer<Bundle>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Job { op, manner, answer }).await.ok()?;
        answered.await.ok()
    }
}
