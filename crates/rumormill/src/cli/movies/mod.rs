//! `rumormill movies`: the ratings of movies, on a store's servers or on three of its own.

mod action;
mod args;
mod shell;

use std::path::Path;

use rumormill_protocols::store::apps::ratings::rows::imports;
use rumormill_protocols::store::apps::ratings::{Answer, Counts, Query, Update, UserId};
use serde_json::json;

use super::bar::Bar;
use super::{Done, Ended, Failure, say};
use crate::movies::data::{Data, DataError};
use crate::movies::{Embedded, Remote, Servers, Trouble};
use action::{Said, Unmet, Wish};
use args::ActionArgs;
pub(crate) use args::MoviesArgs;

/// Does one thing, or asks what to do until told to quit.
pub(super) fn movies(args: &MoviesArgs) -> Done {
    let mut servers = open(args)?;
    match &args.action {
        Some(action) => one(args, action, &mut *servers),
        None => {
            shell::Shell::new(servers).map_err(Failure::Run)?.run(args.user);
            Ok(Ended::Well)
        }
    }
}

fn open(args: &MoviesArgs) -> Result<Box<dyn Servers>, Failure> {
    if let Some(url) = &args.server {
        return Ok(Box::new(Remote::at(url).map_err(Failure::input)?));
    }
    let mut servers = Embedded::start(args.overload, args.seed).map_err(Failure::input)?;
    let bar = Bar::new();
    let data = read(args.data.as_deref(), &bar).map_err(Failure::input)?;
    fill(&mut servers, data, &bar).map_err(Failure::input)?;
    Ok(Box::new(servers))
}

/// Reads the data in a folder; without, the sample.
pub(crate) fn read(folder: Option<&Path>, bar: &Bar) -> Result<Data, DataError> {
    match folder {
        Some(folder) => Data::read(folder, &mut |done, all| bar.set(done / 2, all, || "reading".into())),
        None => Data::sample(),
    }
}

/// Has the servers take in data, unless they have as much already: then they took it in before, and users may
/// have rated since.
pub(crate) fn fill(servers: &mut dyn Servers, data: Data, bar: &Bar) -> Result<(), Trouble> {
    let has_all =
        |counts: Counts| counts.movies >= data.movies.len() as u64 && counts.ratings >= data.ratings.len() as u64;
    if let Answer::Counts(counts) = until_taken(|| servers.query(Query::Counts))?
        && has_all(counts)
    {
        return Ok(());
    }
    let rows = (data.movies.len() + data.ratings.len()) as u64;
    let mut done = 0;
    for update in imports(data.movies, data.ratings) {
        let count = if let Update::Import { movies, ratings } = &update { movies.len() + ratings.len() } else { 0 };
        until_taken(|| servers.update(update.clone()))?;
        done += count as u64;
        bar.set(rows + done, 2 * rows, || "taking in movies and ratings".into());
    }
    bar.clear();
    Ok(())
}

/// Makes a call until servers are not busy: nobody waits for an answer here but the bar.
fn until_taken(mut call: impl FnMut() -> Result<Answer, Trouble>) -> Result<Answer, Trouble> {
    loop {
        match call() {
            Err(Trouble::Busy) => {}
            other => return other,
        }
    }
}

fn one(args: &MoviesArgs, action: &ActionArgs, servers: &mut dyn Servers) -> Done {
    let (text, wish) = match action {
        ActionArgs::Find { movie } => (movie, Wish::Find),
        ActionArgs::View { movie } => (movie, Wish::View),
        ActionArgs::Average { movie } => (movie, Wish::Average),
        ActionArgs::Rate { movie, stars } => (
            movie,
            Wish::Rate(stars.parse().map_err(|error| {
                Failure::input(anyhow::Error::new::<rumormill_protocols::store::apps::ratings::ScoreError>(error))
            })?),
        ),
        ActionArgs::Delete { movie } => (movie, Wish::Delete),
        ActionArgs::Change { number, state } => return change(args, servers, *number, state.as_deref()),
    };
    if text.trim().is_empty() {
        return Err(Failure::Input(anyhow::anyhow!("a movie has a title; write it, or # and its id")));
    }
    if wish.needs_user() && args.user.is_none() {
        return Err(Failure::Input(anyhow::anyhow!("whose rating? Say who you are with --user ID, a whole number")));
    }
    let user = UserId(args.user.unwrap_or_default());
    if let Some(times) = args.repeat {
        return again(args, servers, text, (wish, user), times);
    }
    let movie = match action::movie(servers, text.trim()) {
        Ok((movie, _)) => movie,
        Err(unmet) => return Err(failure(unmet)),
    };
    let said = wish.grant(servers, &movie, user).map_err(failure)?;
    tell(args, &said);
    if args.server.is_none() && matches!(wish, Wish::Rate(_) | Wish::Delete) {
        say::note(&say::quiet("the servers of this command end with it; --server URL talks to some that stay"));
    }
    Ok(Ended::Well)
}

/// Makes the same call many times, and counts how many found all servers busy.
fn again(args: &MoviesArgs, servers: &mut dyn Servers, text: &str, (wish, user): (Wish, UserId), times: u64) -> Done {
    let movie = loop {
        match action::movie(servers, text.trim()) {
            Err(Unmet::Trouble(Trouble::Busy)) => {}
            found => break found.map_err(failure)?.0,
        }
    };
    let bar = Bar::new();
    let (mut busy, mut last) = (0_u64, None);
    for nth in 1..=times {
        match wish.grant(servers, &movie, user) {
            Ok(said) => last = Some(said),
            Err(Unmet::Trouble(Trouble::Busy)) => busy += 1,
            Err(other) => return Err(failure(other)),
        }
        bar.set(nth, times, || format!("{busy} busy"));
    }
    bar.clear();
    let share = busy as f64 / times as f64;
    let said = last.as_ref().map_or_else(|| "all servers were busy every time".to_string(), |said| said.text.clone());
    let text = format!("{said}\n{busy} of {times} calls found all servers busy: {:.2} %", share * 100.0);
    let answer = last.map(|said| said.json);
    tell(args, &Said { text, json: json!({ "calls": times, "busy": busy, "share": share, "answer": answer }) });
    Ok(Ended::Well)
}

fn change(args: &MoviesArgs, servers: &mut dyn Servers, server: Option<u32>, state: Option<&str>) -> Done {
    let service = match state {
        None => None,
        Some(text) => Some(action::service(text).ok_or_else(|| {
            Failure::Input(anyhow::anyhow!("a server is online, offline or overloaded, not {text:?}"))
        })?),
    };
    let said = action::change(servers, server, service).map_err(|trouble| failure(trouble.into()))?;
    tell(args, &said);
    Ok(Ended::Well)
}

fn tell(args: &MoviesArgs, said: &Said) {
    if args.json { say::json(&said.json) } else { say::line(&said.text) }
}

fn failure(unmet: Unmet) -> Failure {
    match unmet {
        several @ Unmet::Several { .. } => Failure::input(several),
        Unmet::Trouble(trouble @ Trouble::NoSuchServer { .. }) => Failure::input(trouble),
        other => Failure::run(other),
    }
}
