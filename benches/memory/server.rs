//! The child: one server of one kind, until its standard input ends.

use std::io::Read;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use mission_control::domain::id::AgentId;
use mission_control::domain::lifecycle::Status;
use tokio::net::TcpListener;
use warp::Filter;

use crate::support::TestServer;
use crate::{Kind, WARM_UP};

/// Bounds that nobody meets here, and histories so short that they are full before it is counted.
const SETTINGS: &[(&str, &str)] = &[
    ("limits.connections", "100000"),
    ("limits.connections_per_user", "100000"),
    ("limits.handshakes_per_second", "1000000"),
    ("limits.agents", "100000"),
    ("stream.ring_events", "1024"),
    ("stream.replay_events", "1024"),
    ("log.keep_events", "4096"),
];

/// More events than the log keeps.
const EVENTS: usize = 5_000;
/// So many at once, then a moment for those who follow.
const EVENTS_AT_ONCE: usize = 512;
const MOMENT: Duration = Duration::from_millis(50);

pub(crate) fn serve(kind: Kind, connections: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match kind {
            Kind::Warp => warp_echo().await,
            Kind::Plain => mission_control(0).await,
            Kind::Full => mission_control(connections + WARM_UP).await,
        }
    });
    runtime.shutdown_background();
}

/// The agents are known before anybody comes: they are not the connections' cost.
async fn mission_control(agents: usize) {
    let server = TestServer::with(SETTINGS).await;
    let rounds = if agents == 0 { 0 } else { EVENTS.div_ceil(agents) };
    for number in 0..rounds * agents {
        let agent = AgentId::parse(&format!("a{}-1", number % agents)).expect("an id");
        let status = if (number / agents).is_multiple_of(2) { Status::Offline } else { Status::Error };
        server.control.report_status(agent, status).await.expect("it is taken");
        if number % EVENTS_AT_ONCE == 0 {
            tokio::time::sleep(MOMENT).await;
        }
    }
    println!("{}", server.address);
    input_ended().await;
}

/// As warp's examples have it: a task for each connection, which reads and sends back.
async fn warp_echo() {
    let routes = warp::path("ws").and(warp::ws()).map(|ws: warp::ws::Ws| {
        ws.on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() && socket.send(message).await.is_err() {
                    return;
                }
            }
        })
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    tokio::spawn(warp::serve(routes).incoming(listener).run());
    input_ended().await;
}

async fn input_ended() {
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ended = ended.await;
}
