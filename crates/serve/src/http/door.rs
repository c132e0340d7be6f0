//! What a request passes before a handler sees it: who may come in, and how long a body may take.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use rumormill_protocols::store::MAX_OPERATION_BYTES;
use tokio::time::timeout;

use super::problem::Problem;

/// A page of another site, under whatever name it reached this address, must not talk to it.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    if !is_welcome(request.method(), request.headers(), authority) {
        return Problem::forbidden().into_response();
    }
    next.run(request).await
}

/// Reads the body before anything else is done: a client that sends it byte by byte holds up nobody for long.
pub(super) async fn whole(State(within): State<Duration>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let for_body = Request::from_parts(parts.clone(), body);
    match timeout(within, Bytes::from_request(for_body, &())).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::too_large(MAX_OPERATION_BYTES).into_response()
        }
        Ok(Err(_)) => Problem::bad("body", "the body breaks off").into_response(),
        Err(_) => Problem::slow(within).into_response(),
    }
}

/// What the library refuses before a handler sees it is said as everything else is.
pub(super) async fn in_json(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if response.status() == StatusCode::BAD_REQUEST && !is_json {
        return Problem::bad("address", "the address is no text in UTF-8").into_response();
    }
    response
}

/// May a request with these headers come in? `authority`: that of its address, if it has one.
///
/// The host must be a number or this machine's own name: any other name might be another site's, which its owner now
/// lets point here ("DNS rebinding"). A number cannot be made to, whatever it is, so nothing is to be set up where a
/// front end is reached from other machines or through a forwarded port. And browsers say where a page is from that
/// makes a request; programs say nothing.
fn is_welcome(method: &Method, headers: &HeaderMap, authority: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(HOST.as_str()).or(authority);
    let is_own = |origin: &str| {
        let origin = origin.strip_prefix("http://");
        origin.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
    };
    // A link that a person follows may be on any page.
    let is_followed = *method == Method::GET && text("sec-fetch-mode") == Some("navigate");
    host.is_none_or(is_here)
        && text(ORIGIN.as_str()).is_none_or(is_own)
        && (is_followed || !matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")))
}

/// Is a host, with or without a port, a number or this machine's own name?
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn welcome(method: Method, lines: &[(&'static str, &'static str)]) -> bool {
        let headers = lines
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        is_welcome(&method, &headers.collect(), None)
    }

    #[test]
    fn programs_and_own_pages_come_in() {
        for lines in [
            &[][..],
            &[("host", "127.0.0.1:80")],
            &[("host", "LOCALHOST:80")],
            &[("host", "[::1]:80")],
            &[("host", "192.168.1.7:80"), ("origin", "http://192.168.1.7:80")],
            &[("host", "localhost"), ("origin", "http://localhost"), ("sec-fetch-site", "same-origin")],
            &[("host", "localhost"), ("sec-fetch-site", "none")],
        ] {
            assert!(welcome(Method::PUT, lines), "{lines:?}");
        }
        let followed = [("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert!(welcome(Method::GET, &followed));
    }

    #[test]
    fn pages_of_other_sites_do_not() {
        for lines in [
            &[("host", "shop.example:80")][..],
            &[("host", "shop.example:80"), ("origin", "http://shop.example:80")],
            &[("host", "localhost.shop.example")],
            &[("host", "\u{e4}")],
            &[("host", "127.0.0.1:80"), ("origin", "http://shop.example")],
            &[("host", "127.0.0.1:80"), ("origin", "http://127.0.0.1:81")],
            &[("host", "127.0.0.1:80"), ("origin", "https://127.0.0.1:80")],
            &[("host", "127.0.0.1:80"), ("origin", "null")],
            &[("origin", "http://127.0.0.1")],
            &[("host", "localhost"), ("sec-fetch-site", "cross-site")],
            &[("host", "localhost"), ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")],
            &[("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        ] {
            assert!(!welcome(Method::POST, lines), "{lines:?}");
        }
    }
}
