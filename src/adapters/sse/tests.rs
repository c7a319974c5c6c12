//! What cannot be waited for with a real socket: half a minute in which a peer takes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;

use super::out::{self, BLOCKED_AFTER, Out};
use super::route::SseSettings;
use super::session::Session;
use crate::adapters::live::{Copies, Readers};
use crate::adapters::wire::caller::HangUp;
use crate::adapters::wire::handshake::OriginRule;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::event::{Event, Recorded};
use crate::domain::farewell::Farewell;
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::{AgentId, ConnectionId, UserId};
use crate::domain::interest::Interest;
use crate::domain::pattern::Patterns;
use crate::domain::registry::Audience;
use crate::domain::resume::Plan;
use crate::domain::time::Moment;
use crate::domain::time::{Monotonic, Timestamp};
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::event_publisher::{Delivery, EventPublisher};
use crate::ports::live_feed::{Beginning, MockLiveFeed, Opened, Seat};

struct Stopped;

impl Clock for Stopped {
    fn wall(&self) -> Timestamp {
        Timestamp::saturating(0)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::default()
    }
}

#[derive(Clone, Default)]
struct Told(Arc<AtomicBool>);

impl Told {
    fn tell(&self) -> impl Fn() + Send + Sync + 'static {
        let told = Arc::clone(&self.0);
        move || told.store(true, Ordering::SeqCst)
    }

    fn is_told(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A connection that goes on live, and whether its seat was given up.
fn connection(readers: &Arc<Readers>, out: Out) -> (Session, Told) {
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    let hour = Timestamp::saturating(3_600_000);
    let left = Told::default();
    let view = View::new(grant.clone(), Interest::all());
    let opened = Opened {
        connection: ConnectionId::new(1),
        principal: Principal {
            user: UserId::parse("ada").unwrap(),
            token_id: None,
            issued_at: None,
            expires_at: hour,
            grant,
        },
        epoch: Epoch::parse("e1").unwrap(),
        beginning: Beginning {
            plan: Plan::Live,
            material: None,
            head: Seq::ZERO,
            from: Seq::ZERO,
            view: Arc::new(view),
        },
        ends_at: hour,
        server_started_at: Timestamp::saturating(0),
        server_time: Timestamp::saturating(0),
        seat: Seat::new(left.tell()),
    };
    let settings = SseSettings {
        feed: Arc::new(MockLiveFeed::new()),
        clock: Arc::new(Stopped),
        origins: OriginRule::default(),
        query_token: true,
        heartbeat: Duration::from_secs(10),
    };
    let copies = Arc::new(Copies::new(super::frames::put_part));
    (Session::new(opened, Arc::new(settings), readers, copies, out), left)
}

fn publish(readers: &Readers, seq: u64) {
    let event = Event::AgentRemoved(AgentId::parse("a").unwrap());
    let recorded = Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event });
    readers.publish(&[Delivery { recorded, audience: Audience::default() }]);
}

fn text(piece: Option<Result<Bytes, std::convert::Infallible>>) -> String {
    String::from_utf8(piece.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_for_half_a_minute_is_ended_with_its_connection() {
    let readers = Arc::new(Readers::new(64, super::encode));
    let cut = Told::default();
    let (out, body) = out::body(Some(HangUp::new(cut.tell())));
    let (session, left) = connection(&readers, out);
    let running = tokio::spawn(session.run());
    let mut body = Box::pin(body);
    assert!(text(body.next().await).starts_with("event: hello\ndata: {"));
    // Heartbeats go on; whoever takes one now and then stays.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(25)).await;
        assert!(text(body.next().await).starts_with("id: e1:0:"));
    }
    assert!(!left.is_told() && !running.is_finished());
    let since = tokio::time::Instant::now();
    running.await.unwrap();
    assert!(left.is_told() && cut.is_told());
    assert!(since.elapsed() <= BLOCKED_AFTER + Duration::from_secs(20), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_waits_for_a_slow_peer_but_its_place_in_the_node_does_not() {
    let readers = Arc::new(Readers::new(64, super::encode));
    let cut = Told::default();
    let (out, body) = out::body(Some(HangUp::new(cut.tell())));
    let (session, left) = connection(&readers, out);
    let running = tokio::spawn(session.run());
    publish(&readers, 1);
    readers.dismiss(ConnectionId::new(1), Farewell::Restart, Some(Duration::from_millis(5)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(left.is_told() && !cut.is_told());
    let rest: Vec<String> = body.map(|piece| text(Some(piece))).collect().await;
    let goodbye =
        "event: goodbye\ndata: {\"type\":\"goodbye\",\"payload\":{\"code\":\"restart\",\"retryMs\":5}}\n\n";
    assert_eq!(rest.last().map(String::as_str), Some(goodbye), "{rest:?}");
    running.await.unwrap();
}
