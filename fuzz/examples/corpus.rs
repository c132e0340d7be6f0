//! Writes the inputs that fuzzing starts from: `cargo run --release -p rumormill-fuzz --example corpus`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    write("wire", &rumormill_fuzz::wire::samples())
}

fn write(target: &str, inputs: &[Vec<u8>]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    for (index, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("sample-{index:02}")), input)?;
    }
    println!("{}: {} inputs", folder.display(), inputs.len());
    Ok(())
}
