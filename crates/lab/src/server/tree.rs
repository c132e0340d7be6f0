//! Through whom each peer first heard something.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use rumormill_core::trace::Kind;
use rumormill_trace::{ReadError, Run};
use serde::{Deserialize, Serialize};

use super::Lab;
use super::error::ApiError;

/// The most peers of an answer; the first deliveries of those with larger numbers are counted only.
const PEERS_MAX: u32 = 100_000;

/// Which messages count.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The kind of message, such as `push`; all when it is not given.
    name: Option<String>,
    community: Option<String>,
}

/// The tree of first deliveries. Peers that received nothing are its roots, if others heard from them.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tree {
    /// Peer, from whom it first received something, and when in seconds.
    parents: Vec<(u32, u32, f64)>,
    /// Peers that have a parent, in the answer or not.
    reached: u32,
    /// The peer that was reached last.
    last: Option<u32>,
}

/// `GET /api/runs/{id}/tree`: who first delivered something to whom.
pub(super) async fn tree(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Tree>, ApiError> {
    let Query(wanted) = wanted?;
    lab.work(move |lab| {
        let folder = lab.bench.find(&id)?.view().lock().run().folder.clone();
        let folder = folder.ok_or_else(|| {
            ApiError::conflict("this run is not recorded, so nobody knows who heard first from whom")
                .next("run it again with recording on")
        })?;
        let run = Run::at(folder.as_ref())?;
        grow(&run, &wanted).map(Json).map_err(|error| ApiError::conflict(error.to_string()))
    })
    .await?
}

/// Reads the run until every peer but one has a parent.
fn grow(run: &Run, wanted: &Wanted) -> Result<Tree, ReadError> {
    let peers = run.file().peers;
    let mut reached = vec![false; peers as usize + 1];
    let mut tree = Tree::default();
    let fits = |given: &Option<String>, is: &str| given.as_deref().is_none_or(|given| given == is);
    for event in run.events() {
        let event = event?;
        let (Kind::Delivered, Some(from)) = (event.kind, event.other) else { continue };
        let (Ok(peer), Ok(from)) = (u32::try_from(event.peer.0), u32::try_from(from.0)) else { continue };
        let is_known = reached.get(peer as usize).copied().unwrap_or(true);
        if is_known || peer == from || !fits(&wanted.name, &event.name) || !fits(&wanted.community, &event.community) {
            continue;
        }
        // Whoever began is the root: what comes back to it later is no news to it.
        if tree.reached == 0
            && let Some(root) = reached.get_mut(from as usize)
        {
            *root = true;
        }
        reached[peer as usize] = true;
        tree.reached += 1;
        tree.last = Some(peer);
        if peer <= PEERS_MAX {
            tree.parents.push((peer, from, event.time.as_secs_f64()));
        }
        if tree.reached + 1 >= peers {
            break;
        }
    }
    Ok(tree)
}
