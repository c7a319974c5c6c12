//! A node on which something happened, and a request that is right for each operation.

use mission_control::domain::id::UserId;
use serde_json::{Value, json};

use super::document::Operation;
use crate::support::TestServer;
use crate::support::http::{self, Answer};
use crate::support::screen::Screen;

/// A request that can be made wrong part by part.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    pub(crate) path: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Request {
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    pub(crate) fn with_token(mut self, token: Option<String>) -> Self {
        self.headers.retain(|(name, _)| name != "Cookie");
        self.token = token;
        self
    }

    /// With this field and no other of the name.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_body(self, body: Value) -> Self {
        self.with_text(&body.to_string())
    }

    pub(crate) fn with_text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self.with_header("Content-Type", "application/json")
    }

    pub(crate) async fn send(&self, server: &TestServer) -> Answer {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        let body = self.body.as_deref().map(str::as_bytes);
        http::send(server.address, &self.method, &self.path, &headers, body).await
    }
}

/// A node with agents of every status, sessions, every kind of event, and a watcher.
pub(crate) struct Node {
    pub(crate) server: TestServer,
    _watcher: Screen,
}

impl Node {
    pub(crate) async fn start() -> Self {
        // Refusals are what is asked for here, and one session too many removes another.
        let settings = [("limits.refused_handshakes_per_second", "1000"), ("limits.sessions_per_agent", "1")];
        let server = TestServer::with(&settings).await;
        let reporter = server.token("reporter", "report");
        let long = "é".repeat(3000);
        let reports = json!([
            {"kind": "status", "agentId": "a1", "status": "online", "state": "working", "message": long,
                "labels": {"team": "x"}, "timestamp": 1, "instanceId": "i1", "reportSeq": 1},
            {"kind": "activity", "agentId": "a1", "sessionId": "s1", "lastMessage": long, "state": "idle"},
            {"kind": "activity", "agentId": "a1", "sessionId": "s2", "lastMessage": "x"},
            {"kind": "activity", "agentId": "a2", "sessionId": "s1", "lastMessage": "x"},
            {"kind": "lifecycle", "agentId": "a2", "event": "restart", "message": long, "labels": {}},
            {"kind": "lifecycle", "agentId": "a2", "event": "crash", "exitCode": -1, "signal": "SIGKILL"},
            {"kind": "status", "agentId": "a3", "status": "offline"},
        ]);
        let answer = http::post(server.address, "/api/v1/reports", &reporter, &reports).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let admin = server.token("admin", "admin");
        assert_eq!(http::delete(server.address, "/api/v1/agents/a3", &admin).await.status, 200);
        server.fleet().await;
        let watcher = Screen::open(server.address, &server.token("watcher", "watch")).await;
        Self { server, _watcher: watcher }
    }

    /// A request that is right, again and again.
    pub(crate) async fn right(&self, operation: &Operation) -> Request {
        let scopes: Vec<String> = operation.scopes().into_iter().collect();
        let parts: &[&str] = match operation.id.as_str() {
            "closeConnection" => &["c1"],
            "forgetAgent" => &["a2"],
            _ => &["a1", "s1"],
        };
        // Whoever is revoked here is nobody who asks.
        let body = match operation.id.as_str() {
            "reportStatus" => Some(json!({"status": "online", "labels": {"team": "y"}})),
            "reportLifecycle" => Some(json!({"event": "restart", "exitCode": 3})),
            "reportActivity" => Some(json!({"lastMessage": "x"})),
            "reportHeartbeat" => Some(json!({})),
            "reportBatch" => Some(json!([
                {"kind": "status", "agentId": "a4", "status": "online"},
                {"kind": "status", "agentId": "a4", "status": "asleep"},
            ])),
            "revokeTokens" => Some(json!({"userId": "gone"})),
            "signIn" => Some(json!({"code": self.code()})),
            _ => None,
        };
        let request = Request {
            method: operation.method.clone(),
            path: operation.path(parts),
            token: None,
            headers: Vec::new(),
            body: None,
        };
        let request = match operation.id.as_str() {
            "makeSessionToken" => request.with_header("Cookie", &self.cookie().await),
            "openWebSocket" => request
                .with_header("Upgrade", "websocket")
                .with_header("Connection", "Upgrade")
                .with_header("Sec-WebSocket-Version", "13")
                .with_header("Sec-WebSocket-Protocol", "mission-control.v1")
                .with_header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            _ => request,
        };
        let request = match (operation.id.as_str(), scopes.first()) {
            ("makeTicket", _) => request.with_token(Some(self.server.token("asker", "watch"))),
            (_, Some(scope)) => request.with_token(Some(self.server.token("asker", scope))),
            (_, None) => request,
        };
        body.into_iter().fold(request, Request::with_body)
    }

    /// A fresh code of a sign-in link.
    fn code(&self) -> String {
        self.server.control.sign_in_code(UserId::parse("owner").unwrap()).unwrap().reveal().to_owned()
    }

    /// The cookie of a browser that just signed in.
    async fn cookie(&self) -> String {
        let body = json!({"code": self.code()}).to_string();
        let headers = [("Content-Type", "application/json")];
        let at = self.server.address;
        let answer = http::send(at, "POST", "/api/v1/sign-in", &headers, Some(body.as_bytes())).await;
        answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }
}
