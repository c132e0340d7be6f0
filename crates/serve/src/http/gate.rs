//! From the handlers' tasks, which may run anywhere, to the desk, which stays on its thread.

use std::rc::Rc;

use rumormill_protocols::store::apps::Bundle;
use rumormill_protocols::store::apps::bundle::{Query as BundleQuery, Update as BundleUpdate};
use rumormill_protocols::store::{Errand, Op, Status};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::desk::{Answer, Desk, Manner, Waiter};

/// Calls that wait to be taken to the desk, at most; handlers wait when there are as many.
const MAX_QUEUED: usize = 4_096;

/// Something on its way to the desk.
enum Job {
    /// A call.
    Call { op: Box<Op<BundleUpdate, BundleQuery>>, manner: Box<Manner>, answer: oneshot::Sender<Answer<Bundle>> },
    /// An errand to a replica, by its number.
    Errand { replica: u32, errand: Errand, answer: oneshot::Sender<Option<Told>> },
}

/// How far a replica is, and the numbers of those that it names.
pub(super) struct Told {
    pub status: Status,
    /// Its lines in timestamps, by the replica's number: how many it holds, how many it has executed.
    pub lines: Vec<Line>,
    pub primary: Option<u32>,
}

/// A line of updates, as a replica knows it.
pub(super) struct Line {
    /// The number of the replica that gave out its numbers; none for the forced ones.
    pub replica: Option<u32>,
    pub incarnation: u32,
    pub held: u64,
    pub executed: u64,
}

/// The way to the desk.
#[derive(Clone)]
pub(super) struct Gate {
    jobs: mpsc::Sender<Job>,
    /// Numbers of the replicas: 1 to this.
    pub replicas: u32,
}

impl Gate {
    pub fn open(desk: Rc<Desk<Bundle>>, replicas: u32) -> Self {
        let (jobs, mut taken) = mpsc::channel::<Job>(MAX_QUEUED);
        spawn_local(async move {
            while let Some(job) = taken.recv().await {
                match job {
                    Job::Call { op, manner, answer } => {
                        let session = manner.session;
                        desk.ask(*op, *manner, Waiter::Once(answer));
                        // Each request is a session of its own: what it has seen travels in its token.
                        desk.close(session);
                    }
                    Job::Errand { replica, errand, answer } => {
                        let desk = Rc::clone(&desk);
                        spawn_local(async move {
                            let status = desk.manage(replica, errand).await;
                            let _ = answer.send(status.map(|status| told(&desk, status)));
                        });
                    }
                }
            }
        });
        Self { jobs, replicas }
    }

    /// Sends a replica on an errand; `None` when it does not answer.
    pub async fn manage(&self, replica: u32, errand: Errand) -> Option<Told> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Errand { replica, errand, answer }).await.ok()?;
        answered.await.ok()?
    }

    /// Makes a call; `None` when the front end has stopped.
    pub async fn ask(&self, op: Op<BundleUpdate, BundleQuery>, manner: Manner) -> Option<Answer<Bundle>> {
        let (answer, answered) = oneshot::channel();
        let (op, manner) = (Box::new(op), Box::new(manner));
        self.jobs.send(Job::Call { op, manner, answer }).await.ok()?;
        answered.await.ok()
    }
}

fn told(desk: &Desk<Bundle>, status: Status) -> Told {
    let (held, executed) = (&status.replica_timestamp, &status.value_timestamp);
    let lines = held.parts().map(|(slot, count)| Line {
        replica: desk.number_of(slot.replica),
        incarnation: slot.incarnation,
        held: count,
        executed: executed.get(slot),
    });
    Told { lines: lines.collect(), primary: status.primary.and_then(|peer| desk.number_of(peer)), status }
}
