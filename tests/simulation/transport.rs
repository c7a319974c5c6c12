//! The simulated transport: it serves the door, and each connection as any transport does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use mission_control::adapters::live::{Copies, Readers};
use mission_control::adapters::wire::frame;
use mission_control::app::run::MissionControl;
use mission_control::ports::clock::Clock;
use mission_control::ports::intake::{Intake, Socket};
use mission_control::ports::live_feed::{Beginning, LiveFeed};
use mission_control::ports::transport::{Stop, Transport, TransportError};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::clock::Time;
use crate::fault::Fault;
use crate::network::{Answer, Call, Request, principal, token};
use crate::reporter::BY_SOCKET;
use crate::session::Session;
use crate::weather::Weather;

/// For how long connections may take to say goodbye.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the connections of one process share.
pub(crate) struct Shared {
    pub(crate) feed: Arc<dyn LiveFeed>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) copies: Arc<Copies>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: Time,
    pub(crate) heartbeat: Duration,
    pub(crate) fault: Option<Fault>,
    /// Where an old snapshot lies.
    pub(crate) drawer: Mutex<Option<Beginning>>,
    intake: Arc<dyn Intake>,
    routes: BoxedFilter<(Response,)>,
    /// The connections over which agents report, by whose they are.
    sockets: Mutex<BTreeMap<String, Socket>>,
}

pub(crate) struct SimTransport {
    shared: Arc<Shared>,
    calls: mpsc::Receiver<Call>,
}

/// The publisher of the transport, for the node.
pub(crate) fn readers(weather: &Weather) -> Arc<Readers> {
    Arc::new(Readers::new(weather.settings.stream.ring_events, frame::event))
}

impl SimTransport {
    pub(crate) fn new(
        control: &MissionControl,
        readers: Arc<Readers>,
        clock: Arc<dyn Clock>,
        time: Time,
        weather: &Weather,
        calls: mpsc::Receiver<Call>,
    ) -> Self {
        let lines = |json: &[u8], _: Option<&_>, part: &mut Vec<u8>| {
            part.extend_from_slice(json);
            part.push(b'\n');
        };
        let shared = Shared {
            feed: control.live_feed(),
            readers,
            copies: Arc::new(Copies::new(lines)),
            clock,
            time,
            heartbeat: weather.settings.stream.heartbeat,
            fault: weather.fault,
            drawer: Mutex::default(),
            intake: control.intake(),
            routes: control.routes(),
            sockets: Mutex::default(),
        };
        Self { shared: Arc::new(shared), calls }
    }
}

impl Shared {
    async fn answer(&self, token: &str, request: Request) -> Answer {
        let by = principal(token).unwrap();
        match request {
            Request::Report(mut submissions) => {
                for submission in &mut submissions {
                    if submission.report.agent.as_str() == BY_SOCKET {
                        submission.socket = Some(self.sockets().entry(token.to_owned()).or_default().clone());
                    }
                }
                self.intake.report(&by, submissions).await
            }
            Request::Forget(agent) => Ok(vec![Ok(self.intake.forget(&by, agent).await?)]),
            Request::HangUp { by_peer } => {
                if self.fault != Some(Fault::SocketsKept) {
                    let socket = self.sockets().remove(token).unwrap_or_default();
                    if by_peer {
                        socket.parted_by_peer();
                    }
                }
                Ok(Vec::new())
            }
        }
    }

    fn sockets(&self) -> MutexGuard<'_, BTreeMap<String, Socket>> {
        self.sockets.lock().unwrap()
    }

    async fn read(&self, path: &str) -> Option<Value> {
        let bearer = format!("Bearer {}", token("reader", "watch", ""));
        let request = warp::test::request().path(path).header("host", "localhost");
        let answer = request.header("authorization", bearer).reply(&self.routes).await;
        answer.status().is_success().then(|| serde_json::from_slice(answer.body()).unwrap())
    }
}

#[async_trait]
impl Transport for SimTransport {
    fn name(&self) -> &'static str {
        "simulated"
    }

    async fn serve(self: Box<Self>, mut stop: Stop) -> Result<(), TransportError> {
        let Self { shared, mut calls } = *self;
        let mut open = JoinSet::new();
        loop {
            let call = tokio::select! {
                biased;
                () = &mut stop => break,
                call = calls.recv() => call,
                Some(_) = open.join_next() => continue,
            };
            match call {
                None => break,
                Some(Call::Watch(dial)) => {
                    let shared = Arc::clone(&shared);
                    open.spawn(async move {
                        let _why = Session::run(shared, dial).await;
                    });
                }
                Some(Call::Report { token, request, answer: to }) => {
                    let shared = Arc::clone(&shared);
                    open.spawn(async move {
                        // Whoever asked may have gone.
                        let _gone = to.send(shared.answer(&token, request).await);
                    });
                }
                Some(Call::Read { path, answer: to }) => {
                    let shared = Arc::clone(&shared);
                    open.spawn(async move {
                        let _gone = to.send(shared.read(&path).await);
                    });
                }
            }
        }
        let _cut_off = timeout(PATIENCE, async { while open.join_next().await.is_some() {} }).await;
        Ok(())
    }
}
