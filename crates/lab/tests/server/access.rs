//! Who gets in.

use crate::client::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_the_token_and_then_a_cookie_does() {
    let lab = Lab::new().await;
    let (host, token) = (lab.host(), lab.token.clone());
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}{more}");
    let without = lab.raw(&get("/", ""), "").await;
    assert_eq!(without.status, 401);
    assert!(without.body.contains("Open the address that the lab printed"), "{}", without.body);
    assert_eq!(lab.raw(&get("/?token=0123", ""), "").await.status, 401);

    let page = lab.raw(&get(&format!("/?token={token}"), ""), "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>Rumormill</title>"));
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(cookie.starts_with(&format!("rumormill-{}=", lab.serving.listen().port())), "{cookie}");

    let cookie = format!("\r\nCookie: other=1; {}", cookie.split(';').next().unwrap());
    assert_eq!(lab.raw(&get("/", &cookie), "").await.status, 200);
    assert_eq!(lab.raw(&get("/api/runs", &cookie), "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_says_what_to_do_without_a_token() {
    let lab = Lab::new().await;
    let host = lab.host();
    let refused = lab.raw(&format!("GET /api/runs HTTP/1.1\r\nHost: {host}"), "").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["next"], "open the address that the lab printed when it started");
    let health = lab.raw(&format!("GET /api/health HTTP/1.1\r\nHost: {host}"), "").await;
    assert_eq!((health.status, health.json()["ok"].as_bool()), (200, Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebound_name_and_another_sites_page_are_refused() {
    let lab = Lab::new().await;
    let (host, token) = (lab.host(), lab.token.clone());
    let evil = format!("GET /?token={token} HTTP/1.1\r\nHost: evil.example:{}", lab.serving.listen().port());
    assert_eq!(lab.raw(&evil, "").await.status, 403);
    let post = |origin: &str| {
        format!("POST /api/runs/r1/stop HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nOrigin: {origin}")
    };
    assert_eq!(lab.raw(&post("http://127.0.0.1:8000"), "").await.status, 403);
    assert_eq!(lab.raw(&post(&format!("http://{host}")), "").await.status, 404, "there is no run r1");
    let run = lab.start(serde_json::json!({})).await;
    assert!(lab.watch(&run, Some("http://evil.example")).await.is_err());
    assert!(lab.watch(&run, Some(&format!("http://{host}"))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_public_cached_and_hardened() {
    let lab = Lab::new().await;
    let page = lab.ask("GET", "/", None).await;
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let host = lab.host();
    let asset = page.body.split('"').find(|part| part.contains("assets/") && part.ends_with(".js")).unwrap();
    let asset = format!("/{}", asset.trim_start_matches("./").trim_start_matches('/'));
    let script = lab.raw(&format!("GET {asset} HTTP/1.1\r\nHost: {host}"), "").await;
    assert_eq!(script.status, 200, "{asset}");
    assert!(script.header("cache-control").unwrap().contains("immutable"));
    let etag = script.header("etag").unwrap();
    let again = lab.raw(&format!("GET {asset} HTTP/1.1\r\nHost: {host}\r\nIf-None-Match: {etag}"), "").await;
    assert_eq!(again.status, 304);
    let packed = lab.raw(&format!("GET {asset} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip"), "").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    for missing in ["/assets/../Cargo.toml", "/nothing", "/assets/nothing.js"] {
        assert_eq!(lab.raw(&format!("GET {missing} HTTP/1.1\r\nHost: {host}"), "").await.status, 404, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_get_plain_answers() {
    let lab = Lab::new().await;
    assert_eq!(lab.ask("GET", "/api/nothing", None).await.status, 404);
    assert_eq!(lab.ask("PUT", "/api/runs", None).await.status, 405);
    assert_eq!(lab.ask("GET", "/api/runs/r77", None).await.status, 404);
    assert_eq!(lab.ask("GET", "/api/runs/..%2f..%2fetc", None).await.status, 404);
    assert_eq!(lab.ask("GET", "/api/runs/r1/live", None).await.status, 400, "no WebSocket");
    let (host, token) = (lab.host(), &lab.token);
    let head = format!(
        "POST /api/check HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json"
    );
    let broken = lab.raw(&head, "{\"experiment\":").await;
    assert_eq!(broken.status, 400);
    assert!(broken.json()["error"]["message"].as_str().unwrap().contains("JSON"), "{}", broken.body);
    assert_eq!(lab.raw(&head, &format!("\"{}\"", "x".repeat(1 << 20))).await.status, 413);
}
