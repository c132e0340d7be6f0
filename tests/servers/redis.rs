//! The Redis protocol, as Redis's own tools and any client speak it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::send;
use crate::resp::Client;
use crate::store::Store;
use crate::support::{finish, folder};

/// What `redis-cli` prints for a command, as it does when it talks to a program.
#[track_caller]
fn cli(port: &str, words: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["-h", "127.0.0.1", "-p", port]).args(words);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let said = finish(child.expect("redis-cli is there: `cargo xtask test` installs it"));
    assert_eq!(said.err, "");
    said.out.trim_end().to_string()
}

#[test]
fn the_session_checks_of_the_guide() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--front-ends", "2"]);
    let port = store.port(0);
    let ask = |line: &str| cli(&port, &line.split(' ').collect::<Vec<_>>());
    // 1: strings.
    assert_eq!(ask("PING"), "PONG");
    assert_eq!(ask("SET fruit apple"), "OK");
    assert_eq!(ask("GET fruit"), "apple");
    // 2: counters.
    assert_eq!((ask("INCR visits"), ask("INCRBY visits 9"), ask("DECR visits")), ("1".into(), "10".into(), "9".into()));
    // 3: hashes.
    assert_eq!(ask("HSET film title Alien year 1979"), "2");
    assert_eq!(ask("HGETALL film"), "title\nAlien\nyear\n1979");
    assert_eq!((ask("HINCRBY film year 7"), ask("HLEN film")), ("1986".into(), "2".into()));
    // 4: sets.
    assert_eq!(ask("SADD crew Ripley Ash Ripley"), "2");
    assert_eq!(ask("SMEMBERS crew"), "Ash\nRipley");
    assert_eq!((ask("SISMEMBER crew Ash"), ask("SCARD crew")), ("1".into(), "2".into()));
    // 5: what all keys have in common.
    assert_eq!(ask("MSET a 1 b 2"), "OK");
    assert_eq!(ask("MGET a b none"), "1\n2");
    assert_eq!(ask("TYPE film"), "hash");
    assert_eq!((ask("EXISTS a b none"), ask("DEL a b none"), ask("EXISTS a b")), ("2".into(), "2".into(), "0".into()));
    let mut keys: Vec<String> = ask("SCAN 0 COUNT 100").lines().skip(1).map(String::from).collect();
    keys.sort();
    assert_eq!(keys, ["crew", "film", "fruit", "visits"]);
    assert_eq!(ask("DBSIZE"), "4");
    // 6: what is refused.
    assert!(ask("LPUSH list 1").starts_with("ERR unknown command 'LPUSH'"), "{}", ask("LPUSH list 1"));
    assert!(ask("GET film").starts_with("WRONGTYPE"), "{}", ask("GET film"));
    assert!(ask("INCR fruit").contains("not an integer"), "{}", ask("INCR fruit"));
    assert!(ask("GET").contains("wrong number of arguments"), "{}", ask("GET"));
}

#[test]
fn a_session_goes_on_at_another_front_end() {
    let folder = folder();
    // Replicas tell each other the news so seldom that only sessions bring it to another one in time.
    let store = Store::up(folder.path(), &["--front-ends", "3", "--gossip-every", "5s"]);
    let [mut here, mut there] = [0, 1].map(|place| Client::to(&store.redis(place)));
    for nth in 0..20 {
        let value = nth.to_string();
        assert_eq!(here.ask(&["SET", "news", &value]), "+OK");
        let token = here.ask(&["SESSION", "GET"]);
        assert_eq!(there.ask(&["SESSION", "SET", &token]), "+OK");
        assert_eq!(there.ask(&["GET", "news"]), value);
    }
    assert!(there.ask(&["SESSION", "SET", "nonsense"]).starts_with("-ERR session token"));
    assert!(there.ask(&["SESSION", "LOSE"]).starts_with("-ERR"));
    assert_eq!(there.ask(&["GET", "news"]), "19", "a wrong token costs nothing");
}

#[test]
fn the_third_version_of_the_protocol() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut client = Client::to(&store.redis(0));
    client.ask(&["HSET", "film", "title", "Alien"]);
    assert_eq!(cli(&store.port(0), &["-3", "--json", "HGETALL", "film"]), r#"{"title":"Alien"}"#);
    assert_eq!(cli(&store.port(0), &["-3", "GET", "none"]), "");
    client.send(&["HELLO", "3"]).unwrap();
    assert_eq!(client.read().unwrap(), "%7");
    for _ in 0..14 {
        client.read().unwrap();
    }
    assert_eq!(client.ask(&["GET", "none"]), "_");
    assert!(client.ask(&["HELLO", "4"]).starts_with("-NOPROTO"));
}

#[test]
fn replies_come_in_the_order_of_the_commands() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut client = Client::to(&store.redis(0));
    const ROUNDS: usize = 200;
    for nth in 0..ROUNDS {
        let value = nth.to_string();
        client.send(&["SET", "own", &value]).unwrap();
        client.send(&["GET", "own"]).unwrap();
        client.send(&["INCR", "count"]).unwrap();
        client.send(&["ECHO", &value]).unwrap();
        client.send(&["NOSUCH"]).unwrap();
    }
    for nth in 0..ROUNDS {
        assert_eq!(client.read().unwrap(), "+OK");
        assert_eq!(client.read().unwrap(), nth.to_string(), "it reads its own write");
        assert_eq!(client.read().unwrap(), format!(":{}", nth + 1));
        assert_eq!(client.read().unwrap(), nth.to_string());
        assert!(client.read().unwrap().starts_with("-ERR unknown command"));
    }
}

/// A store on which the one front end's process is known, and how much memory that has, in bytes.
fn memory(store: &Store) -> u64 {
    let pid = store.line["front_ends"][0]["pid"].as_u64().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_client_that_does_not_read_gets_everything_in_order_and_piles_up_little() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut client = Client::to(&store.redis(0));
    const VALUES: usize = 7;
    const GETS: usize = 3_000;
    let value = |nth: usize| (nth % VALUES).to_string().repeat(200_000);
    for nth in 0..VALUES {
        assert_eq!(client.ask(&["SET", &format!("long{nth}"), &value(nth)]), "+OK");
    }
    let before = memory(&store);
    for nth in 0..GETS {
        client.send(&["GET", &format!("long{}", nth % VALUES)]).unwrap();
    }
    std::thread::sleep(Duration::from_secs(3));
    let grown = memory(&store).saturating_sub(before);
    assert!(grown < 150 << 20, "{} MB for a client that reads none of its 600 MB", grown >> 20);
    for nth in 0..GETS {
        assert!(client.read().unwrap() == value(nth), "reply {nth}");
    }
}

#[test]
fn more_commands_at_once_than_may_wait_are_all_carried_out() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut client = Client::to(&store.redis(0));
    const ADDS: usize = 20_000;
    for _ in 0..ADDS {
        client.send(&["INCR", "sum"]).unwrap();
    }
    for nth in 1..=ADDS {
        assert_eq!(client.read().unwrap(), format!(":{nth}"));
    }
}

#[test]
fn who_ends_his_own_side_gets_all_answers() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    const ADDS: usize = 40_000;
    let mut stream = TcpStream::connect(store.redis(0)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all("INCR sum\r\n".repeat(ADDS).as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!((said.lines().count(), said.lines().last()), (ADDS, Some(":40000")));
}

#[test]
fn a_page_in_a_browser_cannot_have_commands_executed() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    for (request, key) in [
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\nSET posted 1\r\n", "posted"),
        ("PUT / HTTP/1.1\r\nhost: x\r\nContent-Length: 11\r\n\r\nSET put 1\r\n", "put"),
    ] {
        let mut stream = TcpStream::connect(store.redis(0)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said); // a connection that is reset has ended, too
        assert!(!said.contains(&b'+'), "{}", said.escape_ascii());
        assert_eq!(Client::to(&store.redis(0)).ask(&["EXISTS", key]), ":0");
    }
}

#[test]
fn what_is_no_command_ends_its_connection_alone() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut other = Client::to(&store.redis(0));
    for bytes in [&b"*1\r\n:5\r\n"[..], b"*99999999999\r\n", b"*1\r\n$99999999999\r\n"] {
        let mut stream = TcpStream::connect(store.redis(0)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("-ERR Protocol error: "), "{said:?}");
    }
    assert_eq!(other.ask(&["PING"]), "+PONG");
}

#[test]
fn an_answer_that_no_message_carries_is_refused_promptly() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut client = Client::to(&store.redis(0));
    const MEMBERS: usize = 300;
    for nth in 0..MEMBERS {
        let member = format!("{nth:06}").repeat(1_500);
        assert_eq!(client.ask(&["SADD", "crowd", &member]), ":1");
    }
    let asked = Instant::now();
    client.send(&["SMEMBERS", "crowd"]).unwrap();
    client.send(&["SCARD", "crowd"]).unwrap();
    assert_eq!(client.read().unwrap(), "-ERR refused: the answer has more than 2 MiB; ask for less at once");
    assert_eq!(client.read().unwrap(), format!(":{MEMBERS}"), "what comes after it goes on");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let answer = send(&store.http(0), "GET", "/v1/keys/crowd/members", &[], "");
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("ask for less at once"), "{answer:?}");
}

#[test]
fn the_benchmark_of_redis_runs_clean() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &store.port(0), "-t", "set,get,incr,hset", "-n", "2000", "--csv"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let said = finish(child.expect("redis-benchmark is there: `cargo xtask test` installs it")).expect(0);
    assert!(!said.err.contains("rror") && !said.out.contains("rror"), "{said:#?}");
    for test in ["\"SET\"", "\"GET\"", "\"INCR\"", "\"HSET\""] {
        assert!(said.out.contains(test), "{said:#?}");
    }
    assert_eq!(Client::to(&store.redis(0)).ask(&["GET", "counter:__rand_int__"]), "2000", "each INCR once");
}
