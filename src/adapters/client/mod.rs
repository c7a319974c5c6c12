//! The server as seen from outside: the `LiveSource` port over a WebSocket with tokio-tungstenite, and the
//! `ReportSender` port over HTTP with reqwest.
//!
//! Trying again, tokens and the place in the history are not here: `app::watch` and `app::outbox` decide them.

mod address;
mod connect;
mod holder;
mod read;
mod refusal;
mod reports;
mod stream;

#[cfg(test)]
mod tests;

pub use address::Address;
pub use connect::WsClient;
pub use reports::{ClientError, ReportClient};
