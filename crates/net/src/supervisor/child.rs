//! Child processes: started from a thread of their own, signalled and reaped by one guardian each.

use std::collections::VecDeque;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Lines of a child's standard error that are kept: the last ones.
const MAX_LINES: usize = 20;

/// Bytes of one such line that are kept.
const MAX_LINE_BYTES: usize = 400;

/// Signals that wait for a guardian, at most.
const MAX_SIGNALS: usize = 16;

/// How a child ended.
#[derive(Debug)]
pub(super) struct Exit {
    /// For a person: exit code or signal.
    pub how: String,
    /// Was it killed by a signal?
    pub signalled: bool,
    /// The last lines of its standard error.
    pub stderr: String,
}

/// A running child.
#[derive(Debug)]
pub(super) struct Running {
    pub pid: u32,
    pub signals: mpsc::Sender<Signal>,
}

/// Starts children. The system kills them when the *thread* that started them ends, so that is a thread
/// which lives as long as the run, not one of the runtime's.
#[derive(Debug)]
pub(super) struct Nursery {
    births: mpsc::Sender<(Command, oneshot::Sender<io::Result<Child>>)>,
}

impl Nursery {
    /// Starts the thread.
    pub fn open() -> io::Result<Self> {
        let (births, mut waiting) = mpsc::channel::<(Command, oneshot::Sender<io::Result<Child>>)>(1);
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("rumormill-nursery".into()).spawn(move || {
            let _within = runtime.enter();
            while let Some((mut command, born)) = waiting.blocking_recv() {
                // Dropping the child when nobody waits for it any more kills it.
                let _ = born.send(command.spawn());
            }
        })?;
        Ok(Self { births })
    }

    /// Starts a process in a group of its own (Ctrl-C in a terminal is for the lab alone), writes `input`
    /// to its standard input, and calls `ended` when it has ended. Its guardian is `guard`: dropping that
    /// future kills it.
    pub async fn start(
        &self,
        binary: &Path,
        args: &[String],
        input: Vec<u8>,
    ) -> io::Result<(Running, impl Future<Output = Exit> + use<>)> {
        let mut command = Command::new(binary);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let (born, child) = oneshot::channel();
        let closed = || io::Error::other("the thread that starts processes has ended");
        self.births.send((command, born)).await.map_err(|_| closed())?;
        let mut child = child.await.map_err(|_| closed())??;
        let pid = child.id().ok_or_else(|| io::Error::other("the process ended at once"))?;
        let (signals, wanted) = mpsc::channel(MAX_SIGNALS);
        let stdin = child.stdin.take();
        let guard = async move {
            let feed = async {
                if let Some(mut stdin) = stdin {
                    // A child that ends before it has read everything says why on standard error.
                    let _ = stdin.write_all(&input).await;
                }
            };
            let (exit, ()) = tokio::join!(guard(child, wanted), feed);
            exit
        };
        Ok((Running { pid, signals }, guard))
    }
}

/// Passes signals on and waits for the end. Only here is the process reaped, so a signal never meets
/// another process that got its number.
async fn guard(mut child: Child, mut wanted: mpsc::Receiver<Signal>) -> Exit {
    let stderr = child.stderr.take();
    let (last_lines, lines) = oneshot::channel();
    if let Some(stderr) = stderr {
        tokio::spawn(async move { last_lines.send(tail(stderr).await) });
    }
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            Some(signal) = wanted.recv() => {
                let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
                if let Some(pid) = pid {
                    let _ = kill_process(pid, signal);
                }
            }
        }
    };
    // A grandchild may hold the pipe open: do not wait for it.
    let stderr = timeout(Duration::from_millis(200), lines).await.ok().and_then(Result::ok).unwrap_or_default();
    let (how, signalled) = match status {
        Ok(status) => (describe(status), status.signal().is_some()),
        Err(error) => (format!("lost: {error}"), false),
    };
    Exit { how, signalled, stderr }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown".into(),
    }
}

/// The last lines that come.
async fn tail(from: impl AsyncRead + Unpin) -> String {
    let mut lines = VecDeque::new();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        let ended = !read_line(&mut from, &mut line).await;
        if !line.is_empty() {
            if lines.len() == MAX_LINES {
                lines.pop_front();
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            tracing::debug!(target: "rumormill::peer", "{text}");
            lines.push_back(text);
        }
        if ended {
            return lines.make_contiguous().join("\n");
        }
    }
}

/// Reads a line and keeps its first [`MAX_LINE_BYTES`]; false at the end.
async fn read_line(from: &mut (impl tokio::io::AsyncBufRead + Unpin), line: &mut Vec<u8>) -> bool {
    loop {
        let Ok(bytes) = from.fill_buf().await else { return false };
        if bytes.is_empty() {
            return false;
        }
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        line.extend(&part[..part.len().min(MAX_LINE_BYTES.saturating_sub(line.len()))]);
        let used = part.len() + usize::from(end.is_some());
        from.consume(used);
        if end.is_some() {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_end_of_what_a_child_says_is_kept() {
        let said: String = (0..100).map(|line| format!("line {line}\n")).collect();
        let kept = tail(said.as_bytes()).await;
        assert!(kept.starts_with("line 80\n") && kept.ends_with("line 99"), "{kept}");
        let long = tail(vec![b'x'; 1 << 20].as_slice()).await;
        assert_eq!(long.len(), MAX_LINE_BYTES);
    }
}
