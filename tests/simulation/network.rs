//! The way between clients and the node: a door that is there while a process is, and pipes of few frames.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use mission_control::domain::fault::Fault as Refusal;
use mission_control::domain::grant::{Grant, Principal, Scope, Scopes};
use mission_control::domain::id::{AgentId, UserId};
use mission_control::domain::pattern::Patterns;
use mission_control::domain::revocation::Revocation;
use mission_control::domain::time::Timestamp;
use mission_control::ports::event_log::Receipt;
use mission_control::ports::intake::Submission;
use mission_control::ports::revocation_store::{RevocationStore, RevocationStoreError};
use mission_control::ports::token_verifier::{SecretText, TokenError, TokenVerifier};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// Calls that wait for the node at most.
const WAITING_MAX: usize = 64;

/// Somebody wants to watch.
pub(crate) struct Dial {
    pub(crate) token: String,
    pub(crate) agents: String,
    pub(crate) cursor: Option<String>,
    pub(crate) frames: mpsc::Sender<Bytes>,
    pub(crate) asks: mpsc::Receiver<Ask>,
    /// Whose turn it is when the connection does something.
    pub(crate) actor: u64,
    pub(crate) seed: u64,
}

/// What a client sends over its connection.
pub(crate) enum Ask {
    Interest(String),
    Refresh(String),
}

/// What an agent sends.
#[derive(Clone)]
pub(crate) enum Request {
    Report(Vec<Submission>),
    Forget(AgentId),
    /// The connection over which some agents report ends.
    HangUp {
        by_peer: bool,
    },
}

pub(crate) type Answer = Result<Vec<Result<Receipt, Refusal>>, Refusal>;

pub(crate) enum Call {
    Watch(Dial),
    Report {
        token: String,
        request: Request,
        answer: oneshot::Sender<Answer>,
    },
    /// Somebody reads the API, and gets the body of a good answer.
    Read {
        path: String,
        answer: oneshot::Sender<Option<Value>>,
    },
}

/// Where the node is reached, while it is.
#[derive(Clone, Default)]
pub(crate) struct Door(Arc<Mutex<Option<mpsc::Sender<Call>>>>);

impl Door {
    pub(crate) fn open(&self) -> mpsc::Receiver<Call> {
        let (calls, called) = mpsc::channel(WAITING_MAX);
        *self.0.lock().unwrap() = Some(calls);
        called
    }

    pub(crate) fn close(&self) {
        *self.0.lock().unwrap() = None;
    }

    /// Whether somebody takes it.
    pub(crate) fn call(&self, call: Call) -> bool {
        self.0.lock().unwrap().as_ref().is_some_and(|calls| calls.try_send(call).is_ok())
    }
}

/// A token says what it is for: user, scopes, and what agents begin with.
pub(crate) fn token(user: &str, scopes: &str, prefix: &str) -> String {
    format!("{user}|{scopes}|{prefix}*")
}

/// Whom a token speaks for.
pub(crate) fn principal(token: &str) -> Option<Principal> {
    let mut parts = token.split('|');
    let user = UserId::parse(parts.next()?).ok()?;
    let scopes = Scopes::of(parts.next()?.split(' ').filter_map(Scope::parse));
    let agents = Patterns::parse([parts.next()?]).ok()?;
    let grant = Grant { scopes, agents };
    Some(Principal { user, grant, expires_at: Timestamp::MAX, issued_at: None, token_id: None })
}

/// Believes what it reads.
pub(crate) struct Believer;

#[async_trait]
impl TokenVerifier for Believer {
    async fn verify(&self, token: &SecretText, _: Timestamp) -> Result<Principal, TokenError> {
        principal(token.reveal()).ok_or(TokenError::Invalid)
    }
}

/// Nobody is revoked.
pub(crate) struct Nobody;

#[async_trait]
impl RevocationStore for Nobody {
    async fn load(&self) -> Result<Vec<Revocation>, RevocationStoreError> {
        Ok(Vec::new())
    }

    async fn keep(&self, _: &Revocation) -> Result<(), RevocationStoreError> {
        Ok(())
    }
}
