//! Stores of real servers that run on this machine: which there are, and how far their replicas are.

mod address;
mod announced;
mod front;
mod status;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rumormill_protocols::store::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use crate::experiment::Problem;
use front::{Ask, FrontError, Fronts};
use status::{Replica, Told};

pub use address::{StoreAddress, StoreAddressError};
pub use announced::{AnnounceError, Announcement, RunningStore, announcements, fuzz as fuzz_announcement, running};

/// The most stores that are watched because somebody named them; a further one is refused.
const NAMED_MAX: usize = 64;

/// Where a lab looks for stores.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Stores that somebody named.
    pub named: Vec<StoreAddress>,
    /// Folders in which stores announce themselves.
    pub announced: Vec<PathBuf>,
}

impl Default for StoreOptions {
    /// Those that announce themselves to this user.
    fn default() -> Self {
        Self { named: Vec::new(), announced: announcements() }
    }
}

/// The stores that a lab knows, and its way to them.
pub(super) struct Stores {
    fronts: Fronts,
    announced: Vec<PathBuf>,
    named: Mutex<Vec<StoreAddress>>,
}

/// A store in the list of stores.
#[derive(Serialize)]
struct Known {
    /// Its first front end.
    address: String,
    front_ends: Vec<String>,
    /// What its announcement says; of a store that was only named, nothing.
    pid: Option<u32>,
    folder: Option<PathBuf>,
    replicas: Option<u32>,
}

impl Stores {
    pub fn new(options: StoreOptions) -> Self {
        Self { fronts: Fronts::new(), announced: options.announced, named: Mutex::new(options.named) }
    }

    /// Those that announce themselves, then those that were named.
    fn known(&self) -> Vec<Known> {
        let running = announced::running(&self.announced);
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_announced = |at: &StoreAddress| running.iter().any(|store| store.front_ends.contains(at));
        let named = named.into_iter().filter(|at| !is_announced(at)).map(|at| Known {
            address: at.to_string(),
            front_ends: vec![at.to_string()],
            pid: None,
            folder: None,
            replicas: None,
        });
        let named: Vec<Known> = named.collect();
        running.into_iter().filter_map(Known::announced).chain(named).collect()
    }

    fn name(&self, at: StoreAddress) -> Result<(), ApiError> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.contains(&at) {
            return Ok(());
        }
        if named.len() >= NAMED_MAX {
            let full = format!("{NAMED_MAX} stores are watched already, and no more can be at once");
            return Err(ApiError::conflict(full).next("stop watching one first"));
        }
        named.push(at);
        Ok(())
    }

    fn forget(&self, at: StoreAddress) -> Result<(), ApiError> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let before = named.len();
        named.retain(|other| *other != at);
        if named.len() == before {
            let message = format!("nobody named {at}: it is found by itself, or is not watched");
            return Err(ApiError::conflict(message));
        }
        Ok(())
    }
}

impl Known {
    fn announced(store: RunningStore) -> Option<Self> {
        let front_ends: Vec<String> = store.front_ends.iter().map(ToString::to_string).collect();
        let address = front_ends.first()?.clone();
        let (pid, replicas) = (Some(store.pid), Some(store.replicas));
        Some(Self { address, front_ends, pid, folder: Some(store.folder), replicas })
    }
}

/// `GET /api/stores`: those that this lab knows.
pub(super) async fn list(State(lab): State<Arc<Lab>>) -> Result<Json<Value>, ApiError> {
    let known = tokio::task::spawn_blocking(move || lab.stores.known()).await;
    let known = known.map_err(|panic| ApiError::internal(format!("the lab is at fault: {panic}")))?;
    Ok(Json(json!({ "stores": known })))
}

/// A store to watch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    address: String,
}

/// `POST /api/stores`: watches a store that does not announce itself to this user.
pub(super) async fn watch(
    State(lab): State<Arc<Lab>>,
    new: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let at = place(&new?.0.address)?;
    lab.stores.name(at)?;
    Ok((StatusCode::CREATED, Json(json!({ "address": at.to_string() }))))
}

/// `DELETE /api/stores/{address}`: watches it no longer; the store goes on.
pub(super) async fn forget(State(lab): State<Arc<Lab>>, Path(address): Path<String>) -> Result<Json<Value>, ApiError> {
    lab.stores.forget(place(&address)?)?;
    Ok(Json(json!({ "ok": true })))
}

/// `GET /api/stores/{address}`: how far its replicas are; why nobody knows, when it does not answer: a store that
/// is away is a thing to look at, not a failure of the lab.
pub(super) async fn one(State(lab): State<Arc<Lab>>, Path(address): Path<String>) -> Result<Json<Value>, ApiError> {
    let at = place(&address)?;
    match lab.stores.fronts.ask::<Told>(at, Ask::Replicas).await {
        Ok(told) => Ok(Json(json!({ "address": at.to_string(), "answers": true, "why": null, "told": told }))),
        Err(FrontError::Crowded) => Err(FrontError::Crowded.into()),
        Err(error) => {
            let why = error.to_string();
            Ok(Json(json!({ "address": at.to_string(), "answers": false, "why": why, "told": null })))
        }
    }
}

/// What a replica shall be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewService {
    service: Service,
}

/// `PUT /api/stores/{address}/replicas/{replica}/service`: has it answer calls, or not.
pub(super) async fn switch(
    State(lab): State<Arc<Lab>>,
    Path((address, replica)): Path<(String, String)>,
    new: Result<Json<NewService>, JsonRejection>,
) -> Result<Json<Replica>, ApiError> {
    let service = new?.0.service;
    errand(&lab, &address, Ask::Switch { replica: number(&replica)?, service }).await
}

/// `POST /api/stores/{address}/replicas/{replica}/gossip`: has it tell the others the news now.
pub(super) async fn gossip(
    State(lab): State<Arc<Lab>>,
    Path((address, replica)): Path<(String, String)>,
) -> Result<Json<Replica>, ApiError> {
    errand(&lab, &address, Ask::Gossip { replica: number(&replica)? }).await
}

async fn errand(lab: &Lab, address: &str, ask: Ask) -> Result<Json<Replica>, ApiError> {
    Ok(Json(lab.stores.fronts.ask(place(address)?, ask).await?))
}

fn place(address: &str) -> Result<StoreAddress, ApiError> {
    address.parse().map_err(|error: StoreAddressError| Problem::field("address", error.to_string()).into())
}

fn number(replica: &str) -> Result<u32, ApiError> {
    let wrong = || Problem::field("replica", format!("\"{replica}\" is no replica; they are numbered from 1"));
    Ok(replica.parse().map_err(|_| wrong())?)
}

impl From<FrontError> for ApiError {
    fn from(error: FrontError) -> Self {
        let said = error.to_string();
        match error {
            FrontError::Refused { status, .. } if (400..500).contains(&status) => Self::bad(said),
            FrontError::Crowded => Self::new(StatusCode::SERVICE_UNAVAILABLE, said).next("try again in a moment"),
            _ => Self::new(StatusCode::GATEWAY_TIMEOUT, said),
        }
    }
}
