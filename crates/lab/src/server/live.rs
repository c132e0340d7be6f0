//! A page that watches a run: a WebSocket that is told what changes.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::view::Watcher;

/// The most pages at once.
pub(crate) const PAGES_MAX: usize = 64;

/// The most bytes of a message from a page: pages have nothing to say yet.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4096;

/// The least time between two frames: at most twenty a second.
const FRAME_GAP: Duration = Duration::from_millis(50);

/// The most bytes a second for a page.
const BYTES_PER_SECOND: f64 = 1_000_000.0;

/// A page that takes no frame for so long is gone.
const SEND_TIME: Duration = Duration::from_secs(10);

/// Tells a page what changes, until it or the lab goes.
pub(crate) async fn tell(mut socket: WebSocket, mut watcher: Watcher, mut is_closing: watch::Receiver<bool>) {
    if !send(&mut socket, watcher.hello()).await {
        return;
    }
    let mut next = Instant::now();
    loop {
        tokio::select! {
            () = close(&mut is_closing) => return say_goodbye(socket, watcher).await,
            word = socket.recv() => match word {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(_)) => {}
            },
            () = sleep_until(next) => {
                let bytes = match watcher.frame() {
                    None => 0,
                    Some(frame) => {
                        let bytes = frame.len();
                        if !send(&mut socket, frame).await {
                            return;
                        }
                        bytes
                    }
                };
                next = Instant::now() + FRAME_GAP.max(Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND));
            }
        }
    }
}

/// Waits until the lab closes.
async fn close(is_closing: &mut watch::Receiver<bool>) {
    let _ = is_closing.wait_for(|&closing| closing).await;
}

async fn send(socket: &mut WebSocket, text: String) -> bool {
    matches!(timeout(SEND_TIME, socket.send(Message::Text(text.into()))).await, Ok(Ok(())))
}

/// Shows how things ended, as far as that fits, and closes.
async fn say_goodbye(mut socket: WebSocket, mut watcher: Watcher) {
    if let Some(frame) = watcher.frame()
        && !send(&mut socket, frame).await
    {
        return;
    }
    let goodbye = CloseFrame { code: close_code::AWAY, reason: "the lab is closing".into() };
    let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(Some(goodbye)))).await;
}
