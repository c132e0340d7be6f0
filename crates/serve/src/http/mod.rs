//! HTTP with JSON: the key-value store, the ratings, and how far everybody is. Described in `openapi.json`.

mod api;
mod connections;
mod door;
mod gate;
mod kv;
mod members;
mod problem;
mod ratings;
mod replicas;
mod session;

use std::rc::Rc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use axum::{Router, middleware};
use rumormill_protocols::store::MAX_OPERATION_BYTES;
use rumormill_protocols::store::apps::Bundle;
use tokio::net::TcpListener;

use crate::cluster::Cluster;
use crate::desk::Desk;
use gate::Gate;
use problem::Problem;

/// How long a client may take to send the body of a request.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Serves clients for as long as the front end lives.
pub(crate) async fn listen(listener: TcpListener, desk: Rc<Desk<Bundle>>, cluster: Cluster) {
    let replicas: Vec<u32> = cluster.holders().map(|place| place.number).collect();
    let gate = Gate::open(desk, &replicas, members::patience(&cluster.settings));
    connections::serve(listener, router(gate), connections::USUAL).await;
}

fn router(gate: Gate) -> Router {
    Router::new()
        .route("/", get(api::index))
        .route("/openapi.json", get(api::openapi))
        .route("/v1/keys", get(kv::keys))
        .route("/v1/keys/{key}", get(kv::read).put(kv::write).delete(kv::delete))
        .route("/v1/keys/{key}/add", post(kv::add))
        .route("/v1/keys/{key}/fields", get(kv::fields))
        .route("/v1/keys/{key}/fields/{field}", get(kv::field).put(kv::set_field).delete(kv::delete_field))
        .route("/v1/keys/{key}/fields/{field}/add", post(kv::add_to_field))
        .route("/v1/keys/{key}/members", get(kv::members))
        .route("/v1/keys/{key}/members/{member}", get(kv::is_member).put(kv::add_member).delete(kv::remove_member))
        .route("/v1/movies", get(ratings::find).post(ratings::import))
        .route("/v1/movies/{movie}", get(ratings::movie))
        .route("/v1/movies/{movie}/ratings/{user}", put(ratings::rate).get(ratings::view).delete(ratings::delete))
        .route("/v1/titles", get(ratings::titles))
        .route("/v1/replicas", get(replicas::all))
        .route("/v1/replicas/{replica}/member", put(members::change))
        .route("/v1/replicas/{replica}/service", put(replicas::switch))
        .route("/v1/replicas/{replica}/gossip", post(replicas::gossip))
        .fallback(|| async {
            Problem::not_found("there is nothing at this address; GET /openapi.json lists what there is")
        })
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(middleware::from_fn_with_state(BODY_WITHIN, door::whole))
        .layer(DefaultBodyLimit::max(MAX_OPERATION_BYTES))
        .layer(middleware::from_fn(door::in_json))
        .layer(middleware::from_fn(door::same_site))
        .with_state(gate)
}

/// For fuzzing: reads a body as each of the kinds there are.
#[doc(hidden)]
pub fn fuzz(body: &[u8]) {
    kv::fuzz(body);
    ratings::fuzz(body);
    replicas::fuzz(body);
    members::fuzz(body);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    /// The addresses of this file's router, as they are written.
    fn served() -> BTreeSet<(String, String)> {
        let (router, _) = include_str!("mod.rs").split_once(".fallback(").unwrap();
        let methods = ["get(", "put(", "post(", "delete("];
        let mut all = BTreeSet::new();
        for route in router.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            for method in methods.iter().filter(|method| route.contains(**method)) {
                all.insert((path.to_string(), method.trim_end_matches('(').to_string()));
            }
        }
        all
    }

    #[test]
    fn what_is_served_is_what_is_described() {
        let description: Value = serde_json::from_str(super::api::OPENAPI).unwrap();
        let paths = description["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(|method| (path.clone(), method.clone())).collect::<Vec<_>>()
            })
            .collect();
        assert!(described.len() > 25);
        assert_eq!(served(), described);
    }

    #[test]
    fn no_body_makes_it_panic() {
        for body in
            [&b""[..], b"{", b"{\"value\": 1}", b"{\"stars\": 1e999}", b"[[[[", b"{\"by\": 99999999999999999999}"]
        {
            super::fuzz(body);
        }
    }
}
