//! The page's files, inside the program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;

use super::error::ApiError;

#[derive(Embed)]
#[folder = "../../ui/dist"]
struct Page;

/// Files of names with a hash of their content never change.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Everything else is asked for anew; an unchanged file is answered with 304.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// A file of the page.
pub(crate) async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let Some(file) = Page::get(path) else {
        return ApiError::not_found(format!("there is no /{path}")).into_response();
    };
    let etag: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let caching = if path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag)) {
        return (StatusCode::NOT_MODIFIED, [(CACHE_CONTROL, caching)], [(ETAG, etag)]).into_response();
    }
    let kind = with_charset(file.metadata.mimetype());
    ([(CACHE_CONTROL, caching)], [(ETAG, etag), (CONTENT_TYPE, kind)], file.data).into_response()
}

fn with_charset(kind: &str) -> String {
    let is_text = kind.starts_with("text/") || kind == "image/svg+xml" || kind == "application/javascript";
    if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
