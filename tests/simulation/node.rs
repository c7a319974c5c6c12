//! One process of the node: the product as any program embeds it, with the simulated parts in the place of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mission_control::app::run::MissionControl;
use mission_control::ports::clock::Clock;
use mission_control::ports::transport::{Stop, Transport};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::disk::Disk;
use crate::log::SimLog;
use crate::network::{Believer, Nobody};
use crate::transport::{SimTransport, readers};
use crate::world::Surroundings;

pub(crate) struct Node {
    control: MissionControl,
    log: Arc<SimLog>,
    serving: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Node {
    pub(crate) async fn start(around: &Surroundings, disk: &Arc<Mutex<Disk>>) -> Self {
        let (weather, clock): (_, Arc<dyn Clock>) = (&around.weather, Arc::new(around.time.clock()));
        let log = Arc::new(SimLog::open(Arc::clone(disk), Arc::clone(&clock), Arc::clone(weather)));
        let readers = readers(weather);
        let builder = MissionControl::builder(weather.settings.clone())
            .event_log(log.clone())
            .token_verifier(Arc::new(Believer))
            .revocation_store(Arc::new(Nobody))
            .clock(Arc::clone(&clock))
            .publisher(readers.clone());
        let control = builder.start().await.unwrap();
        let calls = around.door.open();
        let transport = SimTransport::new(&control, readers, clock, around.time.clone(), weather, calls);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped: Stop = Box::pin(async move {
            let _told = stopped.await;
        });
        let serving = tokio::spawn(async move { Box::new(transport).serve(stopped).await.unwrap() });
        Self { control, log, serving, stop }
    }

    /// Lets its log go on with another history.
    pub(crate) fn begin_anew(&self, with: Disk) {
        self.log.begin_anew(with);
    }

    /// Ends it as a kill does: nothing is said, nothing is finished.
    pub(crate) fn crash(self, around: &Surroundings) {
        around.door.close();
        self.log.die();
        self.serving.abort();
    }

    /// Ends it as an operator does.
    pub(crate) async fn stop(self, around: &Surroundings) {
        self.control.drain(Duration::from_secs(2)).await;
        around.door.close();
        drop(self.stop);
        self.serving.await.unwrap();
        self.log.die();
    }
}
