//! A page that watches a run: a WebSocket that is told what changes, or what the run's past looked like.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::Lab;
use super::wish::Wish;
use crate::bench::Found;
use crate::past::{Player, Target, Ticked};
use crate::view::{View, Watcher};

/// The most pages at once.
pub(crate) const PAGES_MAX: usize = 64;

/// The most bytes of a message from a page.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4096;

/// The most wishes that are taken at once: of those that have piled up meanwhile, the last of a sort counts.
const WISHES_MAX: usize = 256;

/// The least time between two frames: at most twenty a second.
const FRAME_GAP: Duration = Duration::from_millis(50);

/// The most bytes a second for a page.
const BYTES_PER_SECOND: f64 = 1_000_000.0;

/// A page that takes no frame for so long is gone.
const SEND_TIME: Duration = Duration::from_secs(10);

/// One page and where it is in the run's time.
pub(super) struct Page {
    lab: Arc<Lab>,
    found: Arc<Found>,
    scene: Scene,
    /// Groups of peers that it looks into.
    focus: Vec<u32>,
    /// It has not been greeted in the present.
    is_new: bool,
    /// When it was last told something, or began to play.
    ticked: Instant,
}

/// What a page sees.
enum Scene {
    /// The run as it is now.
    Present(Watcher),
    /// A moment of its past.
    Past(Box<Player>),
    /// Nothing, for it is on its way to another moment.
    Away,
}

impl Page {
    /// A page that watches the run as it is now.
    pub fn new(lab: Arc<Lab>, found: Found) -> Self {
        let watcher = found.view().watch();
        Self {
            lab,
            found: Arc::new(found),
            scene: Scene::Present(watcher),
            focus: Vec::new(),
            is_new: true,
            ticked: Instant::now(),
        }
    }

    /// Tells the page what changes, and does what it wishes, until it or the lab goes.
    pub async fn tell(mut self, mut socket: WebSocket, mut is_closing: watch::Receiver<bool>) {
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = close(&mut is_closing) => return self.say_goodbye(socket).await,
                word = socket.recv() => {
                    let Some(wishes) = wishes(word, &mut socket).await else { return };
                    for word in self.fulfil(wishes).await {
                        if !send(&mut socket, word).await {
                            return;
                        }
                    }
                },
                () = sleep_until(next) => {
                    let Some(words) = self.go_on().await else { return };
                    let bytes: usize = words.iter().map(String::len).sum();
                    for word in words {
                        if !send(&mut socket, word).await {
                            return;
                        }
                    }
                    next = Instant::now() + FRAME_GAP.max(Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND));
                }
            }
        }
    }

    /// Lets the clock of a page that plays go on, and gives what is new; `None` when the lab is at fault.
    async fn go_on(&mut self) -> Option<Vec<String>> {
        let passed = self.ticked.elapsed();
        self.ticked = Instant::now();
        if matches!(&self.scene, Scene::Past(player) if player.is_playing())
            && self.with_player(move |player| player.tick(passed)).await? == Ticked::Present
        {
            self.go_live();
        }
        Some(self.news())
    }

    /// What the page has not been told: perhaps a greeting, and what changed.
    fn news(&mut self) -> Vec<String> {
        let (hello, frame) = match &mut self.scene {
            Scene::Present(watcher) => {
                let hello = std::mem::take(&mut self.is_new).then(|| watcher.hello());
                (hello, watcher.frame())
            }
            Scene::Past(player) => (player.hello(), player.frame()),
            Scene::Away => (None, None),
        };
        hello.into_iter().chain(frame).collect()
    }

    /// Does what the page wishes; gives sentences about what cannot be done.
    async fn fulfil(&mut self, wishes: Vec<Result<Wish, String>>) -> Vec<String> {
        let mut words = Vec::new();
        for wish in last_of_each(wishes) {
            let granted = match wish {
                Ok(wish) => self.grant(wish).await,
                Err(problem) => Err(problem),
            };
            words.extend(granted.err().map(|problem| self.problem(&problem)));
        }
        self.ticked = Instant::now();
        words
    }

    /// Does one thing that the page wishes.
    async fn grant(&mut self, wish: Wish) -> Result<(), String> {
        match (&mut self.scene, wish) {
            (_, Wish::Focus(groups)) => {
                self.focus.clone_from(&groups);
                match &mut self.scene {
                    Scene::Present(watcher) => watcher.focus(&groups),
                    Scene::Past(player) => player.focus(&groups),
                    Scene::Away => {}
                }
                Ok(())
            }
            (Scene::Present(_), Wish::Live) => Ok(()),
            (Scene::Past(_) | Scene::Away, Wish::Live) => {
                self.go_live();
                Ok(())
            }
            (Scene::Present(_), wish) => self.enter_past(wish).await,
            (Scene::Past(_) | Scene::Away, wish) => {
                self.with_player(move |player| wish.go(player)).await.unwrap_or(Err("the lab is at fault".into()))
            }
        }
    }

    /// Goes from the present into the past: to the present's moment, and from there to where the page
    /// wishes. Stays in the present when that is nowhere.
    async fn enter_past(&mut self, wish: Wish) -> Result<(), String> {
        let here = self.found.view().lock().clock();
        let (found, focus) = (Arc::clone(&self.found), self.focus.clone());
        let entered = self.lab.work(move |lab| {
            let past = lab.bench.past(&found).map_err(|error| error.to_string())?;
            let past = past.ok_or("this run is not recorded: it has no past to look at")?;
            let line = found.view().lock().run().clone();
            let mut player = Player::new(past, line);
            player.focus(&focus);
            if !wish.is_jump() {
                player.seek(Target::Time(here))?;
            }
            wish.go(&mut player)?;
            Ok::<_, String>(Box::new(player))
        });
        self.scene = Scene::Past(entered.await.map_err(|_| "the lab is at fault")??);
        Ok(())
    }

    fn go_live(&mut self) {
        let watcher = self.found.view().watch();
        watcher.focus(&self.focus);
        (self.scene, self.is_new) = (Scene::Present(watcher), true);
    }

    /// Does something with the player, on a thread that nobody else waits for; `None` when there is none or
    /// the lab is at fault.
    async fn with_player<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Player) -> T + Send + 'static,
    ) -> Option<T> {
        let mut player = match std::mem::replace(&mut self.scene, Scene::Away) {
            Scene::Past(player) => player,
            other => {
                self.scene = other;
                return None;
            }
        };
        let done = tokio::task::spawn_blocking(move || (work(&mut player), player)).await;
        let (done, player) = done.ok()?;
        self.scene = Scene::Past(player);
        Some(done)
    }

    /// A wish that cannot be fulfilled: the page stays where it is.
    fn problem(&self, problem: &str) -> String {
        let t = match &self.scene {
            Scene::Present(watcher) => View::clock(&watcher.view().lock()).as_secs_f64(),
            Scene::Past(player) => player.place().t,
            Scene::Away => 0.0,
        };
        json!({ "type": "frame", "t": t, "problem": problem }).to_string()
    }

    /// Shows how things ended, as far as that fits, and closes.
    async fn say_goodbye(mut self, mut socket: WebSocket) {
        if matches!(self.scene, Scene::Present(_)) {
            for word in self.news() {
                if !send(&mut socket, word).await {
                    return;
                }
            }
        }
        let goodbye = CloseFrame { code: close_code::AWAY, reason: "the lab is closing".into() };
        let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(Some(goodbye)))).await;
    }
}

/// Wishes in their order, without those that a later one makes void: while a seek takes its time, others
/// pile up behind it.
fn last_of_each(wishes: Vec<Result<Wish, String>>) -> Vec<Result<Wish, String>> {
    let last_jump = wishes.iter().rposition(|wish| wish.as_ref().is_ok_and(Wish::is_jump));
    let is_void = |place: usize, wish: &Result<Wish, String>| {
        last_jump.is_some_and(|last| place < last) && wish.as_ref().is_ok_and(|wish| wish.is_jump() || wish.is_step())
    };
    wishes.into_iter().enumerate().filter(|(place, wish)| !is_void(*place, wish)).map(|(_, wish)| wish).collect()
}

/// What the page wishes, with what else has come meanwhile; `None` when it has gone.
async fn wishes(
    first: Option<Result<Message, axum::Error>>,
    socket: &mut WebSocket,
) -> Option<Vec<Result<Wish, String>>> {
    let mut wishes = Vec::new();
    let mut word = first;
    loop {
        match word {
            None | Some(Err(_) | Ok(Message::Close(_))) => return None,
            Some(Ok(Message::Text(text))) => wishes.push(Wish::parse(&text)),
            Some(Ok(Message::Binary(_))) => wishes.push(Err("say it in text".into())),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
        }
        if wishes.len() == WISHES_MAX {
            return Some(wishes);
        }
        word = match timeout(Duration::ZERO, socket.recv()).await {
            Ok(word) => word,
            Err(_) => return Some(wishes),
        };
    }
}

/// Waits until the lab closes.
async fn close(is_closing: &mut watch::Receiver<bool>) {
    let _ = is_closing.wait_for(|&closing| closing).await;
}

async fn send(socket: &mut WebSocket, text: String) -> bool {
    matches!(timeout(SEND_TIME, socket.send(Message::Text(text.into()))).await, Ok(Ok(())))
}
