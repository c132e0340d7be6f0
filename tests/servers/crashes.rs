//! kill -9 of replicas and front ends under load: nothing that was acknowledged is lost, no session reads
//! backwards, and no client sees an error other than a connection that broke.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::history::Writer;
use crate::resp::Client;
use crate::store::Store;
use crate::support::processes::{alive, signal};
use crate::support::{eventually, folder};

/// Clients at once.
const WRITERS: usize = 4;

/// Kills in one test, unless `RUMORMILL_KILLS` says how many.
const KILLS: u32 = 20;

/// Between two kills, in milliseconds: often before who was killed last is back.
const PAUSE_MS: std::ops::Range<u64> = 20..400;

#[test]
fn with_fsync_nothing_is_lost() {
    survives("fsync", 1);
}

#[test]
fn with_one_replica_more_nothing_is_lost() {
    survives("f+1", 2);
}

fn survives(ack: &str, seed: u64) {
    let folder = folder();
    let store = Store::up(folder.path(), &["--front-ends", "2", "--ack", ack]);
    let addresses: Vec<String> = [0, 1].map(|place| store.redis(place)).into();
    let over = AtomicBool::new(false);
    let writers: Vec<Writer> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let mut writer = Writer::new(number, WRITERS, addresses.clone());
                let over = &over;
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        writer.round();
                    }
                    // Once more when nobody is killed any more: every writer gets through.
                    writer.round();
                    writer
                })
            })
            .collect();
        kill_some(&store, seed);
        over.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let rounds: u64 = writers.iter().map(Writer::rounds).sum();
    let reconnected: usize = writers.iter().map(Writer::reconnected).sum();
    println!("{ack}: {rounds} rounds, {reconnected} connections lost");
    assert!(reconnected > 0, "no front end died under load");
    for replica in 1..=3 {
        holds(&store, replica, &[1, 2, 3], &writers);
    }
}

/// Kills processes of the store at random moments.
fn kill_some(store: &Store, seed: u64) {
    let kills = std::env::var("RUMORMILL_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut random = Random(seed);
    for _ in 0..kills {
        thread::sleep(Duration::from_millis(random.below(PAUSE_MS.end - PAUSE_MS.start) + PAUSE_MS.start));
        let there = eventually(Duration::from_secs(20), || Some(store.processes()).filter(|all| !all.is_empty()));
        let there: Vec<u32> = there.unwrap().into_iter().filter(|&pid| alive(pid)).collect();
        if let Some(&pid) = there.get(random.below(there.len().max(1) as u64) as usize) {
            signal(pid, "KILL");
        }
    }
    let back = eventually(Duration::from_secs(60), || (store.processes().len() == 5).then_some(()));
    assert!(back.is_some(), "not all came back: {:?}", store.processes());
}

/// Checks that this replica, asked alone of all members, has all that was promised.
pub fn holds(store: &Store, replica: u64, members: &[u64], writers: &[Writer]) {
    store.ask_only(replica, members);
    let mut client = Client::to(&store.redis(0));
    for writer in writers {
        assert_eq!(client.ask(&["SESSION", "SET", writer.token.as_ref().unwrap()]), "+OK");
    }
    for (number, writer) in writers.iter().enumerate() {
        let members = client.ask(&["SMEMBERS", &Writer::set(number)]);
        let members: BTreeSet<String> = members.split(',').map(String::from).collect();
        let lost: Vec<&String> = writer.promised.difference(&members).collect();
        assert!(lost.is_empty(), "replica {replica} lost {} of {}: {lost:?}", lost.len(), writer.promised.len());
    }
}

/// Numbers that look random, the same for one seed.
struct Random(u64);

impl Random {
    /// One of 0 to `bound` - 1 (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
