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
    write("parts", &rumormill_fuzz::parts::samples())?;
    write("front", &rumormill_fuzz::front::samples())?;
    write("replica", &rumormill_fuzz::replica::samples())?;
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
        files.push(fs::read(entry?.path())?);
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
