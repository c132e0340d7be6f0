//! From the handlers' tasks, which may run anywhere, to the desk, which stays on its thread.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::PeerId;
use rumormill_protocols::store::apps::Bundle;
use rumormill_protocols::store::apps::bundle::{Query as BundleQuery, Update as BundleUpdate};
use rumormill_protocols::store::{Errand, Op, Refusal, Slot, Status};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::desk::{self, Answer, Desk, Manner, Waiter};

/// Calls that wait to be taken to the desk, at most; handlers wait when there are as many.
const MAX_QUEUED: usize = 4_096;

/// Something on its way to the desk.
enum Job {
    /// A call.
    Call { op: Box<Op<BundleUpdate, BundleQuery>>, manner: Box<Manner>, answer: oneshot::Sender<Answer<Bundle>> },
    /// An errand to a replica, by its number.
    Errand { replica: u32, errand: Errand, answer: oneshot::Sender<Option<Told>> },
}

/// What a replica said to an errand: how far it is, and the numbers of those that it names.
pub(super) struct Told {
    /// Was it done, or begun? Otherwise why not.
    pub result: Result<(), Refusal>,
    pub status: Status,
    /// Its lines in timestamps, by the replica's number: how many it holds, how many it has executed.
    pub lines: Vec<Line>,
    pub primary: Option<u32>,
    /// The members of the store, as it knows them.
    pub members: Vec<u32>,
}

/// A line of updates, as a replica knows it.
pub(super) struct Line {
    /// The number of the replica that gave out its numbers; none for the forced ones.
    pub replica: Option<u32>,
    pub is_forced: bool,
    pub incarnation: u32,
    pub held: u64,
    pub executed: u64,
}

/// The way to the desk.
#[derive(Clone)]
pub(super) struct Gate {
    jobs: mpsc::Sender<Job>,
    /// All replicas and spares: their numbers, in order, and who they are.
    pub replicas: Arc<[(u32, PeerId)]>,
    /// How long a change of the members may take.
    pub patience: Duration,
}

impl Gate {
    /// `replicas`: the numbers of all replicas and spares. `patience`: how long a change of the members may take.
    pub fn open(desk: Rc<Desk<Bundle>>, replicas: &[u32], patience: Duration) -> Self {
        let replicas = replicas.iter().filter_map(|&number| Some((number, desk.peer_of(number)?))).collect();
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
                            let said = desk.manage(replica, errand).await;
                            let _ = answer.send(said.map(|said| told(&desk, said)));
                        });
                    }
                }
            }
        });
        Self { jobs, replicas, patience }
    }

    /// Who the replica or spare of this number is.
    pub fn peer_of(&self, number: u32) -> Option<PeerId> {
        self.replicas.iter().find(|(other, _)| *other == number).map(|&(_, peer)| peer)
    }

    /// The number of a replica or spare.
    pub fn number_of(&self, peer: PeerId) -> Option<u32> {
        self.replicas.iter().find(|(_, other)| *other == peer).map(|&(number, _)| number)
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

fn told(desk: &Desk<Bundle>, desk::Told { result, status }: desk::Told) -> Told {
    let (held, executed) = (&status.replica_timestamp, &status.value_timestamp);
    let lines = held.parts().map(|(slot, count)| Line {
        replica: desk.number_of(slot.replica),
        is_forced: slot == Slot::FORCED,
        incarnation: slot.incarnation,
        held: count,
        executed: executed.get(slot),
    });
    let lines = lines.collect();
    let primary = status.primary.and_then(|peer| desk.number_of(peer));
    let members = status.members.iter().filter_map(|&peer| desk.number_of(peer)).collect();
    Told { result, lines, primary, members, status }
}
