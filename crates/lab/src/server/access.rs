//! Who may ask: only pages of this lab, and only people who know its token.
//!
//! The lab listens on loopback, but every page that a browser shows can send requests there. So a
//! request must name the lab's own address (against DNS rebinding), must not come from another site's
//! page (against cross-site requests), and, but for the page's files, must carry the token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::error::ApiError;

/// What lets a request in.
#[derive(Debug)]
pub(crate) struct Access {
    port: u16,
    token: String,
}

impl Access {
    /// A fresh token of 32 random bytes for the lab at this address.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new(address: SocketAddr) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { port: address.port(), token })
    }

    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Names under which a browser on this machine reaches the lab.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        ["127.0.0.1", "localhost", "[::1]"].into_iter().map(|name| format!("{name}:{}", self.port))
    }

    fn cookie_name(&self) -> String {
        format!("rumormill-{}", self.port)
    }

    fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        hosts.next().is_none() && host.is_some_and(|host| self.hosts().any(|own| own.eq_ignore_ascii_case(host)))
    }

    /// A browser names the page that a request comes from; other programs name none.
    fn is_own_page(&self, headers: &HeaderMap) -> bool {
        let own = |origin: &str| self.hosts().any(|host| origin.strip_prefix("http://") == Some(host.as_str()));
        headers.get_all(ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(own))
    }

    fn is_token(&self, given: &str) -> bool {
        self.token.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn token_in_query(&self, query: Option<&str>) -> bool {
        let mut fields = query.unwrap_or_default().split('&');
        fields.any(|field| field.strip_prefix("token=").is_some_and(|given| self.is_token(given)))
    }

    fn token_in_headers(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let text = |name: HeaderName| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let mut cookies =
            text(COOKIE).flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.split_once('='));
        let mut bearers = text(AUTHORIZATION).filter_map(|value| value.strip_prefix("Bearer "));
        cookies.any(|(key, value)| key.trim() == name && self.is_token(value.trim()))
            || bearers.any(|given| self.is_token(given.trim()))
    }

    fn cookie(&self) -> Option<HeaderValue> {
        let (name, token) = (self.cookie_name(), &self.token);
        HeaderValue::from_str(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict")).ok()
    }
}

/// Lets a request through, or says why not.
pub(crate) async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_page, is_api) = (path == "/", path == "/api" || path.starts_with("/api/") || path == "/metrics");
    if !access.is_own_host(request.headers()) {
        let message = "this address is not the lab's: open the one that it printed";
        return ApiError::new(StatusCode::FORBIDDEN, message).into_response();
    }
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD) && !path.ends_with("/live");
    if !is_reading && !access.is_own_page(request.headers()) {
        let message = "requests from pages of other sites are refused";
        return ApiError::new(StatusCode::FORBIDDEN, message).into_response();
    }
    if !(is_page || is_api) || path == "/api/health" {
        return next.run(request).await;
    }
    let in_query = access.token_in_query(request.uri().query());
    if !in_query && !access.token_in_headers(request.headers()) {
        return if is_page { no_token_page() } else { no_token() };
    }
    let mut response = next.run(request).await;
    if is_page && in_query {
        response.headers_mut().extend(access.cookie().map(|cookie| (SET_COOKIE, cookie)));
    }
    response
}

fn no_token() -> Response {
    let error = ApiError::new(StatusCode::UNAUTHORIZED, "this request does not carry the lab's token");
    error.next("open the address that the lab printed when it started").into_response()
}

fn no_token_page() -> Response {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Rumormill</title>\
        <h1>This page needs the lab's token</h1>\
        <p>Open the address that the lab printed when it started: it ends in <code>?token=</code> and a long number.</p>\
        <p>If the lab was started again since, it has a new token.</p></html>";
    (StatusCode::UNAUTHORIZED, Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access { port: 7117, token: "abc123".into() }
    }

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_is_32_random_bytes() {
        let address = SocketAddr::from(([127, 0, 0, 1], 7117));
        let (one, other) = (Access::new(address).unwrap(), Access::new(address).unwrap());
        assert_eq!(one.token.len(), 64);
        assert_ne!(one.token, other.token);
    }

    #[test]
    fn only_loopback_names_with_the_port_are_the_lab() {
        for host in ["127.0.0.1:7117", "localhost:7117", "LOCALHOST:7117", "[::1]:7117"] {
            assert!(access().is_own_host(&headers(&[(HOST, host)])), "{host}");
        }
        for host in ["127.0.0.1", "127.0.0.1:7118", "evil.example:7117", "localhost:7117.evil.example", ""] {
            assert!(!access().is_own_host(&headers(&[(HOST, host)])), "{host}");
        }
        assert!(!access().is_own_host(&HeaderMap::new()));
        let mut twice = headers(&[(HOST, "localhost:7117")]);
        twice.append(HOST, HeaderValue::from_static("localhost:7117"));
        assert!(!access().is_own_host(&twice));
    }

    #[test]
    fn pages_of_other_sites_and_ports_are_strangers() {
        assert!(access().is_own_page(&HeaderMap::new()));
        assert!(access().is_own_page(&headers(&[(ORIGIN, "http://localhost:7117")])));
        for origin in ["http://localhost:8000", "https://evil.example", "null", "https://localhost:7117"] {
            assert!(!access().is_own_page(&headers(&[(ORIGIN, origin)])), "{origin}");
        }
    }

    #[test]
    fn the_token_comes_in_three_ways() {
        assert!(access().token_in_query(Some("a=b&token=abc123")));
        assert!(!access().token_in_query(Some("token=abc12")) && !access().token_in_query(None));
        assert!(access().token_in_headers(&headers(&[(COOKIE, "x=1; rumormill-7117=abc123")])));
        assert!(!access().token_in_headers(&headers(&[(COOKIE, "rumormill-7118=abc123")])));
        assert!(access().token_in_headers(&headers(&[(AUTHORIZATION, "Bearer abc123")])));
        assert!(!access().token_in_headers(&headers(&[(AUTHORIZATION, "Bearer "), (COOKIE, "rumormill-7117=")])));
    }
}
