//! The `rumormill` command.

fn main() -> std::process::ExitCode {
    rumormill::lab().main()
}
