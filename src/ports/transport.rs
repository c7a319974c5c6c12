//! Port in: something that carries the product to its users.
//!
//! ```
//! use async_trait::async_trait;
//! use mission_control::ports::transport::{Stop, Transport, TransportError};
//!
//! /// Carries nothing, until it is told to stop.
//! struct Silence;
//!
//! #[async_trait]
//! impl Transport for Silence {
//!     fn name(&self) -> &'static str {
//!         "silence"
//!     }
//!
//!     async fn serve(self: Box<Self>, stop: Stop) -> Result<(), TransportError> {
//!         stop.await;
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (end, ended) = tokio::sync::oneshot::channel::<()>();
//! let stop: Stop = Box::pin(async move { drop(ended.await) });
//! end.send(()).unwrap();
//! assert!(Box::new(Silence).serve(stop).await.is_ok());
//! # }
//! ```

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

/// Resolves when serving is to end.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a transport could not serve.
#[derive(Debug, thiserror::Error)]
#[error("the {transport} transport failed")]
pub struct TransportError {
    /// Which one.
    pub transport: &'static str,
    /// What happened.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Carries the product over one technology.
#[async_trait]
pub trait Transport: Send {
    /// Its name in logs and connection lists.
    fn name(&self) -> &'static str;

    /// Serves until stopped, then stops taking what is new and returns when what was begun is done.
    ///
    /// # Errors
    /// [`TransportError`] when it cannot serve at all; one bad peer is no error.
    async fn serve(self: Box<Self>, stop: Stop) -> Result<(), TransportError>;
}
