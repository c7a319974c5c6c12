//! The server as seen from outside, over a WebSocket: the `LiveSource` port with tokio-tungstenite.
//!
//! Connecting again, tokens and the place in the history are not here: `app::watch` decides them.

mod address;
mod connect;
mod read;
mod refusal;
mod stream;

#[cfg(test)]
mod tests;

pub use address::Address;
pub use connect::WsClient;
