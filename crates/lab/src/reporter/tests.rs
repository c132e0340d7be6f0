//! The reporter over real sockets.

use std::time::{Duration, Instant};

use rumormill_core::Outcome;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::bench::Bench;
use crate::view::{RunLine, State};
use std::sync::Arc;

struct Lab {
    bench: Arc<Bench>,
    reporter: Reporter,
    runs: TempDir,
}

impl Lab {
    async fn new() -> Self {
        let runs = tempfile::tempdir().unwrap();
        let bench = Arc::new(Bench::new(runs.path().to_path_buf()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reporter = Reporter::start(listener, Arc::clone(&bench), true).unwrap();
        Self { bench, reporter, runs }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.reporter.address()).await.unwrap()
    }

    /// The runs, once they are as they should be.
    async fn until(&self, what: &str, holds: impl Fn(&[RunLine]) -> bool) -> Vec<RunLine> {
        let began = Instant::now();
        loop {
            let runs = self.bench.list();
            if holds(&runs) {
                return runs;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "not within 20 s: {what}: {runs:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Says it in chunks of so many bytes.
async fn say(socket: &mut TcpStream, text: &str, chunk: usize) {
    for part in text.as_bytes().chunks(chunk) {
        socket.write_all(part).await.unwrap();
        socket.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn answer(mut socket: TcpStream) -> String {
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(20), socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

fn ended(runs: &[RunLine]) -> bool {
    runs.iter().all(|run| run.state == State::Ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_report_in_odd_chunks_and_end_together() {
    let lab = Lab::new().await;
    let (mut one, mut other) = (lab.client().await, lab.client().await);
    say(&mut one, "CON10003,FloodCommunity;CON10003,ABCMeta;CTM10003,messages,1,2;", 1).await;
    say(&mut other, "CON10001,FloodCommunity;COM10001,10003,FloodCommunity;nonsense;", 7).await;
    say(&mut one, "CTM10003,messages,2,2;END10003;", 5).await;
    lab.until("a message and a flaw", |runs| runs.len() == 1 && runs[0].messages.sent == 1).await;
    assert!(!ended(&lab.bench.list()), "the first END does not end all");
    say(&mut other, "END10001;", 3).await;
    assert_eq!((answer(one).await.as_str(), answer(other).await.as_str()), ("OK", "OK"));

    let runs = lab.until("end", ended).await;
    let run = &runs[0];
    assert_eq!((run.mode.as_str(), run.outcome, run.peers), ("reporter", Some(Outcome::Completed), 2));
    assert_eq!(run.targets["messages"], rumormill_trace::Target { met: 1, peers: 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_holds_up_nobody_and_the_next_run_begins_anew() {
    let lab = Lab::new().await;
    let (mut dies, mut stays) = (lab.client().await, lab.client().await);
    say(&mut dies, "CON1,Flood;", 100).await;
    say(&mut stays, "CON2,Flood;END2;", 100).await;
    lab.until("two peers", |runs| runs.first().is_some_and(|run| run.peers == 2)).await;
    drop(dies);
    assert_eq!(answer(stays).await, "OK");

    let mut next = lab.client().await;
    say(&mut next, "CON1,Flood;END1;", 100).await;
    assert_eq!(answer(next).await, "OK");
    let runs = lab.until("two runs", |runs| runs.len() == 2 && ended(runs)).await;
    assert_eq!(runs.iter().map(|run| run.peers).collect::<Vec<_>>(), [1, 2], "newest first");
    let crashed = lab.bench.find(&runs[1].id).unwrap().view().lock().peers().get(1).unwrap().status;
    assert_eq!(crashed, crate::view::peers::Status::Crashed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_recorded_and_can_be_opened_again() {
    let lab = Lab::new().await;
    let mut client = lab.client().await;
    say(&mut client, "CON10003,Flood;COM10003,10004,Flood;END10003;", 100).await;
    assert_eq!(answer(client).await, "OK");
    lab.until("end", ended).await;
    let folder = lab.bench.list()[0].folder.clone().unwrap();
    let finished =
        || rumormill_trace::list(lab.runs.path())[0].run.as_ref().unwrap().state == rumormill_trace::State::Ended;
    lab.until("the recording is complete", |_| finished()).await;

    let again = Bench::new(lab.runs.path().to_path_buf());
    let line = again.list().remove(0);
    assert_eq!((line.folder.as_ref(), line.peers, line.live), (Some(&folder), 2, false));
    let found = again.find(&line.id).unwrap();
    let began = Instant::now();
    while found.view().lock().peers().labels().len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(20), "the recording is not read");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(found.view().lock().peers().labels()[0], (1, "10003".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_stop_the_run() {
    let lab = Lab::new().await;
    let mut client = lab.client().await;
    say(&mut client, "CON1,Flood;", 100).await;
    let runs = lab.until("a run", |runs| runs.first().is_some_and(|run| run.peers == 1)).await;
    let crate::bench::Found::Live(run) = lab.bench.find(&runs[0].id).unwrap() else { panic!("it is live") };
    run.stop();
    assert_eq!(answer(client).await, "", "who did not say END hears no OK");
    assert_eq!(lab.until("end", ended).await[0].outcome, Some(Outcome::Stopped));
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_reporter_ends_its_connections() {
    let lab = Lab::new().await;
    let mut client = lab.client().await;
    say(&mut client, "CON1,Flood;", 100).await;
    lab.until("a run", |runs| runs.first().is_some_and(|run| run.peers == 1)).await;
    drop(lab.reporter);
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut rest)).await.unwrap();
    assert!(read.is_err() || rest.is_empty());
}
