//! Use case: the node goes without a herd behind it.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::app::hub::Hub;
use crate::app::stage::Stage;
use crate::domain::farewell::Farewell;
use crate::domain::id::ConnectionId;
use crate::ports::health::NotReady;

/// Connections that are ended, and hinted to come back, each second.
const CONNECTIONS_PER_SECOND: u32 = 500;
/// The time between two looks at what is left to do.
const STEP: Duration = Duration::from_millis(20);

/// Ends all connections, spread over their number ÷ 500 seconds and at most over half of `within`; each is
/// told to come back at its own moment of as long a time. Returns when all are gone or time is up.
/// Without connections it returns at once.
pub(crate) async fn drain(hub: &Arc<Hub>, stage: &Stage, within: Duration) {
    stage.set(Err(NotReady::Draining));
    let ids: Vec<ConnectionId> = hub.with_registry(|registry| registry.iter().map(|one| one.id).collect());
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    if count > 0 {
        tracing::info!(connections = count, "draining");
    }
    let spread = (Duration::from_secs(1) * count / CONNECTIONS_PER_SECOND).min(within / 2);
    let start = tokio::time::Instant::now();
    for (place, id) in ids.into_iter().enumerate() {
        let due = spread * u32::try_from(place).unwrap_or(u32::MAX) / count.max(1);
        if start.elapsed() + STEP < due {
            tokio::time::sleep_until(start + due).await;
        }
        hub.dismiss(id, Farewell::Restart, Some(due.max(Duration::from_millis(1))));
    }
    while start.elapsed() < within && hub.with_registry(|registry| !registry.is_empty()) {
        tokio::time::sleep(STEP).await;
    }
}
