//! HTTP with JSON: the key-value store, the ratings, and how far everybody is. Described in `openapi.json`.

mod api;
mod gate;
mod kv;
mod problem;
mod ratings;
mod replicas;
mod session;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use rumormill_protocols::store::MAX_OPERATION_BYTES;
use rumormill_protocols::store::apps::Bundle;
use tokio::net::TcpListener;

use crate::desk::Desk;
use gate::Gate;
use problem::Problem;

/// Serves clients for as long as the listener lives.
pub(crate) async fn listen(listener: TcpListener, desk: Rc<Desk<Bundle>>, replicas: u32) -> io::Result<()> {
    let address = listener.local_addr()?;
    axum::serve(listener, router(Gate::open(desk, replicas), address)).await
}

fn router(gate: Gate, address: SocketAddr) -> Router {
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
        .route("/v1/replicas/{replica}/service", put(replicas::switch))
        .route("/v1/replicas/{replica}/gossip", post(replicas::gossip))
        .fallback(|| async {
            Problem::not_found("there is nothing at this address; GET /openapi.json lists what there is")
        })
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(DefaultBodyLimit::max(MAX_OPERATION_BYTES))
        .layer(middleware::from_fn(in_json))
        .layer(middleware::from_fn_with_state(address, same_site))
        .with_state(gate)
}

/// For fuzzing: reads a body as each of the kinds there are.
#[doc(hidden)]
pub fn fuzz(body: &[u8]) {
    kv::fuzz(body);
    ratings::fuzz(body);
    replicas::fuzz(body);
}

/// A page of another site, under whatever name it reached this address, must not talk to it: so the host must
/// be a number or this machine's own name.
async fn same_site(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let allowed = host.is_none_or(|host| {
        let name =
            host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok()
    });
    let from_page = request.headers().get(header::ORIGIN).is_some_and(|origin| !is_own(origin, address));
    if !allowed || from_page {
        return Problem::forbidden().into_response();
    }
    next.run(request).await
}

/// What the library refuses before a handler sees it is said as everything else is.
async fn in_json(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !is_json => Problem::too_large(MAX_OPERATION_BYTES).into_response(),
        StatusCode::BAD_REQUEST if !is_json => {
            Problem::bad("address", "the address is no text in UTF-8").into_response()
        }
        _ => response,
    }
}

/// Is this the origin of a page that this server itself gave out?
fn is_own(origin: &HeaderValue, address: SocketAddr) -> bool {
    let own = [format!("http://{address}"), format!("http://localhost:{}", address.port())];
    own.iter().any(|own| own.as_bytes() == origin.as_bytes())
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
