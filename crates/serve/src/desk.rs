//! Where clients' calls wait for their answers: hands them to the front end in batches, and answers out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use rumormill_core::PeerId;
use rumormill_net::NodeHandle;
use rumormill_protocols::store::{
    Answered, Application, Ask, Errand, Failure, Indication, Op, Order, Refusal, Request, SessionId, Slot, Status,
    Store, Token,
};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// Calls that wait for answers at one front end, at most; more fail at once.
pub(crate) const MAX_WAITING: usize = 1 << 16;

/// Calls in one request to the front end, at most.
const MAX_BATCH: usize = 4_096;

/// Errands to replicas that are under way, at most; the oldest is given up for a further one.
const MAX_ERRANDS: usize = 1_024;

/// How long a replica may take for an errand.
const ERRAND_PATIENCE: Duration = Duration::from_secs(2);

/// How a call is made, apart from what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub session: SessionId,
    /// What the client has seen elsewhere.
    pub seen: Token,
    pub order: Order,
    /// Must the answer of an update say what it returned?
    pub wait: bool,
    pub patience: Duration,
}

/// An answer: what a session has seen now, and what the operation returned.
pub(crate) struct Answer<A: Application> {
    pub token: Token,
    pub result: Result<Option<A::Answer>, Failure>,
}

/// What a replica said to an errand.
pub(crate) struct Told {
    /// Was it done, or begun? Otherwise why not.
    pub result: Result<(), Refusal>,
    /// How far it is.
    pub status: Status,
}

/// Whoever waits for an answer.
pub(crate) enum Waiter<A: Application> {
    /// A connection on which answers go out in the order of the calls: which of its calls it is.
    Line(Rc<dyn Line<A>>, u64),
    /// Somebody who waits for this one.
    Once(oneshot::Sender<Answer<A>>),
}

/// A connection with calls under way.
pub(crate) trait Line<A: Application> {
    /// The answer to its call of this number.
    fn answered(&self, number: u64, answer: Answer<A>);
}

/// Where clients' calls wait for their answers.
pub(crate) struct Desk<A: Application> {
    node: NodeHandle<Store<A>>,
    waiting: RefCell<Vec<Option<Waiter<A>>>>,
    free: RefCell<Vec<usize>>,
    asked: RefCell<Vec<Ask<A>>>,
    /// Sessions that are over with what was asked.
    closed: RefCell<Vec<SessionId>>,
    /// Errands to replicas that are under way, by their tickets.
    errands: RefCell<BTreeMap<u64, oneshot::Sender<Told>>>,
    errand: Cell<u64>,
    /// Told when something was asked.
    news: Notify,
}

impl<A: Application> Desk<A> {
    pub fn new(node: NodeHandle<Store<A>>) -> Self {
        Self {
            node,
            waiting: RefCell::default(),
            free: RefCell::default(),
            asked: RefCell::default(),
            closed: RefCell::default(),
            errands: RefCell::default(),
            errand: Cell::new(0),
            news: Notify::new(),
        }
    }

    /// Makes a call; `waiter` hears of its end, whatever that is.
    pub fn ask(&self, op: Op<A::Update, A::Query>, manner: Manner, waiter: Waiter<A>) {
        let Manner { session, seen, order, wait, patience } = manner;
        let Some(place) = self.seat(waiter) else { return };
        self.asked.borrow_mut().push(Ask { ticket: place as u64, session, seen, order, wait, op, patience });
        self.news.notify_one();
    }

    /// The session is over: nobody will call in its name.
    pub fn close(&self, session: SessionId) {
        let mut closed = self.closed.borrow_mut();
        // A front end that is not told forgets sessions by itself, when it has too many.
        if closed.len() < MAX_WAITING {
            closed.push(session);
            self.news.notify_one();
        }
    }

    /// Calls that wait for answers now.
    pub fn waiting(&self) -> usize {
        self.waiting.borrow().len() - self.free.borrow().len()
    }

    /// Sends a replica on an errand, by its number; `None` when it does not answer, or there is none.
    pub async fn manage(&self, replica: u32, errand: Errand) -> Option<Told> {
        let replica = self.node.id_of(replica)?;
        let ticket = self.errand.replace(self.errand.get() + 1);
        let (answer, answered) = oneshot::channel();
        // Tickets grow: the first is the oldest, and whoever waits for that has waited longest.
        if self.errands.borrow().len() >= MAX_ERRANDS {
            self.errands.borrow_mut().pop_first();
        }
        self.errands.borrow_mut().insert(ticket, answer);
        self.node.request(Request::Manage { ticket, replica, errand }).await.ok()?;
        let told = timeout(ERRAND_PATIENCE, answered).await;
        self.errands.borrow_mut().remove(&ticket);
        told.ok()?.ok()
    }

    /// The peer of a number.
    pub fn peer_of(&self, number: u32) -> Option<PeerId> {
        self.node.id_of(number)
    }

    /// The number of a peer.
    pub fn number_of(&self, peer: PeerId) -> Option<u32> {
        self.node.number_of(peer)
    }

    /// A place for a waiter; none when there are too many, which it is told.
    fn seat(&self, waiter: Waiter<A>) -> Option<usize> {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(place) = self.free.borrow_mut().pop() {
            waiting[place] = Some(waiter);
            return Some(place);
        }
        if waiting.len() < MAX_WAITING {
            waiting.push(Some(waiter));
            return Some(waiting.len() - 1);
        }
        drop(waiting);
        waiter.tell(Answer { token: Token::default(), result: Err(Failure::Full) });
        None
    }

    /// Hands calls to the front end, until that has stopped. All that connections asked while it was another's
    /// turn go together.
    pub async fn hand_in(&self) {
        loop {
            self.news.notified().await;
            loop {
                let (batch, closed) = self.next();
                if batch.is_empty() && closed.is_empty() {
                    break;
                }
                let calls = (!batch.is_empty()).then_some(Request::Calls(batch));
                for request in calls.into_iter().chain(closed.into_iter().map(Request::Close)) {
                    if self.node.request(request).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The next calls, and the sessions that are over with them: a session that ended before its calls came would
    /// begin anew with them, and stay.
    fn next(&self) -> (Vec<Ask<A>>, Vec<SessionId>) {
        let mut asked = self.asked.borrow_mut();
        let count = asked.len().min(MAX_BATCH);
        let batch = asked.drain(..count).collect();
        (batch, if asked.is_empty() { self.closed.take() } else { Vec::new() })
    }

    /// Hands out what the front end answered; anything else that it reports comes back.
    pub fn hand_out(&self, indication: Indication<A>) -> Option<Indication<A>> {
        let answers = match indication {
            Indication::Answers(answers) => answers,
            Indication::Told { ticket, result, status } => {
                if let Some(answer) = self.errands.borrow_mut().remove(&ticket) {
                    let _ = answer.send(Told { result, status: *status });
                }
                return None;
            }
            other => return Some(other),
        };
        for Answered { ticket, token, result, .. } in answers {
            let place = usize::try_from(ticket).ok();
            let waiter = place.and_then(|place| self.waiting.borrow_mut().get_mut(place)?.take());
            if let (Some(place), Some(waiter)) = (place, waiter) {
                self.free.borrow_mut().push(place);
                waiter.tell(Answer { token, result: result.map_err(|failure| self.by_number(failure)) });
            }
        }
        None
    }

    /// A failure that names replicas by their numbers rather than by their ids: as people know them.
    fn by_number(&self, failure: Failure) -> Failure {
        let number = |peer| self.number_of(peer).map_or(peer, |number| PeerId(number.into()));
        match failure {
            Failure::Refused(Refusal::Missing(peer)) => Failure::Refused(Refusal::Missing(number(peer))),
            Failure::Silent(peer) => Failure::Silent(number(peer)),
            Failure::Refused(Refusal::Lost(slot, upto)) if slot != Slot::FORCED => {
                let slot = Slot { replica: number(slot.replica), ..slot };
                Failure::Refused(Refusal::Lost(slot, upto))
            }
            other => other,
        }
    }
}

impl<A: Application> Waiter<A> {
    fn tell(self, answer: Answer<A>) {
        match self {
            Self::Line(line, number) => line.answered(number, answer),
            // Who no longer waits does not mind.
            Self::Once(sender) => drop(sender.send(answer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rumormill_net::{Identity, Node};
    use rumormill_protocols::store::apps::Bundle;
    use rumormill_protocols::store::apps::{bundle, kv};
    use tokio::task::{LocalSet, spawn_local};

    use super::*;
    use crate::cluster::{Cluster, Place, Settings};
    use crate::replica::settings;

    /// A cluster whose replica does not run.
    fn cluster(folder: &std::path::Path) -> Cluster {
        let place = |number: u32, address| {
            let own = folder.join(number.to_string());
            std::fs::create_dir(&own).unwrap();
            let key = Identity::load_or_create(&own).unwrap().key();
            Place { number, key, address, folder: number.to_string().into(), http: None, redis: None }
        };
        let (nobody, any) = (([127, 0, 0, 1], 9).into(), ([127, 0, 0, 1], 0).into());
        let (replicas, front_ends) = (vec![place(1, nobody)], vec![place(2, any)]);
        Cluster { replicas, front_ends, spares: Vec::new(), settings: Settings::default(), founded: true }
    }

    #[tokio::test]
    async fn a_session_that_ends_with_its_only_call_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let cluster = cluster(folder.path());
        let scenario = async {
            let settings = settings(&cluster, folder.path(), &cluster.front_ends[0]);
            let (node, mut indications) = Node::<Store<Bundle>>::start(settings, cluster.config(false)).await.unwrap();
            let desk = Rc::new(Desk::new(node.clone()));
            let hands_in = Rc::clone(&desk);
            let hands_in = spawn_local(async move { hands_in.hand_in().await });
            let op = Op::Query(bundle::Query::Kv(kv::Query::Size));
            let patience = Duration::from_millis(20);
            let (session, seen, order) = (SessionId(7), Token::default(), Order::Causal);
            let (answer, mut answered) = oneshot::channel();
            desk.ask(op, Manner { session, seen, order, wait: true, patience }, Waiter::Once(answer));
            desk.close(session);
            while answered.try_recv().is_err() {
                desk.hand_out(indications.recv().await.unwrap());
            }
            node.request(Request::Status).await.unwrap();
            let status = loop {
                if let Some(Indication::Status(status)) = desk.hand_out(indications.recv().await.unwrap()) {
                    break status;
                }
            };
            assert_eq!((status.calls, status.waiting, desk.waiting()), (0, 0, 0));
            node.stop().await.unwrap();
            hands_in.abort();
        };
        LocalSet::new().run_until(scenario).await;
    }
}
