//! Writes the inputs that fuzzing starts from: `cargo run --release -p rumormill-fuzz --example corpus`.

use std::error::Error;
use std::fs;
use std::path::Path;

use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, Outcome, PeerId};
use rumormill_net::frame::{Hello, encode_message, protocol_id};
use rumormill_net::{Identity, PeerRecord};
use rumormill_trace::{Recorder, RunFile};

fn main() -> Result<(), Box<dyn Error>> {
    write("wire", &rumormill_fuzz::wire::samples())?;
    write("raft", &rumormill_fuzz::raft::samples())?;
    write("swim", &rumormill_fuzz::swim::samples())?;
    write("parts", &rumormill_fuzz::parts::samples())?;
    write("front", &rumormill_fuzz::front::samples())?;
    write("replica", &rumormill_fuzz::replica::samples())?;
    write("resp", &texts(&COMMANDS))?;
    write("http", &texts(&BODIES))?;
    write("cluster", &clusters())?;
    write("announcement", &texts(&ANNOUNCEMENTS))?;
    write("answer", &texts(&ANSWERS))?;
    write("frame", &frames())?;
    write("reporter", &texts(&REPORTED))?;
    write("expression", &texts(&EXPRESSIONS))?;
    write("pattern", &texts(&PATTERNS))?;
    write("experiment", &experiments()?)?;
    write("run", &recorded()?)
}

fn write(target: &str, inputs: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    // What was added by hand, for it once failed, has another name.
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("sample-")) {
            fs::remove_file(path)?;
        }
    }
    for (index, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("sample-{index:02}")), input)?;
    }
    println!("{}: {} inputs", folder.display(), inputs.len());
    Ok(())
}

/// What programs report; the first byte is how it is cut into chunks.
const REPORTED: [&str; 4] = [
    "\u{3}CON10001,flood;CON10002,flood;COM10001,10002,flood;CTM10001,messages,1,2;END10001;END10002;",
    "\0CON1,ABCMeta;CTM1,messages,10,50;",
    "\u{7f}COM1,2;;CONx,y;XYZ1;END",
    "\u{1} CON 1 , two words ; END 1 ; ",
];

/// What Redis clients send, one after the other.
const COMMANDS: [&str; 9] = [
    "PING\r\nset a 1\r\n\r\nget  a\nincr n\nincrby n -3\nmget a b\nquit\n",
    "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\na\r\nb\0\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
    "*1\r\n$7\r\nCOMMAND\r\n*2\r\n$7\r\ncommand\r\n$4\r\nDOCS\r\n*-1\r\n*0\r\n",
    "hello 3 setname me\nclient setname you\nclient info\nclient list\nclient setinfo lib-name x\nselect 0\ninfo\n",
    "hset h f 1 g 2\nhincrby h f 9223372036854775807\nhdel h f g\nhgetall h\nhlen h\nhget h f\n",
    "sadd s a b\nsrem s a\nsmembers s\nsismember s b\nscard s\ntype s\nexists s s\ndel s\ndbsize\n",
    "scan 0 match a*[b-d]? count 10 type hash\nscan 18446744073709551615 type none\n",
    "session set rm1.AdS2nuDpiPypwgEABq7t7Pio4fD0GA\nsession get\nmset a 1 b 2\ndecrby n -9223372036854775808\n",
    "*4\r\n$4\r\nMSET\r\n$1\r\na\r\n$-1\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\n",
];

/// Bodies of HTTP requests.
const BODIES: [&str; 7] = [
    r#"{"value": "blue \u00fc"}"#,
    r#"{"by": -9223372036854775808}"#,
    r#"{"stars": 4.5}"#,
    r#"{"service": "offline"}"#,
    r#"{"movies": [{"id": 1, "title": "Alien", "year": 1979, "genres": ["Horror"]}, {"id": 2, "title": ""}]}"#,
    r#"{"ratings": [{"user": 2, "movie": 1, "stars": 0.5, "time": 1}], "movies": []}"#,
    r#"[[[{"movies": 1e999}]], null, "#,
];

/// What running stores say of themselves.
const ANNOUNCEMENTS: [&str; 3] = [
    r#"{"pid": 4711, "folder": "/srv/shop", "replicas": 3, "front_ends": ["127.0.0.1:40123", "[::1]:40124"]}"#,
    r#"{"pid": 1, "folder": "", "replicas": 4294967295, "front_ends": []}"#,
    r#"{"pid": -1, "folder": 7, "front_ends": ["localhost:80", "nobody", "127.0.0.1:99999"]}"#,
];

/// What front ends answer: how far replicas are, and of movies.
const ANSWERS: [&str; 5] = [
    r#"{"replicas": [{"replica": 1, "reached": true, "member": true, "fenced": false, "out_of_touch": true, "stopped": false, "service": "online", "lines": [{"replica": 1, "incarnation": 0, "held": 9, "executed": 18446744073709551615}, {"replica": null, "incarnation": 0, "held": 1, "executed": 18446744073709551615}], "log": 5, "sessions": 6, "waiting": 0, "primary": 2}, {"replica": 2, "reached": false, "member": null}]}"#,
    r#"{"id": 1, "title": "Toy Story", "year": 1995, "genres": ["Comedy"], "sum": 18446744073709551615, "ratings": 3}"#,
    r#"{"found": [{"id": 4294967296, "title": "", "year": 70000, "genres": []}, {"id": 2, "title": "b", "year": null, "genres": [1]}], "total": 18446744073709551615}"#,
    r#"{"stars": 1e300, "before": -0.5, "movies": 9, "rated": 8, "ratings": 55, "titles": ["a", 1], "service": "offline"}"#,
    r#"[null]"#,
];

/// Cluster files that are wrong.
const CLUSTERS: [&str; 3] = [
    r#"{"replicas": [], "front_ends": [], "settings": {"ack": {"Replicas": 4294967295}}}"#,
    r#"{"replicas": [], "front_ends": [], "settings": {"gossip_ms": 0, "delta_ms": 18446744073709551615}}"#,
    r#"{"replicas": [{"number": 4294967295}]}"#,
];

/// Cluster files: one that is right, with everything that it may say, and some that are not.
fn clusters() -> Vec<Vec<u8>> {
    let key = |seed: u8| serde_json::json!(vec![seed; 32]);
    let right = serde_json::json!({
        "replicas": [
            {"number": 1, "key": key(1), "address": "127.0.0.1:7001", "folder": "replica-1"},
            {"number": 2, "key": key(2), "address": "127.0.0.1:7002", "folder": "replica-2"},
        ],
        "front_ends": [{
            "number": 3, "key": key(3), "address": "[::1]:7003", "folder": "front-end-3",
            "http": "127.0.0.1:8080", "redis": "127.0.0.1:6379",
        }],
        "settings": {
            "ack": {"Replicas": 1}, "gossip_ms": 100, "delta_ms": 30_000, "lease_ms": 5_000, "retry_ms": 250,
            "overload": 0.25,
        },
        "founded": true,
    });
    let mut clusters = texts(&CLUSTERS);
    clusters.push(right.to_string().into_bytes());
    clusters
}

const PATTERNS: [&str; 5] = [
    "sent push then delivered digest within 500ms on the same peer",
    "crashed peer 3 not followed by restarted within 2s on any peer",
    "note \"said \\\"so\\\"\" \"twice\"",
    "push",
    "sent then",
];

const EXPRESSIONS: [&str; 8] = [
    "100 if peerid == 1 else 0",
    "peerid * (peers - 1) // 2",
    "1 if peerid in [1, 2, 3] and not peerid % 2 == 0 else 0",
    "max(0, 10 - peerid) + sum([1, 2], 3)",
    "[5, 4, 3, 2, 1][peerid % 5]",
    "1 << (peerid & 7) | ~0 ^ 3 >> 1",
    "int(2.5 * peerid) + len(range(1, peerid, 2))",
    "(1 if True else (2 if False else abs(-3)))",
];

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The gallery, and the blocks of the guide.
fn experiments() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("experiments"))? {
        let path = entry?.path();
        if path.is_file() {
            files.push(fs::read(path)?);
        }
    }
    files.sort();
    let guide = fs::read_to_string(root.join("docs/experiments.md"))?;
    let blocks = guide.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next());
    files.extend(blocks.map(|block| block.as_bytes().to_vec()));
    Ok(files)
}

/// A hello, and messages with and without cause and records; without the length before them.
fn frames() -> Vec<Vec<u8>> {
    let address = [([127, 0, 0, 1], 7_000).into()];
    let record = PeerRecord::new(&Identity::from_seed(&[7; 32]), 3, &address);
    let frames = [
        Hello { protocol: protocol_id("flood"), boot: 5 }.encode(),
        encode_message(None, [], b"a rumor"),
        encode_message(Some(EventId::new(1, 2)), [], b""),
        encode_message(Some(EventId::new(1, 3)), [&record, &record], b"a rumor"),
    ];
    frames.into_iter().map(|frame| frame[4..].to_vec()).collect()
}

/// The files of a small recorded run: run.json and a segment.
fn recorded() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let runs = tempfile::tempdir()?;
    let file = RunFile { experiment: "flood".into(), peers: 3, seed: 7, ..RunFile::default() };
    let mut recorder = Recorder::create(runs.path(), file.clone())?;
    for (count, kind) in (0_u64..).zip(Kind::ALL) {
        let peer = PeerId(count % 3 + 1);
        let id = EventId::new(peer.0 as u32, count);
        let mut event = Event::new(id, Instant::ZERO, peer, kind);
        event.name = kind.name().into();
        event.other = Some(PeerId(2)).filter(|_| matches!(kind, Kind::Sent | Kind::Delivered | Kind::Dropped));
        event.text = "a rumor".repeat(count as usize);
        recorder.event(&event);
    }
    let folder = recorder.folder().to_path_buf();
    recorder.finish(RunFile { outcome: Some(Outcome::Completed), ..file })?;
    let is_ours = |path: &Path| path.extension().is_some_and(|end| end == "json" || end == "parquet");
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| is_ours(path));
    paths.sort();
    Ok(paths.into_iter().map(fs::read).collect::<Result<_, _>>()?)
}
