//! Links between peers of one process, over real sockets.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::{Link, PeerId};
use tokio::sync::Semaphore;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::{Goodbye, Input, Links, MAX_INBOX, MAX_QUEUED, Outgoing, Setup};
use crate::book::{AddressBook, Origin};
use crate::clock::{RunClock, monotonic_ns};
use crate::frame::{Hello, encode_message, protocol_id};
use crate::members::{Members, Trust};
use crate::queue::Queue;
use crate::scribe::{Outbox, Scribe};
use crate::tls::server_name;
use crate::{Identity, PeerRecord};

const BODY_LIMIT: usize = 1_000;

/// One peer with links and nothing else.
struct Side {
    identity: Identity,
    links: Links,
    book: AddressBook,
    inputs: Queue<Input>,
    outbox: Rc<RefCell<Outbox>>,
}

fn identity(seed: u8) -> Identity {
    Identity::from_seed(&[seed; 32])
}

/// Whom the peers of these tests trust: 1 to 4; the tracker is 9.
fn trust() -> (Trust, Arc<Members>) {
    let members = Arc::new(Members::new((1..=4).map(|seed| identity(seed).key()).collect()));
    (Trust::Members { members: Arc::clone(&members), tracker: Some(identity(9).key()) }, members)
}

fn side_with(seed: u8, boot: u64, trust: Trust) -> Side {
    let (identity, members) = (identity(seed), self::trust().1);
    let outbox = Rc::new(RefCell::new(Outbox::new(false, "test")));
    let book = AddressBook::default();
    let inputs = Queue::new(MAX_INBOX);
    let links = Links::bind(Setup {
        identity: identity.clone(),
        trust,
        book: book.clone(),
        hello: Hello { protocol: protocol_id("test"), boot },
        body_limit: BODY_LIMIT,
        listen: ([127, 0, 0, 1], 0).into(),
        inbox: inputs.clone(),
        scribe: Scribe::new(Rc::clone(&outbox), members, seed.into(), 0),
        dials: Arc::new(Semaphore::new(4)),
    })
    .unwrap();
    links.open(RunClock::new(monotonic_ns()));
    Side { identity, links, book, inputs, outbox }
}

fn side(seed: u8) -> Side {
    side_with(seed, 1, trust().0)
}

impl Side {
    fn id(&self) -> PeerId {
        self.identity.id()
    }

    fn record(&self, sequence: u64) -> PeerRecord {
        PeerRecord::new(&self.identity, sequence, &[self.links.address().unwrap()])
    }

    fn knows(&self, other: &Side) {
        assert!(self.book.learn(other.record(1), Origin::Tracker));
    }

    fn send(&self, to: &Side, body: &[u8]) {
        let frame = self.links.frame(to.id(), None, &[], body);
        self.links.send(Outgoing {
            to: to.id(),
            frame,
            may_be_lost: false,
            sent: None,
            name: "test",
            bytes: body.len(),
            at: self.links.0.clock.borrow().now(),
        });
    }

    /// The next message, without hints.
    async fn message(&mut self) -> Option<(PeerId, Vec<u8>)> {
        loop {
            match timeout(Duration::from_secs(3), self.inputs.next()).await.ok()? {
                Input::Message { from, body, .. } => return Some((from, body.to_vec())),
                Input::Link { .. } => {}
            }
        }
    }

    /// (dropped, bad frames)
    fn counts(&self) -> (u64, u64) {
        let mut outbox = self.outbox.borrow_mut();
        outbox.take_statuses().map_or((0, 0), |all| (all[0].counts.dropped, all[0].counts.bad_frames))
    }

    /// Dials another side by hand, with this side's key.
    async fn dial(&self, name: &str, to: &Side) -> Result<quinn::Connection, quinn::ConnectionError> {
        let (endpoint, transport) = self.links.endpoint();
        endpoint.connect_with(transport.client.clone(), to.links.address().unwrap(), name).unwrap().await
    }
}

/// Dials by hand, says hello and then `bytes`; returns how the other side ends the connection.
async fn say(from: &Side, to: &Side, protocol: &str, bytes: &[u8]) -> quinn::ConnectionError {
    let connection = from.dial(&server_name(&to.identity.key()), to).await.unwrap();
    let mut stream = connection.open_uni().await.unwrap();
    stream.write_all(&Hello { protocol: protocol_id(protocol), boot: 1 }.encode()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    timeout(Duration::from_secs(3), connection.closed()).await.unwrap()
}

fn code(error: &quinn::ConnectionError) -> u64 {
    match error {
        quinn::ConnectionError::ApplicationClosed(closed) => closed.error_code.into_inner(),
        other => panic!("not closed by the other side's links: {other}"),
    }
}

/// Runs a test whose tasks stay on one thread.
fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn messages_arrive_in_order_and_both_ways() {
    local(async {
        let (mut one, mut two) = (side(1), side(2));
        one.knows(&two);
        for number in 0..100 {
            one.send(&two, &[number]);
        }
        for number in 0..100 {
            assert_eq!(two.message().await, Some((one.id(), vec![number])));
        }
        // The way back needs no record: the connection is there.
        two.send(&one, b"back");
        assert_eq!(one.message().await, Some((two.id(), b"back".to_vec())));
    });
}

#[test]
fn two_that_dial_at_once_end_with_one_connection_and_lose_nothing() {
    local(async {
        let (mut one, mut two) = (side(1), side(2));
        one.knows(&two);
        two.knows(&one);
        for number in 0..50 {
            one.send(&two, &[number]);
            two.send(&one, &[number]);
        }
        let (mut at_one, mut at_two) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            at_one.extend(one.message().await.unwrap().1);
            at_two.extend(two.message().await.unwrap().1);
        }
        at_one.sort_unstable();
        at_two.sort_unstable();
        assert!(at_one.iter().copied().eq(0..50) && at_two.iter().copied().eq(0..50));
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(one.links.endpoint().0.open_connections(), 1);
        assert_eq!(two.links.endpoint().0.open_connections(), 1);
        assert_eq!((one.counts(), two.counts()), ((0, 0), (0, 0)));
    });
}

#[test]
fn who_does_not_have_the_wanted_key_is_not_talked_to() {
    local(async {
        let (one, two, three) = (side(1), side(2), side(3));
        // The address of 3 under the name of 2, by hand and by a forged record, which does not even verify.
        let error = one.dial(&server_name(&two.identity.key()), &three).await.unwrap_err();
        assert!(matches!(error, quinn::ConnectionError::TransportError(_)), "{error}");
        let misled = PeerRecord::new(&two.identity, 1, &[three.links.address().unwrap()]);
        one.book.learn(misled, Origin::Peer);
        one.send(&two, b"for two only");
        sleep(Duration::from_millis(500)).await;
        assert!(three.inputs.take().is_none(), "3 got what was for 2");
    });
}

#[test]
fn strangers_are_refused_in_the_handshake() {
    local(async {
        let (one, stranger) = (side(1), side_with(7, 1, Trust::Anyone));
        // In TLS 1.3 the dialler is done before the acceptor has seen its key; the refusal comes at once after.
        let refused = async {
            let connection = stranger.dial(&server_name(&one.identity.key()), &one).await?;
            Err::<(), _>(connection.closed().await)
        };
        let error = timeout(Duration::from_secs(3), refused).await.unwrap().unwrap_err();
        assert!(matches!(error, quinn::ConnectionError::ConnectionClosed(_)), "{error}");
        stranger.knows(&one);
        stranger.send(&one, b"let me in");
        sleep(Duration::from_millis(500)).await;
        assert!(one.inputs.take().is_none(), "a stranger's message was taken");
    });
}

#[test]
fn bytes_that_are_no_frame_end_the_connection_and_are_counted() {
    local(async {
        let (one, two) = (side(1), side(2));
        let too_long = 0x7fff_ffff_u32.to_be_bytes();
        let long_body = encode_message(None, [], &[0; BODY_LIMIT + 1]);
        let mut old_version = encode_message(None, [], b"x");
        old_version[4] = 0;
        for (count, bytes) in (1..).zip([&too_long[..], &long_body, &old_version]) {
            assert_eq!(code(&say(&one, &two, "test", bytes).await), Goodbye::Misbehaved as u64);
            assert_eq!(two.counts(), (0, count));
        }
        assert_eq!(code(&say(&one, &two, "another", b"").await), Goodbye::OtherProtocol as u64);
    });
}

#[test]
fn a_slow_reader_slows_the_sender_and_then_the_newest_are_dropped() {
    local(async {
        let (one, mut two) = (side(1), side(2));
        one.knows(&two);
        let body = |number: u32| [&number.to_be_bytes()[..], &[0; 900]].concat();
        one.send(&two, &body(0));
        sleep(Duration::from_millis(300)).await;
        let total = (MAX_INBOX + 2 * MAX_QUEUED) as u32;
        for number in 1..total {
            one.send(&two, &body(number));
            // Lets the writer fill the window without emptying the queue of a reader that does not read.
            if number.is_multiple_of(256) {
                sleep(Duration::from_millis(20)).await;
            }
        }
        let mut arrived = Vec::new();
        while arrived.len() < total as usize {
            let Some((_, body)) = two.message().await else { break };
            arrived.push(u32::from_be_bytes(body[..4].try_into().unwrap()));
        }
        let (dropped, _) = one.counts();
        assert!(dropped > 0, "nothing was dropped: the queue has no bound");
        assert_eq!(arrived.len() as u64 + dropped, total.into(), "some vanished without a count");
        assert!(arrived.is_sorted(), "out of order");
        assert_eq!(arrived[..MAX_INBOX], (0..MAX_INBOX as u32).collect::<Vec<_>>());
    });
}

#[test]
fn a_peer_that_reboots_is_found_at_its_new_address() {
    local(async {
        let (one, mut two) = (side(1), side(2));
        one.knows(&two);
        one.send(&two, b"first");
        assert!(two.message().await.is_some());
        let mut again = side_with(2, 2, trust().0);
        assert!(one.book.learn(again.record(2), Origin::Tracker));
        one.send(&again, b"second");
        assert_eq!(again.message().await, Some((one.id(), b"second".to_vec())));
        while let Some(input) = two.inputs.take() {
            assert!(matches!(input, Input::Link { .. }), "the life before got {input:?}");
        }
    });
}

#[test]
fn records_of_mentioned_peers_go_along_once() {
    local(async {
        let (one, mut two, mut three) = (side(1), side(2), side(3));
        one.knows(&two);
        one.book.learn(three.record(1), Origin::Peer);
        one.send(&two, b"hello");
        two.message().await.unwrap();
        assert!(two.book.record(three.id()).is_none());
        let lengths: Vec<usize> = (0..2)
            .map(|_| {
                let frame = one.links.frame(two.id(), None, &[three.id(), two.id()], b"see 3");
                let length = frame.len();
                let (to, at) = (two.id(), one.links.0.clock.borrow().now());
                one.links.send(Outgoing { to, frame, may_be_lost: false, sent: None, name: "", bytes: 5, at });
                length
            })
            .collect();
        two.message().await.unwrap();
        assert!(lengths[0] > lengths[1] + 100, "the record went along twice: {lengths:?}");
        two.send(&three, b"found you");
        assert_eq!(three.message().await, Some((two.id(), b"found you".to_vec())));
    });
}

#[test]
fn links_hint_when_they_come_up_and_break() {
    local(async {
        let (one, two) = (side(1), side(2));
        one.knows(&two);
        one.send(&two, b"hello");
        let mut hints = Vec::new();
        for _ in 0..2 {
            if let Input::Link { peer, link } = two.inputs.next().await {
                hints.push((peer, link));
            }
        }
        one.links.close();
        while let Ok(input) = timeout(Duration::from_secs(1), two.inputs.next()).await {
            if let Input::Link { peer, link } = input {
                hints.push((peer, link));
            }
        }
        assert_eq!(hints, [(one.id(), Link::Up), (one.id(), Link::Down)]);
    });
}
