//! Every close code with its reason, at the real `/ws` route over a feed and a clock of the test's own:
//! also those that nobody outside can bring about (1001, 1011, 1013), and 4410, which takes half a minute.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mission_control::adapters::http::{HttpServer, ServerLimits};
use mission_control::adapters::wire::close_code;
use mission_control::adapters::wire::handshake::OriginRule;
use mission_control::adapters::ws::{LiveSockets, WsSettings, route};
use mission_control::domain::cursor::{Epoch, Seq};
use mission_control::domain::event::{ActivityEvent, Event, Recorded};
use mission_control::domain::farewell::Farewell;
use mission_control::domain::fault::Fault;
use mission_control::domain::grant::{Grant, Principal, Scope, Scopes};
use mission_control::domain::id::{AgentId, ConnectionId, SessionId, UserId};
use mission_control::domain::interest::Interest;
use mission_control::domain::limits::Limits;
use mission_control::domain::pattern::Patterns;
use mission_control::domain::rate::Rate;
use mission_control::domain::registry::Audience;
use mission_control::domain::resume::Plan;
use mission_control::domain::text::Message;
use mission_control::domain::time::{Moment, Monotonic, Timestamp};
use mission_control::domain::view::View;
use mission_control::ports::clock::Clock;
use mission_control::ports::event_publisher::{Delivery, EventPublisher};
use mission_control::ports::intake::MockIntake;
use mission_control::ports::live_feed::{Arrival, Beginning, LiveFeed, Opened, Refreshed, Seat};
use mission_control::ports::token_verifier::SecretText;
use mission_control::ports::transport::Transport;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::raw::{CLOSE, Handshake, RawSocket, TEXT};

const NOW: u64 = 1_795_460_000_000;
const EVENTS: u64 = 2000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Stands still until it is moved.
#[derive(Default)]
struct StillClock(AtomicU64);

impl Clock for StillClock {
    fn wall(&self) -> Timestamp {
        Timestamp::saturating(NOW + self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }
}

/// Lets everybody in, from the head on; its connections are 1, 2, 3 …
#[derive(Default)]
struct OpenFeed(AtomicU64);

#[async_trait]
impl LiveFeed for OpenFeed {
    async fn open(&self, _: Arrival) -> Result<Opened, Fault> {
        let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
        let now = Timestamp::saturating(NOW);
        let beginning = Beginning {
            plan: Plan::Live,
            material: None,
            head: Seq::new(0),
            from: Seq::new(0),
            view: Arc::new(View::new(grant.clone(), Interest::all())),
        };
        let user = UserId::parse("u1").unwrap();
        let ends_at = now.plus(DAY);
        let principal = Principal { user, grant, expires_at: ends_at, issued_at: None, token_id: None };
        Ok(Opened {
            connection: ConnectionId::new(self.0.fetch_add(1, Ordering::SeqCst) + 1),
            principal,
            epoch: Epoch::parse("e").unwrap(),
            beginning,
            ends_at,
            server_started_at: now,
            server_time: now,
            seat: Seat::new(|| ()),
        })
    }

    async fn turn_away(&self, _: Option<IpAddr>, fault: Fault) -> Fault {
        fault
    }

    async fn change_interest(&self, _: ConnectionId, _: Interest, _: Seq) -> Result<Beginning, Fault> {
        unreachable!("nobody asks for it")
    }

    async fn catch_up(&self, _: ConnectionId, _: Seq, _: Option<Seq>) -> Result<Beginning, Fault> {
        unreachable!("nobody falls out of the ring")
    }

    async fn refresh(&self, _: ConnectionId, _: &SecretText, _: Seq) -> Result<Refreshed, Fault> {
        unreachable!("nobody asks for it")
    }
}

/// The route on a listener, the sockets behind it, and their clock.
struct Bench {
    address: SocketAddr,
    sockets: Arc<LiveSockets>,
    clock: Arc<StillClock>,
}

impl Bench {
    async fn start() -> Self {
        let (sockets, clock) = (Arc::new(LiveSockets::new(4096)), Arc::new(StillClock::default()));
        let settings = WsSettings {
            feed: Arc::new(OpenFeed::default()),
            intake: Arc::new(MockIntake::new()),
            clock: clock.clone(),
            origins: OriginRule { allowed: Vec::new(), behind_tls_proxy: false },
            query_token: true,
            heartbeat: Duration::from_secs(30),
            frame_bytes: 8192,
            frame_fragments: 16,
            frames: Rate { per_second: 10, burst: 20 },
            interest_every: Duration::from_secs(1),
            reports: Limits::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = route(Arc::new(settings), Arc::clone(&sockets));
        let limits = ServerLimits {
            connections: 100,
            head_time: Duration::from_secs(10),
            head_bytes: 16 * 1024,
            head_fields: 64,
            uri_bytes: 4096,
            trusts: Arc::new(|_| false),
            hosts: None,
        };
        let server = Box::new(HttpServer::new(listener, routes, limits));
        tokio::spawn(server.serve(Box::pin(std::future::pending())));
        Self { address, sockets, clock }
    }

    /// A connection, and its id.
    async fn join(&self, handshake: Handshake) -> (RawSocket, ConnectionId) {
        let mut socket = handshake.bearer("any").open(self.address).await;
        let hello = socket.until_type("hello").await;
        (socket, ConnectionId::parse(hello["payload"]["connectionId"].as_str().unwrap()).unwrap())
    }

    /// Publishes events of about 4 KiB.
    fn publish(&self, numbers: std::ops::Range<u64>) {
        let delivery = |number: u64| {
            let event = Event::Activity(ActivityEvent {
                agent: AgentId::parse("a1").unwrap(),
                session: SessionId::parse("s1").unwrap(),
                last_message: Message::cut(&"x".repeat(4000), 4096),
                state: None,
                timestamp: Timestamp::saturating(NOW),
            });
            let recorded = Arc::new(Recorded { seq: Seq::new(number), at: Moment::default(), event });
            let broad = vec![Arc::new(BTreeSet::from([ConnectionId::new(1)]))];
            Delivery { recorded, audience: Audience { broad, named: Vec::new() } }
        };
        self.sockets.publish(&numbers.map(delivery).collect::<Vec<_>>());
    }
}

/// Reads events from this one on, without a gap; those up to `last`, or a close and how many came before it.
async fn follow(socket: &mut RawSocket, from: u64, last: u64) -> Option<(u16, String)> {
    for number in from..=last {
        let frame = loop {
            let frame = socket.next().await.expect("ended without a close");
            if frame.opcode == CLOSE {
                let (code, reason) = frame.payload.split_at(2);
                let code = u16::from_be_bytes([code[0], code[1]]);
                return Some((code, String::from_utf8(reason.to_vec()).unwrap()));
            }
            if frame.opcode == TEXT && !frame.payload.starts_with(br#"{"type":"heartbeat"#) {
                break frame;
            }
        };
        let seq = format!(r#""seq":{number}}}"#);
        assert!(frame.payload.ends_with(seq.as_bytes()), "{number} is missing");
    }
    None
}

#[tokio::test]
async fn every_farewell_has_its_close_code_and_its_reason_on_the_wire() {
    let bench = Bench::start().await;
    let hint = Duration::from_millis(1500);
    for farewell in Farewell::ALL {
        for retry_after in [None, Some(hint)] {
            let (mut socket, id) = bench.join(Handshake::new("/ws")).await;
            bench.sockets.dismiss(id, farewell, retry_after);
            let (code, reason) = socket.closed().await;
            assert_eq!(code, close_code::code(farewell));
            assert!(reason.len() <= 123, "{reason}");
            let mut expected = json!({"code": farewell.as_str()});
            if retry_after.is_some() {
                expected["retryMs"] = json!(1500);
            }
            assert_eq!(serde_json::from_str::<Value>(&reason).unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn a_socket_that_takes_no_byte_for_half_a_minute_is_4410_and_not_before() {
    let bench = Bench::start().await;
    let (mut blocked, first) = bench.join(Handshake::new("/ws").small_window()).await;
    let (mut late, _) = bench.join(Handshake::new("/ws").small_window()).await;
    // One that reads, on the same core: what it got, the others were offered too.
    let cores = std::thread::available_parallelism().unwrap().get();
    let mut good = loop {
        let (socket, id) = bench.join(Handshake::new("/ws")).await;
        if id.among(cores) == first.among(cores) {
            break socket;
        }
    };
    // More than the system takes for a peer that does not read, and less than the ring holds.
    for part in 0..EVENTS / 100 {
        let from = part * 100 + 1;
        bench.publish(from..from + 100);
        assert_eq!(follow(&mut good, from, from + 99).await, None);
    }
    bench.clock.0.store(29_900, Ordering::SeqCst);
    bench.publish(EVENTS + 1..EVENTS + 2);
    assert_eq!(follow(&mut good, EVENTS + 1, EVENTS + 1).await, None);
    assert_eq!(follow(&mut late, 1, EVENTS + 1).await, None, "it reads just in time, and has everything");
    bench.clock.0.store(30_000, Ordering::SeqCst);
    bench.publish(EVENTS + 2..EVENTS + 3);
    assert_eq!(follow(&mut good, EVENTS + 2, EVENTS + 2).await, None);
    let closed = follow(&mut blocked, 1, EVENTS + 2).await;
    assert_eq!(closed, Some((4410, r#"{"code":"blocked"}"#.to_owned())));
    bench.clock.0.store(31_000, Ordering::SeqCst);
    bench.publish(EVENTS + 3..EVENTS + 4);
    assert_eq!(blocked.next().await, None, "a second later it is gone, also without an answer");
    assert_eq!(follow(&mut late, EVENTS + 2, EVENTS + 3).await, None, "whoever took bytes goes on");
}
