//! Writes the inputs that fuzzing starts from: `cargo run --release -p rumormill-fuzz --example corpus`.

use std::error::Error;
use std::fs;
use std::path::Path;

use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, Outcome, PeerId};
use rumormill_trace::{Recorder, RunFile};

fn main() -> Result<(), Box<dyn Error>> {
    write("wire", &rumormill_fuzz::wire::samples())?;
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
