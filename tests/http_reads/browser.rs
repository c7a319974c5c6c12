//! A browser: signing in by a code, the cookie and its one use, and pages of other origins.

use mission_control::domain::id::UserId;
use serde_json::json;

use super::support::http::{Answer, send};
use super::support::{TestServer, http};

const COOKIE: &str = "mission_control_session";

fn code(server: &TestServer) -> String {
    server.control.sign_in_code(UserId::parse("owner").unwrap()).unwrap().reveal().to_owned()
}

async fn sign_in(server: &TestServer, code: &str, origin: Option<&str>) -> Answer {
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(origin.map(|origin| ("Origin", origin)));
    let body = json!({ "code": code }).to_string();
    send(server.address, "POST", "/api/v1/sign-in", &headers, Some(body.as_bytes())).await
}

/// The cookie as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

async fn with_cookie(server: &TestServer, path: &str, cookie: &str, origin: Option<&str>) -> Answer {
    let mut headers = vec![("Cookie", cookie)];
    headers.extend(origin.map(|origin| ("Origin", origin)));
    send(server.address, "POST", path, &headers, None).await
}

#[tokio::test]
async fn a_code_signs_in_once_and_the_cookie_gives_short_tokens_that_only_watch() {
    let server = TestServer::start().await;
    let code = code(&server);
    let own = format!("http://{}", server.address);
    let answer = sign_in(&server, &code, Some(&own)).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let set = answer.header("set-cookie").unwrap();
    let value = set.strip_prefix(&format!("{COOKIE}=")).unwrap().split(';').next().unwrap();
    assert_eq!(set, format!("{COOKIE}={value}; Path=/api/v1; Max-Age=604800; HttpOnly; SameSite=Strict"));
    let used = sign_in(&server, &code, Some(&own)).await;
    assert_eq!((used.status, used.code().as_str()), (401, "invalid_code"));
    assert_eq!(used.header("set-cookie"), None);

    let cookie = cookie(&answer);
    let answer = with_cookie(&server, "/api/v1/session-token", &cookie, Some(&own)).await;
    assert_eq!((answer.status, &answer.json()["expiresInMs"]), (200, &json!(900_000)));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(http::get(server.address, "/api/v1/fleet", &token).await.status, 200);
    let report =
        http::post(server.address, "/api/v1/agents/a/status", &token, &json!({"status": "online"})).await;
    assert_eq!((report.status, report.code().as_str()), (403, "forbidden_scope"));
    assert_eq!(http::get(server.address, "/api/v1/connections", &token).await.status, 403);

    let out = with_cookie(&server, "/api/v1/sign-out", &cookie, Some(&own)).await;
    assert_eq!(out.status, 204);
    let cleared = format!("{COOKIE}=; Path=/api/v1; Max-Age=0; HttpOnly; SameSite=Strict");
    assert_eq!(out.header("set-cookie"), Some(&*cleared));
    let after = with_cookie(&server, "/api/v1/session-token", &cookie, Some(&own)).await;
    assert_eq!(
        (after.status, after.code().as_str()),
        (401, "not_signed_in"),
        "the old cookie is no longer good"
    );
}

#[tokio::test]
async fn a_cookie_is_good_for_nothing_else_and_nothing_else_is_a_cookie() {
    let server = TestServer::start().await;
    let session = cookie(&sign_in(&server, &code(&server), None).await);
    for path in ["/api/v1/tickets", "/api/v1/reports", "/api/v1/agents/a/status"] {
        let answer = with_cookie(&server, path, &session, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "missing_token"), "{path}");
    }
    let value = session.split_once('=').unwrap().1.to_owned();
    assert_eq!(http::get(server.address, "/api/v1/fleet", &value).await.code(), "invalid_token");
    for other in [server.token("ann", "watch admin"), code(&server), String::new(), "x".to_owned()] {
        let answer = with_cookie(&server, "/api/v1/session-token", &format!("{COOKIE}={other}"), None).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "not_signed_in"));
    }
    for other in [value, server.token("ann", "watch"), "x".to_owned(), String::new()] {
        assert_eq!(sign_in(&server, &other, None).await.code(), "invalid_code");
    }
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_read_is_refused_as_every_other_body() {
    let server = TestServer::start().await;
    let json = [("Content-Type", "application/json")];
    for (headers, body, status, code) in [
        (&json[..], &b"{"[..], 400, "invalid_json"),
        (&json, b"{\"code\":\"a\",\"code\":\"b\"}", 400, "invalid_json"),
        (&json, b"{}", 422, "invalid_value"),
        (&json, b"{\"code\":1}", 422, "invalid_value"),
        (&json, b"{\"code\":\"a\",\"more\":1}", 422, "invalid_value"),
        (&json, b"[\"a\"]", 422, "invalid_value"),
        (&[], b"{\"code\":\"a\"}", 415, "unsupported_media_type"),
        (&[("Content-Type", "application/x-www-form-urlencoded")], b"code=a", 415, "unsupported_media_type"),
    ] {
        let answer = send(server.address, "POST", "/api/v1/sign-in", headers, Some(body)).await;
        let text = String::from_utf8_lossy(body);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{text}");
    }
    let bearer = format!("Bearer {}", server.token("root", "admin"));
    let admin = [("Authorization", &*bearer), json[0]];
    for (body, status, pointer) in [
        ("{", 400, ""),
        (r#"{"userId":"ann","userId":"bob"}"#, 400, ""),
        ("{}", 422, ""),
        (r#"{"userId":"ann","jti":"x"}"#, 422, ""),
        (r#"{"userId":1}"#, 422, "/userId"),
        (r#"{"userId":"ann","more":1}"#, 422, "/more"),
    ] {
        let answer = send(server.address, "POST", "/api/v1/revocations", &admin, Some(body.as_bytes())).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(status == 400 || answer.json()["errors"][0]["pointer"] == pointer, "{body}");
    }
    let watcher = format!("Bearer {}", server.token("ann", "watch report"));
    let headers = [("Authorization", &*watcher), json[0]];
    let refused = send(server.address, "POST", "/api/v1/revocations", &headers, Some(b"{")).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "forbidden_scope"),
        "its body is not looked at"
    );
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure_and_our_own_origin_is_https() {
    let server = TestServer::with(&[("server.behind_tls_proxy", "true")]).await;
    let own = format!("https://{}", server.address);
    let answer = sign_in(&server, &code(&server), Some(&own)).await;
    assert!(answer.header("set-cookie").unwrap().ends_with("; SameSite=Strict; Secure"));
    let plain = sign_in(&server, &code(&server), Some(&format!("http://{}", server.address))).await;
    assert_eq!((plain.status, plain.code().as_str()), (403, "forbidden_origin"));
}

#[tokio::test]
async fn the_cookie_is_for_our_own_pages_also_where_other_origins_are_allowed() {
    let server = TestServer::with(&[("server.allowed_origins", "https://good.example.com")]).await;
    let good = Some("https://good.example.com");
    let fresh = code(&server);
    let elsewhere = sign_in(&server, &fresh, good).await;
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (403, "forbidden_origin"));
    let session = cookie(&sign_in(&server, &fresh, None).await);
    for path in ["/api/v1/session-token", "/api/v1/sign-out"] {
        for origin in [good, Some("https://other.example"), Some("null")] {
            let answer = with_cookie(&server, path, &session, origin).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "forbidden_origin"),
                "{path} {origin:?}"
            );
            assert!(!String::from_utf8_lossy(&answer.body).contains("\"token\""));
        }
    }
    assert_eq!(with_cookie(&server, "/api/v1/session-token", &session, None).await.status, 200);
}

#[tokio::test]
async fn only_pages_of_our_origin_and_of_the_list_may_ask() {
    let good = "https://good.example.com";
    let server = TestServer::with(&[("server.allowed_origins", good)]).await;
    let bearer = format!("Bearer {}", server.token("ann", "watch"));
    let own = format!("http://{}", server.address);
    let other_port = format!("http://{}:1", server.address.ip());
    let https = format!("https://{}", server.address);
    for (origin, status) in [
        (own.as_str(), 200),
        (good, 200),
        ("http://good.example.com", 403),
        ("https://good.example.com:8443", 403),
        ("https://good.example.com.evil.com", 403),
        ("https://goodXexample.com", 403),
        ("https://evil.com/https://good.example.com", 403),
        ("https://GOOD.example.com", 403),
        ("https://other.example", 403),
        ("null", 403),
        ("", 403),
        (&other_port, 403),
        (&https, 403),
    ] {
        let headers = [("Authorization", &*bearer), ("Origin", origin)];
        for path in ["/api/v1/fleet", "/api/v1/events"] {
            let answer = send(server.address, "GET", path, &headers, None).await;
            assert_eq!(answer.status, status, "{origin}");
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, (origin == good).then_some(good), "{origin}");
            assert!(status == 200 || answer.code() == "forbidden_origin", "{origin}");
        }
    }
    let twice = [("Authorization", &*bearer), ("Origin", good), ("Origin", good)];
    assert_eq!(send(server.address, "GET", "/api/v1/fleet", &twice, None).await.status, 403);
}

#[tokio::test]
async fn a_preflight_tells_an_allowed_page_what_it_may_send() {
    let good = "https://good.example.com";
    let server = TestServer::with(&[("server.allowed_origins", good)]).await;
    let ask = |origin| {
        [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization"),
        ]
    };
    let answer = send(server.address, "OPTIONS", "/api/v1/agents/a/status", &ask(good), None).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    for (name, value) in [
        ("access-control-allow-origin", Some(good)),
        ("access-control-allow-methods", Some("GET, POST, DELETE")),
        ("access-control-allow-headers", Some("authorization, content-type, idempotency-key, last-event-id")),
        ("access-control-max-age", Some("600")),
        ("access-control-allow-credentials", None),
        ("vary", Some("Origin")),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let refused = send(server.address, "OPTIONS", "/api/v1/reports", &ask("https://evil.com"), None).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden_origin"));
    assert_eq!(refused.header("access-control-allow-origin"), None);
    let bearer = format!("Bearer {}", server.token("ann", "watch"));
    let headers = [("Authorization", &*bearer), ("Origin", good)];
    for (path, status) in [("/api/v1/fleet", 200), ("/api/v1/agents/a", 404), ("/api/v1/events?limit=0", 422)]
    {
        let answer = send(server.address, "GET", path, &headers, None).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (status, Some(good)),
            "{path}"
        );
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed, Some("x-request-id, retry-after, www-authenticate"), "{path}");
        assert!(answer.header("x-request-id").is_some(), "{path}");
    }
    let unsigned = send(server.address, "GET", "/api/v1/fleet", &[("Origin", good)], None).await;
    assert_eq!(
        (unsigned.status, unsigned.header("access-control-allow-origin")),
        (401, Some(good)),
        "a page can read why"
    );
}
